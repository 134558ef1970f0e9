/* verify.c -- is a graph well formed?  Runs after every pass, in every build. */
#include "ops/ops.h"

typedef struct Verify {
	const char *after;
	const Func *func; /* NULL where it is not known */
	const Val *v;
} Verify;

static void fail(const Verify *, const char *fmt, ...) PRINTF(2, 3) NORETURN;

static void fail(const Verify *vf, const char *fmt, ...)
{
	char text[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (vf->v)
		internal_error("after %s: v%d: %s: %s", vf->after, vf->v->id,
			       op_info(vf->v->op)->name, text);
	internal_error("after %s: %s", vf->after, text);
}

/* atoms that may stand in a type */
static const Size *check_atom(void *data, const Atom *a)
{
	const Verify *vf = data;
	if (a->kind != ATOM_DIM && a->kind != ATOM_FLOOR)
		fail(vf, "a size depends on a value");
	return NULL;
}

static void verify_type(Verify *vf, Arena *arena, const Type *t)
{
	if (!t)
		fail(vf, "it has no type");
	if (t->dtype == DT_error)
		fail(vf, "its type is an error");
	for (int i = 0; i < t->nitems; i++)
		verify_type(vf, arena, t->item[i]);
	for (int i = 0; i < t->rank; i++) {
		if (!t->size[i])
			fail(vf, "size %d of its type is missing", i);
		size_map(arena, t->size[i], check_atom, vf);
	}
}

static bool holds_arg(const Func *f, const FuncArg *arg)
{
	for (int i = 0; i < f->args.len; i++)
		if (f->args.data[i] == arg)
			return true;
	return false;
}

static void verify_inner(Verify *, const Graph *, bool region);

static void verify_val(Verify *vf, Arena *arena, const Graph *g, int id, bool region)
{
	const Val *v = g->vals.data[id];
	vf->v = v;
	if (v->id != id)
		fail(vf, "it stands at place %d", id);
	if (v->graph != g)
		fail(vf, "it belongs to another graph");
	const Type **types = NEW_ARRAY(arena, const Type *, v->nin + 1);
	for (int i = 0; i < v->nin; i++) {
		if (!v->in[i])
			fail(vf, "operand %d is missing", i);
		if (v->in[i]->graph != g)
			fail(vf, "operand %d is of another graph", i);
		if (v->in[i]->id >= id || g->vals.data[v->in[i]->id] != v->in[i])
			fail(vf, "operand %d is defined later", i);
		types[i] = v->in[i]->type;
	}
	verify_type(vf, arena, v->type);
	if (v->op == OP_param && (v->attr.param.index < 0 || v->attr.param.index >= g->params.len ||
				  g->params.data[v->attr.param.index] != v))
		fail(vf, "it is not parameter %d", v->attr.param.index);
	if (region && (v->op == OP_arg || v->op == OP_var))
		fail(vf, "it stands in a region");
	if (v->op == OP_arg && vf->func && !holds_arg(vf->func, v->attr.arg))
		fail(vf, "it is no argument of %s", vf->func->name);
	for (int i = 0; i < v->nregions; i++) {
		verify_inner(vf, v->region[i], true);
		vf->v = v;
	}
	Shape s = {.arena = arena,
		   .nin = v->nin,
		   .in = types,
		   .attr = &v->attr,
		   .said = v->type,
		   .nregions = v->nregions,
		   .region = v->region};
	const Type *type = infer_type(&s, v->op);
	if (!type)
		fail(vf, "%s", s.why);
	if (!type_equal(type, v->type))
		fail(vf, "its type is %s, not %s", type_text(arena, v->type),
		     type_text(arena, type));
}

static void verify_inner(Verify *vf, const Graph *g, bool region)
{
	Arena *scratch = arena_new();
	for (int i = 0; i < g->vals.len; i++)
		verify_val(vf, scratch, g, i, region);
	vf->v = NULL;
	if (!region && g->params.len > 0)
		fail(vf, "a function's graph has parameters");
	for (int i = 0; i < g->params.len; i++) {
		const Val *p = g->params.data[i];
		if (p->graph != g || p->op != OP_param || p->id >= g->vals.len ||
		    g->vals.data[p->id] != p)
			fail(vf, "parameter %d is not in the graph", i);
	}
	for (int i = 0; i < g->results.len; i++) {
		const Val *r = g->results.data[i];
		if (!r || r->graph != g || r->id >= g->vals.len || g->vals.data[r->id] != r)
			fail(vf, "result %d is not in the graph", i);
	}
	arena_free(scratch);
}

void verify_graph(const Graph *g, const char *after)
{
	verify_inner(&(Verify){.after = after}, g, g->params.len > 0);
}

void verify_func(const Func *f, const char *after)
{
	Verify vf = {.after = after, .func = f};
	verify_inner(&vf, f->graph, false);
	int nouts = f->outs.len, nupdates = f->updates.len;
	if (f->graph->results.len != nouts + nupdates + f->checks.len)
		fail(&vf, "%s has %d results for %d outputs, %d updates, %d checks", f->name,
		     f->graph->results.len, nouts, nupdates, f->checks.len);
	for (int i = 0; i < f->graph->results.len; i++) {
		const Type *t = f->graph->results.data[i]->type;
		vf.v = f->graph->results.data[i];
		if (t->dtype == DT_tuple)
			fail(&vf, "result %d of %s is a tuple", i, f->name);
		if (i >= nouts && i < nouts + nupdates &&
		    !type_equal(t, f->updates.data[i - nouts].var->type))
			fail(&vf, "it updates %s, which has another type",
			     f->updates.data[i - nouts].var->name);
		if (i >= nouts + nupdates && (t->dtype != DT_bool || t->rank > 0))
			fail(&vf, "check %d of %s is no bool scalar", i - nouts - nupdates,
			     f->name);
	}
}
