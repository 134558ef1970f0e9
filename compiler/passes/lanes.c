/* lanes.c -- of images the batch goes innermost, in blocks: a lane of a vector is an image
 *
 *      x : [500, c, y, x]      =>      [32, c, y, x, 16]
 *
 * Convolutions, pools and what is elementwise between them then fill vectors whatever the numbers of channels and pixels are, and
 * load them from where they lie.  The last block is filled up: with the last image, or with zeros where a sum over the batch
 * needs them: of gradients, so that nothing is added.  Such a sum is first that of each block. */
#include "build_more.h"
#include "passes.h"

enum { LANES = 16, LEAST_BLOCKS = 2 };

typedef struct Wide {
	Val *v; /* its axes with that of the lanes among them */
	int at; /* there */
} Wide;

typedef struct State {
	PassCx *cx;
	const Graph *in;
	int64_t n, blocks; /* images; blocks of lanes */
	bool *inside; /* by id: it is made with lanes */
	bool *zero; /* by id: from outside; the images that fill up are zeros */
	Wide *wide; /* by id */
} State;

static bool is_batch(const State *s, const Val *v)
{
	int64_t n;
	return v->type->dtype != DT_tuple && v->type->rank >= 1 && size_is_const(v->type->size[0], &n) && n == s->n;
}

/* ---- which values */

/* a contraction of windows, of which this is the operand with the images */
static int images_of(const State *s, const Val *v)
{
	if (v->op != OP_contraction)
		return -1;
	for (int k = 0; k < 2; k++)
		if (v->in[k]->op == OP_windows && v->in[k]->type->rank >= 4 && (!s || is_batch(s, v->in[k])))
			return k;
	return -1;
}

/* the operand k has the label of the batch, if at all, as its first axis, and as large */
static bool fits(const State *s, const Val *v, int k, int batch)
{
	int axis = axis_of_label(labels_of(v, k), v->in[k]->type->rank, batch);
	return axis < 0 || (axis == 0 && is_batch(s, v->in[k]));
}

static bool contraction_inside(const State *s, const Val *v)
{
	int k = images_of(s, v);
	if (k < 0)
		return false;
	int batch = labels_of(v, k)[0];
	return v->attr.contraction.out[0] == batch && fits(s, v, 0, batch) && fits(s, v, 1, batch) &&
	       dtype_is_float(v->type->dtype);
}

/* a sum over the images */
static bool contraction_over(const State *s, const Val *v)
{
	int k = images_of(s, v);
	if (k < 0 || !dtype_is_float(v->type->dtype))
		return false;
	int batch = labels_of(v, k)[0];
	return axis_of_label(v->attr.contraction.out, v->attr.contraction.nout, batch) < 0 &&
	       axis_of_label(labels_of(v, 1 - k), v->in[1 - k]->type->rank, batch) == 0;
}

/* it could be made with lanes, of operands with lanes */
static bool may(const State *s, const Val *v)
{
	const Size *const *lo = v->attr.pad.lo, *const *hi = v->attr.pad.hi;
	int64_t c, d;
	if (!is_batch(s, v) || v->type->rank < 3 || v->type->rank + 1 > MAX_RANK)
		return false;
	if (op_info(v->op)->elementwise)
		return true;
	switch (v->op) {
	case OP_windows: return v->attr.windows.axis > 0 && s->inside[v->in[0]->id];
	case OP_pad:
		return size_is_const(lo[0], &c) && size_is_const(hi[0], &d) && c == 0 && d == 0 && v->attr.pad.gap[0] == 0;
	case OP_reduce: return !(v->attr.reduce.axes & 1);
	case OP_reshape: return is_batch(s, v->in[0]) && s->inside[v->in[0]->id];
	case OP_transpose: return v->attr.transpose.perm[0] == 0;
	case OP_slice:
		return v->nin == 1 && v->attr.slice.step[0] == 1 && size_is_const(v->attr.slice.start[0], &c) && c == 0 &&
		       is_batch(s, v->in[0]);
	case OP_broadcast: return true;
	case OP_contraction: return contraction_inside(s, v);
	default: return false;
	}
}

/* from outside it is brought into lanes: elementwise work and views alone are no reason to */
static bool near(const State *s, const Val *v)
{
	for (int k = 0; k < v->nin; k++)
		if (s->inside[v->in[k]->id])
			return true;
	return images_of(s, v) >= 0;
}

