/* excerpt.c -- the line of a place with ranges marked under it
 *
 *         14 | let p = softmax(h @ W2 + b2)
 *            |                 ~ ^ ~~
 *            |                 |   floatX[500, 10]      param W2, line 9
 *            |                 floatX[batch, 784]       let h, line 12
 *
 * Bytes become cells of a screen: tabs are spread, wide letters take two, and
 * what cannot be shown is written \xXX.  Of a very long line only the
 * neighbourhood of the place is shown. */
#include "base.h"

#include <string.h>

enum { TAB = 4, LONGEST_LINE = 140, WINDOW = 100, BEFORE = 50, GAP = 6 };

/* the code point at s, its bytes in *len; -1 and one byte if it is not UTF-8 or cannot be shown */
static long decode(const unsigned char *s, size_t n, int *len)
{
	*len = 1;
	if (s[0] < 0x80)
		return s[0] < 0x20 || s[0] == 0x7F ? -1 : s[0];
	int bytes = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
	static const long least[] = {0, 0, 0x80, 0x800, 0x10000};
	if (s[0] < 0xC2 || s[0] > 0xF4 || n < (size_t)bytes)
		return -1;
	long c = s[0] & (0x7F >> bytes);
	for (int i = 1; i < bytes; i++) {
		if ((s[i] & 0xC0) != 0x80)
			return -1;
		c = c << 6 | (s[i] & 0x3F);
	}
	bool control = c < 0xA0 || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
		       (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
	if (c < least[bytes] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) || control)
		return -1;
	*len = bytes;
	return c;
}

