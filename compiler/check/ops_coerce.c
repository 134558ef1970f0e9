/* ops_coerce.c -- a value converted to a declared type, as updates, initialisers and typed lets need
 *
 * Conversions only widen; what does not says where the wider type came from. */
#include "builtin.h"

/* widening only: what `from` holds, `to` holds, or a number of fewer digits by the language's rule for integers with floats */
static bool widens(DType from, DType to)
{
	if (from == to || from == DT_bool || from == DT_error || to == DT_error)
		return true;
	if (to == DT_bool)
		return false;
	if (dtype_is_float(to))
		return !dtype_is_float(from) ? dtype_class(from) != CLASS_COMPLEX
					     : dtype_bytes(from) < dtype_bytes(to);
	if (!dtype_is_integer(to) || !dtype_is_integer(from))
		return false;
	bool signed_to = dtype_class(to) == CLASS_INT, signed_from = dtype_class(from) == CLASS_INT;
	return signed_from ? signed_to && dtype_bytes(from) <= dtype_bytes(to)
			   : dtype_bytes(from) < dtype_bytes(to);
}

/* the operand that first had this dtype */
static const Val *origin_of(const Val *v)
{
	for (;;) {
		const Val *from = NULL;
		if (v->op == OP_arg || v->op == OP_var || v->op == OP_param)
			return v;
		for (int i = 0; i < v->nin && from == NULL; i++)
			if (v->in[i]->type->dtype == v->type->dtype && v->in[i]->op != OP_const)
				from = v->in[i];
		if (from == NULL)
			return v;
		v = from;
	}
}

static bool same_place(Loc a, Loc b)
{
	return a.source == b.source && a.begin == b.begin;
}

static void error_wider(Check *c, Loc loc, Value value, const Val *v, DType want, const char *role)
{
	Message *m = check_error(c, loc, "%s is %s, which %s does not hold", role,
				 dtype_name(v->type->dtype), dtype_name(want));
	const Val *from = origin_of(v);
	label_value(c, m, loc, value);
	if (from->loc.source && !same_place(from->loc, loc))
		diag_note(m, from->loc, "the %s comes from here%s%s", dtype_name(v->type->dtype),
			  from->name ? ": " : "", from->name ? from->name : "");
	diag_note(m, (Loc){0}, "%s(...) converts it", dtype_name(want));
}

Val *coerce(Check *c, Loc loc, Value value, const Type *type, const char *role)
{
	if (value.kind == V_ERROR)
		return NULL;
	if (!is_numeric(value) && value.kind != V_LIST) {
		check_error(c, loc, "%s is %s, not %s", role, value_text(c, value),
			    type_text(c->arena, type));
		return NULL;
	}
	bool weak_float = value.kind == V_FLOAT && !dtype_is_float(type->dtype);
	bool weak_int = value.kind == V_INT && type->dtype == DT_bool;
	if (weak_float || weak_int) {
		check_error(c, loc, "%s is %s, which %s does not hold", role, value_text(c, value),
			    dtype_name(type->dtype));
		return NULL;
	}
	Val *v = as_tensor(c, loc, value, type->dtype);
	if (v == NULL)
		return NULL;
	if (!widens(v->type->dtype, type->dtype)) {
		error_wider(c, loc, value, v, type->dtype, role);
		return NULL;
	}
	v = build_cast(c->graph, loc, v, type->dtype);
	Type shape;
	int axis;
	bool fit = v->type->rank <= type->rank && broadcast_shape(c, v->type, type, &shape, &axis);
	for (int i = 0; fit && i < type->rank; i++)
		fit = unify(c, shape.size[i], type->size[i]);
	if (!fit) {
		Message *m = check_error(c, loc, "%s is %s, which does not fit %s", role,
					 type_text(c->arena, v->type), type_text(c->arena, type));
		label_value(c, m, loc, value);
		return NULL;
	}
	return same_shape(v->type, type) ? v : build_broadcast_to(c->graph, loc, v, type);
}
