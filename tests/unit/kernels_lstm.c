/* kernels_lstm.c -- an LSTM over time, 12 rows of the batch a thread, which needs no barrier in time
 *
 * Four gates of 16 units are one tile, so that the cell follows on it.  h is a trace, since a step reads all of the one before;
 * c is updated in place. */
#include "kernels.h"

enum { H = 128, G = 4, ROWS = 12 };

Kernel *kernel_lstm(Build *b)
{
	static const int64_t rows[] = {6, 3, 1};
	Kernel *kn = kernel(b, "lstm");
	const Dim *batch = new_dim(b, "batch"), *time = new_dim(b, "time");
	kernel_dim(b, kn, batch);
	kernel_dim(b, kn, time);
	const Size *n_ = dim(b, batch), *t_ = dim(b, time);
	const Side h_ = OF(num(b, H)), gates = OF(num(b, G * H)), lane = OF(num(b, 16)), g_ = OF(num(b, G));
	Buffer *xg = argument(b, kn, "xg", DT_float32, true, 3, SIDES(OF(t_), OF(n_), gates));
	Buffer *U = argument(b, kn, "U", DT_float32, true, 2, SIDES(h_, gates));
	Buffer *hs = argument(b, kn, "hs", DT_float32, false, 3, SIDES(OF(plus(b, t_, num(b, 1))), OF(n_), h_));
	Buffer *c = argument(b, kn, "c", DT_float32, false, 2, SIDES(OF(n_), h_));
	Buffer *packed = argument(b, kn, "packed", DT_float32, false, 4, SIDES(OF(num(b, H / 16)), h_, g_, lane));

	Axis *hp = axis_n(b, "hb", AXIS_PAR, H / 16), *kp = axis_n(b, "k", AXIS_SEQ, H), *gp = axis_n(b, "g", AXIS_SEQ, G);
	Axis *q = axis_n(b, "j", AXIS_SEQ, 16);
	const Size *from_column = plus(b, plus(b, times(b, ix(b, gp), H), times(b, ix(b, hp), 16)), ix(b, q));
	part(b, kn,
	     nests(b, AXES(hp, kp, gp, q),
	           ITEMS(store(b, at(packed, ix(b, hp), ix(b, kp), ix(b, gp), ix(b, q)), STORE_SET,
	                       load(b, at(U, ix(b, kp), from_column))))),
	     true);

	Axis *block = axis(b, "block", AXIS_PAR, size_floordiv(b->arena, plus(b, n_, num(b, ROWS - 1)), ROWS));
	Axis *t = axis(b, "t", AXIS_SEQ, t_), *hb = axis_n(b, "hb", AXIS_SEQ, H / 16);
	const Size *begin = times(b, ix(b, block), ROWS);
	Axis *i = axis(b, "i", AXIS_SEQ, plus(b, begin, num(b, ROWS)));
	upto(b, i, n_);
	from(b, i, begin);
	if (b->lanes == 16)
		cuts(b, i, 2, (int64_t[]){6, 1});
	else
		cuts(b, i, 2, b->lanes == 8 ? rows + 1 : rows + 1);
	Axis *r = axis_of(b, "r", AXIS_UNROLL, i), *g = axis_n(b, "g", AXIS_UNROLL, G), *l = axis_n(b, "l", AXIS_LANES, 16);
	Axis *k = axis_n(b, "k", AXIS_SEQ, H), *rs = axis_of(b, "r", AXIS_SEQ, i), *u = axis_n(b, "u", AXIS_SIMD, 16);
	Buffer *a = buffer(b, "a", DT_float32, WHERE_REG, 3, SIDES(CUT(i), g_, lane));
	a->lanes = true;
	Buffer *z = buffer(b, "z", DT_float32, WHERE_STACK, 3, SIDES(OF(num(b, 6)), g_, lane));
	Access cell = at(a, ix(b, r), ix(b, g), ix(b, l));
	const Size *row = plus(b, ix(b, i), ix(b, r)), *own = plus(b, ix(b, i), ix(b, rs));
	const Size *column = plus(b, plus(b, times(b, ix(b, g), H), times(b, ix(b, hb), 16)), ix(b, l));
	const Size *unit = plus(b, times(b, ix(b, hb), 16), ix(b, u));
	const Node *gate[G];
	for (int j = 0; j < G; j++)
		gate[j] = node1(b, j == 2 ? OP_tanh : OP_sigmoid, load(b, at(z, ix(b, rs), num(b, j), ix(b, u))));
	const Node *kept = node2(b, OP_mul, gate[1], load(b, at(c, own, unit)));
	const Node *next = node2(b, OP_add, kept, node2(b, OP_mul, gate[0], gate[2]));
	const Node *product = node2(b, OP_mul, load(b, at(hs, ix(b, t), row, ix(b, k))),
	                          load(b, at(packed, ix(b, hb), ix(b, k), ix(b, g), ix(b, l))));
	part(b, kn,
	     nests(b, AXES(block, t, hb, i),
	           ITEMS(declared(a), declared(z),
	                 nests(b, AXES(r, g, l), ITEMS(store(b, cell, STORE_SET, load(b, at(xg, ix(b, t), row, column))))),
	                 nests(b, AXES(k, r, g, l), ITEMS(store(b, cell, STORE_ADD, product))),
	                 nests(b, AXES(r, g, l), ITEMS(store(b, at(z, ix(b, r), ix(b, g), ix(b, l)), STORE_SET, load(b, cell)))),
	                 nests(b, AXES(rs, u),
	                       ITEMS(store(b, at(c, own, unit), STORE_SET, next),
	                             store(b, at(hs, plus(b, ix(b, t), num(b, 1)), own, unit), STORE_SET,
	                                   node2(b, OP_mul, gate[3], node1(b, OP_tanh, next))))))),
	     true);
	return kn;
}
