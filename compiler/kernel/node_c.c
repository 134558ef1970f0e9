/* node_c.c -- values as C expressions: loads, numbers, rows; scalars, or vectors of a tile's lanes */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "print_c.h"

Text number_c(Arena *arena, DType dtype, double f, int64_t i)
{
	if (dtype_is_float(dtype)) {
		bool single = dtype != DT_float64;
		if (isnan(f))
			return (Text){single ? "NAN" : "(double)NAN", PREC_UNARY};
		if (isinf(f))
			return (Text){single ? f < 0 ? "-INFINITY" : "INFINITY" : f < 0 ? "-(double)INFINITY" : "(double)INFINITY",
			              single && f > 0 ? PREC_ATOM : PREC_UNARY};
		const char *s = single ? arena_printf(arena, "%.9g", (double)(float)f) : arena_printf(arena, "%.17g", f);
		/* the shortest text that reads back as the same number, without an exponent where it is of common size */
		int digits = 1;
		for (double x = fabs(f); x >= 10 && x < 1e7; x /= 10)
			digits++;
		for (; digits < (single ? 9 : 17); digits++) {
			const char *t = arena_printf(arena, "%.*g", digits, f);
			if (single ? strtof(t, NULL) == (float)f : strtod(t, NULL) == f) {
				s = t;
				break;
			}
		}
		const char *point = strpbrk(s, ".e") ? "" : ".0";
		return (Text){arena_printf(arena, "%s%s%s", s, point, single ? "f" : ""), signbit(f) ? PREC_UNARY : PREC_ATOM};
	}
	int prec = i < 0 ? PREC_UNARY : PREC_ATOM;
	switch (dtype) {
	case DT_uint64: return (Text){arena_printf(arena, "UINT64_C(%" PRIu64 ")", (uint64_t)i), PREC_ATOM};
	case DT_uint32: return (Text){arena_printf(arena, "%" PRIu32 "u", (uint32_t)i), PREC_ATOM};
	case DT_int32:
		if (i == INT32_MIN)
			return (Text){"INT32_MIN", PREC_ATOM};
		break;
	default:
		if (i == INT64_MIN)
			return (Text){"INT64_MIN", PREC_ATOM};
		if (i > INT32_MAX || i < -INT32_MAX)
			return (Text){arena_printf(arena, "INT64_C(%" PRId64 ")", i), PREC_ATOM};
		break;
	}
	return (Text){arena_printf(arena, "%" PRId64, i), prec};
}

static bool is_float64(DType t)
{
	return t == DT_float64 || t == DT_int64;
}

const char *vector_suffix(Stage *s, DType dtype)
{
	return arena_printf(s->p->arena, "%s%dx%d", dtype == DT_bool || !dtype_is_float(dtype) ? "i" : "f",
	                    is_float64(dtype) ? 64 : 32, s->width);
}

const char *node_ctype(Stage *s, const NodeInfo *n)
{
	const Node *node = n->node;
	if (n->vector) {
		DType dtype = node->dtype;
		/* a mask is as wide as what was compared */
		if (dtype == DT_bool && node->kind == NODE_ROW)
			dtype = s->nodes.data[n->arg[n->nargs - 1]].node->dtype == DT_float64 ? DT_int64 : DT_int32;
		return arena_printf(s->p->arena, "mc_%s", vector_suffix(s, dtype));
	}
	return node->dtype == DT_bool ? "int" : dtype_ctype(node->dtype);
}

typedef struct Search {
	int id;
	bool found;
} Search;

static void seek(void *data, const Atom *a)
{
	Search *s = data;
	s->found |= a->kind == ATOM_AXIS && a->axis_id == s->id;
}

bool size_speaks_of(const Size *size, int axis_id)
{
	Search s = {axis_id, false};
	visit_size_atoms(size, seek, &s);
	return s.found;
}

