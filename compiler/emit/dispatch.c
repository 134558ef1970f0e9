/* dispatch.c -- --dispatch: functions and kernels for several instruction sets in one file, of which an object takes one
 *
 * A set is a section: what it needs of the runtime, the functions, the kernels, compiled for that set; its names end in the set's,
 * those of the runtime have it behind mc_.  The functions that are exported call those of the object's set. */
#include <ctype.h>
#include <string.h>

#include "emit_internal.h"

typedef struct Set {
	const char *name, *upper;
	const char *target; /* for gcc and clang on x86; NULL: whatever the file is compiled for */
	const char *runs; /* C: this machine has it */
} Set;

static const Set sets[] = {
	{"avx512", "AVX512", "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi,bmi2",
	 "__builtin_cpu_supports(\"avx512f\") && __builtin_cpu_supports(\"avx512bw\") && __builtin_cpu_supports(\"avx512dq\") && "
	 "__builtin_cpu_supports(\"avx512vl\")"},
	{"avx2", "AVX2", "avx2,fma,bmi,bmi2", "__builtin_cpu_supports(\"avx2\") && __builtin_cpu_supports(\"fma\")"},
	{"base", "BASE", NULL, NULL},
};
enum { NSETS = sizeof sets / sizeof sets[0] };
#define X86 "#if defined(__x86_64__) && defined(__GNUC__)\n"

static const char *text_of(const Writer *w)
{
	return writer_text(w, NULL);
}

static bool begins_with(const char *s, size_t n, const char *with)
{
	size_t len = strlen(with);
	return n >= len && !memcmp(s, with, len);
}

/* a kernel, or a function of one */
static bool of_kernel(const Emit *e, const char *word, size_t n)
{
	for (int i = 0; i < e->plan->kernels.len; i++) {
		const char *k = e->plan->kernels.data[i]->name;
		size_t len = strlen(k);
		if (begins_with(word, n, k) && (n == len || word[len] == '_'))
			return true;
	}
	return false;
}

/* the text with the set in its names */
static void put_for_set(Emit *e, Writer *w, const char *text, const Set *set)
{
	const Names *common = words_of(e->arena, runtime_text("mc"));
	const char *public = arena_printf(e->arena, "%s_", e->name);
	for (const char *p = text; *p;) {
		size_t n = 0;
		while (isalnum((unsigned char)p[n]) || p[n] == '_')
			n++;
		if (n == 0) {
			put_raw(w, arena_strndup(e->arena, p, 1));
			p++;
			continue;
		}
		const char *word = arena_strndup(e->arena, p, n);
		bool runtime = (begins_with(p, n, "mc_") || begins_with(p, n, "MC_")) && !has_name(common, word);
		if (runtime)
			put_raw(w, arena_printf(e->arena, "%.3s%s_%s", word, word[0] == 'm' ? set->name : set->upper, word + 3));
		else if (p[n] == '(' && (of_kernel(e, p, n) || begins_with(p, n, public)))
			put_raw(w, arena_printf(e->arena, "%s_%s", word, set->name));
		else
			put_raw(w, word);
		p += n;
	}
}

/* the kernels in the form for a set's vectors, or in those for 4 and for none */
static void put_kernels(Emit *e, Writer *w, int set, const Target *targets, int ntargets)
{
	for (int i = 0; i < e->plan->kernels.len; i++) {
		const Kernel *k = e->plan->kernels.data[i];
		const bool serial = !k->in_region, all = !k->narrower;
		for (int s = 0; s < set && k->narrower; s++)
			k = k->narrower;
		if (set == NSETS - 1) {
			print_kernel_for_all_c(w, k, ntargets - set, targets + set, serial);
			continue;
		}
		Target one = targets[all ? ntargets - 1 : set];
		one.serial = serial;
		print_kernel_c(w, k, &one);
	}
}

static void put_section(Emit *e, Writer *w, int number, const Target *targets, int ntargets)
{
	const Set *set = &sets[number];
	Writer *functions = writer_new(e->arena), *kernels = writer_new(e->arena), *prototypes = writer_new(e->arena), *runtime = writer_new(e->arena);
	for (int i = 0; i < func_count(e); i++)
		emit_function(e, functions, i);
	settle_barriers(e);
	put_kernels(e, kernels, number, targets, ntargets);
	for (int i = 0; i < e->plan->kernels.len; i++)
		print_kernel_prototype_c(prototypes, e->plan->kernels.data[i], targets);
	emit_runtime_text(e, runtime, arena_printf(e->arena, "%s%s/* MC_LANES */", text_of(functions), text_of(kernels)));

	put(w, "/* ---- for %s: what it needs of the runtime, the functions, the kernels */\n\n", set->name);
	if (set->target) {
		put(w, "%s#if defined(__clang__)\n#pragma clang attribute push(__attribute__((target(\"%s\"))), apply_to = function)\n", X86, set->target);
		put(w, "#else\n#pragma GCC push_options\n#pragma GCC target(\"%s\")\n#endif\n", set->target);
		put(w, "#define MC_%s_LANES %d\n#define MC_%s_REGS %d\n", set->upper, targets[number].lanes, set->upper, targets[number].regs);
		put(w, "#define MC_%s_HAS_FMA\n#define MC_%s_X86_FMA\n#define MC_%s_X86_AVX2\n#define MC_%s_SQRT_DECLARED\n\n", set->upper, set->upper, set->upper,
		    set->upper);
	} else {
		put(w, "#if defined(__GNUC__) && (defined(__SSE2__) || defined(__ARM_NEON) || defined(__aarch64__))\n#define MC_%s_LANES 4\n", set->upper);
		put(w, "#else\n#define MC_%s_LANES 1\n#endif\n#define MC_%s_REGS 16\n\n", set->upper, set->upper);
	}
	put_for_set(e, w, text_of(runtime), set);
	put(w, "/* the kernels, which stand below */\n");
	put_for_set(e, w, text_of(prototypes), set);
	put(w, "\n");
	put_for_set(e, w, text_of(functions), set);
	put_for_set(e, w, text_of(kernels), set);
	if (set->target)
		put(w, "#if defined(__clang__)\n#pragma clang attribute pop\n#else\n#pragma GCC pop_options\n#endif\n#endif\n");
	put(w, "\n");
}

