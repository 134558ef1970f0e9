/* statuses.c -- provokes every status of every_check.model; each leaves state, random call number and files as they were
 *
 * The text of each stands here; a status that none of the calls below gives fails the test. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "every_check.h"

static every_check *m;
static int failures;
static char seen[1000];

static void fail(const char *what, int line, const char *more)
{
	printf("line %d: %s%s%s\n", line, what, more ? ": " : "", more ? more : "");
	failures++;
}

typedef struct Bytes {
	unsigned char data[1 << 16];
	size_t n;
} Bytes;

static void read_file(const char *path, Bytes *b)
{
	FILE *f = fopen(path, "rb");
	b->n = f ? fread(b->data, 1, sizeof b->data, f) : 0;
	if (f)
		fclose(f);
}

static int same(const Bytes *a, const Bytes *b)
{
	return a->n == b->n && !memcmp(a->data, b->data, a->n);
}

/* all state with seed and call number, as a file has it */
static void state_of(every_check *of, Bytes *b)
{
	if (every_check_save(of, "now.npz") != MC_OK)
		fail("cannot save", __LINE__, NULL);
	read_file("now.npz", b);
}

static Bytes before, after, checkpoint, checkpoint_now;

static void expect(int line, mc_status want, const char *text, mc_status got)
{
	const char *is = every_check_status_text(got);
	if (got != want || strcmp(is, text) != 0) {
		printf("line %d: status %d, expected %d\n", line, got, want);
		fail(is, line, text);
	}
	seen[got < 0 ? 500 - got : got] = 1;
	state_of(m, &after);
	if (!same(&before, &after))
		fail("the state has changed", line, NULL);
	read_file("kept.npz", &checkpoint_now);
	if (!checkpoint.n || !same(&checkpoint, &checkpoint_now))
		fail("the checkpoint has changed", line, NULL);
}
#define EXPECT(status, text, call) (state_of(m, &before), expect(__LINE__, status, text, call))

/* the same call with what it needs: something changes, and the call number goes on by one */
static void good(int line, mc_status got)
{
	if (got != MC_OK)
		fail("a good call fails", line, every_check_status_text(got));
	state_of(m, &after);
	if (same(&before, &after))
		fail("nothing has changed", line, NULL);
}
#define GOOD(call) (state_of(m, &before), good(__LINE__, call))

enum { N = 64, K = 8, ROWS = 10, WORDS = 6 };
static const every_check_sizes sizes = {N, K, ROWS, WORDS};
static float rows[ROWS * 4], x[N * 4], y, some[N * 4], twice;
static uint8_t tags[ROWS], bad_tags[ROWS] = {1, 2, 200, 4};
static int32_t word[N], bad_word[3] = {0, ROWS, 1}, low_word[3] = {0, 1, -1}, far_word[3] = {0, INT32_MAX, INT32_MIN};
static int64_t seq[K], at;

static const char slice[] = "start: slice outside [0, n_rows), every_check.model:29";
static const char index_text[] = "i: index outside [0, n_rows), every_check.model:33";
static const char array[] = "word: index outside [0, n_words), every_check.model:37";
static const char two[] = "word: index outside [0, n_rows), every_check.model:42";
static const char two_inner[] = "W: index outside [0, n_words), every_check.model:42";
static const char set[] = "word: index outside [0, n_rows), every_check.model:46";
static const char gate_text[] = "assert: gate > 0 does not hold, every_check.model:50";
static const char sum[] = "assert: y < 10 does not hold, every_check.model:55";
static const char size[] = "x: slice of negative size -k + n, every_check.model:59";
static const char windows[] = "windows: windows of k in n elements, every_check.model:63";
static const char branch[] = "i: index outside [0, n_rows), every_check.model:67";
static const char steps[] = "s: index outside [0, n_words), every_check.model:71";
static const char slices[] = "s: slice outside [0, n_rows), every_check.model:75";
static const char sets[] = "s: index outside [0, 7), every_check.model:79";
static const char chain[] = "at: index outside [0, n_rows), every_check.model:85";
static const char wanted[] = "word: index outside [0, n_words), every_check.model:89";
static const char not_ready[] = "the model has no values yet: init, load, or set every variable first";
static const char not_bound[] = "the call reads data that is not bound";
static const char null[] = "an argument is a null pointer";
static const char size_text[] = "a size is outside its bounds or over the maximum that the model was made for";

