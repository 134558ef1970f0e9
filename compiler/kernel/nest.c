/* nest.c -- the kernel of a group: its rows on threads, what stays inside a row on the stack */
#include <string.h>

#include "nest.h"
#include "tile.h"

/* On a GPU, whatever is added up over the rows is a phase of its own: the others then have a thread a row. */
static void split_phases(const Build *b, const Group *g, Rows *r)
{
	Arena *arena = b->arena;
	const bool gpu = b->target->gpu, *in_lanes = pieces_in_lanes(b, g);
	r->phase = NEW_ARRAY(arena, int, g->pieces.len + 1);
	r->turned = NEW_ARRAY(arena, bool, g->pieces.len + 1);
	bool only_stores = true, single = true, outer = false, in_rows = false;
	int phase = -1;
	for (int i = 0; i < g->pieces.len; i++) {
		const Piece *p = g->pieces.data[i];
		bool block = p->form == FORM_BLOCK;
		if (block || !in_rows || r->turned[phase] != in_lanes[i] ||
		    (gpu && i > 0 && (p->form == FORM_OUTER || g->pieces.data[i - 1]->form == FORM_OUTER)))
			phase++;
		in_rows = !block;
		r->turned[phase] = in_lanes[i];
		r->phase[i] = phase;
		outer = outer || p->form == FORM_OUTER;
		only_stores = only_stores && (p->only_stores || block);
		single = single && (block || p->only_stores || p->sums_elements);
	}
	r->nphases = phase + 1;
	bool blocks = false;
	for (int i = 0; i < g->pieces.len; i++)
		blocks = blocks || g->pieces.data[i]->form == FORM_BLOCK;
	r->outer = outer;
	bool turned = false;
	for (int i = 0; i <= phase; i++)
		turned = turned || r->turned[i];
	r->lanes = outer && (gpu || turned || (blocks && single));
	r->kind = (r->lanes && !gpu && !turned) || (only_stores && !outer) ? AXIS_SIMD : AXIS_SEQ;
	r->block = outer || blocks ? g->block_rows : only_stores && !gpu ? ELEMENT_BLOCK : 0;
}

static int64_t row_elements(const PlanBuf *buf)
{
	int64_t n = 1, c;
	for (int d = 1; d < buf->type->rank; d++) {
		if (!size_is_const(buf->type->size[d], &c) || c > LOCAL_MAX || n * c > LOCAL_MAX)
			return -1;
		n *= c;
	}
	return n;
}

bool reads_buf(const Piece *p, const PlanBuf *buf, bool *aligned)
{
	bool reads = false;
	for (int i = 0; i < p->reads.len; i++)
		if (p->reads.data[i].buf == buf) {
			reads = true;
			*aligned = *aligned && p->reads.data[i].row;
		}
	return reads;
}

/* who reads it: -1 nobody, else the last phase that does; -2: it must be in memory */
static int last_phase(Scope *s, int g, const Rows *r, const PlanBuf *buf)
{
	int last = -1;
	const Group *group = s->groups.data[g];
	bool aligned = true;
	if (!read_only_in(s, buf, g))
		return -2;
	for (int i = 0; i < group->tail.len; i++)
		if (reads_buf(group->tail.data[i], buf, &aligned))
			return -2;
	for (int i = 0; i < group->pieces.len; i++)
		if (reads_buf(group->pieces.data[i], buf, &aligned)) {
			if (!aligned)
				return -2;
			last = r->phase[i];
		}
	return last;
}

