/* report.c -- the plan as text and as JSON: what runs when, what it computes and moves, what is alive */
#include <inttypes.h>
#include <string.h>

#include "plan.h"

typedef struct Report {
	Writer *w;
	Arena *arena;
	const FuncPlan *plan;
	const ReportOptions *options;
	bool first; /* of a list */
} Report;

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

static const char *step_name(const Step *s)
{
	return s->kind == STEP_PRODUCT ? s->product.c->name : s->kernel->name;
}

/* ---- text */
static const char *time_text(Arena *arena, double us)
{
	return us < 1 ? arena_printf(arena, "%.0f ns", 1000 * us) : us < 1000 ? arena_printf(arena, "%.3g us", us) : arena_printf(arena, "%.3g ms", us / 1000);
}

static bool is_number(const char *s)
{
	return !s[strspn(s, "0123456789")];
}

void print_launch(Writer *w, const Launch *l, const ReportOptions *o)
{
	Arena *arena = arena_new();
	put(w, "      %s: %s block%s of %d thread%s", l->name, l->blocks, strcmp(l->blocks, "1") ? "s" : "", l->threads, l->threads > 1 ? "s" : "");
	put(w, "%s\n", l->shared ? arena_printf(arena, ", %" PRId64 " bytes of shared memory each", l->shared) : "");
	const Usage *u;
	for (int after = 0; o->ptxas && (u = ptxas_usage(arena, o->ptxas, l->name, &after)) != NULL;) {
		const double part = occupancy(u, l->threads, l->shared);
		put(w, "          %s: %d registers, %d bytes of stack, %d spilled", u->arch, u->registers, u->stack, u->spilled);
		put(w, "%s\n", part < 0 ? "" : arena_printf(arena, ", occupancy %.0f %%", 100 * part));
	}
	arena_free(arena);
}

static void put_launches(Report *r, const Step *s)
{
	for (int i = 0; r->options->gpu && s->kind == STEP_KERNEL && i < s->kernel->parts.len; i++) {
		const Launch l = kernel_launch(r->arena, s->kernel, r->options->gpu, i);
		print_launch(r->w, &l, r->options);
	}
}

static void put_cost(Report *r, const Step *s)
{
	Arena *a = r->arena;
	Cost c = step_cost(a, s);
	put(r->w, "%3d %s %s: %s FLOPs, ", s->ordinal, s->kind == STEP_PRODUCT ? "product" : "kernel", step_name(s), size_text(a, c.flops));
	if (c.functions->nterms)
		put(r->w, "%s functions, ", size_text(a, c.functions));
	put(r->w, "%s bytes read, %s written, at least %s; %s bytes alive\n", size_text(a, c.read), size_text(a, c.written),
	    time_text(a, predicted_us(&c, &r->options->machine)), size_text(a, alive_at(a, r->plan, s->ordinal)));
	if (s->comment)
		put(r->w, "      %s\n", s->comment);
	if (s->schedule)
		put(r->w, "      %s\n", s->schedule);
	put_launches(r, s);
}

static void put_block(Report *r, const PlanBlock *block)
{
	Writer *w = r->w;
	for (int i = 0; i < block->steps.len; i++) {
		const Step *s = block->steps.data[i];
		switch (s->kind) {
		case STEP_KERNEL:
		case STEP_PRODUCT: put_cost(r, s); break;
		case STEP_LOOP:
			put(w, "%3d loop %s times {\n", s->ordinal, size_text(r->arena, s->steps));
			put_block(r, s->body);
			put(w, "}\n");
			break;
		case STEP_IF:
			put(w, "%3d if {\n", s->ordinal);
			put_block(r, s->body);
			put(w, "} else {\n");
			put_block(r, s->other);
			put(w, "}\n");
			break;
		case STEP_SCALAR: put(w, "%3d scalar %s\n", s->ordinal, s->name); break;
		case STEP_STORE: put(w, "%3d store %s\n", s->ordinal, s->target->name); break;
		case STEP_CHECK:
			put(w, "%3d check %s: %s\n", s->ordinal, r->plan->func->checks.data[s->check].what, r->plan->func->checks.data[s->check].text);
			break;
		case STEP_BREAK: put(w, "%3d break\n", s->ordinal); break;
		}
	}
}

static void put_slot(Report *r, const Slot *s, int number)
{
	Writer *w = r->w;
	put(w, "slot %d:", number);
	for (int j = 0; j < s->size.len; j++)
		put(w, "%s %s", j ? "," : "", size_text(r->arena, s->size.data[j]));
	put(w, " bytes for");
	for (int j = 0; j < s->bufs.len; j++)
		put(w, "%s %s : %s (steps %d to %d)", j ? "," : "", s->bufs.data[j]->name, type_text(r->arena, s->bufs.data[j]->type), s->bufs.data[j]->first,
		    s->bufs.data[j]->last);
	put(w, "\n");
}

void print_plan(Writer *w, const Plan *plan, const ReportOptions *options)
{
	Arena *arena = arena_new();
	Report r = {.w = w, .arena = arena, .options = options};
	const Machine *machine = &options->machine;
	put(w, "times: what a machine of %.3g FLOPs, %.3g functions and %.3g bytes a second cannot go below (--machine); a dim without a bound counts as 64\n",
	    machine->flops, machine->functions, machine->bytes);
	for (int i = 0; i < plan->funcs.len; i++) {
		r.plan = plan->funcs.data[i];
		put(w, "\nfunction %s {\n", r.plan->func->name);
		put_block(&r, r.plan->block);
		for (int k = 0; k < r.plan->slots.len; k++)
			put_slot(&r, r.plan->slots.data[k], k);
		put(w, "}\n");
	}
	arena_free(arena);
}

