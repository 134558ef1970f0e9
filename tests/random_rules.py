"""random_rules.py -- well-typed programs by chance, over all that is supported: a rule for each way to make a value of a type"""
import random

from random_terms import FLOATS, INTS, ONE, Expr, Function, Program, Size, Symbol, const

class Maker:
    def __init__(self, seed, name="random_program"):
        self.rng, self.program, self.names = random.Random(seed), Program(name), 0
        self.bound = []  # elements and carries of the scans around

    def new_name(self, base):
        self.names += 1
        return "%s%d" % (base, self.names)

    def pick(self, *items):
        return self.rng.choice(items)

    def size(self):
        return self.rng.choice([Size({("n",): 1}), Size({("m",): 1}), const(2), const(3), const(3), const(4), const(5), ONE])

    def shape(self, most=3):
        return tuple(self.size() for _ in range(self.rng.choice([0, 1, 1, 2, 2, 2, 3][:most + 4])))

    def leaf(self, dtype, shape):
        """a symbol, let or what a scan binds, if there is one of this type, perhaps in a view; else a literal"""
        fits = [s.expr() for s in self.program.symbols if (s.dtype, s.shape) == (dtype, shape)]
        fits += [Expr(n, [], dtype, shape, [n]) for n, e in self.program.lets if (e.dtype, e.shape) == (dtype, shape)]
        inner = [Expr(n, [], dtype, shape) for n, d, s in self.bound if (d, s) == (dtype, shape)]
        if inner and self.rng.random() < 0.6:
            return self.rng.choice(inner)
        if fits and self.rng.random() < 0.9:
            return self.rng.choice(fits)
        if dtype == "bool" and not shape or len(self.program.symbols) < 8 + 8 * len(self.program.functions) and self.rng.random() < 0.8:
            return self.symbol(dtype, shape).expr()
        return self.constant(dtype, shape)

    def symbol(self, dtype, shape):
        state_fits = all(set(z.terms) <= {()} for z in shape)
        kind = "symbol"
        if state_fits and dtype in FLOATS + INTS and self.rng.random() < 0.3:
            kind = "param" if dtype == "floatX" and self.rng.random() < 0.7 else "shared"
        lo, hi = (-2.0, 2.0) if dtype in FLOATS else {"bool": (0, 1), "uint8": (0, 255), "int8": (-128, 127)}.get(dtype, (-9, 9))
        s = Symbol(self.new_name({"symbol": "x", "param": "w", "shared": "s"}[kind]), dtype, shape, kind, lo, hi)
        self.program.symbols.append(s)
        return s

    def constant(self, dtype, shape):
        r = self.rng
        if not shape:
            return Expr("%s(%s)" % (dtype, self.pick("0.5", "-1.25", "2.0", "0.1", "3.0", "0.0", "1.0") if dtype in FLOATS else r.randint(0, 5)), [], dtype, shape)
        if len(shape) == 1 and dtype in FLOATS and r.random() < 0.5:
            return Expr("(arange(%s) * %s(0.25))" % (shape[0], dtype), [], dtype, shape)
        if len(shape) == 1 and dtype == "int64" and r.random() < 0.5:
            return Expr("arange(%s)" % shape[0], [], dtype, shape)
        return Expr("%s([%s], %s)" % (self.pick("zeros", "ones"), ", ".join(map(str, shape)), dtype), [], dtype, shape)

    def expr(self, dtype, shape, depth):
        rules = FLOAT_RULES if dtype in FLOATS else INT_RULES if dtype in INTS else BOOL_RULES if dtype == "bool" else NARROW_RULES
        if depth <= 0 or self.rng.random() < 0.08:
            return self.leaf(dtype, shape)
        for _ in range(20):
            e = self.rng.choices([f for f, _ in rules], [w for _, w in rules])[0](self, dtype, shape, depth - 1)
            if e is not None:
                return e
        return self.leaf(dtype, shape)

    def narrower(self, shape):
        """a shape that broadcasts to this one"""
        cut = self.rng.randint(0, len(shape)) if self.rng.random() < 0.4 else 0
        return tuple(ONE if self.rng.random() < 0.15 else z for z in shape[cut:])

    def two(self, dtype, shape, depth):
        """two operands that broadcast to the shape together"""
        a, b = self.expr(dtype, shape, depth), self.expr(dtype, self.narrower(shape), depth)
        return (a, b) if self.rng.random() < 0.7 else (b, a)

    def cost(self, depth):
        """a floatX scalar, smooth but at some places"""
        shape = self.shape(2)
        e = self.expr("floatX", shape, depth)
        return Expr(self.pick("sum({0} ** 2)", "mean({0})", "sum({0} * 0.5)", "sum(tanh({0}))", "mean({0} ** 2)"), [e], "floatX", ())

    # ---- the whole

    def program_of(self, functions):
        p = self.program
        p.dims = {"n": self.pick(3, 5, 9, 18), "m": self.pick(2, 4, 7, 17)}
        for _ in range(5):
            self.symbol(self.pick("floatX", "floatX", "floatX", "int32", "bool"), self.shape())
        for _ in range(self.rng.randint(0, 3)):
            dtype = self.pick("floatX", "floatX", "int64")
            p.lets.append((self.new_name("v"), self.expr(dtype, self.shape(), 2)))
        for i in range(functions):
            self.function("f%d" % (i + 1))
        return p

    def function(self, name):
        p, r, f = self.program, self.rng, Function(name)
        for _ in range(r.choice([1, 1, 2, 3])):
            dtype = r.choice(["floatX"] * 8 + ["float64", "int64", "int32", "bool", "uint8"])
            f.outs.append((self.new_name("y"), self.expr(dtype, self.shape(), r.choice([2, 3, 3, 4]))))
        if r.random() < 0.35:
            state = [s for s in p.symbols if s.kind in ("param", "shared")]
            r.shuffle(state)
            for s in state[:r.choice([1, 1, 2])]:
                f.updates.append((s.name, self.expr(s.dtype, s.shape, 3)))
        if r.random() < 0.25:
            used = p.closure(set().union(*(e.uses() for _, e in f.outs + f.updates)))
            free = [s for s in p.symbols if s.name in used and s.kind == "symbol"]
            if free:
                s = r.choice(free)
                for _ in range(5):
                    e = self.expr(s.dtype, s.shape, 2)
                    if s.name not in p.closure(e.uses()):
                        f.givens.append((s.name, e))
                        break
        f.calls = list(range(r.choice([1, 2])))
        p.functions.append(f)


