/* mc_math_f64.h -- exp, log and their kin in double; included by mc_math.h, which says the rules
 *
 * Where an error of half a unit would grow, as in pow, a number is carried as a high and a low
 * part: a sum of two doubles that do not overlap. */
#ifndef MC_MATH_F64_H
#define MC_MATH_F64_H

#define MC_ROUNDER_F64 6755399441055744.0 /* 1.5 * 2^52 */
#define MC_NAN_F64 mc_float_f64((uint64_t)0x7ff8 << 48)
#define MC_INF_F64 mc_float_f64((uint64_t)0x7ff0 << 48)
#define MC_LN2_HIGH_F64 0x1.62e42fefa38p-1 /* 42 bits: exact times a whole number below 2^11 */
#define MC_LN2_LOW_F64 0x1.ef35793c7673p-45

/* 2^n for -1023 < n < 1024, n as bits */
MC_FN double mc_power_of_two_f64(uint64_t n)
{
	return mc_float_f64((n + 1023u) << 52);
}

/* (e^r - 1 - r) / r^2 */
MC_FN double mc_exp_rest_f64(double r)
{
	double p = 0x1.1f95b83e213eep-29;
	p = mc_fma_f64(p, r, 0x1.af5f483c43256p-26);
	p = mc_fma_f64(p, r, 0x1.27e4c57ae2dc3p-22);
	p = mc_fma_f64(p, r, 0x1.71ddf82040db8p-19);
	p = mc_fma_f64(p, r, 0x1.a01a01b0bdb2ap-16);
	p = mc_fma_f64(p, r, 0x1.a01a01afece65p-13);
	p = mc_fma_f64(p, r, 0x1.6c16c16c14471p-10);
	p = mc_fma_f64(p, r, 0x1.111111110f6c2p-7);
	p = mc_fma_f64(p, r, 0x1.555555555555ap-5);
	p = mc_fma_f64(p, r, 0x1.5555555555559p-3);
	p = mc_fma_f64(p, r, 0x1p-1);
	return p;
}

/* e^(x + low) for a small low part; inf above 709.78, 0 below -745.13 */
MC_FN double mc_exp_sum_f64(double x, double low)
{
	x = mc_sel_f64(x > 710.0, 710.0, x);
	x = mc_sel_f64(x < -746.0, -746.0, x);
	const double t = mc_fma_f64(x, 0x1.71547652b82fep+0, MC_ROUNDER_F64), n = t - MC_ROUNDER_F64;
	const double high = mc_fma_f64(n, -MC_LN2_HIGH_F64, x); /* exact */
	const double rest = mc_fma_f64(n, -MC_LN2_LOW_F64, low), r = high + rest;
	const double lost = (high - r) + rest;
	double p = mc_fma_f64(mc_exp_rest_f64(r), r * r, lost);
	p = p + r;
	p = p + 1.0;
	const uint64_t k = mc_bits_f64(t) - mc_bits_f64(MC_ROUNDER_F64),
		       half = (uint64_t)((int64_t)k >> 1);
	return p * mc_power_of_two_f64(half) * mc_power_of_two_f64(k - half);
}

MC_FN double mc_exp_f64(double x)
{
	return mc_exp_sum_f64(x, 0.0);
}

/* the same for x <= 0 or no number */
MC_FN double mc_exp_below_f64(double x)
{
	return mc_exp_f64(x);
}

/* (e^x - 1) / 2 in two parts, high and *low, for -40 <= x <= 710 */
MC_FN double mc_expm1_half_f64(double x, double *low)
{
	const double t = mc_fma_f64(x, 0x1.71547652b82fep+0, MC_ROUNDER_F64), n = t - MC_ROUNDER_F64;
	const double exact = mc_fma_f64(n, -MC_LN2_HIGH_F64, x), rest = mc_mul_f64(n, -MC_LN2_LOW_F64);
	const double r = exact + rest;
	const double lost = (exact - r) + rest;
	const uint64_t k = mc_bits_f64(t) - mc_bits_f64(MC_ROUNDER_F64);
	const double s = mc_power_of_two_f64(k - 1);
	const double a = s - 0.5, b = mc_mul_f64(s, r), high = a + b;
	/* |a| >= |b|, or a is 0 */
	const double p = mc_fma_f64(mc_exp_rest_f64(r), r * r, lost);
	*low = mc_fma_f64(p, s, b - (high - a));
	return high;
}

MC_FN double mc_expm1_f64(double x)
{
	double y = mc_sel_f64(x > 710.0, 710.0, x), low;
	y = mc_sel_f64(y < -40.0, -40.0, y);
	y = mc_expm1_half_f64(y, &low);
	y = 2.0 * (y + low);
	return mc_sel_f64(x == 0.0, x, y);
}

