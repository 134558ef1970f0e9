/* kernels_logreg.c -- a whole step of logistic regression: logits, softmax, its gradient, the update
 *
 * Pixels stay bytes: 1/255 goes into the logits and into the learning rate of W.  Products take 16 lanes along k. */
#include "kernels.h"

enum { K = 784, C = 10, ROWS = 64 };

typedef struct Parts {
	Build *b;
	Kernel *k;
	const Size *m, *blocks;
	Buffer *x, *y, *W, *bias, *d, *wt, *loss_of, *loss;
} Parts;

static const Size *n_(const Parts *q, int64_t x)
{
	return num(q->b, x);
}

/* wt[c, k] = W[k, c] */
static Item turn_weights(const Parts *q)
{
	Build *b = q->b;
	Axis *kb = axis_n(b, "kb", AXIS_PAR, K / 16), *c = axis_n(b, "c", AXIS_SEQ, C), *j = axis_n(b, "j", AXIS_SEQ, 16);
	const Size *k = plus(b, times(b, ix(b, kb), 16), ix(b, j));
	return nests(b, AXES(kb, c, j), ITEMS(store(b, at(q->wt, ix(b, c), k), STORE_SET, load(b, at(q->W, k, ix(b, c))))));
}

static Item logits(const Parts *q, Axis *t)
{
	static const int64_t rows[] = {2, 1};
	Build *b = q->b;
	const Size *begin = times(b, ix(b, t), ROWS);
	Axis *i = axis(b, "i", AXIS_SEQ, plus(b, begin, n_(q, ROWS)));
	upto(b, i, q->m);
	from(b, i, begin);
	cuts(b, i, b->lanes == 16 ? 2 : 1, b->lanes == 16 ? rows : rows + 1);
	Axis *cf = axis_n(b, "cf", AXIS_SEQ, C), *k = axis_n(b, "k", AXIS_SEQ, K);
	cuts(b, cf, 1, (int64_t[]){b->lanes == 16 ? 10 : 5});
	cuts(b, k, 1, (int64_t[]){16});
	Axis *r = axis_of(b, "r", AXIS_UNROLL, i), *c = axis_of(b, "c", AXIS_UNROLL, cf), *l = axis_n(b, "l", AXIS_LANES, 16);
	Buffer *acc = buffer(b, "acc", DT_float32, WHERE_REG, 3, SIDES(CUT(i), CUT(cf), OF(n_(q, 16))));
	acc->lanes = true;
	Access cell = at(acc, ix(b, r), ix(b, c), ix(b, l));
	const Size *row = plus(b, ix(b, i), ix(b, r)), *column = plus(b, ix(b, cf), ix(b, c)), *kl = plus(b, ix(b, k), ix(b, l));
	const Node *product = node2(b, OP_mul, cast(b, DT_float32, load(b, at(q->x, row, kl))), load(b, at(q->wt, column, kl)));
	return nests(b, AXES(i, cf),
	             ITEMS(declared(acc), nests(b, AXES(r, c, l), ITEMS(store(b, cell, STORE_SET, real(b, 0)))),
	                   nests(b, AXES(k, c, r, l), ITEMS(store(b, cell, STORE_ADD, product))),
	                   nests(b, AXES(r, c, l), ITEMS(store(b, at(q->d, row, column), STORE_SET, load(b, cell))))));
}

/* 64 rows at once, a row in a lane; e[c, row] becomes the gradient */
static Item softmax(const Parts *q, const Buffer *e)
{
	Build *b = q->b;
	Axis *s = axis_n(b, "s", AXIS_SIMD, ROWS), *u = axis_n(b, "c", AXIS_UNROLL, C);
	Buffer *top = buffer(b, "top", DT_float32, WHERE_REG, 0, NULL);
	Buffer *sum = buffer(b, "sum", DT_float32, WHERE_REG, 0, NULL);
	Buffer *share = buffer(b, "share", DT_float32, WHERE_REG, 0, NULL);
	Access cell = at(e, ix(b, u), ix(b, s));
	const Node *here = load(b, cell);
	return nest(b, s,
	            ITEMS(declared(top), store(b, at(top), STORE_SET, load(b, at(e, n_(q, 0), ix(b, s)))),
	                  nest(b, u, ITEMS(store(b, at(top), STORE_MAX, here))), declared(sum),
	                  store(b, at(sum), STORE_SET, real(b, 0)),
	                  nest(b, u, ITEMS(store(b, cell, STORE_SET, node1(b, OP_exp, node2(b, OP_sub, here, load(b, at(top))))))),
	                  nest(b, u, ITEMS(store(b, at(sum), STORE_ADD, here))), declared(share),
	                  store(b, at(share), STORE_SET, node2(b, OP_div, uniform(b, "scale"), load(b, at(sum)))),
	                  nest(b, u, ITEMS(store(b, cell, STORE_SET, node2(b, OP_mul, here, load(b, at(share))))))));
}

