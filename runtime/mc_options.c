/* mc_options.c -- the command line: general options, and every key and scalar argument of the
 * driver block */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mc_run.h"

static const struct {
	const char *name, *value, *help;
} general[] = {
	{"data", "DIR", "where the data files are; else data, /usr/share/datasets/*, models/data"},
	{"out", "DIR",
         "where states, pictures and logs go; predict: FILE.csv or FILE.npy takes the predictions"},
	{"out-file", "FILE", "predict: takes the predictions as .csv or .npy"},
	{"state", "FILE", "predict: the state, else OUT/best.npz; train: where it begins"},
	{"seed", "N", "of the initial values and all draws, else 1"},
	{"partial", NULL, "train: of --state only what the model shares with it"},
	{"resume", NULL, "train: go on from OUT/last.npz"},
	{"save-every", "N", "train: seconds between two states in OUT/last.npz, else 10; 0: each step"},
	{"trace", "N", "train: print the outputs of the first N steps"},
	{"quiet", NULL, "train: no lines for epochs"},
	{"help", NULL, "this text"},
};
enum { DATA, OUT, OUT_FILE, STATE, SEED, PARTIAL, RESUME, SAVE_EVERY, TRACE, QUIET, HELP, NGENERAL };

/* ---- the options that the tables make */

typedef struct Extra {
	char *option; /* "epochs" or "train_model.epochs" */
	const char *part, *name; /* part NULL: all */
	int file; /* an array of a predicted set: the value is a path */
} Extra;

typedef struct Extras {
	int n, cap;
	Extra *item;
} Extras;

static int is_general(const char *name)
{
	for (int i = 0; i < NGENERAL; i++)
		if (!strcmp(general[i].name, name))
			return 1;
	return 0;
}

static int add_option(Extras *e, const char *part, const char *name, int file)
{
	char option[512];
	snprintf(option, sizeof option, "%s%s%s", part ? part : "", part ? "." : "", name);
	if (is_general(option))
		return 1;
	for (int i = 0; i < e->n; i++)
		if (!strcmp(e->item[i].option, option))
			return 1;
	if (e->n == e->cap) {
		const int cap = e->cap ? 2 * e->cap : 64;
		Extra *item = realloc(e->item, (size_t)cap * sizeof *item);
		if (!item)
			return 0;
		e->item = item;
		e->cap = cap;
	}
	char *copy = strdup(option);
	if (!copy)
		return 0;
	e->item[e->n++] = (Extra){copy, part, name, file};
	return 1;
}

static int add_both(Extras *e, const char *part, const char *name)
{
	return add_option(e, NULL, name, 0) && add_option(e, part, name, 0);
}

/* the scalar arguments and the sizes that a function is called with */
static int add_arguments(Extras *e, const mc_run *run, const char *part, const mc_function *f)
{
	int ok = 1;
	for (int i = 0; f && i < f->nargs; i++)
		if (f->arg[i].type.rank == 0)
			ok = ok && add_both(e, part, f->arg[i].name);
	for (int i = 0; f && i < f->ndims; i++)
		ok = ok && add_both(e, part, run->model->dims[f->dim[i]].name);
	return ok;
}

static int collect(const mc_run *run, Extras *e)
{
	static const char *const of_fit[] = {"epochs", "patience", "patience_increase",
	                                     "improvement"};
	int ok = 1;
	for (int i = 0; i < run->driver->nparts; i++) {
		const mc_driver_part *p = &run->driver->parts[i];
		for (int k = 0; k < p->nkeys; k++)
			ok = ok && add_both(e, p->name, p->keys[k].name);
		if (p->kind == MC_DRIVER_FIT)
			for (size_t k = 0; k < sizeof of_fit / sizeof *of_fit; k++)
				ok = ok && add_both(e, p->name, of_fit[k]);
		if (p->kind >= MC_DRIVER_FIT)
			ok = ok &&
			     add_arguments(e, run, p->name, mc_run_function(run, p->function));
		if (p->kind == MC_DRIVER_PREDICT)
			ok = ok && add_both(e, p->name, "first") && add_both(e, p->name, "show");
		const mc_driver_key *set = p->kind == MC_DRIVER_PREDICT ? mc_run_key(p, "set")
		                                                        : NULL;
		for (int s = 0; set && s < run->driver->nparts; s++) {
			const mc_driver_part *q = &run->driver->parts[s];
			for (int k = 0; q->kind == MC_DRIVER_SET &&
			                !strcmp(q->name, set->names[0]) && k < q->nfiles;
			     k++)
				ok = ok && add_option(e, NULL, q->files[k].name, 1);
		}
	}
	return ok;
}

