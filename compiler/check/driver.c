/* driver.c -- the driver block: what the program around the model does
 *
 * Its values are scalars over consts, dims, step, epoch and total, each a small function of its own, or names. */
#include <string.h>

#include "state.h"

typedef enum KeyKind { KEY_SCALAR, KEY_SCALARS, KEY_SET, KEY_OUTPUT, KEY_OUTPUTS, KEY_SYMBOL, KEY_FUNCTION, KEY_RAGGED, KEY_TEXTS } KeyKind;
typedef struct KeyRow {
	DriverKind of;
	const char *name;
	KeyKind kind;
} KeyRow;
static const KeyRow key_table[] = {
	{DRIVER_FIT, "set", KEY_SET},
	{DRIVER_FIT, "batch", KEY_SCALAR},
	{DRIVER_FIT, "shuffle", KEY_SCALAR},
	{DRIVER_FIT, "ragged", KEY_RAGGED},
	{DRIVER_FIT, "steps", KEY_SCALAR},
	{DRIVER_FIT, "epochs", KEY_SCALAR},
	{DRIVER_FIT, "watch", KEY_OUTPUT},
	{DRIVER_FIT, "watch_steps", KEY_SCALAR},
	{DRIVER_FIT, "watch_set", KEY_SET},
	{DRIVER_FIT, "test", KEY_OUTPUT},
	{DRIVER_FIT, "test_steps", KEY_SCALAR},
	{DRIVER_FIT, "test_set", KEY_SET},
	{DRIVER_FIT, "patience", KEY_SCALAR},
	{DRIVER_FIT, "patience_increase", KEY_SCALAR},
	{DRIVER_FIT, "improvement", KEY_SCALAR},
	{DRIVER_FIT, "before_epoch", KEY_FUNCTION},
	{DRIVER_PREDICT, "set", KEY_SET},
	{DRIVER_PREDICT, "truth", KEY_SYMBOL},
	{DRIVER_PREDICT, "show", KEY_OUTPUTS},
	{DRIVER_PREDICT, "first", KEY_SCALAR},
	{DRIVER_PREDICT, "classes", KEY_TEXTS},
	{DRIVER_PICTURE, "tile", KEY_SCALARS},
	{DRIVER_PICTURE, "classes", KEY_TEXTS},
};
enum { NKEYS = sizeof key_table / sizeof *key_table };

static const KeyRow *key_row(DriverKind of, const char *name)
{
	for (int i = 0; i < NKEYS; i++)
		if (key_table[i].of == of && !strcmp(key_table[i].name, name))
			return &key_table[i];
	return NULL;
}

static const Func *function_named(Check *c, const char *name)
{
	const Model *m = c->state->model;
	for (int i = 0; i < m->funcs.len; i++)
		if (!strcmp(m->funcs.data[i]->name, name))
			return m->funcs.data[i];
	return NULL;
}

static const Func *need_function(Check *c, Ident id)
{
	const Model *m = c->state->model;
	const Func *f = function_named(c, id.text);
	VEC(const char *) all = {0};
	if (f)
		return f;
	for (int i = 0; i < m->funcs.len; i++)
		push(c->arena, &all, m->funcs.data[i]->name);
	const char *near = did_you_mean(id.text, all.data, all.len);
	check_error(c, id.loc, near ? "unknown function '%s'; did you mean '%s'?" : "unknown function '%s'", id.text, near);
	return NULL;
}

/* ---- scalars */

static bool own_binding(const Scope *s, const Binding *b)
{
	return b->scope == s;
}

/* what is neither known, a dim, nor one of step, epoch, total */
static bool stray_symbol(Check *c, const Walk *w, const Func *f, Loc loc)
{
	for (int i = 0; i < f->graph->vals.len; i++) {
		const Val *v = f->graph->vals.data[i];
		bool own = v->op == OP_arg;
		for (int k = 0; own && k < w->symbols.len; k++)
			own = w->symbols.data[k].v != v || own_binding(w->scope, w->symbols.data[k].symbol);
		if (v->op == OP_var || v->op == OP_random_bits || (v->op == OP_arg && !own)) {
			Message *m = check_error(c, loc, "a value of the driver is made of consts, dims, step, epoch and total");
			if (v->name)
				diag_note(m, v->loc, "this one needs '%s'", v->name);
			return true;
		}
	}
	return false;
}

