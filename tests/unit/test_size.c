/* test_size.c -- sizes against plain arithmetic: random polynomials at random points, normal forms,
 * bounds, order */
#include "../../compiler/ir/ir.h"
#include "test.h"

enum { NDIMS = 4, POINTS = 30 };

static Dim dims[NDIMS] = {
	{.name = "batch", .lo = 1, .hi = INT64_MAX},
	{.name = "n", .lo = 0, .hi = INT64_MAX},
	{.name = "time", .lo = 1, .hi = 12},
	{.name = "width", .lo = 3, .hi = 40},
};

static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static int64_t pick(uint32_t *state, int64_t lo, int64_t hi)
{
	return lo + (int64_t)next(state) % (hi - lo + 1);
}

static int64_t at(void *point, const Atom *a)
{
	return ((const int64_t *)point)[a->dim - dims];
}

static int64_t value(const Size *s, int64_t *point)
{
	int64_t v = INT64_MIN;
	CHECK(s && size_eval(s, at, point, &v));
	return v;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;
	return q * b > a ? q - 1 : q;
}

/* a random size, and its value at each point computed beside it */
static const Size *random_size(Arena *a, uint32_t *state, int depth, int64_t points[][NDIMS],
			       int64_t *values)
{
	const Size *x, *y;
	int64_t other[POINTS];
	if (depth == 0) {
		int d = (int)pick(state, 0, NDIMS);
		int64_t c = pick(state, -9, 9);
		for (int p = 0; p < POINTS; p++)
			values[p] = d < NDIMS ? points[p][d] : c;
		return d < NDIMS ? size_dim(a, &dims[d]) : size_const(a, c);
	}
	x = random_size(a, state, depth - 1, points, values);
	int64_t by = pick(state, 1, 7);
	switch (next(state) % 5) {
	case 0:
		for (int p = 0; p < POINTS; p++)
			values[p] = floor_div(values[p], by);
		return size_floordiv(a, x, by);
	case 1:
		for (int p = 0; p < POINTS; p++)
			values[p] *= by - 4;
		return size_scale(a, x, by - 4);
	case 2:
		y = random_size(a, state, depth > 2 ? 1 : depth - 1, points, other);
		for (int p = 0; p < POINTS; p++)
			values[p] *= other[p];
		return size_mul(a, x, y);
	case 3:
		y = random_size(a, state, depth - 1, points, other);
		for (int p = 0; p < POINTS; p++)
			values[p] -= other[p];
		return size_sub(a, x, y);
	default:
		y = random_size(a, state, depth - 1, points, other);
		for (int p = 0; p < POINTS; p++)
			values[p] += other[p];
		return size_add(a, x, y);
	}
}

/* the rules of the normal form that size.c states */
static bool is_normal(const Size *s)
{
	for (int i = 0; i < s->nterms; i++) {
		const Term *t = &s->term[i];
		if (t->coef == 0 || (i > 0 && t->natoms > s->term[i - 1].natoms))
			return false;
		for (int j = 0; j < t->natoms; j++)
			if (t->atom[j]->kind == ATOM_FLOOR) {
				const Size *num = t->atom[j]->num;
				int64_t v;
				if (t->atom[j]->by < 2 || size_is_const(num, &v) || !is_normal(num))
					return false;
				for (int k = 0; k < num->nterms; k++)
					if (num->term[k].coef < 1 ||
					    num->term[k].coef >= t->atom[j]->by)
						return false;
			}
	}
	return true;
}

static void test_arithmetic(void)
{
	uint32_t state = 7;
	int decided = 0;
	for (int round = 0; round < 3000; round++) {
		Arena *a = arena_new();
		int64_t points[POINTS][NDIMS], vx[POINTS], vy[POINTS];
		for (int p = 0; p < POINTS; p++)
			for (int d = 0; d < NDIMS; d++)
				points[p][d] = p < 2   ? dims[d].lo
					       : p < 4 ? (dims[d].hi < INT64_MAX ? dims[d].hi : 50)
						       : pick(&state, dims[d].lo,
							      dims[d].hi < 30 ? dims[d].hi : 30);
		const Size *x = random_size(a, &state, (int)pick(&state, 0, 4), points, vx);
		const Size *y = random_size(a, &state, (int)pick(&state, 0, 3), points, vy);
		bool right = true, ge = true, lt = true;
		int64_t high = 0;
		const Dim *open = NULL;
		bool bounded = size_upper(x, 64, &high, &open);
		Decided d = size_ge(a, x, y);
		for (int p = 0; p < POINTS; p++) {
			right &= value(x, points[p]) == vx[p];
			ge &= vx[p] >= vy[p];
			lt &= vx[p] < vy[p];
			right &= !bounded || vx[p] <= high;
		}
		CHECK(right);
		CHECK(is_normal(x));
		CHECK(d != YES || ge);
		CHECK(d != NO || lt);
		CHECK(size_at_least_0(size_sub(a, x, y)) == (d == YES));
		decided += d != UNDECIDED;
		CHECK(size_equal(x, size_copy(a, x)));
		CHECK(size_equal(size_sub(a, size_add(a, x, y), y), x));
		CHECK(size_equal(size_mul(a, x, y), size_mul(a, y, x)));
		if (y->nterms > 0)
			CHECK(size_equal(size_div_exact(a, size_mul(a, x, y), y), x));
		arena_free(a);
	}
	CHECK(decided > 300);
}

