/* param.c -- a parameter of a region */
#include "ops.h"

static const Type *shape(Shape *s)
{
	return s->said ? s->said : misfit(s, "a param needs a type");
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int(v, "index", &a->param.index);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	(void)in;
	return e->params[v->attr.param.index];
}

const StructuralOp op_param = {
	.info = {.name = "param", .arity = 0, .types = TYPES_STRUCTURAL},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
