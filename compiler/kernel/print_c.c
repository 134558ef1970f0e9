/* print_c.c -- kernels to C: items, loops, parts, functions.  Knows no model. */
#include <ctype.h>
#include <string.h>

#include "print_c.h"

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
	       (k == 0 || (!item[k].apart && !item[k].comment)))
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

/* above the buffers that were just declared for what it speaks of, after an empty line */
static void print_comment(CPrinter *p, const char *comment)
{
	if (!comment)
		return;
	Stmt *out = p->out;
	int at = out->body.len;
	while (at > 0 && out->body.data[at - 1]->buffer)
		at--;
	Stmt **moved = NEW_ARRAY(p->arena, Stmt *, out->body.len + 1);
	int nmoved = 0;
	for (int i = at; i < out->body.len; i++)
		moved[nmoved++] = out->body.data[i];
	out->body.len = at;
	if (at > 0)
		line(p, "%s", "");
	line(p, "/* %s */", comment);
	for (int i = 0; i < nmoved; i++)
		push(p->arena, &out->body, moved[i]);
}

/* hi - lo if that is one size */
static const Size *extent_of(CPrinter *p, const Axis *a)
{
	if (a->nhi != 1 || a->nlo > 1)
		return NULL;
	return a->nlo ? size_sub(p->arena, resolve_axes(p, a->hi[0]), resolve_axes(p, a->lo[0])) : resolve_axes(p, a->hi[0]);
}

static bool has_steps(CPrinter *p, const Axis *a, int64_t steps)
{
	int64_t n;
	if (a->nhi == 0 && a->cut_of)
		return a->nlo == 0 && steps == 1 && strcmp(step_of(p, a->cut_of, &n), "1") == 0;
	const Size *extent = extent_of(p, a);
	return extent && size_is_const(extent, &n) && n == steps && a->ncuts == 0;
}

/* something that runs speaks of what item[0] declares */
static bool is_used(CPrinter *p, const Item *item, int n)
{
	for (int i = 1; i < n; i++) {
		const Axis *a = item[i].kind == ITEM_NEST ? item[i].nest->axis : NULL;
		const bool runs = !a || a->kind == AXIS_PAR || a->kind == AXIS_THREAD || !has_steps(p, a, 0);
		if (runs && mentions(&item[i], item[0].buffer))
			return true;
	}
	return false;
}

