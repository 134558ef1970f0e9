/* state.h -- the elaborator's own state: scopes, bindings, instances, walks
 *
 * A walk is one evaluation of the program: the first, over the whole file in order, declares the variables and builds
 * the initialisers (its graph becomes `_init`); then one for each function.  A file-level binding keeps one value for
 * the first walk and one for the function at hand. */
#ifndef STATE_H
#define STATE_H

#include "check.h"

enum { MAX_CALL_DEPTH = 64, MAX_DEPTH = 2000, MAX_EXPANSIONS = 200000, MAX_UNROLL = 10000, MAX_ARGS = 4096 };

typedef struct Binding Binding;
typedef struct Region Region;
typedef struct Walk Walk;

typedef enum BindKind {
	BIND_VALUE, /* known when it is declared: a parameter, a carry, an element, a builtin, a module */
	BIND_TRAINING, /* the constant `training` of the walk */
	BIND_CONST,
	BIND_DIM,
	BIND_SYMBOL, /* also an argument `name : type` of a function */
	BIND_DATA,
	BIND_VAR, /* param, shared */
	BIND_LET,
	BIND_NEXT, /* the value after the step of a carry; its name is "next h" */
	BIND_DEF,
	BIND_EXTERN,
	BIND_FUNCTION
} BindKind;

typedef struct Cached {
	int epoch; /* the walk that it belongs to; 0: none */
	Value value;
} Cached;

/* the value of a let, shared by the names of a tuple */
typedef struct LetValue {
	Cached cached[2];
	bool busy;
} LetValue;

struct Binding {
	const char *name;
	Loc loc; /* of the name */
	BindKind kind;
	Scope *scope;
	const Stmt *stmt;
	int index; /* of consts, dims, names */
	Value value; /* VALUE, DEF, ... */
	Cached cached[2];
	LetValue *let;
	bool busy; /* being evaluated: meeting it again is a circle */
	int chained; /* the walk in which force_chain has looked at it */
	bool failed; /* an error was reported in the first walk: silent from then on */
	Dim *dim; /* DIM */
	const Type *type; /* SYMBOL, DATA: once evaluated */
	Var *var; /* DATA */
	Origin origin;
};

typedef enum ScopeKind { SCOPE_BUILTIN, SCOPE_MODULE, SCOPE_FILE, SCOPE_FUNCTION, SCOPE_DEF, SCOPE_BLOCK } ScopeKind;

/* what the statements of a body gather */
typedef struct Flow {
	bool returned;
	Values result; /* return */
	bool loop; /* next, emit, until may stand here */
	Scope *body; /* of the loop */
	bool emitted;
	Values emits;
	VEC(Loc) emit_loc;
	Value until;
	Loc until_loc;
} Flow;

struct Scope {
	Scope *outer;
	ScopeKind kind;
	const char *name; /* of a module, function, def */
	VEC(Binding *) names;
	int forced; /* the names before it have been run through */
	Binding **hash; /* of scopes with many names */
	int nhash;
	Region *region; /* where its lets are computed */
	Instance *inst; /* what its variables belong to */
	const CallFrame *frame;
	uint64_t place; /* of random draws: a hash of the way here */
	Flow *flow;
};

typedef struct Update {
	const Var *var;
	Val *v;
	Loc loc;
	const CallFrame *frame; /* the calls that led here */
} Update;
typedef VEC(Update) Updates;

/* The graph under construction, in its surroundings */
typedef struct PendingCheck {
	Val *ok;
	FuncCheck check;
} PendingCheck;
struct Region {
	Graph *graph;
	Region *outer;
	VEC(PendingCheck) checks;
	struct FoldScan *fold; /* the body of a fold that is a scan, else NULL */
};

/* A fold as a scan: its variables are stacked, and the body sees an element of each */
typedef struct FoldScan {
	Instance *star; /* blocks.* */
	int64_t count, from;
	const Val *index; /* the number of the iteration, in the body */
	VEC(const Var *) seq; /* the variables that the body reads */
	VEC(Val *) element; /* the parameter for each */
	VEC(Val *) stacked; /* the whole, outside */
	Updates updates; /* by the body, of an element */
} FoldScan;

