/* body.c -- the loops of a piece: what all of them use; maps and reductions to a scalar */
#include <math.h>

#include "tile.h"

Axis *new_axis(Build *b, const char *name, AxisKind kind, const Size *hi)
{
	Axis *a = NEW(b->arena, Axis);
	a->name = name;
	a->id = b->L->axis_id++;
	a->kind = kind;
	const Size **list = NEW_ARRAY(b->arena, const Size *, 1);
	list[0] = hi;
	a->hi = list;
	a->nhi = 1;
	return a;
}

Nest *open_nest(Build *b, Items *items, Axis *axis)
{
	Nest *nest = NEW(b->arena, Nest);
	nest->axis = axis;
	Item item = {.kind = ITEM_NEST, .nest = nest};
	push(b->arena, items, item);
	return nest;
}

bool node_loads(const Node *n, const Buffer *buffer)
{
	if (n->kind == NODE_LOAD && n->load.buffer == buffer)
		return true;
	for (int i = 0; i < n->nargs; i++)
		if (node_loads(n->arg[i], buffer))
			return true;
	return false;
}

/* Stores follow one another here as they are added: one that reads what another of the run writes stands apart from it. */
static bool follows(const Items *items, const Store *s)
{
	for (int i = items->len - 1; i >= 0 && items->data[i].kind == ITEM_STORE; i--) {
		if (node_loads(s->value, items->data[i].store->target.buffer) || items->data[i].store->target.buffer == s->target.buffer)
			return true;
		if (items->data[i].apart)
			break;
	}
	return false;
}

void add_store(Build *b, Items *items, Access target, StoreHow how, const Node *value)
{
	Store *s = NEW(b->arena, Store);
	s->target = target;
	s->how = how;
	s->value = node_is_host(value) ? hoisted(b, value, NULL) : value;
	Item item = {.kind = ITEM_STORE, .store = s, .apart = follows(items, s)};
	push(b->arena, items, item);
}

void add_buffer(Build *b, Items *items, const Buffer *buffer)
{
	Item item = {.kind = ITEM_BUFFER, .buffer = buffer};
	push(b->arena, items, item);
}

Access access_scalar(const Buffer *buffer)
{
	return (Access){.buffer = buffer};
}

Access access_at(const Buffer *buffer, const Size *index)
{
	Access a = {.buffer = buffer};
	a.index[0].affine = index;
	return a;
}

const Node *load_of(Build *b, Access a)
{
	Node *n = NEW(b->arena, Node);
	n->kind = NODE_LOAD;
	n->dtype = a.buffer->dtype;
	n->load = a;
	return n;
}

void target_store(Build *b, const Piece *p, Items *items, int rank, const Ix *ix, StoreHow how, const Node *value)
{
	add_store(b, items, access_buf(b, p->target, p->at, rank, ix), how, node_cast(b, value, p->target->type->dtype));
}

/* axis d of the result; axes of 1 have no loop */
Items *open_axis(Build *b, Items *items, int letter, AxisKind kind, const Size *n, Ix *ix)
{
	int64_t c;
	if (size_is_const(n, &c) && c == 1) {
		*ix = ix_at(size_const(b->arena, 0));
		return items;
	}
	static const char *const names[] = {"i", "j", "k", "l", "p", "q", "r", "s", "u", "v", "w", "x", "y", "z"};
	int count = (int)(sizeof names / sizeof names[0]);
	Axis *a = new_axis(b, names[letter % count], b->unrolled ? AXIS_UNROLL : kind, n);
	*ix = ix_at(axis_index(b->arena, a));
	return &open_nest(b, items, a)->body;
}

void body_map(Build *b, const Piece *p, Items *items)
{
	const Val *v = p->val;
	const Info *info = info_of(b->scope, v);
	int rank = v->type->rank;
	Ix ix[MAX_RANK];
	if (rank > 0)
		ix[0] = ix_at(b->row);
	for (int d = 1; d < rank; d++)
		items = open_axis(b, items, d, d == rank - 1 ? AXIS_SIMD : AXIS_SEQ, v->type->size[d], &ix[d]);
	b->store_rank = p->at ? -1 : rank;
	b->store_ix = ix;
	const Node *n = info->root && info->piece == p ? element_here(b, v, ix) : element(b, v, ix);
	b->store_rank = -1;
	target_store(b, p, items, rank, ix, STORE_SET, n);
}

/* ---- reductions */

