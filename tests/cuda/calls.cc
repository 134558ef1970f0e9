/* calls.cc -- large.model as nvcc compiles it, with tests/cuda/mock.cc for a runtime: each call of the runtime fails once
 *
 * A line for each, the first for none: the call, whether functions failed then, and what was not freed. */
#include "large.cu"

#include <stdio.h>
#include <stdlib.h>

extern "C" {
extern int mock_failing, mock_calls, mock_live, mock_device; /* the number of the call that fails */
extern const char *mock_failed; /* its name */
}

static float x[80 * 260], z[2 * 70 * 256], u[2 * 256 * 260], out[80 * 256], means[256], q[2 * 70 * 260];
static int64_t label[80];

static void stop(const char *why)
{
	printf("%s, with call %d, %s\n", why, mock_failing, mock_failed ? mock_failed : "none");
	exit(2);
}

/* -> whether a function failed */
static int use(large *m)
{
	int bad = 0;
	float cost, *params;
	char memory[1 << 16];
	large_init(m, 1);
	for (int again = 0; again < 2; again++)
		for (int n = 70; n <= 80; n += 10)
			bad |= large_hidden(m, n, x, out, again ? NULL : means) != MC_OK;
	mock_device = 1;
	bad |= large_several(m, z, u, q) != MC_OK;
	for (int again = 0; again < 2; again++)
		bad |= large_step(m, 80, x, label, &cost) != MC_OK;
	if (mock_device != 1 && !bad)
		stop("the caller's device is another one");
	(void)large_get_W(m);
	params = large_params(m, NULL);
	params[0] = 1;
	bad |= large_square(m) != MC_OK;
	large *share = large_share(m, memory, sizeof memory);
	bad |= !share || large_hidden(share, 3, x, out, NULL) != MC_OK;
	if (share && !large_device_error(share) != !bad)
		stop("an error that is not said, or said and none");
	large_free(share);
	return bad;
}

int main()
{
	for (int most = mock_failing = 0; mock_failing <= most; mock_failing++) {
		const large_sizes sizes = {80};
		mock_calls = mock_device = 0;
		mock_failed = NULL;
		large *m = large_new(&sizes);
		const int bad = m ? use(m) : 1;
		large_free(m);
		most = mock_failing ? most : mock_calls;
		printf("%s %d %d\n", mock_failed ? mock_failed : "none", bad, mock_live);
	}
	return 0;
}
