/* build.c -- graphs and their nodes */
#include "ops/ops.h"

Graph *graph_new(Arena *arena)
{
	Graph *g = NEW(arena, Graph);
	g->arena = arena;
	return g;
}

int64_t graph_size(const Graph *g)
{
	int64_t n = g->vals.len;
	for (int i = 0; i < g->vals.len; i++)
		for (int k = 0; k < g->vals.data[i]->nregions; k++)
			n += graph_size(g->vals.data[i]->region[k]);
	return n;
}

/* The type and the attributes' sizes are copied: they may belong to a graph that is freed before
 * this. */
static Val *make(Graph *g, Loc loc, Op op, int nin, Val *const *in, const Attr *attr,
		 const Type *said, int nregions, Graph *const *region)
{
	Arena *arena = g->arena;
	Val **operand = NEW_ARRAY(arena, Val *, nin + 1);
	const Type **types = NEW_ARRAY(arena, const Type *, nin + 1);
	for (int i = 0; i < nin; i++) {
		operand[i] = in[i];
		types[i] = in[i]->type;
	}
	Graph **regions = NEW_ARRAY(arena, Graph *, nregions + 1);
	for (int i = 0; i < nregions; i++)
		regions[i] = region[i];
	Val *v = NEW(arena, Val);
	v->op = op;
	v->id = g->vals.len;
	v->nin = nin;
	v->in = operand;
	v->nregions = nregions;
	v->region = regions;
	v->loc = loc;
	v->graph = g;
	if (attr)
		v->attr = *attr;
	Shape s = {.arena = arena,
		   .nin = nin,
		   .in = types,
		   .attr = &v->attr,
		   .said = said,
		   .nregions = nregions,
		   .region = regions};
	const Type *type = infer_type(&s, op);
	if (!type)
		internal_error("build %s: %s", op_info(op)->name, s.why);
	/* the operands' types are this graph's */
	v->type = op_info(op)->elementwise ? type : type_copy(arena, type);
	v->attr = attr_copy(arena, v);
	push(arena, &g->vals, v);
	return v;
}

Val *build(Graph *g, Loc loc, Op op, int nin, Val *const *in, const Attr *attr, const Type *type)
{
	return make(g, loc, op, nin, in, attr, type, 0, NULL);
}

Val *build_region(Graph *g, Loc loc, Op op, int nin, Val *const *in, const Attr *attr, int nregions,
		  Graph *const *region)
{
	return make(g, loc, op, nin, in, attr, NULL, nregions, region);
}

Val *build_const(Graph *g, Loc loc, DType dtype, double f, int64_t i)
{
	Attr attr = {.number = {f, i}};
	return build(g, loc, OP_const, 0, NULL, &attr, type_scalar(g->arena, dtype));
}

Val *build_elem(Graph *g, Loc loc, Op op, Val *a, Val *b, Val *c)
{
	Val *in[] = {a, b, c};
	return build(g, loc, op, c ? 3 : b ? 2 : 1, in, NULL, NULL);
}

Val *build_cast(Graph *g, Loc loc, Val *x, DType dtype)
{
	if (x->type->dtype == dtype)
		return x;
	return build(g, loc, OP_cast, 1, &x, NULL, type_with_dtype(g->arena, x->type, dtype));
}

Val *build_size(Graph *g, Loc loc, const Size *size)
{
	int64_t value;
	if (size_is_const(size, &value))
		return build_const(g, loc, DT_int64, 0, value);
	Attr attr = {.size = size};
	return build(g, loc, OP_size, 0, NULL, &attr, NULL);
}

Val *build_reshape(Graph *g, Loc loc, Val *x, int rank, const Size *const *size)
{
	const Type *type = type_array(g->arena, x->type->dtype, rank, size);
	return type_equal(type, x->type) ? x : build(g, loc, OP_reshape, 1, &x, NULL, type);
}

Val *build_broadcast(Graph *g, Loc loc, Val *x, int rank, const Size *const *size,
		     const int8_t *axis)
{
	const Type *type = type_array(g->arena, x->type->dtype, rank, size);
	if (type_equal(type, x->type))
		return x;
	Attr attr = {0};
	for (int i = 0; i < x->type->rank; i++)
		attr.broadcast.axis[i] = axis[i];
	return build(g, loc, OP_broadcast, 1, &x, &attr, type);
}

Val *build_broadcast_to(Graph *g, Loc loc, Val *x, const Type *shape)
{
	int8_t axis[MAX_RANK];
	for (int i = 0; i < x->type->rank; i++)
		axis[i] = (int8_t)(shape->rank - x->type->rank + i);
	return build_broadcast(g, loc, x, shape->rank, shape->size, axis);
}

Val *build_transpose(Graph *g, Loc loc, Val *x, const int8_t *perm)
{
	Attr attr = {0};
	bool same = true;
	for (int i = 0; i < x->type->rank; i++) {
		attr.transpose.perm[i] = perm[i];
		same &= perm[i] == i;
	}
	return same ? x : build(g, loc, OP_transpose, 1, &x, &attr, NULL);
}

