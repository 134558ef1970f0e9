/* body_reduce.c -- reductions: along a row, or over the rows */
#include "tile.h"

typedef struct Reduce {
	const Val *v;
	ReduceKind kind;
	DType dtype;
	int rank, nkept, ngone;
	const Size *const *size; /* of what is reduced, the operand or a full product */
	int kept[MAX_RANK], gone[MAX_RANK]; /* its axes */
	Ix ix[MAX_RANK];
} Reduce;

/* also a contraction to a scalar: the sum of a product over all labels */
static Reduce reduce_of(const Val *v)
{
	const Type *t = v->in[0]->type;
	bool product = v->op == OP_contraction;
	Reduce r = {.v = v, .kind = product ? REDUCE_sum : v->attr.reduce.kind, .dtype = t->dtype, .rank = t->rank, .size = t->size};
	for (int i = 0; i < r.rank; i++)
		if (product || v->attr.reduce.axes >> i & 1)
			r.gone[r.ngone++] = i;
		else
			r.kept[r.nkept++] = i;
	return r;
}

static const Node *value_of(Build *b, const Reduce *r)
{
	const Val *v = r->v;
	if (v->op != OP_contraction)
		return element(b, v->in[0], r->ix);
	Ix ix[MAX_RANK];
	for (int i = 0; i < r->rank; i++)
		for (int k = 0; k < r->rank; k++)
			if (v->attr.contraction.b[i] == v->attr.contraction.a[k])
				ix[i] = r->ix[k];
	return node_row(b, OP_mul, r->dtype, element(b, v->in[0], r->ix), element(b, v->in[1], ix), NULL);
}

static const Node *reduced_element(Build *b, void *data, const Ix *axes)
{
	Reduce *r = data;
	int first = r->ngone && b->row && r->gone[0] == 0 && b->piece_outer ? 1 : 0;
	for (int k = first; k < r->ngone; k++)
		r->ix[r->gone[k]] = axes[k - first];
	return value_of(b, r);
}

static const Node *is_nan(Build *b, const Node *n)
{
	return node_row(b, OP_isnan, DT_bool, n, NULL, NULL);
}

/* of floats: a NaN is better than any number */
static const Node *is_better(Build *b, const Reduce *r, const Node *x, const Node *old)
{
	const bool greater = r->kind == REDUCE_argmax;
	if (!dtype_is_float(r->dtype))
		return node_row(b, greater ? OP_gt : OP_lt, DT_bool, x, old, NULL);
	const Node *worse = node_row(b, greater ? OP_le : OP_ge, DT_bool, x, old, NULL);
	const Node *number = node_row(b, OP_not, DT_bool, is_nan(b, old), NULL, NULL);
	return node_row(b, OP_and, DT_bool, node_row(b, OP_not, DT_bool, worse, NULL, NULL), number, NULL);
}

/* The best so far and where: a pair of stores, both from the old best. */
static const Buffer *arg_loop(Build *b, Items *items, Reduce *r)
{
	DType dtype = r->dtype;
	const Size *zero = size_const(b->arena, 0), *n = r->size[r->gone[0]];
	Buffer *best = new_buffer(b, "best", dtype, WHERE_REG, 0, NULL), *arg = new_buffer(b, "arg", DT_int64, WHERE_REG, 0, NULL);
	add_buffer(b, items, best);
	add_buffer(b, items, arg);
	Ix first = ix_at(zero);
	add_store(b, items, access_scalar(best), STORE_SET, reduced_element(b, r, &first));
	add_store(b, items, access_scalar(arg), STORE_SET, node_const(b, DT_int64, 0, 0));
	Axis *a = new_axis(b, "j", AXIS_SEQ, n);
	const Size **lo = NEW_ARRAY(b->arena, const Size *, 1);
	lo[0] = size_const(b->arena, 1);
	a->lo = lo;
	a->nlo = 1;
	items = &open_nest(b, items, a)->body;
	Ix at = ix_at(axis_index(b->arena, a));
	const Node *x = reduced_element(b, r, &at), *old = load_of(b, access_scalar(best));
	const Node *better = is_better(b, r, x, old);
	const Node *where = node_row(b, OP_select, DT_int64, better, node_index(b, at.at), load_of(b, access_scalar(arg)));
	add_store(b, items, access_scalar(arg), STORE_SET, where);
	add_store(b, items, access_scalar(best), STORE_SET, node_row(b, OP_select, dtype, better, x, old));
	return arg;
}

