/* print_c.c -- kernels to C: functions, loops, buffers.  Knows no model. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "print_c.h"

/* ---- statements and names */
static Stmt *add_stmt(CPrinter *p, const char *fmt, va_list args)
{
	Stmt *s = NEW(p->arena, Stmt);
	s->text = arena_vprintf(p->arena, fmt, args);
	push(p->arena, &p->out->body, s);
	return s;
}

void line(CPrinter *p, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	add_stmt(p, fmt, args);
	va_end(args);
}

void declare_local(CPrinter *p, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	add_stmt(p, fmt, args)->declares = true;
	va_end(args);
}

Stmt *open_block(CPrinter *p, const char *fmt, ...)
{
	Stmt *outer = p->out;
	va_list args;
	va_start(args, fmt);
	p->out = add_stmt(p, fmt, args);
	va_end(args);
	p->out->block = true;
	p->out->taken = p->taken.len;
	p->out->depth = ++p->depth;
	return outer;
}

void close_block(CPrinter *p, Stmt *outer)
{
	/* the block of `outer` that was opened: its names go */
	p->taken.len = outer->body.data[outer->body.len - 1]->taken;
	p->out = outer;
	p->depth = outer->depth;
}

static bool is_reserved(const char *s)
{
	static const char *const words[] = {
		"alignas", "alignof", "and", "asm", "auto", "bool", "break", "case", "catch", "char", "class", "const",
		"constexpr", "continue", "decltype", "default", "delete", "do", "double", "else", "enum", "explicit", "export",
		"extern", "false", "float", "for", "friend", "goto", "if", "inline", "int", "long", "mutable", "namespace", "new",
		"noexcept", "not", "nullptr", "operator", "or", "private", "protected", "public", "register", "restrict", "return",
		"short", "signed", "sizeof", "static", "struct", "switch", "template", "this", "throw", "true", "try", "typedef",
		"typename", "union", "unsigned", "using", "virtual", "void", "volatile", "while", "xor", "NAN", "INFINITY",
		"linux", "unix"};
	for (int i = 0; i < (int)(sizeof words / sizeof words[0]); i++)
		if (strcmp(s, words[i]) == 0)
			return true;
	return false;
}

static bool is_taken(const CPrinter *p, const char *s)
{
	for (int i = 0; i < p->taken.len; i++)
		if (strcmp(p->taken.data[i], s) == 0)
			return true;
	return is_reserved(s);
}

const char *fresh_name(CPrinter *p, const char *wish)
{
	char *base = arena_strndup(p->arena, wish, strlen(wish));
	for (char *c = base; *c; c++)
		if (!isalnum((unsigned char)*c))
			*c = '_';
	const char *name = base;
	for (int i = 1; is_taken(p, name); i++)
		name = arena_printf(p->arena, isdigit((unsigned char)base[strlen(base) - 1]) ? "%s_%d" : "%s%d", base, i);
	push(p->arena, &p->taken, name);
	return name;
}

/* ---- axes and buffers in scope */
AxisName *axis_name(CPrinter *p, int id)
{
	for (int i = p->axes.len - 1; i >= 0; i--)
		if (p->axes.data[i].id == id)
			return &p->axes.data[i];
	return NULL;
}

void bind_axis(CPrinter *p, AxisName n)
{
	push(p->arena, &p->axes, n);
}

const BufferName *buffer_name(CPrinter *p, const Buffer *b)
{
	for (int i = p->buffers.len - 1; i >= 0; i--)
		if (p->buffers.data[i].buffer == b || strcmp(p->buffers.data[i].buffer->name, b->name) == 0)
			return &p->buffers.data[i];
	internal_error("kernel %s: the buffer %s is used where it is not declared", p->kernel->name, b->name);
}

const char *step_of(CPrinter *p, const Axis *axis, int64_t *step)
{
	const AxisName *n = axis_name(p, axis->id);
	if (!n || !n->step_c)
		internal_error("kernel %s: the cut of %s is used outside its nest", p->kernel->name, axis->name);
	*step = n->step;
	return n->step_c;
}

int64_t extent_max(CPrinter *p, const Extent *e)
{
	int64_t value;
	if (e->cut) {
		step_of(p, e->cut, &value);
		return value;
	}
	return size_is_const(e->size, &value) ? value : -1;
}

