/* expr.c -- the value of an expression */
#include "state.h"

static Value eval_name(Check *c, Scope *s, const Expr *e)
{
	Binding *b = find_name(s, e->name);
	if (b)
		return force(c, b, e->loc);
	Instance *in = find_instance(s, e->name);
	if (in) {
		Message *m = check_error(c, e->loc, "'%s' is an instance, not a value", e->name);
		if (in->vars.len)
			diag_note(m, (Loc){0}, "what it declares is reached with '.': %s", in->vars.data[0]->var->name);
	} else {
		error_unknown(c, s, e->loc, e->name, "name");
	}
	return value_error();
}

/* ---- a.name and a.3 */

static Value module_member(Check *c, const Scope *module, Ident name)
{
	Binding *b = find_here(module, name.text);
	if (b)
		return force(c, b, name.loc);
	VEC(const char *) all = {0};
	for (int i = 0; i < module->names.len; i++)
		push(c->arena, &all, module->names.data[i]->name);
	const char *near = did_you_mean(name.text, all.data, all.len);
	if (near)
		check_error(c, name.loc, "the module %s has no '%s'; did you mean '%s'?", module->name, name.text, near);
	else
		check_error(c, name.loc, "the module %s has no '%s'", module->name, name.text);
	return value_error();
}

static Value eval_item(Check *, Scope *, const Expr *, bool owner);

bool names_instance(const Check *c, const char *name)
{
	const File *file = c->state->file;
	for (int i = 0; i < file->instances.len; i++)
		if (file->instances.data[i] == name)
			return true;
	return false;
}

/* what stands before a '.': a module, an instance (they have a name space of their own), else a value */
static Value eval_owner(Check *c, Scope *s, const Expr *e)
{
	if (e->kind == EX_ITEM)
		return eval_item(c, s, e, true);
	if (e->kind != EX_NAME)
		return eval_expr(c, s, e);
	Binding *b = find_name(s, e->name);
	if (b && b->kind == BIND_VALUE && b->value.kind == V_MODULE)
		return b->value;
	Instance *in = find_instance(s, e->name);
	if (in)
		return (Value){.kind = V_INSTANCE, .instance = in};
	Value v = b ? force(c, b, e->loc) : value_error();
	in = find_instance(s, e->name);
	if (in)
		return (Value){.kind = V_INSTANCE, .instance = in};
	if (b == NULL && (diag_count(c->diag) == 0 || !names_instance(c, e->name))) /* else the call that failed was to make it */
		error_unknown(c, s, e->loc, e->name, "instance or module");
	return v;
}

static Value eval_field(Check *c, Scope *s, const Expr *e)
{
	Value v = eval_owner(c, s, e->field.a);
	if (v.kind == V_MODULE)
		return module_member(c, v.module, e->field.name);
	if (v.kind == V_INSTANCE)
		return instance_member(c, v.instance, e->field.name, e->loc);
	if (v.kind != V_ERROR) {
		Message *m = check_error(c, e->field.a->loc, "'%s' is no instance or module", expr_text(c->arena, e->field.a));
		label_value(c, m, e->field.a->loc, v);
	}
	return value_error();
}

Value eval_list_item(Check *c, Loc loc, Value list, int64_t i)
{
	int n = list.list->n;
	if (i < -n || i >= n) {
		check_error(c, loc, "the list has %d values, and this is number %lld (from 0)", n, (long long)i);
		return value_error();
	}
	return list.list->item[i < 0 ? i + n : i];
}

/* a.3: a list's item; before another '.' rather an instance's */
static Value eval_item(Check *c, Scope *s, const Expr *e, bool owner)
{
	const Expr *a = e->item.a;
	bool is_value = a->kind != EX_ITEM && a->kind != EX_FIELD && (a->kind != EX_NAME || find_name(s, a->name));
	Value v = !owner && is_value ? eval_expr(c, s, a) : eval_owner(c, s, a);
	if (v.kind != V_LIST && v.kind != V_INSTANCE && v.kind != V_ERROR && a->kind == EX_NAME && find_instance(s, a->name))
		v = (Value){.kind = V_INSTANCE, .instance = find_instance(s, a->name)};
	if (v.kind == V_LIST)
		return eval_list_item(c, e->item.i_loc, v, e->item.i);
	if (v.kind == V_INSTANCE) {
		const char *number = arena_printf(c->arena, "%lld", (long long)e->item.i);
		return instance_member(c, v.instance, (Ident){intern_str(c->names, number), e->item.i_loc}, e->loc);
	}
	if (v.kind != V_ERROR)
		check_error(c, e->loc, "%s has no item %lld", value_text(c, v), (long long)e->item.i);
	return value_error();
}

/* ---- operators, lists, indices */

static Value eval_list(Check *c, Scope *s, const Expr *e)
{
	Value *item = NEW_ARRAY(c->arena, Value, e->list.len + 1);
	bool failed = false;
	for (int i = 0; i < e->list.len; i++) {
		item[i] = eval_expr(c, s, e->list.data[i]);
		failed = failed || item[i].kind == V_ERROR;
	}
	return failed ? value_error() : value_list(c, e->list.len, item);
}

