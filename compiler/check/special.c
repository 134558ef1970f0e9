/* special.c -- calls that look at their arguments as written: grad, params, set(x[i], v), add_at(x[i], v) */
#include <stdlib.h>
#include <string.h>

#include "state.h"

const Builtin special_builtins[] = {
	{NULL, "grad", "cost v disconnected?", NULL},
	{NULL, "params", "cost", NULL},
	{NULL, "set", "x v", NULL},
	{NULL, "add_at", "x v", NULL},
	{NULL, NULL, NULL, NULL},
};

bool eval_indices(Check *c, Scope *s, const Indices *from, IndexValue *at)
{
	bool ok = true;
	for (int i = 0; i < from->len; i++) {
		const Index *x = &from->data[i];
		at[i] = (IndexValue){.kind = x->kind, .loc = x->loc, .at = {.kind = V_NONE}};
		at[i].lo = at[i].hi = at[i].step = at[i].at;
		const Expr *e[] = {x->at, x->lo, x->hi, x->step};
		Value *v[] = {&at[i].at, &at[i].lo, &at[i].hi, &at[i].step};
		for (int k = 0; k < 4; k++) {
			if (e[k])
				*v[k] = eval_expr(c, s, e[k]);
			ok = ok && v[k]->kind != V_ERROR;
		}
	}
	return ok;
}

/* positional arguments only, but for grad's `disconnected` */
static bool plain_args(Check *c, const Expr *e, const Builtin *b, int n)
{
	const Args *args = &e->call.args;
	bool ok = args->len == n;
	for (int i = 0; i < args->len; i++)
		ok = ok && args->data[i].name.text == NULL;
	if (!ok)
		check_error(c, e->loc, "%s takes %d argument%s: %s(%s)", b->name, n, n == 1 ? "" : "s", b->name,
		            n == 1 ? "cost" : !strcmp(b->name, "grad") ? "cost, v" : "x[i], v");
	return ok;
}

/* ---- set, add_at */

static Value eval_set(Check *c, Scope *s, const Expr *e, const Builtin *b)
{
	if (!plain_args(c, e, b, 2))
		return value_error();
	const Expr *part = e->call.args.data[0].value, *value = e->call.args.data[1].value;
	if (part->kind != EX_INDEX) {
		check_error(c, part->loc, "%s replaces a part of an array: write %s(x[i], v)", b->name, b->name);
		return value_error();
	}
	Value x = eval_expr(c, s, part->index.a), v = eval_expr(c, s, value);
	IndexValue *at = NEW_ARRAY(c->arena, IndexValue, part->index.at.len + 1);
	bool ok = eval_indices(c, s, &part->index.at, at);
	if (!ok || x.kind == V_ERROR || v.kind == V_ERROR)
		return value_error();
	return op_set(c, e->loc, x, part->index.a->loc, part->index.at.len, at, v, value->loc, !strcmp(b->name, "add_at"),
	              expr_text(c->arena, part->index.a));
}

/* ---- grad */

static bool disconnected_arg(Check *c, const Expr *e, bool *zero)
{
	const Args *args = &e->call.args;
	*zero = false;
	for (int i = 0; i < args->len; i++) {
		const Arg *a = &args->data[i];
		if (a->name.text == NULL)
			continue;
		if (strcmp(a->name.text, "disconnected") != 0 || a->value->kind != EX_NAME ||
		    (strcmp(a->value->name, "zero") != 0 && strcmp(a->value->name, "error") != 0)) {
			check_error(c, a->name.loc, "grad has one option: disconnected = zero");
			return false;
		}
		*zero = !strcmp(a->value->name, "zero");
	}
	return true;
}

static bool is_cost(Value v)
{
	return v.kind == V_TENSOR && v.v->type->rank == 0 && dtype_is_float(v.v->type->dtype);
}

/* In a loop's body a value from outside may hang on another from outside: the body's gradient would not see that. */
static bool enters_through_another(Check *c, const Val *cost, const Val *v)
{
	const Graph *g = cost->graph;
	if (v->graph == g)
		return false;
	for (int i = 0; i < g->vals.len; i++)
		for (int k = 0; k < g->vals.data[i]->nin; k++) {
			const Val *in = g->vals.data[i]->in[k];
			if (in->graph != g && in != v && depends_on(c, cost, g->vals.data[i]) && dtype_is_float(in->type->dtype) &&
			    gradient_reaches(c, in, v, NULL))
				return true;
		}
	return false;
}

