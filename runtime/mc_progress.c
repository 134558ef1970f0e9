/* mc_progress.c -- a bar with rate and time left, where somebody looks */
#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "mc_run.h"

double mc_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void mc_progress_begin(mc_progress *p, int64_t steps_before)
{
	const char *term = getenv("TERM");
	*p = (mc_progress){0};
	p->terminal = isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
	p->steps_before = steps_before;
	p->begin = mc_seconds();
}

static const char *time_text(double seconds, char *text, size_t len)
{
	if (!(seconds < 360000)) {
		snprintf(text, len, "-");
		return text;
	}
	const long s = (long)(seconds + 0.5);
	if (s >= 3600)
		snprintf(text, len, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(text, len, "%ld:%02ld", s / 60, s % 60);
	return text;
}

void mc_progress_bar(mc_progress *p, const char *label, int64_t step, int64_t steps, int64_t total,
                     double most, const char *value)
{
	enum { WIDTH = 24 };
	if (!p->terminal)
		return;
	const double now = mc_seconds(), spent = now - p->begin;
	if (now - p->drawn < 0.1)
		return;
	p->drawn = now;
	char bar[WIDTH + 1], left[32];
	const int full = steps > 0 ? (int)(step * WIDTH / steps) : WIDTH;
	for (int i = 0; i < WIDTH; i++)
		bar[i] = i < full ? '#' : '.';
	bar[WIDTH] = 0;
	const double rate = spent > 0 ? (double)(total - p->steps_before) / spent : 0;
	const double rest = rate > 0 ? (most - (double)total) / rate : 1e9;
	/* a line that wraps could not be drawn over */
	struct winsize size;
	const int columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1
	                          ? size.ws_col - 1
	                          : 79;
	char line[320];
	snprintf(line, sizeof line, "%s [%s] %lld/%lld  %.*f steps/s  left %s  %s", label, bar,
	         (long long)step, (long long)steps, rate < 10, rate,
	         time_text(rest, left, sizeof left), value);
	printf("\r%.*s\033[K", columns, line);
	fflush(stdout);
	p->shown = 1;
}

void mc_progress_clear(mc_progress *p)
{
	if (p->shown)
		printf("\r\033[K");
	p->shown = 0;
}