static void mark_sources(State *s, const Val *v)
{
	if (s->inside[v->id] || !is_batch(s, v) || v->type->rank < 3 || v->type->rank + 1 > MAX_RANK)
		return;
	bool source = op_info(v->op)->elementwise || v->op == OP_pad || v->op == OP_windows || v->op == OP_broadcast;
	if (!source || (v->op == OP_pad && !may(s, v)) || (v->op == OP_windows && v->attr.windows.axis == 0))
		return;
	s->inside[v->id] = true;
	for (int k = 0; k < v->nin; k++)
		mark_sources(s, v->in[k]);
}

static void mark(State *s)
{
	for (int i = 0; i < s->in->vals.len; i++) {
		const Val *v = s->in->vals.data[i];
		int k = images_of(s, v);
		if (k >= 0 && (contraction_inside(s, v) || contraction_over(s, v)))
			mark_sources(s, v->in[k]);
		if (!may(s, v) || !near(s, v))
			continue;
		s->inside[i] = true;
		for (int j = 0; op_info(v->op)->elementwise && j < v->nin; j++)
			mark_sources(s, v->in[j]);
	}
}

/* ---- zeros: the images that fill up add nothing to a sum over the batch */

static bool is_zero(const Val *v)
{
	return is_number(v, 0);
}

/* makes v zero there, by zeros from outside; false: that cannot be */
static bool make_zero(State *s, const Val *v, int depth)
{
	if (depth > 100 || !is_batch(s, v))
		return false;
	if (!s->inside[v->id])
		return s->zero[v->id] = true;
	switch (v->op) {
	case OP_mul: return make_zero(s, v->in[0], depth + 1) || make_zero(s, v->in[1], depth + 1);
	case OP_neg:
	case OP_div:
	case OP_cast:
	case OP_windows:
	case OP_reshape:
	case OP_transpose:
	case OP_slice: return make_zero(s, v->in[0], depth + 1);
	case OP_pad: return v->attr.pad.fill == 0 && make_zero(s, v->in[0], depth + 1);
	case OP_broadcast: return v->attr.broadcast.axis[0] == 0 && is_batch(s, v->in[0]) && make_zero(s, v->in[0], depth + 1);
	case OP_add:
	case OP_sub: return make_zero(s, v->in[0], depth + 1) && make_zero(s, v->in[1], depth + 1);
	case OP_select:
		return is_zero(v->in[1]) ? make_zero(s, v->in[2], depth + 1)
					 : is_zero(v->in[2]) && make_zero(s, v->in[1], depth + 1);
	case OP_contraction: {
		int k = images_of(s, v);
		return make_zero(s, v->in[k], depth + 1);
	}
	default: return false;
	}
}

/* a sum over the batch can be made with lanes */
static bool sums_lanes(State *s, const Val *v)
{
	if (!contraction_over(s, v))
		return false;
	int k = images_of(s, v);
	const Val *other = v->in[1 - k];
	if (!s->inside[v->in[k]->id] || !s->inside[other->id] || other->type->rank + 1 > MAX_RANK)
		return false;
	return s->n % LANES == 0 || make_zero(s, other, 0);
}

/* ---- into lanes and out */

static void wide_sizes(const State *s, Arena *arena, const Type *t, const Size **size)
{
	size[0] = size_const(arena, s->blocks);
	for (int i = 1; i < t->rank; i++)
		size[i] = size_copy(arena, t->size[i]);
	size[t->rank] = size_const(arena, LANES);
}

static Val *filled_up(const State *s, Graph *g, Val *x, bool zero)
{
	Arena *arena = g->arena;
	int64_t all = s->blocks * LANES;
	if (all == s->n)
		return x;
	Attr attr = {0};
	if (zero) {
		for (int i = 0; i < x->type->rank; i++)
			attr.pad.lo[i] = attr.pad.hi[i] = size_const(arena, 0);
		attr.pad.hi[0] = size_const(arena, all - s->n);
		return build(g, x->loc, OP_pad, 1, &x, &attr, NULL);
	}
	const Size *n = size_const(arena, all);
	Val *last = build_const(g, x->loc, DT_int64, 0, s->n - 1);
	Val *index = build_elem(g, x->loc, OP_min, build_iota(g, x->loc, type_array(arena, DT_int64, 1, &n), DT_int64, 0), last, NULL);
	Val *in[] = {x, index};
	attr.gather.count = 1;
	return build(g, x->loc, OP_gather, 2, in, &attr, NULL);
}

