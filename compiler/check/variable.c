/* variable.c -- param, shared, data and symbols: declared once, seen anew by each walk; updates; the initialisers' graph */
#include <string.h>

#include "state.h"

/* ---- reading */

static void set_name(Check *c, Val *v, const char *name)
{
	v->name = arena_strndup(c->arena, name, strlen(name));
}

static Value var_value(Check *c, const Var *var, Val *v)
{
	Value value = value_tensor(v);
	Origin *o = NEW(c->arena, Origin);
	const char *kind = var->kind == VAR_PARAM ? "param" : var->kind == VAR_SHARED ? "shared" : "data";
	*o = (Origin){kind, var->name, var->loc};
	value.origin = o;
	return value;
}

/* the fold whose body, or a loop in it, is at work, if it stacks this variable */
static Region *stacking_region(Check *c, const Var *var)
{
	const Instance *star = c->state->decls.data[var->index]->star;
	for (Region *r = c->state->region; star && r; r = r->outer)
		if (r->fold && r->fold->star == star)
			return r;
	return NULL;
}

static const Type *element_type(Check *c, const Var *var)
{
	return type_array(c->arena, var->type->dtype, var->type->rank - 1, var->type->size + 1);
}

/* in the body: a parameter for the element */
static Val *element_of(Check *c, Region *r, const Var *var, Val *stacked)
{
	FoldScan *f = r->fold;
	for (int i = 0; i < f->seq.len; i++)
		if (f->seq.data[i] == var)
			return f->element.data[i];
	Val *v = build_param(r->graph, var->loc, element_type(c, var));
	set_name(c, v, var->name);
	push(c->arena, &f->seq, var);
	push(c->arena, &f->element, v);
	push(c->arena, &f->stacked, stacked);
	return v;
}

Value var_of_instance(Check *c, const Instance *in, const VarDecl *d)
{
	Value v = var_node(c, d->var);
	const Type *t = d->var->type;
	bool own = false;
	for (int i = 0; in->alias && i < in->vars.len; i++)
		own = own || in->vars.data[i] == d;
	if (own || !in->alias || v.kind != V_TENSOR)
		return v;
	const Size *start[MAX_RANK], *size[MAX_RANK];
	int64_t step[MAX_RANK];
	for (int i = 0; i < t->rank; i++) {
		start[i] = size_const(c->arena, i ? 0 : in->row);
		size[i] = i ? t->size[i] : size_const(c->arena, 1);
		step[i] = 1;
	}
	Val *row = build_slice(c->graph, d->var->loc, v.v, start, step, size);
	v.v = build_reshape(c->graph, d->var->loc, row, t->rank - 1, t->size + 1);
	return v;
}

Value var_node(Check *c, const Var *var)
{
	Walk *w = c->state->walk;
	Value given;
	if (given_value(c, NULL, var, var->loc, &given))
		return given;
	Region *stacking = stacking_region(c, var);
	while (w->var_val.len <= var->index)
		push(c->arena, &w->var_val, NULL);
	Val **v = &w->var_val.data[var->index];
	if (*v == NULL) {
		Attr attr = {.var = var};
		*v = build(w->root.graph, var->loc, OP_var, 0, NULL, &attr, var->type);
		set_name(c, *v, var->name);
	}
	return var_value(c, var, stacking ? element_of(c, stacking, var, *v) : *v);
}

static const Type *type_resolved(Check *c, const Type *t)
{
	const Size *size[MAX_RANK];
	for (int i = 0; i < t->rank; i++)
		size[i] = size_resolve(c->arena, t->size[i]);
	return type_array(c->arena, t->dtype, t->rank, size);
}

static Var *var_new(Check *c, VarKind kind, const char *name, const Type *type, Loc loc)
{
	Model *m = c->state->model;
	Var *var = NEW(c->arena, Var);
	*var = (Var){.kind = kind, .name = name, .type = type, .loc = loc, .index = m->vars.len};
	push(c->arena, &m->vars, var);
	return var;
}

