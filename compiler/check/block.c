/* block.c -- the statements of a file, a def, a function, a loop's body */
#include "state.h"

/* ---- names first: a name stands in its whole block */

static void declare_let(Check *c, Scope *s, const Stmt *stmt)
{
	static const char discard[] = "_";
	LetValue *let = stmt->let.tuple ? NEW(c->arena, LetValue) : NULL;
	for (int i = 0; i < stmt->let.names.len; i++) {
		Ident id = stmt->let.names.data[i];
		if (id.text[0] == discard[0] && id.text[1] == 0)
			id.text = arena_strndup(c->arena, discard, 1); /* not interned: no name finds it */
		Binding *b = declare(c, s, id, BIND_LET, stmt);
		b->index = i;
		b->let = let;
	}
}

static void different_names(Check *c, const Params *params)
{
	for (int i = 0; i < params->len; i++)
		for (int k = 0; k < i; k++)
			if (params->data[k].name.text == params->data[i].name.text) {
				declared_twice(c, params->data[i].name, BIND_VALUE, params->data[k].name.loc);
				break;
			}
}

static void declare_def(Check *c, Scope *s, const Stmt *stmt)
{
	different_names(c, &stmt->def.params);
	DefValue *d = NEW(c->arena, DefValue);
	d->called = NEW(c->arena, bool);
	d->def = stmt;
	d->scope = s;
	Binding *b = declare(c, s, stmt->def.name, BIND_DEF, stmt);
	b->value = (Value){.kind = V_DEF, .def = d};
}

static void declare_extern(Check *c, Scope *s, const Stmt *stmt)
{
	different_names(c, &stmt->ext.params);
	Extern *e = NEW(c->arena, Extern);
	e->name = stmt->ext.name.text;
	e->loc = stmt->ext.name.loc;
	for (int i = 0; i < stmt->ext.items.len; i++) {
		const ExternItem *item = &stmt->ext.items.data[i];
		DType t;
		if (item->kind == EXTERN_INCLUDE && item->e->kind == EX_STRING)
			push(c->arena, &e->includes, item->e->s.text);
		e->has_gradient = e->has_gradient || item->kind == EXTERN_GRAD;
		if (item->kind == EXTERN_SYMBOL && known_dtype(c, item->name, &t))
			e->symbol[t] = item->symbol.text;
	}
	Binding *b = declare(c, s, stmt->ext.name, BIND_EXTERN, stmt);
	b->value = (Value){.kind = V_EXTERN, .ext = e};
	if (c->state->model)
		push(c->arena, &c->state->model->externs, e);
}

static const char *next_name(Check *c, const char *name)
{
	return intern_str(c->names, arena_printf(c->arena, "next %s", name));
}

static void declare_stmt(Check *c, Scope *s, const Stmt *stmt)
{
	BindKind kind = stmt->kind == ST_SYMBOL ? BIND_SYMBOL : stmt->kind == ST_DATA ? BIND_DATA : BIND_VAR;
	switch (stmt->kind) {
	case ST_CONST:
		for (int i = 0; i < stmt->consts.len; i++)
			declare(c, s, stmt->consts.data[i].name, BIND_CONST, stmt)->index = i;
		break;
	case ST_DIM:
		for (int i = 0; i < stmt->dims.len; i++)
			declare(c, s, stmt->dims.data[i].name, BIND_DIM, stmt)->index = i;
		break;
	case ST_SYMBOL:
	case ST_DATA:
	case ST_PARAM:
	case ST_SHARED:
		for (int i = 0; i < stmt->var.names.len; i++)
			declare(c, s, stmt->var.names.data[i], kind, stmt)->index = i;
		break;
	case ST_LET:
	case ST_LOSS: declare_let(c, s, stmt); break;
	case ST_DEF: declare_def(c, s, stmt); break;
	case ST_EXTERN: declare_extern(c, s, stmt); break;
	case ST_FUNCTION: declare(c, s, stmt->func.name, BIND_FUNCTION, stmt); break;
	case ST_NEXT: {
		Ident id = {next_name(c, stmt->next.name.text), stmt->next.name.loc};
		declare(c, s->flow && s->flow->loop ? s->flow->body : s, id, BIND_NEXT, stmt)->scope = s;
		break;
	}
	case ST_USE: use_file(c, s, stmt); break;
	default: break;
	}
}

