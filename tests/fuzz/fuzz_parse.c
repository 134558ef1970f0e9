/* fuzz_parse.c -- any bytes are read without a crash, and what reads without an error prints to text that reads the same */
#include <string.h>

#include "ast/ast.h"
#include "program.h"

static const char *canonical(Arena *a, const File *file, size_t *len)
{
	Writer *w = writer_new(a);
	ast_print(w, file);
	return writer_text(w, len);
}

/* messages are printed too, to nowhere */
static void flush(Diag *d)
{
	static FILE *null;
	if (!null)
		null = fopen("/dev/null", "w");
	if (null)
		diag_flush(d, null);
}

static void run(const uint8_t *data, size_t size)
{
	Arena *a = arena_new();
	Diag *d = diag_new(a);
	Names *names = names_new(a);
	const File *file = parse_file(a, names, d, source_from_text(a, "fuzz.model", (const char *)data, size));
	if (!diag_count(d)) {
		size_t len, again_len;
		const char *text = canonical(a, file, &len);
		const File *again = parse_file(a, names, d, source_from_text(a, "again.model", text, len));
		const char *again_text = canonical(a, again, &again_len);
		if (diag_count(d))
			broken("what was printed has errors");
		if (len != again_len || memcmp(text, again_text, len))
			broken("what was printed reads as something else");
	}
	flush(d);
	Diag *other = diag_new(a);
	const Expr *e = parse_expr(a, names, other, source_from_text(a, "fuzz", (const char *)data, size));
	if (e && !*expr_text(a, e))
		broken("an expression without text");
	if (!e && !diag_count(other))
		broken("no expression and no error");
	flush(other);
	arena_free(a);
}

const FuzzTarget fuzz_target = {"fuzz_parse", run, make_program, program_words, true, 10};
