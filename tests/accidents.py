"""accidents.py -- what happens to a training: kill -9, Ctrl-C, a full disk, a folder that cannot be written, a file cut while it is read

After each the last good state loads, nothing half-written is there, and a resumed run ends with the same bits as one that was never
stopped.  `python3 tests/accidents.py 200` kills 200 times (make kills N=200).
"""
import os, random, resource, shutil, signal, struct, subprocess, sys, tempfile, threading, time, zipfile

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import run
import harness, training
from run import ROOT, Skip

ARGS = ["--data", training.DATA, "--epochs", "12", "--save-every", "0"]
KILLS = 10
_lock, _built = threading.Lock(), []


def tests(options):
    yield "kill -9", lambda: kill(KILLS)
    yield "Ctrl-C and SIGTERM", interrupt
    yield "full disk", full_disk
    yield "a folder that cannot be written", read_only
    yield "a write that is cut short", short_write
    yield "a data file that is cut while it is read", cut_data


def memory_folder():
    """a folder of its own, in memory where there is such: its fsync costs nothing"""
    return tempfile.TemporaryDirectory(prefix="modelc-accidents-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)


def program():
    """the program, built once; and what a training that nothing happens to leaves"""
    with _lock:
        if not _built:
            folder = tempfile.TemporaryDirectory(prefix="modelc-accidents-")
            exe = training.build(folder.name)
            whole = os.path.join(folder.name, "whole")
            began = time.time()
            assert train(exe, whole).wait(120) == 0
            _built.append((folder, exe, result(whole), time.time() - began))
        return _built[0][1:]


def train(exe, out, *more, **kw):
    env = dict(os.environ, OMP_NUM_THREADS="1")
    return subprocess.Popen([exe, "train", "--out", out, *ARGS, *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env, **kw)


def state(path):
    """the arrays of a state, every checksum verified; but for the time spent"""
    z = zipfile.ZipFile(path)
    assert z.testzip() is None, path
    names = z.namelist()
    assert {"W.npy", "b.npy", "@random.npy", "@progress.npy"} <= set(names), names
    return {n: z.read(n) for n in names if n != "@time.npy"}


def result(out):
    return {f: open(os.path.join(out, f), "rb").read() if f == "history.csv" else state(os.path.join(out, f)) for f in ("best.npz", "last.npz", "history.csv")}


def same(out, whole, what):
    got = result(out)
    for f in whole:
        assert got[f] == whole[f], "%s: %s is not what an undisturbed training leaves" % (what, f)
    assert not [f for f in os.listdir(out) if f.startswith(".")], os.listdir(out)


def good_states(out, exe):
    """what there is loads; last.npz, if it is there at all, is where a training can go on"""
    for f in ("best.npz", "last.npz"):
        if os.path.exists(os.path.join(out, f)):
            state(os.path.join(out, f))
    if os.path.exists(os.path.join(out, "best.npz")):
        training.program(exe, "predict", "--data", training.DATA, "--out", out)


def go_on(exe, out, *more, **kw):
    return train(exe, out, *(["--resume"] if os.path.exists(os.path.join(out, "last.npz")) else []), *more, **kw)


def finish(exe, out, whole, what):
    p = go_on(exe, out)
    text = p.communicate(timeout=120)[0]
    assert p.returncode == 0, "%s: %s" % (what, text)
    same(out, whole, what)


def kill(times):
    """each training is killed about eight times: in its steps, in what is written at their end, and while it begins"""
    exe, whole, seconds = program()
    seed = random.randrange(1 << 30)
    rng, killed, finished, mid_write, in_steps, steps_in_all = random.Random(seed), 0, 0, 0, 0, total(whole["last.npz"])
    with memory_folder() as d:
        out, tries, before = os.path.join(d, "o"), 0, 0
        began = time.time()
        p = train(exe, os.path.join(d, "time"))
        p.communicate()
        seconds = time.time() - began
        while killed < times:
            tries += 1
            assert tries < 20 * times + 100, "%d runs, only %d were killed in time" % (tries, killed)
            p = go_on(exe, out)
            time.sleep(rng.uniform(0, seconds if before == steps_in_all else seconds / 4))
            p.kill()
            p.communicate()
            if p.returncode == 0:  # it was over before
                same(out, whole, "after %d kills, seed %d" % (killed, seed))
                finished += 1
                before = 0
                shutil.rmtree(out)
                continue
            assert p.returncode == -signal.SIGKILL, p.returncode
            killed += 1
            mid_write += any(f.startswith(".writing") for f in (os.listdir(out) if os.path.exists(out) else []))
            good_states(out, exe)
            last = os.path.join(out, "last.npz")
            steps = total(state(last)) if os.path.exists(last) else 0
            assert steps >= before, "after %d kills, seed %d: step %d, and %d before" % (killed, seed, steps, before)
            in_steps += before < steps < steps_in_all
            before = steps
        finish(exe, out, whole, "after %d kills, seed %d" % (killed, seed))
    assert times < 50 or in_steps > times // 5, "of %d kills only %d in the steps of a training" % (killed, in_steps)
    return "%d kills, %d of them between two steps that had not been there before, %d in the middle of a file, %d trainings ended" % (killed, in_steps, mid_write, finished + 1)


def total(state):
    """the steps that are done: the fourth number of @progress, behind a header of .npy"""
    raw = state["@progress.npy"]
    return int(struct.unpack_from("<d", raw, 10 + struct.unpack_from("<H", raw, 8)[0] + 3 * 8)[0])


def interrupt():
    exe, whole, _ = program()
    for number in (signal.SIGINT, signal.SIGTERM):
        with memory_folder() as d:
            out, stopped = os.path.join(d, "o"), 0
            for _ in range(3):
                p = go_on(exe, out, "--save-every", "1000")
                while not any("epoch" in l for l in iter(p.stdout.readline, "")):  # it has begun
                    assert p.poll() is None
                p.send_signal(number)
                text = p.communicate(timeout=60)[0]
                assert p.returncode in (0, 130), "exit %d: %s" % (p.returncode, text)
                if p.returncode == 0:
                    break
                stopped += 1
                assert "train --resume --out %s goes on from there" % out in text, text
                good_states(out, exe)
            assert stopped, "signal %d stopped nothing" % number
            finish(exe, out, whole, "signal %d" % number)


def mount(folder, options):
    if os.geteuid() != 0:
        raise Skip("only root can mount a small disk")
    p = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if p.returncode:
        raise Skip("no small disk can be mounted here: " + p.stdout.strip())


def fails(p, text):
    out = p.communicate(timeout=120)[0]
    assert p.returncode == 1, "exit %d: %s" % (p.returncode, out)
    last = out.strip().splitlines()[-1]
    assert text in last and last.startswith("logistic_regression: cannot write ") and out.count("cannot write") == 1, out
    return out


def full_disk():
    """the disk fills up while it trains; then there is room again"""
    exe, whole, _ = program()
    with tempfile.TemporaryDirectory() as d:
        mount(d, "size=160k")
        try:
            out, ballast = os.path.join(d, "o"), os.path.join(d, "ballast")
            p = go_on(exe, out)
            while not os.path.exists(os.path.join(out, "last.npz")):
                assert p.poll() is None, p.communicate()[0]
                time.sleep(0.001)
            p.send_signal(signal.SIGSTOP)
            fd = os.open(ballast, os.O_WRONLY | os.O_CREAT)
            try:
                while os.write(fd, b"x" * 4096):
                    pass
            except OSError:
                os.close(fd)
            p.send_signal(signal.SIGCONT)
            fails(p, "No space left on device")
            good_states(out, exe)
            assert not [f for f in os.listdir(out) if f.startswith(".")], os.listdir(out)
            fails(go_on(exe, out), "No space left on device")
            good_states(out, exe)
            os.remove(ballast)
        finally:
            where = tempfile.mkdtemp()
            shutil.copytree(d, where + "/o", dirs_exist_ok=True)
            subprocess.run(["umount", d], check=True)
        try:
            finish(exe, where + "/o/o", whole, "after a full disk")
        finally:
            shutil.rmtree(where)


def read_only():
    exe, whole, _ = program()
    with tempfile.TemporaryDirectory() as d:
        out = os.path.join(d, "o")
        p = go_on(exe, out)
        while not os.path.exists(os.path.join(out, "last.npz")):
            assert p.poll() is None
            time.sleep(0.001)
        p.kill()
        p.communicate()
        if os.geteuid() == 0:  # whom no permissions stop
            inner = os.path.join(d, "inner")
            os.rename(out, inner)
            os.mkdir(out)
            mount(out, "size=1m")
            shutil.copytree(inner, out, dirs_exist_ok=True)
            subprocess.run(["mount", "-o", "remount,ro", out], check=True)
            expected = "Read-only file system"
        else:
            os.chmod(out, 0o555)
            inner, expected = out, "Permission denied"
        try:
            before = {f: open(os.path.join(out, f), "rb").read() for f in os.listdir(out)}
            fails(go_on(exe, out), expected)
            p = train(exe, os.path.join(out, "new"))
            assert "cannot make the folder" in p.communicate()[0] and p.returncode == 1
            assert before == {f: open(os.path.join(out, f), "rb").read() for f in os.listdir(out)}
            good_states(out, exe)
        finally:
            if inner != out:
                subprocess.run(["umount", out], check=True)
            os.chmod(out, 0o755)
        finish(exe, inner, whole, "after a read-only folder")


def short_write():
    """a limit on the size of files: a write is done in part, the next one fails; or the signal ends the program"""
    exe, whole, _ = program()
    for ignored in (True, False):
        with memory_folder() as d:
            out = os.path.join(d, "o")
            p = go_on(exe, out)
            while not os.path.exists(os.path.join(out, "last.npz")):
                assert p.poll() is None
                time.sleep(0.001)
            p.kill()
            p.communicate()
            before = state(os.path.join(out, "last.npz"))

            def limit():
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN if ignored else signal.SIG_DFL)
                resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

            p = go_on(exe, out, preexec_fn=limit)
            if ignored:
                fails(p, "File too large")
                assert not [f for f in os.listdir(out) if f.startswith(".")], os.listdir(out)
            else:
                p.communicate()
                assert p.returncode == -signal.SIGXFSZ, p.returncode
                assert [os.path.getsize(os.path.join(out, f)) for f in os.listdir(out) if f.startswith(".")] == [20000], os.listdir(out)
            assert state(os.path.join(out, "last.npz")) == before
            good_states(out, exe)
            finish(exe, out, whole, "after a short write")


def cut_data():
    """a writer ends, or a file becomes shorter, while the program reads"""
    exe, _, _ = program()
    name = "train-images-idx3-ubyte.gz"
    raw = open(os.path.join(training.DATA, name), "rb").read()
    for keep in (0, 1, 1000, len(raw) - 1):
        with memory_folder() as d:
            data = os.path.join(d, "data")
            shutil.copytree(training.DATA, data)
            os.remove(os.path.join(data, name))
            os.mkfifo(os.path.join(data, name))
            env = dict(os.environ, OMP_NUM_THREADS="1")
            p = subprocess.Popen([exe, "train", "--data", data, "--out", d + "/o", "--epochs", "1"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
            with open(os.path.join(data, name), "wb") as f:
                f.write(raw[:keep])
            out = p.communicate(timeout=60)[0]
            assert p.returncode == 1 and name in out and len(out.splitlines()) == 1, "%d bytes: exit %d: %s" % (keep, p.returncode, out)
            assert not os.path.exists(d + "/o"), "%d bytes: %s" % (keep, os.listdir(d + "/o"))


if __name__ == "__main__":
    print(kill(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
