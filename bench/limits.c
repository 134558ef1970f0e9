/* limits.c -- what the machine can do at best: multiply-adds in registers, bytes a second by working set, exp and sigmoid */
#include <immintrin.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <time.h>

#ifdef __AVX512F__
enum { LANES = 16 };
#define STREAM(p, v) _mm512_stream_ps(p, (__m512)(v))
#else
enum { LANES = 8 };
#ifdef __AVX__
#define STREAM(p, v) _mm256_stream_ps(p, (__m256)(v))
#else
#define STREAM(p, v) (*(vec *)(p) = (v))
#endif
#endif
typedef float vec __attribute__((vector_size(LANES * 4)));
typedef int ivec __attribute__((vector_size(LANES * 4)));

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static vec all(float x) { return x - (vec){0}; }
static float sum(vec v)
{
	float s = 0;
	for (int i = 0; i < LANES; i++) s += v[i];
	return s;
}

/* GFLOP/s of multiply-adds that stay in registers */
double fma_peak(int threads, double seconds)
{
	enum { CHAINS = 12 };
	const long n = 500000;
	double best = 0, end = now() + seconds;
	do {
		double sink = 0, began = now();
#pragma omp parallel num_threads(threads) reduction(+ : sink)
		{
			vec a[CHAINS], m = all(0.999f), c = all(0.001f);
			for (int i = 0; i < CHAINS; i++) a[i] = all((float)i);
			for (long k = 0; k < n; k++)
#pragma GCC unroll 12
				for (int i = 0; i < CHAINS; i++) a[i] = a[i] * m + c;
			for (int i = 0; i < CHAINS; i++) sink += sum(a[i]);
		}
		double rate = (double)threads * n * CHAINS * LANES * 2 / (now() - began) * 1e-9;
		if (sink != 12345.678 && rate > best) best = rate;
	} while (now() < end);
	return best;
}

static float read_all(const float *a, long n)
{
	vec s[4] = {{0}};
	for (long i = 0; i < n; i += 4 * LANES)
		for (int j = 0; j < 4; j++) s[j] += *(const vec *)(a + i + j * LANES);
	return sum(s[0] + s[1] + s[2] + s[3]);
}
static void copy(float *b, const float *a, long n, int beyond_caches)
{
	if (beyond_caches)
		for (long i = 0; i < n; i += LANES) STREAM(b + i, *(const vec *)(a + i));
	else
		for (long i = 0; i < n; i += LANES) *(vec *)(b + i) = *(const vec *)(a + i);
}

/* GB/s of reading, or of reading and writing: each thread has arrays of its own, `bytes` are those of all together */
double stream(int threads, int writes, long bytes, double seconds)
{
	enum { MOST = 8 };
	long n = bytes / threads / (1 + writes) / 4 / 64 * 64, turns = 40000000 / (n * (1 + writes) * 4 * threads) + 1;
	float *a[MOST], *b[MOST], got[MOST];
	double best = 0, end = 0;
#pragma omp parallel num_threads(threads)
	{
		int t = omp_get_thread_num();
		a[t] = aligned_alloc(64, (size_t)n * 4);
		b[t] = aligned_alloc(64, (size_t)n * 4);
		for (long i = 0; i < n; i++) a[t][i] = 1;
		for (long i = 0; writes && i < n; i++) b[t][i] = 1;
	}
	do {
		double began = now();
		if (!end) end = began + seconds;
#pragma omp parallel num_threads(threads)
		for (long r = 0; r < turns; r++) {
			int t = omp_get_thread_num();
			if (writes)
				copy(b[t], a[t], n, n * 8 > 20000000);
			else
				got[t] = read_all(a[t], n);
			__asm__ volatile("" : : "r"(got) : "memory");
		}
		double rate = (double)turns * n * (1 + writes) * 4 * threads / (now() - began) * 1e-9;
		if (rate > best) best = rate;
	} while (now() < end);
	for (int t = 0; t < threads; t++) free(a[t]), free(b[t]);
	return best;
}

/* to about one unit in the last place between -87 and 88 */
static inline vec exp_(vec x)
{
	vec shifted = x * 1.44269504f + 12582912.0f, n = shifted - 12582912.0f;
	vec r = x - n * 0.693359375f + n * 2.12194440e-4f, p = all(1.3981999507e-3f);
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	p = p * r + 1.0f;
	p = p * r + 1.0f;
#ifdef __AVX512F__
	return (vec)_mm512_scalef_ps((__m512)p, (__m512)n);
#else
	return (vec)((ivec)p + ((ivec)shifted << 23));
#endif
}

/* 10^9 elements a second of exp, or of sigmoid, on one thread within its first caches; -1: a wrong value */
double elements(int sigmoid, long n, double seconds)
{
	/* half a page apart: loads do not seem to read what was just stored */
	float *a = aligned_alloc(64, (size_t)(2 * n + 512) * 4), *b = a + n + 512;
	for (long i = 0; i < n; i++) a[i] = -4.0f + 8.0f * (float)i / (float)n;
	double best = 1e9, end = now() + seconds;
	do {
		double began = now();
		for (int r = 0; r < 8; r++) {
			if (sigmoid)
				for (long i = 0; i < n; i += LANES) *(vec *)(b + i) = 1.0f / (1.0f + exp_(-*(vec *)(a + i)));
			else
				for (long i = 0; i < n; i += LANES) *(vec *)(b + i) = exp_(*(vec *)(a + i));
			__asm__ volatile("" : : "r"(b) : "memory");
		}
		double took = (now() - began) / 8;
		if (took < best) best = took;
	} while (now() < end);
	for (long i = 0; i < n; i++) {
		double right = sigmoid ? 1 / (1 + exp(-(double)a[i])) : exp((double)a[i]);
		if (!(fabs(b[i] / right - 1) < 1e-6)) best = -1e9 * (double)n;
	}
	free(a);
	return (double)n / best * 1e-9;
}