static void extras_free(Extras *e)
{
	for (int i = 0; i < e->n; i++)
		free(e->item[i].option);
	free(e->item);
}

/* ---- help */

static void help_keys(const mc_run *run, const mc_driver_part *p, FILE *to)
{
	static const char *const kinds[] = {"bind", "set", "fit", "predict", "picture"};
	fprintf(to, "\n%s %s\n", kinds[p->kind], p->name);
	for (int i = 0; i < p->nkeys; i++) {
		const mc_driver_key *k = &p->keys[i];
		int column = fprintf(to, "  --%s", k->name);
		fprintf(to, "%*s", column < 26 ? 26 - column : 1, "");
		for (int j = 0; j < k->n; j++)
			fprintf(to, "%s%s", j ? ", " : "",
			        k->number ? k->number[j].text : k->names[j]);
		fputc('\n', to);
	}
	const mc_function *f = mc_run_function(run, p->function);
	for (int i = 0; f && i < f->nargs; i++)
		if (f->arg[i].has_default && !mc_run_key(p, f->arg[i].name)) {
			const int column = fprintf(to, "  --%s", f->arg[i].name);
			fprintf(to, "%*s%g\n", column < 26 ? 26 - column : 1, "", f->arg[i].value);
		}
}

void mc_run_help(const mc_run *run, FILE *to)
{
	fprintf(to,
	        "usage: %s train|predict|info [options]\n\n"
	        "  train    trains the model%s%s\n"
	        "  predict  shows predictions of the best state, or writes them with --out-file\n"
	        "  info     shows the model's variables and functions\n\noptions\n",
	        run->program, run->driver->source ? " of " : "",
	        run->driver->source ? run->driver->source : "");
	for (int i = 0; i < NGENERAL; i++) {
		const int column = fprintf(to, "  --%s%s%s", general[i].name,
		                           general[i].value ? " " : "",
		                           general[i].value ? general[i].value : "");
		fprintf(to, "%*s%s\n", column < 26 ? 26 - column : 1, "", general[i].help);
	}
	for (int i = 0; i < run->driver->nparts; i++)
		if (run->driver->parts[i].kind >= MC_DRIVER_FIT)
			help_keys(run, &run->driver->parts[i], to);
	fprintf(to, "\nOf several parts with a key of one name, --PART.KEY speaks of one.\n");
}

/* ---- reading */

static int distance(const char *a, const char *b)
{
	int row[64], n = (int)strlen(b);
	if (n > 62 || strlen(a) > 62)
		return 99;
	for (int j = 0; j <= n; j++)
		row[j] = j;
	for (int i = 1; a[i - 1]; i++) {
		int diagonal = row[0];
		row[0] = i;
		for (int j = 1; j <= n; j++) {
			const int change = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			row[j] = row[j] + 1 < row[j - 1] + 1 ? row[j] + 1 : row[j - 1] + 1;
			if (change < row[j])
				row[j] = change;
		}
	}
	return row[n];
}

const char *mc_closest(const char *name, int n, const char *const *list)
{
	const char *best = NULL;
	int least = strlen(name) <= 3 ? 2 : strlen(name) <= 8 ? 3 : 4;
	for (int i = 0; i < n; i++) {
		const int d = distance(name, list[i]);
		if (d < least) {
			least = d;
			best = list[i];
		}
	}
	return best;
}

static int parse_number(const char *text, mc_number *n)
{
	char *end;
	*n = (mc_number){0};
	if (!*text)
		return 0;
	errno = 0;
	n->i = strtoll(text, &end, 10);
	if (!*end && !errno) {
		n->f = (double)n->i;
		return 1;
	}
	n->is_real = 1;
	n->f = strtod(text, &end);
	n->i = n->f >= -0x1p63 && n->f < 0x1p63 ? (int64_t)n->f : 0;
	return !*end && !isnan(n->f);
}

