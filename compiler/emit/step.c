/* step.c -- the steps of a function as C: kernel calls in parallel regions, scalars, products, loops, branches */
#include <inttypes.h>
#include <string.h>

#include "emit_internal.h"

/* operations below which threads cost more than they give (about 5 microseconds of one core) */
enum { PARALLEL_WORK = 500000 };
/* operations below which a barrier costs more than another thread saves */
enum { LITTLE_WORK = 4096 };

const char *buf_c(Arena *arena, const PlanBuf *b)
{
	return b->stand_in ? arena_printf(arena, "%s_to", b->name) : b->name;
}

/* ---- scalars */
static Text index_text(Arena *a, const Size *index)
{
	const char *text = size_c(a, index);
	const bool word = text[strspn(text, "_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")] == 0;
	return (Text){text, index->nterms > 1 ? PREC_SUM : word ? PREC_ATOM : PREC_PRODUCT};
}

static Text scalar_text(Body *b, const Node *n, bool summand)
{
	Arena *a = b->e->arena;
	switch (n->kind) {
	case NODE_CONST: return number_c(a, n->dtype, n->f, n->i);
	case NODE_UNIFORM: return (Text){n->uniform, PREC_ATOM};
	case NODE_INDEX: return index_text(a, n->index);
	case NODE_RANDOM: return random_c(a, n, index_text(a, n->index), b->loop);
	case NODE_LOAD: {
		const PlanBuf *buf = scalar_load_buf(b->plan, n);
		if (buf->kind == BUF_ARG && buf->type->rank == 0)
			return (Text){buf_c(a, buf), PREC_ATOM};
		return (Text){arena_printf(a, "*%s", buf_c(a, buf)), PREC_UNARY};
	}
	case NODE_ROW: break;
	}
	Text arg[3];
	bool sum = n->op == OP_add || n->op == OP_sub || (summand && n->op == OP_neg);
	for (int i = 0; i < n->nargs; i++)
		arg[i] = scalar_text(b, n->arg[i], sum);
	if (summand && n->op == OP_mul && dtype_is_float(n->dtype)) /* no multiply-add takes it in, whatever the C compiler */
		return (Text){arena_printf(a, "mc_mul_%s(%s, %s)", dtype_suffix(n->dtype), arg[0].s, arg[1].s), PREC_ATOM};
	return row_c(a, n->op, n->dtype, n->arg[n->nargs > 1 && n->op == OP_select ? 1 : 0]->dtype, n->nargs, arg, NULL);
}

const char *scalar_c(Body *b, const Node *n)
{
	return scalar_text(b, n, false).s;
}

/* reads nothing that the function computes or changes */
bool is_pure(const Body *b, const Node *n)
{
	if (n->kind == NODE_LOAD) {
		const PlanBuf *buf = scalar_load_buf(b->plan, n);
		return buf->kind == BUF_ARG || (buf->kind == BUF_VAR && !b->plan->writes[buf->index]);
	}
	for (int i = 0; i < n->nargs; i++)
		if (!is_pure(b, n->arg[i]))
			return false;
	return true;
}

/* ---- what may stand in a parallel region */
static bool is_serial(const Step *s)
{
	if (s->kind == STEP_PRODUCT || s->kind == STEP_CHECK || s->kind == STEP_STORE)
		return true;
	for (int k = 0; k < 2; k++) {
		const PlanBlock *block = k ? s->other : s->body;
		for (int i = 0; block && i < block->steps.len; i++)
			if (is_serial(block->steps.data[i]))
				return true;
	}
	return false;
}

static bool has_kernel(const Step *s)
{
	if (s->kind == STEP_KERNEL)
		return true;
	for (int k = 0; k < 2; k++) {
		const PlanBlock *block = k ? s->other : s->body;
		for (int i = 0; block && i < block->steps.len; i++)
			if (has_kernel(block->steps.data[i]))
				return true;
	}
	return false;
}

/* "nll || errors", or NULL if the step is always needed, or what stands around has asked for no other outputs */
const char *needs_c(Body *b, const Step *s)
{
	const char *t = NULL;
	if (b->asked && !(b->asked & ~s->needs))
		return NULL;
	const Func *f = b->plan->func;
	for (int i = 0; i < f->outs.len && i < 64; i++)
		if (s->needs >> i & 1) {
			const char *o = b->plan->outs.data[i]->name;
			t = t ? arena_printf(b->e->arena, "%s || %s", t, o) : o;
		}
	return t;
}

