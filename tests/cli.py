"""cli.py -- the command line of modelc: what it shows, and what it says when it is used wrongly"""
import glob, json, os, re, subprocess, tempfile
import harness
from run import ROOT

MODELS = os.path.join(ROOT, "models")
PROGRAMS = os.path.join(ROOT, "tests/programs")


def tests(options):
    for name, f in sorted(globals().items()):
        if name.startswith("test_"):
            yield name[5:], f
    for path in sorted(glob.glob(PROGRAMS + "/*.model")):
        yield "check " + os.path.basename(path), lambda path=path: harness.must([harness.MODELC, "--check", path])
        yield "ast " + os.path.basename(path), lambda path=path: round_trip(path)


def modelc(*args, code=0, **kw):
    p = subprocess.run([harness.MODELC, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, **kw)
    assert p.returncode == code, "exit %d, expected %d\n%s%s" % (p.returncode, code, p.stdout[-2000:], p.stderr[-2000:])
    return p.stdout if code == 0 else p.stderr


def round_trip(path):
    """printed and read again, a program prints the same"""
    once = modelc("--ast", path)
    with tempfile.TemporaryDirectory() as d:
        again = os.path.join(d, os.path.basename(path))
        open(again, "w").write(once)
        assert modelc("--ast", again) == once


def test_help():
    out = modelc("--help")
    assert "--standalone" in out and "Exit status" in out and max(map(len, out.splitlines())) <= 80


def test_version():
    assert re.match(r"modelc \d+\.\d+\.\d+\n", modelc("--version"))


def test_usage_errors():
    for args, text in [([], "no model file; modelc --help says more"), (["--nonsense", "x.model"], "nonsense"),
                       (["--blas", "mkl", "x.model"], "unknown BLAS 'mkl', expected openblas, cublaslt or none"),
                       (["--blas", "cublaslt", "x.model"], "--blas cublaslt does not go with --target c"),
                       (["--target", "cuda", "--blas", "openblas", "x.model"], "--blas openblas does not go with --target cuda"),
                       (["--threads", "tbb", "x.model"], "unknown threads 'tbb', expected openmp or none"),
                       (["--target", "metal", "x.model"], "unknown target 'metal', expected c or cuda"),
                       (["--floatX", "int8", "x.model"], "unknown float type 'int8', expected float32 or float64"),
                       (["-O", "7", "x.model"], "unknown level '7', expected 0, 1, 2 or 3"),
                       (["--dispatch", "--target", "cuda", "x.model"], "--dispatch does not go with --target cuda"),
                       (["--dispatch", "--profile", "x.model"], "--profile does not go with --dispatch"),
                       (["--dispatch", "--blas", "openblas", "x.model"], "--dispatch does not go with --blas openblas"),
                       (["--report=xml", "x.model"], "unknown report 'xml', expected text or json"),
                       *[(["--machine", m, "x.model"], "unknown machine '%s', expected three positive numbers such as 100G,2G,20G" % m)
                         for m in ("1G", "1G,2G", "1,2,3,4", "0,1,1", "1G,-2,3", "nan,1,1", "1e300,1,1", "1GG,1,1", ",,", "1G,1G,1G,")],
                       *[([*args, "--ptxas", "said", "x.model"], "--ptxas goes with --target cuda --report") for args in ([], ["--report"], ["--target", "cuda"])],
                       (["-d", "nothing", "x.model"], "unknown pass 'nothing', expected one that --passes lists, all or kernels"),
                       (["--stop-after", "all", "x.model"], "unknown pass 'all', expected one that --passes lists"),
                       (["-D", "novalue", "x.model"], "unknown definition 'novalue', expected NAME=VALUE"),
                       (["a.model", "b.model"], "one model file at a time: 'a.model' and 'b.model'"),
                       (["--max-bytes", "many", "x.model"],
                        "unknown number of bytes 'many', expected a positive integer, perhaps with k, M or G"),
                       (["--max-nodes", "0", "x.model"],
                        "unknown number of nodes '0', expected a positive integer, perhaps with k, M or G")]:
        err = modelc(*args, code=2)
        assert text in err, "%s: %s" % (args, err)


def test_options_of_a_program():
    """that of tests/fuzz/options.model, which has every kind of part and key"""
    with tempfile.TemporaryDirectory() as d:
        exe = os.path.join(d, "options")
        harness.must([harness.MODELC, os.path.join(ROOT, "tests/fuzz/options.model"), "--driver", "--blas", "none", "--threads", "none", "-o", d])
        harness.must(["gcc", "-std=gnu99", "-I", os.path.join(ROOT, "runtime"), "-I", d, exe + ".c", exe + "_driver.c", harness.runtime_library(), "-lpng", "-lz", "-lm", "-o", exe])
        for name, rows in (("x.csv", "1,2\n3,4\n5,6\n7,8\n9,0\n"), ("label.csv", "0\n1\n1\n0\n1\n")):
            open(os.path.join(d, name), "w").write(rows)
        for args, status, text in [("--ragged both", 2, "options: fit.ragged is both, expected keep or drop\n"), ("--ragged drop", 0, ""),
                                   ("--picture.tile 2,0", 2, "options: picture.tile is 0, expected a whole number of at least 1\n"),
                                   ("--picture.tile 4294967296", 1,
                                    "options: cannot draw out/options/picture.png: float64[1, 2] has no whole number of tiles of 4294967296 by 4294967296\n"),
                                   ("--picture.tile 1,1,1", 2, "options: --picture.tile has 3 values, expected one or two\n"),
                                   ("--set all,some", 2, "options: --set has 2 values, expected one\n"),
                                   ("--watch_steps 1e19", 2, "options: --watch_steps is 1e+19, expected a whole number of at least 1, below 2^63\n"),
                                   ("--count 0.5", 1, "options: count of fit is 0.5, expected a whole number\n"),
                                   ("--epochs 9223372036854775807", 1, "options: fit failed at step 1 of epoch 5: assert: steps < most does not hold, options.model:17\n"),
                                   ("--rate inf", 0, "")]:
            p = subprocess.run([exe, "train", "--quiet", "--data", ".", *args.split()], cwd=d, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
            assert (p.returncode, p.stderr) == (status, text), "%s: exit %d: %s" % (args, p.returncode, p.stderr)


def wrong(source, *args):
    """what is said of a program that no text file of the tests could hold"""
    with tempfile.TemporaryDirectory() as d:
        open(os.path.join(d, "x.model"), "wb").write(source)
        err = modelc("x.model", "-o", "out", *args, code=1, cwd=d)
        assert os.listdir(d) == ["x.model"]
        return err


def test_zero_byte_in_a_string():
    assert "x.model:1:7: error: a string holds no zero byte\n" in wrong(b'use "a\0b"\n')


def test_file_of_zeros():
    err = wrong(b"\0" * 100000)
    assert err.count("error:") == 1 and "x.model:1:1: error: unexpected characters '\\x00" in err and len(err) < 1000, err


def test_calls_without_end():
    """not in tests/errors, whose programs are seeds of the fuzzers: it takes a second"""
    err = wrong(b"symbol x : floatX\ndef two(n) { return if n == 0 { x } else { two(n - 1) + two(n - 1) } }\nlet y = two(18)\n")
    assert err == ("x.model:2:57: error: the program expands to more than 200000 calls\n"
                   "    2 | def two(n) { return if n == 0 { x } else { two(n - 1) + two(n - 1) } }\n"
                   "      |                                                         ^~~~~~~~~~\n"), err


def test_folds_in_folds():
    """in the body of a fold that becomes a loop the others are expanded: what that attempt costs counts too"""
    err = wrong(b"symbol x : floatX\nlet y = fold v = x for i in 0..1000 {\nnext v = fold u = v for j in 0..500 {\nnext u = fold t = u for k in 0..500 { next t = t * k }\n}\n}\n")
    assert err == ("x.model:3:10: error: the program expands to more than 200000 rounds of folds\n"
                   "    3 | next v = fold u = v for j in 0..500 {\n"
                   "      |          ^~~~~~~~~~~~~~~~~~~~~~~~~~~~\n"), err


def test_many_outputs():
    outs = ", ".join("o%d = x" % i for i in range(5000))
    err = wrong(("symbol x : floatX\nfunction f(x) -> %s\n" % outs).encode())
    assert "x.model:2:10: error: a function has at most 4096 arguments and outputs, and this one 5001\n" in err, err[:300]


def test_brackets_without_end():
    for source in (b"let a = " + b"(" * 100000, b"let a = " + b"f(" * 20000 + b"1" + b")" * 20000, b"let a = " + b"-" * 50000 + b"1"):
        err = wrong(source)
        assert "error: this is nested too deeply; name a part of it with 'let'\n" in err, err[-300:]


def test_full_output():
    with open("/dev/full", "w") as full:
        p = subprocess.run([harness.MODELC, "--ast", os.path.join(MODELS, "add.model")], stdout=full, stderr=subprocess.PIPE, text=True)
    assert p.returncode == 1 and p.stderr == "modelc: cannot write: No space left on device\n", p.stderr


def test_file_name_that_is_no_name():
    with tempfile.TemporaryDirectory() as d:
        open(os.path.join(d, "my-model.model"), "w").write("symbol x : floatX\nfunction f(x) -> y = x\n")
        err = modelc("my-model.model", "-o", "out", code=1, cwd=d)
        assert err == "modelc: error: the model's name 'my-model' is no name in C\nnote: a line 'model NAME' at its begin gives it another one than the file's\n", err


def test_missing_file():
    assert modelc("nowhere.model", code=1) == "nowhere.model: error: cannot open the file: No such file or directory\n"


def test_empty_file():
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "empty.model")
        open(path, "w").close()
        out = modelc(path, "-o", d, code=1)
        assert "empty.model:1:1: error: the file declares no function and no variable" in out, out
        assert os.listdir(d) == ["empty.model"]


def test_folder_as_file():
    assert "error:" in modelc(ROOT, code=1)


def test_unwritable_output():
    err = modelc(os.path.join(MODELS, "add.model"), "-o", "/proc/nowhere", code=1)
    assert err == "modelc: error: cannot write '/proc/nowhere/add.h': No such file or directory\n", err


def test_nothing_written_after_an_error():
    with tempfile.TemporaryDirectory() as d:
        bad = os.path.join(d, "bad.model")
        open(bad, "w").write("symbol x : dscalar\nfunction f(x) -> y = x + z\n")
        err = modelc(bad, "-o", d, code=1)
        assert "bad.model:2:26: error" in err, err
        assert os.listdir(d) == ["bad.model"]


def test_print_gradient():
    out = modelc("--print", "grad(y, x)", os.path.join(MODELS, "square_grad.model"))
    assert out.rstrip().endswith("optimised\n2 * x"), out
    assert "as written" in out


def test_dot():
    out = modelc("--dot", os.path.join(MODELS, "a_plus_a10.model"))
    assert out.count("digraph") == 2, out


def test_report():
    out = modelc("--report", os.path.join(MODELS, "logistic_regression.model"))
    assert re.search(r"^memory: .*batch.* bytes", out, re.M), out


def kernels_of(path, *options):
    """{kernel: its row of the report}"""
    report = json.loads(modelc("--report=json", path, *options))
    return {k["kernel"]: k for f in report["functions"] for k in f["kernels"]}


def test_report_counts():
    """FLOPs, functions and bytes by hand; the triangle counts at its middle; a row of a block is in the blocks' rows"""
    model = """dim n
param W : floatX[300, 70] = 0
symbol x : floatX[200, 300]
symbol q : floatX[40, 8]
data table : uint8[n, 30]
symbol which : int64
function product(x) -> y = x @ W
function maps(x) -> y = exp(x) * 2 + x
function rows(x) -> y = sum(x, axis = 1)
function part(which) -> y = float32(table[which : which + 100]) * 0.5
"""
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "m.model")
        open(path, "w").write(model)
        found = kernels_of(path, "--blas", "none", "--machine", "1G,1M,1G")
        for name, flops, functions, read, written in (("product_y", 2 * 200 * 300 * 70, 0, 4 * (200 * 300 + 300 * 70), 4 * 200 * 70),
                                                      ("maps_y", 2 * 200 * 300, 200 * 300, 4 * 200 * 300, 4 * 200 * 300),
                                                      ("part_y", 3000, 0, 3000, 12000)):
            k = found[name]
            assert (k["flops"], k["functions"], k["bytes_read"], k["bytes_written"]) == (flops, functions, read, written), k
            assert abs(k["predicted_us"] - max(flops / 1e3 + functions, (read + written) / 1e3)) < 1e-3 * k["predicted_us"], k
            assert k["schedule"], k
        rows = found["rows_y"]
        assert 200 * 300 <= rows["flops"] <= 1.3 * 200 * 300 and 0.8 * 4 * 200 * 300 < rows["bytes_read"] <= 4 * 200 * 300, rows  # the row's rest is not counted beside it
        assert "cannot go below" in modelc("--report", path) and "vectors along" in modelc("--report", path)


