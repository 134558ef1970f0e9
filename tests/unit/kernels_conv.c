/* kernels_conv.c -- LeNet's second convolution, a lane an image: [n/16, channel, row, column, 16]
 *
 * Forward: 5 channels by the four pixels of a pool are accumulators; their maximum, which of four it was, bias and tanh follow.
 * To the data: two channels by a whole row; valid rows of the window as bounds of its axis, columns as a sum of axes. */
#include "kernels.h"

enum { C = 20, H = 12, O = 50, W = 5, P = H - W + 1, Q = P / 2, L = 16 };

Kernel *kernel_conv(Build *b)
{
	Kernel *kn = kernel(b, "conv");
	const Dim *blocks = new_dim(b, "blocks");
	kernel_dim(b, kn, blocks);
	const Side n_ = OF(dim(b, blocks)), c_ = OF(num(b, C)), h_ = OF(num(b, H)), o_ = OF(num(b, O)), w_ = OF(num(b, W));
	const Side l_ = OF(num(b, L)), q_ = OF(num(b, Q)), two = OF(num(b, 2));
	Buffer *x = argument(b, kn, "x", DT_float32, true, 5, SIDES(n_, c_, h_, h_, l_));
	Buffer *w = argument(b, kn, "w", DT_float32, true, 4, SIDES(o_, c_, w_, w_));
	Buffer *bias = argument(b, kn, "bias", DT_float32, true, 1, SIDES(o_));
	Buffer *y = argument(b, kn, "y", DT_float32, false, 5, SIDES(n_, o_, q_, q_, l_));
	Buffer *which = argument(b, kn, "which", DT_float32, false, 5, SIDES(n_, o_, q_, q_, l_));
	Buffer *flat = buffer(b, "y", DT_float32, WHERE_ARG, 3, SIDES(n_, o_, OF(num(b, Q * Q * L)))); /* a view of y */

	Axis *n = axis(b, "n", AXIS_PAR, n_.size), *r = axis_n(b, "r", AXIS_SEQ, Q), *s = axis_n(b, "s", AXIS_SEQ, Q);
	Axis *o = axis_n(b, "o", AXIS_SEQ, O), *c = axis_n(b, "c", AXIS_SEQ, C), *ky = axis_n(b, "ky", AXIS_SEQ, W);
	cuts(b, o, 1, (int64_t[]){b->lanes == 16 ? 5 : 2});
	Axis *kx = axis_n(b, "kx", AXIS_UNROLL, W), *u = axis_of(b, "u", AXIS_UNROLL, o), *l = axis_n(b, "l", AXIS_LANES, L);
	Axis *py = axis_n(b, "py", AXIS_UNROLL, 2), *px = axis_n(b, "px", AXIS_UNROLL, 2);
	Buffer *a = buffer(b, "a", DT_float32, WHERE_REG, 4, SIDES(CUT(o), two, two, l_));
	Buffer *top = buffer(b, "top", DT_float32, WHERE_REG, 2, SIDES(CUT(o), l_));
	Buffer *at_top = buffer(b, "at_top", DT_float32, WHERE_REG, 2, SIDES(CUT(o), l_));
	a->lanes = top->lanes = at_top->lanes = true;
	Access cell = at(a, ix(b, u), ix(b, py), ix(b, px), ix(b, l)), best = at(top, ix(b, u), ix(b, l));
	Access where = at(at_top, ix(b, u), ix(b, l));
	const Size *channel = plus(b, ix(b, o), ix(b, u));
	const Size *row = plus(b, plus(b, times(b, ix(b, r), 2), ix(b, py)), ix(b, ky));
	const Size *column = plus(b, plus(b, times(b, ix(b, s), 2), ix(b, px)), ix(b, kx));
	const Node *product = node2(b, OP_mul, load(b, at(w, channel, ix(b, c), ix(b, ky), ix(b, kx))),
	                          load(b, at(x, ix(b, n), ix(b, c), row, column, ix(b, l))));
	const Node *greater = node2(b, OP_gt, load(b, cell), load(b, best));
	const Node *number = cast(b, DT_float32, index_node(b, plus(b, times(b, ix(b, py), 2), ix(b, px))));
	Axis *all = axis_n(b, "o", AXIS_SEQ, O), *i = axis_n(b, "i", AXIS_SIMD, Q * Q * L);
	Access out = at(flat, ix(b, n), ix(b, all), ix(b, i));
	part(b, kn,
	     nest(b, n,
	          ITEMS(nests(b, AXES(r, s, o),
	                      ITEMS(declared(a), nests(b, AXES(u, py, px, l), ITEMS(store(b, cell, STORE_SET, real(b, 0)))),
	                            nests(b, AXES(c, ky, kx, u, py, px, l), ITEMS(store(b, cell, STORE_ADD, product))),
	                            declared(top), declared(at_top),
	                            nests(b, AXES(u, l),
	                                  ITEMS(store(b, best, STORE_SET, load(b, at(a, ix(b, u), num(b, 0), num(b, 0), ix(b, l)))),
	                                        store(b, where, STORE_SET, real(b, 0)))),
	                            nests(b, AXES(u, py, px, l),
	                                  ITEMS(store(b, where, STORE_SET, node3(b, OP_select, greater, number, load(b, where))),
	                                        store(b, best, STORE_SET, node3(b, OP_select, greater, load(b, cell), load(b, best))))),
	                            nests(b, AXES(u, l),
	                                  ITEMS(store(b, at(y, ix(b, n), channel, ix(b, r), ix(b, s), ix(b, l)), STORE_SET, load(b, best)),
	                                        store(b, at(which, ix(b, n), channel, ix(b, r), ix(b, s), ix(b, l)), STORE_SET,
	                                              load(b, where)))))),
	                nests(b, AXES(all, i),
	                      ITEMS(store(b, out, STORE_SET,
	                                  node1(b, OP_tanh, node2(b, OP_add, load(b, out), load(b, at(bias, ix(b, all)))))))))),
	     true);
	return kn;
}

