/* test_formats.c -- files of arrays: round trips, every truncation and every damaged byte of
 * small ones, conversions */
#define _POSIX_C_SOURCE 200809L
#include "test.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "mc_data.h"

static char folder[] = "/tmp/mc-formats-XXXXXX";
static char path_text[256];

static const char *path(const char *name)
{
	snprintf(path_text, sizeof path_text, "%s/%s", folder, name);
	return path_text;
}

static mc_array make(mc_dtype dtype, int rank, int64_t a, int64_t b)
{
	const int64_t size[2] = {a, b};
	mc_array x;
	mc_array_shape(&x, dtype, rank, size);
	const size_t bytes = (size_t)x.count * mc_dtype_bytes(dtype);
	unsigned char *data = malloc(bytes + 1);
	for (size_t i = 0; i < bytes; i++)
		data[i] = dtype == MC_BOOL ? (unsigned char)(i & 1) : (unsigned char)(37 * i + 11);
	x.data = data;
	return x;
}

static int same(const mc_array *a, const mc_array *b)
{
	return a->dtype == b->dtype && a->rank == b->rank && a->count == b->count &&
	       !memcmp(a->size, b->size, sizeof a->size) &&
	       !memcmp(a->data, b->data, (size_t)a->count * mc_dtype_bytes(a->dtype));
}

static void write_bytes(const char *name, const void *data, size_t len)
{
	FILE *f = fopen(path(name), "wb");
	CHECK(f && fwrite(data, 1, len, f) == len && fclose(f) == 0);
}

/* a file of text gives this message (its end), or this many rows and columns */
static void check_csv(const char *text, const char *message, mc_dtype dtype, int64_t rows,
                      int64_t columns, double last)
{
	mc_array a;
	mc_error err = {0};
	write_bytes("t.csv", text, strlen(text));
	const mc_status status = mc_data_load(path("t.csv"), &a, &err);
	if (message) {
		CHECK_INT(status, MC_FORMAT);
		CHECK(strstr(err.text, message) != NULL);
		if (!strstr(err.text, message))
			printf("  %s\n", err.text);
		CHECK(a.data == NULL);
		return;
	}
	CHECK_INT(status, MC_OK);
	if (status != MC_OK) {
		printf("  %s\n", err.text);
		return;
	}
	CHECK_INT(a.dtype, dtype);
	CHECK_INT(a.size[0], rows);
	CHECK_INT(a.size[1], columns);
	CHECK_NEAR(mc_array_number(&a, a.count - 1), last, 0);
	mc_array_free(&a);
}

static void csv(void)
{
	check_csv("1,2\n3,4\n", NULL, MC_INT64, 2, 2, 4);
	check_csv("a,b\r\n1,2.5\r\n3,4\r\n", NULL, MC_FLOAT64, 2, 2, 4);
	check_csv("# note\n\n1;2;-3e2", NULL, MC_FLOAT64, 1, 3, -300);
	check_csv("1\t2\n3\t4\n", NULL, MC_INT64, 2, 2, 4);
	check_csv("  1   2\n  3  4  \n", NULL, MC_INT64, 2, 2, 4);
	check_csv("\xEF\xBB\xBF\"x\",\"y\"\n\"7\",8\n", NULL, MC_INT64, 1, 2, 8);
	check_csv("1,2\n3\n", "t.csv:2: 1 columns, expected 2", MC_BOOL, 0, 0, 0);
	check_csv("1,2\n3,x\n", "t.csv:2: column 2 is \"x\", expected a number", MC_BOOL, 0, 0, 0);
	check_csv("1,2\n3,\n", "t.csv:2: column 2 is \"\", expected a number", MC_BOOL, 0, 0, 0);
	check_csv("1,2\n3,0x10\n", "expected a number", MC_BOOL, 0, 0, 0);
	check_csv("a,b\nc,d\n", "t.csv:2: column 1", MC_BOOL, 0, 0, 0);
	check_csv("", "no rows", MC_BOOL, 0, 0, 0);
	check_csv("a,b\n", "no rows", MC_BOOL, 0, 0, 0);
}

