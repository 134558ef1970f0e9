/* mc_fit.c -- trains: the fits in order, watching, early stopping, best and last states
 *
 * A step counts when it is done: `total` is the number of steps so far.  At the end of an epoch the watched output is
 * taken; less than the best so far makes the state the best one and evaluates the tested output; less than best *
 * improvement raises patience to total * patience_increase.  Training ends at the first step with patience <= total.
 * The last state holds all of this, so that a resumed run goes on as if it had never stopped. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "mc_random.h"
#include "mc_run.h"

/* the one thing that a signal handler can reach */
static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	interrupted = number;
}

static void listen(void)
{
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_handler = on_interrupt;
	action.sa_flags = (int)SA_RESETHAND; /* a second one ends the program */
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

typedef struct Eval { /* what is watched or tested */
	mc_call call;
	int output; /* -1: nothing */
	const char *steps, *name; /* the key; function.output */
	mc_mean mean;
} Eval;

typedef struct Fit {
	const mc_driver_part *part;
	int number; /* among the parts */
	mc_call call, before;
	int has_before, loss; /* the output that is shown, -1: none */
	int shuffle, drop;
	Eval watch, test;
	int64_t steps, epochs;
	double patience, increase, improvement;
} Fit;

/* where the training is: what last.npz keeps */
typedef struct State {
	double fit, epoch, step, total, patience, best, best_epoch, sum, weight, calls, count, rows, counted;
	double best_share[2], test_share[2], test_value; /* counts of the best and its test, and the test's value */
} State;
enum { STATE = sizeof(State) / sizeof(double) };

typedef struct Train {
	mc_run *run;
	int nfits, started;
	Fit *fit;
	State s;
	uint64_t shuffle; /* key */
	mc_history history;
	mc_progress progress;
	char *best, *last;
	double begin, saved; /* seconds */
	double seconds; /* spent so far, by earlier runs too */
	mc_mean mean; /* of the epoch's losses */
	char watch_text[96], test_text[96];
} Train;

/* ---- set-up */

static int open_eval(mc_run *run, Fit *f, Eval *e, const char *key, const char *steps, const char *set)
{
	const char *name = mc_key_name(run, f->part, key, 0), *from = mc_key_name(run, f->part, set, 0);
	char function[256];
	e->output = -1;
	e->steps = steps;
	e->name = name;
	if (!name)
		return 1;
	const char *dot = strrchr(name, '.');
	snprintf(function, sizeof function, "%.*s", (int)(dot - name), name);
	const mc_driver_env env = {run->dims, 0, 0, 0};
	mc_set *s = from ? mc_run_set(run, from) : NULL;
	if (from && !s)
		return 0;
	if (!mc_call_open(&e->call, run, f->part, function, s, mc_key_integer(run, f->part, "batch", &env, 0)))
		return 0;
	e->output = mc_call_output(e->call.f, dot + 1);
	e->call.wanted[e->output] = 1;
	return 1;
}

static int open_fit(mc_run *run, Fit *f, const mc_driver_part *part, int number)
{
	const mc_driver_env env = {run->dims, 0, 0, 0};
	f->part = part;
	f->number = number;
	const char *set = mc_key_name(run, part, "set", 0), *ragged = mc_key_name(run, part, "ragged", 0);
	const char *before = mc_key_name(run, part, "before_epoch", 0);
	mc_set *s = set ? mc_run_set(run, set) : NULL;
	if (set && !s)
		return 0;
	if (!mc_call_open(&f->call, run, part, part->function, s, mc_key_integer(run, part, "batch", &env, 0)))
		return 0;
	f->loss = -1;
	for (int i = 0; i < f->call.f->nouts && f->loss < 0; i++)
		if (f->call.f->out[i].type.rank == 0 && f->call.f->out[i].type.dtype < MC_COMPLEX64)
			f->loss = i;
	for (int i = 0; i < f->call.f->nouts; i++)
		f->call.wanted[i] = f->call.f->out[i].type.rank == 0 && f->call.f->out[i].type.dtype < MC_COMPLEX64;
	f->drop = ragged && !strcmp(ragged, "drop");
	f->shuffle = mc_key_integer(run, part, "shuffle", &env, 0) != 0;
	f->has_before = before != NULL;
	f->epochs = mc_key_integer(run, part, "epochs", &env, 1);
	f->patience = mc_key_real(run, part, "patience", &env, (double)INFINITY);
	f->increase = mc_key_real(run, part, "patience_increase", &env, 2);
	f->improvement = mc_key_real(run, part, "improvement", &env, 0.995);
	if (before && !mc_call_open(&f->before, run, part, before, NULL, 0))
		return 0;
	return open_eval(run, f, &f->watch, "watch", "watch_steps", "watch_set") &&
	       open_eval(run, f, &f->test, "test", "test_steps", "test_set");
}

static int most_of(Fit *f, int64_t *most)
{
	return mc_call_most(&f->call, most) && (!f->has_before || mc_call_most(&f->before, most)) &&
	       (f->watch.output < 0 || mc_call_most(&f->watch.call, most)) &&
	       (f->test.output < 0 || mc_call_most(&f->test.call, most));
}

static int open_all(Train *t)
{
	mc_run *run = t->run;
	t->fit = calloc((size_t)run->driver->nparts + 1, sizeof *t->fit);
	int64_t *most = calloc((size_t)run->model->ndims + 1, sizeof *most);
	int ok = t->fit && most;
	if (!ok)
		mc_fail(&run->err, MC_NO_MEMORY, "out of memory");
	for (int i = 0; ok && i < run->driver->nparts; i++)
		if (run->driver->parts[i].kind == MC_DRIVER_FIT)
			ok = open_fit(run, &t->fit[t->nfits++], &run->driver->parts[i], i);
	for (int i = 0; ok && i < t->nfits; i++)
		ok = most_of(&t->fit[i], most);
	/* the pictures are drawn with the same object */
	for (int i = 0; ok && i < run->driver->nparts; i++) {
		const mc_driver_part *p = &run->driver->parts[i];
		mc_call c;
		if (p->kind != MC_DRIVER_PICTURE)
			continue;
		ok = mc_call_open(&c, run, p, p->function, NULL, 0) && mc_call_most(&c, most);
		mc_call_close(&c);
	}
	if (ok && t->nfits == 0) {
		mc_fail(&run->err, MC_MISMATCH, "the driver block has no fit: there is nothing to train");
		ok = 0;
	}
	ok = ok && mc_run_create(run, most) && mc_run_bind_object(run);
	free(most);
	return ok;
}

/* ---- states */

static void mean_out(Train *t)
{
	t->s.sum = t->mean.sum;
	t->s.weight = t->mean.weight;
	t->s.calls = t->mean.calls;
	t->s.count = (double)t->mean.count;
	t->s.rows = (double)t->mean.rows;
	t->s.counted = t->mean.counted;
}

static void mean_in(Train *t)
{
	t->mean.sum = t->s.sum;
	t->mean.weight = t->s.weight;
	t->mean.calls = (int)t->s.calls;
	t->mean.count = (int64_t)t->s.count;
	t->mean.rows = (int64_t)t->s.rows;
	t->mean.counted = t->s.counted != 0;
}

static int save_state(Train *t, const char *path)
{
	mc_run *run = t->run;
	enum { MORE = 4 };
	char name[MORE][16] = {"@progress", "@history", "@shuffle", "@time"};
	mc_named more[MORE];
	const int64_t n = STATE, rows[2] = {t->history.n, MC_HIST}, one = 1;
	mean_out(t);
	memset(more, 0, sizeof more);
	mc_array_shape(&more[0].array, MC_FLOAT64, 1, &n);
	mc_array_shape(&more[1].array, MC_FLOAT64, 2, rows);
	mc_array_shape(&more[2].array, MC_UINT64, 1, &one);
	more[0].array.data = &t->s;
	more[1].array.data = t->history.row;
	mc_array_shape(&more[3].array, MC_FLOAT64, 1, &one);
	more[2].array.data = &t->shuffle;
	more[3].array.data = &t->seconds;
	for (int i = 0; i < MORE; i++)
		more[i].name = name[i];
	return mc_save_with(run->model, run->object, path, MORE, more, &run->err) == MC_OK;
}

static int save_last(Train *t)
{
	t->seconds += mc_seconds() - t->begin;
	t->begin = t->saved = mc_seconds();
	return save_state(t, t->last);
}

static int resume(Train *t)
{
	mc_run *run = t->run;
	mc_archive a;
	if (mc_load_with(run->model, run->object, t->last, &a, &run->err) != MC_OK)
		return 0;
	const mc_array *s = mc_archive_find(&a, "@progress"), *h = mc_archive_find(&a, "@history");
	const mc_array *key = mc_archive_find(&a, "@shuffle"), *time = mc_archive_find(&a, "@time");
	int ok = s && h && key && s->dtype == MC_FLOAT64 && s->count == STATE && h->dtype == MC_FLOAT64 && h->rank == 2 &&
	         h->size[1] == MC_HIST && key->dtype == MC_UINT64 && key->count == 1;
	if (ok) {
		memcpy(&t->s, s->data, sizeof t->s);
		memcpy(&t->shuffle, key->data, sizeof t->shuffle);
		t->seconds = time && time->dtype == MC_FLOAT64 && time->count == 1 ? *(const double *)time->data : 0;
		/* whole numbers that index things */
		ok = t->s.fit >= 0 && t->s.fit < t->nfits && t->s.epoch >= 0 && t->s.epoch < 0x1p53 && t->s.step >= 0 &&
		     t->s.step < 0x1p53 && t->s.total >= 0 && t->s.total < 0x1p53 && fabs(t->s.count) < 0x1p53 &&
		     fabs(t->s.rows) < 0x1p53 && t->s.calls >= 0 && t->s.calls < 0x1p31;
	}
	for (int64_t i = 0; ok && i < h->size[0]; i++) {
		const double *row = (const double *)h->data + i * MC_HIST;
		ok = row[MC_HIST_FIT] >= 0 && row[MC_HIST_FIT] < run->driver->nparts && mc_history_add(&t->history, row);
	}
	mc_archive_free(&a);
	if (!ok) {
		mc_fail(&run->err, MC_MISMATCH, "%s holds no training of this program that could go on", t->last);
		return 0;
	}
	mean_in(t);
	return 1;
}

/* ---- one fit */

/* Rows in an order that only the key, the fit and the epoch decide (Fisher, Yates) */
static int shuffle_rows(Train *t, Fit *f)
{
	const int64_t n = f->call.set->rows;
	if (!f->call.order)
		f->call.order = malloc((size_t)n * sizeof *f->call.order);
	if (!f->call.order) {
		mc_fail(&t->run->err, MC_NO_MEMORY, "out of memory");
		return 0;
	}
	for (int64_t i = 0; i < n; i++)
		f->call.order[i] = i;
	for (int64_t i = n - 1; i > 0; i--) {
		const uint64_t bits = mc_random_u64(t->shuffle, (uint64_t)t->s.epoch, 0xFFFFFFFFu - (uint32_t)f->number, 0, (uint64_t)i);
		const int64_t j = (int64_t)(bits % (uint64_t)(i + 1)), swap = f->call.order[i];
		f->call.order[i] = f->call.order[j];
		f->call.order[j] = swap;
	}
	return 1;
}

static int64_t steps_of(const Fit *f, const mc_call *c, const char *key, const mc_driver_env *env)
{
	if (!c->set)
		return mc_key_integer(c->run, f->part, key, env, 1);
	return f->drop && c == &f->call ? c->set->rows / c->batch : (c->set->rows + c->batch - 1) / c->batch;
}

static int evaluate(Train *t, Fit *f, Eval *e)
{
	mc_driver_env env = {t->run->dims, 0, (int64_t)t->s.epoch, (int64_t)t->s.total};
	const int64_t steps = steps_of(f, &e->call, e->steps, &env);
	mc_mean_begin(&e->mean);
	for (env.step = 0; env.step < steps; env.step++) {
		if (!mc_call_run(&e->call, &env, env.step * e->call.batch))
			return 0;
		mc_mean_add(&e->mean, &e->call.result[e->output], mc_call_rows(&e->call));
	}
	return 1;
}

static void share_out(const mc_mean *m, double share[2])
{
	share[0] = m->counted ? (double)m->count : -1;
	share[1] = m->counted ? (double)m->rows : -1;
}

/* the text of a value that was kept, as it was when it was a mean */
static const char *share_text(double value, const double share[2], char *text, size_t len)
{
	mc_mean m = {value, 1, 0, 0, 0, 1};
	if (share[0] >= 0 && share[1] > 0)
		m = (mc_mean){0, 0, (int64_t)share[0], (int64_t)share[1], 1, 1};
	return mc_mean_text(&m, text, len);
}

static int add_row(Train *t, const double row[MC_HIST])
{
	if (mc_history_add(&t->history, row))
		return 1;
	mc_fail(&t->run->err, MC_NO_MEMORY, "out of memory");
	return 0;
}

static int end_epoch(Train *t, Fit *f)
{
	mc_run *run = t->run;
	char text[96], loss[96];
	int better = 0;
	double row[MC_HIST] = {f->number, t->s.epoch, t->s.total, mc_mean_value(&t->mean), (double)NAN, (double)NAN};
	if (f->watch.output >= 0) {
		if (!evaluate(t, f, &f->watch))
			return 0;
		const double value = row[MC_HIST_WATCH] = mc_mean_value(&f->watch.mean);
		if (value < t->s.best) {
			better = 1;
			if (value < t->s.best * f->improvement && t->s.patience < t->s.total * f->increase)
				t->s.patience = t->s.total * f->increase;
			t->s.best = value;
			t->s.best_epoch = t->s.epoch;
			share_out(&f->watch.mean, t->s.best_share);
			if (f->test.output >= 0) {
				if (!evaluate(t, f, &f->test))
					return 0;
				row[MC_HIST_TEST] = t->s.test_value = mc_mean_value(&f->test.mean);
				share_out(&f->test.mean, t->s.test_share);
			}
		}
	}
	if (!add_row(t, row))
		return 0;
	if (better && !save_state(t, t->best))
		return 0;
	/* on a terminal the bar shows every epoch, so a line is for what lasts */
	if (run->quiet || (t->progress.terminal && !better && f->watch.output >= 0))
		return 1;
	mc_progress_clear(&t->progress);
	printf("epoch %-4lld", (long long)t->s.epoch + 1);
	if (f->loss >= 0)
		printf("  %s %-9s", f->call.f->out[f->loss].name, mc_mean_text(&t->mean, loss, sizeof loss));
	if (f->watch.output >= 0)
		printf("  %s %s", f->watch.name, mc_mean_text(&f->watch.mean, text, sizeof text));
	if (better && f->test.output >= 0)
		printf("  %s %s", f->test.name, mc_mean_text(&f->test.mean, text, sizeof text));
	printf("%s\n", better && !t->progress.terminal ? "  best" : "");
	fflush(stdout);
	return 1;
}

static int step(Train *t, Fit *f)
{
	const mc_driver_env env = {t->run->dims, (int64_t)t->s.step, (int64_t)t->s.epoch, (int64_t)t->s.total};
	if (!mc_call_run(&f->call, &env, env.step * f->call.batch))
		return 0;
	if (f->loss >= 0)
		mc_mean_add(&t->mean, &f->call.result[f->loss], mc_call_rows(&f->call));
	if (t->s.total < (double)t->run->trace) {
		mc_progress_clear(&t->progress);
		printf("step %lld", (long long)env.total + 1);
		for (int i = 0; i < f->call.f->nouts; i++)
			if (f->call.wanted[i])
				printf("  %s %.9g", f->call.f->out[i].name, mc_array_number(&f->call.result[i], 0));
		printf("\n");
	}
	t->s.step++;
	t->s.total++;
	return 1;
}

static void bar(Train *t, const Fit *f)
{
	char label[64], value[128], loss[64];
	if (!t->progress.terminal)
		return;
	const double all = (double)f->epochs * (double)f->steps, most = t->s.patience < all ? t->s.patience : all;
	snprintf(label, sizeof label, "epoch %lld/%lld", (long long)t->s.epoch + 1, (long long)f->epochs);
	*value = 0;
	if (f->loss >= 0)
		snprintf(value, sizeof value, "%s %s", f->call.f->out[f->loss].name, mc_mean_text(&t->mean, loss, sizeof loss));
	mc_progress_bar(&t->progress, label, (int64_t)t->s.step, f->steps, (int64_t)t->s.total, most, value);
}

/* 1: the fit is over; 0: failed; 2: interrupted */
static int run_fit(Train *t, Fit *f)
{
	while (t->s.epoch < (double)f->epochs && t->s.patience > t->s.total) {
		const mc_driver_env env = {t->run->dims, 0, (int64_t)t->s.epoch, (int64_t)t->s.total};
		f->steps = steps_of(f, &f->call, "steps", &env);
		if (t->s.step == 0) {
			mc_mean_begin(&t->mean);
			if (f->has_before && !mc_call_run(&f->before, &env, 0))
				return 0;
		}
		if (f->shuffle && f->call.set && !shuffle_rows(t, f))
			return 0;
		while (t->s.step < (double)f->steps) {
			if (!step(t, f))
				return 0;
			bar(t, f);
			if (t->s.step >= (double)f->steps && !end_epoch(t, f))
				return 0;
			if (t->s.patience <= t->s.total) {
				/* what there is of this epoch */
				const double row[MC_HIST] = {f->number,           t->s.epoch,   t->s.total, mc_mean_value(&t->mean),
				                             (double)NAN, (double)NAN};
				return t->s.step >= (double)f->steps || add_row(t, row);
			}
			if (interrupted)
				return 2;
		}
		t->s.step = 0;
		t->s.epoch++;
		/* a crash costs some seconds at most */
		if (mc_seconds() - t->saved > 10 && !save_last(t))
			return 0;
	}
	return 1;
}

static void begin_fit(Train *t, int i)
{
	t->s = (State){0};
	t->s.fit = i;
	t->s.patience = t->fit[i].patience;
	t->s.best = (double)INFINITY;
	t->s.best_share[0] = t->s.test_share[0] = -1;
	mc_mean_begin(&t->mean);
}

/* ---- what is said around it */

static const char *key_text(double n, char *text, size_t len)
{
	return mc_number_text((int64_t)n, text, len);
}

static void say_begin(Train *t)
{
	const mc_run *run = t->run;
	char number[48];
	int64_t params = 0, size[MC_MAX_RANK];
	for (int i = 0; i < run->model->ntensors; i++) {
		mc_array a;
		const mc_tensor *x = &run->model->tensors[i];
		if (x->kind == MC_PARAM && mc_array_shape(&a, x->type.dtype, mc_type_sizes(&x->type, run->dims, size), size))
			params += a.count;
	}
	printf("%s: %s parameters, %s", run->model->name, mc_number_text(params, number, sizeof number),
	       mc_dtype_name(run->model->floatX));
	if (run->folder)
		printf("; data from %s", run->folder);
	printf("\n");
	if (run->resume)
		printf("going on from %s: step %s, epoch %.0f\n", t->last, key_text(t->s.total, number, sizeof number), t->s.epoch + 1);
	fflush(stdout);
}

static void say_fit(Train *t, const Fit *f, double seconds, double steps)
{
	char number[48], text[96];
	const double in_epoch = f->steps > 0 ? (double)f->steps : 1;
	mc_progress_clear(&t->progress);
	if (t->s.patience <= t->s.total)
		printf("%s: stopped at step %s, in epoch %.0f: patience is over\n", f->part->name,
		       key_text(t->s.total, number, sizeof number), t->s.epoch + 1);
	else
		printf("%s: %.0f epochs, %s steps\n", f->part->name, t->s.epoch, key_text(t->s.total, number, sizeof number));
	if (f->watch.output >= 0 && isfinite(t->s.best)) {
		printf("best at epoch %.0f: %s %s", t->s.best_epoch + 1, f->watch.name,
		       share_text(t->s.best, t->s.best_share, text, sizeof text));
		if (f->test.output >= 0)
			printf(", %s %s", f->test.name, share_text(t->s.test_value, t->s.test_share, text, sizeof text));
		printf("\n");
	}
	if (steps > 0 && seconds > 0)
		printf("%.4g epochs in %.3g s: %.4g epochs/s", steps / in_epoch, seconds, steps / in_epoch / seconds);
	if (steps > 0 && t->run->resume)
		printf("; %.3g s with the runs before", t->seconds + mc_seconds() - t->begin);
	printf(steps > 0 ? "\n" : "");
	fflush(stdout);
}

static int run_all(Train *t)
{
	mc_run *run = t->run;
	for (; t->s.fit < t->nfits; begin_fit(t, (int)t->s.fit + 1)) {
		Fit *f = &t->fit[(int)t->s.fit];
		const double begin = mc_seconds(), before = t->s.total;
		mc_progress_begin(&t->progress, (int64_t)before);
		const int how = run_fit(t, f);
		mc_progress_clear(&t->progress);
		if (how == 0)
			return 1;
		if (how == 2) {
			if (!save_last(t))
				return 1;
			printf("stopped at step %.0f of epoch %.0f; %s train --resume --out %s goes on from there\n", t->s.step,
			       t->s.epoch + 1, run->program, run->out);
			return 130;
		}
		say_fit(t, f, mc_seconds() - begin, t->s.total - before);
		/* without a watched output the last state is the best */
		if (!save_last(t) || (f->watch.output < 0 && !save_state(t, t->best)))
			return 1;
		if (t->s.fit + 1 >= t->nfits)
			break;
	}
	return 0;
}

static int finish(Train *t)
{
	mc_run *run = t->run;
	char *csv = mc_run_path(run, "history.csv");
	int ok = csv && mc_history_csv(run, &t->history, csv, &run->err);
	free(csv);
	/* pictures are of the best state */
	ok = ok && mc_load_with(run->model, run->object, t->best, NULL, &run->err) == MC_OK && mc_run_pictures(run, &t->history);
	if (ok)
		printf("wrote best.npz, last.npz, history.csv and pictures to %s\n", run->out);
	return ok ? 0 : 1;
}

int mc_run_train(mc_run *run)
{
	Train t = {0};
	int status = 1;
	t.run = run;
	t.begin = t.saved = mc_seconds();
	if (mc_run_bind(run) && open_all(&t) && (t.best = mc_run_path(run, "best.npz")) && (t.last = mc_run_path(run, "last.npz"))) {
		begin_fit(&t, 0);
		int ok = 1;
		if (run->resume) {
			ok = resume(&t);
		} else {
			run->model->init(run->object, run->seed);
			t.shuffle = run->seed;
		}
		if (ok) {
			say_begin(&t);
			listen();
			status = run_all(&t);
			signal(SIGINT, SIG_DFL);
			signal(SIGTERM, SIG_DFL);
			if (status == 0)
				status = finish(&t);
		}
	}
	for (int i = 0; i < t.nfits; i++) {
		mc_call_close(&t.fit[i].call);
		mc_call_close(&t.fit[i].before);
		mc_call_close(&t.fit[i].watch.call);
		mc_call_close(&t.fit[i].test.call);
	}
	free(t.fit);
	free(t.history.row);
	free(t.best);
	free(t.last);
	return status;
}
