/* fuse.c -- pieces with the same rows become one kernel
 *
 * A piece joins a group whose pieces walk over the same rows, if what it reads of them it reads of its
 * own row.  Groups stay in order: a piece comes to the first group that is late enough. */
#include <string.h>

#include "tile.h"

static bool is_move(Op op)
{
	return op == OP_concat || op == OP_pad || op == OP_cumsum || op == OP_set_slice || op == OP_scatter_set ||
	       op == OP_scatter_add;
}

void plan_body(Scope *s, Piece *p)
{
	const Val *v = p->val;
	Arena *arena = s->L->arena;
	const Info *info = info_of(s, v);
	bool here = info->root && info->piece == p;
	if (p->body == body_pack) {
		plan_pack(s, p);
		return;
	}
	if (here && plan_product(s, p))
		return;
	if (here && v->op == OP_reduce) {
		plan_reduce(s, p);
	} else if (here && v->op == OP_contraction && !can_inline_contraction(v)) {
		plan_contraction(s, p);
	} else if (here && is_move(v->op) && (v->op != OP_pad || !can_inline_pad(v))) {
		plan_move(s, p);
	} else {
		bool plain = p->copy_from || p->fill;
		const Type *t = plain ? p->target->type : v->type;
		p->body = plain ? body_copy : body_map;
		p->form = t->rank ? FORM_ROW : FORM_SCALAR;
		p->rows = t->rank ? t->size[0] : NULL;
		p->only_stores = t->rank == 1;
		p->work = size_scale(arena, type_count(arena, t), 1 + (here || info->cost ? info->cost : 0));
	}
}

void body_copy(Build *b, const Piece *p, Items *items)
{
	const Type *t = p->target->type;
	Ix ix[MAX_RANK];
	if (t->rank > 0)
		ix[0] = ix_at(b->row);
	for (int d = 1; d < t->rank; d++)
		items = open_axis(b, items, d, d == t->rank - 1 ? AXIS_SIMD : AXIS_SEQ, t->size[d], &ix[d]);
	const Node *n = p->fill ? node_const(b, t->dtype, 0, 0) : load_buf(b, p->copy_from, NULL, t->rank, ix);
	target_store(b, p, items, t->rank, ix, STORE_SET, n);
}

/* builds the body for one row and throws it away: what it reads is what counts */
static void note_reads(Scope *s, Piece *p)
{
	if (!p->body)
		return;
	Build *b = build_new(s->L, s, p);
	Items items = {0};
	if (p->rows) {
		Axis *row = new_axis(b, "i", AXIS_SEQ, p->rows), *block = new_axis(b, "t", AXIS_SEQ, p->rows);
		b->row = axis_index(b->arena, row);
		b->block_index = b->block_lo = axis_index(b->arena, block);
		b->block_hi = p->rows;
	}
	if (p->form == FORM_OUTER)
		outer_begin(b, p, &items);
	p->body(b, p, &items);
}

Piece *new_piece(Scope *s, const Val *v, PlanBuf *target, const Node *at, uint64_t needs)
{
	Piece *p = NEW(s->L->arena, Piece);
	p->val = v;
	p->target = target;
	p->at = at;
	p->needs = needs;
	return p;
}

static bool makes(const Piece *p, const PlanBuf *buf)
{
	return p->target == buf && p->cell != buf;
}

/* ---- which groups read and make a buffer */

Traffic *traffic_of(Scope *s, const PlanBuf *buf)
{
	int *at = map_number(s->traffic_of, buf);
	if (!*at) {
		Traffic none = {.buf = buf, .writer = -1, .first_reader = -1, .last_reader = -1};
		push(s->L->arena, &s->traffic, none);
		*at = s->traffic.len;
	}
	return &s->traffic.data[*at - 1];
}

void note_reader(Scope *s, const PlanBuf *buf, int group)
{
	Traffic *t = traffic_of(s, buf);
	if (t->first_reader < 0 || group < t->first_reader)
		t->first_reader = group;
	if (group > t->last_reader)
		t->last_reader = group;
}

bool read_only_in(Scope *s, const PlanBuf *buf, int group)
{
	const Traffic *t = traffic_of(s, buf);
	return !t->exported && (t->last_reader < 0 || (t->first_reader == group && t->last_reader == group));
}

