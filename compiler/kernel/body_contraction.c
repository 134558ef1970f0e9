/* body_contraction.c -- sums of products over labelled axes
 *
 *      rows of sums   for k: for j: out[i, j] += a[i, k] * b[k, j]      where the last axis of the result lies close in memory
 *      dot products   out[i, j] = sum over k of a[i, k] * b[j, k]       where k does in both operands
 *      blocks         for k: for i of a block: out[i, j] += a[k, i] * b[k, j]    where the rows do: a weight's gradient */
#include "lower.h"

enum { NLABELS = 26 };

typedef struct Contraction {
	const Val *v;
	int nout, nsum;
	int out[MAX_RANK], sum[NLABELS]; /* labels */
	const Size *size[NLABELS];
	Ix ix[NLABELS];
	int inner; /* DOT: which of sum runs innermost */
} Contraction;

static Contraction contraction_of(const Val *v)
{
	Contraction c = {.v = v, .nout = v->attr.contraction.nout};
	bool is_out[NLABELS] = {false};
	for (int i = 0; i < c.nout; i++) {
		c.out[i] = v->attr.contraction.out[i];
		is_out[c.out[i]] = true;
		c.size[c.out[i]] = v->type->size[i];
	}
	for (int i = 0; i < v->in[0]->type->rank; i++) {
		int l = v->attr.contraction.a[i];
		if (!is_out[l])
			c.sum[c.nsum++] = l;
		c.size[l] = v->in[0]->type->size[i];
	}
	return c;
}

static const Node *side(Build *b, const Contraction *c, int k)
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
	const Node *x = side(b, c, 0), *y = side(b, c, 1);
	return node_row(b, OP_mul, x->dtype, x, y, NULL);
}

/* ---- how far apart in memory: 0, 1, or 2 for more or unknown */

static bool speaks_of(const Size *s, int id)
{
	for (int i = 0; i < s->nterms; i++)
		for (int j = 0; j < s->term[i].natoms; j++) {
			const Atom *a = s->term[i].atom[j];
			if ((a->kind == ATOM_AXIS && a->axis_id == id) || (a->kind == ATOM_FLOOR && speaks_of(a->num, id)))
				return true;
		}
	return false;
}

static int step_of_size(const Size *s, int id)
{
	int step = 0;
	for (int i = 0; i < s->nterms; i++) {
		const Term *t = &s->term[i];
		bool alone = t->natoms == 1 && t->atom[0]->kind == ATOM_AXIS && t->atom[0]->axis_id == id;
		Size one = {1, t};
		if (speaks_of(&one, id))
			step = alone && t->coef == 1 && step == 0 ? 1 : 2;
	}
	return step;
}

static bool node_speaks_of(const Node *n, int id)
{
	if (n->index && speaks_of(n->index, id))
		return true;
	for (int i = 0; i < n->nargs; i++)
		if (node_speaks_of(n->arg[i], id))
			return true;
	if (n->kind == NODE_LOAD)
		for (int d = 0; d < n->load.buffer->rank; d++) {
			const KIndex *k = &n->load.index[d];
			if (speaks_of(k->affine, id) || (k->gathered && node_speaks_of(k->gathered, id)))
				return true;
		}
	return false;
}

static int step_of_node(const Node *n, int id)
{
	int step = 0;
	for (int i = 0; i < n->nargs; i++) {
		int s = step_of_node(n->arg[i], id);
		step = s > step ? s : step;
	}
	if (n->kind != NODE_LOAD)
		return step;
	int rank = n->load.buffer->rank;
	for (int d = 0; d < rank; d++) {
		const KIndex *k = &n->load.index[d];
		int s = step_of_size(k->affine, id);
		if (k->gathered && node_speaks_of(k->gathered, id))
			s = 2;
		if (s && d < rank - 1)
			s = 2;
		step = s > step ? s : step;
	}
	return step;
}

/* ---- bodies */

static void open_sums(Build *b, Items **items, Contraction *c)
{
	for (int k = 0; k < c->nsum; k++)
		*items = open_axis(b, *items, 3 + k, AXIS_SEQ, c->size[c->sum[k]], &c->ix[c->sum[k]]);
}

