/* tree.c -- the tree of a program as an S-expression, written apart from compiler/ast/print.c */
#include "tree.h"

#include <string.h>

typedef struct Text {
	Arena *arena;
	VEC(char) s;
} Text;

static void expr(Text *, const Expr *);
static void stmts(Text *, const Stmts *);

static void add(Text *t, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	for (const char *s = arena_vprintf(t->arena, fmt, args); *s; s++)
		push(t->arena, &t->s, *s);
	va_end(args);
}

static void ident(Text *t, Ident name)
{
	add(t, " %s", name.text ? name.text : "~");
}

static void idents(Text *t, const Idents *list)
{
	add(t, " <");
	for (int i = 0; i < list->len; i++)
		ident(t, list->data[i]);
	add(t, " >");
}

static void exprs(Text *t, const Exprs *list)
{
	add(t, " <");
	for (int i = 0; i < list->len; i++)
		expr(t, list->data[i]);
	add(t, " >");
}

static void args(Text *t, const Args *list)
{
	add(t, " <");
	for (int i = 0; i < list->len; i++) {
		if (list->data[i].name.text)
			add(t, " %s=", list->data[i].name.text);
		expr(t, list->data[i].value);
	}
	add(t, " >");
}

static void bytes(Text *t, const char *s, size_t n)
{
	add(t, " %d\"", (int)n);
	for (size_t i = 0; i < n; i++)
		add(t, "%c", s[i]);
	add(t, "\"");
}

static void expr(Text *t, const Expr *e)
{
	if (!e) {
		add(t, " ~");
		return;
	}
	switch (e->kind) {
	case EX_ERROR: add(t, " (error"); break;
	case EX_ELLIPSIS: add(t, " (..."); break;
	case EX_INT: add(t, " %lld", (long long)e->i); return;
	case EX_FLOAT: add(t, " %.17g'%s", e->f.value, e->f.text); return;
	case EX_STRING: bytes(t, e->s.text, e->s.len); return;
	case EX_BOOL: add(t, e->i ? " true" : " false"); return;
	case EX_NAME: add(t, " %s", e->name); return;
	case EX_LIST: add(t, " (list"); exprs(t, &e->list); break;
	case EX_UNARY: add(t, e->un.op == UN_NEG ? " (neg" : " (not"); expr(t, e->un.a); break;
	case EX_BINARY:
		add(t, " (%s", binary_op_text(e->bin.op));
		expr(t, e->bin.a);
		expr(t, e->bin.b);
		break;
	case EX_INDEX:
		add(t, " (index");
		expr(t, e->index.a);
		for (int i = 0; i < e->index.at.len; i++) {
			const Index *at = &e->index.at.data[i];
			add(t, " [%d", (int)at->kind);
			if (at->kind == INDEX_EXPR)
				expr(t, at->at);
			if (at->kind == INDEX_SLICE) {
				expr(t, at->lo);
				expr(t, at->hi);
				expr(t, at->step);
			}
			add(t, "]");
		}
		break;
	case EX_FIELD: add(t, " (field"); expr(t, e->field.a); ident(t, e->field.name); break;
	case EX_ITEM: add(t, " (item"); expr(t, e->item.a); add(t, " %lld", (long long)e->item.i); break;
	case EX_CALL:
		add(t, " (call#%d", e->call.site);
		expr(t, e->call.callee);
		args(t, &e->call.args);
		ident(t, e->call.as);
		break;
	case EX_NEXT: add(t, " (next"); ident(t, e->next); break;
	case EX_IF: add(t, " (if"); expr(t, e->cond.cond); expr(t, e->cond.then); expr(t, e->cond.other); break;
	case EX_EACH:
		add(t, " (each");
		expr(t, e->each.body);
		idents(t, &e->each.names);
		exprs(t, &e->each.lists);
		break;
	case EX_SCAN:
		add(t, " (scan#%d", e->scan.site);
		args(t, &e->scan.options);
		args(t, &e->scan.carries);
		args(t, &e->scan.over);
		stmts(t, &e->scan.body);
		break;
	case EX_FOLD:
		add(t, " (fold#%d", e->fold.site);
		args(t, &e->fold.carries);
		ident(t, e->fold.index);
		expr(t, e->fold.lo);
		expr(t, e->fold.hi);
		stmts(t, &e->fold.body);
		ident(t, e->fold.as);
		break;
	}
	add(t, ")");
}

static void type(Text *t, const TypeExpr *ty)
{
	if (!ty) {
		add(t, " ~");
		return;
	}
	add(t, " (type");
	ident(t, ty->dtype);
	if (ty->like)
		expr(t, ty->like);
	if (ty->has_sizes)
		add(t, " sizes");
	for (int i = 0; i < ty->sizes.len; i++) {
		const SizeExpr *s = &ty->sizes.data[i];
		if (s->kind == SIZE_EXPR)
			expr(t, s->e);
		else
			add(t, s->kind == SIZE_ANY ? " ?" : " ...");
	}
	add(t, ")");
}

