#!/usr/bin/env python3
"""Initial values of mlp.model and lenet.model by a formula, as a state that the programs read.

usage: initial.py mlp|lenet FILE.npz

Every variable, in the order below, takes the next numbers of one sequence: number k = 0, 1, .. is hashed to 32 bits, of
which the upper 24 are u in [0, 1); the value is float32(bound * (2 u - 1)). Nothing but the standard library is needed.
"""
import array, math, struct, sys, zipfile


def glorot(fan_in, fan_out):
    return math.sqrt(6 / (fan_in + fan_out))


# name, sizes, bound: also of what the models themselves begin with zeros, so that every gradient counts from the first step on
VARIABLES = {
    "mlp": [
        ("hidden.W", (784, 500), glorot(784, 500)), ("hidden.b", (500,), 0.1),
        ("output.W", (500, 10), glorot(500, 10)), ("output.b", (10,), 0.1),
    ],
    "lenet": [
        ("c0.W", (20, 1, 5, 5), glorot(25, 20 * 25 / 4)), ("c0.b", (20,), 0.1),
        ("c1.W", (50, 20, 5, 5), glorot(500, 50 * 25 / 4)), ("c1.b", (50,), 0.1),
        ("hidden.W", (800, 500), glorot(800, 500)), ("hidden.b", (500,), 0.1),
        ("output.W", (500, 10), glorot(500, 10)), ("output.b", (10,), 0.1),
    ],
}


def uniform(k):
    """k hashed to [0, 1): a multiple of 2^-24 (the mixing of MurmurHash3's end)"""
    x = (k + 1) * 0x9E3779B1 & 0xFFFFFFFF
    x = (x ^ x >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    x = (x ^ x >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return ((x ^ x >> 16) >> 8) * 2.0 ** -24


def values(model):
    """yields (name, sizes, float32 array)"""
    k = 0
    for name, sizes, bound in VARIABLES[model]:
        n = math.prod(sizes)
        yield name, sizes, array.array("f", (bound * (2 * uniform(i) - 1) for i in range(k, k + n)))
        k += n


def npy(sizes, data):
    """the bytes of a .npy file of float32 or uint64"""
    if sys.byteorder == "big":
        data = array.array(data.typecode, data)
        data.byteswap()
    head = "{'descr': '<" + {"f": "f4", "Q": "u8"}[data.typecode] + "', 'fortran_order': False, 'shape': (%s), }" % "".join("%d, " % n for n in sizes)
    head += " " * (-(10 + len(head) + 1) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data.tobytes()


def write(model, path):
    with zipfile.ZipFile(path, "w") as z:
        for name, sizes, data in values(model):
            z.writestr(name + ".npy", npy(sizes, data))
        z.writestr("@random.npy", npy((2,), array.array("Q", [1, 0])))  # seed, calls that drew


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in VARIABLES:
        sys.exit(__doc__)
    write(sys.argv[1], sys.argv[2])
