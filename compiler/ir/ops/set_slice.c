/* set_slice.c -- x with x[start + i * step, ..] = v[i, ..] */
#include "ops.h"

static const Type *shape(Shape *s)
{
	if (s->nin < 2)
		return misfit(s, "set_slice takes x and v");
	const Type *x = s->in[0], *v = s->in[1];
	if (v->dtype != x->dtype || v->rank != x->rank)
		return misfit(s, "set_slice puts %s into %s", type_text(s->arena, v),
			      type_text(s->arena, x));
	return slice_fits(s, x, v, 2) ? x : NULL;
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_sizes(v, "start", v->in[0]->rank, a->slice.start);
	visit_int64s(v, "step", v->in[0]->rank, a->slice.step);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = array_copy(e->arena, in[0]);
	int64_t at[MAX_RANK] = {0}, to[MAX_RANK];
	if (in[1]->count > 0)
		do {
			bool inside = true;
			sliced_index(e, v, in, at, to);
			for (int i = 0; i < y->rank; i++)
				inside &= to[i] >= 0 && to[i] < y->size[i];
			if (inside)
				put_element(y, flat_index(y, to), in[1], flat_index(in[1], at));
		} while (next_index(y->rank, in[1]->size, at));
	return y;
}

const StructuralOp op_set_slice = {
	.info = {.name = "set_slice",
		 .arity = -1,
		 .types = TYPES_STRUCTURAL,
		 .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
