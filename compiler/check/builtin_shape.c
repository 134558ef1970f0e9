/* builtin_shape.c -- the same elements under other sizes or in another order */
#include "builtin.h"

static const Size *size_or_one(Check *c, const Size *s)
{
	return s ? s : size_int(c, 1);
}

/* the sizes of reshape's list; *hole is where -1 stands, else -1 */
static bool new_sizes(Check *c, const BuiltinCall *call, Loc loc, const List *list, int from,
		      Type *t, int *hole)
{
	int64_t n;
	*hole = -1;
	for (int i = from; i < list->n; i++) {
		if (!rank_fits(c, loc, t->rank + 1))
			return false;
		if (known_int(c, list->item[i], &n) && n == -1) {
			if (*hole >= 0) {
				check_error(c, loc, "-1 stands once at most in the shape of %s",
					    call->builtin->name);
				return false;
			}
			*hole = t->rank;
			t->size[t->rank++] = NULL;
			continue;
		}
		Value one = list->item[i];
		if ((t->size[t->rank] = one_size(c, loc, one)) == NULL)
			return false;
		t->rank++;
	}
	return true;
}

/* reshape(x, [n, -1]); reshape(x, [..., a, b]) splits the last axis */
Value builtin_reshape(Check *c, const BuiltinCall *call)
{
	Val *x = arg_tensor(c, call, 0);
	Value shape = arg_value(call, 1);
	Loc loc = call->n > 1 && call->arg_loc[1].source ? call->arg_loc[1] : call->loc;
	if (x == NULL || shape.kind == V_ERROR)
		return value_error();
	if (shape.kind == V_INT)
		shape = value_list(c, 1, &shape);
	if (shape.kind != V_LIST) {
		check_error(c, loc, "the shape of reshape is a list of sizes, not %s",
			    value_text(c, shape));
		return value_error();
	}
	const List *list = shape.list;
	Type t = {.dtype = x->type->dtype};
	int rank = x->type->rank, hole;
	bool rest = list->n > 0 && list->item[0].kind == V_ELLIPSIS;
	const Size *whole = type_count(c->arena, x->type);
	if (rest) {
		if (rank == 0) {
			check_error(c, loc, "a scalar has no last axis to split");
			return value_error();
		}
		for (int i = 0; i + 1 < rank; i++)
			t.size[t.rank++] = x->type->size[i];
		whole = size_resolve(c->arena, x->type->size[rank - 1]);
	}
	int lead = t.rank;
	if (!new_sizes(c, call, loc, list, rest, &t, &hole))
		return value_error();
	const Size *split[MAX_RANK];
	for (int i = lead; i < t.rank; i++)
		split[i] = size_or_one(c, t.size[i]);
	if (!elements_fit(c, loc, t.rank - lead, split + lead))
		return value_error();
	const Size *product = shape_product(c, t.rank - lead, split + lead);
	if (hole >= 0) {
		t.size[hole] = size_div_exact(c->arena, whole, size_resolve(c->arena, product));
		if (t.size[hole]) {
			Val *y = reshape_val(c, call->loc, x, t.rank, t.size);
			return value_tensor(y);
		}
	} else if (unify(c, whole, product))
		return value_tensor(reshape_val(c, call->loc, x, t.rank, t.size));
	Message *m = check_error(c, call->loc,
				 hole < 0 ? "reshape changes the number of elements"
					  : "reshape cannot divide the elements evenly");
	label_value(c, m, call->arg_loc[0], call->arg[0]);
	diag_note(m, (Loc){0}, "%s %s elements, the shape takes %s%s",
		  rest ? "the last axis has" : "there are", size_text(c->arena, whole),
		  hole < 0 ? "" : "a multiple of ",
		  size_text(c->arena, size_resolve(c->arena, product)));
	return value_error();
}

/* without axes: all reversed */
Value builtin_transpose(Check *c, const BuiltinCall *call)
{
	int64_t axes[MAX_RANK];
	int8_t perm[MAX_RANK];
	Val *x = arg_tensor(c, call, 0);
	if (x == NULL)
		return value_error();
	int rank = x->type->rank;
	if (!given(call, 1)) {
		for (int i = 0; i < rank; i++)
			perm[i] = (int8_t)(rank - 1 - i);
		return value_tensor(build_transpose(c->graph, call->loc, x, perm));
	}
	if (!arg_ints(c, call, 1, rank, 0, axes))
		return value_error();
	unsigned seen = 0;
	for (int i = 0; i < rank; i++) {
		int64_t a = axes[i] < 0 ? axes[i] + rank : axes[i];
		if (a < 0 || a >= rank || (seen >> a & 1)) {
			check_error(c, call->arg_loc[1],
				    "the axes of transpose are 0 to %d, each once", rank - 1);
			return value_error();
		}
		seen |= 1u << a;
		perm[i] = (int8_t)a;
	}
	return value_tensor(build_transpose(c->graph, call->loc, x, perm));
}

