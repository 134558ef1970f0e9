/* program.c -- programs from the grammar, most of them right: expressions are made for a wanted type, now and then for another */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "program.h"

const char *const program_words[] = {" model m ", " use ", " const ", " dim ", " symbol ", " data ", " param ", " shared ", " let ", " loss ",
	" def f(", " extern ", " function f(", " driver {", " given ", " as ", " assert ", " each ", " in ", " for ", " if ", " else ", " next ",
	" emit ", " until ", " return ", " scan ", " fold ", " over ", " and ", " or ", " not ", " true ", " None ", "(", ")", "[", "]", "{", "}",
	",", ":", "?", ".", "..", "...", "=", "<-", "->", "==", "<", "+", "-", "*", "//", "/", "@", "**", "%", "1", "2.5", "1e9", "1.", ".5",
	"\"", "\"s\"", "\\", "#", "\n", "\r\n", "\r", "\t", ";", "&", "!", "'", "\xC3\xA9", "\xFF", "\xEF\xBB\xBF", "like(x)", ".0.1",
	"bind {", "fit f {", "a", "x = ", "f(x)", "[0]", "[None]", "[..., 0]", "[::2]", "grad(", "params(", "floatX", "int8", "uint64", "bool",
	"float16", "complex64", "random.normal(", "nn.dense(", "optim.adam(", "linalg.cholesky(", "init.orthogonal", "reshape(", "einsum(\"ij,jk->ik\",",
	"training", "zeros", NULL};

typedef enum Kind { FLOAT, INT, BOOL, BYTE } Kind;
static const char *const dtypes[] = {"floatX", "int64", "bool", "uint8"};

enum { MOST_NAMES = 60, RANK = 3 };
static const char *const sizes[] = {"1", "2", "3", "n", "batch", "time", "2 * n", "batch + 1"};
#define PARAM (UINT64_C(1) << 63)
enum { NSIZES = sizeof sizes / sizeof *sizes };

typedef struct Shape {
	int rank, size[RANK + 1];
} Shape;

typedef struct Named {
	char text[24];
	Kind kind;
	Shape shape;
	uint64_t needs; /* the symbols, by index; PARAM: a param */
	bool updated; /* in the function at hand */
	char what; /* 's' symbol, 'p' param, 'v' shared, 'd' data, 'l' let, 'a' of a def or a loop */
} Named;

typedef struct Gen {
	uint64_t *state;
	Input *out;
	Named named[MOST_NAMES];
	int nnamed, nfuncs, ndefs;
	uint64_t needs; /* of what was written since it was cleared */
	int room; /* nodes that this statement may still have */
} Gen;

static void expr(Gen *g, Kind kind, Shape s);

static size_t any(Gen *g, size_t n)
{
	return below(g->state, n);
}

