/* builtin_elementwise.c -- functions of the op table's rows by their names, and those with rules of their own */
#include <math.h>

#include "builtin.h"

Value const_int(Check *c, int64_t n)
{
	return value_int(size_const(c->arena, n));
}

Value call_binary(Check *c, Loc loc, BinaryOp op, Value a, Value b)
{
	return op_binary(c, op, loc, a, loc, b, loc);
}

Value call_elem(Check *c, Loc loc, const char *what, Op op, int n, const Value *v, const Loc *v_loc,
		DType t)
{
	Val *x[3] = {NULL};
	Type shape;
	Loc locs[3];
	for (int i = 0; i < n; i++) {
		locs[i] = v_loc ? v_loc[i] : loc;
		x[i] = as_dtype(c, locs[i], v[i], t);
		if (x[i] == NULL)
			return value_error();
	}
	if (!broadcast_values(c, loc, what, n, v, locs, x, &shape))
		return value_error();
	for (int i = 0; i < n; i++)
		x[i] = broadcast_val(c, loc, x[i], &shape);
	return value_tensor(build_elem(c->graph, loc, op, x[0], x[1], x[2]));
}

static bool folded(Check *c, Op op, int n, const Value *v, Value *out)
{
	Number in[3] = {{0}}, y = {0};
	OpTypes types = op_info(op)->types;
	for (int i = 0; i < n; i++)
		if (!known_float(c, v[i], &in[i].f))
			return false;
	if (!fold_elem(op, types == TYPES_TEST ? DT_bool : DT_float64, DT_float64, in, &y))
		return false;
	*out = types == TYPES_TEST ? value_bool(y.i != 0) : value_float(y.f);
	return true;
}

Value call_float(Check *c, Loc loc, Op op, Value v)
{
	Value out;
	if (v.kind == V_ERROR)
		return v;
	if (folded(c, op, 1, &v, &out))
		return out;
	return call_elem(c, loc, op_info(op)->name, op, 1, &v, NULL,
			 float_dtype(c, dtype_of(c, v)));
}

/* the row of the builtin's name, on floats */
Value builtin_elementwise(Check *c, const BuiltinCall *call)
{
	Op op;
	Value out, v[3];
	const char *name = call->builtin->name;
	if (!op_from_name(name, &op) || !op_info(op)->elementwise)
		internal_error("builtin %s has no row", name);
	int n = op_info(op)->arity;
	for (int i = 0; i < n; i++) {
		v[i] = arg_value(call, i);
		if (!as_operand(c, call->arg_loc[i], &v[i]))
			return value_error();
		if (!is_numeric(v[i]))
			return error_not_number(c, call->arg_loc[i], name, v[i]);
	}
	if (folded(c, op, n, v, &out))
		return out;
	DType t = float_dtype(c, values_dtype(c, n, v));
	if (dtype_class(t) == CLASS_COMPLEX)
		return no_complex(c, call->loc);
	return call_elem(c, call->loc, name, op, n, v, call->arg_loc, t);
}

Value builtin_abs(Check *c, const BuiltinCall *call)
{
	Value v = arg_value(call, 0);
	if (v.kind == V_FLOAT)
		return value_float(fabs(v.f));
	if (v.kind == V_INT && size_ge(c->arena, v.i, size_int(c, 0)) != UNDECIDED)
		return size_ge(c->arena, v.i, size_int(c, 0)) == YES
			       ? v
			       : op_unary(c, UN_NEG, call->loc, v);
	Val *x = arg_tensor(c, call, 0);
	if (x == NULL)
		return value_error();
	x = build_cast(c->graph, call->loc, x, arithmetic_dtype(x->type->dtype));
	if (dtype_class(x->type->dtype) == CLASS_UINT)
		return value_tensor(x);
	return value_tensor(build_elem(c->graph, call->loc, OP_abs, x, NULL, NULL));
}

