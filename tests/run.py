#!/usr/bin/env python3
"""run.py -- builds everything and runs all tests; closes with `N passed, N failed`

    tests/run.py [--all] [--update] [--list] [-j N] [WORD ...]

A test is a function that returns nothing or raises; suites are the modules beside this file that have `tests(options)`,
which yields (name, function).  A unit test program counts as many as it says.  WORDs select tests whose name has one of them.
"""
import argparse, concurrent.futures, importlib, os, subprocess, sys, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, HERE)
SUITES = ["units", "fuzzing", "errors", "messages", "values", "random_programs", "schedules", "generated", "objects", "cuda", "checkpoints", "accidents", "bits", "cli", "sizes",
          "formats_numpy", "training", "benches", "docs", "packages"]


class Counted(Exception):
    """what a test raises that is several: (passed, failed, skipped, text)"""


class Skip(Exception):
    """why a test cannot run here: counted and shown"""


def build(options):
    """build/: the compiler as users get it; build-tests/: compiler and unit tests under the sanitizers"""
    def make(folder, args, targets):
        path = os.path.join(ROOT, folder)
        log = os.path.join(ROOT, folder + ".log")
        with open(log, "w") as f:
            def run(cmd):
                if subprocess.run(cmd, cwd=ROOT, stdout=f, stderr=subprocess.STDOUT).returncode:
                    f.flush()
                    sys.stderr.write(open(log).read()[-8000:])
                    sys.exit("tests: the build of %s failed: %s" % (folder, " ".join(cmd)))
            run(["cmake", "-S", ROOT, "-B", path] + args)
            run(["make", "-C", path, "-j2"] + targets)
        os.remove(log)
    make("build", ["-DMODELC_TESTS=OFF"], ["modelc", "modelc_runtime", "evaluate"])
    make("build-tests", ["-DMODELC_TESTS=ON", "-DMODELC_SANITIZE=ON", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS_DEBUG=-g -O1"], [])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--all", action="store_true", help="every combination of settings (an hour)")
    parser.add_argument("--update", action="store_true", help="rewrite the expected diagnostics; review the diff")
    parser.add_argument("--list", action="store_true", help="only list the tests")
    parser.add_argument("--no-build", action="store_true", help="take the builds as they are")
    parser.add_argument("-j", type=int, default=min(2, os.cpu_count() or 1), metavar="N", help="tests at once")
    parser.add_argument("words", nargs="*", metavar="WORD")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # other tests run beside
    os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=1")
    start = time.time()
    if not options.no_build and not options.list:
        build(options)

    todo = []
    for suite in SUITES:
        if os.path.exists(os.path.join(HERE, suite + ".py")):
            for name, function in importlib.import_module(suite).tests(options):
                if not options.words or any(w in suite + "/" + name for w in options.words):
                    todo.append((suite + "/" + name, function))
    if options.list:
        print("\n".join(name for name, _ in todo))
        return 0

    count = {"passed": 0, "failed": 0, "skipped": 0}
    done, lock, tty = [0], threading.Lock(), sys.stderr.isatty()

    def run(name, function):
        passed, failed, skipped, text = 1, 0, 0, ""
        began = time.time()
        try:
            function()
        except Counted as e:
            passed, failed, skipped, text = e.args
        except Skip as e:
            passed, failed, skipped, text = 0, 0, 1, str(e)
        except Exception as e:  # an assertion, a program that failed, a bug in the test: all are failures
            import traceback
            passed, failed = 0, 1
            text = str(e) if isinstance(e, AssertionError) and str(e) else traceback.format_exc()
        with lock:
            count["passed"] += passed
            count["failed"] += failed
            count["skipped"] += skipped
            done[0] += 1
            if tty:
                sys.stderr.write("\r\033[K")
            if failed:
                print("FAILED %s\n    %s" % (name, text.strip().replace("\n", "\n    ")), flush=True)
            elif skipped:
                print("skipped %s: %s" % (name, text), flush=True)
            if tty:
                sys.stderr.write("[%d/%d] %s" % (done[0], len(todo), name))
                sys.stderr.flush()
            elif time.time() - began > 20:
                print("%s took %.0f s" % (name, time.time() - began), flush=True)

    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        for future in [pool.submit(run, *t) for t in todo]:
            future.result()
    if tty:
        sys.stderr.write("\r\033[K")
    print("%d tests in %.0f s" % (sum(count.values()), time.time() - start))
    print("%d passed, %d failed" % (count["passed"], count["failed"]) + (", %d skipped" % count["skipped"] if count["skipped"] else ""))
    return 1 if count["failed"] or not count["passed"] else 0


if __name__ == "__main__":
    sys.modules["run"] = sys.modules["__main__"]
    sys.exit(main())
