/* cost.c -- what a step of the plan computes and moves, as formulas of the dims; and the time that none can go below
 *
 * Counted are the kernel's own loops, for the widest vectors: each operation on floats as often as its store is made; of the memory
 * of each argument what the loops around one access can reach, that of the largest.  Inside bounds that depend on another loop, that loop stands at its middle. */
#include "plan.h"
#include "print_c.h"

typedef struct Level { /* a loop that is open */
	const Axis *axis;
	const Size *extent; /* of an axis with cuts: in steps of 1 */
	bool exact; /* all its steps are in the extent of a loop inside it */
} Level;

typedef struct Reach { /* elements of an argument */
	const Buffer *buffer;
	const Size *read, *written;
} Reach;

typedef struct Walk {
	Arena *arena;
	VEC(Level) levels;
	VEC(Reach) reach;
	Cost *cost;
	VEC(const Node *) seen; /* of a store */
} Walk;

static double guess(const Size *s)
{
	int64_t n;
	return s && size_upper(s, 64, &n, NULL) && n > 0 ? (double)n : 0;
}

static const Size *middle(void *data, const Atom *a)
{
	Walk *w = data;
	if (a->kind == ATOM_DIM || a->kind == ATOM_FLOOR)
		return NULL;
	for (int i = w->levels.len - 1; i >= 0; i--)
		if (a->kind == ATOM_AXIS && w->levels.data[i].axis->id == a->axis_id)
			return size_floordiv(w->arena, w->levels.data[i].extent, 2);
	return size_const(w->arena, 0);
}

/* steps of a loop, as they count here: those of an axis with cuts and of one over its current cut make up its extent together */
static const Size *steps_of(Walk *w, int level)
{
	const Level *l = &w->levels.data[level];
	if (l->exact || l->axis->cut_of)
		return size_const(w->arena, 1);
	if (l->axis->ncuts == 0)
		return l->extent;
	for (int i = level + 1; i < w->levels.len; i++)
		if (w->levels.data[i].axis->cut_of == l->axis)
			return l->extent;
	int64_t step = l->axis->cut[0];
	return size_floordiv(w->arena, size_add(w->arena, l->extent, size_const(w->arena, step - 1)), step);
}

static const Size *times(Walk *w)
{
	const Size *n = size_const(w->arena, 1);
	for (int i = 0; i < w->levels.len; i++)
		n = size_mul(w->arena, n, steps_of(w, i));
	return n;
}

static bool speaks_of_any(Walk *w, const Size *s)
{
	for (int i = 0; i < w->levels.len; i++)
		if (size_speaks_of(s, w->levels.data[i].axis->id))
			return true;
	return false;
}

static const Size *of_short_first(Walk *w, const Axis *a)
{
	int64_t c, lack, n;
	for (int i = w->levels.len - 1; i >= 0; i--) {
		Level *blocks = &w->levels.data[i];
		const Axis *t = blocks->axis;
		if (!size_is_const(size_sub(w->arena, a->hi[0], a->lo[0]), &c) || t->nlo || t->nhi != 1 || !size_is_const(t->hi[0], &n) ||
		    !size_is_const(size_sub(w->arena, size_scale(w->arena, axis_index(w->arena, t), c), a->lo[0]), &lack))
			continue;
		blocks->exact = true;
		return size_const(w->arena, c * n - lack);
	}
	return NULL;
}

/* Indices of a block, up to what there is, of which the blocks' loop and this one walk over all together:
 *      lo = c t, hi = min(c t + c, all)              rows
 *      hi = min(c, all - c t)                        rows in groups of lanes
 *      lo = max(c t, from), hi = min(c t + c, all)   what is left of them
 *      lo = max(c t - lack, 0), hi = lo + c          rows, the first block short
 * Their number, and the blocks' loop marked; NULL: it is no such loop. */
static const Size *of_all_blocks(Walk *w, const Axis *a)
{
	if (a->nhi == 1 && a->nlo == 2)
		return of_short_first(w, a);
	if (a->nhi != 2)
		return NULL;
	for (int i = w->levels.len - 1; i >= 0; i--)
		for (int k = 0; k < 2; k++) {
			Level *blocks = &w->levels.data[i];
			const Size *t = axis_index(w->arena, blocks->axis), *other = a->hi[!k], *all = NULL;
			int64_t c;
			if (a->nlo == 0 && size_is_const(a->hi[k], &c))
				all = size_add(w->arena, other, size_scale(w->arena, t, c));
			else if (a->nlo > 0 && size_is_const(size_sub(w->arena, a->hi[k], a->lo[0]), &c) && size_equal(a->lo[0], size_scale(w->arena, t, c)))
				all = a->nlo == 1 ? other : size_sub(w->arena, other, a->lo[1]);
			if (all && !speaks_of_any(w, all)) {
				blocks->exact = true;
				return all;
			}
		}
	return NULL;
}

