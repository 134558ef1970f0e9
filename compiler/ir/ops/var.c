/* var.c -- a param, shared or data as it was before the call */
#include "ops.h"

static const Type *shape(Shape *s)
{
	return s->attr->var ? s->attr->var->type : misfit(s, "var does not say which");
}

static void attr(AttrVisit *v, Attr *a)
{
	if (v->var)
		v->var(v, &a->var);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	(void)in;
	return e->input->vars[v->attr.var->index];
}

const StructuralOp op_var = {
	.info = {.name = "var", .arity = 0, .types = TYPES_STRUCTURAL},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
