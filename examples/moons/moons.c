/* moons.c -- a compiled model in a C program that never calls malloc for it: its memory is an array of the program */
#include <stdio.h>
#include <stdlib.h>

#include "moons.h"

enum { N = 64 };

int main(void)
{
	static char memory[MOONS_BYTES(N)];
	static float x[N][2], y[N], p[N];
	for (int i = 0; i < N; i++) { /* what is right of the diagonal is 1 */
		x[i][0] = (float)rand() / (float)RAND_MAX;
		x[i][1] = (float)rand() / (float)RAND_MAX;
		y[i] = x[i][0] > x[i][1];
	}
	const moons_sizes sizes = {.n = N};
	moons *m = moons_place(memory, sizeof memory, &sizes);
	if (!m) return 1;
	moons_init(m, 1);
	float cost = 0, errors = 1;
	int steps = 0;
	for (; errors > 0 && steps < 2000; steps++) {
		const mc_status status = moons_train(m, N, &x[0][0], y, MOONS_train_rate, &cost, &errors);
		if (status) return fprintf(stderr, "%s\n", moons_status_text(status)), 1;
	}
	if (moons_classify(m, N, &x[0][0], p)) return 1;
	printf("%zu bytes; all %d right after %d steps: %s\n", sizeof memory, N, steps, errors > 0 ? "no" : "yes");
	return 0;
}
