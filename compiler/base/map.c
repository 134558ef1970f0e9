/* map.c -- numbers of pointers */
#include "base.h"

typedef struct Entry {
	const void *key; /* NULL: free */
	int number;
} Entry;

struct Map {
	Arena *arena;
	Entry *table; /* open addressing, at most half full */
	size_t size, count; /* size is a power of two */
};

Map *map_new(Arena *arena)
{
	Map *m = NEW(arena, Map);
	m->arena = arena;
	m->size = 16;
	m->table = NEW_ARRAY(arena, Entry, m->size);
	return m;
}

/* the entry of the key, or the free one where it belongs */
static Entry *lookup(const Map *m, const void *key)
{
	uint64_t hash = (uint64_t)((uintptr_t)key >> 4) * UINT64_C(0x9E3779B97F4A7C15);
	for (size_t i = (size_t)(hash >> 32) & (m->size - 1);; i = (i + 1) & (m->size - 1))
		if (!m->table[i].key || m->table[i].key == key)
			return &m->table[i];
}

int *map_number(Map *m, const void *key)
{
	Entry *e = lookup(m, key);
	if (e->key)
		return &e->number;
	if (2 * ++m->count > m->size) {
		Map old = *m;
		m->size *= 2;
		m->table = NEW_ARRAY(m->arena, Entry, m->size);
		for (size_t i = 0; i < old.size; i++)
			if (old.table[i].key)
				*lookup(m, old.table[i].key) = old.table[i];
		e = lookup(m, key);
	}
	e->key = key;
	return &e->number;
}

int map_find(const Map *m, const void *key)
{
	return lookup(m, key)->number;
}
