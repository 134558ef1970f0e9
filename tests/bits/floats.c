/* floats.c -- the largest error of each elementwise function of mc_math.h over all float32, in units in the last place
 *
 *      floats [FUNCTION [PART PARTS]]   a line each: name, error, where; PART of PARTS of the arguments */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mc_math.h"

enum { N = 4096 };
static float x[N], y[N];
static double exact[N]; /* to some 2^-52 */

/* as a float sees it: infinite from half a unit over the largest; numbers below 2^-126 have the units of those */
static double units(double got, double wanted)
{
	if (isnan(got) || isnan(wanted))
		return isnan(got) && isnan(wanted) ? 0 : INFINITY;
	if (fabs(wanted) >= 0x1.ffffffp127)
		return isinf(got) && (got > 0) == (wanted > 0) ? 0 : fabs(wanted) < 0x1.000002p128 && !isinf(got) ? 1 : INFINITY;
	if (isinf(got))
		return fabs(wanted) > 0x1.fffffdp127 ? 1 : INFINITY;
	int e;
	frexp(wanted, &e);
	return fabs(got - wanted) / ldexp(1, (e < -125 ? -125 : e) - 24);
}

#define FUNCTION(name, wanted)                                                                     \
	static void name##_all(void)                                                               \
	{                                                                                          \
		for (int i = 0; i < N; i++)                                                        \
			y[i] = mc_##name##_f32(x[i]);                                              \
		for (int i = 0; i < N; i++) {                                                      \
			const double a = (double)x[i];                                             \
			exact[i] = wanted;                                                         \
		}                                                                                  \
	}
FUNCTION(exp, exp(a))
FUNCTION(expm1, expm1(a))
FUNCTION(log, log(a))
FUNCTION(log1p, log1p(a))
FUNCTION(tanh, tanh(a))
FUNCTION(sigmoid, 1 / (1 + exp(-a)))
FUNCTION(softplus, (a > 0 ? a : 0) + log1p(exp(-fabs(a))))
FUNCTION(erf, erf(a))
FUNCTION(sin, sin(a))
FUNCTION(cos, cos(a))

static const struct {
	const char *name;
	void (*all)(void);
} functions[] = {{"exp", exp_all}, {"expm1", expm1_all}, {"log", log_all}, {"log1p", log1p_all}, {"tanh", tanh_all}, {"sigmoid", sigmoid_all},
                 {"softplus", softplus_all}, {"erf", erf_all}, {"sin", sin_all}, {"cos", cos_all}};
enum { NFUNCTIONS = sizeof functions / sizeof functions[0] };

int main(int argc, char **argv)
{
	const uint64_t part = argc > 3 ? strtoull(argv[2], NULL, 10) : 0, parts = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	for (int k = 0; k < NFUNCTIONS; k++) {
		if (argc > 1 && strcmp(argv[1], functions[k].name))
			continue;
		double worst = 0, at = 0;
		for (uint64_t block = part; block < ((uint64_t)1 << 32) / N; block += parts) {
			for (int i = 0; i < N; i++)
				x[i] = mc_float_f32((uint32_t)(block * N + (uint64_t)i));
			functions[k].all();
			for (int i = 0; i < N; i++) {
				const double error = units((double)y[i], exact[i]);
				if (error > worst) {
					worst = error;
					at = (double)x[i];
				}
			}
		}
		printf("%s %.3f %a\n", functions[k].name, worst, at);
	}
	return 0;
}
