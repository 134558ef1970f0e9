/* given.c -- `given v = expr`: in this function v stands for expr */
#include <string.h>

#include "state.h"

/* A path names a binding of the scopes, or a variable (or let) of an instance. */
bool resolve_path(Check *c, Scope *s, const Expr *e, Binding **b, const Var **var)
{
	*b = NULL;
	*var = NULL;
	if (e->kind == EX_NAME) {
		*b = find_name(s, e->name);
		if (*b == NULL)
			error_unknown(c, s, e->loc, e->name, "name");
		return *b != NULL;
	}
	if (e->kind != EX_FIELD) {
		check_error(c, e->loc, "a name, or a path such as h.W, stands here");
		return false;
	}
	Value of = {.kind = V_NONE};
	if (e->field.a->kind == EX_NAME) {
		Instance *in = find_instance(s, e->field.a->name);
		if (in)
			of = (Value){.kind = V_INSTANCE, .instance = in};
	}
	if (of.kind == V_NONE)
		of = eval_expr(c, s, e->field.a);
	if (of.kind != V_INSTANCE) {
		if (of.kind != V_ERROR)
			check_error(c, e->field.a->loc, "'%s' is no instance", expr_text(c->arena, e->field.a));
		return false;
	}
	VarDecl *d = find_var(of.instance, e->field.name.text);
	if (d && d->star && of.instance->alias) {
		check_error(c, e->loc, "not supported yet: an update of, or a value given to, one row of what a fold keeps as one array");
		return false;
	}
	if (d) {
		*var = d->var;
		return true;
	}
	instance_member(c, of.instance, e->field.name, e->loc);
	if (of.instance->scope && of.instance->epoch == c->state->walk->epoch)
		*b = find_here(of.instance->scope, e->field.name.text);
	return *b != NULL;
}

static bool can_be_given(BindKind k)
{
	return k == BIND_SYMBOL || k == BIND_DATA || k == BIND_VAR || k == BIND_LET || k == BIND_TRAINING;
}

static void add_given(Check *c, Walk *w, const Stmt *s)
{
	const Expr *target = s->update.target;
	Given *g = NEW(c->arena, Given);
	g->stmt = s;
	g->loc = target->loc;
	g->text = expr_text(c->arena, target);
	if (!resolve_path(c, w->scope, target, &g->binding, &g->var))
		return;
	if (g->binding && !can_be_given(g->binding->kind)) {
		check_error(c, target->loc, "'%s' is a %s: only a symbol, a variable or a named value can be given", g->text,
		            g->binding->origin.kind);
		return;
	}
	if (g->binding && g->binding->kind == BIND_VAR) {
		VarDecl *d = find_var(g->binding->scope->inst, g->binding->name);
		g->var = d ? d->var : NULL;
	}
	if (g->binding && g->binding->kind == BIND_DATA)
		g->var = g->binding->var;
	for (int i = 0; i < w->givens.len; i++) {
		const Given *o = w->givens.data[i];
		if ((g->var && o->var == g->var) || (g->binding && o->binding == g->binding)) {
			Message *m = check_error(c, target->loc, "'%s' is given twice", g->text);
			diag_note(m, o->loc, "the first stands here");
			return;
		}
	}
	for (int i = 0; i < w->symbols.len; i++)
		if (g->binding && w->symbols.data[i].symbol == g->binding && w->symbols.data[i].listed) {
			Message *m = check_error(c, target->loc, "'%s' is an argument and given", g->text);
			diag_note(m, w->symbols.data[i].arg->loc, "the argument stands here");
			return;
		}
	push(c->arena, &w->givens, g);
}

void collect_givens(Check *c, Walk *w)
{
	const Stmts *body = &w->stmt->func.body;
	for (int i = 0; i < body->len; i++)
		if (body->data[i]->kind == ST_GIVEN)
			add_given(c, w, body->data[i]);
}

/* a dim that only calls bind: it may be what the value has */
static bool dim_is_free(Check *c, const Dim *d)
{
	const Model *m = c->state->model;
	for (int i = 0; i < m->vars.len; i++)
		for (int k = 0; k < m->vars.data[i]->type->rank; k++) {
			const Size *s = m->vars.data[i]->type->size[k];
			for (int t = 0; t < s->nterms; t++)
				for (int a = 0; a < s->term[t].natoms; a++)
					if (s->term[t].atom[a]->dim == d)
						return false;
		}
	const Walk *w = c->state->walk;
	for (int i = 0; i < w->dims.len; i++)
		if (w->dims.data[i]->dim == d)
			return false;
	return true;
}

