"""generated.py -- what holds for every generated file: the same bits each time, one prefix, no state of its own, no allocation in a call,
and builds that stand alone"""
import glob, os, re, tempfile
import harness
from run import ROOT

MODELS = sorted(glob.glob(os.path.join(ROOT, "models/*.model")))


def tests(options):
    for path in MODELS:
        name = os.path.basename(path)[:-6]
        yield name + " same bytes", lambda path=path: same_bytes(path)
        yield name + " symbols", lambda path=path: symbols(path)
        yield name + " standalone", lambda path=path: standalone(path)
        yield name + " bytes", lambda path=path: bytes_agree(path)
    for path in sorted(glob.glob(os.path.join(ROOT, "tests/programs/*.model"))):
        yield os.path.basename(path)[:-6] + " warnings", lambda path=path: warnings(path)
    yield "empty_products warnings", lambda: warnings(os.path.join(ROOT, "tests/values/empty_products.model"))
    yield "malloc in a call", malloc_in_call
    yield "profile", profiled
    yield "dispatch", dispatch
    yield "embed", embed
    yield "steps that are made", steps
    yield "restrict", restricted


def generate(path, folder, *flags):
    harness.must([harness.MODELC, path, "-o", folder, *flags])
    return harness.model_name(path)


def same_bytes(path):
    with tempfile.TemporaryDirectory() as a, tempfile.TemporaryDirectory() as b:
        for folder in (a, b):
            generate(path, folder, "--driver")
        files = sorted(os.listdir(a))
        assert files == sorted(os.listdir(b)) and len(files) == 3, files
        for f in files:
            one, two = (open(os.path.join(x, f)).read() for x in (a, b))
            assert one == two, f + " differs between two runs"
            assert ROOT not in one and a not in one, f + " holds a path of this machine"


def symbols(path):
    """everything exported starts with the model's name; nothing is writable"""
    with tempfile.TemporaryDirectory() as d:
        name = generate(path, d)
        obj = os.path.join(d, "x.o")
        harness.must(["gcc", "-std=c99", "-I", os.path.join(ROOT, "runtime"), "-c", os.path.join(d, name + ".c"), "-o", obj])
        out = harness.must(["nm", obj])
        exported = re.findall(r"^\S+ ([A-Z]) (\S+)$", out, re.M)
        assert exported
        wrong = [s for kind, s in exported if kind in "TDBRVW" and not re.match(name + r"(_|$)", s)]
        assert not wrong, "exported: %s" % wrong
        writable = [l for l in out.splitlines() if re.search(r" [dDbBC] ", l) and not l.endswith("DW.ref")]
        # tables of pointers are const, but lie in .data.rel.ro
        sections = harness.must(["objdump", "-h", obj])
        sizes = {m[0]: int(m[1], 16) for m in re.findall(r"^\s*\d+ (\.data|\.bss)\s+([0-9a-f]+)", sections, re.M)}
        assert not any(sizes.values()), "writable data: %s %s" % (sizes, writable)


def without_a_warning(source, target):
    """in both languages, by both compilers; what gcc sees only when it optimises is the same in both"""
    for cc in (["clang", "-std=c99"], ["g++", "-x", "c++", "-std=c++17"], ["clang++", "-x", "c++", "-std=c++17"]):
        harness.must([*cc, *harness.WARNINGS, "-fsyntax-only", source])
    harness.must(["gcc", "-std=c99", *harness.WARNINGS, "-O1", "-c", source, "-o", target])


def standalone(path):
    """--standalone needs nothing but NAME.h, NAME.c and libm, as C99 and as C++17, with both compilers, without a warning"""
    with tempfile.TemporaryDirectory() as d:
        name = generate(path, d, "--standalone", "--blas", "none")
        without_a_warning(os.path.join(d, name + ".c"), os.path.join(d, "x.o"))
        includes = set(re.findall(r'#\s*include\s*[<"](.*?)[>"]', open(os.path.join(d, name + ".c")).read()))
        allowed = {name + ".h", "stddef.h", "stdint.h", "string.h", "stdlib.h", "math.h", "float.h", "limits.h", "immintrin.h", "emmintrin.h"}
        assert includes <= allowed, includes - allowed


