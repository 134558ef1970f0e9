/* parallel_cuda.c -- is an axis parallel? */
#include "schedule_cuda.h"

typedef struct Seen {
	Arena *arena;
	const Axis *axis;
	VEC(const Axis *) inner; /* axes inside, and itself */
	VEC(const Buffer *) declared;
	VEC(const Access *) access;
	VEC(bool) store;
} Seen;

static void note_axis(void *data, const Axis *a)
{
	Seen *s = data;
	push(s->arena, &s->inner, a);
}

static void note_declared(void *data, const Buffer *b)
{
	Seen *s = data;
	push(s->arena, &s->declared, b);
}

static void note_access(void *data, const Access *a, bool store)
{
	Seen *s = data;
	push(s->arena, &s->access, a);
	push(s->arena, &s->store, store);
}

static bool is_declared(const Seen *s, const Buffer *b)
{
	for (int i = 0; i < s->declared.len; i++)
		if (s->declared.data[i] == b)
			return true;
	return false;
}

/* the axis inside that the term is a multiple of, or NULL */
static const Axis *inner_of(const Seen *s, const Term *t)
{
	for (int k = 0; k < s->inner.len; k++)
		if (s->inner.data[k] != s->axis && size_speaks_of(&(Size){1, t}, s->inner.data[k]->id))
			return s->inner.data[k];
	return NULL;
}

/* the most that the term can be; -1: not known */
static int64_t reach_of(const Term *t, const Axis *a)
{
	int64_t n;
	if (t->natoms != 1 || t->atom[0]->kind != ATOM_AXIS || t->coef < 0 || a->nlo || a->nhi != 1 || !size_is_const(a->hi[0], &n))
		return -1;
	return t->coef * (n - 1);
}

/* axis times a number, and what is the same in all its steps, or less than that number: 4 * axis + u for u below 4 */
static bool is_own(const Seen *s, const Size *index)
{
	int64_t step = 0, reach = 0;
	for (int i = 0; index && i < index->nterms; i++) {
		const Term *t = &index->term[i];
		const Axis *inner = inner_of(s, t);
		if (inner) {
			const int64_t more = reach_of(t, inner);
			if (more < 0)
				return false;
			reach += more;
		} else if (size_speaks_of(&(Size){1, t}, s->axis->id)) {
			if (step || t->natoms != 1 || t->atom[0]->kind != ATOM_AXIS)
				return false;
			step = t->coef < 0 ? -t->coef : t->coef;
		}
	}
	return step > reach;
}

static bool fixed_inside(const Seen *s, const Node *gathered)
{
	for (int k = 0; gathered && k < s->inner.len; k++)
		if (node_speaks_of(gathered, s->inner.data[k]->id))
			return false;
	return true;
}

static bool same_index(const KIndex *a, const KIndex *b)
{
	if (!a->affine != !b->affine || (a->affine && !size_equal(a->affine, b->affine)))
		return false;
	return a->gathered == b->gathered || (a->gathered && b->gathered && node_equal(a->gathered, b->gathered));
}

/* the other index is so far away that no step of the axis reaches it: lane[l] and lane[l + 32] for l below 32 */
static bool is_beyond(const Seen *s, const KIndex *own, const KIndex *other)
{
	int64_t far, extent, step = 1;
	if (own->gathered || other->gathered || !other->affine || s->axis->nhi != 1 || s->axis->nlo || !size_is_const(s->axis->hi[0], &extent))
		return false;
	const Size *d = size_sub(s->arena, other->affine, own->affine);
	for (int i = 0; i < own->affine->nterms; i++)
		if (size_speaks_of(&(Size){1, &own->affine->term[i]}, s->axis->id))
			step = own->affine->term[i].coef;
	if (!d || !size_is_const(d, &far))
		return false;
	return (far < 0 ? -far : far) >= (step < 0 ? -step : step) * extent;
}

/* all that is done to the buffer of store k stays, along some dimension, in a part that is this step's own */
static bool stays_apart(const Seen *s, int k)
{
	const Access *a = s->access.data[k];
	for (int d = 0; d < a->buffer->rank; d++) {
		if (!is_own(s, a->index[d].affine) || !fixed_inside(s, a->index[d].gathered))
			continue;
		bool apart = true;
		for (int i = 0; i < s->access.len && apart; i++) {
			const Access *o = s->access.data[i];
			if (same_buffer(o->buffer, a->buffer))
				apart = o->buffer == a->buffer && (same_index(&o->index[d], &a->index[d]) ||
								   (!s->store.data[i] && is_beyond(s, &a->index[d], &o->index[d])));
		}
		if (apart)
			return true;
	}
	return false;
}

bool is_parallel(Arena *arena, const Nest *nest)
{
	const Axis *axis = nest->axis;
	if (axis->kind == AXIS_UNROLL || axis->kind == AXIS_LANES || axis->ncuts || axis->cut_of)
		return false;
	Seen s = {.arena = arena, .axis = axis};
	Item item = {.kind = ITEM_NEST, .nest = nest};
	visit_items(&(Visitor){.data = &s, .access = note_access, .axis = note_axis, .declared = note_declared}, &item, 1);
	for (int k = 0; k < s.access.len; k++)
		if (s.store.data[k] && !is_declared(&s, s.access.data[k]->buffer) && !stays_apart(&s, k))
			return false;
	return true;
}
