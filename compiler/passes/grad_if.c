/* grad_if.c -- the gradient of a choice between two regions: the same choice between their
 * gradients */
#include "build_more.h"
#include "grad.h"

/* The gradient of a branch as a region of its own: captured values and the results' adjoints in;
 * the adjoints of the captured floats out. */
static Graph *branch_backward(Backward *b, const Val *v, int which, Val *const *g)
{
	const Graph *branch = v->region[which];
	Graph *region = graph_new(b->graph->arena);
	int ncaptured = v->nin - 1, nresults = branch->results.len, nseeds = 0;
	Val **param = NEW_ARRAY(b->scratch, Val *, ncaptured + 1);
	Val **result = NEW_ARRAY(b->scratch, Val *, nresults + 1);
	Val **adjoint = NEW_ARRAY(b->scratch, Val *, nresults + 1);
	Val **gradient = NEW_ARRAY(b->scratch, Val *, ncaptured + 1);
	for (int i = 0; i < ncaptured; i++)
		param[i] = build_param(region, v->loc, v->in[i + 1]->type);
	for (int i = 0; i < nresults; i++)
		if (g[i])
			adjoint[i] = build_param(region, v->loc, g[i]->type);
	build_inline(region, branch, param, NULL, result);
	for (int i = 0; i < nresults; i++)
		if (g[i]) {
			result[nseeds] = result[i];
			adjoint[nseeds++] = adjoint[i];
		}
	backward(b->cx, region, nseeds, result, adjoint, ncaptured, param, gradient);
	for (int i = 0; i < ncaptured; i++)
		if (wanted(b, v, i + 1))
			push(region->arena, &region->results,
			     gradient[i] ? gradient[i]
					 : build_full(region, v->loc, v->in[i + 1]->type, 0));
	return region;
}

void grad_if(Backward *b, const Val *v, Val *const *g, Val **d)
{
	int n = v->nin;
	Val **in = NEW_ARRAY(b->scratch, Val *, v->nin + v->type->nitems + 1);
	for (int i = 0; i < v->nin; i++)
		in[i] = v->in[i];
	for (int i = 0; i < v->type->nitems; i++)
		if (g[i])
			in[n++] = g[i];
	Graph *region[] = {branch_backward(b, v, 0, g), branch_backward(b, v, 1, g)};
	Val *gradients = build_region(b->graph, v->loc, OP_if, n, in, NULL, 2, region);
	int k = 0;
	for (int i = 1; i < v->nin; i++)
		if (wanted(b, v, i))
			d[i] = build_get(b->graph, v->loc, gradients, k++);
}
