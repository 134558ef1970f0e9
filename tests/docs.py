"""docs.py -- what README.md and doc/*.md say, done: their programs, commands, outputs, files, options

The kinds of fenced block, by what stands behind the fence:

    model            the blocks of one section are one program: it compiles, its C compiles, and its `# call ... -> ...` hold
    model NAME       the same as a file of that name, for the blocks that follow
    model error      does not compile; the text block behind it is what modelc says, whole
    sh               commands, run one by one in a folder where the project lies
    text             what the block before it printed; `...` stands for anything, a line of it for any lines
    c FILE, make FILE, cmake FILE, python FILE    a file, for the commands that follow
    c in FILE        lines that FILE holds
    grammar          not run
"""
import glob, os, re, shutil, tempfile
import harness, values
from run import ROOT

SETTINGS = {"floatX": "float32", "blas": "none", "threads": "none", "level": "-O3", "march": "-march=x86-64", "cc": "gcc", "copt": "-O0", "lang": "c99",
            "sanitize": False}
# the long way is in training.py; here the small images, in folders of one's own
QUICK = [(r"^make test$", "make -n test"), (r"^(make (?:train|predict|info)\b.*)$", r"\1 GEN=$PWD/gen PROGRAM=$PWD/program CFLAGS=-O0"),
         (r"^(make (?:train|predict)(?!.*\bDATA=).*)$", r"\1 DATA=models/data"), (r"^(make train(?!.*\bEPOCHS=).*)$", r"\1 EPOCHS=2"),
         (r"^(make install(?!.*\bPREFIX=).*)$", r"\1 PREFIX=$PWD/installed"), (r"^make$", "make -n"), (r"^(sudo|git clone|cd) .*", "true")]
NOT_OURS = {"--build", "--install", "--prefix", "--cflags", "--libs", "--variable"}  # options of cmake and pkg-config


def tests(options):
    for path in documents():
        name = os.path.relpath(path, ROOT)
        for title, blocks in sections(path):
            if blocks:
                yield "%s: %s" % (name, title), lambda blocks=blocks: run_blocks(blocks)
        yield name + ": files, options, targets", lambda path=path: mentions(path)
    for name, f in sorted(globals().items()):
        if name.startswith("test_"):
            yield name[5:].replace("_", " "), f


def documents():
    return [os.path.join(ROOT, "README.md")] + sorted(glob.glob(os.path.join(ROOT, "doc/*.md")))


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def sections(path):
    """(title, [(line, info, text)]) of each ## section; what names a file counts for the whole document: then it is one section"""
    out, title, inside = [("", [])], "", None
    for i, line in enumerate(read(path).splitlines(), 1):
        if inside is None and line.startswith("## "):
            out.append((line[3:], []))
        if inside is None and line.startswith("```"):
            inside = (i, line[3:].strip(), [])
        elif inside is not None and line == "```":
            out[-1][1].append((inside[0], inside[1], "\n".join(inside[2]) + "\n"))
            inside = None
        elif inside is not None:
            inside[2].append(line)
    assert inside is None, "%s:%d: the block does not end" % (path, inside[0])
    if any(info.startswith("sh") for _, blocks in out for _, info, _ in blocks):
        return [("all", [b for _, blocks in out for b in blocks])]
    return out


def matches(pattern, text):
    """`...` in a line: anything; as a line: any lines"""
    parts = []
    for line in pattern.rstrip("\n").split("\n"):
        parts.append(r"(?:[^\n]*\n)*?" if line.strip() == "..." else r"[^\n]*?".join(re.escape(p) for p in re.split(r"\.\.\.", line.rstrip())) + r"[ ]*\n")
    return re.search(r"(?:^|\n)" + "".join(parts), text + "\n") is not None


class Place:
    """a folder in which the project lies, and what its blocks leave there"""

    def __init__(self):
        self.temp = tempfile.TemporaryDirectory(prefix="modelc-docs-")
        self.dir = self.temp.name
        for name in os.listdir(ROOT):
            if name not in ("out", ".git"):
                os.symlink(os.path.join(ROOT, name), os.path.join(self.dir, name))
        self.env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS")}
        self.env["PATH"] = os.path.join(ROOT, "build") + ":" + self.env["PATH"]
        self.output = self.program = ""

    def write(self, name, text):
        with open(os.path.join(self.dir, name), "w") as f:
            f.write(text)

    def command(self, line):
        for pattern, quick in QUICK:
            line = re.sub(pattern, quick, line)
        code, out = harness.run(["bash", "-c", line], cwd=self.dir, env=self.env)
        assert code == 0, "%s: exit %d\n%s" % (line, code, out[-3000:])
        return out


