/* mc_math_f32.h -- exp, log and their kin in float; included by mc_math.h, which says the rules
 *
 * Rounding to a whole number is adding and taking away 1.5 * 2^23; powers of two are made of bits. */
#ifndef MC_MATH_F32_H
#define MC_MATH_F32_H

#define MC_ROUNDER_F32 12582912.0f
#define MC_NAN_F32 mc_float_f32(0x7fc00000u)
#define MC_INF_F32 mc_float_f32(0x7f800000u)

/* x as n ln 2 + r; n, from t, as a float and as bits of an integer */
#define MC_REDUCE_EXP_F32(x)                                                                       \
	const float t = (x) * 1.44269504f + MC_ROUNDER_F32, n = t - MC_ROUNDER_F32;                \
	float r = n * -0x1.62e4p-1f + (x); /* the product is exact */                              \
	r = n * -0x1.7f7d1cp-20f + r;                                                              \
	const uint32_t k = mc_bits_f32(t) - mc_bits_f32(MC_ROUNDER_F32)

/* (e^r - 1 - r) / r^2 */
MC_FN float mc_exp_rest_f32(float r)
{
	float p = 0x1.6b9bb8p-10f;
	p = p * r + 0x1.1226e6p-7f;
	p = p * r + 0x1.5556f4p-5f;
	p = p * r + 0x1.5554b2p-3f;
	return p * r + 0x1.fffffep-2f;
}

/* inf above 88.72, 0 below -103.97 */
MC_FN float mc_exp_f32(float x)
{
	x = mc_sel_f32(x > 89.0f, 89.0f, x);
	x = mc_sel_f32(x < -104.0f, -104.0f, x);
	MC_REDUCE_EXP_F32(x);
	float p = mc_exp_rest_f32(r) * (r * r) + r;
	p = p + 1.0f;
	const uint32_t half = (uint32_t)((int32_t)k >> 1);
	return p * mc_float_f32((half + 127u) << 23) * mc_float_f32((k - half + 127u) << 23);
}

/* e^x - 1 in two parts, high and *low, for -18 <= x <= 89; halved, so that 2^128 is not needed */
MC_FN float mc_expm1_half_f32(float x, float *low)
{
	MC_REDUCE_EXP_F32(x);
	const float s = mc_float_f32((k + 126u) << 23); /* 2^(n - 1) */
	const float a = s - 0.5f, b = s * r;
	const float high = a + b;
	/* |a| >= |b|, or a is 0 */
	*low = s * (mc_exp_rest_f32(r) * (r * r)) + (b - (high - a));
	return high;
}

MC_FN float mc_expm1_f32(float x)
{
	float y = mc_sel_f32(x > 89.0f, 89.0f, x);
	y = mc_sel_f32(y < -18.0f, -18.0f, y);
	float low;
	y = mc_expm1_half_f32(y, &low);
	y = 2.0f * (y + low);
	return mc_sel_f32(x == 0.0f, x, y);
}

/* log u + c / u for small c */
MC_FN float mc_log_sum_f32(float u, float c)
{
	const int tiny = u < 0x1p-126f;
	const uint32_t b = mc_bits_f32(mc_sel_f32(tiny, u * 0x1p23f, u)) - 0x3f3504f3u; /* mantissa to [sqrt(1/2), sqrt 2) */
	const float e = (float)((int32_t)b >> 23) - mc_sel_f32(tiny, 23.0f, 0.0f);
	const float f = mc_float_f32((b & 0x7fffffu) + 0x3f3504f3u) - 1.0f;
	float p = -0x1.38c9dep-4f;
	p = p * f + 0x1.055ec6p-3f;
	p = p * f + -0x1.0d8242p-3f;
	p = p * f + 0x1.22d92ep-3f;
	p = p * f + -0x1.54728ap-3f;
	p = p * f + 0x1.99a01cp-3f;
	p = p * f + -0x1.000226p-2f;
	p = p * f + 0x1.555554p-2f;
	const float f2 = f * f;
	float y = (p * f) * f2 + c;
	y = e * -0x1.bd0106p-13f + y; /* ln 2 = 0.693359375 - 2.12194e-4 */
	y = f2 * -0.5f + y;
	y = y + f;
	return e * 0.693359375f + y;
}

