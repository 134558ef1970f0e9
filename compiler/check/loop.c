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

Val *loop_build(Check *c, Loc loc, Region *r, int nin, Val *const *in, Attr *attr, Val *until)
{
	Arena *arena = r->graph->arena;
	int first = attr->scan.ncarry + attr->scan.nemit, ncaptured;
	/* tests in the body: each emits whether it failed (rows that did not run are false), and all are tested outside */
	for (int i = 0; i < r->checks.len; i++) {
		const PendingCheck *p = &r->checks.data[i];
		push(arena, &r->graph->results, build_elem(r->graph, p->check.loc, OP_not, p->ok, NULL, NULL));
	}
	attr->scan.nemit += r->checks.len;
	attr->scan.until = until != NULL;
	if (until)
		push(arena, &r->graph->results, until);
	region_leave(c, r);
	Val **captured;
	region_close(r->graph, c->arena, &ncaptured, &captured);
	Val **all = NEW_ARRAY(c->arena, Val *, nin + ncaptured + 1);
	for (int i = 0; i < nin + ncaptured; i++)
		all[i] = i < nin ? in[i] : captured[i - nin];
	Val *scan = build_region(c->graph, loc, OP_scan, nin + ncaptured, all, attr, 1, &r->graph);
	for (int i = 0; i < r->checks.len; i++) {
		FuncCheck check = r->checks.data[i].check;
		Val *failed = build_get(c->graph, check.loc, scan, first + i);
		failed = build_reduce(c->graph, check.loc, REDUCE_any, failed, 1);
		Val *ok = build_elem(c->graph, check.loc, OP_not, failed, NULL, NULL);
		add_check(c, check.loc, ok, check.what, check.text);
	}
	return scan;
}

bool loop_carries(Check *c, Scope *s, const Args *carries, Value *value)
{
	bool ok = true;
	for (int i = 0; i < carries->len; i++) {
		const Arg *a = &carries->data[i];
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
	body->flow->body = body;
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
