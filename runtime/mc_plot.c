/* mc_plot.c -- curves over one horizontal axis, in panels one above the other */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mc_picture.h"

enum { WIDTH = 960, PANEL = 300, TOP = 64, LEFT = 92, RIGHT = 36, BOTTOM = 58, BETWEEN = 64 };

typedef struct Axis {
	double lo, hi, step;
	int digits; /* behind the point */
} Axis;

/* a range with round ends, and the distance of its ticks: 1, 2 or 5 times a power of ten */
static Axis axis_of(double lo, double hi, int ticks)
{
	Axis a = {0};
	if (!(lo <= hi)) {
		lo = 0;
		hi = 1;
	}
	if (hi - lo < 1e-12 * fmax(fabs(lo), fabs(hi)) || hi == lo) {
		const double by = lo == 0 ? 1 : 0.1 * fabs(lo);
		lo -= by;
		hi += by;
	}
	const double raw = (hi - lo) / ticks, power = pow(10, floor(log10(raw))), of = raw / power;
	a.step = (of <= 1 ? 1 : of <= 2 ? 2 : of <= 5 ? 5 : 10) * power;
	a.lo = floor(lo / a.step + 1e-9) * a.step;
	a.hi = ceil(hi / a.step - 1e-9) * a.step;
	a.digits = a.step < 1 ? (int)ceil(-log10(a.step) - 1e-9) : 0;
	return a;
}

static void range(int n, const double *v, double *lo, double *hi)
{
	for (int i = 0; i < n; i++)
		if (isfinite(v[i])) {
			*lo = fmin(*lo, v[i]);
			*hi = fmax(*hi, v[i]);
		}
}

static void number(char *text, size_t len, double v, const Axis *a)
{
	if (fabs(v) < a->step * 1e-6)
		v = 0;
	if (fmax(fabs(a->lo), fabs(a->hi)) >= 1e6 || a->digits > 6)
		snprintf(text, len, "%.3g", v);
	else
		snprintf(text, len, "%.*f", a->digits, v);
}

typedef struct Frame {
	mc_canvas *canvas;
	double left, right, top, bottom;
	Axis x, y;
} Frame;

static double at_x(const Frame *f, double x)
{
	return f->left + (x - f->x.lo) / (f->x.hi - f->x.lo) * (f->right - f->left);
}

static double at_y(const Frame *f, double y)
{
	return f->bottom - (y - f->y.lo) / (f->y.hi - f->y.lo) * (f->bottom - f->top);
}

static void draw_axes(const Frame *f, int x_numbers)
{
	char text[48];
	for (int i = 0; f->y.lo + i * f->y.step <= f->y.hi + f->y.step * 1e-6; i++) {
		const double v = f->y.lo + i * f->y.step, y = floor(at_y(f, v)) + 0.5;
		mc_line(f->canvas, f->left, y, f->right, y, 1, mc_light);
		number(text, sizeof text, v, &f->y);
		mc_text(f->canvas, f->left - 10, y + 4.5, 1, 9.5, 1.3, 0, mc_grey, text);
	}
	for (int i = 0; f->x.lo + i * f->x.step <= f->x.hi + f->x.step * 1e-6; i++) {
		const double v = f->x.lo + i * f->x.step, x = floor(at_x(f, v)) + 0.5;
		mc_line(f->canvas, x, f->bottom, x, f->bottom + 5, 1, mc_grey);
		number(text, sizeof text, v, &f->x);
		if (x_numbers)
			mc_text(f->canvas, x, f->bottom + 21, 0.5, 9.5, 1.3, 0, mc_grey, text);
	}
	mc_line(f->canvas, f->left, f->bottom + 0.5, f->right, f->bottom + 0.5, 1, mc_grey);
}

static void draw_curve(const Frame *f, const mc_curve *c)
{
	double(*point)[2] = malloc((size_t)(c->n + 1) * sizeof *point);
	int n = 0;
	if (!point)
		return;
	for (int i = 0; i <= c->n; i++) {
		if (i < c->n && isfinite(c->y[i])) {
			point[n][0] = at_x(f, c->x[i]);
			point[n][1] = at_y(f, c->y[i]);
			n++;
		} else if (i == c->n || !c->dots) { /* a gap ends a line; dots are joined over it */
			mc_stroke(f->canvas, n, (const double(*)[2])point, 2, c->color);
			n = i == c->n ? n : 0;
		}
	}
	for (int i = 0; i < n && c->dots; i++)
		mc_dot(f->canvas, point[i][0], point[i][1], 2.6, c->color);
	free(point);
}

