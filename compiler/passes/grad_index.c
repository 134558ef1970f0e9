/* grad_index.c -- gradients of what moves elements to places that are computed: gather, scatter,
 * sorting */
#include "build_more.h"
#include "grad.h"

static Val *with_indices(Graph *graph, const Val *v, Op op, Val *x, Val *part, int first)
{
	Arena *scratch = arena_new();
	Val **in = NEW_ARRAY(scratch, Val *, v->nin + 2);
	int n = 0;
	in[n++] = x;
	if (part)
		in[n++] = part;
	for (int i = first; i < v->nin; i++)
		in[n++] = v->in[i];
	Val *new = build(graph, v->loc, op, n, in, &v->attr, NULL);
	arena_free(scratch);
	return new;
}

void grad_gather(Backward *b, const Val *v, Val *const *g, Val **d)
{
	Val *zeros = build_full(b->graph, v->loc, v->in[0]->type, 0);
	d[0] = with_indices(b->graph, v, OP_scatter_add, zeros, g[0], 1);
}

void grad_scatter_add(Backward *b, const Val *v, Val *const *g, Val **d)
{
	d[0] = g[0];
	d[1] = with_indices(b->graph, v, OP_gather, g[0], NULL, 2);
}

/* Of elements put at one place the last stays: which it was is asked by scattering their numbers.
 */
void grad_scatter_set(Backward *b, const Val *v, Val *const *g, Val **d)
{
	Graph *graph = b->graph;
	Loc loc = v->loc;
	const Type *whole = v->in[0]->type, *part = v->in[1]->type, *index = v->in[2]->type;
	int axis = v->attr.gather.axis;
	d[0] = with_indices(graph, v, OP_scatter_set, g[0], build_full(graph, loc, part, 0), 2);
	const Type *places =
		type_array(graph->arena, DT_int64, v->attr.gather.count, whole->size + axis);
	const Size *count = type_count(graph->arena, index);
	Val *number = build(graph, loc, OP_iota, 0, NULL, NULL,
			    type_array(graph->arena, DT_int64, 1, &count));
	number = build_reshape(graph, loc, number, index->rank, index->size);
	Attr attr = {.gather = {0, v->attr.gather.count}};
	Val *in[MAX_RANK + 2] = {build_full(graph, loc, places, -1), number};
	for (int i = 2; i < v->nin; i++)
		in[i] = v->in[i];
	Val *last = build(graph, loc, OP_scatter_set, v->nin, in, &attr, NULL);
	in[1] = last;
	Val *stays = build_elem(graph, loc, OP_eq,
				build(graph, loc, OP_gather, v->nin - 1, in + 1, &attr, NULL),
				number, NULL);
	int8_t to[MAX_RANK];
	for (int i = 0; i < index->rank; i++)
		to[i] = (int8_t)(axis + i);
	d[1] = build_elem(graph, loc, OP_select,
			  build_broadcast(graph, loc, stays, part->rank, part->size, to),
			  with_indices(graph, v, OP_gather, g[0], NULL, 2),
			  build_number(graph, loc, g[0]->type->dtype, 0));
}

/* zeros with g added at position `at` along an axis */
static Val *put_along(Graph *graph, const Val *v, Val *g, Val *at)
{
	const Type *whole = v->in[0]->type;
	Val *in[MAX_RANK + 2] = {build_full(graph, v->loc, whole, 0), g};
	for (int i = 0; i < whole->rank; i++)
		in[i + 2] = i == v->attr.sort.axis
				    ? at
				    : build_iota(graph, v->loc, at->type, DT_int64, i);
	Attr attr = {.gather = {0, whole->rank}};
	return build(graph, v->loc, OP_scatter_add, whole->rank + 2, in, &attr, NULL);
}

void grad_sort(Backward *b, const Val *v, Val *const *g, Val **d)
{
	Val *order = build(b->graph, v->loc, OP_argsort, 1, v->in, &v->attr, NULL);
	d[0] = put_along(b->graph, v, g[0], order);
}

void grad_topk(Backward *b, const Val *v, Val *const *g, Val **d)
{
	if (g[0])
		d[0] = put_along(b->graph, v, g[0],
				 build_get(b->graph, v->loc, b->graph->vals.data[v->id], 1));
}
