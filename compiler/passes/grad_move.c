/* grad_move.c -- gradients of what moves elements to places that are known when it is compiled */
#include "build_more.h"
#include "grad.h"

void grad_reshape(Backward *b, const Val *v, Val *const *g, Val **d)
{
	d[0] = build_reshape(b->graph, v->loc, g[0], v->in[0]->type->rank, v->in[0]->type->size);
}

void grad_transpose(Backward *b, const Val *v, Val *const *g, Val **d)
{
	int8_t back[MAX_RANK];
	for (int i = 0; i < v->type->rank; i++)
		back[v->attr.transpose.perm[i]] = (int8_t)i;
	d[0] = build_transpose(b->graph, v->loc, g[0], back);
}

void grad_broadcast(Backward *b, const Val *v, Val *const *g, Val **d)
{
	const Type *from = v->in[0]->type, *to = v->type;
	uint32_t sum = (1u << to->rank) - 1;
	for (int i = 0; i < from->rank; i++)
		if (size_equal(from->size[i], to->size[v->attr.broadcast.axis[i]]))
			sum &= ~(1u << v->attr.broadcast.axis[i]);
	Val *s = build_reduce(b->graph, v->loc, REDUCE_sum, g[0], sum);
	d[0] = build_reshape(b->graph, v->loc, s, from->rank, from->size);
}

/* an operand of a node's start becomes the value itself, as build_slice takes it */
static const Size *input_value(void *data, const Atom *a)
{
	Backward *b = ((void **)data)[0];
	const Val *v = ((void **)data)[1];
	if (a->kind != ATOM_INPUT)
		return NULL;
	return size_atom(b->graph->arena, &(Atom){.kind = ATOM_VALUE, .value = v->in[a->input]});
}

static void starts_of(Backward *b, const Val *v, const Size **start)
{
	void *data[] = {b, (void *)(uintptr_t)v};
	for (int i = 0; i < v->in[0]->type->rank; i++)
		start[i] = size_map(b->graph->arena, v->attr.slice.start[i], input_value, data);
}

void grad_slice(Backward *b, const Val *v, Val *const *g, Val **d)
{
	Arena *arena = b->graph->arena;
	const Type *whole = v->in[0]->type, *part = v->type;
	const Size *one = size_const(arena, 1), *zero = size_const(arena, 0), *start[MAX_RANK];
	starts_of(b, v, start);
	bool plain = v->nin == 1;
	for (int i = 0; i < whole->rank; i++)
		plain &= size_ge(arena, part->size[i], one) == YES;
	if (!plain) {
		Val *zeros = build_full(b->graph, v->loc, whole, 0);
		d[0] = build_set_slice(b->graph, v->loc, zeros, g[0], start, v->attr.slice.step);
		return;
	}
	/* backward steps: turn g round */
	Attr pad = {0};
	const Size *turned[MAX_RANK];
	int64_t turn[MAX_RANK];
	bool turns = false;
	for (int i = 0; i < whole->rank; i++) {
		int64_t step = v->attr.slice.step[i];
		const Size *reach = size_scale(arena, size_sub(arena, part->size[i], one), step);
		const Size *last = size_add(arena, start[i], reach);
		bool back = step < 0;
		turns |= back;
		turned[i] = back ? size_sub(arena, part->size[i], one) : zero;
		turn[i] = back ? -1 : 1;
		pad.pad.gap[i] = (back ? -step : step) - 1;
		pad.pad.lo[i] = back ? last : start[i];
		pad.pad.hi[i] = size_sub(arena, whole->size[i],
					 size_add(arena, back ? start[i] : last, one));
	}
	Val *x = turns ? build_slice(b->graph, v->loc, g[0], turned, turn, part->size) : g[0];
	d[0] = build(b->graph, v->loc, OP_pad, 1, &x, &pad, NULL);
}

void grad_set_slice(Backward *b, const Val *v, Val *const *g, Val **d)
{
	const Type *part = v->in[1]->type;
	const Size *start[MAX_RANK];
	starts_of(b, v, start);
	d[0] = build_set_slice(b->graph, v->loc, g[0], build_full(b->graph, v->loc, part, 0), start,
			       v->attr.slice.step);
	d[1] = build_slice(b->graph, v->loc, g[0], start, v->attr.slice.step, part->size);
}

void grad_pad(Backward *b, const Val *v, Val *const *g, Val **d)
{
	int64_t step[MAX_RANK];
	for (int i = 0; i < v->type->rank; i++)
		step[i] = v->attr.pad.gap[i] + 1;
	d[0] = build_slice(b->graph, v->loc, g[0], v->attr.pad.lo, step, v->in[0]->type->size);
}

void grad_concat(Backward *b, const Val *v, Val *const *g, Val **d)
{
	Arena *arena = b->graph->arena;
	const Size *start[MAX_RANK];
	int64_t step[MAX_RANK];
	for (int i = 0; i < v->type->rank; i++) {
		start[i] = size_const(arena, 0);
		step[i] = 1;
	}
	int axis = v->attr.concat.axis;
	for (int k = 0; k < v->nin; k++) {
		d[k] = build_slice(b->graph, v->loc, g[0], start, step, v->in[k]->type->size);
		start[axis] = size_add(arena, start[axis], v->in[k]->type->size[axis]);
	}
}
