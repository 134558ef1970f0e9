/* mock.cc -- a CUDA runtime that computes nothing, but looks at every call, for tests/cuda/calls.cc: what a GPU would refuse
 *
 * Nothing but launches, events and questions may stand in a capture; copies stay inside memory; launches fit a machine; pointers are
 * aligned as cuBLASLt is told; memory of the caller's is touched after what was asked of the default stream, which is asked for once.
 * Call number mock_failing fails. */
#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern "C" {
int mock_failing, mock_calls, mock_live, mock_device, mock_asked, mock_waited;
float mock_theirs[1 << 18];
const char *mock_failed;
}
static int capturing, nblocks = 1;
static cudaError_t last;
static struct {
	char *at;
	size_t bytes;
} block[256] = {{(char *)mock_theirs, sizeof mock_theirs}};

static void stop(const char *call, const char *why)
{
	fprintf(stderr, "%s: %s\n", call, why);
	exit(2);
}

enum { OUTSIDE, ANYWHERE, INSIDE }; /* of a capture */

static cudaError_t call(const char *name, int where)
{
	if (where == (capturing ? OUTSIDE : INSIDE))
		stop(name, capturing ? "in a capture" : "outside of a capture");
	if (++mock_calls != mock_failing)
		return cudaSuccess;
	mock_failed = name;
	return last = cudaErrorUnknown;
}

static void *allocated(size_t bytes)
{
	char *at = (char *)malloc(bytes);
	mock_live++;
	block[nblocks].at = at;
	block[nblocks++].bytes = bytes;
	return at;
}

static void released(void *at)
{
	for (int i = 0; at && i < nblocks; i++)
		if (block[i].at == at) {
			block[i] = block[--nblocks];
			mock_live--;
			free(at);
			return;
		}
	if (at)
		stop("free", "of what was not allocated");
}

static int is_device(const void *p, size_t bytes)
{
	for (int i = 0; i < nblocks; i++)
		if ((const char *)p >= block[i].at && (const char *)p < block[i].at + block[i].bytes) {
			if ((const char *)p + bytes > block[i].at + block[i].bytes)
				stop("copy", "beyond the end of memory");
			return 1;
		}
	return 0;
}

static int is_theirs(const void *p)
{
	return p >= (void *)mock_theirs && p < (void *)(mock_theirs + sizeof mock_theirs / sizeof *mock_theirs);
}

/* handles count as live; events and streams hold the mock_asked that they come after */
static int *after(void *handle)
{
	return (int *)handle;
}

template <typename T> static cudaError_t opened(const char *name, int where, T *handle)
{
	const cudaError_t e = call(name, where);
	if (e == cudaSuccess) {
		*handle = (T)calloc(1, sizeof(int));
		mock_live++;
	}
	return e;
}

template <typename T> static cudaError_t closed(const char *name, T handle)
{
	free((void *)handle);
	mock_live--;
	return call(name, OUTSIDE);
}

