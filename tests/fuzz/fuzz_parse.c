/* fuzz_parse.c -- any bytes are read without a crash, and what reads without an error prints to text that reads the same
 *
 * For libFuzzer: clang -fsanitize=fuzzer,address,undefined -DFUZZ_LIBFUZZER -Icompiler -Ibuild/generated
 * Without it: fuzz_parse COUNT SEED FILE... makes COUNT inputs of the files, always the same ones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ast/ast.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *canonical(Arena *a, const File *file, size_t *len)
{
	Writer *w = writer_new(a);
	ast_print(w, file);
	return writer_text(w, len);
}

/* messages are printed too, to nowhere */
static void flush(Diag *d)
{
	FILE *null = fopen("/dev/null", "w");
	if (null) {
		diag_flush(d, null);
		fclose(null);
	}
}

static void broken(const char *what, const uint8_t *data, size_t size)
{
	FILE *f = fopen("fuzz_parse.found", "wb");
	if (f) {
		fwrite(data, 1, size, f);
		fclose(f);
	}
	fprintf(stderr, "fuzz_parse: %s; the input is in fuzz_parse.found\n", what);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Arena *a = arena_new();
	Diag *d = diag_new(a);
	Names *names = names_new(a);
	const File *file = parse_file(a, names, d, source_from_text(a, "fuzz.model", (const char *)data, size));
	flush(d);
	if (!diag_count(d)) {
		size_t len, again_len;
		const char *text = canonical(a, file, &len);
		const File *again = parse_file(a, names, d, source_from_text(a, "again.model", text, len));
		const char *again_text = canonical(a, again, &again_len);
		if (diag_count(d))
			broken("what was printed has errors", data, size);
		if (len != again_len || memcmp(text, again_text, len))
			broken("what was printed reads as something else", data, size);
	}
	Diag *other = diag_new(a);
	const Expr *e = parse_expr(a, names, other, source_from_text(a, "fuzz", (const char *)data, size));
	if (e && !*expr_text(a, e))
		broken("an expression without text", data, size);
	if (!e && !diag_count(other))
		broken("no expression and no error", data, size);
	flush(other);
	arena_free(a);
	return 0;
}

#ifndef FUZZ_LIBFUZZER

enum { LONGEST = 1 << 14 };

typedef struct Input {
	uint8_t data[LONGEST];
	size_t len;
} Input;

/* splitmix64 */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9E3779B97F4A7C15u;
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}

static size_t below(uint64_t *state, size_t n)
{
	return n ? (size_t)(draw(state) % n) : 0;
}

static void insert(Input *in, size_t at, const void *bytes, size_t n)
{
	if (n > LONGEST - in->len)
		n = LONGEST - in->len;
	memmove(in->data + at + n, in->data + at, in->len - at);
	memcpy(in->data + at, bytes, n);
	in->len += n;
}

static void erase(Input *in, size_t at, size_t n)
{
	memmove(in->data + at, in->data + at + n, in->len - at - n);
	in->len -= n;
}

static void mutate(Input *in, const Input *seeds, size_t nseeds, uint64_t *state)
{
	static const char *const words[] = {" model m ", " use ", " const ", " dim ", " symbol ", " data ", " param ", " shared ", " let ",
		" loss ", " def f(", " extern ", " function f(", " driver {", " given ", " as ", " assert ", " each ", " in ", " for ",
		" if ", " else ", " next ", " emit ", " until ", " return ", " scan ", " fold ", " over ", " and ", " or ", " not ",
		" true ", " None ", "(", ")", "[", "]", "{", "}", ",", ":", "?", ".", "..", "...", "=", "<-", "->", "==", "<", "+", "-",
		"*", "//", "@", "**", "%", "1", "2.5", "1e9", "9999999999999999999", "1.", ".5", "\"", "\"s\"", "\\", "#", "\n", "\r\n",
		"\t", ";", "&", "!", "'", "\xC3\xA9", "\xFF", "like(x)", ".0.1", "bind {", "fit f {", "a", "x = ", "f(x)"};
	size_t at = below(state, in->len + 1), rest = in->len - at;
	switch (below(state, 9)) {
	case 0: /* another byte */
		if (rest)
			in->data[at] = (uint8_t)draw(state);
		break;
	case 1: /* a bit */
		if (rest)
			in->data[at] ^= (uint8_t)(1u << below(state, 8));
		break;
	case 2: erase(in, at, below(state, rest < 40 ? rest + 1 : 40)); break;
	case 3: erase(in, at, below(state, rest + 1)); break;
	case 4: { /* a piece again, elsewhere */
		uint8_t piece[64];
		size_t n = below(state, rest < sizeof piece ? rest + 1 : sizeof piece);
		memcpy(piece, in->data + at, n);
		insert(in, below(state, in->len + 1), piece, n);
		break;
	}
	case 5: { /* a piece of another */
		const Input *other = &seeds[below(state, nseeds)];
		size_t from = below(state, other->len + 1);
		insert(in, at, other->data + from, below(state, other->len - from + 1) % 300);
		break;
	}
	case 6: { /* a word many times */
		const char *word = words[below(state, sizeof words / sizeof *words)];
		for (size_t n = below(state, 2000); n > 0; n--)
			insert(in, at, word, strlen(word));
		break;
	}
	default: { /* a word */
		const char *word = words[below(state, sizeof words / sizeof *words)];
		insert(in, at, word, strlen(word));
	}
	}
}

/* runs count inputs made of the seeds */
static void fuzz(long count, uint64_t state, const Input *seeds, size_t nseeds)
{
	Input *in = malloc(sizeof *in);
	if (!in)
		abort();
	for (long i = 0; i < count; i++) {
		const Input *seed = &seeds[below(&state, nseeds)];
		memcpy(in->data, seed->data, seed->len);
		in->len = seed->len;
		if (below(&state, 2)) { /* half a page at most, for speed */
			size_t keep = below(&state, 1000);
			size_t from = below(&state, in->len + 1);
			erase(in, 0, from);
			if (in->len > keep)
				in->len = keep;
		}
		for (size_t n = 1 + below(&state, 4); n > 0; n--)
			mutate(in, seeds, nseeds, &state);
		LLVMFuzzerTestOneInput(in->data, in->len);
	}
	free(in);
}

/* false if there is no such file */
static bool read_seed(const char *path, Input *in)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return false;
	in->len = fread(in->data, 1, sizeof in->data / 2, f);
	fclose(f);
	return true;
}

#ifndef FUZZ_NO_MAIN
int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: fuzz_parse COUNT SEED FILE...\n");
		return 2;
	}
	Input *seeds = calloc((size_t)argc, sizeof *seeds);
	size_t n = 0;
	if (!seeds)
		return 2;
	for (int i = 3; i < argc; i++) {
		if (!read_seed(argv[i], &seeds[n++])) {
			fprintf(stderr, "fuzz_parse: cannot read %s\n", argv[i]);
			return 2;
		}
	}
	fuzz(atol(argv[1]), (uint64_t)atoll(argv[2]), seeds, n);
	free(seeds);
	printf("%s inputs\n", argv[1]);
	return 0;
}
#endif
#endif