static void round_trips(void)
{
	static const mc_dtype idx[] = {MC_UINT8, MC_INT8,    MC_INT16,
	                               MC_INT32, MC_FLOAT32, MC_FLOAT64};
	mc_error err = {0};
	for (int d = MC_BOOL; d <= MC_COMPLEX128; d++)
		for (int rank = 0; rank <= 2; rank++) {
			mc_array a = make((mc_dtype)d, rank, 3, 5), b;
			CHECK_INT(mc_npy_write(path("a.npy"), &a, &err), MC_OK);
			CHECK_INT(mc_data_load(path("a.npy"), &b, &err), MC_OK);
			CHECK(same(&a, &b));
			mc_array_free(&a);
			mc_array_free(&b);
		}
	for (size_t i = 0; i < sizeof idx / sizeof *idx; i++)
		for (int gz = 0; gz < 2; gz++) {
			mc_array a = make(idx[i], 2, 4, 3), b;
			CHECK_INT(mc_idx_write(path(gz ? "a.gz" : "a.idx"), &a, &err), MC_OK);
			CHECK_INT(mc_data_load(path(gz ? "a.gz" : "a.idx"), &b, &err), MC_OK);
			CHECK(same(&a, &b));
			mc_array_free(&a);
			mc_array_free(&b);
		}
	mc_array none = make(MC_FLOAT32, 2, 0, 7), b;
	CHECK_INT(mc_npy_write(path("none.npy"), &none, &err), MC_OK);
	CHECK_INT(mc_data_load(path("none.npy"), &b, &err), MC_OK);
	CHECK(same(&none, &b));
	mc_array_free(&none);
	mc_array_free(&b);
	/* written in another order of bytes and of axes: '>i2', fortran_order, [[1, 2, 3], [4,
	 * 5, 6]] */
	static const char header[] =
		"\x93NUMPY\1\0\x46\0{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }";
	unsigned char npy[10 + 0x46 + 12];
	memset(npy, ' ', sizeof npy);
	memcpy(npy, header, sizeof header - 1);
	npy[10 + 0x46 - 1] = '\n';
	for (int i = 0; i < 6; i++) {
		static const unsigned char order[] = {1, 4, 2, 5, 3, 6};
		npy[10 + 0x46 + 2 * i] = 0;
		npy[10 + 0x46 + 2 * i + 1] = order[i];
	}
	write_bytes("f.npy", npy, sizeof npy);
	CHECK_INT(mc_data_load(path("f.npy"), &b, &err), MC_OK);
	for (int i = 0; i < 6 && b.data; i++)
		CHECK_INT(mc_array_number(&b, i), i + 1);
	mc_array_free(&b);
}

/* ---- archives */

typedef mc_status Writer(const char *, int, const mc_named *, mc_error *);
typedef mc_status Parser(const char *, mc_bytes, mc_archive *, mc_error *);

static void make_items(mc_named item[3])
{
	static char names[3][8] = {"W", "h.b", "@random"};
	item[0].array = make(MC_FLOAT32, 2, 2, 3);
	item[1].array = make(MC_INT64, 1, 2, 0);
	item[2].array = make(MC_UINT8, 0, 0, 0);
	for (int i = 0; i < 3; i++)
		item[i].name = names[i];
}

static int same_archive(const mc_archive *a, const mc_named item[3])
{
	int equal = a->n == 3;
	for (int i = 0; equal && i < 3; i++) {
		const mc_array *x = mc_archive_find(a, item[i].name);
		equal = x && same(x, &item[i].array);
	}
	return equal;
}

