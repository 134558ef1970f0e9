/* logistic_driver.c -- the driver block of models/logistic_regression.model as tables, by hand
 *
 * test = validate_model here: what differs between the two functions of the model is only the
 * data. */
#include "logistic.h"
#include "mc_driver.h"

#ifndef N_FIT
#define N_FIT 50000
#define BATCH_SIZE 600
#endif

static int64_t n_fit(const mc_driver_env *e)
{
	(void)e;
	return N_FIT;
}
static const mc_driver_number n_fit_ = {"n_fit", n_fit, NULL};

static const mc_driver_file bind_files[] = {
	{"train_image", "train-images-idx3-ubyte.gz", NULL, &n_fit_},
	{"train_label", "train-labels-idx1-ubyte.gz", NULL, &n_fit_},
	{"valid_image", "train-images-idx3-ubyte.gz", &n_fit_, NULL},
	{"valid_label", "train-labels-idx1-ubyte.gz", &n_fit_, NULL},
};
static const mc_driver_file test_files[] = {
	{"image", "t10k-images-idx3-ubyte.gz", NULL, NULL},
	{"label", "t10k-labels-idx1-ubyte.gz", NULL, NULL},
};

static int64_t fit_steps(const mc_driver_env *e)
{
	return e->dims[1] / BATCH_SIZE;
}
static int64_t fit_index(const mc_driver_env *e)
{
	return e->step;
}
static int64_t fit_watch_steps(const mc_driver_env *e)
{
	return e->dims[2] / BATCH_SIZE;
}
static int64_t number_1000(const mc_driver_env *e)
{
	(void)e;
	return 1000;
}
static int64_t number_5000(const mc_driver_env *e)
{
	(void)e;
	return 5000;
}
static int64_t number_600(const mc_driver_env *e)
{
	(void)e;
	return BATCH_SIZE;
}
static int64_t number_28(const mc_driver_env *e)
{
	(void)e;
	return 28;
}
static double number_0_995(const mc_driver_env *e)
{
	(void)e;
	return 0.995;
}
static const mc_driver_number steps_[] = {{"n_train // batch_size", fit_steps, NULL}};
static const mc_driver_number index_[] = {{"step", fit_index, NULL}};
static const mc_driver_number epochs_[] = {{"1000", number_1000, NULL}};
static const mc_driver_number watch_steps_[] = {{"n_valid // batch_size", fit_watch_steps, NULL}};
static const mc_driver_number patience_[] = {{"5000", number_5000, NULL}};
static const mc_driver_number batch_[] = {{"batch_size", number_600, NULL}};
static const mc_driver_number improvement_[] = {{"0.995", NULL, number_0_995}};
static const mc_driver_number tile_[] = {{"28", number_28, NULL}, {"28", number_28, NULL}};
static const char *const watch_[] = {"validate_model.errors"}, *const test_[] = {"validate.errors"},
			 *const set_[] = {"test"};
static const char *const truth_[] = {"label"}, *const show_[] = {"y_pred", "probability"};

static const mc_driver_key fit_keys[] = {
	{"steps", 1, steps_, NULL},
	{"index", 1, index_, NULL},
	{"epochs", 1, epochs_, NULL},
	{"watch", 1, NULL, watch_},
	{"watch_steps", 1, watch_steps_, NULL},
	{"test", 1, NULL, test_},
	{"test_set", 1, NULL, set_},
	{"batch", 1, batch_, NULL},
	{"patience", 1, patience_, NULL},
	{"improvement", 1, improvement_, NULL},
};
static const mc_driver_key predict_keys[] = {{"set", 1, NULL, set_},
                                             {"truth", 1, NULL, truth_},
                                             {"show", 2, NULL, show_}};
static const mc_driver_key picture_keys[] = {{"tile", 2, tile_, NULL}};

static const mc_driver_part parts[] = {
	{MC_DRIVER_BIND, NULL, NULL, 4, bind_files, 0, NULL},
	{MC_DRIVER_SET, "test", NULL, 2, test_files, 0, NULL},
	{MC_DRIVER_FIT, "train_model", "train_model", 0, NULL, 10, fit_keys},
	{MC_DRIVER_PREDICT, "predict", "predict", 0, NULL, 3, predict_keys},
	{MC_DRIVER_PICTURE, "templates", "templates", 0, NULL, 1, picture_keys},
};
static const mc_driver logistic_driver = {&logistic_model, "models/logistic_regression.model", 5,
                                          parts};

#ifndef NO_MAIN
int main(int argc, char **argv)
{
	return mc_driver_main(&logistic_driver, argc, argv);
}
#endif
