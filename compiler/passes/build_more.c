/* build_more.c -- nodes that passes make often */
#include "build_more.h"

Val *build_number(Graph *g, Loc loc, DType dtype, double x)
{
	if (dtype_is_float(dtype))
		return build_const(g, loc, dtype, dtype == DT_float32 ? (double)(float)x : x, 0);
	return build_const(g, loc, dtype, 0, (int64_t)x);
}

Val *build_full(Graph *g, Loc loc, const Type *type, double x)
{
	return build_broadcast_to(g, loc, build_number(g, loc, type->dtype, x), type);
}

Val *build_iota(Graph *g, Loc loc, const Type *shape, DType dtype, int axis)
{
	int8_t to = (int8_t)axis;
	Val *iota = build(g, loc, OP_iota, 0, NULL, NULL,
			  type_array(g->arena, dtype, 1, &shape->size[axis]));
	return build_broadcast(g, loc, iota, shape->rank, shape->size, &to);
}

Val *build_sum_to(Graph *g, Loc loc, Val *x, const Type *shape)
{
	if (shape->rank == x->type->rank)
		return x;
	if (shape->rank > 0)
		internal_error("a sum from %s to %s", type_text(g->arena, x->type),
			       type_text(g->arena, shape));
	return build_reduce(g, loc, REDUCE_sum, x, (1u << x->type->rank) - 1);
}

Val *build_restore(Graph *g, Loc loc, Val *x, const Type *shape, uint32_t axes)
{
	int8_t axis[MAX_RANK];
	int n = 0;
	for (int i = 0; i < shape->rank; i++)
		if (!(axes >> i & 1))
			axis[n++] = (int8_t)i;
	return build_broadcast(g, loc, x, shape->rank, shape->size, axis);
}

void build_inline(Graph *g, const Graph *region, Val *const *params, Val *const *given,
		  Val **results)
{
	Arena *scratch = arena_new();
	Rewrite copying = {0};
	Val **copy = NEW_ARRAY(scratch, Val *, region->vals.len + 1);
	for (int i = 0; i < region->params.len; i++)
		copy[region->params.data[i]->id] = params[i];
	for (int i = 0; i < region->vals.len; i++) {
		const Val *v = region->vals.data[i];
		if (given && given[i])
			copy[i] = given[i];
		if (copy[i])
			continue;
		Val **in = NEW_ARRAY(scratch, Val *, v->nin + 1);
		for (int k = 0; k < v->nin; k++)
			in[k] = copy[v->in[k]->id];
		copy[i] = rewrite_copy(&copying, g, v, in);
	}
	for (int i = 0; i < region->results.len; i++)
		results[i] = copy[region->results.data[i]->id];
	arena_free(scratch);
}

bool is_number(const Val *v, double x)
{
	if (v->op == OP_broadcast)
		v = v->in[0];
	return v->op == OP_const &&
	       (dtype_is_float(v->type->dtype) ? v->attr.number.f == x
					       : (double)v->attr.number.i == x);
}

const int8_t *labels_of(const Val *v, int k)
{
	return k ? v->attr.contraction.b : v->attr.contraction.a;
}

int axis_of_label(const int8_t *label, int rank, int wanted)
{
	for (int i = 0; i < rank; i++)
		if (label[i] == wanted)
			return i;
	return -1;
}
