#!/usr/bin/env python3
"""mlp.model and lenet.model once more, in NumPy alone: the same procedure, gradients by hand.

usage: networks.py losses                                          -> losses.csv
       networks.py train MODEL --epochs N --seeds A,B,.. [--small]  -> rows of errors.csv

losses: ten steps in float64 from the values of initial.py, on the first images of the training set.
train:  in float32 from random values, as models/MODEL.model draws them (from another generator); a row for each epoch with the
        errors at its end. --small: 1,500 + 500 + 500 images of models/data in minibatches of 50, as `make train` without the whole set.

options: --data FOLDER (that of Fashion-MNIST)
"""
import argparse, gzip, os, struct, sys, tempfile
import numpy as np
import initial

HERE = os.path.dirname(os.path.abspath(__file__))
SMALL = os.path.join(HERE, "..", "data")


def idx(path):
    with gzip.open(path) as f:
        raw = f.read()
    rank = raw[3]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(struct.unpack(">%dI" % rank, raw[4:4 + 4 * rank]))


def load(folder, n_fit, dtype):
    """three pairs (x, label): fit, validation, test"""
    def pair(part):
        x = idx(os.path.join(folder, part + "-images-idx3-ubyte.gz")).reshape(-1, 784)
        return x.astype(dtype) / dtype(255), idx(os.path.join(folder, part + "-labels-idx1-ubyte.gz")).astype(np.int64)
    (x, y), test = pair("train"), pair("t10k")
    return (x[:n_fit], y[:n_fit]), (x[n_fit:], y[n_fit:]), test


def nll_and_gradient(logits, label):
    """the mean of -log softmax at the labels, and its gradient to the logits"""
    rows = np.arange(len(label))
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    d = np.exp(shifted - log_sum[:, None])
    d[rows, label] -= 1
    return (log_sum - shifted[rows, label]).mean(), d / d.dtype.type(len(label))


class Mlp:
    """784 -> 500 tanh -> 10; nll + 1e-4 * the squares of both matrices; learning rate 0.01, minibatches of 20"""
    name, batch, learning_rate, l2 = "mlp", 20, 0.01, 1e-4

    @staticmethod
    def draw(rng):
        r = initial.glorot(784, 500)
        return {"hidden.W": rng.uniform(-r, r, (784, 500)), "hidden.b": np.zeros(500), "output.W": np.zeros((500, 10)), "output.b": np.zeros(10)}

    @staticmethod
    def forward(p, x):
        h = np.tanh(x @ p["hidden.W"] + p["hidden.b"])
        return h, h @ p["output.W"] + p["output.b"]

    @classmethod
    def step(cls, p, x, label):
        h, logits = cls.forward(p, x)
        nll, d = nll_and_gradient(logits, label)
        t = h.dtype.type(2 * cls.l2)
        da = d @ p["output.W"].T * (1 - h * h)
        return nll, {"output.W": h.T @ d + t * p["output.W"], "output.b": d.sum(axis=0),
                     "hidden.W": x.T @ da + t * p["hidden.W"], "hidden.b": da.sum(axis=0)}


def columns(x, k):
    """[b, c, h, w] -> [b * oh * ow, c * k * k]: the window of each output pixel as a row"""
    w = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3)).transpose(0, 2, 3, 1, 4, 5)
    return w.reshape(w.shape[0] * w.shape[1] * w.shape[2], -1)


