/* ops_unary.c -- operators of one value */
#include "builtin.h"

Value op_unary(Check *c, UnaryOp op, Loc loc, Value a)
{
	if (a.kind == V_ERROR)
		return a;
	if (op == UN_NOT) {
		if (a.kind == V_BOOL)
			return value_bool(!a.b);
		if (dtype_of(c, a) != DT_bool) {
			check_error(c, loc, "'not' takes a bool, not %s", value_text(c, a));
			return value_error();
		}
		return value_tensor(build_elem(c->graph, loc, OP_not, a.v, NULL, NULL));
	}
	if (a.kind == V_FLOAT)
		return value_float(-a.f);
	if (a.kind == V_BOOL)
		return const_int(c, -(int64_t)a.b);
	if (a.kind == V_INT) {
		const Size *s = size_scale(c->arena, a.i, -1);
		if (s)
			return value_int(s);
		check_error(c, loc, "this integer is beyond 64 bits");
		return value_error();
	}
	if (a.kind != V_TENSOR)
		return error_not_number(c, loc, "'-'", a);
	Val *v = as_dtype(c, loc, a, arithmetic_dtype(a.v->type->dtype));
	return v ? value_tensor(build_elem(c->graph, loc, OP_neg, v, NULL, NULL)) : value_error();
}
