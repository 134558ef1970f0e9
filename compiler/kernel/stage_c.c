/* stage_c.c -- a run of stores inside the loops of a tile (or none): locals where they belong, then the stores */
#include <inttypes.h>
#include <string.h>

#include "print_c.h"

static int64_t gcd(int64_t a, int64_t b)
{
	while (b) {
		int64_t r = a % b;
		a = b;
		b = r;
	}
	return a;
}

int vector_width(const CPrinter *p, DType dtype, int64_t extent, const Axis *cut)
{
	int lanes = dtype == DT_float64 ? p->target->lanes / 2 : p->target->lanes;
	if (lanes <= 1)
		return 1;
	return cut && cut->again && extent >= lanes ? lanes : (int)gcd(extent, lanes);
}

static void note_float64(void *data, const Access *a, bool store)
{
	(void)store;
	*(bool *)data |= a->buffer->dtype == DT_float64;
}

static void add_loop(Stage *s, const Axis *axis, const char *count, int64_t most, int64_t scale, const char *last)
{
	CPrinter *p = s->p;
	if (s->nloops == MAX_TILE)
		internal_error("kernel %s: a tile of more than %d axes", p->kernel->name, MAX_TILE);
	const char *name = fresh_name(p, axis->name);
	Axis *own = NEW(p->arena, Axis);
	*own = (Axis){.name = name, .id = scale == 1 ? axis->id : p->next_axis++};
	bind_axis(p, (AxisName){.id = own->id, .name = name, .at_least_0 = true, .most = most});
	if (scale != 1 && last) {
		const char *at = arena_printf(p->arena, "mc_min_i64(%s * %" PRId64 ", %s)", name, scale, last);
		bind_axis(p, (AxisName){.id = axis->id, .name = at, .at_least_0 = true, .most = most * scale});
		s->lane_loop = name;
	} else if (scale != 1) {
		bind_axis(p, (AxisName){.id = axis->id, .name = name, .at_least_0 = true,
		                        .value = size_scale(p->arena, axis_index(p->arena, own), scale)});
		s->lane_loop = name;
	} else if (axis->id == s->lane_id) {
		s->lane_loop = name;
	}
	s->loop[s->nloops].id = axis->id;
	s->loop[s->nloops].name = name;
	s->loop[s->nloops].count = count;
	s->loop[s->nloops++].most = most;
}

bool is_literal(const char *count)
{
	return count[0] >= '0' && count[0] <= '9';
}

static void add_axis(Stage *s, const Axis *axis, DType dtype)
{
	CPrinter *p = s->p;
	int64_t most;
	const char *count;
	if (axis->cut_of)
		count = step_of(p, axis->cut_of, &most);
	else {
		if (axis->nhi != 1 || !size_is_const(axis->hi[0], &most))
			internal_error("kernel %s: the tile axis %s has no literal extent", p->kernel->name, axis->name);
		count = arena_printf(p->arena, "%" PRId64, most);
	}
	int64_t scale = 1;
	const char *last = NULL; /* where the last vector begins, if that is not a whole number of vectors */
	if (axis->kind == AXIS_LANES) {
		s->lane_id = axis->id;
		s->width = vector_width(p, dtype, most, axis->cut_of);
		scale = s->width;
		const bool literal = !axis->cut_of || is_literal(count);
		const bool again = axis->cut_of && (literal ? most : axis_name(p, axis->cut_of->id)->step_gcd) % scale;
		if (again)
			last = literal ? arena_printf(p->arena, "%" PRId64, most - scale)
			               : arena_printf(p->arena, "%s - %" PRId64, count, scale);
		most = (most + scale - 1) / scale;
		if (scale > 1)
			count = literal ? arena_printf(p->arena, "%" PRId64, most)
			                : arena_printf(p->arena, again ? "(%s + %" PRId64 ") / %" PRId64 : "%s / %" PRId64, count,
			                               again ? scale - 1 : scale, scale);
	}
	if (most == 1)
		bind_axis(p, (AxisName){.id = axis->id, .name = axis->name, .value = size_const(p->arena, 0)});
	else
		add_loop(s, axis, count, most, scale, last);
}

static const char *loop_head(const Stage *s, int i)
{
	return arena_printf(s->p->arena, "MC_UNROLL for (int %s = 0; %s < %s; %s++)", s->loop[i].name, s->loop[i].name,
	                    s->loop[i].count, s->loop[i].name);
}

