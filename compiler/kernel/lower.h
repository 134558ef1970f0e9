/* lower.h -- from graphs to kernels: what the files of lowering share
 *
 *      lower.c     functions: results, order of pieces          scope.c   loops and branches
 *      roots.c     which values get memory, the others are written where they are used
 *      inline.c    an element of a value as a scalar graph       index.c   its indices, loads
 *      tile.c      how contractions are tiled                    body_*.c  loops for one row, a block of rows, a tile
 *      fuse.c      pieces with the same rows become one kernel   nest.c    the kernel of a group
 *      turned.c    rows of few elements across lanes
 *      scalar.c    scalars computed outside of kernels           share.c   kernels equal but for names
 *      sign.c      values on one side of 0                      split.c   loops along chains of functions
 *      unused.c    what nothing takes                      schedule_cuda.c blocks and threads
 *      schedule_text.c how it is done, for --report
 *      tile_cuda.c contractions for a GPU */
#ifndef LOWER_H
#define LOWER_H

#include "plan.h"

enum {
	BLOCK_ROWS = 64,
	ELEMENT_BLOCK = 1024, /* rows of one element */
	LANES = 16, /* of a sum along a row */
	LONG_LANES = 64, /* of one along a long row, or over rows of one element */
	LOCAL_MAX = 4096,
	FEW_ELEMENTS = 16, /* of a row that lies across lanes */
	SHARED_BYTES = 32768, /* of a block of a GPU, for what lives inside rows */
	MOST_PIECES = 100, /* of a kernel: C compilers take more than their share of time for longer functions */
	MOST_READS = 400, /* of a kernel's pieces together, for the same reason */
	MOST_OPEN = 512 /* the groups that a piece may still come to: the last ones */
};
#define ALWAYS (UINT64_C(1) << 63)

typedef struct Piece Piece;
typedef struct Tile Tile;
typedef struct Scope Scope;
typedef struct Build Build;

/* What is known of a value, by its id. */
typedef struct Info {
	int uses; /* consumers, results among them */
	const Val *user; /* the last of them */
	uint64_t needs; /* outputs it is for; ALWAYS */
	bool root; /* it is computed into a buffer */
	bool host; /* of rank 0, from arguments, sizes, constants and variables alone */
	int cost; /* of one element where it is used */
	int depth; /* of a host's expression */
	PlanBuf *buf; /* where it lives */
	const Node *at; /* it is the part of buf with this leading index */
	const Node *scalar; /* of a region's parameter: the outer scalar */
	PlanBuf **item; /* of a tuple */
	Piece *piece; /* that computes it */
	PlanBuf *cell; /* it is the new value of this one */
	bool done; /* its pieces are made */
	bool buffered; /* it has memory, being an argument, a variable, a parameter or a part of a tuple */
	bool spread; /* some consumer takes each element several times */
	bool want_buffer; /* some consumer takes it only from memory */
	bool *asked; /* of a tuple: which items some consumer takes */
	int few; /* consumers that take it at known places of its merged axes */
	bool bare; /* padded, for one sum over windows, which can do without the padding: made only if it does not */
} Info;

/* One function. */
typedef struct Lower {
	Arena *arena;
	Diag *diag;
	const Model *model;
	const Func *func;
	const PlanOptions *options;
	Plan *all;
	FuncPlan *plan;
	Names *names; /* taken in this function: those with a mark */
	int axis_id, loops;
	bool failed;
	const FuncUpdate **update; /* by Model.vars, or NULL */
	VEC(const char *) refused; /* what was reported as not supported */
} Lower;

typedef struct ScalarLocal { /* a scalar that has a name */
	const Node *value;
	const char *name;
	int next; /* 1 + where another one of the same key stands */
} ScalarLocal;

/* A group of pieces with the same rows: one kernel.  Or a loop or branch alone. */
typedef struct Group {
	const Size *rows; /* NULL: pieces of rank 0 alone */
	VEC(Piece *) pieces; /* in order */
	VEC(Piece *) tail; /* of rank 0, done by one thread after the rows */
	int block_rows; /* 0: any */
	Piece *tile; /* the first of the pieces: others follow on its tiles */
	const int8_t *window; /* by axis of the tile's result: the others follow on windows of so many places of it; or NULL */
	bool closed; /* takes no more */
	int nreads; /* of all pieces */
	int64_t shared; /* bytes of theirs */
	uint64_t needs;
	Step *step; /* instead of pieces */
} Group;

typedef struct Packed { /* a value with its axes in another order, for tiles */
	const Val *val;
	int8_t axis[MAX_RANK];
	PlanBuf *buf;
	uint64_t needs;
} Packed;