bool access_speaks_of(const Access *a, int axis_id)
{
	for (int d = 0; d < a->buffer->rank; d++)
		if (a->index[d].affine && size_speaks_of(a->index[d].affine, axis_id))
			return true;
	return false;
}

bool node_speaks_of(const Node *n, int axis_id)
{
	if (size_speaks_of(n->index, axis_id))
		return true;
	for (int i = 0; i < n->nargs; i++)
		if (node_speaks_of(n->arg[i], axis_id))
			return true;
	if (n->kind != NODE_LOAD)
		return false;
	for (int d = 0; d < n->load.buffer->rank; d++) {
		const KIndex *k = &n->load.index[d];
		if (size_speaks_of(k->affine, axis_id) || (k->gathered && node_speaks_of(k->gathered, axis_id)))
			return true;
	}
	for (int i = 0; i < n->load.npreds; i++)
		if (size_speaks_of(n->load.pred[i].p, axis_id))
			return true;
	return false;
}

bool is_byte_load(const Node *n)
{
	return n->op == OP_cast && n->dtype == DT_float32 && n->arg[0]->kind == NODE_LOAD && n->arg[0]->dtype == DT_uint8;
}

/* an index that a node gives: int64, or what widens to it where it is only added */
static Text gathered_c(Stage *s, int node, bool scaled)
{
	const NodeInfo *n = &s->nodes.data[node];
	/* a cast to int64 of what widens to it by itself */
	if (!n->name && n->node->kind == NODE_ROW && n->node->op == OP_cast && n->node->dtype == DT_int64) {
		DClass from = dtype_class(s->nodes.data[n->arg[0]].node->dtype);
		if (from == CLASS_INT || from == CLASS_UINT)
			return gathered_c(s, n->arg[0], scaled);
	}
	Text t = node_use(s, node);
	DType dtype = n->node->dtype;
	if (dtype == DT_int64 || (!scaled && dtype_bytes(dtype) < 8 && !(dtype == DT_uint32)))
		return t;
	return (Text){arena_printf(s->p->arena, "(int64_t)%s", text_in(s->p->arena, t, PREC_UNARY)), PREC_UNARY};
}

static Text index_c(Stage *s, const Access *a, const int *gathered, int d, bool scaled)
{
	CPrinter *p = s->p;
	Text affine = a->index[d].affine ? size_in(p, a->index[d].affine) : (Text){"0", PREC_ATOM};
	if (!a->index[d].gathered)
		return affine;
	Text g = gathered_c(s, gathered[d], scaled);
	if (strcmp(affine.s, "0") == 0)
		return g;
	return (Text){arena_printf(p->arena, "%s + %s", affine.s, text_in(p->arena, g, PREC_SUM)), PREC_SUM};
}

/* x as a factor: x * y, but for 1 */
static Text scaled_c(CPrinter *p, Text x, const Size *y)
{
	int64_t one;
	if (size_is_const(y, &one) && one == 1)
		return x;
	return (Text){arena_printf(p->arena, "%s * %s", text_in(p->arena, x, PREC_PRODUCT),
	                           text_in(p->arena, size_in(p, y), PREC_UNARY)),
	              PREC_PRODUCT};
}

