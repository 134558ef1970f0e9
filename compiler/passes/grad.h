/* grad.h -- what the files of differentiation share */
#ifndef GRAD_H
#define GRAD_H

#include "passes.h"

/* One backward pass over a graph that is being built. */
typedef struct Backward {
	PassCx *cx;
	Graph *graph;
	Arena *scratch;
	int n;	       /* ids below this belong to what is differentiated */
	bool *needed;  /* by id: a gradient flows on from here to a wanted value */
	Val **adjoint; /* by id: of the value, or NULL */
	Val ***item;   /* by id, of a tuple: the adjoint of each item, or NULL */
} Backward;

/* grad.c: d(sum of seed * adjoint) / d(wrt), NULL where there is no dependence */
void backward(PassCx *, Graph *, int nseeds, Val *const *seed, Val *const *adjoint, int nwrt,
	      Val *const *wrt, Val **gradient);

/* grad_rows.c: the derivative column.  d[i] of the result's shape, or NULL */
void row_gradient(Graph *, const Val *v, Val *g, Val **d);

/* A structural op's gradient: from the adjoint g[0] of v (of a tuple: of each item, perhaps NULL)
 * to d[i], of the type of operand i. It fills those of needed operands; wanted(b, v, i) says which
 * they are. */
typedef void OpGradient(Backward *, const Val *v, Val *const *g, Val **d);
OpGradient *op_gradient(Op); /* grad_ops.c; NULL: nothing flows through it */
bool wanted(const Backward *, const Val *v, int operand);

/* grad_reduce.c, grad_move.c, grad_index.c, grad_if.c, grad_scan.c */
OpGradient grad_reduce, grad_cumsum, grad_contraction, grad_reshape, grad_transpose, grad_broadcast,
	grad_slice, grad_set_slice, grad_pad, grad_concat, grad_windows, grad_gather,
	grad_scatter_set, grad_scatter_add, grad_sort, grad_topk, grad_if, grad_scan,
	grad_unsupported;

#endif
