/* mc_driver.h -- a model's `driver` block as tables, and the program `NAME train|predict|info`
 * that runs them
 *
 * The compiler writes the tables in the order of the block and has checked their names; the
 * driver knows no model.
 *
 *      static int64_t fit_steps(const mc_driver_env *e) { return e->dims[1] / 600; }
 *      static const mc_driver_number steps[] = {{"n_train // batch_size", fit_steps, NULL}};
 *      static const char *const watch[] = {"validate_model.errors"};
 *      static const mc_driver_key keys[] = {{"steps", 1, steps, NULL}, {"watch", 1, NULL, watch}};
 *      static const mc_driver_part parts[] = {
 *              {MC_DRIVER_BIND, NULL, NULL, 6, bind_files, 0, NULL},
 *              {MC_DRIVER_FIT, "train_model", "train_model", 0, NULL, 2, keys},
 *      };
 *      static const mc_driver driver = {&NAME_model, "models/NAME.model", 2, parts};
 *      int main(int argc, char **argv) { return mc_driver_main(&driver, argc, argv); } */
#ifndef MC_DRIVER_H
#define MC_DRIVER_H

#include "mc.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mc_driver_env {
	const int64_t *dims; /* of the model, in order; 0 while unknown */
	int64_t step, epoch, total; /* all from 0 */
} mc_driver_env;

/* A scalar of the block: an integer or a real expression (bool: an integer), the other pointer
 * is NULL */
typedef struct mc_driver_number {
	const char *text; /* as written */
	int64_t (*integer)(const mc_driver_env *);
	double (*real)(const mc_driver_env *);
} mc_driver_number;

typedef struct mc_driver_key { /* `name = value`: scalars (lists have several), or names */
	const char *name;
	int n;
	const mc_driver_number *number; /* n of them, or NULL */
	const char *const *names; /* n of them, or NULL: "test", "validate_model.errors" */
} mc_driver_key;

typedef struct mc_driver_file { /* name = "path"[lo : hi] */
	const char *name; /* the data, or the symbol */
	const char *path;
	const mc_driver_number *lo, *hi; /* NULL: from the begin, to the end */
} mc_driver_file;

typedef enum mc_driver_kind {
	MC_DRIVER_BIND,
	MC_DRIVER_SET,
	MC_DRIVER_FIT,
	MC_DRIVER_PREDICT,
	MC_DRIVER_PICTURE
} mc_driver_kind;

typedef struct mc_driver_part {
	mc_driver_kind kind;
	const char *name; /* of a set; as written after fit, predict, picture */
	const char *function; /* FIT, PREDICT, PICTURE: its name in the model's table */
	int nfiles;
	const mc_driver_file *files; /* BIND, SET */
	int nkeys;
	const mc_driver_key *keys; /* FIT, PREDICT, PICTURE */
} mc_driver_part;

typedef struct mc_driver {
	const mc_model *model;
	const char *source; /* the .model file, for --help */
	int nparts;
	const mc_driver_part *parts;
} mc_driver;

/* The program: its exit status is 0, 1 (a message was printed), 2 (usage) or 130 (stopped by
 * Ctrl-C, resumable) */
int mc_driver_main(const mc_driver *, int argc, char **argv);

#ifdef __cplusplus
}
#endif
#endif
