/* grad_scan.c -- the gradient of a loop: a loop in the other direction
 *
 *      h, e = scan h = h0 over x {              a = scan a = dh over h, x, de {
 *              next h = f(h, x, W)         =>           recompute h', e' = body(h, x, W)
 *              emit g(h, x, W)                          next a = a dh'/dh + de de'/dh       and
 * sums for W, emits for x }                                        }
 *
 * What the carries were before each step is emitted by the loop itself, which was made by this pass
 * and so may be added to; random bits too, since a draw knows its step.  All else is computed
 * again. */
#include "build_more.h"
#include "grad.h"

/* which item of the loop's tuple is the values of this node of its region */
static int trace(Backward *b, Val *scan, Val *inner)
{
	Graph *body = scan->region[0];
	Arena *arena = b->graph->arena;
	int first = scan->attr.scan.ncarry, last = first + scan->attr.scan.nemit;
	for (int i = first; i < last; i++)
		if (body->results.data[i] == inner)
			return i;
	push(arena, &body->results, inner);
	if (scan->attr.scan.until) {
		body->results.data[last + 1] = body->results.data[last];
		body->results.data[last] = inner;
	}
	const Size *size[MAX_RANK + 1] = {scan->attr.scan.steps};
	for (int i = 0; i < inner->type->rank; i++)
		size[i + 1] = inner->type->size[i];
	const Type **item = NEW_ARRAY(arena, const Type *, last + 2);
	for (int i = 0; i < last; i++)
		item[i] = scan->type->item[i];
	item[last] = type_array(arena, inner->type->dtype, inner->type->rank + 1, size);
	scan->type = type_tuple(arena, last + 1, item);
	scan->attr.scan.nemit++;
	return last;
}

/* The loop being made.  Operands in order: carries (adjoints of float carries, then sums for
 * captured floats), sequences (the carries before the step, random bits, elements, adjoints of what
 * is emitted, whether the step was done), captured. */
typedef struct Build {
	Backward *b;
	Val *scan; /* forward */
	Graph *forward, *body;
	Val *const *g;
	int ncarry, nseq, nemit; /* of the forward loop as it was */
	VEC(Val *) carry, seq;
	VEC(const Val *) draws;
	Val *step, **carry_param, **seq_param, **captured_param;
	Val **param, **result; /* of the forward body, done again */
	Val **gradient;	       /* by operand of the forward loop */
} Build;

static bool is_float_carry(const Build *m, int i)
{
	return i < m->ncarry && dtype_is_float(m->scan->in[i]->type->dtype);
}

static bool is_wanted_element(const Build *m, int i)
{
	return i >= m->ncarry && i < m->ncarry + m->nseq && wanted(m->b, m->scan, i);
}

static bool is_wanted_captured(const Build *m, int i)
{
	return i >= m->ncarry + m->nseq && wanted(m->b, m->scan, i);
}

static Val *zeros(Graph *g, const Val *like)
{
	return build_full(g, like->loc, like->type, 0);
}

static bool has_inner_draw(const Graph *g, bool inner)
{
	for (int i = 0; i < g->vals.len; i++) {
		const Val *v = g->vals.data[i];
		if (inner && v->op == OP_random_bits)
			return true;
		for (int k = 0; k < v->nregions; k++)
			if (has_inner_draw(v->region[k], true))
				return true;
	}
	return false;
}

/* what the forward loop has for each step of this node of its body, as a sequence */
static void add_trace(Build *m, Val *inner)
{
	int item = trace(m->b, m->scan, inner);
	push(m->b->scratch, &m->seq, build_get(m->b->graph, m->scan->loc, m->scan, item));
}

