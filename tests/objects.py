"""objects.py -- the object of a model: its statuses and what a failed call leaves, its memory, shares, threads

Each program of tests/objects/ is compiled with the model of the same test and run; it says what is wrong and exits with 1.
"""
import glob, os, re, tempfile
import harness, values
from run import ROOT, Skip

HERE = os.path.join(ROOT, "tests/objects")
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"]
WRAP = ["-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc"]


def tests(options):
    for threads, opt in (("none", "-O3"), ("openmp", "-O0"), ("none", "-O0"), ("openmp", "-O3"))[:4 if options.all else 2]:
        yield "statuses %s %s" % (threads, opt), lambda t=threads, o=opt: program("statuses.c", ["every_check"], ["--threads", t, o], WRAP)
    for model, dims, more in PLACED:
        yield "place " + model, lambda m=model, d=dims, f=more: place(m, d, f)
    yield "share, two models", lambda: program("share.c", ["logistic_regression", "many_sizes"], ["--threads", "none"])
    yield "share, two models: threads", lambda: program("share.c", ["logistic_regression", "many_sizes"], ["--threads", "none"], sanitize=["-fsanitize=thread", "-g"])
    yield "share, two models: OpenMP", with_openmp
    yield "share, two models: OpenMP, a race is seen", planted_race
    for name in ("branches", "ends_of_loops"):
        yield "%s: OpenMP" % name, lambda name=name: raced(name)
    yield "every kind of check", kinds


# models with sizes to be placed for; lower.model has a function of every form
PLACED = [("falling", [50, 12, 3], ["-DBOUND=2"]), ("many_sizes", [50, 12, 5, 0, 9], []), ("every_check", [20, 3, 9, 8], []), ("logistic_regression", [20, 30, 20, 10], []),
          ("lower", [9, 5, 70], []), ("accumulator", [], [])]


def place(model, dims, more):
    program("place.c", [model], ["--threads", "none", *(["-D", "batch_size=10"] if model == "logistic_regression" else [])], ["-DNAME=" + model, "-DNDIMS=%d" % len(dims), '-DHEADER="%s.h"' % model, *more], args=list(map(str, dims)))


def find(model):
    return next(p for p in (os.path.join(ROOT, d, model + ".model") for d in ("tests/objects", "tests/unit", "models")) if os.path.exists(p))


TSAN = "ignore_noninstrumented_modules=1 halt_on_error=1"


def need_archer():
    """the thread sanitizer knows what LLVM's OpenMP orders, through its tool archer"""
    if not glob.glob("/usr/lib/llvm-*/lib/libarcher.so"):
        raise Skip("no libarcher.so: libomp-dev has it")


def with_openmp(change=None):
    need_archer()
    env = dict(os.environ, OMP_NUM_THREADS="2", TSAN_OPTIONS=TSAN)
    program("share.c", ["logistic_regression", "many_sizes"], ["--threads", "openmp", "--blas", "none"], compiler="clang", sanitize=["-fsanitize=thread", "-g"],
            env=env, change=change)


def planted_race():
    """each thread takes all rows"""
    try:
        with_openmp(lambda c: c.replace("#pragma omp for schedule(static)\n", "\n"))
    except AssertionError as e:
        assert "ThreadSanitizer: data race" in str(e), e
        return
    raise AssertionError("the race was not seen")


class Raced(harness.Program):
    """with threads for however little work, under the thread sanitizer"""

    def __init__(self, path, settings, flags=()):
        self.folder = tempfile.TemporaryDirectory(prefix="modelc-test-")
        self.dir, self.name = self.folder.name, harness.model_name(path)
        source, self.exe = os.path.join(self.dir, self.name + ".c"), os.path.join(self.dir, "harness")
        harness.must([harness.MODELC, path, "-o", self.dir, "--floatX", settings["floatX"], "--blas", "none", "--threads", "openmp", settings["level"], *flags])
        text = open(source).read()
        assert "#pragma omp parallel if (" in text, self.name
        open(source, "w").write(re.sub(r"(#pragma omp parallel) if .*", r"\1", text))
        harness.must(["clang", "-std=gnu11", "-O1", "-g", "-fopenmp", "-fsanitize=thread", "-I", os.path.join(ROOT, "runtime"), "-I", self.dir, "-DMODEL=%s_model" % self.name,
                      source, os.path.join(ROOT, "tests/harness.c"), harness.runtime_library(), "-o", self.exe, "-lpng", "-lz", "-lm"])

    def talk(self, lines, timeout=120, threads="3"):
        return super().talk(lines, timeout, threads)


def raced(name):
    need_archer()
    os.environ["TSAN_OPTIONS"] = TSAN
    values.check(os.path.join(ROOT, "tests/values", name + ".model"), {"floatX": "float32", "level": "-O3"}, Raced)


def program(source, models, modelc, cc=(), compiler="gcc", sanitize=SANITIZE, args=(), env=None, change=None):
    """compiles the models and the program, and runs it in a folder of its own; change: of the models' C"""
    with tempfile.TemporaryDirectory() as d:
        for m in models:
            harness.must([harness.MODELC, find(m), "-o", d, *modelc])
            if change:
                path = os.path.join(d, m + ".c")
                text = open(path).read()
                assert change(text) != text, m
                open(path, "w").write(change(text))
        threads = ["-fopenmp"] if "openmp" in modelc else []
        harness.must([compiler, "-pthread", "-std=gnu11", "-O0", *threads, *sanitize, "-I", os.path.join(ROOT, "runtime"), "-I", d,
                      os.path.join(HERE, source), *[os.path.join(d, m + ".c") for m in models], harness.runtime_library(compiler, sanitize is SANITIZE),
                      "-o", os.path.join(d, "program"), *cc, "-lpng", "-lz", "-lm"])
        return harness.must([os.path.join(d, "program"), *args], cwd=d, env=env)


# where the compiler adds checks, and how often: a new one gets a function in every_check.model and its lines in statuses.c
PLACES = {"block.c": 1, "branch.c": 1, "builtin_windows.c": 1, "loop.c": 1, "ops_subscript.c": 5}


def kinds():
    found = {}
    for path in sorted(glob.glob(os.path.join(ROOT, "compiler/check/*.c"))):
        n = len(re.findall(r"^[ \t]+.*\b(?:add_check|require_inside)\(", open(path).read(), re.M))
        if n:
            found[os.path.basename(path)] = n
    assert found == PLACES, "checks are added in %s, tested are those of %s" % (found, PLACES)
