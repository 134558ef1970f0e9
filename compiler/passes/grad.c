/* grad.c -- replaces gradients by what computes them: one backward pass for all values a cost is
 * differentiated by
 *
 *      v5: (float32, float32[n]) = grad(v4, v1, v2)        v9: float32 = ...
 *      v6: float32 = get(v5), index = 0                =>  v12: float32[n] = ...
 *      v7: float32[n] = get(v5), index = 1
 *
 * The inner of two nested gradients stands earlier, so that the outer one differentiates plain
 * nodes. */
#include "grad.h"

#include "build_more.h"

static bool flows(const Val *v, int operand)
{
	if (op_info(v->op)->elementwise)
		return op_info(v->op)->flows[operand];
	return v->op == OP_get || op_gradient(v->op) != NULL;
}

static bool can_carry(const Type *t)
{
	return dtype_is_float(t->dtype) || t->dtype == DT_tuple;
}

static void mark_needed(Backward *b, int nwrt, Val *const *wrt)
{
	for (int i = 0; i < nwrt; i++)
		if (wrt[i]->id < b->n)
			b->needed[wrt[i]->id] = true;
	for (int id = 0; id < b->n; id++) {
		const Val *v = b->graph->vals.data[id];
		for (int k = 0; k < v->nin && can_carry(v->type); k++)
			b->needed[id] |= b->needed[v->in[k]->id] && flows(v, k);
	}
}

bool wanted(const Backward *b, const Val *v, int operand)
{
	return b->needed[v->in[operand]->id];
}

static void add_to(Backward *b, Val **sum, Val *term)
{
	*sum = *sum ? build_elem(b->graph, term->loc, OP_add, *sum, term, NULL) : term;
}

static void add_adjoint(Backward *b, const Val *v, Val *g)
{
	if (!same_shape(v->type, g->type) || v->type->dtype != g->type->dtype)
		internal_error("a gradient of type %s for %s of type %s",
			       type_text(b->scratch, g->type), op_info(v->op)->name,
			       type_text(b->scratch, v->type));
	add_to(b, &b->adjoint[v->id], g);
}

static Val **items_of(Backward *b, const Val *tuple)
{
	if (!b->item[tuple->id])
		b->item[tuple->id] = NEW_ARRAY(b->scratch, Val *, tuple->type->nitems + 1);
	return b->item[tuple->id];
}

/* A gradient of 0 where a condition does not hold stays 0 there, whatever the derivative is: in
 * where(x > 0, log(x), 0) that of log is not finite at 0, and 0 * inf no number. */
static void row_backward(Backward *b, const Val *v, Val *g, Val **d)
{
	for (int side = 1; side <= 2 && g->op == OP_select; side++) {
		Val *other = g->in[3 - side];
		if (!is_number(g->in[side], 0) || !type_equal(other->type, g->type))
			continue;
		row_backward(b, v, other, d);
		for (int i = 0; i < v->nin; i++)
			if (d[i])
				d[i] = build_elem(b->graph, v->loc, OP_select, g->in[0],
						  side == 1 ? g->in[1] : d[i],
						  side == 1 ? d[i] : g->in[2]);
		return;
	}
	row_gradient(b->graph, v, g, d);
}

static void propagate(Backward *b, const Val *v)
{
	Val *g = b->adjoint[v->id];
	Val **d = NEW_ARRAY(b->scratch, Val *, v->nin + 3);
	if (v->op == OP_get) {
		if (wanted(b, v, 0))
			add_to(b, &items_of(b, v->in[0])[v->attr.get.index], g);
		return;
	}
	bool row = op_info(v->op)->elementwise;
	if (row)
		row_backward(b, v, g, d);
	else if (op_gradient(v->op))
		op_gradient(v->op)(b, v, v->type->dtype == DT_tuple ? b->item[v->id] : &g, d);
	for (int i = 0; i < v->nin; i++)
		if (d[i] && wanted(b, v, i))
			add_adjoint(b, v->in[i],
				    row ? build_sum_to(b->graph, v->loc, d[i], v->in[i]->type)
					: d[i]);
}

/* d_h: of the cost by h */
static void name_adjoint(const Backward *b, const Val *v)
{
	Val *g = b->adjoint[v->id];
	if (g == NULL || g->name || v->op == OP_const)
		return;
	const char *of = v->name	    ? v->name
			 : v->op == OP_var ? v->attr.var->name
			 : v->op == OP_arg ? v->attr.arg->name
			 : v->op == OP_contraction ? "product"
						   : op_info(v->op)->name;
	g->name = arena_printf(b->graph->arena, "d_%s", of);
}

void backward(PassCx *cx, Graph *graph, int nseeds, Val *const *seed, Val *const *adjoint, int nwrt,
	      Val *const *wrt, Val **gradient)
{
	Backward b = {.cx = cx, .graph = graph, .scratch = arena_new()};
	for (int i = 0; i < nseeds; i++)
		if (seed[i]->id >= b.n)
			b.n = seed[i]->id + 1;
	b.needed = NEW_ARRAY(b.scratch, bool, b.n + 1);
	b.adjoint = NEW_ARRAY(b.scratch, Val *, b.n + 1);
	b.item = NEW_ARRAY(b.scratch, Val **, b.n + 1);
	mark_needed(&b, nwrt, wrt);
	for (int i = 0; i < nseeds; i++)
		if (b.needed[seed[i]->id])
			add_adjoint(&b, seed[i], adjoint[i]);
	for (int id = b.n - 1; id >= 0; id--)
		if (b.needed[id] && (b.adjoint[id] || b.item[id])) {
			name_adjoint(&b, graph->vals.data[id]);
			propagate(&b, graph->vals.data[id]);
		}
	for (int i = 0; i < nwrt; i++)
		gradient[i] = wrt[i]->id < b.n ? b.adjoint[wrt[i]->id] : NULL;
	arena_free(b.scratch);
}