static const Size *extent_of(Walk *w, const Axis *a)
{
	if (a->nhi == 0) /* the current cut of an axis */
		return size_const(w->arena, a->cut_of->cut[0]);
	const Size *all = of_all_blocks(w, a);
	if (all)
		return all;
	const Size *best = NULL;
	for (int i = 0; i < a->nhi; i++) {
		const Size *n = a->nlo ? size_sub(w->arena, a->hi[i], a->lo[0]) : a->hi[i];
		bool known = size_is_const(n, NULL);
		if (!best || known)
			best = n;
	}
	return size_map(w->arena, best, middle, w);
}

static bool index_speaks_of(const Access *a, int axis)
{
	bool speaks = access_speaks_of(a, axis);
	for (int d = 0; d < a->buffer->rank; d++)
		speaks = speaks || (a->index[d].gathered && node_speaks_of(a->index[d].gathered, axis));
	return speaks;
}

/* places that an access can reach: the steps of the loops that it speaks of, or that move the bounds of one of those */
static const Size *places(Walk *w, const Access *a)
{
	const Size *n = size_const(w->arena, 1);
	bool *spoken = NEW_ARRAY(w->arena, bool, w->levels.len + 1);
	for (int i = w->levels.len - 1; i >= 0; i--) {
		int axis = w->levels.data[i].axis->id;
		spoken[i] = index_speaks_of(a, axis);
		for (int j = i + 1; j < w->levels.len; j++) {
			const Axis *inner = w->levels.data[j].axis;
			for (int k = 0; spoken[j] && k < inner->nlo; k++)
				spoken[i] = spoken[i] || size_speaks_of(inner->lo[k], axis);
		}
		if (spoken[i])
			n = size_mul(w->arena, n, steps_of(w, i));
	}
	return n;
}

static bool same_or_less(Walk *w, const Size *a, const Size *b)
{
	Decided d = size_ge(w->arena, b, a);
	if (d != UNDECIDED)
		return d == YES;
	bool known = size_is_const(a, NULL); /* of two guesses the one that speaks of fewer dims */
	return known != size_is_const(b, NULL) ? known : guess(a) <= guess(b);
}

static void reach(Walk *w, const Access *a, bool written)
{
	const Buffer *b = a->buffer;
	if (b->where != WHERE_ARG)
		return;
	const Size *n = places(w, a);
	const Size *all = size_const(w->arena, 1);
	for (int d = 0; d < b->rank; d++)
		all = size_mul(w->arena, all, size_map(w->arena, b->extent[d].size, middle, w));
	if (same_or_less(w, all, n))
		n = all;
	Reach *r = NULL;
	for (int i = 0; i < w->reach.len && !r; i++)
		if (w->reach.data[i].buffer == b)
			r = &w->reach.data[i];
	if (!r) {
		push(w->arena, &w->reach, ((Reach){b, size_const(w->arena, 0), size_const(w->arena, 0)}));
		r = &w->reach.data[w->reach.len - 1];
	}
	const Size **kept = written ? &r->written : &r->read;
	if (same_or_less(w, *kept, n))
		*kept = n;
}

typedef enum Price { PRICE_NONE, PRICE_FLOP, PRICE_FUNCTION } Price;

static Price price_of(Op op)
{
	switch (op) {
	case OP_cast: case OP_neg: case OP_abs: case OP_select: case OP_isnan: case OP_isinf: case OP_eq: case OP_ne: case OP_lt: case OP_le:
	case OP_gt: case OP_ge: case OP_stop_gradient: case OP_grad_clip: case OP_grad_scale: return PRICE_NONE;
	case OP_add: case OP_sub: case OP_mul: case OP_div: case OP_max: case OP_min: case OP_sqrt: case OP_sign: case OP_floor: case OP_ceil:
	case OP_round: case OP_trunc: return PRICE_FLOP;
	default: return PRICE_FUNCTION;
	}
}

/* notes that it is */
static bool was_seen(Walk *w, const Node *n)
{
	for (int i = 0; i < w->seen.len; i++)
		if (w->seen.data[i] == n)
			return true;
	push(w->arena, &w->seen, n);
	return false;
}

static bool has_function(Walk *w, const Node *n, DType dtype)
{
	if (was_seen(w, n))
		return false;
	for (int i = 0; i < n->nargs; i++)
		if (has_function(w, n->arg[i], dtype))
			return true;
	return n->kind == NODE_ROW && n->arg[n->nargs - 1]->dtype == dtype && price_of(n->op) == PRICE_FUNCTION;
}

