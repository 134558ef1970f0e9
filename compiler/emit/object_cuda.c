/* object_cuda.c -- the object for a GPU: a block of the host with a mirror of the state, and a block of the device
 *
 *      host     object | the state as it was when it was last asked for
 *      device   state | frames | copies of arguments and outputs | scratch */
#include <inttypes.h>
#include <string.h>

#include "emit_cuda.h"

static const char *text_of(const Writer *w)
{
	size_t len;
	return writer_text(w, &len);
}

void emit_struct_cuda(Emit *e, Writer *w)
{
	const Model *m = e->model;
	put(w, "struct %s {\n", e->name);
	if (m->dims.len)
		put(w, "%s_sizes sizes; /* as it was made */\n", e->name);
	put(w, "%s *of; /* whose state it is: its own, or, of a share, another's: values, flags, seed and call are there */\n", e->name);
	put(w, "uint64_t seed, call; /* of random draws; the number of the next call that draws */\n");
	put(w, "void *block; /* allocated by %s_new, or NULL */\n", e->name);
	put(w, "mc_stream stream;\nchar *device; /* its memory there */\n");
	put(w, "char *mirror; /* the state, for the host */\n");
	put(w, "int poisoned, stale, lent; /* the device failed; it has a newer state than the mirror; the mirror may have been written */\n");
	if (has_bound_dims(e)) {
		put(w, "struct {\n");
		for (int i = 0; i < m->dims.len; i++)
			if (comes_with_data(e, m->dims.data[i]))
				put(w, "int64_t %s;\n", dim_c(m->dims.data[i]));
		put(w, "} bound; /* sizes of the data that is bound */\n");
	}
	if (has_kind(e, true)) {
		put(w, "struct {\n");
		for (int i = 0; i < m->vars.len; i++)
			if (m->vars.data[i]->kind == VAR_DATA)
				put(w, "const %s *%s; /* %s */\n", ctype(m->vars.data[i]->type->dtype), var_c_name(e, m->vars.data[i]),
				    type_text(e->arena, m->vars.data[i]->type));
		put(w, "} data; /* on the device */\nstruct {\n");
		for (int i = 0; i < m->vars.len; i++)
			if (m->vars.data[i]->kind == VAR_DATA)
				put(w, "void *%s;\n", var_c_name(e, m->vars.data[i]));
		put(w, "} copy; /* of data that was bound in memory of the host */\n");
	}
	emit_state_members(e, w, " /* on the device */");
	if (func_count(e)) {
		put(w, "struct {\n");
		for (int i = 0; i < func_count(e); i++)
			put(w, "%s *%s;\n", frame_c(e, func_plan(e, i)), c_name(e->arena, func_c_name(func_plan(e, i)->func)));
		put(w, "} frame; /* what its kernels are told */\n");
		bool any = false;
		for (int i = 0; i < func_count(e); i++) {
			const FuncPlan *p = func_plan(e, i);
			if (given_count(p) && !any)
				put(w, "struct {\n");
			if (given_count(p))
				put(w, "void *%s[%d];\n", c_name(e->arena, func_c_name(p->func)), given_count(p));
			any = any || given_count(p);
		}
		if (any)
			put(w, "} given; /* copies of arguments, and outputs */\n");
		put(w, "struct {\n");
		for (int i = 0; i < func_count(e); i++) {
			const FuncPlan *p = func_plan(e, i);
			const char *n = c_name(e->arena, func_c_name(p->func));
			put(w, "mc_graph %s[MC_GRAPHS];\nint %s_next;\n", n, n);
			if (key_count(p))
				put(w, "int64_t %s_key[MC_GRAPHS * %d];\n", n, key_count(p));
		}
		put(w, "} graph;\n");
	}
	if (e->options->profile)
		put(w, "mc_profile profile[%d]; /* by the steps of all functions */\n", e->first_step[func_count(e)]);
	put(w, "};\n\n");
	put(w, "typedef char %s_object_fits[sizeof(struct %s) <= %" PRId64 " ? 1 : -1];\n\n", e->name, e->name, object_bytes(e));
}

