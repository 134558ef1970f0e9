/* test_print_c.c -- kernels as the C that a person reads */
#include "kernel_build.h"
#include "test.h"

static Build start(void)
{
	return (Build){arena_new(), 1, DT_float32, 16};
}

static void check_text(Build *b, const Kernel *k, const char *expected)
{
	Writer *w = writer_new(b->arena);
	verify_kernel(k, "test");
	print_kernel_c(w, k, &(Target){"c", 16, 32, false});
	CHECK_STR(writer_text(w, NULL), expected);
	arena_free(b->arena);
}

static void test_product(void)
{
	Build built = start(), *b = &built;
	Kernel *k = kernel(b, "hidden");
	k->comment = "h = tanh(x @ W + b)   float32[batch, 500]";
	const Dim *batch = new_dim(b, "batch");
	kernel_dim(b, k, batch);
	const Side n = OF(dim(b, batch));
	Buffer *x = argument(b, k, "x", DT_uint8, true, 2, SIDES(n, OF(num(b, 784))));
	Buffer *W = argument(b, k, "W", DT_float32, true, 2, SIDES(OF(num(b, 784)), OF(num(b, 500))));
	Buffer *bias = argument(b, k, "b", DT_float32, true, 1, SIDES(OF(num(b, 500))));
	Buffer *h = argument(b, k, "h", DT_float32, false, 2, SIDES(n, OF(num(b, 500))));
	Axis *i = axis(b, "i", AXIS_PAR, n.size), *j = axis_n(b, "j", AXIS_SEQ, 500), *l = axis_n(b, "k", AXIS_SEQ, 784);
	Buffer *sum = buffer(b, "sum", DT_float32, WHERE_REG, 0, NULL);
	const Node *pixel = cast(b, DT_float32, load(b, at(x, ix(b, i), ix(b, l))));
	const Node *out = node1(b, OP_tanh, node2(b, OP_add, load(b, at(sum)), load(b, at(bias, ix(b, j)))));
	part(b, k,
	     nests(b, AXES(i, j),
	           ITEMS(declared(sum), store(b, at(sum), STORE_SET, real(b, 0)),
	                 nest(b, l, ITEMS(store(b, at(sum), STORE_ADD, node2(b, OP_mul, pixel, load(b, at(W, ix(b, l), ix(b, j))))))),
	                 store(b, at(h, ix(b, i), ix(b, j)), STORE_SET, out))),
	     true);
	check_text(b, k,
	           "/* h = tanh(x @ W + b)   float32[batch, 500] */\n"
	           "static MC_NOINLINE void hidden(int64_t batch, const uint8_t *MC_RESTRICT x,\n"
	           "\tconst float *MC_RESTRICT W, const float *MC_RESTRICT b, float *MC_RESTRICT h)\n"
	           "{\n"
	           "#ifdef _OPENMP\n"
	           "\t#pragma omp for schedule(static)\n"
	           "#endif\n"
	           "\tfor (int64_t i = 0; i < batch; i++)\n"
	           "\t\tfor (int64_t j = 0; j < 500; j++) {\n"
	           "\t\t\tfloat sum = 0.0f;\n"
	           "\t\t\tfor (int64_t k = 0; k < 784; k++)\n"
	           "\t\t\t\tsum = mc_fma_f32((float)x[i * 784 + k], W[k * 500 + j], sum);\n"
	           "\t\t\th[i * 500 + j] = mc_tanh_f32(sum + b[j]);\n"
	           "\t\t}\n"
	           "}\n\n");
}

static Kernel *one_store(Build *b, Kernel *k, Access target, StoreHow how, const Node *value, Axis *i)
{
	part(b, k, nest(b, i, ITEMS(store(b, target, how, value))), true);
	return k;
}

/* the statement of a kernel y[i] = value over x, v: float32[n]; c: int64[n]; f: bool[n] */
static void check_statement(const Node *(*value)(Build *, Buffer *x, Buffer *v, Axis *i), StoreHow how, DType dtype,
                            const char *expected)
{
	Build built = start(), *b = &built;
	Kernel *k = kernel(b, "k");
	const Dim *n = new_dim(b, "n");
	kernel_dim(b, k, n);
	const Side side = OF(dim(b, n));
	Buffer *x = argument(b, k, "x", dtype == DT_bool ? DT_float32 : dtype, true, 1, SIDES(side));
	Buffer *v = argument(b, k, "v", DT_uint8, true, 1, SIDES(side));
	Buffer *y = argument(b, k, "y", dtype, false, 1, SIDES(side));
	Axis *i = axis(b, "i", AXIS_SEQ, side.size);
	one_store(b, k, at(y, ix(b, i)), how, value(b, x, v, i), i);
	verify_kernel(k, "test");
	Writer *w = writer_new(b->arena);
	print_kernel_c(w, k, &(Target){"c", 16, 32, false});
	const char *text = writer_text(w, NULL), *head = strstr(text, "i++)");
	if (!CHECK(head != NULL))
		return;
	head += strspn(head, "i+)\n\t {");
	/* one line for each statement */
	char *got = NEW_ARRAY(b->arena, char, strlen(head) + 1), *to = got;
	for (const char *s = head; *s && *s != '}'; s++)
		if (*s != '\t')
			*to++ = *s;
	CHECK_STR(got, expected);
	arena_free(b->arena);
}

