/* every_op.h -- a model with each op at least once, for tests of what handles all graphs */
#ifndef EVERY_OP_H
#define EVERY_OP_H

#include "../../compiler/ir/ir.h"

typedef struct EveryOp {
	Arena *arena;
	Model *model;
	Func *func;
	Graph *g;
} EveryOp;

static void every_out(EveryOp *e, const char *name, Val *v)
{
	FuncOut out = {.name = arena_printf(e->arena, "%s_%d", name, e->func->outs.len)};
	v->name = v->name ? v->name : name;
	push(e->arena, &e->func->outs, out);
	push(e->arena, &e->g->results, v);
}

static Val *every_arg(EveryOp *e, const char *name, const Type *type)
{
	FuncArg *a = NEW(e->arena, FuncArg);
	a->name = name;
	a->type = type;
	a->index = e->func->args.len;
	push(e->arena, &e->func->args, a);
	return build(e->g, (Loc){0}, OP_arg, 0, NULL, &(Attr){.arg = a}, NULL);
}

static const Type *every_type(EveryOp *e, DType t, int rank, const Size *a, const Size *b,
			      const Size *c)
{
	const Size *size[] = {a, b, c};
	return type_array(e->arena, t, rank, size);
}

/* one node of each row, at the first dtype that it takes */
static void every_row(EveryOp *e, Val *x, Val *n, Val *b)
{
	Loc here = {0};
	for (int op = 0; op_info((Op)op)->elementwise; op++) {
		const OpInfo *info = op_info((Op)op);
		Val *in[3];
		for (int i = 0; i < 3; i++)
			in[i] = info->types == TYPES_INT                ? n
				: info->types == TYPES_LOGIC            ? b
				: info->types == TYPES_SELECT && i == 0 ? b
									: x;
		const Type *said =
			info->types == TYPES_CAST ? type_scalar(e->arena, DT_int32) : NULL;
		every_out(e, info->name, build(e->g, here, (Op)op, info->arity, in, NULL, said));
	}
}

static void every_loop(EveryOp *e, Val *x, Val *b)
{
	Loc here = {0};
	Arena *a = e->arena;
	Val *start = build_const(e->g, here, DT_float32, 0.5, 0),
	    *scale = build_cast(e->g, here, start, DT_float64);
	/* carry s, row of x; captures scale; a branch inside */
	Graph *body = graph_new(a), *then = graph_new(a), *other = graph_new(a);
	build_param(body, here, type_scalar(a, DT_int64));
	Val *carry = build_param(body, here, start->type);
	Val *row =
		build_param(body, here, every_type(e, DT_float32, 1, x->type->size[1], NULL, NULL));
	Val *sum = build_reduce(body, here, REDUCE_sum, row, 1);
	Val *scaled = build_elem(body, here, OP_mul, build_cast(body, here, sum, DT_float64), scale,
				 NULL);
	Val *next = build_elem(body, here, OP_add, carry,
			       build_cast(body, here, scaled, DT_float32), NULL);
	push(a, &then->results, build_elem(then, here, OP_exp, next, NULL, NULL));
	push(a, &other->results, next);
	int nthen, nother;
	Val **cthen, **cother;
	region_close(then, a, &nthen, &cthen);
	region_close(other, a, &nother, &cother);
	Val *stop = build_elem(body, here, OP_lt, sum, carry, NULL);
	Val *in_if[] = {stop, cthen[0]};
	Graph *branches[] = {then, other};
	Val *branch = build_region(body, here, OP_if, 2, in_if, NULL, 2, branches);
	Attr draw = {.random = {7}};
	push(a, &body->results, next);
	push(a, &body->results, build_get(body, here, branch, 0));
	push(a, &body->results,
	     build(body, here, OP_random_bits, 0, NULL, &draw,
		   every_type(e, DT_uint32, 1, size_const(a, 3), NULL, NULL)));
	push(a, &body->results, stop);
	int ncaptured;
	Val **captured;
	region_close(body, a, &ncaptured, &captured);
	Val *in[8] = {start, x};
	for (int i = 0; i < ncaptured; i++)
		in[2 + i] = captured[i];
	Attr attr = {.scan = {.steps = x->type->size[0],
			      .ncarry = 1,
			      .nseq = 1,
			      .nemit = 2,
			      .until = true}};
	Val *scan = build_region(e->g, here, OP_scan, 2 + ncaptured, in, &attr, 1, &body);
	for (int i = 0; i < 3; i++)
		every_out(e, "scan", build_get(e->g, here, scan, i));
	(void)b;
}

