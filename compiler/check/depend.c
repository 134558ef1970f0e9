/* depend.c -- what a value hangs on, through all edges or those that a gradient passes
 *
 * Values are visited from the result back.  Of a loop or branch the results that are asked for are followed through its
 * region: a carry that no wanted result reads brings nothing in. */
#include "state.h"

typedef struct Seen {
	const Val *v;
} Seen;
typedef struct Dependence {
	Arena *arena;
	bool gradient; /* only where a gradient passes */
	Seen *table; /* open addressing */
	int size, used;
	Reached order; /* visited: also the work list */
} Dependence;

static Seen *lookup(Dependence *d, const Val *v)
{
	size_t i = (size_t)(((uintptr_t)v >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 16) & (size_t)(d->size - 1);
	while (d->table[i].v && d->table[i].v != v)
		i = (i + 1) & (size_t)(d->size - 1);
	return &d->table[i];
}

static void grow(Dependence *d)
{
	Seen *old = d->table;
	int n = d->size;
	d->size = n ? 2 * n : 256;
	d->table = NEW_ARRAY(d->arena, Seen, d->size);
	for (int i = 0; i < n; i++)
		if (old[i].v)
			*lookup(d, old[i].v) = old[i];
}

static void visit(Dependence *d, const Val *v)
{
	if (d->gradient && !dtype_is_float(v->type->dtype) && v->type->dtype != DT_tuple)
		return;
	if (2 * (d->used + 1) > d->size)
		grow(d);
	Seen *s = lookup(d, v);
	if (s->v)
		return;
	s->v = v;
	d->used++;
	push(d->arena, &d->order, v);
}

/* A region's nodes do not know whose region it is: its parameters are found by its graph. */
typedef struct Owner {
	const Graph *region;
	const Val *node;
} Owner;
typedef VEC(Owner) Owners;

static void add_owner(Dependence *d, Owners *owners, const Val *node)
{
	for (int i = 0; i < owners->len; i++)
		if (owners->data[i].node == node)
			return;
	for (int i = 0; i < node->nregions; i++) {
		Owner o = {node->region[i], node};
		push(d->arena, owners, o);
	}
}

/* result k of a scan or if */
static void follow_result(Dependence *d, Owners *owners, const Val *node, int k)
{
	add_owner(d, owners, node);
	for (int r = 0; r < node->nregions; r++)
		visit(d, node->region[r]->results.data[k]);
	if (node->op == OP_scan && k < node->attr.scan.ncarry)
		visit(d, node->in[k]);
	if (node->op == OP_scan && node->attr.scan.until && !d->gradient)
		visit(d, node->region[0]->results.data[node->region[0]->results.len - 1]);
	if (node->op == OP_if && !d->gradient)
		visit(d, node->in[0]);
}

static void follow_param(Dependence *d, const Owners *owners, const Val *v)
{
	for (int i = 0; i < owners->len; i++) {
		const Val *node = owners->data[i].node;
		int k = v->attr.param.index;
		if (owners->data[i].region != v->graph)
			continue;
		if (node->op == OP_if) {
			visit(d, node->in[1 + k]);
		} else if (k > 0) {
			visit(d, node->in[k - 1]);
			if (k - 1 < node->attr.scan.ncarry)
				visit(d, node->region[0]->results.data[k - 1]);
		}
		return;
	}
}

static bool lets_gradient_pass(const Val *v)
{
	return v->op == OP_extern ? v->attr.ext->has_gradient : op_info(v->op)->differentiable;
}

static void follow(Dependence *d, const Val *result)
{
	Owners owners = {0};
	visit(d, result);
	for (int i = 0; i < d->order.len; i++) {
		const Val *v = d->order.data[i];
		if (v->op == OP_get && v->in[0]->nregions) {
			follow_result(d, &owners, v->in[0], v->attr.get.index);
		} else if (v->op == OP_param) {
			follow_param(d, &owners, v);
		} else if (!d->gradient || lets_gradient_pass(v)) {
			bool all = !d->gradient || !op_info(v->op)->elementwise;
			for (int k = 0; k < v->nin; k++)
				if (all || op_info(v->op)->flows[k])
					visit(d, v->in[k]);
		}
	}
}

static bool was_seen(Dependence *d, const Val *v)
{
	return d->size && lookup(d, v)->v != NULL;
}

Reached differentiable_params(Check *c, const Val *cost)
{
	Dependence d = {.arena = c->arena, .gradient = true};
	Reached found = {0};
	follow(&d, cost);
	for (int i = 0; i < d.order.len; i++) {
		const Val *v = d.order.data[i];
		if (v->op == OP_var && v->attr.var->kind == VAR_PARAM)
			push(c->arena, &found, v);
	}
	return found;
}

Reached needed_by(Check *c, const Val *from)
{
	Dependence d = {.arena = arena_new()};
	follow(&d, from);
	Reached all = {0};
	for (int i = 0; i < d.order.len; i++)
		push(c->arena, &all, d.order.data[i]);
	arena_free(d.arena);
	return all;
}

bool depends_on(Check *c, const Val *from, const Val *on)
{
	(void)c;
	Dependence d = {.arena = arena_new()};
	follow(&d, from);
	bool seen = was_seen(&d, on);
	arena_free(d.arena);
	return seen;
}

/* the last node on the way from the cost that lets no gradient through and hangs on v */
static const Val *find_barrier(Check *c, Dependence *d, const Val *v)
{
	for (int i = 0; i < d->order.len; i++) {
		const Val *at = d->order.data[i];
		bool stops = !lets_gradient_pass(at);
		if (at->op == OP_get || at->op == OP_param)
			continue;
		if (stops && at != v && depends_on(c, at, v))
			return at;
		for (int k = 0; !stops && k < at->nin; k++)
			if (!was_seen(d, at->in[k]) && at->in[k] != v && depends_on(c, at->in[k], v))
				return at->in[k];
	}
	return NULL;
}

bool gradient_reaches(Check *c, const Val *cost, const Val *v, const Val **barrier)
{
	Dependence d = {.arena = arena_new(), .gradient = true};
	*barrier = NULL;
	follow(&d, cost);
	bool reaches = was_seen(&d, v);
	if (!reaches)
		*barrier = find_barrier(c, &d, v);
	arena_free(d.arena);
	return reaches;
}
