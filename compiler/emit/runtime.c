/* runtime.c -- the runtime's headers: named by #include, or, standalone, as text */
#include <ctype.h>
#include <string.h>

#include "emit_internal.h"

const char *runtime_text(const char *name)
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
	for (const char *p = runtime_text(name); *p;) {
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

/* a word of the code that begins so, and is not defined in mc.h */
static bool uses_prefix(const char *code, const char *prefix, const char *but)
{
	const char *own = runtime_text("mc");
	for (const char *p = code; (p = strstr(p, prefix)); p += strlen(prefix)) {
		size_t n = 0;
		while (isalnum((unsigned char)p[n]) || p[n] == '_')
			n++;
		char word[128];
		if ((p > code && (isalnum((unsigned char)p[-1]) || p[-1] == '_')) || n >= sizeof word || (but && !strncmp(p, but, strlen(but))))
			continue;
		memcpy(word, p, n);
		word[n] = 0;
		if (!has_word(own, word))
			return true;
	}
	return false;
}

static void put_headers(Emit *e, Writer *w, const char *code, bool as_text)
{
	const bool vectors = strstr(code, "MC_LANES");
	const char *wanted[4];
	int n = 0;
	if (e->options->cuda)
		wanted[n++] = "mc_cuda";
	else if (uses_prefix(code, "mc_", "mc_random"))
		wanted[n++] = "mc_math";
	if (vectors && !e->options->cuda)
		wanted[n++] = "mc_simd";
	if (strstr(code, "mc_random"))
		wanted[n++] = "mc_random";
	if (e->options->profile)
		wanted[n++] = e->options->cuda ? "mc_profile_cuda" : "mc_profile";
	HeaderNames done = {0};
	push(e->arena, &done, "mc"); /* in NAME.h already */
	for (int i = 0; i < n; i++) {
		if (as_text)
			put_inline(e, w, wanted[i], &done);
		else
			put(w, "#include \"%s.h\"\n", wanted[i]);
	}
}

void emit_runtime(Emit *e, Writer *w, const char *code)
{
	put_headers(e, w, code, e->options->standalone);
}

void emit_runtime_text(Emit *e, Writer *w, const char *code)
{
	put_headers(e, w, code, true);
}
