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
#include <stdlib.h>
#if CUDART_VERSION < 11000 /* what lies on the host is an error of cudaPointerGetAttributes there */
#error "CUDA 11 or later is needed"
#endif
#ifdef MC_PRODUCTS
#include <cublasLt.h>
#endif
#endif

#define MC_HAS_FMA /* every device, and so the emulation */
#include "mc_math.h"

/* for 0 <= a < 2^31 and b > 0: of indices */
MC_INLINE int64_t mc_div_short(int64_t a, uint32_t b) { return (uint32_t)a / b; }
MC_INLINE int64_t mc_mod_short(int64_t a, uint32_t b) { return (uint32_t)a % b; }

#ifndef MC_DOWNWARDS
#define MC_DOWNWARDS 0
#endif

/* ---- kernels */
#ifdef MC_EMULATE
#define MC_KERNEL(threads) static void
#define MC_KERNEL_ALONE(threads) static void
#define MC_EACH_LOOP(i, n)                                                                         \
	for (int64_t mc_k = 0, mc_n = (n), i = MC_DOWNWARDS ? mc_n - 1 : 0; mc_k < mc_n;          \
	     mc_k++, i += MC_DOWNWARDS ? -1 : 1)
MC_MAYBE_UNUSED static thread_local int64_t mc_launched; /* blocks */
/* on a GPU each step has a thread, or block, of its own: there are enough */
MC_MAYBE_UNUSED static int64_t mc_within(int64_t n, int64_t most)
{
	if (n > most)
		abort();
	return n;
}
#define MC_EACH(i, n, threads) MC_EACH_LOOP(i, mc_within(n, mc_launched *(threads)))
#define MC_EACH_BLOCK(i, n)                                                                        \
	for (int64_t mc_b = 0, mc_blocks_ = mc_within(n, mc_launched), i = MC_DOWNWARDS ? mc_blocks_ - 1 : 0;           \
	     mc_b < mc_blocks_; mc_b++, i += MC_DOWNWARDS ? -1 : 1)
#define MC_EACH_THREAD(i, n, threads) MC_EACH_LOOP(i, n)
#define MC_EACH_OF(i, threads) MC_EACH_LOOP(i, threads)
#define MC_BARRIER ((void)0)
#define MC_ROLLED
#define MC_MANY
#define MC_OF_BLOCK
#define MC_PRIVATE(T, name, threads, extents) T name[threads] extents
#define MC_OWN(name) name[mc_k]
#else
/* two blocks a multiprocessor, or one, whose threads may have more registers */
#define MC_KERNEL(threads) static __global__ void __launch_bounds__(threads, 2)
#define MC_KERNEL_ALONE(threads) static __global__ void __launch_bounds__(threads, 1)
/* launches give each step its own thread, or block; not i < .., which may be the name of a type: tm */
#define MC_EACH(i, n, threads)                                                                     \
	for (int64_t i = (int64_t)blockIdx.x * (threads) + threadIdx.x, mc_once = (n) > i; mc_once; mc_once = 0)
#define MC_EACH_BLOCK(i, n) for (int64_t i = blockIdx.x, mc_once_ = (n) > i; mc_once_; mc_once_ = 0)
/* counted down: where n is known so is how often, and what several steps load is asked for at once */
#define MC_EACH_THREAD(i, n, threads)                                                              \
	for (int64_t i = threadIdx.x, mc_n = (n), mc_left = mc_n / (threads) + (mc_n % (threads) > i); mc_left > 0; \
	     mc_left--, i += (threads))
#define MC_EACH_OF(i, threads)                                                                     \
	for (int i = (int)threadIdx.x, mc_once = 1; mc_once && i >= 0; mc_once = 0)
#define MC_BARRIER __syncthreads()
#define MC_ROLLED _Pragma("unroll 1") /* ptxas takes minutes for loops in loops that are unrolled */
#define MC_MANY _Pragma("unroll 16") /* so many loads are under way together: by itself nvcc takes 4 */
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
	cudaEvent_t asked; /* of the default stream, before a call */
	int follows; /* since mc_wait: the stream waits for that */
	int device, caller; /* where it is; the caller's current one during a capture */
	char *late; /* of the host, pinned: small results, until mc_wait */
	int nlate;
	struct {
		void *to;
		int bytes;
	} copy[8]; /* to where the caller wants them */
#ifdef MC_PRODUCTS
	cublasLtHandle_t blas;
	void *workspace;
#endif
#endif
#ifdef MC_PROFILED
	mc_graph *graph; /* that is captured */
#endif
	int failed; /* some call of the device did */
	const char *why; /* what CUDA said of the first */
} mc_stream;

