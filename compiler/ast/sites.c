/* sites.c -- what is done to the whole tree: numbers the sites, gathers names, refuses what is nested too deep
 *
 * A site is the ordinal, in the order of the text, of a call, scan or fold in
 * the def or function around it, else in the file.  Every later stage walks the
 * tree by recursion, so its depth is bounded here, once. */
#include "parse.h"

#include <string.h>

enum { DEEPEST = 400 };

typedef struct Walk {
	Parse *p;
	int *sites; /* of the def, function or file */
	File *file; /* NULL: an expression alone */
	Stmt *def; /* the outermost, or NULL */
	int depth;
	bool reported;
} Walk;

static void walk_expr(Walk *, Expr *);
static void walk_stmts(Walk *, Stmts *);

static bool enter(Walk *w, Loc loc)
{
	if (++w->depth <= DEEPEST)
		return true;
	if (!w->reported)
		diag_error(w->p->diag, loc, "this is nested more than %d deep; name a part of it with 'let'", DEEPEST);
	w->reported = true;
	return false;
}

static void walk_exprs(Walk *w, const Exprs *list)
{
	for (int i = 0; i < list->len; i++)
		walk_expr(w, list->data[i]);
}

/* `disconnected = zero` of grad is no name of a value */
static void walk_args(Walk *w, const Args *args)
{
	for (int i = 0; i < args->len; i++)
		if (args->data[i].value->kind != EX_NAME || !args->data[i].name.text || strcmp(args->data[i].name.text, "disconnected") != 0)
			walk_expr(w, args->data[i].value);
}

static void own(Walk *w, Ident id)
{
	if (w->def && id.text)
		push(w->p->arena, &w->def->def.own, id);
}

static void own_all(Walk *w, const Idents *names)
{
	for (int i = 0; i < names->len; i++)
		own(w, names->data[i]);
}

static void own_args(Walk *w, const Args *args)
{
	for (int i = 0; i < args->len; i++)
		own(w, args->data[i].name);
}

static void walk_indices(Walk *w, const Indices *at)
{
	for (int i = 0; i < at->len; i++) {
		walk_expr(w, at->data[i].at);
		walk_expr(w, at->data[i].lo);
		walk_expr(w, at->data[i].hi);
		walk_expr(w, at->data[i].step);
	}
}

static void note_instance(Walk *w, Ident as)
{
	if (w->file && as.text)
		push(w->p->arena, &w->file->instances, as.text);
	own(w, as);
}

static void walk_children(Walk *w, Expr *e)
{
	switch (e->kind) {
	case EX_LIST: walk_exprs(w, &e->list); break;
	case EX_UNARY: walk_expr(w, e->un.a); break;
	case EX_BINARY: walk_expr(w, e->bin.a); walk_expr(w, e->bin.b); break;
	case EX_INDEX: walk_expr(w, e->index.a); walk_indices(w, &e->index.at); break;
	case EX_FIELD: walk_expr(w, e->field.a); break;
	case EX_ITEM: walk_expr(w, e->item.a); break;
	case EX_CALL:
		e->call.site = (*w->sites)++;
		walk_expr(w, e->call.callee);
		walk_args(w, &e->call.args);
		note_instance(w, e->call.as);
		break;
	case EX_IF: walk_expr(w, e->cond.cond); walk_expr(w, e->cond.then); walk_expr(w, e->cond.other); break;
	case EX_EACH: own_all(w, &e->each.names); walk_expr(w, e->each.body); walk_exprs(w, &e->each.lists); break;
	case EX_SCAN:
		e->scan.site = (*w->sites)++;
		own_args(w, &e->scan.carries);
		own_args(w, &e->scan.over);
		walk_args(w, &e->scan.options);
		walk_args(w, &e->scan.carries);
		walk_args(w, &e->scan.over);
		walk_stmts(w, &e->scan.body);
		break;
	case EX_FOLD:
		e->fold.site = (*w->sites)++;
		own_args(w, &e->fold.carries);
		own(w, e->fold.index);
		walk_args(w, &e->fold.carries);
		walk_expr(w, e->fold.lo);
		walk_expr(w, e->fold.hi);
		walk_stmts(w, &e->fold.body);
		note_instance(w, e->fold.as);
		break;
	case EX_NAME:
		if (w->def)
			push(w->p->arena, &w->def->def.uses, e);
		break;
	case EX_ERROR: case EX_ELLIPSIS: case EX_INT: case EX_FLOAT: case EX_STRING: case EX_BOOL: case EX_NEXT: break;
	}
}

