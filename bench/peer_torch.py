"""peer_torch.py -- PyTorch.  variants, with the number of threads: eager; tc, torch.compile of the loss and the fused eager optimiser;
tcw, the whole step, gradient and update, in one graph of torch.compile"""
import numpy as np, torch, torch.nn.functional as F
import spec

torch.manual_seed(0)


def load(w):
    P = {}
    for k, v in spec.params(w).items():
        t = torch.from_numpy(v.copy())
        if v.ndim == 2 and "W" in k and w not in ("dA", "rbm"):
            t = t.t().contiguous()           # torch's own layout [out,in]
        P[k] = t
    return P


# ---- losses: P is the dict of parameters, the rest the batch -------------------------------------
def f32(x):
    return x.to(torch.float32) * (1 / 255)


def logreg(P, x, y):
    return F.cross_entropy(F.linear(f32(x), P["W"], P["b"]), y)


def mlp(P, x, y):
    h = torch.tanh(F.linear(f32(x), P["W1"], P["b1"]))
    return F.cross_entropy(F.linear(h, P["W2"], P["b2"]), y) + 1e-4 * ((P["W1"] ** 2).sum() + (P["W2"] ** 2).sum())


def mlp_adam_logits(P, x):
    h = F.relu(F.linear(x, P["W0"], P["b0"]))
    h = F.relu(F.linear(h, P["W1"], P["b1"]))
    return F.linear(h, P["W2"], P["b2"])


def mlp_adam(P, x, y):
    return F.cross_entropy(mlp_adam_logits(P, f32(x)), y)


def lenet_logits(P, x):
    h = torch.tanh(F.max_pool2d(F.conv2d(x, P["C1"]), 2) + P["c1"][:, None, None])
    h = torch.tanh(F.max_pool2d(F.conv2d(h, P["C2"]), 2) + P["c2"][:, None, None])
    h = torch.tanh(F.linear(h.flatten(1), P["W1"], P["b1"]))
    return F.linear(h, P["W2"], P["b2"])


def lenet(P, x, y):
    return F.cross_entropy(lenet_logits(P, f32(x).view(-1, 1, 28, 28)), y)


def resnetish(P, x, y, stats):
    h = x
    for i in range(3):
        h = F.conv2d(h, P[f"C{i}"], padding=1)
        rm, rv = stats[2 * i], stats[2 * i + 1]
        h = F.relu(F.batch_norm(h, rm, rv, P[f"g{i}"], P[f"s{i}"], True, 0.1, 1e-5))
        h = F.max_pool2d(h, 2)
    return F.cross_entropy(F.linear(h.flatten(1), P["W"], P["b"]), y)


def resnetish_whole(P, x, y, stats):          # running statistics returned instead of mutated
    h = x
    new = []
    for i in range(3):
        h = F.conv2d(h, P[f"C{i}"], padding=1)
        v, m = torch.var_mean(h, (0, 2, 3), correction=0)
        n = h.numel() / h.shape[1]
        new += [m.detach(), v.detach() * (n / (n - 1))]
        h = (h - m[:, None, None]) * (torch.rsqrt(v + 1e-5) * P[f"g{i}"])[:, None, None] + P[f"s{i}"][:, None, None]
        h = F.max_pool2d(F.relu(h), 2)
    return F.cross_entropy(F.linear(h.flatten(1), P["W"], P["b"]), y), new


def lstm(P, x, y):
    e = F.embedding(x, P["E"]).transpose(0, 1)              # T,B,E
    z = e.new_zeros(1, e.shape[1], spec.LSTM_H)
    h, _, _ = torch._VF.lstm(e, (z, z), [P["Wx"], P["Wh"], P["bx"], P["bh"]], True, 1, 0.0, True, False, False)
    o = F.linear(h, P["Wo"], P["bo"])
    return F.cross_entropy(o.reshape(-1, spec.VOCAB), y.transpose(0, 1).reshape(-1))


def lstm_loop(P, x, y):                                     # for torch.compile: explicit time loop
    e = F.linear(F.embedding(x, P["E"]).transpose(0, 1), P["Wx"], P["bx"] + P["bh"])
    h = e.new_zeros(e.shape[1], spec.LSTM_H)
    c = h
    hs = []
    for t in range(spec.LSTM_T):
        i, f, g, o = (e[t] + h @ P["Wh"].t()).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        hs.append(h)
    o = F.linear(torch.stack(hs), P["Wo"], P["bo"])
    return F.cross_entropy(o.reshape(-1, spec.VOCAB), y.transpose(0, 1).reshape(-1))


