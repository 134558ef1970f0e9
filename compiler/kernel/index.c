/* index.c -- indices of values, and loads at them
 *
 * An index is affine in axes, plus perhaps a value that is read; or a digit: where a reshape merges
 * axes, the operand's indices are digits of the flat one.  They stay so until a load, where the
 * digits of adjacent axes meet again and are the flat index itself. */
#include <string.h>

#include "lower.h"

Build *build_new(Lower *L, Scope *scope, Piece *piece)
{
	Build *b = NEW(L->arena, Build);
	b->L = L;
	b->arena = L->arena;
	b->scope = scope;
	b->piece = piece;
	b->kernel = NEW(L->arena, Kernel);
	b->store_rank = -1;
	b->target = L->options->target;
	return b;
}

Ix ix_at(const Size *at)
{
	return (Ix){.at = at};
}

Ix ix_node(Build *b, const Node *n)
{
	if (n->kind == NODE_CONST)
		return ix_at(size_const(b->arena, n->i));
	if (n->kind == NODE_INDEX)
		return ix_at(n->index);
	if (n->kind == NODE_ROW && n->op == OP_cast && n->arg[0]->kind == NODE_INDEX)
		return ix_at(n->arg[0]->index);
	return (Ix){size_const(b->arena, 0), node_is_host(n) ? hoisted(b, n, NULL) : n, NULL, NULL, NULL};
}

const Node *ix_value(Build *b, Ix i)
{
	if (i.of) {
		const Node *n = ix_value(b, *i.of);
		if (i.div)
			n = node_row(b, OP_floordiv, DT_int64, n, node_index(b, i.div), NULL);
		return i.mod ? node_row(b, OP_mod, DT_int64, n, node_index(b, i.mod), NULL) : n;
	}
	if (!i.node)
		return node_index(b, i.at);
	const Node *n = node_cast(b, i.node, DT_int64);
	int64_t c;
	if (size_is_const(i.at, &c) && c == 0)
		return n;
	return node_row(b, OP_add, DT_int64, node_index(b, i.at), n, NULL);
}

/* digits as a value */
static Ix plain(Build *b, Ix i)
{
	return i.of ? ix_node(b, ix_value(b, i)) : i;
}

static Ix ix_add(Build *b, Ix x, Ix y)
{
	x = plain(b, x);
	y = plain(b, y);
	const Node *n = !x.node   ? y.node
			: !y.node ? x.node
				  : node_row(b, OP_add, DT_int64, node_cast(b, x.node, DT_int64),
					     node_cast(b, y.node, DT_int64), NULL);
	return (Ix){size_add(b->arena, x.at, y.at), n, NULL, NULL, NULL};
}

static Ix ix_times(Build *b, Ix x, const Size *k)
{
	int64_t c;
	if (size_is_const(k, &c) && c == 1)
		return x;
	x = plain(b, x);
	const Node *n = x.node;
	if (n)
		n = node_row(b, OP_mul, DT_int64, node_cast(b, n, DT_int64), node_index(b, k), NULL);
	return (Ix){size_mul(b->arena, x.at, k), n, NULL, NULL, NULL};
}

Ix ix_scaled(Build *b, Ix x, int64_t step, Ix start)
{
	int64_t c;
	if (step == 1 && !start.of && !start.node && size_is_const(start.at, &c) && c == 0)
		return x;
	return ix_add(b, start, ix_times(b, x, size_const(b->arena, step)));
}

KIndex ix_index(Build *b, Ix i)
{
	i = plain(b, i);
	return (KIndex){i.at, i.node};
}

static bool same_size(const Size *a, const Size *b)
{
	return a == b || (a && b && size_equal(a, b));
}

bool ix_equal(const Ix *a, const Ix *b)
{
	if (!a->of != !b->of)
		return false;
	if (a->of)
		return ix_equal(a->of, b->of) && same_size(a->div, b->div) && same_size(a->mod, b->mod);
	return size_equal(a->at, b->at) && !a->node == !b->node && (!a->node || node_equal(a->node, b->node));
}

static bool is_one(const Size *s)
{
	int64_t c;
	return size_is_const(s, &c) && c == 1;
}

/* the flat index of which these are the digits; false if they are not */
static bool join(Build *b, int n, const Ix *ix, const Size *const *size, Ix *flat)
{
	const Size *div = NULL;
	if (!ix[0].of || ix[0].mod)
		return false;
	for (int i = n - 1; i >= 0; i--) {
		if (!ix[i].of || !ix_equal(ix[i].of, ix[0].of) || !same_size(ix[i].div, div))
			return false;
		if (i > 0 && !same_size(ix[i].mod, size[i]))
			return false;
		div = div ? size_mul(b->arena, div, size[i]) : size[i];
	}
	*flat = *ix[0].of;
	return true;
}

