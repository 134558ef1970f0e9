/* mc_math.h -- what an elementwise op is: one text for generated C and for the compiler that folds constants
 *
 * A name ends in the type it is of: mc_exp_f32, mc_add_i64, mc_cast_i32_f32 (to, from).  exp, expm1, log, log1p, pow, tanh,
 * sigmoid, softplus, erf, sin and cos are made of arithmetic only, without branches and calls, so that loops over them become
 * vector code; their errors are at most 3 units in the last place in float32, 2 in float64.  What has no version of ours is the
 * C library's.  Contraction changes nothing: what is added to a product stands in mc_fma, or the product in mc_mul,
 * or it is exact. */
#ifndef MC_MATH_H
#define MC_MATH_H

#include <math.h>
#include <string.h>

#include "mc.h"

#ifndef MC_FN
#define MC_FN MC_INLINE
#endif

/* mc_fma_f32(a, b, c): a * b + c, rounded once where there is an instruction for that; mc_mul_f32(a, b): a product that is
 * rounded before anything is added to it.  Said by name, not left to contraction, so every compiler at every level gives the same
 * bits.  Machines without the instruction, and -DMC_NO_FMA with -ffp-contract=off anywhere, give others. */
#if !defined(MC_HAS_FMA) && !defined(MC_NO_FMA) && (defined(__CUDACC__) || defined(__FMA__) || defined(__FP_FAST_FMAF) || defined(__aarch64__))
#define MC_HAS_FMA
#endif
#define MC_FMA(T, S, F)                                                                            \
	MC_FN T mc_fma_##S(T a, T b, T c) { return fma##F(a, b, c); }                              \
	MC_FN T mc_mul_##S(T a, T b) { return fma##F(a, b, (T)-0.0); }
#define MC_MUL_ADD(T, S)                                                                           \
	MC_FN T mc_fma_##S(T a, T b, T c) { return a * b + c; }                                    \
	MC_FN T mc_mul_##S(T a, T b) { return a * b; }
#ifdef MC_HAS_FMA
MC_FMA(float, f32, f)
MC_FMA(double, f64, )
#else
MC_MUL_ADD(float, f32)
MC_MUL_ADD(double, f64)
#endif
#undef MC_FMA
#undef MC_MUL_ADD

/* sqrt that sets no errno: compilers make it an instruction, and vectors, without a flag */
#if defined(MC_SQRT_DECLARED)
#elif defined(__cplusplus)
#if defined(__THROW) && !defined(__CUDACC__)
extern "C" {
float sqrtf(float) __THROW __attribute__((const));
double sqrt(double) __THROW __attribute__((const));
}
#endif
#elif defined(__GNUC__)
float sqrtf(float) __attribute__((const));
double sqrt(double) __attribute__((const));
#endif

/* ---- bits */
MC_FN uint32_t mc_bits_f32(float x)
{
	uint32_t u;
	memcpy(&u, &x, sizeof u);
	return u;
}

MC_FN float mc_float_f32(uint32_t u)
{
	float x;
	memcpy(&x, &u, sizeof x);
	return x;
}

MC_FN uint64_t mc_bits_f64(double x)
{
	uint64_t u;
	memcpy(&u, &x, sizeof u);
	return u;
}

MC_FN double mc_float_f64(uint64_t u)
{
	double x;
	memcpy(&x, &u, sizeof x);
	return x;
}

/* c ? a : b for c of 0 or 1, in integer arithmetic: of ?: on floats gcc makes jumps, and no vectors */
MC_FN float mc_sel_f32(int c, float a, float b)
{
	const uint32_t mask = 0u - (uint32_t)c;
	return mc_float_f32((mc_bits_f32(a) & mask) | (mc_bits_f32(b) & ~mask));
}

MC_FN double mc_sel_f64(int c, double a, double b)
{
	const uint64_t mask = (uint64_t)0 - (uint64_t)c;
	return mc_float_f64((mc_bits_f64(a) & mask) | (mc_bits_f64(b) & ~mask));
}

MC_FN float mc_abs_f32(float a)
{
	return mc_float_f32(mc_bits_f32(a) & 0x7fffffffu);
}

MC_FN double mc_abs_f64(double a)
{
	return mc_float_f64(mc_bits_f64(a) & ~((uint64_t)1 << 63));
}

#include "mc_math_f32.h"
#include "mc_math_f64.h"

