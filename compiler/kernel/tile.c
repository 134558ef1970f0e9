/* tile.c -- which tile a contraction gets: the axis of its lanes, the axes that are unrolled, what is packed
 *
 * Each way is priced in cycles: multiply-adds with the share of the lanes that is used and of the accumulators that hide
 * latency, packing, folding of sums over lanes, turning of results that do not lie along the lanes.  The cheapest is taken.
 * Prices are those of vectors of 16, so that all targets pack the same. */
#include "print_c.h"
#include "tile.h"

enum { ROWS_OF_WINDOW = 5, VECTOR = 16, ACCUMULATORS = 20, ROW_ELEMENTS = 64, LONG_SUM = 4096, CHAINS = 8, FEW_COLUMNS = 32, LONG_ROW = 64 };

int64_t size_guess(const Size *s)
{
	int64_t n;
	if (!size_upper(s, 64, &n, NULL) || n < 1)
		return 64;
	return n > 100000 ? 100000 : n;
}

/* ---- how an operand lies: elements from one index of a label to the next */

/* it is axis + something without the axis */
static bool is_step_of_1(const Size *s, int id)
{
	int found = 0;
	for (int i = 0; i < s->nterms; i++) {
		const Term *t = &s->term[i];
		Size one = {1, t};
		if (!size_speaks_of(&one, id))
			continue;
		if (t->natoms != 1 || t->atom[0]->kind != ATOM_AXIS || t->coef != 1)
			return false;
		found++;
	}
	return found == 1;
}

static bool load_legal(const Access *a, int id)
{
	for (int i = 0; i < a->npreds; i++)
		if (size_speaks_of(a->pred[i].p, id) || size_speaks_of(a->pred[i].lo, id) ||
		    size_speaks_of(a->pred[i].hi, id))
			return false;
	for (int d = 0; d < a->buffer->rank; d++) {
		if (a->index[d].gathered && node_speaks_of(a->index[d].gathered, id))
			return false;
		if (size_speaks_of(a->index[d].affine, id) &&
		    (d < a->buffer->rank - 1 || !is_step_of_1(a->index[d].affine, id)))
			return false;
	}
	return true;
}

bool lanes_legal(const Node *n, int id)
{
	if (!node_speaks_of(n, id))
		return true;
	switch (n->kind) {
	case NODE_LOAD: return load_legal(&n->load, id);
	case NODE_ROW:
		if (is_byte_load(n))
			return load_legal(&n->arg[0]->load, id);
		if (!op_info(n->op)->vector)
			return false;
		for (int i = 0; i < n->nargs; i++) {
			DType t = n->arg[i]->dtype;
			bool mask = t == DT_bool && n->arg[i]->kind == NODE_ROW;
			if ((t != DT_float32 && t != DT_float64 && !mask) ||
			    !lanes_legal(n->arg[i], id))
				return false;
		}
		return true;
	case NODE_CONST:
	case NODE_UNIFORM:
	case NODE_INDEX:
	case NODE_RANDOM: break;
	}
	return false;
}

/* ---- prices */

typedef struct Way {
	Tile tile;
	bool pack[2];
	double cost;
} Way;

typedef struct Look {
	Scope *s;
	const Piece *p;
	Contraction c;
	bool lies[NLABELS][2]; /* lanes along the label can load the operand */
	bool plain[2]; /* loads of floats: nothing is computed again and again */
	double n[NLABELS]; /* guessed extents */
	double outs, sums;
} Look;

static bool has(const Look *k, int side, int label)
{
	return k->c.has[side] >> label & 1;
}

static bool is_plain(const Node *n)
{
	return n->kind == NODE_CONST || n->kind == NODE_UNIFORM ||
	       (n->kind == NODE_LOAD && n->load.npreds == 0);
}

