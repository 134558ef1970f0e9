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

/* A library's kernel runs whatever the flags say: it may write nothing that is kept, or that another branch writes. */
static bool may_run_always(const Scope *s, const Piece *p)
{
	return !s->outer && !p->cell;
}

/* its operands had better lie in memory: a library will read them */
bool wants_product(const Scope *s, const Val *v)
{
	if (!s->L->options->target->gpu || !s->L->options->blas || s->outer || v->op != OP_contraction || !dtype_is_float(v->type->dtype))
		return false;
	const Contraction c = contraction_of(v);
	if (c.nsum != 1 || (c.nout != 2 && c.nout != 3) || size_guess(c.size[c.sum[0]]) < LARGE)
		return false;
	int64_t m = size_guess(c.size[c.out[c.nout - 2]]), n = size_guess(c.size[c.out[c.nout - 1]]);
	return m >= LARGE / 4 && n >= LARGE / 4 && (m >= LARGE || n >= LARGE);
}

bool plan_product(Scope *s, Piece *p)
{
	const Val *v = p->val;
	Arena *arena = s->L->arena;
	const bool gpu = s->L->options->target->gpu;
	if (!s->L->options->blas || (gpu && !may_run_always(s, p)) || v->op != OP_contraction || p->at || !dtype_is_float(v->type->dtype))
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
	if (gpu ? !wants_product(s, v) : !is_large(m) || !is_large(n) || !is_large(depth))
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

/* ---- what a library does with the product before it stores it: a bias for each column, and no negative numbers */

/* the one piece that reads the buffer, and its group; NULL: there are several, or none */
static Piece *reader_of(Scope *s, const PlanBuf *buf, Group **group)
{
	const Traffic t = *traffic_of(s, buf);
	if (t.exported || t.first_reader < 0 || t.first_reader != t.last_reader)
		return NULL;
	*group = s->groups.data[t.first_reader];
	Piece *found = NULL;
	int n = (*group)->step || (*group)->tail.len ? 2 : 0;
	for (int i = 0; i < (*group)->pieces.len; i++) {
		bool reads = false;
		for (int k = 0; k < (*group)->pieces.data[i]->reads.len; k++)
			reads = reads || (*group)->pieces.data[i]->reads.data[k].buf == buf;
		n += reads;
		found = reads ? (*group)->pieces.data[i] : found;
	}
	return n == 1 ? found : NULL;
}

static bool is_load_of(const Node *n, const Build *b, const PlanBuf *buf)
{
	for (int i = 0; n->kind == NODE_LOAD && n->load.npreds == 0 && i < b->bufs.len; i++)
		if (b->bufs.data[i].buffer == n->load.buffer)
			return b->bufs.data[i].plan == buf;
	return false;
}

/* a variable or argument that has one element a column */
static PlanBuf *bias_of(const Node *n, const Build *b, const Size *column)
{
	if (n->kind != NODE_LOAD || n->load.npreds || n->load.buffer->rank != 1 || n->load.index[0].gathered || !size_equal(n->load.index[0].affine, column))
		return NULL;
	for (int i = 0; i < b->bufs.len; i++)
		if (b->bufs.data[i].buffer == n->load.buffer && b->bufs.data[i].plan->kind != BUF_SCRATCH && b->bufs.data[i].plan->kind != BUF_OUT)
			return b->bufs.data[i].plan;
	return NULL;
}

static void fold_into(Scope *s, Group *g)
{
	Piece *p = g->pieces.data[0];
	Group *from;
	Piece *q = reader_of(s, p->target, &from);
	const int rank = p->val->type->rank;
	if (!q || from->tile || p->target->kind != BUF_SCRATCH || q->body != body_map || q->at || q->cell || q->needs != p->needs || q->val->type->rank != rank)
		return;
	Build *b = build_new(s->L, s, NULL);
	Ix ix[MAX_RANK];
	for (int d = 0; d < rank; d++) {
		if (!size_equal(p->target->type->size[d], q->target->type->size[d]))
			return;
		ix[d] = ix_at(axis_index(b->arena, new_axis(b, "i", AXIS_SEQ, q->target->type->size[d])));
	}
	const Info *info = info_of(s, q->val);
	const Node *n = info->root && info->piece == q ? element_here(b, q->val, ix) : element(b, q->val, ix);
	bool relu = false;
	for (int k = 0; n->kind == NODE_ROW && n->op == OP_max && k < 2 && !relu; k++)
		relu = n->arg[k]->kind == NODE_CONST && n->arg[k]->f == 0;
	if (relu)
		n = n->arg[n->arg[0]->kind == NODE_CONST];
	PlanBuf *bias = NULL;
	if (n->kind == NODE_ROW && n->op == OP_add)
		for (int k = 0; k < 2 && !bias; k++)
			if (is_load_of(n->arg[k], b, p->target))
				bias = bias_of(n->arg[1 - k], b, ix[rank - 1].at);
	if (!bias && !(relu && is_load_of(n, b, p->target)))
		return;
	Product *product = NEW(s->L->arena, Product);
	*product = *p->product;
	product->bias = bias;
	product->relu = relu;
	p->product = product;
	p->target = q->target;
	int kept = 0;
	for (int i = 0; i < from->pieces.len; i++)
		if (from->pieces.data[i] != q)
			from->pieces.data[kept++] = from->pieces.data[i];
	from->pieces.len = kept;
}

void fold_epilogues(Scope *s)
{
	for (int g = 0; g < s->groups.len; g++)
		if (s->groups.data[g]->pieces.len == 1 && s->groups.data[g]->pieces.data[0]->product)
			fold_into(s, s->groups.data[g]);
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
