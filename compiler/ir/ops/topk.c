/* topk.c -- the k largest along an axis, falling, and their places; the first of equals first */
#include "ops.h"

static const Type *shape(Shape *s)
{
	const Type *x = s->in[0];
	int axis = s->attr->sort.axis;
	if (axis < 0 || axis >= x->rank)
		return misfit(s, "topk along axis %d of %s", axis, type_text(s->arena, x));
	if (dtype_class(x->dtype) == CLASS_COMPLEX)
		return misfit(s, "topk of complex values");
	const Size *size[MAX_RANK], *k = size_const(s->arena, s->attr->sort.k);
	if (s->attr->sort.k < 1 || size_ge(s->arena, x->size[axis], k) == NO)
		return misfit(s, "topk of %s of %s", size_text(s->arena, k),
			      size_text(s->arena, x->size[axis]));
	for (int i = 0; i < x->rank; i++)
		size[i] = i == axis ? k : x->size[i];
	const Type *item[] = {type_array(s->arena, x->dtype, x->rank, size),
			      type_array(s->arena, DT_int64, x->rank, size)};
	return type_tuple(s->arena, 2, item);
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int(v, "axis", &a->sort.axis);
	visit_int64(v, "k", &a->sort.k);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *result[] = {eval_array(e, v->type->item[0]), eval_array(e, v->type->item[1])};
	const Array *x = in[0];
	int axis = v->attr.sort.axis;
	int64_t at[MAX_RANK] = {0}, *order = NEW_ARRAY(e->arena, int64_t, x->size[axis] + 1);
	if (x->count > 0)
		do {
			if (at[axis] != 0)
				continue; /* once for each line along the axis */
			sort_axis(x, axis, true, at, order);
			for (int64_t k = 0; k < v->attr.sort.k; k++) {
				at[axis] = order[k];
				int64_t from = flat_index(x, at);
				at[axis] = k;
				int64_t to = flat_index(result[0], at);
				put_element(result[0], to, x, from);
				result[1]->i[to] = order[k];
			}
			at[axis] = 0;
		} while (next_index(x->rank, x->size, at));
	return eval_tuple(e, 2, result);
}

const StructuralOp op_topk = {
	.info = {.name = "topk", .arity = 1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