static void say(Gen *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(Gen *g, const char *fmt, ...)
{
	char text[400];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	insert_bytes(g->out, g->out->len, text, strlen(text));
}

static const Shape scalar = {0, {0}};

static Shape any_shape(Gen *g)
{
	Shape s = {.rank = (int)any(g, RANK + 1)};
	for (int i = 0; i < s.rank; i++)
		s.size[i] = (int)any(g, NSIZES);
	return s;
}

static Shape plus_axis(Gen *g, Shape s, int at)
{
	if (s.rank > RANK)
		return s;
	for (int i = s.rank; i > at; i--)
		s.size[i] = s.size[i - 1];
	s.size[at] = (int)any(g, NSIZES);
	s.rank++;
	return s;
}

static Shape minus_axis(Shape s, int at)
{
	s.rank--;
	for (int i = at; i < s.rank; i++)
		s.size[i] = s.size[i + 1];
	return s;
}

static bool same_shape(Shape a, Shape b)
{
	return a.rank == b.rank && !memcmp(a.size, b.size, (size_t)a.rank * sizeof *a.size);
}

static void say_sizes(Gen *g, Shape s)
{
	say(g, "[");
	for (int i = 0; i < s.rank; i++)
		say(g, "%s%s", i ? ", " : "", once_in(g->state, 3000) ? "9223372036854775807" : sizes[s.size[i]]);
	say(g, "]");
}

static void say_type(Gen *g, Kind kind, Shape s)
{
	static const char *const odd[] = {"float64", "int8", "uint64", "float16", "bfloat16", "complex64", "int32", "fvector", "dmatrix"};
	say(g, "%s", once_in(g->state, 200) ? odd[any(g, sizeof odd / sizeof *odd)] : dtypes[kind]);
	if (s.rank)
		say_sizes(g, s);
}

static void name_new(Gen *g, Kind kind, Shape s, char what, uint64_t needs)
{
	static const char *const odd[] = {"int", "m", "x_1", "main", "_", "mc_exp", "dims", "NULL", "step", "batch", "inf", "sum", "a__b", "float32"};
	Named *n = &g->named[g->nnamed];
	if (once_in(g->state, 150))
		snprintf(n->text, sizeof n->text, "%s", odd[any(g, sizeof odd / sizeof *odd)]);
	else
		snprintf(n->text, sizeof n->text, "%c%d", what, g->nnamed);
	n->kind = kind;
	n->shape = s;
	n->what = what;
	n->needs = what == 's' ? UINT64_C(1) << g->nnamed : what == 'p' ? PARAM : needs;
	if (g->nnamed + 1 < MOST_NAMES)
		g->nnamed++;
}

/* one of that type, or NULL; what: of these kinds, NULL all */
static const Named *find(Gen *g, Kind kind, Shape s, const char *what)
{
	for (int tries = 0; tries < 12 && g->nnamed; tries++) {
		const Named *n = &g->named[any(g, (size_t)g->nnamed)];
		if (n->kind == kind && same_shape(n->shape, s) && (!what || strchr(what, n->what)))
			return n;
	}
	return NULL;
}

static void say_name(Gen *g, const Named *n)
{
	g->needs |= n->needs;
	say(g, "%s", n->text);
}

static void leaf(Gen *g, Kind kind, Shape s)
{
	const Named *n = find(g, kind, s, NULL);
	if (n && any(g, 8)) {
		say_name(g, n);
		return;
	}
	if (!s.rank) {
		static const char *const floats[] = {"0.5", "2.0", "1.0", "0.0", "1e-3", "pi", "inf", "nan", "1e30", "-1.5", "floatX(batch)", "1e300"};
		static const char *const ints[] = {"0", "1", "2", "batch", "n", "3", "size(zeros([2, n]), 1)", "-1", "2147483647", "9223372036854775807"};
		const char *const *list = kind == FLOAT ? floats : ints;
		if (kind == BOOL)
			say(g, "%s", any(g, 3) ? "true" : "training");
		else if (kind == BYTE)
			say(g, "uint8(%zu)", any(g, 300));
		else
			say(g, "%s", list[any(g, any(g, 4) ? 3 : 10)]);
		return;
	}
	if (kind == FLOAT && any(g, 3)) {
		static const char *const made[] = {"zeros(", "ones(", "random.normal(", "random.uniform("};
		say(g, "%s", made[any(g, 4)]);
		say_sizes(g, s);
		say(g, ")");
		return;
	}
	say(g, "full(");
	say_sizes(g, s);
	say(g, ", ");
	leaf(g, kind, scalar);
	say(g, ")");
}

static void unary(Gen *g, const char *name, Kind kind, Shape s)
{
	say(g, "%s(", name);
	expr(g, kind, s);
	say(g, ")");
}

static void binary(Gen *g, const char *op, Kind kind, Shape s)
{
	Shape t = s;
	if (s.rank && once_in(g->state, 4))
		t = minus_axis(s, 0);
	say(g, "(");
	expr(g, kind, once_in(g->state, 8) ? t : s);
	say(g, " %s ", op);
	expr(g, kind, t);
	say(g, ")");
}

/* an axis more, and something that takes it away */
static void reduced(Gen *g, const char *name, Kind kind, Shape s)
{
	int at = (int)any(g, (size_t)s.rank + 1);
	say(g, "%s(", name);
	expr(g, kind, plus_axis(g, s, at));
	if (s.rank || any(g, 2))
		say(g, ", axis = %d", any(g, 3) ? at : at - s.rank - 1);
	say(g, ")");
}

static void matmul(Gen *g, Shape s)
{
	int inner = (int)any(g, NSIZES);
	Shape a = s, b = {2, {inner, s.size[s.rank - 1]}};
	a.size[a.rank - 1] = inner;
	say(g, "(");
	expr(g, FLOAT, a);
	say(g, " @ ");
	expr(g, FLOAT, b);
	say(g, ")");
}

static void indexed(Gen *g, Kind kind, Shape s)
{
	int at = (int)any(g, (size_t)s.rank + 1);
	Shape more = plus_axis(g, s, at);
	expr(g, kind, more);
	say(g, "[");
	for (int i = 0; i < at; i++)
		say(g, ":, ");
	switch (any(g, 3)) {
	case 0: say(g, "0"); break;
	case 1: say(g, "-1"); break;
	default:
		expr(g, INT, scalar);
		if (any(g, 6))
			say(g, " %% %s", sizes[more.size[at]]);
	}
	say(g, "]");
}

static void sliced(Gen *g, Kind kind, Shape s)
{
	static const char *const slices[] = {"::-1", "0 : ", ":", "...", "1 : 3", "::2"};
	expr(g, kind, s);
	say(g, "[%s]", slices[any(g, any(g, 20) ? 4 : 6)]);
}

static void looped(Gen *g, Shape s)
{
	const char *h = any(g, 2) ? "h" : "g";
	int form = (int)any(g, 3), before = g->nnamed;
	Shape over = s.rank < RANK ? plus_axis(g, s, 0) : s;
	say(g, form == 0 ? "(fold %s = " : form == 1 ? "(scan %s = " : "(scan (steps = %s) %s = ", form == 2 ? any(g, 2) ? "3" : "n" : h, h);
	expr(g, FLOAT, s);
	if (form == 0)
		say(g, " for i in 0..%d", (int)any(g, 4));
	if (form == 1) {
		say(g, " over x_t in ");
		expr(g, FLOAT, over);
	}
	say(g, " { ");
	name_new(g, FLOAT, s, 'a', 0);
	snprintf(g->named[before].text, sizeof g->named->text, "%s", h);
	if (form == 1) {
		name_new(g, FLOAT, minus_axis(over, 0), 'a', 0);
		snprintf(g->named[g->nnamed - 1].text, sizeof g->named->text, "x_t");
	}
	say(g, "next %s = ", h);
	expr(g, FLOAT, s);
	if (form && once_in(g->state, 6))
		say(g, " until any(next %s > 3)", h);
	say(g, " })");
	g->nnamed = before;
}

static void layer(Gen *g, Shape s)
{
	Shape in = s;
	in.size[s.rank - 1] = (int)any(g, NSIZES);
	switch (any(g, 5)) {
	case 0:
		say(g, "nn.dense(");
		expr(g, FLOAT, in);
		say(g, ", %s, %s)", sizes[s.size[s.rank - 1]], any(g, 2) ? "tanh" : "relu");
		break;
	case 1: unary(g, "nn.layer_norm", FLOAT, s); break;
	case 2:
		say(g, "nn.dropout(");
		expr(g, FLOAT, s);
		say(g, ", 0.5)");
		break;
	case 3: unary(g, any(g, 2) ? "softmax" : "log_softmax", FLOAT, s); break;
	default: unary(g, "nn.rms_norm", FLOAT, s);
	}
}

static void gradient(Gen *g, Shape s)
{
	const Named *n = find(g, FLOAT, s, "plv");
	if (!n) {
		leaf(g, FLOAT, s);
		return;
	}
	say(g, "grad(sum(");
	if (any(g, 3)) {
		say_name(g, n);
		say(g, " * ");
	}
	expr(g, FLOAT, s);
	say(g, "), %s%s)", n->text, any(g, 3) ? ", disconnected = zero" : "");
}

static void moved(Gen *g, Kind kind, Shape s)
{
	Shape from = plus_axis(g, s, 0);
	from.size[0] = 0; /* the size 1 */
	switch (any(g, 7)) {
	case 0:
		if (s.rank == 2) {
			Shape t = {2, {s.size[1], s.size[0]}};
			unary(g, "transpose", kind, t);
			return;
		}
		unary(g, "flip", kind, s);
		return;
	case 1:
		say(g, "reshape(");
		expr(g, kind, from);
		say(g, ", ");
		say_sizes(g, s);
		say(g, ")");
		return;
	case 2:
		say(g, "concat([");
		expr(g, kind, s);
		say(g, ", ");
		expr(g, kind, s);
		say(g, "], axis = 0)[0 : %s]", sizes[s.size[0]]);
		return;
	case 3:
		if (s.size[0] != 1) {
			expr(g, kind, s);
			say(g, "[::-1]");
			return;
		}
		say(g, "stack([");
		expr(g, kind, minus_axis(s, 0));
		say(g, ", ");
		expr(g, kind, minus_axis(s, 0));
		say(g, "])");
		return;
	case 4:
		say(g, "set(");
		expr(g, kind, s);
		say(g, "[%s], ", any(g, 2) ? "0" : "arange(1)");
		expr(g, kind, minus_axis(s, 0));
		say(g, ")");
		return;
	case 5:
		expr(g, kind, s);
		say(g, "[arange(%s)]", sizes[s.size[0]]);
		return;
	default:
		say(g, "pad(");
		expr(g, kind, s);
		say(g, ", [1%s])[1 : 1 + %s]", s.rank == 1 ? "" : s.rank == 2 ? ", 0" : ", 0, 0", sizes[s.size[0]]);
	}
}

static void of_float(Gen *g, Shape s)
{
	static const char *const functions[] = {"exp", "log", "tanh", "sigmoid", "sqrt", "sin", "cos", "softplus", "relu", "gelu", "silu", "erf",
		"abs", "log1p", "expm1", "round", "sign", "elu", "stop_gradient", "floatX", "identity", "atan", "floor"};
	static const char *const ops[] = {"+", "-", "*", "/", "+", "-", "*", "/", "**", "%", "//"};
	switch (any(g, 14)) {
	case 0:
	case 1:
	case 2: unary(g, functions[any(g, sizeof functions / sizeof *functions)], FLOAT, s); break;
	case 3:
	case 4:
	case 5: binary(g, ops[any(g, sizeof ops / sizeof *ops)], FLOAT, s); break;
	case 6:
		if (s.rank < RANK)
			reduced(g, any(g, 2) ? "sum" : any(g, 2) ? "mean" : any(g, 2) ? "max" : any(g, 2) ? "prod" : "logsumexp", FLOAT, s);
		else
			leaf(g, FLOAT, s);
		break;
	case 7:
		if (s.rank >= 2)
			matmul(g, s);
		else
			unary(g, "-", FLOAT, s);
		break;
	case 8:
		say(g, "where(");
		expr(g, BOOL, s);
		say(g, ", ");
		expr(g, FLOAT, s);
		say(g, ", ");
		expr(g, FLOAT, s);
		say(g, ")");
		break;
	case 9:
		if (s.rank)
			layer(g, s);
		else
			unary(g, "floatX", INT, s);
		break;
	case 10: gradient(g, s); break;
	case 11:
		if (s.rank)
			unary(g, any(g, 2) ? "cumsum" : "sort", FLOAT, s);
		else
			unary(g, "floatX", BYTE, s);
		break;
	case 12: looped(g, s); break;
	default:
		say(g, "(if %s { ", any(g, 2) ? "training" : "n > 2");
		expr(g, FLOAT, s);
		say(g, " } else { ");
		expr(g, FLOAT, s);
		say(g, " })");
	}
}

static void of_int(Gen *g, Shape s)
{
	static const char *const ops[] = {"+", "-", "*", "//", "%"};
	switch (any(g, 4)) {
	case 0: binary(g, ops[any(g, 5)], INT, s); break;
	case 1:
		if (s.rank == 1)
			say(g, "arange(%s)", sizes[s.size[0]]);
		else if (s.rank < RANK)
			reduced(g, any(g, 2) ? "argmax" : "argmin", FLOAT, s);
		else
			leaf(g, INT, s);
		break;
	case 2: unary(g, "int64", any(g, 2) ? FLOAT : BOOL, s); break;
	default:
		if (s.rank < RANK)
			reduced(g, any(g, 2) ? "sum" : "max", INT, s);
		else
			leaf(g, INT, s);
	}
}

static void of_bool(Gen *g, Shape s)
{
	static const char *const compare[] = {"==", "!=", "<", "<=", ">", ">="};
	switch (any(g, 4)) {
	case 0:
	case 1: binary(g, compare[any(g, 6)], any(g, 2) ? FLOAT : INT, s); break;
	case 2: binary(g, any(g, 2) ? "and" : "or", BOOL, s); break;
	default: unary(g, any(g, 2) ? "not " : "isnan", any(g, 2) ? BOOL : FLOAT, s);
	}
}

static void expr(Gen *g, Kind kind, Shape s)
{
	if (once_in(g->state, 600)) { /* what does not fit here */
		kind = (Kind)any(g, 4);
		s = any_shape(g);
	}
	if (--g->room < 0 || once_in(g->state, 4)) {
		leaf(g, kind, s);
		return;
	}
	switch (any(g, 8)) {
	case 0:
		if (s.rank < RANK) {
			indexed(g, kind, s);
			return;
		}
		break;
	case 1:
		if (s.rank && any(g, 3)) {
			moved(g, kind, s);
			return;
		}
		break;
	case 2:
		if (s.rank && once_in(g->state, 3)) {
			sliced(g, kind, s);
			return;
		}
		break;
	default: break;
	}
	switch (kind) {
	case FLOAT: of_float(g, s); break;
	case INT: of_int(g, s); break;
	case BOOL: of_bool(g, s); break;
	case BYTE: leaf(g, kind, s); break;
	}
}

/* ---- statements */

static uint64_t statement_expr(Gen *g, Kind kind, Shape s, int room)
{
	g->needs = 0;
	g->room = room;
	expr(g, kind, s);
	return g->needs;
}

static void declare(Gen *g, char what)
{
	static const char *const words[] = {"symbol", "param", "shared", "data"};
	static const char letters[] = "spvd";
	const char *word = words[strchr(letters, what) - letters];
	Kind kind = what == 'p' ? FLOAT : (Kind)any(g, 4);
	Shape s = any_shape(g);
	if (what == 'p' || what == 'v')
		for (int i = 0; i < s.rank; i++)
			s.size[i] = (int)any(g, 4);
	name_new(g, kind, s, what, 0);
	say(g, "%s %s : ", word, g->named[g->nnamed - 1].text);
	say_type(g, kind, s);
	if (what == 'p' || what == 'v') {
		static const char *const inits[] = {"zeros", "random.normal", "init.uniform(0.1)", "init.glorot_uniform", "init.orthogonal", "ones"};
		say(g, " = %s", kind != FLOAT ? "zeros" : inits[any(g, any(g, 3) ? 3 : 6)]);
	}
	say(g, "\n");
}

static void let(Gen *g)
{
	Kind kind = any(g, 3) ? FLOAT : (Kind)any(g, 3);
	Shape s = any_shape(g);
	bool loss = kind == FLOAT && once_in(g->state, 4);
	if (loss)
		s = scalar;
	name_new(g, kind, s, 'l', 0);
	Named *n = &g->named[g->nnamed - 1];
	n->kind = BYTE; /* not itself */
	n->shape.rank = RANK + 1;
	say(g, "%s %s", loss ? "loss" : "let", n->text);
	if (!loss && once_in(g->state, 3)) {
		say(g, " : ");
		say_type(g, kind, s);
	}
	say(g, " = ");
	uint64_t needs = statement_expr(g, kind, s, 1 + (int)any(g, 14));
	say(g, "\n");
	n->kind = kind;
	n->shape = s;
	n->needs = needs;
}

static void def(Gen *g)
{
	int before = g->nnamed;
	Shape s = any_shape(g);
	say(g, "def def%d(", g->ndefs);
	name_new(g, FLOAT, s, 'a', 0);
	say(g, "%s : ", g->named[before].text);
	say_type(g, FLOAT, s);
	say(g, ") {\n");
	if (any(g, 2)) {
		say(g, "\tparam w : floatX[3] = zeros\n");
		name_new(g, FLOAT, (Shape){1, {2}}, 'a', 0);
		strcpy(g->named[g->nnamed - 1].text, "w");
	}
	say(g, "\treturn ");
	statement_expr(g, FLOAT, s, 8);
	say(g, "\n}\n");
	g->nnamed = before;
	name_new(g, FLOAT, s, 'l', 0);
	Named *n = &g->named[g->nnamed - 1];
	n->shape.rank = RANK + 1;
	say(g, "let %s = def%d(", n->text, once_in(g->state, 20) ? g->ndefs + 1 : g->ndefs);
	n->needs = statement_expr(g, FLOAT, s, 4);
	say(g, ")\n");
	n->shape = s;
	g->ndefs++;
}

static void one_update(Gen *g, const Named *cost)
{
	for (int tries = 0; tries < 5; tries++) {
		Named *v = &g->named[any(g, (size_t)g->nnamed)];
		if ((v->what != 'p' && v->what != 'v') || (v->updated && any(g, 50)))
			continue;
		v->updated = true;
		say(g, "\t%s <- ", v->text);
		if (cost && v->kind == FLOAT && any(g, 2)) {
			say(g, "%s - 0.1 * grad(%s, %s, disconnected = zero)", v->text, cost->text, v->text);
			g->needs |= cost->needs;
		} else {
			expr(g, v->kind, v->shape);
		}
		say(g, "\n");
		return;
	}
}

static void updates(Gen *g, bool lr)
{
	static const char *const rules[] = {"sgd", "adam", "momentum", "adamw", "rmsprop", "adadelta", "adagrad", "nesterov"};
	const Named *cost = find(g, FLOAT, scalar, "l");
	for (int i = 0; i < g->nnamed; i++)
		g->named[i].updated = false;
	if (lr)
		say(g, "\tlet rate = lr * 2\n\tassert rate > 0\n");
	if (cost && cost->needs & PARAM && any(g, 2)) {
		say(g, "\toptim.%s(", rules[any(g, 8)]);
		say_name(g, cost);
		say(g, ", %s%s)\n", lr ? "rate" : "0.1", any(g, 4) ? "" : ", clip_norm = 1, weight_decay = 0.1");
		return;
	}
	for (size_t n = any(g, 3); n > 0; n--)
		one_update(g, cost);
}

static void function(Gen *g)
{
	static Input outs, body;
	Input *out = g->out;
	outs.len = body.len = 0;
	g->out = &outs;
	g->needs = 0;
	g->room = 6;
	size_t nouts = any(g, 4);
	uint64_t shown = 0;
	bool lr = once_in(g->state, 4);
	for (size_t i = 0; i < nouts; i++) {
		const Named *n = g->nnamed ? &g->named[any(g, (size_t)g->nnamed)] : NULL;
		say(g, i ? ", " : " -> ");
		if (n && n->what == 'l' && !(shown >> (n - g->named) & 1) && any(g, 3)) {
			shown |= UINT64_C(1) << (n - g->named);
			say_name(g, n);
		} else {
			say(g, "y%zu = ", i);
			expr(g, any(g, 3) ? FLOAT : INT, any_shape(g));
		}
	}
	g->out = &body;
	g->room = 6;
	updates(g, lr);
	uint64_t needs = g->needs;
	if (once_in(g->state, 3))
		for (int i = 0; i < g->nnamed; i++)
			if (needs >> i & 1 && once_in(g->state, 3)) {
				say(g, "\tgiven %s = ", g->named[i].text);
				uint64_t more = statement_expr(g, g->named[i].kind, g->named[i].shape, 3);
				say(g, "\n");
				needs = (needs & ~((uint64_t)1 << i)) | (more & ~((uint64_t)1 << i));
			}
	g->out = out;
	say(g, "function f%d(", g->nfuncs++);
	bool first = true;
	for (int i = 0; i < g->nnamed; i++)
		if (needs >> i & 1) {
			say(g, "%s%s", first ? "" : ", ", g->named[i].text);
			first = false;
		}
	if (lr)
		say(g, "%slr : floatX = 0.1", first ? "" : ", ");
	say(g, ")");
	insert_bytes(g->out, g->out->len, outs.data, outs.len);
	if (body.len) {
		say(g, " {\n");
		insert_bytes(g->out, g->out->len, body.data, body.len);
		say(g, "}");
	}
	say(g, "\n");
}

static void driver(Gen *g)
{
	say(g, "driver {\n");
	for (int i = 0; i < g->nnamed; i++)
		if (g->named[i].what == 'd')
			say(g, "\tbind { %s = \"f%d.npy\"[%s] }\n", g->named[i].text, i, any(g, 2) ? "0 : n" : "n :");
	say(g, "\tset test {");
	for (int i = 0; i < g->nnamed; i++)
		if (g->named[i].what == 's' && g->named[i].shape.rank)
			say(g, " %s = \"a.npz:%s\"", g->named[i].text, g->named[i].text);
	say(g, " }\n");
	for (int i = 0; i < g->nfuncs; i++) {
		static const char *const keys[] = {"steps = 10", "epochs = 3 + n", "lr = 0.1 * 0.9 ** epoch", "set = test", "batch = 2", "patience = 100",
			"watch = f0.y0", "watch_set = test", "shuffle = true", "ragged = drop", "tile = [2, 2]", "show = y0", "first = 3", "truth = s0",
			"improvement = 0.5", "test_steps = total // 2", "before_epoch = f0"};
		say(g, "\t%s f%d {", any(g, 2) ? "fit" : any(g, 2) ? "predict" : "picture", i);
		for (size_t n = any(g, 5); n > 0; n--)
			say(g, " %s", keys[any(g, sizeof keys / sizeof *keys)]);
		say(g, " }\n");
	}
	say(g, "}\n");
}

static void option_line(Gen *g)
{
	static const char *const options[] = {" -O0", " -O1", " -O2", " -g", " --floatX float64", " --standalone", " --blas none", " --threads none",
		" -D n=3", " -D batch=2", " -D time=5", " --blas none", " -D n=0", " -D batch=9223372036854775807", " -D n=-1", " -D n=x", " --max-bytes 1"};
	say(g, "#!");
	for (size_t n = any(g, 4); n > 0; n--)
		say(g, "%s", options[any(g, any(g, 10) ? 12 : sizeof options / sizeof *options)]);
	say(g, "\n");
}

void make_program(Input *in, uint64_t *state)
{
	Gen gen = {.state = state, .out = in}, *g = &gen;
	in->len = 0;
	if (any(g, 2))
		option_line(g);
	if (any(g, 2))
		say(g, "model m\n");
	say(g, "const n = %zu\ndim batch\ndim time%s\n", 2 + any(g, 4), any(g, 2) ? "" : any(g, 2) ? " <= 100" : " >= 0");
	for (size_t n = 2 + any(g, 5); n > 0; n--)
		declare(g, "ssppvd"[any(g, 6)]);
	for (size_t n = 1 + any(g, 5); n > 0; n--) {
		if (once_in(g->state, 5))
			def(g);
		else
			let(g);
	}
	for (size_t n = 1 + any(g, 3); n > 0; n--)
		function(g);
	if (once_in(g->state, 6))
		driver(g);
}
