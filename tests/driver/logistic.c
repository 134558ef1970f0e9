/* logistic.c -- see logistic.h */
#include "logistic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifndef BATCH_SIZE
#define BATCH_SIZE 600
#endif
enum { IN = 784, OUT = 10 };

struct logistic {
	logistic_sizes sizes;
	uint64_t seed, call;
	int ready; /* a bit for each of W, b */
	float W[IN][OUT], b[OUT];
	int64_t n_train_image, n_train_label, n_valid_image, n_valid_label;
	const uint8_t *train_image, *train_label, *valid_image, *valid_label;
	float dW[IN][OUT];
};

/* p = softmax(x W + b) for one image */
static void row(const logistic *m, const uint8_t *image, float x[IN], float p[OUT])
{
	float most = -INFINITY, sum = 0;
	memcpy(p, m->b, sizeof m->b);
	for (int k = 0; k < IN; k++) {
		x[k] = (float)image[k] / 255.0f;
		if (image[k])
			for (int j = 0; j < OUT; j++)
				p[j] += x[k] * m->W[k][j];
	}
	for (int j = 0; j < OUT; j++)
		most = p[j] > most ? p[j] : most;
	for (int j = 0; j < OUT; j++)
		sum += p[j] = expf(p[j] - most);
	for (int j = 0; j < OUT; j++)
		p[j] /= sum;
}

static int argmax(const float p[OUT])
{
	int best = 0;
	for (int j = 1; j < OUT; j++)
		best = p[j] > p[best] ? j : best;
	return best;
}

static mc_status step(logistic *m, int64_t batch, const uint8_t *image, const uint8_t *label,
                      float learning_rate, float *nll)
{
	float db[OUT] = {0}, x[IN], p[OUT];
	double loss = 0; /* 600 terms of like size: their rounding would show in the fifth digit */
	const float scale = 1.0f / (float)batch;
	for (int64_t i = 0; i < batch; i++)
		if (label[i] >= OUT)
			return 1;
	memset(m->dW, 0, sizeof m->dW);
	for (int64_t i = 0; i < batch; i++) {
		row(m, image + i * IN, x, p);
		loss -= (double)logf(p[label[i]]);
		p[label[i]] -= 1.0f;
		for (int j = 0; j < OUT; j++)
			db[j] += p[j];
		for (int k = 0; k < IN; k++)
			for (int j = 0; j < OUT && x[k] != 0.0f; j++)
				m->dW[k][j] += x[k] * p[j];
	}
	for (int k = 0; k < IN; k++)
		for (int j = 0; j < OUT; j++)
			m->W[k][j] -= learning_rate * scale * m->dW[k][j];
	for (int j = 0; j < OUT; j++)
		m->b[j] -= learning_rate * scale * db[j];
	if (nll)
		*nll = (float)(loss / (double)batch);
	return MC_OK;
}

static mc_status errors_of(logistic *m, int64_t batch, const uint8_t *image, const uint8_t *label,
                           float *errors)
{
	int64_t wrong = 0;
	float x[IN], p[OUT];
	for (int64_t i = 0; i < batch; i++) {
		row(m, image + i * IN, x, p);
		wrong += argmax(p) != label[i];
	}
	if (errors)
		*errors = (float)wrong / (float)batch;
	return MC_OK;
}

/* ---- functions */

mc_status logistic_train_model(logistic *m, int64_t index, float learning_rate, float *nll)
{
	if (m->ready != 3)
		return MC_NOT_READY;
	if (!m->train_image || !m->train_label)
		return MC_NOT_BOUND;
	if (index < 0 || index >= m->n_train_image / BATCH_SIZE ||
	    index >= m->n_train_label / BATCH_SIZE)
		return 2;
	return step(m, BATCH_SIZE, m->train_image + index * BATCH_SIZE * IN,
	            m->train_label + index * BATCH_SIZE, learning_rate, nll);
}

mc_status logistic_validate_model(logistic *m, int64_t index, float *errors)
{
	if (m->ready != 3)
		return MC_NOT_READY;
	if (!m->valid_image || !m->valid_label)
		return MC_NOT_BOUND;
	if (index < 0 || index >= m->n_valid_image / BATCH_SIZE ||
	    index >= m->n_valid_label / BATCH_SIZE)
		return 2;
	return errors_of(m, BATCH_SIZE, m->valid_image + index * BATCH_SIZE * IN,
	                 m->valid_label + index * BATCH_SIZE, errors);
}

mc_status logistic_train(logistic *m, int64_t batch, const uint8_t *image, const uint8_t *label,
                         float learning_rate, float *nll)
{
	if (m->ready != 3)
		return MC_NOT_READY;
	if (batch < 1 || batch > m->sizes.batch)
		return MC_SIZE;
	return step(m, batch, image, label, learning_rate, nll);
}

mc_status logistic_validate(logistic *m, int64_t batch, const uint8_t *image, const uint8_t *label,
                            float *errors)
{
	if (m->ready != 3)
		return MC_NOT_READY;
	if (batch < 1 || batch > m->sizes.batch)
		return MC_SIZE;
	return errors_of(m, batch, image, label, errors);
}

