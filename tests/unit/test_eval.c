/* test_eval.c -- the naive evaluator: rows against the folder, structural ops against values worked
 * out by hand */
#include <stdarg.h>

#include "../../compiler/ir/ir.h"
#include "test.h"

/* ---- every row, at every dtype that it takes, at corners and elsewhere; the folder is written
 * apart */

static const double points[] = {0.0,       -0.0, 1,     -1,    0.5,     -0.5,   1.5,  2.5,
				-2.5,      3,    -3,    7,     1e-3,    0.1,    10.7, -9.3,
				40,        -80,  100,   1e20,  -1e20,   1e-300, 255,  INFINITY,
				-INFINITY, NAN,  0.999, 1.001, 123.456, 2e9};
static const int64_t whole[] = {0,   1,     -1,        2,         -2,        3,        5,   7,
				-7,  8,     31,        63,        64,        100,      127, -128,
				255, 65535, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
enum { NPOINTS = sizeof points / sizeof points[0], NWHOLE = sizeof whole / sizeof whole[0] };

/* a value of the dtype: point i, and whether it is of that dtype at all */
static Number sample(DType t, int i)
{
	Number x = {0, 0};
	if (t == DT_float32)
		x.f = (double)(float)points[i % NPOINTS];
	else if (t == DT_float64)
		x.f = points[i % NPOINTS];
	else {
		int unused = t == DT_bool ? 63 : 64 - 8 * dtype_bytes(t);
		uint64_t bits = (uint64_t)whole[i % NWHOLE] << unused;
		x.i = dtype_class(t) == CLASS_INT ? (int64_t)bits >> unused
						  : (int64_t)(bits >> unused);
	}
	return x;
}

static bool same_number(DType t, double tolerance, Number a, Number b)
{
	if (!dtype_is_float(t))
		return a.i == b.i;
	if ((isnan(a.f) && isnan(b.f)) || a.f == b.f)
		return true;
	/* gradual underflow is no concern here */
	return fabs(a.f - b.f) <=
	       tolerance * fabs(b.f) + 1e-300 * (t == DT_float64) + 1e-38 * (t == DT_float32);
}

static int test_row(Op op, DType t, DType to)
{
	const OpInfo *info = op_info(op);
	int compared = 0, wrong = 0;
	for (int i = 0; i < NPOINTS; i++)
		for (int k = 0; k < (info->arity > 1 ? NPOINTS : 1); k++) {
			Arena *a = arena_new();
			Graph *g = graph_new(a);
			Number x[3];
			Val *in[3];
			const Type *types[3], *said = type_scalar(a, to);
			for (int n = 0; n < info->arity; n++) {
				DType dtype = info->types == TYPES_SELECT && n == 0 ? DT_bool : t;
				x[n] = sample(dtype, n == 0 ? i : n == 1 ? k : i + k);
				in[n] = build_const(g, (Loc){0}, dtype, x[n].f, x[n].i);
				types[n] = in[n]->type;
			}
			const Type *type = op_type(a, op, info->arity, types, NULL, said, NULL);
			if (type) {
				push(a, &g->results,
				     build(g, (Loc){0}, op, info->arity, in, NULL, said));
				Func f = {.graph = g};
				Array *y = eval_func(a, NULL, &f, &(EvalInput){0})[0];
				Number got = {y->f ? y->f[0] : 0, y->i ? y->i[0] : 0},
				       folded = {0, 0};
				bool known = fold_elem(op, type->dtype, t, x, &folded);
				/* the difference of two near numbers is the rows' to lose */
				bool loses = op == OP_mod || op == OP_floordiv;
				double tolerance =
					(t == DT_float32 ? 4e-7 : 1e-15) * (loses ? 1e3 : 1);
				if (known && !same_number(type->dtype, tolerance, folded, got) &&
				    !wrong++)
					printf("  %s of %s %.17g %.17g (%lld %lld): evaluated "
					       "%.17g %lld, folded %.17g %lld\n",
					       info->name, dtype_name(t), x[0].f,
					       info->arity > 1 ? x[1].f : 0, (long long)x[0].i,
					       info->arity > 1 ? (long long)x[1].i : 0, got.f,
					       (long long)got.i, folded.f, (long long)folded.i);
				compared += known;
			}
			arena_free(a);
			if (!type)
				return 0;
		}
	CHECK(wrong == 0);
	return compared;
}

static void test_rows(void)
{
	static const DType dtypes[] = {DT_bool,   DT_int8,    DT_int16,  DT_int32,
				       DT_int64,  DT_uint8,   DT_uint16, DT_uint32,
				       DT_uint64, DT_float32, DT_float64};
	for (int op = 0; op_info((Op)op)->elementwise; op++) {
		int compared = 0;
		for (size_t t = 0; t < sizeof dtypes / sizeof dtypes[0]; t++) {
			if (op != OP_cast)
				compared += test_row((Op)op, dtypes[t], dtypes[t]);
			for (size_t to = 0; op == OP_cast && to < sizeof dtypes / sizeof dtypes[0];
			     to++)
				compared += test_row((Op)op, dtypes[t], dtypes[to]);
		}
		if (!CHECK(compared > 0))
			printf("  %s was never compared\n", op_info((Op)op)->name);
	}
}

/* ---- structural ops: IR text, arrays of small numbers */

/* a list of numbers as text, so that a test reads like what it says */
static Array *array_of(Arena *a, const Type *type, int64_t n, const char *text)
{
	int64_t size[MAX_RANK];
	for (int i = 0; i < type->rank; i++)
		if (!size_eval(type->size[i], NULL, NULL, &size[i]))
			size[i] = n;
	Array *x = array_new(a, type->dtype, type->rank, size);
	char *end = NULL;
	for (int64_t i = 0; i < x->count; i++, text = end) {
		double v = strtod(text, &end);
		if (x->f)
			x->f[i] = v, x->magnitude[i] = fabs(v);
		else
			x->i[i] = (int64_t)v;
	}
	return x;
}

static const char *array_text(Arena *a, const Array *x)
{
	const char *text = "";
	for (int64_t i = 0; i < x->count; i++)
		text = x->f ? arena_printf(a, "%s%s%.7g", text, i ? " " : "",
					   isnan(x->f[i]) ? NAN : x->f[i])
			    : arena_printf(a, "%s%s%lld", text, i ? " " : "", (long long)x->i[i]);
	return text;
}

/* the lines of a function of x and k, whose value v9 is expected to be the text; sizes are literal
 */
static Array *evaluate(Arena *a, const char *x_type, const char *x, const char *k_type,
		       const char *k, const char *lines)
{
	const char *text =
		arena_printf(a,
			     "model \"m\" float32 extern \"e\"\n"
			     "function \"f\" { arg \"x\" : %s arg \"k\" : %s\n"
			     "v0 : %s = arg(; name = \"x\") v1 : %s = arg(; name = \"k\")\n%s }",
			     x_type, k_type, x_type, k_type, lines);
	Diag *diag = diag_new(a);
	Model *m =
		read_model(a, names_new(a), diag, source_from_text(a, "text", text, strlen(text)));
	diag_flush(diag, stdout);
	if (!CHECK(m != NULL))
		return array_new(a, DT_int64, 0, NULL);
	const Func *f = m->funcs.data[0];
	Array *args[] = {array_of(a, f->args.data[0]->type, 0, x),
			 array_of(a, f->args.data[1]->type, 0, k)};
	EvalInput input = {.args = args, .seed = 0x0123456789abcdef, .call = 5};
	return eval_func(a, m, f, &input)[0];
}

static void expect(const char *x_type, const char *x, const char *k_type, const char *k,
		   const char *lines, const char *y)
{
	Arena *a = arena_new();
	Array *got = evaluate(a, x_type, x, k_type, k, lines);
	if (!test_check_str(array_text(a, got), y, __FILE__, __LINE__, lines))
		printf("  of %s\n", x);
	arena_free(a);
}

#define ONE(type, op) "v2 : " type " = " op " out \"y\" = v2"

static void test_movement(void)
{
	const char *m = "float32[2, 3]", *six = "1 2 3 4 5 6", *none = "int64", *zero = "0";
	expect(m, six, none, zero, ONE("float32[3, 2]", "reshape(v0)"), "1 2 3 4 5 6");
	expect(m, six, none, zero, ONE("float32[3, 2]", "transpose(v0; perm = [1, 0])"),
	       "1 4 2 5 3 6");
	expect(m, six, none, zero, ONE("float32[2, 2, 3]", "broadcast(v0; axis = [1, 2])"),
	       "1 2 3 4 5 6 1 2 3 4 5 6");
	expect("float32[2, 1]", "1 2", none, zero,
	       ONE("float32[2, 3]", "broadcast(v0; axis = [0, 1])"), "1 1 1 2 2 2");
	expect(m, six, none, "1",
	       ONE("float32[1, 2]", "slice(v0, v1; start = [in(1), 2], step = [1, -2])"), "6 4");
	expect(m, six, none, "1",
	       "v2 : float32[1, 2] = slice(v0, v1; start = [in(1), 2], step = [1, -2])\n"
	       "v3 : float32[2, 3] = set_slice(v0, v2, v1; start = [in(2) - 1, 0], step = [1, 1]) "
	       "out \"y\" = v3",
	       "6 4 3 4 5 6");
	expect("float32[3]", "1 2 3", none, zero,
	       ONE("float32[10]", "pad(v0; lo = [1], hi = [2], gap = [2], fill = -1)"),
	       "-1 1 -1 -1 2 -1 -1 3 -1 -1");
	expect(m, six, none, zero, ONE("float32[2, 6]", "concat(v0, v0; axis = 1)"),
	       "1 2 3 1 2 3 4 5 6 4 5 6");
	expect("float32[7]", "1 2 3 4 5 6 7", none, zero,
	       ONE("float32[2, 3]", "windows(v0; axis = 0, size = 3, stride = 2, dilation = 2)"),
	       "1 3 5 3 5 7");
	expect("int64[3]", "0 0 0", none, zero, ONE("int64[3]", "iota()"), "0 1 2");
	expect("int64[3]", "0 0 0", none, zero, ONE("int64", "size(; value = 7)"), "7");
}

static void test_indices(void)
{
	const char *m = "float32[3, 2]", *six = "1 2 3 4 5 6";
	expect(m, six, "int64[2]", "2 0",
	       ONE("float32[2, 2]", "gather(v0, v1; axis = 0, count = 1)"), "5 6 1 2");
	expect(m, six, "int64[3]", "1 0 1",
	       ONE("float32[3, 3]", "gather(v0, v1; axis = 1, count = 1)"), "2 1 2 4 3 4 6 5 6");
	expect(m, six, "int64[2]", "1 0",
	       ONE("float32[2]", "gather(v0, v1, v1; axis = 0, count = 2)"), "4 1");
	expect(m, six, "int64[2]", "1 1",
	       "v2 : float32[2, 2] = gather(v0, v1; axis = 0, count = 1)\n"
	       "v3 : float32[3, 2] = scatter_add(v0, v2, v1; axis = 0, count = 1) out \"y\" = v3",
	       "1 2 9 12 5 6");
	/* the last of equal indices wins */
	expect("float32[3]", "1 2 3", "int64[3]", "2 0 2",
	       ONE("float32[3]", "scatter_set(v0, v0, v1; axis = 0, count = 1)"), "2 2 3");
	expect("int8[3]", "100 2 3", "int64[3]", "0 0 0",
	       ONE("int8[3]", "scatter_add(v0, v0, v1; axis = 0, count = 1)"), "-51 2 3");
}

static void test_sums(void)
{
	const char *m = "float32[2, 3]", *six = "1 2 3 4 5 6", *none = "int64", *zero = "0";
	expect(m, six, none, zero, ONE("float32[2]", "reduce(v0; kind = sum, axes = [1])"), "6 15");
	expect(m, six, none, zero, ONE("float32[3]", "reduce(v0; kind = prod, axes = [0])"),
	       "4 10 18");
	expect(m, "1 nan 3 4 5 6", none, zero,
	       ONE("float32[2]", "reduce(v0; kind = max, axes = [1])"), "nan 6");
	expect(m, "1 0 3 4 5 -6", none, zero,
	       ONE("float32", "reduce(v0; kind = min, axes = [0, 1])"), "-6");
	expect(m, "3 3 1 nan 5 nan", none, zero,
	       ONE("int64[2]", "reduce(v0; kind = argmax, axes = [1])"), "0 0");
	expect(m, "3 1 1 6 5 nan", none, zero,
	       ONE("int64[2]", "reduce(v0; kind = argmin, axes = [1])"), "1 2");
	expect("bool[2, 2]", "1 0 1 1", none, zero,
	       ONE("bool[2]", "reduce(v0; kind = all, axes = [1])"), "0 1");
	expect("bool[2, 2]", "1 0 0 0", none, zero,
	       ONE("bool[2]", "reduce(v0; kind = any, axes = [1])"), "1 0");
	expect("uint8[3]", "200 100 7", none, zero,
	       ONE("uint8", "reduce(v0; kind = sum, axes = [0])"), "51");
	expect("uint64[2]", "1 18446744073709549568", none, zero,
	       ONE("uint64", "reduce(v0; kind = min, axes = [0])"), "1");
	expect("float32[0]", "", none, zero, ONE("float32", "reduce(v0; kind = max, axes = [0])"),
	       "-inf");
	expect(m, six, none, zero, ONE("float32[2, 3]", "cumsum(v0; axis = 1, reverse = 0)"),
	       "1 3 6 4 9 15");
	expect(m, six, none, zero, ONE("float32[2, 3]", "cumsum(v0; axis = 0, reverse = 1)"),
	       "5 7 9 4 5 6");
	expect(m, six, "float32[3, 2]", "1 2 3 4 5 6",
	       ONE("float32[2, 2]", "contraction(v0, v1; a = [0, 1], b = [1, 2], out = [0, 2])"),
	       "22 28 49 64");
	expect(m, six, m, six,
	       ONE("float32[3, 2]", "contraction(v0, v1; a = [0, 1], b = [0, 1], out = [1, 0])"),
	       "1 16 4 25 9 36");
	expect(m, six, m, six,
	       ONE("float32", "contraction(v0, v1; a = [3, 1], b = [3, 1], out = [])"), "91");
}

static void test_orders(void)
{
	const char *x = "float32[2, 4]", *values = "3 nan 1 3 -1 2 -1 0", *none = "int64",
		   *zero = "0";
	expect(x, values, none, zero, ONE("float32[2, 4]", "sort(v0; axis = 1)"),
	       "1 3 3 nan -1 -1 0 2");
	expect(x, values, none, zero, ONE("int64[2, 4]", "argsort(v0; axis = 1)"),
	       "2 0 3 1 0 2 3 1");
	expect(x, "3 1 1 3 -1 2 1 0", none, zero, ONE("int64[2, 4]", "argsort(v0; axis = 0)"),
	       "1 0 0 1 0 1 1 0");
	expect(x, values, none, zero,
	       "v2 : (float32[2, 3], int64[2, 3]) = topk(v0; axis = 1, k = 3) v3 : int64[2, 3] = "
	       "get(v2; index = 1)\n"
	       "out \"y\" = v3",
	       "1 0 3 1 3 0");
	expect("float64[2, 2]", "4 99 2 5", none, zero, ONE("float64[2, 2]", "cholesky(v0)"),
	       "2 0 1 2");
	const char *l = "float64[2, 2]", *lower = "2 99 1 4";
	expect(l, lower, "float64[2, 1]", "6 11",
	       ONE("float64[2, 1]", "triangular_solve(v0, v1; upper = 0, transpose = 0)"), "3 2");
	expect(l, lower, "float64[2, 1]", "8 8",
	       ONE("float64[2, 1]", "triangular_solve(v0, v1; upper = 0, transpose = 1)"), "3 2");
	expect(l, "2 1 99 4", "float64[2, 1]", "8 8",
	       ONE("float64[2, 1]", "triangular_solve(v0, v1; upper = 1, transpose = 0)"), "3 2");
}

/* Fibonacci, by two carries that change places; running sums; stopping; a branch */
static void test_regions(void)
{
	const char *scan = "v2 : (int64, int64, int64[6]) = scan(v1, v1, v0; steps = 6, ncarry = "
			   "2, nseq = 1, nemit = 1, "
			   "reverse = %d, until = %d, truncate = 0, checkpoint = 0) {\n"
			   "v0 : int64 = param(; index = 0) v1 : int64 = param(; index = 1) v2 : "
			   "int64 = param(; index = 2)\n"
			   "v3 : int64 = param(; index = 3) v4 : int64 = add(v1, v2) v5 : int64 = "
			   "mul(v4, v3)\n"
			   "v6 : int64 = const(; value = 5) v7 : bool = ge(v4, v6)\n"
			   "result v4 result v1 result v5 %s}\n"
			   "v3 : int64[6] = get(v2; index = 2) v4 : int64 = get(v2; index = 1) out "
			   "\"y\" = v%d";
	Arena *a = arena_new();
	const char *x = "1 1 1 1 1 10";
	expect("int64[6]", x, "int64", "1", arena_printf(a, scan, 0, 0, "", 3), "2 3 5 8 13 210");
	expect("int64[6]", x, "int64", "1", arena_printf(a, scan, 0, 0, "", 4), "13");
	expect("int64[6]", x, "int64", "1", arena_printf(a, scan, 1, 0, "", 3), "21 13 8 5 3 20");
	expect("int64[6]", x, "int64", "1", arena_printf(a, scan, 0, 1, "result v7 ", 3),
	       "2 3 5 0 0 0");
	expect("int64[6]", x, "int64", "1", arena_printf(a, scan, 1, 1, "result v7 ", 3),
	       "0 0 0 5 3 20");
	const char *branch = "v2 : bool = lt(v0, v1) v3 : (float32) = if(v2, v0, v1) {\n"
			     "v0 : float32 = param(; index = 0) v1 : float32 = param(; index = 1) "
			     "result v1 } {\n"
			     "v0 : float32 = param(; index = 0) v1 : float32 = param(; index = 1) "
			     "v2 : float32 = neg(v0) result v2 }\n"
			     "v4 : float32 = get(v3; index = 0) out \"y\" = v4";
	expect("float32", "1", "float32", "2", branch, "2");
	expect("float32", "3", "float32", "2", branch, "-3");
	arena_free(a);
}

/* Random123's known answers for the counter and key of all zeros and all ones, and a draw in a loop
 */
static void test_random(void)
{
	Arena *a = arena_new();
	Graph *g = graph_new(a);
	const Size *four = size_const(a, 4);
	push(a, &g->results,
	     build(g, (Loc){0}, OP_random_bits, 0, NULL, &(Attr){.random = {0}},
		   type_array(a, DT_uint64, 1, &four)));
	Func f = {.graph = g};
	Array *y = eval_func(a, NULL, &f, &(EvalInput){.seed = 0, .call = 0})[0];
	CHECK(y->i[0] == (int64_t)(0x6627e8d5u | (uint64_t)0xe169c58du << 32));
	CHECK(y->i[0] != y->i[1] && y->i[1] != y->i[2]);
	const char *loop = "v2 : (uint32[3, 2]) = scan(v0; steps = 3, ncarry = 0, nseq = 1, nemit "
			   "= 1, reverse = 0, until = 0, "
			   "truncate = 0, checkpoint = 0) { v0 : int64 = param(; index = 0) v1 : "
			   "int64 = param(; index = 1)\n"
			   "v2 : uint32[2] = random_bits(; place = 4294967295) result v2 }\n"
			   "v3 : uint32[3, 2] = get(v2; index = 0) out \"y\" = v3";
	Array *bits = evaluate(a, "int64[3]", "0 0 0", "int64", "0", loop);
	for (int i = 0; i < 6; i++)
		for (int k = 0; k < i; k++)
			CHECK(bits->i[i] != bits->i[k]);
	arena_free(a);
}

/* magnitudes: at least the value; of a sum that cancels, what it was made of */
static void test_magnitudes(void)
{
	Arena *a = arena_new();
	Array *y = evaluate(a, "float32[2]", "1000 -1000", "int64", "0",
			    ONE("float32", "reduce(v0; kind = sum, axes = [0])"));
	CHECK(y->f[0] == 0 && y->magnitude[0] == 2000);
	y = evaluate(a, "float32[2]", "1000 -1000", "int64", "0",
		     "v2 : float32 = reduce(v0; kind = sum, axes = [0]) v3 : float32 = exp(v2) out "
		     "\"y\" = v3");
	CHECK_NEAR(y->magnitude[0], 2001, 1e-6);
	y = evaluate(a, "float32", "0.1", "int64", "0", ONE("float64", "cast(v0)"));
	CHECK(y->f[0] == 0.1);
	y = evaluate(a, "float64", "0.1", "int64", "0", ONE("float32", "cast(v0)"));
	CHECK(y->f[0] == (double)0.1f);
	y = evaluate(a, "float64", "65519", "int64", "0", ONE("float16", "cast(v0)"));
	CHECK(y->f[0] == 65504);
	y = evaluate(a, "float64", "65520", "int64", "0", ONE("float16", "cast(v0)"));
	CHECK(isinf(y->f[0]));
	y = evaluate(a, "float64", "5.9604644775390625e-08", "int64", "0",
		     ONE("float16", "cast(v0)"));
	CHECK(y->f[0] == 5.9604644775390625e-08);
	y = evaluate(a, "float64", "1.00390625", "int64", "0", ONE("bfloat16", "cast(v0)"));
	CHECK(y->f[0] == 1);
	arena_free(a);
}

int main(void)
{
	test_rows();
	test_movement();
	test_indices();
	test_sums();
	test_orders();
	test_regions();
	test_random();
	test_magnitudes();
	return test_result();
}