static void error_disconnected(Check *c, Loc cost_loc, Loc v_loc, Value v, const Val *barrier)
{
	Message *m = check_error(c, v_loc, "the cost does not depend on this value%s",
	                         barrier ? " in a way that a gradient passes" : "");
	label_value(c, m, v_loc, v);
	(void)cost_loc;
	if (barrier && barrier->loc.source)
		diag_note(m, barrier->loc, "no gradient passes here: %s",
		          dtype_is_float(barrier->type->dtype) ? op_info(barrier->op)->name
		                                               : arena_printf(c->arena, "the value is %s", dtype_name(barrier->type->dtype)));
	diag_note(m, (Loc){0}, "grad(..., disconnected = zero) takes it as zero");
}

typedef struct Wanted {
	Value cost;
	Loc cost_loc, v_loc;
	bool zero;
	const Expr *by; /* what it is differentiated by, as written */
	bool bring; /* the cost meets a value of outside through another one */
	VEC(Val *) in; /* cost, then what it is differentiated by */
} Wanted;

/* of an instance of a fold, whose variable is a row of the stacked one: that; else NULL */
static Val *stacked_of(const Val *v)
{
	if (v->op != OP_reshape || v->in[0]->op != OP_slice)
		return NULL;
	Val *whole = v->in[0]->in[0];
	return whole->op == OP_var && whole->attr.var->stack ? whole : NULL;
}

/* the row of the gradient by the stacked variable */
static Val *row_of(Graph *g, Loc loc, Val *gradient, const Val *v)
{
	const Val *slice = v->in[0];
	Val *row = build_slice(g, loc, gradient, slice->attr.slice.start, slice->attr.slice.step, slice->type->size);
	return build_reshape(g, loc, row, v->type->rank, v->type->size);
}

/* its place among the results, or -1: zero; false after an error */
static bool want(Check *c, Wanted *w, Value v, int *place)
{
	*place = -1;
	if (v.kind == V_ERROR)
		return false;
	if (v.kind != V_TENSOR || !dtype_is_float(v.v->type->dtype)) {
		Message *m = check_error(c, w->v_loc, "a gradient is by floating values");
		label_value(c, m, w->v_loc, v);
		return false;
	}
	const Val *barrier = NULL;
	if (stacked_of(v.v))
		v.v = stacked_of(v.v);
	if (!gradient_reaches(c, w->cost.v, v.v, w->zero ? NULL : &barrier)) {
		if (!w->zero)
			error_disconnected(c, w->cost_loc, w->v_loc, v, barrier);
		return w->zero;
	}
	w->bring = w->bring || enters_through_another(c, w->cost.v, v.v);
	push(c->arena, &w->in, v.v);
	*place = w->in.len - 2;
	return true;
}

static Value zeros_like(Check *c, Loc loc, const Val *v)
{
	Val *zero = build_const(c->graph, loc, v->type->dtype, 0, 0);
	return value_tensor(build_broadcast_to(c->graph, loc, zero, v->type));
}

static Value gradients(Check *c, Loc loc, Wanted *w, Value by)
{
	int n = by.kind == V_LIST ? by.list->n : 1;
	const Value *item = by.kind == V_LIST ? by.list->item : &by;
	int *place = NEW_ARRAY(c->arena, int, n + 1);
	Value *result = NEW_ARRAY(c->arena, Value, n + 1);
	push(c->arena, &w->in, w->cost.v);
	bool ok = true;
	for (int i = 0; i < n; i++) {
		w->v_loc = w->by->kind == EX_LIST && w->by->list.len == n ? w->by->list.data[i]->loc : w->by->loc;
		ok = want(c, w, item[i], &place[i]) && ok;
	}
	if (ok && w->bring && (w->in.data[0] = bring_inside(c, w->cost.v, w->in.len - 1, w->in.data + 1)) == NULL) {
		check_error(c, loc, "not supported yet: in a loop or branch, the gradient through another one outside");
		ok = false;
	}
	if (!ok)
		return value_error();
	Val *all = NULL;
	Attr attr = {.grad = {w->zero}};
	Graph *g = (Graph *)w->cost.v->graph; /* where the cost is computed, also when it is asked for in a loop */
	if (w->in.len > 1)
		all = build(g, loc, OP_grad, w->in.len, w->in.data, &attr, NULL);
	for (int i = 0; i < n; i++) {
		result[i] = place[i] < 0 ? zeros_like(c, loc, item[i].v) : value_tensor(build_get(g, loc, all, place[i]));
		if (place[i] >= 0 && stacked_of(item[i].v))
			result[i] = value_tensor(row_of(g, loc, result[i].v, item[i].v));
	}
	if (by.kind != V_LIST)
		return result[0];
	Value list = value_list(c, n, result);
	((List *)list.list)->key = by.list->key;
	return list;
}

