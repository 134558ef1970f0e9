/* index.c -- gathers before what is done to each element; scatters as what a row can do by itself
 *
 *      log(p)[arange(n), label]    =>   log(p[arange(n), label]) */
#include "rules.h"

/* the axis along which the values are 0, 1, ..., as many as `size`; -1 if they are no such thing */
static int counts_along(const Val *v, const Size *size)
{
	int axis = 0;
	if (v->op == OP_cast)
		v = v->in[0];
	if (v->op == OP_broadcast) {
		axis = v->attr.broadcast.axis[0];
		v = v->in[0];
	}
	return v->op == OP_iota && size_equal(v->type->size[0], size) ? axis : -1;
}

static Val *gather(Graph *g, const Val *v, Val *x, int nindices, Val *const *index, int axis)
{
	Val *in[MAX_RANK + 1] = {x};
	for (int i = 0; i < nindices; i++)
		in[i + 1] = index[i];
	Attr attr = {.gather = {axis, nindices}};
	return build(g, v->loc, OP_gather, nindices + 1, in, &attr, NULL);
}

static Val *of_elementwise(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	Val *x = in[0], *part[3];
	if (size_ge(g->arena, type_count(g->arena, x->type), type_count(g->arena, v->type)) != YES)
		return NULL;
	for (int i = 0; i < x->nin; i++)
		part[i] = x->in[i]->type->rank == 0 ? x->in[i]
						    : gather(g, v, x->in[i], v->attr.gather.count,
							     in + 1, v->attr.gather.axis);
	return did(cx, g, v, REWRITE_gather_early,
		   build(g, v->loc, x->op, x->nin, part, NULL, v->type));
}

static Val *of_broadcast(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	Val *x = in[0], *from = x->in[0];
	int axis = v->attr.gather.axis, count = v->attr.gather.count, nindex = in[1]->type->rank;
	int first = -1, n = 0; /* the axes of `from` that are gathered */
	int8_t to[MAX_RANK];
	int rank = 0;
	for (int i = 0; i < from->type->rank; i++) {
		int at = x->attr.broadcast.axis[i];
		if (!size_equal(from->type->size[i], x->type->size[at]))
			return NULL;
		if (at >= axis && at < axis + count) {
			first = first < 0 ? i : first;
			n++;
			continue;
		}
		if (at >= axis + count && first >= 0 && rank == first)
			for (int k = 0; k < nindex; k++)
				to[rank++] = (int8_t)(axis + k);
		to[rank++] = (int8_t)(at < axis ? at : at - count + nindex);
	}
	if (first >= 0 && rank == first)
		for (int k = 0; k < nindex; k++)
			to[rank++] = (int8_t)(axis + k);
	Val *index[MAX_RANK];
	for (int i = 0; i < n; i++)
		index[i] = in[1 + x->attr.broadcast.axis[first + i] - axis];
	Val *part = n ? gather(g, v, from, n, index, first) : from;
	return did(cx, g, v, REWRITE_gather_broadcast,
		   build_broadcast(g, v->loc, part, v->type->rank, v->type->size, to));
}

Val *rule_gathers(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	if (v->op != OP_gather)
		return NULL;
	Val *x = in[0];
	if (v->attr.gather.count == 1 && in[1]->type->rank == 1 &&
	    counts_along(in[1], x->type->size[v->attr.gather.axis]) == 0)
		return did(cx, g, v, REWRITE_gather_all, x);
	if (x->op == OP_broadcast)
		return of_broadcast(cx, g, v, in);
	return may_index_early(cx, v, in) ? of_elementwise(cx, g, v, in) : NULL;
}

static bool is_scatter_into_zeros(const Val *v)
{
	return v->op == OP_scatter_add && is_number(v->in[0], 0);
}

static Val *scatter(Graph *g, const Val *v, const Val *old, Val *x, Val *part)
{
	Val *in[MAX_RANK + 2] = {x, part};
	for (int i = 2; i < old->nin; i++)
		in[i] = old->in[i];
	return build(g, v->loc, OP_scatter_add, old->nin, in, &old->attr, NULL);
}

/* All indices but the last count along their own axis of the index array, so that no element is met
 * twice: each element asks whether it is the one. */
static Val *one_hot(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	Val *x = in[0], *part = in[1], *last = in[v->nin - 1];
	int axis = v->attr.gather.axis, n = v->attr.gather.count - 1, k = axis + n;
	if (n == 0 || last->type->rank != n)
		return NULL;
	for (int i = 0; i < n; i++)
		if (counts_along(in[2 + i], x->type->size[axis + i]) != i ||
		    !size_equal(last->type->size[i], x->type->size[axis + i]))
			return NULL;
	int8_t to[MAX_RANK];
	for (int i = 0; i < n; i++)
		to[i] = (int8_t)(axis + i);
	Val *at = build_broadcast(g, v->loc, last, x->type->rank, x->type->size, to);
	Val *here = op2(g, v, OP_eq, build_iota(g, v->loc, x->type, last->type->dtype, k), at);
	for (int i = 0; i < part->type->rank; i++)
		to[i] = (int8_t)(i < k ? i : i + 1);
	Val *put = build_broadcast(g, v->loc, part, x->type->rank, x->type->size, to);
	Val *hot = op3(g, v, OP_select, here, put, build_number(g, v->loc, v->type->dtype, 0));
	return did(cx, g, v, REWRITE_scatter_one_hot,
		   is_number(x, 0) ? hot : op2(g, v, OP_add, x, hot));
}

Val *rule_scatters(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	switch (v->op) {
	case OP_scatter_add: return one_hot(cx, g, v, in);
	case OP_add:
		for (int k = 0; k < 2; k++)
			if (is_scatter_into_zeros(in[k]) && in[1 - k]->type->rank > 0)
				return did(cx, g, v, REWRITE_scatter_into,
					   scatter(g, v, in[k], in[1 - k], in[k]->in[1]));
		return NULL;
	case OP_sub:
		if (is_scatter_into_zeros(in[1]) && in[0]->type->rank > 0)
			return did(cx, g, v, REWRITE_scatter_into,
				   scatter(g, v, in[1], in[0], op1(g, v, OP_neg, in[1]->in[1])));
		return NULL;
	case OP_neg:
		return is_scatter_into_zeros(in[0]) ? did(cx, g, v, REWRITE_scatter_scale,
							  scatter(g, v, in[0], in[0]->in[0],
								  op1(g, v, OP_neg, in[0]->in[1])))
						    : NULL;
	case OP_mul:
		for (int k = 0; k < 2; k++)
			if (is_scatter_into_zeros(in[k]) && in[1 - k]->type->rank == 0)
				return did(cx, g, v, REWRITE_scatter_scale,
					   scatter(g, v, in[k], in[k]->in[0],
						   op2(g, v, OP_mul, in[1 - k], in[k]->in[1])));
		return NULL;
	default: return NULL;
	}
}
