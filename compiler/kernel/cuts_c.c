/* cuts_c.c -- an axis in falling steps */
#include <inttypes.h>

#include "print_c.h"

void print_cuts(CPrinter *p, const Nest *nest)
{
	internal_error("kernel %s: cuts of %s", p->kernel->name, nest->axis->name);
}
