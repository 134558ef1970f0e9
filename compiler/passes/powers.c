/* powers.c -- powers by a constant as products
 *
 *      x ** 10            =>   ((x^2)^2 * x)^2  */
#include <math.h>

#include "rules.h"

enum { LARGEST = 64 };

static Val *chain(Graph *g, const Val *v, Val *x, int n)
{
	if (n == 1)
		return x;
	Val *half = chain(g, v, x, n / 2), *square = op2(g, v, OP_mul, half, half);
	return n % 2 ? op2(g, v, OP_mul, square, x) : square;
}

Val *rule_powers(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	if (v->op != OP_pow || !is_const(in[1]))
		return NULL;
	bool floats = is_float(v);
	double n = floats ? in[1]->attr.number.f : (double)in[1]->attr.number.i;
	Val *one = build_number(g, v->loc, v->type->dtype, 1), *x = in[0];
	if (n == 0)
		return did(cx, g, v, REWRITE_power_chain, one);
	if (floats && fabs(n) == 0.5) {
		Val *root = op1(g, v, OP_sqrt, x);
		return did(cx, g, v, REWRITE_power_sqrt,
			   n > 0 ? root : op2(g, v, OP_div, one, root));
	}
	if (n != floor(n) || fabs(n) > LARGEST || (n < 0 && !floats))
		return NULL;
	Val *power = chain(g, v, x, (int)fabs(n));
	return did(cx, g, v, REWRITE_power_chain, n > 0 ? power : op2(g, v, OP_div, one, power));
}
