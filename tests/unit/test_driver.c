/* test_driver.c -- the driver's procedure on a toy whose every number is known: means, early
 * stopping, shuffling, resuming */
#define _POSIX_C_SOURCE 200809L
#include "test.h"

#include <signal.h>
#include <sys/stat.h>

#include "../driver/run.h"

/* ---- the model: w counts what it has seen in an order that matters; score gives the watched
 * value of an epoch */

typedef struct Toy {
	int64_t batch;
	uint64_t seed, call;
	int ready;
	double w;
	int64_t calls; /* of train, in this process */
} Toy;

static int64_t interrupt_at = -1; /* the call of train that gets a SIGINT */
static const double scores[] = {0.9, 0.8, 0.8, 0.7985, 0.6, 0.61, 0.5999, 0.5, 0.7, 0.7, 0.7, 0.7};

static mc_status toy_train(void *model, const int64_t *dims, const void *const *args,
                           void *const *outs)
{
	Toy *t = model;
	const double *x = args[0], rate = *(const double *)args[1];
	double sum = 0;
	if (!t->ready)
		return MC_NOT_READY;
	if (dims[0] < 1 || dims[0] > t->batch)
		return MC_SIZE;
	for (int64_t i = 0; i < dims[0]; i++) {
		if (x[i] < 0)
			return 1;
		sum += x[i];
		t->w = t->w * 0.75 + rate * x[i];
	}
	if (outs[0])
		*(double *)outs[0] = sum / (double)dims[0];
	if (t->calls++ == interrupt_at)
		raise(SIGINT);
	return MC_OK;
}

static mc_status toy_score(void *model, const int64_t *dims, const void *const *args,
                           void *const *outs)
{
	const int64_t e = *(const int64_t *)args[0], index = *(const int64_t *)args[1];
	(void)model;
	(void)dims;
	if (outs[0]) /* of two calls, the mean is the score */
		*(float *)outs[0] = (float)(scores[e] + (index ? 0.125 : -0.125));
	return MC_OK;
}

static const void *toy_get(const void *m, int64_t i)
{
	(void)i;
	return &((const Toy *)m)->w;
}
static void toy_set(void *m, int64_t i, const void *v)
{
	(void)i;
	((Toy *)m)->w = *(const double *)v;
	((Toy *)m)->ready = 1;
}
static size_t toy_bytes(const int64_t *d)
{
	(void)d;
	return sizeof(Toy);
}
static void *toy_create(const int64_t *d)
{
	Toy *t = calloc(1, sizeof *t);
	t->batch = d[0];
	return t;
}
static void toy_init(void *m, uint64_t seed)
{
	Toy *t = m;
	t->seed = seed;
	t->call = 1;
	t->w = 1;
	t->ready = 1;
}
static int toy_ready(const void *m)
{
	return ((const Toy *)m)->ready;
}
static void toy_dims(const void *m, int64_t *d)
{
	d[0] = ((const Toy *)m)->batch;
}
static void toy_get_random(const void *m, uint64_t *seed, uint64_t *call)
{
	*seed = ((const Toy *)m)->seed;
	*call = ((const Toy *)m)->call;
}
static void toy_set_random(void *m, uint64_t seed, uint64_t call)
{
	((Toy *)m)->seed = seed;
	((Toy *)m)->call = call;
}
static const char *toy_text(mc_status s)
{
	return s == 1 ? "train.x: below zero" : mc_status_text(s);
}

#define SCALAR(dtype)               \
	{                           \
		dtype, 0, {0}, NULL \
	}
static const mc_dim toy_dim[] = {{"batch", 1, -1, 0}};
static const int first_dim[] = {0};
static const mc_tensor toy_tensors[] = {
	{"w", MC_PARAM, {MC_FLOAT64, 1, {1}, NULL}, 0, toy_get, toy_set, NULL}};
static const mc_value train_args[] = {{"x", {MC_FLOAT64, 1, {MC_DIM(0)}, NULL}, 0, 0},
                                      {"rate", SCALAR(MC_FLOAT64), 1, 0.5}};
static const mc_value score_args[] = {{"e", SCALAR(MC_INT64), 0, 0},
                                      {"index", SCALAR(MC_INT64), 0, 0}};
static const mc_value train_out[] = {{"mean", SCALAR(MC_FLOAT64), 0, 0}},
		      score_out[] = {{"value", SCALAR(MC_FLOAT32), 0, 0}};