/* ---- the pass */
typedef struct Done {	 /* a gradient that was replaced */
	const Val *node; /* in the old graph */
	Val **gradient;	 /* in the new one */
} Done;
typedef struct State {
	PassCx *cx;
	Arena *scratch;
	VEC(Done) done;
	const Graph *graph; /* the one at hand */
	int64_t nodes; /* of it and its regions, */
	int counted;   /* as far as they are counted */
	bool too_large;
} State;

static const char *name_of(const Val *v)
{
	if (v->op == OP_var)
		return v->attr.var->name;
	if (v->op == OP_arg)
		return v->attr.arg->name;
	return v->name ? v->name : "this value";
}

/* why no gradient comes from cost to x: the last place that stops one, or no way at all */
static void say_independent(State *s, Graph *g, Loc loc, const Val *cost, Val *x)
{
	Message *m = diag_error(s->cx->diag, loc, "the cost has no gradient by '%s'", name_of(x));
	Backward b = {.cx = s->cx, .graph = g, .scratch = s->scratch, .n = g->vals.len};
	b.needed = NEW_ARRAY(s->scratch, bool, b.n + 1);
	mark_needed(&b, 1, &x);
	bool *above = NEW_ARRAY(s->scratch, bool, b.n + 1); /* the cost uses it */
	above[cost->id] = true;
	const Val *stop = NULL;
	for (int id = cost->id; id >= 0; id--) {
		const Val *v = g->vals.data[id];
		for (int k = 0; above[id] && k < v->nin; k++) {
			above[v->in[k]->id] = true;
			if (b.needed[v->in[k]->id] && !b.needed[id])
				stop = stop ? stop : v;
		}
	}
	if (stop)
		diag_note(m, stop->loc,
			  "it depends on '%s' only through '%s', which has no gradient", name_of(x),
			  op_info(stop->op)->name);
	else
		diag_note(m, (Loc){0}, "the cost does not depend on '%s'", name_of(x));
	diag_note(m, (Loc){0}, "grad(..., disconnected = zero) takes it as zero");
}

static int64_t nodes_so_far(State *s, const Graph *g)
{
	if (s->graph != g)
		s->counted = 0, s->nodes = 0;
	s->graph = g;
	for (; s->counted < g->vals.len; s->counted++) {
		const Val *v = g->vals.data[s->counted];
		s->nodes++;
		for (int k = 0; k < v->nregions; k++)
			s->nodes += graph_size(v->region[k]);
	}
	return s->nodes;
}

static void check_nodes(State *s, const Graph *g, Loc loc, int64_t before)
{
	const int64_t most = s->cx->options->max_nodes;
	if (!most || nodes_so_far(s, g) <= most)
		return;
	Message *m = diag_error(s->cx->diag, loc,
				"with this gradient the graph of '%s' has more than %lld nodes; --max-nodes N allows more",
				s->cx->func->name, (long long)most);
	diag_note(m, (Loc){0}, "there are %lld before it; a gradient adds a few for each that its cost is made of",
		  (long long)before);
	s->too_large = true;
}

static void differentiate(State *s, Graph *g, const Val *v, Val *const *in)
{
	Done done = {v, NEW_ARRAY(s->scratch, Val *, v->nin)};
	Val *one = build_number(g, v->loc, in[0]->type->dtype, 1);
	int errors = diag_count(s->cx->diag); /* what is not supported gives none */
	if (!s->too_large) {
		const int64_t before = nodes_so_far(s, g);
		backward(s->cx, g, 1, &in[0], &one, v->nin - 1, in + 1, done.gradient);
		check_nodes(s, g, v->loc, before);
	}
	for (int i = 0; i < v->nin - 1; i++) {
		if (done.gradient[i])
			continue;
		if (!v->attr.grad.disconnected_zero && !s->too_large && diag_count(s->cx->diag) == errors)
			say_independent(s, g, v->loc, in[0], in[i + 1]);
		done.gradient[i] = build_full(g, v->loc, in[i + 1]->type, 0);
	}
	push(s->scratch, &s->done, done);
}

static Val *rule(Rewrite *r, Graph *g, const Val *v, Val *const *in)
{
	State *s = r->state;
	if (v->op == OP_grad)
		differentiate(s, g, v, in);
	if (v->op != OP_get || v->in[0]->op != OP_grad)
		return NULL;
	for (int i = s->done.len - 1; i >= 0; i--)
		if (s->done.data[i].node == v->in[0])
			return s->done.data[i].gradient[v->attr.get.index];
	return NULL;
}

Graph *pass_grad(PassCx *cx, const Graph *in)
{
	State state = {.cx = cx, .scratch = arena_new()};
	Rewrite r = {.rule = rule, .state = &state};
	Graph *out = rewrite(in, cx->out, &r);
	arena_free(state.scratch);
	return out;
}
