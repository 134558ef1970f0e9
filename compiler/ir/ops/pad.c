/* pad.c -- elements of one value before, after and between those of x */
#include <math.h>

#include "ops.h"

static const Type *shape(Shape *s)
{
	const Type *x = s->in[0];
	const Size *size[MAX_RANK];
	for (int i = 0; i < x->rank; i++) {
		const Size *lo = s->attr->pad.lo[i], *hi = s->attr->pad.hi[i];
		int64_t gap = s->attr->pad.gap[i];
		if (!lo || !hi || gap < 0 || gap == INT64_MAX ||
		    size_ge(s->arena, lo, size_const(s->arena, 0)) == NO ||
		    size_ge(s->arena, hi, size_const(s->arena, 0)) == NO)
			return misfit(s, "a pad is negative");
		const Size *inside = size_sub(s->arena, size_scale(s->arena, x->size[i], gap + 1),
					      size_const(s->arena, gap));
		size[i] = size_add(s->arena, size_add(s->arena, lo, inside), hi);
	}
	return type_array(s->arena, x->dtype, x->rank, size);
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_sizes(v, "lo", v->type->rank, a->pad.lo);
	visit_sizes(v, "hi", v->type->rank, a->pad.hi);
	visit_int64s(v, "gap", v->type->rank, a->pad.gap);
	visit_number(v, "fill", &a->pad.fill);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	const Attr *a = &v->attr;
	int64_t at[MAX_RANK] = {0}, to[MAX_RANK];
	for (int64_t i = 0; i < y->count; i++)
		if (y->f)
			put_number(y, i, a->pad.fill, fabs(a->pad.fill));
		else
			y->i[i] = (int64_t)a->pad.fill;
	if (in[0]->count > 0)
		do {
			for (int i = 0; i < y->rank; i++)
				to[i] = eval_size(e, a->pad.lo[i], NULL) +
					at[i] * (a->pad.gap[i] + 1);
			put_element(y, flat_index(y, to), in[0], flat_index(in[0], at));
		} while (next_index(y->rank, in[0]->size, at));
	return y;
}

const StructuralOp op_pad = {
	.info = {.name = "pad", .arity = 1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
