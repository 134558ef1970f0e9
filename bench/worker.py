"""worker.py -- one peer in one process: commands as lines of JSON on standard input, answers on standard output

    worker.py MODULE VARIANT

A module has build(workload, variant) -> (step, value): step(i) does step i, value(what it gave) waits for it and is its loss.
step.many(i, k), where it is there, does k steps in C.
"""
import importlib, json, os, sys, time, traceback

out = os.fdopen(os.dup(1), "w")  # what libraries print is not an answer
os.dup2(2, 1)
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import spec

CHUNK = 0.01  # seconds between two readings of the clock, or one step
clock = time.perf_counter
live = {}


def setup(module, variant, w):
    began = clock()
    step, value = module.build(w, variant)
    losses = [float(value(step(0)))]
    first = clock() - began
    losses += [float(value(step(i))) for i in range(1, 10)]
    if w in spec.STAT:
        losses += [float(value(step(i))) for i in range(10, 100)]
        losses = [sum(losses) / 100]
    n, began = 0, clock()
    while clock() - began < 10 * CHUNK:
        value(step(n))
        n += 1
    live[w] = [step, value, max(1, int(CHUNK * n / (clock() - began))), n]
    return dict(losses=losses, first=first)


def run(w, seconds):
    step, value, k, i = live[w]
    many = getattr(step, "many", None)

    def chunk():
        nonlocal i
        if many:
            result = many(i, k)
            i += k
        else:
            for _ in range(k):
                result = step(i)
                i += 1
        value(result)
    chunk()
    times, end = [], clock() + seconds
    while clock() < end or len(times) < 4:
        began = clock()
        chunk()
        times.append((clock() - began) / k * 1e6)
    live[w][3] = i
    return dict(times=times)


def main():
    module = importlib.import_module(sys.argv[1])
    for line in sys.stdin:
        c = json.loads(line)
        try:
            if c["do"] == "setup":
                r = setup(module, sys.argv[2], c["w"])
            elif c["do"] == "run":
                r = run(c["w"], c["seconds"])
            else:
                live.pop(c["w"], None)
                r = {}
        except NotImplementedError as e:
            r = dict(skipped=str(e))
        except Exception as e:
            traceback.print_exc()
            r = dict(error=("%s: %s" % (type(e).__name__, e))[:300])
        out.write(json.dumps(r) + "\n")
        out.flush()


main()
