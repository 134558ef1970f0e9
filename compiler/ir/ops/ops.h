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

typedef struct Eval Eval;

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