static Item blocks_of_rows(const Parts *q)
{
	Build *b = q->b;
	Axis *t = axis(b, "t", AXIS_PAR, q->blocks), *r = axis_n(b, "r", AXIS_SEQ, ROWS), *c = axis_n(b, "c", AXIS_SEQ, C);
	Buffer *e = buffer(b, "e", DT_float32, WHERE_STACK, 2, SIDES(OF(n_(q, C)), OF(n_(q, ROWS))));
	const Size *begin = times(b, ix(b, t), ROWS), *row = plus(b, begin, ix(b, r));
	const Node *logit = load(b, when(b, at(q->d, row, ix(b, c)), row, n_(q, 0), q->m, 0));
	const Node *scaled = node2(b, OP_add, node2(b, OP_mul, logit, uniform(b, "pixel")), load(b, at(q->bias, ix(b, c))));
	Axis *g = axis(b, "g", AXIS_SEQ, minus(b, q->m, begin)), *c2 = axis_n(b, "c", AXIS_SEQ, C);
	upto(b, g, n_(q, ROWS));
	Buffer *loss = buffer(b, "sum", DT_float32, WHERE_REG, 0, NULL);
	const Size *own = plus(b, begin, ix(b, g));
	const Node *label = load(b, at(q->y, own));
	Access true_d = at(q->d, own, NULL);
	true_d.index[1].gathered = label;
	const Node *p = node2(b, OP_div, load(b, at_row(e, label, ix(b, g))), uniform(b, "scale"));
	return nest(b, t,
	            ITEMS(says(logits(q, t), "pixels @ W"), declared(e),
	                  nests(b, AXES(r, c), ITEMS(store(b, at(e, ix(b, c), ix(b, r)), STORE_SET, scaled))),
	                  says(softmax(q, e), "softmax, a row in a lane"), declared(loss), store(b, at(loss), STORE_SET, real(b, 0)),
	                  nest(b, g,
	                       ITEMS(nest(b, c2, ITEMS(store(b, at(q->d, own, ix(b, c2)), STORE_SET,
	                                                     load(b, at(e, ix(b, c2), ix(b, g)))))),
	                             store(b, at(loss), STORE_ADD, node1(b, OP_neg, node1(b, OP_log, p))),
	                             store(b, true_d, STORE_ADD, node1(b, OP_neg, uniform(b, "scale"))))),
	                  store(b, at(q->loss_of, ix(b, t)), STORE_SET, load(b, at(loss)))));
}

/* W -= rate * x.T @ d: a thread owns ranges of k and sums over the whole batch */
static Item update(const Parts *q)
{
	static const int64_t widths[] = {32, 16};
	Build *b = q->b;
	Axis *kt = axis_n(b, "kt", AXIS_PAR, (K + 31) / 32);
	const Size *begin = times(b, ix(b, kt), 32);
	Axis *k = axis(b, "k", AXIS_SEQ, plus(b, begin, n_(q, 32)));
	upto(b, k, n_(q, K));
	from(b, k, begin);
	if (b->lanes == 16)
		cuts(b, k, 2, widths);
	else
		cuts(b, k, 1, (int64_t[]){8});
	Axis *c = axis_n(b, "c", AXIS_UNROLL, C), *v = axis_of(b, "v", AXIS_LANES, k), *h = axis(b, "h", AXIS_SEQ, q->m);
	Buffer *acc = buffer(b, "acc", DT_float32, WHERE_REG, 2, SIDES(OF(n_(q, C)), CUT(k)));
	acc->lanes = true;
	Buffer *g = buffer(b, "g", DT_float32, WHERE_STACK, 2, SIDES(OF(n_(q, C)), OF(n_(q, 32))));
	Axis *u = axis_of(b, "u", AXIS_SEQ, k);
	Access cell = at(acc, ix(b, c), ix(b, v));
	const Node *pixel = cast(b, DT_float32, load(b, at(q->x, ix(b, h), plus(b, ix(b, k), ix(b, v)))));
	const Node *step = node1(b, OP_neg, node2(b, OP_mul, uniform(b, "pixel_rate"), load(b, at(g, ix(b, c), ix(b, u)))));
	return nests(b, AXES(kt, k),
	             ITEMS(declared(acc), declared(g), nests(b, AXES(c, v), ITEMS(store(b, cell, STORE_SET, real(b, 0)))),
	                   nests(b, AXES(h, c, v),
	                         ITEMS(store(b, cell, STORE_ADD, node2(b, OP_mul, load(b, at(q->d, ix(b, h), ix(b, c))), pixel)))),
	                   nests(b, AXES(c, v), ITEMS(store(b, at(g, ix(b, c), ix(b, v)), STORE_SET, load(b, cell)))),
	                   nests(b, AXES(u, c),
	                         ITEMS(store(b, at(q->W, plus(b, ix(b, k), ix(b, u)), ix(b, c)), STORE_ADD, step)))));
}