const char *buffer_ctype(CPrinter *p, const Buffer *b, const char **type)
{
	const char *extents = "";
	*type = dtype_ctype(b->dtype);
	for (int d = 0; d < b->rank && b->where != WHERE_ARG; d++) {
		int64_t n = extent_max(p, &b->extent[d]);
		if (n < 0)
			internal_error("kernel %s: the buffer %s has no literal extent", p->kernel->name, b->name);
		if (d == b->rank - 1 && b->where == WHERE_REG && b->lanes) {
			int width = vector_width(p, b->dtype, n);
			n /= width;
			if (width > 1)
				*type = arena_printf(p->arena, "mc_f%dx%d", b->dtype == DT_float64 ? 64 : 32, width);
			if (n == 1)
				break;
		}
		extents = arena_printf(p->arena, "%s[%" PRId64 "]", extents, n);
	}
	return extents;
}

static void declare_buffer(CPrinter *p, const Buffer *b)
{
	const char *name = fresh_name(p, b->name), *type;
	const char *extents = buffer_ctype(p, b, &type);
	push(p->arena, &p->buffers, ((BufferName){b, name, false}));
	declare_local(p, "%s %s%s;", type, name, extents);
}

/* ---- items */
static bool same_preds(const Access *a, const Access *b)
{
	if (a->npreds != b->npreds)
		return false;
	for (int i = 0; i < a->npreds; i++)
		if (!size_equal(a->pred[i].p, b->pred[i].p) || a->pred[i].lo != b->pred[i].lo || a->pred[i].hi != b->pred[i].hi)
			return false;
	return true;
}

static int store_run(const Item *item, int n)
{
	int k = 0;
	while (k < n && item[k].kind == ITEM_STORE && same_preds(&item[k].store->target, &item[0].store->target) &&
	       (k == 0 || !item[k].comment))
		k++;
	return k;
}

static const Store **stores_of(CPrinter *p, const Item *item, int n)
{
	const Store **store = NEW_ARRAY(p->arena, const Store *, n);
	for (int i = 0; i < n; i++)
		store[i] = item[i].store;
	return store;
}

/* a scalar that is set right after its declaration, by a store of its own: one line */
static bool is_initialised(const Item *item, int n)
{
	if (n < 2 || item[0].buffer->rank > 0 || item[1].kind != ITEM_STORE || item[1].comment)
		return false;
	const Store *s = item[1].store;
	bool alone = n == 2 || item[2].kind != ITEM_STORE;
	return alone && s->target.buffer == item[0].buffer && s->how == STORE_SET && s->target.npreds == 0;
}

typedef struct Writes {
	const Buffer *buffer;
	int count;
} Writes;

static void count_write(void *data, const Access *a, bool store)
{
	Writes *w = data;
	w->count += store && a->buffer == w->buffer;
}

/* its address may be passed to a function */
static void count_cuts(void *data, const Axis *a)
{
	((Writes *)data)->count += a->ncuts;
}

static void print_initialised(CPrinter *p, const Item *item, int n)
{
	Writes writes = {item[0].buffer, 0};
	visit_items(&(Visitor){.data = &writes, .access = count_write, .axis = count_cuts}, item + 1, n - 1);
	const char *name = fresh_name(p, item[0].buffer->name);
	push(p->arena, &p->buffers, ((BufferName){item[0].buffer, name, false}));
	p->initialised = item[0].buffer;
	p->initialised_once = writes.count == 1;
	print_stage(p, 0, NULL, 1, &item[1].store);
	p->initialised = NULL;
}

static void print_comment(CPrinter *p, const char *comment)
{
	if (!comment)
		return;
	if (p->out->body.len)
		line(p, "%s", "");
	line(p, "/* %s */", comment);
}

void print_items(CPrinter *p, const Item *item, int n)
{
	int nbuffers = p->buffers.len;
	for (int i = 0; i < n; i++) {
		print_comment(p, item[i].comment);
		switch (item[i].kind) {
		case ITEM_BUFFER:
			if (is_initialised(item + i, n - i)) {
				print_initialised(p, item + i, n - i);
				i++;
			} else {
				declare_buffer(p, item[i].buffer);
			}
			break;
		case ITEM_STORE: {
			int run = store_run(item + i, n - i);
			print_stage(p, 0, NULL, run, stores_of(p, item + i, run));
			i += run - 1;
			break;
		}
		case ITEM_NEST: print_nest(p, item[i].nest); break;
		}
	}
	p->buffers.len = nbuffers;
}

/* ---- loops */
static bool is_tile_axis(const Axis *a)
{
	return a->kind == AXIS_UNROLL || a->kind == AXIS_LANES;
}

/* the innermost run of unroll and lanes axes with only stores inside: one stage */
static bool print_tile(CPrinter *p, const Nest *nest)
{
	const Axis *axis[MAX_TILE];
	int naxes = 0;
	for (;;) {
		if (!is_tile_axis(nest->axis) || naxes == MAX_TILE)
			return false;
		axis[naxes++] = nest->axis;
		if (nest->body.len != 1 || nest->body.data[0].kind != ITEM_NEST)
			break;
		nest = nest->body.data[0].nest;
	}
	const Items *body = &nest->body;
	for (int i = 0; i < body->len; i++)
		if (body->data[i].kind != ITEM_STORE)
			return false;
	for (int i = 0; i < body->len;) {
		int run = store_run(body->data + i, body->len - i);
		print_comment(p, body->data[i].comment);
		print_stage(p, naxes, axis, run, stores_of(p, body->data + i, run));
		i += run;
	}
	return true;
}

