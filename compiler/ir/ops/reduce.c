/* reduce.c -- sum, product, largest ... over axes, which go */
#include <math.h>

#include "ops.h"

static const char *const kinds[] = {"sum", "prod", "max", "min", "all", "any", "argmax", "argmin"};
enum { NKINDS = sizeof kinds / sizeof kinds[0] };

static const Type *shape(Shape *s)
{
	const Type *x = s->in[0];
	ReduceKind kind = s->attr->reduce.kind;
	uint32_t axes = s->attr->reduce.axes;
	bool logic = kind == REDUCE_all || kind == REDUCE_any;
	bool where = kind == REDUCE_argmax || kind == REDUCE_argmin;
	if (x->rank < 32 && axes >> x->rank)
		return misfit(s, "%s reduces an axis that %s does not have", kinds[kind],
			      type_text(s->arena, x));
	if (logic != (x->dtype == DT_bool))
		return misfit(s, "%s does not take %s", kinds[kind], dtype_name(x->dtype));
	if (kind != REDUCE_sum && kind != REDUCE_prod && dtype_class(x->dtype) == CLASS_COMPLEX)
		return misfit(s, "%s does not take complex values", kinds[kind]);
	const Size *size[MAX_RANK];
	int rank = 0, gone = 0;
	for (int i = 0; i < x->rank; i++)
		if (axes >> i & 1)
			gone++;
		else
			size[rank++] = x->size[i];
	if (where && gone != 1)
		return misfit(s, "%s takes one axis, not %d", kinds[kind], gone);
	return type_array(s->arena, where ? DT_int64 : x->dtype, rank, size);
}

static void attr(AttrVisit *v, Attr *a)
{
	int kind = (int)a->reduce.kind;
	if (v->word)
		v->word(v, "kind", NKINDS, kinds, &kind);
	a->reduce.kind = (ReduceKind)kind;
	if (v->axes)
		v->axes(v, "axes", &a->reduce.axes);
}

/* what has been seen of one result's elements */
typedef struct Fold {
	long double number;
	double magnitude;
	uint64_t whole;
	int64_t best, where; /* max, min: the element, and its place along the axis; -1 at first */
} Fold;

static bool is_nan(const Array *x, int64_t i)
{
	return x->f && isnan(x->f[i]);
}

static void fold_element(ReduceKind kind, const Array *x, int64_t i, int64_t where, Fold *f)
{
	bool largest = kind == REDUCE_max || kind == REDUCE_argmax, better;
	switch (kind) {
	case REDUCE_sum:
	case REDUCE_prod:
		if (x->f) {
			f->number = kind == REDUCE_sum ? f->number + x->f[i] : f->number * x->f[i];
			/* of a product: relative errors add up */
			f->magnitude += kind == REDUCE_sum ? x->magnitude[i]
					: x->f[i] != 0     ? fabs(x->magnitude[i] / x->f[i])
							   : 1;
		} else
			f->whole = kind == REDUCE_sum ? f->whole + (uint64_t)x->i[i]
						      : f->whole * (uint64_t)x->i[i];
		return;
	case REDUCE_all:
		f->whole &= (uint64_t)x->i[i];
		return;
	case REDUCE_any:
		f->whole |= (uint64_t)x->i[i];
		return;
	case REDUCE_max:
	case REDUCE_min:
	case REDUCE_argmax:
	case REDUCE_argmin:
		better = f->best < 0 || (!is_nan(x, f->best) &&
					 (is_nan(x, i) || (largest ? array_less(x, f->best, i)
								   : array_less(x, i, f->best))));
		if (better) {
			f->best = i;
			f->where = where;
		}
		return;
	}
}

/* the largest or smallest of no elements */
static void put_extreme(Array *y, int64_t at, bool largest)
{
	int bits = 8 * dtype_bytes(y->dtype);
	uint64_t top = (uint64_t)1 << (bits - 1);
	if (y->f)
		put_number(y, at, largest ? INFINITY : -INFINITY, INFINITY);
	else if (dtype_class(y->dtype) == CLASS_UINT)
		y->i[at] = largest ? wrap_to(y->dtype, UINT64_MAX) : 0;
	else
		y->i[at] = wrap_to(y->dtype, largest ? top - 1 : top);
}

static void put_result(ReduceKind kind, const Array *x, Array *y, int64_t at, const Fold *f)
{
	if (kind == REDUCE_argmax || kind == REDUCE_argmin)
		y->i[at] = f->best < 0 ? 0 : f->where;
	else if ((kind == REDUCE_max || kind == REDUCE_min) && f->best < 0)
		put_extreme(y, at, kind == REDUCE_min);
	else if (kind == REDUCE_max || kind == REDUCE_min)
		put_element(y, at, x, f->best);
	else if (y->f)
		put_number(y, at, round_to(y->dtype, f->number),
			   kind == REDUCE_sum ? f->magnitude
					      : (double)fabsl(f->number) * (1 + f->magnitude));
	else
		y->i[at] = wrap_to(y->dtype, f->whole);
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	const Array *x = in[0];
	int64_t at[MAX_RANK] = {0}, to[MAX_RANK];
	Fold *fold = NEW_ARRAY(e->arena, Fold, y->count + 1);
	for (int64_t i = 0; i < y->count; i++) {
		fold[i].number = v->attr.reduce.kind == REDUCE_prod;
		fold[i].whole =
			v->attr.reduce.kind == REDUCE_prod || v->attr.reduce.kind == REDUCE_all;
		fold[i].best = -1;
	}
	if (x->count > 0)
		do {
			int rank = 0;
			int64_t where = 0;
			for (int i = 0; i < x->rank; i++)
				if (v->attr.reduce.axes >> i & 1)
					where = at[i];
				else
					to[rank++] = at[i];
			fold_element(v->attr.reduce.kind, x, flat_index(x, at), where,
				     &fold[flat_index(y, to)]);
		} while (next_index(x->rank, x->size, at));
	for (int64_t i = 0; i < y->count; i++)
		put_result(v->attr.reduce.kind, x, y, i, &fold[i]);
	return y;
}

const StructuralOp op_reduce = {
	.info = {.name = "reduce", .arity = 1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
