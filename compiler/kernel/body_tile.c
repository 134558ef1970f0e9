/* body_tile.c -- the loops of a tile: accumulators, sums, what follows on them
 *
 *      for the other axes of the result:
 *        for the columns, in cuts: for the rows, in cuts:
 *          acc[r][v] = 0;   sums: acc[r][v] += a * b;   then stores of acc, and of what is made of it element by element
 *
 * Where lanes lie along the result and all that follows has a vector form it is done in registers; else the tile passes a small
 * array, over whose last axis the C compiler vectorises. */
#include "print_c.h"
#include "tile.h"

enum { MANY_REGS = 32 };

typedef struct Axes { /* of one label of the result */
	const Size *lo, *hi; /* of its loop; hi NULL: the extent */
	Axis *outer; /* in cuts, or over windows */
	int64_t window; /* places of a window that follows: it is walked over in these; 0 */
	const Size *first; /* of an axis that the tile lacks: the first place of the window, of this number */
	const Size *number;
	int64_t most; /* the largest cut */
	int ncuts;
	const int64_t *cut;
} Axes;

typedef struct TileNest {
	Build *b;
	const Piece *p;
	const Tile *t;
	Contraction c;
	DType dtype;
	Axes of[NLABELS];
	const Size *sum_lo[NLABELS][2], *sum_hi[NLABELS][2]; /* further bounds of the sums */
	int nbounds[NLABELS];
	Buffer *acc, *array;
	int64_t part; /* lanes of the sum that are summed at a time */
	int last; /* the label that is summed innermost, or -1: as they come */
	Buffer *panel; /* the operand of the lanes as the columns of a tile, or NULL */
	const Size *panel_lane; /* where in its rows */
	Buffer *made; /* the operand of the columns for those of a thread, or NULL */
} TileNest;

static int lanes_side(const TileNest *x)
{
	return x->c.has[0] >> x->t->lanes & 1 ? 0 : 1;
}

/* the sums that the operand of the lanes has, outermost first */
static int panel_sums(const TileNest *x, int *label)
{
	int n = 0;
	for (int k = 0; k < x->c.nsum; k++)
		if (x->c.has[lanes_side(x)] >> x->c.sum[k] & 1)
			label[n++] = x->c.sum[k];
	return n;
}

/* in the array of columns that are made: the column, then the sums */
static Access made_at(const TileNest *x, int side)
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

static const Node *side_of(TileNest *x, int k)
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

static const Node *product(TileNest *x)
{
	x->b->memo.len = 0;
	const Node *a = side_of(x, 0), *b = side_of(x, 1);
	return node_row(x->b, OP_mul, a->dtype, a, b, NULL);
}

/* ---- axes */

Axis *cut_axis(Build *b, const char *name, AxisKind kind, const Axis *of)
{
	Axis *a = NEW(b->arena, Axis);
	*a = (Axis){.name = name, .id = b->L->axis_id++, .kind = kind, .cut_of = of};
	return a;
}

static void set_lo(Build *b, Axis *a, const Size *lo)
{
	const Size **bound = NEW_ARRAY(b->arena, const Size *, 1);
	bound[0] = lo;
	a->lo = bound;
	a->nlo = 1;
}

static Items *open_inner(TileNest *x, Items *items, Axis *a)
{
	return &open_nest(x->b, items, a)->body;
}

/* the first place of a label in the tile */
static const Size *first_of(const TileNest *x, int label)
{
	const Axes *of = &x->of[label];
	const Size *at = axis_index(x->b->arena, of->outer);
	return of->window ? size_scale(x->b->arena, at, of->window) : at;
}

/* the loop over a label in cuts */
static Items *open_cuts(TileNest *x, Items *items, const char *name, int label)
{
	Build *b = x->b;
	Axes *of = &x->of[label];
	const Size *size = x->c.size[label];
	if (of->window) {
		of->outer = new_axis(b, name, AXIS_SEQ, size_floordiv(b->arena, size, of->window));
		return open_inner(x, items, of->outer);
	}
	Axis *a = new_axis(b, name, AXIS_SEQ, of->hi ? of->hi : size);
	if (of->lo)
		set_lo(b, a, of->lo);
	if (of->hi && !size_equal(of->hi, size)) {
		const Size **bound = NEW_ARRAY(b->arena, const Size *, 2);
		bound[0] = of->hi;
		bound[1] = size;
		a->hi = bound;
		a->nhi = 2;
	}
	a->ncuts = of->ncuts;
	a->cut = of->cut;
	of->outer = a;
	return &open_nest(b, items, a)->body;
}

/* an axis over the cut of a label: its index is that of the label */
static Axis *inner_axis_of(TileNest *x, const char *name, AxisKind kind, int label)
{
	Build *b = x->b;
	const int64_t window = x->of[label].window;
	Axis *a = window ? new_axis(b, name, kind, size_const(b->arena, window)) : cut_axis(b, name, kind, x->of[label].outer);
	x->c.ix[label] = ix_at(size_add(b->arena, first_of(x, label), axis_index(b->arena, a)));
	return a;
}

/* ---- accumulators */

static void add_extent(Buffer *b, const Size *size, const Axis *cut)
{
	b->extent[b->rank++] = (Extent){size, cut};
}

static void declare(TileNest *x, Items *items)
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

typedef struct Cell { /* the tile's axes, and an access to the accumulators there */
	Axis *r, *w, *l;
	Access at;
} Cell;

static Cell open_chain_cell(TileNest *x, Items **items, const Size *chain)
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

static Cell open_cell(TileNest *x, Items **items)
{
	return open_chain_cell(x, items, size_const(x->b->arena, 0));
}

/* an axis over the first n chains */
static const Size *open_chains(TileNest *x, Items **items, int64_t n)
{
	if (!x->t->chains)
		return NULL;
	Axis *u = new_axis(x->b, "u", AXIS_UNROLL, size_const(x->b->arena, n));
	*items = open_inner(x, *items, u);
	return axis_index(x->b->arena, u);
}

