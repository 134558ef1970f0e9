/* text_c.c -- C text: parentheses where needed, statements as a tree, lines of at most 100 columns */
#include <string.h>

#include "print_c.h"

enum { LINE = 100, TAB = 8 };

const char *text_in(Arena *arena, Text t, int prec)
{
	return t.prec >= prec ? t.s : arena_printf(arena, "(%s)", t.s);
}

const char *wrap_list(Arena *arena, const char *head, int n, const char *const *item, const char *tail, int indent)
{
	const char *all = arena_printf(arena, "%s(", head);
	int column = indent + (int)strlen(all);
	for (int i = 0; i < n; i++) {
		const char *end = i + 1 < n ? "," : "";
		int len = (int)(strlen(item[i]) + strlen(end)) + (i + 1 < n ? 0 : (int)strlen(tail) + 1);
		if (i > 0 && column + 1 + len > LINE) {
			all = arena_printf(arena, "%s\n%s%s", all, item[i], end);
			column = indent + TAB + len;
		} else {
			all = arena_printf(arena, "%s%s%s%s", all, i ? " " : "", item[i], end);
			column += len + 1;
		}
	}
	return arena_printf(arena, "%s)%s", all, tail);
}

/* a line for the writer, with `depth` tabs more, also before what goes on below it */
static void put_line(Writer *w, Arena *arena, const char *text, const char *tail, int depth)
{
	char *tabs = arena_strndup(arena, "\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t", (size_t)(depth < 16 ? depth : 16));
	for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1)
		put(w, "%s%.*s\n", tabs, (int)(end - text), text);
	if (text[0] == '#')
		put(w, "%s\n", text);
	else
		put(w, "%s%s%s\n", tabs, text, tail);
}

/* a single statement needs no braces, but for pragmas that want a block and blocks that are no loop */
static bool is_bare(const Stmt *s)
{
	return !s->closed && s->text[0] && s->body.len == 1 && !s->body.data[0]->declares &&
	       (!s->body.data[0]->block || s->body.data[0]->text[0]);
}

void print_stmt(Writer *w, Arena *arena, const Stmt *s, int depth)
{
	if (!s->block) {
		put_line(w, arena, s->text, "", depth);
		return;
	}
	bool bare = is_bare(s);
	if (bare)
		put_line(w, arena, s->text, "", depth);
	else
		put_line(w, arena, s->text, s->text[0] ? " {" : "{", depth);
	for (int i = 0; i < s->body.len; i++)
		print_stmt(w, arena, s->body.data[i], bare ? depth + 1 : depth);
	if (!bare)
		put_line(w, arena, "}", "", depth);
}
