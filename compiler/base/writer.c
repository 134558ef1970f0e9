/* writer.c -- text output: indents by braces, one line of C at a time
 *
 * A line is indented by one tab for each brace that is open before it, less
 * those it begins by closing, and by one more inside an open parenthesis.
 * Braces in strings, comments and preprocessor lines do not count.
 * Preprocessor lines stay at column 0, but pragmas, which are like code.
 * The braces of extern "C" { } do not indent. */
#include "base.h"

#include <string.h>

typedef VEC(char) Bytes;
struct Writer {
	Arena *arena;
	Bytes out;
	Bytes line; /* the line being written, without its end */
	VEC(char) open; /* what is open: '{', '(' or '[', or 'e' for the brace of extern "C" */
	bool in_comment;
	bool continued; /* the line goes on a preprocessor line */
};

Writer *writer_new(Arena *arena)
{
	Writer *w = NEW(arena, Writer);
	w->arena = arena;
	return w;
}

static void add_bytes(Writer *w, Bytes *to, const char *s, int len)
{
	if (to->cap - to->len < len) {
		Bytes grown = {.len = to->len, .cap = 2 * (to->len + len) + 64};
		grown.data = arena_room(w->arena, (size_t)grown.cap);
		if (to->len)
			memcpy(grown.data, to->data, (size_t)to->len);
		*to = grown;
	}
	if (len)
		memcpy(to->data + to->len, s, (size_t)len);
	to->len += len;
}

static void out_bytes(Writer *w, const char *s, int len)
{
	add_bytes(w, &w->out, s, len);
}

static bool starts_with(const char *s, int len, const char *word)
{
	int n = (int)strlen(word);
	return len >= n && !memcmp(s, word, (size_t)n);
}

static bool is_pragma(const char *s, int len)
{
	int i = 1;
	while (i < len && (s[i] == ' ' || s[i] == '\t'))
		i++;
	return starts_with(s + i, len - i, "pragma");
}

static void close_one(Writer *w)
{
	if (w->open.len > 0)
		w->open.len--;
}

/* the end of the string or character constant that begins at i */
static int skip_quoted(const char *s, int len, int i)
{
	char quote = s[i++];
	for (; i < len && s[i] != quote; i++)
		if (s[i] == '\\')
			i++;
	return i;
}

/* opens and closes what the line does, from s[i] */
static void count_braces(Writer *w, const char *s, int len, int i, bool is_extern_c)
{
	for (; i < len; i++) {
		if (w->in_comment) {
			if (s[i] == '*' && i + 1 < len && s[i + 1] == '/') {
				w->in_comment = false;
				i++;
			}
		} else if (s[i] == '"' || s[i] == '\'') {
			i = skip_quoted(s, len, i);
		} else if (s[i] == '/' && i + 1 < len && s[i + 1] == '/') {
			return;
		} else if (s[i] == '/' && i + 1 < len && s[i + 1] == '*') {
			w->in_comment = true;
			i++;
		} else if (s[i] == '{' || s[i] == '(' || s[i] == '[') {
			push(w->arena, &w->open, is_extern_c && s[i] == '{' ? 'e' : s[i]);
		} else if (s[i] == '}' || s[i] == ')' || s[i] == ']') {
			close_one(w);
		}
	}
}

static void indent(Writer *w)
{
	int tabs = 0;
	for (int i = 0; i < w->open.len; i++)
		tabs += w->open.data[i] == '{';
	if (w->open.len && (w->open.data[w->open.len - 1] == '(' || w->open.data[w->open.len - 1] == '['))
		tabs++;
	while (tabs-- > 0)
		push(w->arena, &w->out, '\t');
}

/* writes the pending line, without its end */
static void write_line(Writer *w)
{
	const char *s = w->line.data;
	int len = w->line.len, i = 0;
	w->line.len = 0;
	if (len == 0) {
		w->continued = false;
		return;
	}
	int text = 0;
	while (text < len && (s[text] == ' ' || s[text] == '\t'))
		text++;
	bool directive = !w->in_comment && text < len && s[text] == '#';
	if (w->continued || directive) {
		if (directive && !w->continued && is_pragma(s + text, len - text))
			indent(w);
		w->continued = s[len - 1] == '\\';
		out_bytes(w, s, len);
		return;
	}
	if (w->in_comment) {
		indent(w);
	} else {
		for (i = text; i < len && (s[i] == '}' || s[i] == ')' || s[i] == ']'); i++)
			close_one(w);
		indent(w);
	}
	out_bytes(w, s, len);
	count_braces(w, s, len, i, starts_with(s + text, len - text, "extern \"C\""));
}

static void put_bytes(Writer *w, const char *s)
{
	for (const char *end; (end = strchr(s, '\n')) != NULL; s = end + 1) {
		add_bytes(w, &w->line, s, (int)(end - s));
		write_line(w);
		push(w->arena, &w->out, '\n');
	}
	add_bytes(w, &w->line, s, (int)strlen(s));
}

void put(Writer *w, const char *fmt, ...)
{
	char most[512]; /* are shorter */
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	if (format_text(most, sizeof most, fmt, args) < (int)sizeof most) {
		put_bytes(w, most);
	} else {
		Arena *scratch = arena_new();
		put_bytes(w, arena_vprintf(scratch, fmt, again));
		arena_free(scratch);
	}
	va_end(args);
	va_end(again);
}

void put_indented(Writer *w, const char *text)
{
	if (w->line.len)
		write_line(w);
	while (*text) {
		const char *end = strchr(text, '\n');
		int n = end ? (int)(end - text) : (int)strlen(text), i = 0;
		while (i < n && (text[i] == ' ' || text[i] == '\t'))
			i++;
		if (i < n && (text[i] != '#' || is_pragma(text + i, n - i)))
			indent(w);
		out_bytes(w, text, n + (end != NULL));
		text += n + (end != NULL);
	}
}

void put_raw(Writer *w, const char *text)
{
	if (w->line.len)
		write_line(w);
	out_bytes(w, text, (int)strlen(text));
}

const char *writer_text(const Writer *w, size_t *len)
{
	Writer done = *w; /* the pending line is shown, and may go on */
	done.out.data = NULL;
	done.out.len = done.out.cap = 0;
	out_bytes(&done, w->out.data, w->out.len);
	done.open.data = NEW_ARRAY(w->arena, char, w->open.len + 1);
	done.open.cap = w->open.len + 1;
	if (w->open.len)
		memcpy(done.open.data, w->open.data, (size_t)w->open.len);
	write_line(&done);
	if (len)
		*len = (size_t)done.out.len;
	push(w->arena, &done.out, '\0');
	return done.out.data;
}
