"""checkpoints.py -- states in files: read and written by NumPy and the safetensors package, refused when they do not fit or are damaged,
taken in part by another model"""
import os, random, subprocess, tempfile, threading
import formats_numpy, harness, training
from run import ROOT

MODEL = os.path.join(ROOT, "tests/objects/many_sizes.model")
SETTINGS = {"floatX": "float32", "blas": "none", "threads": "none", "level": "-O3", "march": "-march=native", "cc": "gcc", "copt": "-O1", "lang": "c99", "sanitize": True}
NEW = ["new 6 2 5 0 4", "init 3"]
TENSORS = ["V", "count", "flag", "total"] + ["layers.%d.layer.W" % i for i in range(4)]


def tests(options):
    for form in ("npz", "safetensors"):
        yield form + " and Python", lambda form=form: python(form)
        yield form + " that does not fit", lambda form=form: mismatch(form)
        yield form + " damaged", lambda form=form: damage(form)
    yield "partial", partial


_lock, _saver = threading.Lock(), []


def saver():
    """the model with a harness that saves and loads it, compiled once"""
    with _lock:
        if not _saver:
            _saver.append(harness.Program(MODEL, SETTINGS))
        return _saver[0]


def numpy(code, folder, *args, safetensors=False):
    exe, _ = formats_numpy.python(safetensors)
    p = subprocess.run([exe, "-c", HEAD + code, *args], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100)
    assert p.returncode == 0, p.stdout[-3000:]
    return p.stdout


HEAD = r"""
import numpy as np, os, sys
form = sys.argv[1]
def read(path):
    if form == "npz":
        z = np.load(path)
        return {k: z[k] for k in z.files}
    import safetensors.numpy
    return safetensors.numpy.load_file(path)
def write(path, arrays):
    if form == "npz":
        (np.savez_compressed if "packed" in path else np.savez)(path, **arrays)
    else:
        import safetensors.numpy
        safetensors.numpy.save_file(arrays, path, metadata={"format": "np", "about": "12345678"})
def show(arrays, names):
    for n in names:
        a = arrays[n]
        print(n, "=", *[("%.9g" if a.dtype == np.float32 else "%.17g" if a.dtype == np.float64 else "%d") % x for x in a.ravel()])
"""


def values(answers):
    """of `get`: {name: "v v v"}"""
    return dict(a[3:].split(" = ", 1) for a in answers if " = " in a)


def python(form):
    program = saver()
    with tempfile.TemporaryDirectory() as d:
        file = lambda n: os.path.join(d, n + "." + form)
        answers = program.talk(NEW + ["call draws 3 :", "set count 7", "set total 0.1", "save " + file("ours"), "save " + file("again")] + ["get " + t for t in TENSORS])
        assert answers[5] == answers[6] == "ok", answers
        assert open(file("ours"), "rb").read() == open(file("again"), "rb").read()
        out = numpy(r"""
a = read("ours." + form)
names = sys.argv[2:]
assert sorted(a) == sorted(names + ["@random"]), sorted(a)
assert a["@random"].dtype == np.uint64 and list(a["@random"]) == [3, 2], a["@random"]
types = {"V": ("f4", (3,)), "count": ("i8", ()), "flag": ("u1", (5, 3)), "total": ("f8", ())}
for n in names:
    t, shape = types.get(n, ("f4", (3, 3)))
    assert a[n].dtype == np.dtype(t) and a[n].shape == shape, (n, a[n].dtype, a[n].shape)
show(a, names)
b = {n: np.array(1 - x if n == "flag" else x + 2, x.dtype) for n, x in a.items()}
write("theirs." + form, b)
if form == "npz":
    write("packed.npz", b)
    write("other.npz", {n: np.array(x, x.dtype.newbyteorder(">"), order="F") for n, x in b.items()})
print("--")
show(b, names)
""", d, form, *TENSORS, safetensors=form != "npz")
        ours, theirs = (dict(l.split(" = ", 1) for l in part.strip().splitlines()) for part in out.split("--\n"))
        assert ours == values(answers[7:]), "%s\n%s" % (ours, answers)
        for name in ["theirs"] + ["packed", "other"] * (form == "npz"):
            answers = program.talk(NEW[:1] + ["load " + file(name)] + ["get " + t for t in TENSORS] + ["save " + file("back"), "call draws 3 :"])
            assert answers[1] == "ok" and values(answers[2:10]) == theirs, "%s: %s\n%s" % (name, answers, theirs)
            numpy("a = read('back.' + form)\nassert list(a['@random']) == [5, 4], a['@random']", d, form, safetensors=form != "npz")


def refused(program, d, form, names, expect):
    """each file is refused with its status and text, and what was there stays"""
    file = lambda n: os.path.join(d, n + "." + form)
    answers = program.talk(NEW + ["call draws 3 :", "save " + file("before")] + ["load " + file(n) for n in names] + ["save " + file("after"), "load " + file("before")])
    assert answers[-1] == answers[-2] == "ok", answers[-2:]
    for name, answer in zip(names, answers[4:-2]):
        status, text = expect(name)
        assert answer.startswith("status ") and answer.split()[1] in status and text in answer, "%s: %s, expected %s %s" % (name, answer, status, text)
    assert open(file("before"), "rb").read() == open(file("after"), "rb").read(), "a load that was refused has changed the model"