static Look look_at(Scope *s, const Piece *p)
{
	Look k = {.s = s, .p = p, .c = contraction_of(p->val), .outs = 1, .sums = 1};
	Build *b = build_new(s->L, s, NULL);
	int id[NLABELS] = {0};
	for (int l = 0; l < NLABELS; l++) {
		if (!k.c.size[l])
			continue;
		Axis *a = new_axis(b, "i", AXIS_SEQ, k.c.size[l]);
		id[l] = a->id;
		k.c.ix[l] = ix_at(axis_index(b->arena, a));
		k.n[l] = (double)size_guess(k.c.size[l]);
	}
	for (int side = 0; side < 2; side++) {
		const Node *n = contraction_side(b, &k.c, side);
		k.plain[side] = is_plain(n);
		for (int l = 0; l < NLABELS; l++)
			k.lies[l][side] = has(&k, side, l) && lanes_legal(n, id[l]);
	}
	for (int i = 0; i < k.c.nout; i++)
		k.outs *= k.n[k.c.out[i]];
	for (int i = 0; i < k.c.nsum; i++)
		k.sums *= k.n[k.c.sum[i]];
	return k;
}

static double elements(const Look *k, int side)
{
	double n = 1;
	for (int l = 0; l < NLABELS; l++)
		if (has(k, side, l))
			n *= k->n[l];
	return n;
}

/* vectors that cover the extent, rests in narrower ones */
static double vectors_of(double n)
{
	double whole = (double)((int64_t)n / VECTOR);
	for (int64_t rest = (int64_t)n % VECTOR, w = VECTOR / 2; rest; w /= 2)
		if (rest >= w) {
			whole++;
			rest -= w;
		}
	return whole;
}

static bool is_out(const Look *k, int label)
{
	for (int i = 0; i < k->c.nout; i++)
		if (k->c.out[i] == label)
			return true;
	return false;
}

/* an axis of the result that the operand has and the other lacks: the innermost that fills the registers, else the largest; -1 */
static int own_label(const Look *k, int side, int but)
{
	enum { ENOUGH = 6 };
	int best = -1;
	for (int i = k->c.nout - 1; i >= 0; i--) {
		int l = k->c.out[i];
		if (l == but || !has(k, side, l) || has(k, 1 - side, l) || k->n[l] == 1)
			continue;
		if (k->n[l] >= ENOUGH)
			return l;
		if (best < 0 || k->n[l] > k->n[best])
			best = l;
	}
	return best;
}

static double at_most(double x, double y)
{
	return x < y ? x : y;
}

/* cycles of one multiply-add of vectors in a tile of rows by vectors */
static double cycles(double rows, double vectors)
{
	double busy = at_most(rows * vectors / 8, 1), loads = (rows + vectors) / (rows * vectors);
	double fma = 0.5 / busy, load = 0.5 * loads;
	return fma > load ? fma : load;
}

static void price_packing(const Look *k, Way *w, int label)
{
	for (int side = 0; side < 2; side++) {
		bool wanted = has(k, side, label);
		w->pack[side] = wanted && !k->lies[label][side];
		/* what costs more than a load is computed once */
		if (!wanted && !k->plain[side] && w->tile.lanes >= 0 && k->n[w->tile.lanes] > 64)
			w->pack[side] = true;
		if (w->pack[side])
			w->cost += 1.2 * elements(k, side);
	}
}

static bool is_last(const Look *k, int label)
{
	return k->c.out[k->c.nout - 1] == label;
}

/* the place of windows of a padded value: each has other bounds, where it is no axis of the tile */
static bool is_padded_place(const Look *k, int side, int label)
{
	const int8_t *labels = side ? k->c.v->attr.contraction.b : k->c.v->attr.contraction.a;
	bool found = false;
	const Val *v = k->c.v->in[side];
	for (; v->op == OP_windows; v = v->in[0])
		found |= labels[v->attr.windows.axis] == label;
	return found && v->op == OP_pad;
}