static Ix flat_of(Build *b, int n, const Ix *ix, const Size *const *size)
{
	Ix flat;
	if (n == 0)
		return ix_at(size_const(b->arena, 0));
	if (n == 1)
		return ix[0];
	if (join(b, n, ix, size, &flat))
		return flat;
	flat = ix[0];
	for (int i = 1; i < n; i++)
		flat = ix_add(b, ix_times(b, flat, size[i]), ix[i]);
	return flat;
}

/* A run of axes on both sides with the same product: ends after i of from and j of to. */
static bool next_run(Arena *arena, const Type *from, const Type *to, int *i, int *j)
{
	if (*i == from->rank && *j == to->rank)
		return false;
	const Size *p = size_const(arena, 1), *q = p;
	bool moved = false;
	for (;;) {
		if (moved && size_equal(p, q))
			return true;
		bool left = *i < from->rank, right = *j < to->rank;
		if (!left && !right)
			return true;
		/* the side whose product divides the other's goes on */
		bool take_left = left && (!right || size_equal(p, q) || size_div_exact(arena, q, p));
		if (take_left) {
			p = size_mul(arena, p, from->size[(*i)++]);
			if (!moved && right && !is_one(p)) {
				q = size_mul(arena, q, to->size[(*j)++]);
			}
		} else if (right) {
			q = size_mul(arena, q, to->size[(*j)++]);
		} else {
			p = size_mul(arena, p, from->size[(*i)++]);
		}
		moved = true;
	}
}

static int not_ones(const Type *t, int lo, int hi, int *axis)
{
	int n = 0;
	for (int i = lo; i < hi; i++)
		if (!is_one(t->size[i]))
			axis[n++] = i;
	return n;
}

uint32_t reshape_merges(Arena *arena, const Type *from, const Type *to)
{
	int i = 0, j = 0, f[MAX_RANK], t[MAX_RANK];
	uint32_t merged = 0;
	for (int i0 = 0, j0 = 0; next_run(arena, from, to, &i, &j); i0 = i, j0 = j) {
		int nf = not_ones(from, i0, i, f), nt = not_ones(to, j0, j, t);
		bool alike = nf == nt;
		for (int k = 0; k < nf && alike; k++)
			alike = size_equal(from->size[f[k]], to->size[t[k]]);
		for (int k = 0; k < nf && nf > 1 && !alike; k++)
			merged |= UINT32_C(1) << f[k];
	}
	return merged;
}

/* the digits of an index that is known */
static bool known_digits(Build *b, const Type *from, int n, const int *axis, Ix flat, Ix *digit)
{
	int64_t at, size;
	if (flat.of || flat.node || !size_is_const(flat.at, &at))
		return false;
	for (int k = 0; k < n; k++)
		if (!size_is_const(from->size[axis[k]], &size) || size < 1)
			return false;
	for (int k = n - 1; k >= 0; k--) {
		size_is_const(from->size[axis[k]], &size);
		digit[axis[k]] = ix_at(size_const(b->arena, k ? at % size : at));
		at /= size;
	}
	return true;
}

void ix_reshape(Build *b, const Type *from, const Type *to, const Ix *of_to, Ix *of_from)
{
	int i = 0, j = 0, fa[MAX_RANK], ta[MAX_RANK];
	for (int i0 = 0, j0 = 0; next_run(b->arena, from, to, &i, &j); i0 = i, j0 = j) {
		for (int k = i0; k < i; k++)
			of_from[k] = ix_at(size_const(b->arena, 0));
		int nf = not_ones(from, i0, i, fa), nt = not_ones(to, j0, j, ta);
		const Size *size[MAX_RANK] = {NULL};
		Ix ix[MAX_RANK];
		for (int k = 0; k < nt; k++) {
			size[k] = to->size[ta[k]];
			ix[k] = of_to[ta[k]];
		}
		bool alike = nf == nt; /* axes of 1 came or went */
		for (int k = 0; k < nf && alike; k++)
			alike = size_equal(from->size[fa[k]], size[k]);
		if (alike) {
			for (int k = 0; k < nf; k++)
				of_from[fa[k]] = ix[k];
			continue;
		}
		Ix flat = flat_of(b, nt, ix, size);
		if (nf == 1) {
			of_from[fa[0]] = flat;
			continue;
		}
		if (known_digits(b, from, nf, fa, flat, of_from))
			continue;
		Ix *whole = NEW(b->arena, Ix);
		*whole = plain(b, flat);
		const Size *div = NULL;
		for (int k = nf - 1; k >= 0; k--) {
			const Size *n = from->size[fa[k]];
			of_from[fa[k]] = (Ix){NULL, NULL, whole, div, k > 0 ? n : NULL};
			div = div ? size_mul(b->arena, div, n) : n;
		}
	}
}

/* ---- accesses */

Buffer *new_buffer(Build *b, const char *name, DType dtype, Where where, int rank, const Size *const *extent)
{
	Buffer *k = NEW(b->arena, Buffer);
	if (!b->names)
		b->names = names_new(b->arena);
	name = numbered_name(b->names, name);
	k->name = name;
	k->dtype = dtype;
	k->where = where;
	k->rank = rank;
	for (int i = 0; i < rank; i++)
		k->extent[i].size = extent[i];
	k->id = b->nbuffers++;
	return k;
}

