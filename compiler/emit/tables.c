/* tables.c -- what the driver, save and load read of a model: mc_tensor, mc_function, mc_model */
#include <inttypes.h>
#include <string.h>

#include "emit_internal.h"

static const char *mc_dtype(Arena *arena, DType d)
{
	char *t = arena_printf(arena, "MC_%s", dtype_name(d));
	for (char *p = t; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return t;
}

/* a size that is neither a constant nor a dim needs a function */
static bool plain_size(const Emit *e, const Size *s, const char **text)
{
	int64_t n;
	s = size_resolve(e->arena, s);
	if (size_is_const(s, &n)) {
		*text = arena_printf(e->arena, "%" PRId64, n);
		return true;
	}
	for (int i = 0; i < e->model->dims.len; i++)
		if (size_equal(s, size_dim(e->arena, e->model->dims.data[i]))) {
			*text = arena_printf(e->arena, "MC_DIM(%d)", i);
			return true;
		}
	*text = "MC_FORMULA";
	return false;
}

static bool needs_formula(const Emit *e, const Type *t)
{
	const char *text;
	for (int i = 0; i < t->rank; i++)
		if (!plain_size(e, t->size[i], &text))
			return true;
	return false;
}

static void emit_formula(const Emit *e, Writer *w, const Type *t, const char *name)
{
	if (!needs_formula(e, t))
		return;
	put(w, "static int64_t %s(const int64_t *dims, int axis)\n{\n", name);
	Writer *body = writer_new(e->arena);
	put(body, "switch (axis) {\n");
	for (int i = 0; i < t->rank; i++)
		put(body, "case %d: return %s;\n", i, size_c(e->arena, t->size[i]));
	put(body, "default: return 0;\n}\n");
	size_t len;
	const char *text = writer_text(body, &len);
	for (int i = 0; i < e->model->dims.len; i++)
		if (has_word(text, dim_c(e->model->dims.data[i])))
			put(w, "const int64_t %s = dims[%d];\n", dim_c(e->model->dims.data[i]), i);
	put_indented(w, text);
	put(w, "}\n\n");
}

/* {MC_FLOAT32, 2, {784, 10}, NULL}; skip: leading axes left out */
static const char *type_row(const Emit *e, const Type *t, int skip, const char *formula)
{
	Arena *a = e->arena;
	const char *sizes = "", *text;
	for (int i = skip; i < t->rank; i++) {
		plain_size(e, t->size[i], &text);
		sizes = arena_printf(a, "%s%s%s", sizes, i > skip ? ", " : "", text);
	}
	return arena_printf(a, "{%s, %d, {%s}, %s}", mc_dtype(a, t->dtype), t->rank - skip, *sizes ? sizes : "0", needs_formula(e, t) ? formula : "NULL");
}

/* ---- variables and data */
static void emit_tensor_thunks(const Emit *e, Writer *w, const Var *v)
{
	const char *c = var_c_name(e, v), *t = ctype(v->type->dtype), *n = e->name;
	if (v->kind != VAR_DATA) {
		put(w, "static const void *table_get_%s(const void *m, int64_t i)\n{\n%sreturn %s_get_%s((const %s *)m%s);\n}\n\n", c, v->stack ? "" : "(void)i;\n", n, c, e->type,
		    v->stack ? ", i" : "");
		put(w, "static void table_set_%s(void *m, int64_t i, const void *values)\n{\n%s%s_set_%s((%s *)m%s, (const %s *)values);\n}\n\n", c, v->stack ? "" : "(void)i;\n",
		    n, c, e->type, v->stack ? ", i" : "", t);
		return;
	}
	put(w, "static mc_status table_bind_%s(void *m, const int64_t *dims, const void *values)\n{\n", c);
	const char *args = "";
	for (int i = 0; i < e->model->dims.len; i++)
		if (dim_of_type(v->type, e->model->dims.data[i]) && comes_with_data(e, e->model->dims.data[i]))
			args = arena_printf(e->arena, "%s, dims[%d]", args, i);
	put(w, "%sreturn %s_bind_%s((%s *)m%s, (const %s *)values);\n}\n\n", *args ? "" : "(void)dims;\n", n, c, e->type, args, t);
}

static int emit_tensors(const Emit *e, Writer *w)
{
	const Model *m = e->model;
	int rows = 0;
	for (int i = 0; i < m->vars.len; i++) {
		const Var *v = m->vars.data[i];
		emit_tensor_thunks(e, w, v);
		emit_formula(e, w, v->type, arena_printf(e->arena, "size_of_%s", var_c_name(e, v)));
	}
	put(w, "const mc_tensor %s_tensors[] = {\n", e->name);
	for (int i = 0; i < m->vars.len; i++) {
		const Var *v = m->vars.data[i];
		const char *c = var_c_name(e, v), *formula = arena_printf(e->arena, "size_of_%s", c);
		static const char *const kind[] = {"MC_PARAM", "MC_SHARED", "MC_DATA"};
		for (int64_t k = 0; k < (v->stack ? v->stack : 1); k++, rows++) {
			put(w, "{\"%s\", %s, %s, %" PRId64 ", ", instance_name(e->arena, v, k), kind[v->kind], type_row(e, v->type, v->stack ? 1 : 0, formula), k);
			if (v->kind == VAR_DATA)
				put(w, "NULL, NULL, table_bind_%s},\n", c);
			else
				put(w, "table_get_%s, table_set_%s, NULL},\n", c, c);
		}
	}
	put(w, "{NULL, MC_PARAM, {MC_BOOL, 0, {0}, NULL}, 0, NULL, NULL, NULL},\n};\n\n");
	return rows;
}

/* ---- functions */
static void emit_values(const Emit *e, Writer *w, const Func *f, bool outs)
{
	int n = outs ? f->outs.len : f->args.len;
	if (!n)
		return;
	for (int i = 0; i < n; i++)
		emit_formula(e, w, outs ? f->graph->results.data[i]->type : f->args.data[i]->type, arena_printf(e->arena, "size_of_%s_%s%d", f->name, outs ? "out" : "arg", i));
	put(w, "static const mc_value %s_%s[] = {\n", f->name, outs ? "outs" : "args");
	for (int i = 0; i < n; i++) {
		const Type *t = outs ? f->graph->results.data[i]->type : f->args.data[i]->type;
		const FuncArg *x = outs ? NULL : f->args.data[i];
		put(w, "{\"%s\", %s, %d, %.17g},\n", outs ? f->outs.data[i].name : x->name,
		    type_row(e, t, 0, arena_printf(e->arena, "size_of_%s_%s%d", f->name, outs ? "out" : "arg", i)), x && x->has_default, x && x->has_default ? x->value : 0.0);
	}
	put(w, "};\n");
}

static int dim_number(const Emit *e, const Dim *d)
{
	for (int i = 0; i < e->model->dims.len; i++)
		if (e->model->dims.data[i] == d)
			return i;
	internal_error("the dim %s is not the model's", d->name);
}

static void emit_function_table(const Emit *e, Writer *w, const Func *f)
{
	emit_values(e, w, f, false);
	emit_values(e, w, f, true);
	if (f->dims.len) {
		put(w, "static const int %s_dims[] = {", f->name);
		for (int i = 0; i < f->dims.len; i++)
			put(w, "%s%d", i ? ", " : "", dim_number(e, f->dims.data[i]));
		put(w, "};\n");
	}
	put(w, "static mc_status call_%s(void *m, const int64_t *dims, const void *const *args, void *const *outs)\n{\n", f->name);
	if (!f->dims.len)
		put(w, "(void)dims;\n");
	if (!f->args.len)
		put(w, "(void)args;\n");
	if (!f->outs.len)
		put(w, "(void)outs;\n");
	const char *t = arena_printf(e->arena, "return %s_%s((%s *)m", e->name, f->name, e->type);
	for (int i = 0; i < f->dims.len; i++)
		t = arena_printf(e->arena, "%s, dims[%d]", t, i);
	for (int i = 0; i < f->args.len; i++)
		t = arena_printf(e->arena, f->args.data[i]->type->rank ? "%s, (const %s *)args[%d]" : "%s, *(const %s *)args[%d]", t, ctype(f->args.data[i]->type->dtype), i);
	for (int i = 0; i < f->outs.len; i++)
		t = arena_printf(e->arena, "%s, (%s *)outs[%d]", t, ctype(f->graph->results.data[i]->type->dtype), i);
	put(w, "%s);\n}\n\n", t);
}

/* The leading size of a symbol is how many rows a call takes; one that is given rows of data has become a slice of it. */
static const char *rows_of(const Emit *e, const Func *f)
{
	const char *text;
	for (int i = 0; i < f->args.len; i++)
		if (f->args.data[i]->type->rank && plain_size(e, f->args.data[i]->type->size[0], &text))
			return text;
	for (int i = 0; i < f->dims.len; i++)
		return arena_printf(e->arena, "MC_DIM(%d)", dim_number(e, f->dims.data[i]));
	for (int i = 0; i < f->graph->vals.len; i++) {
		const Val *v = f->graph->vals.data[i];
		if (v->op == OP_slice && v->in[0]->op == OP_var && v->in[0]->attr.var->kind == VAR_DATA && v->type->rank &&
		    plain_size(e, v->type->size[0], &text))
			return text;
	}
	return "0";
}

static void emit_functions(const Emit *e, Writer *w)
{
	const Model *m = e->model;
	for (int i = 0; i < m->funcs.len; i++)
		emit_function_table(e, w, m->funcs.data[i]);
	put(w, "const mc_function %s_functions[] = {\n", e->name);
	for (int i = 0; i < m->funcs.len; i++) {
		const Func *f = m->funcs.data[i];
		Arena *a = e->arena;
		put(w, "{\"%s\", %d, %s, %d, %s, %d, %s, %d, %s, call_%s},\n", f->name, f->dims.len, f->dims.len ? arena_printf(a, "%s_dims", f->name) : "NULL", f->args.len,
		    f->args.len ? arena_printf(a, "%s_args", f->name) : "NULL", f->outs.len, f->outs.len ? arena_printf(a, "%s_outs", f->name) : "NULL", f->updates.len > 0,
		    rows_of(e, f), f->name);
	}
	put(w, "{NULL, 0, NULL, 0, NULL, 0, NULL, 0, 0, NULL},\n};\n\n");
}

/* ---- the model */
static void emit_model_thunks(const Emit *e, Writer *w)
{
	const Model *m = e->model;
	const char *n = e->name;
	const bool dims = m->dims.len > 0;
	if (dims) {
		put(w, "static %s_sizes sizes_of(const int64_t *dims)\n{\n%s_sizes s;\n", n, n);
		for (int i = 0; i < m->dims.len; i++)
			put(w, "s.%s = dims[%d];\n", dim_c(m->dims.data[i]), i);
		put(w, "return s;\n}\n\n");
	}
	const char *make = dims ? arena_printf(e->arena, "const %s_sizes s = sizes_of(dims);\n", n) : "(void)dims;\n";
	put(w, "static size_t table_bytes(const int64_t *dims)\n{\n%sreturn %s_bytes(%s);\n}\n\n", make, n, dims ? "&s" : "");
	if (e->options->cuda)
		put(w, "static size_t table_device_bytes(const int64_t *dims)\n{\n%sreturn %s_device_bytes(%s);\n}\n\n"
		       "static const char *table_device_error(const void *m)\n{\nreturn %s_device_error((const %s *)m);\n}\n\n", make, n, dims ? "&s" : "", n, e->type);
	put(w, "static void *table_create(const int64_t *dims)\n{\n%sreturn %s_new(%s);\n}\n\n", make, n, dims ? "&s" : "");
	put(w, "static void table_destroy(void *m)\n{\n%s_free((%s *)m);\n}\n\n", n, e->type);
	put(w, "static void table_init(void *m, uint64_t seed)\n{\n%s_init((%s *)m, seed);\n}\n\n", n, e->type);
	put(w, "static int table_ready(const void *m)\n{\n");
	bool state = false;
	for (int i = 0; i < m->vars.len; i++)
		state = state || m->vars.data[i]->kind != VAR_DATA;
	put(w, state ? "return is_ready((const %s *)m);\n}\n\n" : "(void)m;\nreturn 1;\n}\n\n", e->type);
	put(w, "static void table_sizes(const void *m, int64_t *dims)\n{\n");
	if (!dims)
		put(w, "(void)m;\n(void)dims;\n");
	for (int i = 0; i < m->dims.len; i++)
		put(w, "dims[%d] = ((const %s *)m)->sizes.%s;\n", i, e->type, dim_c(m->dims.data[i]));
	put(w, "}\n\nstatic void table_random(const void *m, uint64_t *seed, uint64_t *call)\n{\n*seed = ((const %s *)m)->of->seed;\n*call = ((const %s *)m)->of->call;\n}\n\n", e->type, e->type);
	put(w, "static void table_random_set(void *m, uint64_t seed, uint64_t call)\n{\n((%s *)m)->of->seed = seed;\n((%s *)m)->of->call = call;\n}\n\n", e->type, e->type);
	if (e->options->profile)
		put(w, "static const mc_profile *table_profile(const void *m)\n{\nreturn ((const %s *)m)->profile;\n}\n\n"
		       "static void table_limits(double *flops, double *functions, double *bytes)\n{\nmc_profile_limits(flops, functions, bytes);\n}\n\n", e->type);
}

void emit_tables(Emit *e, Writer *w)
{
	const Model *m = e->model;
	const char *n = e->name;
	put(w, "/* ---- tables: what the driver, save and load know of this model */\n\n");
	int tensors = emit_tensors(e, w);
	emit_functions(e, w);
	emit_model_thunks(e, w);
	if (m->dims.len) {
		put(w, "static const mc_dim model_dims[] = {\n");
		for (int i = 0; i < m->dims.len; i++) {
			const Dim *d = m->dims.data[i];
			put(w, "{\"%s\", %" PRId64 ", %" PRId64 ", %d},\n", d->name, d->lo, d->hi == INT64_MAX ? (int64_t)-1 : d->hi, dim_use(e, d) == DIM_STATE);
		}
		put(w, "};\n\n");
	}
	put(w, "const mc_model %s_model = {\n\"%s\", %s, %d, %s, %d, %s_tensors, %d, %s_functions,\n", n, n, mc_dtype(e->arena, m->floatX), m->dims.len,
	    m->dims.len ? "model_dims" : "NULL", tensors, n, m->funcs.len, n);
	put(w, "table_bytes, table_create, table_destroy, table_init, table_ready, table_sizes, table_random, table_random_set,\n");
	if (e->options->profile)
		put(w, "%s_status_text,\n%d, profile_steps, table_profile, table_limits,\n", n, e->first_step[func_count(e)]);
	else
		put(w, "%s_status_text,\n0, NULL, NULL, NULL,\n", n);
	put(w, e->options->cuda ? "table_device_bytes, table_device_error,\n};\n\n" : "NULL, NULL,\n};\n\n");
	put(w, "mc_status %s_save(const %s *m, const char *path)\n{\nreturn mc_save(&%s_model, m, path);\n}\n\n", n, n, n);
	put(w, "mc_status %s_load(%s *m, const char *path)\n{\nreturn mc_load(&%s_model, m, path);\n}\n", n, n, n);
}
