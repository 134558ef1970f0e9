/* rules.c -- runs rewrites until none fires, and shares equal values
 *
 *      v3 = exp(v1)                 v3 = exp(v1)
 *      v4 = exp(v1)            =>   v5 = v3 + v3
 *      v5 = v3 + v4 */
#include "rules.h"

#include <string.h>

enum { MAX_ROUNDS = 64 };

typedef struct Entry {
	Val *v;
	const char *attr;
	struct Entry *next;
} Entry;

typedef struct State {
	PassCx *cx;
	Rewriter *const *rules;
	Arena *scratch;
	Entry **table;
	int64_t size; /* of the table, a power of two */
	int changes;
} State;

static uint64_t hash(const Graph *g, const Val *v, Val *const *in, const char *attr)
{
	uint64_t h = (uint64_t)(uintptr_t)g ^ (uint64_t)v->op * 0x9E3779B97F4A7C15u;
	for (int i = 0; i < v->nin; i++)
		h = (h ^ (uint64_t)in[i]->id) * 0xD6E8FEB86659FD93u + 1;
	for (; *attr; attr++)
		h = (h ^ (uint64_t)(unsigned char)*attr) * 0x100000001B3u;
	return h >> 32;
}

static bool same(const Entry *e, const Graph *g, const Val *v, Val *const *in, const char *attr)
{
	const Val *o = e->v;
	if (o->graph != g || o->op != v->op || o->nin != v->nin || !type_equal(o->type, v->type))
		return false;
	for (int i = 0; i < v->nin; i++)
		if (o->in[i] != in[i])
			return false;
	return strcmp(e->attr, attr) == 0;
}

/* the value that is there already, or a copy of v */
static Val *share(State *s, Rewrite *r, Graph *g, const Val *v, Val *const *in)
{
	if (v->nregions > 0)
		return rewrite_copy(r, g, v, in);
	const char *attr = attr_text(s->scratch, v);
	Entry **slot = &s->table[hash(g, v, in, attr) & (uint64_t)(s->size - 1)];
	for (Entry *e = *slot; e; e = e->next)
		if (same(e, g, v, in, attr)) {
			if (!e->v->name && v->name)
				e->v->name = arena_printf(g->arena, "%s", v->name);
			s->cx->fired[REWRITE_share]++;
			return e->v;
		}
	Entry *e = NEW(s->scratch, Entry);
	*e = (Entry){rewrite_copy(r, g, v, in), attr, *slot};
	*slot = e;
	return e->v;
}

static Val *rule(Rewrite *r, Graph *g, const Val *v, Val *const *in)
{
	State *s = r->state;
	int before = g->vals.len;
	s->cx->uses = r->uses;
	for (int i = 0; s->rules[i]; i++) {
		Val *new = s->rules[i](s->cx, g, v, in);
		if (!new)
			continue;
		s->changes++;
		if (v->name && !new->name &&new->id >= before)
			new->name = arena_printf(g->arena, "%s", v->name);
		return new;
	}
	return share(s, r, g, v, in);
}

Graph *run_rules(PassCx *cx, const Graph *in, Rewriter *const *rules)
{
	Arena *arena = NULL;
	const Graph *graph = in;
	for (int round = 0; round < MAX_ROUNDS; round++) {
		State *state = NEW(cx->out, State);
		*state = (State){.cx = cx, .rules = rules, .scratch = arena_new(), .size = 64};
		for (int64_t n = graph_size(graph); state->size < n;)
			state->size *= 2;
		state->table = NEW_ARRAY(state->scratch, Entry *, state->size);
		Rewrite r = {.rule = rule, .state = state};
		Arena *out = arena_new();
		graph = rewrite(graph, out, &r);
		arena_free(state->scratch);
		if (arena)
			arena_free(arena);
		arena = out;
		if (state->changes == 0)
			break;
		cx->fired[REWRITE_unsettled] += round == MAX_ROUNDS - 1;
	}
	Graph *result = rewrite(graph, cx->out, &(Rewrite){0});
	arena_free(arena);
	return result;
}

Val *did(PassCx *cx, Graph *g, const Val *v, RewriteName name, Val *new)
{
	cx->fired[name]++;
	return new->type->rank == v->type->rank ? new : build_broadcast_to(g, v->loc, new, v->type);
}

Val *op1(Graph *g, const Val *v, Op op, Val *a)
{
	return build_elem(g, v->loc, op, a, NULL, NULL);
}

Val *op2(Graph *g, const Val *v, Op op, Val *a, Val *b)
{
	return build_elem(g, v->loc, op, a, b, NULL);
}

Val *op3(Graph *g, const Val *v, Op op, Val *a, Val *b, Val *c)
{
	return build_elem(g, v->loc, op, a, b, c);
}

bool is_const(const Val *v)
{
	return v->op == OP_const;
}

bool is_float(const Val *v)
{
	return dtype_is_float(v->type->dtype);
}

Val *other_than(Val *const *in, double x)
{
	return is_number(in[0], x) ? in[1] : is_number(in[1], x) ? in[0] : NULL;
}

bool may_index_early(const PassCx *cx, const Val *v, Val *const *in)
{
	const OpInfo *info = op_info(in[0]->op);
	return info->elementwise && (info->types == TYPES_FLOAT || cx->uses[v->in[0]->id] == 1);
}

bool is_restored(const Val *x, const Type *shape, ReduceKind kind, Val **of, uint32_t *axes,
		 bool *stopped)
{
	const Val *r = x->op == OP_broadcast ? x->in[0] : x;
	if (r->op == OP_select && r->in[0]->op == OP_isinf && is_number(r->in[1], 0))
		r = r->in[2];
	bool dropped = r->op == OP_reshape; /* of axes of size 1, which broadcasts do without */
	if (dropped)
		r = r->in[0];
	*stopped = r->op == OP_stop_gradient;
	if (*stopped)
		r = r->in[0];
	if (r->op != OP_reduce || r->attr.reduce.kind != kind || !same_shape(r->in[0]->type, shape))
		return false;
	int n = 0, rank = x->op == OP_broadcast ? x->in[0]->type->rank : 0;
	for (int i = 0; i < shape->rank; i++) {
		int64_t one;
		bool unit = size_is_const(shape->size[i], &one) && one == 1;
		if (r->attr.reduce.axes >> i & 1 || (dropped && unit))
			continue;
		if (n == rank || x->attr.broadcast.axis[n++] != i)
			return false;
	}
	*of = r->in[0];
	*axes = r->attr.reduce.axes;
	return true;
}
