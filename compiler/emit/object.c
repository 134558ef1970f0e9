/* object.c -- the object of a model: its struct, where it is placed, init, get, set, bind */
#include <inttypes.h>
#include <string.h>

#include "emit_internal.h"

int64_t instances(const Var *v)
{
	return v->kind == VAR_DATA ? 0 : v->stack ? v->stack : 1;
}

int64_t flag_count(const Emit *e)
{
	int64_t n = 0;
	for (int i = 0; i < e->model->vars.len; i++)
		n += instances(e->model->vars.data[i]);
	return n;
}

bool has_kind(const Emit *e, bool data)
{
	for (int i = 0; i < e->model->vars.len; i++)
		if ((e->model->vars.data[i]->kind == VAR_DATA) == data)
			return true;
	return false;
}

bool has_slots(const Emit *e)
{
	for (int i = 0; i < func_count(e); i++)
		if (func_plan(e, i)->slots.len)
			return true;
	return false;
}

bool has_bound_dims(const Emit *e)
{
	for (int i = 0; i < e->model->dims.len; i++)
		if (comes_with_data(e, e->model->dims.data[i]))
			return true;
	return false;
}

const char *func_c_name(const Func *f)
{
	return f->name[0] == '_' ? f->name + 1 : f->name; /* _init */
}

/* the struct's members for variables, which are `where`, and for scratch */
void emit_state_members(Emit *e, Writer *w, const char *where)
{
	const Model *m = e->model;
	if (has_kind(e, false)) {
		put(w, "struct {\n");
		for (int i = 0; i < m->vars.len; i++)
			if (m->vars.data[i]->kind != VAR_DATA)
				put(w, "%s *%s; /* %s */\n", ctype(m->vars.data[i]->type->dtype), var_c_name(e, m->vars.data[i]),
				    type_text(e->arena, m->vars.data[i]->type));
		put(w, "} state;%s\n", where);
		put(w, "uint8_t set[%" PRId64 "]; /* which of them have a value */\n", flag_count(e));
	}
	if (has_slots(e)) {
		put(w, "struct {\n");
		for (int i = 0; i < func_count(e); i++)
			if (func_plan(e, i)->slots.len)
				put(w, "void *%s[%d];\n", c_name(e->arena, func_c_name(func_plan(e, i)->func)), func_plan(e, i)->slots.len);
		put(w, "} slot; /* scratch of each function; they share it */\n");
	}
}

void emit_struct(Emit *e, Writer *w)
{
	const Model *m = e->model;
	put(w, "struct %s {\n", e->name);
	if (m->dims.len)
		put(w, "%s_sizes sizes; /* as it was made */\n", e->name);
	put(w, "%s *of; /* whose state it is: its own, or, of a share, another's: values, flags, seed and call are there */\n", e->name);
	put(w, "uint64_t seed, call; /* of random draws; the number of the next call that draws */\n");
	put(w, "void *block; /* allocated by %s_new, or NULL */\n", e->name);
	if (e->options->dispatch)
		put(w, "const struct %s_set *by; /* the functions of this machine's instruction set */\n", e->name);
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
		put(w, "} data;\n");
	}
	emit_state_members(e, w, "");
	if (e->options->profile)
		put(w, "mc_profile profile[%d]; /* by the steps of all functions */\n", e->first_step[func_count(e)]);
	put(w, "};\n\n");
	put(w, "typedef char %s_object_fits[sizeof(struct %s) <= %" PRId64 " ? 1 : -1];\n\n", e->name, e->name, object_bytes(e));
}

/* locals for the dims that the text below names */
void size_locals(Emit *e, Writer *w, const char *text, const char *from)
{
	const Names *words = words_of(e->arena, text);
	for (int i = 0; i < e->model->dims.len; i++) {
		const char *d = dim_c(e->model->dims.data[i]);
		if (has_name(words, d))
			put(w, "const int64_t %s = %s%s;\n", d, from, d);
	}
}

