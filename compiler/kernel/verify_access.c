/* verify_access.c -- what the stores of a schedule must keep to: which axes they keep, what they read, lanes */
#include <string.h>

#include "verify.h"

/* ---- which axes an index keeps */
typedef struct Keeps {
	const Verifier *v;
	const Axis *axis;
	bool found;
	int depth;
} Keeps;

static void keep_size(Keeps *k, const Size *s);

/* by itself, or by an axis whose bounds speak of it; what is under a floor keeps nothing */
static void keep_atom(Keeps *k, const Atom *a)
{
	if (a->kind != ATOM_AXIS || k->depth > 16)
		return;
	if (a->axis_id == k->axis->id) {
		k->found = true;
		return;
	}
	const Axis *inner = axis_of_id(k->v, a->axis_id);
	k->depth++;
	for (int i = 0; inner && i < inner->nlo; i++)
		keep_size(k, inner->lo[i]);
	k->depth--;
}

static void keep_size(Keeps *k, const Size *s)
{
	for (int i = 0; s && i < s->nterms; i++)
		for (int j = 0; j < s->term[i].natoms; j++)
			keep_atom(k, s->term[i].atom[j]);
}

static bool keeps(const Verifier *v, const Access *a, const Axis *axis)
{
	Keeps k = {v, axis, false, 0};
	for (int d = 0; d < a->buffer->rank; d++)
		keep_size(&k, a->index[d].affine);
	return k.found;
}

/* ---- what an access speaks of */
typedef struct Speaks {
	Verifier *v;
	const char *name;
	bool reg; /* registers: unroll and lanes axes only */
} Speaks;

static void check_index_atom(void *data, const Atom *a)
{
	Speaks *s = data;
	if (a->kind == ATOM_INPUT || a->kind == ATOM_VALUE)
		fault(s->v, "an index of %s speaks of a value", s->name);
	if (a->kind != ATOM_AXIS)
		return;
	const Axis *axis = axis_of_id(s->v, a->axis_id);
	if (!axis)
		fault(s->v, "an index of %s speaks of the axis %s outside its nest", s->name, a->axis_name);
	else if (s->reg && axis->kind != AXIS_UNROLL && axis->kind != AXIS_LANES && !is_single(axis))
		fault(s->v, "the registers %s are indexed by %s, which is no tile axis", s->name, axis->name);
}

static void check_node(Verifier *v, const Node *n, const Axis *lanes);

/* elements from one lane to the next; -1: not a number */
static int64_t lane_stride(Verifier *v, const Access *a, const Axis *lanes)
{
	const Buffer *b = a->buffer;
	const Size *total = size_const(v->arena, 0), *step = size_const(v->arena, 1);
	for (int d = b->rank - 1; d >= 0; d--) {
		const Size *stride = b->stride[d] ? b->stride[d] : step;
		int64_t coef = 0;
		for (int i = 0; a->index[d].affine && i < a->index[d].affine->nterms; i++) {
			const Term *t = &a->index[d].affine->term[i];
			for (int j = 0; j < t->natoms; j++)
				if (t->atom[j]->kind == ATOM_AXIS && t->atom[j]->axis_id == lanes->id) {
					if (t->natoms > 1)
						return -1;
					coef += t->coef;
				}
		}
		if (coef)
			total = size_add(v->arena, total, size_scale(v->arena, stride, coef));
		if (!b->stride[d] && b->extent[d].size)
			step = size_mul(v->arena, step, b->extent[d].size);
	}
	int64_t value;
	return total && size_is_const(total, &value) ? value : -1;
}

static bool speaks_of(const Size *s, const Axis *lanes)
{
	return s && lanes && size_speaks_of(s, lanes->id);
}

static void check_lanes(Verifier *v, const Access *a, const Axis *lanes)
{
	const Buffer *b = a->buffer;
	for (int d = 0; d < b->rank; d++)
		if (a->index[d].gathered && node_speaks_of(a->index[d].gathered, lanes->id))
			fault(v, "an index of %s is gathered lane by lane", b->name);
	if (!access_speaks_of(a, lanes->id))
		return;
	if (b->where == WHERE_REG && !b->lanes)
		fault(v, "the registers %s hold no vectors", b->name);
	else if (b->where == WHERE_REG) {
		const Size *last = a->index[b->rank - 1].affine;
		if (!last || !size_equal(last, axis_index(v->arena, lanes)))
			fault(v, "the last index of the vectors %s is not the lanes axis", b->name);
		for (int d = 0; d < b->rank - 1; d++)
			if (speaks_of(a->index[d].affine, lanes))
				fault(v, "an index of the vectors %s but the last speaks of lanes", b->name);
	} else if (lane_stride(v, a, lanes) != 1)
		fault(v, "the lanes of %s have a stride other than 1: they must pass a stack buffer", b->name);
}

