/* print.c -- the program as text in canonical form; parsing it again gives the same tree
 *
 * One statement a line, bodies indented by tabs, and no parentheses but those
 * that the tree needs. */
#include "ast.h"

#include <string.h>

typedef struct Printer {
	Arena *arena; /* scratch */
	VEC(char) out;
	int depth;
	bool one_line;
} Printer;

/* how tight an expression holds together, as in parser.y */
enum { OR = 1, AND, NOT, COMPARISON, SUM, PRODUCT, NEGATIVE, POWER, POSTFIX };

static void expr(Printer *, const Expr *, int least);
static void body(Printer *, const Stmts *);

static const struct {
	const char *text;
	int level;
} binary[] = {
	[BIN_OR] = {"or", OR}, [BIN_AND] = {"and", AND}, [BIN_EQ] = {"==", COMPARISON}, [BIN_NE] = {"!=", COMPARISON},
	[BIN_LT] = {"<", COMPARISON}, [BIN_LE] = {"<=", COMPARISON}, [BIN_GT] = {">", COMPARISON}, [BIN_GE] = {">=", COMPARISON},
	[BIN_ADD] = {"+", SUM}, [BIN_SUB] = {"-", SUM}, [BIN_MUL] = {"*", PRODUCT}, [BIN_DIV] = {"/", PRODUCT},
	[BIN_FLOORDIV] = {"//", PRODUCT}, [BIN_MOD] = {"%", PRODUCT}, [BIN_MATMUL] = {"@", PRODUCT}, [BIN_POW] = {"**", POWER},
};

const char *binary_op_text(BinaryOp op)
{
	return binary[op].text;
}

static void bytes(Printer *p, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		push(p->arena, &p->out, s[i]);
}

static void text(Printer *p, const char *s)
{
	bytes(p, s, strlen(s));
}

static void comma(Printer *p, int i)
{
	if (i)
		text(p, ", ");
}

static void new_line(Printer *p)
{
	push(p->arena, &p->out, p->one_line ? ' ' : '\n');
	if (!p->one_line)
		for (int i = 0; i < p->depth; i++)
			push(p->arena, &p->out, '\t');
}

static void ident(Printer *p, Ident name)
{
	text(p, name.text ? name.text : "<error>");
}

static void idents(Printer *p, const Idents *names)
{
	for (int i = 0; i < names->len; i++) {
		comma(p, i);
		ident(p, names->data[i]);
	}
}

static void exprs(Printer *p, const Exprs *list)
{
	for (int i = 0; i < list->len; i++) {
		comma(p, i);
		expr(p, list->data[i], 0);
	}
}

/* name = value, or name in value */
static void args(Printer *p, const Args *list, const char *between)
{
	for (int i = 0; i < list->len; i++) {
		comma(p, i);
		if (list->data[i].name.text) {
			ident(p, list->data[i].name);
			text(p, between);
		}
		expr(p, list->data[i].value, 0);
	}
}

static void as(Printer *p, Ident name)
{
	if (name.text) {
		text(p, " as ");
		ident(p, name);
	}
}

static void string(Printer *p, const char *s, size_t len)
{
	text(p, "\"");
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"' || s[i] == '\\')
			text(p, "\\");
		if (s[i] == '\n')
			text(p, "\\n");
		else
			bytes(p, &s[i], 1);
	}
	text(p, "\"");
}

static void indices(Printer *p, const Indices *list)
{
	for (int i = 0; i < list->len; i++) {
		const Index *at = &list->data[i];
		comma(p, i);
		switch (at->kind) {
		case INDEX_EXPR: expr(p, at->at, 0); break;
		case INDEX_ELLIPSIS: text(p, "..."); break;
		case INDEX_NONE: text(p, "None"); break;
		case INDEX_SLICE:
			expr(p, at->lo, 0);
			text(p, at->lo && at->hi ? " : " : at->lo ? " :" : at->hi ? ": " : ":");
			expr(p, at->hi, 0);
			if (at->step) {
				text(p, at->hi ? " : " : ": ");
				expr(p, at->step, 0);
			}
			break;
		}
	}
}

static int level(const Expr *e)
{
	switch (e->kind) {
	case EX_UNARY: return e->un.op == UN_NOT ? NOT : NEGATIVE;
	case EX_BINARY: return binary[e->bin.op].level;
	default: return POSTFIX;
	}
}

