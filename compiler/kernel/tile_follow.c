/* tile_follow.c -- what follows on a tile: in registers, or through a small array over whose last axis the C compiler vectorises */
#include "print_c.h"
#include "tile_nest.h"

/* ---- the array that a tile passes */

typedef struct Order { /* labels of the array's axes, the last innermost */
	int n, label[3];
} Order;

static Order order_of(const TileNest *x)
{
	const Tile *t = x->t;
	Order o = {0};
	/* as they come in the result */
	for (int i = 0; i < x->c.nout; i++) {
		int l = x->c.out[i];
		if (l == t->unroll || l == t->second || (!t->dot && l == t->lanes))
			o.label[o.n++] = l;
	}
	return o;
}

/* loops over the tile, in the order of the result; the index into the array */
Items *open_array(TileNest *x, Items *items, bool simd, Access *at)
{
	static const char *const names[] = {"p", "q", "s"};
	Build *b = x->b;
	Order o = order_of(x);
	*at = (Access){.buffer = x->array};
	int pos[3] = {0}, n = 0;
	const Tile *t = x->t;
	const int axes[3] = {t->unroll, t->second, t->dot ? -1 : t->lanes};
	for (int k = 0; k < 3; k++)
		for (int i = 0; axes[k] >= 0 && i < o.n; i++)
			if (o.label[i] == axes[k])
				pos[i] = n++;
	for (int i = 0; i < o.n; i++) {
		bool last = simd && i == o.n - 1 && o.label[i] == x->c.out[x->c.nout - 1];
		Axis *a = inner_axis_of(x, names[i], last ? AXIS_SIMD : AXIS_SEQ, o.label[i]);
		items = open_inner(x, items, a);
		at->index[pos[i]].affine = axis_index(b->arena, a);
	}
	return items;
}

void declare_array(TileNest *x, Items *items)
{
	Build *b = x->b;
	if (x->array)
		return;
	const Tile *t = x->t;
	x->array = new_buffer(b, "tile", x->dtype, WHERE_STACK, 0, NULL);
	const int axes[3] = {t->unroll, t->second, t->dot ? -1 : t->lanes};
	for (int k = 0; k < 3; k++)
		if (axes[k] >= 0)
			add_extent(x->array, size_const(b->arena, x->of[axes[k]].most), NULL);
	add_buffer(b, items, x->array);
}

static void fill_array(TileNest *x, Items *items, const Size *rest_from)
{
	Build *b = x->b;
	declare_array(x, items);
	Items *in = items;
	Cell c = open_cell(x, &in);
	Access to = c.at;
	to.buffer = x->array;
	for (int i = 0; x->t->chains && i < x->array->rank; i++) /* the first chain has the sum */
		to.index[i] = c.at.index[i + 1];
	Node *value = NEW(b->arena, Node);
	*value = (Node){.kind = NODE_LOAD, .dtype = x->dtype, .load = c.at};
	add_store(b, in, to, STORE_SET, value);
	if (!rest_from)
		return;
	int label = x->t->lanes;
	Access at;
	in = open_sums(x, items, label);
	Axis *k = new_axis(b, "k", AXIS_SEQ, x->c.size[label]);
	set_lo(b, k, rest_from);
	in = open_inner(x, in, k);
	in = open_array(x, in, false, &at);
	x->c.ix[label] = ix_at(axis_index(b->arena, k));
	add_store(b, in, at, STORE_ADD, tile_product(x));
}

void out_index(const TileNest *x, Ix *ix)
{
	for (int i = 0; i < x->c.nout; i++)
		ix[i] = x->c.ix[x->c.out[i]];
}

static bool all_legal(const Items *items, int from, const Axis *lanes)
{
	for (int i = from; i < items->len; i++) {
		const Store *s = items->data[i].store;
		Node target = {.kind = NODE_LOAD, .load = s->target};
		if (!lanes_legal(&target, lanes->id) || !lanes_legal(s->value, lanes->id) ||
		    s->target.buffer->dtype != s->value->dtype ||
		    (s->value->dtype != DT_float32 && s->value->dtype != DT_float64))
			return false;
	}
	return true;
}

/* What the stores change in place is asked for before the sums, which hide the way from memory.  Of what a thread keeps from call to
 * call it is what the next rows change, and to be this thread's alone: lines where its columns end are also in its neighbour's cache. */
void ask_ahead(TileNest *x, Items *items, const Follower *f)
{
	Build *b = x->b;
	const int rows = x->t->unroll;
	Items list = {0}, stores = {0}, *in = &list;
	Cell c = open_cell(x, &in);
	Pred *there = NULL;
	if (x->kept && c.r && !size_fits(x->c.size[rows], x->of[rows].most)) {
		const Size *next = size_add(b->arena, x->c.ix[rows].at, size_const(b->arena, x->of[rows].most));
		x->c.ix[rows] = ix_at(next);
		there = NEW(b->arena, Pred);
		/* all of them or none: one condition */
		*there = (Pred){.p = size_add(b->arena, first_of(x, rows), size_const(b->arena, 2 * x->of[rows].most - 1)), .hi = x->c.size[rows]};
	}
	Node *value = NEW(b->arena, Node);
	*value = (Node){.kind = NODE_LOAD, .dtype = x->dtype, .load = c.at};
	f->stores(x, &stores, value, f->data);
	for (int i = 0; i < stores.len; i++) {
		const Store *s = stores.data[i].store;
		const Buffer *to = s->target.buffer;
		Node target = {.kind = NODE_LOAD, .load = s->target};
		if (to->where != WHERE_ARG || to->dtype != x->dtype || (c.r && !access_speaks_of(&s->target, c.r->id)) ||
		    !access_speaks_of(&s->target, c.l->id) || !lanes_legal(&target, c.l->id) || !node_loads(s->value, to))
			continue;
		target.load.npreds = there ? 1 : target.load.npreds;
		target.load.pred = there ? there : target.load.pred;
		add_store(b, in, target.load, STORE_AHEAD, node_const(b, x->dtype, x->kept, 0));
	}
	for (int i = 0; in->len && i < list.len; i++)
		push(b->arena, items, list.data[i]);
}

