/* print_text.c -- kernels as text, for -d kernels */
#include <inttypes.h>

#include "kernel.h"

static const char *access_text(Arena *, const Access *);

static const char *size_or(Arena *arena, const Size *s, const char *none)
{
	return s ? size_text(arena, s) : none;
}

static const char *node_text(Arena *arena, const Node *n)
{
	switch (n->kind) {
	case NODE_LOAD: return access_text(arena, &n->load);
	case NODE_CONST:
		return dtype_is_float(n->dtype) ? arena_printf(arena, "%.17g", n->f) : arena_printf(arena, "%" PRId64, n->i);
	case NODE_UNIFORM: return n->uniform;
	case NODE_INDEX: return arena_printf(arena, "index(%s)", size_text(arena, n->index));
	case NODE_RANDOM: return arena_printf(arena, "random(%" PRIu32 ", %s)", n->place, size_text(arena, n->index));
	case NODE_ROW: break;
	}
	const char *name = n->op == OP_cast ? dtype_name(n->dtype) : op_info(n->op)->name, *args = "";
	for (int i = 0; i < n->nargs; i++)
		args = arena_printf(arena, "%s%s%s", args, i ? ", " : "", node_text(arena, n->arg[i]));
	return arena_printf(arena, "%s(%s)", name, args);
}

static const char *access_text(Arena *arena, const Access *a)
{
	const char *t = a->buffer->name;
	for (int d = 0; d < a->buffer->rank; d++) {
		const KIndex *i = &a->index[d];
		t = arena_printf(arena, "%s%s%s%s%s", t, d ? ", " : "[", size_or(arena, i->affine, ""),
		                 i->affine && i->gathered ? " + " : "", i->gathered ? node_text(arena, i->gathered) : "");
	}
	if (a->buffer->rank)
		t = arena_printf(arena, "%s]", t);
	for (int i = 0; i < a->npreds; i++)
		t = arena_printf(arena, "%s%s%s <= %s < %s", t, i ? ", " : " where ", size_or(arena, a->pred[i].lo, "-inf"),
		                 size_text(arena, a->pred[i].p), size_or(arena, a->pred[i].hi, "inf"));
	return a->npreds ? arena_printf(arena, "(%s else %g)", t, a->other) : t;
}

static const char *bounds_text(Arena *arena, const char *how, int n, const Size *const *s)
{
	const char *t = "";
	for (int i = 0; i < n; i++)
		t = arena_printf(arena, "%s%s%s", t, i ? ", " : "", size_text(arena, s[i]));
	return n == 1 ? t : arena_printf(arena, "%s(%s)", how, t);
}

static const char *axis_text(Arena *arena, const Axis *a)
{
	static const char *const kind[] = {"par", "seq", "unroll", "lanes", "simd", "thread"};
	const char *hi = a->cut_of && a->nhi == 0 ? arena_printf(arena, "cut(%s)", a->cut_of->name)
	                                         : bounds_text(arena, "min", a->nhi, a->hi);
	const char *t = arena_printf(arena, "%s %s = %s .. %s", kind[a->kind], a->name,
	                             a->nlo ? bounds_text(arena, "max", a->nlo, a->lo) : "0", hi);
	for (int i = 0; i < a->ncuts; i++)
		t = arena_printf(arena, "%s%s%" PRId64, t, i ? ", " : " by ", a->cut[i]);
	return t;
}

static void put_buffer(Writer *w, Arena *arena, const Buffer *b)
{
	static const char *const where[] = {"argument", "stack", "registers", "private"};
	const char *t = "";
	for (int d = 0; d < b->rank; d++)
		t = arena_printf(arena, "%s%s%s", t, d ? ", " : "[",
		                 b->extent[d].cut ? arena_printf(arena, "cut(%s)", b->extent[d].cut->name)
		                                  : size_text(arena, b->extent[d].size));
	put(w, "%s %s : %s%s%s%s\n", where[b->where], b->name, dtype_name(b->dtype), t, b->rank ? "]" : "",
	    b->lanes ? " lanes" : b->read_only ? " read only" : "");
}

static void put_items(Writer *w, Arena *arena, const Item *item, int n)
{
	static const char *const how[] = {"=", "+=", "*=", "max=", "min=", "ahead"};
	for (int i = 0; i < n; i++) {
		if (item[i].comment)
			put(w, "/* %s */\n", item[i].comment);
		switch (item[i].kind) {
		case ITEM_BUFFER: put_buffer(w, arena, item[i].buffer); break;
		case ITEM_STORE:
			put(w, "%s %s %s\n", access_text(arena, &item[i].store->target), how[item[i].store->how],
			    node_text(arena, item[i].store->value));
			break;
		case ITEM_NEST:
			put(w, "%s {\n", axis_text(arena, item[i].nest->axis));
			put_items(w, arena, item[i].nest->body.data, item[i].nest->body.len);
			put(w, "}\n");
			break;
		}
	}
}

void print_kernel_text(Writer *w, const Kernel *k)
{
	Arena *arena = arena_new();
	put(w, "kernel %s {\n", k->name);
	for (int i = 0; i < k->dims.len; i++)
		put(w, "dim %s\n", k->dims.data[i]->name);
	for (int i = 0; i < k->uniforms.len; i++)
		put(w, "uniform %s : %s\n", k->uniforms.data[i].name, dtype_name(k->uniforms.data[i].dtype));
	for (int i = 0; i < k->buffers.len; i++)
		put_buffer(w, arena, k->buffers.data[i]);
	for (int i = 0; i < k->parts.len; i++) {
		put_items(w, arena, &k->parts.data[i].item, 1);
		if (k->parts.data[i].barrier)
			put(w, "barrier\n");
	}
	put(w, "}\n");
	arena_free(arena);
}
