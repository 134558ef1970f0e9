/* read_text.c -- tokens, sizes and types of IR text */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "read.h"

void read_fail(Reader *r, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	if (!r->failed)
		diag_verror(r->diag, r->token.loc, fmt, args);
	va_end(args);
	r->failed = true;
	r->token.kind = TOK_END;
}

/* ---- tokens */

static void scan_string(Reader *r)
{
	const Source *s = r->source;
	char *text = NEW_ARRAY(r->arena, char, s->len - r->at + 1);
	size_t n = 0, i = r->at + 1;
	while (i < s->len && s->text[i] != '"' && s->text[i] != '\n') {
		if (s->text[i] != '\\' || i + 1 >= s->len) {
			text[n++] = s->text[i++];
		} else if (i + 3 < s->len && s->text[i + 1] >= '0' && s->text[i + 1] <= '3') {
			text[n++] = (char)((s->text[i + 1] - '0') * 64 +
					   (s->text[i + 2] - '0') * 8 + (s->text[i + 3] - '0'));
			i += 4;
		} else {
			text[n++] = s->text[i + 1];
			i += 2;
		}
	}
	r->token.kind = TOK_STRING;
	r->token.text = intern(r->names, text, strlen(text));
	if (i >= s->len || s->text[i] != '"')
		read_fail(r, "a string without its end");
	r->at = i + 1;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.';
}

void read_advance(Reader *r)
{
	const Source *s = r->source;
	if (r->failed)
		return;
	while (r->at < s->len && isspace((unsigned char)s->text[r->at]))
		r->at++;
	size_t begin = r->at;
	r->token =
		(Token){.kind = TOK_END, .text = "", .loc = {s, (uint32_t)begin, (uint32_t)begin}};
	if (begin >= s->len)
		return;
	char c = s->text[begin];
	if (c == '"') {
		scan_string(r);
	} else if (is_word(c)) {
		bool number = isdigit((unsigned char)c) != 0;
		while (r->at < s->len &&
		       (is_word(s->text[r->at]) || (number && strchr("+-", s->text[r->at]) &&
						    strchr("eE", s->text[r->at - 1]))))
			r->at++;
		r->token.kind = number ? TOK_NUMBER : TOK_NAME;
		r->token.text = intern(r->names, s->text + begin, r->at - begin);
	} else {
		r->token.kind = TOK_SIGN;
		r->token.sign[0] = c;
		r->at++;
		if ((c == '<' || c == '>') && r->at < s->len && s->text[r->at] == '=')
			r->token.sign[1] = s->text[r->at++];
	}
	r->token.loc.end = (uint32_t)r->at;
}

bool at_sign(const Reader *r, const char *sign)
{
	return r->token.kind == TOK_SIGN && strcmp(r->token.sign, sign) == 0;
}

bool take_sign(Reader *r, const char *sign)
{
	bool is = at_sign(r, sign);
	if (is)
		read_advance(r);
	return is;
}

void need_sign(Reader *r, const char *sign)
{
	if (!take_sign(r, sign))
		read_fail(r, "expected '%s'", sign);
}

bool at_word(const Reader *r, const char *word)
{
	return r->token.kind == TOK_NAME && strcmp(r->token.text, word) == 0;
}

bool take_word(Reader *r, const char *word)
{
	bool is = at_word(r, word);
	if (is)
		read_advance(r);
	return is;
}

void need_word(Reader *r, const char *word)
{
	if (!take_word(r, word))
		read_fail(r, "expected '%s'", word);
}

const char *need_token(Reader *r, TokenKind kind, const char *what)
{
	const char *text = r->token.text;
	if (r->token.kind != kind) {
		read_fail(r, "expected %s", what);
		return "";
	}
	read_advance(r);
	return text;
}

const char *need_string(Reader *r)
{
	return need_token(r, TOK_STRING, "a string");
}

static int64_t magnitude_of(Reader *r, bool negative)
{
	const char *text = r->token.text;
	char *end = NULL;
	int64_t value = 0;
	if (r->token.kind == TOK_NUMBER) {
		errno = 0;
		unsigned long long magnitude = strtoull(text, &end, 10);
		unsigned long long most = (unsigned long long)INT64_MAX + (negative ? 1 : 0);
		if (errno || *end || magnitude > most)
			end = NULL;
		else
			value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	}
	if (!end)
		read_fail(r, "expected an integer of 64 bits");
	read_advance(r);
	return value;
}

