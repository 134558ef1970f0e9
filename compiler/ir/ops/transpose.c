/* transpose.c -- axes in another order */
#include "ops.h"

static const Type *shape(Shape *s)
{
	const Type *x = s->in[0];
	const Size *size[MAX_RANK];
	uint32_t seen = 0;
	for (int i = 0; i < x->rank; i++) {
		int from = s->attr->transpose.perm[i];
		if (from < 0 || from >= x->rank || seen >> from & 1)
			return misfit(s, "a transpose of rank %d has no order of the axes", x->rank);
		seen |= 1u << from;
		size[i] = x->size[from];
	}
	return type_array(s->arena, x->dtype, x->rank, size);
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int8s(v, "perm", v->type->rank, a->transpose.perm);
}

const StructuralOp op_transpose = {
	.info = {.name = "transpose", .arity = 1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
};