/* ---- memory of the device */
static const char *aligned(Emit *e, const PlanBuf *b)
{
	return checked_c(e->arena, slot_bytes(e->arena, type_count(e->arena, b->type), b->type->dtype));
}

static void place_given(Emit *e, Writer *w, const FuncPlan *p, const PlanBuf *b, int *n)
{
	put(w, "mc_place(m ? &m->given.%s[%d] : NULL, device, &at, %s, &bad); /* %s */\n", c_name(e->arena, func_c_name(p->func)), (*n)++, aligned(e, b), b->name);
}

/* copies of arguments of calls, one after the other: functions share them */
static void emit_given(Emit *e, Writer *w)
{
	for (int i = 0; i < func_count(e); i++) {
		const FuncPlan *p = func_plan(e, i);
		int n = 0;
		if (!given_count(p))
			continue;
		put(w, "at = MC_OVERLAY(begin, most);\n");
		for (int k = 0; k < p->args.len; k++)
			if (p->args.data[k]->type->rank)
				place_given(e, w, p, p->args.data[k], &n);
		for (int k = 0; k < p->outs.len; k++)
			place_given(e, w, p, p->outs.data[k], &n);
		put(w, "most = at > most ? at : most;\n");
	}
}

static void emit_device(Emit *e, Writer *w)
{
	const Model *m = e->model;
	const bool dims = m->dims.len > 0;
	Writer *body = writer_new(e->arena);
	put(body, "int64_t at = 0;\nint bad = 0;\n");
	put(body, "if (state) {\n");
	for (int shared = 0; shared < 2; shared++) {
		const Size *total = size_const(e->arena, 0);
		for (int i = 0; i < m->vars.len; i++) {
			const Var *v = m->vars.data[i];
			if (v->kind != (shared ? VAR_SHARED : VAR_PARAM))
				continue;
			put(body, "if (m)\n\tm->state.%s = (%s *)(void *)(device + at);\n", var_c_name(e, v), ctype(v->type->dtype));
			put(body, "at = mc_add(at, %s, &bad);\n", checked_c(e->arena, var_bytes(e, v)));
			total = size_add(e->arena, total, var_bytes(e, v));
		}
		const Size *rest = size_sub(e->arena, slot_bytes(e->arena, total, DT_uint8), total);
		int64_t none;
		if (!shared && !(size_is_const(rest, &none) && none == 0))
			put(body, "at = mc_add(at, %s, &bad); /* to a multiple of 64 */\n", checked_c(e->arena, rest));
	}
	put(body, "if (m)\n\tmc_fence(device + at, MC_FENCE);\nat = mc_add(at, MC_FENCE, &bad);\n}\n");
	for (int i = 0; i < func_count(e); i++) {
		const FuncPlan *p = func_plan(e, i);
		put(body, "if (m)\n\tm->frame.%s = (%s *)(void *)(device + at);\n", c_name(e->arena, func_c_name(p->func)), frame_c(e, p));
		put(body, "at = mc_add(at, (int64_t)(sizeof(%s) + 63) / 64 * 64, &bad);\n", frame_c(e, p));
	}
	put(body, "const int64_t begin = at;\nint64_t most = at;\n");
	emit_given(e, body);
	if (has_slots(e)) {
		put(body, "const int64_t scratch = place_scratch(%s%s, most);\n", dims ? "sizes, m, " : "m, ", "device");
		put(body, "return bad || scratch < 0 ? -1 : scratch;\n");
	} else {
		put(body, "return bad ? -1 : most;\n");
	}
	put(w, "/* how many bytes of the device it takes, -1 on overflow; with an object: where everything lies */\n");
	put(w, "static int64_t place_device(%s%s%s *m, char *device, int state)\n{\n", dims ? sizes_param(e, "sizes") : "", dims ? ", " : "", e->name);
	Writer *locals = writer_new(e->arena);
	size_locals(e, locals, text_of(body), "sizes->");
	put_indented(w, text_of(locals));
	if (dims && !has_word(text_of(body), "sizes") && !*text_of(locals))
		put(w, "(void)sizes;\n");
	if (!has_word(text_of(body), "device"))
		put(w, "(void)device;\n");
	put_indented(w, text_of(body));
	put(w, "}\n\n");
}