Kernel *kernel_conv_data(Build *b)
{
	Kernel *kn = kernel(b, "conv_data");
	const Dim *blocks = new_dim(b, "blocks");
	kernel_dim(b, kn, blocks);
	const Side n_ = OF(dim(b, blocks)), c_ = OF(num(b, C)), h_ = OF(num(b, H)), o_ = OF(num(b, O)), w_ = OF(num(b, W));
	const Side l_ = OF(num(b, L)), p_ = OF(num(b, P));
	Buffer *d = argument(b, kn, "d", DT_float32, true, 5, SIDES(n_, o_, p_, p_, l_));
	Buffer *w = argument(b, kn, "w", DT_float32, true, 4, SIDES(o_, c_, w_, w_));
	Buffer *dx = argument(b, kn, "dx", DT_float32, false, 5, SIDES(n_, c_, h_, h_, l_));
	Axis *n = axis(b, "n", AXIS_PAR, n_.size), *c = axis_n(b, "c", AXIS_SEQ, C), *y = axis_n(b, "y", AXIS_SEQ, H);
	cuts(b, c, 1, (int64_t[]){b->lanes == 16 ? 2 : 1});
	Axis *u = axis_of(b, "u", AXIS_UNROLL, c), *x = axis_n(b, "x", AXIS_UNROLL, H), *l = axis_n(b, "l", AXIS_LANES, L);
	Axis *o = axis_n(b, "o", AXIS_SEQ, O), *s = axis_n(b, "s", AXIS_UNROLL, P), *kx = axis_n(b, "kx", AXIS_UNROLL, W);
	/* the rows of the window that meet the output */
	Axis *ky = axis(b, "ky", AXIS_SEQ, num(b, W));
	upto(b, ky, plus(b, ix(b, y), num(b, 1)));
	from(b, ky, num(b, 0));
	from(b, ky, plus(b, ix(b, y), num(b, 1 - P)));
	Buffer *a = buffer(b, "a", DT_float32, WHERE_REG, 3, SIDES(CUT(c), h_, l_));
	a->lanes = true;
	const Size *channel = plus(b, ix(b, c), ix(b, u));
	Access cell = at(a, ix(b, u), ix(b, x), ix(b, l));
	const Node *product = node2(b, OP_mul, load(b, at(w, ix(b, o), channel, ix(b, ky), ix(b, kx))),
	                          load(b, at(d, ix(b, n), ix(b, o), minus(b, ix(b, y), ix(b, ky)), ix(b, s), ix(b, l))));
	part(b, kn,
	     nests(b, AXES(n, c, y),
	           ITEMS(declared(a), nests(b, AXES(u, x, l), ITEMS(store(b, cell, STORE_SET, real(b, 0)))),
	                 nests(b, AXES(o, ky, s, u, kx, l),
	                       ITEMS(store(b, at(a, ix(b, u), plus(b, ix(b, s), ix(b, kx)), ix(b, l)), STORE_ADD, product))),
	                 nests(b, AXES(u, x, l),
	                       ITEMS(store(b, at(dx, ix(b, n), channel, ix(b, y), ix(b, x), ix(b, l)), STORE_SET, load(b, cell)))))),
	     true);
	return kn;
}
