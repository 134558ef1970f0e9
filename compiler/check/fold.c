/* fold.c -- fold: a loop over numbers known when it is compiled, with an instance for each */
#include "state.h"

typedef struct Folding {
	const Expr *e;
	int n; /* carries */
	Value *carry;
	Instance *inst;
	VEC(Values *) emits; /* of each iteration */
} Folding;

static bool fold_bounds(Check *c, Scope *s, const Expr *e, int64_t *lo, int64_t *hi)
{
	Value a = eval_known(c, s, e->fold.lo, "a bound of fold"), b = eval_known(c, s, e->fold.hi, "a bound of fold");
	if (a.kind == V_ERROR || b.kind == V_ERROR || !as_const_int(c, e->fold.lo->loc, a, "a bound of fold", lo) ||
	    !as_const_int(c, e->fold.hi->loc, b, "a bound of fold", hi))
		return false;
	if (*hi < *lo || *hi - *lo > MAX_UNROLL) {
		check_error(c, loc_join(e->fold.lo->loc, e->fold.hi->loc), "a fold has 0 to %d iterations, and this one %lld",
		            MAX_UNROLL, (long long)*hi - (long long)*lo);
		return false;
	}
	return true;
}

static bool fold_step(Check *c, Scope *s, Folding *x, int64_t i)
{
	const Expr *e = x->e;
	State *st = c->state;
	if (++st->rounds > MAX_EXPANSIONS) {
		if (!st->too_many_rounds)
			check_error(c, e->loc, "the program expands to more than %d rounds of folds", MAX_EXPANSIONS);
		st->too_many_rounds = !st->trying;
		return false;
	}
	if (has_too_many_nodes(c, e->loc, NULL))
		return false;
	Scope *body = loop_scope(c, s);
	body->inst = instance_child(c, x->inst, arena_printf(c->arena, "%lld", (long long)i));
	body->place = place_hash(place_hash(s->place, (uint64_t)e->fold.site), (uint64_t)i);
	body->inst->scope = body;
	body->inst->epoch = c->state->walk->epoch;
	declare_value(c, body, e->fold.index, "index", value_int(size_const(c->arena, i)));
	for (int k = 0; k < x->n; k++)
		declare_value(c, body, e->fold.carries.data[k].name, "carry", x->carry[k]);
	declare_names(c, body, &e->fold.body);
	run_block(c, body, &e->fold.body);
	bool ok = loop_known_nexts(c, body, &e->fold.carries);
	Value *next = NEW_ARRAY(c->arena, Value, x->n + 1);
	for (int k = 0; k < x->n; k++)
		ok = loop_next(c, body, &e->fold.carries.data[k], &next[k]) && ok;
	if (body->flow->until_loc.source) {
		check_error(c, body->flow->until_loc, "'until' stands in the body of a scan: a fold runs as often as it says");
		ok = false;
	}
	for (int k = 0; k < body->flow->emits.len; k++)
		ok = ok && body->flow->emits.data[k].kind != V_ERROR;
	Values *emits = NEW(c->arena, Values);
	for (int k = 0; k < body->flow->emits.len; k++)
		push(c->arena, emits, body->flow->emits.data[k]);
	push(c->arena, &x->emits, emits);
	x->carry = next;
	return ok;
}

/* what the iterations emit, side by side along a new first axis */
static Value stacked(Check *c, const Folding *x, int k)
{
	Value *item = NEW_ARRAY(c->arena, Value, x->emits.len + 1);
	for (int i = 0; i < x->emits.len; i++)
		item[i] = x->emits.data[i]->data[k];
	Val *v = as_tensor(c, x->e->loc, value_list(c, x->emits.len, item), DT_error);
	return v ? value_tensor(v) : value_error();
}

/* ---- as a scan, or expanded: decided where it is first met, since the names of its variables hang on it */

typedef struct Trial {
	Check *c;
	Diag *diag;
	Instance *inst, was;
	int nvars, ndecls, nupdates, nchecks, ninit_checks, expansions;
	Region *region;
} Trial;

