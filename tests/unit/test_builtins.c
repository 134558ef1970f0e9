/* test_builtins.c -- operators, indexing and the library, through the elaborator and the evaluator
 *
 * Expected values are NumPy's by its documentation, or closed forms. */
#include "check/check.h"
#include "test.h"

static Model *check_text(Arena *a, const char *text, DType floatX, FILE *messages)
{
	Names *names = names_new(a);
	Diag *diag = diag_new(a);
	const Source *source = source_from_text(a, "t.model", text, strlen(text));
	File *file = parse_file(a, names, diag, source);
	CheckOptions options = {.floatX = floatX};
	Model *m = diag_count(diag) ? NULL : check_model(a, names, diag, file, &options);
	diag_flush(diag, messages);
	return m;
}

/* "1 2.5 nan": the elements as text again, and whether they are near */
static bool near(const Array *y, const char *text)
{
	char *end;
	for (int64_t i = 0; i < y->count; i++, text = end) {
		double want = strtod(text, &end), got = y->f ? y->f[i] : (double)y->i[i];
		if (end == text)
			return false;
		if (!(isnan(got) && isnan(want)) && got != want &&
		    !(fabs(got - want) <= 1e-12 * (fabs(want) > 1 ? fabs(want) : 1)))
			return false;
	}
	return strspn(text, " ") == strlen(text);
}

static const char *text_of(Arena *a, const Array *y)
{
	const char *s = "";
	for (int64_t i = 0; i < y->count; i++)
		s = arena_printf(a, "%s%s%.16g", s, i ? " " : "", y->f ? y->f[i] : (double)y->i[i]);
	return s;
}

/* every variable as `_init` makes it */
static Array *const *initial(Arena *a, const Model *m, const EvalInput *input)
{
	Array **vars = NEW_ARRAY(a, Array *, m->vars.len + 1);
	Array **made = eval_func(a, m, m->init, input);
	for (int i = 0; i < m->init->updates.len; i++)
		vars[m->init->updates.data[i].var->index] = made[m->init->outs.len + i];
	return vars;
}

/* the output y of a program: its type and elements */
static void program(const char *text, const char *type, const char *values)
{
	Arena *a = arena_new();
	Model *m = check_text(a, text, DT_float64, stdout);
	if (!test_check(m != NULL, __FILE__, __LINE__, text)) {
		arena_free(a);
		return;
	}
	const Func *f = m->funcs.data[m->funcs.len - 1];
	const int64_t dims[16] = {3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3};
	EvalInput input = {.dims = dims, .seed = 1, .call = 1};
	input.vars = initial(a, m, &input);
	Array *y = eval_func(a, m, f, &input)[0];
	test_check_str(type_text(a, f->graph->results.data[0]->type), type, __FILE__, __LINE__,
		       text);
	if (!test_check(near(y, values), __FILE__, __LINE__, text))
		printf("  got:      %s\n  expected: %s\n", text_of(a, y), values);
	arena_free(a);
}

typedef struct Case {
	const char *expr, *type, *values;
} Case;

static void expressions(const char *before, const Case *c)
{
	for (; c->expr; c++) {
		Arena *a = arena_new();
		program(arena_printf(a, "%s\nfunction f() -> y = %s\n", before, c->expr), c->type,
			c->values);
		arena_free(a);
	}
}

