/* diag.c -- messages to the user */
#include "base.h"

#include <string.h>

typedef struct Note {
	Loc loc;
	const char *text;
} Note;

struct Message {
	Arena *arena;
	Loc loc;
	const char *text;
	VEC(Mark) labels;
	VEC(Note) notes;
};

struct Diag {
	Arena *arena;
	VEC(Message *) messages; /* at most MOST_ERRORS */
	int count; /* of all errors */
	int unshown; /* errors past those, since the last flush */
};

Diag *diag_new(Arena *arena)
{
	Diag *d = NEW(arena, Diag);
	d->arena = arena;
	return d;
}

Message *diag_unprinted(Diag *d)
{
	Message *m = NEW(d->arena, Message);
	m->arena = d->arena;
	return m;
}

Message *diag_verror(Diag *d, Loc loc, const char *fmt, va_list args)
{
	Message *m = diag_unprinted(d);
	m->loc = loc;
	m->text = arena_vprintf(d->arena, fmt, args);
	for (int i = 0; i < d->messages.len; i++) {
		const Message *old = d->messages.data[i];
		if (old->loc.source == loc.source && old->loc.begin == loc.begin && !strcmp(old->text, m->text))
			return m; /* is not printed */
	}
	if (d->count++ < MOST_ERRORS)
		push(d->arena, &d->messages, m);
	else
		d->unshown++;
	return m;
}

Message *diag_error(Diag *d, Loc loc, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	Message *m = diag_verror(d, loc, fmt, args);
	va_end(args);
	return m;
}

void diag_label(Message *m, Loc loc, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	Mark mark = {loc, arena_vprintf(m->arena, fmt, args)};
	push(m->arena, &m->labels, mark);
	va_end(args);
}

void diag_note(Message *m, Loc loc, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	Note note = {loc, arena_vprintf(m->arena, fmt, args)};
	push(m->arena, &m->notes, note);
	va_end(args);
}

int diag_count(const Diag *d)
{
	return d->count;
}

/* path:line:col: kind: text */
static void print_head(FILE *out, Arena *scratch, Loc loc, const char *kind, const char *text)
{
	if (loc.source)
		fprintf(out, "%s:%d:%d: ", loc.source->path, loc_line(loc), loc_column(loc));
	else if (!strcmp(kind, "error"))
		fputs("modelc: ", out);
	fprintf(out, "%s: %s\n", kind, printable(scratch, text, strlen(text)));
}

static void print_note(FILE *out, Arena *scratch, Loc loc, const char *text)
{
	print_head(out, scratch, loc, "note", text);
	if (loc.source)
		excerpt_print(out, loc, NULL, 0);
}

/* a label that has no place under the error's line: its tab becomes a comma */
static void print_label_note(FILE *out, Arena *scratch, const Mark *label)
{
	char *text = arena_strndup(scratch, label->text, strlen(label->text));
	char *tab = strchr(text, '\t');
	if (tab)
		text = arena_printf(scratch, "%.*s, %s", (int)(tab - text), text, tab + 1);
	print_note(out, scratch, label->loc, text);
}

static void print_message(FILE *out, const Message *m)
{
	Arena *scratch = arena_new();
	Mark *marks = NEW_ARRAY(scratch, Mark, m->labels.len + 1);
	int n = 0;
	for (int i = 0; i < m->labels.len; i++)
		if (excerpt_shows(m->loc, m->labels.data[i].loc))
			marks[n++] = m->labels.data[i];
	print_head(out, scratch, m->loc, "error", m->text);
	if (m->loc.source)
		excerpt_print(out, m->loc, marks, n);
	for (int i = 0; i < m->labels.len; i++)
		if (!excerpt_shows(m->loc, m->labels.data[i].loc))
			print_label_note(out, scratch, &m->labels.data[i]);
	for (int i = 0; i < m->notes.len; i++)
		print_note(out, scratch, m->notes.data[i].loc, m->notes.data[i].text);
	arena_free(scratch);
}

/* messages without a place, then source by source in the order of their first error */
static int order_of_source(const Diag *d, const Message *m)
{
	if (!m->loc.source)
		return -1;
	int i = 0;
	while (d->messages.data[i]->loc.source != m->loc.source)
		i++;
	return i;
}

void diag_flush(Diag *d, FILE *out)
{
	int n = d->messages.len;
	Message **sorted = NEW_ARRAY(d->arena, Message *, n + 1);
	for (int i = 0; i < n; i++) { /* stable */
		Message *m = d->messages.data[i];
		int k = i, source = order_of_source(d, m);
		for (; k > 0; k--) {
			int other = order_of_source(d, sorted[k - 1]);
			if (other < source || (other == source && sorted[k - 1]->loc.begin <= m->loc.begin))
				break;
			sorted[k] = sorted[k - 1];
		}
		sorted[k] = m;
	}
	for (int i = 0; i < n; i++)
		print_message(out, sorted[i]);
	if (d->unshown)
		fprintf(out, "modelc: %d more error%s\n", d->unshown, d->unshown == 1 ? "" : "s");
	d->messages.len = 0;
	d->unshown = 0;
}
