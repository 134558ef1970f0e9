/* mc_profile.h -- with --profile: how long the steps of a model's functions take, and what the machine could do
 *
 * A step is timed by the thread that called the function, with what it waits for. */
#ifndef MC_PROFILE_H
#define MC_PROFILE_H

#include <stdlib.h>
#include <time.h>

#include "mc_simd.h"

#ifdef _OPENMP
#include <omp.h>
#endif

MC_INLINE int64_t mc_profile_now(void) /* nanoseconds, not 0 */
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec + 1;
}

MC_INLINE int mc_profile_thread(void)
{
#ifdef _OPENMP
	return omp_get_thread_num();
#else
	return 0;
#endif
}

/* -> 0, which ends the loop of MC_PROFILE */
MC_INLINE int64_t mc_profile_end(mc_profile *p, int64_t began, double flops, double functions, double bytes)
{
	if (mc_profile_thread() == 0) {
		p->calls++;
		p->nanoseconds += mc_profile_now() - began;
		p->flops += flops;
		p->functions += functions;
		p->bytes += bytes;
	}
	return 0;
}

/* MC_PROFILE(&profile, flops, functions, bytes) { a step } */
#define MC_PROFILE(p, flops, functions, bytes)                                                     \
	for (int64_t mc_began = mc_profile_now(); mc_began;                                        \
	     mc_began = mc_profile_end(p, mc_began, (double)(flops), (double)(functions), (double)(bytes)))

/* ---- limits, all threads together: FLOPs of multiply-adds in registers, exps, bytes read from memory a second */
#if MC_LANES >= 16
typedef mc_f32x16 mc_profile_vector;
#define MC_PROFILE_FMA mc_fma_f32x16
#elif MC_LANES >= 8
typedef mc_f32x8 mc_profile_vector;
#define MC_PROFILE_FMA mc_fma_f32x8
#elif MC_LANES >= 4
typedef mc_f32x4 mc_profile_vector;
#define MC_PROFILE_FMA mc_fma_f32x4
#else
typedef float mc_profile_vector;
#define MC_PROFILE_FMA mc_fma_f32
#endif
#define MC_PROFILE_CHAINS 10
#define MC_PROFILE_FLOATS ((int64_t)1 << 24)
#define MC_PROFILE_ROW 2048
#define MC_PROFILE_ROUNDS 5

MC_INLINE float mc_profile_multiply_adds(int64_t n)
{
	mc_profile_vector a[MC_PROFILE_CHAINS], m, c;
	float values[sizeof m / sizeof(float)], sum = 0;
	for (size_t i = 0; i < sizeof m / sizeof(float); i++)
		values[i] = 0.999f;
	memcpy(&m, values, sizeof m);
	memcpy(&c, values, sizeof c);
	for (int i = 0; i < MC_PROFILE_CHAINS; i++)
		memcpy(&a[i], values, sizeof m);
	for (int64_t k = 0; k < n; k++) {
		MC_UNROLL
		for (int i = 0; i < MC_PROFILE_CHAINS; i++)
			a[i] = MC_PROFILE_FMA(a[i], m, c);
	}
	for (int i = 0; i < MC_PROFILE_CHAINS; i++) {
		memcpy(values, &a[i], sizeof m);
		sum += values[0];
	}
	return sum;
}

MC_INLINE float mc_profile_exps(int64_t n)
{
	float x[MC_PROFILE_ROW];
	for (int i = 0; i < MC_PROFILE_ROW; i++)
		x[i] = (float)i / (float)MC_PROFILE_ROW;
	for (int64_t k = 0; k < n; k++) {
		MC_SIMD
		for (int i = 0; i < MC_PROFILE_ROW; i++)
			x[i] = mc_exp_f32(-x[i]);
	}
	return x[0];
}

MC_INLINE float mc_profile_read(const float *x, int64_t lo, int64_t hi)
{
	float lane[64] = {0};
	for (int64_t i = lo; i + 64 <= hi; i += 64) {
		MC_SIMD
		for (int l = 0; l < 64; l++)
			lane[l] += x[i + l];
	}
	return lane[0];
}

/* the best of some rounds of each; some 100 ms and 64 MB */
MC_INLINE void mc_profile_limits(double *flops, double *functions, double *bytes)
{
	const int64_t fmas = 300000, rows = 400;
	float *x = (float *)malloc((size_t)MC_PROFILE_FLOATS * sizeof *x);
	double *const rate[3] = {flops, functions, bytes};
	for (int64_t i = 0; x && i < MC_PROFILE_FLOATS; i++) /* pages of its own */
		x[i] = 1.0f;
	for (int what = 0; what < 3; what++) {
		*rate[what] = 0;
		for (int round = 0; round < MC_PROFILE_ROUNDS; round++) {
			double work = 0, sink = 0;
			const int64_t began = mc_profile_now();
#ifdef _OPENMP
#pragma omp parallel reduction(+ : work, sink)
#endif
			{
				int64_t thread = 0, threads = 1;
#ifdef _OPENMP
				thread = omp_get_thread_num();
				threads = omp_get_num_threads();
#endif
				if (what == 0) {
					sink += (double)mc_profile_multiply_adds(fmas);
					work += 2.0 * (double)fmas * MC_PROFILE_CHAINS * (sizeof(mc_profile_vector) / sizeof(float));
				} else if (what == 1) {
					sink += (double)mc_profile_exps(rows);
					work += (double)rows * MC_PROFILE_ROW;
				} else if (x) {
					sink += (double)mc_profile_read(x, MC_PROFILE_FLOATS / threads * thread, MC_PROFILE_FLOATS / threads * (thread + 1));
					work += 4.0 * (double)(MC_PROFILE_FLOATS / threads);
				}
			}
			const double found = 1e9 * work / (double)(mc_profile_now() - began);
			if (found > *rate[what] && sink > -1e300) /* what is summed is needed */
				*rate[what] = found;
		}
	}
	free(x);
}

#undef MC_PROFILE_FMA

#endif
