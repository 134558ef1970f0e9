#!/usr/bin/env python3
"""bench.py -- times the workloads of spec.py: our models, C by hand, and the frameworks that this Python has

    bench/bench.py [--only WORD,WORD] [--out FILE.json] [WORKLOAD ...]

One process a peer; for each workload all are set up, their losses compared, then timed in rounds A B C A B C ...
PEER_ROUNDS, PEER_SECS: rounds, and seconds of a peer in each. PEER_DATA: the folder of Fashion-MNIST. PEER_BUILD: for what is built.
Exit status 1: a peer failed, or its losses differ.
"""
import argparse, concurrent.futures, importlib.util, json, os, selectors, shutil, statistics, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, HERE)
BUILD = os.environ.setdefault("PEER_BUILD", os.path.join(ROOT, "build", "bench"))
import limits, peer_modelc, roofline, spec, table

ROUNDS = int(os.environ.get("PEER_ROUNDS", 5))
SECONDS = float(os.environ.get("PEER_SECS", 0.15))
SETUP_LIMIT = 300
TOLERANCE = 1e-5
# name, module, variant, threads, the only workloads (None: all it knows)
OURS = [("modelc " + s, "peer_modelc", v + " %d" % t, t, None) for t in (1, 2)
        for s, v in (("gcc", "gcc native"), ("clang", "clang native"), ("gcc -march=haswell", "gcc haswell"),
                     ("clang -march=haswell", "clang haswell"))]
OUR_NAMES = {p[0] for p in OURS}
PEERS = [("C + OpenBLAS", "peer_c", str(t), t, None) for t in (1, 2)] + OURS + \
    [("torch eager", "peer_torch", "eager%d" % t, t, None) for t in (1, 2)] + \
    [("torch.compile loss", "peer_torch", "tc2", 2, spec.TRAIN), ("torch.compile step", "peer_torch", "tcw2", 2, None),
     ("torch.compile step", "peer_torch", "tcw1", 1, ["tiny", "logreg", "mlp", "dA"] + spec.PREDICT),
     ("jax", "peer_jax", "jit2", 2, None), ("jax, pool by reshape", "peer_jax", "rs2", 2, ["lenet", "resnetish", "p_lenet"]),
     ("pytensor", "peer_pytensor", "def", 2, None)]
FRAMEWORKS = {"peer_torch": "torch", "peer_jax": "jax", "peer_pytensor": "pytensor"}


def can_run(module, variant):
    """this Python has the framework; this machine has the compiler and the instructions"""
    if module in FRAMEWORKS:
        return importlib.util.find_spec(FRAMEWORKS[module]) is not None
    if module == "peer_modelc":
        compiler, march, _ = variant.split()
        with open("/proc/cpuinfo") as f:
            return shutil.which(compiler) is not None and (march != "haswell" or " avx2 " in f.read())
    return True


class Peer:
    def __init__(self, who, module, variant, threads, only):
        self.who, self.module, self.variant, self.threads, self.only = who, module, variant, threads, only
        self.process = None

    def start(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
        env["OMP_NUM_THREADS"] = str(self.threads)
        # else glibc maps and faults large temporaries afresh in each step
        env.update(MALLOC_MMAP_THRESHOLD_="4000000000", MALLOC_TRIM_THRESHOLD_="8000000000", MALLOC_TOP_PAD_="268435456")
        with open(os.path.join(BUILD, self.module + ".log"), "a") as log:
            self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "worker.py"), self.module, self.variant],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=env, text=True)

    def ask(self, limit, **command):
        if not self.process:
            self.start()
        try:
            self.process.stdin.write(json.dumps(command) + "\n")
            self.process.stdin.flush()
            with selectors.DefaultSelector() as selector:
                selector.register(self.process.stdout, selectors.EVENT_READ)
                answer = self.process.stdout.readline() if selector.select(limit) else None
        except BrokenPipeError:
            answer = ""
        if answer:
            return json.loads(answer)
        self.end()
        return dict(error="no answer in %d s" % limit if answer is None else "the process died")

    def end(self):
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None


def prepare(w, peers):
    """compiles our models of a workload; what fails is said when the peer is set up"""
    for p in peers:
        if p.module == "peer_modelc" and p.threads == 1:
            try:
                peer_modelc.compiled(w, *p.variant.split()[:2])
            except subprocess.CalledProcessError:
                pass


