/* format.c -- vsnprintf for what the compiler formats: a tenth of the time where all directives are plain */
#include "base.h"

#include <string.h>

enum { DIGITS = 24 };

static const char *decimal(char digits[DIGITS], bool negative, uint64_t x)
{
	char *s = digits + DIGITS - 1;
	*s = '\0';
	do
		*--s = (char)('0' + x % 10);
	while (x /= 10);
	if (negative)
		*--s = '-';
	return s;
}

static const char *signed_decimal(char digits[DIGITS], int64_t x)
{
	return decimal(digits, x < 0, x < 0 ? 0 - (uint64_t)x : (uint64_t)x);
}

/* %s, %.*s, and %d and %u with or without l or ll; -1: another directive */
static int format_plain(char *to, size_t size, const char *fmt, va_list args)
{
	char digits[DIGITS];
	size_t n = 0;
	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			if (n < size)
				to[n] = *fmt;
			n++;
			continue;
		}
		const bool part = fmt[1] == '.' && fmt[2] == '*' && fmt[3] == 's';
		const int most = part ? va_arg(args, int) : 0;
		fmt += part ? 3 : 1;
		int longs = 0;
		for (; *fmt == 'l'; fmt++)
			longs++;
		const char *s = NULL;
		if (*fmt == 's' && longs == 0 && most >= 0)
			s = va_arg(args, const char *);
		else if (*fmt == 'd')
			s = signed_decimal(digits, longs == 0   ? va_arg(args, int)
			                           : longs == 1 ? va_arg(args, long)
			                                        : va_arg(args, long long));
		else if (*fmt == 'u')
			s = decimal(digits, false, longs == 0   ? va_arg(args, unsigned)
			                           : longs == 1 ? va_arg(args, unsigned long)
			                                        : va_arg(args, unsigned long long));
		if (!s)
			return -1;
		const char *end = part ? memchr(s, '\0', (size_t)most) : NULL;
		const size_t len = !part ? strlen(s) : end ? (size_t)(end - s) : (size_t)most;
		if (n < size && len < size - n)
			memcpy(to + n, s, len);
		n += len;
	}
	if (n > INT32_MAX)
		return -1;
	if (n < size)
		to[n] = '\0';
	return (int)n;
}

int format_text(char *to, size_t size, const char *fmt, va_list args)
{
	va_list again;
	va_copy(again, args);
	int len = format_plain(to, size, fmt, args);
	if (len < 0)
		len = vsnprintf(to, size, fmt, again);
	va_end(again);
	if (len < 0)
		internal_error("a format that cannot be printed: %s", fmt);
	return len;
}
