/* test_passes.c -- every rewrite: that it fired, and that the values did not change */
#include <math.h>

#include "../../compiler/passes/build_more.h"
#include "gradients.h"
#include "test.h"

static const Loc nowhere = {0};

static Val *e1(Graph *g, Op op, Val *a)
{
	return build_elem(g, nowhere, op, a, NULL, NULL);
}
static Val *e2(Graph *g, Op op, Val *a, Val *b)
{
	return build_elem(g, nowhere, op, a, b, NULL);
}
static Val *e3(Graph *g, Op op, Val *a, Val *b, Val *c)
{
	return build_elem(g, nowhere, op, a, b, c);
}
static Val *number(Graph *g, double x)
{
	return build_number(g, nowhere, DT_float64, x);
}
static Val *integer(Graph *g, double x)
{
	return build_number(g, nowhere, DT_int64, x);
}
static const Size *size(Graph *g, int64_t n)
{
	return size_const(g->arena, n);
}
static Val *sum(Graph *g, Val *x, uint32_t axes)
{
	return build_reduce(g, nowhere, REDUCE_sum, x, axes);
}
/* kind over the last axis of a matrix, broadcast back through an axis of size 1, as keepdims is
 * written */
static Val *kept(Graph *g, ReduceKind kind, Val *x)
{
	const Size *flat[] = {x->type->size[0], size(g, 1)};
	Val *r = build_reshape(g, nowhere, build_reduce(g, nowhere, kind, x, 2), 2, flat);
	return build_broadcast_to(g, nowhere, r, x->type);
}
static Val *softmax(Graph *g, Val *x)
{
	Val *e = e1(g, OP_exp, e2(g, OP_sub, x, kept(g, REDUCE_max, x)));
	return e2(g, OP_div, e, kept(g, REDUCE_sum, e));
}
static Val *plain_softmax(Graph *g, Val *x)
{
	Val *e = e1(g, OP_exp, x);
	return e2(g, OP_div, e, kept(g, REDUCE_sum, e));
}
static Val *iota(Graph *g, int64_t n)
{
	const Size *s = size(g, n);
	return build(g, nowhere, OP_iota, 0, NULL, NULL, type_array(g->arena, DT_int64, 1, &s));
}
static Val *gather(Graph *g, Val *x, int axis, Val *i, Val *j)
{
	Attr attr = {.gather = {axis, j ? 2 : 1}};
	return build(g, nowhere, OP_gather, j ? 3 : 2, (Val *[]){x, i, j}, &attr, NULL);
}
static Val *scatter(Graph *g, Val *x, Val *v, Val *i, Val *j)
{
	Attr attr = {.gather = {0, j ? 2 : 1}};
	return build(g, nowhere, OP_scatter_add, j ? 4 : 3, (Val *[]){x, v, i, j}, &attr, NULL);
}
static Val *slice1(Graph *g, Val *x, int64_t start, int64_t step, int64_t count)
{
	const Size *s = size(g, start), *n = size(g, count);
	return build_slice(g, nowhere, x, &s, &step, &n);
}
static Val *concat(Graph *g, Val *a, Val *b)
{
	Attr attr = {.concat = {0}};
	return build(g, nowhere, OP_concat, 2, (Val *[]){a, b}, &attr, NULL);
}

/* One test: arguments x, y, z, and what is made of them. */
#define EXPRESSION(name, text)                                                                     \
	static Val *name(Graph *g, Val *const *in)                                                 \
	{                                                                                          \
		Val *x = in[0], *y = in[1], *z = in[2];                                            \
		(void)x, (void)y, (void)z;                                                         \
		return text;                                                                       \
	}

/* x, y, z : float64[4] unless the case says otherwise */
EXPRESSION(share, e2(g, OP_mul, e1(g, OP_exp, x), e1(g, OP_exp, x)))
EXPRESSION(fold, e2(g, OP_mul, x, e1(g, OP_exp, number(g, 1.5))))
EXPRESSION(constant_size,
	   e2(g, OP_mul, x,
	      build_cast(g, nowhere,
			 build(g, nowhere, OP_size, 0, NULL, &(Attr){.size = size(g, 28)}, NULL),
			 DT_float64)))
EXPRESSION(unmark, e1(g, OP_stop_gradient, e3(g, OP_grad_clip, x, number(g, -1), number(g, 1))))
EXPRESSION(add_zero, e2(g, OP_sub, e2(g, OP_add, number(g, 0), x), e2(g, OP_sub, number(g, 0), y)))
EXPRESSION(add_negative, e2(g, OP_sub, e2(g, OP_add, x, e1(g, OP_neg, y)), e1(g, OP_neg, z)))
EXPRESSION(twice, e2(g, OP_add, x, x))
EXPRESSION(subtract_self, e2(g, OP_sub, x, x))
EXPRESSION(mul_one, e2(g, OP_div, e2(g, OP_mul, number(g, 1), x), number(g, 1)))
EXPRESSION(mul_minus_one, e2(g, OP_mul, x, number(g, -1)))
EXPRESSION(mul_zero, e2(g, OP_mul, x, integer(g, 0)))
EXPRESSION(mul_negatives, e2(g, OP_mul, e1(g, OP_neg, x), e1(g, OP_neg, y)))
EXPRESSION(sign_out,
	   e2(g, OP_div, e2(g, OP_mul, e1(g, OP_neg, x), y), e1(g, OP_neg, e1(g, OP_exp, z))))
