/* check.c -- the stage: from a file to the model's graphs */
#include "state.h"

static void first_walk(Check *c)
{
	State *st = c->state;
	Func *f = NEW(c->arena, Func);
	f->name = intern_str(c->names, "_init");
	f->training = true;
	st->first = walk_new(c, f, NULL, 0);
	st->top = scope_new(c, st->outermost, SCOPE_FILE);
	walk_begin(c, st->first);
	st->top->name = "";
	st->top->inst = st->root;
	declare_names(c, st->top, &st->file->decls);
	run_block(c, st->top, &st->file->decls);
	define_constants(c);
}

/* `?`s that turned out to be other sizes, or that nothing speaks of, go */
static void keep_dims(Check *c)
{
	Model *m = c->state->model;
	bool *used = NEW_ARRAY(c->arena, bool, m->dims.len + 1);
	for (int i = 0; i < m->funcs.len; i++)
		collect_dims(c, m->funcs.data[i], used);
	for (int i = 0; i < m->vars.len; i++)
		collect_type_dims(m->vars.data[i]->type, used);
	int n = 0;
	for (int pass = 0; pass < 2; pass++) /* declared ones first */
		for (int i = 0; i < m->dims.len; i++)
			n += m->dims.data[i]->anonymous == pass && (!pass || used[i]);
	Dim **dims = NEW_ARRAY(c->arena, Dim *, n + 1);
	int k = 0;
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < m->dims.len; i++)
			if (m->dims.data[i]->anonymous == pass && (!pass || used[i]))
				dims[k++] = m->dims.data[i];
	for (int i = 0; i < n; i++)
		dims[i]->index = i;
	m->dims.data = dims;
	m->dims.len = m->dims.cap = n;
}

static void functions(Check *c)
{
	const Stmts *decls = &c->state->file->decls;
	for (int i = 0; i < decls->len; i++)
		if (decls->data[i]->kind == ST_FUNCTION)
			check_function(c, decls->data[i]);
	if (c->state->options->print)
		print_function(c, c->state->options->print);
}

static const char *model_name(Check *c, const File *file)
{
	if (file->model.text)
		return file->model.text;
	const char *path = file->source->path, *name = path, *end;
	for (const char *p = path; *p; p++)
		if (*p == '/')
			name = p + 1;
	for (end = name; *end && *end != '.'; end++)
		;
	return intern(c->names, name, (size_t)(end - name));
}

Model *check_model(Arena *arena, Names *names, Diag *diag, const File *file, const CheckOptions *options)
{
	State st = {.options = options, .file = file};
	Check check = {.arena = arena, .names = names, .diag = diag, .floatX = options->floatX, .state = &st}, *c = &check;
	Model *m = NEW(arena, Model);
	m->arena = arena;
	m->name = model_name(c, file);
	if (file->model.text)
		m->loc = file->model.loc;
	m->source = file->source;
	m->floatX = options->floatX;
	st.model = m;
	st.define_used = NEW_ARRAY(arena, bool, options->ndefines + 1);
	open_library(c);
	if (diag_count(diag))
		return NULL;
	first_walk(c);
	walk_end(c, st.first);
	functions(c);
	for (int i = 0; i < m->vars.len; i++)
		check_sizes(c, m->vars.data[i]->loc, m->vars.data[i]->type);
	check_uncalled(c);
	for (int i = 0; i < file->decls.len; i++)
		if (file->decls.data[i]->kind == ST_DRIVER)
			check_driver(c, file->decls.data[i]);
	drop_reach(c);
	if (diag_count(diag) == 0)
		finish_init(c);
	if (diag_count(diag))
		return NULL;
	keep_dims(c);
	return m;
}
