/* modelc.c -- the command line, and what it asks for */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "emit/emit.h"
#include "modelc.h"
#include "passes/passes.h"

enum { KEY_CHECK = 256, KEY_PRINT, KEY_DOT, KEY_REPORT, KEY_PTXAS, KEY_MAX_BYTES, KEY_MAX_NODES, KEY_TARGET, KEY_BLAS, KEY_FLOATX, KEY_THREADS, KEY_STANDALONE, KEY_DRIVER,
       KEY_STOP_AFTER, KEY_PASSES, KEY_AST, KEY_MACHINE, KEY_PROFILE, KEY_DISPATCH };

static const struct argp_option option_table[] = {
	{0, 0, 0, 0, "What to write:", 1},
	{"output", 'o', "DIR", 0, "folder for NAME.h and NAME.c (default: .)", 1},
	{"driver", KEY_DRIVER, 0, 0, "also write NAME_driver.c, a program: NAME train|predict|info", 1},
	{"standalone", KEY_STANDALONE, 0, 0, "put what is needed of runtime/ inside NAME.c; no BLAS", 1},
	{"floatX", KEY_FLOATX, "TYPE", 0, "float32 (default) or float64", 1},
	{"blas", KEY_BLAS, "LIB", 0, "openblas (default), cublaslt (of --target cuda) or none: who does large plain products", 1},
	{"threads", KEY_THREADS, "LIB", 0, "openmp (default) or none", 1},
	{"target", KEY_TARGET, "NAME", 0, "c (default) or cuda: NAME.cu", 1},
	{"define", 'D', "NAME=VALUE", 0, "set a const, or give a dim a fixed size", 1},
	{"optimize", 'O', "LEVEL", 0, "0: only what is needed; 1; 2; 3 (default): all rewrites", 1},
	{"dispatch", KEY_DISPATCH, 0, 0, "code for AVX-512, AVX2 and the compiler's own flags in one file; the machine's is taken when an object is placed", 1},
	{"profile", KEY_PROFILE, 0, 0, "functions measure their steps: NAME_profile, and a table and profile.json of the program", 1},
	{"debug", 'g', 0, 0, "#line directives: debuggers show the model", 1},
	{0, 'M', "D", OPTION_HIDDEN, 0, 1},
	{"-MD", 0, 0, OPTION_DOC, "also write NAME.d, which tells make what NAME.c is made from", 1},
	{0, 0, 0, 0, "What to show instead of writing:", 2},
	{"check", KEY_CHECK, 0, 0, "only look for errors", 2},
	{"print", KEY_PRINT, "EXPR", 0, "an expression in the model's names, such as 'grad(nll, W)', before and after optimisation", 2},
	{"dot", KEY_DOT, 0, 0, "the graphs for Graphviz, before and after optimisation", 2},
	{"report", KEY_REPORT, "FORM", OPTION_ARG_OPTIONAL, "the kernels of each function, how and why so, what they compute and move, and the memory plan; FORM: text (default) or json", 2},
	{"machine", KEY_MACHINE, "F,G,B", 0, "for the report's times: FLOPs, functions and bytes a second (default: 100G,2G,20G)", 2},
	{"ptxas", KEY_PTXAS, "FILE", 0, "for the report of --target cuda: what nvcc -Xptxas -v said of NAME.cu; adds registers, spills, occupancy", 2},
	{"ast", KEY_AST, 0, 0, "the program as it was read", 2},
	{0, 0, 0, 0, "Limits:", 3},
	{"max-bytes", KEY_MAX_BYTES, "N", 0, "fail, naming the tensors alive at the peak, if the model can need more memory (N may end in k, M, G)", 3},
	{"max-nodes", KEY_MAX_NODES, "N", 0, "fail if the graph of a function is larger than N nodes (default 250k; N may end in k, M, G)", 3},
	{0, 0, 0, 0, "For work on the compiler:", 4},
	{"dump", 'd', "PASS", 0, "print the graphs after a pass, or after every one: all; or the kernels", 4},
	{"stop-after", KEY_STOP_AFTER, "PASS", 0, "run the passes up to this one", 4},
	{"passes", KEY_PASSES, 0, 0, "list the passes", 4},
	{0},
};

