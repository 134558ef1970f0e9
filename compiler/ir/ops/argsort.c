/* argsort.c -- the places from which sort takes, equals in order */
#include "ops.h"

static const Type *shape(Shape *s)
{
	const Type *x = s->in[0];
	int axis = s->attr->sort.axis;
	if (axis < 0 || axis >= x->rank)
		return misfit(s, "argsort along axis %d of %s", axis, type_text(s->arena, x));
	if (dtype_class(x->dtype) == CLASS_COMPLEX)
		return misfit(s, "argsort of complex values");
	return type_with_dtype(s->arena, x, DT_int64);
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int(v, "axis", &a->sort.axis);
}

const StructuralOp op_argsort = {
	.info = {.name = "argsort", .arity = 1, .types = TYPES_STRUCTURAL},
	.shape = shape,
	.attr = attr,
};
