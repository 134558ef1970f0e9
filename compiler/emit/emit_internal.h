/* emit_internal.h -- what the files of this folder share
 *
 *      emit.c      the stage: texts into files             layout.c    regions of memory as formulas
 *      header.c    NAME.h                                  object.c    the object: place, new, init, get, set, bind
 *      function.c  a function: checks, then its steps      step.c      a step, a scalar as C
 *      tables.c    mc_tensor, mc_function, mc_model        driver.c    NAME_driver.c
 *      names.c     C names                                 runtime.c   runtime headers inside the text
 *      depend.c    NAME.d                                  profile.c   --profile
 *      dispatch.c  --dispatch */
#ifndef EMIT_INTERNAL_H
#define EMIT_INTERNAL_H

#include "../kernel/print_c.h"
#include "emit.h"

typedef struct Emit {
	Arena *arena;
	const Model *model;
	const Plan *plan;
	const EmitOptions *options;
	Diag *diag;
	const char *name; /* the model's, prefix of all that is exported */
	const char *upper; /* NAME */
	const char *type; /* of an object, where locals stand: "struct m" if one of them is called m */
	Names *taken; /* C names that are no kernel's: all of them marked */
	bool contiguous; /* params_contiguous */
	int *first_check; /* by function: the status of its first check, less one */
	int *first_step; /* by function, with --profile: the row of its step 0; the last: of all */
} Emit;

/* ---- names.c */
const char *c_name(Arena *, const char *); /* dots become '_', a keyword gets one behind it */
const char *var_c_name(const Emit *, const Var *); /* blocks.*.qkv.W: blocks_qkv_W */
void name_dims(Emit *);
const char *object_type(const Emit *);
bool check_names(Emit *);
const char *c_string(Arena *, const char *); /* quoted, escaped */
const char *ctype(DType);
const char *instance_name(Arena *, const Var *, int64_t i); /* "blocks.3.qkv.W" */

/* ---- layout.c */
typedef enum DimUse {
	DIM_CALL, /* an argument of calls: the object has a maximum */
	DIM_STATE, /* of a param or shared: exact */
	DIM_DATA, /* of data only: known when it is bound */
	DIM_BOUND, /* the same, but scratch depends on it: the object has a maximum */
	DIM_UNUSED
} DimUse;
DimUse dim_use(const Emit *, const Dim *);
bool comes_with_data(const Emit *, const Dim *); /* DIM_DATA, DIM_BOUND */
bool dim_used_in(const Size *, const Dim *);
bool dim_of_type(const Type *, const Dim *);
const Size *var_bytes(Emit *, const Var *); /* its place in the state: parameters packed, others rounded up to 64 */
int64_t var_apart(Emit *, const Var *); /* bytes that are left free before it */
const Size *state_bytes(Emit *); /* rounded up to 64 */
enum { OBJECT_ALIGN = 64 };
int64_t object_bytes(const Emit *); /* at least sizeof the struct: a static assertion stands in the C */
const char *checked_c(Arena *, const Size *); /* in mc_add, mc_mul with &bad */
const char *bytes_formula(Emit *, const char *max); /* the whole, `max`: the name of a maximum of two */
/* the plan of a function or of the initialisers */
const FuncPlan *func_plan(const Emit *, int i); /* 0 .. funcs.len: the last is init */
int func_count(const Emit *);
bool check_state(Emit *); /* its bytes fit 63 bits */
bool check_max_bytes(Emit *);

/* ---- header.c, object.c, function.c, tables.c, driver.c, depend.c */
void emit_header(Emit *, Writer *);
void emit_struct(Emit *, Writer *);
void emit_object(Emit *, Writer *);
void emit_function(Emit *, Writer *, int i);
void emit_tables(Emit *, Writer *);
void emit_driver(Emit *, Writer *);
void emit_depend(Emit *, Writer *);
const char *prototype(const Emit *, const FuncPlan *); /* "mc_status mlp_train(mlp *m, ...)" */
const char *sizes_param(const Emit *, const char *name); /* "const mlp_sizes *sizes", or "void" without dims */
void find_contiguous(Emit *);
bool params_contiguous(const Emit *);
bool has_runtime(const Emit *); /* tables, save and load: not standalone */

/* of object.c and function.c, for other targets' objects */
int64_t flag_count(const Emit *); /* values of variables */
int64_t instances(const Var *);
bool has_slots(const Emit *);
bool has_kind(const Emit *, bool data);
bool has_bound_dims(const Emit *);
bool has_state(const Emit *);
const char *func_c_name(const Func *); /* _init: init */
void size_locals(Emit *, Writer *, const char *text, const char *from); /* for the dims that the text names */
void emit_state_members(Emit *, Writer *, const char *where); /* of the struct: variables, scratch */
void emit_scratch(Emit *, Writer *);
void emit_bounds(Emit *, Writer *);
void emit_bytes(Emit *, Writer *);
typedef struct Instance { /* one of a variable's, as C */
	const char *count; /* of elements */
	const char *at; /* from the first: " + i * 30"; "" where there is one */
} Instance;
Instance open_get(Emit *, Writer *, const Var *); /* the head of NAME_get_VAR: which it refuses, sizes */
void open_set(Emit *, Writer *, const Var *, const Instance *);
bool takes_dim(const Emit *, const Var *, const Dim *); /* its bind does */
void emit_bind_checks(Emit *, Writer *, const Var *, const Dim *);
void put_unused(Writer *, const Names *words, const char *name); /* "(void)name;" unless it is one of the words */
void entry_checks(const Emit *, Writer *, const FuncPlan *, const char *m);
void buffer_locals(const Emit *, Writer *, const FuncPlan *, const char *m, const Names *words);
void object_dims(const Emit *, Writer *, const Func *, const char *m, const Names *words);

/* ---- step.c */
typedef struct Body {
	Emit *e;
	const FuncPlan *plan;
	Writer *w;
	const char *object;
	const char *loop; /* C text of the hash of the loops around, for random draws */
	bool parallel; /* inside a parallel region */
	bool last; /* there: no step comes after this one */
	uint64_t asked; /* the outputs of which, by what stands around, one at least is wanted; 0: nothing is known */
	bool unread; /* in a region: other threads may not have read memory yet that steps to come may write */
} Body;
void emit_steps(Body *, const PlanBlock *);
void settle_barriers(const Emit *); /* of the kernels, after all functions */
const char *scalar_c(Body *, const Node *);
bool is_pure(const Body *, const Node *); /* reads nothing that the function computes or changes */
const char *needs_c(Body *, const Step *); /* "nll || errors", or NULL */
void put_place(Body *, const Step *); /* the model's lines above a step */
const char *buf_c(Arena *, const PlanBuf *); /* an output that may be NULL: what is written then */

/* ---- dispatch.c: --dispatch */
void emit_set_struct(Emit *, Writer *); /* struct NAME_set: the functions of an instruction set */
void emit_sets(Emit *, Writer *, const Target *, int ntargets); /* all functions and kernels, for each */

/* ---- profile.c: --profile */
void number_steps(Emit *);
void open_profiled(Body *, const Step *); /* before a kernel or product: a loop of one turn that times it */
void emit_profile(Emit *, Writer *); /* NAME_profile and the names of the steps */

/* ---- runtime.c */
/* the runtime headers that a text needs, as #include lines or, standalone, as text */
void emit_runtime(Emit *, Writer *, const char *code);
void emit_runtime_text(Emit *, Writer *, const char *code); /* as text */
const char *runtime_text(const char *name); /* of a header: "mc" */
void emit_mc_header(Emit *, Writer *);

#endif
