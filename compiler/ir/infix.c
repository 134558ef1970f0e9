/* infix.c -- a graph as the mathematics it stands for: `2 * x`, for people (modelc --print)
 *
 * Values used more than once are named first: `let v3 = exp(x - m)`.  Broadcasts are left out, as in the language. */
#include <string.h>

#include "ir.h"

/* how tightly an operator holds its operands, as in the language */
enum { P_OR = 1, P_AND, P_NOT, P_COMPARE, P_SUM, P_PRODUCT, P_NEG, P_POWER, P_ATOM };

static const struct {
	Op op;
	const char *text;
	int prec;
	bool right; /* groups to the right */
} infix_ops[] = {
	{OP_or, "or", P_OR, false},       {OP_and, "and", P_AND, false},   {OP_eq, "==", P_COMPARE, false},
	{OP_ne, "!=", P_COMPARE, false},  {OP_lt, "<", P_COMPARE, false},  {OP_le, "<=", P_COMPARE, false},
	{OP_gt, ">", P_COMPARE, false},   {OP_ge, ">=", P_COMPARE, false}, {OP_add, "+", P_SUM, false},
	{OP_sub, "-", P_SUM, false},      {OP_mul, "*", P_PRODUCT, false}, {OP_div, "/", P_PRODUCT, false},
	{OP_floordiv, "//", P_PRODUCT, false}, {OP_mod, "%", P_PRODUCT, false}, {OP_pow, "**", P_POWER, true},
};

typedef struct Infix {
	Arena *arena;
	const char **text; /* by id: what stands for the value where it is used */
	int *prec;
	int *uses;
} Infix;

static const char *wrapped(const Infix *x, const Val *v, int prec)
{
	const char *t = x->text[v->id];
	return x->prec[v->id] < prec ? arena_printf(x->arena, "(%s)", t) : t;
}

static const char *number_text(Arena *a, const Val *v)
{
	if (v->type->dtype == DT_bool) return v->attr.number.i ? "true" : "false";
	if (dtype_is_integer(v->type->dtype)) return arena_printf(a, "%lld", (long long)v->attr.number.i);
	for (int digits = 6; digits < 17; digits++) { /* the shortest that says it, as far as it matters to a reader */
		const char *t = arena_printf(a, "%.*g", digits, v->attr.number.f);
		double back;
		if (sscanf(t, "%lf", &back) == 1 && (back == v->attr.number.f || (v->type->dtype == DT_float32 && (float)back == (float)v->attr.number.f)))
			return t;
	}
	return arena_printf(a, "%.17g", v->attr.number.f);
}

static const char *axes_text(Arena *a, uint32_t axes, int rank)
{
	const char *t = "";
	int n = 0;
	for (int i = 0; i < rank; i++)
		if (axes >> i & 1) t = arena_printf(a, "%s%s%d", t, n++ ? ", " : "", i);
	return n == rank ? "" : n == 1 ? arena_printf(a, ", axis = %s", t) : arena_printf(a, ", axis = [%s]", t);
}

static const char *labels_text(Arena *a, const int8_t *label, int rank)
{
	const char *t = "";
	for (int i = 0; i < rank; i++) t = arena_printf(a, "%s%c", t, label[i] < 26 ? 'a' + label[i] : 'A' + label[i] - 26);
	return t;
}

static const char *sizes_text(Arena *a, const Type *t)
{
	const char *s = "";
	for (int i = 0; i < t->rank; i++) s = arena_printf(a, "%s%s%s", s, i ? ", " : "", size_text(a, t->size[i]));
	return arena_printf(a, "[%s]", s);
}

/* name(in0, in1, ...extra) */
static const char *call_text(const Infix *x, const Val *v, const char *name, const char *extra)
{
	const char *t = "";
	for (int i = 0; i < v->nin; i++) t = arena_printf(x->arena, "%s%s%s", t, i ? ", " : "", x->text[v->in[i]->id]);
	return arena_printf(x->arena, "%s(%s%s)", name, t, extra);
}

/* a[.., k] * b[k, ..] with the labels in order is the language's @ */
static bool is_matmul(const Val *v)
{
	int ra = v->in[0]->type->rank, rb = v->in[1]->type->rank, n = 0;
	const int8_t *a = v->attr.contraction.a, *b = v->attr.contraction.b, *o = v->attr.contraction.out;
	if (ra < 1 || ra > 2 || rb < 1 || rb > 2 || a[ra - 1] != b[0]) return false;
	if (ra == 2 && o[n++] != a[0]) return false;
	if (rb == 2 && o[n++] != b[1]) return false;
	return n == v->type->rank;
}

static const char *slice_text(const Infix *x, const Val *v)
{
	const Val *in = v->in[0];
	const char *t = "";
	for (int i = 0; i < in->type->rank; i++) {
		const Size *lo = v->attr.slice.start[i], *n = v->type->size[i];
		int64_t step = v->attr.slice.step[i], c;
		const char *at;
		if (step == 1 && size_is_const(lo, &c) && c == 0 && size_equal(n, in->type->size[i])) at = ":";
		else if (step == 1) at = arena_printf(x->arena, "%s : %s + %s", size_text(x->arena, lo), size_text(x->arena, lo), size_text(x->arena, n));
		else at = arena_printf(x->arena, "%s : : %lld", size_text(x->arena, lo), (long long)step);
		t = arena_printf(x->arena, "%s%s%s", t, i ? ", " : "", at);
	}
	return arena_printf(x->arena, "%s[%s]", wrapped(x, in, P_ATOM), t);
}

