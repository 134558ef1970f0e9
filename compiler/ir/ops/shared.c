/* shared.c -- shape rules and indices that several ops have in common */
#include "ops.h"

typedef struct Inputs {
	Shape *shape;
	int nfixed;
	bool bad;
} Inputs;

/* atoms of a start: dims, floors, and operands that are int64 scalars */
static const Size *check_atom(void *data, const Atom *a)
{
	Inputs *in = data;
	if (a->kind == ATOM_INPUT) {
		const Shape *s = in->shape;
		in->bad |=
			a->input < in->nfixed || a->input >= s->nin || !is_index(s->in[a->input]);
	} else
		in->bad |= a->kind != ATOM_DIM && a->kind != ATOM_FLOOR;
	return NULL;
}

bool slice_fits(Shape *s, const Type *whole, const Type *part, int nfixed)
{
	Arena *arena = s->arena;
	Inputs inputs = {s, nfixed, false};
	const Size *zero = size_const(arena, 0), *one = size_const(arena, 1);
	for (int i = nfixed; i < s->nin; i++)
		inputs.bad |= !is_index(s->in[i]);
	for (int i = 0; i < whole->rank; i++) {
		const Size *start = s->attr->slice.start[i];
		int64_t step = s->attr->slice.step[i];
		if (!start || step == 0) {
			misfit(s, "a slice needs starts, and steps that are not 0");
			return false;
		}
		size_map(arena, start, check_atom, &inputs);
		const Size *last = size_add(
			arena, start, size_scale(arena, size_sub(arena, part->size[i], one), step));
		if (inputs.bad || !last) {
			misfit(s, inputs.bad ? "a start speaks of what is no operand"
					     : "a slice ends beyond 64 bits");
			return false;
		}
		if (size_ge(arena, part->size[i], one) != YES)
			continue; /* it may be empty, and then stand anywhere */
		if (size_ge(arena, start, zero) == NO || size_ge(arena, last, zero) == NO ||
		    size_ge(arena, whole->size[i], size_add(arena, start, one)) == NO ||
		    size_ge(arena, whole->size[i], size_add(arena, last, one)) == NO) {
			misfit(s, "a slice from %s by %d of %s elements is outside %s",
			       size_text(arena, start), (int)step, size_text(arena, part->size[i]),
			       size_text(arena, whole->size[i]));
			return false;
		}
	}
	return true;
}

const Type *gathered_type(Shape *s, const Type *x, const Type *const *index, int nindices)
{
	int axis = s->attr->gather.axis, count = s->attr->gather.count;
	if (count < 1 || count != nindices || axis < 0 || axis > x->rank - count)
		return misfit(s, "%d indices for %d axes from axis %d of %s", nindices, count, axis,
			      type_text(s->arena, x));
	for (int i = 0; i < count; i++) {
		if (index[i]->dtype != DT_int32 && index[i]->dtype != DT_int64)
			return misfit(s, "indices of type %s", type_text(s->arena, index[i]));
		if (!same_shape(index[0], index[i]))
			return misfit(s, "indices of types %s and %s",
				      type_text(s->arena, index[0]), type_text(s->arena, index[i]));
	}
	const Size *size[2 * MAX_RANK];
	int rank = 0;
	for (int i = 0; i < axis; i++)
		size[rank++] = x->size[i];
	for (int i = 0; i < index[0]->rank; i++)
		size[rank++] = index[0]->size[i];
	for (int i = axis + count; i < x->rank; i++)
		size[rank++] = x->size[i];
	if (rank > MAX_RANK)
		return misfit(s, "a gather has rank %d, which is above %d", rank, MAX_RANK);
	return type_array(s->arena, x->dtype, rank, size);
}

void sliced_index(Eval *e, const Val *v, Array *const *in, const int64_t *at, int64_t *from)
{
	for (int i = 0; i < in[0]->rank; i++)
		from[i] = eval_size(e, v->attr.slice.start[i], in) + at[i] * v->attr.slice.step[i];
}

int64_t gathered_index(const Val *v, const Array *x, const int64_t *at, Array *const *indices,
		       bool nearest)
{
	int axis = v->attr.gather.axis, count = v->attr.gather.count, rank = indices[0]->rank;
	int64_t from[MAX_RANK];
	for (int i = 0; i < x->rank; i++)
		if (i < axis)
			from[i] = at[i];
		else if (i >= axis + count)
			from[i] = at[i - count + rank];
		else {
			int64_t k = indices[i - axis]->i[flat_index(indices[i - axis], at + axis)];
			if (!nearest && (k < 0 || k >= x->size[i]))
				return -1;
			from[i] = k < 0 ? 0 : k >= x->size[i] ? x->size[i] - 1 : k;
		}
	return flat_index(x, from);
}

/* order[k]: the place along the axis of the element that comes k-th; at: an element's index, its
 * axis is overwritten */
void sort_axis(const Array *x, int axis, bool falling, int64_t *at, int64_t *order)
{
	for (int64_t n = 0; n < x->size[axis]; n++) {
		at[axis] = n;
		int64_t new = flat_index(x, at), k = n;
		for (; k > 0; k--) {
			at[axis] = order[k - 1];
			int64_t old = flat_index(x, at);
			if (!(falling ? array_less(x, old, new) : array_less(x, new, old)))
				break;
			order[k] = order[k - 1];
		}
		order[k] = n;
	}
	at[axis] = 0;
}
