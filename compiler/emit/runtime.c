/* runtime.c -- the runtime's headers: named by #include, or, standalone, as text */
#include <ctype.h>
#include <string.h>

#include "emit_internal.h"

static const char *header_text(const char *name)
{
	for (const EmbeddedFile *f = runtime_files; f->name; f++)
		if (!strcmp(f->name, name))
			return f->text;
	internal_error("the runtime header %s.h is not built in", name);
}

typedef VEC(const char *) HeaderNames;

/* Includes of other runtime headers become their text, each once; those of the system stay. */
static void put_inline(Emit *e, Writer *w, const char *name, HeaderNames *done)
{
	for (int i = 0; i < done->len; i++)
		if (!strcmp(done->data[i], name))
			return;
	push(e->arena, done, name);
	for (const char *p = header_text(name); *p;) {
		const char *end = strchr(p, '\n');
		size_t n = end ? (size_t)(end - p) : strlen(p);
		const char *line = arena_strndup(e->arena, p, n), *quote = strchr(line, '"');
		if (!strncmp(line, "#include \"mc", 12) && quote) {
			const char *dot = strchr(quote, '.');
			put_inline(e, w, arena_strndup(e->arena, quote + 1, (size_t)(dot - quote - 1)), done);
		} else {
			put_raw(w, line);
			put_raw(w, "\n");
		}
		p += n + (end != NULL);
	}
	put_raw(w, "\n");
}

void emit_mc_header(Emit *e, Writer *w)
{
	if (!e->options->standalone) {
		put(w, "#include \"mc.h\"\n");
		return;
	}
	HeaderNames done = {0};
	put_inline(e, w, "mc", &done);
}

/* does the code use a name that the header (or one that it includes) defines? */
static bool needed(const char *code, const char *name)
{
	const char *text = header_text(name);
	for (const char *p = code; (p = strstr(p, "mc_")); p += 3) {
		if (p > code && (isalnum((unsigned char)p[-1]) || p[-1] == '_'))
			continue;
		size_t n = 0;
		while (isalnum((unsigned char)p[n]) || p[n] == '_')
			n++;
		char word[128];
		if (n >= sizeof word)
			continue;
		memcpy(word, p, n);
		word[n] = 0;
		if (uses_word(text, word))
			return true;
	}
	return false;
}

void emit_runtime(Emit *e, Writer *w, const char *code)
{
	static const char *const first[] = {"mc_math", "mc_simd", "mc_random"};
	HeaderNames wanted = {0}, done = {0};
	push(e->arena, &done, "mc"); /* in NAME.h already */
	for (const EmbeddedFile *f = runtime_files; f->name; f++) {
		bool top = false;
		for (size_t i = 0; i < sizeof first / sizeof *first; i++)
			top = top || !strcmp(f->name, first[i]);
		/* mc_math.h includes the headers of its types: any name of theirs asks for it */
		bool part = !strncmp(f->name, "mc_math", 7);
		if ((top || part) && needed(code, f->name)) {
			const char *h = part ? "mc_math" : f->name;
			bool there = false;
			for (int i = 0; i < wanted.len; i++)
				there = there || !strcmp(wanted.data[i], h);
			if (!there)
				push(e->arena, &wanted, h);
		}
	}
	for (int i = 0; i < wanted.len; i++) {
		if (e->options->standalone)
			put_inline(e, w, wanted.data[i], &done);
		else
			put(w, "#include \"%s.h\"\n", wanted.data[i]);
	}
}
