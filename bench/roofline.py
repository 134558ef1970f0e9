"""roofline.py -- a lower bound of each workload's time, from the limits of the machine

compute: FLOPs / peak of two threads + transcendental functions / their best rate; memory: bytes / bandwidth of the level they
live in. The bound is the larger. No packing, no synchronisation, no edges.
"""


def model(L):
    """L: what limits.measure() or best() give -> {workload: dict(mflop, compute_us, memory_us, limit_us, bound, why)}"""
    peak = L["fma"]
    memory, l3, l2 = (L["read", s, 2] for s in ("memory", "l3", "l2"))
    streamed = L["copy", "memory", 2]
    ex, sg = 2 * L["exp"], 2 * L["sigmoid"]
    th = sg  # tanh costs what sigmoid does
    M = 1e6
    W = {}

    def add(w, mflop, bytes_, why, trans=0.0):
        """trans: microseconds of transcendental work on two threads"""
        c = mflop * 1e3 / peak + trans
        m = sum(b / g * 1e-3 for b, g in bytes_)
        W[w] = dict(mflop=mflop, compute_us=c, memory_us=m, limit_us=max(c, m), bound="compute" if c >= m else "memory", why=why)

    mlpW = 784 * 500
    add("logreg", 4 * 600 * 7840 / M, [(470400, memory), (3 * 31360, l2)], "2 gemms 600x784x10; images stream from DRAM as bytes",
        6000 / ex * 1e-3)
    add("mlp", (4 * 20 * mlpW + 6 * 20 * 5000) / M, [(3 * 4 * mlpW, l2), (15680, memory)],
        "W1 (1.57 MB) stays in the two L2s: read, read, write", 10000 / th * 1e-3)
    n3 = 784 * 1024 + 1024 * 1024 + 10240
    add("mlp_adam", (4 * 128 * n3 + 2 * 128 * (n3 - 784 * 1024)) / M, [(8 * 4 * n3, l3)],
        "p, m, v = 22 MB in L3: 8 streams of 7.4 MB")
    lf = (2 * 288000 * 500 / M, 2 * 32000 * 25000 / M, 2 * 500 * 800 * 500 / M, 2 * 500 * 5000 / M)
    add("lenet", 2 * lf[0] + 3 * (lf[1] + lf[2] + lf[3]), [(3 * 4 * 500 * 4180, l3), (392000, memory)],
        "dense flops; the gradient below a max-pool is 3/4 zeros, not counted as a saving", 500 * 4180 / th * 1e-3)
    rf = [2 * 64 * 32 * 1024 * 27 / M, 2 * 64 * 64 * 256 * 288 / M, 2 * 64 * 128 * 64 * 576 / M, 2 * 64 * 20480 / M]
    add("resnetish", 2 * rf[0] + 3 * sum(rf[1:]), [(6 * 4 * 64 * (32 * 1024 + 64 * 256 + 128 * 64), l3)],
        "6 passes over 14.7 MB of activations in L3")
    m = 32 * 64
    add("lstm", 6 * m * (64 * 512 + 128 * 512 + 128 * 65) / M, [(2 * 64 * 4 * 128 * 512, l2)],
        "Wh re-read from L2 each of 2x64 time steps", (m * 128 * 3 / sg + m * 128 * 2 / th + m * 65 / ex) * 1e-3)
    g = 768 * (4 * 196608 + 8320)
    att = 4 * 48 * 2 * 64 * 64 * 32
    add("gpt", (6 * g + 3 * att) / M, [(8 * 4 * 803072, l3), (3 * 4 * 4 * 768 * 128 * 16, l3)],
        "matmuls 768 rows; causal half of attention counted", (768 * 512 * 4 * 3 + 4 * 48 * 64 * 32) / ex * 1e-3)
    add("dA", 10 * 20 * mlpW / M, [(5 * 4 * mlpW, l2)], "5 gemms with W in L2", (20 * 500 / sg + 20 * 784 * 2 / sg) * 1e-3)
    add("rbm", (30 + 4) * 2 * 20 * mlpW / M, [(35 * 4 * mlpW, l2)], "34 gemms with W in L2; cost of the draws not counted",
        15 * 20 * 1284 / sg * 1e-3)
    add("tiny", 1e-4, [], "latency of one exp+log chain, about 30 ns", 0.03)
    add("elementwise", 25, [(28 * M, l3)], "3 streams in, 4 out, 28 MB, L3-resident at best; sigmoid + tanh + exp",
        1e6 * (1 / sg + 1 / th + 1 / ex) * 1e-3)
    add("softmax_xent", 6 * 4.096, [(32.8 * M, streamed)], "read and write 16.4 MB (streamed); one exp each", 4.096e6 / ex * 1e-3)
    l2one = L["read", "l2", 1]
    add("p_logreg", 0.01568, [(31360, l2one)], "W from L2, one thread")
    add("p_mlp", 0.794, [(4 * (mlpW + 5000), l2)], "W1 from the two L2s")
    add("p_lenet", (2 * 576 * 500 + 2 * 64 * 25000 + 2 * 405000) / M, [(4 * 430500, l2)], "weights from L2", 4180 / th * 1e-3)
    return W
