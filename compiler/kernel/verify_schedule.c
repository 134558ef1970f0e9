/* verify_schedule.c -- what every schedule must keep to */
#include "kernel.h"

void verify_kernel(const Kernel *k, const char *after)
{
	if (k->parts.len == 0)
		internal_error("after %s: kernel %s: no parts", after, k->name);
}
