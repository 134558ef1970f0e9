/* test_fuzz_parse.c -- a few thousand broken programs, always the same; tests/fuzz runs more */
#include "test.h"

#include <glob.h>

#define FUZZ_NO_MAIN
#include "../fuzz/fuzz_parse.c"

int main(void)
{
	glob_t g;
	glob(SOURCE_DIR "/tests/programs/*.model", 0, NULL, &g);
	glob(SOURCE_DIR "/tests/errors/*.model", GLOB_APPEND, NULL, &g);
	Input *seeds = calloc(g.gl_pathc + 1, sizeof *seeds);
	for (size_t i = 0; seeds && i < g.gl_pathc; i++)
		CHECK(read_seed(g.gl_pathv[i], &seeds[i]));
	if (CHECK(seeds && g.gl_pathc > 0)) {
		fuzz(1500, 1, seeds, g.gl_pathc);
		CHECK(true); /* it aborts otherwise */
	}
	free(seeds);
	globfree(&g);
	return test_result();
}
