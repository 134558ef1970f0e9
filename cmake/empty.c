/* empty.c -- keeps the library of test helpers from being empty */
typedef int mc_empty;
