/* emit.c -- the stage: a plan into NAME.h, NAME.c and NAME_driver.c
 *
 * NAME.c is read from the top: the model's functions as calls of named kernels, then the kernels, the object, the tables. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emit_cuda.h"

/* a row for each width of vectors, and one for compilers without */
static const Target targets[] = {
	{.name = "c", .lanes = 16, .regs = 32}, {.name = "c", .lanes = 8, .regs = 16}, {.name = "c", .lanes = 4, .regs = 16}, {.name = "c", .lanes = 1, .regs = 16}};
enum { NTARGETS = sizeof targets / sizeof targets[0] };
static const Target cuda_target = {.name = "cuda", .lanes = 1, .regs = 64, .gpu = true};

static const char *text_of(const Writer *w)
{
	size_t len;
	return writer_text(w, &len);
}

static void number_checks(Emit *e)
{
	int n = 0;
	e->first_check = NEW_ARRAY(e->arena, int, func_count(e) + 1);
	for (int i = 0; i < func_count(e); i++) {
		e->first_check[i] = n;
		n += func_plan(e, i)->func->checks.len;
	}
}

static void emit_status_text(Emit *e, Writer *w)
{
	put(w, "const char *%s_status_text(mc_status status)\n{\n", e->name);
	bool any = false;
	for (int i = 0; i < func_count(e); i++) {
		const Func *f = func_plan(e, i)->func;
		for (int j = 0; j < f->checks.len; j++) {
			const FuncCheck *c = &f->checks.data[j];
			if (!func_plan(e, i)->tested[j])
				continue;
			const char *path = c->loc.source ? c->loc.source->path : "", *slash = strrchr(path, '/');
			const char *text = arena_printf(e->arena, "%s%s%s%s", c->what ? c->what : "", c->what ? ": " : "", c->text,
			                                c->loc.source ? arena_printf(e->arena, ", %s:%d", slash ? slash + 1 : path, loc_line(c->loc)) : "");
			if (!any)
				put(w, "switch (status) {\n");
			any = true;
			put(w, "case %d: return %s;\n", e->first_check[i] + j + 1, c_string(e->arena, text));
		}
	}
	put(w, any ? "default: return mc_status_text(status);\n}\n}\n\n" : "return mc_status_text(status);\n}\n\n");
}

static void emit_ready(Emit *e, Writer *w)
{
	bool state = false;
	for (int i = 0; i < e->model->vars.len; i++)
		state = state || e->model->vars.data[i]->kind != VAR_DATA;
	if (state)
		put(w, "/* does every variable have a value? */\nstatic int is_ready(const %s *m)\n{\n"
		       "for (size_t i = 0; i < sizeof m->set; i++)\n\tif (!m->of->set[i])\n\t\treturn 0;\nreturn 1;\n}\n\n", e->name);
}

/* the same for a GPU */
static void emit_code_cuda(Emit *e, Writer *w)
{
	Writer *frames = writer_new(e->arena), *steps = writer_new(e->arena), *functions = writer_new(e->arena);
	Writer *kernels = writer_new(e->arena), *prototypes = writer_new(e->arena), *body = writer_new(e->arena), *object = writer_new(e->arena);
	for (int i = 0; i < e->plan->kernels.len; i++) {
		print_kernel_cuda(kernels, e->plan->kernels.data[i], &cuda_target);
		print_kernel_prototype_cuda(prototypes, e->plan->kernels.data[i], &cuda_target);
	}
	for (int i = 0; i < func_count(e); i++) {
		Cuda c;
		begin_cuda(&c, e, func_plan(e, i));
		emit_function_cuda(&c, functions);
		emit_frame(&c, frames);
		put_raw(prototypes, text_of(c.prototypes));
		put_raw(steps, text_of(c.kernels));
	}
	if (!e->model->init)
		put(functions, "void %s_init(%s *m, uint64_t seed)\n{\nm->of->seed = seed;\nm->of->call = 1;\n}\n\n", e->name, e->name);
	emit_struct_cuda(e, body);
	emit_ready(e, body);
	emit_lent(e, body);
	emit_object_cuda(e, object);
	emit_status_text(e, object);
	if (e->options->profile)
		emit_profile(e, object);
	const char *code = arena_printf(e->arena, "%s%s%s%s%s%s", text_of(frames), text_of(body), text_of(functions), text_of(steps), text_of(kernels), text_of(object));
	put(w, "/* %s.cu -- the model %s, compiled by modelc for GPUs\n *\n * nvcc -fmad=false; with -DMC_EMULATE any C++17 compiler */\n", e->name, e->name);
	put(w, "#include \"%s.h\"\n\n", e->name);
	if (strstr(code, "mc_product_"))
		put(w, "#define MC_PRODUCTS /* by cuBLASLt */\n");
	if (e->options->profile)
		put(w, "#define MC_PROFILED\n");
	emit_runtime(e, w, code);
	put(w, "#include <stdlib.h>\n#include <string.h>\n\n");
	put(w, "/* ---- what kernels are told: a frame a function, on the device */\n\n");
	put_raw(w, text_of(frames));
	put_raw(w, text_of(body));
	put(w, "/* ---- the kernels, which stand below */\n\n%s\n/* ---- the functions of the model */\n\n", text_of(prototypes));
	put_raw(w, text_of(functions));
	put(w, "/* ---- kernels */\n\n");
	put_raw(w, text_of(steps));
	put_raw(w, text_of(kernels));
	put(w, "/* ---- the object: its memory, its variables, its data */\n\n");
	put_raw(w, text_of(object));
	if (has_runtime(e))
		emit_tables(e, w);
}