def test_report_of_programs():
    """every report is JSON, and every kernel has a schedule"""
    for path in sorted(glob.glob(PROGRAMS + "/*.model"))[::4]:
        report = json.loads(modelc("--report=json", path))
        for f in report["functions"]:
            assert all(k["schedule"] and k["predicted_us"] >= 0 for k in f["kernels"]), f["name"]


def test_report_of_ptxas():
    """launches by hand; registers, spills and occupancy from the text of ptxas, which must speak of every kernel"""
    model = "dim n\nsymbol x : floatX[n, 200]\nfunction f(x) -> y = exp(x)\nfunction g(x) -> y = sum(x, axis = 1)\n"
    entry = "ptxas info    : Compiling entry function '_Z%d%sPKhlPKfPf' for '%s'\n    %d bytes stack frame, %d bytes spill stores, %d bytes spill loads\n" \
            "ptxas info    : Used %d registers, used 0 barriers\n"
    with tempfile.TemporaryDirectory() as d:
        path, said = os.path.join(d, "m.model"), os.path.join(d, "said")
        open(path, "w").write(model)
        options = ["--target", "cuda", "--ptxas", said]
        of = lambda found: {k: found[k]["launches"] for k in found}
        f, g = (of(kernels_of(path, "--target", "cuda"))[k] for k in ("f_y", "g_y"))
        assert f == [{"kernel": "f_y_kernel", "blocks": "(n * 200 + 127) / 128", "threads": 128, "shared_bytes": 0}], f
        assert g[0]["kernel"] == "g_y_kernel" and len(g) == 1 and "ptxas" not in g[0], g
        text = "".join(entry % (len(k), k, arch, *numbers) for k, arch, numbers in (
            ("f_y_kernel", "sm_80", (0, 0, 0, 64)), ("f_y_kernel", "sm_90a", (24, 16, 8, 255)), ("f_y_kernel", "sm_70", (0, 0, 0, 8)), ("other_f_y_kernel", "sm_80", (9, 9, 9, 9))))
        open(said, "w").write(text)
        err = modelc(path, *options, "--report", code=1)
        assert err == "modelc: error: the text of ptxas does not speak of the kernel g_y_kernel: is it that of nvcc -Xptxas -v for this m.cu?\n", err
        open(said, "w").write(text + entry % (10, "g_y_kernel", "sm_80", 0, 0, 0, 10))
        # 64 registers: 8 warps of a quarter's 16384, so 8 blocks of 4 warps; 255 count as 256: 2 blocks
        assert of(kernels_of(path, *options))["f_y"][0]["ptxas"] == [
            {"arch": "sm_80", "registers": 64, "stack_bytes": 0, "spilled_bytes": 0, "occupancy": 0.5},
            {"arch": "sm_90a", "registers": 255, "stack_bytes": 24, "spilled_bytes": 24, "occupancy": 0.125},
            {"arch": "sm_70", "registers": 8, "stack_bytes": 0, "spilled_bytes": 0, "occupancy": None}]
        out = modelc(path, *options, "--report")
        assert "f_y_kernel: (n * 200 + 127) / 128 blocks of 128 threads\n" in out and "sm_80: 64 registers, 0 bytes of stack, 0 spilled, occupancy 50 %\n" in out, out
        assert "nowhere: error: cannot open the file" in modelc(path, "--target", "cuda", "--ptxas", "nowhere", "--report", code=1)