KBuf *kernel_kbuf(Build *b, PlanBuf *p)
{
	for (int i = 0; i < b->bufs.len; i++)
		if (b->bufs.data[i].plan == p)
			return &b->bufs.data[i];
	Buffer *k = new_buffer(b, p->name, p->type->dtype, WHERE_ARG, p->type->rank, p->type->size);
	k->read_only = true;
	push(b->arena, &b->kernel->buffers, k);
	push(b->arena, &b->args, p);
	KBuf made = {.plan = p, .buffer = k};
	push(b->arena, &b->bufs, made);
	return &b->bufs.data[b->bufs.len - 1];
}

const Buffer *kernel_buffer(Build *b, PlanBuf *p)
{
	return kernel_kbuf(b, p)->buffer;
}

static Access make_access(Build *b, PlanBuf *p, const Node *at, int rank, const Ix *ix, bool *row)
{
	KBuf k = *kernel_kbuf(b, p);
	if (b->unrolled && k.staged)
		k = (KBuf){.plan = p, .buffer = k.staged, .local = true, .base = b->block_lo, .turned = true};
	Ix all[MAX_RANK];
	int n = 0;
	if (at)
		all[n++] = ix_node(b, at);
	for (int i = 0; i < rank; i++)
		all[n++] = ix[i];
	Access a = {.buffer = k.buffer};
	*row = rank > 0 && !at && b->row && !ix[0].of && !ix[0].node && size_equal(ix[0].at, b->row);
	for (int i = 0; i < n; i++) {
		if (!all[i].of)
			continue;
		for (int e = n; e > i + 1; e--) {
			Ix flat;
			if (!join(b, e - i, all + i, p->type->size + i, &flat))
				continue;
			for (int d = i; d < e - 1; d++)
				all[d] = ix_at(size_const(b->arena, 0));
			all[e - 1] = flat;
			i = e - 1;
			break;
		}
	}
	int skip = k.local && !k.base ? 1 : 0;
	for (int i = skip; i < n; i++)
		a.index[i - skip] = ix_index(b, all[i]);
	if (k.local && k.base)
		a.index[0].affine = size_sub(b->arena, a.index[0].affine, k.base);
	if (k.turned) {
		KIndex rows = a.index[0];
		a.index[0] = a.index[1];
		a.index[1] = rows;
	}
	if (b->preds.len) {
		Pred *pred = NEW_ARRAY(b->arena, Pred, b->preds.len);
		for (int i = 0; i < b->preds.len; i++)
			pred[i] = b->preds.data[i];
		a.pred = pred;
		a.npreds = b->preds.len;
	}
	return a;
}

/* ix = n * of + c with 0 <= c < n: a place in the window `of` of n; n, or 0 */
static int8_t window_of(Build *b, Ix ix, Ix of)
{
	enum { WIDEST = 4 };
	int64_t c;
	if (ix.of || ix.node || of.of || of.node)
		return 0;
	for (int n = 1; n <= WIDEST; n++)
		if (size_is_const(size_sub(b->arena, ix.at, size_scale(b->arena, of.at, n)), &c))
			return (int8_t)(c >= 0 && c < n ? n : 0);
	return 0;
}

/* an element of what the tile makes */
static Access view_access(Build *b, int rank, const Ix *ix)
{
	const View *v = &b->view;
	Access a = {.buffer = v->buffer};
	for (int i = 0, n = 0; i < rank; i++)
		if (v->base[i])
			a.index[n++].affine = size_sub(b->arena, ix[i].at, v->base[i]);
	return a;
}

const Node *load_buf(Build *b, PlanBuf *p, const Node *at, int rank, const Ix *ix)
{
	for (int i = 0; i < b->here.len; i++)
		if (b->here.data[i].plan == p)
			return b->here.data[i].node;
	Node *n = NEW(b->arena, Node);
	n->kind = NODE_LOAD;
	n->dtype = p->type->dtype;
	n->name = p->name;
	if (b->view.plan == p) {
		n->load = view_access(b, rank, ix);
		return n;
	}
	bool row;
	n->load = make_access(b, p, at, rank, ix, &row);
	if (b->piece) {
		Read read = {.buf = p, .row = row, .same = b->store_rank == rank && !at};
		for (int i = 0; i < rank && b->store_rank == rank && !at; i++) {
			read.same = read.same && ix_equal(&ix[i], &b->store_ix[i]);
			read.window[i] = window_of(b, ix[i], b->store_ix[i]);
		}
		push(b->arena, &b->piece->reads, read);
	}
	return n;
}

Access access_buf(Build *b, PlanBuf *p, const Node *at, int rank, const Ix *ix)
{
	bool row;
	int npreds = b->preds.len;
	b->preds.len = 0;
	Access a = make_access(b, p, at, rank, ix, &row);
	b->preds.len = npreds;
	Buffer *k = (Buffer *)(uintptr_t)a.buffer;
	k->read_only = false;
	return a;
}
