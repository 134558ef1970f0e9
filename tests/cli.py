"""cli.py -- the command line of modelc: what it shows, and what it says when it is used wrongly"""
import glob, os, re, subprocess, tempfile
import harness
from run import ROOT

MODELS = os.path.join(ROOT, "models")
PROGRAMS = os.path.join(ROOT, "tests/programs")


def tests(options):
    for name, f in sorted(globals().items()):
        if name.startswith("test_"):
            yield name[5:], f
    for path in sorted(glob.glob(PROGRAMS + "/*.model")):
        yield "check " + os.path.basename(path), lambda path=path: harness.must([harness.MODELC, "--check", path])
        yield "ast " + os.path.basename(path), lambda path=path: round_trip(path)


def modelc(*args, code=0, **kw):
    p = subprocess.run([harness.MODELC, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, **kw)
    assert p.returncode == code, "exit %d, expected %d\n%s%s" % (p.returncode, code, p.stdout[-2000:], p.stderr[-2000:])
    return p.stdout if code == 0 else p.stderr


def round_trip(path):
    """printed and read again, a program prints the same"""
    once = modelc("--ast", path)
    with tempfile.TemporaryDirectory() as d:
        again = os.path.join(d, os.path.basename(path))
        open(again, "w").write(once)
        assert modelc("--ast", again) == once


def test_help():
    out = modelc("--help")
    assert "--standalone" in out and "Exit status" in out and max(map(len, out.splitlines())) <= 80


def test_version():
    assert re.match(r"modelc \d+\.\d+\.\d+\n", modelc("--version"))


def test_usage_errors():
    for args, text in [([], "no model file"), (["--nonsense", "x.model"], "nonsense"), (["--blas", "mkl", "x.model"], "expected openblas or none"),
                       (["--floatX", "int8", "x.model"], "expected float32 or float64"), (["-O", "7", "x.model"], "expected 0, 1, 2 or 3"),
                       (["-D", "novalue", "x.model"], "expected NAME=VALUE"), (["a.model", "b.model"], "one model file at a time"),
                       (["--max-bytes", "many", "x.model"], "positive integer")]:
        err = modelc(*args, code=2)
        assert text in err, "%s: %s" % (args, err)


def test_missing_file():
    assert re.match(r"nowhere.model: error: .*No such file", modelc("nowhere.model", code=1))


def test_folder_as_file():
    assert "error:" in modelc(ROOT, code=1)


def test_unwritable_output():
    err = modelc(os.path.join(MODELS, "add.model"), "-o", "/proc/nowhere", code=1)
    assert "/proc/nowhere" in err, err


def test_nothing_written_after_an_error():
    with tempfile.TemporaryDirectory() as d:
        bad = os.path.join(d, "bad.model")
        open(bad, "w").write("symbol x : dscalar\nfunction f(x) -> y = x + z\n")
        err = modelc(bad, "-o", d, code=1)
        assert "bad.model:2:26: error" in err, err
        assert os.listdir(d) == ["bad.model"]


def test_print_gradient():
    out = modelc("--print", "grad(y, x)", os.path.join(MODELS, "square_grad.model"))
    assert out.rstrip().endswith("optimised\n2 * x"), out
    assert "as written" in out


def test_dot():
    out = modelc("--dot", os.path.join(MODELS, "a_plus_a10.model"))
    assert out.count("digraph") == 2, out


def test_report():
    out = modelc("--report", os.path.join(MODELS, "logistic_regression.model"))
    assert re.search(r"^memory: .*batch.* bytes", out, re.M), out


def test_passes():
    assert "grad" in modelc("--passes")


def test_max_bytes():
    path = os.path.join(MODELS, "logistic_regression.model")
    err = modelc(path, "--max-bytes", "1M", code=1)
    assert "batch" in err, err  # a dim without an upper bound is named
    modelc(path, "--check", "--max-bytes", "1M", "-D", "batch=600")
    with tempfile.TemporaryDirectory() as d:
        sizes = ["-D", "batch=600", "-D", "n_train=50000", "-D", "n_valid=10000", "-D", "n_test=10000"]
        err = modelc(path, "-o", d, "--max-bytes", "10k", *sizes, code=1)
        assert "W" in err and not os.listdir(d), err
        modelc(path, "-o", d, "--max-bytes", "1M", *sizes)