int64_t unrolled_functions(Arena *arena, const Item *item, DType dtype)
{
	Walk w = {.arena = arena};
	if (item->kind == ITEM_STORE)
		return has_function(&w, item->store->value, dtype);
	int64_t most = 0, steps = 1;
	for (int i = 0; item->kind == ITEM_NEST && i < item->nest->body.len; i++) {
		const int64_t n = unrolled_functions(arena, &item->nest->body.data[i], dtype);
		most = n > most ? n : most;
	}
	if (most && item->nest->axis->kind == AXIS_UNROLL && item->nest->axis->nhi == 1 && !size_is_const(item->nest->axis->hi[0], &steps))
		steps = 1;
	return most * steps;
}

static void count_node(Walk *w, const Node *n, const Size *often)
{
	if (was_seen(w, n))
		return;
	for (int i = 0; i < n->nargs; i++)
		count_node(w, n->arg[i], often);
	if (n->kind == NODE_LOAD) {
		reach(w, &n->load, false);
		for (int d = 0; d < n->load.buffer->rank; d++)
			if (n->load.index[d].gathered)
				count_node(w, n->load.index[d].gathered, often);
	}
	bool draws = n->kind == NODE_RANDOM;
	if (!draws && (n->kind != NODE_ROW || !dtype_is_float(n->arg[n->nargs - 1]->dtype)))
		return;
	const Price price = price_of(draws ? OP_exp : n->op);
	const Size **counted = price == PRICE_FUNCTION ? &w->cost->functions : &w->cost->flops;
	if (price != PRICE_NONE)
		*counted = size_add(w->arena, *counted, often);
}

static void walk_item(Walk *w, const Item *item)
{
	if (item->kind == ITEM_STORE && item->store->how != STORE_AHEAD) {
		const Store *s = item->store;
		const Size *often = times(w);
		w->seen.len = 0;
		count_node(w, s->value, often);
		if (s->how != STORE_SET) {
			reach(w, &s->target, false);
			if (dtype_is_float(s->target.buffer->dtype))
				w->cost->flops = size_add(w->arena, w->cost->flops, often);
		}
		reach(w, &s->target, true);
	}
	if (item->kind != ITEM_NEST)
		return;
	const Nest *n = item->nest;
	int nlevels = w->levels.len;
	bool *exact = NEW_ARRAY(w->arena, bool, nlevels + 1);
	for (int i = 0; i < nlevels; i++)
		exact[i] = w->levels.data[i].exact;
	const Size *extent = extent_of(w, n->axis);
	push(w->arena, &w->levels, ((Level){n->axis, extent, false}));
	for (int i = 0; i < n->body.len; i++)
		walk_item(w, &n->body.data[i]);
	w->levels.len = nlevels;
	for (int i = 0; i < nlevels; i++)
		w->levels.data[i].exact = exact[i];
}

static Cost product_cost(Arena *arena, const Product *p)
{
	const Size *zero = size_const(arena, 0), *batch = p->batch ? p->batch : size_const(arena, 1);
	const Size *mk = size_mul(arena, p->m, p->k), *kn = size_mul(arena, p->k, p->n), *mn = size_mul(arena, p->m, p->n);
	int64_t bytes = (int64_t)dtype_bytes(p->c->type->dtype);
	return (Cost){
		.flops = size_scale(arena, size_mul(arena, batch, size_mul(arena, mn, p->k)), 2),
		.functions = zero,
		.read = size_scale(arena, size_mul(arena, batch, size_add(arena, mk, kn)), bytes),
		.written = size_scale(arena, size_mul(arena, batch, mn), bytes),
	};
}

Cost step_cost(Arena *arena, const Step *s)
{
	const Size *zero = size_const(arena, 0);
	Cost cost = {zero, zero, zero, zero};
	if (s->kind == STEP_PRODUCT)
		return product_cost(arena, &s->product);
	if (s->kind != STEP_KERNEL)
		return cost;
	Walk w = {.arena = arena, .cost = &cost};
	for (int i = 0; i < s->kernel->parts.len; i++)
		walk_item(&w, &s->kernel->parts.data[i].item);
	for (int i = 0; i < w.reach.len; i++) {
		const Reach *r = &w.reach.data[i];
		int64_t bytes = (int64_t)dtype_bytes(r->buffer->dtype);
		cost.read = size_add(arena, cost.read, size_scale(arena, r->read, bytes));
		cost.written = size_add(arena, cost.written, size_scale(arena, r->written, bytes));
	}
	return cost;
}

double predicted_us(const Cost *c, const Machine *machine)
{
	double compute = guess(c->flops) / machine->flops + guess(c->functions) / machine->functions;
	double memory = (guess(c->read) + guess(c->written)) / machine->bytes;
	return 1e6 * (compute > memory ? compute : memory);
}
