/* tile_cuda.c -- contractions for a GPU */
#include "tile.h"

bool plan_tile_cuda(Scope *s, Piece *p)
{
	if (p->at)
		return false;
	Tile *t = NEW(s->L->arena, Tile);
	*t = (Tile){.lanes = -1, .unroll = -1, .second = -1, .whole = true, .blocked = -1};
	p->tile = t;
	p->form = FORM_TILE;
	p->rows = NULL;
	p->body = note_tile;
	return true;
}

static const Node *product(Build *b, Contraction *c)
{
	b->memo.len = 0;
	const Node *x = contraction_side(b, c, 0), *y = contraction_side(b, c, 1);
	return node_row(b, OP_mul, x->dtype, x, y, NULL);
}

void build_tile_cuda(Build *b, const Group *g, Items *items)
{
	Contraction c = contraction_of(g->tile->val);
	Axis *one = new_axis(b, "all", AXIS_PAR, size_const(b->arena, 1));
	items = &open_nest(b, items, one)->body;
	for (int i = 0; i < c.nout; i++)
		items = open_axis(b, items, i, AXIS_PAR, c.size[c.out[i]], &c.ix[c.out[i]]);
	if (!c.nsum) {
		store_on_tile(b, g, &c, items, product(b, &c));
		return;
	}
	DType dtype = g->tile->val->type->dtype;
	Buffer *acc = new_buffer(b, "acc", dtype, WHERE_REG, 0, NULL);
	add_buffer(b, items, acc);
	add_store(b, items, access_scalar(acc), STORE_SET, node_const(b, dtype, 0, 0));
	Items *in = items;
	for (int k = 0; k < c.nsum; k++)
		in = open_axis(b, in, 3 + k, AXIS_SEQ, c.size[c.sum[k]], &c.ix[c.sum[k]]);
	add_store(b, in, access_scalar(acc), STORE_ADD, product(b, &c));
	store_on_tile(b, g, &c, items, load_of(b, access_scalar(acc)));
}
