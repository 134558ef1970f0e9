/* dtype.c -- the scalar types: names, C types, sizes, classes */
#include <string.h>

#include "ir.h"

static const struct {
	const char *name, *ctype, *suffix;
	int bytes;
	DClass class;
} table[DT_COUNT] = {
#define DTYPE(name, ctype, bytes, class, suffix) {#name, #ctype, #suffix, bytes, CLASS_##class},
#include "dtypes.def"
#undef DTYPE
	{"tuple", "", "", 0, CLASS_NONE},
	{"error", "", "", 0, CLASS_NONE},
};

const char *dtype_name(DType t)
{
	return table[t].name;
}

const char *dtype_ctype(DType t)
{
	return table[t].ctype;
}

const char *dtype_suffix(DType t)
{
	return table[t].suffix;
}

int dtype_bytes(DType t)
{
	return table[t].bytes;
}

DClass dtype_class(DType t)
{
	return table[t].class;
}

bool dtype_is_float(DType t)
{
	return table[t].class == CLASS_FLOAT;
}

bool dtype_is_integer(DType t)
{
	return table[t].class == CLASS_INT || table[t].class == CLASS_UINT;
}

bool dtype_from_name(const char *name, DType *t)
{
	for (int i = 0; i < (int)DT_tuple; i++)
		if (strcmp(table[i].name, name) == 0) {
			*t = (DType)i;
			return true;
		}
	return false;
}
