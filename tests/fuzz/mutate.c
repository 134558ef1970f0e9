/* mutate.c -- an input changed in one place: by bytes, by tokens, by numbers */
#include <ctype.h>
#include <string.h>

#include "fuzz.h"

uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9E3779B97F4A7C15u;
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}

size_t below(uint64_t *state, size_t n)
{
	return n ? (size_t)(draw(state) % n) : 0;
}

bool once_in(uint64_t *state, size_t n)
{
	return below(state, n) == 0;
}

void insert_bytes(Input *in, size_t at, const void *bytes, size_t n)
{
	if (n > LONGEST - in->len)
		n = LONGEST - in->len;
	memmove(in->data + at + n, in->data + at, in->len - at);
	memcpy(in->data + at, bytes, n);
	in->len += n;
}

void erase_bytes(Input *in, size_t at, size_t n)
{
	memmove(in->data + at, in->data + at + n, in->len - at - n);
	in->len -= n;
}

/* ---- tokens: a run of letters and digits, or one other byte that is no space */

typedef struct Piece {
	size_t at, len;
} Piece;

static bool in_word(uint8_t c)
{
	return isalnum(c) || c == '_';
}

static Piece token_at(const Input *in, size_t at)
{
	while (at < in->len && isspace(in->data[at]))
		at++;
	if (at >= in->len)
		return (Piece){in->len, 0};
	if (!in_word(in->data[at]))
		return (Piece){at, 1};
	size_t end = at;
	while (at > 0 && in_word(in->data[at - 1]))
		at--;
	while (end < in->len && in_word(in->data[end]))
		end++;
	return (Piece){at, end - at};
}

static Piece any_token(const Input *in, uint64_t *state)
{
	return token_at(in, below(state, in->len + 1));
}

/* the bytes of one in place of those of another; they may be of the same input */
static void replace(Input *in, Piece p, const uint8_t *with, size_t n)
{
	uint8_t copy[256];
	if (n > sizeof copy)
		n = sizeof copy;
	memcpy(copy, with, n);
	erase_bytes(in, p.at, p.len);
	insert_bytes(in, p.at, copy, n);
}

static void another_number(Input *in, uint64_t *state)
{
	static const char *const numbers[] = {"0", "1", "2", "3", "7", "31", "32", "33", "64", "255", "256", "1024", "65535", "65536",
		"1000000", "2147483647", "2147483648", "4294967296", "1000000007", "4611686018427387904", "9223372036854775807",
		"9223372036854775808", "18446744073709551615", "18446744073709551616", "(-1)", "(0 - 9223372036854775807 - 1)",
		"10**9", "10**18", "10**19", "2**62", "2**63", "0.0", "1e-300", "1e308", "1e39", "0.1", "1e400", "inf", "nan", "-1"};
	for (int tries = 0; tries < 20; tries++) {
		Piece p = any_token(in, state);
		if (p.len && isdigit(in->data[p.at])) {
			const char *n = numbers[below(state, sizeof numbers / sizeof *numbers)];
			replace(in, p, (const uint8_t *)n, strlen(n));
			return;
		}
	}
}

static size_t count_words(const char *const *words)
{
	size_t n = 0;
	while (words[n])
		n++;
	return n;
}

