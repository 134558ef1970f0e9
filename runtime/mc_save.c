/* mc_save.c -- a model's state in a file, and back
 *
 * One array for each param and shared under its own name, and "@random": the seed and the number
 * of calls that drew. A load looks at everything first and changes the model only when all of it
 * fits. */
#include <stdlib.h>
#include <string.h>

#include "mc_data.h"

static const char random_name[] = "@random";

int mc_type_sizes(const mc_type *t, const int64_t *dims, int64_t size[MC_MAX_RANK])
{
	for (int i = 0; i < t->rank; i++) {
		const int64_t s = t->size[i];
		size[i] = s >= 0 ? s : s == MC_FORMULA ? t->formula(dims, i) : dims[-1 - s];
	}
	return t->rank;
}

/* dims of an object, in memory that the caller frees; NULL: no memory */
static int64_t *dims_of(const mc_model *model, const void *m)
{
	int64_t *dims = calloc((size_t)model->ndims + 1, sizeof *dims);
	if (dims)
		model->get_dims(m, dims);
	return dims;
}

static int expected(const mc_tensor *t, const int64_t *dims, mc_array *a)
{
	int64_t size[MC_MAX_RANK];
	return mc_array_shape(a, t->type.dtype, mc_type_sizes(&t->type, dims, size), size);
}

mc_status mc_save_with(const mc_model *model, const void *m, const char *path, int nmore,
                       const mc_named *more, mc_error *err)
{
	const int tensors = mc_ends_with(path, ".safetensors");
	if (!m)
		return mc_fail(err, MC_NULL, "cannot write %s: there is no model", path);
	if (!tensors && !mc_ends_with(path, ".npz"))
		return mc_fail(err, MC_FORMAT,
		               "cannot write %s: expected a path that ends in .npz or .safetensors",
		               path);
	if (!model->ready(m))
		return mc_fail(err, MC_NOT_READY, "cannot write %s: %s", path,
		               mc_status_text(MC_NOT_READY));
	int64_t *dims = dims_of(model, m);
	mc_named *item = calloc((size_t)(model->ntensors + 1 + nmore), sizeof *item);
	uint64_t random[2];
	static const int64_t two = 2;
	int n = 0;
	mc_status status = MC_OK;
	if (!dims || !item)
		status = mc_fail(err, MC_NO_MEMORY, "cannot write %s: out of memory", path);
	/* the writers read names and values only; nothing here is freed */
	for (int i = 0; status == MC_OK && i < model->ntensors; i++) {
		const mc_tensor *t = &model->tensors[i];
		if (t->kind == MC_DATA)
			continue;
		if (!expected(t, dims, &item[n].array))
			status = mc_fail(err, MC_SIZE, "cannot write %s: %s is too large", path,
			                 t->name);
		item[n].name = (char *)(uintptr_t)t->name;
		item[n++].array.data = (void *)(uintptr_t)t->get(m, t->instance);
	}
	if (status == MC_OK) {
		model->get_random(m, &random[0], &random[1]);
		mc_array_shape(&item[n].array, MC_UINT64, 1, &two);
		item[n].name = (char *)(uintptr_t)random_name;
		item[n++].array.data = random;
		for (int i = 0; i < nmore; i++)
			item[n++] = more[i];
		status = (tensors ? mc_safetensors_write : mc_npz_write)(path, n, item, err);
	}
	free(item);
	free(dims);
	return status;
}

/* Whether the file's array is what the variable needs */
static mc_status fits(const char *path, const mc_tensor *t, const mc_array *found,
                      const int64_t *dims, mc_error *err)
{
	char want_text[160], found_text[160];
	mc_array want;
	if (!expected(t, dims, &want))
		return mc_fail(err, MC_SIZE, "%s: %s is too large", path, t->name);
	int same = want.dtype == found->dtype && want.rank == found->rank;
	for (int i = 0; same && i < want.rank; i++)
		same = want.size[i] == found->size[i];
	return same ? MC_OK
	            : mc_fail(err, MC_MISMATCH, "%s: %s is %s, expected %s", path, t->name,
	                      mc_array_text(found, found_text, sizeof found_text),
	                      mc_array_text(&want, want_text, sizeof want_text));
}

static int has_tensor(const mc_model *model, const char *name)
{
	for (int i = 0; i < model->ntensors; i++)
		if (model->tensors[i].kind != MC_DATA && !strcmp(model->tensors[i].name, name))
			return 1;
	return 0;
}

