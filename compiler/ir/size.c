/* size.c -- polynomials over atoms with integer coefficients, in normal form
 *
 * Terms fall by degree, then by the order of their atoms; so the constant is last and
 * the order of terms is compatible with products, as exact division needs.  Atoms of
 * a term are sorted.  In floor(num / by) all coefficients of num are in 0 .. by-1, have
 * no factor in common with by, and num is no constant.  Every function answers NULL on
 * overflow, and to an operand that is NULL. */
#include <string.h>

#include "ir.h"

static const Size zero = {0, NULL}, one = {1, &(const Term){1, 0, NULL}};

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_sizes(const Size *a, const Size *b);

/* An order that does not depend on addresses, so that output is the same in every run. */
static int compare_atoms(const Atom *a, const Atom *b)
{
	if (a == b)
		return 0;
	if (a->kind != b->kind)
		return compare(a->kind, b->kind);
	int c;
	switch (a->kind) {
	case ATOM_DIM:
		if (a->dim == b->dim)
			return 0;
		c = strcmp(a->dim->name, b->dim->name);
		if (c == 0)
			c = compare(a->dim->loc.begin, b->dim->loc.begin);
		return c ? c
		       : compare(a->dim->index, b->dim->index)
			       ? compare(a->dim->index, b->dim->index)
		       : (uintptr_t)a->dim < (uintptr_t)b->dim ? -1
							       : 1;
	case ATOM_FLOOR:
		c = compare_sizes(a->num, b->num);
		return c ? c : compare(a->by, b->by);
	case ATOM_INPUT:
		return compare(a->input, b->input);
	case ATOM_VALUE:
		if (a->value == b->value)
			return 0;
		c = compare(a->value->id, b->value->id);
		return c ? c : (uintptr_t)a->value < (uintptr_t)b->value ? -1 : 1;
	case ATOM_AXIS:
		return compare(a->axis_id, b->axis_id);
	}
	return 0;
}

/* by degree, falling; then by atoms */
static int compare_monomials(int na, const Atom *const *a, int nb, const Atom *const *b)
{
	if (na != nb)
		return compare(nb, na);
	for (int i = 0; i < na; i++) {
		int c = compare_atoms(a[i], b[i]);
		if (c)
			return c;
	}
	return 0;
}

static int compare_terms(const Term *a, const Term *b)
{
	return compare_monomials(a->natoms, a->atom, b->natoms, b->atom);
}

static int compare_sizes(const Size *a, const Size *b)
{
	for (int i = 0; i < a->nterms && i < b->nterms; i++) {
		int c = compare_terms(&a->term[i], &b->term[i]);
		if (c == 0)
			c = compare(a->term[i].coef, b->term[i].coef);
		if (c)
			return c;
	}
	return compare(a->nterms, b->nterms);
}

static const Size *of_terms(Arena *arena, int n, const Term *term)
{
	Size *s = NEW(arena, Size);
	s->nterms = n;
	s->term = term;
	return s;
}

/* with n terms to be filled in, in the same piece of memory */
static Size *of_new_terms(Arena *arena, int n, Term **term)
{
	Size *s = arena_alloc(arena, sizeof *s + (size_t)n * sizeof **term);
	*term = (Term *)(s + 1);
	*s = (Size){n, *term};
	return s;
}

const Size *size_const(Arena *arena, int64_t c)
{
	if (c == 0)
		return &zero;
	Term *t;
	Size *s = of_new_terms(arena, 1, &t);
	t->coef = c;
	return s;
}

/* in one piece of memory: most sizes are an axis or a dim */
static const Size *of_atom(Arena *arena, const Atom *atom)
{
	struct {
		Size size;
		Term term;
		const Atom *list[1];
		Atom atom;
	} *s = arena_alloc(arena, sizeof *s);
	s->atom = *atom;
	s->list[0] = &s->atom;
	s->term = (Term){1, 1, s->list};
	s->size = (Size){1, &s->term};
	return &s->size;
}

const Size *size_atom(Arena *arena, const Atom *atom)
{
	if (atom->kind == ATOM_FLOOR)
		return size_floordiv(arena, atom->num, atom->by);
	return of_atom(arena, atom);
}

const Size *size_dim(Arena *arena, const Dim *dim)
{
	return size_atom(arena, &(Atom){.kind = ATOM_DIM, .dim = dim});
}

/* a + k * b */
static const Size *add_scaled(Arena *arena, const Size *a, const Size *b, int64_t k)
{
	if (!a || !b)
		return NULL;
	Term *term;
	Size *sum = of_new_terms(arena, a->nterms + b->nterms, &term);
	int n = 0, i = 0, j = 0;
	while (i < a->nterms || j < b->nterms) {
		int c = i == a->nterms   ? 1
			: j == b->nterms ? -1
					 : compare_terms(&a->term[i], &b->term[j]);
		if (c < 0) {
			term[n++] = a->term[i++];
			continue;
		}
		Term t = b->term[j++];
		if (__builtin_mul_overflow(t.coef, k, &t.coef))
			return NULL;
		if (c == 0 && __builtin_add_overflow(t.coef, a->term[i++].coef, &t.coef))
			return NULL;
		if (t.coef != 0)
			term[n++] = t;
	}
	sum->nterms = n;
	return sum;
}

