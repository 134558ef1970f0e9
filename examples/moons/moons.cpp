// moons.cpp -- a compiled model in a C++ program: trains it, saves it, and loads it into a second object
#include <cmath>
#include <cstdio>
#include <memory>
#include <random>
#include <vector>

#include "moons.h"

struct Free { // a model's object is freed by its own function
	void operator()(moons *m) const { moons_free(m); }
};
using Model = std::unique_ptr<moons, Free>;

static void check(mc_status status)
{
	if (!status) return;
	std::fprintf(stderr, "%s\n", moons_status_text(status));
	std::exit(1);
}

int main()
{
	const std::int64_t n = 200;
	std::mt19937 random(1);
	std::normal_distribution<float> noise(0.0f, 0.1f);
	std::vector<float> x(2 * n), y(n), p(n);
	for (std::int64_t i = 0; i < n; i++) { // the lower moon is the upper one turned, and moved into it
		const float turn = 3.1415927f * float(i / 2) / float(n / 2), side = i % 2 ? -1.0f : 1.0f;
		x[2 * i] = side * std::cos(turn) + (i % 2 ? 1.0f : 0.0f) + noise(random);
		x[2 * i + 1] = side * std::sin(turn) + (i % 2 ? 0.5f : 0.0f) + noise(random);
		y[i] = float(i % 2);
	}

	const moons_sizes sizes = {n};
	const Model m(moons_new(&sizes)), again(moons_new(&sizes));
	if (!m || !again) return 1;
	moons_init(m.get(), 1);
	float cost = 0, errors = 0;
	for (int step = 0; step < 500; step++)
		check(moons_train(m.get(), n, x.data(), y.data(), MOONS_train_rate, &cost, &errors));
	std::printf("cost %.4f, %.1f %% wrong\n", double(cost), 100 * double(errors));

	check(moons_save(m.get(), "moons.npz"));
	check(moons_load(again.get(), "moons.npz"));
	check(moons_classify(again.get(), 1, &x[2], p.data()));
	std::printf("loaded again: the second point is of the lower moon with %.3f\n", double(p[0]));
	return 0;
}
