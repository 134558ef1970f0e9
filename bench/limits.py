"""limits.py -- the machine's limits, measured: limits.c"""
import ctypes, os
import shared

HERE = os.path.dirname(os.path.abspath(__file__))
# working sets for: memory, the last cache, the second cache (a thread)
SETS = {"memory": 600_000_000, "l3": 24_000_000, "l2": 256_000}


def measure(seconds, rounds=3):
    """-> fma: GFLOP/s by threads; read, copy: GB/s by (set, threads); exp, sigmoid: 10^9 elements a second and thread"""
    lib = ctypes.CDLL(shared.compiled("limits", ["gcc", "-O3", "-march=native", "-std=gnu11", "-fopenmp"],
                                      [os.path.join(HERE, "limits.c")]))
    for f in (lib.fma_peak, lib.stream, lib.elements):
        f.restype = ctypes.c_double
    second = ctypes.c_double(seconds)
    wanted = [("read", s, t) for s in SETS for t in (1, 2)] + [("copy", "memory", 2)]
    r = {"read": {}, "copy": {}, "fma": {t: lib.fma_peak(t) for t in (1, 2)}}
    for _ in range(rounds):
        for kind, s, t in wanted:
            size = SETS[s] * (t if s == "l2" else 1)
            gb = lib.stream(t, int(kind == "copy"), ctypes.c_long(size), second)
            r[kind][s, t] = max(r[kind].get((s, t), 0), gb)
        for i, name in enumerate(("exp", "sigmoid")):
            rate = lib.elements(i, ctypes.c_long(8192), second)
            if rate < 0:
                raise RuntimeError("limits.c: %s is wrong" % name)
            r[name] = max(r.get(name, 0), rate)
    return r