/* m in [sqrt(1/2), sqrt 2) and *n with x = m 2^n, for 0 < x < inf */
MC_FN double mc_mantissa_f64(double x, double *n)
{
	const int tiny = x < 0x1p-1022;
	const uint64_t least = (uint64_t)0x3fe6a09e << 32;
	const uint64_t b = mc_bits_f64(mc_sel_f64(tiny, x * 0x1p52, x)) - least;
	/* a conversion by adding to the bits of 1.5 * 2^52 */
	const uint64_t e = (uint64_t)((int64_t)b >> 52);
	*n = (mc_float_f64(mc_bits_f64(MC_ROUNDER_F64) + e) - MC_ROUNDER_F64) -
	     mc_sel_f64(tiny, 52.0, 0.0);
	return mc_float_f64((b & (((uint64_t)1 << 52) - 1u)) + least);
}

/* log u + c for small c: f = m - 1, s = f / (2 + f), log m = f - (f^2 / 2 - s (f^2 / 2 + z p(z))),
 * z = s^2 */
MC_FN double mc_log_sum_f64(double u, double c)
{
	double n;
	const double f = mc_mantissa_f64(u, &n) - 1.0;
	const double s = f / (2.0 + f), z = s * s, half = mc_mul_f64(0.5 * f, f);
	double p = 0x1.2f0d8e9195979p-3;
	p = mc_fma_f64(p, z, 0x1.39a0f504f8321p-3);
	p = mc_fma_f64(p, z, 0x1.7466462c5eb62p-3);
	p = mc_fma_f64(p, z, 0x1.c71c51e7f892fp-3);
	p = mc_fma_f64(p, z, 0x1.24924942179fcp-2);
	p = mc_fma_f64(p, z, 0x1.999999997fb32p-2);
	p = mc_fma_f64(p, z, 0x1.5555555555593p-1);
	const double low = mc_fma_f64(n, MC_LN2_LOW_F64, c);
	const double rest = half - mc_fma_f64(s, mc_fma_f64(z, p, half), low);
	return mc_fma_f64(n, MC_LN2_HIGH_F64, f - rest);
}

/* -inf at 0, NaN below */
MC_FN double mc_log_f64(double x)
{
	double y = mc_log_sum_f64(x, 0.0);
	y = mc_sel_f64(x < MC_INF_F64, y, x);
	y = mc_sel_f64(x < 0.0, MC_NAN_F64, y);
	return mc_sel_f64(x == 0.0, -MC_INF_F64, y);
}

MC_FN double mc_log1p_f64(double x)
{
	const double u = 1.0 + x, d = u - 1.0;
	const double c = (1.0 - (u - d)) + (x - d); /* what u lost */
	double y = mc_log_sum_f64(u, c / u);
	y = mc_sel_f64(x < MC_INF_F64, y, x);
	y = mc_sel_f64(x < -1.0, MC_NAN_F64, y);
	y = mc_sel_f64(x == -1.0, -MC_INF_F64, y);
	return mc_sel_f64(mc_abs_f64(x) < 0x1p-54, x, y);
}

/* t / (t + 2) for t = e^(2 |x|) - 1; where that is above a half, 1 - 2 / (t + 2) */
MC_FN double mc_tanh_f64(double x)
{
	double a = mc_abs_f64(x), low;
	a = mc_sel_f64(a > 20.0, 20.0, a);
	const double high = mc_expm1_half_f64(a + a, &low), half = high + low;
	const int large = half > 1.0;
	const double num = mc_sel_f64(large, -1.0, half), den = half + 1.0;
	/* what rounding took from numerator and denominator */
	const double lost = (high - half) + low, num_lost = mc_sel_f64(large, 0.0, lost);
	const double larger = mc_sel_f64(large, half, 1.0), smaller = mc_sel_f64(large, 1.0, half);
	const double den_lost = (larger - den + smaller) + lost;
	const double q = num / den, rest = mc_fma_f64(-q, den_lost, num_lost) / den;
	const double y = mc_sel_f64(large, 1.0, 0.0) + (q + rest);
	return mc_float_f64(mc_bits_f64(y) | (mc_bits_f64(x) & ((uint64_t)1 << 63)));
}

/* 1 / (1 + e^-x) without overflow on either side */
MC_FN double mc_sigmoid_f64(double x)
{
	const double z = mc_exp_f64(-fabs(x));
	const double den = 1.0 + z, lost = (1.0 - den) + z, q = mc_sel_f64(x >= 0.0, 1.0, z) / den;
	return q - q * lost / den;
}