/* slots after `at`, those of one function beside those of another */
static void emit_scratch_cuda(Emit *e, Writer *w)
{
	if (!has_slots(e))
		return;
	const bool dims = e->model->dims.len > 0;
	bool several = false;
	Writer *body = writer_new(e->arena);
	for (int i = 0; i < func_count(e); i++) {
		const FuncPlan *p = func_plan(e, i);
		if (!p->slots.len)
			continue;
		put(body, "at = MC_OVERLAY(begin, most); /* %s */\n", func_c_name(p->func));
		for (int j = 0; j < p->slots.len; j++) {
			const Slot *s = p->slots.data[j];
			put(body, "size = %s;\n", checked_c(e->arena, s->size.data[0]));
			several = several || s->size.len > 1;
			for (int k = 1; k < s->size.len; k++) {
				put(body, "other = %s;\n", checked_c(e->arena, s->size.data[k]));
				put(body, "size = other > size ? other : size;\n");
			}
			put(body, "mc_place(m ? &m->slot.%s[%d] : NULL, device, &at, size, &bad);", c_name(e->arena, func_c_name(p->func)), j);
			for (int k = 0; k < s->bufs.len && k < 6; k++)
				put(body, k ? ", %s" : " /* %s", s->bufs.data[k]->name);
			put(body, s->bufs.len > 6 ? ", ... */\n" : s->bufs.len ? " */\n" : "\n");
		}
		put(body, "most = at > most ? at : most;\n");
	}
	const char *text = text_of(body);
	put(w, "static int64_t place_scratch(%s%s%s *m, char *device, int64_t begin)\n{\n", dims ? sizes_param(e, "sizes") : "", dims ? ", " : "", e->name);
	Writer *locals = writer_new(e->arena);
	size_locals(e, locals, text, "sizes->");
	put_indented(w, text_of(locals));
	if (dims && !*text_of(locals))
		put(w, "(void)sizes;\n");
	put(w, "int64_t at, size, most = begin;\n%sint bad = 0;\n", several ? "int64_t other;\n" : "");
	put_indented(w, text);
	put(w, "return bad ? -1 : most;\n}\n\n");
}

static void emit_device_bytes(Emit *e, Writer *w)
{
	const bool dims = e->model->dims.len > 0;
	const char *n = e->name;
	put(w, "size_t %s_device_bytes(%s)\n{\n", n, dims ? sizes_param(e, "sizes") : "void");
	put(w, "if (!%s_bytes(%s))\n\treturn 0;\n", n, dims ? "sizes" : "");
	put(w, "const int64_t bytes = place_device(%sNULL, NULL, 1);\nreturn bytes < 0 ? 0 : (size_t)bytes;\n}\n\n", dims ? "sizes, " : "");
}

static void emit_device_error(Emit *e, Writer *w)
{
	const char *n = e->name;
	put(w, "const char *%s_device_error(const %s *m)\n{\nconst char *const why = mc_device_error(m ? &m->stream : NULL);\n", n, n);
	put(w, "return why || !m ? why : mc_device_error(&m->of->stream);\n}\n\n");
}

