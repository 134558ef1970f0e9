/* mc_train.h -- what the files of the driver's training share: the fits, and where each is */
#ifndef MC_TRAIN_H
#define MC_TRAIN_H

#include "mc_run.h"

typedef struct mc_eval { /* what is watched or tested */
	mc_call call;
	int output; /* -1: nothing */
	const char *steps, *name; /* the key; function.output */
	mc_mean mean;
} mc_eval;

typedef struct mc_fit {
	const mc_driver_part *part;
	int number; /* among the parts */
	mc_call call, before;
	int has_before, loss; /* the output that is shown, -1: none */
	int shuffle, drop;
	mc_eval watch, test;
	int64_t steps, epochs;
	double patience, increase, improvement;
} mc_fit;

/* where the training is: what last.npz keeps */
typedef struct mc_state {
	double fit, epoch, step, total, patience, best, best_epoch;
	double sum, weight, calls, count, rows, counted; /* the mean of the epoch so far */
	double best_share[2], test_share[2]; /* counts of the best and of its test; -1: none */
	double test_value;
} mc_state;
enum { MC_STATE = sizeof(mc_state) / sizeof(double) };

typedef struct mc_train {
	mc_run *run;
	int nfits;
	mc_fit *fit;
	mc_state s;
	uint64_t shuffle; /* key */
	mc_history history;
	mc_progress progress;
	char *best, *last;
	double begin, saved; /* seconds */
	double seconds; /* spent so far, by earlier runs too */
	mc_mean mean; /* of the epoch's losses */
	mc_confusion confusion; /* of the best state */
} mc_train;

/* mc_fit.c: one fit */
int mc_fit_open(mc_run *, mc_fit *, const mc_driver_part *, int number);
void mc_fit_close(mc_fit *);
int mc_fit_most(mc_fit *, int64_t *most);
/* 1: the fit is over; 0: failed; 2: interrupted */
int mc_fit_run(mc_train *, mc_fit *);
/* the text of a value that was kept, as it was when it was a mean */
const char *mc_share_text(double value, const double share[2], char *text, size_t len);

/* mc_state.c: the training in a file, and back */
int mc_train_save(mc_train *, const char *path);
int mc_train_save_last(mc_train *);
int mc_train_resume(mc_train *);

/* mc_train.c */
int mc_train_interrupted(void);

#endif
