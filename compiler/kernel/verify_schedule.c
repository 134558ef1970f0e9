/* verify_schedule.c -- what every schedule must keep to: axes, bounds, cuts, buffers, barriers */
#include <inttypes.h>
#include <string.h>

#include "verify.h"

void fault(Verifier *v, const char *fmt, ...)
{
	if (v->wrong)
		return;
	va_list args;
	va_start(args, fmt);
	v->wrong = arena_vprintf(v->arena, fmt, args);
	va_end(args);
}

const Axis *axis_of_id(const Verifier *v, int axis_id)
{
	for (int i = 0; i < v->axes.len; i++)
		if (v->axes.data[i]->id == axis_id)
			return v->axes.data[i];
	return NULL;
}

bool is_around(const Verifier *v, int axis_id)
{
	return axis_of_id(v, axis_id) != NULL;
}

/* views of an argument have its name */
int level_of(const Verifier *v, const Buffer *b)
{
	if (b->where == WHERE_ARG) {
		for (int i = 0; i < v->kernel->buffers.len; i++)
			if (strcmp(v->kernel->buffers.data[i]->name, b->name) == 0)
				return 0;
		return -1;
	}
	for (int i = v->ndeclared - 1; i >= 0; i--)
		if (v->declared[i].buffer == b)
			return v->declared[i].level;
	return -1;
}

bool is_single(const Axis *a)
{
	int64_t lo = 0, hi;
	return a->nhi == 1 && a->nlo <= 1 && a->ncuts == 0 && size_is_const(a->hi[0], &hi) &&
	       (a->nlo == 0 || size_is_const(a->lo[0], &lo)) && hi - lo == 1;
}

/* ---- bounds */
static int axis_degree(const Term *t)
{
	int degree = 0;
	for (int i = 0; i < t->natoms; i++)
		degree += t->atom[i]->kind == ATOM_AXIS;
	return degree;
}

typedef struct Outside {
	Verifier *v;
	const char *what;
} Outside;

static void check_atom(void *data, const Atom *a)
{
	Outside *o = data;
	if (a->kind == ATOM_AXIS && !is_around(o->v, a->axis_id))
		fault(o->v, "%s speaks of the axis %s outside its nest", o->what, a->axis_name);
	if (a->kind == ATOM_INPUT || a->kind == ATOM_VALUE)
		fault(o->v, "%s speaks of a value", o->what);
}

static void check_bound(Verifier *v, const Axis *a, const Size *s)
{
	visit_size_atoms(s, check_atom, &(Outside){v, arena_printf(v->arena, "the bound of %s", a->name)});
	for (int i = 0; i < s->nterms; i++)
		if (axis_degree(&s->term[i]) > 1)
			fault(v, "the bound of %s is not affine in the axes around it", a->name);
}

static bool made_of_cuts(const Axis *a, int64_t extent)
{
	for (int c = 0; c < a->ncuts; c++)
		extent %= a->cut[c];
	return extent == 0;
}

/* of blocks of so many the last is shorter: it has what is left of the whole */
static bool cuts_cover_last(Verifier *v, const Axis *a, const Size *extent)
{
	int64_t block = 0, c, rest = 0;
	for (int i = 0; i < a->nhi; i++)
		if (a->nlo == 1 && size_is_const(size_sub(v->arena, a->hi[i], a->lo[0]), &c) && c > 0)
			block = c;
	for (int i = 0; i < extent->nterms; i++)
		if (extent->term[i].natoms == 0)
			rest = extent->term[i].coef;
	if (!block || rest < 0)
		return false;
	rest %= block;
	return size_div_exact(v->arena, size_sub(v->arena, extent, size_const(v->arena, rest)), size_const(v->arena, block)) &&
	       made_of_cuts(a, rest);
}