static void clear(TileNest *x, Items *items)
{
	const Size *chain = open_chains(x, &items, x->t->chains);
	Cell c = open_chain_cell(x, &items, chain);
	add_store(x->b, items, c.at, STORE_SET, node_const(x->b, x->dtype, 0, 0));
}

static void bound_sum(TileNest *x, int label, const Size *lo, const Size *hi)
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
static Items *open_sums(TileNest *x, Items *items, int but)
{
	for (int k = 0; k < x->c.nsum; k++)
		if (x->c.sum[k] != but)
			items = open_sum(x, items, k);
	return items;
}

static bool in_tile(const TileNest *x, int label)
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
static void leave_out_padding(TileNest *x, int side)
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
		bool several = in_tile(x, place);
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
	add_store(b, in, c.at, STORE_ADD, product(x));
	if (!size_equal(whole, size)) {
		Axis *rest = new_axis(b, "k", AXIS_SEQ, size);
		set_lo(b, rest, whole);
		in = open_inner(x, items, rest);
		c = open_cell(x, &in);
		x->c.ix[label] = ix_at(axis_index(arena, rest));
		add_store(b, in, c.at, STORE_ADD, product(x));
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
static int offset_of_second(const TileNest *x)
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
	add_store(b, items, at, STORE_ADD, product(x));
}

static void sum_along_result(TileNest *x, Items *items)
{
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
	Cell c = open_cell(x, &items);
	x->panel_lane = axis_index(x->b->arena, c.l);
	add_store(x->b, items, c.at, STORE_ADD, product(x));
}

/* whole vectors of the sum's axis; what is left is added to the array afterwards */
static const Size *sum_along_lanes(TileNest *x, Items *items)
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
	add_store(b, items, c.at, STORE_ADD, product(x));
	return size_equal(whole, size) ? NULL : whole;
}

/* Lanes of the sum that are more than a vector has, and all that there is of the axis: a vector of them at a time, so that the
 * accumulators of a tile fit the registers. The array that they pass has all lanes. */
static bool has_parts(const TileNest *x)
{
	int64_t n;
	return x->t->dot && size_is_const(x->c.size[x->t->lanes], &n) && n == SUM_LANES &&
	       tile_shape(x->b->target, x->dtype, x->t).width < SUM_LANES;
}

static void sum_in_parts(TileNest *x, Items *items)
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
	declare(x, in);
	clear(x, in);
	Items *sums = open_sums(x, in, label);
	Cell c = open_cell(x, &sums);
	x->c.ix[label] = ix_at(size_add(b->arena, axis_index(b->arena, h), axis_index(b->arena, c.l)));
	add_store(b, sums, c.at, STORE_ADD, product(x));
	c = open_cell(x, &in);
	Access to = c.at;
	to.buffer = lanes;
	const int last = lanes->rank - 1;
	to.index[last].affine = size_add(b->arena, axis_index(b->arena, h), axis_index(b->arena, c.l));
	add_store(b, in, to, STORE_SET, load_of(b, c.at));
	x->part = SUM_LANES;
	declare(x, items);
	c = open_cell(x, &items);
	Access from = c.at;
	from.buffer = lanes;
	add_store(b, items, c.at, STORE_SET, load_of(b, from));
}

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
static Items *open_array(TileNest *x, Items *items, bool simd, Access *at)
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

static void declare_array(TileNest *x, Items *items)
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
	add_store(b, in, at, STORE_ADD, product(x));
}

/* ---- what follows */

typedef void Follow(TileNest *, Items *, const Node *value, void *);

typedef struct Follower {
	Follow *stores;
	void *data;
} Follower;

static void out_index(const TileNest *x, Ix *ix)
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

/* What the stores change in place is asked for before the sums, which hide the way from memory. */
static void ask_ahead(TileNest *x, Items *items, const Follower *f)
{
	Items list = {0}, stores = {0}, *in = &list;
	Cell c = open_cell(x, &in);
	Node *value = NEW(x->b->arena, Node);
	*value = (Node){.kind = NODE_LOAD, .dtype = x->dtype, .load = c.at};
	f->stores(x, &stores, value, f->data);
	for (int i = 0; i < stores.len; i++) {
		const Store *s = stores.data[i].store;
		const Buffer *to = s->target.buffer;
		Node target = {.kind = NODE_LOAD, .load = s->target};
		if (to->where == WHERE_ARG && to->dtype == x->dtype && (!c.r || access_speaks_of(&s->target, c.r->id)) &&
		    access_speaks_of(&s->target, c.l->id) && lanes_legal(&target, c.l->id) && node_loads(s->value, to))
			add_store(x->b, in, s->target, STORE_AHEAD, node_const(x->b, x->dtype, 0, 0));
	}
	for (int i = 0; in->len && i < list.len; i++)
		push(x->b->arena, items, list.data[i]);
}

/* in registers; false, and nothing done, where that cannot be */
static bool follow_in_lanes(TileNest *x, Items *items, const Follower *f)
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

static void follow_array(TileNest *x, Items *items, const Size *rest_from, const Follower *f)
{
	Access at;
	fill_array(x, items, rest_from);
	Items *in = open_array(x, items, true, &at);
	Node *value = NEW(x->b->arena, Node);
	*value = (Node){.kind = NODE_LOAD, .dtype = x->dtype, .load = at};
	f->stores(x, in, value, f->data);
}

/* ---- a tile for the labels whose bounds are set, inside loops over all others */

