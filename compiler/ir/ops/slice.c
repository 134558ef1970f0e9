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

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	int64_t at[MAX_RANK] = {0}, from[MAX_RANK];
	if (y->count > 0)
		do {
			sliced_index(e, v, in, at, from);
			for (int i = 0; i < y->rank; i++)
				from[i] = from[i] < 0                 ? 0
					  : from[i] >= in[0]->size[i] ? in[0]->size[i] - 1
								      : from[i];
			put_element(y, flat_index(y, at), in[0], flat_index(in[0], from));
		} while (next_index(y->rank, y->size, at));
	return y;
}

const StructuralOp op_slice = {
	.info = {.name = "slice", .arity = -1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