static void checks(void)
{
	const int64_t far[] = {-1, ROWS, INT64_MAX, INT64_MIN, INT64_MAX - 1};
	const float nan = strtof("nan", NULL);
	for (int i = 0; i < 5; i++) {
		EXPECT(1, slice, every_check_by_slice(m, 3, far[i], &y));
		EXPECT(2, index_text, every_check_by_index(m, far[i], &y));
		EXPECT(11, branch, every_check_by_branch(m, far[i], 1, &y));
		EXPECT(15, chain, every_check_by_chain(m, far[i], &at));
		for (int k = 0; k < K; k += K - 1) {
			seq[k] = far[i];
			EXPECT(12, steps, every_check_by_steps(m, K, seq, &y));
			EXPECT(13, slices, every_check_by_slices(m, K, seq, &y));
			EXPECT(14, sets, every_check_by_sets(m, K, seq, &y));
			seq[k] = 0;
		}
	}
	EXPECT(1, slice, every_check_by_slice(m, ROWS + 1, 0, &y));
	EXPECT(1, slice, every_check_by_slice(m, 3, ROWS - 2, &y));
	EXPECT(3, array, every_check_by_array(m, 3, bad_word, &y));
	EXPECT(3, array, every_check_by_array(m, 3, low_word, NULL));
	EXPECT(3, array, every_check_by_array(m, 3, far_word, &y));
	EXPECT(4, two, every_check_by_two(m, 3, bad_word, &y));
	EXPECT(4, two, every_check_by_two(m, 3, far_word, &y));
	EXPECT(6, set, every_check_by_set(m, 3, low_word, x, &y));
	EXPECT(6, set, every_check_by_set(m, 3, far_word, x, NULL));
	EXPECT(7, gate_text, every_check_by_assert(m, 0, &y));
	EXPECT(7, gate_text, every_check_by_assert(m, nan, &y));
	x[5] = 100;
	EXPECT(8, sum, every_check_by_sum(m, N, x, &y));
	x[5] = nan;
	EXPECT(8, sum, every_check_by_sum(m, N, x, &y));
	x[5] = 0;
	EXPECT(9, size, every_check_by_size(m, 3, 4, x, &y));
	EXPECT(10, windows, every_check_by_windows(m, 3, 4, x, &y));
	EXPECT(16, wanted, every_check_outputs(m, 3, bad_word, 1, &twice, some));
	/* of a chain: the first is right, what it leads to is not */
	if (every_check_bind_tags(m, ROWS, bad_tags) != MC_OK)
		fail("bind", __LINE__, NULL);
	EXPECT(15, chain, every_check_by_chain(m, 1, &at));
	word[0] = 2;
	EXPECT(5, two_inner, every_check_by_two(m, 3, word, &y));
	word[0] = 0;
	every_check_bind_tags(m, ROWS, tags);
}

static void good_calls(void)
{
	GOOD(every_check_by_slice(m, 3, ROWS - 3, &y));
	GOOD(every_check_by_slice(m, ROWS, 0, NULL));
	GOOD(every_check_by_index(m, ROWS - 1, &y));
	GOOD(every_check_by_array(m, 3, word, &y));
	GOOD(every_check_by_two(m, 3, word, &y));
	GOOD(every_check_by_set(m, 3, word, x, &y));
	GOOD(every_check_by_assert(m, 1, &y));
	GOOD(every_check_by_sum(m, N, x, &y));
	GOOD(every_check_by_size(m, 4, 4, x, &y));
	GOOD(every_check_by_windows(m, 4, 4, x, &y));
	GOOD(every_check_by_branch(m, 3, 1, &y));
	GOOD(every_check_by_branch(m, -7, -1, &y)); /* the other branch has no index */
	GOOD(every_check_by_steps(m, K, seq, &y));
	GOOD(every_check_by_slices(m, K, seq, &y));
	GOOD(every_check_by_sets(m, K, seq, &y));
	GOOD(every_check_by_chain(m, 3, &at));
	twice = some[0] = -1;
	if (every_check_outputs(m, 3, word, 2, &twice, NULL) != MC_OK || twice != 4)
		fail("an output alone", __LINE__, NULL);
	if (every_check_outputs(m, 3, word, 2, NULL, some) != MC_OK || some[0] != every_check_get_W(m)[0])
		fail("the other alone", __LINE__, NULL);
	if (every_check_outputs(m, 3, word, 2, NULL, NULL) != MC_OK)
		fail("no output", __LINE__, NULL);
}

