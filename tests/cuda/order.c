/* order.c -- the emulation's loops run downwards where the environment says so */
#include <stdlib.h>

int mc_downwards;

__attribute__((constructor)) static void order(void)
{
	mc_downwards = getenv("MC_DOWNWARDS") != NULL;
}
