#!/usr/bin/env python3
"""mutate.py -- breaks one thing at a time in a copy of the tree, and shows which test notices

    tests/mutate.py [N [SEED]]     all mutants, or N of them drawn; make mutate N=20 SEED=1
    tests/mutate.py WORD           those whose name has WORD

    rewrite      each of passes/rewrites.def: it does not fire (off), or gives another value (wrong)
    derivative   each of ops.def that has one, each of a structural op: the gradient of an operand has the other sign
    shape        each condition of a shape rule in ir/ops: what it refuses is taken
    check        each condition before an error in the front end, the passes and emit/: the error is not made; where an error
                 has no condition right before it: it is not said; each check of generated code: it is not made

The copy is built once, with all mutants: `mutant(17)` is true where MUTANT=17 says so, and notes in MUTANT_SEEN that it was
asked.  So of the tests only those run that come by the place: unit tests, tests/errors and tests/cli.py, quick ones first, up to
the first that fails.  What is left is tried on the programs of tests/values, tests/programs and models whose C it changes.

A mutant that no test notices survives; it needs a line `NAME -- reason` in tests/mutate.reasons, else the run fails.
"""
import concurrent.futures, glob, importlib, os, random, re, shutil, subprocess, sys, tempfile, time, traceback, types

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COPY = os.path.join(ROOT, "build-mutate")
TREE = os.path.join(COPY, "tree")
REASONS = "tests/mutate.reasons"
# that say how wrong code is, and take long: they know nothing of the passes
LEFT_OUT = ["test_math", "test_driver", "test_formats", "test_kernels"]
MUTANT_C = r'''
#include <fcntl.h>
#include <unistd.h>
static unsigned char mutants_seen[1 << 14];
static void say_seen(void)
{
	int f = open(getenv("MUTANT_SEEN"), O_WRONLY | O_APPEND | O_CREAT, 0666);
	for (int i = 0; i < (int)sizeof mutants_seen; i++)
		if (mutants_seen[i])
			dprintf(f, "%d\n", i);
	close(f);
}
int mutant(int i)
{
	static int now = -2;
	if (now == -2) {
		now = getenv("MUTANT") ? atoi(getenv("MUTANT")) : -1;
		if (getenv("MUTANT_SEEN"))
			atexit(say_seen);
	}
	mutants_seen[i] = 1;
	return i == now;
}
'''
NO_MESSAGE_C = r'''
/* what nobody reads */
Message *no_message(void)
{
	return diag_error(diag_new(arena_new()), (Loc){0}, "not said");
}
'''


def read(path):
    with open(os.path.join(ROOT, path)) as f:
        return f.read()


# ---- the mutants: (name, [(file, from, to, text)]); $ is the number of the mutant

def other_value(name, g, v):
    """of a value: negated, or not"""
    return "if (mutant($) && %s->type->dtype != DT_tuple) %s = build_elem(%s, %s, %s->type->dtype == DT_bool ? OP_not : OP_neg, %s, NULL, NULL); " % (name, name, g, v, name, name)


def rewrites():
    path, text = "compiler/passes/rules.c", read("compiler/passes/rules.c")
    did, regions = text.index("\tcx->fired[name]++;\n"), read("compiler/passes/regions.c")
    for name in re.findall(r"^REWRITE\((\w+),", read("compiler/passes/rewrites.def"), re.M):
        if name == "unsettled":  # no rewrite: a count
            continue
        if name == "share":
            at, found = text.index("= *slot; e;") + 2, text.index("return e->v;\n\t\t}")
            yield "rewrite share off", [(path, at, at, "mutant($) ? NULL : ")]
            yield "rewrite share wrong", [(path, found, found, "Val *shared = e->v; " + other_value("shared", "g", "v->loc") + "if (shared != e->v) return shared; ")]
        elif name == "row_in_parts":  # a pass of its own
            parts, own = "compiler/passes/parts.c", read("compiler/passes/parts.c")
            one, gives = own.index("if (parts == 1") + len("if (parts == 1"), own.index("return build_reduce(")
            end = own.index(";", gives) + 1
            yield "rewrite row_in_parts off", [(parts, one, one, " || mutant($)")]
            yield "rewrite row_in_parts wrong", [(parts, gives, gives + len("return"), "Val *new ="), (parts, end, end, " " + other_value("new", "g", "v->loc") + "return new;")]
        elif name.endswith("_trim"):  # of regions: their value is a tuple
            at = regions.rindex("if (count(", 0, regions.index("REWRITE_%s]" % name)) + 4
            yield "rewrite %s off" % name, [("compiler/passes/regions.c", at, at, "mutant($) || ")]
        else:
            yield "rewrite %s off" % name, [(path, did, did, "\tif (name == REWRITE_%s && mutant($)) return NULL;\n" % name)]
            yield "rewrite %s wrong" % name, [(path, did, did, "\tif (name == REWRITE_%s) { %s}\n" % (name, other_value("new", "g", "v->loc")))]


