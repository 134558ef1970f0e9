/* check_logreg.c -- the logistic regression step against naive loops */
#include "check.h"
#include "printed_logreg.h"

enum { K = 784, C = 10, MOST = 600 };

static void naive(int m, float rate, const uint8_t *x, const uint8_t *y, double *W, double *b, double *loss)
{
	double *d = (double *)malloc((size_t)m * C * sizeof *d);
	*loss = 0;
	for (int i = 0; i < m; i++) {
		double z[C], top = -1e300, sum = 0;
		for (int c = 0; c < C; c++) {
			z[c] = b[c];
			for (int k = 0; k < K; k++)
				z[c] += x[i * K + k] / 255.0 * W[k * C + c];
			top = z[c] > top ? z[c] : top;
		}
		for (int c = 0; c < C; c++)
			sum += exp(z[c] - top);
		*loss += (log(sum) + top - z[y[i]]) / m;
		for (int c = 0; c < C; c++)
			d[i * C + c] = (exp(z[c] - top) / sum - (c == y[i])) / m;
	}
	for (int c = 0; c < C; c++)
		for (int i = 0; i < m; i++) {
			for (int k = 0; k < K; k++)
				W[k * C + c] -= (double)rate * x[i * K + k] / 255.0 * d[i * C + c];
			b[c] -= (double)rate * d[i * C + c];
		}
	free(d);
}

void check_logreg(uint64_t *h)
{
	static const int sizes[] = {1, 63, 64, 65, 127, 600};
	static uint8_t x[MOST * K], y[MOST];
	static float W[3][K * C], b[3][C], d[MOST * C], wt[C * K], loss_of[16], loss[3];
	static double W2[K * C], b2[C], loss2;
	for (int i = 0; i < MOST * K; i++)
		x[i] = (uint8_t)(mc_random_u32(1, 1, 1, 0, (uint64_t)i) >> 24);
	for (int i = 0; i < MOST; i++)
		y[i] = (uint8_t)(mc_random_u32(1, 1, 2, 0, (uint64_t)i) % C);
	for (int s = 0; s < 6; s++) {
		const int m = sizes[s];
		memset(W, 0, sizeof W);
		memset(b, 0, sizeof b);
		memset(W2, 0, sizeof W2);
		memset(b2, 0, sizeof b2);
		for (int t = 0; t < 3; t++)
			for (int step = 0; step < 3; step++) {
				const float rate = 0.1f;
				RUN(t + 1, logreg(m, rate, rate / 255, 1.0f / 255, 1.0f / (float)m, x, y, W[t], b[t], d, wt, loss_of, &loss[t]))
			}
		for (int step = 0; step < 3; step++)
			naive(m, 0.1f, x, y, W2, b2, &loss2);
		check("logreg W", m, W[0], W2, K * C, 1e-6);
		check("logreg b", m, b[0], b2, C, 1e-6);
		check("logreg loss", m, loss, &loss2, 1, 1e-5);
		for (int t = 1; t < 3; t++) {
			check_same("logreg W", m, W[0], W[t], K * C);
			check_same("logreg b", m, b[0], b[t], C);
			check_same("logreg loss", m, loss, loss + t, 1);
		}
		hash(h, W[0], K * C);
		hash(h, loss, 1);
	}
}
