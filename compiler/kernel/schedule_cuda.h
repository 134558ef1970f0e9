/* schedule_cuda.h -- what the files that make blocks and threads of a kernel share */
#ifndef SCHEDULE_CUDA_H
#define SCHEDULE_CUDA_H

#include "tile.h"
#include "print_c.h"

enum { WIDE = 32 }; /* steps that are worth the threads of a block */

typedef struct Schedule {
	Build *b;
	Arena *arena;
	int64_t widest; /* thread axis so far */
} Schedule;

/* ---- parallel_cuda.c */
bool is_parallel(Arena *, const Nest *); /* its steps do not meet in a buffer from outside */

/* ---- merge_cuda.c */
const Nest *merge_nests(Schedule *, Nest *); /* -> the innermost par nest; in place */

/* ---- schedule_cuda.c */
const Nest *only_nest(const Nest *); /* alone in its body, or NULL */
int64_t width_inside(Schedule *, const Items *); /* steps of the widest parallel axes */
int64_t extent_guess(Schedule *, const Axis *);
bool bounds_are_host(const Axis *);
const Axis *of_kind(Arena *, const Axis *, AxisKind);

#endif
