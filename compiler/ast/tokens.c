/* tokens.c -- tokens as the parser gets them: brackets balanced, and skipped after an error
 *
 * A bracket that its text does not close is reported where it opens, and closed
 * before what cannot stand inside it: the closer of an outer bracket, a
 * declaration that begins a line (inside ( and [), or the end of the file.  A
 * closer that closes nothing is reported and left out.  So the parser's own
 * recovery sees balanced brackets, and never swallows what is behind them. */
#include "parse.h"

#include "parser.h"

bool begins_declaration(int token)
{
	switch (token) {
	case T_MODEL: case T_USE: case T_CONST: case T_DIM: case T_SYMBOL: case T_DATA: case T_PARAM: case T_SHARED:
	case T_LET: case T_LOSS: case T_DEF: case T_EXTERN: case T_FUNCTION: case T_DRIVER: case T_GIVEN: case T_ASSERT:
	case T_EACH: case T_EMIT: case T_UNTIL: case T_RETURN:
		return true;
	default:
		return false;
	}
}

bool first_on_line(const Parse *p, Loc loc)
{
	const char *text = p->source->text;
	uint32_t i = loc.begin;
	while (i > 0 && (text[i - 1] == ' ' || text[i - 1] == '\t'))
		i--;
	return i <= p->source->line[loc_line(loc) - 1];
}

static char opens(int token)
{
	return token == T_LPAREN ? '(' : token == T_LBRACKET ? '[' : token == T_LBRACE ? '{' : '\0';
}

/* the bracket that a token closes */
static char closes(int token)
{
	return token == T_RPAREN ? '(' : token == T_RBRACKET ? '[' : token == T_RBRACE ? '{' : '\0';
}

static int closer(char open)
{
	return open == '(' ? T_RPAREN : open == '[' ? T_RBRACKET : T_RBRACE;
}

bool is_sync_token(const Parse *p, int token, Loc loc, int depth)
{
	if (token == T_END)
		return true;
	if (closes(token)) /* p->open has lost the bracket already */
		return p->open.len < depth;
	if (p->open.len - (opens(token) != '\0') > depth)
		return false;
	char inside = depth > 0 && depth <= p->open.len ? p->open.data[depth - 1].open : '{';
	if (inside != '{')
		return false;
	if (begins_declaration(token) || token == T_LBRACE)
		return true;
	bool may_begin = token == T_IF || token == T_NEXT || (token == T_NAME && depth > 0);
	return may_begin && first_on_line(p, loc);
}

/* does the token stand in brackets that must be closed before it?  *closed: how many */
static bool needs_closers(Parse *p, int token, Loc loc, int *closed)
{
	int depth = p->open.len;
	*closed = 0;
	if (token == T_END) {
		*closed = depth;
	} else if (begins_declaration(token) && first_on_line(p, loc)) {
		while (*closed < depth && p->open.data[depth - 1 - *closed].open != '{')
			++*closed;
	} else if (closes(token)) {
		char wanted = closes(token);
		int i = depth - 1;
		while (i >= 0 && p->open.data[i].open != wanted && (wanted == '{' || p->open.data[i].open != '{'))
			i--;
		if (i < 0 || p->open.data[i].open != wanted)
			return false;
		*closed = depth - 1 - i;
	}
	return *closed > 0;
}

static int take_pending(Parse *p, Loc *loc)
{
	*loc = p->pending_loc;
	p->has_pending = false;
	return p->pending;
}

/* the next token with brackets balanced */
static int balanced_token(YYSTYPE *value, Loc *loc, Parse *p)
{
	for (;;) {
		int token = p->has_pending ? take_pending(p, loc) : scan_token(value, loc, p->scanner);
		int closed;
		p->depth_before = p->open.len;
		if (needs_closers(p, token, *loc, &closed)) {
			Bracket b = p->open.data[--p->open.len];
			if (!p->supplied) /* one message for several, at the innermost */
				diag_error(p->diag, b.loc, "this '%c' is not closed", b.open);
			p->has_pending = true;
			p->pending = token;
			p->pending_loc = *loc;
			p->supplied = true;
			*loc = (Loc){p->source, p->current.end, p->current.end};
			return closer(b.open);
		}
		p->supplied = false;
		char open = opens(token), close = closes(token);
		if (open) {
			Bracket b = {open, *loc};
			push(p->arena, &p->open, b);
		} else if (close) {
			if (!p->open.len || p->open.data[p->open.len - 1].open != close) {
				diag_error(p->diag, *loc, "this '%c' closes nothing", p->source->text[loc->begin]);
				continue;
			}
			p->open.len--;
		}
		return token;
	}
}

int next_token(YYSTYPE *value, Loc *loc, Parse *p)
{
	if (p->start) {
		int token = p->start;
		p->start = 0;
		*loc = p->current;
		return token;
	}
	int token;
	do {
		token = balanced_token(value, loc, p);
		p->before = p->current;
		p->current = *loc;
		p->token = token;
	} while (p->skipping && !is_sync_token(p, token, *loc, p->skip_depth));
	p->skipping = false;
	return token;
}
