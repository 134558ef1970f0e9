/* kernel_build.c -- kernels written by hand as data */
#include "kernel_build.h"

const Size *num(Build *b, int64_t x)
{
	return size_const(b->arena, x);
}

const Size *ix(Build *b, const Axis *a)
{
	return axis_index(b->arena, a);
}

const Size *plus(Build *b, const Size *x, const Size *y)
{
	return size_add(b->arena, x, y);
}

const Size *minus(Build *b, const Size *x, const Size *y)
{
	return size_sub(b->arena, x, y);
}

const Size *times(Build *b, const Size *x, int64_t k)
{
	return size_scale(b->arena, x, k);
}

const Size *dim(Build *b, const Dim *d)
{
	return size_dim(b->arena, d);
}

const Dim *new_dim(Build *b, const char *name)
{
	Dim *d = NEW(b->arena, Dim);
	*d = (Dim){.name = name, .lo = 1, .hi = INT64_MAX, .index = b->ids++};
	return d;
}

Axis *axis(Build *b, const char *name, AxisKind kind, const Size *hi)
{
	Axis *a = NEW(b->arena, Axis);
	*a = (Axis){.name = name, .id = b->ids++, .kind = kind};
	upto(b, a, hi);
	return a;
}

Axis *axis_n(Build *b, const char *name, AxisKind kind, int64_t hi)
{
	return axis(b, name, kind, num(b, hi));
}

Axis *axis_of(Build *b, const char *name, AxisKind kind, const Axis *cut_of)
{
	Axis *a = NEW(b->arena, Axis);
	*a = (Axis){.name = name, .id = b->ids++, .kind = kind, .cut_of = cut_of};
	return a;
}

static const Size *const *one_more(Build *b, int *n, const Size *const *old, const Size *s)
{
	const Size **list = NEW_ARRAY(b->arena, const Size *, *n + 1);
	for (int i = 0; i < *n; i++)
		list[i] = old[i];
	list[(*n)++] = s;
	return list;
}

void from(Build *b, Axis *a, const Size *lo)
{
	a->lo = one_more(b, &a->nlo, a->lo, lo);
}

void upto(Build *b, Axis *a, const Size *hi)
{
	a->hi = one_more(b, &a->nhi, a->hi, hi);
}

void cuts(Build *b, Axis *a, int n, const int64_t *cut)
{
	int64_t *copy = NEW_ARRAY(b->arena, int64_t, n);
	for (int i = 0; i < n; i++)
		copy[i] = cut[i];
	a->ncuts = n;
	a->cut = copy;
}

Buffer *buffer(Build *b, const char *name, DType dtype, Where where, int rank, const Side *side)
{
	Buffer *x = NEW(b->arena, Buffer);
	*x = (Buffer){.name = name, .dtype = dtype, .where = where, .rank = rank, .id = b->ids++};
	for (int d = 0; d < rank; d++) {
		x->extent[d] = (Extent){side[d].size, side[d].cut};
		x->lanes |= where == WHERE_REG && d == rank - 1 && side[d].cut && side[d].cut->kind == AXIS_LANES;
	}
	return x;
}

Access at(const Buffer *b, ...)
{
	Access a = {.buffer = b};
	va_list args;
	va_start(args, b);
	for (int d = 0; d < b->rank; d++)
		a.index[d].affine = va_arg(args, const Size *);
	va_end(args);
	return a;
}

Access at_row(const Buffer *b, const Node *row, const Size *i)
{
	Access a = {.buffer = b};
	a.index[0].gathered = row;
	a.index[1].affine = i;
	return a;
}

Access when(Build *b, Access a, const Size *p, const Size *lo, const Size *hi, double other)
{
	Pred *pred = NEW_ARRAY(b->arena, Pred, a.npreds + 1);
	for (int i = 0; i < a.npreds; i++)
		pred[i] = a.pred[i];
	pred[a.npreds++] = (Pred){p, lo, hi};
	a.pred = pred;
	a.other = other;
	return a;
}

