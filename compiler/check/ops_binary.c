/* ops_binary.c -- operators between two values, and select */
#include "builtin.h"

/* the row of each operator; those that are no row of their own are elsewhere */
static const Op rows[] = {
	[BIN_OR] = OP_or,
	[BIN_AND] = OP_and,
	[BIN_EQ] = OP_eq,
	[BIN_NE] = OP_ne,
	[BIN_LT] = OP_lt,
	[BIN_LE] = OP_le,
	[BIN_GT] = OP_gt,
	[BIN_GE] = OP_ge,
	[BIN_ADD] = OP_add,
	[BIN_SUB] = OP_sub,
	[BIN_MUL] = OP_mul,
	[BIN_DIV] = OP_div,
	[BIN_FLOORDIV] = OP_floordiv,
	[BIN_MOD] = OP_mod,
	[BIN_POW] = OP_pow,
};

static bool is_comparison(BinaryOp op)
{
	return op >= BIN_EQ && op <= BIN_GE;
}

static const char *quoted(Check *c, BinaryOp op)
{
	return arena_printf(c->arena, "'%s'", binary_op_text(op));
}

/* two operands of one dtype, broadcast together */
static Value elementwise(Check *c, BinaryOp op, Loc loc, Value a, Loc a_loc, Value b, Loc b_loc,
			 DType t)
{
	Val *va = as_dtype(c, a_loc, a, t), *vb = va ? as_dtype(c, b_loc, b, t) : NULL;
	if (vb == NULL)
		return value_error();
	Type shape;
	const Value values[] = {a, b};
	const Loc locs[] = {a_loc, b_loc};
	Val *const vals[] = {va, vb};
	if (!broadcast_values(c, loc, quoted(c, op), 2, values, locs, vals, &shape))
		return value_error();
	return value_tensor(build_elem(c->graph, loc, rows[op], broadcast_val(c, loc, va, &shape),
				       broadcast_val(c, loc, vb, &shape), NULL));
}

/* `and` and `or` of bools: what is known decides or leaves the other */
static Value logic(Check *c, BinaryOp op, Loc loc, Value a, Loc a_loc, Value b, Loc b_loc)
{
	const Value values[] = {a, b};
	const Loc locs[] = {a_loc, b_loc};
	for (int i = 0; i < 2; i++)
		if (dtype_of(c, values[i]) != DT_bool) {
			check_error(c, locs[i], "'%s' takes bools, not %s", binary_op_text(op),
				    value_text(c, values[i]));
			return value_error();
		}
	for (int i = 0; i < 2; i++)
		if (values[i].kind == V_BOOL)
			return values[i].b == (op == BIN_AND) ? values[1 - i]
							      : value_bool(op == BIN_OR);
	return elementwise(c, op, loc, a, a_loc, b, b_loc, DT_bool);
}

/* equality of what is no number: options, None, defs, dtypes, lists */
static bool same_thing(Check *c, Value a, Value b, bool *same)
{
	*same = false;
	if (a.kind != b.kind)
		return a.kind == V_NONE || b.kind == V_NONE || a.kind == V_STRING ||
		       b.kind == V_STRING || a.kind == V_DEF || b.kind == V_DEF ||
		       a.kind == V_BUILTIN || b.kind == V_BUILTIN;
	switch (a.kind) {
	case V_NONE:
		*same = true;
		return true;
	case V_STRING:
		*same = a.s.len == b.s.len;
		for (size_t i = 0; i < a.s.len && *same; i++)
			*same = a.s.text[i] == b.s.text[i];
		return true;
	case V_DTYPE:
		*same = a.dtype == b.dtype;
		return true;
	case V_BUILTIN:
		*same = a.builtin == b.builtin;
		return true;
	case V_DEF:
		*same = a.def->def == b.def->def && a.def->nbound == 0 && b.def->nbound == 0;
		return true;
	case V_LIST:
		*same = a.list->n == b.list->n;
		for (int i = 0; i < a.list->n && *same; i++) {
			Value item = op_binary(c, BIN_EQ, (Loc){0}, a.list->item[i], (Loc){0},
					       b.list->item[i], (Loc){0});
			if (item.kind != V_BOOL)
				return false;
			*same = item.b;
		}
		return true;
	default:
		return false;
	}
}

