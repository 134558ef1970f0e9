/* driver.c -- NAME_driver.c: the driver block as tables of mc_driver.h, and main */
#include <inttypes.h>
#include <string.h>

#include "emit_internal.h"

/* A key's expression is a graph of scalars over step, epoch, total and dims. */
static Text value_c(Emit *e, const Val *v)
{
	Arena *a = e->arena;
	switch (v->op) {
	case OP_const: return number_c(a, v->type->dtype, v->attr.number.f, v->attr.number.i);
	case OP_arg: return (Text){arena_printf(a, "e->%s", v->attr.arg->name), PREC_ATOM};
	case OP_size: return (Text){size_c(a, v->attr.size), v->attr.size->nterms > 1 ? PREC_SUM : PREC_PRODUCT};
	default: break;
	}
	if (!op_info(v->op)->elementwise)
		internal_error("a key of the driver block holds the op %s", op_info(v->op)->name);
	Text arg[3];
	for (int i = 0; i < v->nin; i++)
		arg[i] = value_c(e, v->in[i]);
	return row_c(a, v->op, v->type->dtype, v->in[v->op == OP_select ? 1 : 0]->type->dtype, v->nin, arg, NULL);
}

/* static int64_t NAME(const mc_driver_env *e) { return ...; } */
static void emit_number_function(Emit *e, Writer *w, const Func *f, const char *name)
{
	const Val *v = f->graph->results.data[0];
	bool real = dtype_is_float(v->type->dtype);
	const char *text = value_c(e, v).s;
	put(w, "static %s %s(const mc_driver_env *e)\n{\n", real ? "double" : "int64_t", name);
	if (!strstr(text, "e->"))
		put(w, "(void)e;\n");
	for (int i = 0; i < e->model->dims.len; i++) {
		const char *d = dim_c(e->model->dims.data[i]);
		if (has_word(text, d))
			put(w, "const int64_t %s = e->dims[%d];\n", d, i);
	}
	if (!strstr(text, "e->"))
		put(w, "%s", "");
	put(w, v->type->dtype == DT_float32 ? "return (double)(%s);\n}\n\n" : "return %s;\n}\n\n", text);
}

static const char *source_text(Emit *e, Loc loc)
{
	if (!loc.source || loc.end <= loc.begin)
		return "\"\"";
	return c_string(e->arena, arena_strndup(e->arena, loc.source->text + loc.begin, loc.end - loc.begin));
}

static void put_number(Emit *e, Writer *w, const Func *f, Loc loc, const char *function)
{
	bool real = dtype_is_float(f->graph->results.data[0]->type->dtype);
	put(w, "{%s, %s, %s}", source_text(e, loc), real ? "NULL" : function, real ? function : "NULL");
}

static const char *part_name(Emit *e, const DriverPart *p, int i)
{
	static const char *const kind[] = {"bind", "set", "fit", "predict", "picture"};
	return p->name ? arena_printf(e->arena, "%s_%s_%d", kind[p->kind], p->name, i) : arena_printf(e->arena, "%s_%d", kind[p->kind], i);
}

static void emit_files(Emit *e, Writer *w, const DriverPart *p, const char *part)
{
	for (int i = 0; i < p->files.len; i++)
		for (int hi = 0; hi < 2; hi++) {
			const Func *f = hi ? p->files.data[i].hi : p->files.data[i].lo;
			if (!f)
				continue;
			const char *name = arena_printf(e->arena, "%s_%s_%s", part, p->files.data[i].name, hi ? "hi" : "lo");
			emit_number_function(e, w, f, name);
			put(w, "static const mc_driver_number %s_ = ", name);
			put_number(e, w, f, p->files.data[i].loc, name);
			put(w, ";\n\n");
		}
	if (!p->files.len)
		return;
	put(w, "static const mc_driver_file %s_files[] = {\n", part);
	for (int i = 0; i < p->files.len; i++) {
		const DriverFile *f = &p->files.data[i];
		put(w, "{\"%s\", %s", f->name, c_string(e->arena, f->path));
		for (int hi = 0; hi < 2; hi++)
			put(w, (hi ? f->hi : f->lo) ? ", &%s_%s_%s_" : ", NULL", part, f->name, hi ? "hi" : "lo");
		put(w, "},\n");
	}
	put(w, "};\n\n");
}