typedef struct Sought {
	Reduce *r;
	const Buffer *best;
} Sought;

/* where the element is the best one: its index, else one beyond all */
static const Node *sought_index(Build *b, void *data, const Ix *axes)
{
	const Sought *s = data;
	const Node *x = reduced_element(b, s->r, axes), *is = node_row(b, OP_eq, DT_bool, x, load_of(b, access_scalar(s->best)), NULL);
	if (dtype_is_float(s->r->dtype))
		is = node_row(b, OP_or, DT_bool, is, is_nan(b, x), NULL);
	return node_row(b, OP_select, DT_int64, is, node_index(b, axes[0].at), identity(b, REDUCE_min, DT_int64));
}

/* For many threads: the best of the row, in which a NaN stays, and then the first place that has it. */
static const Node *arg_in_lanes(Build *b, Items *items, Reduce *r)
{
	const Size *const *size = &r->size[r->gone[0]];
	Sought s = {r, new_buffer(b, "best", r->dtype, WHERE_REG, 0, NULL)};
	const Node *best = reduce_loop(b, items, "most", r->dtype, r->kind == REDUCE_argmax ? REDUCE_max : REDUCE_min, 1, size, reduced_element, r);
	add_buffer(b, items, s.best);
	add_store(b, items, access_scalar(s.best), STORE_SET, best);
	return reduce_loop(b, items, "arg", DT_int64, REDUCE_min, 1, size, sought_index, &s);
}

/* ---- of a few elements: one expression, such as the window of a pool, or the parts of a product */

/* a sum of the elements of a few rows, which are long: all are read together, once */
static bool sums_rows(const Reduce *r)
{
	enum { FEW_ROWS = 8 };
	int64_t n;
	return r->ngone == 1 && r->gone[0] == 0 && size_is_const(r->size[0], &n) && n <= FEW_ROWS && dtype_is_float(r->dtype) &&
	       is_wide(r->size[r->rank - 1]);
}

bool is_few(const Val *v)
{
	enum { FEW = 16 };
	if (v->op != OP_reduce || v->attr.reduce.kind == REDUCE_prod)
		return false;
	Reduce r = reduce_of(v);
	if (r.kind == REDUCE_sum && !sums_rows(&r))
		return false;
	int64_t n, count = 1;
	for (int k = 0; k < r.ngone; k++) {
		if (!size_is_const(r.size[r.gone[k]], &n) || n < 1 || n > FEW)
			return false;
		count *= n;
	}
	return r.ngone && r.nkept && count <= FEW;
}

static const Node *few_element(Build *b, Reduce *r, int64_t number)
{
	for (int k = r->ngone - 1; k >= 0; k--) {
		int64_t n = 1;
		size_is_const(r->size[r->gone[k]], &n);
		r->ix[r->gone[k]] = ix_at(size_const(b->arena, number % n));
		number /= n;
	}
	return value_of(b, r);
}

static const Node *few_elements(Build *b, Reduce *r)
{
	enum { TRIPLED = 3 };
	bool arg = r->kind == REDUCE_argmax || r->kind == REDUCE_argmin;
	int64_t count = 1, n;
	for (int k = 0; k < r->ngone; k++)
		if (size_is_const(r->size[r->gone[k]], &n))
			count *= n;
	const Node *best = few_element(b, r, 0), *where = node_const(b, DT_int32, 0, 0);
	if (r->kind == REDUCE_sum) /* 0 + x, as in every sum: of -0 it is 0 */
		best = combine(b, r->kind, identity(b, r->kind, r->dtype), best);
	for (int64_t i = 1; i < count; i++) {
		const Node *x = few_element(b, r, i);
		if (!arg) {
			best = combine(b, r->kind, best, x);
			continue;
		}
		const Node *better = is_better(b, r, x, best);
		where = node_row(b, OP_select, DT_int32, better, node_const(b, DT_int32, 0, i), where);
		if (i == count - 1)
			break;
		/* what is chosen by `better` speaks of the best before three times: of many elements the tree would have 3^count nodes */
		best = i <= TRIPLED ? node_row(b, OP_select, r->dtype, better, x, best) : combine(b, r->kind == REDUCE_argmax ? REDUCE_max : REDUCE_min, best, x);
	}
	return arg ? node_cast(b, where, DT_int64) : best;
}

