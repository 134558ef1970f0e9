/* place_c.c -- which value of a tile stands where, and in a local or not
 *
 * A value depends on some of the tile's loops.  It stands at the depth of the longest run of outer loops that it depends on,
 * as an array over the others.  Scalar loads with others are not kept: a broadcast from memory is free.  What the tile writes
 * is read innermost.  What is used once, where it stands, is written there; products stand in the one sum that
 * takes them in. */
#include <string.h>

#include "print_c.h"

enum { LONGEST = 64 }; /* columns of an operand that is not worth a local */

static bool same_size(const Size *a, const Size *b)
{
	return a == b || (a && b && size_equal(a, b));
}

static bool same_access(const Access *a, const int *ga, const Access *b, const int *gb)
{
	if (a->buffer != b->buffer || a->npreds != b->npreds)
		return false;
	for (int d = 0; d < a->buffer->rank; d++)
		if (!same_size(a->index[d].affine, b->index[d].affine) || ga[d] != gb[d])
			return false;
	for (int i = 0; i < a->npreds; i++)
		if (!same_size(a->pred[i].p, b->pred[i].p) || !same_size(a->pred[i].lo, b->pred[i].lo) ||
		    !same_size(a->pred[i].hi, b->pred[i].hi))
			return false;
	return a->npreds == 0 || memcmp(&a->other, &b->other, sizeof a->other) == 0;
}

static bool same_node(const NodeInfo *a, const NodeInfo *b)
{
	const Node *m = a->node, *n = b->node;
	if (m == n)
		return true;
	if (m->kind != n->kind || m->dtype != n->dtype || a->nargs != b->nargs)
		return false;
	for (int i = 0; i < a->nargs; i++)
		if (a->arg[i] != b->arg[i])
			return false;
	switch (m->kind) {
	case NODE_ROW: return m->op == n->op;
	case NODE_LOAD: return same_access(&m->load, a->gathered, &n->load, b->gathered);
	case NODE_CONST: return memcmp(&m->f, &n->f, sizeof m->f) == 0 && m->i == n->i;
	case NODE_UNIFORM: return strcmp(m->uniform, n->uniform) == 0;
	case NODE_INDEX: return same_size(m->index, n->index);
	case NODE_RANDOM: return m->place == n->place && same_size(m->index, n->index);
	}
	return false;
}

static bool is_written(const Stage *s, const Buffer *b)
{
	for (int i = 0; i < s->nstores; i++)
		if (s->store[i]->target.buffer == b)
			return true;
	return false;
}

static void depend_on_size(const Stage *s, NodeInfo *info, const Size *size)
{
	if (!size)
		return;
	for (int i = 0; i < s->nloops; i++)
		if (size_speaks_of(size, s->loop[i].id))
			info->deps |= 1u << i;
	info->vector |= s->width > 1 && size_speaks_of(size, s->lane_id);
}

static void depend_on(NodeInfo *info, const NodeInfo *on)
{
	info->deps |= on->deps;
	info->vector |= on->vector;
}

static void find_deps(Stage *s, NodeInfo *info)
{
	const Node *n = info->node;
	for (int i = 0; i < info->nargs; i++)
		depend_on(info, &s->nodes.data[info->arg[i]]);
	depend_on_size(s, info, n->index);
	if (n->kind != NODE_LOAD)
		return;
	for (int d = 0; d < n->load.buffer->rank; d++) {
		depend_on_size(s, info, n->load.index[d].affine);
		if (info->gathered[d] >= 0)
			depend_on(info, &s->nodes.data[info->gathered[d]]);
	}
	for (int i = 0; i < n->load.npreds; i++) {
		depend_on_size(s, info, n->load.pred[i].p);
		depend_on_size(s, info, n->load.pred[i].lo);
		depend_on_size(s, info, n->load.pred[i].hi);
	}
	if (is_written(s, n->load.buffer)) {
		info->ordered = true;
		info->deps |= (1u << s->nloops) - 1;
	}
}

static int add_node(Stage *s, const Node *);

static void add_gathered(Stage *s, const Access *a, int *gathered)
{
	for (int d = 0; d < a->buffer->rank; d++) {
		gathered[d] = -1;
		if (!a->index[d].gathered)
			continue;
		gathered[d] = add_node(s, a->index[d].gathered);
		s->nodes.data[gathered[d]].is_index = true;
	}
}

