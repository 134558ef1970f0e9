/* mc_fit.c -- one fit: its steps, what is watched, early stopping
 *
 * A step counts when it is done: `total` is the number of steps so far.  At the end of an epoch
 * the watched output is taken; less than the best so far makes the state the best one and
 * evaluates the tested output; less than best * improvement raises patience to total *
 * patience_increase.  Training ends at the first step with patience <= total. The last state
 * holds all of this, so that a resumed run goes on as if it had never stopped. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mc_random.h"
#include "mc_train.h"

static int open_eval(mc_run *run, mc_fit *f, mc_eval *e, const char *key, const char *steps,
                     const char *set)
{
	const char *name = mc_key_name(run, f->part, key, 0),
		   *from = mc_key_name(run, f->part, set, 0);
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
	if (!mc_call_open(&e->call, run, f->part, function, s,
	                  mc_key_integer(run, f->part, "batch", &env, 0)))
		return 0;
	e->output = mc_call_output(e->call.f, dot + 1);
	e->call.wanted[e->output] = 1;
	return 1;
}

int mc_fit_open(mc_run *run, mc_fit *f, const mc_driver_part *part, int number)
{
	const mc_driver_env env = {run->dims, 0, 0, 0};
	f->part = part;
	f->number = number;
	const char *set = mc_key_name(run, part, "set", 0),
		   *ragged = mc_key_name(run, part, "ragged", 0);
	const char *before = mc_key_name(run, part, "before_epoch", 0);
	mc_set *s = set ? mc_run_set(run, set) : NULL;
	if (set && !s)
		return 0;
	if (!mc_call_open(&f->call, run, part, part->function, s,
	                  mc_key_integer(run, part, "batch", &env, 0)))
		return 0;
	f->loss = -1;
	for (int i = 0; i < f->call.f->nouts && f->loss < 0; i++)
		if (f->call.f->out[i].type.rank == 0 && f->call.f->out[i].type.dtype < MC_COMPLEX64)
			f->loss = i;
	for (int i = 0; i < f->call.f->nouts; i++)
		f->call.wanted[i] = f->call.f->out[i].type.rank == 0 &&
		                    f->call.f->out[i].type.dtype < MC_COMPLEX64;
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

int mc_fit_most(mc_fit *f, int64_t *most)
{
	return mc_call_most(&f->call, most) && (!f->has_before || mc_call_most(&f->before, most)) &&
	       (f->watch.output < 0 || mc_call_most(&f->watch.call, most)) &&
	       (f->test.output < 0 || mc_call_most(&f->test.call, most));
}

void mc_fit_close(mc_fit *f)
{
	mc_call_close(&f->call);
	mc_call_close(&f->before);
	mc_call_close(&f->watch.call);
	mc_call_close(&f->test.call);
}

/* Rows in an order that only the key, the fit and the epoch decide (Fisher, Yates) */
static int shuffle_rows(mc_train *t, mc_fit *f)
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
		const uint64_t bits = mc_random_u64(t->shuffle, (uint64_t)t->s.epoch,
		                                    0xFFFFFFFFu - (uint32_t)f->number, 0,
		                                    (uint64_t)i);
		const int64_t j = (int64_t)(bits % (uint64_t)(i + 1)), swap = f->call.order[i];
		f->call.order[i] = f->call.order[j];
		f->call.order[j] = swap;
	}
	return 1;
}

static int64_t steps_of(const mc_fit *f, const mc_call *c, const char *key,
                        const mc_driver_env *env)
{
	if (!c->set)
		return mc_key_integer(c->run, f->part, key, env, 1);
	return f->drop && c == &f->call ? c->set->rows / c->batch
	                                : (c->set->rows + c->batch - 1) / c->batch;
}

static int evaluate(mc_train *t, mc_fit *f, mc_eval *e)
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
const char *mc_share_text(double value, const double share[2], char *text, size_t len)
{
	mc_mean m = {value, 1, 0, 0, 0, 1};
	if (share[0] >= 0 && share[1] > 0)
		m = (mc_mean){0, 0, (int64_t)share[0], (int64_t)share[1], 1, 1};
	return mc_mean_text(&m, text, len);
}

static int add_row(mc_train *t, const double row[MC_HIST])
{
	if (mc_history_add(&t->history, row))
		return 1;
	mc_fail(&t->run->err, MC_NO_MEMORY, "out of memory");
	return 0;
}

