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

static uint32_t low(int64_t x)
{
	return (uint32_t)((uint64_t)x & UINT32_MAX);
}

/* Philox 4x32-10 of Salmon and others, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011) */
static void philox(uint32_t x[4], uint32_t key0, uint32_t key1)
{
	for (int round = 0; round < 10; round++) {
		uint64_t left = (uint64_t)x[0] * 0xD2511F53, right = (uint64_t)x[2] * 0xCD9E8D57;
		uint32_t x1 = x[1], x3 = x[3];
		x[0] = (uint32_t)(right >> 32) ^ x1 ^ key0;
		x[1] = (uint32_t)right;
		x[2] = (uint32_t)(left >> 32) ^ x3 ^ key1;
		x[3] = (uint32_t)left;
		key0 += 0x9E3779B9;
		key1 += 0xBB67AE85;
	}
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	(void)in;
	for (int64_t i = 0; i < y->count; i++) {
		uint32_t x[4] = {low(i), (uint32_t)((uint64_t)i >> 32) ^ e->loop,
				 v->attr.random.place, (uint32_t)e->input->call};
		philox(x, (uint32_t)e->input->seed, (uint32_t)(e->input->seed >> 32));
		y->i[i] = y->dtype == DT_uint32 ? (int64_t)x[0]
						: (int64_t)(x[0] | (uint64_t)x[1] << 32);
	}
	return y;
}

const StructuralOp op_random_bits = {
	.info = {.name = "random_bits", .arity = 0, .types = TYPES_STRUCTURAL},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
