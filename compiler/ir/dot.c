/* dot.c -- a function's graph for Graphviz: regions are boxes, state and arguments have colours */
#include "ir.h"

/* node names: each region's values begin with its path, "n3_0_7" */
typedef struct Dot {
	Writer *w;
	Arena *arena;
} Dot;

static const char *escaped(Arena *arena, const char *s)
{
	const char *text = "";
	for (; *s; s++)
		text = arena_printf(arena, *s == '"' || *s == '\\' ? "%s\\%c" : "%s%c", text, *s);
	return text;
}

static const char *color(const Val *v)
{
	switch (v->op) {
	case OP_arg:
	case OP_param:
		return "#cfe2f3";
	case OP_var:
		return v->attr.var->kind == VAR_DATA ? "#d9ead3" : "#fce5cd";
	case OP_const:
	case OP_size:
		return "#eeeeee";
	default:
		return "white";
	}
}

static const char *label(Dot *d, const Val *v)
{
	Arena *a = d->arena;
	const char *attr = v->op == OP_param ? "" : escaped(a, attr_text(a, v));
	const char *head = v->op == OP_arg   ? v->attr.arg->name
			   : v->op == OP_var ? v->attr.var->name
					     : v->name;
	if (v->op == OP_arg || v->op == OP_var)
		attr = "";
	return arena_printf(a, "%s%s%s%s%s\\n%s", head ? escaped(a, head) : "", head ? "\\n" : "",
			    op_info(v->op)->name, *attr ? "\\n" : "", attr, type_text(a, v->type));
}

static void dot_graph(Dot *d, const Graph *g, const char *path)
{
	for (int i = 0; i < g->vals.len; i++) {
		const Val *v = g->vals.data[i];
		put(d->w, "%s%d [label=\"%s\", fillcolor=\"%s\"];\n", path, v->id, label(d, v),
		    color(v));
		for (int k = 0; k < v->nin; k++)
			put(d->w, "%s%d -> %s%d;\n", path, v->in[k]->id, path, v->id);
		for (int r = 0; r < v->nregions; r++) {
			const char *inner = arena_printf(d->arena, "%s%d_%d_", path, v->id, r);
			put(d->w, "subgraph cluster_%s {\n", inner);
			put(d->w, "label=\"v%d, region %d\";\n", v->id, r);
			dot_graph(d, v->region[r], inner);
			for (int k = 0; k < v->region[r]->results.len; k++)
				put(d->w, "%s%d -> %s%d [style=dashed];\n", inner,
				    v->region[r]->results.data[k]->id, path, v->id);
			put(d->w, "}\n");
		}
	}
}

static void dot_results(Dot *d, const Func *f)
{
	for (int i = 0; i < f->graph->results.len; i++) {
		int update = i - f->outs.len, check = update - f->updates.len;
		const char *name = update < 0  ? f->outs.data[i].name
				   : check < 0 ? f->updates.data[update].var->name
					       : f->checks.data[check].text;
		put(d->w, "r%d [label=\"%s%s\", shape=oval, fillcolor=\"%s\"];\n", i,
		    escaped(d->arena, name), update >= 0 && check < 0 ? " <-" : "",
		    update < 0 ? "#d9d2e9" : "#fce5cd");
		put(d->w, "n%d -> r%d;\n", f->graph->results.data[i]->id, i);
	}
}

void graph_dot(Writer *w, const Func *f)
{
	Dot d = {w, arena_new()};
	put(w, "digraph \"%s\" {\n", escaped(d.arena, f->name));
	put(w, "node [shape=box, style=filled, fillcolor=white, fontname=\"sans-serif\", "
	       "fontsize=10];\n");
	dot_graph(&d, f->graph, "n");
	dot_results(&d, f);
	put(w, "}\n");
	arena_free(d.arena);
}