mc_status mc_load_with(const mc_model *model, void *m, const char *path, mc_archive *archive,
                       mc_error *err)
{
	mc_archive a;
	if (archive)
		*archive = (mc_archive){0};
	if (!m)
		return mc_fail(err, MC_NULL, "cannot read %s: there is no model", path);
	int64_t *dims = dims_of(model, m);
	if (!dims)
		return mc_fail(err, MC_NO_MEMORY, "cannot read %s: out of memory", path);
	mc_status status = mc_archive_load(path, &a, err);
	/* first everything is looked at ... */
	for (int i = 0; status == MC_OK && i < model->ntensors; i++) {
		const mc_tensor *t = &model->tensors[i];
		const mc_array *found = mc_archive_find(&a, t->name);
		if (t->kind == MC_DATA)
			continue;
		status = found ? fits(path, t, found, dims, err)
		               : mc_fail(err, MC_MISMATCH, "%s: %s of model %s is not in it", path,
		                         t->name, model->name);
	}
	for (int i = 0; status == MC_OK && i < a.n; i++)
		if (a.item[i].name[0] != '@' && !has_tensor(model, a.item[i].name))
			status = mc_fail(err, MC_MISMATCH, "%s: it has %s, which model %s has not",
			                 path, a.item[i].name, model->name);
	const mc_array *random = status == MC_OK ? mc_archive_find(&a, random_name) : NULL;
	if (status == MC_OK &&
	    (!random || random->dtype != MC_UINT64 || random->rank != 1 || random->size[0] != 2))
		status = mc_fail(err, MC_MISMATCH,
		                 "%s: expected %s: uint64[2], the seed and the call number", path,
		                 random_name);
	/* ... then it is taken over */
	if (status == MC_OK) {
		const uint64_t *r = random->data;
		for (int i = 0; i < model->ntensors; i++) {
			const mc_tensor *t = &model->tensors[i];
			if (t->kind != MC_DATA)
				t->set(m, t->instance, mc_archive_find(&a, t->name)->data);
		}
		model->set_random(m, r[0], r[1]);
	}
	if (status == MC_OK && archive)
		*archive = a;
	else
		mc_archive_free(&a);
	free(dims);
	return status;
}

mc_status mc_load_partial(const mc_model *model, void *m, const char *path, FILE *say,
                          mc_error *err)
{
	mc_archive a;
	int64_t *dims = dims_of(model, m);
	if (!dims)
		return mc_fail(err, MC_NO_MEMORY, "cannot read %s: out of memory", path);
	mc_status status = mc_archive_load(path, &a, err);
	int taken = 0;
	for (int i = 0; status == MC_OK && i < model->ntensors; i++) {
		const mc_tensor *t = &model->tensors[i];
		const mc_array *found = mc_archive_find(&a, t->name);
		char have[160], want[160];
		mc_array w;
		if (t->kind == MC_DATA)
			continue;
		if (!found) {
			fprintf(say, "%s: not in %s, stays as it is\n", t->name, path);
		} else if (fits(path, t, found, dims, NULL) != MC_OK) {
			expected(t, dims, &w);
			fprintf(say, "%s: %s in %s, %s here: stays as it is\n", t->name,
			        mc_array_text(found, have, sizeof have), path,
			        mc_array_text(&w, want, sizeof want));
		} else {
			t->set(m, t->instance, found->data);
			fprintf(say, "%s: taken from %s\n", t->name, path);
			taken++;
		}
	}
	for (int i = 0; status == MC_OK && i < a.n; i++)
		if (a.item[i].name[0] != '@' && !has_tensor(model, a.item[i].name))
			fprintf(say, "%s: only in %s, left out\n", a.item[i].name, path);
	if (status == MC_OK && !taken)
		status = mc_fail(err, MC_MISMATCH, "%s: it shares nothing with model %s", path,
		                 model->name);
	mc_archive_free(&a);
	free(dims);
	return status;
}

mc_status mc_save(const mc_model *model, const void *m, const char *path)
{
	return mc_save_with(model, m, path, 0, NULL, NULL);
}

mc_status mc_load(const mc_model *model, void *m, const char *path)
{
	return mc_load_with(model, m, path, NULL, NULL);
}
