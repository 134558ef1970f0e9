/* ops_index.c -- x[...], set(x[...], v) and add_at(x[...], v)
 *
 *      x[i, a:b, rows, cols] is   slice of x  =>  reshape without the single indices  =>  gather of the arrays
 *      set goes there, scatters or replaces, and puts the slice back */
#include "builtin.h"

static Val *sliced(Check *c, Loc loc, const Subscript *s)
{
	const Size *start[MAX_RANK], *size[MAX_RANK];
	int64_t step[MAX_RANK];
	if (!s->basic)
		return s->x;
	for (int i = 0; i < s->x->type->rank; i++) {
		start[i] = s->axis[i].start;
		size[i] = s->axis[i].size;
		step[i] = s->axis[i].step;
	}
	widen_starts(c, loc, s->x->type->rank, start);
	return build_slice(c->graph, loc, s->x, start, step, size);
}

/* without the axes of single indices, with those of None */
static Val *compact(Check *c, Loc loc, const Subscript *s, Val *v)
{
	const Size *size[MAX_RANK];
	for (int i = 0; i < s->nout; i++)
		size[i] = s->out[i] < 0 ? size_int(c, 1) : s->axis[s->out[i]].size;
	return reshape_val(c, loc, v, s->nout, size);
}

/* the operands and attribute of gather and scatter */
static Attr arrays(const Subscript *s, Val **in)
{
	for (int i = 0; i < s->narrays; i++)
		in[i] = s->axis[s->out[s->array_at + i]].array;
	return (Attr){.gather = {s->array_at, s->narrays}};
}

static bool gather_fits(Check *c, Loc loc, const Subscript *s)
{
	return s->narrays == 0 ||
	       rank_fits(c, loc,
			 s->nout - s->narrays +
				 s->axis[s->out[s->array_at]].array->type->rank);
}

/* a slice of constants of a list; by an index that is no constant it is an array */
static Value slice_list(Check *c, Value x, const IndexValue *ix)
{
	int len = x.list->n;
	int64_t lo = 0, hi = len, step = 1, i;
	if ((ix->lo.kind != V_NONE &&
	     !as_const_int(c, ix->loc, ix->lo, "the index of a list", &lo)) ||
	    (ix->hi.kind != V_NONE &&
	     !as_const_int(c, ix->loc, ix->hi, "the index of a list", &hi)) ||
	    (ix->step.kind != V_NONE &&
	     !as_const_int(c, ix->loc, ix->step, "the step of a slice", &step)))
		return value_error();
	lo = lo < 0 ? lo + len : lo;
	hi = hi < 0 ? hi + len : hi;
	if (lo < 0 || hi > len || lo > hi || step < 1) {
		check_error(c, ix->loc, "slice outside [0, %d)", len);
		return value_error();
	}
	Values items = {0};
	for (i = lo; i < hi; i += step < len ? step : len)
		push(c->arena, &items, x.list->item[i]);
	return value_list(c, items.len, items.data);
}

Value op_index(Check *c, Loc loc, Value x, Loc x_loc, int n, const IndexValue *ix, const char *what)
{
	Subscript s;
	Val *in[MAX_RANK + 1];
	if (x.kind == V_ERROR)
		return x;
	if (x.kind == V_LIST && n == 1 && ix->kind == INDEX_SLICE)
		return slice_list(c, x, ix);
	if (!as_operand(c, x_loc, &x))
		return value_error();
	if (x.kind != V_TENSOR) {
		check_error(c, loc, "an array is indexed, not %s", value_text(c, x));
		return value_error();
	}
	if (!subscript(c, loc, x, x_loc, n, ix, what, &s) || !gather_fits(c, loc, &s))
		return value_error();
	Val *v = compact(c, loc, &s, sliced(c, loc, &s));
	if (s.narrays) {
		Attr attr = arrays(&s, in + 1);
		in[0] = v;
		v = build_counted(c, loc, OP_gather, 1 + s.narrays, in, &attr);
	}
	return value_of(v);
}

/* ---- set, add_at */

/* the part that the indices name, with v in it */
static Val *replaced(Check *c, Loc loc, const Subscript *s, Val *part, Value value, Loc v_loc,
		     bool add, const char *role)
{
	Val *in[MAX_RANK + 2];
	const Type *target = part->type;
	Attr attr = {0};
	if (s->narrays) {
		attr = arrays(s, in + 2);
		const Type *types[MAX_RANK + 1];
		const char *why = NULL;
		types[0] = part->type;
		for (int i = 0; i < s->narrays; i++)
			types[i + 1] = in[2 + i]->type;
		target = op_type(c->arena, OP_gather, 1 + s->narrays, types, &attr, NULL, &why);
		if (target == NULL)
			internal_error("set: %s", why);
	}
	Val *v = coerce(c, v_loc, value, target, role);
	if (v == NULL)
		return NULL;
	if (s->narrays == 0)
		return add ? build_elem(c->graph, loc, OP_add, part, v, NULL) : v;
	in[0] = part;
	in[1] = v;
	return build(c->graph, loc, add ? OP_scatter_add : OP_scatter_set, 2 + s->narrays, in,
		     &attr, NULL);
}

Value op_set(Check *c, Loc loc, Value x, Loc x_loc, int n, const IndexValue *ix, Value value,
	     Loc v_loc, bool add, const char *what)
{
	Subscript s;
	const char *name = add ? "add_at" : "set";
	if (x.kind == V_ERROR || value.kind == V_ERROR)
		return value_error();
	if (x.kind != V_TENSOR) {
		check_error(c, x_loc, "%s changes an array, not %s", name, value_text(c, x));
		return value_error();
	}
	if (!subscript(c, loc, x, x_loc, n, ix, what, &s) || !gather_fits(c, loc, &s))
		return value_error();
	for (int i = 0; i < n; i++)
		if (ix[i].kind == INDEX_NONE) {
			check_error(c, ix[i].loc, "None does not stand in an index of %s", name);
			return value_error();
		}
	if (add && s.x->type->dtype == DT_bool) {
		check_error(c, x_loc, "add_at adds numbers, not bools");
		return value_error();
	}
	Val *part = compact(c, loc, &s, sliced(c, loc, &s));
	Val *v = replaced(c, loc, &s, part, value, v_loc, add,
			  arena_printf(c->arena, "the value of %s", name));
	if (v == NULL)
		return value_error();
	const Size *start[MAX_RANK], *size[MAX_RANK];
	int64_t step[MAX_RANK];
	int rank = s.x->type->rank;
	for (int i = 0; i < rank; i++) {
		start[i] = s.axis[i].start;
		size[i] = s.axis[i].size;
		step[i] = s.axis[i].step;
	}
	v = reshape_val(c, loc, v, rank, size);
	if (!s.basic)
		return value_tensor(v);
	widen_starts(c, loc, rank, start);
	return value_tensor(build_set_slice(c->graph, loc, s.x, v, start, step));
}
