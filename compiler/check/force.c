/* force.c -- the value of a name in this walk: computed when it is first needed, kept for the rest of the walk */
#include <string.h>

#include "state.h"

static Value circle(Check *c, Binding *b, Loc use)
{
	Message *m = check_error(c, use, "'%s' depends on itself", b->name);
	diag_note(m, b->loc, "it is declared here");
	b->failed = !c->state->trying;
	return value_error();
}

/* ---- const and dim, which -D may set */

static const char *defined(Check *c, const Binding *b)
{
	const CheckOptions *o = c->state->options;
	for (int i = o->ndefines - 1; b->scope == c->state->top && i >= 0; i--)
		if (!strcmp(o->defines[i].name, b->name)) {
			c->state->define_used[i] = true;
			return o->defines[i].value;
		}
	return NULL;
}

static Value eval_define(Check *c, const Binding *b, const char *text)
{
	const char *path = arena_printf(c->arena, "-D %s", b->name);
	const Source *source = source_from_text(c->arena, path, arena_strndup(c->arena, text, strlen(text)), strlen(text));
	Expr *e = parse_expr(c->arena, c->names, c->diag, source);
	return e ? eval_known(c, b->scope, e, "the value of a definition") : value_error();
}

void define_constants(Check *c)
{
	const CheckOptions *o = c->state->options;
	for (int i = 0; i < o->ndefines; i++)
		if (!c->state->define_used[i]) {
			const char *path = arena_printf(c->arena, "-D %s=%s", o->defines[i].name, o->defines[i].value);
			const Source *s = source_from_text(c->arena, path, o->defines[i].name, strlen(o->defines[i].name));
			error_unknown(c, c->state->top, (Loc){s, 0, (uint32_t)s->len}, intern_str(c->names, o->defines[i].name),
			              "const or dim");
		}
}

static Value eval_const(Check *c, Binding *b)
{
	const char *text = defined(c, b);
	const Arg *arg = &b->stmt->consts.data[b->index];
	return text ? eval_define(c, b, text) : eval_known(c, b->scope, arg->value, "a const");
}

static bool bound_of(Check *c, Binding *b, const DimDecl *d, int64_t *n)
{
	Value v = eval_known(c, b->scope, d->bound, "the bound of a dim");
	return v.kind != V_ERROR && as_const_int(c, d->bound->loc, v, "the bound of a dim", n);
}

static Value eval_dim(Check *c, Binding *b)
{
	const DimDecl *d = &b->stmt->dims.data[b->index];
	int64_t n, lo = 1, hi = INT64_MAX;
	if (d->bound) {
		if (!bound_of(c, b, d, &n))
			return value_error();
		if (d->lower)
			lo = n;
		else
			hi = n;
		if (lo < 0 || hi < 1) {
			check_error(c, d->bound->loc, d->lower ? "a size is at least 0" : "an upper bound is at least 1");
			return value_error();
		}
	}
	const char *text = defined(c, b);
	if (text) {
		Value v = eval_define(c, b, text);
		if (v.kind == V_ERROR || !as_const_int(c, b->loc, v, "the size of a dim", &n))
			return value_error();
		if (n < lo || n > hi) {
			check_error(c, b->loc, n < lo ? "-D %s=%s: the dim is at least %lld" : "-D %s=%s: the dim is at most %lld", b->name, text,
			            (long long)(n < lo ? lo : hi));
			return value_error();
		}
		return value_int(size_const(c->arena, n));
	}
	Dim *dim = NEW(c->arena, Dim);
	*dim = (Dim){.name = b->name, .loc = b->loc, .lo = lo, .hi = hi, .index = c->state->model->dims.len};
	push(c->arena, &c->state->model->dims, dim);
	b->dim = dim;
	return value_int(size_dim(c->arena, dim));
}

/* ---- let */

static Value let_value(Check *c, Binding *b)
{
	const Stmt *s = b->stmt;
	const char *hint = s->let.tuple ? NULL : b->name;
	Value v = eval_named(c, b->scope, s->let.value, hint, b);
	if (s->let.type && v.kind != V_ERROR) {
		TypeUse use = {.scope = b->scope, .name = b->name, .free = true, .per_walk = true};
		const Type *type = eval_type(c, &use, s->let.type);
		Val *t = type ? coerce(c, s->let.value->loc, v, type, arena_printf(c->arena, "the value of %s", b->name)) : NULL;
		return t ? value_tensor(t) : value_error();
	}
	return v;
}

