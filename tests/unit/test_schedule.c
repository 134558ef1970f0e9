/* test_schedule.c -- each rule of schedules, broken once, is caught and named */
#include "kernels.h"
#include "test.h"

typedef struct Base {
	Build b;
	Kernel *k;
	const Size *n;
	Buffer *x, *y, *total;
	Axis *i, *j, *l; /* par n, seq 32 by 16 and 8, lanes of that */
	Axis *c, *u, *s; /* seq 16, unroll 4, simd 16 */
	Buffer *acc;
} Base;

static Base base(void)
{
	Base t = {.b = {arena_new(), 1, DT_float32, 16}};
	Build *b = &t.b;
	t.k = kernel(b, "broken");
	const Dim *n = new_dim(b, "n");
	kernel_dim(b, t.k, n);
	t.n = dim(b, n);
	t.x = argument(b, t.k, "x", DT_float32, true, 2, SIDES(OF(t.n), OF(num(b, 32))));
	t.y = argument(b, t.k, "y", DT_float32, false, 2, SIDES(OF(t.n), OF(num(b, 32))));
	t.total = argument(b, t.k, "total", DT_float32, false, 1, SIDES(OF(t.n)));
	t.i = axis(b, "i", AXIS_PAR, t.n);
	t.j = axis_n(b, "j", AXIS_SEQ, 32);
	cuts(b, t.j, 2, (int64_t[]){16, 8});
	t.l = axis_of(b, "l", AXIS_LANES, t.j);
	t.c = axis_n(b, "c", AXIS_SEQ, 16);
	t.u = axis_n(b, "u", AXIS_UNROLL, 4);
	t.s = axis_n(b, "s", AXIS_SIMD, 16);
	t.acc = buffer(b, "acc", DT_float32, WHERE_REG, 1, SIDES(CUT(t.j)));
	t.acc->lanes = true;
	return t;
}

static Access xy(Base *t, Buffer *buffer, Axis *row, Axis *column)
{
	return at(buffer, ix(&t->b, row), ix(&t->b, column));
}

static Access lane_of(Base *t, Buffer *buffer)
{
	return at(buffer, ix(&t->b, t->i), plus(&t->b, ix(&t->b, t->j), ix(&t->b, t->l)));
}

static Item lanes_nest(Base *t, Item item)
{
	return nests(&t->b, AXES(t->i, t->j, t->l), 1, &item);
}

static void caught(Base *t, Item item, const char *why)
{
	part(&t->b, t->k, item, true);
	const char *wrong = check_kernel(t->b.arena, t->k);
	if (!why ? !CHECK_STR(wrong, NULL) : !CHECK(wrong && strstr(wrong, why)))
		printf("  expected: %s\n  got: %s\n", why ? why : "(legal)", wrong ? wrong : "(legal)");
	arena_free(t->b.arena);
}

static Item copy_of(Base *t, Access to, Access from)
{
	return store(&t->b, to, STORE_SET, load(&t->b, from));
}

static void test_legal(void)
{
	Base t = base();
	caught(&t, nests(&t.b, AXES(t.i, t.c), ITEMS(copy_of(&t, xy(&t, t.y, t.i, t.c), xy(&t, t.x, t.i, t.c)))), NULL);
	t = base();
	caught(&t, lanes_nest(&t, copy_of(&t, lane_of(&t, t.y), lane_of(&t, t.x))), NULL);
	t = base(); /* lanes to registers, folded */
	Access acc = at(t.acc, ix(&t.b, t.l));
	caught(&t,
	       nests(&t.b, AXES(t.i, t.j),
	             ITEMS(declared(t.acc), nest(&t.b, t.l, ITEMS(copy_of(&t, acc, lane_of(&t, t.x)))),
	                   nest(&t.b, t.l, ITEMS(store(&t.b, at(t.total, ix(&t.b, t.i)), STORE_ADD, load(&t.b, acc)))))),
	       NULL);
	Kernel *(*const make[])(Build *) = {kernel_logreg, kernel_adam, kernel_conv, kernel_conv_data, kernel_lstm, kernel_attention};
	for (int i = 0; i < 6; i++) {
		Arena *arena = arena_new();
		CHECK_STR(check_kernel(arena, make[i](&(Build){arena, 1, DT_float32, 16})), NULL);
		arena_free(arena);
	}
}

