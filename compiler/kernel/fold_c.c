/* fold_c.c -- a sum, maximum or minimum over the lanes of a register buffer: lane i with lane i + n/2, and so on by halves
 *
 * The tree is that of the number of lanes the schedule said, whatever the width of the machine's vectors. */
#include <inttypes.h>

#include "print_c.h"

static Text pair(Stage *s, StoreHow how, DType dtype, Text a, Text b, const char *suffix)
{
	Op op = how == STORE_MAX ? OP_max : how == STORE_MIN ? OP_min : OP_add;
	return row_c(s->p->arena, op, dtype, dtype, 2, (Text[]){a, b}, suffix);
}

static bool is_axis(const Access *a, int d, int id)
{
	if (a->index[d].gathered || !size_speaks_of(a->index[d].affine, id) || a->index[d].affine->nterms != 1)
		return false;
	for (int i = 0; i < a->buffer->rank; i++)
		if (i != d && a->index[i].affine && size_speaks_of(a->index[i].affine, id))
			return false;
	const Term *t = &a->index[d].affine->term[0];
	return t->coef == 1 && t->natoms == 1;
}

/* the sums of a row of register vectors go to a row of an array: the loop that is over both, or -1 */
static int row_loop(const Stage *s, const Store *st, const Buffer *b)
{
	enum { FEW = 4 };
	const Buffer *to = st->target.buffer;
	const int last = s->nloops - 1;
	if (st->how != STORE_SET || st->target.npreds || last < 0 || s->loop[last].most < FEW || b->rank < 2 || to->rank < 1 ||
	    to->where != WHERE_STACK || is_flat(s->p, to))
		return -1;
	return is_axis(&st->target, to->rank - 1, s->loop[last].id) && is_axis(&st->value->load, b->rank - 2, s->loop[last].id) ? last : -1;
}

/* of whole rows, which lie one after the other: the loop over them; else -1 */
static int rows_loop(Stage *s, const Store *st, const Buffer *b, int row)
{
	const Buffer *to = st->target.buffer;
	if (row < 1 || to->rank < 2 || b->rank < 3 || !is_literal(s->loop[row].count) || !is_literal(s->loop[row - 1].count) ||
	    extent_max(s->p, &to->extent[to->rank - 1]) != s->loop[row].most || extent_max(s->p, &b->extent[b->rank - 2]) != s->loop[row].most)
		return -1;
	const int id = s->loop[row - 1].id;
	return is_axis(&st->target, to->rank - 2, id) && is_axis(&st->value->load, b->rank - 3, id) ? row - 1 : -1;
}

void print_fold(Stage *s, const Store *st)
{
	CPrinter *p = s->p;
	const Node *v = st->value;
	if (v->kind != NODE_LOAD || v->load.buffer->where != WHERE_REG || !v->load.buffer->lanes || st->how == STORE_MUL)
		internal_error("kernel %s: a fold over lanes of what is no register buffer", p->kernel->name);
	place_nodes(s);
	const Buffer *b = v->load.buffer;
	int64_t lanes = extent_max(p, &b->extent[b->rank - 1]);
	int nvectors = (int)(lanes / s->width);
	const char *suffix = s->width > 1 ? vector_suffix(s, b->dtype) : NULL;

	Text *part = NEW_ARRAY(p->arena, Text, nvectors);
	const char *loop = s->lane_loop;
	const int row = suffix && nvectors == 1 ? row_loop(s, st, b) : -1;
	const int rows = rows_loop(s, st, b, row);
	for (int i = rows >= 0 ? rows : row; i >= 0 && i <= row; i++)
		bind_axis(p, (AxisName){.id = s->loop[i].id, .value = size_const(p->arena, 0)});
	for (int i = 0; i < nvectors; i++) {
		s->lane_loop = arena_printf(p->arena, "%d", i);
		part[i] = access_c(s, &v->load, s->nodes.data[s->root[0]].gathered, suffix != NULL);
	}
	for (int n = nvectors; n > 1; n /= 2)
		for (int i = 0; i < n / 2; i++)
			part[i] = pair(s, st->how, b->dtype, part[i], part[i + n / 2], suffix);
	const char *kind = st->how == STORE_MAX ? "max" : st->how == STORE_MIN ? "min" : "sum";
	Text sum = part[0];
	if (suffix)
		sum = (Text){arena_printf(p->arena, "mc_%s_lanes_%s(%s)", kind, suffix, sum.s), PREC_ATOM};

	Stmt *outer = NULL;
	for (int i = 0; i < s->nloops; i++) {
		if (s->loop[i].name == loop || i == row || i == rows)
			continue;
		Stmt *o = open_block(p, "MC_UNROLL for (int %s = 0; %s < %s; %s++)", s->loop[i].name, s->loop[i].name,
		                     s->loop[i].count, s->loop[i].name);
		outer = outer ? outer : o;
	}
	Text target = access_c(s, &st->target, s->target_gathered[0], false);
	if (row >= 0) {
		const char *count = rows >= 0 ? arena_printf(p->arena, "%s * %s", s->loop[rows].count, s->loop[row].count) : s->loop[row].count;
		line(p, "mc_sum_each_%s(%s, %s, %s);", suffix, address_of(p->arena, part[0].s).s, count, address_of(p->arena, target.s).s);
		if (outer)
			close_block(p, outer);
		return;
	}
	const char *when = preds_c(s, st->target.npreds, st->target.pred);
	Stmt *inner = when ? open_block(p, "if (%s)", when) : NULL;
	if (st->how == STORE_SET || st->how == STORE_ADD)
		line(p, "%s %s %s;", target.s, st->how == STORE_SET ? "=" : "+=", sum.s);
	else
		line(p, "%s = %s;", target.s, pair(s, st->how, b->dtype, target, sum, NULL).s);
	if (inner)
		close_block(p, inner);
	if (outer)
		close_block(p, outer);
}