/* what C would take for an int is cast back to the narrow type it has */
static const char *assigned(Stage *s, int number, Text t)
{
	const NodeInfo *n = &s->nodes.data[number];
	DType dtype = n->node->dtype;
	if (n->vector || dtype_is_float(dtype) || dtype_bytes(dtype) >= 4)
		return t.s;
	bool plain = n->node->kind == NODE_LOAD || n->node->kind == NODE_CONST || n->node->kind == NODE_UNIFORM;
	bool compared = t.prec == PREC_EQUAL || t.prec == PREC_LESS;
	bool called = dtype != DT_bool && t.prec == PREC_ATOM;
	if ((plain && !(n->name && dtype == DT_bool)) || compared || called || n->node->op == OP_cast)
		return t.s;
	return arena_printf(s->p->arena, "(%s)%s", dtype_ctype(dtype), text_in(s->p->arena, t, PREC_UNARY));
}

/* what a local is called: as the source says, x_i for x[.., i], else t */
static const char *wish(Stage *s, const NodeInfo *n)
{
	const Node *node = n->node;
	if (node->name)
		return node->name;
	if (node->kind == NODE_ROW && node->op == OP_cast)
		node = node->arg[0];
	if (node->kind != NODE_LOAD)
		return "t";
	const Access *a = &node->load;
	const char *axis = NULL;
	for (int d = a->buffer->rank - 1; d >= 0 && !axis; d--)
		axis = inner_axis(s->p, a->index[d].affine);
	return axis ? arena_printf(s->p->arena, "%s_%s", buffer_name(s->p, a->buffer)->name, axis) : "t";
}

static void define(Stage *s, int depth)
{
	CPrinter *p = s->p;
	for (int i = 0; i < s->nodes.len; i++) {
		NodeInfo *n = &s->nodes.data[i];
		if (!n->name || n->depth != depth)
			continue;
		n->name = NULL;
		Text value = node_c(s, i);
		const char *name = fresh_name(p, wish(s, n));
		const char *type = node_ctype(s, n);
		const char *text = n->node->dtype == DT_bool ? value.s : assigned(s, i, value);
		if (depth == 0)
			push(p->arena, &s->outside, name);
		if (!n->rest) {
			declare_local(p, "const %s %s = %s;", type, name, text);
			n->name = name;
			continue;
		}
		const char *extents = "", *indices = "";
		Stmt *outer = NULL;
		for (int l = 0; l < s->nloops; l++)
			if (n->rest >> l & 1) {
				extents = arena_printf(p->arena, "%s[%" PRId64 "]", extents, s->loop[l].most);
				indices = arena_printf(p->arena, "%s[%s]", indices, s->loop[l].name);
			}
		declare_local(p, "%s %s%s;", type, name, extents);
		for (int l = 0; l < s->nloops; l++)
			if (n->rest >> l & 1) {
				Stmt *o = open_block(p, "%s", loop_head(s, l));
				outer = outer ? outer : o;
			}
		n->name = arena_printf(p->arena, "%s%s", name, indices);
		line(p, "%s = %s;", n->name, text);
		close_block(p, outer);
	}
}

static bool same_place(Stage *s, const Access *a, const int *ga, const Access *b, const int *gb)
{
	return a->buffer == b->buffer && b->npreds == 0 &&
	       strcmp(access_c(s, a, ga, false).s, access_c(s, b, gb, false).s) == 0;
}

/* x = x - y is x -= y */
static bool is_update(Stage *s, int k, const char **operator, int *rest)
{
	const NodeInfo *root = &s->nodes.data[s->root[k]];
	const Node *n = root->node;
	if (s->store[k]->how != STORE_SET || n->kind != NODE_ROW || !dtype_is_float(n->dtype) || root->name || root->rounded || root->fused ||
	    (n->op != OP_add && n->op != OP_sub && n->op != OP_mul && n->op != OP_div))
		return false;
	const NodeInfo *a = &s->nodes.data[root->arg[0]];
	if (a->node->kind != NODE_LOAD || a->name || a->uses > 1 ||
	    !same_place(s, &s->store[k]->target, s->target_gathered[k], &a->node->load, a->gathered))
		return false;
	*operator= n->op == OP_add ? "+=" : n->op == OP_sub ? "-=" : n->op == OP_mul ? "*=" : "/=";
	*rest = root->arg[1];
	return true;
}

static Pending *pending_of(CPrinter *p, const Buffer *b)
{
	for (int i = 0; i < p->pending.len; i++)
		if (p->pending.data[i].buffer == b)
			return &p->pending.data[i];
	return NULL;
}