static void plan_axes(TileNest *x)
{
	Build *b = x->b;
	const Tile *t = x->t;
	TileShape s = tile_shape(b->target, x->dtype, t);
	const int axes[3] = {t->unroll, t->second, t->dot ? -1 : t->lanes};
	int64_t second = 0, vectors = s.vectors;
	if (t->second >= 0 && !size_is_const(x->c.size[t->second], &second))
		second = 0;
	int64_t rows = 0, columns;
	/* one vector of columns: twice the rows */
	if (!t->dot && t->second < 0 && size_is_const(x->c.size[t->lanes], &columns) && columns <= s.width)
		s.rows *= 2;
	bool few = t->dot && t->unroll >= 0 && size_is_const(x->c.size[t->unroll], &rows) && rows <= 5 && rows > 1;
	for (int k = 0; k < 3; k++) {
		if (axes[k] < 0)
			continue;
		Axes *of = &x->of[axes[k]];
		const Size *size = x->c.size[axes[k]];
		if (k == 2 && t->second >= 0)
			vectors = 1;
		if (k == 2) {
			of->cut = lane_cuts(b->arena, size, vectors * s.width, s.width, &of->ncuts);
		} else if (t->dot) {
			/* the second first: what it takes, the rows leave */
			int64_t sums = has_parts(x) ? 1 : SUM_LANES / s.width, all = s.rows * 2 / (sums > 2 ? 2 : sums);
			int64_t n = second && second <= 10 ? second : !few ? 5 : all / rows > 2 ? all / rows : 2, most = k ? n : all / n;
			if (k && most > all)
				most = all;
			of->cut = tile_cuts(b->arena, size, most < 1 ? 1 : most, &of->ncuts);
		} else {
			enum { ALL_PLACES = 24 };
			int64_t most = k ? 2 : s.rows;
			if (t->across)
				most = k ? second : ALL_PLACES / second;
			of->cut = tile_cuts(b->arena, size, most < 1 ? 1 : most, &of->ncuts);
		}
		of->most = of->cut[0];
	}
}

/* the accumulators go on from what is in the result */
static void resume(TileNest *x, Items *items)
{
	Build *b = x->b;
	const Piece *p = x->p;
	Ix ix[MAX_RANK];
	Access at;
	bool lies = x->c.out[x->c.nout - 1] == x->t->lanes;
	if (!lies) {
		declare_array(x, items);
		Items *in = open_array(x, items, true, &at);
		out_index(x, ix);
		add_store(b, in, at, STORE_SET, load_buf(b, p->target, p->at, x->c.nout, ix));
	}
	Cell c = open_cell(x, &items);
	out_index(x, ix);
	Access from = c.at;
	from.buffer = x->array;
	add_store(b, items, c.at, STORE_SET, lies ? load_buf(b, p->target, p->at, x->c.nout, ix) : load_of(b, from));
}

/* ---- the panel: columns of an operand, close together, for all rows of the tiles
 *
 * Rows that are a multiple of 1,024 bytes apart share sets of the caches; rows far apart have a page each, which tells where a tile
 * has few registers, and so loads more. */

static bool panel_pays(const TileNest *x, const Node *value)
{
	enum { SAME_SETS = 1024, ROW_BLOCKS = 8, LONG = 64 };
	int64_t last, rows, sums;
	if (value->kind != NODE_LOAD || value->load.npreds || value->load.buffer->rank < 1)
		return true; /* computed once for all rows */
	const Buffer *from = value->load.buffer;
	if (!size_is_const(from->extent[from->rank - 1].size, &last) || last <= x->of[x->t->lanes].most)
		return false;
	if (last * dtype_bytes(from->dtype) % SAME_SETS == 0)
		return true;
	return x->b->target->regs < MANY_REGS && size_is_const(x->c.size[x->t->unroll], &rows) &&
	       rows >= ROW_BLOCKS * x->of[x->t->unroll].most && size_is_const(x->c.size[x->c.sum[0]], &sums) && sums >= LONG;
}

static bool wants_panel(TileNest *x)
{
	enum { BYTES = 1 << 17, ROW_BLOCKS = 4 };
	const Tile *t = x->t;
	int64_t rows, n, bytes = dtype_bytes(x->dtype);
	if (t->dot || !t->whole || t->blocked >= 0 || t->second >= 0 || t->unroll < 0 ||
	    !size_is_const(x->c.size[t->unroll], &rows) || rows < ROW_BLOCKS * x->of[t->unroll].most)
		return false;
	int label[NLABELS], nsums = panel_sums(x, label);
	if (nsums == 0 || nsums >= MAX_RANK)
		return false;
	bytes *= x->of[t->lanes].most;
	for (int i = 0; i < nsums; i++) {
		if (!size_is_const(x->c.size[label[i]], &n) || n > BYTES)
			return false;
		bytes *= n;
	}
	return bytes <= BYTES;
}

static void fill_panel(TileNest *x, Items *items)
{
	Build *b = x->b;
	int label[NLABELS], n = panel_sums(x, label);
	Buffer *panel = new_buffer(b, "panel", x->dtype, WHERE_STACK, 0, NULL);
	Access at = {.buffer = panel};
	for (int i = 0; i < n; i++)
		add_extent(panel, x->c.size[label[i]], NULL);
	add_extent(panel, size_const(b->arena, x->of[x->t->lanes].most), NULL);
	Items filled = {0}, *in = &filled;
	for (int i = 0; i < n; i++) {
		in = open_axis(b, in, 3 + i, AXIS_SEQ, x->c.size[label[i]], &x->c.ix[label[i]]);
		at.index[i] = ix_index(b, x->c.ix[label[i]]);
	}
	Axis *q = inner_axis_of(x, "q", AXIS_SIMD, x->t->lanes);
	in = open_inner(x, in, q);
	at.index[n].affine = axis_index(b->arena, q);
	b->memo.len = 0;
	const Node *value = side_of(x, lanes_side(x));
	if (!panel_pays(x, value))
		return;
	add_store(b, in, at, STORE_SET, value);
	add_buffer(b, items, panel);
	for (int i = 0; i < filled.len; i++)
		push(b->arena, items, filled.data[i]);
	x->panel = panel;
}