void note_writer(Scope *s, const PlanBuf *buf, int group, bool by_rows)
{
	Traffic *t = traffic_of(s, buf);
	t->written = true;
	if (group < t->writer)
		return;
	t->by_rows = by_rows && (group > t->writer || t->by_rows);
	t->writer = group;
}

static bool is_tail(const Piece *p)
{
	return p->form == FORM_SCALAR || p->form == FORM_WHOLE;
}

static void note_piece(Scope *s, const Piece *p)
{
	for (int i = 0; i < p->reads.len; i++)
		note_reader(s, p->reads.data[i].buf, p->group);
	const bool rows = p->form != FORM_OUTER && !is_tail(p) && !s->groups.data[p->group]->tile && !p->at;
	traffic_of(s, p->target)->written = true;
	if (makes(p, p->target))
		note_writer(s, p->target, p->group, rows);
}

static Group *add_group(Scope *s, const Size *rows, uint64_t needs)
{
	Group *g = NEW(s->L->arena, Group);
	g->rows = rows;
	g->needs = needs;
	push(s->L->arena, &s->groups, g);
	return g;
}

Group *add_step_group(Scope *s, Step *step, uint64_t needs)
{
	Group *g = add_group(s, NULL, needs);
	g->closed = true;
	g->step = step;
	return g;
}

static bool same_sizes(const Type *a, const Type *b)
{
	bool same = a->rank == b->rank;
	for (int i = 0; i < a->rank && same; i++)
		same = size_equal(a->size[i], b->size[i]);
	return same;
}

/* it makes an element for each element of the tile: it can follow there */
static bool on_tile(const Group *g, const Piece *p)
{
	return g->tile && !g->window && p->body == body_map && !p->at &&
	       same_sizes(p->target->type, g->tile->target->type);
}

/* after the rows, and so after the tiles */
static bool tail_makes(const Group *g, const PlanBuf *buf)
{
	for (int i = 0; i < g->tail.len; i++)
		if (makes(g->tail.data[i], buf))
			return true;
	return false;
}

static bool follows_tile(const Group *g, const Piece *p)
{
	bool reads = false;
	if (!on_tile(g, p))
		return false;
	for (int i = 0; i < p->reads.len; i++)
		for (int k = 0; k < g->pieces.len; k++)
			if (p->reads.data[i].buf == g->pieces.data[k]->target &&
			    makes(g->pieces.data[k], p->reads.data[i].buf)) {
				if (!p->reads.data[i].same)
					return false;
				reads = true;
			}
	return reads;
}

/* windows of so many places of the tile's result lie in a tile, side by side and with none left over */
static bool windows_fit(const Piece *tile, const Piece *p, const int8_t *window)
{
	const Contraction c = contraction_of(tile->val);
	const Tile *t = tile->tile;
	bool wider = false;
	if (t->dot || t->blocked >= 0 || t->chains || c.out[c.nout - 1] != t->lanes || p->target->type->rank != c.nout)
		return false;
	for (int i = 0; i < c.nout; i++) {
		const int n = window[i], l = c.out[i];
		int64_t all, count;
		if (n < 1 || !size_is_const(c.size[l], &all) || !size_is_const(p->target->type->size[i], &count) || all != n * count ||
		    (n > 1 && (l == t->lanes || l == t->unroll || (t->across && l == t->second))) || (n > 2 && l == t->second))
			return false;
		wider = wider || n > 1;
	}
	return wider;
}

/* It makes an element for each window of the tile's result, such as the largest in it: the windows, or NULL. */
static const int8_t *windows_on_tile(const Scope *s, const Group *g, const Piece *p)
{
	const int8_t *window = NULL;
	if (!g->tile || (p->body != body_map && p->body != body_few) || p->at || p->cell || s->L->options->target->gpu ||
	    (!g->window && g->pieces.len > 1))
		return NULL;
	for (int i = 0; i < p->reads.len; i++) {
		const Read *r = &p->reads.data[i];
		if (r->buf == g->tile->target) {
			if (window && memcmp(window, r->window, sizeof r->window))
				return NULL;
			window = r->window;
		}
		for (int k = 1; k < g->pieces.len; k++)
			if (makes(g->pieces.data[k], r->buf) && !r->same)
				return NULL;
	}
	if (!window || (g->window && memcmp(window, g->window, sizeof p->reads.data->window)) || !windows_fit(g->tile, p, window))
		return NULL;
	return window;
}