static void sum_into(Build *b, const Piece *p, Items *items, const Contraction *c, const Ix *out, const Node *x)
{
	(void)c;
	add_store(b, items, access_buf(b, p->target, p->at, p->val->type->rank, out), STORE_ADD, x);
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
	sum_into(b, p, in, &c, out, product(b, &c));
}

static const Node *dot_element(Build *b, void *data, const Ix *axes)
{
	Contraction *c = data;
	for (int k = 0; k < c->nsum; k++)
		c->ix[c->sum[k]] = axes[k];
	return product(b, c);
}

static void innermost(Contraction *c, int inner)
{
	int label = c->sum[inner];
	for (int k = inner; k < c->nsum - 1; k++)
		c->sum[k] = c->sum[k + 1];
	c->sum[c->nsum - 1] = label;
}

/* the label of a sum that lies close in both operands, or -1 */
static int close_sum(Scope *s, const Val *v, int *row, int *last)
{
	Build *b = build_new(s->L, s, NULL);
	Contraction c = contraction_of(v);
	int id[NLABELS];
	for (int l = 0; l < NLABELS; l++) {
		Axis *a = new_axis(b, "i", AXIS_SEQ, c.size[l]);
		id[l] = a->id;
		c.ix[l] = ix_at(axis_index(b->arena, a));
	}
	const Node *x = side(b, &c, 0), *y = side(b, &c, 1);
	int best = -1;
	for (int k = 0; k < c.nsum; k++)
		if (step_of_node(x, id[c.sum[k]]) < 2 && step_of_node(y, id[c.sum[k]]) < 2)
			best = k;
	int steps[2][2] = {{0}};
	int ends[2] = {c.out[0], c.out[c.nout - 1]};
	for (int e = 0; e < 2; e++) {
		steps[e][0] = step_of_node(x, id[ends[e]]);
		steps[e][1] = step_of_node(y, id[ends[e]]);
	}
	*row = steps[0][0] > steps[0][1] ? steps[0][0] : steps[0][1];
	*last = steps[1][0] > steps[1][1] ? steps[1][0] : steps[1][1];
	if (steps[0][0] && steps[0][1])
		*row = 2;
	return best;
}

static void body_dot(Build *b, const Piece *p, Items *items)
{
	Contraction c = contraction_of(p->val);
	int row, last, inner = close_sum(b->scope, p->val, &row, &last);
	if (inner >= 0)
		innermost(&c, inner);
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

/* the rows of the block, and what is left of the result, innermost */
static Items *open_block(Build *b, Items *items, Contraction *c, Ix *out)
{
	Axis *a = new_axis(b, "i", c->nout == 1 ? AXIS_SIMD : AXIS_SEQ, b->block_hi);
	const Size **bound = NEW_ARRAY(b->arena, const Size *, 3);
	bound[0] = b->block_lo;
	bound[1] = b->block_hi;
	bound[2] = c->size[c->out[0]];
	a->lo = bound;
	a->nlo = 1;
	a->hi = bound + 1;
	a->nhi = b->block_exact ? 1 : 2;
	b->row = axis_index(b->arena, a);
	out[0] = c->ix[c->out[0]] = ix_at(b->row);
	return open_out(b, &open_nest(b, items, a)->body, c, out, 1, c->nout, AXIS_SIMD);
}

static void body_block(Build *b, const Piece *p, Items *items)
{
	Contraction c = contraction_of(p->val);
	Ix out[MAX_RANK];
	Items *in = open_block(b, items, &c, out);
	target_store(b, p, in, c.nout, out, STORE_SET, node_const(b, p->val->type->dtype, 0, 0));
	in = items;
	open_sums(b, &in, &c);
	in = open_block(b, in, &c, out);
	sum_into(b, p, in, &c, out, product(b, &c));
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
	int row, last, inner = close_sum(s, v, &row, &last);
	p->form = FORM_ROW;
	p->rows = v->type->size[0];
	p->body = body_dot;
	if (row == 1 && inner < 0 && c.nout <= 2) {
		p->form = FORM_BLOCK;
		p->body = body_block;
		int64_t n = 1;
		bool small = c.nout == 1 || (size_is_const(v->type->size[1], &n) && n <= BLOCK_ROWS);
		p->block_rows = small ? BLOCK_ROWS : BLOCK_ROWS / 4;
	} else if (c.nout > 1 && last == 1) {
		p->body = body_rows;
	}
}