/* row-major: (i * n + j) * m + k.  What is constant so far is kept as a size; extents after an index 0 are multiplied. */
static Text flat_c(Stage *s, const Access *a, const int *gathered)
{
	CPrinter *p = s->p;
	const Buffer *b = a->buffer;
	Text flat = {NULL, PREC_ATOM};
	const Size *known = size_const(p->arena, 0), *factor = size_const(p->arena, 1);
	for (int d = 0; d < b->rank; d++) {
		const Size *extent = b->extent[d].size;
		if (b->where != WHERE_ARG)
			extent = size_const(p->arena, extent_max(p, &b->extent[d]));
		if (flat.s)
			factor = size_mul(p->arena, factor, extent);
		else
			known = size_mul(p->arena, known, extent);
		const Size *at = a->index[d].gathered ? NULL : resolve_axes(p, a->index[d].affine);
		if (at && size_is_const(at, NULL) && size_is_const(known, NULL) && !flat.s) {
			known = size_add(p->arena, known, at);
			continue;
		}
		if (at && at->nterms == 0)
			continue;
		bool last = true;
		for (int e = d + 1; e < b->rank; e++)
			last &= b->extent[e].size && size_equal(b->extent[e].size, size_const(p->arena, 1));
		Text i = index_c(s, a, gathered, d, !last);
		if (!flat.s && known->nterms == 0) {
			flat = i;
			continue;
		}
		flat = scaled_c(p, flat.s ? flat : size_in(p, known), factor);
		factor = size_const(p->arena, 1);
		flat = (Text){arena_printf(p->arena, "%s + %s", flat.s, i.s), PREC_SUM};
	}
	return flat.s ? scaled_c(p, flat, factor) : size_in(p, known);
}

/* every index is known to stay in its row */
static bool stays_in_rows(CPrinter *p, const Access *a)
{
	for (int d = 1; d < a->buffer->rank; d++) {
		const Size *i = a->index[d].affine;
		const Size *last = size_const(p->arena, extent_max(p, &a->buffer->extent[d]) - 1);
		bool vectors = a->buffer->where == WHERE_REG && a->buffer->lanes && d == a->buffer->rank - 1;
		if (!vectors && (a->index[d].gathered || !at_least_0(p, i) || !at_least_0(p, size_sub(p->arena, last, i))))
			return false;
	}
	return true;
}

static Text strided_c(Stage *s, const Access *a, const int *gathered)
{
	CPrinter *p = s->p;
	const Size *affine = size_const(p->arena, 0);
	const char *more = "";
	for (int d = 0; d < a->buffer->rank; d++) {
		const Size *stride = a->buffer->stride[d];
		if (a->index[d].affine)
			affine = size_add(p->arena, affine, size_mul(p->arena, resolve_axes(p, a->index[d].affine), stride));
		int64_t one;
		if (!a->index[d].gathered)
			continue;
		Text g = gathered_c(s, gathered[d], true);
		if (size_is_const(stride, &one) && one == 1)
			more = arena_printf(p->arena, "%s + %s", more, text_in(p->arena, g, PREC_SUM));
		else
			more = arena_printf(p->arena, "%s + %s * %s", more, text_in(p->arena, g, PREC_PRODUCT),
			                    text_in(p->arena, size_in(p, stride), PREC_UNARY));
	}
	Text t = size_in(p, affine);
	if (!*more)
		return t;
	if (strcmp(t.s, "0") == 0)
		return (Text){more + 3, PREC_SUM};
	return (Text){arena_printf(p->arena, "%s%s", t.s, more), PREC_SUM};
}

Text address_of(Arena *a, const char *element)
{
	const size_t len = strlen(element);
	if (len > 3 && strcmp(element + len - 3, "[0]") == 0)
		return (Text){arena_strndup(a, element, len - 3), PREC_ATOM};
	return (Text){arena_printf(a, "&%s", element), PREC_UNARY};
}

