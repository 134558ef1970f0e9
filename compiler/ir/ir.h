/* ir.h -- what is computed: sizes, types, values, graphs, functions
 *
 * A graph is SSA in program order; nodes are immutable once made and belong to the
 * graph's arena.  A region (a scan's body, an if's branch) is a closed graph with
 * parameters: what it uses from outside are inputs of its node.  There are no effects. */
#ifndef IR_H
#define IR_H

#include "../base/base.h"

enum { MAX_RANK = 12 };

/* ---- dtype.c */
typedef enum DType {
#define DTYPE(name, ctype, bytes, class, suffix) DT_##name,
#include "dtypes.def"
#undef DTYPE
	DT_tuple, /* several results of one node */
	DT_error, /* agrees with everything; never in a graph that leaves check */
	DT_COUNT
} DType;
typedef enum DClass { CLASS_BOOL, CLASS_INT, CLASS_UINT, CLASS_FLOAT, CLASS_COMPLEX, CLASS_NONE } DClass;
const char *dtype_name(DType);
const char *dtype_ctype(DType);
const char *dtype_suffix(DType);
int dtype_bytes(DType);
DClass dtype_class(DType);
bool dtype_is_float(DType); /* float16..float64 */
bool dtype_is_integer(DType); /* signed or unsigned, not bool */
bool dtype_from_name(const char *, DType *); /* "float32"; not "floatX" */

/* ---- size.c, bounds.c, size_text.c: polynomials over atoms with integer coefficients, in normal form */
typedef struct Size Size;
typedef struct Val Val;
typedef struct Graph Graph;

typedef struct Dim {
	const char *name; /* `?`: "image_0", the symbol and the axis */
	const char *c_name; /* emit: where C needs another one; else NULL */
	Loc loc;
	int64_t lo, hi; /* bounds; hi INT64_MAX if none */
	bool anonymous; /* a `?` */
	const Size *is; /* check: the size that a `?`, or the dim of a given symbol, turned out to be; else NULL */
	int index; /* in Model.dims */
} Dim;

typedef enum AtomKind {
	ATOM_DIM, /* a dim */
	ATOM_FLOOR, /* floor(size / by), by > 1 */
	ATOM_INPUT, /* in a slice's start: the node's input number `input`, an int64 scalar */
	ATOM_VALUE, /* the same while it is being built: the value itself */
	ATOM_AXIS /* in kernels: a loop variable (struct Axis of kernel.h) */
} AtomKind;

typedef struct Atom {
	AtomKind kind;
	const Dim *dim;
	const Size *num; /* FLOOR */
	int64_t by; /* FLOOR */
	int input;
	const Val *value;
	const void *axis;
	const char *axis_name;
	int axis_id; /* orders axes and makes them equal */
} Atom;

typedef struct Term {
	int64_t coef; /* not 0 */
	int natoms;
	const Atom *const *atom; /* sorted; a power repeats */
} Term;

struct Size {
	int nterms; /* 0: the size 0 */
	const Term *term; /* sorted; the constant last */
};

/* All return NULL when a coefficient leaves int64, and for an operand that is NULL: the caller reports it once. */
const Size *size_const(Arena *, int64_t);
const Size *size_dim(Arena *, const Dim *);
const Size *size_atom(Arena *, const Atom *);
const Size *size_add(Arena *, const Size *, const Size *);
const Size *size_sub(Arena *, const Size *, const Size *);
const Size *size_mul(Arena *, const Size *, const Size *);
const Size *size_scale(Arena *, const Size *, int64_t);
const Size *size_floordiv(Arena *, const Size *, int64_t by); /* by >= 1; multiples taken out, reduced modulo by */
const Size *size_div_exact(Arena *, const Size *, const Size *); /* NULL also if it does not divide */
bool size_equal(const Size *, const Size *); /* equal normal forms, after Dim.is */
bool size_is_const(const Size *, int64_t *value);
typedef enum Decided { NO, YES, UNDECIDED } Decided;
/* YES: for all allowed dims; NO: for none; sound.  Atoms that are no dims or floors of them: UNDECIDED unless they cancel */
Decided size_ge(Arena *, const Size *, const Size *);
bool size_at_least_0(const Size *); /* proved to be; cheaper than size_ge, which also looks for the opposite */
/* the same polynomial with atoms replaced; f gives NULL to keep one, of a floor: to go into it */
const Size *size_map(Arena *, const Size *, const Size *(*f)(void *, const Atom *), void *);
const Size *size_resolve(Arena *, const Size *); /* every Dim.is put in */
const Size *size_copy(Arena *, const Size *);
/* false on overflow; atom is asked for all but floors, which are computed */
bool size_eval(const Size *, int64_t (*atom)(void *, const Atom *), void *, int64_t *value);
/* the size at the dims' upper bounds: a bound from above, negative terms at lower bounds.  `open`: what a dim without
   an upper bound counts as; 0: fail and name it in *dim */
