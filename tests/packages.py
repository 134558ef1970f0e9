"""packages.py -- `make install`, and each of examples/moons built from what was installed, outside the tree"""
import os, re, shutil, subprocess, tempfile, threading
import formats_numpy, harness
from run import ROOT, Skip

_lock, _installed = threading.Lock(), []


def tests(options):
    for name, f in sorted(globals().items()):
        if name.startswith("test_"):
            yield name[5:], f


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def make(*args, cwd=ROOT, env={}):
    base = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "DESTDIR")}
    return harness.must(["make", "--no-print-directory", *args], cwd=cwd, env=dict(base, **env))


def installed():
    """the prefix, once: installed with DESTDIR, then moved to another place, as a packager's build does"""
    with _lock:
        if not _installed:
            folder = tempfile.TemporaryDirectory(prefix="modelc-install-")
            make("install", "PREFIX=/opt/modelc", "DESTDIR=" + folder.name + "/stage")
            assert os.listdir(folder.name + "/stage") == ["opt"]
            os.rename(folder.name + "/stage/opt/modelc", folder.name + "/moved")
            _installed.append((folder, folder.name + "/moved"))
        return _installed[0][1]


def version():
    return re.search(r"project\(modelc VERSION ([0-9.]+)", read(os.path.join(ROOT, "CMakeLists.txt"))).group(1)


def moons(d):
    shutil.copytree(os.path.join(ROOT, "examples/moons"), d, ignore=shutil.ignore_patterns("generated", "moons", "*.so"))


def test_prefix():
    with tempfile.TemporaryDirectory() as d:
        d += "/in st"
        make("install", "PREFIX=" + os.path.relpath(d, ROOT))
        assert sorted(os.listdir(d)) == ["bin", "include", "lib", "share"], os.listdir(d)
        files = [os.path.relpath(os.path.join(at, f), d) for at, _, names in os.walk(d) for f in names]
        for f in ("bin/modelc", "include/modelc/mc.h", "lib/libmodelc_runtime.a", "lib/pkgconfig/modelc.pc", "share/man/man1/modelc.1", "share/doc/modelc/LICENSE", "share/doc/modelc/doc/language.md",
                  "lib/cmake/modelc/modelcConfig.cmake"):
            assert f in files, "%s is not installed: %s" % (f, files)
        for f in files:  # what is text speaks of no folder of this machine
            if not f.startswith("bin") and not f.endswith(".a"):
                text = read(os.path.join(d, f))
                assert ROOT not in text and d not in text, f


def test_version():
    """said once, in CMakeLists.txt"""
    prefix, want = installed(), version()
    env = dict(os.environ, PKG_CONFIG_PATH=prefix + "/lib/pkgconfig")
    assert harness.must([prefix + "/bin/modelc", "--version"]) == "modelc %s\n" % want
    assert harness.must(["pkg-config", "--modversion", "modelc"], env=env) == want + "\n"
    assert "modelc " + want in read(prefix + "/share/man/man1/modelc.1")
    assert '"%s"' % want in read(prefix + "/lib/cmake/modelc/modelcConfigVersion.cmake")


def test_man_page():
    """each option of --help, and no other; nothing that groff warns of"""
    page = installed() + "/share/man/man1/modelc.1"
    if shutil.which("groff"):
        text = harness.must(["groff", "-ww", "-man", "-Tascii", "-P-c", "-P-b", "-P-u", page])
        assert "warning" not in text and "ROGRAM OF A MODEL" in text, text
    option = r"(?<![\w-])-{1,2}[A-Za-z?][\w-]*"
    help_text = harness.must([harness.MODELC, "--help"])
    want = {o for line in help_text.splitlines() if line.startswith("  ") for o in re.findall(option, line[:27])}
    source = read(page).replace(r"\-", "-").split(".SH PROGRAM OF A MODEL")[0]
    got = {o for line in source.splitlines() if line.startswith((".B", ".BR")) for o in re.findall(option, re.sub(r"\\f.|[\",]", " ", line))}
    got -= {"--standalone --blas none"}
    assert len(want) > 20 and want == got, "only in --help: %s; only in the man page: %s" % (want - got, got - want)


def test_make_and_pkg_config():
    with tempfile.TemporaryDirectory() as d:
        moons(d + "/m")
        env = {"PKG_CONFIG_PATH": installed() + "/lib/pkgconfig"}
        make(cwd=d + "/m", env=env)
        assert re.search(r"all 64 right after \d+ steps: yes", harness.must([d + "/m/moons"]))
        assert "up to date" in make(cwd=d + "/m", env=env)
        newer(d + "/m/layers.model", d + "/m/generated/moons.c")
        assert "moons.model -o generated" in make("-n", cwd=d + "/m", env=env)


def newer(path, than):
    t = os.stat(than).st_mtime + 2
    os.utime(path, (t, t))


