/* mc_safetensors.c -- .safetensors: the header's length in 8 bytes, a JSON header, the values
 *
 *      {"__metadata__": {"crc32": "89abcdef"}, "W": {"dtype": "F32", "shape": [784, 10], "data_offsets": [0, 31360]}}
 *
 * The values of the arrays must fill the data without a gap or an overlap.  The format has no
 * checksum; ours stands in its metadata, is of the header, with zeros in its own place, and of the
 * data, and is verified where it is there. */
#include <stdlib.h>
#include <string.h>

#include "mc_data.h"

static const struct {
	const char *name;
	mc_dtype dtype;
} types[] = {
	{"BOOL", MC_BOOL},   {"I8", MC_INT8},       {"I16", MC_INT16},       {"I32", MC_INT32},
	{"I64", MC_INT64},   {"U8", MC_UINT8},      {"U16", MC_UINT16},      {"U32", MC_UINT32},
	{"U64", MC_UINT64},  {"F16", MC_FLOAT16},   {"BF16", MC_BFLOAT16},   {"F32", MC_FLOAT32},
	{"F64", MC_FLOAT64}, {"C64", MC_COMPLEX64}, {"C128", MC_COMPLEX128},
};
enum { NTYPES = sizeof types / sizeof *types, MAX_HEADER = 100000000, MAX_NAME = 4096 };

static int big_endian(void)
{
	const uint16_t one = 1;
	unsigned char first;
	memcpy(&first, &one, 1);
	return !first;
}

/* ---- JSON, as much as the header needs */

typedef struct Json {
	const char *s, *end;
	char text[MAX_NAME]; /* the last string */
	size_t len;
} Json;

static void skip(Json *j)
{
	while (j->s < j->end && (*j->s == ' ' || *j->s == '\t' || *j->s == '\n' || *j->s == '\r'))
		j->s++;
}

static int take(Json *j, char c)
{
	skip(j);
	if (j->s == j->end || *j->s != c)
		return 0;
	j->s++;
	return 1;
}

static int take_hex(Json *j, unsigned *code)
{
	*code = 0;
	for (int i = 0; i < 4; i++, j->s++) {
		static const char digits[] = "0123456789abcdefABCDEF";
		const char *d = j->s < j->end && *j->s ? strchr(digits, *j->s) : NULL;
		if (!d)
			return 0;
		const unsigned n = (unsigned)(d - digits);
		*code = *code << 4 | (n < 16 ? n : n - 6);
	}
	return 1;
}

static void add_utf8(Json *j, unsigned code)
{
	const int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
	static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
	j->text[j->len++] = (char)(lead[more] | code >> 6 * more);
	for (int i = more - 1; i >= 0; i--)
		j->text[j->len++] = (char)(0x80 | (code >> 6 * i & 63));
}

static int take_string(Json *j)
{
	if (!take(j, '"'))
		return 0;
	j->len = 0;
	while (j->s < j->end && *j->s != '"') {
		unsigned code = (unsigned char)*j->s++, low;
		if (j->len + 5 > MAX_NAME || code < 0x20)
			return 0;
		if (code != '\\') {
			j->text[j->len++] = (char)code;
			continue;
		}
		static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
		const char *e = j->s < j->end && *j->s ? strchr(from, *j->s) : NULL;
		if (e) {
			j->text[j->len++] = to[e - from];
			j->s++;
			continue;
		}
		if (j->s == j->end || *j->s++ != 'u' || !take_hex(j, &code))
			return 0;
		if (code >= 0xd800 && code < 0xdc00) { /* two halves */
			if (j->end - j->s < 2 || *j->s++ != '\\' || *j->s++ != 'u' ||
			    !take_hex(j, &low) || low < 0xdc00 || low > 0xdfff)
				return 0;
			code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
		} else if (code >= 0xdc00 && code < 0xe000) {
			return 0;
		}
		if (code == 0)
			return 0;
		add_utf8(j, code);
	}
	j->text[j->len] = 0;
	return take(j, '"');
}

static int take_integer(Json *j, int64_t *n)
{
	skip(j);
	const char *begin = j->s;
	for (*n = 0; j->s < j->end && *j->s >= '0' && *j->s <= '9'; j->s++) {
		if (*n > (INT64_MAX - 9) / 10)
			return 0;
		*n = 10 * *n + (*j->s - '0');
	}
	return j->s > begin && (j->s == begin + 1 || *begin != '0');
}

