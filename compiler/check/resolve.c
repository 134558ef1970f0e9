/* resolve.c -- sizes decided in a walk are put into its graph; which dims a graph speaks of */
#include "builtin.h"
#include "state.h"
#include "../ir/ops/ops.h"

/* ---- in place: the walk's graph belongs to the walk */

static const Type *resolve_type(Arena *arena, const Type *t)
{
	if (t->dtype == DT_tuple) {
		const Type **item = NEW_ARRAY(arena, const Type *, t->nitems + 1);
		for (int i = 0; i < t->nitems; i++)
			item[i] = resolve_type(arena, t->item[i]);
		return type_tuple(arena, t->nitems, item);
	}
	const Size *size[MAX_RANK];
	for (int i = 0; i < t->rank; i++)
		size[i] = size_resolve(arena, t->size[i]);
	return type_array(arena, t->dtype, t->rank, size);
}

static void resolve_sizes(AttrVisit *v, const char *name, int n, const Size **x)
{
	(void)name;
	for (int i = 0; i < (n < 0 ? 1 : n); i++)
		x[i] = x[i] ? size_resolve(v->arena, x[i]) : NULL;
}

static AttrVisit visitor(Arena *arena, const Val *v, void (*sizes)(AttrVisit *, const char *, int, const Size **))
{
	const Type **in = NEW_ARRAY(arena, const Type *, v->nin + 1);
	for (int i = 0; i < v->nin; i++)
		in[i] = v->in[i]->type;
	return (AttrVisit){.arena = arena, .type = v->type, .nin = v->nin, .in = in, .sizes = sizes};
}

/* ---- sizes may have become beyond all limits when they were decided */

static bool is_huge(Check *c, const Type *t)
{
	const Size *count = t->dtype == DT_tuple ? NULL : shape_product(c, t->rank, t->size);
	return t->dtype != DT_tuple && !(count && size_scale(c->arena, count, WIDEST));
}

void check_sizes(Check *c, Loc loc, const Type *t)
{
	for (int i = 0; i < t->rank; i++)
		if (!t->size[i]) {
			check_error(c, loc, "a size is beyond 64 bits");
			return;
		}
	if (t->dtype != DT_tuple)
		elements_fit(c, loc, t->rank, t->size);
}

/* where it begins, not in what is made of it */
static void check_val(Check *c, const Val *v)
{
	if (v->op == OP_var || v->op == OP_arg || v->op == OP_param)
		return;
	for (int i = 0; i < v->nin; i++)
		if (is_huge(c, v->in[i]->type))
			return;
	check_sizes(c, v->loc, v->type);
}

void resolve_graph(Check *c, Graph *g)
{
	for (int i = 0; i < g->vals.len; i++) {
		Val *v = g->vals.data[i];
		v->type = resolve_type(g->arena, v->type);
		check_val(c, v);
		AttrVisit visit = visitor(g->arena, v, resolve_sizes);
		if (structural_op(v->op) && structural_op(v->op)->attr)
			structural_op(v->op)->attr(&visit, &v->attr);
		for (int r = 0; r < v->nregions; r++)
			resolve_graph(c, v->region[r]);
	}
}

/* ---- dims */

typedef struct DimUse {
	AttrVisit visit; /* first: the visitor is cast to this */
	bool *used;
} DimUse;

static void use_size(bool *used, const Size *s)
{
	for (int t = 0; s && t < s->nterms; t++)
		for (int a = 0; a < s->term[t].natoms; a++) {
			const Atom *atom = s->term[t].atom[a];
			if (atom->kind == ATOM_DIM)
				used[atom->dim->index] = true;
			else if (atom->kind == ATOM_FLOOR)
				use_size(used, atom->num);
		}
}

static void use_type(bool *used, const Type *t)
{
	for (int i = 0; i < t->nitems; i++)
		use_type(used, t->item[i]);
	for (int i = 0; i < t->rank; i++)
		use_size(used, t->size[i]);
}

static void use_sizes(AttrVisit *v, const char *name, int n, const Size **x)
{
	(void)name;
	for (int i = 0; i < (n < 0 ? 1 : n); i++)
		use_size(((DimUse *)(void *)v)->used, x[i]);
}

static void use_graph(Check *c, const Graph *g, bool *used)
{
	for (int i = 0; i < g->vals.len; i++) {
		Val *v = g->vals.data[i];
		use_type(used, v->type);
		DimUse use = {visitor(c->arena, v, use_sizes), used};
		if (structural_op(v->op) && structural_op(v->op)->attr)
			structural_op(v->op)->attr(&use.visit, &v->attr);
		for (int r = 0; r < v->nregions; r++)
			use_graph(c, v->region[r], used);
	}
}

void collect_dims(Check *c, const Func *f, bool *used)
{
	for (int i = 0; i < f->args.len; i++)
		use_type(used, f->args.data[i]->type);
	use_graph(c, f->graph, used);
}

void collect_type_dims(const Type *t, bool *used)
{
	use_type(used, t);
}

bool graph_draws(const Graph *g)
{
	for (int i = 0; i < g->vals.len; i++) {
		const Val *v = g->vals.data[i];
		bool draws = v->op == OP_random_bits;
		for (int r = 0; r < v->nregions; r++)
			draws = draws || graph_draws(v->region[r]);
		if (draws)
			return true;
	}
	return false;
}
