/* step_cuda.c -- the steps of a function for a GPU: launches, which are captured once, and scalars that the device computes
 *
 * What kernels are told beside buffers and sizes lies in the function's frame, in the device's memory, so that a graph once
 * captured fits every call: arguments, scalars, steps of loops, and flags.  A flag says whether kernels do something: a check
 * that fails, a branch that is not taken and a loop that was left clear theirs.  Scalars that need nothing from memory are
 * computed before, by the caller's thread. */
#include <inttypes.h>
#include <string.h>

#include "emit_cuda.h"

static const char *text_of(const Writer *w)
{
	size_t len;
	return writer_text(w, &len);
}

const char *frame_c(const Emit *e, const FuncPlan *p)
{
	return arena_printf(e->arena, "%s_%s_frame", e->name, func_c_name(p->func));
}

/* ---- the frame */
static bool in_frame(const Cuda *c, const char *name)
{
	for (int i = 0; i < c->fields.len; i++)
		if (!strcmp(c->fields.data[i].name, name))
			return true;
	return false;
}

static void add_field(Cuda *c, DType dtype, const char *name)
{
	if (!in_frame(c, name))
		push(c->e->arena, &c->fields, ((Uniform){name, dtype}));
}


/* needs nothing that the device has */
static bool is_host(const Cuda *c, const Node *n)
{
	if (n->kind == NODE_LOAD) {
		const PlanBuf *buf = scalar_load_buf(c->plan, n);
		return buf->kind == BUF_ARG && buf->type->rank == 0;
	}
	if (n->kind == NODE_UNIFORM) {
		for (int i = 0; i < c->device.len; i++)
			if (!strcmp(c->device.data[i], n->uniform))
				return false;
		return true;
	}
	if (n->kind == NODE_RANDOM)
		return !strcmp(c->loop, "0");
	for (int i = 0; i < n->nargs; i++)
		if (!is_host(c, n->arg[i]))
			return false;
	return true;
}

/* which steps of the outermost block the host does; every name that the device computes */
static void sort_steps(Cuda *c, const PlanBlock *block, bool outermost)
{
	Arena *a = c->e->arena;
	bool checks = outermost;
	for (int i = 0; i < block->steps.len; i++) {
		const Step *s = block->steps.data[i];
		bool host = outermost && (s->kind == STEP_SCALAR || (s->kind == STEP_CHECK && checks && !s->needs)) && is_host(c, s->value);
		if (host)
			push(a, &c->host, s);
		if (s->kind == STEP_SCALAR) {
			add_field(c, s->value->dtype, s->name);
			if (!host)
				push(a, &c->device, s->name);
		}
		checks = checks && (host || s->kind != STEP_CHECK);
		c->checked = c->checked || (s->kind == STEP_CHECK && !host);
		if (s->kind == STEP_LOOP) {
			push(a, &c->device, s->index);
			push(a, &c->device, s->hash);
			add_field(c, DT_int64, s->index);
			add_field(c, DT_uint32, s->hash);
		}
		if (s->body)
			sort_steps(c, s->body, false);
		if (s->other)
			sort_steps(c, s->other, false);
	}
}

static bool is_done_by_host(const Cuda *c, const Step *s)
{
	for (int i = 0; i < c->host.len; i++)
		if (c->host.data[i] == s)
			return true;
	return false;
}

void begin_cuda(Cuda *c, Emit *e, const FuncPlan *p)
{
	*c = (Cuda){.e = e, .plan = p, .loop = "0", .flags = writer_new(e->arena), .kernels = writer_new(e->arena), .prototypes = writer_new(e->arena)};
	for (int i = 0; i < p->args.len; i++)
		if (p->args.data[i]->type->rank == 0)
			add_field(c, p->args.data[i]->type->dtype, p->args.data[i]->name);
	add_field(c, DT_uint64, "seed");
	add_field(c, DT_uint64, "call");
	sort_steps(c, p->block, true);
	c->go = c->checked ? "ok" : NULL;
}

/* ---- runs of what one thread of the device does */
typedef struct Run {
	Writer *text, *before; /* before: flags that are cleared whether the run is done or not */
	VEC(const char *) defined; /* fields that it computes */
	VEC(const char *) values; /* parameters: "int64_t step" */
	VEC(const char *) value_args;
	bool any;
} Run;

