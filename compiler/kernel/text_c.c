/* text_c.c -- C text: parentheses where needed, statements as a tree, lines of at most 100 columns */
#include <stdlib.h>
#include <string.h>

#include "print_c.h"

enum { LINE = 100, TAB = 8 };

const char *text_in(Arena *arena, Text t, int prec)
{
	return t.prec >= prec ? t.s : arena_printf(arena, "(%s)", t.s);
}

const char *wrap_list(Arena *arena, const char *head, int n, const char *const *item, const char *tail, int indent)
{
	Writer *w = writer_new(arena);
	put_raw(w, head);
	put_raw(w, "(");
	int column = indent + (int)strlen(head) + 1;
	for (int i = 0; i < n; i++) {
		const char *end = i + 1 < n ? "," : "";
		int len = (int)(strlen(item[i]) + strlen(end)) + (i + 1 < n ? 0 : (int)strlen(tail) + 1);
		if (i > 0 && column + 1 + len > LINE) {
			put_raw(w, "\n");
			column = indent + TAB + len;
		} else {
			put_raw(w, i ? " " : "");
			column += len + 1;
		}
		put_raw(w, item[i]);
		put_raw(w, end);
	}
	put_raw(w, ")");
	put_raw(w, tail);
	return writer_text(w, NULL);
}

/* Where a line that is too long goes on: after a comma or =, before an operator, in as few parentheses as can be, between arguments
 * rather than in one, late. */
static int break_at(const char *s, int room)
{
	int depth = 0, best = 0, best_rank = 1000;
	bool quoted = false;
	for (int i = 0; s[i] && i < room; i++) {
		quoted ^= s[i] == '"';
		if (quoted)
			continue;
		depth += (s[i] == '(' || s[i] == '[') - (s[i] == ')' || s[i] == ']');
		if (s[i] != ' ' || i < room / 3)
			continue;
		bool after = s[i - 1] == ',' || s[i - 1] == '=', before = strchr("+-*/&|?:<>", s[i + 1]) && s[i + 2] != '=';
		int rank = 2 * depth + (depth > 0 && !after);
		if ((after || before) && rank <= best_rank) {
			best = i;
			best_rank = rank;
		}
	}
	return best;
}

static const char *broken(Arena *arena, const char *text, int column)
{
	const char *all = "";
	int depth = 0;
	for (int room = LINE - column; (int)strlen(text) > room; room = LINE - column - TAB) {
		int at = break_at(text, room);
		if (at == 0 || text[0] == '/' || text[0] == '#')
			break;
		for (int i = 0; i < at; i++)
			depth += (text[i] == '(' || text[i] == '[') - (text[i] == ')' || text[i] == ']');
		/* inside parentheses the writer indents by itself */
		all = arena_printf(arena, "%s%.*s\n%s", all, at, text, depth > 0 ? "" : "\t");
		text += at + 1;
	}
	return arena_printf(arena, "%s%s", all, text);
}

/* a line for the writer, with `depth` tabs more, also before what goes on below it */
static void put_line(Writer *w, Arena *arena, const char *text, const char *tail, int depth, int braces)
{
	char *tabs = arena_strndup(arena, "\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t", (size_t)(depth < 16 ? depth : 16));
	if (!strchr(text, '\n'))
		text = broken(arena, text, TAB * (depth + braces) + (int)strlen(tail));
	for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1)
		put(w, "%s%.*s\n", tabs, (int)(end - text), text);
	put(w, "%s%s%s\n", text[0] == '#' || !text[0] ? "" : tabs, text, tail);
}

/* a single statement needs no braces; neither does a loop around a loop */
static bool is_bare(const Stmt *s)
{
	return s->text[0] && s->body.len == 1 && !s->body.data[0]->declares && strncmp(s->body.data[0]->text, "/*", 2) &&
	       (!s->body.data[0]->block || s->body.data[0]->text[0]);
}

void print_stmt(Writer *w, Arena *arena, const Stmt *s, int depth, int braces)
{
	if (!s->block) {
		put_line(w, arena, s->text, "", depth, braces);
		return;
	}
	bool bare = is_bare(s);
	if (!s->text[0])
		put(w, "{\n");
	else
		put_line(w, arena, s->text, bare ? "" : " {", depth, braces);
	for (int i = 0; i < s->body.len; i++)
		print_stmt(w, arena, s->body.data[i], depth + bare, braces + !bare);
	if (!bare)
		put_line(w, arena, "}", "", depth, braces);
}

/* keywords of C and C++, types that generated code uses, and macros of the headers beside it or of compilers: in order, for bsearch */
static const char *const c_words[] = {
	"BIG_ENDIAN", "BUFSIZ", "BYTE_ORDER", "EOF", "FD_SETSIZE", "I", "INFINITY", "LITTLE_ENDIAN", "NAN", "NFDBITS", "NULL", "PDP_ENDIAN", "alignas",
	"alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char", "class", "compl", "complex", "const",
	"const_cast", "constexpr", "continue", "decltype", "default", "delete", "do", "double", "dynamic_cast", "else", "enum", "errno", "explicit",
	"export", "extern", "false", "float", "for", "free", "friend", "goto", "i386", "if", "inline", "int", "int16_t", "int32_t", "int64_t", "int8_t",
	"linux", "long", "malloc", "math_errhandling", "memcmp", "memcpy", "memset", "mutable", "namespace", "new", "noexcept", "not", "not_eq", "nullptr",
	"operator", "or", "or_eq", "private", "protected", "public", "register", "reinterpret_cast", "restrict", "return", "short", "signed", "size_t",
	"sizeof", "static", "static_assert", "static_cast", "stderr", "stdin", "stdout", "struct", "switch", "template", "this", "thread_local", "throw",
	"true", "try", "typedef", "typeid", "typename", "typeof", "uint16_t", "uint32_t", "uint64_t", "uint8_t", "uintptr_t", "union", "unix", "unsigned",
	"using", "virtual", "void", "volatile", "wchar_t", "while", "xor", "xor_eq",
};

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool is_c_word(const char *name)
{
	/* those of compilers, of the runtime, and of families of macros */
	static const char *const begins[] = {"__", "mc_", "MC_", "M_", "FP_", "HUGE_VAL", "EXIT_", "MATH_ERR"};
	static const char *const ends[] = {"_MAX", "_MIN"};
	const size_t n = strlen(name);
	if (n && name[n - 1] == '_') /* what we make of them */
		return false;
	if (name[0] == '_' && name[1] >= 'A' && name[1] <= 'Z')
		return true;
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		if (!strncmp(name, begins[i], strlen(begins[i])))
			return true;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (n > strlen(ends[i]) && !strcmp(name + n - strlen(ends[i]), ends[i]))
			return true;
	return bsearch(&name, c_words, sizeof c_words / sizeof *c_words, sizeof *c_words, compare_words) != NULL;
}

const char *dim_c(const Dim *d)
{
	return d->c_name ? d->c_name : d->name;
}
