/* tile_cuda.c -- contractions for a GPU: a block of threads has a tile of the result
 *
 *      par others, tiles of m, tiles of n, parts of the sum:
 *        seq steps of k:  threads copy a[k, m..] and b[k, n..] to shared memory;  each adds up TM by TN products in registers
 *        threads store what they have, and what is made of it element by element
 *
 * m is an axis of the result that one operand has, n of the other: the one that lies close in memory, where there is a choice.
 * The summed axes are one index.  Where there are too few tiles for the machine the sum goes in parts, which are then added
 * in order. */
#include "tile.h"

enum {
	TILE_THREADS = 256,
	DEPTH = 16, /* steps of k at once */
	ENOUGH_BLOCKS = 264, /* two for each multiprocessor of a large machine */
	MOST_PARTS = 64,
	LEAST_SUM = 128, /* steps of k of a part */
	TOGETHER = 4, /* elements that are one load */
	MOST_OWN = 32 /* products of a thread: more do not fit its registers when two blocks share a multiprocessor */
};

typedef struct Shape {
	int m, n; /* labels, -1: none */
	int side; /* the operand that has n */
	int64_t gm, gn; /* threads along each */
	int64_t tm, tn; /* elements of a thread */
	int64_t depth;
	int64_t parts; /* of the sum */
} Shape;

static bool has(const Contraction *c, int side, int label)
{
	return c->has[side] >> label & 1;
}

static double guess(const Contraction *c, int label)
{
	return label < 0 ? 1 : (double)size_guess(c->size[label]);
}

/* the operand's own axis of the result: the last, if it is wide, else the widest; -1 */
static int own_label(const Contraction *c, int side)
{
	int best = -1;
	for (int i = c->nout - 1; i >= 0; i--) {
		int l = c->out[i];
		if (!has(c, side, l) || has(c, 1 - side, l))
			continue;
		if (best < 0 || (guess(c, best) < 16 && guess(c, l) > guess(c, best)))
			best = l;
	}
	return best;
}

static int64_t power_above(double n, int64_t most)
{
	int64_t p = 1;
	while (p < most && (double)p < n)
		p *= 2;
	return p;
}

static double tiles_of(const Contraction *c, int label, int64_t step)
{
	double n = guess(c, label) / (double)step;
	return n < 1 ? 1 : n;
}

static double blocks_of(const Contraction *c, const Shape *s)
{
	double n = tiles_of(c, s->m, s->gm * s->tm) * tiles_of(c, s->n, s->gn * s->tn);
	for (int i = 0; i < c->nout; i++)
		if (c->out[i] != s->m && c->out[i] != s->n)
			n *= guess(c, c->out[i]);
	return n;
}

/* a tile that does not fit shared memory, or leaves multiprocessors without one */
static bool is_too_large(const Contraction *c, const Shape *s, DType dtype, double sum)
{
	const int64_t own = s->tm * s->tn, shared = DEPTH * (s->gm * s->tm + s->gn * s->tn) * dtype_bytes(dtype);
	const double blocks = blocks_of(c, s);
	return own > MOST_OWN || (own > 1 && (shared > SHARED_BYTES || (own > 16 && blocks < 2 * ENOUGH_BLOCKS) || (own > 4 && blocks < ENOUGH_BLOCKS / 4) ||
					      (blocks < ENOUGH_BLOCKS && sum < 64)));
}

static Shape shape_of(const Contraction *c, DType dtype)
{
	Shape s = {.side = 1, .parts = 1};
	int last = c->out[c->nout - 1];
	if (has(c, 0, last) && !has(c, 1, last))
		s.side = 0;
	s.n = own_label(c, s.side);
	s.m = own_label(c, 1 - s.side);
	double m = guess(c, s.m), n = guess(c, s.n), k = 1;
	for (int i = 0; i < c->nsum; i++)
		k *= guess(c, c->sum[i]);
	s.gn = s.m < 0 ? TILE_THREADS : power_above(n, 16);
	s.gm = TILE_THREADS / s.gn;
	/* nothing is read twice where one side is a vector */
	const int64_t most = s.m < 0 || s.n < 0 ? 1 : dtype == DT_float64 ? 4 : 8;
	s.tn = power_above(n / (double)s.gn, most);
	s.tm = power_above(m / (double)s.gm, most);
	while (is_too_large(c, &s, dtype, k)) {
		if (s.tm >= s.tn)
			s.tm /= 2;
		else
			s.tn /= 2;
	}
	s.depth = power_above(k, s.tm * s.tn > 16 ? 8 : DEPTH);
	double blocks = blocks_of(c, &s);
	while (s.parts < MOST_PARTS && blocks * (double)s.parts < ENOUGH_BLOCKS && k / (double)(2 * s.parts) >= LEAST_SUM)
		s.parts *= 2;
	return s;
}

