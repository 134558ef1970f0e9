/* tile_cuda.c -- contractions for a GPU: a block of threads has a tile of the result
 *
 *      par others, tiles of m, tiles of n, parts of the sum:
 *        seq steps of k:  threads copy a[k, m..] and b[k, n..] to shared memory;  ask for those of the next step;
 *                         each adds up TM by TN products in registers
 *        threads store what they have, and what is made of it element by element
 *
 * m is axes of the result that one operand has, n of the other: those that lie side by side are one index, as all places of an
 * image are; so are the summed axes.  Where there are too few tiles for the machine the sum goes in parts, which are then added in
 * order.  Shapes are those of the least time that a simple picture of the machine gives. */
#include <math.h>

#include "tile.h"

enum {
	TILE_THREADS = 256,
	MOST_DEPTH = 64, /* steps of k at once */
	COPIED = 16, /* loads of a thread that are under way together: elements of a step, parts of a sum */
	MOST_PARTS = 128,
	LEAST_SUM = 64, /* steps of k of a part */
	TOGETHER = 4, /* elements that are one load */
	MOST_OWN = 32 /* products of a thread: more do not fit its registers when two blocks share a multiprocessor */
};

/* the machine: an H100, about */
enum {
	MULTIPROCESSORS = 132,
	WARP = 32,
	BANKS = 32, /* words of shared memory that lie side by side and are had at a time */
	SECTOR = 8, /* words of memory that come together */
	ISSUED = 4, /* instructions of a warp in a cycle */
	COPY = 8, /* instructions that copy an element to shared memory */
	FETCH = 700, /* cycles until what is asked for has come from memory */
	SYNC = 250, /* cycles that go by at the two barriers of a step */
	LAUNCH = 4000, /* cycles of a kernel that adds parts */
	MEMORY = 400 /* floats that it reads in a cycle */
};

typedef struct Run { /* labels of the result that lie side by side, as one index */
	int n;
	int label[MAX_RANK];
	double guess; /* of its size; 1: none */
	bool known;
} Run;

