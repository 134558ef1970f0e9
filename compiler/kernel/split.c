/* split.c -- a loop in which one function waits for another becomes two
 *
 *      simd l { s = sigmoid(c[l]); y[l] = tanh(a[l] + s) }
 *      =>  s[64];  simd l { s[l] = sigmoid(c[l]) }  simd l { y[l] = tanh(a[l] + s[l]) }
 *
 * A function is a chain of some twenty operations, each of which waits for the one before.  A machine looks ahead over about a
 * hundred, so it works on several iterations at a time only where their chains are short. */
#include "lower.h"
#include "print_c.h"

enum { LEAST_STEPS = 32, MOST_STEPS = 1024 }; /* of a loop: vectors enough, and arrays that stay in a cache */
enum { MOST_BYTES = 65536 }; /* of arrays, were all locals of the loop some */

typedef struct Split {
	Build *b;
	const Nest *nest;
	const Size *at; /* the step of the loop, from 0 */
	int64_t steps;
	Map *depth; /* nodes, buffers: 1 + how many functions wait for one another in it */
} Split;

static bool is_function(const Node *n)
{
	if (n->kind != NODE_ROW || !dtype_is_float(n->dtype))
		return false;
	switch (n->op) {
	case OP_exp: case OP_expm1: case OP_log: case OP_log1p: case OP_pow: case OP_tanh: case OP_sigmoid: case OP_softplus: case OP_erf:
	case OP_sin: case OP_cos: return true;
	default: return false;
	}
}

static int deepest(int a, int b)
{
	return a > b ? a : b;
}

static int depth_of(Split *s, const Node *n)
{
	int known = map_find(s->depth, n), depth = 0;
	if (known)
		return known - 1;
	for (int i = 0; i < n->nargs; i++)
		depth = deepest(depth, depth_of(s, n->arg[i]));
	if (n->kind == NODE_LOAD) {
		depth = deepest(depth, map_find(s->depth, n->load.buffer) - 1);
		for (int d = 0; d < n->load.buffer->rank; d++)
			if (n->load.index[d].gathered)
				depth = deepest(depth, depth_of(s, n->load.index[d].gathered));
	}
	depth += is_function(n);
	*map_number(s->depth, n) = depth + 1;
	return depth;
}

/* where the items begin that come after a chain: a store of a function that waits for one of the items from `from` on */
static int next_part(Split *s, const Items *body, int from)
{
	s->depth = map_new(s->b->arena);
	for (int i = from; i < body->len; i++) {
		if (body->data[i].kind != ITEM_STORE)
			continue;
		const Store *store = body->data[i].store;
		int depth = depth_of(s, store->value), first = i;
		*map_number(s->depth, store->target.buffer) = deepest(depth + 1, map_find(s->depth, store->target.buffer));
		while (first > from && body->data[first - 1].kind == ITEM_BUFFER)
			first--;
		if (depth > 1 && first > from)
			return first;
	}
	return body->len;
}

/* ---- what a later part reads becomes an array */

typedef struct Reading {
	const Buffer *buffer;
	const Buffer *array; /* stands for it, at this index; or NULL: it stays */
	const Size *at;
	Map *seen;
	bool found;
} Reading;

static void read_access(Reading *r, const Access *a)
{
	r->found = true;
	if (!r->array)
		return;
	Access *own = (Access *)(uintptr_t)a;
	own->buffer = r->array;
	own->index[0].affine = r->at;
}

static void read_node(Reading *r, const Node *n)
{
	int *seen = map_number(r->seen, n);
	if (*seen)
		return;
	*seen = 1;
	for (int i = 0; i < n->nargs; i++)
		read_node(r, n->arg[i]);
	if (n->kind != NODE_LOAD)
		return;
	for (int d = 0; d < n->load.buffer->rank; d++)
		if (n->load.index[d].gathered)
			read_node(r, n->load.index[d].gathered);
	if (n->load.buffer == r->buffer)
		read_access(r, &n->load);
}