static const Dim *lone_dim(const Size *s)
{
	bool lone = s->nterms == 1 && s->term[0].coef == 1 && s->term[0].natoms == 1 && s->term[0].atom[0]->kind == ATOM_DIM;
	return lone ? s->term[0].atom[0]->dim : NULL;
}

static bool in_bounds(Check *c, const Dim *d, const Size *s)
{
	return size_ge(c->arena, s, size_const(c->arena, d->lo)) != NO &&
	       (d->hi == INT64_MAX || size_ge(c->arena, size_const(c->arena, d->hi), s) != NO);
}

/* The sizes of the declared type take what they meet. */
static bool meet(Check *c, const Given *g, const Type *want, const Type *got)
{
	bool fits = want->rank == got->rank;
	for (int pass = 0; fits && pass < 2; pass++)
		for (int i = 0; fits && i < want->rank; i++) {
			const Size *a = size_resolve(c->arena, want->size[i]), *b = size_resolve(c->arena, got->size[i]);
			const Dim *d = lone_dim(a);
			if (size_equal(a, b))
				continue;
			if (pass == 0 && d && dim_is_free(c, d) && in_bounds(c, d, b)) {
				Dim *dim = c->state->model->dims.data[d->index];
				dim->is = b;
				push(c->arena, &c->state->free_dims, dim);
			} else if (pass == 1) {
				fits = unify(c, a, b);
			}
		}
	(void)g;
	return fits;
}

/* what the name is without the given: as declared, or as the first walk found it */
static const Type *type_of_target(Check *c, const Given *g)
{
	if (g->var)
		return g->var->type;
	Binding *b = g->binding;
	if (b->kind == BIND_SYMBOL) {
		if (b->type == NULL) {
			TypeUse use = {.scope = b->scope, .name = b->name, .free = true, .per_walk = true};
			b->type = eval_type(c, &use, b->stmt->var.type);
		}
		return b->type;
	}
	Value v = b->cached[0].value;
	return b->cached[0].epoch && v.kind == V_TENSOR ? v.v->type : NULL;
}

static Value checked(Check *c, const Given *g, Value v)
{
	Loc loc = g->stmt->update.value->loc;
	const Type *type = type_of_target(c, g);
	if (v.kind == V_ERROR || type == NULL)
		return v;
	Val *x = as_tensor(c, loc, v, type->dtype);
	if (x == NULL)
		return value_error();
	if (x->type->dtype != type->dtype || !meet(c, g, type, x->type)) {
		Message *m = check_error(c, loc, "'%s' is %s, and is given a value of another type", g->text, type_text(c->arena, type));
		label_value(c, m, loc, v);
		for (int i = 0; i < c->state->walk->dims.len; i++)
			diag_note(m, (Loc){0}, "the dim '%s' is an argument of this function", c->state->walk->dims.data[i]->name);
		return value_error();
	}
	v.kind = V_TENSOR;
	v.v = x;
	return v;
}

static void evaluate(Check *c, Given *g)
{
	g->busy = true;
	Saved saved = enter(c, c->state->walk->scope);
	Value v = eval_expr(c, c->state->walk->scope, g->stmt->update.value);
	if (g->binding && g->binding->kind == BIND_TRAINING && v.kind != V_BOOL && v.kind != V_ERROR) {
		check_error(c, g->stmt->update.value->loc, "'training' is true or false, known when it is compiled");
		v = value_error();
	}
	g->value = checked(c, g, v);
	leave(c, saved);
	g->busy = false;
	g->done = true;
}

bool given_value(Check *c, const Binding *b, const Var *var, Loc use, Value *v)
{
	const Walk *w = c->state->walk;
	for (int i = 0; w && i < w->givens.len; i++) {
		Given *g = w->givens.data[i];
		if (!((b && g->binding == b) || (var && g->var == var)))
			continue;
		g->used = true;
		if (g->busy) {
			Message *m = check_error(c, use.source ? use : g->loc, "the value given to '%s' depends on '%s' itself", g->text, g->text);
			diag_note(m, g->loc, "it is given here");
			*v = value_error();
			return true;
		}
		if (!g->done)
			evaluate(c, g);
		*v = g->value;
		if (g->value.kind == V_BOOL)
			c->training = g->value.b;
		return true;
	}
	return false;
}

void force_givens(Check *c, Walk *w)
{
	for (int i = 0; i < w->givens.len; i++)
		if (!w->givens.data[i]->done)
			evaluate(c, w->givens.data[i]);
}
