/* ops_range.c -- bounds of integer values by their making: iota, argmax, %, clip ... need no test when they index
 *
 * The same atoms serve as sizes in slices: i * k + k - i * k is k, whatever i is. */
#include <string.h>

#include "builtin.h"

typedef struct Range {
	const Size *lo, *hi; /* inclusive; NULL: not known */
} Range;

enum { MAX_DEPTH = 24 };

static Range range_of(Check *c, const Val *v, int depth);

static Range exactly(const Size *s)
{
	return (Range){s, s};
}

/* 0, 1, .., n - 1 */
static Range below(Check *c, const Size *n)
{
	return (Range){size_int(c, 0), size_sub(c->arena, n, size_int(c, 1))};
}

/* what the type alone says */
static Range type_range(Check *c, DType t)
{
	Range r = {NULL, NULL};
	if (t == DT_bool || dtype_class(t) == CLASS_UINT)
		r.lo = size_int(c, 0);
	if (t == DT_bool)
		r.hi = size_int(c, 1);
	else if (dtype_class(t) == CLASS_UINT && dtype_bytes(t) <= 4)
		r.hi = size_int(c, (INT64_C(1) << (8 * dtype_bytes(t))) - 1);
	return r;
}

/* the lower (sign 1: upper) of two bounds, if that is decided */
static const Size *pick(Check *c, const Size *a, const Size *b, bool upper)
{
	if (a == NULL || b == NULL)
		return NULL;
	Decided d = size_ge(c->arena, a, b);
	if (d == UNDECIDED)
		return size_ge(c->arena, b, a) == YES ? (upper ? b : a) : NULL;
	return (d == YES) == upper ? a : b;
}

static Range both(Check *c, Range a, Range b)
{
	return (Range){pick(c, a.lo, b.lo, false), pick(c, a.hi, b.hi, true)};
}

static bool at_least(Check *c, const Size *s, int64_t n)
{
	return s && size_ge(c->arena, s, size_int(c, n)) == YES;
}

static Range product(Check *c, Range a, Range b)
{
	if (!at_least(c, a.lo, 0) || !at_least(c, b.lo, 0))
		return (Range){NULL, NULL};
	return (Range){size_mul(c->arena, a.lo, b.lo), size_mul(c->arena, a.hi, b.hi)};
}

static Range arithmetic_range(Check *c, const Val *v, int depth)
{
	Range a = range_of(c, v->in[0], depth), b = range_of(c, v->in[1], depth);
	switch (v->op) {
	case OP_add:
		return (Range){size_add(c->arena, a.lo, b.lo), size_add(c->arena, a.hi, b.hi)};
	case OP_sub:
		return (Range){size_sub(c->arena, a.lo, b.hi), size_sub(c->arena, a.hi, b.lo)};
	case OP_mul:
		return product(c, a, b);
	case OP_mod:
		return at_least(c, b.lo, 1) && b.hi ? below(c, b.hi) : (Range){NULL, NULL};
	case OP_min: /* one known bound above is enough */
		return (Range){pick(c, a.lo, b.lo, false), a.hi && b.hi ? pick(c, a.hi, b.hi, false)
							   : a.hi	? a.hi
									: b.hi};
	case OP_max:
		return (Range){a.lo && b.lo ? pick(c, a.lo, b.lo, true)
			       : a.lo	    ? a.lo
					    : b.lo,
			       pick(c, a.hi, b.hi, true)};
	default:
		return (Range){NULL, NULL};
	}
}

static Range reduce_range(Check *c, const Val *v, int depth)
{
	const Type *t = v->in[0]->type;
	switch (v->attr.reduce.kind) {
	case REDUCE_argmax:
	case REDUCE_argmin:
		for (int i = 0; i < t->rank; i++)
			if (v->attr.reduce.axes >> i & 1)
				return below(c, t->size[i]);
		return (Range){NULL, NULL};
	case REDUCE_max:
	case REDUCE_min:
		return range_of(c, v->in[0], depth);
	case REDUCE_sum: { /* of what is not negative */
		const Size *n = size_int(c, 1);
		for (int i = 0; i < t->rank; i++)
			if (v->attr.reduce.axes >> i & 1)
				n = size_mul(c->arena, n, t->size[i]);
		return product(c, range_of(c, v->in[0], depth), exactly(n));
	}
	default:
		return (Range){NULL, NULL};
	}
}

