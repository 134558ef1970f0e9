/* mc_npy.c -- NumPy's .npy: a magic, a header that is a Python dictionary, the values */
#include <stdlib.h>
#include <string.h>

#include "mc_data.h"

static const struct {
	const char *code; /* behind the byte order */
	mc_dtype dtype;
} types[] = {
	{"b1", MC_BOOL},    {"i1", MC_INT8},      {"i2", MC_INT16},       {"i4", MC_INT32},
	{"i8", MC_INT64},   {"u1", MC_UINT8},     {"u2", MC_UINT16},      {"u4", MC_UINT32},
	{"u8", MC_UINT64},  {"f2", MC_FLOAT16},   {"V2", MC_BFLOAT16},    {"f4", MC_FLOAT32},
	{"f8", MC_FLOAT64}, {"c8", MC_COMPLEX64}, {"c16", MC_COMPLEX128},
};
enum { NTYPES = sizeof types / sizeof *types };

static int little_endian(void)
{
	const uint16_t one = 1;
	unsigned char first;
	memcpy(&first, &one, 1);
	return first;
}

/* ---- the header: {'descr': '<f4', 'fortran_order': False, 'shape': (600, 10), } */

typedef struct Text {
	const char *s, *end;
} Text;

static void skip(Text *t)
{
	while (t->s < t->end && (*t->s == ' ' || *t->s == '\t' || *t->s == '\n'))
		t->s++;
}

static int take(Text *t, const char *word)
{
	const size_t len = strlen(word);
	skip(t);
	if ((size_t)(t->end - t->s) < len || memcmp(t->s, word, len) != 0)
		return 0;
	t->s += len;
	return 1;
}

static int take_string(Text *t, char *out, size_t cap)
{
	skip(t);
	if (t->s == t->end || (*t->s != '\'' && *t->s != '"'))
		return 0;
	const char quote = *t->s++;
	size_t n = 0;
	while (t->s < t->end && *t->s != quote) {
		if (n + 1 == cap || *t->s == '\\')
			return 0;
		out[n++] = *t->s++;
	}
	out[n] = 0;
	return t->s++ < t->end;
}

/* at least one digit; no more than int64 holds */
static int take_size(Text *t, int64_t *size)
{
	skip(t);
	const char *begin = t->s;
	int64_t n = 0;
	for (; t->s < t->end && *t->s >= '0' && *t->s <= '9'; t->s++) {
		if (n > (INT64_MAX - 9) / 10)
			return 0;
		n = 10 * n + (*t->s - '0');
	}
	*size = n;
	return t->s > begin;
}

typedef struct Header {
	char descr[16];
	int fortran, rank;
	int64_t size[MC_MAX_RANK];
} Header;

static int take_shape(Text *t, Header *h)
{
	if (!take(t, "("))
		return 0;
	h->rank = 0;
	while (!take(t, ")")) {
		if (h->rank == MC_MAX_RANK || !take_size(t, &h->size[h->rank]))
			return 0;
		h->rank++;
		if (!take(t, ",") && h->rank == 1)
			return 0; /* (3) is a number */
	}
	return 1;
}

static int parse_header(Text t, Header *h)
{
	int seen = 0;
	*h = (Header){0};
	if (!take(&t, "{"))
		return 0;
	while (!take(&t, "}")) {
		char key[16];
		if (!take_string(&t, key, sizeof key) || !take(&t, ":"))
			return 0;
		const int bit = !strcmp(key, "descr")         ? 1
		              : !strcmp(key, "fortran_order") ? 2
		              : !strcmp(key, "shape")         ? 4
		                                              : 0;
		if (!bit || (seen & bit))
			return 0;
		seen |= bit;
		if (bit == 1 && !take_string(&t, h->descr, sizeof h->descr))
			return 0;
		if (bit == 2) {
			h->fortran = take(&t, "True");
			if (!h->fortran && !take(&t, "False"))
				return 0;
		}
		if (bit == 4 && !take_shape(&t, h))
			return 0;
		if (!take(&t, ",")) {
			if (!take(&t, "}"))
				return 0;
			break;
		}
	}
	skip(&t);
	return t.s == t.end && seen == 7;
}

/* values in column order to row order */
static void to_rows(const mc_array *a, const unsigned char *from, unsigned char *to, size_t width)
{
	int64_t at[MC_MAX_RANK] = {0}, step[MC_MAX_RANK], offset = 0, stride = 1;
	for (int i = 0; i < a->rank; i++) {
		step[i] = stride;
		stride *= a->size[i];
	}
	for (int64_t n = 0; n < a->count; n++) {
		memcpy(to + (size_t)n * width, from + (size_t)offset * width, width);
		for (int i = a->rank - 1; i >= 0; i--) {
			offset += step[i];
			if (++at[i] < a->size[i])
				break;
			offset -= at[i] * step[i];
			at[i] = 0;
		}
	}
}