static void emit_code(Emit *e, Writer *w)
{
	Writer *body = writer_new(e->arena), *object = writer_new(e->arena);
	emit_struct(e, body);
	emit_ready(e, body);
	emit_object(e, object);
	emit_status_text(e, object);
	if (e->options->profile)
		emit_profile(e, object);
	Writer *functions = writer_new(e->arena);
	for (int i = 0; i < func_count(e); i++)
		emit_function(e, functions, i);
	if (!e->model->init) { /* a model without variables */
		put(functions, "void %s_init(%s *m, uint64_t seed)\n{\nm->of->seed = seed;\nm->of->call = 1;\n}\n\n", e->name, e->name);
	}
	settle_barriers(e);
	Writer *kernels = writer_new(e->arena), *prototypes = writer_new(e->arena);
	for (int i = 0; i < e->plan->kernels.len; i++) {
		const Kernel *k = e->plan->kernels.data[i];
		print_kernel_for_all_c(kernels, k, NTARGETS, targets, !k->in_region);
		print_kernel_prototype_c(prototypes, k, targets);
	}
	const char *code = arena_printf(e->arena, "%s%s%s%s", text_of(body), text_of(functions),
					text_of(kernels), text_of(object));

	put(w, "/* %s.c -- the model %s, compiled by modelc */\n", e->name, e->name);
	if (e->options->profile)
		put(w, "#ifndef _POSIX_C_SOURCE\n#define _POSIX_C_SOURCE 199309L /* clock_gettime */\n#endif\n");
	put(w, "#include \"%s.h\"\n\n", e->name);
	emit_runtime(e, w, code);
	if (strstr(code, "cblas_"))
		put(w, "#include <cblas.h>\n");
	put(w, "#include <stdlib.h>\n#include <string.h>\n\n");
	if (strstr(code, "MC_SIMD"))
		put(w, "#ifdef __clang__ /* MC_SIMD allows, it does not demand */\n#pragma clang diagnostic ignored \"-Wpass-failed\"\n#endif\n\n");
	put_raw(w, text_of(body));
	if (e->plan->kernels.len) {
		put(w, "/* ---- the kernels, which stand below */\n\n");
		put_raw(w, text_of(prototypes));
		put(w, "\n");
	}
	put(w, "/* ---- the functions of the model */\n\n");
	put_raw(w, text_of(functions));
	if (e->plan->kernels.len) {
		put(w, "/* ---- kernels */\n\n");
		put_raw(w, text_of(kernels));
	}
	put(w, "/* ---- the object: its memory, its variables, its data */\n\n");
	put_raw(w, text_of(object));
	if (has_runtime(e))
		emit_tables(e, w);
}

