/* ops.h -- what the file of a structural op gives, and what it may use */
#ifndef OPS_H
#define OPS_H

#include "../ir.h"

/* What a shape rule sees. */
typedef struct Shape {
	Arena *arena;
	int nin;
	const Type *const *in;
	const Attr *attr;
	const Type *said; /* the type the builder was given, or NULL */
	int nregions;
	Graph *const *region;
	const char *why; /* why not */
} Shape;
const Type *misfit(Shape *, const char *fmt, ...) PRINTF(2, 3); /* sets why; NULL */
bool is_index(const Type *); /* an int64 scalar */
/* shared.c: what a slice and set_slice, gather and the scatters have in common */
bool slice_fits(Shape *, const Type *whole, const Type *part, int nfixed);
const Type *gathered_type(Shape *, const Type *x, const Type *const *index, int nindices);

/* Shows an op's attributes one by one: to print, read or copy them. */
typedef struct AttrVisit AttrVisit;
struct AttrVisit {
	Arena *arena;
	const Type *type;
	int nin;
	const Type *const *in;
	/* n: how many; -1: one, not a list.  Each may be NULL. */
	void (*integers)(AttrVisit *, const char *name, int n, int64_t *);
	void (*sizes)(AttrVisit *, const char *name, int n, const Size **);
	void (*axes)(AttrVisit *, const char *name, uint32_t *); /* bit i: axis i */
	void (*number)(AttrVisit *, const char *name, double *);
	void (*word)(AttrVisit *, const char *name, int n, const char *const *words, int *which);
	void (*arg)(AttrVisit *, const FuncArg **);
	void (*var)(AttrVisit *, const Var **);
	void (*extension)(AttrVisit *, const struct Extern **);
};
void visit_int(AttrVisit *, const char *name, int *);
void visit_int64(AttrVisit *, const char *name, int64_t *);
void visit_bool(AttrVisit *, const char *name, bool *);
void visit_int8s(AttrVisit *, const char *name, int n, int8_t *);
void visit_int64s(AttrVisit *, const char *name, int n, int64_t *);
void visit_number(AttrVisit *, const char *name, double *);
void visit_size(AttrVisit *, const char *name, const Size **);
void visit_sizes(AttrVisit *, const char *name, int n, const Size **);

/* What naive evaluation has at hand: eval.c. */
typedef struct Eval {
	Arena *arena;
	const EvalInput *input;
	Array *const *params; /* of the region at hand */
	uint32_t loop; /* which steps of the loops around this is, for random bits */
} Eval;
Array **eval_graph(Eval *, const Graph *); /* its results */
Array *eval_array(Eval *, const Type *); /* zeros */
Array *eval_tuple(Eval *, int n, Array *const *item);
Array *array_copy(Arena *, const Array *);
int64_t eval_size(Eval *, const Size *, Array *const *in); /* in: what ATOM_INPUT speaks of, or NULL */
void put_element(Array *to, int64_t at, const Array *from, int64_t i);
void put_number(Array *to, int64_t at, double value, double magnitude); /* rounded; only of floats */
int64_t flat_index(const Array *, const int64_t *index);
bool next_index(int rank, const int64_t *size, int64_t *index); /* in row-major order; false after the last, at 0s again */
bool array_less(const Array *, int64_t i, int64_t j); /* rising, NaN last */
double round_to(DType, long double); /* eval_elem.c */
int64_t wrap_to(DType, uint64_t bits);
Array *eval_elementwise(Eval *, const Val *, Array *const *in);
/* shared.c: where element `at` of a slice stands in what it is of */
void sliced_index(Eval *, const Val *, Array *const *in, const int64_t *at, int64_t *from);
void sort_axis(const Array *, int axis, bool falling, int64_t *at, int64_t *order);
/* a gather's or scatter's element that index[k] of the part names; -1: outside, unless `nearest` */
int64_t gathered_index(const Val *, const Array *x, const int64_t *index, Array *const *indices, bool nearest);

typedef struct StructuralOp {
	OpInfo info;
	const Type *(*shape)(Shape *);
	void (*attr)(AttrVisit *, Attr *); /* NULL: has none */
	Array *(*eval)(Eval *, const Val *, Array *const *in);
} StructuralOp;

#define OP(op) extern const StructuralOp op_##op;
#include "../structural.def"
#undef OP

const StructuralOp *structural_op(Op); /* NULL: elementwise */
const Type *elementwise_type(Shape *, Op); /* elementwise.c */
const Type *infer_type(Shape *, Op); /* op.c; NULL and why */

#endif
