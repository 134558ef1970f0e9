/* mc_confusion.c -- what a prediction takes for what: counts over its set, as text, CSV and a
 * picture */
#include <stdlib.h>
#include <string.h>

#include "mc_picture.h"
#include "mc_run.h"

enum { CHUNK = 200 }; /* rows at a time */

static int no_memory(mc_run *run)
{
	mc_fail(&run->err, MC_NO_MEMORY, "out of memory");
	return 0;
}

int mc_confusion_open(mc_run *run, mc_confusion *m, const mc_driver_part *predict)
{
	*m = (mc_confusion){0};
	m->part = predict;
	const char *set = predict ? mc_key_name(run, predict, "set", 0) : NULL;
	if (!set || !mc_key_count(run, predict, "classes") ||
	    !mc_key_name(run, predict, "truth", 0))
		return 1;
	m->set = mc_run_set(run, set);
	if (!m->set)
		return 0;
	m->truth = mc_run_truth(run, predict, m->set);
	if (!m->truth || m->truth->rank != 1)
		return 1;
	if (!mc_call_open(&m->call, run, predict, predict->function, m->set, CHUNK))
		return 0;
	int n = 0;
	m->name = mc_key_names(run, predict, "classes", &n);
	m->count = calloc((size_t)n * (size_t)n + 1, sizeof *m->count);
	if (!m->name || !m->count)
		return no_memory(run);
	m->n = n;
	return 1;
}

void mc_confusion_close(mc_confusion *m)
{
	mc_call_close(&m->call);
	free(m->name);
	free(m->count);
	*m = (mc_confusion){0};
}

static int class_of(mc_confusion *m, const mc_array *a, int64_t at, int64_t row, const char *what,
                    int *class)
{
	const double v = mc_array_number(a, at);
	if (v >= 0 && v < m->n) {
		*class = (int)v;
		return 1;
	}
	mc_fail(&m->call.run->err, MC_FORMAT,
	        "%s is %.0f in row %lld of the set %s, but %s has %d classes", what, v,
	        (long long)row, m->set->part->name, m->part->name, m->n);
	return 0;
}

int mc_confusion_run(mc_confusion *m)
{
	mc_run *run = m->call.run;
	const mc_driver_env env = {run->dims, 0, 0, 0};
	const char *show = mc_key_name(run, m->part, "show", 0);
	const int output = show ? mc_call_output(m->call.f, show) : 0;
	m->call.wanted[output] = 1;
	memset(m->count, 0, (size_t)m->n * (size_t)m->n * sizeof *m->count);
	for (int64_t first = 0; first < m->set->rows; first += m->call.batch) {
		if (!mc_call_run(&m->call, &env, first))
			return 0;
		const mc_array *a = &m->call.result[output];
		for (int64_t i = 0; i < a->count && first + i < m->truth->count; i++) {
			int truth, guess;
			if (!class_of(m, m->truth, first + i, first + i,
			              mc_key_name(run, m->part, "truth", 0), &truth) ||
			    !class_of(m, a, i, first + i, m->call.f->out[output].name, &guess))
				return 0;
			m->count[truth * m->n + guess]++;
		}
	}
	return 1;
}

static int64_t wrong_of(const mc_confusion *m, int64_t *rows)
{
	int64_t wrong = *rows = 0;
	for (int i = 0; i < m->n * m->n; i++) {
		*rows += m->count[i];
		wrong += i % (m->n + 1) ? m->count[i] : 0;
	}
	return wrong;
}

/* "10.5 % wrong (1,050 of 10,000)" */
static const char *summary(const mc_confusion *m, char *text, size_t len)
{
	char count[48], all[48];
	int64_t rows;
	const int64_t wrong = wrong_of(m, &rows);
	snprintf(text, len, "%.4g %% wrong (%s of %s)",
	         rows ? 100 * (double)wrong / (double)rows : 0,
	         mc_number_text(wrong, count, sizeof count), mc_number_text(rows, all, sizeof all));
	return text;
}

/* ---- as text */

static int most_digits(const mc_confusion *m)
{
	char text[48];
	int width = 0;
	for (int i = 0; i < m->n * m->n; i++) {
		const int n = snprintf(text, sizeof text, "%lld", (long long)m->count[i]);
		width = n > width ? n : width;
	}
	return width;
}

void mc_confusion_print(const mc_confusion *m)
{
	char text[160];
	int named = 5, digits = most_digits(m);
	digits = digits < 3 ? 3 : digits;
	for (int i = 0; i < m->n; i++)
		named = (int)strlen(m->name[i]) > named ? (int)strlen(m->name[i]) : named;
	printf("\nset %s: %s\n%6s  %-*s", m->set->part->name, summary(m, text, sizeof text), "",
	       named, "truth");
	for (int i = 0; i < m->n; i++)
		printf(" %*d", digits, i);
	printf("   found\n");
	for (int i = 0; i < m->n; i++) {
		int64_t rows = 0;
		printf("%6d  %-*s", i, named, m->name[i]);
		for (int j = 0; j < m->n; j++) {
			const int64_t n = m->count[i * m->n + j];
			rows += n;
			if (n)
				printf(" %*lld", digits, (long long)n);
			else
				printf(" %*s", digits, ".");
		}
		if (rows)
			printf("  %5.1f %%",
			       100 * (double)m->count[i * (m->n + 1)] / (double)rows);
		printf("\n");
	}
}

/* ---- as files */

static void put_name(mc_out *o, const char *name)
{
	const int quote = strpbrk(name, ",\"\n\r") != NULL;
	if (quote)
		mc_out_write(o, "\"", 1);
	for (; *name; name++)
		mc_out_write(o, *name == '"' ? "\"\"" : name, *name == '"' ? 2 : 1);
	if (quote)
		mc_out_write(o, "\"", 1);
}

static int write_csv(mc_confusion *m, const char *path)
{
	static const char corner[] = "truth";
	char text[32];
	mc_out o;
	mc_error *err = &m->call.run->err;
	if (mc_out_begin(&o, path, err) != MC_OK)
		return 0;
	mc_out_write(&o, corner, sizeof corner - 1);
	for (int i = 0; i < m->n; i++) {
		mc_out_write(&o, ",", 1);
		put_name(&o, m->name[i]);
	}
	for (int i = 0; i < m->n * m->n; i++) {
		if (i % m->n == 0) {
			mc_out_write(&o, "\n", 1);
			put_name(&o, m->name[i / m->n]);
		}
		const int len = snprintf(text, sizeof text, ",%lld", (long long)m->count[i]);
		mc_out_write(&o, text, (size_t)len);
	}
	mc_out_write(&o, "\n", 1);
	return mc_out_end(&o, err) == MC_OK;
}

int mc_confusion_files(mc_confusion *m)
{
	mc_run *run = m->call.run;
	char title[300], text[160];
	char *csv = mc_run_path(run, "confusion.csv"), *png = mc_run_path(run, "confusion.png");
	snprintf(title, sizeof title, "%.100s, set %.60s: %s", run->model->name, m->set->part->name,
	         summary(m, text, sizeof text));
	int ok = csv && png && write_csv(m, csv);
	if (ok && m->n <= MC_MATRIX_MOST)
		ok = mc_matrix(png, title, m->n, m->name, m->count, &run->err) == MC_OK;
	free(csv);
	free(png);
	return ok;
}
