"""random_terms.py -- programs as trees of text with a type, to be made by chance and cut smaller

A program is a header of symbols and state, lets, and functions; each function is one expression or some, with givens, updates and
gradients, and calls with drawn values stand below as comments that values.py reads.  The trees are made in random_rules.py.
"""
import random

FLOATS, INTS = ("floatX", "float32", "float64"), ("int32", "int64")


class Size:
    """coefficients by the dims that they are of, as {("n",): 2, (): 1} for 2 * n + 1"""

    def __init__(self, terms):
        self.terms = {k: c for k, c in terms.items() if c}

    def __eq__(self, other):
        return self.terms == other.terms

    def __hash__(self):
        return hash(frozenset(self.terms.items()))

    def __add__(self, other):
        return Size({k: self.terms.get(k, 0) + other.terms.get(k, 0) for k in {*self.terms, *other.terms}})

    def __mul__(self, other):
        out = {}
        for a, x in self.terms.items():
            for b, y in other.terms.items():
                k = tuple(sorted(a + b))
                out[k] = out.get(k, 0) + x * y
        return Size(out)

    def __str__(self):
        parts = [" * ".join(([str(c)] if c != 1 or not k else []) + list(k)) for k, c in sorted(self.terms.items(), reverse=True)]
        return " + ".join(parts) or "0"

    @property
    def known(self):
        return self.terms.get((), 0) if set(self.terms) <= {()} else None


def const(n):
    return Size({(): n})


ONE = const(1)


class Expr:
    """text with {0}, {1} .. for its parts; uses: the symbols and variables it names itself"""

    def __init__(self, text, parts, dtype, shape, uses=(), draws=False):
        self.text, self.parts, self.dtype, self.shape, self.own, self.draws = text, list(parts), dtype, tuple(shape), frozenset(uses), draws

    def __str__(self):
        return self.text.format(*self.parts)

    def uses(self):
        return self.own.union(*(p.uses() for p in self.parts))

    def nodes(self):
        yield self
        for p in self.parts:
            yield from p.nodes()

    def replaced(self, old, new):
        if self is old:
            return new
        return Expr(self.text, [p.replaced(old, new) for p in self.parts], self.dtype, self.shape, self.own, self.draws)


def literal(dtype, shape):
    """something of this type without parts"""
    if not shape:
        return Expr({"bool": "true"}.get(dtype, dtype + "(1)"), [], dtype, shape)
    return Expr("ones([%s], %s)" % (", ".join(map(str, shape)), dtype), [], dtype, shape)


class Symbol:
    def __init__(self, name, dtype, shape, kind, lo, hi):
        self.name, self.dtype, self.shape, self.kind, self.lo, self.hi = name, dtype, tuple(shape), kind, lo, hi

    def expr(self):
        return Expr(self.name, [], self.dtype, self.shape, [self.name])

    def type(self):
        return self.dtype + ("[%s]" % ", ".join(map(str, self.shape)) if self.shape else "")


class Function:
    def __init__(self, name):
        self.name, self.outs, self.updates, self.givens, self.calls = name, [], [], [], []


