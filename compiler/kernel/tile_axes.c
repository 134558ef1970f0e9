/* tile_axes.c -- the operands, axes and accumulators of a tile */
#include "tile_nest.h"

bool size_fits(const Size *size, int64_t most)
{
	int64_t n;
	return size_is_const(size, &n) && n <= most;
}

int label_side(const Contraction *c, int label)
{
	return c->has[0] >> label & 1 ? 0 : 1;
}

int lanes_side(const TileNest *x)
{
	return label_side(&x->c, x->t->lanes);
}

/* the sums that the operand of the lanes has, outermost first */
int panel_sums(const TileNest *x, int *label)
{
	int n = 0;
	for (int k = 0; k < x->c.nsum; k++)
		if (x->c.has[lanes_side(x)] >> x->c.sum[k] & 1)
			label[n++] = x->c.sum[k];
	return n;
}

/* in the array of columns that are made: the column, then the sums */
Access made_at(const TileNest *x, int side)
{
	Build *b = x->b;
	Access at = {.buffer = x->made};
	int n = 0;
	at.index[n++].affine = size_sub(b->arena, x->c.ix[x->t->second].at, x->of[x->t->second].lo);
	for (int k = 0; k < x->c.nsum; k++)
		if (x->c.has[side] >> x->c.sum[k] & 1)
			at.index[n++] = ix_index(b, x->c.ix[x->c.sum[k]]);
	return at;
}

const Node *tile_side(TileNest *x, int k)
{
	const Tile *t = x->t;
	Ix ix[NLABELS];
	if (x->panel && k == lanes_side(x)) {
		int label[NLABELS], n = panel_sums(x, label);
		Access at = {.buffer = x->panel};
		for (int i = 0; i < n; i++)
			at.index[i] = ix_index(x->b, x->c.ix[label[i]]);
		at.index[n].affine = x->panel_lane;
		return load_of(x->b, at);
	}
	if (x->made && t->made[k])
		return load_of(x->b, made_at(x, k));
	if (!t->packed[k]) {
		x->b->bare = t->bare[k];
		const Node *n = contraction_side(x->b, &x->c, k);
		x->b->bare = NULL;
		return n;
	}
	for (int i = 0; i < t->nlabels[k]; i++)
		ix[i] = x->c.ix[t->order[k][i]];
	return load_buf(x->b, t->packed[k], NULL, t->nlabels[k], ix);
}

const Node *tile_product(TileNest *x)
{
	x->b->memo.len = 0;
	const Node *a = tile_side(x, 0), *b = tile_side(x, 1);
	return node_row(x->b, OP_mul, a->dtype, a, b, NULL);
}

/* Of a dot tile: few columns that all rows read fill the first cache, so that each row fetches them again.  Of vectors as wide as the
 * sum's lanes: with narrower ones the registers hold no more rows. */
bool columns_fill_cache(const TileNest *x)
{
	enum { CACHE = 24 << 10, MOST_COLUMNS = 10 }; /* of 32 KB: rows pass through it, too */
	int64_t n, bytes = dtype_bytes(x->dtype);
	if (x->t->second < 0 || tile_shape(x->b->target, x->dtype, x->t).width < SUM_LANES || !size_is_const(x->c.size[x->t->second], &n) ||
	    n < 2 || n > MOST_COLUMNS)
		return false;
	bytes *= n;
	for (int k = 0; k < x->c.nsum && bytes <= CACHE; k++)
		bytes *= size_is_const(x->c.size[x->c.sum[k]], &n) && n <= CACHE ? n : 0;
	return bytes > CACHE;
}

/* ---- axes */

Axis *cut_axis(Build *b, const char *name, AxisKind kind, const Axis *of)
{
	Axis *a = NEW(b->arena, Axis);
	*a = (Axis){.name = name, .id = b->L->axis_id++, .kind = kind, .cut_of = of};
	return a;
}

void set_lo(Build *b, Axis *a, const Size *lo)
{
	const Size **bound = NEW_ARRAY(b->arena, const Size *, 1);
	bound[0] = lo;
	a->lo = bound;
	a->nlo = 1;
}

Items *open_inner(TileNest *x, Items *items, Axis *a)
{
	return &open_nest(x->b, items, a)->body;
}

/* the first place of a label in the tile */
const Size *first_of(const TileNest *x, int label)
{
	const Axes *of = &x->of[label];
	const Size *at = axis_index(x->b->arena, of->outer);
	return of->window ? size_scale(x->b->arena, at, of->window) : at;
}

