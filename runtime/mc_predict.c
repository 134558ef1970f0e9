/* mc_predict.c -- predictions of the best state: the first ones beside the truth, or all of them
 * in a file */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mc_run.h"

enum { CHUNK = 1000, MAX_SHOWN = 16 };

typedef struct Predict {
	mc_run *run;
	const mc_driver_part *part;
	mc_call call;
	mc_set *set;
	const mc_array *truth;
	int n, output[MAX_SHOWN]; /* what is shown */
	int64_t rows; /* asked for */
	mc_confusion confusion;
	const char **classes; /* names of what the truth and the first output are */
	int nclasses;
} Predict;

/* ---- values as text */

static void value_text(const mc_array *a, int64_t i, char *text, size_t len, int digits)
{
	if (a->dtype == MC_INT64)
		snprintf(text, len, "%lld", (long long)((const int64_t *)a->data)[i]);
	else if (a->dtype == MC_UINT64)
		snprintf(text, len, "%llu", (unsigned long long)((const uint64_t *)a->data)[i]);
	else if (a->dtype < MC_FLOAT16)
		snprintf(text, len, "%.0f", mc_array_number(a, i));
	else if (digits)
		snprintf(text, len, "%.*g", a->dtype == MC_FLOAT64 ? 17 : 9, mc_array_number(a, i));
	else
		snprintf(text, len, "%.4f", mc_array_number(a, i));
}

/* numbers in a row of an array */
static int64_t row_width(const mc_array *a)
{
	int64_t n = 1;
	for (int i = 1; i < a->rank; i++)
		n *= a->size[i];
	return n;
}

static void row_text(const mc_array *a, int64_t row, char *text, size_t len)
{
	const int64_t n = row_width(a);
	size_t at = 0;
	char one[48];
	*text = 0;
	for (int64_t i = 0; i < n && at + 16 < len; i++) {
		value_text(a, row * n + i, one, sizeof one, 0);
		at += (size_t)snprintf(text + at, len - at, "%s%s", i ? " " : "", one);
	}
}

/* the same of the truth or the first output: a class by its name */
static void class_text(const Predict *p, const mc_array *a, int64_t row, char *text, size_t len)
{
	const double v = p->nclasses && row_width(a) == 1 ? mc_array_number(a, row) : -1;
	if (v >= 0 && v < p->nclasses)
		snprintf(text, len, "%s", p->classes[(int)v]);
	else
		row_text(a, row, text, len);
}

static void shown_text(const Predict *p, int k, const mc_array *a, int64_t row, char *text,
                       size_t len)
{
	if (k == 0)
		class_text(p, a, row, text, len);
	else
		row_text(a, row, text, len);
}

/* ---- the table */

static int print_table(Predict *p)
{
	const mc_driver_env env = {p->run->dims, 0, 0, 0};
	const mc_function *f = p->call.f;
	char text[256];
	int width[MAX_SHOWN + 1] = {5};
	if (!mc_call_run(&p->call, &env, 0))
		return 0;
	int64_t rows = p->set ? p->call.batch : 0;
	for (int k = 0; k < p->n; k++) {
		const mc_array *a = &p->call.result[p->output[k]];
		const int64_t own = a->rank ? a->size[0] : 1;
		rows = p->set ? rows : own > rows ? own : rows;
		width[k + 1] = (int)strlen(f->out[p->output[k]].name);
		for (int64_t r = 0; r < own && r < p->rows; r++) {
			shown_text(p, k, a, r, text, sizeof text);
			if ((int)strlen(text) > width[k + 1])
				width[k + 1] = (int)strlen(text);
		}
	}
	rows = rows < p->rows ? rows : p->rows;
	for (int64_t r = 0; p->truth && r < rows; r++) {
		class_text(p, p->truth, r, text, sizeof text);
		if ((int)strlen(text) > width[0])
			width[0] = (int)strlen(text);
	}
	printf("%6s", "");
	if (p->truth)
		printf("  %*s", width[0], "truth");
	for (int k = 0; k < p->n; k++)
		printf("  %*s", width[k + 1], f->out[p->output[k]].name);
	printf("\n");
	for (int64_t r = 0; r < rows; r++) {
		printf("%6lld", (long long)r);
		double truth = 0;
		if (p->truth) {
			class_text(p, p->truth, r, text, sizeof text);
			truth = mc_array_number(p->truth, r * row_width(p->truth));
			printf("  %*s", width[0], text);
		}
		for (int k = 0; k < p->n; k++) {
			const mc_array *a = &p->call.result[p->output[k]];
			*text = 0;
			if (r < (a->rank ? a->size[0] : 1))
				shown_text(p, k, a, r, text, sizeof text);
			printf("  %*s", width[k + 1], text);
		}
		/* the first shown output is what the truth speaks of, where both are whole
		 * numbers */
		const mc_array *first = p->n ? &p->call.result[p->output[0]] : NULL;
		if (p->truth && first && first->dtype < MC_FLOAT16 &&
		    p->truth->dtype < MC_FLOAT16 && row_width(first) == 1 &&
		    row_width(p->truth) == 1 && r < first->size[0] &&
		    mc_array_number(first, r) != truth)
			printf("  wrong");
		printf("\n");
	}
	return 1;
}

