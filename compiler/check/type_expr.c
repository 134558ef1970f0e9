/* type_expr.c -- types as written: floatX[batch, 784], dmatrix, like(p), and those of a def's parameters */
#include <string.h>

#include "state.h"

/* Theano's names: a letter for the dtype or none for floatX, then the rank; row and col have a size 1 */
typedef struct RankName {
	const char *name;
	int rank;
	unsigned ones; /* bit i: axis i is 1 */
} RankName;
static const RankName rank_names[] = {
	{"scalar", 0, 0}, {"vector", 1, 0}, {"matrix", 2, 0}, {"row", 2, 1}, {"col", 2, 2},
	{"tensor3", 3, 0}, {"tensor4", 4, 0}, {"tensor5", 5, 0}, {"tensor6", 6, 0}, {"tensor7", 7, 0},
};

static bool letter_dtype(char letter, DType *t)
{
	static const char letters[] = "bwilfdcz";
	static const DType types[] = {DT_int8, DT_int16, DT_int32, DT_int64, DT_float32, DT_float64, DT_complex64, DT_complex128};
	const char *at = letter ? strchr(letters, letter) : NULL;
	if (at)
		*t = types[at - letters];
	return at != NULL;
}

static bool rank_name(const char *s, int *rank, unsigned *ones)
{
	for (size_t i = 0; i < sizeof rank_names / sizeof *rank_names; i++)
		if (!strcmp(s, rank_names[i].name)) {
			*rank = rank_names[i].rank;
			*ones = rank_names[i].ones;
			return true;
		}
	return false;
}

bool type_dtype(Check *c, const Ident *id, DType *t, int *rank, unsigned *ones)
{
	*rank = -1;
	*ones = 0;
	if (!strcmp(id->text, "floatX") || rank_name(id->text, rank, ones)) {
		*t = c->floatX;
		return true;
	}
	return dtype_from_name(id->text, t) || (letter_dtype(id->text[0], t) && rank_name(id->text + 1, rank, ones));
}

static void unknown_type(Check *c, const Ident *id)
{
	const char *names[DT_tuple + 1];
	for (int i = 0; i < DT_tuple; i++)
		names[i] = dtype_name((DType)i);
	names[DT_tuple] = "floatX";
	const char *near = did_you_mean(id->text, names, DT_tuple + 1);
	if (near)
		check_error(c, id->loc, "unknown type '%s'; did you mean '%s'?", id->text, near);
	else
		check_error(c, id->loc, "unknown type '%s'", id->text);
}

bool known_dtype(Check *c, Ident id, DType *t)
{
	bool known = dtype_from_name(id.text, t);
	if (!known)
		unknown_type(c, &id);
	return known;
}

static bool eval_dtype(Check *c, const Ident *id, DType *t, int *rank, unsigned *ones)
{
	if (!type_dtype(c, id, t, rank, ones)) {
		unknown_type(c, id);
		return false;
	}
	if (dtype_class(*t) == CLASS_COMPLEX || *t == DT_float16 || *t == DT_bfloat16) {
		check_error(c, id->loc, "not supported yet: %s", dtype_name(*t));
		return false;
	}
	return true;
}

Value eval_known(Check *c, Scope *s, const Expr *e, const char *what)
{
	Value v = eval_expr(c, s, e);
	if (v.kind == V_TENSOR || v.kind == V_NONE || v.kind == V_INSTANCE) {
		Message *m = check_error(c, e->loc, "%s must be known when it is compiled", what);
		label_value(c, m, e->loc, v);
		return value_error();
	}
	return v;
}

const Size *size_of_expr(Check *c, Scope *s, const Expr *e)
{
	return one_size(c, e->loc, eval_expr(c, s, e));
}