def test_cmake():
    """find_package, modelc_add_model, a C++ program; a change of a used file reaches the program"""
    with tempfile.TemporaryDirectory() as d:
        moons(d + "/m")
        build = ["cmake", "--build", d + "/b"]
        harness.must(["cmake", "-S", d + "/m", "-B", d + "/b", "-DCMAKE_PREFIX_PATH=" + installed()])
        harness.must(build)
        out = harness.must([d + "/b/moons"], cwd=d)
        assert "0.0 % wrong" in out and "loaded again" in out, out
        assert "Compiling the model" not in harness.must(build)
        layers = read(d + "/m/layers.model")
        with open(d + "/m/layers.model", "w") as f:
            f.write(layers.replace("tanh", "relu"))
        newer(d + "/m/layers.model", d + "/b/moons")
        assert "Compiling the model moons" in harness.must(build)
        assert harness.must([d + "/b/moons"], cwd=d).splitlines()[1] != out.splitlines()[1]


TWO = {
    "CMakeLists.txt": """
cmake_minimum_required(VERSION 3.20)
project(two LANGUAGES C)
find_package(modelc REQUIRED)
modelc_add_model(models sub/one.model sub/second.model STANDALONE FLOATX float64 OPTIONS -D k=5)
add_executable(two two.c)
target_link_libraries(two PRIVATE models)
""",
    "sub/one.model": "const k = 3\nfunction f(x : floatX) -> y = k * x\n",
    "sub/second.model": "model other\nconst k = 3\nparam w : floatX = k\nfunction f(x : floatX) -> y = w + x\n",
    "two.c": """
#include <stdio.h>
#include "one.h"
#include "other.h"
int main(void)
{
	double a, b;
	one *m = one_new();
	other *n = other_new();
	one_init(m, 1);
	other_init(n, 1);
	if (one_f(m, 0.1, &a) || other_f(n, 0.1, &b)) return 1;
	printf("%.17g %.17g\\n", a, b);
	one_free(m);
	other_free(n);
	return 0;
}
""",
}


def test_cmake_options():
    """two models in one target, one with a name of its own; standalone, in double, with a const"""
    with tempfile.TemporaryDirectory() as d:
        os.makedirs(d + "/p/sub")
        for name, text in TWO.items():
            with open(os.path.join(d, "p", name), "w") as f:
                f.write(text)
        harness.must(["cmake", "-S", d + "/p", "-B", d + "/b", "-DCMAKE_PREFIX_PATH=" + installed()])
        harness.must(["cmake", "--build", d + "/b"])
        assert harness.must([d + "/b/two"]).split() == ["0.5", "5.0999999999999996"]
        code, out = harness.run(["cmake", "-S", d + "/p", "-B", d + "/c", "-DCMAKE_PREFIX_PATH=/nowhere"])
        assert code and "modelc" in out, out


def test_python():
    """ctypes and NumPy, without copies"""
    exe = formats_numpy.python()[0]
    with tempfile.TemporaryDirectory() as d:
        moons(d + "/m")
        make("libmoons.so", cwd=d + "/m", env={"PKG_CONFIG_PATH": installed() + "/lib/pkgconfig"})
        out = harness.must([exe, d + "/m/moons.py"])
        assert "0.0 % wrong" in out and "p is 0.50" in out, out


def test_depfile():
    """names with blanks and dollars; a file used by a used one; a used file that is gone"""
    with tempfile.TemporaryDirectory() as d:
        os.makedirs(d + "/a b$c")
        for name, text in (("top.model", 'use "one.model"\nfunction f(x : floatX) -> y = one(x)\n'), ("one.model", 'use "a b$c/two.model"\ndef one(x) { return two(x) }\n'),
                           ("a b$c/two.model", "def two(x) { return 2 * x }\n"), ("Makefile", "out/top.c: top.model\n\t%s $< -o out -MD\n-include out/top.d\n" % harness.MODELC)):
            with open(os.path.join(d, name), "w") as f:
                f.write(text)
        make(cwd=d)
        assert read(d + "/out/top.d") == ("out/top.h out/top.c: top.model \\\n one.model \\\n a\\ b$$c/two.model\n\none.model:\n\na\\ b$$c/two.model:\n"), read(d + "/out/top.d")
        assert "up to date" in make(cwd=d)
        newer(d + "/a b$c/two.model", d + "/out/top.c")
        assert "top.model" in make("-n", cwd=d)
        for name in ("one.model", "a b$c/two.model"):  # make must not stop for want of them
            os.remove(os.path.join(d, name))
        with open(d + "/top.model", "w") as f:
            f.write("function f(x : floatX) -> y = 3 * x\n")
        make(cwd=d)
        assert read(d + "/out/top.d") == "out/top.h out/top.c: top.model\n"
        harness.must([harness.MODELC, "top.model", "--driver", "-MD"], cwd=d)
        assert read(d + "/top.d") == "./top.h ./top.c ./top_driver.c: top.model\n"
        code, out = harness.run([harness.MODELC, "top.model", "-MM"], cwd=d)
        assert code == 2 and "expected -MD" in out, out