/* ---- the file */

static void csv_head(Predict *p, mc_out *o)
{
	char text[300];
	for (int k = 0; k < p->n; k++) {
		const char *name = p->call.f->out[p->output[k]].name;
		const int64_t n = row_width(&p->call.result[p->output[k]]);
		for (int64_t i = 0; i < n; i++) {
			int len = snprintf(text, sizeof text, "%s%.200s", k || i ? "," : "", name);
			if (n > 1)
				len += snprintf(text + len, sizeof text - (size_t)len, "_%lld",
				                (long long)i);
			mc_out_write(o, text, (size_t)len);
		}
	}
	mc_out_write(o, "\n", 1);
}

static void csv_rows(Predict *p, mc_out *o, int64_t rows)
{
	char text[64];
	for (int64_t r = 0; r < rows; r++) {
		for (int k = 0; k < p->n; k++) {
			const mc_array *a = &p->call.result[p->output[k]];
			const int64_t n = row_width(a);
			for (int64_t i = 0; i < n; i++) {
				if (k || i)
					mc_out_write(o, ",", 1);
				if (r < (a->rank ? a->size[0] : 1)) {
					value_text(a, r * n + i, text, sizeof text, 1);
					mc_out_write(o, text, strlen(text));
				}
			}
		}
		mc_out_write(o, "\n", 1);
	}
}

/* the rows of a chunk behind those that are there already */
static int npy_rows(mc_array *all, const mc_array *a, int64_t rows)
{
	const size_t bytes = (size_t)(rows * row_width(a)) * mc_dtype_bytes(a->dtype);
	const size_t before = (size_t)all->count * mc_dtype_bytes(a->dtype);
	void *data = realloc(all->data, before + bytes + 1);
	if (!data)
		return 0;
	memcpy((char *)data + before, a->data, bytes);
	all->data = data;
	all->dtype = a->dtype;
	all->rank = a->rank ? a->rank : 1;
	memcpy(all->size + 1, a->size + 1, sizeof all->size - sizeof *all->size);
	all->size[0] = all->count / row_width(a) + rows;
	all->count += rows * row_width(a);
	return 1;
}

static int write_file(Predict *p)
{
	mc_run *run = p->run;
	const mc_driver_env env = {run->dims, 0, 0, 0};
	const int csv = mc_ends_with(run->out_file, ".csv");
	char number[48];
	mc_out o;
	mc_array all = {0};
	if (!csv && !mc_ends_with(run->out_file, ".npy")) {
		mc_fail(&run->err, MC_FORMAT,
		        "cannot write %s: expected a name that ends in .csv or .npy",
		        run->out_file);
		return 0;
	}
	if (csv && mc_out_begin(&o, run->out_file, &run->err) != MC_OK)
		return 0;
	int64_t first = 0, done = 0;
	const int64_t total = p->set ? p->set->rows : 1;
	for (; first < total; first += p->set ? p->call.batch : 1) {
		if (!mc_call_run(&p->call, &env, first))
			break;
		const mc_array *a = &p->call.result[p->output[0]];
		const int64_t rows = a->rank ? a->size[0] : 1;
		if (csv && first == 0)
			csv_head(p, &o);
		if (csv) {
			csv_rows(p, &o, rows);
		} else if (!npy_rows(&all, a, rows)) {
			mc_fail(&run->err, MC_NO_MEMORY, "out of memory");
			break;
		}
		done += rows;
	}
	int ok = first >= total;
	if (csv && ok)
		ok = mc_out_end(&o, &run->err) == MC_OK;
	else if (csv)
		mc_out_drop(&o);
	else
		ok = ok && mc_npy_write(run->out_file, &all, &run->err) == MC_OK;
	mc_array_free(&all);
	if (ok)
		printf("wrote %s rows to %s\n", mc_number_text(done, number, sizeof number),
		       run->out_file);
	return ok;
}

