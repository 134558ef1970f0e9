"""objects.py -- the object of a model: its statuses and what a failed call leaves, its memory, shares, threads

Each program of tests/objects/ is compiled with the model of the same test and run; it says what is wrong and exits with 1.
"""
import glob, os, re, tempfile
import harness
from run import ROOT, Skip

HERE = os.path.join(ROOT, "tests/objects")
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"]
WRAP = ["-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc"]


def tests(options):
    for threads in ("none", "openmp"):
        for opt in ("-O0", "-O3"):
            yield "statuses %s %s" % (threads, opt), lambda t=threads, o=opt: program("statuses.c", ["every_check"], ["--threads", t, o], WRAP)
    yield "every kind of check", kinds


def program(source, models, modelc, cc=(), compiler="gcc", sanitize=SANITIZE, args=()):
    """compiles the models and the program, and runs it in a folder of its own"""
    with tempfile.TemporaryDirectory() as d:
        for m in models:
            path = os.path.join(HERE, m + ".model")
            harness.must([harness.MODELC, path if os.path.exists(path) else os.path.join(ROOT, "models", m + ".model"), "-o", d, *modelc])
        threads = ["-fopenmp"] if "openmp" in modelc else []
        harness.must([compiler, "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", *threads, *sanitize, "-I", os.path.join(ROOT, "runtime"), "-I", d,
                      os.path.join(HERE, source), *[os.path.join(d, m + ".c") for m in models], harness.runtime_library("gcc", sanitize is SANITIZE),
                      "-o", os.path.join(d, "program"), *cc, "-lpng", "-lz", "-lm"])
        return harness.must([os.path.join(d, "program"), *args], cwd=d)


# where the compiler adds checks, and how often: a new one gets a function in every_check.model and its lines in statuses.c
PLACES = {"block.c": 1, "branch.c": 1, "builtin_windows.c": 1, "loop.c": 1, "ops_subscript.c": 5}


def kinds():
    found = {}
    for path in sorted(glob.glob(os.path.join(ROOT, "compiler/check/*.c"))):
        n = len(re.findall(r"^[ \t]+.*\b(?:add_check|require_inside)\(", open(path).read(), re.M))
        if n:
            found[os.path.basename(path)] = n
    assert found == PLACES, "checks are added in %s, tested are those of %s" % (found, PLACES)