/* Padded by all places of the window but one on both sides, as in the gradient of a convolution, and few: registers hold all. */
static bool meets_all(const Look *k, int side, int label)
{
	enum { MOST_PLACES = 12, MOST_OFFSETS = 7 };
	const int8_t *labels = side ? k->c.v->attr.contraction.b : k->c.v->attr.contraction.a;
	const Val *v = k->c.v->in[side], *pad = padded_operand(k->c.v, side);
	while (v->op == OP_windows && labels[v->attr.windows.axis] != label)
		v = v->in[0];
	if (!pad || v->op != OP_windows || v->attr.windows.stride != 1)
		return false;
	const int axis = v->attr.windows.axis;
	int64_t places, offsets, lo, hi;
	return size_is_const(v->type->size[axis], &places) && places <= MOST_PLACES &&
	       size_is_const(v->attr.windows.size, &offsets) && offsets > 1 && offsets <= MOST_OFFSETS &&
	       size_is_const(pad->attr.pad.lo[axis], &lo) && lo == offsets - 1 && size_is_const(pad->attr.pad.hi[axis], &hi) && hi == lo;
}

static Way along_result(const Look *k, int label)
{
	int side = has(k, 1, label) ? 1 : 0;
	Way w = {.tile = {.lanes = label, .unroll = own_label(k, 1 - side, label), .second = -1}};
	double rows = w.tile.unroll < 0 ? 1 : at_most(k->n[w.tile.unroll], 10);
	double vectors = vectors_of(k->n[label]);
	double wide = at_most(vectors, rows > 1 ? 2 : 8);
	if (vectors < 2) {
		w.tile.second = own_label(k, side, label);
		if (w.tile.second >= 0 && is_padded_place(k, side, w.tile.second)) {
			w.tile.across = meets_all(k, side, w.tile.second);
			if (!w.tile.across)
				w.tile.second = -1;
			rows = w.tile.unroll < 0 ? 1 : at_most(k->n[w.tile.unroll], w.tile.across ? 2 : 20);
		}
		if (w.tile.second >= 0)
			wide = w.tile.across ? k->n[w.tile.second] : at_most(k->n[w.tile.second], 2);
	}
	price_packing(k, &w, label);
	w.cost += k->outs / k->n[label] * vectors * k->sums * cycles(rows, wide);
	if (!is_last(k, label))
		w.cost += 1.5 * k->outs;
	return w;
}

/* the place in windows of the operand, which load what neighbours load; -1 */
static int window_label(const Look *k, int side)
{
	const Val *x = k->c.v->in[side];
	const int8_t *label = side ? k->c.v->attr.contraction.b : k->c.v->attr.contraction.a;
	int l = x->op == OP_windows ? label[x->type->rank - 1] : -1;
	return l >= 0 && is_out(k, l) && !has(k, 1 - side, l) && k->n[l] > 1 && k->n[l] <= ROWS_OF_WINDOW ? l : -1;
}

static Way along_sum(const Look *k, int label)
{
	Way w = {.tile = {.lanes = label, .dot = true, .unroll = own_label(k, 0, -1),
			  .second = own_label(k, 1, -1)}};
	if (window_label(k, 0) >= 0)
		w.tile.unroll = window_label(k, 0);
	double second = w.tile.second < 0 ? 1 : at_most(k->n[w.tile.second], 10);
	double most = at_most(ACCUMULATORS / second, 10);
	double rows = w.tile.unroll < 0 ? 1 : at_most(k->n[w.tile.unroll], most);
	double whole = (double)((int64_t)k->n[label] / SUM_LANES);
	double rest = k->n[label] - SUM_LANES * whole;
	price_packing(k, &w, label);
	w.cost += k->outs * k->sums / k->n[label] * (whole * cycles(rows, second) + 1.5 * rest);
	w.cost += 6 * k->outs;
	return w;
}

