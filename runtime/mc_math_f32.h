/* mc_math_f32.h -- exp, log and their kin in float; included by mc_math.h, which says the rules
 *
 * Rounding to a whole number is adding and taking away 1.5 * 2^23; powers of two are made of bits.
 */
#ifndef MC_MATH_F32_H
#define MC_MATH_F32_H

#define MC_ROUNDER_F32 12582912.0f
#define MC_NAN_F32 mc_float_f32(0x7fc00000u)
#define MC_INF_F32 mc_float_f32(0x7f800000u)

/* x as n ln 2 + r; `more`, a whole number, stands beside n in the low bits of t: shifted by 23 they are the exponent of a float */
#define MC_REDUCE_EXP_F32(x, more)                                                                 \
	const float t = mc_fma_f32(x, 1.44269504f, MC_ROUNDER_F32 + more);                         \
	const float n = t - (MC_ROUNDER_F32 + more);                                               \
	float r = mc_fma_f32(n, -0x1.62e4p-1f, x); /* the product is exact */                      \
	r = mc_fma_f32(n, -0x1.7f7d1cp-20f, r)

/* (e^r - 1 - r) / r^2 */
MC_FN float mc_exp_rest_f32(float r)
{
	float p = 0x1.6b9bb8p-10f;
	p = mc_fma_f32(p, r, 0x1.1226e6p-7f);
	p = mc_fma_f32(p, r, 0x1.5556f4p-5f);
	p = mc_fma_f32(p, r, 0x1.5554b2p-3f);
	return mc_fma_f32(p, r, 0x1.fffffep-2f);
}

/* e^r for |r| <= ln 2 / 2 */
MC_FN float mc_exp_near_f32(float r)
{
	return mc_fma_f32(mc_fma_f32(mc_exp_rest_f32(r), r, 1.0f), r, 1.0f);
}

/* e^r 2^n, n + 254 in the low bits of t; 2^n as two factors, because it may be too large or too small for one */
MC_FN float mc_exp_times_f32(float r, float t)
{
	const uint32_t both = mc_bits_f32(t), half = both >> 1;
	return mc_exp_near_f32(r) * mc_float_f32(half << 23) * mc_float_f32((both - half) << 23);
}

/* what e^x does not tell from larger or smaller ones */
MC_FN float mc_exp_range_f32(float x)
{
	x = mc_sel_f32(x > 89.0f, 89.0f, x);
	return mc_sel_f32(x < -104.0f, -104.0f, x);
}

/* inf above 88.72, 0 below -103.97 */
MC_FN float mc_exp_f32(float x)
{
	x = mc_exp_range_f32(x);
	MC_REDUCE_EXP_F32(x, 254.0f);
	return mc_exp_times_f32(r, t);
}

/* 2^24 e^x for x <= 0 or no number; where e^x is not 0, it is no smaller than a normal number */
MC_FN float mc_exp_raised_f32(float x)
{
	x = mc_sel_f32(x < -104.0f, -104.0f, x);
	MC_REDUCE_EXP_F32(x, 151.0f);
	return mc_exp_near_f32(r) * mc_float_f32(mc_bits_f32(t) << 23);
}

/* the same as mc_exp_f32 for x <= 0 or no number, in fewer steps */
MC_FN float mc_exp_below_f32(float x)
{
	return mc_exp_raised_f32(x) * 0x1p-24f;
}

/* e^(x + low) for a small low part */
MC_FN float mc_exp_sum_f32(float x, float low)
{
	x = mc_exp_range_f32(x);
	MC_REDUCE_EXP_F32(x, 254.0f);
	return mc_exp_times_f32(r + low, t);
}