/* the same of sizes made here, which may be the sum themselves */
static const Size *gather(Arena *arena, const Size *sum, const Size *b, int64_t k)
{
	return sum == &zero && k == 1 ? b : add_scaled(arena, sum, b, k);
}

const Size *size_add(Arena *arena, const Size *a, const Size *b)
{
	return add_scaled(arena, a, b, 1);
}

const Size *size_sub(Arena *arena, const Size *a, const Size *b)
{
	return add_scaled(arena, a, b, -1);
}

const Size *size_scale(Arena *arena, const Size *a, int64_t k)
{
	return add_scaled(arena, &zero, a, k);
}

/* one term times a size; the order of terms stays */
static const Size *mul_term(Arena *arena, const Term *t, const Size *b)
{
	Term *term;
	Size *product = of_new_terms(arena, b->nterms, &term);
	for (int k = 0; k < b->nterms; k++) {
		const Term *u = &b->term[k];
		const Atom **atom = NEW_ARRAY(arena, const Atom *, t->natoms + u->natoms + 1);
		int n = 0, i = 0, j = 0;
		while (i < t->natoms || j < u->natoms)
			atom[n++] = j == u->natoms || (i < t->natoms &&
						       compare_atoms(t->atom[i], u->atom[j]) <= 0)
					    ? t->atom[i++]
					    : u->atom[j++];
		term[k].natoms = n;
		term[k].atom = atom;
		if (__builtin_mul_overflow(t->coef, u->coef, &term[k].coef))
			return NULL;
	}
	return product;
}

const Size *size_mul(Arena *arena, const Size *a, const Size *b)
{
	if (!a || !b)
		return NULL;
	const Size *sum = &zero;
	for (int i = 0; i < a->nterms; i++)
		sum = gather(arena, sum, mul_term(arena, &a->term[i], b), 1);
	return sum;
}

static int64_t gcd(int64_t a, int64_t b)
{
	while (b) {
		int64_t r = a % b;
		a = b;
		b = r;
	}
	return a < 0 ? -a : a;
}

/* floor and the remainder in 0 .. by-1 */
static int64_t floor_of(int64_t a, int64_t by, int64_t *rest)
{
	int64_t r = a % by;
	if (r < 0)
		r += by;
	*rest = r;
	return a / by - (a % by < 0);
}

/* floor((floor(x / a) + y) / by) is floor((x + a y) / (a by)).  Done where one term of num is a
 * floor with coefficient 1 and no other has one; NULL otherwise. */
static const Size *flatten(Arena *arena, const Size *num, int64_t by)
{
	const Atom *inner = NULL;
	const Size *rest = &zero;
	for (int i = 0; i < num->nterms; i++) {
		const Term *t = &num->term[i];
		bool has_floor = false;
		for (int j = 0; j < t->natoms; j++)
			has_floor |= t->atom[j]->kind == ATOM_FLOOR;
		if (!has_floor)
			rest = size_add(arena, rest, of_terms(arena, 1, t));
		else if (!inner && t->natoms == 1 && t->coef == 1)
			inner = t->atom[0];
		else
			return NULL;
	}
	int64_t product;
	if (!inner || __builtin_mul_overflow(inner->by, by, &product))
		return NULL;
	const Size *all = size_add(arena, inner->num, size_scale(arena, rest, inner->by));
	return all ? size_floordiv(arena, all, product) : NULL;
}

const Size *size_floordiv(Arena *arena, const Size *p, int64_t by)
{
	if (!p || by < 1)
		return NULL;
	if (by == 1)
		return p;
	Term *whole = NEW_ARRAY(arena, Term, p->nterms + 1);
	Term *rest = NEW_ARRAY(arena, Term, p->nterms + 1);
	int nwhole = 0, nrest = 0;
	int64_t common = by, constant = 0;
	for (int i = 0; i < p->nterms; i++) {
		int64_t r, q = floor_of(p->term[i].coef, by, &r);
		if (q) {
			whole[nwhole] = p->term[i];
			whole[nwhole++].coef = q;
		}
		if (p->term[i].natoms == 0)
			constant = r;
		else if (r) {
			common = gcd(common, r);
			rest[nrest] = p->term[i];
			rest[nrest++].coef = r;
		}
	}
	const Size *quotient = of_terms(arena, nwhole, whole);
	if (nrest == 0)
		return quotient;
	/* floor((g r + c) / (g b)) is floor((r + floor(c / g)) / b) */
	for (int i = 0; i < nrest; i++)
		rest[i].coef /= common;
	const Size *num =
		size_add(arena, of_terms(arena, nrest, rest), size_const(arena, constant / common));
	by /= common;
	if (by == 1)
		return size_add(arena, quotient, num);
	const Size *flat = flatten(arena, num, by);
	if (flat)
		return size_add(arena, quotient, flat);
	return size_add(arena, quotient, of_atom(arena, &(Atom){.kind = ATOM_FLOOR, .num = num, .by = by}));
}

