/* tile_sums.c -- the sums of a tile, into its accumulators */
#include "tile_nest.h"

void bound_sum(TileNest *x, int label, const Size *lo, const Size *hi)
{
	int n = x->nbounds[label]++;
	x->sum_lo[label][n] = lo;
	x->sum_hi[label][n] = hi;
}

static Items *open_sum(TileNest *x, Items *items, int k)
{
	Build *b = x->b;
	int label = x->c.sum[k], n = x->nbounds[label];
	const Size *size = x->c.size[label];
	if (!n)
		return open_axis(b, items, 3 + k, AXIS_SEQ, size, &x->c.ix[label]);
	static const char *const names[] = {"l", "p", "q", "r", "s", "u"};
	Axis *a = new_axis(b, names[k % 6], AXIS_SEQ, size);
	const Size **lo = NEW_ARRAY(b->arena, const Size *, n + 1), **hi = NEW_ARRAY(b->arena, const Size *, n + 1);
	lo[0] = size_const(b->arena, 0);
	hi[0] = size;
	for (int i = 0; i < n; i++) {
		lo[i + 1] = x->sum_lo[label][i];
		hi[i + 1] = x->sum_hi[label][i];
	}
	a->lo = lo;
	a->hi = hi;
	a->nlo = a->nhi = n + 1;
	x->c.ix[label] = ix_at(axis_index(b->arena, a));
	return open_inner(x, items, a);
}

/* loops over the axes of the sum but one; that one comes last */
Items *open_sums(TileNest *x, Items *items, int but)
{
	for (int k = 0; k < x->c.nsum; k++)
		if (x->c.sum[k] != but)
			items = open_sum(x, items, k);
	return items;
}

bool is_in_tile(const TileNest *x, int label)
{
	const Tile *t = x->t;
	return label == t->unroll || label == t->second || (!t->dot && label == t->lanes);
}

static bool is_summed(const TileNest *x, int label)
{
	for (int k = 0; k < x->c.nsum; k++)
		if (x->c.sum[k] == label)
			return !x->t->dot || label != x->t->lanes;
	return false;
}

/* Windows of a padded value: the sum over a window leaves out what is padding, as the window's place says. */
void leave_out_padding(TileNest *x, int side)
{
	Arena *arena = x->b->arena;
	const int8_t *label = side ? x->c.v->attr.contraction.b : x->c.v->attr.contraction.a;
	for (const Val *v = x->c.v->in[side]; v->op == OP_windows; v = v->in[0]) {
		int axis = v->attr.windows.axis, place = label[axis], offset = label[v->type->rank - 1];
		const Val *in = v->in[0];
		while (in->op == OP_windows && axis < in->type->rank - 1 && axis != in->attr.windows.axis)
			in = in->in[0];
		if (x->t->across && place == x->t->second)
			continue;
		if (in->op != OP_pad || in->attr.pad.fill != 0 || in->attr.pad.gap[axis] || v->attr.windows.dilation != 1 ||
		    is_summed(x, place) || !is_summed(x, offset) || x->nbounds[offset])
			continue;
		/* of several places in a tile, what is padding for all */
		bool several = is_in_tile(x, place);
		Ix at = several ? ix_at(first_of(x, place)) : x->c.ix[place];
		if (at.of || at.node)
			continue;
		const Size *hi = size_sub(arena, size_resolve(arena, in->attr.pad.lo[axis]),
					  size_scale(arena, at.at, v->attr.windows.stride));
		const Size *more = size_const(arena, several ? (x->of[place].most - 1) * v->attr.windows.stride : 0);
		bound_sum(x, offset, size_sub(arena, hi, more), size_add(arena, hi, in->in[0]->type->size[axis]));
	}
}

