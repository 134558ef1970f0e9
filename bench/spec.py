"""spec.py -- the workloads as every peer reads them: shapes, hyper-parameters, initial parameters, data, the order of batches

NumPy only.  The models of bench/models are these workloads, with parameters in this order.
"""
import gzip, os
import numpy as np

DATA = os.environ.get("PEER_DATA", "/usr/share/datasets/fashion-mnist")

TRAIN = ["logreg", "mlp", "mlp_adam", "lenet", "resnetish", "lstm", "gpt", "dA", "rbm", "tiny",
         "elementwise", "softmax_xent"]
PREDICT = ["p_logreg", "p_mlp", "p_lenet"]
# what draws in its step is checked by the mean loss of steps 1 to 100: (mean, relative error allowed); 0: the first peer's.
# rbm: over seeds it is 21 to 40 in NumPy, PyTorch and ours alike
STAT = {"dA": (0, 0.02), "rbm": (30.1, 0.4)}

BATCH = dict(logreg=600, mlp=20, mlp_adam=128, lenet=500, resnetish=64, lstm=32, gpt=12, dA=20, rbm=20)
LR = dict(logreg=0.13, mlp=0.01, lenet=0.1, resnetish=1e-3, dA=0.1, rbm=0.1, tiny=0.1, mlp_adam=1e-3,
          lstm=1e-3, gpt=1e-3)
VOCAB = 65
LSTM_T, LSTM_E, LSTM_H = 64, 64, 128
GPT = dict(n_layer=4, n_head=4, n_embd=128, block=64)
ADAM = dict(b1=0.9, b2=0.999, eps=1e-8)      # mlp_adam, lstm
ADAMW = dict(b1=0.9, b2=0.99, eps=1e-8, wd=0.1)  # gpt; decay on matrices only
ELEM_N = 1_000_000
XENT = (4096, 1000)


def _idx(name, off):
    with gzip.open(os.path.join(DATA, name + ".gz"), "rb") as f:
        return np.frombuffer(f.read(), np.uint8, offset=off)


_cache = {}


def images():
    """of training: uint8 [60000, 784], labels uint8 [60000]"""
    if "images" not in _cache:
        _cache["images"] = (_idx("train-images-idx3-ubyte", 16).reshape(-1, 784).copy(),
                            _idx("train-labels-idx1-ubyte", 8).copy())
    return _cache["images"]


def images32():
    """resnetish data: 1024 float images [1024,3,32,32] and labels"""
    r = np.random.default_rng(5)
    return r.standard_normal((1024, 3, 32, 32), dtype=np.float32), r.integers(0, 10, 1024).astype(np.uint8)


def tokens():
    """a Markov text of 65 symbols, uint8 [200000]"""
    r = np.random.default_rng(6)
    nxt = r.integers(0, VOCAB, (VOCAB, 8)).astype(np.uint8)
    u = r.integers(0, 8, 200000)
    out = np.empty(200000, np.uint8)
    s = 0
    for i in range(200000):
        s = nxt[s, u[i]]
        out[i] = s
    return out


def token_batch(toks, w, i):
    """batch i of workload w: x, y uint8 [B,T], contiguous windows"""
    B, T = BATCH[w], 64
    j = i % (len(toks) // (B * T) - 1)
    s = toks[j * B * T: (j + 1) * B * T + 1]
    return s[:-1].reshape(B, T), s[1:].reshape(B, T)


def token_batches(w):
    """all batches stacked: x, y uint8 [N,B,T]"""
    t = tokens()
    n = len(t) // (BATCH[w] * 64) - 1
    xs, ys = zip(*(token_batch(t, w, i) for i in range(n)))
    return np.stack(xs), np.stack(ys)


def nbatches(w):
    if w == "resnetish":
        return 1024 // 64
    if w in ("lstm", "gpt"):
        return 200000 // (BATCH[w] * 64) - 1
    return 60000 // BATCH[w]


def elem_data():
    r = np.random.default_rng(7)
    return [r.standard_normal(ELEM_N, dtype=np.float32) for _ in range(3)]


def xent_data():
    r = np.random.default_rng(8)
    return 3 * r.standard_normal(XENT, dtype=np.float32), r.integers(0, XENT[1], XENT[0]).astype(np.int32)


def tiny_data():
    return np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32), np.array([0, 1, 1, 1], np.float32)