/* ---- floats: T, its suffix, the C library's suffix */
#define MC_FLOATS(T, S, F)                                                                         \
	/* NaN stays, of equals the first */                                                       \
	MC_FN T mc_max_##S(T a, T b) { return mc_sel_##S((a >= b) | (a != a), a, b); }             \
	MC_FN T mc_min_##S(T a, T b) { return mc_sel_##S((a <= b) | (a != a), a, b); }             \
	MC_FN T mc_sign_##S(T a) { return mc_sel_##S(a != a, a, (T)((a > 0) - (a < 0))); }         \
	MC_FN int mc_isinf_##S(T a) { return mc_abs_##S(a) == (T)INFINITY; }                       \
	MC_FN T mc_sqrt_##S(T a) { return sqrt##F(a); }                                            \
	MC_FN T mc_cbrt_##S(T a) { return cbrt##F(a); }                                            \
	MC_FN T mc_hypot_##S(T a, T b) { return hypot##F(a, b); }                                  \
	MC_FN T mc_exp2_##S(T a) { return exp2##F(a); }                                            \
	MC_FN T mc_log2_##S(T a) { return log2##F(a); }                                            \
	MC_FN T mc_log10_##S(T a) { return log10##F(a); }                                          \
	MC_FN T mc_tan_##S(T a) { return tan##F(a); }                                              \
	MC_FN T mc_asin_##S(T a) { return asin##F(a); }                                            \
	MC_FN T mc_acos_##S(T a) { return acos##F(a); }                                            \
	MC_FN T mc_atan_##S(T a) { return atan##F(a); }                                            \
	MC_FN T mc_atan2_##S(T a, T b) { return atan2##F(a, b); }                                  \
	MC_FN T mc_sinh_##S(T a) { return sinh##F(a); }                                            \
	MC_FN T mc_cosh_##S(T a) { return cosh##F(a); }                                            \
	MC_FN T mc_asinh_##S(T a) { return asinh##F(a); }                                          \
	MC_FN T mc_acosh_##S(T a) { return acosh##F(a); }                                          \
	MC_FN T mc_atanh_##S(T a) { return atanh##F(a); }                                          \
	MC_FN T mc_erfc_##S(T a) { return erfc##F(a); }                                            \
	MC_FN T mc_floor_##S(T a) { return floor##F(a); }                                          \
	MC_FN T mc_ceil_##S(T a) { return ceil##F(a); }                                            \
	MC_FN T mc_trunc_##S(T a) { return trunc##F(a); }                                          \
	/* half to even */                                                                         \
	MC_FN T mc_round_##S(T a) { return rint##F(a); }                                           \
	/* the sign of b, as Python's %; of a finite a and an infinite b: a, or b */               \
	MC_FN T mc_mod_##S(T a, T b)                                                               \
	{                                                                                          \
		const T m = fmod##F(a, b);                                                         \
		return m == 0 ? copysign##F((T)0, b) : (m < 0) != (b < 0) ? m + b : m;                \
	}                                                                                          \
	/* the whole number next to (a - a % b) / b; a / b if that is no number */                 \
	MC_FN T mc_floordiv_##S(T a, T b)                                                          \
	{                                                                                          \
		const T m = fmod##F(a, b), q = (a - m) / b, f = floor##F(q);                       \
		const T whole = q - f > (T)0.5 ? f + 1 : f;                                        \
		return b == 0 ? a / b : (m < 0) != (b < 0) && m != 0 ? whole - 1 : whole;          \
	}
MC_FLOATS(float, f32, f)
MC_FLOATS(double, f64, )
#undef MC_FLOATS

/* ---- integers: T, its suffix, the unsigned type to compute in, bits.  Overflow wraps; division by zero gives 0. */
#define MC_INTEGERS(T, S, U, BITS)                                                                 \
	MC_FN T mc_sel_##S(int c, T a, T b) { return (T)(c ? a : b); }                             \
	MC_FN T mc_max_##S(T a, T b) { return (T)(a >= b ? a : b); }                               \
	MC_FN T mc_min_##S(T a, T b) { return (T)(a <= b ? a : b); }                               \
	MC_FN T mc_neg_##S(T a) { return (T)((U)0 - (U)a); }                                       \
	MC_FN T mc_add_##S(T a, T b) { return (T)((U)a + (U)b); }                                  \
	MC_FN T mc_sub_##S(T a, T b) { return (T)((U)a - (U)b); }                                  \
	MC_FN T mc_mul_##S(T a, T b) { return (T)((U)a * (U)b); }                                  \
	/* by b or more than the width: as if one by one */                                        \
	MC_FN T mc_shl_##S(T a, T b)                                                               \
	{                                                                                          \
		return (T)((uint64_t)b < BITS ? (U)a << (uint64_t)b : 0);                       \
	}                                                                                          \
	/* a to the b-th; to a negative one: 1 / a without its fraction */                         \
	MC_FN T mc_pow_##S(T a, T b)                                                               \
	{                                                                                          \
		const int odd = b & 1, less = !(b > 0) && b != 0;                                  \
		if (less)                                                                          \
			return (T)(a == 1 ? 1 : a == (T)-1 ? (odd ? -1 : 1) : 0);                   \
		U power = 1, base = (U)a;                                                          \
		for (uint64_t n = (uint64_t)b; n; n >>= 1, base *= base)                           \
			power = n & 1 ? (U)(power * base) : power;                                 \
		return (T)power;                                                                   \
	}