static void test_types(void)
{
	static const Case cases[] = {
		{"int8(3) + int8(4)", "int32", "7"},
		{"uint8(200) + uint8(100)", "int32", "300"},
		{"uint8(3) - 128", "int32", "-125"},
		{"int32(7) + 1", "int32", "8"},
		{"int32(7) + int64([1])[0]", "int64", "8"},
		{"int64([7])[0] * 0.5", "float64", "3.5"},
		{"int32(7) / int32(2)", "float64", "3.5"},
		{"float32(1) + 0.5", "float32", "1.5"},
		{"float32(1) + float64(2)", "float64", "3"},
		{"float16(1) + float32(2)", "float32", "3"},
		{"float16(1) + bfloat16(2)", "float32", "3"},
		{"float16(1) + 1", "float16", "2"},
		{"uint32([1]) + int32([1])", "int64[1]", "2"},
		{"uint8([1]) == 1", "bool[1]", "1"},
		{"(int64([1]) == 1) + 1", "int32[1]", "2"},
		{"int32([-7]) // 2", "int32[1]", "-4"},
		{"int32([-7]) % 3", "int32[1]", "2"},
		{"int32([7]) % -3", "int32[1]", "-2"},
		{"int32([7]) // 0", "int32[1]", "0"},
		{"-7 // 2", "int64", "-4"},
		{"-7 % 3", "int64", "2"},
		{"7 / 2", "float64", "3.5"},
		{"2 ** 10", "int64", "1024"},
		{"2 ** -1", "float64", "0.5"},
		{"int32([3]) ** 2", "int32[1]", "9"},
		{"int32([2]) ** -1", "float64[1]", "0.5"},
		{"-2 ** 2", "int64", "-4"},
		{"2 ** 3 ** 2", "int64", "512"},
		{"-uint8([3])", "int32[1]", "-3"},
		{"-(int64([3]) == 3)", "int32[1]", "-1"},
		{"not (int64([3]) == 3)", "bool[1]", "0"},
		{"true and int64([3]) == 3", "bool[1]", "1"},
		{"int64(2.9)", "int64", "2"},
		{"int8(floatX(300))", "int8", "127"},
		{"int8(floatX(-300))", "int8", "-128"},
		{"uint8(floatX(nan))", "uint8", "0"},
		{"bool([0.0, 0.5])", "bool[2]", "0 1"},
		{"stack([1, 2.5])", "float64[2]", "1 2.5"},
		{"stack([[1, 2], [3, 4]])", "int64[2, 2]", "1 2 3 4"},
		{"floatX([1, 2]) + [[10], [20]]", "float64[2, 2]", "11 12 21 22"},
		{"sum(int8([100, 100]))", "int64", "200"},
		{"mean(int32([1, 2]))", "float64", "1.5"},
		{"exp(int32([0]))", "float64[1]", "1"},
		{"where(int64([1, 2]) == 1, uint8([5]), 0)", "uint8[2]", "5 0"},
		{"maximum(uint8([5]), 7)", "int32[1]", "7"},
		{"abs(int32([-5]))", "int32[1]", "5"},
		{"clip(int32([-5, 3, 50]), 0, 9)", "int32[3]", "0 3 9"},
		{"sign(floatX([-5, 0, 3]))", "float64[3]", "-1 0 1"},
		{"sign(int32([-5]))", "float64[1]", "-1"},
		{"round(floatX([0.5, 1.5, -2.5]))", "float64[3]", "0 2 -2"},
		{NULL, NULL, NULL},
	};
	expressions("", cases);
}

/* sizes: arithmetic known now; n is 3 when it runs */
static void test_sizes(void)
{
	static const Case cases[] = {
		{"n + 1", "int64", "4"},
		{"n * n // n", "int64", "3"},
		{"zeros([n])", "float64[n]", "0 0 0"},
		{"zeros([(2 * n + 1) // 2])", "float64[n]", "0 0 0"},
		{"size(zeros([n, 2]))", "int64", "6"},
		{"size(zeros([n, 2]), 1)", "int64", "2"},
		{"size(zeros([n, 2, 5]), [0, -1])", "int64", "15"},
		{"stack(shape(zeros([4, 2])))", "int64[2]", "4 2"},
		{"rank(zeros([4, 2]))", "int64", "2"},
		{"n / 2", "float64", "1.5"},
		{"n == n + 1", "bool", "0"},
		{"n >= 1", "bool", "1"},
		{"n == 3", "bool", "1"},
		{"maximum(n, 1)", "int64", "3"},
		{"sqrt(n + 6)", "float64", "3"},
		{"full([n], 2)", "int64[n]", "2 2 2"},
		{"full([2], 2.5)", "float64[2]", "2.5 2.5"},
		{"ones([2], int8)", "int8[2]", "1 1"},
		{"arange(n) + 10", "int64[n]", "10 11 12"},
		{"arange(1, n + 1)", "int64[n]", "1 2 3"},
		{"arange(0, 10, 4)", "int64[3]", "0 4 8"},
		{"arange(5, 0, -2)", "int64[3]", "5 3 1"},
		{"floatX(n)", "float64", "3"},
		{"sum([2, 3, n])", "int64", "8"},
		{"prod(shape(zeros([2, 5])))", "int64", "10"},
		{NULL, NULL, NULL},
	};
	expressions("dim n", cases);
}

