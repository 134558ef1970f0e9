/* mc_io.c -- messages; whole files in, gzip or not; whole files out, or not at all */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "mc_data.h"

mc_status mc_fail(mc_error *err, mc_status status, const char *fmt, ...)
{
	if (err) {
		va_list args;
		va_start(args, fmt);
		vsnprintf(err->text, sizeof err->text, fmt, args);
		va_end(args);
		/* names from files stand in it: nothing that a terminal acts on */
		for (char *c = err->text; *c; c++)
			if ((unsigned char)*c < 0x20 || *c == 0x7f)
				*c = '?';
		err->status = status;
	}
	return status;
}

void mc_bytes_free(mc_bytes *b)
{
	free(b->data);
	b->data = NULL;
	b->len = 0;
}

/* room for at least one more byte; the last may stay unused */
static int grow(mc_bytes *b, size_t *cap)
{
	const size_t want = *cap ? *cap + *cap / 2 : 1 << 16;
	unsigned char *data = want > *cap ? realloc(b->data, want) : NULL;
	if (!data)
		return 0;
	b->data = data;
	*cap = want;
	return 1;
}

mc_status mc_file_read(const char *path, mc_bytes *out, mc_error *err)
{
	*out = (mc_bytes){0};
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0)
		return mc_fail(err, MC_IO, "cannot open %s: %s", path, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(fd);
		return mc_fail(err, MC_IO, "cannot read %s: it is a folder", path);
	}
	/* one byte more than the file says, so that its end is met without growing */
	size_t cap = S_ISREG(st.st_mode) && st.st_size >= 0 ? (size_t)st.st_size + 1 : 0;
	if (cap && !(out->data = malloc(cap)))
		cap = 0;
	for (;;) {
		if (out->len == cap && !grow(out, &cap)) {
			close(fd);
			mc_bytes_free(out);
			return mc_fail(err, MC_NO_MEMORY, "cannot read %s: out of memory", path);
		}
		const size_t left = cap - out->len;
		const ssize_t n = read(fd, out->data + out->len, left < 1 << 30 ? left : 1 << 30);
		if (n == 0)
			break;
		if (n > 0) {
			out->len += (size_t)n;
		} else if (errno != EINTR) {
			const int error = errno;
			close(fd);
			mc_bytes_free(out);
			return mc_fail(err, MC_IO, "cannot read %s: %s", path, strerror(error));
		}
	}
	close(fd);
	return MC_OK;
}

static uInt chunk(size_t left)
{
	return left < 1u << 30 ? (uInt)left : 1u << 30;
}

mc_status mc_gunzip(const char *path, mc_bytes *bytes, mc_error *err)
{
	if (bytes->len < 2 || bytes->data[0] != 0x1f || bytes->data[1] != 0x8b)
		return MC_OK;
	mc_bytes out = {0};
	size_t cap = 0, at = 0;
	mc_status status = MC_OK;
	z_stream z;
	memset(&z, 0, sizeof z);
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return mc_fail(err, MC_NO_MEMORY, "cannot read %s: out of memory", path);
	for (;;) {
		if (out.len == cap && !grow(&out, &cap)) {
			status = mc_fail(err, MC_NO_MEMORY, "cannot read %s: out of memory", path);
			break;
		}
		const uInt in = chunk(bytes->len - at), room = chunk(cap - out.len);
		z.next_in = bytes->data + at;
		z.avail_in = in;
		z.next_out = out.data + out.len;
		z.avail_out = room;
		const int rc = inflate(&z, Z_NO_FLUSH);
		at += in - z.avail_in;
		out.len += room - z.avail_out;
		if (rc == Z_STREAM_END) {
			if (at == bytes->len)
				break;
			/* another member may follow; anything else is not ours */
			if (bytes->len - at < 2 || bytes->data[at] != 0x1f ||
			    bytes->data[at + 1] != 0x8b || inflateReset(&z) != Z_OK) {
				status = mc_fail(err, MC_FORMAT,
				                 "%s: %zu bytes after the end of the gzip data",
				                 path, bytes->len - at);
				break;
			}
		} else if (rc == Z_MEM_ERROR) {
			status = mc_fail(err, MC_NO_MEMORY, "cannot read %s: out of memory", path);
			break;
		} else if (rc == Z_DATA_ERROR || rc == Z_NEED_DICT || rc == Z_STREAM_ERROR) {
			status = mc_fail(err, MC_FORMAT, "%s: damaged gzip data near byte %zu%s%s",
			                 path, at, z.msg ? ": " : "", z.msg ? z.msg : "");
			break;
		} else if (at == bytes->len && z.avail_out > 0) {
			status = mc_fail(err, MC_FORMAT,
			                 "%s: the gzip data is cut off after %zu bytes", path,
			                 bytes->len);
			break;
		}
	}
	inflateEnd(&z);
	if (status != MC_OK) {
		mc_bytes_free(&out);
		return status;
	}
	mc_bytes_free(bytes);
	*bytes = out;
	return MC_OK;
}