/* Buffers that live inside a row, or a block of rows. */
static void find_locals(Build *b, int g, const Rows *r, Items *block_items)
{
	const Group *group = r->group;
	int64_t shared = SHARED_BYTES - group->shared;
	for (int i = 0; i < group->pieces.len; i++) {
		const Piece *p = group->pieces.data[i];
		PlanBuf *buf = p->target;
		int64_t n = row_elements(buf);
		if (buf->kind != BUF_SCRATCH || p->cell || p->at || p->form == FORM_OUTER || n < 0 || p->copied || p->copy_of)
			continue;
		int last = last_phase(b->scope, g, r, buf);
		if (last == -2)
			continue;
		bool within = p->form != FORM_BLOCK && last <= r->phase[i];
		if (!within && (!r->block || n * r->block > 4 * LOCAL_MAX))
			continue;
		if (b->target->gpu) {
			const int64_t bytes = n * (within ? 1 : r->block) * dtype_bytes(buf->type->dtype);
			if (bytes > shared)
				continue;
			shared -= bytes;
		}
		KBuf k = {.plan = buf, .local = true, .base = within ? NULL : b->block_lo, .turned = !within && is_turned(r, buf)};
		const Size *extent[MAX_RANK];
		int rank = 0;
		if (!within && !k.turned)
			extent[rank++] = size_const(b->arena, r->block);
		for (int d = 1; d < buf->type->rank; d++)
			extent[rank++] = buf->type->size[d];
		if (k.turned)
			extent[rank++] = size_const(b->arena, r->block);
		k.buffer = new_buffer(b, buf->name, buf->type->dtype, rank ? WHERE_STACK : WHERE_REG, rank, extent);
		push(b->arena, &b->bufs, k);
		buf->local = true;
		if (!within)
			add_buffer(b, block_items, k.buffer);
	}
}

static const Buffer *row_local(const Build *b, const PlanBuf *buf)
{
	for (int i = 0; i < b->bufs.len; i++)
		if (b->bufs.data[i].plan == buf && b->bufs.data[i].local && !b->bufs.data[i].base)
			return b->bufs.data[i].buffer;
	return NULL;
}

static const char *piece_comment(Build *b, const Piece *p)
{
	const char *name = p->target->name;
	return arena_printf(b->arena, "%s   %s", name, type_text(b->arena, p->target->type));
}

static void comment_from(Items *items, int from, const char *comment)
{
	if (from < items->len)
		items->data[from].comment = comment;
}

static void build_piece(Build *b, Piece *p, Items *items)
{
	b->memo.data = NULL;
	b->memo.len = b->memo.cap = 0;
	b->piece = NULL;
	if (p->copy_of && info_of(b->scope, p->val)->buf == p->target)
		return; /* in place: there it is already */
	const Buffer *local = row_local(b, p->target);
	if (local)
		add_buffer(b, items, local);
	int from = items->len;
	p->body(b, p, items);
	const char *comment = piece_comment(b, p);
	comment_from(items, from, b->beside ? arena_printf(b->arena, "%s,  %s", piece_comment(b, b->beside), comment) : comment);
}

/* Does the second piece reduce the rows that the first one makes?  Then one loop does both. */
static bool goes_beside(Build *b, const Piece *p, const Piece *q)
{
	const Val *v = p->val, *r = q->val;
	if (b->target->gpu || b->unrolled || p->body != body_map || p->at || p->cell || !row_local(b, p->target) || info_of(b->scope, v)->piece != p)
		return false;
	return q->body == body_reduce && r->op == OP_reduce && r->in[0] == v && v->type->rank == 2 && r->attr.reduce.axes == 2 &&
	       goes_in_lanes(r->attr.reduce.kind, v->type->dtype, v->type->size[1]);
}

Axis *rows_of_block(Build *b, AxisKind kind, const Size *rows)
{
	Axis *a = new_axis(b, "i", kind, rows);
	bound_by_block(b, a, rows);
	return a;
}

void bound_by_block(Build *b, Axis *a, const Size *rows)
{
	const Size **bound = NEW_ARRAY(b->arena, const Size *, 4);
	bound[0] = b->block_lo;
	bound[1] = size_const(b->arena, 0);
	bound[2] = b->block_hi;
	bound[3] = rows;
	a->lo = bound;
	a->nlo = b->short_first ? 2 : 1;
	a->hi = bound + 2;
	a->nhi = b->block_exact || b->short_first ? 1 : 2;
}

