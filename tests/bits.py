"""bits.py -- what is equal to the bit: a training of 1,000 steps and every elementwise function, by the hash of what comes out

Generated code says by name where it multiplies and adds with one rounding; so a machine that can do that gives the same bits for every
number of threads, compiler, level, width of vectors, and with contraction or without.  A machine that cannot, and -DMC_NO_FMA without
contraction, give others, which are equal among themselves; how far the two are apart is bounded here.
"""
import os, re, tempfile, threading
import harness
from run import ROOT

HERE = os.path.join(ROOT, "tests/bits")
OFF, NATIVE, HASWELL = "-ffp-contract=off", "-march=native", "-march=haswell"
# compiler, flags, floatX, numbers of threads
FMA = [("gcc", ["-O2", NATIVE], "float32", [1, 4]), ("gcc", ["-O3", NATIVE], "float32", [1, 2, 3]), ("gcc", ["-O1", HASWELL, OFF], "float32", [1]),
       ("clang", ["-O2", NATIVE], "float32", [1]), ("clang", ["-O3", NATIVE, OFF], "float32", [2])]
MORE = [("gcc", ["-O3", NATIVE, OFF], "float32", [2]), ("gcc", ["-O3", HASWELL], "float32", [1]), ("gcc", ["-O2", NATIVE, "-std=c99"], "float32", [3]),
        ("clang", ["-O1", HASWELL, OFF], "float32", [4]), ("clang", ["-O3", HASWELL], "float32", [3]), ("gcc", ["-O0", NATIVE], "float32", [1])]
NO_FMA = [("gcc", ["-O3"], "float32", [2]), ("clang", ["-O1", NATIVE, OFF, "-DMC_NO_FMA"], "float32", [1])]
MORE_NO_FMA = [("gcc", ["-O1"], "float32", [1]), ("clang", ["-O3"], "float32", [3]), ("gcc", ["-O3", NATIVE, OFF, "-DMC_NO_FMA"], "float32", [4])]
FLOAT64 = [("gcc", ["-O3", NATIVE], "float64", [1, 3]), ("clang", ["-O2", NATIVE], "float64", [2])]
CLOSE = 1e-5  # of the sum of the costs of 1,000 steps
_cost, _lock = {}, threading.Lock()


def tests(options):
    yield "1,000 steps", lambda: same(FMA + (MORE if options.all else []))
    yield "1,000 steps without multiply-adds", lambda: same(NO_FMA + (MORE_NO_FMA if options.all else []))
    if options.all:
        yield "1,000 steps, float64", lambda: same(FLOAT64)
    yield "1,000 steps, several instruction sets", dispatched
    yield "multiply-adds change little", close
    yield "functions", functions


def train(cc, flags, floatX, threads, options=(), without=()):
    """{number of threads: (hash, sum of the costs)}; all work is shared out, however little it is.  without: instruction sets"""
    with tempfile.TemporaryDirectory() as d:
        harness.must([harness.MODELC, os.path.join(HERE, "net.model"), "-o", d, "--blas", "none", "--floatX", floatX, *options])
        path = os.path.join(d, "net.c")
        for name in without:
            text = open(path).read()
            assert "return &net_%s;" % name in text
            open(path, "w").write(text.replace("return &net_%s;" % name, ";"))
        text, n = re.subn(r"(#pragma omp parallel)( if \(.*\))?$", r"\1", open(path).read(), flags=re.M)
        assert n > 1, "%d parallel regions in net.c" % n
        open(path, "w").write(text)
        exe = os.path.join(d, "bits")
        harness.must([cc, *([] if any(f.startswith("-std") for f in flags) else ["-std=gnu99"]), "-fopenmp", *flags, "-DFLOAT=" + {"float32": "float", "float64": "double"}[floatX], "-I", os.path.join(ROOT, "runtime"), "-I", d,
                      os.path.join(HERE, "bits.c"), path, harness.runtime_library(), "-o", exe, "-lpng", "-lz", "-lm"])
        found = {}
        for t in threads:
            env = dict(os.environ, OMP_NUM_THREADS=str(t), OMP_DYNAMIC="false", OMP_WAIT_POLICY="passive")
            hash, cost = harness.must([exe, "1000"], env=env).split()
            found[t] = hash, float(cost)
        with _lock:
            if not options:
                _cost[cc, " ".join(flags), floatX] = found[threads[0]][1]
        return found


def same(rows):
    found = {(cc, " ".join(flags), t): r for cc, flags, floatX, threads in rows for t, r in train(cc, flags, floatX, threads).items()}
    assert len({hash for hash, _ in found.values()}) == 1, "\n".join("%s: %s" % x for x in found.items())
    assert all(50 < cost < 1500 for _, cost in found.values()), found  # it has learnt something, and more than nothing


def dispatched():
    """for any machine, by --dispatch: on this one the bits of -march=native, by AVX2 too; by neither, those without multiply-adds"""
    hash_of = lambda found: found[1][0]
    native = hash_of(train("gcc", ["-O2", NATIVE], "float32", [1]))
    assert hash_of(train("gcc", ["-O2"], "float32", [1], ["--dispatch"])) == native
    assert hash_of(train("clang", ["-O1"], "float32", [1], ["--dispatch"], ["avx512"])) == native
    base = hash_of(train("clang", ["-O1"], "float32", [1], ["--dispatch"], ["avx512", "avx2"]))
    assert base != native and base == hash_of(train("gcc", ["-O1"], "float32", [1]))


def close():
    """and what the test of equal bits would see: the two are not the same"""
    for row in FMA[:1] + NO_FMA[:1]:
        if (row[0], " ".join(row[1]), row[2]) not in _cost:
            train(*row[:3], [1])
    costs = {k[:2]: c for k, c in _cost.items() if k[2] == "float32"}
    assert len(set(costs.values())) > 1 and max(costs.values()) - min(costs.values()) < CLOSE * min(costs.values()), costs


def functions():
    fma = ["gcc -O2 -march=native", "gcc -O3 -march=native", "gcc -O1 -march=haswell " + OFF, "clang -O1 -march=native", "clang -O3 -march=haswell"]
    without = ["gcc -O1", "gcc -O3", "clang -O3", "clang -O1 -march=native -DMC_NO_FMA " + OFF]
    for builds in fma, without:
        found = {}
        with tempfile.TemporaryDirectory() as d:
            for b in builds:
                exe = os.path.join(d, "f")
                harness.must([*b.split(), "-std=gnu99", "-I", os.path.join(ROOT, "runtime"), os.path.join(HERE, "functions.c"), "-o", exe, "-lm"])
                found[b] = harness.must([exe]).splitlines()
        first = found[builds[0]]
        assert len(first) == 22 and len({l.split()[1] for l in first}) == 22, first
        for b in builds:
            wrong = [l.split()[0] for l, w in zip(found[b], first) if l != w]
            assert not wrong, "%s: not the bits of %s: %s" % (b, builds[0], " ".join(wrong))
