/* mc_call.c -- calls of a model's function: arguments from keys, defaults and rows of a set */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mc_run.h"

int mc_call_output(const mc_function *f, const char *name)
{
	for (int i = 0; f && i < f->nouts; i++)
		if (!strcmp(f->out[i].name, name))
			return i;
	return -1;
}

static int no_memory(mc_run *run)
{
	mc_fail(&run->err, MC_NO_MEMORY, "out of memory");
	return 0;
}

/* Arrays of the set by argument names, and the dim that leads them */
static int find_arrays(mc_call *c)
{
	const mc_function *f = c->f;
	c->lead = -1;
	for (int i = 0; i < f->nargs; i++) {
		const mc_type *t = &f->arg[i].type;
		c->file[i] = -1;
		if (t->rank == 0)
			continue;
		for (int k = 0; c->set && k < c->set->part->nfiles; k++)
			if (c->set->array[k].data &&
			    !strcmp(c->set->part->files[k].name, f->arg[i].name))
				c->file[i] = k;
		if (c->file[i] < 0) {
			mc_fail(&c->run->err, MC_MISMATCH, "%s needs an array for %s%s%s%s",
			        f->name, f->arg[i].name,
			        c->set ? ", which the set " : "; a set gives it",
			        c->set ? c->set->part->name : "", c->set ? " has not" : "");
			return 0;
		}
		for (int d = 0; d < f->ndims; d++)
			if (t->size[0] == MC_DIM(f->dim[d]))
				c->lead = f->dim[d];
	}
	return 1;
}

int mc_call_open(mc_call *c, mc_run *run, const mc_driver_part *part, const char *function,
                 mc_set *set, int64_t batch)
{
	*c = (mc_call){0};
	c->run = run;
	c->part = part;
	c->set = set;
	c->f = mc_run_function(run, function);
	if (!c->f) {
		mc_fail(&run->err, MC_MISMATCH, "the model has no function %s", function);
		return 0;
	}
	const size_t nargs = (size_t)c->f->nargs + 1, nouts = (size_t)c->f->nouts + 1,
		     ndims = (size_t)run->model->ndims + 1;
	c->dims = calloc(ndims, sizeof *c->dims);
	c->call_dims = calloc((size_t)c->f->ndims + 1, sizeof *c->call_dims);
	c->file = calloc(nargs, sizeof *c->file);
	c->arg = calloc(nargs, sizeof *c->arg);
	c->scalar = calloc(nargs, 2 * sizeof *c->scalar);
	c->gathered = calloc(nargs, sizeof *c->gathered);
	c->out = calloc(nouts, sizeof *c->out);
	c->result = calloc(nouts, sizeof *c->result);
	c->wanted = calloc(nouts, sizeof *c->wanted);
	if (!c->dims || !c->call_dims || !c->file || !c->arg || !c->scalar || !c->gathered ||
	    !c->out || !c->result || !c->wanted)
		return no_memory(run);
	if (!find_arrays(c))
		return 0;
	c->batch = set && (batch <= 0 || batch > set->rows) ? set->rows : batch;
	return 1;
}

void mc_call_close(mc_call *c)
{
	for (int i = 0; c->f && c->gathered && i < c->f->nargs; i++)
		free(c->gathered[i]);
	for (int i = 0; c->f && c->result && i < c->f->nouts; i++)
		mc_array_free(&c->result[i]);
	free(c->dims);
	free(c->call_dims);
	free(c->file);
	free(c->arg);
	free(c->scalar);
	free(c->gathered);
	free(c->order);
	free(c->out);
	free(c->result);
	free(c->wanted);
	*c = (mc_call){0};
}

/* Sizes of a call of so many rows */
static int set_dims(mc_call *c, const mc_driver_env *env, int64_t rows)
{
	const mc_model *m = c->run->model;
	memcpy(c->dims, c->run->dims, (size_t)m->ndims * sizeof *c->dims);
	for (int i = 0; i < c->f->ndims; i++) {
		const int k = c->f->dim[i];
		if (k == c->lead)
			c->dims[k] = rows;
		else
			c->dims[k] = mc_key_integer(c->run, c->part, m->dims[k].name, env,
			                            c->dims[k]);
		if (c->dims[k] == 0 && m->dims[k].min > 0) {
			mc_fail(&c->run->err, MC_SIZE,
			        "%s needs the size %s: a key, a set or --%s gives it", c->f->name,
			        m->dims[k].name, m->dims[k].name);
			return 0;
		}
		c->call_dims[i] = c->dims[k];
	}
	return 1;
}

