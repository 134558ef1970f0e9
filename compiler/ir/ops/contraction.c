/* contraction.c -- out[labels] = sum over the labels that out lacks of a[..] * b[..] */
#include "ops.h"

enum { NLABELS = 26 };

/* the labels of one operand or of the result, each with its size */
static bool take(Shape *s, const char *what, int n, const int8_t *label, const Size *const *sizes,
		 const Size **size, int *uses)
{
	uint32_t seen = 0;
	for (int i = 0; i < n; i++) {
		int l = label[i];
		if (l < 0 || l >= NLABELS || seen >> l & 1) {
			misfit(s, "%s of a contraction has a wrong or repeated label", what);
			return false;
		}
		seen |= 1u << l;
		uses[l]++;
		if (!sizes)
			continue;
		if (size[l] && !size_equal(size[l], sizes[i])) {
			misfit(s, "a contraction over %s and %s", size_text(s->arena, size[l]),
			       size_text(s->arena, sizes[i]));
			return false;
		}
		size[l] = sizes[i];
	}
	return true;
}

static const Type *shape(Shape *s)
{
	const Type *a = s->in[0], *b = s->in[1];
	const Attr *at = s->attr;
	const Size *size[NLABELS] = {NULL}, *out[MAX_RANK];
	int uses[NLABELS] = {0}, nout = at->contraction.nout;
	if (a->dtype != b->dtype || a->dtype == DT_bool)
		return misfit(s, "a contraction of %s and %s", dtype_name(a->dtype),
			      dtype_name(b->dtype));
	if (nout < 0 || nout > MAX_RANK)
		return misfit(s, "a contraction to rank %d", nout);
	if (!take(s, "the left side", a->rank, at->contraction.a, a->size, size, uses) ||
	    !take(s, "the right side", b->rank, at->contraction.b, b->size, size, uses) ||
	    !take(s, "the result", nout, at->contraction.out, NULL, size, uses))
		return NULL;
	for (int l = 0; l < NLABELS; l++)
		if (uses[l] == 1)
			return misfit(s, "label %c of a contraction stands only once", 'a' + l);
	for (int i = 0; i < nout; i++)
		out[i] = size[at->contraction.out[i]];
	return type_array(s->arena, a->dtype, nout, out);
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_int8s(v, "a", v->in[0]->rank, a->contraction.a);
	visit_int8s(v, "b", v->in[1]->rank, a->contraction.b);
	a->contraction.nout = v->type->rank;
	visit_int8s(v, "out", a->contraction.nout, a->contraction.out);
}

/* how far apart elements of the operand are whose label differs by 1, and the labels' sizes */
static void note_labels(const Array *x, const int8_t *label, int64_t *stride, int64_t *size)
{
	int64_t apart = 1;
	for (int i = x->rank - 1; i >= 0; i--) {
		stride[label[i]] = apart;
		size[label[i]] = x->size[i];
		apart *= x->size[i];
	}
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	Array *y = eval_array(e, v->type);
	const Attr *a = &v->attr;
	int64_t at[MAX_RANK] = {0}, size[NLABELS] = {0}, in_a[NLABELS] = {0}, in_b[NLABELS] = {0};
	note_labels(in[0], a->contraction.a, in_a, size);
	note_labels(in[1], a->contraction.b, in_b, size);
	int summed[NLABELS], nsummed = 0;
	int64_t range[NLABELS];
	bool kept[NLABELS] = {false}, empty = false;
	for (int i = 0; i < y->rank; i++)
		kept[a->contraction.out[i]] = true;
	for (int i = 0; i < in[0]->rank; i++)
		if (!kept[a->contraction.a[i]]) {
			range[nsummed] = size[a->contraction.a[i]];
			empty |= range[nsummed] == 0;
			summed[nsummed++] = a->contraction.a[i];
		}
	if (y->count == 0)
		return y;
	do {
		int64_t step[NLABELS] = {0}, first_a = 0, first_b = 0;
		long double sum = 0;
		double magnitude = 0;
		uint64_t whole = 0;
		for (int i = 0; i < y->rank; i++) {
			first_a += at[i] * in_a[a->contraction.out[i]];
			first_b += at[i] * in_b[a->contraction.out[i]];
		}
		if (!empty)
			do {
				int64_t p = first_a, q = first_b;
				for (int i = 0; i < nsummed; i++) {
					p += step[i] * in_a[summed[i]];
					q += step[i] * in_b[summed[i]];
				}
				if (y->f) {
					sum += (long double)in[0]->f[p] * in[1]->f[q];
					magnitude += in[0]->magnitude[p] * in[1]->magnitude[q];
				} else
					whole += (uint64_t)in[0]->i[p] * (uint64_t)in[1]->i[q];
			} while (next_index(nsummed, range, step));
		if (y->f)
			put_number(y, flat_index(y, at), round_to(y->dtype, sum), magnitude);
		else
			y->i[flat_index(y, at)] = wrap_to(y->dtype, whole);
	} while (next_index(y->rank, y->size, at));
	return y;
}

const StructuralOp op_contraction = {
	.info = {.name = "contraction",
		 .arity = 2,
		 .types = TYPES_STRUCTURAL,
		 .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