bool size_upper(const Size *, int64_t open, int64_t *value, const Dim **dim);
/* what s is at most for these dims, or for smaller ones where a dim is not fixed: it grows with each of those */
const Size *size_most(Arena *, const Size *, bool (*fixed)(const void *, const Dim *), const void *data);
const char *size_text(Arena *, const Size *); /* "4 * batch + 1", "floor(n / 2)" */

/* ---- type.c */
typedef struct Type {
	DType dtype;
	int rank;
	const Size *size[MAX_RANK];
	int nitems; /* DT_tuple */
	const struct Type *const *item;
} Type;
const Type *type_scalar(Arena *, DType);
const Type *type_array(Arena *, DType, int rank, const Size *const *size);
const Type *type_tuple(Arena *, int n, const Type *const *item);
const Type *type_with_dtype(Arena *, const Type *, DType);
const Type *type_copy(Arena *, const Type *); /* with its sizes: for a graph in another arena */
bool type_equal(const Type *, const Type *); /* dtype and sizes */
bool same_shape(const Type *, const Type *);
const Size *type_count(Arena *, const Type *); /* elements */
const char *type_text(Arena *, const Type *); /* "float32[batch, 10]" */

/* ---- ops: ops.def has the elementwise rows, structural.def the others */
typedef enum Op {
#define ELEM(op, arity, types, vector, value, integer, derivative, domain) OP_##op,
#include "ops.def"
#undef ELEM
#define OP(op) OP_##op,
#include "structural.def"
#undef OP
	OP_COUNT
} Op;

typedef enum ReduceKind { REDUCE_sum, REDUCE_prod, REDUCE_max, REDUCE_min, REDUCE_all, REDUCE_any, REDUCE_argmax, REDUCE_argmin } ReduceKind;

typedef struct Var Var;
typedef struct Arg_ FuncArg;

/* f for floats, rounded to the dtype; i for integers, bools (0, 1) and uint64 (its bits) */
typedef struct Number {
	double f;
	int64_t i;
} Number;

/* What a node says beside its inputs; which member holds is the op's. */
typedef union Attr {
	Number number; /* const */
	const FuncArg *arg; /* arg */
	const Var *var; /* var: a param, shared or data as it was before the call */
	const Size *size; /* size: the size as an int64 */
	struct { int index; } param; /* param: of a region */
	struct { ReduceKind kind; uint32_t axes; /* bit i: axis i goes */ } reduce;
	struct { int axis; bool reverse; } cumsum;
	struct { int nout; int8_t a[MAX_RANK], b[MAX_RANK], out[MAX_RANK]; } contraction; /* labels 0..25, as in einsum; each at most once in an
	                                                                      operand or the result, and in at least two of the three */
	struct { int8_t perm[MAX_RANK]; } transpose; /* out axis i is input axis perm[i] */
	struct { int8_t axis[MAX_RANK]; } broadcast; /* input axis i becomes output axis axis[i], increasing; sizes equal, or input size literally 1 */
	struct { const Size *start[MAX_RANK]; int64_t step[MAX_RANK]; } slice; /* out[i..] = in[start + i * step]; sizes in the type. Atoms ATOM_INPUT k: in[k] */
	struct { const Size *lo[MAX_RANK], *hi[MAX_RANK]; int64_t gap[MAX_RANK]; double fill; } pad; /* gap: elements put between two */
	struct { int axis; } concat;
	struct { int axis; const Size *size; int64_t stride, dilation; } windows; /* axis becomes positions; a last axis: within the window */
	struct { int axis, count; } gather; /* indices stand for axes axis..axis+count-1; also of scatter_set, scatter_add */
	struct { uint32_t place; } random; /* random_bits: uint32 or uint64 of the type's shape */
	struct { const Size *steps; int ncarry, nseq, nemit; bool reverse, until; int64_t truncate, checkpoint; } scan;
	struct { int index; } get;
	struct { bool disconnected_zero; } grad;
	struct { int axis; int64_t k; } sort; /* sort, argsort: rising, NaN last, stable; topk: the k largest, falling, NaN first; first of equals first */
	struct { bool upper, transpose; } triangular; /* which triangle of a holds the matrix; whether it is transposed then */
	const struct Extern *ext;
} Attr;

