/* mc_csv.c -- tables of numbers as text: one row a line; commas, semicolons, tabs or spaces
 * between; perhaps a line of names */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mc_data.h"

typedef struct Table {
	double *f;
	int64_t *i;
	size_t n, cap;
	int integers; /* all so far */
} Table;

static int table_add(Table *t, double f, int64_t i)
{
	if (t->n == t->cap) {
		const size_t cap = t->cap ? 2 * t->cap : 1024;
		double *fs = cap > SIZE_MAX / sizeof *fs ? NULL : realloc(t->f, cap * sizeof *fs);
		if (fs)
			t->f = fs;
		int64_t *is = fs ? realloc(t->i, cap * sizeof *is) : NULL;
		if (is)
			t->i = is;
		if (!fs || !is)
			return 0;
		t->cap = cap;
	}
	t->f[t->n] = f;
	t->i[t->n++] = i;
	return 1;
}

static int is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* One field's number; false if it is none.  A field may be in quotes. */
static int field_number(const char *s, const char *end, double *f, int64_t *i, int *integer)
{
	char text[64];
	while (s < end && is_space(*s))
		s++;
	while (end > s && is_space(end[-1]))
		end--;
	if (end - s >= 2 && *s == '"' && end[-1] == '"') {
		s++;
		end--;
	}
	const size_t len = (size_t)(end - s);
	if (len == 0 || len >= sizeof text)
		return 0;
	memcpy(text, s, len);
	text[len] = 0;
	char *stop;
	errno = 0;
	*i = strtoll(text, &stop, 10);
	*integer = stop == text + len && errno == 0;
	if (*integer) {
		*f = (double)*i;
		return 1;
	}
	/* no hexadecimal, which strtod would take */
	if (strpbrk(text, "xX(") || is_space(*text))
		return 0;
	*f = strtod(text, &stop);
	return stop == text + len;
}

/* The separator of a file is the first of these that its first row has; spaces count only where
 * nothing else does */
static char separator_of(const char *s, const char *end)
{
	for (const char *c = ",;\t"; *c; c++)
		if (memchr(s, *c, (size_t)(end - s)))
			return *c;
	return ' ';
}

/* the end of the field at s; at ' ', s is behind the spaces */
static const char *field_end(const char *s, const char *end, char separator)
{
	int quoted = 0;
	for (; s < end; s++) {
		if (*s == '"')
			quoted = !quoted;
		else if (!quoted && (*s == separator || (separator == ' ' && is_space(*s))))
			break;
	}
	return s;
}

mc_status mc_csv_parse(const char *path, mc_bytes in, mc_array *out, mc_error *err)
{
	*out = (mc_array){0};
	Table t = {0};
	t.integers = 1;
	const char *s = (const char *)in.data, *const end = s + in.len;
	char separator = 0;
	int64_t rows = 0, columns = 0, line = 0;
	int named = 0;
	mc_status status = MC_OK;
	if (in.len >= 3 && !memcmp(s, "\xEF\xBB\xBF", 3))
		s += 3;
	while (s < end && status == MC_OK) {
		const char *stop = memchr(s, '\n', (size_t)(end - s));
		const char *next = stop ? stop + 1 : end;
		stop = stop ? stop : end;
		line++;
		while (stop > s && is_space(stop[-1]) && stop[-1] != '\t')
			stop--;
		const char *p = s;
		s = next;
		while (p < stop && is_space(*p) && (!separator || separator == ' '))
			p++;
		if (p == stop || *p == '#')
			continue;
		if (!separator)
			separator = separator_of(p, stop);
		int64_t column = 0;
		for (;;) {
			const char *e = field_end(p, stop, separator);
			double f = 0;
			int64_t i = 0;
			int integer = 0;
			if (!field_number(p, e, &f, &i, &integer)) {
				if (rows == 0 && !named && column == 0) {
					named = 1; /* a line of names */
					column = -1;
					break;
				}
				status = mc_fail(
					err, MC_FORMAT,
					"%s:%lld: column %lld is \"%.*s\", expected a number", path,
					(long long)line, (long long)column + 1,
					(int)(e - p < 40 ? e - p : 40), p);
				break;
			}
			t.integers &= integer;
			column++;
			if (!table_add(&t, f, i)) {
				status = mc_fail(err, MC_NO_MEMORY, "cannot read %s: out of memory",
				                 path);
				break;
			}
			if (e == stop)
				break;
			p = e + 1;
			while (separator == ' ' && p < stop && is_space(*p))
				p++;
		}
		if (status != MC_OK || column < 0)
			continue;
		if (rows && column != columns)
			status = mc_fail(
				err, MC_FORMAT,
				"%s:%lld: %lld columns, expected %lld as in the rows before", path,
				(long long)line, (long long)column, (long long)columns);
		columns = column;
		rows++;
	}
	if (status == MC_OK && rows == 0)
		status = mc_fail(err, MC_FORMAT, "%s: no rows of numbers", path);
	const int64_t size[2] = {rows, columns};
	if (status == MC_OK && !mc_array_shape(out, t.integers ? MC_INT64 : MC_FLOAT64, 2, size))
		status = mc_fail(err, MC_FORMAT, "%s: too many numbers", path);
	if (status != MC_OK) {
		free(t.f);
		free(t.i);
		return status;
	}
	out->data = t.integers ? (void *)t.i : (void *)t.f;
	free(t.integers ? (void *)t.f : (void *)t.i);
	return MC_OK;
}