static const char *text_of(const Writer *w)
{
	size_t len;
	return writer_text(w, &len);
}

/* static int64_t scratch_bytes(const sizes *, int *overflow) and where each slot lies */
void emit_scratch(Emit *e, Writer *w)
{
	Writer *body = writer_new(e->arena);
	const bool dims = e->model->dims.len > 0;
	bool several = false; /* sizes of a slot, of which none is known to be the largest */
	for (int i = 0; i < func_count(e); i++) {
		const FuncPlan *p = func_plan(e, i);
		if (!p->slots.len)
			continue;
		put(body, "at = 0; /* %s */\n", func_c_name(p->func));
		for (int j = 0; j < p->slots.len; j++) {
			const Slot *s = p->slots.data[j];
			put(body, "if (m)\n\tm->slot.%s[%d] = scratch + at;\n", c_name(e->arena, func_c_name(p->func)), j);
			if (s->size.len == 1) {
				put(body, "at = mc_add(at, %s, &bad);", checked_c(e->arena, s->size.data[0]));
			} else {
				several = true;
				put(body, "size = %s;\n", checked_c(e->arena, s->size.data[0]));
				for (int k = 1; k < s->size.len; k++)
					put(body, "size = larger(size, %s);\n", checked_c(e->arena, s->size.data[k]));
				put(body, "at = mc_add(at, size, &bad);");
			}
			for (int k = 0; k < s->bufs.len && k < 6; k++)
				put(body, k ? ", %s" : " /* %s", s->bufs.data[k]->name);
			put(body, s->bufs.len > 6 ? ", ... */\n" : s->bufs.len ? " */\n" : "\n");
		}
		put(body, "most = larger(most, at);\n");
	}
	const char *text = text_of(body);
	if (!has_slots(e)) {
		return;
	}
	put(w, "static int64_t larger(int64_t a, int64_t b)\n{\nreturn a > b ? a : b;\n}\n\n");
	put(w, "/* the bytes of scratch, -1 on overflow; with an object: where each slot lies */\n");
	put(w, "static int64_t place_scratch(%s%s%s *m, char *scratch)\n{\n", dims ? arena_printf(e->arena, "const %s_sizes *sizes", e->name) : "", dims ? ", " : "", e->name);
	Writer *locals = writer_new(e->arena);
	size_locals(e, locals, text, "sizes->");
	put_indented(w, text_of(locals));
	if (dims && !*text_of(locals)) /* slots of known sizes only */
		put(w, "(void)sizes;\n");
	put(w, "int64_t at, most = 0;\n");
	if (several)
		put(w, "int64_t size;\n");
	put(w, "int bad = 0;\n");
	put_indented(w, text);
	put(w, "return bad ? -1 : most;\n}\n\n");
}

void emit_bounds(Emit *e, Writer *w)
{
	const Model *m = e->model;
	for (int i = 0; i < m->dims.len; i++) {
		const Dim *d = m->dims.data[i];
		const char *n = dim_c(d);
		DimUse use = dim_use(e, d);
		if (use == DIM_DATA || use == DIM_UNUSED)
			continue;
		int64_t lo = use == DIM_STATE ? d->lo : 0;
		if (d->hi != INT64_MAX)
			put(w, "if (sizes->%s < %" PRId64 " || sizes->%s > %" PRId64 ")\n\treturn 0;\n", n, lo, n, d->hi);
		else
			put(w, "if (sizes->%s < %" PRId64 ")\n\treturn 0;\n", n, lo);
	}
}