static int end_epoch(mc_train *t, mc_fit *f)
{
	mc_run *run = t->run;
	char text[96], loss[96];
	int better = 0;
	double row[MC_HIST] = {f->number,   t->s.epoch, t->s.total, mc_mean_value(&t->mean),
	                       (double)NAN, (double)NAN};
	if (f->watch.output >= 0) {
		if (!evaluate(t, f, &f->watch))
			return 0;
		const double value = row[MC_HIST_WATCH] = mc_mean_value(&f->watch.mean);
		if (value < t->s.best) {
			better = 1;
			if (value < t->s.best * f->improvement &&
			    t->s.patience < t->s.total * f->increase)
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
	if (better && !mc_train_save(t, t->best))
		return 0;
	/* on a terminal the bar shows every epoch, so a line is for what lasts */
	if (run->quiet || (t->progress.terminal && !better && f->watch.output >= 0))
		return 1;
	mc_progress_clear(&t->progress);
	printf("epoch %-4lld", (long long)t->s.epoch + 1);
	if (f->loss >= 0)
		printf("  %s %-9s", f->call.f->out[f->loss].name,
		       mc_mean_text(&t->mean, loss, sizeof loss));
	if (f->watch.output >= 0)
		printf("  %s %s", f->watch.name, mc_mean_text(&f->watch.mean, text, sizeof text));
	if (better && f->test.output >= 0)
		printf("  %s %s", f->test.name, mc_mean_text(&f->test.mean, text, sizeof text));
	printf("%s\n", better && !t->progress.terminal ? "  best" : "");
	fflush(stdout);
	return 1;
}

static int step(mc_train *t, mc_fit *f)
{
	const mc_driver_env env = {t->run->dims, (int64_t)t->s.step, (int64_t)t->s.epoch,
	                           (int64_t)t->s.total};
	if (!mc_call_run(&f->call, &env, env.step * f->call.batch))
		return 0;
	if (f->loss >= 0)
		mc_mean_add(&t->mean, &f->call.result[f->loss], mc_call_rows(&f->call));
	if (t->s.total < (double)t->run->trace) {
		mc_progress_clear(&t->progress);
		printf("step %lld", (long long)env.total + 1);
		for (int i = 0; i < f->call.f->nouts; i++)
			if (f->call.wanted[i])
				printf("  %s %.9g", f->call.f->out[i].name,
				       mc_array_number(&f->call.result[i], 0));
		printf("\n");
	}
	t->s.step++;
	t->s.total++;
	return 1;
}

static void bar(mc_train *t, const mc_fit *f)
{
	char label[64], value[128], loss[64];
	if (!t->progress.terminal)
		return;
	const double all = (double)f->epochs * (double)f->steps,
		     most = t->s.patience < all ? t->s.patience : all;
	snprintf(label, sizeof label, "epoch %lld/%lld", (long long)t->s.epoch + 1,
	         (long long)f->epochs);
	*value = 0;
	if (f->loss >= 0)
		snprintf(value, sizeof value, "%s %s", f->call.f->out[f->loss].name,
		         mc_mean_text(&t->mean, loss, sizeof loss));
	mc_progress_bar(&t->progress, label, (int64_t)t->s.step, f->steps, (int64_t)t->s.total,
	                most, value);
}

/* 1: the fit is over; 0: failed; 2: interrupted */
int mc_fit_run(mc_train *t, mc_fit *f)
{
	while (t->s.epoch < (double)f->epochs && t->s.patience > t->s.total) {
		const mc_driver_env env = {t->run->dims, 0, (int64_t)t->s.epoch,
		                           (int64_t)t->s.total};
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
				const double row[MC_HIST] = {f->number,   t->s.epoch,
				                             t->s.total,  mc_mean_value(&t->mean),
				                             (double)NAN, (double)NAN};
				return t->s.step >= (double)f->steps || add_row(t, row);
			}
			if (mc_train_interrupted())
				return 2;
			/* a crash costs some seconds at most */
			if (mc_seconds() - t->saved >= (double)t->run->save_every &&
			    !mc_train_save_last(t))
				return 0;
		}
		t->s.step = 0;
		t->s.epoch++;
	}
	return 1;
}