EXPRESSION(constants_join, e2(g, OP_mul, number(g, 3),
			      e2(g, OP_div, e2(g, OP_mul, number(g, 0.7), x), number(g, 11))))
EXPRESSION(constants_shared,
	   e2(g, OP_mul, number(g, 3), e2(g, OP_sub, e2(g, OP_mul, number(g, 0.7), x), e2(g, OP_mul, e1(g, OP_exp, y), number(g, 0.3)))))
EXPRESSION(scalars_join, e2(g, OP_div, e2(g, OP_mul, z, e2(g, OP_mul, y, x)),
			    e1(g, OP_exp, y))) /* y, z of rank 0 */
EXPRESSION(mul_reciprocal, e2(g, OP_mul, x, e2(g, OP_div, number(g, 1), e1(g, OP_exp, y))))
EXPRESSION(div_exact, e2(g, OP_div, x, number(g, 8)))
EXPRESSION(div_cancel, e2(g, OP_div, e2(g, OP_mul, x, e1(g, OP_exp, y)), e1(g, OP_exp, y)))
EXPRESSION(neg_neg, e1(g, OP_neg, e1(g, OP_neg, x)))
EXPRESSION(neg_sub, e1(g, OP_neg, e2(g, OP_sub, x, y)))
EXPRESSION(neg_constant, e1(g, OP_neg, e2(g, OP_mul, number(g, 2), x)))
EXPRESSION(abs_abs, e1(g, OP_abs, e1(g, OP_abs, e1(g, OP_neg, x))))
EXPRESSION(max_self, e2(g, OP_min, e2(g, OP_max, x, x), x))
EXPRESSION(power_chain,
	   e2(g, OP_add, e2(g, OP_pow, x, number(g, 10)), e2(g, OP_pow, y, number(g, -3))))
EXPRESSION(power_square,
	   e2(g, OP_mul, e2(g, OP_pow, x, number(g, 1)), e2(g, OP_pow, y, number(g, 0))))
EXPRESSION(power_integer, e2(g, OP_pow, x, integer(g, 7)))
EXPRESSION(power_sqrt, e2(g, OP_add, e2(g, OP_pow, e1(g, OP_exp, x), number(g, 0.5)),
			  e2(g, OP_pow, e1(g, OP_exp, y), number(g, -0.5))))
EXPRESSION(select_known, e3(g, OP_select, e2(g, OP_lt, number(g, 1), number(g, 2)), x, y))
EXPRESSION(select_same, e3(g, OP_select, e2(g, OP_lt, x, y), z, z))
EXPRESSION(select_not, e3(g, OP_select, e1(g, OP_not, e2(g, OP_lt, x, y)), y, z))
EXPRESSION(not_not, e3(g, OP_select, e1(g, OP_not, e2(g, OP_eq, x, y)), integer(g, 1),
		       e3(g, OP_select, e1(g, OP_not, e2(g, OP_lt, x, y)), y, x)))
EXPRESSION(logic_known,
	   e2(g, OP_add,
	      build_cast(g, nowhere,
			 e2(g, OP_or, e2(g, OP_lt, x, y), build_number(g, nowhere, DT_bool, 0)),
			 DT_float64),
	      e2(g, OP_mul, z,
		 build_cast(g, nowhere,
			    e2(g, OP_and, e2(g, OP_lt, x, y),
			       build_number(g, nowhere, DT_bool, 1)),
			    DT_float64))))
EXPRESSION(compare_self, build_cast(g, nowhere, e2(g, OP_eq, x, x), DT_float64))
EXPRESSION(compare_narrow,
	   build_cast(g, nowhere,
		      e2(g, OP_lt, build_cast(g, nowhere, build_cast(g, nowhere, x, DT_int8), DT_int64),
			 build_broadcast_to(g, nowhere, iota(g, 4), x->type)),
		      DT_float64))
EXPRESSION(cast_cast,
	   build_cast(g, nowhere,
		      build_cast(g, nowhere, build_cast(g, nowhere, x, DT_uint8), DT_int32),
		      DT_float64))