static Run new_run(Cuda *c)
{
	return (Run){.text = writer_new(c->e->arena), .before = writer_new(c->e->arena)};
}

static bool is_defined(const Run *r, const char *name)
{
	for (int i = 0; i < r->defined.len; i++)
		if (!strcmp(r->defined.data[i], name))
			return true;
	return false;
}

static void add_buf_param(Cuda *c, const PlanBuf *b, const char *name, const Names *words, Texts *param, Texts *arg)
{
	Arena *a = c->e->arena;
	if (!b || !has_name(words, name))
		return;
	push(a, param, arena_printf(a, "%s *%s", ctype(b->type->dtype), name));
	push(a, arg, b->kind == BUF_VAR && !c->plan->writes[b->index] ? arena_printf(a, "(%s *)%s", ctype(b->type->dtype), name) : name);
}

const char *scalars_name(const Cuda *c, int run)
{
	return arena_printf(c->e->arena, "%s_scalars_%d", func_c_name(c->plan->func), run);
}

/* the kernel of the run, and its launch */
static void close_run(Cuda *c, Run *r)
{
	if (!r->any)
		return;
	Arena *a = c->e->arena;
	const Emit *e = c->e;
	const FuncPlan *p = c->plan;
	const char *text = arena_printf(a, "%s%s", text_of(r->before), text_of(r->text));
	const Names *words = words_of(a, text);
	const char *name = scalars_name(c, ++c->nruns);
	Texts param = {0}, arg = {0};
	push(a, &arg, "mc_on");
	push(a, &arg, name);
	push(a, &arg, "1");
	push(a, &arg, "1");
	push(a, &param, arena_printf(a, "%s *mc_f", frame_c(e, p)));
	push(a, &arg, "mc_f");
	for (int i = 0; i < e->model->dims.len; i++)
		if (has_name(words, dim_c(e->model->dims.data[i]))) {
			push(a, &param, arena_printf(a, "int64_t %s", dim_c(e->model->dims.data[i])));
			push(a, &arg, dim_c(e->model->dims.data[i]));
		}
	for (int i = 0; i < r->values.len; i++) {
		push(a, &param, r->values.data[i]);
		push(a, &arg, r->value_args.data[i]);
	}
	for (int i = 0; i < p->vars.len; i++)
		if (p->vars.data[i])
			add_buf_param(c, p->vars.data[i], p->vars.data[i]->name, words, &param, &arg);
	for (int i = 0; i < p->bufs.len; i++)
		add_buf_param(c, p->bufs.data[i], p->bufs.data[i]->name, words, &param, &arg);
	for (int i = 0; i < p->args.len; i++)
		if (p->args.data[i]->type->rank)
			add_buf_param(c, p->args.data[i], p->args.data[i]->name, words, &param, &arg);
	for (int i = 0; i < p->outs.len; i++) {
		const PlanBuf *b = p->outs.data[i];
		add_buf_param(c, b, b->name, words, &param, &arg);
		if (b->stand_in)
			add_buf_param(c, b, buf_c(a, b), words, &param, &arg);
	}
	const char *head = wrap_list(a, arena_printf(a, "MC_KERNEL(1) %s", name), param.len, param.data, "", 0);
	put(c->prototypes, "%s;\n", head);
	put(c->kernels, "%s\n{\n", head);
	if (!has_name(words, "mc_f") && !c->go)
		put(c->kernels, "(void)mc_f;\n");
	put_raw(c->kernels, text_of(r->before));
	if (c->go)
		put(c->kernels, "if (!mc_f->%s)\n\treturn;\n", c->go);
	for (int i = 0; i < c->fields.len; i++) {
		const Uniform *u = &c->fields.data[i];
		bool own = is_defined(r, u->name);
		for (int k = 0; k < r->values.len; k++)
			own = own || !strcmp(r->value_args.data[k], u->name);
		if (!own && has_name(words_of(a, text_of(r->text)), u->name))
			put(c->kernels, "const %s %s = mc_f->%s;\n", ctype(u->dtype), u->name, u->name);
	}
	put_indented(c->kernels, text_of(r->text));
	put(c->kernels, "}\n\n");
	put(c->w, "%s\n", wrap_list(a, "MC_LAUNCH", arg.len, arg.data, ";", 16));
	*r = new_run(c);
}

