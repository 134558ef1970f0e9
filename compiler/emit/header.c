/* header.c -- NAME.h: what a program calls */
#include <inttypes.h>
#include <string.h>

#include "emit_internal.h"

const char *sizes_param(const Emit *e, const char *name)
{
	return e->model->dims.len ? arena_printf(e->arena, "const %s_sizes *%s", e->name, name) : NULL;
}

bool has_runtime(const Emit *e)
{
	return !e->options->standalone;
}

const char *prototype(const Emit *e, const FuncPlan *p)
{
	Arena *a = e->arena;
	const Func *f = p->func;
	const char *t = arena_printf(a, "mc_status %s_%s(%s *m", e->name, f->name, e->name);
	for (int i = 0; i < f->dims.len; i++)
		t = arena_printf(a, "%s, int64_t %s", t, dim_c(f->dims.data[i]));
	for (int i = 0; i < f->args.len; i++) {
		const Type *type = f->args.data[i]->type;
		t = arena_printf(a, type->rank ? "%s, const %s *%s" : "%s, %s %s", t, ctype(type->dtype), p->args.data[i]->name);
	}
	for (int i = 0; i < f->outs.len; i++)
		t = arena_printf(a, "%s, %s *%s", t, ctype(f->graph->results.data[i]->type->dtype), p->outs.data[i]->name);
	return arena_printf(a, "%s)", t);
}

/* breaks a long prototype after a comma */
static void put_prototype(Writer *w, const char *text)
{
	char line[160];
	size_t used = 0, indent = 0;
	while (*text) {
		const char *end = strstr(text, ", ");
		size_t n = end ? (size_t)(end - text) + 1 : strlen(text);
		if (used && used + n + 1 > 110) {
			put_raw(w, "\n\t\t");
			used = 16;
			indent = 1;
		} else if (used) {
			put_raw(w, " ");
			used++;
		}
		for (size_t k = 0; k < n; k += sizeof line - 1) {
			snprintf(line, sizeof line, "%.*s", (int)(n - k < sizeof line - 1 ? n - k : sizeof line - 1), text + k);
			put_raw(w, line);
		}
		used += n;
		text += n + (end ? 1 : 0);
	}
	(void)indent;
	put_raw(w, ";\n");
}

static void emit_sizes(Emit *e, Writer *w)
{
	const Model *m = e->model;
	if (!m->dims.len)
		return;
	put(w, "/* The sizes that an object is made for. */\ntypedef struct %s_sizes {\n", e->name);
	for (int i = 0; i < m->dims.len; i++) {
		const Dim *d = m->dims.data[i];
		static const char *const what[] = {"the largest of any call; 0: calls with it are MC_SIZE", "exact", "of data: taken when it is bound, ignored here",
			"of data: the largest that is bound; 0: to bind it is MC_SIZE", "not used"};
		const char *bounds = d->hi != INT64_MAX ? arena_printf(e->arena, "; %" PRId64 " to %" PRId64, d->lo, d->hi)
		                     : d->lo != 1       ? arena_printf(e->arena, "; at least %" PRId64, d->lo)
		                                        : "";
		put(w, "int64_t %s; /* %s%s */\n", dim_c(d), what[dim_use(e, d)], bounds);
	}
	put(w, "} %s_sizes;\n\n", e->name);
}