static Value join_lists(Check *c, Loc loc, Value a, Value b)
{
	enum { LONGEST = 4096 };
	int n = a.list->n + b.list->n;
	if (n > LONGEST) {
		check_error(c, loc, "a list of %d values: at most %d are put together", n, LONGEST);
		return value_error();
	}
	Value *item = NEW_ARRAY(c->arena, Value, n + 1);
	const char **key = NEW_ARRAY(c->arena, const char *, n + 1);
	for (int i = 0; i < n; i++) {
		const List *from = i < a.list->n ? a.list : b.list;
		int k = i < a.list->n ? i : i - a.list->n;
		item[i] = from->item[k];
		key[i] = from->key ? from->key[k] : NULL;
	}
	List *list = NEW(c->arena, List);
	*list = (List){item, n, a.list->key && b.list->key ? key : NULL};
	return (Value){.kind = V_LIST, .list = list};
}

static Value eval_binary(Check *c, Scope *s, const Expr *e)
{
	Value a = eval_expr(c, s, e->bin.a), b = eval_expr(c, s, e->bin.b);
	if (a.kind == V_ERROR || b.kind == V_ERROR)
		return value_error();
	if (a.kind == V_LIST && b.kind == V_LIST && e->bin.op == BIN_ADD)
		return join_lists(c, e->bin.op_loc, a, b);
	return op_binary(c, e->bin.op, e->bin.op_loc, a, e->bin.a->loc, b, e->bin.b->loc);
}

static Value eval_index(Check *c, Scope *s, const Expr *e)
{
	Value x = eval_expr(c, s, e->index.a);
	int n = e->index.at.len;
	IndexValue *at = NEW_ARRAY(c->arena, IndexValue, n + 1);
	if (!eval_indices(c, s, &e->index.at, at) || x.kind == V_ERROR)
		return value_error();
	if (x.kind == V_LIST && n == 1 && at[0].kind == INDEX_EXPR && at[0].at.kind == V_INT) {
		int64_t i;
		if (!as_const_int(c, at[0].loc, at[0].at, "the index of a list", &i))
			return value_error();
		return eval_list_item(c, at[0].loc, x, i);
	}
	return op_index(c, e->loc, x, e->index.a->loc, n, at, expr_text(c->arena, e->index.a));
}

static Value eval_next(Check *c, Scope *s, const Expr *e)
{
	const char *name = intern_str(c->names, arena_printf(c->arena, "next %s", e->next.text));
	Binding *b = find_name(s, name);
	if (b)
		return force(c, b, e->loc);
	check_error(c, e->loc, "'next %s' is not given a value here", e->next.text);
	return value_error();
}

static Value eval_unary(Check *c, Scope *s, const Expr *e)
{
	Value a = eval_expr(c, s, e->un.a);
	return a.kind == V_ERROR ? a : op_unary(c, e->un.op, e->loc, a);
}

static Value something(Check *c, const Expr *call, Value v)
{
	if (v.kind != V_NONE)
		return v;
	check_error(c, call->loc, "this call returns nothing");
	return value_error();
}

static Value evaluate(Check *c, Scope *s, const Expr *e, const char *hint, Binding *owner)
{
	switch (e->kind) {
	case EX_ERROR: return value_error();
	case EX_ELLIPSIS: return (Value){.kind = V_ELLIPSIS};
	case EX_INT: return value_int(size_const(c->arena, e->i));
	case EX_FLOAT: return value_float(e->f.value);
	case EX_STRING: return (Value){.kind = V_STRING, .s = {e->s.text, e->s.len}};
	case EX_BOOL: return value_bool(e->i != 0);
	case EX_NAME: return eval_name(c, s, e);
	case EX_LIST: return eval_list(c, s, e);
	case EX_UNARY: return eval_unary(c, s, e);
	case EX_BINARY: return eval_binary(c, s, e);
	case EX_INDEX: return eval_index(c, s, e);
	case EX_FIELD: return eval_field(c, s, e);
	case EX_ITEM: return eval_item(c, s, e, false);
	case EX_CALL: return something(c, e, eval_call(c, s, e, hint, owner));
	case EX_NEXT: return eval_next(c, s, e);
	case EX_IF: return eval_if(c, s, e);
	case EX_EACH: return eval_each(c, s, e);
	case EX_SCAN: return eval_scan(c, s, e);
	case EX_FOLD: return eval_fold(c, s, e, hint, owner);
	}
	return value_error();
}

Value eval_named(Check *c, Scope *s, const Expr *e, const char *hint, Binding *owner)
{
	State *st = c->state;
	if (st->depth >= MAX_DEPTH) {
		check_error(c, e->loc, "this is needed more than %d steps from where it began: expressions in expressions, or names that need names", MAX_DEPTH);
		return value_error();
	}
	st->depth++;
	Value v = evaluate(c, s, e, hint, owner);
	st->depth--;
	return v;
}

Value eval_expr(Check *c, Scope *s, const Expr *e)
{
	return eval_named(c, s, e, NULL, NULL);
}
