/* ops_subscript.c -- the indices of x[...] in normal form: of each axis a start, a size and a step, or an integer array
 *
 * As NumPy, but that slices do not clip and only constants may be negative.  What is not known to be
 * inside is tested when the program runs, before anything is changed. */
#include "builtin.h"

static bool has_value(void *data, const Atom *a)
{
	(void)data;
	return a->kind == ATOM_VALUE;
}

typedef struct Find {
	bool (*is)(void *, const Atom *);
	bool found;
} Find;

static const Size *find_atom(void *data, const Atom *a)
{
	Find *f = data;
	f->found |= f->is(NULL, a);
	return NULL;
}

static bool speaks_of_values(Check *c, const Size *s)
{
	Find f = {has_value, false};
	size_map(c->arena, s, find_atom, &f);
	return f.found;
}

static bool beyond(Check *c, Loc loc)
{
	check_error(c, loc, "this index is beyond 64 bits");
	return false;
}

/* ---- tests */

/* p >= q, as one more factor of ok if only the running program can tell */
static bool require_ge(Check *c, Loc loc, const Size *p, const Size *q, Val **ok)
{
	Decided d = size_ge(c->arena, p, q);
	if (d == UNDECIDED) {
		const Size *left = size_sub(c->arena, p, q);
		if (left == NULL)
			return false;
		Val *test = build_elem(c->graph, loc, OP_ge, size_value(c, loc, p),
				       size_value(c, loc, q), NULL);
		*ok = *ok ? build_elem(c->graph, loc, OP_and, *ok, test, NULL) : test;
	}
	return d != NO;
}

bool require_inside(Check *c, Loc loc, const Size *first, const Size *last, const Size *size,
		    const char *what, const char *text)
{
	Val *ok = NULL;
	const Size *end = last ? size_add(c->arena, last, size_int(c, 1)) : NULL;
	/* the largest first: no value is added to, which could wrap around */
	const Size *room = first && end ? size_sub(c->arena, end, first) : NULL;
	const Size *most = room ? size_sub(c->arena, size, room) : NULL;
	if (most == NULL)
		return beyond(c, loc);
	if (!require_ge(c, loc, first, size_int(c, 0), &ok) ||
	    !require_ge(c, loc, most, first, &ok)) {
		check_error(c, loc, "%s", text);
		return false;
	}
	if (ok)
		add_check(c, loc, ok, what, text);
	return true;
}

static const char *name_of(Value v, const char *otherwise)
{
	if (v.origin && v.origin->name)
		return v.origin->name;
	return v.kind == V_TENSOR && v.v->name ? v.v->name : otherwise;
}

/* ---- one axis */

/* the bound of a slice, or a single index */
static bool index_bound(Check *c, Loc loc, Value v, const Size *size, IndexValues *known,
			const Size **out)
{
	int64_t n;
	if (v.kind == V_INT) {
		*out = size_resolve(c->arena, v.i);
		if (size_is_const(*out, &n) && n < 0)
			*out = size_add(c->arena, size, *out);
	} else if (v.kind == V_TENSOR && v.v->type->rank == 0 &&
		   dtype_is_integer(v.v->type->dtype)) {
		*out = index_size(c, known, v.v);
	} else {
		if (v.kind != V_ERROR)
			check_error(c, loc, "an index is an integer, not %s", value_text(c, v));
		return false;
	}
	return *out != NULL || beyond(c, loc);
}

static bool single(Check *c, const IndexValue *ix, Subscript *s, AxisIndex *axis, const Size *size,
		   const char *what)
{
	if (!index_bound(c, ix->loc, ix->at, size, &s->known, &axis->start))
		return false;
	axis->size = size_int(c, 1);
	axis->step = 1;
	axis->dropped = true;
	if (ix->at.kind == V_TENSOR && index_in_range(c, ix->at.v, size))
		return true;
	const char *size_is = size_text(c->arena, size);
	const char *text =
		size_ge(c->arena, axis->start, size_int(c, 0)) == NO ||
				size_ge(c->arena, size,
					size_add(c->arena, axis->start, size_int(c, 1))) == NO
			? arena_printf(c->arena, "index %s is outside [0, %s)",
				       size_text(c->arena,
						 ix->at.kind == V_INT ? ix->at.i : axis->start),
				       size_is)
			: arena_printf(c->arena, "index outside [0, %s)", size_is);
	return require_inside(c, ix->loc, axis->start, axis->start, size, name_of(ix->at, what),
			      text);
}

const Size *steps_between(Check *c, const Size *from, const Size *to, int64_t step)
{
	const Size *span = size_sub(c->arena, to, from);
	return span && step > 1
		       ? size_floordiv(c->arena, size_add(c->arena, span, size_int(c, step - 1)),
				       step)
		       : span;
}

