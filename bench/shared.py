"""shared.py -- shared objects, compiled once for the same command and sources"""
import hashlib, os, subprocess

BUILD = os.environ["PEER_BUILD"]


def compiled(name, command, sources, libraries=("-lm",), others=()):
    """the path of the library; others: files that the sources include"""
    command = command + ["-shared", *([] if command[0] == "nvcc" else ["-fPIC"]), *sources, *libraries]
    digest = hashlib.sha256(repr(command).encode())
    for path in [*sources, *others]:
        if os.path.exists(path):  # not -x LANGUAGE
            with open(path, "rb") as f:
                digest.update(f.read())
    path = os.path.join(BUILD, "%s-%s.so" % (name, digest.hexdigest()[:16]))
    if not os.path.exists(path):
        subprocess.check_call(command + ["-o", path + ".new"])
        os.replace(path + ".new", path)
    return path
