/* print.c -- a model's graphs as text, which read.c reads again
 *
 *      model mlp float32
 *      dim batch >= 1
 *      param "W" : float32[784, 10]
 *      function "train" training {
 *              dims batch
 *              arg "x" : float32[batch, 784] = 0
 *              v0 "x" : float32[batch, 784] = arg(; name = "x")
 *              v1 : float32[batch, 10] = contraction(v0, v2; a = [0, 1], b = [1, 2], out = [0, 2])
 *              v4 : (float32) = scan(v3; steps = batch, ...) {
 *                      v0 : int64 = param(; index = 0)
 *                      ...
 *                      result v2
 *              }
 *              out "y" = v1
 *      }
 *
 * A region counts its values from v0, as it is closed.  The driver block is no part of it. */
#include <inttypes.h>
#include <math.h>

#include "ir.h"

/* a string constant; bytes that are no letters as \ooo */
static const char *quoted(Arena *arena, const char *s)
{
	const char *text = "\"";
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '"' || c == '\\')
			text = arena_printf(arena, "%s\\%c", text, c);
		else if (c < 32 || c == 127)
			text = arena_printf(arena, "%s\\%03o", text, (unsigned)c);
		else
			text = arena_printf(arena, "%s%c", text, c);
	}
	return arena_printf(arena, "%s\"", text);
}

static void print_graph(Writer *w, Arena *arena, const Graph *g)
{
	for (int i = 0; i < g->vals.len; i++) {
		const Val *v = g->vals.data[i];
		const char *in = "", *attr = attr_text(arena, v);
		for (int k = 0; k < v->nin; k++)
			in = arena_printf(arena, "%s%sv%d", in, k ? ", " : "", v->in[k]->id);
		put(w, "v%d%s%s : %s = %s(%s%s%s)%s\n", v->id, v->name ? " " : "",
		    v->name ? quoted(arena, v->name) : "", type_text(arena, v->type),
		    op_info(v->op)->name, in, *attr ? "; " : "", attr, v->nregions ? " {" : "");
		for (int r = 0; r < v->nregions; r++) {
			print_graph(w, arena, v->region[r]);
			for (int k = 0; k < v->region[r]->results.len; k++)
				put(w, "result v%d\n", v->region[r]->results.data[k]->id);
			put(w, r + 1 < v->nregions ? "} {\n" : "}\n");
		}
	}
}

static void print_head(Writer *w, Arena *arena, const Func *f, const char *word)
{
	put(w, "%s %s%s%s {\n", word, quoted(arena, f->name), f->training ? " training" : "",
	    f->draws ? " draws" : "");
	const char *dims = "";
	for (int i = 0; i < f->dims.len; i++)
		dims = arena_printf(arena, "%s%s%s", dims, i ? ", " : "", f->dims.data[i]->name);
	if (f->dims.len)
		put(w, "dims %s\n", dims);
	for (int i = 0; i < f->args.len; i++) {
		const FuncArg *a = f->args.data[i];
		const char *value =
			isnan(a->value) ? "nan" : arena_printf(arena, "%.17g", a->value);
		put(w, "arg %s : %s%s%s\n", quoted(arena, a->name), type_text(arena, a->type),
		    a->has_default ? " = " : "", a->has_default ? value : "");
	}
}

static void print_word_func(Writer *w, const Func *f, const char *word)
{
	Arena *arena = arena_new();
	print_head(w, arena, f, word);
	print_graph(w, arena, f->graph);
	Val *const *result = f->graph->results.data;
	for (int i = 0; i < f->outs.len; i++)
		put(w, "out %s = v%d\n", quoted(arena, f->outs.data[i].name), (*result++)->id);
	for (int i = 0; i < f->updates.len; i++)
		put(w, "update %s = v%d\n", quoted(arena, f->updates.data[i].var->name),
		    (*result++)->id);
	for (int i = 0; i < f->checks.len; i++)
		put(w, "check %s %s = v%d\n", quoted(arena, f->checks.data[i].text),
		    quoted(arena, f->checks.data[i].what ? f->checks.data[i].what : ""),
		    (*result++)->id);
	put(w, "}\n");
	arena_free(arena);
}

void print_func(Writer *w, const Func *f)
{
	print_word_func(w, f, "function");
}

static void print_extern(Writer *w, Arena *arena, const Extern *e)
{
	const char *line = arena_printf(arena, "extern %s", quoted(arena, e->name));
	for (int i = 0; i < e->includes.len; i++)
		line = arena_printf(arena, "%s include %s", line,
				    quoted(arena, e->includes.data[i]));
	for (int t = 0; t < (int)DT_tuple; t++)
		if (e->symbol[t])
			line = arena_printf(arena, "%s %s %s", line, dtype_name((DType)t),
					    quoted(arena, e->symbol[t]));
	put(w, "%s\n", line);
}

static void print_var(Writer *w, Arena *arena, const Var *v)
{
	static const char *const kinds[] = {"param", "shared", "data"};
	const char *stack = v->stack ? arena_printf(arena, " stack %" PRId64 " from %" PRId64,
						    v->stack, v->stack_from)
				     : "";
	put(w, "%s %s%s : %s\n", kinds[v->kind], quoted(arena, v->name), stack,
	    type_text(arena, v->type));
}

void print_model(Writer *w, const Model *m)
{
	Arena *arena = arena_new();
	put(w, "model %s %s\n", quoted(arena, m->name), dtype_name(m->floatX));
	for (int i = 0; i < m->dims.len; i++) {
		const Dim *d = m->dims.data[i];
		const char *hi =
			d->hi < INT64_MAX ? arena_printf(arena, " <= %" PRId64, d->hi) : "";
		const char *is = d->is ? arena_printf(arena, " = %s", size_text(arena, d->is)) : "";
		put(w, "dim %s >= %" PRId64 "%s%s%s\n", d->name, d->lo, hi,
		    d->anonymous ? " anonymous" : "", is);
	}
	for (int i = 0; i < m->externs.len; i++)
		print_extern(w, arena, m->externs.data[i]);
	for (int i = 0; i < m->vars.len; i++)
		print_var(w, arena, m->vars.data[i]);
	for (int i = 0; i < m->funcs.len; i++)
		print_func(w, m->funcs.data[i]);
	if (m->init)
		print_word_func(w, m->init, "init");
	arena_free(arena);
}
