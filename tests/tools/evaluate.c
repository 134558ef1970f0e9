/* evaluate.c -- answers what tests/harness.c is asked, from the graphs before any optimisation
 *
 *      evaluate FILE.model [float64] [-D NAME=VALUE ...]
 *
 * Gradients are expanded, nothing else is done; the naive evaluator computes.  Values of an output stand as
 * "name = v v v ~ d d d": v may differ by d, which is 1e-10 of the sum of its absolute terms, or 2e-5 in a program
 * with float32.  The program is evaluated three times, twice with every inexact result moved a little; where that
 * moves a value too far, d is inf: the value hangs on a comparison that rounding decides.  Failed checks are
 * "status N {text} {text}", N that of the first. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emit/emit_internal.h"
#include "evaluate.h"
#include "mc.h"

enum { UNIVERSES = 3, DIMS = 64, LINE = 1 << 24 };

static Arena *arena;
static Model *model;
static int64_t made[DIMS], dims[DIMS]; /* as `new` said; and as data is bound */
static Array **state[UNIVERSES];       /* by Model.vars */
static uint64_t seed, calls;
static double tolerance;
static bool *known; /* by Model.vars: it has values */
static char *cursor;

static void die(const char *what)
{
	printf("evaluate: %s\n", what);
	exit(3);
}

static char *word(void)
{
	cursor += strspn(cursor, " \n");
	char *w = cursor;
	cursor += strcspn(cursor, " \n");
	if (*cursor)
		*cursor++ = 0;
	return w;
}

/* ---- values */

static int64_t dim_of(void *values, const Atom *a)
{
	if (a->kind != ATOM_DIM)
		die("a size that speaks of no dim");
	return ((const int64_t *)values)[a->dim->index];
}

static int64_t size_now(const Size *s, int64_t *values)
{
	int64_t n;
	if (!size_eval(size_resolve(arena, s), dim_of, values, &n))
		die("a size beyond 64 bits");
	return n;
}

/* skip: leading axes left out */
static Array *array_of(const Type *t, int skip, int64_t *values)
{
	int64_t size[MAX_RANK];
	for (int i = skip; i < t->rank; i++)
		size[i - skip] = size_now(t->size[i], values);
	return array_new(arena, t->dtype, t->rank - skip, size);
}

static void put_float(Array *a, int64_t i, double x)
{
	a->f[i] = x;
	a->magnitude[i] = fabs(x);
}

static Array *read_array(const Type *t, int skip, int64_t *values)
{
	Array *a = array_of(t, skip, values);
	for (int64_t i = 0; i < a->count; i++) {
		const char *w = word();
		if (!*w)
			die("too few values");
		if (a->f)
			put_float(a, i, a->dtype == DT_float32 ? (double)strtof(w, NULL) : strtod(w, NULL));
		else
			a->i[i] = a->dtype == DT_uint64 ? (int64_t)strtoull(w, NULL, 10) : strtoll(w, NULL, 10);
	}
	return a;
}

/* may a compiled program differ by much more than rounding? */
static bool undecided(Array *const *a, int64_t i)
{
	for (int u = 1; u < UNIVERSES; u++) {
		if (!a[0]->f) {
			if (a[u]->i[i] != a[0]->i[i])
				return true;
			continue;
		}
		double x = a[0]->f[i], y = a[u]->f[i];
		if (isnan(x) ? !isnan(y) : x != y && !(fabs(x - y) <= tolerance / 2 * a[0]->magnitude[i]))
			return true;
	}
	return false;
}

static void print_values(const char *name, Array *const *a)
{
	printf(" %s =", name);
	for (int64_t i = 0; i < a[0]->count; i++) {
		if (a[0]->f)
			printf(a[0]->dtype == DT_float32 ? " %.9g" : " %.17g", a[0]->f[i]);
		else if (a[0]->dtype == DT_uint64)
			printf(" %" PRIu64, (uint64_t)a[0]->i[i]);
		else
			printf(" %" PRId64, a[0]->i[i]);
	}
	printf(" ~");
	for (int64_t i = 0; i < a[0]->count; i++)
		printf(" %.5g", undecided(a, i) ? (double)INFINITY : a[0]->f ? tolerance * a[0]->magnitude[i] : 0);
}

/* ---- variables */