const Node *few_inline(Build *b, const Val *v, const Ix *ix)
{
	Reduce r = reduce_of(v);
	for (int k = 0; k < r.nkept; k++)
		r.ix[r.kept[k]] = ix[k];
	return few_elements(b, &r);
}

void body_few(Build *b, const Piece *p, Items *items)
{
	Reduce r = reduce_of(p->val);
	Ix out[MAX_RANK];
	for (int k = 0; k < r.nkept; k++) {
		if (k == 0 && b->row)
			out[k] = ix_at(b->row);
		else
			items = open_axis(b, items, k, k == r.nkept - 1 ? AXIS_SIMD : AXIS_SEQ, r.size[r.kept[k]], &out[k]);
	}
	b->store_rank = p->at ? -1 : r.nkept;
	b->store_ix = out;
	const Node *n = few_inline(b, p->val, out);
	b->store_rank = -1;
	target_store(b, p, items, r.nkept, out, STORE_SET, n);
}

void body_reduce(Build *b, const Piece *p, Items *items)
{
	Reduce r = reduce_of(p->val);
	ReduceKind kind = r.kind;
	bool arg = kind == REDUCE_argmax || kind == REDUCE_argmin;
	Ix out[MAX_RANK];
	int last = r.nkept > 1 && r.kept[r.nkept - 1] == r.rank - 1 && !arg ? r.nkept - 1 : r.nkept;
	for (int k = 0; k < last; k++) {
		if (k == 0 && b->row)
			out[k] = ix_at(b->row);
		else
			items = open_axis(b, items, k, AXIS_SEQ, r.size[r.kept[k]], &out[k]);
		r.ix[r.kept[k]] = out[k];
	}
	if (last < r.nkept) { /* the last axis stays: whole rows are added up */
		const Size *n = r.size[r.kept[last]];
		Items *in = open_axis(b, items, last, AXIS_SIMD, n, &out[last]);
		target_store(b, p, in, r.nkept, out, STORE_SET, identity(b, kind, r.dtype));
		in = items;
		Ix gone[MAX_RANK];
		for (int k = 0; k < r.ngone; k++)
			in = open_axis(b, in, 9 + k, AXIS_SEQ, r.size[r.gone[k]], &gone[k]);
		in = open_axis(b, in, last, AXIS_SIMD, n, &out[last]);
		r.ix[r.kept[last]] = out[last];
		const Node *x = reduced_element(b, &r, gone);
		accumulate(b, in, access_buf(b, p->target, p->at, r.nkept, out), kind, x);
		return;
	}
	const Node *result;
	if (arg && b->target->gpu && is_wide(r.size[r.gone[0]])) {
		result = arg_in_lanes(b, items, &r);
	} else if (arg) {
		result = load_of(b, access_scalar(arg_loop(b, items, &r)));
	} else {
		const Size *size[MAX_RANK];
		for (int k = 0; k < r.ngone; k++)
			size[k] = r.size[r.gone[k]];
		result = reduce_loop(b, items, "sum", r.dtype, kind, r.ngone, size, reduced_element, &r);
	}
	target_store(b, p, items, r.nkept, out, STORE_SET, result);
}

/* ---- over the rows: each block of rows has its part */

static Items *open_kept(Build *b, Items *items, const Reduce *r, Ix *out, bool simd)
{
	for (int k = 0; k < r->nkept; k++)
		items = open_axis(b, items, 1 + k, simd && k == r->nkept - 1 ? AXIS_SIMD : AXIS_SEQ, r->size[r->kept[k]], &out[k]);
	return items;
}