void declare_names(Check *c, Scope *s, const Stmts *stmts)
{
	for (int i = 0; i < stmts->len; i++)
		declare_stmt(c, s, stmts->data[i]);
}

/* ---- then the statements in order */

/* the names of a statement stand side by side, and the next statement's after them */
static void force_all(Check *c, Scope *s, const Stmt *stmt)
{
	int i = s->forced;
	if (i >= s->names.len || s->names.data[i]->stmt != stmt)
		for (i = 0; i < s->names.len && s->names.data[i]->stmt != stmt;)
			i++;
	for (; i < s->names.len && s->names.data[i]->stmt == stmt; i++)
		force(c, s->names.data[i], s->names.data[i]->loc);
	s->forced = i;
}

/* the variable that an update's target means: its own name, a path, or an element of a list of variables */
static const Var *update_target(Check *c, Scope *s, const Expr *e)
{
	Binding *b;
	const Var *var;
	if (!resolve_path(c, s, e, &b, &var))
		return NULL;
	if (var)
		return var;
	Value v = force(c, b, e->loc);
	if (b->kind == BIND_VAR) {
		VarDecl *d = find_var(b->scope->inst, b->name);
		return d ? d->var : NULL;
	}
	if (v.kind == V_TENSOR && v.v->op == OP_var && b->kind == BIND_VALUE)
		return v.v->attr.var;
	if (v.kind != V_ERROR) {
		Message *m = check_error(c, e->loc, "'%s' is no param or shared: only these can be updated", expr_text(c->arena, e));
		if (b->loc.source && b->kind != BIND_VALUE)
			diag_note(m, b->loc, "it is declared here, as %s", b->origin.kind);
	}
	return NULL;
}

static void run_update(Check *c, Scope *s, const Stmt *stmt)
{
	const Var *var = update_target(c, s, stmt->update.target);
	Value v = eval_expr(c, s, stmt->update.value);
	if (var && v.kind != V_ERROR)
		add_update(c, stmt->update.value->loc, stmt->update.target->loc, var, v);
}

bool is_scalar_bool(Value v)
{
	return v.kind == V_TENSOR && v.v->type->dtype == DT_bool && v.v->type->rank == 0;
}

static void run_assert(Check *c, Scope *s, const Stmt *stmt)
{
	const Expr *e = stmt->assertion.cond;
	Value v = eval_expr(c, s, e);
	if (v.kind == V_BOOL && !v.b)
		check_error(c, e->loc, "this does not hold: %s", expr_text(c->arena, e));
	else if (is_scalar_bool(v))
		add_check(c, e->loc, v.v, "assert", arena_printf(c->arena, "%s does not hold", expr_text(c->arena, e)));
	else if (v.kind != V_BOOL && v.kind != V_ERROR)
		check_error(c, e->loc, "an assertion is true or false, not %s", value_text(c, v));
}

static void run_if(Check *c, Scope *s, const Stmt *stmt)
{
	Value v = eval_expr(c, s, stmt->cond.cond);
	if (v.kind == V_ERROR || hangs_on_index(c, stmt->cond.cond->loc, v))
		return;
	if (v.kind != V_BOOL) {
		Message *m = check_error(c, stmt->cond.cond->loc,
		                         v.kind == V_TENSOR ? "the condition of this statement must be known when it is compiled"
		                                            : "a condition is true or false");
		label_value(c, m, stmt->cond.cond->loc, v);
		if (v.kind == V_TENSOR)
			diag_note(m, (Loc){0}, "as an expression, `if c { a } else { b }` chooses when it runs");
		return;
	}
	Scope *inner = scope_new(c, s, SCOPE_BLOCK);
	const Stmts *body = v.b ? &stmt->cond.then : &stmt->cond.other;
	declare_names(c, inner, body);
	run_block(c, inner, body);
}

