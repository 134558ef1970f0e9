/* main.c -- modelc: reads a .model file, writes C */
#include <argp.h>

#include "modelc.h"

const char *argp_program_version = "modelc " MODELC_VERSION; /* of CMakeLists.txt */

int main(int argc, char **argv)
{
	argp_err_exit_status = 2;
	return modelc(argc, argv, 0);
}
