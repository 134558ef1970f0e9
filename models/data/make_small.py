#!/usr/bin/env python3
"""Cuts the first 2,000 training and 500 test images of Fashion-MNIST into small IDX files beside this script.

usage: make_small.py [FOLDER]     FOLDER: that of the whole set (Debian: dataset-fashion-mnist)

The files are the same, byte for byte, wherever zlib is.
"""

import gzip
import io
import os
import struct
import sys

COUNTS = {"train": 2000, "t10k": 500}


def cut(data, count):
    """The first rows of an IDX file."""
    rank = data[3]
    sizes = struct.unpack(">%dI" % rank, data[4 : 4 + 4 * rank])
    row = 1
    for size in sizes[1:]:
        row *= size
    header = data[:4] + struct.pack(">%dI" % rank, count, *sizes[1:])
    begin = 4 + 4 * rank
    return header + data[begin : begin + count * row]


def main():
    source = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/datasets/fashion-mnist"
    here = os.path.dirname(os.path.abspath(__file__))
    for part, count in COUNTS.items():
        for kind in ("images-idx3", "labels-idx1"):
            name = "%s-%s-ubyte.gz" % (part, kind)
            with gzip.open(os.path.join(source, name)) as f:
                small = cut(f.read(), count)
            packed = io.BytesIO()
            with gzip.GzipFile("", "wb", 9, packed, mtime=0) as f:
                f.write(small)
            with open(os.path.join(here, name), "wb") as f:
                f.write(packed.getvalue())


main()
