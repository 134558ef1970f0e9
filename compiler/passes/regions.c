/* regions.c -- of loops and choices only what is used
 *
 *      v5: (float32[n], int64, float32[t, n]) = scan(v1, v2, v3)            v5: (float32[n]) =
 * scan(v1, v3) v6: float32[n] = get(v5), index = 0                            =>    v6: float32[n]
 * = get(v5), index = 0
 *
 * A carry stays if it is asked for at the end, or if something that stays needs its value within
 * the loop. */
#include "build_more.h"
#include "passes.h"

typedef struct Trimmed {
	Val *new;
	int *item; /* by old item; -1: gone */
} Trimmed;

typedef struct Asked {
	bool *item;
	bool whole; /* by what is no `get` */
} Asked;

typedef struct State {
	PassCx *cx;
	Arena *scratch;
	VEC(Trimmed) trimmed;
	Map *trimmed_of; /* old nodes: 1 + where in trimmed */
	VEC(Asked) asked;
	Map *asked_of; /* scans and choices: 1 + where in asked */
} State;

static void mark(const Graph *g, bool *used)
{
	for (int i = g->vals.len - 1; i >= 0; i--)
		for (int k = 0; used[i] && k < g->vals.data[i]->nin; k++)
			used[g->vals.data[i]->in[k]->id] = true;
}

/* of all scans and choices in the graph and in its regions: which items are asked for */
static void note_asked(State *s, const Graph *g)
{
	for (int i = 0; i < g->vals.len; i++) {
		const Val *v = g->vals.data[i];
		if (v->nregions > 0) {
			Asked a = {NEW_ARRAY(s->scratch, bool, v->type->nitems + 1), false};
			push(s->scratch, &s->asked, a);
			*map_number(s->asked_of, v) = s->asked.len;
		}
		for (int k = 0; k < v->nin; k++) {
			const int at = map_find(s->asked_of, v->in[k]);
			if (at && v->op == OP_get)
				s->asked.data[at - 1].item[v->attr.get.index] = true;
			else if (at)
				s->asked.data[at - 1].whole = true;
		}
		for (int k = 0; k < v->nregions; k++)
			note_asked(s, v->region[k]);
	}
	for (int i = 0; i < g->results.len; i++) {
		const int at = map_find(s->asked_of, g->results.data[i]);
		if (at)
			s->asked.data[at - 1].whole = true;
	}
}

/* which items of a tuple are asked for; false if it is used as a whole */
static bool asked(const State *s, const Val *v, bool *item)
{
	const Asked *a = &s->asked.data[map_find(s->asked_of, v) - 1];
	for (int i = 0; i < v->type->nitems; i++)
		item[i] = a->item[i];
	return !a->whole;
}

/* the region with these results and params only; it was made by this pass */
static void cut_region(Graph *g, const bool *result, const bool *param)
{
	int n = 0;
	for (int i = 0; i < g->results.len; i++)
		if (result[i])
			g->results.data[n++] = g->results.data[i];
	g->results.len = n;
	n = 0;
	for (int i = 0; i < g->params.len; i++)
		if (param[i]) {
			g->params.data[i]->attr.param.index = n;
			g->params.data[n++] = g->params.data[i];
		}
	g->params.len = n;
	graph_drop_unused(g);
}

static int count(const bool *kept, int begin, int end)
{
	int n = 0;
	for (int i = begin; i < end; i++)
		n += kept[i];
	return n;
}

/* param[i] is about operand i of the node from `first` on; the operands before it stay */
static Val *rebuild(State *s, Graph *g, const Val *v, Val *copy, const Attr *attr,
		    const bool *param, int first, const bool *item, int nresults)
{
	int nin = 0, n = 0;
	Val **in = NEW_ARRAY(s->scratch, Val *, copy->nin + 1);
	for (int i = 0; i < copy->nin; i++)
		if (i < first || param[i - first])
			in[nin++] = copy->in[i];
	Trimmed t = {build_region(g, v->loc, v->op, nin, in, attr, copy->nregions, copy->region),
		     NEW_ARRAY(s->scratch, int, nresults + 1)};
	for (int i = 0; i < nresults; i++)
		t.item[i] = item[i] ? n++ : -1;
	push(s->scratch, &s->trimmed, t);
	*map_number(s->trimmed_of, v) = s->trimmed.len;
	return copy; /* which nothing needs now */
}

