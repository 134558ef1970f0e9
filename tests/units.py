"""units.py -- the unit test programs, built with the sanitizers"""
import glob, os, re, subprocess
from run import ROOT, Counted

TIME = 240  # seconds; a program that takes longer hangs


def tests(options):
    for source in sorted(glob.glob(os.path.join(ROOT, "tests/unit/test_*.c"))):
        name = os.path.basename(source)[:-2]
        yield name, lambda name=name: unit(name)


def unit(name):
    p = subprocess.run([os.path.join(ROOT, "build-tests/unit", name)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       timeout=TIME, errors="replace")
    last = re.findall(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", p.stdout, re.M)
    if not last:
        raise AssertionError("no closing line; exit %d\n%s" % (p.returncode, p.stdout[-4000:]))
    passed, failed, skipped = (int(x or 0) for x in last[-1])
    if p.returncode and not failed:
        raise AssertionError("exit %d\n%s" % (p.returncode, p.stdout[-4000:]))
    if passed + failed == 0:
        raise AssertionError("tested nothing")
    raise Counted(passed, failed, skipped, p.stdout[-4000:] if failed or skipped else "")
