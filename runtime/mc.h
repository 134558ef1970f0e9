/* mc.h -- what a generated model and everything around it agree on: status, types, tables
 *
 * A generated file includes this header and no other of the runtime but mc_math.h, mc_simd.h and
 * mc_random.h.  The tables say of a model what save, load and the driver must know; none of them
 * knows any model.
 *
 * Sizes in tables are written so:  28 a constant,  MC_DIM(k) the model's dim number k,
 * MC_FORMULA a call of `formula`. */
#ifndef MC_H
#define MC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- status: 0 is fine; a positive one is the number of a check in its model */
typedef int mc_status;
enum {
	MC_OK = 0,
	MC_NOT_READY = -1, /* no init, load, or set of every variable yet */
	MC_NOT_BOUND = -2, /* data that the call reads is not bound */
	MC_NULL = -3, /* an argument is a null pointer */
	MC_SIZE = -4, /* a size outside its bounds, or over the maximum the object was made for */
	MC_NO_MEMORY = -5,
	MC_IO = -6, /* a file could not be read or written */
	MC_FORMAT = -7, /* a file does not hold what its format says */
	MC_MISMATCH = -8, /* a file is of another model */
	MC_DEVICE = -9,
	MC_POISONED = -10 /* an earlier device error left the object unusable */
};

/* ---- how code is marked */
#ifdef __cplusplus
#define MC_RESTRICT __restrict
#else
#define MC_RESTRICT restrict
#endif

#if defined(__CUDACC__)
#define MC_INLINE static inline __attribute__((unused)) __host__ __device__
#define MC_NOINLINE
#define MC_MAYBE_UNUSED __attribute__((unused))
#elif defined(__GNUC__) || defined(__clang__)
#define MC_INLINE static inline __attribute__((always_inline, unused))
#define MC_NOINLINE __attribute__((noinline))
#define MC_MAYBE_UNUSED __attribute__((unused))
#else
#define MC_INLINE static inline
#define MC_NOINLINE
#define MC_MAYBE_UNUSED
#endif

/* MC_SIMD before a loop: its iterations are independent.  MC_UNROLL: unroll it whole. */
#if defined(__CUDACC__)
#define MC_SIMD
#elif defined(__clang__) /* unrolled whole first, a short loop would leave the one around it to vectors */
#define MC_SIMD _Pragma("clang loop vectorize(assume_safety) unroll(disable)")
#elif defined(_OPENMP)
#define MC_SIMD _Pragma("omp simd")
#elif defined(__GNUC__)
#define MC_SIMD _Pragma("GCC ivdep")
#else
#define MC_SIMD
#endif
#if defined(__CUDA_ARCH__)
#define MC_UNROLL _Pragma("unroll")
#elif defined(__CUDACC__)
#define MC_UNROLL
#elif defined(__clang__)
#define MC_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define MC_UNROLL _Pragma("GCC unroll 64")
#else
#define MC_UNROLL
#endif
/* what stands there will be read soon: into the second cache, the first is full of what is worked on now; or changed: then no other core
 * keeps the line, for which the store would wait */
#if defined(__GNUC__)
#define MC_AHEAD(p) __builtin_prefetch(p, 0, 2)
#define MC_AHEAD_OWN(p) __builtin_prefetch(p, 1, 2)
#else
#define MC_AHEAD(p) (void)0
#define MC_AHEAD_OWN(p) (void)0
#endif

/* the text of a common status; a model's NAME_status_text answers for its own checks and asks
 * this for the rest */
MC_INLINE const char *mc_status_text(mc_status status)
{
	switch (status) {
	case MC_OK: return "no error";
	case MC_NOT_READY:
		return "the model has no values yet: init, load, or set every variable first";
	case MC_NOT_BOUND: return "the call reads data that is not bound";
	case MC_NULL: return "an argument is a null pointer";
	case MC_SIZE:
		return "a size is outside its bounds or over the maximum that the model was made for";
	case MC_NO_MEMORY: return "out of memory";
	case MC_IO: return "the file could not be read or written";
	case MC_FORMAT: return "the file is damaged or not of its format";
	case MC_MISMATCH: return "the file does not belong to this model";
	case MC_DEVICE: return "the device reported an error";
	case MC_POISONED: return "an earlier device error left the model unusable";
	default: return "unknown status";
	}
}

/* ---- checked arithmetic on sizes: *bad becomes 1 on overflow, and stays as it is otherwise */
MC_INLINE int64_t mc_add(int64_t a, int64_t b, int *bad)
{
	if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) {
		*bad = 1;
		return 0;
	}
	return a + b;
}

MC_INLINE int64_t mc_mul(int64_t a, int64_t b, int *bad)
{
#if (defined(__GNUC__) || defined(__clang__)) && !defined(__CUDA_ARCH__)
	int64_t c;
	if (__builtin_mul_overflow(a, b, &c)) {
		*bad = 1;
		return 0;
	}
	return c;
#else
	if (a != 0 && b != 0 &&
	    (a > 0 ? (b > 0 ? a > INT64_MAX / b : b < INT64_MIN / a)
	           : (b > 0 ? a < INT64_MIN / b : b < INT64_MAX / a))) {
		*bad = 1;
		return 0;
	}
	return a * b;
#endif
}

