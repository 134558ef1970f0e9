/* call.c -- calls: a def is expanded where it is called; builtins, types, externs */
#include <string.h>

#include "state.h"

uint64_t place_hash(uint64_t place, uint64_t k)
{
	uint64_t h = (place ^ (k + UINT64_C(0x9E3779B97F4A7C15))) * UINT64_C(0xBF58476D1CE4E5B9);
	h = (h ^ h >> 29) * UINT64_C(0x94D049BB133111EB);
	return h ^ h >> 32;
}

uint64_t place_text(uint64_t place, const char *s)
{
	for (; *s; s++)
		place = place_hash(place, (unsigned char)*s);
	return place_hash(place, 256);
}

/* ---- arguments put in the order of the parameters */

typedef struct Slots {
	int n, nmore; /* parameters; positional arguments beyond them */
	const char **name;
	int *from; /* the argument that fills each, or -1 */
} Slots;

static bool fill_slots(Check *c, Loc loc, const char *callee, const CallArgs *args, Slots *slots, bool more)
{
	bool ok = true;
	for (int i = 0; i < slots->n; i++)
		slots->from[i] = -1;
	for (int i = 0; i < args->n; i++) {
		int k = i;
		if (args->name[i]) {
			for (k = 0; k < slots->n && strcmp(slots->name[k], args->name[i]) != 0; k++)
				;
			if (k == slots->n) {
				const char *near = did_you_mean(args->name[i], slots->name, slots->n);
				if (near)
					check_error(c, args->name_loc[i], "%s has no parameter '%s'; did you mean '%s'?", callee, args->name[i], near);
				else
					check_error(c, args->name_loc[i], "%s has no parameter '%s'", callee, args->name[i]);
				ok = false;
				continue;
			}
		} else if (k >= slots->n) {
			slots->nmore++;
			if (!more) {
				check_error(c, args->loc[i], "%s takes %d argument%s", callee, slots->n, slots->n == 1 ? "" : "s");
				return false;
			}
			continue;
		}
		if (slots->from[k] >= 0) {
			check_error(c, args->loc[i], "the parameter '%s' of %s is given twice", slots->name[k], callee);
			ok = false;
		}
		slots->from[k] = i;
	}
	(void)loc;
	return ok;
}

/* ---- builtins: "x axis? keepdims?" */

static Value call_builtin(Check *c, Loc loc, const Builtin *b, const CallArgs *args, uint64_t place)
{
	const char *name[16];
	bool optional[16], more = false;
	int from[16];
	Slots slots = {.name = name, .from = from};
	for (const char *p = b->signature; *p;) {
		size_t len = strcspn(p, " ");
		if (!strncmp(p, "...", len)) {
			more = true;
		} else if (len) {
			optional[slots.n] = p[len - 1] == '?';
			name[slots.n] = arena_strndup(c->arena, p, len - (optional[slots.n] ? 1 : 0));
			slots.n++;
		}
		p += len + (p[len] == ' ');
	}
	if (!fill_slots(c, loc, b->name, args, &slots, more))
		return value_error();
	int n = slots.n + slots.nmore;
	Value *value = NEW_ARRAY(c->arena, Value, n + 1);
	Loc *value_loc = NEW_ARRAY(c->arena, Loc, n + 1);
	for (int i = 0; i < n; i++) {
		int k = i < slots.n ? from[i] : i;
		value[i] = k < 0 ? (Value){.kind = V_NONE} : args->value[k];
		value_loc[i] = k < 0 ? loc : args->loc[k];
		if (value[i].kind == V_ERROR)
			return value_error();
		if (value[i].kind == V_NONE && i < slots.n && !optional[i]) {
			check_error(c, loc, "%s needs its argument '%s'", b->name, name[i]);
			return value_error();
		}
	}
	BuiltinCall call = {.builtin = b, .loc = loc, .n = n, .arg = value, .arg_loc = value_loc, .place = (uint32_t)(place >> 32)};
	return b->call(c, &call);
}

/* ---- defs */

static bool bind_param(Check *c, Scope *s, const DefValue *d, const Param *p, const CallArgs *args, int from, Loc loc)
{
	const char *name = d->def->def.name.text;
	Value v;
	Loc at = loc;
	if (from >= 0) {
		v = args->value[from];
		at = args->loc[from];
	} else if (p->value) {
		v = eval_expr(c, s, p->value);
	} else {
		Message *m = check_error(c, loc, "%s needs its argument '%s'", name, p->name.text);
		diag_note(m, p->name.loc, "it is declared here");
		return false;
	}
	if (v.kind == V_ERROR)
		return false;
	if (p->type && !match_param(c, s, name, p, &v, at))
		return false;
	declare_value(c, s, p->name, "parameter", v);
	return true;
}

