/* cumsum.c -- sums of all elements up to each along an axis */
#include "ops.h"

static const Type *shape(Shape *s)
{
	const Type *x = s->in[0];
	int axis = s->attr->cumsum.axis;
	if (axis < 0 || axis >= x->rank)
		return misfit(s, "cumsum along axis %d of %s", axis, type_text(s->arena, x));
	if (x->dtype == DT_bool)
		return misfit(s, "cumsum of bools");
	return x;
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int(v, "axis", &a->cumsum.axis);
	visit_bool(v, "reverse", &a->cumsum.reverse);
}

const StructuralOp op_cumsum = {
	.info = {.name = "cumsum", .arity = 1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
};