HANDED_OVER = """model handed_over
dim n
symbol x : floatX[n, 40]
function f(x) -> s = sum(x * x), y = exp(x)
"""


def restricted():
    """parts of a sum are stored by some threads and read by one after a barrier: no restrict"""
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "handed_over.model")
        open(path, "w").write(HANDED_OVER)
        generate(path, d)
        source = open(os.path.join(d, "handed_over.c")).read()
        assert re.search(r"float \*s_parts", source) and "float *MC_RESTRICT y" in source and "MC_RESTRICT s_parts" not in source, source


def dispatch():
    """--dispatch: the same, and the machine's set is said"""
    with tempfile.TemporaryDirectory() as d:
        name = generate(os.path.join(ROOT, "models/logistic_regression_2class.model"), d, "--standalone", "--dispatch")
        without_a_warning(os.path.join(d, name + ".c"), os.path.join(d, "x.o"))
        symbols = harness.must(["nm", "-g", "--defined-only", os.path.join(d, "x.o")])
        assert all(line.split()[2].startswith(name + "_") for line in symbols.splitlines()), symbols
        open(d + "/t.c", "w").write("""#include <stdio.h>
#include "%s.h"
int main(void)
{
	const %s_sizes s = {8};
	%s *m = %s_new(&s);
	puts(%s_instructions(m));
	%s_free(m);
	return 0;
}
""".replace("%s", name))
        harness.must(["gcc", "-I", d, d + "/t.c", os.path.join(d, name + ".c"), "-o", d + "/t", "-lm"])
        flags = re.search(r"^flags\s*:(.*)$", open("/proc/cpuinfo").read(), re.M).group(1).split() if os.path.exists("/proc/cpuinfo") else []
        best = "avx512" if {"avx512f", "avx512bw", "avx512dq", "avx512vl"} <= set(flags) else "avx2" if {"avx2", "fma"} <= set(flags) else "base"
        assert harness.must([d + "/t"]).strip() == best


def warnings(path):
    """a whole program, at its full sizes, compiles without a warning"""
    for floatX, cc in ("float32", ["gcc", "-std=c99", "-O0", "-c"]), ("float64", ["clang++", "-x", "c++", "-std=c++17", "-fsyntax-only"]):
        with tempfile.TemporaryDirectory() as d:
            name = generate(path, d, "--floatX", floatX)
            harness.must([*cc, *harness.WARNINGS, "-I", os.path.join(ROOT, "runtime"), os.path.join(d, name + ".c"), "-o", os.path.join(d, "x.o")])


SHORT = """model rows
dim n
symbol x : floatX[n, 14]
param W : floatX[14, 8] = zeros
loss cost = mean((x @ W) ** 2)
function step(x) -> cost { optim.sgd(cost, 0.1) }
"""


def steps():
    """14 rows are less than a block: their steps are known, and for those that are never made, of which gcc would warn, there is no loop"""
    with tempfile.TemporaryDirectory() as d:
        open(d + "/rows.model", "w").write(SHORT)
        generate(d + "/rows.model", d, "--floatX", "float64", "--blas", "none", "--threads", "none")
        harness.must(["gcc", "-std=c99", *harness.WARNINGS, "-O2", "-march=x86-64-v3", "-I", os.path.join(ROOT, "runtime"), "-c", d + "/rows.c", "-o", d + "/rows.o"])
        text = open(d + "/rows.c").read()
        assert "for (; i + 2 <= 14; i += 2)" in text and "for (; i < 14; i++)" not in text


