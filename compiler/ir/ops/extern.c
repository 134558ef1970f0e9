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

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	(void)e, (void)in;
	internal_error("evaluation: v%d calls %s", v->id, v->attr.ext->name);
}

const StructuralOp op_extern = {
	.info = {.name = "extern", .arity = -1, .types = TYPES_STRUCTURAL},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