/* the same for several instruction sets */
static void emit_code_dispatch(Emit *e, Writer *w)
{
	Writer *body = writer_new(e->arena), *sets = writer_new(e->arena), *object = writer_new(e->arena);
	emit_set_struct(e, body);
	emit_struct(e, body);
	emit_ready(e, body);
	emit_object(e, object);
	emit_status_text(e, object);
	emit_sets(e, sets, targets, NTARGETS);
	put(w, "/* %s.c -- the model %s, compiled by modelc for several instruction sets */\n", e->name, e->name);
	put(w, "#include \"%s.h\"\n\n#include <math.h>\n#include <stdlib.h>\n#include <string.h>\n", e->name);
	put(w, "#if defined(__x86_64__) && defined(__GNUC__)\n#include <immintrin.h>\n#endif\n\n");
	if (strstr(text_of(sets), "MC_SIMD"))
		put(w, "#ifdef __clang__ /* MC_SIMD allows, it does not demand */\n#pragma clang diagnostic ignored \"-Wpass-failed\"\n#endif\n\n");
	put_raw(w, text_of(body));
	put_raw(w, text_of(sets));
	put(w, "/* ---- the object: its memory, its variables, its data */\n\n");
	put_raw(w, text_of(object));
	if (has_runtime(e))
		emit_tables(e, w);
}

