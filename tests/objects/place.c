/* place.c -- a model's object in memory of every alignment, of exactly the bytes it asks for, between canaries
 *
 * -DNAME= the model, -DNDIMS= how many sizes it has.  Every function is called at its largest sizes and at smaller ones, with
 * all outputs and with each one left out, with arguments and outputs in blocks of their very size; what comes of it is the same
 * at every alignment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)
#define MODEL JOIN(NAME, _model)
#include "mc_data.h"
#include HEADER

#if NDIMS
#define SIZES (const JOIN(NAME, _sizes) *)dims
#define AND_SIZES , SIZES
#else
#define SIZES
#define AND_SIZES
#endif

enum { CANARY = 256, MAX = 64 };
static int64_t dims[MAX];
static int failures, calls, good;

static void fail(const char *what, long long n)
{
	printf("%s: %s (%lld)\n", TEXT(NAME), what, n);
	failures++;
}

static int64_t count_of(const mc_type *t, const int64_t *at)
{
	int64_t size[MC_MAX_RANK], n = 1;
	for (int i = 0, rank = mc_type_sizes(t, at, size); i < rank; i++)
		n *= size[i] > 0 ? size[i] : 0;
	return n;
}

static void *block(const mc_type *t, const int64_t *at, int fill)
{
	const int64_t n = count_of(t, at);
	const size_t bytes = (size_t)n * mc_dtype_bytes(t->dtype);
	char *p = malloc(bytes ? bytes : 1);
	memset(p, 0, bytes);
	for (int64_t i = 0; fill && i < n; i++)
		mc_put_number(p, t->dtype, i, t->dtype >= MC_FLOAT16, (i * 7 + fill) % 3, 0.25 * (double)((i * 5 + fill) % 7) - 0.5);
	return p;
}

static uint64_t hash;
static void mix(const void *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ ((const unsigned char *)data)[i]) * 0x100000001b3u;
}

/* which: an output that is NULL; -1: none, nouts: all */
static void call(void *m, const mc_function *f, const int64_t *at, int which)
{
	int64_t given[MAX];
	void *arg[MAX], *out[MAX];
	for (int i = 0; i < f->ndims; i++)
		given[i] = at[f->dim[i]];
	for (int i = 0; i < f->nargs; i++)
		arg[i] = block(&f->arg[i].type, at, i + 1);
	for (int i = 0; i < f->nouts; i++)
		out[i] = which == i || which == f->nouts ? NULL : block(&f->out[i].type, at, 0);
	const mc_status s = f->call(m, given, (const void *const *)arg, out);
	if (s < 0)
		fail(f->name, s);
	calls++;
	good += s == 0;
	for (int i = 0; i < f->nouts; i++)
		if (out[i] && s == 0)
			mix(out[i], (size_t)count_of(&f->out[i].type, at) * mc_dtype_bytes(f->out[i].type.dtype));
	for (int i = 0; i < f->nargs; i++)
		free(arg[i]);
	for (int i = 0; i < f->nouts; i++)
		free(out[i]);
}

/* sizes of a call: the largest, or smaller by the bits of k */
static void sizes_of_call(const mc_function *f, int64_t *at, int k)
{
	memcpy(at, dims, sizeof dims);
	for (int i = 0; i < f->ndims; i++)
		if (k >> i % 4 & 1)
			at[f->dim[i]] = MODEL.dims[f->dim[i]].min + (k > 15 && at[f->dim[i]] > MODEL.dims[f->dim[i]].min);
}