static bool slice(Check *c, const IndexValue *ix, Subscript *s, AxisIndex *axis, const Size *size,
		  const char *what)
{
	int64_t step = 1;
	if (ix->step.kind != V_NONE &&
	    !as_const_int(c, ix->loc, ix->step, "the step of a slice", &step))
		return false;
	if (step == 0 || step == INT64_MIN) {
		check_error(c, ix->loc, "the step of a slice is %s", step ? "too large" : "0");
		return false;
	}
	const Size *one = size_int(c, 1), *zero = size_int(c, 0);
	const Size *lo = step > 0 ? zero : size_sub(c->arena, size, one);
	const Size *hi = step > 0 ? size : size_int(c, -1);
	if (ix->lo.kind != V_NONE && !index_bound(c, ix->loc, ix->lo, size, &s->known, &lo))
		return false;
	if (ix->hi.kind != V_NONE && !index_bound(c, ix->loc, ix->hi, size, &s->known, &hi))
		return false;
	axis->start = lo;
	axis->step = step;
	axis->size = step > 0 ? steps_between(c, lo, hi, step) : steps_between(c, hi, lo, -step);
	if (axis->size == NULL)
		return beyond(c, ix->loc);
	if (ix->lo.kind == V_NONE && ix->hi.kind == V_NONE)
		return true;
	if (speaks_of_values(c, axis->size)) {
		check_error(c, ix->loc,
			    "a size cannot depend on a value: the ends of a slice differ by a size "
			    "over dims and constants");
		return false;
	}
	const char *text =
		arena_printf(c->arena, "slice outside [0, %s)", size_text(c->arena, size));
	if (size_ge(c->arena, axis->size, zero) == NO) {
		check_error(c, ix->loc, "this slice ends before it begins: its size would be %s",
			    size_text(c->arena, axis->size));
		return false;
	}
	Val *ok = NULL;
	require_ge(c, ix->loc, axis->size, zero, &ok);
	if (ok)
		add_check(c, ix->loc, ok, what,
			  arena_printf(c->arena, "slice of negative size %s",
				       size_text(c->arena, axis->size)));
	const Size *far = size_add(c->arena, lo,
				   size_scale(c->arena, size_sub(c->arena, axis->size, one), step));
	const char *name = name_of(ix->lo.kind == V_TENSOR ? ix->lo : ix->hi, what);
	return require_inside(c, ix->loc, step > 0 ? lo : far, step > 0 ? far : lo, size, name,
			      text);
}

static bool outside(Check *c, const Size *at, const Size *size)
{
	return size_ge(c->arena, at, size_int(c, 0)) == NO ||
	       size_ge(c->arena, size, size_add(c->arena, at, size_int(c, 1))) == NO;
}

/* constants of a list that are negative count from the end */
static Value list_indices(Check *c, Loc loc, Value v, const Size *size)
{
	Values items = {0};
	for (int i = 0; i < v.list->n; i++) {
		Value item = v.list->item[i];
		int64_t n;
		if (known_int(c, item, &n)) {
			const Size *at = n < 0 ? size_add(c->arena, size, item.i) : item.i;
			if (outside(c, at, size)) {
				check_error(c, loc, "index %lld is outside [0, %s)", (long long)n,
					    size_text(c->arena, size));
				return value_error();
			}
			item = value_int(at);
		}
		push(c->arena, &items, item);
	}
	return value_list(c, items.len, items.data);
}

static bool array(Check *c, const IndexValue *ix, AxisIndex *axis, const Size *size,
		  const char *what)
{
	Val *v =
		as_tensor(c, ix->loc,
			  ix->at.kind == V_LIST ? list_indices(c, ix->loc, ix->at, size) : ix->at, DT_error);
	if (v == NULL)
		return false;
	DType t = v->type->dtype;
	if (t == DT_bool) {
		check_error(c, ix->loc,
			    "a mask cannot select: how many are true is no size; use where, or a "
			    "sum with the mask");
		return false;
	}
	if (!dtype_is_integer(t)) {
		check_error(c, ix->loc, "an index is an integer, not %s", value_text(c, ix->at));
		return false;
	}
	bool inside = index_in_range(c, v, size);
	v = build_cast(c->graph, ix->loc, v,
		       t == DT_int64 || t == DT_uint32 || t == DT_uint64 ? DT_int64 : DT_int32);
	axis->start = size_int(c, 0);
	axis->size = size;
	axis->step = 1;
	axis->array = v;
	if (inside)
		return true;
	Val *wide = build_cast(c->graph, ix->loc, v, DT_int64);
	Val *low = build_elem(c->graph, ix->loc, OP_ge, wide,
			      build_const(c->graph, ix->loc, DT_int64, 0, 0), NULL);
	Val *high = build_elem(c->graph, ix->loc, OP_lt, wide, size_value(c, ix->loc, size), NULL);
	Val *ok = build_elem(c->graph, ix->loc, OP_and, low, high, NULL);
	ok = build_reduce(c->graph, ix->loc, REDUCE_all, ok, (1u << ok->type->rank) - 1);
	add_check(c, ix->loc, ok, name_of(ix->at, what),
		  arena_printf(c->arena, "index outside [0, %s)", size_text(c->arena, size)));
	return true;
}

