/* gather.c -- out[.., j, ..] = x[.., index[j], ..]; several indices stand for adjacent axes */
#include "ops.h"

static const Type *shape(Shape *s)
{
	return s->nin == 0 ? misfit(s, "gather takes x") : gathered_type(s, s->in[0], s->in + 1, s->nin - 1);
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int(v, "axis", &a->gather.axis);
	visit_int(v, "count", &a->gather.count);
}

const StructuralOp op_gather = {
	.info = {.name = "gather", .arity = -1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
};
