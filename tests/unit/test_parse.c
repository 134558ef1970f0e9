/* test_parse.c -- every production of the grammar, and text that is read, printed and read again */
#include "test.h"

#include <glob.h>

#include "tree.h"

typedef struct Read {
	Arena *arena;
	Diag *diag;
	Source *source;
	File *file;
	const char *tree;
} Read;

static Read read_bytes(const char *text, size_t len)
{
	Read r = {.arena = arena_new()};
	r.diag = diag_new(r.arena);
	r.source = source_from_text(r.arena, "test.model", text, len);
	r.file = parse_file(r.arena, names_new(r.arena), r.diag, r.source);
	r.tree = tree_text(r.arena, r.file);
	return r;
}

static Read read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static const char *printed(const Read *r)
{
	Writer *w = writer_new(r->arena);
	ast_print(w, r->file);
	return writer_text(w, NULL);
}

/* read without an error; printed text reads to the same tree and prints to itself */
static bool round_trip(const Read *a, const char *what)
{
	diag_flush(a->diag, stdout);
	Read b = read_text(printed(a));
	diag_flush(b.diag, stdout);
	bool ok = CHECK_INT(diag_count(a->diag), 0) & CHECK_INT(diag_count(b.diag), 0) & CHECK_STR(b.tree, a->tree) &
		  CHECK_STR(printed(&b), printed(a));
	if (!ok)
		printf("  in %s\n", what);
	arena_free(b.arena);
	return ok;
}

/* the declarations of a file, as a tree */
static void file_is(const char *text, const char *tree, const char *file, int line)
{
	Read r = read_text(text);
	round_trip(&r, text);
	const char *body = strchr(r.tree, '\n');
	body = body ? arena_strndup(r.arena, body + 1, (size_t)(strrchr(r.tree, '}') - body - 2)) : "";
	test_check_str(body, tree, file, line, text);
	arena_free(r.arena);
}
#define FILE_IS(text, tree) file_is((text), (tree), __FILE__, __LINE__)

/* an expression as a tree, and in canonical text */
static void expr_is(const char *text, const char *tree, const char *canonical, const char *file, int line)
{
	Arena *a = arena_new();
	Diag *d = diag_new(a);
	Names *names = names_new(a);
	const Expr *e = parse_expr(a, names, d, source_from_text(a, "expr", text, strlen(text)));
	diag_flush(d, stdout);
	if (test_check(e != NULL, file, line, text)) {
		const char *again = expr_text(a, e);
		test_check_str(tree_of_expr(a, e), tree, file, line, text);
		test_check_str(again, canonical, file, line, text);
		const Expr *e2 = parse_expr(a, names, d, source_from_text(a, "again", again, strlen(again)));
		diag_flush(d, stdout);
		test_check_str(e2 ? tree_of_expr(a, e2) : NULL, tree, file, line, again);
	}
	arena_free(a);
}
#define EXPR_IS(text, tree) expr_is((text), (tree), (text), __FILE__, __LINE__)
#define EXPR_PRINTS(text, tree, canonical) expr_is((text), (tree), (canonical), __FILE__, __LINE__)

static void test_precedence(void)
{
	EXPR_IS("a or b and not c == d + e * -f ** g", "(or a (and b (not (== c (+ d (* e (neg (** f g))))))))");
	EXPR_IS("-x ** 2", "(neg (** x 2))");
	EXPR_IS("(-x) ** 2", "(** (neg x) 2)");
	EXPR_IS("2 ** -x ** 3 * y", "(* (** 2 (neg (** x 3))) y)");
	EXPR_IS("a ** b ** c", "(** a (** b c))");
	EXPR_IS("(a ** b) ** c", "(** (** a b) c)");
	EXPR_IS("a - b - c", "(- (- a b) c)");
	EXPR_IS("a - (b - c)", "(- a (- b c))");
	EXPR_IS("a * b / c // d % e @ f", "(@ (% (// (/ (* a b) c) d) e) f)");
	EXPR_IS("a @ (b @ c)", "(@ a (@ b c))");
	EXPR_IS("-a * b", "(* (neg a) b)");
	EXPR_IS("-(a * b)", "(neg (* a b))");
	EXPR_IS("--a - -b", "(- (neg (neg a)) (neg b))");
	EXPR_IS("not not a", "(not (not a))");
	EXPR_IS("(not a) == b", "(== (not a) b)");
	EXPR_PRINTS("a + not b == c", "(+ a (not (== b c)))", "a + (not b == c)");
	EXPR_IS("(a < b) == (c >= d)", "(== (< a b) (>= c d))");
	EXPR_IS("a != b or a <= b or a > b", "(or (or (!= a b) (<= a b)) (> a b))");
	EXPR_PRINTS("((a))", "a", "a");
	EXPR_PRINTS("(-(a.b))[0]", "(index (neg (field a b)) [0 0])", "(-a.b)[0]");
	EXPR_IS("x < -1", "(< x (neg 1))");
}