# structural ops whose derivative has parts of its own
PARTS = {"reduce": [("v->attr.reduce.kind == REDUCE_%s" % k, k) for k in ("sum", "prod", "max", "min")],
         "scan": [("i < v->attr.scan.ncarry", "carry"), ("i >= v->attr.scan.ncarry && i < v->attr.scan.ncarry + v->attr.scan.nseq", "sequence"),
                  ("i >= v->attr.scan.ncarry + v->attr.scan.nseq", "captured")],
         "if": [("1", "")], "concat": [("i == 0", "first"), ("i > 0", "other")]}


def split_terms(text):
    """those up to the bracket that closes"""
    depth, terms = 1, [""]
    for c in text:
        depth += {"(": 1, ")": -1}.get(c, 0)
        if not depth:
            break
        if c == "," and depth == 1:
            terms.append("")
        else:
            terms[-1] += c
    return [t.strip() for t in terms]


def derivatives():
    path, text = "compiler/passes/grad_rows.c", read("compiler/passes/grad_rows.c")
    at = text.rindex("}\n")
    for line in read("compiler/ir/ops.def").split("\n"):
        m = re.match(r"ELEM\((\w+), +(\d)", line)
        d = re.search(r"\bD\((.*)", line)
        terms = split_terms(d.group(1)) if m and d else []
        for k, term in enumerate(terms):
            if term != "NONE":
                yield ("derivative %s %d" % (m.group(1), k),
                       [(path, at, at, "\tif (v->op == OP_%s && d[%d]) { %s}\n" % (m.group(1), k, other_value("d[%d]" % k, "graph", "v->loc")))])
    path, text = "compiler/passes/grad.c", read("compiler/passes/grad.c")
    at = text.index("\tfor (int i = 0; i < v->nin; i++)\n\t\tif (d[i] && wanted(b, v, i))\n")
    for op in re.findall(r"\[OP_(\w+)\] = grad_(?!unsupported)", read("compiler/passes/grad_ops.c")):
        parts = PARTS.get(op) or [("i == 0", "0")] + [("i > 0", "other")] * (op in ("contraction", "set_slice", "scatter_set", "scatter_add"))
        for when, part in parts:
            yield (("derivative %s %s" % (op, part)).rstrip(),
                   [(path, at, at, "\tfor (int i = 0; i < v->nin; i++)\n\t\tif (v->op == OP_%s && (%s) && d[i] && wanted(b, v, i)) { %s}\n" % (op, when, other_value("d[i]", "b->graph", "v->loc")))])


CONDITION = r"\bif (\((?:[^(){};]|\([^()]*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)[^()]*)*\))*\))( \{)?\n\t+(?:return |Message \*\w+ = )?"


def closing(text, at):
    """after the bracket that closes the one before `at`"""
    depth = 1
    for m in re.finditer(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)\'|[()]', text[at:]):
        depth += {"(": 1, ")": -1}.get(m.group(0), 0)
        if not depth:
            return at + m.end()


def said(text, at):
    m = re.search(r'"([^"]*)"', text[at:])
    return m.group(1)[:40] if m else ""


