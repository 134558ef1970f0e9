/* schedule_text.c -- how a group is computed, and why so, for --report */
#include <inttypes.h>
#include <string.h>

#include "tile.h"

/* an axis of the contraction, and its size: "axis 1 of the result (10)", "a summed axis (784)" */
static const char *axis_text(Arena *arena, const Contraction *c, int label)
{
	for (int i = 0; i < c->nout; i++)
		if (c->out[i] == label)
			return arena_printf(arena, "axis %d of the result (%s)", i, size_text(arena, c->size[label]));
	return arena_printf(arena, "a summed axis (%s)", size_text(arena, c->size[label]));
}

static const char *tile_text(Lower *L, const Piece *p)
{
	Arena *a = L->arena;
	const Tile *t = p->tile;
	const Contraction c = contraction_of(p->val);
	const Target *target = &L->options->target[0];
	if (target->gpu)
		return arena_printf(a, "%s: a block's tile in shared memory, a thread's in registers", p->target->name);
	const char *s = arena_printf(a, "%s: vectors along %s", p->target->name, axis_text(a, &c, t->lanes));
	if (t->dot)
		s = arena_printf(a, "%s, folded at the end", s);
	if (t->across)
		s = arena_printf(a, "%s, registers for all of %s, to which each element goes that they meet", s, axis_text(a, &c, t->second));
	else if (t->unroll >= 0) {
		TileShape shape = tile_shape(target, p->val->type->dtype, t);
		s = arena_printf(a, "%s, registers for up to %" PRId64 " of %s by %" PRId64 " vectors of %d", s, shape.rows, axis_text(a, &c, t->unroll),
		                 t->dot ? 1 : shape.vectors, shape.width);
	}
	if (t->made[0] || t->made[1])
		s = arena_printf(a, "%s, one operand made for its columns", s);
	for (int side = 0; side < 2; side++)
		if (t->packed[side])
			s = arena_printf(a, "%s, %s in another order", s, t->packed[side]->name);
	if (t->blocked >= 0)
		s = arena_printf(a, "%s, sums in blocks of %" PRId64 " so that what is read again stays in the cache", s, t->block);
	if (t->cycles > 0)
		s = arena_printf(a, "%s; priced at %.3g cycles%s", s, t->cycles, t->next > 0 ? arena_printf(a, ", the next best way at %.3g", t->next) : ", the only way");
	return s;
}

const char *schedule_text(Lower *L, const Group *g)
{
	Arena *a = L->arena;
	const char *s = "one thread: nothing to share out";
	if (g->tile)
		s = g->window ? "tiles shared out to the threads, what follows done on windows of each while it is in the cache"
			      : "tiles shared out to the threads, what follows done on each in registers";
	else if (g->rows && g->pieces.len) {
		bool elements = true;
		for (int i = 0; i < g->pieces.len; i++)
			elements = elements && g->pieces.data[i]->only_stores;
		s = elements         ? arena_printf(a, "elements, %d at a time shared out to the threads", ELEMENT_BLOCK)
		    : !g->block_rows ? "rows shared out to the threads"
		                     : arena_printf(a, "rows, %d at a time shared out to the threads", g->block_rows);
		if (g->pieces.len > 1)
			s = arena_printf(a, "%s, each through %d values while it is in the cache", s, g->pieces.len);
	}
	for (int i = 0; i < g->pieces.len; i++) {
		const Piece *p = g->pieces.data[i];
		if (p->tile && p->body != body_pack)
			s = arena_printf(a, "%s; %s", s, tile_text(L, p));
		else if (g->tile && p->form == FORM_OUTER)
			s = arena_printf(a, "%s; %s: added up by the first rows of each tile", s, p->target->name);
	}
	return s;
}