def test_passes():
    assert "grad" in modelc("--passes")


def test_argmax_of_few_columns_is_no_tree_of_all_choices():
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "argmax.model")
        open(path, "w").write("dim n\nsymbol x : floatX[n, 16]\nfunction f(x) -> a = argmax(x, axis = 1), b = x[arange(n), argmin(2 * x, axis = 1)]\n")
        harness.must([harness.MODELC, path, "-o", d], timeout=5)


def test_max_bytes():
    path = os.path.join(MODELS, "logistic_regression.model")
    err = modelc(path, "--max-bytes", "1M", code=1)
    assert "batch" in err, err  # a dim without an upper bound is named
    modelc(path, "--check", "--max-bytes", "1M", "-D", "batch=600")
    with tempfile.TemporaryDirectory() as d:
        sizes = ["-D", "batch=600", "-D", "n_train=50000", "-D", "n_valid=10000", "-D", "n_test=10000"]
        err = modelc(path, "-o", d, "--max-bytes", "10k", *sizes, code=1)
        assert "W" in err and not os.listdir(d), err
        modelc(path, "-o", d, "--max-bytes", "1M", *sizes)


def test_indexing_late_costs_what_indexing_first_costs():
    """log(p)[arange(n), y] takes the logarithm of n numbers, not of all"""
    model = "dim n\nsymbol x : floatX[n, 10]\nsymbol y : uint8[n]\nlet p = %s\nfunction f(x, y) -> c = -mean(%s)%s\n"
    with tempfile.TemporaryDirectory() as d:
        for p, grad in (("softmax(x)", ", g = grad(-mean(%s), x)"), ("sigmoid(x)", "")):
            work = set()
            for nll in ("log(p)[arange(n), y]", "log(p[arange(n), y])"):
                path = os.path.join(d, "m.model")
                open(path, "w").write(model % (p, nll, grad and grad % nll))
                report = modelc("--report", path)
                work.add(tuple(re.findall(r"kernel .*: (.*) FLOPs, (.*) functions", report)))
            assert len(work) == 1 and work.pop(), work