def compile_ms(w):
    """of modelc alone, the best of three"""
    folder = os.path.join(BUILD, "models")
    os.makedirs(folder, exist_ok=True)
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        subprocess.check_call([peer_modelc.MODELC, peer_modelc.model(w), "-o", folder] + peer_modelc.FLAGS)
        best = min(best, time.perf_counter() - began)
    return 1e3 * best


def differs(w, losses, reference):
    """the largest relative difference; for what draws, of the mean loss"""
    if w in spec.STAT:
        reference = [spec.STAT[w][0] or reference[0]]
    return max(abs(x - y) / max(abs(y), 1e-9) if x == x else float("inf") for x, y in zip(losses, reference))


def time_one(w, peers, limited):
    """-> the rows of this workload, and what went wrong.  limited: the machine's limits are measured in each round, too: what
    slows the peers for a while slows these"""
    live, wrong, times, rates = [], [], {}, []
    for p in peers:
        if p.only and w not in p.only:
            continue
        a = p.ask(SETUP_LIMIT, do="setup", w=w)
        if "error" in a:
            wrong.append("%s, %s %dt: %s" % (w, p.who, p.threads, a["error"]))
        elif "skipped" not in a:
            live.append((p, a["losses"]))
            times[p] = []
    for _ in range(ROUNDS):
        if limited:
            rates.append(limits.measure(min(SECONDS, 0.02)))
        for p, _ in live:
            time.sleep(0.02)
            a = p.ask(60, do="run", w=w, seconds=SECONDS)
            if "error" in a:
                wrong.append("%s, %s %dt: %s" % (w, p.who, p.threads, a["error"]))
            times[p] += a.get("times", [])
    rows = []
    limit_us = roofline.model(limits.best(rates))[w]["limit_us"] if limited else None
    # the first peer that is not ours decides, else the first
    reference = next((losses for p, losses in live if p.module != "peer_modelc"), live[0][1] if live else None)
    for p, losses in live:
        p.ask(20, do="drop", w=w)
        if not times[p]:
            continue
        apart = differs(w, losses, reference)
        agrees = apart <= (spec.STAT[w][1] if w in spec.STAT else TOLERANCE)
        row = dict(workload=w, who=p.who, threads=p.threads, median_us=statistics.median(times[p]), min_us=min(times[p]),
                   limit_us=limit_us, agrees=agrees, apart=apart, losses=[losses[0], losses[-1]])
        rows.append(row)
        print("%-13s %-28s %dt  median %10.3f  min %10.3f us  losses %.7g .. %.7g  %s" % (
            w, p.who, p.threads, row["median_us"], row["min_us"], losses[0], losses[-1],
            "agree" if agrees else "DIFFER by %.1e" % apart), flush=True)
        if not agrees:
            wrong.append("%s, %s %dt: losses differ by %.1e" % (w, p.who, p.threads, apart))
    return rows, wrong


def arguments(doc, out):
    """what every bench is told, for more to be added"""
    parser = argparse.ArgumentParser(description=doc.split("\n")[0])
    parser.add_argument("--only", default="", metavar="WORD,WORD", help="peers whose name has one of them; =NAME: that one")
    parser.add_argument("--out", default=os.path.join(ROOT, "build", out), metavar="FILE")
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(spec.TRAIN + spec.PREDICT))
    return parser


def chosen(peers, only):
    """those that --only speaks of"""
    return [Peer(*p) for p in peers if any(x == "=" + p[0] or x in p[0] for x in only.split(","))]


def time_all(name, options, peers, limited, table_of):
    """times the workloads, writes the rows to a file and shows them; what went wrong ends the program"""
    rows, wrong = [], []
    try:
        for w in options.workloads or spec.TRAIN + spec.PREDICT:
            more, bad = time_one(w, peers, limited)
            ours = [r for r in more if r["who"] in OUR_NAMES]
            ms = compile_ms(w) if ours else 0
            for r in ours:
                r["compile_ms"] = ms
            rows += more
            wrong += bad
    finally:
        for p in peers:
            p.end()
        with open(options.out, "w") as f:
            json.dump(rows, f, indent=1)
    print()
    print(table_of(rows))
    if wrong:
        sys.exit("%s: " % name + ("\n%s: " % name).join(wrong))


def main():
    options = arguments(__doc__, "bench.json").parse_args()
    os.makedirs(BUILD, exist_ok=True)
    peers = [p for p in chosen(PEERS, options.only) if can_run(p.module, p.variant)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda w: prepare(w, peers), options.workloads or spec.TRAIN + spec.PREDICT))
    time_all("bench", options, peers, True, table.text)


if __name__ == "__main__":
    main()
