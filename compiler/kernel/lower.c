/* lower.c -- functions to plans: what is computed in which order, and what becomes of each result */
#include <string.h>

#include "lower.h"
#include "print_c.h"

void not_supported(Lower *L, Loc loc, const char *what)
{
	L->failed = true;
	for (int i = 0; i < L->refused.len; i++)
		if (!strcmp(L->refused.data[i], what))
			return;
	push(L->arena, &L->refused, what);
	diag_error(L->diag, loc, "not supported yet: %s", what);
}

const Type *resolved_type(Arena *arena, const Type *t)
{
	const Size *size[MAX_RANK];
	for (int i = 0; i < t->rank; i++)
		size[i] = size_resolve(arena, t->size[i]);
	return type_array(arena, t->dtype, t->rank, size);
}

PlanBuf *new_buf(Lower *L, BufKind kind, const Type *type, const char *name, Loc loc)
{
	PlanBuf *p = NEW(L->arena, PlanBuf);
	p->name = unique_name(L, name ? name : "t");
	p->kind = kind;
	p->type = resolved_type(L->arena, type);
	p->count = type_count(L->arena, p->type);
	p->loc = loc;
	p->first = p->last = p->slot = -1;
	push(L->arena, &L->plan->all, p);
	*map_number(L->plan->named, p->name) = L->plan->all.len;
	if (kind == BUF_SCRATCH) {
		p->index = L->plan->bufs.len;
		push(L->arena, &L->plan->bufs, p);
	}
	return p;
}

static bool has_kernel(Lower *L, const Val *v)
{
	DType dtype = v->type->dtype;
	if (dtype == DT_float16 || dtype == DT_bfloat16 || dtype == DT_complex64 || dtype == DT_complex128) {
		not_supported(L, v->loc, arena_printf(L->arena, "computing in %s", dtype_name(dtype)));
		return false;
	}
	switch (v->op) {
	case OP_sort:
	case OP_argsort:
	case OP_topk:
	case OP_cholesky:
	case OP_triangular_solve:
		not_supported(L, v->loc, arena_printf(L->arena, "code for %s", op_info(v->op)->name));
		return false;
	case OP_extern: not_supported(L, v->loc, "code for extern"); return false;
	case OP_grad: internal_error("a gradient is left in the graph");
	default: return true;
	}
}

const char *value_label(const Val *v)
{
	static const char *const reduction[] = {"sum", "prod", "most", "least", "all", "any", "argmax", "argmin"};
	if (v->name)
		return v->name;
	if (v->op == OP_reduce)
		return reduction[v->attr.reduce.kind];
	return v->op == OP_contraction ? "product" : op_info(v->op)->name;
}

static void need_root(Scope *s, const Val *v)
{
	Info *info = info_of(s, v);
	Lower *L = s->L;
	if (!info->buf) { /* an index among a few is kept in a byte */
		const Type *t = v->type->dtype == DT_int64 && is_few(v) ? type_with_dtype(L->arena, v->type, DT_uint8) : v->type;
		info->buf = new_buf(L, BUF_SCRATCH, t, value_label(v), v->loc);
	}
	Piece *p = new_piece(s, v, info->buf, info->at, info->needs);
	info->piece = p;
	p->cell = info->cell;
	if (v->op == OP_set_slice || v->op == OP_scatter_set || v->op == OP_scatter_add) {
		Piece *copy = new_piece(s, v->in[0], info->buf, info->at, info->needs);
		copy->copy_of = p;
		copy->cell = p->cell;
		p->copied = copy;
		add_piece(s, copy);
	}
	add_piece(s, p);
}

static void make_value(Scope *s, const Val *v)
{
	Info *info = info_of(s, v);
	if (v->op == OP_scan)
		lower_scan(s, v);
	else if (v->op == OP_if)
		lower_if(s, v);
	else if (v->op == OP_get)
		info->buf = info_of(s, v->in[0])->item[v->attr.get.index];
	else if (info->root)
		need_root(s, v);
}

typedef struct Need {
	const Val *v;
	int operand; /* the next that it needs */
} Need;
typedef VEC(Need) Needs;

static void begin_need(Scope *s, Needs *stack, const Val *v)
{
	Info *info = info_of(s, v);
	if (info->done || info->host || info->scalar || s->L->failed)
		return;
	info->done = true;
	if (has_kernel(s->L, v))
		push(s->L->arena, stack, ((Need){v, 0}));
}