static void test_literals(void)
{
	EXPR_IS("9223372036854775807", "9223372036854775807");
	EXPR_IS("1.5", "1.5'1.5");
	EXPR_IS("1e-3", "0.001'1e-3");
	EXPR_IS("6.25E+2", "625'6.25E+2");
	EXPR_IS("\"a \\\"b\\\" \\\\ \\n {\"", "11\"a \"b\" \\ \n {\"");
	EXPR_IS("[true, false]", "(list < true false >)");
	EXPR_IS("[]", "(list < >)");
	EXPR_IS("[..., 12, -1]", "(list < (...) 12 (neg 1) >)");
	EXPR_IS("next h", "(next h)");
}

static void test_postfix(void)
{
	EXPR_IS("a.b.c", "(field (field a b) c)");
	EXPR_IS("blocks.0.12.W", "(field (item (item blocks 0) 12) W)");
	EXPR_PRINTS("blocks.007 .W", "(field (item blocks 7) W)", "blocks.7.W");
	EXPR_IS("f(x)[0].1", "(item (index (call#0 f < x > ~) [0 0]) 1)");
	EXPR_IS("f(x).1.5", "(item (item (call#0 f < x > ~) 1) 5)");
	EXPR_IS("(3).x", "(field 3 x)");
	EXPR_IS("(1.5)(2)", "(call#0 1.5'1.5 < 2 > ~)");
	EXPR_IS("\"s\".x", "(field 1\"s\" x)");
	EXPR_IS("f()", "(call#0 f < > ~)");
	EXPR_IS("nn.dense(h, 10, init = zeros) as output", "(call#0 (field nn dense) < h 10 init= zeros > output)");
	EXPR_IS("f(x) as a + g(y) as b", "(+ (call#0 f < x > a) (call#1 g < y > b))");
	EXPR_IS("f(g(x), h(y))(z)", "(call#0 (call#1 f < (call#2 g < x > ~) (call#3 h < y > ~) > ~) < z > ~)");
	EXPR_IS("x[i, a : b : c, :, ..., None, 1 :, : 2, :: 3]",
		"(index x [0 i] [1 a b c] [1 ~ ~ ~] [2] [3] [1 1 ~ ~] [1 ~ 2 ~] [1 ~ ~ 3])");
	EXPR_IS("x[-1][i + 1 : i + k]", "(index (index x [0 (neg 1)]) [1 (+ i 1) (+ i k) ~])");
	EXPR_IS("(next ks)[0]", "(index (next ks) [0 0])");
	EXPR_PRINTS("next ks[0]", "(index (next ks) [0 0])", "(next ks)[0]");
	/* on another line a bracket still continues the expression */
	EXPR_PRINTS("f\n(x)\n[0]", "(index (call#0 f < x > ~) [0 0])", "f(x)[0]");
}

