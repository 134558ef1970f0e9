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
_made, _lock = {}, threading.Lock()


def tests(options):
    yield "1,000 steps", lambda: same(FMA + (MORE if options.all else []))
    yield "1,000 steps without multiply-adds", lambda: same(NO_FMA + (MORE_NO_FMA if options.all else []))
    if options.all:
        yield "1,000 steps, float64", lambda: same(FLOAT64)
    yield "1,000 steps, several instruction sets", dispatched
    yield "multiply-adds change little", close
    yield "functions", functions
    if options.all:
        yield "functions of every float32", floats


def once(key, make):
    """what make() gives, made once in a run"""
    with _lock:
        entry = _made.setdefault(key, [threading.Lock(), None])
    with entry[0]:
        if entry[1] is None:
            entry[1] = make()
        return entry[1]


def built(cc, flags, floatX, options):
    """the folder of a program `bits`; all work is shared out, however little it is.  With --dispatch, WITHOUT_SET=1 leaves one out"""
    d = tempfile.TemporaryDirectory(prefix="modelc-bits-")
    harness.must([harness.MODELC, os.path.join(HERE, "net.model"), "-o", d.name, "--blas", "none", "--floatX", floatX, *options])
    path = os.path.join(d.name, "net.c")
    text, n = re.subn(r"(#pragma omp parallel)( if \(.*\))?$", r"\1", open(path).read(), flags=re.M)
    assert n > 1, "%d parallel regions in net.c" % n
    text, n = re.subn(r"return &net_(avx\w+);", r'if (!getenv("WITHOUT_\1")) return &net_\1;', text)
    assert n == 2 * len(options), "%d sets in net.c" % n
    open(path, "w").write(text)
    harness.must([cc, *([] if any(f.startswith("-std") for f in flags) else ["-std=gnu99"]), "-fopenmp", *flags, "-DFLOAT=" + {"float32": "float", "float64": "double"}[floatX],
                  "-I", os.path.join(ROOT, "runtime"), "-I", d.name, os.path.join(HERE, "bits.c"), path, harness.runtime_library(), "-o", os.path.join(d.name, "bits"),
                  "-lpng", "-lz", "-lm"])
    return d


def train(cc, flags, floatX, threads, options=(), without=()):
    """{number of threads: (hash, sum of the costs)}"""
    key = cc, tuple(flags), floatX, tuple(options)
    folder = once(key, lambda: built(cc, flags, floatX, options))
    found = {}
    for t in threads:
        env = dict(os.environ, OMP_NUM_THREADS=str(t), OMP_DYNAMIC="false", OMP_WAIT_POLICY="passive", **{"WITHOUT_" + x: "1" for x in without})
        hash, cost = once((*key, t, tuple(without)), lambda: harness.must([os.path.join(folder.name, "bits"), "1000"], env=env).split())
        found[t] = hash, float(cost)
    return found


def same(rows):
    found = {(cc, " ".join(flags), t): r for cc, flags, floatX, threads in rows for t, r in train(cc, flags, floatX, threads).items()}
    assert len({hash for hash, _ in found.values()}) == 1, "\n".join("%s: %s" % x for x in found.items())
    assert all(50 < cost < 1500 for _, cost in found.values()), found  # it has learnt something, and more than nothing


def dispatched():
    """for any machine, by --dispatch: on this one the bits of -march=native, by AVX2 too; by neither, those without multiply-adds"""
    hash_of = lambda row, *more: list(train(*row, *more).values())[0][0]
    native, base = hash_of(FMA[0]), hash_of(NO_FMA[0])
    row = lambda cc: (cc, ["-O1"], "float32", [1], ["--dispatch"])
    assert hash_of(row("gcc")) == hash_of(row("clang"), ["avx512"]) == native != base
    assert hash_of(row("clang"), ["avx512", "avx2"]) == base


def close():
    """and what the test of equal bits would see: the two are not the same"""
    costs = [cost for row in (FMA[0], NO_FMA[0]) for _, cost in train(*row).values()]
    assert len(set(costs)) > 1 and max(costs) - min(costs) < CLOSE * min(costs), costs


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
        assert len(first) == 23 and len({l.split()[1] for l in first}) == 23, first
        for b in builds:
            wrong = [l.split()[0] for l, w in zip(found[b], first) if l != w]
            assert not wrong, "%s: not the bits of %s: %s" % (b, builds[0], " ".join(wrong))


MOST = 3  # units in the last place, as mc_math.h says


def floats():
    """the largest error of each function over all arguments: some ten minutes of a core"""
    with tempfile.TemporaryDirectory() as d:
        exe = os.path.join(d, "floats")
        harness.must(["gcc", "-O3", "-march=native", "-std=gnu99", "-Wall", "-Wextra", "-Werror", "-I", os.path.join(ROOT, "runtime"), os.path.join(HERE, "floats.c"), "-o", exe, "-lm"])
        lines = [l.split() for l in harness.must([exe], timeout=7200).splitlines()]
        assert len(lines) == 10 and all(float(error) <= MOST for _, error, _ in lines), lines
