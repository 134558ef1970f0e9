/* arg.c -- an argument of the function */
#include "ops.h"

static const Type *shape(Shape *s)
{
	return s->attr->arg ? s->attr->arg->type : misfit(s, "arg does not say which");
}

static void attr(AttrVisit *v, Attr *a)
{
	if (v->arg)
		v->arg(v, &a->arg);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	(void)in;
	return e->input->args[v->attr.arg->index];
}

const StructuralOp op_arg = {
	.info = {.name = "arg", .arity = 0, .types = TYPES_STRUCTURAL},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
