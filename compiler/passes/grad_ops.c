/* grad_ops.c -- which function is the gradient of a structural op */
#include "grad.h"

static OpGradient *const table[OP_COUNT] = {
	[OP_reduce] = grad_reduce,
	[OP_cumsum] = grad_cumsum,
	[OP_contraction] = grad_contraction,
	[OP_reshape] = grad_reshape,
	[OP_transpose] = grad_transpose,
	[OP_broadcast] = grad_broadcast,
	[OP_slice] = grad_slice,
	[OP_set_slice] = grad_set_slice,
	[OP_pad] = grad_pad,
	[OP_concat] = grad_concat,
	[OP_windows] = grad_windows,
	[OP_gather] = grad_gather,
	[OP_scatter_set] = grad_scatter_set,
	[OP_scatter_add] = grad_scatter_add,
	[OP_sort] = grad_sort,
	[OP_topk] = grad_topk,
	[OP_if] = grad_if,
	[OP_scan] = grad_scan,
	[OP_cholesky] = grad_unsupported,
	[OP_triangular_solve] = grad_unsupported,
	[OP_extern] = grad_unsupported,
};

OpGradient *op_gradient(Op op)
{
	return table[op];
}

void grad_unsupported(Backward *b, const Val *v, Val *const *g, Val **d)
{
	(void)g, (void)d;
	diag_error(b->cx->diag, v->loc, "not supported yet: the gradient through '%s'",
		   op_info(v->op)->name);
}
