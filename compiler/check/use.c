/* use.c -- use "own.model": another file's defs and consts */
#include "state.h"

void use_file(Check *c, Scope *s, const Stmt *stmt)
{
	(void)s;
	check_error(c, stmt->loc, "not supported yet: use");
}
