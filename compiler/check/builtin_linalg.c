/* builtin_linalg.c -- the primitives of linear algebra; lib/linalg.model has what is made of them */
#include "builtin.h"

static bool is_square(Check *c, const Type *t)
{
	return t->rank >= 2 && unify(c, t->size[t->rank - 1], t->size[t->rank - 2]);
}

Value builtin_cholesky(Check *c, const BuiltinCall *call)
{
	Val *a = arg_float(c, call, 0);
	if (a == NULL)
		return value_error();
	if (!is_square(c, a->type)) {
		check_error(c, call->loc, "cholesky takes square matrices, not %s",
			    type_text(c->arena, a->type));
		return value_error();
	}
	return value_tensor(build(c->graph, call->loc, OP_cholesky, 1, &a, NULL, NULL));
}

/* x with a x = b, a triangular; b of one axis less is a vector for each a */
Value builtin_solve_triangular(Check *c, const BuiltinCall *call)
{
	bool lower, transpose;
	Val *a = arg_float(c, call, 0), *b = a ? arg_float(c, call, 1) : NULL;
	if (b == NULL || !arg_bool(c, call, 2, true, &lower) ||
	    !arg_bool(c, call, 3, false, &transpose))
		return value_error();
	DType t = promote(a->type->dtype, b->type->dtype);
	a = build_cast(c->graph, call->loc, a, t);
	b = build_cast(c->graph, call->loc, b, t);
	const Type *ta = a->type, *tb = b->type;
	bool vector = tb->rank == ta->rank - 1,
	     fits = is_square(c, ta) && (vector || tb->rank == ta->rank);
	for (int i = 0; fits && i < ta->rank - 1; i++)
		fits = unify(c, ta->size[i], tb->size[i]);
	if (!fits) {
		Message *m = check_error(c, call->loc,
					 "sizes do not match in solve_triangular: [.., n, n] and "
					 "[.., n, k] or [.., n] are taken");
		label_value(c, m, call->arg_loc[0], call->arg[0]);
		label_value(c, m, call->arg_loc[1], call->arg[1]);
		return value_error();
	}
	const Size *size[MAX_RANK];
	for (int i = 0; i < tb->rank; i++)
		size[i] = tb->size[i];
	size[ta->rank - 1] = vector ? size_int(c, 1) : size[ta->rank - 1];
	Val *in[] = {a, reshape_val(c, call->loc, b, ta->rank, size)};
	Attr attr = {.triangular = {!lower, transpose}};
	Val *x = build(c->graph, call->loc, OP_triangular_solve, 2, in, &attr, NULL);
	return value_tensor(reshape_val(c, call->loc, x, tb->rank, tb->size));
}
