"""peer_jax.py -- JAX on the CPU with XLA's defaults, one jitted step that donates its state
variants: jit2, max-pool by reduce_window; rs2, by reshape"""
import numpy as np, jax, jax.numpy as jnp
from jax import lax
import spec


def f32(x):
    return x.astype(jnp.float32) * (1 / 255)


def nll(logits, y):
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), y.astype(jnp.int32)[..., None], -1).mean()


POOL = "rw"


def pool(h):                                  # NHWC
    if POOL == "rw":
        return lax.reduce_window(h, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    b, y, x, c = h.shape
    return h.reshape(b, y // 2, 2, x // 2, 2, c).max((2, 4))


def conv(h, w, pad):                          # w is HWIO
    return lax.conv_general_dilated(h, w, (1, 1), pad, dimension_numbers=("NHWC", "HWIO", "NHWC"))


def logreg(P, x, y):
    return nll(f32(x) @ P["W"] + P["b"], y)


def mlp_logits(P, x):
    return jnp.tanh(x @ P["W1"] + P["b1"]) @ P["W2"] + P["b2"]


def mlp(P, x, y):
    return nll(mlp_logits(P, f32(x)), y) + 1e-4 * ((P["W1"] ** 2).sum() + (P["W2"] ** 2).sum())


def mlp_adam(P, x, y):
    h = jax.nn.relu(f32(x) @ P["W0"] + P["b0"])
    h = jax.nn.relu(h @ P["W1"] + P["b1"])
    return nll(h @ P["W2"] + P["b2"], y)


def lenet_logits(P, x):
    h = jnp.tanh(pool(conv(x, P["C1"], "VALID")) + P["c1"])
    h = jnp.tanh(pool(conv(h, P["C2"], "VALID")) + P["c2"])
    h = jnp.tanh(h.reshape(h.shape[0], -1) @ P["W1"] + P["b1"])
    return h @ P["W2"] + P["b2"]


def lenet(P, x, y):
    return nll(lenet_logits(P, f32(x).reshape(-1, 28, 28, 1)), y)


def resnetish(P, x, y):
    h, new = x, []
    for i in range(3):
        h = conv(h, P[f"C{i}"], "SAME")
        m, v = h.mean((0, 1, 2)), h.var((0, 1, 2))
        n = h.size / h.shape[-1]
        new += [m, v * (n / (n - 1))]
        h = pool(jax.nn.relu((h - m) * (lax.rsqrt(v + 1e-5) * P[f"g{i}"]) + P[f"s{i}"]))
    return nll(h.reshape(h.shape[0], -1) @ P["W"] + P["b"], y), new


def lstm(P, x, y):
    e = P["E"][x.astype(jnp.int32)].swapaxes(0, 1) @ P["Wx"] + (P["bx"] + P["bh"])
    z = jnp.zeros((x.shape[0], spec.LSTM_H))

    def cell(hc, g):
        h, c = hc
        i, f, g, o = jnp.split(g + h @ P["Wh"], 4, 1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h
    _, hs = lax.scan(cell, (z, z), e)
    return nll(hs @ P["Wo"] + P["bo"], y.swapaxes(0, 1))


def ln(x, g):
    m, v = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - m) * lax.rsqrt(v + 1e-5) * g


def gpt_h(P, x):
    D, nh = spec.GPT["n_embd"], spec.GPT["n_head"]
    B, T = x.shape
    h = P["wte"][x.astype(jnp.int32)] + P["wpe"][:T]
    mask = jnp.tril(jnp.ones((T, T), bool))
    for i in range(spec.GPT["n_layer"]):
        q, k, v = (u.reshape(B, T, nh, D // nh) for u in jnp.split(ln(h, P[f"l{i}g1"]) @ P[f"l{i}Wqkv"], 3, -1))
        s = jnp.einsum("bqhd,bkhd->bhqk", q, k) * (D // nh) ** -.5
        a = jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(jnp.where(mask, s, -jnp.inf)), v)
        h = h + a.reshape(B, T, D) @ P[f"l{i}Wp"]
        h = h + jax.nn.gelu(ln(h, P[f"l{i}g2"]) @ P[f"l{i}W1"], approximate=False) @ P[f"l{i}W2"]
    return ln(h, P["gf"])


def gpt(P, x, y):
    return nll(gpt_h(P, x) @ P["wte"].T, y)


def dA(P, x, key):
    x = f32(x)
    xt = x * jax.random.bernoulli(key, .7, x.shape)
    z = jax.nn.sigmoid(xt @ P["W"] + P["bh"]) @ P["W"].T + P["bv"]
    return (jax.nn.softplus(z) - x * z).sum() / x.shape[0]


def rbm_fe(P, v):
    return -(v @ P["bv"]) - jax.nn.softplus(v @ P["W"] + P["bh"]).sum(1)


def tiny(P, x, y):
    z = x @ P["w"] + P["b"]
    return (jax.nn.softplus(z) - y * z).mean()


def adam(w, P, G, S):
    A = spec.ADAMW if w == "gpt" else spec.ADAM
    t = S["t"] + 1
    c1, c2 = 1 - A["b1"] ** t, 1 - A["b2"] ** t
    m = {k: A["b1"] * S["m"][k] + (1 - A["b1"]) * G[k] for k in P}
    v = {k: A["b2"] * S["v"][k] + (1 - A["b2"]) * G[k] ** 2 for k in P}

    def up(k):
        p = P[k] * (1 - spec.LR[w] * A["wd"]) if w == "gpt" and P[k].ndim > 1 else P[k]
        return p - spec.LR[w] * (m[k] / c1) / (jnp.sqrt(v[k] / c2) + A["eps"])
    return {k: up(k) for k in P}, dict(t=t, m=m, v=v)


def load(w):
    P = {k: jnp.array(v) for k, v in spec.params(w).items()}
    return {k: (v.transpose(2, 3, 1, 0) if v.ndim == 4 else v) for k, v in P.items()}


def fix_flat(w, P):
    """the dense layer after NHWC pooling sees h,w,c order: permute its rows from c,h,w"""
    if w in ("lenet", "p_lenet"):
        P["W1"] = P["W1"].reshape(50, 4, 4, 500).transpose(1, 2, 0, 3).reshape(800, 500)
    if w == "resnetish":
        P["W"] = P["W"].reshape(128, 4, 4, 10).transpose(1, 2, 0, 3).reshape(2048, 10)
    return P


def build(w, variant):
    global POOL
    POOL = "reshape" if variant.startswith("rs") else "rw"
    if w.startswith("p_"):
        return build_predict(w)
    if w == "elementwise":
        a, b, c = map(jnp.array, spec.elem_data())

        def f(a, b, c):
            y = jnp.tanh(a * b + jax.nn.sigmoid(c)) * jnp.exp(-a * a)
            return y.sum(), y
        g = jax.jit(jax.value_and_grad(f, (0, 1, 2), has_aux=True))

        def sync(r):
            jax.block_until_ready(r)
            return float(r[0][0])
        return (lambda i: g(a, b, c)), sync
    if w == "softmax_xent":
        x, y = map(jnp.array, spec.xent_data())
        g = jax.jit(jax.value_and_grad(nll))

        def sync(r):
            jax.block_until_ready(r)
            return float(r[0])
        return (lambda i: g(x, y)), sync
    P = fix_flat(w, load(w))
    lr = spec.LR[w]
    sgd = lambda P, G: {k: P[k] - lr * G[k] for k in P}
    st = None
    if w == "tiny":
        x, y = spec.tiny_data()
        f = jax.jit(lambda P, x, y: (lambda l, G: (l, sgd(P, G)))(*jax.value_and_grad(tiny)(P, x, y)), donate_argnums=0)
        st = P

        def step(i):                          # plain numpy in, python float out: what a caller pays
            nonlocal st
            l, st = f(st, x, y)
            return float(l)
        return step, float
    B, n = spec.BATCH.get(w), spec.nbatches(w)
    if w in ("lstm", "gpt"):
        X, Y = map(jnp.array, spec.token_batches(w))
        pick = lambda X, Y, i: (X[i], Y[i])
    else:
        X, Y = spec.images32() if w == "resnetish" else spec.images()
        if w == "resnetish":
            X = X.transpose(0, 2, 3, 1)
        X, Y = jnp.array(X), jnp.array(Y)
        pick = lambda X, Y, i: (lax.dynamic_slice_in_dim(X, i * B, B), lax.dynamic_slice_in_dim(Y, i * B, B))
    fn = globals().get(w)
    if w in ("mlp_adam", "lstm", "gpt"):
        z = lambda: {k: jnp.zeros_like(v) for k, v in P.items()}
        st = (P, dict(t=jnp.zeros(()), m=z(), v=z()))

        def one(st, X, Y, i):
            l, G = jax.value_and_grad(fn)(st[0], *pick(X, Y, i))
            return l, adam(w, st[0], G, st[1])
    elif w == "resnetish":
        st = (P, {k: jnp.zeros_like(v) for k, v in P.items()},
              [t for c in (32, 64, 128) for t in (jnp.zeros(c), jnp.ones(c))])

        def one(st, X, Y, i):
            P, M, R = st
            (l, new), G = jax.value_and_grad(fn, has_aux=True)(P, *pick(X, Y, i))
            M = {k: .9 * M[k] + G[k] for k in P}
            return l, ({k: P[k] - lr * M[k] for k in P}, M, [.9 * r + .1 * s for r, s in zip(R, new)])
    elif w == "dA":
        st = (P, jax.random.key(0))

        def one(st, X, Y, i):
            key, sub = jax.random.split(st[1])
            l, G = jax.value_and_grad(dA)(st[0], pick(X, Y, i)[0], sub)
            return l, (sgd(st[0], G), key)
    elif w == "rbm":
        st = (P, jnp.zeros((B, 500)), jax.random.key(0))

        def one(st, X, Y, i):
            P, H, key = st
            v0 = f32(pick(X, Y, i)[0])
            key, sub = jax.random.split(key)

            def gibbs(c, k):
                k1, k2 = jax.random.split(k)
                v = jax.random.bernoulli(k1, jax.nn.sigmoid(c[1] @ P["W"].T + P["bv"])).astype(jnp.float32)
                h = jax.random.bernoulli(k2, jax.nn.sigmoid(v @ P["W"] + P["bh"])).astype(jnp.float32)
                return (v, h), None
            (vk, H), _ = lax.scan(gibbs, (jnp.zeros_like(v0), H), jax.random.split(sub, 15))
            l, G = jax.value_and_grad(lambda P: (rbm_fe(P, v0) - rbm_fe(P, vk)).mean())(P)
            return l, (sgd(P, G), H, key)
    else:
        st = P

        def one(st, X, Y, i):
            l, G = jax.value_and_grad(fn)(st, *pick(X, Y, i))
            return l, sgd(st, G)
    f = jax.jit(one, donate_argnums=0)

    def step(i):
        nonlocal st
        l, st = f(st, X, Y, np.int32(i % n))
        return l

    def sync(l):
        jax.block_until_ready((l, st))
        return float(l)
    return step, sync


def build_predict(w):
    P = fix_flat(w, load(w))
    x = spec.images()[0][:1].astype(np.float32) / 255
    if w == "p_logreg":
        f = lambda P, x: jax.nn.softmax(x @ P["W"] + P["b"])
    elif w == "p_mlp":
        f = lambda P, x: jax.nn.softmax(mlp_logits(P, x))
    else:
        f = lambda P, x: jax.nn.softmax(lenet_logits(P, x.reshape(-1, 28, 28, 1)))
    x = jnp.array(x)
    f = jax.jit(f)
    return (lambda i: f(P, x).block_until_ready()), lambda r: float(r[0, :5].sum())
