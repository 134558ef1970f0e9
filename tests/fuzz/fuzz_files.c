/* fuzz_files.c -- any bytes are read as each of the formats of arrays or refused with a message; what is read can be used and
 * is the same once written and read again */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "mc_data.h"

static void check_array(const mc_array *a)
{
	volatile double sum = 0;
	int64_t count = 1;
	char text[100];
	for (int i = 0; i < a->rank; i++)
		count *= a->size[i];
	if (count != a->count || a->rank > MC_MAX_RANK)
		broken("an array of %lld elements says that it has %lld", (long long)count, (long long)a->count);
	for (int64_t i = 0; i < a->count; i++)
		sum += mc_array_number(a, i);
	mc_array_text(a, text, sizeof text);
	mc_array rows = {0};
	if (a->rank && a->size[0] > 1 && !mc_array_rows(a, 1, a->size[0], &rows, "x", NULL) && rows.size[0] != a->size[0] - 1)
		broken("rows are lost");
	mc_array_free(&rows);
}

static int same(const mc_array *a, const mc_array *b)
{
	return a->dtype == b->dtype && a->rank == b->rank && !memcmp(a->size, b->size, (size_t)a->rank * sizeof *a->size) &&
	       !memcmp(a->data, b->data, (size_t)a->count * mc_dtype_bytes(a->dtype));
}

static void check_said(mc_status status, const mc_error *err, const char *format)
{
	if (status && !err->text[0])
		broken("%s: status %d without a message", format, (int)status);
}

typedef mc_status Parse(const char *, mc_bytes, mc_array *, mc_error *);

/* a .npy header and the values are what comes back from them */
static void again(mc_array *a)
{
	char header[MC_NPY_HEADER];
	size_t len = mc_npy_header(a, header), n = (size_t)a->count * mc_dtype_bytes(a->dtype);
	if (!len || a->dtype == MC_BFLOAT16) /* NumPy has no such type */
		return;
	mc_bytes in = {malloc(len + n + 1), len + n};
	mc_array b = {0};
	mc_error err = {0};
	if (!in.data)
		broken("out of memory");
	memcpy(in.data, header, len);
	if (n)
		memcpy(in.data + len, a->data, n);
	if (mc_npy_parse("again.npy", in, &b, &err))
		broken("written and not read: %s", err.text);
	if (!same(a, &b))
		broken("written and read as something else");
	mc_array_free(&b);
	mc_bytes_free(&in);
}

static void array(const char *path, Parse *parse, mc_bytes in)
{
	mc_array a = {0};
	mc_error err = {0};
	mc_status status = parse(path, in, &a, &err);
	check_said(status, &err, path);
	if (!status) {
		check_array(&a);
		again(&a);
		if (!mc_array_convert(&a, MC_FLOAT32, "x", &err))
			check_array(&a);
	}
	mc_array_free(&a);
}

static void archive(const char *path, mc_status (*parse)(const char *, mc_bytes, mc_archive *, mc_error *), mc_bytes in)
{
	mc_archive a = {0};
	mc_error err = {0};
	mc_status status = parse(path, in, &a, &err);
	check_said(status, &err, path);
	for (int i = 0; !status && i < a.n; i++) {
		check_array(&a.item[i].array);
		if (!mc_archive_find(&a, a.item[i].name))
			broken("an array without a name");
	}
	mc_archive_free(&a);
}

static void run(const uint8_t *data, size_t size)
{
	mc_error err = {0};
	mc_bytes in = {malloc(size + 1), size}; /* exactly, so that a byte too many is seen */
	if (!in.data)
		broken("out of memory");
	if (size)
		memcpy(in.data, data, size);
	mc_status status = mc_gunzip("fuzz.gz", &in, &err);
	check_said(status, &err, "gzip");
	if (!status) {
		array("fuzz.idx", mc_idx_parse, in);
		array("fuzz.npy", mc_npy_parse, in);
		array("fuzz.csv", mc_csv_parse, in);
		archive("fuzz.npz", mc_npz_parse, in);
		archive("fuzz.safetensors", mc_safetensors_parse, in);
	}
	mc_bytes_free(&in);
}