class ConvPool:
    """tanh of the largest of each 2 x 2 of a valid correlation, plus a bias a map"""
    def __init__(self, x, W, b):
        o, c, k, _ = W.shape
        n, side = len(x), x.shape[2] - k + 1
        self.x_shape, self.W, self.cols = x.shape, W, columns(x, k)
        y = (self.cols @ W.reshape(o, -1).T).reshape(n, side // 2, 2, side // 2, 2, o)
        four = y.transpose(0, 1, 3, 5, 2, 4).reshape(n, side // 2, side // 2, o, 4)
        self.largest = four.argmax(axis=4)[..., None]
        self.out = np.tanh(np.take_along_axis(four, self.largest, 4)[..., 0].transpose(0, 3, 1, 2) + b[:, None, None])

    def backward(self, d, to_x):
        """d: to the output -> gradients to W, b and, if asked for, x"""
        o, c, k, _ = self.W.shape
        n, _, half, _ = d.shape
        da = d * (1 - self.out * self.out)
        four = np.zeros((n, half, half, o, 4), d.dtype)
        np.put_along_axis(four, self.largest, da.transpose(0, 2, 3, 1)[..., None], 4)
        dy = four.reshape(n, half, half, o, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(n * 4 * half * half, o)
        dW = (dy.T @ self.cols).reshape(self.W.shape)
        dx = None
        if to_x:
            dcols = (dy @ self.W.reshape(o, -1)).reshape(n, 2 * half, 2 * half, c, k, k)
            dx = np.zeros(self.x_shape, d.dtype)
            for i in range(k):
                for j in range(k):
                    dx[:, :, i:i + 2 * half, j:j + 2 * half] += dcols[..., i, j].transpose(0, 3, 1, 2)
        return dW, da.sum(axis=(0, 2, 3)), dx


class Lenet:
    """conv 20@5x5, pool 2, tanh; conv 50@5x5, pool 2, tanh; 800 -> 500 tanh -> 10; learning rate 0.1, minibatches of 500"""
    name, batch, learning_rate = "lenet", 500, 0.1

    @staticmethod
    def draw(rng):
        p = {}
        for name, sizes, bound in initial.VARIABLES["lenet"]:
            zero = name.endswith(".b") or name == "output.W"
            p[name] = np.zeros(sizes) if zero else rng.uniform(-bound, bound, sizes)
        return p

    @staticmethod
    def layers(p, x):
        c0 = ConvPool(x.reshape(-1, 1, 28, 28), p["c0.W"], p["c0.b"])
        c1 = ConvPool(c0.out, p["c1.W"], p["c1.b"])
        h = np.tanh(c1.out.reshape(len(x), 800) @ p["hidden.W"] + p["hidden.b"])
        return c0, c1, h, h @ p["output.W"] + p["output.b"]

    @classmethod
    def forward(cls, p, x):
        return cls.layers(p, x)[2:]

    @classmethod
    def step(cls, p, x, label):
        c0, c1, h, logits = cls.layers(p, x)
        nll, d = nll_and_gradient(logits, label)
        da = d @ p["output.W"].T * (1 - h * h)
        g = {"output.W": h.T @ d, "output.b": d.sum(axis=0), "hidden.W": c1.out.reshape(len(x), 800).T @ da, "hidden.b": da.sum(axis=0)}
        g["c1.W"], g["c1.b"], dc0 = c1.backward((da @ p["hidden.W"].T).reshape(c1.out.shape), True)
        g["c0.W"], g["c0.b"], _ = c0.backward(dc0, False)
        return nll, g


NETWORKS = {"mlp": Mlp, "lenet": Lenet}


def update(p, g, learning_rate):
    for name in p:
        p[name] -= p[name].dtype.type(learning_rate) * g[name]


def losses(data):
    """ten steps of each network with the model's minibatches, and of lenet with those of the small set"""
    print("model,batch,step,nll")
    for name, batch in (("mlp", 20), ("lenet", 50), ("lenet", 500)):
        net = NETWORKS[name]
        with tempfile.TemporaryDirectory() as d:
            initial.write(name, d + "/state.npz")
            with np.load(d + "/state.npz") as z:
                p = {k: z[k].astype(np.float64) for k, _, _ in initial.VARIABLES[name]}
        (x, y), _, _ = load(data, 10 * batch, np.float64)
        for i in range(10):
            rows = slice(i * batch, (i + 1) * batch)
            nll, g = net.step(p, x[rows], y[rows])
            update(p, g, net.learning_rate)
            print("%s,%d,%d,%.9f" % (name, batch, i + 1, nll), flush=True)


def wrong(net, p, x, y):
    return sum(int((net.forward(p, x[i:i + 500])[1].argmax(axis=1) != y[i:i + 500]).sum()) for i in range(0, len(x), 500))


def train(net, data, small, seed, epochs):
    batch, n_fit = (50, 1500) if small else (net.batch, 50000)
    fit, valid, test = load(SMALL if small else data, n_fit, np.float32)
    p = {k: v.astype(np.float32) for k, v in net.draw(np.random.default_rng(seed)).items()}
    for epoch in range(1, epochs + 1):
        total = 0
        for i in range(0, n_fit - batch + 1, batch):
            nll, g = net.step(p, fit[0][i:i + batch], fit[1][i:i + batch])
            update(p, g, net.learning_rate)
            total += nll
        print("%s,%s,%d,%d,%.5f,%d,%d,%d,%d" % (net.name, "small" if small else "full", seed, epoch, total / (n_fit // batch),
              wrong(net, p, *valid), len(valid[0]), wrong(net, p, *test), len(test[0])), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["losses", "train"])
    parser.add_argument("model", nargs="?", choices=list(NETWORKS))
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    o = parser.parse_args()
    if o.what == "losses":
        return losses(o.data)
    if not o.model:
        parser.error("train needs a model")
    for seed in o.seeds.split(","):
        train(NETWORKS[o.model], o.data, o.small, int(seed), o.epochs)


if __name__ == "__main__":
    sys.exit(main())