static void emit_place_cuda(Emit *e, Writer *w)
{
	const bool dims = e->model->dims.len > 0;
	const char *n = e->name, *sizes = dims ? "sizes" : "", *own = dims ? "&m->sizes, " : "";
	put(w, "/* memory and a stream of the device; not 0: it has none to give */\n");
	put(w, "static int open_device(%s *m, int state)\n{\n", n);
	put(w, "const int64_t bytes = place_device(%sNULL, NULL, state);\n", own);
	put(w, "m->device = NULL;\nif (bytes >= 0 && !mc_open(&m->stream, state ? NULL : &m->of->stream))\n\tm->device = (char *)mc_device_new(&m->stream, bytes);\n");
	put(w, "if (!m->device) {\nif (bytes >= 0)\n\tmc_close(&m->stream);\nreturn 1;\n}\n");
	put(w, "place_device(%sm, m->device, state);\nreturn 0;\n}\n\n", own);

	put(w, "%s *%s_place(void *memory, size_t bytes%s%s)\n{\n", n, n, dims ? ", " : "", dims ? sizes_param(e, "sizes") : "");
	put(w, "const size_t needed = %s_bytes(%s);\n", n, sizes);
	put(w, "if (!memory || !needed || bytes < needed)\n\treturn NULL;\n");
	put(w, "char *at = (char *)memory + (%d - (uintptr_t)memory %% %d) %% %d;\n", OBJECT_ALIGN, OBJECT_ALIGN, OBJECT_ALIGN);
	put(w, "%s *m = (%s *)(void *)at;\nmemset((void *)m, 0, sizeof *m);\nm->of = m;\n", e->type, e->type);
	if (dims)
		put(w, "m->sizes = *sizes;\n");
	put(w, "m->mirror = at + %" PRId64 ";\nreturn open_device(m, 1) ? NULL : m;\n}\n\n", object_bytes(e));

	put(w, "%s *%s_new(%s)\n{\n", n, n, dims ? sizes_param(e, "sizes") : "void");
	put(w, "const size_t bytes = %s_bytes(%s);\n", n, sizes);
	put(w, "void *block = bytes ? malloc(bytes) : NULL;\n");
	put(w, "%s *m = block ? %s_place(block, bytes%s%s) : NULL;\n", e->type, n, dims ? ", " : "", sizes);
	put(w, "if (!m) {\nfree(block);\nreturn NULL;\n}\nm->block = block;\nreturn m;\n}\n\n");

	put(w, "/* graphs hold addresses and sizes of data */\nstatic void drop_graphs(%s *m)\n{\n", n);
	put(w, "for (int i = 0; i < MC_GRAPHS; i++) {\n");
	for (int i = 0; i < func_count(e); i++)
		put(w, "mc_graph_free(&m->graph.%s[i]);\n", c_name(e->arena, func_c_name(func_plan(e, i)->func)));
	put(w, "%s}\n}\n\n", func_count(e) ? "" : "(void)m;\n");

	put(w, "void %s_free(%s *m)\n{\nif (!m)\n\treturn;\ndrop_graphs(m);\n", n, n);
	for (int i = 0; i < e->model->vars.len; i++)
		if (e->model->vars.data[i]->kind == VAR_DATA)
			put(w, "mc_device_free(&m->stream, m->copy.%s);\n", var_c_name(e, e->model->vars.data[i]));
	put(w, "mc_unfence(m->device, place_device(%sNULL, NULL, m->of == m));\n", own);
	put(w, "mc_device_free(&m->stream, m->device);\nm->device = NULL;\nmc_close(&m->stream);\nfree(m->block);\n}\n\n");

	put(w, "size_t %s_share_bytes(const %s *m)\n{\n(void)m;\nreturn %" PRId64 ";\n}\n\n", n, n, object_bytes(e) + OBJECT_ALIGN);
	put(w, "%s *%s_share(%s *of, void *memory, size_t bytes)\n{\n", n, n, n);
	put(w, "if (!of || !memory || bytes < %s_share_bytes(of))\n\treturn NULL;\n", n);
	put(w, "char *at = (char *)memory + (%d - (uintptr_t)memory %% %d) %% %d;\n", OBJECT_ALIGN, OBJECT_ALIGN, OBJECT_ALIGN);
	put(w, "%s *m = (%s *)(void *)at;\n*m = *of;\nm->block = NULL;\n", e->type, e->type);
	if (func_count(e))
		put(w, "memset((void *)&m->graph, 0, sizeof m->graph);\n");
	if (has_kind(e, true))
		put(w, "memset(&m->copy, 0, sizeof m->copy);\n");
	put(w, "return open_device(m, 0) ? NULL : m;\n}\n\n");
}

