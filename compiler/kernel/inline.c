/* inline.c -- an element of a value as a scalar graph
 *
 * What has no memory of its own is written where it is used: elementwise ops, views, which only
 * change the indices, and products of a few terms. */
#include "tile.h"

typedef const Node *Inline(Build *, const Val *, const Ix *);

static const Node *inline_const(Build *b, const Val *v, const Ix *ix)
{
	(void)ix;
	return node_const(b, v->type->dtype, v->attr.number.f, v->attr.number.i);
}

static const Node *inline_size(Build *b, const Val *v, const Ix *ix)
{
	(void)ix;
	return node_index(b, size_resolve(b->arena, v->attr.size));
}

static const Node *inline_arg(Build *b, const Val *v, const Ix *ix)
{
	(void)ix;
	return node_uniform(b, b->L->plan->args.data[v->attr.arg->index]->name, v->type->dtype);
}

static const Node *inline_iota(Build *b, const Val *v, const Ix *ix)
{
	return node_cast(b, ix_value(b, ix[0]), v->type->dtype);
}

static const Node *inline_random(Build *b, const Val *v, const Ix *ix)
{
	const Type *t = v->type;
	const Size *flat = size_const(b->arena, 0);
	for (int i = 0; i < t->rank; i++) {
		KIndex k = ix_index(b, ix[i]);
		if (k.gathered)
			internal_error("a random draw at a gathered index");
		flat = size_add(b->arena, size_mul(b->arena, flat, t->size[i]), k.affine);
	}
	Node *n = NEW(b->arena, Node);
	n->kind = NODE_RANDOM;
	n->dtype = t->dtype;
	n->index = flat;
	n->place = v->attr.random.place;
	return n;
}

static const Node *inline_transpose(Build *b, const Val *v, const Ix *ix)
{
	Ix in[MAX_RANK];
	for (int i = 0; i < v->type->rank; i++)
		in[v->attr.transpose.perm[i]] = ix[i];
	return element(b, v->in[0], in);
}

static const Node *inline_broadcast(Build *b, const Val *v, const Ix *ix)
{
	const Type *t = v->in[0]->type;
	Ix in[MAX_RANK];
	int64_t c;
	for (int i = 0; i < t->rank; i++)
		in[i] = size_is_const(t->size[i], &c) && c == 1 ? ix_at(size_const(b->arena, 0))
								: ix[v->attr.broadcast.axis[i]];
	return element(b, v->in[0], in);
}

static const Node *inline_reshape(Build *b, const Val *v, const Ix *ix)
{
	Ix in[MAX_RANK];
	ix_reshape(b, v->in[0]->type, v->type, ix, in);
	return element(b, v->in[0], in);
}

/* what a start speaks of among the inputs are values */
static Ix slice_start(Build *b, const Val *v, const Size *start)
{
	Ix ix = ix_at(size_const(b->arena, 0));
	start = size_resolve(b->arena, start);
	for (int i = 0; i < start->nterms; i++) {
		const Term *t = &start->term[i];
		const Size *known = size_const(b->arena, t->coef);
		const Node *value = NULL;
		for (int j = 0; j < t->natoms; j++) {
			if (t->atom[j]->kind != ATOM_INPUT) {
				known = size_mul(b->arena, known, size_atom(b->arena, t->atom[j]));
				continue;
			}
			const Node *n = node_cast(b, element(b, v->in[t->atom[j]->input], NULL), DT_int64);
			value = value ? node_row(b, OP_mul, DT_int64, value, n, NULL) : n;
		}
		int64_t c;
		if (!value) {
			ix.at = size_add(b->arena, ix.at, known);
			continue;
		}
		if (!size_is_const(known, &c) || c != 1)
			value = node_row(b, OP_mul, DT_int64, node_index(b, known), value, NULL);
		ix.node = ix.node ? node_row(b, OP_add, DT_int64, ix.node, value, NULL) : value;
	}
	if (ix.node && node_is_host(ix.node)) {
		Ix known = ix_node(b, ix.node);
		ix.node = known.node;
		ix.at = size_add(b->arena, ix.at, known.at);
	}
	return ix;
}

