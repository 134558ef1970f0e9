/* sort.c -- rising along an axis, NaN last */
#include "ops.h"

static const Type *shape(Shape *s)
{
	const Type *x = s->in[0];
	int axis = s->attr->sort.axis;
	if (axis < 0 || axis >= x->rank)
		return misfit(s, "sort along axis %d of %s", axis, type_text(s->arena, x));
	if (dtype_class(x->dtype) == CLASS_COMPLEX)
		return misfit(s, "sort of complex values");
	return x;
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int(v, "axis", &a->sort.axis);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	const Array *x = in[0];
	int axis = v->attr.sort.axis;
	int64_t at[MAX_RANK] = {0}, *order = NEW_ARRAY(e->arena, int64_t, x->size[axis] + 1);
	if (x->count > 0)
		do {
			if (at[axis] != 0)
				continue; /* once for each line along the axis */
			sort_axis(x, axis, false, at, order);
			for (int64_t k = 0; k < x->size[axis]; k++) {
				at[axis] = order[k];
				int64_t from = flat_index(x, at);
				at[axis] = k;
				put_element(y, flat_index(y, at), x, from);
			}
			at[axis] = 0;
		} while (next_index(x->rank, x->size, at));
	return y;
}

const StructuralOp op_sort = {
	.info = {.name = "sort", .arity = 1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
