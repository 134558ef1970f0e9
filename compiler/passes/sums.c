/* sums.c -- reductions of what is repeated, negated or reduced already
 *
 *      sum(broadcast(x), 0)   =>   n * x */
#include "rules.h"

/* the reduction over axes that hold equal elements is left out; those that are left are done, and
 * the sum multiplied */
static Val *of_broadcast(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	Val *x = in[0], *from = x->in[0];
	Arena *arena = g->arena;
	ReduceKind kind = v->attr.reduce.kind;
	uint32_t gone = v->attr.reduce.axes;
	for (int i = 0; i < from->type->rank; i++)
		if (size_equal(from->type->size[i], x->type->size[x->attr.broadcast.axis[i]]))
			gone &= ~(1u << x->attr.broadcast.axis[i]);
		else
			return NULL;
	if (gone == 0 || kind == REDUCE_prod)
		return NULL;
	const Size *size[MAX_RANK], *count = size_const(arena, 1);
	int8_t axis[MAX_RANK];
	int to[MAX_RANK], rank = 0;
	uint32_t axes = 0;
	for (int i = 0; i < x->type->rank; i++) {
		if (gone >> i & 1) {
			count = size_mul(arena, count, x->type->size[i]);
			/* max and all of nothing are something else than x */
			if (kind != REDUCE_sum &&
			    size_ge(arena, x->type->size[i], size_const(arena, 1)) != YES)
				return NULL;
			continue;
		}
		axes |= (v->attr.reduce.axes >> i & 1) << rank;
		to[i] = rank;
		size[rank++] = x->type->size[i];
	}
	if (!count)
		return NULL;
	for (int i = 0; i < from->type->rank; i++)
		axis[i] = (int8_t)to[x->attr.broadcast.axis[i]];
	Val *rest = build_reduce(g, v->loc, kind,
				 build_broadcast(g, v->loc, from, rank, size, axis), axes);
	if (kind == REDUCE_sum)
		rest = op2(g, v, OP_mul,
			   build_cast(g, v->loc, build_size(g, v->loc, count), v->type->dtype),
			   rest);
	return did(cx, g, v, REWRITE_sum_broadcast, rest);
}

Val *rule_reductions(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	if (v->op != OP_reduce || v->attr.reduce.kind == REDUCE_argmax ||
	    v->attr.reduce.kind == REDUCE_argmin)
		return NULL;
	ReduceKind kind = v->attr.reduce.kind;
	Val *x = in[0];
	bool units = true;
	int64_t n;
	for (int i = 0; i < x->type->rank; i++)
		units &= !(v->attr.reduce.axes >> i & 1) ||
			 (size_is_const(x->type->size[i], &n) && n == 1);
	if (units)
		return did(cx, g, v, REWRITE_sum_units,
			   build_reshape(g, v->loc, x, v->type->rank, v->type->size));
	if (x->op == OP_broadcast)
		return of_broadcast(cx, g, v, in);
	if (x->op == OP_neg && kind == REDUCE_sum)
		return did(cx, g, v, REWRITE_sum_sign,
			   op1(g, v, OP_neg,
			       build_reduce(g, v->loc, kind, x->in[0], v->attr.reduce.axes)));
	if (x->op != OP_reduce || x->attr.reduce.kind != kind)
		return NULL;
	uint32_t axes = x->attr.reduce.axes;
	for (int i = 0, k = 0; i < x->in[0]->type->rank; i++)
		if (!(x->attr.reduce.axes >> i & 1))
			axes |= (v->attr.reduce.axes >> k++ & 1) << i;
	return did(cx, g, v, REWRITE_sum_sum, build_reduce(g, v->loc, kind, x->in[0], axes));
}
