/* mc_npz_write.c -- writes NumPy's .npz: stored entries, the same bytes for the same arrays;
 * zip64 where sizes need it; a checksum of the whole file as the comment of the zip file */
#include <stdlib.h>
#include <string.h>

#include "mc_data.h"

enum {
	LOCAL = 0x04034b50,
	CENTRAL = 0x02014b50,
	END = 0x06054b50,
	END64 = 0x06064b50,
	LOCATOR64 = 0x07064b50
};
enum {
	LOCAL_BYTES = 30,
	CENTRAL_BYTES = 46,
	END_BYTES = 22,
	END64_BYTES = 56,
	LOCATOR64_BYTES = 20
};

static unsigned char *put(unsigned char *p, int bytes, uint64_t n)
{
	for (int i = 0; i < bytes; i++)
		*p++ = (unsigned char)(n >> 8 * i);
	return p;
}

typedef struct Written {
	uint32_t crc;
	uint64_t bytes, offset;
} Written;

static uint32_t short_of(uint64_t n)
{
	return n >= 0xffffffff ? 0xffffffff : (uint32_t)n;
}

/* The fields that both headers share, then the name's and the extra field's lengths.
 * 1980-01-01: the same bytes each time. */
static unsigned char *put_common(unsigned char *p, const Written *w, size_t name_len, size_t extra)
{
	p = put(p, 2, w->bytes >= 0xffffffff || w->offset >= 0xffffffff ? 45 : 20);
	p = put(p, 2, 0);
	p = put(p, 2, 0); /* stored */
	p = put(p, 2, 0);
	p = put(p, 2, 1 << 5 | 1);
	p = put(p, 4, w->crc);
	p = put(p, 4, short_of(w->bytes));
	p = put(p, 4, short_of(w->bytes));
	p = put(p, 2, name_len);
	return put(p, 2, extra);
}

static void put_name(mc_out *o, const char *name)
{
	mc_out_write(o, name, strlen(name));
	mc_out_write(o, ".npy", 4);
}

static uint64_t write_entry(mc_out *o, const mc_named *item, Written *w, uint64_t offset)
{
	char header[MC_NPY_HEADER];
	unsigned char text[LOCAL_BYTES + 20], *p = text;
	const size_t len = mc_npy_header(&item->array, header), name_len = strlen(item->name) + 4;
	const size_t bytes = (size_t)item->array.count * mc_dtype_bytes(item->array.dtype);
	w->offset = offset;
	w->bytes = (uint64_t)len + bytes;
	w->crc = mc_crc32(mc_crc32(0, header, len), item->array.data, bytes);
	const Written here = {w->crc, w->bytes, 0};
	const int wide = w->bytes >= 0xffffffff;
	p = put(p, 4, LOCAL);
	p = put_common(p, &here, name_len, wide ? 20 : 0);
	mc_out_write(o, text, (size_t)(p - text));
	put_name(o, item->name);
	if (wide) {
		p = put(put(text, 2, 1), 2, 16);
		p = put(put(p, 8, w->bytes), 8, w->bytes);
		mc_out_write(o, text, 20);
	}
	mc_out_write(o, header, len);
	mc_out_write(o, item->array.data, bytes);
	return offset + LOCAL_BYTES + name_len + (wide ? 20 : 0) + w->bytes;
}

static uint64_t write_central(mc_out *o, const mc_named *item, const Written *w)
{
	unsigned char text[CENTRAL_BYTES], extra[28], *p = text, *q = extra + 4;
	const size_t name_len = strlen(item->name) + 4;
	if (w->bytes >= 0xffffffff)
		q = put(put(q, 8, w->bytes), 8, w->bytes);
	if (w->offset >= 0xffffffff)
		q = put(q, 8, w->offset);
	const size_t extra_len = q > extra + 4 ? (size_t)(q - extra) : 0;
	put(put(extra, 2, 1), 2, extra_len - 4);
	p = put(p, 4, CENTRAL);
	p = put(p, 2, 3 << 8 | 45);
	p = put_common(p, w, name_len, extra_len);
	p = put(p, 2, 0);
	p = put(p, 2, 0);
	p = put(p, 2, 0);
	p = put(p, 4, (uint64_t)0100644 << 16);
	put(p, 4, short_of(w->offset));
	mc_out_write(o, text, CENTRAL_BYTES);
	put_name(o, item->name);
	mc_out_write(o, extra, extra_len);
	return CENTRAL_BYTES + name_len + extra_len;
}

static void write_end(mc_out *o, uint64_t count, uint64_t offset, uint64_t size)
{
	unsigned char text[END64_BYTES + LOCATOR64_BYTES + END_BYTES], *p = text;
	if (count >= 0xffff || offset >= 0xffffffff || size >= 0xffffffff) {
		p = put(put(p, 4, END64), 8, END64_BYTES - 12);
		p = put(put(p, 2, 3 << 8 | 45), 2, 45);
		p = put(p, 8, 0);
		p = put(put(p, 8, count), 8, count);
		p = put(put(p, 8, size), 8, offset);
		p = put(put(p, 4, LOCATOR64), 4, 0);
		p = put(put(p, 8, offset + size), 4, 1);
	}
	const uint64_t n = count >= 0xffff ? 0xffff : count;
	p = put(put(p, 4, END), 4, 0);
	p = put(put(p, 2, n), 2, n);
	p = put(put(p, 4, short_of(size)), 4, short_of(offset));
	p = put(p, 2, MC_NPZ_COMMENT_BYTES);
	mc_out_write(o, text, (size_t)(p - text));
	char comment[MC_NPZ_COMMENT_BYTES + 1];
	snprintf(comment, sizeof comment, MC_NPZ_COMMENT, (unsigned)o->crc);
	mc_out_write(o, comment, MC_NPZ_COMMENT_BYTES);
}

mc_status mc_npz_write(const char *path, int n, const mc_named *item, mc_error *err)
{
	mc_out o;
	for (int i = 0; i < n; i++)
		if (strlen(item[i].name) > 0xffff - 4)
			return mc_fail(err, MC_FORMAT, "cannot write %s: a name of %zu bytes", path,
			               strlen(item[i].name));
	Written *w = calloc((size_t)n + 1, sizeof *w);
	if (!w)
		return mc_fail(err, MC_NO_MEMORY, "cannot write %s: out of memory", path);
	mc_status status = mc_out_begin(&o, path, err);
	if (status == MC_OK) {
		uint64_t offset = 0, size = 0;
		for (int i = 0; i < n; i++)
			offset = write_entry(&o, &item[i], &w[i], offset);
		for (int i = 0; i < n; i++)
			size += write_central(&o, &item[i], &w[i]);
		write_end(&o, (uint64_t)n, offset, size);
		status = mc_out_end(&o, err);
	}
	free(w);
	return status;
}