/* in a group that stands before this one nothing that it reads is missing */
static int earliest(Scope *s, const Piece *p)
{
	int first = p->cell ? s->first_write : 0;
	for (int i = 0; i < p->reads.len; i++) {
		const Read *r = &p->reads.data[i];
		const Traffic *t = traffic_of(s, r->buf);
		const int g = t->writer;
		if (r->buf == p->target && g < 0)
			continue;
		bool join = is_tail(p) || (t->by_rows && r->row) ||
			    (g >= 0 && !tail_makes(s->groups.data[g], r->buf) &&
			     ((r->same && on_tile(s->groups.data[g], p)) || windows_on_tile(s, s->groups.data[g], p)));
		if (g >= 0 && g + !join > first)
			first = g + !join;
	}
	/* a copy that this piece changes in place */
	int g = p->copied ? p->copied->group : -1;
	bool rowwise = p->form == FORM_ROW;
	if (g >= 0 && g + !rowwise > first)
		first = g + !rowwise;
	return first;
}

static bool single_elements(const Group *g)
{
	for (int i = 0; i < g->pieces.len; i++)
		if (!g->pieces.data[i]->only_stores && !g->pieces.data[i]->sums_elements)
			return false;
	return true;
}

int64_t even_block(const Size *rows, int64_t most, int64_t step)
{
	int64_t n, block = most / step * step;
	if (!size_is_const(rows, &n) || n <= block)
		return block;
	int64_t blocks = (n + block - 1) / block, share = blocks > 2 ? 4 : 2;
	blocks = (blocks + share - 1) / share * share;
	return (n + step * blocks - 1) / (step * blocks) * step;
}

int even_rows(const Scope *s, const Size *rows)
{
	enum { VECTOR = 16 };
	int64_t n;
	if (!s->L->options->target->gpu && size_is_const(rows, &n) && n > VECTOR && n <= BLOCK_ROWS)
		return (int)((n + 3) / 4 * 2); /* two blocks: one would be one thread's */
	return (int)even_block(rows, BLOCK_ROWS, 2);
}

/* the rows of a block that the piece asks for; 0: any */
static int rows_wanted(const Scope *s, const Piece *p)
{
	return p->block_rows ? p->block_rows : p->form == FORM_OUTER && !p->sums_elements ? even_rows(s, p->rows) : 0;
}

/* operations of a row */
static int64_t row_work(const Piece *p)
{
	int64_t rows, all;
	if (!p->work || !size_upper(p->work, 64, &all, NULL) || !size_upper(p->rows, 64, &rows, NULL) || rows < 1)
		return 1;
	return all / rows;
}

/* On a GPU rows that are added up have one block for many; where they are much work others are better off alone. */
static bool apart_on_gpu(const Group *g, const Piece *p)
{
	enum { LIGHT = 512 };
	for (int i = 0; i < g->pieces.len; i++) {
		const Piece *q = g->pieces.data[i];
		if ((q->form == FORM_OUTER) != (p->form == FORM_OUTER) && (row_work(q) > LIGHT || row_work(p) > LIGHT))
			return true;
	}
	return false;
}

static bool same_rows(const Scope *s, const Group *g, const Piece *p)
{
	if (!g->rows || !size_equal(g->rows, p->rows))
		return false;
	if (g->block_rows == ELEMENT_BLOCK && !p->only_stores && !p->sums_elements)
		return false;
	int want = rows_wanted(s, p);
	return !want || !g->block_rows || want == g->block_rows;
}

/* Rows of one element are done together though some may be for an output that is not wanted. */
static bool accepts(const Group *g, const Piece *p)
{
	if (g->closed || g->pieces.len + g->tail.len >= MOST_PIECES || g->nreads + p->reads.len > MOST_READS ||
	    g->shared + p->shared > SHARED_BYTES)
		return false;
	bool single = g->rows && single_elements(g) && (p->only_stores || p->sums_elements);
	return single || (p->needs & ~g->needs) == 0;
}

