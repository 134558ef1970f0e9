/* body_move.c -- what is put together in memory: concat, pad with gaps, cumsum, and parts replaced in a copy
 *
 * Replacing a part stores into a copy of the operand that another piece makes; of an old state value
 * there is no copy: it happens in place. */
#include "tile.h"

static Items *open_all(Build *b, Items *items, int from, int rank, const Size *const *size, Ix *ix, bool simd)
{
	for (int d = from; d < rank; d++)
		items = open_axis(b, items, d, simd && d == rank - 1 ? AXIS_SIMD : AXIS_SEQ, size[d], &ix[d]);
	return items;
}

/* with rows, the first axis is the row */
static int first_axis(Build *b, Ix *ix)
{
	if (!b->row)
		return 0;
	ix[0] = ix_at(b->row);
	return 1;
}

static void body_concat(Build *b, const Piece *p, Items *items)
{
	const Val *v = p->val;
	int axis = v->attr.concat.axis, rank = v->type->rank;
	const Size *offset = size_const(b->arena, 0);
	for (int k = 0; k < v->nin; k++) {
		const Type *t = v->in[k]->type;
		Ix ix[MAX_RANK], out[MAX_RANK];
		int from = first_axis(b, ix);
		Items *in = open_all(b, items, from, rank, t->size, ix, true);
		for (int d = 0; d < rank; d++)
			out[d] = ix[d];
		out[axis] = ix_scaled(b, ix[axis], 1, ix_at(offset));
		const int memo = b->memo.len; /* of other axes */
		target_store(b, p, in, rank, out, STORE_SET, element(b, v->in[k], ix));
		b->memo.len = memo;
		offset = size_add(b->arena, offset, t->size[axis]);
	}
}

static void body_pad(Build *b, const Piece *p, Items *items)
{
	const Val *v = p->val, *x = v->in[0];
	int rank = v->type->rank;
	DType dtype = v->type->dtype;
	Ix ix[MAX_RANK], out[MAX_RANK];
	int from = first_axis(b, ix);
	Items *in = open_all(b, items, from, rank, v->type->size, ix, true);
	double fill = v->attr.pad.fill;
	target_store(b, p, in, rank, ix, STORE_SET, node_const(b, dtype, fill, (int64_t)fill));
	in = open_all(b, items, from, rank, x->type->size, ix, true);
	for (int d = 0; d < rank; d++)
		out[d] = ix_scaled(b, ix[d], v->attr.pad.gap[d] + 1, ix_at(size_resolve(b->arena, v->attr.pad.lo[d])));
	target_store(b, p, in, rank, out, STORE_SET, element(b, x, ix));
}

static void body_cumsum(Build *b, const Piece *p, Items *items)
{
	const Val *v = p->val;
	int axis = v->attr.cumsum.axis, rank = v->type->rank;
	const Size *const *size = v->type->size, *one = size_const(b->arena, 1);
	Ix ix[MAX_RANK];
	int from = first_axis(b, ix);
	for (int d = from; d < rank; d++)
		if (d != axis)
			items = open_axis(b, items, d, AXIS_SEQ, size[d], &ix[d]);
	Buffer *acc = new_buffer(b, "sum", v->type->dtype, WHERE_REG, 0, NULL);
	add_buffer(b, items, acc);
	add_store(b, items, access_scalar(acc), STORE_SET, node_const(b, v->type->dtype, 0, 0));
	items = open_axis(b, items, 9, AXIS_SEQ, size[axis], &ix[axis]);
	if (v->attr.cumsum.reverse)
		ix[axis] = ix_at(size_sub(b->arena, size_sub(b->arena, size[axis], one), ix[axis].at));
	/* adjacent stores: both from the sum before */
	const Node *x = element(b, v->in[0], ix), *next = node_row(b, OP_add, v->type->dtype, load_of(b, access_scalar(acc)), x, NULL);
	target_store(b, p, items, rank, ix, STORE_SET, next);
	add_store(b, items, access_scalar(acc), STORE_SET, next);
}

