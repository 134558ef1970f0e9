/* cumsum.c -- sums of all elements up to each along an axis */
#include "ops.h"

static const Type *shape(Shape *s)
{
	const Type *x = s->in[0];
	int axis = s->attr->cumsum.axis;
	if (axis < 0 || axis >= x->rank)
		return misfit(s, "cumsum along axis %d of %s", axis, type_text(s->arena, x));
	if (x->dtype == DT_bool)
		return misfit(s, "cumsum of bools");
	return x;
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int(v, "axis", &a->cumsum.axis);
	visit_bool(v, "reverse", &a->cumsum.reverse);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	int axis = v->attr.cumsum.axis;
	int64_t at[MAX_RANK] = {0};
	if (y->count > 0)
		do {
			int64_t to = flat_index(y, at), place = at[axis];
			int64_t end = v->attr.cumsum.reverse ? y->size[axis] - 1 : 0;
			int64_t first = place < end ? place : end, last = place < end ? end : place;
			long double sum = 0;
			double magnitude = 0;
			uint64_t whole = 0;
			for (int64_t k = first; k <= last; k++) {
				at[axis] = k;
				int64_t from = flat_index(y, at);
				if (y->f) {
					sum += in[0]->f[from];
					magnitude += in[0]->magnitude[from];
				} else
					whole += (uint64_t)in[0]->i[from];
			}
			at[axis] = place;
			if (y->f)
				put_number(y, to, round_to(y->dtype, sum), magnitude);
			else
				y->i[to] = wrap_to(y->dtype, whole);
		} while (next_index(y->rank, y->size, at));
	return y;
}

const StructuralOp op_cumsum = {
	.info = {.name = "cumsum", .arity = 1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