static const char *new_flag(Cuda *c)
{
	const char *name = arena_printf(c->e->arena, "go_%d", ++c->nflags);
	put(c->flags, "uint8_t %s;\n", name);
	return name;
}

/* what may not go on after this point: every flag around, out to the one named so (or all) */
static void clear_flags(Cuda *c, Writer *w, const char *out)
{
	for (int i = c->around.len - 1; i >= 0; i--) {
		put(w, "mc_f->%s = 0;\n", c->around.data[i]);
		if (out && !strcmp(c->around.data[i], out))
			return;
	}
}

static Body body_of(Cuda *c)
{
	return (Body){.e = c->e, .plan = c->plan, .w = c->w, .object = "m", .loop = c->loop};
}

static int check_number(const Cuda *c, const Step *s)
{
	int i = 0;
	for (; i < func_count(c->e) && func_plan(c->e, i) != c->plan; i++)
		;
	return s->check + 1 + c->e->first_check[i];
}

static const char *check_text(const Cuda *c, const Step *s)
{
	const FuncCheck *check = &c->plan->func->checks.data[s->check];
	return arena_printf(c->e->arena, "%s%s%s", check->what ? check->what : "", check->what ? ": " : "", check->text);
}

static void add_scalar(Cuda *c, Run *r, const Step *s)
{
	Body b = body_of(c);
	const char *v = scalar_c(&b, s->value), *t = ctype(s->value->dtype), *needs = needs_c(&b, s);
	if (needs && !is_pure(&b, s->value))
		v = arena_printf(c->e->arena, "%s ? %s : 0", needs, v);
	put(r->text, "const %s %s = %s;\nmc_f->%s = %s;\n", t, s->name, v, s->name, s->name);
	push(c->e->arena, &r->defined, s->name);
	r->any = true;
}

static void add_check(Cuda *c, Run *r, const Step *s)
{
	Body b = body_of(c);
	put(r->text, "if (!(%s)) { /* %s */\n", scalar_c(&b, s->value), check_text(c, s));
	put(r->text, "mc_f->status = %d;\nmc_f->ok = 0;\n", check_number(c, s));
	clear_flags(c, r->text, NULL);
	put(r->text, "return;\n}\n");
	r->any = true;
}

static const char *go_c(Cuda *c)
{
	return c->go ? arena_printf(c->e->arena, "&mc_f->%s", c->go) : "NULL";
}

static void launch_kernel(Cuda *c, const Step *s)
{
	Arena *a = c->e->arena;
	Texts item = {0};
	push(a, &item, "mc_on");
	push(a, &item, go_c(c));
	for (int i = 0; i < s->kernel->dims.len; i++)
		push(a, &item, dim_c(s->kernel->dims.data[i]));
	for (int i = 0; i < s->kernel->uniforms.len; i++)
		push(a, &item, !strcmp(s->uniform[i], "0") ? "&mc_f->zero" : arena_printf(a, "&mc_f->%s", s->uniform[i]));
	for (int i = 0; i < s->kernel->buffers.len; i++) {
		const PlanBuf *buf = s->buf[i];
		bool value = buf->kind == BUF_ARG && buf->type->rank == 0;
		push(a, &item, value ? arena_printf(a, "&mc_f->%s", buf->name) : buf_c(a, buf));
	}
	put(c->w, "%s\n", wrap_list(a, s->kernel->name, item.len, item.data, ";", 16));
}

static const char *plain_size(Arena *a, const Size *s)
{
	return s ? size_c(a, s) : "0";
}

static void launch_product(Cuda *c, const Step *s)
{
	Arena *a = c->e->arena;
	const Product *p = &s->product;
	DType dtype = p->c->type->dtype;
	const char *arg[] = {
		"mc_on", p->trans_a ? "1" : "0", p->trans_b ? "1" : "0", size_c(a, p->m), size_c(a, p->n), size_c(a, p->k),
		p->batch ? size_c(a, p->batch) : "1", buf_c(a, p->a), size_c(a, p->lda), plain_size(a, p->next_a), buf_c(a, p->b), size_c(a, p->ldb),
		plain_size(a, p->next_b), buf_c(a, p->c), size_c(a, p->ldc), plain_size(a, p->next_c), p->bias ? buf_c(a, p->bias) : "NULL", p->relu ? "1" : "0",
	};
	put(c->w, "%s\n", wrap_list(a, arena_printf(a, "mc_product_%s", dtype_suffix(dtype)), sizeof arg / sizeof *arg, arg, ";", 16));
}

