"""sizes.py -- the compiler's work over the size of the program: instructions are counted, and nothing nests deep

The programs are those of bench/size.py.  For twice as many nodes a linear compiler executes twice as many instructions, a
quadratic one up to four times as many; what every run costs is taken off by a third size.
"""
import os, re, resource, shutil, subprocess, sys, tempfile
from run import ROOT, Skip

sys.path.insert(0, os.path.join(ROOT, "bench"))
import size as programs

MODELC = os.path.join(ROOT, "build/modelc")
NODES = 200  # and twice and four times as many
STACK = 256 << 10


def tests(options):
    for make in programs.chain, programs.scalars, programs.loops:  # the others are linear from some thousand nodes on
        yield make.__name__ + " instructions", lambda make=make: linear(make)
    for make in programs.scalars, programs.reverse:
        yield make.__name__ + " 10^5 nodes", lambda make=make: shallow(make)


def write(folder, make, n):
    path = os.path.join(folder, "%s_%d.model" % (make.__name__, n))
    with open(path, "w") as f:
        f.writelines(make(n))
    return path


def instructions(folder, make, n):
    counts = os.path.join(folder, "counts")
    p = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + counts, MODELC, write(folder, make, n), "-o", folder],
                       stderr=subprocess.PIPE, timeout=200)
    assert p.returncode == 0, p.stderr.decode()
    return int(re.search(r"^(?:totals|summary): (\d+)", open(counts).read(), re.M).group(1))


def linear(make):
    if not shutil.which("valgrind"):
        raise Skip("there is no valgrind")
    with tempfile.TemporaryDirectory() as folder:
        one, two, four = (instructions(folder, make, k * NODES) for k in (1, 2, 4))
    grown = (four - two) / (two - one)  # 2 if linear, 4 if quadratic
    assert grown < 2.3, "%s: %d, %d and %d instructions for %d nodes and twice and four times as many" % (make.__name__, one, two, four, NODES)


def shallow(make):
    with tempfile.TemporaryDirectory() as folder:
        p = subprocess.run([MODELC, write(folder, make, 100000), "-o", folder], stderr=subprocess.PIPE, timeout=200,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, (STACK, STACK)))
        assert p.returncode == 0, "exit %d: %s" % (p.returncode, p.stderr.decode()[:1000])
