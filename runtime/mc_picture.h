/* mc_picture.h -- pictures in memory: strokes, text, tiles, plots, matrices; written as PNG */
#ifndef MC_PICTURE_H
#define MC_PICTURE_H

#include "mc_data.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mc_color {
	unsigned char r, g, b;
} mc_color;

/* mc_canvas.c: pixels; x to the right and y downward, in pixels, from the left upper corner */
typedef struct mc_canvas {
	int width, height;
	unsigned char *rgb;
	float *cover; /* of the stroke being drawn, 0..1 */
} mc_canvas;
int mc_canvas_new(mc_canvas *, int width, int height); /* white; 0: no memory */
void mc_canvas_free(mc_canvas *);
void mc_fill(mc_canvas *, int x, int y, int width, int height, mc_color);
/* a line through n points {x, y}, round at its ends; one stroke, so that where it meets itself
 * nothing is darker */
void mc_stroke(mc_canvas *, int n, const double (*point)[2], double thick, mc_color);
void mc_line(mc_canvas *, double x0, double y0, double x1, double y1, double thick, mc_color);
void mc_dot(mc_canvas *, double x, double y, double radius, mc_color);
mc_status mc_png_write(const char *path, const mc_canvas *, mc_error *);

/* mc_font.c: letters as strokes; `size` is the height of a capital letter */
double mc_text_width(const char *text, double size);
/* at: 0 begins at x, 0.5 is centred on it, 1 ends there; y is the base line; turned: upward */
void mc_text(mc_canvas *, double x, double y, double at, double size, double thick, int turned,
             mc_color, const char *text);

/* mc_plot.c: panels of curves over one horizontal axis */
typedef struct mc_curve {
	const char *name;
	int n;
	const double *x, *y; /* NaN leaves a point out */
	mc_color color;
	int dots; /* a dot a point */
} mc_curve;
typedef struct mc_panel {
	const char *title;
	int ncurves;
	const mc_curve *curve;
	double mark_x; /* a vertical line with a note, where it is not NaN */
	const char *mark;
} mc_panel;
mc_status mc_plot(const char *path, const char *title, const char *x_name, int npanels,
                  const mc_panel *, mc_error *);

/* mc_tiles.c: n tiles of height * width numbers, side by side, negative ones blue, positive ones
 * red, each scaled to its own largest number; the first nnames have a name, the others a number */
mc_status mc_tiles(const char *path, const char *title, const mc_array *values, int64_t height,
                   int64_t width, int nnames, const char *const *names, mc_error *);

/* mc_matrix.c: n * n counts: a row for what is true, a column for what was predicted */
enum { MC_MATRIX_MOST = 500 }; /* n beyond which nobody would look at it */
mc_status mc_matrix(const char *path, const char *title, int n, const char *const *names,
                    const int64_t *count, mc_error *);

extern const mc_color mc_black, mc_grey, mc_light, mc_blue, mc_orange;

#ifdef __cplusplus
}
#endif
#endif
