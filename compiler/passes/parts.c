/* parts.c -- a row by a large matrix: the rows of the matrix in parts, whose sums are added up
 *
 *      x : [1, 784], W : [784, 500]:   x @ W      =>      sum over p of  x : [1, 4, 196] @ W : [4, 196, 500]
 *
 * All there is to do is to read the matrix once.  Threads that have parts of its rows read them as they lie; with columns each, their
 * caches would fetch those of the others too.  The parts are the same for any number of threads, and so are the bits. */
#include "build_more.h"
#include "passes.h"

enum {
	LEAST_BYTES = 1 << 20, /* of a matrix that a thread's cache does not hold */
	LEAST_ROWS = 128, /* of a part, that its sums are little beside it */
	MOST_PARTS = 16
};

/* as many parts as have rows enough, and are equal; 1: it has none */
static int64_t parts_of(int64_t rows)
{
	for (int64_t n = MOST_PARTS; n > 2; n /= 2)
		if (rows % n == 0 && rows / n >= LEAST_ROWS)
			return n;
	return 1;
}

/* operand k is a matrix whose rows are summed, and the other one a row of them -> the parts; 1: it is not so */
static int64_t parts_with_matrix(const Val *v, int k)
{
	const Val *row = v->in[1 - k], *matrix = v->in[k];
	const int8_t *of_row = labels_of(v, 1 - k), *of_matrix = labels_of(v, k), *out = v->attr.contraction.out;
	int64_t rows, columns, one, elements = 1;
	if (matrix->type->rank != 2 || row->type->rank == MAX_RANK || v->attr.contraction.nout == MAX_RANK ||
	    !size_is_const(matrix->type->size[0], &rows) || !size_is_const(matrix->type->size[1], &columns) || rows < LEAST_ROWS ||
	    columns * dtype_bytes(v->type->dtype) < LEAST_BYTES / rows)
		return 1;
	for (int i = 0; i < row->type->rank; i++) {
		if (!size_is_const(row->type->size[i], &one) || (of_row[i] != of_matrix[0] && one != 1))
			return 1;
		elements *= one;
	}
	bool sums = axis_of_label(out, v->attr.contraction.nout, of_matrix[0]) < 0 && axis_of_label(of_row, row->type->rank, of_matrix[1]) < 0;
	return sums && elements == rows && axis_of_label(out, v->attr.contraction.nout, of_matrix[1]) >= 0 ? parts_of(rows) : 1;
}

/* the axis of that label as two: the parts, with a label of their own, and what each has */
static Val *in_parts(Graph *g, Val *x, int8_t *label, int split, int64_t parts, int8_t part)
{
	const Size *size[MAX_RANK];
	const int at = axis_of_label(label, x->type->rank, split), rank = x->type->rank + 1;
	for (int i = rank - 1; i >= 0; i--) {
		if (i != at)
			label[i] = label[i - (i > at)];
		size[i] = x->type->size[i - (i > at)];
	}
	label[at] = part;
	size[at] = size_const(g->arena, parts);
	size[at + 1] = size_floordiv(g->arena, x->type->size[at], parts);
	return build_reshape(g, x->loc, x, rank, size);
}

static Val *rule(Rewrite *r, Graph *g, const Val *v, Val *const *in)
{
	PassCx *cx = r->state;
	if (v->op != OP_contraction || !dtype_is_float(v->type->dtype))
		return NULL;
	for (int k = 0; k < 2; k++) {
		const int64_t parts = parts_with_matrix(v, k);
		if (parts == 1)
			continue;
		Attr attr = v->attr;
		int8_t *label[] = {attr.contraction.a, attr.contraction.b}, part = 0;
		for (int side = 0; side < 2; side++)
			for (int i = 0; i < in[side]->type->rank; i++)
				part = label[side][i] >= part ? (int8_t)(label[side][i] + 1) : part;
		const int split = label[k][0];
		Val *pair[2];
		for (int side = 0; side < 2; side++)
			pair[side] = in_parts(g, in[side], label[side], split, parts, part);
		for (int i = attr.contraction.nout++; i > 0; i--)
			attr.contraction.out[i] = attr.contraction.out[i - 1];
		attr.contraction.out[0] = part;
		Val *sums = build(g, v->loc, OP_contraction, 2, pair, &attr, NULL);
		cx->fired[REWRITE_row_in_parts]++;
		return build_reduce(g, v->loc, REDUCE_sum, sums, 1);
	}
	return NULL;
}

Graph *pass_parts(PassCx *cx, const Graph *in)
{
	return rewrite(in, cx->out, &(Rewrite){.rule = cx->options->lanes ? rule : NULL, .state = cx});
}
