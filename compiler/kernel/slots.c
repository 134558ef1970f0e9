/* slots.c -- the memory plan: buffers that are never live together share a slot
 *
 * The largest buffer opens a slot, and others whose lives do not overlap come into it.  A slot is as
 * large as the largest of its members, which is a short maximum of polynomials: mostly one of them is
 * never less than the others. */
#include <stdlib.h>

#include "lower.h"

enum { ALIGN = 64, OPEN_DIM = 64, MOST_TRIED = 512 };

const Size *slot_bytes(Arena *arena, const Size *count, DType dtype)
{
	int64_t c;
	const Size *bytes = size_scale(arena, count, dtype_bytes(dtype));
	if (bytes && size_is_const(bytes, &c) && c <= INT64_MAX - ALIGN)
		return size_const(arena, (c + ALIGN - 1) / ALIGN * ALIGN);
	if (bytes == NULL || (bytes = size_add(arena, bytes, size_const(arena, ALIGN - 1))) == NULL)
		return NULL;
	const Size *up = size_floordiv(arena, bytes, ALIGN);
	return size_scale(arena, up, ALIGN);
}

typedef struct Around { /* a loop, by its ordinals */
	int first, last;
	int outer; /* 1 + where the loop around it stands */
} Around;

typedef struct Life {
	Arena *arena;
	FuncPlan *p;
	VEC(Around) loops;
	VEC(int) innermost; /* by ordinal: 1 + the loop that it stands in, or begins or ends */
} Life;

static void touch(PlanBuf *b, int at)
{
	if (b->kind == BUF_OUT && b->stand_in)
		b = b->stand_in;
	if (b->kind != BUF_SCRATCH)
		return;
	if (b->first < 0)
		b->first = at;
	if (at > b->last)
		b->last = at;
}

static void touch_node(Life *l, const Node *n, int at)
{
	if (!n)
		return;
	for (int i = 0; i < n->nargs; i++)
		touch_node(l, n->arg[i], at);
	if (n->kind == NODE_LOAD)
		touch((PlanBuf *)(uintptr_t)scalar_load_buf(l->p, n), at);
}

static int next_ordinal(Life *l, int loop)
{
	push(l->arena, &l->innermost, loop);
	return l->p->nsteps++;
}

/* loop: 1 + the one that the block stands in */
static void walk(Life *l, PlanBlock *block, int loop)
{
	for (int i = 0; i < block->steps.len; i++) {
		Step *s = block->steps.data[i];
		int inside = loop;
		if (s->kind == STEP_LOOP) {
			Around a = {l->p->nsteps, 0, loop};
			push(l->arena, &l->loops, a);
			inside = l->loops.len;
		}
		s->ordinal = next_ordinal(l, inside);
		if (s->kind == STEP_KERNEL) {
			for (int k = 0; k < s->kernel->buffers.len; k++)
				touch(s->buf[k], s->ordinal);
		} else if (s->kind == STEP_PRODUCT) {
			touch(s->product.a, s->ordinal);
			touch(s->product.b, s->ordinal);
			touch(s->product.c, s->ordinal);
		} else {
			touch_node(l, s->value, s->ordinal);
		}
		if (s->kind != STEP_LOOP && s->kind != STEP_IF)
			continue;
		walk(l, s->body, inside);
		if (s->other)
			walk(l, s->other, inside);
		s->end = next_ordinal(l, inside);
		if (inside != loop)
			l->loops.data[inside - 1].last = s->end;
	}
}

/* what is alive in a loop and also outside is so in all of it */
static void stretch(const Life *l, PlanBuf *b)
{
	if (b->first < 0)
		return;
	const int first = b->first, last = b->last;
	for (int i = l->innermost.data[first]; i; i = l->loops.data[i - 1].outer)
		if (last > l->loops.data[i - 1].last)
			b->first = l->loops.data[i - 1].first;
	for (int i = l->innermost.data[last]; i; i = l->loops.data[i - 1].outer)
		if (first < l->loops.data[i - 1].first)
			b->last = l->loops.data[i - 1].last;
}

static int64_t guess(const Size *bytes)
{
	int64_t n;
	const Dim *dim;
	return size_upper(bytes, OPEN_DIM, &n, &dim) ? n : INT64_MAX;
}