static Val *into_lanes(const State *s, Graph *g, Val *x, bool zero)
{
	Arena *arena = g->arena;
	int rank = x->type->rank;
	const Size *size[MAX_RANK + 1];
	int8_t perm[MAX_RANK];
	x = filled_up(s, g, x, zero);
	size[0] = size_const(arena, s->blocks);
	size[1] = size_const(arena, LANES);
	for (int i = 1; i < rank; i++)
		size[i + 1] = x->type->size[i];
	Val *blocks = build_reshape(g, x->loc, x, rank + 1, size);
	perm[0] = 0;
	perm[rank] = 1;
	for (int i = 1; i < rank; i++)
		perm[i] = (int8_t)(i + 1);
	return build_transpose(g, x->loc, blocks, perm);
}

static Val *out_of_lanes(const State *s, Graph *g, const Val *v, Wide w)
{
	Arena *arena = g->arena;
	int rank = v->type->rank;
	const Size *size[MAX_RANK], *start[MAX_RANK];
	int64_t step[MAX_RANK];
	int8_t perm[MAX_RANK];
	perm[0] = 0;
	perm[1] = (int8_t)w.at;
	for (int i = 1; i < rank; i++)
		perm[i + 1] = (int8_t)(i < w.at ? i : i + 1);
	for (int i = 0; i < rank; i++) {
		size[i] = size_copy(arena, v->type->size[i]);
		start[i] = size_const(arena, 0);
		step[i] = 1;
	}
	const Size *n = size[0];
	size[0] = size_const(arena, s->blocks * LANES);
	Val *whole = build_reshape(g, v->loc, build_transpose(g, v->loc, w.v, perm), rank, size);
	size[0] = n;
	return s->blocks * LANES == s->n ? whole : build_slice(g, v->loc, whole, start, step, size);
}

/* ---- with lanes */

static Wide wide_of(State *s, Graph *g, const Val *old, Val *copied)
{
	Wide *w = &s->wide[old->id];
	if (!w->v)
		*w = (Wide){into_lanes(s, g, copied, s->zero[old->id]), old->type->rank};
	return *w;
}

/* the lanes last */
static Val *lanes_last(Graph *g, Wide w)
{
	int last = w.v->type->rank - 1;
	int8_t perm[MAX_RANK];
	if (w.at == last)
		return w.v;
	for (int i = 0; i < last; i++)
		perm[i] = (int8_t)(i < w.at ? i : i + 1);
	perm[last] = (int8_t)w.at;
	return build_transpose(g, w.v->loc, w.v, perm);
}

static Val *last_of(State *s, Graph *g, const Val *v, Val *const *in, int k)
{
	return lanes_last(g, wide_of(s, g, v->in[k], in[k]));
}

/* labels of an operand, with that of the lanes */
static void wide_labels(const int8_t *label, int rank, int at, int lanes, int8_t *wide)
{
	for (int i = 0; i < rank; i++)
		wide[i < at ? i : i + 1] = label[i];
	wide[at] = (int8_t)lanes;
}

static int free_label(const Val *v)
{
	bool used[26] = {false};
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < v->in[k]->type->rank; i++)
			used[labels_of(v, k)[i]] = true;
	int l = 0;
	while (l < 26 && used[l])
		l++;
	return l;
}

/* parts: of a sum over the batch, one for each block of images, as the first axis */
static Val *wide_contraction(State *s, Graph *g, const Val *v, Val *const *in, bool parts)
{
	Attr attr = v->attr;
	int lanes = free_label(v), batch = labels_of(v, images_of(s, v))[0], nout = v->attr.contraction.nout;
	Val *pair[2];
	for (int k = 0; k < 2; k++) {
		pair[k] = in[k];
		if (v->in[k]->type->rank == 0 || labels_of(v, k)[0] != batch)
			continue;
		Wide w = wide_of(s, g, v->in[k], in[k]);
		pair[k] = w.v;
		wide_labels(labels_of(v, k), v->in[k]->type->rank, w.at, lanes, k ? attr.contraction.b : attr.contraction.a);
	}
	if (nout && v->attr.contraction.out[0] == batch)
		attr.contraction.out[attr.contraction.nout++] = (int8_t)lanes;
	for (int i = attr.contraction.nout; parts && i > 0; i--)
		attr.contraction.out[i] = attr.contraction.out[i - 1];
	if (parts) {
		attr.contraction.out[0] = (int8_t)batch;
		attr.contraction.nout++;
	}
	return build(g, v->loc, OP_contraction, 2, pair, &attr, NULL);
}

