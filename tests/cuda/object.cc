/* object.cc -- the object for a GPU, in emulation: memory, state, its mirror, shares, graphs, errors of the device */
#include "object.cu"

#include <assert.h>
#include <stdio.h>

#undef NDEBUG
#define SAME(a, b) assert(!memcmp(a, b, sizeof(a)))

#ifndef MC_EMULATE
/* a copy on the default stream, which comes late */
static void copy_late(void *to, const void *from, size_t bytes)
{
	static char *busy;
	assert(busy || !cudaMalloc(&busy, 64 << 20));
	for (int i = 0; i < 400; i++)
		assert(!cudaMemsetAsync(busy, i, 64 << 20));
	assert(!cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice));
}

/* a call comes after what the default stream was asked to write, or to read */
static void follow()
{
	enum { ROWS = 1 << 20 };
	const object_sizes sizes = {ROWS, 2};
	const size_t bytes = ROWS * sizeof(float);
	const int64_t at[2] = {1, 0};
	const float w[3] = {0, 1, 2};
	float *x = (float *)malloc(3 * bytes), *y = (float *)malloc(bytes), sum[2], *there, *from, *out, *old;
	object *m = object_new(&sizes);
	assert(m && x && y);
	assert(!cudaMalloc(&there, 3 * bytes) && !cudaMalloc(&from, 3 * bytes) && !cudaMalloc(&out, bytes) && !cudaMalloc(&old, bytes));
	for (int i = 0; i < 3 * ROWS; i++)
		x[i] = (float)(i % 7);
	object_init(m, 1);
	assert(!cudaMemset(there, 0, 3 * bytes) && !cudaMemset(out, 0, bytes) && object_f(m, ROWS, there, out) == MC_OK);
	/* from memory that is not pinned the last part may still be on its way */
	assert(!cudaMemcpy(there, x, 3 * bytes, cudaMemcpyHostToDevice) && object_f(m, ROWS, there, y) == MC_OK);
	for (int i = 0; i < ROWS; i++)
		assert(y[i] == x[3 * i] + 2 * x[3 * i + 1] + 3 * x[3 * i + 2]);
	assert(!cudaMemcpy(from, x, 3 * bytes, cudaMemcpyHostToDevice) && !cudaMemset(there, 0, 3 * bytes) && !cudaDeviceSynchronize());
	copy_late(there, from, 3 * bytes);
	assert(object_f(m, ROWS, there, y) == MC_OK);
	for (int i = 0; i < ROWS; i++)
		assert(y[i] == x[3 * i] + 2 * x[3 * i + 1] + 3 * x[3 * i + 2]);
	/* the output of the first call is still to be read when the next one writes there */
	copy_late(old, out, bytes);
	assert(object_f(m, ROWS, x, out) == MC_OK && !cudaMemcpy(y, old, bytes, cudaMemcpyDeviceToHost));
	for (int i = 0; i < ROWS; i++)
		assert(y[i] == 0);
	/* what is set and bound; a share has a stream of its own */
	assert(!cudaMemset(there, 0, 3 * bytes) && !cudaDeviceSynchronize());
	copy_late(there, from, sizeof w);
	object_set_w(m, there);
	SAME(w, object_get_w(m));
	copy_late(there, from, 2 * sizeof w);
	assert(object_bind_rows(m, 2, there) == MC_OK);
	static char more[4096];
	object *share = object_share(m, more, sizeof more);
	assert(share && object_pick(share, 2, at, sum) == MC_OK && sum[0] == 12 && sum[1] == 3);
	object_free(share);
	object_free(m);
	assert(!cudaFree(there) && !cudaFree(from) && !cudaFree(out) && !cudaFree(old));
	free(x);
	free(y);
}
#endif

static int graphs(const mc_graph *g)
{
	int n = 0;
	for (int i = 0; i < MC_GRAPHS; i++)
		n += g[i].launches != NULL;
	return n;
}

