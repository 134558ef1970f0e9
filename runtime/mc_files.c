/* mc_files.c -- the driver's data: finds the files, cuts their rows, gives them the types that
 * the model declares */
#define _DEFAULT_SOURCE
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mc_run.h"

/* ---- where the files are */

static char *join(const char *folder, const char *name, const char *end, size_t cut)
{
	const size_t n = strlen(folder), m = strlen(name) - cut, k = strlen(end);
	char *path = malloc(n + m + k + 2);
	if (path) {
		memcpy(path, folder, n);
		size_t at = n;
		if (n && folder[n - 1] != '/')
			path[at++] = '/';
		memcpy(path + at, name, m);
		memcpy(path + at + m, end, k + 1);
	}
	return path;
}

/* the file's own name, without the ":array" of "file.npz:array" */
static size_t file_part(const char *path)
{
	const char *colon = strrchr(path, ':');
	return colon && !strchr(colon, '/') && colon != path ? (size_t)(colon - path)
	                                                     : strlen(path);
}

/* The path in a folder as it is there, with or without .gz; NULL: it is not */
static char *find_in(const char *folder, const char *name)
{
	const size_t len = file_part(name), cut = strlen(name) - len;
	const int gz = len > 3 && !strncmp(name + len - 3, ".gz", 3);
	char *path = join(folder, name, "", cut);
	if (path && access(path, R_OK) != 0) {
		free(path);
		path = gz ? join(folder, name, "", cut + 3) : join(folder, name, ".gz", cut);
	}
	if (!path || access(path, R_OK) != 0) {
		free(path);
		return NULL;
	}
	if (cut) {
		char *whole = join("", path, name + len, 0);
		free(path);
		path = whole;
	}
	return path;
}

/* the first named file that a folder lacks, NULL: it has all */
static const char *lacks(const mc_run *run, const char *folder)
{
	for (int i = 0; i < run->driver->nparts; i++) {
		const mc_driver_part *p = &run->driver->parts[i];
		for (int k = 0; k < p->nfiles; k++) {
			if (*p->files[k].path == '/')
				continue;
			char *path = find_in(folder, p->files[k].path);
			if (!path)
				return p->files[k].path;
			free(path);
		}
	}
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	return strcmp(*x, *y);
}

/* a folder below `above` that has all files, the first by name */
static char *search_below(const mc_run *run, const char *above)
{
	DIR *d = opendir(above);
	char **names = NULL, *found = NULL;
	size_t n = 0;
	for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
		char **more = *e->d_name == '.' ? NULL : realloc(names, (n + 1) * sizeof *names);
		if (more) {
			names = more;
			names[n++] = join(above, e->d_name, "", 0);
		}
	}
	if (d)
		closedir(d);
	if (n)
		qsort(names, n, sizeof *names, by_name);
	for (size_t i = 0; i < n; i++) {
		if (!found && names[i] && !lacks(run, names[i]))
			found = names[i];
		else
			free(names[i]);
	}
	free(names);
	return found;
}

static int find_folder(mc_run *run)
{
	if (run->folder)
		return 1;
	if (run->data) {
		const char *name = lacks(run, run->data);
		if (name) {
			mc_fail(&run->err, MC_IO, "cannot find %s in %s, neither with .gz nor without",
			        name, run->data);
			return 0;
		}
		run->folder = join("", run->data, "", 0);
	} else if (!lacks(run, "data")) {
		run->folder = join("", "data", "", 0);
	} else if (!(run->folder = search_below(run, "/usr/share/datasets")) &&
	           !lacks(run, "models/data")) {
		run->folder = join("", "models/data", "", 0);
	}
	if (!run->folder) {
		const char *name = lacks(run, "models/data");
		mc_fail(&run->err, MC_IO,
		        "cannot find %s in data, /usr/share/datasets/* or models/data; --data DIR says where it is",
		        name ? name : "the data");
	}
	return run->folder != NULL;
}

/* ---- from a file to an array of the declared type */

/* Gives the array the type's sizes and dtype.  A dim not known yet is learnt, but not `lead`,
 * whose size is the array's own. */
