/* mc_matrix.c -- counts by what is true and what was predicted as a picture: hits blue, mistakes
 * orange, the darker the larger their share of the row */
#include <math.h>
#include <stdlib.h>

#include "mc_picture.h"

enum { MARGIN = 28, HEAD = 96, GAP = 2, SHARES = 72 };
static const double small = 9.5;

typedef struct Matrix {
	mc_canvas canvas;
	int n, cell, left;
	int turned; /* names of columns: upward, where they are wider than a cell */
	const char *const *names;
	const int64_t *count;
} Matrix;

static mc_color between(mc_color a, mc_color b, double t)
{
	return (mc_color){(unsigned char)(a.r + (b.r - a.r) * t + 0.5),
	                  (unsigned char)(a.g + (b.g - a.g) * t + 0.5),
	                  (unsigned char)(a.b + (b.b - a.b) * t + 0.5)};
}

static mc_color shade(int hit, double share)
{
	static const mc_color white = {250, 250, 250}, hits = {24, 78, 158},
			      mistakes = {214, 82, 10};
	/* a few mistakes can be seen too */
	return between(white, hit ? hits : mistakes, hit ? share : fmin(1, 1.4 * sqrt(share)));
}

static int64_t sum(const Matrix *m, int first, int step)
{
	int64_t n = 0;
	for (int i = 0; i < m->n; i++)
		n += m->count[first + i * step];
	return n;
}

static void draw_cell(Matrix *m, int i, int j, int64_t in_row)
{
	static const mc_color white = {255, 255, 255};
	char text[32];
	const int64_t count = m->count[i * m->n + j];
	const double share = in_row ? (double)count / (double)in_row : 0;
	const int x = m->left + j * m->cell, y = HEAD + i * m->cell;
	const mc_color color = shade(i == j, share);
	mc_fill(&m->canvas, x, y, m->cell - GAP, m->cell - GAP, color);
	snprintf(text, sizeof text, "%lld", (long long)count);
	const int dark = color.r * 3 + color.g * 6 + color.b < 1400;
	if (count && mc_text_width(text, small) < m->cell - 6)
		mc_text(&m->canvas, x + (m->cell - GAP) / 2.0, y + (m->cell - GAP) / 2.0 + 4.75,
		        0.5, small, 1.4, 0, dark ? white : mc_black, text);
}

static void draw_share(Matrix *m, double x, double y, double at, int64_t hits, int64_t of)
{
	char text[32] = "-";
	if (of)
		snprintf(text, sizeof text, "%.1f %%", 100 * (double)hits / (double)of);
	mc_text(&m->canvas, x, y, at, small, 1.3, 0, mc_grey, text);
}

static void draw(Matrix *m, const char *title, double named)
{
	mc_canvas *c = &m->canvas;
	const int side = m->n * m->cell, below = HEAD + side;
	const double middle = (m->cell - GAP) / 2.0, right = m->left + side + 14;
	mc_text(c, c->width / 2.0, 34, 0.5, 12, 1.8, 0, mc_black, title);
	mc_text(c, right, HEAD - 16, 0, small, 1.3, 0, mc_grey, "found");
	mc_text(c, MARGIN + 8, HEAD + side / 2.0, 0.5, 10.5, 1.4, 1, mc_black, "truth");
	for (int i = 0; i < m->n; i++) {
		const int64_t row = sum(m, i * m->n, 1), column = sum(m, i, m->n),
			      hits = m->count[i * (m->n + 1)];
		const double y = HEAD + i * m->cell + middle + 4.75,
			     x = m->left + i * m->cell + middle;
		for (int j = 0; j < m->n; j++)
			draw_cell(m, i, j, row);
		mc_text(c, m->left - 12, y, 1, small, 1.3, 0, mc_black, m->names[i]);
		draw_share(m, right, y, 0, hits, row);
		if (m->turned)
			mc_text(c, x + 4.75, below + 14, 1, small, 1.3, 1, mc_black, m->names[i]);
		else
			mc_text(c, x, below + 22, 0.5, small, 1.3, 0, mc_black, m->names[i]);
		if (m->cell >= 56)
			draw_share(m, x, below + 24 + named + 20, 0.5, hits, column);
	}
	if (m->cell >= 56)
		mc_text(c, right, below + 24 + named + 20, 0, small, 1.3, 0, mc_grey, "right");
	mc_text(c, m->left + side / 2.0, below + 24 + named + 54, 0.5, 10.5, 1.4, 0, mc_black,
	        "predicted");
}

mc_status mc_matrix(const char *path, const char *title, int n, const char *const *names,
                    const int64_t *count, mc_error *err)
{
	double widest = 0;
	for (int i = 0; i < n; i++)
		widest = fmax(widest, mc_text_width(names[i], small));
	Matrix m = {{0}, n, 0, 0, 0, names, count};
	m.cell = n <= 12 ? 64 : n <= 24 ? 44 : n <= 64 ? 22 : 14;
	if (n <= 12 && widest + 14 > m.cell)
		m.cell = widest < 86 ? (int)widest + 14 : m.cell;
	m.turned = widest + 8 > m.cell;
	/* names under the columns */
	const double named = m.turned ? widest : 10;
	m.left = MARGIN + 26 + (int)widest + 12;
	const int side = n * m.cell;
	int width = m.left + side + 14 + SHARES;
	const int least = (int)mc_text_width(title, 12) + 2 * MARGIN;
	if (width < least) {
		m.left += (least - width) / 2;
		width = least;
	}
	if (!mc_canvas_new(&m.canvas, width, HEAD + side + (int)named + 100))
		return mc_fail(err, MC_NO_MEMORY, "cannot draw %s: out of memory", path);
	draw(&m, title, named);
	const mc_status status = mc_png_write(path, &m.canvas, err);
	mc_canvas_free(&m.canvas);
	return status;
}