/* t / u if that is a monomial with an integer coefficient */
static bool divide_terms(Arena *arena, const Term *t, const Term *u, Term *quotient)
{
	if (u->natoms > t->natoms || (u->coef == -1 && t->coef == INT64_MIN) ||
	    t->coef % u->coef != 0)
		return false;
	const Atom **atom = NEW_ARRAY(arena, const Atom *, t->natoms - u->natoms + 1);
	int n = 0, j = 0;
	for (int i = 0; i < t->natoms; i++)
		if (j < u->natoms && compare_atoms(t->atom[i], u->atom[j]) == 0)
			j++;
		else if (n == t->natoms - u->natoms)
			return false;
		else
			atom[n++] = t->atom[i];
	*quotient = (Term){t->coef / u->coef, n, atom};
	return j == u->natoms;
}

const Size *size_div_exact(Arena *arena, const Size *a, const Size *b)
{
	if (!a || !b || b->nterms == 0)
		return NULL;
	const Size *quotient = &zero;
	/* long division: each round removes the leading term, so it ends */
	while (a && a->nterms) {
		Term *q = NEW(arena, Term);
		if (!divide_terms(arena, &a->term[0], &b->term[0], q))
			return NULL;
		quotient = size_add(arena, quotient, of_terms(arena, 1, q));
		a = size_sub(arena, a, mul_term(arena, q, b));
	}
	return a ? quotient : NULL;
}

static bool needs_resolving(const Size *s)
{
	for (int i = 0; i < s->nterms; i++)
		for (int j = 0; j < s->term[i].natoms; j++) {
			const Atom *a = s->term[i].atom[j];
			if (a->kind == ATOM_DIM ? a->dim->is != NULL
						: a->kind == ATOM_FLOOR && needs_resolving(a->num))
				return true;
		}
	return false;
}

bool size_equal(const Size *a, const Size *b)
{
	if (a == b)
		return true;
	if (!a || !b)
		return false;
	if (!needs_resolving(a) && !needs_resolving(b))
		return compare_sizes(a, b) == 0;
	Arena *scratch = arena_new();
	const Size *ra = size_resolve(scratch, a), *rb = size_resolve(scratch, b);
	bool equal = ra && rb && compare_sizes(ra, rb) == 0;
	arena_free(scratch);
	return equal;
}

bool size_is_const(const Size *s, int64_t *value)
{
	if (s->nterms > 0 && needs_resolving(s)) {
		Arena *scratch = arena_new();
		const Size *r = size_resolve(scratch, s);
		bool is = r && size_is_const(r, value);
		arena_free(scratch);
		return is;
	}
	if (s->nterms > 1 || (s->nterms == 1 && s->term[0].natoms))
		return false;
	if (value)
		*value = s->nterms ? s->term[0].coef : 0;
	return true;
}

static const Size *map_atom(Arena *arena, const Atom *a, const Size *(*f)(void *, const Atom *),
			    void *data)
{
	const Size *s = f(data, a);
	if (s)
		return s;
	if (a->kind == ATOM_FLOOR)
		return size_floordiv(arena, size_map(arena, a->num, f, data), a->by);
	return size_atom(arena, a);
}

const Size *size_map(Arena *arena, const Size *s, const Size *(*f)(void *, const Atom *),
		     void *data)
{
	const Size *sum = &zero;
	for (int i = 0; s && i < s->nterms; i++) {
		const Size *product = &one;
		for (int j = 0; j < s->term[i].natoms; j++) {
			const Size *atom = map_atom(arena, s->term[i].atom[j], f, data);
			product = j ? size_mul(arena, product, atom) : atom;
		}
		sum = gather(arena, sum, product, s->term[i].coef);
	}
	return s ? sum : NULL;
}

static const Size *resolve_atom(void *arena, const Atom *a)
{
	return a->kind == ATOM_DIM && a->dim->is ? size_resolve(arena, a->dim->is) : NULL;
}

const Size *size_resolve(Arena *arena, const Size *s)
{
	return s && needs_resolving(s) ? size_map(arena, s, resolve_atom, arena) : s;
}

static const Size *keep_atom(void *data, const Atom *a)
{
	(void)data, (void)a;
	return NULL;
}

const Size *size_copy(Arena *arena, const Size *s)
{
	return size_map(arena, s, keep_atom, NULL);
}
