/* profile.c -- --profile: every kernel and product in a loop of one turn that times it (or has it timed, in a graph), and what they are */
#include "emit_internal.h"

void number_steps(Emit *e)
{
	int n = 0;
	e->first_step = NEW_ARRAY(e->arena, int, func_count(e) + 1);
	for (int i = 0; i < func_count(e); i++) {
		e->first_step[i] = n;
		n += func_plan(e, i)->nsteps;
	}
	e->first_step[func_count(e)] = n > 0 ? n : 1; /* C has no empty arrays */
}

static int row_of(const Emit *e, const FuncPlan *p, const Step *s)
{
	for (int i = 0; i < func_count(e); i++)
		if (func_plan(e, i) == p)
			return e->first_step[i] + s->ordinal;
	internal_error("a step of no function");
}

void open_profiled(Body *b, const Step *s)
{
	Arena *a = b->e->arena;
	Cost c = step_cost(a, s);
	const char *arg[] = {
		"mc_on",
		arena_printf(a, "&m->profile[%d]", row_of(b->e, b->plan, s)),
		size_c(a, c.flops),
		size_c(a, c.functions),
		size_c(a, size_add(a, c.read, c.written)),
	};
	const int first = !b->e->options->cuda; /* the stream */
	put(b->w, "%s\n", wrap_list(a, "MC_PROFILE", (int)(sizeof arg / sizeof *arg) - first, arg + first, " {", 16));
}

static void find_steps(const Emit *e, const FuncPlan *p, const PlanBlock *block, const Step **row)
{
	for (int i = 0; block && i < block->steps.len; i++) {
		const Step *s = block->steps.data[i];
		find_steps(e, p, s->body, row);
		find_steps(e, p, s->other, row);
		if (s->kind == STEP_KERNEL || s->kind == STEP_PRODUCT)
			row[row_of(e, p, s)] = s;
	}
}

void emit_profile(Emit *e, Writer *w)
{
	const int n = e->first_step[func_count(e)];
	const Step **row = NEW_ARRAY(e->arena, const Step *, n + 1);
	put(w, "static const mc_step profile_steps[%d] = {\n", n);
	for (int i = 0; i < func_count(e); i++) {
		const FuncPlan *p = func_plan(e, i);
		find_steps(e, p, p->block, row);
		for (int k = e->first_step[i]; k < e->first_step[i + 1]; k++) {
			const Step *s = row[k];
			if (s)
				put(w, "{\"%s\", \"%s\", %s},\n", p->func->name, s->kind == STEP_KERNEL ? s->kernel->name : s->product.c->name,
				    c_string(e->arena, s->comment ? s->comment : ""));
			else
				put(w, "{NULL, NULL, NULL},\n");
		}
	}
	put(w, "};\n\nconst mc_profile *%s_profile(const %s *m, int *count, const mc_step **steps)\n{\n", e->name, e->name);
	put(w, "if (count)\n\t*count = %d;\nif (steps)\n\t*steps = profile_steps;\nreturn m->profile;\n}\n\n", n);
}
