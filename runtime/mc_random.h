/* mc_random.h -- random bits as a pure function: Philox 4x32-10
 *
 * Salmon, Moraes, Dror, Shaw: Parallel random numbers, as easy as 1, 2, 3, SC 2011.
 *
 *      counter = element low 32, element high 32 xor loop, place, call low 32
 *      key     = seed low 32, seed high 32
 *
 * element: the flat index in what is drawn.  place: the draw's own number in the program.  call:
 * counts calls that draw.  loop: 0 outside loops; else, from the outermost step to the innermost,
 * h = mc_random_loop(h, step) from h = 0.  There is no state, so that any element can be drawn by
 * any thread, and again.  Branch-free: a loop over elements becomes vector code. */
#ifndef MC_RANDOM_H
#define MC_RANDOM_H

#include "mc.h"

MC_INLINE void mc_philox(uint32_t c[4], uint32_t key0, uint32_t key1)
{
	uint32_t c0 = c[0], c1 = c[1], c2 = c[2], c3 = c[3];
	MC_UNROLL
	for (uint32_t round = 0; round < 10; round++) {
		const uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
		c0 = (uint32_t)(p1 >> 32) ^ c1 ^ (key0 + round * 0x9E3779B9u);
		c2 = (uint32_t)(p0 >> 32) ^ c3 ^ (key1 + round * 0xBB67AE85u);
		c1 = (uint32_t)p1;
		c3 = (uint32_t)p0;
	}
	c[0] = c0;
	c[1] = c1;
	c[2] = c2;
	c[3] = c3;
}

MC_INLINE uint32_t mc_random_loop(uint32_t h, int64_t step)
{
	return h * 0x9E3779B1u + (uint32_t)step + 1u;
}

MC_INLINE uint32_t mc_random_u32(uint64_t seed, uint64_t call, uint32_t place, uint32_t loop,
                                 uint64_t element)
{
	uint32_t c[4] = {(uint32_t)element, (uint32_t)(element >> 32) ^ loop, place,
	                 (uint32_t)call};
	mc_philox(c, (uint32_t)seed, (uint32_t)(seed >> 32));
	return c[0];
}

MC_INLINE uint64_t mc_random_u64(uint64_t seed, uint64_t call, uint32_t place, uint32_t loop,
                                 uint64_t element)
{
	uint32_t c[4] = {(uint32_t)element, (uint32_t)(element >> 32) ^ loop, place,
	                 (uint32_t)call};
	mc_philox(c, (uint32_t)seed, (uint32_t)(seed >> 32));
	return (uint64_t)c[0] | (uint64_t)c[1] << 32;
}

#endif
