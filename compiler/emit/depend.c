/* depend.c -- NAME.d: what was written needs the model and the files that it uses, as rules for make and ninja
 *
 * A used file also stands as a rule without needs, so that make goes on where it is gone. */
#include <string.h>

#include "emit_internal.h"

/* as make reads a name: blanks, # and $ marked; what make cannot say (a newline) stays as it is */
static void put_path(Emit *e, Writer *w, const char *path)
{
	char *text = arena_alloc(e->arena, 2 * strlen(path) + 1), *end = text;
	for (const char *p = path; *p; p++) {
		if (*p == ' ' || *p == '\t' || *p == '#')
			*end++ = '\\';
		if (*p == '$')
			*end++ = '$';
		*end++ = *p;
	}
	*end = 0;
	put_raw(w, text);
}

void emit_depend(Emit *e, Writer *w)
{
	const Model *m = e->model;
	const char *const ending[] = {".h", e->options->cuda ? ".cu" : ".c", "_driver.c"};
	for (int i = 0; i < (e->options->driver ? 3 : 2); i++) {
		put_path(e, w, arena_printf(e->arena, "%s/%s%s", e->options->out_dir, m->name, ending[i]));
		put_raw(w, i < (e->options->driver ? 2 : 1) ? " " : ": ");
	}
	put_path(e, w, m->source->path);
	for (int i = 0; i < m->used.len; i++) {
		put_raw(w, " \\\n ");
		put_path(e, w, m->used.data[i]);
	}
	put_raw(w, "\n");
	for (int i = 0; i < m->used.len; i++) {
		put_raw(w, "\n");
		put_path(e, w, m->used.data[i]);
		put_raw(w, ":\n");
	}
}
