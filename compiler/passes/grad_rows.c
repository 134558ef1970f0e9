/* grad_rows.c -- the derivative column of ops.def: a function for each row, over builder macros */
#include "build_more.h"
#include "grad.h"

typedef struct Row {
	Graph *graph;
	Loc loc;
	DType dtype; /* of the result: of literals */
} Row;

static Val *apply(const Row *r, Op op, Val *a, Val *b, Val *c)
{
	return build_elem(r->graph, r->loc, op, a, b, c);
}

static Val *literal(const Row *r, double x)
{
	return build_number(r->graph, r->loc, r->dtype, x);
}

#define NONE NULL
#define K(x) literal(r, x)
#define ZERO literal(r, 0)
#define ONE literal(r, 1)
#define NEG(x) apply(r, OP_neg, x, NULL, NULL)
#define ADD(x, y) apply(r, OP_add, x, y, NULL)
#define SUB(x, y) apply(r, OP_sub, x, y, NULL)
#define MUL(x, y) apply(r, OP_mul, x, y, NULL)
#define DIV(x, y) apply(r, OP_div, x, y, NULL)
#define FLOORDIV(x, y) apply(r, OP_floordiv, x, y, NULL)
#define MIN(x, y) apply(r, OP_min, x, y, NULL)
#define MAX(x, y) apply(r, OP_max, x, y, NULL)
#define EXP(x) apply(r, OP_exp, x, NULL, NULL)
#define LOG(x) apply(r, OP_log, x, NULL, NULL)
#define SQRT(x) apply(r, OP_sqrt, x, NULL, NULL)
#define SIN(x) apply(r, OP_sin, x, NULL, NULL)
#define COS(x) apply(r, OP_cos, x, NULL, NULL)
#define SINH(x) apply(r, OP_sinh, x, NULL, NULL)
#define COSH(x) apply(r, OP_cosh, x, NULL, NULL)
#define SIGMOID(x) apply(r, OP_sigmoid, x, NULL, NULL)
#define SIGN(x) apply(r, OP_sign, x, NULL, NULL)
#define POW(x, y) apply(r, OP_pow, x, y, NULL)
#define EQ(x, y) apply(r, OP_eq, x, y, NULL)
#define GE(x, y) apply(r, OP_ge, x, y, NULL)
#define LE(x, y) apply(r, OP_le, x, y, NULL)
#define SELECT(x, y, z) apply(r, OP_select, x, y, z)
#define CAST(x, like) build_cast(r->graph, r->loc, x, like->type->dtype)
#define POW_BASE(g, a, b) pow_base(r, g, a, b)
#define POW_EXPONENT(g, a, y) pow_exponent(r, g, a, y)

/* g * b * a^(b - 1); 0 where b is 0, also of a = 0 */
static Val *pow_base(const Row *r, Val *g, Val *a, Val *b)
{
	if (b->op == OP_const) {
		double n = b->attr.number.f;
		if (n == 0)
			return SELECT(EQ(b, ZERO), ZERO, g);
		return MUL(g, MUL(b, n == 2 ? a : POW(a, K(n - 1))));
	}
	return SELECT(EQ(b, ZERO), ZERO, MUL(g, MUL(b, POW(a, SUB(b, ONE)))));
}

/* g * y * log a; 0 where a is 0, as y is then, or 1 for all b near 0 from above */
static Val *pow_exponent(const Row *r, Val *g, Val *a, Val *y)
{
	return MUL(g, MUL(y, LOG(SELECT(EQ(a, ZERO), ONE, a))));
}

typedef void RowGradient(const Row *r, Val *a, Val *b, Val *c, Val *y, Val *g, Val **d);

#define D(...)                                                                                     \
	{                                                                                          \
		Val *const all[] = {__VA_ARGS__};                                                  \
		for (int i = 0; i < (int)(sizeof all / sizeof all[0]); i++)                        \
			d[i] = all[i];                                                             \
	}
#define ELEM(op, arity, types, vector, value, integer, derivative, domain)                         \
	static void row_##op(const Row *r, Val *a, Val *b, Val *c, Val *y, Val *g, Val **d)        \
	{                                                                                          \
		(void)r, (void)a, (void)b, (void)c, (void)y, (void)g;                              \
		derivative                                                                         \
	}
#include "../ir/ops.def"
#undef ELEM

static RowGradient *const rows[] = {
#define ELEM(op, arity, types, vector, value, integer, derivative, domain) row_##op,
#include "../ir/ops.def"
#undef ELEM
};

void row_gradient(Graph *graph, const Val *v, Val *adjoint, Val **d)
{
	Row r = {graph, v->loc, v->type->dtype};
	rows[v->op](&r, v->in[0], v->nin > 1 ? v->in[1] : NULL, v->nin > 2 ? v->in[2] : NULL,
		    graph->vals.data[v->id], adjoint, d);
}
