/* tile_beside.c -- the sum of all of a matrix, such as a penalty on weights, while a product reads it
 *
 *      out[i, j] += a[i, k] * w[k, j]      the first rows of each tile also add up      columns[j] += f(w[k, j])
 *
 * One thread adds up the columns in the end.  The matrix is read once less. */
#include "tile_nest.h"

const Piece *piece_beside(const Group *g)
{
	for (int i = 0; i < g->pieces.len; i++)
		if (g->pieces.data[i]->form == FORM_OUTER)
			return g->pieces.data[i];
	return NULL;
}

/* all that it loads is what the operand is */
static bool loads_only(const Node *n, const Node *operand)
{
	if (n->kind == NODE_LOAD)
		return node_equal(n, operand);
	for (int i = 0; i < n->nargs; i++)
		if (!loads_only(n->arg[i], operand))
			return false;
	return n->kind != NODE_RANDOM;
}

/* the tile goes through a matrix of the sum's size, with the lanes along its rows; the rows of the tile are one thread's */
static bool has_columns(const Tile *t, const Contraction *c, const Val *matrix)
{
	if (!t->whole || t->dot || t->across || t->second >= 0 || t->chains || t->blocked >= 0 || c->nsum != 1 ||
	    c->nout != 1 + (t->unroll >= 0) || (t->unroll >= 0 && !size_fits(c->size[t->unroll], TILE_ROWS)))
		return false;
	const int side = label_side(c, t->lanes);
	if (t->packed[side] || t->made[side] || !(c->has[side] >> c->sum[0] & 1) || (t->unroll >= 0 && c->has[side] >> t->unroll & 1))
		return false;
	return size_equal(c->size[c->sum[0]], matrix->type->size[0]) && size_equal(c->size[t->lanes], matrix->type->size[1]);
}

/* What is made of it is of rank 0, step by step, up to a result: no element of the product waits for it. */
static bool ends_in_scalar(const Scope *s, const Val *v)
{
	for (;;) {
		const Info *info = info_of(s, v);
		if (info->uses != 1)
			return false;
		if (!info->user)
			return true;
		v = info->user;
		if (v->nregions || v->type->rank)
			return false;
	}
}

bool can_sum_beside(Scope *s, const Group *g, const Piece *p)
{
	const Piece *tile = g->tile;
	if (!tile || g->window || piece_beside(g) || !sums_matrix(p) || p->at || p->cell || s->L->options->target->gpu ||
	    p->val->type->dtype != tile->val->type->dtype)
		return false;
	Contraction c = contraction_of(tile->val);
	if (!has_columns(tile->tile, &c, p->val->in[0]) || !ends_in_scalar(s, p->val))
		return false;
	Build *b = build_new(s->L, s, NULL);
	Axis *k = new_axis(b, "k", AXIS_SEQ, c.size[c.sum[0]]), *j = new_axis(b, "j", AXIS_LANES, c.size[tile->tile->lanes]);
	c.ix[c.sum[0]] = ix_at(axis_index(b->arena, k));
	c.ix[tile->tile->lanes] = ix_at(axis_index(b->arena, j));
	const Node *operand = contraction_side(b, &c, label_side(&c, tile->tile->lanes));
	const Node *value = matrix_element(b, p, c.ix[c.sum[0]], c.ix[tile->tile->lanes]);
	return operand->kind == NODE_LOAD && !operand->load.npreds && node_loads(value, operand->load.buffer) && loads_only(value, operand) &&
	       lanes_legal(value, j->id);
}

void give_columns(Scope *s, Piece *p)
{
	const Type *t = p->val->in[0]->type;
	p->parts = new_buf(s->L, BUF_SCRATCH, type_array(s->L->arena, t->dtype, 1, t->size + 1), arena_printf(s->L->arena, "%s_columns", p->target->name), p->val->loc);
}

/* ---- while the tile is built */

/* the columns of the tile: an accumulator each */
static Access column_sum(TileNest *x, Items **items)
{
	Axis *v = inner_axis_of(x, "v", AXIS_LANES, x->t->lanes);
	Access at = {.buffer = x->columns};
	at.index[0].affine = axis_index(x->b->arena, v);
	*items = open_inner(x, *items, v);
	return at;
}

void clear_beside(TileNest *x, Items *items)
{
	if (!x->beside)
		return;
	x->columns = new_buffer(x->b, "columns", x->dtype, WHERE_REG, 0, NULL);
	x->columns->lanes = true;
	add_extent(x->columns, NULL, x->of[x->t->lanes].outer);
	add_buffer(x->b, items, x->columns);
	const Access at = column_sum(x, &items);
	add_store(x->b, items, at, STORE_SET, node_const(x->b, x->dtype, 0, 0));
}

void add_beside(TileNest *x, Items *items)
{
	if (!x->beside)
		return;
	const Access at = column_sum(x, &items);
	x->b->memo.len = 0;
	accumulate(x->b, items, at, REDUCE_sum, matrix_element(x->b, x->beside, x->c.ix[x->c.sum[0]], x->c.ix[x->t->lanes]));
}

void store_beside(TileNest *x, Items *items)
{
	if (!x->beside)
		return;
	const Access at = column_sum(x, &items);
	add_store(x->b, items, access_buf(x->b, x->beside->parts, NULL, 1, &x->c.ix[x->t->lanes]), STORE_SET, load_of(x->b, at));
}