static void build_tile(TileNest *x, Items *items, const Follower *f)
{
	const Tile *t = x->t;
	x->array = x->panel = NULL;
	if (!t->dot)
		items = open_cuts(x, items, "j", t->lanes);
	if (wants_panel(x))
		fill_panel(x, items);
	if (t->second >= 0)
		items = open_cuts(x, items, t->dot ? "j" : "g", t->second);
	if (t->unroll >= 0)
		items = open_cuts(x, items, "i", t->unroll);
	for (int side = 0; side < 2; side++)
		if (!t->packed[side])
			leave_out_padding(x, side);
	if (has_parts(x)) {
		sum_in_parts(x, items);
		follow_array(x, items, NULL, f);
		return;
	}
	declare(x, items);
	if (t->blocked >= 0 && !t->dot)
		resume(x, items);
	else
		clear(x, items);
	if (t->whole && !t->dot && t->blocked < 0 && x->b->target->lanes >= 8)
		ask_ahead(x, items, f);
	if (t->dot) {
		follow_array(x, items, sum_along_lanes(x, items), f);
		return;
	}
	sum_along_result(x, items);
	if (!follow_in_lanes(x, items, f))
		follow_array(x, items, NULL, f);
}

/* what follows stands in a function of its own, so that kernels for several targets differ in it alone */
static Items *open_apart(TileNest *x, Items *items, const char *name)
{
	Nest *nest = open_nest(x->b, items, new_axis(x->b, name, AXIS_SEQ, size_const(x->b->arena, 1)));
	nest->apart = true;
	return &nest->body;
}

/* loops over the labels of the result that are none of the tile's */
static Items *open_others(TileNest *x, Items *items, int from, AxisKind kind)
{
	for (int i = from; i < x->c.nout; i++) {
		int l = x->c.out[i];
		Axes *of = &x->of[l];
		if (in_tile(x, l))
			continue;
		if (!of->window) {
			items = open_axis(x->b, items, i, kind, x->c.size[l], &x->c.ix[l]);
			continue;
		}
		Ix number;
		items = open_axis(x->b, items, i, kind, size_floordiv(x->b->arena, x->c.size[l], of->window), &number);
		of->number = number.at;
		of->first = size_scale(x->b->arena, number.at, of->window);
		x->c.ix[l] = ix_at(of->first);
	}
	return items;
}

static TileNest nest_of(Build *b, const Piece *p)
{
	b->tiled = true;
	TileNest x = {.b = b, .p = p, .t = p->tile, .c = contraction_of(p->val), .part = SUM_LANES};
	x.dtype = p->val->type->dtype;
	x.last = -1;
	if (x.t->across)
		x.last = offset_of_second(&x);
	if (x.t->across && b->target->regs < MANY_REGS) { /* one place at a time, summed in the same order */
		Tile *one = NEW(b->arena, Tile);
		*one = *x.t;
		one->second = -1;
		one->across = false;
		x.t = one;
	}
	plan_axes(&x);
	return x;
}

/* ---- in a block of rows */

static void store_result(TileNest *x, Items *items, const Node *value, void *data)
{
	(void)data;
	Ix ix[MAX_RANK];
	out_index(x, ix);
	target_store(x->b, x->p, items, x->c.nout, ix, STORE_SET, value);
}

static Axis *rows_of_block(Build *b, const Size *rows)
{
	Axis *a = new_axis(b, "i", AXIS_SEQ, b->block_hi);
	const Size **bound = NEW_ARRAY(b->arena, const Size *, 3);
	bound[0] = b->block_lo;
	bound[1] = b->block_hi;
	bound[2] = rows;
	a->lo = bound;
	a->nlo = 1;
	a->hi = bound + 1;
	a->nhi = b->block_exact ? 1 : 2;
	return a;
}

void body_tile(Build *b, const Piece *p, Items *items)
{
	TileNest x = nest_of(b, p);
	int rows = x.c.out[0];
	Follower f = {store_result, NULL};
	if (in_tile(&x, rows)) {
		Axes *of = &x.of[rows];
		of->lo = b->block_lo;
		of->hi = b->block_hi;
		int64_t extent;
		bool exact = b->block_exact && size_is_const(size_sub(b->arena, of->hi, of->lo), &extent);
		if (b->block_exact)
			x.c.size[rows] = of->hi;
		/* a block is cut, and the last one may be short */
		const Size *block = exact ? size_const(b->arena, extent) : NULL;
		int64_t most = of->cut[0];
		if (rows == x.t->lanes && !x.t->dot) {
			TileShape s = tile_shape(b->target, x.dtype, x.t);
			const int64_t all = s.width * (x.t->second >= 0 ? 1 : s.vectors);
			for (most = s.width; 2 * most <= all && 2 * most <= p->block_rows;) /* what divides a block */
				most *= 2;
			of->cut = lane_cuts(b->arena, block ? block : x.p->val->type->size[0], most, s.width, &of->ncuts);
		} else {
			of->cut = block ? tile_cuts(b->arena, block, most, &of->ncuts) : block_cuts(b->arena, most, &of->ncuts);
		}
		of->most = of->cut[0];
	} else {
		Axis *a = rows_of_block(b, x.c.size[rows]);
		items = open_inner(&x, items, a);
		b->row = axis_index(b->arena, a);
		x.c.ix[rows] = ix_at(b->row);
	}
	build_tile(&x, open_others(&x, open_apart(&x, items, p->target->name), 1, AXIS_SEQ), &f);
}

/* ---- a kernel of its own */

void note_tile(Build *b, const Piece *p, Items *items)
{
	TileNest x = {.b = b, .p = p, .t = p->tile, .c = contraction_of(p->val), .last = -1};
	for (int l = 0; l < NLABELS; l++)
		if (x.c.size[l])
			items = open_axis(b, items, 3 + l, AXIS_SEQ, x.c.size[l], &x.c.ix[l]);
	product(&x);
}

