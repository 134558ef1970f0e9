/* size.c -- a size as an int64 */
#include "ops.h"

static const Type *shape(Shape *s)
{
	return s->attr->size ? type_scalar(s->arena, DT_int64) : misfit(s, "size does not say which");
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_size(v, "value", &a->size);
}

const StructuralOp op_size = {
	.info = {.name = "size", .arity = 0, .types = TYPES_STRUCTURAL},
	.shape = shape,
	.attr = attr,
};
