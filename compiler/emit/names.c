/* names.c -- C names for the model's: dots become '_', and two that meet are an error at the column */
#include <ctype.h>
#include <string.h>

#include "emit_internal.h"

const char *c_name(Arena *arena, const char *name)
{
	if (is_c_word(name))
		return arena_printf(arena, "%s_", name);
	char *c = arena_printf(arena, "%s", name);
	for (char *p = c; *p; p++)
		if (*p == '.')
			*p = '_';
	return c;
}

/* Dims stand as locals beside those that the functions of the object have of their own. */
void name_dims(Emit *e)
{
	static const char *const ours[] = {
		"m", "of", "memory", "bytes", "sizes", "needed", "at", "size", "most", "larger", "fixed", "scratch", "block", "bad", "seed", "call",
		"count", "values", "status", "loop", "work", "i", "s", "args", "outs", "dims", "axis",
	};
	for (int i = 0; i < e->model->dims.len; i++) {
		Dim *d = e->model->dims.data[i];
		bool taken = is_c_word(d->name);
		for (size_t j = 0; j < sizeof ours / sizeof *ours; j++)
			taken = taken || !strcmp(d->name, ours[j]);
		if (taken)
			d->c_name = arena_printf(e->arena, "%s_", d->name);
	}
}

const char *var_c_name(const Emit *e, const Var *v)
{
	const char *star = strstr(v->name, "*.");
	if (!star)
		return c_name(e->arena, v->name);
	return c_name(e->arena, arena_printf(e->arena, "%.*s%s", (int)(star - v->name), v->name, star + 2));
}

const char *instance_name(Arena *arena, const Var *v, int64_t i)
{
	const char *star = strchr(v->name, '*');
	if (!star)
		return v->name;
	return arena_printf(arena, "%.*s%lld%s", (int)(star - v->name), v->name, (long long)(v->stack_from + i), star + 1);
}

const char *c_string(Arena *arena, const char *s)
{
	char *out = arena_alloc(arena, 4 * strlen(s) + 3), *p = out;
	*p++ = '"';
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			*p++ = '\\';
		if ((unsigned char)*s < 32)
			p += sprintf(p, "\\%03o", (unsigned)(unsigned char)*s);
		else
			*p++ = *s;
	}
	*p++ = '"';
	*p = 0;
	return out;
}

const char *ctype(DType d)
{
	return dtype_ctype(d);
}

/* ---- collisions */
typedef struct Taken {
	const char *why;
	Loc loc;
} Taken;
typedef struct Takens {
	Names *names; /* 1 + where in list */
	VEC(Taken) list;
} Takens;

static bool take(Emit *e, Takens *t, const char *name, Loc loc, const char *why)
{
	int *at = name_mark(t->names, name);
	if (*at) {
		const Taken *first = &t->list.data[*at - 1];
		Message *m = diag_error(e->diag, loc, "the C name '%s_%s' of %s is already that of %s", e->name, name, why, first->why);
		if (first->loc.source)
			diag_note(m, first->loc, "%s is here", first->why);
		return false;
	}
	push(e->arena, &t->list, ((Taken){why, loc}));
	*at = t->list.len;
	return true;
}

/* of a file anything may be the name */
static bool is_c_name(const char *s)
{
	if (is_c_word(s) || !(isalpha((unsigned char)*s) || *s == '_'))
		return false;
	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	return !*s;
}

bool check_names(Emit *e)
{
	static const char *const made[] = {"sizes", "bytes", "place", "new", "share_bytes", "share", "free", "init", "params", "tensors",
	                                   "functions", "model", "status_text", "save", "load", "driver"};
	const Model *m = e->model;
	if (!is_c_name(m->name)) {
		Message *said = diag_error(e->diag, m->loc, "the model's name '%s' is no name in C", m->name);
		if (!m->loc.source)
			diag_note(said, (Loc){0}, "a line 'model NAME' at its begin gives it another one than the file's");
		return false;
	}
	Takens all = {.names = names_new(e->arena)};
	for (size_t i = 0; i < sizeof made / sizeof *made; i++)
		take(e, &all, made[i], (Loc){0}, "a function that every model has");
	for (int i = 0; i < m->vars.len; i++) {
		const Var *v = m->vars.data[i];
		const char *c = var_c_name(e, v);
		const char *what = arena_printf(e->arena, "%s '%s'", v->kind == VAR_DATA ? "data" : "variable", v->name);
		if (v->kind == VAR_DATA) {
			take(e, &all, arena_printf(e->arena, "bind_%s", c), v->loc, what);
		} else if (take(e, &all, arena_printf(e->arena, "get_%s", c), v->loc, what)) {
			take(e, &all, arena_printf(e->arena, "set_%s", c), v->loc, what);
		}
	}
	for (int i = 0; i < m->funcs.len; i++)
		take(e, &all, m->funcs.data[i]->name, m->funcs.data[i]->loc, arena_printf(e->arena, "function '%s'", m->funcs.data[i]->name));
	return diag_count(e->diag) == 0;
}
