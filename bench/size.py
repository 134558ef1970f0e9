#!/usr/bin/env python3
"""size.py -- time of the compiler over the size of the program: programs of 10^3, 10^4 and 10^5 nodes, and the slope between them

    bench/size.py [--most N] [--modelc FILE] [NAME ...]

A slope of 1 is time linear in nodes, of 2 quadratic. The stack is 256 KiB: nothing may nest as deep as the program is long.
"""
import argparse, math, os, resource, subprocess, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def chain(n):
    """each let of the one before: arrays, one kernel or few"""
    yield "symbol x : floatX[64]\nlet a0 = x\n"
    for i in range(n):
        yield "let a%d = %s\n" % (i + 1, ("tanh(a%d)", "a%d * 0.5", "a%d + 1", "exp(-a%d)")[i % 4] % i)
    yield "function f(x) -> y = a%d\n" % n


def reverse(n):
    """the same, the last one first"""
    return reversed(list(chain(n)))


def scalars(n):
    """numbers that stand in no kernel"""
    yield "symbol x : floatX\nlet a0 = x\n"
    for i in range(n):
        yield "let a%d = %s\n" % (i + 1, ("sin(a%d)", "a%d * x", "a%d + 1", "sqrt(abs(a%d))")[i % 4] % i)
    yield "function f(x) -> y = a%d\n" % n


def layers(n):
    """small layers one after the other, trained: parameters, a gradient, updates; some 60 nodes each"""
    yield "dim batch\nsymbol x : floatX[batch, 8]\nlet h0 = x\n"
    for i in range(n // 60):
        yield "let h%d = nn.dense(h%d, 8, tanh)\n" % (i + 1, i)
    yield "loss l = mean(h%d ** 2)\nfunction train(x, lr : floatX = 0.1) -> l { optim.momentum(l, lr) }\n" % (n // 60)


def wide(n):
    """many parameters and outputs that have little to do with one another"""
    yield "symbol x : floatX[16]\n"
    for i in range(n // 10):
        yield "param w%d : floatX[16] = zeros\nlet y%d = sum(tanh(x * w%d))\n" % (i, i, i)
    yield "function f(x) -> y = add([%s])\n" % ", ".join("y%d" % i for i in range(n // 10))


def functions(n):
    """many functions"""
    yield "symbol x : floatX[16]\nparam w : floatX[16] = zeros\n"
    for i in range(n // 10):
        yield "function f%d(x) -> y = sum(tanh(x * w + %d))\n" % (i, i)


def loops(n):
    """scans one after the other"""
    yield "dim time\nsymbol x : floatX[time, 4]\nlet a0 = x\n"
    for i in range(n // 10):
        yield "let a%d = scan h = zeros([4]) over x_t in a%d { next h = tanh(h * 0.5 + x_t) emit next h }\n" % (i + 1, i)
    yield "function f(x) -> y = a%d[-1]\n" % (n // 10)


def slopes(n):
    """the gradient of a chain"""
    yield "symbol x : floatX[64]\nlet a0 = x\n"
    for i in range(n // 4):
        yield "let a%d = tanh(a%d)\n" % (i + 1, i)
    yield "function f(x) -> g = grad(sum(a%d), x)\n" % (n // 4)


def asserts(n):
    """checks and many names in one function"""
    yield "symbol x : floatX[16]\nfunction f(x) -> y = x {\n"
    for i in range(n // 4):
        yield "let a%d = sum(x + %d)\nassert a%d > %d\n" % (i, i, i, i)
    yield "}\n"


PROGRAMS = [chain, reverse, scalars, slopes, layers, wide, functions, loops, asserts]
STACK = 256 << 10


def seconds(modelc, make, n, limit):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.model")
        with open(path, "w") as f:
            f.writelines(make(n))
        began = time.process_time(), time.time()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            p = subprocess.run([modelc, path, "-o", folder], stderr=subprocess.PIPE, timeout=limit,
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, (STACK, STACK)))
        except subprocess.TimeoutExpired:
            return None, "more than %d s" % limit
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if p.returncode:
            return None, "exit %d %s" % (p.returncode, p.stderr.decode(errors="replace").split("\n")[0][:100])
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--most", type=int, default=100000, metavar="N", help="nodes of the largest program")
    parser.add_argument("--limit", type=int, default=300, metavar="SECONDS", help="for one program")
    parser.add_argument("--modelc", default=os.path.join(ROOT, "build/modelc"))
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(p.__name__ for p in PROGRAMS))
    options = parser.parse_args()
    sizes = [n for n in (1000, 10000, 100000) if n <= options.most]
    print("%-10s" % "nodes" + "".join("%10d" % n for n in sizes) + "     slope")
    for make in PROGRAMS:
        if options.names and make.__name__ not in options.names:
            continue
        took, text = [], ""
        for n in sizes:
            t, why = seconds(options.modelc, make, n, options.limit)
            if t is None:
                text = why
                break
            took.append(t)
        cells = "".join("%8.2f s" % t for t in took)
        if len(took) > 1:
            cells += "%10.2f" % (math.log(took[-1] / took[-2]) / math.log(sizes[len(took) - 1] / sizes[len(took) - 2]))
        print("%-10s%s   %s" % (make.__name__, cells, text), flush=True)


if __name__ == "__main__":
    main()
