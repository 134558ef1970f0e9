/* cuts_c.c -- an axis in falling steps
 *
 * One step: a loop.  Several: the body once, as an inline function of the step, called with each as a literal; where the
 * step is the extent of lanes, once for each width of vectors. */
#include <inttypes.h>
#include <string.h>

#include "print_c.h"

enum { MAX_CUTS = 16 };

static int64_t gcd(int64_t a, int64_t b)
{
	while (b) {
		int64_t r = a % b;
		a = b;
		b = r;
	}
	return a;
}

/* hi - lo, if that is one size */
static const Size *extent_of(CPrinter *p, const Axis *a)
{
	const Size *lo = single_bound(p, a->nlo, a->lo, true), *hi = a->nhi ? single_bound(p, a->nhi, a->hi, false) : NULL;
	return lo && hi ? resolve_axes(p, size_sub(p->arena, hi, lo)) : NULL;
}

static bool divides(CPrinter *p, const Axis *a, int64_t cut)
{
	int64_t step;
	if (a->nhi == 0 && a->cut_of) {
		step_of(p, a->cut_of, &step);
		return axis_name(p, a->cut_of->id)->step_gcd % cut == 0 && a->nlo == 0;
	}
	const Size *extent = extent_of(p, a);
	return extent && size_div_exact(p->arena, extent, size_const(p->arena, cut)) != NULL;
}

/* the steps that are ever made */
static int steps_of(CPrinter *p, const Axis *a, int64_t *cut)
{
	int64_t left;
	const Size *lo = single_bound(p, a->nlo, a->lo, true), *hi = a->nhi ? single_bound(p, a->nhi, a->hi, false) : NULL;
	const Size *extent = lo && hi ? size_sub(p->arena, hi, lo) : NULL;
	if (!extent || !size_is_const(extent, &left))
		left = -1;
	int n = 0;
	for (int i = 0; i < a->ncuts && n < MAX_CUTS; i++) {
		if (left >= 0 && left < a->cut[i])
			continue;
		cut[n++] = a->cut[i];
		if (left >= 0)
			left %= a->cut[i];
		if (left == 0 || divides(p, a, a->cut[i]))
			break;
	}
	return n;
}

typedef struct LanesSearch {
	const Axis *axis;
	bool found;
} LanesSearch;

static void seek_lanes(void *data, const Axis *a)
{
	LanesSearch *s = data;
	s->found |= a->kind == AXIS_LANES && a->cut_of == s->axis;
}

static bool same_vectors(const CPrinter *p, const Axis *cut, int64_t a, int64_t b)
{
	return vector_width(p, DT_float32, a, cut) == vector_width(p, DT_float32, b, cut) &&
	       vector_width(p, DT_float64, a, cut) == vector_width(p, DT_float64, b, cut);
}

typedef struct Params {
	VEC(const char *) declared, passed;
} Params;

static void pass(CPrinter *p, Params *params, const char *declared, const char *passed)
{
	push(p->arena, &params->declared, declared);
	push(p->arena, &params->passed, passed);
}

typedef struct WriteSearch {
	const char *name;
	bool found;
} WriteSearch;

static void seek_write(void *data, const Access *a, bool store)
{
	WriteSearch *s = data;
	s->found |= store && strcmp(a->buffer->name, s->name) == 0;
}

static bool is_written(const Nest *nest, const Buffer *b)
{
	WriteSearch s = {b->name, false};
	visit_items(&(Visitor){.data = &s, .access = seek_write}, nest->body.data, nest->body.len);
	return s.found;
}

/* what the text of a function uses of what is in scope around it, as its parameters */
static void find_params(CPrinter *p, Params *params, const char *text, const Nest *nest)
{
	Arena *arena = p->arena;
	const Kernel *k = p->kernel;
	const Names *words = words_of(arena, text);
	for (int i = 0; i < p->axes.len; i++) {
		const char *step = p->axes.data[i].step_c;
		if (step && !strchr("0123456789", step[0]) && has_name(words, step))
			pass(p, params, arena_printf(arena, "const int %s", step), step);
	}
	for (int i = 0; i < k->dims.len; i++)
		if (has_name(words, dim_c(k->dims.data[i])))
			pass(p, params, arena_printf(arena, "int64_t %s", dim_c(k->dims.data[i])), dim_c(k->dims.data[i]));
	for (int i = 0; i < k->uniforms.len; i++)
		if (has_name(words, k->uniforms.data[i].name))
			pass(p, params, arena_printf(arena, "%s %s", dtype_ctype(k->uniforms.data[i].dtype), k->uniforms.data[i].name),
			     k->uniforms.data[i].name);
	for (int i = 0; i < p->axes.len; i++) {
		const AxisName *a = &p->axes.data[i];
		if (!a->value && has_name(words, a->name))
			pass(p, params, arena_printf(arena, "%s %s", a->axis->kind == AXIS_UNROLL ? "int" : "int64_t", a->name), a->name);
	}
	for (int i = 0; i < p->buffers.len; i++) {
		const BufferName *b = &p->buffers.data[i];
		if (!has_name(words, b->name))
			continue;
		const char *type, *extents = buffer_ctype(p, b->buffer, &type);
		if (b->buffer->where == WHERE_ARG)
			pass(p, params,
			     arena_printf(arena, "%s%s *MC_RESTRICT %s", is_written(nest, b->buffer) ? "" : "const ", type, b->name), b->name);
		else if (*extents)
			pass(p, params, arena_printf(arena, "%s %s%s", type, b->name, extents), b->name);
		else
			pass(p, params, arena_printf(arena, "%s *%s", type, b->name),
			     b->pointer ? b->name : arena_printf(arena, "&%s", b->name));
	}
}

