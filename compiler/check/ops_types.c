/* ops_types.c -- the dtypes of results, and values made nodes of a dtype
 *
 * A literal takes the type of what it meets; integers meet floats as floats; of two
 * floats the wider, but float16 and bfloat16 together give float32.  A dim is an int64. */
#include <math.h>
#include <string.h>

#include "builtin.h"

bool is_known(Value v)
{
	return v.kind == V_INT || v.kind == V_FLOAT || v.kind == V_BOOL;
}

bool is_numeric(Value v)
{
	return is_known(v) || v.kind == V_TENSOR;
}

bool known_int(Check *c, Value v, int64_t *n)
{
	return v.kind == V_INT && size_known(c, v.i, n);
}

bool known_float(Check *c, Value v, double *f)
{
	int64_t n;
	if (v.kind == V_FLOAT)
		*f = v.f;
	else if (v.kind == V_BOOL)
		*f = v.b;
	else if (known_int(c, v, &n))
		*f = (double)n;
	else
		return false;
	return true;
}

DType dtype_of(Check *c, Value v)
{
	switch (v.kind) {
	case V_INT:
		return DT_int64;
	case V_FLOAT:
		return c->floatX;
	case V_BOOL:
		return DT_bool;
	case V_TENSOR:
		return v.v->type->dtype;
	default:
		return DT_error;
	}
}

static DType promote_integers(DType a, DType b)
{
	if (a == DT_bool)
		return b;
	if (b == DT_bool || a == b)
		return a;
	bool sa = dtype_class(a) == CLASS_INT, sb = dtype_class(b) == CLASS_INT;
	int na = dtype_bytes(a), nb = dtype_bytes(b);
	if (sa == sb)
		return na >= nb ? a : b;
	/* of different signs: the signed type that holds both; 64 bits wrap */
	int need = sa ? (na > nb ? na : 2 * nb) : (nb > na ? nb : 2 * na);
	return need <= 2 ? DT_int16 : need <= 4 ? DT_int32 : DT_int64;
}

DType promote(DType a, DType b)
{
	if (a == b)
		return a;
	if (a == DT_error || b == DT_error)
		return DT_error;
	bool ca = dtype_class(a) == CLASS_COMPLEX, cb = dtype_class(b) == CLASS_COMPLEX;
	if (ca || cb)
		return a == DT_complex128 || b == DT_complex128 || a == DT_float64 ||
				       b == DT_float64
			       ? DT_complex128
			       : DT_complex64;
	bool fa = dtype_is_float(a), fb = dtype_is_float(b);
	if (fa && fb)
		return dtype_bytes(a) == 2 && dtype_bytes(b) == 2 ? DT_float32
		       : dtype_bytes(a) >= dtype_bytes(b)	  ? a
								  : b;
	return fa ? a : fb ? b : promote_integers(a, b);
}

DType common_dtype(Check *c, Value a, Value b)
{
	int64_t n;
	DType ta = dtype_of(c, a), tb = dtype_of(c, b);
	/* literals alone, of either kind */
	bool wa = a.kind == V_FLOAT || known_int(c, a, &n),
	     wb = b.kind == V_FLOAT || known_int(c, b, &n);
	if (wa && !wb && tb != DT_bool && tb != DT_error)
		return a.kind == V_FLOAT ? float_dtype(c, tb) : tb;
	if (wb && !wa && ta != DT_bool && ta != DT_error)
		return b.kind == V_FLOAT ? float_dtype(c, ta) : ta;
	/* an integer literal beside a bool is small, as the bool is */
	if (ta == DT_bool && wb && b.kind == V_INT)
		return known_int(c, b, &n) && n >= INT32_MIN && n <= INT32_MAX ? DT_int32
									       : DT_int64;
	if (tb == DT_bool && wa && a.kind == V_INT)
		return known_int(c, a, &n) && n >= INT32_MIN && n <= INT32_MAX ? DT_int32
									       : DT_int64;
	return promote(ta, tb);
}

