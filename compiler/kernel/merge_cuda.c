/* merge_cuda.c -- nests of a row over the same parallel axis become one, and its axis one of blocks
 *
 *      par i: { a[64];  seq j: { seq k: .. a[j] .. };  seq j: { .. a[j] .. } }
 *      =>  par i: par j: { a;  seq k: .. a ..;  .. a .. }
 *
 * So a norm of [batch, time, channels] has batch * time blocks.  What is left inside must be worth the threads of a block. */
#include "schedule_cuda.h"

enum { MANY_STEPS = 256 }; /* that are worth a block though few of its threads share them */

/* ---- an axis under the name of another one */
typedef struct Renaming {
	Arena *arena;
	int from;
	const Axis *to;
} Renaming;

static const Size *renamed_atom(void *data, const Atom *a)
{
	const Renaming *r = data;
	return a->kind == ATOM_AXIS && a->axis_id == r->from ? axis_index(r->arena, r->to) : NULL;
}

static const Size *renamed(const Renaming *r, const Size *s)
{
	return s && size_speaks_of(s, r->from) ? size_map(r->arena, s, renamed_atom, (void *)(uintptr_t)r) : s;
}

static void rename_node(const Renaming *r, const Node *n);

static void rename_access(const Renaming *r, const Access *a)
{
	Access *own = (Access *)(uintptr_t)a;
	Pred *pred = NEW_ARRAY(r->arena, Pred, a->npreds + 1);
	for (int d = 0; d < a->buffer->rank; d++) {
		own->index[d].affine = renamed(r, a->index[d].affine);
		if (a->index[d].gathered)
			rename_node(r, a->index[d].gathered);
	}
	for (int i = 0; i < a->npreds; i++)
		pred[i] = (Pred){renamed(r, a->pred[i].p), renamed(r, a->pred[i].lo), renamed(r, a->pred[i].hi)};
	own->pred = pred;
}

static void rename_node(const Renaming *r, const Node *n)
{
	for (int i = 0; i < n->nargs; i++)
		rename_node(r, n->arg[i]);
	if (n->kind == NODE_LOAD)
		rename_access(r, &n->load);
	((Node *)(uintptr_t)n)->index = renamed(r, n->index);
}

static const Size *const *renamed_bounds(const Renaming *r, const Size *const *bound, int n)
{
	const Size **own = NEW_ARRAY(r->arena, const Size *, n + 1);
	for (int i = 0; i < n; i++)
		own[i] = renamed(r, bound[i]);
	return own;
}

static void rename_items(const Renaming *r, const Items *items)
{
	for (int i = 0; i < items->len; i++) {
		const Item *item = &items->data[i];
		if (item->kind == ITEM_STORE) {
			rename_access(r, &item->store->target);
			rename_node(r, item->store->value);
		} else if (item->kind == ITEM_NEST) {
			Axis *a = (Axis *)(uintptr_t)item->nest->axis;
			a->lo = renamed_bounds(r, a->lo, a->nlo);
			a->hi = renamed_bounds(r, a->hi, a->nhi);
			rename_items(r, &item->nest->body);
		}
	}
}

/* ---- a buffer of the row of which each step of the axis has its own part: the part alone */
typedef struct Part {
	Arena *arena;
	const Buffer *buffer, *own; /* own: that part */
	const Size *at;
	uint32_t same; /* bit d: every index d is the axis */
	int dim;
} Part;

static void note_index(void *data, const Access *a, bool store)
{
	Part *p = data;
	(void)store;
	for (int d = 0; a->buffer == p->buffer && d < a->buffer->rank; d++)
		if (a->index[d].gathered || !size_equal(a->index[d].affine, p->at))
			p->same &= ~((uint32_t)1 << d);
}

static void take_part(void *data, const Access *a, bool store)
{
	Part *p = data;
	Access *own = (Access *)(uintptr_t)a;
	(void)store;
	if (a->buffer != p->buffer)
		return;
	own->buffer = p->own;
	for (int d = p->dim; d < p->own->rank; d++)
		own->index[d] = a->index[d + 1];
}