static Way cheapest(const Look *k)
{
	Way best = {.tile = {.lanes = -1}};
	for (int l = 0; l < NLABELS; l++) {
		if (!k->c.size[l] || (is_out(k, l) && has(k, 0, l) && has(k, 1, l)))
			continue;
		Way w = is_out(k, l) ? along_result(k, l) : along_sum(k, l);
		if (best.tile.lanes < 0 || w.cost < best.cost) {
			w.tile.next = best.cost;
			best = w;
		} else if (best.tile.next == 0 || w.cost < best.tile.next) {
			best.tile.next = w.cost;
		}
	}
	best.tile.cycles = best.cost;
	return best;
}

/* ---- packing */

/* the same packing is there already */
static PlanBuf *packed_before(const Scope *s, const Packed *wanted)
{
	for (int i = 0; i < s->packed.len; i++) {
		const Packed *p = &s->packed.data[i];
		bool same = p->val == wanted->val && (wanted->needs & ~p->needs) == 0;
		for (int d = 0; d < p->val->type->rank && same; d++)
			same = p->axis[d] == wanted->axis[d];
		if (same)
			return p->buf;
	}
	return NULL;
}

/* the axis of the lanes last */
static void pack(const Look *k, Tile *t, int side, uint64_t needs)
{
	Scope *s = k->s;
	const Val *x = k->c.v->in[side];
	const int8_t *label = side ? k->c.v->attr.contraction.b : k->c.v->attr.contraction.a;
	Packed packed = {.val = x, .needs = needs};
	int n = 0;
	for (int last = 0; last < 2; last++)
		for (int i = 0; i < x->type->rank; i++)
			if ((label[i] == t->lanes) == (last == 1)) {
				packed.axis[n] = (int8_t)i;
				t->order[side][n++] = label[i];
			}
	t->nlabels[side] = n;
	t->packed[side] = packed_before(s, &packed);
	if (t->packed[side])
		return;
	const Size *size[MAX_RANK];
	for (int i = 0; i < n; i++)
		size[i] = k->c.size[t->order[side][i]];
	const Type *type = type_array(s->L->arena, x->type->dtype, n, size);
	const char *name = arena_printf(s->L->arena, "%s_packed", value_label(x));
	packed.buf = t->packed[side] = new_buf(s->L, BUF_SCRATCH, type, name, x->loc);
	push(s->L->arena, &s->packed, packed);
	Piece *p = new_piece(s, k->c.v, packed.buf, NULL, needs);
	p->body = body_pack;
	p->pack_side = side;
	p->tile = t;
	add_piece(s, p);
}

static bool in_tile(const Tile *t, int label)
{
	return label == t->unroll || label == t->second || label == t->lanes;
}

/* elements of an operand that the tiles of one index of the other axes read */
static double read_again(const Look *k, const Tile *t, int side)
{
	double n = 1;
	for (int l = 0; l < NLABELS; l++)
		if (has(k, side, l) && (in_tile(t, l) || !is_out(k, l)))
			n *= k->n[l];
	return n;
}

/* Where that is more than a cache holds, and is read again and again: the first axis of the sum in blocks. */
static void plan_blocks(const Look *k, Tile *t)
{
	enum { CACHE = 1 << 20, BLOCK = 1 << 18, DOT_BLOCK = 5 << 17 };
	double others = 1;
	for (int i = 0; i < k->c.nout; i++)
		if (!in_tile(t, k->c.out[i]))
			others *= k->n[k->c.out[i]];
	double bytes = (double)dtype_bytes(k->p->val->type->dtype) * (read_again(k, t, 0) + read_again(k, t, 1));
	int first = k->c.nsum ? k->c.sum[0] : -1;
	if (first < 0 || others < 4 || bytes < CACHE || k->n[first] < 16 || (t->dot && first == t->lanes))
		return;
	double one = bytes / k->n[first];
	t->blocked = first;
	t->block = 1;
	/* lanes are folded after each */
	while (t->block < 64 && 2 * (double)t->block * one <= (t->dot ? DOT_BLOCK : BLOCK))
		t->block *= 2;
}