typedef struct Options {
	const char *input, *out_dir, *print, *dump, *blas, *ptxas;
	bool check, dot, ast, passes;
	int ndefines;
	Define *define;
	PassOptions pass;
	EmitOptions emit;
	Arena *arena;
} Options;

static error_t usage_error(struct argp_state *state, const char *what, const char *got, const char *expected)
{
	argp_failure(state, 2, 0, "unknown %s '%s', expected %s", what, got, expected);
	return EINVAL;
}

/* "64", "64k", "1G", of k: 1000 or 1024; 0 if it is no number */
static int64_t count_of(const char *s, long long k)
{
	char *end;
	errno = 0;
	long long n = strtoll(s, &end, 10), unit = 1;
	if (*end == 'k' || *end == 'K') unit = k, end++;
	else if (*end == 'M') unit = k * k, end++;
	else if (*end == 'G') unit = k * k * k, end++;
	return errno || end == s || *end || n <= 0 || n > INT64_MAX / unit ? 0 : n * unit;
}

/* "100G,2G,20G" */
static bool read_machine(const char *s, Machine *machine)
{
	double *const to[] = {&machine->flops, &machine->functions, &machine->bytes};
	for (int i = 0; i < 3; i++) {
		char *end;
		double x = strtod(s, &end);
		static const char units[] = "kMGT";
		const char *unit = *end ? strchr(units, *end) : NULL;
		for (const char *u = units; unit && u <= unit; u++) x *= 1000;
		if (end == s || !(x > 0) || !(x < 1e24) || end[unit != NULL] != (i < 2 ? ',' : 0)) return false;
		*to[i] = x;
		s = end + (unit != NULL) + 1;
	}
	return true;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	Options *o = state->input;
	switch (key) {
	case 'o': o->out_dir = arg; return 0;
	case KEY_CHECK: o->check = true; return 0;
	case KEY_PRINT: o->print = arg; return 0;
	case KEY_DOT: o->dot = true; return 0;
	case KEY_REPORT:
		if (arg && strcmp(arg, "text") && strcmp(arg, "json")) return usage_error(state, "report", arg, "text or json");
		o->emit.of_report.form = arg && !strcmp(arg, "json") ? REPORT_JSON : REPORT_TEXT;
		return 0;
	case KEY_MACHINE:
		if (!read_machine(arg, &o->emit.of_report.machine)) return usage_error(state, "machine", arg, "three positive numbers such as 100G,2G,20G");
		return 0;
	case KEY_PTXAS: o->ptxas = arg; return 0;
	case KEY_AST: o->ast = true; return 0;
	case KEY_PASSES: o->passes = true; return 0;
	case KEY_DRIVER: o->emit.driver = true; return 0;
	case KEY_STANDALONE: o->emit.standalone = true; return 0;
	case 'M':
		if (strcmp(arg, "D")) return usage_error(state, "option", arena_printf(o->arena, "-M%s", arg), "-MD");
		o->emit.depend = true;
		return 0;
	case KEY_PROFILE: o->emit.profile = true; return 0;
	case KEY_DISPATCH: o->emit.dispatch = true; return 0;
	case 'g': o->emit.line_directives = true; return 0;
	case 'd':
		if (!pass_exists(arg) && strcmp(arg, "all") && strcmp(arg, "kernels"))
			return usage_error(state, "pass", arg, "one that --passes lists, all or kernels");
		o->dump = arg;
		return 0;
	case KEY_STOP_AFTER:
		if (!pass_exists(arg)) return usage_error(state, "pass", arg, "one that --passes lists");
		o->pass.stop_after = arg;
		return 0;
	case KEY_MAX_BYTES:
		o->emit.max_bytes = count_of(arg, 1024);
		if (!o->emit.max_bytes) return usage_error(state, "number of bytes", arg, "a positive integer, perhaps with k, M or G");
		return 0;
	case KEY_MAX_NODES:
		o->pass.max_nodes = count_of(arg, 1000);
		if (!o->pass.max_nodes) return usage_error(state, "number of nodes", arg, "a positive integer, perhaps with k, M or G");
		return 0;
	case KEY_TARGET:
		if (strcmp(arg, "c") && strcmp(arg, "cuda")) return usage_error(state, "target", arg, "c or cuda");
		o->emit.cuda = !strcmp(arg, "cuda");
		return 0;
	case KEY_BLAS:
		if (strcmp(arg, "openblas") && strcmp(arg, "cublaslt") && strcmp(arg, "none"))
			return usage_error(state, "BLAS", arg, "openblas, cublaslt or none");
		o->blas = arg;
		return 0;
	case KEY_FLOATX:
		if (strcmp(arg, "float32") && strcmp(arg, "float64")) return usage_error(state, "float type", arg, "float32 or float64");
		o->pass.floatX = !strcmp(arg, "float64") ? DT_float64 : DT_float32;
		return 0;
	case KEY_THREADS:
		if (strcmp(arg, "openmp") && strcmp(arg, "none")) return usage_error(state, "threads", arg, "openmp or none");
		o->emit.threads = !strcmp(arg, "openmp");
		return 0;
	case 'O':
		if (strlen(arg) != 1 || *arg < '0' || *arg > '3') return usage_error(state, "level", arg, "0, 1, 2 or 3");
		o->pass.level = *arg - '0';
		return 0;
	case 'D': {
		char *eq = strchr(arg, '=');
		if (!eq || eq == arg || !eq[1]) return usage_error(state, "definition", arg, "NAME=VALUE");
		o->define[o->ndefines++] = (Define){arena_strndup(o->arena, arg, (size_t)(eq - arg)), eq + 1};
		return 0;
	}
	case ARGP_KEY_ARG:
		if (o->input) {
			argp_failure(state, 2, 0, "one model file at a time: '%s' and '%s'", o->input, arg);
			return EINVAL;
		}
		o->input = arg;
		return 0;
	case ARGP_KEY_END:
		o->emit.blas = !o->blas || strcmp(o->blas, "none");
		if (o->blas && o->emit.blas && (!strcmp(o->blas, "cublaslt")) != o->emit.cuda) {
			argp_failure(state, 2, 0, "--blas %s does not go with --target %s", o->blas, o->emit.cuda ? "cuda" : "c");
			return EINVAL;
		}
		if (o->emit.dispatch && o->emit.cuda) {
			argp_failure(state, 2, 0, "--dispatch does not go with --target cuda");
			return EINVAL;
		}
		if (o->emit.profile && o->emit.dispatch) {
			argp_failure(state, 2, 0, "--profile does not go with --dispatch");
			return EINVAL;
		}
		if (o->emit.dispatch && o->blas && o->emit.blas) {
			argp_failure(state, 2, 0, "--dispatch does not go with --blas %s", o->blas);
			return EINVAL;
		}
		o->emit.blas = o->emit.blas && !o->emit.dispatch;
		if (o->ptxas && (!o->emit.cuda || o->emit.of_report.form == REPORT_NONE)) {
			argp_failure(state, 2, 0, "--ptxas goes with --target cuda --report");
			return EINVAL;
		}
		if (o->input || o->passes) return 0;
		argp_failure(state, 2, 0, "no model file; modelc --help says more");
		return EINVAL;
	default: return ARGP_ERR_UNKNOWN;
	}
}

