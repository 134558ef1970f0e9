/* print_c.h -- what the files of the C printer share
 *
 *      print_c.c   kernels, loops, items                     stage_c.c   runs of stores: tiles, locals
 *      scope_c.c   names, axes and buffers in scope          declare_c.c where a buffer is declared
 *      cuts_c.c    axes in falling steps                     fold_c.c    sums over lanes
 *      place_c.c   which value stands where in a tile        node_c.c    values as expressions
 *      row_c.c     rows of the op table                      size_c.c    sizes as expressions
 *      text_c.c    precedence, statements, layout of lines   form.c      walking kernels
 *      print_cuda.c blocks, threads, launches */
#ifndef PRINT_C_H
#define PRINT_C_H

#include "kernel.h"

/* ---- text_c.c */
const char *dim_c(const Dim *); /* the name of a dim in C */
typedef enum Prec {
	PREC_TERNARY = 1,
	PREC_OR,
	PREC_AND,
	PREC_BITOR,
	PREC_BITXOR,
	PREC_BITAND,
	PREC_EQUAL,
	PREC_LESS,
	PREC_SHIFT,
	PREC_SUM,
	PREC_PRODUCT,
	PREC_UNARY,
	PREC_ATOM
} Prec;
typedef struct Text {
	const char *s;
	int prec;
} Text;
/* in parentheses if its operators bind less than prec */
const char *text_in(Arena *, Text, int prec);

typedef struct Stmt Stmt;
struct Stmt {
	const char *text; /* a line; of a block: what stands before its brace, "" for a plain block */
	bool block;
	bool declares; /* needs a block around it */
	bool buffer; /* declares a buffer: a comment on what fills it goes above */
	const char *digit; /* declares this name, one of several that a flat index stands for */
	VEC(Stmt *) body;
	int taken; /* names in scope before it */
	int depth; /* of what is in it */
};
void print_stmt(Writer *, Arena *, const Stmt *, int depth, int braces); /* depth: tabs beside those for open braces */
/* "head(a, b, c)tail", broken after a comma where a line would be over 100 columns; indent: columns before it */
const char *wrap_list(Arena *, const char *head, int n, const char *const *item, const char *tail, int indent);

typedef struct AxisName { /* an axis in scope */
	int id;
	const Axis *axis;
	const char *name;
	const Size *value; /* stands for it everywhere: axes of one iteration, lanes */
	bool at_least_0;
	int64_t step; /* the current cut, the largest one of a function of several; 0: none */
	int64_t step_gcd; /* what divides all of them */
	int64_t most; /* iterations from 0, if that is a number; else 0 */
	const char *step_c; /* the cut as C: "16", "i_step" */
} AxisName;

typedef struct BufferName {
	const Buffer *buffer;
	const char *name;
	bool pointer; /* a scalar, here by its address */
} BufferName;

typedef struct Pending {
	const Buffer *buffer;
	bool once; /* no other store writes it */
} Pending;

typedef struct CPrinter {
	Arena *arena;
	const Kernel *kernel;
	const Target *target;
	VEC(const char *) taken;
	VEC(AxisName) axes;
	VEC(BufferName) buffers;
	VEC(const char *) functions; /* texts of tile functions, in the order they must stand */
	VEC(const char *) function_names;
	Stmt *out; /* the block being filled */
	int depth; /* of the block being filled, for the width of lines */
	int next_axis; /* ids for axes the printer makes */
	VEC(const Buffer *) summands; /* buffers with elements that the kernel adds */
	VEC(Pending) pending; /* scalars that their first store declares */
	VEC(const Buffer *) flat; /* arrays with indices that may leave a row: of one dimension */
	bool found_flat; /* one more of them: print again */
	/* for a GPU */
	int part, threads; /* the part that is printed, and its threads of a block */
	bool in_block, in_thread;
	VEC(const char *) uniform_at; /* addresses of uniforms */
	VEC(const Item *) open; /* nests of threads since the last barrier */
} CPrinter;

