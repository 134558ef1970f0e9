/* build.c -- nodes of the tree, and what the grammar alone does not refuse */
#include "parse.h"

#include <string.h>

Expr *new_expr(Parse *p, ExprKind kind, Loc loc)
{
	Expr *e = NEW(p->arena, Expr);
	e->kind = kind;
	e->loc = loc;
	return e;
}

Stmt *new_stmt(Parse *p, StmtKind kind, Loc loc)
{
	Stmt *s = NEW(p->arena, Stmt);
	s->kind = kind;
	s->loc = loc;
	return s;
}

void check_args(Parse *p, const Args *args)
{
	const Arg *named = NULL;
	for (int i = 0; i < args->len; i++) {
		const Arg *arg = &args->data[i];
		if (arg->name.text) {
			named = arg;
		} else if (named) {
			Message *m = diag_error(p->diag, arg->value->loc, "an argument without a name stands before those with one");
			diag_label(m, named->name.loc, "named");
			return;
		}
	}
}

/* what to say of a statement that stands only in a body, or NULL */
static const char *body_only(StmtKind kind)
{
	switch (kind) {
	case ST_GIVEN: return "'given' stands directly in a function";
	case ST_UPDATE: return "an update stands in a function or a def";
	case ST_CALL: return "a call without 'let' stands in a function or a def";
	case ST_ASSERT: return "'assert' stands in a function or a def";
	case ST_EACH: return "'each' as a statement stands in a function or a def";
	case ST_IF: return "'if' as a statement stands in a function or a def";
	case ST_NEXT: return "'next' stands in the body of a scan or fold";
	case ST_EMIT: return "'emit' stands in the body of a scan or fold";
	case ST_UNTIL: return "'until' stands in the body of a scan";
	case ST_RETURN: return "'return' stands in a def";
	default: return NULL;
	}
}

void add_declaration(Parse *p, Stmt *s)
{
	const char *misplaced = body_only(s->kind);
	Loc wrong = {p->source, p->reported, p->reported};
	if (misplaced && p->reported != UINT32_MAX && loc_line(wrong) == loc_line(s->loc))
		return; /* what it stands in was refused */
	if (misplaced)
		diag_error(p->diag, s->loc, "%s", misplaced);
	else
		push(p->arena, &p->file->decls, s);
}

TypeExpr *type_like(Parse *p, Ident like, Expr *e, Ident dtype, Loc loc)
{
	TypeExpr *t = NEW(p->arena, TypeExpr);
	t->loc = loc;
	t->dtype = dtype;
	t->like = e;
	if (strcmp(like.text, "like"))
		diag_error(p->diag, like.loc, "a type is a name, a name with its sizes in '[' and ']', or like(x)");
	return t;
}

void add_extern_item(Parse *p, Stmt *s, Loc loc, Ident word, Ident name, Expr *string, Expr *value)
{
	ExternItem item = {.loc = loc};
	const char *expected = NULL;
	if (string) {
		item.kind = EXTERN_INCLUDE;
		item.e = string;
		expected = "include";
	} else if (value) {
		item.kind = EXTERN_GRAD;
		item.name = name;
		item.e = value;
		expected = "grad";
	} else {
		item.kind = EXTERN_SYMBOL;
		item.name = word;
		item.symbol = name;
	}
	if (expected && strcmp(word.text, expected)) {
		Message *m = diag_error(p->diag, word.loc, "unexpected name '%s', expected '%s'", word.text, expected);
		diag_note(m, (Loc){0}, "an extern holds: include \"file.h\", DTYPE C_NAME, grad ARGUMENT = EXPRESSION");
	}
	push(p->arena, &s->ext.items, item);
}
