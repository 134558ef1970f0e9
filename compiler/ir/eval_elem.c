/* eval_elem.c -- naive evaluation of elementwise ops: the C library's functions on long doubles,
 * and plain integer arithmetic
 *
 * Written apart from the column `value` and from mc_math.h, which are checked against it. */
#include <math.h>

#include "ops/ops.h"

typedef long double Wide;

/* to so many bits of precision, with this least exponent of a normal number and largest value */
static double round_bits(double x, int bits, int least, double largest)
{
	int exponent;
	if (x == 0 || !isfinite(x))
		return x;
	frexp(x, &exponent);
	double unit = ldexp(1, (exponent < least ? least : exponent) - bits);
	double y = rint(x / unit) * unit;
	return fabs(y) > largest ? copysign(INFINITY, x) : y;
}

double round_to(DType t, long double x)
{
	switch (t) {
	case DT_float32:
		return (double)(float)x;
	case DT_float16:
		return round_bits((double)x, 11, -13, 65504);
	case DT_bfloat16:
		return round_bits((double)x, 8, -125, 0x1.fep127);
	default:
		return (double)x;
	}
}

int64_t wrap_to(DType t, uint64_t x)
{
	if (t == DT_bool)
		return x != 0;
	int unused = 64 - 8 * dtype_bytes(t);
	if (dtype_class(t) == CLASS_UINT)
		return (int64_t)(x << unused >> unused);
	return (int64_t)(x << unused) >> unused;
}

/* ---- floats */

static Wide floor_mod(Wide a, Wide b)
{
	Wide m = fmodl(a, b);
	return m == 0 ? copysignl(0, b) : (m < 0) != (b < 0) ? m + b : m;
}

static Wide floor_quotient(Wide a, Wide b)
{
	if (b == 0 || isnan(a) || isnan(b))
		return a / b;
	if (isinf(a))
		return (Wide)NAN;
	if (isinf(b))
		return a == 0 || (a < 0) == (b < 0) ? copysignl(0, a / b) : -1;
	return rintl((a - floor_mod(a, b)) / b);
}

static Wide sign(Wide a)
{
	return isnan(a) ? a : a > 0 ? 1 : a < 0 ? -1 : 0;
}

static Wide larger(Wide a, Wide b)
{
	return isnan(a) ? a : isnan(b) ? b : a >= b ? a : b;
}

static Wide softplus(Wide a)
{
	return isnan(a) ? a : a > 0 ? a + log1pl(expl(-a)) : log1pl(expl(a));
}

static Wide sigmoid(Wide a)
{
	return a >= 0 ? 1 / (1 + expl(-a)) : expl(a) / (1 + expl(a));
}

/* how magnitudes pass: STEP |y|; SUM of the operands'; FIRST operand's; SLOPE: |y| + sum |dy/dx| *
 * that of x */
typedef enum Passing { STEP, SUM, FIRST, SLOPE } Passing;

/* clang-format off */
#define FLOAT_OPS(X) \
	X(neg, FIRST, -a) \
	X(add, SUM, a + b) \
	X(sub, SUM, a - b) \
	X(mul, SLOPE, a * b) \
	X(div, SLOPE, a / b) \
	X(floordiv, STEP, floor_quotient(a, b)) \
	X(mod, SLOPE, floor_mod(a, b)) \
	X(pow, SLOPE, powl(a, b)) \
	X(max, SLOPE, larger(a, b)) \
	X(min, SLOPE, -larger(-a, -b)) \
	X(abs, FIRST, fabsl(a)) \
	X(sign, STEP, sign(a)) \
	X(sqrt, SLOPE, sqrtl(a)) \
	X(cbrt, SLOPE, cbrtl(a)) \
	X(hypot, SLOPE, hypotl(a, b)) \
	X(exp, SLOPE, expl(a)) \
	X(exp2, SLOPE, exp2l(a)) \
	X(expm1, SLOPE, expm1l(a)) \
	X(log, SLOPE, logl(a)) \
	X(log2, SLOPE, log2l(a)) \
	X(log10, SLOPE, log10l(a)) \
	X(log1p, SLOPE, log1pl(a)) \
	X(sin, SLOPE, sinl(a)) \
	X(cos, SLOPE, cosl(a)) \
	X(tan, SLOPE, tanl(a)) \
	X(asin, SLOPE, asinl(a)) \
	X(acos, SLOPE, acosl(a)) \
	X(atan, SLOPE, atanl(a)) \
	X(atan2, SLOPE, atan2l(a, b)) \
	X(sinh, SLOPE, sinhl(a)) \
	X(cosh, SLOPE, coshl(a)) \
	X(tanh, SLOPE, tanhl(a)) \
	X(asinh, SLOPE, asinhl(a)) \
	X(acosh, SLOPE, acoshl(a)) \
	X(atanh, SLOPE, atanhl(a)) \
	X(sigmoid, SLOPE, sigmoid(a)) \
	X(softplus, SLOPE, softplus(a)) \
	X(erf, SLOPE, erfl(a)) \
	X(erfc, SLOPE, erfcl(a)) \
	X(floor, STEP, floorl(a)) \
	X(ceil, STEP, ceill(a)) \
	X(round, STEP, rintl(a)) \
	X(trunc, STEP, truncl(a)) \
	X(eq, STEP, a == b) \
	X(ne, STEP, a != b) \
	X(lt, STEP, a < b) \
	X(le, STEP, a <= b) \
	X(gt, STEP, a > b) \
	X(ge, STEP, a >= b) \
	X(isnan, STEP, isnan(a) != 0) \
	X(isinf, STEP, isinf(a) != 0) \
	X(stop_gradient, FIRST, a) \
	X(grad_clip, FIRST, a) \
	X(grad_scale, FIRST, a)