static Item bias_and_loss(const Parts *q)
{
	Build *b = q->b;
	Axis *one = axis_n(b, "one", AXIS_PAR, 1), *c = axis_n(b, "c", AXIS_SEQ, C), *h = axis(b, "h", AXIS_SEQ, q->m);
	Axis *c2 = axis_n(b, "c", AXIS_SEQ, C), *c3 = axis_n(b, "c", AXIS_SEQ, C), *t = axis(b, "t", AXIS_SEQ, q->blocks);
	Buffer *g = buffer(b, "g", DT_float32, WHERE_STACK, 1, SIDES(OF(n_(q, C))));
	Buffer *sum = buffer(b, "sum", DT_float32, WHERE_REG, 0, NULL);
	const Node *step = node1(b, OP_neg, node2(b, OP_mul, uniform(b, "rate"), load(b, at(g, ix(b, c3)))));
	return nest(b, one,
	            ITEMS(declared(g), nest(b, c, ITEMS(store(b, at(g, ix(b, c)), STORE_SET, real(b, 0)))),
	                  nests(b, AXES(h, c2), ITEMS(store(b, at(g, ix(b, c2)), STORE_ADD, load(b, at(q->d, ix(b, h), ix(b, c2)))))),
	                  nest(b, c3, ITEMS(store(b, at(q->bias, ix(b, c3)), STORE_ADD, step))), declared(sum),
	                  store(b, at(sum), STORE_SET, real(b, 0)),
	                  nest(b, t, ITEMS(store(b, at(sum), STORE_ADD, load(b, at(q->loss_of, ix(b, t)))))),
	                  store(b, at(q->loss), STORE_SET, node2(b, OP_mul, load(b, at(sum)), uniform(b, "scale")))));
}

Kernel *kernel_logreg(Build *b)
{
	Kernel *k = kernel(b, "logreg");
	const Dim *m = new_dim(b, "m");
	kernel_dim(b, k, m);
	Parts q = {.b = b, .k = k, .m = dim(b, m)};
	q.blocks = size_floordiv(b->arena, plus(b, q.m, num(b, ROWS - 1)), ROWS);
	kernel_uniform(b, k, "rate", DT_float32);
	kernel_uniform(b, k, "pixel_rate", DT_float32);
	kernel_uniform(b, k, "pixel", DT_float32);
	kernel_uniform(b, k, "scale", DT_float32);
	const Side m_ = OF(q.m), k_ = OF(num(b, K)), c_ = OF(num(b, C));
	q.x = argument(b, k, "x", DT_uint8, true, 2, SIDES(m_, k_));
	q.y = argument(b, k, "y", DT_uint8, true, 1, SIDES(m_));
	q.W = argument(b, k, "W", DT_float32, false, 2, SIDES(k_, c_));
	q.bias = argument(b, k, "b", DT_float32, false, 1, SIDES(c_));
	q.d = argument(b, k, "d", DT_float32, false, 2, SIDES(m_, c_));
	q.wt = argument(b, k, "wt", DT_float32, false, 2, SIDES(c_, k_));
	q.loss_of = argument(b, k, "loss_of", DT_float32, false, 1, SIDES(OF(q.blocks)));
	q.loss = argument(b, k, "loss", DT_float32, false, 0, NULL);
	part(b, k, turn_weights(&q), true);
	part(b, k, blocks_of_rows(&q), true);
	part(b, k, update(&q), false);
	part(b, k, bias_and_loss(&q), true);
	return k;
}
