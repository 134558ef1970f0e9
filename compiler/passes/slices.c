/* slices.c -- parts of parts; only what is used is computed
 *
 *      exp(x)[2:5]            =>   exp(x[2:5]) */
#include "rules.h"

/* an operand that a start speaks of becomes the value itself */
static const Size *value_of(void *data, const Atom *a)
{
	void **d = data;
	Val *const *in = d[1];
	if (a->kind != ATOM_INPUT)
		return NULL;
	return size_atom(((Graph *)d[0])->arena,
			 &(Atom){.kind = ATOM_VALUE, .value = in[a->input]});
}

static void starts_of(Graph *g, const Val *v, Val *const *in, const Size **start)
{
	void *data[] = {g, (void *)(uintptr_t)in};
	for (int i = 0; i < v->type->rank; i++)
		start[i] = size_map(g->arena, v->attr.slice.start[i], value_of, data);
}

static Val *slice_of_concat(PassCx *cx, Graph *g, const Val *v, Val *const *in, const Size **start)
{
	Arena *arena = g->arena;
	int axis = in[0]->attr.concat.axis;
	const Size *one = size_const(arena, 1), *begin = size_const(arena, 0), *a = start[axis];
	const Size *b = size_add(arena, a,
				 size_scale(arena, size_sub(arena, v->type->size[axis], one),
					    v->attr.slice.step[axis]));
	for (int k = 0; k < in[0]->nin; k++) {
		Val *part = in[0]->in[k];
		const Size *end = size_add(arena, begin, part->type->size[axis]),
			   *last = size_sub(arena, end, one);
		if (size_ge(arena, a, begin) == YES && size_ge(arena, b, begin) == YES &&
		    size_ge(arena, last, a) == YES && size_ge(arena, last, b) == YES) {
			start[axis] = size_sub(arena, a, begin);
			return did(cx, g, v, REWRITE_slice_concat,
				   build_slice(g, v->loc, part, start, v->attr.slice.step,
					       v->type->size));
		}
		begin = end;
	}
	return NULL;
}

Val *rule_slices(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	if (v->op != OP_slice)
		return NULL;
	Arena *arena = g->arena;
	Val *x = in[0];
	const Size *start[MAX_RANK], *inner[MAX_RANK], *size[MAX_RANK];
	int64_t step[MAX_RANK], at;
	bool whole = same_shape(x->type, v->type);
	for (int i = 0; i < v->type->rank; i++)
		whole &= size_is_const(v->attr.slice.start[i], &at) && at == 0 &&
			 v->attr.slice.step[i] == 1;
	if (whole)
		return did(cx, g, v, REWRITE_slice_all, x);
	starts_of(g, v, in, start);
	if (x->op == OP_slice) {
		starts_of(g, x, x->in, inner);
		for (int i = 0; i < v->type->rank; i++) {
			start[i] = size_add(arena, inner[i],
					    size_scale(arena, start[i], x->attr.slice.step[i]));
			if (!start[i] || __builtin_mul_overflow(v->attr.slice.step[i],
								x->attr.slice.step[i], &step[i]))
				return NULL;
		}
		return did(cx, g, v, REWRITE_slice_slice,
			   build_slice(g, v->loc, x->in[0], start, step, v->type->size));
	}
	if (x->op == OP_concat)
		return slice_of_concat(cx, g, v, in, start);
	if (x->op == OP_broadcast) {
		Val *from = x->in[0];
		for (int i = 0; i < from->type->rank; i++) {
			int axis = x->attr.broadcast.axis[i];
			bool grown = !size_equal(from->type->size[i], x->type->size[axis]);
			inner[i] = grown ? size_const(arena, 0) : start[axis];
			step[i] = grown ? 1 : v->attr.slice.step[axis];
			size[i] = grown ? from->type->size[i] : v->type->size[axis];
		}
		return did(cx, g, v, REWRITE_slice_early,
			   build_broadcast(g, v->loc,
					   build_slice(g, v->loc, from, inner, step, size),
					   v->type->rank, v->type->size, x->attr.broadcast.axis));
	}
	if (!may_index_early(cx, v, in))
		return NULL;
	Val *part[3];
	for (int i = 0; i < x->nin; i++)
		part[i] = x->in[i]->type->rank == 0
				  ? x->in[i]
				  : build_slice(g, v->loc, x->in[i], start, v->attr.slice.step,
						v->type->size);
	return did(cx, g, v, REWRITE_slice_early,
		   build(g, v->loc, x->op, x->nin, part, NULL, v->type));
}
