/* logic.c -- choices and conditions
 *
 *      select(true, a, b)      a
 *      not (a == b)       =>   a != b */
#include "rules.h"

static bool is_true(const Val *v)
{
	return v->op == OP_const && v->attr.number.i != 0;
}

static bool is_false(const Val *v)
{
	return v->op == OP_const && v->attr.number.i == 0;
}

static Val *rule_select(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	if (is_const(in[0]))
		return did(cx, g, v, REWRITE_select_known, in[in[0]->attr.number.i ? 1 : 2]);
	if (in[1] == in[2])
		return did(cx, g, v, REWRITE_select_same, in[1]);
	if (in[0]->op == OP_not)
		return did(cx, g, v, REWRITE_select_not,
			   op3(g, v, OP_select, in[0]->in[0], in[2], in[1]));
	return NULL;
}

/* the comparison that holds where this one does not; NaN makes it of the last four only for what is
 * no float */
static bool opposite(const Val *x, Op *op)
{
	bool exact = x->nin == 2 && !is_float(x->in[0]);
	switch (x->op) {
	case OP_eq: *op = OP_ne; return true;
	case OP_ne: *op = OP_eq; return true;
	case OP_lt: *op = OP_ge; return exact;
	case OP_ge: *op = OP_lt; return exact;
	case OP_gt: *op = OP_le; return exact;
	case OP_le: *op = OP_gt; return exact;
	default: return false;
	}
}

/* Integers of 64 bits that fit in 32: the same values in 32, or NULL.  Vectors hold twice as many of those. */
static Val *narrow(Graph *g, const Val *v, Val *x)
{
	int64_t n;
	DType from;
	switch (x->op) {
	case OP_const:
		n = x->attr.number.i;
		return n > INT32_MIN && n < INT32_MAX ? build_number(g, v->loc, DT_int32, (double)n) : NULL;
	case OP_iota: {
		if (!size_is_const(x->type->size[0], &n) || n >= INT32_MAX)
			return NULL;
		const Type *t = type_array(g->arena, DT_int32, 1, x->type->size);
		return build(g, v->loc, OP_iota, 0, NULL, NULL, t);
	}
	case OP_cast:
		from = x->in[0]->type->dtype;
		if (dtype_is_float(from) || from == DT_bool || dtype_bytes(from) > 4 || from == DT_uint32)
			return NULL;
		return build_cast(g, v->loc, x->in[0], DT_int32);
	case OP_broadcast: {
		Val *in = narrow(g, v, x->in[0]);
		const Type *t = type_array(g->arena, DT_int32, x->type->rank, x->type->size);
		Attr attr = x->attr;
		return in ? build(g, v->loc, OP_broadcast, 1, &in, &attr, t) : NULL;
	}
	default: return NULL;
	}
}

static Val *rule_compare(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	if (in[0] == in[1] && !is_float(in[0]))
		return did(cx, g, v, REWRITE_compare_self,
			   build_number(g, v->loc, DT_bool,
					v->op == OP_eq || v->op == OP_le || v->op == OP_ge));
	if (in[0]->type->dtype != DT_int64 || (is_const(in[0]) && is_const(in[1])))
		return NULL;
	Val *a = narrow(g, v, in[0]), *b = a ? narrow(g, v, in[1]) : NULL;
	return b ? did(cx, g, v, REWRITE_compare_narrow, op2(g, v, v->op, a, b)) : NULL;
}

Val *rule_logic(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	Op op;
	switch (v->op) {
	case OP_select: return rule_select(cx, g, v, in);
	case OP_not:
		if (in[0]->op == OP_not)
			return did(cx, g, v, REWRITE_not_not, in[0]->in[0]);
		if (opposite(in[0], &op))
			return did(cx, g, v, REWRITE_not_not,
				   op2(g, v, op, in[0]->in[0], in[0]->in[1]));
		return NULL;
	case OP_and:
	case OP_or:
		if (in[0] == in[1])
			return did(cx, g, v, REWRITE_logic_known, in[0]);
		for (int k = 0; k < 2; k++) {
			if (v->op == OP_and ? is_true(in[k]) : is_false(in[k]))
				return did(cx, g, v, REWRITE_logic_known, in[1 - k]);
			if (v->op == OP_and ? is_false(in[k]) : is_true(in[k]))
				return did(cx, g, v, REWRITE_logic_known, in[k]);
		}
		return NULL;
	case OP_eq:
	case OP_le:
	case OP_ge:
	case OP_ne:
	case OP_lt:
	case OP_gt:
		return rule_compare(cx, g, v, in);
	default: return NULL;
	}
}