def conditions(kind, path, call, silent):
    """`if (...)` right before the call: never true.  Other calls: they say nothing"""
    text, seen, done = read(path), {}, set()

    def name(at):
        n = "%s %s: %s" % (kind, os.path.basename(path), said(text, at))
        seen[n] = seen.get(n, 0) + 1
        return n + (" (%d)" % seen[n] if seen[n] > 1 else "")

    found = []
    for m in re.finditer(CONDITION + call + r"\(", text):
        done.add(m.end())
        found.append((m.end(), [(path, m.start(1), m.end(1), "(%s && !mutant($))" % m.group(1))]))
    for m in re.finditer(r"(?<=[\t =:?])" + call + r"\(", text):
        if m.end() not in done and text[text.rindex("\n", 0, m.start()) + 1] in "\t ":  # not where it is defined
            end = closing(text, m.end())
            found.append((m.end(), [(path, m.start(), m.start(), "(mutant($) ? %s : " % silent), (path, end, end, ")")]))
    for at, edits in sorted(found):
        yield name(at), edits


def mutants():
    yield from rewrites()
    yield from derivatives()
    files = lambda *patterns: [os.path.relpath(p, ROOT) for g in patterns for p in sorted(glob.glob(os.path.join(ROOT, g)))]
    for path in files("compiler/ir/ops/*.c"):
        yield from conditions("shape", path, "misfit", "NULL")
    for path in files("compiler/check/*.c"):
        yield from conditions("check", path, "check_error", "no_message()")
        text = read(path)
        for k, m in enumerate(re.finditer(r"^\t+(?:return )?add_check\(", text, re.M)):
            begin, end = m.end() - len("add_check("), closing(text, m.end())
            yield "check %s: in generated code (%d)" % (os.path.basename(path), k + 1), [(path, begin, begin, "(mutant($) ? (void)0 : "), (path, end, end, ")")]
    for path in files("compiler/lexer.l", "compiler/parser.y", "compiler/ast/*.c", "compiler/passes/*.c", "compiler/emit/*.c"):
        yield from conditions("check", path, "diag_error", "no_message()")


# ---- a copy with all of them, built without sanitizers

def patched(path, text, edits):
    for begin, end, new in sorted(edits, key=lambda e: -e[0]):  # stable: of those at one place the first stands first
        text = text[:begin] + new + text[end:]
    return text


