/* triangular_solve.c -- x with a x = b, or a^T x = b, for a triangle of a */
#include "ops.h"

static const Type *shape(Shape *s)
{
	const Type *a = s->in[0], *b = s->in[1];
	bool fits = dtype_is_float(a->dtype) && a->dtype == b->dtype && a->rank >= 2 && a->rank == b->rank;
	for (int i = 0; fits && i < a->rank - 1; i++)
		fits = size_equal(a->size[i], b->size[i]);
	if (!fits || !size_equal(a->size[a->rank - 1], a->size[a->rank - 2]))
		return misfit(s, "triangular_solve takes [.., n, n] and [.., n, k], not %s and %s",
			      type_text(s->arena, a), type_text(s->arena, b));
	return b;
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_bool(v, "upper", &a->triangular.upper);
	visit_bool(v, "transpose", &a->triangular.transpose);
}

const StructuralOp op_triangular_solve = {
	.info = {.name = "triangular_solve", .arity = 2, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
};