/* (e^x - 1) / 2 in two parts, high and *low, for -18 <= x <= 89 */
MC_FN float mc_expm1_half_f32(float x, float *low)
{
	MC_REDUCE_EXP_F32(x, 126.0f);
	const float s = mc_float_f32(mc_bits_f32(t) << 23); /* 2^(n - 1) */
	const float a = s - 0.5f, b = mc_mul_f32(s, r);
	const float high = a + b;
	/* |a| >= |b|, or a is 0 */
	*low = mc_fma_f32(s, mc_exp_rest_f32(r) * (r * r), b - (high - a));
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

/* log(1 + f) + e ln 2 + c for 1 + f between sqrt(1/2) and sqrt 2 and small c */
MC_FN float mc_log_near_f32(float f, float e, float c)
{
	float p = -0x1.38c9dep-4f;
	p = mc_fma_f32(p, f, 0x1.055ec6p-3f);
	p = mc_fma_f32(p, f, -0x1.0d8242p-3f);
	p = mc_fma_f32(p, f, 0x1.22d92ep-3f);
	p = mc_fma_f32(p, f, -0x1.54728ap-3f);
	p = mc_fma_f32(p, f, 0x1.99a01cp-3f);
	p = mc_fma_f32(p, f, -0x1.000226p-2f);
	p = mc_fma_f32(p, f, 0x1.555554p-2f);
	const float f2 = f * f;
	float y = mc_fma_f32(p * f, f2, c);
	y = mc_fma_f32(e, -0x1.bd0106p-13f, y); /* ln 2 = 0.693359375 - 2.12194e-4 */
	y = mc_fma_f32(f2, -0.5f, y);
	y = y + f;
	return mc_fma_f32(e, 0.693359375f, y);
}

/* log u + c for small c */
MC_FN float mc_log_sum_f32(float u, float c)
{
	const int tiny = u < 0x1p-126f;
	const uint32_t b = mc_bits_f32(mc_sel_f32(tiny, u * 0x1p23f, u)) -
			   0x3f3504f3u; /* mantissa to [sqrt(1/2), sqrt 2) */
	const float e = (float)((int32_t)b >> 23) - mc_sel_f32(tiny, 23.0f, 0.0f);
	return mc_log_near_f32(mc_float_f32((b & 0x7fffffu) + 0x3f3504f3u) - 1.0f, e, c);
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

/* (1 - z) / (1 + z) for z = e^(-2 |x|) = s (1 + g); -|x| = n ln 2 / 2 + r, s = 2^n */
MC_FN float mc_tanh_f32(float x)
{
	float a = mc_abs_f32(x);
	a = mc_sel_f32(a > 20.0f, 20.0f, a);
	const float t = mc_fma_f32(a, -2.88539008f, MC_ROUNDER_F32 + 127.0f);
	const float n = t - (MC_ROUNDER_F32 + 127.0f);
	float r = mc_fma_f32(n, -0x1.62e4p-2f, -a);
	r = mc_fma_f32(n, -0x1.7f7d1cp-21f, r);
	float p = 0x1.6b9bb8p-4f;
	p = mc_fma_f32(p, r, 0x1.1226e6p-2f);
	p = mc_fma_f32(p, r, 0x1.5556f4p-1f);
	p = mc_fma_f32(p, r, 0x1.5554b2p+0f);
	p = mc_fma_f32(p, r, 0x1.fffffep+0f);
	const float g = mc_fma_f32(p, r * r, r + r), s = mc_float_f32(mc_bits_f32(t) << 23);
	const float y = mc_fma_f32(-s, g, 1.0f - s) / mc_fma_f32(s, g, 1.0f + s);
	return mc_float_f32(mc_bits_f32(y) | (mc_bits_f32(x) & 0x80000000u));
}

/* 1 / (1 + e^-x) without overflow on either side; compilers see that for x and -x, and for softplus, the e^-|x| is the same */
MC_FN float mc_sigmoid_f32(float x)
{
	const float z = mc_exp_raised_f32(-fabsf(x));
	return mc_sel_f32(x >= 0.0f, 0x1p24f, z) / (0x1p24f + z);
}

/* log(1 + e^x) = max(x, 0) + log(1 + z), z = e^-|x| <= 1: 1 + z is 1 + f, or 2 (1 + f) */
MC_FN float mc_softplus_f32(float x)
{
	const float z = mc_exp_below_f32(-fabsf(x));
	const int large = z > 0x1.a8279ap-2f;
	const float f = mc_sel_f32(large, mc_fma_f32(z, 0.5f, -0.5f), z);
	const float y = mc_log_near_f32(f, mc_sel_f32(large, 1.0f, 0.0f), 0.0f);
	return mc_sel_f32(x > 0.0f, x, 0.0f) + y;
}

/* x + x p(x^2) below 0.93, 1 - exp(-x + x q(x)) above */
MC_FN float mc_erf_f32(float x)
{
	const float a = mc_abs_f32(x), s = x * x;
	float p = -0x1.38742ep-11f;
	p = mc_fma_f32(p, s, 0x1.46d9e4p-8f);
	p = mc_fma_f32(p, s, -0x1.b67c04p-6f);
	p = mc_fma_f32(p, s, 0x1.ce1986p-4f);
	p = mc_fma_f32(p, s, -0x1.8126e2p-2f);
	p = mc_fma_f32(p, s, 0x1.06eba6p-3f);
	p = mc_fma_f32(p, x, x);
	const float b = mc_sel_f32(a > 4.0f, 4.0f, a);
	float q = 0x1.c00c1p-13f;
	q = mc_fma_f32(q, b, -0x1.a505a6p-9f);
	q = mc_fma_f32(q, b, 0x1.76e17ap-6f);
	q = mc_fma_f32(q, b, -0x1.af182ap-4f);
	q = mc_fma_f32(q, b, -0x1.457e4ap-1f);
	q = mc_fma_f32(q, b, -0x1.0730dap-3f);
	q = mc_fma_f32(q, b, -b);
	q = 1.0f - mc_exp_below_f32(q);
	q = mc_float_f32(mc_bits_f32(q) | (mc_bits_f32(x) & 0x80000000u));
	return mc_sel_f32(a < 0.93f, p, q);
}

/* ---- two parts: a sum of two floats that do not overlap */
/* the upper 12 bits of a */
MC_FN float mc_upper_f32(float a)
{
	return mc_float_f32(mc_bits_f32(a) & ~0xfffu);
}

/* a * b, and what rounding took from it */
MC_FN float mc_product_f32(float a, float b, float *low)
{
	const float p = mc_mul_f32(a, b), ah = mc_upper_f32(a), al = a - ah, bh = mc_upper_f32(b), bl = b - bh;
	float e = mc_fma_f32(ah, bh, -p);
	e = mc_fma_f32(ah, bl, e);
	e = mc_fma_f32(al, bh, e);
	*low = mc_fma_f32(al, bl, e);
	return p;
}

/* log x in two parts, for 0 < x < inf: x = m 2^n, s = f / (2 + f), f = m - 1, log m = s (2 + z (2/3
 * + z p(z))), z = s^2 */
MC_FN float mc_log_parts_f32(float x, float *low)
{
	float pl, zl, ul, hl;
	const int tiny = x < 0x1p-126f;
	const uint32_t b = mc_bits_f32(mc_sel_f32(tiny, x * 0x1p23f, x)) - 0x3f3504f3u;
	const float n = (float)((int32_t)b >> 23) - mc_sel_f32(tiny, 23.0f, 0.0f);
	const float f = mc_float_f32((b & 0x7fffffu) + 0x3f3504f3u) - 1.0f;
	const float d = 2.0f + f, dl = f - (d - 2.0f), s = f / d;
	const float ph = mc_product_f32(s, d, &pl);
	const float sl = mc_fma_f32(-s, dl, (f - ph) - pl) / d;
	const float zh = mc_product_f32(s, s, &zl);
	zl = mc_fma_f32(2.0f * s, sl, zl);
	float p = 0x1.dfa34cp-3f;
	p = mc_fma_f32(p, zh, 0x1.245278p-2f);
	p = mc_fma_f32(p, zh, 0x1.999ap-2f);
	const float third = 0x1.555556p-1f, third_low = -0x1.555556p-26f;
	const float zp = mc_mul_f32(zh, p), v = third + zp, vl = ((third - v) + zp) + third_low;
	const float u = mc_product_f32(zh, v, &ul);
	ul = mc_fma_f32(zh, vl, ul);
	ul = mc_fma_f32(zl, v, ul);
	const float a = 2.0f + u, al = ((2.0f - a) + u) + ul;
	const float h = mc_product_f32(s, a, &hl);
	hl = mc_fma_f32(s, al, hl);
	hl = mc_fma_f32(sl, a, hl);
	const float whole = n * 0.693359375f, y = whole + h; /* exact; |whole| > |h|, or it is 0 */
	*low = mc_fma_f32(n, -0x1.bd0106p-13f, ((whole - y) + h) + hl);
	return y;
}

MC_FN int mc_is_whole_f32(float a) /* a >= 0 */
{
	return (a >= 0x1p23f) | ((a + 0x1p23f) - 0x1p23f == a);
}

/* as C's pow: 1 for b = 0 and for a = 1, also beside NaN; NaN for a < 0 and b no whole number */
MC_FN float mc_pow_f32(float a, float b)
{
	const float x = mc_abs_f32(a), ab = mc_abs_f32(b);
	float e = mc_sel_f32(b > 0x1p40f, 0x1p40f, b), low, pl;
	e = mc_sel_f32(e < -0x1p40f, -0x1p40f, e);
	const float high = mc_log_parts_f32(x, &low);
	const float p = mc_product_f32(e, high, &pl);
	low = mc_sel_f32(mc_abs_f32(p) > 105.0f, 0.0f, mc_fma_f32(e, low, pl));
	float y = mc_exp_sum_f32(p, low);
	const int up = b > 0.0f;
	y = mc_sel_f32(x == 0.0f, mc_sel_f32(up, 0.0f, MC_INF_F32), y);
	y = mc_sel_f32(x == MC_INF_F32, mc_sel_f32(up, MC_INF_F32, 0.0f), y);
	const int whole = mc_is_whole_f32(ab), odd = whole & !mc_is_whole_f32(0.5f * ab);
	const uint32_t sign = mc_bits_f32(a) & 0x80000000u;
	y = mc_float_f32(mc_bits_f32(y) | (sign * (uint32_t)odd));
	y = mc_sel_f32((a < 0.0f) & (a > -MC_INF_F32) & !whole, MC_NAN_F32, y);
	y = mc_sel_f32((a != a) | (b != b), a + b, y);
	return mc_sel_f32((b == 0.0f) | (a == 1.0f), 1.0f, y);
}

/* ---- sin, cos */
/* the bits of 2 / pi after the point, behind 64 zeros */
MC_FN uint32_t mc_two_over_pi(uint32_t i)
{
	static const uint32_t bits[42] = {
		0u,	     0u,	  0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u,
		0x3c439041u, 0xfe5163abu, 0xdebbc561u, 0xb7246e3au, 0x424dd2e0u, 0x06492eeau, 0x09d1921cu,
		0xfe1deb1cu, 0xb129a73eu, 0xe88235f5u, 0x2ebb4484u, 0xe99c7026u, 0xb45f7e41u, 0x3991d639u,
		0x835339f4u, 0x9c845f8bu, 0xbdf9283bu, 0x1ff897ffu, 0xde05980fu, 0xef2f118bu, 0x5a0a6d1fu,
		0x6d367ecfu, 0x27cb09b7u, 0x4f463f66u, 0x9e5fea2du, 0x7527bac7u, 0xebe5f17bu, 0x3d0739f7u,
		0x8a5292eau, 0x6bfb5fb1u, 0x1f8d5d08u, 0x56033046u, 0xfc7b6babu, 0xf0cfbc20u, 0x9af4361du
	};
	return bits[i];
}

/* x as q quarters of a turn and r, |r| <= pi / 4: x * 2/pi from as many bits of 2/pi as matter, in
 * integers */
MC_FN float mc_quarters_f32(float x, uint32_t *q)
{
	const uint32_t b = mc_bits_f32(x), exponent = (b >> 23) & 255u;
	/* |x| = m 2^(exponent - 150); bits before exponent - 151 count whole turns; below pi / 4
	 * and of inf, NaN another value is taken */
	const uint64_t m = (b & 0x7fffffu) | 0x800000u;
	const int small = mc_abs_f32(x) < 0x1.921fb6p-1f, wild = exponent == 255u;
	const uint32_t at = ((exponent - 151u) & ((uint32_t)(small | wild) - 1u)) + 63u,
		       i = at >> 5, k = at & 31u;
	const uint32_t w0 = mc_two_over_pi(i), w1 = mc_two_over_pi(i + 1u),
		       w2 = mc_two_over_pi(i + 2u), w3 = mc_two_over_pi(i + 3u);
	const uint32_t v2 = w0 << k | w1 >> 1 >> (31u - k), v1 = w1 << k | w2 >> 1 >> (31u - k);
	const uint32_t v0 = w2 << k | w3 >> 1 >> (31u - k);
	const uint64_t next = m * v1 + (m * v0 >> 32);
	const uint32_t top = (uint32_t)(m * v2) + (uint32_t)(next >> 32);
	/* the nearest quarter, and the part of one beside it: 2^-30 each in part, 2^-61 in rest */
	const uint32_t n = (top + 0x20000000u) >> 30;
	const int32_t part = (int32_t)(top - (n << 30)), rest = (int32_t)((uint32_t)next >> 1);
	const float fh = (float)part, fl = mc_fma_f32((float)rest, 0x1p-31f, (float)(part - (int32_t)fh));
	float low;
	const float p = mc_product_f32(fh, 0x1.921fb6p+0f, &low);
	low = mc_fma_f32(fh, -0x1.777a5cp-25f, low);
	low = mc_fma_f32(fl, 0x1.921fb6p+0f, low);
	const float r = mc_float_f32(mc_bits_f32((p + low) * 0x1p-30f) ^ (b & 0x80000000u));
	const uint32_t minus = 0u - (b >> 31);
	*q = ((n ^ minus) - minus) & ((uint32_t)small - 1u);
	return mc_sel_f32(small, x, mc_sel_f32(wild, MC_NAN_F32, r));
}

/* sin r for q even, cos r for q odd, negative for q of 2 and 3 */
MC_FN float mc_turned_f32(float r, uint32_t q)
{
	const float z = r * r;
	float s = -0x1.994b4p-13f;
	s = mc_fma_f32(s, z, 0x1.110756p-7f);
	s = mc_fma_f32(s, z, -0x1.555546p-3f);
	s = mc_fma_f32(s, z * r, r);
	float c = 0x1.99ff4p-16f;
	c = mc_fma_f32(c, z, -0x1.6c0c82p-10f);
	c = mc_fma_f32(c, z, 0x1.55554ap-5f);
	c = mc_fma_f32(c, z, -0.5f);
	c = mc_fma_f32(c, z, 1.0f);
	const float y = mc_sel_f32((int)(q & 1u), c, s);
	return mc_float_f32(mc_bits_f32(y) ^ ((q >> 1 & 1u) << 31));
}

MC_FN float mc_sin_f32(float x)
{
	uint32_t q;
	const float r = mc_quarters_f32(x, &q);
	return mc_turned_f32(r, q);
}

MC_FN float mc_cos_f32(float x)
{
	uint32_t q;
	const float r = mc_quarters_f32(x, &q);
	return mc_turned_f32(r, q + 1u);
}

#undef MC_REDUCE_EXP_F32

#endif