/* every n-th product into a sum of its own, what is left into the first, then the sums as a tree */
static void sum_in_chains(TileNest *x, Items *items)
{
	Build *b = x->b;
	Arena *arena = b->arena;
	int label = x->c.sum[0];
	const int64_t n = x->t->chains;
	const Size *size = x->c.size[label], *whole = size_scale(arena, size_floordiv(arena, size, n), n);
	Axis *k = new_axis(b, "k", AXIS_SEQ, whole);
	int64_t *step = NEW_ARRAY(arena, int64_t, 1);
	*step = n;
	k->cut = step;
	k->ncuts = 1;
	Items *in = open_inner(x, items, k);
	const Size *chain = open_chains(x, &in, n);
	Cell c = open_chain_cell(x, &in, chain);
	x->c.ix[label] = ix_at(size_add(arena, axis_index(arena, k), chain));
	add_store(b, in, c.at, STORE_ADD, tile_product(x));
	if (!size_equal(whole, size)) {
		Axis *rest = new_axis(b, "k", AXIS_SEQ, size);
		set_lo(b, rest, whole);
		in = open_inner(x, items, rest);
		c = open_cell(x, &in);
		x->c.ix[label] = ix_at(axis_index(arena, rest));
		add_store(b, in, c.at, STORE_ADD, tile_product(x));
	}
	for (int64_t half = n / 2; half >= 1; half /= 2) {
		in = items;
		chain = open_chains(x, &in, half);
		c = open_chain_cell(x, &in, chain);
		Access other = c.at;
		other.index[0].affine = size_add(arena, chain, size_const(arena, half));
		add_store(b, in, c.at, STORE_ADD, load_of(b, other));
	}
}

/* the places within the windows whose places are the tile's second axis */
int offset_of_second(const TileNest *x)
{
	const int side = lanes_side(x);
	const int8_t *label = side ? x->c.v->attr.contraction.b : x->c.v->attr.contraction.a;
	const Val *v = x->c.v->in[side];
	while (label[v->attr.windows.axis] != x->t->second)
		v = v->in[0];
	return label[v->type->rank - 1];
}

/* Each element of what is padded, times all places of the window, to the accumulators that it meets. */
static void sum_across(TileNest *x, Items *items)
{
	Build *b = x->b;
	Arena *arena = b->arena;
	const Tile *t = x->t;
	const int offset = x->last;
	int64_t places = 0, offsets = 0;
	size_is_const(x->c.size[t->second], &places);
	size_is_const(x->c.size[offset], &offsets);
	items = open_sums(x, items, offset);
	Axis *s = new_axis(b, "s", AXIS_UNROLL, size_const(arena, places - offsets + 1)), *r = NULL;
	items = open_inner(x, items, s);
	if (t->unroll >= 0) {
		r = inner_axis_of(x, "r", AXIS_UNROLL, t->unroll);
		items = open_inner(x, items, r);
	}
	Axis *u = new_axis(b, "u", AXIS_UNROLL, size_const(arena, offsets));
	items = open_inner(x, items, u);
	Axis *l = inner_axis_of(x, "v", AXIS_LANES, t->lanes);
	items = open_inner(x, items, l);
	const Size *meets = size_add(arena, axis_index(arena, s), axis_index(arena, u));
	x->c.ix[t->second] = ix_at(meets);
	x->c.ix[offset] = ix_at(size_sub(arena, size_const(arena, offsets - 1), axis_index(arena, u)));
	Access at = {.buffer = x->acc};
	int n = 0;
	if (r)
		at.index[n++].affine = axis_index(arena, r);
	at.index[n++].affine = meets;
	at.index[n].affine = axis_index(arena, l);
	add_store(b, items, at, STORE_ADD, tile_product(x));
}

static void add_products(TileNest *x, Items *items)
{
	add_beside(x, items);
	Cell c = open_cell(x, &items);
	x->panel_lane = axis_index(x->b->arena, c.l);
	add_store(x->b, items, c.at, STORE_ADD, tile_product(x));
}

/* The panel is filled on the way.  Rows of it to come are asked for, in a loop of its own: without a condition inside, which keeps
 * compilers from having all accumulators in registers. */
static void sum_and_fill(TileNest *x, Items *items)
{
	enum { AHEAD = 64 };
	Build *b = x->b;
	const int label = x->last >= 0 ? x->last : x->c.sum[x->c.nsum - 1];
	const Size *size = x->c.size[label];
	const bool ahead = b->target->lanes >= 8 && !size_fits(size, AHEAD);
	items = open_sums(x, items, label);
	for (int last = !ahead; last < 2; last++) {
		const Size *most = size_sub(b->arena, size, size_const(b->arena, AHEAD));
		Axis *l = new_axis(b, "l", AXIS_SEQ, last ? size : most);
		if (last && ahead)
			set_lo(b, l, most);
		Items *in = open_inner(x, items, l);
		x->c.ix[label] = ix_at(axis_index(b->arena, l));
		if (!last)
			ask_panel_row(x, in, label, AHEAD);
		fill_panel_row(x, in);
		add_products(x, in);
	}
}