bool has_too_many_nodes(Check *c, Loc loc, const CallFrame *outermost)
{
	State *st = c->state;
	const int64_t most = st->options->max_nodes;
	if (!most || c->graph->vals.len <= most)
		return false;
	if (st->walk->too_large)
		return true;
	st->walk->too_large = !st->trying;
	Message *m = check_error(c, loc, "with this the graph of a function has more than %lld nodes; --max-nodes N allows more", (long long)most);
	if (outermost)
		diag_note(m, outermost->loc, "the outermost call stands here");
	return true;
}

/* Past a limit all the calls at hand are left; the message has no line for each of them. */
static bool within_limits(Check *c, Loc loc, const char *name)
{
	State *st = c->state;
	const CallFrame *frame = c->frame, *outermost = frame;
	while (outermost && outermost->outer)
		outermost = outermost->outer;
	st->too_deep = st->too_deep && frame;
	if (st->too_deep)
		return false;
	c->frame = NULL;
	if (frame && frame->depth >= MAX_CALL_DEPTH) {
		st->too_deep = true;
		Message *m = check_error(c, loc, "the calls of %s nest more than %d deep: a def that calls itself must end", name, MAX_CALL_DEPTH);
		diag_note(m, outermost->loc, "the outermost call stands here");
	} else if (++st->expansions > MAX_EXPANSIONS) {
		st->too_deep = true;
		if (st->expansions == MAX_EXPANSIONS + 1)
			check_error(c, loc, "the program expands to more than %d calls", MAX_EXPANSIONS);
	} else if (has_too_many_nodes(c, loc, outermost)) {
		st->too_deep = true;
	}
	c->frame = frame;
	return !st->too_deep;
}

static Value flow_value(Check *c, const Flow *flow)
{
	for (int i = 0; i < flow->result.len; i++)
		if (flow->result.data[i].kind == V_ERROR)
			return value_error();
	if (!flow->returned)
		return (Value){.kind = V_NONE};
	return flow->result.len == 1 ? flow->result.data[0] : value_list(c, flow->result.len, flow->result.data);
}

static CallArgs with_bound(Check *c, const DefValue *d, const CallArgs *args, Loc loc)
{
	CallArgs all = {.n = d->nbound + args->n};
	all.value = NEW_ARRAY(c->arena, Value, all.n + 1);
	all.name = NEW_ARRAY(c->arena, const char *, all.n + 1);
	all.loc = NEW_ARRAY(c->arena, Loc, all.n + 1);
	all.name_loc = NEW_ARRAY(c->arena, Loc, all.n + 1);
	int n = 0;
	/* positional ones first: those of the call (the shape), then those given before */
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < args->n; i++)
			if ((args->name[i] != NULL) == pass) {
				all.value[n] = args->value[i];
				all.name[n] = args->name[i];
				all.name_loc[n] = args->name_loc[i];
				all.loc[n++] = args->loc[i];
			}
		for (int i = 0; i < d->nbound; i++)
			if ((d->bound_name[i] != NULL) == pass) {
				all.value[n] = d->bound[i];
				all.name[n] = d->bound_name[i];
				all.name_loc[n] = loc;
				all.loc[n++] = loc;
			}
	}
	return all;
}

static Value expand_def(Check *c, Scope *caller, Loc loc, const DefValue *d, const CallArgs *given_args, Instance *inst, uint64_t place)
{
	const Stmt *def = d->def;
	const char *name = def->def.name.text;
	if (!within_limits(c, loc, name))
		return value_error();
	CallArgs args = with_bound(c, d, given_args, loc);
	Slots slots = {.n = def->def.params.len};
	slots.name = NEW_ARRAY(c->arena, const char *, slots.n + 1);
	slots.from = NEW_ARRAY(c->arena, int, slots.n + 1);
	for (int i = 0; i < slots.n; i++)
		slots.name[i] = def->def.params.data[i].name.text;
	if (!fill_slots(c, loc, name, &args, &slots, false))
		return value_error();

	*d->called = true;
	CallFrame *frame = NEW(c->arena, CallFrame);
	*frame = (CallFrame){c->frame, name, loc, c->frame ? c->frame->depth + 1 : 1};
	Flow *flow = NEW(c->arena, Flow);
	Scope *s = scope_new(c, d->scope, SCOPE_DEF);
	s->name = name;
	s->inst = inst;
	s->place = place;
	s->frame = frame;
	s->flow = flow;
	bool ok = true;
	for (int i = 0; i < slots.n; i++) {
		bool from_default = slots.from[i] < 0 && def->def.params.data[i].value;
		const CallFrame *outer = c->frame;
		if (from_default)
			c->frame = frame;
		ok = bind_param(c, s, d, &def->def.params.data[i], &args, slots.from[i], loc) && ok;
		c->frame = outer;
	}
	if (!ok)
		return value_error();
	inst->scope = s;
	inst->epoch = c->state->walk->epoch;
	Saved saved = enter(c, s);
	declare_names(c, s, &def->def.body);
	run_block(c, s, &def->def.body);
	leave(c, saved);
	(void)caller;
	return flow_value(c, flow);
}