Value data_value(Check *c, Binding *b)
{
	if (b->var == NULL) {
		TypeUse use = {.scope = b->scope, .name = b->name, .free = true};
		const Type *type = eval_type(c, &use, b->stmt->var.type);
		if (type == NULL)
			return value_error();
		b->var = var_new(c, VAR_DATA, b->name, type_resolved(c, type), b->loc);
		VarDecl *d = NEW(c->arena, VarDecl);
		d->var = b->var;
		d->stmt = b->stmt;
		push(c->arena, &c->state->decls, d);
	}
	return var_node(c, b->var);
}

Value symbol_value(Check *c, Binding *b, Loc use)
{
	(void)use;
	Walk *w = c->state->walk;
	for (int i = 0; i < w->symbols.len; i++)
		if (w->symbols.data[i].symbol == b)
			return value_tensor(w->symbols.data[i].v);
	if (b->type == NULL) {
		TypeUse types = {.scope = b->scope, .name = b->name, .free = true, .per_walk = true};
		b->type = eval_type(c, &types, b->stmt->var.type);
		if (b->type == NULL)
			return value_error();
	}
	FuncArg *arg = NEW(c->arena, FuncArg);
	*arg = (FuncArg){.name = b->name, .type = b->type, .loc = b->loc};
	Attr attr = {.arg = arg};
	SymbolUse s = {.symbol = b, .arg = arg};
	s.v = build(w->root.graph, b->loc, OP_arg, 0, NULL, &attr, b->type);
	s.v->name = b->name;
	push(c->arena, &w->symbols, s);
	return value_tensor(s.v);
}

/* ---- declaring */

static bool same_value(Value a, Value b)
{
	if (a.kind != b.kind)
		return false;
	switch (a.kind) {
	case V_INT: return size_equal(a.i, b.i);
	case V_FLOAT: return a.f == b.f || (a.f != a.f && b.f != b.f);
	case V_BOOL: return a.b == b.b;
	case V_BUILTIN: return a.builtin == b.builtin;
	case V_DTYPE: return a.dtype == b.dtype;
	case V_LIST:
		for (int i = 0; i < a.list->n; i++)
			if (a.list->n != b.list->n || !same_value(a.list->item[i], b.list->item[i]))
				return false;
		return a.list->n == b.list->n;
	case V_DEF:
		if (a.def->def != b.def->def || a.def->nbound != b.def->nbound)
			return false;
		for (int i = 0; i < a.def->nbound; i++)
			if (!same_value(a.def->bound[i], b.def->bound[i]) || a.def->bound_name[i] != b.def->bound_name[i])
				return false;
		return true;
	default: return true; /* values that are computed: the same text, and the same declaration is what is asked for */
	}
}

static Value list_of_sizes(Check *c, const Type *type)
{
	Value *size = NEW_ARRAY(c->arena, Value, type->rank + 1);
	for (int i = 0; i < type->rank; i++)
		size[i] = value_int(type->size[i]);
	return value_list(c, type->rank, size);
}

static bool is_shape_def(Value v)
{
	return v.kind == V_BUILTIN || v.kind == V_DEF;
}

/* a def of a shape is called with the declared one */
static Value call_initialiser(Check *c, Binding *b, Value init, const Type *type, Loc loc)
{
	uint64_t place = place_text(b->scope->place, b->name);
	Value shape = list_of_sizes(c, type);
	if (init.kind == V_BUILTIN && strncmp(init.builtin->signature, "shape", 5) != 0) {
		check_error(c, loc, "the initialiser of %s is no def of a shape: %s(%s)", b->name, init.builtin->name, init.builtin->signature);
		return value_error();
	}
	if (init.kind == V_BUILTIN) {
		BuiltinCall call = {.builtin = init.builtin, .loc = loc, .n = 8, .place = (uint32_t)(place >> 32), .shape_of = type};
		Value arg[8] = {shape};
		Loc arg_loc[8];
		for (int i = 0; i < 8; i++)
			arg_loc[i] = loc;
		for (int i = 1; i < 8; i++)
			arg[i] = (Value){.kind = V_NONE};
		call.arg = arg;
		call.arg_loc = arg_loc;
		return init.builtin->call(c, &call);
	}
	const char *none = NULL;
	CallArgs args = {1, &shape, &none, &loc, &loc};
	return call_with(c, b->scope, loc, init, &args, b->scope->inst, place);
}

