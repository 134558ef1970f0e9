/* test_ir_text.c -- every op printed and read again, copied, drawn; broken texts are refused, not
 * crashed over */
#include <stdlib.h>

#include "test.h"

#include "every_op.h"

static const char *printed(Arena *a, const Model *m)
{
	Writer *w = writer_new(a);
	size_t len;
	print_model(w, m);
	return writer_text(w, &len);
}

static Model *read_text(Arena *a, const char *text, int *errors)
{
	Diag *diag = diag_new(a);
	Source *source = source_from_text(a, "text.ir", text, strlen(text));
	Model *m = read_model(a, names_new(a), diag, source);
	*errors = diag_count(diag);
	return m;
}

static void count_ops(const Graph *g, int *count)
{
	for (int i = 0; i < g->vals.len; i++) {
		const Val *v = g->vals.data[i];
		count[v->op]++;
		for (int r = 0; r < v->nregions; r++)
			count_ops(v->region[r], count);
	}
}

static void test_every_op(void)
{
	Arena *a = arena_new(), *other = arena_new();
	EveryOp e = every_op(a);
	int count[OP_COUNT] = {0}, errors = 0;
	count_ops(e.g, count);
	for (int op = 0; op < (int)OP_COUNT; op++)
		if (!CHECK(count[op] > 0))
			printf("  no %s in every_op.h\n", op_info((Op)op)->name);
	verify_func(e.func, "building");
	const char *text = printed(a, e.model);
	Model *again = read_text(other, text, &errors);
	CHECK(again && errors == 0);
	if (again)
		CHECK_STR(printed(other, again), text);
	CHECK(strstr(text, "a = [0, 1], b = [1, 2], out = [0, 2]") != NULL);
	/* a copy of a copy says the same when the first copy is gone; nothing here is unused */
	Rewrite none = {.rule = NULL};
	Arena *gone = arena_new();
	Writer *first = writer_new(other), *second = writer_new(other), *dot = writer_new(other);
	size_t len;
	Func *func = NEW(other, Func), *original = e.func;
	*func = *original;
	func->graph = rewrite(rewrite(e.g, gone, &none), other, &none);
	arena_free(gone);
	print_func(first, e.func);
	print_func(second, func);
	CHECK_STR(writer_text(second, &len), writer_text(first, &len));
	verify_func(func, "copying");
	graph_dot(dot, e.func);
	CHECK(strstr(writer_text(dot, &len), "cluster_") != NULL);
	arena_free(a);
	arena_free(other);
}

/* a text with one place changed: refused with one message, or read and well formed */
static void test_broken(void)
{
	Arena *a = arena_new();
	EveryOp e = every_op(a);
	const char *text = printed(a, e.model);
	size_t len = strlen(text);
	int refused = 0, errors;
	uint32_t state = 3;
	for (int i = 0; i < 1500; i++) {
		Arena *scratch = arena_new();
		char *broken = arena_strndup(scratch, text, len);
		state = state * 1664525u + 1013904223u;
		size_t at = (state >> 4) % len;
		if (i % 3 == 0)
			broken[at] = '\0';
		else
			broken[at] = "v0123(){}[],;:=\"<-x \n"[(state >> 2) % 21];
		Model *m = read_text(scratch, broken, &errors);
		CHECK(m ? errors == 0 : errors == 1);
		refused += !m;
		arena_free(scratch);
	}
	CHECK(refused > 500);
	arena_free(a);
}

