/* test_optim.c -- the update rules of lib/optim.model against plain loops, and layers against their cells
 *
 * The cost is (3 a^2 + b^2) / 2 from (1, -2): its gradient is (3 a, b). */
#include "check/check.h"
#include "passes/passes.h"
#include "test.h"

enum { STEPS = 4, N = 2 };

typedef struct Optim { /* of one element */
	double p, s, d;
	int n;
} Optim;

typedef struct Program {
	Arena *arena;
	Model *model;
	Array **vars;
} Program;

static bool open_program(Program *p, const char *text)
{
	*p = (Program){.arena = arena_new()};
	Arena *a = p->arena;
	Names *names = names_new(a);
	Diag *diag = diag_new(a);
	File *file = parse_file(a, names, diag, source_from_text(a, "t.model", text, strlen(text)));
	CheckOptions options = {.floatX = DT_float64};
	PassOptions passes = {.floatX = DT_float64, .level = 2};
	Model *m = diag_count(diag) ? NULL : check_model(a, names, diag, file, &options);
	bool good = m != NULL;
	for (int i = 0; good && i < m->funcs.len; i++)
		good = run_passes(m, m->funcs.data[i], &passes, diag, NULL);
	diag_flush(diag, stdout);
	if (!test_check(good, __FILE__, __LINE__, text))
		return false;
	EvalInput input = {.seed = 1};
	p->model = m;
	p->vars = NEW_ARRAY(a, Array *, m->vars.len + 1);
	Array **made = eval_func(a, m, m->init, &input);
	for (int i = 0; i < m->init->updates.len; i++)
		p->vars[m->init->updates.data[i].var->index] = made[m->init->outs.len + i];
	return true;
}

/* a call of the last function: its first output; updates are done */
static Array *call(Program *p, uint64_t number)
{
	const Func *f = p->model->funcs.data[p->model->funcs.len - 1];
	EvalInput input = {.vars = p->vars, .seed = 1, .call = number};
	Array **results = eval_func(p->arena, p->model, f, &input);
	for (int i = 0; i < f->updates.len; i++)
		p->vars[f->updates.data[i].var->index] = results[f->outs.len + i];
	return results[0];
}

static void sgd(Optim *o, double g)
{
	o->p -= 0.1 * g;
}

static void momentum(Optim *o, double g)
{
	o->s = 0.8 * o->s + g;
	o->p -= 0.1 * o->s;
}

static void nesterov(Optim *o, double g)
{
	o->s = 0.8 * o->s + g;
	o->p -= 0.1 * (g + 0.8 * o->s);
}

static void adagrad(Optim *o, double g)
{
	o->s += g * g;
	o->p -= 0.1 * g / (sqrt(o->s) + 1e-10);
}

static void adadelta(Optim *o, double g)
{
	o->s = 0.95 * o->s + 0.05 * g * g;
	double step = sqrt(o->d + 1e-6) / sqrt(o->s + 1e-6) * g;
	o->d = 0.95 * o->d + 0.05 * step * step;
	o->p -= step;
}

static void rmsprop(Optim *o, double g)
{
	o->s = 0.9 * o->s + 0.1 * g * g;
	o->p -= 0.1 * g / (sqrt(o->s) + 1e-8);
}

static void adam(Optim *o, double g)
{
	o->n++;
	o->s = 0.9 * o->s + 0.1 * g;
	o->d = 0.999 * o->d + 0.001 * g * g;
	o->p -= 0.1 * (o->s / (1 - pow(0.9, o->n))) / (sqrt(o->d / (1 - pow(0.999, o->n))) + 1e-8);
}

static void adamw(Optim *o, double g)
{
	double before = o->p;
	adam(o, g);
	o->p -= 0.1 * 0.05 * before;
}

static void decayed(Optim *o, double g)
{
	sgd(o, g + 0.05 * o->p);
}

static void clipped(Optim *o, double g)
{
	sgd(o, g > 1 ? 1 : g < -1 ? -1 : g);
}

static const struct Rule {
	const char *call;
	void (*step)(Optim *, double g);
	bool shortened; /* the gradient is made of length 0.5 */
} rules[] = {
	{"optim.sgd(cost, 0.1)", sgd, false},
	{"optim.sgd(cost, 0.1, clip_norm = 0.5)", sgd, true},
	{"optim.sgd(cost, 0.1, clip_value = 1)", clipped, false},
	{"optim.sgd(cost, 0.1, weight_decay = 0.05)", decayed, false},
	{"optim.sgd(cost, 0.1, wrt = [w])", sgd, false},
	{"optim.momentum(cost, 0.1, 0.8)", momentum, false},
	{"optim.nesterov(cost, 0.1, mu = 0.8)", nesterov, false},
	{"optim.adagrad(cost, 0.1)", adagrad, false},
	{"optim.adadelta(cost)", adadelta, false},
	{"optim.rmsprop(cost, 0.1)", rmsprop, false},
	{"optim.adam(cost, 0.1)", adam, false},
	{"optim.adam(cost, 0.1, clip_norm = 0.5)", adam, true},
	{"optim.adamw(cost, 0.1, weight_decay = 0.05)", adamw, false},
};

