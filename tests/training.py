"""training.py -- `make train` and `make predict`, as a person types them, and the figures they must reach"""
import csv, os, re, shutil, statistics, struct, subprocess, sys, tempfile, threading
import harness
from run import ROOT, Skip

FASHION = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"
LOSSES = [2.3025851, 2.0266905, 1.8331063, 1.6840256, 1.6006797, 1.4990002, 1.4285552, 1.3316089, 1.3366203, 1.3080351]


def tests(options):
    yield "logistic_regression: the published figures", figures
    yield "small set", small_set
    yield "two classes: 10,000 steps", two_classes
    yield "resume", resume
    yield "wrong files", wrong_files
    yield "mlp: ten losses", lambda: ten_losses("mlp", 20)
    yield "lenet: ten losses", lambda: ten_losses("lenet", 50)
    yield "mlp: errors within the spread of the reference", mlp_spread
    yield "classes", classes
    if options.all:
        yield "mlp: whole set, within the spread of the reference", lambda: whole_set("mlp", 10)
        yield "lenet: whole set, within the spread of the reference", lambda: whole_set("lenet", 3)


def make(*args, code=0, **kw):
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS")}
    p = subprocess.run(["make", "--no-print-directory", *args], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    assert (p.returncode == 0) == (code == 0), "make %s: exit %d\n%s" % (" ".join(args), p.returncode, p.stdout[-3000:])
    return p.stdout


def png_size(path):
    head = open(path, "rb").read(24)
    assert head[:8] == b"\x89PNG\r\n\x1a\n", path + " is no PNG"
    return struct.unpack(">II", head[16:24])


def figures():
    """stops at step 5,000 in epoch 61; 1,422 of 9,600 and 1,546 of 9,600 wrong at epoch 60; the first ten losses"""
    if not os.path.exists(FASHION):
        raise Skip("Fashion-MNIST is not installed")
    with tempfile.TemporaryDirectory() as d:
        out = make("train", "OUT=" + d, "trace=10")
        losses = [float(x) for x in re.findall(r"step +\d+.*?nll[ =]+([0-9.]+)", out)][:10]
        assert len(losses) == 10, out[:2000]
        for got, want in zip(losses, LOSSES):
            assert abs(got - want) < 1e-5, "%s\n%s" % (losses, LOSSES)
        rows = list(csv.DictReader(open(os.path.join(d, "history.csv"))))
        assert len(rows) == 61 and int(rows[-1]["total"]) == 5000, rows[-1]
        best = min(rows, key=lambda r: float(r["watch"]))
        assert int(best["epoch"]) == 60, best
        assert round(float(best["watch"]) * 9600) == 1422 and round(float(best["test"]) * 9600) == 1546, best
        assert "14.81" in out and "16.10" in out, out[-2000:]
        pictures = [f for f in os.listdir(d) if f.endswith(".png")]
        assert len(pictures) >= 2 and all(png_size(os.path.join(d, f))[0] >= 200 for f in pictures), pictures
        out = make("predict", "OUT=" + d)
        assert len(re.findall(r"^ *\d+ ", out, re.M)) >= 10, out
        for name in ("p.csv", "p.npy"):
            make("predict", "OUT=" + d, "IMAGE=" + os.path.join(ROOT, "models/data/t10k-images-idx3-ubyte.gz"), "CSV=" + os.path.join(d, name))
            assert os.path.getsize(os.path.join(d, name)) > 500


_built, _lock = {}, threading.Lock()


def build(d, model="logistic_regression", batch=50):
    """a model compiled for the small set, as a program of its own; made once in a run"""
    with _lock:
        if (model, batch) not in _built:
            folder = tempfile.TemporaryDirectory(prefix="modelc-training-")
            made = os.path.join(folder.name, model)
            harness.must([harness.MODELC, os.path.join(ROOT, "models/%s.model" % model), "--driver", "--blas", "none", "-D", "n_fit=1500", "-D", "batch_size=%d" % batch,
                          "-o", folder.name])
            harness.must(["gcc", "-O2", "-std=gnu99", "-fopenmp", "-I", os.path.join(ROOT, "runtime"), "-I", folder.name, made + ".c", made + "_driver.c",
                          harness.runtime_library(), "-o", made, "-lpng", "-lz", "-lm"])
            _built[model, batch] = folder
        return shutil.copy(os.path.join(_built[model, batch].name, model), d)


DATA = os.path.join(ROOT, "models/data")


def program(exe, *args, code=0):
    p = subprocess.run([exe, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=120)
    assert p.returncode == code, "exit %d, expected %d: %s\n%s" % (p.returncode, code, " ".join(args), p.stdout[-3000:])
    return p.stdout


def small_set():
    with tempfile.TemporaryDirectory() as d:
        exe = build(d)
        out = program(exe, "train", "--data", DATA, "--out", d + "/o", "--epochs", "5")
        rows = list(csv.DictReader(open(d + "/o/history.csv")))
        assert len(rows) == 5 and float(rows[-1]["watch"]) < 0.35 < float(rows[0]["train"]), out
        assert os.path.exists(d + "/o/best.npz") and os.path.exists(d + "/o/last.npz")
        program(exe, "predict", "--data", DATA, "--out", d + "/o")
        assert "logistic_regression" in program(exe, "info")
        out = program(exe, "train", "--data", DATA, "--out", d + "/none", "--epochs", "0")
        assert "0 epochs, 0 steps\nwrote best.npz, last.npz" in out and os.path.exists(d + "/none/best.npz"), out


def resume():
    """5 epochs, and 2 then 3: the same bits"""
    with tempfile.TemporaryDirectory() as d:
        exe = build(d)
        program(exe, "train", "--data", DATA, "--out", d + "/a", "--epochs", "5")
        program(exe, "train", "--data", DATA, "--out", d + "/b", "--epochs", "2")
        program(exe, "train", "--data", DATA, "--out", d + "/b", "--epochs", "5", "--resume")
        import zipfile
        a, b = zipfile.ZipFile(d + "/a/last.npz"), zipfile.ZipFile(d + "/b/last.npz")
        assert sorted(a.namelist()) == sorted(b.namelist())
        for n in a.namelist():
            if "time" not in n:
                assert a.read(n) == b.read(n), n + " differs after a resume"


def wrong_files():
    """one message that says what, where and what was expected; exit 1, usage 2; nothing half-written"""
    with tempfile.TemporaryDirectory() as d:
        exe = build(d)
        cases = []
        for change in ("missing", "truncated", "corrupt", "short", "labels"):
            data = os.path.join(d, change)
            shutil.copytree(DATA, data)
            path = os.path.join(data, "train-images-idx3-ubyte.gz")
            raw = open(path, "rb").read()
            if change == "missing":
                os.remove(path)
            elif change == "truncated":
                open(path, "wb").write(raw[:len(raw) // 2])
            elif change == "corrupt":
                open(path, "wb").write(raw[:2000] + bytes(b ^ 0xff for b in raw[2000:2100]) + raw[2100:])
            elif change == "short":
                import gzip
                body = gzip.decompress(raw)
                open(path, "wb").write(gzip.compress(struct.pack(">IIII", 0x803, 1000, 28, 28) + body[16:16 + 1000 * 784]))
            else:
                import gzip
                path = os.path.join(data, "train-labels-idx1-ubyte.gz")
                body = bytearray(gzip.decompress(open(path, "rb").read()))
                body[8 + 77] = 200
                open(path, "wb").write(gzip.compress(bytes(body)))
            out = program(exe, "train", "--data", data, "--out", d + "/o", "--epochs", "1", code=1)
            name = "label" if change == "labels" else "train-images"
            assert name in out and len([l for l in out.splitlines() if "error" in l or "logistic_regression:" in l]) <= 2, "%s: %s" % (change, out)
        program(exe, "train", "--data", DATA, "--out", d + "/o", "--epoch", "1", code=2)
        program(exe, "train", "--data", DATA, "--out", "/proc/nowhere", "--epochs", "1", code=1)
        program(exe, "fly", code=2)
        out = program(exe, "train", "--data", DATA, "--out", d + "/o", "--state", d + "/none.npz", code=1)
        assert "none.npz" in out, out
        out = program(exe, "train", "--data", DATA, "--out", d + "/o", "--state", d + "/none.npz", "--resume", code=2)
        assert "give one of them" in out, out
        # a checkpoint of another model
        program(exe, "train", "--data", DATA, "--out", d + "/o", "--epochs", "1")
        raw = bytearray(open(d + "/o/best.npz", "rb").read())
        raw[len(raw) // 2] ^= 1
        open(d + "/o/best.npz", "wb").write(bytes(raw))
        out = program(exe, "predict", "--data", DATA, "--out", d + "/o", code=1)
        assert "best.npz" in out, out


REFERENCE = os.path.join(ROOT, "models/reference")


def reference(name, **where):
    """rows of a table of the NumPy runs"""
    rows = [r for r in csv.DictReader(open(os.path.join(REFERENCE, name))) if all(r[k] == str(v) for k, v in where.items())]
    assert rows, "%s has no rows with %s" % (name, where)
    return rows


def ten_losses(model, batch):
    """from the values of initial.py, each within 2e-5 of what NumPy finds in float64"""
    with tempfile.TemporaryDirectory() as d:
        exe = build(d, model, batch)
        harness.must([sys.executable, os.path.join(REFERENCE, "initial.py"), model, d + "/initial.npz"])
        out = program(exe, "train", "--data", DATA, "--out", d + "/o", "--state", d + "/initial.npz", "--epochs", "1", "--steps", "10", "--trace", "10",
                      "--watch_steps", "1", "--test_steps", "1")
        got = [float(x) for x in re.findall(r"^step \d+  nll (\S+)$", out, re.M)]
        want = [float(r["nll"]) for r in reference("losses.csv", model=model, batch=batch)]
        assert len(got) == len(want) == 10 and all(abs(g - w) < 2e-5 for g, w in zip(got, want)), "%s\n%s" % (got, want)


def within_spread(history, **where):
    """the errors at the end of the last epoch lie within three standard deviations of those of NumPy's runs over seeds"""
    last = list(csv.DictReader(open(history)))[-1]
    runs = reference("errors.csv", epoch=last["epoch"], **where)
    assert len(runs) >= 5, runs
    for ours, wrong, of in (("watch", "valid_wrong", "valid_of"), ("test", "test_wrong", "test_of")):
        theirs = [int(r[wrong]) / int(r[of]) for r in runs]
        mean, deviation = statistics.mean(theirs), statistics.stdev(theirs)
        assert abs(float(last[ours]) - mean) <= 3 * deviation, "%s %s, expected %g +- %g" % (ours, last[ours], mean, 3 * deviation)


def mlp_spread():
    with tempfile.TemporaryDirectory() as d:
        exe = build(d, "mlp")
        out = program(exe, "train", "--data", DATA, "--out", d + "/o", "--epochs", "10")
        assert "best at epoch 10" in out, out  # its test was taken
        within_spread(d + "/o/history.csv", model="mlp", set="small")


def whole_set(model, epochs):
    if not os.path.exists(FASHION):
        raise Skip("Fashion-MNIST is not installed")
    with tempfile.TemporaryDirectory() as d:
        out = make("train", "MODEL=" + model, "OUT=" + d, "EPOCHS=%d" % epochs)
        assert "best at epoch %d" % epochs in out, out
        within_spread(d + "/history.csv", model=model, set="full")


def classes():
    """counts by class as text, CSV and picture agree with the errors; a label without a name is an error with its row"""
    names = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
    with tempfile.TemporaryDirectory() as d:
        exe = build(d)
        program(exe, "train", "--data", DATA, "--out", d + "/o", "--epochs", "3")
        rows = list(csv.reader(open(d + "/o/confusion.csv")))
        assert rows[0] == ["truth"] + names and [r[0] for r in rows[1:]] == names, rows
        count = [[int(n) for n in r[1:]] for r in rows[1:]]
        import gzip
        labels = gzip.open(DATA + "/t10k-labels-idx1-ubyte.gz").read()[8:]
        assert [sum(r) for r in count] == [labels.count(i) for i in range(10)], count
        wrong = 500 - sum(count[i][i] for i in range(10))
        best = min(csv.DictReader(open(d + "/o/history.csv")), key=lambda r: float(r["watch"]))
        assert wrong == round(float(best["test"]) * 500), (wrong, best)
        assert min(png_size(d + "/o/confusion.png")) >= 600
        out = program(exe, "predict", "--data", DATA, "--out", d + "/o")
        assert "%.4g %% wrong (%d of 500)" % (wrong / 5, wrong) in out, out
        assert re.search(r"^ +0 +Ankle boot +\S", out, re.M), out
        for i, name in enumerate(names):
            line = re.search(r"^ +%d  %s ((?: +[0-9.]+){10})  +([0-9.]+) %%$" % (i, name), out, re.M)
            assert line and [int(n.replace(".", "0")) for n in line[1].split()] == count[i], out
            assert abs(float(line[2]) - 100 * count[i][i] / sum(count[i])) < 0.06, out
        program(exe, "predict", "--data", DATA, "--out", d + "/o", "--out-file", d + "/p.csv", "--show", "y_pred")
        guesses = [int(l) for l in open(d + "/p.csv").read().split()[1:]]
        assert count == [[sum(t == i and g == j for t, g in zip(labels, guesses)) for j in range(10)] for i in range(10)]
        # nine names
        out = program(exe, "predict", "--data", DATA, "--out", d + "/o", "--classes", ",".join(names[:9]), code=1)
        assert "label is 9 in row 0 of the set test, but predict has 9 classes" in out, out


TWO = r"""
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "logistic_regression_2class.h"
/* 400 rows of normal features, targets by a coin; 10,000 steps; every row predicted right; no NaN for a w of 1000 */
static float x[400 * 784], y[400], w[784];
static unsigned char p[400];
static unsigned long long s = 88172645463325252ull;
static double uniform(void) { s ^= s << 13; s ^= s >> 7; s ^= s << 17; return ((double)(s >> 11) + 0.5) / 9007199254740992.0; }
int main(void)
{
	for (int i = 0; i < 400 * 784; i++) x[i] = (float)(sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform()));
	for (int i = 0; i < 400; i++) y[i] = uniform() < 0.5 ? 0.0f : 1.0f;
	logistic_regression_2class_sizes sizes = {400};
	logistic_regression_2class *m = logistic_regression_2class_new(&sizes);
	float cost = 0;
	int wrong = 0;
	logistic_regression_2class_init(m, 1);
	for (int i = 0; i < 10000; i++)
		if (logistic_regression_2class_train(m, 400, x, y, 0.1f, p, &cost)) return 1;
	if (logistic_regression_2class_predict(m, 400, x, p)) return 1;
	for (int i = 0; i < 400; i++) wrong += p[i] != (y[i] > 0.5f);
	printf("wrong %d cost %g\n", wrong, (double)cost);
	for (int i = 0; i < 784; i++) w[i] = 1000;
	logistic_regression_2class_set_w(m, w);
	if (logistic_regression_2class_train(m, 400, x, y, 0.1f, p, &cost)) return 1;
	printf("finite %d\n", isfinite(cost) && isfinite(logistic_regression_2class_get_w(m)[0]));
	return 0;
}
"""


def two_classes():
    with tempfile.TemporaryDirectory() as d:
        harness.must([harness.MODELC, os.path.join(ROOT, "models/logistic_regression_2class.model"), "-o", d, "--blas", "none"])
        open(d + "/t.c", "w").write(TWO)
        harness.must(["gcc", "-O3", "-march=native", "-std=gnu99", "-fopenmp", "-I", os.path.join(ROOT, "runtime"), "-I", d, d + "/t.c", d + "/logistic_regression_2class.c",
                      harness.runtime_library(), "-o", d + "/t", "-lpng", "-lz", "-lm"])
        out = harness.must([d + "/t"])
        assert "wrong 0" in out and "finite 1" in out, out
