/* test.h -- checks that count; every tests/unit/test_*.c includes it and ends with `return test_result();` */
#ifndef TEST_H
#define TEST_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef SOURCE_DIR
#define SOURCE_DIR "." /* the root of the repository */
#endif

typedef struct TestCount {
	int passed, failed;
} TestCount;

static inline TestCount *test_count(void)
{
	static TestCount count;
	return &count;
}

/* counts one check; true if it holds */
static inline int test_check(int holds, const char *file, int line, const char *what)
{
	if (holds) {
		test_count()->passed++;
	} else {
		test_count()->failed++;
		printf("%s:%d: failed: %s\n", file, line, what);
	}
	return holds;
}

static inline int test_check_str(const char *a, const char *b, const char *file, int line, const char *what)
{
	int holds = a && b ? !strcmp(a, b) : a == b;
	if (!test_check(holds, file, line, what))
		printf("  got:      %s\n  expected: %s\n", a ? a : "(null)", b ? b : "(null)");
	return holds;
}

static inline int test_check_int(long long a, long long b, const char *file, int line, const char *what)
{
	if (!test_check(a == b, file, line, what))
		printf("  got %lld, expected %lld\n", a, b);
	return a == b;
}

/* |a - b| <= tol * max(1, |b|); NaN is near NaN, an infinity near itself */
static inline int test_check_near(double a, double b, double tol, const char *file, int line, const char *what)
{
	int holds = (isnan(a) && isnan(b)) || a == b || fabs(a - b) <= tol * (fabs(b) > 1 ? fabs(b) : 1);
	if (!test_check(holds, file, line, what))
		printf("  got %.17g, expected %.17g within %g\n", a, b, tol);
	return holds;
}

static inline int test_result(void)
{
	printf("%d passed, %d failed\n", test_count()->passed, test_count()->failed);
	return test_count()->failed || !test_count()->passed ? 1 : 0;
}

#define CHECK(condition) test_check(!!(condition), __FILE__, __LINE__, #condition)
#define CHECK_STR(got, expected) test_check_str((got), (expected), __FILE__, __LINE__, #got)
#define CHECK_INT(got, expected) test_check_int((long long)(got), (long long)(expected), __FILE__, __LINE__, #got)
#define CHECK_NEAR(got, expected, tol) test_check_near((got), (expected), (tol), __FILE__, __LINE__, #got)

#endif
