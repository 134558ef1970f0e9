"""values.py -- programs that carry the values they must give

    # seed 1                                          initialise with it (default 0)
    # sizes batch = 600                               the object's maxima (default: the largest of each dim in the calls)
    # set state = -1          # get state -> 300      # bind train_image(n_train = 2) = [...]
    # call f([[1, 2], [3, 4]], 0.5, batch = 2) -> 10, [3, 7]      the arguments, then the dims by name
    # call f(draw(0, 9, 600), draw(-1.0, 1.0, 4)) -> ...          drawn integers, floats; always the same ones
    # call f(3, 12) -> status "index outside"         part of the status' text
    # structure train { kernels: 1 }                  what --report says
    # flags: -D n = 3         # tolerance 1e-3        of modelc; of the values stated here

Every answer must also be the naive evaluator's, and after each call all state.  The outputs must be the same bits when only some are
asked for.  Every program of tests/values and models runs under two settings, those of tests/programs under one; the rows of a table in which each pair of settings occurs are dealt out.
--all: every combination of modelc's own settings.
"""
import ast, glob, json, math, os, random, re
import harness
from run import ROOT

NAMES = {"inf": math.inf, "nan": math.nan, "true": 1, "false": 0, "True": 1, "False": 0}


def tests(options):
    rows = harness.pairwise()
    paths = [p for folder in ("tests/values", "tests/programs", "models") for p in sorted(glob.glob(os.path.join(ROOT, folder, "*.model")))]
    paths = [p for p in paths if re.search(r"^# call ", open(p).read(), re.M)]
    k = 0
    for path in paths:
        whole = "tests/programs" in path  # they take long: one setting
        chosen = harness.every() if options.all and not whole else [rows[(k + i) % len(rows)] for i in range(1 if whole else 2)]
        k += len(chosen)
        for s in chosen:
            if whole:
                s = dict(s, copt="-O0", sanitize=False)
            name = os.path.basename(path) + " " + ",".join(str(v) if v not in (True, False) else "asan" if v else "-" for v in s.values())
            yield name, lambda path=path, s=s: check(path, s)
        if "# structure" in open(path).read():
            yield os.path.basename(path) + " structure", lambda path=path: structure(path)


# ---- what a program says of itself

def value(node, rng=None):
    if isinstance(node, (ast.List, ast.Tuple)):
        return [value(e, rng) for e in node.elts]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -value(node.operand)
    if isinstance(node, ast.Name):
        return NAMES[node.id]
    if isinstance(node, ast.Call) and node.func.id == "draw":
        lo, hi, n = (value(a) for a in node.args)
        return [rng.randrange(lo, hi) if isinstance(lo, int) else float("%.4g" % rng.uniform(lo, hi)) for _ in range(n)]
    if isinstance(node, ast.BinOp):  # [0.5] * 784
        return eval(compile(ast.Expression(node), "", "eval"), {"__builtins__": {}}, dict(NAMES))
    return ast.literal_eval(node)


def flat(v):
    return [x for e in v for x in flat(e)] if isinstance(v, list) else [v]


def text_of(x):
    return repr(x) if isinstance(x, float) else str(int(x))


def parse(text):
    return ast.parse(text.strip(), mode="eval").body


class Script:
    """the commands that a program carries: (kind, name, {dim: size}, values, expected)"""

    def __init__(self, path):
        text = open(path).read()
        self.commands, self.sizes = [], {}
        tolerance, flags = re.search(r"^# tolerance (\S+)", text, re.M), re.search(r"^# flags: (.*)$", text, re.M)
        self.tolerance = float(tolerance.group(1)) if tolerance else None
        self.flags = flags.group(1).split() if flags else []
        rng = random.Random(1)
        fixed = {}
        for line in re.sub(r"\n#   (?= *\S)", " ", text).splitlines():  # "#   ..." goes on with the line before
            m = re.match(r"# (seed|sizes|set|get|bind|call)\b *(.*)$", line)
            if not m:
                continue
            kind, rest = m.groups()
            left, _, right = (x.strip() for x in rest.partition("->"))
            if kind == "call":
                call = parse(left)
                self.add(kind, call.func.id, {k.arg: value(k.value) for k in call.keywords}, [value(a, rng) for a in call.args], right)
            elif kind == "sizes":
                fixed.update((k.strip(), int(v)) for k, v in (p.split("=") for p in rest.split(",")))
            elif kind == "bind":
                m = re.match(r"(\S+?)\((.*?)\) = (.*)$", rest)
                self.add(kind, m.group(1), {k.strip(): int(v) for k, v in (p.split("=") for p in m.group(2).split(",") if p)}, [value(parse(m.group(3)), rng)])
            elif kind == "set":
                name, _, v = rest.partition("=")
                self.add(kind, name.strip(), {}, [value(parse(v), rng)])
            elif kind == "get":
                self.add(kind, left, {}, [], right)
            else:
                self.add("init", rest.strip(), {}, [])
        self.sizes.update(fixed)
        if not any(c[0] == "init" for c in self.commands):
            self.commands.insert(0, ("init", "0", {}, [], ""))

    def add(self, kind, name, dims, values, expected=""):
        for k, n in dims.items():
            self.sizes[k] = max(self.sizes.get(k, 1), n)
        self.commands.append((kind, name, dims, flat(values), expected))


# ---- running it

