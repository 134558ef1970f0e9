/* calls.cc -- large.model as nvcc compiles it, with tests/cuda/mock.cc for a runtime: each call of the runtime fails once
 *
 * A line for each, the first for none: the call, whether functions failed then, and what was not freed. */
#include "large.cu"

#include <stdio.h>
#include <stdlib.h>

extern "C" {
extern int mock_failing, mock_calls, mock_live, mock_device; /* the number of the call that fails */
extern int mock_asked, mock_waited; /* how often the default stream was asked for something; what is known to be done of it */
extern const char *mock_failed; /* its name */
extern float mock_theirs[1 << 18]; /* memory of the device that is not the object's */
}

static float x[80 * 260], z[2 * 70 * 256], u[2 * 256 * 260], out[80 * 256], means[256], q[2 * 70 * 260];
static int64_t label[80];

static void stop(const char *why)
{
	printf("%s, with call %d, %s\n", why, mock_failing, mock_failed ? mock_failed : "none");
	exit(2);
}

/* pointers to the device, of which the default stream has something to do: there and back, large and small */
static int use_theirs(large *m)
{
	float *const there = mock_theirs, *const back = mock_theirs + (1 << 17);
	int bad = 0;
	mock_asked++;
	bad |= large_hidden(m, 80, there, back, means) != MC_OK;
	bad |= large_hidden(m, 80, x, out, NULL) != MC_OK;
	mock_asked++;
	bad |= large_hidden(m, 80, x, back, NULL) != MC_OK;
	mock_asked++;
	bad |= large_step(m, 80, x, label, back) != MC_OK;
	mock_asked++;
	large_set_W(m, there);
	mock_asked++;
	bad |= large_bind_rows(m, there) != MC_OK;
	if (mock_waited != mock_asked && !bad)
		stop("data is bound before it is there");
	bad |= large_total(m, out) != MC_OK;
	return bad | (large_bind_rows(m, u) != MC_OK || large_total(m, out) != MC_OK);
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
	bad |= use_theirs(m);
	if (mock_device != 1 && !bad)
		stop("the caller's device is another one");
	(void)large_get_W(m);
	params = large_params(m, NULL);
	params[0] = 1;
	bad |= large_square(m) != MC_OK;
	large *share = large_share(m, memory, sizeof memory);
	bad |= !share || large_hidden(share, 3, x, out, NULL) != MC_OK;
	mock_asked++;
	bad |= !share || large_hidden(share, 3, mock_theirs, out, NULL) != MC_OK;
	if (share && !large_device_error(share) != !bad)
		stop("an error that is not said, or said and none");
	large_free(share);
	return bad;
}

int main()
{
	for (int most = mock_failing = 0; mock_failing <= most; mock_failing++) {
		const large_sizes sizes = {80};
		mock_calls = mock_device = mock_asked = 0;
		mock_failed = NULL;
		large *m = large_new(&sizes);
		const int bad = m ? use(m) : 1;
		large_free(m);
		most = mock_failing ? most : mock_calls;
		printf("%s %d %d\n", mock_failed ? mock_failed : "none", bad, mock_live);
	}
	return 0;
}
