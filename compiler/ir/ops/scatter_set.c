/* scatter_set.c -- x with x[.., index[j], ..] = v[.., j, ..], the last of equal indices winning */
#include "ops.h"

static const Type *shape(Shape *s)
{
	if (s->nin < 2)
		return misfit(s, "scatter_set takes x, v and indices");
	const Type *part = gathered_type(s, s->in[0], s->in + 2, s->nin - 2);
	if (part && !type_equal(part, s->in[1]))
		return misfit(s, "scatter_set puts %s where %s stands",
			      type_text(s->arena, s->in[1]), type_text(s->arena, part));
	return part ? s->in[0] : NULL;
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int(v, "axis", &a->gather.axis);
	visit_int(v, "count", &a->gather.count);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = array_copy(e->arena, in[0]);
	int64_t at[MAX_RANK] = {0};
	if (in[1]->count > 0)
		do {
			int64_t to = gathered_index(v, y, at, in + 2, false);
			if (to >= 0)
				put_element(y, to, in[1], flat_index(in[1], at));
		} while (next_index(in[1]->rank, in[1]->size, at));
	return y;
}

const StructuralOp op_scatter_set = {
	.info = {.name = "scatter_set",
		 .arity = -1,
		 .types = TYPES_STRUCTURAL,
		 .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
