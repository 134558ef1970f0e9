/* func.c -- a function: its walk, its graph, what it needs */
#include <string.h>

#include "state.h"

/* ---- walks */

Walk *walk_new(Check *c, Func *f, const Stmt *stmt, int slot)
{
	State *st = c->state;
	Walk *w = NEW(c->arena, Walk);
	w->epoch = ++st->epoch;
	w->slot = slot;
	w->func = f;
	w->stmt = stmt;
	w->root.graph = f->graph = graph_new(c->arena);
	return w;
}

void walk_begin(Check *c, Walk *w)
{
	State *st = c->state;
	st->walk = w;
	st->region = &w->root;
	st->outermost->region = st->top->region = &w->root;
	for (int i = 0; i < st->modules.len; i++)
		st->modules.data[i]->region = &w->root;
	c->graph = w->root.graph;
	c->frame = NULL;
	c->training = w->func->training;
}

void walk_end(Check *c, Walk *w)
{
	State *st = c->state;
	for (int i = 0; i < st->free_dims.len; i++)
		st->free_dims.data[i]->is = NULL;
	(void)w;
}

/* ---- arguments */

static bool default_value(Check *c, Walk *w, const Param *p, FuncArg *arg)
{
	Value v = eval_known(c, w->scope, p->value, "a default");
	if (v.kind == V_ERROR)
		return false;
	int64_t n;
	arg->has_default = true;
	if (v.kind == V_FLOAT && dtype_is_float(arg->type->dtype))
		arg->value = v.f;
	else if (v.kind == V_BOOL && arg->type->dtype == DT_bool)
		arg->value = v.b;
	else if (v.kind == V_INT && size_is_const(size_resolve(c->arena, v.i), &n) && arg->type->dtype != DT_bool)
		arg->value = (double)n;
	else
		arg->has_default = false;
	if (!arg->has_default || arg->type->rank > 0) {
		check_error(c, p->value->loc, "the default of '%s' is %s, and its type %s", arg->name, value_text(c, v),
		            type_text(c->arena, arg->type));
		return false;
	}
	return true;
}

static SymbolUse *use_of(Walk *w, const Binding *b)
{
	for (int i = 0; i < w->symbols.len; i++)
		if (w->symbols.data[i].symbol == b)
			return &w->symbols.data[i];
	return NULL;
}

static void list_symbol(Check *c, Walk *w, Binding *b, const Param *p)
{
	if (force(c, b, p->name.loc).kind == V_ERROR)
		return;
	SymbolUse *s = use_of(w, b);
	if (s->listed) {
		check_error(c, p->name.loc, "'%s' is listed twice", p->name.text);
		return;
	}
	s->listed = true;
	s->arg->loc = p->name.loc;
	s->arg->index = w->func->args.len;
	push(c->arena, &w->func->args, s->arg);
	if (p->value)
		default_value(c, w, p, s->arg);
}

/* a new symbol: `name : type`, declared like one of the file */
static void own_symbol(Check *c, Walk *w, const Param *p)
{
	Stmt *stmt = NEW(c->arena, Stmt);
	stmt->kind = ST_ERROR;
	stmt->loc = p->name.loc;
	stmt->var.type = p->type;
	Binding *b = declare(c, w->scope, p->name, BIND_SYMBOL, stmt);
	if (!b->failed)
		list_symbol(c, w, b, p);
}

static void list_dim(Check *c, Walk *w, const Binding *b, const Param *p)
{
	for (int i = 0; i < w->dims.len; i++)
		if (w->dims.data[i] == b)
			check_error(c, p->name.loc, "'%s' is listed twice", p->name.text);
	push(c->arena, &w->dims, b);
	if (p->value)
		check_error(c, p->value->loc, "a dim has no default");
}