static void run_values(Check *c, Scope *s, const Stmt *stmt)
{
	Flow *flow = s->flow;
	bool emit = stmt->kind == ST_EMIT;
	if (flow == NULL || flow->loop != emit) {
		check_error(c, stmt->loc, emit ? "'emit' stands in the body of a scan or fold" : "'return' stands in a def");
		return;
	}
	if (emit && flow->emitted) {
		check_error(c, stmt->loc, "a body has one 'emit'; several values stand side by side: emit a, b");
		return;
	}
	flow->emitted = flow->emitted || emit;
	flow->returned = flow->returned || !emit;
	for (int i = 0; i < stmt->values.len; i++) {
		Value v = eval_expr(c, s, stmt->values.data[i]);
		if (emit) {
			push(c->arena, &flow->emits, v);
			push(c->arena, &flow->emit_loc, stmt->values.data[i]->loc);
		} else {
			push(c->arena, &flow->result, v);
		}
	}
}

static void run_until(Check *c, Scope *s, const Stmt *stmt)
{
	if (s->flow == NULL || !s->flow->loop || s->flow->until_loc.source) {
		check_error(c, stmt->loc, s->flow && s->flow->loop ? "a body has one 'until'" : "'until' stands in the body of a scan");
		return;
	}
	s->flow->until_loc = stmt->assertion.cond->loc;
	s->flow->until = eval_expr(c, s, stmt->assertion.cond);
}

static void misplaced(Check *c, const Scope *s, const Stmt *stmt)
{
	bool top = s->kind == SCOPE_FILE || s->kind == SCOPE_MODULE;
	switch (stmt->kind) {
	case ST_USE:
	case ST_DIM:
	case ST_SYMBOL:
	case ST_DATA:
	case ST_FUNCTION:
	case ST_DRIVER:
		if (!top)
			check_error(c, stmt->loc, "this stands at the top of a file only");
		break;
	case ST_GIVEN:
		if (s->kind != SCOPE_FUNCTION)
			check_error(c, stmt->loc, "'given' stands directly in a function");
		break;
	case ST_NEXT:
		if (s->flow == NULL || !s->flow->loop)
			check_error(c, stmt->loc, "'next' stands in the body of a scan or fold");
		break;
	default: break;
	}
}

static void run_stmt(Check *c, Scope *s, const Stmt *stmt)
{
	switch (stmt->kind) {
	case ST_CONST:
	case ST_DIM:
	case ST_SYMBOL:
	case ST_DATA:
	case ST_PARAM:
	case ST_SHARED:
	case ST_LET:
	case ST_LOSS:
	case ST_NEXT: force_all(c, s, stmt); break;
	case ST_UPDATE: run_update(c, s, stmt); break;
	case ST_CALL: eval_call(c, s, stmt->call.call, NULL, NULL); break;
	case ST_ASSERT: run_assert(c, s, stmt); break;
	case ST_IF: run_if(c, s, stmt); break;
	case ST_EACH: run_each(c, s, stmt); break;
	case ST_EMIT:
	case ST_RETURN: run_values(c, s, stmt); break;
	case ST_UNTIL: run_until(c, s, stmt); break;
	default: break;
	}
}

void run_block(Check *c, Scope *s, const Stmts *stmts)
{
	for (int i = 0; i < stmts->len && !(s->flow && s->flow->returned); i++) {
		int errors = diag_count(c->diag);
		misplaced(c, s, stmts->data[i]);
		if (diag_count(c->diag) == errors)
			run_stmt(c, s, stmts->data[i]);
	}
}