static void add_size(Arena *arena, Slot *slot, const Size *bytes)
{
	int n = 0;
	for (int i = 0; i < slot->size.len; i++)
		if (size_ge(arena, slot->size.data[i], bytes) == YES)
			return;
	for (int i = 0; i < slot->size.len; i++)
		if (size_ge(arena, bytes, slot->size.data[i]) != YES)
			slot->size.data[n++] = slot->size.data[i];
	slot->size.len = n;
	push(arena, &slot->size, bytes);
}

/* exact in an object: all others are maxima there, and a call may have less */
static bool is_exact(const void *data, const Dim *d)
{
	const bool *exact = data;
	return exact[d->index];
}

static void note_dims(const Size *s, bool *dims)
{
	for (int i = 0; i < s->nterms; i++)
		for (int j = 0; j < s->term[i].natoms; j++) {
			const Atom *a = s->term[i].atom[j];
			if (a->kind == ATOM_DIM)
				dims[a->dim->index] = true;
			else if (a->kind == ATOM_FLOOR)
				note_dims(a->num, dims);
		}
}

bool *exact_dims(Arena *arena, const Model *m)
{
	bool *exact = NEW_ARRAY(arena, bool, m->dims.len + 1);
	for (int i = 0; i < m->vars.len; i++)
		for (int k = 0; k < m->vars.data[i]->type->rank; k++)
			if (m->vars.data[i]->kind != VAR_DATA)
				note_dims(m->vars.data[i]->type->size[k], exact);
	return exact;
}

typedef struct Order { /* of a buffer among those to be placed */
	int64_t guess;
	int index;
} Order;

/* the largest first, of equal ones the first */
static int by_size(const void *a, const void *b)
{
	const Order *x = a, *y = b;
	return x->guess != y->guess ? (x->guess < y->guess) - (x->guess > y->guess) : x->index - y->index;
}

/* Where the buffer goes among those of the slot, which are in order of their lives; -1: it is alive together with one of them. */
static int place_in(const Slot *slot, const PlanBuf *b)
{
	int lo = 0, hi = slot->bufs.len;
	while (lo < hi) {
		int middle = (lo + hi) / 2;
		if (slot->bufs.data[middle]->last < b->first)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo < slot->bufs.len && slot->bufs.data[lo]->first <= b->last ? -1 : lo;
}

static void put_in(Arena *arena, Slot *slot, PlanBuf *b, int at)
{
	push(arena, &slot->bufs, b);
	for (int i = slot->bufs.len - 1; i > at; i--)
		slot->bufs.data[i] = slot->bufs.data[i - 1];
	slot->bufs.data[at] = b;
}

void plan_slots(Arena *arena, const bool *exact, FuncPlan *p)
{
	Life l = {.arena = arena, .p = p};
	walk(&l, p->block, 0);
	const Size **bytes = NEW_ARRAY(arena, const Size *, p->bufs.len + 1);
	Order *order = NEW_ARRAY(arena, Order, p->bufs.len + 1);
	int n = 0;
	for (int i = 0; i < p->bufs.len; i++) {
		PlanBuf *b = p->bufs.data[i];
		stretch(&l, b);
		bytes[i] = slot_bytes(arena, size_most(arena, b->count, is_exact, exact), b->type->dtype);
		if (b->first >= 0)
			order[n++] = (Order){guess(bytes[i]), i};
	}
	qsort(order, (size_t)n, sizeof *order, by_size);
	for (int i = 0; i < n; i++) {
		PlanBuf *b = p->bufs.data[order[i].index];
		int k = p->slots.len > MOST_TRIED ? p->slots.len - MOST_TRIED : 0, at = 0; /* the last: those nearest in size */
		while (k < p->slots.len && (at = place_in(p->slots.data[k], b)) < 0)
			k++;
		if (k == p->slots.len) {
			push(arena, &p->slots, NEW(arena, Slot));
			at = 0;
		}
		b->slot = k;
		put_in(arena, p->slots.data[k], b, at);
		add_size(arena, p->slots.data[k], bytes[order[i].index]);
	}
}
