/* test_random.c -- Philox: known answers, independence of places, calls and loops, moments */
#include "test.h"

#include <math.h>

#include "mc_random.h"

/* the published vectors of Random123 (kat_vectors, philox4x32, 10 rounds) */
static void known_answers(void)
{
	static const struct {
		uint32_t counter[4], key[2], want[4];
	} kat[] = {
		{{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
	         {0xffffffff, 0xffffffff},
	         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
	         {0xa4093822, 0x299f31d0},
	         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	};
	for (size_t k = 0; k < sizeof kat / sizeof *kat; k++) {
		uint32_t c[4];
		for (int i = 0; i < 4; i++)
			c[i] = kat[k].counter[i];
		mc_philox(c, kat[k].key[0], kat[k].key[1]);
		for (int i = 0; i < 4; i++)
			CHECK(c[i] == kat[k].want[i]);
		/* the same through the function that models call: where the parts of a draw go
		 * in counter and key */
		const uint64_t element = (uint64_t)kat[k].counter[0] | (uint64_t)kat[k].counter[1]
		                                                               << 32;
		const uint64_t seed = (uint64_t)kat[k].key[0] | (uint64_t)kat[k].key[1] << 32;
		CHECK(mc_random_u32(seed, kat[k].counter[3], kat[k].counter[2], 0, element) ==
		      kat[k].want[0]);
		CHECK(mc_random_u64(seed, kat[k].counter[3], kat[k].counter[2], 0, element) ==
		      ((uint64_t)kat[k].want[0] | (uint64_t)kat[k].want[1] << 32));
		/* loop is xored into the element's high half */
		CHECK(mc_random_u32(seed, kat[k].counter[3], kat[k].counter[2], 0xdeadbeef,
		                    element ^ (uint64_t)0xdeadbeef << 32) == kat[k].want[0]);
	}
	CHECK(mc_random_loop(0, 0) == 1);
	CHECK(mc_random_loop(1, 4) == 0x9E3779B1u + 5u);
}

/* uniform numbers drawn along one of the coordinates: mean, variance, lag-1 correlation, 16
 * equal bins */
static void uniform(const char *along, int which)
{
	enum { N = 1 << 16 };
	double sum = 0, square = 0, lag = 0, before = 0.5;
	int bin[16] = {0};
	for (uint32_t i = 0; i < N; i++) {
		const uint32_t bits = mc_random_u32(which == 0 ? i : 12345, which == 1 ? i : 7,
		                                    which == 2 ? i : 3,
		                                    which == 3 ? mc_random_loop(0, i) : 0,
		                                    which == 4 ? i : 99);
		const double u = ldexp((double)(bits >> 8), -24);
		sum += u;
		square += (u - 0.5) * (u - 0.5);
		lag += (u - 0.5) * (before - 0.5);
		before = u;
		bin[bits >> 28]++;
	}
	double chi = 0;
	for (int i = 0; i < 16; i++)
		chi += (bin[i] - N / 16.0) * (bin[i] - N / 16.0) / (N / 16.0);
	/* five standard deviations; chi-square with 15 degrees: 50 is p = 1e-5 */
	CHECK(fabs(sum / N - 0.5) < 5 * sqrt(1 / 12.0 / N));
	CHECK(fabs(square / N - 1 / 12.0) < 5 * sqrt(1 / 180.0 / N));
	CHECK(fabs(lag / N) < 5 * (1 / 12.0) / sqrt(N));
	CHECK(chi < 50);
	(void)along;
}

int main(void)
{
	known_answers();
	uniform("seed", 0);
	uniform("call", 1);
	uniform("place", 2);
	uniform("loop", 3);
	uniform("element", 4);
	return test_result();
}
