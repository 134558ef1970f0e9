/* mc_state.c -- a training in a file: the model's state, and beside it where the training is */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "mc_train.h"

static void mean_out(mc_train *t)
{
	t->s.sum = t->mean.sum;
	t->s.weight = t->mean.weight;
	t->s.calls = t->mean.calls;
	t->s.count = (double)t->mean.count;
	t->s.rows = (double)t->mean.rows;
	t->s.counted = t->mean.counted;
}

static void mean_in(mc_train *t)
{
	t->mean.sum = t->s.sum;
	t->mean.weight = t->s.weight;
	t->mean.calls = (int)t->s.calls;
	t->mean.count = (int64_t)t->s.count;
	t->mean.rows = (int64_t)t->s.rows;
	t->mean.counted = t->s.counted != 0;
}

int mc_train_save(mc_train *t, const char *path)
{
	mc_run *run = t->run;
	enum { MORE = 4 };
	char name[MORE][16] = {"@progress", "@history", "@shuffle", "@time"};
	mc_named more[MORE];
	const int64_t n = MC_STATE, rows[2] = {t->history.n, MC_HIST}, one = 1;
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

int mc_train_save_last(mc_train *t)
{
	t->seconds += mc_seconds() - t->begin;
	t->begin = t->saved = mc_seconds();
	return mc_train_save(t, t->last);
}

int mc_train_resume(mc_train *t)
{
	mc_run *run = t->run;
	mc_archive a;
	if (access(t->last, F_OK) != 0) {
		mc_fail(&run->err, MC_IO, "there is no %s to go on from: train without --resume first",
		        t->last);
		return 0;
	}
	if (mc_load_with(run->model, run->object, t->last, &a, &run->err) != MC_OK)
		return 0;
	const mc_array *s = mc_archive_find(&a, "@progress"), *h = mc_archive_find(&a, "@history");
	const mc_array *key = mc_archive_find(&a, "@shuffle"), *time = mc_archive_find(&a, "@time");
	int ok = s && h && key && s->dtype == MC_FLOAT64 && s->count == MC_STATE &&
	         h->dtype == MC_FLOAT64 && h->rank == 2 && h->size[1] == MC_HIST &&
	         key->dtype == MC_UINT64 && key->count == 1;
	if (ok) {
		memcpy(&t->s, s->data, sizeof t->s);
		memcpy(&t->shuffle, key->data, sizeof t->shuffle);
		t->seconds = time && time->dtype == MC_FLOAT64 && time->count == 1
		                   ? *(const double *)time->data
		                   : 0;
		/* whole numbers that index things */
		ok = t->s.fit >= 0 && t->s.fit < t->nfits && t->s.epoch >= 0 &&
		     t->s.epoch < 0x1p53 && t->s.step >= 0 && t->s.step < 0x1p53 &&
		     t->s.total >= 0 && t->s.total < 0x1p53 && fabs(t->s.count) < 0x1p53 &&
		     fabs(t->s.rows) < 0x1p53 && t->s.calls >= 0 && t->s.calls < 0x1p31;
	}
	for (int64_t i = 0; ok && i < h->size[0]; i++) {
		const double *row = (const double *)h->data + i * MC_HIST;
		ok = row[MC_HIST_FIT] >= 0 && row[MC_HIST_FIT] < run->driver->nparts &&
		     mc_history_add(&t->history, row);
	}
	mc_archive_free(&a);
	if (!ok) {
		mc_fail(&run->err, MC_MISMATCH,
		        "%s holds no training of this program that could go on", t->last);
		return 0;
	}
	mean_in(t);
	return 1;
}