Val *copy_node(Check *c, Graph *to, const Val *v, Val **in)
{
	Val *copy = NEW(c->arena, Val);
	*copy = *v;
	copy->in = in;
	copy->graph = to;
	copy->id = to->vals.len;
	push(to->arena, &to->vals, copy);
	return copy;
}

/* operands before what they are operands of, with a stack of our own: a chain may be as long as the program */
typedef struct Todo {
	Val *v;
	int operand; /* the next one */
} Todo;
typedef VEC(Todo) Todos;

/* from the graph of a function's walk into that of the first; NULL if it hangs on an argument or a loop */
typedef struct Transplant {
	Check *c;
	Graph *to;
	Map *of; /* 1 + where in copy */
	VEC(Val *) copy;
	const Val *stray;
} Transplant;

static Val *transplanted(const Transplant *t, Val *v)
{
	return v->graph == t->to ? v : t->copy.data[map_find(t->of, v) - 1];
}

static void transplant_one(Transplant *t, Val *v)
{
	Check *c = t->c;
	Val *copy;
	if (v->op == OP_var) {
		Walk *w = c->state->walk;
		c->state->walk = c->state->first;
		copy = var_node(c, v->attr.var).v;
		c->state->walk = w;
	} else {
		Val **in = NEW_ARRAY(c->arena, Val *, v->nin + 1);
		for (int i = 0; i < v->nin; i++)
			in[i] = transplanted(t, v->in[i]);
		copy = copy_node(c, t->to, v, in);
	}
	push(c->arena, &t->copy, copy);
	*map_number(t->of, v) = t->copy.len;
}

static Val *transplant(Transplant *t, Val *v)
{
	Todos stack = {0};
	push(t->c->arena, &stack, ((Todo){v, 0}));
	while (stack.len) {
		Todo *last = &stack.data[stack.len - 1];
		Val *at = last->v;
		const bool done = at->graph == t->to || map_find(t->of, at);
		if (!done && (at->op == OP_arg || at->op == OP_param)) {
			t->stray = at;
			return NULL;
		}
		if (!done && last->operand < at->nin) {
			Val *next = at->in[last->operand++];
			push(t->c->arena, &stack, ((Todo){next, 0}));
			continue;
		}
		stack.len--;
		if (!done)
			transplant_one(t, at);
	}
	return transplanted(t, v);
}

/* The value at _init.  It is computed at the top of the walk's graph, whatever loop the declaration stands in. */
static Val *evaluate_init(Check *c, Binding *b, Value *init, const Type *type)
{
	Loc loc = b->stmt->var.init->loc;
	const Binding *outer = c->state->initialising;
	c->state->initialising = b;
	*init = eval_expr(c, b->scope, b->stmt->var.init);
	c->state->initialising = outer;
	Value v = is_shape_def(*init) ? call_initialiser(c, b, *init, type, loc) : *init;
	const char *role = arena_printf(c->arena, "the initialiser of %s", b->name);
	return v.kind == V_ERROR ? NULL : coerce(c, loc, v, type, role);
}

static bool draws(Check *c, const Val *x)
{
	const Graph *g = x->graph;
	for (int i = 0; i < g->vals.len; i++) {
		bool draw = g->vals.data[i]->op == OP_random_bits;
		for (int r = 0; r < g->vals.data[i]->nregions; r++)
			draw = draw || graph_draws(g->vals.data[i]->region[r]);
		if (draw && depends_on(c, x, g->vals.data[i]))
			return true;
	}
	return false;
}

/* of a stacked variable: the same for all, or a loop in which each draws its own */
static Val *stacked_init(Check *c, Binding *b, Value *init, const Type *type, int64_t n)
{
	Loc loc = b->stmt->var.init->loc;
	Val *x = evaluate_init(c, b, init, type);
	const Size *size[MAX_RANK] = {size_const(c->arena, n)};
	int8_t axis[MAX_RANK];
	for (int i = 0; i < type->rank; i++) {
		size[i + 1] = type->size[i];
		axis[i] = (int8_t)(i + 1);
	}
	if (x == NULL || !draws(c, x))
		return x ? build_broadcast(c->graph, loc, x, type->rank + 1, size, axis) : NULL;
	Region *r = NEW(c->arena, Region);
	region_open(c, r);
	build_param(r->graph, loc, type_scalar(c->arena, DT_int64));
	x = evaluate_init(c, b, init, type);
	push(r->graph->arena, &r->graph->results, x);
	Attr attr = {.scan = {.steps = size[0], .nemit = 1}};
	Val *scan = loop_build(c, loc, r, 0, NULL, &attr, NULL); /* leaves the region: c->graph is another after it */
	return build_get(c->graph, loc, scan, 0);
}

