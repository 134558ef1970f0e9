"""harness.py -- compiles a model under some settings and talks to it through harness.c"""
import glob, itertools, os, random, re, subprocess, tempfile, threading
from run import ROOT

MODELC = os.path.join(ROOT, "build/modelc")
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
    return [dict(zip(SETTINGS, v)) for v in itertools.product(*SETTINGS.values())]


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


_libraries, _lock = {}, threading.Lock()


def runtime_library(cc="gcc", sanitize=False):
    """runtime/*.c as an archive, made once in a run"""
    with _lock:
        if (cc, sanitize) not in _libraries:
            folder = tempfile.TemporaryDirectory(prefix="modelc-runtime-")
            flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"] if sanitize else []
            for c in sorted(glob.glob(os.path.join(ROOT, "runtime/*.c"))):
                must([cc, "-std=gnu11", "-O1", *flags, "-c", c, "-o", os.path.join(folder.name, os.path.basename(c) + ".o")])
            path = os.path.join(folder.name, "libmc.a")
            must(["ar", "rcs", path, *glob.glob(os.path.join(folder.name, "*.o"))])
            _libraries[cc, sanitize] = folder, path
        return _libraries[cc, sanitize][1]


class Program:
    """a model compiled with the harness into a folder of its own"""

    def __init__(self, path, settings, flags=()):
        self.folder = tempfile.TemporaryDirectory(prefix="modelc-test-")
        self.dir, self.name, s = self.folder.name, model_name(path), settings
        must([MODELC, path, "-o", self.dir, "--floatX", s["floatX"], "--blas", s["blas"], "--threads", s["threads"], s["level"], *flags])
        cxx = s["lang"] == "c++17"
        cc = {"gcc": "g++", "clang": "clang++"}[s["cc"]] if cxx else s["cc"]
        base = [s["copt"], s["march"], "-I", os.path.join(ROOT, "runtime"), "-I", self.dir] + (["-fopenmp"] if s["threads"] == "openmp" and s["cc"] == "gcc" else [])
        if s["sanitize"]:
            base += ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"]
        objects = []
        source = os.path.join(self.dir, self.name + ".c")
        must([cc, *(["-x", "c++", "-std=c++17"] if cxx else ["-std=c99"]), *WARNINGS, *base, "-c", source, "-o", source + ".o"])
        objects.append(source + ".o")
        o = os.path.join(self.dir, "harness.o")
        must([s["cc"], "-std=gnu11", "-DMODEL=%s_model" % self.name, *base, "-c", os.path.join(ROOT, "tests/harness.c"), "-o", o])
        objects += [o, runtime_library(s["cc"], s["sanitize"])]
        self.exe = os.path.join(self.dir, "harness")
        must([cc, *base, *objects, "-o", self.exe, *(["-lopenblas"] if s["blas"] == "openblas" else []), "-lpng", "-lz", "-lm"])

    def talk(self, lines, timeout=120, threads="2"):
        """the answers, one a line"""
        env = dict(os.environ, OMP_NUM_THREADS=threads)
        p = subprocess.run([self.exe], input="".join(l + "\n" for l in lines), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                           timeout=timeout, env=env)
        assert p.returncode == 0, "harness: exit %d\n%s%s" % (p.returncode, p.stdout[-2000:], p.stderr[-4000:])
        return p.stdout.splitlines()