#ifdef MC_PROFILED
typedef struct mc_timed { /* a step of a graph: mc_profile_cuda.h */
#ifdef MC_EMULATE
	int64_t event[2];
#else
	cudaEvent_t event[2];
#endif
	mc_profile *of;
	double flops, functions, bytes;
} mc_timed;
#endif

/* What a function launches, for some sizes and outputs; a replay costs one launch. */
struct mc_graph {
#ifdef MC_EMULATE
	std::vector<std::function<void()>> *launches;
#else
	cudaGraphExec_t launches;
#endif
#ifdef MC_PROFILED
	mc_timed *timed;
	int64_t ntimed;
#endif
};
enum { MC_GRAPHS = 4 }; /* of a function: the last so many kinds of calls */

/* memory of a block lies so many bytes apart; between them no kernel writes */
#ifdef MC_FENCES
enum { MC_FENCE = 64 };
#else
enum { MC_FENCE = 0 };
#endif

MC_MAYBE_UNUSED static void mc_begin_timing(mc_stream *s, mc_graph *g)
{
#ifdef MC_PROFILED
	s->graph = g;
#else
	(void)s;
	(void)g;
#endif
}

MC_MAYBE_UNUSED static void mc_end_timing(mc_graph *g)
{
#ifdef MC_PROFILED
#ifndef MC_EMULATE
	for (int64_t i = 0; i < 2 * g->ntimed; i++)
		if (g->timed[i / 2].event[i % 2])
			cudaEventDestroy(g->timed[i / 2].event[i % 2]);
#endif
	free((void *)g->timed);
	g->timed = NULL;
	g->ntimed = 0;
#else
	(void)g;
#endif
}

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
		const int64_t mc_count = (blocks);                                                 \
		if (mc_count > 0)                                                                  \
			mc_run(s, [=]() {                                                          \
				mc_launched = mc_count;                                            \
				kernel(__VA_ARGS__);                                               \
			});                                                                        \
	} while (0)

/* beside: a stream of the same device, or NULL: of the current one */
MC_MAYBE_UNUSED static int mc_open(mc_stream *s, const mc_stream *beside)
{
	(void)beside;
	memset(s, 0, sizeof *s);
	return 0;
}