static void check_access(Verifier *v, const Access *a, const Axis *lanes)
{
	const Buffer *b = a->buffer;
	if (level_of(v, b) < 0) {
		fault(v, "the buffer %s is used where it is not declared", b->name);
		return;
	}
	Speaks s = {v, b->name, b->where == WHERE_REG || b->where == WHERE_PRIVATE};
	for (int d = 0; d < b->rank; d++) {
		if (!a->index[d].affine && !a->index[d].gathered)
			fault(v, "an index of %s is missing", b->name);
		visit_size_atoms(a->index[d].affine, check_index_atom, &s);
		if (a->index[d].gathered) {
			DClass class = dtype_class(a->index[d].gathered->dtype);
			if (b->where == WHERE_REG)
				fault(v, "the registers %s are indexed by a value", b->name);
			if (class != CLASS_INT && class != CLASS_UINT)
				fault(v, "an index of %s is no integer", b->name);
			check_node(v, a->index[d].gathered, lanes);
		}
	}
	s.reg = false;
	for (int i = 0; i < a->npreds; i++) {
		const Size *part[3] = {a->pred[i].p, a->pred[i].lo, a->pred[i].hi};
		for (int j = 0; j < 3; j++) {
			visit_size_atoms(part[j], check_index_atom, &s);
			if (speaks_of(part[j], lanes))
				fault(v, "a condition of %s speaks of lanes", b->name);
		}
	}
	if (lanes)
		check_lanes(v, a, lanes);
}

static void check_vector_row(Verifier *v, const Node *n, const Axis *lanes)
{
	if (!node_speaks_of(n, lanes->id) || is_byte_load(n))
		return;
	if (!op_info(n->op)->vector)
		fault(v, "%s has no vector form and stands in lanes", op_info(n->op)->name);
	for (int i = 0; i < n->nargs; i++) {
		DType t = n->arg[i]->dtype;
		if (t != DT_float32 && t != DT_float64 && !(t == DT_bool && n->arg[i]->kind == NODE_ROW))
			fault(v, "%s of %s stands in lanes", op_info(n->op)->name, dtype_name(t));
	}
}

static void check_node(Verifier *v, const Node *n, const Axis *lanes)
{
	switch (n->kind) {
	case NODE_ROW:
		if (n->nargs != op_info(n->op)->arity)
			fault(v, "%s has %d operands", op_info(n->op)->name, n->nargs);
		for (int i = 0; i < n->nargs && !v->wrong; i++)
			check_node(v, n->arg[i], lanes);
		if (lanes && !v->wrong)
			check_vector_row(v, n, lanes);
		break;
	case NODE_LOAD:
		if (n->dtype != n->load.buffer->dtype)
			fault(v, "a load of %s is not of its type", n->load.buffer->name);
		check_access(v, &n->load, lanes);
		break;
	case NODE_INDEX:
	case NODE_RANDOM:
		visit_size_atoms(n->index, check_index_atom, &(Speaks){v, "a number", false});
		if (speaks_of(n->index, lanes))
			fault(v, "a number made of an index stands in lanes");
		break;
	case NODE_UNIFORM: {
		bool known = false;
		for (int i = 0; i < v->kernel->uniforms.len; i++)
			known |= strcmp(v->kernel->uniforms.data[i].name, n->uniform) == 0 && v->kernel->uniforms.data[i].dtype == n->dtype;
		if (!known)
			fault(v, "the uniform %s is not declared", n->uniform);
		break;
	}
	case NODE_CONST: break;
	}
}

/* ---- stores */
static bool is_fold(const Store *s)
{
	return s->value->kind == NODE_LOAD && s->value->load.buffer->where == WHERE_REG && s->value->load.buffer->lanes &&
	       s->how != STORE_MUL;
}

/* the elements that different iterations of the axis write are different ones */
static void check_kept(Verifier *v, const Store *s, const Axis *axis, int level, int nstores)
{
	const Buffer *b = s->target.buffer;
	if (is_single(axis) || level_of(v, b) > level || keeps(v, &s->target, axis) ||
	    (b->where == WHERE_PRIVATE && axis->kind == AXIS_THREAD))
		return;
	static const char *const kind[] = {"par", "seq", "unroll", "lanes", "simd", "thread"};
	if (axis->kind == AXIS_LANES && is_fold(s)) {
		if (nstores > 1)
			fault(v, "a fold of lanes into %s stands beside other stores", b->name);
		return;
	}
	fault(v, "the store to %s does not keep the %s axis %s", b->name, kind[axis->kind], axis->name);
}