/* the index, or the nearest that there is */
static Ix ix_inside(Build *b, Ix ix, const Size *lo, const Size *hi)
{
	const Node *at = node_row(b, OP_min, DT_int64, ix_value(b, ix), node_index(b, hi), NULL);
	return ix_node(b, node_row(b, OP_max, DT_int64, at, node_index(b, lo), NULL));
}

void slice_index(Build *b, const Val *v, const Size *const *size, const Ix *ix, Ix *in)
{
	Arena *a = b->arena;
	const Size *one = size_const(a, 1), *zero = size_const(a, 0);
	for (int i = 0; i < v->type->rank; i++) {
		int64_t step = v->attr.slice.step[i];
		const Size *last = size_sub(a, v->in[0]->type->size[i], one);
		const Size *reach = size_scale(a, size_sub(a, size[i], one), step < 0 ? -step : step);
		const Size *lo = step > 0 ? zero : reach, *hi = step > 0 ? size_sub(a, last, reach) : last;
		Ix start = slice_start(b, v, v->attr.slice.start[i]);
		bool fits = size_ge(a, hi, lo) == YES, host = !start.node || (!b->scope->outer && node_is_host(start.node));
		bool inside = !start.node && size_ge(a, start.at, lo) == YES && size_ge(a, hi, start.at) == YES;
		bool tested = !b->unchecked || inside || (host && !b->scope->outer);
		if (!tested && fits)
			start = ix_inside(b, start, lo, hi);
		in[i] = ix_scaled(b, ix[i], step, start);
		if (!tested && !fits)
			in[i] = ix_inside(b, in[i], zero, last);
	}
}

static const Node *inline_slice(Build *b, const Val *v, const Ix *ix)
{
	Ix in[MAX_RANK];
	slice_index(b, v, v->type->size, ix, in);
	return element(b, v->in[0], in);
}

static const Node *inline_windows(Build *b, const Val *v, const Ix *ix)
{
	Ix in[MAX_RANK];
	int rank = v->in[0]->type->rank;
	for (int i = 0; i < rank; i++)
		in[i] = ix[i];
	const Ix zero = ix_at(size_const(b->arena, 0));
	Ix start = ix_scaled(b, ix[rank], v->attr.windows.dilation, zero);
	in[v->attr.windows.axis] = ix_scaled(b, ix[v->attr.windows.axis], v->attr.windows.stride, start);
	return element(b, v->in[0], in);
}

/* arange(n) for an axis of at least n */
static bool counts_within(Arena *a, const Val *v, const Size *size)
{
	while (v->op == OP_cast || v->op == OP_broadcast || v->op == OP_reshape || v->op == OP_transpose)
		v = v->in[0];
	return v->op == OP_iota && size_ge(a, size, v->type->size[0]) == YES;
}

Ix gather_index(Build *b, const Val *v, int k, const Ix *ix)
{
	int axis = v->attr.gather.axis, first = v->op == OP_gather ? 1 : 2;
	const Val *from = v->in[first + k];
	const Size *size = v->in[0]->type->size[axis + k], *zero = size_const(b->arena, 0);
	const Size *last = size_sub(b->arena, size, size_const(b->arena, 1));
	Ix at = ix_node(b, node_cast(b, element(b, from, ix + axis), DT_int64));
	bool inside = !at.node && size_ge(b->arena, at.at, zero) == YES && size_ge(b->arena, last, at.at) == YES;
	return !b->unchecked || inside || counts_within(b->arena, from, size) ? at : ix_inside(b, at, zero, last);
}

/* of a row whose elements are unrolled: each in turn, where the index is its number */
static const Node *chosen(Build *b, const Val *x, int axis, const Node *index, Ix *in)
{
	int64_t n = 1;
	size_is_const(x->type->size[axis], &n);
	in[axis] = ix_at(size_const(b->arena, 0));
	const Node *value = element(b, x, in);
	for (int64_t i = 1; i < n; i++) {
		in[axis] = ix_at(size_const(b->arena, i));
		const Node *is = node_row(b, OP_eq, DT_bool, index, node_const(b, DT_int32, 0, i), NULL);
		value = node_row(b, OP_select, x->type->dtype, is, element(b, x, in), value);
	}
	return value;
}