/* is it read, or stored to, from there on? */
static bool is_used(Split *s, const Items *body, int from, const Buffer *buffer, const Buffer *array)
{
	Reading r = {.buffer = buffer, .array = array, .at = s->at, .seen = map_new(s->b->arena)};
	for (int i = from; i < body->len; i++) {
		if (body->data[i].kind != ITEM_STORE)
			continue;
		const Store *store = body->data[i].store;
		read_node(&r, store->value);
		for (int d = 0; d < store->target.buffer->rank; d++)
			if (store->target.index[d].gathered)
				read_node(&r, store->target.index[d].gathered);
		if (store->target.buffer == buffer)
			read_access(&r, &store->target);
	}
	return r.found;
}

static void make_array(Split *s, const Items *body, int declared, Items *out)
{
	const Buffer *buffer = body->data[declared].buffer;
	Buffer *array = NEW(s->b->arena, Buffer);
	*array = *buffer; /* other loops have it, too */
	array->id = s->b->nbuffers++;
	array->where = WHERE_STACK;
	array->rank = 1;
	array->extent[0].size = size_const(s->b->arena, s->steps);
	is_used(s, body, declared, buffer, array);
	add_buffer(s->b, out, array);
}

static void split_nest(Split *s, Items *out)
{
	const Items *body = &s->nest->body;
	for (int from = 0, end; from < body->len; from = end) {
		end = next_part(s, body, from);
		Nest *part = NEW(s->b->arena, Nest);
		part->axis = s->nest->axis;
		for (int i = from; i < end; i++)
			if (body->data[i].kind == ITEM_BUFFER && is_used(s, body, end, body->data[i].buffer, NULL))
				make_array(s, body, i, out);
			else
				push(s->b->arena, &part->body, body->data[i]);
		push(s->b->arena, out, ((Item){.kind = ITEM_NEST, .nest = part}));
	}
}

/* ---- which loops */

static bool known_steps(Split *s)
{
	Arena *arena = s->b->arena;
	const Axis *a = s->nest->axis;
	const Size *lo = a->nlo ? a->lo[0] : size_const(arena, 0);
	int64_t n;
	s->steps = MOST_STEPS + 1;
	for (int i = 0; i < a->nhi; i++)
		if (size_is_const(size_sub(arena, a->hi[i], lo), &n) && n < s->steps)
			s->steps = n;
	s->at = size_sub(arena, axis_index(arena, a), lo);
	return a->nlo <= 1 && s->steps >= LEAST_STEPS && s->steps <= MOST_STEPS;
}

static bool can_split(Split *s)
{
	const Nest *nest = s->nest;
	if (nest->axis->kind != AXIS_SIMD || nest->apart || nest->axis->ncuts || !known_steps(s))
		return false;
	int64_t bytes = 0;
	for (int i = 0; i < nest->body.len; i++) {
		const Item *item = &nest->body.data[i];
		if (item->kind == ITEM_NEST || (item->kind == ITEM_BUFFER && item->buffer->rank))
			return false;
		if (item->kind == ITEM_BUFFER)
			bytes += s->steps * dtype_bytes(item->buffer->dtype);
	}
	return bytes <= MOST_BYTES && next_part(s, &nest->body, 0) < nest->body.len;
}

void split_loops(Build *b, Items *items)
{
	Items out = {0};
	for (int i = 0; i < items->len; i++) {
		Item item = items->data[i];
		if (item.kind != ITEM_NEST) {
			push(b->arena, &out, item);
			continue;
		}
		Split s = {.b = b, .nest = item.nest};
		if (can_split(&s)) {
			int first = out.len;
			split_nest(&s, &out);
			out.data[first].comment = item.comment;
		} else {
			split_loops(b, (Items *)(uintptr_t)&item.nest->body);
			push(b->arena, &out, item);
		}
	}
	*items = out;
}
