/* region.c -- closing a region: what it uses from outside becomes its parameters */
#include "ir.h"

typedef struct Closing {
	Graph *region;
	VEC(const Val *) outside;
	VEC(Val *) inside; /* what stands for each in the region */
	VEC(Val *) front;  /* the new nodes */
	VEC(Val *) captured;
} Closing;

/* A copy of a node without operands, or a parameter; not in the region's order yet. */
static Val *stand_in(Closing *c, Val *v)
{
	for (int i = 0; i < c->outside.len; i++)
		if (c->outside.data[i] == v)
			return c->inside.data[i];
	Arena *arena = c->region->arena;
	Val *in = NEW(arena, Val);
	*in = *v;
	in->graph = c->region;
	if (v->op != OP_const && v->op != OP_size) {
		in->op = OP_param;
		in->nin = 0;
		in->nregions = 0;
		in->attr = (Attr){.param = {c->region->params.len}};
		push(arena, &c->region->params, in);
		push(arena, &c->captured, v);
	}
	in->type = type_copy(arena, v->type);
	in->attr = attr_copy(arena, in);
	push(arena, &c->outside, v);
	push(arena, &c->inside, in);
	push(arena, &c->front, in);
	return in;
}

void region_close(Graph *region, Arena *arena, int *ncaptured, Val ***captured)
{
	Closing c = {.region = region};
	graph_drop_unused(region); /* what nobody asked for takes nothing in */
	for (int i = 0; i < region->vals.len; i++) {
		Val *v = region->vals.data[i];
		Val **in = NEW_ARRAY(region->arena, Val *, v->nin + 1);
		for (int k = 0; k < v->nin; k++)
			in[k] = v->in[k]->graph == region ? v->in[k] : stand_in(&c, v->in[k]);
		v->in = in;
	}
	for (int i = 0; i < region->results.len; i++)
		if (region->results.data[i]->graph != region)
			region->results.data[i] = stand_in(&c, region->results.data[i]);
	/* operands come first: the parameters lead, in their order, then the new constants */
	VEC(Val *) order = {0};
	for (int i = 0; i < region->params.len; i++)
		push(region->arena, &order, region->params.data[i]);
	for (int i = 0; i < c.front.len; i++)
		if (c.front.data[i]->op != OP_param)
			push(region->arena, &order, c.front.data[i]);
	for (int i = 0; i < region->vals.len; i++)
		if (region->vals.data[i]->op != OP_param)
			push(region->arena, &order, region->vals.data[i]);
	region->vals.len = 0;
	for (int i = 0; i < order.len; i++) {
		order.data[i]->id = i;
		push(region->arena, &region->vals, order.data[i]);
	}
	*ncaptured = c.captured.len;
	*captured = NEW_ARRAY(arena, Val *, c.captured.len + 1);
	for (int i = 0; i < c.captured.len; i++)
		(*captured)[i] = c.captured.data[i];
}
