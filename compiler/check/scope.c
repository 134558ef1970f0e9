/* scope.c -- which names stand where */
#include "state.h"

Scope *scope_new(Check *c, Scope *outer, ScopeKind kind)
{
	Scope *s = NEW(c->arena, Scope);
	s->outer = outer;
	s->kind = kind;
	s->region = c->state->region;
	s->frame = c->frame;
	if (outer) {
		s->inst = outer->inst;
		s->place = outer->place;
		s->flow = outer->flow;
		s->name = outer->name;
	}
	return s;
}

static size_t slot_of(const Scope *s, const char *name)
{
	return (size_t)(((uintptr_t)name >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (size_t)(s->nhash - 1);
}

static void hash_put(Scope *s, Binding *b)
{
	size_t i = slot_of(s, b->name);
	while (s->hash[i])
		i = (i + 1) & (size_t)(s->nhash - 1);
	s->hash[i] = b;
}

/* scopes with many names are searched by hash: open addressing, at most half full */
static void hash_grow(Check *c, Scope *s)
{
	if (s->names.len < 16 || 2 * s->names.len <= s->nhash)
		return;
	s->nhash = s->nhash ? 2 * s->nhash : 64;
	s->hash = NEW_ARRAY(c->arena, Binding *, s->nhash);
	for (int i = 0; i < s->names.len; i++)
		hash_put(s, s->names.data[i]);
}

Binding *find_here(const Scope *s, const char *name)
{
	if (s->hash) {
		for (size_t i = slot_of(s, name); s->hash[i]; i = (i + 1) & (size_t)(s->nhash - 1))
			if (s->hash[i]->name == name)
				return s->hash[i];
		return NULL;
	}
	for (int i = 0; i < s->names.len; i++)
		if (s->names.data[i]->name == name)
			return s->names.data[i];
	return NULL;
}

Binding *find_name(const Scope *s, const char *name)
{
	for (; s; s = s->outer) {
		Binding *b = find_here(s, name);
		if (b)
			return b;
	}
	return NULL;
}

void adopt(Check *c, Scope *s, Binding *b)
{
	push(c->arena, &s->names, b);
	if (s->hash && 2 * s->names.len <= s->nhash)
		hash_put(s, b);
	else
		hash_grow(c, s);
}

static const char *kind_text(BindKind kind, const Stmt *stmt)
{
	switch (kind) {
	case BIND_CONST: return "const";
	case BIND_DIM: return "dim";
	case BIND_SYMBOL: return stmt && stmt->kind == ST_SYMBOL ? "symbol" : "argument";
	case BIND_DATA: return "data";
	case BIND_VAR: return stmt && stmt->kind == ST_PARAM ? "param" : "shared";
	case BIND_LET: return stmt && stmt->kind == ST_LOSS ? "loss" : "let";
	case BIND_NEXT: return "next";
	case BIND_DEF: return "def";
	case BIND_EXTERN: return "extern";
	case BIND_FUNCTION: return "function";
	default: return "";
	}
}

void declared_twice(Check *c, Ident id, BindKind kind, Loc first)
{
	Message *m = check_error(c, id.loc, kind == BIND_NEXT ? "'%s' is given a value twice" : "'%s' is declared twice", id.text);
	if (first.source)
		diag_note(m, first, "the first stands here");
}

Binding *declare(Check *c, Scope *s, Ident id, BindKind kind, const Stmt *stmt)
{
	Binding *old = find_here(s, id.text);
	Binding *b = NEW(c->arena, Binding);
	b->name = id.text;
	b->loc = id.loc;
	b->kind = kind;
	b->scope = s;
	b->stmt = stmt;
	b->origin = (Origin){kind_text(kind, stmt), id.text, id.loc};
	if (old) {
		declared_twice(c, id, kind, old->loc);
		b->failed = true;
		return b;
	}
	adopt(c, s, b);
	return b;
}

Binding *declare_value(Check *c, Scope *s, Ident id, const char *kind, Value v)
{
	Binding *b = declare(c, s, id, BIND_VALUE, NULL);
	b->value = v;
	b->origin.kind = kind;
	if (b->value.origin == NULL && *kind)
		b->value.origin = &b->origin;
	return b;
}

/* the module that has it: "nn.dense" */
static const char *in_module(Check *c, const char *name)
{
	for (int i = 0; i < c->state->modules.len; i++) {
		const Scope *module = c->state->modules.data[i];
		if (find_here(module, name) && find_name(c->state->outermost, module->name))
			return arena_printf(c->arena, "%s.%s", module->name, name);
	}
	return NULL;
}

const char *suggest(Check *c, const Scope *s, const char *name)
{
	if (diag_count(c->diag) >= MOST_ERRORS)
		return NULL; /* it is counted, not shown */
	const char *member = in_module(c, name);
	if (member)
		return member;
	VEC(const char *) all = {0};
	for (; s; s = s->outer)
		for (int i = 0; i < s->names.len; i++)
			if (s->names.data[i]->kind != BIND_NEXT)
				push(c->arena, &all, s->names.data[i]->name);
	return did_you_mean(name, all.data, all.len);
}

/* what is like no other name is missing as a whole: once is enough */
static bool is_missing_already(Check *c, const char *name)
{
	State *st = c->state;
	for (int i = 0; i < st->missing.len; i++)
		if (st->missing.data[i] == name)
			return true;
	if (!st->trying)
		push(c->arena, &st->missing, name);
	return false;
}

Message *error_unknown(Check *c, const Scope *s, Loc loc, const char *name, const char *what)
{
	const char *near = suggest(c, s, name);
	if (near)
		return check_error(c, loc, "unknown %s '%s'; did you mean '%s'?", what, name, near);
	if (!is_missing_already(c, name))
		return check_error(c, loc, "unknown %s '%s'", what, name);
	c->state->walk->failed = true;
	return diag_unprinted(c->diag);
}

Saved enter(Check *c, Scope *s)
{
	State *st = c->state;
	Saved saved = {st->region, c->frame, c->graph};
	st->region = s->region;
	c->frame = s->frame;
	c->graph = st->region ? st->region->graph : NULL;
	return saved;
}

void leave(Check *c, Saved saved)
{
	State *st = c->state;
	st->region = saved.region;
	c->frame = saved.frame;
	c->graph = saved.graph;
}