/* whether values of that name are names, not numbers: the block says, or it is one of the
 * driver's own */
static int takes_names(const mc_run *run, const char *part, const char *name)
{
	static const char *const own[] = {"set",    "watch",        "test", "watch_set", "test_set",
	                                  "ragged", "before_epoch", "show", "truth"};
	for (int i = 0; i < run->driver->nparts; i++) {
		const mc_driver_part *p = &run->driver->parts[i];
		const mc_driver_key *k = p->kind >= MC_DRIVER_FIT &&
		                                         (!part || !strcmp(part, p->name))
		                               ? mc_run_key(p, name)
		                               : NULL;
		if (k)
			return k->names != NULL;
	}
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (!strcmp(own[i], name))
			return 1;
	return 0;
}

static int add_setting(mc_run *run, const Extra *e, const char *text)
{
	mc_setting *all = realloc(run->setting, (size_t)(run->nsettings + 1) * sizeof *all);
	if (!all)
		return 0;
	run->setting = all;
	mc_setting *s = &all[run->nsettings++];
	*s = (mc_setting){0};
	s->part = e->part;
	s->name = e->name;
	const int names = takes_names(run, e->part, e->name);
	int n = 1;
	for (const char *c = text; *c; c++)
		n += *c == ',';
	s->names = names ? calloc((size_t)n, sizeof *s->names) : NULL;
	s->number = names ? NULL : calloc((size_t)n, sizeof *s->number);
	if (!s->names && !s->number)
		return 0;
	for (const char *c = text;; c++) {
		const size_t len = strcspn(c, ",");
		char *one = strndup(c, len);
		if (!one)
			return 0;
		if (names) {
			s->names[s->n++] = one;
		} else {
			const int ok = parse_number(!strcmp(one, "true")    ? "1"
			                            : !strcmp(one, "false") ? "0"
			                                                    : one,
			                            &s->number[s->n++]);
			if (!ok) {
				fprintf(stderr, "%s: --%s is \"%s\", expected a number\n",
				        run->program, e->option, one);
				free(one);
				return 0;
			}
			free(one);
		}
		c += len;
		if (!*c)
			return 1;
	}
}

/* getopt says no more than that there is something wrong with the option */
static void unknown_option(const mc_run *run, const Extras *e, const char *text)
{
	const char **list = calloc((size_t)(e->n + NGENERAL), sizeof *list);
	int n = 0;
	char name[128];
	const char *bare = text;
	while (*bare == '-')
		bare++;
	snprintf(name, sizeof name, "%.*s", (int)strcspn(bare, "="), bare);
	for (int i = 0; list && i < NGENERAL; i++)
		list[n++] = general[i].name;
	for (int i = 0; list && i < e->n; i++)
		list[n++] = e->item[i].option;
	for (int i = 0; i < n; i++) {
		if (!strcmp(list[i], name)) {
			fprintf(stderr,
			        "%s: option --%s: a value is missing, or there is one too many\n",
			        run->program, name);
			free(list);
			return;
		}
	}
	const char *meant = mc_closest(name, n, list);
	if (meant)
		fprintf(stderr, "%s: unknown option --%s; did you mean --%s?\n", run->program, name,
		        meant);
	else
		fprintf(stderr, "%s: unknown option --%s; --help lists them\n", run->program, name);
	free(list);
}

static int parse_count(const mc_run *run, const char *option, const char *text, int64_t *out)
{
	mc_number n;
	if (parse_number(text, &n) && !n.is_real && n.i >= 0) {
		*out = n.i;
		return 1;
	}
	fprintf(stderr, "%s: --%s is \"%s\", expected a whole number of at least 0, below 2^63\n", run->program,
	        option, text);
	return 0;
}