def data(w):
    """what a C peer binds once: the images and labels, or texts, that its steps take their batches from"""
    if w in ("lstm", "gpt"):
        return token_batches(w)
    if w == "resnetish":
        return images32()
    return images() if w in BATCH else ()


def arrays(w):
    """what a C peer gets in each step: arguments, then room for results"""
    if w == "tiny":
        return list(tiny_data())
    if w == "elementwise":
        return elem_data() + [np.empty(ELEM_N, np.float32) for _ in range(4)]
    if w == "softmax_xent":
        return list(xent_data()) + [np.empty(XENT, np.float32)]
    return [images()[0][0].astype(np.float32) / np.float32(255)] if w in PREDICT else []


def params(w):
    """initial parameters, name -> float32 array; dense weights are [in,out], conv are OIHW"""
    r = np.random.default_rng(1234)

    def uni(b, *s):
        return r.uniform(-b, b, s).astype(np.float32)

    def nrm(sd, *s):
        return (sd * r.standard_normal(s)).astype(np.float32)

    def z(*s):
        return np.zeros(s, np.float32)

    w = w[2:] if w.startswith("p_") else w
    if w == "logreg":
        return dict(W=nrm(.01, 784, 10), b=z(10))
    if w == "mlp":
        return dict(W1=uni((6 / 1284) ** .5, 784, 500), b1=z(500), W2=nrm(.01, 500, 10), b2=z(10))
    if w == "mlp_adam":
        d = [784, 1024, 1024, 10]
        p = {}
        for i in range(3):
            p[f"W{i}"] = uni(d[i] ** -.5, d[i], d[i + 1])
            p[f"b{i}"] = uni(d[i] ** -.5, d[i + 1])
        return p
    if w == "lenet":
        return dict(C1=uni((6 / (25 + 125)) ** .5, 20, 1, 5, 5), c1=z(20),
                    C2=uni((6 / (500 + 312)) ** .5, 50, 20, 5, 5), c2=z(50),
                    W1=uni((6 / 1300) ** .5, 800, 500), b1=z(500), W2=nrm(.01, 500, 10), b2=z(10))
    if w == "resnetish":
        c = [3, 32, 64, 128]
        p = {}
        for i in range(3):
            p[f"C{i}"] = nrm((2 / (9 * c[i])) ** .5, c[i + 1], c[i], 3, 3)
            p[f"g{i}"] = np.ones(c[i + 1], np.float32)
            p[f"s{i}"] = z(c[i + 1])
        p["W"] = uni(2048 ** -.5, 2048, 10)
        p["b"] = z(10)
        return p
    if w == "lstm":
        H, E = LSTM_H, LSTM_E
        k = H ** -.5
        # gate order i f g o; two bias vectors as in torch.nn.LSTM
        return dict(E=nrm(1, VOCAB, E), Wx=uni(k, E, 4 * H), Wh=uni(k, H, 4 * H), bx=uni(k, 4 * H),
                    bh=uni(k, 4 * H), Wo=uni(k, H, VOCAB), bo=uni(k, VOCAB))
    if w == "gpt":
        D, L = GPT["n_embd"], GPT["n_layer"]
        p = dict(wte=nrm(.02, VOCAB, D), wpe=nrm(.02, GPT["block"], D))
        for i in range(L):
            p[f"l{i}g1"] = np.ones(D, np.float32)
            p[f"l{i}Wqkv"] = nrm(.02, D, 3 * D)
            p[f"l{i}Wp"] = nrm(.02 / (2 * L) ** .5, D, D)
            p[f"l{i}g2"] = np.ones(D, np.float32)
            p[f"l{i}W1"] = nrm(.02, D, 4 * D)
            p[f"l{i}W2"] = nrm(.02 / (2 * L) ** .5, 4 * D, D)
        p["gf"] = np.ones(D, np.float32)
        return p
    if w in ("dA", "rbm"):
        b = 4 * (6 / 1284) ** .5
        return dict(W=uni(b, 784, 500), bh=z(500), bv=z(784))
    if w == "tiny":
        return dict(w=np.array([.1, -.2], np.float32), b=z(1))
    return {}
