/* branch.c -- if as an expression; each, over lists side by side */
#include "state.h"

/* ---- if */

typedef struct Branch {
	Region region;
	Value value;
} Branch;

static void eval_branch(Check *c, Scope *s, const Expr *e, Branch *b)
{
	region_open(c, &b->region);
	Scope *inner = scope_new(c, s, SCOPE_BLOCK);
	b->value = eval_expr(c, inner, e);
	region_leave(c, &b->region);
}

static bool push_results(Check *c, const Expr *e, Branch *b, const Branch *other)
{
	int n = b->value.kind == V_LIST ? b->value.list->n : 1;
	Graph *outer = c->graph;
	c->graph = b->region.graph;
	bool ok = true;
	for (int i = 0; ok && i < n; i++) {
		Value v = b->value.kind == V_LIST ? b->value.list->item[i] : b->value;
		const Value *o = other->value.kind == V_LIST ? &other->value.list->item[i] : &other->value;
		Val *x = as_tensor(c, e->loc, v, o->kind == V_TENSOR ? o->v->type->dtype : o->kind == V_FLOAT ? c->floatX : DT_error);
		ok = x != NULL;
		if (ok)
			push(c->arena, &b->region.graph->results, x);
	}
	c->graph = outer;
	return ok;
}

/* the tests of one branch hold in the other */
static void push_checks(Check *c, Branch *then, Branch *other)
{
	Branch *both[] = {then, other};
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < both[k]->region.checks.len; i++) {
			const PendingCheck *p = &both[k]->region.checks.data[i];
			Val *yes = build_const(both[1 - k]->region.graph, p->check.loc, DT_bool, 0, 1);
			push(c->arena, &both[k]->region.graph->results, p->ok);
			push(c->arena, &both[1 - k]->region.graph->results, yes);
		}
}

static Value build_if(Check *c, const Expr *e, Val *cond, Branch *b)
{
	int n = b[0].value.kind == V_LIST ? b[0].value.list->n : 1;
	VEC(Val *) in = {0};
	push(c->arena, &in, cond);
	Graph *region[2];
	int first[2], count[2];
	for (int k = 0; k < 2; k++) {
		Val **captured;
		region[k] = b[k].region.graph;
		first[k] = in.len - 1;
		region_close(region[k], c->arena, &count[k], &captured);
		for (int i = 0; i < count[k]; i++)
			push(c->arena, &in, captured[i]);
	}
	/* each branch has all parameters: its own stand in their places among the others' */
	for (int k = 0; k < 2; k++) {
		Val **own = NEW_ARRAY(c->arena, Val *, count[k] + 1);
		for (int i = 0; i < count[k]; i++)
			own[i] = region[k]->params.data[i];
		region[k]->params.len = 0;
		for (int i = 0; i < in.len - 1; i++) {
			if (i >= first[k] && i < first[k] + count[k]) {
				own[i - first[k]]->attr.param.index = i;
				push(c->arena, &region[k]->params, own[i - first[k]]);
			} else {
				build_param(region[k], e->loc, in.data[i + 1]->type);
			}
		}
	}
	Val *node = build_region(c->graph, e->loc, OP_if, in.len, in.data, NULL, 2, region);
	Value *result = NEW_ARRAY(c->arena, Value, n + 1);
	for (int i = 0; i < n; i++)
		result[i] = value_tensor(build_get(c->graph, e->loc, node, i));
	int k = n;
	for (int r = 0; r < 2; r++)
		for (int i = 0; i < b[r].region.checks.len; i++, k++) {
			FuncCheck check = b[r].region.checks.data[i].check;
			add_check(c, check.loc, build_get(c->graph, check.loc, node, k), check.what, check.text);
		}
	return n == 1 && b[0].value.kind != V_LIST ? result[0] : value_list(c, n, result);
}

static bool same_results(Check *c, const Expr *e, const Branch *b)
{
	const Graph *then = b[0].region.graph, *other = b[1].region.graph;
	for (int i = 0; i < then->results.len; i++) {
		const Type *t = then->results.data[i]->type, *o = other->results.data[i]->type;
		if (t->dtype == o->dtype && same_shape(t, o))
			continue;
		Message *m = check_error(c, e->loc, "the branches of an if have one type");
		diag_label(m, e->cond.then->loc, "%s", type_text(c->arena, t));
		diag_label(m, e->cond.other->loc, "%s", type_text(c->arena, o));
		return false;
	}
	return true;
}

/* In a fold, a condition on the index chooses when it is compiled: the other branch declares nothing. */
bool hangs_on_index(Check *c, Loc loc, Value cond)
{
	for (const Region *r = c->state->region; r; r = r->outer)
		if (r->fold && cond.kind == V_TENSOR && depends_on(c, cond.v, r->fold->index)) {
			check_error(c, loc, "a condition on the index of a fold that is a scan");
			return true;
		}
	return false;
}

