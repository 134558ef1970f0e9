/* layout.c -- the regions of an object's memory, as closed formulas of the dims
 *
 *      object | parameters, packed, in declaration order | other state, each at a multiple of 64 | scratch
 *
 * Scratch is the maximum over the functions of the sum of their slots; a slot is the maximum of its buffers.  The same formula
 * is printed three times: as checked arithmetic (NAME_bytes), as a constant expression (NAME_BYTES), and in the report. */
#include <inttypes.h>
#include <string.h>

#include "emit_internal.h"

int func_count(const Emit *e)
{
	return e->plan->funcs.len;
}

const FuncPlan *func_plan(const Emit *e, int i)
{
	return e->plan->funcs.data[i];
}

bool dim_used_in(const Size *s, const Dim *d)
{
	s = s ? s : &(Size){0};
	for (int i = 0; i < s->nterms; i++)
		for (int j = 0; j < s->term[i].natoms; j++) {
			const Atom *a = s->term[i].atom[j];
			if (a->kind == ATOM_DIM && (a->dim == d || (a->dim->is && dim_used_in(a->dim->is, d))))
				return true;
			if (a->kind == ATOM_FLOOR && dim_used_in(a->num, d))
				return true;
		}
	return false;
}

bool dim_of_type(const Type *t, const Dim *d)
{
	for (int i = 0; i < t->rank; i++)
		if (dim_used_in(t->size[i], d))
			return true;
	return false;
}

/* of a copy that the device has of an argument or output */
static bool in_given(const Emit *e, const Dim *d)
{
	for (int i = 0; e->plan && e->options->cuda && i < func_count(e); i++) {
		const FuncPlan *p = func_plan(e, i);
		for (int k = 0; k < p->args.len + p->outs.len; k++)
			if (dim_of_type(k < p->args.len ? p->args.data[k]->type : p->outs.data[k - p->args.len]->type, d))
				return true;
	}
	return false;
}

static bool in_scratch(const Emit *e, const Dim *d)
{
	for (int i = 0; e->plan && i < func_count(e); i++)
		for (int j = 0; j < func_plan(e, i)->slots.len; j++)
			for (int k = 0; k < func_plan(e, i)->slots.data[j]->size.len; k++)
				if (dim_used_in(func_plan(e, i)->slots.data[j]->size.data[k], d))
					return true;
	return false;
}

DimUse dim_use(const Emit *e, const Dim *d)
{
	const Model *m = e->model;
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < m->vars.len; i++)
			if ((m->vars.data[i]->kind == VAR_DATA) == (k == 1) && dim_of_type(m->vars.data[i]->type, d))
				return !k ? DIM_STATE : in_scratch(e, d) || in_given(e, d) ? DIM_BOUND : DIM_DATA;
	for (int i = 0; i < m->funcs.len; i++)
		for (int j = 0; j < m->funcs.data[i]->dims.len; j++)
			if (m->funcs.data[i]->dims.data[j] == d)
				return DIM_CALL;
	return DIM_UNUSED;
}

bool comes_with_data(const Emit *e, const Dim *d)
{
	DimUse use = dim_use(e, d);
	return use == DIM_DATA || use == DIM_BOUND;
}

bool params_contiguous(const Emit *e)
{
	return e->contiguous;
}

void find_contiguous(Emit *e)
{
	int n = 0;
	for (int i = 0; i < e->model->vars.len; i++) {
		const Var *v = e->model->vars.data[i];
		if (v->kind == VAR_PARAM && v->type->dtype != e->model->floatX)
			return;
		n += v->kind == VAR_PARAM;
	}
	e->contiguous = n > 0;
}

static Loc start_of(const Emit *e)
{
	return (Loc){e->model->source, 0, 0};
}

static const Size *sum(Emit *e, Loc loc, const Size *a, const Size *b)
{
	const Size *s = a && b ? size_add(e->arena, a, b) : NULL;
	if (!s)
		diag_error(e->diag, loc, "the model needs 2^63 bytes or more, whatever the dims are");
	return s ? s : size_const(e->arena, 0);
}

const Size *var_bytes(Emit *e, const Var *v)
{
	const Size *count = type_count(e->arena, v->type);
	if (v->kind != VAR_PARAM || !params_contiguous(e))
		return slot_bytes(e->arena, count, v->type->dtype);
	return size_scale(e->arena, count, dtype_bytes(v->type->dtype));
}

/* What is a whole number of pages from another array shares sets of the caches with it, row by row, and an optimiser goes through
 * several at a time: each begins some lines further in its page.  Parameters have no gaps. */