static void body_set_slice(Build *b, const Piece *p, Items *items)
{
	const Val *v = p->val;
	int rank = v->type->rank;
	Ix ix[MAX_RANK], out[MAX_RANK];
	int from = first_axis(b, ix);
	items = open_all(b, items, from, rank, v->in[1]->type->size, ix, true);
	slice_index(b, v, v->in[1]->type->size, ix, out);
	target_store(b, p, items, rank, out, STORE_SET, element(b, v->in[1], ix));
}

enum {
	MANY_ELEMENTS = 1 << 18, /* of which each goes through all that is added, at a cost */
	BLOCK_THREADS = 256, /* that add to a row */
	MOST_LANES = 32,
	MOST_OWN = 8 /* elements of a thread: it looks at an index once for all of them */
};

/* For a GPU, what is added to few elements: a thread has an element, and takes what is meant for it, in the same order. */
static bool by_elements(const Target *target, const Val *v)
{
	double n = 1;
	for (int d = 0; d < v->type->rank; d++)
		n *= (double)size_guess(v->type->size[d]);
	return target->gpu && v->op == OP_scatter_add && v->nin > 2 && v->in[2]->type->rank > 0 && n <= MANY_ELEMENTS;
}

static int64_t own_elements(int64_t columns)
{
	int64_t own = MOST_OWN;
	while (columns % own)
		own /= 2;
	return own;
}

/* of a row of the table; 0: not known */
static int64_t row_columns(const Type *table)
{
	int64_t n = 1;
	return table->rank == 1 || (table->rank == 2 && size_is_const(table->size[1], &n)) ? n : 0;
}

/* Of a table with rows of few elements, that are chosen by one index, a block has a row: several of its threads have the same
 * elements, and each a part of what is added.  How many; 0: not so */
static int64_t scatter_lanes(const Target *target, const Val *v)
{
	const int64_t columns = row_columns(v->type);
	int64_t lanes = MOST_LANES;
	double indices = 1;
	if (!by_elements(target, v) || v->attr.gather.axis > 0 || v->attr.gather.count > 1 || columns == 0)
		return 0;
	for (int d = 0; d < v->in[2]->type->rank; d++)
		indices *= (double)size_guess(v->in[2]->type->size[d]);
	if (indices <= MOST_LANES)
		return 0;
	while (lanes > 1 && columns / own_elements(columns) * lanes > BLOCK_THREADS)
		lanes /= 2;
	return lanes > 1 ? lanes : 0;
}

/* what is there already; it is no read that others need to know of, as that of STORE_ADD is none */
static const Node *own_element(Build *b, const Piece *p, const Ix *out)
{
	Piece *noted = b->piece;
	b->piece = NULL;
	const Node *n = load_buf(b, p->target, p->at, p->val->type->rank, out);
	b->piece = noted;
	return node_cast(b, n, p->val->type->dtype);
}

/* the indices of lane l along an axis: a part of as many as the others', which may be cut short */
static void bound_by_lane(Build *b, Axis *axis, const Size *n, const Size *l, int64_t lanes)
{
	Arena *arena = b->arena;
	const Size *each = size_floordiv(arena, size_add(arena, n, size_const(arena, lanes - 1)), lanes);
	const Size **bound = NEW_ARRAY(arena, const Size *, 3);
	bound[0] = size_mul(arena, each, l);
	bound[1] = size_add(arena, bound[0], each);
	bound[2] = n;
	axis->lo = bound;
	axis->nlo = 1;
	axis->hi = bound + 1;
	axis->nhi = size_equal(size_scale(arena, each, lanes), n) ? 1 : 2;
}

