/* builtin.h -- what operators, indexing and the builtins share: dtypes of results, shapes, arguments */
#ifndef BUILTIN_H
#define BUILTIN_H

#include "check.h"

/* ---- ops_types.c: dtypes */
bool is_known(Value); /* a number or bool known now */
bool is_numeric(Value); /* that, or a tensor */
bool known_int(Check *, Value, int64_t *); /* a constant, not a polynomial of dims */
bool known_float(Check *, Value, double *); /* of a V_FLOAT, or a constant V_INT */
DType dtype_of(Check *, Value); /* alone: int64, floatX, bool, or the tensor's; DT_error if it is none of these */
DType promote(DType, DType); /* of two tensors: what holds both, bool < integers < floats */
DType common_dtype(Check *, Value a, Value b); /* the same of values: literals take the type of what they meet */
DType arithmetic_dtype(DType); /* bool and integers under 32 bits: int32 */
DType float_dtype(Check *, DType); /* floats stay, all else is floatX */
bool as_operand(Check *, Loc, Value *); /* a list that is an operand is an array; false after an error */
Value no_complex(Check *, Loc); /* the one place that refuses complex numbers */
DType values_dtype(Check *, int n, const Value *); /* of many, as common_dtype */
/* a node of exactly this dtype; NULL after an error */
Val *as_dtype(Check *, Loc, Value, DType);
/* a node of the dtype that sums and functions of it have: integers as they are, or floatX */
Val *as_float(Check *, Loc, Value);
Value error_not_number(Check *, Loc, const char *role, Value); /* "'+' takes numbers, not ..." */

/* ---- ops_shape.c: shapes */
/* the shape of a and b broadcast together; false where they do not fit (*axis, from the end, says where) */
bool broadcast_shape(Check *, const Type *a, const Type *b, Type *out, int *axis);
/* the same for n values; the error names `what`, in quotes if an operator */
bool broadcast_values(Check *, Loc, const char *what, int n, const Value *, const Loc *, Val *const *, Type *out);
Val *broadcast_val(Check *, Loc, Val *, const Type *shape); /* rank 0 stays */
bool is_one(const Size *);
const Size *steps_between(Check *, const Size *from, const Size *to, int64_t step); /* of from, from + step, .. below to */
const Size *size_int(Check *, int64_t);
bool size_known(Check *, const Size *, int64_t *);
const Size *shape_product(Check *, int n, const Size *const *);
Val *size_value(Check *, Loc, const Size *); /* an int64 node, also of sizes with ATOM_VALUE atoms */
/* a node whose sizes may be beyond 64 bits: an error then, and NULL; value_of makes it an error value */
Val *build_counted(Check *, Loc, Op, int nin, Val *const *in, const Attr *);
static inline Value value_of(Val *v)
{
	return v ? value_tensor(v) : value_error();
}
Val *reshape_val(Check *, Loc, Val *, int rank, const Size *const *);
const char *shape_text(Check *, int rank, const Size *const *); /* "[batch, 10]" */

/* ---- ops_known.c: operators on what is known now; false if the result is not */
bool known_binary(Check *, BinaryOp, Loc op_loc, Value a, Value b, Loc b_loc, Value *out);

/* ---- ops_binary.c, ops_matmul.c */
Value select_values(Check *, Loc, const Value *operand, const Loc *); /* where(c, a, b) */
Value op_matmul(Check *, Loc op_loc, Value a, Loc a_loc, Value b, Loc b_loc);

/* ---- ops_range.c: bounds of integer values by their making; values as sizes */
typedef VEC(Val *) Vals;
typedef Vals IndexValues; /* values that stand as atoms: equal ones are one */
bool index_in_range(Check *, const Val *, const Size *size); /* 0 <= v < size for every element, known without a test */
/* an integer scalar as a polynomial over ATOM_VALUEs; NULL beyond 64 bits */
const Size *index_size(Check *, IndexValues *, Val *);
void widen_starts(Check *, Loc, int n, const Size **start); /* atoms become int64 values */
/* 0 <= first <= last < size (falling: the other way): an error, a test when it runs, or nothing */
bool require_inside(Check *, Loc, const Size *first, const Size *last, const Size *size, const char *what, const char *text);