static void entry(void)
{
	EXPECT(MC_SIZE, size_text, every_check_by_array(m, N + 1, word, &y));
	EXPECT(MC_SIZE, size_text, every_check_by_array(m, 0, word, &y));
	EXPECT(MC_SIZE, size_text, every_check_by_array(m, -1, word, &y));
	EXPECT(MC_SIZE, size_text, every_check_by_array(m, INT64_MAX, word, &y));
	EXPECT(MC_SIZE, size_text, every_check_by_windows(m, N, K + 1, x, &y));
	EXPECT(MC_NULL, null, every_check_by_array(m, 3, NULL, &y));
	EXPECT(MC_NULL, null, every_check_by_set(m, 3, word, NULL, &y));
	EXPECT(MC_NULL, null, every_check_by_set(m, 3, NULL, x, &y));
	EXPECT(MC_NULL, null, every_check_by_array(NULL, 3, word, &y));
	/* data: unbound; a bind that fails leaves what was bound */
	EXPECT(MC_SIZE, size_text, every_check_bind_rows(m, ROWS + 1, rows));
	EXPECT(MC_SIZE, size_text, every_check_bind_rows(m, 0, rows));
	EXPECT(MC_SIZE, size_text, every_check_bind_rows(m, 101, rows));
	EXPECT(MC_NULL, null, every_check_bind_rows(NULL, ROWS, rows));
	GOOD(every_check_by_index(m, 0, &y));
	every_check_bind_rows(m, 0, NULL);
	EXPECT(MC_NOT_BOUND, not_bound, every_check_by_index(m, 0, &y));
	GOOD(every_check_by_two(m, 3, word, &y)); /* it reads the other */
	every_check_bind_tags(m, 0, NULL);
	EXPECT(MC_NOT_BOUND, not_bound, every_check_by_two(m, 3, word, &y));
	/* with none bound, another size */
	if (every_check_bind_rows(m, 4, rows) != MC_OK)
		fail("bind", __LINE__, NULL);
	EXPECT(2, index_text, every_check_by_index(m, 4, &y));
	EXPECT(MC_SIZE, size_text, every_check_bind_tags(m, ROWS, tags));
	every_check_bind_rows(m, 0, NULL);
	every_check_bind_rows(m, ROWS, rows);
	every_check_bind_tags(m, ROWS, tags);
}

static void write_file(const char *path, const void *data, size_t n)
{
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(data, 1, n, f) != n || fclose(f))
		fail("cannot write", __LINE__, path);
}

static void files(void)
{
	static const char io[] = "the file could not be read or written", format[] = "the file is damaged or not of its format";
	EXPECT(MC_IO, io, every_check_save(m, "no/folder/x.npz"));
	EXPECT(MC_IO, io, every_check_load(m, "nowhere.npz"));
	EXPECT(MC_IO, io, every_check_load(m, "."));
	EXPECT(MC_FORMAT, format, every_check_save(m, "kept.bin"));
	EXPECT(MC_NULL, null, every_check_save(NULL, "kept.npz"));
	EXPECT(MC_NULL, null, every_check_load(NULL, "kept.npz"));
	write_file("x.npz", "no zip", 6);
	EXPECT(MC_FORMAT, format, every_check_load(m, "x.npz"));
	write_file("x.npz", checkpoint.data, checkpoint.n - 1);
	EXPECT(MC_FORMAT, format, every_check_load(m, "x.npz"));
	/* of an object of other sizes */
	const every_check_sizes more = {N, K, ROWS, WORDS + 1};
	every_check *other = every_check_new(&more);
	every_check_init(other, 1);
	if (every_check_save(other, "other.npz") != MC_OK)
		fail("save", __LINE__, NULL);
	EXPECT(MC_MISMATCH, "the file does not belong to this model", every_check_load(m, "other.npz"));
	every_check_free(other);
	/* and back */
	state_of(m, &before);
	GOOD(every_check_by_assert(m, 1, &y));
	if (every_check_load(m, "kept.npz") != MC_OK)
		fail("load", __LINE__, NULL);
	state_of(m, &after);
	if (!same(&after, &checkpoint))
		fail("a load gives another state than was saved", __LINE__, NULL);
}

/* every allocation fails in turn */
static int left;
void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);
static int refuse(void)
{
	return left > 0 && --left == 0;
}
void *__wrap_malloc(size_t n)
{
	return refuse() ? NULL : __real_malloc(n);
}
void *__wrap_calloc(size_t n, size_t of)
{
	return refuse() ? NULL : __real_calloc(n, of);
}
void *__wrap_realloc(void *p, size_t n)
{
	return refuse() ? NULL : __real_realloc(p, n);
}

static mc_status with_little(int k, mc_status (*f)(void))
{
	left = k;
	mc_status s = f();
	if (left > 0)
		s = s == MC_OK ? 1000 : -1000; /* it needed fewer */
	left = 0;
	return s;
}