static Access part(Build *b, const Piece *p, int n, const Ix *out)
{
	Ix ix[MAX_RANK];
	ix[0] = ix_at(b->block_index);
	for (int k = 0; k < n; k++)
		ix[1 + k] = out[k];
	return access_buf(b, p->parts, NULL, n + 1, ix);
}

static const Buffer *scalar_part(const Build *b, const Piece *p)
{
	for (int i = 0; i < b->accs.len; i++)
		if (b->accs.data[i].piece == p)
			return b->accs.data[i].buffer;
	internal_error("a sum over rows has no accumulator");
}

void outer_begin(Build *b, const Piece *p, Items *items)
{
	Reduce r = reduce_of(p->val);
	ReduceKind kind = r.kind;
	const Node *start = identity(b, kind, r.dtype);
	if (r.nkept) {
		Ix out[MAX_RANK];
		items = open_kept(b, items, &r, out, true);
		add_store(b, items, part(b, p, r.nkept, out), STORE_SET, start);
		return;
	}
	if (b->fresh) {
		const Size *n = size_const(b->arena, b->nlanes);
		OuterAcc lanes = {p, new_buffer(b, "sum", r.dtype, WHERE_STACK, 1, &n)};
		push(b->arena, &b->accs, lanes);
		add_buffer(b, items, lanes.buffer);
		return;
	}
	if (b->lane) {
		OuterAcc lanes = {p, open_lanes(b, items, "sum", r.dtype, kind, b->nlanes)};
		push(b->arena, &b->accs, lanes);
		return;
	}
	OuterAcc acc = {p, new_buffer(b, "sum", r.dtype, WHERE_REG, 0, NULL)};
	push(b->arena, &b->accs, acc);
	add_buffer(b, items, acc.buffer);
	add_store(b, items, access_scalar(acc.buffer), STORE_SET, start);
}

void body_outer(Build *b, const Piece *p, Items *items)
{
	Reduce r = reduce_of(p->val);
	ReduceKind kind = r.kind;
	Ix out[MAX_RANK];
	b->piece_outer = true;
	r.ix[0] = ix_at(b->row);
	items = open_kept(b, items, &r, out, r.ngone == 1);
	for (int k = 0; k < r.nkept; k++)
		r.ix[r.kept[k]] = out[k];
	const Node *x;
	if (r.ngone == 1) {
		x = value_of(b, &r);
	} else {
		const Size *size[MAX_RANK];
		for (int k = 1; k < r.ngone; k++)
			size[k - 1] = r.size[r.gone[k]];
		x = reduce_loop(b, items, "sum", r.dtype, kind, r.ngone - 1, size, reduced_element, &r);
	}
	b->piece_outer = false;
	Access to = r.nkept ? part(b, p, r.nkept, out)
		    : b->lane ? access_at(scalar_part(b, p), b->lane)
			      : access_scalar(scalar_part(b, p));
	if (b->fresh && !r.nkept) /* 0 + x, as in every sum: of -0 it is 0 */
		add_store(b, items, to, STORE_SET, kind == REDUCE_sum ? combine(b, kind, identity(b, kind, r.dtype), x) : x);
	else
		accumulate(b, items, to, kind, x);
}

/* what tile_beside.c asks of a sum */

bool sums_matrix(const Piece *p)
{
	if (p->form != FORM_OUTER)
		return false;
	const Reduce r = reduce_of(p->val);
	return r.rank == 2 && !r.nkept && r.kind == REDUCE_sum && dtype_is_float(r.dtype);
}

const Node *matrix_element(Build *b, const Piece *p, Ix row, Ix column)
{
	Reduce r = reduce_of(p->val);
	r.ix[0] = row;
	r.ix[1] = column;
	return value_of(b, &r);
}

void outer_end(Build *b, const Piece *p, Items *items)
{
	if (p->val->type->rank)
		return;
	const Buffer *acc = scalar_part(b, p);
	const Node *sum = b->lane ? fold_lanes(b, items, acc, reduce_of(p->val).kind) : load_of(b, access_scalar(acc));
	add_store(b, items, part(b, p, 0, NULL), STORE_SET, sum);
}

