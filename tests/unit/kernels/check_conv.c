/* check_conv.c -- convolution with pool, bias and tanh, and its gradient to the data, against naive loops */
#include "check.h"
#include "printed_conv.h"
#include "printed_conv_data.h"

enum { C = 20, H = 12, O = 50, W = 5, P = 8, Q = 4, L = 16, BLOCKS = 3 };

#define X(n, c, y, x) ((((n / L * C + c) * H + y) * H + x) * L + n % L)
#define D(n, o, y, x) ((((n / L * O + o) * P + y) * P + x) * L + n % L)
#define Y(n, o, y, x) ((((n / L * O + o) * Q + y) * Q + x) * L + n % L)
#define F(o, c, y, x) (((o * C + c) * W + y) * W + x)

static double product(const float *x, const float *w, int n, int o, int r, int s)
{
	double sum = 0;
	for (int c = 0; c < C; c++)
		for (int i = 0; i < W; i++)
			for (int j = 0; j < W; j++)
				sum += (double)w[F(o, c, i, j)] * (double)x[X(n, c, r + i, s + j)];
	return sum;
}

void check_conv(uint64_t *h)
{
	const size_t nx = BLOCKS * L * C * H * H, ny = BLOCKS * L * O * Q * Q;
	float *x = numbers(nx, 6, 1), *w = numbers(O * C * W * W, 7, 0.1f), *bias = numbers(O, 8, 0.1f);
	float *y[2], *which[2];
	for (int t = 0; t < 2; t++) {
		y[t] = zeros(ny);
		which[t] = zeros(ny);
		RUN(t + 1, conv(BLOCKS, x, w, bias, y[t], which[t]))
	}
	double *y2 = (double *)malloc(ny * sizeof *y2), *which2 = (double *)malloc(ny * sizeof *which2);
	for (int n = 0; n < BLOCKS * L; n++)
		for (int o = 0; o < O; o++)
			for (int r = 0; r < Q; r++)
				for (int s = 0; s < Q; s++) {
					double top = -1e300, next = -1e300;
					int at = 0;
					for (int p = 0; p < 4; p++) {
						const double z = product(x, w, n, o, 2 * r + p / 2, 2 * s + p % 2);
						next = z > top ? top : z > next ? z : next;
						at = z > top ? p : at;
						top = z > top ? z : top;
					}
					y2[Y(n, o, r, s)] = tanh(top + (double)bias[o]);
					which2[Y(n, o, r, s)] = top - next > 1e-4 ? at : (double)which[0][Y(n, o, r, s)];
				}
	check("conv y", BLOCKS, y[0], y2, ny, 1e-5);
	check("conv which", BLOCKS, which[0], which2, ny, 0);
	check_same("conv y", BLOCKS, y[0], y[1], ny);
	check_same("conv which", BLOCKS, which[0], which[1], ny);
	hash(h, y[0], ny);
	for (int t = 0; t < 2; t++) {
		free(y[t]);
		free(which[t]);
	}
	free(x);
	free(w);
	free(bias);
	free(y2);
	free(which2);
}

void check_conv_data(uint64_t *h)
{
	const size_t nx = BLOCKS * L * C * H * H, nd = BLOCKS * L * O * P * P;
	float *d = numbers(nd, 9, 1), *w = numbers(O * C * W * W, 10, 0.1f), *dx[2];
	for (int t = 0; t < 2; t++) {
		dx[t] = zeros(nx);
		RUN(t + 1, conv_data(BLOCKS, d, w, dx[t]))
	}
	double *dx2 = (double *)calloc(nx, sizeof *dx2);
	for (int n = 0; n < BLOCKS * L; n++)
		for (int o = 0; o < O; o++)
			for (int r = 0; r < P; r++)
				for (int s = 0; s < P; s++)
					for (int c = 0; c < C; c++)
						for (int i = 0; i < W; i++)
							for (int j = 0; j < W; j++)
								dx2[X(n, c, r + i, s + j)] += (double)w[F(o, c, i, j)] * (double)d[D(n, o, r, s)];
	check("conv data", BLOCKS, dx[0], dx2, nx, 1e-4);
	check_same("conv data", BLOCKS, dx[0], dx[1], nx);
	hash(h, dx[0], nx);
	free(d);
	free(w);
	free(dx[0]);
	free(dx[1]);
	free(dx2);
}