static Value eval_grad(Check *c, Scope *s, const Expr *e, const Builtin *b)
{
	Wanted w = {.zero = false};
	const Args *args = &e->call.args;
	if (!disconnected_arg(c, e, &w.zero))
		return value_error();
	if (args->len < 2 || args->data[0].name.text || args->data[1].name.text || args->len > 3 ||
	    (args->len == 3 && args->data[2].name.text == NULL)) {
		plain_args(c, e, b, 2);
		return value_error();
	}
	w.cost_loc = args->data[0].value->loc;
	w.by = args->data[1].value;
	w.cost = eval_expr(c, s, args->data[0].value);
	Value by = eval_expr(c, s, args->data[1].value);
	if (w.cost.kind == V_ERROR || by.kind == V_ERROR)
		return value_error();
	if (!is_cost(w.cost)) {
		Message *m = check_error(c, w.cost_loc, "a gradient is of a floating scalar");
		label_value(c, m, w.cost_loc, w.cost);
		return value_error();
	}
	return gradients(c, e->loc, &w, by);
}

/* ---- params(cost), params(instance) */

typedef struct Found {
	VEC(const Var *) vars;
} Found;

static int by_declaration(const void *a, const void *b)
{
	const Var *const *x = a, *const *y = b;
	return ((*x)->index > (*y)->index) - ((*x)->index < (*y)->index);
}

static Value param_list(Check *c, Found *f)
{
	if (f->vars.len)
		qsort(f->vars.data, (size_t)f->vars.len, sizeof *f->vars.data, by_declaration);
	List *list = NEW(c->arena, List);
	const char **key = NEW_ARRAY(c->arena, const char *, f->vars.len + 1);
	list->n = f->vars.len;
	list->item = NEW_ARRAY(c->arena, Value, f->vars.len + 1);
	for (int i = 0; i < f->vars.len; i++) {
		list->item[i] = var_node(c, f->vars.data[i]);
		key[i] = f->vars.data[i]->name;
	}
	list->key = key;
	return (Value){.kind = V_LIST, .list = list};
}

static void params_within(Check *c, const Instance *in, Found *f)
{
	for (int i = 0; i < in->vars.len; i++)
		if (in->vars.data[i]->var->kind == VAR_PARAM)
			push(c->arena, &f->vars, in->vars.data[i]->var);
	for (int i = 0; i < in->inner.len; i++)
		params_within(c, in->inner.data[i], f);
}

static Value eval_params(Check *c, Scope *s, const Expr *e, const Builtin *b)
{
	if (!plain_args(c, e, b, 1))
		return value_error();
	const Expr *of = e->call.args.data[0].value;
	Instance *in = of->kind == EX_NAME ? find_instance(s, of->name) : NULL;
	Value cost = {.kind = V_NONE};
	if (in == NULL || find_name(s, of->name))
		cost = eval_expr(c, s, of);
	if (cost.kind == V_INSTANCE)
		in = cost.instance;
	Found f = {0};
	if (is_cost(cost)) {
		Reached r = differentiable_params(c, cost.v);
		for (int i = 0; i < r.len; i++)
			push(c->arena, &f.vars, r.data[i]->attr.var);
		return param_list(c, &f);
	}
	if (cost.kind == V_ERROR)
		return cost;
	if (in) {
		params_within(c, in, &f);
		return param_list(c, &f);
	}
	Message *m = check_error(c, of->loc, "params is of a cost, a floating scalar, or of an instance");
	label_value(c, m, of->loc, cost);
	return value_error();
}

bool eval_special(Check *c, Scope *s, const Expr *e, const Builtin *b, Value *v)
{
	if (b < special_builtins || b >= special_builtins + sizeof special_builtins / sizeof *special_builtins)
		return false;
	if (e->call.as.text) {
		check_error(c, e->call.as.loc, "'as' names what a def declares, and %s declares nothing", b->name);
		*v = value_error();
	} else if (!strcmp(b->name, "grad")) {
		*v = eval_grad(c, s, e, b);
	} else if (!strcmp(b->name, "params")) {
		*v = eval_params(c, s, e, b);
	} else {
		*v = eval_set(c, s, e, b);
	}
	return true;
}