EXPRESSION(cast_same, e2(g, OP_mul, x, build(g, nowhere, OP_cast, 1, &y, NULL, y->type)))
EXPRESSION(reshape_reshape,
	   build_reshape(g, nowhere,
			 build_reshape(g, nowhere, x, 2, (const Size *[]){size(g, 2), size(g, 2)}),
			 2, (const Size *[]){size(g, 4), size(g, 1)}))
EXPRESSION(transpose_twice,
	   build_transpose(g, nowhere, build_transpose(g, nowhere, x, (const int8_t[]){1, 2, 0}),
			   (const int8_t[]){0, 2, 1}))
EXPRESSION(transpose_units,
	   build_transpose(g, nowhere, x, (const int8_t[]){1, 0, 2})) /* x[1, 4, 3] */
EXPRESSION(transpose_scalar,
	   build_transpose(g, nowhere,
			   build_broadcast(g, nowhere, x, 3,
					   (const Size *[]){size(g, 2), size(g, 3), size(g, 5)},
					   (const int8_t[]){0, 1}),
			   (const int8_t[]){2, 1, 0})) /* x[2, 3] */
EXPRESSION(broadcast_twice,
	   build_broadcast(g, nowhere,
			   build_broadcast(g, nowhere, x, 2,
					   (const Size *[]){size(g, 3), size(g, 4)},
					   (const int8_t[]){1}),
			   3, (const Size *[]){size(g, 3), size(g, 2), size(g, 4)},
			   (const int8_t[]){0, 2}))
EXPRESSION(broadcast_units, e2(g, OP_mul, x, kept(g, REDUCE_sum, x)))
EXPRESSION(reshape_units,
	   build_reshape(g, nowhere,
			 build_broadcast(g, nowhere, x, 3,
					 (const Size *[]){size(g, 1), size(g, 4), size(g, 3)},
					 (const int8_t[]){1}),
			 2, (const Size *[]){size(g, 4), size(g, 3)}))
EXPRESSION(scalar_operand,
	   e2(g, OP_mul, x, build_broadcast_to(g, nowhere, y, x->type))) /* y of rank 0 */
EXPRESSION(late_broadcast,
	   e2(g, OP_add, kept(g, REDUCE_sum, x), e1(g, OP_exp, kept(g, REDUCE_max, x))))
EXPRESSION(late_reshape,
	   e1(g, OP_exp,
	      build_reshape(g, nowhere, sum(g, x, 2), 2, (const Size *[]){size(g, 3), size(g, 1)})))
EXPRESSION(slice_all, slice1(g, x, 0, 1, 4))
EXPRESSION(slice_slice, slice1(g, slice1(g, x, 3, -1, 4), 1, 2, 2))
EXPRESSION(slice_early, slice1(g, e2(g, OP_mul, x, e1(g, OP_exp, y)), 1, 1, 2))
EXPRESSION(slice_broadcast,
	   build_slice(g, nowhere,
		       build_broadcast(g, nowhere, x, 2, (const Size *[]){size(g, 4), size(g, 5)},
				       (const int8_t[]){0}),
		       (const Size *[]){size(g, 1), size(g, 2)}, (const int64_t[]){1, 1},
		       (const Size *[]){size(g, 2), size(g, 3)}))
EXPRESSION(slice_concat,
	   e2(g, OP_add, slice1(g, concat(g, x, y), 5, 2, 2), slice1(g, concat(g, x, y), 3, -1, 2)))
EXPRESSION(sum_broadcast,
	   e2(g, OP_add,
	      sum(g,
		  build_broadcast(g, nowhere, x, 2, (const Size *[]){size(g, 3), size(g, 4)},
				  (const int8_t[]){1}),
		  1),
	      build_reduce(g, nowhere, REDUCE_max,
			   build_broadcast(g, nowhere, x, 2,
					   (const Size *[]){size(g, 4), size(g, 3)},
					   (const int8_t[]){0}),
			   2)))
EXPRESSION(sum_sum, sum(g, sum(g, x, 2), 2))			   /* x[2, 3, 4] */
EXPRESSION(sum_units, build_reduce(g, nowhere, REDUCE_prod, x, 1)) /* x[1, 4] */
EXPRESSION(sum_sign, sum(g, e1(g, OP_neg, x), 1))
EXPRESSION(gather_early, gather(g, e1(g, OP_exp, x), 0, iota(g, 3), y)) /* x[3, 5], y int[3] */
EXPRESSION(gather_broadcast, gather(g, e2(g, OP_mul, x, kept(g, REDUCE_sum, x)), 0, iota(g, 3), y))
EXPRESSION(gather_broadcast_later,
	   gather(g,
		  build_broadcast(g, nowhere, z, 3,
				  (const Size *[]){size(g, 3), size(g, 5), size(g, 4)},
				  (const int8_t[]){1, 2}),
		  0, iota(g, 3), y)) /* z[5, 4] */