/* init.uniform(0.1) waits for the shape */
static bool waits_for_shape(const DefValue *d)
{
	const Scope *s = d->scope;
	return s->kind == SCOPE_MODULE && !strcmp(s->name, "init") && d->def->def.params.len && d->nbound == 0 &&
	       !strcmp(d->def->def.params.data[0].name.text, "shape");
}

static Value bind_some(Check *c, Loc loc, const DefValue *d, const CallArgs *args)
{
	int n = d->def->def.params.len - 1;
	if (args->n > n) {
		check_error(c, loc, "init.%s takes %d argument%s: its shape is that of what it initialises", d->def->def.name.text, n,
		            n == 1 ? "" : "s");
		return value_error();
	}
	DefValue *more = NEW(c->arena, DefValue);
	*more = *d;
	more->nbound = args->n;
	more->bound = args->value;
	more->bound_name = args->name;
	return (Value){.kind = V_DEF, .def = more};
}

static Value call_dtype(Check *c, Loc loc, DType t, const CallArgs *args)
{
	if (args->n != 1 || args->name[0]) {
		check_error(c, loc, "%s(x) converts one value", dtype_name(t));
		return value_error();
	}
	return op_cast(c, loc, t, args->value[0]);
}

static Value not_callable(Check *c, Loc loc, Value callee)
{
	if (callee.kind != V_ERROR) {
		Message *m = check_error(c, loc, "this is no def and cannot be called");
		label_value(c, m, loc, callee);
	}
	return value_error();
}

Value call_with(Check *c, Scope *s, Loc loc, Value callee, const CallArgs *args, Instance *inst, uint64_t place)
{
	for (int i = 0; i < args->n; i++)
		if (args->value[i].kind == V_ERROR)
			return value_error();
	switch (callee.kind) {
	case V_DTYPE: return call_dtype(c, loc, callee.dtype, args);
	case V_BUILTIN: return call_builtin(c, loc, callee.builtin, args, place);
	case V_DEF: return expand_def(c, s, loc, callee.def, args, inst, place);
	default: return not_callable(c, loc, callee);
	}
}

/* ---- as written */

static void eval_args(Check *c, Scope *s, const Args *from, CallArgs *args)
{
	*args = (CallArgs){.n = from->len};
	args->value = NEW_ARRAY(c->arena, Value, from->len + 1);
	args->name = NEW_ARRAY(c->arena, const char *, from->len + 1);
	args->loc = NEW_ARRAY(c->arena, Loc, from->len + 1);
	args->name_loc = NEW_ARRAY(c->arena, Loc, from->len + 1);
	for (int i = 0; i < from->len; i++) {
		args->value[i] = eval_expr(c, s, from->data[i].value);
		args->name[i] = from->data[i].name.text;
		args->name_loc[i] = from->data[i].name.loc;
		args->loc[i] = from->data[i].value->loc;
	}
}

/* `as` names in a function belong to the model, others to the function */
static Instance *instance_here(Check *c, Scope *s, const Expr *e, const char *hint, const char *def)
{
	const Walk *w = c->state->walk;
	bool of_function = w->stmt && s->inst == w->scope->inst;
	Instance *outer = e->call.as.text && of_function ? c->state->root : s->inst;
	return instance_of_call(c, outer, e->call.as, hint, def, e->call.site);
}

Value eval_call(Check *c, Scope *s, const Expr *e, const char *hint, Binding *owner)
{
	Value f = eval_expr(c, s, e->call.callee), special;
	if (f.kind == V_BUILTIN && eval_special(c, s, e, f.builtin, &special))
		return special;
	CallArgs args;
	eval_args(c, s, &e->call.args, &args);
	if (f.kind != V_DTYPE && f.kind != V_BUILTIN && f.kind != V_DEF && f.kind != V_EXTERN)
		return not_callable(c, e->call.callee->loc, f);
	if (e->call.as.text && f.kind != V_DEF) {
		check_error(c, e->call.as.loc, "'as' names what a def declares, and %s declares nothing", expr_text(c->arena, e->call.callee));
		return value_error();
	}
	if (f.kind == V_DEF && waits_for_shape(f.def))
		return bind_some(c, e->loc, f.def, &args);
	if (f.kind == V_EXTERN) {
		Binding *b = find_name(s, intern_str(c->names, f.ext->name));
		return b ? call_extern(c, e->loc, f.ext, b->stmt, b->scope, &args) : value_error();
	}
	Instance *inst = NULL;
	if (f.kind == V_DEF) {
		inst = instance_here(c, s, e, hint, f.def->def->def.name.text);
		if (owner && hint)
			inst->owner = owner;
	}
	return call_with(c, s, e->loc, f, &args, inst, place_hash(s->place, (uint64_t)e->call.site));
}
