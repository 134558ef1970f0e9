/* mc_canvas.c -- an image in memory, smooth strokes on it, and PNG */
#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "mc_picture.h"

const mc_color mc_black = {38, 43, 51}, mc_grey = {110, 118, 130}, mc_light = {228, 231, 236},
	       mc_blue = {31, 98, 182}, mc_orange = {222, 107, 21};

int mc_canvas_new(mc_canvas *c, int width, int height)
{
	const size_t n = (size_t)width * (size_t)height;
	*c = (mc_canvas){width, height, malloc(3 * n), calloc(n, sizeof *c->cover)};
	if (!c->rgb || !c->cover) {
		mc_canvas_free(c);
		return 0;
	}
	memset(c->rgb, 255, 3 * n);
	return 1;
}

void mc_canvas_free(mc_canvas *c)
{
	free(c->rgb);
	free(c->cover);
	*c = (mc_canvas){0};
}

void mc_fill(mc_canvas *c, int x, int y, int width, int height, mc_color color)
{
	for (int j = y < 0 ? 0 : y; j < y + height && j < c->height; j++)
		for (int i = x < 0 ? 0 : x; i < x + width && i < c->width; i++) {
			unsigned char *p = c->rgb + 3 * ((size_t)j * (size_t)c->width + (size_t)i);
			p[0] = color.r;
			p[1] = color.g;
			p[2] = color.b;
		}
}

/* pixels that a span may touch, within the canvas */
static int bound(double v, int most)
{
	return v < 0 ? 0 : v > most ? most : (int)v;
}

static void cover_segment(mc_canvas *c, const double a[2], const double b[2], double radius)
{
	const double dx = b[0] - a[0], dy = b[1] - a[1], length2 = dx * dx + dy * dy,
		     reach = radius + 1;
	const int x0 = bound(fmin(a[0], b[0]) - reach, c->width),
		  x1 = bound(fmax(a[0], b[0]) + reach + 1, c->width);
	const int y0 = bound(fmin(a[1], b[1]) - reach, c->height),
		  y1 = bound(fmax(a[1], b[1]) + reach + 1, c->height);
	for (int y = y0; y < y1; y++)
		for (int x = x0; x < x1; x++) {
			/* distance from the middle of the pixel */
			const double px = x + 0.5 - a[0], py = y + 0.5 - a[1];
			double t = length2 > 0 ? (px * dx + py * dy) / length2 : 0;
			t = t < 0 ? 0 : t > 1 ? 1 : t;
			const double ex = px - t * dx, ey = py - t * dy,
				     cover = radius + 0.5 - sqrt(ex * ex + ey * ey);
			float *p = &c->cover[(size_t)y * (size_t)c->width + (size_t)x];
			if (cover > (double)*p)
				*p = cover < 1 ? (float)cover : 1.0f;
		}
}

/* lays the color over what the stroke covers, and forgets the stroke */
static void blend(mc_canvas *c, double x0, double y0, double x1, double y1, mc_color color)
{
	const int left = bound(x0, c->width), right = bound(x1, c->width),
		  top = bound(y0, c->height), end = bound(y1, c->height);
	for (int y = top; y < end; y++)
		for (int x = left; x < right; x++) {
			const size_t at = (size_t)y * (size_t)c->width + (size_t)x;
			const float cover = c->cover[at];
			unsigned char *p = c->rgb + 3 * at;
			if (cover <= 0)
				continue;
			p[0] = (unsigned char)((float)p[0] +
			                       ((float)color.r - (float)p[0]) * cover + 0.5f);
			p[1] = (unsigned char)((float)p[1] +
			                       ((float)color.g - (float)p[1]) * cover + 0.5f);
			p[2] = (unsigned char)((float)p[2] +
			                       ((float)color.b - (float)p[2]) * cover + 0.5f);
			c->cover[at] = 0;
		}
}

void mc_stroke(mc_canvas *c, int n, const double (*point)[2], double thick, mc_color color)
{
	double x0 = 1e9, y0 = 1e9, x1 = -1e9, y1 = -1e9;
	if (n < 1)
		return;
	for (int i = 0; i < n; i++) {
		x0 = fmin(x0, point[i][0]);
		y0 = fmin(y0, point[i][1]);
		x1 = fmax(x1, point[i][0]);
		y1 = fmax(y1, point[i][1]);
	}
	for (int i = 0; i + 1 < n || i == 0; i++)
		cover_segment(c, point[i], point[n > 1 ? i + 1 : i], thick / 2);
	blend(c, x0 - thick - 2, y0 - thick - 2, x1 + thick + 3, y1 + thick + 3, color);
}

void mc_line(mc_canvas *c, double x0, double y0, double x1, double y1, double thick, mc_color color)
{
	const double point[2][2] = {{x0, y0}, {x1, y1}};
	mc_stroke(c, 2, point, thick, color);
}

void mc_dot(mc_canvas *c, double x, double y, double radius, mc_color color)
{
	const double point[1][2] = {{x, y}};
	mc_stroke(c, 1, point, 2 * radius, color);
}

/* ---- PNG: libpng's errors go back here by longjmp */

static void png_failed(png_structp png, png_const_charp text)
{
	(void)text;
	longjmp(png_jmpbuf(png), 1);
}

static void png_warned(png_structp png, png_const_charp text)
{
	(void)png;
	(void)text;
}

mc_status mc_png_write(const char *path, const mc_canvas *c, mc_error *err)
{
	mc_out o;
	const mc_status status = mc_out_begin(&o, path, err);
	if (status != MC_OK)
		return status;
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, png_failed,
	                                          png_warned);
	png_infop info = png ? png_create_info_struct(png) : NULL;
	if (!info || setjmp(png_jmpbuf(png))) {
		png_destroy_write_struct(png ? &png : NULL, info ? &info : NULL);
		mc_out_drop(&o);
		return mc_fail(err, MC_IO, "cannot write %s: the disk is full, or out of memory",
		               path);
	}
	png_init_io(png, o.file);
	png_set_IHDR(png, info, (png_uint_32)c->width, (png_uint_32)c->height, 8,
	             PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
	             PNG_FILTER_TYPE_DEFAULT);
	png_write_info(png, info);
	for (int y = 0; y < c->height; y++)
		png_write_row(png, c->rgb + 3 * (size_t)y * (size_t)c->width);
	png_write_end(png, NULL);
	png_destroy_write_struct(&png, &info);
	return mc_out_end(&o, err);
}