static int set_scalar(mc_call *c, const mc_driver_env *env, int i)
{
	const mc_value *a = &c->f->arg[i];
	mc_number n = {1, a->value >= -0x1p63 && a->value < 0x1p63 ? (int64_t)a->value : 0,
	               a->value};
	if (!mc_key_number(c->run, c->part, a->name, 0, env, &n) && !a->has_default) {
		mc_fail(&c->run->err, MC_MISMATCH,
		        "%s needs a value for %s: a key or --%s gives it", c->f->name, a->name,
		        a->name);
		return 0;
	}
	const int whole = n.f >= -0x1p63 && n.f < 0x1p63 && floor(n.f) == n.f;
	if (a->type.dtype < MC_FLOAT16 && n.is_real && !whole) {
		mc_fail(&c->run->err, MC_MISMATCH, "%s of %s is %g, expected a whole number",
		        a->name, c->f->name, n.f);
		return 0;
	}
	if (a->type.dtype == MC_FLOAT16 || a->type.dtype == MC_BFLOAT16 ||
	    a->type.dtype >= MC_COMPLEX64) {
		mc_fail(&c->run->err, MC_MISMATCH, "%s of %s is %s, which the driver cannot give",
		        a->name, c->f->name, mc_dtype_name(a->type.dtype));
		return 0;
	}
	mc_put_number(&c->scalar[2 * i], a->type.dtype, 0, a->type.dtype >= MC_FLOAT16 && n.is_real,
	              n.i, n.f);
	c->arg[i] = &c->scalar[2 * i];
	return 1;
}

/* Rows of the set for an argument: where they stand, or gathered in the set's order */
static int set_rows(mc_call *c, int i, int64_t first, int64_t rows)
{
	const mc_array *a = &c->set->array[c->file[i]];
	const int led = c->lead >= 0 && c->f->arg[i].type.size[0] == MC_DIM(c->lead);
	const size_t row = a->size[0] ? (size_t)(a->count / a->size[0]) * mc_dtype_bytes(a->dtype)
	                              : 0;
	const char *data = a->data;
	if (!led) {
		c->arg[i] = data;
		return 1;
	}
	if (!c->order) {
		c->arg[i] = data + (size_t)first * row;
		return 1;
	}
	if (!c->gathered[i] && !(c->gathered[i] = malloc((size_t)c->batch * row + 1)))
		return no_memory(c->run);
	for (int64_t r = 0; r < rows; r++)
		memcpy(c->gathered[i] + (size_t)r * row, data + (size_t)c->order[first + r] * row,
		       row);
	c->arg[i] = c->gathered[i];
	return 1;
}

static int set_outputs(mc_call *c)
{
	for (int i = 0; i < c->f->nouts; i++) {
		int64_t size[MC_MAX_RANK];
		mc_array a, *r = &c->result[i];
		const mc_type *t = &c->f->out[i].type;
		c->out[i] = NULL;
		if (!c->wanted[i])
			continue;
		if (!mc_array_shape(&a, t->dtype, mc_type_sizes(t, c->dims, size), size))
			return no_memory(c->run);
		if (!r->data || a.count > r->count) {
			free(r->data);
			*r = a;
			r->data = malloc((size_t)a.count * mc_dtype_bytes(a.dtype) + 1);
			if (!r->data)
				return no_memory(c->run);
		} else {
			/* fewer: the sizes only; count keeps what there is room for until the
			 * call is done */
			memcpy(r->size, a.size, sizeof r->size);
		}
		c->out[i] = r->data;
	}
	return 1;
}

int mc_call_run(mc_call *c, const mc_driver_env *env, int64_t first_row)
{
	const int64_t left = c->set ? c->set->rows - first_row : 0,
		      rows = left < c->batch ? left : c->batch;
	if (!set_dims(c, env, rows))
		return 0;
	for (int i = 0; i < c->f->nargs; i++)
		if (!(c->file[i] < 0 ? set_scalar(c, env, i) : set_rows(c, i, first_row, rows)))
			return 0;
	if (!set_outputs(c))
		return 0;
	const mc_status status = c->f->call(c->run->object, c->call_dims, c->arg, c->out);
	if (status != MC_OK) {
		mc_fail(&c->run->err, status, "%s failed at step %lld of epoch %lld: %s",
		        c->f->name, (long long)env->step + 1, (long long)env->epoch + 1,
		        mc_run_status_text(c->run, status));
		return 0;
	}
	return 1;
}

int64_t mc_call_rows(const mc_call *c)
{
	const int64_t rows = c->f->rows;
	if (rows > 0)
		return rows;
	if (rows < 0 && rows != MC_FORMULA)
		return c->dims[-1 - rows];
	if (c->lead >= 0)
		return c->dims[c->lead];
	return c->f->ndims ? c->call_dims[0] : 0;
}

int mc_call_most(mc_call *c, int64_t *most)
{
	const mc_driver_env env = {c->run->dims, 0, 0, 0};
	if (!set_dims(c, &env, c->batch))
		return 0;
	for (int i = 0; i < c->f->ndims; i++)
		if (c->call_dims[i] > most[c->f->dim[i]])
			most[c->f->dim[i]] = c->call_dims[i];
	return 1;
}
