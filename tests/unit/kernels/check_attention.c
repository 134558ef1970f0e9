/* check_attention.c -- causal attention against naive loops */
#include "check.h"
#include "printed_attention.h"

enum { S = 64, E = 32, HEADS = 5 };

void check_attention(uint64_t *h)
{
	const size_t n = HEADS * S * E;
	const float scale = 0.17677669529663687f;
	float *q = numbers(n, 13, 8), *k = numbers(n, 14, 1), *v = numbers(n, 15, 1), *y[2];
	for (int t = 0; t < 2; t++) {
		y[t] = zeros(n);
		RUN(t + 1, attention(HEADS, scale, q, k, v, y[t]))
	}
	double *y2 = (double *)calloc(n, sizeof *y2);
	for (int i = 0; i < HEADS * S; i++) {
		const int first = i / S * S;
		double p[S], top = -1e300, sum = 0;
		for (int j = first; j <= i; j++) {
			p[j - first] = 0;
			for (int e = 0; e < E; e++)
				p[j - first] += (double)q[i * E + e] * (double)k[j * E + e] * (double)scale;
			top = p[j - first] > top ? p[j - first] : top;
		}
		for (int j = first; j <= i; j++)
			sum += exp(p[j - first] - top);
		for (int j = first; j <= i; j++)
			for (int e = 0; e < E; e++)
				y2[i * E + e] += exp(p[j - first] - top) / sum * (double)v[j * E + e];
	}
	check("attention", HEADS, y[0], y2, n, 1e-5);
	check_same("attention", HEADS, y[0], y[1], n);
	hash(h, y[0], n);
	free(q);
	free(k);
	free(v);
	free(y[0]);
	free(y[1]);
	free(y2);
}
