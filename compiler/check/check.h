/* check.h -- the program made into graphs: names, instances, types, sizes; every error that a user can cause
 *
 * The program is evaluated when it is compiled: an expression gives a Value, which is a number known now, a list, a def,
 * an instance, ... or a tensor, i.e. a node of the graph under construction.  Each function is evaluated on its own, into a
 * graph of its own, with its givens in place from the start; a let is evaluated when it is first needed there and kept
 * for the rest of that function.  `check_model` also evaluates what no function uses, for its errors. */
#ifndef CHECK_H
#define CHECK_H

#include "../ast/ast.h"
#include "../ir/ir.h"

typedef struct Define { const char *name, *value; } Define; /* -D */
typedef struct CheckOptions {
	DType floatX;
	const Define *defines;
	int ndefines;
	const char *print; /* --print: an expression in the file's names; becomes the last function, "_print", with what it needs as arguments */
	int64_t max_nodes; /* of a graph; 0: no limit */
} CheckOptions;

/* ---- check.c: the stage.  NULL after errors (they are in diag). */
Model *check_model(Arena *, Names *, Diag *, const File *, const CheckOptions *);

/* ---- value.c */
typedef struct Scope Scope;
typedef struct Instance Instance;
typedef struct Builtin Builtin;
typedef struct Check Check;

typedef enum ValueKind {
	V_ERROR, /* an error was reported: agrees with everything, silently */
	V_NONE, /* an absent argument; None */
	V_INT, /* an integer known now: a literal, const, dim, or arithmetic of them; takes the type of what it meets */
	V_FLOAT, /* a number with a point, known now; takes the type of what it meets */
	V_BOOL, /* known now */
	V_STRING,
	V_ELLIPSIS, /* ... as an item of a list */
	V_TENSOR,
	V_LIST, /* also several results */
	V_DTYPE,
	V_DEF, /* a def with the scope around it; perhaps with arguments already given: init.uniform(0.1) */
	V_BUILTIN,
	V_MODULE, /* nn, init, optim, ... : a scope */
	V_INSTANCE,
	V_EXTERN
} ValueKind;

/* Where a value came from, for messages: "param W2, line 9" */
typedef struct Origin {
	const char *kind; /* "param", "let", "symbol", "argument", ... */
	const char *name;
	Loc loc; /* of the declaration */
} Origin;

typedef struct Value Value;
typedef VEC(Value) Values;
typedef struct List {
	Value *item;
	int n;
	const char *const *key; /* of parameters: their paths, for names of what `each` declares; or NULL */
} List;
typedef struct DefValue { /* a closure */
	const Stmt *def;
	Scope *scope;
	int nbound; /* arguments already given, with their names or NULL */
	Value *bound;
	const char **bound_name;
	bool *called; /* of this declaration: once expanded */
} DefValue;
struct Value {
	ValueKind kind;
	const Origin *origin; /* or NULL */
	union {
		const Size *i; /* INT */
		double f; /* FLOAT */
		bool b;
		struct { const char *text; size_t len; } s;
		Val *v; /* TENSOR */
		const List *list;
		DType dtype;
		const DefValue *def;
		const Builtin *builtin;
		Scope *module;
		Instance *instance;
		const Extern *ext;
	};
};
Value value_error(void);
Value value_int(const Size *);
Value value_float(double);
Value value_bool(bool);
Value value_tensor(Val *);
Value value_list(Check *, int n, const Value *);
const char *value_text(Check *, Value); /* what a message calls it: "float32[batch, 10]", "the number 3", "a list of 2 values" */

/* ---- the state, shared by all files of this folder.  `check` owns the rest of the struct (in state.h, private). */
typedef struct CallFrame CallFrame;
struct Check {
	Arena *arena; /* lives as long as the model */
	Names *names;
	Diag *diag;
	DType floatX;
	Graph *graph; /* where nodes go now: the function's, or that of the scan body being evaluated */
	bool training;
	const CallFrame *frame; /* the chain of calls that led here */
	struct State *state;
};

/* An error with the chain of calls inside definitions appended as notes.  Add labels with diag_label. */
Message *check_error(Check *, Loc, const char *fmt, ...) PRINTF(3, 4);
/* labels a range with a value's type and origin: "floatX[500, 10]   param W2, line 9" */
void label_value(Check *, Message *, Loc, Value);
/* A test that a call must pass before it changes anything: ok is a bool scalar of the function's graph or of a region in it */
void add_check(Check *, Loc, Val *ok, const char *what, const char *text);

/* ---- builtins: operators, indexing, and the primitives by name (owned by `lib`) */

/* A call of a builtin, its arguments put in the order of the signature; absent ones are V_NONE. */
typedef struct BuiltinCall {
	const Builtin *builtin;
	Loc loc; /* the whole call */
	int n;
	const Value *arg;
	const Loc *arg_loc;
	uint32_t place; /* for random draws */
	const Type *shape_of; /* as an initialiser without a shape: the declared type, else NULL */
} BuiltinCall;
struct Builtin {
	const char *module; /* NULL: prelude; "random", "nn", ... */
	const char *name;
	const char *signature; /* "x axis? keepdims?": ? marks an optional one, ... at the end any number more */
	Value (*call)(Check *, const BuiltinCall *);
};
extern const Builtin builtins[]; /* ends with a NULL name */

Value op_binary(Check *, BinaryOp, Loc op_loc, Value a, Loc a_loc, Value b, Loc b_loc);
Value op_unary(Check *, UnaryOp, Loc, Value a);
Value op_and_or_where(Check *, Loc, Value c, Value a, Value b); /* where(c, a, b) */

/* an index, evaluated */
typedef struct IndexValue {
	IndexKind kind;
	Loc loc;
	Value at; /* INDEX_EXPR */
	Value lo, hi, step; /* INDEX_SLICE; V_NONE if absent */
} IndexValue;
Value op_index(Check *, Loc, Value x, Loc x_loc, int n, const IndexValue *, const char *what /* text of x */);
Value op_set(Check *, Loc, Value x, Loc x_loc, int n, const IndexValue *, Value v, Loc v_loc, bool add, const char *what);
Value op_cast(Check *, Loc, DType, Value);

/* The value as a node: numbers become constants of dtype `want` (DT_error: int64, floatX or bool alone).  NULL after an error. */
Val *as_tensor(Check *, Loc, Value, DType want);
/* converted to exactly this type, as an update or a declared let needs: narrower or weak dtypes widen, shape broadcasts; else an error that says where
   the wider type came from.  role: "the update of W" */
Val *coerce(Check *, Loc, Value, const Type *, const char *role);
/* a list of sizes, like(x) or a single size as a shape; false after an error */
bool as_shape(Check *, Loc, Value, int *rank, const Size **size);
/* limits of arrays; false after an error */
bool rank_fits(Check *, Loc, int rank);
enum { WIDEST = 16 }; /* bytes of an element */
bool elements_fit(Check *, Loc, int rank, const Size *const *); /* the bytes are less than 2^63 whatever the type */
const Size *one_size(Check *, Loc, Value); /* NULL after an error */
bool as_const_int(Check *, Loc, Value, const char *role, int64_t *);
/* makes two sizes one where a `?` can take the other; says if they are equal then */
bool unify(Check *, const Size *, const Size *);

/* ---- elaborator (owned by `check`) */
Value eval_expr(Check *, Scope *, const Expr *);

#endif
