/* builtin_random.c -- random draws: bits of (seed, call, place, step, element), and functions of them
 *
 * uniform float32: (bits >> 8) * 2^-24; float64: (bits >> 11) * 2^-53.  Others are functions of these. */
#include "builtin.h"

static const double two24 = 16777216.0, two53 = 9007199254740992.0;

/* a second place beside the first */
static uint32_t place_beside(uint32_t place)
{
	uint32_t h = place * 0x9E3779B1u + 0x85EBCA77u;
	return h ^ h >> 15;
}

static Val *bits(Check *c, Loc loc, uint32_t place, DType t, const Type *shape)
{
	Attr attr = {.random = {place}};
	return build(c->graph, loc, OP_random_bits, 0, NULL, &attr,
		     type_array(c->arena, t, shape->rank, shape->size));
}

static Val *int_row(Check *c, Loc loc, Op op, Val *v, int64_t n)
{
	return build_elem(c->graph, loc, op, v, build_const(c->graph, loc, v->type->dtype, 0, n),
			  NULL);
}

static Val *float_row(Check *c, Loc loc, Op op, Val *v, double f)
{
	return build_elem(c->graph, loc, op, v, build_const(c->graph, loc, v->type->dtype, f, 0),
			  NULL);
}

/* uint32 bits in [0, 1); plus one step: (0, 1] */
static Val *unit32(Check *c, Loc loc, Val *b, bool above_zero)
{
	b = int_row(c, loc, OP_shr, b, 8);
	if (above_zero)
		b = int_row(c, loc, OP_add, b, 1);
	return float_row(c, loc, OP_mul, build_cast(c->graph, loc, b, DT_float32), 1 / two24);
}

static Val *unit64(Check *c, Loc loc, Val *b, bool above_zero)
{
	b = int_row(c, loc, OP_shr, b, 11);
	if (above_zero)
		b = int_row(c, loc, OP_add, b, 1);
	return float_row(c, loc, OP_mul, build_cast(c->graph, loc, b, DT_float64), 1 / two53);
}

static Val *unit(Check *c, Loc loc, uint32_t place, DType t, const Type *shape)
{
	if (t == DT_float64)
		return unit64(c, loc, bits(c, loc, place, DT_uint64, shape), false);
	return build_cast(c->graph, loc,
			  unit32(c, loc, bits(c, loc, place, DT_uint32, shape), false), t);
}

static bool is_number(Check *c, Value v, double f)
{
	double x;
	return known_float(c, v, &x) && x == f;
}

/* the shape that is asked for, if parameters did not make it another */
static Value of_shape(Check *c, const BuiltinCall *call, Value v, const Type *t)
{
	if (v.kind != V_TENSOR)
		return v;
	Val *done =
		coerce(c, call->loc, v, type_array(c->arena, v.v->type->dtype, t->rank, t->size),
		       arena_printf(c->arena, "what %s draws", call->builtin->name));
	return done ? value_tensor(done) : value_error();
}

static DType drawn_dtype(Check *c, const Type *t)
{
	return dtype_is_float(t->dtype) ? t->dtype : c->floatX;
}

static bool numbers_after(Check *c, const BuiltinCall *call, int first)
{
	for (int i = first; i < call->n; i++)
		if (given(call, i) && arg_tensor(c, call, i) == NULL)
			return false;
	return true;
}

Value builtin_uniform(Check *c, const BuiltinCall *call)
{
	Type t;
	if (!arg_shape(c, call, 0, &t) || !numbers_after(c, call, 1))
		return value_error();
	Value u = value_tensor(unit(c, call->loc, call->place, drawn_dtype(c, &t), &t));
	Value lo = given(call, 1) ? call->arg[1] : const_int(c, 0),
	      hi = given(call, 2) ? call->arg[2] : const_int(c, 1);
	Value width = call_binary(c, call->loc, BIN_SUB, hi, lo);
	if (!is_number(c, width, 1))
		u = call_binary(c, call->loc, BIN_MUL, u, width);
	if (!is_number(c, lo, 0))
		u = call_binary(c, call->loc, BIN_ADD, u, lo);
	return of_shape(c, call, u, &t);
}

/* Box and Muller: sqrt(-2 log u) cos(2 pi v) */
static Val *box_muller(Check *c, Loc loc, Val *u, Val *v)
{
	Graph *g = c->graph;
	Val *r =
		build_elem(g, loc, OP_sqrt,
			   float_row(c, loc, OP_mul, build_elem(g, loc, OP_log, u, NULL, NULL), -2),
			   NULL, NULL);
	Val *angle = float_row(c, loc, OP_mul, v, 6.283185307179586476925);
	return build_elem(g, loc, OP_mul, r, build_elem(g, loc, OP_cos, angle, NULL, NULL), NULL);
}

static Val *standard_normal(Check *c, Loc loc, uint32_t place, DType t, const Type *shape)
{
	Val *b = bits(c, loc, place, DT_uint64, shape);
	if (t == DT_float64)
		return box_muller(
			c, loc, unit64(c, loc, b, true),
			unit64(c, loc, bits(c, loc, place_beside(place), DT_uint64, shape), false));
	Val *high = build_cast(c->graph, loc, int_row(c, loc, OP_shr, b, 32), DT_uint32);
	Val *low = build_cast(c->graph, loc, int_row(c, loc, OP_bitand, b, INT64_C(0xFFFFFFFF)),
			      DT_uint32);
	Val *z = box_muller(c, loc, unit32(c, loc, high, true), unit32(c, loc, low, false));
	return build_cast(c->graph, loc, z, t);
}