static void add_operands(Build *m)
{
	Arena *scratch = m->b->scratch;
	Val *scan = m->scan;
	for (int i = 0; i < scan->nin; i++)
		if (is_float_carry(m, i))
			push(scratch, &m->carry,
			     m->g[i] ? m->g[i] : zeros(m->b->graph, scan->in[i]));
	for (int i = 0; i < scan->nin; i++)
		if (is_wanted_captured(m, i))
			push(scratch, &m->carry, zeros(m->b->graph, scan->in[i]));
	for (int i = 0; i < m->ncarry; i++)
		add_trace(m, m->forward->params.data[i + 1]);
	for (int i = 0; i < m->forward->vals.len; i++)
		if (m->forward->vals.data[i]->op == OP_random_bits) {
			push(scratch, &m->draws, m->forward->vals.data[i]);
			add_trace(m, m->forward->vals.data[i]);
		}
	for (int i = 0; i < m->nseq; i++)
		push(scratch, &m->seq, scan->in[m->ncarry + i]);
	for (int i = m->ncarry; i < m->ncarry + m->nemit; i++)
		if (m->g[i])
			push(scratch, &m->seq, m->g[i]);
	if (scan->attr.scan.until)
		add_trace(m, build_const(m->forward, scan->loc, DT_bool, 0, 1));
}

static void add_params(Build *m)
{
	Arena *scratch = m->b->scratch, *arena = m->body->arena;
	Loc loc = m->scan->loc;
	int first = m->ncarry + m->nseq;
	m->step = build_param(m->body, loc, type_scalar(arena, DT_int64));
	m->carry_param = NEW_ARRAY(scratch, Val *, m->carry.len + 1);
	m->seq_param = NEW_ARRAY(scratch, Val *, m->seq.len + 1);
	m->captured_param = NEW_ARRAY(scratch, Val *, m->scan->nin + 1);
	for (int i = 0; i < m->carry.len; i++)
		m->carry_param[i] = build_param(m->body, loc, m->carry.data[i]->type);
	for (int i = 0; i < m->seq.len; i++) {
		const Type *t = m->seq.data[i]->type;
		m->seq_param[i] = build_param(
			m->body, loc, type_array(arena, t->dtype, t->rank - 1, t->size + 1));
	}
	for (int i = first; i < m->scan->nin; i++)
		m->captured_param[i - first] = build_param(m->body, loc, m->scan->in[i]->type);
}

/* the forward step, from what it was given then */
static void repeat_step(Build *m)
{
	Arena *scratch = m->b->scratch;
	Loc loc = m->scan->loc;
	Val *one = build_const(m->body, loc, DT_int64, 0, 1);
	Val *last = build_elem(m->body, loc, OP_sub,
			       build_size(m->body, loc, m->scan->attr.scan.steps), one, NULL);
	m->param = NEW_ARRAY(scratch, Val *, m->scan->nin + 2);
	m->result = NEW_ARRAY(scratch, Val *, m->forward->results.len + 1);
	Val **given = NEW_ARRAY(scratch, Val *, m->forward->vals.len + 1);
	int n = 0;
	m->param[n++] = build_elem(m->body, loc, OP_sub, last, m->step, NULL);
	for (int i = 0; i < m->ncarry; i++)
		m->param[n++] = m->seq_param[i];
	for (int i = 0; i < m->draws.len; i++)
		given[m->draws.data[i]->id] = m->seq_param[m->ncarry + i];
	for (int i = 0; i < m->nseq; i++)
		m->param[n++] = m->seq_param[m->ncarry + m->draws.len + i];
	for (int i = 0; n <= m->scan->nin; i++)
		m->param[n++] = m->captured_param[i];
	build_inline(m->body, m->forward, m->param, given, m->result);
}

static void step_backward(Build *m)
{
	Arena *scratch = m->b->scratch;
	Val **seed = NEW_ARRAY(scratch, Val *, m->ncarry + m->nemit + 1);
	Val **adjoint = NEW_ARRAY(scratch, Val *, m->ncarry + m->nemit + 1);
	int n = 0, emitted = m->ncarry + m->draws.len + m->nseq;
	for (int i = 0; i < m->ncarry; i++)
		if (is_float_carry(m, i)) {
			seed[n] = m->result[i];
			adjoint[n] = m->carry_param[n];
			n++;
		}
	for (int i = m->ncarry; i < m->ncarry + m->nemit; i++)
		if (m->g[i]) {
			seed[n] = m->result[i];
			adjoint[n++] = m->seq_param[emitted++];
		}
	m->gradient = NEW_ARRAY(scratch, Val *, m->scan->nin + 1);
	backward(m->b->cx, m->body, n, seed, adjoint, m->scan->nin, m->param + 1, m->gradient);
}

