/* test_base.c -- memory, names, places, messages and text output */
#include "test.h"

#include <inttypes.h>

#include "base/base.h"
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

static const char *flushed(Diag *d)
{
	static char text[1 << 16];
	FILE *f = tmpfile();
	diag_flush(d, f);
	rewind(f);
	size_t n = fread(text, 1, sizeof text - 1, f);
	text[n] = 0;
	fclose(f);
	return text;
}

static Loc at(const Source *s, const char *what)
{
	const char *p = strstr(s->text, what);
	uint32_t begin = (uint32_t)(p - s->text);
	return (Loc){s, begin, begin + (uint32_t)strlen(what)};
}

static Source *source(Arena *a, const char *text)
{
	return source_from_text(a, "mlp.model", text, strlen(text));
}

static void test_arena(Arena *a)
{
	unsigned char *big = arena_alloc(a, 100000), sum = 0;
	for (int i = 0; i < 100000; i++)
		sum |= big[i];
	CHECK(sum == 0);
	char *p[1000];
	for (int i = 0; i < 1000; i++)
		p[i] = arena_printf(a, "%d", i);
	bool all = true;
	for (int i = 0; i < 1000; i++)
		all = all && atoi(p[i]) == i && (uintptr_t)p[i] % 16 == 0;
	CHECK(all);
	VEC(int) v = {0};
	for (int i = 0; i < 1000; i++)
		push(a, &v, i * i);
	CHECK(v.len == 1000 && v.data[999] == 999 * 999 && v.data[3] == 9);
	CHECK_STR(arena_strndup(a, "hello", 3), "hel");
}

/* as vsnprintf, also where it is not asked */
static void check_format(const char *fmt, ...)
{
	char ours[64], theirs[64];
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	const int n = vsnprintf(theirs, sizeof theirs, fmt, again);
	va_end(again);
	va_copy(again, args);
	CHECK_INT(format_text(ours, sizeof ours, fmt, again), n);
	if (n < (int)sizeof theirs)
		CHECK_STR(ours, theirs);
	va_end(again);
	va_copy(again, args);
	char none;
	CHECK_INT(format_text(&none, 0, fmt, again), n);
	va_end(again);
	va_end(args);
}

static void test_format(void)
{
	const char three[3] = {'a', 'b', 'c'}, *most = "0123456789012345678901234567890123456789012345678901234567890123456789";
	check_format("");
	check_format("%s and %s%s", "one", "", "two");
	check_format("%.*s|%.*s|%.*s|%.*s", 2, "abc", 5, "abc", 0, "abc", 3, three);
	check_format("%.*s", -1, "abc");
	check_format("%d %d %d %d", 0, -7, INT32_MIN, INT32_MAX);
	check_format("%" PRId64 " %" PRId64 " %lld", INT64_MIN, INT64_MAX, -1LL);
	check_format("%u %" PRIu64 " %llu", UINT32_MAX, UINT64_MAX, 5ULL);
	check_format("%s %.9g %5d|%-5s|%c%%", "x", 0.1, 12, "y", 'z');
	check_format("%.63s", most);
	check_format("%.*s", 63, most);
	check_format("%.*s", 64, most);
	check_format("%s, longer than is shown", most);
}

/* under the sanitizer what lies past an allocation is no memory to use, nor what is not allocated yet */
static void test_gaps(Arena *a)
{
#ifdef __SANITIZE_ADDRESS__
	for (size_t n = 0; n < 100; n++) {
		char *p = arena_alloc(a, n), *q = arena_alloc(a, 1);
		CHECK(!n || !__asan_region_is_poisoned(p, n));
		CHECK(__asan_address_is_poisoned(p + n) && __asan_address_is_poisoned(q - 1));
		CHECK(__asan_address_is_poisoned(q + 1) && __asan_address_is_poisoned(q + 64));
	}
#else
	(void)a;
#endif
}

static void test_map(Arena *a)
{
	Map *m = map_new(a);
	int keys[3000];
	for (int i = 0; i < 2000; i++)
		*map_number(m, &keys[i]) = i + 1;
	bool same = true;
	for (int i = 0; i < 3000; i++)
		same = same && map_find(m, &keys[i]) == (i < 2000 ? i + 1 : 0);
	CHECK(same);
	CHECK(*map_number(m, &keys[1]) == 2 && *map_number(m, &keys[2500]) == 0);
	++*map_number(m, &keys[1]);
	CHECK(map_find(m, &keys[1]) == 3 && map_find(m, &keys[2]) == 3);
}