/* operands first, with a stack of our own: a chain may be as long as the program */
void need_value(Scope *s, const Val *v)
{
	Needs stack = {0};
	begin_need(s, &stack, v);
	while (stack.len && !s->L->failed) {
		Need *last = &stack.data[stack.len - 1];
		const Val *next = last->v;
		if (last->operand < next->nin) {
			begin_need(s, &stack, next->in[last->operand++]);
			continue;
		}
		stack.len--;
		make_value(s, next);
	}
}

void lower_result(Scope *s, const Val *v, PlanBuf *target, const Node *at, PlanBuf *cell, uint64_t needs)
{
	Info *info = info_of(s, v);
	Lower *L = s->L;
	if (info->host && (target->kind == BUF_OUT || target->kind == BUF_VAR)) {
		Step *step = NEW(L->arena, Step);
		step->kind = STEP_STORE;
		step->loc = v->loc;
		step->target = target;
		step->value = host_value(s, v);
		step->needs = needs & ALWAYS ? 0 : needs;
		push(L->arena, &s->last, step);
		return;
	}
	if (info->root && info->uses == 1 && !info->done) {
		info->buf = target;
		info->at = at;
		info->cell = cell;
		need_value(s, v);
		return;
	}
	need_value(s, v);
	if (L->failed)
		return;
	Piece *p = new_piece(s, v, target, at, needs);
	p->cell = cell;
	add_piece(s, p);
}

Scope *new_scope(Lower *L, Scope *outer, const Graph *graph)
{
	Scope *s = NEW(L->arena, Scope);
	s->L = L;
	s->outer = outer;
	s->graph = graph;
	s->info = NEW_ARRAY(L->arena, Info, graph->vals.len + 1);
	s->loop = outer ? outer->loop : "0";
	s->traffic_of = map_new(L->arena);
	s->scalar_names = names_new(L->arena);
	s->scalar_of = map_new(L->arena);
	s->test_of = map_new(L->arena);
	return s;
}

void close_scope(Scope *s, PlanBlock *block)
{
	if (s->L->failed)
		return;
	settle_cells(s);
	PlanBlock *steps = NEW(s->L->arena, PlanBlock);
	emit_groups(s, steps);
	for (int i = 0; i < s->scalars.len; i++) {
		Step *step = NEW(s->L->arena, Step);
		step->kind = STEP_SCALAR;
		step->name = s->scalars.data[i].name;
		step->value = s->scalars.data[i].value;
		push(s->L->arena, &block->steps, step);
	}
	for (int i = 0; i < steps->steps.len; i++)
		push(s->L->arena, &block->steps, steps->steps.data[i]);
}

const Node *scalar_outside(Scope *s, const Val *v)
{
	Info *info = info_of(s, v);
	Lower *L = s->L;
	need_value(s, v);
	if (L->failed)
		return NULL;
	if (info->host || info->scalar)
		return host_value(s, v);
	PlanBuf *buf = info->buf;
	if (!buf || info->at) {
		buf = new_buf(L, BUF_SCRATCH, v->type, v->name ? v->name : "condition", v->loc);
		add_piece(s, new_piece(s, v, buf, NULL, info->needs));
	}
	traffic_of(s, buf)->exported = true;
	return host_load(L, buf);
}

/* a check for each operand of an `and` */
static void add_check_steps(Scope *s, const Func *f, int check, const Node *value, bool early)
{
	if (value->kind == NODE_ROW && value->op == OP_and) {
		add_check_steps(s, f, check, value->arg[0], early);
		add_check_steps(s, f, check, value->arg[1], early);
		return;
	}
	int *last = map_number(s->test_of, node_key(value));
	for (int i = *last; i; i = s->tests.data[i - 1].next)
		if (node_equal(s->tests.data[i - 1].value, value))
			return; /* what is tested already */
	ScalarLocal test = {value, NULL, *last};
	push(s->L->arena, &s->tests, test);
	*last = s->tests.len;
	s->L->plan->tested[check] = true;
	Step *step = NEW(s->L->arena, Step);
	step->kind = STEP_CHECK;
	step->loc = f->checks.data[check].loc;
	step->check = check;
	step->value = value;
	if (early)
		push(s->L->arena, &s->early, step);
	else
		push(s->L->arena, &s->checks, step);
}

static void lower_checks(Scope *s, int first)
{
	const Func *f = s->L->func;
	for (int i = 0; i < f->checks.len; i++) {
		const Val *v = s->graph->results.data[first + i];
		const Node *value = scalar_outside(s, v);
		if (!s->L->failed)
			add_check_steps(s, f, i, value, info_of(s, v)->host);
	}
	/* nothing that a check guards comes before it */
	for (int i = 0; i < s->groups.len; i++)
		s->groups.data[i]->closed = true;
	s->first_write = s->checks_at = s->groups.len;
}