static void test_forms(void)
{
	EXPR_IS("if a { b } else { c }", "(if a b c)");
	EXPR_IS("if if a { b } else { c } { d } else { if e { f } else { g } }", "(if (if a b c) d (if e f g))");
	EXPR_IS("(if a { b } else { c })[0] + 1", "(+ (index (if a b c) [0 0]) 1)");
	EXPR_IS("[sum(g ** 2) for g in gs]", "(each (call#0 sum < (** g 2) > ~) < g > < gs >)");
	EXPR_IS("[p * q for p, q in ps, qs]", "(each (* p q) < p q > < ps qs >)");
	EXPR_IS("scan h = h0 { next h = f(h) }", "(scan#0 < > < h= h0 > < > {\n(next h (call#1 f < h > ~)) })");
	EXPR_IS("scan(steps = 3, reverse = true) h = a, c = b over x in xs, y in ys { emit h, next c until h > 1 }",
		"(scan#0 < steps= 3 reverse= true > < h= a c= b > < x= xs y= ys > {\n(emit < h (next c) >)\n(until (> h 1)) })");
	EXPR_IS("fold h = x for i in 0..12 { next h = f(h) as g } as blocks",
		"(fold#0 < h= x > i 0 12 {\n(next h (call#1 f < h > g)) } blocks)");
	EXPR_IS("fold h = x, g = y for i in a + 1..2 * b { }", "(fold#0 < h= x g= y > i (+ a 1) (* 2 b) { } ~)");
}

static void test_declarations(void)
{
	FILE_IS("", "");
	FILE_IS("use \"own.model\"", "(use 9\"own.model\")");
	FILE_IS("const a = 1, b = a + 1", "(const < a= 1 b= (+ a 1) >)");
	FILE_IS("dim a, b <= 3, c >= 0", "(dim a ~ b 3 c >= 0)");
	FILE_IS("symbol x, y : floatX[a, 2 * b, ?, ...]", "(symbol < x y > (type floatX sizes a (* 2 b) ? ...) ~)");
	FILE_IS("symbol step, set, fit, like : dmatrix", "(symbol < step set fit like > (type dmatrix) ~)");
	FILE_IS("data d : like(x)", "(data < d > (type ~ x) ~)");
	FILE_IS("param W, V : like(x + 1, floatX) = init.uniform(0.1)",
		"(param < W V > (type floatX (+ x 1)) (call#0 (field init uniform) < 0.10000000000000001'0.1 > ~))");
	FILE_IS("shared t : int64 = 0", "(shared < t > (type int64) 0)");
	FILE_IS("let x = 1\nlet y : int64 = 2\nlet (a, _) = f()",
		"(let < x > ~ 1)\n(let < y > (type int64) 2)\n(let < a _ > tuple ~ (call#0 f < > ~))");
	FILE_IS("let (a) = f()", "(let < a > tuple ~ (call#0 f < > ~))");
	FILE_IS("loss c = 1\nloss (c, d) = e", "(loss < c > ~ 1)\n(loss < c d > tuple ~ e)");
	FILE_IS("def f() {}", "(def f < > { } 0)");
	FILE_IS("def f(x, y : int64, z = g(1), w : floatX[..., n] = h(2)) { return x, k(3) }",
		"(def f < x ~ ~ y (type int64) ~ z ~ (call#0 g < 1 > ~) w (type floatX sizes ... n) (call#1 h < 2 > ~) > {\n"
		"(return < x (call#2 k < 3 > ~) >) } 3)");
	FILE_IS("extern e(x : floatX) -> y : floatX[n] {}", "(extern e < x (type floatX) ~ > y (type floatX sizes n))");
	FILE_IS("extern e(x : floatX) -> y : floatX { include \"special.h\" float32 e_f float64 e grad x = 2 * g grad z = g }",
		"(extern e < x (type floatX) ~ > y (type floatX) (0 ~ ~ 9\"special.h\") (1 float32 e_f ~) (1 float64 e ~)"
		" (2 x ~ (* 2 g)) (2 z ~ g))");
	FILE_IS("function f()", "(function f < > < > { } 0)");
	FILE_IS("function f(x) -> a, b = a + 1", "(function f < x ~ ~ > < a b= (+ a 1) > { } 0)");
	FILE_IS("function f(x, lr : floatX = 0.5) -> a { W <- W - lr a.b.0 <- 1 }",
		"(function f < x ~ ~ lr (type floatX) 0.5'0.5 > < a > {\n(update W (- W lr))\n(update (item (field a b) 0) 1) } 0)");
	FILE_IS("function f() -> a\nfunction g() -> b", "(function f < > < a > { } 0)\n(function g < > < b > { } 0)");
	Read r = read_text("model name let a = 1");
	CHECK_STR(r.file->model.text, "name");
	round_trip(&r, "model");
	arena_free(r.arena);
}