static const Node *inline_gather(Build *b, const Val *v, const Ix *ix)
{
	const Val *x = v->in[0];
	int axis = v->attr.gather.axis, count = v->attr.gather.count;
	int nix = v->nin > 1 ? v->in[1]->type->rank : 0;
	Ix in[MAX_RANK];
	for (int i = 0; i < axis; i++)
		in[i] = ix[i];
	for (int i = axis + count; i < x->type->rank; i++)
		in[i] = ix[i - count + nix];
	for (int i = 0; i < count; i++)
		in[axis + i] = gather_index(b, v, i, ix);
	int64_t n;
	int last = axis + count - 1;
	if (b->unrolled && last > 0 && in[last].node && size_is_const(x->type->size[last], &n) && n <= FEW_ELEMENTS)
		return chosen(b, x, last, node_cast(b, in[last].node, DT_int32), in);
	return element(b, x, in);
}

static const Node *within(Build *b, const Node *cond, const Node *n, Op op, const Size *bound)
{
	const Node *test = node_row(b, op, DT_bool, n, node_index(b, bound), NULL);
	return cond ? node_row(b, OP_and, DT_bool, cond, test, NULL) : test;
}

/* Loads under the pad are predicated, so that they read nothing outside; what is more than a load is chosen afterwards. */
static const Node *inline_pad(Build *b, const Val *v, const Ix *ix)
{
	const Val *x = v->in[0];
	const Size *zero = size_const(b->arena, 0);
	Ix in[MAX_RANK];
	const Node *cond = NULL;
	int own = 0, outer = b->preds.len;
	int memo = b->memo.len;
	Memo *data = b->memo.data;
	int cap = b->memo.cap;
	b->memo.data = NULL;
	b->memo.len = b->memo.cap = 0;
	bool all_preds = true, bare = v == b->bare;
	for (int i = 0; i < v->type->rank; i++) {
		const Size *lo = size_resolve(b->arena, v->attr.pad.lo[i]), *hi = size_resolve(b->arena, v->attr.pad.hi[i]);
		const Size *n = x->type->size[i];
		bool below = !size_equal(lo, zero), above = !size_equal(hi, zero);
		in[i] = ix[i];
		if (!below && !above)
			continue;
		KIndex k = ix_index(b, ix[i]);
		in[i] = (Ix){size_sub(b->arena, k.affine, lo), k.gathered, NULL, NULL, NULL};
		if (bare)
			continue;
		const Node *at = ix_value(b, in[i]);
		if (below)
			cond = within(b, cond, at, OP_ge, zero);
		if (above)
			cond = within(b, cond, at, OP_lt, n);
		if (!k.gathered) {
			Pred p = {in[i].at, below ? zero : NULL, above ? n : NULL};
			push(b->arena, &b->preds, p);
			own++;
			continue;
		}
		all_preds = false;
		at = node_row(b, OP_max, DT_int64, at, node_index(b, zero), NULL);
		at = node_row(b, OP_min, DT_int64, at,
			      node_index(b, size_sub(b->arena, n, size_const(b->arena, 1))), NULL);
		in[i] = ix_node(b, at);
	}
	const Node *inside = element(b, x, in);
	b->preds.len = outer;
	b->memo.data = data;
	b->memo.len = memo;
	b->memo.cap = cap;
	double fill = v->attr.pad.fill;
	if (!cond)
		return inside;
	if (inside->kind == NODE_LOAD && all_preds && inside->load.npreds == own) {
		Node *load = NEW(b->arena, Node);
		*load = *inside;
		load->load.other = fill;
		return load;
	}
	return node_row(b, OP_select, v->type->dtype, cond, inside, node_const(b, v->type->dtype, fill, (int64_t)fill));
}

enum { FEW_TERMS = 4 };

/* elements of the axes behind `axis` are few */
static bool lies_close(const Type *t, int axis)
{
	int64_t stride = 1, n;
	for (int d = axis + 1; d < t->rank; d++) {
		if (!size_is_const(t->size[d], &n) || n > FEW_TERMS)
			return false;
		stride *= n;
	}
	return stride <= FEW_TERMS;
}