/* thread l, c: sum[l][c ..] = what is meant for the row of part l of the indices; then thread j: row[j] += sum[0][j] + sum[1][j] .. */
static void scatter_by_lanes(Build *b, const Piece *p, Items *items, int64_t lanes)
{
	Arena *arena = b->arena;
	const Val *v = p->val, *part = v->in[1];
	const int rank = v->type->rank, nix = v->in[2]->type->rank;
	DType dtype = v->type->dtype;
	const int64_t columns = row_columns(v->type), own = own_elements(columns);
	const Size *extent[2] = {size_const(arena, lanes), size_const(arena, columns)}, *few = size_const(arena, own);
	Buffer *sum = new_buffer(b, "sum", dtype, WHERE_STACK, 2, extent), *acc = new_buffer(b, "acc", dtype, WHERE_REG, 1, &few);
	add_buffer(b, items, sum);

	Ix ix[MAX_RANK], l, c, u;
	Items *in = open_axis(b, items, 3, AXIS_SIMD, extent[0], &l);
	in = open_axis(b, in, 1, AXIS_SIMD, size_const(arena, columns / own), &c);
	add_buffer(b, in, acc);
	Items *each = open_axis(b, in, 8, AXIS_UNROLL, few, &u);
	add_store(b, each, access_at(acc, u.at), STORE_SET, node_const(b, dtype, 0, 0));
	int longest = 0;
	for (int d = 1; d < nix; d++)
		if (size_guess(part->type->size[d]) > size_guess(part->type->size[longest]))
			longest = d;
	each = in;
	for (int d = 0; d < nix; d++) {
		Axis *a = new_axis(b, d == 0 ? "v" : "w", AXIS_SEQ, part->type->size[d]);
		if (d == longest)
			bound_by_lane(b, a, part->type->size[d], l.at, lanes);
		each = &open_nest(b, each, a)->body;
		ix[d] = ix_at(axis_index(arena, a));
	}
	const Node *is = node_row(b, OP_eq, DT_bool, ix_value(b, gather_index(b, v, 0, ix)), node_index(b, b->row), NULL);
	each = open_axis(b, each, 8, AXIS_UNROLL, few, &u);
	ix[nix] = ix_at(size_add(arena, size_scale(arena, c.at, own), u.at));
	const Node *so_far = load_of(b, access_at(acc, u.at));
	const Node *more = node_row(b, OP_add, dtype, so_far, element(b, part, ix), NULL);
	Node *chosen = (Node *)(uintptr_t)node_row(b, OP_select, dtype, is, more, so_far);
	chosen->seldom = true;
	add_store(b, each, access_at(acc, u.at), STORE_SET, chosen);
	each = open_axis(b, in, 8, AXIS_UNROLL, few, &u);
	Access of_lane = {.buffer = sum};
	of_lane.index[0].affine = l.at;
	of_lane.index[1].affine = size_add(arena, size_scale(arena, c.at, own), u.at);
	add_store(b, each, of_lane, STORE_SET, load_of(b, access_at(acc, u.at)));

	Ix out[MAX_RANK] = {ix_at(b->row), ix_at(size_const(arena, 0))};
	if (rank > 1)
		items = open_axis(b, items, 1, AXIS_SIMD, extent[1], &out[1]);
	Buffer *total = new_buffer(b, "total", dtype, WHERE_REG, 0, NULL);
	add_buffer(b, items, total);
	add_store(b, items, access_scalar(total), STORE_SET, own_element(b, p, out));
	in = open_axis(b, items, 3, AXIS_SEQ, extent[0], &l);
	of_lane.index[0].affine = l.at;
	of_lane.index[1].affine = out[1].at;
	accumulate(b, in, access_scalar(total), REDUCE_sum, load_of(b, of_lane));
	target_store(b, p, items, rank, out, STORE_SET, load_of(b, access_scalar(total)));
}

