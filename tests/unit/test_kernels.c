/* test_kernels.c -- the six kernels printed as C, compiled, and run against naive loops; what they use of mc_simd.h
 *
 * All compilers and widths of vectors must give the same bits: with multiply-add one result, without it another. */
#include <unistd.h>

#include "kernels.h"
#include "test.h"

typedef struct Setting {
	const char *cc, *flags;
	int lanes;
	bool fma;
} Setting;

static const struct {
	const char *name;
	Kernel *(*make)(Build *);
} kernels[] = {{"logreg", kernel_logreg},         {"adam", kernel_adam}, {"conv", kernel_conv},
               {"conv_data", kernel_conv_data}, {"lstm", kernel_lstm}, {"attention", kernel_attention}};

static bool write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	if (!f)
		return false;
	bool ok = fputs(text, f) >= 0;
	return fclose(f) == 0 && ok;
}

static void print_all(const char *dir, int lanes)
{
	for (int i = 0; i < (int)(sizeof kernels / sizeof kernels[0]); i++) {
		Arena *arena = arena_new();
		Writer *w = writer_new(arena), *again = writer_new(arena);
		Target target = {"c", lanes, lanes == 16 ? 32 : 16, false};
		Kernel *k = kernels[i].make(&(Build){arena, 1, DT_float32, lanes});
		verify_kernel(k, "building it by hand");
		print_kernel_c(w, k, &target);
		print_kernel_c(again, k, &target);
		CHECK_STR(writer_text(w, NULL), writer_text(again, NULL));
		CHECK(write_file(arena_printf(arena, "%s/printed_%s.h", dir, kernels[i].name), writer_text(w, NULL)));
		arena_free(arena);
	}
}

/* the last line that the checks print, or "" */
static void run(Arena *arena, const char *dir, const Setting *s, char hash[32])
{
	hash[0] = '\0';
	const char *checks = "check.c check_logreg.c check_adam.c check_conv.c check_lstm.c check_attention.c check_sums.c";
	const char *command = arena_printf(
		arena, "cd %s/tests/unit/kernels && %s %s -Wall -Wextra -Wpedantic -Wconversion -Wdouble-promotion -Werror -I%s -I%s/runtime %s -o %s/check -lm",
		SOURCE_DIR, s->cc, s->flags, dir, SOURCE_DIR, checks, dir);
	if (!CHECK(system(command) == 0)) {
		printf("%s\n", command);
		return;
	}
	FILE *f = popen(arena_printf(arena, "%s/check", dir), "r");
	if (!CHECK(f != NULL))
		return;
	char line[256];
	while (fgets(line, sizeof line, f)) {
		if (strlen(line) == 17)
			snprintf(hash, 32, "%.16s", line);
		else if (strstr(line, "off by") || strstr(line, "bits"))
			fputs(line, stdout);
	}
	if (!CHECK(pclose(f) == 0))
		printf("%s %s\n", s->cc, s->flags);
}

static bool has(const char *cc, const char *flags)
{
	char command[256];
	snprintf(command, sizeof command, "echo 'int main(void){__builtin_cpu_init();return !(%s);}' | %s -x c - -o /dev/null 2>/dev/null",
	         "1", cc);
	(void)flags;
	return system(command) == 0;
}

static bool cpu_has(const char *flag)
{
	char command[128];
	snprintf(command, sizeof command, "grep -qw %s /proc/cpuinfo", flag);
	return system(command) == 0;
}

int main(void)
{
	/* two compilers, three widths, with threads and without, C and C++: every pair of values in some setting */
	static const Setting some[] = {
		{"gcc", "-std=gnu99 -O2 -fopenmp -mavx512f -mfma", 16, true},
		{"clang", "-std=gnu99 -O2 -mavx2 -mfma", 8, true},
		{"clang", "-std=gnu99 -O1 -fopenmp -msse4.2 -ffp-contract=off", 4, false},
		{"g++", "-x c++ -std=c++17 -O1 -mavx2 -ffp-contract=off", 8, false},
	};
	static const Setting more[] = {
		{"clang", "-std=gnu99 -O3 -fopenmp -mavx512f -mfma", 16, true},
		{"gcc", "-std=gnu99 -O3 -mavx2 -mfma", 8, true},
		{"gcc", "-std=gnu99 -O2 -mfma", 4, true},
		{"gcc", "-std=c99 -O2 -DMC_LANES=1 -ffp-contract=off", 1, false},
		{"clang++", "-x c++ -std=c++17 -O2 -mavx512f -ffp-contract=off", 16, false},
		{"gcc", "-std=gnu99 -O1 -fsanitize=address,undefined -mavx512f -ffp-contract=off", 16, false},
	};
	const bool all = getenv("MODELC_TEST_ALL") != NULL;
	const int nsome = (int)(sizeof some / sizeof some[0]), nmore = (int)(sizeof more / sizeof more[0]);
	char dir[] = "/tmp/kernelsXXXXXX", first[2][32] = {"", ""};
	if (!CHECK(mkdtemp(dir) != NULL))
		return test_result();
	Arena *arena = arena_new();
	for (int i = 0; i < nsome + (all ? nmore : 0); i++) {
		const Setting *s = i < nsome ? &some[i] : &more[i - nsome];
		if ((strstr(s->flags, "avx512") && !cpu_has("avx512f")) || (strstr(s->flags, "avx2") && !cpu_has("avx2")) ||
		    !has(s->cc, s->flags)) {
			printf("skipped: %s %s\n", s->cc, s->flags);
			continue;
		}
		char hash[32];
		print_all(dir, s->lanes);
		run(arena, dir, s, hash);
		if (!first[s->fma][0])
			snprintf(first[s->fma], 32, "%s", hash);
		CHECK_STR(hash, first[s->fma]);
	}
	CHECK(system(arena_printf(arena, "rm -r %s", dir)) == 0);
	arena_free(arena);
	return test_result();
}