/* the block of a label that a par axis has: lo .. lo + step */
static Items *open_par(TileNest *x, Items *items, const char *name, int label, int64_t step)
{
	Build *b = x->b;
	const Size *size = x->c.size[label];
	const Size *blocks = size_floordiv(b->arena, size_add(b->arena, size, size_const(b->arena, step - 1)), step);
	Axis *t = new_axis(b, name, AXIS_PAR, blocks);
	x->of[label].lo = size_scale(b->arena, axis_index(b->arena, t), step);
	x->of[label].hi = size_add(b->arena, x->of[label].lo, size_const(b->arena, step));
	return open_inner(x, items, t);
}

static bool fits(const Size *size, int64_t most)
{
	int64_t n;
	return size_is_const(size, &n) && n <= most;
}

/* Of a number of rows that is known when it runs one may be left over, or be all there is: it gets tiles of its own, wide
 * enough to hide the latency of adding. */
enum { ROW_COLUMNS = 64, BLOCK_COLUMNS = 32 };

static bool rows_unknown(const TileNest *x)
{
	const Tile *t = x->t;
	return !t->dot && t->unroll >= 0 && t->blocked < 0 && t->second < 0 &&
	       !size_is_const(x->c.size[t->unroll], NULL) && !fits(x->c.size[t->lanes], ROW_COLUMNS - 1);
}

/* rests that blocks leave: by ones where they are no multiple of the last step */
static void close_cuts(Build *b, Axes *of, const Size *size)
{
	int64_t extent, last = of->cut[of->ncuts - 1];
	if (last == 1 || (size_is_const(size, &extent) && extent % last == 0 && of->ncuts == 1))
		return;
	int64_t *cut = NEW_ARRAY(b->arena, int64_t, of->ncuts + 1);
	for (int i = 0; i < of->ncuts; i++)
		cut[i] = of->cut[i];
	cut[of->ncuts++] = 1;
	of->cut = cut;
}

static int count_others(const TileNest *x)
{
	int n = 0;
	for (int i = 0; i < x->c.nout; i++)
		n += !in_tile(x, x->c.out[i]) && !fits(x->c.size[x->c.out[i]], 1);
	return n;
}

/* Zeros in the threads' part of the result; `inner` are the axes that are walked in each block. */
static void zero_part(TileNest *x, Items *items, uint32_t inner)
{
	Build *b = x->b;
	Ix ix[MAX_RANK];
	for (int i = 0; i < x->c.nout; i++) {
		int l = x->c.out[i];
		const Axes *of = &x->of[l];
		if (!in_tile(x, l) && !(inner >> i & 1)) {
			ix[i] = x->c.ix[l];
			continue;
		}
		if (!of->lo) {
			items = open_axis(b, items, i, AXIS_SEQ, x->c.size[l], &ix[i]);
			continue;
		}
		Axis *a = new_axis(b, "i", AXIS_SEQ, of->hi);
		set_lo(b, a, of->lo);
		const Size **hi = NEW_ARRAY(b->arena, const Size *, 2);
		hi[0] = of->hi;
		hi[1] = x->c.size[l];
		a->hi = hi;
		a->nhi = 2;
		items = open_inner(x, items, a);
		ix[i] = ix_at(axis_index(b->arena, a));
	}
	target_store(b, x->p, items, x->c.nout, ix, STORE_SET, node_const(b, x->dtype, 0, 0));
}

/* Sums in blocks: a thread goes through the blocks, and in each through what is not shared out.  Threads share out the columns of a
 * dot tile, whose operand is then read once; else all other axes but the last, and the rows. */
static Items *open_blocked(TileNest *x, Items *items)
{
	Build *b = x->b;
	const Tile *t = x->t;
	int par = 0, n = count_others(x);
	uint32_t inner = 0;
	bool columns = t->dot && t->second >= 0 && !fits(x->c.size[t->second], x->of[t->second].most);
	for (int i = 0; i < x->c.nout; i++) {
		int l = x->c.out[i];
		if (in_tile(x, l))
			continue;
		bool one = fits(x->c.size[l], 1);
		if (one || (!columns && (++par < n || n == 1)))
			items = open_axis(b, items, i, AXIS_PAR, x->c.size[l], &x->c.ix[l]);
		else
			inner |= UINT32_C(1) << i;
	}
	int rows = columns ? t->second : t->unroll;
	if (rows >= 0 && !fits(x->c.size[rows], x->of[rows].most)) {
		items = open_par(x, items, columns ? "tj" : "ti", rows, x->of[rows].most);
		close_cuts(b, &x->of[rows], x->c.size[rows]);
	}
	zero_part(x, items, inner);
	const Size *size = x->c.size[t->blocked];
	const Size *blocks = size_floordiv(b->arena, size_add(b->arena, size, size_const(b->arena, t->block - 1)), t->block);
	Axis *k = new_axis(b, "block", AXIS_SEQ, blocks);
	items = open_inner(x, items, k);
	const Size *lo = size_scale(b->arena, axis_index(b->arena, k), t->block);
	bound_sum(x, t->blocked, lo, size_add(b->arena, lo, size_const(b->arena, t->block)));
	for (int i = 0; i < x->c.nout; i++)
		if (inner >> i & 1)
			items = open_axis(b, items, i, AXIS_SEQ, x->c.size[x->c.out[i]], &x->c.ix[x->c.out[i]]);
	return items;
}

static Items *open_rows(TileNest *x, Items *items)
{
	int rows = x->t->unroll;
	if (rows < 0 || fits(x->c.size[rows], TILE_ROWS))
		return items;
	items = open_par(x, items, "ti", rows, even_block(x->c.size[rows], TILE_ROWS, x->of[rows].most));
	close_cuts(x->b, &x->of[rows], x->c.size[rows]);
	return items;
}

