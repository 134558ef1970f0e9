/* schedule_cuda.c -- the nests of a kernel as blocks and threads
 *
 *      par i: row work                          ->  thread i of the grid: row work
 *      par i: { parallel j: ..; .. }            ->  block i: { thread j: .. barrier; thread one: .. barrier }
 *
 * Nests of a row over the same parallel axis become one (merge_cuda.c), whose axis is of blocks too.  Of what stands inside a block, the widest such axes
 * are shared out to its threads; the rest is done by one of them.  Registers that the block declares become shared memory. */
#include "schedule_cuda.h"

enum { MOST_THREADS = 256, GRID_THREADS = 128, FEW_ROWS = 32 };

/* ---- extents */
int64_t extent_guess(Schedule *s, const Axis *a)
{
	int64_t best = -1;
	for (int i = 0; i < a->nhi; i++) {
		const Size *n = a->nlo ? size_sub(s->arena, a->hi[i], a->lo[0]) : a->hi[i];
		if (!n || !size_is_host(n))
			continue;
		int64_t guess = size_guess(n);
		best = best < 0 || guess < best ? guess : best;
	}
	return best < 0 ? WIDE : best;
}

static bool bounds_speak_of(const Axis *a, int id)
{
	bool speak = false;
	for (int i = 0; i < a->nlo; i++)
		speak = speak || size_speaks_of(a->lo[i], id);
	for (int i = 0; i < a->nhi; i++)
		speak = speak || size_speaks_of(a->hi[i], id);
	return speak;
}

bool bounds_are_host(const Axis *a)
{
	bool host = true;
	for (int i = 0; i < a->nlo; i++)
		host = host && size_is_host(a->lo[i]);
	for (int i = 0; i < a->nhi; i++)
		host = host && size_is_host(a->hi[i]);
	return host;
}

const Nest *only_nest(const Nest *nest)
{
	return nest->body.len == 1 && nest->body.data[0].kind == ITEM_NEST ? nest->body.data[0].nest : NULL;
}

/* ---- parallel axes outside of others */
static const Nest *turned(Schedule *s, const Nest *nest);

static void turn_items(Schedule *s, const Items *in, Items *out)
{
	for (int i = 0; i < in->len; i++) {
		Item item = in->data[i];
		if (item.kind == ITEM_NEST)
			item.nest = turned(s, item.nest);
		push(s->arena, out, item);
	}
}

/* seq k: parallel j: body  ->  parallel j: seq k: body */
static const Nest *turned(Schedule *s, const Nest *nest)
{
	Nest *n = NEW(s->arena, Nest);
	n->axis = nest->axis;
	turn_items(s, &nest->body, &n->body);
	const Nest *inner = only_nest(n);
	if (!inner || inner->axis->kind == AXIS_UNROLL || bounds_speak_of(inner->axis, n->axis->id) || is_parallel(s->arena, n))
		return n;
	Nest *outer = NEW(s->arena, Nest), *moved = NEW(s->arena, Nest);
	moved->axis = n->axis;
	moved->body = inner->body;
	outer->axis = inner->axis;
	Item item = {.kind = ITEM_NEST, .nest = moved};
	push(s->arena, &outer->body, item);
	return is_parallel(s->arena, outer) ? outer : n;
}

/* ---- what could be shared out */
static int64_t width_of(Schedule *s, const Nest *nest);

int64_t width_inside(Schedule *s, const Items *items)
{
	int64_t most = 0;
	for (int i = 0; i < items->len; i++)
		if (items->data[i].kind == ITEM_NEST) {
			int64_t n = width_of(s, items->data[i].nest);
			most = n > most ? n : most;
		}
	return most;
}

/* it may have less than no steps: it stands alone, since less than nothing twice is much */
static bool may_be_empty(const Axis *a)
{
	return a->nlo > 1;
}

/* of parallel axes that stand one in the other */
static int64_t chain_width(Schedule *s, const Nest *nest)
{
	int64_t n = 1;
	for (int i = 0; nest && is_parallel(s->arena, nest) && !(i > 0 && may_be_empty(nest->axis)); nest = only_nest(nest), i++) {
		n *= extent_guess(s, nest->axis);
		if (may_be_empty(nest->axis))
			break;
	}
	return n;
}

static int64_t width_of(Schedule *s, const Nest *nest)
{
	int64_t own = chain_width(s, nest), inside = width_inside(s, &nest->body);
	return own > inside ? own : inside;
}

const Axis *of_kind(Arena *arena, const Axis *a, AxisKind kind)
{
	Axis *copy = NEW(arena, Axis);
	*copy = *a;
	copy->kind = kind;
	return copy;
}

/* what one thread does in order: no loops for vectors */
static void in_order(Arena *arena, const Items *in, Items *out)
{
	for (int i = 0; i < in->len; i++) {
		Item item = in->data[i];
		if (item.kind == ITEM_NEST && item.nest->axis->kind != AXIS_THREAD) {
			Nest *n = NEW(arena, Nest);
			bool unroll = item.nest->axis->kind == AXIS_UNROLL;
			n->axis = unroll ? item.nest->axis : of_kind(arena, item.nest->axis, AXIS_SEQ);
			in_order(arena, &item.nest->body, &n->body);
			item.nest = n;
		}
		push(arena, out, item);
	}
}