/* Bytes cut off anywhere, and any byte changed to any of a few others: refused */
static void attack(const char *name, mc_bytes good, Parser *parse)
{
	mc_error err;
	mc_archive a;
	int cut_refused = 0, accepted = 0, silent = 0;
	for (size_t n = 0; n < good.len; n++) {
		/* its own block, so that a sanitizer sees a read behind the end */
		mc_bytes cut = {malloc(n + !n), n};
		memcpy(cut.data, good.data, n);
		err = (mc_error){0};
		const mc_status status = parse(name, cut, &a, &err);
		cut_refused += status == MC_FORMAT && *err.text && a.n == 0 && !a.item;
		mc_archive_free(&a);
		free(cut.data);
	}
	CHECK_INT(cut_refused, good.len);
	static const unsigned char change[] = {1, 2, 0x20, 0x80, 0xff};
	for (size_t n = 0; n < good.len; n++)
		for (size_t k = 0; k < sizeof change; k++) {
			good.data[n] ^= change[k];
			err = (mc_error){0};
			const mc_status status = parse(name, good, &a, &err);
			accepted += status == MC_OK;
			if (status != MC_OK && !*err.text)
				silent++;
			mc_archive_free(&a);
			good.data[n] ^= change[k];
		}
	CHECK_INT(silent, 0);
	CHECK_INT(accepted, 0);
	/* something behind the end */
	mc_bytes more = {malloc(good.len + 1), good.len + 1};
	memcpy(more.data, good.data, good.len);
	more.data[good.len] = 0;
	CHECK_INT(parse(name, more, &a, &err), MC_FORMAT);
	free(more.data);
}

static void archives(void)
{
	mc_named item[3];
	mc_error err = {0};
	make_items(item);
	for (int tensors = 0; tensors < 2; tensors++) {
		const char *name = tensors ? "a.safetensors" : "a.npz";
		Writer *write = tensors ? mc_safetensors_write : mc_npz_write;
		Parser *parse = tensors ? mc_safetensors_parse : mc_npz_parse;
		mc_bytes good, again;
		mc_archive a;
		CHECK_INT(write(path(name), 3, item, &err), MC_OK);
		CHECK_INT(mc_file_read(path(name), &good, &err), MC_OK);
		CHECK_INT(parse(name, good, &a, &err), MC_OK);
		CHECK(same_archive(&a, item));
		mc_archive_free(&a);
		/* the same bytes each time */
		CHECK_INT(write(path(name), 3, item, &err), MC_OK);
		CHECK_INT(mc_file_read(path(name), &again, &err), MC_OK);
		CHECK(again.len == good.len && !memcmp(again.data, good.data, good.len));
		mc_bytes_free(&again);
		attack(name, good, parse);
		mc_bytes_free(&good);
		/* one array of it */
		char one[300];
		mc_array x;
		snprintf(one, sizeof one, "%s:h.b", path(name));
		CHECK_INT(mc_data_load(one, &x, &err), MC_OK);
		CHECK(same(&x, &item[1].array));
		mc_array_free(&x);
		snprintf(one, sizeof one, "%s:V", path(name));
		CHECK_INT(mc_data_load(one, &x, &err), MC_MISMATCH);
		CHECK(strstr(err.text, "no array V in it; it has W, h.b, @random") != NULL);
		CHECK_INT(mc_data_load(path(name), &x, &err), MC_MISMATCH);
	}
	for (int i = 0; i < 3; i++)
		mc_array_free(&item[i].array);
}

