/* ops_shape.c -- shapes of operands: broadcasting, sizes that a `?` takes, shapes given as values
 *
 * A size broadcasts only where it is literally 1; sizes that may be 1 when the program runs do not. */
#include "builtin.h"

const Size *size_int(Check *c, int64_t n)
{
	return size_const(c->arena, n);
}

bool size_known(Check *c, const Size *s, int64_t *n)
{
	return size_is_const(size_resolve(c->arena, s), n);
}

bool is_one(const Size *s)
{
	int64_t n;
	return size_is_const(s, &n) && n == 1;
}

enum { MOST_TERMS = 1000 };

/* as far as its terms are not too many */
const Size *shape_product(Check *c, int n, const Size *const *size)
{
	const Size *product = size_int(c, 1);
	for (int i = 0; i < n && (!product || product->nterms <= MOST_TERMS); i++)
		product = size_mul(c->arena, product, size[i]);
	return product;
}

const char *shape_text(Check *c, int rank, const Size *const *size)
{
	const char *text = "[";
	for (int i = 0; i < rank; i++)
		text = arena_printf(c->arena, "%s%s%s", text, i ? ", " : "",
				    size_text(c->arena, size[i]));
	return arena_printf(c->arena, "%s]", text);
}

/* a `?` that has taken no size yet */
static Dim *free_dim(const Size *s)
{
	if (s->nterms != 1 || s->term[0].coef != 1 || s->term[0].natoms != 1)
		return NULL;
	const Atom *a = s->term[0].atom[0];
	return a->kind == ATOM_DIM && a->dim->anonymous && a->dim->is == NULL
		       ? (Dim *)(uintptr_t)a->dim
		       : NULL;
}

typedef struct Speaks {
	const Dim *of;
	bool found;
} Speaks;

static const Size *speaks_atom(void *data, const Atom *a)
{
	Speaks *s = data;
	if (a->kind == ATOM_DIM && a->dim == s->of)
		s->found = true;
	else if (a->kind != ATOM_DIM && a->kind != ATOM_FLOOR)
		s->found = true; /* a value is no size */
	return NULL;
}

static bool take(Check *c, Dim *dim, const Size *s)
{
	Speaks speaks = {dim, false};
	size_map(c->arena, s, speaks_atom, &speaks);
	if (speaks.found)
		return false;
	dim->is = s;
	return true;
}

bool unify(Check *c, const Size *a, const Size *b)
{
	a = size_resolve(c->arena, a);
	b = size_resolve(c->arena, b);
	if (size_equal(a, b))
		return true;
	Dim *da = free_dim(a), *db = free_dim(b);
	return (db && take(c, db, a)) || (da && take(c, da, b));
}

bool broadcast_shape(Check *c, const Type *a, const Type *b, Type *out, int *axis)
{
	int rank = a->rank > b->rank ? a->rank : b->rank;
	out->rank = rank;
	for (int k = 1; k <= rank; k++) { /* from the last axis */
		const Size *sa = k <= a->rank ? size_resolve(c->arena, a->size[a->rank - k]) : NULL;
		const Size *sb = k <= b->rank ? size_resolve(c->arena, b->size[b->rank - k]) : NULL;
		*axis = k;
		if (sa == NULL || (sb && is_one(sa)))
			out->size[rank - k] = sb;
		else if (sb == NULL || is_one(sb))
			out->size[rank - k] = sa;
		else if (unify(c, sa, sb))
			out->size[rank - k] = size_resolve(c->arena, sa);
		else
			return false;
	}
	return true;
}

static const char *const ordinal[] = {"", "last", "second to last", "third to last"};

/* "the last size of the left side is 784, of the right side 500" */
static void note_axis(Check *c, Message *m, int axis, const Type *a, const Type *b)
{
	const char *which = axis < 4 ? ordinal[axis] : arena_printf(c->arena, "%dth to last", axis);
	diag_note(m, (Loc){0},
		  "the %s size is %s on one side and %s on the other; a size broadcasts only where "
		  "it is literally 1",
		  which, size_text(c->arena, size_resolve(c->arena, a->size[a->rank - axis])),
		  size_text(c->arena, size_resolve(c->arena, b->size[b->rank - axis])));
}

bool rank_fits(Check *c, Loc loc, int rank)
{
	if (rank <= MAX_RANK)
		return true;
	check_error(c, loc, "an array has at most %d axes, and this would have %d", MAX_RANK, rank);
	return false;
}

bool elements_fit(Check *c, Loc loc, int rank, const Size *const *size)
{
	const Size *count = shape_product(c, rank, size);
	if (count && count->nterms > MOST_TERMS) {
		check_error(c, loc, "an array whose number of elements is too long a formula over the dims");
		return false;
	}
	if (count && size_scale(c->arena, count, WIDEST))
		return true;
	check_error(c, loc, "an array of the sizes %s has 2^59 elements or more", shape_text(c, rank, size));
	return false;
}