/* -inf at 0, NaN below */
MC_FN float mc_log_f32(float x)
{
	float y = mc_log_sum_f32(x, 0.0f);
	y = mc_sel_f32(x < MC_INF_F32, y, x); /* inf, NaN */
	y = mc_sel_f32(x < 0.0f, MC_NAN_F32, y);
	return mc_sel_f32(x == 0.0f, -MC_INF_F32, y);
}

MC_FN float mc_log1p_f32(float x)
{
	const float u = 1.0f + x, d = u - 1.0f;
	const float c = (1.0f - (u - d)) + (x - d); /* what u lost */
	float y = mc_log_sum_f32(u, c / u);
	y = mc_sel_f32(x < MC_INF_F32, y, x);
	y = mc_sel_f32(x < -1.0f, MC_NAN_F32, y);
	y = mc_sel_f32(x == -1.0f, -MC_INF_F32, y);
	return mc_sel_f32(x == 0.0f, x, y);
}

/* t / (t + 2) for t = e^(2 |x|) - 1; from 1 on, 1 - 2 / (t + 2) */
MC_FN float mc_tanh_f32(float x)
{
	float a = mc_abs_f32(x);
	a = mc_sel_f32(a > 10.0f, 10.0f, a);
	float low;
	const float high = mc_expm1_half_f32(a + a, &low);
	const float half = high + low;
	const int large = half > 0.5f;
	const float q = mc_sel_f32(large, -1.0f, half) / (half + 1.0f);
	const float y = mc_sel_f32(large, 1.0f, 0.0f) + q;
	return mc_float_f32(mc_bits_f32(y) | (mc_bits_f32(x) & 0x80000000u));
}

/* 1 / (1 + e^-x) without overflow on either side */
MC_FN float mc_sigmoid_f32(float x)
{
	const float z = mc_exp_f32(mc_float_f32(mc_bits_f32(x) | 0x80000000u));
	return mc_sel_f32(x >= 0.0f, 1.0f, z) / (1.0f + z);
}

/* x + x p(x^2) below 0.93, 1 - exp(-x + x q(x)) above */
MC_FN float mc_erf_f32(float x)
{
	const float a = mc_abs_f32(x), s = x * x;
	float p = -0x1.38742ep-11f;
	p = p * s + 0x1.46d9e4p-8f;
	p = p * s + -0x1.b67c04p-6f;
	p = p * s + 0x1.ce1986p-4f;
	p = p * s + -0x1.8126e2p-2f;
	p = p * s + 0x1.06eba6p-3f;
	p = p * x + x;
	const float b = mc_sel_f32(a > 4.0f, 4.0f, a);
	float q = 0x1.c00c1p-13f;
	q = q * b + -0x1.a505a6p-9f;
	q = q * b + 0x1.76e17ap-6f;
	q = q * b + -0x1.af182ap-4f;
	q = q * b + -0x1.457e4ap-1f;
	q = q * b + -0x1.0730dap-3f;
	q = q * b - b;
	q = 1.0f - mc_exp_f32(q);
	q = mc_float_f32(mc_bits_f32(q) | (mc_bits_f32(x) & 0x80000000u));
	return mc_sel_f32(a < 0.93f, p, q);
}

MC_FN float mc_sin_f32(float x)
{
	return sinf(x);
}

MC_FN float mc_cos_f32(float x)
{
	return cosf(x);
}

MC_FN float mc_pow_f32(float a, float b)
{
	return powf(a, b);
}

#undef MC_REDUCE_EXP_F32

#endif
