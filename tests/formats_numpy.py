"""formats_numpy.py -- our files read by NumPy, and NumPy's by us

NumPy is taken from the system, else installed into build-tests/numpy; where neither works the tests are skipped.
"""
import os, subprocess, sys, tempfile, threading, zipfile
import harness
from run import ROOT, Skip

_lock, _ready = threading.Lock(), []


def tests(options):
    for name, code in sorted(CASES.items()):
        yield name, lambda name=name, code=code: case(name, code)


def python(safetensors=False):
    """an interpreter that has NumPy, and safetensors if that is asked for, and the path of the converter"""
    with _lock:
        if not _ready:
            folder = os.path.join(ROOT, "build-tests")
            os.makedirs(folder, exist_ok=True)
            exe = sys.executable
            if subprocess.run([exe, "-c", "import numpy"], stderr=subprocess.DEVNULL).returncode:
                venv = os.path.join(folder, "numpy")
                exe = os.path.join(venv, "bin", "python")
                if not os.path.exists(exe) or subprocess.run([exe, "-c", "import numpy"], stderr=subprocess.DEVNULL).returncode:
                    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
                    try:
                        subprocess.run([sys.executable, "-m", "venv", venv], check=True, timeout=120, **quiet)
                        subprocess.run([exe, "-m", "pip", "install", "-q", "numpy"], check=True, timeout=240, **quiet)
                    except (subprocess.SubprocessError, OSError):
                        exe = None
            convert = os.path.join(folder, "convert")
            runtime = [os.path.join(ROOT, "runtime", "mc_%s.c" % n) for n in
                       ("io", "array", "idx", "csv", "npy", "npz", "npz_write", "safetensors", "load")]
            harness.must(["gcc", "-g", "-O1", "-std=c99", "-fsanitize=address,undefined", "-I", os.path.join(ROOT, "runtime"),
                          os.path.join(ROOT, "tests/formats/convert.c"), *runtime, "-o", convert, "-lz", "-lm"])
            _ready.append((exe, convert))
        exe = _ready[0][0]
        if not exe:
            raise Skip("NumPy is not installed and cannot be")
        if safetensors and subprocess.run([exe, "-c", "import safetensors"], stderr=subprocess.DEVNULL).returncode:
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "timeout": 240}
            if exe == sys.executable or subprocess.run([exe, "-m", "pip", "install", "-q", "safetensors"], **quiet).returncode:
                raise Skip("the safetensors package is not installed and cannot be")
        return _ready[0]


HEAD = r"""
import numpy as np, os, subprocess, sys, zipfile
convert = sys.argv[1]
def ours(a, b):
    p = subprocess.run([convert, a, b], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert p.returncode == 0, p.stdout
def refuses(a, b, text):
    p = subprocess.run([convert, a, b], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert p.returncode == 1 and text in p.stdout, (p.returncode, p.stdout)
def same(a, b):
    assert a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes(), (a.dtype, b.dtype, a.shape, b.shape)
TYPES = "? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16".split()
rng = np.random.default_rng(1)
def make(t, shape):
    return (rng.random(shape) * 100 - 30 * (np.dtype(t).kind not in "u?")).astype(t)
"""