/* [1, 2, 3] */
static int take_list(Json *j, int64_t *n, int max, int *count)
{
	*count = 0;
	if (!take(j, '['))
		return 0;
	if (take(j, ']'))
		return 1;
	do {
		if (*count == max || !take_integer(j, &n[*count]))
			return 0;
		++*count;
	} while (take(j, ','));
	return take(j, ']');
}

/* ---- reading */

typedef struct Place {
	int64_t begin, end;
} Place;

typedef struct Crc {
	const char *name, *at; /* in the header: of 5 characters; 8 digits, or NULL */
	int named; /* the name is crc32 */
} Crc;

static int take_metadata(Json *j, Crc *crc)
{
	if (!take(j, '{'))
		return 0;
	if (take(j, '}'))
		return 1;
	do {
		skip(j);
		const char *name = j->s + 1;
		if (!take_string(j))
			return 0;
		const int named = !strcmp(j->text, "crc32"), short_name = j->s - name == 6;
		if (!take(j, ':'))
			return 0;
		skip(j);
		const char *value = j->s + 1;
		if (!take_string(j))
			return 0;
		const int plain = short_name && j->len == 8 && j->s - value == 9;
		if (named && (crc->named || !plain))
			return 0;
		if (named || (plain && !crc->at))
			*crc = (Crc){name, value, named};
	} while (take(j, ','));
	return take(j, '}');
}

/* The checksum is wrong, or it is right and its name is not */
static int crc_differs(const Crc *crc, const unsigned char *header, const unsigned char *data,
                       uint64_t len, char have[9])
{
	if (!crc->at)
		return 0;
	const char *begin = (const char *)header, *end = (const char *)data;
	uint32_t n = mc_crc32(mc_crc32(0, begin, (size_t)(crc->name - begin)), "crc32", 5);
	n = mc_crc32(n, crc->name + 5, (size_t)(crc->at - crc->name) - 5);
	n = mc_crc32(mc_crc32(n, "00000000", 8), crc->at + 8, (size_t)(end - crc->at) - 8);
	n = mc_crc32(n, data, (size_t)len);
	snprintf(have, 9, "%08x", (unsigned)n);
	return (memcmp(crc->at, have, 8) == 0) != crc->named;
}

/* {"dtype": "F32", "shape": [784, 10], "data_offsets": [0, 31360]} */
static int take_tensor(Json *j, mc_array *a, Place *place)
{
	int seen = 0, rank = 0, n;
	int type = NTYPES;
	int64_t size[MC_MAX_RANK], offset[2] = {0, 0};
	if (!take(j, '{'))
		return 0;
	do {
		if (!take_string(j) || !take(j, ':'))
			return 0;
		const int bit = !strcmp(j->text, "dtype")        ? 1
		              : !strcmp(j->text, "shape")        ? 2
		              : !strcmp(j->text, "data_offsets") ? 4
		                                                 : 0;
		if (!bit || (seen & bit))
			return 0;
		seen |= bit;
		if (bit == 1) {
			if (!take_string(j))
				return 0;
			for (type = 0; type < NTYPES && strcmp(types[type].name, j->text) != 0;)
				type++;
		} else if (bit == 2 && !take_list(j, size, MC_MAX_RANK, &rank)) {
			return 0;
		} else if (bit == 4 && (!take_list(j, offset, 2, &n) || n != 2)) {
			return 0;
		}
	} while (take(j, ','));
	*place = (Place){offset[0], offset[1]};
	return take(j, '}') && seen == 7 && type < NTYPES &&
	       mc_array_shape(a, types[type].dtype, rank, size) && offset[1] >= offset[0] &&
	       (uint64_t)(offset[1] - offset[0]) == (uint64_t)a->count * mc_dtype_bytes(a->dtype);
}