/* what is handed to builders is gone when this returns */
static void every_movement(EveryOp *e, Val *x, Val *index)
{
	Loc here = {0};
	Arena *a = arena_new();
	Graph *g = e->g;
	const Size *batch = x->type->size[0], *five = x->type->size[1], *one = size_const(a, 1),
		   *zero = size_const(a, 0);
	const Size *flat[] = {size_mul(a, batch, five)}, *wide[] = {size_const(a, 2), batch, five};
	every_out(e, "reshape", build_reshape(g, here, x, 1, flat));
	every_out(e, "transpose", build_transpose(g, here, x, (int8_t[]){1, 0}));
	every_out(e, "broadcast", build_broadcast(g, here, x, 3, wide, (int8_t[]){1, 2}));
	/* from a value: x[i : i + 1, 4 : : -2] */
	const Size *start[] = {size_atom(a, &(Atom){.kind = ATOM_VALUE, .value = index}),
			       size_const(a, 4)};
	const Size *part[] = {one, size_const(a, 3)};
	Val *slice = build_slice(g, here, x, start, (int64_t[]){1, -2}, part);
	every_out(e, "slice", slice);
	every_out(e, "set_slice", build_set_slice(g, here, x, slice, start, (int64_t[]){1, -2}));
	Attr pad = {.pad = {.lo = {one, zero},
			    .hi = {batch, size_const(a, 2)},
			    .gap = {0, 1},
			    .fill = -INFINITY}};
	every_out(e, "pad", build(g, here, OP_pad, 1, &x, &pad, NULL));
	Val *twice[] = {x, x};
	every_out(e, "concat", build(g, here, OP_concat, 2, twice, &(Attr){.concat = {0}}, NULL));
	Attr windows = {
		.windows = {.axis = 1, .size = size_const(a, 2), .stride = 2, .dilation = 2}};
	every_out(e, "windows", build(g, here, OP_windows, 1, &x, &windows, NULL));
	Attr rows = {.gather = {.axis = 0, .count = 1}};
	Val *places = build(g, here, OP_iota, 0, NULL, NULL,
			    every_type(e, DT_int64, 1, batch, NULL, NULL));
	Val *gather[] = {x, places};
	Val *gathered = build(g, here, OP_gather, 2, gather, &rows, NULL);
	Val *scatter[] = {x, gathered, places};
	every_out(e, "gather", gathered);
	every_out(e, "scatter_set", build(g, here, OP_scatter_set, 3, scatter, &rows, NULL));
	every_out(e, "scatter_add", build(g, here, OP_scatter_add, 3, scatter, &rows, NULL));
	arena_free(a);
}

