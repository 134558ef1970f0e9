/* mc_simd.h -- vectors for the tiles of generated kernels: GCC's vector types, which gcc and clang share
 *
 * mc_f32x16 is sixteen floats, mc_i32x16 a mask of them (0 or -1), up to the width that the compiler's flags allow.  Loads and
 * stores need no alignment.  Sums over lanes go by halves: lane i with lane i + n/2; so their order is that of the number of
 * lanes, not of the machine.  MC_LANES: floats in the widest vector, MC_REGS: vector registers; 1 and 16 where there are none:
 * such compilers take the scalar kernels. */
#ifndef MC_SIMD_H
#define MC_SIMD_H

#include "mc_math.h"

#if defined(MC_LANES) /* said by a file for several instruction sets, with MC_REGS, MC_X86_FMA, MC_X86_AVX2 */
#elif !defined(__GNUC__) && !defined(__clang__)
#define MC_LANES 1
#elif defined(__AVX512F__)
#define MC_LANES 16
#define MC_REGS 32
#elif defined(__AVX__)
#define MC_LANES 8
#elif defined(__SSE2__) || defined(__ARM_NEON) || defined(__aarch64__)
#define MC_LANES 4
#else
#define MC_LANES 1
#endif
#ifndef MC_REGS
#define MC_REGS 16
#endif

#if defined(__FMA__) && !defined(MC_X86_FMA)
#define MC_X86_FMA
#endif
#if defined(__AVX2__) && !defined(MC_X86_AVX2)
#define MC_X86_AVX2
#endif

#ifdef __has_builtin
#if __has_builtin(__builtin_shufflevector)
#define MC_SHUFFLE
#endif
#endif

#if MC_LANES > 1
#if defined(__AVX__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