static void list_args(Check *c, Walk *w)
{
	const Params *args = &w->stmt->func.args;
	for (int i = 0; i < args->len; i++) {
		const Param *p = &args->data[i];
		if (p->type) {
			own_symbol(c, w, p);
			continue;
		}
		Binding *b = find_name(w->scope, p->name.text);
		if (b == NULL) {
			Message *m = error_unknown(c, w->scope, p->name.loc, p->name.text, "symbol or dim");
			if (suggest(c, w->scope, p->name.text) == NULL)
				diag_note(m, (Loc){0}, "an argument that is declared nowhere else has its type here: %s : TYPE", p->name.text);
		} else if (b->kind == BIND_SYMBOL) {
			list_symbol(c, w, b, p);
		} else if (b->kind == BIND_DIM) {
			list_dim(c, w, b, p);
		} else {
			Message *m = check_error(c, p->name.loc, "'%s' is a %s: an argument is a symbol, a dim, or new: %s : type", p->name.text,
			                         b->origin.kind, p->name.text);
			if (b->loc.source)
				diag_note(m, b->loc, "it is declared here");
		}
	}
}

/* ---- outputs */

static const char *output_name(Check *c, const Arg *out)
{
	if (out->name.text)
		return out->name.text;
	if (out->value->kind == EX_NAME)
		return out->value->name;
	check_error(c, out->value->loc, "an output needs a name: name = ...");
	return NULL;
}

static void add_output(Check *c, Walk *w, const Arg *out, Val **result)
{
	const char *name = output_name(c, out);
	Value v = eval_expr(c, w->scope, out->value);
	if (v.kind == V_LIST) {
		check_error(c, out->value->loc, "an output is one array, not %s", value_text(c, v));
		v = value_error();
	}
	Val *x = v.kind == V_ERROR ? NULL : as_tensor(c, out->value->loc, v, DT_error);
	for (int i = 0; name && i < w->func->outs.len; i++)
		if (!strcmp(w->func->outs.data[i].name, name))
			check_error(c, out->name.text ? out->name.loc : out->value->loc, "two outputs are named '%s'", name);
	FuncOut o = {name ? name : "", out->name.text ? out->name.loc : out->value->loc};
	push(c->arena, &w->func->outs, o);
	*result = x;
}

/* ---- what is needed */

/* the named values on a way from a result to v, nearest to v first */

typedef struct Way {
	Arena *arena;
	bool *seen; /* by id */
	VEC(const Val *) named;
} Way;

static bool find_way(Way *w, const Val *from, const Val *to)
{
	if (from == to)
		return true;
	if (w->seen[from->id])
		return false;
	w->seen[from->id] = true;
	for (int i = 0; i < from->nin; i++)
		if (find_way(w, from->in[i], to)) {
			if (from->name && from->op != OP_arg && from->op != OP_var)
				push(w->arena, &w->named, from);
			return true;
		}
	return false;
}

/* the let of the model's own file that a value is */
static const Binding *let_of(Check *c, const Walk *w, const Val *v)
{
	for (int i = 0; i < w->named.len; i++)
		if (w->named.data[i].v == v && w->named.data[i].let->loc.source == c->state->file->source)
			return w->named.data[i].let;
	return NULL;
}

static void note_way(Check *c, Message *m, const Walk *walk, const Val *v)
{
	const Func *f = walk->func;
	Way w = {.arena = c->arena};
	for (int i = 0; i < f->graph->results.len; i++) {
		w.seen = NEW_ARRAY(c->arena, bool, f->graph->vals.len + 1);
		w.named.len = 0;
		if (!find_way(&w, f->graph->results.data[i], v))
			continue;
		const char *user = v->name;
		for (int k = 0; k < w.named.len; k++) {
			const Binding *let = let_of(c, walk, w.named.data[k]);
			if (let == NULL)
				continue;
			diag_note(m, let->loc, "'%s' needs '%s'", let->name, user);
			user = let->name;
		}
		return;
	}
}

static bool is_needed(const Func *f, const Val *v)
{
	return v->id < f->graph->vals.len && f->graph->vals.data[v->id] == v;
}

static bool stands_for_symbol(const Walk *w, const Binding *b)
{
	for (int i = 0; i < w->givens.len; i++)
		if (w->givens.data[i]->binding == b)
			return true;
	return false;
}

