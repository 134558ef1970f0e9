/* bits.c -- trains net.model for some steps and prints the hash of all state, and the costs as a sum */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "net.h"

enum { ROWS = 100 }; /* more than a block of rows, and not a multiple of it */
static FLOAT x[ROWS * 16];
static uint8_t label[ROWS];

static uint64_t hash = 0xcbf29ce484222325u;
static void mix(const void *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ ((const unsigned char *)data)[i]) * 0x100000001b3u;
}

int main(int argc, char **argv)
{
	const int steps = argc > 1 ? atoi(argv[1]) : 1000;
	const net_sizes sizes = {ROWS};
	net *m = net_new(&sizes);
	uint32_t r = 1;
	double sum = 0;
	net_init(m, 7);
	for (int i = 0; i < steps; i++) {
		FLOAT cost, correct;
		for (int k = 0; k < ROWS; k++) {
			label[k] = (uint8_t)((k + i) % 5);
			for (int j = 0; j < 16; j++) {
				r = r * 1664525u + 1013904223u;
				x[16 * k + j] = (FLOAT)(r >> 8) / 8388608 - 1 + (FLOAT)(j % 5 == label[k]);
			}
		}
		const mc_status s = net_step(m, ROWS, x, label, &cost, &correct);
		if (s != MC_OK) {
			printf("%s\n", net_status_text(s));
			return 1;
		}
		mix(&cost, sizeof cost);
		sum += (double)cost;
	}
	size_t n;
	const FLOAT *p = net_params(m, &n);
	mix(p, n * sizeof *p);
	for (const mc_tensor *t = net_tensors; t->name; t++) { /* the optimiser's, of the sizes of the parameters */
		int64_t count = 1;
		for (int i = 0; i < t->type.rank; i++)
			count *= t->type.size[i];
		if (t->kind == MC_SHARED)
			mix(t->get(m, t->instance), (size_t)count * (t->type.dtype == MC_INT64 ? 8 : sizeof(FLOAT)));
	}
	printf("%016" PRIx64 " %.17g\n", hash, sum);
	net_free(m);
	return 0;
}