/* prints to stdout all or nothing of what went wrong with it */
static int show(const Writer *w)
{
	size_t len;
	const char *text = writer_text(w, &len);
	if (fwrite(text, 1, len, stdout) != len || fflush(stdout)) fatal("cannot write: %s", strerror(errno));
	return 0;
}

/* Every function through the passes, the initialisers too; false after an error. */
static bool optimise(Model *m, const Options *o, Diag *diag, Writer *dumps)
{
	PassOptions options = o->pass;
	options.dump = o->dump;
	options.lanes = !o->emit.cuda;
	bool ok = true;
	for (int i = 0; i < m->funcs.len; i++) ok = run_passes(m, m->funcs.data[i], &options, diag, dumps) && ok;
	if (m->init) ok = run_passes(m, m->init, &options, diag, dumps) && ok;
	return ok && diag_count(diag) == 0;
}

static void show_expression(Writer *w, Arena *arena, const char *heading, const Func *f)
{
	const char **name = NEW_ARRAY(arena, const char *, f->graph->results.len + 1);
	for (int i = 0; i < f->graph->results.len; i++) name[i] = i < f->outs.len ? "" : NULL;
	put(w, "%s\n", heading);
	print_infix(w, arena, f->graph, name);
}

/* NULL after an error */
static const Source *read_source(Arena *arena, const char *path)
{
	const char *why;
	const Source *source = source_from_file(arena, path, &why);
	if (!source) fprintf(stderr, "%s: error: %s\n", path, why);
	return source;
}

