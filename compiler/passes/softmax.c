/* softmax.c -- exponentials that are summed
 *
 *      e = exp(x)                            m = stop_gradient(max(x))
 *      log(e / sum(e))                  =>   z = x - m
 *                                            z - log(sum(exp(z)))
 *
 * The result does not depend on what is taken away from x, so no gradient needs to flow through
 * that. */
#include "rules.h"

/* z = x - max(x) over these axes */
static bool is_shifted(const Val *z, uint32_t axes, bool *stopped)
{
	Val *of;
	uint32_t by;
	return z->op == OP_sub && is_restored(z->in[1], z->type, REDUCE_max, &of, &by, stopped) &&
	       of == z->in[0] && by == axes;
}

/* max(x) that no gradient flows through */
static Val *largest(Graph *g, const Val *v, Val *x, uint32_t axes)
{
	return op1(g, v, OP_stop_gradient, build_reduce(g, v->loc, REDUCE_max, x, axes));
}

Val *rule_softmax(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	Val *of;
	uint32_t axes;
	bool stopped;
	if (v->op != OP_div || in[0]->op != OP_exp ||
	    !is_restored(in[1], v->type, REDUCE_sum, &of, &axes, &stopped) || of != in[0])
		return NULL;
	Val *z = in[0]->in[0];
	bool shifted = is_shifted(z, axes, &stopped);
	if (shifted && stopped)
		return NULL;
	Val *x = shifted ? z->in[0] : z;
	Val *m = build_restore(g, v->loc, largest(g, v, x, axes), x->type, axes);
	Val *e = op1(g, v, OP_exp, op2(g, v, OP_sub, x, m));
	Val *sum = build_restore(g, v->loc, build_reduce(g, v->loc, REDUCE_sum, e, axes), x->type,
				 axes);
	return did(cx, g, v, REWRITE_softmax_shift, op2(g, v, OP_div, e, sum));
}

static bool is_sum_of_exps(const Val *v)
{
	return v->op == OP_reduce && v->attr.reduce.kind == REDUCE_sum && v->in[0]->op == OP_exp;
}

static Val *log_of_sum(PassCx *cx, Graph *g, const Val *v, const Val *sum)
{
	Val *z = sum->in[0]->in[0];
	uint32_t axes = sum->attr.reduce.axes;
	bool stopped;
	if (is_shifted(z, axes, &stopped))
		return NULL;
	/* where all of x is -inf, or one is inf, there is nothing to take away */
	Val *m = largest(g, v, z, axes), *zero = build_number(g, v->loc, z->type->dtype, 0);
	Val *finite = op3(g, v, OP_select, op1(g, v, OP_isinf, m), zero, m);
	Val *e = op1(g, v, OP_exp,
		     op2(g, v, OP_sub, z, build_restore(g, v->loc, finite, z->type, axes)));
	Val *rest = op1(g, v, OP_log, build_reduce(g, v->loc, REDUCE_sum, e, axes));
	return did(cx, g, v, REWRITE_log_sum_exp, op2(g, v, OP_add, finite, rest));
}

Val *rule_log_sums(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	if (v->op != OP_log)
		return NULL;
	Val *x = in[0];
	if (is_sum_of_exps(x))
		return log_of_sum(cx, g, v, x);
	if (x->op == OP_div && (x->in[0]->op == OP_exp || is_sum_of_exps(x->in[0]))) {
		Val *a = x->in[0];
		return did(cx, g, v, REWRITE_log_softmax,
			   op2(g, v, OP_sub, a->op == OP_exp ? a->in[0] : op1(g, v, OP_log, a),
			       op1(g, v, OP_log, x->in[1])));
	}
	return NULL;
}
