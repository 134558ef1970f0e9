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
	if (ncarry < 0 || nemit < 0 || nseq < 0 || ncarry + nseq > s->nin || !s->attr->scan.steps)
		return misfit(s, "the counts of a scan do not fit");
	if (body->params.len != s->nin + 1 || !is_index(body->params.data[0]->type))
		return misfit(s, "the region of a scan has %d parameters for %d operands", body->params.len, s->nin);
	for (int i = 0; i < s->nin; i++) {
		const Type *t = param_type(s, i), *have = body->params.data[i + 1]->type;
		if (!t)
			return NULL;
		if (!type_equal(t, have))
			return misfit(s, "parameter %d of a scan is %s, not %s", i + 1, type_text(s->arena, have),
				      type_text(s->arena, t));
	}
	if (body->results.len != ncarry + nemit + s->attr->scan.until)
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
					      type_text(s->arena, s->in[i]), type_text(s->arena, t));
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

const StructuralOp op_scan = {
	.info = {.name = "scan", .arity = -1, .types = TYPES_STRUCTURAL, .differentiable = true},
	.shape = shape,
	.attr = attr,
};