bool broadcast_values(Check *c, Loc loc, const char *what, int n, const Value *value,
		      const Loc *value_loc, Val *const *v, Type *out)
{
	*out = *v[0]->type;
	for (int i = 1; i < n; i++) {
		Type both = {0};
		int axis;
		if (broadcast_shape(c, out, v[i]->type, &both, &axis)) {
			both.dtype = out->dtype;
			*out = both;
			if (!elements_fit(c, loc, out->rank, out->size))
				return false;
			continue;
		}
		Message *m = check_error(c, loc, "sizes do not match in %s", what);
		for (int j = 0; j <= i; j++)
			label_value(c, m, value_loc[j], value[j]);
		note_axis(c, m, axis, out, v[i]->type);
		return false;
	}
	return true;
}

Val *build_counted(Check *c, Loc loc, Op op, int nin, Val *const *in, const Attr *attr)
{
	const char *why = NULL;
	const Type **types = NEW_ARRAY(c->arena, const Type *, nin + 1);
	for (int i = 0; i < nin; i++)
		types[i] = in[i]->type;
	const Type *t = op_type(c->arena, op, nin, types, attr, NULL, &why);
	if (t == NULL) {
		check_error(c, loc, "%s", why);
		return NULL;
	}
	return elements_fit(c, loc, t->rank, t->size) ? build(c->graph, loc, op, nin, in, attr, NULL) : NULL;
}

Val *broadcast_val(Check *c, Loc loc, Val *v, const Type *shape)
{
	return v->type->rank == 0 || same_shape(v->type, shape)
		       ? v
		       : build_broadcast_to(c->graph, loc, v, shape);
}

Val *reshape_val(Check *c, Loc loc, Val *v, int rank, const Size *const *size)
{
	return build_reshape(c->graph, loc, v, rank, size);
}

/* ---- sizes as values */

static Val *atom_value(Check *c, Loc loc, const Atom *a)
{
	if (a->kind == ATOM_VALUE)
		return build_cast(c->graph, loc, (Val *)(uintptr_t)a->value, DT_int64);
	if (a->kind == ATOM_FLOOR)
		return build_elem(c->graph, loc, OP_floordiv, size_value(c, loc, a->num),
				  build_const(c->graph, loc, DT_int64, 0, a->by), NULL);
	return build_size(c->graph, loc, size_atom(c->arena, a));
}

static bool has_value(const Size *s)
{
	for (int i = 0; i < s->nterms; i++)
		for (int j = 0; j < s->term[i].natoms; j++) {
			const Atom *a = s->term[i].atom[j];
			if (a->kind == ATOM_VALUE || (a->kind == ATOM_FLOOR && has_value(a->num)))
				return true;
		}
	return false;
}

Val *size_value(Check *c, Loc loc, const Size *s)
{
	s = size_resolve(c->arena, s);
	if (!has_value(s))
		return build_size(c->graph, loc, s);
	Val *sum = NULL;
	for (int i = 0; i < s->nterms; i++) {
		const Term *t = &s->term[i];
		Val *product = NULL;
		for (int j = 0; j < t->natoms; j++) {
			Val *v = atom_value(c, loc, t->atom[j]);
			product = product ? build_elem(c->graph, loc, OP_mul, product, v, NULL) : v;
		}
		Val *coef = build_const(c->graph, loc, DT_int64, 0, t->coef);
		product = product == NULL ? coef
			  : t->coef == 1  ? product
					  : build_elem(c->graph, loc, OP_mul, product, coef, NULL);
		sum = sum ? build_elem(c->graph, loc, OP_add, sum, product, NULL) : product;
	}
	return sum ? sum : build_const(c->graph, loc, DT_int64, 0, 0);
}

/* ---- shapes given as values */

const Size *one_size(Check *c, Loc loc, Value v)
{
	if (v.kind == V_ERROR)
		return NULL;
	if (v.kind != V_INT) {
		Message *m = check_error(c, loc, v.kind == V_TENSOR
						? "a value may not be used as a size"
						: "a size is an integer over dims and constants");
		label_value(c, m, loc, v);
		if (v.kind == V_TENSOR && v.origin == NULL)
			diag_note(m, (Loc){0}, "a size is made of dims and constants with + - * and // by a constant");
		return NULL;
	}
	const Size *size = size_resolve(c->arena, v.i);
	if (size_ge(c->arena, size, size_int(c, 0)) == NO) {
		check_error(c, loc, "a size is at least 0, and this is %s", size_text(c->arena, size));
		return NULL;
	}
	return size;
}

bool as_shape(Check *c, Loc loc, Value v, int *rank, const Size **size)
{
	if (v.kind != V_LIST) {
		*rank = 1;
		return (size[0] = one_size(c, loc, v)) != NULL;
	}
	if (!rank_fits(c, loc, v.list->n))
		return false;
	*rank = v.list->n;
	for (int i = 0; i < v.list->n; i++)
		if ((size[i] = one_size(c, loc, v.list->item[i])) == NULL)
			return false;
	return elements_fit(c, loc, *rank, size);
}

bool as_const_int(Check *c, Loc loc, Value v, const char *role, int64_t *n)
{
	if (v.kind == V_ERROR)
		return false;
	if (known_int(c, v, n))
		return true;
	check_error(c, loc, "%s is an integer constant, not %s", role, value_text(c, v));
	return false;
}
