"""benches.py -- bench/: its models compile, and a dry run of bench.py gives a table whose losses agree; no time is judged"""
import glob, json, os, re, tempfile
import formats_numpy, harness
from run import ROOT

MODELS = sorted(glob.glob(os.path.join(ROOT, "bench/models/*.model")))


def tests(options):
    for name, f in sorted(globals().items()):
        if name.startswith("test_"):
            yield name[5:].replace("_", " "), f


def test_each_model_compiles():
    """as peer_modelc.py has it compiled, and in float64; the C is read by a compiler"""
    with tempfile.TemporaryDirectory(prefix="modelc-bench-") as folder:
        for path in MODELS:
            harness.must([harness.MODELC, path, "-o", folder, "--standalone", "--blas", "none", "--floatX", "float64"])
            harness.must([harness.MODELC, path, "-o", folder, "--standalone", "--blas", "none"])
        files = sorted(glob.glob(folder + "/*.c"))
        assert len(files) == len(MODELS) > 10, files
        harness.must(["gcc", "-std=gnu99", "-fopenmp", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", *files])


def test_dry_run():
    python = formats_numpy.python()[0]
    # each model is a workload, and the other way round
    names = harness.must([python, "-c", "import spec; print(*spec.TRAIN + spec.PREDICT)"], cwd=os.path.join(ROOT, "bench")).split()
    assert sorted(names) == sorted(os.path.basename(m)[:-6] for m in MODELS), names
    with tempfile.TemporaryDirectory(prefix="modelc-bench-") as folder:
        out = os.path.join(folder, "bench.json")
        env = dict(os.environ, PEER_ROUNDS="1", PEER_SECS="0.01", PEER_BUILD=folder)
        text = harness.must([python, "bench/bench.py", "--only", "C +,=modelc gcc", "--out", out, "tiny"], cwd=ROOT, env=env)
        with open(out) as f:
            rows = json.load(f)
        assert [(r["workload"], r["who"], r["threads"], r["agrees"]) for r in rows] == \
            [("tiny", who, t, True) for who in ("C + OpenBLAS", "modelc gcc") for t in (1, 2)], rows
        assert all(0 < r["min_us"] <= r["median_us"] and 0 < r["limit_us"] for r in rows), rows
        assert re.search(r"^\| tiny +\| +[\d.]+ \|", text, re.M), text
        assert harness.must([python, "bench/table.py", out], cwd=ROOT).strip() in text
        # a wrong loss is said, and is a failure
        wrong = os.path.join(folder, "modelc")
        with open(wrong, "w") as f:
            f.write('#!/bin/sh\nfile=$1; shift\nsed "s/0\\.1)/0.2)/" "$file" > %s/tiny.model\nexec %s %s/tiny.model "$@"\n' % (
                folder, harness.MODELC, folder))
        os.chmod(wrong, 0o755)
        code, text = harness.run([python, "bench/bench.py", "--only", "C +,=modelc gcc", "--out", out, "tiny"], cwd=ROOT, env=dict(env, MODELC=wrong))
        assert code == 1 and re.search(r"^bench: tiny, modelc gcc 1t: losses differ by \d", text, re.M), text