/* ---- the run */

static int load_state(mc_run *run)
{
	if (run->state)
		return mc_load_with(run->model, run->object, run->state, NULL, &run->err) == MC_OK;
	char *best = mc_run_path(run, "best.npz"), *last = mc_run_path(run, "last.npz");
	int ok = 0;
	if (best && last) {
		const char *path = access(best, F_OK) == 0 || access(last, F_OK) != 0 ? best : last;
		if (path == best && access(best, F_OK) != 0)
			mc_fail(&run->err, MC_IO,
			        "there is no %s: train first (%s train), or name a state with --state",
			        best, run->program);
		else
			ok = mc_load_with(run->model, run->object, path, NULL, &run->err) == MC_OK;
		if (ok)
			printf("state %s\n", path);
	}
	free(best);
	free(last);
	return ok;
}

static int choose(Predict *p)
{
	mc_run *run = p->run;
	const mc_function *f = p->call.f;
	const int shown = mc_key_count(run, p->part, "show");
	for (int k = 0; k < (shown ? shown : f->nouts) && p->n < MAX_SHOWN; k++) {
		const int i = shown ? mc_call_output(f, mc_key_name(run, p->part, "show", k)) : k;
		p->call.wanted[i] = 1;
		p->output[p->n++] = i;
	}
	if (p->n == 0) {
		mc_fail(&run->err, MC_MISMATCH, "%s has no outputs to show", f->name);
		return 0;
	}
	p->truth = mc_run_truth(run, p->part, p->set);
	return 1;
}

static int open_all(Predict *p)
{
	mc_run *run = p->run;
	const mc_driver_env env = {run->dims, 0, 0, 0};
	const char *set = mc_key_name(run, p->part, "set", 0);
	p->rows = mc_key_integer(run, p->part, "first", &env, 10);
	if (set && !(p->set = mc_run_set(run, set)))
		return 0;
	const int64_t chunk = run->out_file ? CHUNK : p->rows > 0 ? p->rows : 1;
	p->classes = mc_key_names(run, p->part, "classes", &p->nclasses);
	if (!mc_call_open(&p->call, run, p->part, p->part->function, p->set, chunk) || !choose(p) ||
	    (!run->out_file && !mc_confusion_open(run, &p->confusion, p->part)))
		return 0;
	int64_t *most = calloc((size_t)run->model->ndims + 1, sizeof *most);
	int ok = most && mc_call_most(&p->call, most) &&
	         (!p->confusion.n || mc_call_most(&p->confusion.call, most)) &&
	         mc_run_create(run, most) && mc_run_bind_object(run) && load_state(run);
	free(most);
	return ok;
}

static int needs_data_sizes(const mc_run *run)
{
	for (int k = 0; k < run->model->ndims; k++)
		if (run->model->dims[k].exact)
			return 1;
	return 0;
}

int mc_run_predict(mc_run *run)
{
	Predict p = {0};
	p.run = run;
	p.part = mc_run_prediction(run);
	if (!p.part) {
		mc_fail(&run->err, MC_MISMATCH, "the driver block has no predict");
		return 1;
	}
	char number[48];
	if (needs_data_sizes(run) && !mc_run_bind(run))
		return 1;
	int ok = open_all(&p);
	for (int again = 0; ok; again++) {
		if (p.set && !run->out_file && !again)
			printf("set %s, %s rows\n", p.set->part->name,
			       mc_number_text(p.set->rows, number, sizeof number));
		ok = run->out_file ? write_file(&p) : print_table(&p);
		/* the data of a bind block is loaded only where the function reads it */
		if (ok || again || run->err.status != MC_NOT_BOUND)
			break;
		run->err = (mc_error){0};
		ok = mc_run_bind(run) && mc_run_bind_object(run);
	}
	if (ok && p.confusion.n && (ok = mc_confusion_run(&p.confusion)) != 0)
		mc_confusion_print(&p.confusion);
	mc_confusion_close(&p.confusion);
	mc_call_close(&p.call);
	free(p.classes);
	return ok ? 0 : 1;
}