DType values_dtype(Check *c, int n, const Value *v)
{
	DType t = DT_error;
	bool weak_float = false, weak_int = false;
	int64_t i;
	for (int k = 0; k < n; k++)
		if (v[k].kind == V_FLOAT)
			weak_float = true;
		else if (known_int(c, v[k], &i))
			weak_int = true;
		else
			t = t == DT_error ? dtype_of(c, v[k]) : promote(t, dtype_of(c, v[k]));
	if (weak_float)
		return t == DT_error ? c->floatX : float_dtype(c, t);
	return weak_int && t == DT_error ? DT_int64 : weak_int && t == DT_bool ? DT_int32 : t;
}

DType arithmetic_dtype(DType t)
{
	return t == DT_bool || (dtype_is_integer(t) && dtype_bytes(t) < 4) ? DT_int32 : t;
}

DType float_dtype(Check *c, DType t)
{
	return dtype_is_float(t) || dtype_class(t) == CLASS_COMPLEX || t == DT_error ? t
										     : c->floatX;
}

Value no_complex(Check *c, Loc loc)
{
	check_error(c, loc, "not supported yet: complex numbers");
	return value_error();
}

Value error_not_number(Check *c, Loc loc, const char *role, Value v)
{
	if (v.kind != V_ERROR)
		check_error(c, loc, "%s takes numbers, not %s", role, value_text(c, v));
	return value_error();
}

/* of a constant: whether an integer type holds it */
static bool fits(DType t, int64_t n)
{
	int bits = 8 * dtype_bytes(t);
	if (t == DT_bool)
		return n == 0 || n == 1;
	if (dtype_class(t) == CLASS_UINT)
		return n >= 0 && (bits == 64 || n < (INT64_C(1) << bits));
	return bits == 64 || (n >= -(INT64_C(1) << (bits - 1)) && n < (INT64_C(1) << (bits - 1)));
}

static Val *int_tensor(Check *c, Loc loc, const Size *size, DType want)
{
	int64_t n;
	if (want == DT_error)
		want = DT_int64;
	if (dtype_class(want) == CLASS_COMPLEX) {
		no_complex(c, loc);
		return NULL;
	}
	if (!size_known(c, size, &n))
		return build_cast(c->graph, loc, build_size(c->graph, loc, size), want);
	if (dtype_is_float(want))
		return build_const(c->graph, loc, want, (double)n, 0);
	if (want == DT_bool || !fits(want, n)) {
		if (want == DT_bool)
			check_error(c, loc, "a bool is needed here, not the number %lld",
				    (long long)n);
		else
			check_error(c, loc, "the number %lld does not fit %s", (long long)n,
				    dtype_name(want));
		return NULL;
	}
	return build_const(c->graph, loc, want, 0, n);
}

/* [1, 2, 3] as an array: the elements stacked */
static Val *list_tensor(Check *c, Loc loc, const List *list, DType want)
{
	if (list->n == 0) {
		check_error(c, loc, "an empty list is no array: its type is unknown");
		return NULL;
	}
	for (int i = 0; i < list->n; i++)
		if (!is_numeric(list->item[i]) && list->item[i].kind != V_LIST) {
			if (list->item[i].kind != V_ERROR)
				check_error(
					c, loc,
					"an array is needed here, and item %d of this list is %s",
					i, value_text(c, list->item[i]));
			return NULL;
		}
	bool all_known = true;
	for (int i = 0; i < list->n; i++)
		all_known &= is_known(list->item[i]);
	if (!all_known || want == DT_error)
		return stack_values(c, loc, list->n, list->item, NULL, 0);
	Value *typed = NEW_ARRAY(c->arena, Value, list->n);
	for (int i = 0; i < list->n; i++) {
		Val *v = as_tensor(c, loc, list->item[i], want);
		if (v == NULL)
			return NULL;
		typed[i] = value_tensor(v);
	}
	return stack_values(c, loc, list->n, typed, NULL, 0);
}