/* "m, batch, x, cost" */
static const char *arguments(const Emit *e, const FuncPlan *p)
{
	const Func *f = p->func;
	const char *t = "m";
	for (int i = 0; i < f->dims.len; i++)
		t = arena_printf(e->arena, "%s, %s", t, dim_c(f->dims.data[i]));
	for (int i = 0; i < f->args.len; i++)
		t = arena_printf(e->arena, "%s, %s", t, p->args.data[i]->name);
	for (int i = 0; i < f->outs.len; i++)
		t = arena_printf(e->arena, "%s, %s", t, p->outs.data[i]->name);
	return t;
}

static bool is_init(const Emit *e, const FuncPlan *p)
{
	return p->func == e->model->init;
}

static void put_steps(Emit *e, Writer *w)
{
	const char *n = e->name;
	put(w, "/* ---- one of them for an object */\n\n");
	for (int s = 0; s < NSETS; s++) {
		put(w, "%sstatic const struct %s_set %s_%s = {\n\"%s\",\n", sets[s].target ? X86 : "", n, n, sets[s].name, sets[s].name);
		for (int i = 0; i < func_count(e); i++)
			put(w, "%s_%s_%s,\n", n, func_c_name(func_plan(e, i)->func), sets[s].name);
		put(w, "};\n%s", sets[s].target ? "#endif\n" : "");
	}
	put(w, "\nstatic const struct %s_set *choose_set(void)\n{\n%s__builtin_cpu_init();\n", n, X86);
	for (int s = 0; s < NSETS; s++)
		if (sets[s].target)
			put(w, "if (%s)\n\treturn &%s_%s;\n", sets[s].runs, n, sets[s].name);
	put(w, "#endif\nreturn &%s_base;\n}\n\n", n);
	for (int i = 0; i < func_count(e); i++) {
		const FuncPlan *p = func_plan(e, i);
		if (is_init(e, p))
			put(w, "void %s_init(%s *m, uint64_t seed)\n{\nm->by->init(m, seed);\n}\n\n", n, n);
		else
			put(w, "%s\n{\nif (!m)\n\treturn MC_NULL;\nreturn m->by->%s(%s);\n}\n\n", prototype(e, p), c_name(e->arena, func_c_name(p->func)), arguments(e, p));
	}
	put(w, "const char *%s_instructions(const %s *m)\n{\nreturn m->by->instructions;\n}\n\n", n, n);
}

/* struct NAME_set: the functions of a set */
void emit_set_struct(Emit *e, Writer *w)
{
	put(w, "/* the functions of an instruction set */\nstruct %s_set {\nconst char *instructions;\n", e->name);
	for (int i = 0; i < func_count(e); i++) {
		const FuncPlan *p = func_plan(e, i);
		if (is_init(e, p)) {
			put(w, "void (*init)(%s *m, uint64_t seed);\n", e->name);
			continue;
		}
		const char *text = prototype(e, p), *args = strchr(text, '(');
		put(w, "mc_status (*%s)%s;\n", c_name(e->arena, func_c_name(p->func)), args);
	}
	put(w, "};\n\n");
	for (int s = 0; s < NSETS; s++) {
		put(w, "%s", sets[s].target ? X86 : "");
		for (int i = 0; i < func_count(e); i++) {
			const FuncPlan *p = func_plan(e, i);
			const char *text = is_init(e, p) ? arena_printf(e->arena, "void %s_init(%s *m, uint64_t seed)", e->name, e->name) : prototype(e, p);
			const char *args = strchr(text, '(');
			put(w, "static %.*s_%s%s;\n", (int)(args - text), text, sets[s].name, args);
		}
		put(w, "%s", sets[s].target ? "#endif\n" : "");
	}
	put(w, "\n");
}

void emit_sets(Emit *e, Writer *w, const Target *targets, int ntargets)
{
	for (int s = NSETS - 1; s >= 0; s--) /* the first without a target: it declares what is not ours */
		put_section(e, w, s, targets, ntargets);
	put_steps(e, w);
}
