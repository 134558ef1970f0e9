#!/usr/bin/env python3
"""random_programs.py -- programs by chance agree with the naive evaluator at drawn settings

    tests/random_programs.py [--count N] [--seed S] [--keep DIR] [--no-build] [--only KIND]        make fuzz-programs N=10000 SEED=1

Programs of random_rules.py go over all of the language at small sizes: some functions, each a program of its own, make one file, which
is run at two settings.  To each file come networks of random_shapes.py, over sizes and windows, at one each.  What fails is cut
smaller as long as it fails in the same way and left in DIR (default: fuzz-programs/) as a program with its calls; fit for tests/values.
"""
import argparse, concurrent.futures, os, random, re, subprocess, sys, tempfile, threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import harness, random_rules, random_shapes, run, values

EACH, COUNT = 15, 300  # functions in a file, in `make test`
NETWORKS, SHAPES = 3, 6  # networks to a file, in `make test`
MARCH = ["-march=native", "-march=x86-64-v3", "-march=x86-64"]  # lanes of 16 floats, of 8, of 4


def tests(options):
    for seed in range(1, COUNT // EACH + 1):
        yield "seed %d" % seed, lambda seed=seed: one(seed, quick=not options.all)
    for seed in range(1, SHAPES + 1):
        yield "shapes, seed %d" % seed, lambda seed=seed: shapes(seed, quick=not options.all)


def settings_of(seed, quick=False):
    """two rows of opposite kinds; quick: the C compiler does little, so that many fit into seconds"""
    rng = random.Random(seed)
    rows = [{k: rng.choice(v) for k, v in harness.SETTINGS.items()} for _ in range(2)]
    for key in ("floatX", "level"):
        rows[1][key] = next(v for v in harness.SETTINGS[key] if v != rows[0][key])
    for r in rows:
        if quick:
            r["sanitize"] = r["sanitize"] and seed % 10 == 0
            r.update(copt="-O0", cc="gcc" if seed % 4 == 0 and not r["sanitize"] else "clang")
        elif rng.random() < 0.7 and not r["sanitize"]:  # -O0 with sanitizers: gcc drops the marks of loops, and says so
            r["copt"] = "-O0"
    return rows


def setting_of_shapes(seed, quick):
    """as they are used, for the most part"""
    rng = random.Random("setting %d" % seed)
    s = {k: rng.choice(v) for k, v in harness.SETTINGS.items()}
    s.update(march=MARCH[seed % 3], floatX=rng.choice(["float32", "float32", "float64"]), level=rng.choice(["-O3"] * 5 + ["-O0"]), sanitize=rng.random() < 0.1)
    if quick:
        s.update(sanitize=False, cc="clang", copt="-O0")
    return s


def valid(program):
    """the program without functions that the checker refuses: as a rule those that need less than their text names"""
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, program.name + ".model")
        while program.functions:
            open(path, "w").write(program.text())
            code, out = harness.run([harness.MODELC, "--check", path])
            if code == 0:
                return program
            named = set(re.findall(r"error: '\w+' is an argument of '(\w+)', and nothing there needs it", out))
            assert named and not re.search(r"error: (?!'\w+' is an argument of)", out), "seed of %s is refused:\n%s" % (program.name, out)
            program = program.copy()
            program.functions = [f for f in program.functions if f.name not in named]
    return program


def failure(program, settings):
    """what goes wrong with it: (kind, text), or None"""
    with tempfile.TemporaryDirectory(prefix="modelc-random-") as d:
        path = os.path.join(d, program.name + ".model")
        open(path, "w").write(program.text())
        code, _ = harness.run([harness.MODELC, "--check", path])
        if code == 1:
            return None  # it was cut too small
        try:
            values.check(path, settings)
        except subprocess.TimeoutExpired as e:
            return "timeout", str(e)
        except AssertionError as e:
            text = str(e)
            first = re.search(r"internal error: [^\n]{0,40}|error: [^\n]{0,30}|the evaluator|Sanitizer|exit -?\d+", text)
            return re.sub(r"[\w.]*\d[\w.]*", "_", first.group(0)) if first else "?", text
    return None


def shrunk(program, settings, kind):
    """the smallest found that fails in the same way"""
    tried, again = 0, True
    while again and tried < 150:
        again = False
        for p in program.smaller():
            tried += 1
            if tried > 150:
                break
            found = failure(p, settings)
            if found and found[0] == kind:
                program, again = p, True
                break
    return program


def try_at(program, settings, seed, keep):
    found = failure(program, settings)
    if not found:
        return
    small = shrunk(program, settings, found[0])
    text = "# seed %d, %s\n%s" % (seed, ", ".join("%s %s" % x for x in settings.items()), small.text())
    if keep:
        os.makedirs(keep, exist_ok=True)
        open(os.path.join(keep, "%s_%d.model" % (program.name, seed)), "w").write(text)
    raise AssertionError("%s\n%s" % (text, (failure(small, settings) or found)[1]))


def one(seed, keep=None, quick=False):
    program = valid(random_rules.generate(seed, EACH))
    for settings in settings_of(seed, quick):
        try_at(program, settings, seed, keep)


def shapes(seed, keep=None, quick=False):
    try_at(random_shapes.Network(seed), setting_of_shapes(seed, quick), seed, keep)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=COUNT, help="programs; to 5 of them comes a network")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", default="fuzz-programs", metavar="DIR", help="where what fails is left")
    parser.add_argument("-j", type=int, default=min(2, os.cpu_count() or 1), metavar="N", help="files at once")
    parser.add_argument("--no-build", action="store_true", help="take the build as it is")
    parser.add_argument("--only", choices=["programs", "networks"])
    o = parser.parse_args()
    if not o.no_build:
        run.build(o)
    failed, lock = [], threading.Lock()
    files = (o.count + EACH - 1) // EACH
    todo = [] if o.only == "networks" else [(one, s) for s in range(o.seed, o.seed + files)]
    todo += [] if o.only == "programs" else [(shapes, s) for s in range(o.seed, o.seed + files * NETWORKS)]

    def attempt(what):
        try:
            what[0](what[1], o.keep)
        except Exception as e:  # also what is a bug of this file
            with lock:
                failed.append(what)
                print("seed %d:\n%s\n" % (what[1], str(e) or repr(e)), flush=True)

    with concurrent.futures.ThreadPoolExecutor(o.j) as pool:
        list(pool.map(attempt, todo))
    print("%d programs in %d files, %d networks: %d files failed" % (EACH * sum(f is one for f, _ in todo), sum(f is one for f, _ in todo),
                                                                      sum(f is shapes for f, _ in todo), len(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
