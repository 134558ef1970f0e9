/* scalar.c -- scalar graphs: their nodes, and the scalars that are computed outside of kernels
 *
 * A node is a host's when nothing in it depends on an axis or on memory that kernels write: it is
 * computed once, before the kernels, and kernels get it as a uniform argument under its name. */
#include <string.h>

#include "lower.h"
#include "print_c.h"

static Node *new_node(Build *b, NodeKind kind, DType dtype)
{
	Node *n = NEW(b->arena, Node);
	n->kind = kind;
	n->dtype = dtype;
	return n;
}

const Node *node_const(Build *b, DType dtype, double f, int64_t i)
{
	Node *n = new_node(b, NODE_CONST, dtype);
	n->f = f;
	n->i = i;
	return n;
}

const Node *node_index(Build *b, const Size *index)
{
	int64_t c;
	if (size_is_const(index, &c))
		return node_const(b, DT_int64, 0, c);
	Node *n = new_node(b, NODE_INDEX, DT_int64);
	n->index = index;
	return n;
}

const Node *node_uniform(Build *b, const char *name, DType dtype)
{
	Node *n = new_node(b, NODE_UNIFORM, dtype);
	n->uniform = name;
	return n;
}

bool size_is_host(const Size *s)
{
	for (int i = 0; i < s->nterms; i++)
		for (int j = 0; j < s->term[i].natoms; j++) {
			const Atom *a = s->term[i].atom[j];
			if (a->kind == ATOM_AXIS || (a->kind == ATOM_FLOOR && !size_is_host(a->num)))
				return false;
		}
	return true;
}

bool node_is_host(const Node *n)
{
	switch (n->kind) {
	case NODE_CONST:
	case NODE_UNIFORM: return true;
	case NODE_INDEX:
	case NODE_RANDOM: return size_is_host(n->index);
	case NODE_LOAD: return n->load.buffer->id < 0;
	case NODE_ROW: break;
	}
	for (int i = 0; i < n->nargs; i++)
		if (!node_is_host(n->arg[i]))
			return false;
	return true;
}

static bool index_equal(const Size *a, const Size *b)
{
	return a == b || (a && b && size_equal(a, b));
}

static bool access_equal(const Access *a, const Access *b)
{
	if (a->buffer != b->buffer && strcmp(a->buffer->name, b->buffer->name))
		return false;
	if (a->buffer->id != b->buffer->id || a->npreds != b->npreds || (a->npreds && a->pred != b->pred))
		return false;
	for (int d = 0; d < a->buffer->rank; d++) {
		const Node *x = a->index[d].gathered, *y = b->index[d].gathered;
		if (!index_equal(a->index[d].affine, b->index[d].affine) || !x != !y || (x && !node_equal(x, y)))
			return false;
	}
	return true;
}

bool node_equal(const Node *a, const Node *b)
{
	if (a == b)
		return true;
	if (a->kind != b->kind || a->dtype != b->dtype || a->op != b->op || a->nargs != b->nargs)
		return false;
	for (int i = 0; i < a->nargs; i++)
		if (!node_equal(a->arg[i], b->arg[i]))
			return false;
	switch (a->kind) {
	case NODE_CONST: return !memcmp(&a->f, &b->f, sizeof a->f) && a->i == b->i;
	case NODE_UNIFORM: return !strcmp(a->uniform, b->uniform);
	case NODE_INDEX: return index_equal(a->index, b->index);
	case NODE_RANDOM: return a->place == b->place && index_equal(a->index, b->index);
	case NODE_LOAD: return access_equal(&a->load, &b->load);
	case NODE_ROW: break;
	}
	return true;
}

static uint64_t mix(uint64_t hash, uint64_t x)
{
	return (hash ^ x) * UINT64_C(0x100000001B3) + (hash >> 29);
}

static uint64_t mix_text(uint64_t hash, const char *s)
{
	for (; *s; s++)
		hash = mix(hash, (unsigned char)*s);
	return hash;
}

/* equal for what node_equal says is equal */
static uint64_t hash_node(const Node *n)
{
	uint64_t hash = mix((uint64_t)n->kind * 64 + (uint64_t)n->dtype, (uint64_t)n->op), bits;
	for (int i = 0; i < n->nargs; i++)
		hash = mix(hash, hash_node(n->arg[i]));
	switch (n->kind) {
	case NODE_CONST: memcpy(&bits, &n->f, sizeof bits); return mix(mix(hash, bits), (uint64_t)n->i);
	case NODE_UNIFORM: return mix_text(hash, n->uniform);
	case NODE_RANDOM: return mix(hash, n->place);
	case NODE_LOAD: return mix_text(hash, n->load.buffer->name);
	case NODE_INDEX:
	case NODE_ROW: break;
	}
	return hash;
}