static void test_matmul(void)
{
	static const Case cases[] = {
		{"v @ w", "float64", "32"},
		{"m @ v", "float64[2]", "14 32"},
		{"floatX([1, 1]) @ m", "float64[3]", "5 7 9"},
		{"m @ transpose(m)", "float64[2, 2]", "14 32 32 77"},
		{"stack([m, 2 * m]) @ v", "float64[2, 2]", "14 32 28 64"},
		{"stack([m, 2 * m]) @ transpose(m)", "float64[2, 2, 2]",
		 "14 32 32 77 28 64 64 154"},
		{"stack([m, 2 * m]) @ stack([transpose(m), transpose(m)])", "float64[2, 2, 2]",
		 "14 32 32 77 28 64 64 154"},
		{"stack([m, 2 * m]) @ transpose(m)[None]", "float64[2, 2, 2]",
		 "14 32 32 77 28 64 64 154"},
		{"m[None] @ transpose(m)[None]", "float64[1, 2, 2]", "14 32 32 77"},
		{"m[:, None] @ transpose(m)", "float64[2, 1, 2]", "14 32 32 77"},
		{"int32([1, 2]) @ int32([3, 4])", "int32", "11"},
		{"uint8([200, 2]) @ uint8([200, 4])", "int32", "40008"},
		{"einsum(\"ij,kj->ik\", m, m)", "float64[2, 2]", "14 32 32 77"},
		{"einsum(\"ij->ji\", m)", "float64[3, 2]", "1 4 2 5 3 6"},
		{"einsum(\"ij->j\", m)", "float64[3]", "5 7 9"},
		{"einsum(\"ij\", m)", "float64[2, 3]", "1 2 3 4 5 6"},
		{"einsum(\"ij,jk\", m, transpose(m))", "float64[2, 2]", "14 32 32 77"},
		{"einsum(\"i,j->ij\", v, w)", "float64[3, 3]", "4 5 6 8 10 12 12 15 18"},
		{"einsum(\"i,i->i\", v, w)", "float64[3]", "4 10 18"},
		{"einsum(\"i,j->j\", v, w)", "float64[3]", "24 30 36"},
		{"einsum(\"i,j->\", v, w)", "float64", "90"},
		{"einsum(\"...i,...i->...\", m, v)", "float64[2]", "14 32"},
		{"einsum(\"...i,ji->...j\", stack([m, m]), m)", "float64[2, 2, 2]",
		 "14 32 32 77 14 32 32 77"},
		{"einsum(\"i,i,i->i\", v, v, w)", "float64[3]", "4 20 54"},
		{"einsum(\"ij,j,i->\", m, v, [1, 1])", "float64", "46"},
		{NULL, NULL, NULL},
	};
	expressions("let v = floatX([1, 2, 3])\nlet w = floatX([4, 5, 6])\nlet m = floatX([[1, 2, "
		    "3], [4, 5, 6]])",
		    cases);
}

