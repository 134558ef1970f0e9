/* grad_reduce.c -- gradients of what sums: reductions, prefix sums, contractions */
#include "build_more.h"
#include "grad.h"

/* g at the first of the largest (smallest) elements in row-major order, 0 elsewhere */
static Val *to_first(Graph *graph, const Val *v, Val *g)
{
	Val *x = v->in[0];
	Loc loc = v->loc;
	uint32_t axes = v->attr.reduce.axes;
	int rank = x->type->rank, kept = 0, n = 0;
	int8_t perm[MAX_RANK], back[MAX_RANK];
	const Size *size[MAX_RANK], *count = size_const(graph->arena, 1);
	/* the reduced axes last, as one */
	for (int i = 0; i < rank; i++)
		if (!(axes >> i & 1)) {
			size[n] = x->type->size[i];
			perm[n++] = (int8_t)i;
		}
	kept = n;
	for (int i = 0; i < rank; i++)
		if (axes >> i & 1) {
			count = size_mul(graph->arena, count, x->type->size[i]);
			perm[n++] = (int8_t)i;
		}
	size[kept] = count;
	for (int i = 0; i < rank; i++)
		back[perm[i]] = (int8_t)i;
	bool one = rank - kept == 1;
	Val *moved = one ? x : build_transpose(graph, loc, x, perm);
	const Type *order = moved->type;
	Val *flat = one ? x : build_reshape(graph, loc, moved, kept + 1, size);
	int axis = kept;
	for (int i = 0; one && i < rank; i++)
		if (axes >> i & 1)
			axis = i;
	uint32_t bit = 1u << axis;
	Val *first = build_reduce(graph, loc,
				  v->attr.reduce.kind == REDUCE_max ? REDUCE_argmax : REDUCE_argmin,
				  flat, bit);
	Val *here =
		build_elem(graph, loc, OP_eq, build_iota(graph, loc, flat->type, DT_int64, axis),
			   build_restore(graph, loc, first, flat->type, bit), NULL);
	Val *d = build_elem(graph, loc, OP_select, here,
			    build_restore(graph, loc, g, flat->type, bit),
			    build_number(graph, loc, g->type->dtype, 0));
	return one ? d
		   : build_transpose(graph, loc, build_reshape(graph, loc, d, rank, order->size),
				     back);
}

/* g times the product of the other elements, which holds too where some are 0 */
static Val *product_of_others(Graph *graph, const Val *v, Val *g)
{
	Val *x = v->in[0];
	Loc loc = v->loc;
	uint32_t axes = v->attr.reduce.axes;
	DType dtype = x->type->dtype;
	Val *zero = build_number(graph, loc, dtype, 0), *one = build_number(graph, loc, dtype, 1);
	Val *is_zero = build_elem(graph, loc, OP_eq, x, zero, NULL);
	Val *safe = build_elem(graph, loc, OP_select, is_zero, one, x);
	Val *zeros = build_elem(graph, loc, OP_select, is_zero, one, zero);
	Val *nzeros = build_restore(graph, loc, build_reduce(graph, loc, REDUCE_sum, zeros, axes),
				    x->type, axes);
	Val *product = build_restore(graph, loc, build_reduce(graph, loc, REDUCE_prod, safe, axes),
				     x->type, axes);
	/* the zeros among the others */
	Val *others = build_elem(graph, loc, OP_sub, nzeros, zeros, NULL);
	Val *rest =
		build_elem(graph, loc, OP_select, build_elem(graph, loc, OP_eq, others, zero, NULL),
			   build_elem(graph, loc, OP_div, product, safe, NULL), zero);
	return build_elem(graph, loc, OP_mul, build_restore(graph, loc, g, x->type, axes), rest,
			  NULL);
}

void grad_reduce(Backward *b, const Val *v, Val *const *g, Val **d)
{
	switch (v->attr.reduce.kind) {
	case REDUCE_sum:
		d[0] = build_restore(b->graph, v->loc, g[0], v->in[0]->type, v->attr.reduce.axes);
		return;
	case REDUCE_prod: d[0] = product_of_others(b->graph, v, g[0]); return;
	case REDUCE_max:
	case REDUCE_min: d[0] = to_first(b->graph, v, g[0]); return;
	default: return; /* of bools, or integers */
	}
}

void grad_cumsum(Backward *b, const Val *v, Val *const *g, Val **d)
{
	Attr attr = v->attr;
	attr.cumsum.reverse = !attr.cumsum.reverse;
	d[0] = build(b->graph, v->loc, OP_cumsum, 1, g, &attr, NULL);
}

void grad_contraction(Backward *b, const Val *v, Val *const *g, Val **d)
{
	for (int i = 0; i < 2; i++) {
		if (!wanted(b, v, i))
			continue;
		Attr attr = v->attr;
		Val *in[] = {i == 0 ? g[0] : v->in[0], i == 0 ? v->in[1] : g[0]};
		int8_t *side = i == 0 ? attr.contraction.a : attr.contraction.b;
		const int8_t *label = i == 0 ? v->attr.contraction.a : v->attr.contraction.b;
		attr.contraction.nout = v->in[i]->type->rank;
		for (int k = 0; k < MAX_RANK; k++) {
			attr.contraction.out[k] = label[k];
			side[k] = v->attr.contraction.out[k];
		}
		d[i] = build(b->graph, v->loc, OP_contraction, 2, in, &attr, NULL);
	}
}
