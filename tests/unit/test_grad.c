/* test_grad.c -- every row and structural op: gradients and second gradients against central
 * differences */
#include <math.h>

#include "../../compiler/passes/build_more.h"
#include "gradients.h"
#include "test.h"

static const Loc nowhere = {0};

/* ---- rows */
typedef struct Domain {
	double lo, hi;
} Domain;
static const Domain ANY = {-2, 2}, POSITIVE = {0.3, 3}, UNIT = {-0.8, 0.8}, ABOVE_ONE = {1.2, 3},
		    SHIFT = {0, 8};

typedef struct RowCase {
	Op op;
	const char *name;
	int arity;
	const Domain *domain;
} RowCase;
static const RowCase row_cases[] = {
#define ELEM(op, arity, types, vector, value, integer, derivative, domain)                         \
	{OP_##op, #op, arity, &domain},
#include "../../compiler/ir/ops.def"
#undef ELEM
};
enum { NROWS = sizeof row_cases / sizeof row_cases[0] };

/* the expression of the row at hand; one test at a time */
typedef Val *Expression(Graph *, Val *const *);
#define ELEM(op, arity, types, vector, value, integer, derivative, domain)                         \
	static Val *expression_##op(Graph *g, Val *const *x)                                       \
	{                                                                                          \
		Val *const *in =                                                                   \
			TYPES_##types == TYPES_SELECT ? (Val *const[]){x[2], x[0], x[1]} : x;      \
		return build(g, nowhere, OP_##op, arity, in, NULL,                                 \
			     TYPES_##types == TYPES_CAST ? x[0]->type : NULL);                     \
	}
#include "../../compiler/ir/ops.def"
#undef ELEM
static Expression *const row_expressions[] = {
#define ELEM(op, arity, types, vector, value, integer, derivative, domain) expression_##op,
#include "../../compiler/ir/ops.def"
#undef ELEM
};

static void test_rows(void)
{
	static const char *const shapes[][3] = {
		{"2,3", "2,3", "2,3"}, {"", "4", "4"}, {"4", "", "4"}};
	int tested = 0;
	for (int r = 0; r < NROWS; r++) {
		const RowCase *row = &row_cases[r];
		if (row->op == OP_grad_clip || row->op == OP_grad_scale)
			continue; /* not the derivative of its value: below */
		if (!op_info(row->op)->differentiable)
			continue;
		tested++;
		for (int k = 0; k < (row->arity > 1 ? 3 : 1); k++) {
			Case c = {.name = row->name,
				  .nargs = row->arity,
				  .arg = {shapes[k][0], shapes[k][1], "b2,3"},
				  .lo = row->domain->lo,
				  .hi = row->domain->hi,
				  .expression = row_expressions[row->op]};
			if (k)
				c.arg[2] = "b4";
			double first = gradient_error(&c), second = second_gradient_error(&c);
			if (!CHECK(first >= 0 && first < 1e-8) ||
			    !CHECK(second >= 0 && second < 1e-7))
				printf("  %s, shapes %d: errors %g, second %g\n", row->name, k,
				       first, second);
		}
	}
	CHECK_INT(tested, 39);
}

/* ---- structural ops */
static Val *elem(Graph *g, Op op, Val *a, Val *b)
{
	return build_elem(g, nowhere, op, a, b, NULL);
}

static Val *tanh_of(Graph *g, Val *x)
{
	return elem(g, OP_tanh, x, NULL);
}

static Val *sum_01(Graph *g, Val *const *x)
{
	return build_reduce(g, nowhere, REDUCE_sum, tanh_of(g, x[0]), 5);
}
static Val *prod_1(Graph *g, Val *const *x)
{
	return build_reduce(g, nowhere, REDUCE_prod, x[0], 2);
}
static Val *max_1(Graph *g, Val *const *x)
{
	return build_reduce(g, nowhere, REDUCE_max, elem(g, OP_mul, x[0], x[0]), 2);
}
static Val *max_02(Graph *g, Val *const *x)
{
	return build_reduce(g, nowhere, REDUCE_max, elem(g, OP_mul, x[0], x[0]), 5);
}
static Val *min_all(Graph *g, Val *const *x)
{
	return build_reduce(g, nowhere, REDUCE_min, elem(g, OP_mul, x[0], x[0]), 7);
}
static Val *cumsum_1(Graph *g, Val *const *x)
{
	Attr attr = {.cumsum = {1, true}};
	return build(g, nowhere, OP_cumsum, 1, (Val *[]){tanh_of(g, x[0])}, &attr, NULL);
}
static Val *product(Graph *g, Val *const *x)
{
	return build_contraction(g, nowhere, tanh_of(g, x[0]), x[1], "ij,jk->ik");
}
static Val *product_batch(Graph *g, Val *const *x)
{
	return build_contraction(g, nowhere, x[0], x[1], "bij,kbj->bki");
}
static Val *product_square(Graph *g, Val *const *x)
{
	return build_contraction(g, nowhere, x[0], x[0], "ij,kj->ik");
}
static Val *product_outer(Graph *g, Val *const *x)
{
	return build_contraction(g, nowhere, x[0], x[1], "i,j->ji");
}
static Val *reshape(Graph *g, Val *const *x)
{
	const Size *size[] = {size_const(g->arena, 2), size_const(g->arena, 6)};
	return build_reshape(g, nowhere, tanh_of(g, x[0]), 2, size);
}
static Val *transpose(Graph *g, Val *const *x)
{
	return build_transpose(g, nowhere, tanh_of(g, x[0]), (const int8_t[]){2, 0, 1});
}
static Val *broadcast(Graph *g, Val *const *x)
{
	const Size *size[] = {size_const(g->arena, 3), size_const(g->arena, 2),
			      size_const(g->arena, 5)};
	return build_broadcast(g, nowhere, tanh_of(g, x[0]), 3, size, (const int8_t[]){0, 2});
}
static Val *slice(Graph *g, Val *const *x)
{
	const Size *start[] = {size_const(g->arena, 1), size_const(g->arena, 5)};
	const Size *size[] = {size_const(g->arena, 2), size_const(g->arena, 3)};
	return build_slice(g, nowhere, tanh_of(g, x[0]), start, (const int64_t[]){1, -2}, size);
}
static Val *slice_moving(Graph *g, Val *const *x)
{
	const Size *start[] = {size_atom(g->arena, &(Atom){.kind = ATOM_VALUE, .value = x[1]}),
			       size_const(g->arena, 0)};
	const Size *size[] = {size_const(g->arena, 2), size_const(g->arena, 6)};
	return build_slice(g, nowhere, tanh_of(g, x[0]), start, (const int64_t[]){1, 1}, size);
}
static Val *set_slice(Graph *g, Val *const *x)
{
	const Size *start[] = {size_atom(g->arena, &(Atom){.kind = ATOM_VALUE, .value = x[2]}),
			       size_const(g->arena, 1)};
	return build_set_slice(g, nowhere, tanh_of(g, x[0]), tanh_of(g, x[1]), start,
			       (const int64_t[]){1, 2});
}
static Val *pad(Graph *g, Val *const *x)
{
	Attr attr = {.pad = {.lo = {size_const(g->arena, 1), size_const(g->arena, 0)},
			     .hi = {size_const(g->arena, 0), size_const(g->arena, 2)},
			     .gap = {2, 0},
			     .fill = 3}};
	return build(g, nowhere, OP_pad, 1, (Val *[]){tanh_of(g, x[0])}, &attr, NULL);
}
static Val *concat(Graph *g, Val *const *x)
{
	Attr attr = {.concat = {1}};
	return build(g, nowhere, OP_concat, 3, (Val *[]){x[0], tanh_of(g, x[1]), x[0]}, &attr,
		     NULL);
}
static Val *windows_of(Graph *g, Val *x, int64_t size, int64_t stride, int64_t dilation)
{
	Attr attr = {.windows = {1, size_const(g->arena, size), stride, dilation}};
	return build(g, nowhere, OP_windows, 1, (Val *[]){tanh_of(g, x)}, &attr, NULL);
}
static Val *windows_few(Graph *g, Val *const *x)
{
	return windows_of(g, x[0], 3, 2, 2);
}
static Val *windows_many(Graph *g, Val *const *x)
{
	return windows_of(g, x[0], 34, 2, 1);
}
static Val *convolution(Graph *g, Val *const *x)
{
	Attr rows = {.windows = {2, size_const(g->arena, 3), 1, 1}},
	     columns = {.windows = {3, size_const(g->arena, 2), 2, 1}};
	Val *w = build(g, nowhere, OP_windows, 1, x, &rows, NULL);
	w = build(g, nowhere, OP_windows, 1, &w, &columns, NULL);
	return build_contraction(g, nowhere, w, x[1], "ncyxij,ocij->noyx");
}
static Val *gather(Graph *g, Val *const *x)
{
	Attr attr = {.gather = {1, 1}};
	return build(g, nowhere, OP_gather, 2, (Val *[]){tanh_of(g, x[0]), x[1]}, &attr, NULL);
}
static Val *gather_two(Graph *g, Val *const *x)
{
	Attr attr = {.gather = {0, 2}};
	return build(g, nowhere, OP_gather, 3, (Val *[]){tanh_of(g, x[0]), x[1], x[2]}, &attr,
		     NULL);
}
static Val *scatter_add(Graph *g, Val *const *x)
{
	Attr attr = {.gather = {0, 1}};
	return build(g, nowhere, OP_scatter_add, 3,
		     (Val *[]){tanh_of(g, x[0]), tanh_of(g, x[1]), x[2]}, &attr, NULL);
}
static Val *scatter_set(Graph *g, Val *const *x)
{
	Attr attr = {.gather = {1, 1}};
	return build(g, nowhere, OP_scatter_set, 3,
		     (Val *[]){tanh_of(g, x[0]), tanh_of(g, x[1]), x[2]}, &attr, NULL);
}
static Val *sort(Graph *g, Val *const *x)
{
	Attr attr = {.sort = {1, 0}};
	return build(g, nowhere, OP_sort, 1, (Val *[]){elem(g, OP_mul, x[0], x[0])}, &attr, NULL);
}
static Val *topk(Graph *g, Val *const *x)
{
	Attr attr = {.sort = {0, 2}};
	return build_get(
		g, nowhere,
		build(g, nowhere, OP_topk, 1, (Val *[]){elem(g, OP_mul, x[0], x[0])}, &attr, NULL),
		0);
}
static Val *softmax(Graph *g, Val *const *x)
{
	Val *m = build_restore(g, nowhere, build_reduce(g, nowhere, REDUCE_max, x[0], 2),
			       x[0]->type, 2);
	Val *e = elem(g, OP_exp, elem(g, OP_sub, x[0], m), NULL);
	return elem(g, OP_div, e,
		    build_restore(g, nowhere, build_reduce(g, nowhere, REDUCE_sum, e, 2),
				  x[0]->type, 2));
}
/* an if whose branches use different captured values */
static Val *choice(Graph *g, Val *const *x)
{
	Graph *region[2];
	for (int r = 0; r < 2; r++) {
		region[r] = graph_new(g->arena);
		Val *a = build_param(region[r], nowhere, x[0]->type),
		    *b = build_param(region[r], nowhere, x[1]->type);
		Val *y = r == 0 ? elem(region[r], OP_mul, a, b) : tanh_of(region[r], a);
		push(g->arena, &region[r]->results, y);
		push(g->arena, &region[r]->results, r == 0 ? tanh_of(region[r], y) : a);
	}
	Val *in[] = {x[2], x[0], x[1]};
	Val *tuple = build_region(g, nowhere, OP_if, 3, in, NULL, 2, region);
	return elem(g, OP_add, build_get(g, nowhere, tuple, 0),
		    elem(g, OP_mul, x[0], build_get(g, nowhere, tuple, 1)));
}

/* ---- loops: h' = tanh(x_t w + h u), emitting h' h */
typedef struct Loop {
	bool reverse, until, draws, counts, last_only;
	int64_t truncate;
} Loop;

static Val *loop(Graph *g, Val *const *x, Loop how)
{
	/* x[5, 3], w[3, 2], u[2, 2], h[2] */
	Graph *body = graph_new(g->arena);
	const Type *index = type_scalar(g->arena, DT_int64),
		   *row = type_array(g->arena, DT_float64, 1, x[0]->type->size + 1);
	Val *step = build_param(body, nowhere, index);
	Val *h = build_param(body, nowhere, x[3]->type), *n = build_param(body, nowhere, index);
	Val *e = build_param(body, nowhere, row), *w = build_param(body, nowhere, x[1]->type),
	    *u = build_param(body, nowhere, x[2]->type);
	Val *sum = elem(body, OP_add, build_contraction(body, nowhere, e, w, "i,ij->j"),
			build_contraction(body, nowhere, h, u, "i,ij->j"));
	if (how.counts)
		sum = elem(body, OP_mul, sum,
			   build_cast(body, nowhere, elem(body, OP_add, step, n), DT_float64));
	if (how.draws) {
		Attr place = {.random = {7}};
		Val *bits = build(body, nowhere, OP_random_bits, 0, NULL, &place,
				  type_array(g->arena, DT_uint32, 1, x[3]->type->size));
		sum = elem(body, OP_mul, sum,
			   elem(body, OP_mul, build_cast(body, nowhere, bits, DT_float64),
				build_number(body, nowhere, DT_float64, 0x1p-32)));
	}
	Val *next = tanh_of(body, sum),
	    *count = elem(body, OP_add, n, build_number(body, nowhere, DT_int64, 1));
	push(g->arena, &body->results, next);
	push(g->arena, &body->results, count);
	push(g->arena, &body->results, elem(body, OP_mul, next, h));
	if (how.until)
		push(g->arena, &body->results,
		     elem(body, OP_ge, step, build_number(body, nowhere, DT_int64, 2)));
	Attr attr = {.scan = {.steps = x[0]->type->size[0],
			      .ncarry = 2,
			      .nseq = 1,
			      .nemit = 1,
			      .reverse = how.reverse,
			      .until = how.until,
			      .truncate = how.truncate}};
	Val *in[] = {x[3], build_number(g, nowhere, DT_int64, 1), x[0], x[1], x[2]};
	Val *tuple = build_region(g, nowhere, OP_scan, 5, in, &attr, 1, &body);
	Val *end = build_get(g, nowhere, tuple, 0);
	if (how.last_only)
		return end;
	Val *all = build_reduce(g, nowhere, REDUCE_sum, build_get(g, nowhere, tuple, 2), 1);
	return elem(g, OP_add, end, all);
}
static Val *loop_plain(Graph *g, Val *const *x)
{
	return loop(g, x, (Loop){0});
}
static Val *loop_reverse(Graph *g, Val *const *x)
{
	return loop(g, x, (Loop){.reverse = true});
}
static Val *loop_until(Graph *g, Val *const *x)
{
	return loop(g, x, (Loop){.until = true, .counts = true});
}
static Val *loop_until_reverse(Graph *g, Val *const *x)
{
	return loop(g, x, (Loop){.until = true, .reverse = true});
}
static Val *loop_draws(Graph *g, Val *const *x)
{
	return loop(g, x, (Loop){.draws = true, .reverse = true, .counts = true});
}
static Val *loop_last(Graph *g, Val *const *x)
{
	return loop(g, x, (Loop){.last_only = true});
}
static Val *loop_truncated(Graph *g, Val *const *x)
{
	return loop(g, x, (Loop){.last_only = true, .truncate = 2});
}
/* a product of the elements, by a loop in a loop: the inner one has one step */
static Val *loop_nested(Graph *g, Val *const *x)
{
	const Type *scalar = type_scalar(g->arena, DT_float64),
		   *index = type_scalar(g->arena, DT_int64);
	const Type *one =
		type_array(g->arena, DT_float64, 1, (const Size *[]){size_const(g->arena, 2)});
	Graph *outer = graph_new(g->arena), *inner = graph_new(g->arena);
	build_param(inner, nowhere, index);
	Val *c = build_param(inner, nowhere, scalar), *e = build_param(inner, nowhere, scalar);
	push(g->arena, &inner->results, elem(inner, OP_mul, elem(inner, OP_sin, c, NULL), e));
	build_param(outer, nowhere, index);
	Val *h = build_param(outer, nowhere, scalar), *row = build_param(outer, nowhere, one);
	Attr a = {.scan = {.steps = one->size[0], .ncarry = 1, .nseq = 1}};
	Val *t = build_region(outer, nowhere, OP_scan, 2, (Val *[]){h, row}, &a, 1, &inner);
	push(g->arena, &outer->results, elem(outer, OP_add, build_get(outer, nowhere, t, 0), h));
	Attr b = {.scan = {.steps = x[0]->type->size[0], .ncarry = 1, .nseq = 1}};
	return build_get(g, nowhere,
			 build_region(g, nowhere, OP_scan, 2, (Val *[]){x[1], x[0]}, &b, 1, &outer),
			 0);
}

static const Case structural[] = {
	{"sum", 1, {"2,3,4"}, -2, 2, sum_01, false},
	{"prod", 1, {"2,3,2"}, -2, 2, prod_1, false},
	{"max", 1, {"2,3,4"}, -2, 2, max_1, false},
	{"max of two axes", 1, {"2,3,4"}, -2, 2, max_02, false},
	{"min of all", 1, {"2,3,4"}, -2, 2, min_all, false},
	{"cumsum", 1, {"2,4"}, -2, 2, cumsum_1, false},
	{"product", 2, {"3,4", "4,2"}, -2, 2, product, false},
	{"batched product", 2, {"2,3,4", "5,2,4"}, -2, 2, product_batch, false},
	{"product with itself", 1, {"3,4"}, -2, 2, product_square, false},
	{"outer product", 2, {"3", "4"}, -2, 2, product_outer, false},
	{"reshape", 1, {"3,4"}, -2, 2, reshape, false},
	{"transpose", 1, {"2,3,4"}, -2, 2, transpose, false},
	{"broadcast", 1, {"3,5"}, -2, 2, broadcast, false},
	{"broadcast of size 1", 1, {"3,1"}, -2, 2, broadcast, false},
	{"slice", 1, {"3,6"}, -2, 2, slice, false},
	{"slice at a value", 2, {"3,6", "i2:"}, -2, 2, slice_moving, false},
	{"set_slice", 3, {"3,6", "2,2", "i2:"}, -2, 2, set_slice, false},
	{"pad", 1, {"3,2"}, -2, 2, pad, false},
	{"concat", 2, {"2,3", "2,2"}, -2, 2, concat, false},
	{"windows", 1, {"2,9,2"}, -2, 2, windows_few, false},
	{"windows of 34", 1, {"1,38"}, -2, 2, windows_many, false},
	{"convolution", 2, {"2,2,5,6", "3,2,3,2"}, -2, 2, convolution, false},
	{"gather", 2, {"2,4,3", "i4:5"}, -2, 2, gather, false},
	{"gather by two indices", 3, {"2,4,3", "i2:5", "i4:5"}, -2, 2, gather_two, false},
	{"scatter_add", 3, {"4,2", "5,2", "i4:5"}, -2, 2, scatter_add, false},
	{"scatter_set", 3, {"2,4", "2,5", "i4:5"}, -2, 2, scatter_set, false},
	{"sort", 1, {"2,5"}, -2, 2, sort, false},
	{"topk", 1, {"5,2"}, -2, 2, topk, false},
	{"softmax", 1, {"3,4"}, -2, 2, softmax, false},
	{"if", 3, {"4", "4", "b"}, -2, 2, choice, false},
	{"loop", 4, {"5,3", "3,2", "2,2", "2"}, -1, 1, loop_plain, false},
	{"loop backward", 4, {"5,3", "3,2", "2,2", "2"}, -1, 1, loop_reverse, false},
	{"loop until", 4, {"5,3", "3,2", "2,2", "2"}, -1, 1, loop_until, false},
	{"loop backward until", 4, {"5,3", "3,2", "2,2", "2"}, -1, 1, loop_until_reverse, false},
	{"loop with draws", 4, {"5,3", "3,2", "2,2", "2"}, -1, 1, loop_draws, false},
	{"last of a loop", 4, {"5,3", "3,2", "2,2", "2"}, -1, 1, loop_last, false},
	{"loop in a loop", 2, {"3,2", ""}, -1, 1, loop_nested, false},
};

/* by the elements of a truncated loop: as of the loop over the last ones, from where it then was; 0
 * before */
static void test_truncated(void)
{
	Scratch s[2];
	Array *got[2];
	for (int k = 0; k < 2; k++) {
		scratch_open(
			&s[k],
			&(Case){.nargs = 4, .arg = {"5,3", "3,2", "2,2", "2"}, .lo = -1, .hi = 1});
		Graph *g = s[k].func->graph;
		Val *d[2], *y = k ? loop_truncated(g, s[k].args) : loop_last(g, s[k].args);
		gradients_of(g, build_reduce(g, nowhere, REDUCE_sum, y, 1), 2,
			     (Val *[]){s[k].args[0], s[k].args[3]}, d);
		for (int i = 0; i < 2; i++) {
			push(s[k].arena, &g->results, d[i]);
			push(s[k].arena, &s[k].func->outs, (FuncOut){.name = i ? "h" : "x"});
		}
		CHECK(run_passes(s[k].model, s[k].func, &(PassOptions){.floatX = DT_float64},
				 s[k].diag, NULL));
		Array **r = scratch_eval(&s[k]);
		got[k] = r[0];
		CHECK((r[1]->f[0] == 0) == k);
	}
	for (int i = 0; i < 15; i++)
		CHECK_NEAR(got[1]->f[i], i < 9 ? 0 : got[0]->f[i], 1e-14);
	scratch_close(&s[0]);
	scratch_close(&s[1]);
}

static void test_structural(void)
{
	for (size_t i = 0; i < sizeof structural / sizeof structural[0]; i++) {
		double first = gradient_error(&structural[i]),
		       second = second_gradient_error(&structural[i]);
		if (!CHECK(first >= 0 && first < 1e-8) || !CHECK(second >= 0 && second < 1e-7))
			printf("  %s: errors %g, second %g\n", structural[i].name, first, second);
	}
}

/* ---- values that are not central differences */
static void gradient_values(const Case *c, const double *x, const double *expected, int n)
{
	Scratch s;
	scratch_open(&s, c);
	Graph *g = s.func->graph;
	Val *y = c->expression(g, s.args), *d;
	Val *cost = y->type->rank
			    ? build_reduce(g, nowhere, REDUCE_sum, y, (1u << y->type->rank) - 1)
			    : y;
	gradients_of(g, cost, 1, s.args, &d);
	push(s.arena, &g->results, d);
	push(s.arena, &s.func->outs, (FuncOut){.name = "d"});
	PassOptions options = {.floatX = DT_float64};
	if (!CHECK(run_passes(s.model, s.func, &options, s.diag, NULL)))
		diag_flush(s.diag, stdout);
	for (int i = 0; i < n; i++)
		s.input[0]->f[i] = x[i];
	Array *got = scratch_eval(&s)[0];
	for (int i = 0; i < n; i++)
		CHECK_NEAR(got->f[i], expected[i], 1e-14);
	scratch_close(&s);
}

static Val *clipped(Graph *g, Val *const *x)
{
	Val *y =
		build_elem(g, nowhere, OP_grad_clip, x[0], build_number(g, nowhere, DT_float64, -1),
			   build_number(g, nowhere, DT_float64, 2));
	return elem(g, OP_mul, y, y);
}
static Val *scaled(Graph *g, Val *const *x)
{
	return elem(g, OP_grad_scale, elem(g, OP_mul, x[0], x[0]),
		    build_number(g, nowhere, DT_float64, -3));
}
static Val *stopped(Graph *g, Val *const *x)
{
	return elem(g, OP_mul, x[0], elem(g, OP_stop_gradient, x[0], NULL));
}
static Val *absolute(Graph *g, Val *const *x)
{
	return elem(g, OP_abs, x[0], NULL);
}
static Val *relu(Graph *g, Val *const *x)
{
	return elem(g, OP_max, build_number(g, nowhere, DT_float64, 0), x[0]);
}
static Val *twice(Graph *g, Val *const *x)
{
	return elem(g, OP_max, x[0], x[0]);
}
static Val *maximum(Graph *g, Val *const *x)
{
	return build_reduce(g, nowhere, REDUCE_max, x[0], 1);
}
static Val *multiplied(Graph *g, Val *const *x)
{
	return build_reduce(g, nowhere, REDUCE_prod, x[0], 1);
}
static Val *power_zero(Graph *g, Val *const *x)
{
	return elem(g, OP_pow, x[0],
		    elem(g, OP_mul, x[0], build_number(g, nowhere, DT_float64, 0)));
}
/* log of what is positive, 0 elsewhere */
static Val *masked_log(Graph *g, Val *const *x)
{
	Val *zero = build_number(g, nowhere, DT_float64, 0);
	return build_elem(g, nowhere, OP_select, elem(g, OP_gt, x[0], zero),
			  elem(g, OP_log, elem(g, OP_mul, x[0], x[0]), NULL), zero);
}

static void test_values(void)
{
	gradient_values(&(Case){.nargs = 1, .arg = {"3"}, .expression = clipped},
			(double[]){-4, 0.25, 4}, (double[]){-1, 0.5, 2}, 3);
	gradient_values(&(Case){.nargs = 1, .arg = {"2"}, .expression = scaled}, (double[]){1, 2},
			(double[]){-6, -12}, 2);
	gradient_values(&(Case){.nargs = 1, .arg = {"2"}, .expression = stopped}, (double[]){3, 5},
			(double[]){3, 5}, 2);
	gradient_values(&(Case){.nargs = 1, .arg = {"3"}, .expression = absolute},
			(double[]){-2, 0, 2}, (double[]){-1, 0, 1}, 3);
	gradient_values(&(Case){.nargs = 1, .arg = {"3"}, .expression = relu}, (double[]){-2, 0, 2},
			(double[]){0, 0, 1}, 3);
	gradient_values(&(Case){.nargs = 1, .arg = {"2"}, .expression = twice}, (double[]){1, 2},
			(double[]){1, 1}, 2);
	gradient_values(&(Case){.nargs = 1, .arg = {"4"}, .expression = maximum},
			(double[]){1, 7, 7, 3}, (double[]){0, 1, 0, 0}, 4);
	gradient_values(&(Case){.nargs = 1, .arg = {"3"}, .expression = multiplied},
			(double[]){2, 0, 5}, (double[]){0, 10, 0}, 3);
	gradient_values(&(Case){.nargs = 1, .arg = {"3"}, .expression = multiplied},
			(double[]){0, 0, 5}, (double[]){0, 0, 0}, 3);
	gradient_values(&(Case){.nargs = 1, .arg = {"2"}, .expression = power_zero},
			(double[]){0, 2}, (double[]){0, 0}, 2);
	gradient_values(&(Case){.nargs = 1, .arg = {"3"}, .expression = masked_log},
			(double[]){-1, 0, 4}, (double[]){0, 0, 0.5}, 3);
}

/* ---- no dependence */
static Val *through_floor(Graph *g, Val *const *x)
{
	return elem(g, OP_floor, x[0], NULL);
}
static Val *through_integer(Graph *g, Val *const *x)
{
	return build_cast(g, nowhere, build_cast(g, nowhere, x[0], DT_int32), DT_float64);
}
static Val *another(Graph *g, Val *const *x)
{
	(void)g;
	return x[1];
}

static void test_independent(void)
{
	Expression *const list[] = {through_floor, through_integer, another};
	for (int zero = 0; zero < 2; zero++)
		for (int i = 0; i < 3; i++) {
			Scratch s;
			scratch_open(&s,
				     &(Case){.nargs = 2, .arg = {"", ""}, .expression = list[i]});
			Graph *g = s.func->graph;
			Val *in[] = {list[i](g, s.args), s.args[0]};
			Attr attr = {.grad = {zero}};
			push(s.arena, &g->results,
			     build_get(g, nowhere, build(g, nowhere, OP_grad, 2, in, &attr, NULL),
				       0));
			push(s.arena, &s.func->outs, (FuncOut){.name = "d"});
			PassOptions options = {.floatX = DT_float64};
			CHECK(run_passes(s.model, s.func, &options, s.diag, NULL) == zero);
			CHECK_INT(diag_count(s.diag), zero ? 0 : 1);
			if (zero)
				CHECK_NEAR(scratch_eval(&s)[0]->f[0], 0, 0);
			scratch_close(&s);
		}
}

int main(void)
{
	test_rows();
	test_structural();
	test_truncated();
	test_values();
	test_independent();
	return test_result();
}