/* the same for single arrays, in IDX and gzip: sizes and length agree, or the checksum is wrong */
static void single_files(void)
{
	static const char *const names[] = {"a.idx", "a.gz", "a.npy"};
	mc_error err;
	for (int k = 0; k < 3; k++) {
		mc_array a = make(MC_UINT8, 2, 3, 4), b;
		mc_bytes good;
		err = (mc_error){0};
		CHECK_INT(k == 2 ? mc_npy_write(path(names[k]), &a, &err)
		                 : mc_idx_write(path(names[k]), &a, &err),
		          MC_OK);
		CHECK_INT(mc_file_read(path(names[k]), &good, &err), MC_OK);
		int refused = 0, harmful = 0;
		for (size_t n = 0; n < good.len; n++) {
			write_bytes("cut.npy", good.data, n);
			err = (mc_error){0};
			refused += mc_data_load(path("cut.npy"), &b, &err) != MC_OK && *err.text &&
			           !b.data;
			mc_array_free(&b);
		}
		CHECK_INT(refused, good.len);
		for (size_t n = 0; n < good.len; n++) {
			good.data[n] ^= 1;
			write_bytes("changed.npy", good.data, good.len);
			/* only in gzip a byte of the values is noticed */
			const mc_status status = mc_data_load(path("changed.npy"), &b, &err);
			harmful += status == MC_OK && (k == 1 ? !same(&a, &b) : b.count != a.count);
			mc_array_free(&b);
			good.data[n] ^= 1;
		}
		CHECK_INT(harmful, 0);
		mc_bytes_free(&good);
		mc_array_free(&a);
	}
	/* two gzip members are one file; anything else behind the first is refused */
	mc_array a = make(MC_UINT8, 1, 5, 0), b;
	CHECK_INT(mc_idx_write(path("a.gz"), &a, &err), MC_OK);
	mc_bytes gz;
	CHECK_INT(mc_file_read(path("a.gz"), &gz, &err), MC_OK);
	unsigned char *twice = malloc(2 * gz.len);
	memcpy(twice, gz.data, gz.len);
	memcpy(twice + gz.len, gz.data, gz.len);
	mc_bytes both = {twice, 2 * gz.len};
	CHECK_INT(mc_gunzip("both", &both, &err), MC_OK);
	CHECK_INT(both.len, 2 * (8 + 5));
	mc_bytes_free(&both);
	write_bytes("tail.gz", gz.data, gz.len);
	FILE *f = fopen(path("tail.gz"), "ab");
	CHECK(f && fputs("tail", f) >= 0 && fclose(f) == 0);
	CHECK_INT(mc_data_load(path("tail.gz"), &b, &err), MC_FORMAT);
	CHECK(strstr(err.text, "4 bytes after the end of the gzip data") != NULL);
	mc_bytes_free(&gz);
	mc_array_free(&a);
}

/* a deflated entry, as numpy.savez_compressed writes it: made here with zlib, wrapped by hand */
static unsigned char *put(unsigned char *p, int bytes, unsigned long n)
{
	for (int i = 0; i < bytes; i++)
		*p++ = (unsigned char)(n >> 8 * i);
	return p;
}

static void deflated(void)
{
	mc_array a = make(MC_INT32, 1, 50, 0), *b;
	char header[MC_NPY_HEADER];
	unsigned char raw[MC_NPY_HEADER + 200], packed[2000], zip[2500], *p = zip;
	const size_t head = mc_npy_header(&a, header), len = head + 200;
	memcpy(raw, header, head);
	memcpy(raw + head, a.data, 200);
	z_stream z = {0};
	deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
	z.next_in = raw;
	z.avail_in = (uInt)len;
	z.next_out = packed;
	z.avail_out = sizeof packed;
	CHECK_INT(deflate(&z, Z_FINISH), Z_STREAM_END);
	const size_t n = z.total_out;
	deflateEnd(&z);
	const unsigned long crc = mc_crc32(0, raw, len);
	for (int central = 0; central < 2; central++) {
		p = put(p, 4, central ? 0x02014b50 : 0x04034b50);
		if (central)
			p = put(p, 2, 20);
		p = put(put(put(put(p, 2, 20), 2, 0), 2, 8), 4, 0);
		p = put(put(put(put(put(p, 4, crc), 4, n), 4, len), 2, 5), 2, 0);
		if (central)
			p = put(put(put(put(put(p, 2, 0), 2, 0), 2, 0), 4, 0), 4, 0);
		memcpy(p, "x.npy", 5);
		p += 5;
		if (!central) {
			memcpy(p, packed, n);
			p += n;
		}
	}
	const size_t directory = 30 + 5 + n;
	p = put(put(put(put(put(p, 4, 0x06054b50), 4, 0), 2, 1), 2, 1), 4, 46 + 5);
	p = put(put(p, 4, directory), 2, 0);
	mc_bytes good = {zip, (size_t)(p - zip)};
	mc_archive archive;
	mc_error err = {0};
	CHECK_INT(mc_npz_parse("x.npz", good, &archive, &err), MC_OK);
	b = archive.n == 1 ? &archive.item[0].array : &a;
	CHECK(archive.n == 1 && same(b, &a));
	mc_archive_free(&archive);
	int harmful = 0;
	for (size_t i = 0; i < good.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			zip[i] ^= (unsigned char)(1 << bit);
			if (mc_npz_parse("x.npz", good, &archive, &err) == MC_OK)
				harmful += archive.n != 1 || !same(&archive.item[0].array, &a) ||
				           strcmp(archive.item[0].name, "x") != 0;
			mc_archive_free(&archive);
			zip[i] ^= (unsigned char)(1 << bit);
		}
	CHECK_INT(harmful, 0);
	mc_array_free(&a);
}

