/* plan.h -- functions as steps over buffers: which kernel runs when, and where everything lives
 *
 *      Plan     = per function: a block of steps, buffers, slots
 *      Step     = a kernel with its buffers bound | a product by BLAS | a scalar | a check | a loop | a branch
 *      PlanBuf  = an argument, an output, a variable or scratch; scratch that is never live together shares a slot */
#ifndef PLAN_H
#define PLAN_H

#include "kernel.h"

typedef enum BufKind { BUF_ARG, BUF_OUT, BUF_VAR, BUF_SCRATCH } BufKind;

typedef struct PlanBuf {
	const char *name; /* what the model calls it, or what it is: unique in its function */
	BufKind kind;
	const Type *type;
	const Size *count; /* elements */
	int index; /* of Func.args, Func.outs, Model.vars; of scratch: in FuncPlan.bufs */
	Loc loc;
	struct PlanBuf *stand_in; /* OUT: what is written where the caller gives no memory, or NULL */
	/* scratch */
	bool local; /* only inside a kernel: needs no memory of its own */
	int first, last; /* ordinals of the steps that first write and last read it; -1: none */
	int slot;
} PlanBuf;

typedef struct PlanBlock PlanBlock;

typedef enum StepKind {
	STEP_SCALAR, /* const T name = value; */
	STEP_KERNEL,
	STEP_PRODUCT, /* c = alpha a b + beta c by BLAS */
	STEP_CHECK, /* fails the call unless value holds */
	STEP_STORE, /* *buf = value: a scalar into an output or variable, after everything else */
	STEP_LOOP, /* for step in 0 .. steps */
	STEP_IF,
	STEP_BREAK /* leave the loop if value holds */
} StepKind;

typedef struct Product {
	bool trans_a, trans_b;
	const Size *m, *n, *k;
	PlanBuf *a, *b, *c;
	const Size *lda, *ldb, *ldc;
	const Size *batch; /* NULL: one */
	const Size *next_a, *next_b, *next_c; /* from one of the batch to the next */
	double alpha, beta;
	PlanBuf *bias; /* added to each row, or NULL: cuBLASLt */
	bool relu; /* then negative ones are 0 */
} Product;

typedef struct Step {
	StepKind kind;
	Loc loc;
	VEC(int) lines; /* of the model's source that it computes, upwards */
	const char *comment;
	uint64_t needs; /* bit i: only if output i is wanted, or another of these; 0: always */
	int ordinal, end; /* in program order, loops included; LOOP, IF: after what is inside */
	/* KERNEL */
	const Kernel *kernel; /* equal but for names: the same one */
	PlanBuf **buf; /* for kernel->buffers */
	const char **uniform; /* for kernel->uniforms: C text */
	const Size *work; /* operations, roughly */
	const char *schedule; /* KERNEL, PRODUCT: how it is computed, and why so; or NULL */
	Product product;
	/* SCALAR, CHECK, STORE, BREAK, IF: a scalar of consts, uniforms, sizes, loads of rank 0 */
	const char *name;
	const Node *value;
	PlanBuf *target;
	int check; /* in Func.checks */
	/* LOOP, IF */
	const char *index; /* the C name of the step as the body sees it */
	const char *hash, *outer_hash; /* C names of the loops' hash for random draws, inside and around */
	const Size *steps;
	bool reverse;
	PlanBlock *body, *other;
} Step;

struct PlanBlock {
	VEC(Step *) steps;
};

typedef struct Slot {
	VEC(PlanBuf *) bufs;
	VEC(const Size *) size; /* bytes, rounded up to 64: those of the members that are not dominated by another */
} Slot;

typedef struct FuncPlan {
	const Func *func;
	PlanBlock *block;
	VEC(PlanBuf *) bufs; /* scratch, in order of their first use */
	VEC(PlanBuf *) args, outs, vars; /* by index; vars NULL where the function does not touch one */
	VEC(PlanBuf *) all;
	Map *named; /* names (by address): 1 + where in all */
	VEC(Slot *) slots;
	int nsteps;
	bool *reads, *writes; /* by Model.vars */
	bool *tested; /* by Func.checks: not one that another of the same condition stands for */
	const Size *work;
} FuncPlan;

typedef struct Plan {
	const Model *model;
	VEC(FuncPlan *) funcs; /* as Model.funcs, then init */
	VEC(const Kernel *) kernels; /* each once, in order of first use */
	const bool *exact; /* dims */
	Names *locals; /* what functions have of their own */
	Names *keys; /* texts that are the same for kernels that do the same: 1 + where in kernels */
} Plan;

typedef struct PlanOptions {
	bool blas;
	int ntargets;
	const Target *target; /* the widest first */
	Names *taken; /* what no kernel may be called; those of the kernels are added */
} PlanOptions;

/* ---- lower.c: the stage; NULL after an error */
Plan *plan_model(Arena *, const Model *, const PlanOptions *, Diag *);
/* a buffer of rank 0 that a scalar reads: the Buffer of its NODE_LOAD carries its PlanBuf's name and this id */
const PlanBuf *scalar_load_buf(const FuncPlan *, const Node *);

/* ---- slots.c */
bool *exact_dims(Arena *, const Model *); /* by Dim.index: the object has that very size */
void plan_slots(Arena *, const bool *exact, FuncPlan *);
const Size *slot_bytes(Arena *, const Size *count, DType); /* rounded up to 64 */

/* ---- cost.c */
typedef struct Cost {
	const Size *flops; /* +, -, *, / and the like on floats: a multiply-add is two */
	const Size *functions; /* exp, log and their kin; random draws */
	const Size *read, *written; /* bytes, each place once */
} Cost;
Cost step_cost(Arena *, const Step *); /* of a kernel or a product; else zeros */

typedef struct Machine { /* what it can do in a second */
	double flops, functions, bytes;
} Machine;
double predicted_us(const Cost *, const Machine *); /* dims at their upper bounds, those without at 64 */

/* ---- ptxas.c: what nvcc -Xptxas -v says of a .cu */
typedef struct Ptxas Ptxas;
typedef struct Usage { /* of a kernel, compiled for one kind of GPU */
	const char *arch; /* "sm_90" */
	int registers; /* of a thread */
	int stack, spilled; /* bytes of it */
} Usage;
Ptxas *ptxas_read(Arena *, const Source *);
const Usage *ptxas_usage(Arena *, const Ptxas *, const char *kernel, int *after); /* after: 0 at first; NULL: no more */
/* of the threads that a multiprocessor holds, the part that it holds of this kernel; -1: not known for this kind of GPU */
double occupancy(const Usage *, int threads, int64_t shared);

/* ---- report.c */
typedef enum ReportForm { REPORT_NONE, REPORT_TEXT, REPORT_JSON } ReportForm;
typedef struct ReportOptions {
	ReportForm form;
	Machine machine;
	const Target *gpu; /* whose kernels these are, or NULL */
	const Ptxas *ptxas; /* or NULL */
} ReportOptions;
void print_plan(Writer *, const Plan *, const ReportOptions *);
void print_plan_json(Writer *, const Plan *, const ReportOptions *); /* "functions": [...] */
/* kernels that are launched, with what ptxas says of them */
void print_launch(Writer *, const Launch *, const ReportOptions *); /* lines of text */
void print_launches_json(Writer *, int n, const Launch *, const ReportOptions *); /* [...] */

#endif
