/* rewrite.c -- copies a graph node by node, with a rule that may put something else for a node */
#include "ir.h"

/* a region that is not closed yet has operands and results of other graphs */
static void mark_one(const Graph *g, int *uses, const Val *v)
{
	if (v->graph == g)
		uses[v->id]++;
}

/* how often each node is asked for, by id, params once more; 0: it is not needed */
static void mark(const Graph *g, int *uses)
{
	for (int i = 0; i < g->params.len; i++)
		mark_one(g, uses, g->params.data[i]);
	for (int i = 0; i < g->results.len; i++)
		mark_one(g, uses, g->results.data[i]);
	for (int i = g->vals.len - 1; i >= 0; i--) {
		const Val *v = g->vals.data[i];
		for (int k = 0; uses[i] && k < v->nin; k++)
			mark_one(g, uses, v->in[k]);
	}
}

void graph_drop_unused(Graph *g)
{
	Arena *scratch = arena_new();
	int *uses = NEW_ARRAY(scratch, int, g->vals.len + 1);
	mark(g, uses);
	int n = 0;
	for (int i = 0; i < g->vals.len; i++)
		if (uses[i]) {
			g->vals.data[n] = g->vals.data[i];
			g->vals.data[n]->id = n;
			n++;
		}
	g->vals.len = n;
	arena_free(scratch);
}

static Graph *copy_graph(Rewrite *, Arena *, const Graph *);

Val *rewrite_copy(Rewrite *r, Graph *out, const Val *v, Val *const *in)
{
	Arena *arena = out->arena;
	Attr attr = attr_copy(arena, v);
	Val *copy;
	if (v->op == OP_param)
		copy = build_param(out, v->loc, v->type);
	else if (v->nregions > 0) {
		Graph **region = NEW_ARRAY(arena, Graph *, v->nregions);
		for (int i = 0; i < v->nregions; i++)
			region[i] = copy_graph(r, arena, v->region[i]);
		copy = build_region(out, v->loc, v->op, v->nin, in, &attr, v->nregions, region);
	} else
		copy = build(out, v->loc, v->op, v->nin, in, &attr, v->type);
	copy->name = v->name ? arena_printf(arena, "%s", v->name) : NULL;
	return copy;
}

static Val *rewrite_val(Rewrite *r, Graph *out, const Val *v, Val *const *in)
{
	if (r->rule && v->op != OP_param) {
		Val *new = r->rule(r, out, v, in);
		if (new) {
			if (new->graph != out || !type_equal(new->type, v->type))
				internal_error(
					"a rule put %s of type %s for %s of type %s",
					op_info(new->op)->name, type_text(out->arena, new->type),
					op_info(v->op)->name, type_text(out->arena, v->type));
			r->fired++;
			return new;
		}
	}
	return rewrite_copy(r, out, v, in);
}

static Graph *copy_graph(Rewrite *r, Arena *arena, const Graph *g)
{
	Arena *scratch = arena_new();
	Graph *out = graph_new(arena);
	int *uses = NEW_ARRAY(scratch, int, g->vals.len + 1);
	Val **copy = NEW_ARRAY(scratch, Val *, g->vals.len + 1);
	Val *const *outer = r->copy;
	const int *outer_uses = r->uses;
	r->copy = copy;
	mark(g, uses);
	/* in their own order: a parameter's place among the nodes is another */
	for (int i = 0; i < g->params.len; i++)
		copy[g->params.data[i]->id] = rewrite_copy(r, out, g->params.data[i], NULL);
	for (int i = 0; i < g->vals.len; i++) {
		const Val *v = g->vals.data[i];
		if (!uses[i] || copy[i])
			continue;
		Val **in = NEW_ARRAY(scratch, Val *, v->nin + 1);
		for (int k = 0; k < v->nin; k++)
			in[k] = copy[v->in[k]->id];
		r->uses = uses;
		copy[i] = rewrite_val(r, out, v, in);
	}
	for (int i = 0; i < g->results.len; i++)
		push(arena, &out->results, copy[g->results.data[i]->id]);
	r->copy = outer;
	r->uses = outer_uses;
	arena_free(scratch);
	graph_drop_unused(out);
	return out;
}

Graph *rewrite(const Graph *in, Arena *arena, Rewrite *r)
{
	return copy_graph(r, arena, in);
}