Axis *row_axis(Build *b, const Rows *r, AxisKind kind)
{
	const Size *rows = r->group->rows;
	Axis *a = r->block ? rows_of_block(b, kind, rows) : new_axis(b, "i", AXIS_PAR, rows);
	b->row = axis_index(b->arena, a);
	return a;
}

static void set_bounds(Build *b, const Size ***bound, int *n, const Size *x, const Size *y)
{
	*bound = NEW_ARRAY(b->arena, const Size *, 2);
	(*bound)[0] = x;
	(*bound)[1] = y;
	*n = 2;
}

/* of a sum over rows of one element: no more than there are rows, as far as that is known */
static int64_t lanes_of_rows(const Size *rows, int64_t most)
{
	int64_t n, lanes = most;
	while (size_is_const(rows, &n) && lanes > 2 && lanes / 2 >= n)
		lanes /= 2;
	return lanes;
}

static void build_lanes(Build *b, const Group *g, Items *items, const Size *row, const Size *lane)
{
	for (int i = 0; i < g->pieces.len; i++) {
		b->row = row;
		b->lane = lane;
		build_piece(b, g->pieces.data[i], items);
	}
}

/* Rows of one element, some of which are added up: the sums in lanes, which the rows take in turn. */
static void build_elements(Build *b, const Group *g, Items *items)
{
	Arena *arena = b->arena;
	b->nlanes = lanes_of_rows(g->rows, LONG_LANES);
	const Size *lanes = size_const(arena, b->nlanes), *whole = size_floordiv(arena, g->rows, b->nlanes);
	b->lane = lanes; /* that there are some */
	int64_t n;
	b->fresh = !b->target->gpu && size_is_const(whole, &n) && n == 1;
	for (int i = 0; i < g->pieces.len; i++)
		if (g->pieces.data[i]->form == FORM_OUTER)
			outer_begin(b, g->pieces.data[i], items);
	const Size **bound;
	int64_t per_block = ELEMENT_BLOCK / b->nlanes;
	Axis *q = new_axis(b, "q", AXIS_SEQ, whole), *l = new_axis(b, "l", AXIS_SIMD, lanes);
	const Size *first = size_scale(arena, b->block_index, per_block);
	if (!size_is_const(whole, &n) || n > per_block) { /* else there is one block */
		set_bounds(b, &bound, &q->nhi, size_const(arena, per_block), size_sub(arena, whole, first));
		q->hi = bound;
	}
	const Size *lane = axis_index(arena, l), *row = size_scale(arena, axis_index(arena, q), b->nlanes);
	row = size_add(arena, size_add(arena, b->block_lo, row), lane);
	build_lanes(b, g, &open_nest(b, &open_nest(b, items, q)->body, l)->body, row, lane);
	b->fresh = false;
	const Size *rest = size_scale(arena, whole, b->nlanes);
	if (!size_equal(rest, g->rows)) {
		Axis *i = new_axis(b, "i", AXIS_SIMD, g->rows);
		set_bounds(b, &bound, &i->nlo, b->block_lo, rest);
		i->lo = bound;
		set_bounds(b, &bound, &i->nhi, b->block_hi, g->rows);
		i->hi = bound;
		row = axis_index(arena, i);
		build_lanes(b, g, &open_nest(b, items, i)->body, row, size_sub(arena, row, rest));
	}
	for (int i = 0; i < g->pieces.len; i++)
		if (g->pieces.data[i]->form == FORM_OUTER)
			outer_end(b, g->pieces.data[i], items);
	b->row = b->lane = NULL;
}

/* Threads get as many blocks in a row, the first of them one more where they do not come out even: let one of these be the
 * short one, where blocks are few and much work.  -> the rows that the first block lacks */