FLOAT_RULES, INT_RULES, BOOL_RULES, NARROW_RULES = [], [], [], []


def rule(table, weight):
    def add(f):
        for t in table if isinstance(table, tuple) else (table,):
            t.append((f, weight))
        return f
    return add


UNARY = ["tanh({0})", "sigmoid({0})", "sin({0})", "cos({0})", "abs({0})", "relu({0})", "sqrt(abs({0}) + 1)", "log1p(abs({0}))", "softplus({0})", "({0} ** 2)",
         "(-{0})", "erf({0})", "exp(-abs({0}))", "expm1(minimum({0}, 1))", "gelu({0})", "silu({0})", "log(1 + exp({0}))", "atan({0})", "floor({0})", "sign({0})",
         "({0} ** 3)", "stop_gradient({0})", "grad_clip({0}, -1, 1)", "clip({0}, -1, 1)", "(1 / (1 + {0} ** 2))", "log(sigmoid({0}))", "asinh({0})", "round({0})",
         "({0} * 2)", "({0} / 4)", "({0} - 0.5)", "leaky_relu({0})", "elu({0})", "cbrt({0})", "exp2(-abs({0}))", "(2 - {0})", "grad_scale({0}, 0.5)"]


@rule(FLOAT_RULES, 14)
def unary(g, dtype, shape, d):
    return Expr(g.rng.choice(UNARY), [g.expr(dtype, shape, d)], dtype, shape)


@rule(FLOAT_RULES, 16)
def binary(g, dtype, shape, d):
    text = g.pick("({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} * {1})", "maximum({0}, {1})", "minimum({0}, {1})", "({0} / (1 + {1} ** 2))", "({0} / {1})",
                  "atan2({0}, {1})", "hypot({0}, {1})", "({0} % (abs({1}) + 1))", "({0} // (abs({1}) + 1))")
    return Expr(text, g.two(dtype, shape, d), dtype, shape)


@rule((FLOAT_RULES, INT_RULES), 4)
def where(g, dtype, shape, d):
    return Expr("where({0}, {1}, {2})", [g.expr("bool", g.narrower(shape), d), *g.two(dtype, shape, d)], dtype, shape)


def with_axis(g, shape, size=None):
    k = g.rng.randint(0, len(shape))
    return k, shape[:k] + (size or g.size(),) + shape[k:]


