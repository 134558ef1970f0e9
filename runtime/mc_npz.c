/* mc_npz.c -- reads NumPy's .npz: a zip file of .npy files
 *
 * Stored or deflated entries, also zip64.  The central directory leads; each entry's own header
 * must agree with it, the entries and the directory must fill the file without a gap or an
 * overlap, and every checksum must be right: no damaged byte that means something passes.  A file
 * that we wrote has a checksum of all of it: there none passes. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

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

static uint64_t get(const unsigned char *p, int bytes)
{
	uint64_t n = 0;
	for (int i = bytes - 1; i >= 0; i--)
		n = n << 8 | p[i];
	return n;
}

uint32_t mc_crc32(uint32_t crc, const void *data, size_t len)
{
	const unsigned char *p = data;
	while (len) {
		const uInt n = len < 1u << 30 ? (uInt)len : 1u << 30;
		crc = (uint32_t)crc32(crc, p, n);
		p += n;
		len -= n;
	}
	return crc;
}

typedef struct Entry {
	const unsigned char *name;
	size_t name_len;
	unsigned method, flags;
	uint32_t crc;
	uint64_t packed, bytes, offset;
	uint64_t end; /* of its data and what belongs to it */
} Entry;

static const char damaged[] = "damaged zip directory";

/* Sizes of ffffffff stand in the extra field of zip64, in this order.  False if they are not
 * there. */
static int zip64_field(const unsigned char *extra, size_t len, uint64_t *const value[3])
{
	int wanted = 0;
	for (int i = 0; i < 3; i++)
		wanted += value[i] && *value[i] == 0xffffffff;
	while (len >= 4) {
		const size_t n = (size_t)get(extra + 2, 2);
		if (n > len - 4)
			return 0;
		if (get(extra, 2) == 1 && wanted) {
			const unsigned char *p = extra + 4;
			for (int i = 0; i < 3; i++)
				if (value[i] && *value[i] == 0xffffffff) {
					if ((size_t)(extra + 4 + n - p) < 8)
						return 0;
					*value[i] = get(p, 8);
					p += 8;
				}
			wanted = 0;
		}
		extra += 4 + n;
		len -= 4 + n;
	}
	return !wanted && len == 0;
}

/* The comment behind the end record is ours, and its checksum of the file is wrong, or it is right
 * and the text beside it is not: a byte is damaged, be it one that means nothing else */
static int comment_differs(mc_bytes in, size_t end)
{
	char want[MC_NPZ_COMMENT_BYTES + 1];
	const char *have = (const char *)in.data + end;
	const size_t text = MC_NPZ_COMMENT_BYTES - 8;
	if (in.len - end != MC_NPZ_COMMENT_BYTES)
		return 0;
	snprintf(want, sizeof want, MC_NPZ_COMMENT, (unsigned)mc_crc32(0, in.data, end));
	return (memcmp(have, want, text) == 0) != (memcmp(have + text, want + text, 8) == 0);
}

/* Where the central directory stands and how many entries it has.  It ends where the end record
 * begins. */
static const char *find_directory(mc_bytes in, uint64_t *begin, uint64_t *end, uint64_t *count)
{
	if (in.len < END_BYTES)
		return "cut off";
	size_t at = in.len - END_BYTES;
	const size_t least = at > 0xffff ? at - 0xffff : 0;
	while (get(in.data + at, 4) != END || get(in.data + at + 20, 2) != in.len - END_BYTES - at)
		if (at-- == least)
			return "not a whole zip file: no end record";
	if (comment_differs(in, at + END_BYTES))
		return "wrong checksum";
	const unsigned char *p = in.data + at;
	if (get(p + 4, 2) || get(p + 6, 2) || get(p + 8, 2) != get(p + 10, 2))
		return damaged;
	uint64_t size = get(p + 12, 4);
	*count = get(p + 10, 2);
	*begin = get(p + 16, 4);
	*end = at;
	if (at >= LOCATOR64_BYTES && get(p - LOCATOR64_BYTES, 4) == LOCATOR64) {
		const uint64_t at64 = get(p - LOCATOR64_BYTES + 8, 8);
		const size_t locator = at - LOCATOR64_BYTES;
		if (get(p - LOCATOR64_BYTES + 4, 4) || get(p - 4, 4) != 1 ||
		    locator < END64_BYTES || at64 != locator - END64_BYTES)
			return damaged;
		const unsigned char *q = in.data + at64;
		if (get(q, 4) != END64 || get(q + 4, 8) != END64_BYTES - 12 || get(q + 16, 4) ||
		    get(q + 20, 4) || get(q + 24, 8) != get(q + 32, 8))
			return damaged;
		/* the short record repeats what fits, or is all ones */
		if ((*count != 0xffff && *count != get(q + 32, 8)) ||
		    (size != 0xffffffff && size != get(q + 40, 8)) ||
		    (*begin != 0xffffffff && *begin != get(q + 48, 8)))
			return damaged;
		*count = get(q + 32, 8);
		size = get(q + 40, 8);
		*begin = get(q + 48, 8);
		*end = at64;
	}
	return *begin > *end || *end - *begin != size ? damaged : NULL;
}

