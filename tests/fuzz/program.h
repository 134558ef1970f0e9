/* program.h -- programs of the model language to begin with */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "fuzz.h"

/* A program that is mostly right.  Its first line may be of options: "#! -O1 --floatX float64 -D n=3" */
void make_program(Input *, uint64_t *state);
extern const char *const program_words[];

#endif