/* a group whose tile can make this sum on its way; -1: none */
static int group_beside(Scope *s, const Piece *p, int first)
{
	for (int g = first; p->form == FORM_OUTER && g < s->groups.len; g++)
		if (s->groups.data[g]->tile && accepts(s->groups.data[g], p) && can_sum_beside(s, s->groups.data[g], p))
			return g;
	return -1;
}

/* a sum that stands alone for its matrix: none of its group makes what it reads */
static bool only_reads(Scope *s, const Piece *p)
{
	for (int i = 0; i < p->reads.len; i++)
		if (traffic_of(s, p->reads.data[i].buf)->writer == p->group)
			return false;
	return true;
}

/* A sum that the tile of the last group, which is new, can make on its way comes to it, if nothing has asked for it so far. */
static void take_beside(Scope *s)
{
	const int last = s->groups.len - 1;
	Group *to = s->groups.data[last];
	for (int g = s->checks_at > last - MOST_OPEN ? s->checks_at : last - MOST_OPEN; g < last; g++) {
		Group *from = s->groups.data[g];
		for (int i = 0; !from->tile && i < from->pieces.len; i++) {
			Piece *p = from->pieces.data[i];
			if (p->form != FORM_OUTER || traffic_of(s, p->target)->first_reader >= 0 || !accepts(to, p) || !only_reads(s, p) ||
			    !can_sum_beside(s, to, p))
				continue;
			from->pieces.len--;
			for (int k = i; k < from->pieces.len; k++)
				from->pieces.data[k] = from->pieces.data[k + 1];
			from->nreads -= p->reads.len;
			to->nreads += p->reads.len;
			p->group = last;
			give_columns(s, p);
			note_piece(s, p);
			push(s->L->arena, &to->pieces, p);
			return;
		}
	}
}

static bool joins(const Scope *s, const Group *g, const Piece *p)
{
	if (p->product || p->form == FORM_TILE || !accepts(g, p))
		return false;
	if (is_tail(p) || (same_rows(s, g, p) && !(s->L->options->target->gpu && apart_on_gpu(g, p))))
		return true;
	return follows_tile(g, p) || windows_on_tile(s, g, p);
}

void add_piece(Scope *s, Piece *p)
{
	Arena *arena = s->L->arena;
	plan_body(s, p);
	note_reads(s, p);
	int first = earliest(s, p);
	bool tail = is_tail(p);
	if (first < s->groups.len - MOST_OPEN)
		first = s->groups.len - MOST_OPEN;
	p->group = group_beside(s, p, first);
	const bool beside = p->group >= 0;
	if (!beside)
		for (p->group = first; p->group < s->groups.len && !joins(s, s->groups.data[p->group], p);)
			p->group++;
	if (p->group == s->groups.len)
		add_group(s, tail ? NULL : p->rows, p->needs)->closed = p->product != NULL;
	Group *g = s->groups.data[p->group];
	if (!tail && !g->window && !follows_tile(g, p))
		g->window = windows_on_tile(s, g, p);
	g->needs |= p->needs;
	g->nreads += p->reads.len;
	g->shared += p->shared;
	if (p->form == FORM_TILE) {
		g->tile = p;
		g->closed = p->tile->blocked >= 0; /* nothing follows on parts of sums */
	}
	note_piece(s, p);
	if (tail) {
		push(arena, &g->tail, p);
		return;
	}
	push(arena, &g->pieces, p);
	if (p->form == FORM_TILE)
		take_beside(s);
	if (beside) {
		give_columns(s, p);
		return;
	}
	if (rows_wanted(s, p))
		g->block_rows = rows_wanted(s, p);
	else if (p->sums_elements && !g->block_rows)
		g->block_rows = single_elements(g) ? ELEMENT_BLOCK : even_rows(s, p->rows);
	if (p->form == FORM_OUTER && !p->parts)
		outer_parts(s->L, p, g->block_rows);
}

/* ---- variables and carries: their new values in place, where no later reader sees them */

