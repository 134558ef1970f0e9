/* driver.c -- the driver block: what the program around the model does */
#include "state.h"

void check_driver(Check *c, const Stmt *stmt)
{
	(void)c, (void)stmt;
}