static mc_status read_header(const char *path, Json *j, mc_archive *out, Place **places, Crc *crc,
                             mc_error *err)
{
	int cap = 0, metadata = 0;
	if (!take(j, '{'))
		return mc_fail(err, MC_FORMAT, "%s: not a .safetensors file: no header", path);
	if (take(j, '}'))
		goto end;
	do {
		if (!take_string(j) || !take(j, ':'))
			return mc_fail(err, MC_FORMAT, "%s: damaged .safetensors header", path);
		if (!strcmp(j->text, "__metadata__")) {
			if (metadata++ || !take_metadata(j, crc))
				return mc_fail(err, MC_FORMAT,
				               "%s: damaged metadata in the .safetensors header",
				               path);
			continue;
		}
		if (mc_archive_find(out, j->text))
			return mc_fail(err, MC_FORMAT, "%s: two arrays are named %s", path,
			               j->text);
		if (out->n == cap) {
			cap = cap ? 2 * cap : 16;
			Place *more = realloc(*places, (size_t)cap * sizeof *more);
			if (!more)
				return mc_fail(err, MC_NO_MEMORY, "cannot read %s: out of memory",
				               path);
			*places = more;
		}
		mc_array *a = mc_archive_add(out, j->text, j->len);
		if (!a)
			return mc_fail(err, MC_NO_MEMORY, "cannot read %s: out of memory", path);
		if (!take_tensor(j, a, &(*places)[out->n - 1]))
			return mc_fail(err, MC_FORMAT,
			               "%s: damaged .safetensors header at array %s", path,
			               out->item[out->n - 1].name);
	} while (take(j, ','));
	if (!take(j, '}'))
		return mc_fail(err, MC_FORMAT, "%s: damaged .safetensors header", path);
end:
	skip(j);
	return j->s == j->end
	             ? MC_OK
	             : mc_fail(err, MC_FORMAT, "%s: text behind the .safetensors header", path);
}

static int by_begin(const void *a, const void *b)
{
	const Place *x = a, *y = b;
	return x->begin != y->begin ? (x->begin > y->begin) - (x->begin < y->begin)
	                            : (x->end > y->end) - (x->end < y->end);
}

static mc_status read_values(const char *path, const unsigned char *data, uint64_t len,
                             mc_archive *out, Place *place, mc_error *err)
{
	for (int i = 0; i < out->n; i++) {
		mc_array *a = &out->item[i].array;
		const size_t bytes = (size_t)(place[i].end - place[i].begin);
		if ((uint64_t)place[i].end > len)
			return mc_fail(err, MC_FORMAT,
			               "%s: %s ends at byte %lld of the data, which has %llu", path,
			               out->item[i].name, (long long)place[i].end,
			               (unsigned long long)len);
		a->data = malloc(bytes ? bytes : 1);
		if (!a->data)
			return mc_fail(err, MC_NO_MEMORY, "cannot read %s: out of memory", path);
		memcpy(a->data, data + place[i].begin, bytes);
		const int parts = a->dtype >= MC_COMPLEX64 ? 2 : 1;
		if (big_endian())
			mc_swap_bytes(a->data, a->count * parts,
			              mc_dtype_bytes(a->dtype) / (size_t)parts);
	}
	if (out->n)
		qsort(place, (size_t)out->n, sizeof *place, by_begin);
	int64_t at = 0;
	for (int i = 0; i < out->n; i++) {
		if (place[i].begin != at)
			return mc_fail(err, MC_FORMAT,
			               "%s: the arrays overlap or leave a gap at byte %lld", path,
			               (long long)at);
		at = place[i].end;
	}
	if ((uint64_t)at != len)
		return mc_fail(err, MC_FORMAT, "%s: %llu bytes of values, expected %lld", path,
		               (unsigned long long)len, (long long)at);
	return MC_OK;
}

mc_status mc_safetensors_parse(const char *path, mc_bytes in, mc_archive *out, mc_error *err)
{
	uint64_t len = 0;
	char have[9] = "";
	Crc crc = {NULL, 0};
	*out = (mc_archive){0};
	for (int i = 7; i >= 0 && in.len >= 8; i--)
		len = len << 8 | in.data[i];
	if (in.len < 8 || len > MAX_HEADER || len > in.len - 8)
		return mc_fail(err, MC_FORMAT,
		               "%s: not a whole .safetensors file: the header is cut off", path);
	Json *j = malloc(sizeof *j);
	if (!j)
		return mc_fail(err, MC_NO_MEMORY, "cannot read %s: out of memory", path);
	j->s = (const char *)in.data + 8;
	j->end = j->s + len;
	Place *places = NULL;
	mc_status status = read_header(path, j, out, &places, &crc, err);
	if (status == MC_OK)
		status = read_values(path, in.data + 8 + len, in.len - 8 - len, out, places, err);
	if (status == MC_OK &&
	    crc_differs(&crc, in.data + 8, in.data + 8 + len, in.len - 8 - len, have))
		status = mc_fail(err, MC_FORMAT, "%s: wrong checksum: %s, expected %.8s", path, have,
		                 crc.at);
	if (status != MC_OK)
		mc_archive_free(out);
	free(places);
	free(j);
	return status;
}

