/* print_cuda.c -- kernels for a GPU: a function for each part, and one that launches them
 *
 * The text is in macros of runtime/mc_cuda.h, so that a C++ compiler builds it too, with loops in place of threads.  Between nests of
 * threads that meet in a buffer there is a barrier. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "print_c.h"

/* axes that stand alone one in the other, all of one kind; the nest of the last */
static const Nest *run_of(const Nest *nest, const Axis **axis, int *n)
{
	const AxisKind kind = nest->axis->kind;
	*n = 0;
	for (;;) {
		axis[(*n)++] = nest->axis;
		const Nest *inner = nest->body.len == 1 && nest->body.data[0].kind == ITEM_NEST ? nest->body.data[0].nest : NULL;
		if (!inner || inner->axis->kind != kind || *n == MAX_RUN)
			return nest;
		nest = inner;
	}
}

/* hi - lo as C, and the number if it is one, else -1 */
static const char *extent_text(CPrinter *p, const Axis *a, int64_t *known)
{
	*known = -1;
	if (a->nhi == 1 && a->nlo <= 1) {
		const Size *n = resolve_axes(p, a->hi[0]);
		if (a->nlo)
			n = size_sub(p->arena, n, resolve_axes(p, a->lo[0]));
		size_is_const(n, known);
		return text_in(p->arena, size_in(p, n), PREC_UNARY);
	}
	/* the least of several: less what it begins at, one by one */
	Axis *less = NEW(p->arena, Axis);
	*less = *a;
	const Size **hi = NEW_ARRAY(p->arena, const Size *, a->nhi);
	for (int i = 0; i < a->nhi; i++)
		hi[i] = a->nlo == 1 ? size_sub(p->arena, resolve_axes(p, a->hi[i]), resolve_axes(p, a->lo[0])) : a->hi[i];
	if (a->nlo <= 1)
		return arena_printf(p->arena, "(%s)", bound_c(p, a->nhi, hi, false));
	return arena_printf(p->arena, "(%s - (%s))", bound_c(p, a->nhi, a->hi, false), bound_c(p, a->nlo, a->lo, true));
}

typedef struct Flat { /* axes as one */
	int n;
	const Axis *axis[MAX_RUN];
	const char *extent[MAX_RUN];
	const char *product; /* of all */
	int64_t known; /* -1: not a number */
} Flat;

static Flat flat_of(CPrinter *p, int n, const Axis *const *axis)
{
	Flat f = {.product = NULL, .known = 1};
	int64_t size[MAX_RUN], numbers = 1;
	for (int i = 0; i < n; i++) {
		int64_t known;
		const char *extent = extent_text(p, axis[i], &known);
		if (known == 1) {
			bind_axis(p, (AxisName){.id = axis[i]->id, .axis = axis[i],
			                        .value = axis[i]->nlo ? axis[i]->lo[0] : size_const(p->arena, 0)});
			continue;
		}
		f.known = known < 0 || f.known < 0 || (known > 0 && f.known > INT64_MAX / known) ? -1 : f.known * known;
		if (known > 0)
			numbers = known > INT32_MAX / numbers ? INT64_MAX : numbers * known;
		f.axis[f.n] = axis[i];
		size[f.n] = known;
		f.extent[f.n++] = extent;
	}
	for (int i = 0; i < f.n; i++) {
		if (size[i] >= 0 && numbers > INT32_MAX) /* some of them together are no int */
			f.extent[i] = arena_printf(p->arena, "(int64_t)%s", f.extent[i]);
		f.product = f.product ? arena_printf(p->arena, "%s * %s", f.product, f.extent[i]) : f.extent[i];
		if (size[i] == 0)
			f.extent[i] = "1"; /* what has no steps divides nothing */
	}
	if (f.known >= 0)
		f.product = arena_printf(p->arena, "%" PRId64, f.known);
	return f;
}

/* what each axis is of the flat index `at`, in a line each */
static void print_digits(CPrinter *p, const Flat *f, const char *at)
{
	for (int i = 0; i < f->n; i++) {
		const char *below = "";
		for (int k = i + 1; k < f->n; k++)
			below = *below ? arena_printf(p->arena, "%s * %s", below, f->extent[k]) : f->extent[k];
		const char *value = *below ? arena_printf(p->arena, i + 2 < f->n ? "%s / (%s)" : "%s / %s", at, below) : at;
		if (i > 0)
			value = arena_printf(p->arena, "%s %% %s", value, f->extent[i]);
		const Axis *a = f->axis[i];
		int64_t zero = 0;
		if (a->nlo && !(a->nlo == 1 && size_is_const(a->lo[0], &zero) && zero == 0))
			value = arena_printf(p->arena, "%s + %s", lo_c(p, a), value);
		const bool at_0 = begins_at_least_0(p, a);
		const char *name = fresh_name(p, a->name);
		declare_local(p, "const int64_t %s = %s;", name, value);
		p->out->body.data[p->out->body.len - 1]->digit = name;
		bind_axis(p, (AxisName){.id = a->id, .axis = a, .name = name, .at_least_0 = at_0});
	}
}