static Items *open_columns(TileNest *x, Items *items)
{
	const Tile *t = x->t;
	int columns = t->dot ? t->second : t->lanes;
	if (columns < 0 || fits(x->c.size[columns], x->of[columns].most))
		return items;
	int64_t step = x->of[columns].most;
	if (rows_unknown(x))
		step = ROW_COLUMNS;
	while (step * 2 <= BLOCK_COLUMNS) /* whatever the target */
		step *= 2;
	if (fits(x->c.size[columns], step))
		return items;
	items = open_par(x, items, "tj", columns, step);
	if (t->dot)
		close_cuts(x->b, &x->of[columns], x->c.size[columns]);
	return items;
}

static bool is_shared(const TileNest *x, int label)
{
	return x->c.has[0] >> label & x->c.has[1] >> label & 1 && !fits(x->c.size[label], 1);
}

/* Columns of a dot tile that are read for each index of axes which they lack: those axes inside, so that the columns stay in the
 * cache.  Threads share out what both operands have, and the columns. */
static bool keeps_columns(const TileNest *x)
{
	const Tile *t = x->t;
	bool shared = false, again = false;
	if (!t->dot || t->second < 0 || fits(x->c.size[t->second], x->of[t->second].most))
		return false;
	for (int i = 0; i < x->c.nout; i++) {
		const int l = x->c.out[i];
		if (in_tile(x, l))
			continue;
		shared = shared || is_shared(x, l);
		again = again || (!is_shared(x, l) && !fits(x->c.size[l], 1));
	}
	return shared && again;
}

static Items *open_made(TileNest *x, Items *items)
{
	Build *b = x->b;
	const int l = x->t->second;
	const Axes *of = &x->of[l];
	Axis *a = new_axis(b, "c", AXIS_SEQ, of->hi);
	set_lo(b, a, of->lo);
	const Size **hi = NEW_ARRAY(b->arena, const Size *, 2);
	hi[0] = of->hi;
	hi[1] = x->c.size[l];
	a->hi = hi;
	a->nhi = 2;
	x->c.ix[l] = ix_at(axis_index(b->arena, a));
	return open_inner(x, items, a);
}

static void make_columns(TileNest *x, Items *items, int side)
{
	Build *b = x->b;
	const int columns = x->t->second;
	Buffer *made = new_buffer(b, "columns", x->dtype, WHERE_STACK, 0, NULL);
	add_extent(made, size_const(b->arena, x->of[columns].most), NULL);
	int sums = 0;
	for (int k = 0; k < x->c.nsum; k++)
		sums += (int)(x->c.has[side] >> x->c.sum[k] & 1);
	add_buffer(b, items, made);
	items = open_made(x, items);
	for (int k = 0; k < x->c.nsum; k++) {
		const int l = x->c.sum[k];
		if (!(x->c.has[side] >> l & 1))
			continue;
		add_extent(made, x->c.size[l], NULL);
		items = open_axis(b, items, 3 + k, made->rank > sums ? AXIS_SIMD : AXIS_SEQ, x->c.size[l], &x->c.ix[l]);
	}
	b->memo.len = 0;
	const Node *value = contraction_side(b, &x->c, side);
	x->made = made;
	add_store(b, items, made_at(x, side), STORE_SET, value);
}

static Items *open_shared(TileNest *x, Items *items)
{
	const int columns = x->t->second;
	for (int inner = 0; inner < 2; inner++) {
		for (int i = 0; i < x->c.nout; i++) {
			const int l = x->c.out[i];
			if (!in_tile(x, l) && is_shared(x, l) == !inner)
				items = open_axis(x->b, items, i, inner ? AXIS_SEQ : AXIS_PAR, x->c.size[l], &x->c.ix[l]);
		}
		if (!inner) {
			items = open_par(x, items, "tj", columns, x->of[columns].most);
			close_cuts(x->b, &x->of[columns], x->c.size[columns]);
			for (int side = 0; side < 2; side++)
				if (x->t->made[side])
					make_columns(x, items, side);
		}
	}
	return items;
}

/* the state that it changes is no more than what the caches of some threads hold together */
static bool changes_little_state(const Group *g)
{
	int64_t bytes = 0, n;
	for (int i = 0; i < g->pieces.len; i++) {
		const PlanBuf *cell = g->pieces.data[i]->cell;
		if (cell && !size_is_const(cell->count, &n))
			return false;
		bytes += cell ? n * dtype_bytes(cell->type->dtype) : 0;
	}
	return bytes > 0 && bytes <= KEPT_BYTES;
}

/* Threads share out the first axis.  Of little state it is the columns, as in the products that read it: each thread keeps its own in
 * its cache. */
static Items *open_blocks(TileNest *x, const Group *g, Items *items)
{
	const Tile *t = x->t;
	if (t->blocked >= 0)
		return open_blocked(x, items);
	if (t->made[0] || t->made[1] || keeps_columns(x))
		return open_shared(x, items);
	if (count_others(x))
		return open_others(x, items, 0, AXIS_PAR);
	open_others(x, items, 0, AXIS_SEQ); /* of extent 1: indices */
	return changes_little_state(g) ? open_rows(x, open_columns(x, items)) : open_columns(x, open_rows(x, items));
}

typedef struct Epilogue {
	const Scope *scope;
	const Group *group;
} Epilogue;