MC_FN double mc_softplus_f64(double x)
{
	return mc_sel_f64(x > 0.0, x, 0.0) + mc_log1p_f64(mc_exp_f64(-mc_abs_f64(x)));
}

/* x + x p(x^2) below 0.93, 1 - exp(q(x)) above */
MC_FN double mc_erf_f64(double x)
{
	const double a = mc_abs_f64(x), s = x * x, b = mc_sel_f64(a > 6.0, 6.0, a);
	double p = -0x1.c66c5a03eb206p-31;
	p = mc_fma_f64(p, s, 0x1.df561e3c76271p-27);
	p = mc_fma_f64(p, s, -0x1.5d1f335aae237p-23);
	p = mc_fma_f64(p, s, 0x1.b9a9e40861696p-20);
	p = mc_fma_f64(p, s, -0x1.f4ce39706894p-17);
	p = mc_fma_f64(p, s, 0x1.f9a2f6c429156p-14);
	p = mc_fma_f64(p, s, -0x1.c02db28d06861p-11);
	p = mc_fma_f64(p, s, 0x1.565bcd0750ef2p-8);
	p = mc_fma_f64(p, s, -0x1.b82ce3125f962p-6);
	p = mc_fma_f64(p, s, 0x1.ce2f21a04242cp-4);
	p = mc_fma_f64(p, s, -0x1.812746b0379dep-2);
	p = mc_fma_f64(p, s, 0x1.06eba8214db68p-3);
	p = mc_fma_f64(p, x, x);
	double q = -0x1.b47dc94e3e86ap-38;
	q = mc_fma_f64(q, b, 0x1.16db4fccab992p-32);
	q = mc_fma_f64(q, b, -0x1.4ab1cb4005269p-28);
	q = mc_fma_f64(q, b, 0x1.e1c53e67530bp-25);
	q = mc_fma_f64(q, b, -0x1.df928b0803144p-22);
	q = mc_fma_f64(q, b, 0x1.554fed0677ecep-19);
	q = mc_fma_f64(q, b, -0x1.5c573cd7dfcd3p-17);
	q = mc_fma_f64(q, b, 0x1.dc96505be229cp-16);
	q = mc_fma_f64(q, b, -0x1.219901a256946p-15);
	q = mc_fma_f64(q, b, -0x1.be2116bcce614p-14);
	q = mc_fma_f64(q, b, 0x1.7c2fc3172b6f7p-11);
	q = mc_fma_f64(q, b, -0x1.e76d31f7243fbp-10);
	q = mc_fma_f64(q, b, 0x1.757bd4a28e2b9p-12);
	q = mc_fma_f64(q, b, 0x1.37c9434ad978ep-6);
	q = mc_fma_f64(q, b, -0x1.a4c2a2ad8fc4cp-4);
	q = mc_fma_f64(q, b, -0x1.45f5205c4288p-1);
	q = mc_fma_f64(q, b, -0x1.20dd3dbac3c31p+0);
	q = mc_fma_f64(q, b, -0x1.51e5629bacf9cp-22);
	q = 1.0 - mc_exp_sum_f64(q, 0.0);
	q = mc_float_f64(mc_bits_f64(q) | (mc_bits_f64(x) & ((uint64_t)1 << 63)));
	return mc_sel_f64(a < 0.93, p, q);
}

/* ---- two parts */
/* the upper 26 bits of a */
MC_FN double mc_upper_f64(double a)
{
	return mc_float_f64(mc_bits_f64(a) & ~(uint64_t)0x7ffffff);
}

/* a * b, and what rounding took from it */
MC_FN double mc_product_f64(double a, double b, double *low)
{
	const double p = mc_mul_f64(a, b), ah = mc_upper_f64(a), al = a - ah, bh = mc_upper_f64(b),
		     bl = b - bh;
	double e = mc_fma_f64(ah, bh, -p);
	e = mc_fma_f64(ah, bl, e);
	e = mc_fma_f64(al, bh, e);
	*low = mc_fma_f64(al, bl, e);
	return p;
}

/* log x in two parts, for 0 < x < inf: s = f / (2 + f), log m = s (2 + z (2/3 + z p(z))), z = s^2
 */