typedef struct Traffic { /* which groups have to do with a buffer */
	const PlanBuf *buf;
	bool exported; /* it is read after the groups */
	bool written; /* by some piece, or within a loop or branch */
	int writer; /* the last that makes it, -1: none here */
	bool by_rows; /* row by row */
	int first_reader, last_reader; /* -1: none */
} Traffic;

/* A graph being lowered: the function's, a loop's body, a branch. */
struct Scope {
	Lower *L;
	const Graph *graph;
	Info *info;
	Scope *outer;
	VEC(Group *) groups;
	VEC(ScalarLocal) scalars;
	VEC(Step *) last; /* checks, scalar stores, breaks: after the groups */
	VEC(Step *) early, checks; /* of host values: before everything */
	Map *traffic_of; /* buffers: 1 + where in traffic */
	VEC(Traffic) traffic;
	Names *scalar_names;
	Map *scalar_of; /* keys of values: 1 + where in scalars */
	VEC(ScalarLocal) tests; /* what the checks test */
	Map *test_of; /* the same of tests */
	VEC(Packed) packed;
	int first_write; /* the first group that may write state */
	int checks_at; /* the group before which the checks stand */
	const char *index_name; /* C name of the loop's step */
	const char *loop; /* C text of the loops' hash for random draws */
	uint64_t needs; /* what it is all for */
};

typedef enum Form {
	FORM_ROW, /* for each row on its own */
	FORM_BLOCK, /* for a block of rows together */
	FORM_TILE, /* a kernel of its own: a tile at a time */
	FORM_OUTER, /* sums over the rows: by blocks, then over the blocks */
	FORM_SCALAR, /* of rank 0 */
	FORM_WHOLE /* loops over everything, one thread */
} Form;

typedef struct Read {
	PlanBuf *buf;
	bool row; /* the leading index is the row */
	bool same; /* the very element that the piece stores */
	int8_t window[MAX_RANK]; /* by axis, n: one of the n places in the window of that number; 0: not so */
} Read;

struct Piece {
	Form form;
	const Val *val;
	void (*body)(Build *, const Piece *, Items *); /* NULL: of a map */
	PlanBuf *target;
	const Node *at; /* leading index of the target, or NULL */
	const Size *rows;
	VEC(Read) reads;
	uint64_t needs;
	PlanBuf *cell; /* it is the new value of this variable or carry */
	PlanBuf *parts; /* OUTER: one a block of rows; beside a tile, one a column */
	int group;
	bool only_stores; /* a row is a store or some, without loops */
	bool sums_elements; /* OUTER: of rows of one element */
	PlanBuf *copy_from; /* it copies this buffer */
	bool fill; /* it sets all to 0 */
	Piece *copied; /* it changes what that piece has copied into its target */
	Piece *copy_of; /* it copies for that piece; nothing if they are the same */
	const Size *work; /* of a row */
	Tile *tile; /* of a contraction, or packed for one */
	int pack_side; /* which operand is packed */
	const Product *product; /* BLAS does it, then nothing else is in its group */
	int block_rows; /* BLOCK; or 1: a block of a GPU has a row */
	int64_t shared; /* bytes of shared memory that its body declares for a row */
};

/* ---- index.c */
typedef struct Ix { /* an index: at + node; or a digit of another one: of / div % mod */
	const Size *at;
	const Node *node;
	const struct Ix *of;
	const Size *div, *mod;
} Ix;

typedef struct KBuf {
	PlanBuf *plan;
	const Buffer *buffer;
	bool local; /* has no row dimension, or rows from base */
	const Size *base;
	bool turned; /* rows come last */
	const Buffer *staged; /* while rows lie in lanes: the block's rows, turned; or NULL */
} KBuf;

typedef struct Memo {
	const Val *val;
	const Ix *ix;
	const Node *node;
} Memo;

typedef struct Here { /* a value as it is at the element that is stored now */
	const PlanBuf *plan;
	const Node *node;
} Here;

typedef struct View { /* of a value: the part of it that a tile makes, as an array */
	const PlanBuf *plan; /* NULL: none now */
	const Buffer *buffer;
	const Size *base[MAX_RANK]; /* by axis: the first index; NULL: the array does not have the axis */
} View;

typedef struct OuterAcc { /* of a sum over rows to a scalar: the block's part */
	const Piece *piece;
	const Buffer *buffer;
} OuterAcc; /* of rank 0; or of lanes, rows of one element go to b->lane */