static void emit_bytes_macro(Emit *e, Writer *w)
{
	const Model *m = e->model;
	const char *params = "", *f = bytes_formula(e, arena_printf(e->arena, "%s_MAX", e->upper));
	if (strstr(f, "_MAX("))
		put(w, "#define %s_MAX(a, b) ((a) > (b) ? (a) : (b))\n", e->upper);
	/* parameters of the macro stand in parentheses */
	for (int i = 0; i < m->dims.len; i++) {
		const char *d = dim_c(m->dims.data[i]);
		params = arena_printf(e->arena, "%s%s%s", params, i ? ", " : "", d);
		const char *out = "";
		for (const char *p = f; *p;) {
			size_t n = strlen(d);
			const char *hit = strstr(p, d);
			if (!hit) {
				out = arena_printf(e->arena, "%s%s", out, p);
				break;
			}
			bool whole = !(hit > f && has_word(arena_printf(e->arena, "%c", hit[-1]), "_")) &&
			             has_word(arena_printf(e->arena, "%.*s", (int)(n + (hit > f) + (hit[n] != 0)), hit - (hit > f)), d);
			out = arena_printf(e->arena, whole ? "%s%.*s(%s)" : "%s%.*s%s", out, (int)(hit - p), p, d);
			p = hit + n;
		}
		f = out;
	}
	put(w, "/* the bytes of an object, as a constant expression; 64 of them are for alignment */\n");
	put(w, m->dims.len ? "#define %s_BYTES(%s) \\\n\t(%s)\n\n" : "#define %s_BYTES%s (%s)\n\n", e->upper, params, f);
}

static void emit_function_doc(Emit *e, Writer *w, const FuncPlan *p)
{
	Arena *a = e->arena;
	const Func *f = p->func;
	put(w, "/* %s%s%s\n", f->name, f->updates.len ? ": updates the state" : "", f->draws ? "; draws random numbers" : "");
	for (int i = 0; i < f->args.len; i++) {
		const FuncArg *x = f->args.data[i];
		const char *by = x->has_default ? arena_printf(a, ", default %s_%s_%s", e->upper, f->name, c_name(a, x->name)) : "";
		put(w, " *     %-20s %s%s\n", p->args.data[i]->name, type_text(a, x->type), by);
	}
	for (int i = 0; i < f->outs.len; i++)
		put(w, " *     -> %-17s %s\n", p->outs.data[i]->name, type_text(a, f->graph->results.data[i]->type));
	put_raw(w, " */\n");
	for (int i = 0; i < f->args.len; i++)
		if (f->args.data[i]->has_default)
			put(w, "#define %s_%s_%s (%.17g)\n", e->upper, f->name, c_name(a, f->args.data[i]->name), f->args.data[i]->value);
	put_prototype(w, prototype(e, p));
	put_raw(w, "\n");
}

static void emit_state(Emit *e, Writer *w)
{
	const Model *m = e->model;
	bool any = false;
	for (int i = 0; i < m->vars.len; i++) {
		const Var *v = m->vars.data[i];
		const char *c = var_c_name(e, v);
		if (v->kind == VAR_DATA)
			continue;
		if (!any)
			put(w, "/* Variables: `get` lends the values, `set` copies them in. */\n");
		any = true;
		const char *which = v->stack ? ", int64_t i" : "";
		put(w, "const %s *%s_get_%s(const %s *m%s); /* %s%s */\n", ctype(v->type->dtype), e->name, c, e->name, which, type_text(e->arena, v->type),
		    v->stack ? ", of which row i" : "");
		put(w, "%s %s_set_%s(%s *m%s, const %s *values);\n", v->stack ? "mc_status" : "void", e->name, c, e->name, which, ctype(v->type->dtype));
	}
	if (params_contiguous(e))
		put(w, "/* all parameters in declaration order, without gaps; *count: how many values (count may be NULL) */\n%s *%s_params(%s *m, size_t *count);\n",
		    ctype(m->floatX), e->name, e->name);
	put_raw(w, any ? "\n" : "");
	for (int i = 0, first = 1; i < m->vars.len; i++) {
		const Var *v = m->vars.data[i];
		if (v->kind != VAR_DATA)
			continue;
		if (first)
			put(w, "/* Data: borrowed, not copied, until it is bound again; NULL unbinds. */\n");
		first = 0;
		put(w, "mc_status %s_bind_%s(%s *m", e->name, var_c_name(e, v), e->name);
		for (int j = 0; j < m->dims.len; j++)
			if (dim_of_type(v->type, m->dims.data[j]) && comes_with_data(e, m->dims.data[j]))
				put(w, ", int64_t %s", dim_c(m->dims.data[j]));
		put(w, ", const %s *values); /* %s */\n", ctype(v->type->dtype), type_text(e->arena, v->type));
		if (i + 1 == m->vars.len || m->vars.data[i + 1]->kind != VAR_DATA)
			put_raw(w, "\n");
	}
}

