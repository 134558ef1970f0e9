/* gather.c -- out[.., j, ..] = x[.., index[j], ..]; several indices stand for adjacent axes */
#include "ops.h"

static const Type *shape(Shape *s)
{
	return s->nin == 0 ? misfit(s, "gather takes x")
			   : gathered_type(s, s->in[0], s->in + 1, s->nin - 1);
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int(v, "axis", &a->gather.axis);
	visit_int(v, "count", &a->gather.count);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	int64_t at[MAX_RANK] = {0};
	if (y->count > 0)
		do {
			int64_t from = gathered_index(v, in[0], at, in + 1, true);
			put_element(y, flat_index(y, at), in[0], from);
		} while (next_index(y->rank, y->size, at));
	return y;
}

const StructuralOp op_gather = {
	.info = {.name = "gather", .arity = -1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
