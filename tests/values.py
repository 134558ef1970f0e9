"""values.py -- programs that carry the values they must give

    # seed 1                                          initialise with it (default 0)
    # sizes batch = 600                               the object's maxima (default: the largest of each dim in the calls)
    # set state = -1          # get state -> 300      # bind train_image(n_train = 2) = [...]
    # call f([[1, 2], [3, 4]], 0.5, batch = 2) -> 10, [3, 7]      the arguments, then the dims by name
    # call f(3, 12) -> status "index outside"         part of the status' text
    # structure train { kernels: 1 }                  what --report says
    # tolerance 1e-3
Every program runs under two settings; the rows of a table in which each pair of settings occurs are dealt out.  --all: all rows.
"""
import ast, glob, json, math, os, re
import harness
from run import ROOT

NAMES = {"inf": math.inf, "nan": math.nan, "true": 1, "false": 0, "True": 1, "False": 0}


def tests(options):
    rows = harness.pairwise()
    paths = sorted(glob.glob(os.path.join(ROOT, "tests/values/*.model")) + glob.glob(os.path.join(ROOT, "models/*.model")))
    paths = [p for p in paths if re.search(r"^# call ", open(p).read(), re.M)]
    k = 0
    for path in paths:
        chosen = harness.every() if options.all else [rows[(k + i) % len(rows)] for i in range(2)]
        k += 2
        for s in chosen:
            name = os.path.basename(path) + " " + ",".join(str(v) if v not in (True, False) else "asan" if v else "-" for v in s.values())
            yield name, lambda path=path, s=s: check(path, s)
        if "# structure" in open(path).read():
            yield os.path.basename(path) + " structure", lambda path=path: structure(path)


def value(node):
    if isinstance(node, (ast.List, ast.Tuple)):
        return [value(e) for e in node.elts]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -value(node.operand)
    if isinstance(node, ast.Name):
        return NAMES[node.id]
    if isinstance(node, ast.BinOp):  # [0.5] * 784
        return eval(compile(ast.Expression(node), "", "eval"), {"__builtins__": {}}, dict(NAMES))
    return ast.literal_eval(node)


def flat(v):
    return [x for e in v for x in flat(e)] if isinstance(v, list) else [v]


def commands(path):
    """(commands of the program, tolerance factor, flags)"""
    text = open(path).read()
    out = []
    lines = re.sub(r"\n#   (?= *\S)", " ", text).splitlines()  # "#   ..." goes on with the line before
    for l in lines:
        m = re.match(r"# (seed|sizes|set|get|bind|call|new)\b *(.*)$", l)
        if m:
            out.append((m.group(1), m.group(2)))
    tolerance = re.search(r"^# tolerance (\S+)", text, re.M)
    flags = re.search(r"^# flags: (.*)$", text, re.M)
    return out, float(tolerance.group(1)) if tolerance else None, flags.group(1).split() if flags else []


def tables(program):
    """dims and functions, from the header's comments"""
    header = open(os.path.join(program.dir, program.name + ".h")).read()
    m = re.search(r"typedef struct \w+_sizes \{(.*?)\} \w+_sizes;", header, re.S)
    dims = re.findall(r"(\w+)(?=[,;])", re.sub(r"/\*.*?\*/", "", m.group(1), flags=re.S).replace("int64_t", "")) if m else []
    return [d for d in dims if d != "unused"], header


def number(x):
    return repr(x) if isinstance(x, float) else str(int(x))


