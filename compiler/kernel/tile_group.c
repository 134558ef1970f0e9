/* tile_group.c -- a tile that is a kernel of its own: what threads share out, and all that follows on it */
#include "tile_nest.h"

void note_tile(Build *b, const Piece *p, Items *items)
{
	TileNest x = {.b = b, .p = p, .t = p->tile, .c = contraction_of(p->val), .last = -1};
	for (int l = 0; l < NLABELS; l++)
		if (x.c.size[l])
			items = open_axis(b, items, 3 + l, AXIS_SEQ, x.c.size[l], &x.c.ix[l]);
	tile_product(&x);
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

/* Of a number of rows that is known when it runs one may be left over, or be all there is: it gets tiles of its own, wide
 * enough to hide the latency of adding. */
enum { ROW_COLUMNS = 64, BLOCK_COLUMNS = 32 };

static bool rows_unknown(const TileNest *x)
{
	const Tile *t = x->t;
	return !t->dot && t->unroll >= 0 && t->blocked < 0 && t->second < 0 &&
	       !size_is_const(x->c.size[t->unroll], NULL) && !size_fits(x->c.size[t->lanes], ROW_COLUMNS - 1);
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
		n += !is_in_tile(x, x->c.out[i]) && !size_fits(x->c.size[x->c.out[i]], 1);
	return n;
}

/* a loop over a thread's part of a label */
static Items *open_part(TileNest *x, Items *items, const char *name, int label, Ix *ix)
{
	Build *b = x->b;
	const Axes *of = &x->of[label];
	Axis *a = new_axis(b, name, AXIS_SEQ, of->hi);
	set_lo(b, a, of->lo);
	const Size **hi = NEW_ARRAY(b->arena, const Size *, 2);
	hi[0] = of->hi;
	hi[1] = x->c.size[label];
	a->hi = hi;
	a->nhi = 2;
	*ix = ix_at(axis_index(b->arena, a));
	return open_inner(x, items, a);
}

/* Zeros in the threads' part of the result; `inner` are the axes that are walked in each block. */
static void zero_part(TileNest *x, Items *items, uint32_t inner)
{
	Build *b = x->b;
	Ix ix[MAX_RANK];
	for (int i = 0; i < x->c.nout; i++) {
		int l = x->c.out[i];
		const Axes *of = &x->of[l];
		if (!is_in_tile(x, l) && !(inner >> i & 1)) {
			ix[i] = x->c.ix[l];
			continue;
		}
		items = of->lo ? open_part(x, items, "i", l, &ix[i]) : open_axis(b, items, i, AXIS_SEQ, x->c.size[l], &ix[i]);
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
	bool columns = t->dot && t->second >= 0 && !size_fits(x->c.size[t->second], x->of[t->second].most);
	for (int i = 0; i < x->c.nout; i++) {
		int l = x->c.out[i];
		if (is_in_tile(x, l))
			continue;
		bool one = size_fits(x->c.size[l], 1);
		if (one || (!columns && (++par < n || n == 1)))
			items = open_axis(b, items, i, AXIS_PAR, x->c.size[l], &x->c.ix[l]);
		else
			inner |= UINT32_C(1) << i;
	}
	int rows = columns ? t->second : t->unroll;
	if (rows >= 0 && !size_fits(x->c.size[rows], x->of[rows].most)) {
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
	if (rows < 0 || size_fits(x->c.size[rows], TILE_ROWS))
		return items;
	items = open_par(x, items, "ti", rows, even_block(x->c.size[rows], TILE_ROWS, x->of[rows].most));
	close_cuts(x->b, &x->of[rows], x->c.size[rows]);
	return items;
}

static Items *open_columns(TileNest *x, Items *items)
{
	const Tile *t = x->t;
	int columns = t->dot ? t->second : t->lanes;
	if (columns < 0 || size_fits(x->c.size[columns], x->of[columns].most))
		return items;
	int64_t step = x->of[columns].most;
	if (rows_unknown(x))
		step = ROW_COLUMNS;
	while (step * 2 <= BLOCK_COLUMNS) /* whatever the target */
		step *= 2;
	if (size_fits(x->c.size[columns], step))
		return items;
	items = open_par(x, items, "tj", columns, step);
	if (t->dot)
		close_cuts(x->b, &x->of[columns], x->c.size[columns]);
	return items;
}

static bool is_shared(const TileNest *x, int label)
{
	return x->c.has[0] >> label & x->c.has[1] >> label & 1 && !size_fits(x->c.size[label], 1);
}

/* Columns of a dot tile that are read for each index of axes which they lack: those axes inside, so that the columns stay in the
 * cache.  Threads share out what both operands have, and the columns. */
static bool keeps_columns(const TileNest *x)
{
	const Tile *t = x->t;
	bool shared = false, again = false;
	if (!t->dot || t->second < 0 || size_fits(x->c.size[t->second], x->of[t->second].most))
		return false;
	for (int i = 0; i < x->c.nout; i++) {
		const int l = x->c.out[i];
		if (is_in_tile(x, l))
			continue;
		shared = shared || is_shared(x, l);
		again = again || (!is_shared(x, l) && !size_fits(x->c.size[l], 1));
	}
	return shared && again;
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
	items = open_part(x, items, "c", columns, &x->c.ix[columns]);
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
			if (!is_in_tile(x, l) && is_shared(x, l) == !inner)
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
static Items *open_blocks(TileNest *x, Items *items)
{
	const Tile *t = x->t;
	if (t->blocked >= 0)
		return open_blocked(x, items);
	if (t->made[0] || t->made[1] || keeps_columns(x))
		return open_shared(x, items);
	if (count_others(x))
		return open_others(x, items, 0, AXIS_PAR);
	open_others(x, items, 0, AXIS_SEQ); /* of extent 1: indices */
	return x->kept ? open_rows(x, open_columns(x, items)) : open_columns(x, open_rows(x, items));
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
		if (p->form == FORM_OUTER) /* beside the tile's sums */
			continue;
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
	one.of[columns].cut = lane_cuts(b->arena, x->c.size[columns], most, width, x->again, &one.of[columns].ncuts);
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

/* what it makes of an element is the same however often it does */
static bool may_make_again(const Group *g)
{
	for (int i = 0; i < g->pieces.len; i++)
		if (g->pieces.data[i]->cell)
			return false;
	return g->tile->tile->blocked < 0;
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
	TileNest x = nest_of(b, group->tile, may_make_again(group));
	x.kept = changes_little_state(group);
	Epilogue e = {s, group};
	bool parts = x.t->blocked >= 0 && x.t->dot;
	Follower f = {parts ? add_block : store_group, &e};
	x.beside = piece_beside(group);
	if (group->window)
		plan_windows(&x, group->window);
	items = open_apart(&x, open_blocks(&x, items), "tile");
	if (group->window)
		build_windows(&x, items, group);
	else if (rows_unknown(&x))
		build_pairs_and_one(&x, items, &f);
	else
		build_tile(&x, items, &f);
}
