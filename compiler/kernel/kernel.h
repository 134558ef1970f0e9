/* kernel.h -- how it is computed: kernels as data, the unit of fusion, scheduling and timing, for every target
 *
 *      Kernel = name | dims, buffers, uniform scalars (arguments) | body: nests, each with "barrier after" or not
 *      Nest   = axis | body, in order: nests, buffers (declared there: their level and life), stores
 *
 * There are no stage kinds: map, reduction, contraction, packing, pool, epilogue and fold are stores in nests; a tile is a
 * register buffer, indexed by unrolled axes or sums of them; an epilogue is the next store over the tile's axes. */
#ifndef KERNEL_H
#define KERNEL_H

#include "../ir/ir.h"

typedef enum AxisKind {
	AXIS_PAR, /* threads, blocks */
	AXIS_SEQ,
	AXIS_UNROLL, /* literal */
	AXIS_LANES, /* literal, GCC vectors */
	AXIS_SIMD, /* scalar C that the C compiler vectorises */
	AXIS_THREAD /* threads of a block; with no block around them, of all blocks */
} AxisKind;

typedef struct Axis {
	const char *name;
	int id; /* unique in its kernel; sizes speak of it by ATOM_AXIS */
	AxisKind kind;
	int nlo, nhi;
	const Size *const *lo; /* max of these; none: 0 */
	const Size *const *hi; /* min of these */
	int ncuts;
	const int64_t *cut; /* e.g. 10, 2, 1: the body once each, in falling steps; none: step 1 */
	bool again; /* lanes over its cut: the last vector of one that is no multiple begins earlier, so has some lanes again */
	const struct Axis *cut_of; /* hi is the current cut of that axis; then no hi */
} Axis;
const Size *axis_index(Arena *, const Axis *); /* the axis as an index */

typedef enum Where {
	WHERE_ARG, /* an argument of the kernel */
	WHERE_STACK, /* declared where it stands; shared memory on a GPU */
	WHERE_REG, /* registers: literal extents, indexed by unrolled and lanes axes */
	WHERE_PRIVATE /* the same, of each thread of a block, from one barrier to the next */
} Where;

typedef struct Extent {
	const Size *size; /* or */
	const Axis *cut; /* the current cut of an axis */
} Extent;

typedef struct Buffer {
	const char *name;
	DType dtype;
	Where where;
	bool read_only; /* ARG */
	bool lanes; /* REG: its last axis is vectors */
	int rank;
	Extent extent[MAX_RANK];
	const Size *stride[MAX_RANK]; /* layout, in elements; NULL: row-major */
	int id; /* unique in its kernel */
} Buffer;

typedef struct Node Node;
typedef struct KIndex { /* affine in axes, or gathered: an integer node */
	const Size *affine;
	const Node *gathered; /* added to affine when both are there */
} KIndex;
typedef struct Pred { /* lo <= p < hi; NULL: that side needs no test */
	const Size *p, *lo, *hi;
} Pred;
typedef struct Access {
	const Buffer *buffer;
	KIndex index[MAX_RANK];
	int npreds;
	const Pred *pred; /* loads: all hold, else `other`; stores: all hold, else nothing is stored */
	double other;
} Access;

typedef enum NodeKind {
	NODE_ROW, /* a row of ops.def */
	NODE_LOAD,
	NODE_CONST,
	NODE_UNIFORM, /* a scalar argument of the kernel */
	NODE_INDEX, /* an affine index as an int64 */
	NODE_RANDOM /* random bits for the flat element `element` */
} NodeKind;
struct Node {
	NodeKind kind;
	DType dtype;
	Op op; /* ROW */
	bool below; /* of exp: its operand is no more than 0, or no number */
	bool seldom; /* of select: what it chooses from first is worked out only where it is chosen */
	int nargs;
	const Node *arg[3];
	Access load; /* LOAD */
	double f;
	int64_t i; /* CONST */
	const char *uniform; /* UNIFORM */
	const Size *index; /* INDEX; RANDOM: the element */
	uint32_t place; /* RANDOM; seed, call and loop are uniforms of the kernel named seed, call, loop */
	const char *name; /* for a local that holds it, as the source calls it; or NULL */
};

typedef enum StoreHow {
	STORE_SET,
	STORE_ADD,
	STORE_MUL,
	STORE_MAX,
	STORE_MIN,
	STORE_AHEAD /* nothing: the place, which may be read only, is brought into the cache; if the value is 1, into no other */
} StoreHow;
/* All loads of a run of adjacent stores (with the same predicates) precede its stores.  A lanes axis that the target lacks is
 * folded, in a fixed tree; the value is then a load of a register buffer. */
