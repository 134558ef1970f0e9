/* cholesky.c -- the lower l with l l^T = a, of the last two axes; only the lower triangle of a is read */
#include "ops.h"

static const Type *shape(Shape *s)
{
	const Type *a = s->in[0];
	if (!dtype_is_float(a->dtype) || a->rank < 2 || !size_equal(a->size[a->rank - 1], a->size[a->rank - 2]))
		return misfit(s, "cholesky takes square matrices of floats, not %s", type_text(s->arena, a));
	return a;
}

const StructuralOp op_cholesky = {
	.info = {.name = "cholesky", .arity = 1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
};