def prepare(everything):
    edits = {}
    for i, (_, some) in enumerate(everything):
        for path, begin, end, new in some:
            edits.setdefault(path, []).append((begin, end, new.replace("$", str(i))))
    for path in edits:  # what begins at one place, in order, as one edit
        merged = {}
        for begin, end, new in edits[path]:
            merged[begin, end] = merged.get((begin, end), "") + new
        edits[path] = [(b, e, n) for (b, e), n in merged.items()]
    for name in subprocess.run(["git", "ls-files"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.split("\n"):
        if not name or not os.path.isfile(os.path.join(ROOT, name)):
            continue
        with open(os.path.join(ROOT, name), "rb") as f:
            raw = f.read()
        if name in edits:
            raw = patched(name, raw.decode(), edits[name]).encode()
        if name == "compiler/base/base.h":
            raw = raw.replace(b"#endif\n\n/* arena.c */", b"#endif\nint mutant(int);\n\n/* arena.c */", 1).replace(
                b"int diag_count(const Diag *", b"Message *no_message(void);\nint diag_count(const Diag *", 1)
            assert b"mutant(int)" in raw and b"no_message" in raw
        if name == "compiler/base/arena.c":
            raw += MUTANT_C.encode()
        if name == "compiler/base/diag.c":
            raw += NO_MESSAGE_C.encode()
        if name == "tests/unit/test.h":  # the first that fails ends it
            raw = raw.replace(b'printf("%s:%d: failed: %s\\n", file, line, what);', b'printf("%s:%d: failed: %s\\n", file, line, what);\n\t\tfflush(stdout);\n\t\tif (getenv("MUTANT"))\n\t\t\texit(1);', 1)
            assert b"MUTANT" in raw
        to = os.path.join(TREE, name)
        os.makedirs(os.path.dirname(to), exist_ok=True)
        if not (os.path.exists(to) and open(to, "rb").read() == raw):
            with open(to, "wb") as f:
                f.write(raw)
            shutil.copymode(os.path.join(ROOT, name), to)
    build = os.path.join(COPY, "build")
    flags = ["-DMODELC_TESTS=ON", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS_DEBUG=-O1 -w"]
    subprocess.run(["cmake", "-S", TREE, "-B", build, *flags], check=True, stdout=subprocess.DEVNULL)
    units = [os.path.basename(p)[:-2] for p in sorted(glob.glob(os.path.join(ROOT, "tests/unit/test_*.c")))]
    p = subprocess.run(["make", "-s", "-C", build, "-j2", "modelc", "modelc_runtime", "evaluate", *units], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if p.returncode:
        sys.exit(p.stdout.decode(errors="replace")[-3000:])
    os.makedirs(os.path.join(TREE, "build"), exist_ok=True)
    for name in ("modelc", "evaluate", "libmodelc_runtime.a"):
        link = os.path.join(TREE, "build", name)
        if os.path.lexists(link):
            os.remove(link)
        if name == "evaluate":  # says what is right: no mutant of it
            with open(link, "w") as f:
                f.write('#!/bin/sh\nunset MUTANT MUTANT_SEEN\nexec "%s/evaluate" "$@"\n' % build)
            os.chmod(link, 0o755)
        else:
            os.symlink(os.path.join(build, name), link)
    return units


# ---- the tests: (name, function of a time limit); each raises

def unit(name, limit):
    p = subprocess.run([os.path.join(COPY, "build/unit", name)], cwd=TREE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit, errors="replace")
    if p.returncode:
        lines = [x for x in p.stdout.split("\n") if x.strip()] or ["exit %d" % p.returncode]
        raise AssertionError(next((x for x in lines if re.search(r": failed: |^[^0-9]*error", x)), lines[-1])[-90:])


class Suites:
    """those of the copy, with the programs of the copy"""

    def __init__(self, units):
        sys.path.insert(0, os.path.join(TREE, "tests"))
        sys.argv[0] = os.path.join(TREE, "tests/run.py")
        options = types.SimpleNamespace(all=False, update=False, words=[])
        self.quick = {u: (lambda limit, u=u: unit(u, limit)) for u in units if u not in LEFT_OUT}
        for suite in ("errors", "cli"):
            for name, f in importlib.import_module(suite).tests(options):
                self.quick["%s/%s" % (suite, name)] = lambda limit, f=f: f()
        self.values = importlib.import_module("values")
        self.harness = importlib.import_module("harness")
        objects = importlib.import_module("objects")
        self.slow = {"values/" + name: f for name, f in self.values.tests(options)}
        self.slow.update({"objects/" + name: f for name, f in objects.tests(options) if "statuses" in name})
        self.programs = {}
        for name, f in list(self.slow.items()):
            d = f.__defaults__ or ()
            if name.startswith("values/") and len(d) == 2:
                path, settings = d[0], dict(d[1], level="-O3")  # with all rewrites
                self.programs[name] = path, settings
                self.slow[name] = lambda path=path, settings=settings: self.values.check(path, settings)

    def c_of(self, name):
        """what modelc makes of the program of a test, or its error"""
        path, s = self.programs[name]
        with tempfile.TemporaryDirectory() as d:
            cmd = [self.harness.MODELC, path, "-o", d, "--floatX", s["floatX"], "--blas", s["blas"], "--threads", s["threads"], s["level"], *self.values.Script(path).flags]
            p = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, errors="replace")
            return p.stdout + "".join(open(f).read() for f in sorted(glob.glob(d + "/*.[ch]")))


SUITES = None


def run(name, mutant, limit):
    """(what is wrong or None, seconds, mutants that were asked)"""
    with tempfile.TemporaryDirectory() as d:
        os.environ.pop("MUTANT", None)
        os.environ.pop("MUTANT_SEEN", None)
        if mutant is None:
            os.environ["MUTANT_SEEN"] = os.path.join(d, "seen")
        else:
            os.environ["MUTANT"] = str(mutant)
        began, why, value = time.time(), None, None
        try:
            if name.startswith("c "):
                value = SUITES.c_of(name[2:])
            elif name in SUITES.quick:
                SUITES.quick[name](limit)
            else:
                SUITES.slow[name]()
        except subprocess.TimeoutExpired:
            why = "hangs"
        except Exception as e:
            why = type(e).__name__ if not str(e) else str(e).strip().split("\n")[-1][:90] if isinstance(e, AssertionError) else "%s %.80s" % (type(e).__name__, e)
            why = why or "fails"
            if mutant is None:
                why = traceback.format_exc()
        seen = set()
        if mutant is None and os.path.exists(d + "/seen"):
            seen = set(map(int, open(d + "/seen").read().split()))
        return why, time.time() - began, seen, value


def try_one(i, name, known):
    """the test that notices mutant i, or None; known: {test: (seconds, mutants)} """
    quick = sorted((t for t in SUITES.quick if i in known[t][1]), key=lambda t: (known[t][0]))
    for t in quick:
        why = run(t, i, 5 + 10 * known[t][0])[0]
        if why:
            return "%s: %s" % (t, why), len(quick)
    reached = [t for t in SUITES.programs if i in known["c " + t][1]]
    n = 0
    for t in sorted(reached, key=lambda t: len(known["c " + t][2])):
        why, _, _, text = run("c " + t, i, 60)
        if not why and text == known["c " + t][2]:
            continue
        n += 1
        why = run(t, i, 300)[0]
        if why:
            return "%s: %s" % (t, why), len(quick) + n
        if n == 40:
            break
    for t in SUITES.slow:
        if t not in SUITES.programs and t in known and i in known[t][1]:
            n += 1
            why = run(t, i, 300)[0]
            if why:
                return "%s: %s" % (t, why), len(quick) + n
    return None, "%d tests came by, the C of %d of %d programs is another" % (len(quick), n, len(reached))


def main():
    global SUITES
    everything = list(mutants())
    reasons = dict(x.split(" -- ", 1) for x in read(REASONS).split("\n") if " -- " in x and not x.startswith("#"))
    unknown = set(reasons) - {name for name, _ in everything}
    if unknown:
        sys.exit("tests/mutate.reasons speaks of what is not there: %s" % sorted(unknown))
    todo = list(range(len(everything)))
    if len(sys.argv) > 1 and not sys.argv[1].isdigit():
        todo = [i for i in todo if sys.argv[1] in everything[i][0]]
    elif len(sys.argv) > 1 and int(sys.argv[1]) > 0:
        todo = sorted(random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1).sample(todo, min(int(sys.argv[1]), len(todo))))
    began = time.time()
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ["OMP_NUM_THREADS"] = "1"
    SUITES = Suites(prepare(everything))
    print("built in %.0f s" % (time.time() - began), flush=True)
    bad, known = 0, {}
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        names = list(SUITES.quick) + ["c " + t for t in SUITES.programs] + [t for t in SUITES.slow if t not in SUITES.programs and t.startswith("objects/")]
        for name, (why, seconds, seen, value) in zip(names, pool.map(run, names, [None] * len(names), [300] * len(names), chunksize=4)):
            if why:
                sys.exit("%s fails without any mutant: %s" % (name, why))
            known[name] = (seconds, seen, value)
        print("%d tests in %.0f s; mutants come now" % (len(names), time.time() - began), flush=True)
        jobs = {i: pool.submit(try_one, i, everything[i][0], known_of(i, known)) for i in todo}
        for i in todo:
            by, how = jobs[i].result()
            key = everything[i][0]
            why = reasons.get(key)
            if by and why:
                by += "   (its reason in mutate.reasons is wrong)"
            bad += not by and not why or bool(by and why)
            print("%-60s %s" % (key, by or ("survives: " + why if why else "SURVIVES: " + how)), flush=True)
    print("%d mutants in %.0f s, %d survive without a reason" % (len(todo), time.time() - began, bad))
    return 1 if bad else 0


def known_of(i, known):
    """of the tests only what mutant i needs"""
    return {t: (s, seen & {i}, value if i in seen else None) for t, (s, seen, value) in known.items()}


if __name__ == "__main__":
    sys.exit(main())
