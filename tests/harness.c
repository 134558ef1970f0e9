/* harness.c -- calls any generated model through its tables, as lines on standard input say
 *
 *      new SIZE...                 one for each dim of the model
 *      init SEED
 *      set TENSOR VALUE...         get [TENSOR]         (without a name: every param and shared)
 *      bind TENSOR SIZE... : VALUE...            (all the model's dims)
 *      call FUNCTION SIZE... : VALUE... [: OUTPUT...]      (the call's dims; the values of all arguments in a row; the outputs
 *                                                           that are wanted: the others get NULL)
 *      save PATH                   load PATH
 *      downwards                   of a model for a GPU in emulation: the loops that stand for threads run so
 *
 * Each answers with one line "ok ..." or "status N text"; values are printed so that they read back the same. Outputs stand
 * as "name = v v v". */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mc_data.h"

extern const mc_model MODEL;

int mc_downwards;

static int64_t dim[64];
static void *model;
static char *cursor;

static void die(const char *what)
{
	printf("harness: %s\n", what);
	exit(3);
}

static char *word(void)
{
	cursor += strspn(cursor, " \n");
	char *w = cursor;
	cursor += strcspn(cursor, " \n");
	if (*cursor) *cursor++ = 0;
	return w;
}

static size_t bytes_of(mc_dtype t)
{
	static const size_t bytes[] = {1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8, 8, 16};
	return bytes[t];
}

static int64_t count_of(const mc_type *t, const int64_t *dims)
{
	int64_t n = 1;
	for (int i = 0; i < t->rank; i++) {
		int64_t s = t->size[i];
		n *= s == MC_FORMULA ? t->formula(dims, i) : s < 0 ? dims[-1 - s] : s;
	}
	return n;
}

static void read_value(mc_dtype t, void *at)
{
	const char *w = word();
	if (!*w) die("too few values");
	switch (t) {
	case MC_BOOL: case MC_UINT8: *(uint8_t *)at = (uint8_t)strtol(w, 0, 10); break;
	case MC_INT8: *(int8_t *)at = (int8_t)strtol(w, 0, 10); break;
	case MC_INT16: *(int16_t *)at = (int16_t)strtol(w, 0, 10); break;
	case MC_UINT16: *(uint16_t *)at = (uint16_t)strtol(w, 0, 10); break;
	case MC_INT32: *(int32_t *)at = (int32_t)strtol(w, 0, 10); break;
	case MC_UINT32: *(uint32_t *)at = (uint32_t)strtoul(w, 0, 10); break;
	case MC_INT64: *(int64_t *)at = strtoll(w, 0, 10); break;
	case MC_UINT64: *(uint64_t *)at = strtoull(w, 0, 10); break;
	case MC_FLOAT32: *(float *)at = strtof(w, 0); break;
	case MC_FLOAT64: *(double *)at = strtod(w, 0); break;
	default: die("type");
	}
}

static void print_value(mc_dtype t, const void *at)
{
	switch (t) {
	case MC_BOOL: case MC_UINT8: printf(" %d", *(const uint8_t *)at); break;
	case MC_INT8: printf(" %d", *(const int8_t *)at); break;
	case MC_INT16: printf(" %d", *(const int16_t *)at); break;
	case MC_UINT16: printf(" %d", *(const uint16_t *)at); break;
	case MC_INT32: printf(" %" PRId32, *(const int32_t *)at); break;
	case MC_UINT32: printf(" %" PRIu32, *(const uint32_t *)at); break;
	case MC_INT64: printf(" %" PRId64, *(const int64_t *)at); break;
	case MC_UINT64: printf(" %" PRIu64, *(const uint64_t *)at); break;
	case MC_FLOAT32: printf(" %.9g", (double)*(const float *)at); break;
	case MC_FLOAT64: printf(" %.17g", *(const double *)at); break;
	default: die("type");
	}
}

static void *read_values(const mc_type *t, const int64_t *dims)
{
	int64_t n = count_of(t, dims);
	size_t b = bytes_of(t->dtype);
	char *p = malloc((size_t)n * b + 1);
	for (int64_t i = 0; i < n; i++) read_value(t->dtype, p + (size_t)i * b);
	return p;
}

static void print_values(const char *name, const mc_type *t, const int64_t *dims, const void *values)
{
	int64_t n = count_of(t, dims);
	printf(" %s =", name);
	for (int64_t i = 0; i < n; i++) print_value(t->dtype, (const char *)values + (size_t)i * bytes_of(t->dtype));
}

static const mc_tensor *tensor(const char *name)
{
	for (int i = 0; i < MODEL.ntensors; i++)
		if (!strcmp(MODEL.tensors[i].name, name)) return &MODEL.tensors[i];
	die("no such tensor");
	return 0;
}

