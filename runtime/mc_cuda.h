/* mc_cuda.h -- what a generated .cu calls: the device of an object, and the macros that its kernels are written in
 *
 * nvcc makes kernels of them.  With -DMC_EMULATE a C++ compiler builds the same text with loops in place of threads, and plain
 * memory in place of the device's: for tests on machines without a GPU.  The loops run upwards, or downwards where MC_DOWNWARDS
 * (an expression) is not 0; results with different bits are a race.
 *
 *      MC_EACH(i, n, threads)         i of 0 .. n-1, shared out to the threads of all blocks
 *      MC_EACH_BLOCK(i, n)            shared out to the blocks; inside:
 *      MC_EACH_THREAD(i, n, threads)  to the threads of the block; one step each: MC_EACH_OF(i, threads)
 *      MC_BARRIER                     between two of those
 *      MC_OF_BLOCK T name[..]         of the block            MC_PRIVATE(T, name, threads, [..]), MC_OWN(name)   of each thread
 *      MC_GO(go)                      the kernel does nothing where the flag says that the call has failed, or it is another branch's turn */
#ifndef MC_CUDA_H
#define MC_CUDA_H

#ifdef MC_EMULATE
#include <functional>
#include <new>
#include <stdlib.h>
#include <string.h>
#include <vector>
#if defined(__SANITIZE_ADDRESS__)
#define MC_FENCES 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MC_FENCES 1
#endif
#endif
#ifdef MC_FENCES
#include <sanitizer/asan_interface.h>
#endif
#else
#include <cuda_runtime.h>
#ifdef MC_PRODUCTS
#include <cublasLt.h>
#endif
#endif

#define MC_HAS_FMA /* every device, and so the emulation */
#include "mc_math.h"

#ifndef MC_DOWNWARDS
#define MC_DOWNWARDS 0
#endif

/* ---- kernels */
#ifdef MC_EMULATE
#define MC_KERNEL(threads) static void
#define MC_EACH_LOOP(i, n)                                                                         \
	for (int64_t mc_k = 0, mc_n = (n), i = MC_DOWNWARDS ? mc_n - 1 : 0; mc_k < mc_n;          \
	     mc_k++, i += MC_DOWNWARDS ? -1 : 1)
#define MC_EACH(i, n, threads) MC_EACH_LOOP(i, n)
#define MC_EACH_BLOCK(i, n)                                                                        \
	for (int64_t mc_b = 0, mc_blocks_ = (n), i = MC_DOWNWARDS ? mc_blocks_ - 1 : 0;           \
	     mc_b < mc_blocks_; mc_b++, i += MC_DOWNWARDS ? -1 : 1)
#define MC_EACH_THREAD(i, n, threads) MC_EACH_LOOP(i, n)
#define MC_EACH_OF(i, threads) MC_EACH_LOOP(i, threads)
#define MC_BARRIER ((void)0)
#define MC_ROLLED
#define MC_OF_BLOCK
#define MC_PRIVATE(T, name, threads, extents) T name[threads] extents
#define MC_OWN(name) name[mc_k]
#else
#define MC_KERNEL(threads) static __global__ void __launch_bounds__(threads, 2)
#define MC_EACH(i, n, threads)                                                                     \
	for (int64_t i = (int64_t)blockIdx.x * (threads) + threadIdx.x, mc_n = (n); i < mc_n;     \
	     i += (int64_t)gridDim.x * (threads))
#define MC_EACH_BLOCK(i, n)                                                                        \
	for (int64_t i = blockIdx.x, mc_blocks_ = (n); i < mc_blocks_; i += gridDim.x)
#define MC_EACH_THREAD(i, n, threads)                                                              \
	for (int64_t i = threadIdx.x, mc_n = (n); i < mc_n; i += (threads))
#define MC_EACH_OF(i, threads)                                                                     \
	for (int i = (int)threadIdx.x, mc_once = 1; mc_once && i >= 0; mc_once = 0)
#define MC_BARRIER __syncthreads()
#define MC_ROLLED _Pragma("unroll 1") /* ptxas takes minutes for loops in loops that are unrolled */
#define MC_OF_BLOCK __shared__
#define MC_PRIVATE(T, name, threads, extents) T name extents
#define MC_OWN(name) name
#endif
#define MC_GO(go)                                                                                  \
	if (go && !*go)                                                                            \
	return