/* ---- the state and the host's mirror of it */
static void emit_state_cuda(Emit *e, Writer *w)
{
	const Model *m = e->model;
	int64_t flag = 0;
	if (!has_kind(e, false))
		return;
	const Size *all = state_bytes(e);
	const char *first = NULL;
	for (int k = 0; k < 2 && !first; k++)
		for (int i = 0; i < m->vars.len && !first; i++)
			if (m->vars.data[i]->kind == (k ? VAR_SHARED : VAR_PARAM))
				first = var_c_name(e, m->vars.data[i]);
	put(w, "/* the mirror is as the device has it */\nstatic void pull_state(%s *m)\n{\n", e->name);
	put(w, "if (!m->stale || m->poisoned)\n\treturn;\n");
	size_locals(e, w, size_c(e->arena, all), "m->sizes.");
	put(w, "mc_copy(&m->stream, m->mirror, m->device, %s);\n", size_c(e->arena, all));
	put(w, "m->poisoned = mc_wait(&m->stream) != 0;\nm->stale = 0;\n}\n\n");
	for (int i = 0; i < m->vars.len; i++) {
		const Var *v = m->vars.data[i];
		if (v->kind == VAR_DATA)
			continue;
		const char *c = var_c_name(e, v), *t = ctype(v->type->dtype);
		const Instance one = open_get(e, w, v);
		put(w, "pull_state(m->of);\n");
		put(w, "return (const %s *)(void *)(m->of->mirror + ((char *)m->state.%s - m->of->device))%s;\n}\n\n", t, c, one.at);
		open_set(e, w, v, &one);
		put(w, "%s *const of = m->of;\nif (of->poisoned)\n\treturn%s;\npush_lent(of);\n", e->type, v->stack ? " MC_POISONED" : "");
		put(w, "mc_copy_in(&of->stream, of->state.%s%s, values, (%s) * (int64_t)sizeof *values);\n", c, one.at, one.count);
		put(w, "of->poisoned = mc_wait(&of->stream) != 0;\nof->stale = 1;\n");
		put(w, v->stack ? "of->set[%" PRId64 " + i] = 1;\nreturn of->poisoned ? MC_DEVICE : MC_OK;\n}\n\n" : "of->set[%" PRId64 "] = 1;\n}\n\n", flag);
		flag += instances(v);
	}
	if (!params_contiguous(e))
		return;
	const Size *total = size_const(e->arena, 0);
	for (int i = 0; i < m->vars.len; i++)
		if (m->vars.data[i]->kind == VAR_PARAM)
			total = size_add(e->arena, total, type_count(e->arena, m->vars.data[i]->type));
	put(w, "%s *%s_params(%s *m, size_t *count)\n{\n", ctype(m->floatX), e->name, e->name);
	size_locals(e, w, size_c(e->arena, total), "m->sizes.");
	put(w, "if (count)\n\t*count = (size_t)(%s);\npull_state(m->of);\nm->of->lent = 1;\n", size_c(e->arena, total));
	put(w, "return (%s *)(void *)m->of->mirror;\n}\n\n", ctype(m->floatX));
}

