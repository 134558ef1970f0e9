/* elementwise.c -- the type rule of elementwise ops: by the column `types`; operands have the
 * result's shape or rank 0 */
#include "ops/ops.h"

static bool is_number(DType t)
{
	return dtype_is_integer(t) || dtype_is_float(t) || dtype_class(t) == CLASS_COMPLEX;
}

static bool any(DType t)
{
	(void)t;
	return true;
}

static bool is_inexact(DType t)
{
	return dtype_is_float(t) || dtype_class(t) == CLASS_COMPLEX;
}

static bool is_bool(DType t)
{
	return t == DT_bool;
}

/* from which operand on all have one dtype, what it may be, and whether the result is a bool */
static const struct {
	int first;
	bool (*takes)(DType);
	bool gives_bool;
	const char *what;
} rules[] = {
	[TYPES_ARITH] = {0, is_number, false, "numbers"},
	[TYPES_FLOAT] = {0, is_inexact, false, "floats"},
	[TYPES_INT] = {0, dtype_is_integer, false, "integers"},
	[TYPES_LOGIC] = {0, is_bool, true, "bools"},
	[TYPES_COMPARE] = {0, any, true, "values"},
	[TYPES_TEST] = {0, is_inexact, true, "floats"},
	[TYPES_SELECT] = {1, any, false, "values"},
	[TYPES_CAST] = {0, any, false, "values"},
};

const Type *elementwise_type(Shape *s, Op op)
{
	const OpInfo *info = op_info(op);
	int first = rules[info->types].first;
	const Type *shape = s->in[0];
	for (int i = 0; i < s->nin; i++) {
		if (s->in[i]->rank == 0)
			continue;
		if (shape->rank > 0 && !same_shape(shape, s->in[i]))
			return misfit(s, "the operands of %s are %s and %s", info->name,
				      type_text(s->arena, shape), type_text(s->arena, s->in[i]));
		shape = s->in[i];
	}
	DType dtype = s->in[first]->dtype;
	for (int i = first; i < s->nin; i++) {
		if (s->in[i]->dtype != dtype)
			return misfit(s, "the operands of %s are of %s and %s", info->name,
				      dtype_name(dtype), dtype_name(s->in[i]->dtype));
		if (!rules[info->types].takes(dtype))
			return misfit(s, "%s takes %s, not %s", info->name, rules[info->types].what,
				      dtype_name(dtype));
	}
	if (first == 1 && s->in[0]->dtype != DT_bool)
		return misfit(s, "the first operand of %s is not a bool", info->name);
	if (info->types == TYPES_CAST) {
		if (!s->said)
			return misfit(s, "%s needs a dtype", info->name);
		dtype = s->said->dtype;
	}
	return type_with_dtype(s->arena, shape, rules[info->types].gives_bool ? DT_bool : dtype);
}