def test_a_gradient_takes_the_sigmoid_that_is_there():
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "m.model")
        open(path, "w").write("symbol x : floatX[5000]\nlet c = sum(sigmoid(x) ** 2)\nfunction f(x) -> c, g = grad(c, x)\n")
        assert sum(k["functions"] for k in kernels_of(path).values()) == 5000


def test_exps_of_what_is_not_above_0():
    """the shorter exp stands where the sign is known, as the comment of the model says"""
    path = os.path.join(ROOT, "tests/values/exps.model")
    with tempfile.TemporaryDirectory() as d:
        modelc(path, "-o", d)
        text = open(os.path.join(d, "exps.c")).read()
        assert len(re.findall(r"mc_exp_below_f32\(", text)) == 5 and len(re.findall(r"mc_exp_f32\(", text)) == 2, text


def test_loops_along_chains_of_functions():
    """a function that waits for another stands in a loop of its own"""
    with tempfile.TemporaryDirectory() as d:
        modelc(os.path.join(ROOT, "tests/values/chains.model"), "-o", d)
        text = open(os.path.join(d, "chains.c")).read()
        assert re.findall(r"float (\w+\[(?:64|1024)\]);", text)[:4] == ["s_2[1024]", "t_2[1024]", "sum[64]", "s_2[64]"], text


