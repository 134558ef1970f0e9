/* library.c -- what stands around every program: builtins, constants, types, the prelude, the modules */
#include <math.h>
#include <string.h>

#include "lib.h"
#include "state.h"

static Ident name_of(Check *c, const char *text)
{
	return (Ident){intern_str(c->names, text), {0}};
}

static void put_value(Check *c, Scope *s, const char *name, Value v)
{
	if (find_here(s, intern_str(c->names, name)) == NULL)
		declare_value(c, s, name_of(c, name), "", v);
}

static Scope *module_new(Check *c, const char *name)
{
	Scope *s = scope_new(c, c->state->outermost, SCOPE_MODULE);
	s->name = intern_str(c->names, name);
	push(c->arena, &c->state->modules, s);
	Binding *b = declare_value(c, c->state->outermost, name_of(c, name), "", (Value){.kind = V_MODULE, .module = s});
	b->origin.kind = "module";
	return s;
}

Scope *find_module(Check *c, const char *name)
{
	for (int i = 0; i < c->state->modules.len; i++)
		if (!strcmp(c->state->modules.data[i]->name, name))
			return c->state->modules.data[i];
	return NULL;
}

static void put_builtins(Check *c, const Builtin *table)
{
	for (const Builtin *b = table; b->name; b++) {
		Scope *s = c->state->outermost;
		if (b->module && !(s = find_module(c, b->module)))
			s = module_new(c, b->module);
		put_value(c, s, b->name, (Value){.kind = V_BUILTIN, .builtin = b});
	}
}

static void put_constants(Check *c)
{
	Scope *s = c->state->outermost;
	put_value(c, s, "pi", value_float(3.14159265358979323846));
	put_value(c, s, "inf", value_float(HUGE_VAL));
	put_value(c, s, "nan", value_float((double)NAN));
	for (int t = 0; t < DT_tuple; t++)
		put_value(c, s, dtype_name((DType)t), (Value){.kind = V_DTYPE, .dtype = (DType)t});
	put_value(c, s, "floatX", (Value){.kind = V_DTYPE, .dtype = c->floatX});
	declare(c, s, name_of(c, "training"), BIND_TRAINING, NULL);
}

void open_library(Check *c)
{
	State *st = c->state;
	st->outermost = scope_new(c, NULL, SCOPE_BUILTIN);
	st->outermost->name = "";
	st->root = NEW(c->arena, Instance);
	st->root->name = st->root->path = "";
	st->outermost->inst = st->root;
	put_constants(c);
	put_builtins(c, special_builtins);
	put_builtins(c, builtins);
	for (const EmbeddedFile *f = lib_files; f->name; f++) {
		const char *path = arena_printf(c->arena, "lib/%s.model", f->name);
		const Source *source = source_from_text(c->arena, path, f->text, strlen(f->text));
		push(c->arena, &c->state->library, source);
		File *file = parse_file(c->arena, c->names, c->diag, source);
		Scope *s = !strcmp(f->name, "prelude") ? st->outermost : find_module(c, f->name);
		if (s == NULL)
			s = module_new(c, f->name);
		declare_names(c, s, &file->decls);
	}
}
