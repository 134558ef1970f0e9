/* test_program.c -- the program as a person meets it: training on the small images, predictions,
 * pictures, and what it says when files, options or states are not what they should be */
#define _POSIX_C_SOURCE 200809L
#define BATCH_SIZE 50
#define N_FIT 1500
#define NO_MAIN
#include "test.h"

#include <sys/stat.h>

#include "../driver/run.h"

#include "../driver/logistic.c"
#include "../driver/logistic_driver.c"

#define DATA SOURCE_DIR "/models/data"
#define RUN(...) run_driver(&logistic_driver, __VA_ARGS__, NULL)

static char folder[] = "/tmp/mc-program-XXXXXX";
static char texts[4][300];

static const char *in(int k, const char *name)
{
	snprintf(texts[k], sizeof texts[k], "%s/%s", folder, name);
	return texts[k];
}

/* one line on stderr that says this */
static void says(const char *what)
{
	if (!CHECK(strstr(run_err, what) != NULL))
		printf("  it said: %s  expected: %s\n", run_err, what);
	const char *end = strchr(run_err, '\n');
	CHECK(end && !end[1]);
}

static void training(void)
{
	CHECK_INT(RUN("train", "--data", DATA, "--out", in(0, "o"), "--epochs", "8"), 0);
	CHECK_STR(run_err, "");
	CHECK(strstr(run_out, "logistic: 7,850 parameters, float32; data from " DATA "\n") != NULL);
	CHECK(strstr(run_out, "epoch 8 ") != NULL && strstr(run_out, "epoch 9 ") == NULL);
	CHECK(strstr(run_out, " of 500)") != NULL);
	static const char *const written[] = {"o/best.npz", "o/last.npz", "o/history.csv",
	                                      "o/learning_curve.png", "o/templates.png"};
	struct stat st;
	for (int i = 0; i < 5; i++)
		CHECK(stat(in(0, written[i]), &st) == 0 && st.st_size > 100);
	mc_bytes png;
	CHECK_INT(mc_file_read(in(0, "o/templates.png"), &png, NULL), MC_OK);
	CHECK(png.len > 1000 && !memcmp(png.data, "\x89PNG\r\n\x1a\n", 8));
	mc_bytes_free(&png);
	/* it learns: more than 6 in 10 right */
	mc_array a;
	CHECK_INT(RUN("predict", "--data", DATA, "--out", in(0, "o"), "--out-file", in(1, "p.csv")),
	          0);
	CHECK(strstr(run_out, "wrote 500 rows to ") != NULL);
	CHECK_INT(mc_data_load(in(1, "p.csv"), &a, NULL), MC_OK);
	CHECK(a.dtype == MC_FLOAT64 && a.size[0] == 500 && a.size[1] == 2);
	mc_array labels;
	CHECK_INT(mc_data_load(DATA "/t10k-labels-idx1-ubyte.gz", &labels, NULL), MC_OK);
	int right = 0;
	for (int64_t i = 0; i < 500 && a.data; i++)
		right += mc_array_number(&a, 2 * i) == mc_array_number(&labels, i);
	CHECK(right > 300);
	mc_array_free(&labels);
	mc_array_free(&a);
}