static void check_needs(Check *c, Walk *w)
{
	Func *f = w->func;
	bool everything = f->name[0] == '_'; /* --print: what it needs are its arguments */
	for (int i = 0; i < w->symbols.len; i++) {
		const SymbolUse *s = &w->symbols.data[i];
		bool needed = is_needed(f, s->v);
		if (needed && !s->listed && everything) {
			s->arg->index = f->args.len;
			push(c->arena, &f->args, s->arg);
		} else if (needed && !s->listed) {
			Message *m = check_error(c, f->loc, "the function '%s' needs the symbol '%s', which is neither an argument nor given", f->name,
			                         s->symbol->name);
			diag_note(m, s->symbol->loc, "it is declared here");
			note_way(c, m, w, s->v);
		} else if (!needed && s->listed && !stands_for_symbol(w, s->symbol)) {
			check_error(c, s->arg->loc, "'%s' is an argument of '%s', and nothing there needs it", s->symbol->name, f->name);
		}
	}
	for (int i = 0; i < w->givens.len; i++)
		if (!w->givens.data[i]->used)
			check_error(c, w->givens.data[i]->loc, "'%s' is given, and nothing in '%s' needs it", w->givens.data[i]->text, f->name);
}

/* ---- dims: those that neither a variable nor data bind are the call's */

/* the first variable or data with the dim in its type */
static const Var *bound_by(Check *c, const Dim *d)
{
	const Model *m = c->state->model;
	bool *used = NEW_ARRAY(c->arena, bool, m->dims.len + 1);
	int i = 0;
	for (; i + 1 < m->vars.len && !used[d->index]; i++) {
		collect_type_dims(m->vars.data[i]->type, used);
		if (used[d->index])
			break;
	}
	return m->vars.data[i];
}

static void not_an_argument(Check *c, const Walk *w, const Binding *dim)
{
	const Params *args = &w->stmt->func.args;
	for (int i = 0; i < args->len; i++)
		if (args->data[i].name.text == dim->name) {
			Message *m = check_error(c, args->data[i].name.loc, "the dim '%s' belongs to the object: it is no argument", dim->name);
			const Var *by = bound_by(c, dim->dim);
			diag_note(m, by->loc, "%s '%s' has its size from it", by->kind == VAR_DATA ? "the data" : "the variable", by->name);
		}
}

static void order_dims(Check *c, Walk *w)
{
	Model *m = c->state->model;
	Func *f = w->func;
	bool *used = NEW_ARRAY(c->arena, bool, m->dims.len + 1), *bound = NEW_ARRAY(c->arena, bool, m->dims.len + 1);
	collect_dims(c, f, used);
	for (int i = 0; i < m->vars.len; i++)
		collect_type_dims(m->vars.data[i]->type, bound);
	for (int i = 0; i < w->dims.len; i++) {
		const Binding *b = w->dims.data[i];
		if (b->dim == NULL)
			continue; /* fixed by -D */
		if (bound[b->dim->index])
			not_an_argument(c, w, b);
	}
	for (int i = 0; i < m->dims.len; i++) {
		bool listed = false;
		for (int k = 0; k < w->dims.len; k++)
			listed = listed || w->dims.data[k]->dim == m->dims.data[i];
		if (used[i] && !bound[i] && !listed)
			push(c->arena, &f->dims, m->dims.data[i]);
	}
	for (int k = 0; k < w->dims.len; k++)
		if (w->dims.data[k]->dim)
			push(c->arena, &f->dims, w->dims.data[k]->dim);
}

/* those of one place and text, from several expansions of a def, are one */
static void add_checks(Check *c, Walk *w)
{
	Func *f = w->func;
	Graph *g = f->graph;
	int first = g->results.len;
	Names *known = names_new(c->arena); /* 1 + where in f->checks */
	for (int i = 0; i < w->root.checks.len; i++) {
		const PendingCheck *p = &w->root.checks.data[i];
		const FuncCheck *check = &p->check;
		int *k = name_mark(known, arena_printf(c->arena, "%s:%u %s: %s", check->loc.source ? check->loc.source->path : "", check->loc.begin,
		                                       check->what, check->text));
		if (*k) {
			Val **all = &g->results.data[first + *k - 1];
			*all = build_elem(g, p->check.loc, OP_and, *all, p->ok, NULL);
			continue;
		}
		push(c->arena, &f->checks, p->check);
		*k = f->checks.len;
		push(g->arena, &g->results, p->ok);
	}
}