CASES = {
    "npy": r"""
for t in TYPES:
    for shape in [(), (0,), (5,), (2, 3), (3, 0, 2), (2, 3, 4, 5)]:
        for order, layout in (("<", "C"), (">", "F")):
            a = np.array(make(t, shape), dtype=np.dtype(t).newbyteorder(order), order=layout)
            np.save("a.npy", a)
            ours("a.npy", "b.npy")
            same(np.load("b.npy"), np.array(a, dtype=t, order="C"))
for version in [(1, 0), (2, 0), (3, 0)]:
    with open("v.npy", "wb") as f:
        np.lib.format.write_array(f, np.arange(6.0).reshape(2, 3), version=version)
    ours("v.npy", "b.npy")
    same(np.load("b.npy"), np.arange(6.0).reshape(2, 3))
np.save("s.npy", np.array(["text"]))
refuses("s.npy", "b.npy", "cannot be read")
np.save("s.npy", np.zeros(3, dtype=[("x", "f4"), ("y", "i2")]))
refuses("s.npy", "b.npy", "damaged .npy header")
""",
    "npz": r"""
arrays = {"a%d" % i: make(t, (3, i)) for i, t in enumerate(TYPES)}
arrays["h.W"] = make("f4", (784, 10))
for save in (np.savez, np.savez_compressed):
    save("a.npz", **arrays)
    ours("a.npz", "b.npz")
    back = np.load("b.npz")
    assert sorted(back.files) == sorted(arrays), back.files
    for k in arrays:
        same(back[k], arrays[k])
    assert zipfile.ZipFile("b.npz").testzip() is None
    ours("a.npz:h.W", "w.npy")
    same(np.load("w.npy"), arrays["h.W"])
    ours("a.npz", "c.safetensors")
    ours("c.safetensors", "d.npz")
    assert open("d.npz", "rb").read() == open("b.npz", "rb").read()
""",
    "zip64 and other zip files": r"""
a = make("f8", (7, 3))
np.save("x.npy", a)
zipfile.ZIP64_LIMIT = 10   # everything is large
with zipfile.ZipFile("a.npz", "w", allowZip64=True) as z:
    for name in ("x.npy", "y.npy"):
        z.write("x.npy", name)
raw = open("a.npz", "rb").read()
assert b"PK\x06\x06" in raw and b"PK\x06\x07" in raw
ours("a.npz", "b.npz")
same(np.load("b.npz")["y"], a)
# sizes behind the data, as a writer to a pipe makes them
import io
class Pipe(io.RawIOBase):
    def __init__(self): self.data = b""
    def writable(self): return True
    def write(self, b): self.data += bytes(b); return len(b)
zipfile.ZIP64_LIMIT = (1 << 31) - 1
for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", method) as z:
        z.write("x.npy", "x.npy")
    open("p.npz", "wb").write(pipe.data)
    ours("p.npz", "b.npz")
    same(np.load("b.npz")["x"], a)
with zipfile.ZipFile("t.npz", "w") as z:
    z.writestr("x.npy", b"not an array")
refuses("t.npz", "b.npz", "not a .npy file")
with zipfile.ZipFile("t.npz", "w", zipfile.ZIP_BZIP2) as z:
    z.write("x.npy")
refuses("t.npz", "b.npz", "a zip method other than stored and deflated")
with zipfile.ZipFile("t.npz", "w") as z:
    z.write("x.npy"); z.write("x.npy", "z.npy")
raw = bytearray(open("t.npz", "rb").read())
raw[raw.index(b"\x93NUMPY") + 200] ^= 4
open("t.npz", "wb").write(raw)
refuses("t.npz", "b.npz", "x.npy: wrong checksum")
""",
    "csv and idx": r"""
a = make("f8", (20, 3))
for text in (dict(delimiter=","), dict(delimiter=" "), dict(delimiter="\t"), dict(delimiter=";", header="a;b;c"), dict(delimiter=",", fmt="%.17g", header="a,b,c", comments="")):
    np.savetxt("a.csv", a, **text)
    ours("a.csv", "b.npy")
    b = np.load("b.npy")
    assert b.shape == a.shape and np.allclose(a, b, rtol=1e-15, atol=0)
np.savetxt("a.csv", np.arange(6).reshape(2, 3), fmt="%d")
ours("a.csv", "b.npy")
same(np.load("b.npy"), np.arange(6).reshape(2, 3))
np.save("i.npy", make("i2", (3, 4, 5)))
ours("i.npy", "i.idx.gz")
import gzip
raw = gzip.open("i.idx.gz").read()
assert raw[:16] == bytes([0, 0, 0x0B, 3, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5])
same(np.frombuffer(raw[16:], ">i2").reshape(3, 4, 5).astype("i2"), np.load("i.npy"))
ours("i.idx.gz", "j.npy")
same(np.load("j.npy"), np.load("i.npy"))
""",
}


def case(name, code):
    exe, convert = python()
    with tempfile.TemporaryDirectory() as d:
        open(os.path.join(d, "case.py"), "w").write(HEAD + code)
        out = subprocess.run([exe, "case.py", convert], cwd=d, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=200)
        assert out.returncode == 0, out.stdout[-3000:]