Value eval_if(Check *c, Scope *s, const Expr *e)
{
	Value cond = eval_expr(c, s, e->cond.cond);
	if (cond.kind == V_ERROR)
		return cond;
	if (cond.kind == V_BOOL)
		return eval_expr(c, scope_new(c, s, SCOPE_BLOCK), cond.b ? e->cond.then : e->cond.other);
	if (hangs_on_index(c, e->cond.cond->loc, cond))
		return value_error();
	if (!is_scalar_bool(cond)) {
		Message *m = check_error(c, e->cond.cond->loc, "a condition is a bool scalar; `where` chooses by element");
		label_value(c, m, e->cond.cond->loc, cond);
		return value_error();
	}
	Branch *b = NEW_ARRAY(c->arena, Branch, 2);
	eval_branch(c, s, e->cond.then, &b[0]);
	eval_branch(c, s, e->cond.other, &b[1]);
	if (b[0].value.kind == V_ERROR || b[1].value.kind == V_ERROR)
		return value_error();
	bool list[2] = {b[0].value.kind == V_LIST, b[1].value.kind == V_LIST};
	if (list[0] != list[1] || (list[0] && b[0].value.list->n != b[1].value.list->n)) {
		check_error(c, e->loc, "the branches of an if have one type: %s and %s", value_text(c, b[0].value), value_text(c, b[1].value));
		return value_error();
	}
	if (!push_results(c, e->cond.then, &b[0], &b[1]) || !push_results(c, e->cond.other, &b[1], &b[0]) || !same_results(c, e, b))
		return value_error();
	push_checks(c, &b[0], &b[1]);
	return build_if(c, e, cond.v, b);
}

/* ---- each */

typedef struct EachLists {
	int n; /* elements */
	int nlists;
	const List **list;
	Instance *base; /* what is declared belongs here: the key of the first list, or the index */
} EachLists;

static bool each_lists(Check *c, Scope *s, const Idents *names, const Exprs *exprs, Loc loc, EachLists *x)
{
	x->nlists = exprs->len;
	x->list = NEW_ARRAY(c->arena, const List *, exprs->len + 1);
	if (names->len != exprs->len) {
		check_error(c, loc, "%d name%s for %d list%s", names->len, names->len == 1 ? "" : "s", exprs->len, exprs->len == 1 ? "" : "s");
		return false;
	}
	bool ok = true;
	for (int i = 0; i < exprs->len; i++) {
		Value v = eval_expr(c, s, exprs->data[i]);
		if (v.kind != V_LIST) {
			if (v.kind != V_ERROR)
				check_error(c, exprs->data[i]->loc, "a list is needed here, not %s", value_text(c, v));
			ok = false;
			continue;
		}
		x->list[i] = v.list;
		if (ok && i > 0 && v.list->n != x->list[0]->n) {
			check_error(c, exprs->data[i]->loc, "the lists differ in length: %d and %d", x->list[0]->n, v.list->n);
			ok = false;
		}
	}
	x->n = ok && exprs->len ? x->list[0]->n : 0;
	x->base = s->inst;
	return ok;
}

/* all that the program walks over, nested walks too */
static bool walks_on(Check *c, Loc loc)
{
	enum { MAX_ELEMENTS = 200000 };
	if (c->state->elements == MAX_ELEMENTS)
		check_error(c, loc, "the program walks over more than %d elements of lists", MAX_ELEMENTS);
	return c->state->elements <= MAX_ELEMENTS && c->state->elements++ < MAX_ELEMENTS;
}

static Scope *each_scope(Check *c, Scope *s, const Idents *names, const EachLists *x, int i)
{
	Scope *inner = scope_new(c, s, SCOPE_BLOCK);
	const char *key = x->list[0]->key ? x->list[0]->key[i] : NULL;
	inner->inst = instance_child(c, x->base, key ? key : arena_printf(c->arena, "%d", i));
	Value item = x->list[0]->item[i];
	if (item.kind == V_TENSOR && item.v->op == OP_var && item.v->attr.var->stack) {
		inner->inst->count = item.v->attr.var->stack;
		inner->inst->from = item.v->attr.var->stack_from;
	}
	inner->place = place_hash(place_text(s->place, "each"), (uint64_t)i);
	for (int k = 0; k < x->nlists; k++)
		declare_value(c, inner, names->data[k], "element", x->list[k]->item[i]);
	return inner;
}

void run_each(Check *c, Scope *s, const Stmt *stmt)
{
	EachLists x;
	if (!each_lists(c, s, &stmt->each.names, &stmt->each.lists, stmt->loc, &x))
		return;
	for (int i = 0; i < x.n && walks_on(c, stmt->loc); i++) {
		Scope *inner = each_scope(c, s, &stmt->each.names, &x, i);
		declare_names(c, inner, &stmt->each.body);
		run_block(c, inner, &stmt->each.body);
	}
}

Value eval_each(Check *c, Scope *s, const Expr *e)
{
	EachLists x;
	if (!each_lists(c, s, &e->each.names, &e->each.lists, e->loc, &x))
		return value_error();
	Value *item = NEW_ARRAY(c->arena, Value, x.n + 1);
	for (int i = 0; i < x.n; i++) {
		if (!walks_on(c, e->loc))
			return value_error();
		item[i] = eval_expr(c, each_scope(c, s, &e->each.names, &x, i), e->each.body);
		if (item[i].kind == V_ERROR)
			return value_error();
	}
	Value list = value_list(c, x.n, item);
	((List *)list.list)->key = x.nlists ? x.list[0]->key : NULL;
	return list;
}