static int add_node(Stage *s, const Node *n)
{
	NodeInfo info = {.node = n, .nargs = n->nargs};
	for (int i = 0; i < n->nargs; i++)
		info.arg[i] = add_node(s, n->arg[i]);
	if (n->kind == NODE_LOAD)
		add_gathered(s, &n->load, info.gathered);
	for (int i = 0; i < s->nodes.len; i++)
		if (same_node(&s->nodes.data[i], &info))
			return i;
	find_deps(s, &info);
	if (s->store[0]->target.npreds) /* what may not be read where the store is not made stays under the same condition */
		info.deps = (1u << s->nloops) - 1;
	while (info.depth < s->nloops && info.deps >> info.depth & 1)
		info.depth++;
	info.rest = info.deps >> info.depth << info.depth;
	push(s->p->arena, &s->nodes, info);
	return s->nodes.len - 1;
}

static void count_uses(Stage *s)
{
	for (int i = 0; i < s->nodes.len; i++) {
		const NodeInfo *n = &s->nodes.data[i];
		for (int j = 0; j < n->nargs; j++) {
			DType operand = s->nodes.data[n->arg[n->nargs - 1]].node->dtype;
			s->nodes.data[n->arg[j]].uses += 1 + row_names_twice(n->node->op, operand, j);
		}
		if (n->node->kind == NODE_LOAD)
			for (int d = 0; d < n->node->load.buffer->rank; d++)
				if (n->gathered[d] >= 0)
					s->nodes.data[n->gathered[d]].uses++;
	}
	for (int i = 0; i < s->nstores; i++) {
		s->nodes.data[s->root[i]].uses++;
		s->nodes.data[s->root[i]].root_uses++;
		for (int d = 0; d < s->store[i]->target.buffer->rank; d++)
			if (s->target_gathered[i][d] >= 0)
				s->nodes.data[s->target_gathered[i][d]].uses++;
	}
}

static bool is_trivial(const NodeInfo *n)
{
	switch (n->node->kind) {
	case NODE_CONST:
	case NODE_UNIFORM:
	case NODE_INDEX: return true;
	case NODE_LOAD: return (n->node->load.buffer->where == WHERE_REG || n->node->load.buffer->where == WHERE_PRIVATE) && !n->ordered;
	default: return false;
	}
}

static bool reaches(const Stage *s, int from, int node)
{
	if (from == node)
		return true;
	const NodeInfo *n = &s->nodes.data[from];
	for (int i = 0; i < n->nargs; i++)
		if (reaches(s, n->arg[i], node))
			return true;
	if (n->node->kind == NODE_LOAD)
		for (int d = 0; d < n->node->load.buffer->rank; d++)
			if (n->gathered[d] >= 0 && reaches(s, n->gathered[d], node))
				return true;
	return false;
}

/* an earlier store of the stage writes what a later one still reads */
static bool must_precede(const Stage *s, int node)
{
	const NodeInfo *n = &s->nodes.data[node];
	if (!n->ordered || s->nstores == 1)
		return false;
	bool written = false;
	for (int i = 0; i < s->nstores; i++) {
		if (written && reaches(s, s->root[i], node))
			return true;
		for (int d = 0; written && d < s->store[i]->target.buffer->rank; d++)
			if (s->target_gathered[i][d] >= 0 && reaches(s, s->target_gathered[i][d], node))
				return true;
		written |= s->store[i]->target.buffer == n->node->load.buffer;
	}
	return false;
}

/* every expression it is written in stands at its own place */
static bool users_are_there(const Stage *s, int node)
{
	const NodeInfo *n = &s->nodes.data[node];
	if (n->root_uses || (n->is_index && n->depth == s->nloops && !n->rest))
		return n->depth == s->nloops && !n->rest;
	for (int i = 0; i < s->nodes.len; i++) {
		const NodeInfo *user = &s->nodes.data[i];
		bool uses = false;
		for (int j = 0; j < user->nargs; j++)
			uses |= user->arg[j] == node;
		for (int d = 0; user->node->kind == NODE_LOAD && d < user->node->load.buffer->rank; d++)
			uses |= user->gathered[d] == node;
		if (uses && (user->depth != n->depth || user->rest != n->rest))
			return false;
	}
	return true;
}