static void test_forms(void)
{
	Arena *a = arena_new();
	const Size *n = size_dim(a, &dims[1]), *batch = size_dim(a, &dims[0]),
		   *one = size_const(a, 1);
	const Size *time = size_dim(a, &dims[2]), *width = size_dim(a, &dims[3]);
	CHECK_STR(size_text(a, size_add(a, size_scale(a, batch, 4), one)), "4 * batch + 1");
	CHECK_STR(size_text(a, size_floordiv(a, n, 2)), "floor(n / 2)");
	CHECK_STR(size_text(a, size_const(a, 0)), "0");
	CHECK_STR(size_text(a, size_sub(a, one, n)), "-n + 1");
	CHECK_STR(size_text(a, size_sub(a, size_mul(a, n, n), size_scale(a, n, 3))),
		  "n * n - 3 * n");
	/* multiples taken out, coefficients reduced, common factors cancelled, floors of floors
	 * joined */
	const Size *x = size_add(a, size_scale(a, n, 6), size_const(a, 9));
	CHECK_STR(size_text(a, size_floordiv(a, x, 4)), "n + floor(n / 2) + 2");
	CHECK_STR(size_text(a, size_floordiv(a, size_sub(a, n, one), 2)), "floor((n + 1) / 2) - 1");
	CHECK(size_equal(size_floordiv(a, size_floordiv(a, n, 2), 3), size_floordiv(a, n, 6)));
	CHECK(size_equal(size_floordiv(a, size_scale(a, n, 4), 4), n));
	CHECK(size_equal(size_floordiv(a, size_add(a, size_floordiv(a, n, 2), batch), 2),
			 size_floordiv(a, size_add(a, n, size_scale(a, batch, 2)), 4)));
	CHECK(!size_equal(size_scale(a, size_floordiv(a, n, 2), 2), n));
	/* division that is exact, or not */
	const Size *sum = size_add(a, n, batch), *difference = size_sub(a, n, batch);
	CHECK(size_equal(
		size_div_exact(a, size_sub(a, size_mul(a, n, n), size_mul(a, batch, batch)), sum),
		difference));
	CHECK(!size_div_exact(a, n, size_const(a, 2)));
	CHECK(!size_div_exact(a, n, batch));
	CHECK(!size_div_exact(a, n, size_const(a, 0)));
	/* overflow is NULL, and stays it */
	const Size *big = size_const(a, INT64_MAX);
	CHECK(!size_add(a, big, one));
	CHECK(!size_scale(a, size_scale(a, n, INT64_MAX), 2));
	CHECK(!size_mul(a, size_add(a, big, one), n));
	CHECK(!size_scale(a, size_const(a, INT64_MIN), -1));
	/* order */
	CHECK_INT(size_ge(a, batch, one), YES);
	CHECK_INT(size_ge(a, n, one), UNDECIDED);
	CHECK_INT(size_ge(a, n, size_floordiv(a, n, 2)), YES);
	CHECK_INT(
		size_ge(a, size_floordiv(a, size_add(a, n, size_const(a, 3)), 4), size_const(a, 0)),
		YES);
	CHECK_INT(size_ge(a, size_scale(a, size_floordiv(a, n, 4), 4),
			  size_sub(a, n, size_const(a, 3))),
		  YES);
	CHECK_INT(size_ge(a, size_const(a, 12), time), YES);
	CHECK_INT(size_ge(a, size_const(a, 11), time), UNDECIDED);
	CHECK_INT(size_ge(a, time, size_const(a, 13)), NO);
	CHECK_INT(size_ge(a, size_scale(a, batch, 12), size_mul(a, batch, time)), YES);
	CHECK_INT(size_ge(a, size_mul(a, n, batch), n), YES);
	CHECK_INT(size_ge(a, width, size_const(a, 3)), YES);
	CHECK_INT(size_ge(a, one, width), NO);
	/* what a `?` turned out to be */
	Dim open = {.name = "x_0", .lo = 1, .hi = INT64_MAX, .anonymous = true};
	const Size *unknown = size_dim(a, &open);
	CHECK(!size_equal(unknown, n));
	open.is = n;
	CHECK(size_equal(unknown, n));
	CHECK(size_equal(size_floordiv(a, unknown, 2), size_floordiv(a, n, 2)));
	CHECK_STR(size_text(a, size_scale(a, unknown, 3)), "3 * n");
	int64_t v = 0;
	open.is = size_const(a, 5);
	CHECK(size_is_const(unknown, &v) && v == 5);
	/* bounds from above */
	const Dim *dim = NULL;
	CHECK(size_upper(size_sub(a, size_const(a, 20), time), 0, &v, &dim) && v == 19);
	CHECK(!size_upper(size_mul(a, time, n), 0, &v, &dim) && dim == &dims[1]);
	CHECK(size_upper(size_mul(a, time, n), 64, &v, &dim) && v == 12 * 64);
	arena_free(a);
}

int main(void)
{
	test_arithmetic();
	test_forms();
	return test_result();
}