/* ---- the device of an object */
typedef struct mc_graph mc_graph;
typedef struct mc_stream {
#ifdef MC_EMULATE
	std::vector<std::function<void()>> *recording; /* or NULL: what is launched runs */
#else
	cudaStream_t stream;
#ifdef MC_PRODUCTS
	cublasLtHandle_t blas;
	void *workspace;
#endif
#endif
	int failed; /* some call of the device did */
} mc_stream;

/* What a function launches, for some sizes and outputs; a replay costs one launch. */
struct mc_graph {
#ifdef MC_EMULATE
	std::vector<std::function<void()>> *launches;
#else
	cudaGraphExec_t launches;
#endif
};
enum { MC_GRAPHS = 4 }; /* of a function: the last so many kinds of calls */

/* memory of a block lies so many bytes apart; between them no kernel writes */
#ifdef MC_FENCES
enum { MC_FENCE = 64 };
#else
enum { MC_FENCE = 0 };
#endif

#ifdef MC_EMULATE
template <typename F> static void mc_run(mc_stream *s, F launch)
{
	if (s->recording)
		s->recording->push_back(launch);
	else
		launch();
}

#define MC_LAUNCH(s, kernel, blocks, threads, ...)                                                 \
	do {                                                                                       \
		if ((blocks) > 0)                                                                  \
			mc_run(s, [=]() { kernel(__VA_ARGS__); });                                 \
	} while (0)

MC_MAYBE_UNUSED static int mc_open(mc_stream *s)
{
	memset(s, 0, sizeof *s);
	return 0;
}

MC_MAYBE_UNUSED static void mc_close(mc_stream *s)
{
	(void)s;
}

MC_MAYBE_UNUSED static void *mc_device_new(mc_stream *s, int64_t bytes)
{
	(void)s;
	return malloc((size_t)bytes + 1);
}

MC_MAYBE_UNUSED static void mc_device_free(mc_stream *s, void *memory)
{
	(void)s;
	free(memory);
}

/* between the device and wherever the other side is */
MC_MAYBE_UNUSED static void mc_copy(mc_stream *s, void *to, const void *from, int64_t bytes)
{
	(void)s;
	if (bytes > 0)
		memmove(to, from, (size_t)bytes);
}

/* everything that was asked for is done; not 0: something failed */
MC_MAYBE_UNUSED static int mc_wait(mc_stream *s)
{
	return s->failed;
}

MC_MAYBE_UNUSED static int mc_on_device(const void *memory)
{
	(void)memory;
	return 0;
}

MC_MAYBE_UNUSED static void mc_capture(mc_stream *s)
{
	s->recording = new std::vector<std::function<void()>>;
}

MC_MAYBE_UNUSED static void mc_capture_end(mc_stream *s, mc_graph *g)
{
	g->launches = s->recording;
	s->recording = NULL;
}

MC_MAYBE_UNUSED static void mc_replay(mc_stream *s, mc_graph *g)
{
	(void)s;
	for (size_t i = 0; i < g->launches->size(); i++)
		(*g->launches)[i]();
}

MC_MAYBE_UNUSED static void mc_graph_free(mc_graph *g)
{
	delete g->launches;
	g->launches = NULL;
}

/* no kernel may touch what lies between here and `bytes` further on */
MC_MAYBE_UNUSED static void mc_fence(void *at, int64_t bytes)
{
#ifdef MC_FENCES
	ASAN_POISON_MEMORY_REGION(at, (size_t)bytes);
#else
	(void)at;
	(void)bytes;
#endif
}

MC_MAYBE_UNUSED static void mc_unfence(void *at, int64_t bytes)
{
#ifdef MC_FENCES
	ASAN_UNPOISON_MEMORY_REGION(at, (size_t)bytes);
#else
	(void)at;
	(void)bytes;
#endif
}
#else

#ifdef MC_PRODUCTS
enum { MC_WORKSPACE = 32 << 20 };
#endif

static void mc_note(mc_stream *s, cudaError_t error)
{
	if (error != cudaSuccess)
		s->failed = 1;
}

