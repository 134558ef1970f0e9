/* if.c -- one of two regions */
#include "ops.h"

static const Type *shape(Shape *s)
{
	if (s->nregions != 2 || s->nin == 0 || s->in[0]->dtype != DT_bool || s->in[0]->rank > 0)
		return misfit(s, "an if has a bool scalar and two regions");
	const Graph *then = s->region[0], *other = s->region[1];
	for (int r = 0; r < 2; r++) {
		if (s->region[r]->params.len != s->nin - 1)
			return misfit(s, "a branch has %d parameters for %d values",
				      s->region[r]->params.len, s->nin - 1);
		for (int i = 1; i < s->nin; i++)
			if (!type_equal(s->region[r]->params.data[i - 1]->type, s->in[i]))
				return misfit(
					s,
					"parameter %d of a branch has another type than its value",
					i - 1);
	}
	if (then->results.len != other->results.len)
		return misfit(s, "the branches of an if have %d and %d results", then->results.len,
			      other->results.len);
	const Type **item = NEW_ARRAY(s->arena, const Type *, then->results.len + 1);
	for (int i = 0; i < then->results.len; i++) {
		item[i] = then->results.data[i]->type;
		if (item[i]->dtype == DT_tuple ||
		    !type_equal(item[i], other->results.data[i]->type))
			return misfit(s, "the branches of an if are %s and %s",
				      type_text(s->arena, item[i]),
				      type_text(s->arena, other->results.data[i]->type));
	}
	return type_tuple(s->arena, then->results.len, item);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Eval branch = *e;
	const Graph *taken = v->region[in[0]->i[0] ? 0 : 1];
	branch.params = in + 1;
	return eval_tuple(e, taken->results.len, eval_graph(&branch, taken));
}

const StructuralOp op_if = {
	.info = {.name = "if", .arity = -1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.eval = eval,
};