void emit_header(Emit *e, Writer *w)
{
	const char *n = e->name, *sizes = sizes_param(e, "sizes"), *or_void = sizes ? sizes : "void", *comma = sizes ? ", " : "";
	sizes = sizes ? sizes : "";
	put(w, "/* %s.h -- the model %s, compiled by modelc */\n#ifndef %s_H\n#define %s_H\n\n", n, n, e->upper, e->upper);
	emit_mc_header(e, w);
	put(w, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
	put(w, "typedef struct %s %s;\n\n", n, n);
	emit_sizes(e, w);
	emit_bytes_macro(e, w);
	put(w, "size_t %s_bytes(%s); /* the same, checked: 0 on overflow or a size outside its bounds */\n", n, or_void);
	put(w, "%s *%s_place(void *memory, size_t bytes%s%s); /* in memory of the caller, of any alignment; NULL if it is too small */\n", n, n, comma, sizes);
	put(w, "%s *%s_new(%s); /* one malloc; NULL without memory */\n", n, n, or_void);
	put(w, "size_t %s_share_bytes(const %s *m);\n", n, n);
	put(w, "/* The same state, ready when `of` is, with scratch of its own: calls that neither update nor draw may then run at once.\n"
	       "   It takes over what data is bound now; later each binds its own. `of` outlives it. */\n");
	put(w, "%s *%s_share(%s *of, void *memory, size_t bytes);\n", n, n, n);
	if (e->options->cuda)
		put(w, "size_t %s_device_bytes(%s); /* of the GPU's memory, which `place` and `share` take and `free` gives back, of placed ones too */\n", n,
		    e->model->dims.len ? sizes_param(e, "sizes") : "void");
	if (e->options->cuda)
		put(w, "/* What CUDA said when calls gave MC_DEVICE, or NULL; of NULL: why no GPU can be used, or NULL: then memory was short. */\n"
		       "const char *%s_device_error(const %s *m);\n", n, n);
	put(w, "void %s_free(%s *m); /* NULL, or a placed one: nothing */\n", n, n);
	put(w, "void %s_init(%s *m, uint64_t seed); /* every variable from its initialiser; nothing where a check of one fails */\n", n, n);
	put(w, "const char *%s_status_text(mc_status status);\n\n", n);
	put(w, "/* Calls give 0, or a status; a failed one leaves state and random call number as they were. Outputs may be NULL: then\n"
	       "   they are not computed. They overlap neither inputs nor state. Calls on different objects may run in different threads. */\n\n");
	for (int i = 0; i < e->model->funcs.len; i++)
		emit_function_doc(e, w, func_plan(e, i));
	emit_state(e, w);
	if (e->options->dispatch)
		put(w, "/* The instruction set whose code the object runs: \"avx512\", \"avx2\", or \"base\", that of the compiler's flags. */\n"
		       "const char *%s_instructions(const %s *m);\n\n", n, n);
	if (e->options->profile)
		put(w, "/* What the calls have taken, by the steps of all functions: *count rows, and what each is (count, steps: or NULL). */\n"
		       "const mc_profile *%s_profile(const %s *m, int *count, const mc_step **steps);\n\n", n, n);
	if (has_runtime(e)) {
		put(w, "/* All state, with the random call number, as .npz or .safetensors. A failed save leaves an older file, a failed load the object, as it was. */\n");
		put(w, "mc_status %s_save(const %s *m, const char *path);\n", n, n);
		put(w, "mc_status %s_load(%s *m, const char *path);\n\n", n, n);
		put(w, "extern const mc_tensor %s_tensors[];\nextern const mc_function %s_functions[];\nextern const mc_model %s_model;\n\n", n, n, n);
	}
	put(w, "#ifdef __cplusplus\n}\n#endif\n#endif\n");
}
