"""fuzzing.py -- tests/fuzz: inputs by generators and mutation under the sanitizers, always the same ones; what broke once

    tests/fuzzing.py [N [SEED]]    N inputs (10000000), by libFuzzer where clang has it, which learns from coverage; what it
                                   keeps stays in build-fuzz/corpus, what breaks something in build-fuzz
"""
import glob, os, shutil, subprocess, sys, tempfile
from run import ROOT

# shares of 10^5 inputs, by what one costs
COUNTS = {"fuzz_files": 89500, "fuzz_parse": 5500, "fuzz_ir": 2800, "fuzz_options": 2000, "fuzz_compile": 200}
TIME = 600
# bytes of an input for libFuzzer, which else works on ever longer ones
LONGEST = {"fuzz_files": 16384, "fuzz_parse": 1000, "fuzz_ir": 4000, "fuzz_options": 1000, "fuzz_compile": 4000}


def corpus(target):
    return sorted(glob.glob(os.path.join(ROOT, "tests/fuzz/corpus", target[5:], "*")))


def seeds(target):
    if target not in ("fuzz_parse", "fuzz_compile"):
        return corpus(target)
    return corpus(target) + sorted(sum((glob.glob(os.path.join(ROOT, f, "*.model")) for f in ("models", "tests/programs", "tests/errors")), []))


def tests(options):
    for target, count in COUNTS.items():
        yield target, lambda target=target, count=count: run(target, str(count * (10 if options.all else 1)), "1", *seeds(target))
        yield target + " corpus", lambda target=target: run(target, "run", *corpus(target))


def run(target, *args):
    with tempfile.TemporaryDirectory() as folder:  # an input that breaks something is kept in the folder of the run
        p = subprocess.run([os.path.join(ROOT, "build-tests/fuzz", target), *args], cwd=folder, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=TIME, errors="replace")
        found = os.path.join(folder, target + ".found")
        if os.path.exists(found):
            os.replace(found, os.path.join(ROOT, "build-tests/fuzz", target + ".found"))
    assert p.returncode == 0, "exit %d\n%s" % (p.returncode, p.stdout[-4000:])


# ---- more of them, by a command

def has_libfuzzer():
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "a.c")
        open(source, "w").write("int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return 0; }\n")
        try:
            return not subprocess.run(["clang", "-fsanitize=fuzzer", source, "-o", source + ".out"], stderr=subprocess.DEVNULL).returncode
        except FileNotFoundError:
            return False


def build(folder, fuzzer):
    args = ["-DMODELC_TESTS=ON", "-DMODELC_SANITIZE=ON", "-DMODELC_FUZZER=" + ("ON" if fuzzer else "OFF"), "-DCMAKE_BUILD_TYPE=Debug",
            "-DCMAKE_C_FLAGS_DEBUG=-g -O1"] + (["-DCMAKE_C_COMPILER=clang"] if fuzzer else [])
    subprocess.run(["cmake", "-S", ROOT, "-B", folder, *args], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["make", "-C", folder, "-j2", *COUNTS], check=True, stdout=subprocess.DEVNULL)


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 10 ** 7
    seed = sys.argv[2] if len(sys.argv) > 2 else "1"
    folder, fuzzer = os.path.join(ROOT, "build-fuzz"), has_libfuzzer()
    build(folder, fuzzer)
    bad = 0
    for target, share in COUNTS.items():
        count = str(max(1, n * share // 100000))
        cmd = [os.path.join(folder, "fuzz", target)]
        if fuzzer:
            kept = os.path.join(folder, "corpus", target)
            os.makedirs(kept, exist_ok=True)
            for path in seeds(target):  # one folder of all of them, which libFuzzer adds to
                if os.path.getsize(path) <= LONGEST[target]:
                    shutil.copy(path, kept)
            cmd += ["-runs=" + count, "-seed=" + seed, "-timeout=30", "-max_len=%d" % LONGEST[target], "-rss_limit_mb=4000", "-print_final_stats=1",
                    "-artifact_prefix=%s/%s." % (folder, target), kept]
        else:
            cmd += [count, seed, *seeds(target)]
        print("%s: %s inputs, seed %s" % (target, count, seed), flush=True)
        bad += subprocess.run(cmd, cwd=folder).returncode != 0
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
