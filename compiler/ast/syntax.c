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

static const char *source_text(Parse *p, Loc loc, const char *kind)
{
	int n = (int)(loc.end - loc.begin), most = 40;
	return arena_printf(p->arena, "%s %.*s%s", kind, n < most ? n : most, p->source->text + loc.begin, n < most ? "" : "...");
}

static const char *found_text(Parse *p, int token, const char *name, Loc loc)
{
	switch (token) {
	case T_NAME: return source_text(p, loc, "name");
	case T_INT: case T_FLOAT: return source_text(p, loc, "number");
	case T_STRING: return "string";
	default: return quoted(p->arena, name);
	}
}

static void hint(Parse *p, Message *m, int token, const char *found, Loc loc, Expected e)
{
	Loc nowhere = {0};
	const char *text = p->source->text;
	bool same_line = loc_line(loc) == loc_line(p->before);
	bool word = (found[0] >= 'a' && found[0] <= 'z' && !strchr(found, ' ')) || !strcmp(found, "None");
	if (token == T_UPDATE && has(e, "<") && loc.end < p->source->len && text[loc.end] != ' ') {
		diag_note(m, nowhere, "'<-' is one token: a comparison with a negative number is written 'x < -1'");
	} else if (token == T_ASSIGN && has(e, "<-")) {
		diag_note(m, nowhere, "a value is named with 'let', and a variable is updated with '<-'");
	} else if (token == T_ASSIGN && has(e, "==")) {
		diag_note(m, nowhere, "equality is written '=='");
	} else if (word && has(e, "a name") && same_line && p->before.end > 0) {
		diag_note(m, nowhere, "'%s' is a reserved word, and cannot be a name", found);
	} else if (e.n && !has(e, "==") && (token == T_EQ || token == T_NE || token == T_LT || token == T_LE || token == T_GT ||
					      token == T_GE) && has(e, "and")) {
		diag_note(m, nowhere, "comparisons do not chain: write 'a < b and b < c'");
	} else if (token == T_NAME && has(e, "let") && first_on_line(p, loc)) {
		static const char *const words[] = {"model", "use", "const", "dim", "symbol", "data", "param", "shared", "let", "loss",
			"def", "extern", "function", "driver"};
		const char *name = arena_strndup(p->arena, text + loc.begin, loc.end - loc.begin);
		const char *meant = did_you_mean(name, words, (int)(sizeof words / sizeof *words));
		if (meant)
			diag_note(m, nowhere, "did you mean '%s'?", meant);
	}
}

void report_syntax_error(Parse *p, const char *found, Loc loc, const char *const *expected, int n)
{
	int token = p->token;
	/* from here to what the parser can go on from */
	if (!is_sync_token(p, token, loc, p->depth_before)) {
		p->skipping = true;
		p->skip_depth = p->depth_before;
	}
	if (p->supplied) /* the missing bracket is reported */
		return;
	Expected e = {expected, n};
	const char *what = found_text(p, token, found, loc);
	const char *wanted = sum_up(p->arena, e, p->open.len == 0);
	Message *m = diag_error(p->diag, loc, "unexpected %s%s%s", what, wanted ? ", expected " : "", wanted ? wanted : "");
	hint(p, m, token, found, loc, e);
}
