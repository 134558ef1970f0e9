/* share.c -- shares, and objects of two models, in threads; built with the thread sanitizer
 *
 * Four shares predict at once what the original predicts alone.  Two objects of each of two models train in threads of their own
 * as they do one after the other. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logistic_regression.h"
#include "many_sizes.h"

enum { ROWS = 40, THREADS = 4, ROUNDS = 20 };
static uint8_t image[ROWS * 784], label[ROWS], more_label[ROWS];
static int failures;

#define CHECK(holds) \
	do { \
		if (!(holds)) { \
			printf("line %d: %s\n", __LINE__, #holds); \
			failures++; \
		} \
	} while (0)

static const logistic_regression_sizes sizes = {ROWS, 0, 0, 0};

typedef struct Job {
	logistic_regression *m;
	const uint8_t *label;
	int64_t pred[ROWS];
	float p[ROWS * 10], probability[ROWS], errors;
	mc_status status;
} Job;

static void *predict(void *data)
{
	Job *j = data;
	for (int i = 0; i < ROUNDS && j->status == MC_OK; i++) {
		j->status = logistic_regression_predict(j->m, ROWS - i % 2, image, j->pred, j->p, j->probability);
		if (j->status == MC_OK)
			j->status = logistic_regression_validate(j->m, ROWS, image, j->label, &j->errors);
	}
	if (j->status == MC_OK)
		j->status = logistic_regression_predict(j->m, ROWS, image, j->pred, j->p, j->probability);
	return NULL;
}

static void run(int n, void *(*f)(void *), void *job, size_t each)
{
	pthread_t t[THREADS];
	for (int i = 0; i < n; i++)
		if (pthread_create(&t[i], NULL, f, (char *)job + (size_t)i * each))
			exit(2);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
}

static void shares(void)
{
	static Job alone, job[THREADS];
	void *room[THREADS];
	logistic_regression *m = logistic_regression_new(&sizes);
	float nll = 0;
	/* made before there are values: ready when the original is */
	for (int i = 0; i < THREADS; i++) {
		const size_t n = logistic_regression_share_bytes(i ? job[0].m : m);
		room[i] = malloc(n);
		job[i].m = logistic_regression_share(i ? job[0].m : m, room[i], n); /* a share of a share is the original's */
		job[i].label = label;
		CHECK(logistic_regression_predict(job[i].m, ROWS, image, job[i].pred, NULL, NULL) == MC_NOT_READY);
	}
	logistic_regression_init(m, 5);
	for (int i = 0; i < 10; i++)
		CHECK(logistic_regression_train(m, ROWS, image, label, 0.1f, &nll) == MC_OK);
	alone.m = m;
	alone.label = label;
	predict(&alone);
	CHECK(alone.status == MC_OK && alone.errors < 0.9f);
	run(THREADS, predict, job, sizeof *job);
	for (int i = 0; i < THREADS; i++) {
		CHECK(job[i].status == MC_OK);
		CHECK(!memcmp(job[i].pred, alone.pred, sizeof alone.pred) && !memcmp(job[i].p, alone.p, sizeof alone.p));
		CHECK(job[i].errors == alone.errors);
	}
	/* a set through one is seen by all */
	float b[10] = {0, 1000};
	logistic_regression_set_b(job[2].m, b);
	CHECK(logistic_regression_get_b(m) == logistic_regression_get_b(job[3].m) && logistic_regression_get_b(m)[1] == 1000);
	CHECK(logistic_regression_predict(job[1].m, 1, image, job[1].pred, NULL, NULL) == MC_OK && job[1].pred[0] == 1);
	size_t count = 0;
	CHECK(logistic_regression_params(m, &count) == logistic_regression_params(job[0].m, NULL) && count == 7850);
	CHECK(logistic_regression_params(m, NULL) == logistic_regression_get_W(m));
	CHECK(logistic_regression_get_b(m) == logistic_regression_get_W(m) + 7840);
	for (int i = 0; i < THREADS; i++)
		logistic_regression_free(job[i].m); /* nothing: the memory is ours */
	CHECK(logistic_regression_predict(m, 1, image, alone.pred, NULL, NULL) == MC_OK);
	for (int i = 0; i < THREADS; i++)
		free(room[i]);
	logistic_regression_free(m);
}