static const Node *x_(Build *b, Buffer *x, Axis *i)
{
	return load(b, at(x, ix(b, i)));
}

static const Node *twice(Build *b, Buffer *x, Buffer *v, Axis *i)
{
	(void)v;
	const Node *e = node1(b, OP_exp, x_(b, x, i));
	return node2(b, OP_mul, e, node2(b, OP_sub, real(b, 1), e));
}

static const Node *brackets(Build *b, Buffer *x, Buffer *v, Axis *i)
{
	(void)v;
	const Node *a = x_(b, x, i);
	return node2(b, OP_sub, real(b, 2.5), node2(b, OP_div, node2(b, OP_sub, real(b, 1), node1(b, OP_neg, node1(b, OP_exp, a))), node1(b, OP_neg, real(b, -3))));
}

static const Node *two_products(Build *b, Buffer *x, Buffer *v, Axis *i)
{
	const Node *w = cast(b, DT_float32, x_(b, v, i));
	return node2(b, OP_add, node2(b, OP_mul, x_(b, x, i), real(b, 2)), node2(b, OP_mul, w, real(b, 0.1)));
}

static const Node *test_of(Build *b, Buffer *x, Buffer *v, Axis *i)
{
	(void)v;
	const Node *a = x_(b, x, i);
	return node2(b, OP_and, node2(b, OP_gt, a, real(b, 1)), node1(b, OP_not, node1(b, OP_isnan, a)));
}

static const Node *integers(Build *b, Buffer *x, Buffer *v, Axis *i)
{
	return node2(b, OP_mul, node2(b, OP_add, x_(b, x, i), cast(b, DT_int64, x_(b, v, i))), index_node(b, ix(b, i)));
}

static const Node *gathered(Build *b, Buffer *x, Buffer *v, Axis *i)
{
	Access a = at(x, NULL);
	a.index[0].gathered = cast(b, DT_int64, x_(b, v, i));
	return load(b, a);
}

static const Node *padded(Build *b, Buffer *x, Buffer *v, Axis *i)
{
	(void)v;
	const Size *before = minus(b, ix(b, i), num(b, 2));
	return load(b, when(b, at(x, before), before, num(b, 0), x->extent[0].size, -1.5));
}

static void test_statements(void)
{
	check_statement(twice, STORE_SET, DT_float32, "const float t = mc_exp_f32(x[i]);\ny[i] = t * (1.0f - t);\n");
	check_statement(brackets, STORE_SET, DT_float32, "y[i] = 2.5f - (1.0f - -mc_exp_f32(x[i])) / -(-3.0f);\n");
	check_statement(two_products, STORE_SET, DT_float32, "y[i] = mc_fma_f32(x[i], 2.0f, (float)v[i] * 0.1f);\n");
	check_statement(two_products, STORE_MAX, DT_float32,
	                "y[i] = mc_max_f32(y[i], mc_fma_f32(x[i], 2.0f, (float)v[i] * 0.1f));\n");
	check_statement(test_of, STORE_SET, DT_bool, "const float x_i = x[i];\ny[i] = (uint8_t)((x_i > 1.0f) & !(x_i != x_i));\n");
	check_statement(test_of, STORE_MAX, DT_bool,
	                "const float x_i = x[i];\ny[i] = (uint8_t)(y[i] | ((x_i > 1.0f) & !(x_i != x_i)));\n");
	check_statement(integers, STORE_SET, DT_int64, "y[i] = mc_mul_i64(mc_add_i64(x[i], (int64_t)v[i]), i);\n");
	check_statement(integers, STORE_ADD, DT_int64,
	                "y[i] = mc_add_i64(y[i], mc_mul_i64(mc_add_i64(x[i], (int64_t)v[i]), i));\n");
	check_statement(gathered, STORE_SET, DT_float32, "y[i] = x[v[i]];\n");
	check_statement(gathered, STORE_ADD, DT_float32, "y[i] += x[v[i]];\n");
	check_statement(padded, STORE_SET, DT_float32, "y[i] = i >= 2 ? x[i - 2] : -1.5f;\n");
	check_statement(padded, STORE_SET, DT_float64, "y[i] = i >= 2 ? x[i - 2] : -1.5;\n");
}