struct Val {
	Op op;
	int id; /* for printing and side arrays: dense in its graph */
	const Type *type;
	int nin;
	Val *const *in;
	Attr attr;
	int nregions;
	Graph *const *region;
	Loc loc;
	const char *name; /* as the source calls it, or NULL */
	const Graph *graph;
};

/*   node            inputs and regions
 *   scan            in: ncarry initial values, nseq sequences (leading axis steps), then captured values
 *                   region: params = step (int64 scalar, 0.. in order of time), carries, one element of each sequence, captured
 *                           results = next carries, nemit emitted values, and, with until, a bool
 *                   type: tuple of the carries at the end, then each emitted value with a leading axis of steps
 *                   reverse: time t takes element steps - 1 - t of the sequences, and its emitted values stand there too;
 *                   rows of times after the one that until ends are 0
 *   if              in: a bool scalar, then captured values; regions: then, else (params = captured values); type: tuple of the results
 *   grad            in: cost, then each value; type: tuple; gone after the pass grad
 *   slice           in: x, then the int64 scalars that starts speak of        set_slice   in: x, v, then those scalars
 *   gather          in: x, indices (all of one shape; int32 or int64)          scatter_*   in: x, v, indices
 *   contraction     in: a, b.   elementwise: operands of the result's shape, or of rank 0
 *   const           of rank 0                    iota            of rank 1: 0, 1, ...; int or float
 *   reduce          result of the operand's dtype; all, any: of bool; argmax, argmin: one axis, int64, first of equals, NaN wins as in max
 *   windows         axis becomes (n - (size - 1) * dilation - 1) // stride + 1 positions
 *   topk            type: tuple of values and int64 indices
 *   cholesky        in: a[.., n, n] -> lower, the rest 0; only the lower triangle is read
 *   triangular_solve  in: a[.., n, n], b[.., n, k] -> x with op(a) x = b
 *   arg, var        stand in a function's graph only, not in a region */
struct Graph {
	Arena *arena;
	VEC(Val *) vals; /* program order: operands come first */
	VEC(Val *) params; /* of a region */
	VEC(Val *) results; /* of a function: outputs, then updates, then checks */
};

Graph *graph_new(Arena *);
int64_t graph_size(const Graph *); /* nodes, those of regions too */

/* build.c -- make nodes; the type is inferred by the op's shape rule.  A rule that is broken here is an internal error: check
 * tests what a user can get wrong with op_type() first. */
Val *build(Graph *, Loc, Op, int nin, Val *const *in, const Attr *, const Type *type); /* type: for ops whose result it says (cast, const, reshape,
                                                                                   broadcast, slice, iota, random_bits, ...); else NULL */
Val *build_region(Graph *, Loc, Op, int nin, Val *const *in, const Attr *, int nregions, Graph *const *); /* scan, if */
/* NULL and a sentence in *why if the inputs do not fit */
const Type *op_type(Arena *, Op, int nin, const Type *const *in, const Attr *, const Type *type, const char **why);

/* shorthands */
Val *build_const(Graph *, Loc, DType, double f, int64_t i);
Val *build_elem(Graph *, Loc, Op, Val *a, Val *b, Val *c); /* b, c NULL where the op has fewer */
Val *build_cast(Graph *, Loc, Val *, DType); /* itself if it has the type */
Val *build_size(Graph *, Loc, const Size *); /* int64; a const if it is one */
Val *build_reshape(Graph *, Loc, Val *, int rank, const Size *const *size);
Val *build_broadcast(Graph *, Loc, Val *, int rank, const Size *const *size, const int8_t *axis);
Val *build_broadcast_to(Graph *, Loc, Val *, const Type *shape); /* NumPy's rule: trailing axes align; the shape of `shape`, own dtype */
Val *build_transpose(Graph *, Loc, Val *, const int8_t *perm);
Val *build_reduce(Graph *, Loc, ReduceKind, Val *, uint32_t axes);
Val *build_slice(Graph *, Loc, Val *x, const Size *const *start, const int64_t *step, const Size *const *size); /* starts may hold ATOM_VALUE */
Val *build_set_slice(Graph *, Loc, Val *x, Val *v, const Size *const *start, const int64_t *step);
Val *build_contraction(Graph *, Loc, Val *a, Val *b, const char *labels); /* "ij,jk->ik" */
Val *build_get(Graph *, Loc, Val *tuple, int index);
Val *build_param(Graph *region, Loc, const Type *);
/* Closes a region over free references to values of other graphs: each becomes a param after those that are there; returns them in
 * order in captured.  Constants and sizes are copied into the region instead.  Values keep their addresses, not their ids. */
