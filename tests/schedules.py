"""schedules.py -- each rule by which a kernel's loops are chosen, seen in the C that comes out: that it fires, and that it does not where
it would gain nothing.  That values stay is for the suites values, random_programs and bits."""
import os, re, tempfile
import harness

# of enough images that a lane is an image
IMAGES = """
model m
symbol x : floatX[32, 2, 12, 12]
param A : floatX[11, 2, 3, 3] = zeros
param B : floatX[6, 11, 3, 3] = zeros
let h = tanh(nn.max_pool(nn.conv(x, A), [2, 2]))
let c = sum(nn.conv(h, B) ** 2)
"""

FEW_COLUMNS = """
model m
symbol x : floatX[600, 400]
param W : floatX[400, 10] = zeros
loss c = sum((x @ W) ** 2)
function f(x) -> c { optim.sgd(c, 0.1) }"""

# name: the model, what the C has, what it has not; blanks stand for any white space
RULES = {
    "columns of little state are a thread's": ("""
model m
symbol x : floatX[20, 784]
symbol d : floatX[20, 500]
param W : floatX[784, 500] = zeros
function f(x, d) { W <- W - transpose(x, [1, 0]) @ d }""",
        [r"for \(int64_t tj = 0; tj < 16; tj\+\+\) for \(int64_t ti = 0;"], [r"for \(int64_t ti = 0; ti < \d+; ti\+\+\) for \(int64_t tj"]),
    "of much state the rows": ("""
model m
symbol x : floatX[20, 2000]
symbol d : floatX[20, 1500]
param W : floatX[2000, 1500] = zeros
function f(x, d) { W <- W - transpose(x, [1, 0]) @ d }""",
        [r"for \(int64_t ti = 0; ti < \d+; ti\+\+\) for \(int64_t tj"], []),
    "the sum of a matrix by rows": ("""
model m
param W : floatX[784, 100] = zeros
function f() -> s = sum(W ** 2)""",
        [r"for \(int64_t i = t \* 50; i < mc_min_i64\(t \* 50 \+ 50, 784\); i\+\+\)"], [r"f_s_j\("]),
    "the sum of a matrix beside the product that reads it": ("""
model m
symbol x : floatX[20, 784]
param W : floatX[784, 500] = zeros
let s = sum(W ** 2)
function f(x) -> c = s + sum(tanh(x @ W))""",
        [r"columns\[v\] = mc_fma_f32x16\(W1, W1, columns\[v\]\);", r"mc_store_f32x16\(&s_columns\[", r"lane\[l\] \+= s_columns\["],
        [r"\bs_parts", r"f_s\("]),
    "of one that comes after the product, too": ("""
model m
symbol x : floatX[20, 90]
param W : floatX[90, 80] = zeros
let s = sum(abs(W))
function f(x) -> c = sum(tanh(x @ W)) + s""",
        [r"mc_store_f32x16\(&s_columns\["], [r"\bs_parts", r"f_s\("]),
    "not beside a product of what is made of it": ("""
model m
symbol x : floatX[20, 90]
param W : floatX[90, 80] = zeros
function f(x) -> h = tanh(x * sum(W ** 2)) @ W""",
        [r"sum_parts\["], [r"sum_columns"]),
    "nor where what follows on the product waits for it": ("""
model m
symbol x : floatX[20, 90]
param W : floatX[90, 80] = zeros
let s = sum(W ** 2)
function f(x) -> h = s * (x @ W)""",
        [r"\bs_parts\["], [r"s_columns", r"product\["]),
    "nor of what its own kernel makes": ("""
model m
symbol x : floatX[20, 90]
param W : floatX[90, 80] = zeros
let made = tanh(W)
let s = sum(made ** 2)
function f(x) -> c = s + sum(tanh(x @ made))""",
        [r"\bs_parts\["], [r"s_columns"]),
    "nor of another matrix": ("""
model m
symbol x : floatX[20, 90]
param W : floatX[90, 80] = zeros
param V : floatX[90, 80] = zeros
let s = sum(V ** 2)
let t = sum(W * V)
function f(x) -> c = sum(tanh(x @ W)) + s + t""",
        [r"\bs_parts\[", r"\bt_parts\["], [r"\b[st]_columns"]),
    "nor where one may be wanted without the other": ("""
model m
symbol x : floatX[20, 90]
param W : floatX[90, 80] = zeros
function f(x) -> h = x @ W, s = sum(W ** 2)""",
        [r"s_parts\["], [r"s_columns"]),
    "nor where threads share out the rows of the product": ("""
model m
symbol x : floatX[500, 90]
param W : floatX[90, 80] = zeros
function f(x) -> c = sum(tanh(x @ W)) + sum(W ** 2)""",
        [r"sum_\w*parts\["], [r"sum_\w*columns"]),
    "even blocks of rows": ("""
model m
symbol x : floatX[600, 30]
function f(x) -> s = sum(exp(x))""",
        [r"for \(int64_t t = 0; t < 12; t\+\+\)", r"i < t \* 50 \+ 50;"], []),
    "the parts of a product are added up where they are used": ("""
model m
symbol x : floatX[1, 784]
param W : floatX[784, 500] = zeros
function f(x) -> y = tanh(x @ W)""",
        [r"0\.0f \+ product\[j\] \+ product\[500 \+ j\]|0\.0f \+ product\[i \* 500 \+ j\] \+ product\[\(1 \+ i\) \* 500 \+ j\]"], [r"sum\[500\]"]),
    "many rows are not": ("""
model m
symbol x : floatX[9, 500]
function f(x) -> y = tanh(sum(x, axis=0))""",
        [r"for \(int64_t v = 0; v < 9; v\+\+\)"], []),
    "few rows in two blocks": (FEW_COLUMNS.replace("600", "20").replace("400", "40"), [r"for \(int64_t t = 0; t < 2; t\+\+\)", r"i < t \* 10 \+ 10;"], []),
    "as many as a vector has in one": (FEW_COLUMNS.replace("600", "16").replace("400", "40"), [r"i < 16;"], [r"i < t \* 8 "]),
    "short rows across lanes": ("""
model m
symbol x : floatX[600, 30]
symbol y : uint8[600]
param W : floatX[30, 10] = zeros
loss c = nn.cross_entropy(x @ W, y)
function f(x, y) -> c { optim.sgd(c, 0.1) }""",
        [r"MC_SIMD for \(int64_t i = t \* 50; i < t \* 50 \+ 50; i\+\+\) \{", r"MC_UNROLL for \(int j = 0; j < 10; j\+\+\) exp\[j\] ="], []),
    "long rows along lanes": ("""
model m
symbol x : floatX[600, 30]
symbol y : uint8[600]
param W : floatX[30, 40] = zeros
loss c = nn.cross_entropy(x @ W, y)
function f(x, y) -> c { optim.sgd(c, 0.1) }""",
        [r"exp\[q \* 16 \+ l\] = exp1; lane_2\[l\] \+= exp1;"], [r"MC_SIMD for \(int64_t i = t"]),
    "columns are packed in blocks": ("""
model m
symbol d : floatX[128, 1024]
symbol W : floatX[300, 1024]
function f(d, W) -> y = d @ transpose(W, [1, 0])""",
        [r"for \(int64_t j = 0; j < \d+; j\+\+\) for \(int64_t i = t \* 16; i < mc_min_i64\(t \* 16 \+ 16, \d+\); i\+\+\) \w+_packed\[i \* \d+ \+ j\] = \w+\[j \* \d+ \+ i\];|"
         r"for \(int64_t j = 0; j < \d+; j\+\+\) for \(int64_t i = t \* 16; i < t \* 16 \+ 16; i\+\+\) \w+_packed\[i \* \d+ \+ j\] = \w+\[j \* \d+ \+ i\];"], []),
    "few columns are packed in blocks of the matrix's rows": (FEW_COLUMNS,
        [r"for \(int64_t t = 0; t < 25; t\+\+\) \{ /\*[^*]*\*/ for \(int64_t i = 0; i < 10; i\+\+\) MC_SIMD for "
         r"\(int64_t i1 = t \* 16; i1 < t \* 16 \+ 16; i1\+\+\) \w+_packed\[i \* 400 \+ i1\] = W\[i1 \* 10 \+ i\];"], []),
    "sums over the lanes of a row of vectors as one": (FEW_COLUMNS,
        [r"mc_sum_each_f32x16\(acc\[0\], 2 \* 10, tile\[0\]\);"], []),
    "few columns that fill the first cache by halves, for more rows": (FEW_COLUMNS.replace("400", "784"),
        [r"for \(int64_t j = 0; j < 10; j \+= 5\) for \(int64_t i = t \* 50; i < t \* 50 \+ 50; i \+= 5\) \{ "
         r"for \(int64_t r = 0; r < 5; r\+\+\) for \(int64_t line = 0; line < 49; line\+\+\) if \(i \+ r < 596 && j < 1\) MC_AHEAD",
         r"mc_sum_each_f32x16\(acc\[0\], 5 \* 5, tile\[0\]\);"], []),
    "rows that no cache holds are asked for ahead": (FEW_COLUMNS,
        [r"for \(int64_t line = 0; line < 25; line\+\+\) if \(i \+ r < 592\) MC_AHEAD\(&x\[\(i \+ r \+ 8\) \* 400 \+ line \* 16\]\);"], []),
    "rows that a cache holds are not": (FEW_COLUMNS.replace("600", "60"), [r"mc_sum_each"], [r"MC_AHEAD"]),
    "of few blocks the first is the short one": (FEW_COLUMNS,
        [r"for \(int64_t i = mc_max_i64\(t \* 32 - 16, 0\); i < t \* 32 \+ 16; i\+\+\)"], [r"mc_min_i64\(t \* 32 \+ 32, 400\)"]),
    "of many blocks the last is the short one": (FEW_COLUMNS.replace("400", "3984"),
        [r"mc_min_i64\(t \* 32 \+ 32, 3984\)"], [r"mc_max_i64\("]),
    "a row by a large matrix in parts of the matrix's rows": ("""
model m
symbol x : floatX[1, 784]
param W : floatX[784, 500] = zeros
function f(x) -> h = tanh(x @ W)""",
        [r"for \(int64_t i = 0; i < 4; i\+\+\) f_product_tile\(i, product, x, W\);", r"\[\(i \* 196 \+ l\) \* 500 \+ j"], []),
    "a row by a small matrix is one": ("""
model m
symbol x : floatX[1, 300]
param W : floatX[300, 100] = zeros
function f(x) -> h = tanh(x @ W)""",
        [], [r"float32\[\d+, 1, 100\]"]),
    "what vectors leave over by one that goes over the last lanes again": ("""
model m
symbol x : floatX[1, 784]
param W : floatX[784, 500] = zeros
function f(x) -> h = tanh(x @ W)""",
        [r"j \+ 244 <= 500", r"\+ mc_min_i64\(v \* 16, j_step - 16\)"], [r"j \+ 4 <= 500"]),
    "but where it changes state, in smaller vectors": ("""
model m
symbol x : floatX[20, 300]
symbol d : floatX[20, 500]
param W : floatX[300, 500] = zeros
function f(x, d) { W <- W - transpose(x, [1, 0]) @ d }""",
        [r"j \+ 4 <= \w+"], [r"mc_min_i64\(v \* 16"]),
    "a region's last kernel has no barrier of its own": (FEW_COLUMNS,
        [r"static\) nowait #endif for \(int64_t t = 0; t < 13; t\+\+\) \{ /\* product_2 "], [r"static\) nowait #endif for \(int64_t t = 0; t < 12;"]),
    "but one that is in another region's middle has": ("""
model m
dim n
symbol x : floatX[n, 2]
def layer(h) {
    param W : floatX[2, 2] = init.normal(0.5)
    return tanh(h @ W)
}
let y = fold h = x for i in 0..3 { next h = layer(h) + h * i } as layers
loss c = mean(y ** 2)
function forward(x) -> y
function train(x) -> c { optim.sgd(c, 0.1) }""",
        [r"static\) #endif for \([^#]* = new_h\["], [r"nowait #endif for \([^#]* = new_h\["]),
    "no threads for what one does": ("""
model m
symbol x : floatX[1, 784]
param W : floatX[784, 500] = zeros
param V : floatX[500, 10] = zeros
function f(x) -> p = softmax(tanh(x @ W) @ V)""",
        [r"f_product\(product, x, W\); \} \} /\*[^*]*\*/ /\*[^*]*\*/ if \(p\) \{ f_\w+\(product,"], []),
    "a scale leaves a product as a factor": ("""
model m
symbol x : uint8[20, 300]
param W : floatX[300, 50] = zeros
function f(x) -> y = x / 255 @ W""",
        [r"0\.003921569f \* "], [r"\] / 255"]),
    "what a tile changes is asked for before": ("""
model m
symbol x : floatX[20, 784]
symbol d : floatX[20, 500]
param W : floatX[784, 500] = zeros
function f(x, d) { W <- W - transpose(x, [1, 0]) @ d }""",
        [r"if \(i < 769\) MC_AHEAD_OWN\(&W\[\(i \+ r \+ 8\) \* 500 \+ j \+ v \* 16\]\);"], [r"MC_AHEAD\(&W"]),
    "of much state by the rows that change it": ("""
model m
symbol x : floatX[20, 2000]
symbol d : floatX[20, 1500]
param W : floatX[2000, 1500] = zeros
function f(x, d) { W <- W - transpose(x, [1, 0]) @ d }""",
        [r"MC_AHEAD\(&W\[\(i \+ r\) \* 1500 \+ j \+ v \* 16\]\);"], [r"MC_AHEAD_OWN\(&W"]),
    "a constant times a sum goes into its terms": ("""
model m
symbol x : floatX[20, 300]
symbol d : floatX[20, 50]
param W : floatX[300, 50] = zeros
function f(x, d) { W <- W - 0.5 * (0.25 * W + 0.75 * (transpose(x, [1, 0]) @ d)) }""",
        [r"W1 - mc_fma_f32\(0\.125f, W1, 0\.375f \* product"], [r"0\.5f"]),
    "columns in a panel where rows share sets of the cache": ("""
model m
symbol x : floatX[128, 1024]
param W : floatX[1024, 1024] = zeros
function f(x) -> y = x @ W""",
        [r"float panel\[1024\]\[32\];"], []),
    "the first rows fill the panel": ("""
model m
symbol x : floatX[128, 1024]
param W : floatX[1024, 1024] = zeros
function f(x) -> y = x @ W""",
        [r"l < 960; l\+\+\) \{ MC_UNROLL for \(int v = 0; v < 2; v\+\+\) MC_AHEAD\(&W\[\(l \+ 64\) \* 1024 \+ tj \* 32 \+ v \* 16\]\); "
         r"MC_UNROLL for \(int v = 0; v < 2; v\+\+\) mc_store_f32x16\(&panel\[l\]\[v \* 16\], mc_load_f32x16\(&W\[",
         r"for \(int64_t i = 8; i < 128; i \+= 8\)"], [r"panel\[l\]\[q\]"]),
    "of a short sum nothing is asked for": ("""
model m
symbol x : floatX[128, 64]
param W : floatX[64, 1024] = zeros
function f(x) -> y = x @ W""",
        [r"mc_store_f32x16\(&panel\[l\]\[v \* 16\], mc_load_f32x16\(&W\["], [r"MC_AHEAD\(&"]),
    "columns that are computed are in the panel first": ("""
model m
symbol x : floatX[128, 1024]
symbol z : floatX[1024, 1024]
function f(x, z) -> y = x @ (z * 2 + 1)""",
        [r"panel\[l\]\[q\] = "], [r"mc_store_f32x16\(&panel"]),
    "an optimiser's variables begin in other sets of the caches": ("""
model m
param W : floatX[64, 32] = zeros
shared v : floatX[64, 32] = zeros
shared few : floatX[1000] = zeros
function f() { v <- v + W }""",
        [r"at \+= 1088;[^;]*m->state\.v = "], [r"at \+= 1088;[^;]*m->state\.(W|few) = "]),
    "a pool follows on tiles": (IMAGES + "function f(x) -> g = grad(c, A)",
        [r"float tile\[6\]\[2\]\[2\]\[16\];"], [r"float32\[2, 11, 10, 10, 16\]"]),
    "a pool reads what others read too": (IMAGES + "function f(x) -> g = grad(c + sum(nn.conv(x, A) ** 2), A)",
        [r"float tile\[6\]\[2\]\[2\]\[16\];", r"float32\[2, 11, 10, 10, 16\]"], []),
    "few places that are padded all around share a tile": (IMAGES + "function f(x) -> g = grad(c, A)",
        [r"acc\[r\]\[s \+ u\] = mc_fma_f32x16\(", r"p < mc_min_i64\(3, 5 - l\)|q < mc_min_i64\(3, 5 - k\)"], [r"\bpad\b"]),
    "a sum over images is that of each block": (IMAGES + "function f(x) -> g = grad(c, B)",
        [r"/\* float32\[2, 6, 11, 3, 3\] \*/"], []),
    "columns are made where they are used": (IMAGES + "function f(x) -> g = grad(c, A)",
        [r"float columns\[6\]\[10\]\[10\]\[16\];"], [r"d_\w+_packed"]),
    "lanes of a sum by the vector": (IMAGES + "function f(x) -> g = grad(c, B)",
        [r"float lanes\[2\]\[6\]\[16\];"], []),
    "images out of lanes are read where they lie": (IMAGES.replace("[32", "[40") + """
param D : floatX[54, 7] = zeros
function f(x) -> g = grad(sum((reshape(nn.conv(h, B), [40, 54]) @ D) ** 2), D)""",
        [r"transpose\["], [r"\bslice\b"]),
}


def tests(options):
    for name, rule in RULES.items():
        yield name, lambda rule=rule: fires(*rule)


def fires(model, has, has_not):
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "m.model")
        open(path, "w").write(model + "\n")
        harness.must([harness.MODELC, path, "--blas", "none", "-o", d])
        text = open(os.path.join(d, "m.c")).read()
        for pattern in has:
            assert re.search(pattern.replace(" ", r"\s+"), text), "nothing in the C is " + pattern
        for pattern in has_not:
            assert not re.search(pattern.replace(" ", r"\s+"), text), "in the C is " + pattern
