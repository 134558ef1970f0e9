/* attr.c -- visiting the attributes of a structural op; copying and printing them */
#include <inttypes.h>
#include <math.h>

#include "ops/ops.h"

void visit_int64s(AttrVisit *v, const char *name, int n, int64_t *x)
{
	if (v->integers)
		v->integers(v, name, n, x);
}

void visit_int64(AttrVisit *v, const char *name, int64_t *x)
{
	visit_int64s(v, name, -1, x);
}

void visit_int(AttrVisit *v, const char *name, int *x)
{
	int64_t wide = *x;
	visit_int64(v, name, &wide);
	*x = (int)wide;
}

void visit_bool(AttrVisit *v, const char *name, bool *x)
{
	int64_t wide = *x;
	visit_int64(v, name, &wide);
	*x = wide != 0;
}

void visit_int8s(AttrVisit *v, const char *name, int n, int8_t *x)
{
	int64_t wide[MAX_RANK];
	for (int i = 0; i < n; i++)
		wide[i] = x[i];
	visit_int64s(v, name, n, wide);
	for (int i = 0; i < n; i++)
		x[i] = (int8_t)wide[i];
}

void visit_number(AttrVisit *v, const char *name, double *x)
{
	if (v->number)
		v->number(v, name, x);
}

void visit_sizes(AttrVisit *v, const char *name, int n, const Size **x)
{
	if (v->sizes)
		v->sizes(v, name, n, x);
}

void visit_size(AttrVisit *v, const char *name, const Size **x)
{
	visit_sizes(v, name, -1, x);
}

/* shows v->attr, changed in *attr */
static void visit(AttrVisit *visit, const Val *v, Attr *attr)
{
	const StructuralOp *op = structural_op(v->op);
	if (!op || !op->attr)
		return;
	const Type *few[8];
	Arena *scratch = v->nin > 8 ? arena_new() : NULL;
	const Type **in = scratch ? NEW_ARRAY(scratch, const Type *, v->nin) : few;
	for (int i = 0; i < v->nin; i++)
		in[i] = v->in[i]->type;
	visit->type = v->type;
	visit->nin = v->nin;
	visit->in = in;
	op->attr(visit, attr);
	arena_free(scratch);
}

static void copy_sizes(AttrVisit *v, const char *name, int n, const Size **size)
{
	(void)name;
	for (int i = 0; i < (n < 0 ? 1 : n); i++)
		size[i] = size_copy(v->arena, size[i]);
}

Attr attr_copy(Arena *arena, const Val *v)
{
	AttrVisit copy = {.arena = arena, .sizes = copy_sizes};
	Attr attr = v->attr;
	visit(&copy, v, &attr);
	return attr;
}

typedef struct Text {
	AttrVisit visit; /* first */
	const char *text;
} Text;

static void append(AttrVisit *v, const char *name, int n, int i, const char *item)
{
	Text *t = (Text *)v;
	if (i == 0)
		t->text = arena_printf(v->arena, "%s%s%s = %s", t->text, *t->text ? ", " : "", name,
				       n < 0 ? "" : "[");
	t->text = arena_printf(v->arena, "%s%s%s%s", t->text, i > 0 && i < n ? ", " : "", item,
			       i == n ? "]" : "");
}

static void integers_text(AttrVisit *v, const char *name, int n, int64_t *x)
{
	for (int i = 0; i < (n < 0 ? 1 : n); i++)
		append(v, name, n, i, arena_printf(v->arena, "%" PRId64, x[i]));
	if (n >= 0)
		append(v, name, n, n, "");
}

static void sizes_text(AttrVisit *v, const char *name, int n, const Size **x)
{
	for (int i = 0; i < (n < 0 ? 1 : n); i++)
		append(v, name, n, i, size_text(v->arena, x[i]));
	if (n >= 0)
		append(v, name, n, n, "");
}

static void axes_text(AttrVisit *v, const char *name, uint32_t *axes)
{
	int64_t list[32];
	int n = 0;
	for (int i = 0; i < 32; i++)
		if (*axes >> i & 1)
			list[n++] = i;
	integers_text(v, name, n, list);
}

static void number_text(AttrVisit *v, const char *name, double *x)
{
	/* the sign of a NaN is of no meaning, and libraries print it differently */
	append(v, name, -1, 0, isnan(*x) ? "nan" : arena_printf(v->arena, "%.17g", *x));
}

static void word_text(AttrVisit *v, const char *name, int n, const char *const *words, int *which)
{
	(void)n;
	append(v, name, -1, 0, words[*which]);
}

static void arg_text(AttrVisit *v, const FuncArg **arg)
{
	append(v, "name", -1, 0, arena_printf(v->arena, "\"%s\"", (*arg)->name));
}

static void var_text(AttrVisit *v, const Var **var)
{
	append(v, "name", -1, 0, arena_printf(v->arena, "\"%s\"", (*var)->name));
}

static void extern_text(AttrVisit *v, const struct Extern **ext)
{
	append(v, "name", -1, 0, arena_printf(v->arena, "\"%s\"", (*ext)->name));
}

const char *attr_text(Arena *arena, const Val *v)
{
	Text t = {.visit = {.arena = arena,
			    .integers = integers_text,
			    .sizes = sizes_text,
			    .axes = axes_text,
			    .number = number_text,
			    .word = word_text,
			    .arg = arg_text,
			    .var = var_text,
			    .extension = extern_text},
		  .text = ""};
	Attr attr = v->attr;
	visit(&t.visit, v, &attr);
	return t.text;
}
