/* function_cuda.c -- a function of the model for a GPU
 *
 *      NAME_f_steps   launches everything, for some sizes and outputs; called once, and captured
 *      NAME_f         checks, copies in, replays, copies out, waits */
#include <inttypes.h>
#include <string.h>

#include "emit_cuda.h"

static const char *text_of(const Writer *w)
{
	size_t len;
	return writer_text(w, &len);
}

static bool is_init(const Emit *e, const FuncPlan *p)
{
	return p->func == e->model->init;
}

int given_count(const FuncPlan *p)
{
	int n = 0;
	for (int i = 0; i < p->args.len; i++)
		n += p->args.data[i]->type->rank > 0;
	return n + p->outs.len;
}

int key_count(const FuncPlan *p)
{
	return p->func->dims.len + (p->func->outs.len + 62) / 63;
}

static const char *bytes_c(const Emit *e, const PlanBuf *b)
{
	Arena *a = e->arena;
	int64_t n;
	const char *count = size_c(a, type_count(a, b->type));
	if (size_is_const(type_count(a, b->type), &n))
		return arena_printf(a, "%" PRId64, n * dtype_bytes(b->type->dtype));
	return dtype_bytes(b->type->dtype) == 1 ? count : arena_printf(a, "(%s) * %d", count, dtype_bytes(b->type->dtype));
}

/* "m, stream, batch, ..": the dims of the call; the outputs follow */
static const char *dims_of(const Cuda *c, bool types)
{
	Arena *a = c->e->arena;
	const Func *f = c->plan->func;
	const char *t = "";
	for (int i = 0; i < f->dims.len; i++)
		t = arena_printf(a, types ? "%s, int64_t %s" : "%s, %s", t, dim_c(f->dims.data[i]));
	return t;
}

static void emit_steps_function(Cuda *c, Writer *w)
{
	Emit *e = c->e;
	Arena *a = e->arena;
	const FuncPlan *p = c->plan;
	Writer *body = writer_new(a), *locals = writer_new(a), *dims = writer_new(a);
	device_steps(c, body);
	const char *text = text_of(body);
	const Names *words = words_of(a, text);
	buffer_locals(e, locals, p, "m", words);
	const char *name = c_name(a, func_c_name(p->func));
	int given = 0;
	for (int i = 0; i < p->args.len; i++) {
		const PlanBuf *b = p->args.data[i];
		if (b->type->rank == 0)
			continue;
		const char *t = ctype(b->type->dtype);
		if (has_name(words, b->name))
			put(locals, "%s *const %s = (%s *)m->given.%s[%d]; /* %s */\n", t, b->name, t, name, given, type_text(a, b->type));
		given++;
	}
	words = words_of(a, arena_printf(a, "%s%s", text_of(locals), text));
	object_dims(e, dims, p->func, "m", words);
	const char *outs = "";
	for (int i = 0; i < p->outs.len; i++)
		outs = arena_printf(a, "%s, %s *%s", outs, ctype(p->outs.data[i]->type->dtype), p->outs.data[i]->name);
	put(w, "static void %s_steps(%s *m, mc_stream *mc_on%s%s)\n{\n", func_c_name(p->func), e->name, dims_of(c, true), outs);
	put(w, "%s *const mc_f = m->frame.%s;\n", frame_c(e, p), name);
	for (int i = 0; i < p->func->dims.len; i++)
		put_unused(w, words, dim_c(p->func->dims.data[i]));
	for (int i = 0; i < p->outs.len; i++)
		put_unused(w, words, p->outs.data[i]->name);
	put_unused(w, words, "mc_f");
	put_unused(w, words, "mc_on");
	put_indented(w, text_of(dims));
	put_indented(w, text_of(locals));
	put_indented(w, text);
	put(w, "}\n\n");
}

static void emit_replay(Cuda *c, Writer *w)
{
	const Emit *e = c->e;
	Arena *a = e->arena;
	const FuncPlan *p = c->plan;
	const Func *f = p->func;
	const char *name = c_name(a, func_c_name(f)), *key = "", *outs = "";
	for (int i = 0; i < f->dims.len; i++)
		key = arena_printf(a, "%s%s%s", key, i ? ", " : "", dim_c(f->dims.data[i]));
	int given = given_count(p) - p->outs.len, wide = 0;
	const char *wanted = "";
	for (int i = 0; i < p->outs.len; i++) {
		const char *o = p->outs.data[i]->name, *t = ctype(p->outs.data[i]->type->dtype);
		wanted = wide ? arena_printf(a, "%s | (int64_t)(%s != NULL) << %d", wanted, o, wide) : arena_printf(a, "(int64_t)(%s != NULL)", o);
		if (++wide == 63 || i == p->outs.len - 1) {
			key = arena_printf(a, "%s%s%s", key, *key ? ", " : "", wanted);
			wanted = "";
			wide = 0;
		}
		outs = arena_printf(a, "%s, %s ? (%s *)m->given.%s[%d] : NULL", outs, o, t, name, given + i);
	}
	const int n = key_count(p);
	if (n)
		put(w, "const int64_t mc_key[] = {%s};\n", key);
	put(w, "mc_graph *const mc_launches = mc_graph_of(m->graph.%s, %s, &m->graph.%s_next, %s, %d);\n", name, n ? arena_printf(a, "m->graph.%s_key", name) : "NULL", name,
	    n ? "mc_key" : "NULL", n);
	put(w, "if (!mc_launches->launches) {\nmc_capture(&m->stream, mc_launches);\n");
	put(w, "%s_steps(m, &m->stream%s%s);\n", func_c_name(f), dims_of(c, false), outs);
	put(w, "mc_capture_end(&m->stream, mc_launches);\n}\n");
	put(w, "mc_replay(&m->stream, mc_launches);\n");
}