EXPRESSION(gather_broadcast_other,
	   gather(g,
		  build_broadcast(g, nowhere, z, 3,
				  (const Size *[]){size(g, 3), size(g, 5), size(g, 4)},
				  (const int8_t[]){1, 2}),
		  0, y, NULL))
EXPRESSION(gather_all, gather(g, x, 0, iota(g, 3), NULL))
EXPRESSION(scatter_into, e2(g, OP_add, scatter(g, build_full(g, nowhere, x->type, 0), y, z, NULL),
			    x)) /* x[4], y[5], z int[5] */
EXPRESSION(scatter_scale, e1(g, OP_neg,
			     e2(g, OP_mul, number(g, 3),
				scatter(g, build_full(g, nowhere, x->type, 0), y, z, NULL))))
EXPRESSION(scatter_one_hot, scatter(g, x, y, iota(g, 3), z)) /* x[3, 5], y[3], z int[3] */
EXPRESSION(scatter_one_hot_rows,
	   scatter(g, x, y, iota(g, 3), z)) /* x[3, 5, 2], y[3, 2], z int[3] */
EXPRESSION(product_transpose,
	   build_contraction(g, nowhere, build_transpose(g, nowhere, x, (const int8_t[]){1, 0}), y,
			     "ij,jk->ik"))
EXPRESSION(row_in_parts, build_contraction(g, nowhere, x, y, "ij,jk->ik"))
EXPRESSION(row_in_parts_second, build_contraction(g, nowhere, x, y, "jk,j->k"))
EXPRESSION(product_scale, build_contraction(g, nowhere, e2(g, OP_div, x, number(g, 255)),
					    e2(g, OP_mul, y, z), "ij,jk->ik")) /* z of rank 0 */
EXPRESSION(product_sign, build_contraction(g, nowhere, x, e1(g, OP_neg, y), "ij,jk->ik"))
EXPRESSION(softmax_shift, plain_softmax(g, x)) /* x[3, 4] */
EXPRESSION(log_sum_exp, e1(g, OP_log, sum(g, e1(g, OP_exp, x), 2)))
EXPRESSION(log_sum_exp_all, e1(g, OP_log, sum(g, e1(g, OP_exp, x), 3)))
EXPRESSION(log_mean_exp, e1(g, OP_log, e2(g, OP_div, sum(g, e1(g, OP_exp, x), 2), number(g, 4))))
EXPRESSION(log_softmax, e1(g, OP_log, softmax(g, x)))
EXPRESSION(log_exp, e1(g, OP_log, e1(g, OP_exp, x)))
EXPRESSION(softplus, e2(g, OP_add, e1(g, OP_log, e2(g, OP_add, number(g, 1), e1(g, OP_exp, x))),
			e1(g, OP_log1p, e1(g, OP_exp, y))))
EXPRESSION(log1p_of, e2(g, OP_add, e1(g, OP_log, e2(g, OP_add, number(g, 1), x)),
			e1(g, OP_log, e2(g, OP_sub, number(g, 1), x)))) /* -0.8 .. 0.8 */
EXPRESSION(expm1_of, e2(g, OP_sub, e2(g, OP_sub, e1(g, OP_exp, x), number(g, 1)),
			e2(g, OP_sub, number(g, 1), e1(g, OP_exp, y))))
EXPRESSION(sigmoid, e2(g, OP_div, number(g, 1),
		       e2(g, OP_add, number(g, 1), e1(g, OP_exp, e1(g, OP_neg, x)))))
EXPRESSION(sigmoid_exp,
	   e2(g, OP_div, e1(g, OP_exp, x), e2(g, OP_add, e1(g, OP_exp, x), number(g, 1))))
EXPRESSION(one_minus_sigmoid, e2(g, OP_sub, number(g, 1), e1(g, OP_sigmoid, x)))
EXPRESSION(log_sigmoid, e1(g, OP_log, e1(g, OP_sigmoid, x)))

/* carries: 0 the result, 1 what it needs, 2 a sum of elements that nobody asks for; a value that is
 * emitted in vain */