mc_status logistic_predict(logistic *m, int64_t batch, const uint8_t *image, int64_t *y_pred,
                           float *p_y_given_x, float *probability)
{
	float x[IN], p[OUT];
	if (m->ready != 3)
		return MC_NOT_READY;
	if (batch < 1 || batch > m->sizes.batch)
		return MC_SIZE;
	for (int64_t i = 0; i < batch; i++) {
		row(m, image + i * IN, x, p);
		if (y_pred)
			y_pred[i] = argmax(p);
		if (p_y_given_x)
			memcpy(p_y_given_x + i * OUT, p, sizeof p);
		if (probability)
			probability[i] = p[argmax(p)];
	}
	return MC_OK;
}

mc_status logistic_templates(logistic *m, float *filters)
{
	for (int k = 0; k < IN && filters; k++)
		for (int j = 0; j < OUT; j++)
			filters[j * IN + k] = m->W[k][j];
	return MC_OK;
}

/* ---- the object */

size_t logistic_bytes(const logistic_sizes *s)
{
	(void)s;
	return sizeof(logistic);
}

logistic *logistic_new(const logistic_sizes *s)
{
	logistic *m = s->batch < 1 ? NULL : calloc(1, sizeof *m);
	if (m)
		m->sizes = *s;
	return m;
}

void logistic_free(logistic *m)
{
	free(m);
}

void logistic_init(logistic *m, uint64_t seed)
{
	memset(m->W, 0, sizeof m->W);
	memset(m->b, 0, sizeof m->b);
	m->seed = seed;
	m->call = 1;
	m->ready = 3;
}

#define BIND(name, n)                                                                 \
	mc_status logistic_bind_##name(logistic *m, int64_t n, const uint8_t *values) \
	{                                                                             \
		m->name = values;                                                     \
		m->n_##name = n;                                                      \
		return n < 1 ? MC_SIZE : MC_OK;                                       \
	}
BIND(train_image, n_train)
BIND(train_label, n_train)
BIND(valid_image, n_valid)
BIND(valid_label, n_valid)

const float *logistic_get_W(const logistic *m)
{
	return &m->W[0][0];
}

const float *logistic_get_b(const logistic *m)
{
	return m->b;
}

const char *logistic_status_text(mc_status status)
{
	switch (status) {
	case 1: return "label: index outside [0, 10)";
	case 2: return "index: rows outside the data";
	default: return mc_status_text(status);
	}
}

/* ---- tables */

#define THUNK static mc_status
THUNK call_train_model(void *m, const int64_t *d, const void *const *a, void *const *o)
{
	(void)d;
	return logistic_train_model(m, *(const int64_t *)a[0], *(const float *)a[1], o[0]);
}
THUNK call_validate_model(void *m, const int64_t *d, const void *const *a, void *const *o)
{
	(void)d;
	return logistic_validate_model(m, *(const int64_t *)a[0], o[0]);
}
THUNK call_train(void *m, const int64_t *d, const void *const *a, void *const *o)
{
	return logistic_train(m, d[0], a[0], a[1], *(const float *)a[2], o[0]);
}
THUNK call_validate(void *m, const int64_t *d, const void *const *a, void *const *o)
{
	return logistic_validate(m, d[0], a[0], a[1], o[0]);
}
THUNK call_predict(void *m, const int64_t *d, const void *const *a, void *const *o)
{
	return logistic_predict(m, d[0], a[0], o[0], o[1], o[2]);
}
THUNK call_templates(void *m, const int64_t *d, const void *const *a, void *const *o)
{
	(void)d;
	(void)a;
	return logistic_templates(m, o[0]);
}

static const void *get_W(const void *m, int64_t i)
{
	(void)i;
	return logistic_get_W(m);
}
static const void *get_b(const void *m, int64_t i)
{
	(void)i;
	return logistic_get_b(m);
}
static void set_W(void *m, int64_t i, const void *values)
{
	logistic *l = m;
	(void)i;
	memcpy(l->W, values, sizeof l->W);
	l->ready |= 1;
}
static void set_b(void *m, int64_t i, const void *values)
{
	logistic *l = m;
	(void)i;
	memcpy(l->b, values, sizeof l->b);
	l->ready |= 2;
}
static mc_status bind_train_image(void *m, const int64_t *d, const void *v)
{
	return logistic_bind_train_image(m, d[1], v);
}
static mc_status bind_train_label(void *m, const int64_t *d, const void *v)
{
	return logistic_bind_train_label(m, d[1], v);
}
static mc_status bind_valid_image(void *m, const int64_t *d, const void *v)
{
	return logistic_bind_valid_image(m, d[2], v);
}
static mc_status bind_valid_label(void *m, const int64_t *d, const void *v)
{
	return logistic_bind_valid_label(m, d[2], v);
}

