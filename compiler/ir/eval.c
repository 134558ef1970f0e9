/* eval.c -- naive evaluation of graphs, for tests: arrays, indices, the walk over a graph */
#include <math.h>

#include "ops/ops.h"

Array *array_new(Arena *arena, DType dtype, int rank, const int64_t *size)
{
	Array *a = NEW(arena, Array);
	a->dtype = dtype;
	a->rank = rank;
	a->count = 1;
	for (int i = 0; i < rank; i++) {
		a->size[i] = size[i];
		if (size[i] < 0 || __builtin_mul_overflow(a->count, size[i], &a->count))
			internal_error("evaluation: an array of size %lld", (long long)size[i]);
	}
	if (dtype_class(dtype) == CLASS_COMPLEX)
		internal_error("evaluation: complex values");
	if (dtype_is_float(dtype)) {
		a->f = NEW_ARRAY(arena, double, a->count + 1);
		a->magnitude = NEW_ARRAY(arena, double, a->count + 1);
	} else
		a->i = NEW_ARRAY(arena, int64_t, a->count + 1);
	return a;
}

Array *array_copy(Arena *arena, const Array *from)
{
	Array *a = array_new(arena, from->dtype, from->rank, from->size);
	for (int64_t i = 0; i < a->count; i++)
		put_element(a, i, from, i);
	return a;
}

Array *eval_array(Eval *e, const Type *type)
{
	int64_t size[MAX_RANK];
	for (int i = 0; i < type->rank; i++)
		size[i] = eval_size(e, type->size[i], NULL);
	return array_new(e->arena, type->dtype, type->rank, size);
}

Array *eval_tuple(Eval *e, int n, Array *const *item)
{
	Array *a = NEW(e->arena, Array);
	Array **items = NEW_ARRAY(e->arena, Array *, n + 1);
	for (int i = 0; i < n; i++)
		items[i] = item[i];
	a->dtype = DT_tuple;
	a->count = n;
	a->item = items;
	return a;
}

typedef struct Atoms {
	const Eval *eval;
	Array *const *in;
} Atoms;

static int64_t atom_value(void *data, const Atom *a)
{
	const Atoms *atoms = data;
	if (a->kind == ATOM_DIM)
		return atoms->eval->input->dims[a->dim->index];
	if (a->kind != ATOM_INPUT || !atoms->in)
		internal_error("evaluation: a size depends on a value");
	return atoms->in[a->input]->i[0];
}

int64_t eval_size(Eval *e, const Size *size, Array *const *in)
{
	int64_t value;
	if (!size_eval(size, atom_value, &(Atoms){e, in}, &value))
		internal_error("evaluation: a size is beyond 64 bits");
	return value;
}

void put_element(Array *to, int64_t at, const Array *from, int64_t i)
{
	if (to->f) {
		to->f[at] = from->f[i];
		to->magnitude[at] = from->magnitude[i];
	} else
		to->i[at] = from->i[i];
}

void put_number(Array *to, int64_t at, double value, double magnitude)
{
	to->f[at] = round_to(to->dtype, value);
	to->magnitude[at] = magnitude;
}

int64_t flat_index(const Array *a, const int64_t *index)
{
	int64_t flat = 0;
	for (int i = 0; i < a->rank; i++)
		flat = flat * a->size[i] + index[i];
	return flat;
}

bool next_index(int rank, const int64_t *size, int64_t *index)
{
	for (int i = rank - 1; i >= 0; i--) {
		if (++index[i] < size[i])
			return true;
		index[i] = 0;
	}
	return false;
}

bool array_less(const Array *a, int64_t i, int64_t j)
{
	if (a->f)
		return isnan(a->f[j]) ? !isnan(a->f[i]) : a->f[i] < a->f[j];
	return a->dtype == DT_uint64 ? (uint64_t)a->i[i] < (uint64_t)a->i[j] : a->i[i] < a->i[j];
}

/* Floats of few digits are taken for exact, and values that are only moved are left alone. */
static void jitter(const EvalInput *input, const Val *v, Array *a)
{
	bool computes = op_info(v->op)->elementwise || v->op == OP_reduce || v->op == OP_contraction || v->op == OP_cumsum;
	if (!a->f || !computes || v->op == OP_select || v->op == OP_neg || v->op == OP_abs)
		return;
	double most = a->dtype == DT_float64 ? 1e-13 : 1e-6;
	for (int64_t i = 0; i < a->count; i++) {
		if (!isfinite(a->f[i]) || (double)(float)(a->f[i] * 0x1p8) == rint(a->f[i] * 0x1p8))
			continue;
		uint64_t h = (input->jitter << 40 ^ (uint64_t)v->id << 20 ^ (uint64_t)i) * 0x9E3779B97F4A7C15u;
		h = (h ^ h >> 29) * 0xBF58476D1CE4E5B9u;
		a->f[i] = round_to(a->dtype, a->f[i] * (1 + most * ((double)(h >> 11) * 0x1p-52 - 1)));
	}
}

Array **eval_graph(Eval *e, const Graph *g)
{
	Array **value = NEW_ARRAY(e->arena, Array *, g->vals.len + 1);
	for (int i = 0; i < g->vals.len; i++) {
		const Val *v = g->vals.data[i];
		Array **in = NEW_ARRAY(e->arena, Array *, v->nin + 1);
		for (int k = 0; k < v->nin; k++)
			in[k] = value[v->in[k]->id];
		const StructuralOp *op = structural_op(v->op);
		value[i] = op ? op->eval(e, v, in) : eval_elementwise(e, v, in);
		if (e->input->jitter)
			jitter(e->input, v, value[i]);
	}
	Array **result = NEW_ARRAY(e->arena, Array *, g->results.len + 1);
	for (int i = 0; i < g->results.len; i++)
		result[i] = value[g->results.data[i]->id];
	return result;
}

Array **eval_func(Arena *arena, const Model *model, const Func *func, const EvalInput *input)
{
	(void)model;
	Eval e = {.arena = arena, .input = input};
	return eval_graph(&e, func->graph);
}