void region_close(Graph *region, Arena *, int *ncaptured, Val ***captured);

/* op.c -- the table */
typedef enum OpTypes {
	TYPES_ARITH, /* numbers, result as operands */
	TYPES_FLOAT, /* floats, result as operands */
	TYPES_INT, /* integers, result as operands */
	TYPES_LOGIC, /* bools, result bool */
	TYPES_COMPARE, /* numbers or bools of one type, result bool */
	TYPES_TEST, /* floats, result bool */
	TYPES_SELECT, /* bool, then two of the result's type */
	TYPES_CAST, /* any; result is said */
	TYPES_STRUCTURAL
} OpTypes;
typedef struct OpInfo {
	const char *name;
	int arity; /* -1: varies */
	OpTypes types;
	bool elementwise;
	bool vector; /* has a form on GCC vectors */
	const char *value; /* C text over a, b, c; NULL for structural ops */
	const char *integer; /* the same where the operands are integers */
	bool flows[3]; /* elementwise: a gradient flows to this operand */
	bool differentiable; /* a gradient can flow through it */
} OpInfo;
const OpInfo *op_info(Op);
bool op_from_name(const char *, Op *);

/* fold.c -- an elementwise op on numbers: the value column compiled, equal to the bit to generated C.  operand: the dtype of the last
 * operand.  False if that is not folded (float16, complex). */
bool fold_elem(Op, DType result, DType operand, const Number in[], Number *out);

/* ---- functions and the model */
struct Arg_ {
	const char *name;
	const Type *type;
	Loc loc;
	bool has_default;
	double value; /* scalar default */
	int index; /* in Func.args */
};

typedef enum VarKind { VAR_PARAM, VAR_SHARED, VAR_DATA } VarKind;
struct Var {
	VarKind kind;
	const char *name; /* "h.W"; stacked by a fold: "blocks.*.qkv.W" */
	int64_t stack; /* 0, or the number of instances: the leading axis of type */
	int64_t stack_from; /* the first instance's number */
	const Type *type;
	Loc loc;
	int index; /* in Model.vars, which is declaration order */
};

typedef struct FuncOut {
	const char *name;
	Loc loc;
} FuncOut;
typedef struct FuncUpdate {
	const Var *var; /* the result has its type */
	Loc loc;
} FuncUpdate;
typedef struct FuncCheck { /* the result is a bool scalar; false: the call fails with this text before it changes anything */
	const char *text; /* "index outside [0, 10)" */
	const char *what; /* "train.label" */
	Loc loc;
} FuncCheck;

typedef struct Func {
	const char *name; /* "_init" for the initialisers */
	Loc loc;
	bool training;
	bool draws; /* has a random draw: the call number advances */
	VEC(const Dim *) dims; /* arguments, in the order of the C function */
	VEC(FuncArg *) args;
	VEC(FuncOut) outs;
	VEC(FuncUpdate) updates;
	VEC(FuncCheck) checks;
	Graph *graph; /* results: outs, updates, checks */
} Func;

typedef struct Extern {
	const char *name;
	Loc loc;
	VEC(const char *) includes;
	const char *symbol[DT_COUNT]; /* C function for a dtype, or NULL */
	bool has_gradient; /* a `grad` line */
} Extern;