/* nothing is left over: every extent that can be is made of the cuts */
static bool cuts_cover(Verifier *v, const Axis *a)
{
	int64_t last = a->cut[a->ncuts - 1], extent;
	if (last == 1)
		return true;
	if (a->nhi == 0) {
		for (int i = 0; i < a->cut_of->ncuts; i++)
			if (a->cut_of->cut[i] % last != 0)
				return false;
		return a->nlo == 0;
	}
	const Size *zero = size_const(v->arena, 0);
	for (int i = 0; i < a->nhi; i++)
		for (int j = 0; j < (a->nlo ? a->nlo : 1); j++) {
			const Size *d = size_sub(v->arena, a->hi[i], a->nlo ? a->lo[j] : zero);
			if (!d)
				return false;
			if (size_is_const(d, &extent) ? !made_of_cuts(a, extent)
			                              : !size_div_exact(v->arena, d, size_const(v->arena, last)) && !cuts_cover_last(v, a, d))
				return false;
		}
	return true;
}

static void check_cuts(Verifier *v, const Axis *a)
{
	if (a->ncuts == 0)
		return;
	if (a->kind != AXIS_SEQ)
		fault(v, "the axis %s has cuts and is not sequential", a->name);
	for (int i = 0; i < a->ncuts; i++)
		if (a->cut[i] < 1 || (i > 0 && a->cut[i] >= a->cut[i - 1]))
			fault(v, "the cuts of %s do not fall", a->name);
	if (!v->wrong && !cuts_cover(v, a))
		fault(v, "the cuts of %s leave something over", a->name);
}

static void check_cut_axis(Verifier *v, const char *what, const Axis *cut)
{
	const Axis *a = axis_of_id(v, cut->id);
	if (!a || a->ncuts == 0)
		fault(v, "%s is the cut of %s, which has none there", what, cut->name);
}

static void check_axis(Verifier *v, const Axis *a)
{
	if (is_around(v, a->id))
		fault(v, "the axis %s stands inside itself", a->name);
	if (a->nhi == 0 && !a->cut_of)
		fault(v, "the axis %s has no upper bound", a->name);
	if (a->cut_of && a->nhi > 0)
		fault(v, "the axis %s has a bound beside its cut", a->name);
	if (a->cut_of)
		check_cut_axis(v, a->name, a->cut_of);
	for (int i = 0; i < a->nlo; i++)
		check_bound(v, a, a->lo[i]);
	for (int i = 0; i < a->nhi; i++)
		check_bound(v, a, a->hi[i]);
	check_cuts(v, a);
	const Axis *outer = v->axes.len ? v->axes.data[v->axes.len - 1] : NULL;
	if (a->kind == AXIS_PAR && outer && outer->kind != AXIS_PAR)
		fault(v, "the par axis %s stands inside %s", a->name, outer->name);
	bool tile = a->kind == AXIS_UNROLL || a->kind == AXIS_LANES;
	int64_t extent;
	if (tile && a->nlo > 0)
		fault(v, "the tile axis %s does not begin at 0", a->name);
	if (tile && !a->cut_of && !(a->nhi == 1 && size_is_const(a->hi[0], &extent) && extent > 0))
		fault(v, "the tile axis %s has no literal extent", a->name);
	for (int i = 0; i < v->axes.len; i++)
		if (v->axes.data[i]->kind == AXIS_LANES) {
			if (a->kind != AXIS_UNROLL)
				fault(v, "the axis %s stands inside the lanes axis %s", a->name, v->axes.data[i]->name);
		} else if (v->axes.data[i]->kind == AXIS_SIMD && a->kind == AXIS_LANES)
			fault(v, "the lanes axis %s stands inside the simd axis %s", a->name, v->axes.data[i]->name);
}