/* the state is that of the device from now on */
static void emit_done(const Cuda *c, Writer *w)
{
	for (int i = 0; i < c->e->model->vars.len; i++)
		if (c->plan->vars.data[i] && c->plan->writes[i]) {
			put(w, "m->of->stale = 1;\n");
			return;
		}
}

static void emit_init_cuda(Cuda *c, Writer *w)
{
	Emit *e = c->e;
	const FuncPlan *p = c->plan;
	emit_steps_function(c, w);
	Writer *body = writer_new(e->arena);
	host_steps(c, body);
	const bool draws = has_word(text_of(body), "call");
	fill_frame(c, body, "seed", "0");
	
	put(w, "void %s_init(%s *m, uint64_t seed)\n{\nif (m->of->poisoned)\n\treturn;\n", e->name, e->name);
	Writer *dims = writer_new(e->arena);
	object_dims(e, dims, p->func, "m", words_of(e->arena, text_of(body)));
	if (draws)
		put(w, "const uint64_t call = 0;\n");
	put_indented(w, text_of(dims));
	put_indented(w, text_of(body));
	put(w, "mc_copy(&m->stream, m->frame.init, &mc_in, sizeof mc_in);\n");
	emit_replay(c, w);
	if (c->checked)
		put(w, "mc_copy_back(&m->stream, &mc_in.status, &m->frame.init->status, sizeof mc_in.status);\n");
	put(w, "if (mc_wait(&m->stream)) {\nm->of->poisoned = 1;\nreturn;\n}\n");
	if (c->checked)
		put(w, "if (mc_in.status)\n\treturn;\n");
	if (e->options->profile)
		put(w, "mc_timed_add(mc_launches);\n");
	emit_done(c, w);
	put(w, "m->of->lent = 0;\n");
	put(w, "m->of->seed = seed;\nm->of->call = 1;\n");
	if (has_state(e))
		put(w, "memset(m->of->set, 1, sizeof m->set);\n");
	put(w, "}\n\n");
}

void emit_function_cuda(Cuda *c, Writer *w)
{
	Emit *e = c->e;
	Arena *a = e->arena;
	const FuncPlan *p = c->plan;
	const Func *f = p->func;
	if (is_init(e, p)) {
		emit_init_cuda(c, w);
		return;
	}
	emit_steps_function(c, w);
	const char *name = c_name(a, func_c_name(f));
	Writer *checks = writer_new(a), *body = writer_new(a), *dims = writer_new(a);
	entry_checks(e, checks, p, "m");
	Writer *host = writer_new(a);
	host_steps(c, host);
	const char *random[] = {"seed", "call"};
	for (int k = 0; k < 2; k++)
		if (has_word(text_of(host), random[k]))
			put(body, "const uint64_t %s = m->of->%s;\n", random[k], random[k]);
	put_indented(body, text_of(host));
	fill_frame(c, body, "m->of->seed", "m->of->call");
	if (has_state(e))
		put(body, "push_lent(m->of);\n");
	put(body, "mc_copy(&m->stream, m->frame.%s, &mc_in, sizeof mc_in);\n", name);
	int given = 0;
	for (int i = 0; i < p->args.len; i++) {
		const PlanBuf *b = p->args.data[i];
		if (b->type->rank == 0)
			continue;
		put(body, "mc_copy_in(&m->stream, m->given.%s[%d], %s, %s);\n", name, given++, b->name, bytes_c(e, b));
	}
	emit_replay(c, body);
	if (c->checked)
		put(body, "mc_copy_back(&m->stream, &mc_in.status, &m->frame.%s->status, sizeof mc_in.status);\n", name);
	for (int i = 0; i < p->outs.len; i++) {
		const PlanBuf *b = p->outs.data[i];
		put(body, "if (%s)\n\tmc_copy_back(&m->stream, %s, m->given.%s[%d], %s);\n", b->name, b->name, name, given++, bytes_c(e, b));
	}
	put(body, "if (mc_wait(&m->stream)) {\nm->of->poisoned = 1;\nreturn MC_DEVICE;\n}\n");
	if (c->checked)
		put(body, "if (mc_in.status)\n\treturn mc_in.status;\n");
	if (e->options->profile)
		put(body, "mc_timed_add(mc_launches);\n");
	const char *text = text_of(body);
	const Names *words = words_of(a, text), *checked = words_of(a, arena_printf(a, "%s%s", text_of(checks), text));
	object_dims(e, dims, f, "m", words);
	put(w, "%s\n{\n", prototype(e, p));
	put(w, "if (!m)\n\treturn MC_NULL;\nif (m->of->poisoned)\n\treturn MC_POISONED;\n");
	for (int k = 0; k < f->args.len; k++)
		put_unused(w, checked, p->args.data[k]->name);
	put_indented(w, text_of(checks));
	put_indented(w, text_of(dims));
	put_indented(w, text);
	emit_done(c, w);
	if (f->draws)
		put(w, "m->of->call++;\n");
	put(w, "return MC_OK;\n}\n\n");
}