void emit_bytes(Emit *e, Writer *w)
{
	const bool dims = e->model->dims.len > 0;
	Writer *body = writer_new(e->arena);
	for (int i = 0; i < e->model->vars.len; i++)
		for (int k = 0; k < e->model->vars.data[i]->type->rank; k++) {
			const Size *s = e->model->vars.data[i]->type->size[k];
			if (e->model->vars.data[i]->kind != VAR_DATA && size_ge(e->arena, s, size_const(e->arena, 0)) != YES)
				put(body, "if (%s < 0)\n\tbad = 1;\n", checked_c(e->arena, s));
		}
	put(body, "const int64_t fixed = %s; /* the object, its state, 64 for alignment */\n",
	    checked_c(e->arena, size_add(e->arena, state_bytes(e), size_const(e->arena, object_bytes(e) + OBJECT_ALIGN))));
	const char *text = text_of(body);
	put(w, "size_t %s_bytes(%s)\n{\n", e->name, dims ? sizes_param(e, "sizes") : "void");
	Writer *first = writer_new(e->arena);
	emit_bounds(e, first);
	size_locals(e, first, text, "sizes->");
	put_indented(w, text_of(first));
	const bool slots = has_slots(e) && !e->options->cuda; /* of a GPU they lie on it */
	if (dims && !slots && !*text_of(first))
		put(w, "(void)sizes;\n");
	const bool checked = strstr(text, "&bad") != NULL || slots;
	if (checked)
		put(w, "int bad = 0;\n");
	put_indented(w, text);
	if (slots) {
		put(w, "const int64_t scratch = place_scratch(%sNULL, NULL);\n", dims ? "sizes, " : "");
		put(w, "const int64_t bytes = mc_add(fixed, scratch, &bad);\n");
		put(w, "return bad || scratch < 0 || (uint64_t)bytes > SIZE_MAX ? 0 : (size_t)bytes;\n}\n\n");
	} else if (checked) {
		put(w, "return bad || (uint64_t)fixed > SIZE_MAX ? 0 : (size_t)fixed;\n}\n\n");
	} else {
		put(w, "return (size_t)fixed;\n}\n\n");
	}
}

static void emit_place(Emit *e, Writer *w)
{
	const Model *m = e->model;
	const bool dims = m->dims.len > 0;
	const char *n = e->name, *sizes = dims ? "sizes" : "";
	put(w, "%s *%s_place(void *memory, size_t bytes%s%s)\n{\n", n, n, dims ? ", " : "", dims ? sizes_param(e, "sizes") : "");
	put(w, "const size_t needed = %s_bytes(%s);\n", n, sizes);
	put(w, "if (!memory || !needed || bytes < needed)\n\treturn NULL;\n");
	put(w, "char *at = (char *)memory + (%d - (uintptr_t)memory %% %d) %% %d;\n", OBJECT_ALIGN, OBJECT_ALIGN, OBJECT_ALIGN);
	put(w, "%s *m = (%s *)(void *)at;\n", e->type, e->type);
	put(w, "memset(m, 0, sizeof *m);\nm->of = m;\n");
	if (e->options->dispatch)
		put(w, "m->by = choose_set();\n");
	Writer *body = writer_new(e->arena);
	if (dims)
		put(w, "m->sizes = *sizes;\n");
	put(body, "at += %" PRId64 ";\n", object_bytes(e));
	for (int shared = 0; shared < 2; shared++) {
		const Size *total = size_const(e->arena, 0);
		for (int i = 0; i < m->vars.len; i++) {
			const Var *v = m->vars.data[i];
			if (v->kind != (shared ? VAR_SHARED : VAR_PARAM))
				continue;
			if (var_apart(e, v))
				put(body, "at += %" PRId64 "; /* other sets of the caches */\n", var_apart(e, v));
			put(body, "m->state.%s = (%s *)(void *)at;\n", var_c_name(e, v), ctype(v->type->dtype));
			put(body, "at += %s;\n", size_c(e->arena, var_bytes(e, v)));
			total = size_add(e->arena, total, var_bytes(e, v));
		}
		const Size *rest = size_sub(e->arena, slot_bytes(e->arena, total, DT_uint8), total);
		int64_t none;
		if (!shared && !(size_is_const(rest, &none) && none == 0))
			put(body, "at += %s; /* to a multiple of 64 */\n", size_c(e->arena, rest));
	}
	if (has_slots(e))
		put(body, "place_scratch(%sm, at);\n", dims ? "sizes, " : "");
	size_locals(e, w, text_of(body), "sizes->");
	put_indented(w, text_of(body));
	put(w, "return m;\n}\n\n");

	put(w, "%s *%s_new(%s)\n{\n", n, n, dims ? sizes_param(e, "sizes") : "void");
	put(w, "const size_t bytes = %s_bytes(%s);\n", n, sizes);
	put(w, "void *block = bytes ? malloc(bytes) : NULL;\n");
	put(w, "if (!block)\n\treturn NULL;\n");
	put(w, "%s *m = %s_place(block, bytes%s%s);\nm->block = block;\nreturn m;\n}\n\n", e->type, n, dims ? ", " : "", sizes);
	put(w, "void %s_free(%s *m)\n{\nif (m && m->block)\n\tfree(m->block);\n}\n\n", n, n);

	const char *scratch = !has_slots(e) ? "0" : dims ? "place_scratch(&m->sizes, NULL, NULL)" : "place_scratch(NULL, NULL)";
	put(w, "size_t %s_share_bytes(const %s *m)\n{\n%sreturn (size_t)(%" PRId64 " + %s);\n}\n\n", n, n, !has_slots(e) || !dims ? "(void)m;\n" : "",
	    object_bytes(e) + OBJECT_ALIGN, scratch);
	put(w, "%s *%s_share(%s *of, void *memory, size_t bytes)\n{\n", n, n, n);
	put(w, "if (!of || !memory || bytes < %s_share_bytes(of))\n\treturn NULL;\n", n);
	put(w, "char *at = (char *)memory + (%d - (uintptr_t)memory %% %d) %% %d;\n", OBJECT_ALIGN, OBJECT_ALIGN, OBJECT_ALIGN);
	put(w, "%s *m = (%s *)(void *)at;\n*m = *of;\nm->block = NULL;\n", e->type, e->type);
	if (has_slots(e))
		put(w, "place_scratch(%sm, at + %" PRId64 ");\n", dims ? "&m->sizes, " : "", object_bytes(e));
	put(w, "return m;\n}\n\n");
}