bool plan_tile_cuda(Scope *s, Piece *p)
{
	if (p->at)
		return false;
	Arena *arena = s->L->arena;
	Contraction c = contraction_of(p->val);
	const Shape shape = shape_of(&c, p->val->type->dtype);
	if (shape.m < 0 && shape.n < 0 && c.nsum)
		return false; /* each element of its own: no tile shares anything */
	Tile *t = NEW(arena, Tile);
	*t = (Tile){.lanes = -1, .unroll = -1, .second = -1, .whole = true, .blocked = -1};
	p->tile = t;
	p->form = FORM_TILE;
	p->rows = NULL;
	p->body = note_tile;
	if (shape.parts > 1) {
		const Size *size[MAX_RANK] = {size_const(arena, shape.parts)};
		if (p->val->type->rank == MAX_RANK)
			return true;
		for (int i = 0; i < p->val->type->rank; i++)
			size[i + 1] = p->val->type->size[i];
		const char *name = arena_printf(arena, "%s_parts", p->target->name);
		p->parts = new_buf(s->L, BUF_SCRATCH, type_array(arena, p->val->type->dtype, p->val->type->rank + 1, size), name, p->val->loc);
	}
	return true;
}

/* ---- building it */
typedef struct Block {
	Build *b;
	Contraction c;
	Shape s;
	DType dtype;
	const Size *m0, *n0; /* where the tile begins */
	const Size *sum; /* how long the summed axes are as one */
	Buffer *tile[2]; /* of operands in shared memory: m's, n's */
	Buffer *acc;
} Block;

static Items *open_axis_of(Block *x, Items *items, const char *name, AxisKind kind, int64_t n, const Size **at)
{
	if (n == 1 && kind != AXIS_THREAD) {
		*at = size_const(x->b->arena, 0);
		return items;
	}
	Axis *a = new_axis(x->b, name, kind, size_const(x->b->arena, n));
	*at = axis_index(x->b->arena, a);
	return &open_nest(x->b, items, a)->body;
}

/* the tiles of a label, as a par axis; where this one begins */
static Items *open_tiles(Block *x, Items *items, const char *name, int label, int64_t step, const Size **begin)
{
	Arena *arena = x->b->arena;
	*begin = size_const(arena, 0);
	int64_t known;
	if (label < 0 || (size_is_const(x->c.size[label], &known) && known <= step))
		return items;
	const Size *count = size_floordiv(arena, size_add(arena, x->c.size[label], size_const(arena, step - 1)), step);
	Axis *a = new_axis(x->b, name, AXIS_PAR, count);
	*begin = size_scale(arena, axis_index(arena, a), step);
	return &open_nest(x->b, items, a)->body;
}

/* p < hi, unless it is so anyway */
static void add_bound(Pred *pred, int *n, const Size *p, const Size *hi, int64_t step)
{
	int64_t known;
	if (size_is_const(hi, &known) && known % step == 0)
		return;
	pred[*n].p = p;
	pred[*n].lo = NULL;
	pred[(*n)++].hi = hi;
}

/* from item `from` on, stores are made only where all hold */
static void restrict_stores(Block *x, Items *items, int from, const Pred *pred, int n)
{
	if (!n)
		return;
	Pred *own = NEW_ARRAY(x->b->arena, Pred, n);
	for (int i = 0; i < n; i++)
		own[i] = pred[i];
	for (int i = from; i < items->len; i++) {
		Store *s = (Store *)(uintptr_t)items->data[i].store;
		s->target.pred = own;
		s->target.npreds = n;
	}
}

static void index_sums(Block *x, const Size *k)
{
	Contraction *c = &x->c;
	if (c->nsum == 1) {
		c->ix[c->sum[0]] = ix_at(k);
		return;
	}
	Ix *whole = NEW(x->b->arena, Ix);
	*whole = ix_at(k);
	const Size *div = NULL;
	for (int i = c->nsum - 1; i >= 0; i--) {
		const Size *n = c->size[c->sum[i]];
		c->ix[c->sum[i]] = (Ix){NULL, NULL, whole, div, i > 0 ? n : NULL};
		div = div ? size_mul(x->b->arena, div, n) : n;
	}
}