const Node *identity(Build *b, ReduceKind kind, DType dtype)
{
	bool f = dtype_is_float(dtype);
	int bits = 8 * dtype_bytes(dtype);
	bool u = dtype_class(dtype) == CLASS_UINT;
	switch (kind) {
	case REDUCE_prod: return node_const(b, dtype, 1, 1);
	case REDUCE_max:
	case REDUCE_argmax:
		return node_const(b, dtype, -INFINITY, f || u ? 0 : bits == 64 ? INT64_MIN : -(INT64_C(1) << (bits - 1)));
	case REDUCE_min:
	case REDUCE_argmin:
		return node_const(b, dtype, INFINITY,
				  u ? (bits == 64 ? -1 : (INT64_C(1) << bits) - 1)
				    : (bits == 64 ? INT64_MAX : (INT64_C(1) << (bits - 1)) - 1));
	case REDUCE_all: return node_const(b, dtype, 0, 1);
	case REDUCE_any:
	case REDUCE_sum: break;
	}
	return node_const(b, dtype, 0, 0);
}

const Node *combine(Build *b, ReduceKind kind, const Node *x, const Node *y)
{
	static const Op op[] = {[REDUCE_sum] = OP_add, [REDUCE_prod] = OP_mul, [REDUCE_max] = OP_max, [REDUCE_min] = OP_min,
				[REDUCE_all] = OP_and, [REDUCE_any] = OP_or};
	return node_row(b, op[kind], x->dtype, x, y, NULL);
}

/* target = target op value */
void accumulate(Build *b, Items *items, Access target, ReduceKind kind, const Node *value)
{
	if (kind == REDUCE_sum)
		add_store(b, items, target, STORE_ADD, value);
	else
		add_store(b, items, target, STORE_SET, combine(b, kind, load_of(b, target), value));
}

static void scale_add(Build *b, const Size *q, int64_t k, const Size *l, Ix *ix)
{
	*ix = ix_at(size_add(b->arena, size_scale(b->arena, q, k), l));
}

/* lane[l] of `identity` */
Buffer *open_lanes(Build *b, Items *items, const char *name, DType dtype, ReduceKind kind, int64_t lanes)
{
	const Size *n = size_const(b->arena, lanes);
	Buffer *lane = new_buffer(b, name, dtype, WHERE_STACK, 1, &n);
	add_buffer(b, items, lane);
	Axis *l = new_axis(b, "l", AXIS_SIMD, n);
	add_store(b, &open_nest(b, items, l)->body, access_at(lane, axis_index(b->arena, l)), STORE_SET,
		  identity(b, kind, dtype));
	return lane;
}

/* the lanes together: lane i with lane i + n / 2, by halves */
const Node *fold_lanes(Build *b, Items *items, const Buffer *lane, ReduceKind kind)
{
	Arena *arena = b->arena;
	int64_t lanes = 0;
	size_is_const(lane->extent[0].size, &lanes);
	for (int64_t w = lanes / 2; w > 1; w /= 2) {
		Axis *l = new_axis(b, "l", AXIS_SIMD, size_const(arena, w));
		const Size *at = axis_index(arena, l);
		Access upper = access_at(lane, size_add(arena, at, size_const(arena, w)));
		accumulate(b, &open_nest(b, items, l)->body, access_at(lane, at), kind, load_of(b, upper));
	}
	const Node *x = load_of(b, access_at(lane, size_const(arena, 0)));
	return combine(b, kind, x, load_of(b, access_at(lane, size_const(arena, 1))));
}

/* the element of the map that goes beside the loop: stored, and what the loop takes for it */
static void beside_element(Build *b, Items *items, Ix at)
{
	const Piece *p = b->beside;
	if (!p)
		return;
	Ix ix[] = {ix_at(b->row), at};
	Node *n = (Node *)(uintptr_t)element_here(b, p->val, ix);
	if (n->kind == NODE_ROW && !n->name)
		n->name = p->target->name;
	target_store(b, p, items, 2, ix, STORE_SET, n);
	Here here = {p->target, n};
	push(b->arena, &b->here, here);
}

static void accumulate_lane(Build *b, Items *items, const Buffer *lane, const Size *at, ReduceKind kind, Ix *ix, int n, ElementOf *f, void *data)
{
	const int nhere = b->here.len;
	beside_element(b, items, ix[n - 1]);
	accumulate(b, items, access_at(lane, at), kind, f(b, data, ix));
	b->here.len = nhere;
}