/* ---- scope_c.c */
void line(CPrinter *, const char *fmt, ...) PRINTF(2, 3);
void declare_local(CPrinter *, const char *fmt, ...) PRINTF(2, 3);
Stmt *open_block(CPrinter *, const char *fmt, ...) PRINTF(2, 3); /* gives the block around it, for close_block */
void close_block(CPrinter *, Stmt *outer);
const char *fresh_name(CPrinter *, const char *wish); /* in scope until names are dropped again */

AxisName *axis_name(CPrinter *, int id);
const BufferName *buffer_name(CPrinter *, const Buffer *);
void bind_axis(CPrinter *, AxisName);
const char *step_of(CPrinter *, const Axis *, int64_t *step); /* the current cut of an axis */
int64_t extent_max(CPrinter *, const Extent *); /* literal: a size, or the largest current cut; -1 if it is none */

/* ---- size_c.c */
const Size *resolve_axes(CPrinter *, const Size *); /* axes that stand for something put in */
Text size_in(CPrinter *, const Size *);
bool at_least_0(CPrinter *, const Size *);
const char *inner_axis(CPrinter *, const Size *); /* the axis of it that was opened last, as C; NULL: none */
const char *bound_c(CPrinter *, int n, const Size *const *, bool max);
const Size *single_bound(CPrinter *, int n, const Size *const *, bool max); /* the one that decides, if that is known, else NULL; of none: 0 */

/* ---- declare_c.c */
bool is_flat(const CPrinter *, const Buffer *);
void declare_buffer(CPrinter *, const Buffer *);
bool mentions(const Item *, const Buffer *);
bool waits_for_store(const Item *, int n); /* item[0] declares a scalar, and a store after it can do that */
void declare_later(CPrinter *, const Item *, int n);
/* "[10][64]", and the type of an element: a vector where registers have lanes */
const char *buffer_ctype(CPrinter *, const Buffer *, const char **type);

/* ---- print_c.c */
const char *lo_c(CPrinter *, const Axis *);
const char *hi_c(CPrinter *, const Axis *);
bool begins_at_least_0(CPrinter *, const Axis *);
void print_items(CPrinter *, const Item *, int n);
void print_nest(CPrinter *, const Nest *);
const char *body_text(CPrinter *, const Stmt *); /* "{ ... }" */
bool has_word(const char *text, const char *word); /* outside of comments */
const Names *words_of(Arena *, const char *text); /* all of them, where many are looked for */

CPrinter *printer_of(Arena *, const Kernel *, const Target *);
const Stmt *print_parts(CPrinter *); /* all, or for a GPU one */

/* ---- print_cuda.c */
enum { MAX_RUN = 16 };
bool print_nest_cuda(CPrinter *, const Nest *); /* blocks and threads; false: it is neither */
void print_barrier(CPrinter *, const Item *, int n); /* after a nest of threads, where what follows meets it */

/* ---- cuts_c.c */
void print_cuts(CPrinter *, const Nest *);
void print_apart(CPrinter *, const Nest *);

/* ---- cost.c: the most steps of unrolled loops, all of them at once, that compute functions of that type, such as exp */
int64_t unrolled_functions(Arena *, const Item *, DType);

/* ---- stage_c.c: a run of stores inside the unroll and lanes axes of a tile, outermost first */
bool is_literal(const char *count); /* of a loop: a number, not the name of a step */
int vector_width(const CPrinter *, DType, int64_t extent, const Axis *cut); /* the machine's, or the part of it that fits the cut of that axis, or NULL */
void print_stage(CPrinter *, int naxes, const Axis *const *axis, int nstores, const Store *const *store);