int64_t var_apart(Emit *e, const Var *v)
{
	enum { PAGE = 4096, SAME_SETS = 1024, LINES = 17 };
	int64_t bytes;
	if (v->kind != VAR_SHARED || e->options->cuda || !size_is_const(var_bytes(e, v), &bytes))
		return 0;
	return bytes >= PAGE && bytes % SAME_SETS == 0 ? LINES * OBJECT_ALIGN : 0;
}

const Size *state_bytes(Emit *e)
{
	const Size *params = size_const(e->arena, 0), *others = params;
	for (int i = 0; i < e->model->vars.len; i++) {
		const Var *v = e->model->vars.data[i];
		if (v->kind == VAR_PARAM)
			params = sum(e, v->loc, params, var_bytes(e, v));
		else if (v->kind == VAR_SHARED)
			others = sum(e, v->loc, others, size_add(e->arena, var_bytes(e, v), size_const(e->arena, var_apart(e, v))));
	}
	return sum(e, start_of(e), slot_bytes(e->arena, params, DT_uint8), others);
}

/* with the object itself */
static const Size *fixed_bytes(Emit *e)
{
	return sum(e, start_of(e), state_bytes(e), size_const(e->arena, object_bytes(e) + OBJECT_ALIGN));
}

bool check_state(Emit *e)
{
	fixed_bytes(e);
	return diag_count(e->diag) == 0;
}

/* The struct holds two sizes a dim, a pointer a variable and a slot, and little else; a static assertion checks it. */
int64_t object_bytes(const Emit *e)
{
	int64_t words = 9 + 2 * e->model->dims.len + 3 * e->model->vars.len, flags = 8;
	for (int i = 0; i < func_count(e); i++)
		words += func_plan(e, i)->slots.len + 1;
	/* streams, frames, graphs with their keys */
	for (int i = 0; i < func_count(e) && e->options->cuda; i++) {
		const FuncPlan *p = func_plan(e, i);
		words += 8 + p->args.len + 2 * p->outs.len + 4 * (2 + p->func->dims.len) + (e->options->profile ? 8 : 0);
	}
	if (e->options->cuda)
		words += 40 + e->model->vars.len;
	if (e->options->profile)
		words += 5 * e->first_step[func_count(e)];
	for (int i = 0; i < e->model->vars.len; i++)
		flags += e->model->vars.data[i]->stack ? e->model->vars.data[i]->stack : 1;
	return (8 * words + flags + OBJECT_ALIGN - 1) / OBJECT_ALIGN * OBJECT_ALIGN;
}

/* ---- checked arithmetic */
static const char *checked_atom(Arena *arena, const Atom *a)
{
	if (a->kind == ATOM_FLOOR)
		return arena_printf(arena, "mc_size_floor(%s, %" PRId64 ")", checked_c(arena, a->num), a->by);
	return dim_c(a->dim);
}

const char *checked_c(Arena *arena, const Size *s)
{
	s = size_resolve(arena, s);
	const char *total = NULL;
	for (int i = 0; i < s->nterms; i++) {
		const Term *t = &s->term[i];
		const char *p = t->natoms == 0 || t->coef != 1 ? arena_printf(arena, "%" PRId64, t->coef) : NULL;
		for (int j = 0; j < t->natoms; j++) {
			const char *a = checked_atom(arena, t->atom[j]);
			p = p ? arena_printf(arena, "mc_mul(%s, %s, &bad)", p, a) : a;
		}
		total = total ? arena_printf(arena, "mc_add(%s, %s, &bad)", total, p) : p;
	}
	return total ? total : "0";
}

/* ---- the formula in one expression */
typedef VEC(const char *) Texts;

/* max(max(a, b), max(c, d)): balanced, since a macro writes each operand twice */
static const char *max_of(Arena *arena, const char *max, const char *const *t, int n)
{
	if (n == 1)
		return t[0];
	return arena_printf(arena, "%s(%s, %s)", max, max_of(arena, max, t, n / 2), max_of(arena, max, t + n / 2, n - n / 2));
}

static const char *scratch_formula(Emit *e, const FuncPlan *p, const char *max)
{
	const Size *fixed = size_const(e->arena, 0);
	const char *rest = "";
	for (int i = 0; i < p->slots.len; i++) {
		const Slot *s = p->slots.data[i];
		if (s->size.len == 1) {
			fixed = sum(e, p->func->loc, fixed, s->size.data[0]);
			continue;
		}
		Texts t = {0};
		for (int j = 0; j < s->size.len; j++)
			push(e->arena, &t, size_c(e->arena, s->size.data[j]));
		rest = arena_printf(e->arena, "%s + %s", rest, max_of(e->arena, max, t.data, t.len));
	}
	return arena_printf(e->arena, "%s%s", size_c(e->arena, fixed), rest);
}