static void test_axes(void)
{
	Base t = base();
	caught(&t, nests(&t.b, AXES(t.c, t.i), ITEMS(copy_of(&t, xy(&t, t.y, t.i, t.c), xy(&t, t.x, t.i, t.c)))), "inside c");
	t = base();
	caught(&t, nests(&t.b, AXES(t.i, t.j, t.l, t.c), ITEMS(copy_of(&t, xy(&t, t.y, t.i, t.c), xy(&t, t.x, t.i, t.c)))),
	       "inside the lanes axis");
	t = base();
	caught(&t, nests(&t.b, AXES(t.i, t.l), ITEMS(copy_of(&t, xy(&t, t.y, t.i, t.l), xy(&t, t.x, t.i, t.l)))),
	       "cut of j, which has none there");
	t = base();
	caught(&t, nests(&t.b, AXES(t.i), ITEMS(copy_of(&t, xy(&t, t.y, t.i, t.c), xy(&t, t.x, t.i, t.i)))), "outside its nest");
	t = base();
	t.u->hi = (const Size *[]){t.n};
	caught(&t, nests(&t.b, AXES(t.i, t.u), ITEMS(copy_of(&t, xy(&t, t.y, t.i, t.u), xy(&t, t.x, t.i, t.u)))),
	       "no literal extent");
	t = base();
	upto(&t.b, t.c, size_mul(t.b.arena, ix(&t.b, t.i), ix(&t.b, t.i)));
	caught(&t, nests(&t.b, AXES(t.i, t.c), ITEMS(copy_of(&t, xy(&t, t.y, t.i, t.c), xy(&t, t.x, t.i, t.c)))), "not affine");
	t = base();
	caught(&t, nests(&t.b, AXES(t.i, t.c, t.i), ITEMS(copy_of(&t, xy(&t, t.y, t.i, t.c), xy(&t, t.x, t.i, t.c)))), "inside");
}

static void test_cuts(void)
{
	Base t = base();
	cuts(&t.b, t.j, 2, (int64_t[]){16, 12});
	caught(&t, lanes_nest(&t, copy_of(&t, lane_of(&t, t.y), lane_of(&t, t.x))), NULL); /* 32 is 16 + 16 */
	t = base();
	cuts(&t.b, t.j, 1, (int64_t[]){12});
	caught(&t, lanes_nest(&t, copy_of(&t, lane_of(&t, t.y), lane_of(&t, t.x))), "leave something over");
	t = base();
	t.j->hi = (const Size *[]){t.n};
	caught(&t, lanes_nest(&t, copy_of(&t, lane_of(&t, t.y), lane_of(&t, t.x))), "leave something over");
	t = base();
	cuts(&t.b, t.j, 2, (int64_t[]){8, 16});
	caught(&t, lanes_nest(&t, copy_of(&t, lane_of(&t, t.y), lane_of(&t, t.x))), "do not fall");
}

static void test_buffers(void)
{
	Base t = base();
	Access acc = at(t.acc, ix(&t.b, t.l));
	caught(&t, nests(&t.b, AXES(t.i, t.j, t.l), ITEMS(copy_of(&t, acc, lane_of(&t, t.x)))), "not declared");
	t = base();
	Buffer *stack = buffer(&t.b, "stack", DT_float32, WHERE_STACK, 1, SIDES(OF(t.n)));
	caught(&t, nest(&t.b, t.i, ITEMS(declared(stack), copy_of(&t, at(stack, ix(&t.b, t.i)), xy(&t, t.x, t.i, t.i)))),
	       "no literal extent");
	t = base(); /* registers by a loop that is no tile axis */
	Buffer *reg = buffer(&t.b, "r", DT_float32, WHERE_REG, 1, SIDES(OF(num(&t.b, 16))));
	caught(&t, nest(&t.b, t.i, ITEMS(declared(reg), nest(&t.b, t.c, ITEMS(copy_of(&t, at(reg, ix(&t.b, t.c)), xy(&t, t.x, t.i, t.c)))))),
	       "no tile axis");
	t = base(); /* out of its level */
	stack = buffer(&t.b, "stack", DT_float32, WHERE_STACK, 1, SIDES(OF(num(&t.b, 16))));
	caught(&t,
	       nest(&t.b, t.i,
	            ITEMS(nest(&t.b, t.c, ITEMS(declared(stack), copy_of(&t, at(stack, ix(&t.b, t.c)), xy(&t, t.x, t.i, t.c)))),
	                  store(&t.b, at(t.total, ix(&t.b, t.i)), STORE_SET, load(&t.b, at(stack, num(&t.b, 0)))))),
	       "not declared");
	t = base();
	caught(&t, nests(&t.b, AXES(t.i, t.c), ITEMS(copy_of(&t, xy(&t, t.x, t.i, t.c), xy(&t, t.y, t.i, t.c)))), "read only");
}

