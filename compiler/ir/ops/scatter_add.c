/* scatter_add.c -- x with v[.., j, ..] added to x[.., index[j], ..] */
#include "ops.h"

static const Type *shape(Shape *s)
{
	if (s->nin < 2)
		return misfit(s, "scatter_add takes x, v and indices");
	if (s->in[0]->dtype == DT_bool)
		return misfit(s, "scatter_add of bools");
	const Type *part = gathered_type(s, s->in[0], s->in + 2, s->nin - 2);
	if (part && !type_equal(part, s->in[1]))
		return misfit(s, "scatter_add puts %s where %s stands",
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
	long double *sum = NEW_ARRAY(e->arena, long double, y->count + 1);
	int64_t at[MAX_RANK] = {0};
	for (int64_t i = 0; y->f && i < y->count; i++)
		sum[i] = y->f[i];
	if (in[1]->count > 0)
		do {
			int64_t to = gathered_index(v, y, at, in + 2, false),
				from = flat_index(in[1], at);
			if (to < 0)
				continue;
			if (y->f) {
				sum[to] += in[1]->f[from];
				y->magnitude[to] += in[1]->magnitude[from];
			} else
				y->i[to] = wrap_to(y->dtype,
						   (uint64_t)y->i[to] + (uint64_t)in[1]->i[from]);
		} while (next_index(in[1]->rank, in[1]->size, at));
	for (int64_t i = 0; y->f && i < y->count; i++)
		y->f[i] = round_to(y->dtype, sum[i]);
	return y;
}

const StructuralOp op_scatter_add = {
	.info = {.name = "scatter_add",
		 .arity = -1,
		 .types = TYPES_STRUCTURAL,
		 .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
