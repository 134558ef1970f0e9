/* fold.c -- elementwise ops on numbers: the value columns of ops.def, compiled as they stand
 *
 * Four readings of the table: float, double, int64 (also bools and narrower integers, wrapped to
 * their width afterwards, which changes nothing: every row of integers agrees modulo the width) and
 * uint64. */
#include <math.h>

#include "ir.h"
#include "mc_math.h"

typedef void RowFunction(const Number in[], Number *out);

#define NONE 0
#define JOIN_(a, b, c) a##b##c
#define JOIN(a, b, c) JOIN_(a, b, c)
#define FN(name) JOIN(mc_, name, SUFFIX)

/* the names in the value columns, each with the suffix of the reading at hand */
#define MC_NEG(a) FN(neg)(a)
#define MC_ADD(a, b) FN(add)(a, b)
#define MC_SUB(a, b) FN(sub)(a, b)
#define MC_MUL(a, b) FN(mul)(a, b)
#define MC_FLOORDIV(a, b) FN(floordiv)(a, b)
#define MC_MOD(a, b) FN(mod)(a, b)
#define MC_POW(a, b) FN(pow)(a, b)
#define MC_MAX(a, b) FN(max)(a, b)
#define MC_MIN(a, b) FN(min)(a, b)
#define MC_ABS(a) FN(abs)(a)
#define MC_SIGN(a) FN(sign)(a)
#define MC_SQRT(a) FN(sqrt)(a)
#define MC_CBRT(a) FN(cbrt)(a)
#define MC_HYPOT(a, b) FN(hypot)(a, b)
#define MC_EXP(a) FN(exp)(a)
#define MC_EXP2(a) FN(exp2)(a)
#define MC_EXPM1(a) FN(expm1)(a)
#define MC_LOG(a) FN(log)(a)
#define MC_LOG2(a) FN(log2)(a)
#define MC_LOG10(a) FN(log10)(a)
#define MC_LOG1P(a) FN(log1p)(a)
#define MC_SIN(a) FN(sin)(a)
#define MC_COS(a) FN(cos)(a)
#define MC_TAN(a) FN(tan)(a)
#define MC_ASIN(a) FN(asin)(a)
#define MC_ACOS(a) FN(acos)(a)
#define MC_ATAN(a) FN(atan)(a)
#define MC_ATAN2(a, b) FN(atan2)(a, b)
#define MC_SINH(a) FN(sinh)(a)
#define MC_COSH(a) FN(cosh)(a)
#define MC_TANH(a) FN(tanh)(a)
#define MC_ASINH(a) FN(asinh)(a)
#define MC_ACOSH(a) FN(acosh)(a)
#define MC_ATANH(a) FN(atanh)(a)
#define MC_SIGMOID(a) FN(sigmoid)(a)
#define MC_SOFTPLUS(a) FN(softplus)(a)
#define MC_ERF(a) FN(erf)(a)
#define MC_ERFC(a) FN(erfc)(a)
#define MC_FLOOR(a) FN(floor)(a)
#define MC_CEIL(a) FN(ceil)(a)
#define MC_ROUND(a) FN(round)(a)
#define MC_TRUNC(a) FN(trunc)(a)
#define MC_ISINF(a) FN(isinf)(a)
#define MC_SEL(a, b, c) FN(sel)((int)(a), b, c)
#define MC_SHL(a, b) FN(shl)(a, b)
#define MC_SHR(a, b) FN(shr)(a, b)

#define TYPE float
#define SUFFIX _f32
#define MEMBER f
#define PICK_FLOATS 1
#include "fold_rows.h"

#define TYPE double
#define SUFFIX _f64
#define MEMBER f
#define PICK_FLOATS 1
#include "fold_rows.h"

#define TYPE int64_t
#define SUFFIX _i64
#define MEMBER i
#define PICK_FLOATS 0
#include "fold_rows.h"

#define TYPE uint64_t
#define SUFFIX _u64
#define MEMBER i
#define PICK_FLOATS 0
#include "fold_rows.h"

/* the low bits as a number of the dtype */
static int64_t wrap(DType dtype, int64_t i)
{
	int bits = 8 * dtype_bytes(dtype);
	if (bits == 64)
		return i;
	uint64_t low = (uint64_t)i & (((uint64_t)1 << bits) - 1);
	bool negative = dtype_class(dtype) == CLASS_INT && low >> (bits - 1);
	return negative ? (int64_t)low - ((int64_t)1 << bits) : (int64_t)low;
}

static int64_t float_to_integer(DType dtype, double f)
{
	switch (dtype) {
	case DT_int8: return mc_cast_i8_f64(f);
	case DT_int16: return mc_cast_i16_f64(f);
	case DT_int32: return mc_cast_i32_f64(f);
	case DT_int64: return mc_cast_i64_f64(f);
	case DT_uint8: return mc_cast_u8_f64(f);
	case DT_uint16: return mc_cast_u16_f64(f);
	case DT_uint32: return mc_cast_u32_f64(f);
	default: return (int64_t)mc_cast_u64_f64(f);
	}
}

static void cast(DType to, DType from, Number in, Number *out)
{
	*out = (Number){0};
	if (to == DT_bool)
		out->i = dtype_is_float(from) ? in.f != 0 : in.i != 0;
	else if (dtype_is_integer(to))
		out->i = dtype_is_float(from) ? float_to_integer(to, in.f) : wrap(to, in.i);
	else if (dtype_is_float(from))
		out->f = to == DT_float32 ? (double)(float)in.f : in.f;
	else if (from == DT_uint64)
		out->f = to == DT_float32 ? (double)(float)(uint64_t)in.i : (double)(uint64_t)in.i;
	else
		out->f = to == DT_float32 ? (double)(float)in.i : (double)in.i;
}

static bool folds(DType t)
{
	return t == DT_bool || dtype_is_integer(t) || t == DT_float32 || t == DT_float64;
}

bool fold_elem(Op op, DType result, DType operand, const Number in[], Number *out)
{
	if (!op_info(op)->elementwise || !folds(result) || !folds(operand))
		return false;
	if (op == OP_cast) {
		cast(result, operand, in[0], out);
		return true;
	}
	RowFunction *const *rows = operand == DT_float32   ? rows_f32
				   : operand == DT_float64 ? rows_f64
				   : operand == DT_uint64  ? rows_u64
							   : rows_i64;
	*out = (Number){0};
	rows[op](in, out);
	out->i = dtype_is_float(result) ? 0 : wrap(result, out->i);
	if (!dtype_is_float(result))
		out->f = 0;
	return true;
}