def check(path, settings):
    what, tolerance, flags = commands(path)
    program = harness.Program(path, settings, flags)
    dims, header = tables(program)
    parsed, largest = [], {}
    for kind, rest in what:
        left, _, right = rest.partition("->")
        if kind == "call":
            call = ast.parse(left.strip(), mode="eval").body
            keys = {k.arg: value(k.value) for k in call.keywords}
            for k, v in keys.items():
                largest[k] = max(largest.get(k, 1), v)
            proto = re.search(r"mc_status %s_%s\(([^;]*)\);" % (program.name, call.func.id), header)
            assert proto, "no function %s in the header" % call.func.id
            order = [p.split()[-1] for p in proto.group(1).replace("*", " ").split(",")]
            parsed.append(("call", call.func.id, [keys[d] for d in order if d in keys], [x for a in call.args for x in flat(value(a))], right.strip()))
        elif kind == "sizes":
            largest.update((k.strip(), int(v)) for k, v in (p.split("=") for p in rest.split(",")))
        elif kind == "bind":
            m = re.match(r"(\S+?)\((.*?)\) = (.*)$", rest)
            keys = dict((k.strip(), int(v)) for k, v in (p.split("=") for p in m.group(2).split(",")))
            for k, v in keys.items():
                largest[k] = max(largest.get(k, 1), v)
            parsed.append(("bind", m.group(1), keys, flat(value(ast.parse(m.group(3), mode="eval").body)), ""))
        elif kind == "set":
            name, _, v = rest.partition("=")
            parsed.append(("set", name.strip(), [], flat(value(ast.parse(v.strip(), mode="eval").body)), ""))
        elif kind == "get":
            parsed.append(("get", left.strip(), [], [], right.strip()))
        elif kind == "seed":
            parsed.append(("init", rest.strip(), [], [], ""))
    seed = [p for p in parsed if p[0] == "init"]
    lines = ["new " + " ".join(str(largest.get(d, 1)) for d in dims)] + ([] if seed else ["init 0"])
    for kind, name, d, args, _ in parsed:
        values = " ".join(number(x) for x in args)
        if kind == "bind":
            d = [d.get(x, largest.get(x, 1)) for x in dims]
        lines.append(" ".join([kind, name] + [str(x) for x in d] + ([":"] if kind in ("call", "bind") else []) + [values]))
    answers = program.talk(lines)
    assert len(answers) == len(lines), "%d answers to %d commands" % (len(answers), len(lines))
    for line, answer, (kind, name, d, args, expected) in zip(lines[-len(parsed):], answers[-len(parsed):], parsed):
        where = "%s\n  %s" % (line[:200], answer[:400])
        if expected.startswith("status"):
            text = re.match(r'status "(.*)"', expected).group(1)
            assert answer.startswith("status ") and text in answer, "%s\n  expected status %r" % (where, text)
            continue
        assert answer.startswith("ok"), where
        if not expected:
            continue
        want = [flat(value(e)) for e in ast.parse("(" + expected + ",)", mode="eval").body.elts]
        got = [[float(x) for x in part.split()[0:]] for part in re.findall(r"= ([^=]*?)(?= \S+ =|$)", answer)]
        assert len(got) == len(want), "%s\n  expected %d values" % (where, len(want))
        limit = tolerance or (1e-10 if settings["floatX"] == "float64" or "dscalar" in open(path).read() or "dmatrix" in open(path).read() else 2e-5)
        for g, w in zip(got, want):
            assert len(g) == len(w), "%s\n  expected %s" % (where, expected)
            scale = max([abs(x) for x in w if math.isfinite(x)] + [1e-30])
            for a, b in zip(g, w):
                same = a == b or (math.isnan(a) and math.isnan(b)) or abs(a - b) <= limit * max(scale, 1e-30)
                # a test states its values to some digits
                digits = 10.0 ** -len(repr(b).partition(".")[2]) if isinstance(b, float) and "e" not in repr(b) and math.isfinite(b) else 0
                assert same or abs(a - b) <= 0.51 * digits, "%s\n  expected %s: %r is not %r" % (where, expected, a, b)


def structure(path):
    report = harness.must([harness.MODELC, path, "--report"])
    for name, rest in re.findall(r"^# structure (\w+) \{(.*)\}", open(path).read(), re.M):
        block = re.search(r"^function %s \{$.*?^\}$" % name, report, re.M | re.S)
        assert block, "no %s in the report:\n%s" % (name, report)
        for key, n in re.findall(r"(\w+): (\d+)", rest):
            found = len(re.findall(r"^\s*\d+ %s\b" % key.rstrip("s"), block.group(0), re.M))
            assert found == int(n), "%s: expected %s %s, found %d:\n%s" % (name, n, key, found, block.group(0))