static mc_status save_npz(void)
{
	return every_check_save(m, "kept.npz");
}

static mc_status save_tensors(void)
{
	return every_check_save(m, "kept.safetensors");
}

static mc_status load_npz(void)
{
	return every_check_load(m, "kept.npz");
}

static mc_status load_tensors(void)
{
	return every_check_load(m, "kept.safetensors");
}

static void memory(void)
{
	static const char text[] = "out of memory";
	mc_status (*const f[])(void) = {save_npz, load_npz, save_tensors, load_tensors};
	if (save_tensors() != MC_OK)
		fail("save", __LINE__, NULL);
	for (int i = 0; i < 4; i++) {
		int n = 1, recovered = 0;
		for (;; n++) {
			state_of(m, &before);
			mc_status s = with_little(n, f[i]);
			if (s == 1000)
				break;
			/* a load may do with less: the file in parts */
			const int less = i % 2 && s == MC_OK;
			expect(__LINE__, less ? MC_OK : MC_NO_MEMORY, less ? "no error" : text, s);
			recovered += less;
			if (n > 1000) {
				fail("allocations without end", __LINE__, NULL);
				break;
			}
		}
		if (n < 3 || recovered > 1)
			fail("allocations that fail are passed over", __LINE__, NULL);
	}
	left = 1;
	if (every_check_new(&sizes))
		fail("an object without memory", __LINE__, NULL);
	left = 0;
}

/* before it has values; some of them */
static void readiness(void)
{
	static unsigned char room[1 << 20];
	every_check *n = every_check_place(room, sizeof room, &sizes);
	if (!n) {
		fail("place", __LINE__, NULL);
		return;
	}
	static unsigned char copy[sizeof room];
	const int64_t five = 5;
	memcpy(copy, room, sizeof room);
#define NOT_READY(call) \
	do { \
		mc_status s = call; \
		if (s != MC_NOT_READY || strcmp(every_check_status_text(s), not_ready)) \
			fail("ready too early", __LINE__, #call); \
		if (memcmp(copy, room, sizeof room)) \
			fail("it has changed", __LINE__, #call); \
		seen[500 - MC_NOT_READY] = 1; \
	} while (0)
	NOT_READY(every_check_by_array(n, 3, word, &y));
	NOT_READY(every_check_outputs(n, 3, word, 1, &twice, NULL));
	NOT_READY(every_check_save(n, "never.npz"));
	if (access("never.npz", F_OK) == 0)
		fail("a file of a model without values", __LINE__, NULL);
	every_check_set_W(n, x);
	every_check_set_left(n, x);
	every_check_set_right(n, x);
	every_check_set_count(n, &five);
	memcpy(copy, room, sizeof room);
	NOT_READY(every_check_by_array(n, 3, word, &y)); /* all but one */
	every_check_set_trail(n, x);
	if (every_check_by_array(n, 3, word, &y) != MC_OK || *every_check_get_count(n) != 6)
		fail("not ready with every variable set", __LINE__, NULL);
	/* an initialiser that fails leaves it as it was; a load makes it ready */
	const every_check_sizes few = {N, K, ROWS, WORDS - 1};
	n = every_check_place(room, sizeof room, &few);
	memcpy(copy, room, sizeof room);
	every_check_init(n, 7);
	NOT_READY(every_check_by_array(n, 3, word, &y));
	seen[17] = !strcmp(every_check_status_text(17), "arange(n_words): slice outside [0, n_words), every_check.model:15");
	n = every_check_place(room, sizeof room, &sizes);
	if (every_check_load(n, "kept.npz") != MC_OK || every_check_by_array(n, 3, word, &y) != MC_OK)
		fail("not ready after a load", __LINE__, NULL);
}

int main(void)
{
	m = every_check_new(&sizes);
	every_check_init(m, 42);
	every_check_bind_rows(m, ROWS, rows);
	every_check_bind_tags(m, ROWS, tags);
	if (every_check_save(m, "kept.npz") != MC_OK)
		return 1;
	read_file("kept.npz", &checkpoint);
	checks();
	good_calls();
	checks();
	entry();
	files();
	memory();
	readiness();
	for (int s = 1; strcmp(every_check_status_text(s), "unknown status") != 0; s++)
		if (!seen[s])
			fail("this status was not provoked", __LINE__, every_check_status_text(s));
	for (int s = MC_NOT_READY; s >= MC_MISMATCH; s--)
		if (!seen[500 - s])
			fail("this status was not provoked", __LINE__, every_check_status_text(s));
	every_check_free(m);
	printf("%d failures\n", failures);
	return failures != 0;
}
