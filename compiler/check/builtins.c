/* builtins.c -- the primitives by name; all else of the standard library is in lib/, in the model language
 *
 * A signature names the arguments; `?` marks one that may be absent, a final `...` takes any number more. */
#include "builtin.h"

/* a row of ops.def under its own name: of integers, floatX */
#define ROW(name, signature) {NULL, name, signature, builtin_elementwise}

const Builtin builtins[] = {
	ROW("sqrt", "x"), ROW("cbrt", "x"), ROW("hypot", "x y"), ROW("pow", "x y"),
	ROW("exp", "x"), ROW("exp2", "x"), ROW("expm1", "x"),
	ROW("log", "x"), ROW("log2", "x"), ROW("log10", "x"), ROW("log1p", "x"),
	ROW("sin", "x"), ROW("cos", "x"), ROW("tan", "x"), ROW("asin", "x"), ROW("acos", "x"), ROW("atan", "x"), ROW("atan2", "y x"),
	ROW("sinh", "x"), ROW("cosh", "x"), ROW("tanh", "x"), ROW("asinh", "x"), ROW("acosh", "x"), ROW("atanh", "x"),
	ROW("sigmoid", "x"), ROW("softplus", "x"), ROW("erf", "x"), ROW("erfc", "x"),
	ROW("floor", "x"), ROW("ceil", "x"), ROW("round", "x"), ROW("trunc", "x"), ROW("sign", "x"),
	ROW("isnan", "x"), ROW("isinf", "x"),
	{NULL, "abs", "x", builtin_abs},
	{NULL, "maximum", "x y", builtin_maximum},
	{NULL, "minimum", "x y", builtin_maximum},
	{NULL, "clip", "x lo hi", builtin_clip},
	{NULL, "where", "condition x y", builtin_where},
	{NULL, "stop_gradient", "x", builtin_stop_gradient},
	{NULL, "grad_clip", "x lo hi", builtin_grad_clip},
	{NULL, "grad_scale", "x k", builtin_grad_scale},

	{NULL, "sum", "x axis? keepdims?", builtin_reduce},
	{NULL, "prod", "x axis? keepdims?", builtin_reduce},
	{NULL, "max", "x axis? keepdims?", builtin_reduce},
	{NULL, "min", "x axis? keepdims?", builtin_reduce},
	{NULL, "argmax", "x axis? keepdims?", builtin_argmax},
	{NULL, "argmin", "x axis? keepdims?", builtin_argmax},
	{NULL, "any", "x axis? keepdims?", builtin_any},
	{NULL, "all", "x axis? keepdims?", builtin_any},
	{NULL, "cumsum", "x axis? reverse?", builtin_cumsum},
	{NULL, "sort", "x axis?", builtin_sort},
	{NULL, "argsort", "x axis?", builtin_argsort},
	{NULL, "topk", "x k axis?", builtin_topk},

	{NULL, "reshape", "x shape", builtin_reshape},
	{NULL, "transpose", "x axes?", builtin_transpose},
	{NULL, "swapaxes", "x a b", builtin_swapaxes},
	{NULL, "concat", "list axis?", builtin_concat},
	{NULL, "stack", "list axis?", builtin_stack},
	{NULL, "split_last", "x n", builtin_split_last},
	{NULL, "pad", "x margins value? gap?", builtin_pad},
	{NULL, "flip", "x axis?", builtin_flip},
	{NULL, "repeat", "x n axis?", builtin_repeat},
	{NULL, "windows", "x axis size stride? dilation?", builtin_windows},
	{NULL, "einsum", "equation ...", builtin_einsum},

	{NULL, "zeros", "shape dtype?", builtin_full},
	{NULL, "ones", "shape dtype?", builtin_full},
	{NULL, "full", "shape value dtype?", builtin_full},
	{NULL, "arange", "start stop? step?", builtin_arange},
	{NULL, "size", "x axis?", builtin_size},
	{NULL, "shape", "x", builtin_shape},
	{NULL, "like", "x", builtin_shape},
	{NULL, "rank", "x", builtin_rank},
	{NULL, "axes", "x", builtin_axes},
	{NULL, "add", "list", builtin_add},
	{NULL, "pack", "list", builtin_pack},

	{"random", "uniform", "shape lo? hi?", builtin_uniform},
	{"random", "normal", "shape mean? std?", builtin_normal},
	{"random", "bernoulli", "p shape?", builtin_bernoulli},
	{"random", "integers", "shape lo hi", builtin_integers},
	{"random", "categorical", "p", builtin_categorical},
	{"random", "permutation", "n", builtin_permutation},
	{"linalg", "cholesky", "a", builtin_cholesky},
	{"linalg", "solve_triangular", "a b lower? transpose?", builtin_solve_triangular},
	{NULL, NULL, NULL, NULL},
};
