"""harness.py -- compiles a model under some settings and talks to it through harness.c"""
import glob, itertools, math, os, random, re, subprocess, tempfile, threading
from run import ROOT

MODELC = os.path.join(ROOT, "build/modelc")
EVALUATE = os.path.join(ROOT, "build/evaluate")
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wdouble-promotion", "-Werror"]
SETTINGS = {
    "floatX": ["float32", "float64"],
    "blas": ["openblas", "none"],
    "threads": ["openmp", "none"],
    "level": ["-O3", "-O0"],                      # of modelc
    "march": ["-march=native", "-march=x86-64"],
    "cc": ["gcc", "clang"],
    "copt": ["-O3", "-O1"],
    "lang": ["c99", "c++17"],
    "sanitize": [False, True],
}


def pairwise():
    """rows of settings in which every pair of values of every two settings occurs; always the same rows"""
    keys = list(SETTINGS)
    left = {(a, x, b, y) for a, b in itertools.combinations(keys, 2) for x in SETTINGS[a] for y in SETTINGS[b]}
    rng, rows = random.Random(1), []
    while left:
        best = max(({k: rng.choice(SETTINGS[k]) for k in keys} for _ in range(60)),
                   key=lambda r: sum((a, r[a], b, r[b]) in left for a, b in itertools.combinations(keys, 2)))
        rows.append(best)
        left -= {(a, best[a], b, best[b]) for a, b in itertools.combinations(keys, 2)}
    return rows


def every():
    """every combination of modelc's own settings; those of the C compiler are dealt out as above"""
    own = ["floatX", "blas", "threads", "level"]
    rows = itertools.cycle(pairwise())
    return [dict(next(rows), **dict(zip(own, v))) for v in itertools.product(*(SETTINGS[k] for k in own))]


def run(cmd, **kw):
    p = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=kw.pop("timeout", 300), **kw)
    return p.returncode, p.stdout


def must(cmd, **kw):
    code, out = run(cmd, **kw)
    assert code == 0, "exit %d: %s\n%s" % (code, " ".join(cmd), out[-6000:])
    return out


def model_name(path):
    m = re.search(r"^model\s+(\w+)", open(path).read(), re.M)
    return m.group(1) if m else os.path.basename(path)[:-6]


_libraries, _evaluated, _lock = {}, {}, threading.Lock()


def runtime_library(cc="gcc", sanitize=False):
    """runtime/*.c as an archive: that of build/, or with the compiler's sanitizers, made once in a run"""
    if not sanitize:
        return os.path.join(ROOT, "build/libmodelc_runtime.a")
    with _lock:
        if cc not in _libraries:
            folder = tempfile.TemporaryDirectory(prefix="modelc-runtime-")
            flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"]
            for c in sorted(glob.glob(os.path.join(ROOT, "runtime/*.c"))):
                must([cc, "-std=gnu11", "-O0", *flags, "-c", c, "-o", os.path.join(folder.name, os.path.basename(c) + ".o")])
            path = os.path.join(folder.name, "libmc.a")
            must(["ar", "rcs", path, *glob.glob(os.path.join(folder.name, "*.o"))])
            _libraries[cc] = folder, path
        return _libraries[cc][1]


def harness_object(cc, sanitize):
    """harness.c, made once in a run; linked with what for_model says"""
    with _lock:
        if (cc, sanitize) not in _libraries:
            folder = tempfile.TemporaryDirectory(prefix="modelc-harness-")
            path = os.path.join(folder.name, "harness.o")
            flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"] if sanitize else []
            must([cc, "-std=gnu11", "-O1", *flags, "-DMODEL=harness_model", "-I", os.path.join(ROOT, "runtime"), "-c", os.path.join(ROOT, "tests/harness.c"), "-o", path])
            _libraries[cc, sanitize] = folder, path
        return _libraries[cc, sanitize][1]


def for_model(name):
    """the linker's option that gives harness.c its model"""
    return "--defsym=harness_model=%s_model" % name