/* A block's part of the sum is made of what lies close together, and threads share out the blocks: where all parts are no more
 * than the operands. */
static bool has_parts(const State *s, const Val *v)
{
	enum { MOST_PARTS = 64 };
	int64_t part, n, operands = 0;
	for (int k = 0; k < 2; k++) {
		const Val *x = v->in[k];
		while (x->op == OP_windows)
			x = x->in[0];
		if (!size_is_const(type_count(s->cx->out, x->type), &n))
			return false;
		operands += n;
	}
	return s->blocks <= MOST_PARTS && v->type->rank < MAX_RANK && v->type->rank > 0 &&
	       size_is_const(type_count(s->cx->out, v->type), &part) && part <= operands / s->blocks;
}

static Val *wide_sum(State *s, Graph *g, const Val *v, Val *const *in)
{
	const bool parts = has_parts(s, v);
	Val *sum = wide_contraction(s, g, v, in, parts);
	if (!parts)
		return sum;
	/* rows of a part as one axis: they are added along it */
	const Size *size[3] = {sum->type->size[0], sum->type->size[1], size_const(g->arena, 1)};
	for (int i = 2; i < sum->type->rank; i++)
		size[2] = size_mul(g->arena, size[2], sum->type->size[i]);
	sum = build_reduce(g, v->loc, REDUCE_sum, build_reshape(g, v->loc, sum, 3, size), 1);
	return build_reshape(g, v->loc, sum, v->type->rank, v->type->size);
}

static Val *wide_broadcast(State *s, Graph *g, const Val *v, Val *const *in)
{
	Attr attr = v->attr;
	int rank = v->in[0]->type->rank;
	const Size *size[MAX_RANK];
	wide_sizes(s, g->arena, v->type, size);
	if (rank == 0 || v->attr.broadcast.axis[0] != 0 || !is_batch(s, v->in[0]))
		return build_broadcast(g, v->loc, in[0], v->type->rank + 1, size, attr.broadcast.axis);
	attr.broadcast.axis[rank] = (int8_t)v->type->rank;
	return build_broadcast(g, v->loc, last_of(s, g, v, in, 0), v->type->rank + 1, size, attr.broadcast.axis);
}

static Val *wide_pad(State *s, Graph *g, const Val *v, Val *const *in)
{
	Attr attr = attr_copy(g->arena, v);
	Val *x = last_of(s, g, v, in, 0);
	int rank = v->type->rank;
	attr.pad.lo[rank] = attr.pad.hi[rank] = size_const(g->arena, 0);
	attr.pad.gap[rank] = 0;
	return build(g, v->loc, OP_pad, 1, &x, &attr, NULL);
}

static Val *wide_slice(State *s, Graph *g, const Val *v, Val *const *in)
{
	Attr attr = attr_copy(g->arena, v);
	int rank = v->type->rank;
	const Size *size[MAX_RANK];
	wide_sizes(s, g->arena, v->type, size);
	attr.slice.start[rank] = size_const(g->arena, 0);
	attr.slice.step[rank] = 1;
	return build_slice(g, v->loc, last_of(s, g, v, in, 0), attr.slice.start, attr.slice.step, size);
}

