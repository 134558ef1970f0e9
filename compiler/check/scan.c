/* scan.c -- scan: a loop that runs, its body a region */
#include <string.h>

#include "state.h"

typedef struct Scanning {
	const Expr *e;
	Loc loc;
	int ncarry, nseq;
	Val **in; /* initial carries, sequences */
	Value *carry; /* as evaluated: numbers take the type of what they become */
	const Size *steps;
	bool reverse;
	int64_t truncate, checkpoint;
} Scanning;

static bool scan_options(Check *c, Scope *s, Scanning *x)
{
	const Args *options = &x->e->scan.options;
	for (int i = 0; i < options->len; i++) {
		const Arg *o = &options->data[i];
		const char *name = o->name.text ? o->name.text : "";
		Value v = eval_expr(c, s, o->value);
		if (v.kind == V_ERROR)
			return false;
		if (!strcmp(name, "steps")) {
			x->steps = size_of_expr(c, s, o->value);
			if (x->steps == NULL)
				return false;
		} else if (!strcmp(name, "reverse")) {
			if (v.kind != V_BOOL) {
				check_error(c, o->value->loc, "reverse is true or false, known when it is compiled");
				return false;
			}
			x->reverse = v.b;
		} else if (!strcmp(name, "truncate") || !strcmp(name, "checkpoint")) {
			int64_t *k = !strcmp(name, "truncate") ? &x->truncate : &x->checkpoint;
			if (!as_const_int(c, o->value->loc, v, name, k))
				return false;
			if (*k < 1) {
				check_error(c, o->value->loc, "%s is at least 1", name);
				return false;
			}
		} else {
			check_error(c, o->name.text ? o->name.loc : o->value->loc, "a scan has the options steps, reverse, truncate, checkpoint");
			return false;
		}
	}
	return true;
}

static bool scan_sequences(Check *c, Scope *s, Scanning *x)
{
	for (int i = 0; i < x->nseq; i++) {
		const Arg *a = &x->e->scan.over.data[i];
		Value v = eval_expr(c, s, a->value);
		Val *seq = v.kind == V_ERROR ? NULL : as_tensor(c, a->value->loc, v, DT_error);
		if (seq == NULL)
			return false;
		if (seq->type->rank == 0) {
			Message *m = check_error(c, a->value->loc, "a scan goes along the first axis of a sequence");
			label_value(c, m, a->value->loc, v);
			return false;
		}
		if (x->steps == NULL)
			x->steps = size_resolve(c->arena, seq->type->size[0]);
		if (!unify(c, x->steps, seq->type->size[0])) {
			Message *m = check_error(c, a->value->loc, "the sequences of a scan differ in length: %s and %s",
			                         size_text(c->arena, x->steps), size_text(c->arena, seq->type->size[0]));
			label_value(c, m, a->value->loc, v);
			return false;
		}
		x->in[x->ncarry + i] = seq;
	}
	if (x->steps == NULL) {
		check_error(c, x->e->loc, "a scan without sequences needs its number of steps: scan(steps = n)");
		return false;
	}
	return true;
}

static Val *named_param(Check *c, Loc loc, const Type *type, const char *name)
{
	Val *v = build_param(c->graph, loc, type);
	v->name = name;
	return v;
}

/* the body's parameters: step, carries, an element of each sequence */
static Scope *scan_body(Check *c, Scope *s, const Scanning *x)
{
	Scope *body = loop_scope(c, s);
	body->place = place_hash(s->place, (uint64_t)x->e->scan.site);
	build_param(c->graph, x->loc, type_scalar(c->arena, DT_int64));
	for (int i = 0; i < x->ncarry + x->nseq; i++) {
		bool carry = i < x->ncarry;
		const Arg *a = carry ? &x->e->scan.carries.data[i] : &x->e->scan.over.data[i - x->ncarry];
		const Type *t = x->in[i]->type;
		if (!carry)
			t = type_array(c->arena, t->dtype, t->rank - 1, t->size + 1);
		Val *v = named_param(c, a->name.loc, t, a->name.text);
		declare_value(c, body, a->name, carry ? "carry" : "element", value_tensor(v));
	}
	return body;
}

/* A number as the initial value takes the dtype that the carry becomes: the body is evaluated again then. */
static bool retyped(Check *c, Scanning *x, int i, Value next)
{
	bool number = x->carry[i].kind == V_INT || x->carry[i].kind == V_FLOAT;
	if (!number || next.kind != V_TENSOR || next.v->type->dtype == x->in[i]->type->dtype)
		return false;
	if (x->carry[i].kind == V_FLOAT && !dtype_is_float(next.v->type->dtype))
		return false;
	Val *v = as_tensor(c, x->e->scan.carries.data[i].value->loc, x->carry[i], next.v->type->dtype);
	if (v == NULL || v->type->dtype == x->in[i]->type->dtype)
		return false;
	x->in[i] = v;
	return true;
}