static Val *initial_value(Check *c, Binding *b, Value *init, const Type *type, int64_t stack)
{
	State *st = c->state;
	Saved saved = {st->region, c->frame, c->graph};
	Region *root = &st->walk->root;
	st->region = root;
	c->graph = root->graph;
	Loc loc = b->stmt->var.init->loc;
	int nchecks = root->checks.len;
	Val *x = stack ? stacked_init(c, b, init, type, stack) : evaluate_init(c, b, init, type);
	leave(c, saved);
	int nmore = root->checks.len - nchecks;
	root->checks.len = nchecks; /* what comes on top is _init's */
	if (x == NULL)
		return NULL;
	Transplant t = {.c = c, .to = st->first->root.graph, .of = map_new(c->arena)};
	Val *copy = transplant(&t, x);
	for (int i = 0; copy && i < nmore; i++) {
		PendingCheck check = root->checks.data[nchecks + i];
		if ((check.ok = transplant(&t, check.ok)) == NULL)
			copy = NULL;
		else
			push(c->arena, &st->init_checks, check);
	}
	if (copy == NULL) {
		Message *m = check_error(c, loc, "an initialiser is made of constants, draws and variables declared before");
		if (t.stray->name)
			diag_note(m, t.stray->loc, "this one hangs on '%s'", t.stray->name);
	}
	return copy;
}

/* what two declarations differ in */
static const char *declared_as(Check *c, const char *what, VarKind kind, const Type *type, Value init, const Stmt *s)
{
	if (!strcmp(what, "kind"))
		return kind == VAR_PARAM ? "param" : "shared";
	if (!strcmp(what, "type"))
		return type_text(c->arena, type);
	return init.kind == V_TENSOR ? expr_text(c->arena, s->var.init) : value_text(c, init);
}

static bool agrees(Check *c, Binding *b, const VarDecl *d, const Type *type)
{
	VarKind kind = b->stmt->kind == ST_PARAM ? VAR_PARAM : VAR_SHARED;
	const Type *declared = d->star ? element_type(c, d->var) : d->var->type;
	const char *what = d->var->kind != kind           ? "kind"
	                   : !type_equal(declared, type) ? "type"
	                                                  : NULL;
	Value init = {.kind = V_NONE};
	if (what == NULL && c->state->walk == c->state->first) {
		init = eval_expr(c, b->scope, b->stmt->var.init);
		bool same_text = d->stmt == b->stmt || !strcmp(expr_text(c->arena, d->stmt->var.init), expr_text(c->arena, b->stmt->var.init));
		if (init.kind == V_ERROR || d->init.kind == V_ERROR)
			return true;
		if (!same_value(init, d->init) || (init.kind == V_TENSOR && !same_text))
			what = "initialiser";
	}
	if (what == NULL)
		return true;
	Message *m = check_error(c, b->loc, "'%s' is shared by two calls, and its %ss differ", d->var->name, what);
	diag_label(m, b->loc, "%s", declared_as(c, what, kind, type, init, b->stmt));
	diag_note(m, d->var->loc, "the first has %s", declared_as(c, what, d->var->kind, declared, d->init, d->stmt));
	return false;
}

/* the fold that stacks what is declared in an instance of its body */
static const FoldScan *stacking_fold(Check *c, const Instance *in)
{
	for (const Region *r = c->state->region; r; r = r->outer)
		for (const Instance *i = in; r->fold && i; i = i->outer)
			if (i == r->fold->star)
				return r->fold;
	return NULL;
}

