/* test_shapes.c -- what each shape rule refuses, and with which words: graphs' text that breaks it, and attributes that no text
 * can give */
#include "test.h"

#include "../../compiler/ir/ops/ops.h"

/* ---- v10 of a function with these arguments */

static const char args[] =
	"model \"m\" float32 dim n >= 0 function \"f\" { dims n "
	"arg \"x\" : float32[2, 3] arg \"i\" : int64[2] arg \"b\" : bool[2] arg \"s\" : float32 arg \"c\" : complex64[2] "
	"arg \"d\" : float64[2, 3] arg \"w\" : float32[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] arg \"k\" : int64 arg \"p\" : bool "
	"arg \"t\" : int32[3] "
	"v0 : float32[2, 3] = arg(; name = \"x\") v1 : int64[2] = arg(; name = \"i\") v2 : bool[2] = arg(; name = \"b\") "
	"v3 : float32 = arg(; name = \"s\") v4 : complex64[2] = arg(; name = \"c\") v5 : float64[2, 3] = arg(; name = \"d\") "
	"v6 : float32[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] = arg(; name = \"w\") v7 : int64 = arg(; name = \"k\") "
	"v8 : bool = arg(; name = \"p\") v9 : int32[3] = arg(; name = \"t\") v10 : ";

#define SCAN(ins, steps, ncarry, nseq, nemit, until)                                                                 \
	"scan(" ins "; steps = " steps ", ncarry = " ncarry ", nseq = " nseq ", nemit = " nemit ", reverse = 0, until = " until \
	", truncate = 0, checkpoint = 0) "

