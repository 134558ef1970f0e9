/* builtin_make.c -- arrays out of shapes, and shapes out of arrays */
#include <string.h>

#include "builtin.h"

/* zeros, ones, full */
Value builtin_full(Check *c, const BuiltinCall *call)
{
	Type t;
	const char *name = call->builtin->name;
	bool full = strcmp(name, "full") == 0;
	Value dtype = arg_value(call, full ? 2 : 1);
	if (!arg_shape(c, call, 0, &t))
		return value_error();
	if (dtype.kind == V_DTYPE)
		t.dtype = dtype.dtype;
	else if (dtype.kind != V_NONE) {
		check_error(c, call->loc, "the dtype of %s is a type, not %s", name,
			    value_text(c, dtype));
		return value_error();
	}
	Val *v;
	if (full) {
		bool typed = dtype.kind == V_DTYPE || call->shape_of;
		v = typed ? as_dtype(c, call->loc, call->arg[1], t.dtype)
			  : as_tensor(c, call->loc, call->arg[1], DT_error);
	} else if (dtype_class(t.dtype) == CLASS_COMPLEX)
		return no_complex(c, call->loc);
	else {
		int one = strcmp(name, "ones") == 0;
		v = build_const(c->graph, call->loc, t.dtype, dtype_is_float(t.dtype) ? one : 0,
				dtype_is_float(t.dtype) ? 0 : one);
	}
	if (v == NULL)
		return value_error();
	t.dtype = v->type->dtype;
	v = coerce(c, call->loc, value_tensor(v), type_array(c->arena, t.dtype, t.rank, t.size),
		   arg_role(c, call, 1));
	return v ? value_tensor(v) : value_error();
}

Val *iota_val(Check *c, Loc loc, const Size *n, DType t)
{
	return build(c->graph, loc, OP_iota, 0, NULL, NULL, type_array(c->arena, t, 1, &n));
}

/* arange(n), arange(start, stop), arange(start, stop, step) */
Value builtin_arange(Check *c, const BuiltinCall *call)
{
	int64_t step;
	const Size *zero = size_int(c, 0);
	for (int i = 0; i < 2; i++)
		if (given(call, i) && call->arg[i].kind != V_INT) {
			if (call->arg[i].kind == V_TENSOR)
				check_error(c, call->arg_loc[i],
					    "a size cannot depend on a value: the ends of arange "
					    "are integers over dims and constants");
			else if (call->arg[i].kind != V_ERROR)
				check_error(c, call->arg_loc[i],
					    "the ends of arange are integers over dims and "
					    "constants, not %s",
					    value_text(c, call->arg[i]));
			return value_error();
		}
	const Size *from = given(call, 1) ? call->arg[0].i : zero,
		   *to = given(call, 1) ? call->arg[1].i : call->arg[0].i;
	if (!arg_int(c, call, 2, 1, &step))
		return value_error();
	if (step == 0 || step == INT64_MIN) {
		check_error(c, call->loc, "the step of arange is %s", step ? "too large" : "0");
		return value_error();
	}
	const Size *n =
		step > 0 ? steps_between(c, from, to, step) : steps_between(c, to, from, -step);
	if (n == NULL || size_ge(c->arena, n, zero) == NO) {
		check_error(c, call->loc,
			    n ? "arange ends before it begins"
			      : "the size of arange is beyond 64 bits");
		return value_error();
	}
	if (!elements_fit(c, call->loc, 1, &n))
		return value_error();
	Value v = value_tensor(iota_val(c, call->loc, size_resolve(c->arena, n), DT_int64));
	if (step != 1)
		v = call_binary(c, call->loc, BIN_MUL, v, const_int(c, step));
	return size_equal(from, zero) ? v : call_binary(c, call->loc, BIN_ADD, v, value_int(from));
}

static bool shape_of_value(Check *c, const BuiltinCall *call, Type *t)
{
	Value v = call->arg[0];
	*t = (Type){0};
	if (is_known(v))
		return true;
	if (v.kind == V_TENSOR) {
		*t = *v.v->type;
		for (int i = 0; i < t->rank; i++)
			t->size[i] = size_resolve(c->arena, t->size[i]);
		return true;
	}
	if (v.kind == V_LIST) { /* the array that it is */
		while (v.kind == V_LIST && t->rank < MAX_RANK) {
			t->size[t->rank++] = size_int(c, v.list->n);
			v = v.list->n ? v.list->item[0] : const_int(c, 0);
		}
		for (int i = 0; v.kind == V_TENSOR && i < v.v->type->rank && t->rank < MAX_RANK;
		     i++)
			t->size[t->rank++] = v.v->type->size[i];
		return true;
	}
	if (v.kind != V_ERROR)
		check_error(c, call->loc, "%s is of an array, not of %s", call->builtin->name,
			    value_text(c, v));
	return false;
}

/* size(x): of all elements; size(x, axis): along one axis, or several */
Value builtin_size(Check *c, const BuiltinCall *call)
{
	Type t;
	uint32_t axes;
	if (!shape_of_value(c, call, &t) ||
	    !arg_axes(c, call, 1, t.rank, (1u << t.rank) - 1, &axes))
		return value_error();
	const Size *n = size_int(c, 1);
	for (int i = 0; i < t.rank; i++)
		if (axes >> i & 1)
			n = size_mul(c->arena, n, t.size[i]);
	if (n)
		return value_int(n);
	check_error(c, call->loc, "this size is beyond 64 bits");
	return value_error();
}

/* shape(x), like(x): a list of sizes */
Value builtin_shape(Check *c, const BuiltinCall *call)
{
	Type t;
	Value sizes[MAX_RANK];
	if (!shape_of_value(c, call, &t))
		return value_error();
	for (int i = 0; i < t.rank; i++)
		sizes[i] = value_int(t.size[i]);
	return value_list(c, t.rank, sizes);
}

Value builtin_rank(Check *c, const BuiltinCall *call)
{
	Type t;
	return shape_of_value(c, call, &t) ? const_int(c, t.rank) : value_error();
}

/* axes(x): 0, .., rank - 1 as a list: what a reduction takes where none are named */
Value builtin_axes(Check *c, const BuiltinCall *call)
{
	Type t;
	Value axes[MAX_RANK];
	if (!shape_of_value(c, call, &t))
		return value_error();
	for (int i = 0; i < t.rank; i++)
		axes[i] = const_int(c, i);
	return value_list(c, t.rank, axes);
}