/* data is each object's own after the share; draws are the state's */
static void data_and_draws(void)
{
	enum { WIDE = 4, N = 6 };
	static const many_sizes_sizes s = {N, 1, WIDE, 0, 0};
	static float rows[N * 3], other[N * 3], y[N], u[N * 3], v[N * 3], w[N * 3];
	static unsigned char room[1 << 16];
	many_sizes *m = many_sizes_new(&s), *n = many_sizes_new(&s), *share;
	for (int i = 0; i < N * 3; i++)
		rows[i] = 1, other[i] = 2;
	CHECK(many_sizes_bind_rows(m, N, rows) == MC_OK);
	CHECK(many_sizes_share_bytes(m) <= sizeof room);
	share = many_sizes_share(m, room, sizeof room);
	many_sizes_init(m, 9);
	many_sizes_init(n, 9);
	CHECK(many_sizes_far(share, 1, 0, y) == MC_OK && y[0] == 3);
	CHECK(many_sizes_bind_rows(share, N, other) == MC_OK);
	CHECK(many_sizes_far(share, 1, 0, y) == MC_OK && y[0] == 6);
	CHECK(many_sizes_far(m, 1, 0, y) == MC_OK && y[0] == 3);
	CHECK(many_sizes_bind_rows(share, 0, NULL) == MC_OK);
	CHECK(many_sizes_far(share, 1, 0, y) == MC_NOT_BOUND);
	CHECK(many_sizes_far(m, 1, 0, y) == MC_OK);
	/* one after the other, through whichever: the draws of one object */
	CHECK(many_sizes_draws(m, N, u) == MC_OK && many_sizes_draws(n, N, w) == MC_OK && !memcmp(u, w, sizeof u));
	CHECK(many_sizes_draws(share, N, v) == MC_OK && many_sizes_draws(n, N, w) == MC_OK && !memcmp(v, w, sizeof v));
	CHECK(memcmp(u, v, sizeof u) != 0);
	CHECK(many_sizes_draws(m, N, u) == MC_OK && many_sizes_draws(n, N, w) == MC_OK && !memcmp(u, w, sizeof u));
	CHECK(!memcmp(many_sizes_get_flag(m), many_sizes_get_flag(n), WIDE * 3));
	/* an instance of the fold by its number */
	float one[9];
	for (int i = 0; i < 9; i++)
		one[i] = (float)i;
	CHECK(many_sizes_set_layers_layer_W(m, 2, one) == MC_OK);
	CHECK(many_sizes_set_layers_layer_W(m, -1, one) == MC_SIZE && many_sizes_set_layers_layer_W(m, 4, one) == MC_SIZE);
	CHECK(!many_sizes_get_layers_layer_W(m, -1) && !many_sizes_get_layers_layer_W(m, 4) && many_sizes_get_layers_layer_W(m, 0));
	CHECK(!memcmp(many_sizes_get_layers_layer_W(share, 2), one, sizeof one));
	CHECK(many_sizes_get_layers_layer_W(m, 3) == many_sizes_get_layers_layer_W(m, 2) + 9);
	CHECK(!memcmp(many_sizes_get_layers_layer_W(m, 3), many_sizes_get_layers_layer_W(n, 3), sizeof one));
	many_sizes_free(m);
	many_sizes_free(n);
}

typedef struct Training {
	logistic_regression *a;
	many_sizes *b;
	int which;
	mc_status status;
	float last;
} Training;

static void *train(void *data)
{
	static const float x[18] = {0.5f, -1, 0.25f, 1, 0, 0.5f, -0.5f};
	Training *t = data;
	for (int i = 0; i < ROUNDS && t->status == MC_OK; i++)
		t->status = t->which % 2 ? many_sizes_train(t->b, 6, x, &t->last)
		                         : logistic_regression_train(t->a, ROWS, image, t->which ? more_label : label, 0.1f, &t->last);
	return NULL;
}

static void make(Training t[4])
{
	static const many_sizes_sizes s = {6, 1, 4, 0, 0};
	for (int i = 0; i < 4; i++) {
		t[i] = (Training){i % 2 ? NULL : logistic_regression_new(&sizes), i % 2 ? many_sizes_new(&s) : NULL, i, MC_OK, 0};
		if (t[i].a)
			logistic_regression_init(t[i].a, (uint64_t)i);
		else
			many_sizes_init(t[i].b, (uint64_t)i);
	}
}

static void two_models(void)
{
	static Training one[4], two[4];
	make(one);
	make(two);
	for (int i = 0; i < 4; i++)
		train(&one[i]);
	run(4, train, two, sizeof *two);
	for (int i = 0; i < 4; i++) {
		CHECK(one[i].status == MC_OK && two[i].status == MC_OK && one[i].last == two[i].last);
		if (one[i].a)
			CHECK(!memcmp(logistic_regression_get_W(one[i].a), logistic_regression_get_W(two[i].a), 7840 * sizeof(float)));
		else
			CHECK(!memcmp(many_sizes_get_layers_layer_W(one[i].b, 0), many_sizes_get_layers_layer_W(two[i].b, 0), 36 * sizeof(float)));
		logistic_regression_free(one[i].a);
		logistic_regression_free(two[i].a);
		many_sizes_free(one[i].b);
		many_sizes_free(two[i].b);
	}
	CHECK(one[0].last != one[2].last && one[1].last != one[3].last);
}

int main(void)
{
	for (int i = 0; i < ROWS; i++)
		label[i] = (uint8_t)(i % 10), more_label[i] = (uint8_t)(i / 4);
	for (int i = 0; i < ROWS * 784; i++)
		image[i] = (uint8_t)(i * 37 % 101 + (i % 784 % 10 == i / 784 % 10) * 60);
	shares();
	data_and_draws();
	two_models();
	printf("%d failures\n", failures);
	return failures != 0;
}
