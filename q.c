/* q.c -- the model q, compiled by modelc */
#include "q.h"

#include <stdlib.h>
#include <string.h>

struct q {
	q *of; /* whose state it is: its own, or, of a share, another's: values, flags, seed and call are there */
	uint64_t seed, call; /* of random draws; the number of the next call that draws */
	void *block; /* allocated by q_new, or NULL */
};

typedef char q_object_fits[sizeof(struct q) <= 128 ? 1 : -1];

/* ---- the functions of the model */

void q_init(q *m, uint64_t seed)
{
	m->of->seed = seed;
	m->of->call = 1;
}

/* ---- the object: its memory, its variables, its data */

size_t q_bytes(void)
{
	const int64_t fixed = 192; /* the object, its state, 64 for alignment */
	return (size_t)fixed;
}

q *q_place(void *memory, size_t bytes)
{
	const size_t needed = q_bytes();
	if (!memory || !needed || bytes < needed)
		return NULL;
	char *at = (char *)memory + (64 - (uintptr_t)memory % 64) % 64;
	q *m = (q *)(void *)at;
	memset(m, 0, sizeof *m);
	m->of = m;
	at += 128;
	return m;
}

q *q_new(void)
{
	const size_t bytes = q_bytes();
	void *block = bytes ? malloc(bytes) : NULL;
	if (!block)
		return NULL;
	q *m = q_place(block, bytes);
	m->block = block;
	return m;
}

void q_free(q *m)
{
	if (m && m->block)
		free(m->block);
}

size_t q_share_bytes(const q *m)
{
	(void)m;
	return (size_t)(192 + 0);
}

q *q_share(q *of, void *memory, size_t bytes)
{
	if (!of || !memory || bytes < q_share_bytes(of))
		return NULL;
	char *at = (char *)memory + (64 - (uintptr_t)memory % 64) % 64;
	q *m = (q *)(void *)at;
	*m = *of;
	m->block = NULL;
	return m;
}

const char *q_status_text(mc_status status)
{
	return mc_status_text(status);
}

/* ---- tables: what the driver, save and load know of this model */

const mc_tensor q_tensors[] = {
	{NULL, MC_PARAM, {MC_BOOL, 0, {0}, NULL}, 0, NULL, NULL, NULL},
};

const mc_function q_functions[] = {
	{NULL, 0, NULL, 0, NULL, 0, NULL, 0, 0, NULL},
};

static size_t table_bytes(const int64_t *dims)
{
	(void)dims;
	return q_bytes();
}

static void *table_create(const int64_t *dims)
{
	(void)dims;
	return q_new();
}

static void table_destroy(void *m)
{
	q_free((q *)m);
}

static void table_init(void *m, uint64_t seed)
{
	q_init((q *)m, seed);
}

static int table_ready(const void *m)
{
	(void)m;
	return 1;
}

static void table_get_dims(const void *m, int64_t *dims)
{
	(void)m;
	(void)dims;
}

static void table_get_random(const void *m, uint64_t *seed, uint64_t *call)
{
	*seed = ((const q *)m)->of->seed;
	*call = ((const q *)m)->of->call;
}

static void table_set_random(void *m, uint64_t seed, uint64_t call)
{
	((q *)m)->of->seed = seed;
	((q *)m)->of->call = call;
}

const mc_model q_model = {
	"q", MC_FLOAT32, 0, NULL, 0, q_tensors, 0, q_functions,
	table_bytes, table_create, table_destroy, table_init, table_ready, table_get_dims, table_get_random, table_set_random,
	q_status_text,
};

mc_status q_save(const q *m, const char *path)
{
	return mc_save(&q_model, m, path);
}

mc_status q_load(q *m, const char *path)
{
	return mc_load(&q_model, m, path);
}
