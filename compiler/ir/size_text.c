/* size_text.c -- sizes as text */
#include <inttypes.h>

#include "ir.h"

static const char *atom_text(Arena *arena, const Atom *a)
{
	switch (a->kind) {
	case ATOM_DIM:
		return a->dim->is ? arena_printf(arena, "(%s)", size_text(arena, a->dim->is))
				  : a->dim->name;
	case ATOM_FLOOR:
		return arena_printf(arena,
				    a->num->nterms > 1 ? "floor((%s) / %" PRId64 ")"
						       : "floor(%s / %" PRId64 ")",
				    size_text(arena, a->num), a->by);
	case ATOM_INPUT:
		return arena_printf(arena, "in(%d)", a->input);
	case ATOM_VALUE:
		return a->value->name ? a->value->name : arena_printf(arena, "v%d", a->value->id);
	case ATOM_AXIS:
		return a->axis_name;
	}
	return "?";
}

static uint64_t magnitude(int64_t x)
{
	return x < 0 ? (uint64_t)0 - (uint64_t)x : (uint64_t)x;
}

const char *size_text(Arena *arena, const Size *s)
{
	if (!s)
		return "?";
	s = size_resolve(arena, s);
	if (!s)
		return "?";
	if (s->nterms == 0)
		return "0";
	const char *text = "";
	for (int i = 0; i < s->nterms; i++) {
		const Term *t = &s->term[i];
		const char *sign = i == 0 ? (t->coef < 0 ? "-" : "") : t->coef < 0 ? " - " : " + ";
		const char *product = "";
		if (t->natoms == 0 || magnitude(t->coef) != 1)
			product = arena_printf(arena, "%" PRIu64, magnitude(t->coef));
		for (int j = 0; j < t->natoms; j++)
			product = arena_printf(arena, "%s%s%s", product, *product ? " * " : "",
					       atom_text(arena, t->atom[j]));
		text = arena_printf(arena, "%s%s%s", text, sign, product);
	}
	return text;
}