/* nest and the parallel ones that stand alone inside it, as threads; then what is left, in order */
static const Nest *thread_chain(Schedule *s, const Nest *nest, bool par)
{
	VEC(const Axis *) axes = {0};
	const Items *rest = NULL;
	for (const Nest *n = nest; n; n = only_nest(n)) {
		bool other = par && n->axis->kind != AXIS_PAR;
		bool follows = axes.len == 0 || n->axis->kind == AXIS_PAR || is_parallel(s->arena, n);
		follows = follows && !(axes.len > 0 && (may_be_empty(n->axis) || may_be_empty(axes.data[axes.len - 1])));
		for (int i = 0; i < axes.len && follows; i++)
			follows = !bounds_speak_of(n->axis, axes.data[i]->id);
		if (!follows || (other && !is_parallel(s->arena, n)))
			break;
		push(s->arena, &axes, of_kind(s->arena, n->axis, AXIS_THREAD));
		rest = &n->body;
	}
	Items body = {0};
	in_order(s->arena, rest, &body);
	const Nest *made = NULL;
	for (int i = axes.len - 1; i >= 0; i--) {
		Nest *n = NEW(s->arena, Nest);
		n->axis = axes.data[i];
		if (made) {
			Item item = {.kind = ITEM_NEST, .nest = made};
			push(s->arena, &n->body, item);
		} else {
			n->body = body;
		}
		made = n;
	}
	return made;
}

/* ---- a block */
typedef struct Serial { /* items for one thread */
	Items items;
	const char *comment;
} Serial;

static void close_serial(Schedule *s, Serial *one, Items *out)
{
	if (!one->items.len)
		return;
	Axis *a = new_axis(s->b, "one", AXIS_THREAD, size_const(s->arena, 1));
	Nest *n = NEW(s->arena, Nest);
	n->axis = a;
	in_order(s->arena, &one->items, &n->body);
	Item item = {.kind = ITEM_NEST, .nest = n};
	push(s->arena, out, item);
	*one = (Serial){0};
}

static void note_width(Schedule *s, int64_t n)
{
	s->widest = n > s->widest ? n : s->widest;
}

static void share_out(Schedule *s, const Items *in, Items *out)
{
	Serial one = {0};
	for (int i = 0; i < in->len; i++) {
		Item item = in->data[i];
		if (item.kind == ITEM_BUFFER) {
			close_serial(s, &one, out);
			Buffer *b = (Buffer *)(uintptr_t)item.buffer;
			if (b->where == WHERE_REG)
				b->where = WHERE_STACK;
			push(s->arena, out, item);
			continue;
		}
		bool nest = item.kind == ITEM_NEST;
		int64_t own = nest && is_parallel(s->arena, item.nest) ? chain_width(s, item.nest) : 0;
		int64_t inside = nest ? width_inside(s, &item.nest->body) : 0;
		if (!nest || (own <= 2 && inside < 4)) { /* two are not worth a barrier */
			push(s->arena, &one.items, item);
			continue;
		}
		close_serial(s, &one, out);
		if (own > 0 && (only_nest(item.nest) || inside < WIDE)) {
			item.nest = thread_chain(s, item.nest, false);
			note_width(s, own);
		} else {
			Nest *n = NEW(s->arena, Nest);
			n->axis = of_kind(s->arena, item.nest->axis, AXIS_SEQ);
			share_out(s, &item.nest->body, &n->body);
			item.nest = n;
		}
		push(s->arena, out, item);
	}
	close_serial(s, &one, out);
}

static const Nest *block_nest(Schedule *s, const Nest *nest)
{
	Nest *n = NEW(s->arena, Nest);
	n->axis = nest->axis;
	const Nest *inner = only_nest(nest);
	if (inner && inner->axis->kind == AXIS_PAR) {
		Item item = {.kind = ITEM_NEST, .nest = block_nest(s, inner)};
		push(s->arena, &n->body, item);
	} else {
		share_out(s, &nest->body, &n->body);
	}
	return n;
}

static bool has_threads(const Items *items)
{
	for (int i = 0; i < items->len; i++)
		if (items->data[i].kind == ITEM_NEST &&
		    (items->data[i].nest->axis->kind == AXIS_THREAD || has_threads(&items->data[i].nest->body)))
			return true;
	return false;
}

static int threads_for(int64_t width)
{
	int n = WIDE;
	while (n < MOST_THREADS && n < width)
		n *= 2;
	return n;
}

static void schedule_part(Schedule *s, KernelPart *part)
{
	const Nest *nest = part->item.nest;
	if (has_threads(&nest->body)) { /* it was built so */
		part->threads = MOST_THREADS;
		return;
	}
	Nest *top = NEW(s->arena, Nest);
	top->axis = nest->axis;
	turn_items(s, &nest->body, &top->body);
	const Nest *work = top;
	for (; work && work->axis->kind == AXIS_PAR; work = only_nest(work))
		if (!only_nest(work) || only_nest(work)->axis->kind != AXIS_PAR)
			break;
	const Nest *one = merge_nests(s, (Nest *)(uintptr_t)work);
	const bool merged = one != work;
	work = one;
	const Items *body = &work->body;
	const Nest *chain = only_nest(work);
	int64_t rows = 1;
	for (const Nest *n = top; n && n->axis->kind == AXIS_PAR; n = only_nest(n))
		rows = rows > FEW_ROWS ? rows : rows * extent_guess(s, n->axis);
	while (chain && is_parallel(s->arena, chain) && bounds_are_host(chain->axis) && !may_be_empty(chain->axis)) {
		body = &chain->body;
		chain = only_nest(chain);
	}
	s->widest = 1;
	const int64_t width = width_inside(s, body);
	if (!merged && width < WIDE && (rows > FEW_ROWS || width < 4)) {
		part->item.nest = thread_chain(s, top, true);
		part->threads = GRID_THREADS;
	} else {
		part->item.nest = block_nest(s, top);
		part->threads = threads_for(s->widest);
	}
}

void schedule_cuda(Build *b)
{
	Schedule s = {.b = b, .arena = b->arena};
	for (int i = 0; i < b->kernel->parts.len; i++)
		schedule_part(&s, &b->kernel->parts.data[i]);
}
