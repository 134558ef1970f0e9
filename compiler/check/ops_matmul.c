/* ops_matmul.c -- '@' as a labelled contraction
 *
 *      [k] @ [k]  ->  number           [.., m, k] @ [k, n]  ->  [.., m, n]
 *      [k] @ [k, n]  ->  [n]           [.., m, k] @ [.., k, n]: the leading axes are a batch, broadcast together
 *
 * A batch axis of size 1 is dropped from the operand rather than repeated. */
#include "builtin.h"

static Value error_sizes(Check *c, Loc loc, Value a, Loc a_loc, Value b, Loc b_loc,
			 const char *note)
{
	Message *m = check_error(c, loc, "sizes do not match in '@'");
	label_value(c, m, a_loc, a);
	label_value(c, m, b_loc, b);
	diag_note(m, (Loc){0}, "%s", note);
	return value_error();
}

/* an operand while it is being labelled: axes of size 1 that the other side repeats go */
typedef struct Side {
	const Size *size[MAX_RANK];
	int8_t label[MAX_RANK];
	int rank;
} Side;

static void keep(Side *s, const Size *size, int label)
{
	s->size[s->rank] = size;
	s->label[s->rank++] = (int8_t)label;
}

/* the batch axes of both, aligned at the last; false at the axis where they differ */
static bool batch(Check *c, const Type *a, int na, const Type *b, int nb, Side *sa, Side *sb,
		  Side *out, int *where)
{
	int n = na > nb ? na : nb;
	for (int i = 0; i < n; i++) {
		const Size *x = i >= n - na ? a->size[i - (n - na)] : NULL,
			   *y = i >= n - nb ? b->size[i - (n - nb)] : NULL;
		*where = i;
		if (x && y && !is_one(x) && !is_one(y) && !unify(c, x, y))
			return false;
		bool use_x = x && (y == NULL || !is_one(x) || is_one(y));
		bool use_y = y && (x == NULL || !is_one(y));
		if (use_x)
			keep(sa, x, i);
		if (use_y)
			keep(sb, y, i);
		keep(out, use_x ? x : y, i);
	}
	return true;
}

static Val *contract(Check *c, Loc loc, Val *a, const Side *sa, Val *b, const Side *sb,
		     const Side *out)
{
	Val *in[] = {reshape_val(c, loc, a, sa->rank, sa->size),
		     reshape_val(c, loc, b, sb->rank, sb->size)};
	Attr attr = {0};
	for (int i = 0; i < sa->rank; i++)
		attr.contraction.a[i] = sa->label[i];
	for (int i = 0; i < sb->rank; i++)
		attr.contraction.b[i] = sb->label[i];
	for (int i = 0; i < out->rank; i++)
		attr.contraction.out[i] = out->label[i];
	attr.contraction.nout = out->rank;
	return build_counted(c, loc, OP_contraction, 2, in, &attr);
}

static bool is_array(Check *c, Value v, Loc loc, Loc op_loc)
{
	if (v.kind == V_LIST || (v.kind == V_TENSOR && v.v->type->rank > 0))
		return true;
	Message *m = check_error(c, op_loc, "'@' takes arrays, not %s", value_text(c, v));
	label_value(c, m, loc, v);
	return false;
}

Value op_matmul(Check *c, Loc loc, Value a, Loc a_loc, Value b, Loc b_loc)
{
	if (!is_array(c, a, a_loc, loc) || !is_array(c, b, b_loc, loc))
		return value_error();
	Val *va = as_tensor(c, a_loc, a, DT_error),
	    *vb = va ? as_tensor(c, b_loc, b, DT_error) : NULL;
	if (vb == NULL)
		return value_error();
	const Type *ta = va->type, *tb = vb->type;
	DType t = arithmetic_dtype(promote(ta->dtype, tb->dtype));
	int na = ta->rank > 1 ? ta->rank - 2 : 0, nb = tb->rank > 1 ? tb->rank - 2 : 0;
	const Size *ka = ta->size[ta->rank - 1], *kb = tb->size[tb->rank > 1 ? tb->rank - 2 : 0];
	if (!unify(c, ka, kb))
		return error_sizes(c, loc, a, a_loc, b, b_loc,
				   arena_printf(c->arena,
						"the last size of the left side is %s, the %s size "
						"of the right side is %s",
						size_text(c->arena, size_resolve(c->arena, ka)),
						tb->rank <= 2 ? "first" : "second to last",
						size_text(c->arena, size_resolve(c->arena, kb))));
	Side sa = {.rank = 0}, sb = {.rank = 0}, out = {.rank = 0};
	int where, n = na > nb ? na : nb, row = n, col = n + 1, inner = n + 2;
	if (!batch(c, ta, na, tb, nb, &sa, &sb, &out, &where))
		return error_sizes(c, loc, a, a_loc, b, b_loc,
				   arena_printf(c->arena,
						"the sizes before the last two are a batch: %s on "
						"the left side, %s on the right side",
						shape_text(c, na, ta->size),
						shape_text(c, nb, tb->size)));
	if (ta->rank > 1) {
		keep(&sa, ta->size[ta->rank - 2], row);
		keep(&out, ta->size[ta->rank - 2], row);
	}
	keep(&sa, ka, inner);
	keep(&sb, kb, inner);
	if (tb->rank > 1) {
		keep(&sb, tb->size[tb->rank - 1], col);
		keep(&out, tb->size[tb->rank - 1], col);
	}
	va = build_cast(c->graph, loc, va, t);
	vb = build_cast(c->graph, loc, vb, t);
	return value_of(contract(c, loc, va, &sa, vb, &sb, &out));
}