/* One entry of the directory at *at */
static const char *read_central(mc_bytes in, uint64_t *at, uint64_t end, Entry *e)
{
	const unsigned char *p = in.data + *at;
	if (end - *at < CENTRAL_BYTES || get(p, 4) != CENTRAL)
		return damaged;
	const size_t name = (size_t)get(p + 28, 2), extra = (size_t)get(p + 30, 2),
		     comment = (size_t)get(p + 32, 2);
	if (end - *at - CENTRAL_BYTES < name + extra + comment)
		return damaged;
	e->flags = (unsigned)get(p + 8, 2);
	e->method = (unsigned)get(p + 10, 2);
	e->crc = (uint32_t)get(p + 16, 4);
	e->packed = get(p + 20, 4);
	e->bytes = get(p + 24, 4);
	e->offset = get(p + 42, 4);
	e->name = p + CENTRAL_BYTES;
	e->name_len = name;
	uint64_t *const value[3] = {&e->bytes, &e->packed, &e->offset};
	if (get(p + 34, 2) || !zip64_field(p + CENTRAL_BYTES + name, extra, value))
		return damaged;
	*at += CENTRAL_BYTES + name + extra + comment;
	return NULL;
}

/* The entry's own header agrees with the directory; gives the data and the entry's end */
static const char *read_local(mc_bytes in, uint64_t directory, Entry *e, const unsigned char **data)
{
	if (e->offset > directory || directory - e->offset < LOCAL_BYTES)
		return damaged;
	const unsigned char *p = in.data + e->offset;
	if (get(p, 4) != LOCAL)
		return damaged;
	const size_t name = (size_t)get(p + 26, 2), extra = (size_t)get(p + 28, 2);
	const uint64_t left = directory - e->offset - LOCAL_BYTES;
	if (left < name + extra || left - name - extra < e->packed)
		return damaged;
	if (name != e->name_len || memcmp(p + LOCAL_BYTES, e->name, name) != 0 ||
	    get(p + 6, 2) != e->flags || get(p + 8, 2) != e->method)
		return damaged;
	/* bits 1, 2: kind of deflate; 3: sizes follow the data; 11: the name is UTF-8 */
	if (e->flags & ~0x080eu)
		return "encrypted or unknown zip features";
	uint64_t crc = get(p + 14, 4), packed = get(p + 18, 4), bytes = get(p + 22, 4);
	uint64_t *const value[3] = {&bytes, &packed, NULL};
	if (!zip64_field(p + LOCAL_BYTES + name, extra, value))
		return damaged;
	*data = p + LOCAL_BYTES + name + extra;
	e->end = e->offset + LOCAL_BYTES + name + extra + e->packed;
	if (!(e->flags & 8))
		return crc == e->crc && packed == e->packed && bytes == e->bytes ? NULL : damaged;
	/* a descriptor: perhaps a signature, crc, sizes of 4 or 8 bytes */
	if (crc || (packed && packed != e->packed) || (bytes && bytes != e->bytes))
		return damaged;
	const unsigned char *q = in.data + e->end;
	const uint64_t rest = directory - e->end;
	const int sign = rest >= 4 && get(q, 4) == 0x08074b50 ? 4 : 0;
	for (int wide = 4; wide <= 8; wide += 4)
		if (rest >= (uint64_t)(sign + 4 + 2 * wide) && get(q + sign, 4) == e->crc &&
		    get(q + sign + 4, wide) == e->packed &&
		    get(q + sign + 4 + wide, wide) == e->bytes) {
			e->end += (uint64_t)(sign + 4 + 2 * wide);
			return NULL;
		}
	return damaged;
}

