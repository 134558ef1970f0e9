/* product.c -- plain matrix products by BLAS: where both operands lie in memory as they are, and all three sizes are large
 *
 *      y[b.., i, j] = sum over k of a[b.., i, k] * c[b.., k, j]      either operand, or the result, may be transposed
 *
 * Of others the tiles are faster, or no slower, and take what follows along. */
#include "tile.h"

enum { LARGE = 256 }; /* below it the tiles are as fast (kernels without packing reach nine tenths of the machine) */

typedef struct Matrix {
	PlanBuf *buf;
	int rows, columns; /* labels of its last two axes */
	int batch; /* label of its first axis, -1: a matrix */
	const Size *stride, *next; /* elements from one row, one matrix to the next */
} Matrix;

static bool is_matrix(const Type *t, const int8_t *label, Arena *arena, Matrix *m)
{
	if (t->rank != 2 && t->rank != 3)
		return false;
	m->batch = t->rank == 3 ? label[0] : -1;
	m->rows = label[t->rank - 2];
	m->columns = label[t->rank - 1];
	m->stride = t->size[t->rank - 1];
	m->next = size_mul(arena, m->stride, t->size[t->rank - 2]);
	return m->rows != m->columns && m->rows != m->batch && m->columns != m->batch && m->next;
}

/* it lies in memory as a whole */
static bool in_memory(Scope *s, const Val *v, Matrix *m)
{
	const Info *info = info_of(s, v);
	m->buf = info->buf;
	return m->buf && !info->at && !info->host && !info->scalar && (info->root || info->buffered);
}

/* known to be large, and to fit an int */
static bool is_large(const Size *size)
{
	int64_t n;
	return size_is_const(size, &n) && n >= LARGE && n <= INT32_MAX;
}

bool plan_product(Scope *s, Piece *p)
{
	const Val *v = p->val;
	Arena *arena = s->L->arena;
	if (!s->L->options->blas || v->op != OP_contraction || p->at || !dtype_is_float(v->type->dtype))
		return false;
	const int8_t *labels[3] = {v->attr.contraction.a, v->attr.contraction.b, v->attr.contraction.out};
	Matrix a, b, c;
	if (!is_matrix(v->in[0]->type, labels[0], arena, &a) || !is_matrix(v->in[1]->type, labels[1], arena, &b) ||
	    !is_matrix(v->type, labels[2], arena, &c))
		return false;
	if (a.batch != b.batch || a.batch != c.batch || !in_memory(s, v->in[0], &a) || !in_memory(s, v->in[1], &b))
		return false;
	bool turned = c.rows == b.rows || c.rows == b.columns; /* y = (a b).T = b.T a.T */
	Matrix first = turned ? b : a, second = turned ? a : b;
	bool trans_a = first.columns == c.rows, trans_b = second.rows == c.columns;
	int k = trans_a ? first.rows : first.columns;
	if ((trans_a ? first.columns : first.rows) != c.rows || (trans_b ? second.rows : second.columns) != c.columns ||
	    (trans_b ? second.columns : second.rows) != k)
		return false;
	Contraction sizes = contraction_of(v);
	const Size *m = sizes.size[c.rows], *n = sizes.size[c.columns], *depth = sizes.size[k];
	if (!is_large(m) || !is_large(n) || !is_large(depth))
		return false;
	Product *product = NEW(arena, Product);
	*product = (Product){.trans_a = trans_a, .trans_b = trans_b, .m = m, .n = n, .k = depth,
			     .a = first.buf, .b = second.buf, .c = p->target,
			     .lda = first.stride, .ldb = second.stride, .ldc = c.stride,
			     .next_a = first.next, .next_b = second.next, .next_c = c.next,
			     .batch = c.batch >= 0 ? sizes.size[c.batch] : NULL, .alpha = 1, .beta = 0};
	p->product = product;
	p->form = FORM_ROW; /* of rows that no other piece walks along */
	p->rows = v->type->size[0];
	PlanBuf *const operand[] = {a.buf, b.buf};
	for (int i = 0; i < 2; i++) {
		Read read = {.buf = operand[i]};
		push(arena, &p->reads, read);
	}
	return true;
}

Step *product_step(Scope *s, const Piece *p)
{
	Step *step = NEW(s->L->arena, Step);
	step->kind = STEP_PRODUCT;
	step->loc = p->val->loc;
	step->product = *p->product;
	step->product.c = p->target;
	step->needs = p->needs & ALWAYS ? 0 : p->needs;
	return step;
}
