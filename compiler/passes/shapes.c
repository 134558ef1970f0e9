/* shapes.c -- chains of reshapes, transposes and broadcasts
 *
 *      v2: float32[n] = reduce(v1), kind = max, axes = 2       v2: float32[n] = ...
 *      v3: float32[n, 1] = reshape(v2)                    =>   v4: float32[n, k] = broadcast(v2),
 * axis = [0] v4: float32[n, k] = broadcast(v3), axis = [0, 1]
 *
 * In the form aimed at, what is broadcast has no axes of size 1, and elementwise ops stand before
 * broadcasts. */
#include "rules.h"

static bool is_unit(const Size *s)
{
	int64_t n;
	return size_is_const(s, &n) && n == 1;
}

/* x without its axes of size 1; where[i] is the old axis of axis i */
static Val *drop_units(Graph *g, Loc loc, Val *x, int *where)
{
	const Size *size[MAX_RANK];
	int n = 0;
	for (int i = 0; i < x->type->rank; i++)
		if (!is_unit(x->type->size[i])) {
			size[n] = x->type->size[i];
			where[n++] = i;
		}
	return build_reshape(g, loc, x, n, size);
}

/* to[i] is the axis of b that axis i of a becomes if only axes of size 1 come or go; -1 for one
 * that goes */
static bool only_units(const Type *a, const Type *b, int *to)
{
	int k = 0;
	for (int i = 0; i < a->rank; i++) {
		to[i] = -1;
		if (is_unit(a->size[i]))
			continue;
		while (k < b->rank && is_unit(b->size[k]))
			k++;
		if (k == b->rank || !size_equal(a->size[i], b->size[k]))
			return false;
		to[i] = k++;
	}
	while (k < b->rank && is_unit(b->size[k]))
		k++;
	return k == b->rank;
}

Val *rule_reshapes(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	if (v->op != OP_reshape)
		return NULL;
	Val *x = in[0];
	int to[MAX_RANK], where[MAX_RANK];
	if (type_equal(x->type, v->type))
		return did(cx, g, v, REWRITE_reshape_reshape, x);
	if (x->op == OP_reshape)
		return did(cx, g, v, REWRITE_reshape_reshape,
			   build_reshape(g, v->loc, x->in[0], v->type->rank, v->type->size));
	if (x->op != OP_broadcast || !only_units(x->type, v->type, to))
		return NULL;
	Val *from = drop_units(g, v->loc, x->in[0], where);
	int8_t axis[MAX_RANK];
	for (int i = 0; i < from->type->rank; i++)
		axis[i] = (int8_t)to[x->attr.broadcast.axis[where[i]]];
	return did(cx, g, v, REWRITE_reshape_units,
		   build_broadcast(g, v->loc, from, v->type->rank, v->type->size, axis));
}

/* broadcast(x) with its axes in another order: the axes of x in that order, then the broadcast */
static Val *transposed_broadcast(Graph *g, const Val *v, const Val *broadcast)
{
	Val *x = broadcast->in[0];
	int8_t perm[MAX_RANK], axis[MAX_RANK];
	int n = 0;
	for (int p = 0; p < v->type->rank; p++)
		for (int i = 0; i < x->type->rank; i++)
			if (broadcast->attr.broadcast.axis[i] == v->attr.transpose.perm[p]) {
				perm[n] = (int8_t)i;
				axis[n++] = (int8_t)p;
			}
	return build_broadcast(g, v->loc, build_transpose(g, v->loc, x, perm), v->type->rank,
			       v->type->size, axis);
}

Val *rule_transposes(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	if (v->op != OP_transpose)
		return NULL;
	Val *x = in[0];
	int8_t perm[MAX_RANK];
	const int8_t *outer = v->attr.transpose.perm;
	if (x->op == OP_transpose) {
		for (int i = 0; i < v->type->rank; i++)
			perm[i] = x->attr.transpose.perm[outer[i]];
		return did(cx, g, v, REWRITE_transpose_twice,
			   build_transpose(g, v->loc, x->in[0], perm));
	}
	if (x->op == OP_broadcast)
		return did(cx, g, v, REWRITE_transpose_scalar, transposed_broadcast(g, v, x));
	int last = -1;
	bool ordered = true;
	for (int i = 0; i < v->type->rank; i++)
		if (!is_unit(v->type->size[i])) {
			ordered &= outer[i] > last;
			last = outer[i];
		}
	if (ordered)
		return did(cx, g, v, REWRITE_transpose_units,
			   build_reshape(g, v->loc, x, v->type->rank, v->type->size));
	return NULL;
}