void sum_along_result(TileNest *x, Items *items)
{
	if (x->fills) {
		sum_and_fill(x, items);
		return;
	}
	if (x->t->chains) {
		sum_in_chains(x, items);
		return;
	}
	if (x->t->across) {
		sum_across(x, items);
		return;
	}
	items = open_sums(x, items, x->last);
	for (int k = 0; k < x->c.nsum; k++)
		if (x->c.sum[k] == x->last)
			items = open_sum(x, items, k);
	add_products(x, items);
}

/* whole vectors of the sum's axis; what is left is added to the array afterwards */
const Size *sum_along_lanes(TileNest *x, Items *items)
{
	Build *b = x->b;
	int label = x->t->lanes;
	const Size *size = x->c.size[label];
	const Size *whole = size_scale(b->arena, size_floordiv(b->arena, size, SUM_LANES), SUM_LANES);
	items = open_sums(x, items, label);
	Axis *k = new_axis(b, "k", AXIS_SEQ, whole);
	static const int64_t step[] = {SUM_LANES};
	k->cut = step;
	k->ncuts = 1;
	items = open_inner(x, items, k);
	Cell c = open_cell(x, &items);
	x->c.ix[label] = ix_at(size_add(b->arena, axis_index(b->arena, k), axis_index(b->arena, c.l)));
	add_store(b, items, c.at, STORE_ADD, tile_product(x));
	return size_equal(whole, size) ? NULL : whole;
}

/* Lanes of the sum that are more than a vector has, and all that there is of the axis: a vector of them at a time, so that the
 * accumulators of a tile fit the registers. The array that they pass has all lanes. */
bool has_parts(const TileNest *x)
{
	int64_t n;
	return x->t->dot && size_is_const(x->c.size[x->t->lanes], &n) && n == SUM_LANES &&
	       tile_shape(x->b->target, x->dtype, x->t).width < SUM_LANES;
}

void sum_in_parts(TileNest *x, Items *items)
{
	Build *b = x->b;
	const Tile *t = x->t;
	const int label = t->lanes, axes[2] = {t->unroll, t->second};
	Buffer *lanes = new_buffer(b, "lanes", x->dtype, WHERE_STACK, 0, NULL);
	for (int k = 0; k < 2; k++)
		if (axes[k] >= 0)
			add_extent(lanes, size_const(b->arena, x->of[axes[k]].most), NULL);
	add_extent(lanes, size_const(b->arena, SUM_LANES), NULL);
	add_buffer(b, items, lanes);
	Axis *h = new_axis(b, "h", AXIS_SEQ, size_const(b->arena, SUM_LANES));
	int64_t *step = NEW_ARRAY(b->arena, int64_t, 1);
	*step = x->part = tile_shape(b->target, x->dtype, t).width;
	h->cut = step;
	h->ncuts = 1;
	Items *in = open_inner(x, items, h);
	declare_acc(x, in);
	clear_acc(x, in);
	Items *sums = open_sums(x, in, label);
	Cell c = open_cell(x, &sums);
	x->c.ix[label] = ix_at(size_add(b->arena, axis_index(b->arena, h), axis_index(b->arena, c.l)));
	add_store(b, sums, c.at, STORE_ADD, tile_product(x));
	c = open_cell(x, &in);
	Access to = c.at;
	to.buffer = lanes;
	const int last = lanes->rank - 1;
	to.index[last].affine = size_add(b->arena, axis_index(b->arena, h), axis_index(b->arena, c.l));
	add_store(b, in, to, STORE_SET, load_of(b, c.at));
	x->part = SUM_LANES;
	declare_acc(x, items);
	c = open_cell(x, &items);
	Access from = c.at;
	from.buffer = lanes;
	add_store(b, items, c.at, STORE_SET, load_of(b, from));
}
