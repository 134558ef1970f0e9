/* algebra.c -- sums, products, quotients, signs
 *
 *      1 * (2 * x)             2 * x
 *      x * y / y          =>   x
 *      a + -b                  a - b
 *
 * Of floats: 0 * x stays, since x may be inf or NaN; numbers that multiply one value are multiplied
 * with each other first, which rounds otherwise; the sign of a zero may change. */
#include <math.h>

#include "rules.h"

static bool is_neg(const Val *v)
{
	return v->op == OP_neg;
}

static Val *zero_of(Graph *g, const Val *v)
{
	return build_number(g, v->loc, v->type->dtype, 0);
}

Val *rule_sums(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	if (v->op != OP_add && v->op != OP_sub)
		return NULL;
	bool add = v->op == OP_add;
	Val *a = in[0], *b = in[1];
	if (is_number(b, 0))
		return did(cx, g, v, REWRITE_add_zero, a);
	if (is_number(a, 0))
		return did(cx, g, v, REWRITE_add_zero, add ? b : op1(g, v, OP_neg, b));
	if (is_neg(b))
		return did(cx, g, v, REWRITE_add_negative,
			   op2(g, v, add ? OP_sub : OP_add, a, b->in[0]));
	if (add && is_neg(a))
		return did(cx, g, v, REWRITE_add_negative, op2(g, v, OP_sub, b, a->in[0]));
	if (a == b && add)
		return did(cx, g, v, REWRITE_double,
			   op2(g, v, OP_mul, build_number(g, v->loc, v->type->dtype, 2), a));
	if (a == b && !is_float(v))
		return did(cx, g, v, REWRITE_subtract_self, zero_of(g, v));
	return NULL;
}

/* s op t of rank 0, kept small where both are constants; NULL if that is no normal number */
static Val *join(Graph *g, const Val *v, Op op, Val *s, Val *t)
{
	Number in[2] = {s->attr.number, t->attr.number}, value;
	if (!is_const(s) || !is_const(t))
		return op2(g, v, op, s, t);
	if (!fold_elem(op, v->type->dtype, v->type->dtype, in, &value))
		return NULL;
	if (is_float(v) && (!isfinite(value.f) || fabs(value.f) < 1e-30))
		return NULL;
	return build_const(g, v->loc, v->type->dtype, value.f, value.i);
}

/* x = t * rest, rest / t with a t that joins with s: both constants, or both of rank 0 where rest
 * is not */
static bool is_scaled(const Val *x, const Val *s, Val **t, Val **rest, bool *divided)
{
	if (x->op != OP_mul && x->op != OP_div)
		return false;
	for (int k = x->op == OP_mul ? 0 : 1; k < 2; k++) {
		Val *scale = x->in[k], *other = x->in[1 - k];
		bool constants = is_const(scale) && is_const(s) && !is_const(other);
		bool scalars =
			scale->type->rank == 0 && s->type->rank == 0 && other->type->rank > 0;
		if (!constants && !scalars)
			continue;
		*t = scale;
		*rest = other;
		*divided = x->op == OP_div;
		return true;
	}
	return false;
}

static Val *join_scales(PassCx *cx, Graph *g, const Val *v, Val *s, Val *x, bool divide)
{
	Val *t, *rest;
	bool divided;
	if (!is_float(v) || !is_scaled(x, s, &t, &rest, &divided))
		return NULL;
	/* (t * rest) / s, s * (rest / t), s * (t * rest), (rest / t) / s */
	bool both = divide && divided;
	Val *scale = both      ? join(g, v, OP_mul, t, s)
		     : divide  ? join(g, v, OP_div, t, s)
		     : divided ? join(g, v, OP_div, s, t)
			       : join(g, v, OP_mul, s, t);
	if (!scale)
		return NULL;
	return did(cx, g, v,
		   is_const(s) && is_const(t) ? REWRITE_constants_join : REWRITE_scalars_join,
		   both ? op2(g, v, OP_div, rest, scale) : op2(g, v, OP_mul, scale, rest));
}

/* x = c * rest -> c; NULL: it is not so */
static Val *constant_of(const Val *x, Val **rest)
{
	for (int k = 0; k < 2 && x->op == OP_mul; k++)
		if (is_const(x->in[k]) && !is_const(x->in[1 - k])) {
			*rest = x->in[1 - k];
			return x->in[k];
		}
	return NULL;
}

/* s * (c * x + k * y): a product less for each element, as in an update by a gradient with a penalty */
static Val *share_constant(PassCx *cx, Graph *g, const Val *v, Val *s, const Val *x)
{
	Val *term[2];
	if (!is_float(v) || !is_const(s) || (x->op != OP_add && x->op != OP_sub))
		return NULL;
	for (int k = 0; k < 2; k++) {
		Val *rest, *c = constant_of(x->in[k], &rest), *both = c ? join(g, v, OP_mul, s, c) : NULL;
		if (!both)
			return NULL;
		term[k] = op2(g, v, OP_mul, both, rest);
	}
	return did(cx, g, v, REWRITE_constants_shared, op2(g, v, x->op, term[0], term[1]));
}