def mismatch(form):
    program = harness.Program(MODEL, SETTINGS)
    expect = {
        "shape": "V is float32[4], expected float32[3]", "rank": "flag is uint8[15], expected uint8[5, 3]", "dtype": "total is float32, expected float64",
        "signed": "flag is int8[5, 3], expected uint8[5, 3]", "scalar": "count is int64[1], expected int64", "fewer": "layers.2.layer.W of model many_sizes is not in it",
        "more": "it has layers.4.layer.W, which model many_sizes has not", "random": "expected @random: uint64[2], the seed and the call number",
        "short": "expected @random: uint64[2], the seed and the call number", "none": "of model many_sizes is not in it"}
    with tempfile.TemporaryDirectory() as d:
        answers = program.talk(NEW + ["save " + os.path.join(d, "good." + form)])
        assert answers[-1] == "ok", answers
        numpy(r"""
good = read("good." + form)
def case(name, **changes):
    a = dict(good, **changes)
    write(name + "." + form, {n: x for n, x in a.items() if x is not None})
case("shape", V=np.zeros(4, "f4"))
case("rank", flag=good["flag"].reshape(15))
case("dtype", total=np.array(1, "f4"))
case("signed", flag=good["flag"].astype("i1"))
case("scalar", count=good["count"].reshape(1))
case("fewer", **{"layers.2.layer.W": None})
case("more", **{"layers.4.layer.W": np.zeros((3, 3), "f4")})
case("random", **{"@random": None})
case("short", **{"@random": np.zeros(1, "u8")})
write("none." + form, {"@random": good["@random"]})
""", d, form, safetensors=form != "npz")
        refused(program, d, form, list(expect), lambda n: (["-8"], expect[n]))


def damage(form):
    """each byte of what is not values changed, and some of the values; the file cut off; something behind it"""
    program, rng = saver(), random.Random(1)
    with tempfile.TemporaryDirectory() as d:
        good = os.path.join(d, "good." + form)
        assert program.talk(NEW + ["save " + good])[-1] == "ok"
        raw, names = open(good, "rb").read(), []
        header = len(raw) if form == "npz" else 8 + int.from_bytes(raw[:8], "little")

        def case(name, data):
            open(os.path.join(d, "%s.%s" % (name, form)), "wb").write(data)
            names.append(name)

        for i in sorted(set(range(header)) | {rng.randrange(len(raw)) for _ in range(200)}):
            case("byte%d" % i, raw[:i] + bytes([raw[i] ^ rng.randrange(1, 256)]) + raw[i + 1:])
        for n in sorted({0, 1, len(raw) - 1, *(rng.randrange(len(raw)) for _ in range(50))}):
            case("cut%d" % n, raw[:n])
        case("more", raw + b"\0")
        case("twice", raw + raw)
        refused(program, d, form, names, lambda n: (["-7"], n + "." + form))


def partial():
    """line by line what a newer model takes of an older one's state"""
    with tempfile.TemporaryDirectory() as d:
        open(os.path.join(d, "x.csv"), "w").write("".join("%d,%d,%d,%d\n" % (i, 1, i * i, 2) for i in range(10)))
        exe = {}
        for name in ("old", "newer"):
            exe[name] = os.path.join(d, name)
            harness.must([harness.MODELC, os.path.join(ROOT, "tests/checkpoints", name + ".model"), "--driver", "--blas", "none", "--threads", "none", "-o", d])
            harness.must(["gcc", "-O1", "-std=gnu99", "-I", os.path.join(ROOT, "runtime"), "-I", d, exe[name] + ".c", exe[name] + "_driver.c",
                          harness.runtime_library(), "-o", exe[name], "-lpng", "-lz", "-lm"])
        old, run = os.path.join(d, "o/last.npz"), lambda *a, **kw: training.program(*a, "--data", d, **kw)
        run(exe["old"], "train", "--out", d + "/o", "--seed", "5")
        out = run(exe["newer"], "train", "--out", d + "/n", "--seed", "9", "--state", old, "--partial")
        lines = out.splitlines()[:5]
        assert lines == ["W: taken from %s" % old, "b: float32[3] in %s, float32[5] here: stays as it is" % old, "V: not in %s, stays as it is" % old,
                         "steps: int64 in %s, int32 here: stays as it is" % old, "gone: only in %s, left out" % old], out
        run(exe["newer"], "train", "--out", d + "/m", "--seed", "9")
        import zipfile
        o, n, m = (zipfile.ZipFile(os.path.join(d, f, "last.npz")) for f in "onm")
        assert n.read("W.npy") == o.read("W.npy") != m.read("W.npy")
        assert all(n.read(k) == m.read(k) for k in ("V.npy", "b.npy", "steps.npy", "@random.npy"))
        # all or nothing without --partial; nothing in common; where it does not belong
        out = run(exe["newer"], "train", "--out", d + "/x", "--state", old, code=1)
        assert "b is float32[3], expected float32[5]" in out and not os.path.exists(d + "/x/last.npz"), out
        lr = os.path.join(d, "other.npz")
        import shutil
        with zipfile.ZipFile(lr, "w") as z:
            z.writestr("gone.npy", o.read("gone.npy"))
        assert "other.npz: it shares nothing with model newer" in run(exe["newer"], "train", "--out", d + "/x", "--state", lr, "--partial", code=1)
        for wrong in (["train", "--partial"], ["train", "--partial", "--state", old, "--resume"], ["predict", "--partial", "--state", old]):
            assert "--partial is for train --state FILE" in run(exe["newer"], *wrong, code=2)