bool can_inline_contraction(const Val *v)
{
	const Contraction c = contraction_of(v);
	int64_t terms = 1, n;
	for (int k = 0; k < c.nsum; k++) {
		if (!size_is_const(c.size[c.sum[k]], &n) || n < 1 || n > FEW_TERMS)
			return false;
		terms *= n;
	}
	bool close = c.nout > 0 && terms <= FEW_TERMS && dtype_is_float(v->type->dtype);
	for (int k = 0; k < 2 && close; k++) {
		const int8_t *label = k ? v->attr.contraction.b : v->attr.contraction.a;
		for (int d = 0; d < v->in[k]->type->rank; d++)
			close = close && (label[d] != c.out[c.nout - 1] || lies_close(v->in[k]->type, d));
	}
	return close;
}

/* the terms of the axes from `axis` on, added to sum */
static const Node *add_terms(Build *b, Contraction *c, int axis, const Node *sum)
{
	if (axis == c->nsum) {
		const Node *x = contraction_side(b, c, 0), *y = contraction_side(b, c, 1);
		return node_row(b, OP_add, x->dtype, sum, node_row(b, OP_mul, x->dtype, x, y, NULL), NULL);
	}
	int64_t n = 0;
	size_is_const(c->size[c->sum[axis]], &n);
	for (int64_t i = 0; i < n; i++) {
		c->ix[c->sum[axis]] = ix_at(size_const(b->arena, i));
		sum = add_terms(b, c, axis + 1, sum);
	}
	return sum;
}

static const Node *inline_contraction(Build *b, const Val *v, const Ix *ix)
{
	Contraction c = contraction_of(v);
	for (int i = 0; i < c.nout; i++)
		c.ix[c.out[i]] = ix[i];
	/* from 0, as every sum: of terms that are all -0 it is 0 */
	return add_terms(b, &c, 0, node_const(b, v->type->dtype, 0, 0));
}

static Inline *const inline_op[OP_COUNT] = {
	[OP_const] = inline_const, [OP_size] = inline_size, [OP_arg] = inline_arg, [OP_iota] = inline_iota,
	[OP_random_bits] = inline_random, [OP_transpose] = inline_transpose, [OP_broadcast] = inline_broadcast,
	[OP_reshape] = inline_reshape, [OP_slice] = inline_slice, [OP_windows] = inline_windows,
	[OP_gather] = inline_gather, [OP_pad] = inline_pad, [OP_contraction] = inline_contraction,
};

bool can_inline(const Val *v)
{
	return op_info(v->op)->elementwise || inline_op[v->op] || is_few(v);
}

const Node *element_here(Build *b, const Val *v, const Ix *ix)
{
	if (inline_op[v->op])
		return inline_op[v->op](b, v, ix);
	if (is_few(v))
		return few_inline(b, v, ix);
	if (!op_info(v->op)->elementwise)
		internal_error("%s is not written in place", op_info(v->op)->name);
	const Node *arg[3] = {NULL, NULL, NULL};
	for (int i = 0; i < v->nin; i++)
		arg[i] = element(b, v->in[i], ix);
	Node *n = (Node *)(uintptr_t)node_row(b, v->op, v->type->dtype, arg[0], arg[1], arg[2]);
	if (!n->name && n->kind == NODE_ROW)
		n->name = v->name;
	n->below = n->kind == NODE_ROW && n->op == OP_exp && not_above_0(v->in[0]);
	return n;
}

const Node *element(Build *b, const Val *v, const Ix *ix)
{
	const Info *info = info_of(b->scope, v);
	int rank = v->type->rank;
	if (info->scalar)
		return info->scalar;
	if (info->buf && info->host)
		return hoisted(b, host_load(b->L, info->buf), info->buf->name);
	if (info->buf)
		return node_cast(b, load_buf(b, info->buf, info->at, rank, ix), v->type->dtype);
	if (info->root)
		internal_error("%s is used before it is computed", v->name ? v->name : op_info(v->op)->name);
	for (int i = 0; i < b->memo.len; i++) {
		const Memo *m = &b->memo.data[i];
		bool same = m->val == v;
		for (int d = 0; d < rank && same; d++)
			same = ix_equal(&m->ix[d], &ix[d]);
		if (same)
			return m->node;
	}
	Ix *copy = NEW_ARRAY(b->arena, Ix, rank + 1);
	for (int d = 0; d < rank; d++)
		copy[d] = ix[d];
	Memo m = {v, copy, element_here(b, v, ix)};
	if (info->host && info->uses > 1)
		m.node = hoisted(b, m.node, v->name);
	push(b->arena, &b->memo, m);
	return m.node;
}