/* what an index, a field or a call is of; numbers, so that their point is none of a fraction, and what has a body */
static void operand(Printer *p, const Expr *e)
{
	bool parens = level(e) < POSTFIX || e->kind == EX_INT || e->kind == EX_FLOAT || e->kind == EX_NEXT || e->kind == EX_IF ||
		      e->kind == EX_SCAN || e->kind == EX_FOLD;
	text(p, parens ? "(" : "");
	expr(p, e, 0);
	text(p, parens ? ")" : "");
}

static void print_binary(Printer *p, const Expr *e)
{
	int own = binary[e->bin.op].level;
	expr(p, e->bin.a, own + (own == COMPARISON || own == POWER));
	text(p, " ");
	text(p, binary[e->bin.op].text);
	text(p, " ");
	/* 2 ** -x needs no parentheses: nothing else can be meant */
	expr(p, e->bin.b, own == POWER ? NEGATIVE : own + 1);
}

static void braced(Printer *p, const Expr *e)
{
	text(p, "{ ");
	expr(p, e, 0);
	text(p, " }");
}

static void scan(Printer *p, const Expr *e)
{
	text(p, "scan");
	if (e->scan.options.len) {
		text(p, "(");
		args(p, &e->scan.options, " = ");
		text(p, ")");
	}
	text(p, " ");
	args(p, &e->scan.carries, " = ");
	if (e->scan.over.len) {
		text(p, " over ");
		args(p, &e->scan.over, " in ");
	}
	body(p, &e->scan.body);
}

static void fold(Printer *p, const Expr *e)
{
	text(p, "fold ");
	args(p, &e->fold.carries, " = ");
	text(p, " for ");
	ident(p, e->fold.index);
	text(p, " in ");
	expr(p, e->fold.lo, 0);
	text(p, "..");
	expr(p, e->fold.hi, 0);
	body(p, &e->fold.body);
	as(p, e->fold.as);
}

static void whole(Printer *p, const Expr *e)
{
	switch (e->kind) {
	case EX_ERROR: text(p, "<error>"); break;
	case EX_ELLIPSIS: text(p, "..."); break;
	case EX_INT: text(p, arena_printf(p->arena, "%lld", (long long)e->i)); break;
	case EX_FLOAT: text(p, e->f.text); break;
	case EX_STRING: string(p, e->s.text, e->s.len); break;
	case EX_BOOL: text(p, e->i ? "true" : "false"); break;
	case EX_NAME: text(p, e->name); break;
	case EX_LIST: text(p, "["); exprs(p, &e->list); text(p, "]"); break;
	case EX_UNARY:
		text(p, e->un.op == UN_NOT ? "not " : "-");
		expr(p, e->un.a, e->un.op == UN_NOT ? NOT : NEGATIVE);
		break;
	case EX_BINARY: print_binary(p, e); break;
	case EX_INDEX: operand(p, e->index.a); text(p, "["); indices(p, &e->index.at); text(p, "]"); break;
	case EX_FIELD: operand(p, e->field.a); text(p, "."); ident(p, e->field.name); break;
	case EX_ITEM:
		operand(p, e->item.a);
		text(p, arena_printf(p->arena, ".%lld", (long long)e->item.i));
		break;
	case EX_CALL:
		operand(p, e->call.callee);
		text(p, "(");
		args(p, &e->call.args, " = ");
		text(p, ")");
		as(p, e->call.as);
		break;
	case EX_NEXT: text(p, "next "); ident(p, e->next); break;
	case EX_IF:
		text(p, "if ");
		expr(p, e->cond.cond, 0);
		text(p, " ");
		braced(p, e->cond.then);
		text(p, " else ");
		braced(p, e->cond.other);
		break;
	case EX_EACH:
		text(p, "[");
		expr(p, e->each.body, 0);
		text(p, " for ");
		idents(p, &e->each.names);
		text(p, " in ");
		exprs(p, &e->each.lists);
		text(p, "]");
		break;
	case EX_SCAN: scan(p, e); break;
	case EX_FOLD: fold(p, e); break;
	}
}