static void test_statements(void)
{
	FILE_IS("def f(x) { given x.y = 3 optim.sgd(c, 0.1) assert n % 4 == 0 }",
		"(def f < x ~ ~ > {\n(given (field x y) 3)\n(call (call#0 (field optim sgd) < c 0.10000000000000001'0.1 > ~))\n"
		"(assert (== (% n 4) 0)) } 1)");
	FILE_IS("def f(x) { g(x) as a h.0(y) }", "(def f < x ~ ~ > {\n(call (call#0 g < x > a))\n(call (call#1 (item h 0) < y > ~)) } 2)");
	FILE_IS("def f(x) { each p, g in ps, qs { p <- g } }",
		"(def f < x ~ ~ > {\n(each < p g > < ps qs > {\n(update p g) }) } 0)");
	FILE_IS("def f(x) { if a { b <- 1 } if c { } else { d <- 2 } return 1 }",
		"(def f < x ~ ~ > {\n(if a {\n(update b 1) } { })\n(if c { } {\n(update d 2) })\n(return < 1 >) } 0)");
	FILE_IS("def f(x) { def g(y) { return h(y) } return g(x) }",
		"(def f < x ~ ~ > {\n(def g < y ~ ~ > {\n(return < (call#0 h < y > ~) >) } 1)\n(return < (call#0 g < x > ~) >) } 1)");
	/* a statement ends where the next one begins */
	FILE_IS("def f(x) { emit next h next h = 2 emit a, b c <- d until next a > 1 return -1 }",
		"(def f < x ~ ~ > {\n(emit < (next h) >)\n(next h 2)\n(emit < a b >)\n(update c d)\n(until (> (next a) 1))\n(return < (neg 1) >) } 0)");
}

static void test_driver(void)
{
	FILE_IS("driver {}", "(driver)");
	FILE_IS("driver { bind { a = \"x\"[0 : n] b = \"y\" } set t { c = \"z\"[n :] d = \"w\"[:] } }",
		"(driver (0 ~ a 1\"x\" sliced 0 n b 1\"y\" ~ ~) (1 t c 1\"z\" sliced n ~ d 1\"w\" sliced ~ ~))");
	FILE_IS("driver { fit f { steps = n // 2 watch = g.errors set = train } predict p { show = a, b first = 10 }\n"
		"picture q { tile = [28, 28] } picture r { } }",
		"(driver (2 f steps < (// n 2) > watch < (field g errors) > set < train >) (3 p show < a b > first < 10 >)"
		" (4 q tile < (list < 28 28 >) >) (4 r))");
}

static void test_bytes(void)
{
	Read plain = read_text("let a = 1\nlet b = 2\n");
	const char *const same[] = {"\xEF\xBB\xBFlet a = 1\nlet b = 2\n", "let a = 1\r\nlet b = 2\r\n", "let a = 1\nlet b = 2",
		"let a = 1 # \xC3\xA9\nlet b = 2 # no end", "\t let\ta\f=\v1\n\n\n  let b=2", "let a=1let b=2"};
	for (size_t i = 0; i < sizeof same / sizeof *same - 1; i++) {
		Read r = read_text(same[i]);
		CHECK_STR(r.tree, plain.tree);
		CHECK_INT(diag_count(r.diag), 0);
		arena_free(r.arena);
	}
	Read r = read_text(same[5]); /* 1let is no number */
	CHECK(diag_count(r.diag) > 0);
	arena_free(r.arena);
	r = read_bytes("let a = 1\0let b = 2", 19);
	CHECK_INT(diag_count(r.diag), 1);
	CHECK_STR(r.tree, plain.tree);
	arena_free(r.arena);
	r = read_bytes("let a = \"x\0y\"", 13);
	CHECK_INT(diag_count(r.diag), 1);
	arena_free(r.arena);
	arena_free(plain.arena);
}