/* ---- ops_subscript.c: indices in normal form */
typedef struct AxisIndex { /* of one axis of x */
	const Size *start, *size; /* what basic indexing keeps of it */
	int64_t step;
	bool dropped; /* by a single index */
	Val *array; /* an integer array along it, or NULL */
} AxisIndex;
typedef struct Subscript {
	Val *x;
	AxisIndex axis[MAX_RANK];
	bool basic; /* something is sliced */
	int nout; /* after the slice: axes of x that are left, or -1 for None; those with arrays stand side by side */
	int out[2 * MAX_RANK];
	int narrays, array_at; /* where in out */
	IndexValues known;
} Subscript;
bool subscript(Check *, Loc, Value x, Loc x_loc, int n, const IndexValue *, const char *what, Subscript *);

/* ---- builtin_arg.c: arguments of a builtin */
static inline bool given(const BuiltinCall *call, int i)
{
	return i < call->n && call->arg[i].kind != V_NONE;
}
Value arg_value(const BuiltinCall *, int i); /* V_NONE if absent */
Val *arg_tensor(Check *, const BuiltinCall *, int i); /* as it is; numbers alone */
Val *arg_float(Check *, const BuiltinCall *, int i); /* integers as floatX */
bool arg_int(Check *, const BuiltinCall *, int i, int64_t missing, int64_t *); /* a constant */
bool arg_bool(Check *, const BuiltinCall *, int i, bool missing, bool *);
bool arg_axis(Check *, const BuiltinCall *, int i, int rank, int missing, int *axis);
bool arg_axes(Check *, const BuiltinCall *, int i, int rank, uint32_t missing, uint32_t *axes);
bool arg_size(Check *, const BuiltinCall *, int i, const Size **);
bool arg_ints(Check *, const BuiltinCall *, int i, int n, int64_t missing, int64_t *); /* n of them: a list, or one for all */
bool arg_list(Check *, const BuiltinCall *, int i, const List **);
/* the shape argument, or that of the variable initialised; its dtype, else floatX */
bool arg_shape(Check *, const BuiltinCall *, int i, Type *);
const char *arg_role(Check *, const BuiltinCall *, int i); /* "the axis of sum" */

/* ---- small programs over values, for builtins made of others */
Value call_binary(Check *, Loc, BinaryOp, Value, Value);
Value call_elem(Check *, Loc, const char *what, Op, int n, const Value *, const Loc *, DType); /* a row, operands of one dtype */
Value call_float(Check *, Loc, Op, Value); /* a row of one float */
Value const_int(Check *, int64_t);
Value cumulative(Check *, Loc, Val *, int axis, bool reverse);
Value keep_axes(Check *, Loc, Val *reduced, const Type *of, uint32_t axes); /* those that went as size 1 */
Val *stack_values(Check *, Loc, int n, const Value *, const Loc *, int axis); /* NULL after an error */
Val *iota_val(Check *, Loc, const Size *, DType);

/* ---- the builtins; builtins.c has the table */
#define BUILTIN(name) Value builtin_##name(Check *, const BuiltinCall *)
BUILTIN(elementwise);
BUILTIN(abs);
BUILTIN(maximum);
BUILTIN(clip);
BUILTIN(where);
BUILTIN(stop_gradient);
BUILTIN(grad_clip);
BUILTIN(grad_scale);
BUILTIN(reduce);
BUILTIN(argmax);
BUILTIN(any);
BUILTIN(cumsum);
BUILTIN(sort);
BUILTIN(argsort);
BUILTIN(topk);
BUILTIN(reshape);
BUILTIN(transpose);
BUILTIN(swapaxes);
BUILTIN(concat);
BUILTIN(stack);
BUILTIN(split_last);
BUILTIN(pad);
BUILTIN(flip);
BUILTIN(repeat);
BUILTIN(windows);
BUILTIN(einsum);
BUILTIN(full);
BUILTIN(arange);
BUILTIN(size);
BUILTIN(shape);
BUILTIN(rank);
BUILTIN(axes);
BUILTIN(add);
BUILTIN(pack);
BUILTIN(uniform);
BUILTIN(normal);
BUILTIN(bernoulli);
BUILTIN(integers);
BUILTIN(categorical);
BUILTIN(permutation);
BUILTIN(cholesky);
BUILTIN(solve_triangular);
#undef BUILTIN

#endif
