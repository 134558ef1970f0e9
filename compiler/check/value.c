/* value.c -- the values of expressions, and messages about them */
#include <math.h>

#include "state.h"

Value value_error(void)
{
	return (Value){.kind = V_ERROR};
}

Value value_int(const Size *i)
{
	return (Value){.kind = V_INT, .i = i};
}

Value value_float(double f)
{
	return (Value){.kind = V_FLOAT, .f = f};
}

Value value_bool(bool b)
{
	return (Value){.kind = V_BOOL, .b = b};
}

Value value_tensor(Val *v)
{
	return (Value){.kind = V_TENSOR, .v = v};
}

Value value_list(Check *c, int n, const Value *item)
{
	List *list = NEW(c->arena, List);
	list->n = n;
	list->item = NEW_ARRAY(c->arena, Value, n + 1);
	for (int i = 0; i < n; i++)
		list->item[i] = item[i];
	return (Value){.kind = V_LIST, .list = list};
}

const char *value_text(Check *c, Value v)
{
	int64_t n;
	switch (v.kind) {
	case V_ERROR: return "an error";
	case V_NONE: return "nothing";
	case V_ELLIPSIS: return "'...'";
	case V_INT:
		return size_is_const(size_resolve(c->arena, v.i), &n)
		               ? arena_printf(c->arena, "the number %lld", (long long)n)
		               : arena_printf(c->arena, "the size %s", size_text(c->arena, v.i));
	case V_FLOAT: return arena_printf(c->arena, v.f == floor(v.f) && fabs(v.f) < 1e6 ? "the number %.1f" : "the number %.6g", v.f);
	case V_BOOL: return v.b ? "true" : "false";
	case V_STRING: return arena_printf(c->arena, "\"%s\"", printable(c->arena, v.s.text, v.s.len));
	case V_TENSOR: return type_text(c->arena, v.v->type);
	case V_LIST: return arena_printf(c->arena, "a list of %d value%s", v.list->n, v.list->n == 1 ? "" : "s");
	case V_DTYPE: return arena_printf(c->arena, "the type %s", dtype_name(v.dtype));
	case V_DEF: return arena_printf(c->arena, "the def %s", v.def->def->def.name.text);
	case V_BUILTIN: return arena_printf(c->arena, "the def %s", v.builtin->name);
	case V_MODULE: return arena_printf(c->arena, "the module %s", v.module->name);
	case V_INSTANCE: return arena_printf(c->arena, "the instance %s", v.instance->path);
	case V_EXTERN: return arena_printf(c->arena, "the extern %s", v.ext->name);
	}
	return "a value";
}

/* "param W2, line 9"; the file is named where it is another one */
static const char *origin_text(Check *c, const Origin *o, Loc loc)
{
	if (o == NULL || o->name == NULL)
		return "";
	if (o->loc.source == NULL)
		return arena_printf(c->arena, "%s %s", o->kind, o->name);
	if (o->loc.source != loc.source)
		return arena_printf(c->arena, "%s %s, %s:%d", o->kind, o->name, o->loc.source->path, loc_line(o->loc));
	return arena_printf(c->arena, "%s %s, line %d", o->kind, o->name, loc_line(o->loc));
}

void label_value(Check *c, Message *m, Loc loc, Value v)
{
	const char *origin = origin_text(c, v.origin, loc);
	diag_label(m, loc, "%s%s%s", value_text(c, v), *origin ? "\t" : "", origin);
}

static bool in_library(const Check *c, Loc loc)
{
	const State *st = c->state;
	for (int i = 0; i < st->library.len; i++)
		if (st->library.data[i] == loc.source)
			return true;
	return false;
}

/* Inside the library an error has the call of it as its cause: one for each is enough. */
static bool is_said(Check *c, Loc loc)
{
	State *st = c->state;
	const CallFrame *f = c->frame;
	if (!in_library(c, loc) || st->trying)
		return false;
	while (f && in_library(c, f->loc))
		f = f->outer;
	for (int i = 0; f && i < st->failed_calls.len; i++)
		if (st->failed_calls.data[i] == f)
			return true;
	if (f)
		push(c->arena, &st->failed_calls, f);
	return false;
}

Message *check_error(Check *c, Loc loc, const char *fmt, ...)
{
	if (c->state->walk && !c->state->trying)
		c->state->walk->failed = true;
	if (is_said(c, loc))
		return diag_unprinted(c->diag);
	va_list ap;
	va_start(ap, fmt);
	Message *m = diag_verror(c->diag, loc, fmt, ap);
	va_end(ap);
	note_calls(m, c->frame);
	return m;
}

void note_calls(Message *m, const CallFrame *f)
{
	for (; f; f = f->outer)
		diag_note(m, f->loc, "in this call of %s", f->name);
}

void add_check(Check *c, Loc loc, Val *ok, const char *what, const char *text)
{
	Region *r = c->state->region;
	PendingCheck check = {ok, {text, what, loc}};
	push(c->arena, &r->checks, check);
}
