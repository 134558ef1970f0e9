/* mc_load.c -- arrays from a file of any of the formats, found by what it holds; collections of
 * named arrays */
#include <stdlib.h>
#include <string.h>

#include "mc_data.h"

int mc_ends_with(const char *text, const char *end)
{
	const size_t n = strlen(text), m = strlen(end);
	return n >= m && !strcmp(text + n - m, end);
}

mc_array *mc_archive_add(mc_archive *a, const char *name, size_t len)
{
	/* room is doubled at powers of two */
	if ((a->n & (a->n - 1)) == 0) {
		mc_named *item = realloc(a->item, (size_t)(a->n ? 2 * a->n : 1) * sizeof *item);
		if (!item)
			return NULL;
		a->item = item;
	}
	char *copy = malloc(len + 1);
	if (!copy)
		return NULL;
	memcpy(copy, name, len);
	copy[len] = 0;
	mc_named *item = &a->item[a->n++];
	*item = (mc_named){0};
	item->name = copy;
	return &item->array;
}

const mc_array *mc_archive_find(const mc_archive *a, const char *name)
{
	for (int i = 0; i < a->n; i++)
		if (!strcmp(a->item[i].name, name))
			return &a->item[i].array;
	return NULL;
}

void mc_archive_free(mc_archive *a)
{
	for (int i = 0; i < a->n; i++) {
		free(a->item[i].name);
		mc_array_free(&a->item[i].array);
	}
	free(a->item);
	*a = (mc_archive){0};
}

static mc_status archive_parse(const char *path, mc_bytes in, mc_archive *out, mc_error *err)
{
	if (in.len >= 2 && in.data[0] == 'P' && in.data[1] == 'K')
		return mc_npz_parse(path, in, out, err);
	if (mc_ends_with(path, ".npz"))
		return mc_fail(err, MC_FORMAT, "%s: not a zip file, which .npz is", path);
	if (!mc_ends_with(path, ".safetensors") && (in.len < 9 || in.data[8] != '{'))
		return mc_fail(err, MC_FORMAT, "%s: neither an .npz nor a .safetensors file", path);
	return mc_safetensors_parse(path, in, out, err);
}

mc_status mc_archive_load(const char *path, mc_archive *out, mc_error *err)
{
	mc_bytes in;
	*out = (mc_archive){0};
	mc_status status = mc_file_read(path, &in, err);
	if (status == MC_OK)
		status = archive_parse(path, in, out, err);
	mc_bytes_free(&in);
	return status;
}

/* the array of that name, or the only one where no name is given */
static mc_status take_one(const char *path, const char *name, mc_archive *from, mc_array *out,
                          mc_error *err)
{
	char names[400] = "";
	for (int i = 0; i < from->n; i++) {
		if (name ? !strcmp(from->item[i].name, name) : from->n == 1) {
			*out = from->item[i].array;
			from->item[i].array = (mc_array){0};
			return MC_OK;
		}
		const size_t used = strlen(names);
		snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "",
		         from->item[i].name);
	}
	if (name)
		return mc_fail(err, MC_MISMATCH, "%s: no array %s in it; it has %s", path, name,
		               *names ? names : "none");
	return mc_fail(err, MC_MISMATCH,
	               "%s: expected one array, or its name as in %s:name; it has %s", path, path,
	               *names ? names : "none");
}

/* "file.npz:name": the file's part */
static const char *name_in(const char *path)
{
	const char *colon = strrchr(path, ':');
	if (!colon || colon == path || strchr(colon, '/'))
		return NULL;
	for (const char *const *end = (const char *const[]){".npz", ".safetensors", NULL}; *end;
	     end++) {
		const size_t n = strlen(*end);
		if ((size_t)(colon - path) > n && !memcmp(colon - n, *end, n))
			return colon;
	}
	return NULL;
}

mc_status mc_data_load(const char *path, mc_array *out, mc_error *err)
{
	mc_bytes in = {0};
	mc_archive archive = {0};
	*out = (mc_array){0};
	const char *colon = name_in(path);
	char *file = NULL;
	if (colon) {
		file = malloc((size_t)(colon - path) + 1);
		if (!file)
			return mc_fail(err, MC_NO_MEMORY, "cannot read %s: out of memory", path);
		memcpy(file, path, (size_t)(colon - path));
		file[colon - path] = 0;
		path = file;
	}
	mc_status status = mc_file_read(path, &in, err);
	if (status == MC_OK)
		status = mc_gunzip(path, &in, err);
	if (status != MC_OK) {
		/* said */
	} else if (colon || mc_ends_with(path, ".npz") || mc_ends_with(path, ".safetensors")) {
		status = archive_parse(path, in, &archive, err);
		if (status == MC_OK)
			status = take_one(path, colon ? colon + 1 : NULL, &archive, out, err);
	} else if (in.len >= 6 && !memcmp(in.data, "\x93NUMPY", 6)) {
		status = mc_npy_parse(path, in, out, err);
	} else if (in.len >= 4 && !in.data[0] && !in.data[1]) {
		status = mc_idx_parse(path, in, out, err);
	} else if (mc_ends_with(path, ".csv") || mc_ends_with(path, ".tsv") ||
	           mc_ends_with(path, ".txt") || mc_ends_with(path, ".csv.gz") ||
	           mc_ends_with(path, ".tsv.gz")) {
		status = mc_csv_parse(path, in, out, err);
	} else if (in.len == 0) {
		status = mc_fail(err, MC_FORMAT, "%s: the file is empty", path);
	} else {
		status = mc_fail(err, MC_FORMAT,
		                 "%s: expected IDX, .npy, .npz, .safetensors or .csv, also as .gz",
		                 path);
	}
	if (status != MC_OK)
		mc_array_free(out);
	mc_archive_free(&archive);
	mc_bytes_free(&in);
	free(file);
	return status;
}
