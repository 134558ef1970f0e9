/* fuzz_options.c -- command lines of modelc and of a model's program: each ends with the right thing or a message, and with its
 * exit status.  An argument a line; the first line says which program. */
#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "modelc.h"

int program_main(int argc, char **argv); /* of options_driver.c */

enum { MOST = 64 };

/* ---- where they run: a folder with a model, and data */

static void remove_folder(void)
{
	if (chdir("/") || system("rm -rf \"$FUZZ_OPTIONS\""))
		broken("the folder of the files is not removed");
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		broken("cannot write %s", name);
}

static void enter_folder(void)
{
	char folder[] = "/dev/shm/fuzz-options-XXXXXX", elsewhere[] = "/tmp/fuzz-options-XXXXXX";
	char *made = mkdtemp(folder);
	if (!made)
		made = mkdtemp(elsewhere);
	if (!made || chdir(made) || setenv("FUZZ_OPTIONS", made, 1))
		broken("no folder for files");
	atexit(remove_folder);
	write_file("a.model", "model a\ndim n\nconst k = 2\nsymbol x : floatX[n]\nparam w : floatX = 1\nlet y = w * x ** k\n"
	                      "function f(x) -> y { w <- w - grad(sum(y), w) }\n");
	write_file("wrong.model", "model wrong\nfunction f(x) -> y\n");
	if (mkdir("data", 0777))
		broken("cannot make a folder");
	write_file("data/x.csv", "1,2\n-3,0.5\n0,0\n2,1\n1,-1\n4,4\n");
	write_file("data/label.csv", "1\n0\n1\n1\n0\n1\n");
	write_file("x.csv", "1,2\n-3,0.5\n0,0\n2,1\n1,-1\n4,4\n");
	write_file("label.csv", "1\n0\n1\n1\n0\n1\n");
	write_file("image.npy", "no array");
}

/* ---- what they say */

typedef struct Said {
	char *text;
	size_t len;
	FILE *stream;
} Said;

static void listen(Said *s)
{
	*s = (Said){0};
	s->stream = open_memstream(&s->text, &s->len);
	if (!s->stream)
		broken("out of memory");
}

static int lines_of(const Said *s)
{
	int n = 0;
	for (size_t i = 0; i < s->len; i++)
		n += s->text[i] == '\n';
	return n;
}

static void check_said(const char *program, bool of_modelc, int status, const Said *out, const Said *err, FILE *shown)
{
	const char *wrong = NULL;
	size_t name = strlen(program);
	bool model = strstr(err->text, ": error: ") != NULL; /* about the model, with its lines */
	if (status < 0 || (status > 2 && status != 130))
		wrong = "no exit status that is documented";
	else if (status && !err->len)
		wrong = "nothing is said";
	else if (err->len && err->text[err->len - 1] != '\n')
		wrong = "the last line does not end";
	else if (!status && err->len)
		wrong = "something is said of what went well";
	else if (status && !model && (strncmp(err->text, program, name) || err->text[name] != ':') && strncmp(err->text, "usage: ", 7))
		wrong = "the message does not say whose it is";
	else if (status && !model && lines_of(err) != 1 && !(of_modelc && status == 2) && /* argp says each thing that is wrong */
	         strncmp(err->text, "usage: ", 7))
		wrong = "not one message";
	if (!wrong)
		return;
	fprintf(shown, "%s%s", out->text, err->text);
	broken("exit %d: %s", status, wrong);
}

static void run(const uint8_t *data, size_t size)
{
	static bool entered;
	if (!entered)
		enter_folder();
	entered = true;
	/* each argument is memory of its own, so that a byte too many is seen */
	char *arg[MOST + 1] = {NULL}, *kept[MOST + 1];
	int n = 0;
	for (size_t at = 0; at < size && n < MOST;) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t len = end ? (size_t)(end - data) - at : size - at;
		kept[n] = arg[n] = strndup((const char *)data + at, len); /* up to a zero byte, as in any command line */
		if (!arg[n++])
			broken("out of memory");
		at += len + 1;
	}
	if (n) {
		FILE *was_out = stdout, *was_err = stderr;
		Said out, err;
		listen(&out);
		listen(&err);
		stdout = out.stream;
		stderr = err.stream;
		bool of_modelc = !strcmp(arg[0], "modelc");
		int status = of_modelc ? modelc(n, arg, ARGP_NO_EXIT) : program_main(n, arg);
		stdout = was_out;
		stderr = was_err;
		if (fclose(out.stream) || fclose(err.stream))
			broken("out of memory");
		const char *slash = strrchr(kept[0], '/');
		check_said(slash ? slash + 1 : kept[0], of_modelc, status, &out, &err, was_err);
		if (getenv("FUZZ_SHOW"))
			fprintf(stderr, "%s%sexit %d\n", out.text, err.text, status);
		free(out.text);
		free(err.text);
	}
	for (int i = 0; i < n; i++)
		free(kept[i]);
}

/* ---- command lines that are right, mostly */