extern "C" {
cudaError_t cudaMalloc(void **p, size_t bytes)
{
	const cudaError_t e = call("cudaMalloc", OUTSIDE);
	*p = e == cudaSuccess ? allocated(bytes) : NULL;
	return e;
}
cudaError_t cudaHostAlloc(void **p, size_t bytes, unsigned)
{
	*p = NULL;
	const cudaError_t e = opened("cudaHostAlloc", OUTSIDE, p);
	*p = e == cudaSuccess ? realloc(*p, bytes) : NULL;
	return e;
}
cudaError_t cudaFree(void *p) { released(p); return call("cudaFree", OUTSIDE); }
cudaError_t cudaFreeHost(void *p) { return closed("cudaFreeHost", p); }
cudaError_t cudaGetDevice(int *d) { *d = mock_device; return call("cudaGetDevice", ANYWHERE); }
cudaError_t cudaSetDevice(int d) { mock_device = d; return call("cudaSetDevice", ANYWHERE); }
cudaError_t cudaGetDeviceCount(int *n) { *n = 2; return call("cudaGetDeviceCount", OUTSIDE); }
const char *cudaGetErrorString(cudaError_t) { return "an error of the mock"; }
cudaError_t cudaGetLastError() { const cudaError_t e = last; last = cudaSuccess; return e; }
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *s, unsigned) { return opened("cudaStreamCreateWithFlags", OUTSIDE, s); }
cudaError_t cudaStreamDestroy(cudaStream_t s) { return closed("cudaStreamDestroy", s); }
cudaError_t cudaStreamSynchronize(cudaStream_t s)
{
	mock_waited = *after(s);
	return call("cudaStreamSynchronize", OUTSIDE);
}
cudaError_t cudaStreamWaitEvent(cudaStream_t s, cudaEvent_t e, unsigned)
{
	*after(s) = *after(e);
	return call("cudaStreamWaitEvent", OUTSIDE);
}
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t s)
{
	if (is_device(to, bytes) + is_device(from, bytes) == 0 || kind != cudaMemcpyDefault)
		stop("cudaMemcpyAsync", "no side is the device");
	if ((is_theirs(to) || is_theirs(from)) && *after(s) != mock_asked && !mock_failed)
		stop("cudaMemcpyAsync", "the default stream is not waited for");
	memmove(to, from, bytes);
	return call("cudaMemcpyAsync", OUTSIDE);
}
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes *a, const void *p)
{
	a->type = is_device(p, 1) ? cudaMemoryTypeDevice : cudaMemoryTypeUnregistered;
	return call("cudaPointerGetAttributes", OUTSIDE);
}
cudaError_t cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode)
{
	const cudaError_t e = call("cudaStreamBeginCapture", OUTSIDE);
	capturing = e == cudaSuccess;
	return e;
}
cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t *g)
{
	if (!capturing)
		return last = cudaErrorIllegalState;
	const cudaError_t e = opened("cudaStreamEndCapture", INSIDE, g);
	capturing = 0;
	return e;
}
cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t *x, cudaGraph_t, unsigned long long) { return opened("cudaGraphInstantiateWithFlags", OUTSIDE, x); }
cudaError_t cudaGraphDestroy(cudaGraph_t g) { return closed("cudaGraphDestroy", g); }
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t x) { return closed("cudaGraphExecDestroy", x); }
cudaError_t cudaGraphLaunch(cudaGraphExec_t, cudaStream_t) { return call("cudaGraphLaunch", OUTSIDE); }
cudaError_t cudaEventCreate(cudaEvent_t *e) { return opened("cudaEventCreate", ANYWHERE, e); }
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *e, unsigned) { return opened("cudaEventCreateWithFlags", OUTSIDE, e); }
cudaError_t cudaEventRecord(cudaEvent_t e, cudaStream_t s)
{
	if (s != cudaStreamLegacy || mock_device != 0)
		stop("cudaEventRecord", "of another stream than the default one of the object's device");
	if (*after(e) == mock_asked)
		stop("cudaEventRecord", "nothing was asked since the last");
	*after(e) = mock_asked;
	return call("cudaEventRecord", OUTSIDE);
}
cudaError_t cudaEventDestroy(cudaEvent_t e) { return closed("cudaEventDestroy", e); }
cudaError_t cudaEventRecordWithFlags(cudaEvent_t, cudaStream_t, unsigned flags)
{
	if (flags != cudaEventRecordExternal)
		stop("cudaEventRecordWithFlags", "not external");
	return call("cudaEventRecordWithFlags", ANYWHERE);
}
cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t, cudaEvent_t) { *ms = 1; return call("cudaEventElapsedTime", OUTSIDE); }
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t, cudaStream_t)
{
	if (grid.x < 1 || grid.x > INT32_MAX || grid.y != 1 || block.x < 1 || block.x > 1024)
		stop("launch", "of too much");
	return 0;
}
cudaError_t __cudaPopCallConfiguration(dim3 *, dim3 *, size_t *, void *) { return cudaSuccess; }
cudaError_t cudaLaunchKernel(const void *, dim3, dim3, void **, size_t, cudaStream_t) { return call("cudaLaunchKernel", ANYWHERE); }
cudaError_t __cudaGetKernel(void **, const void *) { return cudaSuccess; }
cudaError_t __cudaLaunchKernel(void *, dim3, dim3, void **, size_t, cudaStream_t) { return call("cudaLaunchKernel", ANYWHERE); }
void **__cudaRegisterFatBinary(void *) { return NULL; }
void __cudaRegisterFatBinaryEnd(void **) {}
void __cudaUnregisterFatBinary(void **) {}
void __cudaRegisterFunction(void **, const char *, char *, const char *, int, uint3 *, uint3 *, dim3 *, dim3 *, int *) {}
char __cudaInitModule(void **) { return 0; }