def run_blocks(blocks):
    place, program = Place(), ""
    for at, info, text in blocks:
        where = "line %d: " % at
        language, _, rest = info.partition(" ")
        try:
            if info == "model":
                program += text
            elif info == "model error":
                place.write("wrong.model", text)
                code, place.output = harness.run([harness.MODELC, "--check", "wrong.model"], cwd=place.dir)
                assert code == 1, "exit %d, not 1:\n%s" % (code, place.output)
            elif language == "sh":
                place.output = "".join(place.command(l) for l in text.replace("\\\n", " ").splitlines() if l and not l.startswith("#"))
            elif language == "text":
                assert matches(text, place.output), "the text is not what was printed:\n" + place.output[-4000:]
            elif language == "c" and rest.startswith("in "):
                squeeze = lambda s: re.sub(r"\s+", " ", s).strip()
                have = squeeze(open(os.path.join(place.dir, rest[3:])).read())
                for line in re.split(r"\n(?!\t|})", text.strip()):  # declarations
                    assert squeeze(line) in have, "%s does not hold: %s" % (rest[3:], line)
            elif language in ("model", "c", "cpp", "make", "cmake", "python") and re.fullmatch(r"[\w./-]+", rest):
                place.write(rest, text)
                if language == "model":
                    check_program(os.path.join(place.dir, rest))
            else:
                assert language == "grammar", "no such kind of block: ```" + info
        except AssertionError as e:
            raise AssertionError(where + str(e))
    if program:
        place.write("program.model", program)
        check_program(os.path.join(place.dir, "program.model"))


def check_program(path):
    if "# call " in open(path).read():
        values.check(path, SETTINGS)
    else:
        harness.Program(path, SETTINGS)


def mentions(path):
    """files in backticks exist; options are of modelc, of a model's program, or of a tool; make's targets and variables are in the Makefile"""
    text = read(path)
    for name in re.findall(r"`([\w.-]+/[\w./*-]*|\w+\.md)`", text):
        if name.startswith(("out/", "build/", "build-tests/", "OUT/")):
            continue
        folder = "doc" if name.endswith(".md") and "/" not in name and name != "README.md" else ""
        pattern = re.sub(r"\b[A-Z]{4,}\b(?!\.md)", "*", name)  # NAME.c
        assert glob.glob(os.path.join(ROOT, folder, pattern)), "there is no " + name
    known = options_of_modelc() | options_of_program() | NOT_OURS | set(re.findall(r'"(--[a-z-]+)"', read("tests/run.py")))
    for option in re.findall(r"(?<![\w-])--[A-Za-z][\w-]*", text):
        assert option in known, "no option " + option
    makefile = read("Makefile")
    for target in re.findall(r"`make ([a-z-]+)", text) + re.findall(r"^make ([a-z-]+)", text, re.M):
        assert re.search(r"^%s:" % target, makefile, re.M), "no target " + target
    variables = re.search(r"^KNOWN +:= (.*)", makefile, re.M).group(1).split()
    for v in re.findall(r"\b([A-Z]{4,})=", "\n".join(re.findall(r"^make .*|`make [^`]*", text, re.M))):
        assert v in variables, "no variable " + v


def options_of_modelc():
    return set(re.findall(r"(?<![\w-])--[A-Za-z][\w-]*", harness.must([harness.MODELC, "--help"])))


def options_of_program():
    """the general ones, and the keys of driver blocks; some that the text takes as examples"""
    general = re.findall(r'^\t\{"([\w-]+)", (?:"|NULL)', read("runtime/mc_options.c"), re.M)
    assert len(general) >= 10, general
    keys = re.findall(r'\{DRIVER_\w+, "(\w+)"', read("compiler/check/driver.c"))
    return {"--" + o for o in general + keys + ["KEY", "PART", "SYMBOL", "learning_rate", "image"]}


def test_what_make_says():
    """models that are not there or do not train, before anything is built"""
    code, out = harness.run(["make", "train", "MODEL=nope"], cwd=ROOT, env=Place().env)
    assert code == 2 and "there is no models/nope.model" in out and "logistic_regression" in out, out
    code, out = harness.run(["make", "train", "MODEL=add"], cwd=ROOT, env=Place().env)
    assert code == 2 and "models/add.model has no `fit` in a driver block" in out, out


def test_make_with_a_model_of_ones_own():
    place = Place()
    place.write("mine.model", "model own\nparam w : floatX = 1\nloss cost = w ** 2\nfunction f(rate : floatX = 0.1) -> cost { w <- w - rate * grad(cost, w) }\n"
                "driver { fit f { epochs = 3   steps = 10 } }\n")
    out = place.command("make train MODEL=mine.model OUT='o u t' rate=0.25")
    assert "own: 1 parameter," in out and os.path.exists(place.dir + "/o u t/last.npz"), out