int64_t need_integer(Reader *r)
{
	bool negative = take_sign(r, "-");
	return magnitude_of(r, negative);
}

double need_number(Reader *r)
{
	bool negative = take_sign(r, "-");
	char *end = NULL;
	double value = 0;
	if (r->token.kind == TOK_NUMBER || at_word(r, "inf") || at_word(r, "nan"))
		value = strtod(r->token.text, &end);
	if (!end || *end)
		read_fail(r, "expected a number");
	read_advance(r);
	return negative ? -value : value;
}

/* ---- sizes and types */

const Dim *find_dim(Reader *r, const char *name)
{
	for (int i = 0; i < r->model->dims.len; i++)
		if (strcmp(r->model->dims.data[i]->name, name) == 0)
			return r->model->dims.data[i];
	read_fail(r, "no dim is named %s", name);
	return NULL;
}

static const Size *need_atom(Reader *r)
{
	Arena *a = r->arena;
	const Size *size = NULL;
	if (take_sign(r, "(")) {
		size = need_size(r);
		need_sign(r, ")");
		return size;
	}
	Token token = r->token;
	const char *name = need_token(r, TOK_NAME, "a size");
	if (!at_sign(r, "(")) {
		Token after = r->token;
		r->token = r->failed ? after : token;
		const Dim *dim = r->failed ? NULL : find_dim(r, name);
		if (!r->failed)
			r->token = after;
		return dim ? size_dim(a, dim) : NULL;
	}
	need_sign(r, "(");
	if (strcmp(name, "floor") == 0) {
		const Size *num = need_size(r);
		need_sign(r, "/");
		size = size_floordiv(a, num, need_integer(r));
	} else if (strcmp(name, "in") == 0) {
		int64_t k = need_integer(r);
		size = size_atom(
			a, &(Atom){.kind = ATOM_INPUT, .input = k >= 0 && k < 1000 ? (int)k : -1});
	} else
		read_fail(r, "expected a size");
	need_sign(r, ")");
	return size;
}

/* a number is read with the sign before it: -2^63 has no magnitude */
static const Size *need_factor(Reader *r, bool negative)
{
	if (take_sign(r, "-"))
		negative = !negative;
	if (r->token.kind == TOK_NUMBER)
		return size_const(r->arena, magnitude_of(r, negative));
	const Size *size = need_atom(r);
	return negative ? size_scale(r->arena, size, -1) : size;
}

static const Size *need_product(Reader *r, bool negative)
{
	const Size *product = need_factor(r, negative);
	while (take_sign(r, "*"))
		product = size_mul(r->arena, product, need_factor(r, false));
	return product;
}

const Size *need_size(Reader *r)
{
	if (++r->depth > MAX_DEPTH)
		read_fail(r, "this is nested too deep");
	const Size *sum = need_product(r, false);
	while (at_sign(r, "+") || at_sign(r, "-")) {
		bool minus = at_sign(r, "-");
		read_advance(r);
		sum = size_add(r->arena, sum, need_product(r, minus));
	}
	r->depth--;
	if (!sum)
		read_fail(r, "a size beyond 64 bits, or no size");
	return sum;
}

const Type *need_type(Reader *r)
{
	DType dtype = DT_float32;
	if (take_sign(r, "(")) {
		VEC(const Type *) items = {0};
		if (++r->depth > MAX_DEPTH)
			read_fail(r, "this is nested too deep");
		while (!r->failed && !at_sign(r, ")")) {
			push(r->arena, &items, need_type(r));
			if (!take_sign(r, ","))
				break;
		}
		r->depth--;
		need_sign(r, ")");
		return type_tuple(r->arena, items.len, items.data);
	}
	if (r->token.kind != TOK_NAME || !dtype_from_name(r->token.text, &dtype))
		read_fail(r, "expected a type");
	read_advance(r);
	const Size *size[MAX_RANK];
	int rank = 0;
	if (take_sign(r, "[")) {
		do {
			if (rank == MAX_RANK)
				read_fail(r, "more than %d axes", MAX_RANK);
			else
				size[rank++] = need_size(r);
		} while (take_sign(r, ","));
		need_sign(r, "]");
	}
	return r->failed ? type_scalar(r->arena, dtype) : type_array(r->arena, dtype, rank, size);
}
