/* logs.c -- logarithms and exponentials of what is near 1 or far from it
 *
 *      log(1 + exp(x))             softplus(x)
 *      log(sigmoid(x))        =>   -softplus(-x)
 *      exp(x) - 1                  expm1(x) */
#include "rules.h"

static Val *negative(Graph *g, const Val *v, Val *x)
{
	return x->op == OP_neg ? x->in[0] : op1(g, v, OP_neg, x);
}

/* log(x), or log1p(x) if plus_one */
static Val *rule_log(PassCx *cx, Graph *g, const Val *v, Val *x, bool plus_one)
{
	if (x->op == OP_exp)
		return did(cx, g, v, plus_one ? REWRITE_softplus : REWRITE_log_exp,
			   plus_one ? op1(g, v, OP_softplus, x->in[0]) : x->in[0]);
	if (plus_one)
		return NULL;
	if (x->op == OP_sigmoid)
		return did(cx, g, v, REWRITE_log_sigmoid,
			   op1(g, v, OP_neg, op1(g, v, OP_softplus, negative(g, v, x->in[0]))));
	Val *rest = x->op == OP_add ? other_than(x->in, 1) : NULL;
	if (rest)
		return did(cx, g, v, REWRITE_log1p, op1(g, v, OP_log1p, rest));
	if (x->op == OP_sub && is_number(x->in[0], 1))
		return did(cx, g, v, REWRITE_log1p, op1(g, v, OP_log1p, negative(g, v, x->in[1])));
	return NULL;
}

static Val *rule_difference(PassCx *cx, Graph *g, const Val *v, Val *a, Val *b)
{
	if (a->op == OP_exp && is_number(b, 1))
		return did(cx, g, v, REWRITE_expm1, op1(g, v, OP_expm1, a->in[0]));
	if (!is_number(a, 1))
		return NULL;
	if (b->op == OP_exp)
		return did(cx, g, v, REWRITE_expm1,
			   op1(g, v, OP_neg, op1(g, v, OP_expm1, b->in[0])));
	/* beside another use of it, as in its gradient, it is there already */
	if (b->op == OP_sigmoid && (!cx->differentiated || cx->uses[v->in[1]->id] == 1))
		return did(cx, g, v, REWRITE_one_minus_sigmoid,
			   op1(g, v, OP_sigmoid, negative(g, v, b->in[0])));
	return NULL;
}

static Val *rule_quotient(PassCx *cx, Graph *g, const Val *v, Val *a, Val *b)
{
	Val *e = b->op == OP_add ? other_than(b->in, 1) : NULL;
	if (!e || e->op != OP_exp)
		return NULL;
	if (is_number(a, 1))
		return did(cx, g, v, REWRITE_sigmoid,
			   op1(g, v, OP_sigmoid, negative(g, v, e->in[0])));
	return a == e ? did(cx, g, v, REWRITE_sigmoid, op1(g, v, OP_sigmoid, e->in[0])) : NULL;
}

Val *rule_logs(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	switch (v->op) {
	case OP_log: return rule_log(cx, g, v, in[0], false);
	case OP_log1p: return rule_log(cx, g, v, in[0], true);
	case OP_sub: return rule_difference(cx, g, v, in[0], in[1]);
	case OP_div: return rule_quotient(cx, g, v, in[0], in[1]);
	default: return NULL;
	}
}