static void test_names(Arena *a)
{
	Names *n = names_new(a);
	const char *first[2000];
	for (int i = 0; i < 2000; i++)
		first[i] = intern_str(n, arena_printf(a, "name%d", i));
	bool same = true;
	for (int i = 0; i < 2000; i++)
		same = same && intern_str(n, arena_printf(a, "name%d", i)) == first[i];
	CHECK(same);
	CHECK(first[0] != first[1]);
	CHECK(intern(n, "name17xx", 6) == first[17]);
	CHECK(intern(n, "a\0b", 3) != intern(n, "a\0c", 3));
	CHECK(intern(n, "", 0) == intern_str(n, ""));
}

static void test_source(Arena *a)
{
	Source *s = source(a, "one\ntwo\r\n\nfour");
	CHECK_INT(s->nlines, 4);
	CHECK_INT(loc_line(at(s, "two")), 2);
	CHECK_INT(loc_column(at(s, "wo")), 2);
	CHECK_INT(loc_line(at(s, "four")), 4);
	CHECK_INT(loc_line((Loc){s, 14, 14}), 4);
	CHECK_INT(loc_column((Loc){s, 14, 14}), 5);
	CHECK_INT(loc_line((Loc){0}), 0);
	Source *bom = source(a, "\xEF\xBB\xBFmodel m");
	CHECK_INT(loc_column(at(bom, "model")), 1);
	Loc both = loc_join(at(s, "one"), at(s, "two"));
	CHECK(both.begin == 0 && both.end == 7);
	const char *why;
	CHECK(!source_from_file(a, "/nonexistent/x.model", &why) && strstr(why, "No such file"));
	CHECK(!source_from_file(a, "/", &why) && why);
	CHECK(source_from_file(a, SOURCE_DIR "/tests/unit/test_base.c", &why) != NULL);
}

static void test_labels(Arena *a)
{
	Source *s = source(a, "\n\n\n\n\n\n\n\n\n\n\n\n\nlet p = softmax(h @ W2 + b2)\nlet q = p\n");
	Diag *d = diag_new(a);
	Message *m = diag_error(d, at(s, "@"), "sizes do not match in '%s'", "@");
	diag_label(m, at(s, "h @"), "floatX[batch, 784]\tlet h, line 12");
	m = diag_error(d, at(s, "@"), "sizes do not match in '@'"); /* again: dropped */
	diag_note(m, (Loc){0}, "never seen");
	CHECK_INT(diag_count(d), 1);
	flushed(d);

	d = diag_new(a);
	m = diag_error(d, at(s, "@"), "sizes do not match in '@'");
	Loc h = at(s, "h @");
	h.end = h.begin + 1;
	diag_label(m, h, "floatX[batch, 784]\tlet h, line 12");
	diag_label(m, at(s, "W2"), "floatX[500, 10]\tparam W2, line 9");
	diag_label(m, at(s, "q = p"), "elsewhere");
	diag_note(m, (Loc){0}, "the last size of the left side is 784");
	diag_error(d, at(s, "p ="), "first");
	CHECK_STR(flushed(d), "mlp.model:14:5: error: first\n"
		"   14 | let p = softmax(h @ W2 + b2)\n"
		"      |     ^~~\n"
		"mlp.model:14:19: error: sizes do not match in '@'\n"
		"   14 | let p = softmax(h @ W2 + b2)\n"
		"      |                 ~ ^ ~~\n"
		"      |                 |   floatX[500, 10]      param W2, line 9\n"
		"      |                 floatX[batch, 784]       let h, line 12\n"
		"mlp.model:15:5: note: elsewhere\n"
		"   15 | let q = p\n"
		"      |     ^~~~~\n"
		"note: the last size of the left side is 784\n");
	CHECK_INT(diag_count(d), 2);
	CHECK_STR(flushed(d), "");
}

