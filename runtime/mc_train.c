/* mc_train.c -- trains: the fits in order, their states, what is said around them */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "mc_train.h"

/* the one thing that a signal handler can reach */
static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	interrupted = number;
}

int mc_train_interrupted(void)
{
	return interrupted != 0;
}

static void listen(void)
{
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_handler = on_interrupt;
	/* a second one ends the program; no write is cut short by the first */
	action.sa_flags = (int)(SA_RESETHAND | SA_RESTART);
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static int open_all(mc_train *t)
{
	mc_run *run = t->run;
	t->fit = calloc((size_t)run->driver->nparts + 1, sizeof *t->fit);
	int64_t *most = calloc((size_t)run->model->ndims + 1, sizeof *most);
	int ok = t->fit && most;
	if (!ok)
		mc_fail(&run->err, MC_NO_MEMORY, "out of memory");
	for (int i = 0; ok && i < run->driver->nparts; i++)
		if (run->driver->parts[i].kind == MC_DRIVER_FIT)
			ok = mc_fit_open(run, &t->fit[t->nfits++], &run->driver->parts[i], i);
	for (int i = 0; ok && i < t->nfits; i++)
		ok = mc_fit_most(&t->fit[i], most);
	/* the pictures are drawn, and what is confused is counted, with the same object */
	ok = ok && mc_confusion_open(run, &t->confusion, mc_run_prediction(run)) &&
	     (!t->confusion.n || mc_call_most(&t->confusion.call, most));
	for (int i = 0; ok && i < run->driver->nparts; i++) {
		const mc_driver_part *p = &run->driver->parts[i];
		mc_call c;
		if (p->kind != MC_DRIVER_PICTURE)
			continue;
		ok = mc_call_open(&c, run, p, p->function, NULL, 0) && mc_call_most(&c, most);
		mc_call_close(&c);
	}
	if (ok && t->nfits == 0) {
		mc_fail(&run->err, MC_MISMATCH,
		        "the driver block has no fit: there is nothing to train");
		ok = 0;
	}
	ok = ok && mc_run_create(run, most) && mc_run_bind_object(run);
	free(most);
	return ok;
}

static void begin_fit(mc_train *t, int i)
{
	t->s = (mc_state){0};
	t->s.fit = i;
	t->s.patience = t->fit[i].patience;
	t->s.best = (double)INFINITY;
	t->s.best_share[0] = t->s.test_share[0] = -1;
	mc_mean_begin(&t->mean);
}

static const char *key_text(double n, char *text, size_t len)
{
	return mc_number_text((int64_t)n, text, len);
}

static const char *plural(double n)
{
	return n == 1 ? "" : "s";
}

static void say_begin(mc_train *t)
{
	const mc_run *run = t->run;
	char number[48];
	int64_t params = 0, size[MC_MAX_RANK];
	for (int i = 0; i < run->model->ntensors; i++) {
		mc_array a;
		const mc_tensor *x = &run->model->tensors[i];
		if (x->kind == MC_PARAM &&
		    mc_array_shape(&a, x->type.dtype, mc_type_sizes(&x->type, run->dims, size),
		                   size))
			params += a.count;
	}
	printf("%s: %s parameter%s, %s", run->model->name,
	       mc_number_text(params, number, sizeof number), plural((double)params),
	       mc_dtype_name(run->model->floatX));
	if (run->folder)
		printf("; data from %s", run->folder);
	printf("\n");
	if (run->resume)
		printf("going on from %s: step %s, epoch %.0f\n", t->last,
		       key_text(t->s.total, number, sizeof number), t->s.epoch + 1);
	fflush(stdout);
}

static void say_fit(mc_train *t, const mc_fit *f, double seconds, double steps)
{
	char number[48], text[96];
	const double in_epoch = f->steps > 0 ? (double)f->steps : 1;
	mc_progress_clear(&t->progress);
	if (t->s.patience <= t->s.total)
		printf("%s: stopped at step %s, in epoch %.0f: patience is over\n", f->part->name,
		       key_text(t->s.total, number, sizeof number), t->s.epoch + 1);
	else
		printf("%s: %.0f epoch%s, %s step%s\n", f->part->name, t->s.epoch, plural(t->s.epoch),
		       key_text(t->s.total, number, sizeof number), plural(t->s.total));
	if (f->watch.output >= 0 && isfinite(t->s.best)) {
		printf("best at epoch %.0f: %s %s", t->s.best_epoch + 1, f->watch.name,
		       mc_share_text(t->s.best, t->s.best_share, text, sizeof text));
		if (f->test.output >= 0)
			printf(", %s %s", f->test.name,
			       mc_share_text(t->s.test_value, t->s.test_share, text, sizeof text));
		printf("\n");
	}
	if (steps > 0 && seconds > 0)
		printf("%.4g epoch%s in %.3g s: %.4g epochs/s", steps / in_epoch, plural(steps / in_epoch),
		       seconds, steps / in_epoch / seconds);
	if (steps > 0 && t->run->resume)
		printf("; %.3g s with the runs before", t->seconds + mc_seconds() - t->begin);
	printf(steps > 0 ? "\n" : "");
	fflush(stdout);
}

static int run_all(mc_train *t)
{
	mc_run *run = t->run;
	for (; t->s.fit < t->nfits; begin_fit(t, (int)t->s.fit + 1)) {
		mc_fit *f = &t->fit[(int)t->s.fit];
		const double begin = mc_seconds(), before = t->s.total;
		mc_progress_begin(&t->progress, (int64_t)before);
		const int how = mc_fit_run(t, f);
		mc_progress_clear(&t->progress);
		if (how == 0)
			return 1;
		if (how == 2) {
			if (!mc_train_save_last(t))
				return 1;
			printf("stopped at step %.0f of epoch %.0f; %s train --resume --out %s goes on from there\n",
			       t->s.step, t->s.epoch + 1, run->program, run->out);
			return 130;
		}
		say_fit(t, f, mc_seconds() - begin, t->s.total - before);
		/* where nothing was watched, or was ever finite, the last state is the best */
		const int none = f->watch.output < 0 || !isfinite(t->s.best);
		if (!mc_train_save_last(t) || (none && !mc_train_save(t, t->best)))
			return 1;
		if (t->s.fit + 1 >= t->nfits)
			break;
	}
	return 0;
}

static int finish(mc_train *t)
{
	mc_run *run = t->run;
	char *csv = mc_run_path(run, "history.csv");
	int ok = csv && mc_history_csv(run, &t->history, csv, &run->err);
	free(csv);
	/* pictures are of the best state */
	ok = ok && mc_load_with(run->model, run->object, t->best, NULL, &run->err) == MC_OK &&
	     mc_run_pictures(run, &t->history);
	if (t->confusion.n)
		ok = ok && mc_confusion_run(&t->confusion) && mc_confusion_files(&t->confusion);
	if (ok)
		printf("wrote best.npz, last.npz, history.csv and pictures to %s\n", run->out);
	return ok ? 0 : 1;
}

static int begin_with_state(mc_run *run)
{
	const mc_status status =
		run->partial
			? mc_load_partial(run->model, run->object, run->state, stdout, &run->err)
			: mc_load_with(run->model, run->object, run->state, NULL, &run->err);
	return status == MC_OK;
}

int mc_run_train(mc_run *run)
{
	mc_train t = {0};
	int status = 1;
	t.run = run;
	t.begin = t.saved = mc_seconds();
	if (mc_run_bind(run) && open_all(&t) && (t.best = mc_run_path(run, "best.npz")) &&
	    (t.last = mc_run_path(run, "last.npz"))) {
		mc_out_sweep(run->out);
		begin_fit(&t, 0);
		int ok = 1;
		if (run->resume) {
			ok = mc_train_resume(&t);
		} else {
			run->model->init(run->object, run->seed);
			t.shuffle = run->seed;
			ok = !run->state || begin_with_state(run);
		}
		if (ok) {
			listen();
			say_begin(&t);
			status = run_all(&t);
			signal(SIGINT, SIG_DFL);
			signal(SIGTERM, SIG_DFL);
			if (status == 0)
				status = finish(&t);
		}
	}
	for (int i = 0; i < t.nfits; i++) {
		mc_fit_close(&t.fit[i]);
	}
	mc_confusion_close(&t.confusion);
	free(t.fit);
	free(t.history.row);
	free(t.best);
	free(t.last);
	return status;
}
