/* mc_keys.c -- a part's keys: the block's values, unless the command line gave others */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mc_run.h"

const mc_function *mc_run_function(const mc_run *run, const char *name)
{
	for (int i = 0; i < run->model->nfunctions; i++)
		if (!strcmp(run->model->functions[i].name, name))
			return &run->model->functions[i];
	return NULL;
}

const mc_driver_part *mc_run_prediction(const mc_run *run)
{
	for (int i = 0; i < run->driver->nparts; i++)
		if (run->driver->parts[i].kind == MC_DRIVER_PREDICT)
			return &run->driver->parts[i];
	return NULL;
}

/* The array of a prediction's truth, where its set has it */
const mc_array *mc_run_truth(const mc_run *run, const mc_driver_part *part, const mc_set *set)
{
	const char *truth = mc_key_name(run, part, "truth", 0);
	for (int k = 0; truth && set && k < set->part->nfiles; k++)
		if (!strcmp(set->part->files[k].name, truth) && set->array[k].data)
			return &set->array[k];
	return NULL;
}

const mc_driver_key *mc_run_key(const mc_driver_part *part, const char *name)
{
	for (int i = 0; i < part->nkeys; i++)
		if (!strcmp(part->keys[i].name, name))
			return &part->keys[i];
	return NULL;
}

/* One for this part goes before one for all; the last given wins. */
const mc_setting *mc_run_setting(const mc_run *run, const mc_driver_part *part, const char *name)
{
	const mc_setting *found = NULL;
	for (int i = 0; i < run->nsettings; i++) {
		const mc_setting *s = &run->setting[i];
		if (strcmp(s->name, name) || (s->part && strcmp(s->part, part->name)))
			continue;
		if (!found || s->part || !found->part)
			found = s;
	}
	return found;
}

int mc_key_count(const mc_run *run, const mc_driver_part *part, const char *name)
{
	const mc_setting *s = mc_run_setting(run, part, name);
	const mc_driver_key *k = s ? NULL : mc_run_key(part, name);
	return s ? s->n : k ? k->n : 0;
}

int mc_key_number(const mc_run *run, const mc_driver_part *part, const char *name, int i,
                  const mc_driver_env *env, mc_number *out)
{
	const mc_setting *s = mc_run_setting(run, part, name);
	if (s) {
		if (!s->number || i >= s->n)
			return 0;
		*out = s->number[i];
		return 1;
	}
	const mc_driver_key *k = mc_run_key(part, name);
	if (!k || !k->number || i >= k->n)
		return 0;
	const mc_driver_number *n = &k->number[i];
	*out = (mc_number){0};
	if (n->integer) {
		out->i = n->integer(env);
		out->f = (double)out->i;
	} else {
		out->is_real = 1;
		out->f = n->real(env);
		out->i = out->f >= -0x1p63 && out->f < 0x1p63 ? (int64_t)out->f : 0;
	}
	return 1;
}

int64_t mc_key_integer(const mc_run *run, const mc_driver_part *part, const char *name,
                       const mc_driver_env *env, int64_t otherwise)
{
	mc_number n;
	return mc_key_number(run, part, name, 0, env, &n) ? n.i : otherwise;
}

double mc_key_real(const mc_run *run, const mc_driver_part *part, const char *name,
                   const mc_driver_env *env, double otherwise)
{
	mc_number n;
	return mc_key_number(run, part, name, 0, env, &n) ? n.f : otherwise;
}

const char *mc_key_name(const mc_run *run, const mc_driver_part *part, const char *name, int i)
{
	const mc_setting *s = mc_run_setting(run, part, name);
	if (s)
		return s->names && i < s->n ? s->names[i] : NULL;
	const mc_driver_key *k = mc_run_key(part, name);
	return k && k->names && i < k->n ? k->names[i] : NULL;
}

const char **mc_key_names(const mc_run *run, const mc_driver_part *part, const char *name, int *n)
{
	const int count = mc_key_count(run, part, name);
	const char **all = calloc((size_t)count + 1, sizeof *all);
	*n = 0;
	for (int i = 0; all && i < count; i++)
		if ((all[*n] = mc_key_name(run, part, name, i)) != NULL)
			++*n;
	return all;
}

/* ---- names that must be there: the block's were checked by the compiler, the command line's
 * are checked here */

static const mc_driver_part *find_set(const mc_run *run, const char *name)
{
	for (int i = 0; i < run->driver->nparts; i++) {
		const mc_driver_part *p = &run->driver->parts[i];
		if (p->kind == MC_DRIVER_SET && !strcmp(p->name, name))
			return p;
	}
	return NULL;
}

