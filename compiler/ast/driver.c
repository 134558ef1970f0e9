/* driver.c -- the items of a driver block, whose words are names elsewhere */
#include "parse.h"

#include <string.h>

static const char *const kinds[] = {"bind", "set", "fit", "predict", "picture"}; /* as DriverKind */
enum { NKINDS = sizeof kinds / sizeof *kinds };

/* "path" or "path"[lo : hi] */
static bool read_file(const DriverKey *key, FileBinding *out)
{
	if (key->values.len != 1)
		return false;
	Expr *e = key->values.data[0];
	*out = (FileBinding){.name = key->name, .path = e};
	if (e->kind == EX_INDEX) {
		if (e->index.at.len != 1)
			return false;
		const Index *at = &e->index.at.data[0];
		if (at->kind != INDEX_SLICE || at->step)
			return false;
		out->path = e->index.a;
		out->sliced = true;
		out->lo = at->lo;
		out->hi = at->hi;
	}
	return out->path->kind == EX_STRING || out->path->kind == EX_ERROR;
}

void add_driver_item(Parse *p, Stmt *s, Loc loc, Ident word, Ident name, const DriverKeys *keys)
{
	DriverItem item = {.loc = loc, .name = name};
	int kind = 0;
	while (kind < NKINDS && strcmp(word.text, kinds[kind]))
		kind++;
	if (kind == NKINDS) {
		Message *m = diag_error(p->diag, word.loc, "unexpected name '%s', expected 'bind', 'set', 'fit', 'predict' or 'picture'",
			word.text);
		const char *meant = did_you_mean(word.text, kinds, NKINDS);
		if (meant)
			diag_note(m, (Loc){0}, "did you mean '%s'?", meant);
		return;
	}
	item.kind = (DriverKind)kind;
	if (item.kind == DRIVER_BIND && name.text)
		diag_error(p->diag, name.loc, "'bind' has no name: it gives the data of the model their files");
	if (item.kind != DRIVER_BIND && !name.text)
		diag_error(p->diag, word.loc, "'%s' needs the name of a %s", word.text, item.kind == DRIVER_SET ? "set" : "function");
	for (int i = 0; i < keys->len; i++) {
		const DriverKey *key = &keys->data[i];
		FileBinding file;
		if (item.kind != DRIVER_BIND && item.kind != DRIVER_SET)
			push(p->arena, &item.keys, *key);
		else if (read_file(key, &file))
			push(p->arena, &item.files, file);
		else
			diag_error(p->diag, key->values.data[0]->loc, "expected a file: \"path\" or \"path\"[first : end]");
	}
	push(p->arena, &s->driver.items, item);
}