const mc_tensor logistic_tensors[] = {
	{"W", MC_PARAM, {MC_FLOAT32, 2, {784, 10}, NULL}, 0, get_W, set_W, NULL},
	{"b", MC_PARAM, {MC_FLOAT32, 1, {10}, NULL}, 0, get_b, set_b, NULL},
	{"train_image",
         MC_DATA,
         {MC_UINT8, 3, {MC_DIM(1), 28, 28}, NULL},
         0,
         NULL,
         NULL,
         bind_train_image},
	{"train_label", MC_DATA, {MC_UINT8, 1, {MC_DIM(1)}, NULL}, 0, NULL, NULL, bind_train_label},
	{"valid_image",
         MC_DATA,
         {MC_UINT8, 3, {MC_DIM(2), 28, 28}, NULL},
         0,
         NULL,
         NULL,
         bind_valid_image},
	{"valid_label", MC_DATA, {MC_UINT8, 1, {MC_DIM(2)}, NULL}, 0, NULL, NULL, bind_valid_label},
};

#define SCALAR(dtype)               \
	{                           \
		dtype, 0, {0}, NULL \
	}
static const int dims_batch[] = {0};
static const mc_value train_model_args[] = {{"index", SCALAR(MC_INT64), 0, 0},
                                            {"learning_rate", SCALAR(MC_FLOAT32), 1, 0.13}};
static const mc_value index_args[] = {{"index", SCALAR(MC_INT64), 0, 0}};
static const mc_value nll_out[] = {{"nll", SCALAR(MC_FLOAT32), 0, 0}};
static const mc_value errors_out[] = {{"errors", SCALAR(MC_FLOAT32), 0, 0}};
static const mc_value train_args[] = {
	{"image", {MC_UINT8, 3, {MC_DIM(0), 28, 28}, NULL}, 0, 0},
	{"label", {MC_UINT8, 1, {MC_DIM(0)}, NULL}, 0, 0},
	{"learning_rate", SCALAR(MC_FLOAT32), 1, 0.13},
};
static const mc_value predict_out[] = {
	{"y_pred", {MC_INT64, 1, {MC_DIM(0)}, NULL}, 0, 0},
	{"p_y_given_x", {MC_FLOAT32, 2, {MC_DIM(0), 10}, NULL}, 0, 0},
	{"probability", {MC_FLOAT32, 1, {MC_DIM(0)}, NULL}, 0, 0},
};
static const mc_value templates_out[] = {{"filters", {MC_FLOAT32, 2, {10, 784}, NULL}, 0, 0}};

const mc_function logistic_functions[] = {
	{"train_model", 0, NULL, 2, train_model_args, 1, nll_out, 1, BATCH_SIZE, call_train_model},
	{"validate_model", 0, NULL, 1, index_args, 1, errors_out, 0, BATCH_SIZE,
         call_validate_model},
	{"train", 1, dims_batch, 3, train_args, 1, nll_out, 1, MC_DIM(0), call_train},
	{"validate", 1, dims_batch, 2, train_args, 1, errors_out, 0, MC_DIM(0), call_validate},
	{"predict", 1, dims_batch, 1, train_args, 3, predict_out, 0, MC_DIM(0), call_predict},
	{"templates", 0, NULL, 0, NULL, 1, templates_out, 0, 0, call_templates},
};

static logistic_sizes sizes_of(const int64_t *d)
{
	logistic_sizes s = {d[0], d[1], d[2], d[3]};
	return s;
}
static size_t model_bytes(const int64_t *d)
{
	const logistic_sizes s = sizes_of(d);
	return logistic_bytes(&s);
}
static void *model_create(const int64_t *d)
{
	const logistic_sizes s = sizes_of(d);
	return logistic_new(&s);
}
static void model_destroy(void *m)
{
	logistic_free(m);
}
static void model_init(void *m, uint64_t seed)
{
	logistic_init(m, seed);
}
static int model_ready(const void *m)
{
	return ((const logistic *)m)->ready == 3;
}
static void model_get_dims(const void *m, int64_t *d)
{
	const logistic_sizes *s = &((const logistic *)m)->sizes;
	d[0] = s->batch;
	d[1] = s->n_train;
	d[2] = s->n_valid;
	d[3] = s->n_test;
}
static void model_get_random(const void *m, uint64_t *seed, uint64_t *call)
{
	*seed = ((const logistic *)m)->seed;
	*call = ((const logistic *)m)->call;
}
static void model_set_random(void *m, uint64_t seed, uint64_t call)
{
	((logistic *)m)->seed = seed;
	((logistic *)m)->call = call;
}

static const mc_dim dims[] = {{"batch", 1, -1, 0},
                              {"n_train", 1, -1, 0},
                              {"n_valid", 1, -1, 0},
                              {"n_test", 1, -1, 0}};
const mc_model logistic_model = {
	"logistic",
	MC_FLOAT32,
	4,
	dims,
	6,
	logistic_tensors,
	6,
	logistic_functions,
	model_bytes,
	model_create,
	model_destroy,
	model_init,
	model_ready,
	model_get_dims,
	model_get_random,
	model_set_random,
	logistic_status_text,
};
