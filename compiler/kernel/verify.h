/* verify.h -- what the files of the schedule verifier share */
#ifndef VERIFY_H
#define VERIFY_H

#include "print_c.h"

typedef struct Touch {
	const char *name; /* of the buffer */
	int level; /* of its declaration */
	bool store;
	uint64_t kept; /* bit i: the access keeps axis i of those around it */
} Touch;

typedef struct Verifier {
	Arena *arena;
	const Kernel *kernel;
	const char *wrong; /* the first fault */
	VEC(const Axis *) axes; /* around what is looked at, outermost first */
	struct {
		const Buffer *buffer;
		int level; /* how many axes are around its declaration */
	} *declared;
	int ndeclared, cap;
	VEC(Touch) touched; /* every access so far */
} Verifier;

void fault(Verifier *, const char *fmt, ...) PRINTF(2, 3); /* keeps the first */
bool is_around(const Verifier *, int axis_id);
const Axis *axis_of_id(const Verifier *, int axis_id);
int level_of(const Verifier *, const Buffer *); /* of its declaration; an argument: 0; -1: not declared */
bool is_single(const Axis *); /* one iteration */

/* ---- verify_access.c: stores [0 .. n-1] of one run, with all axes around them */
void verify_stores(Verifier *, const Item *, int n);
/* the axis that is closed now: what was stored along it, since `from`, was read only at that axis */
void verify_reads(Verifier *, const Axis *, int from);

#endif