Instance open_get(Emit *e, Writer *w, const Var *v)
{
	const Size *count = type_count(e->arena, v->type);
	if (v->stack)
		count = size_div_exact(e->arena, count, size_const(e->arena, v->stack));
	Instance one = {size_c(e->arena, count), ""};
	put(w, "const %s *%s_get_%s(const %s *m%s)\n{\n", ctype(v->type->dtype), e->name, var_c_name(e, v), e->name, v->stack ? ", int64_t i" : "");
	if (v->stack) {
		one.at = arena_printf(e->arena, count->nterms > 1 ? " + i * (%s)" : " + i * %s", one.count);
		put(w, "if (i < 0 || i >= %" PRId64 ")\n\treturn NULL;\n", v->stack);
		size_locals(e, w, one.count, "m->sizes.");
	}
	return one;
}

void open_set(Emit *e, Writer *w, const Var *v, const Instance *one)
{
	put(w, "%s %s_set_%s(%s *m%s, const %s *values)\n{\n", v->stack ? "mc_status" : "void", e->name, var_c_name(e, v), e->name, v->stack ? ", int64_t i" : "",
	    ctype(v->type->dtype));
	if (v->stack)
		put(w, "if (i < 0 || i >= %" PRId64 ")\n\treturn MC_SIZE;\n", v->stack);
	size_locals(e, w, one->count, "m->sizes.");
}

