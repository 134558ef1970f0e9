#!/usr/bin/env python3
"""bench_cuda.py -- times the workloads of spec.py on a GPU: our models, and PyTorch and JAX where this Python has them for it

    bench/bench_cuda.py [--only WORD,WORD] [--out FILE.json] [WORKLOAD ...]

A step of ours is a call of the generated function: it waits for the loss, which is copied to the host; other arrays lie on the
GPU. All compute in float32, without TF32. Otherwise as bench.py.
"""
import concurrent.futures, importlib.util, os, subprocess, sys

import bench, spec, table

PEERS = [("modelc cuda", "peer_modelc", "cuda native 1", 1, None), ("torch eager cuda", "peer_torch_cuda", "eager1", 1, None),
         ("torch.compile step cuda", "peer_torch_cuda", "tcw1", 1, None), ("jax cuda", "peer_jax", "jit2", 2, None)]
PROBES = {"peer_torch_cuda": ("torch", "import torch, sys; sys.exit(not torch.cuda.is_available())"),
          "peer_jax": ("jax", "import jax, sys; sys.exit(jax.default_backend() != 'gpu')")}


def has_gpu(module):
    """this Python's framework sees the GPU"""
    if module not in PROBES:
        return True
    name, probe = PROBES[module]
    return importlib.util.find_spec(name) is not None and not subprocess.run([sys.executable, "-c", probe], stdout=subprocess.PIPE, stderr=subprocess.PIPE).returncode


def text(rows):
    """a line a workload: the median of each in microseconds"""
    who = [p[0] for p in PEERS if any(r["who"] == p[0] for r in rows)]
    median = {(r["workload"], r["who"]): table.number(r["median_us"]) + ("" if r["agrees"] else " differs") for r in rows}
    names = list(dict.fromkeys(r["workload"] for r in rows))
    return table.markdown(["workload"] + who, [[w] + [median.get((w, p), "-") for p in who] for w in names])


def main():
    options = bench.arguments(__doc__, "bench_cuda.json").parse_args()
    if subprocess.run(["sh", "-c", "nvidia-smi -L"], stdout=subprocess.PIPE, stderr=subprocess.PIPE).returncode:
        sys.exit("bench_cuda: there is no GPU: nvidia-smi finds none")
    os.environ.update(JAX_DEFAULT_MATMUL_PRECISION="highest", XLA_PYTHON_CLIENT_PREALLOCATE="false")
    os.makedirs(bench.BUILD, exist_ok=True)
    wanted = bench.chosen(PEERS, options.only)
    lacking = {m for m in {p.module for p in wanted} if not has_gpu(m)}
    peers = [p for p in wanted if p.module not in lacking]
    for module in sorted(lacking):
        print("bench_cuda: this Python has no %s that sees a GPU" % PROBES[module][0], file=sys.stderr)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda w: bench.prepare(w, peers), options.workloads or spec.TRAIN + spec.PREDICT))
    bench.time_all("bench_cuda", options, peers, False, text)


if __name__ == "__main__":
    main()
