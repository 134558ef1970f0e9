/* function.c -- a function of the model: checks at entry, then its steps, then the commit */
#include <inttypes.h>
#include <string.h>

#include "emit_internal.h"

static const char *text_of(const Writer *w)
{
	size_t len;
	return writer_text(w, &len);
}

bool has_state(const Emit *e)
{
	for (int i = 0; i < e->model->vars.len; i++)
		if (e->model->vars.data[i]->kind != VAR_DATA)
			return true;
	return false;
}

static bool is_call_dim(const Func *f, const Dim *d)
{
	for (int i = 0; i < f->dims.len; i++)
		if (f->dims.data[i] == d)
			return true;
	return false;
}

void put_unused(Writer *w, const Names *words, const char *name)
{
	if (!has_name(words, name))
		put(w, "(void)%s;\n", name);
}

void entry_checks(const Emit *e, Writer *w, const FuncPlan *p, const char *m)
{
	const Func *f = p->func;
	if (has_state(e))
		put(w, "if (!is_ready(%s))\n\treturn MC_NOT_READY;\n", m);
	for (int i = 0; i < e->model->vars.len; i++) {
		const Var *v = e->model->vars.data[i];
		if (v->kind == VAR_DATA && p->reads[i])
			put(w, "if (!%s->data.%s)\n\treturn MC_NOT_BOUND;\n", m, var_c_name(e, v));
	}
	for (int i = 0; i < f->dims.len; i++) {
		const Dim *d = f->dims.data[i];
		const char *n = dim_c(d);
		put(w, "if (%s < %" PRId64 " || %s > %s->sizes.%s)\n\treturn MC_SIZE;\n", n, d->lo, n, m, n);
	}
	const char *null = NULL;
	for (int i = 0; i < f->args.len; i++)
		if (f->args.data[i]->type->rank) {
			const char *n = p->args.data[i]->name;
			null = null ? arena_printf(e->arena, "%s || !%s", null, n) : arena_printf(e->arena, "!%s", n);
		}
	if (null)
		put(w, "if (%s)\n\treturn MC_NULL;\n", null);
}

/* one line a buffer that the text below names */
void buffer_locals(const Emit *e, Writer *w, const FuncPlan *p, const char *m, const Names *words)
{
	const char *fname = c_name(e->arena, p->func->name[0] == '_' ? p->func->name + 1 : p->func->name);
	for (int i = 0; i < p->vars.len; i++) {
		const PlanBuf *b = p->vars.data[i];
		if (!b || !has_name(words, b->name))
			continue;
		const Var *v = e->model->vars.data[i];
		const char *t = ctype(v->type->dtype);
		put(w, "%s%s *const %s = %s->%s.%s; /* %s */\n", p->writes[i] ? "" : "const ", t, b->name, m, v->kind == VAR_DATA ? "data" : "state",
		    var_c_name(e, v), type_text(e->arena, v->type));
	}
	for (int i = 0; i < p->bufs.len; i++) {
		const PlanBuf *b = p->bufs.data[i];
		if (b->local || !has_name(words, b->name))
			continue;
		const char *t = ctype(b->type->dtype);
		put(w, "%s *const %s = (%s *)%s->slot.%s[%d]; /* %s */\n", t, b->name, t, m, fname, b->slot, type_text(e->arena, b->type));
	}
	for (int i = 0; i < p->outs.len; i++) {
		const PlanBuf *b = p->outs.data[i];
		if (!b || !b->stand_in || !has_name(words, buf_c(e->arena, b)))
			continue;
		const char *t = ctype(b->type->dtype);
		put(w, "%s *const %s = %s ? %s : (%s *)%s->slot.%s[%d]; /* %s */\n", t, buf_c(e->arena, b), b->name, b->name, t, m, fname, b->stand_in->slot,
		    type_text(e->arena, b->type));
	}
}

void object_dims(const Emit *e, Writer *w, const Func *f, const char *m, const Names *words)
{
	for (int i = 0; i < e->model->dims.len; i++) {
		const Dim *d = e->model->dims.data[i];
		const char *n = dim_c(d);
		if (!is_call_dim(f, d) && !d->is && has_name(words, n))
			put(w, "const int64_t %s = %s->%s.%s;\n", n, m, comes_with_data(e, d) ? "bound" : "sizes", n);
	}
}

static void emit_init(Emit *e, Writer *w, const FuncPlan *p)
{
	const int64_t vars = e->model->vars.len;
	Writer *body = writer_new(e->arena);
	put(w, "void %s_init(%s *m, uint64_t seed)\n{\n", e->name, e->name);
	if (p)
		emit_steps(&(Body){.e = e, .plan = p, .w = body, .object = "m", .loop = "0"}, p->block);
	const char *text = text_of(body);
	if (has_word(text, "call"))
		put(w, "const uint64_t call = 0;\n");
	if (p) {
		const Names *words = words_of(e->arena, text);
		object_dims(e, w, p->func, "m", words);
		buffer_locals(e, w, p, "m", words);
	}
	put_indented(w, text);
	put(w, "m->of->seed = seed;\nm->of->call = 1;\n");
	if (vars && has_state(e))
		put(w, "memset(m->of->set, 1, sizeof m->set);\n");
	put(w, "}\n\n");
}

void emit_function(Emit *e, Writer *w, int i)
{
	const FuncPlan *p = func_plan(e, i);
	const Func *f = p->func;
	if (f == e->model->init) {
		emit_init(e, w, p);
		return;
	}
	const char *m = "m";
	Writer *checks = writer_new(e->arena), *body = writer_new(e->arena), *locals = writer_new(e->arena);
	entry_checks(e, checks, p, m);
	emit_steps(&(Body){.e = e, .plan = p, .w = body, .object = m, .loop = "0"}, p->block);
	const char *text = text_of(body);
	if (has_word(text, "seed"))
		put(locals, "const uint64_t seed = %s->of->seed;\n", m);
	if (has_word(text, "call"))
		put(locals, "const uint64_t call = %s->of->call;\n", m);
	const Names *words = words_of(e->arena, text), *checked = words_of(e->arena, arena_printf(e->arena, "%s%s", text_of(checks), text));
	buffer_locals(e, locals, p, m, words);
	const char *local_text = text_of(locals);
	Writer *dims = writer_new(e->arena);
	object_dims(e, dims, f, m, words);

	put(w, "%s\n{\n", prototype(e, p));
	const char *all = arena_printf(e->arena, "%s%s%s", text_of(checks), local_text, text_of(dims));
	put(w, has_word(all, m) || f->draws ? "if (!%s)\n\treturn MC_NULL;\n" : "(void)%s;\n", m);
	for (int k = 0; k < f->args.len; k++)
		put_unused(w, checked, p->args.data[k]->name);
	put_indented(w, text_of(checks));
	put_indented(w, text_of(dims));
	put_indented(w, local_text);
	put_indented(w, text);
	if (f->draws)
		put(w, "%s->of->call++;\n", m);
	put(w, "return MC_OK;\n}\n\n");
}
