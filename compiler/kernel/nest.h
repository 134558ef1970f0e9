/* nest.h -- how a group walks over its rows: what nest.c and turned.c share */
#ifndef NEST_H
#define NEST_H

#include "lower.h"

typedef struct Rows { /* how a group walks over its rows */
	const Group *group;
	int *phase; /* of each piece: rows of a phase are one loop, a BLOCK piece is a phase */
	int nphases;
	int64_t block; /* 0: each row on its own */
	AxisKind kind; /* of the rows in a block */
	bool outer; /* some are added up */
	bool *turned; /* of each phase: its rows lie in the lanes, and their few elements are unrolled */
	bool lanes; /* of one element each, beside pieces that take a block of rows: a row is a lane of what is added up */
} Rows;

/* ---- nest.c */
bool reads_buf(const Piece *, const PlanBuf *, bool *aligned); /* aligned: false if at other rows than its own */
Axis *row_axis(Build *, const Rows *, AxisKind); /* over the rows, or those of the block */

/* ---- turned.c */
bool *pieces_in_lanes(const Build *, const Group *);
bool is_turned(const Rows *, const PlanBuf *);

typedef struct Staged {
	PlanBuf *plan;
	const Buffer *buffer;
	bool in, out;
} Staged;
typedef VEC(Staged) Stage; /* what a phase has to do with that lies in memory row by row */
Stage open_stage(Build *, const Rows *, int phase, Items *);
void close_stage(Build *, const Rows *, const Stage *, Items *);

#endif
