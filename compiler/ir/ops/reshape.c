/* reshape.c -- the same elements in row-major order under other sizes */
#include "ops.h"

static const Type *shape(Shape *s)
{
	const Type *x = s->in[0];
	if (!s->said || s->said->dtype != x->dtype)
		return misfit(s, "a reshape keeps the dtype");
	const Size *from = type_count(s->arena, x), *to = type_count(s->arena, s->said);
	if (!from || !to || !size_equal(from, to))
		return misfit(s, "%s has %s elements, %s has %s", type_text(s->arena, x),
			      size_text(s->arena, from), type_text(s->arena, s->said),
			      size_text(s->arena, to));
	return s->said;
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	for (int64_t i = 0; i < y->count; i++)
		put_element(y, i, in[0], i);
	return y;
}

const StructuralOp op_reshape = {
	.info = {.name = "reshape", .arity = 1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.eval = eval,
};