static const char *const numbers[] = {"0", "1", "2", "3", "7", "12", "-1", "0.5", "1e-3", "-0.0", "1e300", "-1e300", "1e999", "inf", "-inf", "nan",
	"9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551616", "2147483648", "4294967296", "0x10", "1e18", "007",
	"1_000", "true", "false", "1,2", "1,,2", ",", "", " 1", "1 ", "+1", "1k", "epoch"};
static const char *const names[] = {"all", "some", "none", "fit", "fit.nll", "fit.errors", "look.far", "predict.p", "look.", ".far", ".", "y", "p", "y,p",
	"p,y,p", "label", "x", "keep", "drop", "look", "picture", "0", ""};
static const char *const paths[] = {"x.csv", "label.csv", "image.npy", "a.model", "out", "out/deep/er", "new.csv", "new.npy", "", ".", "/", "/dev/null",
	"/proc/none", "x.csv/under", "best.npz", "out/best.npz", "out/last.npz", "a.npz:b", ":", "-", "--"};
static const char *const of_numbers[] = {"epochs", "batch", "rate", "count", "watch_steps", "start", "patience", "patience_increase", "improvement", "shuffle",
	"first", "scale", "tile", "n", "fit.epochs", "fit.batch", "fit.rate", "predict.first", "picture.scale", "predict.batch", "seed", "save-every", "trace",
	"fit.n", "steps", "look.start"};
static const char *const of_names[] = {"set", "watch", "ragged", "truth", "show", "classes", "fit.set", "predict.set", "predict.show", "test", "test_set",
	"watch_set", "before_epoch"};
static const char *const of_paths[] = {"data", "out", "out-file", "state", "x", "label", "rows"};
static const char *const alone[] = {"partial", "resume", "quiet", "help"};
static const char *const of_modelc[] = {"-o", "out", "-o", "x.csv", "-o", "/proc/none", "-O", "0", "-O", "4", "-O1", "-O33", "-D", "k=3", "-D", "n=5", "-Dn=-1",
	"-D", "n=9223372036854775808", "-D", "k=", "-D", "=3", "-D", "zz=1", "-D", "k=n", "--floatX", "float64", "--floatX=int8", "--blas", "none", "--blas=",
	"--threads", "none", "--target", "c", "--target=cuda", "--blas=cublaslt", "--print", "grad(sum(y), w)", "--print", "grad(", "--print", "", "--max-bytes", "1", "--max-bytes=1M",
	"--max-bytes", "9223372036854775807G", "--max-bytes=-1", "-d", "grad", "-d", "all", "-d", "kernels", "--stop-after=grad", "--stop-after", "no", "--check",
	"--dot", "--report", "--ast", "--passes", "-g", "-MD", "-MX", "-M", "--driver", "--standalone", "--profile", "--dispatch", "-gO2", "--he", "--usage", "-V", "--", "-", "-?"};

#define ANY(list) list[below(state, sizeof(list) / sizeof *(list))]

static void say(Input *in, const char *text)
{
	insert_bytes(in, in->len, text, strlen(text));
}

static void value(Input *in, uint64_t *state, const char *text)
{
	say(in, once_in(state, 2) ? "=" : "\n");
	say(in, once_in(state, 12) ? ANY(numbers) : once_in(state, 12) ? ANY(paths) : text);
	say(in, "\n");
}

static void option(Input *in, uint64_t *state)
{
	static const char *const small[] = {"1", "2", "3", "0.5"};
	say(in, once_in(state, 60) ? "-" : "--");
	switch (below(state, 6)) {
	case 0:
	case 1:
	case 2:
		say(in, ANY(of_numbers));
		value(in, state, once_in(state, 3) ? ANY(numbers) : ANY(small));
		break;
	case 3:
		say(in, ANY(of_names));
		value(in, state, ANY(names));
		break;
	case 4:
		say(in, ANY(of_paths));
		value(in, state, ANY(paths));
		break;
	default:
		say(in, ANY(alone));
		say(in, "\n");
	}
}

static void make(Input *in, uint64_t *state)
{
	static const char *const commands[] = {"train", "predict", "info", "predict", "info", "train", "trian", "--help", "-h", "", "help"};
	in->len = 0;
	if (once_in(state, 3)) {
		say(in, "modelc\n");
		for (size_t n = below(state, 4); n > 0; n--) {
			say(in, ANY(of_modelc));
			say(in, "\n");
		}
		say(in, once_in(state, 12) ? "wrong.model\n" : once_in(state, 12) ? ANY(paths) : "a.model\n");
		return;
	}
	say(in, once_in(state, 9) ? "./bin/options\n" : "options\n");
	say(in, once_in(state, 12) ? ANY(commands) : commands[below(state, 5)]);
	say(in, "\n");
	for (size_t n = below(state, 5); n > 0; n--)
		option(in, state);
}

static const char *const words[] = {"--", "-", "=", "\n", ".", ",", "--epochs", "--fit.batch", "--out", "--data", "--resume", "--state", "--partial", "--seed",
	"train", "predict", "info", "modelc", "-D", "-O", "--print", "--max-bytes", "9223372036854775807", "-9223372036854775808", "1e308", "nan", "0",
	"\xff", "\xc3\xa9", "%s%n", "\x1b[2J", "../", "out", NULL};

const FuzzTarget fuzz_target = {"fuzz_options", run, make, words, true, 30};