static int64_t rows_before(const Build *b, const Rows *r)
{
	enum { FEW_BLOCKS = 64 };
	int64_t rows;
	bool tile = false;
	for (int i = 0; i < r->group->pieces.len; i++)
		tile = tile || r->group->pieces.data[i]->body == body_tile;
	if (b->target->gpu || r->outer || !tile || !size_is_const(r->group->rows, &rows) || rows > FEW_BLOCKS * r->block)
		return 0;
	const int64_t lack = (r->block - rows % r->block) % r->block;
	return rows > r->block && lack % LANES == 0 ? lack : 0;
}

static void build_phases(Build *b, int g, const Rows *r, Items *items)
{
	const Group *group = r->group;
	if (r->block) {
		Axis *t = new_axis(b, "t", AXIS_PAR,
				   size_floordiv(b->arena, size_add(b->arena, group->rows, size_const(b->arena, r->block - 1)), r->block));
		b->block_index = axis_index(b->arena, t);
		const int64_t before = rows_before(b, r);
		b->block_lo = size_sub(b->arena, size_scale(b->arena, b->block_index, r->block), size_const(b->arena, before));
		b->block_hi = size_add(b->arena, b->block_lo, size_const(b->arena, r->block));
		b->short_first = before > 0;
		int64_t c;
		b->block_exact = size_is_const(group->rows, &c) && c % r->block == 0;
		items = &open_nest(b, items, t)->body;
	}
	find_locals(b, g, r, items);
	if (r->block == ELEMENT_BLOCK && r->outer) {
		build_elements(b, group, items);
		return;
	}
	if (r->lanes) {
		int64_t most = 2; /* which are folded in halves */
		while (most < r->block)
			most *= 2;
		b->nlanes = lanes_of_rows(group->rows, most);
		b->lane = size_const(b->arena, 0); /* that there are some */
	}
	for (int i = 0; i < group->pieces.len; i++)
		if (group->pieces.data[i]->form == FORM_OUTER)
			outer_begin(b, group->pieces.data[i], items);
	for (int phase = 0, i = 0; phase < r->nphases; phase++) {
		bool block = group->pieces.data[i]->form == FORM_BLOCK;
		Stage stage = {0};
		if (r->turned[phase])
			stage = open_stage(b, r, phase, items);
		if (r->block == 1) /* the block is the row */
			b->row = b->block_index;
		Items *in = block || r->block == 1 ? items : &open_nest(b, items, row_axis(b, r, r->turned[phase] ? AXIS_SIMD : r->kind))->body;
		const Size *row = b->row;
		if (r->lanes && !block)
			b->lane = size_sub(b->arena, row, b->block_lo);
		b->unrolled = r->turned[phase];
		for (; i < group->pieces.len && r->phase[i] == phase; i++) {
			Piece *p = group->pieces.data[i];
			if (i + 1 < group->pieces.len && r->phase[i + 1] == phase && goes_beside(b, p, group->pieces.data[i + 1])) {
				b->beside = p;
				add_buffer(b, in, row_local(b, p->target));
				continue;
			}
			build_piece(b, p, in);
			b->beside = NULL;
			b->row = row;
		}
		b->unrolled = false;
		close_stage(b, r, &stage, items);
	}
	for (int i = 0; i < group->pieces.len; i++)
		if (group->pieces.data[i]->form == FORM_OUTER)
			outer_end(b, group->pieces.data[i], items);
	b->row = b->lane = NULL;
}

void add_part(Build *b, Items *items)
{
	drop_unread_buffers(b->arena, items);
	if (!items->len)
		return;
	if (!b->target->gpu)
		split_loops(b, items);
	KernelPart part = {.item = items->data[0], .barrier = true};
	push(b->arena, &b->kernel->parts, part);
}