static int adapt(mc_run *run, mc_array *a, const mc_type *t, int lead, const char *what)
{
	char have[160], want[160];
	mc_array w;
	int64_t size[MC_MAX_RANK], learnt[MC_MAX_RANK];
	int whole = a->rank == t->rank, unknown = 0;
	for (int i = 0; i < t->rank; i++) {
		const int dim = t->size[i] < 0 && t->size[i] != MC_FORMULA ? (int)(-1 - t->size[i])
		                                                           : -1;
		learnt[i] = -1;
		size[i] = t->size[i] >= 0 ? t->size[i]
		        : dim < 0         ? t->formula(run->dims, i)
		                          : run->dims[dim];
		if (dim >= 0 && (dim == lead || run->dims[dim] == 0)) {
			learnt[i] = dim;
			unknown += i > 0;
			size[i] = i < a->rank ? a->size[i] : 0;
		}
	}
	for (int i = 0; whole && i < t->rank; i++)
		whole = size[i] == a->size[i];
	/* other trailing sizes of the same product */
	if (!whole && !unknown && t->rank > 0 && a->rank > 0 && size[0] == a->size[0] &&
	    mc_array_shape(&w, a->dtype, t->rank, size) && w.count == a->count) {
		w.data = a->data;
		*a = w;
		whole = 1;
	}
	if (!whole) {
		w = (mc_array){0};
		w.dtype = t->dtype;
		w.rank = t->rank;
		memcpy(w.size, size, sizeof w.size);
		mc_fail(&run->err, MC_MISMATCH, "%s is %s, expected %s", what,
		        mc_array_text(a, have, sizeof have), mc_array_text(&w, want, sizeof want));
		return 0;
	}
	for (int i = 0; i < t->rank; i++)
		if (learnt[i] >= 0 && learnt[i] != lead)
			run->dims[learnt[i]] = a->size[i];
	return mc_array_convert(a, t->dtype, what, &run->err) == MC_OK;
}

/* files as they are, while several rows of one are taken */
typedef struct Loaded {
	char *path;
	mc_array array;
} Loaded;
typedef struct Cache {
	int n;
	Loaded item[16];
} Cache;

static void cache_free(Cache *c)
{
	for (int i = 0; i < c->n; i++) {
		free(c->item[i].path);
		mc_array_free(&c->item[i].array);
	}
	c->n = 0;
}

static const mc_array *cache_load(mc_run *run, Cache *c, char *path)
{
	for (int i = 0; i < c->n; i++)
		if (!strcmp(c->item[i].path, path)) {
			free(path);
			return &c->item[i].array;
		}
	if (c->n == (int)(sizeof c->item / sizeof *c->item))
		cache_free(c);
	Loaded *l = &c->item[c->n];
	if (mc_data_load(path, &l->array, &run->err) != MC_OK) {
		free(path);
		return NULL;
	}
	l->path = path;
	c->n++;
	return &l->array;
}

static int64_t bound_of(const mc_driver_number *n, const mc_run *run, int64_t otherwise,
                        int64_t rows)
{
	const mc_driver_env env = {run->dims, 0, 0, 0};
	if (!n)
		return otherwise;
	const int64_t i = n->integer ? n->integer(&env) : (int64_t)n->real(&env);
	return i < 0 ? i + rows : i;
}

/* `replaced`: a path from the command line, taken as it is and whole.  what: "image (FILE)", for messages */
static int load_file(mc_run *run, Cache *c, const mc_driver_file *f, const char *replaced,
                     mc_array *out, char *what, size_t len)
{
	char *path;
	if (replaced || *f->path == '/')
		path = join("", replaced ? replaced : f->path, "", 0);
	else
		path = find_folder(run) ? find_in(run->folder, f->path) : NULL;
	if (!path) {
		if (!*run->err.text)
			mc_fail(&run->err, MC_IO, "cannot find %s in %s", f->path, run->folder);
		return 0;
	}
	snprintf(what, len, "%s (%.300s)", f->name, path);
	const mc_array *a = cache_load(run, c, path);
	if (!a)
		return 0;
	if (a->rank == 0) {
		mc_fail(&run->err, MC_MISMATCH, "%s is a single number, expected rows", what);
		return 0;
	}
	const int64_t rows = a->size[0], lo = replaced ? 0 : bound_of(f->lo, run, 0, rows);
	const int64_t hi = replaced ? rows : bound_of(f->hi, run, rows, rows);
	return mc_array_rows(a, lo, hi, out, what, &run->err) == MC_OK;
}