static const struct {
	const char *node, *message;
} refused[] = {
	{"int64[2, 3] = argsort(v0; axis = 2)", "argsort along axis 2 of float32[2, 3]"},
	{"int64[2, 3] = argsort(v0; axis = -1)", "argsort along axis -1 of float32[2, 3]"},
	{"int64[2] = argsort(v4; axis = 0)", "argsort of complex values"},
	{"float64[4, 2, 3] = broadcast(v0; axis = [1, 2])", "a broadcast keeps the dtype"},
	{"float32[3, 2] = broadcast(v0; axis = [1, 0])", "the axes of a broadcast from float32[2, 3] to float32[3, 2] do not rise"},
	{"float32[2, 3] = broadcast(v0; axis = [0, 2])", "the axes of a broadcast from float32[2, 3] to float32[2, 3] do not rise"},
	{"float32[3, 3] = broadcast(v0; axis = [0, 1])", "float32[2, 3] does not broadcast to float32[3, 3]"},
	{"float32[2, 3] = cholesky(v0)", "cholesky takes square matrices of floats, not float32[2, 3]"},
	{"float32[2, 3] = concat(v0; axis = 2)", "concat has no such axis"},
	{"float32[2, 3] = concat(; axis = 0)", "concat has no such axis"},
	{"float64[4, 3] = concat(v0, v5; axis = 0)", "concat of float32[2, 3] and float64[2, 3] along axis 0"},
	{"float32[4, 3] = concat(v0, v3; axis = 0)", "concat of float32[2, 3] and float32 along axis 0"},
	{"float32 = contraction(v0, v0; a = [0, 0], b = [0, 1], out = [])", "the left side of a contraction has a wrong or repeated label"},
	{"float32 = contraction(v0, v0; a = [0, 1], b = [0, 26], out = [])", "the right side of a contraction has a wrong or repeated label"},
	{"float32[2, 2] = contraction(v0, v0; a = [0, 1], b = [0, 1], out = [0, 0])", "the result of a contraction has a wrong or repeated label"},
	{"float32 = contraction(v0, v0; a = [0, 1], b = [1, 0], out = [])", "a contraction over 3 and 2"},
	{"float32 = contraction(v0, v5; a = [0, 1], b = [0, 1], out = [])", "a contraction of float32 and float64"},
	{"bool = contraction(v2, v2; a = [0], b = [0], out = [])", "a contraction of bool and bool"},
	{"float32[2, 2] = contraction(v0, v0; a = [0, 1], b = [2, 1], out = [0, 3])", "label c of a contraction stands only once"},
	{"float32[2, 3] = cumsum(v0; axis = 2, reverse = 0)", "cumsum along axis 2 of float32[2, 3]"},
	{"bool[2] = cumsum(v2; axis = 0, reverse = 0)", "cumsum of bools"},
	{"float32[2, 3] = gather(; axis = 0, count = 1)", "gather takes x"},
	{"float32[2, 3] = gather(v0, v1; axis = 0, count = 2)", "1 indices for 2 axes from axis 0 of float32[2, 3]"},
	{"float32[2, 3] = gather(v0, v1; axis = 2, count = 1)", "1 indices for 1 axes from axis 2 of float32[2, 3]"},
	{"float32[2, 3] = gather(v0, v1; axis = 2147483647, count = 1)", "1 indices for 1 axes from axis 2147483647 of float32[2, 3]"},
	{"float32[2, 3] = gather(v0; axis = 0, count = 0)", "0 indices for 0 axes from axis 0 of float32[2, 3]"},
	{"float32[2, 3] = gather(v0, v2; axis = 0, count = 1)", "indices of type bool[2]"},
	{"float32[2] = gather(v0, v1, v9; axis = 0, count = 2)", "indices of types int64[2] and int32[3]"},
	{"int32[1, 3] = reshape(v9) v11 : float32 = gather(v6, v10; axis = 0, count = 1)", "a gather has rank 13, which is above 12"},
	{"(float32, float32) = get(v3; index = 0)", "get 0 of float32"},
	{"(float32[2, 3]) = grad(v0, v0; disconnected_zero = 0)", "grad is of a float scalar"},
	{"(int64) = grad(v7, v7; disconnected_zero = 0)", "grad is of a float scalar"},
	{"(float32) = grad(; disconnected_zero = 0)", "grad is of a float scalar"},
	{"(int64[2]) = grad(v3, v1; disconnected_zero = 0)", "grad by int64[2]"},
	{"(float32) = if(v8, v3) { v0 : float32 = param(; index = 0) result v0 }", "an if has a bool scalar and two regions"},
	{"(float32) = if(v3, v3) { v0 : float32 = param(; index = 0) result v0 } { v0 : float32 = param(; index = 0) result v0 }",
	 "an if has a bool scalar and two regions"},
	{"(float32) = if(v8, v3) { v0 : float32 = param(; index = 0) result v0 } { v0 : float32 = const(; value = 1) result v0 }",
	 "a branch has 0 parameters for 1 values"},
	{"(float32) = if(v8, v3) { v0 : float32 = param(; index = 0) result v0 } { v0 : int64 = param(; index = 0) result v0 }",
	 "parameter 0 of a branch has another type than its value"},
	{"(float32) = if(v8, v3) { v0 : float32 = param(; index = 0) result v0 } { v0 : float32 = param(; index = 0) result v0 result v0 }",
	 "the branches of an if have 1 and 2 results"},
	{"(float32) = if(v8, v3) { v0 : float32 = param(; index = 0) result v0 } { v0 : float32 = param(; index = 0) v1 : bool = isnan(v0) result v1 }",
	 "the branches of an if are float32 and bool"},
	{"int64[2, 3] = iota()", "an iota has one axis"},
	{"int64 = iota()", "an iota has one axis"},
	{"bool[3] = iota()", "an iota is of integers or floats, not bool"},
	{"float32[1, 3] = pad(v0; lo = [-1, 0], hi = [0, 0], gap = [0, 0], fill = 0)", "a pad is negative"},
	{"float32[1, 3] = pad(v0; lo = [0, 0], hi = [-1, 0], gap = [0, 0], fill = 0)", "a pad is negative"},
	{"float32[2, 3] = pad(v0; lo = [0, 0], hi = [0, 0], gap = [0, -1], fill = 0)", "a pad is negative"},
	{"float32[2, 3] = pad(v0; lo = [0, 0], hi = [0, 0], gap = [0, 9223372036854775807], fill = 0)", "a pad is negative"},
	{"float32[3] = random_bits(; place = 0)", "random_bits are uint32 or uint64"},
	{"float32[2] = reduce(v0; kind = any, axes = [1])", "any does not take float32"},
	{"bool = reduce(v2; kind = sum, axes = [0])", "sum does not take bool"},
	{"complex64 = reduce(v4; kind = max, axes = [0])", "max does not take complex values"},
	{"int64 = reduce(v0; kind = argmax, axes = [0, 1])", "argmax takes one axis, not 2"},
	{"float64[6] = reshape(v0)", "a reshape keeps the dtype"},
	{"float32[n] = reshape(v0)", "float32[2, 3] has 6 elements, float32[n] has n"},
	{"(float32) = " SCAN("v3, v0", "3", "1", "1", "0", "0")
	 "{ v0 : int64 = param(; index = 0) v1 : float32 = param(; index = 1) v2 : float32[3] = param(; index = 2) result v1 }",
	 "sequence float32[2, 3] of a scan of 3 steps"},
	{"(float32) = " SCAN("v3, v3", "3", "1", "1", "0", "0")
	 "{ v0 : int64 = param(; index = 0) v1 : float32 = param(; index = 1) v2 : float32 = param(; index = 2) result v1 }",
	 "sequence float32 of a scan of 3 steps"},
	{"(float32) = " SCAN("v3", "3", "1", "0", "0", "0"), "a scan has one region"},
	{"(float32) = " SCAN("v3", "3", "1", "1", "0", "0") "{ v0 : int64 = param(; index = 0) v1 : float32 = param(; index = 1) result v1 }",
	 "the counts of a scan do not fit"},
	{"(float32) = " SCAN("v3", "3", "-1", "0", "0", "0") "{ v0 : int64 = param(; index = 0) v1 : float32 = param(; index = 1) result v1 }",
	 "the counts of a scan do not fit"},
	{"(float32) = " SCAN("v3", "3", "1", "2147483647", "0", "0") "{ v0 : int64 = param(; index = 0) v1 : float32 = param(; index = 1) result v1 }",
	 "the counts of a scan do not fit"},
	{"(float32) = " SCAN("v3", "3", "1", "0", "2147483647", "0") "{ v0 : int64 = param(; index = 0) v1 : float32 = param(; index = 1) result v1 }",
	 "the region of a scan has 1 results"},
	{"(float32) = " SCAN("v3", "3", "1", "0", "0", "0") "{ v0 : int64 = param(; index = 0) result v0 }",
	 "the region of a scan has 1 parameters for 1 operands"},
	{"(float32) = " SCAN("v3", "3", "1", "0", "0", "0") "{ v0 : float32 = param(; index = 0) v1 : float32 = param(; index = 1) result v1 }",
	 "the region of a scan has 2 parameters for 1 operands"},
	{"(float32) = " SCAN("v3", "3", "1", "0", "0", "0") "{ v0 : int64 = param(; index = 0) v1 : float64 = param(; index = 1) result v1 }",
	 "parameter 1 of a scan is float64, not float32"},
	{"(float32) = " SCAN("v3", "3", "1", "0", "0", "0") "{ v0 : int64 = param(; index = 0) v1 : float32 = param(; index = 1) result v1 result v1 }",
	 "the region of a scan has 2 results"},
	{"(float32, float32[3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]) = " SCAN("v3, v6", "3", "1", "0", "1", "0")
	 "{ v0 : int64 = param(; index = 0) v1 : float32 = param(; index = 1) "
	 "v2 : float32[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] = param(; index = 2) result v1 result v2 }",
	 "result 1 of a scan's region has a wrong type"},
	{"(float32) = " SCAN("v3", "3", "1", "0", "0", "0") "{ v0 : int64 = param(; index = 0) v1 : float32 = param(; index = 1) result v0 }",
	 "carry 0 of a scan is float32 and becomes int64"},
	{"(float32) = " SCAN("v3", "3", "1", "0", "0", "1") "{ v0 : int64 = param(; index = 0) v1 : float32 = param(; index = 1) result v1 result v0 }",
	 "until of a scan is int64"},
	{"float32[2, 3] = scatter_add(v0; axis = 0, count = 0)", "scatter_add takes x, v and indices"},
	{"bool[2] = scatter_add(v2, v2, v1; axis = 0, count = 1)", "scatter_add of bools"},
	{"float32[2, 3] = scatter_add(v0, v3, v1; axis = 0, count = 1)", "scatter_add puts float32 where float32[2, 3] stands"},
	{"float32[2, 3] = scatter_set(v0; axis = 0, count = 0)", "scatter_set takes x, v and indices"},
	{"float32[2, 3] = scatter_set(v0, v5, v1; axis = 0, count = 1)", "scatter_set puts float64[2, 3] where float32[2, 3] stands"},
	{"float32[2, 3] = set_slice(v0; start = [0, 0], step = [1, 1])", "set_slice takes x and v"},
	{"float32[2, 3] = set_slice(v0, v3; start = [0, 0], step = [1, 1])", "set_slice puts float32 into float32[2, 3]"},
	{"float32[2, 3] = set_slice(v0, v5; start = [0, 0], step = [1, 1])", "set_slice puts float64[2, 3] into float32[2, 3]"},
	{"float32[1, 3] = slice(v0; start = [0, 0], step = [0, 1])", "a slice needs starts, and steps that are not 0"},
	{"float32[1, 3] = slice(v0, v7; start = [in(0), 0], step = [1, 1])", "a start speaks of what is no operand"},
	{"float32[1, 3] = slice(v0, v7; start = [in(2), 0], step = [1, 1])", "a start speaks of what is no operand"},
	{"float32[1, 3] = slice(v0, v3; start = [in(1), 0], step = [1, 1])", "a start speaks of what is no operand"},
	{"float32[3, 3] = slice(v0; start = [0, 0], step = [4611686018427387904, 1])", "a slice ends beyond 64 bits"},
	{"float32[2, 3] = slice(v0; start = [-1, 0], step = [1, 1])", "a slice from -1 by 1 of 2 elements is outside 2"},
	{"float32[2, 3] = slice(v0; start = [1, 0], step = [1, 1])", "a slice from 1 by 1 of 2 elements is outside 2"},
	{"float32[2, 3] = slice(v0; start = [2, 0], step = [-1, 1])", "a slice from 2 by -1 of 2 elements is outside 2"},
	{"float32[2, 3] = slice(v0; start = [0, 0], step = [-1, 1])", "a slice from 0 by -1 of 2 elements is outside 2"},
	{"float64[2, 3] = slice(v0; start = [0, 0], step = [1, 1])", "a slice keeps dtype and rank"},
	{"float32[2, 3] = sort(v0; axis = 2)", "sort along axis 2 of float32[2, 3]"},
	{"complex64[2] = sort(v4; axis = 0)", "sort of complex values"},
	{"(float32[2, 3], int64[2, 3]) = topk(v0; axis = 2, k = 1)", "topk along axis 2 of float32[2, 3]"},
	{"(complex64[2], int64[2]) = topk(v4; axis = 0, k = 1)", "topk of complex values"},
	{"(float32[2, 4], int64[2, 4]) = topk(v0; axis = 1, k = 4)", "topk of 4 of 3"},
	{"(float32[2, 0], int64[2, 0]) = topk(v0; axis = 1, k = 0)", "topk of 0 of 3"},
	{"float32[3, 2] = transpose(v0; perm = [1, 1])", "a transpose of rank 2 has no order of the axes"},
	{"float32[3, 2] = transpose(v0; perm = [1, 2])", "a transpose of rank 2 has no order of the axes"},
	{"float32[2, 3] = triangular_solve(v0, v0; upper = 0, transpose = 0)",
	 "triangular_solve takes [.., n, n] and [.., n, k], not float32[2, 3] and float32[2, 3]"},
	{"float32[2, 3] = triangular_solve(v3, v0; upper = 0, transpose = 0)",
	 "triangular_solve takes [.., n, n] and [.., n, k], not float32 and float32[2, 3]"},
	{"float32[2, 2, 2] = windows(v0; axis = 2, size = 2, stride = 1, dilation = 1)", "windows along axis 2 of float32[2, 3]"},
	{"float32[2, 2, 2] = windows(v6; axis = 0, size = 1, stride = 1, dilation = 1)",
	 "windows along axis 0 of float32[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"},
	{"float32[2, 2, 2] = windows(v0; axis = 1, size = 2, stride = 0, dilation = 1)", "windows need a size, stride and dilation above 0"},
	{"float32[2, 2, 2] = windows(v0; axis = 1, size = 2, stride = 1, dilation = 0)", "windows need a size, stride and dilation above 0"},
	{"float32[2, 2, 2] = windows(v0; axis = 1, size = 3, stride = 1, dilation = 9223372036854775807)", "a size of windows is beyond 64 bits"},
	{"float32[2, 2, 2] = windows(v0; axis = 1, size = 4, stride = 1, dilation = 1)", "windows of 4 do not fit into float32[2, 3]"},
	{"float32[2, 2, 2] = windows(v0; axis = 1, size = 0, stride = 1, dilation = 1)", "windows of 0 do not fit into float32[2, 3]"},
};

