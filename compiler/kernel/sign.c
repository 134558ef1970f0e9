/* sign.c -- values that are on one side of 0 whatever they are computed from
 *
 *      -(a * a), -abs(a), x - max(x), a * b of one of either side       are no more than 0
 *      a * a, abs(a), exp(a), sigmoid(a), sums of such                  are no less
 *
 * or no number. */
#include "lower.h"

enum { MOST_DEPTH = 6 };

static bool below(const Val *, int depth);
static bool above(const Val *, int depth);

/* the operand of a view, or of a cast between floats */
static const Val *same_elements(const Val *v)
{
	while (v->op == OP_broadcast || v->op == OP_reshape || v->op == OP_transpose ||
	       (v->op == OP_cast && dtype_is_float(v->in[0]->type->dtype)))
		v = v->in[0];
	return v;
}

/* the largest along some axes of x, as wide as x */
static bool is_largest_of(const Val *v, const Val *x)
{
	const Val *m = v->op == OP_broadcast ? v->in[0] : v;
	if (m->op != OP_reduce || m->attr.reduce.kind != REDUCE_max || m->in[0] != x)
		return false;
	if (m == v)
		return m->type->rank == 0;
	int kept = 0;
	for (int d = 0; d < x->type->rank; d++)
		if (!(m->attr.reduce.axes >> d & 1) && v->attr.broadcast.axis[kept++] != d)
			return false;
	return true;
}

/* more than 0, or no number; or 0, but not -0, of which quotients are on the other side */
static bool above_minus_0(const Val *v, int depth)
{
	v = same_elements(v);
	if (depth == MOST_DEPTH || !dtype_is_float(v->type->dtype))
		return false;
	depth++;
	switch (v->op) {
	case OP_const: return v->attr.number.f > 0;
	case OP_abs:
	case OP_exp:
	case OP_sigmoid:
	case OP_softplus: return true;
	case OP_mul: return v->in[0] == v->in[1] || (above_minus_0(v->in[0], depth) && above_minus_0(v->in[1], depth));
	case OP_add: return above_minus_0(v->in[0], depth) && above_minus_0(v->in[1], depth);
	default: return false;
	}
}

static bool product_below(const Val *x, const Val *y, int depth)
{
	return (below(x, depth) && above(y, depth)) || (above(x, depth) && below(y, depth));
}

static bool below(const Val *v, int depth)
{
	v = same_elements(v);
	if (depth == MOST_DEPTH || !dtype_is_float(v->type->dtype))
		return false;
	depth++;
	switch (v->op) {
	case OP_const: return v->attr.number.f <= 0;
	case OP_neg: return above(v->in[0], depth);
	case OP_sub: return is_largest_of(v->in[1], v->in[0]) || (below(v->in[0], depth) && above(v->in[1], depth));
	case OP_add:
	case OP_max: return below(v->in[0], depth) && below(v->in[1], depth);
	case OP_min: return below(v->in[0], depth) || below(v->in[1], depth);
	case OP_mul: return product_below(v->in[0], v->in[1], depth);
	case OP_div: return below(v->in[0], depth) && above_minus_0(v->in[1], depth);
	default: return false;
	}
}

static bool above(const Val *v, int depth)
{
	v = same_elements(v);
	if (depth == MOST_DEPTH || !dtype_is_float(v->type->dtype))
		return false;
	depth++;
	switch (v->op) {
	case OP_const: return v->attr.number.f >= 0;
	case OP_abs:
	case OP_sqrt:
	case OP_exp:
	case OP_sigmoid:
	case OP_softplus: return true;
	case OP_neg: return below(v->in[0], depth);
	case OP_add:
	case OP_min: return above(v->in[0], depth) && above(v->in[1], depth);
	case OP_max: return above(v->in[0], depth) || above(v->in[1], depth);
	case OP_mul: return v->in[0] == v->in[1] || (above(v->in[0], depth) && above(v->in[1], depth));
	case OP_div: return v->in[0] == v->in[1] || (above(v->in[0], depth) && above_minus_0(v->in[1], depth));
	case OP_reduce: return v->attr.reduce.kind == REDUCE_sum && above(v->in[0], depth);
	default: return false;
	}
}

bool not_above_0(const Val *v)
{
	return below(v, 0);
}
