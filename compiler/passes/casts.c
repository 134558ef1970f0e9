/* casts.c -- conversions after conversions
 *
 *      float32(int32(pixel))      =>   float32(pixel)      pixel : uint8 */
#include "rules.h"

/* how many bits of a whole number a type holds exactly; the sign not counted */
static int exact_bits(DType t)
{
	switch (dtype_class(t)) {
	case CLASS_BOOL: return 1;
	case CLASS_INT: return 8 * dtype_bytes(t) - 1;
	case CLASS_UINT: return 8 * dtype_bytes(t);
	case CLASS_FLOAT:
		return t == DT_float64 ? 53 : t == DT_float32 ? 24 : t == DT_float16 ? 11 : 8;
	default: return 0;
	}
}

static bool keeps_values(DType from, DType to)
{
	DClass f = dtype_class(from), t = dtype_class(to);
	if (f == CLASS_COMPLEX || t == CLASS_COMPLEX || t == CLASS_BOOL)
		return from == to;
	if (f == CLASS_FLOAT)
		return t == CLASS_FLOAT &&
		       (to == DT_float64 || (to == DT_float32 && from != DT_float64) || from == to);
	if (f == CLASS_INT && t == CLASS_UINT)
		return false;
	return exact_bits(from) <= exact_bits(to);
}

Val *rule_casts(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	if (v->op != OP_cast)
		return NULL;
	if (in[0]->type->dtype == v->type->dtype)
		return did(cx, g, v, REWRITE_cast_same, in[0]);
	if (in[0]->op != OP_cast || !keeps_values(in[0]->in[0]->type->dtype, in[0]->type->dtype))
		return NULL;
	return did(cx, g, v, REWRITE_cast_cast,
		   build_cast(g, v->loc, in[0]->in[0], v->type->dtype));
}
