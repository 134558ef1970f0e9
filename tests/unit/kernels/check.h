/* check.h -- what the checks of printed kernels share: numbers, and how far results are from naive ones */
#ifndef CHECK_H
#define CHECK_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mc_random.h"
#include "mc_simd.h"

/* a call in a region of `threads`; kernels hold the loops that are shared out */
#ifdef _OPENMP
#define RUN(threads, call)                                                                         \
	{                                                                                          \
		const int nthreads = (threads);                                                    \
		_Pragma("omp parallel num_threads(nthreads)") { call; }                            \
	}
#else
#define RUN(threads, call)                                                                         \
	{                                                                                          \
		call;                                                                              \
	}
#endif

static inline float *numbers(size_t n, uint32_t place, float scale)
{
	float *x = (float *)malloc(n * sizeof *x + 64);
	for (size_t i = 0; i < n; i++)
		x[i] = ((float)(mc_random_u32(1, 1, place, 0, i) >> 8) * 0x1p-23f - 1) * scale;
	return x;
}

static inline float *copy(const float *x, size_t n)
{
	float *y = (float *)malloc(n * sizeof *y + 64);
	memcpy(y, x, n * sizeof *y);
	return y;
}

static inline float *zeros(size_t n)
{
	return (float *)calloc(n + 16, sizeof(float));
}

extern int failures;

/* the worst |got - expected| against tol */
static inline void check(const char *what, long size, const float *got, const double *expected, size_t n, double tol)
{
	double worst = 0;
	for (size_t i = 0; i < n; i++) {
		const double e = fabs((double)got[i] - expected[i]);
		worst = e > worst || e != e ? e : worst;
	}
	if (!(worst <= tol)) {
		printf("%s, size %ld: off by %g, allowed %g\n", what, size, worst, tol);
		failures++;
	}
}

/* the same call by 1, 2 and 3 threads must give the same bits */
static inline void check_same(const char *what, long size, const float *a, const float *b, size_t n)
{
	if (memcmp(a, b, n * sizeof *a) != 0) {
		printf("%s, size %ld: bits depend on threads\n", what, size);
		failures++;
	}
}

/* FNV-1a of what was computed: equal for all compilers, widths and levels that are to agree */
static inline void hash(uint64_t *h, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*h = (*h ^ mc_bits_f32(x[i])) * UINT64_C(1099511628211);
}

/* each adds its results to the hash */
void check_logreg(uint64_t *);
void check_adam(uint64_t *);
void check_conv(uint64_t *);
void check_conv_data(uint64_t *);
void check_lstm(uint64_t *);
void check_attention(uint64_t *);
void check_sums(uint64_t *);

#endif