static int cells(long c)
{
	if (c >= 0x300 && c <= 0x36F)
		return 0;
	bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
		    (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
		    (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
	return wide ? 2 : 1;
}

const char *printable(Arena *arena, const char *text, size_t n)
{
	VEC(char) out = {0};
	for (size_t i = 0; i < n;) {
		int len;
		long c = decode((const unsigned char *)text + i, n - i, &len);
		if (c < 0) {
			const char *hex = arena_printf(arena, "\\x%02x", (unsigned)(unsigned char)text[i]);
			for (int k = 0; k < 4; k++)
				push(arena, &out, hex[k]);
		} else {
			for (int k = 0; k < len; k++)
				push(arena, &out, text[i + (size_t)k]);
		}
		i += (size_t)len;
	}
	push(arena, &out, '\0');
	return out.data;
}

static int text_cells(const char *s, size_t n)
{
	int w = 0, len;
	for (size_t i = 0; i < n; i += (size_t)len) {
		long c = decode((const unsigned char *)s + i, n - i, &len);
		w += c < 0 ? 4 : cells(c);
	}
	return w;
}

/* a line laid out in cells */
typedef struct Line {
	uint32_t begin; /* byte offsets of the line */
	int bytes;
	int *cell; /* of each byte and of the end: where it is shown */
	int from, to; /* the cells that are shown */
} Line;

static void line_bounds(Loc at, uint32_t *begin, uint32_t *end)
{
	int line = loc_line(at);
	*begin = at.source->line[line - 1];
	*end = line < at.source->nlines ? at.source->line[line] - 1 : (uint32_t)at.source->len;
	if (*end > *begin && at.source->text[*end - 1] == '\r')
		--*end;
	if (*end < *begin)
		*end = *begin;
}

static int cell_of(const Line *line, uint32_t offset)
{
	if (offset < line->begin)
		return line->cell[0];
	uint32_t i = offset - line->begin;
	return line->cell[i > (uint32_t)line->bytes ? (uint32_t)line->bytes : i];
}

static Line lay_out(Arena *scratch, Loc at)
{
	Line line = {0};
	uint32_t end;
	line_bounds(at, &line.begin, &end);
	line.bytes = (int)(end - line.begin);
	line.cell = NEW_ARRAY(scratch, int, line.bytes + 1);
	const unsigned char *s = (const unsigned char *)at.source->text + line.begin;
	int cell = 0, len;
	for (int i = 0; i < line.bytes; i += len) {
		long c = decode(s + i, (size_t)(line.bytes - i), &len);
		for (int k = 0; k < len; k++)
			line.cell[i + k] = cell;
		/* a file of 2^31 bytes that are all \xXX would pass what an int counts */
		int width = s[i] == '\t' ? TAB - cell % TAB : c < 0 ? 4 : cells(c);
		cell = cell > INT32_MAX / 2 ? cell : cell + width;
	}
	line.cell[line.bytes] = cell;
	line.to = cell;
	if (cell > LONGEST_LINE) {
		int place = cell_of(&line, at.begin);
		line.from = place > BEFORE ? place - BEFORE : 0;
		if (line.from > cell - WINDOW)
			line.from = cell - WINDOW;
		line.to = line.from + WINDOW;
	}
	return line;
}

bool excerpt_shows(Loc at, Loc loc)
{
	if (!loc.source || loc.source != at.source || loc_line(loc) != loc_line(at))
		return false;
	Arena *scratch = arena_new();
	Line line = lay_out(scratch, at);
	int cell = cell_of(&line, loc.begin);
	arena_free(scratch);
	return cell >= line.from && cell <= line.to;
}

static void print_text(FILE *out, const Line *line, const Source *source)
{
	const char *s = source->text + line->begin;
	if (line->from > 0)
		fputs("...", out);
	int len;
	for (int i = 0; i < line->bytes; i += len) {
		long c = decode((const unsigned char *)s + i, (size_t)(line->bytes - i), &len);
		int cell = line->cell[i], next = line->cell[i + len];
		if (cell < line->from || next > line->to)
			continue;
		if (s[i] == '\t')
			fprintf(out, "%*s", next - cell, "");
		else if (c < 0)
			fprintf(out, "\\x%02x", (unsigned)(unsigned char)s[i]);
		else
			fwrite(s + i, 1, (size_t)len, out);
	}
	if (line->to < line->cell[line->bytes])
		fputs("...", out);
	fputc('\n', out);
}

/* where a mark begins and ends on the screen; one cell at least */
static void mark_cells(const Line *line, Loc loc, int *from, int *to)
{
	int shift = line->from > 0 ? 3 - line->from : 0;
	int last = line->to + shift;
	*from = cell_of(line, loc.begin) + shift;
	*to = cell_of(line, loc.end) + shift;
	*from = *from < 0 ? 0 : *from;
	*to = *to > last ? last : *to;
	if (*to <= *from)
		*to = *from + 1;
}

/* a row's end: spaces before a newline are not printed */
static void print_row(FILE *out, const char *row, int n)
{
	while (n > 0 && row[n - 1] == ' ')
		n--;
	fprintf(out, "      |%s%.*s\n", n ? " " : "", n, row);
}

static void print_labels(FILE *out, Arena *scratch, const Line *line, const Mark *marks, int n, int width)
{
	int *from = NEW_ARRAY(scratch, int, n), *order = NEW_ARRAY(scratch, int, n), count = 0, column = 0;
	for (int i = 0; i < n; i++) {
		int to;
		mark_cells(line, marks[i].loc, &from[i], &to);
		if (!marks[i].text)
			continue;
		const char *tab = strchr(marks[i].text, '\t');
		if (tab) {
			int end = from[i] + text_cells(marks[i].text, (size_t)(tab - marks[i].text));
			column = end > column ? end : column;
		}
		int k = count++; /* the rightmost first */
		for (; k > 0 && from[order[k - 1]] < from[i]; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	char *row = NEW_ARRAY(scratch, char, width + 1);
	for (int k = 0; k < count; k++) {
		int at = from[order[k]];
		memset(row, ' ', (size_t)width);
		for (int i = k + 1; i < count; i++)
			if (from[order[i]] < at)
				row[from[order[i]]] = '|';
		const char *text = marks[order[k]].text, *tab = strchr(text, '\t');
		int first = tab ? (int)(tab - text) : (int)strlen(text);
		fprintf(out, "      | %.*s%s", at, row, printable(scratch, text, (size_t)first));
		if (tab)
			fprintf(out, "%*s%s", column + GAP - at - text_cells(text, (size_t)first), "",
				printable(scratch, tab + 1, strlen(tab + 1)));
		fputc('\n', out);
	}
}

void excerpt_print(FILE *out, Loc at, const Mark *marks, int n)
{
	Arena *scratch = arena_new();
	Line line = lay_out(scratch, at);
	fprintf(out, "%5d |%s", loc_line(at), line.bytes ? " " : "");
	print_text(out, &line, at.source);

	int width = line.to - line.from + 8, from, to;
	char *row = NEW_ARRAY(scratch, char, width + 1);
	memset(row, ' ', (size_t)width);
	for (int i = 0; i <= n; i++) {
		mark_cells(&line, i < n ? marks[i].loc : at, &from, &to);
		memset(row + from, '~', (size_t)(to - from));
	}
	row[from] = '^';
	print_row(out, row, width);
	print_labels(out, scratch, &line, marks, n, width);
	arena_free(scratch);
}
