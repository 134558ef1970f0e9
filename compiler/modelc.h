/* modelc.h -- the program, as main and tests call it */
#ifndef MODELC_H
#define MODELC_H

/* its exit status; flags: of argp, which without ARGP_NO_EXIT ends the program after --help and what it does not know */
int modelc(int argc, char **argv, unsigned flags);

#endif
