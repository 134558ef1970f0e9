/* inside.c -- a cost in the body of a loop or branch as one that hangs on values of outside directly
 *
 *      let y = tanh(x)                                       let y = tanh(x)
 *      scan .. { let c = sum(h * y)  .. grad(c, x) }   =>    scan .. { let c = sum(h * tanh(x))  .. grad(c, x) }
 *
 * A gradient is taken in the graph of its cost.  What stands outside between the cost and what it is by is computed again
 * inside. */
#include "state.h"

typedef struct Layer { /* a graph around the cost, or its own */
	const Graph *g;
	int n; /* nodes before anything is copied */
	bool *needed; /* by the cost, by id */
	bool *hangs; /* on what the gradient is by */
	Val **copy; /* of those */
} Layer;
typedef struct Inside {
	Check *c;
	VEC(Layer) layers; /* from the cost's outwards */
	VEC(const Val *) work;
} Inside;

static void find_layers(Inside *x, const Graph *of_cost)
{
	const Region *r = x->c->state->region;
	while (r->graph != of_cost)
		r = r->outer;
	for (; r; r = r->outer) {
		Layer l = {.g = r->graph, .n = r->graph->vals.len};
		l.needed = NEW_ARRAY(x->c->arena, bool, l.n + 1);
		l.hangs = NEW_ARRAY(x->c->arena, bool, l.n + 1);
		l.copy = NEW_ARRAY(x->c->arena, Val *, l.n + 1);
		push(x->c->arena, &x->layers, l);
	}
}

static Layer *layer_of(Inside *x, const Val *v)
{
	Layer *l = x->layers.data;
	while (l->g != v->graph)
		l++;
	return l;
}

static void need(Inside *x, const Val *v)
{
	bool *needed = &layer_of(x, v)->needed[v->id];
	if (!*needed)
		push(x->c->arena, &x->work, v);
	*needed = true;
}

/* false if a loop or branch stands between */
static bool bring(Inside *x, Layer *l, const Val *v, Graph *to)
{
	Val **in = NEW_ARRAY(x->c->arena, Val *, v->nin + 1);
	bool hangs = false;
	for (int i = 0; i < v->nin; i++) {
		const Layer *from = layer_of(x, v->in[i]);
		Val *copy = from->copy[v->in[i]->id];
		hangs = hangs || from->hangs[v->in[i]->id];
		in[i] = copy ? copy : v->in[i];
	}
	if (!hangs)
		return true;
	if (v->nregions)
		return false;
	l->hangs[v->id] = true;
	l->copy[v->id] = copy_node(x->c, to, v, in);
	return true;
}

Val *bring_inside(Check *c, Val *cost, int n, Val *const *by)
{
	Inside x = {.c = c};
	Graph *to = (Graph *)cost->graph;
	find_layers(&x, to);
	need(&x, cost);
	for (int i = 0; i < x.work.len; i++)
		for (int k = 0; k < x.work.data[i]->nin; k++)
			need(&x, x.work.data[i]->in[k]);
	for (int i = 0; i < n; i++)
		layer_of(&x, by[i])->hangs[by[i]->id] = true;
	for (int k = x.layers.len - 1; k >= 0; k--) {
		Layer *l = &x.layers.data[k];
		for (int id = 0; id < l->n; id++)
			if (l->needed[id] && !l->hangs[id] && !bring(&x, l, l->g->vals.data[id], to))
				return NULL;
	}
	Val *copy = x.layers.data[0].copy[cost->id];
	return copy ? copy : cost;
}