Text access_c(Stage *s, const Access *a, const int *gathered, bool vector)
{
	CPrinter *p = s->p;
	const Buffer *b = a->buffer;
	const BufferName *bn = buffer_name(p, b);
	if (b->where == WHERE_ARG) {
		if (b->rank == 0)
			return vector ? (Text){bn->name, PREC_ATOM} : (Text){arena_printf(p->arena, "*%s", bn->name), PREC_UNARY};
		Text flat = b->stride[0] ? strided_c(s, a, gathered) : flat_c(s, a, gathered);
		return (Text){arena_printf(p->arena, "%s%s[%s]", vector ? "&" : "", bn->name, flat.s), vector ? PREC_UNARY : PREC_ATOM};
	}
	if (bn->pointer)
		return (Text){arena_printf(p->arena, "*%s", bn->name), PREC_UNARY};
	const char *t = b->where == WHERE_PRIVATE ? arena_printf(p->arena, "MC_OWN(%s)", bn->name) : bn->name;
	if (b->where == WHERE_STACK && !is_flat(p, b) && !stays_in_rows(p, a)) {
		push(p->arena, &p->flat, b);
		p->found_flat = true;
	}
	if (is_flat(p, b))
		return (Text){arena_printf(p->arena, "%s%s[%s]", vector ? "&" : "", t, flat_c(s, a, gathered).s),
		              vector ? PREC_UNARY : PREC_ATOM};
	for (int d = 0; d < b->rank; d++) {
		if (b->where == WHERE_REG && b->lanes && d == b->rank - 1) {
			int64_t extent = extent_max(p, &b->extent[d]);
			if (extent != vector_width(p, b->dtype, extent, b->extent[d].cut)) /* of one vector: no index */
				t = arena_printf(p->arena, "%s[%s]", t, s->lane_loop ? s->lane_loop : "0");
			break;
		}
		t = arena_printf(p->arena, "%s[%s]", t, index_c(s, a, gathered, d, false).s);
	}
	return vector && b->where != WHERE_REG ? address_of(p->arena, t) : (Text){t, PREC_ATOM};
}

/* left - right is the size, and no term has a minus */
static void sides(CPrinter *p, const Size *size, const Size **left, const Size **right)
{
	size = resolve_axes(p, size);
	*left = *right = size_const(p->arena, 0);
	for (int i = 0; i < size->nterms; i++) {
		const Size *term = &(Size){1, &size->term[i]};
		if (size->term[i].coef > 0)
			*left = size_add(p->arena, *left, term);
		else
			*right = size_sub(p->arena, *right, term);
	}
}

const char *preds_c(Stage *s, int n, const Pred *pred)
{
	CPrinter *p = s->p;
	const char *all = "";
	for (int i = 0; i < n; i++) {
		for (int side = 0; side < 2; side++) {
			const Size *bound = side ? pred[i].hi : pred[i].lo;
			if (!bound)
				continue;
			/* what holds for every size and index is not asked */
			const Size *slack = side ? size_sub(p->arena, size_sub(p->arena, bound, pred[i].p), size_const(p->arena, 1))
			                         : size_sub(p->arena, pred[i].p, bound);
			if (slack && at_least_0(p, slack))
				continue;
			const Size *left, *right;
			sides(p, size_sub(p->arena, pred[i].p, bound), &left, &right);
			all = arena_printf(p->arena, "%s%s%s %s %s", all, *all ? " && " : "", size_in(p, left).s,
			                   side ? "<" : ">=", size_in(p, right).s);
		}
	}
	return *all ? all : NULL;
}

static Text load_c(Stage *s, const NodeInfo *n)
{
	CPrinter *p = s->p;
	const Access *a = &n->node->load;
	Text t = access_c(s, a, n->gathered, n->vector);
	if (n->vector && a->buffer->where != WHERE_REG) {
		const char *from = n->node->dtype == DT_float32 || n->node->dtype == DT_float64
		                           ? ""
		                           : arena_printf(p->arena, "%s_", dtype_suffix(n->node->dtype));
		DType as = n->node->dtype == DT_float64 ? DT_float64 : DT_float32;
		t = (Text){arena_printf(p->arena, "mc_load_%s%s(%s)", from, vector_suffix(s, as), t.s), PREC_ATOM};
	}
	const char *when = preds_c(s, a->npreds, a->pred);
	if (!when)
		return t;
	Text other = number_c(p->arena, n->node->dtype, a->other, (int64_t)a->other);
	if (n->vector)
		other = (Text){arena_printf(p->arena, "mc_splat_%s(%s)", vector_suffix(s, n->node->dtype), other.s), PREC_ATOM};
	return (Text){arena_printf(p->arena, "%s ? %s : %s", when, t.s, other.s), PREC_TERNARY};
}