/* An entry's bytes, with their checksum right; the caller frees */
static const char *unpack(const Entry *e, const unsigned char *data, mc_bytes *out)
{
	const char *why = NULL;
	/* deflate makes at most 1032 bytes of one */
	if (e->bytes > SIZE_MAX - 1 || (e->method == 8 && e->bytes / 1032 > e->packed) ||
	    (e->method == 0 && e->bytes != e->packed))
		return damaged;
	if (e->method != 0 && e->method != 8)
		return "a zip method other than stored and deflated";
	out->len = (size_t)e->bytes;
	out->data = malloc(out->len + 1);
	if (!out->data)
		return "out of memory";
	if (e->method == 0) {
		memcpy(out->data, data, out->len);
	} else {
		z_stream z;
		size_t in = 0, at = 0;
		int rc = Z_OK;
		memset(&z, 0, sizeof z);
		if (inflateInit2(&z, -15) != Z_OK)
			rc = Z_MEM_ERROR;
		while (rc == Z_OK) {
			const uInt n = e->packed - in < 1u << 30 ? (uInt)(e->packed - in)
			                                         : 1u << 30;
			const uInt room = out->len + 1 - at < 1u << 30 ? (uInt)(out->len + 1 - at)
			                                               : 1u << 30;
			z.next_in = (unsigned char *)(uintptr_t)(data + in);
			z.avail_in = n;
			z.next_out = out->data + at;
			z.avail_out = room;
			rc = inflate(&z, Z_NO_FLUSH);
			in += n - z.avail_in;
			at += room - z.avail_out;
		}
		inflateEnd(&z);
		if (rc != Z_STREAM_END || in != e->packed || at != out->len)
			why = rc == Z_MEM_ERROR ? "out of memory" : "damaged deflate data";
	}
	if (!why && mc_crc32(0, out->data, out->len) != e->crc)
		why = "wrong checksum";
	if (why)
		mc_bytes_free(out);
	return why;
}

static int by_offset(const void *a, const void *b)
{
	const Entry *x = a, *y = b;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

static mc_status read_entries(const char *path, mc_bytes in, uint64_t directory, uint64_t count,
                              Entry *entry, mc_archive *out, mc_error *err)
{
	for (uint64_t i = 0; i < count; i++) {
		Entry *e = &entry[i];
		const int shown = e->name_len < 100 ? (int)e->name_len : 100;
		const unsigned char *data;
		const char *why = read_local(in, directory, e, &data);
		mc_bytes bytes = {0};
		if (!why)
			why = unpack(e, data, &bytes);
		if (why)
			return mc_fail(err, strcmp(why, "out of memory") ? MC_FORMAT : MC_NO_MEMORY,
			               "%s: %.*s: %s", path, shown, (const char *)e->name, why);
		size_t len = e->name_len;
		char where[256];
		if (len > 4 && !memcmp(e->name + len - 4, ".npy", 4))
			len -= 4;
		snprintf(where, sizeof where, "%.120s:%.*s", path, shown, (const char *)e->name);
		mc_status status = MC_OK;
		mc_array *a = NULL;
		if (memchr(e->name, 0, len))
			status = mc_fail(err, MC_FORMAT, "%s: an array's name has a zero byte",
			                 path);
		else if (!(a = mc_archive_add(out, (const char *)e->name, len)))
			status = mc_fail(err, MC_NO_MEMORY, "cannot read %s: out of memory", path);
		else
			status = mc_npy_parse(where, bytes, a, err);
		mc_bytes_free(&bytes);
		if (status != MC_OK)
			return status;
		for (int j = 0; j + 1 < out->n; j++)
			if (!strcmp(out->item[j].name, out->item[out->n - 1].name))
				return mc_fail(err, MC_FORMAT, "%s: two arrays are named %s", path,
				               out->item[j].name);
	}
	/* side by side from the first byte to the directory */
	qsort(entry, (size_t)count, sizeof *entry, by_offset);
	uint64_t at = 0;
	for (uint64_t i = 0; i < count; i++) {
		if (entry[i].offset != at)
			return mc_fail(err, MC_FORMAT,
			               "%s: bytes between the entries of the zip file", path);
		at = entry[i].end;
	}
	if (at != directory)
		return mc_fail(err, MC_FORMAT, "%s: bytes between the entries of the zip file",
		               path);
	return MC_OK;
}

mc_status mc_npz_parse(const char *path, mc_bytes in, mc_archive *out, mc_error *err)
{
	uint64_t begin = 0, end = 0, count = 0;
	*out = (mc_archive){0};
	const char *why = find_directory(in, &begin, &end, &count);
	if (!why && count > (end - begin) / CENTRAL_BYTES)
		why = damaged;
	if (why)
		return mc_fail(err, MC_FORMAT, "%s: %s", path, why);
	Entry *entry = calloc((size_t)count + 1, sizeof *entry);
	if (!entry)
		return mc_fail(err, MC_NO_MEMORY, "cannot read %s: out of memory", path);
	uint64_t at = begin;
	for (uint64_t i = 0; i < count && !why; i++)
		why = read_central(in, &at, end, &entry[i]);
	if (!why && at != end)
		why = damaged;
	const mc_status status = why ? mc_fail(err, MC_FORMAT, "%s: %s", path, why)
	                             : read_entries(path, in, begin, count, entry, out, err);
	free(entry);
	if (status != MC_OK)
		mc_archive_free(out);
	return status;
}
