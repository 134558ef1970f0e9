/* bounds.c -- what is known of a size's value: evaluation, bounds from above, order
 *
 * In a normal form floor numerators have no negative coefficients and dims are not
 * negative; so a floor atom is not negative, and grows with every dim. */
#include "ir.h"

bool size_eval(const Size *s, int64_t (*atom)(void *, const Atom *), void *data, int64_t *value)
{
	int64_t sum = 0;
	for (int i = 0; i < s->nterms; i++) {
		int64_t product = s->term[i].coef;
		for (int j = 0; j < s->term[i].natoms; j++) {
			const Atom *a = s->term[i].atom[j];
			int64_t x;
			if (a->kind == ATOM_FLOOR) {
				if (!size_eval(a->num, atom, data, &x))
					return false;
				x = x / a->by - (x % a->by < 0);
			} else if (a->kind == ATOM_DIM && a->dim->is) {
				if (!size_eval(a->dim->is, atom, data, &x))
					return false;
			} else
				x = atom(data, a);
			if (__builtin_mul_overflow(product, x, &product))
				return false;
		}
		if (__builtin_add_overflow(sum, product, &sum))
			return false;
	}
	*value = sum;
	return true;
}

typedef struct Bounds {
	int64_t open;
	const Dim *dim; /* one that has no bound */
	bool failed;
} Bounds;

static int64_t atom_bound(Bounds *b, const Atom *a, bool above);

/* the bound of the terms of one sign is in the atoms' same bounds, of the others in the opposite */
static int64_t bound(Bounds *b, const Size *s, bool above)
{
	int64_t sum = 0;
	for (int i = 0; i < s->nterms; i++) {
		int64_t product = s->term[i].coef;
		bool up = above == (product > 0);
		for (int j = 0; j < s->term[i].natoms; j++)
			if (__builtin_mul_overflow(product, atom_bound(b, s->term[i].atom[j], up),
						   &product))
				b->failed = true;
		if (__builtin_add_overflow(sum, product, &sum))
			b->failed = true;
	}
	return sum;
}

static int64_t atom_bound(Bounds *b, const Atom *a, bool above)
{
	if (a->kind == ATOM_FLOOR) {
		int64_t x = bound(b, a->num, above);
		return x / a->by - (x % a->by < 0);
	}
	if (a->kind != ATOM_DIM) {
		b->failed = true;
		return 0;
	}
	if (a->dim->is)
		return bound(b, a->dim->is, above);
	if (!above)
		return a->dim->lo;
	if (a->dim->hi < INT64_MAX)
		return a->dim->hi;
	if (b->open)
		return b->open > a->dim->lo ? b->open : a->dim->lo;
	b->failed = true;
	if (!b->dim)
		b->dim = a->dim;
	return 0;
}

bool size_upper(const Size *s, int64_t open, int64_t *value, const Dim **dim)
{
	Bounds b = {.open = open};
	int64_t v = bound(&b, s, true);
	if (dim)
		*dim = b.dim;
	if (!b.failed)
		*value = v;
	return !b.failed;
}

static bool all_fixed(const Atom *a, bool (*fixed)(const void *, const Dim *), const void *data)
{
	if (a->kind == ATOM_DIM)
		return fixed(data, a->dim);
	for (int i = 0; a->kind == ATOM_FLOOR && i < a->num->nterms; i++)
		for (int j = 0; j < a->num->term[i].natoms; j++)
			if (!all_fixed(a->num->term[i].atom[j], fixed, data))
				return false;
	return true;
}

/* in negative terms lower bounds take the place of what is not fixed */
const Size *size_most(Arena *arena, const Size *s, bool (*fixed)(const void *, const Dim *), const void *data)
{
	const Size *sum = size_const(arena, 0);
	s = size_resolve(arena, s);
	for (int i = 0; i < s->nterms && sum; i++) {
		const Term *t = &s->term[i];
		const Size *product = size_const(arena, t->coef);
		for (int j = 0; j < t->natoms && product; j++) {
			Bounds b = {0};
			bool keep = t->coef > 0 || all_fixed(t->atom[j], fixed, data);
			const Size *atom = keep ? size_atom(arena, t->atom[j]) : size_const(arena, atom_bound(&b, t->atom[j], false));
			product = size_mul(arena, product, atom);
		}
		sum = product ? size_add(arena, sum, product) : NULL;
	}
	return sum;
}

/* Proof that p >= 0: p is replaced by something not above a positive multiple of it, in which every
 * coefficient is then seen to be not negative. */
typedef struct Proof {
	Arena *arena;
	bool opaque; /* floors in positive terms are kept as atoms */
	bool failed;
	VEC(const Size *) floors; /* atoms shifted so far */
	VEC(Dim *) over;          /* what stands for each, over its lower bound */
} Proof;

/* One floor atom f of p put away: by f <= num and by f >= num - (by - 1).  A term may hold it once
 * only. */
static const Size *drop_floor(Proof *proof, const Size *p, const Atom *f)
{
	Arena *arena = proof->arena;
	const Size *sum = size_const(arena, 0);
	for (int i = 0; i < p->nterms; i++) {
		const Term *t = &p->term[i];
		const Size *product = size_const(arena, t->coef);
		int count = 0;
		for (int j = 0; j < t->natoms; j++)
			if (t->atom[j] == f ||
			    size_equal(size_atom(arena, t->atom[j]), size_atom(arena, f))) {
				const Size *low =
					size_sub(arena, f->num, size_const(arena, f->by - 1));
				product = size_mul(arena, product, t->coef < 0 ? f->num : low);
				count++;
			} else
				product = size_mul(arena, product, size_atom(arena, t->atom[j]));
		if (count > 1)
			proof->failed = true;
		sum = size_add(arena, sum, count ? product : size_scale(arena, product, f->by));
	}
	return sum;
}