static Value error_operand(Check *c, BinaryOp op, Loc loc, Value a, Loc a_loc, Value b, Loc b_loc)
{
	Message *m = check_error(c, loc, "'%s' takes numbers, not %s", binary_op_text(op),
				 value_text(c, is_numeric(a) ? b : a));
	label_value(c, m, a_loc, a);
	label_value(c, m, b_loc, b);
	return value_error();
}

/* the dtype in which an arithmetic operator is done */
static DType result_dtype(Check *c, BinaryOp op, Value a, Value b)
{
	int64_t n;
	DType t = common_dtype(c, a, b);
	if (is_comparison(op) && t == DT_bool)
		return t;
	t = arithmetic_dtype(t);
	bool fraction = op == BIN_DIV || (op == BIN_POW && known_int(c, b, &n) && n < 0);
	return fraction ? float_dtype(c, t) : t;
}

Value op_binary(Check *c, BinaryOp op, Loc loc, Value a, Loc a_loc, Value b, Loc b_loc)
{
	Value known;
	bool same;
	if (a.kind == V_ERROR || b.kind == V_ERROR)
		return value_error();
	if (op == BIN_AND || op == BIN_OR)
		return logic(c, op, loc, a, a_loc, b, b_loc);
	if (op == BIN_MATMUL)
		return op_matmul(c, loc, a, a_loc, b, b_loc);
	if (op == BIN_EQ || op == BIN_NE)
		if (same_thing(c, a, b, &same))
			return value_bool(same == (op == BIN_EQ));
	if (!as_operand(c, a_loc, &a) || !as_operand(c, b_loc, &b))
		return value_error();
	if (!is_numeric(a) || !is_numeric(b))
		return error_operand(c, op, loc, a, a_loc, b, b_loc);
	if (known_binary(c, op, loc, a, b, b_loc, &known))
		return known;
	DType t = result_dtype(c, op, a, b);
	if (dtype_class(t) == CLASS_COMPLEX)
		return no_complex(c, loc);
	return elementwise(c, op, loc, a, a_loc, b, b_loc, t);
}

Value select_values(Check *c, Loc loc, const Value *operand, const Loc *at)
{
	Value v[3] = {operand[0], operand[1], operand[2]};
	Val *x[3];
	Type shape;
	for (int i = 0; i < 3; i++) {
		if (v[i].kind == V_ERROR || !as_operand(c, at[i], &v[i]))
			return value_error();
		if (i > 0 && !is_numeric(v[i]))
			return error_not_number(c, at[i], "where", v[i]);
	}
	if (dtype_of(c, v[0]) != DT_bool) {
		check_error(c, at[0], "the condition of where is a bool, not %s", value_text(c, v[0]));
		return value_error();
	}
	DType t = common_dtype(c, v[1], v[2]);
	if (v[0].kind == V_BOOL && is_known(v[1]) && is_known(v[2]))
		return v[0].b ? v[1] : v[2];
	for (int i = 0; i < 3; i++) {
		x[i] = as_dtype(c, at[i], v[i], i ? t : DT_bool);
		if (x[i] == NULL)
			return value_error();
	}
	if (!broadcast_values(c, loc, "where", 3, v, at, x, &shape))
		return value_error();
	for (int i = 0; i < 3; i++)
		x[i] = broadcast_val(c, loc, x[i], &shape);
	return value_tensor(build_elem(c->graph, loc, OP_select, x[0], x[1], x[2]));
}

Value op_and_or_where(Check *c, Loc loc, Value cond, Value a, Value b)
{
	const Value v[] = {cond, a, b};
	const Loc at[] = {loc, loc, loc};
	return select_values(c, loc, v, at);
}