static Func *scalar(Check *c, const char *name, const Expr *e)
{
	static const char *const args[] = {"step", "epoch", "total"};
	Func *f = NEW(c->arena, Func);
	f->name = name;
	f->loc = e->loc;
	Stmt *stmt = NEW(c->arena, Stmt);
	stmt->kind = ST_FUNCTION;
	Walk *w = walk_new(c, f, stmt, 1);
	walk_begin(c, w);
	w->scope = scope_new(c, c->state->top, SCOPE_BLOCK);
	for (int i = 0; i < 3; i++) {
		Ident id = {intern_str(c->names, args[i]), e->loc};
		Binding *b = declare(c, w->scope, id, BIND_SYMBOL, NULL);
		b->type = type_scalar(c->arena, DT_int64);
		symbol_value(c, b, e->loc);
		w->symbols.data[i].arg->index = i;
		push(c->arena, &f->args, w->symbols.data[i].arg);
	}
	Value v = eval_expr(c, w->scope, e);
	Val *x = v.kind == V_ERROR ? NULL : as_tensor(c, e->loc, v, DT_error);
	if (x && x->type->rank > 0) {
		Message *m = check_error(c, e->loc, "a scalar is needed here");
		label_value(c, m, e->loc, v);
	}
	FuncOut out = {name, e->loc};
	push(c->arena, &f->outs, out);
	if (x && x->type->rank == 0) {
		push(f->graph->arena, &f->graph->results, x);
		graph_drop_unused(f->graph);
		if (!stray_symbol(c, w, f, e->loc)) {
			resolve_graph(c, f->graph);
			bool *used = NEW_ARRAY(c->arena, bool, c->state->model->dims.len + 1);
			collect_dims(c, f, used);
			for (int i = 0; i < c->state->model->dims.len; i++)
				if (used[i])
					push(c->arena, &f->dims, c->state->model->dims.data[i]);
		}
	}
	walk_end(c, w);
	return f;
}

/* ---- files */

static bool is_a(Check *c, Ident id, BindKind kind, const char *what)
{
	Binding *b = find_here(c->state->top, id.text);
	if (b == NULL) {
		error_unknown(c, c->state->top, id.loc, id.text, what);
		return false;
	}
	if (b->kind != kind) {
		Message *m = check_error(c, id.loc, kind == BIND_DATA ? "'%s' is no data: bind is for data" : "'%s' is no symbol", id.text);
		diag_note(m, b->loc, "it is declared here, as %s", b->origin.kind);
		return false;
	}
	return true;
}

static void add_file(Check *c, DriverPart *part, const FileBinding *from)
{
	bool bind = part->kind == DRIVER_BIND;
	if (!is_a(c, from->name, bind ? BIND_DATA : BIND_SYMBOL, bind ? "data" : "symbol"))
		return;
	for (int i = 0; i < part->files.len; i++)
		if (!strcmp(part->files.data[i].name, from->name.text)) {
			Message *m = check_error(c, from->name.loc, "'%s' has its array twice", from->name.text);
			diag_note(m, part->files.data[i].loc, "the first stands here");
		}
	DriverFile file = {.name = from->name.text, .path = from->path->s.text, .sliced = from->sliced, .loc = from->name.loc};
	if (from->lo)
		file.lo = scalar(c, arena_printf(c->arena, "%s_lo", file.name), from->lo);
	if (from->hi)
		file.hi = scalar(c, arena_printf(c->arena, "%s_hi", file.name), from->hi);
	push(c->arena, &part->files, file);
}

/* ---- names */

static const DriverPart *set_named(const Driver *d, const char *name)
{
	for (int i = 0; i < d->parts.len; i++)
		if (d->parts.data[i]->kind == DRIVER_SET && !strcmp(d->parts.data[i]->name, name))
			return d->parts.data[i];
	return NULL;
}

static const char *plain_name(Check *c, const Expr *e, const char *what)
{
	if (e->kind == EX_NAME)
		return e->name;
	check_error(c, e->loc, "%s is needed here", what);
	return NULL;
}

static void unknown_in(Check *c, Loc loc, const char *what, const char *name, const char *const *all, int n)
{
	const char *near = did_you_mean(name, all, n);
	check_error(c, loc, near ? "unknown %s '%s'; did you mean '%s'?" : "unknown %s '%s'", what, name, near);
}

static const char *need_set(Check *c, const Driver *d, const Expr *e)
{
	const char *name = plain_name(c, e, "the name of a set");
	if (name == NULL || set_named(d, name))
		return name;
	VEC(const char *) all = {0};
	for (int i = 0; i < d->parts.len; i++)
		if (d->parts.data[i]->kind == DRIVER_SET)
			push(c->arena, &all, d->parts.data[i]->name);
	unknown_in(c, e->loc, "set", name, all.data, all.len);
	return NULL;
}