class Program:
    """dims {name: most}; symbols; lets [(name, Expr)]; functions"""

    def __init__(self, name):
        self.name, self.dims, self.symbols, self.lets, self.functions = name, {}, [], [], []

    def copy(self):
        p = Program(self.name)
        p.dims, p.symbols, p.lets = dict(self.dims), list(self.symbols), list(self.lets)
        for f in self.functions:
            g = Function(f.name)
            g.outs, g.updates, g.givens, g.calls = list(f.outs), list(f.updates), list(f.givens), list(f.calls)
            p.functions.append(g)
        return p

    def smaller(self):
        return smaller(self)

    def closure(self, names):
        """names with those that the lets among them use"""
        lets, names, todo = dict(self.lets), set(), list(names)
        while todo:
            n = todo.pop()
            if n not in names:
                names.add(n)
                todo += lets[n].uses() if n in lets else []
        return names

    def needed(self, f):
        """the symbols that are arguments of f, in order; the givens that it needs"""
        given = dict(f.givens)
        names, more = set(), set().union(*(e.uses() for _, e in f.outs + f.updates))
        while more - names:
            names |= more
            more = self.closure(names)
            names |= more
            more = set().union(*(given[n].uses() for n in names if n in given))
        args = [s for s in self.symbols if s.name in names and s.kind == "symbol" and s.name not in given]
        return args, [(n, e) for n, e in f.givens if n in names]

    def text(self):
        live, out = set(), []
        for f in self.functions:
            args, givens = self.needed(f)
            live |= self.closure(set().union(*(e.uses() for _, e in f.outs + f.updates + givens)))
            live |= {n for n, _ in f.updates + givens}
        out.append("model %s" % self.name)
        live = self.closure(live)
        symbols = [s for s in self.symbols if s.name in live]
        text = " ".join(s.type() for s in symbols) + " ".join(str(e) for n, e in self.lets if n in live)
        text += " ".join(str(e) for f in self.functions for _, e in f.outs + f.updates + f.givens)
        self.live_dims = [d for d in self.dims if " %s " % d in "".join(c if c.isalnum() or c == "_" else " " for c in " " + text + " ")]
        out += ["dim " + ", ".join(self.live_dims)] if self.live_dims else []
        for s in symbols:
            init = {"symbol": "", "param": " = random.uniform", "shared": " = ones"}[s.kind]
            out.append("%s %s : %s%s" % (s.kind, s.name, s.type(), init))
        out += ["let %s = %s" % (n, e) for n, e in self.lets if n in live]
        for f in self.functions:
            args, givens = self.needed(f)
            head = "function %s(%s)" % (f.name, ", ".join([s.name for s in args] + self.extra_dims(f, args)))
            head += " -> " + ", ".join("%s = %s" % o for o in f.outs) if f.outs else ""
            body = ["    given %s = %s" % g for g in givens] + ["    %s <- %s" % u for u in f.updates]
            out.append(head + (" {\n" + "\n".join(body) + "\n}" if body else ""))
        out += self.commands(live)
        return "\n".join(out) + "\n"

    def extra_dims(self, f, args):
        """dims that no argument and no state binds"""
        bound = {d for s in self.symbols if s in args or s.kind != "symbol" for z in s.shape for k in z.terms for d in k}
        text = " ".join(str(e) for _, e in f.outs + f.updates + f.givens) + " ".join(str(e) for n, e in self.lets if n in self.closure(
            set().union(*(e.uses() for _, e in f.outs + f.updates + f.givens))))
        words = set("".join(c if c.isalnum() or c == "_" else " " for c in text).split())
        return [d for d in self.dims if d in words and d not in bound]

    def commands(self, live):
        state_dims = {d for s in self.symbols if s.kind in ("param", "shared") and s.name in live for z in s.shape for k in z.terms for d in k}
        out = ["# sizes " + ", ".join("%s = %d" % (d, self.dims[d]) for d in self.live_dims)] if self.live_dims else []
        for f in self.functions:
            args, givens = self.needed(f)
            call_dims = {d for s in args for z in s.shape for k in z.terms for d in k} | set(self.extra_dims(f, args))
            for seed in f.calls:
                rng = random.Random("%s %s" % (f.name, seed))
                dims = {d: self.dims[d] if d in state_dims else rng.randint(1, self.dims[d]) for d in self.dims}
                values = [values_of(rng, s, dims) for s in args]
                values += ["%s = %d" % (d, dims[d]) for d in self.live_dims if d in call_dims and d not in state_dims]
                out.append("# call %s(%s)" % (f.name, ", ".join(values)))
        return out


def values_of(rng, s, dims):
    count = 1
    for z in s.shape:
        count *= sum(c * eval("*".join(map(str, [dims[d] for d in k])) or "1") for k, c in z.terms.items())
    if s.dtype in FLOATS:
        whole = rng.random() < 0.3
        v = [float(rng.randint(-3, 3)) if whole else float("%.3g" % rng.uniform(s.lo, s.hi)) for _ in range(count)]
    else:
        v = [rng.randint(s.lo, s.hi) for _ in range(count)]
    return str(v) if s.shape else str(v[0])


# ---- cutting a program smaller

def smaller(program):
    """programs that are this one with something less, coarse cuts first"""
    p = program
    for i in range(len(p.functions)):
        if len(p.functions) > 1:
            q = p.copy()
            del q.functions[i]
            yield q
    for i, f in enumerate(p.functions):
        for what in ("outs", "updates", "givens", "calls"):
            for k in range(len(getattr(f, what))):
                if what == "outs" and len(f.outs) + len(f.updates) == 1 or what == "calls" and len(f.calls) == 1:
                    continue
                q = p.copy()
                del getattr(q.functions[i], what)[k]
                yield q
    for i, f in enumerate(p.functions):
        for what in ("outs", "updates", "givens"):
            for k, (name, e) in enumerate(getattr(f, what)):
                for cut in cuts(e):
                    q = p.copy()
                    getattr(q.functions[i], what)[k] = name, cut
                    yield q
    used = set().union(*(p.closure(e.uses()) for f in p.functions for _, e in f.outs + f.updates + f.givens))
    for k, (name, e) in enumerate(p.lets):
        for cut in cuts(e) if name in used else ():
            q = p.copy()
            q.lets[k] = name, cut
            yield q
    for d in p.dims:
        if p.dims[d] > 2:
            q = p.copy()
            q.dims[d] = p.dims[d] // 2
            yield q


def cuts(e):
    """the tree with a part in place of what it is part of, or a literal in place of a part"""
    inner = {n for x in e.nodes() for n in x.text.split() if n[:1] in "he" and n[1:].isdigit()}  # what scans bind stays in them
    for node in e.nodes():
        for part in list(node.nodes())[1:]:
            if (part.dtype, part.shape) == (node.dtype, node.shape) and not any(n in inner for n in str(part).replace("(", " ").replace(")", " ").split()):
                yield e.replaced(node, part)
    for node in e.nodes():
        if node.parts:
            yield e.replaced(node, literal(node.dtype, node.shape))