/* the operand lies close along the label: threads that follow one another read what follows */
static bool lies_along(Block *x, int side, int label)
{
	if (label < 0 || !has(&x->c, side, label))
		return false;
	Contraction c = x->c;
	for (int l = 0; l < NLABELS; l++)
		if (c.size[l])
			c.ix[l] = ix_at(axis_index(x->b->arena, new_axis(x->b, "i", AXIS_SEQ, c.size[l])));
	Axis *a = new_axis(x->b, "i", AXIS_SEQ, c.size[label]);
	c.ix[label] = ix_at(axis_index(x->b->arena, a));
	x->b->memo.len = 0;
	const Node *n = contraction_side(x->b, &c, side);
	x->b->memo.len = 0;
	return lanes_legal(n, a->id);
}

/* tile[k][i] = the operand's element, or 0 beyond its end */
static void copy_side(Block *x, Items *items, int which, const Size *k0)
{
	Build *b = x->b;
	Arena *arena = b->arena;
	const int side = which ? x->s.side : 1 - x->s.side, label = which ? x->s.n : x->s.m;
	const int64_t width = which ? x->s.gn * x->s.tn : x->s.gm * x->s.tm;
	const Size *i, *k;
	if (lies_along(x, side, x->c.sum[x->c.nsum - 1])) {
		items = open_axis_of(x, items, which ? "n" : "m", AXIS_THREAD, width, &i);
		items = open_axis_of(x, items, "k", AXIS_THREAD, x->s.depth, &k);
	} else {
		items = open_axis_of(x, items, "k", AXIS_THREAD, x->s.depth, &k);
		items = open_axis_of(x, items, which ? "n" : "m", AXIS_THREAD, width, &i);
	}
	Access to = {.buffer = x->tile[which]};
	to.index[0].affine = k;
	to.index[1].affine = i;
	const Size *at_k = size_add(arena, k0, k);
	Pred pred[2];
	int npreds = 0;
	index_sums(x, at_k);
	add_bound(pred, &npreds, at_k, x->sum, x->s.depth);
	if (label >= 0) {
		const Size *at = size_add(arena, which ? x->n0 : x->m0, i);
		x->c.ix[label] = ix_at(at);
		add_bound(pred, &npreds, at, x->c.size[label], width);
	}
	if (npreds)
		add_store(b, items, to, STORE_SET, node_const(b, x->dtype, 0, 0));
	const int from = items->len;
	b->memo.len = 0;
	add_store(b, items, to, STORE_SET, contraction_side(b, &x->c, side));
	items->data[from].apart = npreds > 0;
	restrict_stores(x, items, from, pred, npreds);
}

static Items *open_threads(Block *x, Items *items, const Size **y, const Size **z)
{
	items = open_axis_of(x, items, "y", AXIS_THREAD, x->s.gm, y);
	return open_axis_of(x, items, "z", AXIS_THREAD, x->s.gn, z);
}

/* The accumulators of a thread. Of each side up to four lie beside one another, which are one load from shared memory; the next
 * four beyond those of the other threads, so that what threads store lies close. */
static Items *open_own(Block *x, Items *items, const Size *y, const Size *z, const Size **m, const Size **n, Access *acc)
{
	Arena *arena = x->b->arena;
	const int64_t group = x->s.tn < TOGETHER ? x->s.tn : TOGETHER;
	const Size *r, *c, *d;
	items = open_axis_of(x, items, "r", AXIS_UNROLL, x->s.tm, &r);
	items = open_axis_of(x, items, "c", AXIS_UNROLL, x->s.tn / group, &c);
	items = open_axis_of(x, items, "d", AXIS_UNROLL, group, &d);
	*acc = (Access){.buffer = x->acc};
	acc->index[0].affine = r;
	acc->index[1].affine = size_add(arena, size_scale(arena, c, group), d);
	*m = size_add(arena, size_scale(arena, y, x->s.tm), r);
	*n = size_add(arena, size_add(arena, size_scale(arena, z, group), size_scale(arena, c, group * x->s.gn)), d);
	return items;
}

