/* body_tile.c -- the loops of a tile: accumulators, sums, what follows on them
 *
 *      for the other axes of the result:
 *        for the columns, in cuts: for the rows, in cuts:
 *          acc[r][v] = 0;   sums: acc[r][v] += a * b;   then stores of acc, and of what is made of it element by element
 *
 * Where lanes lie along the result and all that follows has a vector form it is done in registers; else the tile passes a small
 * array, over whose last axis the C compiler vectorises.
 *
 *      tile_axes.c    operands, axes, accumulators        tile_group.c     tiles that are a kernel of their own
 *      tile_sums.c    the sums                            tile_windows.c   pools and other windows that follow
 *      tile_follow.c  what follows, element by element   tile_beside.c  the sum of an operand on the way
 */
#include "tile_nest.h"

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
			of->cut = lane_cuts(b->arena, size, vectors * s.width, s.width, x->again, &of->ncuts);
		} else if (t->dot) {
			/* the second first: what it takes, the rows leave */
			int64_t sums = has_parts(x) ? 1 : SUM_LANES / s.width, all = s.rows * 2 / (sums > 2 ? 2 : sums);
			int64_t n = second && second <= 10 ? second : !few ? 5 : all / rows > 2 ? all / rows : 2;
			if (!few && columns_fill_cache(x)) { /* half of them at a time, for more rows */
				enum { MOST_SUMS = 25 }; /* with 5 of one operand and 1 of the other they fill the registers */
				n = (second + 1) / 2;
				all = MOST_SUMS;
			}
			int64_t most = k ? n : all / n;
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

/* the rows of a tile, with the columns that are open */
static void build_rows(TileNest *x, Items *items, const Follower *f)
{
	const Tile *t = x->t;
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
	ask_rows_ahead(x, items);
	declare_acc(x, items);
	if (t->blocked >= 0 && !t->dot)
		resume(x, items);
	else
		clear_acc(x, items);
	clear_beside(x, items);
	if (t->whole && !t->dot && t->blocked < 0 && x->b->target->lanes >= 8)
		ask_ahead(x, items, f);
	if (t->dot) {
		follow_array(x, items, sum_along_lanes(x, items), f);
		return;
	}
	sum_along_result(x, items);
	store_beside(x, items);
	if (!follow_in_lanes(x, items, f))
		follow_array(x, items, NULL, f);
}

/* the panel's row at the sums' indices */
static Access panel_row(const TileNest *x, const Size *lane)
{
	int label[NLABELS], n = panel_sums(x, label);
	Access at = {.buffer = x->panel};
	for (int i = 0; i < n; i++)
		at.index[i] = ix_index(x->b, x->c.ix[label[i]]);
	at.index[n].affine = lane;
	return at;
}

/* the operand itself, at c.ix */
static const Node *before_panel(TileNest *x)
{
	Buffer *panel = x->panel;
	x->b->memo.len = 0;
	x->panel = NULL;
	const Node *value = tile_side(x, lanes_side(x));
	x->panel = panel;
	return value;
}

/* false, and nothing done, where it would gain nothing */
static bool declare_panel(TileNest *x, Items *items)
{
	Build *b = x->b;
	int label[NLABELS], n = panel_sums(x, label);
	for (int i = 0; i < n; i++)
		x->c.ix[label[i]] = ix_at(axis_index(b->arena, new_axis(b, "l", AXIS_SEQ, x->c.size[label[i]])));
	Axis *q = inner_axis_of(x, "q", AXIS_SIMD, x->t->lanes);
	const Node *value = before_panel(x);
	if (!panel_pays(x, value))
		return false;
	x->fills = n == x->c.nsum && !padded_operand(x->c.v, 0) && !padded_operand(x->c.v, 1) && value->kind == NODE_LOAD &&
		   !value->load.npreds && value->dtype == x->dtype && lanes_legal(value, q->id);
	x->panel = new_buffer(b, "panel", x->dtype, WHERE_STACK, 0, NULL);
	for (int i = 0; i < n; i++)
		add_extent(x->panel, x->c.size[label[i]], NULL);
	add_extent(x->panel, size_const(b->arena, x->of[x->t->lanes].most), NULL);
	add_buffer(b, items, x->panel);
	return true;
}

static void fill_panel(TileNest *x, Items *items)
{
	Build *b = x->b;
	int label[NLABELS], n = panel_sums(x, label);
	for (int i = 0; i < n; i++)
		items = open_axis(b, items, 3 + i, AXIS_SEQ, x->c.size[label[i]], &x->c.ix[label[i]]);
	Axis *q = inner_axis_of(x, "q", AXIS_SIMD, x->t->lanes);
	items = open_inner(x, items, q);
	add_store(b, items, panel_row(x, axis_index(b->arena, q)), STORE_SET, before_panel(x));
}

/* the operand's row so many indices of a sum ahead */
void ask_panel_row(TileNest *x, Items *items, int label, int64_t ahead)
{
	Build *b = x->b;
	Axis *v = inner_axis_of(x, "v", AXIS_LANES, x->t->lanes);
	const Ix here = x->c.ix[label];
	x->c.ix[label] = ix_at(size_add(b->arena, here.at, size_const(b->arena, ahead)));
	const Access *to = &before_panel(x)->load;
	add_store(b, open_inner(x, items, v), *to, STORE_AHEAD, node_const(b, to->buffer->dtype, 0, 0));
	x->c.ix[label] = here;
}

void fill_panel_row(TileNest *x, Items *items)
{
	Axis *v = inner_axis_of(x, "v", AXIS_LANES, x->t->lanes);
	add_store(x->b, open_inner(x, items, v), panel_row(x, axis_index(x->b->arena, v)), STORE_SET, before_panel(x));
}

/* The first rows of a tile fill the panel while they are summed: the way from memory is hidden.  And they make the sum beside it.  Rows
 * that are not a whole number of those do both again: the same values to the same places. */
static void build_first_rows(TileNest *x, Items *items, const Follower *f)
{
	Arena *arena = x->b->arena;
	Axes *of = &x->of[x->t->unroll];
	const Size *lo = of->lo ? of->lo : size_const(arena, 0), *next = size_add(arena, lo, size_const(arena, of->most));
	TileNest first = *x;
	first.of[x->t->unroll].hi = next;
	build_rows(&first, items, f);
	of->lo = next;
	x->fills = false;
	x->beside = NULL;
}

void build_tile(TileNest *x, Items *items, const Follower *f)
{
	const Tile *t = x->t;
	x->array = x->panel = NULL;
	x->fills = false;
	if (!t->dot)
		items = open_cuts(x, items, "j", t->lanes);
	const bool panel = wants_panel(x) && declare_panel(x, items);
	if (panel && !x->fills)
		fill_panel(x, items);
	if (t->unroll < 0) {
		build_rows(x, items, f);
		return;
	}
	const Axes rows = x->of[t->unroll];
	if (x->fills || (x->beside && !size_fits(x->c.size[t->unroll], rows.most)))
		build_first_rows(x, items, f);
	build_rows(x, items, f);
	x->of[t->unroll] = rows;
}

/* what follows stands in a function of its own, so that kernels for several targets differ in it alone */
Items *open_apart(TileNest *x, Items *items, const char *name)
{
	Nest *nest = open_nest(x->b, items, new_axis(x->b, name, AXIS_SEQ, size_const(x->b->arena, 1)));
	nest->apart = true;
	return &nest->body;
}

/* loops over the labels of the result that are none of the tile's */
Items *open_others(TileNest *x, Items *items, int from, AxisKind kind)
{
	for (int i = from; i < x->c.nout; i++) {
		int l = x->c.out[i];
		Axes *of = &x->of[l];
		if (is_in_tile(x, l))
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

TileNest nest_of(Build *b, const Piece *p, bool again)
{
	b->tiled = true;
	TileNest x = {.b = b, .p = p, .t = p->tile, .c = contraction_of(p->val), .part = SUM_LANES, .again = again};
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

void body_tile(Build *b, const Piece *p, Items *items)
{
	TileNest x = nest_of(b, p, false);
	int rows = x.c.out[0];
	Follower f = {store_result, NULL};
	if (is_in_tile(&x, rows)) {
		Axes *of = &x.of[rows];
		of->in_block = true;
		int64_t extent;
		bool exact = b->block_exact && size_is_const(size_sub(b->arena, b->block_hi, b->block_lo), &extent);
		if (b->block_exact)
			x.c.size[rows] = b->block_hi;
		/* a block is cut, and the last one may be short */
		const Size *block = exact ? size_const(b->arena, extent) : NULL;
		int64_t most = of->cut[0];
		if (rows == x.t->lanes && !x.t->dot) {
			TileShape s = tile_shape(b->target, x.dtype, x.t);
			const int64_t all = s.width * (x.t->second >= 0 ? 1 : s.vectors);
			for (most = s.width; 2 * most <= all && 2 * most <= p->block_rows;) /* what divides a block */
				most *= 2;
			of->cut = lane_cuts(b->arena, block ? block : x.p->val->type->size[0], most, s.width, false, &of->ncuts);
		} else {
			of->cut = block ? tile_cuts(b->arena, block, most, &of->ncuts) : block_cuts(b->arena, most, &of->ncuts);
		}
		of->most = of->cut[0];
	} else {
		Axis *a = rows_of_block(b, AXIS_SEQ, x.c.size[rows]);
		items = open_inner(&x, items, a);
		b->row = axis_index(b->arena, a);
		x.c.ix[rows] = ix_at(b->row);
	}
	build_tile(&x, open_others(&x, open_apart(&x, items, p->target->name), 1, AXIS_SEQ), &f);
}

/* ---- packing */

enum { TURNED_ROWS = 16, MANY_ROWS = 4 * TURNED_ROWS };

/* Its rows are the columns of a matrix.  Many of them go by blocks of as many as a line of a cache has, so that each
 * line is read once; a few by blocks of the matrix's rows, which mostly are in the cache of the thread that made them.
 * -> the axis that has blocks; -1: none */
static int blocked_axis(const Scope *s, const Piece *p)
{
	const Tile *t = p->tile;
	const int8_t *label = p->pack_side ? p->val->attr.contraction.b : p->val->attr.contraction.a;
	const Type *from = p->val->in[p->pack_side]->type, *to = p->target->type;
	if (s->L->options->target->gpu || from->rank != 2 || t->order[p->pack_side][0] != label[1])
		return -1;
	if (size_fits(to->size[0], TURNED_ROWS - 1))
		return size_fits(to->size[1], MANY_ROWS - 1) ? -1 : 1;
	return size_fits(to->size[0], MANY_ROWS - 1) || size_fits(to->size[1], TURNED_ROWS - 1) ? -1 : 0;
}

void plan_pack(Scope *s, Piece *p)
{
	const int blocked = blocked_axis(s, p);
	p->rows = p->target->type->size[blocked == 1];
	p->work = type_count(s->L->arena, p->target->type);
	p->form = blocked >= 0 ? FORM_BLOCK : FORM_ROW;
	if (p->form == FORM_BLOCK)
		p->block_rows = TURNED_ROWS;
}

void body_pack(Build *b, const Piece *p, Items *items)
{
	Contraction c = contraction_of(p->val);
	const Tile *t = p->tile;
	int side = p->pack_side, n = t->nlabels[side];
	Ix ix[MAX_RANK];
	ix[0] = ix_at(b->row);
	if (p->form == FORM_BLOCK) {
		const int blocked = size_equal(p->rows, p->target->type->size[0]) ? 0 : 1;
		items = open_axis(b, items, !blocked, AXIS_SEQ, c.size[t->order[side][!blocked]], &ix[!blocked]);
		Axis *a = rows_of_block(b, blocked ? AXIS_SIMD : AXIS_SEQ, p->rows);
		b->row = axis_index(b->arena, a);
		items = &open_nest(b, items, a)->body;
		ix[blocked] = ix_at(b->row);
	}
	for (int i = 1; i < n && p->form == FORM_ROW; i++)
		items = open_axis(b, items, i, i == n - 1 ? AXIS_SIMD : AXIS_SEQ, c.size[t->order[side][i]], &ix[i]);
	for (int i = 0; i < n; i++)
		c.ix[t->order[side][i]] = ix[i];
	const Node *value = contraction_side(b, &c, side);
	target_store(b, p, items, n, ix, STORE_SET, value);
}
