/* read.c -- reads what print.c writes: a model's graphs
 *
 * A recursive descent of its own: a line of this text has little in common with the language.  The
 * first error ends it.  Every node is checked by its op's type rule before it is made. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ops/ops.h"
#include "read.h"

/* ---- attributes, in the order in which the op shows them */

typedef struct AttrReader {
	AttrVisit visit; /* first */
	Reader *reader;
	bool first;
} AttrReader;

static Reader *attr_begin(AttrVisit *v, const char *name)
{
	AttrReader *a = (AttrReader *)v;
	need_sign(a->reader, a->first ? ";" : ",");
	a->first = false;
	need_word(a->reader, name);
	need_sign(a->reader, "=");
	return a->reader;
}

static void read_integers(AttrVisit *v, const char *name, int n, int64_t *x)
{
	Reader *r = attr_begin(v, name);
	if (n >= 0)
		need_sign(r, "[");
	for (int i = 0; i < (n < 0 ? 1 : n); i++) {
		if (i > 0)
			need_sign(r, ",");
		x[i] = need_integer(r);
	}
	if (n >= 0)
		need_sign(r, "]");
}

static void read_sizes(AttrVisit *v, const char *name, int n, const Size **x)
{
	Reader *r = attr_begin(v, name);
	if (n >= 0)
		need_sign(r, "[");
	for (int i = 0; i < (n < 0 ? 1 : n); i++) {
		if (i > 0)
			need_sign(r, ",");
		x[i] = need_size(r);
	}
	if (n >= 0)
		need_sign(r, "]");
}

static void read_axes(AttrVisit *v, const char *name, uint32_t *axes)
{
	Reader *r = attr_begin(v, name);
	need_sign(r, "[");
	while (r->token.kind == TOK_NUMBER) {
		int64_t axis = need_integer(r);
		if (axis >= MAX_RANK)
			read_fail(r, "no axis %d", (int)axis);
		else
			*axes |= 1u << axis;
		if (!take_sign(r, ","))
			break;
	}
	need_sign(r, "]");
}

static void read_number(AttrVisit *v, const char *name, double *x)
{
	*x = need_number(attr_begin(v, name));
}

static void read_word(AttrVisit *v, const char *name, int n, const char *const *words, int *which)
{
	Reader *r = attr_begin(v, name);
	for (*which = 0; *which < n; ++*which)
		if (take_word(r, words[*which]))
			return;
	*which = 0;
	read_fail(r, "no such %s", name);
}

static void read_arg(AttrVisit *v, const FuncArg **arg)
{
	Reader *r = attr_begin(v, "name");
	const char *name = need_string(r);
	for (int i = 0; i < r->func->args.len; i++)
		if (strcmp(r->func->args.data[i]->name, name) == 0)
			*arg = r->func->args.data[i];
	if (!*arg)
		read_fail(r, "no argument is named \"%s\"", name);
}

static const Var *find_var(Reader *r, const char *name)
{
	for (int i = 0; i < r->model->vars.len; i++)
		if (strcmp(r->model->vars.data[i]->name, name) == 0)
			return r->model->vars.data[i];
	read_fail(r, "no variable is named \"%s\"", name);
	return NULL;
}

static void read_var(AttrVisit *v, const Var **var)
{
	Reader *r = attr_begin(v, "name");
	*var = find_var(r, need_string(r));
}

static void read_extern(AttrVisit *v, const struct Extern **ext)
{
	Reader *r = attr_begin(v, "name");
	const char *name = need_string(r);
	for (int i = 0; i < r->model->externs.len; i++)
		if (strcmp(r->model->externs.data[i]->name, name) == 0)
			*ext = r->model->externs.data[i];
	if (!*ext)
		read_fail(r, "no extern is named \"%s\"", name);
}

/* ---- graphs */

static Val *need_val(Reader *r, const Graph *g)
{
	const char *text = r->token.text;
	char *end = NULL;
	long id = r->token.kind == TOK_NAME && text[0] == 'v' && isdigit((unsigned char)text[1])
			  ? strtol(text + 1, &end, 10)
			  : -1;
	if (id < 0 || *end || id >= g->vals.len) {
		read_fail(r, "expected a value that stands before");
		return NULL;
	}
	read_advance(r);
	return g->vals.data[id];
}

static void read_nodes(Reader *r, Graph *g);

static int read_regions(Reader *r, Graph **region)
{
	int n = 0;
	if (++r->depth > MAX_DEPTH)
		read_fail(r, "this is nested too deep");
	r->regions++;
	while (n < 2 && take_sign(r, "{")) {
		Graph *g = region[n++] = graph_new(r->arena);
		read_nodes(r, g);
		while (take_word(r, "result")) {
			Val *v = need_val(r, g);
			if (v)
				push(r->arena, &g->results, v);
		}
		need_sign(r, "}");
	}
	r->regions--;
	r->depth--;
	return n;
}