class Program:
    """a model compiled with the harness into a folder of its own"""

    def __init__(self, path, settings, flags=()):
        self.folder = tempfile.TemporaryDirectory(prefix="modelc-test-")
        self.dir, self.name, s = self.folder.name, model_name(path), settings
        must([MODELC, path, "-o", self.dir, "--floatX", s["floatX"], "--blas", s["blas"], "--threads", s["threads"], s["level"], *flags])
        cxx = s["lang"] == "c++17"
        cc = {"gcc": "g++", "clang": "clang++"}[s["cc"]] if cxx else s["cc"]
        copt = "-O0" if s["sanitize"] else s["copt"]  # the sanitizers instrument every access: each level takes its multiple
        base = [copt, s["march"], "-I", os.path.join(ROOT, "runtime"), "-I", self.dir] + (["-fopenmp"] if s["threads"] == "openmp" and s["cc"] == "gcc" else [])
        if s["sanitize"]:
            base += ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"]
        objects = []
        source = os.path.join(self.dir, self.name + ".c")
        must([cc, *(["-x", "c++", "-std=c++17"] if cxx else ["-std=c99"]), *([] if s["sanitize"] else WARNINGS), *base, "-c", source, "-o", source + ".o"])
        objects.append(source + ".o")
        objects += [harness_object(s["cc"], s["sanitize"]), runtime_library(s["cc"], s["sanitize"])]
        self.exe = os.path.join(self.dir, "harness")
        must([cc, *base, *objects, "-Wl," + for_model(self.name), "-o", self.exe, *(["-lopenblas"] if s["blas"] == "openblas" else []), "-lpng", "-lz", "-lm"])

    def talk(self, lines, timeout=120, threads="2"):
        """the answers, one a line"""
        env = dict(os.environ, OMP_NUM_THREADS=threads)
        p = subprocess.run([self.exe], input="".join(l + "\n" for l in lines), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                           timeout=timeout, env=env)
        assert p.returncode == 0, "harness: exit %d\n%s%s" % (p.returncode, p.stdout[-2000:], p.stderr[-4000:])
        return p.stdout.splitlines()


# ---- what the naive evaluator says: tests/tools/evaluate.c

def evaluate(path, floatX, flags, lines, timeout=300):
    """its answers to the same commands, one a line; asked again in a run, it says the same"""
    with open(path) as f:
        key = f.read(), floatX, *flags, *lines
    with _lock:
        one = _evaluated.setdefault(key, [threading.Lock(), None])
    with one[0]:
        if one[1] is None:
            p = subprocess.run([EVALUATE, path, floatX, *flags], input="".join(l + "\n" for l in lines), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, timeout=timeout)
            assert p.returncode == 0, "evaluate: exit %d\n%s%s" % (p.returncode, p.stdout[-2000:], p.stderr[-4000:])
            one[1] = p.stdout.splitlines()
        return one[1]


def outputs(answer):
    """{name: (values, allowed differences)} of "ok name = v v v ~ d d d name = ..."; a program's own answer has no differences"""
    found = {}
    for name, rest in re.findall(r" (\S+) =((?: (?!\S+ =)\S+)*)", answer):
        values, _, allowed = rest.partition(" ~")
        found[name] = values.split(), allowed.split()
    return found


def number(text):
    return int(text) if text.lstrip("-").isdigit() else float(text)


def disagreement(got, expected, level, count=None):
    """why the answer of a compiled program is not that of the evaluator, or None; count: [values, those that hang on rounding]"""
    count = count if count is not None else [0, 0]
    if expected.startswith("status"):
        fits = got.startswith("status") and any(t in got for t in re.findall(r"\{(.*?)\}", expected))
        return None if fits else "the evaluator says " + expected
    if not got.startswith("ok"):
        return "the evaluator says ok"
    ours, theirs = outputs(got), outputs(expected)
    sizes = [{n: len(v) for n, (v, _) in o.items()} for o in (ours, theirs)]
    if sizes[0] != sizes[1]:
        return "%s values; the evaluator has %s" % (sizes[0], sizes[1])
    for name, (wanted, allowed) in theirs.items():
        for i, (a, b, d) in enumerate(zip(ours[name][0], wanted, allowed)):
            x, y = number(a), number(b)
            count[0] += 1
            if x == y or x != x and y != y:
                continue
            # the optimiser may well be finite where the program as written is not
            if d == "inf" or not math.isfinite(y) and level != "-O0":
                count[1] += 1
            elif not abs(x - y) <= float(d):
                return "%s[%d] is %s; the evaluator says %s, give or take %s" % (name, i, a, b, d)
    return None