/* what one thread does after the rows */
static void build_tail(Build *b, const Group *g)
{
	Items part = {0};
	Items *items = &open_nest(b, &part, new_axis(b, "one", AXIS_PAR, size_const(b->arena, 1)))->body;
	for (int i = 0; i < g->pieces.len; i++)
		if (g->pieces.data[i]->form == FORM_OUTER) {
			int from = items->len;
			b->memo.len = 0;
			outer_fold(b, g->pieces.data[i], items);
			comment_from(items, from, piece_comment(b, g->pieces.data[i]));
		}
	for (int i = 0; i < g->tail.len; i++)
		build_piece(b, g->tail.data[i], items);
	if (items->len)
		add_part(b, &part);
}

/* ---- what a kernel is given */

static void note_dim(void *data, const Atom *a)
{
	Build *b = data;
	if (a->kind != ATOM_DIM)
		return;
	int at = b->kernel->dims.len;
	for (int i = 0; i < at; i++)
		if (b->kernel->dims.data[i] == a->dim)
			return;
	push(b->arena, &b->kernel->dims, a->dim);
	for (; at > 0 && b->kernel->dims.data[at - 1]->index > a->dim->index; at--) {
		b->kernel->dims.data[at] = b->kernel->dims.data[at - 1];
		b->kernel->dims.data[at - 1] = a->dim;
	}
}

static void note_sizes(Build *b, const Size *s)
{
	for (int i = 0; s && i < s->nterms; i++)
		for (int j = 0; j < s->term[i].natoms; j++) {
			const Atom *a = s->term[i].atom[j];
			note_dim(b, a);
			if (a->kind == ATOM_FLOOR)
				note_sizes(b, a->num);
		}
}

static void note_uniform(Build *b, const char *name, DType dtype)
{
	for (int i = 0; i < b->kernel->uniforms.len; i++)
		if (!strcmp(b->kernel->uniforms.data[i].name, name))
			return;
	Uniform u = {name, dtype};
	push(b->arena, &b->kernel->uniforms, u);
}

typedef struct Seen {
	Build *b;
	VEC(const Node *) nodes;
} Seen;

static void note_node(Seen *, const Node *);

static void note_access(Seen *seen, const Access *a)
{
	for (int d = 0; d < a->buffer->rank; d++) {
		note_sizes(seen->b, a->index[d].affine);
		if (d > 0) /* the first has no part in the strides */
			note_sizes(seen->b, a->buffer->extent[d].size);
		if (a->index[d].gathered)
			note_node(seen, a->index[d].gathered);
	}
	for (int i = 0; i < a->npreds; i++) {
		note_sizes(seen->b, a->pred[i].p);
		note_sizes(seen->b, a->pred[i].lo);
		note_sizes(seen->b, a->pred[i].hi);
	}
}

static void note_node(Seen *seen, const Node *n)
{
	for (int i = 0; i < seen->nodes.len; i++)
		if (seen->nodes.data[i] == n)
			return;
	push(seen->b->arena, &seen->nodes, n);
	if (n->kind == NODE_UNIFORM)
		note_uniform(seen->b, n->uniform, n->dtype);
	if (n->kind == NODE_RANDOM) {
		note_uniform(seen->b, "seed", DT_uint64);
		note_uniform(seen->b, "call", DT_uint64);
		note_uniform(seen->b, "loop", DT_uint32);
	}
	note_sizes(seen->b, n->index);
	for (int i = 0; i < n->nargs; i++)
		note_node(seen, n->arg[i]);
	if (n->kind == NODE_LOAD)
		note_access(seen, &n->load);
}

static void note_items(Build *b, const Items *items)
{
	for (int i = 0; i < items->len; i++) {
		const Item *item = &items->data[i];
		if (item->kind == ITEM_NEST) {
			const Axis *a = item->nest->axis;
			for (int k = 0; k < a->nlo; k++)
				note_sizes(b, a->lo[k]);
			for (int k = 0; k < a->nhi; k++)
				note_sizes(b, a->hi[k]);
			note_items(b, &item->nest->body);
		} else if (item->kind == ITEM_STORE) {
			Seen seen = {.b = b};
			note_access(&seen, &item->store->target);
			note_node(&seen, item->store->value);
		}
	}
}