static bool begins_at_0(const Axis *a)
{
	int64_t zero;
	return a->nlo == 0 || (a->nlo == 1 && size_is_const(a->lo[0], &zero) && zero == 0);
}

/* macro(name, extent, more) { digits */
static Stmt *open_flat(CPrinter *p, const char *macro, const Flat *f, const char *more)
{
	const bool direct = f->n == 1 && begins_at_0(f->axis[0]);
	const int ntaken = p->taken.len;
	const char *name = fresh_name(p, direct ? f->axis[0]->name : "at");
	Stmt *outer = open_block(p, "%s(%s, %s%s)", macro, name, f->product ? f->product : "1", more);
	outer->body.data[outer->body.len - 1]->taken = ntaken;
	p->out->declares = true; /* in braces */
	if (direct)
		bind_axis(p, (AxisName){.id = f->axis[0]->id, .axis = f->axis[0], .name = name, .at_least_0 = true});
	else
		print_digits(p, f, f->known >= 0 && f->known <= INT32_MAX && f->n > 1 && strcmp(macro, "MC_EACH_OF") ? arena_printf(p->arena, "(int)%s", name) : name); /* shorter to divide */
	return outer;
}

/* digits that what follows does not name go */
static void drop_unused_digits(CPrinter *p)
{
	Stmt *block = p->out, rest = *block;
	int n = 0;
	while (n < block->body.len && block->body.data[n]->digit)
		n++;
	if (n == 0)
		return;
	rest.body.data += n;
	rest.body.len -= n;
	const Names *words = words_of(p->arena, body_text(p, &rest));
	int kept = 0;
	for (int i = 0; i < block->body.len; i++)
		if (i >= n || has_name(words, block->body.data[i]->digit))
			block->body.data[kept++] = block->body.data[i];
	block->body.len = kept;
}

/* ---- barriers */
typedef struct Touches {
	Arena *arena;
	VEC(const Buffer *) buffers;
	VEC(bool) store;
} Touches;

static void note_touch(void *data, const Access *a, bool store)
{
	Touches *t = data;
	push(t->arena, &t->buffers, a->buffer);
	push(t->arena, &t->store, store);
}

static Touches touches_of(Arena *arena, const Item *item)
{
	Touches t = {.arena = arena};
	visit_items(&(Visitor){.data = &t, .access = note_touch}, item, 1);
	return t;
}

/* two nests of threads that stand one after the other meet in nothing that one of them writes */
static bool stand_apart(Arena *arena, const Item *item, const Item *next)
{
	if (next->kind != ITEM_NEST || next->nest->axis->kind != AXIS_THREAD)
		return false;
	const Touches a = touches_of(arena, item), b = touches_of(arena, next);
	for (int i = 0; i < a.buffers.len; i++)
		for (int j = 0; j < b.buffers.len; j++) {
			const Buffer *x = a.buffers.data[i], *y = b.buffers.data[j];
			if (same_buffer(x, y) && x->where != WHERE_PRIVATE && (a.store.data[i] || b.store.data[j]))
				return false;
		}
	return true;
}

void print_barrier(CPrinter *p, const Item *item, int n)
{
	if (!p->target->gpu || !p->in_block || p->in_thread || item->kind != ITEM_NEST || item->nest->axis->kind != AXIS_THREAD)
		return;
	push(p->arena, &p->open, item);
	int next = 1;
	while (next < n && item[next].kind == ITEM_BUFFER)
		next++;
	bool apart = next < n;
	for (int i = 0; i < p->open.len && apart; i++)
		apart = stand_apart(p->arena, p->open.data[i], &item[next]);
	if (apart)
		return;
	line(p, "MC_BARRIER;");
	p->open.len = 0;
}