Val *rule_broadcasts(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	if (v->op != OP_broadcast)
		return NULL;
	Val *x = in[0];
	int8_t axis[MAX_RANK];
	int where[MAX_RANK];
	if (type_equal(x->type, v->type))
		return did(cx, g, v, REWRITE_broadcast_twice, x);
	if (x->op == OP_broadcast) {
		for (int i = 0; i < x->in[0]->type->rank; i++)
			axis[i] = v->attr.broadcast.axis[x->attr.broadcast.axis[i]];
		return did(
			cx, g, v, REWRITE_broadcast_twice,
			build_broadcast(g, v->loc, x->in[0], v->type->rank, v->type->size, axis));
	}
	bool units = false;
	for (int i = 0; i < x->type->rank; i++)
		units |= is_unit(x->type->size[i]);
	if (!units)
		return NULL;
	Val *from = drop_units(g, v->loc, x, where);
	for (int i = 0; i < from->type->rank; i++)
		axis[i] = v->attr.broadcast.axis[where[i]];
	return did(cx, g, v, REWRITE_broadcast_units,
		   build_broadcast(g, v->loc, from, v->type->rank, v->type->size, axis));
}

static bool same_broadcast(const Val *a, const Val *b)
{
	if (!same_shape(a->in[0]->type, b->in[0]->type))
		return false;
	for (int i = 0; i < a->in[0]->type->rank; i++)
		if (a->attr.broadcast.axis[i] != b->attr.broadcast.axis[i])
			return false;
	return true;
}

static bool of_scalar(const Val *v)
{
	return v->op == OP_broadcast && v->in[0]->type->rank == 0;
}

/* v with these operands */
static Val *again(Graph *g, const Val *v, Val *const *in)
{
	return build(g, v->loc, v->op, v->nin, in, NULL,
		     v->op == OP_cast ? type_with_dtype(g->arena, in[0]->type, v->type->dtype)
				      : NULL);
}

Val *rule_late_broadcast(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	if (!op_info(v->op)->elementwise)
		return NULL;
	int to[MAX_RANK];
	if (v->nin == 1 && in[0]->op == OP_reshape && in[0]->in[0]->op == OP_reduce &&
	    only_units(in[0]->in[0]->type, in[0]->type, to))
		return did(cx, g, v, REWRITE_late_reshape,
			   build_reshape(g, v->loc, again(g, v, in[0]->in), v->type->rank,
					 v->type->size));
	if (v->type->rank == 0)
		return NULL;
	const Val *like = NULL; /* an operand that is broadcast, of the highest rank before that */
	Val *plain[3];
	bool all = true, scalars = false;
	for (int i = 0; i < v->nin; i++) {
		plain[i] = in[i];
		if (in[i]->type->rank == 0)
			continue;
		all &= in[i]->op == OP_broadcast;
		scalars |= of_scalar(in[i]);
		if (in[i]->op == OP_broadcast &&
		    (!like || in[i]->in[0]->type->rank > like->in[0]->type->rank))
			like = in[i];
	}
	for (int i = 0; i < v->nin && all; i++) {
		if (in[i]->type->rank == 0)
			continue;
		all = of_scalar(in[i]) || same_broadcast(in[i], like);
		plain[i] = in[i]->in[0];
	}
	if (all)
		return did(cx, g, v, REWRITE_late_broadcast,
			   build_broadcast(g, v->loc, again(g, v, plain), v->type->rank,
					   v->type->size, like->attr.broadcast.axis));
	if (!scalars)
		return NULL;
	for (int i = 0; i < v->nin; i++)
		plain[i] = of_scalar(in[i]) ? in[i]->in[0] : in[i];
	return did(cx, g, v, REWRITE_scalar_operand, again(g, v, plain));
}