static void params(Text *t, const Params *list)
{
	add(t, " <");
	for (int i = 0; i < list->len; i++) {
		ident(t, list->data[i].name);
		type(t, list->data[i].type);
		expr(t, list->data[i].value);
	}
	add(t, " >");
}

static void driver(Text *t, const Stmt *s)
{
	for (int i = 0; i < s->driver.items.len; i++) {
		const DriverItem *item = &s->driver.items.data[i];
		add(t, " (%d", (int)item->kind);
		ident(t, item->name);
		for (int k = 0; k < item->files.len; k++) {
			ident(t, item->files.data[k].name);
			expr(t, item->files.data[k].path);
			add(t, item->files.data[k].sliced ? " sliced" : "");
			expr(t, item->files.data[k].lo);
			expr(t, item->files.data[k].hi);
		}
		for (int k = 0; k < item->keys.len; k++) {
			ident(t, item->keys.data[k].name);
			exprs(t, &item->keys.data[k].values);
		}
		add(t, ")");
	}
}

static void stmt(Text *t, const Stmt *s)
{
	static const char *const words[] = {"error", "use", "const", "dim", "symbol", "data", "param", "shared", "let", "loss", "def",
		"extern", "function", "driver", "given", "update", "call", "assert", "each", "if", "next", "emit", "until", "return"};
	add(t, "\n(%s", words[s->kind]);
	switch (s->kind) {
	case ST_ERROR: break;
	case ST_USE: expr(t, s->use.path); break;
	case ST_CONST: args(t, &s->consts); break;
	case ST_DIM:
		for (int i = 0; i < s->dims.len; i++) {
			ident(t, s->dims.data[i].name);
			add(t, s->dims.data[i].lower ? " >=" : "");
			expr(t, s->dims.data[i].bound);
		}
		break;
	case ST_SYMBOL: case ST_DATA: case ST_PARAM: case ST_SHARED:
		idents(t, &s->var.names);
		type(t, s->var.type);
		expr(t, s->var.init);
		break;
	case ST_LET: case ST_LOSS:
		idents(t, &s->let.names);
		add(t, s->let.tuple ? " tuple" : "");
		type(t, s->let.type);
		expr(t, s->let.value);
		break;
	case ST_DEF:
		ident(t, s->def.name);
		params(t, &s->def.params);
		stmts(t, &s->def.body);
		add(t, " %d", s->def.nsites);
		break;
	case ST_EXTERN:
		ident(t, s->ext.name);
		params(t, &s->ext.params);
		ident(t, s->ext.result);
		type(t, s->ext.type);
		for (int i = 0; i < s->ext.items.len; i++) {
			const ExternItem *item = &s->ext.items.data[i];
			add(t, " (%d", (int)item->kind);
			ident(t, item->name);
			ident(t, item->symbol);
			expr(t, item->e);
			add(t, ")");
		}
		break;
	case ST_FUNCTION:
		ident(t, s->func.name);
		params(t, &s->func.args);
		args(t, &s->func.outs);
		stmts(t, &s->func.body);
		add(t, " %d", s->func.nsites);
		break;
	case ST_DRIVER: driver(t, s); break;
	case ST_GIVEN: case ST_UPDATE: expr(t, s->update.target); expr(t, s->update.value); break;
	case ST_CALL: expr(t, s->call.call); break;
	case ST_ASSERT: case ST_UNTIL: expr(t, s->assertion.cond); break;
	case ST_EACH: idents(t, &s->each.names); exprs(t, &s->each.lists); stmts(t, &s->each.body); break;
	case ST_IF: expr(t, s->cond.cond); stmts(t, &s->cond.then); stmts(t, &s->cond.other); break;
	case ST_NEXT: ident(t, s->next.name); expr(t, s->next.value); break;
	case ST_EMIT: case ST_RETURN: exprs(t, &s->values); break;
	}
	add(t, ")");
}

static void stmts(Text *t, const Stmts *list)
{
	add(t, " {");
	for (int i = 0; i < list->len; i++)
		stmt(t, list->data[i]);
	add(t, " }");
}

static const char *done(Text *t)
{
	push(t->arena, &t->s, '\0');
	return t->s.data;
}

const char *tree_text(Arena *arena, const File *file)
{
	Text t = {.arena = arena};
	add(&t, "model");
	ident(&t, file->model);
	stmts(&t, &file->decls);
	add(&t, " %d", file->nsites);
	return done(&t);
}

const char *tree_of_expr(Arena *arena, const Expr *e)
{
	Text t = {.arena = arena};
	expr(&t, e);
	return done(&t) + 1;
}