static void print_threads(CPrinter *p, const Nest *nest)
{
	const Axis *axis[MAX_RUN];
	int n, nnames = p->axes.len;
	const Nest *last = run_of(nest, axis, &n);
	Flat f = flat_of(p, n, axis);
	const bool grid = !p->in_block, whole = !grid && f.known == p->threads;
	const char *more = whole ? "" : arena_printf(p->arena, ", %d", p->threads);
	Stmt *outer = open_flat(p, grid ? "MC_EACH" : whole ? "MC_EACH_OF" : "MC_EACH_THREAD", &f, more);
	p->in_thread = true;
	print_items(p, last->body.data, last->body.len);
	p->in_thread = false;
	drop_unused_digits(p);
	close_block(p, outer);
	p->axes.len = nnames;
}

static void print_blocks(CPrinter *p, const Nest *nest)
{
	const Axis *axis[MAX_RUN];
	int n, nnames = p->axes.len;
	const Nest *last = run_of(nest, axis, &n);
	Flat f = flat_of(p, n, axis);
	Stmt *outer = open_flat(p, "MC_EACH_BLOCK", &f, "");
	p->in_block = true;
	print_items(p, last->body.data, last->body.len);
	p->in_block = false;
	drop_unused_digits(p);
	close_block(p, outer);
	p->axes.len = nnames;
}

bool print_nest_cuda(CPrinter *p, const Nest *nest)
{
	if (!p->target->gpu || p->in_thread)
		return false;
	if (nest->axis->kind == AXIS_THREAD)
		print_threads(p, nest);
	else if (nest->axis->kind == AXIS_PAR)
		print_blocks(p, nest);
	else
		return false;
	return true;
}

/* ---- kernels */
static const char **params_of(CPrinter *p, bool types, int *n)
{
	const Kernel *k = p->kernel;
	const char **list = NEW_ARRAY(p->arena, const char *, k->dims.len + k->uniforms.len + k->buffers.len + 1);
	int i = 0;
	list[i++] = types ? "const uint8_t *mc_go" : "mc_go";
	for (int j = 0; j < k->dims.len; j++)
		list[i++] = arena_printf(p->arena, types ? "int64_t %s" : "%s", dim_c(k->dims.data[j]));
	for (int j = 0; j < k->uniforms.len; j++) {
		const char *at = p->uniform_at.data[j];
		list[i++] = types ? arena_printf(p->arena, "const %s *%s", dtype_ctype(k->uniforms.data[j].dtype), at) : at;
	}
	for (int j = 0; j < k->buffers.len; j++) {
		const Buffer *b = k->buffers.data[j];
		const char *name = buffer_name(p, b)->name;
		list[i++] = !types ? name : arena_printf(p->arena, "%s%s *%s%s", b->read_only ? "const " : "", dtype_ctype(b->dtype),
		                                         is_handed_over(p, b) ? "" : "MC_RESTRICT ", name);
	}
	*n = i;
	return list;
}

static CPrinter *cuda_printer(Arena *arena, const Kernel *k, const Target *target)
{
	CPrinter *p = printer_of(arena, k, target);
	for (int i = 0; i < k->uniforms.len; i++)
		push(arena, &p->uniform_at, fresh_name(p, arena_printf(arena, "%s_at", k->uniforms.data[i].name)));
	return p;
}

static const char *part_name(Arena *arena, const Kernel *k, int part)
{
	const char *name = k->parts.len == 1 ? arena_printf(arena, "%s_kernel", k->name) : arena_printf(arena, "%s_kernel_%d", k->name, part + 1);
	while (k->taken && has_name(k->taken, name))
		name = arena_printf(arena, "%s_", name);
	return name;
}

/* Several functions in float64 at once take more registers than two blocks of a multiprocessor have each. */
static const char *kernel_macro(Arena *arena, const KernelPart *own)
{
	enum { SEVERAL = 8 };
	return unrolled_functions(arena, &own->item, DT_float64) >= SEVERAL ? "MC_KERNEL_ALONE" : "MC_KERNEL";
}

static void print_part(Writer *w, CPrinter *p, int part)
{
	const Kernel *k = p->kernel;
	const KernelPart *own = &k->parts.data[part];
	p->threads = own->threads;
	p->part = part;
	const char *text = body_text(p, print_parts(p));
	const Names *words = words_of(p->arena, text);
	int n;
	const char **param = params_of(p, true, &n);
	put(w, "%s\n", wrap_list(p->arena, arena_printf(p->arena, "%s(%d) %s", kernel_macro(p->arena, own), own->threads, part_name(p->arena, k, part)), n, param, "", 0));
	put_raw(w, "{\n\tMC_GO(mc_go);\n");
	for (int i = 1; i < n; i++) {
		const char *name = strrchr(param[i], ' ') + 1;
		name += *name == '*';
		int u = i - 1 - k->dims.len;
		if (u >= 0 && u < k->uniforms.len) {
			const Uniform *uniform = &k->uniforms.data[u];
			if (has_name(words, uniform->name))
				put_raw(w, arena_printf(p->arena, "\tconst %s %s = *%s;\n", dtype_ctype(uniform->dtype), uniform->name, name));
			else
				put_raw(w, arena_printf(p->arena, "\t(void)%s;\n", name));
		} else if (!has_name(words, name)) {
			put_raw(w, arena_printf(p->arena, "\t(void)%s;\n", name));
		}
	}
	put_raw(w, text + 2);
	put_raw(w, "\n");
}

