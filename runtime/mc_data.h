/* mc_data.h -- arrays in files: IDX, .npy, .npz, .safetensors, CSV; with or without gzip
 *
 * Everything read is hostile until checked: lengths, products, offsets, checksums, what follows
 * the end.  A function that fails leaves its result empty and says in one sentence what, where
 * and what was expected. */
#ifndef MC_DATA_H
#define MC_DATA_H

#include <stdio.h>

#include "mc.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) || defined(__clang__)
#define MC_PRINTF(format_, args_) __attribute__((format(printf, format_, args_)))
#else
#define MC_PRINTF(format_, args_)
#endif

/* mc_io.c -- messages, whole files in, whole files out */
typedef struct mc_error {
	char text[768]; /* one sentence, without a newline; empty: none */
	mc_status status;
} mc_error;
/* sets the text (err may be NULL) and returns the status */
mc_status mc_fail(mc_error *err, mc_status status, const char *fmt, ...) MC_PRINTF(3, 4);

typedef struct mc_bytes {
	unsigned char *data;
	size_t len;
} mc_bytes;
mc_status mc_file_read(const char *path, mc_bytes *, mc_error *);
/* where the bytes are gzip: what they hold, in their place (all members, each with its checksum,
 * nothing after them) */
mc_status mc_gunzip(const char *path, mc_bytes *, mc_error *);
void mc_bytes_free(mc_bytes *);

/* A file under a temporary name beside its own.  mc_out_end syncs it, renames it and syncs its
 * folder; after any failure the temporary is gone and an older file of that name is as it was. */
typedef struct mc_out {
	FILE *file;
	char *path, *folder, *temporary;
	uint32_t crc; /* of what mc_out_write was given */
	int failed; /* errno of the first failure */
} mc_out;
mc_status mc_out_begin(mc_out *, const char *path, mc_error *);
void mc_out_write(mc_out *, const void *, size_t);
mc_status mc_out_end(mc_out *, mc_error *);
void mc_out_drop(mc_out *);
/* removes temporaries that a run which was killed has left in the folder */
void mc_out_sweep(const char *folder);

/* mc_array.c */
typedef struct mc_array { /* row-major */
	mc_dtype dtype;
	int rank;
	int64_t size[MC_MAX_RANK];
	int64_t count; /* product of the sizes */
	void *data; /* malloc */
} mc_array;
size_t mc_dtype_bytes(mc_dtype);
const char *mc_dtype_name(mc_dtype); /* "float32" */
/* sets dtype, rank, sizes and count, not data; false if the sizes are negative or too many bytes */
int mc_array_shape(mc_array *, mc_dtype, int rank, const int64_t *size);
void mc_array_free(mc_array *);
double mc_array_number(const mc_array *, int64_t i); /* an element as a number */
/* "float32[600, 10]" into text, which it returns */
const char *mc_array_text(const mc_array *, char *text, size_t len);
/* to another type, where that loses no more than digits of a fraction: an integer type takes
 * integers in its range only. what: for the message */
mc_status mc_array_convert(mc_array *, mc_dtype, const char *what, mc_error *);
/* a copy of rows lo <= row < hi of the leading axis */
mc_status mc_array_rows(const mc_array *, int64_t lo, int64_t hi, mc_array *out, const char *what,
                        mc_error *err);
/* a number where an array of that type has it; dtypes but the halves and complex ones */
void mc_put_number(void *data, mc_dtype, int64_t i, int is_real, int64_t integer, double real);
void mc_swap_bytes(void *data, int64_t count, size_t width);

/* mc_idx.c, mc_npy.c, mc_csv.c: from bytes in memory; path is for messages */
mc_status mc_idx_parse(const char *path, mc_bytes, mc_array *, mc_error *);
mc_status mc_npy_parse(const char *path, mc_bytes, mc_array *, mc_error *);
mc_status mc_csv_parse(const char *path, mc_bytes, mc_array *,
                       mc_error *); /* float64, or int64 if all are integers; rank 2 */
mc_status mc_npy_write(const char *path, const mc_array *, mc_error *);
mc_status mc_idx_write(const char *path, const mc_array *,
                       mc_error *); /* gzip if the path ends in .gz */
/* the bytes of a .npy file before its values; len is a multiple of 64 */
#define MC_NPY_HEADER 512
size_t mc_npy_header(const mc_array *, char text[MC_NPY_HEADER]);

/* mc_npz.c, mc_npz_write.c, mc_safetensors.c: named arrays */
typedef struct mc_named {
	char *name; /* malloc */
	mc_array array;
} mc_named;
typedef struct mc_archive {
	int n;
	mc_named *item;
} mc_archive;
uint32_t mc_crc32(uint32_t crc, const void *, size_t); /* from 0 */
/* the comment of a .npz that we wrote: the checksum of all that stands before it */
#define MC_NPZ_COMMENT "crc32 %08x"
enum { MC_NPZ_COMMENT_BYTES = 14 };
mc_status mc_npz_parse(const char *path, mc_bytes, mc_archive *, mc_error *);
mc_status mc_npz_write(const char *path, int n, const mc_named *, mc_error *);
mc_status mc_safetensors_parse(const char *path, mc_bytes, mc_archive *, mc_error *);
mc_status mc_safetensors_write(const char *path, int n, const mc_named *, mc_error *);
/* a copy of the name and an empty array at the end; NULL: no memory */
mc_array *mc_archive_add(mc_archive *, const char *name, size_t len);
const mc_array *mc_archive_find(const mc_archive *, const char *name);
void mc_archive_free(mc_archive *);

/* mc_load.c: by what the file holds, then by its ending; "file.npz:name" takes one array of it */
mc_status mc_data_load(const char *path, mc_array *, mc_error *);
mc_status mc_archive_load(const char *path, mc_archive *, mc_error *); /* .npz, .safetensors */
int mc_ends_with(const char *text, const char *end);

/* mc_save.c: mc_save and mc_load of mc.h with messages.  `more` are arrays beside the model's
 * own: their names begin with '@', which no variable's does; a load gives the archive back for
 * them if `archive` is not NULL. */
mc_status mc_save_with(const mc_model *, const void *model, const char *path, int nmore,
                       const mc_named *more, mc_error *);
mc_status mc_load_with(const mc_model *, void *model, const char *path, mc_archive *archive,
                       mc_error *);
/* what the file shares with the model by name, type and sizes, of which there must be something;
 * a line to `say` for each variable, and for what else the file has. The rest of the model, seed
 * and call number stay. */
mc_status mc_load_partial(const mc_model *, void *model, const char *path, FILE *say, mc_error *);
/* a type with dims filled in */
int mc_type_sizes(const mc_type *, const int64_t *dims, int64_t size[MC_MAX_RANK]);

#ifdef __cplusplus
}
#endif
#endif
