/* run.h -- runs a driver's program in a process of its own and keeps what it says */
#ifndef RUN_H
#define RUN_H

#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mc_data.h"
#include "mc_driver.h"

static char run_out[1 << 16], run_err[1 << 14]; /* of the last run */
/* bytes that a file may have, as if the disk were full behind them; 0: no limit */
static long run_limit;

static inline void run_collect(int from, char *to, size_t cap)
{
	size_t n = 0;
	for (ssize_t k = 1; k > 0 && n + 1 < cap; n += (size_t)k)
		if ((k = read(from, to + n, cap - 1 - n)) < 0)
			k = 0;
	to[n] = 0;
	close(from);
}

/* the program's exit status, or minus the number of the signal that ended it; arguments end with
 * NULL */
static inline int run_driver(const mc_driver *driver, ...)
{
	const char *argv[40] = {"program"};
	int argc = 1, out[2], err[2], status = -1;
	va_list args;
	va_start(args, driver);
	while (argc < 39 && (argv[argc] = va_arg(args, const char *)) != NULL)
		argc++;
	va_end(args);
	argv[argc] = NULL;
	fflush(stdout);
	if (pipe(out) || pipe(err))
		return -1000;
	const pid_t child = fork();
	if (child == 0) {
		dup2(out[1], 1);
		dup2(err[1], 2);
		close(out[0]);
		close(err[0]);
		if (run_limit) {
			const struct rlimit limit = {(rlim_t)run_limit, (rlim_t)run_limit};
			setrlimit(RLIMIT_FSIZE, &limit);
			signal(SIGXFSZ, SIG_IGN);
		}
		exit(mc_driver_main(driver, argc, (char **)(uintptr_t)argv));
	}
	close(out[1]);
	close(err[1]);
	run_collect(out[0], run_out, sizeof run_out);
	run_collect(err[0], run_err, sizeof run_err);
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#endif