static void test_hostile_lines(Arena *a)
{
	Source *s = source(a, "\tlet \xC3\xA9\xE4\xB8\xAD\x01\xFF x\r\n");
	Diag *d = diag_new(a);
	diag_error(d, at(s, " x"), "bad \x1b name");
	CHECK_STR(flushed(d), "mlp.model:1:13: error: bad \\x1b name\n"
		"    1 |     let \xC3\xA9\xE4\xB8\xAD\\x01\\xff x\n"
		"      |                    ^~\n");
	s = source_from_text(a, "z", "a\0b", 3);
	diag_error(d, (Loc){s, 2, 3}, "nul");
	CHECK_STR(flushed(d), "z:1:3: error: nul\n    1 | a\\x00b\n      |      ^\n");

	char *wide = arena_alloc(a, 1000000);
	memset(wide, 'x', 999999);
	wide[500000] = '@';
	s = source(a, wide);
	diag_error(d, at(s, "@"), "long");
	const char *text = flushed(d);
	CHECK(strlen(text) < 400);
	const char *shown = strchr(text, '\n') + 1, *under = strchr(shown, '\n') + 1;
	const char *mark = strchr(shown, '@'), *caret = strchr(under, '^');
	if (CHECK(mark && caret))
		CHECK_INT(mark - shown, caret - under);

	s = source(a, ""); /* nothing at all */
	diag_error(d, (Loc){s, 0, 0}, "empty");
	diag_error(d, (Loc){0}, "nowhere");
	CHECK_STR(flushed(d), "modelc: error: nowhere\nmlp.model:1:1: error: empty\n    1 |\n      | ^\n");
}

static void test_many(Arena *a)
{
	Source *s = source(a, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n");
	Diag *d = diag_new(a);
	for (uint32_t i = 0; i < 25; i++)
		diag_error(d, (Loc){s, 24 - i, 25 - i}, "e%u", (unsigned)i);
	CHECK_INT(diag_count(d), 25);
	const char *text = flushed(d);
	CHECK(strstr(text, "modelc: 5 more errors\n"));
	CHECK(strstr(text, "e19\n") < strstr(text, "e0\n"));
	CHECK(!strstr(text, "e20\n"));
}

static void test_suggestions(void)
{
	const char *const list[] = {"softmax", "softplus", "sigmoid", "mean", "max", "W"};
	CHECK_STR(did_you_mean("sofmax", list, 6), "softmax");
	CHECK_STR(did_you_mean("sfotmax", list, 6), "softmax");
	CHECK_STR(did_you_mean("maen", list, 6), "mean");
	CHECK_STR(did_you_mean("mx", list, 6), "max");
	CHECK_STR(did_you_mean("b", list, 6), NULL);
	CHECK_STR(did_you_mean("tanh", list, 6), NULL);
	CHECK_STR(did_you_mean("softmax", list, 1), NULL);
	CHECK_STR(did_you_mean("", list, 6), NULL);
}

static void test_writer(Arena *a)
{
	Writer *w = writer_new(a);
	put(w, "#include <x.h>\n/* { */\n#ifdef __cplusplus\nextern \"C\" {\n#endif\nint f(%s)\n{\n", "void");
	put(w, "if (c == '{') {\nputs(\"}}{\\\"{\"); // {\n");
	put(w, "} else ");
	put(w, "{\n#pragma omp simd\nfor (;;) {\n}\n#define X {\n}\n/* one {\n * two\n */\ng(1,\n2);\n\n}\n");
	put(w, "#define Y \\\n{\nstatic const int t[] = {\n1,\n};\n");
	put_raw(w, "}raw\n");
	put(w, "int y;");
	size_t len;
	const char *text = writer_text(w, &len);
	CHECK_STR(text, "#include <x.h>\n/* { */\n#ifdef __cplusplus\nextern \"C\" {\n#endif\nint f(void)\n{\n"
		"\tif (c == '{') {\n\t\tputs(\"}}{\\\"{\"); // {\n"
		"\t} else {\n\t\t#pragma omp simd\n\t\tfor (;;) {\n\t\t}\n#define X {\n\t}\n"
		"\t/* one {\n\t * two\n\t */\n\tg(1,\n\t\t2);\n\n}\n"
		"#define Y \\\n{\nstatic const int t[] = {\n\t1,\n};\n}raw\nint y;");
	CHECK_INT(len, strlen(text));
	put(w, "\n");
	CHECK(strstr(writer_text(w, NULL), "int y;\n"));
}

int main(void)
{
	Arena *a = arena_new();
	test_arena(a);
	test_format();
	test_gaps(a);
	test_map(a);
	test_names(a);
	test_source(a);
	test_labels(a);
	test_hostile_lines(a);
	test_many(a);
	test_suggestions();
	test_writer(a);
	arena_free(a);
	return test_result();
}