/* y where the condition holds or is none, else z */
static Val *where(Build *m, Val *condition, Val *y, Val *z)
{
	return condition ? build_elem(m->body, m->scan->loc, OP_select, condition, y, z) : y;
}

/* the results of the body.  Steps that were not done pass all on; those before the last `truncate`
 * nothing. */
static int add_results(Build *m)
{
	Arena *arena = m->body->arena;
	Val *scan = m->scan, *done = scan->attr.scan.until ? m->seq_param[m->seq.len - 1] : NULL,
	    *near = NULL;
	int64_t truncate = scan->attr.scan.truncate;
	if (truncate > 0)
		near = build_elem(m->body, scan->loc, OP_lt, m->step,
				  build_const(m->body, scan->loc, DT_int64, 0, truncate), NULL);
	int k = 0, nemitted = 0;
	for (int i = 0; i < scan->nin; i++) {
		if (!is_float_carry(m, i))
			continue;
		Val *zero = zeros(m->body, m->param[i + 1]), *old = m->carry_param[k++];
		Val *new = where(m, done, m->gradient[i] ? m->gradient[i] : zero, old);
		push(arena, &m->body->results, where(m, near, new, zero));
	}
	for (int i = 0; i < scan->nin; i++) {
		if (!is_wanted_captured(m, i))
			continue;
		Val *old = m->carry_param[k++];
		Val *new = m->gradient[i] ? build_elem(m->body, scan->loc, OP_add, old,
						       m->gradient[i], NULL)
					  : old;
		push(arena, &m->body->results, where(m, near, where(m, done, new, old), old));
	}
	for (int i = 0; i < scan->nin; i++) {
		if (!is_wanted_element(m, i))
			continue;
		Val *zero = zeros(m->body, m->param[i + 1]);
		Val *new = where(m, done, m->gradient[i] ? m->gradient[i] : zero, zero);
		push(arena, &m->body->results, where(m, near, new, zero));
		nemitted++;
	}
	return nemitted;
}

static Val *build_loop(Build *m, int nemitted)
{
	Val *scan = m->scan;
	int n = 0;
	Val **in = NEW_ARRAY(m->b->scratch, Val *, m->carry.len + m->seq.len + scan->nin + 1);
	for (int i = 0; i < m->carry.len; i++)
		in[n++] = m->carry.data[i];
	for (int i = 0; i < m->seq.len; i++)
		in[n++] = m->seq.data[i];
	for (int i = m->ncarry + m->nseq; i < scan->nin; i++)
		in[n++] = scan->in[i];
	Attr attr = {.scan = {.steps = scan->attr.scan.steps,
			      .ncarry = m->carry.len,
			      .nseq = m->seq.len,
			      .nemit = nemitted,
			      .reverse = !scan->attr.scan.reverse}};
	return build_region(m->b->graph, scan->loc, OP_scan, n, in, &attr, 1, &m->body);
}

void grad_scan(Backward *b, const Val *v, Val *const *g, Val **d)
{
	Build m = {.b = b,
		   .scan = b->graph->vals.data[v->id],
		   .forward = v->region[0],
		   .body = graph_new(b->graph->arena),
		   .g = g,
		   .ncarry = v->attr.scan.ncarry,
		   .nseq = v->attr.scan.nseq,
		   .nemit = v->attr.scan.nemit};
	if (has_inner_draw(m.forward, false)) {
		diag_error(b->cx->diag, v->loc,
			   "not supported yet: the gradient through a scan with random draws in an "
			   "inner block");
		return;
	}
	add_operands(&m);
	add_params(&m);
	repeat_step(&m);
	step_backward(&m);
	Val *loop = build_loop(&m, add_results(&m));
	int item = 0;
	for (int i = 0; i < v->nin; i++)
		if (is_float_carry(&m, i))
			d[i] = build_get(b->graph, v->loc, loop, item++);
	for (int i = 0; i < v->nin; i++)
		if (is_wanted_captured(&m, i))
			d[i] = build_get(b->graph, v->loc, loop, item++);
	for (int i = 0; i < v->nin; i++)
		if (is_wanted_element(&m, i))
			d[i] = build_get(b->graph, v->loc, loop, item++);
}
