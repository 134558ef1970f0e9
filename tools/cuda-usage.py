#!/usr/bin/env python3
"""cuda-usage.py -- what the kernels of a model take of a GPU: registers, shared memory, spills, occupancy

    tools/cuda-usage.py [--arch sm_90] [--floatX TYPE] [-D NAME=VALUE] FILE.model

Compiles with modelc --target cuda and nvcc, and reads what ptxas says.  No GPU is needed.
"""
import argparse, os, re, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# of a multiprocessor: threads, blocks, registers, bytes of shared memory
LIMITS = {"sm_80": (2048, 32, 65536, 164 << 10), "sm_86": (1536, 16, 65536, 100 << 10), "sm_89": (1536, 24, 65536, 100 << 10),
          "sm_90": (2048, 32, 65536, 228 << 10), "sm_100": (2048, 32, 65536, 228 << 10), "sm_120": (1536, 24, 65536, 100 << 10)}


def parse(log, source):
    """[{name, arch, threads, registers, shared, stack, spills, occupancy}] of what -Xptxas -v said, and the .cu"""
    threads = {name: int(n) for n, name in re.findall(r"^MC_KERNEL\((\d+)\) (\w+)\(", source, re.M)}
    rows = []
    for mangled, arch, rest in re.findall(r"Compiling entry function '(\w+)' for '(\w+)'(.*?)(?=Compiling entry function|\Z)", log, re.S):
        m = re.match(r"_Z(?:N\d+_GLOBAL__N__\w+?)?(\d+)(\w+)", mangled)
        name = m.group(2)[:int(m.group(1))]
        stack, stores, loads = map(int, re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", rest).groups())
        registers = int(re.search(r"Used (\d+) registers", rest).group(1))
        shared = int((re.search(r"(\d+) bytes smem", rest) or [0, 0])[1])
        t = threads.get(name, 128)
        most, blocks, all_registers, all_shared = LIMITS.get(arch, LIMITS["sm_90"])
        warps = (t + 31) // 32
        fit = min(blocks, most // (warps * 32), all_registers // (warps * ((registers * 32 + 255) // 256 * 256)))
        if shared:
            fit = min(fit, all_shared // (shared + 1024))
        rows.append({"name": name, "arch": arch, "threads": t, "registers": registers, "shared": shared, "stack": stack, "spills": stores + loads,
                     "occupancy": 100.0 * fit * warps * 32 / most})
    return rows


def table(rows):
    lines = ["%-44s %-7s %8s %10s %8s %7s %7s %10s" % ("kernel", "arch", "threads", "registers", "shared", "stack", "spills", "occupancy")]
    for r in sorted(rows, key=lambda r: (r["arch"], r["name"])):
        lines.append("%(name)-44s %(arch)-7s %(threads)8d %(registers)10d %(shared)8d %(stack)7d %(spills)7d %(occupancy)9.0f%%" % r)
    return "\n".join(lines)


def nvcc_command(nvcc, archs):
    codes = [x for a in archs for x in ("-gencode", "arch=compute_%s,code=sm_%s" % (a[3:], a[3:]))]
    return [nvcc, "-Werror", "all-warnings", "-std=c++17", "-fmad=false", "-O3", *codes, "-Xptxas", "-v"]


def find_nvcc():
    for folder in os.environ.get("PATH", "").split(os.pathsep) + ["/usr/local/cuda/bin"]:
        if os.access(os.path.join(folder, "nvcc"), os.X_OK):
            return os.path.join(folder, "nvcc")
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--arch", default="sm_90", help="one of " + ", ".join(LIMITS))
    parser.add_argument("--floatX", default="float32")
    parser.add_argument("-D", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("model")
    o = parser.parse_args()
    nvcc = find_nvcc()
    if not nvcc:
        sys.exit("cuda-usage.py: there is no nvcc on the path or in /usr/local/cuda/bin")
    with tempfile.TemporaryDirectory() as d:
        defines = [x for v in o.D for x in ("-D", v)]
        subprocess.run([os.path.join(ROOT, "build/modelc"), o.model, "--target", "cuda", "--floatX", o.floatX, *defines, "-o", d], check=True)
        source = next(os.path.join(d, f) for f in os.listdir(d) if f.endswith(".cu"))
        p = subprocess.run([*nvcc_command(nvcc, [o.arch]), "-I", os.path.join(ROOT, "runtime"), "-I", d, "-c", source, "-o", source + ".o"], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True)
        if p.returncode:
            sys.exit(p.stdout)
        print(table(parse(p.stdout, open(source).read())))


if __name__ == "__main__":
    main()
