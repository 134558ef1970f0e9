/* mc_tiles.c -- weights as pictures: small images side by side, blue below zero, white at it,
 * red above */
#include <math.h>
#include <stdlib.h>

#include "mc_picture.h"

enum { MARGIN = 24, GAP = 14, HEAD = 56, FOOT = 64, MOST = 6000 };

/* t from -1 to 1 along five colors of even lightness steps */
static mc_color diverging(double t)
{
	static const double stop[5][3] = {{24, 62, 138},
	                                  {96, 150, 212},
	                                  {250, 250, 250},
	                                  {226, 122, 98},
	                                  {150, 16, 34}};
	if (!(t >= -1))
		t = -1;
	const double at = (t > 1 ? 2 : t + 1) * 2;
	const int i = at >= 4 ? 3 : (int)at;
	const double f = at - i;
	double c[3];
	for (int k = 0; k < 3; k++)
		c[k] = stop[i][k] + (stop[i + 1][k] - stop[i][k]) * f + 0.5;
	return (mc_color){(unsigned char)c[0], (unsigned char)c[1], (unsigned char)c[2]};
}

static void draw_tile(mc_canvas *c, const mc_array *a, int64_t first, int64_t height, int64_t width,
                      int x, int y, int zoom)
{
	double most = 0;
	for (int64_t i = 0; i < height * width; i++) {
		const double v = fabs(mc_array_number(a, first + i));
		if (isfinite(v) && v > most)
			most = v;
	}
	mc_fill(c, x - 1, y - 1, (int)width * zoom + 2, (int)height * zoom + 2, mc_light);
	for (int64_t j = 0; j < height; j++)
		for (int64_t i = 0; i < width; i++) {
			const double v = mc_array_number(a, first + j * width + i);
			mc_fill(c, x + (int)i * zoom, y + (int)j * zoom, zoom, zoom,
			        isnan(v) ? mc_grey : diverging(most > 0 ? v / most : 0));
		}
}

static void draw_scale(mc_canvas *c, double middle, int y)
{
	enum { HALF = 110 };
	for (int i = -HALF; i <= HALF; i++)
		mc_fill(c, (int)middle + i, y, 1, 10, diverging((double)i / HALF));
	mc_text(c, middle - HALF - 10, y + 9.5, 1, 9, 1.3, 0, mc_grey, "-max");
	mc_text(c, middle + HALF + 11, y + 9.5, 0, 9, 1.3, 0, mc_grey, "+max");
	mc_text(c, middle, y + 26, 0.5, 9, 1.3, 0, mc_grey, "each to its own largest number");
}

mc_status mc_tiles(const char *path, const char *title, const mc_array *values, int64_t height,
                   int64_t width, int nnames, const char *const *names, mc_error *err)
{
	char number[32];
	const int fits = height >= 1 && width >= 1 && height <= 1000 && width <= 1000;
	const int64_t pixels = fits ? height * width : 1;
	if (!fits || values->count % pixels || values->count == 0) {
		char text[160];
		return mc_fail(err, MC_SIZE,
		               "cannot draw %s: %s has no whole number of tiles of %lld by %lld",
		               path, mc_array_text(values, text, sizeof text), (long long)height,
		               (long long)width);
	}
	int64_t n = values->count / pixels;
	const int64_t larger = height > width ? height : width;
	/* few tiles are shown large */
	int zoom = (int)((n <= 12 ? 150 : n <= 60 ? 90 : 56) / larger);
	zoom = zoom < 1 ? 1 : zoom;
	const int labels = larger * zoom >= 48, below = labels ? 24 : 0;
	const int64_t step_x = width * zoom + GAP, step_y = height * zoom + below + GAP;
	int64_t columns = (int64_t)ceil(sqrt((double)n * 2.2 * (double)step_y / (double)step_x));
	columns = columns > n ? n : columns;
	/* even rows where that leaves no hole */
	for (int64_t k = columns; k > columns / 2 && k > 0; k--)
		if (n % k == 0) {
			columns = k;
			break;
		}
	while (columns > 1 && columns * step_x > MOST)
		columns--;
	int64_t rows = (n + columns - 1) / columns;
	if (rows * step_y > MOST)
		rows = MOST / step_y;
	if (n > rows * columns)
		n = rows * columns;
	int64_t wide = 2 * MARGIN + columns * step_x - GAP;
	const double least = fmax(mc_text_width(title, 12) + 2 * MARGIN, 360);
	wide = (double)wide < least ? (int64_t)least : wide;
	mc_canvas c;
	if (!mc_canvas_new(&c, (int)wide, (int)(HEAD + rows * step_y - GAP + FOOT)))
		return mc_fail(err, MC_NO_MEMORY, "cannot draw %s: out of memory", path);
	mc_text(&c, (double)wide / 2, 32, 0.5, 12, 1.8, 0, mc_black, title);
	const int64_t left = (wide - (columns * step_x - GAP)) / 2;
	for (int64_t i = 0; i < n; i++) {
		const int64_t x = left + i % columns * step_x, y = HEAD + i / columns * step_y;
		draw_tile(&c, values, i * pixels, height, width, (int)x, (int)y, zoom);
		snprintf(number, sizeof number, "%lld", (long long)i);
		const char *name = i < nnames ? names[i] : number;
		if (labels && mc_text_width(name, 9.5) < (double)(width * zoom + GAP))
			mc_text(&c, (double)x + (double)(width * zoom) / 2,
			        (double)(y + height * zoom) + 18, 0.5, 9.5, 1.3, 0, mc_black, name);
	}
	draw_scale(&c, (double)wide / 2, (int)(HEAD + rows * step_y - GAP + 22));
	const mc_status status = mc_png_write(path, &c, err);
	mc_canvas_free(&c);
	return status;
}
