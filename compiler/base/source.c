/* source.c -- a file's text and places in it */
#include "base.h"

#include <errno.h>
#include <string.h>

enum { BOM_LENGTH = 3, LARGEST = 1 << 28 };

Source *source_from_text(Arena *arena, const char *path, const char *text, size_t len)
{
	Source *s = NEW(arena, Source);
	s->path = arena_strndup(arena, path, strlen(path));
	s->text = arena_strndup(arena, text, len);
	s->len = len;
	int lines = 1;
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	s->line = NEW_ARRAY(arena, uint32_t, lines);
	/* columns of the first line are counted from behind a byte order mark */
	s->line[0] = len >= BOM_LENGTH && !memcmp(text, "\xEF\xBB\xBF", BOM_LENGTH) ? BOM_LENGTH : 0;
	s->nlines = 1;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\n')
			s->line[s->nlines++] = (uint32_t)i + 1;
	return s;
}

Source *source_from_file(Arena *arena, const char *path, const char **why)
{
	FILE *f = fopen(path, "rb");
	if (!f) {
		*why = arena_printf(arena, "cannot open the file: %s", strerror(errno));
		return NULL;
	}
	VEC(char) text = {0};
	size_t n = 0;
	char buffer[1 << 14];
	*why = NULL;
	errno = 0;
	while (!*why && (n = fread(buffer, 1, sizeof buffer, f)) > 0) {
		if (n > (size_t)(LARGEST - text.len)) {
			*why = "the file holds more than 256 MiB";
			break;
		}
		while ((size_t)(text.cap - text.len) < n)
			text.data = vec_grow(arena, text.data, &text.cap, 1);
		memcpy(text.data + text.len, buffer, n);
		text.len += (int)n;
	}
	if (!*why && ferror(f))
		*why = arena_printf(arena, "cannot read the file: %s", strerror(errno));
	fclose(f);
	if (*why)
		return NULL;
	return source_from_text(arena, path, text.data ? text.data : "", (size_t)text.len);
}

int loc_line(Loc loc)
{
	if (!loc.source)
		return 0;
	int lo = 0, hi = loc.source->nlines; /* the last line that begins at or before the place */
	while (hi - lo > 1) {
		int mid = lo + (hi - lo) / 2;
		if (loc.source->line[mid] <= loc.begin)
			lo = mid;
		else
			hi = mid;
	}
	return lo + 1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

const char *source_line(Arena *arena, const Source *source, int line)
{
	uint32_t begin = source->line[line - 1];
	uint32_t end = line < source->nlines ? source->line[line] : (uint32_t)source->len;
	while (begin < end && is_blank(source->text[begin]))
		begin++;
	while (begin < end && is_blank(source->text[end - 1]))
		end--;
	return arena_strndup(arena, source->text + begin, end - begin);
}

int loc_column(Loc loc)
{
	if (!loc.source)
		return 0;
	uint32_t line = loc.source->line[loc_line(loc) - 1];
	return loc.begin < line ? 1 : (int)(loc.begin - line) + 1;
}

Loc loc_join(Loc from, Loc to)
{
	if (!from.source)
		return to;
	if (from.source == to.source) {
		from.begin = to.begin < from.begin ? to.begin : from.begin;
		from.end = to.end > from.end ? to.end : from.end;
	}
	return from;
}