static void predicting(void)
{
	mc_array all, own;
	CHECK_INT(RUN("predict", "--data", DATA, "--out", in(0, "o")), 0);
	CHECK(strstr(run_out, "        truth  y_pred  probability\n     0      9  ") != NULL);
	CHECK(strstr(run_out, "\n     9  ") != NULL && strstr(run_out, "\n    10  ") == NULL);
	CHECK_INT(RUN("predict", "--data", DATA, "--out", in(0, "o"), "--first", "12", "--show",
	              "probability"),
	          0);
	CHECK(strstr(run_out, "        truth  probability\n") != NULL &&
	      strstr(run_out, "\n    11  ") != NULL);
	/* the file as .npy is of the first output; --out FILE is --out-file */
	char state[300];
	snprintf(state, sizeof state, "%s", in(0, "o/best.npz"));
	CHECK_INT(RUN("predict", "--data", DATA, "--state", state, "--out", in(1, "p.npy"),
	              "--show", "p_y_given_x"),
	          0);
	CHECK_INT(mc_data_load(in(1, "p.npy"), &all, NULL), MC_OK);
	CHECK(all.dtype == MC_FLOAT32 && all.rank == 2 && all.size[0] == 500 && all.size[1] == 10);
	/* images of one's own, as rows of 784 numbers: the same predictions, and no truth beside
	 * them */
	mc_array image, few;
	CHECK_INT(mc_data_load(DATA "/t10k-images-idx3-ubyte.gz", &image, NULL), MC_OK);
	CHECK_INT(mc_array_rows(&image, 100, 107, &few, "image", NULL), MC_OK);
	few.rank = 2;
	few.size[1] = 784;
	CHECK_INT(mc_array_convert(&few, MC_FLOAT64, "image", NULL), MC_OK);
	CHECK_INT(mc_npy_write(in(2, "mine.npy"), &few, NULL), MC_OK);
	CHECK_INT(RUN("predict", "--state", state, "--image", in(2, "mine.npy"), "--out",
	              in(1, "own.npy"), "--show", "p_y_given_x"),
	          0);
	CHECK_INT(mc_data_load(in(1, "own.npy"), &own, NULL), MC_OK);
	CHECK(own.size[0] == 7 &&
	      !memcmp(own.data, (float *)all.data + 100 * 10, 7 * 10 * sizeof(float)));
	CHECK_INT(RUN("predict", "--state", state, "--image", in(2, "mine.npy")), 0);
	CHECK(strstr(run_out, "truth") == NULL && strstr(run_out, "\n     6  ") != NULL &&
	      strstr(run_out, "\n     7  ") == NULL);
	((double *)few.data)[3] = 0.5;
	CHECK_INT(mc_npy_write(in(2, "mine.npy"), &few, NULL), MC_OK);
	CHECK_INT(RUN("predict", "--state", state, "--image", in(2, "mine.npy")), 1);
	says("element 3 is 0.5, which uint8 cannot hold");
	few.rank = 1;
	few.size[0] = few.count;
	CHECK_INT(mc_npy_write(in(2, "mine.npy"), &few, NULL), MC_OK);
	CHECK_INT(RUN("predict", "--state", state, "--image", in(2, "mine.npy")), 1);
	says("is float64[5488], expected uint8[5488, 28, 28]");
	CHECK_INT(RUN("predict", "--state", state, "--out-file", "x.txt", "--data", DATA), 1);
	says("expected a name that ends in .csv or .npy");
	mc_array_free(&all);
	mc_array_free(&own);
	mc_array_free(&image);
	mc_array_free(&few);
}

