/* names.c -- C names for the model's: dots become '_', and two that meet are an error at the column */
#include <ctype.h>
#include <string.h>

#include "emit_internal.h"

const char *c_name(Arena *arena, const char *name)
{
	char *c = arena_printf(arena, "%s", name);
	for (char *p = c; *p; p++)
		if (*p == '.')
			*p = '_';
	return is_c_word(c) ? arena_printf(arena, "%s_", c) : c;
}

/* what functions of the object have as locals */
static bool is_ours(const char *name)
{
	static const char *const ours[] = {
		"m", "of", "memory", "bytes", "sizes", "needed", "at", "size", "most", "larger", "fixed", "scratch", "block", "bad", "seed", "call",
		"count", "values", "status", "loop", "work", "i", "s", "args", "outs", "dims", "axis",
	};
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (!strcmp(name, ours[i]))
			return true;
	return false;
}

/* Dims stand as locals beside those. */
void name_dims(Emit *e)
{
	for (int i = 0; i < e->model->dims.len; i++) {
		Dim *d = e->model->dims.data[i];
		if (is_c_word(d->name) || is_ours(d->name))
			d->c_name = arena_printf(e->arena, "%s_", d->name);
	}
}

const char *object_type(const Emit *e)
{
	return is_ours(e->name) ? arena_printf(e->arena, "struct %s", e->name) : e->name;
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
		Message *m = diag_error(e->diag, loc, "the C name '%s' of %s is already that of %s", name, why, first->why);
		if (first->loc.source)
			diag_note(m, first->loc, "%s is here", first->why);
		return false;
	}
	push(e->arena, &t->list, ((Taken){why, loc}));
	*at = t->list.len;
	*name_mark(e->taken, name) = 1;
	return true;
}

static bool take_two(Emit *e, Takens *t, const char *first, const char *second, Loc loc, const char *why)
{
	return take(e, t, arena_printf(e->arena, "%s_%s", first, second), loc, why);
}

static void take_variable(Emit *e, Takens *t, const Var *v)
{
	const char *c = var_c_name(e, v), *why = arena_printf(e->arena, "%s '%s'", v->kind == VAR_DATA ? "data" : "variable", v->name);
	static const char *const made[] = {"bind", "get", "set"};
	const bool data = v->kind == VAR_DATA;
	for (int i = data ? 0 : 1; i < (data ? 1 : 3); i++)
		if (!take_two(e, t, e->name, arena_printf(e->arena, "%s_%s", made[i], c), v->loc, why) ||
		    !take_two(e, t, "table", arena_printf(e->arena, "%s_%s", made[i], c), v->loc, why))
			return;
	take_two(e, t, "size_of", c, v->loc, why);
}

static void take_function(Emit *e, Takens *t, const Func *f)
{
	const char *why = arena_printf(e->arena, "function '%s'", f->name);
	static const char *const made[] = {"args", "outs", "dims", "steps"};
	if (!take_two(e, t, e->name, f->name, f->loc, why) || !take_two(e, t, "call", f->name, f->loc, why))
		return;
	for (size_t i = 0; i < sizeof made / sizeof *made; i++)
		if (!take_two(e, t, f->name, made[i], f->loc, why))
			return;
	for (int i = 0; i < f->args.len; i++) {
		const FuncArg *x = f->args.data[i];
		if (x->has_default)
			take(e, t, arena_printf(e->arena, "%s_%s_%s", e->upper, f->name, c_name(e->arena, x->name)), x->loc, arena_printf(e->arena, "the default of '%s'", x->name));
	}
}

/* of a file anything may be the name */
static bool is_identifier(const char *s)
{
	if (!(isalpha((unsigned char)*s) || *s == '_'))
		return false;
	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	return !*s;
}

