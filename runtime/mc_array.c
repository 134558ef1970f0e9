/* mc_array.c -- arrays as files hold them: types, sizes, conversion */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mc_data.h"

static const struct {
	const char *name;
	size_t bytes;
} dtypes[] = {
	{"bool", 1},     {"int8", 1},    {"int16", 2},   {"int32", 4},     {"int64", 8},
	{"uint8", 1},    {"uint16", 2},  {"uint32", 4},  {"uint64", 8},    {"float16", 2},
	{"bfloat16", 2}, {"float32", 4}, {"float64", 8}, {"complex64", 8}, {"complex128", 16},
};

size_t mc_dtype_bytes(mc_dtype d)
{
	return dtypes[d].bytes;
}

const char *mc_dtype_name(mc_dtype d)
{
	return dtypes[d].name;
}

int mc_array_shape(mc_array *a, mc_dtype dtype, int rank, const int64_t *size)
{
	int bad = 0;
	int64_t count = 1;
	if (rank < 0 || rank > MC_MAX_RANK)
		return 0;
	*a = (mc_array){0};
	a->dtype = dtype;
	a->rank = rank;
	/* zero sizes last, so that an absurd size beside a zero is still seen */
	for (int i = 0; i < rank; i++) {
		if (size[i] < 0)
			return 0;
		a->size[i] = size[i];
		if (size[i] > 0)
			count = mc_mul(count, size[i], &bad);
	}
	mc_mul(count, (int64_t)mc_dtype_bytes(dtype), &bad);
	for (int i = 0; i < rank; i++)
		if (size[i] == 0)
			count = 0;
	a->count = count;
	return !bad && (uint64_t)count <= SIZE_MAX / mc_dtype_bytes(dtype);
}

void mc_array_free(mc_array *a)
{
	free(a->data);
	*a = (mc_array){0};
}

const char *mc_array_text(const mc_array *a, char *text, size_t len)
{
	size_t at = (size_t)snprintf(text, len, "%s", mc_dtype_name(a->dtype));
	for (int i = 0; i < a->rank && at < len; i++)
		at += (size_t)snprintf(text + at, len - at, "%s%lld%s", i ? ", " : "[",
		                       (long long)a->size[i], i == a->rank - 1 ? "]" : "");
	return text;
}

void mc_swap_bytes(void *data, int64_t count, size_t width)
{
	unsigned char *p = data;
	for (int64_t i = 0; i < count; i++, p += width)
		for (size_t j = 0; j < width / 2; j++) {
			const unsigned char t = p[j];
			p[j] = p[width - 1 - j];
			p[width - 1 - j] = t;
		}
}

static double half_number(uint16_t h)
{
	const int exponent = h >> 10 & 31, fraction = h & 1023;
	const double magnitude = exponent == 0  ? ldexp(fraction, -24)
	                       : exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
	                                        : ldexp(fraction + 1024, exponent - 25);
	return h >> 15 ? -magnitude : magnitude;
}

double mc_array_number(const mc_array *a, int64_t i)
{
	const void *d = a->data;
	switch (a->dtype) {
	case MC_BOOL:
	case MC_UINT8: return ((const uint8_t *)d)[i];
	case MC_INT8: return ((const int8_t *)d)[i];
	case MC_INT16: return ((const int16_t *)d)[i];
	case MC_INT32: return ((const int32_t *)d)[i];
	case MC_INT64: return (double)((const int64_t *)d)[i];
	case MC_UINT16: return ((const uint16_t *)d)[i];
	case MC_UINT32: return ((const uint32_t *)d)[i];
	case MC_UINT64: return (double)((const uint64_t *)d)[i];
	case MC_FLOAT16: return half_number(((const uint16_t *)d)[i]);
	case MC_BFLOAT16: {
		const uint32_t bits = (uint32_t)((const uint16_t *)d)[i] << 16;
		float f;
		memcpy(&f, &bits, sizeof f);
		return (double)f;
	}
	case MC_FLOAT32: return (double)((const float *)d)[i];
	case MC_FLOAT64: return ((const double *)d)[i];
	case MC_COMPLEX64: return (double)((const float *)d)[2 * i];
	case MC_COMPLEX128: return ((const double *)d)[2 * i];
	}
	return 0;
}

/* ---- conversion: integers go through int64 or uint64, so that none of 64 bits is rounded on
 * the way */

typedef struct Number {
	enum { SIGNED, UNSIGNED, REAL } kind;
	int64_t i;
	uint64_t u;
	double f;
} Number;

static Number number_at(const mc_array *a, int64_t i)
{
	Number n = {REAL, 0, 0, 0};
	if (a->dtype == MC_UINT64) {
		n.u = ((const uint64_t *)a->data)[i];
		n.i = (int64_t)(n.u & INT64_MAX);
		n.kind = n.u <= INT64_MAX ? SIGNED : UNSIGNED;
	} else if (a->dtype == MC_INT64) {
		n.i = ((const int64_t *)a->data)[i];
		n.kind = SIGNED;
	} else {
		n.f = mc_array_number(a, i);
		/* 2^63 is a double; the cast is defined below it */
		if (n.f >= -0x1p63 && n.f < 0x1p63 && floor(n.f) == n.f) {
			n.i = (int64_t)n.f;
			n.kind = SIGNED;
		}
	}
	return n;
}