void print_items(CPrinter *p, const Item *item, int n)
{
	int nbuffers = p->buffers.len;
	for (int i = 0; i < n; i++) {
		print_comment(p, item[i].comment);
		switch (item[i].kind) {
		case ITEM_BUFFER:
			if (waits_for_store(item + i, n - i))
				declare_later(p, item + i, n - i);
			else if (is_used(p, item + i, n - i))
				declare_buffer(p, item[i].buffer);
			break;
		case ITEM_STORE: {
			int run = store_run(item + i, n - i);
			print_stage(p, 0, NULL, run, stores_of(p, item + i, run));
			i += run - 1;
			break;
		}
		case ITEM_NEST:
			print_nest(p, item[i].nest);
			print_barrier(p, item + i, n - i);
			break;
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

static bool is_one(CPrinter *p, const Axis *a)
{
	return has_steps(p, a, 1);
}

/* one thread does it, the others wait */
static bool is_single(CPrinter *p, const KernelPart *part)
{
	const Item *item = &part->item;
	return item->kind != ITEM_NEST || item->nest->axis->kind != AXIS_PAR || is_one(p, item->nest->axis);
}

bool is_single_kernel(Arena *arena, const Kernel *k)
{
	CPrinter p = {.arena = arena};
	for (int i = 0; i < k->parts.len; i++)
		if (!is_single(&p, &k->parts.data[i]))
			return false;
	return true;
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

/* a loop inside, that is none of a tile */
static bool has_loop(const Nest *nest)
{
	for (int i = 0; i < nest->body.len; i++)
		if (nest->body.data[i].kind == ITEM_NEST && !is_tile_axis(nest->body.data[i].nest->axis))
			return true;
	return false;
}

static bool is_light(const Node *n)
{
	if (n->kind == NODE_ROW && n->op != OP_add && n->op != OP_sub && n->op != OP_mul && n->op != OP_cast)
		return false;
	for (int i = 0; i < n->nargs; i++)
		if (!is_light(n->arg[i]))
			return false;
	return n->kind != NODE_RANDOM;
}

/* what is loaded is added up: many steps fit registers at a time */
static bool is_light_sum(const Nest *nest)
{
	const Item *item = nest->body.data;
	return nest->body.len == 1 && item->kind == ITEM_STORE && item->store->how == STORE_ADD && is_light(item->store->value);
}

void print_nest(CPrinter *p, const Nest *nest)
{
	const Axis *a = nest->axis;
	int nnames = p->axes.len;
	if (print_nest_cuda(p, nest))
		return;
	if (nest->apart) {
		print_apart(p, nest);
		return;
	}
	if (a->kind != AXIS_LANES && is_one(p, a)) {
		bind_axis(p, (AxisName){.id = a->id, .axis = a, .value = a->nlo ? a->lo[0] : size_const(p->arena, 0)});
		print_items(p, nest->body.data, nest->body.len);
		p->axes.len = nnames;
		return;
	}
	if (a->kind != AXIS_PAR && has_steps(p, a, 0)) /* all is in what a loop of whole vectors leaves over */
		return;
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
	const char *how = a->kind == AXIS_SIMD ? "MC_SIMD " : a->kind == AXIS_UNROLL ? "MC_UNROLL " : !p->in_thread ? "" : has_loop(nest) ? "MC_ROLLED " : is_light_sum(nest) ? "MC_MANY " : "";
	const char *type = a->kind == AXIS_UNROLL ? "int" : "int64_t";
	Stmt *outer = open_block(p, "%sfor (%s %s = %s; %s < %s; %s++)", how, type, name, lo, name, hi, name);
	outer->body.data[outer->body.len - 1]->taken = ntaken;
	AxisName bound = {.id = a->id, .axis = a, .name = name, .at_least_0 = at_0};
	if (a->nhi == 0)
		step_of(p, a->cut_of, &bound.most);
	bind_axis(p, bound);
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
		list[i++] = arena_printf(p->arena, "int64_t %s", dim_c(k->dims.data[j]));
	for (int j = 0; j < k->uniforms.len; j++)
		list[i++] = arena_printf(p->arena, "%s %s", dtype_ctype(k->uniforms.data[j].dtype), k->uniforms.data[j].name);
	for (int j = 0; j < k->buffers.len; j++) {
		const Buffer *b = k->buffers.data[j];
		list[i++] = arena_printf(p->arena, "%s%s *%s%s", b->read_only ? "const " : "", dtype_ctype(b->dtype),
		                         is_handed_over(p, b) ? "" : "MC_RESTRICT ", buffer_name(p, b)->name);
	}
	return list;
}

static void print_par(CPrinter *p, const Nest *nest, bool barrier)
{
	int n = 1;
	const Nest *inner = nest;
	/* an axis of one step is no loop */
	while (inner->body.len == 1 && inner->body.data[0].kind == ITEM_NEST && inner->body.data[0].nest->axis->kind == AXIS_PAR &&
	       !is_one(p, inner->body.data[0].nest->axis)) {
		inner = inner->body.data[0].nest;
		n++;
	}
	if (p->target->serial) {
		print_nest(p, nest);
		return;
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
	if (p->target->gpu) {
		print_items(p, &item, 1);
		return;
	}
	if (!is_single(p, part)) {
		print_par(p, item.nest, part->barrier);
		return;
	}
	if (p->target->serial && p->kernel->parts.len == 1) {
		print_items(p, &item, 1);
		return;
	}
	if (!p->target->serial) {
		line(p, "#ifdef _OPENMP");
		line(p, "#pragma omp single%s", part->barrier ? "" : " nowait");
		line(p, "#endif");
	}
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
	if (item->kind == ITEM_STORE && item->store->how == STORE_ADD) {
		note_summand(p, item->store->value);
		push(p->arena, &p->summands, item->store->target.buffer);
	}
	if (item->kind == ITEM_NEST)
		for (int i = 0; i < item->nest->body.len; i++)
			note_sums(p, &item->nest->body.data[i]);
}

/* the next word outside of comments; *len: 0 at the end */
static const char *next_word(const char *s, size_t *len)
{
	*len = 0;
	while (*s) {
		if (s[0] == '/' && s[1] == '*') {
			const char *end = strstr(s, "*/");
			s = end ? end + 2 : s + strlen(s);
		} else if (isalnum((unsigned char)*s) || *s == '_') {
			while (isalnum((unsigned char)s[*len]) || s[*len] == '_')
				++*len;
			break;
		} else {
			s++;
		}
	}
	return s;
}

bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word), n;
	for (const char *s = next_word(text, &n); n; s = next_word(s + n, &n))
		if (n == len && !memcmp(s, word, n))
			return true;
	return false;
}

const Names *words_of(Arena *arena, const char *text)
{
	Names *words = names_new(arena);
	size_t n;
	for (const char *s = next_word(text, &n); n; s = next_word(s + n, &n))
		intern(words, s, n);
	return words;
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

/* again when some array turned out to be flat, so that all of the text knows */
const Stmt *print_parts(CPrinter *p)
{
	const int ntaken = p->taken.len, nbuffers = p->buffers.len;
	do {
		p->taken.len = ntaken;
		p->buffers.len = nbuffers;
		p->axes.len = p->functions.len = p->function_names.len = p->pending.len = 0;
		p->found_flat = false;
		p->out = NEW(p->arena, Stmt);
		p->out->text = "";
		p->out->block = true;
		p->out->depth = p->depth = 1;
		for (int i = 0; i < p->kernel->parts.len; i++)
			if (!p->target->gpu || i == p->part)
				print_part(p, &p->kernel->parts.data[i]);
	} while (p->found_flat);
	return p->out;
}

CPrinter *printer_of(Arena *arena, const Kernel *k, const Target *target)
{
	CPrinter *p = NEW(arena, CPrinter);
	*p = (CPrinter){.arena = arena, .kernel = k, .target = target, .next_axis = 1 << 20};
	for (int i = 0; i < k->dims.len; i++)
		push(arena, &p->taken, dim_c(k->dims.data[i]));
	for (int i = 0; i < k->uniforms.len; i++)
		push(arena, &p->taken, k->uniforms.data[i].name);
	for (int i = 0; i < k->buffers.len; i++) {
		const Buffer *b = k->buffers.data[i];
		push(arena, &p->buffers, ((BufferName){b, fresh_name(p, b->name), false}));
	}
	return p;
}

static const char *prototype_c(Arena *arena, const char *name, int n, const char **param,
			       const char *end)
{
	return wrap_list(arena, arena_printf(arena, "static MC_NOINLINE void %s", name), n, param,
			 end, 0);
}

void print_kernel_prototype_c(Writer *w, const Kernel *k, const Target *target)
{
	Arena *arena = arena_new();
	int n;
	const char **param = params_c(printer_of(arena, k, target), &n);
	put(w, "%s\n", prototype_c(arena, k->name, n, param, ";"));
	arena_free(arena);
}

/* the kernel, and the inline functions that it calls */
static void print_texts(Writer *functions, Writer *w, const Kernel *k, const Target *target)
{
	Arena *arena = arena_new();
	CPrinter *p = printer_of(arena, k, target);
	for (int i = 0; i < k->parts.len; i++) {
		visit_items(&(Visitor){.data = p, .node = note_sum}, &k->parts.data[i].item, 1);
		note_sums(p, &k->parts.data[i].item);
	}
	const Stmt *body = print_parts(p);

	int n;
	const char **param = params_c(p, &n);
	const char *text = body_text(p, body);
	for (int i = 0; i < p->functions.len; i++) {
		put_raw(functions, p->functions.data[i]);
		put_raw(functions, "\n");
	}
	if (k->comment)
		put(w, "/* %s */\n", k->comment);
	put(w, "%s\n", prototype_c(arena, k->name, n, param, ""));
	/* what a kernel is given and does not use */
	const char *unused = "";
	const Names *words = words_of(arena, text);
	for (int i = 0; i < n; i++) {
		const char *name = strrchr(param[i], ' ') + 1;
		name += *name == '*';
		if (!has_name(words, name))
			unused = arena_printf(arena, "%s\t(void)%s;\n", unused, name);
	}
	if (*unused) {
		put_raw(w, "{\n");
		put_raw(w, unused);
		put_raw(w, text + 2);
	} else {
		put_raw(w, text);
	}
	put_raw(w, "\n");
	arena_free(arena);
}

void print_kernel_c(Writer *w, const Kernel *k, const Target *target)
{
	if (target->gpu) {
		print_kernel_cuda(w, k, target);
		return;
	}
	Arena *arena = arena_new();
	Writer *own = writer_new(arena);
	print_texts(w, own, k, target);
	put_raw(w, writer_text(own, NULL));
	arena_free(arena);
}

enum { MAX_TARGETS = 8 };

void print_kernel_for_all_c(Writer *w, const Kernel *k, int ntargets, const Target *target, bool serial)
{
	if (!k->narrower) {
		print_kernel_c(w, k, &(Target){.name = "c", .lanes = 1, .regs = 16, .serial = serial});
		return;
	}
	Arena *arena = arena_new();
	const char *functions[MAX_TARGETS], *own[MAX_TARGETS];
	bool same = true; /* but for the functions */
	int n = 0;
	for (; n < ntargets && n < MAX_TARGETS && k; n++, k = k->narrower) {
		Writer *f = writer_new(arena), *o = writer_new(arena);
		Target one = target[n];
		one.serial = serial;
		print_texts(f, o, k, &one);
		functions[n] = writer_text(f, NULL);
		own[n] = writer_text(o, NULL);
		same = same && strcmp(own[n], own[0]) == 0;
	}
	for (int i = 0; i < n; i++) {
		if (i < n - 1)
			put(w, "#%s MC_LANES >= %d\n", i ? "elif" : "if", target[i].lanes);
		else
			put(w, "#else\n");
		put_raw(w, functions[i]);
		if (!same)
			put_raw(w, own[i]);
	}
	put(w, "#endif\n");
	if (same)
		put_raw(w, own[0]);
	arena_free(arena);
}
