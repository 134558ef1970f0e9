/* check_sums.c -- sums over the lanes of several vectors have the bits of each vector's own */
#include "check.h"

#if MC_LANES > 1
#define CHECK_SUMS(T, S, LANES)                                                                    \
	static void check_##S(void)                                                                \
	{                                                                                          \
		enum { MOST = 40 };                                                                \
		const float *x = numbers(MOST * LANES, 7, 3);                                      \
		mc_##S v[MOST];                                                                    \
		T sum[MOST + 1];                                                                   \
		for (int k = 0; k < MOST; k++)                                                     \
			for (int i = 0; i < LANES; i++)                                            \
				v[k][i] = (T)x[k * LANES + i] / (T)(1 + i);                        \
		for (int n = 1; n <= MOST; n++) {                                                  \
			int wrong = 0;                                                             \
			sum[n] = 77;                                                               \
			mc_sum_each_##S(v, n, sum);                                                \
			for (int k = 0; k < n; k++) {                                              \
				const T own = mc_sum_lanes_##S(v[k]);                              \
				wrong += memcmp(&sum[k], &own, sizeof own) != 0;                   \
			}                                                                          \
			if (wrong || sum[n] < 77 || sum[n] > 77) {                                 \
				printf("mc_sum_each_" #S ", %d vectors: %d sums off by bits\n", n, wrong); \
				failures++;                                                        \
			}                                                                          \
		}                                                                                  \
		free((void *)(uintptr_t)x);                                                        \
	}
CHECK_SUMS(float, f32x2, 2)
CHECK_SUMS(float, f32x4, 4)
CHECK_SUMS(double, f64x2, 2)
#if MC_LANES >= 8
CHECK_SUMS(float, f32x8, 8)
CHECK_SUMS(double, f64x4, 4)
#endif
#if MC_LANES >= 16
CHECK_SUMS(float, f32x16, 16)
CHECK_SUMS(double, f64x8, 8)
#endif
#endif

void check_sums(uint64_t *h)
{
	(void)h;
#if MC_LANES > 1
	check_f32x2();
	check_f32x4();
	check_f64x2();
#endif
#if MC_LANES >= 8
	check_f32x8();
	check_f64x4();
#endif
#if MC_LANES >= 16
	check_f32x16();
	check_f64x8();
#endif
}
