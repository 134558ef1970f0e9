/* loop.c -- regions, and what the bodies of scan and fold share */
#include "state.h"

void region_open(Check *c, Region *r)
{
	*r = (Region){.graph = graph_new(c->arena), .outer = c->state->region};
	c->state->region = r;
	c->graph = r->graph;
}

void region_leave(Check *c, Region *r)
{
	c->state->region = r->outer;
	c->graph = r->outer->graph;
}

/* carries have names, each once */
bool loop_carries(Check *c, Scope *s, const Args *carries, Value *value)
{
	bool ok = true;
	for (int i = 0; i < carries->len; i++) {
		const Arg *a = &carries->data[i];
		if (a->name.text == NULL) {
			check_error(c, a->value->loc, "a carry has a name: scan h = h0 { ... }");
			ok = false;
			continue;
		}
		value[i] = eval_expr(c, s, a->value);
		ok = ok && value[i].kind != V_ERROR;
	}
	return ok;
}

Scope *loop_scope(Check *c, Scope *s)
{
	Scope *body = scope_new(c, s, SCOPE_BLOCK);
	body->flow = NEW(c->arena, Flow);
	body->flow->loop = true;
	body->region = c->state->region;
	return body;
}

bool loop_next(Check *c, Scope *body, const Arg *carry, Value *v)
{
	const char *name = intern_str(c->names, arena_printf(c->arena, "next %s", carry->name.text));
	Binding *b = find_here(body, name);
	if (b == NULL) {
		check_error(c, carry->name.loc, "the carry '%s' has no 'next %s' in the body", carry->name.text, carry->name.text);
		return false;
	}
	*v = force(c, b, b->loc);
	return v->kind != V_ERROR;
}

/* every `next` is of a carry */
bool loop_known_nexts(Check *c, const Scope *body, const Args *carries)
{
	bool ok = true;
	for (int i = 0; i < body->names.len; i++) {
		const Binding *b = body->names.data[i];
		bool known = b->kind != BIND_NEXT;
		for (int k = 0; !known && k < carries->len; k++)
			known = carries->data[k].name.text == b->stmt->next.name.text;
		if (!known)
			check_error(c, b->loc, "'%s' is no carry of this loop", b->stmt->next.name.text);
		ok = ok && known;
	}
	return ok;
}