static const mc_function toy_functions[] = {
	{"train", 1, first_dim, 2, train_args, 1, train_out, 1, MC_DIM(0), toy_train},
	{"score", 0, NULL, 2, score_args, 1, score_out, 0, 0, toy_score},
};
static const mc_model toy_model = {
	"toy",          MC_FLOAT64,     1,          toy_dim, 1,        toy_tensors, 2,
	toy_functions,  toy_bytes,      toy_create, free,    toy_init, toy_ready,   toy_dims,
	toy_get_random, toy_set_random, toy_text,
};

/* ---- the block:
 *      set data { x = "x.csv" }
 *      fit train { set = data  batch = 3  shuffle = true  epochs = 12  e = epoch  index = step
 *                  watch = score.value  watch_steps = 2  patience = 17  patience_increase = 2 } */

static int64_t number_1(const mc_driver_env *e)
{
	(void)e;
	return 1;
}
static int64_t number_2(const mc_driver_env *e)
{
	(void)e;
	return 2;
}
static int64_t number_3(const mc_driver_env *e)
{
	(void)e;
	return 3;
}
static int64_t number_12(const mc_driver_env *e)
{
	(void)e;
	return 12;
}
static int64_t number_17(const mc_driver_env *e)
{
	(void)e;
	return 17;
}
static int64_t number_epoch(const mc_driver_env *e)
{
	return e->epoch;
}
static int64_t number_step(const mc_driver_env *e)
{
	return e->step;
}
static const mc_driver_number n1[] = {{"true", number_1, NULL}}, n2[] = {{"2", number_2, NULL}},
			      n3[] = {{"3", number_3, NULL}}, n12[] = {{"12", number_12, NULL}},
			      n17[] = {{"17", number_17, NULL}},
			      ne[] = {{"epoch", number_epoch, NULL}},
			      ns[] = {{"step", number_step, NULL}};
static const char *const data_name[] = {"data"}, *const score_name[] = {"score.value"};
static const mc_driver_file files[] = {{"x", "x.csv", NULL, NULL}};
static const mc_driver_key keys[] = {
	{"set", 1, NULL, data_name},
	{"batch", 1, n3, NULL},
	{"shuffle", 1, n1, NULL},
	{"epochs", 1, n12, NULL},
	{"e", 1, ne, NULL},
	{"index", 1, ns, NULL},
	{"watch", 1, NULL, score_name},
	{"watch_steps", 1, n2, NULL},
	{"patience", 1, n17, NULL},
	{"patience_increase", 1, n2, NULL},
};
static const mc_driver_part parts[] = {
	{MC_DRIVER_SET, "data", NULL, 1, files, 0, NULL},
	{MC_DRIVER_FIT, "train", "train", 0, NULL, 10, keys},
};
static const mc_driver toy = {&toy_model, "toy.model", 2, parts};

/* ---- checks */

static char folder[] = "/tmp/mc-driver-XXXXXX";
static char texts[4][300];

static const char *in(int k, const char *name)
{
	snprintf(texts[k], sizeof texts[k], "%s/%s", folder, name);
	return texts[k];
}

static double state_w(const char *out, const char *file, double progress[4])
{
	char name[300];
	mc_archive a;
	mc_error err = {0};
	snprintf(name, sizeof name, "%s/%s/%s", folder, out, file);
	if (!CHECK(mc_archive_load(name, &a, &err) == MC_OK)) {
		printf("  %s\n", err.text);
		return 0;
	}
	const double w = mc_array_number(mc_archive_find(&a, "w"), 0);
	for (int i = 0; i < 4; i++)
		progress[i] = mc_array_number(mc_archive_find(&a, "@progress"), i);
	mc_archive_free(&a);
	return w;
}