static bool splats(const char *text)
{
	return strstr(text, "MC_") || strpbrk(text, "<>=!&|");
}

static Text vector_row_c(Stage *s, const NodeInfo *n)
{
	CPrinter *p = s->p;
	const Node *node = n->node;
	const NodeInfo *last = &s->nodes.data[n->arg[n->nargs - 1]];
	if (node->op == OP_cast) {
		if (last->node->kind == NODE_LOAD && node->dtype == DT_float32 && last->node->dtype == DT_uint8 && last->vector)
			return node_use(s, n->arg[0]); /* bytes are loaded as floats */
		internal_error("kernel %s: a cast in a lanes tile that is no load of bytes", p->kernel->name);
	}
	const OpInfo *info = op_info(node->op);
	if (!info->vector)
		internal_error("kernel %s: %s has no vector form: it needs a simd nest", p->kernel->name, info->name);
	DType type = last->node->dtype == DT_bool ? DT_float32 : last->node->dtype;
	const char *suffix = vector_suffix(s, type);
	Text arg[3];
	for (int i = 0; i < n->nargs; i++) {
		arg[i] = node_use(s, n->arg[i]);
		if (!s->nodes.data[n->arg[i]].vector && splats(info->value)) {
			if (s->nodes.data[n->arg[i]].node->dtype == DT_bool)
				internal_error("kernel %s: a scalar condition in a lanes tile", p->kernel->name);
			arg[i] = (Text){arena_printf(p->arena, "mc_splat_%s(%s)", suffix, arg[i].s), PREC_ATOM};
		}
	}
	return row_c(p->arena, node->op, node->dtype, type, n->nargs, arg, suffix);
}

static Text negated_c(CPrinter *p, DType dtype, Text t)
{
	return row_c(p->arena, OP_neg, dtype, dtype, 1, &t, NULL);
}

/* a product by the name of a function, with what comes after its factors */
static Text called_c(Stage *s, const char *name, int product, bool minus, const char *rest, bool vector)
{
	CPrinter *p = s->p;
	const NodeInfo *n = &s->nodes.data[product];
	const char *suffix = vector ? vector_suffix(s, n->node->dtype) : dtype_suffix(n->node->dtype);
	const char *factor[2];
	for (int i = 0; i < 2; i++) {
		Text t = node_use(s, n->arg[i]);
		if (minus && i == 0)
			t = negated_c(p, n->node->dtype, t);
		bool splat = vector && !s->nodes.data[n->arg[i]].vector;
		factor[i] = splat ? arena_printf(p->arena, "mc_splat_%s(%s)", suffix, t.s) : t.s;
	}
	return (Text){arena_printf(p->arena, "mc_%s_%s(%s, %s%s)", name, suffix, factor[0], factor[1], rest), PREC_ATOM};
}

Text fma_c(Stage *s, int product, bool minus, Text other, bool vector)
{
	const NodeInfo *n = &s->nodes.data[product];
	if (n->node->op == OP_neg)
		return fma_c(s, n->arg[0], !minus, other, vector);
	return called_c(s, "fma", product, minus, arena_printf(s->p->arena, ", %s", other.s), vector);
}

static Text fused_sum_c(Stage *s, const NodeInfo *n)
{
	CPrinter *p = s->p;
	int product = n->fused - 1, rest = n->arg[!product];
	bool minus = n->node->op == OP_sub;
	Text other = node_use(s, rest);
	if (minus && product == 0)
		other = negated_c(p, n->node->dtype, other);
	if (n->vector && !s->nodes.data[rest].vector)
		other = (Text){arena_printf(p->arena, "mc_splat_%s(%s)", vector_suffix(s, n->node->dtype), other.s), PREC_ATOM};
	return fma_c(s, n->arg[product], minus && product == 1, other, n->vector);
}

