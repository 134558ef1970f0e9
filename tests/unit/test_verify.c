/* test_verify.c -- each way to break a graph is caught: the verifier runs in a child process, which
 * must abort with the right words */
#define _POSIX_C_SOURCE 200809L
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#include "every_op.h"

typedef void Break(EveryOp *);

/* nodes are immutable by their types only */
static Val *at(EveryOp *e, int id)
{
	return e->g->vals.data[id];
}

static Val *first(const Graph *g, Op op)
{
	for (int i = 0; i < g->vals.len; i++)
		if (g->vals.data[i]->op == op)
			return g->vals.data[i];
	printf("no %s\n", op_info(op)->name);
	exit(3);
}

static void set_operand(EveryOp *e, Val *v, int i, Val *operand)
{
	Val **in = NEW_ARRAY(e->arena, Val *, v->nin);
	for (int k = 0; k < v->nin; k++)
		in[k] = k == i ? operand : v->in[k];
	v->in = in;
}

static void nothing(EveryOp *e)
{
	(void)e;
}

static void wrong_id(EveryOp *e)
{
	at(e, 9)->id = 8;
}

static void other_graph(EveryOp *e)
{
	at(e, 9)->graph = graph_new(e->arena);
}

static void operand_of_other(EveryOp *e)
{
	set_operand(e, first(e->g, OP_exp), 0, first(first(e->g, OP_scan)->region[0], OP_mul));
}

static void defined_later(EveryOp *e)
{
	set_operand(e, first(e->g, OP_neg), 0, first(e->g, OP_sigmoid));
}

static void missing_operand(EveryOp *e)
{
	set_operand(e, first(e->g, OP_neg), 0, NULL);
}

static void wrong_type(EveryOp *e)
{
	Val *v = first(e->g, OP_exp);
	v->type = type_with_dtype(e->arena, v->type, DT_float64);
}

static void no_type(EveryOp *e)
{
	first(e->g, OP_exp)->type = NULL;
}

static void error_type(EveryOp *e)
{
	first(e->g, OP_exp)->type = type_scalar(e->arena, DT_error);
}

static void too_few(EveryOp *e)
{
	first(e->g, OP_add)->nin = 1;
}

static void wrong_attribute(EveryOp *e)
{
	first(e->g, OP_transpose)->attr.transpose.perm[0] = 0;
}

static void lone_label(EveryOp *e)
{
	first(e->g, OP_contraction)->attr.contraction.a[0] = 9;
}

static void value_in_size(EveryOp *e)
{
	const Size *size[] = {size_atom(e->arena, &(Atom){.kind = ATOM_INPUT, .input = 1})};
	first(e->g, OP_iota)->type = type_array(e->arena, DT_int64, 1, size);
}

static void start_of_nothing(EveryOp *e)
{
	first(e->g, OP_slice)->attr.slice.start[0] =
		size_atom(e->arena, &(Atom){.kind = ATOM_INPUT, .input = 7});
}

static void outside(EveryOp *e)
{
	first(e->g, OP_slice)->attr.slice.start[1] = size_const(e->arena, 5);
}

static void carry_changes(EveryOp *e)
{
	Graph *body = first(e->g, OP_scan)->region[0];
	body->results.data[0] = first(body, OP_cast);
}

static void branch_lacks_result(EveryOp *e)
{
	first(first(e->g, OP_scan)->region[0], OP_if)->region[1]->results.len = 0;
}

static void inner_operand(EveryOp *e)
{
	Graph *body = first(e->g, OP_scan)->region[0];
	set_operand(e, first(body, OP_mul), 1, at(e, 0));
}

static void argument_in_region(EveryOp *e)
{
	Graph *body = first(e->g, OP_scan)->region[0];
	Val *v = first(body, OP_random_bits);
	v->op = OP_var;
	v->attr.var = e->model->vars.data[0];
	v->type = v->attr.var->type;
}

static void parameter_moved(EveryOp *e)
{
	first(e->g, OP_scan)->region[0]->params.data[1]->attr.param.index = 2;
}

