/* unused.c -- what nothing takes falls away: a gather from a constant needs no index
 *
 * Scalars, and buffers inside kernels: a local that nothing reads would be a warning. */
#include <string.h>

#include "lower.h"
#include "print_c.h"

static void note_node(Names *used, const Node *n)
{
	if (n->kind == NODE_UNIFORM)
		intern_str(used, n->uniform);
	for (int i = 0; i < n->nargs; i++)
		note_node(used, n->arg[i]);
}

/* from the last step to the first; used: what the steps after the block take */
static void drop_in(PlanBlock *block, Names *used)
{
	int n = block->steps.len, kept = n;
	for (int i = n - 1; i >= 0; i--) {
		Step *s = block->steps.data[i];
		if (s->kind == STEP_SCALAR && !has_name(used, s->name))
			continue;
		if (s->body)
			drop_in(s->body, used);
		if (s->other)
			drop_in(s->other, used);
		if (s->value)
			note_node(used, s->value);
		for (int k = 0; s->kind == STEP_KERNEL && k < s->kernel->uniforms.len; k++)
			intern_str(used, s->uniform[k]);
		block->steps.data[--kept] = s;
	}
	for (int i = kept; i < n; i++)
		block->steps.data[i - kept] = block->steps.data[i];
	block->steps.len = n - kept;
}

void drop_unused_scalars(Arena *arena, PlanBlock *block)
{
	drop_in(block, names_new(arena));
}

/* ---- buffers inside a kernel */

typedef struct Live {
	Arena *arena;
	VEC(const Buffer *) buffers;
} Live;

static bool is_live(const Live *live, const Buffer *b)
{
	if (b->where == WHERE_ARG)
		return true;
	for (int i = 0; i < live->buffers.len; i++)
		if (live->buffers.data[i] == b)
			return true;
	return false;
}

static void note_load(void *data, const Access *a, bool store)
{
	Live *live = data;
	if (!store && !is_live(live, a->buffer))
		push(live->arena, &live->buffers, a->buffer);
}

/* what the stores to live buffers load is live too */
static void note_live(Live *live, const Item *item, int n)
{
	for (int i = 0; i < n; i++)
		if (item[i].kind == ITEM_NEST)
			note_live(live, item[i].nest->body.data, item[i].nest->body.len);
		else if (item[i].kind == ITEM_STORE && is_live(live, item[i].store->target.buffer))
			visit_items(&(Visitor){.data = live, .access = note_load}, &item[i], 1);
}

static void keep_live(const Live *live, Items *items)
{
	int n = 0;
	for (int i = 0; i < items->len; i++) {
		const Item *item = &items->data[i];
		if (item->kind == ITEM_NEST) {
			Items *body = (Items *)(uintptr_t)&item->nest->body;
			keep_live(live, body);
			if (!body->len)
				continue;
		} else if (!is_live(live, item->kind == ITEM_STORE ? item->store->target.buffer : item->buffer)) {
			continue;
		}
		items->data[n++] = *item;
	}
	items->len = n;
}

void drop_unread_buffers(Arena *arena, Items *part)
{
	Live live = {.arena = arena};
	for (int before = -1; before != live.buffers.len;) {
		before = live.buffers.len;
		note_live(&live, part->data, part->len);
	}
	keep_live(&live, part);
}
