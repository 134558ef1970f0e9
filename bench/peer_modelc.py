"""peer_modelc.py -- the models of bench/models, compiled by modelc.  variants: COMPILER MARCH THREADS, such as "gcc native 2";
"cuda native 1" for a GPU, "cuda emulate 1" for the emulation of one"""
import ctypes, os, subprocess
import numpy as np
import shared, spec

HERE = os.path.dirname(os.path.abspath(__file__))
MODELC = os.environ.get("MODELC", os.path.join(os.path.dirname(HERE), "build", "modelc"))
FLAGS = ["--standalone", "--blas", "none"]
CFLAGS = ["-O3", "-std=gnu99", "-fopenmp"]

# k steps from inside C, so that no time of a foreign call is in the number
LOOP = r"""
#include <math.h>
#include "@W.h"
#ifdef ON_GPU
#include <cuda_runtime_api.h>
#endif
void omp_set_num_threads(int n);
static @W *m;

/* -> the number of parameters, which are where *values points; negative: failed */
int64_t begin(int threads, float **values, int64_t n, void **data)
{
	size_t count = 0;
	omp_set_num_threads(threads);
	@W_free(m);
	if (!(m = @W_new(@SIZES))) return -1;
	@W_init(m, 1);
	@PARAMS
	@BIND
	(void)n, (void)data, (void)values;
	return (int64_t)count;
}
/* an array as steps get it: on the GPU, where that runs them */
void *resident(void *array, size_t bytes)
{
#ifdef ON_GPU
	void *there = NULL;
	return cudaMalloc(&there, bytes) || cudaMemcpy(there, array, bytes, cudaMemcpyHostToDevice) ? NULL : there;
#else
	(void)bytes;
	return array;
#endif
}
float many(int64_t i, int64_t k, void **a)
{
	float y = NAN, p[10] = {0};
	for (int64_t end = i + k; i < end; i++)
		if (@W_step(m, @CALL)) return NAN;
	(void)a;
	return @RESULT;
}
"""


def loop(w):
    batches = spec.nbatches(w) if w in spec.BATCH else 0
    names = [] if not batches else ["x", "y"] if w in ("lstm", "gpt") else ["images"] if w in ("dA", "rbm") else ["images", "labels"]
    call = {"tiny": "a[0], a[1], &y", "elementwise": "a[0], a[1], a[2], &y, a[3], a[4], a[5], a[6]",
            "softmax_xent": "a[0], a[1], &y, a[2]"}.get(w, "i %% %d, &y" % batches if batches else "a[0], p")
    text = LOOP.replace("@SIZES", "&(@W_sizes){0}" if batches else "")
    text = text.replace("@PARAMS", "*values = @W_params(m, &count);" if spec.params(w) else "")
    text = text.replace("@BIND", "\n\t".join("if (@W_bind_%s(m, n, data[%d])) return -2;" % (x, i) for i, x in enumerate(names)))
    text = text.replace("@CALL", call).replace("@RESULT", "p[0] + p[1] + p[2] + p[3] + p[4]" if w in spec.PREDICT else "y")
    return text.replace("@W", w)


def model(w):
    return os.path.join(HERE, "models", w + ".model")


def compiled_cuda(w, march):
    """for a GPU; or, as loops, for the machine"""
    root, folder = os.path.dirname(HERE), os.path.join(shared.BUILD, "models_cuda")
    os.makedirs(folder, exist_ok=True)
    subprocess.check_call([MODELC, model(w), "-o", folder, "--target", "cuda"])
    source = os.path.join(folder, w + "_loop.c")
    with open(source, "w") as f:
        f.write(loop(w))
    includes = ["-I", folder, "-I", os.path.join(root, "runtime")]
    libraries = (os.path.join(root, "build", "libmodelc_runtime.a"), "-lpng", "-lz", "-lm")
    cu, h = [os.path.join(folder, w + end) for end in (".cu", ".h")]
    if march == "emulate":
        return shared.compiled(w + "-emulated", ["gcc", "-O2", "-fopenmp", "-DMC_EMULATE", *includes], [source, "-x", "c++", cu, "-x", "none"],
                               libraries + ("-lstdc++",), others=[h])
    command = ["nvcc", "-DON_GPU", "-O3", "-std=c++17", "-fmad=false", "-arch=" + march, "-Xcompiler", "-fopenmp,-fPIC", *includes]
    return shared.compiled(w + "-cuda-" + march, command, [source, cu], libraries + ("-lcublasLt",), others=[h])


def compiled(w, compiler, march):
    """the model and the loop as a library"""
    if compiler == "cuda":
        return compiled_cuda(w, march)
    folder = os.path.join(shared.BUILD, "models")
    os.makedirs(folder, exist_ok=True)
    subprocess.check_call([MODELC, model(w), "-o", folder] + FLAGS)
    source = os.path.join(folder, w + "_loop.c")
    with open(source, "w") as f:
        f.write(loop(w))
    generated = [os.path.join(folder, w + end) for end in (".c", ".h")]
    return shared.compiled("-".join((w, compiler, march)), [compiler, "-march=" + march] + CFLAGS, [source, generated[0]],
                           others=generated[1:])


def build(w, variant):
    if not os.path.exists(model(w)):
        raise NotImplementedError("no model")
    compiler, march, threads = variant.split()
    lib = ctypes.CDLL(compiled(w, compiler, march))
    lib.begin.restype, lib.many.restype, lib.resident.restype = ctypes.c_int64, ctypes.c_float, ctypes.c_void_p
    n64 = ctypes.c_int64
    data, arrays = spec.data(w), spec.arrays(w)
    pointers = lambda of: (ctypes.c_void_p * max(1, len(of)))(*of)
    where = ctypes.POINTER(ctypes.c_float)()
    count = lib.begin(int(threads), ctypes.byref(where), n64(len(data[0]) if data else 0), pointers([x.ctypes.data for x in data]))
    values = [v.ravel() for v in spec.params(w).values()]
    if count != sum(v.size for v in values):
        raise RuntimeError("%d parameters, not %d" % (count, sum(v.size for v in values)))
    if count:
        np.ctypeslib.as_array(where, (count,))[:] = np.concatenate(values)
    a = pointers([lib.resident(ctypes.c_void_p(x.ctypes.data), ctypes.c_size_t(x.nbytes)) for x in arrays])

    def step(i):
        return lib.many(n64(i), n64(1), a)
    step.many = lambda i, k: lib.many(n64(i), n64(k), a)
    step.keep = data, arrays
    return step, float
