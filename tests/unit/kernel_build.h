/* kernel_build.h -- kernels written by hand as data */
#ifndef KERNEL_BUILD_H
#define KERNEL_BUILD_H

#include "kernel/kernel.h"

typedef struct Build {
	Arena *arena;
	int ids;
	DType real; /* of numbers and buffers that say no other */
	int lanes; /* of the machine's vectors, for schedules that ask */
} Build;

/* sizes */
const Size *num(Build *, int64_t);
const Size *ix(Build *, const Axis *);
const Size *plus(Build *, const Size *, const Size *);
const Size *minus(Build *, const Size *, const Size *);
const Size *times(Build *, const Size *, int64_t);
const Size *dim(Build *, const Dim *);
const Dim *new_dim(Build *, const char *name);

/* axes: 0 .. hi; of the current cut of another */
Axis *axis(Build *, const char *name, AxisKind, const Size *hi);
Axis *axis_n(Build *, const char *name, AxisKind, int64_t hi);
Axis *axis_of(Build *, const char *name, AxisKind, const Axis *cut_of);
void from(Build *, Axis *, const Size *lo); /* one more lower bound */
void upto(Build *, Axis *, const Size *hi); /* one more upper bound */
void cuts(Build *, Axis *, int n, const int64_t *);

/* buffers: extents are sizes; an entry of register buffers may be a cut */
typedef struct Side {
	const Size *size;
	const Axis *cut;
} Side;
Buffer *buffer(Build *, const char *name, DType, Where, int rank, const Side *);
#define SIDES(...) (const Side[]){__VA_ARGS__}
#define OF(size) ((Side){(size), NULL})
#define CUT(axis) ((Side){NULL, (axis)})

/* as many indices as the buffer has sides */
Access at(const Buffer *, ...);
Access at_row(const Buffer *, const Node *, const Size *); /* [gathered, index] */
Access when(Build *, Access, const Size *p, const Size *lo, const Size *hi, double other);

const Node *load(Build *, Access);
const Node *real(Build *, double);
const Node *uniform(Build *, const char *name);
const Node *index_node(Build *, const Size *);
const Node *node1(Build *, Op, const Node *);
const Node *node2(Build *, Op, const Node *, const Node *);
const Node *node3(Build *, Op, const Node *, const Node *, const Node *);
const Node *cast(Build *, DType, const Node *);

Item store(Build *, Access, StoreHow, const Node *);
Item declared(const Buffer *);
Item nest(Build *, Axis *, int n, const Item *);
/* axes nested in each other, the last around the items */
Item nests(Build *, int naxes, Axis *const *, int n, const Item *);
Item says(Item, const char *comment);
#define ITEMS(...) (int)(sizeof((Item[]){__VA_ARGS__}) / sizeof(Item)), (Item[]){__VA_ARGS__}
#define AXES(...) (int)(sizeof((Axis * []){__VA_ARGS__}) / sizeof(Axis *)), (Axis *[]){__VA_ARGS__}

Kernel *kernel(Build *, const char *name);
void kernel_dim(Build *, Kernel *, const Dim *);
void kernel_uniform(Build *, Kernel *, const char *name, DType);
Buffer *argument(Build *, Kernel *, const char *name, DType, bool read_only, int rank, const Side *);
void part(Build *, Kernel *, Item, bool barrier);

#endif
