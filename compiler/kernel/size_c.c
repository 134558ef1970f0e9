/* size_c.c -- sizes and indices as C expressions over int64_t variables */
#include <inttypes.h>
#include <string.h>

#include "print_c.h"

typedef struct SizePrinter {
	Arena *arena;
	CPrinter *p; /* NULL: axes by their own names */
} SizePrinter;

static Text size_expr(SizePrinter *, const Size *);

static Text atom_c(SizePrinter *sp, const Atom *a)
{
	switch (a->kind) {
	case ATOM_DIM: return (Text){dim_c(a->dim), PREC_ATOM};
	case ATOM_AXIS: {
		const AxisName *n = sp->p ? axis_name(sp->p, a->axis_id) : NULL;
		return (Text){n ? n->name : a->axis_name, PREC_ATOM};
	}
	case ATOM_FLOOR: {
		Text num = size_expr(sp, a->num);
		bool plain = sp->p ? at_least_0(sp->p, a->num) : size_at_least_0(a->num);
		if (plain)
			return (Text){arena_printf(sp->arena, "%s / %" PRId64, text_in(sp->arena, num, PREC_PRODUCT), a->by),
			              PREC_PRODUCT};
		return (Text){arena_printf(sp->arena, "mc_floordiv_i64(%s, %" PRId64 ")", num.s, a->by), PREC_ATOM};
	}
	case ATOM_INPUT:
	case ATOM_VALUE: break;
	}
	internal_error("a size in a kernel speaks of a value");
}

static Text term_c(SizePrinter *sp, const Term *t, uint64_t coef)
{
	Text product = {NULL, PREC_ATOM};
	for (int i = 0; i < t->natoms; i++) {
		Text f = atom_c(sp, t->atom[i]);
		if (!product.s && (t->natoms > 1 || coef != 1) && f.prec == PREC_PRODUCT)
			f = (Text){text_in(sp->arena, f, PREC_UNARY), PREC_ATOM};
		if (product.s)
			product = (Text){arena_printf(sp->arena, "%s * %s", product.s, text_in(sp->arena, f, PREC_UNARY)),
			                 PREC_PRODUCT};
		else
			product = f;
	}
	if (!product.s)
		return (Text){arena_printf(sp->arena, "%" PRIu64, coef), PREC_ATOM};
	if (coef == 1)
		return product;
	return (Text){arena_printf(sp->arena, "%s * %" PRIu64, product.s, coef), PREC_PRODUCT};
}

static uint64_t magnitude(int64_t x)
{
	return x < 0 ? (uint64_t)0 - (uint64_t)x : (uint64_t)x;
}

/* terms that are added first, so that no sum begins with a minus that can do without */
static Text size_expr(SizePrinter *sp, const Size *s)
{
	Text sum = {NULL, PREC_ATOM};
	for (int sign = 1; sign >= -1; sign -= 2)
		for (int i = 0; i < s->nterms; i++) {
			if ((s->term[i].coef > 0) != (sign > 0))
				continue;
			Text t = term_c(sp, &s->term[i], magnitude(s->term[i].coef));
			if (sum.s)
				sum = (Text){arena_printf(sp->arena, "%s %s %s", sum.s, sign > 0 ? "+" : "-", t.s), PREC_SUM};
			else if (sign > 0)
				sum = t;
			else
				sum = (Text){arena_printf(sp->arena, "-%s", t.s), PREC_UNARY};
		}
	return sum.s ? sum : (Text){"0", PREC_ATOM};
}

const char *size_c(Arena *arena, const Size *s)
{
	return size_expr(&(SizePrinter){arena, NULL}, size_resolve(arena, s)).s;
}

static const Size *axis_value(void *data, const Atom *a)
{
	CPrinter *p = data;
	if (a->kind != ATOM_AXIS)
		return NULL;
	const AxisName *n = axis_name(p, a->axis_id);
	if (!n)
		internal_error("kernel %s: the axis %s is used outside its nest", p->kernel->name, a->axis_name);
	return n->value ? resolve_axes(p, n->value) : NULL;
}

const Size *resolve_axes(CPrinter *p, const Size *s)
{
	return size_map(p->arena, size_resolve(p->arena, s), axis_value, p);
}

Text size_in(CPrinter *p, const Size *s)
{
	return size_expr(&(SizePrinter){p->arena, p}, resolve_axes(p, s));
}

typedef struct Innermost {
	CPrinter *p;
	int at;
	const char *name;
} Innermost;