const void *node_key(const Node *n)
{
	return (const void *)(uintptr_t)(hash_node(n) | 1);
}

static bool starts_word(const char *s)
{
	return s && ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s == '_');
}

const char *word_name(Arena *arena, const char *wish)
{
	char *name = arena_printf(arena, "%s", starts_word(wish) ? wish : "t");
	for (char *c = name; *c; c++)
		if (*c == '.' || *c == '*' || *c == ' ')
			*c = '_';
	return name;
}

const char *unique_name(Lower *L, const char *wish)
{
	const char *base = word_name(L->arena, wish);
	if (is_c_word(base))
		base = arena_printf(L->arena, "%s_", base);
	const char *name = numbered_name(L->names, base);
	*name_mark(L->all->locals, name) = 1;
	return name;
}

/* The innermost scope whose scalars the node speaks of, so that what does not change in a loop stands before it. */
static Scope *home(Scope *s, const Node *n)
{
	if (!s->outer)
		return s;
	if (n->kind == NODE_RANDOM)
		return s;
	if (n->kind == NODE_UNIFORM) {
		if (s->index_name && !strcmp(n->uniform, s->index_name))
			return s;
		return has_name(s->scalar_names, n->uniform) ? s : home(s->outer, n);
	}
	Scope *inner = NULL, *top = s;
	while (top->outer)
		top = top->outer;
	inner = top;
	for (int i = 0; i < n->nargs; i++) {
		Scope *h = home(s, n->arg[i]);
		for (Scope *q = h; q; q = q->outer)
			if (q == inner) {
				inner = h;
				break;
			}
	}
	return inner;
}

const Node *hoisted(Build *b, const Node *n, const char *name)
{
	if (n->kind != NODE_ROW && n->kind != NODE_LOAD && n->kind != NODE_RANDOM)
		return n;
	Scope *s = b->scope;
	const void *key = node_key(n);
	for (Scope *q = s; q; q = q->outer)
		for (int i = map_find(q->scalar_of, key); i; i = q->scalars.data[i - 1].next)
			if (node_equal(q->scalars.data[i - 1].value, n))
				return node_uniform(b, q->scalars.data[i - 1].name, n->dtype);
	if (!name)
		name = n->name ? n->name : n->kind == NODE_LOAD ? n->load.buffer->name : "s";
	s = home(s, n);
	int *last = map_number(s->scalar_of, key);
	ScalarLocal local = {n, unique_name(b->L, name), *last};
	push(b->arena, &s->scalars, local);
	*last = s->scalars.len;
	*name_mark(s->scalar_names, local.name) = 1;
	return node_uniform(b, local.name, n->dtype);
}

/* a cast of a constant is one; true division by it and the like are the passes' matter */
static const Node *cast_const(Build *b, const Node *a, DType dtype)
{
	bool from = dtype_is_float(a->dtype);
	if (!from && dtype_is_float(dtype)) {
		double f = a->dtype == DT_uint64 ? (double)(uint64_t)a->i : (double)a->i;
		return node_const(b, dtype, dtype == DT_float32 ? (double)(float)f : f, 0);
	}
	if (from && dtype_is_float(dtype))
		return node_const(b, dtype, dtype == DT_float32 ? (double)(float)a->f : a->f, 0);
	if (!from && dtype == DT_int64 && a->dtype != DT_uint64)
		return node_const(b, dtype, 0, a->i);
	return NULL;
}

/* ---- comparisons of integers that have one answer: C compilers warn of them */

static const Node *uncast(const Node *n)
{
	while (n->kind == NODE_ROW && n->op == OP_cast && !dtype_is_float(n->dtype) && !dtype_is_float(n->arg[0]->dtype) &&
	       dtype_bytes(n->arg[0]->dtype) < dtype_bytes(n->dtype))
		n = n->arg[0];
	return n;
}

/* what its type allows */
static void range_of(const Node *n, int64_t *lo, int64_t *hi)
{
	const int bits = 8 * dtype_bytes(n->dtype);
	const DClass class = dtype_class(n->dtype);
	if (n->kind == NODE_CONST) {
		*lo = *hi = n->i;
	} else if (class == CLASS_BOOL) {
		*lo = 0;
		*hi = 1;
	} else if (class == CLASS_UINT) {
		*lo = 0;
		*hi = bits == 64 ? INT64_MAX : (INT64_C(1) << bits) - 1;
	} else {
		*lo = bits == 64 ? INT64_MIN : -(INT64_C(1) << (bits - 1));
		*hi = bits == 64 ? INT64_MAX : (INT64_C(1) << (bits - 1)) - 1;
	}
}

