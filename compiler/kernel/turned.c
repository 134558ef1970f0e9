/* turned.c -- rows of few elements lie across lanes: a softmax of 10 classes is vectors of rows, 10 of them
 *
 * Along such a row vectors are half empty, and its maximum and its sum wait for each element in turn.  Across lanes the loops over its
 * elements are unrolled, and C compilers make vectors of the loop over rows. */
#include "nest.h"

enum {
	DEAR_FUNCTION = 10,
	MOST_UNROLLED = 4000 /* operations of a row that are written out; C compilers take long for more */
};

/* elements of a row; 0: many, or not known */
static int64_t few_of_row(const Type *t)
{
	int64_t n = 1;
	if (t->rank == 2 && (!size_is_const(t->size[1], &n) || n > FEW_ELEMENTS))
		return 0;
	return t->rank == 1 || t->rank == 2 ? n : 0;
}

static bool is_short(const Type *t)
{
	return few_of_row(t) > 0;
}

static bool fits_lanes(const Piece *p)
{
	const Val *v = p->val;
	for (int i = 0; i < p->reads.len; i++)
		if (p->reads.data[i].buf->type->rank > 1 && !(p->reads.data[i].row && is_short(p->reads.data[i].buf->type)))
			return false;
	if (p->form == FORM_OUTER)
		return p->sums_elements;
	if (p->form != FORM_ROW || p->at || p->copy_of || p->copied || !is_short(p->target->type))
		return false;
	if (p->body == body_map)
		return v->op != OP_random_bits;
	bool arg = v->op == OP_reduce && (v->attr.reduce.kind == REDUCE_argmax || v->attr.reduce.kind == REDUCE_argmin);
	return v->op == OP_reduce && (!arg || is_few(v)) && is_short(v->in[0]->type) && !(v->attr.reduce.axes & 1);
}

/* Which pieces have their rows in lanes: none, where that gains nothing or not all sums over rows go. */
bool *pieces_in_lanes(const Build *b, const Group *g)
{
	bool *in = NEW_ARRAY(b->arena, bool, g->pieces.len + 1), dear = false;
	bool blocks = g->block_rows >= LANES && g->block_rows < ELEMENT_BLOCK && !b->target->gpu;
	int64_t operations = 0;
	for (int i = 0; i < g->pieces.len; i++) {
		const Piece *p = g->pieces.data[i];
		const int cost = info_of(b->scope, p->val)->cost;
		in[i] = fits_lanes(p);
		if (in[i] && p->form == FORM_ROW)
			operations += few_of_row(p->target->type) * (1 + cost);
		dear = dear || (in[i] && p->form == FORM_ROW && p->target->type->rank == 2 && cost >= DEAR_FUNCTION);
		blocks = blocks && (in[i] || p->form != FORM_OUTER || p->val->type->rank);
	}
	for (int i = 0; i < g->pieces.len; i++)
		in[i] = in[i] && blocks && dear && operations <= MOST_UNROLLED;
	return in;
}

/* only phases whose rows lie in lanes, and tiles, have to do with it */
bool is_turned(const Rows *r, const PlanBuf *buf)
{
	const Group *g = r->group;
	bool any = false, aligned = true;
	for (int i = 0; i < g->pieces.len; i++) {
		const Piece *p = g->pieces.data[i];
		bool turned = r->turned[r->phase[i]], reads = reads_buf(p, buf, &aligned);
		if (reads && !turned)
			return false;
		if (p->target == buf && !turned && p->form != FORM_BLOCK)
			return false;
		any = any || reads;
	}
	return any && buf->type->rank == 2;
}

/* ---- what rows in lanes have to do with lies in memory row by row: a block of it is turned there and back */

static void stage_buffer(Build *b, const Rows *r, PlanBuf *buf, bool out, Stage *stage)
{
	const KBuf *k = buf->type->rank == 2 ? kernel_kbuf(b, buf) : NULL;
	if (!k || k->turned || (k->local && !k->base))
		return;
	for (int i = 0; i < stage->len; i++)
		if (stage->data[i].plan == buf) {
			stage->data[i].out |= out;
			return;
		}
	const Size *extent[] = {buf->type->size[1], size_const(b->arena, r->block)};
	Staged s = {buf, new_buffer(b, buf->name, buf->type->dtype, WHERE_STACK, 2, extent), !out, out};
	push(b->arena, stage, s);
}

static Stage stage_of(Build *b, const Rows *r, int phase)
{
	Stage stage = {0};
	for (int i = 0; i < r->group->pieces.len; i++) {
		const Piece *p = r->group->pieces.data[i];
		for (int k = 0; r->phase[i] == phase && k < p->reads.len; k++)
			stage_buffer(b, r, p->reads.data[k].buf, false, &stage);
		if (r->phase[i] == phase && p->form == FORM_ROW)
			stage_buffer(b, r, p->target, true, &stage);
	}
	return stage;
}

static void turn(Build *b, const Rows *r, const Staged *s, bool out, Items *items)
{
	Axis *i = row_axis(b, r, AXIS_SEQ), *j = new_axis(b, "j", AXIS_SIMD, s->plan->type->size[1]);
	const Size *row = axis_index(b->arena, i), *column = axis_index(b->arena, j);
	items = &open_nest(b, &open_nest(b, items, i)->body, j)->body;
	const Ix ix[] = {ix_at(row), ix_at(column)};
	Access turned = {.buffer = s->buffer};
	turned.index[0].affine = column;
	turned.index[1].affine = size_sub(b->arena, row, b->block_lo);
	if (out)
		add_store(b, items, access_buf(b, s->plan, NULL, 2, ix), STORE_SET, load_of(b, turned));
	else
		add_store(b, items, turned, STORE_SET, load_buf(b, s->plan, NULL, 2, ix));
}

Stage open_stage(Build *b, const Rows *r, int phase, Items *items)
{
	Stage stage = stage_of(b, r, phase);
	for (int i = 0; i < stage.len; i++) {
		const Staged *s = &stage.data[i];
		add_buffer(b, items, s->buffer);
		if (s->in)
			turn(b, r, s, false, items);
	}
	for (int i = 0; i < stage.len; i++)
		kernel_kbuf(b, stage.data[i].plan)->staged = stage.data[i].buffer;
	return stage;
}

void close_stage(Build *b, const Rows *r, const Stage *stage, Items *items)
{
	for (int i = 0; i < stage->len; i++)
		kernel_kbuf(b, stage->data[i].plan)->staged = NULL;
	for (int i = 0; i < stage->len; i++)
		if (stage->data[i].out)
			turn(b, r, &stage->data[i], true, items);
}
