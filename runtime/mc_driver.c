/* mc_driver.c -- the program NAME train|predict|info */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mc_run.h"

static int begin(mc_run *run)
{
	const mc_driver *d = run->driver;
	for (int i = 0; i < d->nparts; i++)
		run->nsets += d->parts[i].kind == MC_DRIVER_SET;
	run->set = calloc((size_t)run->nsets + 1, sizeof *run->set);
	run->dims = calloc((size_t)run->model->ndims + 1, sizeof *run->dims);
	run->bound = calloc((size_t)run->model->ntensors + 1, sizeof *run->bound);
	if (!run->set || !run->dims || !run->bound)
		return 0;
	for (int i = 0, n = 0; i < d->nparts; i++) {
		const mc_driver_part *p = &d->parts[i];
		if (p->kind != MC_DRIVER_SET)
			continue;
		mc_set *s = &run->set[n++];
		s->part = p;
		s->array = calloc((size_t)p->nfiles + 1, sizeof *s->array);
		s->replaced = calloc((size_t)p->nfiles + 1, sizeof *s->replaced);
		if (!s->array || !s->replaced)
			return 0;
	}
	return 1;
}

/* the folder and those above it */
static int make_folders(char *path)
{
	for (char *c = path + 1;; c++) {
		if (*c != '/' && *c)
			continue;
		const char was = *c;
		*c = 0;
		const int failed = mkdir(path, 0777) != 0 && errno != EEXIST;
		*c = was;
		if (failed)
			return 0;
		if (!was)
			return 1;
	}
}

char *mc_run_path(mc_run *run, const char *name)
{
	const size_t n = strlen(run->out);
	char *path = malloc(n + strlen(name) + 2);
	if (!path) {
		mc_fail(&run->err, MC_NO_MEMORY, "out of memory");
		return NULL;
	}
	memcpy(path, run->out, n + 1);
	if (!n || !make_folders(path)) {
		mc_fail(&run->err, MC_IO, "cannot make the folder %s: %s", run->out,
		        n ? strerror(errno) : "it has no name");
		free(path);
		return NULL;
	}
	path[n] = '/';
	memcpy(path + n + 1, name, strlen(name) + 1);
	return path;
}

int mc_driver_main(const mc_driver *driver, int argc, char **argv)
{
	mc_run run = {0};
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	char out[300];
	run.driver = driver;
	run.model = driver->model;
	run.program = slash ? slash + 1 : argc > 0 ? argv[0] : driver->model->name;
	run.seed = 1;
	run.save_every = 10;
	snprintf(out, sizeof out, "out/%.280s", driver->model->name);
	run.out = out;
	int status = 1;
	if (!begin(&run)) {
		mc_fail(&run.err, MC_NO_MEMORY, "out of memory");
	} else {
		status = mc_run_options(&run, argc, argv) - 1;
		if (status < 0) {
			status = 1;
			if (!mc_run_check(&run))
				status = 2;
			else if (!strcmp(run.command, "train"))
				status = mc_run_train(&run);
			else if (!strcmp(run.command, "predict"))
				status = mc_run_predict(&run);
			else
				status = mc_run_info(&run);
		}
	}
	if (status == 0 && !mc_run_profile(&run))
		status = 1;
	if (*run.err.text)
		fprintf(stderr, "%s: %s\n", run.program, run.err.text);
	mc_run_free(&run);
	if (fflush(stdout) != 0 && status == 0) {
		fprintf(stderr, "%s: cannot write the output: %s\n", run.program, strerror(errno));
		status = 1;
	}
	return status;
}
