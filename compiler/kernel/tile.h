/* tile.h -- contractions of floats as tiles of registers: what tile.c decides and body_tile.c and its kin build */
#ifndef TILE_H
#define TILE_H

#include "lower.h"

enum { NLABELS = 26, SUM_LANES = 16 };

typedef struct Contraction {
	const Val *v;
	int nout, nsum;
	int out[MAX_RANK], sum[NLABELS]; /* labels */
	uint32_t has[2]; /* bit l: the operand has the label l */
	const Size *size[NLABELS];
	Ix ix[NLABELS];
} Contraction;

Contraction contraction_of(const Val *);
const Node *contraction_side(Build *, const Contraction *, int k); /* the element of operand k at c->ix */
/* operand k is windows of a value padded with zeros, and the places within those windows are summed: that value, or NULL */
const Val *padded_operand(const Val *contraction, int k);

/* A tile: accumulators for some rows of `unroll` by some vectors along `lanes`.
 *
 *      lanes of the result   out[.., u, .., l..] += a[u, k] * b[k, l..]       a is broadcast
 *      lanes of the sum      acc[u, w, l] += a[u, k..] * b[w, k..], folded in the end
 *
 * An operand that does not lie as the tile wants it is packed: copied, with its axes in another order. */
struct Tile {
	int lanes; /* a label */
	bool dot; /* it is summed over */
	int unroll, second; /* labels or -1; dot: of either operand; else second: beside lanes */
	int nlabels[2];
	int order[2][MAX_RANK]; /* labels of the axes of what is packed */
	PlanBuf *packed[2];
	bool made[2]; /* instead: made for the columns of a tile, by the thread that goes through all rows with them */
	const Val *bare[2]; /* what is padded, where the sums leave out all padding; or NULL */
	bool whole; /* a kernel of its own with elementwise epilogues; else inside blocks of rows */
	/* sums in blocks of this label, so that what a block reads stays in the cache: parts go to memory between; -1 */
	bool across; /* second is all places of windows that are padded all around: each element is added to the places that it meets */
	int chains; /* sums of every n-th product, of which the result is added up as a tree; 0: one */
	int blocked;
	int64_t block; /* indices of it */
	double cycles, next; /* its price, and that of the next best way; 0: there was none */
};

enum {
	TILE_ROWS = 240, /* rows of `unroll` that share a block of columns */
	KEPT_BYTES = 4 << 20 /* of state that stays in the threads' own caches from call to call */
};

/* ---- tile.c */
bool plan_tile(Scope *, Piece *);
bool lanes_legal(const Node *, int axis_id); /* it can stand in the lanes of that axis */
int64_t size_guess(const Size *); /* at the dims' bounds, 64 for a dim without */
typedef struct TileShape {
	int width; /* lanes of a vector */
	int64_t rows, vectors; /* accumulators */
} TileShape;
TileShape tile_shape(const Target *, DType, const Tile *);
/* falling steps that make up the extent, none over most; the list.  again: of lanes, steps need be no multiple of a vector */
const int64_t *tile_cuts(Arena *, const Size *, int64_t most, int *n);
const int64_t *block_cuts(Arena *, int64_t most, int *n); /* of what is known when it runs */
const int64_t *lane_cuts(Arena *, const Size *, int64_t most, int width, bool again, int *n);

/* ---- tile_axes.c */
int label_side(const Contraction *, int label); /* the first operand that has it */
Axis *cut_axis(Build *, const char *name, AxisKind, const Axis *of); /* over the current cut of an axis */

/* ---- body_tile.c */
void body_tile(Build *, const Piece *, Items *); /* in a block of rows */
void body_pack(Build *, const Piece *, Items *);
void plan_pack(Scope *, Piece *);

/* ---- tile_group.c */
void note_tile(Build *, const Piece *, Items *); /* what it reads, for a tile that is a kernel */
void build_tile_group(Build *, int group, Items *);
/* the sum at c->ix, and what the other pieces of the group make of it */
void store_on_tile(Build *, const Group *, const Contraction *, Items *, const Node *value);

/* ---- tile_beside.c */
bool can_sum_beside(Scope *, const Group *, const Piece *); /* the tile can make that sum on its way */
void give_columns(Scope *, Piece *); /* the sum's parts: one for each column of the matrix */

/* ---- tile_cuda.c */
bool plan_tile_cuda(Scope *, Piece *);
void build_tile_cuda(Build *, const Group *, Items *);

#endif