static Val *loop(Graph *g, Val *const *in)
{
	Graph *body = graph_new(g->arena);
	build_param(body, nowhere, type_scalar(g->arena, DT_int64));
	Val *p[5];
	for (int i = 0; i < 3; i++)
		p[i] = build_param(body, nowhere, in[1]->type);
	p[3] = build_param(body, nowhere, in[1]->type);
	p[4] = build_param(body, nowhere, in[1]->type);
	Val *next[] = {e2(body, OP_add, p[0], p[1]), e2(body, OP_mul, p[1], p[1]),
		       e2(body, OP_add, e2(body, OP_add, p[2], p[3]), p[4]), p[3]};
	for (int i = 0; i < 4; i++)
		push(g->arena, &body->results, next[i]);
	Attr attr = {.scan = {.steps = in[0]->type->size[0], .ncarry = 3, .nseq = 1, .nemit = 1}};
	Val *operand[] = {in[1], in[2], in[1], in[0], in[2]};
	return build_get(g, nowhere, build_region(g, nowhere, OP_scan, 5, operand, &attr, 1, &body),
			 0);
}
static Val *choice(Graph *g, Val *const *in)
{
	Graph *region[2];
	for (int r = 0; r < 2; r++) {
		region[r] = graph_new(g->arena);
		Val *a = build_param(region[r], nowhere, in[0]->type),
		    *b = build_param(region[r], nowhere, in[1]->type);
		push(g->arena, &region[r]->results, e1(region[r], OP_exp, b));
		push(g->arena, &region[r]->results, e1(region[r], r ? OP_sin : OP_cos, a));
	}
	Val *operand[] = {e2(g, OP_lt, in[2], number(g, 0)), in[0], in[1]};
	return build_get(g, nowhere, build_region(g, nowhere, OP_if, 3, operand, NULL, 2, region),
			 1);
}

typedef struct Test {
	RewriteName rewrite;
	Val *(*expression)(Graph *, Val *const *);
	const char *arg[3]; /* NULL: float64[4] */
} Test;

static const Test tests[] = {
	{REWRITE_share, share, {0}},
	{REWRITE_fold, fold, {0}},
	{REWRITE_constant_size, constant_size, {0}},
	{REWRITE_unmark, unmark, {0}},
	{REWRITE_add_zero, add_zero, {0}},
	{REWRITE_add_negative, add_negative, {0}},
	{REWRITE_double, twice, {0}},
	{REWRITE_subtract_self, subtract_self, {"i9:4"}},
	{REWRITE_mul_one, mul_one, {0}},
	{REWRITE_mul_minus_one, mul_minus_one, {0}},
	{REWRITE_mul_zero, mul_zero, {"i9:4"}},
	{REWRITE_mul_negatives, mul_negatives, {0}},
	{REWRITE_sign_out, sign_out, {0}},
	{REWRITE_constants_join, constants_join, {0}},
	{REWRITE_constants_shared, constants_shared, {0}},
	{REWRITE_scalars_join, scalars_join, {"4", "", ""}},
	{REWRITE_mul_reciprocal, mul_reciprocal, {0}},
	{REWRITE_div_exact, div_exact, {0}},
	{REWRITE_div_cancel, div_cancel, {0}},
	{REWRITE_neg_neg, neg_neg, {0}},
	{REWRITE_neg_sub, neg_sub, {0}},
	{REWRITE_neg_constant, neg_constant, {0}},
	{REWRITE_abs_abs, abs_abs, {0}},
	{REWRITE_max_self, max_self, {0}},
	{REWRITE_power_chain, power_chain, {0}},
	{REWRITE_power_chain, power_square, {0}},
	{REWRITE_power_chain, power_integer, {"i9:4"}},
	{REWRITE_power_sqrt, power_sqrt, {0}},
	{REWRITE_select_known, select_known, {0}},
	{REWRITE_select_same, select_same, {0}},
	{REWRITE_select_not, select_not, {0}},
	{REWRITE_not_not, not_not, {"i3:4", "i3:4"}},
	{REWRITE_logic_known, logic_known, {0}},
	{REWRITE_compare_self, compare_self, {"i9:4"}},
	{REWRITE_compare_narrow, compare_narrow, {"3,4"}},
	{REWRITE_cast_cast, cast_cast, {"i300:4"}},
	{REWRITE_cast_same, cast_same, {0}},
	{REWRITE_reshape_reshape, reshape_reshape, {0}},
	{REWRITE_transpose_twice, transpose_twice, {"2,3,4"}},
	{REWRITE_transpose_units, transpose_units, {"1,4,3"}},
	{REWRITE_transpose_scalar, transpose_scalar, {"2,3"}},
	{REWRITE_broadcast_twice, broadcast_twice, {0}},
	{REWRITE_broadcast_units, broadcast_units, {"3,4"}},
	{REWRITE_reshape_units, reshape_units, {0}},
	{REWRITE_scalar_operand, scalar_operand, {"4", ""}},
	{REWRITE_late_broadcast, late_broadcast, {"3,4"}},
	{REWRITE_late_reshape, late_reshape, {"3,4"}},
	{REWRITE_slice_all, slice_all, {0}},
	{REWRITE_slice_slice, slice_slice, {0}},
	{REWRITE_slice_early, slice_early, {0}},
	{REWRITE_slice_early, slice_broadcast, {0}},
	{REWRITE_slice_concat, slice_concat, {0}},
	{REWRITE_sum_broadcast, sum_broadcast, {0}},
	{REWRITE_sum_sum, sum_sum, {"2,3,4"}},
	{REWRITE_sum_units, sum_units, {"1,4"}},
	{REWRITE_sum_sign, sum_sign, {0}},
	{REWRITE_gather_early, gather_early, {"3,5", "i5:3"}},
	{REWRITE_gather_broadcast, gather_broadcast, {"3,5", "i5:3"}},
	{REWRITE_gather_broadcast, gather_broadcast_later, {"3,5", "i5:3", "5,4"}},
	{REWRITE_gather_broadcast, gather_broadcast_other, {"3,5", "i3:2,2", "5,4"}},
	{REWRITE_gather_all, gather_all, {"3,5"}},
	{REWRITE_scatter_into, scatter_into, {"4", "5", "i4:5"}},
	{REWRITE_scatter_scale, scatter_scale, {"4", "5", "i4:5"}},
	{REWRITE_scatter_one_hot, scatter_one_hot, {"3,5", "3", "i5:3"}},
	{REWRITE_scatter_one_hot, scatter_one_hot_rows, {"3,5,2", "3,2", "i5:3"}},
	{REWRITE_scan_trim, loop, {"3", "", ""}},
	{REWRITE_if_trim, choice, {"4", "4", ""}},
	{REWRITE_product_transpose, product_transpose, {"3,2", "3,4"}},
	{REWRITE_product_scale, product_scale, {"2,3", "3,4", ""}},
	{REWRITE_product_sign, product_sign, {"2,3", "3,4"}},
	{REWRITE_row_in_parts, row_in_parts, {"1,512", "512,256"}},
	{REWRITE_row_in_parts, row_in_parts_second, {"512,256", "512"}},
	{REWRITE_softmax_shift, softmax_shift, {"3,4"}},
	{REWRITE_log_sum_exp, log_sum_exp, {"3,4"}},
	{REWRITE_log_sum_exp, log_sum_exp_all, {"3,4"}},
	{REWRITE_log_sum_exp, log_mean_exp, {"3,4"}},
	{REWRITE_log_softmax, log_softmax, {"3,4"}},
	{REWRITE_log_exp, log_exp, {0}},
	{REWRITE_softplus, softplus, {0}},
	{REWRITE_log1p, log1p_of, {0}},
	{REWRITE_expm1, expm1_of, {0}},
	{REWRITE_sigmoid, sigmoid, {0}},
	{REWRITE_sigmoid, sigmoid_exp, {0}},
	{REWRITE_one_minus_sigmoid, one_minus_sigmoid, {0}},
	{REWRITE_log_sigmoid, log_sigmoid, {0}},
};
enum { NTESTS = sizeof tests / sizeof tests[0] };

