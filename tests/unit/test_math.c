/* test_math.c -- mc_math.h: stated errors, special values, defined integers and casts, vector code
 */
#include "../../compiler/ir/ir.h"
#include "mc_math.h"
#include "test.h"

/* ---- errors in units of the last place of the true value */
typedef long double Exact;

static double units(double y, Exact t, int digits, int least)
{
	Exact largest = ldexpl(2 - ldexpl(1, -digits),
			       digits == 24 ? 127 : 1023); /* from here on it rounds to inf */
	if (isnan(t) || isnan(y))
		return isnan(t) && isnan(y) ? 0 : 1e9;
	if (fabsl(t) >= largest)
		return isinf(y) && (y > 0) == (t > 0)	? 0
		       : fabsl(t) < 1.000001L * largest ? 1
							: 1e9;
	if (isinf(y))
		return 1e9;
	int e;
	frexpl(t, &e);
	return (double)(fabsl((Exact)y - t) / ldexpl(1, (e < least ? least : e) - digits));
}

static Exact exact_sigmoid(Exact x)
{
	return 1 / (1 + expl(-x));
}

static Exact exact_softplus(Exact x)
{
	return (x > 0 ? x : 0) + log1pl(expl(-fabsl(x)));
}

#define FUNCTIONS(F)                                                                               \
	F(exp, expl, exp, 3, 2)                                                                    \
	F(expm1, expm1l, expm1, 3, 2)                                                              \
	F(log, logl, log, 3, 2)                                                                    \
	F(log1p, log1pl, log1p, 3, 2)                                                              \
	F(tanh, tanhl, tanh, 3, 2)                                                                 \
	F(sigmoid, exact_sigmoid, exact_sigmoid, 3, 2)                                             \
	F(softplus, exact_softplus, exact_softplus, 3, 2)                                          \
	F(erf, erfl, erf, 3, 2)                                                                    \
	F(sin, sinl, sin, 3, 2)                                                                    \
	F(cos, cosl, cos, 3, 2)
#define WRAP(name, exact, fast, u32, u64)                                                          \
	static float name##_f32(float x)                                                           \
	{                                                                                          \
		return mc_##name##_f32(x);                                                         \
	}                                                                                          \
	static double name##_f64(double x)                                                         \
	{                                                                                          \
		return mc_##name##_f64(x);                                                         \
	}                                                                                          \
	static double name##_reference(double x)                                                   \
	{                                                                                          \
		return (double)fast(x);                                                            \
	}
FUNCTIONS(WRAP)