static void set_pointers(CPrinter *p)
{
	for (int i = 0; i < p->buffers.len; i++) {
		const char *type;
		const Buffer *b = p->buffers.data[i].buffer;
		if (b->where != WHERE_ARG && !*buffer_ctype(p, b, &type))
			p->buffers.data[i].pointer = true;
	}
}

static const char *function_name(CPrinter *p, const char *axis, int64_t width)
{
	const char *base = arena_printf(p->arena, "%s_%s", p->kernel->name, axis);
	const char *name = base;
	if (width)
		name = base = arena_printf(p->arena, "%s_x%" PRId64, base, width);
	for (int i = 2;; i++) {
		bool taken = p->kernel->taken && has_name(p->kernel->taken, name);
		for (int j = 0; j < p->function_names.len; j++)
			taken |= strcmp(p->function_names.data[j], name) == 0;
		if (!taken)
			break;
		name = arena_printf(p->arena, "%s_%d", base, i);
	}
	push(p->arena, &p->function_names, name);
	return name;
}

static void seek_short_loops(void *data, const Axis *a)
{
	*(bool *)data |= a->kind == AXIS_SEQ && a->nlo > 1 && a->ncuts == 0;
}

/* Short loops, of windows at an edge: clang would carry what each needs through all loops around them. */
static bool stays_apart(const Nest *nest, const Params *params)
{
	bool is_short = false;
	visit_items(&(Visitor){.data = &is_short, .axis = seek_short_loops}, nest->body.data, nest->body.len);
	for (int i = 0; i < params->declared.len; i++)
		is_short &= strncmp(params->declared.data[i], "const int ", 10) != 0;
	return is_short;
}

/* the body as a function of cut[0..n-1]; gives its name and what is passed to it, beside the step if there are several */
static const char *print_function(CPrinter *p, const Nest *nest, const AxisName *axis, int n, const int64_t *cut,
				  int64_t width, Params *params)
{
	AxisName bound = *axis;
	bound.step = bound.step_gcd = cut[0];
	for (int i = 1; i < n; i++)
		bound.step_gcd = gcd(bound.step_gcd, cut[i]);
	int ntaken = p->taken.len, nbuffers = p->buffers.len, nnames = p->axes.len;
	bound.step_c = n == 1 ? arena_printf(p->arena, "%" PRId64, cut[0])
	                      : fresh_name(p, arena_printf(p->arena, "%s_step", axis->name));
	const char *name = function_name(p, nest->axis->name, width);

	Stmt *outer = p->out;
	int depth = p->depth;
	BufferName *saved = NEW_ARRAY(p->arena, BufferName, nbuffers);
	for (int i = 0; i < nbuffers; i++)
		saved[i] = p->buffers.data[i];
	p->out = NEW(p->arena, Stmt);
	p->out->text = "";
	p->out->block = true;
	p->out->depth = p->depth = 1;
	bind_axis(p, bound);
	set_pointers(p);
	print_items(p, nest->body.data, nest->body.len);
	const char *text = body_text(p, p->out);
	for (int i = 0; i < nbuffers; i++)
		p->buffers.data[i] = saved[i];
	p->out = outer;
	p->depth = depth;

	find_params(p, params, text, nest);
	Writer *w = writer_new(p->arena);
	put(w, "%s\n",
	    wrap_list(p->arena, arena_printf(p->arena, "%s void %s", stays_apart(nest, params) ? "static MC_NOINLINE" : "MC_INLINE", name), params->declared.len,
	              params->declared.data, "", 0));
	put_raw(w, text);
	push(p->arena, &p->functions, writer_text(w, NULL));
	p->axes.len = nnames;
	p->taken.len = ntaken;
	/* the caller's literal step stands for the function's own, which may be unused */
	if (n > 1)
		for (int i = 0; i < params->passed.len; i++)
			if (strcmp(params->passed.data[i], bound.step_c) == 0)
				params->passed.data[i] = NULL;
	return name;
}

