/* windows.c -- overlapping views: out[.., p, .., k] = x[.., p * stride + k * dilation, ..] */
#include "ops.h"

static const Type *shape(Shape *s)
{
	const Type *x = s->in[0];
	Arena *arena = s->arena;
	const Attr *a = s->attr;
	int axis = a->windows.axis;
	if (axis < 0 || axis >= x->rank || x->rank == MAX_RANK)
		return misfit(s, "windows along axis %d of %s", axis, type_text(arena, x));
	if (!a->windows.size || a->windows.stride < 1 || a->windows.dilation < 1)
		return misfit(s, "windows need a size, stride and dilation above 0");
	const Size *one = size_const(arena, 1), *size[MAX_RANK];
	const Size *reach =
		size_scale(arena, size_sub(arena, a->windows.size, one), a->windows.dilation);
	const Size *room = size_sub(arena, size_sub(arena, x->size[axis], reach), one);
	if (!room)
		return misfit(s, "a size of windows is beyond 64 bits");
	if (size_ge(arena, a->windows.size, one) == NO ||
	    size_ge(arena, room, size_const(arena, 0)) == NO)
		return misfit(s, "windows of %s do not fit into %s",
			      size_text(arena, a->windows.size), type_text(arena, x));
	for (int i = 0; i < x->rank; i++)
		size[i] = x->size[i];
	size[axis] = size_add(arena, size_floordiv(arena, room, a->windows.stride), one);
	size[x->rank] = a->windows.size;
	return type_array(arena, x->dtype, x->rank + 1, size);
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int(v, "axis", &a->windows.axis);
	visit_size(v, "size", &a->windows.size);
	visit_int64(v, "stride", &a->windows.stride);
	visit_int64(v, "dilation", &a->windows.dilation);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	int axis = v->attr.windows.axis;
	int64_t at[MAX_RANK] = {0};
	if (y->count > 0)
		do {
			int64_t p = at[axis];
			int64_t to = flat_index(y, at);
			at[axis] = p * v->attr.windows.stride +
				   at[y->rank - 1] * v->attr.windows.dilation;
			put_element(y, to, in[0], flat_index(in[0], at));
			at[axis] = p;
		} while (next_index(y->rank, y->size, at));
	return y;
}

const StructuralOp op_windows = {
	.info = {.name = "windows", .arity = 1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