MC_MAYBE_UNUSED static const char *mc_device_error(const mc_stream *s)
{
	return s && s->failed ? "an error in the emulation" : NULL;
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

/* the same, from where the caller says */
MC_MAYBE_UNUSED static void mc_copy_in(mc_stream *s, void *to, const void *from, int64_t bytes)
{
	mc_copy(s, to, from, bytes);
}

/* from the device to where the caller says; it is there after mc_wait */
MC_MAYBE_UNUSED static void mc_copy_back(mc_stream *s, void *to, const void *from, int64_t bytes)
{
	mc_copy(s, to, from, bytes);
}

/* everything that was asked for is done; not 0: something failed */
MC_MAYBE_UNUSED static int mc_wait(mc_stream *s)
{
	return s->failed;
}

/* Whether memory that the caller gives is of the device.  If so what comes now is done after what the default stream has been asked
 * for, which may be to write there, or to read. */
MC_MAYBE_UNUSED static int mc_follow(mc_stream *s, const void *memory)
{
	(void)s;
	(void)memory;
	return 0;
}

MC_MAYBE_UNUSED static void mc_capture(mc_stream *s, mc_graph *g)
{
	mc_begin_timing(s, g);
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
	mc_end_timing(g);
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

enum { MC_SMALL = 256 }; /* bytes of a result that waits in pinned memory */

/* CUDA keeps an error for whoever asks next: nobody else is to find ours */
static void mc_note(mc_stream *s, cudaError_t error)
{
	if (error == cudaSuccess)
		return;
	(void)cudaGetLastError();
	if (!s->failed)
		s->why = cudaGetErrorString(error);
	s->failed = 1;
}

/* -> the caller's device, for mc_leave; the stream's is the current one until then */
static int mc_enter(mc_stream *s)
{
	int was = s->device;
	mc_note(s, cudaGetDevice(&was));
	if (was != s->device)
		mc_note(s, cudaSetDevice(s->device));
	return was;
}

static void mc_leave(mc_stream *s, int was)
{
	if (was != s->device)
		mc_note(s, cudaSetDevice(was));
}

#define MC_LAUNCH(s, kernel, blocks, threads, ...)                                                 \
	do {                                                                                       \
		const int64_t mc_count = (blocks);                                                 \
		if (mc_count > INT32_MAX) {                                                        \
			mc_note(s, cudaErrorInvalidConfiguration);                                 \
		} else if (mc_count > 0) {                                                         \
			kernel<<<(unsigned)mc_count, threads, 0, (s)->stream>>>(__VA_ARGS__);      \
			mc_note(s, cudaGetLastError());                                            \
		}                                                                                  \
	} while (0)

/* beside: a stream of the same device, or NULL: of the current one */
MC_MAYBE_UNUSED static int mc_open(mc_stream *s, const mc_stream *beside)
{
	int device = beside ? beside->device : 0;
	memset(s, 0, sizeof *s);
	if (!beside)
		mc_note(s, cudaGetDevice(&device));
	s->device = device;
	const int was = mc_enter(s);
	mc_note(s, cudaStreamCreateWithFlags(&s->stream, cudaStreamNonBlocking));
	mc_note(s, cudaEventCreateWithFlags(&s->asked, cudaEventDisableTiming));
	mc_note(s, cudaMallocHost(&s->late, sizeof s->copy / sizeof *s->copy * MC_SMALL));
#ifdef MC_PRODUCTS
	s->failed |= cublasLtCreate(&s->blas) != CUBLAS_STATUS_SUCCESS;
	mc_note(s, cudaMalloc(&s->workspace, MC_WORKSPACE));
#endif
	mc_leave(s, was);
	return s->failed;
}

MC_MAYBE_UNUSED static void mc_close(mc_stream *s)
{
#ifdef MC_PRODUCTS
	if (s->blas)
		cublasLtDestroy(s->blas);
	mc_note(s, cudaFree(s->workspace));
	s->blas = NULL;
	s->workspace = NULL;
#endif
	if (s->late)
		mc_note(s, cudaFreeHost(s->late));
	if (s->asked)
		mc_note(s, cudaEventDestroy(s->asked));
	if (s->stream)
		mc_note(s, cudaStreamDestroy(s->stream));
	s->late = NULL;
	s->asked = NULL;
	s->stream = NULL;
}

/* what CUDA said of the first error; without a stream: why there is no device, or NULL */
MC_MAYBE_UNUSED static const char *mc_device_error(const mc_stream *s)
{
	int count = 0;
	if (s)
		return !s->failed ? NULL : s->why ? s->why : "an error of cuBLASLt";
	const cudaError_t error = cudaGetDeviceCount(&count);
	(void)cudaGetLastError();
	return error != cudaSuccess ? cudaGetErrorString(error) : count == 0 ? "there is no GPU" : NULL;
}

MC_MAYBE_UNUSED static void *mc_device_new(mc_stream *s, int64_t bytes)
{
	void *memory = NULL;
	const int was = mc_enter(s);
	mc_note(s, cudaMalloc(&memory, (size_t)bytes + 1));
	mc_leave(s, was);
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

/* once until mc_wait, and with host pointers never: it takes microseconds.  Legacy: the default stream of all, also where this file is
 * compiled to have one a thread. */
MC_MAYBE_UNUSED static int mc_follow(mc_stream *s, const void *memory)
{
	cudaPointerAttributes of;
	memset(&of, 0, sizeof of);
	mc_note(s, cudaPointerGetAttributes(&of, memory));
	if (of.type != cudaMemoryTypeDevice && of.type != cudaMemoryTypeManaged)
		return 0;
	if (!s->follows) {
		const int was = mc_enter(s);
		mc_note(s, cudaEventRecord(s->asked, cudaStreamLegacy));
		mc_note(s, cudaStreamWaitEvent(s->stream, s->asked, 0));
		mc_leave(s, was);
		s->follows = 1;
	}
	return 1;
}

MC_MAYBE_UNUSED static void mc_copy_in(mc_stream *s, void *to, const void *from, int64_t bytes)
{
	if (bytes > 0)
		mc_follow(s, from);
	mc_copy(s, to, from, bytes);
}

/* a copy to memory that is not pinned would wait by itself, each */
MC_MAYBE_UNUSED static void mc_copy_back(mc_stream *s, void *to, const void *from, int64_t bytes)
{
	if (bytes <= 0 || mc_follow(s, to) || bytes > MC_SMALL || s->nlate == (int)(sizeof s->copy / sizeof *s->copy)) {
		mc_copy(s, to, from, bytes);
		return;
	}
	const int i = s->nlate++;
	s->copy[i].to = to;
	s->copy[i].bytes = (int)bytes;
	mc_copy(s, s->late + i * MC_SMALL, from, bytes);
}

MC_MAYBE_UNUSED static int mc_wait(mc_stream *s)
{
	mc_note(s, cudaStreamSynchronize(s->stream));
	for (int i = 0; i < s->nlate && !s->failed; i++)
		memcpy(s->copy[i].to, s->late + i * MC_SMALL, (size_t)s->copy[i].bytes);
	s->nlate = 0;
	s->follows = 0;
	return s->failed;
}

/* relaxed: what is launched for the first time may have to be loaded, which waits and takes memory */
MC_MAYBE_UNUSED static void mc_capture(mc_stream *s, mc_graph *g)
{
	mc_begin_timing(s, g);
	s->caller = mc_enter(s);
	(void)cudaGetLastError(); /* of others */
	mc_note(s, cudaStreamBeginCapture(s->stream, cudaStreamCaptureModeRelaxed));
}

MC_MAYBE_UNUSED static void mc_capture_end(mc_stream *s, mc_graph *g)
{
	cudaGraph_t graph = NULL;
	g->launches = NULL;
	mc_note(s, cudaStreamEndCapture(s->stream, &graph));
	if (graph && !s->failed)
		mc_note(s, cudaGraphInstantiateWithFlags(&g->launches, graph, 0));
	if (graph)
		mc_note(s, cudaGraphDestroy(graph));
	mc_leave(s, s->caller);
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
	mc_end_timing(g);
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
#ifndef MC_EMULATE
#ifndef MC_COMPUTE_F32 /* CUBLAS_COMPUTE_32F_FAST_TF32: faster, three digits */
#define MC_COMPUTE_F32 CUBLAS_COMPUTE_32F
#endif

/* rows and columns of memory that is taken by columns: what lies by rows is there turned around */
static int mc_layout(cublasLtMatrixLayout_t *layout, cudaDataType_t type, int64_t rows, int64_t columns, int64_t ld, int64_t batch, int64_t next)
{
	const int32_t count = (int32_t)batch;
	return cublasLtMatrixLayoutCreate(layout, type, (uint64_t)rows, (uint64_t)columns, ld) == CUBLAS_STATUS_SUCCESS &&
	       (batch == 1 ||
		(cublasLtMatrixLayoutSetAttribute(*layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count) == CUBLAS_STATUS_SUCCESS &&
		 cublasLtMatrixLayoutSetAttribute(*layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &next, sizeof next) == CUBLAS_STATUS_SUCCESS));
}

/* the pointer is a multiple of so many bytes: what an algorithm may count on, which without this is 256 */
static int mc_set_alignment(cublasLtMatmulPreference_t wish, cublasLtMatmulPreferenceAttributes_t which, const void *at)
{
	uint32_t bytes = 256;
	while ((uintptr_t)at % bytes)
		bytes /= 2;
	return cublasLtMatmulPreferenceSetAttribute(wish, which, &bytes, sizeof bytes) == CUBLAS_STATUS_SUCCESS;
}

/* -> whether cuBLASLt has an algorithm for it, and has launched that */
MC_MAYBE_UNUSED static int mc_product(mc_stream *s, cudaDataType_t type, cublasComputeType_t compute, const void *one, const void *zero, int a_turned,
				      int b_turned, int64_t m, int64_t n, int64_t k, int64_t batch, const void *a, int64_t lda, int64_t next_a,
				      const void *b, int64_t ldb, int64_t next_b, void *c, int64_t ldc, int64_t next_c, const void *bias, int relu)
{
	cublasLtMatmulDesc_t how = NULL;
	cublasLtMatmulPreference_t wish = NULL;
	cublasLtMatrixLayout_t la = NULL, lb = NULL, lc = NULL;
	cublasLtMatmulHeuristicResult_t found;
	const cublasOperation_t op_a = a_turned ? CUBLAS_OP_T : CUBLAS_OP_N, op_b = b_turned ? CUBLAS_OP_T : CUBLAS_OP_N;
	const cublasLtEpilogue_t epilogue = bias ? (relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS)
						 : relu ? CUBLASLT_EPILOGUE_RELU : CUBLASLT_EPILOGUE_DEFAULT;
	const size_t workspace = MC_WORKSPACE;
	int some = 0;
	/* c turned around is b turned around by a turned around */
	const int done =
		mc_layout(&lb, type, b_turned ? k : n, b_turned ? n : k, ldb, batch, next_b) &&
		mc_layout(&la, type, a_turned ? m : k, a_turned ? k : m, lda, batch, next_a) &&
		mc_layout(&lc, type, n, m, ldc, batch, next_c) &&
		cublasLtMatmulDescCreate(&how, compute, type) == CUBLAS_STATUS_SUCCESS &&
		cublasLtMatmulDescSetAttribute(how, CUBLASLT_MATMUL_DESC_TRANSA, &op_b, sizeof op_b) == CUBLAS_STATUS_SUCCESS &&
		cublasLtMatmulDescSetAttribute(how, CUBLASLT_MATMUL_DESC_TRANSB, &op_a, sizeof op_a) == CUBLAS_STATUS_SUCCESS &&
		cublasLtMatmulDescSetAttribute(how, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue) == CUBLAS_STATUS_SUCCESS &&
		(!bias || cublasLtMatmulDescSetAttribute(how, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias) == CUBLAS_STATUS_SUCCESS) &&
		cublasLtMatmulPreferenceCreate(&wish) == CUBLAS_STATUS_SUCCESS &&
		cublasLtMatmulPreferenceSetAttribute(wish, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace) == CUBLAS_STATUS_SUCCESS &&
		mc_set_alignment(wish, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, b) && mc_set_alignment(wish, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, a) &&
		mc_set_alignment(wish, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, c) && mc_set_alignment(wish, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, c) &&
		cublasLtMatmulAlgoGetHeuristic(s->blas, how, lb, la, lc, lc, wish, 1, &found, &some) == CUBLAS_STATUS_SUCCESS && some > 0 &&
		cublasLtMatmul(s->blas, how, one, b, lb, a, la, zero, c, lc, c, lc, &found.algo, s->workspace, workspace, s->stream) == CUBLAS_STATUS_SUCCESS;
	if (wish)
		cublasLtMatmulPreferenceDestroy(wish);
	if (how)
		cublasLtMatmulDescDestroy(how);
	const cublasLtMatrixLayout_t all[] = {la, lb, lc};
	for (int i = 0; i < 3; i++)
		if (all[i])
			cublasLtMatrixLayoutDestroy(all[i]);
	if (!done)
		(void)cudaGetLastError();
	return done;
}
#endif

/* the emulation's, and what cuBLASLt has no algorithm for, such as sums of nothing: a thread an element */
#define MC_PRODUCT(T, S, FMA, TYPE, COMPUTE)                                                       \
	MC_MAYBE_UNUSED MC_KERNEL(128) mc_product_##S##_kernel(                                    \
		int a_turned, int b_turned, int64_t m, int64_t n, int64_t k, int64_t batch,        \
		const T *a, int64_t lda, int64_t next_a, const T *b, int64_t ldb, int64_t next_b, \
		T *c, int64_t ldc, int64_t next_c, const T *bias, int relu)                        \
	{                                                                                          \
		MC_EACH(at, batch * m * n, 128) {                                                  \
			const int64_t q = at / (m * n), i = at / n % m, j = at % n;               \
			T sum = 0;                                                                 \
			for (int64_t l = 0; l < k; l++)                                            \
				sum = FMA(a[q * next_a + (a_turned ? l * lda + i : i * lda + l)], \
					  b[q * next_b + (b_turned ? j * ldb + l : l * ldb + j)], sum); \
			if (bias)                                                                  \
				sum += bias[j];                                                    \
			c[q * next_c + i * ldc + j] = relu && sum < 0 ? 0 : sum;                   \
		}                                                                                  \
	}                                                                                          \
	MC_MAYBE_UNUSED static void mc_product_##S(                                                \
		mc_stream *s, int a_turned, int b_turned, int64_t m, int64_t n, int64_t k,         \
		int64_t batch, const T *a, int64_t lda, int64_t next_a, const T *b, int64_t ldb,  \
		int64_t next_b, T *c, int64_t ldc, int64_t next_c, const T *bias, int relu)       \
	{                                                                                          \
		MC_UNLESS_BY_LIBRARY(T, TYPE, COMPUTE)                                             \
		MC_LAUNCH(s, mc_product_##S##_kernel, (batch * m * n + 127) / 128, 128, a_turned, b_turned, m, n, k, \
			  batch, a, lda, next_a, b, ldb, next_b, c, ldc, next_c, bias, relu);     \
	}
#ifdef MC_EMULATE
#define MC_UNLESS_BY_LIBRARY(T, TYPE, COMPUTE)
#else
#define MC_UNLESS_BY_LIBRARY(T, TYPE, COMPUTE)                                                     \
	const T one = 1, zero = 0;                                                                 \
	if (!(batch && m && n && k) ||                                                             \
	    !mc_product(s, TYPE, COMPUTE, &one, &zero, a_turned, b_turned, m, n, k, batch, a, lda, \
			next_a, b, ldb, next_b, c, ldc, next_c, bias, relu))
#endif
MC_PRODUCT(float, f32, fmaf, CUDA_R_32F, MC_COMPUTE_F32)
MC_PRODUCT(double, f64, fma, CUDA_R_64F, CUBLAS_COMPUTE_64F)
#undef MC_PRODUCT
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