/* ---- JSON */
static const char *quoted(Arena *arena, const char *s)
{
	Writer *w = writer_new(arena);
	put_raw(w, "\"");
	for (; *s; s++)
		if (*s == '"' || *s == '\\')
			put(w, "\\%c", *s);
		else if ((unsigned char)*s < ' ')
			put(w, "\\u%04x", (unsigned)*s);
		else
			put(w, "%c", *s);
	put_raw(w, "\"");
	return writer_text(w, NULL);
}

/* a number where it is one, else the formula */
static const char *size_json(Arena *arena, const Size *s)
{
	int64_t n;
	return size_is_const(s, &n) ? arena_printf(arena, "%" PRId64, n) : quoted(arena, size_text(arena, s));
}

void print_launches_json(Writer *w, int n, const Launch *launch, const ReportOptions *o)
{
	Arena *arena = arena_new();
	put(w, "[");
	for (int i = 0; i < n; i++) {
		const Launch *l = &launch[i];
		put(w, "%s{\"kernel\": %s, \"blocks\": %s, ", i ? ", " : "", quoted(arena, l->name), is_number(l->blocks) ? l->blocks : quoted(arena, l->blocks));
		put(w, "\"threads\": %d, \"shared_bytes\": %" PRId64, l->threads, l->shared);
		const Usage *u;
		for (int after = 0, first = 1; o->ptxas && (u = ptxas_usage(arena, o->ptxas, l->name, &after)) != NULL; first = 0) {
			const double part = occupancy(u, l->threads, l->shared);
			put(w, "%s{\"arch\": %s, \"registers\": %d, ", first ? ", \"ptxas\": [" : ", ", quoted(arena, u->arch), u->registers);
			put(w, "\"stack_bytes\": %d, \"spilled_bytes\": %d, ", u->stack, u->spilled);
			put(w, "\"occupancy\": %s}", part < 0 ? "null" : arena_printf(arena, "%.4g", part));
		}
		put(w, o->ptxas ? "]}" : "}");
	}
	put(w, "]");
	arena_free(arena);
}

static void put_launches_json(Report *r, const Step *s)
{
	VEC(Launch) launches = {0};
	for (int i = 0; s->kind == STEP_KERNEL && i < s->kernel->parts.len; i++)
		push(r->arena, &launches, kernel_launch(r->arena, s->kernel, r->options->gpu, i));
	put(r->w, ", \"launches\": ");
	print_launches_json(r->w, launches.len, launches.data, r->options);
}

static void put_kernels_json(Report *r, const PlanBlock *block, const Size *times)
{
	Arena *a = r->arena;
	for (int i = 0; block && i < block->steps.len; i++) {
		const Step *s = block->steps.data[i];
		if (s->kind == STEP_LOOP)
			put_kernels_json(r, s->body, size_mul(a, times, s->steps));
		if (s->kind == STEP_IF) {
			put_kernels_json(r, s->body, times);
			put_kernels_json(r, s->other, times);
		}
		if (s->kind != STEP_KERNEL && s->kind != STEP_PRODUCT)
			continue;
		Cost c = step_cost(a, s);
		put(r->w, "%s\n{\"step\": %d, \"kernel\": %s, \"by\": \"%s\", ", r->first ? "" : ",", s->ordinal, quoted(a, step_name(s)),
		    s->kind == STEP_PRODUCT ? "BLAS" : "modelc");
		put(r->w, "\"computes\": %s, \"schedule\": %s, \"times\": %s, ", quoted(a, s->comment ? s->comment : ""), quoted(a, s->schedule ? s->schedule : ""),
		    size_json(a, times));
		put(r->w, "\"flops\": %s, \"functions\": %s, \"bytes_read\": %s, \"bytes_written\": %s, ", size_json(a, c.flops), size_json(a, c.functions),
		    size_json(a, c.read), size_json(a, c.written));
		put(r->w, "\"predicted_us\": %.6g, \"bytes_alive\": %s", predicted_us(&c, &r->options->machine), size_json(a, alive_at(a, r->plan, s->ordinal)));
		if (r->options->gpu)
			put_launches_json(r, s);
		put(r->w, "}");
		r->first = false;
	}
}

void print_plan_json(Writer *w, const Plan *plan, const ReportOptions *options)
{
	Arena *arena = arena_new();
	Report r = {.w = w, .arena = arena, .options = options};
	const Machine *machine = &options->machine;
	put(w, "\"machine\": {\"flops\": %.6g, \"functions\": %.6g, \"bytes\": %.6g},\n\"functions\": [", machine->flops, machine->functions, machine->bytes);
	for (int i = 0; i < plan->funcs.len; i++) {
		r.plan = plan->funcs.data[i];
		r.first = true;
		put(w, "%s\n{\"name\": %s, \"kernels\": [", i ? "," : "", quoted(arena, r.plan->func->name));
		put_kernels_json(&r, r.plan->block, size_const(arena, 1));
		put(w, "], \"slots\": [");
		for (int k = 0; k < r.plan->slots.len; k++) {
			const Slot *s = r.plan->slots.data[k];
			put(w, "%s\n{\"bytes\": [", k ? "," : "");
			for (int j = 0; j < s->size.len; j++)
				put(w, "%s%s", j ? ", " : "", size_json(arena, s->size.data[j]));
			put(w, "], \"holds\": [");
			for (int j = 0; j < s->bufs.len; j++)
				put(w, "%s%s", j ? ", " : "", quoted(arena, s->bufs.data[j]->name));
			put(w, "]}");
		}
		put(w, "]}");
	}
	put(w, "]");
	arena_free(arena);
}
