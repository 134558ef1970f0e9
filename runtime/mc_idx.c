/* mc_idx.c -- IDX, the format of MNIST: 0 0 type rank, the sizes and then the values, big-endian */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "mc_data.h"

static const struct {
	unsigned char code;
	mc_dtype dtype;
} types[] = {{0x08, MC_UINT8}, {0x09, MC_INT8},    {0x0B, MC_INT16},
             {0x0C, MC_INT32}, {0x0D, MC_FLOAT32}, {0x0E, MC_FLOAT64}};
enum { NTYPES = sizeof types / sizeof *types };

static int little_endian(void)
{
	const uint16_t one = 1;
	unsigned char first;
	memcpy(&first, &one, 1);
	return first;
}

mc_status mc_idx_parse(const char *path, mc_bytes in, mc_array *out, mc_error *err)
{
	*out = (mc_array){0};
	int type = 0;
	if (in.len < 4 || in.data[0] || in.data[1])
		return mc_fail(err, MC_FORMAT,
		               "%s: not an IDX file: expected two zero bytes, a type and a rank",
		               path);
	while (type < NTYPES && types[type].code != in.data[2])
		type++;
	const int rank = in.data[3];
	if (type == NTYPES)
		return mc_fail(err, MC_FORMAT,
		               "%s: IDX type 0x%02x is not one of 08 09 0b 0c 0d 0e", path,
		               in.data[2]);
	if (rank > MC_MAX_RANK)
		return mc_fail(err, MC_FORMAT, "%s: IDX rank %d, expected at most %d", path, rank,
		               MC_MAX_RANK);
	const size_t header = 4 + 4 * (size_t)rank;
	if (in.len < header)
		return mc_fail(err, MC_FORMAT,
		               "%s: the IDX header is cut off: %zu bytes, expected %zu", path,
		               in.len, header);
	int64_t size[MC_MAX_RANK];
	for (int i = 0; i < rank; i++) {
		const unsigned char *p = in.data + 4 + 4 * i;
		size[i] = (int64_t)p[0] << 24 | (int64_t)p[1] << 16 | (int64_t)p[2] << 8 |
		          (int64_t)p[3];
	}
	if (!mc_array_shape(out, types[type].dtype, rank, size))
		return mc_fail(err, MC_FORMAT, "%s: the sizes in the IDX header are too large",
		               path);
	const size_t width = mc_dtype_bytes(out->dtype), bytes = (size_t)out->count * width;
	if (in.len - header != bytes) {
		char text[160];
		return mc_fail(err, MC_FORMAT, "%s: %zu bytes of values, expected %zu for %s", path,
		               in.len - header, bytes, mc_array_text(out, text, sizeof text));
	}
	out->data = malloc(bytes ? bytes : 1);
	if (!out->data)
		return mc_fail(err, MC_NO_MEMORY, "cannot read %s: out of memory", path);
	memcpy(out->data, in.data + header, bytes);
	if (little_endian())
		mc_swap_bytes(out->data, out->count, width);
	return MC_OK;
}

mc_status mc_idx_write(const char *path, const mc_array *a, mc_error *err)
{
	int type = 0;
	while (type < NTYPES && types[type].dtype != a->dtype)
		type++;
	if (type == NTYPES)
		return mc_fail(err, MC_MISMATCH, "%s: IDX has no type %s", path,
		               mc_dtype_name(a->dtype));
	const size_t width = mc_dtype_bytes(a->dtype), bytes = (size_t)a->count * width;
	const size_t header = 4 + 4 * (size_t)a->rank, total = header + bytes;
	unsigned char *text = malloc(total);
	if (!text)
		return mc_fail(err, MC_NO_MEMORY, "cannot write %s: out of memory", path);
	memset(text, 0, 4);
	text[2] = types[type].code;
	text[3] = (unsigned char)a->rank;
	for (int i = 0; i < a->rank; i++) {
		if (a->size[i] > UINT32_MAX) {
			free(text);
			return mc_fail(err, MC_SIZE, "%s: IDX has no size %lld", path,
			               (long long)a->size[i]);
		}
		for (int j = 0; j < 4; j++)
			text[4 + 4 * i + j] = (unsigned char)(a->size[i] >> (24 - 8 * j));
	}
	if (bytes)
		memcpy(text + header, a->data, bytes);
	if (little_endian())
		mc_swap_bytes(text + header, a->count, width);
	mc_out o;
	mc_status status = mc_out_begin(&o, path, err);
	if (status == MC_OK && mc_ends_with(path, ".gz")) {
		z_stream z;
		unsigned char buffer[1 << 14];
		size_t at = 0;
		int rc;
		memset(&z, 0, sizeof z);
		if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
			mc_out_drop(&o);
			free(text);
			return mc_fail(err, MC_NO_MEMORY, "cannot write %s: out of memory", path);
		}
		do {
			const uInt in = total - at < 1u << 30 ? (uInt)(total - at) : 1u << 30;
			z.next_in = text + at;
			z.avail_in = in;
			z.next_out = buffer;
			z.avail_out = sizeof buffer;
			rc = deflate(&z, at + in == total ? Z_FINISH : Z_NO_FLUSH);
			at += in - z.avail_in;
			mc_out_write(&o, buffer, sizeof buffer - z.avail_out);
		} while (rc == Z_OK);
		deflateEnd(&z);
		status = mc_out_end(&o, err);
	} else if (status == MC_OK) {
		mc_out_write(&o, text, total);
		status = mc_out_end(&o, err);
	}
	free(text);
	return status;
}