/* What should happen, said once more: 7 rows in batches of 3 are 3 steps an epoch */
static void early_stopping(void)
{
	double patience = 17, best = INFINITY, p[4];
	int total = 0, best_epoch = 0, epoch = 0, stop = 0;
	for (; epoch < 12 && !stop; epoch++)
		for (int step = 0; step < 3 && !stop; step++) {
			total++;
			if (step == 2 && scores[epoch] < best - 1e-7) {
				if (scores[epoch] < best * 0.995)
					patience = fmax(patience, total * 2);
				best = scores[epoch];
				best_epoch = epoch;
			}
			stop = patience <= total;
		}
	CHECK(!stop && best_epoch == 7 &&
	      total == 36); /* 0.5 after step 24: patience 48, more than there are steps */
	CHECK_INT(run_driver(&toy, "train", "--data", folder, "--out", in(0, "a"), NULL), 0);
	CHECK_STR(run_err, "");
	CHECK(strstr(run_out, "best at epoch 8: score.value 0.5\n") != NULL);
	CHECK(strstr(run_out, "train: 12 epochs, 36 steps\n") != NULL);
	state_w("a", "last.npz", p);
	CHECK(p[1] == 12 && p[2] == 0 && p[3] == 36);
	state_w("a", "best.npz", p);
	CHECK(p[1] == 7 && p[3] == 24);
	/* 12: 0.9 and 0.8 keep it at 12; 0.8 and 0.7985 are no gain of half a percent, so it is
	 * over at the end of epoch 4 */
	CHECK_INT(run_driver(&toy, "train", "--data", folder, "--out", in(0, "b"), "--patience",
	                     "12", NULL),
	          0);
	CHECK(strstr(run_out, "train: stopped at step 12, in epoch 4: patience is over\n") != NULL);
	CHECK(strstr(run_out, "best at epoch 4: score.value 0.7985\n") != NULL);
	/* 11 steps of patience end within an epoch, before its end is watched */
	CHECK_INT(run_driver(&toy, "train", "--data", folder, "--out", in(0, "b"),
	                     "--train.patience", "11", NULL),
	          0);
	CHECK(strstr(run_out, "train: stopped at step 12, in epoch 4") !=
	      NULL); /* step 6 * 2 = 12 */
	CHECK_INT(run_driver(&toy, "train", "--data", folder, "--out", in(0, "b"), "--patience",
	                     "4", "--patience_increase", "1", NULL),
	          0);
	CHECK(strstr(run_out, "train: stopped at step 4, in epoch 2") != NULL);
	CHECK_INT(run_driver(&toy, "train", "--data", folder, "--out", in(0, "b"), "--patience",
	                     "4", "--improvement", "0.1", NULL),
	          0);
	CHECK(strstr(run_out, "train: stopped at step 6, in epoch 2") !=
	      NULL); /* 3 * 2, since the first is better than nothing */
}

/* the mean of an epoch is that of its rows, not of its steps: rows 1..7, (1+2+3)/3, (4+5+6)/3, 7 */
static void means(void)
{
	CHECK_INT(run_driver(&toy, "train", "--data", folder, "--out", in(0, "c"), "--epochs", "1",
	                     "--shuffle", "false", "--trace", "9", NULL),
	          0);
	CHECK(strstr(run_out,
	             "step 1  mean 2\nstep 2  mean 5\nstep 3  mean 7\nepoch 1     mean 4 ") !=
	      NULL);
	double p[4], w = 1;
	for (int i = 1; i <= 7; i++)
		w = w * 0.75 + 0.5 * i;
	CHECK_NEAR(state_w("c", "last.npz", p), w, 0);
	/* a scalar argument from the command line */
	CHECK_INT(run_driver(&toy, "train", "--data", folder, "--out", in(0, "c"), "--epochs=1",
	                     "--shuffle=0", "--rate=-2.5e-1", NULL),
	          0);
	w = 1;
	for (int i = 1; i <= 7; i++)
		w = w * 0.75 - 0.25 * i;
	CHECK_NEAR(state_w("c", "last.npz", p), w, 0);
	/* the incomplete batch left out */
	CHECK_INT(run_driver(&toy, "train", "--data", folder, "--out", in(0, "c"), "--epochs", "1",
	                     "--shuffle", "0", "--ragged", "drop", NULL),
	          2); /* not a key of this block */
	char *history = NULL;
	mc_bytes b;
	CHECK_INT(mc_file_read(in(1, "a/history.csv"), &b, NULL), MC_OK);
	history = (char *)b.data;
	CHECK(b.len > 70 &&
	      !memcmp(history,
	              "fit,epoch,total,train,watch,test\ntrain,1,3,4,0.899999976,nan\ntrain,2,6,4,0.8",
	              75));
	mc_bytes_free(&b);
}

/* every epoch has another order, the seed decides it, and so does a resumed run */
static void shuffling(void)
{
	double p[4];
	const char *const out[] = {"s1", "s2", "s3"}, *const seed[] = {"1", "1", "2"};
	double w[3];
	for (int i = 0; i < 3; i++) {
		CHECK_INT(run_driver(&toy, "train", "--data", folder, "--out", in(0, out[i]),
		                     "--epochs", "2", "--seed", seed[i], "--trace", "6", NULL),
		          0);
		w[i] = state_w(out[i], "last.npz", p);
		CHECK(strstr(run_out, "mean 4 ") != NULL);
	}
	CHECK(w[0] == w[1] && w[0] != w[2]);
}

