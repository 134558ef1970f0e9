/* product.c -- plain matrix products by BLAS */
#include "lower.h"

bool plan_product(Scope *s, Piece *p)
{
	(void)s;
	(void)p;
	return false;
}

Step *product_step(Scope *s, const Piece *p)
{
	Step *step = NEW(s->L->arena, Step);
	step->kind = STEP_PRODUCT;
	step->loc = p->val->loc;
	step->product = *p->product;
	step->needs = p->needs & ALWAYS ? 0 : p->needs;
	return step;
}
