/* op.c -- the table of ops */
#include <string.h>

#include "ops/ops.h"

/* the derivative column as which operands a gradient flows to, and whether to any: NONE is 0, every
 * expression 1 */
#define D(...) {__VA_ARGS__}, ANY_OF(__VA_ARGS__, 0, 0, 0)
#define ANY_OF(a, b, c, ...) (a || b || c)
#define NONE 0
#define g 1
#define NEG(...) 1
#define ADD(...) 1
#define SUB(...) 1
#define MUL(...) 1
#define DIV(...) 1
#define FLOORDIV(...) 1
#define MIN(...) 1
#define MAX(...) 1
#define SELECT(...) 1
#define CAST(...) 1
#define POW_BASE(...) 1
#define POW_EXPONENT(...) 1
#define ELEM(op, arity, types, vector, value, integer, derivative, domain) \
	{#op, arity, TYPES_##types, true, vector, #value, #integer, derivative},
static const OpInfo elementwise[] = {
#include "ops.def"
};
#undef ELEM
#undef D
#undef ANY_OF
#undef NONE
#undef g
#undef NEG
#undef ADD
#undef SUB
#undef MUL
#undef DIV
#undef FLOORDIV
#undef MIN
#undef MAX
#undef SELECT
#undef CAST
#undef POW_BASE
#undef POW_EXPONENT

enum { NELEMENTWISE = sizeof elementwise / sizeof elementwise[0] };

static const StructuralOp *const structural[] = {
#define OP(op) &op_##op,
#include "structural.def"
#undef OP
};

const OpInfo *op_info(Op op)
{
	return (int)op < NELEMENTWISE ? &elementwise[op]
				      : &structural[(int)op - NELEMENTWISE]->info;
}

const StructuralOp *structural_op(Op op)
{
	return (int)op < NELEMENTWISE ? NULL : structural[(int)op - NELEMENTWISE];
}

bool op_from_name(const char *name, Op *op)
{
	for (int i = 0; i < (int)OP_COUNT; i++)
		if (strcmp(op_info((Op)i)->name, name) == 0) {
			*op = (Op)i;
			return true;
		}
	return false;
}

const Type *misfit(Shape *s, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	s->why = arena_vprintf(s->arena, fmt, args);
	va_end(args);
	return NULL;
}

bool is_index(const Type *t)
{
	return t->dtype == DT_int64 && t->rank == 0;
}

const Type *infer_type(Shape *s, Op op)
{
	const OpInfo *info = op_info(op);
	if (info->arity >= 0 && s->nin != info->arity)
		return misfit(s, "%s takes %d operands, not %d", info->name, info->arity, s->nin);
	for (int i = 0; i < s->nin; i++) {
		if (s->in[i]->dtype == DT_error)
			return s->in[i];
		if (s->in[i]->dtype == DT_tuple && op != OP_get)
			return misfit(s, "an operand of %s is a tuple", info->name);
	}
	const Type *type =
		info->elementwise ? elementwise_type(s, op) : structural_op(op)->shape(s);
	for (int i = 0; type && i < type->rank; i++)
		if (!type->size[i])
			return misfit(s, "a size of the result of %s is beyond 64 bits",
				      info->name);
	return type;
}

const Type *op_type(Arena *arena, Op op, int nin, const Type *const *in, const Attr *attr,
		    const Type *type, const char **why)
{
	static const Attr none = {{0}};
	Shape s = {.arena = arena, .nin = nin, .in = in, .attr = attr ? attr : &none, .said = type};
	const Type *result = infer_type(&s, op);
	if (why)
		*why = s.why;
	return result;
}