static bool reads_cell(const Piece *q, const PlanBuf *cell, bool all_row, bool all_same)
{
	for (int i = 0; i < q->reads.len; i++) {
		const Read *r = &q->reads.data[i];
		if (r->buf == cell && (!all_row || !r->row) && (!all_same || !r->same))
			return true;
	}
	return false;
}

static int index_in(const Group *g, const Piece *p, bool *tail)
{
	for (int i = 0; i < g->pieces.len; i++)
		if (g->pieces.data[i] == p) {
			*tail = false;
			return i;
		}
	for (int i = 0; i < g->tail.len; i++)
		if (g->tail.data[i] == p) {
			*tail = true;
			return i;
		}
	internal_error("a piece is not in its group");
}

static bool conflict(Scope *s, const Piece *p)
{
	const PlanBuf *cell = p->cell;
	if (traffic_of(s, cell)->last_reader > p->group)
		return true;
	const Group *group = s->groups.data[p->group];
	bool tail;
	int at = index_in(group, p, &tail);
	if (p->product)
		return reads_cell(p, cell, false, false);
	bool late = tail || p->form == FORM_OUTER; /* written after all rows */
	for (int i = 0; group->tile && !late && i < group->pieces.len; i++)
		if (reads_cell(group->pieces.data[i], cell, false, true))
			return true;
	for (int i = 0; i < group->pieces.len; i++) {
		const Piece *q = group->pieces.data[i];
		if (late || group->tile)
			continue;
		if (q == p ? reads_cell(q, cell, false, p->form == FORM_ROW && p->body == body_map)
			   : reads_cell(q, cell, i < at, false))
			return true;
	}
	for (int i = 0; i < group->tail.len; i++) {
		const Piece *q = group->tail.data[i];
		bool before = tail && i < at;
		if (q == p ? reads_cell(q, cell, false, true) : !before && reads_cell(q, cell, false, false))
			return true;
	}
	return false;
}

static int last_reader(const Group *g, int at)
{
	const Piece *p = g->pieces.data[at];
	for (int i = g->pieces.len - 1; i > at; i--)
		if (reads_cell(g->pieces.data[i], p->cell, false, false))
			return i;
	return at;
}

/* a new value is stored after the pieces of its rows that read the old one, where that goes in no circle */
static void store_late(Group *g)
{
	if (g->tile)
		return;
	int moves = g->pieces.len * g->pieces.len;
	for (int at = 0; at < g->pieces.len && moves > 0; at++) {
		Piece *p = g->pieces.data[at];
		bool late = p->cell && p->target == p->cell && p->body == body_map && !p->copy_of;
		int to = late ? last_reader(g, at) : at;
		for (int i = at; i < to; i++)
			g->pieces.data[i] = g->pieces.data[i + 1];
		g->pieces.data[to] = p;
		if (to > at) { /* another one stands here now */
			at--;
			moves--;
		}
	}
}

void settle_cells(Scope *s)
{
	for (int g = 0; g < s->groups.len; g++)
		store_late(s->groups.data[g]);
	VEC(Piece *) moved = {0};
	Arena *arena = s->L->arena;
	for (int g = 0; g < s->groups.len; g++) {
		Group *group = s->groups.data[g];
		for (int k = 0; k < group->pieces.len + group->tail.len; k++) {
			Piece *p = k < group->pieces.len ? group->pieces.data[k] : group->tail.data[k - group->pieces.len];
			if (p->cell && !p->copy_from && !p->copy_of && conflict(s, p))
				push(arena, &moved, p);
		}
	}
	int before = s->groups.len;
	for (int i = 0; i < moved.len; i++) {
		Piece *p = moved.data[i];
		const char *name = arena_printf(arena, "new_%s", p->cell->name);
		PlanBuf *temp = new_buf(s->L, BUF_SCRATCH, p->cell->type, name, p->val->loc);
		if (p->copied)
			p->copied->target = temp;
		p->target = temp;
		note_piece(s, p);
	}
	for (int i = 0; i < moved.len; i++) {
		Piece *p = moved.data[i], *copy = new_piece(s, p->val, p->cell, NULL, p->needs);
		copy->copy_from = p->target;
		copy->cell = p->cell;
		s->first_write = before;
		add_piece(s, copy);
	}
}