static void open_test(Scratch *s, const Test *t)
{
	Case c = {.nargs = 3, .lo = -0.8, .hi = 0.8};
	for (int i = 0; i < 3; i++)
		c.arg[i] = t->arg[i] ? t->arg[i] : "4";
	scratch_open(s, &c);
}

static void add_result(Scratch *s, Val *v)
{
	push(s->arena, &s->func->graph->results, v);
	push(s->arena, &s->func->outs, (FuncOut){.name = "y"});
}

static void run(Scratch *s, int level, int *fired)
{
	PassOptions options = {.floatX = DT_float64, .level = level, .lanes = true};
	if (!CHECK(run_passes_counted(s->model, s->func, &options, s->diag, NULL, fired)))
		diag_flush(s->diag, stdout);
}

static bool close_to(const Array *a, const Array *b)
{
	bool same = a->count == b->count && a->dtype == b->dtype;
	for (int64_t i = 0; same && i < a->count; i++)
		same = a->i ? a->i[i] == b->i[i]
			    : fabs(a->f[i] - b->f[i]) <= 1e-13 * (1 + a->magnitude[i]) ||
				       a->f[i] == b->f[i] || (isnan(a->f[i]) && isnan(b->f[i]));
	return same;
}

static void test_rewrite(const Test *t, int *covered)
{
	Scratch s;
	open_test(&s, t);
	Val *y = t->expression(s.func->graph, s.args);
	add_result(&s, y);
	Array *before = scratch_eval(&s)[0];
	int fired[REWRITE_COUNT] = {0};
	run(&s, 3, fired);
	Array *after = scratch_eval(&s)[0];
	if (!CHECK(fired[t->rewrite] > 0) || !CHECK(fired[REWRITE_unsettled] == 0) ||
	    !CHECK(close_to(before, after)))
		printf("  rewrite %s\n", rewrite_name(t->rewrite));
	covered[t->rewrite]++;
	scratch_close(&s);
}

