/* driver_values.c -- what is known of a driver's values when it is compiled; data that have no file */
#include <string.h>

#include "state.h"

typedef struct Count {
	DriverKind of;
	const char *key;
	int least;
} Count;
static const Count counts[] = {
	{DRIVER_FIT, "steps", 1},
	{DRIVER_FIT, "epochs", 0},
	{DRIVER_FIT, "batch", 1},
	{DRIVER_FIT, "watch_steps", 1},
	{DRIVER_FIT, "test_steps", 1},
	{DRIVER_PREDICT, "first", 0},
	{DRIVER_PICTURE, "tile", 1},
};

static void check_count(Check *c, const char *what, const Func *f, int least)
{
	const Val *v = f && f->graph->results.len ? f->graph->results.data[0] : NULL;
	if (v == NULL)
		return;
	if (!dtype_is_integer(v->type->dtype))
		check_error(c, f->loc, "%s is a whole number, not %s", what, type_text(c->arena, v->type));
	else if (v->op == OP_const && v->attr.number.i < least)
		check_error(c, f->loc, "%s is at least %d, not %lld", what, least, (long long)v->attr.number.i);
}

static void check_counts(Check *c, const DriverPart *part, const DriverKeySpec *key)
{
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		if ((int)counts[i].of != part->kind || strcmp(counts[i].key, key->name) != 0)
			continue;
		for (int k = 0; k < key->values.len; k++)
			check_count(c, key->name, key->values.data[k].scalar, counts[i].least);
		if (key->values.len > 2)
			check_error(c, key->loc, "a tile has a height and a width");
	}
}

/* ---- data */

static bool has_file(const Driver *d, const Var *data)
{
	for (int i = 0; i < d->parts.len; i++)
		for (int k = 0; d->parts.data[i]->kind == DRIVER_BIND && k < d->parts.data[i]->files.len; k++)
			if (!strcmp(d->parts.data[i]->files.data[k].name, data->name))
				return true;
	return false;
}

static void check_data(Check *c, const Driver *d, const DriverPart *part)
{
	for (int i = 0; part->func && i < part->func->graph->vals.len; i++) {
		const Val *v = part->func->graph->vals.data[i];
		if (v->op != OP_var || v->attr.var->kind != VAR_DATA || has_file(d, v->attr.var))
			continue;
		Message *m = check_error(c, part->loc, "'%s' reads the data '%s', to which 'bind' gives no file", part->func->name,
		                         v->attr.var->name);
		diag_note(m, v->attr.var->loc, "it is declared here");
	}
}

void check_driver_values(Check *c, const Driver *d)
{
	for (int i = 0; i < d->parts.len; i++) {
		const DriverPart *part = d->parts.data[i];
		for (int k = 0; k < part->files.len; k++) {
			const DriverFile *f = &part->files.data[k];
			check_count(c, "the first row of an array", f->lo, 0);
			check_count(c, "the row behind the last of an array", f->hi, 0);
		}
		for (int k = 0; k < part->keys.len; k++)
			check_counts(c, part, &part->keys.data[k]);
		check_data(c, d, part);
	}
}
