/* stabilise.c -- forms that neither overflow nor cancel: the rules of softmax.c and logs.c, before
 * and after differentiation
 *
 *      log(softmax(x))[arange(n), label]    =>   x[arange(n), label] - m - log(sum(exp(x - m)))
 *
 * Shapes are brought into one form too, since the rules look at them, and gathers done early, so
 * that a logarithm meets the softmax it is of.  Constants stay: exp(800) would be inf before a rule
 * sees it. */
#include "rules.h"

typedef struct Wanted {
	Arena *scratch;
	VEC(const Val *) vals; /* what some gradient is by, and more than a leaf */
} Wanted;

static void collect(Wanted *w, const Graph *g)
{
	for (int i = 0; i < g->vals.len; i++) {
		const Val *v = g->vals.data[i];
		for (int k = 0; k < v->nregions; k++)
			collect(w, v->region[k]);
		for (int k = 1; v->op == OP_grad && k < v->nin; k++)
			if (v->in[k]->nin > 0)
				push(w->scratch, &w->vals, v->in[k]);
	}
}

/* No rule may look through a value that a gradient is by: it would take it off the way.
 * grad_scale(x, 1) stops them. */
static Val *guard(Rewrite *r, Graph *g, const Val *v, Val *const *in)
{
	const Wanted *w = r->state;
	for (int i = 0; i < w->vals.len; i++)
		if (w->vals.data[i] == v)
			return build_elem(g, v->loc, OP_grad_scale, rewrite_copy(r, g, v, in),
					  build_number(g, v->loc, v->type->dtype, 1), NULL);
	return NULL;
}

static Rewriter *const rules[] = {
	rule_softmax,	 rule_log_sums,	  rule_logs,	       rule_casts,   rule_reshapes,
	rule_transposes, rule_broadcasts, rule_late_broadcast, rule_gathers, NULL,
};

Graph *pass_stabilise(PassCx *cx, const Graph *in)
{
	Wanted wanted = {.scratch = arena_new()};
	collect(&wanted, in);
	Arena *guarded = arena_new();
	Graph *out = run_rules(
		cx, rewrite(in, guarded, &(Rewrite){.rule = guard, .state = &wanted}), rules);
	arena_free(wanted.scratch);
	arena_free(guarded);
	return out;
}

Graph *pass_stabilise_again(PassCx *cx, const Graph *in)
{
	cx->differentiated = true;
	Graph *out = run_rules(cx, in, rules);
	cx->differentiated = false;
	return out;
}