static Trial trial_begin(Check *c, Instance *inst)
{
	State *st = c->state;
	Trial t = {.c = c, .diag = c->diag, .inst = inst, .was = *inst, .nvars = st->model->vars.len};
	t.ndecls = st->decls.len;
	t.nupdates = st->walk->updates.len;
	t.expansions = st->expansions;
	t.region = st->region;
	t.nchecks = st->region->checks.len;
	t.ninit_checks = st->init_checks.len;
	c->diag = diag_new(c->arena);
	st->trying++;
	return t;
}

static bool trial_end(const Trial *t, bool ok)
{
	Check *c = t->c;
	State *st = c->state;
	st->trying--;
	c->diag = t->diag;
	if (ok)
		return true;
	*t->inst = t->was;
	st->model->vars.len = t->nvars;
	st->decls.len = t->ndecls;
	st->walk->updates.len = t->nupdates;
	if (st->walk->var_val.len > t->nvars)
		st->walk->var_val.len = t->nvars;
	if (st->first->var_val.len > t->nvars)
		st->first->var_val.len = t->nvars;
	st->expansions = t->expansions;
	t->region->checks.len = t->nchecks;
	st->init_checks.len = t->ninit_checks;
	return false;
}

static bool in_fold(const Region *r)
{
	for (; r; r = r->outer)
		if (r->fold)
			return true;
	return false;
}

static bool decided(const Instance *inst, const Expr *e, bool *scan)
{
	for (int i = 0; i < inst->folds.len; i++)
		if (inst->folds.data[i].fold == e) {
			*scan = inst->folds.data[i].scan;
			return true;
		}
	return false;
}

/* Two folds of one name share variables: stacked in both, or in neither. */
static bool may_be_scan(Check *c, const Instance *inst, int64_t lo, int64_t n)
{
	if (n < 2 || in_fold(c->state->region))
		return false;
	for (int i = 0; i < inst->folds.len; i++)
		if (inst->folds.data[i].scan)
			return inst->count == n && inst->from == lo;
	return inst->folds.len == 0;
}

static bool as_scan(Check *c, Scope *s, const Folding *x, int64_t lo, int64_t n, Value *v)
{
	bool scan;
	if (decided(x->inst, x->e, &scan)) {
		if (!scan)
			return false;
		if (!fold_scan(c, s, x->e, x->inst, x->carry, lo, n, v))
			*v = value_error();
		return true;
	}
	scan = may_be_scan(c, x->inst, lo, n);
	if (scan) {
		Trial t = trial_begin(c, x->inst);
		scan = trial_end(&t, fold_scan(c, s, x->e, x->inst, x->carry, lo, n, v));
	}
	FoldForm form = {x->e, scan};
	push(c->arena, &x->inst->folds, form);
	return scan;
}

Value eval_fold(Check *c, Scope *s, const Expr *e, const char *hint, Binding *owner)
{
	Folding x = {.e = e, .n = e->fold.carries.len};
	int64_t lo, hi;
	Value v;
	x.carry = NEW_ARRAY(c->arena, Value, x.n + 1);
	if (!loop_carries(c, s, &e->fold.carries, x.carry) || !fold_bounds(c, s, e, &lo, &hi))
		return value_error();
	x.inst = instance_of_call(c, s->inst, e->fold.as, hint, "fold", e->fold.site);
	if (owner)
		x.inst->owner = owner;
	if (as_scan(c, s, &x, lo, hi - lo, &v))
		return v;
	for (int64_t i = lo; i < hi; i++)
		if (!fold_step(c, s, &x, i))
			return value_error();
	int nemit = x.emits.len ? x.emits.data[0]->len : 0;
	if (nemit == 0)
		return x.n == 1 ? x.carry[0] : value_list(c, x.n, x.carry);
	Value *result = NEW_ARRAY(c->arena, Value, nemit);
	for (int k = 0; k < nemit; k++) {
		result[k] = stacked(c, &x, k);
		if (result[k].kind == V_ERROR)
			return result[k];
	}
	return nemit == 1 ? result[0] : value_list(c, nemit, result);
}