/* ---- buffers */
static void declare(Verifier *v, const Buffer *b)
{
	if (b->where == WHERE_ARG)
		fault(v, "the argument %s is declared in a nest", b->name);
	for (int i = 0; i < v->axes.len; i++)
		if (v->axes.data[i]->kind == AXIS_LANES)
			fault(v, "the buffer %s is declared inside lanes", b->name);
	for (int d = 0; d < b->rank; d++) {
		if (b->extent[d].cut)
			check_cut_axis(v, b->name, b->extent[d].cut);
		else if (!b->extent[d].size || !size_is_const(b->extent[d].size, NULL))
			fault(v, "the buffer %s has no literal extent", b->name);
		if (b->stride[d])
			fault(v, "the buffer %s is no argument and has strides", b->name);
	}
	if (b->lanes && (b->where != WHERE_REG || b->rank == 0 || (b->dtype != DT_float32 && b->dtype != DT_float64)))
		fault(v, "the buffer %s cannot be vectors", b->name);
	if (v->ndeclared == v->cap)
		v->declared = vec_grow(v->arena, v->declared, &v->cap, sizeof *v->declared);
	v->declared[v->ndeclared].buffer = b;
	v->declared[v->ndeclared++].level = v->axes.len;
}

/* ---- nests */
static void check_items(Verifier *v, const Item *item, int n)
{
	int ndeclared = v->ndeclared;
	for (int i = 0; i < n && !v->wrong; i++)
		switch (item[i].kind) {
		case ITEM_BUFFER: declare(v, item[i].buffer); break;
		case ITEM_STORE: {
			int run = 1;
			while (i + run < n && item[i + run].kind == ITEM_STORE && !item[i + run].apart)
				run++;
			verify_stores(v, item + i, run);
			i += run - 1;
			break;
		}
		case ITEM_NEST: {
			int touched = v->touched.len;
			check_axis(v, item[i].nest->axis);
			push(v->arena, &v->axes, item[i].nest->axis);
			check_items(v, item[i].nest->body.data, item[i].nest->body.len);
			v->axes.len--;
			verify_reads(v, item[i].nest->axis, touched);
			break;
		}
		}
	v->ndeclared = ndeclared;
}

/* ---- barriers */
typedef struct Touched {
	Arena *arena;
	VEC(Touch) list;
} Touched;

static void note_touch(void *data, const Access *a, bool store)
{
	Touched *t = data;
	if (a->buffer->where == WHERE_ARG)
		push(t->arena, &t->list, ((Touch){.name = a->buffer->name, .store = store}));
}

static void check_barriers(Verifier *v)
{
	Touched open = {v->arena, {NULL, 0, 0}}; /* since the last barrier */
	for (int i = 0; i < v->kernel->parts.len; i++) {
		const KernelPart *part = &v->kernel->parts.data[i];
		Touched own = {v->arena, {NULL, 0, 0}};
		visit_items(&(Visitor){.data = &own, .access = note_touch}, &part->item, 1);
		for (int j = 0; j < own.list.len; j++)
			for (int k = 0; k < open.list.len; k++) {
				const Touch *a = &own.list.data[j], *b = &open.list.data[k];
				if (strcmp(a->name, b->name) == 0 && (a->store || b->store))
					fault(v, "parts %d and an earlier one meet in %s without a barrier between them", i, a->name);
			}
		if (part->barrier)
			open.list.len = 0;
		else
			for (int j = 0; j < own.list.len; j++)
				push(v->arena, &open.list, own.list.data[j]);
	}
}

const char *check_kernel(Arena *arena, const Kernel *k)
{
	Verifier v = {.arena = arena, .kernel = k};
	if (k->parts.len == 0)
		fault(&v, "it has no parts");
	for (int i = 0; i < k->parts.len && !v.wrong; i++)
		check_items(&v, &k->parts.data[i].item, 1);
	if (!v.wrong)
		check_barriers(&v);
	return v.wrong;
}

void verify_kernel(const Kernel *k, const char *after)
{
	Arena *arena = arena_new();
	const char *wrong = check_kernel(arena, k);
	if (wrong)
		internal_error("after %s: kernel %s: %s", after, k->name, wrong);
	arena_free(arena);
}