/* ---- writing */

typedef struct Grown {
	char *text;
	size_t len, cap;
	int failed;
} Grown;

static void grown_add(Grown *g, const char *s, size_t n)
{
	if (g->cap - g->len < n + 1) {
		const size_t cap = 2 * (g->cap + n + 1);
		char *text = realloc(g->text, cap);
		if (!text) {
			g->failed = 1;
			return;
		}
		g->text = text;
		g->cap = cap;
	}
	memcpy(g->text + g->len, s, n);
	g->len += n;
}

static void grown_add_string(Grown *g, const char *s)
{
	char text[8];
	grown_add(g, "\"", 1);
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20)
			grown_add(g, text,
			          (size_t)snprintf(text, sizeof text, "\\u%04x", (unsigned)*s));
		else if (*s == '"' || *s == '\\')
			grown_add(g, text, (size_t)snprintf(text, sizeof text, "\\%c", *s));
		else
			grown_add(g, s, 1);
	}
	grown_add(g, "\"", 1);
}

mc_status mc_safetensors_write(const char *path, int n, const mc_named *item, mc_error *err)
{
	if (big_endian())
		return mc_fail(err, MC_FORMAT,
		               "%s: writing .safetensors is for little-endian machines", path);
	Grown g = {0};
	char text[256];
	uint64_t at = 0;
	static const char head[] = "{\"__metadata__\":{\"crc32\":\"";
	grown_add(&g, head, sizeof head - 1);
	grown_add(&g, "00000000\"}", 10);
	for (int i = 0; i < n; i++) {
		const mc_array *a = &item[i].array;
		int type = 0;
		while (types[type].dtype != a->dtype)
			type++;
		grown_add(&g, ",", 1);
		grown_add_string(&g, item[i].name);
		grown_add(&g, text,
		          (size_t)snprintf(text, sizeof text, ":{\"dtype\":\"%s\",\"shape\":[",
		                           types[type].name));
		for (int k = 0; k < a->rank; k++)
			grown_add(&g, text,
			          (size_t)snprintf(text, sizeof text, "%s%lld", k ? "," : "",
			                           (long long)a->size[k]));
		const uint64_t end = at + (uint64_t)a->count * mc_dtype_bytes(a->dtype);
		grown_add(&g, text,
		          (size_t)snprintf(text, sizeof text, "],\"data_offsets\":[%llu,%llu]}",
		                           (unsigned long long)at, (unsigned long long)end));
		at = end;
	}
	grown_add(&g, "}", 1);
	while (!g.failed && g.len % 8)
		grown_add(&g, " ", 1);
	uint32_t crc = g.failed ? 0 : mc_crc32(0, g.text, g.len);
	for (int i = 0; i < n; i++)
		crc = mc_crc32(crc, item[i].array.data,
		               (size_t)item[i].array.count * mc_dtype_bytes(item[i].array.dtype));
	snprintf(text, sizeof text, "%08x", (unsigned)crc);
	if (!g.failed)
		memcpy(g.text + sizeof head - 1, text, 8);
	mc_out o;
	mc_status status = g.failed ? mc_fail(err, MC_NO_MEMORY, "cannot write %s: out of memory",
	                                      path)
	                            : mc_out_begin(&o, path, err);
	if (status == MC_OK) {
		unsigned char len[8];
		for (int i = 0; i < 8; i++)
			len[i] = (unsigned char)((uint64_t)g.len >> 8 * i);
		mc_out_write(&o, len, sizeof len);
		mc_out_write(&o, g.text, g.len);
		for (int i = 0; i < n; i++)
			mc_out_write(&o, item[i].array.data,
			             (size_t)item[i].array.count *
			                     mc_dtype_bytes(item[i].array.dtype));
		status = mc_out_end(&o, err);
	}
	free(g.text);
	return status;
}