/* each message of the reader; behind the model's name and type */
static const struct Wrong {
	const char *text, *message;
} wrong[] = {
	{"dim n >= -1", "a dim is not negative"},
	{"dim n < 3", "expected '>='"},
	{"nothing", "expected dim, extern, param, shared, data, function or init"},
	{"function \"f", "a string without its end"},
	{"function f", "expected a string"},
	{"function \"f\" { v0 : flot = const(; value = 1) }", "expected a type"},
	{"function \"f\" { v0 : float32[k] = var(; name = \"w\") }", "no dim is named k"},
	{"function \"f\" { v0 : float32[*] = const(; value = 1) }", "expected a size"},
	{"function \"f\" { v0 : float32[1 / 2] = const(; value = 1) }", "expected ']'"},
	{"function \"f\" { v0 : float32[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] = const(; "
	 "value = 1) }",
	 "more than 12 axes"},
	{"function \"f\" { v0 : (float32, float32) = const(; value = 1) }",
	 "a const is a scalar"},
	{"function \"f\" { v0 : int64 = size(; value = ((((2 * } ", "expected a size"},
	{"function \"f\" { v0 : int64 = size(; value = 9223372036854775807 * 3) }",
	 "a size beyond 64 bits, or no size"},
	{"function \"f\" { v0 : int64 = const(; value = 99999999999999999999) }",
	 "expected an integer of 64 bits"},
	{"function \"f\" { v0 : float32 = const(; value = x) }", "expected a number"},
	{"function \"f\" { v0 : float32 = const(; number = 1) }", "expected 'value'"},
	{"function \"f\" { v0 : float32 = nothing(v1) }", "expected an op"},
	{"function \"f\" { v0 : float32 = exp(v1) }", "expected a value that stands before"},
	{"function \"f\" { v1 : float32 = const(; value = 1) }", "expected v0"},
	{"function \"f\" { v0 : float32 = arg(; name = \"x\") }", "no argument is named \"x\""},
	{"function \"f\" { v0 : float32 = var(; name = \"w\") }", "no variable is named \"w\""},
	{"function \"f\" { v0 : float32 = extern(; name = \"e\") }", "no extern is named \"e\""},
	{"function \"f\" { v0 : float32 = const(; value = 1) v1 : float32 = reduce(v0; "
	 "kind = summ, axes = []) }",
	 "no such kind"},
	{"function \"f\" { v0 : float32 = const(; value = 1) v1 : float32 = reduce(v0; "
	 "kind = sum, axes = [12]) }",
	 "no axis 12"},
	{"function \"f\" { v0 : float32 = const(; value = 1) v1 : float32 = reduce(v0; "
	 "kind = sum, axes = [3]) }",
	 "sum reduces an axis that float32 does not have"},
	{"function \"f\" { v0 : float32 = const(; value = 1) v1 : float64 = exp(v0) }",
	 "the type is float32, not float64"},
	{"function \"f\" { v0 : float32 = const(; value = 1) v1 : float32 = exp(v0, v0) }",
	 "exp takes 1 operands, not 2"},
	{"function \"f\" { v0 : float32 = contraction(; a = [], b = [], out = []) }",
	 "contraction takes 2 operands, not 0"},
	{"function \"f\" { v0 : float32 = const(; value = 1) check \"a\" \"b\" = v0 }",
	 "this cannot be of type float32"},
	{"function \"f\" { v0 : int64 = param(; index = 0) out \"y\" = v0 }",
	 "param stands in no region"},
	{"function \"f\" { v0 : float32 = const(; value = 1) { } }", "const takes no region"},
	{"function \"f\" { v0 : float32 = const(; value = 1) v1 : (float32) = scan(v0; "
	 "steps = 3, ncarry = 1, nseq = 0, nemit = 0, reverse = 0, until = 0, truncate = "
	 "0, checkpoint = 0) { v0 : float32 = arg(; name = \"x\") } }",
	 "no argument is named \"x\""},
	{"function \"f\" { arg \"x\" : float32 v0 : float32 = const(; value = 1) v1 : "
	 "(float32) = scan(v0; steps = 3, ncarry = 1, nseq = 0, nemit = 0, reverse = 0, "
	 "until = 0, truncate = 0, checkpoint = 0) { v0 : float32 = arg(; name = \"x\") } "
	 "}",
	 "arg stands in a region"},
	{"function \"f\" { v0 : float32 = const(; value = 1) v1 : (float32) = scan(v0; "
	 "steps = 3, ncarry = 1, nseq = 0, nemit = 0, reverse = 0, until = 0, truncate = "
	 "0, checkpoint = 0) { v0 : int64 = param(; index = 1) } }",
	 "parameter 1 stands where 0 is expected"},
};

/* the message of a text, without its place */
static const char *refusal(Arena *a, const char *text)
{
	Diag *diag = diag_new(a);
	Source *source = source_from_text(a, "text.ir", text, strlen(text));
	CHECK(read_model(a, names_new(a), diag, source) == NULL);
	CHECK_INT(diag_count(diag), 1);
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);
	diag_flush(diag, f);
	fclose(f);
	const char *begin = strstr(out, "error: ");
	const char *message = begin ? arena_strndup(a, begin + 7, strcspn(begin + 7, "\n")) : "";
	free(out);
	return message;
}

static void test_messages(void)
{
	Arena *a = arena_new();
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		CHECK_STR(refusal(a, arena_printf(a, "model \"m\" float32 %s", wrong[i].text)),
			  wrong[i].message);
	CHECK_STR(refusal(a, "model \"m\" float33"), "expected the type that floatX is");
	CHECK_STR(refusal(a, "modell"), "expected 'model'");
	/* brackets without end, regions in regions */
	const char *brackets = "((((((((((((((((", *regions = "", *parens = "";
	for (int i = 0; i < 20; i++)
		parens = arena_printf(a, "%s%s", parens, brackets);
	for (int i = 0; i < 300; i++)
		regions = arena_printf(a,
				       "%sv0 : (float32) = scan(; steps = 1, ncarry = 0, nseq = 0, "
				       "nemit = 0, reverse = 0, until = 0, truncate = 0, "
				       "checkpoint = 0) { ",
				       regions);
	const char *deep[] = {arena_printf(a, "v0 : int64 = size(; value = %s", parens),
			      arena_printf(a, "v0 : %s", parens), regions};
	for (size_t i = 0; i < sizeof deep / sizeof *deep; i++) {
		const char *head = "model \"m\" float32 function \"f\" {";
		CHECK_STR(refusal(a, arena_printf(a, "%s %s", head, deep[i])),
			  "this is nested too deep");
	}
	arena_free(a);
}

/* coefficients at both ends of 64 bits read as they are printed */
static void test_coefficients(void)
{
	Arena *a = arena_new();
	static const char *const sizes[] = {"-9223372036854775808", "9223372036854775807", "-9223372036854775808 * n",
		"-9223372036854775808 * n * n - 9223372036854775808 * n - 9223372036854775808", "n * n - 3 * n + 1", "-n"};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		int errors;
		Model *m = read_text(a, arena_printf(a, "model \"m\" float32 dim n >= 0 data \"d\" : float32[%s]", sizes[i]), &errors);
		if (CHECK(m && errors == 0))
			CHECK(strstr(printed(a, m), arena_printf(a, "float32[%s]", sizes[i])) != NULL);
	}
	arena_free(a);
}

int main(void)
{
	test_every_op();
	test_broken();
	test_messages();
	test_coefficients();
	return test_result();
}
