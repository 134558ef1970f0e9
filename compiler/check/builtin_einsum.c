/* builtin_einsum.c -- einsum("...td,...sd->...ts", q, k) as contractions, two operands at a time
 *
 * Labels of one operand alone that the result lacks are summed first; axes that `...` stands for
 * broadcast, size 1 by dropping the axis. */
#include <string.h>

#include "builtin.h"

enum {
	MAX_OPERANDS = 8,
	REST = 64 /* labels of the axes of `...`: REST + distance from the last */
};

typedef struct Factor {
	Val *v;
	int n;
	int label[MAX_RANK];
} Factor;

typedef struct Einsum {
	Check *c;
	const BuiltinCall *call;
	Loc loc;
	Factor in[MAX_OPERANDS], out;
	int nin;
	const Size *size[128]; /* of each label; NULL or 1 where not yet known */
} Einsum;

static bool fail(Einsum *e, const char *text)
{
	check_error(e->c, e->call->arg_loc[0], "%s", text);
	return false;
}

static bool is_letter(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}

static int find(const Factor *t, int label)
{
	for (int i = 0; i < t->n; i++)
		if (t->label[i] == label)
			return i;
	return -1;
}

/* one term of the equation; nrest: how many axes `...` stands for there */
static bool term(Einsum *e, const char **p, const char *end, Factor *t, int nrest)
{
	t->n = 0;
	bool rest = false;
	for (; *p < end && **p != ',' && **p != '-'; (*p)++) {
		if (**p == ' ')
			continue;
		if (**p == '.') {
			if (end - *p < 3 || (*p)[1] != '.' || (*p)[2] != '.' || rest)
				return fail(e, "a term of einsum has '...' once at most");
			rest = true;
			*p += 2;
			for (int i = nrest; i > 0 && t->n < MAX_RANK; i--)
				t->label[t->n++] = REST + i;
			continue;
		}
		if (!is_letter(**p))
			return fail(e, "the equation of einsum is of letters, '...', ',' and '->'");
		if (find(t, **p - 'A') >= 0)
			return fail(e, "a letter stands once in each term of einsum; diagonal(x) "
				       "takes a diagonal");
		if (t->n == MAX_RANK)
			return fail(e, "a term of einsum is too long");
		t->label[t->n++] = **p - 'A';
	}
	return true;
}

static int letters(const char *p, const char *end)
{
	int n = 0;
	for (; p < end && *p != ',' && *p != '-'; p++)
		n += is_letter(*p);
	return n;
}

static bool operand(Einsum *e, const char **p, const char *end, int *nrest)
{
	int k = e->nin;
	if (k + 1 >= e->call->n || k == MAX_OPERANDS)
		return fail(e, "einsum has more terms than arrays");
	Val *v = arg_tensor(e->c, e->call, k + 1);
	if (v == NULL)
		return false;
	const char *from = *p;
	int n = letters(*p, end), rest = v->type->rank - n;
	if (!term(e, p, end, &e->in[k], rest > 0 ? rest : 0))
		return false;
	bool dots = memchr(from, '.', (size_t)(*p - from)) != NULL;
	if (rest < 0 || (rest > 0 && !dots)) {
		Message *m = check_error(e->c, e->loc,
					 "the term %.*s of einsum has %d letters for %d axes",
					 (int)(*p - from), from, n, v->type->rank);
		label_value(e->c, m, e->call->arg_loc[k + 1], e->call->arg[k + 1]);
		return false;
	}
	*nrest = rest > *nrest ? rest : *nrest;
	e->in[k].v = v;
	e->nin++;
	return true;
}

/* without `->`: the letters that stand once, in order of the alphabet, after `...` */
static void implicit_result(Einsum *e, int nrest)
{
	e->out.n = 0;
	for (int i = nrest; i > 0; i--)
		e->out.label[e->out.n++] = REST + i;
	for (int l = 0; l < REST; l++) {
		int uses = 0;
		for (int k = 0; k < e->nin; k++)
			uses += find(&e->in[k], l) >= 0;
		if (uses == 1 && e->out.n < MAX_RANK)
			e->out.label[e->out.n++] = l;
	}
}

static bool parse(Einsum *e)
{
	Value eq = arg_value(e->call, 0);
	if (eq.kind != V_STRING) {
		if (eq.kind != V_ERROR)
			check_error(e->c, e->loc, "the equation of einsum is a string, not %s",
				    value_text(e->c, eq));
		return false;
	}
	const char *p = eq.s.text, *end = p + eq.s.len;
	int nrest = 0;
	for (;;) {
		if (!operand(e, &p, end, &nrest))
			return false;
		if (p == end || *p == '-')
			break;
		p++;
	}
	if (e->nin + 1 != e->call->n)
		return fail(e, "einsum has fewer terms than arrays");
	if (p == end) {
		implicit_result(e, nrest);
		return true;
	}
	if (end - p < 2 || p[1] != '>')
		return fail(e, "the equation of einsum is of letters, '...', ',' and '->'");
	p += 2;
	if (!term(e, &p, end, &e->out, nrest))
		return false;
	if (p != end)
		return fail(e, "einsum has one result");
	for (int i = 0; i < e->out.n; i++) {
		bool known = false;
		for (int k = 0; k < e->nin; k++)
			known |= find(&e->in[k], e->out.label[i]) >= 0;
		if (!known)
			return fail(e, "a letter of einsum's result stands in no term");
	}
	return true;
}