Val *rule_products(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	if (v->op != OP_mul)
		return NULL;
	Val *rest = other_than(in, 1);
	if (rest)
		return did(cx, g, v, REWRITE_mul_one, rest);
	if (dtype_class(v->type->dtype) != CLASS_UINT && (rest = other_than(in, -1)))
		return did(cx, g, v, REWRITE_mul_minus_one, op1(g, v, OP_neg, rest));
	if (!is_float(v) && other_than(in, 0))
		return did(cx, g, v, REWRITE_mul_zero, zero_of(g, v));
	if (is_neg(in[0]) && is_neg(in[1]))
		return did(cx, g, v, REWRITE_mul_negatives,
			   op2(g, v, OP_mul, in[0]->in[0], in[1]->in[0]));
	if (is_neg(in[0]) || is_neg(in[1]))
		return did(cx, g, v, REWRITE_sign_out,
			   op1(g, v, OP_neg,
			       op2(g, v, OP_mul, is_neg(in[0]) ? in[0]->in[0] : in[0],
				   is_neg(in[1]) ? in[1]->in[0] : in[1])));
	for (int k = 0; k < 2; k++) {
		Val *s = in[k], *x = in[1 - k];
		if (is_float(v) && x->op == OP_div && is_number(x->in[0], 1))
			return did(cx, g, v, REWRITE_mul_reciprocal,
				   op2(g, v, OP_div, s, x->in[1]));
		Val *joined = s->type->rank == 0 ? join_scales(cx, g, v, s, x, false) : NULL;
		if (!joined && cx->uses[v->in[1 - k]->id] == 1)
			joined = share_constant(cx, g, v, s, x);
		if (joined)
			return joined;
	}
	return NULL;
}

static bool is_power_of_two(double c)
{
	int e;
	return isfinite(c) && fabs(frexp(c, &e)) == 0.5 && e > -100 && e < 100;
}

Val *rule_quotients(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	if (v->op == OP_floordiv && !is_float(v) && is_number(in[1], 1))
		return did(cx, g, v, REWRITE_mul_one, in[0]);
	if (v->op != OP_div)
		return NULL;
	Val *a = in[0], *b = in[1];
	if (is_number(b, 1))
		return did(cx, g, v, REWRITE_mul_one, a);
	if (is_neg(a) || is_neg(b)) {
		Val *q = op2(g, v, OP_div, is_neg(a) ? a->in[0] : a, is_neg(b) ? b->in[0] : b);
		return did(cx, g, v, REWRITE_sign_out,
			   is_neg(a) && is_neg(b) ? q : op1(g, v, OP_neg, q));
	}
	for (int k = 0; k < 2 && a->op == OP_mul; k++)
		if (a->in[k] == b)
			return did(cx, g, v, REWRITE_div_cancel, a->in[1 - k]);
	Val *joined = b->type->rank == 0 ? join_scales(cx, g, v, b, a, true) : NULL;
	if (joined)
		return joined;
	if (is_const(b) && !is_const(a) && is_power_of_two(b->attr.number.f))
		return did(cx, g, v, REWRITE_div_exact,
			   op2(g, v, OP_mul, a,
			       build_const(g, v->loc, b->type->dtype, 1 / b->attr.number.f, 0)));
	return NULL;
}

Val *rule_signs(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	if (v->nin == 0)
		return NULL;
	Val *x = in[0];
	switch (v->op) {
	case OP_neg:
		if (is_neg(x))
			return did(cx, g, v, REWRITE_neg_neg, x->in[0]);
		if (x->op == OP_sub)
			return did(cx, g, v, REWRITE_neg_sub,
				   op2(g, v, OP_sub, x->in[1], x->in[0]));
		if ((x->op == OP_mul || x->op == OP_div) && is_const(x->in[0]) && is_float(v))
			return did(cx, g, v, REWRITE_neg_constant,
				   op2(g, v, x->op,
				       build_const(g, v->loc, v->type->dtype,
						   -x->in[0]->attr.number.f, 0),
				       x->in[1]));
		return NULL;
	case OP_abs:
		if (is_neg(x) || x->op == OP_abs)
			return did(cx, g, v, REWRITE_abs_abs, op1(g, v, OP_abs, x->in[0]));
		return NULL;
	case OP_max:
	case OP_min: return in[0] == in[1] ? did(cx, g, v, REWRITE_max_self, in[0]) : NULL;
	default: return NULL;
	}
}