static void test_index(void)
{
	static const Case cases[] = {
		{"m[1]", "int64[4]", "4 5 6 7"},
		{"m[-1]", "int64[4]", "8 9 10 11"},
		{"m[1, 2]", "int64", "6"},
		{"m[1][2]", "int64", "6"},
		{"m[..., 0]", "int64[3]", "0 4 8"},
		{"m[:, -1]", "int64[3]", "3 7 11"},
		{"m[0:2, 1:3]", "int64[2, 2]", "1 2 5 6"},
		{"m[1:]", "int64[2, 4]", "4 5 6 7 8 9 10 11"},
		{"m[:-1, :1]", "int64[2, 1]", "0 4"},
		{"m[::2, ::3]", "int64[2, 2]", "0 3 8 11"},
		{"m[::-1, 0]", "int64[3]", "8 4 0"},
		{"m[0, 3:0:-2]", "int64[2]", "3 1"},
		{"m[0, 2::-1]", "int64[3]", "2 1 0"},
		{"m[0, :0:-1]", "int64[3]", "3 2 1"},
		{"m[0, -3:-1]", "int64[2]", "1 2"},
		{"m[:, None, 0]", "int64[3, 1]", "0 4 8"},
		{"m[None, 1]", "int64[1, 4]", "4 5 6 7"},
		{"m[1:1]", "int64[0, 4]", ""},
		{"m[[2, 0]]", "int64[2, 4]", "8 9 10 11 0 1 2 3"},
		{"m[[-1, 0]]", "int64[2, 4]", "8 9 10 11 0 1 2 3"},
		{"m[:, [3, 0]]", "int64[3, 2]", "3 0 7 4 11 8"},
		{"m[[0, 2], [1, 3]]", "int64[2]", "1 11"},
		{"m[arange(3), [1, 2, 3]]", "int64[3]", "1 6 11"},
		{"m[[[0], [2]], [1, 3]]", "int64[2, 2]", "1 3 9 11"},
		{"m[1:, [0, 1]]", "int64[2, 2]", "4 5 8 9"},
		{"m[1, [0, 1]]", "int64[2]", "4 5"},
		{"m[[[0, 1], [2, 0]]]", "int64[2, 2, 4]", "0 1 2 3 4 5 6 7 8 9 10 11 0 1 2 3"},
		{"m[sum(int64([1]))]", "int64[4]", "4 5 6 7"},
		{"m[i : i + 2, 0]", "int64[2]", "4 8"},
		{"m[i * 1 : (i + 1) * 1]", "int64[1, 4]", "4 5 6 7"},
		{"m[int32(i) * 2 - 1 : int32(i) * 2 + 1, 1]", "int64[2]", "5 9"},
		{"m[i, i + 1]", "int64", "6"},
		{"m[argmax(m[:, 0])]", "int64[4]", "8 9 10 11"},
		{"m[uint8([2])]", "int64[1, 4]", "8 9 10 11"},
		{"set(m[0], 7)", "int64[3, 4]", "7 7 7 7 4 5 6 7 8 9 10 11"},
		{"set(m[:, 1], [7, 8, 9])", "int64[3, 4]", "0 7 2 3 4 8 6 7 8 9 10 11"},
		{"set(m[:, i], 1 - m[:, i])", "int64[3, 4]", "0 0 2 3 4 -4 6 7 8 -8 10 11"},
		{"set(m[::2, ::2], [[1, 2], [3, 4]])", "int64[3, 4]", "1 1 2 3 4 5 6 7 3 9 4 11"},
		{"set(m[::-1, 0], [1, 2, 3])", "int64[3, 4]", "3 1 2 3 2 5 6 7 1 9 10 11"},
		{"set(m[[0, 0], 0], [5, 6])", "int64[3, 4]", "6 1 2 3 4 5 6 7 8 9 10 11"},
		{"set(m[1:, [3, 0]], 0)", "int64[3, 4]", "0 1 2 3 0 5 6 0 0 9 10 0"},
		{"set(m[...], 1)", "int64[3, 4]", "1 1 1 1 1 1 1 1 1 1 1 1"},
		{"add_at(m[[0, 0], [1, 1]], [5, 6])", "int64[3, 4]", "0 12 2 3 4 5 6 7 8 9 10 11"},
		{"add_at(m[1, 2:], 10)", "int64[3, 4]", "0 1 2 3 4 5 16 17 8 9 10 11"},
		{"add_at(m[[2, 2]], 1)", "int64[3, 4]", "0 1 2 3 4 5 6 7 10 11 12 13"},
		{"[1, 2, 3][1]", "int64", "2"},
		{"[1, 2, 3][1:][-1]", "int64", "3"},
		{NULL, NULL, NULL},
	};
	expressions("let m = reshape(arange(12), [3, 4])\nlet i = sum(int64([1, 0]))", cases);
}