/* Columns that are computed, and that a cache holds, for a tile that goes through many rows with them: no copy of the whole. */
static bool makes_columns(const Look *k, const Tile *t, int side)
{
	enum { BYTES = 1 << 18, FEW = 10, COLUMNS = 5 };
	const int8_t *label = side ? k->c.v->attr.contraction.b : k->c.v->attr.contraction.a;
	bool shared = false, again = false;
	if (!t->dot || !t->whole || t->blocked >= 0 || t->second < 0 || has(k, 1 - side, t->second))
		return false;
	const double columns = k->n[t->second] <= FEW ? k->n[t->second] : COLUMNS; /* of a tile, at most */
	int64_t n, bytes = (int64_t)columns * dtype_bytes(k->p->val->type->dtype);
	for (int i = 0; i < k->c.v->in[side]->type->rank; i++) {
		const int l = label[i];
		if (l == t->second)
			continue;
		if (is_out(k, l)) {
			if (!has(k, 1 - side, l))
				return false;
			shared = shared || k->n[l] > 1;
			continue;
		}
		if (!size_is_const(k->c.size[l], &n) || n > BYTES || bytes * n > BYTES)
			return false;
		bytes *= n;
	}
	for (int i = 0; i < k->c.nout; i++)
		again = again || (!in_tile(t, k->c.out[i]) && !has(k, side, k->c.out[i]) && k->n[k->c.out[i]] > 1);
	return shared && again;
}

/* the tile has one place of each padded axis, so that the bounds of its sums can be those of what is padded */
static bool leaves_out(const Look *k, const Tile *t, int side, const Val *pad)
{
	const int8_t *label = side ? k->c.v->attr.contraction.b : k->c.v->attr.contraction.a;
	for (const Val *v = k->c.v->in[side]; v != pad; v = v->in[0]) {
		const int place = label[v->attr.windows.axis], offset = label[v->type->rank - 1];
		if ((in_tile(t, place) && !(t->across && place == t->second)) || in_tile(t, offset) || offset == t->blocked)
			return false;
	}
	return true;
}

/* Operands whose padding need not be made are made with it where the tile does read it. */
static void plan_padding(const Look *k, Tile *t)
{
	for (int side = 0; side < 2; side++) {
		const Val *pad = padded_operand(k->c.v, side);
		if (!pad || !info_of(k->s, pad)->bare || t->packed[side] || t->made[side])
			continue;
		if (leaves_out(k, t, side, pad)) {
			t->bare[side] = pad;
			continue;
		}
		info_of(k->s, pad)->root = true;
		info_of(k->s, pad)->done = false;
		need_value(k->s, pad);
	}
}

bool plan_tile(Scope *s, Piece *p)
{
	if (s->L->options->target->gpu)
		return plan_tile_cuda(s, p);
	Look k = look_at(s, p);
	Way w = cheapest(&k);
	if (w.tile.lanes < 0 || p->at)
		return false;
	Tile *t = NEW(s->L->arena, Tile);
	*t = w.tile;
	p->tile = t;
	int64_t n, elements = 1;
	for (int i = 1; i < k.c.nout && elements <= ROW_ELEMENTS; i++)
		elements = size_is_const(k.c.size[k.c.out[i]], &n) ? elements * n : ROW_ELEMENTS + 1;
	/* of few rows, one block would be one thread's */
	bool alone = size_is_const(k.c.size[k.c.out[0]], &n) && n <= BLOCK_ROWS && k.c.nout > 1;
	t->whole = elements > ROW_ELEMENTS || (alone && k.sums >= LONG_SUM);
	t->blocked = -1;
	/* one row of few columns: several sums at a time, else each addition waits for the last */
	if (!t->dot && t->unroll < 0 && t->second < 0 && k.c.nsum == 1 && k.n[t->lanes] <= FEW_COLUMNS && k.sums >= LONG_ROW)
		t->chains = CHAINS;
	if (t->whole && !t->across) /* of windows along a row in a tile each element is read once */
		plan_blocks(&k, t);
	if (t->blocked >= 0)
		t->chains = 0;
	for (int side = 0; side < 2; side++) {
		t->made[side] = w.pack[side] && makes_columns(&k, t, side);
		if (w.pack[side] && !t->made[side])
			pack(&k, t, side, p->needs);
	}
	plan_padding(&k, t);
	if (t->whole) {
		p->form = FORM_TILE;
		p->rows = NULL;
		p->body = note_tile;
	} else {
		p->form = FORM_BLOCK;
		p->rows = p->val->type->size[0];
		p->body = body_tile;
		p->block_rows = t->lanes == k.c.out[0] ? BLOCK_ROWS / 2 : even_rows(s, p->rows);
	}
	return true;
}