static int fits(Number n, mc_dtype to)
{
	static const struct {
		int64_t lo, hi;
	} range[] = {
		[MC_BOOL] = {0, 1},
		[MC_INT8] = {INT8_MIN, INT8_MAX},
		[MC_INT16] = {INT16_MIN, INT16_MAX},
		[MC_INT32] = {INT32_MIN, INT32_MAX},
		[MC_INT64] = {INT64_MIN, INT64_MAX},
		[MC_UINT8] = {0, UINT8_MAX},
		[MC_UINT16] = {0, UINT16_MAX},
		[MC_UINT32] = {0, UINT32_MAX},
		[MC_UINT64] = {0, INT64_MAX},
	};
	if (n.kind == UNSIGNED)
		return to == MC_UINT64;
	return n.kind == SIGNED && n.i >= range[to].lo && n.i <= range[to].hi;
}

static void put_number(void *data, mc_dtype d, int64_t i, Number n)
{
	const double f = n.kind == SIGNED ? (double)n.i : n.kind == UNSIGNED ? (double)n.u : n.f;
	switch (d) {
	case MC_BOOL:
	case MC_UINT8: ((uint8_t *)data)[i] = (uint8_t)n.i; break;
	case MC_INT8: ((int8_t *)data)[i] = (int8_t)n.i; break;
	case MC_INT16: ((int16_t *)data)[i] = (int16_t)n.i; break;
	case MC_INT32: ((int32_t *)data)[i] = (int32_t)n.i; break;
	case MC_INT64: ((int64_t *)data)[i] = n.i; break;
	case MC_UINT16: ((uint16_t *)data)[i] = (uint16_t)n.i; break;
	case MC_UINT32: ((uint32_t *)data)[i] = (uint32_t)n.i; break;
	case MC_UINT64: ((uint64_t *)data)[i] = n.kind == UNSIGNED ? n.u : (uint64_t)n.i; break;
	case MC_FLOAT32: ((float *)data)[i] = (float)f; break;
	default: ((double *)data)[i] = f; break;
	}
}

mc_status mc_array_convert(mc_array *a, mc_dtype to, const char *what, mc_error *err)
{
	if (a->dtype == to)
		return MC_OK;
	const int from_ok = a->dtype < MC_COMPLEX64, to_integer = to < MC_FLOAT16;
	if (!from_ok || !(to_integer || to == MC_FLOAT32 || to == MC_FLOAT64))
		return mc_fail(err, MC_MISMATCH, "%s holds %s, expected %s", what,
		               mc_dtype_name(a->dtype), mc_dtype_name(to));
	mc_array out;
	if (!mc_array_shape(&out, to, a->rank, a->size) ||
	    !(out.data = malloc(out.count ? (size_t)out.count * mc_dtype_bytes(to) : 1)))
		return mc_fail(err, MC_NO_MEMORY, "%s: out of memory", what);
	for (int64_t i = 0; i < a->count; i++) {
		const Number n = number_at(a, i);
		if (to_integer && !fits(n, to)) {
			mc_array_free(&out);
			return mc_fail(err, MC_MISMATCH,
			               "%s: element %lld is %.17g, which %s cannot hold", what,
			               (long long)i, mc_array_number(a, i), mc_dtype_name(to));
		}
		put_number(out.data, to, i, n);
	}
	mc_array_free(a);
	*a = out;
	return MC_OK;
}

mc_status mc_array_rows(const mc_array *a, int64_t lo, int64_t hi, mc_array *out, const char *what,
                        mc_error *err)
{
	char text[160];
	int64_t size[MC_MAX_RANK];
	*out = (mc_array){0};
	if (a->rank < 1 || lo < 0 || hi < lo || hi > a->size[0])
		return mc_fail(err, MC_SIZE, "%s is %s: it has no rows %lld to %lld", what,
		               mc_array_text(a, text, sizeof text), (long long)lo, (long long)hi);
	memcpy(size, a->size, sizeof size);
	size[0] = hi - lo;
	mc_array_shape(out, a->dtype, a->rank, size);
	const size_t bytes = (size_t)out->count * mc_dtype_bytes(a->dtype);
	out->data = malloc(bytes ? bytes : 1);
	if (!out->data)
		return mc_fail(err, MC_NO_MEMORY, "%s: out of memory", what);
	const size_t row = hi > lo ? bytes / (size_t)(hi - lo) : 0;
	memcpy(out->data, (const char *)a->data + (size_t)lo * row, bytes);
	return MC_OK;
}

void mc_put_number(void *data, mc_dtype d, int64_t i, int is_real, int64_t integer, double real)
{
	const Number n = {is_real ? REAL : SIGNED, integer, 0, real};
	put_number(data, d, i, n);
}
