/* report.c -- the plan as text: what runs when, what it costs, what is alive */
#include <inttypes.h>

#include "plan.h"

static const Size *alive_at(Arena *arena, const FuncPlan *p, int t)
{
	const Size *sum = size_const(arena, 0);
	for (int i = 0; i < p->bufs.len; i++) {
		const PlanBuf *b = p->bufs.data[i];
		if (b->slot >= 0 && b->first <= t && t <= b->last)
			sum = size_add(arena, sum, slot_bytes(arena, b->count, b->type->dtype));
	}
	return sum;
}

static void put_block(Writer *w, Arena *arena, const FuncPlan *p, const PlanBlock *block)
{
	static const char *const kind[] = {"scalar", "kernel", "product", "check", "store", "loop", "if", "break"};
	for (int i = 0; i < block->steps.len; i++) {
		const Step *s = block->steps.data[i];
		switch (s->kind) {
		case STEP_KERNEL:
			put(w, "%3d %s %s: %s operations, %s bytes alive\n", s->ordinal, kind[s->kind], s->kernel->name, size_text(arena, s->work),
			    size_text(arena, alive_at(arena, p, s->ordinal)));
			if (s->comment)
				put(w, "      %s\n", s->comment);
			break;
		case STEP_PRODUCT:
			put(w, "%3d product %s: %s operations, %s bytes alive\n", s->ordinal, s->product.c->name,
			    size_text(arena, size_scale(arena, size_mul(arena, s->product.m, size_mul(arena, s->product.n, s->product.k)), 2)),
			    size_text(arena, alive_at(arena, p, s->ordinal)));
			break;
		case STEP_LOOP:
			put(w, "%3d loop %s times {\n", s->ordinal, size_text(arena, s->steps));
			put_block(w, arena, p, s->body);
			put(w, "}\n");
			break;
		case STEP_IF:
			put(w, "%3d if {\n", s->ordinal);
			put_block(w, arena, p, s->body);
			put(w, "} else {\n");
			put_block(w, arena, p, s->other);
			put(w, "}\n");
			break;
		case STEP_SCALAR: put(w, "%3d scalar %s\n", s->ordinal, s->name); break;
		case STEP_STORE: put(w, "%3d store %s\n", s->ordinal, s->target->name); break;
		case STEP_CHECK:
			put(w, "%3d check %s: %s\n", s->ordinal, p->func->checks.data[s->check].what, p->func->checks.data[s->check].text);
			break;
		case STEP_BREAK: put(w, "%3d break\n", s->ordinal); break;
		}
	}
}

void print_plan(Writer *w, const Plan *plan)
{
	Arena *arena = arena_new();
	for (int i = 0; i < plan->funcs.len; i++) {
		const FuncPlan *p = plan->funcs.data[i];
		put(w, "\nfunction %s {\n", p->func->name);
		put_block(w, arena, p, p->block);
		for (int k = 0; k < p->slots.len; k++) {
			const Slot *s = p->slots.data[k];
			put(w, "slot %d:", k);
			for (int j = 0; j < s->size.len; j++)
				put(w, "%s %s", j ? "," : "", size_text(arena, s->size.data[j]));
			put(w, " bytes for");
			for (int j = 0; j < s->bufs.len; j++)
				put(w, "%s %s : %s (steps %d to %d)", j ? "," : "", s->bufs.data[j]->name, type_text(arena, s->bufs.data[j]->type),
				    s->bufs.data[j]->first, s->bufs.data[j]->last);
			put(w, "\n");
		}
		put(w, "}\n");
	}
	arena_free(arena);
}