static void options(void)
{
	CHECK_INT(RUN("train", "--epoch", "3"), 2); /* no abbreviations */
	says("unknown option --epoch; did you mean --epochs?");
	CHECK_INT(RUN("train", "--lerning_rate", "3"), 2);
	says("unknown option --lerning_rate; did you mean --learning_rate?");
	CHECK_INT(RUN("train", "--train_model.epoks=3"), 2);
	says("unknown option --train_model.epoks; did you mean --train_model.epochs?");
	CHECK_INT(RUN("train", "--xyzzy"), 2);
	says("unknown option --xyzzy; --help lists them");
	CHECK_INT(RUN("train", "--patience", "many"), 2);
	says("--patience is \"many\", expected a number");
	CHECK_INT(RUN("train", "--seed", "-1"), 2);
	says("--seed is \"-1\", expected a whole number of at least 0");
	CHECK_INT(RUN("train", "--epochs"), 2);
	says("option --epochs: a value is missing");
	CHECK_INT(RUN("train", "--epochs", "1.5"), 2);
	says("--epochs is 1.5, expected a whole number of at least 0");
	CHECK_INT(RUN("train", "--epochs", "1e300"), 2);
	says("--epochs is 1e+300, expected a whole number of at least 0, below 2^63");
	CHECK_INT(RUN("train", "--epochs", "9223372036854775808"), 2);
	says("--epochs is 9.22337e+18, expected a whole number of at least 0, below 2^63");
	CHECK_INT(RUN("predict", "--first", "-3"), 2);
	says("--first is -3, expected a whole number of at least 0");
	CHECK_INT(RUN("train", "--tile", "2,0"), 2);
	says("--tile is 0, expected a whole number of at least 1");
	CHECK_INT(RUN("train", "--tile", "2,2,2"), 2);
	says("--tile has 3 values, expected one or two");
	CHECK_INT(RUN("train", "--train_model.epochs", "1,2"), 2);
	says("--train_model.epochs has 2 values, expected one");
	CHECK_INT(RUN("train", "--ragged", "both"), 2);
	says("unknown option --ragged");
	CHECK_INT(RUN("train", "--watch", "validate_model.nll"), 2);
	says("train_model.watch is validate_model.nll, expected function.output");
	CHECK_INT(RUN("train", "out"), 2);
	says("unexpected \"out\"");
	CHECK_INT(RUN("tran"), 2);
	says("unknown command tran, did you mean train?");
	CHECK_INT(RUN("--help"), 0);
	CHECK(strstr(run_out, "--learning_rate         0.13\n") != NULL &&
	      strstr(run_out, "n_train // batch_size") != NULL);
	CHECK_INT(RUN("train", "--help"), 0);
	CHECK_INT(RUN("info"), 0);
	CHECK(strstr(run_out, "param W : float32[784, 10]\n") != NULL);
	CHECK(strstr(run_out,
	             "function train(batch, image : uint8[batch, 28, 28], label : uint8[batch], "
	             "learning_rate : float32 = 0.13) -> nll : float32   updates\n") != NULL);
}

/* nothing watched was better than nothing: the best state is the last, not that of an earlier training */
static void nothing_watched(void)
{
	CHECK_INT(RUN("train", "--data", DATA, "--out", in(0, "none"), "--epochs", "0"), 0);
	CHECK_STR(run_err, "");
	CHECK(strstr(run_out, "0 epochs, 0 steps") != NULL);
	mc_archive best, last;
	CHECK_INT(mc_archive_load(in(0, "none/best.npz"), &best, NULL), MC_OK);
	CHECK_INT(mc_archive_load(in(0, "none/last.npz"), &last, NULL), MC_OK);
	const mc_array *w = mc_archive_find(&best, "W"), *v = mc_archive_find(&last, "W");
	CHECK(w && v && !memcmp(w->data, v->data, (size_t)w->count * sizeof(float)) && ((float *)w->data)[0] == 0);
	mc_archive_free(&best);
	mc_archive_free(&last);
}

/* ---- files that are not right */

static void copy(const char *from, const char *to, size_t len, size_t change)
{
	mc_bytes b;
	char path[400];
	snprintf(path, sizeof path, DATA "/%s", from);
	CHECK_INT(mc_file_read(path, &b, NULL), MC_OK);
	if (change)
		b.data[change] ^= 0xff;
	FILE *f = fopen(to, "wb");
	CHECK(f && fwrite(b.data, 1, len && len < b.len ? len : b.len, f) > 0 && fclose(f) == 0);
	mc_bytes_free(&b);
}

static void copy_all(void)
{
	static const char *const names[] = {"train-images-idx3-ubyte.gz",
	                                    "train-labels-idx1-ubyte.gz",
	                                    "t10k-images-idx3-ubyte.gz",
	                                    "t10k-labels-idx1-ubyte.gz"};
	mkdir(in(0, "data"), 0777);
	for (int i = 0; i < 4; i++) {
		char to[320];
		snprintf(to, sizeof to, "%s/data/%s", folder, names[i]);
		copy(names[i], to, 0, 0);
	}
}

static int train_there(void)
{
	return RUN("train", "--data", in(0, "data"), "--out", in(1, "bad"), "--epochs", "1");
}