static const Buffer *shrunk(Schedule *s, const Items *items, const Buffer *buffer, const Axis *axis)
{
	Part p = {.arena = s->arena, .buffer = buffer, .at = axis_index(s->arena, axis), .same = ((uint32_t)1 << buffer->rank) - 1};
	visit_items(&(Visitor){.data = &p, .access = note_index}, items->data, items->len);
	while (p.dim < buffer->rank && !(p.same >> p.dim & 1))
		p.dim++;
	for (int d = 0; d < buffer->rank; d++)
		if (buffer->stride[d])
			return buffer;
	if (p.dim == buffer->rank)
		return buffer;
	Buffer *own = NEW(s->arena, Buffer);
	*own = *buffer;
	own->rank--;
	for (int d = p.dim; d < own->rank; d++)
		own->extent[d] = buffer->extent[d + 1];
	p.own = own;
	visit_items(&(Visitor){.data = &p, .access = take_part}, items->data, items->len);
	return own;
}

/* ---- nests side by side */
static bool is_plain(const Axis *a)
{
	return (a->kind == AXIS_SEQ || a->kind == AXIS_SIMD) && !a->ncuts && !a->cut_of && !a->nlo && a->nhi == 1 && bounds_are_host(a);
}

/* the axis that all nests of the body have, and there is nothing else; or NULL */
static const Axis *common_axis(const Items *body)
{
	const Axis *first = NULL;
	for (int i = 0; i < body->len; i++) {
		if (body->data[i].kind == ITEM_BUFFER)
			continue;
		const Axis *a = body->data[i].kind == ITEM_NEST ? body->data[i].nest->axis : NULL;
		if (!a || !is_plain(a) || (first && !size_equal(first->hi[0], a->hi[0])))
			return NULL;
		first = first ? first : a;
	}
	return first;
}

static void rename_all(Schedule *s, const Items *body, const Axis *axis, bool back)
{
	for (int i = 0; i < body->len; i++)
		if (body->data[i].kind == ITEM_NEST && body->data[i].nest->axis != axis) {
			const Nest *n = body->data[i].nest;
			const Renaming r = {s->arena, back ? axis->id : n->axis->id, back ? n->axis : axis};
			rename_items(&r, &n->body);
		}
}

/* steps of the loops in loops that are the longest */
static double steps_inside(Schedule *s, const Items *items)
{
	double most = 1;
	for (int i = 0; i < items->len; i++)
		if (items->data[i].kind == ITEM_NEST) {
			const Nest *n = items->data[i].nest;
			const double steps = (double)extent_guess(s, n->axis) * steps_inside(s, &n->body);
			most = steps > most ? steps : most;
		}
	return most;
}

static bool is_worth_a_block(Schedule *s, const Items *items)
{
	const int64_t width = width_inside(s, items);
	return width >= WIDE || (width >= WIDE / 2 && steps_inside(s, items) >= MANY_STEPS);
}

/* loops that stand alone one in the other, around stores: a thread for each step of all of them */
static bool is_chain(Schedule *s, const Nest *nest)
{
	while (nest && nest->axis->kind != AXIS_UNROLL && is_parallel(s->arena, nest)) {
		const Items *body = &nest->body;
		bool stores = true;
		for (int i = 0; i < body->len; i++)
			stores = stores && body->data[i].kind == ITEM_STORE;
		if (stores)
			return true;
		nest = only_nest(nest);
	}
	return false;
}

const Nest *merge_nests(Schedule *s, Nest *row)
{
	const Axis *axis = common_axis(&row->body);
	if (!axis || is_chain(s, only_nest(row)))
		return row;
	rename_all(s, &row->body, axis, false);
	Nest *one = NEW(s->arena, Nest);
	one->axis = of_kind(s->arena, axis, AXIS_PAR);
	for (int i = 0; i < row->body.len; i++) {
		const Item *item = &row->body.data[i];
		for (int k = 0; item->kind == ITEM_NEST && k < item->nest->body.len; k++) {
			Item own = item->nest->body.data[k];
			own.apart = own.apart || k == 0; /* no run of stores with the nest before */
			own.comment = k == 0 && item->comment ? item->comment : own.comment;
			push(s->arena, &one->body, own);
		}
	}
	if (!is_parallel(s->arena, one) || !is_worth_a_block(s, &one->body)) {
		rename_all(s, &row->body, axis, true);
		return row;
	}
	Items declared = {0};
	for (int i = 0; i < row->body.len; i++) {
		Item item = row->body.data[i];
		if (item.kind != ITEM_BUFFER)
			continue;
		item.buffer = shrunk(s, &one->body, item.buffer, axis);
		push(s->arena, &declared, item);
	}
	for (int i = 0; i < one->body.len; i++)
		push(s->arena, &declared, one->body.data[i]);
	one->body = declared;
	Item item = {.kind = ITEM_NEST, .nest = one};
	row->body = (Items){0};
	push(s->arena, &row->body, item);
	return merge_nests(s, one);
}