static void use(void *m, int all)
{
	static void *data[MAX];
	int64_t at[MAX];
	for (int i = 0; i < MODEL.ntensors; i++) {
		const mc_tensor *t = &MODEL.tensors[i];
		if (t->kind != MC_DATA)
			continue;
		free(data[i]);
		data[i] = block(&t->type, dims, i + 1);
		if (t->bind(m, dims, data[i]) != MC_OK)
			fail(t->name, __LINE__);
	}
	MODEL.init(m, 3);
	for (int i = 0; i < MODEL.nfunctions; i++)
		for (int k = 0; k < (all && MODEL.functions[i].ndims ? 32 : 1); k++) {
			sizes_of_call(&MODEL.functions[i], at, k);
			for (int out = -1; out <= MODEL.functions[i].nouts && (all || out < 0); out++)
				call(m, &MODEL.functions[i], at, out);
		}
	/* each variable out, and in again */
	for (int i = 0; i < MODEL.ntensors; i++) {
		const mc_tensor *t = &MODEL.tensors[i];
		if (t->kind == MC_DATA)
			continue;
		const size_t bytes = (size_t)count_of(&t->type, dims) * mc_dtype_bytes(t->type.dtype);
		void *copy = malloc(bytes ? bytes : 1);
		memcpy(copy, t->get(m, t->instance), bytes);
		mix(copy, bytes);
		t->set(m, t->instance, copy);
		if (memcmp(copy, t->get(m, t->instance), bytes) != 0)
			fail("set and get", i);
		free(copy);
	}
	for (int i = 0; i < MODEL.ntensors; i++) {
		free(data[i]);
		data[i] = NULL;
	}
}

static int is_canary(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0xA5)
			return 0;
	return 1;
}

int main(int argc, char **argv)
{
	for (int i = 0; i < NDIMS && i + 1 < argc; i++)
		dims[i] = strtoll(argv[i + 1], NULL, 10);
	const size_t bytes = JOIN(NAME, _bytes)(SIZES);
	uint64_t first = 0;
	if (!bytes || MODEL.ndims != NDIMS)
		fail("bytes", (long long)bytes);
	for (int offset = 0; offset < 64; offset++) {
		/* the sanitizer guards the end, canaries both sides */
		unsigned char *memory = NULL;
		if (posix_memalign((void **)&memory, 64, (size_t)(CANARY + offset) + bytes + (size_t)(offset % 2 * CANARY)))
			return 2;
		memset(memory, 0xA5, (size_t)(CANARY + offset) + bytes + (size_t)(offset % 2 * CANARY));
		unsigned char *at = memory + CANARY + offset;
		if (JOIN(NAME, _place)(at, bytes - 1 AND_SIZES) || JOIN(NAME, _place)(NULL, bytes AND_SIZES))
			fail("placed where there is no room", offset);
		if (!is_canary(at, bytes))
			fail("a place that fails writes", offset);
		NAME *m = JOIN(NAME, _place)(at, bytes AND_SIZES);
		if (!m) {
			fail("not placed", offset);
			return 1;
		}
#ifdef BOUND /* scratch depends on how much data is bound: not more than it was placed for */
		dims[BOUND]++;
		for (int i = 0; i < MODEL.ntensors; i++)
			if (MODEL.tensors[i].kind == MC_DATA && MODEL.tensors[i].bind(m, dims, m) != MC_SIZE)
				fail("more data than there is scratch for", offset);
		dims[BOUND]--;
#endif
		hash = 0xcbf29ce484222325u;
		use(m, offset % 21 == 0); /* at 0, 21, 42, 63: all there is */
		if (!is_canary(memory, (size_t)(CANARY + offset)) || !is_canary(at + bytes, (size_t)(offset % 2 * CANARY)))
			fail("it wrote outside of its bytes", offset);
		const uint64_t h = hash;
		if (offset == 1)
			first = h;
		if (offset % 21 && h != first)
			fail("other values at another alignment", offset);
		/* a share, in memory of its own */
		const size_t more = JOIN(NAME, _share_bytes)(m);
		unsigned char *room = malloc((size_t)offset + more);
		if (JOIN(NAME, _share)(m, room, more - 1) || JOIN(NAME, _share)(m, NULL, more) || JOIN(NAME, _share)(NULL, room, more))
			fail("shared where there is no room", offset);
		NAME *share = JOIN(NAME, _share)(m, room + offset, more);
		if (!share)
			fail("not shared", offset);
		else
			use(share, offset % 21 == 0);
		JOIN(NAME, _free)(share);
		JOIN(NAME, _free)(m);
		JOIN(NAME, _free)(NULL);
		free(room);
		free(memory);
	}
	if (calls < 64 * MODEL.nfunctions || good < calls / 2)
		fail("hardly a call was good", good);
	printf("%d calls, %d good, %d failures\n", calls, good, failures);
	return failures != 0;
}