static int compile(Options *o, Diag *diag)
{
	Arena *arena = o->arena;
	Names *names = names_new(arena);
	const Source *source = read_source(arena, o->input), *ptxas = o->ptxas ? read_source(arena, o->ptxas) : NULL;
	if (!source || (o->ptxas && !ptxas)) return 1;
	if (ptxas) o->emit.of_report.ptxas = ptxas_read(arena, ptxas);
	File *file = parse_file(arena, names, diag, source);
	if (diag_count(diag)) return 1;
	Writer *w = writer_new(arena);
	if (o->ast) {
		ast_print(w, file);
		return show(w);
	}
	CheckOptions check = {o->pass.floatX, o->define, o->ndefines, o->print, o->pass.max_nodes};
	Model *model = check_model(arena, names, diag, file, &check);
	if (!model || diag_count(diag)) return 1;
	if (o->check) return 0;

	if (o->dot)
		for (int i = 0; i < model->funcs.len; i++) graph_dot(w, model->funcs.data[i]);
	if (o->print) show_expression(w, arena, "as written", model->funcs.data[model->funcs.len - 1]);
	Writer *dumps = writer_new(arena);
	if (!optimise(model, o, diag, dumps)) return 1;
	if (o->dump && strcmp(o->dump, "kernels")) return show(dumps);
	if (o->pass.stop_after) {
		print_model(w, model);
		return show(w);
	}
	if (o->print) {
		show_expression(w, arena, "optimised", model->funcs.data[model->funcs.len - 1]);
		return show(w);
	}
	if (o->dot) {
		for (int i = 0; i < model->funcs.len; i++) graph_dot(w, model->funcs.data[i]);
		return show(w);
	}
	o->emit.report = o->emit.of_report.form != REPORT_NONE ? w : NULL;
	o->emit.kernels = o->dump ? w : NULL;
	o->emit.out_dir = o->out_dir;
	if (!emit_model(arena, model, &o->emit, diag) || diag_count(diag)) return 1;
	return o->emit.report || o->dump ? show(w) : 0;
}

int modelc(int argc, char **argv, unsigned flags)
{
	static const struct argp argp = {
		option_table, parse_option, "FILE.model",
		"Compiles a machine-learning model to plain C: NAME.h and NAME.c.\v"
		"Exit status: 0 good, 1 the model is wrong (or cannot be read or written), 2 the command line is wrong.\n"
		"The language: doc/language.md; the generated functions: doc/api.md.",
		0, 0, 0};
	Arena *arena = arena_new();
	Options o = {.arena = arena, .out_dir = "."};
	o.define = NEW_ARRAY(arena, Define, argc);
	o.pass.floatX = DT_float32;
	o.pass.level = 3;
	o.pass.max_nodes = 250000;
	o.emit.threads = true;
	o.emit.of_report.machine = (Machine){.flops = 100e9, .functions = 2e9, .bytes = 20e9};
	int status = 2;
	if (argp_parse(&argp, argc, argv, flags, 0, &o) == 0) {
		Diag *diag = diag_new(arena);
		status = 0;
		if (o.passes)
			list_passes(stdout);
		else
			status = compile(&o, diag);
		diag_flush(diag, stderr);
		if (diag_count(diag)) status = 1;
	}
	arena_free(arena);
	return status;
}