static const Size *work_of(Arena *arena, const PlanBlock *block)
{
	const Size *work = size_const(arena, 0);
	for (int i = 0; i < block->steps.len; i++) {
		const Step *s = block->steps.data[i];
		const Size *one = s->work;
		if (s->kind == STEP_LOOP)
			one = size_mul(arena, s->steps, work_of(arena, s->body));
		else if (s->kind == STEP_IF)
			one = work_of(arena, s->body);
		if (one)
			work = size_add(arena, work, one);
	}
	return work;
}

static FuncPlan *lower_func(Plan *plan, Arena *arena, const Func *f, const PlanOptions *options, Diag *diag)
{
	const Model *m = plan->model;
	FuncPlan *p = NEW(arena, FuncPlan);
	Lower *L = NEW(arena, Lower);
	*L = (Lower){.arena = arena, .diag = diag, .model = m, .func = f, .options = options, .all = plan, .plan = p, .names = names_new(arena)};
	p->func = f;
	p->named = map_new(arena);
	p->reads = NEW_ARRAY(arena, bool, m->vars.len + 1);
	p->writes = NEW_ARRAY(arena, bool, m->vars.len + 1);
	p->tested = NEW_ARRAY(arena, bool, f->checks.len + 1);
	static const char *const reserved[] = {"m", "status", "seed", "call", "loop", "bad", "work"};
	for (int i = 0; i < (int)(sizeof reserved / sizeof reserved[0]); i++)
		*name_mark(L->names, reserved[i]) = 1;
	for (int i = 0; i < m->dims.len; i++)
		*name_mark(L->names, dim_c(m->dims.data[i])) = 1;
	for (int i = 0; i < f->args.len; i++) {
		PlanBuf *b = new_buf(L, BUF_ARG, f->args.data[i]->type, f->args.data[i]->name, f->args.data[i]->loc);
		b->index = i;
		push(arena, &p->args, b);
	}
	for (int i = 0; i < f->outs.len; i++) {
		PlanBuf *b = new_buf(L, BUF_OUT, f->graph->results.data[i]->type, f->outs.data[i].name, f->outs.data[i].loc);
		b->index = i;
		push(arena, &p->outs, b);
	}
	for (int i = 0; i < m->vars.len; i++) {
		PlanBuf *b = new_buf(L, BUF_VAR, m->vars.data[i]->type, m->vars.data[i]->name, m->vars.data[i]->loc);
		b->index = i;
		push(arena, &p->vars, b);
	}
	L->update = NEW_ARRAY(arena, const FuncUpdate *, m->vars.len + 1);
	for (int i = 0; i < f->updates.len; i++)
		L->update[f->updates.data[i].var->index] = &f->updates.data[i];
	Scope *s = new_scope(L, NULL, f->graph);
	find_roots(s);
	int nouts = f->outs.len, nupdates = f->updates.len;
	lower_checks(s, nouts + nupdates);
	for (int i = 0; i < nouts && !L->failed; i++)
		lower_result(s, f->graph->results.data[i], p->outs.data[i], NULL, NULL, i < 63 ? UINT64_C(1) << i : ALWAYS);
	for (int i = 0; i < nupdates && !L->failed; i++) {
		int var = f->updates.data[i].var->index;
		p->writes[var] = true;
		lower_result(s, f->graph->results.data[nouts + i], p->vars.data[var], NULL, p->vars.data[var], ALWAYS);
	}
	p->block = NEW(arena, PlanBlock);
	close_scope(s, p->block);
	if (L->failed)
		return NULL;
	drop_unused_scalars(arena, p->block);
	plan_slots(arena, plan->exact, p);
	p->work = work_of(arena, p->block);
	return p;
}

Plan *plan_model(Arena *arena, const Model *m, const PlanOptions *options, Diag *diag)
{
	Plan *plan = NEW(arena, Plan);
	plan->model = m;
	plan->exact = exact_dims(arena, m);
	plan->keys = names_new(arena);
	plan->locals = names_new(arena);
	for (int i = 0; i < m->dims.len; i++)
		*name_mark(plan->locals, dim_c(m->dims.data[i])) = 1;
	bool ok = true;
	for (int i = 0; i <= m->funcs.len; i++) {
		const Func *f = i < m->funcs.len ? m->funcs.data[i] : m->init;
		if (!f)
			continue;
		FuncPlan *p = lower_func(plan, arena, f, options, diag);
		ok = ok && p;
		push(arena, &plan->funcs, p);
	}
	if (!ok)
		return NULL;
	name_kernels(plan, options->taken);
	return plan;
}