/* "blocks.1.qkv.W": the variable, and which of its instances */
static int find_var(const char *name, int64_t *instance)
{
	for (int i = 0; i < model->vars.len; i++) {
		const Var *v = model->vars.data[i];
		for (*instance = 0; *instance < (v->stack ? v->stack : 1); ++*instance)
			if (!strcmp(instance_name(arena, v, *instance), name))
				return i;
	}
	die("no such tensor");
	return 0;
}

static void copy_values(Array *to, int64_t at, const Array *from, int64_t first, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		if (to->f) {
			to->f[at + i] = from->f[first + i];
			to->magnitude[at + i] = from->magnitude[first + i];
		} else {
			to->i[at + i] = from->i[first + i];
		}
}

static void command_set(void)
{
	int64_t k;
	int i = find_var(word(), &k);
	const Var *v = model->vars.data[i];
	Array *a = read_array(v->type, v->stack ? 1 : 0, dims);
	for (int u = 0; u < UNIVERSES; u++)
		copy_values(state[u][i], k * a->count, a, 0, a->count);
	known[i] = true;
	printf("ok");
}

static void print_var(const Var *v, int64_t k)
{
	Array *part[UNIVERSES];
	for (int u = 0; u < UNIVERSES; u++) {
		part[u] = array_of(v->type, v->stack ? 1 : 0, dims);
		copy_values(part[u], 0, state[u][v->index], k * part[u]->count, part[u]->count);
	}
	print_values(instance_name(arena, v, k), part);
}

static void command_get(void)
{
	int64_t k;
	const char *name = word();
	printf("ok");
	if (*name) {
		int i = find_var(name, &k);
		print_var(model->vars.data[i], k);
		return;
	}
	for (int i = 0; i < model->vars.len; i++) {
		const Var *v = model->vars.data[i];
		for (k = 0; v->kind != VAR_DATA && k < (v->stack ? v->stack : 1); k++)
			print_var(v, k);
	}
}

static void command_bind(void)
{
	int64_t k, values[DIMS];
	const Var *v = model->vars.data[find_var(word(), &k)];
	for (int i = 0; i < model->dims.len; i++)
		values[i] = strtoll(word(), NULL, 10);
	if (strcmp(word(), ":"))
		die("expected ':'");
	Emit e = {.arena = arena, .model = model};
	for (int i = 0; i < model->dims.len; i++)
		if (dim_of_type(v->type, model->dims.data[i]) && dim_use(&e, model->dims.data[i]) == DIM_DATA)
			dims[i] = values[i];
	Array *a = read_array(v->type, 0, dims);
	for (int u = 0; u < UNIVERSES; u++)
		state[u][v->index] = a;
	known[v->index] = true;
	printf("ok");
}

/* ---- functions */

static const EvalInput *input_of(int u, Array *const *args, int64_t *values, uint64_t call)
{
	EvalInput *in = NEW(arena, EvalInput);
	*in = (EvalInput){values, args, state[u], seed, call, (uint64_t)u};
	return in;
}

static void update(const Func *f, Array **const *result)
{
	for (int u = 0; u < UNIVERSES; u++)
		for (int i = 0; i < f->updates.len; i++)
			state[u][f->updates.data[i].var->index] = result[u][f->outs.len + i];
}

static void command_new(void)
{
	for (int i = 0; i < model->dims.len; i++)
		dims[i] = made[i] = strtoll(word(), NULL, 10);
	for (int u = 0; u < UNIVERSES; u++) {
		state[u] = NEW_ARRAY(arena, Array *, model->vars.len + 1);
		for (int i = 0; i < model->vars.len; i++)
			if (model->vars.data[i]->kind != VAR_DATA)
				state[u][i] = array_of(model->vars.data[i]->type, 0, dims);
	}
	known = NEW_ARRAY(arena, bool, model->vars.len + 1);
	printf("ok");
}

static void command_init(void)
{
	seed = strtoull(word(), NULL, 10);
	calls = 1;
	Array **result[UNIVERSES];
	if (model->init)
		for (int u = 0; u < UNIVERSES; u++)
			result[u] = eval_func(arena, model, model->init, input_of(u, NULL, dims, 0));
	if (model->init)
		update(model->init, result);
	for (int i = 0; i < model->vars.len; i++)
		known[i] |= model->vars.data[i]->kind != VAR_DATA;
	printf("ok");
}

