/* concat.c -- arrays one after the other along an axis */
#include "ops.h"

static const Type *shape(Shape *s)
{
	int axis = s->attr->concat.axis;
	if (s->nin == 0 || axis < 0 || axis >= s->in[0]->rank)
		return misfit(s, "concat has no such axis");
	const Type *first = s->in[0];
	const Size *size[MAX_RANK];
	for (int i = 0; i < first->rank; i++)
		size[i] = first->size[i];
	for (int k = 1; k < s->nin; k++) {
		const Type *x = s->in[k];
		bool fits = x->dtype == first->dtype && x->rank == first->rank;
		for (int i = 0; fits && i < x->rank; i++)
			fits = i == axis || size_equal(x->size[i], size[i]);
		if (!fits)
			return misfit(s, "concat of %s and %s along axis %d",
				      type_text(s->arena, first), type_text(s->arena, x), axis);
		size[axis] = size_add(s->arena, size[axis], x->size[axis]);
	}
	return type_array(s->arena, first->dtype, first->rank, size);
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int(v, "axis", &a->concat.axis);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	int axis = v->attr.concat.axis;
	int64_t done = 0;
	for (int k = 0; k < v->nin; k++) {
		int64_t at[MAX_RANK] = {0};
		if (in[k]->count > 0)
			do {
				at[axis] += done;
				int64_t to = flat_index(y, at);
				at[axis] -= done;
				put_element(y, to, in[k], flat_index(in[k], at));
			} while (next_index(y->rank, in[k]->size, at));
		done += in[k]->size[axis];
	}
	return y;
}

const StructuralOp op_concat = {
	.info = {.name = "concat", .arity = -1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
