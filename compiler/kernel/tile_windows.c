/* tile_windows.c -- windows of the result that follow, such as pools: a tile goes through the places of its windows, which pass an
 * array */
#include "tile_nest.h"

void plan_windows(TileNest *x, const int8_t *window)
{
	for (int i = 0; i < x->c.nout; i++) {
		Axes *of = &x->of[x->c.out[i]];
		if (window[i] > 1)
			of->most = of->window = window[i];
	}
}

/* loops over the places of windows along axes that the tile lacks */
static Items *open_places(TileNest *x, Items *items)
{
	Build *b = x->b;
	for (int i = 0; i < x->c.nout; i++) {
		int l = x->c.out[i];
		if (is_in_tile(x, l) || !x->of[l].window)
			continue;
		Axis *a = new_axis(b, "p", AXIS_SEQ, size_const(b->arena, x->of[l].window));
		x->c.ix[l] = ix_at(size_add(b->arena, x->of[l].first, axis_index(b->arena, a)));
		items = open_inner(x, items, a);
	}
	return items;
}

static View view_of_windows(TileNest *x, Items *items)
{
	View v = {.plan = x->p->target};
	Buffer *array = new_buffer(x->b, "tile", x->dtype, WHERE_STACK, 0, NULL);
	for (int i = 0; i < x->c.nout; i++) {
		const int l = x->c.out[i];
		const bool inside = is_in_tile(x, l);
		if (!inside && !x->of[l].window)
			continue;
		v.base[i] = inside ? first_of(x, l) : x->of[l].first;
		add_extent(array, size_const(x->b->arena, x->of[l].most), NULL);
	}
	add_buffer(x->b, items, array);
	v.buffer = array;
	return v;
}

/* the tile to its place in the array, and to memory if others read it */
static void store_place(TileNest *x, Items *items, const View *view)
{
	Build *b = x->b;
	Ix ix[MAX_RANK];
	Cell c = open_cell(x, &items);
	out_index(x, ix);
	Access to = {.buffer = view->buffer};
	for (int i = 0, n = 0; i < x->c.nout; i++)
		if (view->base[i])
			to.index[n++].affine = size_sub(b->arena, ix[i].at, view->base[i]);
	add_store(b, items, to, STORE_SET, load_of(b, c.at));
	if (!x->p->target->local)
		target_store(b, x->p, items, x->c.nout, ix, STORE_SET, load_of(b, c.at));
}

static void follow_windows(TileNest *x, Items *items, const Piece *p, const View *view)
{
	Build *b = x->b;
	Ix ix[MAX_RANK];
	for (int i = 0; i < x->c.nout; i++) {
		const int l = x->c.out[i];
		const Axes *of = &x->of[l];
		if (is_in_tile(x, l) && !of->window) {
			Axis *a = inner_axis_of(x, l == x->t->lanes ? "q" : "p", l == x->t->lanes ? AXIS_SIMD : AXIS_SEQ, l);
			items = open_inner(x, items, a);
		}
		ix[i] = !of->window ? x->c.ix[l] : ix_at(is_in_tile(x, l) ? axis_index(b->arena, of->outer) : of->number);
	}
	const Info *info = info_of(b->scope, p->val);
	b->memo.len = 0;
	b->view = *view;
	b->row = ix[0].at;
	const Node *n = info->root && info->piece == p ? element_here(b, p->val, ix) : element(b, p->val, ix);
	b->view.plan = NULL;
	b->row = NULL;
	target_store(b, p, items, x->c.nout, ix, STORE_SET, n);
}

void build_windows(TileNest *x, Items *items, const Group *group)
{
	const Tile *t = x->t;
	items = open_cuts(x, items, "j", t->lanes);
	if (t->second >= 0)
		items = open_cuts(x, items, "g", t->second);
	if (t->unroll >= 0)
		items = open_cuts(x, items, "i", t->unroll);
	View view = view_of_windows(x, items);
	Items *in = open_places(x, items);
	for (int side = 0; side < 2; side++)
		if (!t->packed[side])
			leave_out_padding(x, side);
	declare_acc(x, in);
	clear_acc(x, in);
	sum_along_result(x, in);
	store_place(x, in, &view);
	for (int i = 1; i < group->pieces.len; i++)
		follow_windows(x, items, group->pieces.data[i], &view);
}

/* what only windows that follow read needs no memory */
void find_window_locals(Scope *s, int g)
{
	const Group *group = s->groups.data[g];
	PlanBuf *made = group->tile->target;
	bool local = made->kind == BUF_SCRATCH && !group->tile->cell && !group->tile->at && read_only_in(s, made, g);
	for (int k = 0; k < group->tail.len; k++)
		for (int r = 0; r < group->tail.data[k]->reads.len; r++)
			local = local && group->tail.data[k]->reads.data[r].buf != made;
	made->local = local;
}
