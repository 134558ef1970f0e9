/* mc_info.c -- what a model consists of, from its tables */
#include <stdlib.h>
#include <string.h>

#include "mc_run.h"

static void print_type(const mc_model *m, const mc_type *t)
{
	printf("%s", mc_dtype_name(t->dtype));
	for (int i = 0; i < t->rank; i++) {
		printf(i ? ", " : "[");
		if (t->size[i] >= 0)
			printf("%lld", (long long)t->size[i]);
		else
			printf("%s",
			       t->size[i] == MC_FORMULA ? "..." : m->dims[-1 - t->size[i]].name);
	}
	printf(t->rank ? "]" : "");
}

static void print_values(const mc_model *m, int n, const mc_value *v, int after)
{
	for (int i = 0; i < n; i++) {
		printf("%s%s : ", i || after ? ", " : "", v[i].name);
		print_type(m, &v[i].type);
		if (v[i].has_default)
			printf(" = %g", v[i].value);
	}
}

int mc_run_info(mc_run *run)
{
	static const char *const kinds[] = {"param", "shared", "data"};
	const mc_model *m = run->model;
	printf("model %s, %s%s%s\n", m->name, mc_dtype_name(m->floatX),
	       run->driver->source ? ", from " : "",
	       run->driver->source ? run->driver->source : "");
	for (int i = 0; i < m->ntensors; i++) {
		printf("%s %s : ", kinds[m->tensors[i].kind], m->tensors[i].name);
		print_type(m, &m->tensors[i].type);
		printf("\n");
	}
	for (int i = 0; i < m->nfunctions; i++) {
		const mc_function *f = &m->functions[i];
		printf("function %s(", f->name);
		for (int k = 0; k < f->ndims; k++)
			printf("%s%s", k ? ", " : "", m->dims[f->dim[k]].name);
		print_values(m, f->nargs, f->arg, f->ndims);
		printf(")%s", f->nouts ? " -> " : "");
		print_values(m, f->nouts, f->out, 0);
		printf("%s\n", f->updates ? "   updates" : "");
	}
	return 0;
}