def test_nothing_to_resume():
    place = Place()
    code, out = harness.run(["bash", "-c", "make train RESUME=1 DATA=models/data GEN=$PWD/gen PROGRAM=$PWD/program CFLAGS=-O0"], cwd=place.dir, env=place.env)
    assert code == 2 and "there is no out/logistic_regression/last.npz to go on from" in out and not os.listdir(place.dir + "/out/logistic_regression"), out


def test_setup_without_rights():
    """says what is missing, for a person who may not install it"""
    with tempfile.TemporaryDirectory() as d:
        for tool in ("sh", "grep", "head"):
            os.symlink(shutil.which(tool), os.path.join(d, tool))
        with open(d + "/id", "w") as f:
            f.write("#!/bin/sh\necho 1000\n")
        os.chmod(d + "/id", 0o755)
        code, out = harness.run([shutil.which("sh"), os.path.join(ROOT, "tools/setup.sh"), "build"], env={"PATH": d})
        assert code == 1 and "please install: gcc" in out and "sudo apt-get install" in out and "flex bison" in out, out


def test_every_word_of_the_language_is_documented():
    """reserved words as the lexer has them; each name of the prelude and of a module; modelc's options are in the man page: packages.py"""
    text = read("doc/language.md")
    reserved = set(re.findall(r'^"(\w+)" +', read("compiler/lexer.l"), re.M)) | set(re.findall(r'%token.*?"([a-z]+|None)"', read("compiler/parser.y")))
    listed = set(re.search(r"Reserved words: `(.*?)`", text, re.S).group(1).split())
    assert len(reserved) > 30 and reserved == listed, "reserved: %s; listed: %s" % (reserved - listed, listed - reserved)
    library = text[text.index("## Standard library"):text.index("## Own operations")]
    words = set(re.findall(r"\w+", library))
    names = set(re.findall(r'(?:\{NULL, |ROW\()"(\w+)"', read("compiler/check/builtins.c") + read("compiler/check/special.c")))
    names |= set(re.findall(r"^def (\w+)", read("lib/prelude.model"), re.M))
    missing = names - words
    assert len(names) > 80 and not missing, missing
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", library, re.M))
    for path in glob.glob(os.path.join(ROOT, "lib/*.model")):
        module = os.path.basename(path)[:-6]
        if module != "prelude":
            for name in re.findall(r"`([\w ]+)`", rows[module])[0].split():
                assert re.search(r'^def %s\(|\{"%s", "%s"' % (name, module, name), read(path) + read("compiler/check/builtins.c"), re.M), "no %s.%s" % (module, name)


def test_every_key_of_the_driver_is_documented():
    keys = set(re.findall(r'\{DRIVER_\w+, "(\w+)"', read("compiler/check/driver.c")))
    text = read("doc/language.md").split("## Driver")[1].split("## Errors")[0]
    missing = [k for k in keys if not re.search(r"\b%s\b" % k, text)]
    assert len(keys) > 15 and not missing, "%s of %s" % (missing, keys)


def test_every_option_of_a_program_is_documented():
    text = read("doc/driver.md")
    missing = [o for o in re.findall(r'^\t\{"([\w-]+)", (?:"|NULL)', read("runtime/mc_options.c"), re.M) if "--" + o not in text]
    assert not missing, missing


def test_every_document_is_named_in_the_README():
    readme = read("README.md")
    missing = [os.path.basename(p) for p in documents()[1:] if "doc/" + os.path.basename(p) not in readme]
    assert not missing, missing
    assert len(readme.splitlines()) < 120


def test_what_is_not_built_is_said():
    """the ops that lowering refuses, and no others"""
    refused = set(re.findall(r"case OP_(\w+):", re.search(r"static bool has_kernel.*?^}", read("compiler/kernel/lower.c"), re.S | re.M).group(0))) - {"grad"}
    text = read("doc/language.md").split("## Not built yet")[1].split("##")[0]
    said = {"cholesky": "linalg", "triangular_solve": "linalg"}
    assert set(re.findall(r"`([a-z]+)`", text)) == {said.get(op, op) for op in refused}, refused


def test_every_suite_is_documented():
    """in the table of doc/architecture.md"""
    for path in glob.glob(os.path.join(ROOT, "tests/*.py")):
        name = os.path.basename(path)
        if "def tests(options)" in read("tests", name):
            assert "`tests/%s`" % name in read("doc/architecture.md") or name == "units.py", name


def test_every_status_is_documented():
    for name, text in re.findall(r"case (MC_\w+):\s*return \"(.*?)\";", read("runtime/mc.h")):
        assert "| `%s` | %s |" % (name, text) in read("doc/api.md"), name


def test_lines_have_a_readable_length():
    for path in documents():
        for i, line in enumerate(read(path).splitlines(), 1):
            assert len(line) <= 140 or line.startswith("|"), "%s:%d: %d columns" % (path, i, len(line))
