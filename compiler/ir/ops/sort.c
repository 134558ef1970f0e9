/* sort.c -- rising along an axis, NaN last */
#include "ops.h"

static const Type *shape(Shape *s)
{
	const Type *x = s->in[0];
	int axis = s->attr->sort.axis;
	if (axis < 0 || axis >= x->rank)
		return misfit(s, "sort along axis %d of %s", axis, type_text(s->arena, x));
	if (dtype_class(x->dtype) == CLASS_COMPLEX)
		return misfit(s, "sort of complex values");
	return x;
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int(v, "axis", &a->sort.axis);
}

const StructuralOp op_sort = {
	.info = {.name = "sort", .arity = 1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
};