static void emit_state(Emit *e, Writer *w)
{
	const Model *m = e->model;
	int64_t flag = 0;
	for (int i = 0; i < m->vars.len; i++) {
		const Var *v = m->vars.data[i];
		if (v->kind == VAR_DATA)
			continue;
		const char *c = var_c_name(e, v);
		const Instance one = open_get(e, w, v);
		put(w, "return m->state.%s%s;\n}\n\n", c, one.at);
		open_set(e, w, v, &one);
		put(w, "memcpy(m->state.%s%s, values, (size_t)(%s) * sizeof *values);\n", c, one.at, one.count);
		put(w, v->stack ? "m->of->set[%" PRId64 " + i] = 1;\nreturn MC_OK;\n}\n\n" : "m->of->set[%" PRId64 "] = 1;\n}\n\n", flag);
		flag += instances(v);
	}
	if (!params_contiguous(e))
		return;
	const Size *total = size_const(e->arena, 0);
	const Var *first = NULL;
	for (int i = 0; i < m->vars.len; i++)
		if (m->vars.data[i]->kind == VAR_PARAM) {
			first = first ? first : m->vars.data[i];
			total = size_add(e->arena, total, type_count(e->arena, m->vars.data[i]->type));
		}
	put(w, "%s *%s_params(%s *m, size_t *count)\n{\n", ctype(m->floatX), e->name, e->name);
	size_locals(e, w, size_c(e->arena, total), "m->sizes.");
	put(w, "if (count)\n\t*count = (size_t)(%s);\nreturn m->state.%s;\n}\n\n", size_c(e->arena, total), var_c_name(e, first));
}

/* dims that a bind of the data takes */
bool takes_dim(const Emit *e, const Var *v, const Dim *d)
{
	return dim_of_type(v->type, d) && comes_with_data(e, d);
}

/* the size is allowed, and that of other data that is bound */
void emit_bind_checks(Emit *e, Writer *w, const Var *v, const Dim *d)
{
	const char *n = dim_c(d), *others = "";
	if (d->hi != INT64_MAX)
		put(w, "if (%s < %" PRId64 " || %s > %" PRId64 ")\n\treturn MC_SIZE;\n", n, d->lo, n, d->hi);
	else
		put(w, "if (%s < %" PRId64 ")\n\treturn MC_SIZE;\n", n, d->lo);
	if (dim_use(e, d) == DIM_BOUND)
		put(w, "if (%s > m->sizes.%s)\n\treturn MC_SIZE;\n", n, n);
	for (int k = 0; k < e->model->vars.len; k++) {
		const Var *other = e->model->vars.data[k];
		if (other != v && other->kind == VAR_DATA && dim_of_type(other->type, d))
			others = arena_printf(e->arena, "%s%sm->data.%s", others, *others ? " || " : "", var_c_name(e, other));
	}
	if (*others)
		put(w, "if (m->bound.%s != %s && (%s))\n\treturn MC_SIZE; /* other data is bound with another size */\n", n, n, others);
}

static void emit_bind(Emit *e, Writer *w)
{
	const Model *m = e->model;
	for (int i = 0; i < m->vars.len; i++) {
		const Var *v = m->vars.data[i];
		if (v->kind != VAR_DATA)
			continue;
		const char *c = var_c_name(e, v);
		put(w, "mc_status %s_bind_%s(%s *m", e->name, c, e->name);
		for (int j = 0; j < m->dims.len; j++)
			if (takes_dim(e, v, m->dims.data[j]))
				put(w, ", int64_t %s", dim_c(m->dims.data[j]));
		put(w, ", const %s *values)\n{\n", ctype(v->type->dtype));
		put(w, "if (!m)\n\treturn MC_NULL;\nif (!values) {\nm->data.%s = NULL;\nreturn MC_OK;\n}\n", c);
		for (int j = 0; j < m->dims.len; j++)
			if (takes_dim(e, v, m->dims.data[j]))
				emit_bind_checks(e, w, v, m->dims.data[j]);
		for (int j = 0; j < m->dims.len; j++)
			if (takes_dim(e, v, m->dims.data[j]))
				put(w, "m->bound.%s = %s;\n", dim_c(m->dims.data[j]), dim_c(m->dims.data[j]));
		put(w, "m->data.%s = values;\nreturn MC_OK;\n}\n\n", c);
	}
}

void emit_object(Emit *e, Writer *w)
{
	emit_scratch(e, w);
	emit_bytes(e, w);
	emit_place(e, w);
	emit_state(e, w);
	emit_bind(e, w);
}