/* hi - lo if that is one size */
static const Size *extent_of(CPrinter *p, const Axis *a)
{
	if (a->nhi != 1 || a->nlo > 1)
		return NULL;
	return a->nlo ? size_sub(p->arena, resolve_axes(p, a->hi[0]), resolve_axes(p, a->lo[0])) : resolve_axes(p, a->hi[0]);
}

static bool is_one(CPrinter *p, const Axis *a)
{
	int64_t n;
	const Size *extent = extent_of(p, a);
	return extent && size_is_const(extent, &n) && n == 1 && a->ncuts == 0;
}

bool begins_at_least_0(CPrinter *p, const Axis *a)
{
	for (int i = 0; i < a->nlo; i++)
		if (at_least_0(p, a->lo[i]))
			return true;
	return a->nlo == 0;
}

const char *hi_c(CPrinter *p, const Axis *a)
{
	int64_t step;
	if (a->nhi == 0 && a->cut_of)
		return step_of(p, a->cut_of, &step);
	return bound_c(p, a->nhi, a->hi, false);
}

const char *lo_c(CPrinter *p, const Axis *a)
{
	return bound_c(p, a->nlo, a->lo, true);
}

void print_nest(CPrinter *p, const Nest *nest)
{
	const Axis *a = nest->axis;
	int nnames = p->axes.len;
	if (a->kind != AXIS_LANES && is_one(p, a)) {
		bind_axis(p, (AxisName){.id = a->id, .axis = a, .value = a->nlo ? a->lo[0] : size_const(p->arena, 0)});
		print_items(p, nest->body.data, nest->body.len);
		p->axes.len = nnames;
		return;
	}
	if (is_tile_axis(a) && print_tile(p, nest))
		return;
	if (a->kind == AXIS_LANES)
		internal_error("kernel %s: the lanes axis %s is not innermost", p->kernel->name, a->name);
	if (a->ncuts > 0) {
		print_cuts(p, nest);
		return;
	}
	const char *lo = lo_c(p, a), *hi = hi_c(p, a);
	bool at_0 = begins_at_least_0(p, a);
	int ntaken = p->taken.len;
	const char *name = fresh_name(p, a->name);
	const char *how = a->kind == AXIS_SIMD ? "MC_SIMD " : a->kind == AXIS_UNROLL ? "MC_UNROLL " : "";
	const char *type = a->kind == AXIS_UNROLL ? "int" : "int64_t";
	Stmt *outer = open_block(p, "%sfor (%s %s = %s; %s < %s; %s++)", how, type, name, lo, name, hi, name);
	outer->body.data[outer->body.len - 1]->taken = ntaken;
	bind_axis(p, (AxisName){.id = a->id, .axis = a, .name = name, .at_least_0 = at_0});
	print_items(p, nest->body.data, nest->body.len);
	close_block(p, outer);
	p->axes.len = nnames;
}

/* ---- parts and kernels */
static const char **params_c(CPrinter *p, int *n)
{
	const Kernel *k = p->kernel;
	*n = k->dims.len + k->uniforms.len + k->buffers.len;
	const char **list = NEW_ARRAY(p->arena, const char *, *n + 1);
	int i = 0;
	for (int j = 0; j < k->dims.len; j++)
		list[i++] = arena_printf(p->arena, "int64_t %s", k->dims.data[j]->name);
	for (int j = 0; j < k->uniforms.len; j++)
		list[i++] = arena_printf(p->arena, "%s %s", dtype_ctype(k->uniforms.data[j].dtype), k->uniforms.data[j].name);
	for (int j = 0; j < k->buffers.len; j++) {
		const Buffer *b = k->buffers.data[j];
		list[i++] = arena_printf(p->arena, "%s%s *MC_RESTRICT %s", b->read_only ? "const " : "", dtype_ctype(b->dtype),
		                         buffer_name(p, b)->name);
	}
	return list;
}

static void print_par(CPrinter *p, const Nest *nest, bool barrier)
{
	int n = 1;
	const Nest *inner = nest;
	while (inner->body.len == 1 && inner->body.data[0].kind == ITEM_NEST && inner->body.data[0].nest->axis->kind == AXIS_PAR &&
	       !is_one(p, inner->axis)) {
		inner = inner->body.data[0].nest;
		n++;
	}
	line(p, "#ifdef _OPENMP");
	line(p, "#pragma omp for schedule(static)%s%s", n > 1 ? arena_printf(p->arena, " collapse(%d)", n) : "",
	     barrier ? "" : " nowait");
	line(p, "#endif");
	print_nest(p, nest);
}

