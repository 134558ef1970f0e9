/* tile_nest.h -- the loops of a tile while they are built: what the files about tiles for a CPU share */
#ifndef TILE_NEST_H
#define TILE_NEST_H

#include "tile.h"

enum { MANY_REGS = 32 };

typedef struct Axes { /* of one label of the result */
	const Size *lo, *hi; /* of its loop; hi NULL: the extent */
	bool in_block; /* it is the rows of a block */
	Axis *outer; /* in cuts, or over windows */
	int64_t window; /* places of a window that follows: it is walked over in these; 0 */
	const Size *first; /* of an axis that the tile lacks: the first place of the window, of this number */
	const Size *number;
	int64_t most; /* the largest cut */
	int ncuts;
	const int64_t *cut;
} Axes;

typedef struct TileNest {
	Build *b;
	const Piece *p;
	const Tile *t;
	Contraction c;
	DType dtype;
	Axes of[NLABELS];
	const Size *sum_lo[NLABELS][2], *sum_hi[NLABELS][2]; /* further bounds of the sums */
	int nbounds[NLABELS];
	Buffer *acc, *array;
	bool again; /* elements may be made several times */
	bool kept; /* it changes state that stays in the threads' caches */
	int64_t part; /* lanes of the sum that are summed at a time */
	int last; /* the label that is summed innermost, or -1: as they come */
	Buffer *panel; /* the operand of the lanes as the columns of a tile, or NULL */
	const Size *panel_lane; /* where in its rows */
	bool fills; /* the sums fill the panel */
	const Piece *beside; /* the sum of all of the operand of the lanes, which the first rows make; or NULL */
	Buffer *columns; /* its columns in the tile */
	Buffer *made; /* the operand of the columns for those of a thread, or NULL */
} TileNest;

typedef struct Cell { /* the tile's axes, and an access to the accumulators there */
	Axis *r, *w, *l;
	Access at;
} Cell;

/* ---- what follows */

typedef void Follow(TileNest *, Items *, const Node *value, void *);

typedef struct Follower {
	Follow *stores;
	void *data;
} Follower;

/* ---- tile_axes.c */
bool size_fits(const Size *, int64_t most); /* it is known, and no more */
int lanes_side(const TileNest *x);
int panel_sums(const TileNest *x, int *label);
Access made_at(const TileNest *x, int side);
bool columns_fill_cache(const TileNest *x);
const Node *tile_side(TileNest *x, int k);
const Node *tile_product(TileNest *x);
void set_lo(Build *b, Axis *a, const Size *lo);
Items *open_inner(TileNest *x, Items *items, Axis *a);
const Size *first_of(const TileNest *x, int label);
Items *open_cuts(TileNest *x, Items *items, const char *name, int label);
Axis *inner_axis_of(TileNest *x, const char *name, AxisKind kind, int label);
void add_extent(Buffer *b, const Size *size, const Axis *cut);
void declare_acc(TileNest *x, Items *items);
Cell open_chain_cell(TileNest *x, Items **items, const Size *chain);
Cell open_cell(TileNest *x, Items **items);
const Size *open_chains(TileNest *x, Items **items, int64_t n);
void clear_acc(TileNest *x, Items *items);

/* ---- tile_sums.c */
void bound_sum(TileNest *x, int label, const Size *lo, const Size *hi);
Items *open_sums(TileNest *x, Items *items, int but);
bool is_in_tile(const TileNest *x, int label);
void leave_out_padding(TileNest *x, int side);
int offset_of_second(const TileNest *x);
void sum_along_result(TileNest *x, Items *items);
const Size *sum_along_lanes(TileNest *x, Items *items);
bool has_parts(const TileNest *x);
void sum_in_parts(TileNest *x, Items *items);

/* ---- tile_follow.c */
Items *open_array(TileNest *x, Items *items, bool simd, Access *at);
void declare_array(TileNest *x, Items *items);
void out_index(const TileNest *x, Ix *ix);
void ask_rows_ahead(TileNest *x, Items *items);
void ask_ahead(TileNest *x, Items *items, const Follower *f);
bool follow_in_lanes(TileNest *x, Items *items, const Follower *f);
void follow_array(TileNest *x, Items *items, const Size *rest_from, const Follower *f);

/* ---- body_tile.c */
void ask_panel_row(TileNest *x, Items *items, int label, int64_t ahead);
void fill_panel_row(TileNest *x, Items *items);
void build_tile(TileNest *x, Items *items, const Follower *f);
Items *open_apart(TileNest *x, Items *items, const char *name);
Items *open_others(TileNest *x, Items *items, int from, AxisKind kind);
TileNest nest_of(Build *b, const Piece *p, bool again);

/* ---- tile_beside.c */
const Piece *piece_beside(const Group *g); /* the sum that its tile makes on its way, or NULL */
void clear_beside(TileNest *x, Items *items);
void add_beside(TileNest *x, Items *items); /* at the sum's c.ix */
void store_beside(TileNest *x, Items *items);

/* ---- tile_windows.c */
void plan_windows(TileNest *x, const int8_t *window);
void build_windows(TileNest *x, Items *items, const Group *group);
void find_window_locals(Scope *s, int g);

#endif
