"""cuda.py -- --target cuda, also without a GPU: the emulation runs every program, nvcc compiles what covers the kernels

In the emulation (runtime/mc_cuda.h) loops stand for threads; a program must say what the evaluator says, and the same bits where
the loops run downwards.  Under the address sanitizer memory of the device is fenced.  What a barrier is missing for the emulation
cannot see: the text is read for it.  nvcc compiles without a warning, and no kernel spills a register.  Where there is a GPU the
programs run on it too.
"""
import concurrent.futures, glob, itertools, json, os, re, subprocess, tempfile
import harness, random_programs, random_rules, values
from run import ROOT, Skip

CXX = ["-std=c++17", "-x", "c++", "-DMC_EMULATE", "-include", os.path.join(ROOT, "tests/cuda/order.h")]
ARCHS = ["sm_75", "sm_80", "sm_90", "sm_100"]
# every shape of kernel: rows, blocks of rows, sums over rows, tiles with sums in parts, windows, loops, branches, draws, gathers
COVER = ["models/logistic_regression.model", "tests/values/conv_pool.model", "tests/values/scans.model", "tests/values/gathers.model"]


def find_nvcc():
    for folder in os.environ.get("PATH", "").split(os.pathsep) + ["/usr/local/cuda/bin"]:
        if os.access(os.path.join(folder, "nvcc"), os.X_OK):
            return os.path.join(folder, "nvcc")
    return None


def tests(options):
    paths = [p for folder in ("tests/values", "tests/programs", "models") for p in sorted(glob.glob(os.path.join(ROOT, folder, "*.model")))]
    paths = [p for p in paths if re.search(r"^# call ", open(p).read(), re.M)]
    small = [p for p in paths if "tests/values" in p or p.endswith("logistic_regression.model")]
    rows = itertools.cycle([("float32", "-O3", False), ("float64", "-O0", False), ("float32", "-O0", False), ("float64", "-O3", False), ("float32", "-O3", True)])
    for path in paths if options.all else small:
        for floatX, level, sanitize in ([next(rows)] if not options.all else [(f, l, s) for f in ("float32", "float64") for l in ("-O3", "-O0") for s in (False, True)]):
            s = {"floatX": floatX, "level": level, "sanitize": sanitize, "blas": "none", "cxx": "g++" if options.all else "clang++"}
            yield "emulation %s %s,%s%s" % (os.path.basename(path), floatX, level, ",asan" if sanitize else ""), lambda path=path, s=s: emulation(path, s)
        yield "barriers " + os.path.basename(path), lambda path=path: barriers(path)
    for sanitize in (False, True) if options.all else (False,):
        yield "products" + (" asan" if sanitize else ""), lambda sanitize=sanitize: products(sanitize)
    yield "object", object_
    yield "standalone", standalone
    yield "shared out", shared_out
    yield "large indices", large_indices
    for seed in range(1, 21 if options.all else 2):
        yield "random programs, seed %d" % seed, lambda seed=seed: random_(seed)
    yield "bench", bench
    yield "make", make_says
    yield "driver", driver
    yield "a planted race", planted_race
    yield "a planted write outside", planted_write
    yield "a planted lack of a barrier", planted_barrier
    cover = [os.path.join(ROOT, p) for p in COVER] + [LARGE]
    others = sorted(glob.glob(os.path.join(ROOT, "bench/models/[!p]*.model")) + [os.path.join(ROOT, "tests/values/images.model")]) if not options.all else \
        sorted({*paths, *glob.glob(os.path.join(ROOT, "models/*.model")), *glob.glob(os.path.join(ROOT, "bench/models/*.model"))} - {*cover})
    turns = itertools.cycle(ARCHS)
    for path in cover + others:
        archs = ARCHS if path in cover or options.all else [next(turns)]
        yield "nvcc %s %s" % (os.path.relpath(path, ROOT), " ".join(archs)), lambda path=path, archs=archs: nvcc(path, archs)
    yield "nvcc functions float64 " + " ".join(ARCHS), lambda: nvcc(os.path.join(ROOT, "tests/cuda/functions.model"), ARCHS, ["--floatX", "float64"])
    yield "calls", calls
    yield "without a GPU", without_gpu
    yield "on a GPU: programs", lambda: on_gpu_programs(paths if options.all else small)
    for f in on_gpu_products, on_gpu_object, on_gpu_make, on_gpu_bench:
        yield "on a GPU: " + f.__name__[7:], f


