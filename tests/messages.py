"""messages.py -- every message of the compiler is provoked by a test

What a user may read is taken from the sources: in the front end each text that is a sentence, elsewhere each format handed to a
function that reports.  Each must stand in what the tests of tests/errors expect, or in the text of another test that provokes it;
so a new message needs a new test.  The format of an error must be a whole line there, that of a note too.
"""
import glob, os, re
import errors
from run import ROOT

FRONT = ["compiler/check/*.c", "compiler/ast/*.c", "compiler/lexer.l", "compiler/parser.y"]
REST = ["compiler/%s/*.c" % d for d in ("base", "passes", "kernel", "emit")] + ["compiler/*.c", "compiler/ir/read*.c"]
REPORTS = r"\b(check_error|diag_error|diag_note|diag_label|argp_failure|usage_error|fatal|read_fail)\("
ERRORS, NOTES = ("check_error", "diag_error"), ("diag_note",)
# tests whose text holds what they expect to read
TESTS = ["tests/cli.py", "tests/objects/*.c", "tests/unit/test_ir_text.c"]

# texts without a test, each with its reason
NOT_PROVOKED = {
    "out of memory": "there is always enough in a test",
    "a condition on the index of a fold that is a scan": "dropped: the fold is expanded instead",
    "the carry '%s' changes its type": "dropped: the fold is expanded instead",
    "an error": "what an error gave is in no message",
}
# one place each; a line less when it is built
NOT_SUPPORTED_YET = [
    "%s",  # types in declarations; code for operations
    "complex numbers",
    "the gradient through '%s'",
    "the gradient through a scan with random draws in an inner block",
    "an update of, or a value given to, one row of what a fold keeps as one array",
    "in a loop or branch, the gradient through another one outside",
]

LITERAL = r'"(?:[^"\\\n]|\\.)*"'
PART = r"(?:%s|PRI[a-zA-Z]\d+)" % LITERAL
TEXT = re.compile(r"%s(?:\s*%s)*" % (LITERAL, PART))  # neighbours are one text
SKIP = re.compile(r"%s|'(?:[^'\\\n]|\\.)+'|/\*.*?\*/|//[^\n]*" % LITERAL, re.S)
CONVERSION = re.compile(r"%[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:hh|h|ll|l|z|j)?([diouxXeEfgGcs%])")


def files(patterns):
    return sorted(p for g in patterns for p in glob.glob(os.path.join(ROOT, g)))


def source(path):
    """the text of a C file without comments, preprocessor lines and rows of builtins; the lines keep their numbers"""
    text = SKIP.sub(lambda m: re.sub(r"[^\n]", " ", m[0]) if m[0].startswith("/") else m[0], open(path).read())
    text = re.sub(r"^[ \t]*[#%].*$", lambda m: " " * len(m[0]), text, flags=re.M)
    return re.sub(r'\{(?:NULL|"\w+"), "\w+", "[^"]*", \w+\}', lambda m: " " * len(m[0]), text)


def unescape(literals):
    parts = re.findall(PART, literals)
    joined = "".join("d" if p.startswith("PRI") else p[1:-1] for p in parts)
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), joined)


def arguments(text, i):
    """(begin, end) of each argument of the call whose '(' ends before i"""
    depth, begin, found = 1, i, []
    while depth:
        m = SKIP.match(text, i)
        if m:
            i = m.end()
            continue
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(text[i], 0)
        if depth == 0 or (depth == 1 and text[i] == ","):
            found.append((begin, i))
            begin = i + 1
        i += 1
    return found


def formats(path):
    """{place of a format: (function, line)} of the calls that report"""
    text, found = source(path), {}
    for m in re.finditer(REPORTS, text):
        spans = arguments(text, m.end())
        spans = spans[2:3] if m[1] in ERRORS + NOTES + ("diag_label",) else spans
        for begin, end in spans:
            for t in TEXT.finditer(text, begin, end):
                found[t.start()] = (m[1], t[0])
    return text, found


def messages(path, everything):
    """(line, kind, text) of each message in a source"""
    text, found = formats(path)
    internal = [s for m in re.finditer(r"\binternal_error\(", text) for s in arguments(text, m.end())]
    all_texts = {m.start(): m[0] for m in TEXT.finditer(text)} if everything else {}
    for at, (kind, literals) in found.items():
        all_texts[at] = literals
    for at, literals in sorted(all_texts.items()):
        s = unescape(literals)
        sentence = re.search(r"[a-z]{2}.* |.* .*[a-z]{2}", s)
        if sentence and not any(b <= at < e for b, e in internal):
            yield text.count("\n", 0, at) + 1, found.get(at, ("",))[0], s


def pattern(kind, text):
    """what it looks like when it is printed"""
    out, i = "", 0
    for m in CONVERSION.finditer(text):
        out += re.escape(text[i:m.start()]) + {"s": ".*", "c": ".", "%": "%"}.get(m[1], r"-?[\w.+-]+")
        i = m.end()
    out = (out + re.escape(text[i:])).replace("\\\t", r"(?:, | +)")
    head = "error: " if kind in ERRORS else "note: " if kind in NOTES else ""
    return re.compile(head + out + "$" if head else out, re.M)


def expected():
    """all that the tests expect to read"""
    blocks = [l for p in files(["tests/errors/*.model"])
              for l in errors.split(open(p, encoding="utf-8", errors="surrogateescape").read())[1] or []]
    return "\n".join(blocks), "\n".join(open(p).read().replace('\\"', '"') for p in files(TESTS))


def sources():
    for paths, everything in ((files(FRONT), True), (files(REST), False)):
        for path in paths:
            for line, kind, text in messages(path, everything):
                yield "%s:%d" % (os.path.relpath(path, ROOT), line), kind, text


def missing():
    blocks, others = expected()
    for place, kind, text in sources():
        if text in NOT_PROVOKED or pattern(kind, text).search(blocks):
            continue
        if not pattern("", text).search(others):
            yield "%s: %s" % (place, text)


def provoked():
    left = list(missing())
    assert not left, "no test provokes\n" + "\n".join(left)


def reasons():
    texts = {text for _, _, text in sources()}
    assert not set(NOT_PROVOKED) - texts, set(NOT_PROVOKED) - texts


def not_supported():
    head = "not supported yet: "
    places = sorted((text[len(head):], place) for place, _, text in sources() if text.startswith(head))
    got = sorted(text for text, _ in places)
    want = sorted(NOT_SUPPORTED_YET + ["%s"])  # the types, and what the code generator refuses
    assert got == want, "\n".join("%s: %s" % (place, text) for text, place in places)


def tests(options):
    yield "provoked", provoked
    yield "reasons", reasons
    yield "not supported yet", not_supported