typedef struct Shape {
	Run m, n;
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

/* The operand's own axes of the result: the last ones, if they are wide, else the widest. */
static Run own_run(const Contraction *c, int side)
{
	Run best = {.guess = 1, .known = true};
	for (int last = c->nout - 1, first; last >= 0; last = first - 1) {
		Run run = {.guess = 1, .known = true};
		for (first = last + 1; first > 0 && run.known; first--) { /* what is not known can only be the first */
			const int l = c->out[first - 1];
			int64_t size;
			if (!has(c, side, l) || has(c, 1 - side, l))
				break;
			run.known = size_is_const(c->size[l], &size);
			run.guess *= (double)size_guess(c->size[l]);
			run.n++;
		}
		if (run.n == 0) {
			first--;
			continue;
		}
		for (int i = 0; i < run.n; i++)
			run.label[i] = c->out[first + i];
		if (!best.n || (best.guess < 16 && run.guess > best.guess))
			best = run;
	}
	return best;
}

static const Size *run_size(Arena *arena, const Contraction *c, const Run *run)
{
	const Size *n = size_const(arena, 1);
	for (int i = 0; i < run->n; i++)
		n = size_mul(arena, n, c->size[run->label[i]]);
	return n;
}

static bool is_in(const Run *run, int label)
{
	for (int i = 0; i < run->n; i++)
		if (run->label[i] == label)
			return true;
	return false;
}

static double above(double n, double step)
{
	return ceil(n / step);
}

static int64_t power_below(double n, int64_t most)
{
	int64_t p = 1;
	while (2 * p <= most && 2 * (double)p <= n)
		p *= 2;
	return p;
}

typedef struct Sums { /* what does not depend on the shape */
	double others, k; /* elements of the result besides m and n, summed */
	int words; /* of an element */
} Sums;

/* Cycles of all tiles.  A step's products wait for the instructions of their warps or for shared memory, which gives a warp 32 words in a
 * cycle; a step of a block takes as long as memory does. */
static double cycles_of(const Shape *s, const Sums *of)
{
	const double row = s->tm < TOGETHER ? 1 : (double)s->tm / TOGETHER, column = s->tn < TOGETHER ? 1 : (double)s->tn / TOGETHER;
	const double wide = (double)(s->gn < WARP ? s->gn : WARP) * (double)(s->tn < TOGETHER ? s->tn : TOGETHER) * of->words;
	const double issue = ((double)(s->tm * s->tn) * of->words + row + column) / ISSUED, shared = row * of->words + column * above(wide, WARP);
	const double rows = (double)(s->gm * s->tm), columns = (double)(s->gn * s->tn), warps = above((double)(s->gm * s->gn), WARP);
	const double blocks = above(s->m.guess, rows) * above(s->n.guess, columns) * of->others * (double)s->parts;
	/* few warps on a multiprocessor wait for their own instructions */
	const double resident = s->tm * s->tn * of->words > MOST_OWN / 2 ? 2 : 4, there = blocks / MULTIPROCESSORS;
	const double others = 4 / (there < 1 ? 1 : there < resident ? there : resident);
	const double busy = (warps + others) * (issue > shared ? issue : shared) + (rows + columns) * COPY / WARP / ISSUED;
	const double k = of->k / (double)s->parts, steps = above(k, (double)s->depth), step = busy * (double)s->depth + SYNC;
	const double work = blocks * busy * k / MULTIPROCESSORS;
	const double wait = (FETCH + (steps - 1) * (step > FETCH ? step : FETCH) + step) * above(blocks, resident * MULTIPROCESSORS);
	const double add = s->parts == 1 ? 0 : LAUNCH + (double)s->parts * s->m.guess * s->n.guess * of->others * of->words / MEMORY + 30 * (double)s->parts;
	return (work > wait ? work : wait) + add;
}

/* threads along m or n: powers of 2, or as many as share it out evenly; the list */
static int threads_along(const Run *run, int64_t own, int64_t *list)
{
	int n = 0;
	for (int64_t p = 1; p <= TILE_THREADS && (p == 1 || (double)(p * own) < 2 * run->guess); p *= 2)
		list[n++] = p;
	for (int tiles = 1; tiles <= 4 && run->known; tiles++) {
		const double even = above(run->guess, (double)(own * tiles));
		if (even <= TILE_THREADS)
			list[n++] = (int64_t)even;
	}
	return n;
}

static Shape shape_of(const Contraction *c, DType dtype)
{
	Shape s = {.side = 1, .parts = 1}, best = s;
	int last = c->out[c->nout - 1];
	if (has(c, 0, last) && !has(c, 1, last))
		s.side = 0;
	s.n = own_run(c, s.side);
	s.m = own_run(c, 1 - s.side);
	Sums of = {.others = 1, .k = 1, .words = dtype_bytes(dtype) / 4};
	for (int i = 0; i < c->nout; i++)
		if (!is_in(&s.m, c->out[i]) && !is_in(&s.n, c->out[i]))
			of.others *= (double)size_guess(c->size[c->out[i]]);
	for (int i = 0; i < c->nsum; i++)
		of.k *= (double)size_guess(c->size[c->sum[i]]);
	double least = -1;
	/* nothing is read twice where one side is a vector */
	const int64_t most = !s.m.n || !s.n.n ? 1 : 8;
	for (s.tm = 1; s.tm <= most; s.tm *= 2)
		for (s.tn = 1; s.tn <= most && s.tm * s.tn * of.words <= MOST_OWN; s.tn *= 2) {
			int64_t gm[16], gn[16];
			const int ngm = threads_along(&s.m, s.tm, gm), ngn = threads_along(&s.n, s.tn, gn);
			for (int i = 0; i < ngm * ngn; i++) {
				s.gm = gm[i / ngn];
				s.gn = gn[i % ngn];
				if (s.gm * s.gn > TILE_THREADS)
					continue;
				const int64_t copied = s.gm * s.tm + s.gn * s.tn, deep = COPIED * TILE_THREADS / of.words / copied;
				s.depth = power_below(of.k, deep < 1 ? 1 : deep < MOST_DEPTH ? deep : MOST_DEPTH);
				for (s.parts = 1; s.parts <= MOST_PARTS && (s.parts == 1 || of.k >= (double)(s.parts * LEAST_SUM)); s.parts *= 2) {
					const double cycles = cycles_of(&s, &of);
					if (least < 0 || cycles < least) {
						least = cycles;
						best = s;
					}
				}
			}
		}
	return best;
}

bool plan_tile_cuda(Scope *s, Piece *p)
{
	if (p->at)
		return false;
	Arena *arena = s->L->arena;
	Contraction c = contraction_of(p->val);
	const Shape shape = shape_of(&c, p->val->type->dtype);
	if (!shape.m.n && !shape.n.n && c.nsum)
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
	Buffer *next[2]; /* of the step after, the thread's own */
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

/* the tiles of a run, as a par axis; where this one begins */
static Items *open_tiles(Block *x, Items *items, const char *name, const Run *run, int64_t step, const Size **begin)
{
	Arena *arena = x->b->arena;
	const Size *size = run_size(arena, &x->c, run);
	*begin = size_const(arena, 0);
	int64_t known;
	if (size_is_const(size, &known) && known <= step)
		return items;
	const Size *count = size_floordiv(arena, size_add(arena, size, size_const(arena, step - 1)), step);
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

/* labels are the digits of one index */
static void index_as_one(Block *x, int n, const int *label, const Size *at)
{
	Contraction *c = &x->c;
	if (n == 1) {
		c->ix[label[0]] = ix_at(at);
		return;
	}
	Ix *whole = NEW(x->b->arena, Ix);
	*whole = ix_at(at);
	const Size *div = NULL;
	for (int i = n - 1; i >= 0; i--) {
		const Size *size = c->size[label[i]];
		c->ix[label[i]] = (Ix){NULL, NULL, whole, div, i > 0 ? size : NULL};
		div = div ? size_mul(x->b->arena, div, size) : size;
	}
}

/* the operand lies close along the label: threads that follow one another read what follows */
static bool lies_along(Block *x, int side, int label)
{
	if (!has(&x->c, side, label))
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

static const Run *run_of(const Block *x, int which)
{
	return which ? &x->s.n : &x->s.m;
}

static int side_of(const Block *x, int which)
{
	return which ? x->s.side : 1 - x->s.side;
}

static int64_t width_of(const Block *x, int which)
{
	return which ? x->s.gn * x->s.tn : x->s.gm * x->s.tm;
}

/* threads that follow one another copy elements along k: there the operand lies close, and longer than along its run */
static bool copies_along_k(Block *x, int which)
{
	const Run *run = run_of(x, which);
	const int side = side_of(x, which), k = x->c.sum[x->c.nsum - 1], last = run->n ? run->label[run->n - 1] : -1;
	return lies_along(x, side, k) && !(last >= 0 && lies_along(x, side, last) && size_guess(x->c.size[last]) >= size_guess(x->c.size[k]));
}

/* How threads copy a tile: `wide` of them along the index in which the operand lies close, the others along the other one; each has
 * so many elements of both. */
typedef struct Copy {
	int64_t wide, close, far;
} Copy;

static Copy copy_of(Block *x, int which)
{
	const int64_t width = width_of(x, which);
	const bool along_k = copies_along_k(x, which);
	const int64_t close = along_k ? x->s.depth : width, far = along_k ? width : x->s.depth;
	Copy best = {0};
	for (int64_t wide = 1; wide <= (along_k ? SECTOR : WARP); wide *= 2) {
		const int64_t others = TILE_THREADS / wide;
		const Copy c = {wide, (close + wide - 1) / wide, (far + others - 1) / others};
		if (best.wide < SECTOR || c.close * c.far <= best.close * best.far)
			best = c;
	}
	return best;
}

/* k and i of an element of this thread's copy */
static Items *open_copy(Block *x, Items *items, int which, const Size **k, const Size **i, Access *own)
{
	Arena *arena = x->b->arena;
	const Copy c = copy_of(x, which);
	const Size *y, *z, *p, *q;
	items = open_axis_of(x, items, "y", AXIS_THREAD, TILE_THREADS / c.wide, &y);
	items = open_axis_of(x, items, "z", AXIS_THREAD, c.wide, &z);
	items = open_axis_of(x, items, "p", AXIS_UNROLL, c.far, &p);
	items = open_axis_of(x, items, "q", AXIS_UNROLL, c.close, &q);
	*own = (Access){.buffer = x->next[which]};
	own->index[0].affine = p;
	own->index[1].affine = q;
	const Size *far = size_add(arena, size_scale(arena, p, TILE_THREADS / c.wide), y), *close = size_add(arena, size_scale(arena, q, c.wide), z);
	const bool along_k = copies_along_k(x, which);
	*k = along_k ? close : far;
	*i = along_k ? far : close;
	return items;
}

/* what the tile will be, or 0 beyond the operand's end */
static void fetch(Block *x, Items *items, int which, const Size *k0)
{
	Build *b = x->b;
	const Run *run = run_of(x, which);
	const Size *i, *k;
	Access own;
	items = open_copy(x, items, which, &k, &i, &own);
	k = size_add(b->arena, k0, k);
	Pred pred[2] = {{.p = k, .hi = x->sum}};
	int npreds = 1;
	index_as_one(x, x->c.nsum, x->c.sum, k);
	if (run->n) {
		const Size *at = size_add(b->arena, which ? x->n0 : x->m0, i);
		index_as_one(x, run->n, run->label, at);
		pred[npreds].p = at;
		pred[npreds++].hi = run_size(b->arena, &x->c, run);
	}
	add_store(b, items, own, STORE_SET, node_const(b, x->dtype, 0, 0));
	b->memo.len = 0;
	add_store(b, items, own, STORE_SET, contraction_side(b, &x->c, side_of(x, which)));
	items->data[items->len - 1].apart = true;
	restrict_stores(x, items, items->len - 1, pred, npreds);
}

/* tile[k][i] = what was fetched */
static void put_tile(Block *x, Items *items, int which)
{
	const Copy c = copy_of(x, which);
	const int64_t width = width_of(x, which), others = TILE_THREADS / c.wide;
	const bool along_k = copies_along_k(x, which);
	const Size *i, *k;
	Access own, to = {.buffer = x->tile[which]};
	items = open_copy(x, items, which, &k, &i, &own);
	to.index[0].affine = k;
	to.index[1].affine = i;
	Pred pred[2];
	int npreds = 0;
	add_bound(pred, &npreds, k, size_const(x->b->arena, x->s.depth), along_k ? c.wide : others);
	add_bound(pred, &npreds, i, size_const(x->b->arena, width), along_k ? others : c.wide);
	add_store(x->b, items, to, STORE_SET, load_of(x->b, own));
	restrict_stores(x, items, items->len - 1, pred, npreds);
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
	for (int i = 0; i < 2; i++) {
		const Size *at = size_add(x->b->arena, i ? x->n0 : x->m0, i ? n : m);
		const Run *run = run_of(x, i);
		if (!run->n)
			continue;
		index_as_one(x, run->n, run->label, at);
		add_bound(pred, &npreds, at, run_size(x->b->arena, &x->c, run), width_of(x, i));
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
	const int64_t together = x->s.parts < COPIED ? x->s.parts : COPIED;
	const Size *s, *u;
	Items *in = open_axis_of(x, open_axis_of(x, items, "s", AXIS_SEQ, x->s.parts / together, &s), "u", AXIS_UNROLL, together, &u);
	Ix ix[MAX_RANK] = {ix_at(size_add(b->arena, size_scale(b->arena, s, together), u))};
	for (int i = 0; i < x->c.nout; i++)
		ix[i + 1] = x->c.ix[x->c.out[i]];
	b->memo.len = 0;
	add_store(b, in, access_scalar(acc), STORE_ADD, load_buf(b, g->tile->parts, NULL, x->c.nout + 1, ix));
	store_on_tile(b, g, &x->c, items, load_of(b, access_scalar(acc)));
}

/* where threads store columns, a warp has SECTOR rows of TOGETHER columns: rows that begin so far on lie in banks of their own */
static Buffer *shared_tile(Block *x, const char *name, int which)
{
	const int64_t banks = BANKS / (dtype_bytes(x->dtype) / 4);
	int64_t width = width_of(x, which);
	while (copies_along_k(x, which) && width > 1 && width % banks != TOGETHER)
		width++;
	const Size *extent[2] = {size_const(x->b->arena, x->s.depth), size_const(x->b->arena, width)};
	return new_buffer(x->b, name, x->dtype, WHERE_STACK, 2, extent);
}

static void build_block(Block *x, Items *items, const Group *g)
{
	Build *b = x->b;
	Arena *arena = b->arena;
	Part part = {g->tile, size_const(arena, 0)};
	for (int i = 0; i < x->c.nout; i++) {
		int l = x->c.out[i];
		if (!is_in(&x->s.m, l) && !is_in(&x->s.n, l))
			items = open_axis(b, items, i, AXIS_PAR, x->c.size[l], &x->c.ix[l]);
	}
	if (x->s.parts > 1) {
		Axis *a = new_axis(b, "s", AXIS_PAR, size_const(arena, x->s.parts));
		part.number = axis_index(arena, a);
		items = &open_nest(b, items, a)->body;
	}
	items = open_tiles(x, items, "tm", &x->s.m, width_of(x, 0), &x->m0);
	items = open_tiles(x, items, "tn", &x->s.n, width_of(x, 1), &x->n0);
	x->tile[0] = shared_tile(x, "a", 0);
	x->tile[1] = shared_tile(x, "b", 1);
	const Size *extent[2] = {size_const(arena, x->s.tm), size_const(arena, x->s.tn)};
	x->acc = new_buffer(b, "acc", x->dtype, WHERE_PRIVATE, 2, extent);
	add_buffer(b, items, x->tile[0]);
	add_buffer(b, items, x->tile[1]);
	add_buffer(b, items, x->acc);
	for (int i = 0; i < 2; i++) {
		const Copy c = copy_of(x, i);
		const Size *each[2] = {size_const(arena, c.far), size_const(arena, c.close)};
		x->next[i] = new_buffer(b, i ? "next_b" : "next_a", x->dtype, WHERE_PRIVATE, 2, each);
		add_buffer(b, items, x->next[i]);
	}
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
	const Size *k0 = size_scale(arena, parts > 1 ? step->lo[0] : size_const(arena, 0), depth);
	fetch(x, items, 0, k0);
	fetch(x, items, 1, k0);
	Items *in = &open_nest(b, items, step)->body;
	k0 = size_scale(arena, size_add(arena, axis_index(arena, step), size_const(arena, 1)), depth);
	put_tile(x, in, 0);
	put_tile(x, in, 1);
	fetch(x, in, 0, k0);
	fetch(x, in, 1, k0);
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
	int64_t parts;
	if (!g->tile->parts)
		x.s.parts = 1;
	else if (!size_is_const(g->tile->parts->type->size[0], &parts) || parts != x.s.parts)
		internal_error("kernel %s: its sum was planned in other parts", b->kernel->name);
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