static void emit_keys(Emit *e, Writer *w, const DriverPart *p, const char *part)
{
	for (int i = 0; i < p->keys.len; i++) {
		const DriverKeySpec *k = &p->keys.data[i];
		const char *name = arena_printf(e->arena, "%s_%s", part, k->name);
		bool numbers = k->values.len && k->values.data[0].scalar;
		if (!numbers) {
			put(w, "static const char *const %s[] = {", name);
			bool first = true;
			for (int j = 0; j < k->values.len; j++)
				for (int n = 0; n < k->values.data[j].names.len; n++, first = false)
					put(w, "%s%s", first ? "" : ", ", c_string(e->arena, k->values.data[j].names.data[n]));
			put(w, "};\n\n");
			continue;
		}
		for (int j = 0; j < k->values.len; j++)
			emit_number_function(e, w, k->values.data[j].scalar, arena_printf(e->arena, "%s_%d", name, j));
		put(w, "static const mc_driver_number %s[] = {", name);
		for (int j = 0; j < k->values.len; j++) {
			put(w, j ? ", " : "");
			put_number(e, w, k->values.data[j].scalar, k->values.data[j].loc, arena_printf(e->arena, "%s_%d", name, j));
		}
		put(w, "};\n\n");
	}
	if (!p->keys.len)
		return;
	put(w, "static const mc_driver_key %s_keys[] = {\n", part);
	for (int i = 0; i < p->keys.len; i++) {
		const DriverKeySpec *k = &p->keys.data[i];
		const char *name = arena_printf(e->arena, "%s_%s", part, k->name);
		bool numbers = k->values.len && k->values.data[0].scalar;
		int n = 0;
		for (int j = 0; j < k->values.len; j++)
			n += numbers ? 1 : k->values.data[j].names.len;
		put(w, numbers ? "{\"%s\", %d, %s, NULL},\n" : "{\"%s\", %d, NULL, %s},\n", k->name, n, name);
	}
	put(w, "};\n\n");
}

void emit_driver(Emit *e, Writer *w)
{
	static const char *const kinds[] = {"MC_DRIVER_BIND", "MC_DRIVER_SET", "MC_DRIVER_FIT", "MC_DRIVER_PREDICT", "MC_DRIVER_PICTURE"};
	const Driver *d = e->model->driver;
	Writer *body = writer_new(e->arena);
	int n = d ? d->parts.len : 0;
	for (int i = 0; i < n; i++) {
		const DriverPart *p = d->parts.data[i];
		const char *part = part_name(e, p, i);
		emit_files(e, body, p, part);
		emit_keys(e, body, p, part);
	}
	if (n) {
		put(body, "static const mc_driver_part parts[] = {\n");
		for (int i = 0; i < n; i++) {
			const DriverPart *p = d->parts.data[i];
			Arena *a = e->arena;
			const char *part = part_name(e, p, i);
			put(body, "{%s, %s, %s, %d, %s, %d, %s},\n", kinds[p->kind], p->name ? c_string(a, p->name) : "NULL", p->func ? c_string(a, p->func->name) : "NULL",
			    p->files.len, p->files.len ? arena_printf(a, "%s_files", part) : "NULL", p->keys.len, p->keys.len ? arena_printf(a, "%s_keys", part) : "NULL");
		}
		put(body, "};\n\n");
	}
	size_t len;
	const char *text = writer_text(body, &len), *path = e->model->source ? e->model->source->path : e->name, *slash = strrchr(path, '/');
	put(w, "/* %s_driver.c -- the program %s train|predict|info, compiled by modelc from the driver block */\n", e->name, e->name);
	put(w, "#include \"%s.h\"\n#include \"mc_driver.h\"\n", e->name);
	if (strstr(text, "mc_floor") || strstr(text, "mc_mod") || strstr(text, "mc_pow") || strstr(text, "_f32(") || strstr(text, "_f64(") || strstr(text, "_i64("))
		put(w, "#include \"mc_math.h\"\n");
	put(w, "\n");
	put_raw(w, text);
	put(w, "static const mc_driver driver = {&%s_model, %s, %d, %s};\n\n", e->name, c_string(e->arena, slash ? slash + 1 : path), n, n ? "parts" : "NULL");
	put(w, "int main(int argc, char **argv)\n{\nreturn mc_driver_main(&driver, argc, argv);\n}\n");
}
