"""limits.py -- the machine's limits, measured: limits.c"""
import ctypes, functools, os
import shared

HERE = os.path.dirname(os.path.abspath(__file__))
# working sets for: memory, the last cache, the second cache (a thread)
SETS = {"memory": 200_000_000, "l3": 24_000_000, "l2": 256_000}


@functools.lru_cache
def library():
    lib = ctypes.CDLL(shared.compiled("limits", ["gcc", "-O3", "-march=native", "-std=gnu11", "-fopenmp"], [os.path.join(HERE, "limits.c")]))
    for f in (lib.fma_peak, lib.stream, lib.elements):
        f.restype = ctypes.c_double
    return lib


def measure(seconds):
    """-> "fma": GFLOP/s of two threads; ("read" or "copy", set, threads): GB/s; "exp", "sigmoid": 10^9 elements a second and thread"""
    lib, second = library(), ctypes.c_double(seconds)
    r = {"fma": lib.fma_peak(2, second)}
    for kind, s, t in [("read", s, 2) for s in SETS] + [("read", "l2", 1), ("copy", "memory", 2)]:
        r[kind, s, t] = lib.stream(t, int(kind == "copy"), ctypes.c_long(SETS[s] * (t if s == "l2" else 1)), second)
    for i, name in enumerate(("exp", "sigmoid")):
        r[name] = lib.elements(i, ctypes.c_long(8192), second)
        if r[name] < 0:
            raise RuntimeError("limits.c: %s is wrong" % name)
    return r


def best(samples):
    return {k: max(s[k] for s in samples) for k in samples[0]}
