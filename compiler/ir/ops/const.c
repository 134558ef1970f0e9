/* const.c -- a scalar that is known */
#include "ops.h"

static const Type *shape(Shape *s)
{
	if (!s->said || s->said->rank > 0 || s->said->dtype >= DT_tuple)
		return misfit(s, "a const is a scalar");
	return s->said;
}

static void attr(AttrVisit *v, Attr *a)
{
	DClass class = dtype_class(v->type->dtype);
	if (class == CLASS_FLOAT || class == CLASS_COMPLEX)
		visit_number(v, "value", &a->number.f);
	else
		visit_int64(v, "value", &a->number.i);
}

const StructuralOp op_const = {
	.info = {.name = "const", .arity = 0, .types = TYPES_STRUCTURAL},
	.shape = shape,
	.attr = attr,
};