static void print_steps(CPrinter *p, const Nest *nest, const AxisName *axis, int n, const int64_t *cut, const char *hi)
{
	LanesSearch lanes = {nest->axis, false};
	visit_items(&(Visitor){.data = &lanes, .axis = seek_lanes}, nest->body.data, nest->body.len);
	for (int i = 0, same; i < n; i += same) {
		for (same = 1; i + same < n && (!lanes.found || same_vectors(p, nest->axis, cut[i], cut[i + same]));)
			same++;
		Params params = {{NULL, 0, 0}, {NULL, 0, 0}};
		int64_t width = lanes.found && i > 0 ? vector_width(p, DT_float32, cut[i], nest->axis) : 0;
		const char *name = print_function(p, nest, axis, same, cut + i, width, &params);
		for (int j = i; j < i + same; j++) {
			Stmt *outer;
			const char *step = arena_printf(p->arena, "%" PRId64, cut[j]);
			if (cut[j] == 1)
				outer = open_block(p, "for (; %s < %s; %s++)", axis->name, hi, axis->name);
			else
				outer = open_block(p, "for (; %s + %s <= %s; %s += %s)", axis->name, step, hi, axis->name, step);
			const char **arg = NEW_ARRAY(p->arena, const char *, params.passed.len + 1);
			for (int a = 0; a < params.passed.len; a++)
				arg[a] = params.passed.data[a] ? params.passed.data[a] : step;
			line(p, "%s", wrap_list(p->arena, name, params.passed.len, arg, ";", 8 * (p->depth + 1)));
			close_block(p, outer);
		}
	}
}

void print_cuts(CPrinter *p, const Nest *nest)
{
	const Axis *a = nest->axis;
	int nnames = p->axes.len;
	int64_t cut[MAX_CUTS];
	int n = steps_of(p, a, cut);
	const char *lo = lo_c(p, a), *hi = hi_c(p, a);
	AxisName bound = {.id = a->id, .axis = a, .at_least_0 = begins_at_least_0(p, a)};
	const Size *extent = extent_of(p, a);
	if (n == 1 && extent && size_equal(extent, size_const(p->arena, cut[0]))) {
		bound.value = a->nlo ? a->lo[0] : size_const(p->arena, 0);
		bound.step = bound.step_gcd = cut[0];
		bound.step_c = arena_printf(p->arena, "%" PRId64, cut[0]);
		bind_axis(p, bound);
		print_items(p, nest->body.data, nest->body.len);
		p->axes.len = nnames;
		return;
	}
	if (n == 1 && divides(p, a, cut[0])) {
		int ntaken = p->taken.len;
		bound.name = fresh_name(p, a->name);
		bound.step = bound.step_gcd = cut[0];
		bound.step_c = arena_printf(p->arena, "%" PRId64, cut[0]);
		Stmt *outer = open_block(p, "for (int64_t %s = %s; %s < %s; %s += %s)", bound.name, lo, bound.name, hi, bound.name,
		                         bound.step_c);
		outer->body.data[outer->body.len - 1]->taken = ntaken;
		bind_axis(p, bound);
		print_items(p, nest->body.data, nest->body.len);
		close_block(p, outer);
		p->axes.len = nnames;
		return;
	}
	if (n == 0) /* shorter than the smallest cut */
		return;
	bound.name = fresh_name(p, a->name);
	const int before = p->out->body.len;
	declare_local(p, "int64_t %s = %s;", bound.name, lo);
	if (strpbrk(hi, " (")) {
		const char *end = fresh_name(p, arena_printf(p->arena, "%s_end", bound.name));
		declare_local(p, "const int64_t %s = %s;", end, hi);
		hi = end;
	}
	const int declared = p->out->body.len;
	print_steps(p, nest, &bound, n, cut, hi);
	if (p->out->body.len == declared) /* no step fits */
		p->out->body.len = before;
}

void print_apart(CPrinter *p, const Nest *nest)
{
	static const int64_t one[] = {1};
	AxisName bound = {.id = nest->axis->id, .axis = nest->axis, .value = size_const(p->arena, 0)};
	Params params = {{NULL, 0, 0}, {NULL, 0, 0}};
	const char *name = print_function(p, nest, &bound, 1, one, 0, &params);
	line(p, "%s", wrap_list(p->arena, name, params.passed.len, params.passed.data, ";", 8 * (p->depth + 1)));
}
