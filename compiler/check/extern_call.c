/* extern_call.c -- calls of C functions of the user's: elementwise where all is scalar, else on whole arrays */
#include "state.h"

static bool is_scalar_type(Check *c, const TypeExpr *t)
{
	DType dtype;
	int rank;
	unsigned ones;
	return t && t->like == NULL && type_dtype(c, &t->dtype, &dtype, &rank, &ones) && (rank == 0 || (rank < 0 && t->sizes.len == 0));
}

/* the arguments in the order of the parameters; NULL after an error */
static Value *extern_args(Check *c, Loc loc, const Stmt *stmt, const CallArgs *args)
{
	int n = stmt->ext.params.len;
	Value *v = NEW_ARRAY(c->arena, Value, n + 1);
	if (args->n != n) {
		check_error(c, loc, "%s takes %d argument%s", stmt->ext.name.text, n, n == 1 ? "" : "s");
		return NULL;
	}
	for (int i = 0; i < n; i++) {
		if (args->name[i]) {
			check_error(c, args->name_loc[i], "an extern takes its arguments in order, without names");
			return NULL;
		}
		v[i] = args->value[i];
		if (v[i].kind == V_ERROR)
			return NULL;
	}
	return v;
}

/* scalars in, a scalar out: element by element, broadcast as `+` does */
static const Type *common_shape(Check *c, Loc loc, const Value *v, const Loc *at, int n, DType dtype)
{
	Value sum = v[0];
	for (int i = 1; i < n; i++)
		sum = op_binary(c, BIN_ADD, loc, sum, at[0], v[i], at[i]);
	Val *x = sum.kind == V_ERROR ? NULL : as_tensor(c, loc, sum, dtype);
	return x ? type_with_dtype(c->arena, x->type, dtype) : NULL;
}

Value call_extern(Check *c, Loc loc, const Extern *e, const Stmt *stmt, Scope *s, const CallArgs *args)
{
	int n = stmt->ext.params.len;
	Value *v = extern_args(c, loc, stmt, args);
	if (v == NULL)
		return value_error();
	Scope *inner = scope_new(c, s, SCOPE_DEF);
	bool elementwise = is_scalar_type(c, stmt->ext.type);
	for (int i = 0; i < n; i++)
		elementwise = elementwise && is_scalar_type(c, stmt->ext.params.data[i].type);
	TypeUse use = {.scope = inner, .name = stmt->ext.result.text};
	const Type *type = NULL;
	for (int i = 0; !elementwise && i < n; i++)
		if (!match_param(c, inner, e->name, &stmt->ext.params.data[i], &v[i], args->loc[i]))
			return value_error();
	type = eval_type(c, &use, stmt->ext.type);
	if (elementwise && type && n)
		type = common_shape(c, loc, v, args->loc, n, type->dtype);
	if (type == NULL)
		return value_error();
	Val **in = NEW_ARRAY(c->arena, Val *, n + 1);
	for (int i = 0; i < n; i++) {
		const TypeExpr *t = stmt->ext.params.data[i].type;
		const Type *want = elementwise ? type : eval_type(c, &use, t);
		in[i] = want ? coerce(c, args->loc[i], v[i], want, arena_printf(c->arena, "the argument '%s' of %s",
		                                                                stmt->ext.params.data[i].name.text, e->name))
		             : NULL;
		if (in[i] == NULL)
			return value_error();
	}
	if (e->symbol[type->dtype] == NULL) {
		check_error(c, loc, "%s has no C function for %s", e->name, dtype_name(type->dtype));
		return value_error();
	}
	Attr attr = {.ext = e};
	return value_tensor(build(c->graph, loc, OP_extern, n, in, &attr, type));
}
