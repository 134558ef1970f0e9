/* fuzz.c -- runs a target, by libFuzzer or alone
 *
 *      fuzz_NAME COUNT SEED FILE...     makes COUNT inputs
 *      fuzz_NAME run FILE...            each file as it is
 *      fuzz_NAME show SEED              prints what the target makes of a seed */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

/* ---- the input that is being run, for the one that breaks something */
static const uint8_t *current;
static size_t current_len;

void broken(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fprintf(stderr, "%s: ", fuzz_target.name);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	abort();
}

static void on_exit_inside(void)
{
	if (current)
		broken("the program ended inside an input");
}

static void run(const uint8_t *data, size_t len)
{
	current = data;
	current_len = len;
	alarm((unsigned)fuzz_target.seconds);
	fuzz_target.run(data, len);
	alarm(0);
	current = NULL;
}

#ifdef FUZZ_LIBFUZZER

size_t LLVMFuzzerMutate(uint8_t *, size_t len, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *, size_t len, size_t max, unsigned seed);
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	atexit(on_exit_inside);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	run(data, len);
	return 0;
}

/* a third of them by the library, which knows what was compared with what */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t max, unsigned seed)
{
	static Input in, other;
	uint64_t state = seed;
	if (once_in(&state, 3) || len > LONGEST)
		return LLVMFuzzerMutate(data, len, max);
	if (fuzz_target.make && once_in(&state, 20)) {
		fuzz_target.make(&in, &state);
	} else {
		memcpy(in.data, data, len);
		in.len = len;
		if (fuzz_target.make)
			fuzz_target.make(&other, &state);
		Seeds seeds = {&other, fuzz_target.make ? 1 : 0};
		for (size_t n = 1 + below(&state, 3); n > 0; n--)
			mutate(&in, &seeds, fuzz_target.words, fuzz_target.text, &state);
	}
	if (in.len > max)
		in.len = max;
	memcpy(data, in.data, in.len);
	return in.len;
}

#else

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

/* so that on_signal sees it; where memory came from takes a quarter of the time: malloc_context_size=20 tells */
const char *__asan_default_options(void)
{
	return "abort_on_error=1:max_allocation_size_mb=1000:quarantine_size_mb=1:malloc_context_size=0:intercept_strstr=0";
}
const char *__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

static char found[4096]; /* where an input goes that breaks something: a target may leave the folder */

static void name_found(void)
{
	char folder[4000];
	snprintf(found, sizeof found, "%s/%s.found", getcwd(folder, sizeof folder) ? folder : ".", fuzz_target.name);
}

static void keep_input(void)
{
	FILE *f = current ? fopen(found, "wb") : NULL;
	if (!f)
		return;
	fwrite(current, 1, current_len, f);
	fclose(f);
	fprintf(stderr, "%s: the input is in %s\n", fuzz_target.name, found);
	current = NULL;
}

static void on_signal(int sig)
{
	if (sig == SIGALRM)
		fprintf(stderr, "%s: an input takes more than %d s\n", fuzz_target.name, fuzz_target.seconds);
	keep_input();
	signal(SIGABRT, SIG_DFL);
	abort();
}

static void fuzz(long count, uint64_t state, const Seeds *seeds)
{
	Input *in = malloc(sizeof *in);
	if (!in)
		abort();
	for (long i = 0; i < count; i++) {
		if (fuzz_target.make && (!seeds->n || below(&state, 2))) {
			fuzz_target.make(in, &state);
		} else {
			const Input *seed = &seeds->input[below(&state, seeds->n)];
			memcpy(in->data, seed->data, seed->len);
			in->len = seed->len;
			if (fuzz_target.text && below(&state, 2)) { /* half a page at most, for speed */
				size_t keep = below(&state, 1000);
				erase_bytes(in, 0, below(&state, in->len + 1));
				if (in->len > keep)
					in->len = keep;
			}
		}
		for (size_t n = once_in(&state, 3) ? 0 : below(&state, 4); n > 0; n--)
			mutate(in, seeds, fuzz_target.words, fuzz_target.text, &state);
		run(in->data, in->len);
	}
	free(in);
}

static void read_file(const char *path, Input *in)
{
	FILE *f = fopen(path, "rb");
	if (!f) {
		fprintf(stderr, "%s: cannot read %s\n", fuzz_target.name, path);
		exit(2);
	}
	in->len = fread(in->data, 1, sizeof in->data, f);
	fclose(f);
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: %s COUNT SEED FILE... | run FILE... | show SEED\n", fuzz_target.name);
		return 2;
	}
	if (!strcmp(argv[1], "show") && fuzz_target.make) {
		static Input made;
		uint64_t state = (uint64_t)atoll(argv[2]);
		fuzz_target.make(&made, &state);
		fwrite(made.data, 1, made.len, stdout);
		return 0;
	}
	bool as_is = !strcmp(argv[1], "run");
	int first = as_is ? 2 : 3;
	Seeds seeds = {calloc((size_t)argc, sizeof *seeds.input), 0};
	if (!seeds.input)
		return 2;
	for (int i = first; i < argc; i++)
		read_file(argv[i], &seeds.input[seeds.n++]);
	if (!as_is && !seeds.n && !fuzz_target.make) {
		fprintf(stderr, "%s: no files to begin with\n", fuzz_target.name);
		return 2;
	}
	atexit(on_exit_inside);
	name_found();
	signal(SIGABRT, on_signal);
	signal(SIGALRM, on_signal);
	for (size_t i = 0; as_is && i < seeds.n; i++)
		run(seeds.input[i].data, seeds.input[i].len);
	long count = as_is ? (long)seeds.n : atol(argv[1]);
	if (!as_is)
		fuzz(count, (uint64_t)atoll(argv[2]), &seeds);
	free(seeds.input);
	printf("%ld inputs\n", count);
	return 0;
}
#endif
