/* fuzz_compile.c -- any text goes through the whole compiler, to messages or to C; the graphs' text reads as the same graphs */
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "emit/emit.h"
#include "passes/passes.h"
#include "program.h"

typedef struct Options {
	PassOptions pass;
	EmitOptions emit;
	DType floatX;
	Define define[8];
	int ndefines;
} Options;

/* of the first line: "#! -O1 -D n=3" */
static Options read_options(Arena *a, const uint8_t *data, size_t size)
{
	Options o = {.pass = {.floatX = DT_float32, .level = 3, .max_nodes = 20000}, .emit = {.driver = true, .blas = true, .threads = true}};
	if (size < 2 || memcmp(data, "#!", 2))
		return o;
	const uint8_t *end = memchr(data, '\n', size);
	char *line = arena_strndup(a, (const char *)data + 2, end ? (size_t)(end - data) - 2 : size - 2), *word, *rest;
	for (word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		char *eq = strchr(word, '=');
		if (!strncmp(word, "-O", 2) && word[2] >= '0' && word[2] <= '3')
			o.pass.level = word[2] - '0';
		else if (!strcmp(word, "-g"))
			o.emit.line_directives = true;
		else if (!strcmp(word, "--standalone"))
			o.emit.standalone = true;
		else if (!strcmp(word, "float64"))
			o.pass.floatX = DT_float64;
		else if (!strcmp(word, "--threads"))
			o.emit.threads = false;
		else if (!strcmp(word, "--blas"))
			o.emit.blas = false;
		else if (!strcmp(word, "--max-bytes"))
			o.emit.max_bytes = 1000;
		else if (!strcmp(word, "--max-nodes"))
			o.pass.max_nodes = 1000;
		else if (eq && eq > word && eq[1] && o.ndefines < 8)
			o.define[o.ndefines++] = (Define){arena_strndup(a, word, (size_t)(eq - word)), eq + 1};
	}
	return o;
}

static const char *graphs(Arena *a, const Model *m)
{
	size_t len;
	Writer *w = writer_new(a);
	print_model(w, m);
	return writer_text(w, &len);
}

static void read_again(Arena *a, Names *names, const Model *m, const char *when)
{
	const char *text = graphs(a, m);
	Diag *d = diag_new(a);
	const Model *again = read_model(a, names, d, source_from_text(a, "graphs", text, strlen(text)));
	if (again && !strcmp(text, graphs(a, again)))
		return;
	fputs(text, stderr);
	diag_flush(d, stderr);
	if (!again)
		broken("%s: the graphs' text has errors", when);
	broken("%s: the graphs' text reads as something else", when);
}

static bool compile(Arena *a, Diag *d, const uint8_t *data, size_t size)
{
	Options o = read_options(a, data, size);
	Names *names = names_new(a);
	File *file = parse_file(a, names, d, source_from_text(a, "fuzz.model", (const char *)data, size));
	if (diag_count(d))
		return false;
	CheckOptions check = {o.pass.floatX, o.define, o.ndefines, NULL, o.pass.max_nodes};
	Model *m = check_model(a, names, d, file, &check);
	if (!m || diag_count(d))
		return false;
	read_again(a, names, m, "checked");
	for (int i = 0; i < m->funcs.len; i++)
		if (!run_passes(m, m->funcs.data[i], &o.pass, d, NULL))
			return false;
	if (m->init && !run_passes(m, m->init, &o.pass, d, NULL))
		return false;
	if (diag_count(d))
		return false;
	read_again(a, names, m, "optimised");
	ModelText text;
	return emit_text(a, m, &o.emit, d, &text) && !diag_count(d);
}

static void run(const uint8_t *data, size_t size)
{
	static FILE *null;
	Arena *a = arena_new();
	Diag *d = diag_new(a);
	bool compiled = compile(a, d, data, size);
	if (!compiled && !diag_count(d))
		broken("no program and no error");
	if (getenv("FUZZ_SHOW")) {
		diag_flush(d, stderr);
		fprintf(stderr, "%s\n", compiled ? "compiled" : "refused");
	}
	if (!null)
		null = fopen("/dev/null", "w");
	if (null)
		diag_flush(d, null);
	arena_free(a);
}

const FuzzTarget fuzz_target = {"fuzz_compile", run, make_program, program_words, true, 30};