static void answer(mc_status s)
{
	const char *why = MODEL.device_error ? MODEL.device_error(model) : NULL;
	if (s) printf("status %d %s%s%s", s, MODEL.status_text(s), why ? ": " : "", why ? why : "");
	else printf("ok");
}

static void *output(const mc_type *t, const int64_t *dims)
{
	return malloc((size_t)count_of(t, dims) * bytes_of(t->dtype) + 1);
}

static void said(mc_status s, const mc_error *err)
{
	if (s) printf("status %d %s", s, err->text);
	else printf("ok");
}

static void call(void)
{
	const char *name = word();
	const mc_function *f = 0;
	for (int i = 0; i < MODEL.nfunctions; i++)
		if (!strcmp(MODEL.functions[i].name, name)) f = &MODEL.functions[i];
	if (!f) die("no such function");
	int64_t given[64], dims[64];
	memcpy(dims, dim, sizeof dims);
	for (int i = 0; i < f->ndims; i++) dims[f->dim[i]] = given[i] = strtoll(word(), 0, 10);
	if (strcmp(word(), ":")) die("expected ':'");
	void *args[64], *outs[64];
	for (int i = 0; i < f->nargs; i++) args[i] = read_values(&f->arg[i].type, dims);
	int some = !strcmp(word(), ":");
	for (int i = 0; i < f->nouts; i++) outs[i] = some ? NULL : output(&f->out[i].type, dims);
	for (const char *w = some ? word() : ""; *w; w = word())
		for (int i = 0; i < f->nouts; i++)
			if (!strcmp(f->out[i].name, w)) outs[i] = output(&f->out[i].type, dims);
	mc_status s = f->call(model, given, (const void *const *)args, outs);
	answer(s);
	if (!s)
		for (int i = 0; i < f->nouts; i++)
			if (outs[i]) print_values(f->out[i].name, &f->out[i].type, dims, outs[i]);
	for (int i = 0; i < f->nargs; i++) free(args[i]);
	for (int i = 0; i < f->nouts; i++) free(outs[i]);
}

int main(void)
{
	static char line[1 << 24];
	static void *bound[64];
	while (fgets(line, sizeof line, stdin)) {
		cursor = line;
		const char *command = word();
		if (!strcmp(command, "new")) {
			if (model) MODEL.destroy(model);
			for (int i = 0; i < MODEL.ndims; i++) dim[i] = strtoll(word(), 0, 10);
			model = MODEL.create(dim);
			if (model) printf("ok");
			else answer(MC_NO_MEMORY);
		} else if (!strcmp(command, "init")) {
			MODEL.init(model, strtoull(word(), 0, 10));
			printf("ok");
		} else if (!strcmp(command, "set")) {
			const mc_tensor *t = tensor(word());
			void *v = read_values(&t->type, dim);
			t->set(model, t->instance, v);
			free(v);
			printf("ok");
		} else if (!strcmp(command, "get")) {
			const char *name = word();
			printf("ok");
			for (int i = 0; i < MODEL.ntensors; i++) {
				const mc_tensor *t = *name ? tensor(name) : &MODEL.tensors[i];
				if (t->get) print_values(t->name, &t->type, dim, t->get(model, t->instance));
				if (*name) break;
			}
		} else if (!strcmp(command, "bind")) {
			const mc_tensor *t = tensor(word());
			int64_t dims[64];
			for (int i = 0; i < MODEL.ndims; i++) dims[i] = strtoll(word(), 0, 10);
			if (strcmp(word(), ":")) die("expected ':'");
			for (int i = 0; i < t->type.rank; i++)
				if (t->type.size[i] < 0 && t->type.size[i] != MC_FORMULA) dim[-1 - t->type.size[i]] = dims[-1 - t->type.size[i]];
			int k = (int)(t - MODEL.tensors);
			free(bound[k]);
			bound[k] = read_values(&t->type, dims);
			answer(t->bind(model, dims, bound[k]));
		} else if (!strcmp(command, "call")) {
			call();
		} else if (!strcmp(command, "save")) {
			mc_error err = {"", MC_OK};
			said(mc_save_with(&MODEL, model, word(), 0, NULL, &err), &err);
		} else if (!strcmp(command, "load")) {
			mc_error err = {"", MC_OK};
			said(mc_load_with(&MODEL, model, word(), NULL, &err), &err);
		} else if (!strcmp(command, "downwards")) {
			mc_downwards = 1;
			printf("ok");
		} else if (*command) {
			die("unknown command");
		}
		printf("\n");
		fflush(stdout);
	}
	if (model) MODEL.destroy(model);
	for (int i = 0; i < 64; i++) free(bound[i]);
	return 0;
}
