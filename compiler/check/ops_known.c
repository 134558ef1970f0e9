/* ops_known.c -- operators on what is known when the program is compiled
 *
 * Integers are sizes: polynomials over dims.  What is not decided over all allowed dims
 * (batch == 20, batch // n) becomes a value.  Floats are computed in double. */
#include <math.h>

#include "builtin.h"

static bool answer(Value *out, Value v)
{
	*out = v;
	return true;
}

/* What a size weighs: its terms and what they are made of.  Later stages multiply sizes and reason about them, which takes
 * time that grows fast with it. */
enum { MOST_WEIGHT = 400, MOST_DEGREE = 16 };

static int weight(const Size *s, int degree)
{
	int sum = 0;
	for (int i = 0; i < s->nterms && sum <= MOST_WEIGHT; i++) {
		const Term *t = &s->term[i];
		sum += t->natoms * degree > MOST_DEGREE ? MOST_WEIGHT + 1 : 1 + t->natoms;
		for (int j = 0; j < t->natoms && sum <= MOST_WEIGHT; j++)
			if (t->atom[j]->kind == ATOM_FLOOR)
				sum += weight(t->atom[j]->num, t->natoms * degree);
	}
	return sum;
}

static bool int_answer(Check *c, Loc loc, Value *out, const Size *s)
{
	if (s && weight(s, 1) <= MOST_WEIGHT)
		return answer(out, value_int(s));
	if (s) {
		check_error(c, loc, "this size is too long a formula over the dims");
		return answer(out, value_error());
	}
	check_error(c, loc, "this integer is beyond 64 bits");
	return answer(out, value_error());
}

static bool division_by_zero(Check *c, Loc loc, Value *out)
{
	check_error(c, loc, "division by zero");
	return answer(out, value_error());
}

static const Size *int_power(Check *c, const Size *a, int64_t n)
{
	const Size *power = size_int(c, 1);
	for (; n; n >>= 1) {
		if (n & 1)
			power = size_mul(c->arena, power, a);
		if (n > 1)
			a = size_mul(c->arena, a, a);
		if (power && a && (weight(power, 1) > MOST_WEIGHT || weight(a, 1) > MOST_WEIGHT))
			return weight(a, 1) > MOST_WEIGHT ? a : power; /* refused anyway */
	}
	return power;
}

/* of polynomials that are not numbers: only small powers, for their text's sake */
enum { MAX_SIZE_POWER = 16 };

static bool int_pow(Check *c, Loc loc, const Size *a, const Size *b, Value *out)
{
	int64_t base, n;
	bool constant = size_known(c, a, &base);
	if (!size_known(c, b, &n))
		return false;
	if (constant && n < 0)
		return base == 0 ? division_by_zero(c, loc, out)
				 : answer(out, value_float(pow((double)base, (double)n)));
	if (n < 0)
		return false;
	if (constant && (base == 0 || base == 1 || base == -1))
		return answer(out, const_int(c, n == 0 || base == 1 ? 1
						: base == 0	    ? 0
						: n % 2		    ? -1
								    : 1));
	return n > (constant ? 63 : MAX_SIZE_POWER) ? int_answer(c, loc, out, NULL)
						    : int_answer(c, loc, out, int_power(c, a, n));
}

