#!/usr/bin/env python3
"""mutate.py -- breaks one thing at a time in a copy of the tree, and shows which test notices

    tests/mutate.py [N [SEED]]     all mutants, or N of them drawn; make mutate N=20 SEED=1

    rewrite      each of passes/rewrites.def: it does not fire (off), or gives another value (wrong)
    derivative   each of ops.def that has one: the gradient of an operand has the other sign
    shape        each condition of a shape rule in ir/ops: what it refuses is taken
    check        each condition before an error in check/: the error is not made

One that no test notices survives; it needs a line `NAME -- reason` in tests/mutate.reasons, else the run fails.
"""
import glob, os, random, re, shutil, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COPY = os.path.join(ROOT, "build-mutate")
UNITS = {"rewrite": ["test_passes", "test_grad", "test_builtins"], "derivative": ["test_grad"],
         "shape": ["test_verify", "test_ir_text", "test_eval"], "check": []}
TIME = 300


def read(path):
    with open(os.path.join(ROOT, path)) as f:
        return f.read()


# ---- the mutants: (kind, name, file, offset, old, new)

def rewrites():
    path, text = "compiler/passes/rules.c", read("compiler/passes/rules.c")
    line = "\tcx->fired[name]++;\n"
    at = text.index(line)
    for name in re.findall(r"^REWRITE\((\w+),", read("compiler/passes/rewrites.def"), re.M):
        yield "rewrite", name + " off", path, at, "", "\tif (name == REWRITE_%s)\n\t\treturn NULL;\n" % name
        yield ("rewrite", name + " wrong", path, at + len(line), "", "\tif (name == REWRITE_%s && new->type->dtype != DT_tuple)\n\t\tnew = "
               "build_elem(g, v->loc, new->type->dtype == DT_bool ? OP_not : OP_neg, new, NULL, NULL);\n" % name)


def derivatives():
    path, text = "compiler/passes/grad_rows.c", read("compiler/passes/grad_rows.c")
    at = text.rindex("}\n")
    for line in read("compiler/ir/ops.def").split("\n"):
        m = re.match(r"ELEM\((\w+), +(\d)", line)
        if m and "D(NONE)" not in line:
            for k in range(int(m.group(2))):
                yield ("derivative", "%s %d" % (m.group(1), k), path, at, "", "\tif (v->op == OP_%s && d[%d])\n\t\td[%d] = build_elem(graph, "
                       "v->loc, OP_neg, d[%d], NULL, NULL);\n" % (m.group(1), k, k, k))


def conditions(kind, path, call):
    """`if (...)` right before the call: never true"""
    text, seen = read(path), {}
    for m in re.finditer(r"\bif (\((?:[^(){};]|\([^()]*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)[^()]*)*\))*\))( \{)?\n\t+(?:return |Message \*\w+ = )?" + call, text):
        said = re.search(r'"([^"]*)"', text[m.end():])
        name = "%s: %s" % (os.path.basename(path), said.group(1)[:40] if said else "")
        same = seen[name] = seen.get(name, 0) + 1
        yield kind, name + (" (%d)" % same if same > 1 else ""), path, m.start(1), m.group(1), "(0 && %s)" % m.group(1)


def mutants():
    yield from rewrites()
    yield from derivatives()
    for path in sorted(glob.glob(os.path.join(ROOT, "compiler/ir/ops/*.c"))):
        yield from conditions("shape", os.path.relpath(path, ROOT), r"misfit\(")
    for path in sorted(glob.glob(os.path.join(ROOT, "compiler/check/*.c"))):
        yield from conditions("check", os.path.relpath(path, ROOT), r"check_error\(")


# ---- a copy, built without sanitizers and without optimisation

def make(*targets):
    return subprocess.run(["make", "-s", "-C", os.path.join(COPY, "build"), "-j2", *targets], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def prepare():
    tree = os.path.join(COPY, "tree")
    os.makedirs(tree, exist_ok=True)
    for name in subprocess.run(["git", "ls-files"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.split("\n"):
        to = os.path.join(tree, name)
        if name and os.path.isfile(os.path.join(ROOT, name)) and not (os.path.exists(to) and read_bytes(to) == read_bytes(os.path.join(ROOT, name))):
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copy(os.path.join(ROOT, name), to)
    subprocess.run(["cmake", "-S", tree, "-B", os.path.join(COPY, "build"), "-DMODELC_TESTS=ON", "-DCMAKE_BUILD_TYPE=Debug",
                    "-DCMAKE_C_FLAGS_DEBUG=-O0 -w"], check=True, stdout=subprocess.DEVNULL)
    os.makedirs(os.path.join(tree, "build"), exist_ok=True)
    link = os.path.join(tree, "build/modelc")
    if not os.path.islink(link):
        os.symlink(os.path.join(COPY, "build/modelc"), link)
    return tree


def read_bytes(path):
    with open(path, "rb") as f:
        return f.read()


def noticed(tree, kind):
    """what fails, or None"""
    p = make("modelc", *UNITS[kind])
    if p.returncode:
        return "the build: " + p.stdout.decode(errors="replace").strip().split("\n")[0][-80:]
    for unit in UNITS[kind]:
        try:
            p = subprocess.run([os.path.join(COPY, "build/unit", unit)], cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIME,
                               env=dict(os.environ, OMP_NUM_THREADS="1"))
        except subprocess.TimeoutExpired:
            return unit + ": hangs"
        if p.returncode:
            lines = p.stdout.decode(errors="replace").strip().split("\n")
            return "%s: %s" % (unit, next((x for x in lines if re.search("fail|FAIL|error", x)), lines[-1])[:90])
    p = subprocess.run([sys.executable, "tests/run.py", "--no-build", "errors/"], cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    m = re.search(r"^FAILED (.*)$", p.stdout, re.M)
    return m.group(1) if m else None if p.returncode == 0 else "errors/"


def main():
    todo = list(mutants())
    reasons = dict(x.split(" -- ", 1) for x in read("tests/mutate.reasons").split("\n") if " -- " in x and not x.startswith("#"))
    if len(sys.argv) > 1 and int(sys.argv[1]) > 0:
        todo = sorted(random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1).sample(todo, min(int(sys.argv[1]), len(todo))))
    tree = prepare()
    p = make("modelc", *sorted(set(sum(UNITS.values(), []))))
    if p.returncode:
        sys.exit(p.stdout.decode(errors="replace")[-3000:])
    bad, began = 0, time.time()
    for i, (kind, name, path, at, old, new) in enumerate(todo):
        text = read(path)
        target = os.path.join(tree, path)
        with open(target, "w") as f:
            f.write(text[:at] + new + text[at + len(old):])
        by = noticed(tree, kind)
        with open(target, "w") as f:
            f.write(text)
        key = "%s %s" % (kind, name)
        why = reasons.get(key)
        bad += not by and not why
        print("%-60s %s" % (key, by or ("survives: " + why if why else "SURVIVES")), flush=True)
    print("%d mutants in %.0f s, %d survive without a reason" % (len(todo), time.time() - began, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