static Val *trim_scan(State *s, Graph *g, const Val *v, Val *copy)
{
	Graph *body = copy->region[0];
	Attr attr = copy->attr;
	const int ncarry = attr.scan.ncarry, nseq = attr.scan.nseq, nresults = body->results.len,
		  nparams = body->params.len;
	bool *result = NEW_ARRAY(s->scratch, bool, nresults + 1),
	     *param = NEW_ARRAY(s->scratch, bool, nparams + 1);
	if (!asked(s, v, result))
		return copy;
	if (attr.scan.until)
		result[nresults - 1] = true;
	bool *used = NEW_ARRAY(s->scratch, bool, body->vals.len + 1);
	for (bool more = true; more;) {
		more = false;
		for (int i = 0; i < nresults; i++)
			if (result[i])
				used[body->results.data[i]->id] = true;
		mark(body, used);
		for (int i = 0; i < ncarry; i++)
			if (!result[i] && used[body->params.data[i + 1]->id])
				result[i] = more = true;
	}
	param[0] = true;
	for (int i = 1; i < nparams; i++)
		param[i] = used[body->params.data[i]->id] || (i <= ncarry && result[i - 1]);
	if (count(result, 0, nresults) == nresults && count(param, 0, nparams) == nparams)
		return copy;
	cut_region(body, result, param);
	attr.scan.ncarry = count(result, 0, ncarry);
	attr.scan.nemit = count(result, ncarry, ncarry + copy->attr.scan.nemit);
	attr.scan.nseq = count(param, ncarry + 1, ncarry + 1 + nseq);
	s->cx->fired[REWRITE_scan_trim]++;
	return rebuild(s, g, v, copy, &attr, param + 1, 0, result, nresults);
}

static Val *trim_if(State *s, Graph *g, const Val *v, Val *copy)
{
	const int nresults = copy->type->nitems, nparams = copy->nin - 1;
	bool *result = NEW_ARRAY(s->scratch, bool, nresults + 1),
	     *param = NEW_ARRAY(s->scratch, bool, nparams + 1);
	if (!asked(s, v, result))
		return copy;
	for (int r = 0; r < 2; r++) {
		const Graph *branch = copy->region[r];
		bool *used = NEW_ARRAY(s->scratch, bool, branch->vals.len + 1);
		for (int i = 0; i < nresults; i++)
			if (result[i])
				used[branch->results.data[i]->id] = true;
		mark(branch, used);
		for (int i = 0; i < nparams; i++)
			param[i] |= used[branch->params.data[i]->id];
	}
	if (count(result, 0, nresults) == nresults && count(param, 0, nparams) == nparams)
		return copy;
	for (int r = 0; r < 2; r++)
		cut_region(copy->region[r], result, param);
	s->cx->fired[REWRITE_if_trim]++;
	return rebuild(s, g, v, copy, &copy->attr, param, 1, result, nresults);
}

static Val *rule(Rewrite *r, Graph *g, const Val *v, Val *const *in)
{
	State *s = r->state;
	if (v->op == OP_scan)
		return trim_scan(s, g, v, rewrite_copy(r, g, v, in));
	if (v->op == OP_if)
		return trim_if(s, g, v, rewrite_copy(r, g, v, in));
	const int at = v->op == OP_get ? map_find(s->trimmed_of, v->in[0]) : 0;
	if (!at)
		return NULL;
	const Trimmed *t = &s->trimmed.data[at - 1];
	return build_get(g, v->loc, t->new, t->item[v->attr.get.index]);
}

Graph *pass_regions(PassCx *cx, const Graph *in)
{
	State state = {.cx = cx, .scratch = arena_new()};
	state.trimmed_of = map_new(state.scratch);
	state.asked_of = map_new(state.scratch);
	note_asked(&state, in);
	Rewrite r = {.rule = rule, .state = &state};
	Graph *out = rewrite(in, cx->out, &r);
	arena_free(state.scratch);
	return out;
}