Value builtin_swapaxes(Check *c, const BuiltinCall *call)
{
	int a, b;
	int8_t perm[MAX_RANK];
	Val *x = arg_tensor(c, call, 0);
	if (x == NULL || !arg_axis(c, call, 1, x->type->rank, 0, &a) ||
	    !arg_axis(c, call, 2, x->type->rank, 0, &b))
		return value_error();
	for (int i = 0; i < x->type->rank; i++)
		perm[i] = (int8_t)(i == a ? b : i == b ? a : i);
	return value_tensor(build_transpose(c->graph, call->loc, x, perm));
}

/* n equal parts of the last axis */
Value builtin_split_last(Check *c, const BuiltinCall *call)
{
	int64_t n, step[MAX_RANK];
	const Size *start[MAX_RANK], *size[MAX_RANK];
	Val *x = arg_tensor(c, call, 0);
	if (x == NULL || !arg_int(c, call, 1, 1, &n))
		return value_error();
	int rank = x->type->rank;
	const Size *last = rank ? size_resolve(c->arena, x->type->size[rank - 1]) : NULL;
	const Size *part =
		last && n > 0 && n <= 4096 ? size_div_exact(c->arena, last, size_int(c, n)) : NULL;
	if (part == NULL) {
		Message *m =
			check_error(c, call->loc,
				    "split_last cannot divide the last axis into %lld equal parts",
				    (long long)n);
		label_value(c, m, call->arg_loc[0], call->arg[0]);
		return value_error();
	}
	Values parts = {0};
	for (int64_t k = 0; k < n; k++) {
		for (int i = 0; i < rank; i++) {
			start[i] = size_int(c, 0);
			size[i] = x->type->size[i];
			step[i] = 1;
		}
		start[rank - 1] = size_scale(c->arena, part, k);
		size[rank - 1] = part;
		push(c->arena, &parts,
		     value_tensor(n == 1 ? x
					 : build_slice(c->graph, call->loc, x, start, step, size)));
	}
	return value_list(c, parts.len, parts.data);
}

/* along some axes, or all */
Value builtin_flip(Check *c, const BuiltinCall *call)
{
	uint32_t axes;
	int64_t step[MAX_RANK];
	const Size *start[MAX_RANK];
	Val *x = arg_tensor(c, call, 0);
	if (x == NULL || !arg_axes(c, call, 1, x->type->rank, (1u << x->type->rank) - 1, &axes))
		return value_error();
	for (int i = 0; i < x->type->rank; i++) {
		bool turn = axes >> i & 1;
		step[i] = turn ? -1 : 1;
		start[i] = turn ? size_sub(c->arena, x->type->size[i], size_int(c, 1))
				: size_int(c, 0);
	}
	return value_tensor(axes ? build_slice(c->graph, call->loc, x, start, step, x->type->size)
				 : x);
}

/* each element n times, along an axis or of the flat array */
Value builtin_repeat(Check *c, const BuiltinCall *call)
{
	int axis;
	int8_t to[MAX_RANK];
	const Size *n, *size[MAX_RANK + 1];
	Val *x = arg_tensor(c, call, 0);
	if (x == NULL || !arg_size(c, call, 1, &n))
		return value_error();
	if (!given(call, 2)) {
		const Size *count = type_count(c->arena, x->type);
		x = reshape_val(c, call->loc, x, 1, &count);
	}
	int rank = x->type->rank;
	if (!arg_axis(c, call, 2, rank, 0, &axis))
		return value_error();
	if (!rank_fits(c, call->loc, rank + 1))
		return value_error();
	for (int i = 0; i < rank; i++) {
		to[i] = (int8_t)(i <= axis ? i : i + 1);
		size[to[i]] = x->type->size[i];
	}
	size[axis + 1] = n;
	if (!elements_fit(c, call->loc, rank + 1, size))
		return value_error();
	Val *y = build_broadcast(c->graph, call->loc, x, rank + 1, size, to);
	const Size *merged[MAX_RANK];
	for (int i = 0; i < rank; i++)
		merged[i] = i == axis ? size_mul(c->arena, x->type->size[i], n) : x->type->size[i];
	return value_tensor(reshape_val(c, call->loc, y, rank, merged));
}
