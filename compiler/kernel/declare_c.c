/* declare_c.c -- declarations of stack and register buffers: arrays of rows or flat, scalars at their first store */
#include <inttypes.h>

#include "print_c.h"

bool is_flat(const CPrinter *p, const Buffer *b)
{
	for (int i = 0; i < p->flat.len; i++)
		if (p->flat.data[i] == b)
			return true;
	return false;
}

const char *buffer_ctype(CPrinter *p, const Buffer *b, const char **type)
{
	const char *extents = "";
	int64_t all = 1;
	*type = dtype_ctype(b->dtype);
	for (int d = 0; d < b->rank && b->where != WHERE_ARG; d++) {
		int64_t n = extent_max(p, &b->extent[d]);
		if (n < 0)
			internal_error("kernel %s: the buffer %s has no literal extent", p->kernel->name, b->name);
		if (n == 0) /* C has no arrays of nothing */
			n = 1;
		if (d == b->rank - 1 && b->where == WHERE_REG && b->lanes) {
			int width = vector_width(p, b->dtype, n, b->extent[d].cut);
			n = (n + width - 1) / width;
			if (width > 1)
				*type = arena_printf(p->arena, "mc_f%dx%d", b->dtype == DT_float64 ? 64 : 32, width);
			if (n == 1)
				break;
		}
		extents = arena_printf(p->arena, "%s[%" PRId64 "]", extents, n);
		all *= n;
	}
	if (is_flat(p, b))
		return arena_printf(p->arena, "[%" PRId64 "]", all);
	return extents;
}

void declare_buffer(CPrinter *p, const Buffer *b)
{
	const char *name = fresh_name(p, b->name), *type;
	const char *extents = buffer_ctype(p, b, &type);
	push(p->arena, &p->buffers, ((BufferName){b, name, false}));
	const bool block = p->target->gpu && !p->in_thread;
	if (b->where == WHERE_PRIVATE)
		declare_local(p, "MC_PRIVATE(%s, %s, %d, %s);", type, name, p->threads, extents);
	else
		declare_local(p, "%s%s %s%s;", block ? "MC_OF_BLOCK " : "", type, name, extents);
	p->out->body.data[p->out->body.len - 1]->buffer = true;
}

typedef struct Mention {
	const Buffer *buffer;
	bool found;
} Mention;

static void seek_mention(void *data, const Access *a, bool store)
{
	(void)store;
	Mention *m = data;
	m->found |= a->buffer == m->buffer;
}

bool mentions(const Item *item, const Buffer *b)
{
	Mention m = {b, false};
	visit_items(&(Visitor){.data = &m, .access = seek_mention}, item, 1);
	return m.found;
}

/* The store that first speaks of the scalar declared by item[0], if it sets it, alone of its run: the declaration waits for it. */
bool waits_for_store(const Item *item, int n)
{
	const Buffer *b = item[0].buffer;
	if (b->rank > 0)
		return false;
	int i = 1;
	while (i < n && !mentions(&item[i], b))
		i++;
	if (i == n || item[i].kind != ITEM_STORE)
		return false;
	const Store *s = item[i].store;
	if (s->target.buffer != b || s->how != STORE_SET || s->target.npreds > 0)
		return false;
	/* no other store of its run reads or writes it */
	for (int j = i + 1; j < n && item[j].kind == ITEM_STORE && !item[j].comment; j++)
		if (mentions(&item[j], b))
			return false;
	Mention m = {b, false};
	visit_value(&(Visitor){.data = &m, .access = seek_mention}, s->value);
	return !m.found;
}

typedef struct Writes {
	const Buffer *buffer;
	int count;
} Writes;

static void count_write(void *data, const Access *a, bool store)
{
	Writes *w = data;
	w->count += store && a->buffer == w->buffer;
}

/* its address may be passed to a function */
static void count_cuts(void *data, const Axis *a)
{
	((Writes *)data)->count += a->ncuts;
}

void declare_later(CPrinter *p, const Item *item, int n)
{
	Writes writes = {item[0].buffer, 0};
	visit_items(&(Visitor){.data = &writes, .access = count_write, .axis = count_cuts}, item + 1, n - 1);
	const char *name = fresh_name(p, item[0].buffer->name);
	push(p->arena, &p->buffers, ((BufferName){item[0].buffer, name, false}));
	push(p->arena, &p->pending, ((Pending){item[0].buffer, writes.count == 1}));
}