def tables(program):
    """the model's dims, and those of each function, in the order of the C text, from the header"""
    header = open(os.path.join(program.dir, program.name + ".h")).read()
    m = re.search(r"typedef struct \w+_sizes \{(.*?)\} \w+_sizes;", header, re.S)
    dims = re.findall(r"(\w+)(?=[,;])", re.sub(r"/\*.*?\*/", "", m.group(1), flags=re.S).replace("int64_t", "")) if m else []

    def of_function(name):
        proto = re.search(r"mc_status %s_%s\(([^;]*)\);" % (program.name, name), header)
        assert proto, "no function %s in the header" % name
        return [plain(p.split()[-1]) for p in proto.group(1).replace("*", " ").split(",")[1:]]

    return [plain(d) for d in dims if d != "unused"], of_function


def plain(name):
    """of a dim: in C, `size` is size_"""
    return name[:-1] if name.endswith("_") else name


def lines_of(script, program, check_state):
    """(command line, expected) for the harness"""
    dims, of_function = tables(program)
    yield "new " + " ".join(str(script.sizes.get(d, 1)) for d in dims), ""
    for kind, name, d, args, expected in script.commands:
        sizes = []
        if kind == "bind":
            sizes = [d.get(x, script.sizes.get(x, 1)) for x in dims]
        elif kind == "call":
            sizes = [d[x] for x in of_function(name) if x in d]
        mark = [":"] if kind in ("bind", "call") else []
        yield " ".join([kind, name] + [str(x) for x in sizes] + mark + [text_of(x) for x in args]), expected
        if kind == "call" and check_state:
            yield "get", ""
    yield "get", ""


def check(path, settings, make=harness.Program):
    script = Script(path)
    program = make(path, settings, script.flags)
    pairs = list(lines_of(script, program, "tests/programs" not in path))
    lines = [line for line, _ in pairs]
    answers = program.talk(lines)
    assert len(answers) == len(lines), "%d answers to %d commands" % (len(answers), len(lines))
    limit = script.tolerance or (1e-10 if settings["floatX"] == "float64" or re.search("dscalar|dmatrix", open(path).read()) else 2e-5)
    for (line, expected), answer in zip(pairs, answers):
        why = not_as_stated(answer, expected, limit)
        assert not why, "%s\n  %s\n  expected %s: %s" % (line[:200], answer[:400], expected, why)
    for line, answer, wanted in zip(lines, answers, harness.evaluate(path, settings["floatX"], script.flags, lines)):
        why = harness.disagreement(answer, wanted, settings["level"])
        assert not why, "%s\n  %s\n  %s" % (line[:200], answer[:400], why)
    some_outputs(program, lines, answers)
    return program, lines, answers


def not_as_stated(answer, expected, limit):
    if expected.startswith("status"):
        text = re.match(r'status "(.*)"', expected).group(1)
        return None if answer.startswith("status ") and text in answer else "not that status"
    if not expected:
        return None
    if not answer.startswith("ok"):
        return "not ok"
    want = [flat(value(e)) for e in parse("(" + expected + ",)").elts]
    got = [[float(x) for x in values] for values, _ in harness.outputs(answer).values()]
    if [len(g) for g in got] != [len(w) for w in want]:
        return "%s values" % [len(g) for g in got]
    for g, w in zip(got, want):
        scale = max([abs(x) for x in w if math.isfinite(x)] + [1e-30])
        for a, b in zip(g, w):
            same = a == b or (math.isnan(a) and math.isnan(b)) or abs(a - b) <= limit * scale
            # a test states its values to some digits
            digits = 10.0 ** -len(repr(b).partition(".")[2]) if isinstance(b, float) and "e" not in repr(b) and math.isfinite(b) else 0
            if not (same or abs(a - b) <= 0.51 * digits):
                return "%r is not %r" % (a, b)
    return None


def some_outputs(program, lines, answers):
    """the same again, each call with some of its outputs: the same bits"""
    rng, some = random.Random(len(lines)), []
    for line, answer in zip(lines, answers):
        names = list(harness.outputs(answer)) if line.startswith("call ") else []
        some.append([n for n in names if rng.random() < 0.5])
    if not any(some):
        return
    again = program.talk([line + " : " + " ".join(s) if line.startswith("call ") else line for line, s in zip(lines, some)])
    for line, answer, other, names in zip(lines, answers, again, some):
        whole, part = harness.outputs(answer), harness.outputs(other)
        if line.startswith("call ") and answer.startswith("ok"):
            whole = {n: whole[n] for n in whole if n in names}
        assert answer.split()[0] == other.split()[0] and whole == part, "%s\n  with %s alone: %s\n  %s" % (line[:200], names, other[:400], answer[:400])


def structure(path):
    report = harness.must([harness.MODELC, path, "--report"])
    for name, rest in re.findall(r"^# structure (\w+) \{(.*)\}", open(path).read(), re.M):
        block = re.search(r"^function %s \{$.*?^\}$" % name, report, re.M | re.S)
        assert block, "no %s in the report:\n%s" % (name, report)
        for key, n in re.findall(r"(\w+): (\d+)", rest):
            found = len(re.findall(r"^\s*\d+ %s\b" % key.rstrip("s"), block.group(0), re.M))
            assert found == int(n), "%s: expected %s %s, found %d:\n%s" % (name, n, key, found, block.group(0))