static bool is_float_row(const Node *n, Op op)
{
	return n->kind == NODE_ROW && n->op == op && dtype_is_float(n->dtype);
}

static bool needs_name(Stage *s, int node)
{
	const NodeInfo *n = &s->nodes.data[node];
	if (is_trivial(n))
		return false;
	if (must_precede(s, node))
		return true;
	if (n->node->kind == NODE_LOAD && n->rest && !n->vector && !n->is_index)
		return false;
	if (n->uses > 1)
		return true;
	if (n->is_index && s->nloops > 0)
		return !(n->depth == s->nloops && !n->rest);
	if (!users_are_there(s, node))
		return true;
	bool product = is_float_row(n->node, OP_mul);
	return !product && !n->root_uses && n->node->kind == NODE_ROW && strlen(node_use(s, node).s) > LONGEST;
}

static bool is_summand(const CPrinter *p, const Buffer *b)
{
	for (int i = 0; i < p->summands.len; i++)
		if (strcmp(p->summands.data[i]->name, b->name) == 0)
			return true;
	return false;
}

/* the product in a summand, also in one with a minus; -1: it is none */
static int product_in(const Stage *s, int summand)
{
	const NodeInfo *n = &s->nodes.data[summand];
	if (is_float_row(n->node, OP_neg))
		summand = n->arg[0];
	return is_float_row(s->nodes.data[summand].node, OP_mul) ? summand : -1;
}

/* the product is written in that sum, and nowhere else */
static bool fuses(const Stage *s, int summand, int product, bool vector)
{
	for (int i = summand;; i = s->nodes.data[i].arg[0]) {
		const NodeInfo *n = &s->nodes.data[i];
		if (n->uses > 1 || n->name || n->vector != vector)
			return false;
		if (i == product)
			return true;
	}
}

/* A product that one sum uses is taken into that sum by mc_fma.  Of any other that is added to compilers might do the same, each
 * in its way: it is rounded. */
static void fuse_products(Stage *s)
{
	for (int i = 0; i < s->nodes.len; i++) {
		NodeInfo *n = &s->nodes.data[i];
		if (!is_float_row(n->node, OP_add) && !is_float_row(n->node, OP_sub))
			continue;
		int product[2];
		for (int j = 0; j < 2; j++) {
			product[j] = product_in(s, n->arg[j]);
			if (!n->fused && product[j] >= 0 && fuses(s, n->arg[j], product[j], n->vector))
				n->fused = 1 + j;
		}
		for (int j = 0; j < 2 && !n->fused; j++)
			if (product[j] >= 0)
				s->nodes.data[product[j]].rounded = true;
	}
	for (int i = 0; i < s->nstores; i++) {
		const Access *target = &s->store[i]->target;
		int product = product_in(s, s->root[i]);
		if (product < 0)
			continue;
		bool vector = s->width > 1 && access_speaks_of(target, s->lane_id);
		if (s->store[i]->how == STORE_ADD && fuses(s, s->root[i], product, vector))
			s->fused[i] = true;
		else if (s->store[i]->how != STORE_SET || s->nodes.data[product].uses > 1 || is_summand(s->p, target->buffer))
			s->nodes.data[product].rounded = true;
	}
}

void place_nodes(Stage *s)
{
	Arena *arena = s->p->arena;
	s->root = NEW_ARRAY(arena, int, s->nstores);
	s->fused = NEW_ARRAY(arena, bool, s->nstores);
	s->target_gathered = arena_alloc(arena, (size_t)s->nstores * sizeof *s->target_gathered);
	for (int i = 0; i < s->nstores; i++) {
		s->root[i] = add_node(s, s->store[i]->value);
		add_gathered(s, &s->store[i]->target, s->target_gathered[i]);
	}
	count_uses(s);
	/* "t" is a placeholder: the name, with its indices, is given where it is declared */
	s->naming = true;
	for (int i = 0; i < s->nodes.len; i++)
		if (needs_name(s, i))
			s->nodes.data[i].name = "t";
	s->naming = false;
	fuse_products(s);
}