/* parameters that a program may have written into the mirror */
void emit_lent(Emit *e, Writer *w)
{
	if (!has_kind(e, false))
		return;
	put(w, "/* what was written to the memory that %s_params lent becomes the device's */\nstatic void push_lent(%s *m)\n{\n", e->name, e->name);
	if (!params_contiguous(e)) {
		put(w, "(void)m;\n}\n\n");
		return;
	}
	const Size *total = size_const(e->arena, 0);
	for (int i = 0; i < e->model->vars.len; i++)
		if (e->model->vars.data[i]->kind == VAR_PARAM)
			total = size_add(e->arena, total, var_bytes(e, e->model->vars.data[i]));
	put(w, "if (!m->lent)\n\treturn;\n");
	size_locals(e, w, size_c(e->arena, total), "m->sizes.");
	put(w, "mc_copy(&m->stream, m->device, m->mirror, %s);\nm->poisoned = mc_wait(&m->stream) != 0;\nm->lent = 0;\n}\n\n", size_c(e->arena, total));
}

/* ---- data */
static void emit_bind_cuda(Emit *e, Writer *w)
{
	const Model *m = e->model;
	for (int i = 0; i < m->vars.len; i++) {
		const Var *v = m->vars.data[i];
		if (v->kind != VAR_DATA)
			continue;
		const char *c = var_c_name(e, v), *t = ctype(v->type->dtype);
		const char *count = size_c(e->arena, type_count(e->arena, v->type));
		put(w, "mc_status %s_bind_%s(%s *m", e->name, c, e->name);
		for (int j = 0; j < m->dims.len; j++)
			if (takes_dim(e, v, m->dims.data[j]))
				put(w, ", int64_t %s", dim_c(m->dims.data[j]));
		put(w, ", const %s *values)\n{\n", t);
		put(w, "if (!m)\n\treturn MC_NULL;\nif (m->poisoned)\n\treturn MC_POISONED;\n");
		for (int j = 0; j < m->dims.len; j++) {
			const Dim *d = m->dims.data[j];
			if (!takes_dim(e, v, d) && !d->is && has_word(count, dim_c(d)))
				put(w, "const int64_t %s = m->%s.%s;\n", dim_c(d), comes_with_data(e, d) ? "bound" : "sizes", dim_c(d));
		}
		put(w, "if (values) {\n");
		for (int j = 0; j < m->dims.len; j++)
			if (takes_dim(e, v, m->dims.data[j]))
				emit_bind_checks(e, w, v, m->dims.data[j]);
		put(w, "}\n");
		put(w, "void *copy = NULL;\n");
		put(w, "if (values && !mc_follow(&m->stream, values)) {\n");
		put(w, "copy = mc_device_new(&m->stream, (%s) * (int64_t)sizeof *values);\n", count);
		put(w, "if (copy)\n\tmc_copy(&m->stream, copy, values, (%s) * (int64_t)sizeof *values);\n", count);
		put(w, "}\nif (mc_wait(&m->stream)) {\nmc_device_free(&m->stream, copy);\nm->poisoned = 1;\nreturn MC_DEVICE;\n}\n");
		put(w, "mc_device_free(&m->stream, m->copy.%s);\nm->copy.%s = copy;\ndrop_graphs(m);\n", c, c);
		put(w, "m->data.%s = copy ? (const %s *)copy : values;\n", c, t);
		put(w, "if (values) {\n");
		for (int j = 0; j < m->dims.len; j++)
			if (takes_dim(e, v, m->dims.data[j]))
				put(w, "m->bound.%s = %s;\n", dim_c(m->dims.data[j]), dim_c(m->dims.data[j]));
		put(w, "}\nreturn MC_OK;\n}\n\n");
	}
}

void emit_object_cuda(Emit *e, Writer *w)
{
	emit_scratch_cuda(e, w);
	emit_device(e, w);
	emit_bytes(e, w);
	emit_device_bytes(e, w);
	emit_device_error(e, w);
	emit_place_cuda(e, w);
	emit_state_cuda(e, w);
	emit_bind_cuda(e, w);
}
