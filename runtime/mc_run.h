/* mc_run.h -- what the driver's files share: a run of the program NAME train|predict|info */
#ifndef MC_RUN_H
#define MC_RUN_H

#include "mc_data.h"
#include "mc_driver.h"

typedef struct mc_number { /* a value of a key */
	int is_real;
	int64_t i;
	double f; /* both ways */
} mc_number;

typedef struct mc_setting { /* a key or argument given on the command line */
	const char *part; /* "train_model", or NULL: of every part that has it */
	const char *name;
	int n;
	mc_number *number; /* NULL: it is names */
	char **names;
} mc_setting;

typedef struct mc_set { /* arrays for symbols, each in the type that functions take */
	const mc_driver_part *part;
	int loaded;
	const char **replaced; /* by part->files: a path from the command line, or NULL */
	mc_array *array; /* by part->files */
	int64_t rows; /* of those that a call's dim leads */
} mc_set;

typedef struct mc_run {
	const mc_driver *driver;
	const mc_model *model;
	const char *program, *command;

	/* options */
	const char *data, *out, *out_file, *state;
	uint64_t seed;
	int resume, partial, quiet;
	int64_t trace; /* the first steps whose outputs are printed */
	int64_t save_every; /* seconds */
	int nsettings;
	mc_setting *setting;

	char *folder; /* where the data was found */
	int64_t *dims; /* known sizes, 0: not known */
	mc_array *bound; /* by tensors */
	int nsets;
	mc_set *set;
	void *object;
	mc_error err; /* what went wrong; every function below that returns 0 has set it */
} mc_run;

/* mc_options.c */
/* 0: go on; else the program's exit status + 1 */
int mc_run_options(mc_run *, int argc, char **argv);
void mc_run_help(const mc_run *, FILE *);
const char *mc_closest(const char *name, int n,
                       const char *const *list); /* a likely misspelling's meaning, or NULL */

/* mc_keys.c: a part's keys, as the command line changes them */
const mc_function *mc_run_function(const mc_run *, const char *name);
const mc_driver_part *mc_run_prediction(const mc_run *); /* the block's predict, or NULL */
const mc_array *mc_run_truth(const mc_run *, const mc_driver_part *, const mc_set *); /* or NULL */
const mc_driver_key *mc_run_key(const mc_driver_part *, const char *name);
const mc_setting *mc_run_setting(const mc_run *, const mc_driver_part *, const char *name);
int mc_key_count(const mc_run *, const mc_driver_part *,
                 const char *name); /* values; 0: there is no such key */
const char **mc_key_names(const mc_run *, const mc_driver_part *, const char *name,
                          int *n); /* all of them, to be freed; n is 0 where there are none */
int mc_key_number(const mc_run *, const mc_driver_part *, const char *name, int i,
                  const mc_driver_env *, mc_number *);
int64_t mc_key_integer(const mc_run *, const mc_driver_part *, const char *name,
                       const mc_driver_env *, int64_t otherwise);
double mc_key_real(const mc_run *, const mc_driver_part *, const char *name, const mc_driver_env *,
                   double otherwise);
const char *mc_key_name(const mc_run *, const mc_driver_part *, const char *name,
                        int i); /* NULL: none */
/* every key that speaks of functions, outputs and sets names one that there is */
int mc_run_check(mc_run *);

/* mc_files.c: data to memory */
int mc_run_bind(mc_run *); /* the bind blocks: loads, and learns the sizes */
int mc_run_bind_object(mc_run *); /* hands the arrays to the object */
mc_set *mc_run_set(mc_run *, const char *name); /* loads it; NULL: failed */
const char *mc_run_status_text(const mc_run *, mc_status); /* of a call of the object's: with an error of the device, what that is */
int mc_run_create(mc_run *, const int64_t *most); /* the object, for calls up to these sizes */
void mc_run_free(mc_run *);