static Node *new_node(Build *b, NodeKind kind, DType dtype)
{
	Node *n = NEW(b->arena, Node);
	n->kind = kind;
	n->dtype = dtype;
	return n;
}

const Node *load(Build *b, Access a)
{
	Node *n = new_node(b, NODE_LOAD, a.buffer->dtype);
	n->load = a;
	return n;
}

const Node *real(Build *b, double x)
{
	Node *n = new_node(b, NODE_CONST, b->real);
	n->f = x;
	return n;
}

const Node *uniform(Build *b, const char *name)
{
	Node *n = new_node(b, NODE_UNIFORM, b->real);
	n->uniform = name;
	return n;
}

const Node *index_node(Build *b, const Size *s)
{
	Node *n = new_node(b, NODE_INDEX, DT_int64);
	n->index = s;
	return n;
}

static const Node *row(Build *b, Op op, DType dtype, int nargs, const Node *x, const Node *y, const Node *z)
{
	Node *n = new_node(b, NODE_ROW, dtype);
	n->op = op;
	n->nargs = nargs;
	n->arg[0] = x;
	n->arg[1] = y;
	n->arg[2] = z;
	return n;
}

static DType result(Op op, DType operand)
{
	OpTypes t = op_info(op)->types;
	return t == TYPES_COMPARE || t == TYPES_TEST || t == TYPES_LOGIC ? DT_bool : operand;
}

const Node *node1(Build *b, Op op, const Node *x)
{
	return row(b, op, result(op, x->dtype), 1, x, NULL, NULL);
}

const Node *node2(Build *b, Op op, const Node *x, const Node *y)
{
	return row(b, op, result(op, x->dtype), 2, x, y, NULL);
}

const Node *node3(Build *b, Op op, const Node *x, const Node *y, const Node *z)
{
	return row(b, op, z->dtype, 3, x, y, z);
}

const Node *cast(Build *b, DType dtype, const Node *x)
{
	return row(b, OP_cast, dtype, 1, x, NULL, NULL);
}

Item store(Build *b, Access target, StoreHow how, const Node *value)
{
	Store *s = NEW(b->arena, Store);
	*s = (Store){target, how, value};
	return (Item){.kind = ITEM_STORE, .store = s};
}

Item declared(const Buffer *x)
{
	return (Item){.kind = ITEM_BUFFER, .buffer = x};
}

Item nest(Build *b, Axis *a, int n, const Item *item)
{
	Nest *x = NEW(b->arena, Nest);
	x->axis = a;
	for (int i = 0; i < n; i++)
		push(b->arena, &x->body, item[i]);
	return (Item){.kind = ITEM_NEST, .nest = x};
}

Item nests(Build *b, int naxes, Axis *const *a, int n, const Item *item)
{
	Item inner = nest(b, a[naxes - 1], n, item);
	for (int i = naxes - 2; i >= 0; i--)
		inner = nest(b, a[i], 1, &inner);
	return inner;
}

Item says(Item item, const char *comment)
{
	item.comment = comment;
	return item;
}

Kernel *kernel(Build *b, const char *name)
{
	Kernel *k = NEW(b->arena, Kernel);
	k->name = name;
	return k;
}

void kernel_dim(Build *b, Kernel *k, const Dim *d)
{
	push(b->arena, &k->dims, d);
}

void kernel_uniform(Build *b, Kernel *k, const char *name, DType dtype)
{
	push(b->arena, &k->uniforms, ((Uniform){name, dtype}));
}

Buffer *argument(Build *b, Kernel *k, const char *name, DType dtype, bool read_only, int rank, const Side *side)
{
	Buffer *x = buffer(b, name, dtype, WHERE_ARG, rank, side);
	x->read_only = read_only;
	push(b->arena, &k->buffers, x);
	return x;
}

void part(Build *b, Kernel *k, Item item, bool barrier)
{
	push(b->arena, &k->parts, ((KernelPart){item, barrier}));
}