struct CallFrame {
	const CallFrame *outer;
	const char *name;
	Loc loc; /* of the call */
	int depth;
};

/* ---- variables and instances: they outlive the walks */
typedef struct VarDecl {
	Var *var;
	const Stmt *stmt;
	Value init; /* as evaluated, to compare with that of another declaration */
	Val *initial; /* in the first walk's graph; NULL after an error */
	const Instance *star; /* the fold that stacks it, or NULL */
} VarDecl;
typedef struct SiteName { /* the instance that an unnamed call made */
	int site;
	const char *def;
	Instance *inst;
} SiteName;
typedef struct FoldForm {
	const Expr *fold;
	bool scan;
} FoldForm;
struct Instance {
	const char *name, *path; /* path "": the model itself */
	Instance *outer;
	VEC(VarDecl *) vars;
	VEC(Instance *) inner;
	VEC(SiteName) sites;
	Names *var_names, *inner_names, *site_names; /* 1 + where in these, by name; NULL: none yet */
	Binding *owner; /* the let that makes it, or NULL */
	Scope *scope; /* of its latest expansion, and the walk of it */
	int epoch;
	VEC(FoldForm) folds; /* of a fold: how each that has this name is done */
	Instance *star; /* of a fold that is a scan: blocks.*, of count instances */
	int64_t count, from;
	Instance *alias; /* blocks.3 then stands for row 3 of what blocks.* declares */
	int64_t row;
};

/* ---- walks */
typedef struct Given {
	const Stmt *stmt;
	Loc loc;
	const char *text; /* of the target */
	Binding *binding; /* or */
	const Var *var;
	Value value;
	bool done, busy, used;
} Given;
typedef struct SymbolUse {
	const Binding *symbol;
	FuncArg *arg;
	Val *v;
	bool listed;
} SymbolUse;
typedef struct NamedVal { /* which let a value is, for messages */
	const Val *v;
	const Binding *let;
} NamedVal;
struct Walk {
	int epoch;
	int slot; /* 0: the first walk; 1: a function */
	Func *func;
	const Stmt *stmt; /* NULL in the first walk */
	Scope *scope;
	Region root;
	VEC(Given *) givens;
	VEC(SymbolUse) symbols;
	VEC(Val *) var_val; /* by Var.index */
	Updates updates;
	VEC(const Binding *) dims; /* listed as arguments */
	bool too_large; /* that was said */
	bool failed; /* an error in this walk or, met here, in an earlier one: what is missing says nothing */
	VEC(NamedVal) named;
};

typedef struct State {
	const CheckOptions *options;
	const File *file;
	Model *model;
	Scope *outermost, *top;
	VEC(Scope *) modules;
	VEC(const Source *) library;
	VEC(const CallFrame *) failed_calls; /* of the library, by the user */
	VEC(const char *) missing; /* names that were reported */
	Walk *first; /* the walk over the whole file */
	VEC(PendingCheck) init_checks; /* of initialisers, in the first walk's graph */
	Walk *walk; /* the one at hand */
	Region *region;
	VEC(Dim *) free_dims; /* `?`s of symbols and what givens may set: each walk decides anew */
	VEC(VarDecl *) decls; /* of all variables, in order */
	int epoch, depth, expansions, elements;
	int rounds; /* of folds, those of trials too */
	bool too_many_rounds; /* that was said */
	bool too_deep; /* the calls at hand nested too deep: all are left */
	int trying; /* errors are dropped: a fold is tried as a scan */
	bool *define_used;
	const Binding *initialising; /* the variable whose initialiser is being evaluated */
	Instance *root;
	struct Dependence *reach; /* of the last cost that a gradient was asked of */
} State;

/* ---- value.c */
void note_calls(Message *, const CallFrame *); /* each call that led there */