Value builtin_normal(Check *c, const BuiltinCall *call)
{
	Type t;
	if (!arg_shape(c, call, 0, &t) || !numbers_after(c, call, 1))
		return value_error();
	Value z = value_tensor(standard_normal(c, call->loc, call->place, drawn_dtype(c, &t), &t));
	if (given(call, 2) && !is_number(c, call->arg[2], 1))
		z = call_binary(c, call->loc, BIN_MUL, z, call->arg[2]);
	if (given(call, 1) && !is_number(c, call->arg[1], 0))
		z = call_binary(c, call->loc, BIN_ADD, z, call->arg[1]);
	return of_shape(c, call, z, &t);
}

/* true with probability p; of the shape of p, or of one that p broadcasts to */
Value builtin_bernoulli(Check *c, const BuiltinCall *call)
{
	Type t = {0};
	Val *p = arg_float(c, call, 0);
	if (p == NULL)
		return value_error();
	if (given(call, 1) || call->shape_of) {
		BuiltinCall shape = *call;
		const Value args[] = {arg_value(call, 1)};
		const Loc locs[] = {call->n > 1 ? call->arg_loc[1] : call->loc};
		shape.n = 1;
		shape.arg = args;
		shape.arg_loc = locs;
		if (!arg_shape(c, &shape, 0, &t))
			return value_error();
	} else
		t = *p->type;
	Value u = value_tensor(unit(c, call->loc, call->place, p->type->dtype, &t));
	return of_shape(c, call, call_binary(c, call->loc, BIN_LT, u, value_tensor(p)), &t);
}

/* lo, .., hi - 1, each as likely up to 2^-40 */
Value builtin_integers(Check *c, const BuiltinCall *call)
{
	Type t;
	if (!arg_shape(c, call, 0, &t))
		return value_error();
	for (int i = 1; i < 3; i++) {
		DType bound = dtype_of(c, call->arg[i]);
		if (call->arg[i].kind == V_ERROR)
			return value_error();
		if (!dtype_is_integer(bound)) {
			check_error(c, call->arg_loc[i], "%s is an integer, not %s",
				    arg_role(c, call, i), value_text(c, call->arg[i]));
			return value_error();
		}
	}
	Val *b = int_row(c, call->loc, OP_shr, bits(c, call->loc, call->place, DT_uint64, &t), 1);
	Value n = call_binary(c, call->loc, BIN_SUB, call->arg[2], call->arg[1]);
	if (n.kind == V_INT && size_ge(c->arena, n.i, size_int(c, 1)) == NO) {
		check_error(c, call->loc, "integers between %s and %s: there are none",
			    value_text(c, call->arg[1]), value_text(c, call->arg[2]));
		return value_error();
	}
	Value v = call_binary(c, call->loc, BIN_MOD,
			      value_tensor(build_cast(c->graph, call->loc, b, DT_int64)), n);
	if (!is_number(c, call->arg[1], 0))
		v = call_binary(c, call->loc, BIN_ADD, v, call->arg[1]);
	return of_shape(c, call, v, &t);
}

/* the first index whose running sum of p passes a uniform part of the whole; p need not sum to 1 */
Value builtin_categorical(Check *c, const BuiltinCall *call)
{
	Loc loc = call->loc;
	Val *p = arg_float(c, call, 0);
	if (p == NULL)
		return value_error();
	if (p->type->rank == 0) {
		check_error(
			c, loc,
			"categorical takes the probabilities along the last axis, not a scalar");
		return value_error();
	}
	int last = p->type->rank - 1;
	Type t = *p->type;
	const Size *n = size_resolve(c->arena, t.size[last]);
	t.rank = last;
	Value sums = cumulative(c, loc, p, last, false);
	Value total = keep_axes(c, loc, build_reduce(c->graph, loc, REDUCE_max, sums.v, 1u << last),
				p->type, 1u << last);
	Value u = keep_axes(c, loc, unit(c, loc, call->place, t.dtype, &t), p->type, 1u << last);
	Value passed = call_binary(c, loc, BIN_LE, sums, call_binary(c, loc, BIN_MUL, u, total));
	Val *count = build_reduce(c->graph, loc, REDUCE_sum,
				  build_cast(c->graph, loc, passed.v, DT_int64), 1u << last);
	/* rounding may make u * total the total itself */
	Val *most = size_value(c, loc, size_sub(c->arena, n, size_int(c, 1)));
	return value_tensor(build_elem(c->graph, loc, OP_min, count, most, NULL));
}

Value builtin_permutation(Check *c, const BuiltinCall *call)
{
	const Size *n;
	if (!arg_size(c, call, 0, &n))
		return value_error();
	Type t = {.rank = 1, .size = {n}};
	Val *b = bits(c, call->loc, call->place, DT_uint64, &t);
	Attr attr = {.sort = {0, 0}};
	return value_tensor(build(c->graph, call->loc, OP_argsort, 1, &b, &attr, NULL));
}