static void data_files(void)
{
	struct stat st;
	copy_all();
	copy("train-images-idx3-ubyte.gz", in(0, "data/train-images-idx3-ubyte.gz"), 5000, 0);
	CHECK_INT(train_there(), 1);
	says("train-images-idx3-ubyte.gz: the gzip data is cut off after 5000 bytes");
	copy("train-images-idx3-ubyte.gz", in(0, "data/train-images-idx3-ubyte.gz"), 0, 400000);
	CHECK_INT(train_there(), 1);
	says("train-images-idx3-ubyte.gz: damaged gzip data");
	/* labels of other images: fewer of them */
	copy("t10k-labels-idx1-ubyte.gz", in(0, "data/train-labels-idx1-ubyte.gz"), 0, 0);
	copy("train-images-idx3-ubyte.gz", in(0, "data/train-images-idx3-ubyte.gz"), 0, 0);
	CHECK_INT(train_there(), 1);
	says("is uint8[500]: it has no rows 0 to 1500");
	/* a label out of range; not packed, under the name without .gz */
	mc_array labels, images;
	CHECK_INT(mc_data_load(DATA "/train-labels-idx1-ubyte.gz", &labels, NULL), MC_OK);
	((uint8_t *)labels.data)[70] = 10;
	unlink(in(0, "data/train-labels-idx1-ubyte.gz"));
	CHECK_INT(mc_idx_write(in(0, "data/train-labels-idx1-ubyte"), &labels, NULL), MC_OK);
	mc_array_free(&labels);
	CHECK_INT(train_there(), 1);
	says("program: train_model failed at step 2 of epoch 1: label: index outside [0, 10)\n");
	unlink(in(0, "data/train-labels-idx1-ubyte"));
	CHECK_INT(train_there(), 1);
	says("cannot find train-labels-idx1-ubyte.gz in ");
	says(", neither with .gz nor without");
	/* images of other sizes */
	copy_all();
	copy("train-labels-idx1-ubyte.gz", in(0, "data/train-images-idx3-ubyte.gz"), 0, 0);
	CHECK_INT(train_there(), 1);
	says(") is uint8[1500], expected uint8[1500, 28, 28]");
	/* the same, not packed: the message names the file that is there */
	copy_all();
	unlink(in(0, "data/train-labels-idx1-ubyte.gz"));
	CHECK_INT(mc_data_load(DATA "/train-images-idx3-ubyte.gz", &images, NULL), MC_OK);
	CHECK_INT(mc_idx_write(in(0, "data/train-labels-idx1-ubyte"), &images, NULL), MC_OK);
	mc_array_free(&images);
	CHECK_INT(train_there(), 1);
	says("data/train-labels-idx1-ubyte) is uint8[1500, 28, 28], expected uint8[1500]");
	/* nothing of all this was written */
	CHECK(stat(in(0, "bad/best.npz"), &st) != 0);
}

