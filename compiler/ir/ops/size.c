/* size.c -- a size as an int64 */
#include "ops.h"

static const Type *shape(Shape *s)
{
	return s->attr->size ? type_scalar(s->arena, DT_int64)
			     : misfit(s, "size does not say which");
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_size(v, "value", &a->size);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	(void)in;
	y->i[0] = eval_size(e, v->attr.size, NULL);
	return y;
}

const StructuralOp op_size = {
	.info = {.name = "size", .arity = 0, .types = TYPES_STRUCTURAL},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
