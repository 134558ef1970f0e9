/* mc_profile_cuda.h -- with --profile: how long the GPU takes over the steps of a model's functions, and what it could do
 *
 * A graph has an event before and one after each step; when a replay is done, the time between them is noted.  What a flag keeps from
 * doing anything counts as a call too. */
#ifndef MC_PROFILE_CUDA_H
#define MC_PROFILE_CUDA_H

#ifdef MC_EMULATE
#include <time.h>
#endif

/* notes the time at which a replay comes to this point */
static void mc_mark(mc_stream *s, mc_timed *t, int end)
{
#ifdef MC_EMULATE
	mc_graph *const g = s->graph;
	const int64_t i = t - g->timed;
	mc_run(s, [=]() {
		struct timespec now;
		clock_gettime(CLOCK_MONOTONIC, &now);
		g->timed[i].event[end] = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	});
#else
	mc_note(s, cudaEventCreate(&t->event[end]));
	if (!s->failed)
		mc_note(s, cudaEventRecordWithFlags(t->event[end], s->stream, cudaEventRecordExternal));
#endif
}

/* -> 1, for the loop of MC_PROFILE */
static int mc_timed_begin(mc_stream *s, mc_profile *of, double flops, double functions, double bytes)
{
	mc_graph *const g = s->graph;
	if ((g->ntimed & (g->ntimed - 1)) == 0) {
		mc_timed *more = (mc_timed *)realloc((void *)g->timed, (size_t)(g->ntimed ? 2 * g->ntimed : 1) * sizeof *more);
		if (!more) {
			s->failed = 1;
			return 1;
		}
		g->timed = more;
	}
	mc_timed *const t = &g->timed[g->ntimed++];
	memset((void *)t, 0, sizeof *t);
	t->of = of;
	t->flops = flops;
	t->functions = functions;
	t->bytes = bytes;
	mc_mark(s, t, 0);
	return 1;
}

static int mc_timed_end(mc_stream *s)
{
	if (!s->failed)
		mc_mark(s, &s->graph->timed[s->graph->ntimed - 1], 1);
	return 0;
}

/* MC_PROFILE(stream, &profile, flops, functions, bytes) { a step that is captured } */
#define MC_PROFILE(s, p, flops, functions, bytes)                                                  \
	for (int mc_once = mc_timed_begin(s, p, (double)(flops), (double)(functions), (double)(bytes)); mc_once; mc_once = mc_timed_end(s))

/* of a replay that is done */
static void mc_timed_add(mc_graph *g)
{
	for (int64_t i = 0; i < g->ntimed; i++) {
		mc_timed *const t = &g->timed[i];
#ifdef MC_EMULATE
		const double ns = (double)(t->event[1] - t->event[0]);
#else
		float ms = 0;
		(void)(cudaEventElapsedTime(&ms, t->event[0], t->event[1]) == cudaSuccess || cudaGetLastError());
		const double ns = 1e6 * (double)ms;
#endif
		t->of->calls++;
		t->of->nanoseconds += (int64_t)ns;
		t->of->flops += t->flops;
		t->of->functions += t->functions;
		t->of->bytes += t->bytes;
	}
}

/* ---- limits: FLOPs of multiply-adds in registers, exps, bytes read from memory a second */
#ifdef MC_EMULATE
enum { MC_LIMIT_THREADS = 256, MC_LIMIT_CHAINS = 8, MC_LIMIT_FMAS = 100, MC_LIMIT_EXPS = 20, MC_LIMIT_FLOATS = 1 << 18 };
#else
enum { MC_LIMIT_THREADS = 1 << 19, MC_LIMIT_CHAINS = 8, MC_LIMIT_FMAS = 4096, MC_LIMIT_EXPS = 256, MC_LIMIT_FLOATS = 1 << 26 };
#endif

