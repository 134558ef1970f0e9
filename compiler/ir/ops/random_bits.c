/* random_bits.c -- Philox 4x32-10 of (seed, call, place, step of the loops around, element) */
#include "ops.h"

static const Type *shape(Shape *s)
{
	if (!s->said || (s->said->dtype != DT_uint32 && s->said->dtype != DT_uint64))
		return misfit(s, "random_bits are uint32 or uint64");
	return s->said;
}

static void attr(AttrVisit *v, Attr *a)
{
	int64_t place = a->random.place;
	visit_int64(v, "place", &place);
	a->random.place = (uint32_t)place;
}

const StructuralOp op_random_bits = {
	.info = {.name = "random_bits", .arity = 0, .types = TYPES_STRUCTURAL},
	.shape = shape,
	.attr = attr,
};