/* A kernel being built. */
struct Build {
	Lower *L;
	Arena *arena;
	Scope *scope;
	Kernel *kernel;
	Piece *piece; /* reads are noted there, or NULL */
	VEC(KBuf) bufs;
	VEC(PlanBuf *) args; /* for kernel->buffers */
	const Size *row; /* index of the row */
	/* of the block: its number, first row, first row after it */
	const Size *block_index, *block_lo, *block_hi;
	bool block_exact; /* no block is cut short */
	bool short_first; /* the first one is: it begins before row 0 */
	VEC(Pred) preds; /* of the loads being built */
	int store_rank; /* the element that is stored now; -1: none */
	const Ix *store_ix;
	VEC(Memo) memo;
	VEC(OuterAcc) accs;
	const Size *lane; /* of an element that is added up over the rows; NULL: they are added in order */
	int64_t nlanes;
	bool unrolled; /* the axes of a row: its rows lie in lanes */
	bool fresh; /* the lanes have no values yet: the first ones are set */
	VEC(Here) here;
	const Piece *beside; /* a map along rows that is done in the loop of the piece after it, which reduces them */
	View view;
	const Target *target;
	bool tiled; /* its text depends on the target */
	bool piece_outer; /* the first axis that goes is the row */
	const Val *bare; /* a padded value whose padding no loop reaches, or NULL */
	bool unchecked; /* it runs before the checks of its indices: these are kept inside */
	Names *names; /* of its buffers, or NULL: none yet */
	int nbuffers;
};

Build *build_new(Lower *, Scope *, Piece *);
Ix ix_at(const Size *);
Ix ix_node(Build *, const Node *); /* an index node becomes its size */
Ix ix_scaled(Build *, Ix, int64_t step, Ix start); /* start + ix * step */
const Node *ix_value(Build *, Ix); /* as an int64 */
KIndex ix_index(Build *, Ix);
bool ix_equal(const Ix *, const Ix *);
void ix_reshape(Build *, const Type *from, const Type *to, const Ix *of_to, Ix *of_from);
uint32_t reshape_merges(Arena *, const Type *from, const Type *to); /* axes of from whose indices are digits of a flat one */
const Node *load_buf(Build *, PlanBuf *, const Node *at, int rank, const Ix *);
Access access_buf(Build *, PlanBuf *, const Node *at, int rank, const Ix *);
const Buffer *kernel_buffer(Build *, PlanBuf *);
KBuf *kernel_kbuf(Build *, PlanBuf *); /* until the next is asked for */
Buffer *new_buffer(Build *, const char *name, DType, Where, int rank, const Size *const *extent);

/* ---- inline.c */
const Node *element(Build *, const Val *, const Ix *); /* a load if it is a root */
const Node *element_here(Build *, const Val *, const Ix *); /* computed even if it is a root */
bool can_inline(const Val *);
bool can_inline_contraction(const Val *); /* it has few terms of floats */
void slice_index(Build *, const Val *, const Size *const *size, const Ix *ix, Ix *in); /* of the whole, for that of its part */
Ix gather_index(Build *, const Val *, int k, const Ix *ix); /* of axis k of those that are gathered or scattered */

/* ---- sign.c */
bool not_above_0(const Val *); /* or no number */

/* ---- scalar.c */
const Node *node_const(Build *, DType, double f, int64_t i);
const Node *node_row(Build *, Op, DType, const Node *a, const Node *b, const Node *c);
const Node *node_index(Build *, const Size *);
const Node *node_uniform(Build *, const char *name, DType);
const Node *node_cast(Build *, const Node *, DType);
bool node_is_host(const Node *);
bool node_equal(const Node *, const Node *);
bool node_loads(const Node *, const Buffer *);
const void *node_key(const Node *); /* of a map: the same for what is equal */
bool size_is_host(const Size *); /* no axes in it */
const Node *hoisted(Build *, const Node *, const char *name); /* the name of a scalar, given one in the scope */
const Node *host_value(Scope *, const Val *); /* of a host value, for use outside kernels */
const Node *host_load(Lower *, PlanBuf *);
const char *unique_name(Lower *, const char *wish);
const char *word_name(Arena *, const char *); /* "h.W": h_W */

/* ---- roots.c */
void find_roots(Scope *);
Info *info_of(const Scope *, const Val *);

