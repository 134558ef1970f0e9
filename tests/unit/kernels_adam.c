/* kernels_adam.c -- x.T @ d with Adam's update on the tile: W, m and v are read and written once
 *
 * Threads own columns; 8 rows by 32 columns in registers, the whole batch inside. */
#include "kernels.h"

enum { K = 784, N = 500, ROWS = 8 };

Kernel *kernel_adam(Build *b)
{
	static const int64_t columns[] = {32, 16, 4};
	Kernel *kn = kernel(b, "adam");
	const Dim *batch = new_dim(b, "batch");
	kernel_dim(b, kn, batch);
	static const char *const names[] = {"rate", "beta1", "rest1", "beta2", "rest2", "eps"};
	for (int i = 0; i < 6; i++)
		kernel_uniform(b, kn, names[i], DT_float32);
	const Side m_ = OF(dim(b, batch)), k_ = OF(num(b, K)), n_ = OF(num(b, N));
	Buffer *x = argument(b, kn, "x", DT_float32, true, 2, SIDES(m_, k_));
	Buffer *d = argument(b, kn, "d", DT_float32, true, 2, SIDES(m_, n_));
	Buffer *W = argument(b, kn, "W", DT_float32, false, 2, SIDES(k_, n_));
	Buffer *M = argument(b, kn, "W_m", DT_float32, false, 2, SIDES(k_, n_));
	Buffer *V = argument(b, kn, "W_v", DT_float32, false, 2, SIDES(k_, n_));

	Axis *nt = axis_n(b, "nt", AXIS_PAR, (N + 31) / 32);
	const Size *begin = times(b, ix(b, nt), 32);
	Axis *n = axis(b, "n", AXIS_SEQ, plus(b, begin, num(b, 32))), *k = axis_n(b, "k", AXIS_SEQ, K);
	upto(b, n, num(b, N));
	from(b, n, begin);
	cuts(b, n, b->lanes == 16 ? 3 : 2, b->lanes == 16 ? columns : columns + 1);
	cuts(b, k, 1, (int64_t[]){b->lanes == 16 ? ROWS : 4});
	Axis *r = axis_of(b, "r", AXIS_UNROLL, k), *v = axis_of(b, "v", AXIS_LANES, n), *i = axis(b, "i", AXIS_SEQ, m_.size);
	Buffer *g = buffer(b, "g", DT_float32, WHERE_REG, 2, SIDES(CUT(k), CUT(n)));
	g->lanes = true;
	const Size *row = plus(b, ix(b, k), ix(b, r)), *column = plus(b, ix(b, n), ix(b, v));
	Access cell = at(g, ix(b, r), ix(b, v));
	const Node *grad = load(b, cell);
	const Node *m1 = node2(b, OP_add, node2(b, OP_mul, load(b, at(M, row, column)), uniform(b, "beta1")),
	                     node2(b, OP_mul, grad, uniform(b, "rest1")));
	const Node *v1 = node2(b, OP_add, node2(b, OP_mul, load(b, at(V, row, column)), uniform(b, "beta2")),
	                     node2(b, OP_mul, node2(b, OP_mul, grad, grad), uniform(b, "rest2")));
	const Node *step = node2(b, OP_div, node2(b, OP_mul, m1, uniform(b, "rate")),
	                       node2(b, OP_add, node1(b, OP_sqrt, v1), uniform(b, "eps")));
	const Node *product = node2(b, OP_mul, load(b, at(x, ix(b, i), row)), load(b, at(d, ix(b, i), column)));
	part(b, kn,
	     nests(b, AXES(nt, n, k),
	           ITEMS(declared(g), nests(b, AXES(r, v), ITEMS(store(b, cell, STORE_SET, real(b, 0)))),
	                 nests(b, AXES(i, r, v), ITEMS(store(b, cell, STORE_ADD, product))),
	                 nests(b, AXES(r, v),
	                       ITEMS(store(b, at(M, row, column), STORE_SET, m1), store(b, at(V, row, column), STORE_SET, v1),
	                             store(b, at(W, row, column), STORE_SET, node2(b, OP_sub, load(b, at(W, row, column)), step)))))),
	     true);
	return kn;
}
