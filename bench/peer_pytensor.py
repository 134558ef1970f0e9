"""peer_pytensor.py -- PyTensor in its default mode"""
import numpy as np, pytensor, pytensor.tensor as pt
from pytensor.tensor.random.utils import RandomStream
import spec

pytensor.config.floatX = "float32"
F = np.float32
OK = {"logreg", "mlp", "mlp_adam", "lstm", "dA", "rbm", "tiny", "elementwise", "softmax_xent", "p_logreg", "p_mlp"}


def nll(logits, y):
    return -pt.log(pt.special.softmax(logits, axis=-1))[pt.arange(y.shape[0]), y].mean()


def nll_ls(logits, y):
    return -pt.special.log_softmax(logits, axis=-1)[pt.arange(y.shape[0]), y].mean()


def f32(x):
    return pt.cast(x, "float32") * F(1 / 255)


def adam(w, P, G):
    A = spec.ADAM
    t = pytensor.shared(F(0))
    up = [(t, t + F(1))]
    c1, c2 = 1 - F(A["b1"]) ** (t + F(1)), 1 - F(A["b2"]) ** (t + F(1))
    for p, g in zip(P, G):
        z = np.zeros(p.get_value().shape, F)
        m, v = pytensor.shared(z), pytensor.shared(z.copy())
        mn, vn = F(A["b1"]) * m + F(1 - A["b1"]) * g, F(A["b2"]) * v + F(1 - A["b2"]) * g * g
        up += [(m, mn), (v, vn), (p, p - F(spec.LR[w]) * (mn / c1) / (pt.sqrt(vn / c2) + F(A["eps"])))]
    return up


def build(w, variant):
    if w not in OK:
        raise NotImplementedError("not written in PyTensor")
    if w == "elementwise":
        a, b, c = (pytensor.shared(v, name=n) for v, n in zip(spec.elem_data(), "abc"))
        y = pt.tanh(a * b + pt.sigmoid(c)) * pt.exp(-a * a)
        s = y.sum()
        f = pytensor.function([], [s, y] + pytensor.grad(s, [a, b, c]))
        return (lambda i: f()), lambda r: float(r[0])
    if w == "softmax_xent":
        x, y = spec.xent_data()
        x, y = pytensor.shared(x), pytensor.shared(y)
        l = nll_ls(x, y)
        f = pytensor.function([], [l, pytensor.grad(l, x)])
        return (lambda i: f()), lambda r: float(r[0])
    V = {k: pytensor.shared(v, name=k) for k, v in spec.params(w).items()}
    ps = list(V.values())
    if w == "tiny":
        x, y = pt.fmatrix(), pt.fvector()
        z = x @ V["w"] + V["b"][0]
        l = (pt.softplus(z) - y * z).mean()
        f = pytensor.function([x, y], l, updates=[(p, p - F(.1) * g) for p, g in zip(ps, pytensor.grad(l, ps))])
        xv, yv = spec.tiny_data()
        return (lambda i: float(f(xv, yv))), float
    if w.startswith("p_"):
        x = pt.fmatrix()
        o = x @ V["W"] + V["b"] if w == "p_logreg" else pt.tanh(x @ V["W1"] + V["b1"]) @ V["W2"] + V["b2"]
        f = pytensor.function([x], pt.special.softmax(o, axis=-1))
        xv = spec.images()[0][:1].astype(F) / F(255)
        return (lambda i: f(xv)), lambda r: float(r[0, :5].sum())
    lr = F(spec.LR[w])
    i = pt.iscalar()
    extra = []
    if w == "lstm":
        xs, ys = spec.token_batches(w)
        X, Y = pytensor.shared(xs), pytensor.shared(ys)
        n = len(xs)
        x, y = pt.cast(X[i], "int32"), pt.cast(Y[i], "int32")
        H = spec.LSTM_H
        e = V["E"][x.T] @ V["Wx"] + (V["bx"] + V["bh"])
        z = pt.zeros((spec.BATCH[w], H), dtype="float32")

        def cell(g, h, c, Wh):
            g = g + h @ Wh
            c = pt.sigmoid(g[:, H:2 * H]) * c + pt.sigmoid(g[:, :H]) * pt.tanh(g[:, 2 * H:3 * H])
            return pt.sigmoid(g[:, 3 * H:]) * pt.tanh(c), c
        r = pytensor.scan(cell, sequences=[e], outputs_info=[z, z], non_sequences=[V["Wh"]], return_updates=False)
        hs = r[0]
        l = nll_ls((hs.reshape((-1, H)) @ V["Wo"] + V["bo"]), y.T.reshape((-1,)))
    else:
        xa, ya = spec.images()
        X, Y = pytensor.shared(xa), pytensor.shared(ya)
        B, n = spec.BATCH[w], spec.nbatches(w)
        x, y = f32(X[i * B:(i + 1) * B]), pt.cast(Y[i * B:(i + 1) * B], "int32")
        if w == "logreg":
            l = nll(x @ V["W"] + V["b"], y)
        elif w == "mlp":
            l = nll(pt.tanh(x @ V["W1"] + V["b1"]) @ V["W2"] + V["b2"], y) + F(1e-4) * ((V["W1"] ** 2).sum() + (V["W2"] ** 2).sum())
        elif w == "mlp_adam":
            h = pt.maximum(x @ V["W0"] + V["b0"], F(0))
            h = pt.maximum(h @ V["W1"] + V["b1"], F(0))
            l = nll(h @ V["W2"] + V["b2"], y)
        elif w == "dA":
            rs = RandomStream(1)
            m = pt.cast(rs.binomial(1, F(.7), size=x.shape), "float32")
            z = pt.sigmoid((x * m) @ V["W"] + V["bh"]) @ V["W"].T + V["bv"]
            l = (pt.softplus(z) - x * z).sum() / F(B)
        elif w == "rbm":
            rs = RandomStream(1)
            Hc = pytensor.shared(np.zeros((B, 500), F))

            def up(h):
                v = pt.cast(rs.binomial(1, pt.sigmoid(h @ V["W"].T + V["bv"]), size=(B, 784)), "float32")
                return v, pt.cast(rs.binomial(1, pt.sigmoid(v @ V["W"] + V["bh"]), size=(B, 500)), "float32")
            h = Hc
            for _ in range(15):               # unrolled: the draw inside a scan needs no scan here
                v, h = up(h)
            vk = v
            fe = lambda v: -(v @ V["bv"]) - pt.softplus(v @ V["W"] + V["bh"]).sum(1)
            l = (fe(x) - fe(vk)).mean()
            extra = [(Hc, h)]
    G = pytensor.grad(l, ps, consider_constant=[vk] if w == "rbm" else None)
    up = adam(w, ps, G) if w in ("mlp_adam", "lstm") else [(p, p - lr * g) for p, g in zip(ps, G)]
    f = pytensor.function([i], l, updates=up + extra)
    return (lambda j: f(j % n)), float