/* a line of the model, fit for a comment */
static const char *model_line(Arena *a, const Source *source, int line)
{
	enum { MOST = 90 };
	const char *text = source_line(a, source, line);
	size_t len = strlen(text);
	bool cut = len > MOST;
	char *s = arena_printf(a, "%s%s", printable(a, text, cut ? MOST : len), cut ? " ..." : "");
	for (char *p = s; *p; p++) /* neither ends nor begins one */
		if ((p[0] == '*' && p[1] == '/') || (p[0] == '/' && p[1] == '*'))
			p[1] = ' ';
	return s;
}

void put_place(Body *b, const Step *s)
{
	enum { MOST = 4 };
	Arena *a = b->e->arena;
	const Source *source = b->e->model->source;
	if (b->e->options->line_directives && s->loc.source)
		put(b->w, "#line %d %s\n", loc_line(s->loc), c_string(a, s->loc.source->path));
	if (s->kind != STEP_KERNEL && s->kind != STEP_PRODUCT)
		return;
	for (int i = 0; i < s->lines.len && i < MOST; i++) {
		int line = s->lines.data[i];
		put(b->w, "/* %d: %s */\n", line, model_line(a, source, line));
	}
	if (s->comment && *s->comment)
		put(b->w, "/* -> %s */\n", s->comment);
}

static void put_kernel(Body *b, const Step *s)
{
	if (b->parallel) { /* kernels are shared: of all calls */
		Kernel *k = (Kernel *)(uintptr_t)s->kernel;
		k->in_region = true;
		k->awaited = k->awaited || !b->last;
	}
	Arena *a = b->e->arena;
	VEC(const char *) item = {0};
	for (int i = 0; i < s->kernel->dims.len; i++)
		push(a, &item, dim_c(s->kernel->dims.data[i]));
	for (int i = 0; i < s->kernel->uniforms.len; i++)
		push(a, &item, s->uniform[i]);
	for (int i = 0; i < s->kernel->buffers.len; i++) {
		const PlanBuf *buf = s->buf[i];
		bool value = buf->kind == BUF_ARG && buf->type->rank == 0;
		push(a, &item, value ? arena_printf(a, "&%s", buf_c(a, buf)) : buf_c(a, buf));
	}
	put(b->w, "%s\n", wrap_list(a, s->kernel->name, item.len, item.data, ";", 16));
}

static const char *offset(Arena *a, const PlanBuf *buf, const Size *next, const char *i)
{
	if (!i || !next || !next->nterms)
		return buf_c(a, buf);
	return arena_printf(a, next->nterms > 1 ? "%s + %s * (%s)" : "%s + %s * %s", buf_c(a, buf), i, size_c(a, next));
}

/* a size as an argument of BLAS */
static const char *blas_size(Arena *a, const Size *size)
{
	int64_t n;
	return size_is_const(size, &n) ? size_c(a, size) : arena_printf(a, "(blasint)(%s)", size_c(a, size));
}

static void put_product(Body *b, const Step *s)
{
	Arena *a = b->e->arena;
	const Product *p = &s->product;
	DType dtype = p->c->type->dtype;
	const char *i = NULL;
	if (p->batch) {
		i = "i_batch";
		put(b->w, "for (int64_t %s = 0; %s < %s; %s++) {\n", i, i, size_c(a, p->batch), i);
	}
	const char *arg[] = {
		"CblasRowMajor",
		p->trans_a ? "CblasTrans" : "CblasNoTrans",
		p->trans_b ? "CblasTrans" : "CblasNoTrans",
		blas_size(a, p->m),
		blas_size(a, p->n),
		blas_size(a, p->k),
		number_c(a, dtype, p->alpha, 0).s,
		offset(a, p->a, p->next_a, i),
		blas_size(a, p->lda),
		offset(a, p->b, p->next_b, i),
		blas_size(a, p->ldb),
		number_c(a, dtype, p->beta, 0).s,
		offset(a, p->c, p->next_c, i),
		blas_size(a, p->ldc),
	};
	const char *name = dtype == DT_float64 ? "cblas_dgemm" : "cblas_sgemm";
	put(b->w, "%s\n", wrap_list(a, name, sizeof arg / sizeof *arg, arg, ";", 16));
	if (p->batch)
		put(b->w, "}\n");
}

