/* arena.c -- memory that is freed all at once
 *
 * Blocks grow with what is asked for.  Under AddressSanitizer what of a block is
 * not allocated is poisoned, and a gap after each allocation: reading past one
 * is seen. */
#include "base.h"

#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
enum { GAP = 16 };
#define POISON(p, n) __asan_poison_memory_region(p, n)
#define UNPOISON(p, n) __asan_unpoison_memory_region(p, n)
#else
enum { GAP = 0 };
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

enum { ALIGN = 16, FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20 };

typedef struct Block {
	struct Block *next;
	size_t used, size; /* bytes after the header */
} Block;

struct Arena {
	Block *blocks;
	size_t next_size;
};

#define HEADER ((sizeof(Block) + ALIGN - 1) / ALIGN * ALIGN)

static void out_of_memory(void)
{
	fatal("out of memory");
}

Arena *arena_new(void)
{
	Arena *a = calloc(1, sizeof *a);
	if (!a)
		out_of_memory();
	a->next_size = FIRST_BLOCK;
	return a;
}

static Block *new_block(Arena *a, size_t size)
{
	Block *b = size > SIZE_MAX - HEADER ? NULL : malloc(HEADER + size);
	if (!b)
		out_of_memory();
	b->used = 0;
	b->size = size;
	b->next = a->blocks;
	a->blocks = b;
	POISON((char *)b + HEADER, size);
	return b;
}

char *arena_room(Arena *a, size_t bytes)
{
	if (bytes > SIZE_MAX / 2)
		out_of_memory();
	size_t needed = (bytes + GAP + ALIGN - 1) / ALIGN * ALIGN;
	Block *b = a->blocks;
	if (!b || b->size - b->used < needed) {
		size_t size = a->next_size;
		if (a->next_size < LARGEST_BLOCK)
			a->next_size *= 2;
		b = new_block(a, needed > size ? needed : size);
	}
	char *p = (char *)b + HEADER + b->used;
	b->used += needed;
	UNPOISON(p, bytes);
	return p;
}

void *arena_alloc(Arena *a, size_t bytes)
{
	return memset(arena_room(a, bytes), 0, bytes); /* here: most blocks are hardly used */
}

void arena_free(Arena *a)
{
	if (!a)
		return;
	for (Block *b = a->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

char *arena_strndup(Arena *a, const char *s, size_t len)
{
	char *copy = arena_room(a, len + 1);
	if (len)
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *arena_vprintf(Arena *a, const char *fmt, va_list args)
{
	char most[1024]; /* are shorter, and formatted once */
	va_list again;
	va_copy(again, args);
	int len = format_text(most, sizeof most, fmt, args);
	char *s = arena_room(a, (size_t)len + 1);
	if ((size_t)len < sizeof most)
		memcpy(s, most, (size_t)len + 1);
	else
		format_text(s, (size_t)len + 1, fmt, again);
	va_end(again);
	return s;
}

char *arena_printf(Arena *a, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *s = arena_vprintf(a, fmt, args);
	va_end(args);
	return s;
}

void *vec_grow(Arena *a, void *data, int *cap, size_t elem)
{
	if (*cap > INT32_MAX / 2)
		out_of_memory();
	int old = *cap;
	*cap = old ? 2 * old : 8;
	void *grown = arena_alloc(a, (size_t)*cap * elem);
	if (old)
		memcpy(grown, data, (size_t)old * elem);
	return grown;
}

void internal_error(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fflush(stdout);
	fputs("internal error: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	abort();
}

void fatal(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fflush(stdout);
	fputs("modelc: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}
