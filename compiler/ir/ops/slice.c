/* slice.c -- out[i, ..] = x[start + i * step, ..] */
#include "ops.h"

static const Type *shape(Shape *s)
{
	const Type *x = s->in[0];
	if (!s->said || s->said->dtype != x->dtype || s->said->rank != x->rank)
		return misfit(s, "a slice keeps dtype and rank");
	return slice_fits(s, x, s->said, 1) ? s->said : NULL;
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_sizes(v, "start", v->in[0]->rank, a->slice.start);
	visit_int64s(v, "step", v->in[0]->rank, a->slice.step);
}

const StructuralOp op_slice = {
	.info = {.name = "slice", .arity = -1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
};