static void mutate_text(Input *in, const Seeds *seeds, const char *const *words, uint64_t *state)
{
	Piece p = any_token(in, state), q = any_token(in, state);
	const char *word = words[below(state, count_words(words))];
	switch (below(state, 12)) {
	case 0: /* one token in place of another */
	case 1: replace(in, p, in->data + q.at, q.len); break;
	case 2: erase_bytes(in, p.at, p.len); break;
	case 3: /* once more */
		replace(in, (Piece){p.at, 0}, (const uint8_t *)" ", 1);
		replace(in, (Piece){p.at, 0}, in->data + q.at, q.len);
		break;
	case 4:
	case 5: another_number(in, state); break;
	case 6: replace(in, p, (const uint8_t *)word, strlen(word)); break;
	case 7: insert_bytes(in, p.at, word, strlen(word)); break;
	case 8: /* many times */
		for (size_t n = below(state, 2000); n > 0; n--)
			insert_bytes(in, p.at, word, strlen(word));
		break;
	case 9: { /* a line, elsewhere */
		size_t begin = p.at, end = p.at;
		while (begin > 0 && in->data[begin - 1] != '\n')
			begin--;
		while (end < in->len && in->data[end] != '\n')
			end++;
		uint8_t line[256];
		size_t n = end - begin < sizeof line ? end - begin : sizeof line;
		memcpy(line, in->data + begin, n);
		if (once_in(state, 2))
			erase_bytes(in, begin, n);
		insert_bytes(in, below(state, in->len + 1), line, n);
		break;
	}
	case 10: { /* in brackets */
		static const char *const around[] = {"()", "[]", "{}", "-", "sum()", "[?][0]", "grad(,x)", "if true {} else {}"};
		const char *a = around[below(state, sizeof around / sizeof *around)];
		size_t half = strlen(a) / 2;
		insert_bytes(in, p.at + p.len, a + half, strlen(a) - half);
		insert_bytes(in, p.at, a, half);
		break;
	}
	default: /* a piece of another */
		if (seeds->n) {
			const Input *other = &seeds->input[below(state, seeds->n)];
			size_t from = below(state, other->len + 1);
			insert_bytes(in, p.at, other->data + from, below(state, other->len - from + 1) % 300);
		}
	}
}

/* ---- bytes */

static void mutate_bytes(Input *in, const Seeds *seeds, const char *const *words, uint64_t *state)
{
	static const uint64_t numbers[] = {0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000,
		0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF};
	size_t at = below(state, in->len + 1), rest = in->len - at;
	switch (below(state, 9)) {
	case 0: /* another byte */
		if (rest)
			in->data[at] = (uint8_t)draw(state);
		break;
	case 1: /* a bit */
		if (rest)
			in->data[at] ^= (uint8_t)(1u << below(state, 8));
		break;
	case 2: erase_bytes(in, at, below(state, rest < 40 ? rest + 1 : 40)); break;
	case 3: erase_bytes(in, at, below(state, rest + 1)); break;
	case 4: { /* a piece again, elsewhere */
		uint8_t piece[64];
		size_t n = below(state, rest < sizeof piece ? rest + 1 : sizeof piece);
		memcpy(piece, in->data + at, n);
		insert_bytes(in, below(state, in->len + 1), piece, n);
		break;
	}
	case 5: /* a piece of another */
		if (seeds->n) {
			const Input *other = &seeds->input[below(state, seeds->n)];
			size_t from = below(state, other->len + 1);
			insert_bytes(in, at, other->data + from, below(state, other->len - from + 1) % 300);
		}
		break;
	case 6: { /* a number of 1, 2, 4 or 8 bytes, in either order */
		uint64_t x = numbers[below(state, sizeof numbers / sizeof *numbers)] + below(state, 3) - 1;
		size_t n = (size_t)1 << below(state, 4);
		bool big = once_in(state, 2);
		for (size_t i = 0; i < n && at + i < in->len; i++)
			in->data[at + i] = (uint8_t)(x >> 8 * (big ? n - 1 - i : i));
		break;
	}
	case 7: { /* a run of one byte */
		uint8_t c = (uint8_t)draw(state);
		for (size_t n = below(state, 2000); n > 0; n--)
			insert_bytes(in, at, &c, 1);
		break;
	}
	default: {
		const char *word = words[below(state, count_words(words))];
		insert_bytes(in, at, word, strlen(word));
	}
	}
}

void mutate(Input *in, const Seeds *seeds, const char *const *words, bool text, uint64_t *state)
{
	if (text && below(state, 5))
		mutate_text(in, seeds, words, state);
	else
		mutate_bytes(in, seeds, words, state);
}