static void place_is(const Read *r, Loc loc, const char *text, int line)
{
	const char *got = arena_strndup(r->arena, r->source->text + loc.begin, loc.end - loc.begin);
	test_check_str(got, text, __FILE__, line, "place");
}
#define PLACE_IS(loc, text) place_is(&r, (loc), (text), __LINE__)

static void test_places(void)
{
	Read r = read_text("# c\nlet yy = (a + b) * f(x, k = 2) as g # d\nparam W : floatX[n, 3 * m] = zeros\n");
	const Stmt *let = r.file->decls.data[0], *param = r.file->decls.data[1];
	PLACE_IS(let->loc, "let yy = (a + b) * f(x, k = 2) as g");
	PLACE_IS(let->let.names.data[0].loc, "yy");
	const Expr *e = let->let.value;
	PLACE_IS(e->loc, "(a + b) * f(x, k = 2) as g");
	PLACE_IS(e->bin.op_loc, "*");
	PLACE_IS(e->bin.a->loc, "(a + b)");
	PLACE_IS(e->bin.b->loc, "f(x, k = 2) as g");
	PLACE_IS(e->bin.b->call.as.loc, "g");
	PLACE_IS(e->bin.b->call.args.data[1].name.loc, "k");
	PLACE_IS(param->var.type->loc, "floatX[n, 3 * m]");
	PLACE_IS(param->var.type->sizes.data[1].loc, "3 * m");
	CHECK_INT(loc_line(param->loc), 3);
	arena_free(r.arena);
}

static void test_nesting(void)
{
	const struct {
		const char *open, *leaf, *close;
	} kinds[] = {{"(", "a", ")"}, {"[", "a", "]"}, {"f(", "a", ")"}, {"-", "a", ""}, {"2 ** ", "a", ""}, {"a + ", "a", ""},
		{"", "a", "[0]"}, {"if a { b } else { ", "a", "}"}, {"scan h = ", "a", "{}"}, {"not ", "a", ""}};
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		for (int depth = 100; depth <= 100000; depth *= 1000) {
			Arena *a = arena_new();
			VEC(char) s = {0};
			for (const char *c = "let x = "; *c; c++)
				push(a, &s, *c);
			for (int i = 0; i < depth; i++)
				for (const char *c = kinds[k].open; *c; c++)
					push(a, &s, *c);
			push(a, &s, *kinds[k].leaf);
			for (int i = 0; i < depth; i++)
				for (const char *c = kinds[k].close; *c; c++)
					push(a, &s, *c);
			Read r = read_bytes(s.data, (size_t)s.len);
			if (!test_check((diag_count(r.diag) == 0) == (depth == 100), __FILE__, __LINE__, kinds[k].open))
				diag_flush(r.diag, stdout);
			arena_free(r.arena);
			arena_free(a);
		}
	}
}

static void test_programs(const char *pattern, size_t least)
{
	glob_t g;
	CHECK(glob(pattern, 0, NULL, &g) == 0 && g.gl_pathc >= least);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		const char *why;
		Arena *a = arena_new();
		Source *s = source_from_file(a, g.gl_pathv[i], &why);
		if (CHECK(s != NULL)) {
			Read r = read_bytes(s->text, s->len);
			CHECK(r.file->decls.len > 0);
			round_trip(&r, g.gl_pathv[i]);
			arena_free(r.arena);
		}
		arena_free(a);
	}
	globfree(&g);
}

int main(void)
{
	test_precedence();
	test_literals();
	test_postfix();
	test_forms();
	test_declarations();
	test_statements();
	test_driver();
	test_bytes();
	test_places();
	test_nesting();
	test_programs(SOURCE_DIR "/tests/programs/*.model", 8);
	test_programs(SOURCE_DIR "/models/*.model", 5);
	return test_result();
}