/* the message of a text, without its place; "" if it is read */
static const char *refusal(Arena *a, const char *text)
{
	Diag *diag = diag_new(a);
	if (read_model(a, names_new(a), diag, source_from_text(a, "text.ir", text, strlen(text))))
		return "";
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);
	diag_flush(diag, f);
	fclose(f);
	const char *begin = strstr(out, "error: ");
	const char *message = begin ? arena_strndup(a, begin + 7, strcspn(begin + 7, "\n")) : out;
	free(out);
	return message;
}

static void of_text(void)
{
	Arena *a = arena_new();
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (!CHECK_STR(refusal(a, arena_printf(a, "%s%s }", args, refused[i].node)), refused[i].message))
			printf("  of %s\n", refused[i].node);
	arena_free(a);
}

/* ---- what the builders never give */

static void check_attr(Op op, const Attr *attr, int nin, const Type *const *in, const Type *said, const char *why)
{
	Arena *a = arena_new();
	Shape s = {.arena = a, .nin = nin, .in = in, .attr = attr, .said = said};
	CHECK(infer_type(&s, op) == NULL);
	CHECK_STR(s.why, why);
	arena_free(a);
}

static void of_attributes(void)
{
	Arena *a = arena_new();
	const Attr none = {0};
	const Size *two = size_const(a, 2);
	const Type *vector = type_array(a, DT_float32, 1, &two), *const in[] = {vector, vector};
	check_attr(OP_arg, &none, 0, NULL, vector, "arg does not say which");
	check_attr(OP_var, &none, 0, NULL, vector, "var does not say which");
	check_attr(OP_size, &none, 0, NULL, vector, "size does not say which");
	check_attr(OP_param, &none, 0, NULL, NULL, "a param needs a type");
	check_attr(OP_const, &none, 0, NULL, NULL, "a const is a scalar");
	check_attr(OP_extern, &none, 0, NULL, vector, "extern does not say what it calls and gives");
	check_attr(OP_broadcast, &none, 1, in, NULL, "a broadcast keeps the dtype");
	check_attr(OP_reshape, &none, 1, in, NULL, "a reshape keeps the dtype");
	check_attr(OP_slice, &none, 1, in, NULL, "a slice keeps dtype and rank");
	check_attr(OP_slice, &none, 1, in, type_array(a, DT_float32, 0, NULL), "a slice keeps dtype and rank");
	check_attr(OP_slice, &none, 1, in, vector, "a slice needs starts, and steps that are not 0");
	check_attr(OP_iota, &none, 0, NULL, NULL, "an iota has one axis");
	check_attr(OP_random_bits, &none, 0, NULL, NULL, "random_bits are uint32 or uint64");
	check_attr(OP_pad, &none, 1, in, NULL, "a pad is negative");
	check_attr(OP_windows, &none, 1, in, NULL, "windows need a size, stride and dilation above 0");
	const Attr wide = {.contraction.nout = MAX_RANK + 1}, narrow = {.contraction.nout = -1};
	check_attr(OP_contraction, &wide, 2, in, NULL, "a contraction to rank 13");
	check_attr(OP_contraction, &narrow, 2, in, NULL, "a contraction to rank -1");
	Graph *region = graph_new(a);
	Shape s = {.arena = a, .attr = &none, .nregions = 1, .region = &region};
	CHECK(infer_type(&s, OP_scan) == NULL);
	CHECK_STR(s.why, "the counts of a scan do not fit");
	arena_free(a);
}

int main(void)
{
	of_text();
	of_attributes();
	return test_result();
}
