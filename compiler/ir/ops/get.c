/* get.c -- one of the results of a node that has several */
#include "ops.h"

static const Type *shape(Shape *s)
{
	int index = s->attr->get.index;
	if (s->in[0]->dtype != DT_tuple || index < 0 || index >= s->in[0]->nitems)
		return misfit(s, "get %d of %s", index, type_text(s->arena, s->in[0]));
	return s->in[0]->item[index];
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int(v, "index", &a->get.index);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	(void)e;
	return in[0]->item[v->attr.get.index];
}

const StructuralOp op_get = {
	.info = {.name = "get", .arity = 1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
