/* gradients.c -- gradients by the pass against central differences through the evaluator, in
 * float64 */
#include "gradients.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

Val *scratch_arg(Scratch *s, DType dtype, int rank, const int64_t *extent, int64_t below, double lo,
		 double hi)
{
	const Size *size[MAX_RANK];
	for (int i = 0; i < rank; i++)
		size[i] = size_const(s->arena, extent[i]);
	FuncArg *arg = NEW(s->arena, FuncArg);
	arg->name = arena_printf(s->arena, "x%d", s->nargs);
	arg->type = type_array(s->arena, dtype, rank, size);
	arg->index = s->nargs;
	push(s->arena, &s->func->args, arg);
	Array *a = array_new(s->arena, dtype, rank, extent);
	uint64_t state = 7919u * (uint64_t)(s->nargs + 1);
	for (int64_t i = 0; i < a->count; i++)
		if (a->f)
			a->f[i] = lo + (hi - lo) * next(&state) / 2147483648.0;
		else
			a->i[i] = next(&state) % below;
	s->input[s->nargs++] = a;
	Attr attr = {.arg = arg};
	return build(s->func->graph, (Loc){0}, OP_arg, 0, NULL, &attr, arg->type);
}

void scratch_open(Scratch *s, const Case *c)
{
	Arena *arena = arena_new();
	*s = (Scratch){.arena = arena,
		       .model = NEW(arena, Model),
		       .func = NEW(arena, Func),
		       .diag = diag_new(arena)};
	s->model->arena = arena;
	s->model->name = "scratch";
	s->model->floatX = DT_float64;
	s->func->name = "f";
	s->func->graph = graph_new(arena);
	push(arena, &s->model->funcs, s->func);
	for (int i = 0; i < c->nargs; i++) {
		const char *t = c->arg[i];
		DType dtype = *t == 'i' ? DT_int64 : *t == 'b' ? DT_bool : DT_float64;
		long below = 2;
		char *end;
		if (dtype == DT_int64) {
			below = strtol(t + 1, &end, 10);
			t = end + 1;
		} else if (dtype == DT_bool)
			t++;
		int64_t size[MAX_RANK];
		int rank = 0;
		while (*t) {
			size[rank++] = strtol(t, &end, 10);
			t = *end == ',' ? end + 1 : end;
		}
		s->args[i] = scratch_arg(s, dtype, rank, size, below, c->lo, c->hi);
	}
}

void scratch_close(Scratch *s)
{
	arena_free(s->arena);
}

Array **scratch_eval(Scratch *s)
{
	EvalInput in = {.args = s->input};
	return eval_func(s->arena, s->model, s->func, &in);
}

Val *project(Scratch *s, Val *y)
{
	if (y->type->rank == 0)
		return y;
	int64_t size[MAX_RANK];
	for (int i = 0; i < y->type->rank; i++)
		size_is_const(y->type->size[i], &size[i]);
	Val *w = scratch_arg(s, DT_float64, y->type->rank, size, 0, -1, 1);
	Graph *g = s->func->graph;
	return build_reduce(g, (Loc){0}, REDUCE_sum, build_elem(g, (Loc){0}, OP_mul, y, w, NULL),
			    (1u << y->type->rank) - 1);
}

void gradients_of(Graph *g, Val *cost, int n, Val *const *by, Val **gradient)
{
	Val *in[MAX_ARGS + 1] = {cost};
	for (int i = 0; i < n; i++)
		in[i + 1] = by[i];
	Attr attr = {.grad = {true}};
	Val *tuple = build(g, (Loc){0}, OP_grad, n + 1, in, &attr, NULL);
	for (int i = 0; i < n; i++)
		gradient[i] = build_get(g, (Loc){0}, tuple, i);
}

/* results: the cost, then its gradients; every gradient against differences of the cost */
static double compare(Scratch *s, int nby, const int *by)
{
	PassOptions options = {.floatX = DT_float64, .level = 0};
	if (!run_passes(s->model, s->func, &options, s->diag, NULL)) {
		diag_flush(s->diag, stdout);
		return -1;
	}
	Array **result = scratch_eval(s);
	double worst = 0;
	for (int k = 0; k < nby; k++) {
		Array *x = s->input[by[k]];
		for (int64_t i = 0; i < x->count; i++) {
			double old = x->f[i], h = 1e-5 * fmax(1, fabs(old)), at[2];
			for (int side = 0; side < 2; side++) {
				x->f[i] = side ? old + h : old - h;
				at[side] = scratch_eval(s)[0]->f[0];
			}
			x->f[i] = old;
			double expected = (at[1] - at[0]) / (2 * h), got = result[k + 1]->f[i];
			double scale = fmax(1, fmax(fabs(expected), result[0]->magnitude[0]));
			double error = fabs(got - expected) / scale;
			if (!(error <= worst))
				worst = isnan(error) ? INFINITY : error;
		}
	}
	return worst;
}

static double measure(const Case *c, bool second)
{
	Scratch s;
	scratch_open(&s, c);
	Graph *g = s.func->graph;
	Val *by[MAX_ARGS], *gradient[MAX_ARGS];
	int index[MAX_ARGS], n = 0;
	for (int i = 0; i < c->nargs; i++)
		if (s.args[i]->type->dtype == DT_float64) {
			index[n] = i;
			by[n++] = s.args[i];
		}
	Val *cost = project(&s, c->expression(g, s.args));
	gradients_of(g, cost, n, by, gradient);
	if (second) {
		cost = NULL;
		for (int i = 0; i < n; i++) {
			Val *part = project(&s, gradient[i]);
			cost = cost ? build_elem(g, (Loc){0}, OP_add, cost, part, NULL) : part;
		}
		gradients_of(g, cost, n, by, gradient);
	}
	push(s.arena, &g->results, cost);
	push(s.arena, &s.func->outs, (FuncOut){.name = "cost"});
	for (int i = 0; i < n; i++) {
		push(s.arena, &g->results, gradient[i]);
		push(s.arena, &s.func->outs, (FuncOut){.name = arena_printf(s.arena, "d%d", i)});
	}
	double error = compare(&s, n, index);
	scratch_close(&s);
	return error;
}

double gradient_error(const Case *c)
{
	return measure(c, false);
}

double second_gradient_error(const Case *c)
{
	return measure(c, true);
}