/* e, in parentheses where it holds together less than least; nothing for NULL */
static void expr(Printer *p, const Expr *e, int least)
{
	if (!e)
		return;
	bool parens = level(e) < least;
	text(p, parens ? "(" : "");
	whole(p, e);
	text(p, parens ? ")" : "");
}

static void type(Printer *p, const TypeExpr *t)
{
	if (t->like) {
		text(p, "like(");
		expr(p, t->like, 0);
		if (t->dtype.text) {
			text(p, ", ");
			ident(p, t->dtype);
		}
		text(p, ")");
		return;
	}
	ident(p, t->dtype);
	if (!t->has_sizes)
		return;
	text(p, "[");
	for (int i = 0; i < t->sizes.len; i++) {
		const SizeExpr *s = &t->sizes.data[i];
		comma(p, i);
		if (s->kind == SIZE_EXPR)
			expr(p, s->e, 0);
		else
			text(p, s->kind == SIZE_ANY ? "?" : "...");
	}
	text(p, "]");
}

static void colon_type(Printer *p, const TypeExpr *t)
{
	if (t) {
		text(p, " : ");
		type(p, t);
	}
}

static void params(Printer *p, const Params *list)
{
	text(p, "(");
	for (int i = 0; i < list->len; i++) {
		comma(p, i);
		ident(p, list->data[i].name);
		colon_type(p, list->data[i].type);
		if (list->data[i].value) {
			text(p, " = ");
			expr(p, list->data[i].value, 0);
		}
	}
	text(p, ")");
}

static void variable(Printer *p, const char *word, const Stmt *s)
{
	text(p, word);
	idents(p, &s->var.names);
	colon_type(p, s->var.type);
	if (s->var.init) {
		text(p, " = ");
		expr(p, s->var.init, 0);
	}
}

static void let(Printer *p, const Stmt *s)
{
	text(p, s->kind == ST_LOSS ? "loss " : "let ");
	text(p, s->let.tuple ? "(" : "");
	idents(p, &s->let.names);
	text(p, s->let.tuple ? ")" : "");
	colon_type(p, s->let.type);
	text(p, " = ");
	expr(p, s->let.value, 0);
}

static void dims(Printer *p, const Stmt *s)
{
	text(p, "dim ");
	for (int i = 0; i < s->dims.len; i++) {
		const DimDecl *d = &s->dims.data[i];
		comma(p, i);
		ident(p, d->name);
		if (d->bound) {
			text(p, d->lower ? " >= " : " <= ");
			expr(p, d->bound, 0);
		}
	}
}

static void external(Printer *p, const Stmt *s)
{
	text(p, "extern ");
	ident(p, s->ext.name);
	params(p, &s->ext.params);
	text(p, " -> ");
	ident(p, s->ext.result);
	colon_type(p, s->ext.type);
	text(p, " {");
	p->depth++;
	for (int i = 0; i < s->ext.items.len; i++) {
		const ExternItem *item = &s->ext.items.data[i];
		new_line(p);
		if (item->kind == EXTERN_INCLUDE) {
			text(p, "include ");
		} else {
			text(p, item->kind == EXTERN_GRAD ? "grad " : "");
			ident(p, item->name);
			text(p, item->kind == EXTERN_GRAD ? " = " : " ");
		}
		if (item->kind == EXTERN_SYMBOL)
			ident(p, item->symbol);
		expr(p, item->e, 0);
	}
	p->depth--;
	new_line(p);
	text(p, "}");
}

static void driver_item(Printer *p, const DriverItem *item)
{
	static const char *const words[] = {"bind", "set", "fit", "predict", "picture"};
	text(p, words[item->kind]);
	if (item->name.text) {
		text(p, " ");
		ident(p, item->name);
	}
	text(p, " {");
	p->depth++;
	for (int i = 0; i < item->files.len; i++) {
		const FileBinding *f = &item->files.data[i];
		new_line(p);
		ident(p, f->name);
		text(p, " = ");
		expr(p, f->path, 0);
		if (f->sliced) {
			text(p, "[");
			expr(p, f->lo, 0);
			text(p, f->lo && f->hi ? " : " : f->lo ? " :" : f->hi ? ": " : ":");
			expr(p, f->hi, 0);
			text(p, "]");
		}
	}
	for (int i = 0; i < item->keys.len; i++) {
		new_line(p);
		ident(p, item->keys.data[i].name);
		text(p, " = ");
		exprs(p, &item->keys.data[i].values);
	}
	p->depth--;
	new_line(p);
	text(p, "}");
}