Val *build_reduce(Graph *g, Loc loc, ReduceKind kind, Val *x, uint32_t axes)
{
	if (axes == 0 && kind != REDUCE_argmax && kind != REDUCE_argmin)
		return x;
	Attr attr = {.reduce = {kind, axes}};
	return build(g, loc, OP_reduce, 1, &x, &attr, NULL);
}

typedef struct Starts {
	Graph *graph;
	VEC(Val *) in; /* x, or x and v; then what starts speak of */
	bool known, keep; /* a constant was put in; constants stay operands */
} Starts;

/* a value becomes an operand, or a size if it is one */
static const Size *start_atom(void *data, const Atom *a)
{
	Starts *starts = data;
	Arena *arena = starts->graph->arena;
	if (a->kind != ATOM_VALUE)
		return NULL;
	if (a->value->op == OP_const && !starts->keep) {
		starts->known = true;
		return size_const(arena, a->value->attr.number.i);
	}
	if (a->value->op == OP_size)
		return a->value->attr.size;
	int k = 0;
	while (k < starts->in.len && (k == 0 || starts->in.data[k] != a->value))
		k++;
	if (k == starts->in.len)
		push(arena, &starts->in, (Val *)(uintptr_t)a->value);
	return size_atom(arena, &(Atom){.kind = ATOM_INPUT, .input = k});
}

/* A start made of constants may lie outside, where a check refuses the call before it: then it is computed, as others are. */
static const Size *put_start(Starts *starts, const Size *start, int64_t step, const Size *whole, const Size *part)
{
	Arena *arena = starts->graph->arena;
	starts->known = false;
	const Size *first = size_map(arena, start, start_atom, starts);
	if (!starts->known)
		return first;
	const Size *zero = size_const(arena, 0), *one = size_const(arena, 1);
	const Size *last = size_add(arena, first, size_scale(arena, size_sub(arena, part, one), step)),
		   *after = size_add(arena, first, one), *end = size_add(arena, last, one);
	if (after && end && size_ge(arena, first, zero) != NO && size_ge(arena, last, zero) != NO &&
	    size_ge(arena, whole, after) != NO && size_ge(arena, whole, end) != NO)
		return first;
	starts->keep = true;
	first = size_map(arena, start, start_atom, starts);
	starts->keep = false;
	return first;
}

static Val *build_slicing(Graph *g, Loc loc, Op op, Starts *starts, const Size *const *start,
			  const int64_t *step, const Type *type)
{
	Attr attr = {0};
	const Type *whole = starts->in.data[0]->type, *part = type ? type : starts->in.data[1]->type;
	for (int i = 0; i < whole->rank; i++) {
		attr.slice.start[i] = put_start(starts, start[i], step[i], whole->size[i], part->size[i]);
		attr.slice.step[i] = step[i];
	}
	return build(g, loc, op, starts->in.len, starts->in.data, &attr, type);
}

Val *build_slice(Graph *g, Loc loc, Val *x, const Size *const *start, const int64_t *step,
		 const Size *const *size)
{
	Starts starts = {.graph = g};
	push(g->arena, &starts.in, x);
	return build_slicing(g, loc, OP_slice, &starts, start, step,
			     type_array(g->arena, x->type->dtype, x->type->rank, size));
}

Val *build_set_slice(Graph *g, Loc loc, Val *x, Val *v, const Size *const *start,
		     const int64_t *step)
{
	Starts starts = {.graph = g};
	push(g->arena, &starts.in, x);
	push(g->arena, &starts.in, v);
	return build_slicing(g, loc, OP_set_slice, &starts, start, step, NULL);
}

Val *build_contraction(Graph *g, Loc loc, Val *a, Val *b, const char *labels)
{
	Attr attr = {0};
	int8_t *side = attr.contraction.a;
	int n = 0;
	for (const char *c = labels; *c; c++)
		if (*c == ',') {
			side = attr.contraction.b;
			n = 0;
		} else if (*c == '-') {
			side = attr.contraction.out;
			n = 0;
		} else if (*c != '>' && n < MAX_RANK)
			side[n++] = (int8_t)(*c - 'a');
	attr.contraction.nout = n;
	Val *in[] = {a, b};
	return build(g, loc, OP_contraction, 2, in, &attr, NULL);
}

Val *build_get(Graph *g, Loc loc, Val *tuple, int index)
{
	Attr attr = {.get = {index}};
	return build(g, loc, OP_get, 1, &tuple, &attr, NULL);
}

Val *build_param(Graph *region, Loc loc, const Type *type)
{
	Attr attr = {.param = {region->params.len}};
	Val *v = build(region, loc, OP_param, 0, NULL, &attr, type);
	push(region->arena, &region->params, v);
	return v;
}