/* ---- headers that lie */

static void check_npy(const char *dictionary, const char *message)
{
	unsigned char file[300] = "\x93NUMPY\1\0";
	const size_t n = strlen(dictionary);
	mc_array a;
	mc_error err = {0};
	file[8] = (unsigned char)n;
	memcpy(file + 10, dictionary, n);
	CHECK_INT(mc_npy_parse("f", (mc_bytes){file, 10 + n + 8}, &a, &err), MC_FORMAT);
	if (!CHECK(strstr(err.text, message) != NULL))
		printf("  %s\n", err.text);
}

static void check_tensors(const char *json, size_t values, const char *message)
{
	unsigned char file[600] = {0};
	const size_t n = strlen(json);
	mc_archive a;
	mc_error err = {0};
	file[0] = (unsigned char)n;
	file[1] = (unsigned char)(n >> 8);
	memcpy(file + 8, json, n);
	const mc_status status = mc_safetensors_parse("f", (mc_bytes){file, 8 + n + values}, &a,
	                                              &err);
	CHECK_INT(status, message ? MC_FORMAT : MC_OK);
	if (!CHECK(!message || strstr(err.text, message) != NULL))
		printf("  %s\n", err.text);
	mc_archive_free(&a);
}

static void lies(void)
{
	check_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904,)}",
	          "too large");
	check_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
	          "too large");
	check_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}",
	          "damaged");
	check_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}",
	          "8 bytes of values, expected 16");
	check_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1)}", "damaged");
	check_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", "damaged");
	check_npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "cannot be read");
	check_npy("{'descr': '<f8', 'shape': (1,)}", "damaged");
	check_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}",
	          "damaged");
	check_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}",
	          "more than 8 sizes");
	check_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)", "damaged");

	check_tensors("{}", 0, NULL);
	check_tensors("{\"W\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}  ", 8,
	              NULL);
	check_tensors("{\"\\u0057\\n\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", 1,
	              NULL);
	check_tensors("{\"W\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} x", 8,
	              "text behind");
	check_tensors("{\"W\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8,
	              "at array W");
	check_tensors("{\"W\":{\"dtype\":\"F33\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
	              "at array W");
	check_tensors("{\"W\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 9,
	              "expected 8");
	check_tensors("{\"W\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 7,
	              "ends at byte 8");
	check_tensors("{\"W\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}", 3,
	              "gap at byte 0");
	check_tensors(
		"{\"W\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"V\":{\"dtype\":\"U8\",\"shape\":[2],"
		"\"data_offsets\":[1,3]}}",
		3, "overlap");
	check_tensors(
		"{\"W\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"W\":{\"dtype\":\"U8\",\"shape\":[1],"
		"\"data_offsets\":[1,2]}}",
		2, "two arrays are named W");
	check_tensors(
		"{\"W\":{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296,0],\"data_offsets\":[0,0]}}",
		0, "at array W");
	check_tensors(
		"{\"__metadata__\":{\"crc32\":\"00000000\"},\"W\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
		1, "wrong checksum");
	check_tensors("[1]", 0, "no header");
}