# ---- loops in place of threads

class Emulated(harness.Program):
    """a model for a GPU, compiled with loops in place of threads"""

    def __init__(self, path, settings, flags=(), edit=None):
        self.folder = tempfile.TemporaryDirectory(prefix="modelc-test-")
        self.dir, self.name, s = self.folder.name, harness.model_name(path), settings
        harness.must([harness.MODELC, path, "-o", self.dir, "--target", "cuda", "--floatX", s["floatX"], "--blas", s["blas"], s["level"], *flags])
        source = os.path.join(self.dir, self.name + ".cu")
        if edit:
            text = open(source).read()
            assert edit(text) != text, "nothing to plant"
            open(source, "w").write(edit(text))
        sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"] if s["sanitize"] else []
        # clang is the faster one without optimisation
        cxx, level = ("g++", "-O1") if s.get("cxx") == "g++" else ("clang++", "-O0")
        base = ["-O0" if s["sanitize"] else level, *sanitize, "-I", os.path.join(ROOT, "runtime"), "-I", self.dir]
        harness.must([cxx, *CXX, *harness.WARNINGS, *base, "-c", source, "-o", source + ".o"])
        cc = "gcc" if cxx == "g++" else "clang"
        objects = [source + ".o", harness.harness_object(cc, s["sanitize"]), harness.runtime_library(cc, s["sanitize"])]
        self.exe = os.path.join(self.dir, "harness")
        harness.must([cxx, *base, *objects, "-Wl," + harness.for_model(self.name), "-o", self.exe, "-lpng", "-lz", "-lm"])

    def downwards(self, lines):
        return self.talk(["downwards"] + lines)[1:]


def emulation(path, settings):
    program, lines, answers = values.check(path, settings, Emulated)
    for line, one, other in zip(lines, answers, program.downwards(lines)):
        assert one == other, "%s\n  upwards   %s\n  downwards %s" % (line[:200], one[:400], other[:400])


LARGE = os.path.join(ROOT, "tests/cuda/large.model")


def products(sanitize):
    """those for cuBLASLt, with what it does to them; in the emulation a loop stands for it"""
    program, _, _ = values.check(LARGE, {"floatX": "float32", "level": "-O3", "sanitize": sanitize, "blas": "cublaslt"}, Emulated)
    source = open(os.path.join(program.dir, "large.cu")).read()
    calls = re.findall(r"mc_product_f32\(([^;]*)\);", source)
    epilogues = {tuple(x.strip() for x in c.split(",")[-2:]) for c in calls}
    assert {("NULL", "0"), ("NULL", "1"), ("b", "0"), ("b", "1")} <= epilogues, epilogues
    assert any(c.split(",")[6].strip() == "2" for c in calls), "no batch"
    assert {tuple(x.strip() for x in c.split(",")[1:3]) for c in calls} >= {("0", "0"), ("0", "1")}, "none is turned around"


PLANTED = """model planted
dim n
symbol x : floatX[n, 200]
function f(x) -> s = sum(x, axis = 1), y = exp(x)
"""
LINES = ["new 3", "init 0", "call f 3 : " + " ".join(str(i % 7) for i in range(600))]