#define MC_LAUNCH(s, kernel, blocks, threads, ...)                                                 \
	do {                                                                                       \
		const int64_t mc_count = (blocks);                                                 \
		if (mc_count > 0) {                                                                \
			kernel<<<(unsigned)(mc_count < INT32_MAX ? mc_count : INT32_MAX), threads, \
				 0, (s)->stream>>>(__VA_ARGS__);                                   \
			mc_note(s, cudaGetLastError());                                            \
		}                                                                                  \
	} while (0)

MC_MAYBE_UNUSED static int mc_open(mc_stream *s)
{
	memset(s, 0, sizeof *s);
	mc_note(s, cudaStreamCreateWithFlags(&s->stream, cudaStreamNonBlocking));
#ifdef MC_PRODUCTS
	s->failed |= cublasLtCreate(&s->blas) != CUBLAS_STATUS_SUCCESS;
	mc_note(s, cudaMalloc(&s->workspace, MC_WORKSPACE));
#endif
	return s->failed;
}

MC_MAYBE_UNUSED static void mc_close(mc_stream *s)
{
#ifdef MC_PRODUCTS
	if (s->blas)
		cublasLtDestroy(s->blas);
	cudaFree(s->workspace);
	s->blas = NULL;
	s->workspace = NULL;
#endif
	if (s->stream)
		cudaStreamDestroy(s->stream);
	s->stream = NULL;
}

MC_MAYBE_UNUSED static void *mc_device_new(mc_stream *s, int64_t bytes)
{
	void *memory = NULL;
	mc_note(s, cudaMalloc(&memory, (size_t)bytes + 1));
	return memory;
}

MC_MAYBE_UNUSED static void mc_device_free(mc_stream *s, void *memory)
{
	if (memory)
		mc_note(s, cudaFree(memory));
}

MC_MAYBE_UNUSED static void mc_copy(mc_stream *s, void *to, const void *from, int64_t bytes)
{
	if (bytes > 0)
		mc_note(s, cudaMemcpyAsync(to, from, (size_t)bytes, cudaMemcpyDefault, s->stream));
}

MC_MAYBE_UNUSED static int mc_wait(mc_stream *s)
{
	mc_note(s, cudaStreamSynchronize(s->stream));
	return s->failed;
}

MC_MAYBE_UNUSED static int mc_on_device(const void *memory)
{
	cudaPointerAttributes of;
	if (cudaPointerGetAttributes(&of, memory) != cudaSuccess) {
		(void)cudaGetLastError();
		return 0;
	}
	return of.type == cudaMemoryTypeDevice || of.type == cudaMemoryTypeManaged;
}

MC_MAYBE_UNUSED static void mc_capture(mc_stream *s)
{
	mc_note(s, cudaStreamBeginCapture(s->stream, cudaStreamCaptureModeThreadLocal));
}

MC_MAYBE_UNUSED static void mc_capture_end(mc_stream *s, mc_graph *g)
{
	cudaGraph_t graph = NULL;
	g->launches = NULL;
	mc_note(s, cudaStreamEndCapture(s->stream, &graph));
	if (graph && !s->failed)
		mc_note(s, cudaGraphInstantiate(&g->launches, graph, 0));
	if (graph)
		cudaGraphDestroy(graph);
}

MC_MAYBE_UNUSED static void mc_replay(mc_stream *s, mc_graph *g)
{
	if (g->launches)
		mc_note(s, cudaGraphLaunch(g->launches, s->stream));
}

MC_MAYBE_UNUSED static void mc_graph_free(mc_graph *g)
{
	if (g->launches)
		cudaGraphExecDestroy(g->launches);
	g->launches = NULL;
}

MC_MAYBE_UNUSED static void mc_fence(void *at, int64_t bytes)
{
	(void)at;
	(void)bytes;
}

MC_MAYBE_UNUSED static void mc_unfence(void *at, int64_t bytes)
{
	(void)at;
	(void)bytes;
}
#endif

/* ---- products: c[i, j] = sum over l of a[i, l] b[l, j] + bias[j], of `batch` matrices that lie so far apart; either operand may
 * lie the other way (a[l, i], b[j, l]); relu: what is negative becomes 0 */