/* ---- scope.c */
Scope *scope_new(Check *, Scope *outer, ScopeKind); /* in the surroundings of outer, at the region at hand */
Binding *declare(Check *, Scope *, Ident, BindKind, const Stmt *); /* a duplicate is an error at both places; never NULL */
Binding *declare_value(Check *, Scope *, Ident, const char *kind, Value);
void declared_twice(Check *, Ident, BindKind, Loc first);
void adopt(Check *, Scope *, Binding *); /* a binding of another scope stands here too */
Binding *find_here(const Scope *, const char *name);
Binding *find_name(const Scope *, const char *name);
Message *error_unknown(Check *, const Scope *, Loc, const char *name, const char *what);
const char *suggest(Check *, const Scope *, const char *name); /* or NULL */
typedef struct Saved {
	Region *region;
	const CallFrame *frame;
	Graph *graph;
} Saved;
Saved enter(Check *, Scope *); /* work goes on where the scope is */
void leave(Check *, Saved);

/* ---- library.c: what stands around every program */
void open_library(Check *);
Scope *find_module(Check *, const char *name);

/* ---- use.c */
void use_file(Check *, Scope *, const Stmt *);

/* ---- chain.c */
enum { DEEP_CHAIN = 100 }; /* steps of evaluation from which on force_chain goes before */
void force_chain(Check *, Binding *); /* evaluates the lets of the file that a let needs, without recursion */

/* ---- force.c */
Value force(Check *, Binding *, Loc use); /* its value in this walk */
void define_constants(Check *); /* -D that name nothing are errors */

/* ---- type_expr.c */
typedef struct TypeUse {
	Scope *scope;
	const char *name; /* of what is declared: `?`s are called name_0, ... */
	bool free; /* `?` may stand: a dim is made */
	bool per_walk; /* the dims made are decided anew by each walk */
} TypeUse;
const Type *eval_type(Check *, const TypeUse *, const TypeExpr *);
bool known_dtype(Check *, Ident, DType *); /* of its own name; false after an error */
bool type_dtype(Check *, const Ident *, DType *, int *rank, unsigned *ones); /* Theano's names too: rank -1 if it says none */
/* the type of a def's parameter: names of sizes are declared in the scope; false after an error */
bool match_param(Check *, Scope *, const char *def, const Param *, Value *, Loc);
const Size *size_of_expr(Check *, Scope *, const Expr *);
Value eval_known(Check *, Scope *, const Expr *, const char *what); /* must be known now */

/* ---- instance.c */
Instance *instance_child(Check *, Instance *, const char *name);
Instance *instance_of_call(Check *, Instance *, Ident as, const char *hint, const char *def, int site);
Instance *find_instance(Scope *, const char *name);
void add_var(Check *, Instance *, VarDecl *);
Value instance_member(Check *, Instance *, Ident, Loc);
VarDecl *find_var(const Instance *, const char *name);

/* ---- variable.c */
Value variable_value(Check *, Binding *);
Value var_node(Check *, const Var *); /* the variable as this walk sees it: perhaps given */
Value var_of_instance(Check *, const Instance *, const VarDecl *); /* where blocks.3 is an alias: the row */
Value data_value(Check *, Binding *);
Value symbol_value(Check *, Binding *, Loc);
Val *copy_node(Check *, Graph *to, const Val *, Val **in);
void add_update(Check *, Loc, Loc target_loc, const Var *, Value);
void finish_init(Check *); /* _init out of the first walk's graph */

/* ---- given.c */
void collect_givens(Check *, Walk *);
void force_givens(Check *, Walk *);
bool given_value(Check *, const Binding *, const Var *, Loc, Value *);
bool resolve_path(Check *, Scope *, const Expr *, Binding **, const Var **);

/* ---- block.c */
void declare_names(Check *, Scope *, const Stmts *);
void run_block(Check *, Scope *, const Stmts *);