/* clang-format on */

#define X(op, passing, value)                  \
	static Wide float_##op(Wide a, Wide b) \
	{                                      \
		(void)a, (void)b;              \
		return value;                  \
	}
FLOAT_OPS(X)
#undef X

typedef struct FloatOp {
	Wide (*value)(Wide, Wide);
	Passing passing;
} FloatOp;

static const FloatOp float_ops[OP_COUNT] = {
#define X(op, passing, value) [OP_##op] = {float_##op, passing},
	FLOAT_OPS(X)
#undef X
};

/* |f(x + h) - f(x - h)| / 2h by operand k, or a difference to one side; 0 where there is none */
static Wide slope(const FloatOp *op, const Wide *x, int k)
{
	Wide h = x[k] == 0 ? 1e-9L : fabsl(x[k]) * 1e-6L, up[2] = {x[0], x[1]},
	     down[2] = {x[0], x[1]};
	up[k] += h;
	down[k] -= h;
	Wide here = op->value(x[0], x[1]), above = op->value(up[0], up[1]),
	     below = op->value(down[0], down[1]);
	Wide d = (above - below) / (2 * h);
	if (!isfinite(d))
		d = (above - here) / h;
	if (!isfinite(d))
		d = (here - below) / h;
	return isfinite(d) ? fabsl(d) : 0;
}

static double float_magnitude(const FloatOp *op, int n, const Wide *x, const double *magnitude,
			      Wide y)
{
	if (op->passing == FIRST)
		return magnitude[0];
	if (op->passing == SUM)
		return magnitude[0] + magnitude[1];
	Wide sum = fabsl(y);
	for (int k = 0; op->passing == SLOPE && k < n; k++)
		sum += slope(op, x, k) * magnitude[k];
	return (double)sum;
}

/* ---- integers and bools: a and b are sign- or zero-extended; `is` is what the dtype is, results
 * are wrapped to it */

typedef struct IntKind {
	DType dtype;
	bool is_unsigned;
	int bits;
} IntKind;

static bool is_less(IntKind is, int64_t a, int64_t b)
{
	return is.is_unsigned ? (uint64_t)a < (uint64_t)b : a < b;
}

/* floor; by 0 gives 0; the remainder has the sign of b */
static uint64_t quotient(IntKind is, int64_t a, int64_t b)
{
	if (b == 0)
		return 0;
	if (is.is_unsigned)
		return (uint64_t)a / (uint64_t)b;
	if (b == -1)
		return 0 - (uint64_t)a;
	return (uint64_t)(a / b - (a % b != 0 && (a < 0) != (b < 0)));
}

static uint64_t remainder_of(IntKind is, int64_t a, int64_t b)
{
	return b == 0 ? 0 : (uint64_t)a - quotient(is, a, b) * (uint64_t)b;
}

/* a multiplied b times; of a negative b 1 / that without its fraction */
static uint64_t power(IntKind is, int64_t a, int64_t b)
{
	uint64_t y = 1, base = (uint64_t)a;
	if (b < 0 && !is.is_unsigned)
		return a == 1 ? 1 : a != -1 ? 0 : b % 2 ? UINT64_MAX : 1;
	for (uint64_t n = (uint64_t)b; n; n /= 2) {
		if (n % 2)
			y *= base;
		base *= base;
	}
	return y;
}

static uint64_t shift_left(IntKind is, int64_t a, int64_t b)
{
	return b < 0 || b >= is.bits ? 0 : (uint64_t)a << b;
}

static uint64_t shift_right(IntKind is, int64_t a, int64_t b)
{
	if (is.is_unsigned)
		return b < 0 || b >= is.bits ? 0 : (uint64_t)a >> b;
	return (uint64_t)(a >> (b < 0 || b >= is.bits ? is.bits - 1 : b));
}

