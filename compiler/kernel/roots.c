/* roots.c -- which values get memory
 *
 * Reductions, contractions and the like are computed into buffers.  An elementwise value or a view
 * is written into its consumers, unless it costs more than a load and is taken more than once. */
#include "tile.h"

enum { DEAR = 4, DEAR_OPERAND = 3, DEAR_OF_FEW = 2 };

Info *info_of(const Scope *s, const Val *v)
{
	if (v->graph != s->graph)
		internal_error("a value of another graph in a region");
	return &s->info[v->id];
}

static int own_cost(Op op)
{
	switch (op) {
	case OP_const:
	case OP_size:
	case OP_arg:
	case OP_var:
	case OP_param:
	case OP_get:
	case OP_iota:
	case OP_reshape:
	case OP_transpose:
	case OP_broadcast:
	case OP_slice:
	case OP_windows:
	case OP_stop_gradient:
	case OP_grad_clip:
	case OP_grad_scale: return 0;
	case OP_neg:
	case OP_add:
	case OP_sub:
	case OP_mul:
	case OP_max:
	case OP_min:
	case OP_abs:
	case OP_eq:
	case OP_ne:
	case OP_lt:
	case OP_le:
	case OP_gt:
	case OP_ge:
	case OP_and:
	case OP_or:
	case OP_not:
	case OP_select:
	case OP_cast:
	case OP_gather:
	case OP_pad: return 1;
	case OP_div:
	case OP_sqrt:
	case OP_floordiv:
	case OP_mod: return DEAR;
	case OP_random_bits: return 20;
	default: return 10;
	}
}

static void use(Scope *s, const Val *v, uint64_t needs)
{
	Info *info = info_of(s, v);
	info->uses++;
	info->needs |= needs;
}

/* the last axis lies along lanes in a result that only this operand has it from, so tiles will too */
static bool has_lanes(const Val *v, int k, const Val *pad)
{
	const int8_t *label = k ? v->attr.contraction.b : v->attr.contraction.a;
	const Contraction c = contraction_of(v);
	int last = pad->type->rank - 1, l = label[last];
	int64_t n, lo, hi;
	return size_is_const(pad->type->size[last], &n) && n % LANES == 0 && c.out[c.nout - 1] == l && !(c.has[1 - k] >> l & 1) &&
	       size_is_const(pad->attr.pad.lo[last], &lo) && size_is_const(pad->attr.pad.hi[last], &hi) && lo == 0 && hi == 0;
}

/* only one sum over windows takes the padded value, and its bounds leave out the padding */
static bool is_bare(Scope *s, const Val *pad)
{
	const Val *x = pad, *v = NULL;
	if (s->L->options->target->gpu)
		return false;
	while (info_of(s, x)->uses == 1 && (v = info_of(s, x)->user) && v->op == OP_windows)
		x = v;
	if (info_of(s, x)->uses != 1 || !v || v->op != OP_contraction || !v->attr.contraction.nout ||
	    !dtype_is_float(v->type->dtype) || wants_product(s, v))
		return false;
	int k = v->in[1] == x;
	return padded_operand(v, k) == pad && has_lanes(v, k, pad);
}