/* ---- node_c.c */
enum { MAX_TILE = 8 };
typedef struct NodeInfo {
	const Node *node;
	int uses; /* in expressions, twice where a row names its operand twice */
	int root_uses; /* of those, as the whole value of a store */
	bool is_index; /* some access is gathered by it */
	uint32_t deps; /* bit i: loop i of the tile */
	bool vector;
	bool ordered; /* reads what a store of the stage writes */
	int depth; /* how many of the tile's loops are around it */
	uint32_t rest; /* the other loops it depends on */
	const char *name; /* the local that holds it, with its indices; NULL: written where it is used */
	bool rounded; /* a product that is added to elsewhere: no multiply-add may absorb it */
	int fused; /* 1 + which operand of a sum is a product that mc_fma takes in; 0: none */
	int nargs;
	int arg[3]; /* numbers of its operands */
	int gathered[MAX_RANK]; /* of its indices, -1: none */
	Text text; /* while names are given: its expression, if that was asked for */
} NodeInfo;

typedef struct Stage {
	CPrinter *p;
	int nloops;
	struct {
		int id; /* of the axis */
		const char *name;
		const char *count; /* as C */
		int64_t most;
	} loop[MAX_TILE];
	int lane_id; /* the lanes axis; -1: none */
	const char *lane_loop; /* name of its loop over vectors; NULL: one vector */
	int width; /* elements of a vector; 1: none */
	VEC(NodeInfo) nodes; /* operands first */
	bool naming; /* nodes get names: the expressions of those before are as they will be */
	int nstores;
	const Store *const *store;
	VEC(const char *) outside; /* locals declared outside its loops */
	int *root; /* the number of each store's value */
	bool *fused; /* a store that adds a product: by mc_fma */
	int (*target_gathered)[MAX_RANK]; /* of its target's indices, -1: none */
} Stage;

/* place_c.c: collects the nodes of the stores, and says where each stands and which get a name */
void place_nodes(Stage *);
/* fold_c.c */
void print_fold(Stage *, const Store *);
/* node_c.c */
Text node_c(Stage *, int node);
Text node_use(Stage *, int node); /* its name, or its expression */
/* product + other, or - where minus, as mc_fma; of vectors where vector */
Text fma_c(Stage *, int product, bool minus, Text other, bool vector);
const char *node_ctype(Stage *, const NodeInfo *);
/* an element, or the address of a vector in memory, or a vector in registers */
Text address_of(Arena *, const char *element); /* of p[j][0] it is p[j] */
Text access_c(Stage *, const Access *, const int *gathered, bool vector);
const char *preds_c(Stage *, int n, const Pred *);
bool size_speaks_of(const Size *, int axis_id);
bool access_speaks_of(const Access *, int axis_id);
bool node_speaks_of(const Node *, int axis_id); /* also what gathers and conditions in it do */
bool is_byte_load(const Node *); /* floats of bytes, which vectors load at once */
Text number_c(Arena *, DType, double f, int64_t i);
Text random_c(Arena *, const Node *, Text element, const char *loop); /* of a NODE_RANDOM */
const char *vector_suffix(Stage *, DType); /* "f32x16" */
/* a row of the op table over C texts; a vector: of `width` elements */
Text row_c(Arena *, Op, DType result, DType operand, int n, const Text *arg, const char *vector);
bool row_names_twice(Op, DType operand, int arg);

/* ---- handed_c.c */
bool is_handed_over(const CPrinter *, const Buffer *); /* from one thread to another, inside the kernel */

/* ---- form.c: walking kernels */
typedef struct Visitor {
	void *data;
	void (*size)(void *, const Size *);
	void (*access)(void *, const Access *, bool store);
	void (*node)(void *, const Node *);
	void (*axis)(void *, const Axis *);
	void (*declared)(void *, const Buffer *);
} Visitor;
void visit_items(const Visitor *, const Item *, int n);
void visit_value(const Visitor *, const Node *);
void visit_size_atoms(const Size *, void (*f)(void *, const Atom *), void *);
bool extent_const(const Extent *, int64_t *);
bool same_buffer(const Buffer *, const Buffer *); /* the same one, or arguments of one name */

#endif