static Range any_range(Check *c, const Val *v, int depth)
{
	switch (v->op) {
	case OP_const:
		return exactly(size_int(c, v->attr.number.i));
	case OP_size:
		return exactly(v->attr.size);
	case OP_iota:
		return below(c, v->type->size[0]);
	case OP_argsort:
		return below(c, v->type->size[v->attr.sort.axis]);
	case OP_get:
		if (v->in[0]->op == OP_topk && v->attr.get.index == 1)
			return below(c, v->in[0]->in[0]->type->size[v->in[0]->attr.sort.axis]);
		return (Range){NULL, NULL};
	case OP_reduce:
		return reduce_range(c, v, depth);
	case OP_cast: /* a wider integer has the value */
		if (dtype_is_integer(v->in[0]->type->dtype) &&
		    dtype_bytes(v->type->dtype) < dtype_bytes(v->in[0]->type->dtype))
			return (Range){NULL, NULL};
		return dtype_is_float(v->in[0]->type->dtype) ? (Range){NULL, NULL}
							     : range_of(c, v->in[0], depth);
	case OP_reshape:
	case OP_transpose:
	case OP_broadcast:
	case OP_slice:
	case OP_gather:
	case OP_sort:
		return range_of(c, v->in[0], depth);
	case OP_select:
		return both(c, range_of(c, v->in[1], depth), range_of(c, v->in[2], depth));
	case OP_concat: {
		Range r = range_of(c, v->in[0], depth);
		for (int i = 1; i < v->nin; i++)
			r = both(c, r, range_of(c, v->in[i], depth));
		return r;
	}
	default:
		return v->nin == 2 && op_info(v->op)->elementwise ? arithmetic_range(c, v, depth)
								  : (Range){NULL, NULL};
	}
}

static Range range_of(Check *c, const Val *v, int depth)
{
	Range made = {NULL, NULL}, type = type_range(c, v->type->dtype);
	if (depth < MAX_DEPTH && (dtype_is_integer(v->type->dtype) || v->type->dtype == DT_bool))
		made = any_range(c, v, depth + 1);
	return (Range){made.lo ? made.lo : type.lo, made.hi ? made.hi : type.hi};
}

bool index_in_range(Check *c, const Val *v, const Size *size)
{
	Range r = range_of(c, v, 0);
	if (!at_least(c, r.lo, 0) || r.hi == NULL)
		return false;
	return size_ge(c->arena, size,
		       size_add(c->arena, size_resolve(c->arena, r.hi), size_int(c, 1))) == YES;
}

/* ---- values as sizes */

static bool same_value(Check *c, const Val *a, const Val *b, int depth)
{
	if (a == b)
		return true;
	if (depth > MAX_DEPTH || a->op != b->op || a->nin != b->nin || a->nregions ||
	    !type_equal(a->type, b->type))
		return false;
	if (strcmp(attr_text(c->arena, a), attr_text(c->arena, b)) != 0)
		return false;
	for (int i = 0; i < a->nin; i++)
		if (!same_value(c, a->in[i], b->in[i], depth + 1))
			return false;
	return a->op != OP_param || a->graph == b->graph;
}

static const Size *value_atom(Check *c, IndexValues *known, Val *v)
{
	for (int i = 0; i < known->len; i++)
		if (same_value(c, known->data[i], v, 0))
			return size_atom(c->arena,
					 &(Atom){.kind = ATOM_VALUE, .value = known->data[i]});
	push(c->arena, known, v);
	return size_atom(c->arena, &(Atom){.kind = ATOM_VALUE, .value = v});
}

static const Size *polynomial(Check *c, IndexValues *known, Val *v, int depth)
{
	const Size *a, *b;
	if (v->op == OP_const)
		return size_int(c, v->attr.number.i);
	if (v->op == OP_size)
		return v->attr.size;
	if (depth > MAX_DEPTH)
		return value_atom(c, known, v);
	switch (v->op) {
	case OP_neg:
		return size_scale(c->arena, polynomial(c, known, v->in[0], depth + 1), -1);
	case OP_cast:
		if (!dtype_is_integer(v->in[0]->type->dtype) ||
		    dtype_bytes(v->in[0]->type->dtype) > dtype_bytes(v->type->dtype))
			return value_atom(c, known, v);
		return polynomial(c, known, v->in[0], depth + 1);
	case OP_add:
	case OP_sub:
	case OP_mul:
		a = polynomial(c, known, v->in[0], depth + 1);
		b = polynomial(c, known, v->in[1], depth + 1);
		return v->op == OP_add	 ? size_add(c->arena, a, b)
		       : v->op == OP_sub ? size_sub(c->arena, a, b)
					 : size_mul(c->arena, a, b);
	default:
		return value_atom(c, known, v);
	}
}

const Size *index_size(Check *c, IndexValues *known, Val *v)
{
	return polynomial(c, known, v, 0);
}

/* the atoms' values as operands of a slice: int64 */
typedef struct Widen {
	Check *c;
	Loc loc;
	Vals from, to;
} Widen;

static const Size *widen_atom(void *data, const Atom *a)
{
	Widen *w = data;
	Check *c = w->c;
	if (a->kind != ATOM_VALUE || a->value->type->dtype == DT_int64)
		return NULL;
	int i = 0;
	while (i < w->from.len && w->from.data[i] != a->value)
		i++;
	if (i == w->from.len) {
		Val *v = (Val *)(uintptr_t)a->value;
		push(c->arena, &w->from, v);
		push(c->arena, &w->to, build_cast(c->graph, w->loc, v, DT_int64));
	}
	return size_atom(c->arena, &(Atom){.kind = ATOM_VALUE, .value = w->to.data[i]});
}

void widen_starts(Check *c, Loc loc, int n, const Size **start)
{
	Widen w = {.c = c, .loc = loc};
	for (int i = 0; i < n; i++)
		start[i] = size_map(c->arena, start[i], widen_atom, &w);
}
