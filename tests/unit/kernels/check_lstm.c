/* check_lstm.c -- the LSTM against naive loops, at batches that leave rows over */
#include "check.h"
#include "printed_lstm.h"

enum { H = 128, G = 4 };

static double sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

static void naive(int n, int time, const float *xg, const float *U, double *hs, double *c)
{
	memset(hs, 0, (size_t)n * H * sizeof *hs);
	memset(c, 0, (size_t)n * H * sizeof *c);
	for (int t = 0; t < time; t++)
		for (int i = 0; i < n; i++)
			for (int j = 0; j < H; j++) {
				double z[G];
				for (int g = 0; g < G; g++) {
					z[g] = (double)xg[(t * n + i) * G * H + g * H + j];
					for (int k = 0; k < H; k++)
						z[g] += hs[(t * n + i) * H + k] * (double)U[k * G * H + g * H + j];
				}
				double *cell = c + i * H + j;
				*cell = sigmoid(z[1]) * *cell + sigmoid(z[0]) * tanh(z[2]);
				hs[((t + 1) * n + i) * H + j] = sigmoid(z[3]) * tanh(*cell);
			}
}

void check_lstm(uint64_t *h)
{
	static const int batches[] = {1, 17, 33};
	float *xg = numbers(33 * 5 * G * H, 11, 1), *U = numbers(H * G * H, 12, 0.1f), *packed = zeros(H * G * H);
	double *hs2 = (double *)malloc(33 * 6 * H * sizeof *hs2), *c2 = (double *)malloc(33 * H * sizeof *c2);
	for (int s = 0; s < 3; s++) {
		const int n = batches[s], time = 3 + s;
		const size_t nh = (size_t)(n * (time + 1) * H);
		float *hs[2], *c[2];
		for (int t = 0; t < 2; t++) {
			hs[t] = zeros(nh);
			c[t] = zeros((size_t)n * H);
			RUN(t + 1, lstm(n, time, xg, U, hs[t], c[t], packed))
		}
		naive(n, time, xg, U, hs2, c2);
		check("lstm h", n, hs[0], hs2, nh, 1e-5);
		check("lstm c", n, c[0], c2, (size_t)n * H, 1e-5);
		check_same("lstm h", n, hs[0], hs[1], nh);
		hash(h, hs[0], nh);
		for (int t = 0; t < 2; t++) {
			free(hs[t]);
			free(c[t]);
		}
	}
	free(xg);
	free(U);
	free(packed);
	free(hs2);
	free(c2);
}