/* the op with its operands, attributes and regions, of the type that stands before them */
static Val *read_op(Reader *r, Graph *g, Loc loc, const Type *type)
{
	Arena *arena = r->arena;
	Op op = OP_const;
	if (r->token.kind != TOK_NAME || !op_from_name(r->token.text, &op))
		read_fail(r, "expected an op");
	read_advance(r);
	need_sign(r, "(");
	VEC(Val *) in = {0};
	while (r->token.kind == TOK_NAME) {
		Val *v = need_val(r, g);
		if (v)
			push(arena, &in, v);
		if (!take_sign(r, ","))
			break;
	}
	const Type **types = NEW_ARRAY(arena, const Type *, in.len + 2);
	for (int i = 0; i < in.len + 2;
	     i++) /* two more, for attributes that ask for an operand that is missing */
		types[i] = i < in.len ? in.data[i]->type : type_scalar(arena, DT_error);
	AttrReader a = {.visit = {.arena = arena,
				  .type = type,
				  .nin = in.len,
				  .in = types,
				  .integers = read_integers,
				  .sizes = read_sizes,
				  .axes = read_axes,
				  .number = read_number,
				  .word = read_word,
				  .arg = read_arg,
				  .var = read_var,
				  .extension = read_extern},
			.reader = r,
			.first = true};
	Attr attr = {{0}};
	const StructuralOp *structural = structural_op(op);
	if (structural && structural->attr)
		structural->attr(&a.visit, &attr);
	need_sign(r, ")");
	Graph *region[2];
	int nregions = read_regions(r, region);
	if (nregions && op != OP_scan && op != OP_if)
		read_fail(r, "%s takes no region", op_info(op)->name);
	if (r->regions ? op == OP_arg || op == OP_var : op == OP_param)
		read_fail(r, r->regions ? "%s stands in a region" : "%s stands in no region",
			  op_info(op)->name);
	if (r->failed)
		return NULL;
	Shape s = {.arena = arena,
		   .nin = in.len,
		   .in = types,
		   .attr = &attr,
		   .said = type,
		   .nregions = nregions,
		   .region = region};
	const Type *inferred = infer_type(&s, op);
	r->token.loc = loc;
	if (!inferred)
		read_fail(r, "%s", s.why);
	else if (!type_equal(inferred, type))
		read_fail(r, "the type is %s, not %s", type_text(arena, inferred),
			  type_text(arena, type));
	else if (op == OP_param && attr.param.index != g->params.len)
		read_fail(r, "parameter %d stands where %d is expected", attr.param.index,
			  g->params.len);
	if (r->failed)
		return NULL;
	if (op == OP_param)
		return build_param(g, loc, type);
	return nregions ? build_region(g, loc, op, in.len, in.data, &attr, nregions, region)
			: build(g, loc, op, in.len, in.data, &attr, type);
}

/* lines that begin with v0, v1, ... */
static void read_nodes(Reader *r, Graph *g)
{
	while (r->token.kind == TOK_NAME && r->token.text[0] == 'v' &&
	       isdigit((unsigned char)r->token.text[1])) {
		Loc loc = r->token.loc;
		if (strtol(r->token.text + 1, NULL, 10) != g->vals.len)
			read_fail(r, "expected v%d", g->vals.len);
		read_advance(r);
		const char *name = r->token.kind == TOK_STRING ? need_string(r) : NULL;
		need_sign(r, ":");
		const Type *type = need_type(r);
		need_sign(r, "=");
		Token after = r->token;
		Val *v = read_op(r, g, loc_join(loc, after.loc), type);
		if (v)
			v->name = name;
	}
}

/* ---- declarations */

static void read_dim(Reader *r)
{
	Dim *d = NEW(r->arena, Dim);
	d->loc = r->token.loc;
	d->name = need_token(r, TOK_NAME, "a name");
	d->index = r->model->dims.len;
	need_sign(r, ">=");
	d->lo = need_integer(r);
	if (d->lo < 0)
		read_fail(r, "a dim is not negative");
	d->hi = take_sign(r, "<=") ? need_integer(r) : INT64_MAX;
	d->anonymous = take_word(r, "anonymous");
	if (take_sign(r, "="))
		d->is = need_size(r);
	push(r->arena, &r->model->dims, d);
}