static Value larger(Check *c, Loc loc, bool max, Value a, Loc a_loc, Value b, Loc b_loc)
{
	const char *what = max ? "maximum" : "minimum";
	double x, y;
	if (a.kind == V_ERROR || b.kind == V_ERROR)
		return value_error();
	if (!as_operand(c, a_loc, &a) || !as_operand(c, b_loc, &b))
		return value_error();
	if (!is_numeric(a) || !is_numeric(b))
		return error_not_number(c, loc, what, is_numeric(a) ? b : a);
	if (a.kind == V_INT && b.kind == V_INT) {
		Decided d = size_ge(c->arena, a.i, b.i), e = size_ge(c->arena, b.i, a.i);
		if (d == YES || e == NO)
			return max ? a : b;
		if (d == NO || e == YES)
			return max ? b : a;
	} else if (known_float(c, a, &x) && known_float(c, b, &y))
		return value_float(isnan(x)   ? x
				   : isnan(y) ? y
				   : max      ? (x >= y ? x : y)
					      : (x <= y ? x : y));
	const Value v[] = {a, b};
	const Loc locs[] = {a_loc, b_loc};
	DType t = arithmetic_dtype(common_dtype(c, a, b));
	if (dtype_class(t) == CLASS_COMPLEX)
		return no_complex(c, loc);
	return call_elem(c, loc, what, max ? OP_max : OP_min, 2, v, locs, t);
}

/* maximum, minimum */
Value builtin_maximum(Check *c, const BuiltinCall *call)
{
	return larger(c, call->loc, call->builtin->name[1] == 'a', call->arg[0], call->arg_loc[0],
		      call->arg[1], call->arg_loc[1]);
}

Value builtin_clip(Check *c, const BuiltinCall *call)
{
	Value v = call->arg[0];
	if (given(call, 1))
		v = larger(c, call->loc, true, v, call->arg_loc[0], call->arg[1], call->arg_loc[1]);
	return given(call, 2) ? larger(c, call->loc, false, v, call->arg_loc[0], call->arg[2],
				       call->arg_loc[2])
			      : v;
}

Value builtin_where(Check *c, const BuiltinCall *call)
{
	return select_values(c, call->loc, call->arg, call->arg_loc);
}

/* of what has no gradient: itself */
static bool flows(Value v)
{
	return v.kind == V_TENSOR && dtype_is_float(v.v->type->dtype);
}

Value builtin_stop_gradient(Check *c, const BuiltinCall *call)
{
	Value v = call->arg[0];
	if (v.kind == V_LIST) {
		Values items = {0};
		for (int i = 0; i < v.list->n; i++) {
			BuiltinCall one = *call;
			one.arg = &v.list->item[i];
			push(c->arena, &items, builtin_stop_gradient(c, &one));
		}
		return value_list(c, items.len, items.data);
	}
	return flows(v) ? value_tensor(build_elem(c->graph, call->loc, OP_stop_gradient, v.v, NULL,
						  NULL))
			: v;
}

static Value gradient_row(Check *c, const BuiltinCall *call, Op op, int n)
{
	if (!flows(call->arg[0]))
		return is_numeric(call->arg[0])
			       ? call->arg[0]
			       : error_not_number(c, call->loc, call->builtin->name, call->arg[0]);
	Val *x[3] = {call->arg[0].v, NULL, NULL};
	for (int i = 1; i < n; i++) {
		x[i] = as_dtype(c, call->arg_loc[i], call->arg[i], x[0]->type->dtype);
		if (x[i] == NULL)
			return value_error();
		if (x[i]->type->rank > 0) {
			check_error(c, call->arg_loc[i], "%s is a scalar, not %s",
				    arg_role(c, call, i), value_text(c, call->arg[i]));
			return value_error();
		}
	}
	return value_tensor(build_elem(c->graph, call->loc, op, x[0], x[1], x[2]));
}

Value builtin_grad_clip(Check *c, const BuiltinCall *call)
{
	return gradient_row(c, call, OP_grad_clip, 3);
}

Value builtin_grad_scale(Check *c, const BuiltinCall *call)
{
	return gradient_row(c, call, OP_grad_scale, 2);
}
