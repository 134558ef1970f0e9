/* mc_profile.c -- where the time of a run went, for a model that was compiled with --profile: a table, and OUT/profile.json */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "mc_run.h"

typedef struct Limits {
	double flops, functions, bytes;
} Limits;

/* seconds that the machine needs at least */
static double least(const mc_profile *p, const Limits *l)
{
	const double compute = p->flops / l->flops + p->functions / l->functions, memory = p->bytes / l->bytes;
	return compute > memory ? compute : memory;
}

static int by_time(const void *a, const void *b)
{
	const mc_profile *x = *(const mc_profile *const *)a, *y = *(const mc_profile *const *)b;
	return (x->nanoseconds < y->nanoseconds) - (x->nanoseconds > y->nanoseconds);
}

static void print_table(const mc_model *m, const mc_profile *first, const mc_profile *const *p, int n, double total, const Limits *l)
{
	printf("\nwhere the time went, %.3g s; of limit: of %.3g GFLOPs, %.3g G functions, %.3g GB a second, measured now\n", total, 1e-9 * l->flops,
	       1e-9 * l->functions, 1e-9 * l->bytes);
	printf("%7s %9s %10s %10s %8s %9s  %s\n", "share", "calls", "us a call", "GFLOPs", "GB/s", "of limit", "step");
	for (int i = 0; i < n; i++) {
		const double s = 1e-9 * (double)p[i]->nanoseconds;
		printf("%6.1f%% %9lld %10.4g %10.4g %8.3g %8.0f%%  %s\n", 100 * s / total, (long long)p[i]->calls, 1e6 * s / (double)p[i]->calls,
		       1e-9 * p[i]->flops / s, 1e-9 * p[i]->bytes / s, 100 * least(p[i], l) / s, m->steps[p[i] - first].kernel);
	}
}

static void put(mc_out *o, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	const int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	mc_out_write(o, text, n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

static void put_string(mc_out *o, const char *s)
{
	mc_out_write(o, "\"", 1);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			mc_out_write(o, "\\", 1);
		mc_out_write(o, s, 1);
	}
	mc_out_write(o, "\"", 1);
}

static int write_json(mc_run *run, const mc_profile *first, const mc_profile *const *p, int n, const Limits *l)
{
	const mc_model *m = run->model;
	char *path = mc_run_path(run, "profile.json");
	mc_out o;
	const int open = path && mc_out_begin(&o, path, &run->err) == MC_OK;
	free(path);
	if (!open)
		return 0;
	put(&o, "{\"limits\": {\"flops\": %.6g, \"functions\": %.6g, \"bytes\": %.6g},\n\"model\": ", l->flops, l->functions, l->bytes);
	put_string(&o, m->name);
	put(&o, ", \"steps\": [");
	for (int i = 0; i < n; i++) {
		const mc_step *s = &m->steps[p[i] - first];
		put(&o, "%s\n{\"function\": ", i ? "," : "");
		put_string(&o, s->function);
		put(&o, ", \"kernel\": ");
		put_string(&o, s->kernel);
		put(&o, ", \"computes\": ");
		put_string(&o, s->computes);
		put(&o, ", \"calls\": %lld, \"seconds\": %.9g, \"flops\": %.17g, \"functions\": %.17g, \"bytes\": %.17g, \"least_seconds\": %.9g}",
		    (long long)p[i]->calls, 1e-9 * (double)p[i]->nanoseconds, p[i]->flops, p[i]->functions, p[i]->bytes, least(p[i], l));
	}
	put(&o, "\n]}\n");
	return mc_out_end(&o, &run->err) == MC_OK;
}

int mc_run_profile(mc_run *run)
{
	const mc_model *m = run->model;
	if (!run->object || !m->profile)
		return 1;
	const mc_profile *first = m->profile(run->object), **p = malloc(((size_t)m->nsteps + 1) * sizeof *p);
	if (!p) {
		mc_fail(&run->err, MC_NO_MEMORY, "out of memory");
		return 0;
	}
	int n = 0;
	double total = 0;
	for (int i = 0; i < m->nsteps; i++)
		if (first[i].calls) {
			p[n++] = &first[i];
			total += 1e-9 * (double)first[i].nanoseconds;
		}
	int ok = 1;
	if (n) {
		Limits l;
		m->limits(&l.flops, &l.functions, &l.bytes);
		qsort(p, (size_t)n, sizeof *p, by_time);
		if (!run->quiet)
			print_table(m, first, p, n, total, &l);
		ok = write_json(run, first, p, n, &l);
	}
	free(p);
	return ok;
}
