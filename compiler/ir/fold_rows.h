/* fold_rows.h -- every row of ops.def as a function of TYPE; fold.c includes this once for each
 * type */

/* which column holds for this type, by the column `types` */
#if PICK_FLOATS
#define PICK_ARITH(value, integer) value
#define PICK_FLOAT(value, integer) value
#define PICK_COMPARE(value, integer) value
#define PICK_TEST(value, integer) value
#define PICK_SELECT(value, integer) value
#define PICK_INT(value, integer) 0
#define PICK_LOGIC(value, integer) 0
#else
#define PICK_ARITH(value, integer) integer
#define PICK_FLOAT(value, integer) 0
#define PICK_COMPARE(value, integer) integer
#define PICK_TEST(value, integer) 0
#define PICK_SELECT(value, integer) integer
#define PICK_INT(value, integer) integer
#define PICK_LOGIC(value, integer) value
#endif
#define PICK_CAST(value, integer) 0

/* The first operand of select is a bool, whatever TYPE is. */
#define ELEM(op, arity, types, vector, value, integer, derivative, domain)                         \
	static void JOIN(row_, op, SUFFIX)(const Number in[], Number *out)                         \
	{                                                                                          \
		const TYPE a = TYPES_##types == TYPES_SELECT ? (TYPE)in[0].i : (TYPE)in[0].MEMBER; \
		const TYPE b = arity > 1 ? (TYPE)in[1].MEMBER : (TYPE)0;                           \
		const TYPE c = arity > 2 ? (TYPE)in[2].MEMBER : (TYPE)0;                           \
		const TYPE y = (TYPE)(PICK_##types(value, integer));                               \
		(void)a, (void)b, (void)c;                                                         \
		out->f = (double)y;                                                                \
		out->i = PICK_FLOATS ? y != 0 : (int64_t)y;                                        \
	}
#include "ops.def"
#undef ELEM

static RowFunction *const JOIN(rows, SUFFIX, )[] = {
#define ELEM(op, arity, types, vector, value, integer, derivative, domain) JOIN(row_, op, SUFFIX),
#include "ops.def"
#undef ELEM
};

#undef PICK_ARITH
#undef PICK_FLOAT
#undef PICK_COMPARE
#undef PICK_TEST
#undef PICK_SELECT
#undef PICK_INT
#undef PICK_LOGIC
#undef PICK_CAST
#undef TYPE
#undef SUFFIX
#undef MEMBER
#undef PICK_FLOATS