static const Node *part_element(Build *b, void *data, const Ix *axes)
{
	const Piece *p = data;
	return load_buf(b, p->parts, NULL, 1, axes);
}

/* the parts together, by one thread */
void outer_fold(Build *b, const Piece *p, Items *items)
{
	Reduce r = reduce_of(p->val);
	ReduceKind kind = r.kind;
	DType dtype = r.dtype;
	const Size *blocks = p->parts->type->size[0];
	int64_t n;
	const bool one = size_is_const(blocks, &n) && n == 1;
	Ix ix[MAX_RANK];
	ix[0] = ix_at(size_const(b->arena, 0));
	if (one) {
		Items *in = open_kept(b, items, &r, ix + 1, true);
		target_store(b, p, in, r.nkept, ix + 1, STORE_SET, load_buf(b, p->parts, NULL, r.nkept + 1, ix));
		return;
	}
	if (!r.nkept) {
		const Node *total = reduce_loop(b, items, "total", dtype, kind, 1, &blocks, part_element, (void *)(uintptr_t)p);
		target_store(b, p, items, 0, NULL, STORE_SET, total);
		return;
	}
	Items *in = open_kept(b, items, &r, ix + 1, true);
	target_store(b, p, in, r.nkept, ix + 1, STORE_SET, identity(b, kind, dtype));
	in = open_axis(b, items, 0, AXIS_SEQ, blocks, &ix[0]);
	in = open_kept(b, in, &r, ix + 1, true);
	const Node *x = load_buf(b, p->parts, NULL, r.nkept + 1, ix);
	accumulate(b, in, access_buf(b, p->target, p->at, r.nkept, ix + 1), kind, x);
}

/* a row that a block of a GPU has enough to add up in */
static bool is_heavy(const Reduce *r)
{
	enum { MANY_ELEMENTS = 256, MANY_ADDED = 16 };
	double elements = 1, added = 1;
	for (int i = 1; i < r->rank; i++)
		elements *= (double)size_guess(r->size[i]);
	for (int k = 1; k < r->ngone; k++)
		added *= (double)size_guess(r->size[r->gone[k]]);
	return elements >= MANY_ELEMENTS && added >= MANY_ADDED;
}

void plan_reduce(Scope *s, Piece *p)
{
	Arena *arena = s->L->arena;
	Reduce r = reduce_of(p->val);
	ReduceKind kind = r.kind;
	bool arg = kind == REDUCE_argmax || kind == REDUCE_argmin;
	int64_t c;
	p->work = size_scale(arena, type_count(arena, p->val->in[0]->type), 2);
	p->body = body_reduce;
	if (r.nkept && (r.kept[0] == 0 || arg || (size_is_const(r.size[0], &c) && c < BLOCK_ROWS))) {
		p->form = FORM_ROW;
		p->rows = r.size[r.kept[0]];
		if (is_few(p->val))
			p->body = body_few;
		return;
	}
	if (r.ngone == 0 || arg) {
		p->form = FORM_WHOLE;
		return;
	}
	p->form = FORM_OUTER;
	p->rows = r.size[0];
	p->sums_elements = r.rank == 1;
	p->body = body_outer;
	if (s->L->options->target->gpu && is_heavy(&r))
		p->block_rows = 1;
	if (r.nkept)
		outer_parts(s->L, p, p->block_rows ? p->block_rows : even_rows(s, p->rows));
}

void outer_parts(Lower *L, Piece *p, int block_rows)
{
	Arena *arena = L->arena;
	Reduce r = reduce_of(p->val);
	const Size *blocks = size_add(arena, p->rows, size_const(arena, block_rows - 1));
	const Size *size[MAX_RANK] = {size_floordiv(arena, blocks, block_rows)};
	for (int k = 0; k < r.nkept; k++)
		size[k + 1] = r.size[r.kept[k]];
	const char *name = arena_printf(arena, "%s_parts", p->target->name);
	p->parts = new_buf(L, BUF_SCRATCH, type_array(arena, r.dtype, r.nkept + 1, size), name, p->val->loc);
}
