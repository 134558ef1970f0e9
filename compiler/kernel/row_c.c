/* row_c.c -- a row of the op table as C: its text with operands in place of a, b, c, and no parentheses that are not needed */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "print_c.h"

typedef struct Token {
	const char *s;
	int len;
	bool word, binary, unary;
} Token;
enum { MAX_TOKENS = 64 };

static bool is(const Token *t, const char *s)
{
	return (int)strlen(s) == t->len && memcmp(t->s, s, (size_t)t->len) == 0;
}

static int prec_of(const Token *t)
{
	static const struct {
		const char *op;
		int prec;
	} table[] = {{"||", PREC_OR},   {"&&", PREC_AND},     {"|", PREC_BITOR},   {"^", PREC_BITXOR}, {"&", PREC_BITAND},
	             {"==", PREC_EQUAL}, {"!=", PREC_EQUAL},   {"<", PREC_LESS},    {">", PREC_LESS},   {"<=", PREC_LESS},
	             {">=", PREC_LESS},  {"<<", PREC_SHIFT},   {">>", PREC_SHIFT},  {"+", PREC_SUM},    {"-", PREC_SUM},
	             {"*", PREC_PRODUCT}, {"/", PREC_PRODUCT}, {"%", PREC_PRODUCT}, {"?", PREC_TERNARY}, {":", PREC_TERNARY}};
	for (int i = 0; i < (int)(sizeof table / sizeof table[0]); i++)
		if (is(t, table[i].op))
			return table[i].prec;
	return PREC_UNARY;
}

static int tokens_of(const char *text, Token *token)
{
	int n = 0;
	bool after_operand = false;
	while (*text) {
		if (*text == ' ') {
			text++;
			continue;
		}
		if (n == MAX_TOKENS)
			internal_error("the text of a row is too long: %s", text);
		Token *t = &token[n++];
		*t = (Token){.s = text, .len = 1};
		if (isalnum((unsigned char)*text) || *text == '_' || *text == '.') {
			t->word = true;
			while (isalnum((unsigned char)text[t->len]) || text[t->len] == '_' || text[t->len] == '.')
				t->len++;
			after_operand = true;
		} else if (strchr("(),", *text)) {
			after_operand = *text == ')';
		} else {
			if (strchr("=&|<>", text[1]) && text[1] && strchr("=!<>&|", *text))
				t->len = 2;
			t->binary = after_operand;
			t->unary = !after_operand;
			after_operand = false;
		}
		text += t->len;
	}
	return n;
}

static int operand_of(const Token *t)
{
	return t->word && t->len == 1 && t->s[0] >= 'a' && t->s[0] <= 'c' ? t->s[0] - 'a' : -1;
}

static const char *row_text(Op op, DType operand)
{
	const OpInfo *info = op_info(op);
	bool floats = dtype_is_float(operand) || dtype_class(operand) == CLASS_COMPLEX;
	if (!floats && info->integer && strcmp(info->integer, "NONE") != 0)
		return info->integer;
	return info->value;
}

bool row_names_twice(Op op, DType operand, int arg)
{
	const char *text = row_text(op, operand);
	if (!text)
		return false;
	Token token[MAX_TOKENS];
	int n = tokens_of(text, token), count = 0;
	for (int i = 0; i < n; i++)
		count += operand_of(&token[i]) == arg;
	return count > 1;
}

/* how strongly an operand between these tokens must bind */
static int need(const Token *before, const Token *after)
{
	int prec = 0;
	for (int side = 0; side < 2; side++) {
		const Token *t = side ? after : before;
		if (!t || (!t->binary && !t->unary))
			continue;
		int p = t->unary ? PREC_ATOM : prec_of(t);
		/* what gcc would warn of, or a reader look up */
		if (p == PREC_EQUAL || p == PREC_LESS)
			p = PREC_SHIFT;
		else if (p == PREC_BITOR || p == PREC_BITXOR || p == PREC_BITAND || p == PREC_SHIFT)
			p = PREC_UNARY;
		else if (p == PREC_OR || p == PREC_AND)
			p = PREC_EQUAL;
		else if (p == PREC_TERNARY)
			p = PREC_OR;
		else if (!side && t->binary)
			p++;
		if (p > prec)
			prec = p;
	}
	return prec;
}

static const char *lower_case(Arena *arena, const char *s, int len)
{
	char *t = arena_strndup(arena, s, (size_t)len);
	for (int i = 0; i < len; i++)
		t[i] = (char)tolower((unsigned char)t[i]);
	return t;
}