typedef enum Outcome { SCAN_DONE, SCAN_AGAIN, SCAN_FAILED } Outcome;

static Outcome scan_results(Check *c, Scope *body, Scanning *x, int *nemit)
{
	Graph *g = c->graph;
	const Args *carries = &x->e->scan.carries;
	Flow *flow = body->flow;
	bool ok = loop_known_nexts(c, body, carries);
	Value *next = NEW_ARRAY(c->arena, Value, x->ncarry + 1);
	for (int i = 0; i < x->ncarry; i++)
		ok = loop_next(c, body, &carries->data[i], &next[i]) && ok;
	if (!ok)
		return SCAN_FAILED;
	bool again = false;
	Graph *inner = c->graph;
	c->graph = c->state->region->outer->graph;
	for (int i = 0; i < x->ncarry; i++)
		again = retyped(c, x, i, next[i]) || again;
	c->graph = inner;
	if (again)
		return SCAN_AGAIN;
	for (int i = 0; i < x->ncarry; i++) {
		const char *role = arena_printf(c->arena, "the next value of the carry %s", carries->data[i].name.text);
		Val *v = coerce(c, carries->data[i].name.loc, next[i], x->in[i]->type, role);
		if (v == NULL)
			return SCAN_FAILED;
		push(g->arena, &g->results, v);
	}
	*nemit = flow->emits.len;
	for (int i = 0; i < flow->emits.len; i++) {
		Val *v = flow->emits.data[i].kind == V_ERROR ? NULL : as_tensor(c, flow->emit_loc.data[i], flow->emits.data[i], DT_error);
		if (v == NULL)
			return SCAN_FAILED;
		push(g->arena, &g->results, v);
	}
	return SCAN_DONE;
}

static Val *scan_until(Check *c, const Flow *flow)
{
	Val *v = flow->until.kind == V_ERROR ? NULL : as_tensor(c, flow->until_loc, flow->until, DT_bool);
	if (v == NULL)
		return NULL;
	if (v->type->dtype != DT_bool || v->type->rank != 0) {
		Message *m = check_error(c, flow->until_loc, "until takes a bool scalar");
		label_value(c, m, flow->until_loc, flow->until);
		return NULL;
	}
	return v;
}

static Value scan_build(Check *c, Scanning *x, Region *r, int nemit, const Flow *flow)
{
	Attr attr = {.scan = {.steps = x->steps, .ncarry = x->ncarry, .nseq = x->nseq, .nemit = nemit,
	                      .reverse = x->reverse, .truncate = x->truncate, .checkpoint = x->checkpoint}};
	Val *until = NULL;
	if (flow->until_loc.source && !(until = scan_until(c, flow)))
		return value_error();
	Val *scan = loop_build(c, x->loc, r, x->ncarry + x->nseq, x->in, &attr, until);
	int first = nemit ? x->ncarry : 0, n = nemit ? nemit : x->ncarry;
	Value *result = NEW_ARRAY(c->arena, Value, n + 1);
	for (int i = 0; i < n; i++)
		result[i] = value_tensor(build_get(c->graph, x->loc, scan, first + i));
	return n == 1 ? result[0] : value_list(c, n, result);
}

/* Once, or again when a number among the initial values found its type. */
static Value scan_once(Check *c, Scope *s, Scanning *x, bool *again)
{
	Region *r = NEW(c->arena, Region);
	int nemit = 0;
	region_open(c, r);
	Scope *body = scan_body(c, s, x);
	declare_names(c, body, &x->e->scan.body);
	run_block(c, body, &x->e->scan.body);
	Outcome outcome = scan_results(c, body, x, &nemit);
	*again = outcome == SCAN_AGAIN;
	Value v = value_error();
	if (outcome == SCAN_DONE)
		v = scan_build(c, x, r, nemit, body->flow);
	if (c->state->region == r)
		region_leave(c, r);
	return v;
}

Value eval_scan(Check *c, Scope *s, const Expr *e)
{
	Scanning x = {.e = e, .loc = e->loc, .ncarry = e->scan.carries.len, .nseq = e->scan.over.len};
	x.carry = NEW_ARRAY(c->arena, Value, x.ncarry + 1);
	x.in = NEW_ARRAY(c->arena, Val *, x.ncarry + x.nseq + 1);
	bool ok = loop_carries(c, s, &e->scan.carries, x.carry);
	for (int i = 0; ok && i < x.ncarry; i++) {
		Loc loc = e->scan.carries.data[i].value->loc;
		x.in[i] = as_tensor(c, loc, x.carry[i], DT_error);
		ok = x.in[i] != NULL;
	}
	if (!ok || !scan_options(c, s, &x) || !scan_sequences(c, s, &x))
		return value_error();
	bool again = true;
	Value v = value_error();
	for (int round = 0; again && round <= x.ncarry; round++)
		v = scan_once(c, s, &x, &again);
	return v;
}