/* ---- writing */

#define TEMPORARY ".writing-"

static char *copy_of(const char *s, size_t len, const char *end)
{
	const size_t more = strlen(end);
	char *copy = malloc(len + more + 1);
	if (copy) {
		memcpy(copy, s, len);
		memcpy(copy + len, end, more + 1);
	}
	return copy;
}

mc_status mc_out_begin(mc_out *o, const char *path, mc_error *err)
{
	*o = (mc_out){0};
	const char *base = strrchr(path, '/');
	const size_t folder = base ? (size_t)(base - path) + 1 : 0;
	o->path = copy_of(path, strlen(path), "");
	o->folder = folder ? copy_of(path, folder, "") : copy_of(".", 1, "");
	o->temporary = copy_of(path, folder, TEMPORARY "XXXXXX");
	if (!o->path || !o->folder || !o->temporary) {
		free(o->temporary); /* there is no such file */
		o->temporary = NULL;
		mc_out_drop(o);
		return mc_fail(err, MC_NO_MEMORY, "cannot write %s: out of memory", path);
	}
	const int fd = mkstemp(o->temporary);
	if (fd < 0) {
		const int error = errno;
		free(o->temporary); /* whatever has that name is not ours */
		o->temporary = NULL;
		mc_out_drop(o);
		return mc_fail(err, MC_IO, "cannot write %s: %s", path, strerror(error));
	}
	/* mkstemp makes files for the owner alone; a result has the rights that others get */
	const mode_t mask = umask(0);
	umask(mask);
	fchmod(fd, 0666 & ~mask);
	o->file = fdopen(fd, "wb");
	if (!o->file) {
		close(fd);
		mc_out_drop(o);
		return mc_fail(err, MC_NO_MEMORY, "cannot write %s: out of memory", path);
	}
	return MC_OK;
}

void mc_out_write(mc_out *o, const void *data, size_t len)
{
	if (!o->failed && len && fwrite(data, 1, len, o->file) != len)
		o->failed = errno ? errno : EIO;
	o->crc = mc_crc32(o->crc, data, len);
}

/* a rename is on the disk when its folder is */
static void sync_folder(const char *folder)
{
	const int fd = open(folder, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

mc_status mc_out_end(mc_out *o, mc_error *err)
{
	if (!o->failed && (fflush(o->file) != 0 || fsync(fileno(o->file)) != 0))
		o->failed = errno;
	if (fclose(o->file) != 0 && !o->failed)
		o->failed = errno;
	o->file = NULL;
	if (!o->failed && rename(o->temporary, o->path) != 0)
		o->failed = errno;
	mc_status status = MC_OK;
	if (o->failed) {
		status = mc_fail(err, MC_IO, "cannot write %s: %s", o->path, strerror(o->failed));
	} else {
		sync_folder(o->folder);
		free(o->temporary);
		o->temporary = NULL;
	}
	mc_out_drop(o);
	return status;
}

void mc_out_drop(mc_out *o)
{
	if (o->file)
		fclose(o->file);
	if (o->temporary)
		unlink(o->temporary);
	free(o->temporary);
	free(o->folder);
	free(o->path);
	*o = (mc_out){0};
}

void mc_out_sweep(const char *folder)
{
	const size_t len = strlen(folder), begin = sizeof TEMPORARY - 1;
	char *path = malloc(len + begin + 8);
	DIR *d = path ? opendir(folder) : NULL;
	for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
		if (strncmp(e->d_name, TEMPORARY, begin) != 0 || strlen(e->d_name) != begin + 6)
			continue;
		memcpy(path, folder, len);
		path[len] = '/';
		memcpy(path + len + 1, e->d_name, begin + 7);
		unlink(path);
	}
	if (d)
		closedir(d);
	free(path);
}