static bool has_output(Check *c, const Func *f, Ident out)
{
	VEC(const char *) all = {0};
	for (int i = 0; i < f->outs.len; i++) {
		if (!strcmp(f->outs.data[i].name, out.text))
			return true;
		push(c->arena, &all, f->outs.data[i].name);
	}
	const char *near = did_you_mean(out.text, all.data, all.len);
	check_error(c, out.loc, near ? "the function '%s' has no output '%s'; did you mean '%s'?" : "the function '%s' has no output '%s'",
	            f->name, out.text, near);
	return false;
}

/* watch = validate.errors: a scalar to minimise */
static const char *need_scalar_output(Check *c, const Expr *e)
{
	if (e->kind != EX_FIELD || e->field.a->kind != EX_NAME) {
		check_error(c, e->loc, "an output is needed here: function.output");
		return NULL;
	}
	Ident of = {e->field.a->name, e->field.a->loc};
	const Func *f = need_function(c, of);
	if (f == NULL || !has_output(c, f, e->field.name))
		return NULL;
	for (int i = 0; i < f->outs.len && i < f->graph->results.len; i++)
		if (!strcmp(f->outs.data[i].name, e->field.name.text) && f->graph->results.data[i]->type->rank > 0) {
			check_error(c, e->loc, "'%s' is %s: a scalar can be watched", e->field.name.text,
			            type_text(c->arena, f->graph->results.data[i]->type));
			return NULL;
		}
	return arena_printf(c->arena, "%s.%s", of.text, e->field.name.text);
}

static const char *key_name_value(Check *c, const Driver *d, const DriverPart *part, KeyKind kind, const Expr *e)
{
	const char *name;
	switch (kind) {
	case KEY_SET: return need_set(c, d, e);
	case KEY_OUTPUT: return need_scalar_output(c, e);
	case KEY_OUTPUTS:
		name = plain_name(c, e, "an output");
		return name && part->func && has_output(c, part->func, (Ident){name, e->loc}) ? name : NULL;
	case KEY_SYMBOL:
		name = plain_name(c, e, "a symbol");
		return name && is_a(c, (Ident){name, e->loc}, BIND_SYMBOL, "symbol") ? name : NULL;
	case KEY_FUNCTION:
		name = plain_name(c, e, "a function");
		return name && need_function(c, (Ident){name, e->loc}) ? name : NULL;
	case KEY_RAGGED:
		name = plain_name(c, e, "keep or drop");
		if (name && strcmp(name, "keep") != 0 && strcmp(name, "drop") != 0) {
			check_error(c, e->loc, "ragged is keep or drop");
			return NULL;
		}
		return name;
	default: return NULL;
	}
}

/* classes = "coat", "bag": texts, or consts that are lists of them */
static void add_texts(Check *c, const Expr *e, DriverValue *v)
{
	Value value = eval_known(c, c->state->top, e, "the name of a class");
	const List one = {&value, 1, NULL}, *list = value.kind == V_LIST ? value.list : &one;
	for (int i = 0; i < list->n && value.kind != V_ERROR; i++) {
		if (list->item[i].kind != V_STRING) {
			check_error(c, e->loc, "the names of classes are texts in quotes, or a const that is a list of them");
			return;
		}
		push(c->arena, &v->names, arena_strndup(c->arena, list->item[i].s.text, list->item[i].s.len));
	}
}

/* ---- keys */

static bool takes(const Func *f, const char *name)
{
	for (int i = 0; f && i < f->args.len; i++)
		if (!strcmp(f->args.data[i]->name, name))
			return true;
	for (int i = 0; f && i < f->dims.len; i++)
		if (!strcmp(f->dims.data[i]->name, name))
			return true;
	return false;
}

static const DriverKeySpec *key_of(const DriverPart *part, const char *name)
{
	for (int i = 0; i < part->keys.len; i++)
		if (!strcmp(part->keys.data[i].name, name))
			return &part->keys.data[i];
	return NULL;
}

/* the function of `watch = f.y` */
static const Func *function_of_key(Check *c, const DriverPart *part, const char *key)
{
	const DriverKeySpec *k = key_of(part, key);
	if (k == NULL || k->values.len == 0 || k->values.data[0].names.len == 0)
		return NULL;
	const char *path = k->values.data[0].names.data[0], *dot = strchr(path, '.');
	return dot ? function_named(c, arena_strndup(c->arena, path, (size_t)(dot - path))) : NULL;
}