static void conversions(void)
{
	static const struct {
		double value;
		mc_dtype to;
		int fits;
	} cases[] = {
		{255, MC_UINT8, 1},     {256, MC_UINT8, 0},    {-1, MC_UINT8, 0},
		{0.5, MC_UINT8, 0},     {-128, MC_INT8, 1},    {-129, MC_INT8, 0},
		{1, MC_BOOL, 1},        {2, MC_BOOL, 0},       {1e300, MC_INT64, 0},
		{NAN, MC_INT32, 0},     {0.1, MC_FLOAT32, 1},  {1e300, MC_FLOAT32, 1},
		{-0x1p63, MC_INT64, 1}, {0x1p63, MC_INT64, 0}, {0x1p53, MC_UINT64, 1},
		{-1, MC_UINT64, 0},
	};
	mc_error err = {0};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const int64_t one = 1;
		mc_array a;
		mc_array_shape(&a, MC_FLOAT64, 1, &one);
		a.data = malloc(8);
		*(double *)a.data = cases[i].value;
		const mc_status status = mc_array_convert(&a, cases[i].to, "x", &err);
		CHECK_INT(status, cases[i].fits ? MC_OK : MC_MISMATCH);
		const double want = cases[i].to == MC_FLOAT32 ? (double)(float)cases[i].value
		                                              : cases[i].value;
		CHECK_NEAR(mc_array_number(&a, 0), want, 0);
		mc_array_free(&a);
	}
	/* integers of 64 bits do not pass through a double */
	const int64_t one = 1;
	mc_array a;
	mc_array_shape(&a, MC_INT64, 1, &one);
	a.data = malloc(8);
	*(int64_t *)a.data = ((int64_t)1 << 53) + 1;
	CHECK_INT(mc_array_convert(&a, MC_UINT64, "x", &err), MC_OK);
	CHECK(*(uint64_t *)a.data == ((uint64_t)1 << 53) + 1);
	mc_array_free(&a);
}

/* ---- a file is there as a whole, or the old one is */

static int files_in_folder(void)
{
	int n = 0;
	DIR *d = opendir(folder);
	for (struct dirent *e; d && (e = readdir(d)) != NULL;)
		n += *e->d_name != '.' || e->d_name[1] == 'w'; /* .writing-... too */
	if (d)
		closedir(d);
	return n;
}

static void whole_or_not(void)
{
	mc_out o;
	mc_error err = {0};
	mc_bytes in;
	write_bytes("old", "old", 3);
	const int files = files_in_folder();
	CHECK_INT(mc_out_begin(&o, path("old"), &err), MC_OK);
	mc_out_write(&o, "new", 3);
	mc_out_drop(&o);
	CHECK_INT(files_in_folder(), files);
	CHECK_INT(mc_file_read(path("old"), &in, &err), MC_OK);
	CHECK(in.len == 3 && !memcmp(in.data, "old", 3));
	mc_bytes_free(&in);
	/* a write that failed, as on a full disk */
	CHECK_INT(mc_out_begin(&o, path("old"), &err), MC_OK);
	mc_out_write(&o, "new", 3);
	o.failed = 28;
	CHECK_INT(mc_out_end(&o, &err), MC_IO);
	CHECK(strstr(err.text, "cannot write") != NULL);
	CHECK_INT(files_in_folder(), files);
	CHECK_INT(mc_file_read(path("old"), &in, &err), MC_OK);
	CHECK(in.len == 3 && !memcmp(in.data, "old", 3));
	mc_bytes_free(&in);
	CHECK_INT(mc_out_begin(&o, path("old"), &err), MC_OK);
	mc_out_write(&o, "new", 3);
	CHECK_INT(mc_out_end(&o, &err), MC_OK);
	CHECK_INT(mc_file_read(path("old"), &in, &err), MC_OK);
	CHECK(in.len == 3 && !memcmp(in.data, "new", 3));
	mc_bytes_free(&in);
	CHECK_INT(mc_out_begin(&o, path("nowhere/x"), &err), MC_IO);
	CHECK(strstr(err.text, "No such file") != NULL);
	CHECK_INT(mc_file_read(folder, &in, &err), MC_IO);
	CHECK(strstr(err.text, "it is a folder") != NULL);
	CHECK_INT(mc_file_read(path("missing"), &in, &err), MC_IO);
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	csv();
	round_trips();
	archives();
	single_files();
	deflated();
	lies();
	conversions();
	whole_or_not();
	DIR *d = opendir(folder);
	for (struct dirent *e; d && (e = readdir(d)) != NULL;)
		unlink(path(e->d_name));
	if (d)
		closedir(d);
	rmdir(folder);
	return test_result();
}