static void seek_innermost(void *data, const Atom *a)
{
	Innermost *in = data;
	for (int i = in->p->axes.len - 1; a->kind == ATOM_AXIS && i > in->at; i--)
		if (in->p->axes.data[i].id == a->axis_id) {
			in->at = i;
			in->name = a->axis_name;
		}
}

const char *inner_axis(CPrinter *p, const Size *s)
{
	Innermost in = {p, -1, NULL};
	visit_size_atoms(s, seek_innermost, &in);
	return in.name;
}

/* An axis as a dim that may be 0: over its lower bound, 0, where it stands in a positive term, under its upper bound elsewhere. */
typedef struct Ranges {
	CPrinter *p;
	const Size *size;
	int which; /* of several upper bounds */
	bool more; /* an axis has further ones */
	bool changed;
} Ranges;

static bool is_negative_in(const Size *s, int axis_id)
{
	for (int i = 0; i < s->nterms; i++)
		for (int j = 0; j < s->term[i].natoms; j++)
			if (s->term[i].atom[j]->kind == ATOM_AXIS && s->term[i].atom[j]->axis_id == axis_id)
				return s->term[i].coef < 0;
	return false;
}

static const Size *axis_as_dim(void *data, const Atom *a)
{
	Ranges *r = data;
	if (a->kind != ATOM_AXIS)
		return NULL;
	const AxisName *n = axis_name(r->p, a->axis_id);
	const bool negative = is_negative_in(r->size, a->axis_id);
	if (!n || (!negative && !n->at_least_0))
		return NULL;
	Arena *arena = r->p->arena;
	Dim *dim = NEW(arena, Dim);
	*dim = (Dim){.name = a->axis_name, .hi = INT64_MAX, .index = 1000000 + n->id};
	r->changed = true;
	if (!negative)
		return size_dim(arena, dim);
	r->more |= n->axis && n->axis->nhi > r->which + 1;
	/* the last is a whole step before the end where all steps are the same */
	bool same = n->step_c && strchr("0123456789", n->step_c[0]);
	const Size *end = n->most ? size_const(arena, n->most)
	                  : n->axis && n->axis->nhi && !n->value ? resolve_axes(r->p, n->axis->hi[r->which < n->axis->nhi ? r->which : 0])
	                                                         : NULL;
	const Size *last = size_sub(arena, end, size_const(arena, same ? n->step : 1));
	return last ? size_sub(arena, last, size_dim(arena, dim)) : NULL;
}

bool at_least_0(CPrinter *p, const Size *size)
{
	const Size *const given = resolve_axes(p, size);
	Ranges r = {.p = p, .more = true};
	for (r.which = 0; r.which < 3 && r.more; r.which++) {
		const Size *s = given;
		r.more = false;
		/* bounds of inner axes speak of outer ones */
		for (int i = 0; i < 4 && s; i++) {
			if (size_at_least_0(s))
				return true;
			r.size = s;
			r.changed = false;
			s = size_map(p->arena, s, axis_as_dim, &r);
			if (!r.changed)
				break;
		}
	}
	return false;
}

/* the bound that is never the one that counts falls out; of two that are always the same, the second */
static bool is_dominated(CPrinter *p, int n, const Size *const *s, int i, bool max)
{
	for (int j = 0; j < n; j++) {
		if (j == i)
			continue;
		const Size *d = max ? size_sub(p->arena, s[j], s[i]) : size_sub(p->arena, s[i], s[j]);
		if (d && at_least_0(p, d) && !(j > i && at_least_0(p, size_scale(p->arena, d, -1))))
			return true;
	}
	return false;
}

const Size *single_bound(CPrinter *p, int n, const Size *const *s, bool max)
{
	const Size *found = n ? NULL : size_const(p->arena, 0);
	for (int i = 0; i < n; i++) {
		if (is_dominated(p, n, s, i, max))
			continue;
		if (found)
			return NULL;
		found = resolve_axes(p, s[i]);
	}
	return found;
}

const char *bound_c(CPrinter *p, int n, const Size *const *s, bool max)
{
	const char *text = NULL;
	for (int i = 0; i < n; i++) {
		if (is_dominated(p, n, s, i, max))
			continue;
		const char *t = size_in(p, s[i]).s;
		text = text ? arena_printf(p->arena, "mc_%s_i64(%s, %s)", max ? "max" : "min", text, t) : t;
	}
	return text ? text : "0";
}