static void print_store(Stage *s, int k)
{
	CPrinter *p = s->p;
	const Store *st = s->store[k];
	const Buffer *b = st->target.buffer;
	bool vector = s->width > 1 && access_speaks_of(&st->target, s->lane_id);
	Text target = access_c(s, &st->target, s->target_gathered[k], vector);
	if (st->how == STORE_AHEAD) {
		line(p, "MC_AHEAD%s(%s%s);", st->value->f == 1 ? "_OWN" : "", vector ? "" : "&", target.s);
		return;
	}
	const char *suffix = vector ? vector_suffix(s, b->dtype) : NULL;
	bool memory = vector && b->where != WHERE_REG;
	const char *operator;
	int rest;
	if (!pending_of(p, b) && !memory && is_update(s, k, &operator, &rest)) {
		line(p, "%s %s %s;", target.s, operator, node_use(s, rest).s);
		return;
	}
	Text old = memory ? (Text){arena_printf(p->arena, "mc_load_%s(%s)", suffix, target.s), PREC_ATOM} : target;
	Text value = s->fused[k] ? fma_c(s, s->root[k], false, old, vector) : node_use(s, s->root[k]);
	if (vector && !s->nodes.data[s->root[k]].vector)
		value = (Text){arena_printf(p->arena, "mc_splat_%s(%s)", suffix, value.s), PREC_ATOM};
	static const Op ops[] = {[STORE_ADD] = OP_add, [STORE_MUL] = OP_mul, [STORE_MAX] = OP_max, [STORE_MIN] = OP_min};
	const char *text = assigned(s, s->root[k], value);
	Pending *pending = pending_of(p, b);
	if (pending) {
		declare_local(p, "%s%s %s = %s;", pending->once ? "const " : "", dtype_ctype(b->dtype), target.s, text);
		pending->buffer = NULL;
	} else if (st->how == STORE_SET || s->fused[k]) {
		line(p, memory ? "mc_store_%s(%s, %s);" : "%s%s = %s;", memory ? suffix : "", target.s, text);
	} else if (b->dtype == DT_bool && !vector) {
		line(p, "%s = (uint8_t)(%s %s %s);", target.s, target.s, st->how == STORE_MIN || st->how == STORE_MUL ? "&" : "|",
		     text_in(p->arena, value, PREC_UNARY));
	} else if (!memory && dtype_is_float(b->dtype) && (st->how == STORE_ADD || st->how == STORE_MUL)) {
		const NodeInfo *root = &s->nodes.data[s->root[k]];
		bool minus = st->how == STORE_ADD && root->node->kind == NODE_ROW && root->node->op == OP_neg && !root->name;
		if (minus)
			value = node_use(s, root->arg[0]);
		line(p, "%s %s %s;", target.s, minus ? "-=" : st->how == STORE_ADD ? "+=" : "*=", value.s);
	} else {
		Text both[2] = {old, value};
		Text result = row_c(p->arena, ops[st->how], b->dtype, b->dtype, 2, both, suffix);
		line(p, memory ? "mc_store_%s(%s, %s);" : "%s%s = %s;", memory ? suffix : "", target.s, result.s);
	}
}

void print_stage(CPrinter *p, int naxes, const Axis *const *axis, int nstores, const Store *const *store)
{
	Stage s = {.p = p, .lane_id = -1, .width = 1, .nstores = nstores, .store = store};
	int naxis_names = p->axes.len, ntaken = p->taken.len;
	bool is_float64 = false;
	for (int i = 0; i < nstores; i++) {
		Item item = {.kind = ITEM_STORE, .store = store[i]};
		visit_items(&(Visitor){.data = &is_float64, .access = note_float64}, &item, 1);
	}
	for (int i = 0; i < naxes; i++)
		add_axis(&s, axis[i], is_float64 ? DT_float64 : DT_float32);
	if (s.lane_id >= 0 && !access_speaks_of(&store[0]->target, s.lane_id)) {
		if (nstores != 1)
			internal_error("kernel %s: a fold over lanes beside other stores", p->kernel->name);
		print_fold(&s, store[0]);
		p->axes.len = naxis_names;
		p->taken.len = ntaken;
		return;
	}
	place_nodes(&s);
	Stmt *outer = NULL;
	for (int depth = 0; depth < s.nloops; depth++) {
		define(&s, depth);
		Stmt *o = open_block(p, "%s", loop_head(&s, depth));
		outer = outer ? outer : o;
	}
	const char *when = preds_c(&s, store[0]->target.npreds, store[0]->target.pred);
	Stmt *inner = when ? open_block(p, "if (%s)", when) : NULL;
	define(&s, s.nloops);
	for (int k = 0; k < nstores; k++)
		print_store(&s, k);
	if (inner)
		close_block(p, inner);
	if (outer)
		close_block(p, outer);
	p->axes.len = naxis_names;
	if (s.nloops > 0) { /* the names of its loops go; of its locals those stay that stand before them */
		p->taken.len = ntaken;
		for (int i = 0; i < s.outside.len; i++)
			push(p->arena, &p->taken, s.outside.data[i]);
	}
}