static const char *node_text(Infix *x, const Val *v, int *prec)
{
	Arena *a = x->arena;
	*prec = P_ATOM;
	for (size_t i = 0; i < sizeof infix_ops / sizeof *infix_ops; i++) {
		if (infix_ops[i].op != v->op) continue;
		int p = *prec = infix_ops[i].prec;
		return arena_printf(a, "%s %s %s", wrapped(x, v->in[0], p + infix_ops[i].right), infix_ops[i].text,
		                    wrapped(x, v->in[1], p + !infix_ops[i].right));
	}
	switch (v->op) {
	case OP_const: *prec = v->attr.number.f < 0 || v->attr.number.i < 0 ? P_NEG : P_ATOM; return number_text(a, v);
	case OP_arg: return v->attr.arg->name;
	case OP_var: return v->attr.var->name;
	case OP_size: *prec = v->attr.size->nterms > 1 ? P_SUM : P_PRODUCT; return size_text(a, v->attr.size);
	case OP_param: return arena_printf(a, "p%d", v->attr.param.index);
	case OP_neg: *prec = P_NEG; return arena_printf(a, "-%s", wrapped(x, v->in[0], P_NEG));
	case OP_not: *prec = P_NOT; return arena_printf(a, "not %s", wrapped(x, v->in[0], P_NOT));
	case OP_cast: return call_text(x, v, dtype_name(v->type->dtype), "");
	case OP_broadcast: *prec = x->prec[v->in[0]->id]; return x->text[v->in[0]->id];
	case OP_select: return call_text(x, v, "where", "");
	case OP_iota: return arena_printf(a, "arange(%s)", size_text(a, v->type->size[0]));
	case OP_reshape: return call_text(x, v, "reshape", arena_printf(a, ", %s", sizes_text(a, v->type)));
	case OP_reduce: {
		static const char *const name[] = {"sum", "prod", "max", "min", "all", "any", "argmax", "argmin"};
		return call_text(x, v, name[v->attr.reduce.kind], axes_text(a, v->attr.reduce.axes, v->in[0]->type->rank));
	}
	case OP_transpose: {
		const char *t = "";
		bool reversed = true;
		for (int i = 0; i < v->type->rank; i++) {
			t = arena_printf(a, "%s%s%d", t, i ? ", " : "", v->attr.transpose.perm[i]);
			reversed = reversed && v->attr.transpose.perm[i] == v->type->rank - 1 - i;
		}
		return call_text(x, v, "transpose", reversed ? "" : arena_printf(a, ", [%s]", t));
	}
	case OP_contraction:
		if (is_matmul(v)) {
			*prec = P_PRODUCT;
			return arena_printf(a, "%s @ %s", wrapped(x, v->in[0], P_PRODUCT), wrapped(x, v->in[1], P_POWER));
		}
		return arena_printf(a, "einsum(\"%s,%s->%s\", %s, %s)", labels_text(a, v->attr.contraction.a, v->in[0]->type->rank),
		                    labels_text(a, v->attr.contraction.b, v->in[1]->type->rank), labels_text(a, v->attr.contraction.out, v->type->rank),
		                    x->text[v->in[0]->id], x->text[v->in[1]->id]);
	case OP_slice: return slice_text(x, v);
	case OP_get: return arena_printf(a, "%s.%d", wrapped(x, v->in[0], P_ATOM), v->attr.get.index);
	default: return call_text(x, v, op_info(v->op)->name, "");
	}
}

static bool is_leaf(const Val *v)
{
	return v->op == OP_const || v->op == OP_arg || v->op == OP_var || v->op == OP_size || v->op == OP_param || v->op == OP_iota ||
	       (v->op == OP_broadcast && is_leaf(v->in[0]));
}

static void count_uses(const Val *v, int *uses)
{
	/* operands come first, so one sweep from the back over what is used suffices: see print_infix */
	for (int i = 0; i < v->nin; i++) uses[v->in[i]->id]++;
}

void print_infix(Writer *w, Arena *arena, const Graph *g, const char *const *result_name)
{
	int n = 0;
	for (int i = 0; i < g->vals.len; i++)
		if (g->vals.data[i]->id >= n) n = g->vals.data[i]->id + 1;
	Infix x = {arena, NEW_ARRAY(arena, const char *, n + 1), NEW_ARRAY(arena, int, n + 1), NEW_ARRAY(arena, int, n + 1)};
	for (int i = 0; i < g->results.len; i++) x.uses[g->results.data[i]->id]++;
	for (int i = g->vals.len - 1; i >= 0; i--)
		if (x.uses[g->vals.data[i]->id]) count_uses(g->vals.data[i], x.uses);
	for (int i = 0; i < g->vals.len; i++) {
		const Val *v = g->vals.data[i];
		if (!x.uses[v->id]) continue;
		x.text[v->id] = node_text(&x, v, &x.prec[v->id]);
		if ((x.uses[v->id] > 1 && !is_leaf(v) && v->op != OP_broadcast) || strlen(x.text[v->id]) > 400) {
			const char *name = arena_printf(arena, "v%d", v->id);
			put(w, "let %s = %s\n", name, x.text[v->id]);
			x.text[v->id] = name;
			x.prec[v->id] = P_ATOM;
		}
	}
	for (int i = 0; i < g->results.len; i++) {
		if (result_name && !result_name[i]) continue;
		const char *t = x.text[g->results.data[i]->id];
		if (result_name && *result_name[i]) put(w, "%s = %s\n", result_name[i], t);
		else put(w, "%s\n", t);
	}
}