typedef struct Store {
	Access target;
	StoreHow how;
	const Node *value;
} Store;

typedef struct Nest Nest;
typedef enum ItemKind { ITEM_NEST, ITEM_BUFFER, ITEM_STORE } ItemKind;
typedef struct Item {
	ItemKind kind;
	const Nest *nest;
	const Buffer *buffer;
	const Store *store;
	bool apart; /* a store that comes after those before it: no run with them */
	const char *comment; /* a line above it, or NULL: "h = tanh(x @ W + b)   float32[batch, 500]" */
	Loc loc;
} Item;
typedef VEC(Item) Items;
struct Nest {
	const Axis *axis;
	Items body;
	bool apart; /* of one step: an inline function named after the axis, which may differ from target to target */
};

typedef struct Uniform {
	const char *name;
	DType dtype;
} Uniform;
typedef struct KernelPart { /* one par nest, or serial items done by one thread */
	Item item;
	bool barrier; /* after it */
	int threads; /* of a block; 0: not of a GPU */
} KernelPart;
typedef struct Kernel {
	const char *name;
	const char *comment; /* above the function */
	VEC(const Dim *) dims; /* of the model that its sizes speak of */
	VEC(const Buffer *) buffers; /* ARG, in the order of the C function */
	VEC(Uniform) uniforms;
	VEC(KernelPart) parts;
	bool in_region; /* it is called where several threads are */
	bool awaited; /* there: a step comes after it */
	const Names *taken; /* what else stands in the file under a name: its functions have others; may be NULL */
	struct Kernel *narrower; /* the same for the next target, NULL: this one is for all */
} Kernel;

/* ---- the C printer (owned by `kernel`): print_c.c ...  Knows no model. */
typedef struct Target {
	const char *name; /* "c" */
	int lanes; /* float32 lanes of the machine's vectors: 16, 8, 4; 1: none */
	int regs;
	bool serial; /* one thread: no pragmas */
	bool gpu; /* par axes are blocks, and threads share out what is inside */
} Target;
/* static functions for the kernel: one for each part (noinline, restrict arguments), or one; called inside a parallel region
   through   NAME(dims..., uniforms..., buffers...);   which holds the orphaned `omp for`s.  The same text for the same kernel. */
void print_kernel_c(Writer *, const Kernel *, const Target *);
/* with its narrower ones, under #if MC_LANES >= .. */
void print_kernel_for_all_c(Writer *, const Kernel *, int ntargets, const Target *, bool serial);
bool is_single_kernel(Arena *, const Kernel *); /* one thread does all of it */
void print_kernel_prototype_c(Writer *, const Kernel *, const Target *);
/* for a GPU: a kernel for each part, and NAME(stream, go, dims..., uniforms' addresses..., buffers...), which launches them */
void print_kernel_cuda(Writer *, const Kernel *, const Target *);
void print_kernel_prototype_cuda(Writer *, const Kernel *, const Target *);
typedef struct Launch { /* of a part of a kernel */
	const char *name; /* of its function in the .cu */
	const char *blocks; /* how many, as C */
	int threads; /* of a block */
	int64_t shared; /* bytes of shared memory of a block */
} Launch;
Launch kernel_launch(Arena *, const Kernel *, const Target *, int part);
/* a size as C text over int64_t variables named as the dims and axes */
const char *size_c(Arena *, const Size *);
bool is_c_word(const char *); /* a keyword of C or C++, or a macro: no name of ours */
void print_kernel_text(Writer *, const Kernel *); /* for -d kernels */
/* ---- verify_schedule.c, verify_access.c: a schedule is legal if
 *   - par axes stand outside all others, lanes axes innermost, with unroll axes and stores only inside
 *   - thread axes stand in par and sequential ones, and in thread axes that have nothing else inside
 *   - bounds and indices speak of axes around them, bounds affinely; unroll and lanes axes have literal extents or a cut; cuts leave
 *     nothing over
 *   - buffers are declared before use, at their level or inside; stack and registers have literal extents; registers are indexed by
 *     unroll and lanes axes and sums of them
 *   - lanes that may go again are set to what does not depend on what they are set to
 *   - a store to what is declared outside a par, simd, thread or lanes axis keeps that axis (by an index, or by an index whose bounds speak of
 *     it), or folds lanes from registers; and what is stored there is read only at that axis
 *   - lanes have stride 1 or 0, no part in conditions and gathered indices, and rows with a vector form
 *   - parts without a barrier between them do not meet in a buffer */
const char *check_kernel(Arena *, const Kernel *); /* what is not legal, or NULL */
void verify_kernel(const Kernel *, const char *after); /* internal_error if something is not */

#endif