/* what an update rule declares for a stacked variable is stacked too */
static void stack_like(Check *c, Var *var, const Instance *in)
{
	int64_t n;
	for (; in && !in->count; in = in->outer)
		;
	if (in == NULL || in->star || strchr(var->name, '*') == NULL)
		return;
	if (var->type->rank && size_is_const(var->type->size[0], &n) && n == in->count) {
		var->stack = in->count;
		var->stack_from = in->from;
		return;
	}
	char *name = arena_strndup(c->arena, var->name, strlen(var->name)); /* one for all */
	for (char *p = name; *p; p++)
		if (*p == '*')
			*p = '_';
	var->name = name;
}

static const Type *stack_type(Check *c, const Type *t, int64_t n)
{
	const Size *size[MAX_RANK] = {size_const(c->arena, n)};
	for (int i = 0; i < t->rank; i++)
		size[i + 1] = t->size[i];
	return type_array(c->arena, t->dtype, t->rank + 1, size);
}

static VarDecl *declare_var(Check *c, Binding *b)
{
	Instance *in = b->scope->inst;
	const FoldScan *fold = stacking_fold(c, in);
	const char *path = *in->path ? arena_printf(c->arena, "%s.%s", in->path, b->name) : b->name;
	TypeUse use = {.scope = b->scope, .name = path, .free = true};
	const Type *type = eval_type(c, &use, b->stmt->var.type);
	if (type == NULL)
		return NULL;
	VarDecl *d = NEW(c->arena, VarDecl);
	d->stmt = b->stmt;
	type = type_resolved(c, type);
	if (fold && !rank_fits(c, b->loc, type->rank + 1))
		return NULL;
	d->initial = initial_value(c, b, &d->init, type, fold ? fold->count : 0);
	if (d->initial == NULL)
		return NULL;
	VarKind kind = b->stmt->kind == ST_PARAM ? VAR_PARAM : VAR_SHARED;
	type = type_resolved(c, type);
	d->var = var_new(c, kind, path, fold ? stack_type(c, type, fold->count) : type, b->loc);
	if (fold) {
		d->star = fold->star;
		d->var->stack = fold->count;
		d->var->stack_from = fold->from;
	} else {
		stack_like(c, d->var, in);
	}
	add_var(c, in, d);
	push(c->arena, &c->state->decls, d);
	return d;
}

Value variable_value(Check *c, Binding *b)
{
	VarDecl *d = find_var(b->scope->inst, b->name);
	if (d == NULL) {
		if ((d = declare_var(c, b)) == NULL)
			return value_error();
	} else if (d->stmt != b->stmt || b->scope->kind != SCOPE_FILE) {
		TypeUse use = {.scope = b->scope, .name = d->var->name, .free = true};
		const Type *type = eval_type(c, &use, b->stmt->var.type);
		if (type == NULL || !agrees(c, b, d, type_resolved(c, type)))
			return value_error();
	}
	return var_of_instance(c, b->scope->inst, d);
}

/* ---- updates */

static void updated_twice(Check *c, Loc loc, const Update *first)
{
	Message *m = check_error(c, loc, "'%s' is updated twice", first->var->name);
	diag_note(m, first->loc, "the first update stands here");
	note_calls(m, first->frame);
}

void add_update(Check *c, Loc loc, Loc target_loc, const Var *var, Value v)
{
	Walk *w = c->state->walk;
	if (var->kind == VAR_DATA) {
		check_error(c, target_loc, "'%s' is data, which is read only", var->name);
		return;
	}
	Region *stacking = stacking_region(c, var);
	if (c->state->region != (stacking ? stacking : &w->root)) {
		check_error(c, target_loc, "an update cannot stand in a loop or in a branch that is chosen when it runs");
		return;
	}
	for (int i = 0; i < w->givens.len; i++)
		if (w->givens.data[i]->var == var) {
			Message *m = check_error(c, target_loc, "'%s' is updated and given", var->name);
			diag_note(m, w->givens.data[i]->loc, "it is given here");
			return;
		}
	const char *role = arena_printf(c->arena, "the update of %s", var->name);
	Val *x = coerce(c, loc, v, stacking ? element_type(c, var) : var->type, role);
	if (x == NULL)
		return;
	Updates *all = stacking ? &stacking->fold->updates : &w->updates;
	for (int i = 0; i < all->len; i++)
		if (all->data[i].var == var && w->stmt) {
			updated_twice(c, target_loc, &all->data[i]);
			return;
		}
	Update u = {var, x, target_loc, c->frame};
	push(c->arena, all, u);
}

