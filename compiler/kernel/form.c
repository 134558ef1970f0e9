/* form.c -- kernels as data: axes as indices, walking nests */
#include <string.h>

#include "print_c.h"

const Size *axis_index(Arena *arena, const Axis *axis)
{
	return size_atom(arena,
	                 &(Atom){.kind = ATOM_AXIS, .axis = axis, .axis_name = axis->name, .axis_id = axis->id});
}

bool extent_const(const Extent *e, int64_t *value)
{
	return e->size && size_is_const(e->size, value);
}

bool same_buffer(const Buffer *a, const Buffer *b)
{
	return a == b || (a->where == WHERE_ARG && b->where == WHERE_ARG && strcmp(a->name, b->name) == 0);
}

void visit_size_atoms(const Size *s, void (*f)(void *, const Atom *), void *data)
{
	for (int i = 0; s && i < s->nterms; i++)
		for (int j = 0; j < s->term[i].natoms; j++) {
			const Atom *a = s->term[i].atom[j];
			f(data, a);
			if (a->kind == ATOM_FLOOR)
				visit_size_atoms(a->num, f, data);
			if (a->kind == ATOM_DIM && a->dim->is)
				visit_size_atoms(a->dim->is, f, data);
		}
}

static void visit_size(const Visitor *v, const Size *s)
{
	if (v->size && s)
		v->size(v->data, s);
}

static void visit_access(const Visitor *v, const Access *a, bool store)
{
	if (v->access)
		v->access(v->data, a, store);
	for (int d = 0; d < a->buffer->rank; d++) {
		visit_size(v, a->index[d].affine);
		visit_size(v, a->buffer->extent[d].size);
		visit_size(v, a->buffer->stride[d]);
		if (a->index[d].gathered)
			visit_value(v, a->index[d].gathered);
	}
	for (int i = 0; i < a->npreds; i++) {
		visit_size(v, a->pred[i].p);
		visit_size(v, a->pred[i].lo);
		visit_size(v, a->pred[i].hi);
	}
}

void visit_value(const Visitor *v, const Node *n)
{
	if (v->node)
		v->node(v->data, n);
	for (int i = 0; i < n->nargs; i++)
		visit_value(v, n->arg[i]);
	if (n->kind == NODE_LOAD)
		visit_access(v, &n->load, false);
	visit_size(v, n->index);
}

void visit_items(const Visitor *v, const Item *item, int n)
{
	for (int i = 0; i < n; i++)
		switch (item[i].kind) {
		case ITEM_BUFFER:
			if (v->declared)
				v->declared(v->data, item[i].buffer);
			break;
		case ITEM_STORE:
			visit_access(v, &item[i].store->target, item[i].store->how != STORE_AHEAD);
			visit_value(v, item[i].store->value);
			break;
		case ITEM_NEST: {
			const Axis *a = item[i].nest->axis;
			for (int j = 0; j < a->nlo; j++)
				visit_size(v, a->lo[j]);
			for (int j = 0; j < a->nhi; j++)
				visit_size(v, a->hi[j]);
			if (v->axis)
				v->axis(v->data, a);
			visit_items(v, item[i].nest->body.data, item[i].nest->body.len);
			break;
		}
		}
}
