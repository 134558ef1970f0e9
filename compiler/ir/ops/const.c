/* const.c -- a scalar that is known */
#include <math.h>

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

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	(void)in;
	if (y->f)
		put_number(y, 0, v->attr.number.f, fabs(v->attr.number.f));
	else
		y->i[0] = v->attr.number.i;
	return y;
}

const StructuralOp op_const = {
	.info = {.name = "const", .arity = 0, .types = TYPES_STRUCTURAL},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
