#!/usr/bin/env python3
"""table.py -- tables in Markdown of what bench.py wrote

    bench/table.py [build/bench.json]
"""
import json, os, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NATIVE = ("modelc gcc", "modelc clang")


def number(x):
    return "-" if x is None else "%.3g" % x if x < 10 else "%.1f" % x if x < 100 else "{:,.0f}".format(x)


def best(rows, chosen):
    """the row with the smallest median, of any threads"""
    return min((r for r in rows if r["agrees"] and chosen(r["who"])), key=lambda r: r["median_us"], default=None)


def markdown(header, lines):
    """the first column to the left, the others to the right; columns as wide as they need"""
    lines = [header] + lines
    width = [max(len(line[i]) for line in lines) for i in range(len(header))]
    row = lambda cells: "| " + " | ".join(c.ljust(n) if i == 0 else c.rjust(n) for i, (c, n) in enumerate(zip(cells, width))) + " |"
    rule = "|" + "|".join("-" * (n + 2) if i == 0 else "-" * (n + 1) + ":" for i, n in enumerate(width)) + "|"
    return "\n".join([row(header), rule] + [row(x) for x in lines[1:]])


def summary(rows, names):
    """ours with the better of both compilers against C by hand, and the best of the rest"""
    lines = []
    for w in names:
        mine = [r for r in rows if r["workload"] == w]
        ours, c = best(mine, lambda s: s in NATIVE), best(mine, lambda s: s.startswith("C +"))
        other = best(mine, lambda s: not s.startswith(("modelc", "C +")))
        us = lambda r: number(r and r["median_us"])
        times = lambda r: "%.2fx" % (r["median_us"] / ours["median_us"]) if r and ours else "-"
        lines.append([w, us(ours), "%d" % ours["threads"] if ours else "-", number(ours and ours["min_us"]), us(c), times(c),
                      us(other), times(other), other["who"] if other else "-", number(mine[0]["limit_us"]),
                      "%.0f %%" % (100 * ours["limit_us"] / ours["median_us"]) if ours else "-",
                      number(ours and ours.get("compile_ms"))])
    return markdown(["workload", "modelc", "threads", "min", "C", "C / modelc", "others", "/ modelc", "who", "limit", "of limit",
                     "modelc runs, ms"], lines)


def variants(rows, names):
    """ours by compiler and instructions"""
    whos = list(dict.fromkeys(r["who"] for r in rows if r["who"].startswith("modelc")))
    lines = []
    for w in names:
        found = [best([r for r in rows if r["workload"] == w], lambda s: s == who) for who in whos]
        lines.append([w] + [number(r and r["median_us"]) for r in found])
    return markdown(["workload"] + whos, lines)


def text(rows):
    names = list(dict.fromkeys(r["workload"] for r in rows))
    return ("Medians in microseconds, the better of one and two threads.\n\n" + summary(rows, names) + "\n\n" + variants(rows, names)) \
        if rows else "nothing was timed"


if __name__ == "__main__":
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build", "bench.json")
    with open(path) as f:
        print(text(json.load(f)))