enum { WARP = 32 }; /* threads of a GPU that go together */

/* Along a row: in fixed lanes, which are folded in halves; so the order does not depend on the vector's width. */
static const Node *lanes_loop(Build *b, Items *items, DType dtype, ReduceKind kind, int n,
			      const Size *const *size, ElementOf *f, void *data)
{
	Arena *arena = b->arena;
	const Size *last = size[n - 1];
	int64_t c, lanes = size_is_const(last, &c) && c < 2 * LONG_LANES ? LANES : LONG_LANES;
	if (b->target->gpu && lanes == LANES && c >= WARP)
		lanes = WARP;
	Buffer *lane = open_lanes(b, items, "lane", dtype, kind, lanes);
	Ix ix[MAX_RANK];
	Items *in = items;
	const Size *whole = size_floordiv(arena, last, lanes), *rest = size_scale(arena, whole, lanes);
	Axis *q = new_axis(b, "q", AXIS_SEQ, whole);
	/* what several steps of the innermost loop load is asked for at once, on a GPU: let it be the longer one */
	const bool q_outside = b->target->gpu && n > 1 && size_equal(rest, last) && size_guess(whole) < size_guess(size[n - 2]);
	if (q_outside)
		in = &open_nest(b, in, q)->body;
	for (int d = 0; d < n - 1; d++)
		in = open_axis(b, in, 9 + d, AXIS_SEQ, size[d], &ix[d]);
	Items *body = q_outside ? in : &open_nest(b, in, q)->body;
	Axis *l = new_axis(b, "l", AXIS_SIMD, size_const(arena, lanes));
	const Size *at = axis_index(arena, l);
	scale_add(b, axis_index(arena, q), lanes, at, &ix[n - 1]);
	accumulate_lane(b, &open_nest(b, body, l)->body, lane, at, kind, ix, n, f, data);
	if (!size_equal(rest, last)) {
		/* gcc drops the mark, with a warning, from loops between quotients */
		Axis *j = new_axis(b, "j", size_is_const(last, NULL) ? AXIS_SIMD : AXIS_SEQ, last);
		const Size **lo = NEW_ARRAY(arena, const Size *, 1);
		lo[0] = rest;
		j->lo = lo;
		j->nlo = 1;
		at = axis_index(arena, j);
		ix[n - 1] = ix_at(at);
		accumulate_lane(b, &open_nest(b, in, j)->body, lane, size_sub(arena, at, rest), kind, ix, n, f, data);
	}
	return fold_lanes(b, items, lane, kind);
}

bool is_wide(const Size *last)
{
	int64_t c;
	return !size_is_const(last, &c) || c > 2 * LANES;
}

bool goes_in_lanes(ReduceKind kind, DType dtype, const Size *last)
{
	return is_wide(last) && dtype_is_float(dtype) && (kind == REDUCE_sum || kind == REDUCE_max || kind == REDUCE_min);
}

/* On a GPU also integers, to which the order is nothing, and rows that are wide together. */
static bool goes_in_threads(ReduceKind kind, DType dtype, int n, const Size *const *size)
{
	enum { MANY = 64 };
	double all = 1;
	for (int d = 0; d < n; d++)
		all *= (double)size_guess(size[d]);
	const bool wide = is_wide(size[n - 1]) || (size_guess(size[n - 1]) >= LANES && all >= MANY);
	return wide && (!dtype_is_float(dtype) || kind == REDUCE_sum || kind == REDUCE_max || kind == REDUCE_min);
}

const Node *reduce_loop(Build *b, Items *items, const char *name, DType dtype, ReduceKind kind, int n,
			const Size *const *size, ElementOf *f, void *data)
{
	if (n > 0 && (goes_in_lanes(kind, dtype, size[n - 1]) || (b->target->gpu && goes_in_threads(kind, dtype, n, size))))
		return lanes_loop(b, items, dtype, kind, n, size, f, data);
	Buffer *acc = new_buffer(b, name, dtype, WHERE_REG, 0, NULL);
	add_buffer(b, items, acc);
	add_store(b, items, access_scalar(acc), STORE_SET, identity(b, kind, dtype));
	Ix ix[MAX_RANK];
	for (int d = 0; d < n; d++)
		items = open_axis(b, items, 9 + d, AXIS_SEQ, size[d], &ix[d]);
	accumulate(b, items, access_scalar(acc), kind, f(b, data, ix));
	return load_of(b, access_scalar(acc));
}