def profiled():
    """--profile: the same results without a warning; every kernel that ran is counted, with its name, FLOPs and time"""
    path = os.path.join(ROOT, "models/logistic_regression_2class.model")
    main = r"""
#include <stdio.h>
#include "logistic_regression_2class.h"
int main(void) {
	static float x[400 * 784], y[400], p[400], cost;
	for (int i = 0; i < 400 * 784; i++) x[i] = (float)(i % 13) / 13;
	for (int i = 0; i < 400; i++) y[i] = (float)(i % 2);
	const logistic_regression_2class_sizes s = {400};
	logistic_regression_2class *m = logistic_regression_2class_new(&s);
	logistic_regression_2class_init(m, 1);
	for (int i = 0; i < 3; i++)
		if (logistic_regression_2class_train(m, 400, x, y, 0.1f, p, &cost)) return 1;
	printf("cost %.9g", (double)cost);
#ifdef PROFILED
	int n;
	const mc_step *steps;
	const mc_profile *rows = logistic_regression_2class_profile(m, &n, &steps);
	for (int i = 0; i < n; i++)
		if (rows[i].calls)
			printf("\n%s %s %d %.0f %.0f %d", steps[i].function, steps[i].kernel, (int)rows[i].calls, rows[i].flops, rows[i].bytes, rows[i].nanoseconds > 0);
#endif
	logistic_regression_2class_free(m);
	return 0;
}
"""
    with tempfile.TemporaryDirectory() as d:
        open(d + "/t.c", "w").write(main)
        found = []
        for options, flags in ([], []), (["--profile"], ["-DPROFILED"]):
            generate(path, d, "--blas", "none", *options)
            source = d + "/logistic_regression_2class.c"
            for cc in (["gcc", "-std=c99"], ["clang++", "-x", "c++", "-std=c++17"]) if options else ():
                harness.must([*cc, *harness.WARNINGS, "-O0", "-fopenmp", "-I", os.path.join(ROOT, "runtime"), "-c", source, "-o", d + "/x.o"])
            harness.must(["gcc", "-O1", "-std=c99", "-fopenmp", *flags, "-I", os.path.join(ROOT, "runtime"), "-I", d, d + "/t.c", source, harness.runtime_library(), "-o", d + "/t",
                          "-lpng", "-lz", "-lm"])
            found.append(harness.must([d + "/t"], env=dict(os.environ, OMP_NUM_THREADS="2", OMP_WAIT_POLICY="passive")).split("\n"))
        assert found[0] == found[1][:1], found
        rows = [line.split() for line in found[1][1:]]
        trained = [r for r in rows if r[0] == "train"]
        assert trained and all(r[2] == "3" and r[5] == "1" for r in trained), rows
        flops, bytes = sum(int(r[3]) for r in trained), sum(int(r[4]) for r in trained)
        assert 3 * 4 * 400 * 784 <= flops < 1.1 * 3 * 4 * 400 * 784, rows  # x @ w and its gradient
        assert bytes >= 3 * 400 * 784 * 4, rows
        generate(os.path.join(ROOT, "tests/values/names_of_c.model"), d, "--profile")
        harness.must(["gcc", "-std=c99", "-fsyntax-only", *harness.WARNINGS, "-I", os.path.join(ROOT, "runtime"), d + "/m.c"])


PROBE = r"""
#include <stdio.h>
#include "%(name)s.h"
int main(void) { printf("%%zu %%zu\n", %(call)s, (size_t)(%(macro)s)); return 0; }
"""