MC_MAYBE_UNUSED MC_KERNEL(256) mc_limit_fmas_kernel(float *out)
{
	MC_EACH(i, MC_LIMIT_THREADS, 256) {
		float a[MC_LIMIT_CHAINS], sum = 0;
		for (int c = 0; c < MC_LIMIT_CHAINS; c++)
			a[c] = (float)i;
		for (int k = 0; k < MC_LIMIT_FMAS; k++) {
			MC_UNROLL
			for (int c = 0; c < MC_LIMIT_CHAINS; c++)
				a[c] = mc_fma_f32(a[c], 0.999f, 0.999f);
		}
		for (int c = 0; c < MC_LIMIT_CHAINS; c++)
			sum += a[c];
		out[i] = sum;
	}
}

MC_MAYBE_UNUSED MC_KERNEL(256) mc_limit_exps_kernel(float *out)
{
	MC_EACH(i, MC_LIMIT_THREADS, 256) {
		float a[MC_LIMIT_CHAINS], sum = 0;
		for (int c = 0; c < MC_LIMIT_CHAINS; c++)
			a[c] = (float)(i + c) / (float)MC_LIMIT_THREADS;
		for (int k = 0; k < MC_LIMIT_EXPS; k++) {
			MC_UNROLL
			for (int c = 0; c < MC_LIMIT_CHAINS; c++)
				a[c] = mc_exp_f32(-a[c]);
		}
		for (int c = 0; c < MC_LIMIT_CHAINS; c++)
			sum += a[c];
		out[i] = sum;
	}
}

MC_MAYBE_UNUSED MC_KERNEL(256) mc_limit_read_kernel(float *out, const float *MC_RESTRICT in)
{
	MC_EACH(i, MC_LIMIT_THREADS, 256) {
		float sum = 0;
		for (int64_t k = i; k < MC_LIMIT_FLOATS; k += MC_LIMIT_THREADS)
			sum += in[k];
		out[i] = sum;
	}
}

/* the best of some rounds of each; 0 where there is no memory for it */
MC_MAYBE_UNUSED static void mc_profile_limits(double *flops, double *functions, double *bytes)
{
	double *const rate[3] = {flops, functions, bytes};
	const double work[3] = {2.0 * MC_LIMIT_FMAS * MC_LIMIT_CHAINS * MC_LIMIT_THREADS, (double)MC_LIMIT_EXPS * MC_LIMIT_CHAINS * MC_LIMIT_THREADS,
				(double)MC_LIMIT_FLOATS * 4};
	mc_profile row[3];
	mc_stream s;
	mc_graph g;
	memset(row, 0, sizeof row);
	memset((void *)&g, 0, sizeof g);
	*flops = *functions = *bytes = 0;
	if (!mc_open(&s, NULL)) {
		float *out = (float *)mc_device_new(&s, MC_LIMIT_THREADS * 4), *in = (float *)mc_device_new(&s, (int64_t)MC_LIMIT_FLOATS * 4);
#ifdef MC_EMULATE
		memset(in, 0, (size_t)MC_LIMIT_FLOATS * 4);
#endif
		mc_capture(&s, &g);
		MC_PROFILE(&s, &row[0], 0, 0, 0) {
			MC_LAUNCH(&s, mc_limit_fmas_kernel, MC_LIMIT_THREADS / 256, 256, out);
		}
		MC_PROFILE(&s, &row[1], 0, 0, 0) {
			MC_LAUNCH(&s, mc_limit_exps_kernel, MC_LIMIT_THREADS / 256, 256, out);
		}
		MC_PROFILE(&s, &row[2], 0, 0, 0) {
			MC_LAUNCH(&s, mc_limit_read_kernel, MC_LIMIT_THREADS / 256, 256, out, in);
		}
		mc_capture_end(&s, &g);
		for (int round = 0; round < 5 && !s.failed; round++) {
			memset(row, 0, sizeof row);
			mc_replay(&s, &g);
			if (mc_wait(&s))
				break;
			mc_timed_add(&g);
			for (int i = 0; i < 3; i++)
				if (row[i].nanoseconds > 0 && 1e9 * work[i] / (double)row[i].nanoseconds > *rate[i])
					*rate[i] = 1e9 * work[i] / (double)row[i].nanoseconds;
		}
		mc_graph_free(&g);
		mc_device_free(&s, in);
		mc_device_free(&s, out);
	}
	mc_close(&s);
}

#endif
