/* extern_call.c -- calls of C functions of the user's */
#include "state.h"

Value call_extern(Check *c, Loc loc, const Extern *e, const Stmt *stmt, Scope *s, const CallArgs *args)
{
	(void)e, (void)stmt, (void)s, (void)args;
	check_error(c, loc, "not supported yet: extern");
	return value_error();
}