const char *bytes_formula(Emit *e, const char *max)
{
	Texts t = {0};
	Names *known = names_new(e->arena);
	for (int i = 0; i < func_count(e) && !e->options->cuda; i++) {
		const char *f = scratch_formula(e, func_plan(e, i), max);
		if (strcmp(f, "0") && !has_name(known, f))
			push(e->arena, &t, intern_str(known, f));
	}
	const Size *fixed = fixed_bytes(e);
	return arena_printf(e->arena, "%s%s%s", size_c(e->arena, fixed), t.len ? " + " : "", t.len == 0 ? "" : t.len == 1 ? t.data[0] : max_of(e->arena, max, t.data, t.len));
}

/* ---- --max-bytes */
static void beyond(Emit *e)
{
	diag_error(e->diag, start_of(e), "the memory at the dims' upper bounds is beyond 2^63 bytes");
}

static int64_t upper(Emit *e, const Size *s)
{
	int64_t n;
	const Dim *open = NULL;
	if (size_upper(s, 0, &n, &open))
		return n;
	if (open)
		diag_error(e->diag, open->loc, "--max-bytes needs an upper bound of the dim '%s': declare %s <= N, or give -D %s=N", open->name, open->name, open->name);
	else
		beyond(e);
	return -1;
}

static int64_t scratch_upper(Emit *e, const FuncPlan *p)
{
	int64_t total = 0;
	for (int i = 0; i < p->slots.len; i++) {
		int64_t most = 0;
		for (int j = 0; j < p->slots.data[i]->size.len; j++) {
			int64_t n = upper(e, p->slots.data[i]->size.data[j]);
			if (n < 0)
				return -1;
			most = n > most ? n : most;
		}
		if (__builtin_add_overflow(total, most, &total)) {
			beyond(e);
			return -1;
		}
	}
	return total;
}

bool check_max_bytes(Emit *e)
{
	if (!e->options->max_bytes)
		return true;
	int64_t state = upper(e, state_bytes(e)), scratch = 0;
	int peak = -1;
	if (state < 0)
		return false;
	for (int i = 0; i < func_count(e); i++) {
		int64_t n = scratch_upper(e, func_plan(e, i));
		if (n < 0)
			return false;
		if (n > scratch)
			scratch = n, peak = i;
	}
	int64_t total = object_bytes(e) + OBJECT_ALIGN;
	if (__builtin_add_overflow(total, state, &total) || __builtin_add_overflow(total, scratch, &total)) {
		beyond(e);
		return false;
	}
	if (total <= e->options->max_bytes)
		return true;
	const Model *model = e->model;
	Message *m = diag_error(e->diag, peak >= 0 ? func_plan(e, peak)->func->loc : start_of(e),
	                        "the model needs up to %" PRId64 " bytes, more than the %" PRId64 " of --max-bytes", total, e->options->max_bytes);
	for (int i = 0; i < model->vars.len; i++) {
		const Var *v = model->vars.data[i];
		if (v->kind != VAR_DATA)
			diag_note(m, (Loc){0}, "always there: %s, %s, %" PRId64 " bytes", v->name, type_text(e->arena, v->type), upper(e, var_bytes(e, v)));
	}
	if (peak < 0)
		return false;
	/* the step at which most is alive */
	const FuncPlan *p = func_plan(e, peak);
	int64_t most = -1, alive = 0, *change = NEW_ARRAY(e->arena, int64_t, p->nsteps + 2); /* from one step to the next */
	int when = 0;
	for (int i = 0; i < p->bufs.len; i++) {
		const PlanBuf *b = p->bufs.data[i];
		if (b->local || b->first < 0)
			continue;
		const int64_t bytes = upper(e, slot_bytes(e->arena, b->count, b->type->dtype));
		change[b->first] += bytes;
		change[b->last + 1] -= bytes;
	}
	for (int step = 0; step < p->nsteps; step++) {
		alive += change[step];
		if (alive > most)
			most = alive, when = step;
	}
	for (int i = 0; i < p->bufs.len; i++) {
		const PlanBuf *b = p->bufs.data[i];
		if (!b->local && b->first <= when && when <= b->last)
			diag_note(m, b->loc, "alive at the peak of '%s': %s, %s, %" PRId64 " bytes", p->func->name, b->name, type_text(e->arena, b->type),
			          upper(e, slot_bytes(e->arena, b->count, b->type->dtype)));
	}
	return false;
}