@rule(FLOAT_RULES, 9)
def reduced(g, dtype, shape, d):
    if len(shape) > 3:
        return None
    k, whole = with_axis(g, shape)
    text = g.pick("sum({0}, axis = %d)", "mean({0}, axis = %d)", "max({0}, axis = %d)", "min({0}, axis = %d)", "prod({0}, axis = %d)", "logsumexp({0}, axis = %d)",
                  "var({0}, axis = %d)", "sum({0}, axis = %%d, keepdims = true)[%s0]" % (":, " * k))
    if text.count("%d") and g.rng.random() < 0.2 and len(shape) < 3 and text.startswith(("sum", "mean", "max", "logsum")) and "keepdims" not in text:
        j, both = with_axis(g, whole)
        axes = sorted({j, k if k < j else k + 1})
        return Expr(text.replace("%d", "[%d, %d]" % tuple(axes)), [g.expr(dtype, both, d)], dtype, shape)
    return Expr(text % k, [g.expr(dtype, whole, d)], dtype, shape)


@rule(FLOAT_RULES, 4)
def along(g, dtype, shape, d):
    if not shape:
        return None
    k = g.rng.randrange(len(shape))
    return Expr(g.pick("softmax({0}, axis = %d)", "log_softmax({0}, axis = %d)", "cumsum({0}, axis = %d)", "log(softmax({0}, axis = %d))", "flip({0}, axis = %d)",
                       "({0} - mean({0}, axis = %d, keepdims = true))", "({0} - max({0}, axis = %d, keepdims = true))") % k, [g.expr(dtype, shape, d)], dtype, shape)


@rule(FLOAT_RULES, 10)
def product(g, dtype, shape, d):
    k = g.size()
    if len(shape) == 0:
        return Expr("({0} @ {1})", [g.expr(dtype, (k,), d), g.expr(dtype, (k,), d)], dtype, shape)
    if len(shape) == 1:
        if g.rng.random() < 0.5:
            return Expr("({0} @ {1})", [g.expr(dtype, (shape[0], k), d), g.expr(dtype, (k,), d)], dtype, shape)
        return Expr("({0} @ {1})", [g.expr(dtype, (k,), d), g.expr(dtype, (k, shape[0]), d)], dtype, shape)
    lead, (i, j) = shape[:-2], shape[-2:]
    way = g.rng.randrange(5)
    if way == 0 and len(shape) == 2:
        return Expr("(transpose({0}) @ {1})", [g.expr(dtype, (k, i), d), g.expr(dtype, (k, j), d)], dtype, shape)
    if way == 1 and len(shape) == 2:
        return Expr("({0} @ transpose({1}))", [g.expr(dtype, (i, k), d), g.expr(dtype, (j, k), d)], dtype, shape)
    if way == 2 and len(shape) == 3:
        return Expr('einsum("bik,bjk->bij", {0}, {1})', [g.expr(dtype, lead + (i, k), d), g.expr(dtype, lead + (j, k), d)], dtype, shape)
    if way == 3 and len(shape) == 2:
        return Expr('einsum("i,j->ij", {0}, {1})', [g.expr(dtype, (i,), d), g.expr(dtype, (j,), d)], dtype, shape)
    right = (k, j) if g.rng.random() < 0.7 else lead + (k, j)
    return Expr("({0} @ {1})", [g.expr(dtype, lead + (i, k), d), g.expr(dtype, right, d)], dtype, shape)


@rule((FLOAT_RULES, INT_RULES), 5)
def moved(g, dtype, shape, d):
    if len(shape) < 2:
        return None
    perm = list(range(len(shape)))
    g.rng.shuffle(perm)
    source = [None] * len(shape)
    for i, p in enumerate(perm):
        source[p] = shape[i]
    return Expr("transpose({0}, [%s])" % ", ".join(map(str, perm)), [g.expr(dtype, tuple(source), d)], dtype, shape)


