/* mc_mean.c -- means over calls, weighted by rows; numbers as a person reads them */
#include <float.h>
#include <math.h>
#include <string.h>

#include "mc_run.h"

void mc_mean_begin(mc_mean *m)
{
	*m = (mc_mean){0};
	m->counted = 1;
}

void mc_mean_add(mc_mean *m, const mc_array *value, int64_t rows)
{
	const double v = mc_array_number(value, 0), weight = rows > 0 ? (double)rows : 1;
	m->sum += v * weight;
	m->weight += weight;
	m->calls++;
	/* a share of the rows is the number nearest to count / rows, but for a rounding */
	const double count = floor(v * weight + 0.5);
	const double rounding = value->dtype == MC_FLOAT64 ? 2 * DBL_EPSILON
	                                                   : 2 * (double)FLT_EPSILON;
	if (rows <= 0 || value->dtype < MC_FLOAT32 || !(v >= 0 && v <= 1) ||
	    fabs(v - count / weight) > rounding * v) {
		m->counted = 0;
		return;
	}
	m->count += (int64_t)count;
	m->rows += rows;
}

double mc_mean_value(const mc_mean *m)
{
	if (m->calls == 0)
		return (double)NAN;
	return m->counted ? (double)m->count / (double)m->rows : m->sum / m->weight;
}

const char *mc_number_text(int64_t n, char *text, size_t len)
{
	char digits[32], out[48];
	int k = snprintf(digits, sizeof digits, "%lld", (long long)n), at = 0;
	for (int i = 0; i < k; i++) {
		out[at++] = digits[i];
		if (digits[i] != '-' && (k - 1 - i) % 3 == 0 && i < k - 1)
			out[at++] = ',';
	}
	snprintf(text, len, "%.*s", at, out);
	return text;
}

const char *mc_mean_text(const mc_mean *m, char *text, size_t len)
{
	char count[48], rows[48];
	if (m->counted && m->calls)
		snprintf(text, len, "%.6g %% (%s of %s)", 100 * mc_mean_value(m),
		         mc_number_text(m->count, count, sizeof count),
		         mc_number_text(m->rows, rows, sizeof rows));
	else
		snprintf(text, len, "%.6g", mc_mean_value(m));
	return text;
}