static int check_output(mc_run *run, const mc_driver_part *part, const char *key)
{
	const char *text = mc_key_name(run, part, key, 0);
	const char *dot = text ? strrchr(text, '.') : NULL;
	char name[256];
	if (!text)
		return 1;
	snprintf(name, sizeof name, "%.*s", dot ? (int)(dot - text) : 255, text);
	const mc_function *f = mc_run_function(run, name);
	if (!dot || !f || mc_call_output(f, dot + 1) < 0) {
		mc_fail(&run->err, MC_MISMATCH, "%s.%s is %s, expected function.output%s%s",
		        part->name, key, text, dot && f ? "; the outputs are those of " : "",
		        dot && f ? name : "");
		return 0;
	}
	const mc_type *t = &f->out[mc_call_output(f, dot + 1)].type;
	if (t->rank || t->dtype >= MC_COMPLEX64) {
		mc_fail(&run->err, MC_MISMATCH, "%s.%s is %s, which is not a single number",
		        part->name, key, text);
		return 0;
	}
	return 1;
}

static int check_at_least(mc_run *run, const mc_driver_part *part, const char *key, int64_t least)
{
	const mc_setting *s = mc_run_setting(run, part, key);
	for (int i = 0; s && s->number && i < s->n; i++) {
		const mc_number n = s->number[i];
		const int whole = !n.is_real || (floor(n.f) == n.f && n.f < 0x1p63);
		if (whole && n.f >= (double)least)
			continue;
		mc_fail(&run->err, MC_MISMATCH,
		        "%s%s%s is %g, expected a whole number of at least %lld%s", s->part ? s->part : "--",
		        s->part ? "." : "", key, n.f, (long long)least, n.f >= 0x1p63 ? ", below 2^63" : "");
		return 0;
	}
	return 1;
}

/* several values, with commas between, are for keys that are lists */
static int check_count(mc_run *run, const mc_setting *s)
{
	const int list = !strcmp(s->name, "show") || !strcmp(s->name, "classes"),
		  most = !strcmp(s->name, "tile") ? 2 : 1;
	if (list || s->n <= most)
		return 1;
	mc_fail(&run->err, MC_MISMATCH, "--%s%s%s has %d values, expected %s",
	        s->part ? s->part : "", s->part ? "." : "", s->name, s->n,
	        most == 2 ? "one or two" : "one");
	return 0;
}

static int check_ragged(mc_run *run, const mc_driver_part *part)
{
	const char *ragged = mc_key_name(run, part, "ragged", 0);
	if (!ragged || !strcmp(ragged, "keep") || !strcmp(ragged, "drop"))
		return 1;
	mc_fail(&run->err, MC_MISMATCH, "%s.ragged is %s, expected keep or drop", part->name,
	        ragged);
	return 0;
}

int mc_run_check(mc_run *run)
{
	static const char *const sets[] = {"set", "watch_set", "test_set"};
	static const struct {
		const char *key;
		int64_t least;
	} counts[] = {{"steps", 1},      {"epochs", 0}, {"batch", 1}, {"watch_steps", 1},
	              {"test_steps", 1}, {"first", 0},  {"tile", 1}};
	for (int i = 0; i < run->nsettings; i++)
		if (!check_count(run, &run->setting[i]))
			return 0;
	for (int i = 0; i < run->driver->nparts; i++) {
		const mc_driver_part *part = &run->driver->parts[i];
		if (part->kind < MC_DRIVER_FIT)
			continue;
		for (int k = 0; k < 3; k++) {
			const char *name = mc_key_name(run, part, sets[k], 0);
			if (name && !find_set(run, name)) {
				mc_fail(&run->err, MC_MISMATCH,
				        "%s.%s is %s, but there is no set of that name", part->name,
				        sets[k], name);
				return 0;
			}
		}
		for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
			if (!check_at_least(run, part, counts[k].key, counts[k].least))
				return 0;
		if (!check_ragged(run, part) || !check_output(run, part, "watch") || !check_output(run, part, "test"))
			return 0;
		const char *before = mc_key_name(run, part, "before_epoch", 0);
		if (before && !mc_run_function(run, before)) {
			mc_fail(&run->err, MC_MISMATCH,
			        "%s.before_epoch is %s, but there is no function of that name",
			        part->name, before);
			return 0;
		}
		for (int k = 0;
		     k < mc_key_count(run, part, "show") && part->kind == MC_DRIVER_PREDICT; k++) {
			const char *name = mc_key_name(run, part, "show", k);
			if (!name ||
			    mc_call_output(mc_run_function(run, part->function), name) < 0) {
				mc_fail(&run->err, MC_MISMATCH,
				        "%s.show is %s, which is no output of %s", part->name,
				        name ? name : "a number", part->function);
				return 0;
			}
		}
	}
	return 1;
}
