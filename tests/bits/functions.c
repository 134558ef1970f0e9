/* functions.c -- the hash of each elementwise function of mc_math.h over many arguments */
#include <inttypes.h>
#include <stdio.h>

#include "mc_math.h"

enum { N = 4096, ROUNDS = 24 };
static float x32[N], y32[N];
static double x64[N], y64[N];

static uint64_t mix(uint64_t hash, const void *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ ((const unsigned char *)data)[i]) * 0x100000001b3u;
	return hash;
}

/* arguments from bits, so that no product of the loop can be contracted into the function */
static void arguments(int k, float sign)
{
	for (int i = 0; i < N; i++) {
		const uint32_t r = (uint32_t)(i + k * N) * 2654435761u;
		x32[i] = mc_float_f32((r >> 9) | (uint32_t)(120 + k / 2) << 23) * sign;
		x64[i] = mc_float_f64((uint64_t)r << 20 | (uint64_t)(1016 + k / 2) << 52) * (double)sign;
	}
}

#define HASH(name, bits, value)                                                                    \
	static void apply_##name##_##bits(void)                                                    \
	{                                                                                          \
		for (int i = 0; i < N; i++)                                                        \
			y##bits[i] = value;                                                        \
	}                                                                                          \
	static void hash_##name##_##bits(void)                                                     \
	{                                                                                          \
		uint64_t h = 0xcbf29ce484222325u;                                                  \
		for (int k = 0; k < 2 * ROUNDS; k++) {                                             \
			arguments(k / 2, k % 2 ? -1.0f : 1.0f);                                    \
			apply_##name##_##bits();                                                   \
			h = mix(h, y##bits, sizeof y##bits);                                       \
		}                                                                                  \
		printf(#name "_f" #bits " %016" PRIx64 "\n", h);                                   \
	}
#define BOTH(name)                                                                                 \
	HASH(name, 32, mc_##name##_f32(x32[i]))                                                    \
	HASH(name, 64, mc_##name##_f64(x64[i]))

BOTH(exp)
BOTH(expm1)
BOTH(log)
BOTH(log1p)
BOTH(tanh)
BOTH(sigmoid)
BOTH(softplus)
BOTH(erf)
BOTH(sin)
BOTH(cos)
HASH(exp_below, 32, mc_exp_below_f32(-mc_abs_f32(x32[i])))
HASH(pow, 32, mc_pow_f32(mc_abs_f32(x32[i]), 1.7f))
HASH(pow, 64, mc_pow_f64(mc_abs_f64(x64[i]), -2.3))

#define RUN(name) hash_##name##_32(), hash_##name##_64()

int main(void)
{
	RUN(exp), RUN(expm1), RUN(log), RUN(log1p), RUN(tanh), RUN(sigmoid);
	hash_exp_below_32(), RUN(softplus), RUN(erf), RUN(sin), RUN(cos), RUN(pow);
	return 0;
}