static void test_rule(const struct Rule *r)
{
	Program p;
	Arena *a = arena_new();
	const char *text = arena_printf(a,
					"param w : floatX[2] = [1.0, -2.0]\n"
					"loss cost = 0.5 * sum(floatX([3, 1]) * w ** 2)\n"
					"function train() -> cost { %s }\n",
					r->call);
	Optim o[N] = {{.p = 1}, {.p = -2}};
	bool good = open_program(&p, text);
	for (int t = 0; good && t < STEPS; t++) {
		double g[N] = {3 * o[0].p, o[1].p};
		double length = sqrt(g[0] * g[0] + g[1] * g[1]);
		double cost = call(&p, (uint64_t)t)->f[0];
		test_check_near(cost, 0.5 * (3 * o[0].p * o[0].p + o[1].p * o[1].p), 1e-12, __FILE__, __LINE__, text);
		for (int i = 0; i < N; i++) {
			double scale = r->shortened && length > 0.5 ? 0.5 / (length + 1e-6) : 1;
			r->step(&o[i], g[i] * scale);
			test_check_near(p.vars[0]->f[i], o[i].p, 1e-12, __FILE__, __LINE__, text);
		}
	}
	arena_free(p.arena);
	arena_free(a);
}

/* the one output is 0: what two ways of writing the same thing differ by */
static void same(const char *text)
{
	Program p;
	if (open_program(&p, text))
		test_check_near(call(&p, 1)->f[0], 0, 1e-12, __FILE__, __LINE__, text);
	arena_free(p.arena);
}

#define SEQUENCE "let x = sin(floatX(reshape(arange(30), [2, 3, 5])))\nlet h0 = cos(floatX(reshape(arange(12), [3, 4])))\n"
#define DISTANCE(a, b) "function f() -> d = max(abs(" a " - (" b ")))\n"

static void test_layers(void)
{
	same(SEQUENCE "let hs = nn.rnn(x, 4, h0 = h0) as l\n"
		      "let h1 = nn.rnn_cell(x[0], h0) as l\n"
		      "let h2 = nn.rnn_cell(x[1], h1) as l\n" DISTANCE("hs", "stack([h1, h2])"));
	same(SEQUENCE "let hs = nn.gru(x, 4, h0 = h0) as l\n"
		      "let h1 = nn.gru_cell(x[0], h0) as l\n"
		      "let h2 = nn.gru_cell(x[1], h1) as l\n" DISTANCE("hs", "stack([h1, h2])"));
	same(SEQUENCE "let hs = nn.lstm(x, 4, h0 = h0, c0 = 2 * h0) as l\n"
		      "let (h1, c1) = nn.lstm_cell(x[0], h0, 2 * h0) as l\n"
		      "let (h2, c2) = nn.lstm_cell(x[1], h1, c1) as l\n" DISTANCE("hs", "stack([h1, h2])"));
	/* where the mask is 0, the state stays */
	same(SEQUENCE "let hs = nn.rnn(x, 4, h0 = h0, mask = floatX([[1, 1, 1], [1, 0, 1]]))\n" DISTANCE("hs[1, 1]", "hs[0, 1]"));
	same(SEQUENCE "let y = nn.dense(x, 7, tanh)\n" DISTANCE("y", "tanh(x @ y.W + y.b)"));
	same(SEQUENCE "let y = nn.dense(x, 7, bias = false)\n" DISTANCE("y", "x @ y.W"));
	same(SEQUENCE "let y = nn.embedding([[1, 2, 0]], 4, 3)\n" DISTANCE("y[0, 1]", "y.W[2]"));
	same(SEQUENCE "let y = nn.conv2d(x[None], 4, [2, 3], pad = [0, 1], stride = [1, 2])\n" DISTANCE(
		"y", "nn.conv(x[None], y.W, [1, 2], [0, 1]) + y.b[:, None, None]"));
	/* convolution as a product with each window */
	same(SEQUENCE "let w = cos(floatX(reshape(arange(8), [4, 2, 1])))\n" DISTANCE(
		"nn.conv(transpose(x, [1, 0, 2]), w)", "swapaxes(swapaxes(transpose(x, [1, 0, 2]), 1, 2) @ transpose(w[:, :, 0]), 1, 2)"));
	/* in training a batch norm has mean beta and deviation gamma; the running mean moves by a tenth */
	same(SEQUENCE "let y = nn.batch_norm(x)\nlet spread = max(abs(var(y, [0, 2]) - 1))\n"
		      "function f() -> d = max(abs(mean(y, [0, 2]))) + maximum(spread - 3e-5, 0) { given training = true }\n");
	/* the transposed convolution is the gradient of the convolution */
	same(SEQUENCE "param v : floatX[1, 2, 5, 5] = random.normal\nlet w = cos(floatX(reshape(arange(36), [2, 2, 3, 3])))\n"
		      "let y = nn.conv(v, w, stride = 2, pad = 1)\nlet c = sin(floatX(reshape(arange(18), [1, 2, 3, 3])))\n" DISTANCE(
			      "nn.conv_transpose(c, w, stride = 2, pad = 1)", "grad(sum(y * c), v)"));
}

int main(void)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		test_rule(&rules[i]);
	test_layers();
	return test_result();
}