mc_status mc_npy_parse(const char *path, mc_bytes in, mc_array *out, mc_error *err)
{
	*out = (mc_array){0};
	if (in.len < 10 || memcmp(in.data, "\x93NUMPY", 6) != 0)
		return mc_fail(err, MC_FORMAT, "%s: not a .npy file", path);
	const int version = in.data[6];
	if (version < 1 || version > 3 || in.data[7] != 0)
		return mc_fail(err, MC_FORMAT, "%s: .npy version %d.%d, expected 1.0, 2.0 or 3.0",
		               path, version, in.data[7]);
	const size_t begin = version == 1 ? 10 : 12;
	size_t len = (size_t)in.data[8] | (size_t)in.data[9] << 8;
	if (version > 1 && in.len >= 12)
		len |= (size_t)in.data[10] << 16 | (size_t)in.data[11] << 24;
	if (in.len < begin || in.len - begin < len)
		return mc_fail(err, MC_FORMAT, "%s: the .npy header is cut off", path);
	const Text t = {(const char *)in.data + begin, (const char *)in.data + begin + len};
	Header h;
	if (!parse_header(t, &h))
		return mc_fail(err, MC_FORMAT, "%s: damaged .npy header, or more than %d sizes",
		               path, MC_MAX_RANK);
	int type = 0;
	while (type < NTYPES && (!*h.descr || strcmp(types[type].code, h.descr + 1) != 0))
		type++;
	if (type == NTYPES || !strchr("<>|=", *h.descr))
		return mc_fail(err, MC_FORMAT,
		               "%s: values of type '%s' cannot be read, expected numbers", path,
		               h.descr);
	if (!mc_array_shape(out, types[type].dtype, h.rank, h.size))
		return mc_fail(err, MC_FORMAT, "%s: the sizes in the .npy header are too large",
		               path);
	const size_t width = mc_dtype_bytes(out->dtype), bytes = (size_t)out->count * width,
		     have = in.len - begin - len;
	if (have != bytes) {
		char text[160];
		return mc_fail(err, MC_FORMAT, "%s: %zu bytes of values, expected %zu for %s", path,
		               have, bytes, mc_array_text(out, text, sizeof text));
	}
	unsigned char *data = malloc(bytes ? bytes : 1);
	if (!data)
		return mc_fail(err, MC_NO_MEMORY, "cannot read %s: out of memory", path);
	const unsigned char *values = in.data + begin + len;
	if (h.fortran && out->rank > 1)
		to_rows(out, values, data, width);
	else
		memcpy(data, values, bytes);
	out->data = data;
	const int parts = out->dtype >= MC_COMPLEX64 ? 2 : 1;
	if (*h.descr == (little_endian() ? '>' : '<'))
		mc_swap_bytes(data, out->count * parts, width / (size_t)parts);
	for (int64_t i = 0; out->dtype == MC_BOOL && i < out->count; i++)
		if (data[i] > 1) {
			const int value = data[i];
			mc_array_free(out);
			return mc_fail(err, MC_FORMAT,
			               "%s: element %lld is the byte %d, expected 0 or 1", path,
			               (long long)i, value);
		}
	return MC_OK;
}

size_t mc_npy_header(const mc_array *a, char text[MC_NPY_HEADER])
{
	int type = 0;
	while (types[type].dtype != a->dtype)
		type++;
	memcpy(text, "\x93NUMPY\1\0", 8);
	char *s = text + 10;
	char *const end = text + MC_NPY_HEADER;
	const char order = mc_dtype_bytes(a->dtype) == 1 || a->dtype == MC_BFLOAT16 ? '|'
	                 : little_endian()                                          ? '<'
	                                                                            : '>';
	s += snprintf(s, (size_t)(end - s), "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
	              order, types[type].code);
	for (int i = 0; i < a->rank; i++)
		s += snprintf(s, (size_t)(end - s), "%s%lld%s", i ? " " : "", (long long)a->size[i],
		              i < a->rank - 1 || a->rank == 1 ? "," : "");
	s += snprintf(s, (size_t)(end - s), "), }");
	while ((s - text) % 64 != 63)
		*s++ = ' ';
	*s++ = '\n';
	const size_t len = (size_t)(s - text) - 10;
	text[8] = (char)(len & 255);
	text[9] = (char)(len >> 8);
	return (size_t)(s - text);
}

mc_status mc_npy_write(const char *path, const mc_array *a, mc_error *err)
{
	mc_out o;
	char header[MC_NPY_HEADER];
	const mc_status status = mc_out_begin(&o, path, err);
	if (status != MC_OK)
		return status;
	mc_out_write(&o, header, mc_npy_header(a, header));
	mc_out_write(&o, a->data, (size_t)a->count * mc_dtype_bytes(a->dtype));
	return mc_out_end(&o, err);
}