static void resuming(void)
{
	double p[4], q[4];
	CHECK_INT(run_driver(&toy, "train", "--data", folder, "--out", in(0, "whole"), "--epochs",
	                     "6", NULL),
	          0);
	const double w = state_w("whole", "last.npz", p);
	/* interrupted at each step there is: within an epoch, at its end, at the very end */
	for (int at = 0; at < 17; at++) {
		interrupt_at = at;
		CHECK_INT(run_driver(&toy, "train", "--data", folder, "--out", in(0, "part"),
		                     "--epochs", "6", NULL),
		          130);
		interrupt_at = -1;
		CHECK(strstr(run_out, "program train --resume --out ") != NULL);
		CHECK_STR(run_err, "");
		state_w("part", "last.npz", q);
		CHECK_INT(q[3], at + 1);
		CHECK_INT(run_driver(&toy, "train", "--data", folder, "--out", in(0, "part"),
		                     "--epochs", "6", "--resume", NULL),
		          0);
		CHECK_NEAR(state_w("part", "last.npz", q), w, 0);
		CHECK(!memcmp(p, q, sizeof p));
		CHECK(strstr(run_out, "best at epoch 5: score.value 0.6\n") != NULL);
		mc_bytes a, b;
		CHECK_INT(mc_file_read(in(1, "whole/history.csv"), &a, NULL), MC_OK);
		CHECK_INT(mc_file_read(in(1, "part/history.csv"), &b, NULL), MC_OK);
		CHECK(a.len == b.len && !memcmp(a.data, b.data, a.len));
		mc_bytes_free(&a);
		mc_bytes_free(&b);
	}
	/* what is over can be taken further */
	CHECK_INT(run_driver(&toy, "train", "--data", folder, "--out", in(0, "whole"), "--epochs",
	                     "8", "--resume", NULL),
	          0);
	CHECK_INT(run_driver(&toy, "train", "--data", folder, "--out", in(0, "long"), "--epochs",
	                     "8", NULL),
	          0);
	CHECK_NEAR(state_w("whole", "last.npz", p), state_w("long", "last.npz", q), 0);
	CHECK_INT(run_driver(&toy, "train", "--data", folder, "--out", in(0, "nothing"), "--resume",
	                     NULL),
	          1);
	CHECK(strstr(run_err, "to go on from") != NULL &&
	      strstr(run_err, "nothing/last.npz") != NULL);
	/* best.npz of a toy is no training to go on from where "@progress" is gone */
	mc_archive a;
	CHECK_INT(mc_archive_load(in(1, "long/last.npz"), &a, NULL), MC_OK);
	mc_named two[2];
	for (int i = 0, n = 0; i < a.n; i++)
		if (!strcmp(a.item[i].name, "w") || !strcmp(a.item[i].name, "@random"))
			two[n++] = a.item[i];
	CHECK_INT(mc_npz_write(in(1, "long/last.npz"), 2, two, NULL), MC_OK);
	mc_archive_free(&a);
	CHECK_INT(run_driver(&toy, "train", "--data", folder, "--out", in(0, "long"), "--resume",
	                     NULL),
	          1);
	CHECK(strstr(run_err, "no training of this program that could go on") != NULL);
}

static void failing(void)
{
	FILE *f = fopen(in(0, "x.csv"), "w");
	CHECK(f && fputs("1\n2\n3\n4\n-5\n6\n7\n", f) >= 0 && fclose(f) == 0);
	CHECK_INT(run_driver(&toy, "train", "--data", folder, "--out", in(0, "d"), "--shuffle", "0",
	                     NULL),
	          1);
	CHECK_STR(run_err, "program: train failed at step 2 of epoch 1: train.x: below zero\n");
	/* a column too many is not what x is */
	f = fopen(in(0, "x.csv"), "w");
	CHECK(f && fputs("1,2\n3,4\n", f) >= 0 && fclose(f) == 0);
	CHECK_INT(run_driver(&toy, "train", "--data", folder, "--out", in(0, "d"), NULL), 1);
	CHECK(strstr(run_err, "is int64[2, 2], expected float64[2]\n") != NULL);
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	FILE *f = fopen(in(0, "x.csv"), "w");
	CHECK(f && fputs("1\n2\n3\n4\n5\n6\n7\n", f) >= 0 && fclose(f) == 0);
	early_stopping();
	means();
	shuffling();
	resuming();
	failing();
	char command[400];
	snprintf(command, sizeof command, "rm -r %s", folder);
	CHECK_INT(system(command), 0);
	return test_result();
}