static void test_kept(void)
{
	Base t = base();
	caught(&t, nests(&t.b, AXES(t.i, t.c), ITEMS(store(&t.b, at(t.total, ix(&t.b, t.c)), STORE_ADD, load(&t.b, xy(&t, t.x, t.i, t.c))))),
	       "does not keep the par axis i");
	t = base();
	caught(&t, nests(&t.b, AXES(t.i, t.s), ITEMS(store(&t.b, at(t.total, ix(&t.b, t.i)), STORE_ADD, load(&t.b, xy(&t, t.x, t.i, t.s))))),
	       "does not keep the simd axis s");
	t = base();
	caught(&t, lanes_nest(&t, store(&t.b, at(t.total, ix(&t.b, t.i)), STORE_ADD, load(&t.b, lane_of(&t, t.x)))),
	       "does not keep the lanes axis l");
	t = base(); /* two iterations of i meet in one element: floor(i / 2) */
	caught(&t, nest(&t.b, t.i, ITEMS(store(&t.b, at(t.total, size_floordiv(t.b.arena, ix(&t.b, t.i), 2)), STORE_SET, real(&t.b, 1)))),
	       "does not keep the par axis i");
	t = base(); /* what another thread writes */
	caught(&t,
	       nests(&t.b, AXES(t.i, t.c), ITEMS(copy_of(&t, xy(&t, t.y, t.i, t.c), at(t.y, num(&t.b, 0), ix(&t.b, t.c))))),
	       "stored and read at different places along i");
	t = base(); /* the lane beside it */
	Access next = at(t.y, ix(&t.b, t.i), plus(&t.b, plus(&t.b, ix(&t.b, t.j), ix(&t.b, t.l)), num(&t.b, 1)));
	caught(&t, lanes_nest(&t, copy_of(&t, lane_of(&t, t.y), next)), "different places along l");
	t = base(); /* also when it is read in a nest of its own */
	caught(&t,
	       nest(&t.b, t.i,
	            ITEMS(nest(&t.b, t.c, ITEMS(copy_of(&t, xy(&t, t.y, t.i, t.c), xy(&t, t.x, t.i, t.c)))),
	                  store(&t.b, at(t.total, ix(&t.b, t.i)), STORE_SET, load(&t.b, at(t.y, num(&t.b, 0), num(&t.b, 1)))))),
	       "stored and read at different places along i");
}

/* what is asked for ahead is not stored: it may be read only, and what others read */
static void test_ahead(void)
{
	Base t = base();
	caught(&t, lanes_nest(&t, store(&t.b, at(t.x, num(&t.b, 0), num(&t.b, 0)), STORE_AHEAD, real(&t.b, 0))), NULL);
	t = base();
	caught(&t, lanes_nest(&t, store(&t.b, at(t.x, num(&t.b, 0), num(&t.b, 0)), STORE_SET, real(&t.b, 0))), "read only");
}

/* the last vector of a step that is no multiple begins earlier */
static void test_again(void)
{
	const char *again = "which may do so again";
	Base t = base();
	t.j->again = true;
	caught(&t, lanes_nest(&t, copy_of(&t, lane_of(&t, t.y), lane_of(&t, t.x))), NULL);
	t = base();
	t.j->again = true;
	caught(&t, lanes_nest(&t, store(&t.b, lane_of(&t, t.y), STORE_ADD, load(&t.b, lane_of(&t, t.x)))), again);
	t = base();
	t.j->again = true;
	caught(&t, lanes_nest(&t, copy_of(&t, lane_of(&t, t.y), lane_of(&t, t.y))), again);
	t = base(); /* without it, both may be */
	caught(&t, lanes_nest(&t, store(&t.b, lane_of(&t, t.y), STORE_ADD, load(&t.b, lane_of(&t, t.x)))), NULL);
}

