/* logistic.h -- multi-class logistic regression by hand, in the shape of the generated API: what
 * the driver is tested with before, and independently of, anything that the compiler writes */
#ifndef LOGISTIC_H
#define LOGISTIC_H

#include "mc.h"

typedef struct logistic logistic;
typedef struct {
	int64_t batch, n_train, n_valid,
		n_test; /* of batch the most; the others are of data only */
} logistic_sizes;

size_t logistic_bytes(const logistic_sizes *);
logistic *logistic_new(const logistic_sizes *);
void logistic_free(logistic *);
void logistic_init(logistic *, uint64_t seed);

mc_status logistic_bind_train_image(logistic *, int64_t n_train, const uint8_t *);
mc_status logistic_bind_train_label(logistic *, int64_t n_train, const uint8_t *);
mc_status logistic_bind_valid_image(logistic *, int64_t n_valid, const uint8_t *);
mc_status logistic_bind_valid_label(logistic *, int64_t n_valid, const uint8_t *);

mc_status logistic_train_model(logistic *, int64_t index, float learning_rate, float *nll);
mc_status logistic_validate_model(logistic *, int64_t index, float *errors);
mc_status logistic_train(logistic *, int64_t batch, const uint8_t *image, const uint8_t *label,
                         float learning_rate, float *nll);
mc_status logistic_validate(logistic *, int64_t batch, const uint8_t *image, const uint8_t *label,
                            float *errors);
mc_status logistic_predict(logistic *, int64_t batch, const uint8_t *image, int64_t *y_pred,
                           float *p_y_given_x, float *probability);
mc_status logistic_templates(logistic *, float *filters);

const float *logistic_get_W(const logistic *);
const float *logistic_get_b(const logistic *);
const char *logistic_status_text(mc_status);

extern const mc_tensor logistic_tensors[];
extern const mc_function logistic_functions[];
extern const mc_model logistic_model;

#endif
