/* chain.c -- lets that need lets that need lets, without recursion
 *
 * A let is evaluated when it is needed, which nests as deep as the chain is long.  Where that is deep already, the lets that
 * an expression needs in any case are looked for first, with a stack of our own, and evaluated from the end of the chain. */
#include "state.h"

typedef VEC(Binding *) Bindings;

static void add_expr(Check *c, const Scope *s, const Expr *e, Bindings *out);

static void add_exprs(Check *c, const Scope *s, const Exprs *list, Bindings *out)
{
	for (int i = 0; i < list->len; i++)
		add_expr(c, s, list->data[i], out);
}

static void add_args(Check *c, const Scope *s, const Args *args, Bindings *out)
{
	for (int i = 0; i < args->len; i++)
		add_expr(c, s, args->data[i].value, out);
}

static void add_indices(Check *c, const Scope *s, const Indices *at, Bindings *out)
{
	for (int i = 0; i < at->len; i++) {
		add_expr(c, s, at->data[i].at, out);
		add_expr(c, s, at->data[i].lo, out);
		add_expr(c, s, at->data[i].hi, out);
		add_expr(c, s, at->data[i].step, out);
	}
}

/* what is evaluated whatever else: neither branches nor bodies */
static void add_expr(Check *c, const Scope *s, const Expr *e, Bindings *out)
{
	if (!e)
		return;
	switch (e->kind) {
	case EX_NAME: {
		Binding *b = find_name(s, e->name);
		if (b && b->kind == BIND_LET && b->scope == c->state->top)
			push(c->arena, out, b);
		return;
	}
	case EX_LIST: add_exprs(c, s, &e->list, out); return;
	case EX_UNARY: add_expr(c, s, e->un.a, out); return;
	case EX_BINARY:
		add_expr(c, s, e->bin.a, out);
		add_expr(c, s, e->bin.b, out);
		return;
	case EX_INDEX:
		add_expr(c, s, e->index.a, out);
		add_indices(c, s, &e->index.at, out);
		return;
	case EX_FIELD: add_expr(c, s, e->field.a, out); return;
	case EX_ITEM: add_expr(c, s, e->item.a, out); return;
	case EX_CALL: add_args(c, s, &e->call.args, out); return;
	case EX_SCAN:
		add_args(c, s, &e->scan.carries, out);
		add_args(c, s, &e->scan.over, out);
		return;
	case EX_FOLD: add_args(c, s, &e->fold.carries, out); return;
	default: return;
	}
}

void force_chain(Check *c, Binding *b)
{
	int epoch = c->state->walk->epoch;
	Bindings stack = {0};
	add_expr(c, b->scope, b->stmt->let.value, &stack);
	while (stack.len) {
		Binding *last = stack.data[stack.len - 1];
		if (last->chained == epoch || last->failed || last->busy) {
			stack.len--;
			force(c, last, last->loc);
		} else {
			last->chained = epoch;
			add_expr(c, last->scope, last->stmt->let.value, &stack);
		}
	}
}