static const Atom *floor_to_drop(const Proof *proof, const Size *p)
{
	for (int i = 0; i < p->nterms; i++)
		for (int j = 0; j < p->term[i].natoms; j++)
			if (p->term[i].atom[j]->kind == ATOM_FLOOR &&
			    !(proof->opaque && p->term[i].coef > 0))
				return p->term[i].atom[j];
	return NULL;
}

/* the dim that stands for a floor atom over its lower bound: one for equal floors */
static const Dim *over_floor(Proof *proof, const Atom *f, int64_t low)
{
	const Size *size = size_atom(proof->arena, f);
	for (int i = 0; i < proof->floors.len; i++)
		if (size_equal(proof->floors.data[i], size))
			return proof->over.data[i];
	Bounds up = {0};
	int64_t high = atom_bound(&up, f, true);
	Dim *dim = NEW(proof->arena, Dim);
	dim->name = size_text(proof->arena, size);
	dim->lo = low;
	dim->hi = up.failed ? INT64_MAX : high;
	push(proof->arena, &proof->floors, size);
	push(proof->arena, &proof->over, dim);
	return dim;
}

/* each atom as its lower bound and what is over it, which a dim's atom then stands for */
static const Size *shift(void *data, const Atom *a)
{
	Proof *proof = data;
	Bounds b = {0};
	int64_t low = atom_bound(&b, a, false);
	if (b.failed || low < 0) {
		proof->failed = true;
		return NULL;
	}
	const Dim *dim = a->kind == ATOM_FLOOR ? over_floor(proof, a, low) : a->dim;
	return size_add(proof->arena, size_const(proof->arena, low), size_dim(proof->arena, dim));
}

/* the shifted p with every bounded atom of a negative term at its range */
static const Size *at_ranges(Proof *proof, const Size *p)
{
	Arena *arena = proof->arena;
	const Size *sum = size_const(arena, 0);
	for (int i = 0; i < p->nterms; i++) {
		const Term *t = &p->term[i];
		const Size *product = size_const(arena, t->coef);
		for (int j = 0; j < t->natoms; j++) {
			const Dim *d = t->atom[j]->dim;
			product = size_mul(arena, product,
					   t->coef < 0 && d->hi < INT64_MAX
						   ? size_const(arena, d->hi - d->lo)
						   : size_atom(arena, t->atom[j]));
		}
		sum = size_add(arena, sum, product);
	}
	return sum;
}

static bool no_negative(const Size *p)
{
	for (int i = 0; i < p->nterms; i++)
		if (p->term[i].coef < 0)
			return false;
	return true;
}

static bool is_linear(const Size *p)
{
	for (int i = 0; i < p->nterms; i++)
		if (p->term[i].natoms > 1)
			return false;
	return true;
}

static bool proved(Arena *arena, const Size *p, bool opaque)
{
	Proof proof = {.arena = arena, .opaque = opaque};
	int64_t multiple = 1;
	const Atom *f;
	for (int rounds = 0; p && (f = floor_to_drop(&proof, p)); rounds++) {
		if (rounds == 32 || __builtin_mul_overflow(multiple, f->by, &multiple))
			return false;
		p = drop_floor(&proof, p, f);
	}
	if (!p || proof.failed)
		return false;
	Bounds b = {0};
	int64_t least = bound(&b, p, false);
	if (is_linear(p)) /* the rest would find no more */
		return !b.failed && least > -multiple;
	/* p is an integer: multiple * p > -multiple is enough */
	p = size_add(arena, p, size_const(arena, multiple - 1));
	if (!p || proof.failed)
		return false;
	p = size_map(arena, p, shift, &proof);
	if (!p || proof.failed)
		return false;
	if (no_negative(p))
		return true;
	p = at_ranges(&proof, p);
	return p && no_negative(p);
}

static bool not_negative(Arena *arena, const Size *p)
{
	return p && (proved(arena, p, true) || (floor_to_drop(&(Proof){.opaque = false}, p) && proved(arena, p, false)));
}

bool size_at_least_0(const Size *s)
{
	int64_t known;
	if (size_is_const(s, &known))
		return known >= 0;
	Arena *scratch = arena_new();
	bool answer = not_negative(scratch, size_resolve(scratch, s));
	arena_free(scratch);
	return answer;
}

Decided size_ge(Arena *arena, const Size *p, const Size *q)
{
	(void)arena;
	int64_t known, other;
	if (p && q && size_is_const(p, &known) && size_is_const(q, &other))
		return known >= other ? YES : NO;
	Arena *scratch = arena_new();
	const Size *d = size_sub(scratch, size_resolve(scratch, p), size_resolve(scratch, q));
	const Size *below = size_sub(scratch, size_scale(scratch, d, -1), size_const(scratch, 1));
	Decided answer = d && size_is_const(d, &known)  ? (known >= 0 ? YES : NO)
			 : not_negative(scratch, d)     ? YES
			 : not_negative(scratch, below) ? NO
							: UNDECIDED;
	arena_free(scratch);
	return answer;
}