Val *as_tensor(Check *c, Loc loc, Value v, DType want)
{
	switch (v.kind) {
	case V_TENSOR:
		if (dtype_class(v.v->type->dtype) == CLASS_COMPLEX) {
			no_complex(c, loc);
			return NULL;
		}
		if (v.v->type->dtype == DT_tuple)
			internal_error("a tuple as a value");
		return v.v;
	case V_INT:
		return int_tensor(c, loc, v.i, want);
	case V_BOOL:
		if (want == DT_error || want == DT_bool)
			return build_const(c->graph, loc, DT_bool, 0, v.b);
		return int_tensor(c, loc, size_const(c->arena, v.b), want);
	case V_FLOAT:
		if (want == DT_error)
			want = c->floatX;
		if (!dtype_is_float(want)) {
			check_error(c, loc, "%s is needed here, not %s", dtype_name(want),
				    value_text(c, v));
			return NULL;
		}
		return build_const(c->graph, loc, want, v.f, 0);
	case V_LIST:
		return list_tensor(c, loc, v.list, want);
	case V_ERROR:
		return NULL;
	default:
		check_error(c, loc, "an array or number is needed here, not %s", value_text(c, v));
		return NULL;
	}
}

bool as_operand(Check *c, Loc loc, Value *v)
{
	if (v->kind != V_LIST)
		return true;
	Val *x = as_tensor(c, loc, *v, DT_error);
	if (x)
		*v = value_tensor(x);
	return x != NULL;
}

Val *as_dtype(Check *c, Loc loc, Value v, DType t)
{
	Val *x = as_tensor(c, loc, v, t);
	if (x == NULL || x->type->dtype == t)
		return x;
	Value done = op_cast(c, loc, t, value_tensor(x));
	return done.kind == V_TENSOR ? done.v : NULL;
}

Val *as_float(Check *c, Loc loc, Value v)
{
	Val *x = as_tensor(c, loc, v, v.kind == V_INT || v.kind == V_BOOL ? c->floatX : DT_error);
	return x ? build_cast(c->graph, loc, x, float_dtype(c, x->type->dtype)) : NULL;
}

/* saturating, as the cast of a tensor is */
static int64_t saturate(double f)
{
	return isnan(f)			     ? 0
	       : f >= 9223372036854775808.0  ? INT64_MAX
	       : f <= -9223372036854775808.0 ? INT64_MIN
					     : (int64_t)f;
}

Value op_cast(Check *c, Loc loc, DType t, Value v)
{
	if (v.kind == V_ERROR)
		return v;
	if (dtype_class(t) == CLASS_COMPLEX)
		return no_complex(c, loc);
	if (!is_numeric(v) && v.kind != V_LIST)
		return error_not_number(c, loc, dtype_name(t), v);
	double f;
	if (t == DT_int64 && v.kind == V_INT)
		return v;
	if (t == DT_int64 && v.kind == V_FLOAT)
		return const_int(c, saturate(v.f));
	if (t == DT_bool && is_known(v) && known_float(c, v, &f))
		return value_bool(f != 0);
	DType made = t; /* integers convert floats when the program runs: by the same rule */
	if (v.kind == V_LIST)
		made = DT_error;
	else if (!dtype_is_float(t))
		made = v.kind == V_FLOAT ? DT_float64 : v.kind == V_INT ? DT_int64 : DT_bool;
	Val *x = as_tensor(c, loc, v, made);
	if (x == NULL)
		return value_error();
	if (t == DT_bool && x->type->dtype != DT_bool) {
		Val *zero = build_const(c->graph, loc, x->type->dtype, 0, 0);
		return value_tensor(build_elem(c->graph, loc, OP_ne, x, zero, NULL));
	}
	return value_tensor(build_cast(c->graph, loc, x, t));
}