static void scatter_by_elements(Build *b, const Piece *p, Items *items)
{
	const Val *v = p->val, *part = v->in[1];
	int axis = v->attr.gather.axis, count = v->attr.gather.count, rank = v->type->rank, nix = v->in[2]->type->rank;
	DType dtype = v->type->dtype;
	Ix ix[MAX_RANK], out[MAX_RANK];
	int from = first_axis(b, out);
	items = open_all(b, items, from, rank, v->type->size, out, false);
	Buffer *acc = new_buffer(b, "sum", dtype, WHERE_REG, 0, NULL);
	const Node *sum = load_of(b, access_scalar(acc)), *own = NULL;
	add_buffer(b, items, acc);
	add_store(b, items, access_scalar(acc), STORE_SET, own_element(b, p, out));
	for (int d = 0; d < axis; d++)
		ix[d] = out[d];
	for (int d = axis + nix; d < part->type->rank; d++)
		ix[d] = out[d - nix + count];
	Items *in = items;
	for (int d = axis; d < axis + nix; d++)
		in = open_axis(b, in, 9 + d, AXIS_SEQ, part->type->size[d], &ix[d]);
	for (int k = 0; k < count; k++) {
		const Node *is = node_row(b, OP_eq, DT_bool, ix_value(b, gather_index(b, v, k, ix)), ix_value(b, out[axis + k]), NULL);
		own = own ? node_row(b, OP_and, DT_bool, own, is, NULL) : is;
	}
	const Node *more = node_row(b, OP_add, dtype, sum, element(b, part, ix), NULL);
	add_store(b, in, access_scalar(acc), STORE_SET, node_row(b, OP_select, dtype, own, more, sum));
	target_store(b, p, items, rank, out, STORE_SET, sum);
}

static void body_scatter(Build *b, const Piece *p, Items *items)
{
	const int64_t lanes = scatter_lanes(b->target, p->val);
	if (lanes) {
		scatter_by_lanes(b, p, items, lanes);
		return;
	}
	if (by_elements(b->target, p->val)) {
		scatter_by_elements(b, p, items);
		return;
	}
	const Val *v = p->val, *part = v->in[1];
	int axis = v->attr.gather.axis, count = v->attr.gather.count, rank = v->type->rank;
	int nix = v->nin > 2 ? v->in[2]->type->rank : 0, nv = part->type->rank;
	Ix ix[MAX_RANK], out[MAX_RANK];
	int from = first_axis(b, ix);
	items = open_all(b, items, from, nv, part->type->size, ix, axis + nix < nv);
	for (int d = 0; d < axis; d++)
		out[d] = ix[d];
	for (int k = 0; k < count; k++)
		out[axis + k] = gather_index(b, v, k, ix);
	for (int d = axis + count; d < rank; d++)
		out[d] = ix[d - count + nix];
	target_store(b, p, items, rank, out, v->op == OP_scatter_add ? STORE_ADD : STORE_SET, element(b, part, ix));
}

static bool whole_axis(Arena *arena, const Val *v, int d)
{
	const Size *zero = size_const(arena, 0);
	if (v->op == OP_pad)
		return size_equal(v->attr.pad.lo[d], zero) && size_equal(v->attr.pad.hi[d], zero) && !v->attr.pad.gap[d];
	return size_equal(v->attr.slice.start[d], zero) && v->attr.slice.step[d] == 1 &&
	       size_equal(v->in[1]->type->size[d], v->type->size[d]);
}

void plan_move(Scope *s, Piece *p)
{
	Arena *arena = s->L->arena;
	const Val *v = p->val;
	bool rows = v->type->rank > 1;
	switch (v->op) {
	case OP_concat:
		p->body = body_concat;
		rows = rows && v->attr.concat.axis > 0;
		break;
	case OP_pad:
		p->body = body_pad;
		rows = rows && whole_axis(arena, v, 0);
		break;
	case OP_cumsum:
		p->body = body_cumsum;
		rows = rows && v->attr.cumsum.axis > 0;
		break;
	case OP_set_slice:
		p->body = body_set_slice;
		rows = rows && whole_axis(arena, v, 0);
		break;
	default:
		p->body = body_scatter;
		rows = rows && v->attr.gather.axis > 0;
		const int64_t lanes = scatter_lanes(s->L->options->target, v);
		if (lanes) {
			rows = true;
			p->block_rows = 1;
			p->shared = lanes * row_columns(v->type) * dtype_bytes(v->type->dtype);
		}
		break;
	}
	p->form = rows ? FORM_ROW : FORM_WHOLE;
	p->rows = rows ? v->type->size[0] : NULL;
	p->work = type_count(arena, v->type);
}