/* A key of the driver block: a function of dims, step, epoch, total (int64 args) with one scalar output, or names */
typedef struct DriverValue {
	Func *scalar; /* NULL: names */
	VEC(const char *) names; /* "validate_model.errors" */
	Loc loc;
} DriverValue;
typedef struct DriverKeySpec {
	const char *name;
	Loc loc;
	VEC(DriverValue) values;
} DriverKeySpec;
typedef struct DriverFile {
	const char *name; /* the data or symbol */
	const char *path;
	bool sliced;
	Func *lo, *hi; /* NULL: from the begin, to the end */
	Loc loc;
} DriverFile;
typedef struct DriverPart {
	int kind; /* DriverKind of ast.h */
	const char *name;
	const Func *func; /* FIT, PREDICT, PICTURE */
	Loc loc;
	VEC(DriverFile) files;
	VEC(DriverKeySpec) keys;
} DriverPart;
typedef struct Driver {
	VEC(DriverPart *) parts;
} Driver;

typedef struct Model {
	Arena *arena;
	const char *name;
	Loc loc; /* of the name; nowhere: it is the file's */
	const Source *source;
	VEC(const char *) used; /* paths of the files that it uses, in the order in which they were read */
	DType floatX;
	VEC(Dim *) dims; /* declared, then `?`s of variables, data and arguments */
	VEC(Var *) vars;
	VEC(Func *) funcs; /* as declared */
	Func *init; /* updates every param and shared */
	Driver *driver; /* or NULL */
	VEC(const Extern *) externs;
} Model;

/* verify.c -- internal_error("after %s: v7: ...") if the graph is not well formed */
void verify_graph(const Graph *, const char *after);
void verify_func(const Func *, const char *after);

/* rewrite.c -- copies a graph node by node into another arena, regions too; `rule` (may be NULL) gets each node with its inputs
 * already copied and returns its replacement, or NULL to copy it.  What no result needs falls away. */
typedef struct Rewrite Rewrite;
typedef Val *Rule(Rewrite *, Graph *out, const Val *v, Val *const *in);
struct Rewrite {
	Rule *rule; /* the replacement has the type of v */
	void *state;
	int fired; /* how often the rule answered */
	Val *const *copy; /* of the graph or region at hand: the new value of each old id so far */
	const int *uses; /* of the same: how often each old id is an operand of what is needed, or a result */
};
Graph *rewrite(const Graph *in, Arena *, Rewrite *);
/* the node as it is, with these inputs (already copied); its regions are rewritten */
Val *rewrite_copy(Rewrite *, Graph *out, const Val *v, Val *const *in);
void graph_drop_unused(Graph *); /* what no result needs; ids change.  Params stay. */
Attr attr_copy(Arena *, const Val *); /* with its sizes */

/* print.c, read.c -- a model's graphs as text that is read again, by a reader of its own (the driver block is no part of it);
 * NULL after an error.  dot.c -- for Graphviz */
void print_func(Writer *, const Func *);
void print_model(Writer *, const Model *);
Model *read_model(Arena *, Names *, Diag *, const Source *);
void graph_dot(Writer *, const Func *);
const char *attr_text(Arena *, const Val *); /* "axis = 1, reverse = 0"; equal attributes have equal texts */

/* infix.c -- the results as expressions a person reads, `let`s for what is used twice; a NULL name leaves one out, "" prints it bare */
void print_infix(Writer *, Arena *, const Graph *, const char *const *result_name);

/* eval.c, eval_elem.c -- naive evaluation, written apart from passes and kernels, for tests.  Every value carries beside it the sum
 * of absolute terms it was made of, for tolerances: of f(x) it is |f(x)| + |f'(x)| times that of x.  An index outside reads the nearest
 * element and writes nothing: a check says so.  What it cannot do (complex, extern, grad) is an internal error. */
typedef struct Array {
	DType dtype;
	int rank;
	int64_t size[MAX_RANK];
	int64_t count;
	double *f; /* floats: values (rounded to float32 where the dtype is) */
	int64_t *i; /* integers and bools */
	double *magnitude; /* floats: sum of absolute terms */
	struct Array *const *item; /* DT_tuple: count of them */
} Array;
typedef struct EvalInput {
	const int64_t *dims; /* by Model.dims */
	Array *const *args; /* by Func.args */
	Array *const *vars; /* by Model.vars */
	uint64_t seed, call;
	uint64_t jitter; /* not 0: a key by which every inexact float moves a little, so that what hangs on rounding shows */
} EvalInput;
/* values of graph->results; floats are computed in double, rounded to the node's dtype at every node */
Array **eval_func(Arena *, const Model *, const Func *, const EvalInput *);
Array *array_new(Arena *, DType, int rank, const int64_t *size);

#endif