static const Func *before_epoch(Check *c, const DriverPart *part)
{
	const DriverKeySpec *k = key_of(part, "before_epoch");
	return k && k->values.len && k->values.data[0].names.len ? function_named(c, k->values.data[0].names.data[0]) : NULL;
}

static void add_key(Check *c, const Driver *d, DriverPart *part, const DriverKey *from)
{
	const char *name = from->name.text;
	const KeyRow *row = key_row((DriverKind)part->kind, name);
	DriverKeySpec key = {.name = name, .loc = from->name.loc};
	const DriverKeySpec *old = key_of(part, name);
	if (old) {
		Message *m = check_error(c, from->name.loc, "the key '%s' stands twice", name);
		diag_note(m, old->loc, "the first stands here");
		return;
	}
	KeyKind kind = row ? row->kind : KEY_SCALAR;
	for (int i = 0; i < from->values.len; i++) {
		const Expr *e = from->values.data[i];
		DriverValue v = {.loc = e->loc};
		const Exprs one = {(Expr **)&from->values.data[i], 1, 1}, *list = e->kind == EX_LIST ? &e->list : &one;
		for (int k = 0; k < list->len; k++) {
			const Expr *item = list->data[k];
			if (kind == KEY_SCALAR || kind == KEY_SCALARS) {
				v = (DriverValue){.loc = item->loc, .scalar = scalar(c, name, item)};
				push(c->arena, &key.values, v);
				continue;
			}
			const char *text = kind == KEY_TEXTS ? NULL : key_name_value(c, d, part, kind, item);
			if (text)
				push(c->arena, &v.names, text);
			else if (kind == KEY_TEXTS)
				add_texts(c, item, &v);
		}
		if (v.names.len)
			push(c->arena, &key.values, v);
	}
	if (key.values.len > 1 && kind != KEY_SCALARS && kind != KEY_OUTPUTS && kind != KEY_TEXTS && (row || takes(part->func, name)))
		check_error(c, from->name.loc, "the key '%s' has one value", name);
	push(c->arena, &part->keys, key);
}

/* a key that is none of the driver's is an argument of a function that the part calls */
static void check_key_names(Check *c, const DriverPart *part)
{
	const Func *called[] = {part->func, function_of_key(c, part, "watch"), function_of_key(c, part, "test"), before_epoch(c, part)};
	for (int i = 0; i < part->keys.len; i++) {
		const char *name = part->keys.data[i].name;
		bool known = key_row((DriverKind)part->kind, name) != NULL;
		for (int k = 0; k < 4; k++)
			known = known || takes(called[k], name);
		if (known)
			continue;
		VEC(const char *) all = {0};
		for (int k = 0; k < NKEYS; k++)
			if ((int)key_table[k].of == part->kind)
				push(c->arena, &all, key_table[k].name);
		for (int k = 0; part->func && k < part->func->args.len; k++)
			push(c->arena, &all, part->func->args.data[k]->name);
		const char *near = did_you_mean(name, all.data, all.len);
		check_error(c, part->keys.data[i].loc,
		            near ? "'%s' is no key of %s and no argument of its functions; did you mean '%s'?"
		                 : "'%s' is no key of %s and no argument of its functions",
		            name, part->kind == DRIVER_FIT ? "fit" : part->kind == DRIVER_PREDICT ? "predict" : "picture", near);
	}
}

static bool in_set(const DriverPart *set, const char *name)
{
	for (int i = 0; set && i < set->files.len; i++)
		if (!strcmp(set->files.data[i].name, name))
			return true;
	return false;
}

/* each argument comes from the set, a key or its default */
static void check_args(Check *c, const Driver *d, const DriverPart *part, const Func *f, const char *set_key, Loc loc)
{
	const DriverKeySpec *k = f ? key_of(part, set_key) : NULL;
	const DriverPart *set = k && k->values.len && k->values.data[0].names.len ? set_named(d, k->values.data[0].names.data[0]) : NULL;
	for (int i = 0; f && i < f->args.len; i++) {
		const FuncArg *a = f->args.data[i];
		const KeyRow *row = key_row((DriverKind)part->kind, a->name);
		if (in_set(set, a->name))
			continue;
		if (row) {
			Message *m = check_error(c, loc, "the argument '%s' of '%s' is named like a key of the driver", a->name, f->name);
			diag_note(m, a->loc, "it is declared here");
		} else if (!a->has_default && !key_of(part, a->name)) {
			Message *m = check_error(c, loc, "the argument '%s' of '%s' has neither a key nor a default%s", a->name, f->name,
			                         set ? ", and the set does not hold it" : "");
			diag_note(m, a->loc, "it is declared here");
		} else if (a->type->rank > 0) {
			check_error(c, loc, "the argument '%s' of '%s' is %s: it comes from a set", a->name, f->name, type_text(c->arena, a->type));
		}
	}
	for (int i = 0; f && !set && i < f->dims.len; i++)
		if (!key_of(part, f->dims.data[i]->name))
			check_error(c, loc, "the dim '%s' of '%s' has neither a key nor a set", f->dims.data[i]->name, f->name);
}