/* threads of the grid, or blocks */
static const char *launch_size(CPrinter *p, const Nest *nest, bool *grid)
{
	const Axis *axis[MAX_RUN];
	int n;
	run_of(nest, axis, &n);
	*grid = nest->axis->kind == AXIS_THREAD;
	Flat f = flat_of(p, n, axis);
	return f.product ? f.product : "1";
}

/* what is declared outside of threads */
static int64_t shared_bytes(CPrinter *p, const Item *item, int n)
{
	int64_t sum = 0;
	for (int i = 0; i < n; i++)
		if (item[i].kind == ITEM_NEST && item[i].nest->axis->kind != AXIS_THREAD) {
			sum += shared_bytes(p, item[i].nest->body.data, item[i].nest->body.len);
		} else if (item[i].kind == ITEM_BUFFER && item[i].buffer->where != WHERE_PRIVATE) {
			int64_t count = 1;
			for (int d = 0; d < item[i].buffer->rank; d++)
				count *= extent_max(p, &item[i].buffer->extent[d]);
			sum += count * dtype_bytes(item[i].buffer->dtype);
		}
	return sum;
}

Launch kernel_launch(Arena *arena, const Kernel *k, const Target *target, int part)
{
	CPrinter *p = cuda_printer(arena, k, target);
	const KernelPart *own = &k->parts.data[part];
	bool grid;
	const char *size = launch_size(p, own->item.nest, &grid), *name = part_name(arena, k, part);
	char *end;
	const long long known = strtoll(size, &end, 10);
	if (grid)
		size = *end ? arena_printf(arena, "(%s + %d) / %d", size, own->threads - 1, own->threads)
		            : arena_printf(arena, "%lld", (known + own->threads - 1) / own->threads);
	return (Launch){name, size, own->threads, shared_bytes(p, &own->item, 1)};
}

static const char *launcher(Arena *arena, const Kernel *k, int n, const char **param, const char *end)
{
	const char **all = NEW_ARRAY(arena, const char *, n + 1);
	all[0] = "mc_stream *mc_on";
	for (int i = 0; i < n; i++)
		all[i + 1] = param[i];
	return wrap_list(arena, arena_printf(arena, "static void %s", k->name), n + 1, all, end, 0);
}

void print_kernel_prototype_cuda(Writer *w, const Kernel *k, const Target *target)
{
	Arena *arena = arena_new();
	int n;
	CPrinter *p = cuda_printer(arena, k, target);
	const char **param = params_of(p, true, &n);
	put(w, "%s\n", launcher(arena, k, n, param, ";"));
	arena_free(arena);
}

void print_kernel_cuda(Writer *w, const Kernel *k, const Target *target)
{
	Arena *arena = arena_new();
	if (k->comment)
		put(w, "/* %s */\n", k->comment);
	for (int i = 0; i < k->parts.len; i++)
		print_part(w, cuda_printer(arena, k, target), i);
	CPrinter *p = cuda_printer(arena, k, target);
	int n;
	const char **param = params_of(p, true, &n);
	put(w, "%s\n{\n", launcher(arena, k, n, param, ""));
	for (int i = 0; i < k->parts.len; i++) {
		const KernelPart *part = &k->parts.data[i];
		bool grid;
		const char *size = launch_size(p, part->item.nest, &grid);
		VEC(const char *) arg = {0};
		push(arena, &arg, "mc_on");
		push(arena, &arg, part_name(arena, k, i));
		push(arena, &arg, arena_printf(arena, grid ? "mc_blocks(%s, %d)" : "%s", size, part->threads));
		push(arena, &arg, arena_printf(arena, "%d", part->threads));
		int nargs;
		const char **name = params_of(p, false, &nargs);
		for (int j = 0; j < nargs; j++)
			push(arena, &arg, name[j]);
		put(w, "%s\n", wrap_list(arena, "MC_LAUNCH", arg.len, arg.data, ";", 8));
		p->axes.len = 0;
	}
	put(w, "}\n\n");
	arena_free(arena);
}