/* ---- body.c and body_*.c */
Axis *new_axis(Build *, const char *name, AxisKind, const Size *hi);
Nest *open_nest(Build *, Items *, Axis *);
void add_store(Build *, Items *, Access, StoreHow, const Node *);
void add_buffer(Build *, Items *, const Buffer *);
Access access_scalar(const Buffer *); /* rank 0 */
Access access_at(const Buffer *, const Size *index); /* rank 1 */
const Node *load_of(Build *, Access);
typedef const Node *ElementOf(Build *, void *, const Ix *axes);
/* over n axes in order, innermost last; to be stored right after it */
const Node *reduce_loop(Build *, Items *, const char *name, DType, ReduceKind, int n, const Size *const *size, ElementOf *, void *);
Items *open_axis(Build *, Items *, int letter, AxisKind, const Size *n, Ix *);
bool is_wide(const Size *last); /* a row of more than a few elements */
bool goes_in_lanes(ReduceKind, DType, const Size *last); /* along rows of that size */
void accumulate(Build *, Items *, Access target, ReduceKind, const Node *value);
const Node *combine(Build *, ReduceKind, const Node *a, const Node *b);
const Node *identity(Build *, ReduceKind, DType);
Buffer *open_lanes(Build *, Items *, const char *name, DType, ReduceKind, int64_t lanes);
const Node *fold_lanes(Build *, Items *, const Buffer *lane, ReduceKind);
void body_copy(Build *, const Piece *, Items *);
bool can_inline_pad(const Val *); /* it has no gaps */
void plan_body(Scope *, Piece *); /* chooses form, rows and body for a root */
void body_map(Build *, const Piece *, Items *);
void body_reduce(Build *, const Piece *, Items *);
void body_outer(Build *, const Piece *, Items *); /* one row into the parts */
bool sums_matrix(const Piece *); /* it is the sum of all elements of a matrix of floats */
const Node *matrix_element(Build *, const Piece *, Ix row, Ix column); /* what that sum adds up */
void outer_begin(Build *, const Piece *, Items *);
void outer_parts(Lower *, Piece *, int block_rows); /* one for each block of rows */
void outer_end(Build *, const Piece *, Items *);
void outer_fold(Build *, const Piece *, Items *); /* the parts, by one thread */
void plan_reduce(Scope *, Piece *);
void body_few(Build *, const Piece *, Items *);
bool is_few(const Val *); /* a reduction to the largest, the least or so of a few: one expression */
const Node *few_inline(Build *, const Val *, const Ix *);
void plan_contraction(Scope *, Piece *);
void plan_move(Scope *, Piece *); /* cumsum, concat, pad, scatter, set_slice */
bool plan_product(Scope *, Piece *); /* by BLAS? */
bool wants_product(const Scope *, const Val *);
Step *product_step(Scope *, const Piece *);
void fold_epilogues(Scope *); /* of products by cuBLASLt */
void target_store(Build *, const Piece *, Items *, int rank, const Ix *, StoreHow, const Node *);

/* ---- fuse.c */
Piece *new_piece(Scope *, const Val *, PlanBuf *target, const Node *at, uint64_t needs);
void add_piece(Scope *, Piece *);
/* Rows of a block: a multiple of step, of `most` or less; less where their number is known, so that two to four threads have equal
 * shares. */
int64_t even_block(const Size *rows, int64_t most, int64_t step);
int even_rows(const Scope *, const Size *rows); /* BLOCK_ROWS or less, in steps of 2; for the CPU two blocks of more than a vector's */
Group *add_step_group(Scope *, Step *, uint64_t needs);
Traffic *traffic_of(Scope *, const PlanBuf *); /* until the next is asked for */
void note_reader(Scope *, const PlanBuf *, int group);
void note_writer(Scope *, const PlanBuf *, int group, bool by_rows);
bool read_only_in(Scope *, const PlanBuf *, int group); /* or not at all */
void settle_cells(Scope *); /* in place where no later reader sees it, else through scratch */

/* ---- nest.c, share.c */
void add_part(Build *, Items *); /* the first of the items, with a barrier after it */
void emit_groups(Scope *, PlanBlock *);
Axis *rows_of_block(Build *, AxisKind, const Size *rows); /* over the rows of the block, which may be short */
void bound_by_block(Build *, Axis *, const Size *rows);
const Kernel *shared_kernel(Lower *, Kernel *);
void name_kernels(Plan *, Names *taken); /* when all functions have their names */

/* ---- split.c */
void split_loops(Build *, Items *); /* where a function waits for another */

/* ---- schedule_text.c */
const char *schedule_text(Lower *, const Group *);

/* ---- schedule_cuda.c */
void schedule_cuda(Build *); /* blocks and threads for the parts of its kernel */

/* ---- unused.c */
void drop_unused_scalars(Arena *, PlanBlock *);
void drop_unread_buffers(Arena *, Items *); /* of a kernel's part */

/* ---- lower.c, scope.c */
PlanBuf *new_buf(Lower *, BufKind, const Type *, const char *name, Loc);
void need_value(Scope *, const Val *); /* makes the pieces of a root and of what it reads */
void lower_scan(Scope *, const Val *);
void lower_if(Scope *, const Val *);
void lower_result(Scope *, const Val *, PlanBuf *target, const Node *at, PlanBuf *cell, uint64_t needs);
Scope *new_scope(Lower *, Scope *outer, const Graph *);
void close_scope(Scope *, PlanBlock *);
const Node *scalar_outside(Scope *, const Val *); /* of rank 0, for a check or a branch */
const char *value_label(const Val *); /* its name, or what it is */
void not_supported(Lower *, Loc, const char *what);
const Type *resolved_type(Arena *, const Type *);

#endif