/* mc_call.c: a function, ready to be called again and again */
typedef struct mc_call {
	mc_run *run;
	const mc_function *f;
	const mc_driver_part *part; /* whose keys give the arguments */
	mc_set *set; /* whose rows do, or NULL */
	int lead; /* the dim that counts them, or -1 */
	int64_t batch; /* rows of the set at a time */
	int64_t *order; /* of the set's rows, or NULL: as they are */
	int64_t *dims; /* all of the model's, of the last call */
	int64_t *call_dims;
	int *file; /* by arguments: the set's file, or -1 */
	const void **arg;
	double *scalar; /* by arguments: room for a scalar */
	char **gathered; /* by arguments: rows in that order */
	void **out;
	mc_array *result; /* by outputs: sizes and memory of those wanted */
	int *wanted;
} mc_call;
int mc_call_open(mc_call *, mc_run *, const mc_driver_part *, const char *function, mc_set *,
                 int64_t batch);
void mc_call_close(mc_call *);
/* first_row: of the set; without a set it is ignored.  What it gives stands in result. */
int mc_call_run(mc_call *, const mc_driver_env *, int64_t first_row);
int64_t mc_call_rows(const mc_call *); /* of the last call; 0: not known */
int mc_call_most(mc_call *, int64_t *most); /* raises the sizes that the object must be made for */
int mc_call_output(const mc_function *, const char *name); /* -1: none */

/* mc_mean.c: a mean over calls, weighted by rows.  Where every value is a share of its rows, as
 * errors are, the rows are counted: then no order of summing and no rounding decides which of
 * two states is better. */
typedef struct mc_mean {
	double sum, weight;
	int64_t count, rows;
	int counted, calls;
} mc_mean;
void mc_mean_begin(mc_mean *);
void mc_mean_add(mc_mean *, const mc_array *value, int64_t rows);
double mc_mean_value(const mc_mean *);
const char *mc_mean_text(const mc_mean *, char *text,
                         size_t len); /* "14.8125 % (1,422 of 9,600)" or "0.43211" */
const char *mc_number_text(int64_t, char *text, size_t len); /* 9,600 */

/* mc_history.c: what a training has been through, for the curve and the log; kept in the last
 * state */
enum {
	MC_HIST_FIT,
	MC_HIST_EPOCH,
	MC_HIST_TOTAL,
	MC_HIST_TRAIN,
	MC_HIST_WATCH,
	MC_HIST_TEST,
	MC_HIST
};
typedef struct mc_history { /* a row an epoch; NaN where there is nothing */
	int n, cap;
	double (*row)[MC_HIST];
} mc_history;
int mc_history_add(mc_history *, const double row[MC_HIST]);
int mc_history_csv(const mc_run *, const mc_history *, const char *path, mc_error *);

/* mc_progress.c: a bar on a terminal, lines elsewhere */
typedef struct mc_progress {
	int terminal, shown;
	double begin, drawn; /* seconds */
	int64_t steps_before; /* of an earlier run, when resumed */
} mc_progress;
double mc_seconds(void); /* monotonic */
void mc_progress_begin(mc_progress *, int64_t steps_before);
/* draws the bar if it is time to: step of steps in this epoch, total of at most `most` steps */
void mc_progress_bar(mc_progress *, const char *label, int64_t step, int64_t steps, int64_t total,
                     double most, const char *value);
void mc_progress_clear(mc_progress *);

/* mc_confusion.c: what a prediction takes for what, counted over its set, where the block names
 * the classes and the truth */
typedef struct mc_confusion {
	const mc_driver_part *part;
	mc_call call;
	mc_set *set;
	const mc_array *truth;
	int n; /* classes; 0: there is nothing to count */
	const char **name;
	int64_t *count; /* [n, n]: by what is true, by what was predicted */
} mc_confusion;
int mc_confusion_open(mc_run *, mc_confusion *, const mc_driver_part *predict);
void mc_confusion_close(mc_confusion *);
int mc_confusion_run(mc_confusion *);
int mc_confusion_files(mc_confusion *); /* OUT/confusion.png and .csv */
void mc_confusion_print(const mc_confusion *);

/* mc_fit.c, mc_predict.c, mc_draw.c, mc_info.c: exit statuses */
int mc_run_train(mc_run *);
int mc_run_predict(mc_run *);
int mc_run_info(mc_run *);
/* mc_profile.c: where the time went, if the model measures that; 0: failed */
int mc_run_profile(mc_run *);
int mc_run_pictures(mc_run *, const mc_history *);
/* OUT/name in memory that the caller frees, the folder made; NULL: failed */
char *mc_run_path(mc_run *, const char *name);

#endif