/* what v asks of its operands */
static void use_operands(Scope *s, const Val *v)
{
	uint64_t needs = info_of(s, v)->needs;
	if (v->op == OP_get) {
		Info *tuple = info_of(s, v->in[0]);
		if (!tuple->asked)
			tuple->asked = NEW_ARRAY(s->L->arena, bool, v->in[0]->type->nitems);
		tuple->asked[v->attr.get.index] = true;
	}
	if (v->op == OP_pad && is_bare(s, v)) {
		info_of(s, v)->bare = true;
		info_of(s, v)->want_buffer = false;
	}
	for (int k = 0; k < v->nin; k++) {
		Info *in = info_of(s, v->in[k]);
		if (in->user != v) /* an operand that stands there twice is used once */
			use(s, v->in[k], needs);
		in->user = v;
		in->few += is_few(v);
		if (v->op == OP_scan && k >= v->attr.scan.ncarry)
			in->want_buffer = true;
		if (v->op == OP_if && k > 0)
			in->want_buffer = true;
		/* each element is taken by many windows: no bounds tested each time */
		if (v->op == OP_windows && v->in[k]->op == OP_pad)
			in->want_buffer = true;
		/* nor here, where the padding is not made */
		if (v->op == OP_pad && info_of(s, v)->bare)
			in->want_buffer = true;
		in->want_buffer = in->want_buffer || wants_product(s, v);
		if (v->op == OP_contraction || v->op == OP_windows || v->op == OP_scatter_add || v->op == OP_scatter_set)
			in->spread = true;
		if (v->op == OP_broadcast && !size_equal(type_count(s->L->arena, v->type), type_count(s->L->arena, v->in[k]->type)))
			in->spread = true;
		if (op_info(v->op)->elementwise && v->type->rank > 0 && v->in[k]->type->rank == 0)
			in->spread = true;
	}
}

static bool is_host(Scope *s, const Val *v)
{
	if (v->type->rank > 0 || v->type->dtype == DT_tuple)
		return false;
	switch (v->op) {
	case OP_const:
	case OP_size:
	case OP_arg: return true;
	case OP_var: return s->outer == NULL;
	case OP_random_bits: return true;
	case OP_param: return info_of(s, v)->scalar != NULL;
	case OP_reshape:
	case OP_broadcast:
	case OP_transpose: break;
	default:
		if (!op_info(v->op)->elementwise)
			return false;
	}
	for (int k = 0; k < v->nin; k++)
		if (!info_of(s, v->in[k])->host)
			return false;
	return true;
}

static bool keeps_axes(const Val *v, uint32_t axes)
{
	int64_t c;
	for (int i = 0; i < v->type->rank; i++)
		if (axes >> i & 1 && (!size_is_const(v->attr.slice.start[i], &c) || c != 0 || v->attr.slice.step[i] != 1 ||
				      !size_equal(v->type->size[i], v->in[0]->type->size[i])))
			return false;
	return true;
}

/* a reshape of what stands before these axes, which are the last */
static bool keeps_last(const Val *v, uint32_t axes)
{
	const Type *from = v->in[0]->type, *to = v->type;
	for (int i = 0; i < to->rank && axes & ((UINT32_C(1) << (to->rank - i)) - 1); i++)
		if (i >= from->rank || !size_equal(to->size[to->rank - 1 - i], from->size[from->rank - 1 - i]))
			return false;
	return true;
}

/* with digits of a flat index for these axes its element is a load at that index, or made of such */
static bool is_flat(Scope *s, const Val *v, uint32_t axes)
{
	const Info *info = info_of(s, v);
	if (v->type->rank == 0 || info->root || info->buffered)
		return true;
	if (v->op == OP_slice && keeps_axes(v, axes))
		return is_flat(s, v->in[0], axes);
	if (v->op == OP_reshape && keeps_last(v, axes)) {
		const int more = v->in[0]->type->rank - v->type->rank;
		return is_flat(s, v->in[0], more > 0 ? axes << more : axes >> -more);
	}
	if (!op_info(v->op)->elementwise)
		return false;
	for (int k = 0; k < v->nin; k++)
		if (!is_flat(s, v->in[k], axes))
			return false;
	return true;
}

/* the last axis is long and not merged: digits are those of whole vectors of elements */
static bool keeps_lanes(const Type *t, uint32_t merged)
{
	int64_t n;
	return t->rank && !(merged >> (t->rank - 1) & 1) && size_is_const(t->size[t->rank - 1], &n) && n >= LANES;
}

/* an element can be had at any index, also one that is read from memory */
static bool any_index(Scope *s, const Val *v)
{
	const Info *info = info_of(s, v);
	if (info->root || info->buffered || v->type->rank == 0)
		return true;
	if (v->op == OP_random_bits)
		return false;
	for (int k = 0; k < v->nin; k++)
		if (!any_index(s, v->in[k]))
			return false;
	return true;
}

