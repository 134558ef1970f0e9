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

static Value concat_lists(Check *c, const List *a, const List *b)
{
	Values all = {0};
	for (int i = 0; i < a->n; i++)
		push(c->arena, &all, a->item[i]);
	for (int i = 0; i < b->n; i++)
		push(c->arena, &all, b->item[i]);
	return value_list(c, all.len, all.data);
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
	if (op == BIN_ADD && a.kind == V_LIST && b.kind == V_LIST)
		return concat_lists(c, a.list, b.list);
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

Value op_and_or_where(Check *c, Loc loc, Value cond, Value a, Value b)
{
	if (cond.kind == V_ERROR || a.kind == V_ERROR || b.kind == V_ERROR)
		return value_error();
	if (!as_operand(c, loc, &cond) || !as_operand(c, loc, &a) || !as_operand(c, loc, &b))
		return value_error();
	if (!is_numeric(a) || !is_numeric(b))
		return error_not_number(c, loc, "where", is_numeric(a) ? b : a);
	if (dtype_of(c, cond) != DT_bool) {
		check_error(c, loc, "the condition of where is a bool, not %s",
			    value_text(c, cond));
		return value_error();
	}
	DType t = common_dtype(c, a, b);
	if (cond.kind == V_BOOL && is_known(a) && is_known(b))
		return cond.b ? a : b;
	Val *vc = as_tensor(c, loc, cond, DT_bool), *va = as_dtype(c, loc, a, t),
	    *vb = va ? as_dtype(c, loc, b, t) : NULL;
	if (vb == NULL)
		return value_error();
	Type shape;
	const Value values[] = {cond, a, b};
	const Loc locs[] = {loc, loc, loc};
	Val *const vals[] = {vc, va, vb};
	if (!broadcast_values(c, loc, "where", 3, values, locs, vals, &shape))
		return value_error();
	return value_tensor(build_elem(c->graph, loc, OP_select, broadcast_val(c, loc, vc, &shape),
				       broadcast_val(c, loc, va, &shape),
				       broadcast_val(c, loc, vb, &shape)));
}