/* floor(a / b) for b > 0 */
MC_INLINE int64_t mc_size_floor(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* ---- types, in the order of the compiler's table */
typedef enum mc_dtype {
	MC_BOOL, /* uint8_t, 0 or 1 */
	MC_INT8,
	MC_INT16,
	MC_INT32,
	MC_INT64,
	MC_UINT8,
	MC_UINT16,
	MC_UINT32,
	MC_UINT64,
	MC_FLOAT16,
	MC_BFLOAT16,
	MC_FLOAT32,
	MC_FLOAT64,
	MC_COMPLEX64,
	MC_COMPLEX128
} mc_dtype;

#define MC_MAX_RANK 8
#define MC_DIM(k) (-1 - (int64_t)(k))
#define MC_FORMULA INT64_MIN

/* dims: values of all the model's dims, in their order */
typedef int64_t (*mc_formula)(const int64_t *dims, int axis);

typedef struct mc_type {
	mc_dtype dtype;
	int rank;
	int64_t size[MC_MAX_RANK];
	mc_formula formula; /* NULL where no size is MC_FORMULA */
} mc_type;

/* ---- tables */
typedef enum mc_kind { MC_PARAM, MC_SHARED, MC_DATA } mc_kind;

/* A variable or data.  One that a fold stacks has one row an instance: "blocks.0.qkv.W",
 * "blocks.1.qkv.W". */
typedef struct mc_tensor {
	const char *name;
	mc_kind kind;
	mc_type type;
	int64_t instance; /* of a stacked one, from 0: handed to get and set; else 0 */
	const void *(*get)(const void *model,
	                   int64_t instance); /* param, shared: its values, borrowed */
	void (*set)(void *model, int64_t instance,
	            const void *values); /* param, shared: copies them in */
	mc_status (*bind)(void *model, const int64_t *dims,
	                  const void *values); /* data: dims as in mc_formula */
} mc_tensor;

typedef struct mc_value { /* an argument or an output of a function */
	const char *name;
	mc_type type;
	int has_default;
	double value; /* the default */
} mc_value;

typedef struct mc_function {
	const char *name;
	int ndims; /* dims that are arguments, in the order of the call */
	const int *dim; /* indices into the model's dims */
	int nargs;
	const mc_value *arg;
	int nouts;
	const mc_value *out;
	int updates; /* it writes state */
	/* The leading size of its symbols, after givens: a constant, MC_DIM(k), or 0 if that is not
	 * known.  It weighs means over several calls. */
	int64_t rows;
	/* dims: values of `dim`, in that order; args: a pointer each, scalars too; outs: a
	 * pointer each, NULL: not wanted */
	mc_status (*call)(void *model, const int64_t *dims, const void *const *args,
	                  void *const *outs);
} mc_function;

typedef struct mc_dim {
	const char *name; /* of a `?`: a_0, as in NAME_sizes */
	int64_t min, max; /* max -1: none */
	int exact; /* the size of a param or shared; else a maximum for calls */
} mc_dim;

/* With --profile: what the steps of its functions are, and what their calls have taken. */
typedef struct mc_step {
	const char *function, *kernel, *computes;
} mc_step;

typedef struct mc_profile {
	int64_t calls, nanoseconds;
	double flops, functions, bytes; /* of all calls: operations on floats, exps and their kin, memory read and written */
} mc_profile;

typedef struct mc_model {
	const char *name;
	mc_dtype floatX;
	int ndims;
	const mc_dim *dims; /* as the fields of NAME_sizes */
	int ntensors;
	const mc_tensor *tensors;
	int nfunctions;
	const mc_function *functions;
	size_t (*bytes)(const int64_t *dims); /* 0 on overflow */
	void *(*create)(const int64_t *dims); /* NULL: no memory, or a size outside its bounds */
	void (*destroy)(void *model);
	void (*init)(void *model, uint64_t seed);
	int (*ready)(const void *model); /* every param and shared has a value */
	void (*get_dims)(const void *model, int64_t *dims); /* as it was created */
	void (*get_random)(const void *model, uint64_t *seed, uint64_t *call);
	void (*set_random)(void *model, uint64_t seed, uint64_t call);
	const char *(*status_text)(mc_status);
	/* with --profile, else 0 and NULL */
	int nsteps;
	const mc_step *steps; /* in rows that no step is for: NULL names */
	const mc_profile *(*profile)(const void *model); /* nsteps rows */
	void (*limits)(double *flops, double *functions, double *bytes); /* what the machine can do in a second, measured when it is called */
	/* for a GPU, else NULL */
	size_t (*device_bytes)(const int64_t *dims); /* of its memory; 0 on overflow */
	const char *(*device_error)(const void *model); /* what CUDA said when calls gave MC_DEVICE; of NULL: why no GPU can be used; or NULL */
} mc_model;

/* ---- files (mc_save.c): all param and shared, the seed and the call number; .npz or
 * .safetensors by the path's ending. A failed load changes nothing; a failed save leaves an
 * older file of that name as it was. */
mc_status mc_save(const mc_model *, const void *model, const char *path);
mc_status mc_load(const mc_model *, void *model, const char *path);

#ifdef __cplusplus
}
#endif
#endif
