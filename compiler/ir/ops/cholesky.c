/* cholesky.c -- the lower l with l l^T = a, of the last two axes; only the lower triangle of a is
 * read */
#include <math.h>

#include "ops.h"

static const Type *shape(Shape *s)
{
	const Type *a = s->in[0];
	if (!dtype_is_float(a->dtype) || a->rank < 2 ||
	    !size_equal(a->size[a->rank - 1], a->size[a->rank - 2]))
		return misfit(s, "cholesky takes square matrices of floats, not %s",
			      type_text(s->arena, a));
	return a;
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	int64_t n = y->size[y->rank - 1];
	for (int64_t m = 0; n > 0 && m < y->count; m += n * n) {
		const double *a = in[0]->f + m;
		double *l = y->f + m, *magnitude = y->magnitude + m;
		for (int64_t j = 0; j < n; j++)
			for (int64_t i = j; i < n; i++) {
				long double sum = a[i * n + j];
				double terms = in[0]->magnitude[m + i * n + j];
				for (int64_t k = 0; k < j; k++) {
					sum -= (long double)l[i * n + k] * l[j * n + k];
					terms += magnitude[i * n + k] * magnitude[j * n + k];
				}
				long double pivot = i == j ? sqrtl(sum) : l[j * n + j];
				l[i * n + j] = (double)(i == j ? pivot : sum / pivot);
				magnitude[i * n + j] = terms / (double)pivot;
			}
		for (int64_t k = 0; k < n * n; k++)
			l[k] = round_to(y->dtype, l[k]);
	}
	return y;
}

const StructuralOp op_cholesky = {
	.info = {.name = "cholesky", .arity = 1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.eval = eval,
};
