/* depend.c -- what a value hangs on, through all edges or those that a gradient passes
 *
 * Values are visited from the result back.  Of a loop or branch the results that are asked for are followed through its
 * region: a carry that no wanted result reads brings nothing in. */
#include "state.h"

typedef struct Dependence {
	Arena *arena;
	bool gradient; /* only where a gradient passes */
	Map *seen;
	Reached order; /* visited: also the work list */
} Dependence;

static void visit(Dependence *d, const Val *v)
{
	if (d->gradient && !dtype_is_float(v->type->dtype) && v->type->dtype != DT_tuple)
		return;
	int *seen = map_number(d->seen, v);
	if (!*seen)
		push(d->arena, &d->order, v);
	*seen = 1;
}

/* A region's nodes do not know whose region it is: its parameters are found by its graph. */
typedef struct Owners {
	Map *of; /* regions: 1 + where in nodes */
	VEC(const Val *) nodes;
} Owners;

static void add_owner(Dependence *d, Owners *owners, const Val *node)
{
	for (int i = 0; i < node->nregions; i++) {
		int *at = map_number(owners->of, node->region[i]);
		if (*at)
			return;
		push(d->arena, &owners->nodes, node);
		*at = owners->nodes.len;
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
	const int at = map_find(owners->of, v->graph), k = v->attr.param.index;
	const Val *node = at ? owners->nodes.data[at - 1] : NULL;
	if (node && node->op == OP_if) {
		visit(d, node->in[1 + k]);
	} else if (node && k > 0) {
		visit(d, node->in[k - 1]);
		if (k - 1 < node->attr.scan.ncarry)
			visit(d, node->region[0]->results.data[k - 1]);
	}
}

static bool lets_gradient_pass(const Val *v)
{
	return v->op == OP_extern ? v->attr.ext->has_gradient : op_info(v->op)->differentiable;
}

static void follow(Dependence *d, const Val *result)
{
	d->seen = map_new(d->arena);
	Owners owners = {.of = map_new(d->arena)};
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
	return map_find(d->seen, v);
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

/* the last node on the way from the cost that lets no gradient through and hangs on v, where that is found soon */
static const Val *find_barrier(Check *c, Dependence *d, const Val *cost, const Val *v)
{
	enum { SOON = 2000 };
	int tries = 0;
	if (!depends_on(c, cost, v))
		return NULL;
	for (int i = 0; i < d->order.len; i++) {
		const Val *at = d->order.data[i];
		bool stops = !lets_gradient_pass(at);
		if (at->op == OP_get || at->op == OP_param)
			continue;
		if (stops && at != v && tries++ < SOON && depends_on(c, at, v))
			return at;
		for (int k = 0; !stops && k < at->nin; k++)
			if (!was_seen(d, at->in[k]) && at->in[k] != v && tries++ < SOON && depends_on(c, at->in[k], v))
				return at->in[k];
	}
	return NULL;
}

void drop_reach(Check *c)
{
	if (c->state->reach)
		arena_free(c->state->reach->arena);
	c->state->reach = NULL;
}

/* a cost is mostly asked about by one parameter after the other: what it reaches is kept until another comes */
bool gradient_reaches(Check *c, const Val *cost, const Val *v, const Val **barrier)
{
	if (!c->state->reach || c->state->reach->order.data[0] != cost) {
		drop_reach(c);
		Arena *arena = arena_new();
		c->state->reach = NEW(arena, Dependence);
		*c->state->reach = (Dependence){.arena = arena, .gradient = true};
		follow(c->state->reach, cost);
	}
	bool reaches = was_seen(c->state->reach, v);
	if (!reaches && barrier)
		*barrier = find_barrier(c, c->state->reach, cost, v);
	return reaches;
}