/* the gradient of the sum of squares of each test's expression, with and without rewrites */
static void test_gradient(const Test *t)
{
	Array *at[2];
	Scratch s[2];
	for (int level = 0; level < 2; level++) {
		open_test(&s[level], t);
		Graph *g = s[level].func->graph;
		Val *y = t->expression(g, s[level].args), *d;
		if (y->type->dtype != DT_float64 || s[level].args[0]->type->dtype != DT_float64) {
			scratch_close(&s[level]);
			if (level)
				scratch_close(&s[0]);
			return;
		}
		y = e2(g, OP_mul, y, y);
		gradients_of(g, y->type->rank ? sum(g, y, (1u << y->type->rank) - 1) : y, 1,
			     s[level].args, &d);
		add_result(&s[level], d);
		int fired[REWRITE_COUNT] = {0};
		run(&s[level], 3 * level, fired);
		at[level] = scratch_eval(&s[level])[0];
		CHECK_INT(fired[REWRITE_unsettled], 0);
	}
	if (!CHECK(close_to(at[0], at[1])))
		printf("  gradient of %s\n", rewrite_name(t->rewrite));
	scratch_close(&s[0]);
	scratch_close(&s[1]);
}

/* ---- what must not be rewritten */
EXPRESSION(zero_times, e2(g, OP_mul, number(g, 0), x))
EXPRESSION(not_less, e3(g, OP_select, e1(g, OP_not, e2(g, OP_lt, x, number(g, 0))), number(g, 1),
			number(g, 2)))

static void test_sound(void)
{
	Val *(*const list[])(Graph *, Val *const *) = {zero_times, not_less};
	for (int i = 0; i < 2; i++) {
		Scratch s;
		open_test(&s, &(Test){.expression = list[i]});
		add_result(&s, list[i](s.func->graph, s.args));
		s.input[0]->f[0] = NAN;
		s.input[0]->f[1] = INFINITY;
		Array *before = scratch_eval(&s)[0];
		int fired[REWRITE_COUNT] = {0};
		run(&s, 3, fired);
		CHECK(close_to(before, scratch_eval(&s)[0]));
		scratch_close(&s);
	}
}

/* ---- stability: 800 as an input and as a constant; values and gradients finite and right */
EXPRESSION(big_softplus, e1(g, OP_log, e2(g, OP_add, number(g, 1), e1(g, OP_exp, x))))
EXPRESSION(big_log_sum, e1(g, OP_log, sum(g, e1(g, OP_exp, x), 1)))
EXPRESSION(big_log_sigmoid, e1(g, OP_log,
			       e2(g, OP_div, number(g, 1),
				  e2(g, OP_add, number(g, 1), e1(g, OP_exp, e1(g, OP_neg, x))))))
EXPRESSION(big_cross_entropy,
	   e1(g, OP_neg,
	      e2(g, OP_add, e2(g, OP_mul, number(g, 0.25), e1(g, OP_log, e1(g, OP_sigmoid, x))),
		 e2(g, OP_mul, number(g, 0.75),
		    e1(g, OP_log, e2(g, OP_sub, number(g, 1), e1(g, OP_sigmoid, x)))))))
static Val *big_softmax(Graph *g, Val *const *in)
{
	const Size *shape[] = {size(g, 1), size(g, 2)};
	Val *x = build_reshape(g, nowhere, in[0], 2, shape);
	return build_reshape(g, nowhere, e1(g, OP_log, plain_softmax(g, x)), 1,
			     (const Size *[]){size(g, 2)});
}

static void test_stable(void)
{
	static const struct {
		Val *(*expression)(Graph *, Val *const *);
		double value[2], gradient[2]; /* of the first element's value by both */
		int n;
	} cases[] = {
		{big_softplus, {800, 0}, {1, 0}, 2}, /* at 800 and -800 */
		{big_log_sigmoid, {0, -800}, {0, 0}, 2},
		{big_cross_entropy, {600, 200}, {0.75, 0}, 2},
		{big_log_sum, {800, 0}, {1, 0}, 1},
		{big_softmax, {0, -1600}, {0, 0}, 2},
	};
	for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
		for (int constant = 0; constant < 2; constant++) {
			Scratch s;
			scratch_open(&s, &(Case){.nargs = 3, .arg = {"2", "2", "2"}});
			Graph *g = s.func->graph;
			Val *x = s.args[0], *d = NULL;
			s.input[0]->f[0] = 800;
			s.input[0]->f[1] = -800;
			if (constant)
				x = concat(
					g, build_full(g, nowhere, slice1(g, x, 0, 1, 1)->type, 800),
					build_full(g, nowhere, slice1(g, x, 0, 1, 1)->type, -800));
			Val *y = cases[k].expression(g, &x);
			Val *first = y->type->rank ? build_reshape(g, nowhere,
								   slice1(g, y, 0, 1, 1), 0, NULL)
						   : y;
			add_result(&s, y);
			gradients_of(g, first, 1, &x, &d);
			add_result(&s, d);
			int fired[REWRITE_COUNT] = {0};
			run(&s, 3, fired);
			Array **got = scratch_eval(&s);
			for (int i = 0; i < cases[k].n; i++)
				CHECK_NEAR(got[0]->f[i], cases[k].value[i], 1e-12);
			for (int i = 0; i < 2; i++)
				CHECK_NEAR(got[1]->f[i], cases[k].gradient[i], 1e-12);
			scratch_close(&s);
		}
}

