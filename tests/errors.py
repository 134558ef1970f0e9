"""errors.py -- programs that are wrong: the whole diagnostic is in the program, verbatim

    # error:
    #   name.model:3:9: error: unexpected '@'
    #      3 | let y = h @@ w2
    #        |            ^

`# flags: ...` are options of the compiler.  Nothing may be written.
"""
import glob, os, re, subprocess, tempfile
from run import ROOT


def tests(options):
    for path in sorted(glob.glob(os.path.join(ROOT, "tests/errors/*.model"))):
        yield os.path.basename(path), lambda path=path: error(path, options.update)


def split(text):
    """(text before the block, the block's lines or None, text after)"""
    m = re.search(r"^# error:\n((?:#.*\n)*)", text, re.M)
    if not m:
        return text, None, ""
    lines = [re.sub(r"^#(   )?", "", l) for l in m.group(1).splitlines()]
    return text[:m.start()], lines, text[m.end():]


def compile_wrong(path, flags):
    """what the compiler says of the program"""
    with tempfile.TemporaryDirectory() as out:
        p = subprocess.run([os.path.join(ROOT, "build/modelc"), "-o", out, os.path.basename(path)] + flags, cwd=os.path.dirname(path),
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20, encoding="utf-8", errors="surrogateescape")
        assert p.returncode == 1, "exit %d, expected 1\n%s" % (p.returncode, p.stdout)
        assert not os.listdir(out), "written: %s" % os.listdir(out)
    return p.stdout.rstrip("\n").split("\n")


def error(path, update):
    raw = open(path, encoding="utf-8", errors="surrogateescape").read()
    before, expected, after = split(raw)
    assert expected is not None, "no '# error:' block"
    flags = re.findall(r"^# flags: (.*)$", raw, re.M)
    got = compile_wrong(path, flags[0].split() if flags else [])
    if update:
        block = "# error:\n" + "".join(("#   " + l).rstrip() + "\n" for l in got)
        # the block's length moves the lines below it: run again until the numbers stand still
        if before + block + after != raw:
            open(path, "w", encoding="utf-8", errors="surrogateescape").write(before + block + after)
            return error(path, update)
        return
    assert [l.rstrip() for l in got] == [l.rstrip() for l in expected], "expected\n%s\ngot\n%s" % ("\n".join(expected), "\n".join(got))
