"""cuda.py -- --target cuda without a GPU: the emulation runs every program, nvcc compiles what covers the kernels

In the emulation (runtime/mc_cuda.h) loops stand for threads; a program must say what the evaluator says, and the same bits where
the loops run downwards.  Under the address sanitizer memory of the device is fenced.
"""
import glob, itertools, os, re, shutil, subprocess, tempfile
import harness, values
from run import ROOT, Skip

NVCC = shutil.which("nvcc") or (os.path.exists("/usr/local/cuda/bin/nvcc") and "/usr/local/cuda/bin/nvcc") or None
CXX = ["-std=c++17", "-x", "c++", "-DMC_EMULATE", "-include", os.path.join(ROOT, "tests/cuda/order.h")]


def tests(options):
    paths = [p for folder in ("tests/values", "tests/programs", "models") for p in sorted(glob.glob(os.path.join(ROOT, folder, "*.model")))]
    paths = [p for p in paths if re.search(r"^# call ", open(p).read(), re.M)]
    rows = itertools.cycle([("float32", "-O3", False), ("float64", "-O0", True), ("float32", "-O0", False), ("float64", "-O3", False), ("float32", "-O3", True)])
    for path in paths:
        for floatX, level, sanitize in ([next(rows)] if not options.all else [(f, l, s) for f in ("float32", "float64") for l in ("-O3", "-O0") for s in (False, True)]):
            s = {"floatX": floatX, "level": level, "sanitize": sanitize, "blas": "none"}
            yield "emulation %s %s,%s%s" % (os.path.basename(path), floatX, level, ",asan" if sanitize else ""), lambda path=path, s=s: emulation(path, s)


class Emulated(harness.Program):
    """a model for a GPU, compiled with loops in place of threads"""

    def __init__(self, path, settings, flags=(), edit=None):
        self.folder = tempfile.TemporaryDirectory(prefix="modelc-test-")
        self.dir, self.name, s = self.folder.name, harness.model_name(path), settings
        harness.must([harness.MODELC, path, "-o", self.dir, "--target", "cuda", "--floatX", s["floatX"], "--blas", s["blas"], s["level"], *flags])
        source = os.path.join(self.dir, self.name + ".cu")
        if edit:
            text = open(source).read()
            open(source, "w").write(edit(text))
        sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"] if s["sanitize"] else []
        base = ["-O1" if not s["sanitize"] else "-O0", "-march=native", *sanitize, "-I", os.path.join(ROOT, "runtime"), "-I", self.dir]
        harness.must(["g++", *CXX, *harness.WARNINGS, *base, "-c", source, "-o", source + ".o"])
        objects = [source + ".o", harness.harness_object("gcc", self.name, s["sanitize"]), harness.runtime_library("gcc", s["sanitize"])]
        self.exe = os.path.join(self.dir, "harness")
        harness.must(["g++", *base, os.path.join(ROOT, "tests/cuda/order.c"), *objects, "-o", self.exe, "-lpng", "-lz", "-lm"])

    def downwards(self, lines):
        os.environ["MC_DOWNWARDS"] = "1"
        try:
            return self.talk(lines)
        finally:
            del os.environ["MC_DOWNWARDS"]


def emulation(path, settings):
    program, lines, answers = values.check(path, settings, Emulated)
    for line, one, other in zip(lines, answers, program.downwards(lines)):
        assert one == other, "%s\n  upwards   %s\n  downwards %s" % (line[:200], one[:400], other[:400])