static bool prepare(Emit *e, Arena *arena, const Model *m, const EmitOptions *o, Diag *diag)
{
	*e = (Emit){.arena = arena, .model = m, .options = o, .diag = diag, .name = m->name};
	char *upper = arena_printf(arena, "%s", m->name);
	for (char *p = upper; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	e->upper = upper;
	e->type = object_type(e);
	if (!m->funcs.len && !m->vars.len) {
		diag_error(diag, (Loc){.source = m->source}, "the file declares no function and no variable: there is nothing to write; a function is, say, 'function f(x : floatX) -> y = 2 * x'");
		return false;
	}
	find_contiguous(e);
	name_dims(e);
	if (!check_names(e))
		return false;
	PlanOptions p = {.blas = o->blas && !o->standalone, .ntargets = o->cuda ? 1 : NTARGETS, .target = o->cuda ? &cuda_target : targets, .taken = e->taken};
	e->plan = plan_model(arena, m, &p, diag);
	if (!e->plan || diag_count(diag))
		return false;
	number_checks(e);
	number_steps(e);
	return check_state(e) && check_max_bytes(e);
}

bool emit_text(Arena *arena, const Model *m, const EmitOptions *o, Diag *diag, ModelText *text)
{
	Emit *e = NEW(arena, Emit);
	if (!prepare(e, arena, m, o, diag))
		return false;
	Writer *header = writer_new(arena), *code = writer_new(arena), *driver = writer_new(arena), *depend = writer_new(arena);
	emit_header(e, header);
	if (o->cuda)
		emit_code_cuda(e, code);
	else if (o->dispatch)
		emit_code_dispatch(e, code);
	else
		emit_code(e, code);
	*text = (ModelText){text_of(header), text_of(code), NULL, NULL};
	if (o->driver) {
		emit_driver(e, driver);
		text->driver = text_of(driver);
	}
	if (o->depend) {
		emit_depend(e, depend);
		text->depend = text_of(depend);
	}
	return diag_count(diag) == 0; /* sizes may be too large in sum */
}

/* ---- files: all are written beside their places first, then renamed */
typedef struct Output {
	const char *path, *temp, *text;
} Output;

static bool write_temp(const Output *o)
{
	FILE *f = fopen(o->temp, "w");
	if (!f)
		return false;
	size_t n = strlen(o->text);
	bool ok = fwrite(o->text, 1, n, f) == n;
	return fclose(f) == 0 && ok;
}

/* the folder and those around it; what fails here is said when a file is written */
static void make_folder(Arena *arena, const char *path)
{
	char *part = arena_printf(arena, "%s", path);
	for (char *p = part + 1; *part && *p; p++)
		if (*p == '/') {
			*p = 0;
			mkdir(part, 0777);
			*p = '/';
		}
	mkdir(part, 0777);
}

static bool write_files(Emit *e, Output *out, int n)
{
	int i = 0;
	for (; i < n; i++)
		if (!write_temp(&out[i]))
			break;
	if (i == n)
		for (i = 0; i < n; i++)
			if (rename(out[i].temp, out[i].path))
				break;
	if (i == n)
		return true;
	int error = errno;
	for (int j = 0; j < n; j++)
		unlink(out[j].temp);
	diag_error(e->diag, (Loc){0}, "cannot write '%s': %s", out[i].path, strerror(error));
	return false;
}

/* kernels of one thread, for scalars */
static int scalar_launches(Emit *e, Launch **launch)
{
	VEC(Launch) found = {0};
	for (int i = 0; e->options->cuda && i < func_count(e); i++) {
		Cuda c;
		begin_cuda(&c, e, func_plan(e, i));
		device_steps(&c, writer_new(e->arena));
		for (int k = 1; k <= c.nruns; k++)
			push(e->arena, &found, ((Launch){scalars_name(&c, k), "1", 1, 0}));
	}
	*launch = found.data;
	return found.len;
}

/* ptxas spoke of every kernel */
static bool check_ptxas(Emit *e, const ReportOptions *r, int n, const Launch *scalars)
{
	const char *missing = NULL;
	int after = 0;
	for (int i = 0; i < n && !missing; i++, after = 0)
		if (!ptxas_usage(e->arena, r->ptxas, scalars[i].name, &after))
			missing = scalars[i].name;
	for (int i = 0; i < e->plan->kernels.len && !missing; i++)
		for (int k = 0; k < e->plan->kernels.data[i]->parts.len && !missing; k++, after = 0) {
			const Launch l = kernel_launch(e->arena, e->plan->kernels.data[i], r->gpu, k);
			if (!ptxas_usage(e->arena, r->ptxas, l.name, &after))
				missing = l.name;
		}
	if (missing)
		diag_error(e->diag, (Loc){0}, "the text of ptxas does not speak of the kernel %s: is it that of nvcc -Xptxas -v for this %s.cu?", missing, e->name);
	return !missing;
}

static bool emit_report(Emit *e, Writer *w)
{
	const EmitOptions *o = e->options;
	ReportOptions r = o->of_report;
	Launch *scalars;
	const int nscalars = scalar_launches(e, &scalars);
	const char *bytes = bytes_formula(e, "max"), *state = size_text(e->arena, state_bytes(e));
	r.gpu = o->cuda ? &cuda_target : NULL;
	if (r.ptxas && !check_ptxas(e, &r, nscalars, scalars))
		return false;
	if (r.form == REPORT_JSON) {
		put(w, "{\"model\": \"%s\", \"target\": \"%s\",\n", e->name, o->cuda ? "cuda" : "c");
		put(w, "\"memory\": {\"bytes\": \"%s\", \"object\": %" PRId64 ", \"alignment\": %d, \"state\": \"%s\"},\n", bytes, object_bytes(e), OBJECT_ALIGN, state);
		print_plan_json(w, e->plan, &r);
		if (o->cuda) {
			put(w, ",\n\"scalars\": ");
			print_launches_json(w, nscalars, scalars, &r);
		}
		put(w, "}\n");
		return true;
	}
	put(w, "memory: %s bytes\n", bytes);
	put(w, "    object %" PRId64 ", alignment %d, state %s, the rest scratch: the largest of the functions\n", object_bytes(e), OBJECT_ALIGN, state);
	print_plan(w, e->plan, &r);
	if (nscalars)
		put(w, "\nscalars {\n");
	for (int i = 0; i < nscalars; i++)
		print_launch(w, &scalars[i], &r);
	if (nscalars)
		put(w, "}\n");
	return true;
}

bool emit_model(Arena *arena, const Model *m, const EmitOptions *o, Diag *diag)
{
	Emit *e = NEW(arena, Emit);
	if (o->report || o->kernels) {
		if (!prepare(e, arena, m, o, diag))
			return false;
		if (o->report && !emit_report(e, o->report))
			return false;
		for (int i = 0; o->kernels && i < e->plan->kernels.len; i++)
			print_kernel_text(o->kernels, e->plan->kernels.data[i]);
		return true;
	}
	ModelText text;
	if (!emit_text(arena, m, o, diag, &text))
		return false;
	e->diag = diag;
	Output out[4];
	const char *name[] = {".h", o->cuda ? ".cu" : ".c", "_driver.c", ".d"}, *content[] = {text.header, text.code, text.driver, text.depend};
	int n = 0;
	for (int i = 0; i < (int)(sizeof name / sizeof *name); i++) {
		if (!content[i])
			continue;
		const char *path = arena_printf(arena, "%s/%s%s", o->out_dir, m->name, name[i]);
		out[n++] = (Output){path, arena_printf(arena, "%s.%ld.tmp", path, (long)getpid()), content[i]};
	}
	make_folder(arena, o->out_dir);
	return write_files(e, out, n);
}
