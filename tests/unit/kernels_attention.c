/* kernels_attention.c -- causal attention by tiles of keys, a lane a query: maximum, sum and result run along in vectors
 *
 * The first tile of keys holds a key that every query sees, so the running maximum is a number before it is subtracted. */
#include <math.h>

#include "kernels.h"

enum { S = 64, E = 32, Q = 16 };

Kernel *kernel_attention(Build *b)
{
	Kernel *kn = kernel(b, "attention");
	const Dim *heads = new_dim(b, "heads");
	kernel_dim(b, kn, heads);
	kernel_uniform(b, kn, "scale", DT_float32);
	const Side n_ = OF(dim(b, heads)), s_ = OF(num(b, S)), e_ = OF(num(b, E)), q_ = OF(num(b, Q));
	Buffer *q = argument(b, kn, "q", DT_float32, true, 3, SIDES(n_, s_, e_));
	Buffer *k = argument(b, kn, "k", DT_float32, true, 3, SIDES(n_, s_, e_));
	Buffer *v = argument(b, kn, "v", DT_float32, true, 3, SIDES(n_, s_, e_));
	Buffer *y = argument(b, kn, "y", DT_float32, false, 3, SIDES(n_, s_, e_));

	Axis *h = axis(b, "h", AXIS_PAR, n_.size), *e0 = axis_n(b, "e", AXIS_SEQ, E), *s0 = axis_n(b, "s", AXIS_SEQ, S);
	Axis *qb = axis_n(b, "qb", AXIS_SEQ, S / Q), *l = axis_n(b, "l", AXIS_LANES, Q), *u = axis_n(b, "u", AXIS_SIMD, Q);
	const Size *first = times(b, ix(b, qb), Q), *query = plus(b, first, ix(b, u));
	Buffer *qt = buffer(b, "qt", DT_float32, WHERE_STACK, 2, SIDES(e_, s_));
	Buffer *top = buffer(b, "top", DT_float32, WHERE_STACK, 1, SIDES(q_));
	Buffer *sum = buffer(b, "sum", DT_float32, WHERE_STACK, 1, SIDES(q_));
	Buffer *yt = buffer(b, "yt", DT_float32, WHERE_STACK, 2, SIDES(e_, q_));

	/* scores of a tile of keys */
	Axis *kt = axis(b, "kt", AXIS_SEQ, plus(b, first, num(b, Q)));
	cuts(b, kt, 2, (int64_t[]){32, 16});
	Buffer *p = buffer(b, "p", DT_float32, WHERE_STACK, 2, SIDES(OF(num(b, 32)), q_));
	Axis *j0 = axis_of(b, "j0", AXIS_SEQ, kt);
	cuts(b, j0, 1, (int64_t[]){b->lanes == 16 ? 16 : 4});
	Axis *j = axis_of(b, "j", AXIS_UNROLL, j0), *e = axis_n(b, "e", AXIS_SEQ, E);
	Buffer *a = buffer(b, "a", DT_float32, WHERE_REG, 2, SIDES(CUT(j0), q_));
	a->lanes = true;
	Access score = at(a, ix(b, j), ix(b, l));
	const Size *key = plus(b, plus(b, ix(b, kt), ix(b, j0)), ix(b, j));
	Item scores = nest(b, j0,
	                   ITEMS(declared(a), nests(b, AXES(j, l), ITEMS(store(b, score, STORE_SET, real(b, 0)))),
	                         nests(b, AXES(e, j, l),
	                               ITEMS(store(b, score, STORE_ADD,
	                                           node2(b, OP_mul, load(b, at(k, ix(b, h), key, ix(b, e))),
	                                               load(b, at(qt, ix(b, e), plus(b, first, ix(b, l)))))))),
	                         nests(b, AXES(j, l),
	                               ITEMS(store(b, at(p, plus(b, ix(b, j0), ix(b, j)), ix(b, l)), STORE_SET, load(b, score))))));
	/* keys after the query: from the first that some query of the tile does not see */
	Axis *jm = axis_of(b, "j", AXIS_SEQ, kt);
	from(b, jm, num(b, 0));
	from(b, jm, minus(b, first, ix(b, kt)));
	Access masked = at(p, ix(b, jm), ix(b, u));
	const Node *hidden = node2(b, OP_gt, index_node(b, plus(b, ix(b, kt), ix(b, jm))), index_node(b, query));
	Item mask = nests(b, AXES(jm, u), ITEMS(store(b, masked, STORE_SET, node3(b, OP_select, hidden, real(b, (double)-INFINITY), load(b, masked)))));

	/* the maximum so far, and what becomes of the old sums */
	Axis *jj = axis_of(b, "j", AXIS_SEQ, kt);
	Buffer *new_top = buffer(b, "new_top", DT_float32, WHERE_REG, 1, SIDES(q_));
	Buffer *new_sum = buffer(b, "new_sum", DT_float32, WHERE_REG, 1, SIDES(q_));
	new_top->lanes = new_sum->lanes = true;
	Buffer *high = buffer(b, "high", DT_float32, WHERE_STACK, 1, SIDES(q_));
	Buffer *shrink = buffer(b, "shrink", DT_float32, WHERE_STACK, 1, SIDES(q_));
	Access pjl = at(p, ix(b, jj), ix(b, l)), pju = at(p, ix(b, jj), ix(b, u));
	Access top_l = at(top, ix(b, l)), sum_l = at(sum, ix(b, l)), high_u = at(high, ix(b, u));
	Access nt = at(new_top, ix(b, l)), ns = at(new_sum, ix(b, l));

	/* y = y * shrink + p.T @ v */
	Axis *eb = axis_n(b, "eb", AXIS_SEQ, E);
	cuts(b, eb, 1, (int64_t[]){b->lanes == 16 ? 16 : 4});
	Axis *ee = axis_of(b, "ee", AXIS_UNROLL, eb);
	Buffer *acc = buffer(b, "acc", DT_float32, WHERE_REG, 2, SIDES(CUT(eb), q_));
	acc->lanes = true;
	Access cell = at(acc, ix(b, ee), ix(b, l)), kept = at(yt, plus(b, ix(b, eb), ix(b, ee)), ix(b, l));
	Item values = nest(b, eb,
	                   ITEMS(declared(acc),
	                         nests(b, AXES(ee, l),
	                               ITEMS(store(b, cell, STORE_SET, node2(b, OP_mul, load(b, kept), load(b, at(shrink, ix(b, l))))))),
	                         nests(b, AXES(jj, ee, l),
	                               ITEMS(store(b, cell, STORE_ADD,
	                                           node2(b, OP_mul,
	                                               load(b, at(v, ix(b, h), plus(b, ix(b, kt), ix(b, jj)), plus(b, ix(b, eb), ix(b, ee)))),
	                                               load(b, pjl))))),
	                         nests(b, AXES(ee, l), ITEMS(store(b, kept, STORE_SET, load(b, cell))))));
	Item tile = nest(b, kt,
	                 ITEMS(declared(p), declared(high), declared(shrink), scores, mask, declared(new_top),
	                       nest(b, l, ITEMS(store(b, nt, STORE_SET, load(b, top_l)))),
	                       nests(b, AXES(jj, l), ITEMS(store(b, nt, STORE_MAX, load(b, pjl)))),
	                       nest(b, l, ITEMS(store(b, at(high, ix(b, l)), STORE_SET, load(b, nt)))),
	                       nest(b, u, ITEMS(store(b, at(shrink, ix(b, u)), STORE_SET,
	                                              node1(b, OP_exp, node2(b, OP_sub, load(b, at(top, ix(b, u))), load(b, high_u)))))),
	                       nest(b, l, ITEMS(store(b, top_l, STORE_SET, load(b, nt)))),
	                       nests(b, AXES(jj, u),
	                             ITEMS(store(b, pju, STORE_SET, node1(b, OP_exp, node2(b, OP_sub, load(b, pju), load(b, high_u)))))),
	                       declared(new_sum),
	                       nest(b, l, ITEMS(store(b, ns, STORE_SET, node2(b, OP_mul, load(b, sum_l), load(b, at(shrink, ix(b, l))))))),
	                       nests(b, AXES(jj, l), ITEMS(store(b, ns, STORE_ADD, load(b, pjl)))),
	                       nest(b, l, ITEMS(store(b, sum_l, STORE_SET, load(b, ns)))), values));

	Axis *eo = axis_n(b, "e", AXIS_SEQ, E), *ql = axis_n(b, "l", AXIS_SEQ, Q), *el = axis_n(b, "e", AXIS_SEQ, E);
	part(b, kn,
	     nest(b, h,
	          ITEMS(declared(qt),
	                nests(b, AXES(e0, s0),
	                      ITEMS(store(b, at(qt, ix(b, e0), ix(b, s0)), STORE_SET,
	                                  node2(b, OP_mul, load(b, at(q, ix(b, h), ix(b, s0), ix(b, e0))), uniform(b, "scale"))))),
	                nest(b, qb,
	                     ITEMS(declared(top), declared(sum), declared(yt),
	                           nest(b, l, ITEMS(store(b, top_l, STORE_SET, real(b, (double)-INFINITY)), store(b, sum_l, STORE_SET, real(b, 0)))),
	                           nests(b, AXES(eo, l), ITEMS(store(b, at(yt, ix(b, eo), ix(b, l)), STORE_SET, real(b, 0)))), tile,
	                           nest(b, u, ITEMS(store(b, at(sum, ix(b, u)), STORE_SET, node2(b, OP_div, real(b, 1), load(b, at(sum, ix(b, u))))))),
	                           nests(b, AXES(ql, el),
	                                 ITEMS(store(b, at(y, ix(b, h), plus(b, first, ix(b, ql)), ix(b, el)), STORE_SET,
	                                             node2(b, OP_mul, load(b, at(yt, ix(b, el), ix(b, ql))), load(b, at(sum, ix(b, ql))))))))))),
	     true);
	return kn;
}