static void print_part(CPrinter *p, const KernelPart *part)
{
	if (!part->item.comment && p->out->body.len)
		line(p, "%s", "");
	print_comment(p, part->item.comment);
	Item item = part->item;
	item.comment = NULL;
	if (item.kind == ITEM_NEST && item.nest->axis->kind == AXIS_PAR && !is_one(p, item.nest->axis)) {
		print_par(p, item.nest, part->barrier);
		return;
	}
	line(p, "#ifdef _OPENMP");
	line(p, "#pragma omp single%s", part->barrier ? "" : " nowait");
	line(p, "#endif");
	Stmt *outer = open_block(p, "%s", "");
	print_items(p, &item, 1);
	close_block(p, outer);
}

static void note_summand(CPrinter *p, const Node *n)
{
	if (n->kind == NODE_ROW && (n->op == OP_neg || n->op == OP_cast))
		n = n->arg[0];
	if (n->kind == NODE_LOAD)
		push(p->arena, &p->summands, n->load.buffer);
}

static void note_sum(void *data, const Node *n)
{
	if (n->kind == NODE_ROW && (n->op == OP_add || n->op == OP_sub))
		for (int i = 0; i < 2; i++)
			note_summand(data, n->arg[i]);
}

static void note_sums(CPrinter *p, const Item *item)
{
	visit_items(&(Visitor){.data = p, .node = note_sum}, item, 1);
	if (item->kind == ITEM_STORE && item->store->how == STORE_ADD) {
		note_summand(p, item->store->value);
		push(p->arena, &p->summands, item->store->target.buffer);
	}
	if (item->kind == ITEM_NEST)
		for (int i = 0; i < item->nest->body.len; i++)
			note_sums(p, &item->nest->body.data[i]);
}

bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);
	for (const char *s = text; (s = strstr(s, word)) != NULL; s += len) {
		char before = s > text ? s[-1] : ' ', after = s[len];
		if (!isalnum((unsigned char)before) && before != '_' && !isalnum((unsigned char)after) && after != '_')
			return true;
	}
	return false;
}

const char *body_text(CPrinter *p, const Stmt *body)
{
	Writer *w = writer_new(p->arena);
	put(w, "{\n");
	for (int i = 0; i < body->body.len; i++)
		print_stmt(w, p->arena, body->body.data[i], 0, 1);
	put(w, "}\n");
	return writer_text(w, NULL);
}

void print_kernel_c(Writer *w, const Kernel *k, const Target *target)
{
	Arena *arena = arena_new();
	CPrinter *p = &(CPrinter){.arena = arena, .kernel = k, .target = target, .next_axis = 1 << 20};
	for (int i = 0; i < k->parts.len; i++)
		note_sums(p, &k->parts.data[i].item);
	for (int i = 0; i < k->dims.len; i++)
		push(arena, &p->taken, k->dims.data[i]->name);
	for (int i = 0; i < k->uniforms.len; i++)
		push(arena, &p->taken, k->uniforms.data[i].name);
	for (int i = 0; i < k->buffers.len; i++) {
		const Buffer *b = k->buffers.data[i];
		push(arena, &p->buffers, ((BufferName){b, fresh_name(p, b->name), false}));
	}
	p->out = &(Stmt){.text = "", .block = true, .depth = 1};
	p->depth = 1;
	for (int i = 0; i < k->parts.len; i++)
		print_part(p, &k->parts.data[i]);
	const Stmt *body = p->out;

	int n;
	const char **param = params_c(p, &n);
	const char *text = body_text(p, body);
	for (int i = 0; i < p->functions.len; i++) {
		put_raw(w, p->functions.data[i]);
		put_raw(w, "\n");
	}
	if (k->comment)
		put(w, "/* %s */\n", k->comment);
	put(w, "%s\n",
	    wrap_list(arena, arena_printf(arena, "static MC_NOINLINE void %s", k->name), n, param, "", 0));
	/* what a kernel is given and does not use */
	const char *unused = "";
	for (int i = 0; i < n; i++) {
		const char *name = strrchr(param[i], ' ') + 1;
		if (!has_word(text, name))
			unused = arena_printf(arena, "%s\t(void)%s;\n", unused, name);
	}
	if (*unused) {
		put_raw(w, "{\n");
		put_raw(w, unused);
		put_raw(w, text + 2);
	} else {
		put_raw(w, text);
	}
	arena_free(arena);
}