/* clang-format off */
#define INT_OPS(X) \
	X(neg, 0 - (uint64_t)a) \
	X(add, (uint64_t)a + (uint64_t)b) \
	X(sub, (uint64_t)a - (uint64_t)b) \
	X(mul, (uint64_t)a * (uint64_t)b) \
	X(floordiv, quotient(is, a, b)) \
	X(mod, remainder_of(is, a, b)) \
	X(pow, power(is, a, b)) \
	X(max, (uint64_t)(is_less(is, a, b) ? b : a)) \
	X(min, (uint64_t)(is_less(is, b, a) ? b : a)) \
	X(abs, is_less(is, a, 0) ? 0 - (uint64_t)a : (uint64_t)a) \
	X(sign, is_less(is, a, 0) ? UINT64_MAX : a != 0) \
	X(eq, a == b) \
	X(ne, a != b) \
	X(lt, is_less(is, a, b)) \
	X(le, !is_less(is, b, a)) \
	X(gt, is_less(is, b, a)) \
	X(ge, !is_less(is, a, b)) \
	X(and, a != 0 && b != 0) \
	X(or, a != 0 || b != 0) \
	X(not, a == 0) \
	X(shl, shift_left(is, a, b)) \
	X(shr, shift_right(is, a, b)) \
	X(bitand, (uint64_t)a & (uint64_t)b) \
	X(bitor, (uint64_t)a | (uint64_t)b) \
	X(bitxor, (uint64_t)a ^ (uint64_t)b) \
	X(stop_gradient, (uint64_t)a)
/* clang-format on */

#define X(op, value)                                               \
	static uint64_t int_##op(IntKind is, int64_t a, int64_t b) \
	{                                                          \
		(void)is, (void)a, (void)b;                        \
		return value;                                      \
	}
INT_OPS(X)
#undef X

static uint64_t (*const int_ops[OP_COUNT])(IntKind, int64_t, int64_t) = {
#define X(op, value) [OP_##op] = int_##op,
	INT_OPS(X)
#undef X
};

/* ---- cast */

/* without its fraction, the nearest if it is outside, 0 of NaN */
static int64_t to_integer(DType t, double x)
{
	int bits = 8 * dtype_bytes(t);
	if (isnan(x))
		return 0;
	if (dtype_class(t) == CLASS_UINT) {
		double end = ldexp(1, bits);
		return x < 0 ? 0 : x >= end ? wrap_to(t, UINT64_MAX) : (int64_t)(uint64_t)x;
	}
	double end = ldexp(1, bits - 1);
	int64_t most = (int64_t)(((uint64_t)1 << (bits - 1)) - 1);
	return x < -end ? -most - 1 : x >= end ? most : (int64_t)x;
}

static void cast_element(Array *y, int64_t at, const Array *x, int64_t i)
{
	if (y->f && x->f) {
		put_number(y, at, x->f[i], x->magnitude[i]);
	} else if (y->f) {
		Wide wide = x->dtype == DT_uint64 ? (Wide)(uint64_t)x->i[i] : (Wide)x->i[i];
		y->f[at] = round_to(y->dtype, wide);
		y->magnitude[at] = fabs(y->f[at]);
	} else if (x->f)
		y->i[at] = y->dtype == DT_bool ? x->f[i] != 0 : to_integer(y->dtype, x->f[i]);
	else
		y->i[at] = wrap_to(y->dtype, (uint64_t)x->i[i]);
}

/* ---- one element of the result; i: of each operand */

static void float_element(const Val *v, Array *y, int64_t at, Array *const *in, const int64_t *i)
{
	const FloatOp *op = &float_ops[v->op];
	Wide x[2] = {0, 0};
	double magnitude[2] = {0, 0};
	int n = v->nin < 2 ? v->nin : 2;
	if (!op->value)
		internal_error("evaluation: no value of %s on floats", op_info(v->op)->name);
	for (int k = 0; k < n; k++) {
		x[k] = in[k]->f[i[k]];
		magnitude[k] = in[k]->magnitude[i[k]];
	}
	Wide value = op->value(x[0], x[1]);
	if (y->f) {
		y->f[at] = round_to(y->dtype, value);
		y->magnitude[at] = float_magnitude(op, n, x, magnitude, value);
	} else
		y->i[at] = value != 0;
}

static void int_element(const Val *v, Array *y, int64_t at, Array *const *in, const int64_t *i)
{
	DType t = in[0]->dtype;
	IntKind is = {t, dtype_class(t) == CLASS_UINT, 8 * dtype_bytes(t)};
	if (!int_ops[v->op])
		internal_error("evaluation: no value of %s on integers", op_info(v->op)->name);
	y->i[at] = wrap_to(y->dtype,
			   int_ops[v->op](is, in[0]->i[i[0]], v->nin > 1 ? in[1]->i[i[1]] : 0));
}

Array *eval_elementwise(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	for (int64_t at = 0; at < y->count; at++) {
		int64_t i[3];
		for (int k = 0; k < v->nin; k++)
			i[k] = in[k]->rank == 0 ? 0 : at;
		if (v->op == OP_cast)
			cast_element(y, at, in[0], i[0]);
		else if (v->op == OP_select)
			put_element(y, at, in[0]->i[i[0]] ? in[1] : in[2],
				    in[0]->i[i[0]] ? i[1] : i[2]);
		else if (in[0]->f)
			float_element(v, y, at, in, i);
		else
			int_element(v, y, at, in, i);
	}
	return y;
}
