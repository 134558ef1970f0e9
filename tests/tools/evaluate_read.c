/* evaluate_read.c -- a program's graphs before any optimisation */
#include <string.h>

#include "check/check.h"
#include "evaluate.h"
#include "passes/passes.h"

Model *read_program(Arena *arena, int argc, char **argv)
{
	Diag *diag = diag_new(arena);
	CheckOptions check = {.floatX = DT_float32};
	Define *define = NEW_ARRAY(arena, Define, argc);
	for (int i = 2; i < argc; i++) {
		char *eq = strchr(argv[i], '=');
		if (!strcmp(argv[i], "float64"))
			check.floatX = DT_float64;
		else if (eq && !strcmp(argv[i - 1], "-D"))
			define[check.ndefines++] = (Define){arena_strndup(arena, argv[i], (size_t)(eq - argv[i])), eq + 1};
	}
	check.defines = define;
	const char *why;
	const Source *source = source_from_file(arena, argv[1], &why);
	if (!source) {
		fprintf(stderr, "%s: %s\n", argv[1], why);
		return NULL;
	}
	Names *names = names_new(arena);
	File *file = parse_file(arena, names, diag, source);
	Model *model = diag_count(diag) ? NULL : check_model(arena, names, diag, file, &check);
	PassOptions options = {.floatX = check.floatX, .level = 0, .stop_after = "grad"};
	bool ok = model && !diag_count(diag);
	for (int i = 0; ok && i < model->funcs.len; i++)
		ok = run_passes(model, model->funcs.data[i], &options, diag, NULL);
	if (ok && model->init)
		ok = run_passes(model, model->init, &options, diag, NULL);
	diag_flush(diag, stderr);
	return ok ? model : NULL;
}