static int64_t floor_quotient(int64_t a, int64_t b)
{
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/* floor(a / b), or what is left of it */
static bool int_divide(Check *c, Loc loc, const Size *a, const Size *b, bool rest, Value *out)
{
	int64_t x, y;
	bool constant = size_known(c, a, &x), by_constant = size_known(c, b, &y);
	if (by_constant && y == 0)
		return division_by_zero(c, loc, out);
	const Size *q;
	if (constant && by_constant) {
		if (x == INT64_MIN && y == -1)
			return int_answer(c, loc, out, rest ? size_int(c, 0) : NULL);
		q = size_int(c, floor_quotient(x, y));
	} else if (by_constant && y > 0)
		q = size_floordiv(c->arena, a, y);
	else if (!by_constant && size_ge(c->arena, b, size_int(c, 1)) == YES)
		q = size_div_exact(c->arena, a, b); /* NULL: not a polynomial, but a value */
	else
		return false;
	if (q == NULL && !by_constant)
		return false;
	return int_answer(c, loc, out,
			  rest && q ? size_sub(c->arena, a, size_mul(c->arena, q, b)) : q);
}

/* whether a >= b; UNDECIDED over the dims */
static Decided ge(Check *c, const Size *a, const Size *b)
{
	return size_ge(c->arena, a, b);
}

static bool decided(Decided d, bool if_yes, Value *out)
{
	return d != UNDECIDED && answer(out, value_bool((d == YES) == if_yes));
}

static bool int_equal(Check *c, const Size *a, const Size *b, bool equal, Value *out)
{
	if (size_equal(a, b))
		return answer(out, value_bool(equal));
	return (ge(c, a, b) == NO || ge(c, b, a) == NO) && answer(out, value_bool(!equal));
}

static bool int_binary(Check *c, BinaryOp op, Loc loc, const Size *a, Loc b_loc, const Size *b,
		       Value *out)
{
	int64_t x, y;
	switch (op) {
	case BIN_ADD:
		return int_answer(c, loc, out, size_add(c->arena, a, b));
	case BIN_SUB:
		return int_answer(c, loc, out, size_sub(c->arena, a, b));
	case BIN_MUL:
		return int_answer(c, loc, out, size_mul(c->arena, a, b));
	case BIN_DIV:
		if (size_known(c, b, &y) && y == 0)
			return division_by_zero(c, b_loc, out);
		return size_known(c, a, &x) && size_known(c, b, &y) &&
		       answer(out, value_float((double)x / (double)y));
	case BIN_FLOORDIV:
	case BIN_MOD:
		return int_divide(c, b_loc, a, b, op == BIN_MOD, out);
	case BIN_POW:
		return int_pow(c, loc, a, b, out);
	case BIN_EQ:
	case BIN_NE:
		return int_equal(c, a, b, op == BIN_EQ, out);
	case BIN_GE:
		return decided(ge(c, a, b), true, out);
	case BIN_LT:
		return decided(ge(c, a, b), false, out);
	case BIN_LE:
		return decided(ge(c, b, a), true, out);
	case BIN_GT:
		return decided(ge(c, b, a), false, out);
	default:
		return false;
	}
}

static bool float_binary(BinaryOp op, double a, double b, Value *out)
{
	double q;
	switch (op) {
	case BIN_ADD:
		return answer(out, value_float(a + b));
	case BIN_SUB:
		return answer(out, value_float(a - b));
	case BIN_MUL:
		return answer(out, value_float(a * b));
	case BIN_DIV:
		return answer(out, value_float(a / b));
	case BIN_FLOORDIV:
		return answer(out, value_float(floor(a / b)));
	case BIN_MOD:
		q = fmod(a, b);
		return answer(out, value_float(q != 0 && (q < 0) != (b < 0) ? q + b : q));
	case BIN_POW:
		return answer(out, value_float(pow(a, b)));
	case BIN_EQ:
		return answer(out, value_bool(a == b));
	case BIN_NE:
		return answer(out, value_bool(a != b));
	case BIN_LT:
		return answer(out, value_bool(a < b));
	case BIN_LE:
		return answer(out, value_bool(a <= b));
	case BIN_GT:
		return answer(out, value_bool(a > b));
	case BIN_GE:
		return answer(out, value_bool(a >= b));
	default:
		return false;
	}
}

static const Size *as_size(Check *c, Value v)
{
	return v.kind == V_INT ? size_resolve(c->arena, v.i) : size_int(c, v.b);
}

bool known_binary(Check *c, BinaryOp op, Loc op_loc, Value a, Value b, Loc b_loc, Value *out)
{
	double x, y;
	if (!is_known(a) || !is_known(b))
		return false;
	if (a.kind == V_FLOAT || b.kind == V_FLOAT)
		return known_float(c, a, &x) && known_float(c, b, &y) &&
		       float_binary(op, x, y, out);
	return int_binary(c, op, op_loc, as_size(c, a), b_loc, as_size(c, b), out);
}