static const Size *free_size(Check *c, const TypeUse *use, Loc loc, int axis)
{
	if (!use->free) {
		check_error(c, loc, "'?' cannot stand here: this size must be known");
		return NULL;
	}
	Model *m = c->state->model;
	Dim *d = NEW(c->arena, Dim);
	*d = (Dim){.name = arena_printf(c->arena, "%s_%d", use->name, axis), .loc = loc, .lo = 1, .hi = INT64_MAX, .anonymous = true};
	d->index = m->dims.len;
	push(c->arena, &m->dims, d);
	if (use->per_walk)
		push(c->arena, &c->state->free_dims, d);
	return size_dim(c->arena, d);
}

static const Type *eval_like(Check *c, const TypeUse *use, const TypeExpr *t)
{
	Value v = eval_expr(c, use->scope, t->like);
	Val *x = v.kind == V_ERROR ? NULL : as_tensor(c, t->like->loc, v, DT_error);
	DType dtype;
	int rank;
	unsigned ones;
	if (x == NULL)
		return NULL;
	const Size *size[MAX_RANK];
	for (int i = 0; i < x->type->rank; i++)
		size[i] = size_resolve(c->arena, x->type->size[i]);
	if (t->dtype.text == NULL)
		return type_array(c->arena, x->type->dtype, x->type->rank, size);
	if (!eval_dtype(c, &t->dtype, &dtype, &rank, &ones))
		return NULL;
	return type_array(c->arena, dtype, x->type->rank, size);
}

const Type *eval_type(Check *c, const TypeUse *use, const TypeExpr *t)
{
	DType dtype;
	int rank;
	unsigned ones;
	const Size *size[MAX_RANK];
	if (t->like)
		return eval_like(c, use, t);
	bool ok = eval_dtype(c, &t->dtype, &dtype, &rank, &ones);
	if (ok && rank >= 0) {
		if (t->has_sizes) {
			check_error(c, t->loc, "'%s' has its sizes already", t->dtype.text);
			return NULL;
		}
		for (int i = 0; i < rank; i++) {
			size[i] = ones >> i & 1 ? size_const(c->arena, 1) : free_size(c, use, t->loc, i);
			if (size[i] == NULL)
				return NULL;
		}
		return type_array(c->arena, dtype, rank, size);
	}
	if (!rank_fits(c, t->loc, t->sizes.len))
		return NULL;
	for (int i = 0; i < t->sizes.len; i++) {
		const SizeExpr *s = &t->sizes.data[i];
		if (s->kind == SIZE_REST) {
			check_error(c, s->loc, "'...' stands in the types of a def's parameters only");
			size[i] = NULL;
		} else if (s->kind == SIZE_ANY) {
			size[i] = free_size(c, use, s->loc, i);
		} else {
			size[i] = size_of_expr(c, use->scope, s->e);
		}
		ok = ok && size[i];
	}
	return ok && elements_fit(c, t->loc, t->sizes.len, size) ? type_array(c->arena, dtype, t->sizes.len, size) : NULL;
}

/* ---- parameters of defs */

static void misfit_param(Check *c, const char *def, const Param *p, Value v, Loc loc, const char *why)
{
	Message *m = check_error(c, loc, "%s does not fit the parameter '%s' of %s%s%s", value_text(c, v), p->name.text, def,
	                         *why ? ": " : "", why);
	label_value(c, m, loc, v);
	diag_note(m, p->type->loc, "it is declared here");
}

/* a size of the argument meets one as written: a name new in this def is declared, `?` takes all, the rest must be equal */
static bool match_size(Check *c, Scope *s, const SizeExpr *want, const Size *got)
{
	if (want->kind == SIZE_ANY)
		return true;
	if (want->e->kind == EX_NAME && find_here(s, want->e->name) == NULL) {
		Ident id = {want->e->name, want->e->loc};
		declare_value(c, s, id, "size", value_int(got));
		return true;
	}
	const Size *size = size_of_expr(c, s, want->e);
	return size == NULL || unify(c, size, got);
}

static bool match_rank(Check *c, const char *def, const Param *p, Value v, Loc loc, bool at_least, int want)
{
	int got = v.v->type->rank;
	if (at_least ? got >= want : got == want)
		return true;
	misfit_param(c, def, p, v, loc,
	             arena_printf(c->arena, "it has %d %s, not %s%d", got, got == 1 ? "axis" : "axes", at_least ? "at least " : "", want));
	return false;
}