void finish_function(Check *c, Walk *w)
{
	Func *f = w->func;
	Graph *g = f->graph;
	for (int i = 0; i < w->updates.len; i++) {
		FuncUpdate u = {w->updates.data[i].var, w->updates.data[i].loc};
		push(c->arena, &f->updates, u);
		push(g->arena, &g->results, w->updates.data[i].v);
	}
	add_checks(c, w);
	graph_drop_unused(g);
	check_needs(c, w);
	for (int i = 0; i < f->args.len; i++) {
		Arena *arena = c->arena;
		const Size *size[MAX_RANK];
		const Type *t = f->args.data[i]->type;
		for (int k = 0; k < t->rank; k++)
			size[k] = size_resolve(arena, t->size[k]);
		f->args.data[i]->type = type_array(arena, t->dtype, t->rank, size);
		check_sizes(c, f->args.data[i]->loc, f->args.data[i]->type);
	}
	resolve_graph(c, g);
	order_dims(c, w);
	f->draws = graph_draws(g);
}

/* ---- one function */

static bool updates_param(const Walk *w)
{
	for (int i = 0; i < w->updates.len; i++)
		if (w->updates.data[i].var->kind == VAR_PARAM)
			return true;
	return false;
}

static bool gives_training(const Walk *w)
{
	for (int i = 0; i < w->givens.len; i++)
		if (w->givens.data[i]->binding && w->givens.data[i]->binding->kind == BIND_TRAINING)
			return true;
	return false;
}

static Walk *evaluate(Check *c, const Stmt *stmt, bool training)
{
	State *st = c->state;
	Func *f = NEW(c->arena, Func);
	f->name = stmt->func.name.text;
	f->loc = stmt->func.name.loc;
	f->training = training;
	Walk *w = walk_new(c, f, stmt, 1);
	walk_begin(c, w);
	w->scope = scope_new(c, st->top, SCOPE_FUNCTION);
	w->scope->name = f->name;
	w->scope->inst = instance_child(c, st->root, f->name);
	w->scope->place = place_text(place_text(0, "function"), f->name);
	w->scope->flow = NULL;
	list_args(c, w);
	collect_givens(c, w);
	force_givens(c, w);
	f->training = c->training;
	declare_names(c, w->scope, &stmt->func.body);
	run_block(c, w->scope, &stmt->func.body);
	Val **result = NEW_ARRAY(c->arena, Val *, stmt->func.outs.len + 1);
	for (int i = 0; i < stmt->func.outs.len; i++)
		add_output(c, w, &stmt->func.outs.data[i], &result[i]);
	for (int i = 0; i < stmt->func.outs.len; i++)
		if (result[i])
			push(c->arena, &f->graph->results, result[i]);
	return w;
}

/* most functions that train say so in their bodies; the guess only saves the second evaluation */
static bool may_train(const Stmt *stmt)
{
	for (int i = 0; i < stmt->func.body.len; i++)
		if (stmt->func.body.data[i]->kind != ST_GIVEN && stmt->func.body.data[i]->kind != ST_LET)
			return true;
	return false;
}

void check_function(Check *c, const Stmt *stmt)
{
	int errors = diag_count(c->diag);
	if (stmt->func.args.len + stmt->func.outs.len > MAX_ARGS) {
		check_error(c, stmt->func.name.loc, "a function has at most %d arguments and outputs, and this one %d", MAX_ARGS,
		            stmt->func.args.len + stmt->func.outs.len);
		return;
	}
	bool guess = may_train(stmt);
	Walk *w = evaluate(c, stmt, guess);
	if (diag_count(c->diag) == errors && !gives_training(w) && updates_param(w) != guess) {
		walk_end(c, w);
		w = evaluate(c, stmt, !guess);
	}
	if (diag_count(c->diag) == errors && !w->failed)
		finish_function(c, w);
	walk_end(c, w);
	push(c->arena, &c->state->model->funcs, w->func);
}

void print_function(Check *c, const char *text)
{
	const Source *source = source_from_text(c->arena, "--print", text, strlen(text));
	Expr *e = parse_expr(c->arena, c->names, c->diag, source);
	if (e == NULL)
		return;
	Stmt *stmt = NEW(c->arena, Stmt);
	stmt->kind = ST_FUNCTION;
	stmt->loc = e->loc;
	stmt->func.name = (Ident){intern_str(c->names, "_print"), e->loc};
	Arg out = {{intern_str(c->names, "value"), e->loc}, e};
	push(c->arena, &stmt->func.outs, out);
	check_function(c, stmt);
}