static bool same_lane(const Access *a, const Access *b, const Axis *lanes)
{
	for (int d = 0; d < a->buffer->rank; d++)
		if (speaks_of(a->index[d].affine, lanes) != speaks_of(b->index[d].affine, lanes) ||
		    (speaks_of(a->index[d].affine, lanes) && !size_equal(a->index[d].affine, b->index[d].affine)))
			return false;
	return true;
}

typedef struct Reads {
	Verifier *v;
	const Access *target;
	const Axis *lanes;
} Reads;

/* what a tile stores in a lane is read in that lane only */
static void check_read(void *data, const Access *a, bool store)
{
	Reads *r = data;
	if (!store && a->buffer == r->target->buffer && !same_lane(a, r->target, r->lanes))
		fault(r->v, "%s is stored and read at different places along %s", a->buffer->name, r->lanes->name);
}

static void check_not_read(void *data, const Access *a, bool store)
{
	Reads *r = data;
	if (!store && a->buffer == r->target->buffer)
		fault(r->v, "%s is read and stored along %s, which may do so again", a->buffer->name, r->lanes->name);
}

/* lanes that are stored again are the same then */
static void check_again(Verifier *v, const Item *item, int n, const Store *s, const Axis *lanes)
{
	Reads r = {v, &s->target, lanes};
	if (!lanes || !lanes->cut_of || !lanes->cut_of->again || s->target.buffer->where == WHERE_REG || s->how == STORE_AHEAD)
		return;
	if (s->how != STORE_SET)
		fault(v, "%s is read and stored along %s, which may do so again", s->target.buffer->name, lanes->name);
	visit_items(&(Visitor){.data = &r, .access = check_not_read}, item, n);
}

static void note_touch(void *data, const Access *a, bool store)
{
	Verifier *v = data;
	Touch t = {a->buffer->name, level_of(v, a->buffer), store, 0};
	if (a->buffer->where == WHERE_PRIVATE)
		return;
	for (int i = 0; i < v->axes.len && i < 64; i++)
		if (keeps(v, a, v->axes.data[i]))
			t.kept |= (uint64_t)1 << i;
	push(v->arena, &v->touched, t);
}

void verify_reads(Verifier *v, const Axis *axis, int from)
{
	int depth = v->axes.len;
	bool apart = axis->kind == AXIS_PAR || axis->kind == AXIS_SIMD || axis->kind == AXIS_THREAD;
	if (!apart || is_single(axis) || depth >= 64)
		return;
	for (int i = from; i < v->touched.len && !v->wrong; i++) {
		const Touch *s = &v->touched.data[i];
		if (!s->store || s->level > depth)
			continue;
		for (int j = from; j < v->touched.len; j++) {
			const Touch *l = &v->touched.data[j];
			if (l->level == s->level && strcmp(l->name, s->name) == 0 && !(l->kept >> depth & 1))
				fault(v, "%s is stored and read at different places along %s", s->name, axis->name);
		}
	}
}

void verify_stores(Verifier *v, const Item *item, int n)
{
	const Axis *lanes = NULL;
	for (int i = 0; i < v->axes.len; i++)
		if (v->axes.data[i]->kind == AXIS_LANES)
			lanes = v->axes.data[i];
	for (int i = 0; i < n && !v->wrong; i++) {
		const Store *s = item[i].store;
		const Buffer *b = s->target.buffer;
		if (s->value->dtype != b->dtype)
			fault(v, "a store to %s of another type: %s", b->name, dtype_name(s->value->dtype));
		if (b->where == WHERE_ARG && b->read_only && s->how != STORE_AHEAD)
			fault(v, "a store to %s, which is read only", b->name);
		check_access(v, &s->target, lanes);
		check_node(v, s->value, lanes);
		check_again(v, item, n, s, lanes);
		if (lanes && !v->wrong && access_speaks_of(&s->target, lanes->id) && b->dtype != DT_float32 && b->dtype != DT_float64)
			fault(v, "lanes are stored to %s of %s", b->name, dtype_name(b->dtype));
		for (int a = 0; a < v->axes.len && !v->wrong && s->how != STORE_AHEAD; a++) {
			const Axis *axis = v->axes.data[a];
			if (axis->kind == AXIS_SEQ || axis->kind == AXIS_UNROLL)
				continue;
			check_kept(v, s, axis, a, n);
			for (int j = 0; j < n && axis == lanes; j++)
				visit_items(&(Visitor){.data = &(Reads){v, &s->target, lanes}, .access = check_read}, &item[j], 1);
		}
	}
	if (!v->wrong)
		visit_items(&(Visitor){.data = v, .access = note_touch}, item, n);
}