int main()
{
	const object_sizes sizes = {8, 5};
	assert(object_device_bytes(&sizes) > 0);
	static char memory[OBJECT_BYTES(8, 5)];
	assert(object_bytes(&sizes) == sizeof memory && !object_place(memory, sizeof memory - 1, &sizes));
	object *m = object_place(memory, sizeof memory, &sizes);
	assert(m);
	float x[8][3], y[8], rows[5][3] = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {0, 1, 0}, {1, 0, 1}};
	for (int i = 0; i < 24; i++)
		x[i / 3][i % 3] = (float)(i % 5) - 1;
	assert(object_f(m, 4, &x[0][0], y) == MC_NOT_READY);
	object_init(m, 1);
	const float w0[3] = {1, 2, 3};
	SAME(w0, object_get_w(m));

	/* what was lent is a snapshot; what is written to the array of params counts */
	size_t count = 0;
	float *params = object_params(m, &count);
	assert(count == 3);
	params[0] = 10;
	assert(object_f(m, 1, &x[1][0], y) == MC_OK && y[0] == 10 * x[1][0] + 2 * x[1][1] + 3 * x[1][2]);
	const float w1[3] = {10, 2, 3}, w2[3] = {11, 3, 4}, set[3] = {-1, 0, 1};
	const float *lent = object_get_w(m);
	SAME(w1, lent);
	assert(object_add(m, 1) == MC_OK && lent[0] == 10);
	SAME(w2, object_get_w(m));
	params = object_params(m, NULL);
	params[1] = 5;
	object_set_w(m, set); /* after it */
	SAME(set, object_get_w(m));

	/* a graph for each size, and each set of outputs; the last four stay */
	for (int n = 1; n <= 6; n++)
		for (int again = 0; again < 3; again++)
			assert(object_f(m, n, &x[0][0], y) == MC_OK && y[n - 1] == x[n - 1][2] - x[n - 1][0]);
	assert(graphs(m->graph.f) == MC_GRAPHS);
	assert(object_f(m, 3, &x[0][0], NULL) == MC_OK);
	assert(object_f(m, 9, &x[0][0], y) == MC_SIZE && object_f(m, 2, NULL, y) == MC_NULL);

#ifndef MC_EMULATE
	/* arrays on the device; a caller whose current device is another one */
	float *there, out[8];
	int devices = 1;
	assert(!cudaMalloc(&there, sizeof x + sizeof y) && !cudaMemcpy(there, x, sizeof x, cudaMemcpyHostToDevice));
	assert(!cudaGetDeviceCount(&devices) && !cudaSetDevice(devices - 1));
	assert(object_f(m, 8, there, there + 24) == MC_OK && object_f(m, 8, &x[0][0], y) == MC_OK);
	assert(object_bind_rows(m, 5, there) == MC_OK && m->data.rows == there && object_bind_rows(m, 5, NULL) == MC_OK);
	assert(!cudaSetDevice(0) && !cudaMemcpy(out, there + 24, sizeof out, cudaMemcpyDeviceToHost));
	SAME(out, y);
	follow();
	/* an error of others is not ours, ours is not others' */
	assert(cudaSetDevice(-1) && object_f(m, 7, &x[0][0], y) == MC_OK && !cudaGetLastError());
#endif

	/* data is copied when it is bound; a check that fails changes nothing, neither here nor on the device */
	int64_t at[2] = {1, 4}, wrong[2] = {1, 5};
	float sum[2];
	assert(object_pick(m, 2, at, sum) == MC_NOT_BOUND);
	assert(object_bind_rows(m, 5, &rows[0][0]) == MC_OK);
	rows[1][0] = 1000;
	assert(object_pick(m, 2, at, sum) == MC_OK && sum[0] == 15 && sum[1] == 2);
	const float w3[3] = {0, 1, 2};
	SAME(w3, object_get_w(m));
	const uint64_t call = m->call;
	mc_status s = object_pick(m, 2, wrong, sum);
	assert(s > 0 && strstr(object_status_text(s), "outside"));
	SAME(w3, object_get_w(m));
	assert(m->call == call);
	assert(object_bind_rows(m, 5, NULL) == MC_OK && object_pick(m, 2, at, sum) == MC_NOT_BOUND);

	/* a share sees the state, and has its own graphs */
	static char more[4096];
	assert(object_share_bytes(m) <= sizeof more);
	object *share = object_share(m, more, sizeof more);
	assert(share && object_f(share, 2, &x[0][0], y) == MC_OK && y[1] == x[1][1] + 2 * x[1][2]);
	assert(object_add(share, 2) == MC_OK);
	const float w4[3] = {2, 3, 4};
	SAME(w4, object_get_w(m));

	/* an error of the device: the object is of no more use, and its shares neither; the state that the host had stays */
	assert(!object_device_error(share) && !object_device_error(NULL));
	share->stream.failed = 1;
	assert(object_f(share, 2, &x[0][0], y) == MC_DEVICE && object_device_error(share) && !object_device_error(m));
	assert(object_f(share, 2, &x[0][0], y) == MC_POISONED && object_f(m, 2, &x[0][0], y) == MC_POISONED);
	assert(object_bind_rows(m, 5, &rows[0][0]) == MC_POISONED);
	SAME(w4, object_get_w(m));
	object_init(m, 1);
	object_set_w(m, set);
	SAME(w4, object_get_w(m));
	object_free(share);
	object_free(m);
	object_free(NULL);
	puts("good");
}