static int entry_status(const Func *f, const int64_t *values)
{
	for (int i = 0; i < model->vars.len; i++)
		if (model->vars.data[i]->kind != VAR_DATA && !known[i])
			return MC_NOT_READY;
	for (int i = 0; i < f->graph->vals.len; i++) {
		const Val *v = f->graph->vals.data[i];
		if (v->op == OP_var && v->attr.var->kind == VAR_DATA && !known[v->attr.var->index])
			return MC_NOT_BOUND;
	}
	for (int i = 0; i < f->dims.len; i++) {
		int64_t n = values[f->dims.data[i]->index];
		if (n < f->dims.data[i]->lo || n > made[f->dims.data[i]->index])
			return MC_SIZE;
	}
	return MC_OK;
}

/* true: a check fails, and that is said */
static bool checks_fail(const Func *f, Array *const *result)
{
	int number = 1, first = 0;
	for (int i = 0; model->funcs.data[i] != f; i++)
		number += model->funcs.data[i]->checks.len;
	for (int i = 0; i < f->checks.len; i++) {
		if (result[f->outs.len + f->updates.len + i]->i[0])
			continue;
		if (!first)
			printf("status %d", first = number + i);
		const FuncCheck *c = &f->checks.data[i];
		printf(" {%s%s%s}", c->what ? c->what : "", c->what ? ": " : "", c->text);
	}
	return first > 0;
}

static void command_call(void)
{
	const char *name = word();
	const Func *f = NULL;
	for (int i = 0; i < model->funcs.len; i++)
		if (!strcmp(model->funcs.data[i]->name, name))
			f = model->funcs.data[i];
	if (!f)
		die("no such function");
	int64_t values[DIMS];
	memcpy(values, dims, sizeof values);
	for (int i = 0; i < f->dims.len; i++)
		values[f->dims.data[i]->index] = strtoll(word(), NULL, 10);
	if (strcmp(word(), ":"))
		die("expected ':'");
	for (int i = 0; i < model->dims.len; i++)
		if (model->dims.data[i]->is)
			values[i] = size_now(model->dims.data[i]->is, values);
	int status = entry_status(f, values);
	if (status) {
		printf("status %d {%s}", status, mc_status_text(status));
		return;
	}
	Array **args = NEW_ARRAY(arena, Array *, f->args.len + 1), **result[UNIVERSES];
	for (int i = 0; i < f->args.len; i++)
		args[i] = read_array(f->args.data[i]->type, 0, values);
	bool wanted[64] = {false}, all = strcmp(word(), ":") != 0;
	for (const char *w = all ? "" : word(); *w; w = word())
		for (int k = 0; k < f->outs.len; k++)
			wanted[k] |= !strcmp(f->outs.data[k].name, w);
	for (int u = 0; u < UNIVERSES; u++)
		result[u] = eval_func(arena, model, f, input_of(u, args, values, calls));
	if (checks_fail(f, result[0]))
		return;
	printf("ok");
	for (int k = 0; k < f->outs.len; k++) {
		if (!all && !wanted[k])
			continue;
		Array *out[UNIVERSES];
		for (int u = 0; u < UNIVERSES; u++)
			out[u] = result[u][k];
		print_values(f->outs.data[k].name, out);
	}
	update(f, result);
	calls += f->draws;
}

static bool has_float32(const Graph *g)
{
	for (int i = 0; i < g->vals.len; i++) {
		const Val *v = g->vals.data[i];
		if (v->type->dtype == DT_float32)
			return true;
		for (int r = 0; r < v->nregions; r++)
			if (has_float32(v->region[r]))
				return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	static char line[LINE];
	static const struct {
		const char *name;
		void (*run)(void);
	} commands[] = {{"new", command_new}, {"init", command_init}, {"set", command_set},
	                {"get", command_get}, {"bind", command_bind}, {"call", command_call}};
	if (argc < 2)
		die("which model?");
	arena = arena_new();
	model = read_program(arena, argc, argv);
	if (!model)
		return 1;
	if (model->dims.len > DIMS)
		die("too many dims");
	tolerance = model->init && has_float32(model->init->graph) ? 2e-5 : 1e-10;
	for (int i = 0; i < model->funcs.len; i++)
		if (has_float32(model->funcs.data[i]->graph))
			tolerance = 2e-5;
	while (fgets(line, sizeof line, stdin)) {
		cursor = line;
		const char *command = word();
		size_t i = 0, n = sizeof commands / sizeof commands[0];
		while (i < n && strcmp(commands[i].name, command))
			i++;
		if (i == n)
			die("unknown command");
		commands[i].run();
		printf("\n");
		fflush(stdout);
	}
	arena_free(arena);
	return 0;
}
