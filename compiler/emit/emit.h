/* emit.h -- a model as C: NAME.h, NAME.c and the program NAME_driver.c */
#ifndef EMIT_H
#define EMIT_H

#include "../kernel/plan.h"

typedef struct EmitOptions {
	const char *out_dir;
	bool driver; /* also NAME_driver.c */
	bool standalone; /* what is needed of the runtime inside NAME.c; no BLAS */
	bool line_directives;
	bool dispatch; /* code for several instruction sets, chosen when an object is placed */
	bool profile; /* functions measure their steps */
	bool depend; /* also NAME.d, a rule for make: what was written needs what was read */
	bool blas, threads;
	bool cuda; /* NAME.cu in place of NAME.c */
	int64_t max_bytes; /* 0: no limit */
	Writer *report; /* the plan instead of files, or NULL */
	ReportOptions of_report; /* gpu is set here */
	Writer *kernels; /* the kernels as text instead of files, or NULL */
} EmitOptions;

/* ---- emit.c: the stage.  False after an error (it is in diag); files are written whole or not at all. */
bool emit_model(Arena *, const Model *, const EmitOptions *, Diag *);

/* the same texts without files */
typedef struct ModelText {
	const char *header, *code, *driver, *depend; /* the last two: NULL where they are not wanted */
} ModelText;
bool emit_text(Arena *, const Model *, const EmitOptions *, Diag *, ModelText *);

/* the runtime's headers, compiled in by cmake/embed.cmake: "mc_math" */
extern const EmbeddedFile runtime_files[];

#endif
