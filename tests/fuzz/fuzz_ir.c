/* fuzz_ir.c -- any text is read as graphs or refused with a message; what is read prints to text that reads the same */
#include <string.h>

#include "check/check.h"
#include "ir/ir.h"
#include "passes/passes.h"
#include "program.h"

static const char *graphs(Arena *a, const Model *m)
{
	size_t len;
	Writer *w = writer_new(a);
	print_model(w, m);
	return writer_text(w, &len);
}

static void run(const uint8_t *data, size_t size)
{
	static FILE *null;
	Arena *a = arena_new();
	Diag *d = diag_new(a);
	Names *names = names_new(a);
	const Model *m = read_model(a, names, d, source_from_text(a, "fuzz.ir", (const char *)data, size));
	if (!m != (diag_count(d) > 0))
		broken("%s", m ? "a model with errors" : "no model and no error");
	if (m) {
		const char *text = graphs(a, m);
		const Model *again = read_model(a, names, d, source_from_text(a, "again.ir", text, strlen(text)));
		if (!again)
			diag_flush(d, stderr);
		if (!again)
			broken("what was printed has errors");
		if (strcmp(text, graphs(a, again)))
			broken("what was printed reads as something else");
	}
	if (!null)
		null = fopen("/dev/null", "w");
	if (null)
		diag_flush(d, null);
	arena_free(a);
}

/* the graphs of a program, before the passes or after them; a few, taken again and again */
static void make(Input *in, uint64_t *state)
{
	enum { KEPT = 16 };
	static Input kept[KEPT];
	static int nkept;
	while (nkept < KEPT) {
		Arena *a = arena_new();
		Diag *d = diag_new(a);
		Names *names = names_new(a);
		make_program(in, state);
		const File *file = parse_file(a, names, d, source_from_text(a, "fuzz.model", (const char *)in->data, in->len));
		CheckOptions check = {.floatX = DT_float32};
		Model *m = diag_count(d) ? NULL : check_model(a, names, d, file, &check);
		PassOptions pass = {.floatX = DT_float32, .level = 3};
		for (int i = 0; m && nkept % 2 && i < m->funcs.len; i++)
			run_passes(m, m->funcs.data[i], &pass, d, NULL);
		if (m && !diag_count(d)) {
			const char *text = graphs(a, m);
			size_t len = strlen(text);
			if (len < LONGEST / 2) {
				memcpy(kept[nkept].data, text, len);
				kept[nkept++].len = len;
			}
		}
		arena_free(a);
	}
	const Input *one = &kept[below(state, KEPT)];
	memcpy(in->data, one->data, one->len);
	in->len = one->len;
}

static const char *const words[] = {"model", "dim", "param", "shared", "data", "function", "init", "extern", "arg", "out", "update", "check",
	"result", "training", "draws", "anonymous", "stack", "from", "include", "v0", "v1", "v2", "v7", "float32", "bool", "int64", "uint64",
	"float16", "complex64", "float32[2, 3]", "(float32, float32[2])", "floor(n / 2)", "in(0)", "in(1)", "contraction", "reduce", "scan", "if",
	"get", "slice", "gather", "windows", "transpose", "reshape", "broadcast", "const", "random_bits", "grad", "concat", "pad", "sort",
	"axes = [0]", "axis = 0", "index = 0", "kind = sum", "steps = 3", "ncarry = 1", "\"x\"", "\"", ">= 0", "<= 5", "=", ":", ";", ",", "[",
	"]", "(", ")", "{", "}", "-", "*", "+", "inf", "nan", "1e300", "\\", "\n", NULL};

const FuzzTarget fuzz_target = {"fuzz_ir", run, make, words, true, 30};
