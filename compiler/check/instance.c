/* instance.c -- what calls of defs declare: instances nest, and their paths name the variables
 *
 * An instance is named by `as`, else by the let that is the call, else by the def; then a number tells calls apart, given to
 * the places of the calls in the order in which the first walk meets them. */
#include <stdlib.h>
#include <string.h>

#include "state.h"

/* 1 + where, 0: nowhere */
static int place_of(const Names *names, const char *name)
{
	return names && has_name(names, name) ? *name_mark((Names *)(uintptr_t)names, name) : 0;
}

static void put_name(Check *c, Names **names, const char *name, int place)
{
	if (!*names)
		*names = names_new(c->arena);
	*name_mark(*names, name) = place;
}

static Instance *find_inner(const Instance *of, const char *name)
{
	const int i = place_of(of->inner_names, name); /* a trial may have left names that are gone */
	return i && i <= of->inner.len && !strcmp(of->inner.data[i - 1]->name, name) ? of->inner.data[i - 1] : NULL;
}

/* "3" as a number of lo .. lo + n - 1; the row: from 0 */
static bool in_range(const char *name, int64_t lo, int64_t n, int64_t *row)
{
	char *end;
	int64_t i = strtoll(name, &end, 10);
	*row = i - lo;
	return end != name && *end == 0 && i >= lo && i - lo < n;
}

Instance *instance_child(Check *c, Instance *outer, const char *name)
{
	Instance *in = find_inner(outer, name);
	if (in)
		return in;
	in = NEW(c->arena, Instance);
	in->name = name;
	in->path = *outer->path ? arena_printf(c->arena, "%s.%s", outer->path, name) : name;
	in->outer = outer;
	push(c->arena, &outer->inner, in);
	put_name(c, &outer->inner_names, name, outer->inner.len);
	if (outer->alias) {
		in->alias = instance_child(c, outer->alias, name);
		in->row = outer->row;
	} else if (outer->star && in_range(name, outer->from, outer->count, &in->row)) {
		in->alias = outer->star;
	}
	return in;
}

static Instance *unnamed(Check *c, Instance *outer, const char *def, int site)
{
	const char *key = arena_printf(c->arena, "%d %s", site, def), *name = def;
	const int known = place_of(outer->site_names, key);
	if (known && known <= outer->sites.len && outer->sites.data[known - 1].site == site && !strcmp(outer->sites.data[known - 1].def, def))
		return outer->sites.data[known - 1].inst;
	int same = place_of(outer->site_names, def); /* calls of this def */
	put_name(c, &outer->site_names, def, same + 1);
	do
		name = ++same == 1 ? def : arena_printf(c->arena, "%s_%d", def, same);
	while (find_inner(outer, name));
	Instance *in = instance_child(c, outer, name);
	SiteName s = {site, def, in};
	push(c->arena, &outer->sites, s);
	put_name(c, &outer->site_names, key, outer->sites.len);
	return in;
}

Instance *instance_of_call(Check *c, Instance *outer, Ident as, const char *hint, const char *def, int site)
{
	if (as.text)
		return instance_child(c, outer, as.text);
	if (hint)
		return instance_child(c, outer, hint);
	return unnamed(c, outer, def, site);
}

/* the scopes from inner to outer, each with the instance that its calls stand in */
Instance *find_instance(Scope *s, const char *name)
{
	for (; s; s = s->outer) {
		Instance *in = s->inst ? find_inner(s->inst, name) : NULL;
		if (in)
			return in;
	}
	return NULL;
}

/* of a path */
static const char *last_name(const char *path)
{
	const char *dot = strrchr(path, '.');
	return dot ? dot + 1 : path;
}

VarDecl *find_var(const Instance *in, const char *name)
{
	const int i = place_of(in->var_names, name);
	if (i && i <= in->vars.len && !strcmp(last_name(in->vars.data[i - 1]->var->name), name))
		return in->vars.data[i - 1];
	return in->alias ? find_var(in->alias, name) : NULL;
}

void add_var(Check *c, Instance *in, VarDecl *d)
{
	push(c->arena, &in->vars, d);
	put_name(c, &in->var_names, last_name(d->var->name), in->vars.len);
}

static void unknown_member(Check *c, const Instance *in, Ident name)
{
	VEC(const char *) all = {0};
	for (int i = 0; i < in->vars.len; i++)
		push(c->arena, &all, last_name(in->vars.data[i]->var->name));
	for (int i = 0; i < in->inner.len; i++)
		push(c->arena, &all, in->inner.data[i]->name);
	const char *near = did_you_mean(name.text, all.data, all.len);
	if (near)
		check_error(c, name.loc, "the instance %s has no '%s'; did you mean '%s'?", in->path, name.text, near);
	else
		check_error(c, name.loc, "the instance %s has no '%s'", in->path, name.text);
}

/* a variable, an instance within, or a let of the def, which is evaluated in this walk if it was not yet */
Value instance_member(Check *c, Instance *in, Ident name, Loc use)
{
	VarDecl *d = find_var(in, name.text);
	if (d)
		return var_of_instance(c, in, d);
	Instance *inner = find_inner(in, name.text);
	int64_t row;
	if (inner == NULL && ((in->star && in_range(name.text, in->from, in->count, &row)) ||
	                      (in->alias && find_inner(in->alias, name.text))))
		inner = instance_child(c, in, name.text);
	if (inner)
		return (Value){.kind = V_INSTANCE, .instance = inner};
	if (in->epoch != c->state->walk->epoch && in->owner && !in->owner->busy)
		force(c, in->owner, use);
	Binding *b = in->epoch == c->state->walk->epoch && in->scope ? find_here(in->scope, name.text) : NULL;
	if (b)
		return force(c, b, use);
	unknown_member(c, in, name);
	return value_error();
}
