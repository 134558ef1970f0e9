/* triangular_solve.c -- x with a x = b, or a^T x = b, for a triangle of a */
#include <math.h>

#include "ops.h"

static const Type *shape(Shape *s)
{
	const Type *a = s->in[0], *b = s->in[1];
	bool fits = dtype_is_float(a->dtype) && a->dtype == b->dtype && a->rank >= 2 &&
		    a->rank == b->rank;
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

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	int64_t n = y->size[y->rank - 2], columns = y->size[y->rank - 1];
	bool transpose = v->attr.triangular.transpose;
	bool upward =
		v->attr.triangular.upper != transpose; /* the matrix that is solved with is upper */
	for (int64_t m = 0; n > 0 && columns > 0 && m < y->count / (n * columns); m++)
		for (int64_t c = 0; c < columns; c++)
			for (int64_t done = 0; done < n; done++) {
				int64_t i = upward ? n - 1 - done : done,
					at = (m * n + i) * columns + c;
				long double sum = in[1]->f[at];
				double terms = in[1]->magnitude[at];
				for (int64_t k = upward ? i + 1 : 0; k < (upward ? n : i); k++) {
					int64_t p = (m * n + (transpose ? k : i)) * n +
						    (transpose ? i : k);
					int64_t q = (m * n + k) * columns + c;
					sum -= (long double)in[0]->f[p] * y->f[q];
					terms += in[0]->magnitude[p] * y->magnitude[q];
				}
				double pivot = in[0]->f[(m * n + i) * n + i];
				y->f[at] = (double)(sum / pivot);
				y->magnitude[at] = terms / fabs(pivot);
			}
	for (int64_t k = 0; k < y->count; k++)
		y->f[k] = round_to(y->dtype, y->f[k]);
	return y;
}

const StructuralOp op_triangular_solve = {
	.info = {.name = "triangular_solve",
		 .arity = 2,
		 .types = TYPES_STRUCTURAL,
		 .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