/* ---- shapes */

TileShape tile_shape(const Target *target, DType dtype, const Tile *t)
{
	int lanes = target->lanes > 1 ? target->lanes : 4;
	TileShape s = {.width = dtype == DT_float64 ? lanes / 2 : lanes};
	bool many = target->regs >= 32;
	s.vectors = t->unroll >= 0 ? 2 : many ? 16 : 8;
	s.rows = many ? 10 : 6;
	return s;
}

static int64_t *list_of(Arena *arena)
{
	return NEW_ARRAY(arena, int64_t, 16);
}

const int64_t *block_cuts(Arena *arena, int64_t most, int *n)
{
	int64_t *cut = list_of(arena);
	*n = 0;
	for (int64_t c = most; c > 1; c /= 2)
		cut[(*n)++] = c;
	cut[(*n)++] = 1;
	return cut;
}

/* equal steps where they can be had, and what is left in steps that fall */
const int64_t *tile_cuts(Arena *arena, const Size *size, int64_t most, int *n)
{
	int64_t *cut = list_of(arena), extent;
	*n = 0;
	if (!size_is_const(size, &extent))
		return block_cuts(arena, most, n);
	if (extent <= most) {
		cut[(*n)++] = extent > 0 ? extent : 1;
		return cut;
	}
	int64_t even = (extent + most - 1) / most, step = (extent + even - 1) / even;
	for (int64_t c = most; c > most * 2 / 3; c--)
		if (extent % c == 0) {
			step = c;
			break;
		}
	cut[(*n)++] = step;
	if (extent % step)
		cut[(*n)++] = extent % step;
	return cut;
}

const int64_t *lane_cuts(Arena *arena, const Size *size, int64_t most, int width, bool again, int *n)
{
	int64_t *cut = list_of(arena), extent = -1;
	*n = 0;
	size_is_const(size, &extent);
	if (again && extent > width && extent % most > width && extent % width) { /* what is left in one step */
		if (extent >= most)
			cut[(*n)++] = most;
		cut[(*n)++] = extent % most;
		return cut;
	}
	if (most > 2 * width && extent >= 0) { /* a row: what is left of it in one step, but for parts of vectors */
		if (extent >= most)
			cut[(*n)++] = most;
		extent %= most;
		int64_t vectors = extent / width * width;
		if (vectors)
			cut[(*n)++] = vectors;
		extent %= width;
		if (!extent) {
			if (vectors > width && most % vectors)
				cut[(*n)++] = width; /* so that blocks of the most are seen to leave nothing */
			return cut;
		}
		most = width / 2;
	}
	for (int64_t c = most; c >= 1; c /= 2) {
		bool used = extent < 0 ? c == most || c <= width : extent >= c;
		if (!used)
			continue;
		cut[(*n)++] = c;
		if (extent >= 0)
			extent %= c;
		if (extent == 0)
			break;
	}
	return cut;
}