/* T: the element, S: the vector's name, M, I: the mask's name and element, N: elements */
#define MC_VECTOR(T, S, I, M, N)                                                                   \
	typedef T mc_##S __attribute__((vector_size(N * sizeof(T)), may_alias));                   \
	typedef T mc_##S##_anywhere __attribute__((vector_size(N * sizeof(T)), aligned(sizeof(T)), may_alias)); \
	typedef I mc_##M __attribute__((vector_size(N * sizeof(I)), may_alias));                   \
	MC_INLINE mc_##S mc_load_##S(const T *p) { return *(const mc_##S##_anywhere *)p; }         \
	MC_INLINE void mc_store_##S(T *p, mc_##S v) { *(mc_##S##_anywhere *)p = v; }               \
	MC_INLINE mc_##S mc_splat_##S(T x)                                                         \
	{                                                                                          \
		const mc_##S zero = {0};                                                           \
		return x - zero;                                                                   \
	}                                                                                          \
	MC_INLINE mc_##S mc_sel_##S(mc_##M c, mc_##S a, mc_##S b)                                  \
	{                                                                                          \
		return (mc_##S)(((mc_##M)a & c) | ((mc_##M)b & ~c));                               \
	}                                                                                          \
	/* NaN stays, of equals the first */                                                       \
	MC_INLINE mc_##S mc_max_##S(mc_##S a, mc_##S b)                                            \
	{                                                                                          \
		return mc_sel_##S((mc_##M)(a >= b) | (mc_##M)(a != a), a, b);                      \
	}                                                                                          \
	MC_INLINE mc_##S mc_min_##S(mc_##S a, mc_##S b)                                            \
	{                                                                                          \
		return mc_sel_##S((mc_##M)(a <= b) | (mc_##M)(a != a), a, b);                      \
	}                                                                                          \
	MC_INLINE mc_##S mc_abs_##S(mc_##S a)                                                      \
	{                                                                                          \
		const mc_##M sign = (mc_##M)mc_splat_##S((T)-0.0);                                 \
		return (mc_##S)((mc_##M)a & ~sign);                                                \
	}

/* sums over lanes: half H of S */
#ifdef MC_SHUFFLE
#define MC_HALF(S, H, v, ...) __builtin_shufflevector(v, v, __VA_ARGS__)
#else
#define MC_HALF(S, H, v, first, ...) mc_half_##S(v, first)
#define MC_MEMCPY_HALF(S, H, T)                                                                    \
	MC_INLINE mc_##H mc_half_##S(mc_##S v, int first)                                          \
	{                                                                                          \
		mc_##H h;                                                                          \
		memcpy(&h, (const T *)&v + first, sizeof h);                                       \
		return h;                                                                          \
	}
#endif
#define MC_LANES_OF_2(T, S, SCALAR)                                                                \
	MC_INLINE T mc_sum_lanes_##S(mc_##S v) { return v[0] + v[1]; }                             \
	MC_INLINE T mc_max_lanes_##S(mc_##S v) { return mc_max_##SCALAR(v[0], v[1]); }             \
	MC_INLINE T mc_min_lanes_##S(mc_##S v) { return mc_min_##SCALAR(v[0], v[1]); }
#define MC_LANES_OF(T, S, H, LOW, HIGH)                                                            \
	MC_INLINE mc_##H mc_low_##S(mc_##S v) { return LOW; }                                      \
	MC_INLINE mc_##H mc_high_##S(mc_##S v) { return HIGH; }                                    \
	MC_INLINE T mc_sum_lanes_##S(mc_##S v)                                                     \
	{                                                                                          \
		return mc_sum_lanes_##H(mc_low_##S(v) + mc_high_##S(v));                           \
	}                                                                                          \
	MC_INLINE T mc_max_lanes_##S(mc_##S v)                                                     \
	{                                                                                          \
		return mc_max_lanes_##H(mc_max_##H(mc_low_##S(v), mc_high_##S(v)));                \
	}                                                                                          \
	MC_INLINE T mc_min_lanes_##S(mc_##S v)                                                     \
	{                                                                                          \
		return mc_min_lanes_##H(mc_min_##H(mc_low_##S(v), mc_high_##S(v)));                \
	}

MC_VECTOR(float, f32x2, int32_t, i32x2, 2)
MC_VECTOR(float, f32x4, int32_t, i32x4, 4)
MC_VECTOR(double, f64x2, int64_t, i64x2, 2)
#ifndef MC_SHUFFLE
MC_MEMCPY_HALF(f32x4, f32x2, float)
#endif
MC_LANES_OF_2(float, f32x2, f32)
MC_LANES_OF_2(double, f64x2, f64)
MC_LANES_OF(float, f32x4, f32x2, MC_HALF(f32x4, f32x2, v, 0, 1), MC_HALF(f32x4, f32x2, v, 2, 3))

#if MC_LANES >= 8
MC_VECTOR(float, f32x8, int32_t, i32x8, 8)
MC_VECTOR(double, f64x4, int64_t, i64x4, 4)
#ifndef MC_SHUFFLE
MC_MEMCPY_HALF(f32x8, f32x4, float)
MC_MEMCPY_HALF(f64x4, f64x2, double)
#endif
MC_LANES_OF(float, f32x8, f32x4, MC_HALF(f32x8, f32x4, v, 0, 1, 2, 3), MC_HALF(f32x8, f32x4, v, 4, 5, 6, 7))
MC_LANES_OF(double, f64x4, f64x2, MC_HALF(f64x4, f64x2, v, 0, 1), MC_HALF(f64x4, f64x2, v, 2, 3))
#endif

#if MC_LANES >= 16
MC_VECTOR(float, f32x16, int32_t, i32x16, 16)
MC_VECTOR(double, f64x8, int64_t, i64x8, 8)
#ifndef MC_SHUFFLE
MC_MEMCPY_HALF(f32x16, f32x8, float)
MC_MEMCPY_HALF(f64x8, f64x4, double)
#endif
MC_LANES_OF(float, f32x16, f32x8, MC_HALF(f32x16, f32x8, v, 0, 1, 2, 3, 4, 5, 6, 7),
	    MC_HALF(f32x16, f32x8, v, 8, 9, 10, 11, 12, 13, 14, 15))
MC_LANES_OF(double, f64x8, f64x4, MC_HALF(f64x8, f64x4, v, 0, 1, 2, 3), MC_HALF(f64x8, f64x4, v, 4, 5, 6, 7))
#endif

/* the sums over lanes of n vectors: two are halved as one */
#define MC_SUM_EACH(T, S)                                                                          \
	MC_INLINE void mc_sum_each_##S(const mc_##S *v, int n, T *sum)                             \
	{                                                                                          \
		MC_UNROLL                                                                          \
		for (int k = 0; k < n; k++)                                                        \
			sum[k] = mc_sum_lanes_##S(v[k]);                                           \
	}
#if defined(MC_SHUFFLE) && MC_LANES >= 16
#define MC_HALVES(name, S, L, H)                                                                   \
	MC_INLINE mc_##S mc_##name##_##S(mc_##S a, mc_##S b)                                       \
	{                                                                                          \
		return __builtin_shufflevector(a, b, L) + __builtin_shufflevector(a, b, H);        \
	}
#define MC_LIST(...) __VA_ARGS__
MC_HALVES(halve16, f32x16, MC_LIST(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
	  MC_LIST(8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
MC_HALVES(halve8, f32x16, MC_LIST(0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27),
	  MC_LIST(4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31))
MC_HALVES(halve4, f32x16, MC_LIST(0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),
	  MC_LIST(2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31))
MC_HALVES(halve2, f32x16, MC_LIST(0, 2, 16, 18, 4, 6, 20, 22, 8, 10, 24, 26, 12, 14, 28, 30),
	  MC_LIST(1, 3, 17, 19, 5, 7, 21, 23, 9, 11, 25, 27, 13, 15, 29, 31))
/* of every fourth vector, the first of them v[k]: four lanes each */
MC_INLINE mc_f32x16 mc_halve_each_f32x16(const mc_f32x16 *v, int n, int k)
{
	const mc_f32x16 a = v[k < n ? k : 0], b = v[k + 4 < n ? k + 4 : 0];
	const mc_f32x16 c = v[k + 8 < n ? k + 8 : 0], d = v[k + 12 < n ? k + 12 : 0];
	return mc_halve8_f32x16(mc_halve16_f32x16(a, b), mc_halve16_f32x16(c, d));
}
MC_INLINE void mc_sum_each_f32x16(const mc_f32x16 *v, int n, float *sum)
{
	MC_UNROLL
	for (int k = 0; k < n; k += 16, v += 16) {
		const int m = n - k < 16 ? n - k : 16;
		const mc_f32x16 even = mc_halve4_f32x16(mc_halve_each_f32x16(v, m, 0), mc_halve_each_f32x16(v, m, 1));
		const mc_f32x16 odd = mc_halve4_f32x16(mc_halve_each_f32x16(v, m, 2), mc_halve_each_f32x16(v, m, 3));
		const mc_f32x16 sums = mc_halve2_f32x16(even, odd);
		memcpy(sum + k, &sums, (size_t)m * sizeof *sum);
	}
}
#elif MC_LANES >= 16
MC_SUM_EACH(float, f32x16)
#endif
#if MC_LANES >= 16
MC_SUM_EACH(double, f64x8)
#endif
#if MC_LANES >= 8
MC_SUM_EACH(float, f32x8)
MC_SUM_EACH(double, f64x4)
#endif
MC_SUM_EACH(float, f32x4)
MC_SUM_EACH(double, f64x2)
MC_SUM_EACH(float, f32x2)

/* ---- mc_fma, mc_mul as in mc_math.h */
#define MC_MUL_ADD(T, S)                                                                           \
	MC_INLINE mc_##S mc_fma_##S(mc_##S a, mc_##S b, mc_##S c) { return a * b + c; }            \
	MC_INLINE mc_##S mc_mul_##S(mc_##S a, mc_##S b) { return a * b; }
#define MC_MUL(T, S)                                                                               \
	MC_INLINE mc_##S mc_mul_##S(mc_##S a, mc_##S b)                                            \
	{                                                                                          \
		return mc_fma_##S(a, b, mc_splat_##S((T)-0.0));                                    \
	}
#define MC_FMA(T, S, V, name)                                                                      \
	MC_INLINE mc_##S mc_fma_##S(mc_##S a, mc_##S b, mc_##S c)                                  \
	{                                                                                          \
		return (mc_##S)name((V)a, (V)b, (V)c);                                             \
	}                                                                                          \
	MC_MUL(T, S)
#define MC_FMA_LANES(T, S, F, N)                                                                   \
	MC_INLINE mc_##S mc_fma_##S(mc_##S a, mc_##S b, mc_##S c)                                  \
	{                                                                                          \
		MC_UNROLL                                                                          \
		for (int i = 0; i < N; i++)                                                        \
			a[i] = fma##F(a[i], b[i], c[i]);                                           \
		return a;                                                                          \
	}                                                                                          \
	MC_MUL(T, S)
#if !defined(MC_HAS_FMA)
MC_MUL_ADD(float, f32x2)
MC_MUL_ADD(float, f32x4)
MC_MUL_ADD(double, f64x2)
#if MC_LANES >= 8
MC_MUL_ADD(float, f32x8)
MC_MUL_ADD(double, f64x4)
#endif
#if MC_LANES >= 16
MC_MUL_ADD(float, f32x16)
MC_MUL_ADD(double, f64x8)
#endif
#elif defined(MC_X86_FMA)
MC_FMA_LANES(float, f32x2, f, 2)
MC_FMA(float, f32x4, __m128, _mm_fmadd_ps)
MC_FMA(double, f64x2, __m128d, _mm_fmadd_pd)
#if MC_LANES >= 8
MC_FMA(float, f32x8, __m256, _mm256_fmadd_ps)
MC_FMA(double, f64x4, __m256d, _mm256_fmadd_pd)
#endif
#if MC_LANES >= 16
MC_FMA(float, f32x16, __m512, _mm512_fmadd_ps)
MC_FMA(double, f64x8, __m512d, _mm512_fmadd_pd)
#endif
#else
MC_FMA_LANES(float, f32x2, f, 2)
MC_FMA_LANES(float, f32x4, f, 4)
MC_FMA_LANES(double, f64x2, , 2)
#endif
#undef MC_MUL_ADD
#undef MC_MUL
#undef MC_FMA
#undef MC_FMA_LANES

/* ---- bytes as floats: compilers make twenty instructions of what these machines have one or two for */
MC_INLINE mc_f32x2 mc_load_u8_f32x2(const uint8_t *p)
{
	const mc_f32x2 v = {(float)p[0], (float)p[1]};
	return v;
}

#if defined(MC_X86_AVX2)
MC_INLINE mc_f32x4 mc_load_u8_f32x4(const uint8_t *p)
{
	int32_t four;
	memcpy(&four, p, sizeof four);
	return (mc_f32x4)_mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(four)));
}

MC_INLINE mc_f32x8 mc_load_u8_f32x8(const uint8_t *p)
{
	return (mc_f32x8)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)));
}
#else
MC_INLINE mc_f32x4 mc_load_u8_f32x4(const uint8_t *p)
{
	const mc_f32x4 v = {(float)p[0], (float)p[1], (float)p[2], (float)p[3]};
	return v;
}
#if MC_LANES >= 8
MC_INLINE mc_f32x8 mc_load_u8_f32x8(const uint8_t *p)
{
	const mc_f32x8 v = {(float)p[0], (float)p[1], (float)p[2], (float)p[3],
			    (float)p[4], (float)p[5], (float)p[6], (float)p[7]};
	return v;
}
#endif
#endif
#if MC_LANES >= 16
MC_INLINE mc_f32x16 mc_load_u8_f32x16(const uint8_t *p)
{
	const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
	/* the forms with a mask: g++ 12 warns of an undefined register in the others */
	return (mc_f32x16)_mm512_maskz_cvtepi32_ps(0xffff, _mm512_maskz_cvtepu8_epi32(0xffff, bytes));
}
#endif

/* ---- square roots */
#if defined(__SSE2__)
MC_INLINE mc_f32x4 mc_sqrt_f32x4(mc_f32x4 a) { return (mc_f32x4)_mm_sqrt_ps((__m128)a); }
MC_INLINE mc_f64x2 mc_sqrt_f64x2(mc_f64x2 a) { return (mc_f64x2)_mm_sqrt_pd((__m128d)a); }
#else
MC_INLINE mc_f32x4 mc_sqrt_f32x4(mc_f32x4 a)
{
	const mc_f32x4 v = {sqrtf(a[0]), sqrtf(a[1]), sqrtf(a[2]), sqrtf(a[3])};
	return v;
}
MC_INLINE mc_f64x2 mc_sqrt_f64x2(mc_f64x2 a)
{
	const mc_f64x2 v = {sqrt(a[0]), sqrt(a[1])};
	return v;
}
#endif
MC_INLINE mc_f32x2 mc_sqrt_f32x2(mc_f32x2 a)
{
	const mc_f32x2 v = {mc_sqrt_f32(a[0]), mc_sqrt_f32(a[1])};
	return v;
}
#if MC_LANES >= 8
MC_INLINE mc_f32x8 mc_sqrt_f32x8(mc_f32x8 a) { return (mc_f32x8)_mm256_sqrt_ps((__m256)a); }
MC_INLINE mc_f64x4 mc_sqrt_f64x4(mc_f64x4 a) { return (mc_f64x4)_mm256_sqrt_pd((__m256d)a); }
#endif
#if MC_LANES >= 16
MC_INLINE mc_f32x16 mc_sqrt_f32x16(mc_f32x16 a) { return (mc_f32x16)_mm512_maskz_sqrt_ps(0xffff, (__m512)a); }
MC_INLINE mc_f64x8 mc_sqrt_f64x8(mc_f64x8 a) { return (mc_f64x8)_mm512_maskz_sqrt_pd(0xff, (__m512d)a); }
#endif
#endif

#endif