/* ---- steps */

static const Piece *main_piece(const Group *g)
{
	const Piece *best = NULL;
	for (int i = 0; i < g->pieces.len + g->tail.len; i++) {
		const Piece *p = i < g->pieces.len ? g->pieces.data[i] : g->tail.data[i - g->pieces.len];
		if (!best || ((p->val->name || p->cell) && !(g->tile && p->form == FORM_OUTER)))
			best = p;
	}
	return best;
}

static const char *step_comment(Arena *arena, const Group *g)
{
	const char *text = "";
	for (int i = 0; i < g->pieces.len + g->tail.len; i++) {
		const Piece *p = i < g->pieces.len ? g->pieces.data[i] : g->tail.data[i - g->pieces.len];
		if (!p->target->local && !(p->copy_of && !p->copy_from))
			text = arena_printf(arena, "%s%s%s : %s", text, *text ? ",  " : "", p->target->name, type_text(arena, p->target->type));
	}
	return text;
}

static void note_line(Lower *L, Step *step, Loc loc)
{
	if (!loc.source || loc.source != L->model->source)
		return;
	int line = loc_line(loc), k = 0;
	while (k < step->lines.len && step->lines.data[k] < line)
		k++;
	if (k < step->lines.len && step->lines.data[k] == line)
		return;
	push(L->arena, &step->lines, line);
	for (int j = step->lines.len - 1; j > k; j--)
		step->lines.data[j] = step->lines.data[j - 1];
	step->lines.data[k] = line;
}

/* the lines of the model that the pieces stand in */
static void note_lines(Lower *L, const Group *g, Step *step)
{
	for (int i = 0; i < g->pieces.len + g->tail.len; i++) {
		const Piece *p =
			i < g->pieces.len ? g->pieces.data[i] : g->tail.data[i - g->pieces.len];
		if (p->copy_of && !p->copy_from)
			continue;
		note_line(L, step, p->val->loc);
		if (p->cell && p->cell->kind == BUF_VAR && L->update[p->cell->index])
			note_line(L, step, L->update[p->cell->index]->loc);
	}
}

static void stand_in(Scope *s, const Piece *p, uint64_t needs)
{
	PlanBuf *out = p->target;
	if (out->kind != BUF_OUT || out->stand_in || needs == UINT64_C(1) << out->index)
		return;
	const char *name = arena_printf(s->L->arena, "%s", out->name);
	out->stand_in = new_buf(s->L, BUF_SCRATCH, out->type, name, out->loc);
}

static const char *kernel_name(const Lower *L, const Group *g)
{
	const Piece *p = main_piece(g);
	const char *what = p->cell ? p->cell->name : p->val->name ? p->val->name : p->target->name;
	const char *func = L->func->name[0] == '_' ? L->func->name + 1 : L->func->name;
	const char *name = arena_printf(L->arena, "%s_%s", func, word_name(L->arena, what));
	return is_c_word(name) ? arena_printf(L->arena, "%s_", name) : name;
}