/* ---- bind */

static int find_tensor(const mc_model *m, const char *name)
{
	for (int i = 0; i < m->ntensors; i++)
		if (m->tensors[i].kind == MC_DATA && !strcmp(m->tensors[i].name, name))
			return i;
	return -1;
}

int mc_run_bind(mc_run *run)
{
	Cache cache = {0};
	char what[400];
	int ok = 1;
	for (int i = 0; i < run->driver->nparts; i++) {
		const mc_driver_part *p = &run->driver->parts[i];
		for (int k = 0; ok && p->kind == MC_DRIVER_BIND && k < p->nfiles; k++) {
			const int t = find_tensor(run->model, p->files[k].name);
			if (t < 0 || run->bound[t].data)
				continue;
			ok = load_file(run, &cache, &p->files[k], NULL, &run->bound[t], what,
			               sizeof what) &&
			     adapt(run, &run->bound[t], &run->model->tensors[t].type, -1, what);
		}
	}
	cache_free(&cache);
	/* sizes that follow from others, now that all are known */
	for (int t = 0; ok && t < run->model->ntensors; t++) {
		const mc_tensor *x = &run->model->tensors[t];
		int64_t size[MC_MAX_RANK];
		for (int i = 0;
		     run->bound[t].data && i < mc_type_sizes(&x->type, run->dims, size) && ok; i++)
			if (size[i] != run->bound[t].size[i]) {
				mc_fail(&run->err, MC_MISMATCH,
				        "%s: size %d is %lld, expected %lld", x->name, i,
				        (long long)run->bound[t].size[i], (long long)size[i]);
				ok = 0;
			}
	}
	return ok;
}

const char *mc_run_status_text(const mc_run *run, mc_status status)
{
	const mc_model *m = run->model;
	const char *why = (status == MC_DEVICE || status == MC_POISONED) && m->device_error ? m->device_error(run->object) : NULL;
	return why ? why : m->status_text(status);
}

int mc_run_bind_object(mc_run *run)
{
	for (int i = 0; i < run->model->ntensors; i++) {
		const mc_tensor *t = &run->model->tensors[i];
		if (!run->bound[i].data)
			continue;
		const mc_status status = t->bind(run->object, run->dims, run->bound[i].data);
		if (status != MC_OK) {
			mc_fail(&run->err, status, "cannot bind %s: %s", t->name,
			        mc_run_status_text(run, status));
			return 0;
		}
	}
	return 1;
}

/* ---- sets */

/* an argument of that name, and the dim of the call that leads it, or -1 */
static const mc_value *find_symbol(const mc_model *m, const char *name, int *lead)
{
	for (int i = 0; i < m->nfunctions; i++)
		for (int k = 0; k < m->functions[i].nargs; k++) {
			const mc_function *f = &m->functions[i];
			const mc_value *v = &f->arg[k];
			if (strcmp(v->name, name) || v->type.rank == 0)
				continue;
			*lead = -1;
			for (int d = 0; d < f->ndims; d++)
				if (v->type.size[0] == MC_DIM(f->dim[d]))
					*lead = f->dim[d];
			return v;
		}
	return NULL;
}

static int load_set(mc_run *run, mc_set *s)
{
	Cache cache = {0};
	char what[400], first[400] = "";
	int ok = 1;
	s->rows = -1;
	for (int k = 0; ok && k < s->part->nfiles; k++) {
		const mc_driver_file *f = &s->part->files[k];
		int lead = -1;
		const mc_value *v = find_symbol(run->model, f->name, &lead);
		/* beside a file from the command line, the set's own would not belong to it */
		int others = 0;
		for (int j = 0; j < s->part->nfiles; j++)
			others |= s->replaced[j] != NULL;
		if (!v || (others && !s->replaced[k]))
			continue;
		ok = load_file(run, &cache, f, s->replaced[k], &s->array[k], what, sizeof what) &&
		     adapt(run, &s->array[k], &v->type, lead, what);
		if (!ok || lead < 0)
			continue;
		if (s->rows >= 0 && s->array[k].size[0] != s->rows) {
			mc_fail(&run->err, MC_MISMATCH, "%s has %lld rows, expected %lld as in %s",
			        what, (long long)s->array[k].size[0], (long long)s->rows, first);
			ok = 0;
		}
		s->rows = s->array[k].size[0];
		snprintf(first, sizeof first, "%s", what);
	}
	cache_free(&cache);
	if (ok && s->rows <= 0) {
		mc_fail(&run->err, MC_SIZE, "the set %s has no rows", s->part->name);
		ok = 0;
	}
	s->loaded = ok;
	return ok;
}

