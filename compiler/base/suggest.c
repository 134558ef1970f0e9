/* suggest.c -- the name that was meant */
#include "base.h"

#include <string.h>

enum { LONGEST = 64 };

static int min3(int a, int b, int c)
{
	int m = a < b ? a : b;
	return m < c ? m : c;
}

/* insertions, deletions, replacements and exchanges of neighbours that make b of a */
static int distance(const char *a, int na, const char *b, int nb)
{
	int row[3][LONGEST + 1]; /* of a's prefix of i - 2, i - 1 and i letters */
	for (int j = 0; j <= nb; j++)
		row[0][j] = j;
	for (int i = 1; i <= na; i++) {
		int *above = row[(i + 2) % 3], *now = row[i % 3], *above2 = row[(i + 1) % 3];
		now[0] = i;
		for (int j = 1; j <= nb; j++) {
			now[j] = min3(above[j] + 1, now[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && above2[j - 2] + 1 < now[j])
				now[j] = above2[j - 2] + 1;
		}
	}
	return row[na % 3][nb];
}

/* equal but for two neighbours that changed places */
static bool swapped(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a && *b && a[1] && a[0] == b[1] && a[1] == b[0] && !strcmp(a + 2, b + 2);
}

const char *did_you_mean(const char *name, const char *const *list, int n)
{
	size_t len = strlen(name);
	if (len == 0 || len > LONGEST)
		return NULL;
	int best = (len <= 4 ? 1 : 2) + 1;
	const char *found = NULL;
	for (int i = 0; i < n; i++) {
		size_t other = strlen(list[i]);
		if (other > LONGEST || other + 2 < len || len + 2 < other)
			continue;
		int d = distance(name, (int)len, list[i], (int)other);
		bool closer = d < best || (d == best && found && swapped(name, list[i]) && !swapped(name, found));
		if (d > 0 && closer && (size_t)d < len) {
			best = d;
			found = list[i];
		}
	}
	return found;
}