/* sizes of labels agree; `...` broadcasts */
static bool sizes(Einsum *e)
{
	for (int k = 0; k < e->nin; k++)
		for (int i = 0; i < e->in[k].n; i++) {
			int l = e->in[k].label[i];
			const Size *s = size_resolve(e->c->arena, e->in[k].v->type->size[i]);
			if (e->size[l] == NULL || (l >= REST && is_one(e->size[l])))
				e->size[l] = s;
			else if (!(l >= REST && is_one(s)) && !unify(e->c, e->size[l], s)) {
				Message *m =
					check_error(e->c, e->loc, "sizes do not match in einsum");
				for (int j = 0; j <= k; j++)
					label_value(e->c, m, e->call->arg_loc[j + 1],
						    e->call->arg[j + 1]);
				if (l < REST)
					diag_note(m, (Loc){0}, "%c is %s and %s", 'A' + l,
						  size_text(e->c->arena, e->size[l]),
						  size_text(e->c->arena, s));
				return false;
			}
		}
	return true;
}

static void drop(Einsum *e, Factor *t, int i)
{
	const Size *size[MAX_RANK];
	for (int j = i; j + 1 < t->n; j++)
		t->label[j] = t->label[j + 1];
	t->n--;
	for (int j = 0; j < t->n; j++)
		size[j] = t->v->type->size[j < i ? j : j + 1];
	t->v = reshape_val(e->c, e->loc, t->v, t->n, size);
}

/* axes of `...` that are 1 here and more elsewhere go */
static void drop_ones(Einsum *e, Factor *t)
{
	for (int i = t->n - 1; i >= 0; i--)
		if (t->label[i] >= REST && is_one(t->v->type->size[i]) &&
		    !is_one(e->size[t->label[i]]))
			drop(e, t, i);
}

/* labels that nothing else speaks of are summed */
static void sum_alone(Einsum *e, Factor *t, const bool *wanted)
{
	uint32_t axes = 0;
	int n = 0;
	for (int i = 0; i < t->n; i++)
		if (wanted[t->label[i]])
			t->label[n++] = t->label[i];
		else
			axes |= 1u << i;
	t->n = n;
	t->v = build_reduce(e->c->graph, e->loc, REDUCE_sum, t->v, axes);
}

static void want(bool *wanted, const Factor *t)
{
	for (int i = 0; i < t->n; i++)
		wanted[t->label[i]] = true;
}

/* a with b, for what `later` needs; in the order of the result if this is the last */
static Factor contract(Einsum *e, Factor a, Factor b, const bool *later, bool last)
{
	Attr attr = {0};
	int8_t number[128];
	int n = 0;
	Factor out = {.n = 0};
	memset(number, -1, sizeof number);
	for (int i = 0; i < a.n; i++)
		attr.contraction.a[i] = number[a.label[i]] = (int8_t)n++;
	for (int i = 0; i < b.n; i++) {
		if (number[b.label[i]] < 0)
			number[b.label[i]] = (int8_t)n++;
		attr.contraction.b[i] = number[b.label[i]];
	}
	if (last) {
		for (int i = 0; i < e->out.n; i++)
			if (number[e->out.label[i]] >= 0)
				out.label[out.n++] = e->out.label[i];
	} else
		for (int l = 0; l < 128; l++)
			if (number[l] >= 0 && later[l])
				out.label[out.n++] = l;
	for (int i = 0; i < out.n; i++)
		attr.contraction.out[i] = number[out.label[i]];
	attr.contraction.nout = out.n;
	Val *in[] = {a.v, b.v};
	out.v = build_counted(e->c, e->loc, OP_contraction, 2, in, &attr);
	return out;
}

/* for a product of two: in all, and of those that are needed later */
static bool too_many_labels(const Factor *a, const Factor *b, const bool *later)
{
	int n = 0, kept = 0;
	for (int l = 0; l < 128; l++) {
		bool has = find(a, l) >= 0 || find(b, l) >= 0;
		n += has;
		kept += has && later[l];
	}
	return n > 26 || kept > MAX_RANK;
}

static Val *arrange(Einsum *e, Factor *t)
{
	int8_t perm[MAX_RANK];
	for (int i = 0; i < e->out.n; i++)
		perm[i] = (int8_t)find(t, e->out.label[i]);
	return build_transpose(e->c->graph, e->loc, t->v, perm);
}

Value builtin_einsum(Check *c, const BuiltinCall *call)
{
	Einsum e = {.c = c, .call = call, .loc = call->loc};
	if (!parse(&e) || !sizes(&e))
		return value_error();
	DType t = e.in[0].v->type->dtype;
	for (int k = 0; k < e.nin; k++)
		t = promote(t, e.in[k].v->type->dtype);
	for (int k = 0; k < e.nin; k++) {
		e.in[k].v = build_cast(c->graph, call->loc, e.in[k].v, arithmetic_dtype(t));
		drop_ones(&e, &e.in[k]);
	}
	Factor acc = e.in[0];
	for (int k = 1; k < e.nin; k++) {
		bool later[128] = {false}, wanted_a[128], wanted_b[128];
		want(later, &e.out);
		for (int j = k + 1; j < e.nin; j++)
			want(later, &e.in[j]);
		memcpy(wanted_a, later, sizeof later);
		memcpy(wanted_b, later, sizeof later);
		want(wanted_a, &e.in[k]);
		want(wanted_b, &acc);
		sum_alone(&e, &acc, wanted_a);
		sum_alone(&e, &e.in[k], wanted_b);
		if (too_many_labels(&acc, &e.in[k], later)) {
			fail(&e, "the product of two arrays of einsum has too many letters: at most 26, and 12 that are needed later");
			return value_error();
		}
		acc = contract(&e, acc, e.in[k], later, k + 1 == e.nin);
		if (acc.v == NULL)
			return value_error();
	}
	bool wanted[128] = {false};
	want(wanted, &e.out);
	sum_alone(&e, &acc, wanted);
	return value_tensor(arrange(&e, &acc));
}