MC_FN double mc_log_parts_f64(double x, double *low)
{
	double n, pl, zl, ul, hl;
	const double f = mc_mantissa_f64(x, &n) - 1.0;
	const double d = 2.0 + f, dl = f - (d - 2.0), s = f / d;
	const double ph = mc_product_f64(s, d, &pl);
	const double sl = mc_fma_f64(-s, dl, (f - ph) - pl) / d;
	const double zh = mc_product_f64(s, s, &zl);
	zl = mc_fma_f64(2.0 * s, sl, zl);
	double p = 0x1.0e4a381b9921cp-3;
	p = mc_fma_f64(p, zh, 0x1.0f7f1fbdc5f2bp-3);
	p = mc_fma_f64(p, zh, 0x1.3b1ef46cc1157p-3);
	p = mc_fma_f64(p, zh, 0x1.745ce9b67a1aap-3);
	p = mc_fma_f64(p, zh, 0x1.c71c722de463p-3);
	p = mc_fma_f64(p, zh, 0x1.24924924577f7p-2);
	p = mc_fma_f64(p, zh, 0x1.9999999999b33p-2);
	const double third = 0x1.5555555555555p-1, third_low = 0x1.5555555555555p-55;
	const double zp = mc_mul_f64(zh, p), v = third + zp, vl = ((third - v) + zp) + third_low;
	const double u = mc_product_f64(zh, v, &ul);
	ul = mc_fma_f64(zh, vl, ul);
	ul = mc_fma_f64(zl, v, ul);
	const double a = 2.0 + u, al = ((2.0 - a) + u) + ul;
	const double h = mc_product_f64(s, a, &hl);
	hl = mc_fma_f64(s, al, hl);
	hl = mc_fma_f64(sl, a, hl);
	const double whole = n * MC_LN2_HIGH_F64, y = whole + h; /* |whole| > |h|, or it is 0 */
	*low = mc_fma_f64(n, MC_LN2_LOW_F64, ((whole - y) + h) + hl);
	return y;
}

MC_FN int mc_is_whole_f64(double a) /* a >= 0 */
{
	return (a >= 0x1p52) | ((a + 0x1p52) - 0x1p52 == a);
}

/* as C's pow: 1 for b = 0 and for a = 1, also beside NaN; NaN for a < 0 and b no whole number */
MC_FN double mc_pow_f64(double a, double b)
{
	const double x = mc_abs_f64(a), ab = mc_abs_f64(b);
	double e = mc_sel_f64(b > 0x1p70, 0x1p70, b), low, pl;
	e = mc_sel_f64(e < -0x1p70, -0x1p70, e);
	const double high = mc_log_parts_f64(x, &low);
	const double p = mc_product_f64(e, high, &pl);
	low = mc_sel_f64(mc_abs_f64(p) > 746.0, 0.0, mc_fma_f64(e, low, pl));
	double y = mc_exp_sum_f64(p, low);
	const int up = b > 0.0;
	y = mc_sel_f64(x == 0.0, mc_sel_f64(up, 0.0, MC_INF_F64), y);
	y = mc_sel_f64(x == MC_INF_F64, mc_sel_f64(up, MC_INF_F64, 0.0), y);
	const int whole = mc_is_whole_f64(ab), odd = whole & !mc_is_whole_f64(0.5 * ab);
	const uint64_t sign = mc_bits_f64(a) & ((uint64_t)1 << 63);
	y = mc_float_f64(mc_bits_f64(y) | (sign * (uint64_t)odd));
	y = mc_sel_f64((a < 0.0) & (a > -MC_INF_F64) & !whole, MC_NAN_F64, y);
	y = mc_sel_f64((a != a) | (b != b), a + b, y);
	return mc_sel_f64((b == 0.0) | (a == 1.0), 1.0, y);
}

/* ---- sin, cos */
/* a word of 32 bits as a number: no conversion from 64-bit integers, which few vectors have */
MC_FN double mc_word_f64(uint64_t w)
{
	return mc_float_f64(w | (uint64_t)0x433 << 52) - 0x1p52;
}

/* x as q quarters of a turn and r, in two parts, |r| <= pi / 4: x * 2/pi from as many bits of 2/pi
 * as matter, in integers */
