/* type.c -- a dtype and sizes, or a tuple of types */
#include "ir.h"

const Type *type_scalar(Arena *arena, DType dtype)
{
	return type_array(arena, dtype, 0, NULL);
}

const Type *type_array(Arena *arena, DType dtype, int rank, const Size *const *size)
{
	if (rank > MAX_RANK)
		internal_error("a type of rank %d", rank);
	Type *t = NEW(arena, Type);
	t->dtype = dtype;
	t->rank = rank;
	for (int i = 0; i < rank; i++)
		t->size[i] = size[i];
	return t;
}

const Type *type_tuple(Arena *arena, int n, const Type *const *item)
{
	Type *t = NEW(arena, Type);
	const Type **items = NEW_ARRAY(arena, const Type *, n + 1);
	for (int i = 0; i < n; i++)
		items[i] = item[i];
	t->dtype = DT_tuple;
	t->nitems = n;
	t->item = items;
	return t;
}

const Type *type_with_dtype(Arena *arena, const Type *type, DType dtype)
{
	return type->dtype == dtype ? type : type_array(arena, dtype, type->rank, type->size);
}

const Type *type_copy(Arena *arena, const Type *type)
{
	if (type->dtype == DT_tuple) {
		const Type **item = NEW_ARRAY(arena, const Type *, type->nitems + 1);
		for (int i = 0; i < type->nitems; i++)
			item[i] = type_copy(arena, type->item[i]);
		return type_tuple(arena, type->nitems, item);
	}
	const Size *size[MAX_RANK];
	for (int i = 0; i < type->rank; i++)
		size[i] = size_copy(arena, type->size[i]);
	return type_array(arena, type->dtype, type->rank, size);
}

bool type_equal(const Type *a, const Type *b)
{
	if (a == b)
		return true;
	if (a->dtype == DT_error || b->dtype == DT_error)
		return true;
	if (a->dtype != b->dtype || a->nitems != b->nitems)
		return false;
	for (int i = 0; i < a->nitems; i++)
		if (!type_equal(a->item[i], b->item[i]))
			return false;
	return same_shape(a, b);
}

bool same_shape(const Type *a, const Type *b)
{
	if (a->rank != b->rank)
		return false;
	for (int i = 0; i < a->rank; i++)
		if (!size_equal(a->size[i], b->size[i]))
			return false;
	return true;
}

const Size *type_count(Arena *arena, const Type *type)
{
	const Size *count = size_const(arena, 1);
	for (int i = 0; i < type->rank; i++)
		count = size_mul(arena, count, size_resolve(arena, type->size[i]));
	return count;
}

const char *type_text(Arena *arena, const Type *type)
{
	const char *text = "";
	if (type->dtype == DT_tuple) {
		for (int i = 0; i < type->nitems; i++)
			text = arena_printf(arena, "%s%s%s", text, i ? ", " : "",
					    type_text(arena, type->item[i]));
		return arena_printf(arena, "(%s)", text);
	}
	for (int i = 0; i < type->rank; i++)
		text = arena_printf(arena, "%s%s%s", text, i ? ", " : "",
				    size_text(arena, type->size[i]));
	return type->rank ? arena_printf(arena, "%s[%s]", dtype_name(type->dtype), text)
			  : dtype_name(type->dtype);
}
