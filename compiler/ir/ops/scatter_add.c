/* scatter_add.c -- x with v[.., j, ..] added to x[.., index[j], ..] */
#include "ops.h"

static const Type *shape(Shape *s)
{
	if (s->nin < 2)
		return misfit(s, "scatter_add takes x, v and indices");
	if (s->in[0]->dtype == DT_bool)
		return misfit(s, "scatter_add of bools");
	const Type *part = gathered_type(s, s->in[0], s->in + 2, s->nin - 2);
	if (part && !type_equal(part, s->in[1]))
		return misfit(s, "scatter_add puts %s where %s stands", type_text(s->arena, s->in[1]),
			      type_text(s->arena, part));
	return part ? s->in[0] : NULL;
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int(v, "axis", &a->gather.axis);
	visit_int(v, "count", &a->gather.count);
}

const StructuralOp op_scatter_add = {
	.info = {.name = "scatter_add", .arity = -1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
};