#ifdef MC_PRODUCTS
#ifdef MC_EMULATE
#define MC_PRODUCT(T, S, FMA)                                                                      \
	MC_MAYBE_UNUSED static void mc_product_##S(                                                \
		mc_stream *s, int a_turned, int b_turned, int64_t m, int64_t n, int64_t k,         \
		int64_t batch, const T *a, int64_t lda, int64_t next_a, const T *b, int64_t ldb,  \
		int64_t next_b, T *c, int64_t ldc, int64_t next_c, const T *bias, int relu)       \
	{                                                                                          \
		mc_run(s, [=]() {                                                                  \
			for (int64_t at = 0; at < batch * m * n; at++) {                           \
				const int64_t q = at / (m * n), i = at / n % m, j = at % n;       \
				T sum = 0;                                                         \
				for (int64_t l = 0; l < k; l++)                                    \
					sum = FMA(a[q * next_a + (a_turned ? l * lda + i : i * lda + l)], \
						  b[q * next_b + (b_turned ? j * ldb + l : l * ldb + j)], sum); \
				if (bias)                                                          \
					sum += bias[j];                                            \
				c[q * next_c + i * ldc + j] = relu && sum < 0 ? 0 : sum;           \
			}                                                                          \
		});                                                                                \
	}
MC_PRODUCT(float, f32, fmaf)
MC_PRODUCT(double, f64, fma)
#undef MC_PRODUCT
#else
#ifndef MC_COMPUTE_F32 /* CUBLAS_COMPUTE_32F_FAST_TF32: faster, three digits */
#define MC_COMPUTE_F32 CUBLAS_COMPUTE_32F
#endif

/* rows and columns of memory that is taken by columns: what lies by rows is there turned around */
MC_MAYBE_UNUSED static cublasLtMatrixLayout_t mc_layout(mc_stream *s, cudaDataType_t type, int64_t rows, int64_t columns, int64_t ld, int64_t batch,
							int64_t next)
{
	cublasLtMatrixLayout_t layout = NULL;
	const int32_t count = (int32_t)batch;
	int bad = cublasLtMatrixLayoutCreate(&layout, type, (uint64_t)rows, (uint64_t)columns, ld) != CUBLAS_STATUS_SUCCESS;
	if (!bad && batch > 1)
		bad = cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count) != CUBLAS_STATUS_SUCCESS ||
		      cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &next, sizeof next) != CUBLAS_STATUS_SUCCESS;
	s->failed |= bad;
	return layout;
}

MC_MAYBE_UNUSED static void mc_product(mc_stream *s, cudaDataType_t type, cublasComputeType_t compute, const void *one, const void *zero, int a_turned,
				       int b_turned, int64_t m, int64_t n, int64_t k, int64_t batch, const void *a, int64_t lda, int64_t next_a,
				       const void *b, int64_t ldb, int64_t next_b, void *c, int64_t ldc, int64_t next_c, const void *bias, int relu)
{
	if (s->failed || m == 0 || n == 0 || batch == 0)
		return;
	cublasLtMatmulDesc_t how = NULL;
	cublasLtMatmulPreference_t wish = NULL;
	cublasLtMatmulHeuristicResult_t found;
	const cublasOperation_t op_a = a_turned ? CUBLAS_OP_T : CUBLAS_OP_N, op_b = b_turned ? CUBLAS_OP_T : CUBLAS_OP_N;
	const cublasLtEpilogue_t epilogue = bias ? (relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS)
						 : relu ? CUBLASLT_EPILOGUE_RELU : CUBLASLT_EPILOGUE_DEFAULT;
	const size_t workspace = MC_WORKSPACE;
	int some = 0;
	/* c turned around is b turned around by a turned around */
	cublasLtMatrixLayout_t lb = b_turned ? mc_layout(s, type, k, n, ldb, batch, next_b) : mc_layout(s, type, n, k, ldb, batch, next_b);
	cublasLtMatrixLayout_t la = a_turned ? mc_layout(s, type, m, k, lda, batch, next_a) : mc_layout(s, type, k, m, lda, batch, next_a);
	cublasLtMatrixLayout_t lc = mc_layout(s, type, n, m, ldc, batch, next_c);
	int bad = cublasLtMatmulDescCreate(&how, compute, type) != CUBLAS_STATUS_SUCCESS || cublasLtMatmulPreferenceCreate(&wish) != CUBLAS_STATUS_SUCCESS;
	if (!bad)
		bad = cublasLtMatmulDescSetAttribute(how, CUBLASLT_MATMUL_DESC_TRANSA, &op_b, sizeof op_b) != CUBLAS_STATUS_SUCCESS ||
		      cublasLtMatmulDescSetAttribute(how, CUBLASLT_MATMUL_DESC_TRANSB, &op_a, sizeof op_a) != CUBLAS_STATUS_SUCCESS ||
		      cublasLtMatmulDescSetAttribute(how, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue) != CUBLAS_STATUS_SUCCESS ||
		      (bias && cublasLtMatmulDescSetAttribute(how, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias) != CUBLAS_STATUS_SUCCESS) ||
		      cublasLtMatmulPreferenceSetAttribute(wish, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace) != CUBLAS_STATUS_SUCCESS;
	if (!bad && !s->failed)
		bad = cublasLtMatmulAlgoGetHeuristic(s->blas, how, lb, la, lc, lc, wish, 1, &found, &some) != CUBLAS_STATUS_SUCCESS || some == 0 ||
		      cublasLtMatmul(s->blas, how, one, b, lb, a, la, zero, c, lc, c, lc, &found.algo, s->workspace, workspace, s->stream) != CUBLAS_STATUS_SUCCESS;
	s->failed |= bad;
	if (wish)
		cublasLtMatmulPreferenceDestroy(wish);
	if (how)
		cublasLtMatmulDescDestroy(how);
	cublasLtMatrixLayout_t all[] = {la, lb, lc};
	for (int i = 0; i < 3; i++)
		if (all[i])
			cublasLtMatrixLayoutDestroy(all[i]);
}

