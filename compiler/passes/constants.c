/* constants.c -- what is known when it is compiled
 *
 *      v1 = 3                  v3 = 1.5
 *      v2 = 2             =>
 *      v3 = v1 / v2 */
#include "rules.h"

Val *rule_constants(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	int64_t n;
	if (v->op == OP_size && size_is_const(v->attr.size, &n))
		return did(cx, g, v, REWRITE_constant_size, build_const(g, v->loc, DT_int64, 0, n));
	if (!op_info(v->op)->elementwise)
		return NULL;
	Number number[3] = {{0}}, value;
	for (int i = 0; i < v->nin; i++) {
		if (!is_const(in[i]))
			return NULL;
		number[i] = in[i]->attr.number;
	}
	if (!fold_elem(v->op, v->type->dtype, in[v->nin - 1]->type->dtype, number, &value))
		return NULL;
	return did(cx, g, v, REWRITE_fold,
		   build_const(g, v->loc, v->type->dtype, value.f, value.i));
}

/* what speaks to gradients only has nothing more to say */
Val *rule_marks(PassCx *cx, Graph *g, const Val *v, Val *const *in)
{
	if (v->op != OP_stop_gradient && v->op != OP_grad_clip && v->op != OP_grad_scale)
		return NULL;
	return did(cx, g, v, REWRITE_unmark, in[0]);
}
