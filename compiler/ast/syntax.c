/* syntax.c -- the message for a token that does not fit
 *
 * "unexpected X, expected Y": what may follow is summed up (an expression, a
 * declaration) and left out where nearly everything may.  A hint only where the
 * mistake is known. */
#include "parse.h"

#include <string.h>

#include "parser.h"

enum { MOST_LISTED = 4 };

typedef struct Expected {
	const char *const *names; /* as in parser.y: ",", "a name" */
	int n;
} Expected;

static bool has(Expected e, const char *name)
{
	for (int i = 0; i < e.n; i++)
		if (!strcmp(e.names[i], name))
			return true;
	return false;
}

static bool one_of(const char *name, const char *const *list)
{
	while (*list && strcmp(*list, name))
		list++;
	return *list != NULL;
}

static bool begins_expr(const char *name)
{
	static const char *const list[] = {"an integer", "a number", "a string", "a name", "true", "false", "(", "[", "-", "not",
		"next", "if", "scan", "fold", NULL};
	return one_of(name, list);
}

static bool continues_expr(const char *name)
{
	static const char *const list[] = {"or", "and", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "//", "%", "@", "**",
		".", "[", "(", "as", NULL};
	return one_of(name, list);
}

static bool is_declaration(const char *name)
{
	static const char *const list[] = {"model", "use", "const", "dim", "symbol", "data", "param", "shared", "let", "loss", "def",
		"extern", "function", "driver", "given", "assert", "each", "if", "next", "emit", "until", "return", NULL};
	return one_of(name, list);
}

/* 'x', or a name as it is: a number */
static const char *quoted(Arena *a, const char *name)
{
	return strchr(name, ' ') ? name : arena_printf(a, "'%s'", name);
}

/* the list of what may stand here, or NULL where it says nothing */
static const char *sum_up(Arena *a, Expected e, bool top)
{
	bool expr = has(e, "an integer") && has(e, "(");
	bool after_expr = has(e, "*");
	bool declaration = has(e, "let") && has(e, "def");
	const char *list[MOST_LISTED];
	int n = 0;
	if (expr)
		list[n++] = "an expression";
	if (declaration && !after_expr)
		list[n++] = top ? "a declaration" : "a statement";
	for (int i = 0; i < e.n; i++) {
		const char *name = e.names[i];
		if ((expr && begins_expr(name)) || (after_expr && continues_expr(name)))
			continue;
		if (declaration && (is_declaration(name) || !strcmp(name, "a name")))
			continue;
		if (declaration && (after_expr || top) && (!strcmp(name, "end of file") || !strcmp(name, "}")))
			continue;
		if (n == MOST_LISTED)
			return NULL;
		list[n++] = quoted(a, name);
	}
	const char *text = NULL;
	for (int i = 0; i < n; i++)
		text = !text ? list[i] : arena_printf(a, "%s%s %s", text, i < n - 1 ? "," : " or", list[i]);
	return text;
}

static const char *source_text(Parse *p, Loc loc)
{
	size_t n = loc.end - loc.begin, most = 40;
	const char *text = arena_strndup(p->arena, p->source->text + loc.begin, n < most ? n : most);
	return n < most ? text : arena_printf(p->arena, "%s...", text);
}

static const char *found_text(Parse *p, int token, const char *name, Loc loc)
{
	switch (token) {
	case T_NAME: return arena_printf(p->arena, "name '%s'", source_text(p, loc));
	case T_INT: case T_FLOAT: return arena_printf(p->arena, "number %s", source_text(p, loc));
	case T_STRING: return "string";
	default: return quoted(p->arena, name);
	}
}

/* the word for a declaration that was meant, or NULL */
static const char *meant_word(Parse *p, Loc loc)
{
	static const char *const words[] = {"model", "use", "const", "dim", "symbol", "data", "param", "shared", "let", "loss", "def",
		"extern", "function", "driver", "given", "assert", "each", "emit", "until", "return"};
	return did_you_mean(source_text(p, loc), words, (int)(sizeof words / sizeof *words));
}

static bool is_comparison(int token)
{
	return token == T_EQ || token == T_NE || token == T_LT || token == T_LE || token == T_GT || token == T_GE;
}

/* what is written so in other languages */
static const char *foreign_hint(const Parse *p, int token, Loc loc, Expected e)
{
	bool before_assign = loc.end < p->source->len && p->source->text[loc.end] == '=';
	if (has(e, "<-") && before_assign && (token == T_PLUS || token == T_MINUS || token == T_STAR || token == T_SLASH))
		return "an update is written 'x <- x + y'";
	if (token == T_COLON && has(e, "{"))
		return "a body stands in braces";
	if (token == T_QUESTION && has(e, "and"))
		return "a choice is written 'if c { a } else { b }', or where(c, a, b) by element";
	if (token == T_LPAREN && has(e, "=") && !has(e, "<-"))
		return "what takes arguments is a 'def'";
	if (token == T_ASSIGN && has(e, ":"))
		return "a type stands before the value: NAME : TYPE = VALUE";
	if (token == T_FOR && has(e, "let"))
		return "loops are 'scan', 'fold' and 'each'";
	return NULL;
}

static const char *hint(const Parse *p, int token, const char *found, Loc loc, Expected e)
{
	bool word = found[0] >= 'a' && found[0] <= 'z' && !strchr(found, ' ');
	if (token == T_UPDATE && has(e, "<") && loc.end < p->source->len && p->source->text[loc.end] != ' ')
		return "'<-' is one token: a comparison with a negative number is written 'x < -1'";
	if (token == T_ASSIGN && has(e, "<-"))
		return "a value is named with 'let', and a variable is updated with '<-'";
	if (token == T_IF && has(e, "{"))
		return "the 'if' of an 'else' stands in its braces";
	const char *foreign = foreign_hint(p, token, loc, e);
	if (foreign)
		return foreign;
	bool in_sizes = p->open.len && p->open.data[p->open.len - 1].open == '[';
	if (token == T_ASSIGN && has(e, "==") && !in_sizes)
		return "equality is written '=='";
	if (is_comparison(token) && has(e, "and"))
		return "comparisons do not chain: write 'a < b and b < c'";
	if (word && has(e, "a name") && !has(e, "let") && loc_line(loc) == loc_line(p->before))
		return arena_printf(p->arena, "'%s' is a reserved word, and cannot be a name", found);
	return NULL;
}

void report_syntax_error(Parse *p, const char *found, Loc loc, const char *const *expected, int n)
{
	int token = p->token;
	p->failed = true;
	/* the missing bracket, what is here, or a character in the line before, is reported */
	if (p->supplied || loc.begin == p->reported || (p->skipped.source && loc_line(p->skipped) >= loc_line(p->before)))
		return;
	p->reported = loc.begin;
	Expected e = {expected, n};
	/* functon f(x): a statement that begins with a name is an update or a call, and this is neither */
	const char *meant = has(e, "<-") && p->open.len == p->depth_before ? meant_word(p, p->before) : NULL;
	if (meant) {
		diag_error(p->diag, p->before, "unexpected name '%s'; did you mean '%s'?", source_text(p, p->before), meant);
		return;
	}
	const char *wanted = sum_up(p->arena, e, p->depth_before == 0);
	Message *m = diag_error(p->diag, loc, "unexpected %s%s%s", found_text(p, token, found, loc), wanted ? ", expected " : "",
		wanted ? wanted : "");
	const char *why = hint(p, token, found, loc, e);
	if (why)
		diag_note(m, (Loc){0}, "%s", why);
}