mc_set *mc_run_set(mc_run *run, const char *name)
{
	for (int i = 0; i < run->nsets; i++)
		if (!strcmp(run->set[i].part->name, name))
			return run->set[i].loaded || load_set(run, &run->set[i]) ? &run->set[i]
			                                                         : NULL;
	mc_fail(&run->err, MC_MISMATCH, "there is no set named %s", name);
	return NULL;
}

/* ---- the object */

static int64_t setting_of_size(const mc_run *run, const char *name)
{
	for (int i = 0; i < run->nsettings; i++)
		if (!strcmp(run->setting[i].name, name) && run->setting[i].number)
			return run->setting[i].number[0].i;
	return 0;
}

int mc_run_create(mc_run *run, const int64_t *most)
{
	const mc_model *m = run->model;
	char sizes[400] = "", number[32];
	int64_t *dims = calloc((size_t)m->ndims + 1, sizeof *dims);
	if (!dims) {
		mc_fail(&run->err, MC_NO_MEMORY, "out of memory");
		return 0;
	}
	for (int k = 0; k < m->ndims; k++) {
		const mc_dim *d = &m->dims[k];
		dims[k] = run->dims[k] > most[k] ? run->dims[k] : most[k];
		if (dims[k] == 0)
			dims[k] = setting_of_size(run, d->name);
		if (dims[k] == 0 && d->exact) {
			mc_fail(&run->err, MC_SIZE,
			        "the size %s is not known from the data: --%s N gives it", d->name,
			        d->name);
			free(dims);
			return 0;
		}
		if (dims[k] < d->min)
			dims[k] = d->min;
		if (d->exact)
			run->dims[k] = dims[k];
		const size_t used = strlen(sizes);
		snprintf(sizes + used, sizeof sizes - used, "%s%s %s", k ? ", " : "", d->name,
		         mc_number_text(dims[k], number, sizeof number));
	}
	run->object = m->create(dims);
	const char *why = run->object || !m->device_error ? NULL : m->device_error(NULL);
	char of_gpu[64] = "";
	if (m->device_bytes)
		snprintf(of_gpu, sizeof of_gpu, ", of the GPU's %zu", m->device_bytes(dims));
	if (!run->object && why)
		mc_fail(&run->err, MC_DEVICE, "cannot make %s: no GPU can be used: %s", m->name, why);
	else if (!run->object)
		mc_fail(&run->err, MC_NO_MEMORY,
		        "cannot make %s for %s: out of memory (%zu bytes%s), or a size outside its bounds",
		        m->name, *sizes ? sizes : "it", m->bytes(dims), of_gpu);
	free(dims);
	return run->object != NULL;
}

void mc_run_free(mc_run *run)
{
	for (int i = 0; run->bound && i < run->model->ntensors; i++)
		mc_array_free(&run->bound[i]);
	for (int i = 0; run->set && i < run->nsets; i++) {
		for (int k = 0; run->set[i].array && k < run->set[i].part->nfiles; k++)
			mc_array_free(&run->set[i].array[k]);
		free(run->set[i].array);
		free(run->set[i].replaced);
	}
	for (int i = 0; i < run->nsettings; i++) {
		for (int k = 0; run->setting[i].names && k < run->setting[i].n; k++)
			free(run->setting[i].names[k]);
		free(run->setting[i].names);
		free(run->setting[i].number);
	}
	if (run->object)
		run->model->destroy(run->object);
	free(run->setting);
	free(run->set);
	free(run->bound);
	free(run->dims);
	free(run->folder);
}