static void draw_panel(const Frame *f, const mc_panel *p, int last)
{
	draw_axes(f, last);
	mc_text(f->canvas, f->left, f->top - 14, 0, 11, 1.6, 0, mc_black, p->title);
	if (isfinite(p->mark_x)) {
		const double x = at_x(f, p->mark_x), width = mc_text_width(p->mark, 9.5);
		const int before = x + width + 12 > f->right;
		for (double y = f->top; y < f->bottom; y += 9)
			mc_line(f->canvas, x, y, x, fmin(y + 4, f->bottom), 1.2, mc_grey);
		mc_text(f->canvas, before ? x - 8 : x + 8, f->top + 14, before, 9.5, 1.3, 0,
		        mc_grey, p->mark);
	}
	for (int i = 0; i < p->ncurves; i++)
		draw_curve(f, &p->curve[i]);
	/* the names, from the right */
	double x = f->right;
	for (int i = p->ncurves - 1; i >= 0 && p->ncurves > 1; i--) {
		x -= mc_text_width(p->curve[i].name, 9.5);
		mc_text(f->canvas, x, f->top - 14, 0, 9.5, 1.3, 0, mc_black, p->curve[i].name);
		mc_line(f->canvas, x - 30, f->top - 18.5, x - 9, f->top - 18.5, 2.4,
		        p->curve[i].color);
		if (p->curve[i].dots)
			mc_dot(f->canvas, x - 19.5, f->top - 18.5, 3.2, p->curve[i].color);
		x -= 50;
	}
}

mc_status mc_plot(const char *path, const char *title, const char *x_name, int npanels,
                  const mc_panel *panel, mc_error *err)
{
	mc_canvas canvas;
	double lo = (double)INFINITY, hi = -(double)INFINITY;
	if (!mc_canvas_new(&canvas, WIDTH,
	                   TOP + npanels * PANEL + (npanels - 1) * BETWEEN + BOTTOM + 24))
		return mc_fail(err, MC_NO_MEMORY, "cannot draw %s: out of memory", path);
	for (int i = 0; i < npanels; i++)
		for (int k = 0; k < panel[i].ncurves; k++)
			range(panel[i].curve[k].n, panel[i].curve[k].x, &lo, &hi);
	mc_text(&canvas, WIDTH / 2.0, 28, 0.5, 13.5, 2, 0, mc_black, title);
	Frame f = {0};
	f.canvas = &canvas;
	f.left = LEFT;
	f.right = WIDTH - RIGHT;
	f.x = axis_of(lo, hi, 10);
	if (f.x.step < 1 && floor(lo) == lo && floor(hi) == hi && hi - lo >= 1) {
		/* whole numbers, as epochs are, have no ticks between them */
		f.x = (Axis){lo, hi, 1, 0};
	}
	/* the curves begin and end at the sides of the frame */
	if (lo < hi) {
		f.x.hi = hi;
		f.x.lo = fmax(f.x.lo, lo - (hi - lo) * 0.02);
		f.x.lo = ceil(f.x.lo / f.x.step - 1e-9) * f.x.step <= lo
		               ? ceil(f.x.lo / f.x.step - 1e-9) * f.x.step
		               : f.x.lo;
	}
	for (int i = 0; i < npanels; i++) {
		double low = (double)INFINITY, high = -(double)INFINITY;
		for (int k = 0; k < panel[i].ncurves; k++)
			range(panel[i].curve[k].n, panel[i].curve[k].y, &low, &high);
		f.y = axis_of(low, high, 6);
		f.top = TOP + 24 + i * (PANEL + BETWEEN);
		f.bottom = f.top + PANEL - 24;
		draw_panel(&f, &panel[i], i == npanels - 1);
	}
	mc_text(&canvas, (f.left + f.right) / 2, f.bottom + 45, 0.5, 10.5, 1.4, 0, mc_black,
	        x_name);
	const mc_status status = mc_png_write(path, &canvas, err);
	mc_canvas_free(&canvas);
	return status;
}
