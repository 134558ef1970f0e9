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
		if (s->loop[i].name == loop)
			continue;
		Stmt *o = open_block(p, "MC_UNROLL for (int %s = 0; %s < %s; %s++)", s->loop[i].name, s->loop[i].name,
		                     s->loop[i].count, s->loop[i].name);
		outer = outer ? outer : o;
	}
	Text target = access_c(s, &st->target, s->target_gathered[0], false);
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