static Wide made(State *s, Graph *g, const Val *v, Val *const *in)
{
	int rank = v->type->rank;
	const Size *size[MAX_RANK];
	int8_t perm[MAX_RANK];
	if (op_info(v->op)->elementwise) {
		Val *arg[3] = {NULL, NULL, NULL};
		for (int k = 0; k < v->nin; k++)
			arg[k] = v->in[k]->type->rank ? last_of(s, g, v, in, k) : in[k];
		return (Wide){v->op == OP_cast ? build_cast(g, v->loc, arg[0], v->type->dtype)
					       : build_elem(g, v->loc, v->op, arg[0], arg[1], arg[2]), rank};
	}
	switch (v->op) {
	case OP_windows: {
		Wide w = wide_of(s, g, v->in[0], in[0]);
		Attr attr = attr_copy(g->arena, v);
		if (attr.windows.axis >= w.at)
			attr.windows.axis++;
		return (Wide){build(g, v->loc, OP_windows, 1, &w.v, &attr, NULL), w.at};
	}
	case OP_pad: return (Wide){wide_pad(s, g, v, in), rank};
	case OP_reduce: return (Wide){build_reduce(g, v->loc, v->attr.reduce.kind, last_of(s, g, v, in, 0), v->attr.reduce.axes), rank};
	case OP_reshape:
		wide_sizes(s, g->arena, v->type, size);
		return (Wide){build_reshape(g, v->loc, last_of(s, g, v, in, 0), rank + 1, size), rank};
	case OP_transpose:
		for (int i = 0; i < rank; i++)
			perm[i] = v->attr.transpose.perm[i];
		perm[rank] = (int8_t)rank;
		return (Wide){build_transpose(g, v->loc, last_of(s, g, v, in, 0), perm), rank};
	case OP_slice: return (Wide){wide_slice(s, g, v, in), rank};
	case OP_broadcast: return (Wide){wide_broadcast(s, g, v, in), rank};
	case OP_contraction: return (Wide){wide_contraction(s, g, v, in, false), rank};
	default: internal_error("%s has no form with lanes", op_info(v->op)->name);
	}
}

/* the sum over images and more: first over what is more */
static Val *two_sums(State *s, Graph *g, const Val *v, Val *const *in)
{
	Val *x = build_reduce(g, v->loc, v->attr.reduce.kind, last_of(s, g, v, in, 0), v->attr.reduce.axes & ~UINT32_C(1));
	const Type *t = v->in[0]->type;
	const Size *size[MAX_RANK];
	int rank = 0;
	for (int i = 0; i < t->rank; i++)
		if (i == 0 || !(v->attr.reduce.axes >> i & 1))
			size[rank++] = t->size[i];
	Val image = {.type = type_array(g->arena, t->dtype, rank, size), .loc = v->loc};
	return build_reduce(g, v->loc, v->attr.reduce.kind, out_of_lanes(s, g, &image, (Wide){x, rank}), 1);
}

static bool sums_more(const State *s, const Val *v)
{
	return v->op == OP_reduce && s->inside[v->in[0]->id] && v->attr.reduce.axes & 1 && v->attr.reduce.axes != 1 &&
	       v->attr.reduce.kind != REDUCE_argmax && v->attr.reduce.kind != REDUCE_argmin;
}

static Val *rule(Rewrite *r, Graph *g, const Val *v, Val *const *in)
{
	State *s = r->state;
	if (v->graph != s->in)
		return NULL;
	if (s->inside[v->id]) {
		Wide w = made(s, g, v, in);
		if (v->name && !w.v->name)
			w.v->name = arena_printf(g->arena, "%s", v->name);
		s->wide[v->id] = w;
		return out_of_lanes(s, g, v, w);
	}
	if (sums_lanes(s, v))
		return wide_sum(s, g, v, in);
	return sums_more(s, v) ? two_sums(s, g, v, in) : NULL;
}

/* the number of images of the convolutions; 0: none that is known and fills blocks */
static int64_t images(const Graph *g)
{
	for (int i = 0; i < g->vals.len; i++) {
		const Val *v = g->vals.data[i];
		int k = images_of(NULL, v);
		int64_t n;
		if (k >= 0 && v->attr.contraction.nout && v->attr.contraction.out[0] == labels_of(v, k)[0] &&
		    size_is_const(v->in[k]->type->size[0], &n) && n >= LEAST_BLOCKS * LANES)
			return n;
	}
	return 0;
}

Graph *pass_lanes(PassCx *cx, const Graph *in)
{
	State *s = NEW(cx->out, State);
	*s = (State){.cx = cx, .in = in, .n = cx->options->lanes ? images(in) : 0};
	if (!s->n)
		return rewrite(in, cx->out, &(Rewrite){0});
	s->blocks = (s->n + LANES - 1) / LANES;
	s->inside = NEW_ARRAY(cx->out, bool, in->vals.len + 1);
	s->zero = NEW_ARRAY(cx->out, bool, in->vals.len + 1);
	s->wide = NEW_ARRAY(cx->out, Wide, in->vals.len + 1);
	mark(s);
	for (int i = 0; i < in->vals.len; i++)
		sums_lanes(s, in->vals.data[i]);
	return rewrite(in, cx->out, &(Rewrite){.rule = rule, .state = s});
}
