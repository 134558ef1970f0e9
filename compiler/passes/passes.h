/* passes.h -- from graph to graph: differentiation and rewriting
 *
 * A pass reads a const graph and builds another in the arena it is given; the pipeline checks what
 * it needs, verifies what it built, and frees what it read.  Most passes are a rule handed to
 * rewrite(), and a rule is a list of named rewrites. */
#ifndef PASSES_H
#define PASSES_H

#include "../ir/ir.h"

typedef struct PassOptions {
	DType floatX;
	int level;		/* 0..3 */
	bool lanes;		/* for machines whose vectors have lanes */
	const char *dump;	/* a pass, "all", or NULL */
	const char *stop_after; /* a pass or NULL */
	int64_t max_nodes; /* of a graph; 0: no limit */
} PassOptions;

/* What can be said of a graph as a whole. */
typedef enum Form {
	UNFOLDED = 1, /* constants stand as they were written: 800 is not yet exp(800) */
	STABLE = 2,
	NO_GRADS = 4, /* no OP_grad */
	CANONICAL = 8
} Form;

/* The named rewrites: rewrites.def has a row for each.  Which fired how often is counted for each
 * function. */
typedef enum RewriteName {
#define REWRITE(name, text) REWRITE_##name,
#include "rewrites.def"
#undef REWRITE
	REWRITE_COUNT
} RewriteName;
const char *rewrite_name(RewriteName);

typedef struct PassCx {
	Arena *out; /* where the new graph goes */
	Diag *diag;
	const PassOptions *options;
	const Func *func;
	int *fired; /* by RewriteName */
	bool differentiated; /* no formula of the model's is left to be brought into shape for gradients */
	const int *uses; /* within rules: of the old graph's nodes, by id, as of Rewrite */
} PassCx;
typedef Graph *Pass(PassCx *, const Graph *);

#define PASS(name, level, needs, gives, takes, text) Graph *pass_##name(PassCx *, const Graph *);
#include "passes.def"
#undef PASS

/* ---- pipeline.c */
/* f->graph goes through the passes and stays in the model's arena; what options->dump names is
 * printed.  False after an error. */
bool run_passes(Model *, Func *, const PassOptions *, Diag *, Writer *dumps);
/* the same, adding to fired[REWRITE_COUNT] how often each rewrite did */
bool run_passes_counted(Model *, Func *, const PassOptions *, Diag *, Writer *dumps, int *fired);
void list_passes(FILE *);
bool pass_exists(const char *name);

#endif
