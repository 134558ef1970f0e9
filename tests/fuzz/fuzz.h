/* fuzz.h -- a target takes any bytes; what is wrong with it ends the program
 *
 * With libFuzzer a target is linked to that library.  Without it fuzz.c makes inputs, always the same ones of a seed: by the
 * target's own generator or of the files given, changed by bytes, tokens and numbers. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LONGEST = 1 << 14 };

typedef struct Input {
	uint8_t data[LONGEST];
	size_t len;
} Input;

typedef struct FuzzTarget {
	const char *name;
	void (*run)(const uint8_t *, size_t);
	void (*make)(Input *, uint64_t *state); /* an input of its own, or NULL */
	const char *const *words; /* what stands in its inputs; ends with NULL */
	bool text; /* of tokens; else of bytes */
	int seconds; /* for one input */
} FuzzTarget;
extern const FuzzTarget fuzz_target; /* each fuzz_*.c has one */

/* draws: splitmix64 */
uint64_t draw(uint64_t *state);
size_t below(uint64_t *state, size_t n); /* 0 .. n - 1 */
bool once_in(uint64_t *state, size_t n);

/* ends the program; the input is kept in fuzz_NAME.found */
void broken(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

void insert_bytes(Input *, size_t at, const void *, size_t n); /* what has room */
void erase_bytes(Input *, size_t at, size_t n);

/* mutate.c */
typedef struct Seeds {
	Input *input;
	size_t n;
} Seeds;
void mutate(Input *, const Seeds *, const char *const *words, bool text, uint64_t *state);

#endif
