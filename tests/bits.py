"""bits.py -- what is equal to the bit: a training of 1,000 steps and every elementwise function, by the hash of what comes out

Without contraction: for every number of threads, compiler, level from -O1 and vector width.  With contraction (the default of gcc and
clang): for every number of threads; the functions also at -O2 and -O3 of a compiler, and, but for those in APART, for both.  A training
then differs from one compiler or level to another, since gcc forms products of a sum's terms side by side, where no multiply-add takes
them; by how much is bounded here.
"""
import os, re, tempfile, threading
import harness
from run import ROOT

HERE = os.path.join(ROOT, "tests/bits")
OFF, NATIVE = "-ffp-contract=off", "-march=native"
# compiler, flags, floatX, numbers of threads
STRICT = [("gcc", ["-O1", OFF], "float32", [1]), ("gcc", ["-O3", NATIVE, OFF], "float32", [1, 2, 3, 4]),
          ("clang", ["-O1", OFF], "float32", [2]), ("clang", ["-O3", NATIVE, OFF], "float32", [3])]
ALSO = [("gcc", ["-O3", OFF], "float32", [2]), ("clang", ["-O2", OFF], "float32", [2])]
STRICT64 = [("gcc", ["-O3", NATIVE, OFF], "float64", [1, 3]), ("clang", ["-O1", OFF], "float64", [2])]
CONTRACTED = [("gcc", ["-O2", NATIVE], "float32", [1, 4]), ("gcc", ["-O3", NATIVE], "float32", [1, 3]), ("clang", ["-O3", NATIVE], "float32", [1, 2])]
# with contraction gcc and clang differ in the last digits of these: sums of two products, of which each fuses another one
APART = {"log_f64", "log1p_f64", "softplus_f64", "pow_f32", "pow_f64"}
CLOSE = 1e-5  # of the sum of the costs of 1,000 steps
_cost, _lock = {}, threading.Lock()


def tests(options):
    yield "1,000 steps without contraction", lambda: same(STRICT + (ALSO if options.all else []))
    if options.all:
        yield "1,000 steps without contraction, float64", lambda: same(STRICT64)
    for row in CONTRACTED:
        yield "1,000 steps, %s %s" % (row[0], row[1][0]), lambda row=row: same([row])
    yield "contraction changes little", close
    yield "functions", functions


def train(cc, flags, floatX, threads):
    """{number of threads: (hash, sum of the costs)}; all work is shared out, however little it is"""
    with tempfile.TemporaryDirectory() as d:
        harness.must([harness.MODELC, os.path.join(HERE, "net.model"), "-o", d, "--blas", "none", "--floatX", floatX])
        path = os.path.join(d, "net.c")
        text, n = re.subn(r"(#pragma omp parallel)( if \(.*\))?$", r"\1", open(path).read(), flags=re.M)
        assert n > 1, "%d parallel regions in net.c" % n
        open(path, "w").write(text)
        exe = os.path.join(d, "bits")
        harness.must([cc, "-std=gnu99", "-fopenmp", *flags, "-DFLOAT=" + {"float32": "float", "float64": "double"}[floatX], "-I", os.path.join(ROOT, "runtime"), "-I", d,
                      os.path.join(HERE, "bits.c"), path, harness.runtime_library(), "-o", exe, "-lpng", "-lz", "-lm"])
        found = {}
        for t in threads:
            env = dict(os.environ, OMP_NUM_THREADS=str(t), OMP_DYNAMIC="false", OMP_WAIT_POLICY="passive")
            hash, cost = harness.must([exe, "1000"], env=env).split()
            found[t] = hash, float(cost)
        with _lock:
            _cost[cc, " ".join(flags), floatX] = found[threads[0]][1]
        return found


def same(rows):
    found = {(cc, " ".join(flags), t): r for cc, flags, floatX, threads in rows for t, r in train(cc, flags, floatX, threads).items()}
    assert len({hash for hash, _ in found.values()}) == 1, "\n".join("%s: %s" % x for x in found.items())
    assert all(50 < cost < 1500 for _, cost in found.values()), found  # it has learnt something, and more than nothing


def close():
    for row in STRICT[1:2] + CONTRACTED:
        if (row[0], " ".join(row[1]), row[2]) not in _cost:
            train(*row[:3], [1])
    costs = {k: c for k, c in _cost.items() if k[2] == "float32"}
    assert len(costs) > 3 and max(costs.values()) - min(costs.values()) < CLOSE * min(costs.values()), costs


def functions():
    for contraction, builds in ((OFF, ["gcc -O1", "gcc -O3 -march=native", "clang -O1", "clang -O3 -march=native"]), ("-ffp-contract=fast", ["gcc -O2 -march=native", "gcc -O3 -march=native"]),
                                ("", ["gcc -O2 -march=native", "gcc -O3 -march=native", "clang -O2 -march=native", "clang -O3 -march=native"])):
        found = {}
        with tempfile.TemporaryDirectory() as d:
            for b in builds:
                exe = os.path.join(d, "f")
                harness.must([*b.split(), "-std=gnu99", *contraction.split(), "-I", os.path.join(ROOT, "runtime"), os.path.join(HERE, "functions.c"), "-o", exe, "-lm"])
                found[b] = harness.must([exe]).splitlines()
        first = found[builds[0]]
        both = contraction == ""
        assert len(first) == 22 and len({l.split()[1] for l in first}) == 22, first
        for b in builds:
            wrong = [l.split()[0] for l, w in zip(found[b], first) if l != w and not (both and b.startswith("clang") and l.split()[0] in APART)]
            assert not wrong, "%s %s: not the bits of %s: %s" % (b, contraction, builds[0], " ".join(wrong))
