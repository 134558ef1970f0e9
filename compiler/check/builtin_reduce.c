/* builtin_reduce.c -- sums, largest elements, running sums, sorting: along axes */
#include <string.h>

#include "builtin.h"

Value keep_axes(Check *c, Loc loc, Val *reduced, const Type *of, uint32_t axes)
{
	const Size *size[MAX_RANK];
	for (int i = 0; i < of->rank; i++)
		size[i] = axes >> i & 1 ? size_int(c, 1) : of->size[i];
	return value_tensor(reshape_val(c, loc, reduced, of->rank, size));
}

static uint32_t all_axes(const Type *t)
{
	return (1u << t->rank) - 1;
}

/* sum and prod of integers are int64 */
static Val *summand(Check *c, Loc loc, Val *x)
{
	return dtype_is_float(x->type->dtype) || x->type->dtype == DT_uint64
		       ? x
		       : build_cast(c->graph, loc, x, DT_int64);
}

static const struct {
	const char *name;
	ReduceKind kind;
} kinds[] = {
	{"sum", REDUCE_sum},	   {"prod", REDUCE_prod},     {"max", REDUCE_max},
	{"min", REDUCE_min},	   {"any", REDUCE_any},	      {"all", REDUCE_all},
	{"argmax", REDUCE_argmax}, {"argmin", REDUCE_argmin},
};

static ReduceKind kind_of(const BuiltinCall *call)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].name, call->builtin->name) == 0)
			return kinds[i].kind;
	internal_error("%s is no reduction", call->builtin->name);
}

/* of a list of integers known now, such as a shape: known too */
static bool known_list(Check *c, const BuiltinCall *call, ReduceKind kind, Value *out)
{
	Value v = call->arg[0];
	if (v.kind != V_LIST || given(call, 1) || (kind != REDUCE_sum && kind != REDUCE_prod))
		return false;
	*out = const_int(c, kind == REDUCE_prod);
	for (int i = 0; i < v.list->n; i++) {
		if (v.list->item[i].kind != V_INT)
			return false;
		*out = call_binary(c, call->loc, kind == REDUCE_prod ? BIN_MUL : BIN_ADD, *out,
				   v.list->item[i]);
	}
	return true;
}

Value builtin_reduce(Check *c, const BuiltinCall *call)
{
	ReduceKind kind = kind_of(call);
	Value known;
	uint32_t axes;
	bool keep;
	if (known_list(c, call, kind, &known))
		return known;
	Val *x = arg_tensor(c, call, 0);
	if (x == NULL || !arg_axes(c, call, 1, x->type->rank, all_axes(x->type), &axes) ||
	    !arg_bool(c, call, 2, false, &keep))
		return value_error();
	if (kind == REDUCE_sum || kind == REDUCE_prod)
		x = summand(c, call->loc, x);
	else if (x->type->dtype == DT_bool)
		x = build_cast(c->graph, call->loc, x, DT_int32);
	Val *y = build_reduce(c->graph, call->loc, kind, x, axes);
	return keep ? keep_axes(c, call->loc, y, x->type, axes) : value_tensor(y);
}

/* any, all: of bools */
Value builtin_any(Check *c, const BuiltinCall *call)
{
	ReduceKind kind = kind_of(call);
	uint32_t axes;
	bool keep;
	Val *x = arg_tensor(c, call, 0);
	if (x == NULL || !arg_axes(c, call, 1, x->type->rank, all_axes(x->type), &axes) ||
	    !arg_bool(c, call, 2, false, &keep))
		return value_error();
	if (x->type->dtype != DT_bool) {
		check_error(c, call->loc, "%s takes bools, not %s", call->builtin->name,
			    value_text(c, call->arg[0]));
		return value_error();
	}
	Val *y = build_reduce(c->graph, call->loc, kind, x, axes);
	return keep ? keep_axes(c, call->loc, y, x->type, axes) : value_tensor(y);
}

static Val *flat(Check *c, Loc loc, Val *x)
{
	const Size *n = type_count(c->arena, x->type);
	return reshape_val(c, loc, x, 1, &n);
}

/* argmax, argmin: along one axis, or of the flat array */
Value builtin_argmax(Check *c, const BuiltinCall *call)
{
	int axis;
	bool keep;
	Val *x = arg_tensor(c, call, 0);
	if (x == NULL || !arg_bool(c, call, 2, false, &keep))
		return value_error();
	if (!given(call, 1))
		x = flat(c, call->loc, x);
	if (!arg_axis(c, call, 1, x->type->rank, 0, &axis))
		return value_error();
	if (x->type->dtype == DT_bool)
		x = build_cast(c->graph, call->loc, x, DT_int32);
	Val *y = build_reduce(c->graph, call->loc, kind_of(call), x, 1u << axis);
	return keep ? keep_axes(c, call->loc, y, x->type, 1u << axis) : value_tensor(y);
}

Value cumulative(Check *c, Loc loc, Val *x, int axis, bool reverse)
{
	Attr attr = {.cumsum = {axis, reverse}};
	x = summand(c, loc, x);
	return value_tensor(build(c->graph, loc, OP_cumsum, 1, &x, &attr, NULL));
}

Value builtin_cumsum(Check *c, const BuiltinCall *call)
{
	int axis;
	bool reverse;
	Val *x = arg_tensor(c, call, 0);
	if (x == NULL || !arg_bool(c, call, 2, false, &reverse))
		return value_error();
	if (!given(call, 1))
		x = flat(c, call->loc, x);
	if (!arg_axis(c, call, 1, x->type->rank, 0, &axis))
		return value_error();
	return cumulative(c, call->loc, x, axis, reverse);
}

static Value sorted(Check *c, const BuiltinCall *call, Op op)
{
	int axis;
	Val *x = arg_tensor(c, call, 0);
	if (x == NULL || !arg_axis(c, call, 1, x->type->rank, -1, &axis))
		return value_error();
	Attr attr = {.sort = {axis, 0}};
	return value_tensor(build(c->graph, call->loc, op, 1, &x, &attr, NULL));
}

Value builtin_sort(Check *c, const BuiltinCall *call)
{
	return sorted(c, call, OP_sort);
}

Value builtin_argsort(Check *c, const BuiltinCall *call)
{
	return sorted(c, call, OP_argsort);
}

/* the k largest and their places */
Value builtin_topk(Check *c, const BuiltinCall *call)
{
	int axis;
	int64_t k;
	Val *x = arg_tensor(c, call, 0);
	if (x == NULL || !arg_int(c, call, 1, 0, &k) ||
	    !arg_axis(c, call, 2, x->type->rank, -1, &axis))
		return value_error();
	const Size *size = size_resolve(c->arena, x->type->size[axis]);
	if (k < 1 || size_ge(c->arena, size, size_int(c, k)) != YES) {
		check_error(c, call->loc, "topk takes %lld of %s elements", (long long)k,
			    size_text(c->arena, size));
		return value_error();
	}
	Attr attr = {.sort = {axis, k}};
	Val *both = build(c->graph, call->loc, OP_topk, 1, &x, &attr, NULL);
	const Value results[] = {value_tensor(build_get(c->graph, call->loc, both, 0)),
				 value_tensor(build_get(c->graph, call->loc, both, 1))};
	return value_list(c, 2, results);
}