void store_on_tile(Build *b, const Group *group, const Contraction *c, Items *items, const Node *value)
{
	Ix ix[MAX_RANK];
	for (int i = 0; i < c->nout; i++)
		ix[i] = c->ix[c->out[i]];
	b->here.len = 0;
	b->memo.data = NULL;
	b->memo.len = b->memo.cap = 0;
	b->row = ix[0].at;
	for (int i = 0; i < group->pieces.len; i++) {
		const Piece *p = group->pieces.data[i];
		const Node *n = value;
		if (p != group->tile) {
			const Info *info = info_of(b->scope, p->val);
			n = info->root && info->piece == p ? element_here(b, p->val, ix)
							   : element(b, p->val, ix);
		}
		if (!p->target->local) {
			int from = items->len;
			target_store(b, p, items, c->nout, ix, STORE_SET, n);
			items->data[from].apart = false;
			items->data[from].comment = NULL;
		}
		if (p->cell != p->target) {
			Here h = {p->target, n};
			push(b->arena, &b->here, h);
		}
	}
	b->here.len = 0;
	b->row = NULL;
}

static void store_group(TileNest *x, Items *items, const Node *value, void *data)
{
	store_on_tile(x->b, ((const Epilogue *)data)->group, &x->c, items, value);
}

/* what only this group reads, and at the element that it makes, needs no memory */
static void find_tile_locals(Scope *s, int g)
{
	const Group *group = s->groups.data[g];
	for (int i = 0; i < group->pieces.len; i++) {
		const Piece *p = group->pieces.data[i];
		if (p->target->kind != BUF_SCRATCH || p->cell || p->at)
			continue;
		bool local = read_only_in(s, p->target, g);
		for (int k = 0; k < group->pieces.len + group->tail.len && local; k++) {
			const bool inside = k < group->pieces.len;
			const Piece *q = inside ? group->pieces.data[k] : group->tail.data[k - group->pieces.len];
			for (int r = 0; r < q->reads.len; r++)
				if (q->reads.data[r].buf == p->target)
					local = local && inside && q->reads.data[r].same;
		}
		p->target->local = local;
	}
}

/* an even number of rows, then the one that may be left */
static void build_pairs_and_one(TileNest *x, Items *items, const Follower *f)
{
	Build *b = x->b;
	int rows = x->t->unroll, columns = x->t->lanes;
	TileNest pairs = *x, one = *x;
	const Size *size = x->c.size[rows], *even = size_scale(b->arena, size_floordiv(b->arena, size, 2), 2);
	Axes *of = &pairs.of[rows];
	pairs.c.size[rows] = even;
	int64_t *cut = NEW_ARRAY(b->arena, int64_t, 8);
	of->cut = cut;
	of->ncuts = 0;
	for (int64_t c = of->most; c >= 2; c = c / 2 - c / 2 % 2)
		cut[of->ncuts++] = c;
	build_tile(&pairs, items, f);

	Tile single = *x->t;
	single.unroll = -1;
	one.t = &single;
	Axis *i = new_axis(b, "i", AXIS_SEQ, size);
	const Size **lo = NEW_ARRAY(b->arena, const Size *, 2), **hi = NEW_ARRAY(b->arena, const Size *, 2);
	lo[0] = even;
	hi[0] = size;
	lo[1] = x->of[rows].lo;
	hi[1] = x->of[rows].hi;
	i->lo = lo;
	i->hi = hi;
	i->nlo = i->nhi = x->of[rows].lo ? 2 : 1;
	one.c.ix[rows] = ix_at(axis_index(b->arena, i));
	int width = tile_shape(b->target, x->dtype, &single).width;
	int64_t most = width * 8 < ROW_COLUMNS ? width * 8 : ROW_COLUMNS;
	one.of[columns].cut = lane_cuts(b->arena, x->c.size[columns], most, width, &one.of[columns].ncuts);
	one.of[columns].most = one.of[columns].cut[0];
	build_tile(&one, open_inner(x, items, i), f);
}

/* a block's part of the sums, from lanes that are folded */
static void add_block(TileNest *x, Items *items, const Node *value, void *data)
{
	(void)data;
	Ix ix[MAX_RANK];
	out_index(x, ix);
	target_store(x->b, x->p, items, x->c.nout, ix, STORE_ADD, value);
}

/* ---- windows of the result that follow, such as pools: a tile goes through the places of its windows, which pass an array */

static void plan_windows(TileNest *x, const int8_t *window)
{
	for (int i = 0; i < x->c.nout; i++) {
		Axes *of = &x->of[x->c.out[i]];
		if (window[i] > 1)
			of->most = of->window = window[i];
	}
}

/* loops over the places of windows along axes that the tile lacks */
static Items *open_places(TileNest *x, Items *items)
{
	Build *b = x->b;
	for (int i = 0; i < x->c.nout; i++) {
		int l = x->c.out[i];
		if (in_tile(x, l) || !x->of[l].window)
			continue;
		Axis *a = new_axis(b, "p", AXIS_SEQ, size_const(b->arena, x->of[l].window));
		x->c.ix[l] = ix_at(size_add(b->arena, x->of[l].first, axis_index(b->arena, a)));
		items = open_inner(x, items, a);
	}
	return items;
}

static View view_of_windows(TileNest *x, Items *items)
{
	View v = {.plan = x->p->target};
	Buffer *array = new_buffer(x->b, "tile", x->dtype, WHERE_STACK, 0, NULL);
	for (int i = 0; i < x->c.nout; i++) {
		const int l = x->c.out[i];
		const bool inside = in_tile(x, l);
		if (!inside && !x->of[l].window)
			continue;
		v.base[i] = inside ? first_of(x, l) : x->of[l].first;
		add_extent(array, size_const(x->b->arena, x->of[l].most), NULL);
	}
	add_buffer(x->b, items, array);
	v.buffer = array;
	return v;
}

/* the tile to its place in the array, and to memory if others read it */
static void store_place(TileNest *x, Items *items, const View *view)
{
	Build *b = x->b;
	Ix ix[MAX_RANK];
	Cell c = open_cell(x, &items);
	out_index(x, ix);
	Access to = {.buffer = view->buffer};
	for (int i = 0, n = 0; i < x->c.nout; i++)
		if (view->base[i])
			to.index[n++].affine = size_sub(b->arena, ix[i].at, view->base[i]);
	add_store(b, items, to, STORE_SET, load_of(b, c.at));
	if (!x->p->target->local)
		target_store(b, x->p, items, x->c.nout, ix, STORE_SET, load_of(b, c.at));
}