static void test_lanes(void)
{
	Base t = base();
	caught(&t, lanes_nest(&t, store(&t.b, lane_of(&t, t.y), STORE_SET, node1(&t.b, OP_exp, load(&t.b, lane_of(&t, t.x))))),
	       "no vector form");
	t = base();
	Access across = at(t.x, plus(&t.b, ix(&t.b, t.j), ix(&t.b, t.l)), ix(&t.b, t.i));
	caught(&t, lanes_nest(&t, copy_of(&t, lane_of(&t, t.y), across)), "stride other than 1");
	t = base();
	Access twice = at(t.x, ix(&t.b, t.i), times(&t.b, ix(&t.b, t.l), 2));
	caught(&t, lanes_nest(&t, copy_of(&t, lane_of(&t, t.y), twice)), "stride other than 1");
	t = base();
	Access some = when(&t.b, lane_of(&t, t.x), ix(&t.b, t.l), NULL, num(&t.b, 3), 0);
	caught(&t, lanes_nest(&t, copy_of(&t, lane_of(&t, t.y), some)), "speaks of lanes");
	t = base();
	caught(&t, lanes_nest(&t, store(&t.b, lane_of(&t, t.y), STORE_SET, cast(&t.b, DT_float32, index_node(&t.b, ix(&t.b, t.l))))),
	       "stands in lanes");
	t = base();
	Access acc = at(t.acc, plus(&t.b, ix(&t.b, t.l), num(&t.b, 1)));
	caught(&t, nests(&t.b, AXES(t.i, t.j), ITEMS(declared(t.acc), nest(&t.b, t.l, ITEMS(copy_of(&t, acc, lane_of(&t, t.x)))))),
	       "not the lanes axis");
	t = base();
	acc = at(t.acc, ix(&t.b, t.l));
	caught(&t,
	       nests(&t.b, AXES(t.i, t.j),
	             ITEMS(declared(t.acc),
	                   nest(&t.b, t.l,
	                        ITEMS(copy_of(&t, acc, lane_of(&t, t.x)),
	                              store(&t.b, at(t.total, ix(&t.b, t.i)), STORE_ADD, load(&t.b, acc)))))),
	       "beside other stores");
}

static void test_types_and_barriers(void)
{
	Base t = base();
	caught(&t, nest(&t.b, t.i, ITEMS(store(&t.b, at(t.total, ix(&t.b, t.i)), STORE_SET, index_node(&t.b, ix(&t.b, t.i))))),
	       "of another type");
	t = base();
	caught(&t, nest(&t.b, t.i, ITEMS(store(&t.b, at(t.total, ix(&t.b, t.i)), STORE_SET, uniform(&t.b, "rate")))), "not declared");
	t = base();
	Access odd = at(t.total, NULL);
	odd.index[0].gathered = load(&t.b, xy(&t, t.x, t.i, t.i));
	caught(&t, nest(&t.b, t.i, ITEMS(store(&t.b, odd, STORE_SET, real(&t.b, 1)))), "no integer");
	for (int barrier = 0; barrier < 2; barrier++) {
		t = base();
		Axis *again = axis(&t.b, "i", AXIS_PAR, t.n);
		part(&t.b, t.k, nest(&t.b, t.i, ITEMS(store(&t.b, at(t.total, ix(&t.b, t.i)), STORE_SET, real(&t.b, 1)))), barrier);
		caught(&t,
		       nest(&t.b, again,
		            ITEMS(copy_of(&t, at(t.y, ix(&t.b, again), num(&t.b, 0)), at(t.total, ix(&t.b, again))))),
		       barrier ? NULL : "without a barrier");
	}
}

int main(void)
{
	test_legal();
	test_axes();
	test_cuts();
	test_buffers();
	test_kept();
	test_lanes();
	test_again();
	test_ahead();
	test_types_and_barriers();
	return test_result();
}
