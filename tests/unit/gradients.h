/* gradients.h -- a function of float64 arguments, its gradients by the pass, and by central
 * differences through the evaluator */
#ifndef GRADIENTS_H
#define GRADIENTS_H

#include "../../compiler/passes/passes.h"

enum { MAX_ARGS = 12 };

/* What is tested: arguments by their types (shapes of constant sizes), values for them, and the
 * expression. */
typedef struct Case {
	const char *name;
	int nargs;
	const char *arg[MAX_ARGS]; /* "3,4": float64; "i5:3,4": int64 below 5; "b3,4": bool; "": a
				      scalar */
	double lo, hi;		   /* floats are drawn from here */
	Val *(*expression)(Graph *, Val *const *args);
	bool no_second;
} Case;

/* largest error of a gradient by a float argument, relative to its magnitude; negative after a
 * message */
double gradient_error(const Case *);
double second_gradient_error(const Case *);

/* a scratch model with one function, whose arguments are those of the case */
typedef struct Scratch {
	Arena *arena;
	Model *model;
	Func *func;
	Diag *diag;
	Val *args[MAX_ARGS];
	Array *input[MAX_ARGS];
	int nargs;
} Scratch;
void scratch_open(Scratch *, const Case *);
void scratch_close(Scratch *);
Val *scratch_arg(Scratch *, DType, int rank, const int64_t *size, int64_t below, double lo,
		 double hi);
Array **scratch_eval(Scratch *);
/* sum(y * w) for an extra argument w: one number for a whole Jacobian; y itself if it is a scalar
 */
Val *project(Scratch *, Val *y);
/* the gradients of cost by these, as nodes */
void gradients_of(Graph *, Val *cost, int n, Val *const *by, Val **gradient);

#endif