static void test_reductions(void)
{
	static const Case cases[] = {
		{"sum(m)", "float64", "21"},
		{"sum(m, axis = 0)", "float64[3]", "5 7 9"},
		{"sum(m, axis = -1)", "float64[2]", "6 15"},
		{"sum(m, axis = [0, 1])", "float64", "21"},
		{"sum(m, axis = 1, keepdims = true)", "float64[2, 1]", "6 15"},
		{"sum(m, keepdims = true)", "float64[1, 1]", "21"},
		{"prod(m, 1)", "float64[2]", "6 120"},
		{"mean(m)", "float64", "3.5"},
		{"mean(m, 0)", "float64[3]", "2.5 3.5 4.5"},
		{"var([1.0, 2, 3, 4])", "float64", "1.25"},
		{"var(m, axis = 1, keepdims = true)", "float64[2, 1]",
		 "0.6666666666666666 0.6666666666666666"},
		{"std([1.0, 2, 3, 4])", "float64", "1.118033988749895"},
		{"max(m, 0)", "float64[3]", "4 5 6"},
		{"min(m, [1])", "float64[2]", "1 4"},
		{"max([1.0, nan, 2])", "float64", "nan"},
		{"argmax([1, 3, 3])", "int64", "1"},
		{"argmax(m)", "int64", "5"},
		{"argmin(m, axis = 1, keepdims = true)", "int64[2, 1]", "0 0"},
		{"any(m > 5)", "bool", "1"},
		{"all(m > 1, axis = 1)", "bool[2]", "0 1"},
		{"cumsum([1, 2, 3])", "int64[3]", "1 3 6"},
		{"cumsum(m, 1)", "float64[2, 3]", "1 3 6 4 9 15"},
		{"cumsum(m)", "float64[6]", "1 3 6 10 15 21"},
		{"cumsum([1, 2, 3], reverse = true)", "int64[3]", "6 5 3"},
		{"sort([3, 1, 2])", "int64[3]", "1 2 3"},
		{"argsort([3, 1, 2])", "int64[3]", "1 2 0"},
		{"topk([3, 1, 2], 2)[0]", "int64[2]", "3 2"},
		{"topk([3, 1, 2], 2)[1]", "int64[2]", "0 2"},
		{"logsumexp([1.0, 2, 3])", "float64", "3.40760596444438"},
		{"logsumexp([1000.0, 1000])", "float64", "1000.6931471805599"},
		{"logsumexp([-inf, -inf])", "float64", "-inf"},
		{"logsumexp(m, 1)", "float64[2]", "3.40760596444438 6.40760596444438"},
		{"softmax([1.0, 2, 3])", "float64[3]",
		 "0.09003057317038046 0.24472847105479767 0.6652409557748219"},
		{"softmax([801.0, 802, 803])", "float64[3]",
		 "0.09003057317038046 0.24472847105479767 0.6652409557748219"},
		{"sum(softmax(m, 0), 0)", "float64[3]", "1 1 1"},
		{"log_softmax([1.0, 2, 3])", "float64[3]",
		 "-2.40760596444438 -1.40760596444438 -0.40760596444438"},
		{NULL, NULL, NULL},
	};
	expressions("let m = floatX([[1, 2, 3], [4, 5, 6]])", cases);
}

static void test_elementwise(void)
{
	static const Case cases[] = {
		{"relu(floatX([-1, 0, 2]))", "float64[3]", "0 0 2"},
		{"relu(floatX([nan]))", "float64[1]", "nan"},
		{"leaky_relu(floatX([-1, 2]))", "float64[2]", "-0.01 2"},
		{"gelu(floatX([1, -2]))", "float64[2]", "0.8413447460685429 -0.04550026389635842"},
		{"gelu_tanh(floatX([1]))", "float64[1]", "0.8411919906082768"},
		{"silu(floatX([1]))", "float64[1]", "0.7310585786300049"},
		{"elu(floatX([-1, 2]))", "float64[2]", "-0.6321205588285577 2"},
		{"xlogy(floatX([0, 2]), floatX([0, 1]))", "float64[2]", "0 0"},
		{"sigmoid(0)", "float64", "0.5"},
		{"softplus(floatX([0]))", "float64[1]", "0.6931471805599453"},
		{"isnan(floatX([nan, 1]))", "bool[2]", "1 0"},
		{"atan2(floatX([1]), -1)", "float64[1]", "2.356194490192345"},
		{"pow(floatX([2]), 0.5)", "float64[1]", "1.4142135623730951"},
		{"maximum(floatX([nan, 1]), 2)", "float64[2]", "nan 2"},
		{"identity(3)", "int64", "3"},
		{"stop_gradient(floatX([3]))", "float64[1]", "3"},
		{"floatX([3]) * pi", "float64[1]", "9.42477796076938"},
		{"minimum(floatX([3]), inf)", "float64[1]", "3"},
		{NULL, NULL, NULL},
	};
	expressions("", cases);
}

