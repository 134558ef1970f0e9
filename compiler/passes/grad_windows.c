/* grad_windows.c -- the gradient of overlapping views: each element's is the sum over the windows that hold it
 *
 * Of windows that do not overlap it is the gradient itself, put side by side.  Where it is a sum of products (a convolution), so
 * is the sum over windows: of windows of the padded gradient with the kernel turned round.  Else it is padded copies added up, a
 * term for each place within a window; or, of many places, scattered. */
#include "build_more.h"
#include "grad.h"

enum { MAX_TERMS = 32 };

/* one padded copy for each place within a window, added up */
static Val *add_places(Graph *graph, const Val *v, Val *g, int64_t nplaces)
{
	Arena *arena = graph->arena;
	int axis = v->attr.windows.axis, last = v->type->rank - 1;
	const Size *one = size_const(arena, 1), *zero = size_const(arena, 0);
	const Size *start[MAX_RANK], *size[MAX_RANK];
	int64_t step[MAX_RANK];
	for (int i = 0; i <= last; i++) {
		start[i] = zero;
		step[i] = 1;
		size[i] = v->type->size[i];
	}
	size[last] = one;
	/* from the first to the last element that windows see */
	const Size *seen = size_add(
		arena, one,
		size_scale(arena, size_sub(arena, size[axis], one), v->attr.windows.stride));
	const Size *whole = v->in[0]->type->size[axis];
	Val *sum = NULL;
	for (int64_t k = 0; k < nplaces; k++) {
		start[last] = size_const(arena, k);
		Val *place =
			build_reshape(graph, v->loc,
				      build_slice(graph, v->loc, g, start, step, size), last, size);
		Attr pad = {0};
		for (int i = 0; i < last; i++)
			pad.pad.lo[i] = pad.pad.hi[i] = zero;
		pad.pad.lo[axis] = size_const(arena, k * v->attr.windows.dilation);
		pad.pad.hi[axis] = size_sub(arena, whole, size_add(arena, pad.pad.lo[axis], seen));
		pad.pad.gap[axis] = v->attr.windows.stride - 1;
		Val *term = build(graph, v->loc, OP_pad, 1, &place, &pad, NULL);
		sum = sum ? build_elem(graph, v->loc, OP_add, sum, term, NULL) : term;
	}
	return sum;
}

/* each element of g added where it came from */
static Val *scatter_places(Graph *graph, const Val *v, Val *g)
{
	int axis = v->attr.windows.axis, last = v->type->rank - 1;
	Loc loc = v->loc;
	int8_t perm[MAX_RANK];
	for (int i = 0; i <= last; i++)
		perm[i] = (int8_t)(i <= axis ? i : i == axis + 1 ? last : i - 1);
	const Type *grid = type_array(graph->arena, DT_int64, 2,
				      (const Size *[]){v->type->size[axis], v->type->size[last]});
	Val *p = build_elem(graph, loc, OP_mul, build_iota(graph, loc, grid, DT_int64, 0),
			    build_number(graph, loc, DT_int64, (double)v->attr.windows.stride),
			    NULL);
	Val *k = build_elem(graph, loc, OP_mul, build_iota(graph, loc, grid, DT_int64, 1),
			    build_number(graph, loc, DT_int64, (double)v->attr.windows.dilation),
			    NULL);
	Val *in[] = {build_full(graph, loc, v->in[0]->type, 0),
		     build_transpose(graph, loc, g, perm),
		     build_elem(graph, loc, OP_add, p, k, NULL)};
	Attr attr = {.gather = {axis, 1}};
	return build(graph, loc, OP_scatter_add, 3, in, &attr, NULL);
}

/* windows that do not overlap: [.., p, .., k] becomes [.., p * size + k, ..] */
static Val *side_by_side(Graph *graph, const Val *v, Val *g, int64_t n)
{
	Arena *arena = graph->arena;
	int axis = v->attr.windows.axis, last = v->type->rank - 1;
	const Size *zero = size_const(arena, 0), *size[MAX_RANK];
	int8_t perm[MAX_RANK];
	Attr pad = {0};
	for (int i = 0; i <= last; i++)
		perm[i] = (int8_t)(i <= axis ? i : i == axis + 1 ? last : i - 1);
	for (int i = 0; i < last; i++) {
		size[i] = v->type->size[i];
		pad.pad.lo[i] = pad.pad.hi[i] = zero;
	}
	size[axis] = size_scale(arena, size[axis], n);
	Val *whole = build_reshape(graph, v->loc, build_transpose(graph, v->loc, g, perm), last, size);
	pad.pad.hi[axis] = size_sub(arena, v->in[0]->type->size[axis], size[axis]);
	if (size_equal(pad.pad.hi[axis], zero))
		return whole;
	return build(graph, v->loc, OP_pad, 1, &whole, &pad, NULL);
}

