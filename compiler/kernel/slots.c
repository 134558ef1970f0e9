/* slots.c -- the memory plan: buffers that are never live together share a slot
 *
 * The largest buffer opens a slot, and others whose lives do not overlap come into it.  A slot is as
 * large as the largest of its members, which is a short maximum of polynomials: mostly one of them is
 * never less than the others. */
#include "lower.h"

enum { ALIGN = 64, OPEN_DIM = 64 };

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

typedef struct Life {
	Arena *arena;
	FuncPlan *p;
} Life;

static void touch(Life *l, PlanBuf *b, int at)
{
	if (b->kind == BUF_OUT && b->stand_in)
		b = b->stand_in;
	if (b->kind != BUF_SCRATCH)
		return;
	if (b->first < 0)
		b->first = at;
	if (at > b->last)
		b->last = at;
	(void)l;
}

static void touch_node(Life *l, const Node *n, int at)
{
	if (!n)
		return;
	for (int i = 0; i < n->nargs; i++)
		touch_node(l, n->arg[i], at);
	if (n->kind == NODE_LOAD)
		touch(l, (PlanBuf *)(uintptr_t)scalar_load_buf(l->p, n), at);
}

static void walk(Life *l, PlanBlock *block)
{
	for (int i = 0; i < block->steps.len; i++) {
		Step *s = block->steps.data[i];
		s->ordinal = l->p->nsteps++;
		if (s->kind == STEP_KERNEL) {
			for (int k = 0; k < s->kernel->buffers.len; k++)
				touch(l, s->buf[k], s->ordinal);
		} else if (s->kind == STEP_PRODUCT) {
			touch(l, s->product.a, s->ordinal);
			touch(l, s->product.b, s->ordinal);
			touch(l, s->product.c, s->ordinal);
		} else if (s->kind == STEP_LOOP || s->kind == STEP_IF) {
			touch_node(l, s->value, s->ordinal);
			walk(l, s->body);
			if (s->other)
				walk(l, s->other);
			s->end = l->p->nsteps++;
		} else {
			touch_node(l, s->value, s->ordinal);
		}
	}
}

/* what is alive in a loop and also outside is so in all of it */
static void stretch(Life *l, const PlanBlock *block)
{
	for (int i = 0; i < block->steps.len; i++) {
		const Step *s = block->steps.data[i];
		if (s->kind != STEP_LOOP && s->kind != STEP_IF)
			continue;
		stretch(l, s->body);
		if (s->other)
			stretch(l, s->other);
		if (s->kind == STEP_IF)
			continue;
		for (int k = 0; k < l->p->bufs.len; k++) {
			PlanBuf *b = l->p->bufs.data[k];
			bool inside = b->first <= s->end && b->last >= s->ordinal, outside = b->first < s->ordinal || b->last > s->end;
			if (b->first < 0 || !inside || !outside)
				continue;
			if (b->first > s->ordinal)
				b->first = s->ordinal;
			if (b->last < s->end)
				b->last = s->end;
		}
	}
}

static bool overlap(const PlanBuf *a, const PlanBuf *b)
{
	return a->first <= b->last && b->first <= a->last;
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

static bool speaks_of(const Size *s, const Dim *d)
{
	for (int i = 0; i < s->nterms; i++)
		for (int j = 0; j < s->term[i].natoms; j++) {
			const Atom *a = s->term[i].atom[j];
			if (a->kind == ATOM_DIM ? a->dim == d : a->kind == ATOM_FLOOR && speaks_of(a->num, d))
				return true;
		}
	return false;
}

/* exact in an object: all others are maxima there, and a call may have less */
static bool is_exact(const void *model, const Dim *d)
{
	const Model *m = model;
	for (int i = 0; i < m->vars.len; i++)
		for (int k = 0; k < m->vars.data[i]->type->rank; k++)
			if (m->vars.data[i]->kind != VAR_DATA && speaks_of(m->vars.data[i]->type->size[k], d))
				return true;
	return false;
}

void plan_slots(Arena *arena, const Model *m, FuncPlan *p)
{
	Life l = {arena, p};
	walk(&l, p->block);
	stretch(&l, p->block);
	bool *placed = NEW_ARRAY(arena, bool, p->bufs.len + 1);
	const Size **bytes = NEW_ARRAY(arena, const Size *, p->bufs.len + 1);
	for (int i = 0; i < p->bufs.len; i++)
		bytes[i] = slot_bytes(arena, size_most(arena, p->bufs.data[i]->count, is_exact, m), p->bufs.data[i]->type->dtype);
	for (;;) {
		int best = -1;
		for (int i = 0; i < p->bufs.len; i++)
			if (!placed[i] && p->bufs.data[i]->first >= 0 && (best < 0 || guess(bytes[i]) > guess(bytes[best])))
				best = i;
		if (best < 0)
			break;
		PlanBuf *b = p->bufs.data[best];
		placed[best] = true;
		int k = 0;
		for (; k < p->slots.len; k++) {
			bool fits = true;
			for (int i = 0; i < p->slots.data[k]->bufs.len && fits; i++)
				fits = !overlap(p->slots.data[k]->bufs.data[i], b);
			if (fits)
				break;
		}
		if (k == p->slots.len)
			push(arena, &p->slots, NEW(arena, Slot));
		b->slot = k;
		push(arena, &p->slots.data[k]->bufs, b);
		add_size(arena, p->slots.data[k], bytes[best]);
	}
}