/* a cast where C defines one; else the runtime's */
static Text cast_c(Arena *arena, DType to, DType from, Text a)
{
	bool half = from == DT_float16 || from == DT_bfloat16 || to == DT_float16 || to == DT_bfloat16;
	if (to == from)
		return a;
	if (to == DT_bool && !half)
		return (Text){arena_printf(arena, "%s != 0", text_in(arena, a, PREC_SHIFT)), PREC_EQUAL};
	if (half || (dtype_is_float(from) && !dtype_is_float(to)))
		return (Text){arena_printf(arena, "mc_cast_%s_%s(%s)", dtype_suffix(to), dtype_suffix(from), a.s), PREC_ATOM};
	return (Text){arena_printf(arena, "(%s)%s", dtype_ctype(to), text_in(arena, a, PREC_UNARY)), PREC_UNARY};
}

static bool has_call(const char *s)
{
	for (const char *p = s; (p = strchr(p, '(')); p++)
		if (p > s && (isalnum((unsigned char)p[-1]) || p[-1] == '_'))
			return true;
	return false;
}

/* its text is no number but true or false */
static bool is_truth(const Text *t)
{
	return t->prec == PREC_EQUAL || t->prec == PREC_LESS || t->s[0] == '!';
}

/* clang takes `f(x) < y | z < w` in C++ for a slip */
static bool looks_like_slip(Op op, const Text *arg)
{
	return (op == OP_and || op == OP_or) && is_truth(&arg[0]) && (has_call(arg[0].s) || has_call(arg[1].s));
}

/* compilers ask whether `!a & b` and `!a == b` are `!(a & b)` and `!(a == b)` */
static bool is_doubtful_not(Op op, const Text *arg)
{
	bool logic = op == OP_and || op == OP_or;
	bool compares = op == OP_eq || op == OP_ne || op == OP_lt || op == OP_le || op == OP_gt || op == OP_ge;
	return arg[0].s[0] == '!' && (compares || (logic && !is_truth(&arg[1])));
}

Text row_c(Arena *arena, Op op, DType result, DType operand, int nargs, const Text *arg, const char *vector)
{
	Text whole[3];
	if (!vector && nargs == 2 && looks_like_slip(op, arg)) {
		whole[0] = (Text){arena_printf(arena, "(int)(%s)", arg[0].s), PREC_UNARY};
		whole[1] = arg[1];
		arg = whole;
	} else if (!vector && nargs == 2 && is_doubtful_not(op, arg)) {
		whole[0] = (Text){arena_printf(arena, "(%s)", arg[0].s), PREC_ATOM};
		whole[1] = arg[1];
		arg = whole;
	}
	if (op == OP_cast && !vector)
		return cast_c(arena, result, operand, arg[0]);
	if (op == OP_select && operand == DT_bool)
		return (Text){arena_printf(arena, "%s ? %s : %s", text_in(arena, arg[0], PREC_OR), text_in(arena, arg[1], PREC_OR),
		                           text_in(arena, arg[2], PREC_OR)),
		              PREC_TERNARY};
	const char *text = row_text(op, operand);
	if (!text || strcmp(text, "NONE") == 0)
		internal_error("%s of %s has no text", op_info(op)->name, dtype_name(operand));
	Token token[MAX_TOKENS];
	int n = tokens_of(text, token), prec = PREC_ATOM, level = 0;
	const char *suffix = vector ? vector : dtype_suffix(operand);
	const char *c = "";
	for (int i = 0; i < n; i++) {
		const Token *t = &token[i], *before = i ? &token[i - 1] : NULL, *after = i + 1 < n ? &token[i + 1] : NULL;
		int operand_number = operand_of(t);
		if (operand_number >= 0) {
			if (operand_number >= nargs)
				internal_error("%s names an operand it does not have", op_info(op)->name);
			if (n == 1)
				return arg[operand_number];
			c = arena_printf(arena, "%s%s", c, text_in(arena, arg[operand_number], need(before, after)));
		} else if (t->word && t->len > 3 && memcmp(t->s, "MC_", 3) == 0) {
			c = arena_printf(arena, "%s%s_%s", c, lower_case(arena, t->s, t->len), suffix);
		} else if (is(t, "K") && i + 2 < n) {
			c = arena_printf(arena, "%s%s", c, number_c(arena, operand, strtod(token[i + 2].s, NULL), 0).s);
			i += 3;
		} else if (t->binary) {
			c = arena_printf(arena, "%s %.*s ", c, t->len, t->s);
			if (level == 0 && prec_of(t) < prec)
				prec = prec_of(t);
		} else {
			c = arena_printf(arena, is(t, ",") ? "%s%.*s " : "%s%.*s", c, t->len, t->s);
			level += is(t, "(") - is(t, ")");
			if (t->unary && level == 0 && prec > PREC_UNARY)
				prec = PREC_UNARY;
		}
	}
	return (Text){c, prec};
}
