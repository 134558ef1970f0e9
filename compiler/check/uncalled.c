/* uncalled.c -- a def that nothing expands: at least its names must be known */
#include "state.h"

static void check_names(Check *c, const DefValue *d)
{
	const Idents *own = &d->def->def.own;
	Scope *s = scope_new(c, d->scope, SCOPE_DEF);
	for (int i = 0; i < own->len; i++)
		if (find_here(s, own->data[i].text) == NULL)
			declare_value(c, s, own->data[i], "", value_error());
	const Exprs *uses = &d->def->def.uses;
	for (int i = 0; i < uses->len; i++) {
		const char *name = uses->data[i]->name;
		if (find_name(s, name) == NULL && find_instance(s, name) == NULL && !names_instance(c, name))
			error_unknown(c, s, uses->data[i]->loc, name, "name");
	}
}

void check_uncalled(Check *c)
{
	const Scope *top = c->state->top;
	for (int i = 0; i < top->names.len; i++) {
		const Binding *b = top->names.data[i];
		if (b->kind == BIND_DEF && !*b->value.def->called)
			check_names(c, b->value.def);
	}
}