static void clear(Block *x, Items *items)
{
	const Size *y, *z, *m, *n;
	Access acc;
	items = open_threads(x, items, &y, &z);
	items = open_own(x, items, y, z, &m, &n, &acc);
	add_store(x->b, items, acc, STORE_SET, node_const(x->b, x->dtype, 0, 0));
}

static void multiply(Block *x, Items *items)
{
	Build *b = x->b;
	const Size *y, *z, *m, *n, *k;
	Access acc;
	items = open_threads(x, items, &y, &z);
	items = open_axis_of(x, items, "k", AXIS_UNROLL, x->s.depth, &k);
	items = open_own(x, items, y, z, &m, &n, &acc);
	Access from[2] = {{.buffer = x->tile[0]}, {.buffer = x->tile[1]}};
	for (int i = 0; i < 2; i++) {
		from[i].index[0].affine = k;
		from[i].index[1].affine = i ? n : m;
	}
	add_store(b, items, acc, STORE_ADD, node_row(b, OP_mul, x->dtype, load_of(b, from[0]), load_of(b, from[1]), NULL));
}

typedef void Finish(Block *, Items *, const Node *value, void *);

static void finish(Block *x, Items *items, Finish *stores, void *data)
{
	const Size *y, *z, *m, *n;
	Access acc;
	items = open_threads(x, items, &y, &z);
	items = open_own(x, items, y, z, &m, &n, &acc);
	Pred pred[2];
	int npreds = 0;
	const int label[2] = {x->s.m, x->s.n};
	for (int i = 0; i < 2; i++) {
		const Size *at = size_add(x->b->arena, i ? x->n0 : x->m0, i ? n : m);
		const int64_t width = i ? x->s.gn * x->s.tn : x->s.gm * x->s.tm;
		if (label[i] < 0)
			continue;
		x->c.ix[label[i]] = ix_at(at);
		add_bound(pred, &npreds, at, x->c.size[label[i]], width);
	}
	stores(x, items, load_of(x->b, acc), data);
	restrict_stores(x, items, 0, pred, npreds);
}

static void store_group(Block *x, Items *items, const Node *value, void *data)
{
	store_on_tile(x->b, data, &x->c, items, value);
}

typedef struct Part {
	const Piece *piece;
	const Size *number;
} Part;

static void store_part(Block *x, Items *items, const Node *value, void *data)
{
	const Part *part = data;
	Ix ix[MAX_RANK] = {ix_at(part->number)};
	for (int i = 0; i < x->c.nout; i++)
		ix[i + 1] = x->c.ix[x->c.out[i]];
	add_store(x->b, items, access_buf(x->b, part->piece->parts, NULL, x->c.nout + 1, ix), STORE_SET, value);
}

/* par axes over all of the result */
static Items *open_result(Block *x, Items *items)
{
	for (int i = 0; i < x->c.nout; i++) {
		int l = x->c.out[i];
		Axis *a = new_axis(x->b, "i", AXIS_PAR, x->c.size[l]);
		x->c.ix[l] = ix_at(axis_index(x->b->arena, a));
		items = &open_nest(x->b, items, a)->body;
	}
	return items;
}

/* the parts together, a thread an element */
static void add_parts(Block *x, const Group *g, Items *items)
{
	Build *b = x->b;
	items = open_result(x, items);
	Buffer *acc = new_buffer(b, "sum", x->dtype, WHERE_REG, 0, NULL);
	add_buffer(b, items, acc);
	add_store(b, items, access_scalar(acc), STORE_SET, node_const(b, x->dtype, 0, 0));
	Axis *s = new_axis(b, "s", AXIS_SEQ, size_const(b->arena, x->s.parts));
	Ix ix[MAX_RANK] = {ix_at(axis_index(b->arena, s))};
	for (int i = 0; i < x->c.nout; i++)
		ix[i + 1] = x->c.ix[x->c.out[i]];
	b->memo.len = 0;
	add_store(b, &open_nest(b, items, s)->body, access_scalar(acc), STORE_ADD, load_buf(b, g->tile->parts, NULL, x->c.nout + 1, ix));
	store_on_tile(b, g, &x->c, items, load_of(b, access_scalar(acc)));
}