/* ---- the loss of a softmax by its labels: logs of what is gathered only, no exponential but that
 * of the sum */
static int count(const Graph *g, Op op)
{
	int n = 0;
	for (int i = 0; i < g->vals.len; i++)
		n += g->vals.data[i]->op == op;
	return n;
}

static void test_cross_entropy(void)
{
	Graph *form[2];
	Scratch s[2];
	for (int early = 0; early < 2; early++) {
		scratch_open(&s[early],
			     &(Case){.nargs = 2, .arg = {"3,5", "i5:3"}, .lo = -2, .hi = 2});
		Graph *g = s[early].func->graph;
		Val *p = softmax(g, s[early].args[0]), *d;
		Val *logs = early ? e1(g, OP_log, gather(g, p, 0, iota(g, 3), s[early].args[1]))
				  : gather(g, e1(g, OP_log, p), 0, iota(g, 3), s[early].args[1]);
		Val *nll = e1(g, OP_neg, e2(g, OP_div, sum(g, logs, 1), number(g, 3)));
		gradients_of(g, nll, 1, s[early].args, &d);
		add_result(&s[early], nll);
		add_result(&s[early], d);
		int fired[REWRITE_COUNT] = {0};
		run(&s[early], 3, fired);
		CHECK_INT(fired[REWRITE_unsettled], 0);
		form[early] = s[early].func->graph;
		CHECK_INT(count(form[early], OP_exp), 1);
		CHECK_INT(count(form[early], OP_log), 1);
		CHECK_INT(count(form[early], OP_scatter_add), 0);
	}
	CHECK_INT(form[0]->vals.len, form[1]->vals.len);
	Array **a = scratch_eval(&s[0]), **b = scratch_eval(&s[1]);
	CHECK(close_to(a[0], b[0]) && close_to(a[1], b[1]));
	scratch_close(&s[0]);
	scratch_close(&s[1]);
}

/* ---- what a person reads */
static void test_print(void)
{
	Scratch s;
	scratch_open(&s, &(Case){.nargs = 1, .arg = {""}, .lo = 1, .hi = 2});
	Graph *g = s.func->graph;
	Val *d;
	gradients_of(g, e2(g, OP_pow, s.args[0], number(g, 2)), 1, s.args, &d);
	add_result(&s, d);
	int fired[REWRITE_COUNT] = {0};
	run(&s, 3, fired);
	Writer *w = writer_new(s.arena);
	print_infix(w, s.arena, s.func->graph, (const char *const[]){""});
	CHECK_STR(writer_text(w, NULL), "2 * x0\n");
	scratch_close(&s);
}

/* ---- of a loop two carries stay, and no elements */
static void test_loop(void)
{
	Scratch s;
	open_test(&s, &(Test){.arg = {"3", "", ""}});
	add_result(&s, loop(s.func->graph, s.args));
	int fired[REWRITE_COUNT] = {0};
	run(&s, 3, fired);
	const Val *scan = s.func->graph->results.data[0]->in[0];
	CHECK_INT(scan->attr.scan.ncarry, 2);
	CHECK_INT(scan->attr.scan.nseq, 0);
	CHECK_INT(scan->attr.scan.nemit, 0);
	CHECK_INT(scan->nin, 2);
	scratch_close(&s);
}

/* ---- a gradient by a value in the middle stays, whatever is simplified around it */
static void test_wanted(void)
{
	Scratch s;
	scratch_open(&s, &(Case){.nargs = 1, .arg = {"3,4"}, .lo = -1, .hi = 1});
	Graph *g = s.func->graph;
	Val *p = softmax(g, s.args[0]), *d;
	gradients_of(g, sum(g, e1(g, OP_log, p), 3), 1, &p, &d);
	add_result(&s, e2(g, OP_mul, d, p));
	int fired[REWRITE_COUNT] = {0};
	run(&s, 3, fired);
	Array *got = scratch_eval(&s)[0];
	for (int i = 0; i < 12; i++)
		CHECK_NEAR(got->f[i], 1, 1e-14);
	scratch_close(&s);
}

int main(void)
{
	int covered[REWRITE_COUNT] = {0};
	for (int i = 0; i < NTESTS; i++) {
		test_rewrite(&tests[i], covered);
		test_gradient(&tests[i]);
	}
	for (int i = 0; i < (int)REWRITE_COUNT; i++)
		if (i != REWRITE_unsettled && !CHECK(covered[i] > 0))
			printf("  no test of %s\n", rewrite_name((RewriteName)i));
	test_sound();
	test_stable();
	test_cross_entropy();
	test_print();
	test_wanted();
	test_loop();
	return test_result();
}