static bool is_array_index(Value v)
{
	return v.kind == V_LIST || (v.kind == V_TENSOR && v.v->type->rank > 0);
}

/* ---- all axes */

static bool count_axes(Check *c, Loc loc, Value x, int rank, int n, const IndexValue *ix)
{
	int used = 0, ellipses = 0;
	for (int i = 0; i < n; i++) {
		used += ix[i].kind == INDEX_EXPR || ix[i].kind == INDEX_SLICE;
		ellipses += ix[i].kind == INDEX_ELLIPSIS;
		if (ellipses > 1) {
			check_error(c, ix[i].loc, "an index has one '...' at most");
			return false;
		}
	}
	if (used > rank)
		check_error(c, loc, "%d ind%s for %s, which has %d %s", used, used == 1 ? "ex" : "ices", value_text(c, x),
			    rank, rank == 1 ? "axis" : "axes");
	return used <= rank;
}

static void whole(Check *c, Subscript *s, int axis)
{
	s->axis[axis] = (AxisIndex){.start = size_int(c, 0),
				    .size = size_resolve(c->arena, s->x->type->size[axis]),
				    .step = 1};
	s->out[s->nout++] = axis;
}

/* the integer arrays: side by side, of one shape */
static bool gather_arrays(Check *c, Loc loc, int n, const IndexValue *ix, Subscript *s)
{
	Value values[MAX_RANK];
	Loc locs[MAX_RANK];
	Val *vals[MAX_RANK];
	int at[MAX_RANK], k = 0;
	for (int i = 0; i < s->nout; i++)
		if (s->out[i] >= 0 && s->axis[s->out[i]].array) {
			if (k > 0 && at[k - 1] != i - 1) {
				check_error(c, loc,
					    "integer arrays in an index must stand side by side");
				return false;
			}
			at[k++] = i;
		}
	s->narrays = k;
	if (k == 0)
		return true;
	s->array_at = at[0];
	bool wide = false;
	for (int i = 0; i < k; i++) {
		vals[i] = s->axis[s->out[at[i]]].array;
		wide |= vals[i]->type->dtype == DT_int64;
	}
	for (int i = 0, j = 0; i < n; i++)
		if (ix[i].kind == INDEX_EXPR && is_array_index(ix[i].at)) {
			values[j] = ix[i].at;
			locs[j++] = ix[i].loc;
		}
	Type shape;
	if (!broadcast_values(c, loc, "an index", k, values, locs, vals, &shape))
		return false;
	for (int i = 0; i < k; i++)
		s->axis[s->out[at[i]]].array = broadcast_val(
			c, loc, build_cast(c->graph, loc, vals[i], wide ? DT_int64 : DT_int32),
			&shape);
	return true;
}

bool subscript(Check *c, Loc loc, Value x, Loc x_loc, int n, const IndexValue *ix, const char *what,
	       Subscript *s)
{
	*s = (Subscript){.x = as_tensor(c, x_loc, x, DT_error)};
	for (int i = 0; i < n; i++)
		if (ix[i].at.kind == V_ERROR || ix[i].lo.kind == V_ERROR ||
		    ix[i].hi.kind == V_ERROR || ix[i].step.kind == V_ERROR)
			return false;
	if (s->x == NULL || !count_axes(c, loc, x, s->x->type->rank, n, ix))
		return false;
	int used = 0, axis = 0, rank = s->x->type->rank;
	for (int i = 0; i < n; i++)
		used += ix[i].kind == INDEX_EXPR || ix[i].kind == INDEX_SLICE;
	for (int i = 0; i < n; i++) {
		bool good = true;
		if (!rank_fits(c, loc, s->nout + 1))
			return false;
		if (ix[i].kind == INDEX_NONE) {
			s->out[s->nout++] = -1;
			continue;
		}
		if (ix[i].kind == INDEX_ELLIPSIS) {
			for (int k = rank - used; k > 0; k--)
				whole(c, s, axis++);
			continue;
		}
		AxisIndex *a = &s->axis[axis];
		const Size *size = size_resolve(c->arena, s->x->type->size[axis]);
		if (ix[i].kind == INDEX_SLICE) {
			good = slice(c, &ix[i], s, a, size, what);
			s->basic |= good && (a->step != 1 || !size_equal(a->size, size));
		} else if (is_array_index(ix[i].at))
			good = array(c, &ix[i], a, size, what);
		else {
			good = single(c, &ix[i], s, a, size, what);
			s->basic |= good && !is_one(size);
		}
		if (!good)
			return false;
		if (!a->dropped)
			s->out[s->nout++] = axis;
		axis++;
	}
	while (axis < rank)
		whole(c, s, axis++);
	if (!rank_fits(c, loc, s->nout))
		return false;
	return gather_arrays(c, loc, n, ix, s);
}
