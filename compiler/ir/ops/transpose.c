/* transpose.c -- axes in another order */
#include "ops.h"

static const Type *shape(Shape *s)
{
	const Type *x = s->in[0];
	const Size *size[MAX_RANK];
	uint32_t seen = 0;
	for (int i = 0; i < x->rank; i++) {
		int from = s->attr->transpose.perm[i];
		if (from < 0 || from >= x->rank || seen >> from & 1)
			return misfit(s, "a transpose of rank %d has no order of the axes",
				      x->rank);
		seen |= 1u << from;
		size[i] = x->size[from];
	}
	return type_array(s->arena, x->dtype, x->rank, size);
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int8s(v, "perm", v->type->rank, a->transpose.perm);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	int64_t at[MAX_RANK] = {0}, from[MAX_RANK];
	if (y->count > 0)
		do {
			for (int i = 0; i < y->rank; i++)
				from[v->attr.transpose.perm[i]] = at[i];
			put_element(y, flat_index(y, at), in[0], flat_index(in[0], from));
		} while (next_index(y->rank, y->size, at));
	return y;
}

const StructuralOp op_transpose = {
	.info = {.name = "transpose",
		 .arity = 1,
		 .types = TYPES_STRUCTURAL,
		 .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
