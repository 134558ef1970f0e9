/* main.c -- a program of one's own around a compiled model: learns to tell ten made-up patterns apart
 *
 *     modelc ../../models/logistic_regression.model --standalone --blas none
 *     cc -O2 main.c logistic_regression.c -lm -o embed && ./embed
 */
#include <stdio.h>
#include <stdlib.h>

#include "logistic_regression.h"

enum { BATCH = 100, PIXELS = 28 * 28 };

/* pattern k: rows k, k + 10, k + 20 are bright, under noise */
static void draw(uint8_t *image, uint8_t *label)
{
	for (int i = 0; i < BATCH; i++) {
		label[i] = (uint8_t)(rand() % 10);
		for (int p = 0; p < PIXELS; p++)
			image[i * PIXELS + p] = (uint8_t)((p / 28 % 10 == label[i] ? 128 : 0) + rand() % 128);
	}
}

int main(void)
{
	static uint8_t image[BATCH * PIXELS], label[BATCH];
	const logistic_regression_sizes sizes = {.batch = BATCH};
	logistic_regression *m = logistic_regression_new(&sizes); /* the only allocation */
	if (!m) return 1;
	logistic_regression_init(m, 1);
	for (int step = 0; step <= 200; step++) {
		float nll, errors;
		draw(image, label);
		mc_status status = logistic_regression_train(m, BATCH, image, label, 0.13f, &nll);
		if (!status) status = logistic_regression_validate(m, BATCH, image, label, &errors);
		if (status) return fprintf(stderr, "%s\n", logistic_regression_status_text(status)), 1;
		if (step % 50 == 0) printf("step %3d   loss %.4f   errors %.0f %%\n", step, (double)nll, (double)errors * 100);
	}
	logistic_regression_free(m);
	return 0;
}
