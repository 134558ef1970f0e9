/* broadcast.c -- elements repeated along new axes and axes of size 1 */
#include "ops.h"

static const Type *shape(Shape *s)
{
	const Type *x = s->in[0];
	if (!s->said || s->said->dtype != x->dtype)
		return misfit(s, "a broadcast keeps the dtype");
	int last = -1;
	for (int i = 0; i < x->rank; i++) {
		int to = s->attr->broadcast.axis[i];
		int64_t one;
		if (to <= last || to >= s->said->rank)
			return misfit(s, "the axes of a broadcast from %s to %s do not rise",
				      type_text(s->arena, x), type_text(s->arena, s->said));
		last = to;
		if (!size_equal(x->size[i], s->said->size[to]) &&
		    !(size_is_const(x->size[i], &one) && one == 1))
			return misfit(s, "%s does not broadcast to %s", type_text(s->arena, x),
				      type_text(s->arena, s->said));
	}
	return s->said;
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int8s(v, "axis", v->in[0]->rank, a->broadcast.axis);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	int64_t at[MAX_RANK] = {0}, from[MAX_RANK];
	if (y->count > 0)
		do {
			for (int i = 0; i < in[0]->rank; i++)
				from[i] = in[0]->size[i] == 1 ? 0 : at[v->attr.broadcast.axis[i]];
			put_element(y, flat_index(y, at), in[0], flat_index(in[0], from));
		} while (next_index(y->rank, y->size, at));
	return y;
}

const StructuralOp op_broadcast = {
	.info = {.name = "broadcast",
		 .arity = 1,
		 .types = TYPES_STRUCTURAL,
		 .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
