/* names.c -- interned strings: equal names are equal pointers; and numbers of pointers, in a table of the same form */
#include "base.h"

#include <string.h>

typedef struct Entry {
	const char *text; /* NULL: free */
	size_t len;
	uint64_t hash;
	int mark;
} Entry;

struct Names {
	Arena *arena;
	Entry *table; /* open addressing, at most half full */
	size_t size, count; /* size is a power of two */
};

Names *names_new(Arena *arena)
{
	Names *n = NEW(arena, Names);
	n->arena = arena;
	n->size = 8;
	n->table = NEW_ARRAY(arena, Entry, n->size);
	return n;
}

/* FNV-1a */
static uint64_t hash_bytes(const char *s, size_t len)
{
	uint64_t h = 14695981039346656037u;
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 1099511628211u;
	return h ^ (h >> 32);
}

/* the entry of the name, or the free one where it belongs */
static Entry *lookup(const Names *n, const char *s, size_t len, uint64_t hash)
{
	for (size_t i = hash & (n->size - 1);; i = (i + 1) & (n->size - 1)) {
		Entry *e = &n->table[i];
		if (!e->text || (e->hash == hash && e->len == len && !memcmp(e->text, s, len)))
			return e;
	}
}

static void grow(Names *n)
{
	Names old = *n;
	n->size *= 2;
	n->table = NEW_ARRAY(n->arena, Entry, n->size);
	for (size_t i = 0; i < old.size; i++)
		if (old.table[i].text)
			*lookup(n, old.table[i].text, old.table[i].len, old.table[i].hash) = old.table[i];
}

/* of a name that is not in it */
static Entry *add(Names *n, const char *text, size_t len, uint64_t hash)
{
	if (2 * ++n->count > n->size)
		grow(n);
	Entry *e = lookup(n, text, len, hash);
	*e = (Entry){text, len, hash, 0};
	return e;
}

static Entry *entry(Names *n, const char *s, size_t len)
{
	const uint64_t hash = hash_bytes(s, len);
	Entry *e = lookup(n, s, len, hash);
	return e->text ? e : add(n, arena_strndup(n->arena, s, len), len, hash);
}

const char *intern(Names *n, const char *s, size_t len)
{
	return entry(n, s, len)->text;
}

int *name_mark(Names *n, const char *s)
{
	return &entry(n, s, strlen(s))->mark;
}

const char *numbered_name(Names *n, const char *base)
{
	const char *name = base;
	for (int k = 2; *name_mark(n, name); k++) {
		int *mark = name_mark(n, base); /* how far its numbers are taken */
		if (k <= *mark)
			k = *mark + 1;
		*mark = k;
		name = arena_printf(n->arena, "%s_%d", base, k);
	}
	*name_mark(n, name) = 1;
	return name;
}

bool has_name(const Names *n, const char *s)
{
	size_t len = strlen(s);
	return lookup(n, s, len, hash_bytes(s, len))->text != NULL;
}

const char *intern_str(Names *n, const char *s)
{
	return intern(n, s, strlen(s));
}

/* ---- pointers: names without letters, told apart by the hash, of which each address has its own */
struct Map {
	Names names;
};

Map *map_new(Arena *arena)
{
	Map *m = NEW(arena, Map);
	m->names = *names_new(arena);
	return m;
}

/* odd factors and turns lose nothing */
static uint64_t hash_address(const void *key)
{
	const uint64_t h = (uint64_t)(uintptr_t)key * UINT64_C(0x9E3779B97F4A7C15);
	return h << 32 | h >> 32;
}

int *map_number(Map *m, const void *key)
{
	const uint64_t hash = hash_address(key);
	Entry *e = lookup(&m->names, key, 0, hash);
	return &(e->text ? e : add(&m->names, key, 0, hash))->mark;
}

int map_find(const Map *m, const void *key)
{
	return lookup(&m->names, key, 0, hash_address(key))->mark;
}
