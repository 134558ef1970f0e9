/* builtin_arg.c -- the arguments of a builtin, as what they must be; each error names the argument */
#include <string.h>

#include "builtin.h"

Value arg_value(const BuiltinCall *call, int i)
{
	return i < call->n ? call->arg[i] : (Value){.kind = V_NONE};
}

static Loc arg_loc(const BuiltinCall *call, int i)
{
	return i < call->n && call->arg_loc[i].source ? call->arg_loc[i] : call->loc;
}

/* word i of the signature, without its mark */
const char *arg_role(Check *c, const BuiltinCall *call, int i)
{
	const char *s = call->builtin->signature;
	for (; i > 0 && strchr(s, ' '); i--)
		s = strchr(s, ' ') + 1;
	int n = (int)strcspn(s, " ?.");
	return n ? arena_printf(c->arena, "the %.*s of %s", n, s, call->builtin->name)
		 : arena_printf(c->arena, "the argument of %s", call->builtin->name);
}

static bool must_be(Check *c, const BuiltinCall *call, int i, const char *what)
{
	Value v = arg_value(call, i);
	if (v.kind != V_ERROR)
		check_error(c, arg_loc(call, i), "%s is %s, not %s", arg_role(c, call, i), what,
			    value_text(c, v));
	return false;
}

Val *arg_tensor(Check *c, const BuiltinCall *call, int i)
{
	Value v = arg_value(call, i);
	if (!is_numeric(v) && v.kind != V_LIST) {
		must_be(c, call, i, "an array or number");
		return NULL;
	}
	return as_tensor(c, arg_loc(call, i), v, DT_error);
}

Val *arg_float(Check *c, const BuiltinCall *call, int i)
{
	Value v = arg_value(call, i);
	if (!is_numeric(v) && v.kind != V_LIST) {
		must_be(c, call, i, "an array or number");
		return NULL;
	}
	return as_float(c, arg_loc(call, i), v);
}

bool arg_int(Check *c, const BuiltinCall *call, int i, int64_t missing, int64_t *n)
{
	*n = missing;
	return !given(call, i) ||
	       as_const_int(c, arg_loc(call, i), call->arg[i], arg_role(c, call, i), n);
}

bool arg_bool(Check *c, const BuiltinCall *call, int i, bool missing, bool *b)
{
	*b = missing;
	if (!given(call, i))
		return true;
	if (call->arg[i].kind != V_BOOL)
		return must_be(c, call, i, "true or false");
	*b = call->arg[i].b;
	return true;
}

static bool one_axis(Check *c, const BuiltinCall *call, int i, Value v, int rank, int *axis)
{
	int64_t n;
	if (!as_const_int(c, arg_loc(call, i), v, arg_role(c, call, i), &n))
		return false;
	if (rank == 0) {
		check_error(c, arg_loc(call, i), "%s: a scalar has none", arg_role(c, call, i));
		return false;
	}
	if (n < -rank || n >= rank) {
		check_error(c, arg_loc(call, i), "%s is %lld, and the array has %d %s",
			    arg_role(c, call, i), (long long)n, rank, rank == 1 ? "axis" : "axes");
		return false;
	}
	*axis = (int)(n < 0 ? n + rank : n);
	return true;
}

bool arg_axis(Check *c, const BuiltinCall *call, int i, int rank, int missing, int *axis)
{
	return one_axis(c, call, i, given(call, i) ? call->arg[i] : const_int(c, missing), rank,
			axis);
}

bool arg_axes(Check *c, const BuiltinCall *call, int i, int rank, uint32_t missing, uint32_t *axes)
{
	Value v = arg_value(call, i);
	int axis;
	*axes = missing;
	if (v.kind == V_NONE)
		return true;
	*axes = 0;
	int n = v.kind == V_LIST ? v.list->n : 1;
	for (int k = 0; k < n; k++) {
		if (!one_axis(c, call, i, v.kind == V_LIST ? v.list->item[k] : v, rank, &axis))
			return false;
		if (*axes >> axis & 1) {
			check_error(c, arg_loc(call, i), "%s names axis %d twice",
				    arg_role(c, call, i), axis);
			return false;
		}
		*axes |= 1u << axis;
	}
	return true;
}

bool arg_size(Check *c, const BuiltinCall *call, int i, const Size **size)
{
	int rank;
	const Size *sizes[MAX_RANK];
	Value v = arg_value(call, i);
	if (v.kind == V_NONE || v.kind == V_LIST)
		return must_be(c, call, i, "a size");
	if (!as_shape(c, arg_loc(call, i), v, &rank, sizes))
		return false;
	*size = sizes[0];
	return true;
}

bool arg_ints(Check *c, const BuiltinCall *call, int i, int n, int64_t missing, int64_t *out)
{
	Value v = arg_value(call, i);
	for (int k = 0; k < n; k++)
		out[k] = missing;
	if (v.kind == V_NONE)
		return true;
	if (v.kind == V_LIST && v.list->n != n) {
		check_error(c, arg_loc(call, i), "%s: %d value%s for %d %s", arg_role(c, call, i),
			    v.list->n, v.list->n == 1 ? "" : "s", n, n == 1 ? "axis" : "axes");
		return false;
	}
	for (int k = 0; k < n; k++)
		if (!as_const_int(c, arg_loc(call, i), v.kind == V_LIST ? v.list->item[k] : v,
				  arg_role(c, call, i), &out[k]))
			return false;
	return true;
}

bool arg_list(Check *c, const BuiltinCall *call, int i, const List **list)
{
	if (arg_value(call, i).kind != V_LIST)
		return must_be(c, call, i, "a list");
	*list = call->arg[i].list;
	return true;
}

bool arg_shape(Check *c, const BuiltinCall *call, int i, Type *t)
{
	*t = (Type){.dtype = c->floatX};
	if (!given(call, i) && call->shape_of) {
		*t = *call->shape_of;
		return true;
	}
	if (call->shape_of)
		t->dtype = call->shape_of->dtype;
	if (!given(call, i))
		return must_be(c, call, i, "a shape");
	return as_shape(c, arg_loc(call, i), call->arg[i], &t->rank, t->size);
}