static int read_general(mc_run *run, int option, const char *value)
{
	int64_t n = 0;
	switch (option) {
	case DATA: run->data = value; return 1;
	case OUT:
		if (!strcmp(run->command, "predict") &&
		    (mc_ends_with(value, ".csv") || mc_ends_with(value, ".npy")))
			run->out_file = value;
		else
			run->out = value;
		return 1;
	case OUT_FILE: run->out_file = value; return 1;
	case STATE: run->state = value; return 1;
	case SEED:
		if (!parse_count(run, "seed", value, &n))
			return 0;
		run->seed = (uint64_t)n;
		return 1;
	case PARTIAL: run->partial = 1; return 1;
	case RESUME: run->resume = 1; return 1;
	case SAVE_EVERY: return parse_count(run, "save-every", value, &run->save_every);
	case TRACE: return parse_count(run, "trace", value, &run->trace);
	default: run->quiet = 1; return 1;
	}
}

static int read_all(mc_run *run, int argc, char **argv, const Extras *e, const struct option *table)
{
	/* the one place where getopt's globals are used; 0 makes it forget an earlier command line */
	optind = 0;
	opterr = 0;
	argc--;
	argv++;
	for (;;) {
		const int at = optind ? optind : 1,
			  found = getopt_long(argc, argv, "+:", table, NULL);
		if (found == -1)
			break;
		const int i = found - 256;
		/* whole names only: an abbreviation would change its meaning when a key is added
		 * to the block */
		if (i < 0 || strlen(table[i].name) != strcspn(argv[at] + 2, "=")) {
			unknown_option(run, e, argv[at]);
			return 2 + 1;
		}
		if (i == HELP) {
			mc_run_help(run, stdout);
			return 0 + 1;
		}
		if (i < NGENERAL) {
			if (!read_general(run, i, optarg))
				return 2 + 1;
		} else if (e->item[i - NGENERAL].file) {
			for (int f = 0; f < run->nsets; f++)
				for (int k = 0; k < run->set[f].part->nfiles; k++)
					if (!strcmp(run->set[f].part->files[k].name,
					            e->item[i - NGENERAL].name))
						run->set[f].replaced[k] = optarg;
		} else if (!add_setting(run, &e->item[i - NGENERAL], optarg)) {
			return 2 + 1;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "%s: unexpected \"%s\"; options are --name value\n", run->program,
		        argv[optind]);
		return 2 + 1;
	}
	if (run->partial && (!run->state || run->resume || strcmp(run->command, "train"))) {
		fprintf(stderr, "%s: --partial is for train --state FILE\n", run->program);
		return 2 + 1;
	}
	return 0;
}

int mc_run_options(mc_run *run, int argc, char **argv)
{
	static const char *const commands[] = {"train", "predict", "info"};
	if (argc < 2) {
		mc_run_help(run, stderr);
		return 2 + 1;
	}
	run->command = argv[1];
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help") || !strcmp(argv[1], "-h")) {
		mc_run_help(run, stdout);
		return 0 + 1;
	}
	if (strcmp(argv[1], "train") && strcmp(argv[1], "predict") && strcmp(argv[1], "info")) {
		const char *meant = mc_closest(argv[1], 3, commands);
		fprintf(stderr, "%s: unknown command %s%s%s%s; expected train, predict or info\n",
		        run->program, argv[1], meant ? ", did you mean " : "", meant ? meant : "",
		        meant ? "?" : "");
		return 2 + 1;
	}
	Extras e = {0};
	int status = 1 + 1;
	struct option *table = NULL;
	if (collect(run, &e))
		table = calloc((size_t)(NGENERAL + e.n + 1), sizeof *table);
	if (table) {
		for (int i = 0; i < NGENERAL + e.n; i++) {
			table[i].name = i < NGENERAL ? general[i].name
			                             : e.item[i - NGENERAL].option;
			table[i].has_arg = i < NGENERAL && !general[i].value ? no_argument
			                                                     : required_argument;
			table[i].val = 256 + i;
		}
		status = read_all(run, argc, argv, &e, table);
	} else {
		fprintf(stderr, "%s: out of memory\n", run->program);
	}
	free(table);
	extras_free(&e);
	if (!status && run->resume && run->state) {
		fprintf(stderr,
		        "%s: --resume begins with OUT/last.npz, --state with %s: give one of them\n",
		        run->program, run->state);
		status = 2 + 1;
	}
	return status;
}