static const struct {
	const char *name;
	float (*f32)(float);
	double (*f64)(double);
	Exact (*exact)(Exact);
	double (*reference)(double); /* good to 2^-52: enough for float */
	double most32, most64;
} functions[] = {
#define ROW(name, exact, fast, u32, u64)                                                           \
	{#name, name##_f32, name##_f64, exact, name##_reference, u32, u64},
	FUNCTIONS(ROW)};
enum { NFUNCTIONS = sizeof functions / sizeof functions[0] };

static const double edges[] = {0.0,	  -0.0,
			       INFINITY,  -INFINITY,
			       NAN,	  1e-45,
			       -1e-45,	  5e-324,
			       -5e-324,	  1e-310,
			       1e-38,	  1e-8,
			       -1e-8,	  1e-17,
			       1,	  -1,
			       0.35,	  -0.35,
			       0.9299999, 0.93,
			       4,	  5.9,
			       6.1,	  88.7,
			       88.8,	  -87.3,
			       -103.9,	  -104.1,
			       709.78,	  709.79,
			       -745.1,	  -745.2,
			       1e22,	  1e30,
			       3.4e38,	  1e300,
			       1.7e308,	  -1e300,
			       22,	  355,
			       103993,	  0.7854,
			       1.5708,	  -0.99999,
			       -1.00001,  0x1.6ac5b262ca1ffp+849};
enum { NEDGES = sizeof edges / sizeof edges[0] };

static uint64_t next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static void test_errors(void)
{
	for (int k = 0; k < NFUNCTIONS; k++) {
		double worst32 = 0, worst64 = 0, at32 = 0, at64 = 0;
		for (uint64_t u = 0; u < (uint64_t)1 << 32; u += 257 * 5) {
			float x = mc_float_f32((uint32_t)u);
			double e = units((double)functions[k].f32(x),
					 (Exact)functions[k].reference((double)x), 24, -125);
			if (e > worst32) {
				worst32 = e;
				at32 = (double)x;
			}
		}
		uint64_t state = 88172645463325252u;
		for (int i = 0; i < 200000; i++) {
			uint64_t bits = next(&state);
			double part = (double)(int64_t)next(&state) * 0x1p-63;
			double x = i < NEDGES	? edges[i]
				   : i % 3 == 0 ? mc_float_f64(bits)
				   : i % 3 == 1 ? part * 700
						: part * 4;
			double e =
				units(functions[k].f64(x), functions[k].exact((Exact)x), 53, -1021);
			if (e > worst64) {
				worst64 = e;
				at64 = x;
			}
			float xf = (float)x;
			e = i < NEDGES ? units((double)functions[k].f32(xf),
					       (Exact)functions[k].reference((double)xf), 24, -125)
				       : 0;
			if (e > worst32) {
				worst32 = e;
				at32 = (double)xf;
			}
		}
		if (!CHECK(worst32 <= functions[k].most32) ||
		    !CHECK(worst64 <= functions[k].most64))
			printf("  %s: %g units at %a in float, %g at %a in double\n",
			       functions[k].name, worst32, at32, worst64, at64);
	}
}

static void test_exp_below(void)
{
	int wrong = 0;
	for (uint64_t u = 0x80000000u; u < (uint64_t)1 << 32; u += 257) {
		const float x = mc_float_f32((uint32_t)u), y = mc_exp_below_f32(x);
		wrong += x == x ? mc_bits_f32(y) != mc_bits_f32(mc_exp_f32(x)) : y == y;
	}
	CHECK_INT(wrong, 0);
	CHECK(mc_exp_below_f32(0.0f) == 1.0f);
}

static double pow_error(double a, double b, bool single)
{
	double y = single ? (double)mc_pow_f32((float)a, (float)b) : mc_pow_f64(a, b);
	Exact t =
		single ? (Exact)pow((double)(float)a, (double)(float)b) : powl((Exact)a, (Exact)b);
	double z = single ? (double)powf((float)a, (float)b) : pow(a, b);
	if ((isnan(z) || isinf(z) || z == 0) && (t == 0 || isinf(t) || isnan(t)))
		return isnan(z)				      ? (isnan(y) ? 0 : 1e9)
		       : y == z && !signbit(y) == !signbit(z) ? 0
							      : 1e9;
	return units(y, t, single ? 24 : 53, single ? -125 : -1021);
}

static void test_pow(void)
{
	static const double special[] = {0.0,
					 -0.0,
					 1,
					 -1,
					 2,
					 -2,
					 3,
					 -3,
					 0.5,
					 -0.5,
					 INFINITY,
					 -INFINITY,
					 NAN,
					 1e30,
					 -1e30,
					 16777217,
					 8388609,
					 -8388609,
					 4503599627370497.0,
					 -4503599627370497.0,
					 1e300,
					 1e-30,
					 5e-324,
					 -1.5,
					 2.5};
	enum { N = sizeof special / sizeof special[0] };
	double worst[2] = {0, 0};
	uint64_t state = 12345;
	for (int i = 0; i < N * N + 200000; i++) {
		double u = (double)(int64_t)next(&state) * 0x1p-63,
		       w = (double)(int64_t)next(&state) * 0x1p-63;
		double a = i < N * N ? special[i / N] : i % 2 ? 1.25 + 0.75 * u : 20 * u;
		double b = i < N * N ? special[i % N] : i % 2 ? 140 * w : floor(20 * w);
		for (int single = 0; single < 2; single++) {
			double e = pow_error(a, b, single);
			if (e > worst[single])
				worst[single] = e;
		}
	}
	CHECK(worst[0] <= 2);
	CHECK(worst[1] <= 3);
}

/* ---- every pair of bytes against wide arithmetic */
static int floor_div(int a, int b)
{
	return b == 0 ? 0 : a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static int power(int a, int b)
{
	if (b < 0)
		return a == 1 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : 0;
	uint32_t p = 1;
	for (int i = 0; i < b; i++)
		p *= (uint32_t)a;
	return (int)(int8_t)p;
}

static void test_bytes(void)
{
	int wrong = 0;
	for (int a = -128; a < 128; a++)
		for (int b = -128; b < 128; b++) {
			int8_t x = (int8_t)a, y = (int8_t)b;
			wrong += mc_add_i8(x, y) != (int8_t)(a + b);
			wrong += mc_sub_i8(x, y) != (int8_t)(a - b);
			wrong += mc_mul_i8(x, y) != (int8_t)(a * b);
			wrong += mc_floordiv_i8(x, y) != (int8_t)floor_div(a, b);
			wrong += mc_mod_i8(x, y) != (int8_t)(b == 0 ? 0 : a - floor_div(a, b) * b);
			wrong += mc_pow_i8(x, y) != power(a, b);
			wrong += mc_max_i8(x, y) != (a > b ? a : b) ||
				 mc_min_i8(x, y) != (a < b ? a : b);
			wrong += mc_shl_i8(x, y) != (b < 0 || b > 7 ? 0 : (int8_t)(a * (1 << b)));
			wrong += mc_shr_i8(x, y) != (b < 0 || b > 7 ? (a < 0 ? -1 : 0) : a >> b);
			int c = a + 128, d = b + 128;
			wrong += mc_floordiv_u8((uint8_t)c, (uint8_t)d) != (d ? c / d : 0);
			wrong += mc_mod_u8((uint8_t)c, (uint8_t)d) != (d ? c % d : 0);
			wrong += mc_sub_u8((uint8_t)c, (uint8_t)d) != ((c - d) & 255);
		}
	CHECK_INT(wrong, 0);
	CHECK_INT(mc_floordiv_i64(INT64_MIN, -1), INT64_MIN);
	CHECK_INT(mc_mod_i64(INT64_MIN, -1), 0);
	CHECK_INT(mc_abs_i32(INT32_MIN), INT32_MIN);
	CHECK_INT(mc_pow_i32(3, 40), (int32_t)(12157665459056928801u & 0xffffffffu));
	CHECK_INT(mc_shr_i64(-8, 1), -4);
}

static void test_casts(void)
{
	const double x[] = {
		NAN,	       INFINITY,     -INFINITY, 0,     -0.5, 2.9,	 -2.9,
		127,	       128,	     255,	256,   -129, 2147483647, 2147483648.0,
		-2147483649.0, 4294967296.0, 1e19,	-1e19, 1e30};
	for (size_t i = 0; i < sizeof x / sizeof x[0]; i++) {
		double t = isnan(x[i]) ? 0 : trunc(x[i]);
		CHECK(mc_cast_i8_f64(x[i]) == (int8_t)fmax(-128, fmin(127, t)));
		CHECK(mc_cast_u8_f32((float)x[i]) == (uint8_t)fmax(0, fmin(255, t)));
		CHECK(mc_cast_i32_f64(x[i]) == (int32_t)fmax(-2147483648.0, fmin(2147483647, t)));
		CHECK(mc_cast_u32_f64(x[i]) == (uint32_t)fmax(0, fmin(4294967295, t)));
		CHECK(mc_cast_i64_f64(x[i]) == (t >= 0x1p63   ? INT64_MAX
						: t < -0x1p63 ? INT64_MIN
							      : (int64_t)t));
		CHECK(mc_cast_u64_f32((float)x[i]) == (t >= 0x1p64 ? UINT64_MAX
						       : t < 0	   ? 0
								   : (uint64_t)(float)t));
		CHECK(mc_cast_i32_f32((float)x[i]) == (t >= 0x1p31 || (float)t >= 0x1p31f
							       ? INT32_MAX
						       : t < -0x1p31 ? INT32_MIN
								     : (int32_t)t));
	}
}

static void test_floats(void)
{
	CHECK(isnan(mc_max_f32(NAN, 1)) && isnan(mc_max_f32(1, NAN)) && isnan(mc_min_f64(NAN, 1)) &&
	      isnan(mc_min_f64(1, NAN)));
	CHECK(signbit(mc_max_f64(-0.0, 0.0)) &&
	      !signbit(mc_max_f64(0.0, -0.0))); /* of equals the first */
	CHECK(mc_round_f64(0.5) == 0 && mc_round_f64(1.5) == 2 && mc_round_f32(-2.5f) == -2);
	CHECK(mc_sign_f32(-3) == -1 && mc_sign_f32(0) == 0 && isnan(mc_sign_f64(NAN)));
	CHECK(mc_isinf_f32(-INFINITY) && !mc_isinf_f64(1e308) && !mc_isinf_f64(NAN));
	CHECK(mc_mod_f64(-1, 3) == 2 && mc_mod_f64(1, -3) == -2 && mc_mod_f32(7.5f, 2) == 1.5f);
	CHECK(signbit(mc_mod_f64(6, -3)) && isnan(mc_mod_f64(1, 0)));
	CHECK(mc_floordiv_f64(-1, 3) == -1 && mc_floordiv_f64(7, 2) == 3 &&
	      mc_floordiv_f64(1, 0) == INFINITY);
	CHECK(mc_floordiv_f64(0.3, 0.1) == 2 && mc_floordiv_f32(-6, 3) == -2);
	CHECK(mc_softplus_f64(800) == 800 && mc_softplus_f32(-800) == 0 &&
	      isnan(mc_softplus_f32(NAN)));
}

/* ---- loops become vectors, without calls */
static void test_vectors(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
	char dir[] = "/tmp/mc_math_XXXXXX", command[1024], line[512], path[64];
	if (!CHECK(mkdtemp(dir)))
		return;
	snprintf(path, sizeof path, "%s/loops.c", dir);
	FILE *f = fopen(path, "w");
	fputs("#include \"mc_math.h\"\n", f);
	int nloops = 0;
	for (int k = 0; k <= NFUNCTIONS; k++)
		for (int single = 0; single < 2; single++, nloops++) {
			const char *t = single ? "float" : "double", *s = single ? "f32" : "f64";
			const char *name = k < NFUNCTIONS ? functions[k].name : "sqrt";
			fprintf(f,
				"void l_%s_%s(%s *MC_RESTRICT y, const %s *MC_RESTRICT x, long "
				"n);\n",
				name, s, t, t);
			fprintf(f,
				"void l_%s_%s(%s *MC_RESTRICT y, const %s *MC_RESTRICT x, long "
				"n)\n",
				name, s, t, t);
			fprintf(f,
				"{\n\tMC_SIMD\n\tfor (long i = 0; i < n; i++)\n\t\ty[i] = "
				"mc_%s_%s(x[i]);\n}\n",
				name, s);
		}
	fclose(f);
	snprintf(command, sizeof command,
		 "%s -std=gnu99 -O3 -mavx2 -mfma -I'%s/runtime' -S -o %s/loops.s %s",
		 getenv("CC") ? getenv("CC") : "cc", SOURCE_DIR, dir, path);
	CHECK_INT(system(command), 0);
	snprintf(path, sizeof path, "%s/loops.s", dir);
	f = fopen(path, "r");
	int calls = 0, functions_with_vectors = 0;
	bool vectors = false;
	while (f && fgets(line, sizeof line, f)) {
		if (strncmp(line, "l_", 2) == 0)
			vectors = false;
		if (strstr(line, "\tcall") || strstr(line, "@PLT")) {
			calls++;
			printf("  %s", line);
		}
		bool packed = strstr(line, "%ymm") &&
			      (strstr(line, "\tvmul") || strstr(line, "\tvfmadd") ||
			       strstr(line, "\tvsqrt"));
		if (packed && !vectors) {
			vectors = true;
			functions_with_vectors++;
		}
	}
	if (f)
		fclose(f);
	CHECK_INT(calls, 0);
	CHECK_INT(functions_with_vectors, nloops);
	snprintf(command, sizeof command, "rm -r %s", dir);
	CHECK_INT(system(command), 0);
#endif
}

/* ---- the folder reads the same text */
static void test_folder(void)
{
	uint64_t state = 99;
	int wrong = 0;
	for (int i = 0; i < 10000; i++) {
		double x = (double)(int64_t)next(&state) * 0x1p-60;
		Number in = {x, 0}, y = {0, 0};
		fold_elem(OP_tanh, DT_float64, DT_float64, &in, &y);
		wrong += mc_bits_f64(y.f) != mc_bits_f64(mc_tanh_f64(x));
		in.f = (double)(float)x;
		fold_elem(OP_sin, DT_float32, DT_float32, &in, &y);
		wrong += mc_bits_f32((float)y.f) != mc_bits_f32(mc_sin_f32((float)x));
		Number pair[2] = {{0, (int64_t)next(&state) >> (i % 64)},
				  {0, (int64_t)next(&state) >> (i % 61)}};
		fold_elem(OP_floordiv, DT_int64, DT_int64, pair, &y);
		wrong += y.i != mc_floordiv_i64(pair[0].i, pair[1].i);
		pair[0].i = (int32_t)pair[0].i;
		pair[1].i = (int32_t)pair[1].i;
		fold_elem(OP_mul, DT_int32, DT_int32, pair, &y);
		wrong += y.i != mc_mul_i32((int32_t)pair[0].i, (int32_t)pair[1].i);
	}
	CHECK_INT(wrong, 0);
}

int main(void)
{
	test_errors();
	test_exp_below();
	test_pow();
	test_bytes();
	test_casts();
	test_floats();
	test_folder();
	test_vectors();
	return test_result();
}
