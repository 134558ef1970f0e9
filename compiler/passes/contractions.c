/* contractions.c -- what only relabels or scales a product stands outside it
 *
 *      transpose(x / 255) @ d      =>   1/255 * (x @@ d), with the labels of x exchanged
 *
 * It is another sum of rounded products then, and a scale that is moved may as well be rounded: by a constant it is multiplied. */
#include <math.h>

#include "rules.h"

static Val *with_operand(Graph *g, const Val *v, Val *const *in, int k, Val *x, const Attr *attr)
{
	Val *pair[] = {k == 0 ? x : in[0], k == 1 ? x : in[1]};
	return build(g, v->loc, OP_contraction, 2, pair, attr, NULL);
}

static Val *scaled(Graph *g, const Val *v, const Val *x, Val *scale, Val *product)
{
	if (x->op == OP_mul)
		return op2(g, v, OP_mul, scale, product);
	double c = is_const(scale) ? scale->attr.number.f : 0;
	if (fabs(c) < 1e-30 || fabs(c) > 1e30) /* its reciprocal is no float32, or not exact enough */
		return op2(g, v, OP_div, product, scale);
	return op2(g, v, OP_mul, build_const(g, v->loc, scale->type->dtype, 1 / c, 0), product);
}

Val *rule_contractions(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	if (v->op != OP_contraction)
		return NULL;
	for (int k = 0; k < 2; k++) {
		Val *x = in[k];
		Attr attr = v->attr;
		int8_t *label = k == 0 ? attr.contraction.a : attr.contraction.b;
		const int8_t *old = k == 0 ? v->attr.contraction.a : v->attr.contraction.b;
		if (x->op == OP_transpose) {
			for (int i = 0; i < x->type->rank; i++)
				label[x->attr.transpose.perm[i]] = old[i];
			return did(cx, g, v, REWRITE_product_transpose,
				   with_operand(g, v, in, k, x->in[0], &attr));
		}
		if (x->op == OP_neg)
			return did(cx, g, v, REWRITE_product_sign,
				   op1(g, v, OP_neg, with_operand(g, v, in, k, x->in[0], &attr)));
		if (!is_float(v) || (x->op != OP_mul && x->op != OP_div))
			continue;
		for (int s = x->op == OP_mul ? 0 : 1; s < 2; s++)
			if (x->in[s]->type->rank == 0 && x->in[1 - s]->type->rank > 0) {
				Val *product = with_operand(g, v, in, k, x->in[1 - s], &attr);
				return did(cx, g, v, REWRITE_product_scale,
					   scaled(g, v, x, x->in[s], product));
			}
	}
	return NULL;
}
