"""random_shapes.py -- networks by chance: dense layers, convolutions and pools of all sorts of sizes, with gradients and updates

Sizes lie below, at and above the lanes of vectors, the rows and columns of tiles and the blocks of rows and images; windows are small,
long, strided, dilated, in groups, padded, or larger than what they look at.  random_programs.py runs them.
"""
import copy, math, random

SIZES = [1, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 16, 17, 20, 24, 25, 31, 32, 33, 40, 48, 50, 64, 65, 100, 127, 128, 130, 200, 257, 300]
BATCHES = [1, 1, 2, 3, 4, 5, 7, 8, 10, 15, 16, 17, 20, 31, 32, 32, 33, 35, 40, 47, 48, 50, 64, 64, 65, 80, 100, 128, 130]
SIDES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 20, 24, 28, 33]
CHANNELS = [1, 1, 1, 2, 3, 3, 4, 5, 6, 8, 10, 12, 16, 17, 20, 32, 33]
MOST = 3000000  # products of a forward pass: the naive evaluator does some ten millions a second


class Layer:
    """kind: conv, max, avg, dense, columns; and what that has"""

    def __init__(self, kind, **has):
        self.kind = kind
        self.__dict__.update(has)


def fits(layer, shape):
    """the shape behind it and its products for one of the batch, or None"""
    if layer.kind in ("dense", "columns"):
        return (layer.n,), math.prod(shape) * layer.n
    if len(shape) < 3:
        return None
    c, sides = shape[0], []
    for k, stride, pad, dilation, n in zip(layer.window, layer.stride, layer.pad, layer.dilation, shape[1:]):
        room = n + 2 * pad - (k - 1) * dilation - 1
        if room < 0:
            return None
        sides.append(room // stride + 1)
    if layer.kind != "conv":
        return (c, *sides), 0
    if c % layer.groups:
        return None
    return (layer.n, *sides), layer.n * sides[0] * sides[1] * c // layer.groups * layer.window[0] * layer.window[1]


class Network:
    """batch: sizes of the calls, the first fixed where `fixed`; image: what one of the batch is; layers; cost; functions"""

    def __init__(self, seed):
        r = self.rng = random.Random("shapes %d" % seed)
        self.name, self.functions = "random_shapes", ["forward", "gradients", "step"]
        self.cost = r.choice(["squares", "distance", "nll", "nll"])
        self.optimiser = r.choice(["sgd(cost, 0.1)", "sgd(cost, 0.1)", "momentum(cost, 0.1)", "adam(cost, 0.01)"])
        self.bytes, self.fixed = r.random() < 0.15, r.random() < 0.75
        while True:
            self.batch = [r.choice(BATCHES) for _ in range(1 if self.fixed else 2)]
            images = r.random() < 0.65
            self.image = (r.choice(CHANNELS), r.choice(SIDES), r.choice(SIDES)) if images else (r.choice(SIZES),)
            self.layers = [self.layer(images and i < 3) for i in range(r.randint(1, 4 if images else 3))]
            if not images and r.random() < 0.2:
                self.layers[0].kind = "columns"
            if 0 < self.work() <= MOST and len(self.used()) == len(self.layers):
                break

    def layer(self, spatial):
        r = self.rng
        activation, bias = r.choice(["", "relu", "tanh", "sigmoid"]), r.random() < 0.8
        if not spatial or r.random() < 0.2:
            return Layer("dense", n=r.choice(SIZES), bias=bias, activation=activation, turned=r.random() < 0.2)
        two = lambda items: (lambda a: (a, a) if r.random() < 0.7 else (a, r.choice(items)))(r.choice(items))
        if r.random() < 0.3:
            window = two([1, 2, 2, 2, 3, 4])
            return Layer(r.choice(["max", "max", "avg"]), window=window, stride=window if r.random() < 0.6 else two([1, 2, 3]), pad=(0, 0), dilation=(1, 1))
        return Layer("conv", n=r.choice(CHANNELS), window=two([1, 2, 3, 3, 3, 4, 5, 5, 7]), stride=two([1, 1, 1, 2, 3]), pad=two([0, 0, 0, 1, 2, 3]),
                     dilation=two([1, 1, 1, 1, 2]), groups=r.choice([1, 1, 1, 1, 1, 2, 3, 4]), bias=bias, activation=activation)

    def used(self):
        """[(layer, the shape before it)]: those that fit"""
        shape, found = self.image, []
        for l in self.layers:
            if fits(l, shape) and not (l.kind == "conv" and l.n % l.groups):
                found.append((l, shape))
                shape = fits(l, shape)[0]
        return found

    def work(self):
        return max(self.batch) * sum(fits(l, shape)[1] for l, shape in self.used())

    def text(self):
        n = str(self.batch[0]) if self.fixed else "n"
        out = ["model " + self.name] + ([] if self.fixed else ["dim n"])
        out.append("symbol x : %s[%s, %s]" % ("uint8" if self.bytes else "floatX", n, ", ".join(map(str, self.image))))
        value, shape, weights = "(x / 255)" if self.bytes else "x", self.image, []
        for i, (l, shape) in enumerate(self.used()):
            lines, value = self.lines(l, value, shape, i, n)
            weights += ["W%d" % i] if l.kind not in ("max", "avg") else []
            weights += ["b%d" % i] if getattr(l, "bias", False) and l.kind != "columns" else []
            out += lines
            shape = fits(l, shape)[0]
        columns = math.prod(shape)
        out.append("let y = " + value)
        rows = "y" if len(shape) == 1 else "reshape(y, [%s, %d])" % (n, columns)
        more, drawn = "", []
        if self.cost == "squares":
            out.append("loss cost = mean(y ** 2)")
        elif self.cost == "distance":
            out += ["symbol t : floatX[%s, %s]" % (n, ", ".join(map(str, shape))), "loss cost = sum((y - t) ** 2) / %s" % n]
            more, drawn = ", t", [("-1.0, 1.0", columns)]
        else:
            out += ["symbol label : uint8[%s]" % n, "loss cost = -mean(log(softmax(%s))[arange(%s), label])" % (rows, n)]
            more, drawn = ", label", [("0, %d" % min(columns, 255), 1)]
        grads = ["g%s = grad(cost, %s)" % (w, w) for w in ([] if self.bytes else ["x"]) + weights]
        heads = {"forward": ("x", "y", "", []), "gradients": ("x" + more, ", ".join(["cost"] + grads), "", drawn),
                 "step": ("x" + more, "cost", " { optim.%s }" % self.optimiser if weights else "", drawn)}
        for f in self.functions:
            args, results, body, extra = heads[f]
            out.append("function %s(%s) -> %s%s" % (f, args, results, body))
        for f in self.functions:
            for b in self.batch:
                values = ["draw(%s, %d)" % (what, b * k) for what, k in [("0, 256" if self.bytes else "-1.0, 1.0", math.prod(self.image))] + heads[f][3]]
                out.append("# call %s(%s)" % (f, ", ".join(values + ([] if self.fixed else ["n = %d" % b]))))
        return "\n".join(out) + "\n"

    def lines(self, l, value, shape, i, n):
        """declarations of a layer, and its value"""
        out, v, flat = [], "h%d" % i, math.prod(shape)
        if l.kind in ("max", "avg"):
            return ["let %s = nn.%s_pool(%s, %s, stride = %s)" % (v, l.kind, value, list(l.window), list(l.stride))], v
        if l.kind == "conv":
            out.append("param W%d : floatX[%d, %d, %d, %d] = init.uniform(0.4)" % (i, l.n, shape[0] // l.groups, *l.window))
            e = "nn.conv(%s, W%d, stride = %s, pad = %s, dilation = %s, groups = %d)" % (value, i, list(l.stride), list(l.pad), list(l.dilation), l.groups)
        else:
            turned = l.kind == "dense" and l.turned
            out.append("param W%d : floatX[%d, %d] = init.uniform(%.3g)" % (i, l.n if turned else flat, flat if turned else l.n, 1.5 / flat ** 0.5))
            rows = value if len(shape) == 1 else "reshape(%s, [%s, %d])" % (value, n, flat)
            e = "%s @ %s" % (rows, "transpose(W%d)" % i if turned else "W%d" % i)
        if l.bias and l.kind != "columns":
            out.append("param b%d : floatX[%d] = init.uniform(0.3)" % (i, l.n))
            e = "%s + b%d%s" % (e, i, "[:, None, None]" if l.kind == "conv" else "")
        if l.kind == "columns":  # standardised over the batch
            out.append("let c%d = %s" % (i, e))
            e = "(c%d - mean(c%d, axis = 0)) / sqrt(mean(c%d ** 2, axis = 0) + 0.1)" % (i, i, i)
        return out + ["let %s = %s" % (v, "%s(%s)" % (l.activation, e) if l.activation else e)], v

    def smaller(self):
        """networks that are this one with something less, coarse cuts first"""
        def but(change):
            q = copy.deepcopy(self)
            change(q)
            return q
        for i in range(len(self.functions) if len(self.functions) > 1 else 0):
            yield but(lambda q: q.functions.pop(i))
        for i in range(len(self.layers)):
            yield but(lambda q: q.layers.pop(i))
        for i in range(len(self.batch) if len(self.batch) > 1 else 0):
            yield but(lambda q: q.batch.pop(i))
        yield from (but(lambda q: q.batch.__setitem__(0, b)) for b in (self.batch[0] // 2, self.batch[0] - 1) if b > 0)
        for i, s in enumerate(self.image):
            for less in {1, s // 2, s - 1} - {0, s}:
                yield but(lambda q: setattr(q, "image", q.image[:i] + (less,) + q.image[i + 1:]))
        for i, l in enumerate(self.layers):
            for key, plain in (("activation", ""), ("bias", False), ("stride", (1, 1)), ("pad", (0, 0)), ("dilation", (1, 1)), ("groups", 1), ("turned", False)):
                if getattr(l, key, plain) != plain:
                    yield but(lambda q: setattr(q.layers[i], key, plain))
            for less in {1, getattr(l, "n", 1) // 2, getattr(l, "n", 1) - 1} - {0, getattr(l, "n", 1)}:
                yield but(lambda q: setattr(q.layers[i], "n", less))
        for key, plain in (("bytes", False), ("fixed", True), ("cost", "squares"), ("optimiser", "sgd(cost, 0.1)")):
            if getattr(self, key) != plain:
                yield but(lambda q: setattr(q, key, plain))
