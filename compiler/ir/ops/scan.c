/* scan.c -- a loop over time with carries, sequences and emitted values */
#include "ops.h"

/* the operands as the region's parameters see them */
static const Type *param_type(Shape *s, int i)
{
	const Type *t = s->in[i];
	int ncarry = s->attr->scan.ncarry;
	if (i < ncarry || i >= ncarry + s->attr->scan.nseq)
		return t;
	if (t->rank == 0 || !size_equal(t->size[0], s->attr->scan.steps))
		return misfit(s, "sequence %s of a scan of %s steps", type_text(s->arena, t),
			      size_text(s->arena, s->attr->scan.steps));
	return type_array(s->arena, t->dtype, t->rank - 1, t->size + 1);
}

static const Type *shape(Shape *s)
{
	if (s->nregions != 1)
		return misfit(s, "a scan has one region");
	const Graph *body = s->region[0];
	int ncarry = s->attr->scan.ncarry, nemit = s->attr->scan.nemit, nseq = s->attr->scan.nseq;
	if (ncarry < 0 || nemit < 0 || nseq < 0 || ncarry > s->nin || nseq > s->nin - ncarry ||
	    !s->attr->scan.steps)
		return misfit(s, "the counts of a scan do not fit");
	if (body->params.len != s->nin + 1 || !is_index(body->params.data[0]->type))
		return misfit(s, "the region of a scan has %d parameters for %d operands",
			      body->params.len, s->nin);
	for (int i = 0; i < s->nin; i++) {
		const Type *t = param_type(s, i), *have = body->params.data[i + 1]->type;
		if (!t)
			return NULL;
		if (!type_equal(t, have))
			return misfit(s, "parameter %d of a scan is %s, not %s", i + 1,
				      type_text(s->arena, have), type_text(s->arena, t));
	}
	if (body->results.len != (int64_t)ncarry + nemit + s->attr->scan.until)
		return misfit(s, "the region of a scan has %d results", body->results.len);
	const Type **item = NEW_ARRAY(s->arena, const Type *, ncarry + nemit + 1);
	for (int i = 0; i < ncarry + nemit; i++) {
		const Type *t = body->results.data[i]->type;
		if (t->dtype == DT_tuple || (i >= ncarry && t->rank == MAX_RANK))
			return misfit(s, "result %d of a scan's region has a wrong type", i);
		item[i] = t;
		if (i < ncarry) {
			if (!type_equal(t, s->in[i]))
				return misfit(s, "carry %d of a scan is %s and becomes %s", i,
					      type_text(s->arena, s->in[i]),
					      type_text(s->arena, t));
			continue;
		}
		const Size *size[MAX_RANK] = {s->attr->scan.steps};
		for (int k = 0; k < t->rank; k++)
			size[k + 1] = t->size[k];
		item[i] = type_array(s->arena, t->dtype, t->rank + 1, size);
	}
	if (s->attr->scan.until) {
		const Type *t = body->results.data[ncarry + nemit]->type;
		if (t->dtype != DT_bool || t->rank > 0)
			return misfit(s, "until of a scan is %s", type_text(s->arena, t));
	}
	return type_tuple(s->arena, ncarry + nemit, item);
}

static void attr(AttrVisit *v, Attr *a)
{
	visit_size(v, "steps", &a->scan.steps);
	visit_int(v, "ncarry", &a->scan.ncarry);
	visit_int(v, "nseq", &a->scan.nseq);
	visit_int(v, "nemit", &a->scan.nemit);
	visit_bool(v, "reverse", &a->scan.reverse);
	visit_bool(v, "until", &a->scan.until);
	visit_int64(v, "truncate", &a->scan.truncate);
	visit_int64(v, "checkpoint", &a->scan.checkpoint);
}

/* x[row] */
static Array *element(Arena *arena, const Array *x, int64_t row)
{
	Array *y = array_new(arena, x->dtype, x->rank - 1, x->size + 1);
	for (int64_t k = 0; k < y->count; k++)
		put_element(y, k, x, row * y->count + k);
	return y;
}

static Array *eval(Eval *e, const Val *v, Array *const *in)
{
	const Attr *a = &v->attr;
	int ncarry = a->scan.ncarry, nseq = a->scan.nseq, nemit = a->scan.nemit;
	int64_t steps = eval_size(e, a->scan.steps, NULL);
	Array **result = NEW_ARRAY(e->arena, Array *, ncarry + nemit + 1);
	for (int i = 0; i < ncarry; i++)
		result[i] = array_copy(e->arena, in[i]);
	for (int i = ncarry; i < ncarry + nemit; i++)
		result[i] = eval_array(e, v->type->item[i]);
	bool stop = false;
	for (int64_t t = 0; t < steps && !stop; t++) {
		Arena *scratch = arena_new();
		int64_t row = a->scan.reverse ? steps - 1 - t : t;
		Eval body = {scratch, e->input, NULL, e->loop * 0x9E3779B1u + (uint32_t)t + 1u};
		Array **param = NEW_ARRAY(scratch, Array *, v->nin + 1);
		param[0] = array_new(scratch, DT_int64, 0, NULL);
		param[0]->i[0] = t;
		for (int i = 0; i < v->nin; i++)
			param[i + 1] = i < ncarry          ? array_copy(scratch, result[i])
				       : i < ncarry + nseq ? element(scratch, in[i], row)
							   : in[i];
		body.params = param;
		Array **next = eval_graph(&body, v->region[0]);
		for (int i = 0; i < ncarry + nemit; i++)
			for (int64_t k = 0; k < next[i]->count; k++)
				put_element(result[i], i < ncarry ? k : row * next[i]->count + k,
					    next[i], k);
		stop = a->scan.until && next[ncarry + nemit]->i[0];
		arena_free(scratch);
	}
	return eval_tuple(e, ncarry + nemit, result);
}

const StructuralOp op_scan = {
	.info = {.name = "scan", .arity = -1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
	.eval = eval,
};