static void test_movement(void)
{
	static const Case cases[] = {
		{"reshape(m, [3, 2])", "int64[3, 2]", "0 1 2 3 4 5"},
		{"reshape(m, [-1])", "int64[6]", "0 1 2 3 4 5"},
		{"reshape(m, [-1, 1])", "int64[6, 1]", "0 1 2 3 4 5"},
		{"reshape(m, 6)", "int64[6]", "0 1 2 3 4 5"},
		{"reshape(m, [..., 3, 1])", "int64[2, 3, 1]", "0 1 2 3 4 5"},
		{"reshape(arange(12), [..., 2, -1])", "int64[2, 6]", "0 1 2 3 4 5 6 7 8 9 10 11"},
		{"reshape(zeros([n, 6]), [n, -1, 2])", "float64[n, 3, 2]",
		 "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"},
		{"transpose(m)", "int64[3, 2]", "0 3 1 4 2 5"},
		{"transpose(m, [1, 0])", "int64[3, 2]", "0 3 1 4 2 5"},
		{"transpose(reshape(m, [1, 2, 3]), [-1, 0, 1])", "int64[3, 1, 2]", "0 3 1 4 2 5"},
		{"swapaxes(m, 0, -1)", "int64[3, 2]", "0 3 1 4 2 5"},
		{"concat([m, m], axis = 1)", "int64[2, 6]", "0 1 2 0 1 2 3 4 5 3 4 5"},
		{"concat([m, [[7, 8, 9]]])", "int64[3, 3]", "0 1 2 3 4 5 7 8 9"},
		{"stack([[1, 2], [3, 4]], axis = 1)", "int64[2, 2]", "1 3 2 4"},
		{"stack([1, 2.5])", "float64[2]", "1 2.5"},
		{"split_last(m, 3)[1]", "int64[2, 1]", "1 4"},
		{"pad(m, [0, [1, 0]])", "int64[2, 4]", "0 0 1 2 0 3 4 5"},
		{"pad([1, 2], 1, 9)", "int64[4]", "9 1 2 9"},
		{"pad([1, 2, 3], 0, 0, 1)", "int64[5]", "1 0 2 0 3"},
		{"flip(m)", "int64[2, 3]", "5 4 3 2 1 0"},
		{"flip(m, 1)", "int64[2, 3]", "2 1 0 5 4 3"},
		{"repeat([1, 2], 2)", "int64[4]", "1 1 2 2"},
		{"repeat(m, 2, axis = 1)", "int64[2, 6]", "0 0 1 1 2 2 3 3 4 4 5 5"},
		{"repeat(m, 2, 0)", "int64[4, 3]", "0 1 2 0 1 2 3 4 5 3 4 5"},
		{"windows(arange(5), 0, 3)", "int64[3, 3]", "0 1 2 1 2 3 2 3 4"},
		{"windows(arange(6), 0, 2, 2)", "int64[3, 2]", "0 1 2 3 4 5"},
		{"windows(arange(5), 0, 2, 1, 3)", "int64[2, 2]", "0 3 1 4"},
		{"windows(m, [0, 1], [2, 2])", "int64[1, 2, 2, 2]", "0 1 3 4 1 2 4 5"},
		{"diagonal([[1, 2], [3, 4]])", "int64[2]", "1 4"},
		{"tril([[1, 2], [3, 4]])", "int64[2, 2]", "1 0 3 4"},
		{"triu([[1, 2], [3, 4]], 1)", "int64[2, 2]", "0 2 0 0"},
		{"eye(2)", "float64[2, 2]", "1 0 0 1"},
		{"eye(1, 2)", "float64[1, 2]", "1 0"},
		{"linspace(0, 1, 5)", "float64[5]", "0 0.25 0.5 0.75 1"},
		{"one_hot([1, 0], 3)", "float64[2, 3]", "0 1 0 1 0 0"},
		{"add([[1, 2], [3, 4]][0])", "int64", "3"},
		{"pack([m, [9]])", "int64[7]", "0 1 2 3 4 5 9"},
		{NULL, NULL, NULL},
	};
	expressions("dim n\nlet m = reshape(arange(6), [2, 3])", cases);
}

