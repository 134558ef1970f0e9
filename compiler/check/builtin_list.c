/* builtin_list.c -- arrays out of lists of arrays */
#include "builtin.h"

/* the items as arrays of one dtype; NULL after an error */
static Val **arrays_of(Check *c, Loc loc, int n, const Value *item, const Loc *locs)
{
	Value *v = NEW_ARRAY(c->arena, Value, n + 1);
	Val **x = NEW_ARRAY(c->arena, Val *, n + 1);
	for (int i = 0; i < n; i++) {
		v[i] = item[i];
		if (item[i].kind == V_LIST) {
			Val *inner = as_tensor(c, locs ? locs[i] : loc, item[i], DT_error);
			v[i] = inner ? value_tensor(inner) : value_error();
		}
		if (!is_numeric(v[i])) {
			if (v[i].kind != V_ERROR)
				check_error(c, locs ? locs[i] : loc,
					    "item %d of the list is %s, not an array", i,
					    value_text(c, v[i]));
			return NULL;
		}
	}
	DType t = values_dtype(c, n, v);
	for (int i = 0; i < n; i++) {
		x[i] = as_dtype(c, locs ? locs[i] : loc, v[i], t);
		if (x[i] == NULL)
			return NULL;
	}
	return x;
}

static Val *join(Check *c, Loc loc, int n, Val **x, int axis)
{
	if (n == 1)
		return x[0];
	Attr attr = {.concat = {axis}};
	return build_counted(c, loc, OP_concat, n, x, &attr);
}

/* equal but along an axis (-1: everywhere) */
static bool same_sizes(Check *c, Loc loc, const char *what, int n, Val *const *x, int except)
{
	for (int k = 1; k < n; k++) {
		bool same = x[k]->type->rank == x[0]->type->rank;
		for (int i = 0; same && i < x[0]->type->rank; i++)
			same = i == except || unify(c, x[0]->type->size[i], x[k]->type->size[i]);
		if (!same) {
			check_error(c, loc, "sizes do not match in %s: item 0 is %s, item %d is %s",
				    what, type_text(c->arena, x[0]->type), k,
				    type_text(c->arena, x[k]->type));
			return false;
		}
	}
	return true;
}

static Val *with_axis(Check *c, Loc loc, Val *x, int axis)
{
	const Size *size[MAX_RANK];
	for (int i = 0; i <= x->type->rank; i++)
		size[i] = i < axis    ? x->type->size[i]
			  : i == axis ? size_int(c, 1)
				      : x->type->size[i - 1];
	return reshape_val(c, loc, x, x->type->rank + 1, size);
}

Val *stack_values(Check *c, Loc loc, int n, const Value *item, const Loc *locs, int axis)
{
	Val **x = arrays_of(c, loc, n, item, locs);
	if (x == NULL || !same_sizes(c, loc, "stack", n, x, -1))
		return NULL;
	if (!rank_fits(c, loc, x[0]->type->rank + 1))
		return NULL;
	for (int i = 0; i < n; i++)
		x[i] = with_axis(c, loc, x[i], axis);
	return join(c, loc, n, x, axis);
}

static bool nonempty(Check *c, const BuiltinCall *call, const List **list)
{
	if (!arg_list(c, call, 0, list))
		return false;
	if ((*list)->n > 0)
		return true;
	check_error(c, call->loc, "%s of an empty list", call->builtin->name);
	return false;
}

Value builtin_stack(Check *c, const BuiltinCall *call)
{
	const List *list;
	int axis;
	if (!nonempty(c, call, &list))
		return value_error();
	Val *first = list->item[0].kind == V_ERROR
			     ? NULL
			     : as_tensor(c, call->loc, list->item[0], DT_error);
	if (first == NULL || !arg_axis(c, call, 1, first->type->rank + 1, 0, &axis))
		return value_error();
	Val *v = stack_values(c, call->loc, list->n, list->item, NULL, axis);
	return value_of(v);
}

Value builtin_concat(Check *c, const BuiltinCall *call)
{
	const List *list;
	int axis;
	if (!nonempty(c, call, &list))
		return value_error();
	Val **x = arrays_of(c, call->loc, list->n, list->item, NULL);
	if (x == NULL || !arg_axis(c, call, 1, x[0]->type->rank, 0, &axis) ||
	    !same_sizes(c, call->loc, "concat", list->n, x, axis))
		return value_error();
	return value_of(join(c, call->loc, list->n, x, axis));
}

/* add([a, b, c]) is a + b + c */
Value builtin_add(Check *c, const BuiltinCall *call)
{
	const List *list;
	if (!nonempty(c, call, &list))
		return value_error();
	Value sum = list->item[0];
	for (int i = 1; i < list->n; i++)
		sum = call_binary(c, call->loc, BIN_ADD, sum, list->item[i]);
	return sum;
}

/* all elements of all as one vector */
Value builtin_pack(Check *c, const BuiltinCall *call)
{
	const List *list;
	if (!nonempty(c, call, &list))
		return value_error();
	Val **x = arrays_of(c, call->loc, list->n, list->item, NULL);
	if (x == NULL)
		return value_error();
	for (int i = 0; i < list->n; i++) {
		const Size *n = type_count(c->arena, x[i]->type);
		x[i] = reshape_val(c, call->loc, x[i], 1, &n);
	}
	return value_of(join(c, call->loc, list->n, x, 0));
}