def bytes_agree(path):
    """function, macro and --report say the same number, and it is enough"""
    with tempfile.TemporaryDirectory() as d:
        name = generate(path, d)
        header = open(os.path.join(d, name + ".h")).read()
        m = re.search(r"#define %s_BYTES(\(.*?\))? " % name.upper(), header)
        assert m, "no macro for the bytes"
        dims = [x for x in (m.group(1) or "()")[1:-1].replace(" ", "").split(",") if x]
        values = [7 + 3 * i for i in range(len(dims))]
        if dims:
            call = "%s_bytes(&(%s_sizes){%s})" % (name, name, ", ".join(".%s = %d" % p for p in zip(dims, values)))
        else:
            call = "%s_bytes()" % name
        macro = "%s_BYTES" % name.upper() + ("(%s)" % ", ".join(map(str, values)) if m.group(1) else "")
        open(os.path.join(d, "p.c"), "w").write(PROBE % {"name": name, "call": call, "macro": macro})
        harness.must(["gcc", "-std=c99", "-I", os.path.join(ROOT, "runtime"), "-I", d, os.path.join(d, "p.c"), os.path.join(d, name + ".c"), "-o", os.path.join(d, "p"),
                      harness.runtime_library(), "-lopenblas", "-lpng", "-lz", "-lm"])
        a, b = harness.must([os.path.join(d, "p")]).split()
        assert a == b and int(a) > 0, "function %s, macro %s" % (a, b)
        report = harness.must([harness.MODELC, path, "--report"])
        formula = re.search(r"^memory: (.*) bytes", report, re.M)
        assert formula, "no line 'memory: FORMULA bytes' in\n" + report[:3000]
        said = eval(formula.group(1).replace("/", "//"), {"max": max, "min": min}, dict(zip(dims, values)))
        assert said == int(a), "report says %s, the function %s: %s" % (said, a, formula.group(1))


TRAP = r"""
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include "logistic_regression.h"
static int trapped;
extern void *__libc_malloc(size_t);
void *malloc(size_t n) { if (trapped) { static const char t[] = "malloc in a call\n"; fwrite(t, 1, sizeof t - 1, stderr); _Exit(3); } return __libc_malloc(n); }
int main(void)
{
	static unsigned char image[20 * 784], label[20];
	for (int i = 0; i < 20 * 784; i++) image[i] = (unsigned char)(i * 7);
	for (int i = 0; i < 20; i++) label[i] = (unsigned char)(i % 10);
	logistic_regression_sizes s = {20, 1, 1, 1};
	logistic_regression *m = logistic_regression_new(&s);
	float nll;
	logistic_regression_init(m, 1);
	for (int i = 0; i < 3; i++) {
		trapped = i > 0; /* BLAS and OpenMP have their own on first use */
		if (logistic_regression_train(m, 20, image, label, 0.1f, &nll)) return 1;
	}
	trapped = 0;
	printf("%g\n", (double)nll);
	return 0;
}
"""


def malloc_in_call():
    for blas in ("none", "openblas"):
        with tempfile.TemporaryDirectory() as d:
            generate(os.path.join(ROOT, "models/logistic_regression.model"), d, "--blas", blas)
            open(os.path.join(d, "t.c"), "w").write(TRAP)
            harness.must(["gcc", "-std=gnu99", "-fopenmp", "-O1", "-I", os.path.join(ROOT, "runtime"), "-I", d, os.path.join(d, "t.c"),
                          os.path.join(d, "logistic_regression.c"), harness.runtime_library(), "-o", os.path.join(d, "t"), "-lopenblas", "-lpng", "-lz", "-lm"])
            harness.must([os.path.join(d, "t")])


def embed():
    """examples/embed, with its own build line, out of the tree"""
    with tempfile.TemporaryDirectory() as d:
        harness.must([harness.MODELC, os.path.join(ROOT, "models/logistic_regression.model"), "--standalone", "--blas", "none", "-o", d])
        main = open(os.path.join(ROOT, "examples/embed/main.c")).read()
        assert len(main.splitlines()) < 60
        open(os.path.join(d, "main.c"), "w").write(main)
        harness.must(["cc", "-O2", "main.c", "logistic_regression.c", "-lm", "-o", "embed"], cwd=d)
        out = harness.must([os.path.join(d, "embed")])
        assert re.search(r"step 200 +loss 0\.0\d+ +errors 0 %", out), out