#define MC_SIGNED(T, S, U, BITS)                                                                   \
	MC_INTEGERS(T, S, U, BITS)                                                                 \
	MC_FN T mc_abs_##S(T a) { return a < 0 ? mc_neg_##S(a) : a; }                              \
	MC_FN T mc_sign_##S(T a) { return (T)((a > 0) - (a < 0)); }                                \
	MC_FN T mc_shr_##S(T a, T b) { return (T)(a >> ((uint64_t)b < BITS ? (int)b : BITS - 1)); } \
	/* floor; the least value by -1 is itself */                                               \
	MC_FN T mc_floordiv_##S(T a, T b)                                                          \
	{                                                                                          \
		if (b == 0)                                                                        \
			return 0;                                                                  \
		if (b == -1)                                                                       \
			return mc_neg_##S(a);                                                      \
		return (T)(a / b - ((a % b != 0) & ((a < 0) != (b < 0))));                         \
	}                                                                                          \
	/* the sign of b; by zero 0 */                                                             \
	MC_FN T mc_mod_##S(T a, T b)                                                               \
	{                                                                                          \
		if (b == 0 || b == -1)                                                             \
			return 0;                                                                  \
		const T m = (T)(a % b);                                                            \
		return (T)(m != 0 && (m < 0) != (b < 0) ? m + b : m);                              \
	}
#define MC_UNSIGNED(T, S, U, BITS)                                                                 \
	MC_INTEGERS(T, S, U, BITS)                                                                 \
	MC_FN T mc_abs_##S(T a) { return a; }                                                      \
	MC_FN T mc_sign_##S(T a) { return (T)(a > 0); }                                            \
	MC_FN T mc_shr_##S(T a, T b) { return (T)((uint64_t)b < BITS ? a >> (uint64_t)b : 0); }     \
	MC_FN T mc_floordiv_##S(T a, T b) { return (T)(b == 0 ? 0 : a / b); }                   \
	MC_FN T mc_mod_##S(T a, T b) { return (T)(b == 0 ? 0 : a % b); }
MC_SIGNED(int8_t, i8, uint32_t, 8)
MC_SIGNED(int16_t, i16, uint32_t, 16)
MC_SIGNED(int32_t, i32, uint32_t, 32)
MC_SIGNED(int64_t, i64, uint64_t, 64)
MC_UNSIGNED(uint8_t, u8, uint32_t, 8)
MC_UNSIGNED(uint16_t, u16, uint32_t, 16)
MC_UNSIGNED(uint32_t, u32, uint32_t, 32)
MC_UNSIGNED(uint64_t, u64, uint64_t, 64)
#undef MC_SIGNED
#undef MC_UNSIGNED
#undef MC_INTEGERS

MC_FN uint8_t mc_sel_b8(int c, uint8_t a, uint8_t b)
{
	return c ? a : b;
}

/* ---- float to integer: without its fraction; outside it gives the nearest; NaN gives 0.  END is one beyond the largest. */
#define MC_TO_INTEGER(T, S, F, FS, LEAST, MOST, END)                                               \
	MC_FN T mc_cast_##S##_##FS(F a)                                                            \
	{                                                                                          \
		const F low = mc_sel_##FS(a < (F)(LEAST), (F)(LEAST), a);                          \
		const T inside = (T)mc_sel_##FS(low < (F)END, low, 0);                             \
		return a >= (F)END ? (T)(MOST) : inside;                                           \
	}
#define MC_TO_INTEGERS(F, FS)                                                                      \
	MC_TO_INTEGER(int8_t, i8, F, FS, INT8_MIN, INT8_MAX, 0x1p7)                                \
	MC_TO_INTEGER(int16_t, i16, F, FS, INT16_MIN, INT16_MAX, 0x1p15)                           \
	MC_TO_INTEGER(int32_t, i32, F, FS, INT32_MIN, INT32_MAX, 0x1p31)                           \
	MC_TO_INTEGER(int64_t, i64, F, FS, INT64_MIN, INT64_MAX, 0x1p63)                           \
	MC_TO_INTEGER(uint8_t, u8, F, FS, 0, UINT8_MAX, 0x1p8)                                     \
	MC_TO_INTEGER(uint16_t, u16, F, FS, 0, UINT16_MAX, 0x1p16)                                 \
	MC_TO_INTEGER(uint32_t, u32, F, FS, 0, UINT32_MAX, 0x1p32)                                 \
	MC_TO_INTEGER(uint64_t, u64, F, FS, 0, UINT64_MAX, 0x1p64)
MC_TO_INTEGERS(float, f32)
MC_TO_INTEGERS(double, f64)
#undef MC_TO_INTEGERS
#undef MC_TO_INTEGER

#endif
