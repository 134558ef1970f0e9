/* mc_history.c -- what a training has been through: a row an epoch */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mc_run.h"

int mc_history_add(mc_history *h, const double row[MC_HIST])
{
	if (h->n == h->cap) {
		const int cap = h->cap ? 2 * h->cap : 256;
		double(*rows)[MC_HIST] = realloc(h->row, (size_t)cap * sizeof *rows);
		if (!rows)
			return 0;
		h->row = rows;
		h->cap = cap;
	}
	memcpy(h->row[h->n++], row, sizeof h->row[0]);
	return 1;
}

int mc_history_csv(const mc_run *run, const mc_history *h, const char *path, mc_error *err)
{
	char line[256];
	mc_out o;
	if (mc_out_begin(&o, path, err) != MC_OK)
		return 0;
	static const char head[] = "fit,epoch,total,train,watch,test\n";
	mc_out_write(&o, head, sizeof head - 1);
	for (int i = 0; i < h->n; i++) {
		const double *r = h->row[i];
		const char *name = run->driver->parts[(int)r[MC_HIST_FIT]].name;
		int n = snprintf(line, sizeof line, "%.80s,%.0f,%.0f", name, r[MC_HIST_EPOCH] + 1,
		                 r[MC_HIST_TOTAL]);
		for (int k = MC_HIST_TRAIN; k < MC_HIST; k++)
			n += isnan(r[k])
			           ? snprintf(line + n, sizeof line - (size_t)n, ",nan")
			           : snprintf(line + n, sizeof line - (size_t)n, ",%.9g", r[k]);
		line[n++] = '\n';
		mc_out_write(&o, line, (size_t)n);
	}
	return mc_out_end(&o, err) == MC_OK;
}