MC_FN double mc_quarters_f64(double x, double *low, uint32_t *q)
{
	const uint64_t b = mc_bits_f64(x), one = (uint64_t)1 << 52;
	const uint64_t exponent = (b >> 52) & 2047u, m = (b & (one - 1u)) | one;
	/* |x| = m 2^(exponent - 1075); bits before exponent - 1076 count whole turns; below pi / 4
	 * and of inf, NaN another value is taken */
	const int small = mc_abs_f64(x) < 0x1.921fb54442d18p-1, wild = exponent == 2047u;
	const uint32_t at = (((uint32_t)exponent - 1076u) & ((uint32_t)(small | wild) - 1u)) + 63u,
		       i = at >> 5, k = at & 31u;
	const uint64_t m0 = m & 0xffffffffu, m1 = m >> 32;
	uint64_t v[6], t[6] = {0, 0, 0, 0, 0, 0}, carry = 0;
	MC_UNROLL
	for (uint32_t j = 0; j < 6; j++) {
		const uint64_t two =
			(uint64_t)mc_two_over_pi(i + j) << 32 | mc_two_over_pi(i + j + 1u);
		v[5u - j] = (two >> (32u - k)) & 0xffffffffu;
	}
	MC_UNROLL
	for (int j = 0; j < 6; j++) { /* t = m v mod 2^192, in words of 32 bits */
		const uint64_t a = m0 * v[j] + carry, c = j > 0 ? m1 * v[j - 1] : 0;
		const uint64_t sum = (a & 0xffffffffu) + (c & 0xffffffffu);
		t[j] = sum & 0xffffffffu;
		carry = (a >> 32) + (c >> 32) + (sum >> 32);
	}
	const uint64_t high = t[5] << 32 | t[4], next = t[3] << 32 | t[2];
	const uint64_t n = (high + ((uint64_t)1 << 61)) >> 62;
	const int64_t part = (int64_t)(high - (n << 62));
	/* quarters of a turn, 2^-62 each in part, to radians */
	const double upper = (double)(int32_t)(part >> 32) * 0x1p32,
		     lower = mc_word_f64((uint64_t)part & 0xffffffffu);
	const double fh = upper + lower,
		     rest = mc_fma_f64(mc_word_f64(next & 0xffffffffu), 0x1p-32, mc_word_f64(next >> 32));
	const double fl = mc_fma_f64(rest, 0x1p-32, lower - (fh - upper));
	double pl;
	const double p = mc_product_f64(fh, 0x1.921fb54442d18p+0, &pl);
	pl = mc_fma_f64(fh, 0x1.1a62633145c07p-54, pl);
	pl = mc_fma_f64(fl, 0x1.921fb54442d18p+0, pl);
	const uint64_t sign = b & ((uint64_t)1 << 63);
	*low = mc_sel_f64(small, 0.0, mc_float_f64(mc_bits_f64(pl * 0x1p-62) ^ sign));
	const uint32_t minus = 0u - (uint32_t)(b >> 63);
	*q = (((uint32_t)n ^ minus) - minus) & ((uint32_t)small - 1u);
	const double r = mc_float_f64(mc_bits_f64(p * 0x1p-62) ^ sign);
	return mc_sel_f64(small, x, mc_sel_f64(wild, MC_NAN_F64, r));
}

/* sin(r + low) for q even, cos(r + low) for q odd, negative for q of 2 and 3 */
MC_FN double mc_turned_f64(double r, double low, uint32_t q)
{
	const double z = r * r;
	double s = 0x1.5d915e32d3c54p-33;
	s = mc_fma_f64(s, z, -0x1.ae5e60c4f96ep-26);
	s = mc_fma_f64(s, z, 0x1.71de3570fdeaep-19);
	s = mc_fma_f64(s, z, -0x1.a01a019c0a295p-13);
	s = mc_fma_f64(s, z, 0x1.111111110f842p-7);
	s = mc_fma_f64(s, z, -0x1.5555555555549p-3);
	s = mc_fma_f64(s, z * r, mc_fma_f64(-0.5 * z, low, low));
	s = s + r;
	double c = -0x1.8facd1876d133p-37;
	c = mc_fma_f64(c, z, 0x1.1ee9e8910be06p-29);
	c = mc_fma_f64(c, z, -0x1.27e4f805342bp-22);
	c = mc_fma_f64(c, z, 0x1.a01a019cab74bp-16);
	c = mc_fma_f64(c, z, -0x1.6c16c16c1514p-10);
	c = mc_fma_f64(c, z, 0x1.555555555554cp-5);
	const double half = mc_mul_f64(0.5, z), one = 1.0 - half;
	c = mc_fma_f64(c, z * z, mc_fma_f64(-r, low, (1.0 - one) - half));
	c = c + one;
	const double y = mc_sel_f64((int)(q & 1u), c, s);
	return mc_float_f64(mc_bits_f64(y) ^ ((uint64_t)(q >> 1 & 1u) << 63));
}

MC_FN double mc_sin_f64(double x)
{
	double low;
	uint32_t q;
	const double r = mc_quarters_f64(x, &low, &q);
	return mc_turned_f64(r, low, q);
}

MC_FN double mc_cos_f64(double x)
{
	double low;
	uint32_t q;
	const double r = mc_quarters_f64(x, &low, &q);
	return mc_turned_f64(r, low, q + 1u);
}

#endif