/* what an operand is loaded from at c.ix: memory that nobody has just written; NULL: it is more than a load */
static const Access *streamed(TileNest *x, int side)
{
	x->b->memo.len = 0;
	const Node *n = tile_side(x, side);
	while (n->kind == NODE_ROW && n->op == OP_cast)
		n = n->arg[0];
	if (x->t->packed[side] || x->t->made[side] || n->kind != NODE_LOAD || n->load.npreds || n->load.buffer->where != WHERE_ARG)
		return NULL;
	for (int d = 0; d < n->load.buffer->rank; d++)
		if (n->load.index[d].gathered && n->load.index[d].gathered->kind != NODE_UNIFORM)
			return NULL;
	for (int i = 0; i < x->b->bufs.len; i++)
		if (x->b->bufs.data[i].buffer == n->load.buffer)
			return x->b->bufs.data[i].plan->kind == BUF_SCRATCH ? NULL : &n->load;
	return NULL;
}

/* Rows that sums along lanes go through once, more than a cache holds: those to come are asked for by the line, while there is enough
 * to compute. */
void ask_rows_ahead(TileNest *x, Items *items)
{
	enum { LINE = 64, AHEAD = 12 << 10, LEAST_BYTES = 1 << 17 };
	Build *b = x->b;
	const int rows = x->t->unroll, sum = x->t->lanes;
	const Size *all = x->p->val->type->size[0];
	int64_t length, n;
	const int columns = x->t->second;
	const bool again = columns >= 0 && !size_fits(x->c.size[columns], x->of[columns].most);
	if (again && !columns_fill_cache(x))
		return;
	if (!x->t->dot || x->t->whole || x->c.nsum != 1 || x->c.out[0] != rows || b->target->lanes < 8 ||
	    !size_is_const(x->c.size[sum], &length) || !size_is_const(all, &n))
		return;
	const int side = label_side(&x->c, rows);
	const Ix row = x->c.ix[rows], place = x->c.ix[sum];
	x->c.ix[rows] = x->c.ix[sum] = ix_at(size_const(b->arena, 0));
	const Access *from = streamed(x, side);
	const int64_t size = from ? dtype_bytes(from->buffer->dtype) : 0;
	if (length * size * n >= LEAST_BYTES && length * size <= AHEAD) {
		items = open_inner(x, items, inner_axis_of(x, "r", AXIS_SEQ, rows));
		Axis *line = new_axis(b, "line", AXIS_SEQ, size_const(b->arena, (length * size + LINE - 1) / LINE));
		const int64_t ahead = (AHEAD + length * size - 1) / (length * size);
		const Size *to_come = size_add(b->arena, x->c.ix[rows].at, size_const(b->arena, ahead));
		x->c.ix[rows] = ix_at(to_come);
		x->c.ix[sum] = ix_at(size_scale(b->arena, axis_index(b->arena, line), LINE / size));
		Access to = *streamed(x, side);
		Pred *there = NEW_ARRAY(b->arena, Pred, 2);
		there[0] = (Pred){.p = to_come, .hi = all};
		if (again) /* the first columns bring them */
			there[1] = (Pred){.p = first_of(x, columns), .hi = size_const(b->arena, 1)};
		to.npreds = 1 + again;
		to.pred = there;
		add_store(b, open_inner(x, items, line), to, STORE_AHEAD, node_const(b, to.buffer->dtype, 0, 0));
	}
	x->c.ix[rows] = row;
	x->c.ix[sum] = place;
	b->memo.len = 0;
}

/* in registers; false, and nothing done, where that cannot be */
bool follow_in_lanes(TileNest *x, Items *items, const Follower *f)
{
	Items tried = {0}, *in = &tried;
	Cell c = open_cell(x, &in);
	Node *value = NEW(x->b->arena, Node);
	*value = (Node){.kind = NODE_LOAD, .dtype = x->dtype, .load = c.at};
	f->stores(x, in, value, f->data);
	if (!in->len || !all_legal(in, 0, c.l))
		return !in->len;
	for (int i = 0; i < tried.len; i++)
		push(x->b->arena, items, tried.data[i]);
	return true;
}

void follow_array(TileNest *x, Items *items, const Size *rest_from, const Follower *f)
{
	Access at;
	fill_array(x, items, rest_from);
	Items *in = open_array(x, items, true, &at);
	Node *value = NEW(x->b->arena, Node);
	*value = (Node){.kind = NODE_LOAD, .dtype = x->dtype, .load = at};
	f->stores(x, in, value, f->data);
}
