/* fold_scan.c -- a fold whose iterations are alike, as a scan over its variables stacked
 *
 *      fold h = x for i in 0..12 { next h = block(h) } as blocks
 *   => scan h = x over W in blocks.*.W, ... { next h = block(h) }
 *
 * The body is evaluated once, with i a value.  What needs i when it is compiled (a size, a branch that declares
 * variables, a list) or changes a carry's type is an error here; the caller then expands the fold. */
#include "state.h"

/* carries as values; their types must last */
static bool initial_carries(Check *c, const Expr *e, const Value *carry, Val **in)
{
	for (int i = 0; i < e->fold.carries.len; i++) {
		in[i] = as_tensor(c, e->fold.carries.data[i].value->loc, carry[i], DT_error);
		if (in[i] == NULL)
			return false;
	}
	return true;
}

static Scope *fold_body(Check *c, Scope *s, const Expr *e, Val *const *in, FoldScan *f)
{
	Scope *body = loop_scope(c, s);
	body->inst = f->star;
	body->place = place_hash(s->place, (uint64_t)e->fold.site);
	Loc loc = e->fold.index.loc;
	Val *index = build_param(c->graph, loc, type_scalar(c->arena, DT_int64));
	if (f->from) {
		Val *from = build_const(c->graph, loc, DT_int64, 0, f->from);
		index = build_elem(c->graph, loc, OP_add, index, from, NULL);
	}
	index->name = e->fold.index.text;
	f->index = index;
	declare_value(c, body, e->fold.index, "index", value_tensor(index));
	for (int i = 0; i < e->fold.carries.len; i++) {
		const Arg *a = &e->fold.carries.data[i];
		Val *v = build_param(c->graph, a->name.loc, in[i]->type);
		v->name = a->name.text;
		declare_value(c, body, a->name, "carry", value_tensor(v));
	}
	return body;
}

/* next carries, emitted values, then what the body makes of each variable that it updates */
static bool fold_results(Check *c, Scope *body, const Expr *e, Val *const *in, const FoldScan *f)
{
	Graph *g = c->graph;
	bool ok = loop_known_nexts(c, body, &e->fold.carries);
	for (int i = 0; i < e->fold.carries.len; i++) {
		const Arg *a = &e->fold.carries.data[i];
		Value next;
		if (!loop_next(c, body, a, &next))
			return false;
		const char *role = arena_printf(c->arena, "the next value of the carry %s", a->name.text);
		bool same = next.kind != V_TENSOR || next.v->type->rank == in[i]->type->rank;
		Val *v = same ? coerce(c, a->name.loc, next, in[i]->type, role) : NULL;
		if (v == NULL) {
			if (!same)
				check_error(c, a->name.loc, "the carry '%s' changes its type", a->name.text);
			return false;
		}
		push(g->arena, &g->results, v);
	}
	for (int i = 0; ok && i < body->flow->emits.len; i++) {
		Value v = body->flow->emits.data[i];
		Val *x = v.kind == V_ERROR ? NULL : as_tensor(c, body->flow->emit_loc.data[i], v, DT_error);
		ok = x != NULL;
		if (ok)
			push(g->arena, &g->results, x);
	}
	for (int i = 0; i < f->updates.len; i++)
		push(g->arena, &g->results, f->updates.data[i].v);
	if (body->flow->until_loc.source) {
		check_error(c, body->flow->until_loc, "'until' stands in the body of a scan: a fold runs as often as it says");
		ok = false;
	}
	return ok;
}

static Value fold_build(Check *c, const Expr *e, Region *r, Val *const *init, const FoldScan *f, int nemit)
{
	int ncarry = e->fold.carries.len, nseq = f->seq.len, nupdate = f->updates.len;
	Val **in = NEW_ARRAY(c->arena, Val *, ncarry + nseq + 1);
	for (int i = 0; i < ncarry + nseq; i++)
		in[i] = i < ncarry ? init[i] : f->stacked.data[i - ncarry];
	Attr attr = {.scan = {.steps = size_const(c->arena, f->count), .ncarry = ncarry, .nseq = nseq}};
	attr.scan.nemit = nemit + nupdate;
	Val *scan = loop_build(c, e->loc, r, ncarry + nseq, in, &attr, NULL);
	for (int i = 0; i < nupdate; i++) {
		const Update *u = &f->updates.data[i];
		Val *v = build_get(c->graph, u->loc, scan, ncarry + nemit + i);
		add_update(c, u->loc, u->loc, u->var, value_tensor(v));
	}
	int first = nemit ? ncarry : 0, n = nemit ? nemit : ncarry;
	Value *result = NEW_ARRAY(c->arena, Value, n + 1);
	for (int i = 0; i < n; i++)
		result[i] = value_tensor(build_get(c->graph, e->loc, scan, first + i));
	return n == 1 ? result[0] : value_list(c, n, result);
}

bool fold_scan(Check *c, Scope *s, const Expr *e, Instance *inst, const Value *carry, int64_t lo, int64_t n, Value *result)
{
	int errors = diag_count(c->diag);
	Val **in = NEW_ARRAY(c->arena, Val *, e->fold.carries.len + 1);
	FoldScan *f = NEW(c->arena, FoldScan);
	Region *r = NEW(c->arena, Region);
	if (!initial_carries(c, e, carry, in))
		return false;
	*f = (FoldScan){.star = instance_child(c, inst, "*"), .count = n, .from = lo};
	inst->star = f->star;
	inst->count = n;
	inst->from = lo;
	region_open(c, r);
	r->fold = f;
	Scope *body = fold_body(c, s, e, in, f);
	f->star->scope = body;
	f->star->epoch = c->state->walk->epoch;
	declare_names(c, body, &e->fold.body);
	run_block(c, body, &e->fold.body);
	bool ok = diag_count(c->diag) == errors && fold_results(c, body, e, in, f);
	if (ok)
		*result = fold_build(c, e, r, in, f, body->flow->emits.len);
	else if (c->state->region == r)
		region_leave(c, r);
	return ok && diag_count(c->diag) == errors;
}