/* ---- expr.c */
Value eval_named(Check *, Scope *, const Expr *, const char *hint, Binding *owner); /* the value of a let of that name */
Value eval_list_item(Check *, Loc, Value list, int64_t i);
bool names_instance(const Check *, const char *name); /* it stands behind an `as` of the file */
bool is_scalar_bool(Value);
bool hangs_on_index(Check *, Loc, Value cond);

/* ---- call.c */
typedef struct CallArgs {
	int n;
	Value *value;
	const char **name; /* each or NULL */
	Loc *loc, *name_loc;
} CallArgs;
Value eval_call(Check *, Scope *, const Expr *, const char *hint, Binding *owner);
Value call_with(Check *, Scope *, Loc, Value callee, const CallArgs *, Instance *, uint64_t place);
Value call_extern(Check *, Loc, const Extern *, const Stmt *, Scope *, const CallArgs *);
uint64_t place_hash(uint64_t, uint64_t);
bool has_too_many_nodes(Check *, Loc, const CallFrame *outermost); /* with an error, the first time in a walk */
uint64_t place_text(uint64_t, const char *);

/* ---- special.c: calls that see their arguments as written */
extern const Builtin special_builtins[];
bool eval_special(Check *, Scope *, const Expr *, const Builtin *, Value *);
bool eval_indices(Check *, Scope *, const Indices *, IndexValue *);

/* ---- depend.c */
typedef VEC(const Val *) Reached;
Reached differentiable_params(Check *, const Val *cost); /* the OP_var nodes that a gradient of cost can reach */
bool gradient_reaches(Check *, const Val *cost, const Val *v, const Val **barrier); /* barrier may be NULL */
void drop_reach(Check *);
bool depends_on(Check *, const Val *from, const Val *on);
Reached needed_by(Check *, const Val *from); /* all that it depends on, and itself */

/* ---- inside.c */
Val *bring_inside(Check *, Val *cost, int n, Val *const *by); /* NULL if that is not possible */

/* ---- loop.c, scan.c, fold.c, branch.c */
void region_open(Check *, Region *); /* what is built goes there, until region_leave */
void region_leave(Check *, Region *);
/* leaves and closes the region: a scan node; in: carries and sequences; attr.nemit: without those of the tests */
Val *loop_build(Check *, Loc, Region *, int nin, Val *const *in, Attr *attr, Val *until);
bool loop_carries(Check *, Scope *, const Args *carries, Value *);
Scope *loop_scope(Check *, Scope *); /* of a body */
bool loop_next(Check *, Scope *body, const Arg *carry, Value *);
bool loop_known_nexts(Check *, const Scope *body, const Args *carries);
Value eval_scan(Check *, Scope *, const Expr *);
/* the fold as a scan; false if its body does not allow it, with the reasons in c->diag */
bool fold_scan(Check *, Scope *, const Expr *, Instance *, const Value *carry, int64_t lo, int64_t n, Value *result);
Value eval_fold(Check *, Scope *, const Expr *, const char *hint, Binding *owner);
Value eval_if(Check *, Scope *, const Expr *);
Value eval_each(Check *, Scope *, const Expr *);
void run_each(Check *, Scope *, const Stmt *);

/* ---- func.c */
void check_function(Check *, const Stmt *);
Walk *walk_new(Check *, Func *, const Stmt *, int slot);
void walk_begin(Check *, Walk *);
void walk_end(Check *, Walk *);
void finish_function(Check *, Walk *); /* arguments, dims, order; errors of need */
void print_function(Check *, const char *text); /* --print */

/* ---- uncalled.c */
void check_uncalled(Check *);

/* ---- resolve.c: sizes that this walk decided are put into the graph */
void resolve_graph(Check *, Graph *);
void check_sizes(Check *, Loc, const Type *); /* an array of more elements than can be is an error */
void collect_dims(Check *, const Func *, bool *used); /* by Dim.index */
void collect_type_dims(const Type *, bool *used);
bool graph_draws(const Graph *);

/* ---- driver.c */
void check_driver(Check *, const Stmt *);

/* ---- driver_values.c */
void check_driver_values(Check *, const Driver *);

#endif
