"""messages.py -- every message of the compiler is provoked by a test

What a user may read is taken from the sources: each text of the front end that is a sentence, and elsewhere each format that
is handed to a function that reports.  Each must be found in what the tests of tests/errors expect, word for word, or in the
text of a test of the command line; so a new message needs a new test.
"""
import glob, os, re
from run import ROOT

# where every text with a space in it is for the user
FRONT = ["compiler/check/*.c", "compiler/ast/*.c", "compiler/lexer.l", "compiler/parser.y"]
# elsewhere: the arguments of these
REPORTS = r"\b(?:diag_error|diag_note|diag_label|lower_error|error_expr|grad_unsupported|argp_failure|usage_error|fatal)\("
REST = ["compiler/%s/*.c" % d for d in ("base", "ir", "passes", "kernel", "emit")] + ["compiler/ir/ops/*.c", "compiler/main.c"]
# tests whose own text holds what they expect
TESTS = ["tests/cli.py", "tests/unit/*.c"]

# texts that no program can provoke, or that are none: each with its reason
NOT_TESTED = {
}

LITERAL = r'"(?:[^"\\\n]|\\.)*"'
# neighbours are one text; the macros of inttypes.h stand between them
TEXT = re.compile(r'%s(?:\s*(?:%s|PRI[a-zA-Z]\d+))*' % (LITERAL, LITERAL))
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
SKIP = re.compile(r"%s|'(?:[^'\\\n]|\\.)+'|/\*.*?\*/|//[^\n]*" % LITERAL, re.S)


def files(patterns):
    return sorted(p for g in patterns for p in glob.glob(os.path.join(ROOT, g)))


def without_comments(text):
    """comments blanked, lines kept"""
    blank = lambda m: re.sub(r"[^\n]", " ", m[0]) if m[0].startswith("/") else m[0]
    return SKIP.sub(blank, text)


def unescape(text):
    parts = re.findall(r"%s|PRI[a-zA-Z]\d+" % LITERAL, text)
    joined = "".join("d" if p.startswith("PRI") else p[1:-1] for p in parts)
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), joined)


def call_end(text, i):
    """past the ')' of the call whose '(' ends before i"""
    depth = 1
    while depth:
        m = SKIP.match(text, i)
        if m:
            i = m.end()
            continue
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        i += 1
    return i


def texts_of(path, everything):
    """(line, text) of each message in a source"""
    text = without_comments(open(path).read())
    text = re.sub(r"^[ \t]*#.*$", lambda m: " " * len(m[0]), text, flags=re.M)
    if everything:
        spans = [(0, len(text))]
    else:
        spans = [(m.end(), call_end(text, m.end())) for m in re.finditer(REPORTS, text)]
    for begin, end in spans:
        for m in TEXT.finditer(text, begin, end):
            if re.search(r"\binternal_error\(\s*$", text[:m.start()]):
                continue
            s = unescape(m[0])
            if re.search(r"[a-z]{2}.* |.* .*[a-z]{2}", s):
                yield text.count("\n", 0, m.start()) + 1, s


CONVERSION = re.compile(r"%[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:hh|h|ll|l|z|j)?([diouxXeEfgGcs%])")


def pattern(text):
    """what a printed message of this format looks like"""
    out, i = "", 0
    for m in CONVERSION.finditer(text):
        out += re.escape(text[i:m.start()])
        out += {"s": ".*", "c": ".", "%": "%"}.get(m[1], r"-?[\w.+-]+")
        i = m.end()
    return re.compile((out + re.escape(text[i:])).replace("\\\t", r"(?:, | +)"))


def expected():
    """all that tests expect to read"""
    blocks = []
    for path in files(["tests/errors/*.model"]):
        raw = open(path, encoding="utf-8", errors="surrogateescape").read()
        m = re.search(r"^# error:\n((?:#.*\n)*)", raw, re.M)
        blocks += [l[4:] for l in m[1].split("\n")] if m else []
    return "\n".join(blocks + [open(p).read() for p in files(TESTS)])


def missing():
    have = expected()
    for paths, everything in ((files(FRONT), True), (files(REST), False)):
        for path in paths:
            for line, text in texts_of(path, everything):
                if text not in NOT_TESTED and not pattern(text).search(have):
                    yield "%s:%d: %s" % (os.path.relpath(path, ROOT), line, text)


def provoked():
    left = list(missing())
    assert not left, "no test provokes\n" + "\n".join(left)


def tests(options):
    yield "provoked", provoked