static void misfit_size(Check *c, const char *def, const Param *p, Value v, Loc loc, int axis, const Size *want)
{
	const char *got = size_text(c->arena, size_resolve(c->arena, v.v->type->size[axis]));
	misfit_param(c, def, p, v, loc, arena_printf(c->arena, "its size %d is %s, not %s", axis, got, size_text(c->arena, want)));
}

static bool match_sizes(Check *c, Scope *s, const char *def, const Param *p, Value v, const Type *got, Loc loc)
{
	int n = p->type->sizes.len, rest = -1;
	for (int i = 0; i < n; i++)
		if (p->type->sizes.data[i].kind == SIZE_REST) {
			if (rest >= 0) {
				check_error(c, p->type->sizes.data[i].loc, "a type has one '...' at most");
				return false;
			}
			rest = i;
		}
	if (!match_rank(c, def, p, v, loc, rest >= 0, rest >= 0 ? n - 1 : n))
		return false;
	int shift = rest >= 0 ? got->rank - n : 0;
	for (int pass = 0; pass < 2; pass++) /* names first: expressions may speak of them */
		for (int i = 0; i < n; i++) {
			const SizeExpr *want = &p->type->sizes.data[i];
			int axis = rest >= 0 && i > rest ? i + shift : i;
			bool plain = want->kind != SIZE_EXPR || want->e->kind == EX_NAME;
			if (want->kind == SIZE_REST || plain != (pass == 0))
				continue;
			const Size *size = size_resolve(c->arena, got->size[axis]);
			if (!match_size(c, s, want, size)) {
				misfit_size(c, def, p, v, loc, axis, size_of_expr(c, s, want->e));
				return false;
			}
		}
	return true;
}

bool match_param(Check *c, Scope *s, const char *def, const Param *p, Value *v, Loc loc)
{
	DType dtype = DT_error;
	int rank = -1;
	unsigned ones;
	const TypeExpr *t = p->type;
	if (v->kind == V_ERROR || v->kind == V_NONE)
		return true;
	if (t->like) {
		TypeUse use = {.scope = s, .name = p->name.text};
		const Type *type = eval_type(c, &use, t);
		Val *x = type ? coerce(c, loc, *v, type, arena_printf(c->arena, "the argument '%s' of %s", p->name.text, def)) : NULL;
		if (x)
			v->kind = V_TENSOR, v->v = x;
		return x != NULL;
	}
	if (!eval_dtype(c, &t->dtype, &dtype, &rank, &ones))
		return false;
	bool scalar = rank == 0 || (rank < 0 && t->sizes.len == 0);
	if (scalar && (v->kind == V_INT || v->kind == V_BOOL || v->kind == V_FLOAT)) {
		bool fits = v->kind == V_BOOL ? dtype == DT_bool : v->kind == V_INT ? dtype != DT_bool : dtype_is_float(dtype);
		if (!fits)
			misfit_param(c, def, p, *v, loc, "");
		return fits; /* it stays known */
	}
	Val *x = as_tensor(c, loc, *v, dtype);
	if (x == NULL)
		return false;
	if (x->type->dtype != dtype) {
		misfit_param(c, def, p, *v, loc, arena_printf(c->arena, "it must be %s", dtype_name(dtype)));
		return false;
	}
	v->kind = V_TENSOR;
	v->v = x;
	if (rank >= 0) {
		if (!match_rank(c, def, p, *v, loc, false, rank))
			return false;
		const Size *one = size_const(c->arena, 1);
		for (int i = 0; i < rank; i++)
			if (ones >> i & 1 && !unify(c, x->type->size[i], one)) {
				misfit_size(c, def, p, *v, loc, i, one);
				return false;
			}
		return true;
	}
	return match_sizes(c, s, def, p, *v, x->type, loc);
}
