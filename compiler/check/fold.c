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
		check_error(c, loc_join(e->fold.lo->loc, e->fold.hi->loc), "a fold has 0 to %d iterations", MAX_UNROLL);
		return false;
	}
	return true;
}

static bool fold_step(Check *c, Scope *s, Folding *x, int64_t i)
{
	const Expr *e = x->e;
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

Value eval_fold(Check *c, Scope *s, const Expr *e, const char *hint, Binding *owner)
{
	Folding x = {.e = e, .n = e->fold.carries.len};
	int64_t lo, hi;
	x.carry = NEW_ARRAY(c->arena, Value, x.n + 1);
	if (!loop_carries(c, s, &e->fold.carries, x.carry) || !fold_bounds(c, s, e, &lo, &hi))
		return value_error();
	x.inst = instance_of_call(c, s->inst, e->fold.as, hint, "fold", e->fold.site);
	if (owner)
		x.inst->owner = owner;
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