static void put_steps(Cuda *c, const PlanBlock *block, Run *first);

static bool has_kind_of(const PlanBlock *block, StepKind kind, bool through_loops)
{
	for (int i = 0; block && i < block->steps.len; i++) {
		const Step *s = block->steps.data[i];
		if (s->kind == kind || (s->kind != STEP_LOOP && has_kind_of(s->body, kind, through_loops)) ||
		    (s->kind == STEP_LOOP && through_loops && has_kind_of(s->body, kind, true)) || has_kind_of(s->other, kind, through_loops))
			return true;
	}
	return false;
}

static void put_loop(Cuda *c, const Step *s, Run *r)
{
	Arena *a = c->e->arena;
	const char *n = size_c(a, s->steps), *go = c->go, *loop = c->loop;
	const bool leaves = has_kind_of(s->body, STEP_BREAK, false);
	if (leaves) {
		const char *flag = new_flag(c);
		put(r->before, "mc_f->%s = 0;\n", flag);
		put(r->text, "mc_f->%s = 1;\n", flag);
		r->any = true;
		close_run(c, r);
		c->go = flag;
		push(a, &c->around, flag);
	} else {
		close_run(c, r);
	}
	const char *around = c->leave;
	c->leave = c->go;
	if (s->reverse)
		put(c->w, "for (int64_t %s = %s - 1; %s >= 0; %s--) {\n", s->index, s->steps->nterms > 1 ? arena_printf(a, "(%s)", n) : n, s->index, s->index);
	else
		put(c->w, "for (int64_t %s = 0; %s < %s; %s++) {\n", s->index, s->index, n, s->index);
	put(c->w, "const uint32_t %s = %s * 0x9E3779B1u + (uint32_t)%s + 1u;\n", s->hash, s->outer_hash, s->index);
	c->loop = s->hash;
	Run own = new_run(c);
	put(own.text, "mc_f->%s = %s;\nmc_f->%s = %s;\n", s->index, s->index, s->hash, s->hash);
	push(a, &own.values, arena_printf(a, "int64_t %s", s->index));
	push(a, &own.value_args, s->index);
	push(a, &own.values, arena_printf(a, "uint32_t %s", s->hash));
	push(a, &own.value_args, s->hash);
	own.any = true;
	put_steps(c, s->body, &own);
	put(c->w, "}\n");
	c->loop = loop;
	c->leave = around;
	c->go = go;
	if (leaves)
		c->around.len--;
}

static void put_branch(Cuda *c, const Step *s, Run *r)
{
	Arena *a = c->e->arena;
	Body b = body_of(c);
	const char *go = c->go, *flag[2] = {NULL, NULL};
	for (int k = 0; k < 2; k++)
		if (k == 0 || (s->other && s->other->steps.len)) {
			flag[k] = new_flag(c);
			put(r->before, "mc_f->%s = 0;\n", flag[k]);
		}
	put(r->text, "mc_f->%s = %s;\n", flag[0], scalar_c(&b, s->value));
	if (flag[1])
		put(r->text, "mc_f->%s = !mc_f->%s;\n", flag[1], flag[0]);
	r->any = true;
	close_run(c, r);
	for (int k = 0; k < 2; k++) {
		if (!flag[k])
			continue;
		c->go = flag[k];
		push(a, &c->around, flag[k]);
		Run own = new_run(c);
		put_steps(c, k ? s->other : s->body, &own);
		c->around.len--;
	}
	c->go = go;
}