/* padded along one axis, under the windows and pads of other axes that are there already */
static Val *pad_axis(Graph *graph, Loc loc, Val *x, int axis, const Size *lo, const Size *hi, int64_t gap)
{
	const Size *zero = size_const(graph->arena, 0);
	Attr pad = {0};
	if (x->op == OP_windows && axis < x->type->rank - 1 && axis != x->attr.windows.axis) {
		Val *in = pad_axis(graph, loc, x->in[0], axis, lo, hi, gap);
		Attr windows = {.windows = x->attr.windows};
		return build(graph, loc, OP_windows, 1, &in, &windows, NULL);
	}
	bool joins = x->op == OP_pad && x->attr.pad.fill == 0 && x->attr.pad.gap[axis] == 0 &&
		     size_equal(x->attr.pad.lo[axis], zero) && size_equal(x->attr.pad.hi[axis], zero);
	for (int i = 0; i < x->type->rank; i++)
		pad.pad.lo[i] = pad.pad.hi[i] = zero;
	if (joins)
		pad.pad = x->attr.pad;
	pad.pad.lo[axis] = lo;
	pad.pad.hi[axis] = hi;
	pad.pad.gap[axis] = gap;
	return build(graph, loc, OP_pad, 1, joins ? x->in : &x, &pad, NULL);
}

/* Where g = sum of a[.., p, ..] * b[.., k, ..] and no other operand has p or k: the sum over k of windows of a, padded so that
 * each element meets every place, and b turned round along k.  NULL if it is none. */
static Val *as_contraction(Graph *graph, const Val *v, Val *g)
{
	if (g->op != OP_contraction || g->in[0]->type->rank + 1 > MAX_RANK || g->in[1]->type->rank + 1 > MAX_RANK)
		return NULL;
	Arena *arena = graph->arena;
	Attr sum = g->attr;
	int8_t *label[2] = {sum.contraction.a, sum.contraction.b};
	int axis = v->attr.windows.axis, last = v->type->rank - 1;
	int8_t p = sum.contraction.out[axis], k = sum.contraction.out[last];
	int at[2], kernel[2];
	for (int i = 0; i < 2; i++) {
		at[i] = axis_of_label(label[i], g->in[i]->type->rank, p);
		kernel[i] = axis_of_label(label[i], g->in[i]->type->rank, k);
	}
	int side = at[0] >= 0 ? 0 : 1;
	if (at[side] < 0 || at[1 - side] >= 0 || kernel[side] >= 0 || kernel[1 - side] < 0)
		return NULL;
	Val *x = g->in[side], *w = g->in[1 - side];
	int rank = x->type->rank, y = at[side];
	const Size *zero = size_const(arena, 0), *one = size_const(arena, 1), *n = v->attr.windows.size;
	int64_t stride = v->attr.windows.stride;
	Attr windows = {.windows = v->attr.windows};
	windows.windows.axis = y;
	windows.windows.stride = 1;
	const Size *inside = size_add(
		arena, size_scale(arena, size_sub(arena, x->type->size[y], one), stride), one);
	const Size *lo = size_scale(arena, size_sub(arena, n, one), v->attr.windows.dilation);
	const Size *hi = size_sub(arena, v->in[0]->type->size[axis], inside);
	x = pad_axis(graph, v->loc, x, y, lo, hi, stride - 1);
	x = build(graph, v->loc, OP_windows, 1, &x, &windows, NULL);
	label[side][rank] = k;
	const Size *start[MAX_RANK];
	int64_t step[MAX_RANK];
	for (int i = 0; i < w->type->rank; i++) {
		bool turned = i == kernel[1 - side];
		start[i] = turned ? size_sub(arena, n, one) : zero;
		step[i] = turned ? -1 : 1;
	}
	w = build_slice(graph, v->loc, w, start, step, w->type->size);
	Val *in[2];
	in[side] = x;
	in[1 - side] = w;
	sum.contraction.nout--;
	return build(graph, v->loc, OP_contraction, 2, in, &sum, NULL);
}

void grad_windows(Backward *b, const Val *v, Val *const *g, Val **d)
{
	int64_t n;
	bool known = size_is_const(v->attr.windows.size, &n);
	if (known && n == v->attr.windows.stride && v->attr.windows.dilation == 1)
		d[0] = side_by_side(b->graph, v, g[0], n);
	else
		d[0] = as_contraction(b->graph, v, g[0]);
	if (!d[0])
		d[0] = known && n <= MAX_TERMS ? add_places(b->graph, v, g[0], n)
					       : scatter_places(b->graph, v, g[0]);
}