def planted(edit, sanitize):
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "planted.model")
        open(path, "w").write(PLANTED)
        program = Emulated(path, {"floatX": "float32", "level": "-O3", "sanitize": sanitize, "blas": "none"}, edit=edit)
        run = lambda more: subprocess.run([program.exe], input="".join(l + "\n" for l in more + LINES), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return run([]), run(["downwards"])


def planted_race():
    """lanes are added in halves; with another half a thread reads what its neighbour writes"""
    one, other = planted(lambda t: re.sub(r"lane\[l \+ 32\]", "lane[l + 1]", t), False)
    assert one.returncode == other.returncode == 0
    assert one.stdout.split()[-1] != "" and one.stdout.replace("ok\n", "", 1) != other.stdout.replace("ok\nok\n", "ok\n", 1), "the race was not seen"


def planted_write():
    one, _ = planted(lambda t: re.sub(r"MC_EACH\(at, (n \* 200), 128\)", r"MC_EACH(at, \1 + 40, 128)", t), True)
    assert one.returncode and "AddressSanitizer" in one.stderr, one.stderr[-2000:]
    one, _ = planted(lambda t: re.sub(r"MC_EACH\(at, (n \* 200), 128\)", r"MC_EACH(at, \1 + 41, 128)", t), False)
    assert one.returncode == -6, "more steps than threads were not seen"


def build_object(d, arch=None):
    """tests/cuda/object.cc with its model: by nvcc, or as the emulation"""
    harness.must([harness.MODELC, os.path.join(ROOT, "tests/cuda/object.model"), "-o", d, "--target", "cuda"])
    includes = ["-I", os.path.join(ROOT, "runtime"), "-I", d]
    source, end = os.path.join(ROOT, "tests/cuda/object.cc"), ["-o", os.path.join(d, "object"), "-lpng", "-lz", "-lm"]
    if arch:
        return harness.must([find_nvcc(), "-std=c++17", "-fmad=false", arch, *includes, "-x", "cu", source, "-L", os.path.dirname(harness.runtime_library()), "-lmodelc_runtime", *end])
    flags = ["-O0", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    return harness.must(["g++", *CXX[:1], "-DMC_EMULATE", *harness.WARNINGS, *flags, *includes, source, harness.runtime_library("gcc", True), *end])


def object_():
    """memory, mirror, shares, graphs, an error of the device: a program that looks inside"""
    with tempfile.TemporaryDirectory(prefix="modelc-test-") as d:
        out = build_object(d) + harness.must([os.path.join(d, "object")])
        assert out == "good\n", out


def standalone():
    """one file and its header are all; what it exports begins with the model's name; -MD speaks of it"""
    with tempfile.TemporaryDirectory(prefix="modelc-test-") as d:
        harness.must([harness.MODELC, os.path.join(ROOT, "tests/cuda/object.model"), "-o", d, "--target", "cuda", "--standalone", "-MD"])
        assert open(os.path.join(d, "object.d")).read().startswith("%s/object.h %s/object.cu:" % (d, d))
        harness.must(["clang++", *CXX[:3], "-DMC_EMULATE", *harness.WARNINGS, "-O0", "-c", os.path.join(d, "object.cu"), "-o", os.path.join(d, "object.o")])
        exported = re.findall(r"^\S+ [TDB] (\S+)$", harness.must(["nm", os.path.join(d, "object.o")]), re.M)
        assert len(exported) > 10 and all(x.startswith("object_") for x in exported), exported


def random_(seed):
    """programs by chance: as the evaluator, upwards and downwards, with the barriers that they need"""
    program = random_programs.valid(random_rules.generate(seed, random_programs.EACH))
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, program.name + ".model")
        open(path, "w").write(program.text())
        barriers(path)
        emulation(path, {"floatX": ["float32", "float64"][seed % 2], "level": ["-O0", "-O3"][seed // 2 % 2], "sanitize": seed % 4 == 0, "blas": "none"})


def bench_python(folder, code):
    """runs it where bench_cuda and what it imports are there"""
    import formats_numpy
    path = os.environ["PATH"] + os.pathsep + os.path.dirname(find_nvcc() or "")
    return harness.must([formats_numpy.python()[0], "-c", "import sys, peer_modelc, bench_cuda\n" + code], cwd=os.path.join(ROOT, "bench"),
                        env=dict(os.environ, PATH=path, PEER_BUILD=folder, MODELC=harness.MODELC), timeout=1200)


# losses of a GPU, or the emulation of one, are those of the C target
BENCH_LOSSES = """
for w in '%s'.split():
    steps = [peer_modelc.build(w, v)[0] for v in ('%s', 'gcc native 1')]
    losses = [[s(i) for s in steps] for i in range(3)]
    assert all(abs(a - b) <= 1e-5 * abs(b) for a, b in losses) and (losses[0][0] > losses[2][0] or w != 'tiny'), (w, losses)
"""


def bench():
    """the losses that bench-cuda compares, and its table"""
    with tempfile.TemporaryDirectory(prefix="modelc-bench-") as d:
        table = bench_python(d, BENCH_LOSSES % ("tiny", "cuda emulate 1") + "print(bench_cuda.text([dict(workload='tiny', who='modelc cuda', median_us=2.5, agrees=True)]))")
    assert "| tiny" in table and "2.5" in table, table


def has_gpu():
    return not subprocess.run(["sh", "-c", "nvidia-smi -L"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).returncode


def make_says():
    """in one line what is missing, before anything is built"""
    if has_gpu():
        raise Skip("there is a GPU")
    for target in "train", "bench-cuda":
        code, out = harness.run(["make", "--no-print-directory", "-o", "modelc-build", "-o", "setup-data", target, "TARGET=cuda", "NVCC=sh"], cwd=ROOT)
        lines = [l for l in out.splitlines() if not re.match(r"make(\[\d+\])?: \*\*\*", l)]
        assert code and lines == ["make: TARGET=cuda needs a GPU, and nvidia-smi finds none"], out
    code, out = harness.run(["make", "--no-print-directory", "train", "TARGET=cuda", "NVCC=/nonexistent/nvcc"], cwd=ROOT)
    assert code and out.startswith("make: TARGET=cuda needs nvcc, of the CUDA toolkit; NVCC= says where it is\n"), out


def measured(out, calls):
    """profile.json: the steps of each of so many calls, with the time and FLOPs of the product"""
    steps = {s["kernel"]: s for s in json.load(open(os.path.join(out, "profile.json")))["steps"]}
    trained = [s for k, s in steps.items() if k.startswith("train_model_")]
    assert len(trained) >= 5 and all(s["calls"] == calls for s in trained), steps
    product = steps["train_model_product"]
    assert product["seconds"] > 0 and product["least_seconds"] > 0 and product["flops"] >= calls * 2 * 50 * 784 * 10, product


def driver():
    """the program of a model trains, in emulation, measures its steps, and its state is read again"""
    with tempfile.TemporaryDirectory(prefix="modelc-test-") as d:
        model = os.path.join(ROOT, "models/logistic_regression.model")
        harness.must([harness.MODELC, model, "-o", d, "--target", "cuda", "--driver", "--profile", "-D", "n_fit=1500", "-D", "batch_size=50"])
        flags = ["-O2", "-I", os.path.join(ROOT, "runtime"), "-I", d]
        name = os.path.join(d, "logistic_regression")
        harness.must(["g++", "-std=c++17", "-x", "c++", "-DMC_EMULATE", *flags, "-c", name + ".cu", "-o", name + ".o"])
        harness.must(["gcc", "-std=gnu99", *flags, "-c", name + "_driver.c", "-o", name + "_driver.o"])
        harness.must(["g++", name + ".o", name + "_driver.o", harness.runtime_library(), "-o", name, "-lpng", "-lz", "-lm"])
        out = os.path.join(d, "out")
        text = harness.must([name, "train", "--data", os.path.join(ROOT, "models/data"), "--out", out, "--epochs", "2"])
        errors = [float(x) for x in re.findall(r"^epoch .*?validate_model.errors ([\d.]+) %", text, re.M)]
        assert len(errors) == 2 and errors[1] < 50, text
        measured(out, 60)
        again = harness.must([name, "train", "--data", os.path.join(ROOT, "models/data"), "--out", out, "--epochs", "3", "--resume"])
        assert "epoch 3" in again and "epoch 2 " not in again, again


# ---- barriers: between two of them no nest of threads writes what another one touches

def parts_of(kernel):
    """[(kind, text)] of the body of a block: threads, barrier, open or close of a loop; by its braces and tabs"""
    lines, i = kernel.split("\n"), 0
    while i < len(lines):
        line = lines[i]
        depth = len(line) - len(line.lstrip("\t"))
        if re.match(r"\s*MC_EACH_(THREAD|OF)\(", line):
            text = [line]
            while i + 1 < len(lines) and (len(lines[i + 1]) - len(lines[i + 1].lstrip("\t")) > depth or not lines[i + 1].strip() or lines[i + 1].strip() == "}" and
                                          lines[i + 1] == "\t" * depth + "}"):
                i += 1
                text.append(lines[i])
                if lines[i] == "\t" * depth + "}":
                    break
            yield "threads", "\n".join(text)
        elif "MC_BARRIER" in line:
            yield "barrier", line
        elif re.match(r"\s*(for|if) \(", line) or line.strip() == "}":
            yield "loop", line
        i += 1


def touched(text):
    """names of buffers that are written, and all that are spoken of"""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    own = set(re.findall(r"\b(?:float|double|u?int\d+_t|int) (\w+)\b", text))
    text = re.sub(r"MC_OWN\(\w+\)", "", text)
    written = set(re.findall(r"(?<![\w.])\*?(\w+)(?:\[[^;=]*\])?\s*(?:[-+*/]?=)(?!=)", text))
    spoken = set(re.findall(r"\b([A-Za-z_]\w*)\b", text))
    return written - own, spoken - own


def lacks_barrier(source):
    for kernel in re.findall(r"^MC_KERNEL.*?^}$", source, re.M | re.S):
        since = []
        for kind, text in parts_of(kernel):
            if kind == "threads":
                writes, speaks = touched(text)
                for w, s in since:
                    if w & speaks or writes & s:
                        return "%s: %s" % (kernel.split("(")[1][:80], sorted(w & speaks | writes & s))
                since.append((writes, speaks))
            elif kind == "barrier":
                since = []
            elif since and "for" in text:
                return "%s: a loop begins without a barrier before it" % kernel[:80]
    return None


def restricted(source):
    """what is stored between two barriers and read between others, by other threads, and is restrict: compilers read too early then"""
    for kernel in re.findall(r"^MC_KERNEL.*?^}$", source, re.M | re.S):
        texts = [re.sub(r"/\*.*?\*/", "", text, flags=re.S) for kind, text in parts_of(kernel) if kind == "threads"]
        for name in re.findall(r"(?<!const )\b\w+ \*MC_RESTRICT (\w+)", kernel):
            rest = [re.sub(r"(?<![\w.])\*?%s(\[[^;=]*\])?\s*=(?!=)" % name, "", t) for t in texts]
            stores = [i for i, t in enumerate(texts) if name in touched(t)[0]]
            loads = [i for i, t in enumerate(rest) if re.search(r"\b%s\b" % name, t)]
            if stores and loads and (stores != loads or len(stores) > 1):
                return "%s: %s" % (kernel.split("(")[1][:80], name)
    return None


def barriers(path):
    with tempfile.TemporaryDirectory() as d:
        harness.must([harness.MODELC, path, "-o", d, "--target", "cuda"])
        source = open(os.path.join(d, harness.model_name(path) + ".cu")).read()
        assert "MC_EACH" in source or "MC_KERNEL" not in source or "MC_KERNEL(1)" in source
        why = lacks_barrier(source) or restricted(source)
        assert not why, why


HANDED_OVER = """
MC_KERNEL(64) k(const float *MC_RESTRICT x, float *most, float *MC_RESTRICT y)
{
	MC_EACH_BLOCK(i, 10) {
		MC_EACH_THREAD(at, 1, 64)
			most[i] = x[i];
		MC_BARRIER;
		MC_EACH_THREAD(j, 100, 64)
			y[i * 100 + j] = most[i] * x[j];
		MC_BARRIER;
	}
}
"""


def planted_barrier():
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "planted.model")
        open(path, "w").write(PLANTED)
        harness.must([harness.MODELC, path, "-o", d, "--target", "cuda"])
        source = open(os.path.join(d, "planted.cu")).read()
        assert "MC_BARRIER" in source and not lacks_barrier(source)
        handed = re.sub(r"float \*(\w+)", r"float *MC_RESTRICT \1", HANDED_OVER)
        assert not restricted(HANDED_OVER) and restricted(handed), "what threads hand over may be restrict"
        places = [m.start() for m in re.finditer(r"\t*MC_BARRIER;\n", source)]
        found = [bool(lacks_barrier(source[:at] + re.sub(r"\t*MC_BARRIER;\n", "", source[at:], count=1))) for at in places]
        # the last barrier of a block is for its next round, which the text does not show
        assert sum(found) >= len(found) - source.count("MC_EACH_BLOCK"), found


# ---- blocks and threads

SHARED_OUT = """
model shared_out
symbol x : floatX[12, 64, 128]
symbol y : floatX[64, 32, 32, 32]
symbol z : floatX[40, 1000]
symbol at : int64[300]
symbol v : floatX[300, 8]
param few : floatX[50, 8] = zeros
param many : floatX[50000, 8] = zeros
function norm(x) -> p = (x - mean(x, axis = 2, keepdims = true)) / std(x, axis = 2, keepdims = true)
function short_rows(x) -> p = softmax(x[:, :, :10])
function channels(y) -> m = mean(y, axis = [0, 2, 3])
function rows(z) -> a = argmax(z, axis = 1)
symbol w : floatX[300, 2000]
symbol u : floatX[300, 512]
param long : floatX[50, 2000] = zeros
param a, b, c : floatX[50, 512] = zeros
function add_few(at, v) -> g = grad(sum(few[at] * v), few)
function add_long(at, w) -> g = grad(sum(long[at] * w), long)
function add_many_tables(at, u) -> norm = sum(grad(sum(a[at] * u), a) ** 2) { optim.adam(sum(a[at] * u) + sum(b[at] * u ** 2) + sum(c[at] * exp(u))) }
function add_many(at, v) -> g = grad(sum(many[at] * v), many)
"""


def shared_out():
    """inner axes become blocks too, where their rows are wide; much to add up has a block a row and lanes, an argmax lanes; a table
    that is added to has a block a row, or where that is long a thread an element"""
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "shared_out.model")
        open(path, "w").write(SHARED_OUT)
        functions = json.loads(harness.must([harness.MODELC, path, "--target", "cuda", "--report=json"]))["functions"]
    launches = {f["name"]: [(int(l["blocks"]), l["threads"]) for k in f["kernels"] for l in k["launches"]] for f in functions}
    shared = {f["name"]: [l["shared_bytes"] for k in f["kernels"] for l in k["launches"]] for f in functions}
    assert launches["norm"] == [(12 * 64, 128)] and launches["short_rows"] == [(12, 256)], launches
    assert launches["channels"][0] == (64 * 32, 32) and launches["rows"] == [(40, 64)], launches
    assert launches["add_few"][-1] == (50, 32) and launches["add_long"][-1] == (50, 256) and launches["add_many"][-1] == (1, 128), launches
    assert shared["add_few"][-1] == 32 * 8 * 4 and shared["add_long"][-1] == 0 and 16384 <= max(shared["add_many_tables"]) <= 32768, shared


LARGE_INDICES = """model large_indices
symbol x : floatX[65536, %d]
symbol z : floatX[65536]
dim n
symbol several : floatX[n, 65536, 65537]
function f(x, z) -> y = x * z[:, None]
function g(several, z) -> y = several * z[:, None]
"""


def large_indices():
    """digits of an index are those of an int only where it fits"""
    with tempfile.TemporaryDirectory() as d:
        for columns, fits in (32767, True), (32768, False), (65537, False):
            path = os.path.join(d, "large_indices.model")
            open(path, "w").write(LARGE_INDICES % columns)
            harness.must([harness.MODELC, path, "-o", d, "--target", "cuda"])
            source = open(os.path.join(d, "large_indices.cu")).read()
            assert "MC_EACH(at, %d," % (65536 * columns) in source and ("(int)at" in source) == fits, source
            assert "= at / ((int64_t)65536 * (int64_t)65537);" in source, source


# ---- nvcc

def nvcc(path, archs, flags=()):
    """no warning, no spill; the report knows all of it, and shared memory is what ptxas says"""
    if not find_nvcc():
        raise Skip("there is no nvcc")
    with tempfile.TemporaryDirectory() as d:
        command = [harness.MODELC, path, "--target", "cuda", *flags]
        harness.must([*command, "-o", d])
        source, said = os.path.join(d, harness.model_name(path) + ".cu"), os.path.join(d, "ptxas")
        codes = [x for a in archs for x in ("-gencode", "arch=compute_%s,code=sm_%s" % (a[3:], a[3:]))]
        log = harness.must([find_nvcc(), "-Werror", "all-warnings", "-Xcompiler", "-Wall,-Wextra", "-std=c++17", "-fmad=false", "-O3", *codes, "-Xptxas", "-v", "-I", os.path.join(ROOT, "runtime"),
                            "-I", d, "-c", source, "-o", source + ".o"], timeout=1200)
        open(said, "w").write(log)
        report = json.loads(harness.must([*command, "--report=json", "--ptxas", said]))
        text = harness.must([*command, "--report", "--ptxas", said])
    launches = {l["kernel"]: l for f in report["functions"] for k in f["kernels"] for l in k.get("launches", [])}
    launches.update((l["kernel"], l) for l in report["scalars"])
    entries = re.findall(r"Compiling entry function '(\w+)' for '(\w+)'(.*?)(?=Compiling entry function|\Z)", log, re.S)
    entries = [e for e in entries if "mc_product_" not in e[0]]  # of the runtime
    assert len(entries) == len(archs) * len(launches), "%d entries, %d kernels" % (len(entries), len(launches))
    for kernel, l in launches.items():
        assert {u["arch"] for u in l["ptxas"]} == set(archs) and all(u["registers"] > 0 and 0.1 < u["occupancy"] <= 1 for u in l["ptxas"]), l
        assert not any(u["spilled_bytes"] for u in l["ptxas"]), l
        own = [rest for name, _, rest in entries if name.startswith("_Z%d%s" % (len(kernel), kernel))]
        taken = {int((re.search(r"(\d+) bytes smem", rest) or [0, 0])[1]) for rest in own}
        assert len(own) == len(archs) and (taken == {l["shared_bytes"]} or abs(l["shared_bytes"] - max(taken)) < 64), (l, taken)  # a scalar may become a register; what is wide is aligned
    assert text.count(" registers, ") >= len(entries), text  # what several functions launch stands in each


def make(d, target, *arguments, **variables):
    """make in the tree, with what it writes in the folder d"""
    return harness.run(["make", "--no-print-directory", "-o", "modelc-build", "-o", "setup-data", target, "TARGET=cuda", "NVCC=" + find_nvcc(), "GEN=%s/gen" % d,
                        "PROGRAM=%s/program" % d, "OUT=%s/out" % d, "DATA=models/data", *arguments], cwd=ROOT, timeout=1200, env=dict(os.environ, **variables))


def without_gpu():
    """the program and the library of the bench are linked as on a GPU; the program says in one line what is missing"""
    if not find_nvcc():
        raise Skip("there is no nvcc")
    if has_gpu():
        raise Skip("there is a GPU")
    with tempfile.TemporaryDirectory(prefix="modelc-test-") as d:
        smi = os.path.join(d, "nvidia-smi")
        open(smi, "w").write("#!/bin/sh\n")
        os.chmod(smi, 0o755)
        code, out = make(d, "train", "MODELC_FLAGS=--profile", PATH=d + os.pathsep + os.environ["PATH"])
        lines = [l for l in out.splitlines() if not re.match(r"make(\[\d+\])?: \*\*\*|nvcc warning : Cannot find valid GPU", l)]
        assert code and len(lines) == 1 and re.match(r"program: cannot make logistic_regression: no GPU can be used: \w", lines[0]), out
        build_object(d, "-arch=sm_80")
        bench_python(d, "import ctypes; ctypes.CDLL(peer_modelc.compiled('tiny', 'cuda', 'sm_80')).resident")


# what fails without harm: the plain kernel steps in, the time of a step is not known, memory is given back all the same
HARMLESS = re.compile(r"cublasLt(Destroy|Mat)|cuda(Free|FreeHost|StreamDestroy|GraphExecDestroy|EventDestroy|EventElapsedTime)")


def calls():
    """the host's code as nvcc compiles it: its calls are legal where they stand, each failure is reported, and all is freed"""
    if not find_nvcc():
        raise Skip("there is no nvcc")
    with tempfile.TemporaryDirectory(prefix="modelc-test-") as d:
        harness.must([harness.MODELC, LARGE, "-o", d, "--target", "cuda", "--profile"])
        include = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(find_nvcc()))), "include")
        flags = ["-std=c++17", "-I", os.path.join(ROOT, "runtime"), "-I", d]
        harness.must([find_nvcc(), "-fmad=false", "-arch=sm_80", *flags, "-Xcompiler", "-fsanitize=address,-g", "-x", "cu", "-c", os.path.join(ROOT, "tests/cuda/calls.cc"),
                      "-o", os.path.join(d, "calls.o")])
        harness.must(["g++", *flags, *harness.WARNINGS, "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-isystem", include,
                      os.path.join(ROOT, "tests/cuda/mock.cc"), os.path.join(d, "calls.o"), harness.runtime_library("gcc", True), "-o", os.path.join(d, "calls"), "-lpng", "-lz", "-lm"])
        lines = [l.split() for l in harness.must([os.path.join(d, "calls")]).splitlines()]
    assert lines[0] == ["none", "0", "0"] and len(lines) > 300, lines
    for name, bad, live in lines[1:]:
        assert live == "0" and bad == ("0" if HARMLESS.match(name) else "1"), (name, bad, live)


