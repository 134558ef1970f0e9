"""moons.py -- a compiled model from Python, by ctypes: NumPy's arrays are handed over as they are, nothing is copied

    make libmoons.so && python3 moons.py
"""
import ctypes, os
import numpy as np

lib = ctypes.CDLL(os.path.join(os.path.dirname(os.path.abspath(__file__)), "libmoons.so"))
array = lambda dimensions: np.ctypeslib.ndpointer(np.float32, dimensions, flags="C_CONTIGUOUS")
model, number, out = ctypes.c_void_p, ctypes.c_int64, ctypes.POINTER(ctypes.c_float)
lib.moons_new.restype = model
lib.moons_new.argtypes = [ctypes.POINTER(number)]           # moons_sizes holds one int64_t, n
lib.moons_free.argtypes = [model]
lib.moons_init.argtypes = [model, ctypes.c_uint64]
lib.moons_train.argtypes = [model, number, array(2), array(1), ctypes.c_float, out, out]
lib.moons_classify.argtypes = [model, number, array(2), array(1)]
lib.moons_params.restype = out
lib.moons_params.argtypes = [model, ctypes.POINTER(ctypes.c_size_t)]
lib.moons_status_text.restype = ctypes.c_char_p


def check(status):
    if status:
        raise RuntimeError(lib.moons_status_text(status).decode())


n = 300
rng = np.random.default_rng(1)
turn, y = np.linspace(0, np.pi, n, dtype=np.float32), (np.arange(n) % 2).astype(np.float32)
x = np.stack([np.cos(turn), np.sin(turn)], axis=1)
x[y == 1] = [1, 0.5] - x[y == 1]
x += rng.normal(0, 0.1, x.shape).astype(np.float32)

m = lib.moons_new(ctypes.byref(number(n)))
lib.moons_init(m, 1)
cost, errors = ctypes.c_float(), ctypes.c_float()
for step in range(500):
    check(lib.moons_train(m, n, x, y, 0.02, ctypes.byref(cost), ctypes.byref(errors)))
print("cost %.4f, %.1f %% wrong" % (cost.value, 100 * errors.value))

count = ctypes.c_size_t()
params = np.ctypeslib.as_array(lib.moons_params(m, ctypes.byref(count)), (count.value,))    # the model's own memory
p = np.empty(n, np.float32)
check(lib.moons_classify(m, n, x, p))
assert ((p > 0.5) == (y == 1)).mean() > 0.95
params[:] = 0                                                                              # ... so this is felt there
check(lib.moons_classify(m, n, x, p))
print("%d parameters; with all of them 0, p is %.2f" % (count.value, p[0]))
del params                                                                                 # before its memory goes
lib.moons_free(m)