/* rows into which threads store columns lie in other banks, each a little further on */
static Buffer *shared_tile(Block *x, const char *name, int which)
{
	const int side = which ? x->s.side : 1 - x->s.side;
	const int64_t width = which ? x->s.gn * x->s.tn : x->s.gm * x->s.tm;
	const bool turned = lies_along(x, side, x->c.sum[x->c.nsum - 1]);
	const Size *extent[2] = {size_const(x->b->arena, x->s.depth), size_const(x->b->arena, turned && width > 1 ? width + TOGETHER : width)};
	return new_buffer(x->b, name, x->dtype, WHERE_STACK, 2, extent);
}

static void build_block(Block *x, Items *items, const Group *g)
{
	Build *b = x->b;
	Arena *arena = b->arena;
	Part part = {g->tile, size_const(arena, 0)};
	for (int i = 0; i < x->c.nout; i++) {
		int l = x->c.out[i];
		if (l != x->s.m && l != x->s.n)
			items = open_axis(b, items, i, AXIS_PAR, x->c.size[l], &x->c.ix[l]);
	}
	if (x->s.parts > 1) {
		Axis *a = new_axis(b, "s", AXIS_PAR, size_const(arena, x->s.parts));
		part.number = axis_index(arena, a);
		items = &open_nest(b, items, a)->body;
	}
	items = open_tiles(x, items, "tm", x->s.m, x->s.gm * x->s.tm, &x->m0);
	items = open_tiles(x, items, "tn", x->s.n, x->s.gn * x->s.tn, &x->n0);
	x->tile[0] = shared_tile(x, "a", 0);
	x->tile[1] = shared_tile(x, "b", 1);
	const Size *extent[2] = {size_const(arena, x->s.tm), size_const(arena, x->s.tn)};
	x->acc = new_buffer(b, "acc", x->dtype, WHERE_PRIVATE, 2, extent);
	add_buffer(b, items, x->tile[0]);
	add_buffer(b, items, x->tile[1]);
	add_buffer(b, items, x->acc);
	clear(x, items);
	/* steps of k: those of this part */
	const int64_t depth = x->s.depth, parts = x->s.parts;
	const Size *steps = size_floordiv(arena, size_add(arena, x->sum, size_const(arena, depth - 1)), depth);
	Axis *step = new_axis(b, "step", AXIS_SEQ, steps);
	if (parts > 1) {
		const Size *each = size_floordiv(arena, size_add(arena, steps, size_const(arena, parts - 1)), parts);
		const Size **bound = NEW_ARRAY(arena, const Size *, 3);
		bound[0] = size_mul(arena, each, part.number);
		bound[1] = size_add(arena, bound[0], each);
		bound[2] = steps;
		step->lo = bound;
		step->nlo = 1;
		step->hi = bound + 1;
		step->nhi = 2;
	}
	Items *in = &open_nest(b, items, step)->body;
	const Size *k0 = size_scale(arena, axis_index(arena, step), depth);
	copy_side(x, in, 0, k0);
	copy_side(x, in, 1, k0);
	multiply(x, in);
	finish(x, items, parts > 1 ? store_part : store_group, parts > 1 ? (void *)&part : (void *)(uintptr_t)g);
}

void build_tile_cuda(Build *b, const Group *g, Items *items)
{
	Block x = {.b = b, .c = contraction_of(g->tile->val), .dtype = g->tile->val->type->dtype};
	Axis *one = new_axis(b, "all", AXIS_PAR, size_const(b->arena, 1));
	Items *in = &open_nest(b, items, one)->body;
	if (!x.c.nsum) { /* an outer product: a thread an element */
		in = open_result(&x, in);
		b->memo.len = 0;
		const Node *l = contraction_side(b, &x.c, 0), *r = contraction_side(b, &x.c, 1);
		store_on_tile(b, g, &x.c, in, node_row(b, OP_mul, x.dtype, l, r, NULL));
		return;
	}
	x.s = shape_of(&x.c, x.dtype);
	if (!g->tile->parts)
		x.s.parts = 1;
	x.sum = x.c.size[x.c.sum[0]];
	for (int i = 1; i < x.c.nsum; i++)
		x.sum = size_mul(b->arena, x.sum, x.c.size[x.c.sum[i]]);
	build_block(&x, in, g);
	if (x.s.parts == 1)
		return;
	add_part(b, items);
	*items = (Items){0};
	one = new_axis(b, "all", AXIS_PAR, size_const(b->arena, 1));
	add_parts(&x, g, &open_nest(b, items, one)->body);
}