static void put_step(Cuda *c, const Step *s, Run *r)
{
	Body b = body_of(c);
	const char *needs = needs_c(&b, s);
	switch (s->kind) {
	case STEP_SCALAR: add_scalar(c, r, s); return;
	case STEP_CHECK:
	case STEP_STORE:
	case STEP_BREAK:
		if (needs)
			put(r->text, "if (%s) {\n", needs);
		if (s->kind == STEP_CHECK) {
			add_check(c, r, s);
		} else if (s->kind == STEP_STORE) {
			put(r->text, "*%s = %s;\n", buf_c(c->e->arena, s->target), scalar_c(&b, s->value));
		} else {
			put(r->text, "if (%s) {\n", scalar_c(&b, s->value));
			clear_flags(c, r->text, c->leave);
			put(r->text, "return;\n}\n");
		}
		if (needs)
			put(r->text, "}\n");
		r->any = true;
		return;
	case STEP_KERNEL:
	case STEP_PRODUCT:
	case STEP_LOOP:
	case STEP_IF: break;
	}
	if (needs || s->kind == STEP_KERNEL || s->kind == STEP_PRODUCT)
		close_run(c, r);
	put_place(&b, s);
	if (needs)
		put(c->w, "if (%s) {\n", needs);
	const bool profiled = c->e->options->profile && (s->kind == STEP_KERNEL || s->kind == STEP_PRODUCT);
	if (profiled)
		open_profiled(&b, s);
	switch (s->kind) {
	case STEP_KERNEL: launch_kernel(c, s); break;
	case STEP_PRODUCT: launch_product(c, s); break;
	case STEP_LOOP: put_loop(c, s, r); break;
	default: put_branch(c, s, r); break;
	}
	if (profiled)
		put(c->w, "}\n");
	if (needs)
		put(c->w, "}\n");
}

static void put_steps(Cuda *c, const PlanBlock *block, Run *first)
{
	Run r = *first;
	for (int i = 0; i < block->steps.len; i++)
		if (!is_done_by_host(c, block->steps.data[i]))
			put_step(c, block->steps.data[i], &r);
	close_run(c, &r);
}

void device_steps(Cuda *c, Writer *w)
{
	c->w = w;
	Run r = new_run(c);
	put_steps(c, c->plan->block, &r);
}

/* ---- the host's part */
void host_steps(Cuda *c, Writer *w)
{
	c->w = w;
	Body b = body_of(c);
	const bool init = c->plan->func == c->e->model->init;
	for (int i = 0; i < c->host.len; i++) {
		const Step *s = c->host.data[i];
		if (s->kind == STEP_SCALAR)
			put(w, "const %s %s = %s;\n", ctype(s->value->dtype), s->name, scalar_c(&b, s->value));
		else
			put(w, "if (!(%s))\n\treturn%s; /* %s */\n", scalar_c(&b, s->value), init ? "" : arena_printf(c->e->arena, " %d", check_number(c, s)), check_text(c, s));
	}
}

/* what the host knows of the frame */
void fill_frame(Cuda *c, Writer *w, const char *seed, const char *call)
{
	put(w, "%s mc_in;\nmemset(&mc_in, 0, sizeof mc_in);\n", frame_c(c->e, c->plan));
	if (c->checked)
		put(w, "mc_in.ok = 1;\n");
	put(w, "mc_in.seed = %s;\nmc_in.call = %s;\n", seed, call);
	for (int i = 0; i < c->plan->args.len; i++)
		if (c->plan->args.data[i]->type->rank == 0)
			put(w, "mc_in.%s = %s;\n", c->plan->args.data[i]->name, c->plan->args.data[i]->name);
	for (int i = 0; i < c->host.len; i++)
		if (c->host.data[i]->kind == STEP_SCALAR)
			put(w, "mc_in.%s = %s;\n", c->host.data[i]->name, c->host.data[i]->name);
}

void emit_frame(Cuda *c, Writer *w)
{
	put(w, "typedef struct %s {\n", frame_c(c->e, c->plan));
	for (int i = 0; i < c->fields.len; i++)
		put(w, "%s %s;\n", ctype(c->fields.data[i].dtype), c->fields.data[i].name);
	put(w, "uint32_t zero; /* the loop of draws outside of loops */\n");
	if (c->checked)
		put(w, "int32_t status; /* of the check that failed */\nuint8_t ok; /* none did */\n");
	put_raw(w, text_of(c->flags));
	put(w, "} %s;\n\n", frame_c(c->e, c->plan));
}