def gpt_h(P, x):
    D, nh = spec.GPT["n_embd"], spec.GPT["n_head"]
    B, T = x.shape
    h = F.embedding(x, P["wte"]) + P["wpe"][:T]
    for i in range(spec.GPT["n_layer"]):
        q, k, v = F.linear(F.layer_norm(h, (D,), P[f"l{i}g1"]), P[f"l{i}Wqkv"]).split(D, 2)
        q, k, v = (u.view(B, T, nh, D // nh).transpose(1, 2) for u in (q, k, v))
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        h = h + F.linear(a.transpose(1, 2).reshape(B, T, D), P[f"l{i}Wp"])
        h = h + F.linear(F.gelu(F.linear(F.layer_norm(h, (D,), P[f"l{i}g2"]), P[f"l{i}W1"])), P[f"l{i}W2"])
    return F.layer_norm(h, (D,), P["gf"])


def gpt(P, x, y):
    return F.cross_entropy(F.linear(gpt_h(P, x), P["wte"]).view(-1, spec.VOCAB), y.reshape(-1))


def dA(P, x):
    x = f32(x)
    xt = x * torch.bernoulli(torch.full_like(x, 0.7))
    h = torch.sigmoid(torch.addmm(P["bh"], xt, P["W"]))
    z = torch.addmm(P["bv"], h, P["W"].t())
    return F.binary_cross_entropy_with_logits(z, x, reduction="sum") / x.shape[0]


def rbm_fe(P, v):
    return -(v @ P["bv"]) - F.softplus(torch.addmm(P["bh"], v, P["W"])).sum(1)


def rbm_chain(P, h):
    for _ in range(15):
        v = torch.bernoulli(torch.sigmoid(torch.addmm(P["bv"], h, P["W"].t())))
        h = torch.bernoulli(torch.sigmoid(torch.addmm(P["bh"], v, P["W"])))
    return v, h


def tiny(P, x, y):
    return F.binary_cross_entropy_with_logits(x @ P["w"] + P["b"], y)


# ---- update rules for the whole-step variant ------------------------------------------------------
def u_sgd(w, P, G, S):
    for k in P:
        P[k].sub_(G[k], alpha=spec.LR[w])


def u_mom(w, P, G, S):
    for k in P:
        S[k].mul_(0.9).add_(G[k])
        P[k].sub_(S[k], alpha=spec.LR[w])


def u_adam(w, P, G, S):
    A = spec.ADAMW if w == "gpt" else spec.ADAM
    S["t"].add_(1)
    c1, c2 = 1 - A["b1"] ** S["t"], 1 - A["b2"] ** S["t"]
    for k in P:
        if w == "gpt" and P[k].ndim > 1:
            P[k].mul_(1 - spec.LR[w] * A["wd"])
        m, v = S["m" + k], S["v" + k]
        m.lerp_(G[k], 1 - A["b1"])
        v.mul_(A["b2"]).addcmul_(G[k], G[k], value=1 - A["b2"])
        P[k].sub_(spec.LR[w] * (m / c1) / ((v / c2).sqrt() + A["eps"]))


RULE = dict(mlp_adam=u_adam, lstm=u_adam, gpt=u_adam, resnetish=u_mom)


def data(w):
    if w in ("lstm", "gpt"):
        x, y = (torch.from_numpy(a).long() for a in spec.token_batches(w))
        n = len(x)
        return lambda i: (x[i % n], y[i % n])
    if w == "resnetish":
        x, y = spec.images32()
    else:
        x, y = spec.images()
    X, Y = torch.from_numpy(x), torch.from_numpy(y).long()
    B, n = spec.BATCH[w], spec.nbatches(w)
    if w in ("dA", "rbm"):
        return lambda i: (X[i % n * B:i % n * B + B],)

    def get(i):
        j = i % n * B
        return X[j:j + B], Y[j:j + B]
    return get


def build(w, variant):
    nt = int(variant[-1])
    kind = variant[:-1]
    torch.set_num_threads(nt)
    torch._dynamo.reset() if kind != "eager" else None
    comp = (lambda f: f) if kind == "eager" else (lambda f: torch.compile(f, dynamic=False))
    if w.startswith("p_"):
        return build_predict(w, comp)
    if w == "elementwise":
        a, b, c = (torch.from_numpy(v) for v in spec.elem_data())

        def fwd(a, b, c):
            return torch.tanh(a * b + torch.sigmoid(c)) * torch.exp(-a * a)
        if kind == "eager":
            for v in (a, b, c):
                v.requires_grad_()

            def step(i):
                y = fwd(a, b, c)
                s = y.sum()
                return s.detach(), y.detach(), *torch.autograd.grad(s, (a, b, c))
        else:
            def f(a, b, c):
                y = fwd(a, b, c)
                return y.sum(), y
            g = comp(lambda a, b, c: torch.func.grad_and_value(f, (0, 1, 2), has_aux=True)(a, b, c))

            def step(i):
                gr, (s, y) = g(a, b, c)
                return s, y, gr
        return step, lambda r: float(r[0])
    if w == "softmax_xent":
        x, y = spec.xent_data()
        x, y = torch.from_numpy(x), torch.from_numpy(y).long()
        if kind == "eager":
            x.requires_grad_()

            def step(i):
                l = F.cross_entropy(x, y)
                return l.detach(), torch.autograd.grad(l, x)[0]
        else:
            g = comp(lambda x, y: torch.func.grad_and_value(F.cross_entropy)(x, y))

            def step(i):
                gr, l = g(x, y)
                return l, gr
        return step, lambda r: float(r[0])
    P = load(w)
    if w == "tiny":
        x, y = (torch.from_numpy(v) for v in spec.tiny_data())
        get = lambda i: (x, y)
    else:
        get = data(w)
    fn = globals().get(w)
    whole = kind == "tcw"
    if w == "rbm":
        B = spec.BATCH[w]
        H = torch.zeros(B, 500)

        def cost(P, v, vk):
            return (rbm_fe(P, v) - rbm_fe(P, vk)).mean()
        if whole:
            def f(x, H):
                v = f32(x)
                vk, hk = rbm_chain(P, H)
                H.copy_(hk)
                G, l = torch.func.grad_and_value(cost)(P, v, vk)
                u_sgd(w, P, G, None)
                return l
            cf = comp(f)

            def step(i):
                with torch.no_grad():
                    return cf(get(i)[0], H)
        else:
            for v in P.values():
                v.requires_grad_()
            opt = torch.optim.SGD(list(P.values()), lr=spec.LR[w], fused=True)
            cchain, ccost = comp(rbm_chain), comp(cost)

            def step(i):
                with torch.no_grad():
                    v = f32(get(i)[0])
                    vk, hk = cchain(P, H)
                    H.copy_(hk)
                l = ccost(P, v, vk)
                opt.zero_grad(set_to_none=True)
                l.backward()
                opt.step()
                return l.detach()
        return step, float
    if w == "lstm" and kind != "eager":
        fn = lstm_loop
    stats = None
    if w == "resnetish":
        stats = [t for c in (32, 64, 128) for t in (torch.zeros(c), torch.ones(c))]
        base, get0 = fn, get
        if kind == "eager" or kind == "tc":
            fn = lambda P, x, y: base(P, x, y, stats)
    if whole:
        rule = RULE.get(w, u_sgd)
        S = {}
        if rule is u_mom:
            S = {k: torch.zeros_like(v) for k, v in P.items()}
        if rule is u_adam:
            S = {a + k: torch.zeros_like(v) for k, v in P.items() for a in "mv"}
            S["t"] = torch.zeros(())

        def f(P, S, *b):
            if w == "resnetish":
                G, (l, new) = torch.func.grad_and_value(lambda P: resnetish_whole(P, *b, stats), has_aux=True)(P)
                for s, n in zip(stats, new):
                    s.lerp_(n, 0.1)
            else:
                G, l = torch.func.grad_and_value(lambda P: fn(P, *b))(P)
            rule(w, P, G, S)
            return l
        cf = comp(f)

        def step(i):
            with torch.no_grad():
                return cf(P, S, *get(i))
        return step, float
    for v in P.values():
        v.requires_grad_()
    ps = list(P.values())
    if w in ("mlp_adam", "lstm"):
        opt = torch.optim.Adam(ps, lr=spec.LR[w], fused=True)
    elif w == "gpt":
        opt = torch.optim.AdamW([dict(params=[p for p in ps if p.ndim > 1], weight_decay=.1),
                                 dict(params=[p for p in ps if p.ndim < 2], weight_decay=0.)],
                                lr=spec.LR[w], betas=(.9, .99), fused=True)
    else:
        opt = torch.optim.SGD(ps, lr=spec.LR[w], momentum=.9 if w == "resnetish" else 0., fused=True)
    cfn = comp(fn)

    def step(i):
        l = cfn(P, *get(i))
        opt.zero_grad(set_to_none=True)
        l.backward()
        opt.step()
        return l.detach()
    return step, float


def build_predict(w, comp):
    P = load(w)
    x0 = torch.from_numpy(spec.images()[0][:1].astype(np.float32) / 255)
    if w == "p_logreg":
        f, a = (lambda P, x: F.softmax(F.linear(x, P["W"], P["b"]), 1)), x0
    elif w == "p_mlp":
        f, a = (lambda P, x: F.softmax(F.linear(torch.tanh(F.linear(x, P["W1"], P["b1"])), P["W2"], P["b2"]), 1)), x0
    else:
        f, a = (lambda P, x: F.softmax(lenet_logits(P, x.view(-1, 1, 28, 28)), 1)), x0
    c = comp(f)

    @torch.inference_mode()
    def step(i):
        return c(P, a)
    return step, lambda r: float(r[0, :5].sum())