/* functions that the headers of NAME.c, or those that a program will have beside NAME.h, declare; in float and long double too */
static bool is_library_function(const char *name)
{
	static const char *const list[] = {
		"abort", "abs", "acos", "acosh", "alloca", "asctime", "asin", "asinh", "atan", "atan2", "atanh", "atexit", "atof", "atoi", "atol", "bsearch", "calloc",
		"cbrt", "ceil", "clock", "copysign", "cos", "cosh", "ctime", "difftime", "div", "drem", "erf", "erfc", "exit", "exp", "exp2", "expm1", "fabs", "fclose",
		"fdim", "ffs", "finite", "floor", "fma", "fmax", "fmin", "fmod", "fopen", "fprintf", "fputs", "fread", "free", "frexp", "fscanf", "fwrite", "gamma",
		"getc", "getchar", "getenv", "getline", "gets", "gmtime", "hypot", "ilogb", "index", "initstate", "j0", "j1", "jn", "labs", "ldexp", "ldiv", "lgamma",
		"llrint", "llround", "localtime", "log", "log10", "log1p", "log2", "logb", "lrint", "lround", "main", "malloc", "memcmp", "memcpy", "memmove", "memset",
		"mktime", "modf", "nan", "nanosleep", "nearbyint", "nextafter", "pow", "printf", "putc", "putchar", "puts", "qsort", "rand", "random", "realloc",
		"realpath", "remainder", "remove", "remquo", "rename", "rewind", "rindex", "rint", "round", "scalb", "scalbn", "scanf", "select", "setenv",
		"setstate", "significand", "sin", "sinh", "sprintf", "sqrt", "srand", "strcat", "strchr", "strcmp", "strcpy", "strlen", "strtod", "system", "tan",
		"tanh", "tgamma", "time", "tm", "trunc", "ungetc", "valloc", "y0", "y1", "yn",
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		const size_t n = strlen(list[i]);
		if (!strncmp(name, list[i], n) && (!name[n] || (!name[n + 1] && strchr("fl", name[n]))))
			return true;
	}
	return false;
}

static bool check_model_name(Emit *e)
{
	static const char *const beside[] = {"mc", "larger", "call", "table", "driver", "parts"}; /* in NAME.c and NAME_driver.c */
	const Model *m = e->model;
	const char *wrong = !is_identifier(m->name) ? "is no name in C" : NULL;
	bool taken = is_c_word(m->name) || is_library_function(m->name);
	for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
		taken = taken || !strcmp(m->name, beside[i]);
	if (taken)
		wrong = "is not free: a keyword of C, a function of its library or a word of all generated code has it";
	if (!wrong)
		return true;
	Message *said = diag_error(e->diag, m->loc, "the model's name '%s' %s", m->name, wrong);
	if (!m->loc.source)
		diag_note(said, (Loc){0}, "a line 'model NAME' at its begin gives it another one than the file's");
	return false;
}

bool check_names(Emit *e)
{
	static const char *const made[] = {"sizes", "bytes", "place", "new", "share_bytes", "share", "free", "init", "params", "tensors", "functions", "model",
	                                   "status_text", "save", "load", "driver", "profile", "instructions", "device_bytes", "device_error", "set", "object_fits"};
	static const char *const made_static[] = {"choose_set", "drop_graphs", "is_ready", "model_dims", "open_device", "place_device", "place_scratch",
	                                          "profile_steps", "pull_state", "push_lent", "sizes_of", "table_bytes", "table_create", "table_destroy", "table_device_error", 
	                                          "table_init", "table_limits", "table_profile", "table_random", "table_random_set", "table_ready", "table_sizes"};
	static const char *const made_macro[] = {"BYTES", "MAX", "H"};
	const Model *m = e->model;
	e->taken = names_new(e->arena);
	if (!check_model_name(e))
		return false;
	Takens all = {.names = names_new(e->arena)};
	for (size_t i = 0; i < sizeof made / sizeof *made; i++)
		take_two(e, &all, e->name, made[i], (Loc){0}, "a function that every model has");
	for (size_t i = 0; i < sizeof made_static / sizeof *made_static; i++)
		take(e, &all, made_static[i], (Loc){0}, "a function that every model has");
	for (size_t i = 0; i < sizeof made_macro / sizeof *made_macro; i++)
		take_two(e, &all, e->upper, made_macro[i], (Loc){0}, "a macro that every model has");
	for (int i = 0; i < m->vars.len; i++)
		take_variable(e, &all, m->vars.data[i]);
	for (int i = 0; i < m->funcs.len; i++)
		take_function(e, &all, m->funcs.data[i]);
	return diag_count(e->diag) == 0;
}