class OnGpu(harness.Program):
    def __init__(self, path, settings, flags=()):
        if not has_gpu() or not find_nvcc():
            raise Skip("there is no GPU, or no nvcc")
        self.folder = tempfile.TemporaryDirectory(prefix="modelc-test-")
        self.dir, self.name, s = self.folder.name, harness.model_name(path), settings
        harness.must([harness.MODELC, path, "-o", self.dir, "--target", "cuda", "--floatX", s["floatX"], s["level"], *flags])
        source = os.path.join(self.dir, self.name + ".cu")
        self.exe = os.path.join(self.dir, "harness")
        harness.must([find_nvcc(), "-std=c++17", "-fmad=false", "-arch=native", "-I", os.path.join(ROOT, "runtime"), "-I", self.dir, source,
                      harness.harness_object("gcc", False), harness.runtime_library("gcc", False), "-Xlinker", harness.for_model(self.name), "-o", self.exe, "-lcublasLt", "-lpng", "-lz", "-lm"])


def on_gpu_programs(paths):
    def one(i, path):
        values.check(path, {"floatX": ["float32", "float64"][i % 2], "level": "-O3", "sanitize": False}, OnGpu)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for future in [pool.submit(one, *p) for p in enumerate(paths)]:
            future.result()


def on_gpu_products():
    for floatX in "float32", "float64":
        values.check(LARGE, {"floatX": floatX, "level": "-O3", "sanitize": False}, OnGpu)


def on_gpu_object():
    if not has_gpu() or not find_nvcc():
        raise Skip("there is no GPU, or no nvcc")
    with tempfile.TemporaryDirectory(prefix="modelc-test-") as d:
        build_object(d, "-arch=native")
        assert harness.must([os.path.join(d, "object")]) == "good\n"


def on_gpu_make():
    if not has_gpu() or not find_nvcc():
        raise Skip("there is no GPU, or no nvcc")
    with tempfile.TemporaryDirectory(prefix="modelc-test-") as d:
        code, out = make(d, "train", "EPOCHS=3", "MODELC_FLAGS=--profile")
        errors = [float(x) for x in re.findall(r"^epoch .*?validate_model.errors ([\d.]+) %", out, re.M)]
        assert not code and len(errors) == 3 and errors[2] < 50, out
        measured(os.path.join(d, "out"), 90)
        code, out = make(d, "predict")
        assert not code, out


def on_gpu_bench():
    if not has_gpu() or not find_nvcc():
        raise Skip("there is no GPU, or no nvcc")
    with tempfile.TemporaryDirectory(prefix="modelc-bench-") as d:
        bench_python(d, BENCH_LOSSES % ("tiny softmax_xent elementwise", "cuda native 1"))
