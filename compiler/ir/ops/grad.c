/* grad.c -- the gradients of a float scalar to each of some values; gone after the pass grad */
#include "ops.h"

static const Type *shape(Shape *s)
{
	if (s->nin == 0 || s->in[0]->rank > 0 || !dtype_is_float(s->in[0]->dtype))
		return misfit(s, "grad is of a float scalar");
	for (int i = 1; i < s->nin; i++)
		if (!dtype_is_float(s->in[i]->dtype))
			return misfit(s, "grad by %s", type_text(s->arena, s->in[i]));
	return type_tuple(s->arena, s->nin - 1, s->in + 1);
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_bool(v, "disconnected_zero", &a->grad.disconnected_zero);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	(void)e, (void)in;
	internal_error("evaluation: v%d is a gradient: the pass grad comes first", v->id);
}

const StructuralOp op_grad = {
	.info = {.name = "grad", .arity = -1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
