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

/* may the parser go on at this token after an error at this depth? */
static bool is_sync_token(const Parse *p, int token, Loc loc, int depth)
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
			return false; /* closes nothing */
		*closed = depth - 1 - i;
	}
	return *closed > 0;
}

/* can the word behind this token be nothing but a name? */
static bool name_follows(int token, int word)
{
	switch (token) {
	case T_MODEL: case T_CONST: case T_DIM: case T_SYMBOL: case T_DATA: case T_PARAM: case T_SHARED: case T_LET: case T_LOSS:
	case T_DEF: case T_EXTERN: case T_FUNCTION: case T_GIVEN: case T_AS: case T_NEXT: case T_EACH: case T_DOT: case T_ARROW:
		return true;
	case T_OR: case T_AND: case T_NOT: case T_EQ: case T_NE: case T_LT: case T_LE: case T_GT: case T_GE: case T_PLUS:
	case T_MINUS: case T_STAR: case T_SLASH: case T_FLOORDIV: case T_PERCENT: case T_AT: case T_POW: case T_ASSIGN:
	case T_UPDATE: case T_LPAREN: case T_LBRACKET: case T_COMMA: case T_COLON:
		return begins_declaration(word);
	default:
		return false;
	}
}

static bool is_word(const Parse *p, Loc loc)
{
	char c = p->source->text[loc.begin];
	return loc.end > loc.begin && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
}

/* the next token of the text; a reserved word where a name must stand is reported and made one */
static int text_token(YYSTYPE *value, Loc *loc, Parse *p)
{
	if (p->has_pending) {
		*loc = p->pending_loc;
		p->has_pending = false;
		return p->pending;
	}
	int last = p->last;
	Loc end = {p->source, p->last_end, p->last_end};
	int token = scan_token(value, loc, p->scanner);
	if (!p->failed && token != T_NAME && is_word(p, *loc) && name_follows(last, token) && loc_line(end) == loc_line(*loc)) {
		value->name = intern(p->names, p->source->text + loc->begin, loc->end - loc->begin);
		diag_error(p->diag, *loc, "'%s' is a reserved word, and cannot be a name", value->name);
		token = p->last = T_NAME;
	}
	return token;
}

/* the next token with brackets balanced */
static int balanced_token(YYSTYPE *value, Loc *loc, Parse *p)
{
	for (;;) {
		int token = text_token(value, loc, p);
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
			char top = p->open.len ? p->open.data[p->open.len - 1].open : '\0';
			if (!top || (top != close && (top == '{' || close == '{'))) {
				if (!p->failed) /* else the opener may be what was refused */
					diag_error(p->diag, *loc, "this '%c' closes nothing", p->source->text[loc->begin]);
				continue;
			}
			if (top != close) {
				Message *m = diag_error(p->diag, *loc, "unexpected '%c', expected '%c'",
					p->source->text[loc->begin], top == '(' ? ')' : ']');
				diag_label(m, p->open.data[p->open.len - 1].loc, "opened here");
				p->reported = loc->begin;
				token = closer(top);
			}
			p->open.len--;
		}
		return token;
	}
}

static int read_token(YYSTYPE *value, Loc *loc, Parse *p)
{
	p->token = balanced_token(value, loc, p);
	p->before = p->current;
	p->current = *loc;
	if (p->token == T_NAME)
		p->name = value->name;
	return p->token;
}

/* from the token that was refused to one that the parser can go on from */
static int resume(YYSTYPE *value, Loc *loc, Parse *p)
{
	int depth = p->depth_before;
	if (p->again && p->token == T_END)
		return 0;
	/* refused behind a RESUME: left out, so that there is progress; so is what is in braces where none may stand */
	if (p->again || p->token == T_LBRACE || !is_sync_token(p, p->token, p->current, depth))
		while (!is_sync_token(p, read_token(value, loc, p), *loc, depth))
			;
	p->failed = false;
	p->resumed = true;
	*loc = (Loc){p->source, p->current.begin, p->current.begin};
	return T_RESUME;
}

int next_token(YYSTYPE *value, Loc *loc, Parse *p)
{
	if (p->start) {
		int token = p->start;
		p->start = 0;
		*loc = p->current;
		return token;
	}
	if (p->failed)
		return resume(value, loc, p);
	p->again = p->resumed;
	if (p->resumed) {
		p->resumed = false;
		value->name = p->name;
		*loc = p->current;
		return p->token;
	}
	if (p->token == T_END)
		return 0;
	return read_token(value, loc, p);
}
