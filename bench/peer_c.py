"""peer_c.py -- C by hand, peer_c.c.  variants: threads, 1 or 2"""
import ctypes, os
import numpy as np
import shared, spec

HERE = os.path.dirname(os.path.abspath(__file__))
# the order of many() in peer_c.c
WORKLOADS = ["logreg", "mlp", "mlp_adam", "lenet", "gpt", "tiny", "elementwise", "softmax_xent", "p_logreg", "p_mlp", "p_lenet"]
CC = ["gcc", "-O3", "-march=native", "-ffast-math", "-fopenmp"]


def pointers(arrays):
    return (ctypes.c_void_p * max(1, len(arrays)))(*[a.ctypes.data for a in arrays])


def build(w, variant):
    if w not in WORKLOADS:
        raise NotImplementedError("not written in C")
    lib = ctypes.CDLL(shared.compiled("peer_c", CC, [os.path.join(HERE, "peer_c.c")], ["-lopenblas", "-lmvec", "-lm"]))
    lib.many.restype = ctypes.c_float
    lib.threads(int(variant))
    values = [np.ascontiguousarray(v) for v in spec.params(w).values()]
    data, arrays = spec.data(w), spec.arrays(w)
    if data:
        lib.dataset(*[ctypes.c_void_p(x.ctypes.data) for x in data], len(data[0]))
    p, a, k = pointers(values), pointers(arrays), WORKLOADS.index(w)

    def step(i):
        return lib.many(k, p, i, 1, a)
    step.many = lambda i, n: lib.many(k, p, i, n, a)
    step.keep = values, data, arrays
    return step, float
