/* body_contraction.c -- sums of products over labelled axes: what they are, and how such of numbers that are no floats are done
 *
 *      rows of sums   for k: for j: out[i, j] += a[i, k] * b[k, j]      where the last axis of the result lies close in memory
 *      dot products   out[i, j] = sum over k of a[i, k] * b[j, k]       else
 *
 * Those of floats are tiles: tile.c, body_tile.c. */
#include "tile.h"

Contraction contraction_of(const Val *v)
{
	Contraction c = {.v = v, .nout = v->attr.contraction.nout};
	bool is_out[NLABELS] = {false};
	for (int i = 0; i < c.nout; i++) {
		c.out[i] = v->attr.contraction.out[i];
		is_out[c.out[i]] = true;
		c.size[c.out[i]] = v->type->size[i];
	}
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < v->in[k]->type->rank; i++) {
			int l = k ? v->attr.contraction.b[i] : v->attr.contraction.a[i];
			if (k == 0 && !is_out[l])
				c.sum[c.nsum++] = l;
			c.size[l] = v->in[k]->type->size[i];
			c.has[k] |= UINT32_C(1) << l;
		}
	return c;
}

static bool is_zero(const Size *s)
{
	int64_t n;
	return size_is_const(s, &n) && n == 0;
}

static const Val *windowed(const Val *v)
{
	while (v->op == OP_windows)
		v = v->in[0];
	return v;
}

const Val *padded_operand(const Val *contraction, int k)
{
	const Val *x = contraction->in[k], *pad = windowed(x);
	const Contraction c = contraction_of(contraction);
	const int8_t *label = k ? contraction->attr.contraction.b : contraction->attr.contraction.a;
	if (pad == x || pad->op != OP_pad || pad->attr.pad.fill != 0)
		return NULL;
	for (int i = 0; i < pad->type->rank; i++) {
		if (pad->attr.pad.gap[i])
			return NULL;
		if (is_zero(pad->attr.pad.lo[i]) && is_zero(pad->attr.pad.hi[i]))
			continue;
		int windows = 0;
		for (const Val *v = x; v != pad; v = v->in[0]) {
			if (v->attr.windows.axis != i)
				continue;
			bool summed = false;
			for (int n = 0; n < c.nsum; n++)
				summed = summed || c.sum[n] == label[v->type->rank - 1];
			windows += summed && v->attr.windows.dilation == 1;
		}
		if (windows != 1)
			return NULL;
	}
	return pad;
}

const Node *contraction_side(Build *b, const Contraction *c, int k)
{
	const Val *x = c->v->in[k];
	const int8_t *label = k ? c->v->attr.contraction.b : c->v->attr.contraction.a;
	Ix ix[MAX_RANK];
	for (int i = 0; i < x->type->rank; i++)
		ix[i] = c->ix[label[i]];
	return element(b, x, ix);
}

static const Node *product(Build *b, const Contraction *c)
{
	const Node *x = contraction_side(b, c, 0), *y = contraction_side(b, c, 1);
	return node_row(b, OP_mul, x->dtype, x, y, NULL);
}

/* ---- bodies */

static void open_sums(Build *b, Items **items, Contraction *c)
{
	for (int k = 0; k < c->nsum; k++)
		*items = open_axis(b, *items, 3 + k, AXIS_SEQ, c->size[c->sum[k]], &c->ix[c->sum[k]]);
}

static void sum_into(Build *b, const Piece *p, Items *items, const Ix *out, const Node *x)
{
	int rank = p->val->type->rank;
	add_store(b, items, access_buf(b, p->target, p->at, rank, out), STORE_ADD, x);
}

static Items *open_out(Build *b, Items *items, Contraction *c, Ix *out, int from, int to, AxisKind kind)
{
	for (int i = from; i < to; i++) {
		items = open_axis(b, items, i, i == to - 1 ? kind : AXIS_SEQ, c->size[c->out[i]], &out[i]);
		c->ix[c->out[i]] = out[i];
	}
	return items;
}

static void body_rows(Build *b, const Piece *p, Items *items)
{
	Contraction c = contraction_of(p->val);
	Ix out[MAX_RANK];
	const Node *zero = node_const(b, p->val->type->dtype, 0, 0);
	int last = c.nout - 1;
	out[0] = c.ix[c.out[0]] = ix_at(b->row);
	items = open_out(b, items, &c, out, 1, last, AXIS_SEQ);
	Items *in = open_out(b, items, &c, out, last, c.nout, AXIS_SIMD);
	target_store(b, p, in, c.nout, out, STORE_SET, zero);
	in = items;
	open_sums(b, &in, &c);
	in = open_out(b, in, &c, out, last, c.nout, AXIS_SIMD);
	sum_into(b, p, in, out, product(b, &c));
}

static const Node *dot_element(Build *b, void *data, const Ix *axes)
{
	Contraction *c = data;
	for (int k = 0; k < c->nsum; k++)
		c->ix[c->sum[k]] = axes[k];
	return product(b, c);
}

static void body_dot(Build *b, const Piece *p, Items *items)
{
	Contraction c = contraction_of(p->val);
	Ix out[MAX_RANK];
	out[0] = c.ix[c.out[0]] = ix_at(b->row);
	items = open_out(b, items, &c, out, 1, c.nout, AXIS_SEQ);
	const Size *size[NLABELS];
	for (int k = 0; k < c.nsum; k++)
		size[k] = c.size[c.sum[k]];
	DType dtype = p->val->type->dtype;
	const Node *sum = reduce_loop(b, items, "sum", dtype, REDUCE_sum, c.nsum, size, dot_element, &c);
	target_store(b, p, items, c.nout, out, STORE_SET, sum);
}

/* an axis of an operand is known to be empty: there is nothing to sum, or nothing comes out */
static bool of_nothing(const Val *v)
{
	int64_t n;
	for (int k = 0; k < v->nin; k++)
		for (int i = 0; i < v->in[k]->type->rank; i++)
			if (size_is_const(v->in[k]->type->size[i], &n) && n == 0)
				return true;
	return false;
}

void plan_contraction(Scope *s, Piece *p)
{
	Arena *arena = s->L->arena;
	const Val *v = p->val;
	Contraction c = contraction_of(v);
	p->work = size_scale(arena, type_count(arena, v->type), 2);
	for (int k = 0; k < c.nsum; k++)
		p->work = size_mul(arena, p->work, c.size[c.sum[k]]);
	if (c.nout == 0) {
		plan_reduce(s, p);
		return;
	}
	if (dtype_is_float(v->type->dtype) && !of_nothing(v) && plan_tile(s, p))
		return;
	p->form = FORM_ROW;
	p->rows = v->type->size[0];
	int last = c.out[c.nout - 1];
	const int8_t *label = v->attr.contraction.b;
	bool close = c.nout > 1 && v->in[1]->type->rank && label[v->in[1]->type->rank - 1] == last;
	p->body = close ? body_rows : body_dot;
}
