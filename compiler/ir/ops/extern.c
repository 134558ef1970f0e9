/* extern.c -- a C function of the user's */
#include "ops.h"

static const Type *shape(Shape *s)
{
	if (!s->attr->ext || !s->said)
		return misfit(s, "extern does not say what it calls and gives");
	return s->said;
}

static void attr(AttrVisit *v, Attr *a)
{
	if (v->extension)
		v->extension(v, &a->ext);
}

const StructuralOp op_extern = {
	.info = {.name = "extern", .arity = -1, .types = TYPES_STRUCTURAL},
	.shape = shape,
	.attr = attr,
};