@rule((FLOAT_RULES, INT_RULES), 5)
def reshaped(g, dtype, shape, d):
    sizes = list(shape)
    if len(sizes) > 1 and g.rng.random() < 0.7:
        k = g.rng.randrange(len(sizes) - 1)
        source = sizes[:k] + [sizes[k] * sizes[k + 1]] + sizes[k + 2:]
    elif len(sizes) > 0:
        k = g.rng.randrange(len(sizes))
        n = sizes[k].known
        source = sizes[:k] + ([const(2), const(n // 2)] if n and n % 2 == 0 else [ONE, sizes[k]]) + sizes[k + 1:]
    else:
        source = [ONE]
    return Expr("reshape({0}, [%s])" % ", ".join(map(str, shape)), [g.expr(dtype, tuple(source), d)], dtype, shape)


@rule((FLOAT_RULES, INT_RULES), 7)
def sliced(g, dtype, shape, d):
    if g.rng.random() < 0.4 or not shape:  # an axis goes
        k, whole = with_axis(g, shape)
        at, parts, n = g.pick("0", "-1"), [], whole[k].known
        if g.rng.random() < 0.5 and n and n > 1 and not g.bound:
            index = Expr("({0} %% %d)" % n, [g.leaf(g.pick("int32", "int64"), ())], "int64", ())
            at, parts = "{1}", [index]
        return Expr("{0}[%s]" % ", ".join([":"] * k + [at]), [g.expr(dtype, whole, d)] + parts, dtype, shape)
    k = g.rng.randrange(len(shape))
    n = shape[k].known
    before = ":, " * k
    if n is None or g.rng.random() < 0.2:
        if g.rng.random() < 0.5:
            return Expr("{0}[%s::-1]" % before, [g.expr(dtype, shape, d)], dtype, shape)
        more = g.rng.randint(1, 2)
        whole = shape[:k] + (shape[k] + const(more),) + shape[k + 1:]
        cut = g.pick("%d:" % more, ":-%d" % more) if more < 2 else "1:-1"
        return Expr("{0}[%s%s]" % (before, cut), [g.expr(dtype, whole, d)], dtype, shape)
    way = g.rng.randrange(4)
    if way == 0:
        return Expr("{0}[%s::2]" % before, [g.expr(dtype, shape[:k] + (const(2 * n - g.rng.randint(0, 1)),) + shape[k + 1:], d)], dtype, shape)
    if way == 1 and not g.bound:
        whole = shape[:k] + (const(n + 2),) + shape[k + 1:]
        start = Expr("({0} % 3)", [g.leaf("int64", ())], "int64", ())
        return Expr("{0}[%s{1} : {1} + %d]" % (before, n), [g.expr(dtype, whole, d), start], dtype, shape)
    lo = g.rng.randint(0, 2)
    return Expr("{0}[%s%d:%d]" % (before, lo, lo + n), [g.expr(dtype, shape[:k] + (const(n + lo + g.rng.randint(0, 1)),) + shape[k + 1:], d)], dtype, shape)


@rule((FLOAT_RULES, INT_RULES), 4)
def joined(g, dtype, shape, d):
    if not shape:
        return None
    k = g.rng.randrange(len(shape))
    n = shape[k].known
    if n is None or n < 2:
        return None
    if g.rng.random() < 0.3:
        items = [g.expr(dtype, shape[:k] + shape[k + 1:], d) for _ in range(n)]
        return Expr("stack([%s], axis = %d)" % (", ".join("{%d}" % i for i in range(n)), k), items, dtype, shape)
    a = g.rng.randint(1, n - 1)
    return Expr("concat([{0}, {1}], axis = %d)" % k, [g.expr(dtype, shape[:k] + (const(s),) + shape[k + 1:], d) for s in (a, n - a)], dtype, shape)


@rule((FLOAT_RULES, INT_RULES), 3)
def padded(g, dtype, shape, d):
    if not shape:
        return None
    k = g.rng.randrange(len(shape))
    n = shape[k].known
    if n is None or n < 3:
        return None
    lo = g.rng.randint(0, 1)
    margins = ["[0, 0]"] * len(shape)
    margins[k] = "[%d, %d]" % (lo, 1)
    inner = shape[:k] + (const(n - lo - 1),) + shape[k + 1:]
    return Expr("pad({0}, [%s]%s)" % (", ".join(margins), g.pick("", ", 2")), [g.expr(dtype, inner, d)], dtype, shape)


@rule(FLOAT_RULES, 3)
def windowed(g, dtype, shape, d):
    if not shape:
        return None
    k = g.rng.randrange(len(shape))
    size = g.rng.randint(2, 3)
    whole = shape[:k] + (shape[k] + const(size - 1),) + shape[k + 1:]
    return Expr(g.pick("sum", "max", "mean") + "(windows({0}, %d, %d), axis = -1)" % (k, size), [g.expr(dtype, whole, d)], dtype, shape)


@rule((FLOAT_RULES, INT_RULES), 6)
def gathered(g, dtype, shape, d):
    if not shape or g.bound:
        return None
    n = g.rng.choice([const(3), const(5), Size({("n",): 1})])
    way = g.rng.randrange(4)
    if way == 0 and len(shape) == 1:  # one of each row
        index = Expr("({0} %% %s)" % n, [g.expr("int64", shape, 1)], "int64", shape)
        return Expr("{0}[arange(%s), {1}]" % shape[0], [g.expr(dtype, (shape[0], n), d), index], dtype, shape)
    if way == 1:
        k = g.rng.randrange(len(shape))
        index = Expr("argmax({0}, axis = -1)", [g.expr("floatX", (shape[k], n), d)], "int64", (shape[k],))
        return Expr("{0}[%s{1}]" % (":, " * k), [g.expr(dtype, shape[:k] + (n,) + shape[k + 1:], d), index], dtype, shape)
    k = g.rng.randint(1, len(shape))
    index = Expr(g.pick("({0} %% %s)" % n, "clip({0}, 0, %s - 1)" % n), [g.expr(g.pick("int32", "int64"), shape[:k], 1)], "int64", shape[:k])
    return Expr("{0}[{1}]", [g.expr(dtype, (n,) + shape[k:], d), index], dtype, shape)


@rule((FLOAT_RULES, INT_RULES), 6)
def written(g, dtype, shape, d):
    if not shape or g.bound:
        return None
    name = g.pick("set", "add_at")
    x = g.expr(dtype, shape, d)
    n = shape[0].known
    if n == 1:
        return None  # set replaces all of it
    way = g.rng.randrange(3)
    if way == 0:
        k = g.size()
        index = Expr("({0} %% %s)" % shape[0], [g.expr("int64", (k,), 1)], "int64", (k,))
        return Expr("%s(({0})[{1}], {2})" % name, [x, index, g.expr(dtype, (k,) + shape[1:], d)], dtype, shape)
    if way == 1 and n and n > 1:
        a = g.rng.randint(1, n - 1)
        return Expr("%s(({0})[%d:], {1})" % (name, a), [x, g.expr(dtype, (const(n - a),) + shape[1:], d)], dtype, shape)
    return Expr("%s(({0})[%s], {1})" % (name, g.pick("0", "-1")), [x, g.expr(dtype, shape[1:], d)], dtype, shape)


@rule(FLOAT_RULES, 5)
def scanned(g, dtype, shape, d):
    if len(g.bound) > 2 or len(shape) > 3:
        return None
    emit = bool(shape) and g.rng.random() < 0.6
    carry_shape = shape[1:] if emit else shape
    steps = shape[0] if emit else g.rng.choice([const(3), Size({("m",): 1})])
    h, x = g.new_name("h"), g.new_name("e")
    start = g.expr(dtype, carry_shape, d - 1)
    element = g.shape(1)
    xs = g.expr(dtype, (steps,) + element, d - 1)
    g.bound += [(h, dtype, carry_shape), (x, dtype, element)]
    body = g.expr(dtype, carry_shape, min(d, 2))
    use = Expr("sum(%s)" % x, [], dtype, ()) if element else Expr(x, [], dtype, ())
    body = Expr(g.pick("tanh({0} + 0.5 * %s + {1})" % h, "(0.5 * %s + 0.25 * {0} * {1})" % h, "sin({0} * {1} - %s)" % h), [body, use], dtype, carry_shape)
    emitted = g.expr(dtype, carry_shape, 1) if emit and g.rng.random() < 0.4 else None
    del g.bound[-2:]
    text = "(scan%s %s = {0} over %s in {1} {{ next %s = {2}" % ("(reverse = true)" if g.rng.random() < 0.3 else "", h, x, h)
    text += " emit {3} }})" if emitted else " emit next %s }})" % h if emit else " }})"
    return Expr(text, [start, xs, body] + ([emitted] if emitted else []), dtype, shape)


@rule((FLOAT_RULES, INT_RULES), 3)
def chosen(g, dtype, shape, d):
    return Expr("(if {0} {{ {1} }} else {{ {2} }})", [g.expr("bool", (), d), g.expr(dtype, shape, d), g.expr(dtype, shape, d)], dtype, shape)


@rule(FLOAT_RULES, 8)
def gradient(g, dtype, shape, d):
    """of a cost by a symbol or let of this shape"""
    if dtype != "floatX" or g.bound:
        return None
    by = [s.name for s in g.program.symbols if (s.dtype, s.shape) == (dtype, shape)]
    by += [n for n, e in g.program.lets if (e.dtype, e.shape) == (dtype, shape)]
    if not by:
        return None
    name = g.rng.choice(by)
    cost = Expr("({0} + sum(%s ** 2) * 0.5)" % name, [g.cost(d)], dtype, (), [name])
    return Expr("grad({0}, %s)" % name, [cost], dtype, shape, [name])


@rule(FLOAT_RULES, 1)
def drawn(g, dtype, shape, d):
    if dtype != "floatX":
        return None
    sizes = ", ".join(map(str, shape))
    text = g.pick("random.uniform([%s])", "random.normal([%s])", "floatX(random.bernoulli(0.5, [%s]))", "floatX(random.integers([%s], 0, 5))") % sizes
    return Expr(text, [], dtype, shape, draws=True)


@rule(FLOAT_RULES, 5)
def cast(g, dtype, shape, d):
    source = g.pick("int64", "bool", "int32", "uint8", *[t for t in FLOATS if t != dtype])
    return Expr("%s({0})" % dtype, [g.expr(source, shape, d)], dtype, shape)


@rule(INT_RULES, 12)
def int_binary(g, dtype, shape, d):
    text = g.pick("({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} // {1})", "({0} % {1})", "maximum({0}, {1})", "minimum({0}, {1})")
    return Expr(text, g.two(dtype, shape, d), dtype, shape)


@rule(INT_RULES, 6)
def int_unary(g, dtype, shape, d):
    return Expr(g.pick("(-{0})", "abs({0})", "({0} + 1)", "({0} * 3)", "clip({0}, -3, 3)", "({0} ** 2)", "({0} // 3)", "({0} % 4)"), [g.expr(dtype, shape, d)], dtype, shape)


@rule(INT_RULES, 4)
def int_cast(g, dtype, shape, d):
    source = g.pick("floatX", "bool", "uint8", "int8", "int64" if dtype == "int32" else "int32")
    inner = g.expr(source, shape, d)
    return Expr("%s({0})" % dtype, [Expr("(3 * {0})", [inner], source, shape) if source == "floatX" else inner], dtype, shape)


@rule(INT_RULES, 5)
def int_reduced(g, dtype, shape, d):
    if dtype != "int64" or len(shape) > 3:
        return None
    k, whole = with_axis(g, shape)
    text, source = g.pick(("sum", "int32"), ("sum", "bool"), ("max", "int64"), ("min", "int64"), ("argmax", "floatX"), ("argmin", "int32"), ("sum", "uint8"))
    return Expr("%s({0}, axis = %d)" % (text, k), [g.expr(source, whole, d)], dtype, shape)


@rule(INT_RULES, 2)
def int_summed(g, dtype, shape, d):
    return Expr("cumsum({0}, axis = %d)" % g.rng.randrange(len(shape)), [g.expr(dtype, shape, d)], dtype, shape) if shape and dtype == "int64" else None


@rule(BOOL_RULES, 10)
def compared(g, dtype, shape, d):
    source = g.pick("floatX", "floatX", "int32", "int64", "uint8")
    return Expr("({0} %s {1})" % g.pick("<", "<=", ">", ">=", "==", "!="), g.two(source, shape, d), "bool", shape)


@rule(BOOL_RULES, 4)
def logic(g, dtype, shape, d):
    if g.rng.random() < 0.3:
        return Expr("(not {0})", [g.expr("bool", shape, d)], "bool", shape)
    return Expr("({0} %s {1})" % g.pick("and", "or"), g.two("bool", shape, d), "bool", shape)


@rule(BOOL_RULES, 3)
def quantified(g, dtype, shape, d):
    if len(shape) > 3:
        return None
    k, whole = with_axis(g, shape)
    return Expr("%s({0}, axis = %d)" % (g.pick("any", "all"), k), [g.expr("bool", whole, d)], "bool", shape)


@rule(NARROW_RULES, 4)
def narrow_cast(g, dtype, shape, d):
    return Expr("%s({0})" % dtype, [g.expr(g.pick("int32", "int64", "floatX"), shape, d)], dtype, shape)


@rule(NARROW_RULES, 2)
def narrow_where(g, dtype, shape, d):
    return Expr("where({0}, {1}, {2})", [g.expr("bool", shape, d), g.leaf(dtype, shape), g.leaf(dtype, shape)], dtype, shape)


def generate(seed, functions=10, name="random_program"):
    return Maker(seed, name).program_of(functions)
