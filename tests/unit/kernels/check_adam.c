/* check_adam.c -- the weight gradient with Adam against naive loops */
#include "check.h"
#include "printed_adam.h"

enum { K = 784, N = 500 };

void check_adam(uint64_t *h)
{
	static const int sizes[] = {1, 20, 65};
	static const float rate = 0.001f, beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f;
	float *x = numbers(65 * K, 3, 1), *d = numbers(65 * N, 4, 0.1f), *start = numbers(K * N, 5, 1);
	for (int s = 0; s < 3; s++) {
		const int m = sizes[s];
		float *W[2], *M[2], *V[2];
		for (int t = 0; t < 2; t++) {
			W[t] = copy(start, K * N);
			M[t] = zeros(K * N);
			V[t] = zeros(K * N);
			RUN(t + 1, adam(m, rate, beta1, 1 - beta1, beta2, 1 - beta2, eps, x, d, W[t], M[t], V[t]))
		}
		double *W2 = (double *)malloc(K * N * sizeof *W2);
		double *M2 = (double *)malloc(K * N * sizeof *M2);
		for (int k = 0; k < K; k++)
			for (int n = 0; n < N; n++) {
				double g = 0;
				for (int i = 0; i < m; i++)
					g += (double)x[i * K + k] * (double)d[i * N + n];
				const double m1 = (double)(1 - beta1) * g, v1 = (double)(1 - beta2) * g * g;
				M2[k * N + n] = m1;
				W2[k * N + n] = (double)start[k * N + n] - (double)rate * m1 / (sqrt(v1) + (double)eps);
			}
		check("adam m", m, M[0], M2, K * N, 1e-5);
		/* where a gradient is next to nothing its sign decides: the step is at most 3.2 rates */
		check("adam W", m, W[0], W2, K * N, 1e-4);
		check_same("adam W", m, W[0], W[1], K * N);
		check_same("adam v", m, V[0], V[1], K * N);
		hash(h, W[0], K * N);
		for (int t = 0; t < 2; t++) {
			free(W[t]);
			free(M[t]);
			free(V[t]);
		}
		free(W2);
		free(M2);
	}
	free(x);
	free(d);
	free(start);
}
