/* base.h -- memory, names, source text, messages, text output: what every stage uses
 *
 * Ownership: a function that takes an Arena returns memory of that arena; a
 * function that takes none returns none.  Nothing is freed but by arena_free. */
#ifndef BASE_H
#define BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#if defined(__GNUC__)
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))
#else
#define PRINTF(fmt, args)
#define NORETURN
#endif

/* arena.c */
typedef struct Arena Arena;
Arena *arena_new(void);
void *arena_alloc(Arena *, size_t bytes); /* zeroed; never NULL */
char *arena_room(Arena *, size_t bytes); /* not zeroed: for text */
void arena_free(Arena *);
char *arena_strndup(Arena *, const char *, size_t);
char *arena_printf(Arena *, const char *fmt, ...) PRINTF(2, 3);
char *arena_vprintf(Arena *, const char *fmt, va_list);

/* format.c: as vsnprintf, but that it does not fail, and writes no text that is cut off */
int format_text(char *, size_t size, const char *fmt, va_list);

#define NEW(arena, T) ((T *)arena_alloc((arena), sizeof(T)))
#define NEW_ARRAY(arena, T, n) ((T *)arena_alloc((arena), (size_t)(n) * sizeof(T)))

/* Growable arrays of a real type: VEC(Val *) vals; push(arena, &vals, v); vals.data[i], vals.len */
#define VEC(T)              \
	struct {            \
		T *data;    \
		int len, cap; \
	}
#define push(arena, v, x)                                                                          \
	((v)->len == (v)->cap                                                                      \
	         ? (void)((v)->data = vec_grow((arena), (v)->data, &(v)->cap, sizeof *(v)->data)) \
	         : (void)0,                                                                        \
	 (v)->data[(v)->len++] = (x))
void *vec_grow(Arena *, void *data, int *cap, size_t elem);

/* "internal error: ..." and abort: for what no input can cause */
void internal_error(const char *fmt, ...) PRINTF(1, 2) NORETURN;
/* one line "modelc: ..." on stderr, exit 1 */
void fatal(const char *fmt, ...) PRINTF(1, 2) NORETURN;

/* names.c -- interned strings: equal names are equal pointers */
typedef struct Names Names;
Names *names_new(Arena *);
const char *intern(Names *, const char *s, size_t len);
const char *intern_str(Names *, const char *s);
int *name_mark(Names *, const char *s); /* a number of the name, 0 at first; until the next name is put in */
bool has_name(const Names *, const char *s);
const char *numbered_name(Names *, const char *base); /* base, base_2, ...: the first without a mark, which it gets */

/* a number for each pointer */
typedef struct Map Map;
Map *map_new(Arena *);
int *map_number(Map *, const void *key); /* 0 at first; until the next key is put in */
int map_find(const Map *, const void *key); /* 0 also for one that was never put in */

/* source.c -- a file's text and places in it */
typedef struct Source {
	const char *path; /* as messages show it */
	const char *text; /* len bytes, then a 0 */
	size_t len;
	uint32_t *line; /* byte offset of each line's begin */
	int nlines;
} Source;

/* A byte range of a source.  {0} means nowhere. */
typedef struct Loc {
	const Source *source;
	uint32_t begin, end;
} Loc;

Source *source_from_text(Arena *, const char *path, const char *text, size_t len);
/* NULL and *why (a full sentence without the path) if the file cannot be read or holds more than 2^28 bytes */
Source *source_from_file(Arena *, const char *path, const char **why);
int loc_line(Loc); /* from 1 */
const char *source_line(Arena *, const Source *, int line); /* without what surrounds it */
int loc_column(Loc); /* from 1, in bytes */
Loc loc_join(Loc from, Loc to);

/* diag.c -- messages to the user
 *
 *      mlp.model:14:19: error: sizes do not match in '@'
 *         14 | let p = softmax(h @ W2 + b2)
 *            |                 ~ ^ ~~
 *            |                 |   floatX[500, 10]      param W2, line 9
 *            |                 floatX[batch, 784]       let h, line 12
 *      note: the last size of the left side is 784, the first size of the right side is 500
 *
 * An error is made, then given labels and notes; all are printed by diag_flush in
 * order of place.  The same text at the same place is kept once; after 20 errors
 * the rest are counted only. */
enum { MOST_ERRORS = 20 };
typedef struct Diag Diag;
typedef struct Message Message;
Diag *diag_new(Arena *);
Message *diag_error(Diag *, Loc, const char *fmt, ...) PRINTF(3, 4);
Message *diag_verror(Diag *, Loc, const char *fmt, va_list);
Message *diag_unprinted(Diag *); /* takes labels and notes, and is not printed: what it would say was said */
/* text printed under a range on the error's own line; on another line it becomes a note with its own line and caret.
 * What follows a tab in the text stands in a column common to all labels: "floatX[500, 10]\tparam W2, line 9" */
void diag_label(Message *, Loc, const char *fmt, ...) PRINTF(3, 4);
/* "note: ..."; with a place: "path:line:col: note: ..." and the line with its caret */
void diag_note(Message *, Loc, const char *fmt, ...) PRINTF(3, 4);
int diag_count(const Diag *);
/* a scratch Diag for trying something: count and drop (see fold) */
void diag_flush(Diag *, FILE *);

/* excerpt.c -- the line of a place with ranges marked under it */
typedef struct Mark {
	Loc loc;
	const char *text; /* as of diag_label, or NULL */
} Mark;
/* is the range on the line of the place, where that line is shown? */
bool excerpt_shows(Loc at, Loc loc);
void excerpt_print(FILE *, Loc at, const Mark *, int n);
/* text with its control characters and what is not UTF-8 written as \xXX */
const char *printable(Arena *, const char *, size_t len);

/* suggest.c */
/* of the names in list, the one within edit distance 2 (1 for names up to 4 letters) of name, or NULL */
const char *did_you_mean(const char *name, const char *const *list, int n);

/* writer.c -- text output: indents by braces, one line of C at a time */
typedef struct Writer Writer;
Writer *writer_new(Arena *);
/* appends formatted text, which may hold several lines; a line is indented by the braces open before it */
void put(Writer *, const char *fmt, ...) PRINTF(2, 3);
void put_raw(Writer *, const char *text); /* as it is, no indentation */
void put_indented(Writer *, const char *text); /* whole lines that are indented among themselves, moved in by the braces open here */
const char *writer_text(const Writer *, size_t *len);

/* ---- files compiled into the program by cmake/embed.cmake; a table ends with a NULL name */
typedef struct EmbeddedFile {
	const char *name, *text; /* "nn", without extension */
} EmbeddedFile;

#endif
