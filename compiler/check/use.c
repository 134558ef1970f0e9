/* use.c -- use "own.model": another file's defs, consts and externs */
#include <string.h>

#include "state.h"

/* beside the file that names it */
static const char *beside(Check *c, const char *from, const char *path)
{
	const char *slash = strrchr(from, '/');
	if (path[0] == '/' || slash == NULL)
		return path;
	return arena_printf(c->arena, "%.*s%s", (int)(slash - from + 1), from, path);
}

static Scope *opened(Check *c, const char *path)
{
	return find_module(c, path);
}

static Scope *open_file(Check *c, const char *path, Loc loc)
{
	const char *why;
	const Source *source = source_from_file(c->arena, path, &why);
	if (source == NULL) {
		check_error(c, loc, "cannot use '%s': %s", path, why);
		return NULL;
	}
	int errors = diag_count(c->diag);
	File *file = parse_file(c->arena, c->names, c->diag, source);
	if (diag_count(c->diag) > errors)
		return NULL;
	Scope *s = scope_new(c, c->state->outermost, SCOPE_MODULE);
	s->name = path;
	push(c->arena, &c->state->modules, s);
	push(c->arena, &c->state->model->used, path);
	for (int i = 0; i < file->decls.len; i++) {
		const Stmt *d = file->decls.data[i];
		if (d->kind != ST_CONST && d->kind != ST_DEF && d->kind != ST_EXTERN && d->kind != ST_USE && d->kind != ST_ERROR)
			check_error(c, d->loc, "a file that another one uses holds defs, consts and externs");
	}
	declare_names(c, s, &file->decls);
	return s;
}

static bool may_be_used(BindKind kind)
{
	return kind == BIND_CONST || kind == BIND_DEF || kind == BIND_EXTERN;
}

void use_file(Check *c, Scope *to, const Stmt *stmt)
{
	const Expr *e = stmt->use.path;
	const char *path = beside(c, stmt->loc.source->path, e->s.text);
	if (!strcmp(path, c->state->file->source->path)) {
		check_error(c, e->loc, "the model's own file is not for use");
		return;
	}
	Scope *from = opened(c, path);
	if (from == NULL)
		from = open_file(c, path, e->loc);
	for (int i = 0; from && i < from->names.len; i++) {
		Binding *b = from->names.data[i], *old = find_here(to, b->name);
		if (old == b || !may_be_used(b->kind))
			continue;
		if (old) {
			Message *m = check_error(c, e->loc, "'%s' is declared in this file and in '%s'", b->name, path);
			diag_note(m, old->loc, "the first stands here");
			continue;
		}
		adopt(c, to, b);
	}
}