static Value tuple_item(Check *c, Binding *b)
{
	LetValue *let = b->let;
	int slot = c->state->walk->slot, n = b->stmt->let.names.len;
	if (let->cached[slot].epoch != c->state->walk->epoch) {
		let->busy = true;
		Value v = let_value(c, b);
		let->busy = false;
		if (v.kind == V_ERROR && c->state->trying)
			return v;
		if (v.kind != V_ERROR && (v.kind != V_LIST || v.list->n != n)) {
			check_error(c, b->stmt->let.value->loc, "%d names on the left, and the right side is %s", n, value_text(c, v));
			v = value_error();
		}
		let->cached[slot] = (Cached){c->state->walk->epoch, v};
	}
	Value v = let->cached[slot].value;
	return v.kind == V_ERROR ? v : v.list->item[b->index];
}

/* ---- all kinds */

static Value evaluate(Check *c, Binding *b, Loc use)
{
	switch (b->kind) {
	case BIND_CONST: return eval_const(c, b);
	case BIND_DIM: return eval_dim(c, b);
	case BIND_SYMBOL: return symbol_value(c, b, use);
	case BIND_DATA: return data_value(c, b);
	case BIND_VAR: return variable_value(c, b);
	case BIND_LET:
		if (b->scope == c->state->top && c->state->depth > DEEP_CHAIN)
			force_chain(c, b);
		return b->let ? tuple_item(c, b) : let_value(c, b);
	case BIND_NEXT: return eval_named(c, b->scope, b->stmt->next.value, NULL, NULL);
	default: internal_error("force");
	}
}

/* once for all walks: known when compiled */
static bool lasts(const Binding *b)
{
	return b->kind == BIND_CONST || b->kind == BIND_DIM;
}

static bool may_be_given(const Binding *b)
{
	return b->kind == BIND_SYMBOL || b->kind == BIND_DATA || b->kind == BIND_VAR || b->kind == BIND_LET || b->kind == BIND_TRAINING;
}

static void name_value(Check *c, Val *v, const Binding *b)
{
	NamedVal named = {v, b};
	v->name = b->name;
	push(c->arena, &c->state->walk->named, named);
}

/* initialisers are evaluated in order: one sees the variables of its scope that stand before it */
static bool declared_too_late(Check *c, const Binding *b, Loc use)
{
	const Binding *by = c->state->initialising;
	if (by == NULL || by == b || by->scope != b->scope || b->loc.begin < by->loc.begin)
		return false;
	Message *m = check_error(c, use, "an initialiser is made of constants, draws and variables declared before");
	diag_note(m, b->loc, "'%s' is declared after '%s'", b->name, by->name);
	return true;
}

Value force(Check *c, Binding *b, Loc use)
{
	State *st = c->state;
	Value given;
	if (b->failed) {
		st->walk->failed = true;
		return value_error();
	}
	if (may_be_given(b) && given_value(c, b, NULL, use, &given))
		return given;
	if (b->kind == BIND_VALUE || b->kind == BIND_DEF || b->kind == BIND_EXTERN)
		return b->value;
	if (b->kind == BIND_TRAINING)
		return value_bool(c->training);
	if (b->kind == BIND_FUNCTION) {
		check_error(c, use, "'%s' is a function: it is called from C, not here; a def is called here", b->name);
		return value_error();
	}
	int slot = lasts(b) ? 0 : st->walk->slot, epoch = lasts(b) ? -1 : st->walk->epoch;
	if (b->cached[slot].epoch == epoch)
		return b->cached[slot].value;
	if (b->busy || (b->let && b->let->busy))
		return circle(c, b, use);
	if (b->kind == BIND_VAR && declared_too_late(c, b, use))
		return value_error();
	b->busy = true;
	Saved saved = enter(c, b->scope);
	Value v = evaluate(c, b, use);
	leave(c, saved);
	b->busy = false;
	if (v.kind == V_ERROR && st->trying)
		return v; /* the error was dropped: the next to need it meets it again */
	if (v.kind == V_ERROR && st->walk == st->first)
		b->failed = true;
	if (b->kind != BIND_NEXT && v.kind != V_MODULE)
		v.origin = &b->origin;
	if (v.kind == V_TENSOR && v.v->name == NULL && v.v->op != OP_const && v.v->op != OP_size && b->kind != BIND_NEXT)
		name_value(c, v.v, b);
	b->cached[slot] = (Cached){epoch, v};
	return v;
}