/* what classes name: the truth and the first output that is shown, a whole number a row each */
static void check_classes(Check *c, const DriverPart *part)
{
	const DriverKeySpec *key = key_of(part, "classes"), *show = key_of(part, "show"), *truth = key_of(part, "truth");
	if (key == NULL || part->kind != DRIVER_PREDICT)
		return;
	const Func *f = part->func;
	const char *shown = show && show->values.len ? show->values.data[0].names.data[0] : NULL;
	const Binding *symbol = truth && truth->values.len ? find_here(c->state->top, truth->values.data[0].names.data[0]) : NULL;
	for (int i = 0; i < f->outs.len && i < f->graph->results.len; i++) {
		const Type *t = f->graph->results.data[i]->type;
		if (shown ? strcmp(f->outs.data[i].name, shown) != 0 : i > 0)
			continue;
		if (t->rank != 1 || !dtype_is_integer(t->dtype))
			check_error(c, key->loc, "'%s' is %s: classes name whole numbers, one a row", f->outs.data[i].name, type_text(c->arena, t));
	}
	if (symbol && symbol->type && (symbol->type->rank != 1 || !dtype_is_integer(symbol->type->dtype)))
		check_error(c, truth->loc, "'%s' is %s: classes name whole numbers, one a row", symbol->name, type_text(c->arena, symbol->type));
}

static void check_keys(Check *c, const Driver *d, const DriverPart *part)
{
	check_key_names(c, part);
	check_args(c, d, part, part->func, "set", part->loc);
	check_classes(c, part);
	if (part->kind != DRIVER_FIT)
		return;
	if (before_epoch(c, part))
		check_args(c, d, part, before_epoch(c, part), "", key_of(part, "before_epoch")->loc);
	static const char *const watched[] = {"watch", "test"};
	for (int i = 0; i < 2; i++) {
		const DriverKeySpec *k = key_of(part, watched[i]);
		if (k)
			check_args(c, d, part, function_of_key(c, part, watched[i]), i ? "test_set" : "watch_set", k->loc);
	}
}

/* ---- the block */

static void add_part(Check *c, Driver *d, const DriverItem *item)
{
	DriverPart *part = NEW(c->arena, DriverPart);
	part->kind = item->kind;
	part->name = item->name.text;
	part->loc = item->name.text ? item->name.loc : item->loc;
	if (item->kind == DRIVER_SET && set_named(d, part->name)) {
		Message *m = check_error(c, part->loc, "the set '%s' stands twice", part->name);
		diag_note(m, set_named(d, part->name)->loc, "the first stands here");
	}
	for (int i = 0; i < item->files.len; i++)
		add_file(c, part, &item->files.data[i]);
	push(c->arena, &d->parts, part);
}

static void fill_part(Check *c, Driver *d, DriverPart *part, const DriverItem *item)
{
	if (item->kind == DRIVER_BIND || item->kind == DRIVER_SET)
		return;
	int errors = diag_count(c->diag);
	part->func = need_function(c, item->name);
	for (int i = 0; i < item->keys.len; i++)
		add_key(c, d, part, &item->keys.data[i]);
	if (part->func && diag_count(c->diag) == errors)
		check_keys(c, d, part);
}

void check_driver(Check *c, const Stmt *stmt)
{
	Model *m = c->state->model;
	if (m->driver) {
		check_error(c, stmt->loc, "a file has one driver block");
		return;
	}
	Driver *d = m->driver = NEW(c->arena, Driver);
	for (int i = 0; i < stmt->driver.items.len; i++) /* sets have a name space of their own and may stand below */
		add_part(c, d, &stmt->driver.items.data[i]);
	for (int i = 0; i < stmt->driver.items.len; i++)
		fill_part(c, d, d->parts.data[i], &stmt->driver.items.data[i]);
	if (diag_count(c->diag) == 0)
		check_driver_values(c, d);
}