/* the group's kernel for one target, with the arguments of that for another; NULL if there is nothing to do */
static Build *build_kernel(Scope *s, int index, const Target *target, const Build *as)
{
	const Group *g = s->groups.data[index];
	Lower *L = s->L;
	Build *b = build_new(L, s, NULL);
	b->target = target;
	b->unchecked = s->outer || index < s->checks_at;
	for (int i = 0; as && i < as->args.len; i++)
		kernel_buffer(b, as->args.data[i]);
	for (int i = 0; as && i < as->kernel->uniforms.len; i++)
		push(L->arena, &b->kernel->uniforms, as->kernel->uniforms.data[i]);
	Rows r = {.group = g};
	if (g->pieces.len) {
		Items part = {0};
		if (g->tile) {
			build_tile_group(b, index, &part);
		} else {
			split_phases(b, g, &r);
			build_phases(b, index, &r, &part);
		}
		add_part(b, &part);
	}
	build_tail(b, g);
	if (!b->kernel->parts.len)
		return NULL;
	for (int i = 0; i < b->kernel->parts.len; i++) {
		Items one = {0};
		push(L->arena, &one, b->kernel->parts.data[i].item);
		note_items(b, &one);
	}
	b->kernel->name = kernel_name(L, g);
	b->kernel->taken = L->options->taken;
	if (target->gpu)
		schedule_cuda(b);
	verify_kernel(b->kernel, "lowering");
	return b;
}

static Step *kernel_step(Scope *s, int index)
{
	const Group *g = s->groups.data[index];
	Lower *L = s->L;
	const Size *work = size_const(L->arena, 0);
	for (int i = 0; i < g->pieces.len + g->tail.len; i++) {
		const Piece *p =
			i < g->pieces.len ? g->pieces.data[i] : g->tail.data[i - g->pieces.len];
		stand_in(s, p, g->needs);
		if (p->work)
			work = size_add(L->arena, work, p->work);
	}
	Build *b = build_kernel(s, index, &L->options->target[0], NULL);
	if (!b)
		return NULL;
	Kernel *k = b->kernel;
	for (int t = 1; b->tiled && t < L->options->ntargets; t++) {
		k->narrower = build_kernel(s, index, &L->options->target[t], b)->kernel;
		k = k->narrower;
	}
	const Piece *p = main_piece(g);
	Step *step = NEW(L->arena, Step);
	step->kind = STEP_KERNEL;
	step->loc = p->val->loc;
	note_lines(L, g, step);
	step->comment = step_comment(L->arena, g);
	step->schedule = schedule_text(L, g);
	step->needs = g->needs & ALWAYS ? 0 : g->needs;
	step->work = work;
	step->buf = b->args.data;
	step->uniform = NEW_ARRAY(L->arena, const char *, b->kernel->uniforms.len + 1);
	for (int i = 0; i < b->kernel->uniforms.len; i++) {
		const char *name = b->kernel->uniforms.data[i].name;
		step->uniform[i] = !strcmp(name, "loop") ? s->loop : name;
	}
	step->kernel = shared_kernel(L, b->kernel);
	return step;
}

void emit_groups(Scope *s, PlanBlock *block)
{
	if (s->L->options->target->gpu)
		fold_epilogues(s);
	for (int i = 0; i < s->early.len; i++)
		push(s->L->arena, &block->steps, s->early.data[i]);
	for (int g = 0; g < s->groups.len; g++) {
		Group *group = s->groups.data[g];
		Step *step = group->step;
		if (step)
			step->needs = group->needs & ALWAYS ? 0 : group->needs;
		else if (group->pieces.len == 1 && group->pieces.data[0]->product) {
			stand_in(s, group->pieces.data[0], group->needs);
			step = product_step(s, group->pieces.data[0]);
			note_lines(s->L, group, step);
			step->comment = step_comment(s->L->arena, group);
			step->schedule = "BLAS: all three sizes are large, and the operands lie in memory";
		} else
			step = kernel_step(s, g);
		if (g == s->checks_at)
			for (int i = 0; i < s->checks.len; i++)
				push(s->L->arena, &block->steps, s->checks.data[i]);
		if (step)
			push(s->L->arena, &block->steps, step);
	}
	if (s->checks_at >= s->groups.len)
		for (int i = 0; i < s->checks.len; i++)
			push(s->L->arena, &block->steps, s->checks.data[i]);
	for (int i = 0; i < s->last.len; i++)
		push(s->L->arena, &block->steps, s->last.data[i]);
}