/* what fits a format but for its values: a header with numbers that are small, mostly */
static void make(Input *in, uint64_t *state)
{
	static const char *const descr[] = {"<f4", "<f8", "|u1", "|b1", "<i8", ">f4", "<f2", "<c8", "|S3", "<u2", "O", ""};
	char text[LONGEST / 8];
	int64_t n = (int64_t)below(state, 6), m = (int64_t)below(state, 6);
	in->len = 0;
	switch (below(state, 4)) {
	case 0: { /* IDX */
		const uint8_t type[] = {0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E, 0x07};
		uint8_t head[] = {0, 0, type[below(state, sizeof type)], 2, 0, 0, 0, (uint8_t)n, 0, 0, 0, (uint8_t)m};
		insert_bytes(in, 0, head, sizeof head);
		break;
	}
	case 1: { /* .npy */
		int len = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': %s, 'shape': (%lld, %lld%s), }\n", descr[below(state, 12)],
		                   once_in(state, 4) ? "True" : "False", (long long)n, (long long)m, once_in(state, 3) ? ", 1" : "");
		uint8_t head[] = {0x93, 'N', 'U', 'M', 'P', 'Y', (uint8_t)(1 + below(state, 3)), 0, (uint8_t)len, (uint8_t)(len >> 8), 0, 0};
		insert_bytes(in, 0, head, head[6] == 1 ? 10 : 12);
		insert_bytes(in, in->len, text, (size_t)len);
		break;
	}
	case 2: { /* .safetensors */
		static const char *const types[] = {"F32", "F64", "U8", "BOOL", "I64", "F16", "BF16", "I3"};
		int len = snprintf(text, sizeof text, "{\"a\":{\"dtype\":\"%s\",\"shape\":[%lld,%lld],\"data_offsets\":[0,%lld]}}", types[below(state, 8)],
		                   (long long)n, (long long)m, (long long)(4 * n * m));
		uint8_t head[] = {(uint8_t)len, (uint8_t)(len >> 8), 0, 0, 0, 0, 0, 0};
		insert_bytes(in, 0, head, sizeof head);
		insert_bytes(in, in->len, text, (size_t)len);
		break;
	}
	default: { /* CSV */
		static const char *const cells[] = {"1", "-2.5", "1e400", "nan", "inf", "\"3\"", "", "x", "9223372036854775808", " 4 ", "0x1p3", "1,5"};
		for (int64_t i = 0; i <= n; i++)
			for (int64_t j = 0; j <= m; j++) {
				const char *cell = cells[below(state, once_in(state, 4) ? 12 : 2)];
				insert_bytes(in, in->len, cell, strlen(cell));
				insert_bytes(in, in->len, j < m ? "," : once_in(state, 5) ? "\r\n" : "\n", 1);
			}
		return;
	}
	}
	for (size_t i = 0, bytes = (size_t)(n * m) * (size_t[]){1, 2, 4, 8}[below(state, 4)]; i < bytes; i++)
		insert_bytes(in, in->len, &(uint8_t){(uint8_t)draw(state)}, 1);
}

static const char *const words[] = {"\x93NUMPY", "PK\3\4", "PK\1\2", "PK\5\6", "\x1f\x8b\x08", "{'descr': '<f4', ", "'fortran_order': False, ",
	"'shape': (2, 3), }", "\"dtype\":\"F32\"", "\"shape\":[2,3]", "\"data_offsets\":[0,24]", "\"__metadata__\":{\"format\":\"pt\"}", "{", "}", "[",
	"]", "(", ")", ",", ":", "'", "\"", "\\u0000", "\\", "1e308", "-0", "nan", "\n", "\r\n", "\xEF\xBB\xBF", "18446744073709551615",
	"9223372036854775807", NULL};

const FuzzTarget fuzz_target = {"fuzz_files", run, make, words, false, 30};
