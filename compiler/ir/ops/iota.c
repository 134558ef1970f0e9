/* iota.c -- 0, 1, 2, ... */
#include "ops.h"

static const Type *shape(Shape *s)
{
	if (!s->said || s->said->rank != 1)
		return misfit(s, "an iota has one axis");
	if (!dtype_is_integer(s->said->dtype) && !dtype_is_float(s->said->dtype))
		return misfit(s, "an iota is of integers or floats, not %s",
			      dtype_name(s->said->dtype));
	return s->said;
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	(void)in;
	for (int64_t i = 0; i < y->count; i++)
		if (y->f)
			put_number(y, i, (double)i, (double)i);
		else
			y->i[i] = wrap_to(y->dtype, (uint64_t)i);
	return y;
}

const StructuralOp op_iota = {
	.info = {.name = "iota", .arity = 0, .types = TYPES_STRUCTURAL},
	.shape = shape,
	.eval = eval,
};