def test_rows_are_made_and_added_up_in_one_loop():
    with tempfile.TemporaryDirectory() as d:
        modelc(os.path.join(ROOT, "tests/values/beside.model"), "-o", d)
        text = open(os.path.join(d, "beside.c")).read()
        assert re.findall(r"(\w+)\[q \* 16 \+ l\] = (\w+);\n\t*lane_2\[l\] \+= \2;", text) == [("e", "e1"), ("exp", "exp1")], text


def test_lanes_that_take_one_value_need_no_start():
    with tempfile.TemporaryDirectory() as d:
        modelc(os.path.join(ROOT, "tests/values/few_rows.model"), "-o", d)
        text = open(os.path.join(d, "few_rows.c")).read()
        assert len(re.findall(r"\[l\] = 0\.0f \+ ", text)) == 3, text


SIZES = """dim n
symbol x : floatX[n, %d]
symbol y : floatX[n, %d]
param W : floatX[%d, %d] = 0
param v : floatX[%d] = 0
let c = sum(tanh(x @ W) * y) + sum((x @ v) ** 2)
function f(x, y) -> c, g = grad(c, W), h = grad(c, v)
"""


def test_sizes_of_products():
    """products and their gradients of many sizes: every schedule is legal, for each width of vectors"""
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "m.model")
        for k in (1, 2, 3, 5, 7, 9, 13, 17, 23, 24, 25, 31, 33, 47, 48, 50, 65, 100, 130, 784):
            for m in (1, 2, 10, 24):
                open(path, "w").write(SIZES % (k, m, k, m, k))
                for n in ([], ["-D", "n=20"], ["-D", "n=64"], ["-D", "n=100"], ["-D", "n=7"]):
                    modelc(path, "--blas", "none", "--floatX", "float64" if m == 2 else "float32", "-o", d, *n)
