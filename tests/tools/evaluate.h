/* evaluate.h -- what the files of the evaluator share */
#ifndef EVALUATE_H
#define EVALUATE_H

#include "ir/ir.h"

/* FILE.model [float64] [-D NAME=VALUE ...]; gradients are expanded.  NULL after an error, which is said. */
Model *read_program(Arena *, int argc, char **argv);

#endif
