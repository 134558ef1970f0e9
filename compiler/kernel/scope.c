/* scope.c -- loops over time and branches: graphs inside graphs
 *
 * A carry is a buffer whose next value is stored like the update of a variable: in place where the
 * body does not read the old value any more, else through scratch. */
#include "lower.h"

/* the value as a buffer of its own */
static PlanBuf *whole_buffer(Scope *s, const Val *v)
{
	Info *info = info_of(s, v);
	need_value(s, v);
	if (info->buf && !info->at)
		return info->buf;
	PlanBuf *buf = new_buf(s->L, BUF_SCRATCH, v->type, value_label(v), v->loc);
	if (!s->L->failed)
		add_piece(s, new_piece(s, v, buf, NULL, info->needs));
	return buf;
}

static void capture(Scope *s, const Val *v, Info *inner)
{
	const Info *info = info_of(s, v);
	inner->buffered = true;
	if (info->host || info->scalar) {
		const Node *n = host_value(s, v);
		Build *b = build_new(s->L, s, NULL);
		inner->scalar = hoisted(b, n, v->name);
		inner->host = true;
	} else {
		inner->buf = whole_buffer(s, v);
	}
}

static bool is_used(const Scope *s, const Val *tuple, int index)
{
	const bool *asked = info_of(s, tuple)->asked;
	return asked && asked[index];
}

/* what happens in a loop or branch, as that of its group around it, which is the last */
static void note_traffic(Scope *s, const Scope *in)
{
	const int group = s->groups.len - 1;
	for (int i = 0; i < in->traffic.len; i++) {
		const Traffic *t = &in->traffic.data[i];
		if (t->last_reader >= 0)
			note_reader(s, t->buf, group);
		if (t->written)
			note_writer(s, t->buf, group, false);
	}
}

static Step *new_step(Scope *s, StepKind kind, const Val *v)
{
	Step *step = NEW(s->L->arena, Step);
	step->kind = kind;
	step->loc = v->loc;
	step->body = NEW(s->L->arena, PlanBlock);
	return step;
}

static const char *value_name(const Val *v, const char *other)
{
	return v->name ? v->name : other;
}

static PlanBuf *trace_buffer(Scope *s, const Val *v, const Type *t, const Val *emitted, bool zero)
{
	PlanBuf *buf = new_buf(s->L, BUF_SCRATCH, t, value_name(emitted, "emitted"), v->loc);
	if (zero) {
		Piece *p = new_piece(s, v, buf, NULL, info_of(s, v)->needs);
		p->fill = true;
		add_piece(s, p);
	}
	return buf;
}

void lower_scan(Scope *s, const Val *v)
{
	Lower *L = s->L;
	Arena *arena = L->arena;
	const Graph *body = v->region[0];
	int ncarry = v->attr.scan.ncarry, nseq = v->attr.scan.nseq, nemit = v->attr.scan.nemit;
	const Size *steps = size_resolve(arena, v->attr.scan.steps);
	Info *info = info_of(s, v);
	info->item = NEW_ARRAY(arena, PlanBuf *, ncarry + nemit + 1);

	Scope *in = new_scope(L, s, body);
	Build *b = build_new(L, in, NULL);
	in->needs = info->needs;
	in->index_name = unique_name(L, "step");
	in->loop = unique_name(L, "loop");
	const Node *step_node = node_uniform(b, in->index_name, DT_int64);
	Info *param = info_of(in, body->params.data[0]);
	param->scalar = step_node;
	param->host = param->buffered = true;
	const Node *at = step_node;
	if (v->attr.scan.reverse) {
		const Size *last = size_sub(arena, steps, size_const(arena, 1));
		at = hoisted(b, node_row(b, OP_sub, DT_int64, node_index(b, last), step_node, NULL), "position");
	}
	for (int i = 0; i < ncarry; i++) {
		const Val *p = body->params.data[1 + i];
		PlanBuf *carry = new_buf(L, BUF_SCRATCH, v->in[i]->type, value_name(p, "carry"), v->loc);
		lower_result(s, v->in[i], carry, NULL, NULL, info->needs);
		info->item[i] = info_of(in, p)->buf = carry;
	}
	for (int i = ncarry; i < v->nin && !L->failed; i++) {
		Info *inner = info_of(in, body->params.data[1 + i]);
		if (i < ncarry + nseq) {
			inner->buf = whole_buffer(s, v->in[i]);
			inner->at = at;
		} else {
			capture(s, v->in[i], inner);
		}
	}
	if (L->failed)
		return;
	find_roots(in);
	for (int k = 0; k < nemit; k++) {
		const Val *e = body->results.data[ncarry + k];
		if (!is_used(s, v, ncarry + k))
			continue;
		PlanBuf *trace = trace_buffer(s, v, v->type->item[ncarry + k], e, v->attr.scan.until);
		info->item[ncarry + k] = trace;
		lower_result(in, e, trace, at, NULL, info->needs);
	}
	for (int i = 0; i < ncarry; i++)
		lower_result(in, body->results.data[i], info->item[i], NULL, info->item[i], info->needs);
	Step *step = new_step(s, STEP_LOOP, v);
	if (v->attr.scan.until) {
		Step *end = new_step(s, STEP_BREAK, v);
		end->value = scalar_outside(in, body->results.data[ncarry + nemit]);
		push(arena, &in->last, end);
	}
	close_scope(in, step->body);
	step->index = in->index_name;
	step->steps = steps;
	step->hash = in->loop;
	step->outer_hash = s->loop;
	add_step_group(s, step, info->needs);
	note_traffic(s, in);
}

void lower_if(Scope *s, const Val *v)
{
	Lower *L = s->L;
	Info *info = info_of(s, v);
	int n = v->region[0]->results.len;
	info->item = NEW_ARRAY(L->arena, PlanBuf *, n + 1);
	Step *step = new_step(s, STEP_IF, v);
	step->value = scalar_outside(s, v->in[0]);
	for (int k = 0; k < n; k++)
		if (is_used(s, v, k))
			info->item[k] = new_buf(L, BUF_SCRATCH, v->type->item[k], value_name(v->region[0]->results.data[k], "chosen"), v->loc);
	Scope *branch[2];
	for (int r = 0; r < 2 && !L->failed; r++) {
		Scope *in = branch[r] = new_scope(L, s, v->region[r]);
		in->needs = info->needs;
		for (int i = 1; i < v->nin; i++)
			capture(s, v->in[i], info_of(in, v->region[r]->params.data[i - 1]));
		find_roots(in);
		for (int k = 0; k < n; k++)
			if (info->item[k]) {
				traffic_of(in, info->item[k])->exported = true;
				lower_result(in, v->region[r]->results.data[k], info->item[k], NULL, NULL, info->needs);
			}
		PlanBlock *block = NEW(L->arena, PlanBlock);
		close_scope(in, block);
		*(r ? &step->other : &step->body) = block;
	}
	if (L->failed)
		return;
	add_step_group(s, step, info->needs);
	note_traffic(s, branch[0]);
	note_traffic(s, branch[1]);
}