/* cuBLASLt: alignments and sizes must be what the pointers and layouts say */
struct cublasLtContext { int unused; };
static uint32_t alignment[4];
static cublasStatus_t status(cudaError_t e) { last = cudaSuccess; return e == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INTERNAL_ERROR; }
cublasStatus_t cublasLtCreate(cublasLtHandle_t *h) { return status(opened("cublasLtCreate", OUTSIDE, h)); }
cublasStatus_t cublasLtDestroy(cublasLtHandle_t h) { return status(closed("cublasLtDestroy", h)); }
cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *l, cudaDataType, uint64_t rows, uint64_t columns, int64_t ld)
{
	if (rows < 1 || columns < 1 || ld < (int64_t)rows)
		stop("cublasLtMatrixLayoutCreate", "of nothing, or rows that overlap");
	return status(opened("cublasLtMatrixLayoutCreate", ANYWHERE, l));
}
static cublasStatus_t dropped(const void *p) { free((void *)(uintptr_t)p); mock_live--; return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasLtMatrixLayoutDestroy(const cublasLtMatrixLayout_t l) { return dropped(l); }
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t, cublasLtMatrixLayoutAttribute_t, const void *, size_t) { return status(call("cublasLtMatrixLayoutSetAttribute", ANYWHERE)); }
cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *d, cublasComputeType_t, cudaDataType_t) { return status(opened("cublasLtMatmulDescCreate", ANYWHERE, d)); }
cublasStatus_t cublasLtMatmulDescDestroy(const cublasLtMatmulDesc_t d) { return dropped(d); }
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t, cublasLtMatmulDescAttributes_t, const void *, size_t) { return status(call("cublasLtMatmulDescSetAttribute", ANYWHERE)); }
cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *p) { return status(opened("cublasLtMatmulPreferenceCreate", ANYWHERE, p)); }
cublasStatus_t cublasLtMatmulPreferenceDestroy(const cublasLtMatmulPreference_t p) { return dropped(p); }
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t, cublasLtMatmulPreferenceAttributes_t which, const void *value, size_t)
{
	const int i = (int)which - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES;
	if (i >= 0 && i < 4)
		memcpy(&alignment[i], value, sizeof *alignment);
	return status(call("cublasLtMatmulPreferenceSetAttribute", ANYWHERE));
}
cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
					      cublasLtMatmulPreference_t, int, cublasLtMatmulHeuristicResult_t *, int *found)
{
	*found = 1;
	return status(call("cublasLtMatmulAlgoGetHeuristic", ANYWHERE));
}
cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t, const void *, const void *a, cublasLtMatrixLayout_t, const void *b, cublasLtMatrixLayout_t, const void *,
			      const void *, cublasLtMatrixLayout_t, void *d, cublasLtMatrixLayout_t, const cublasLtMatmulAlgo_t *, void *, size_t, cudaStream_t)
{
	const void *const p[4] = {a, b, d, d};
	for (int i = 0; i < 4; i++)
		if (!alignment[i] || (uintptr_t)p[i] % alignment[i])
			stop("cublasLtMatmul", "a pointer is less aligned than was said");
	return status(call("cublasLtMatmul", ANYWHERE));
}
}

