/* test_ir_text.c -- every op printed and read again, copied, drawn; broken texts are refused, not
 * crashed over */
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
	static const char *const wrong[] = {
		"model \"m\" float32 dim n >= -1",
		"model \"m\" float33",
		"model \"m\" float32 function \"f\" { v0 : int64 = param(; index = 0) out \"y\" = "
		"v0 }",
		"model \"m\" float32 function \"f\" { v0 : int64 = const(; value = "
		"99999999999999999999) }",
		"model \"m\" float32 function \"f\" { v0 : int64 = const(; value = 1) v1 : int64 = "
		"add(v0, v2) }",
		"model \"m\" float32 function \"f\" { v0 : int32 = const(; value = 1) v1 : int64 = "
		"add(v0, v0) }",
		"model \"m\" float32 function \"f\" { v0 : float32[k] = var(; name = \"w\") }",
		"model \"m\" float32 function \"f\" { v0 : int64 = size(; value = ((((2 * } ",
		"model \"m\" float32 function \"f\" { v0 : float32 = const(; value = 1) v1 : "
		"float32[2] = slice() }",
		"model \"m\" float32 function \"f\" { v0 : float32 = const(; value = 1) check "
		"\"a\" \"b\" = v0 }",
		"model \"m\" float32 function \"f\" { v0 : float32 = contraction(; a = [], b = [], "
		"out = []) }",
		"model \"m\" float32 function \"f\" { v0 : float32[1 / 2] = const(; value = 1) }",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		CHECK(!read_text(a, wrong[i], &errors));
		CHECK_INT(errors, 1);
	}
	arena_free(a);
}

int main(void)
{
	test_every_op();
	test_broken();
	return test_result();
}