static void every_other(EveryOp *e, Val *x, Val *w)
{
	Loc here = {0};
	Graph *g = e->g;
	Attr axis = {.sort = {.axis = 1, .k = 2}};
	every_out(e, "reduce", build_reduce(g, here, REDUCE_argmax, x, 2));
	every_out(e, "cumsum",
		  build(g, here, OP_cumsum, 1, &x, &(Attr){.cumsum = {1, true}}, NULL));
	every_out(e, "contraction", build_contraction(g, here, x, w, "ab,bc->ac"));
	every_out(e, "sort", build(g, here, OP_sort, 1, &x, &axis, NULL));
	every_out(e, "argsort", build(g, here, OP_argsort, 1, &x, &axis, NULL));
	every_out(e, "topk", build_get(g, here, build(g, here, OP_topk, 1, &x, &axis, NULL), 1));
	every_out(e, "cholesky", build(g, here, OP_cholesky, 1, &w, NULL, NULL));
	Val *solve[] = {w, w};
	every_out(e, "triangular_solve",
		  build(g, here, OP_triangular_solve, 2, solve,
			&(Attr){.triangular = {true, false}}, NULL));
	every_out(e, "size", build_size(g, here, size_floordiv(e->arena, x->type->size[0], 2)));
	Val *cost = build_reduce(g, here, REDUCE_sum, x, 3), *grad[] = {cost, x};
	every_out(e, "grad",
		  build_get(g, here,
			    build(g, here, OP_grad, 2, grad, &(Attr){.grad = {true}}, NULL), 0));
	every_out(e, "extern",
		  build(g, here, OP_extern, 1, &x, &(Attr){.ext = e->model->externs.data[0]},
			x->type));
}

static EveryOp every_op(Arena *a)
{
	EveryOp e = {a, NEW(a, Model), NEW(a, Func), graph_new(a)};
	Dim *batch = NEW(a, Dim), *open = NEW(a, Dim);
	*batch = (Dim){.name = "batch", .lo = 1, .hi = 1024, .index = 0};
	*open = (Dim){.name = "x_1", .lo = 0, .hi = INT64_MAX, .anonymous = true, .index = 1};
	e.model->arena = a;
	e.model->name = "every";
	e.model->floatX = DT_float32;
	push(a, &e.model->dims, batch);
	push(a, &e.model->dims, open);
	Extern *ext = NEW(a, Extern);
	ext->name = "own";
	ext->symbol[DT_float32] = "own_f";
	push(a, &ext->includes, "own \"special\".h");
	push(a, &e.model->externs, ext);
	const Size *five = size_const(a, 5), *n = size_dim(a, batch);
	Var *w = NEW(a, Var);
	*w = (Var){.kind = VAR_PARAM,
		   .name = "blocks.*.W",
		   .stack = 3,
		   .type = every_type(&e, DT_float32, 2, five, five, NULL)};
	push(a, &e.model->vars, w);
	e.func->name = "train";
	e.func->training = e.func->draws = true;
	e.func->graph = e.g;
	push(a, &e.func->dims, batch);
	push(a, &e.model->funcs, e.func);
	Val *x = every_arg(&e, "x", every_type(&e, DT_float32, 2, n, five, NULL));
	Val *ints = every_arg(&e, "ints", every_type(&e, DT_int64, 2, n, five, NULL));
	Val *bools = every_arg(&e, "bools", every_type(&e, DT_bool, 2, n, five, NULL));
	Val *index = every_arg(&e, "index", type_scalar(a, DT_int64));
	Val *weight = build(e.g, (Loc){0}, OP_var, 0, NULL, &(Attr){.var = w}, NULL);
	e.func->args.data[3]->has_default = true;
	e.func->args.data[3]->value = 3;
	every_row(&e, x, ints, bools);
	every_loop(&e, x, bools);
	every_movement(&e, x, index);
	every_other(&e, x, weight);
	FuncUpdate update = {.var = w};
	FuncCheck check = {.text = "index outside [0, 10)", .what = "train.index"};
	push(a, &e.func->updates, update);
	push(a, &e.g->results, build_elem(e.g, (Loc){0}, OP_neg, weight, NULL, NULL));
	push(a, &e.func->checks, check);
	push(a, &e.g->results,
	     build_elem(e.g, (Loc){0}, OP_lt, index, build_const(e.g, (Loc){0}, DT_int64, 0, 10),
			NULL));
	return e;
}

#endif