static void test_layers(void)
{
	static const Case cases[] = {
		{"nn.conv(x, ones([1, 1, 2, 2]))", "float64[1, 1, 2, 2]", "8 12 20 24"},
		{"nn.conv(x, ones([1, 1, 2, 2]), stride = 2, pad = 1)", "float64[1, 1, 2, 2]",
		 "0 3 9 24"},
		{"nn.conv(x, ones([2, 1, 3, 3]), pad = [0, 1])", "float64[1, 2, 1, 3]",
		 "21 36 27 21 36 27"},
		{"nn.conv(x, ones([1, 1, 2, 2]), dilation = 2)", "float64[1, 1, 1, 1]", "16"},
		{"nn.conv(concat([x, x], 1), floatX([[[[1]]], [[[2]]]]), groups = 2)[0, :, 0]",
		 "float64[2, 3]", "0 1 2 0 2 4"},
		{"nn.conv(x[:, :, 0], floatX([[[1, 2]]]))", "float64[1, 1, 2]", "2 5"},
		{"nn.conv_transpose(floatX([[[1, 2]]]), floatX([[[1, 10, 100]]]), stride = 2)",
		 "float64[1, 1, 5]", "1 10 102 20 200"},
		{"nn.conv_transpose(floatX([[[1, 2]]]), floatX([[[1, 10, 100]]]), pad = 1)",
		 "float64[1, 1, 2]", "12 120"},
		{"nn.max_pool(x, [2, 2])", "float64[1, 1, 1, 1]", "4"},
		{"nn.max_pool(x, [2, 2], stride = 1)", "float64[1, 1, 2, 2]", "4 5 7 8"},
		{"nn.avg_pool(x, [3, 1])", "float64[1, 1, 1, 3]", "3 4 5"},
		{"nn.layer_norm(floatX([1, 2, 3]))", "float64[3]",
		 "-1.2247356859083902 0 1.2247356859083902"},
		{"nn.rms_norm(floatX([3, 4]))", "float64[2]",
		 "0.8485277980128058 1.1313703973504077"},
		{"nn.dropout(x, 0.5)[0, 0, 0]", "float64[3]", "0 1 2"},
		{"nn.cross_entropy(floatX([[1, 2, 3], [0, 0, 0]]), [2, 1])", "float64",
		 "0.7531091265562451"},
		{"nn.binary_cross_entropy(floatX([2, -1]), [0, 1])", "float64",
		 "1.7200948492805979"},
		{"nn.huber(floatX([0.5, 3]), 0)", "float64", "1.3125"},
		{"nn.attention(floatX([[1, 0], [0, 1]]), floatX([[1, 0], [0, 1]]), floatX([[1, 2], "
		 "[3, 4]]))",
		 "float64[2, 2]",
		 "1.6604769013466862 2.6604769013466862 2.3395230986533138 3.3395230986533138"},
		{"nn.attention(floatX([[1, 0], [0, 1]]), floatX([[1, 0], [0, 1]]), floatX([[1, 2], "
		 "[3, 4]]), causal = true)",
		 "float64[2, 2]", "1 2 2.3395230986533138 3.3395230986533138"},
		{"schedule.cosine(1.0, 1, 4, last = 0.1)", "float64", "0.8681980515339464"},
		{"schedule.steps(1.0, 25, 10, 0.5)", "float64", "0.25"},
		{"schedule.warmup(2.0, 0, 4)", "float64", "0.5"},
		{"linalg.solve(floatX([[4, 1], [1, 3]]), floatX([1, 2]))", "float64[2]",
		 "0.09090909090909091 0.6363636363636364"},
		{"linalg.logdet(floatX([[4, 1], [1, 3]]))", "float64", "2.3978952727983707"},
		{"linalg.inverse(floatX([[4, 1], [1, 3]])) * 11", "float64[2, 2]", "3 -1 -1 4"},
		{NULL, NULL, NULL},
	};
	expressions("let x = floatX(reshape(arange(9), [1, 1, 3, 3]))", cases);
}

/* moments of draws, and what must hold of them exactly */
static void test_draws(void)
{
	static const Case cases[] = {
		{"all(u >= 0 and u < 1)", "bool", "1"},
		{"abs(mean(u) - 0.5) < 0.02 and abs(var(u) - 1 / 12) < 0.01", "bool", "1"},
		{"abs(mean(z)) < 0.06 and abs(var(z) - 1) < 0.1 and abs(mean(z ** 4) - 3) < 0.8",
		 "bool", "1"},
		{"abs(mean(random.normal([4000], 5, 0.1)) - 5) < 0.01", "bool", "1"},
		{"abs(mean(random.bernoulli(0.3, [4000])) - 0.3) < 0.04", "bool", "1"},
		{"random.bernoulli(floatX([0, 1]))", "bool[2]", "0 1"},
		{"min(k)", "int64", "-2"},
		{"max(k)", "int64", "3"},
		{"abs(mean(k) - 0.5) < 0.15", "bool", "1"},
		{"random.categorical(floatX([[0, 1, 0], [0, 0, 2]]))", "int64[2]", "1 2"},
		{"abs(mean(random.categorical(zeros([4000, 2]) + [1, 3]) == 1) - 0.75) < 0.04",
		 "bool", "1"},
		{"sort(random.permutation(5))", "int64[5]", "0 1 2 3 4"},
		{"mean(random.uniform([500]) == random.uniform([500]))", "float64", "0"},
		{"all(random.uniform([2000], -3, -2) < -2)", "bool", "1"},
		{"abs(mean(floatX(float32(u)) - u)) < 1e-7", "bool", "1"},
		{NULL, NULL, NULL},
	};
	expressions("let u = random.uniform([4000])\nlet z = random.normal([4000])\nlet k = "
		    "random.integers([1000], -2, 4)",
		    cases);
}