#define MC_PRODUCT(T, S, TYPE, COMPUTE)                                                            \
	MC_MAYBE_UNUSED static void mc_product_##S(                                                \
		mc_stream *s, int a_turned, int b_turned, int64_t m, int64_t n, int64_t k,         \
		int64_t batch, const T *a, int64_t lda, int64_t next_a, const T *b, int64_t ldb,  \
		int64_t next_b, T *c, int64_t ldc, int64_t next_c, const T *bias, int relu)       \
	{                                                                                          \
		const T one = 1, zero = 0;                                                         \
		mc_product(s, TYPE, COMPUTE, &one, &zero, a_turned, b_turned, m, n, k, batch, a,   \
			   lda, next_a, b, ldb, next_b, c, ldc, next_c, bias, relu);               \
	}
MC_PRODUCT(float, f32, CUDA_R_32F, MC_COMPUTE_F32)
MC_PRODUCT(double, f64, CUDA_R_64F, CUBLAS_COMPUTE_64F)
#undef MC_PRODUCT
#endif
#endif

/* the next part of a block of the device; slot: where to note it, or NULL */
MC_MAYBE_UNUSED static void mc_place(void **slot, char *device, int64_t *at, int64_t bytes, int *bad)
{
	if (slot) {
		*slot = device + *at;
		mc_fence(device + *at + bytes, MC_FENCE);
	}
	*at = mc_add(*at, mc_add(bytes, MC_FENCE, bad), bad);
}

/* where what functions share begins; with fences they share nothing */
#define MC_OVERLAY(begin, most) (MC_FENCE > 0 ? (most) : (begin))

/* blocks that give each of n steps a thread */
MC_MAYBE_UNUSED static int64_t mc_blocks(int64_t n, int threads)
{
	return n / threads + (n % threads != 0);
}

/* The graph for this key of n numbers, in a function's list; one that is not captured yet has no launches.  The oldest goes. */
MC_MAYBE_UNUSED static mc_graph *mc_graph_of(mc_graph *list, int64_t *keys, int *next, const int64_t *key, int n)
{
	const size_t bytes = (size_t)n * sizeof *key;
	for (int i = 0; i < MC_GRAPHS; i++)
		if (list[i].launches && (n == 0 || !memcmp(keys + i * n, key, bytes)))
			return &list[i];
	const int i = *next;
	*next = (i + 1) % MC_GRAPHS;
	mc_graph_free(&list[i]);
	if (n > 0)
		memcpy(keys + i * n, key, bytes);
	return &list[i];
}

#endif