static void put_step(Body *b, const Step *s);

/* A kernel ends when all threads are there; a value that each of them reads from memory needs that said. */
static void note_read(Body *b, const Node *value)
{
	b->unread = b->unread || (b->parallel && !is_pure(b, value));
}

static void put_barrier(Body *b)
{
	if (b->unread)
		put(b->w, "#ifdef _OPENMP\n#pragma omp barrier\n#endif\n");
	b->unread = false;
}

static void put_block(Body *b, const PlanBlock *block)
{
	if (!b->parallel) {
		emit_steps(b, block);
		return;
	}
	for (int i = 0; i < block->steps.len; i++)
		put_step(b, block->steps.data[i]);
	put_barrier(b);
}

/* the condition of a branch or of the end of a loop; what opens here is to be closed */
static const char *open_condition(Body *b, const Node *value)
{
	note_read(b, value);
	if (!b->unread)
		return scalar_c(b, value);
	put(b->w, "{\nconst int mc_holds = %s;\n", scalar_c(b, value));
	put_barrier(b);
	return "mc_holds";
}

static void close_condition(Body *b, const char *condition)
{
	if (!strcmp(condition, "mc_holds"))
		put(b->w, "}\n");
}

static void put_loop(Body *b, const Step *s)
{
	const char *n = size_c(b->e->arena, s->steps);
	if (s->reverse)
		put(b->w, "for (int64_t %s = %s - 1; %s >= 0; %s--) {\n", s->index, s->steps->nterms > 1 ? arena_printf(b->e->arena, "(%s)", n) : n, s->index, s->index);
	else
		put(b->w, "for (int64_t %s = 0; %s < %s; %s++) {\n", s->index, s->index, n, s->index);
	Body inside = *b;
	inside.w = writer_new(b->e->arena);
	inside.loop = s->hash;
	put_block(&inside, s->body);
	size_t len;
	const char *text = writer_text(inside.w, &len);
	if (has_word(text, s->hash)) /* of the steps of all loops around a random draw */
		put(b->w, "const uint32_t %s = %s * 0x9E3779B1u + (uint32_t)%s + 1u;\n", s->hash, s->outer_hash, s->index);
	put_indented(b->w, text);
	put(b->w, "}\n");
}

static void put_check(Body *b, const Step *s)
{
	const Func *f = b->plan->func;
	int number = s->check + 1, i = 0;
	for (; i < func_count(b->e) && func_plan(b->e, i) != b->plan; i++)
		;
	number += b->e->first_check[i];
	const FuncCheck *c = &f->checks.data[s->check];
	bool init = f == b->e->model->init;
	put(b->w, "if (!%s)\n\treturn%s; /* %s%s%s */\n", text_in(b->e->arena, scalar_text(b, s->value, false), PREC_UNARY), init ? "" : arena_printf(b->e->arena, " %d", number), c->what ? c->what : "",
	    c->what ? ": " : "", c->text);
}

static void put_step(Body *b, const Step *s)
{
	const char *needs = needs_c(b, s);
	put_place(b, s);
	if (s->kind == STEP_SCALAR) {
		const char *v = scalar_text(b, s->value, true).s, *t = ctype(s->value->dtype);
		if (needs && !is_pure(b, s->value))
			put(b->w, "const %s %s = %s ? %s : 0;\n", t, s->name, needs, v);
		else
			put(b->w, "const %s %s = %s;\n", t, s->name, v);
		note_read(b, s->value);
		return;
	}
	if (s->kind != STEP_IF && s->kind != STEP_BREAK)
		put_barrier(b);
	const uint64_t asked = b->asked;
	if (needs) {
		put(b->w, "if (%s) {\n", needs);
		b->asked = s->needs;
	}
	switch (s->kind) {
	case STEP_KERNEL:
	case STEP_PRODUCT:
		if (b->e->options->profile)
			open_profiled(b, s);
		if (s->kind == STEP_KERNEL)
			put_kernel(b, s);
		else
			put_product(b, s);
		if (b->e->options->profile)
			put(b->w, "}\n");
		break;
	case STEP_CHECK: put_check(b, s); break;
	case STEP_STORE: put(b->w, "*%s = %s;\n", buf_c(b->e->arena, s->target), scalar_c(b, s->value)); break;
	case STEP_LOOP: put_loop(b, s); break;
	case STEP_IF: {
		const char *condition = open_condition(b, s->value);
		put(b->w, "if (%s) {\n", condition);
		put_block(b, s->body);
		if (s->other && s->other->steps.len) {
			put(b->w, "} else {\n");
			put_block(b, s->other);
		}
		put(b->w, "}\n");
		close_condition(b, condition);
		break;
	}
	case STEP_BREAK: {
		const char *condition = open_condition(b, s->value);
		put(b->w, "if (%s)\n\tbreak;\n", condition);
		close_condition(b, condition);
		break;
	}
	case STEP_SCALAR: break;
	}
	b->asked = asked;
	if (needs)
		put(b->w, "}\n");
}