static void follow_windows(TileNest *x, Items *items, const Piece *p, const View *view)
{
	Build *b = x->b;
	Ix ix[MAX_RANK];
	for (int i = 0; i < x->c.nout; i++) {
		const int l = x->c.out[i];
		const Axes *of = &x->of[l];
		if (in_tile(x, l) && !of->window) {
			Axis *a = inner_axis_of(x, l == x->t->lanes ? "q" : "p", l == x->t->lanes ? AXIS_SIMD : AXIS_SEQ, l);
			items = open_inner(x, items, a);
		}
		ix[i] = !of->window ? x->c.ix[l] : ix_at(in_tile(x, l) ? axis_index(b->arena, of->outer) : of->number);
	}
	const Info *info = info_of(b->scope, p->val);
	b->memo.len = 0;
	b->view = *view;
	b->row = ix[0].at;
	const Node *n = info->root && info->piece == p ? element_here(b, p->val, ix) : element(b, p->val, ix);
	b->view.plan = NULL;
	b->row = NULL;
	target_store(b, p, items, x->c.nout, ix, STORE_SET, n);
}

static void build_windows(TileNest *x, Items *items, const Group *group)
{
	const Tile *t = x->t;
	items = open_cuts(x, items, "j", t->lanes);
	if (t->second >= 0)
		items = open_cuts(x, items, "g", t->second);
	if (t->unroll >= 0)
		items = open_cuts(x, items, "i", t->unroll);
	View view = view_of_windows(x, items);
	Items *in = open_places(x, items);
	for (int side = 0; side < 2; side++)
		if (!t->packed[side])
			leave_out_padding(x, side);
	declare(x, in);
	clear(x, in);
	sum_along_result(x, in);
	store_place(x, in, &view);
	for (int i = 1; i < group->pieces.len; i++)
		follow_windows(x, items, group->pieces.data[i], &view);
}

/* what only windows that follow read needs no memory */
static void find_window_locals(Scope *s, int g)
{
	const Group *group = s->groups.data[g];
	PlanBuf *made = group->tile->target;
	bool local = made->kind == BUF_SCRATCH && !group->tile->cell && !group->tile->at && read_only_in(s, made, g);
	for (int k = 0; k < group->tail.len; k++)
		for (int r = 0; r < group->tail.data[k]->reads.len; r++)
			local = local && group->tail.data[k]->reads.data[r].buf != made;
	made->local = local;
}

void build_tile_group(Build *b, int g, Items *items)
{
	Scope *s = b->scope;
	const Group *group = s->groups.data[g];
	if (group->window)
		find_window_locals(s, g);
	else
		find_tile_locals(s, g);
	if (b->target->gpu) {
		build_tile_cuda(b, group, items);
		return;
	}
	TileNest x = nest_of(b, group->tile);
	Epilogue e = {s, group};
	bool parts = x.t->blocked >= 0 && x.t->dot;
	Follower f = {parts ? add_block : store_group, &e};
	if (group->window)
		plan_windows(&x, group->window);
	items = open_apart(&x, open_blocks(&x, group, items), "tile");
	if (group->window)
		build_windows(&x, items, group);
	else if (rows_unknown(&x))
		build_pairs_and_one(&x, items, &f);
	else
		build_tile(&x, items, &f);
}

/* ---- packing */

enum { TURNED_ROWS = 16, MANY_ROWS = 4 * TURNED_ROWS };

/* Its rows are the columns of a matrix, and many: by blocks of as many as a line of a cache has, so that each line is read once. */
static bool turns(const Scope *s, const Piece *p)
{
	const Tile *t = p->tile;
	const int8_t *label = p->pack_side ? p->val->attr.contraction.b : p->val->attr.contraction.a;
	const Type *from = p->val->in[p->pack_side]->type, *to = p->target->type;
	int64_t rows, columns;
	return !s->L->options->target->gpu && from->rank == 2 && t->order[p->pack_side][0] == label[1] &&
	       (!size_is_const(to->size[0], &rows) || rows >= MANY_ROWS) &&
	       (!size_is_const(to->size[1], &columns) || columns >= TURNED_ROWS);
}

void plan_pack(Scope *s, Piece *p)
{
	p->rows = p->target->type->size[0];
	p->work = type_count(s->L->arena, p->target->type);
	p->form = turns(s, p) ? FORM_BLOCK : FORM_ROW;
	if (p->form == FORM_BLOCK)
		p->block_rows = TURNED_ROWS;
}

void body_pack(Build *b, const Piece *p, Items *items)
{
	Contraction c = contraction_of(p->val);
	const Tile *t = p->tile;
	int side = p->pack_side, n = t->nlabels[side];
	Ix ix[MAX_RANK];
	if (p->form == FORM_BLOCK) {
		items = open_axis(b, items, 1, AXIS_SEQ, c.size[t->order[side][1]], &ix[1]);
		Axis *a = rows_of_block(b, p->rows);
		items = &open_nest(b, items, a)->body;
		b->row = axis_index(b->arena, a);
	}
	ix[0] = ix_at(b->row);
	for (int i = 1; i < n && p->form == FORM_ROW; i++)
		items = open_axis(b, items, i, i == n - 1 ? AXIS_SIMD : AXIS_SEQ, c.size[t->order[side][i]], &ix[i]);
	for (int i = 0; i < n; i++)
		c.ix[t->order[side][i]] = ix[i];
	const Node *value = contraction_side(b, &c, side);
	target_store(b, p, items, n, ix, STORE_SET, value);
}