/* ---- _init */

typedef struct Sorting {
	Check *c;
	Graph *g;
	Val **initial; /* by Var.index */
	bool *seen; /* by id */
	VEC(Val *) order;
} Sorting;

/* a variable stands for its initial value */
static Val *initial_of(const Sorting *s, Val *v)
{
	while (v->op == OP_var && s->initial[v->attr.var->index])
		v = s->initial[v->attr.var->index];
	return v;
}

/* operands first */
static Val *sort_val(Sorting *s, Val *v)
{
	Todos stack = {0};
	v = initial_of(s, v);
	push(s->c->arena, &stack, ((Todo){v, 0}));
	while (stack.len) {
		Todo *last = &stack.data[stack.len - 1];
		Val *at = last->v;
		if (last->operand == 0) {
			if (s->seen[at->id]) {
				stack.len--;
				continue;
			}
			s->seen[at->id] = true;
			Val **in = NEW_ARRAY(s->c->arena, Val *, at->nin + 1);
			for (int i = 0; i < at->nin; i++)
				in[i] = initial_of(s, at->in[i]);
			at->in = in;
		}
		if (last->operand < at->nin) {
			Val *next = at->in[last->operand++];
			push(s->c->arena, &stack, ((Todo){next, 0}));
			continue;
		}
		stack.len--;
		push(s->c->arena, &s->order, at);
	}
	return v;
}

static bool init_is_closed(Check *c, const VarDecl *d)
{
	const Graph *g = c->state->first->root.graph;
	const Val *stray = NULL; /* the first */
	Reached all = needed_by(c, d->initial);
	for (int i = 0; i < all.len; i++) {
		const Val *v = all.data[i];
		bool is = v->op == OP_arg || (v->op == OP_var && (v->attr.var->index >= d->var->index || v->attr.var->kind == VAR_DATA));
		if (is && v->graph == g && (!stray || v->id < stray->id))
			stray = v;
	}
	if (stray) {
		Message *m = check_error(c, d->stmt->var.init->loc,
		                         "an initialiser is made of constants, draws and variables declared before");
		diag_note(m, stray->loc, "this one hangs on '%s'", stray->name ? stray->name : "a value");
	}
	return !stray;
}

void finish_init(Check *c)
{
	State *st = c->state;
	Model *m = st->model;
	Func *f = st->first->func;
	Graph *g = f->graph;
	Sorting s = {.c = c, .g = g};
	s.initial = NEW_ARRAY(c->arena, Val *, m->vars.len + 1);
	s.seen = NEW_ARRAY(c->arena, bool, g->vals.len + 1);
	bool ok = true;
	g->results.len = 0;
	for (int i = 0; i < g->vals.len; i++)
		g->vals.data[i]->id = i;
	for (int i = 0; i < st->decls.len; i++)
		if (st->decls.data[i]->initial) {
			ok = init_is_closed(c, st->decls.data[i]) && ok;
			s.initial[st->decls.data[i]->var->index] = st->decls.data[i]->initial;
		}
	if (!ok)
		return;
	for (int i = 0; i < st->decls.len; i++) {
		VarDecl *d = st->decls.data[i];
		if (d->initial == NULL)
			continue;
		FuncUpdate u = {d->var, d->var->loc};
		push(c->arena, &f->updates, u);
		push(g->arena, &g->results, sort_val(&s, d->initial));
	}
	for (int i = 0; i < st->init_checks.len; i++) {
		push(c->arena, &f->checks, st->init_checks.data[i].check);
		push(g->arena, &g->results, sort_val(&s, st->init_checks.data[i].ok));
	}
	g->vals.len = 0;
	for (int i = 0; i < s.order.len; i++) {
		s.order.data[i]->id = i;
		push(g->arena, &g->vals, s.order.data[i]);
	}
	resolve_graph(c, g);
	f->draws = graph_draws(g);
	m->init = f;
}
