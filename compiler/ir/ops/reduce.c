/* reduce.c -- sum, product, largest ... over axes, which go */
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
		return misfit(s, "%s reduces an axis that %s does not have", kinds[kind], type_text(s->arena, x));
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

const StructuralOp op_reduce = {
	.info = {.name = "reduce", .arity = 1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
};
