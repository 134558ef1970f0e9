/* emit_cuda.h -- what the files for --target cuda share
 *
 *      step_cuda.c      a function's steps: launches, scalars     function_cuda.c  a function: what the host does of a call
 *      object_cuda.c    the object, its memory on the device */
#ifndef EMIT_CUDA_H
#define EMIT_CUDA_H

#include "emit_internal.h"

typedef VEC(const char *) Texts;

typedef struct Cuda { /* a function for a GPU */
	Emit *e;
	const FuncPlan *plan;
	Writer *w; /* what launches */
	Writer *kernels, *prototypes; /* of scalars */
	Writer *flags; /* fields of the frame */
	VEC(Uniform) fields;
	VEC(const Step *) host; /* what the host does, before */
	Texts device; /* names that the device computes */
	bool checked; /* the device has checks */
	const char *go; /* the flag that holds here, or NULL */
	Texts around; /* flags of the branches and loops around */
	const char *leave; /* the flag of the loop around */
	const char *loop; /* as in Body */
	int nruns, nflags;
} Cuda;

/* ---- step_cuda.c */
void begin_cuda(Cuda *, Emit *, const FuncPlan *);
void device_steps(Cuda *, Writer *); /* all launches */
const char *scalars_name(const Cuda *, int run); /* of a kernel of one thread: 1 .. nruns */
void host_steps(Cuda *, Writer *);
void fill_frame(Cuda *, Writer *, const char *seed, const char *call);
void emit_frame(Cuda *, Writer *);
const char *frame_c(const Emit *, const FuncPlan *);

/* ---- function_cuda.c */
void emit_function_cuda(Cuda *, Writer *);
int given_count(const FuncPlan *); /* arguments and outputs with copies on the device */
int key_count(const FuncPlan *); /* numbers that tell one graph of a function from another */

/* ---- object_cuda.c */
void emit_struct_cuda(Emit *, Writer *);
void emit_object_cuda(Emit *, Writer *);
void emit_lent(Emit *, Writer *);

#endif
