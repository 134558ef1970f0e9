/* pipeline.c -- runs the passes of passes.def in their order */
#include <string.h>

#include "passes.h"

static const struct {
	const char *name;
	Pass *run;
	int level;
	unsigned needs, gives, takes;
	const char *text;
} passes[] = {
#define PASS(name, level, needs, gives, takes, text)                                               \
	{#name, pass_##name, level, needs, gives, takes, text},
#include "passes.def"
#undef PASS
};

enum { NPASSES = sizeof passes / sizeof passes[0] };

static const struct {
	const char *name, *text;
} rewrites[REWRITE_COUNT + 1] = {
#define REWRITE(name, text) {#name, text},
#include "rewrites.def"
#undef REWRITE
	{NULL, NULL},
};

const char *rewrite_name(RewriteName r)
{
	return rewrites[r].name;
}

bool pass_exists(const char *name)
{
	for (int i = 0; i < NPASSES; i++)
		if (strcmp(passes[i].name, name) == 0)
			return true;
	return false;
}

void list_passes(FILE *f)
{
	for (int i = 0; i < NPASSES; i++)
		fprintf(f, "%-20s %s\n", passes[i].name, passes[i].text);
	fprintf(f, "\nRewrites, as -d counts them:\n");
	for (int i = 0; i < (int)REWRITE_COUNT; i++)
		fprintf(f, "%-20s %s\n", rewrites[i].name, rewrites[i].text);
}

static void dump(Writer *w, const Func *f, const char *pass, const int *before, const int *fired)
{
	put(w, "# after %s\n", pass);
	for (int i = 0; i < (int)REWRITE_COUNT; i++)
		if (fired[i] > before[i])
			put(w, "# %s: %d\n", rewrites[i].name, fired[i] - before[i]);
	print_func(w, f);
}

bool run_passes_counted(Model *m, Func *f, const PassOptions *options, Diag *diag, Writer *dumps,
			int *fired)
{
	int errors = diag_count(diag);
	unsigned form = UNFOLDED;
	Arena *arena = NULL; /* of f->graph; NULL: the model's */
	if (options->max_nodes && graph_size(f->graph) > options->max_nodes)
		diag_error(diag, f->loc, "the graph of '%s' has %lld nodes, more than the %lld of --max-nodes", f->name,
			   (long long)graph_size(f->graph), (long long)options->max_nodes);
	for (int i = 0; i < NPASSES && diag_count(diag) == errors; i++) {
		if (passes[i].level <= options->level) {
			if ((form & passes[i].needs) != passes[i].needs)
				internal_error("%s runs at the wrong place: the graph is 0x%x, "
					       "needed is 0x%x",
					       passes[i].name, form, passes[i].needs);
			int before[REWRITE_COUNT + 1];
			for (int k = 0; k < (int)REWRITE_COUNT; k++)
				before[k] = fired[k];
			PassCx cx = {arena_new(), diag, options, f, fired, false, NULL};
			Graph *out = passes[i].run(&cx, f->graph);
			if (diag_count(diag) > errors) {
				arena_free(cx.out);
				break;
			}
			f->graph = out;
			if (arena)
				arena_free(arena);
			arena = cx.out;
			form = (form & ~passes[i].takes) | passes[i].gives;
			verify_func(f, passes[i].name);
			if (options->dump && (!strcmp(options->dump, passes[i].name) ||
					      !strcmp(options->dump, "all")))
				dump(dumps, f, passes[i].name, before, fired);
		}
		if (options->stop_after && !strcmp(options->stop_after, passes[i].name))
			break;
	}
	f->graph = rewrite(f->graph, m->arena, &(Rewrite){0});
	if (arena)
		arena_free(arena);
	return diag_count(diag) == errors;
}

bool run_passes(Model *m, Func *f, const PassOptions *options, Diag *diag, Writer *dumps)
{
	int fired[REWRITE_COUNT + 1] = {0};
	return run_passes_counted(m, f, options, diag, dumps, fired);
}