static void stmt(Printer *p, const Stmt *s)
{
	switch (s->kind) {
	case ST_ERROR: text(p, "<error>"); break;
	case ST_USE: text(p, "use "); expr(p, s->use.path, 0); break;
	case ST_CONST: text(p, "const "); args(p, &s->consts, " = "); break;
	case ST_DIM: dims(p, s); break;
	case ST_SYMBOL: variable(p, "symbol ", s); break;
	case ST_DATA: variable(p, "data ", s); break;
	case ST_PARAM: variable(p, "param ", s); break;
	case ST_SHARED: variable(p, "shared ", s); break;
	case ST_LET: case ST_LOSS: let(p, s); break;
	case ST_DEF: text(p, "def "); ident(p, s->def.name); params(p, &s->def.params); body(p, &s->def.body); break;
	case ST_EXTERN: external(p, s); break;
	case ST_FUNCTION:
		text(p, "function ");
		ident(p, s->func.name);
		params(p, &s->func.args);
		if (s->func.outs.len) {
			text(p, " -> ");
			args(p, &s->func.outs, " = ");
		}
		if (s->func.body.len)
			body(p, &s->func.body);
		break;
	case ST_DRIVER:
		text(p, "driver {");
		p->depth++;
		for (int i = 0; i < s->driver.items.len; i++) {
			new_line(p);
			driver_item(p, &s->driver.items.data[i]);
		}
		p->depth--;
		new_line(p);
		text(p, "}");
		break;
	case ST_GIVEN: case ST_UPDATE:
		text(p, s->kind == ST_GIVEN ? "given " : "");
		expr(p, s->update.target, 0);
		text(p, s->kind == ST_GIVEN ? " = " : " <- ");
		expr(p, s->update.value, 0);
		break;
	case ST_CALL: expr(p, s->call.call, 0); break;
	case ST_ASSERT: text(p, "assert "); expr(p, s->assertion.cond, 0); break;
	case ST_UNTIL: text(p, "until "); expr(p, s->assertion.cond, 0); break;
	case ST_EACH:
		text(p, "each ");
		idents(p, &s->each.names);
		text(p, " in ");
		exprs(p, &s->each.lists);
		body(p, &s->each.body);
		break;
	case ST_IF:
		text(p, "if ");
		expr(p, s->cond.cond, 0);
		body(p, &s->cond.then);
		if (s->cond.other.len) {
			text(p, " else");
			body(p, &s->cond.other);
		}
		break;
	case ST_NEXT: text(p, "next "); ident(p, s->next.name); text(p, " = "); expr(p, s->next.value, 0); break;
	case ST_EMIT: text(p, "emit "); exprs(p, &s->values); break;
	case ST_RETURN: text(p, "return "); exprs(p, &s->values); break;
	}
}

static void body(Printer *p, const Stmts *list)
{
	text(p, " {");
	p->depth++;
	for (int i = 0; i < list->len; i++) {
		new_line(p);
		stmt(p, list->data[i]);
	}
	p->depth--;
	new_line(p);
	text(p, "}");
}

void ast_print(Writer *w, const File *file)
{
	Printer p = {.arena = arena_new()};
	if (file->model.text) {
		text(&p, "model ");
		ident(&p, file->model);
		new_line(&p);
	}
	for (int i = 0; i < file->decls.len; i++) {
		stmt(&p, file->decls.data[i]);
		new_line(&p);
	}
	push(p.arena, &p.out, '\0');
	put_raw(w, p.out.data);
	arena_free(p.arena);
}

void ast_print_expr(Writer *w, const Expr *e)
{
	Printer p = {.arena = arena_new()};
	expr(&p, e, 0);
	push(p.arena, &p.out, '\0');
	put_raw(w, p.out.data);
	arena_free(p.arena);
}

const char *expr_text(Arena *arena, const Expr *e)
{
	Printer p = {.arena = arena_new(), .one_line = true};
	expr(&p, e, 0);
	const char *s = arena_strndup(arena, p.out.data, (size_t)p.out.len);
	arena_free(p.arena);
	return s;
}