static void walk_expr(Walk *w, Expr *e)
{
	if (!e)
		return;
	if (enter(w, e->loc))
		walk_children(w, e);
	else
		e->kind = EX_ERROR;
	w->depth--;
}

static void walk_type(Walk *w, TypeExpr *t)
{
	if (!t)
		return;
	walk_expr(w, t->like);
	for (int i = 0; i < t->sizes.len; i++)
		walk_expr(w, t->sizes.data[i].e);
}

/* sizes in the type of a parameter may be new names */
static void own_sizes(Walk *w, const TypeExpr *t)
{
	for (int i = 0; t && i < t->sizes.len; i++) {
		const Expr *e = t->sizes.data[i].e;
		if (e && e->kind == EX_NAME)
			own(w, (Ident){e->name, e->loc});
	}
}

static void walk_params(Walk *w, Params *params)
{
	for (int i = 0; i < params->len; i++) {
		own(w, params->data[i].name);
		own_sizes(w, params->data[i].type);
		walk_type(w, params->data[i].type);
		walk_expr(w, params->data[i].value);
	}
}

static void walk_driver(Walk *w, Stmt *s)
{
	for (int i = 0; i < s->driver.items.len; i++) {
		const DriverItem *item = &s->driver.items.data[i];
		for (int k = 0; k < item->files.len; k++) {
			walk_expr(w, item->files.data[k].path);
			walk_expr(w, item->files.data[k].lo);
			walk_expr(w, item->files.data[k].hi);
		}
		for (int k = 0; k < item->keys.len; k++)
			walk_exprs(w, &item->keys.data[k].values);
	}
}

static void walk_stmt_children(Walk *w, Stmt *s)
{
	int *outer = w->sites;
	Stmt *outer_def = w->def;
	switch (s->kind) {
	case ST_ERROR: break;
	case ST_USE: walk_expr(w, s->use.path); break;
	case ST_CONST: own_args(w, &s->consts); walk_args(w, &s->consts); break;
	case ST_DIM:
		for (int i = 0; i < s->dims.len; i++)
			walk_expr(w, s->dims.data[i].bound);
		break;
	case ST_SYMBOL: case ST_DATA: case ST_PARAM: case ST_SHARED:
		own_all(w, &s->var.names);
		walk_type(w, s->var.type);
		walk_expr(w, s->var.init);
		break;
	case ST_LET: case ST_LOSS: own_all(w, &s->let.names); walk_type(w, s->let.type); walk_expr(w, s->let.value); break;
	case ST_DEF:
		w->sites = &s->def.nsites;
		own(w, s->def.name);
		w->def = w->def ? w->def : s;
		walk_params(w, &s->def.params);
		walk_stmts(w, &s->def.body);
		break;
	case ST_EXTERN:
		own(w, s->ext.name);
		walk_params(w, &s->ext.params);
		walk_type(w, s->ext.type);
		for (int i = 0; i < s->ext.items.len; i++)
			walk_expr(w, s->ext.items.data[i].e);
		break;
	case ST_FUNCTION:
		w->sites = &s->func.nsites;
		walk_params(w, &s->func.args);
		walk_args(w, &s->func.outs);
		walk_stmts(w, &s->func.body);
		break;
	case ST_DRIVER: walk_driver(w, s); break;
	case ST_GIVEN: case ST_UPDATE: walk_expr(w, s->update.target); walk_expr(w, s->update.value); break;
	case ST_CALL: walk_expr(w, s->call.call); break;
	case ST_ASSERT: case ST_UNTIL: walk_expr(w, s->assertion.cond); break;
	case ST_EACH: own_all(w, &s->each.names); walk_exprs(w, &s->each.lists); walk_stmts(w, &s->each.body); break;
	case ST_IF: walk_expr(w, s->cond.cond); walk_stmts(w, &s->cond.then); walk_stmts(w, &s->cond.other); break;
	case ST_NEXT: walk_expr(w, s->next.value); break;
	case ST_EMIT: case ST_RETURN: walk_exprs(w, &s->values); break;
	}
	w->sites = outer;
	w->def = outer_def;
}

static void walk_stmts(Walk *w, Stmts *list)
{
	for (int i = 0; i < list->len; i++) {
		Stmt *s = list->data[i];
		if (enter(w, s->loc))
			walk_stmt_children(w, s);
		else
			s->kind = ST_ERROR;
		w->depth--;
	}
}

void finish_file(Parse *p, File *file)
{
	Walk w = {.p = p, .sites = &file->nsites, .file = file};
	walk_stmts(&w, &file->decls);
}

void finish_expr(Parse *p, Expr *e)
{
	int sites = 0;
	Walk w = {.p = p, .sites = &sites};
	walk_expr(&w, e);
}
