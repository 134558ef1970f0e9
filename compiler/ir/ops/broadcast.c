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
			return misfit(s, "the axes of a broadcast from %s to %s do not rise", type_text(s->arena, x),
				      type_text(s->arena, s->said));
		last = to;
		if (!size_equal(x->size[i], s->said->size[to]) && !(size_is_const(x->size[i], &one) && one == 1))
			return misfit(s, "%s does not broadcast to %s", type_text(s->arena, x),
				      type_text(s->arena, s->said));
	}
	return s->said;
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int8s(v, "axis", v->in[0]->rank, a->broadcast.axis);
}

const StructuralOp op_broadcast = {
	.info = {.name = "broadcast", .arity = 1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
};