static void test_programs(void)
{
	program("dim n\nfunction f() -> y = max(abs(q @ transpose(q) - eye(4))) < 1e-12\nlet q = "
		"init.orthonormal_rows(random.normal([1, 4, 7]))[0]\n",
		"bool", "1");
	program("let c = init.orthonormal(2, 3, 3)\nfunction f() -> y = max(abs(c @ swapaxes(c, 1, "
		"2) - eye(3))) < 1e-12\n",
		"bool", "1");
	/* an integer of any width slices exactly, and one value is one atom */
	program("let i = int32([1, 2])[0]\nlet x = arange(10)\nfunction f() -> y = x[i * 3 : (i + "
		"1) * 3]\n",
		"int64[3]", "3 4 5");
	program("let x = arange(10)\nlet i = sum([1, 1])\nfunction f() -> y = x[(i // 2) * 2 : (i "
		"// 2) * 2 + 2]\n",
		"int64[2]", "2 3");
	/* a name of options, lists joined */
	program("def pick(mode) { return if mode == \"a\" { 1 } else { 2 } }\nfunction f() -> y = "
		"pick(\"a\") + pick(\"b\") * 10\n",
		"int64", "21");
	program("function f() -> y = zeros([2] + [1, 1])\n", "float64[2, 1, 1]", "0 0");
}

/* a `?` takes the size that it meets */
static void test_free_sizes(void)
{
	Arena *a = arena_new();
	Model *m = check_text(a,
			      "symbol a, b : dmatrix\nsymbol c : dvector\nfunction f(a, b, c) -> y "
			      "= (a + b) @ c\n",
			      DT_float32, stdout);
	CHECK(m != NULL);
	if (m) {
		const Type *t = m->funcs.data[0]->graph->results.data[0]->type;
		CHECK_INT(m->funcs.data[0]->dims.len, 2);
		CHECK_STR(type_text(a, t), "float64[a_0]");
	}
	arena_free(a);
}

/* what is in range by its making is not tested when it runs; what is not, once */
static void checks(const char *index, int n)
{
	Arena *a = arena_new();
	const char *text =
		arena_printf(a,
			     "dim n\nsymbol x : floatX[n, 10]\nsymbol i : uint8[n]\nsymbol j : "
			     "int64\nfunction f(x, i, j) -> y = x[%s], i, j\n",
			     index);
	Model *m = check_text(a, text, DT_float32, stdout);
	if (test_check(m != NULL, __FILE__, __LINE__, text) && m->funcs.data[0]->checks.len != n)
		test_check(0, __FILE__, __LINE__, text),
			printf("  %d checks, expected %d\n", m->funcs.data[0]->checks.len, n);
	else
		test_check(1, __FILE__, __LINE__, text);
	arena_free(a);
}

static void test_checks(void)
{
	checks("arange(n), argmax(x, axis = 1)", 0);
	checks("arange(n), i % 10", 0);
	checks("arange(n), clip(i, 0, 9)", 0);
	checks("arange(n), minimum(i, 9)", 0);
	checks("arange(n), i", 1);
	checks("arange(n), random.categorical(softmax(x))", 0);
	checks("random.permutation(n)", 0);
	checks("j % n", 0);
	checks("j", 1);
	checks("0", 0);
	checks("5", 1);
	checks("n - 1, 9", 0);
	checks("0 : n", 0);
	checks("j : j + 1", 1);
	checks(":, j : j + 3", 1);
	checks("random.integers([4], 0, n)", 0);
}

int main(void)
{
	test_types();
	test_sizes();
	test_matmul();
	test_index();
	test_reductions();
	test_elementwise();
	test_movement();
	test_layers();
	test_draws();
	test_programs();
	test_free_sizes();
	test_checks();
	return test_result();
}
