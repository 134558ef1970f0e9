/* builtin_windows.c -- what convolution and pooling are made of: margins, gaps, overlapping views */
#include "builtin.h"

/* the margins of one axis: a number for both sides, or [before, after] */
static bool margins(Check *c, const BuiltinCall *call, Value v, const Size **lo, const Size **hi)
{
	Loc loc = call->arg_loc[1];
	const Size *two[MAX_RANK];
	int rank;
	if (!as_shape(c, loc, v, &rank, two))
		return false;
	if (v.kind == V_LIST && rank != 2) {
		check_error(c, loc, "a margin is a size or [before, after], not %s",
			    value_text(c, v));
		return false;
	}
	*lo = two[0];
	*hi = two[v.kind == V_LIST];
	for (int i = 0; i < 2; i++)
		if (size_ge(c->arena, i ? *hi : *lo, size_int(c, 0)) != YES) {
			check_error(c, loc, "the margin %s may be negative",
				    size_text(c->arena, i ? *hi : *lo));
			return false;
		}
	return true;
}

/* pad(x, margins, value = 0, gap = 0): a margin for each axis, or one for all; gap: elements put between two */
Value builtin_pad(Check *c, const BuiltinCall *call)
{
	Attr attr = {0};
	double fill = 0;
	Val *x = arg_tensor(c, call, 0);
	Value m = arg_value(call, 1);
	if (x == NULL || m.kind == V_ERROR)
		return value_error();
	int rank = x->type->rank;
	if (m.kind == V_LIST && m.list->n != rank) {
		check_error(c, call->arg_loc[1], "pad has %d margin%s for %d %s", m.list->n,
			    m.list->n == 1 ? "" : "s", rank, rank == 1 ? "axis" : "axes");
		return value_error();
	}
	if (given(call, 2) && !known_float(c, call->arg[2], &fill)) {
		check_error(c, call->arg_loc[2], "the value of pad is a constant, not %s",
			    value_text(c, call->arg[2]));
		return value_error();
	}
	if (!arg_ints(c, call, 3, rank, 0, attr.pad.gap))
		return value_error();
	bool nothing = true;
	int64_t n;
	for (int i = 0; i < rank; i++) {
		if (!margins(c, call, m.kind == V_LIST ? m.list->item[i] : m, &attr.pad.lo[i],
			     &attr.pad.hi[i]))
			return value_error();
		if (attr.pad.gap[i] < 0 || attr.pad.gap[i] > INT32_MAX) {
			check_error(c, call->arg_loc[3], "the gap of pad is 0 to 2147483647, not %lld",
				    (long long)attr.pad.gap[i]);
			return value_error();
		}
		nothing &= attr.pad.gap[i] == 0 && size_known(c, attr.pad.lo[i], &n) && n == 0 &&
			   size_known(c, attr.pad.hi[i], &n) && n == 0;
	}
	attr.pad.fill = fill;
	return value_of(nothing ? x : build_counted(c, call->loc, OP_pad, 1, &x, &attr));
}

static Val *window(Check *c, const BuiltinCall *call, Val *x, int axis, const Size *size,
		   int64_t stride, int64_t dilation)
{
	const Size *whole = size_resolve(c->arena, x->type->size[axis]), *one = size_int(c, 1);
	if (stride < 1 || dilation < 1) {
		check_error(c, call->loc, "stride and dilation of windows are at least 1");
		return NULL;
	}
	const Size *reach = size_scale(c->arena, size_sub(c->arena, size, one), dilation);
	const Size *room = size_sub(c->arena, size_sub(c->arena, whole, reach), one);
	if (!rank_fits(c, call->loc, x->type->rank + 1))
		return NULL;
	if (room == NULL || size_ge(c->arena, size, one) == NO ||
	    size_ge(c->arena, room, size_int(c, 0)) == NO) {
		check_error(c, call->loc, "windows of %s%s do not fit into %s elements",
			    size_text(c->arena, size),
			    dilation > 1 ? arena_printf(c->arena, " with dilation %lld",
							(long long)dilation)
					 : "",
			    size_text(c->arena, whole));
		return NULL;
	}
	if (size_ge(c->arena, room, size_int(c, 0)) == UNDECIDED) {
		Val *ok = build_elem(c->graph, call->loc, OP_ge, size_value(c, call->loc, room),
				     build_const(c->graph, call->loc, DT_int64, 0, 0), NULL);
		add_check(c, call->loc, ok, "windows",
			  arena_printf(c->arena, "windows of %s in %s elements",
				       size_text(c->arena, size), size_text(c->arena, whole)));
	}
	Attr attr = {.windows = {axis, size, stride, dilation}};
	return build_counted(c, call->loc, OP_windows, 1, &x, &attr);
}

/* windows(x, axis, size, stride = 1, dilation = 1): the axis becomes the positions; last comes the axis within a window.
 * Of several axes: lists, and as many axes at the end */
Value builtin_windows(Check *c, const BuiltinCall *call)
{
	Val *x = arg_tensor(c, call, 0);
	Value axes = arg_value(call, 1), sizes = arg_value(call, 2);
	if (x == NULL || axes.kind == V_ERROR || sizes.kind == V_ERROR)
		return value_error();
	int n = axes.kind == V_LIST ? axes.list->n : 1, rank = x->type->rank, nsizes;
	int64_t stride[MAX_RANK], dilation[MAX_RANK];
	const Size *size[MAX_RANK];
	if (!as_shape(c, call->arg_loc[2], sizes, &nsizes, size))
		return value_error();
	if (sizes.kind == V_LIST && nsizes != n) {
		check_error(c, call->arg_loc[2], "windows has %d size%s for %d %s", nsizes,
			    nsizes == 1 ? "" : "s", n, n == 1 ? "axis" : "axes");
		return value_error();
	}
	if (!arg_ints(c, call, 3, n, 1, stride) || !arg_ints(c, call, 4, n, 1, dilation))
		return value_error();
	for (int i = 0; i < n && x; i++) {
		BuiltinCall one = *call;
		Value args[2] = {call->arg[0], axes.kind == V_LIST ? axes.list->item[i] : axes};
		int axis;
		one.arg = args;
		one.n = 2;
		if (!arg_axis(c, &one, 1, rank, 0, &axis))
			return value_error();
		x = window(c, call, x, axis, size[sizes.kind == V_LIST ? i : 0], stride[i],
			   dilation[i]);
	}
	return x ? value_tensor(x) : value_error();
}