static void put_steps(Body *b, Step *const *step, int n)
{
	for (int i = 0; i < n; i++)
		put_step(b, step[i]);
}

/* A region ends with a barrier, so a kernel that is only the last of regions need not; but what is measured is measured to the end. */
void settle_barriers(const Emit *e)
{
	for (int i = 0; i < e->plan->kernels.len; i++) {
		const Kernel *k = e->plan->kernels.data[i];
		if (!k->in_region || k->awaited || e->options->profile)
			continue;
		for (Kernel *o = (Kernel *)(uintptr_t)k; o; o = o->narrower)
			o->parts.data[o->parts.len - 1].barrier = false;
	}
}

/* a run of steps by all threads; values that the run does not compute stand before it */
static void put_region(Body *b, Step *const *step, int n)
{
	const Size *work = b->plan->work;
	int64_t known;
	bool constant = work && size_is_const(work, &known);
	if (!b->e->options->threads || (constant && known < PARALLEL_WORK)) {
		put_steps(b, step, n);
		return;
	}
	put(b->w, "#ifdef _OPENMP\n");
	if (constant || !work)
		put(b->w, "#pragma omp parallel\n");
	else
		put(b->w, "#pragma omp parallel if (%s > %d)\n", size_c(b->e->arena, work), PARALLEL_WORK);
	put(b->w, "#endif\n{\n");
	b->parallel = true;
	put_steps(b, step, n - 1);
	b->last = step[n - 1]->kind == STEP_KERNEL;
	put_step(b, step[n - 1]);
	b->parallel = b->unread = b->last = false;
	put(b->w, "}\n");
}

/* no threads are called for it alone */
static bool is_for_one(const Body *b, const Step *s)
{
	int64_t work;
	if (s->kind != STEP_KERNEL)
		return !has_kernel(s);
	return is_single_kernel(b->e->arena, s->kernel) || (s->work && size_is_const(s->work, &work) && work < LITTLE_WORK);
}

/* a run: the region is from the first step that is for several threads to the last */
static void put_run(Body *b, Step *const *step, int n)
{
	int first = 0, end = n;
	while (first < n && is_for_one(b, step[first]))
		first++;
	while (end > first && is_for_one(b, step[end - 1]))
		end--;
	put_steps(b, step, first);
	if (first < end)
		put_region(b, step + first, end - first);
	put_steps(b, step + end, n - end);
}

void emit_steps(Body *b, const PlanBlock *block)
{
	Step *const *step = block->steps.data;
	int n = block->steps.len;
	for (int i = 0; i < n;) {
		if (is_serial(step[i]) || step[i]->kind == STEP_SCALAR || step[i]->kind == STEP_BREAK) {
			put_step(b, step[i++]);
			continue;
		}
		/* as far as it goes without a value or a check in between that other steps may need outside */
		int end = i, last = i;
		for (; end < n && !is_serial(step[end]) && step[end]->kind != STEP_BREAK; end++) {
			if (step[end]->kind != STEP_SCALAR)
				last = end;
			else if (!is_pure(b, step[end]->value))
				break;
		}
		VEC(Step *) run = {0};
		for (int j = i; j <= last; j++) {
			if (step[j]->kind == STEP_SCALAR)
				put_step(b, step[j]); /* pure: stands before the region */
			else
				push(b->e->arena, &run, step[j]);
		}
		put_run(b, run.data, run.len);
		i = last + 1;
	}
}