static void result_of_other(EveryOp *e)
{
	e->g->results.data[2] = first(first(e->g, OP_scan)->region[0], OP_mul);
}

static void result_missing(EveryOp *e)
{
	e->g->results.len--;
}

static void update_of_other_type(EveryOp *e)
{
	e->g->results.data[e->func->outs.len] = at(e, 0);
}

static void check_no_bool(EveryOp *e)
{
	e->g->results.data[e->g->results.len - 1] = at(e, 0);
}

static void foreign_argument(EveryOp *e)
{
	first(e->g, OP_arg)->attr.arg = NEW(e->arena, FuncArg);
}

static void parameter_outside(EveryOp *e)
{
	build_param(e->g, (Loc){0}, type_scalar(e->arena, DT_int64));
}

static void tuple_operand(EveryOp *e)
{
	set_operand(e, first(e->g, OP_cumsum), 0, first(e->g, OP_scan));
}

/* what the child says; empty if it ends well */
static const char *verdict(Arena *a, Break *change)
{
	int pipes[2];
	if (pipe(pipes) != 0)
		return "no pipe";
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		EveryOp e = every_op(arena_new());
		dup2(pipes[1], 2);
		change(&e);
		verify_func(e.func, "test");
		_exit(0);
	}
	close(pipes[1]);
	char *text = NEW_ARRAY(a, char, 4096);
	size_t len = 0;
	ssize_t n;
	while (len < 4095 && (n = read(pipes[0], text + len, 4095 - len)) > 0)
		len += (size_t)n;
	close(pipes[0]);
	int status;
	waitpid(child, &status, 0);
	return status == 0 && len == 0
		       ? ""
		       : arena_printf(a, "%s%s", WIFSIGNALED(status) ? "" : "exit: ", text);
}

static const struct {
	const char *name;
	Break *change;
	const char *words; /* in the message */
} cases[] = {
	{"wrong_id", wrong_id, "it stands at place 9"},
	{"other_graph", other_graph, "belongs to another graph"},
	{"operand_of_other", operand_of_other, "operand 0 is of another graph"},
	{"defined_later", defined_later, "operand 0 is defined later"},
	{"missing_operand", missing_operand, "operand 0 is missing"},
	{"wrong_type", wrong_type, "its type is float64[batch, 5], not float32[batch, 5]"},
	{"no_type", no_type, "has no type"},
	{"error_type", error_type, "its type is an error"},
	{"too_few", too_few, "add takes 2 operands, not 1"},
	{"wrong_attribute", wrong_attribute, "no order of the axes"},
	{"lone_label", lone_label, "stands only once"},
	{"value_in_size", value_in_size, "a size depends on a value"},
	{"start_of_nothing", start_of_nothing, "a start speaks of what is no operand"},
	{"outside", outside, "is outside 5"},
	{"carry_changes", carry_changes, "carry 0 of a scan is float32 and becomes float64"},
	{"branch_lacks_result", branch_lacks_result, "have 1 and 0 results"},
	{"inner_operand", inner_operand, "operand 1 is of another graph"},
	{"argument_in_region", argument_in_region, "it stands in a region"},
	{"parameter_moved", parameter_moved, "it is not parameter 2"},
	{"result_of_other", result_of_other, "result 2 is not in the graph"},
	{"result_missing", result_missing, "results for"},
	{"update_of_other_type", update_of_other_type,
	 "updates blocks.*.W, which has another type"},
	{"check_no_bool", check_no_bool, "is no bool scalar"},
	{"foreign_argument", foreign_argument, "it is no argument of train"},
	{"parameter_outside", parameter_outside, "a function's graph has parameters"},
	{"tuple_operand", tuple_operand, "an operand of cumsum is a tuple"},
};

int main(void)
{
	Arena *a = arena_new();
	CHECK_STR(verdict(a, nothing), "");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *said = verdict(a, cases[i].change);
		bool caught = strstr(said, "internal error: after test: ") &&
			      strstr(said, cases[i].words);
		if (!CHECK(caught))
			printf("  %s: %s\n", cases[i].name, said);
	}
	arena_free(a);
	return test_result();
}