Text random_c(Arena *arena, const Node *node, Text element, const char *loop)
{
	return (Text){arena_printf(arena, "mc_random_%s(seed, call, %" PRIu32 "u, %s, (uint64_t)%s)", dtype_suffix(node->dtype), node->place,
	                           loop, text_in(arena, element, PREC_UNARY)),
	              PREC_ATOM};
}

static bool is_divided(const Node *n, int64_t *by)
{
	if (n->kind != NODE_ROW || n->dtype != DT_int64 || (n->op != OP_floordiv && n->op != OP_mod))
		return false;
	const Node *d = n->arg[1];
	*by = d->i;
	return (d->kind == NODE_CONST || (d->kind == NODE_INDEX && size_is_const(d->index, by))) && *by > 0 && *by <= INT32_MAX;
}

/* 0 and more, and 31 bits hold it */
static bool is_short(CPrinter *p, const Node *n)
{
	int64_t by;
	if (is_divided(n, &by))
		return is_short(p, n->arg[0]);
	return n->kind == NODE_INDEX && at_least_0(p, n->index) && at_least_0(p, size_sub(p->arena, size_const(p->arena, INT32_MAX), n->index));
}

/* a digit of an index: a GPU takes many instructions to divide 64 bits */
static bool digit_c(Stage *s, const NodeInfo *n, Text *t)
{
	int64_t by;
	if (!s->p->target->gpu || !is_divided(n->node, &by) || !is_short(s->p, n->node->arg[0]))
		return false;
	*t = (Text){arena_printf(s->p->arena, "mc_%s_short(%s, %" PRId64 ")", n->node->op == OP_mod ? "mod" : "div", node_use(s, n->arg[0]).s, by), PREC_ATOM};
	return true;
}

Text node_c(Stage *s, int number)
{
	const NodeInfo *n = &s->nodes.data[number];
	const Node *node = n->node;
	CPrinter *p = s->p;
	switch (node->kind) {
	case NODE_LOAD: return load_c(s, n);
	case NODE_CONST: return number_c(p->arena, node->dtype, node->f, node->i);
	case NODE_UNIFORM: return (Text){node->uniform, PREC_ATOM};
	case NODE_INDEX: return size_in(p, node->index);
	case NODE_RANDOM: return random_c(p->arena, node, size_in(p, node->index), "loop");
	case NODE_ROW: break;
	}
	Text t;
	if (digit_c(s, n, &t))
		return t;
	if (n->fused) {
		t = fused_sum_c(s, n);
	} else if (n->rounded) {
		t = called_c(s, "mul", number, false, "", n->vector);
	} else if (n->vector) {
		t = vector_row_c(s, n);
	} else {
		Text arg[3];
		for (int i = 0; i < n->nargs; i++)
			arg[i] = node_use(s, n->arg[i]);
		if (node->below)
			return (Text){arena_printf(p->arena, "mc_exp_below_%s(%s)", dtype_suffix(node->dtype), arg[0].s), PREC_ATOM};
		if (node->seldom)
			return (Text){arena_printf(p->arena, "%s ? %s : %s", text_in(p->arena, arg[0], PREC_OR), text_in(p->arena, arg[1], PREC_OR),
			                           text_in(p->arena, arg[2], PREC_OR)),
			              PREC_TERNARY};
		t = row_c(p->arena, node->op, node->dtype, s->nodes.data[n->arg[n->nargs - 1]].node->dtype, n->nargs, arg, NULL);
	}
	return t;
}

Text node_use(Stage *s, int number)
{
	NodeInfo *n = &s->nodes.data[number];
	if (n->name)
		return (Text){n->name, PREC_ATOM};
	if (!s->naming)
		return node_c(s, number);
	if (!n->text.s)
		n->text = node_c(s, number);
	return n->text;
}
