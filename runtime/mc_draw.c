/* mc_draw.c -- the pictures of a training: its learning curves and what the driver block's
 * pictures ask for */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mc_picture.h"
#include "mc_run.h"

/* ---- learning curves */

static int count_fits(const mc_run *run)
{
	int n = 0;
	for (int i = 0; i < run->driver->nparts; i++)
		n += run->driver->parts[i].kind == MC_DRIVER_FIT;
	return n;
}

static const char *loss_name(const mc_run *run, const mc_driver_part *p)
{
	const mc_function *f = mc_run_function(run, p->function);
	for (int i = 0; f && i < f->nouts; i++)
		if (f->out[i].type.rank == 0)
			return f->out[i].name;
	return "loss";
}

/* One fit's rows of the history */
static int draw_curve(mc_run *run, const mc_history *h, int number)
{
	const mc_driver_part *p = &run->driver->parts[number];
	double *v = malloc((size_t)(4 * h->n + 1) * sizeof *v), best = (double)NAN,
	       least = (double)INFINITY;
	char name[300], title[300], mark[64], train[300];
	int n = 0, watched = 0, tested = 0;
	if (!v) {
		mc_fail(&run->err, MC_NO_MEMORY, "out of memory");
		return 0;
	}
	double *const x = v, *const loss = v + h->n, *const watch = loss + h->n,
		      *const test = watch + h->n;
	for (int i = 0; i < h->n; i++) {
		const double *r = h->row[i];
		if ((int)r[MC_HIST_FIT] != number)
			continue;
		x[n] = r[MC_HIST_EPOCH] + 1;
		loss[n] = r[MC_HIST_TRAIN];
		watch[n] = r[MC_HIST_WATCH];
		test[n] = r[MC_HIST_TEST];
		watched |= isfinite(watch[n]);
		tested |= isfinite(test[n]);
		if (watch[n] < least) {
			least = watch[n];
			best = x[n];
		}
		n++;
	}
	const char *watch_name = mc_key_name(run, p, "watch", 0),
		   *test_name = mc_key_name(run, p, "test", 0);
	snprintf(name, sizeof name,
	         count_fits(run) > 1 ? "learning_curve_%s.png" : "learning_curve.png", p->name);
	snprintf(title, sizeof title, "%.120s: %.120s", run->model->name, p->name);
	snprintf(train, sizeof train, "training: %.200s", loss_name(run, p));
	snprintf(mark, sizeof mark, "best: epoch %.0f", best);
	const mc_curve train_curve[1] = {{"training", n, x, loss, mc_blue, 0}};
	const mc_curve watch_curve[2] = {{watch_name ? watch_name : "", n, x, watch, mc_blue, 0},
	                                 {test_name ? test_name : "", n, x, test, mc_orange, 1}};
	const mc_panel panel[2] = {
		{train, 1, train_curve, watched ? best : (double)NAN, ""},
		{tested       ? "at the end of each epoch, and of each new best"
	         : watch_name ? watch_name
	                      : "",
	         tested ? 2 : 1, watch_curve, best, mark},
	};
	char *path = n ? mc_run_path(run, name) : NULL;
	const int ok = !n || (path && mc_plot(path, title, "epoch", watched ? 2 : 1, panel,
	                                      &run->err) == MC_OK);
	free(path);
	free(v);
	return ok;
}

/* ---- pictures: a function's outputs as tiles */

static int draw_output(mc_run *run, const mc_driver_part *p, const mc_call *c, int output)
{
	const mc_driver_env env = {run->dims, 0, 0, 0};
	const mc_array *a = &c->result[output];
	char name[300], title[300];
	mc_number n;
	int64_t height = a->rank > 1 ? a->size[a->rank - 2] : 1,
		width = a->rank ? a->size[a->rank - 1] : 1;
	if (mc_key_number(run, p, "tile", 0, &env, &n))
		height = width = n.i;
	if (mc_key_number(run, p, "tile", 1, &env, &n))
		width = n.i;
	if (c->f->nouts > 1)
		snprintf(name, sizeof name, "%.120s_%.120s.png", p->name, c->f->out[output].name);
	else
		snprintf(name, sizeof name, "%.240s.png", p->name);
	snprintf(title, sizeof title, "%.120s: %.120s", run->model->name, c->f->out[output].name);
	int nnames = 0;
	const char **names = mc_key_names(run, p, "classes", &nnames);
	char *path = mc_run_path(run, name);
	const int ok = path && mc_tiles(path, title, a, height, width, nnames, names,
	                                &run->err) == MC_OK;
	free(path);
	free(names);
	return ok;
}

static int draw_part(mc_run *run, const mc_driver_part *p)
{
	const mc_driver_env env = {run->dims, 0, 0, 0};
	mc_call c;
	int ok = mc_call_open(&c, run, p, p->function, NULL, 0);
	for (int i = 0; ok && i < c.f->nouts; i++)
		c.wanted[i] = 1;
	ok = ok && mc_call_run(&c, &env, 0);
	for (int i = 0; ok && i < c.f->nouts; i++)
		ok = draw_output(run, p, &c, i);
	mc_call_close(&c);
	return ok;
}

int mc_run_pictures(mc_run *run, const mc_history *h)
{
	int ok = 1;
	for (int i = 0; ok && i < run->driver->nparts; i++) {
		const mc_driver_part *p = &run->driver->parts[i];
		if (p->kind == MC_DRIVER_FIT)
			ok = draw_curve(run, h, i);
		if (p->kind == MC_DRIVER_PICTURE)
			ok = draw_part(run, p);
	}
	return ok;
}