/* the same, as far as so many nodes show */
static bool same_within(const Node *x, const Node *y, int *budget)
{
	if (x == y)
		return true;
	if (--*budget < 0 || x->kind != y->kind)
		return false;
	if (x->kind != NODE_ROW)
		return node_equal(x, y);
	bool same = x->op == y->op && x->dtype == y->dtype && x->nargs == y->nargs;
	for (int i = 0; same && i < x->nargs; i++)
		same = same_within(x->arg[i], y->arg[i], budget);
	return same;
}

/* 0, 1, or -1: it depends */
static int known_answer(Op op, const Node *x, const Node *y)
{
	x = uncast(x);
	y = uncast(y);
	if (dtype_is_float(x->dtype) || dtype_is_float(y->dtype))
		return -1;
	int budget = 64;
	if (same_within(x, y, &budget))
		return op == OP_eq || op == OP_le || op == OP_ge;
	if (x->dtype == DT_uint64 || y->dtype == DT_uint64)
		return -1;
	int64_t x_lo, x_hi, y_lo, y_hi;
	range_of(x, &x_lo, &x_hi);
	range_of(y, &y_lo, &y_hi);
	const bool less = x_hi < y_lo, more = x_lo > y_hi;
	switch (op) {
	case OP_lt: return less ? 1 : x_lo >= y_hi ? 0 : -1;
	case OP_le: return x_hi <= y_lo ? 1 : more ? 0 : -1;
	case OP_gt: return more ? 1 : x_hi <= y_lo ? 0 : -1;
	case OP_ge: return x_lo >= y_hi ? 1 : less ? 0 : -1;
	case OP_eq: return less || more ? 0 : -1;
	case OP_ne: return less || more ? 1 : -1;
	default: return -1;
	}
}

/* every value of the integer type `from` is one of `to` */
static bool holds_all(DType to, DType from)
{
	if (!dtype_is_integer(to) || !dtype_is_integer(from))
		return false;
	if (dtype_class(to) == dtype_class(from))
		return dtype_bytes(to) >= dtype_bytes(from);
	return dtype_class(to) == CLASS_INT && dtype_bytes(to) > dtype_bytes(from);
}

const Node *node_row(Build *b, Op op, DType dtype, const Node *a0, const Node *a1, const Node *a2)
{
	while (op == OP_cast && a0->kind == NODE_ROW && a0->op == OP_cast && holds_all(a0->dtype, a0->arg[0]->dtype))
		a0 = a0->arg[0];
	const Node *arg[3] = {a0, a1, a2};
	if (op == OP_cast && a0->dtype == dtype)
		return a0;
	if (op == OP_cast && a0->kind == NODE_CONST) {
		const Node *c = cast_const(b, a0, dtype);
		if (c)
			return c;
	}
	const int answer = op_info(op)->types == TYPES_COMPARE ? known_answer(op, a0, a1) : -1;
	if (answer >= 0)
		return node_const(b, dtype, 0, answer);
	Node *n = new_node(b, NODE_ROW, dtype);
	n->op = op;
	n->nargs = op_info(op)->arity;
	bool host = true;
	for (int i = 0; i < n->nargs; i++) {
		n->arg[i] = arg[i];
		host = host && node_is_host(arg[i]);
	}
	for (int i = 0; i < n->nargs && !host; i++)
		if (node_is_host(n->arg[i]))
			n->arg[i] = hoisted(b, n->arg[i], NULL);
	return n;
}

const Node *node_cast(Build *b, const Node *a, DType dtype)
{
	return a->dtype == dtype ? a : node_row(b, OP_cast, dtype, a, NULL, NULL);
}

const Node *host_load(Lower *L, PlanBuf *buf)
{
	Buffer *buffer = NEW(L->arena, Buffer);
	buffer->name = buf->name;
	buffer->dtype = buf->type->dtype;
	buffer->read_only = true;
	buffer->id = -1;
	Node *n = NEW(L->arena, Node);
	n->kind = NODE_LOAD;
	n->dtype = buffer->dtype;
	n->load.buffer = buffer;
	return n;
}

const PlanBuf *scalar_load_buf(const FuncPlan *p, const Node *n)
{
	int i = map_find(p->named, n->load.buffer->name);
	if (!i)
		internal_error("a scalar reads %s, which has no memory", n->load.buffer->name);
	return p->all.data[i - 1];
}

const Node *host_value(Scope *s, const Val *v)
{
	Build *b = build_new(s->L, s, NULL);
	return element(b, v, NULL);
}