/* a tile with cuts is printed once; an array whose index leaves a row is flat */
static void test_cuts(void)
{
	Build built = start(), *b = &built;
	Kernel *k = kernel(b, "rows");
	const Dim *n = new_dim(b, "n");
	kernel_dim(b, k, n);
	Buffer *x = argument(b, k, "x", DT_float32, true, 2, SIDES(OF(dim(b, n)), OF(num(b, 16))));
	Buffer *y = argument(b, k, "y", DT_float32, false, 2, SIDES(OF(dim(b, n)), OF(num(b, 16))));
	Axis *one = axis_n(b, "one", AXIS_PAR, 1), *i = axis(b, "i", AXIS_SEQ, dim(b, n)), *r = axis_of(b, "r", AXIS_UNROLL, i);
	cuts(b, i, 2, (int64_t[]){4, 1});
	Axis *l = axis_n(b, "l", AXIS_LANES, 16), *flat = axis_n(b, "j", AXIS_SEQ, 64);
	Buffer *t = buffer(b, "t", DT_float32, WHERE_STACK, 2, SIDES(OF(num(b, 4)), OF(num(b, 16))));
	const Size *row = plus(b, ix(b, i), ix(b, r));
	Access cell = at(t, num(b, 0), ix(b, flat));
	part(b, k,
	     nests(b, AXES(one, i),
	           ITEMS(declared(t), nest(b, flat, ITEMS(store(b, cell, STORE_SET, real(b, 0)))),
	                 nests(b, AXES(r, l), ITEMS(store(b, at(t, ix(b, r), ix(b, l)), STORE_SET, load(b, at(x, row, ix(b, l)))))),
	                 nests(b, AXES(r, l), ITEMS(store(b, at(y, row, ix(b, l)), STORE_SET, load(b, at(t, ix(b, r), ix(b, l)))))))),
	     true);
	check_text(b, k,
	           "MC_INLINE void rows_i(const int i_step, int64_t i, const float *MC_RESTRICT x,\n"
	           "\tfloat *MC_RESTRICT y)\n"
	           "{\n"
	           "\tfloat t[64];\n"
	           "\tfor (int64_t j = 0; j < 64; j++)\n"
	           "\t\tt[j] = 0.0f;\n"
	           "\tMC_UNROLL for (int r = 0; r < i_step; r++)\n"
	           "\t\tmc_store_f32x16(&t[r * 16], mc_load_f32x16(&x[(i + r) * 16]));\n"
	           "\tMC_UNROLL for (int r = 0; r < i_step; r++)\n"
	           "\t\tmc_store_f32x16(&y[(i + r) * 16], mc_load_f32x16(&t[r * 16]));\n"
	           "}\n\n"
	           "static MC_NOINLINE void rows(int64_t n, const float *MC_RESTRICT x, float *MC_RESTRICT y)\n"
	           "{\n"
	           "#ifdef _OPENMP\n"
	           "\t#pragma omp single\n"
	           "#endif\n"
	           "\t{\n"
	           "\t\tint64_t i = 0;\n"
	           "\t\tfor (; i + 4 <= n; i += 4)\n"
	           "\t\t\trows_i(4, i, x, y);\n"
	           "\t\tfor (; i < n; i++)\n"
	           "\t\t\trows_i(1, i, x, y);\n"
	           "\t}\n"
	           "}\n\n");
}

static void check_size(const char *expected, const Size *(*make)(Arena *, const Size *, const Size *))
{
	Arena *arena = arena_new();
	Dim n = {.name = "n", .lo = 1, .hi = INT64_MAX, .index = 0}, m = {.name = "m", .lo = 1, .hi = INT64_MAX, .index = 1};
	CHECK_STR(size_c(arena, make(arena, size_dim(arena, &n), size_dim(arena, &m))), expected);
	arena_free(arena);
}

static const Size *difference(Arena *a, const Size *n, const Size *m)
{
	return size_sub(a, size_scale(a, m, 3), size_add(a, n, size_const(a, 4)));
}

static const Size *half(Arena *a, const Size *n, const Size *m)
{
	return size_add(a, size_mul(a, size_floordiv(a, size_add(a, n, size_const(a, 1)), 2), m), size_const(a, 7));
}

static const Size *negative(Arena *a, const Size *n, const Size *m)
{
	return size_sub(a, size_const(a, 0), size_mul(a, n, m));
}

static void test_sizes(void)
{
	check_size("m * 3 - n - 4", difference);
	check_size("m * ((n + 1) / 2) + 7", half);
	check_size("-m * n", negative);
}

/* first, last and between: the list is searched in its order */
static void test_words(void)
{
	const char *const words[] = {"BIG_ENDIAN", "NULL", "and_eq", "char", "const", "const_cast", "constexpr", "for", "i386", "if", "int16_t",
	                             "new", "not", "not_eq", "static_cast", "this", "unix", "while", "xor", "xor_eq", "_Bool", "__x", "mc_x", "INT_MAX"};
	const char *const others[] = {"", "A", "a", "fo", "fors", "int_", "h", "W", "x_i", "zz", "MAX"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		CHECK(is_c_word(words[i]));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		CHECK(!is_c_word(others[i]));
}

int main(void)
{
	test_words();
	test_product();
	test_statements();
	test_cuts();
	test_sizes();
	return test_result();
}