static void states(void)
{
	char state[300], other[300];
	mc_archive a;
	mc_error err = {0};
	snprintf(state, sizeof state, "%s", in(0, "o/best.npz"));
	snprintf(other, sizeof other, "%s", in(0, "other.npz"));
	CHECK_INT(mc_archive_load(state, &a, &err), MC_OK);
	CHECK_INT(RUN("predict", "--data", DATA, "--state", DATA "/t10k-labels-idx1-ubyte.gz"), 1);
	says("t10k-labels-idx1-ubyte.gz: neither an .npz nor a .safetensors file");
	/* name, size and type, each once */
	a.item[0].name[0] = 'V';
	CHECK_INT(mc_npz_write(other, a.n, a.item, &err), MC_OK);
	CHECK_INT(RUN("predict", "--data", DATA, "--state", other), 1);
	says("other.npz: W of model logistic is not in it");
	a.item[0].name[0] = 'W';
	a.item[0].array.size[0] = 392;
	a.item[0].array.size[1] = 20;
	CHECK_INT(mc_npz_write(other, a.n, a.item, &err), MC_OK);
	CHECK_INT(RUN("predict", "--data", DATA, "--state", other), 1);
	says("other.npz: W is float32[392, 20], expected float32[784, 10]");
	a.item[0].array.size[0] = 784;
	a.item[0].array.size[1] = 10;
	a.item[1].array.dtype = MC_INT32;
	CHECK_INT(mc_npz_write(other, a.n, a.item, &err), MC_OK);
	CHECK_INT(RUN("predict", "--data", DATA, "--state", other), 1);
	says("other.npz: b is int32[10], expected float32[10]");
	a.item[1].array.dtype = MC_FLOAT32;
	/* a load that fails changes nothing, whatever of it would have fitted */
	const logistic_sizes sizes = {1, 1, 1, 1};
	logistic *m = logistic_new(&sizes);
	logistic_init(m, 5);
	m->W[3][4] = 7;
	m->call = 9;
	mc_array keep = a.item[1].array;
	a.item[1].array.size[0] = 9;
	a.item[1].array.count = 9;
	CHECK_INT(mc_npz_write(other, a.n, a.item, &err), MC_OK);
	CHECK_INT(mc_load(&logistic_model, m, other), MC_MISMATCH);
	CHECK(m->W[3][4] == 7 && m->W[0][0] == 0 && m->seed == 5 && m->call == 9);
	a.item[1].array = keep;
	/* there and back, in both formats, with seed and call number */
	m->seed = 0xfedcba9876543210;
	m->b[2] = -0.5F;
	for (int i = 0; i < 2; i++) {
		logistic *n = logistic_new(&sizes);
		const char *path = in(1, i ? "s.safetensors" : "s.npz");
		CHECK_INT(mc_save(&logistic_model, n, path), MC_NOT_READY);
		CHECK_INT(mc_save(&logistic_model, m, path), MC_OK);
		CHECK_INT(mc_load(&logistic_model, n, path), MC_OK);
		CHECK(n->ready == 3 && n->seed == m->seed && n->call == 9 && n->b[2] == -0.5F);
		CHECK(!memcmp(n->W, m->W, sizeof n->W));
		logistic_free(n);
	}
	CHECK_INT(mc_save(&logistic_model, m, in(1, "s.bin")), MC_FORMAT);
	CHECK_INT(mc_save(&logistic_model, m, in(1, "no/such/s.npz")), MC_IO);
	logistic_free(m);
	mc_archive_free(&a);
	CHECK_INT(RUN("predict", "--data", DATA, "--out", in(1, "untrained")), 1);
	says("best.npz: train first (program train)");
	/* where nothing can be written */
	CHECK_INT(RUN("train", "--data", DATA, "--epochs", "1", "--out", "/dev/null/x"), 1);
	says("cannot make the folder /dev/null/x");
}

/* what was there stays, as it was, and nothing half-written beside it */
static void full_disk(void)
{
	mc_bytes before, after;
	CHECK_INT(mc_file_read(in(0, "o/best.npz"), &before, NULL), MC_OK);
	run_limit = 20000; /* a state has more */
	CHECK_INT(RUN("train", "--data", DATA, "--epochs", "2", "--out", in(0, "o")), 1);
	says("o/best.npz: File too large");
	CHECK_INT(mc_file_read(in(0, "o/best.npz"), &after, NULL), MC_OK);
	CHECK(before.len == after.len && !memcmp(before.data, after.data, before.len));
	mc_bytes_free(&after);
	run_limit = 37000; /* the states fit, a picture of templates does not */
	CHECK_INT(RUN("train", "--data", DATA, "--epochs", "2", "--out", in(0, "full")), 1);
	says("cannot write ");
	says(".png: ");
	run_limit = 0;
	CHECK_INT(RUN("predict", "--data", DATA, "--out", in(0, "full")), 0);
	char command[400];
	snprintf(command, sizeof command, "ls -A %s/o %s/full | grep -c writing", folder, folder);
	FILE *f = popen(command, "r");
	int left = -1;
	CHECK(f && fscanf(f, "%d", &left) == 1 && left == 0);
	pclose(f);
	mc_bytes_free(&before);
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	training();
	predicting();
	options();
	nothing_watched();
	data_files();
	states();
	full_disk();
	char command[400];
	snprintf(command, sizeof command, "rm -r %s", folder);
	CHECK_INT(system(command), 0);
	return test_result();
}