/* the loop over a label in cuts */
Items *open_cuts(TileNest *x, Items *items, const char *name, int label)
{
	Build *b = x->b;
	Axes *of = &x->of[label];
	const Size *size = x->c.size[label];
	if (of->window) {
		of->outer = new_axis(b, name, AXIS_SEQ, size_floordiv(b->arena, size, of->window));
		return open_inner(x, items, of->outer);
	}
	Axis *a = new_axis(b, name, AXIS_SEQ, of->hi ? of->hi : size);
	if (of->in_block) {
		bound_by_block(b, a, size);
	} else if (of->lo) {
		set_lo(b, a, of->lo);
	}
	if (!of->in_block && of->hi && !size_equal(of->hi, size)) {
		const Size **bound = NEW_ARRAY(b->arena, const Size *, 2);
		bound[0] = of->hi;
		bound[1] = size;
		a->hi = bound;
		a->nhi = 2;
	}
	a->ncuts = of->ncuts;
	a->cut = of->cut;
	a->again = x->again && !x->t->dot && label == x->t->lanes;
	of->outer = a;
	return &open_nest(b, items, a)->body;
}

/* an axis over the cut of a label: its index is that of the label */
Axis *inner_axis_of(TileNest *x, const char *name, AxisKind kind, int label)
{
	Build *b = x->b;
	const int64_t window = x->of[label].window;
	Axis *a = window ? new_axis(b, name, kind, size_const(b->arena, window)) : cut_axis(b, name, kind, x->of[label].outer);
	x->c.ix[label] = ix_at(size_add(b->arena, first_of(x, label), axis_index(b->arena, a)));
	return a;
}

/* ---- accumulators */

void add_extent(Buffer *b, const Size *size, const Axis *cut)
{
	b->extent[b->rank++] = (Extent){size, cut};
}

void declare_acc(TileNest *x, Items *items)
{
	Build *b = x->b;
	const Tile *t = x->t;
	x->acc = new_buffer(b, "acc", x->dtype, WHERE_REG, 0, NULL);
	x->acc->lanes = true;
	if (t->chains)
		add_extent(x->acc, size_const(b->arena, t->chains), NULL);
	if (t->unroll >= 0)
		add_extent(x->acc, NULL, x->of[t->unroll].outer);
	if (t->second >= 0) {
		const Axes *of = &x->of[t->second];
		add_extent(x->acc, of->window ? size_const(b->arena, of->window) : NULL, of->window ? NULL : of->outer);
	}
	if (t->dot)
		add_extent(x->acc, size_const(b->arena, x->part), NULL);
	else
		add_extent(x->acc, NULL, x->of[t->lanes].outer);
	add_buffer(b, items, x->acc);
}

Cell open_chain_cell(TileNest *x, Items **items, const Size *chain)
{
	Build *b = x->b;
	const Tile *t = x->t;
	Cell c = {.at = {.buffer = x->acc}};
	int n = 0;
	if (t->chains)
		c.at.index[n++].affine = chain;
	if (t->unroll >= 0) {
		c.r = inner_axis_of(x, "r", AXIS_UNROLL, t->unroll);
		c.at.index[n++].affine = axis_index(b->arena, c.r);
		*items = open_inner(x, *items, c.r);
	}
	if (t->second >= 0) {
		c.w = inner_axis_of(x, "w", AXIS_UNROLL, t->second);
		c.at.index[n++].affine = axis_index(b->arena, c.w);
		*items = open_inner(x, *items, c.w);
	}
	if (t->dot)
		c.l = new_axis(b, "v", AXIS_LANES, size_const(b->arena, x->part));
	else
		c.l = inner_axis_of(x, "v", AXIS_LANES, t->lanes);
	c.at.index[n].affine = axis_index(b->arena, c.l);
	*items = open_inner(x, *items, c.l);
	return c;
}

Cell open_cell(TileNest *x, Items **items)
{
	return open_chain_cell(x, items, size_const(x->b->arena, 0));
}

/* an axis over the first n chains */
const Size *open_chains(TileNest *x, Items **items, int64_t n)
{
	if (!x->t->chains)
		return NULL;
	Axis *u = new_axis(x->b, "u", AXIS_UNROLL, size_const(x->b->arena, n));
	*items = open_inner(x, *items, u);
	return axis_index(x->b->arena, u);
}

void clear_acc(TileNest *x, Items *items)
{
	const Size *chain = open_chains(x, &items, x->t->chains);
	Cell c = open_chain_cell(x, &items, chain);
	add_store(x->b, items, c.at, STORE_SET, node_const(x->b, x->dtype, 0, 0));
}