static void read_variable(Reader *r, VarKind kind)
{
	Var *v = NEW(r->arena, Var);
	v->kind = kind;
	v->loc = r->token.loc;
	v->name = need_string(r);
	v->index = r->model->vars.len;
	if (take_word(r, "stack")) {
		v->stack = need_integer(r);
		need_word(r, "from");
		v->stack_from = need_integer(r);
	}
	need_sign(r, ":");
	v->type = need_type(r);
	push(r->arena, &r->model->vars, v);
}

static void read_extern_line(Reader *r)
{
	Extern *e = NEW(r->arena, Extern);
	DType t;
	e->loc = r->token.loc;
	e->name = need_string(r);
	while (take_word(r, "include"))
		push(r->arena, &e->includes, need_string(r));
	while (r->token.kind == TOK_NAME && dtype_from_name(r->token.text, &t)) {
		read_advance(r);
		e->symbol[t] = need_string(r);
	}
	push(r->arena, &r->model->externs, e);
}

static void read_arg_line(Reader *r, Func *f)
{
	FuncArg *a = NEW(r->arena, FuncArg);
	a->loc = r->token.loc;
	a->name = need_string(r);
	a->index = f->args.len;
	need_sign(r, ":");
	a->type = need_type(r);
	a->has_default = take_sign(r, "=");
	if (a->has_default)
		a->value = need_number(r);
	push(r->arena, &f->args, a);
}

/* type: what it has to be, or NULL */
static void read_result(Reader *r, Func *f, const Type *type)
{
	need_sign(r, "=");
	Val *v = need_val(r, f->graph);
	if (v && (type ? !type_equal(v->type, type) : v->type->dtype == DT_tuple))
		read_fail(r, "this cannot be of type %s", type_text(r->arena, v->type));
	if (v)
		push(r->arena, &f->graph->results, v);
}

static Func *read_func(Reader *r)
{
	Func *f = r->func = NEW(r->arena, Func);
	f->graph = graph_new(r->arena);
	f->loc = r->token.loc;
	f->name = need_string(r);
	f->training = take_word(r, "training");
	f->draws = take_word(r, "draws");
	need_sign(r, "{");
	if (take_word(r, "dims"))
		do {
			const Dim *d = find_dim(r, r->token.text);
			read_advance(r);
			if (d)
				push(r->arena, &f->dims, d);
		} while (take_sign(r, ","));
	while (take_word(r, "arg"))
		read_arg_line(r, f);
	read_nodes(r, f->graph);
	while (at_word(r, "out")) {
		read_advance(r);
		FuncOut out = {.loc = r->token.loc, .name = need_string(r)};
		push(r->arena, &f->outs, out);
		read_result(r, f, NULL);
	}
	while (at_word(r, "update")) {
		read_advance(r);
		FuncUpdate update = {.loc = r->token.loc, .var = find_var(r, r->token.text)};
		need_string(r);
		push(r->arena, &f->updates, update);
		read_result(r, f, update.var ? update.var->type : NULL);
	}
	while (at_word(r, "check")) {
		read_advance(r);
		FuncCheck check = {.loc = r->token.loc, .text = need_string(r)};
		check.what = need_string(r);
		push(r->arena, &f->checks, check);
		read_result(r, f, type_scalar(r->arena, DT_bool));
	}
	need_sign(r, "}");
	return f;
}

static void read_declaration(Reader *r)
{
	if (take_word(r, "dim"))
		read_dim(r);
	else if (take_word(r, "extern"))
		read_extern_line(r);
	else if (take_word(r, "param"))
		read_variable(r, VAR_PARAM);
	else if (take_word(r, "shared"))
		read_variable(r, VAR_SHARED);
	else if (take_word(r, "data"))
		read_variable(r, VAR_DATA);
	else if (take_word(r, "function"))
		push(r->arena, &r->model->funcs, read_func(r));
	else if (take_word(r, "init"))
		r->model->init = read_func(r);
	else
		read_fail(r, "expected dim, extern, param, shared, data, function or init");
}

Model *read_model(Arena *arena, Names *names, Diag *diag, const Source *source)
{
	Model *m = NEW(arena, Model);
	Reader r = {.arena = arena, .names = names, .diag = diag, .source = source, .model = m};
	m->arena = arena;
	m->source = source;
	read_advance(&r);
	need_word(&r, "model");
	m->name = need_string(&r);
	if (r.token.kind != TOK_NAME || !dtype_from_name(r.token.text, &m->floatX))
		read_fail(&r, "expected the type that floatX is");
	read_advance(&r);
	while (!r.failed && r.token.kind != TOK_END)
		read_declaration(&r);
	for (int i = 0; !r.failed && i < m->funcs.len; i++)
		verify_func(m->funcs.data[i], "read");
	return r.failed ? NULL : m;
}
