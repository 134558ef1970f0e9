/* handed_c.c -- what threads of a kernel hand over: one stores it, another reads it after a barrier
 *
 * Such a pointer is not restrict. Under restrict only what the function itself does to the memory counts, so that a compiler may
 * read before the barrier what it waits for; nvcc does. */
#include "print_c.h"

typedef struct Handed {
	const Buffer *buffer;
	bool stores, loads; /* the nest that is looked at */
	int storing, loading, both; /* nests between barriers so far */
	bool again; /* one of those that do both stands in a loop: its next round is another nest */
} Handed;

static void note_use(void *data, const Access *a, bool store)
{
	Handed *h = data;
	h->stores |= store && same_buffer(h->buffer, a->buffer);
	h->loads |= !store && same_buffer(h->buffer, a->buffer);
}

/* what is added to is loaded too */
static void note_sums(Handed *h, const Item *item)
{
	if (item->kind == ITEM_STORE)
		h->loads |= item->store->how != STORE_SET && item->store->how != STORE_AHEAD && same_buffer(h->buffer, item->store->target.buffer);
	for (int i = 0; item->kind == ITEM_NEST && i < item->nest->body.len; i++)
		note_sums(h, &item->nest->body.data[i]);
}

static void note_nest(Handed *h, const Item *item, bool in_loop)
{
	h->stores = h->loads = false;
	visit_items(&(Visitor){.data = h, .access = note_use}, item, 1);
	note_sums(h, item);
	h->storing += h->stores;
	h->loading += h->loads;
	h->both += h->stores && h->loads;
	h->again |= in_loop && h->stores && h->loads;
}

/* nests of threads, of which each may stand for other threads than the one before */
static void note_block(Handed *h, const Items *items, bool in_loop)
{
	for (int i = 0; i < items->len; i++) {
		if (items->data[i].kind != ITEM_NEST)
			continue;
		const Nest *n = items->data[i].nest;
		if (n->axis->kind == AXIS_THREAD)
			note_nest(h, &items->data[i], in_loop);
		else
			note_block(h, &n->body, in_loop || n->axis->kind != AXIS_PAR);
	}
}

bool is_handed_over(const CPrinter *p, const Buffer *b)
{
	const Kernel *k = p->kernel;
	Handed h = {.buffer = b};
	if (b->read_only)
		return false;
	for (int i = 0; i < k->parts.len; i++) {
		const Item *item = &k->parts.data[i].item;
		if (!p->target->gpu)
			note_nest(&h, item, false);
		else if (i == p->part) /* a kernel of its own there */
			note_block(&h, &(Items){.data = (Item *)(uintptr_t)item, .len = 1}, false);
	}
	return h.again || (h.storing > 0 && h.loading > 0 && !(h.storing == 1 && h.loading == 1 && h.both == 1));
}