bool can_inline_pad(const Val *v)
{
	for (int i = 0; i < v->type->rank; i++)
		if (v->attr.pad.gap[i])
			return false;
	return true;
}

static void make_root(Scope *s, const Val *v)
{
	Info *info = info_of(s, v);
	if (!info->buffered && !info->host && !info->scalar)
		info->root = true;
}

/* a scalar far down a chain of scalars gets a name, so that no expression is deeper than that */
static void name_deep(Scope *s, const Val *v)
{
	enum { DEEP = 30 };
	Info *info = info_of(s, v);
	for (int k = 0; k < v->nin; k++)
		if (info_of(s, v->in[k])->depth >= info->depth)
			info->depth = info_of(s, v->in[k])->depth + 1;
	if (info->depth < DEEP || info->uses == 0 || info->scalar)
		return;
	Build *b = build_new(s->L, s, NULL);
	info->scalar = hoisted(b, element(b, v, NULL), v->name);
	info->depth = 0;
}

static void decide(Scope *s, const Val *v)
{
	Info *info = info_of(s, v);
	Lower *L = s->L;
	info->buffered |= v->op == OP_get || v->op == OP_param || v->op == OP_var ||
			  (v->op == OP_arg && v->type->rank > 0);
	info->host = is_host(s, v);
	if (v->op == OP_var) {
		info->buf = L->plan->vars.data[v->attr.var->index];
		L->plan->reads[v->attr.var->index] |= info->uses > 0;
	}
	if (v->op == OP_arg && v->type->rank > 0)
		info->buf = L->plan->args.data[v->attr.arg->index];
	if (info->host)
		name_deep(s, v);
	if (info->host || info->buffered || info->uses == 0)
		return;
	info->cost = own_cost(v->op);
	uint32_t merged = v->op == OP_reshape ? reshape_merges(L->arena, v->in[0]->type, v->type) : 0;
	if (merged && info->few < info->uses && !keeps_lanes(v->in[0]->type, merged) && !is_flat(s, v->in[0], merged))
		make_root(s, v->in[0]);
	bool reads_index = v->op == OP_gather || (v->op == OP_slice && v->nin > 1);
	if ((reads_index || merged) && !any_index(s, v->in[0]))
		make_root(s, v->in[0]);
	if (v->op == OP_contraction && can_inline_contraction(v))
		info->cost = DEAR;
	for (int k = 0; k < v->nin; k++)
		if (!info_of(s, v->in[k])->root)
			info->cost += info_of(s, v->in[k])->cost;
	if (info->cost > 1000)
		info->cost = 1000;
	int dear = info->spread && v->type->rank > 1 ? DEAR_OPERAND : DEAR;
	/* of a few that are compared: scalars where they are written into that, vectors where they are stored */
	int often = info->few && info->few < info->uses ? DEAR_OF_FEW : DEAR;
	if (!can_inline(v) || (v->op == OP_pad && !can_inline_pad(v)) ||
	    (v->op == OP_contraction && !can_inline_contraction(v)) || info->want_buffer ||
	    info->cost > 200 || (info->uses > 1 && info->cost >= often) || (info->spread && info->cost >= dear))
		make_root(s, v);
}

void find_roots(Scope *s)
{
	const Graph *g = s->graph;
	for (int i = 0; i < g->results.len; i++) {
		uint64_t needs = s->outer ? s->needs : i < s->L->func->outs.len && i < 63 ? UINT64_C(1) << i : ALWAYS;
		use(s, g->results.data[i], needs);
	}
	for (int i = g->vals.len - 1; i >= 0; i--)
		if (s->info[i].uses > 0)
			use_operands(s, g->vals.data[i]);
	for (int i = 0; i < g->vals.len; i++)
		decide(s, g->vals.data[i]);
}
