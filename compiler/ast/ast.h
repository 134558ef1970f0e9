/* ast.h -- what the parser builds: the program as written, nothing resolved
 *
 * Names are interned.  Every node has the place of its whole text. */
#ifndef AST_H
#define AST_H

#include "../base/base.h"

typedef struct Expr Expr;
typedef struct Stmt Stmt;
typedef struct TypeExpr TypeExpr;
typedef VEC(Expr *) Exprs;
typedef VEC(Stmt *) Stmts;

typedef struct Ident {
	const char *text;
	Loc loc;
} Ident; /* text NULL: absent */
typedef VEC(Ident) Idents;

typedef enum UnaryOp { UN_NEG, UN_NOT } UnaryOp;
typedef enum BinaryOp {
	BIN_OR, BIN_AND, BIN_EQ, BIN_NE, BIN_LT, BIN_LE, BIN_GT, BIN_GE,
	BIN_ADD, BIN_SUB, BIN_MUL, BIN_DIV, BIN_FLOORDIV, BIN_MOD, BIN_MATMUL, BIN_POW
} BinaryOp;
const char *binary_op_text(BinaryOp); /* "+", "and" */

/* an argument of a call, a carry, a sequence, an option, a key: [name =] value */
typedef struct Arg {
	Ident name;
	Expr *value;
} Arg;
typedef VEC(Arg) Args;

typedef enum IndexKind { INDEX_EXPR, INDEX_SLICE, INDEX_ELLIPSIS, INDEX_NONE } IndexKind;
typedef struct Index {
	IndexKind kind;
	Loc loc;
	Expr *at; /* EXPR */
	Expr *lo, *hi, *step; /* SLICE, each or NULL */
} Index;
typedef VEC(Index) Indices;

typedef enum ExprKind {
	EX_ERROR, /* what the parser recovered over */
	EX_ELLIPSIS, /* ... as an element of a list: [..., 12, -1] */
	EX_INT, EX_FLOAT, EX_STRING, EX_BOOL, EX_NAME, EX_LIST, EX_UNARY, EX_BINARY,
	EX_INDEX, EX_FIELD, EX_ITEM, EX_CALL, EX_NEXT, EX_IF, EX_EACH, EX_SCAN, EX_FOLD
} ExprKind;

struct Expr {
	ExprKind kind;
	Loc loc;
	union {
		int64_t i; /* INT (overflow is the lexer's error), BOOL */
		struct { double value; const char *text; } f; /* FLOAT */
		struct { const char *text; size_t len; } s; /* STRING, escapes resolved */
		const char *name; /* NAME */
		Exprs list; /* LIST */
		struct { UnaryOp op; Expr *a; } un;
		struct { BinaryOp op; Loc op_loc; Expr *a, *b; } bin;
		struct { Expr *a; Indices at; } index; /* a[at] */
		struct { Expr *a; Ident name; } field; /* a.name */
		struct { Expr *a; int64_t i; Loc i_loc; } item; /* a.3 */
		struct { Expr *callee; Args args; Ident as; int site; } call; /* site: ordinal in the enclosing def or file, for random draws */
		Ident next; /* next NAME */
		struct { Expr *cond, *then, *other; } cond; /* if cond { then } else { other } */
		struct { Expr *body; Idents names; Exprs lists; } each; /* [body for names in lists] */
		struct { Args options, carries, over; Stmts body; int site; } scan;
		struct { Args carries; Ident index; Expr *lo, *hi; Stmts body; Ident as; int site; } fold;
	};
};

typedef enum SizeKind { SIZE_EXPR, SIZE_ANY /* ? */, SIZE_REST /* ... */ } SizeKind;
typedef struct SizeExpr {
	SizeKind kind;
	Loc loc;
	Expr *e;
} SizeExpr;

struct TypeExpr {
	Loc loc;
	Ident dtype; /* floatX, dmatrix, ...; for like(e [, dtype]) the second argument, or absent */
	bool has_sizes;
	VEC(SizeExpr) sizes;
	Expr *like; /* like(e): else NULL */
};

/* a parameter of a def, an argument of a function or extern: name [: type] [= default] */
typedef struct Param {
	Ident name;
	TypeExpr *type;
	Expr *value;
} Param;
typedef VEC(Param) Params;

/* a data file: name = "path" [lo : hi] */
typedef struct FileBinding {
	Ident name;
	Expr *path;
	bool sliced;
	Expr *lo, *hi;
} FileBinding;

typedef enum DriverKind { DRIVER_BIND, DRIVER_SET, DRIVER_FIT, DRIVER_PREDICT, DRIVER_PICTURE } DriverKind;
typedef struct DriverKey {
	Ident name;
	Exprs values;
} DriverKey;
typedef struct DriverItem {
	DriverKind kind;
	Loc loc;
	Ident name; /* of the set or the function; absent for bind */
	VEC(FileBinding) files; /* BIND, SET */
	VEC(DriverKey) keys; /* FIT, PREDICT, PICTURE */
} DriverItem;

typedef enum StmtKind {
	ST_ERROR,
	ST_USE, ST_CONST, ST_DIM, ST_SYMBOL, ST_DATA, ST_PARAM, ST_SHARED, ST_LET, ST_LOSS,
	ST_DEF, ST_EXTERN, ST_FUNCTION, ST_DRIVER,
	ST_GIVEN, ST_UPDATE, ST_CALL, ST_ASSERT, ST_EACH, ST_IF, ST_NEXT, ST_EMIT, ST_UNTIL, ST_RETURN
} StmtKind;

typedef struct DimDecl {
	Ident name;
	bool lower; /* >= rather than <= */
	Expr *bound; /* or NULL */
} DimDecl;

typedef struct ExternItem {
	enum { EXTERN_INCLUDE, EXTERN_SYMBOL, EXTERN_GRAD } kind;
	Loc loc;
	Ident name; /* SYMBOL: dtype; GRAD: the argument */
	Ident symbol; /* SYMBOL: C name */
	Expr *e; /* INCLUDE: string; GRAD: the gradient */
} ExternItem;

struct Stmt {
	StmtKind kind;
	Loc loc;
	union {
		struct { Expr *path; } use;
		Args consts; /* CONST: name = expr */
		VEC(DimDecl) dims;
		struct { Idents names; TypeExpr *type; Expr *init; } var; /* SYMBOL, DATA; PARAM, SHARED with init */
		struct { Idents names; bool tuple; TypeExpr *type; Expr *value; } let; /* LET, LOSS; "_" is a name here */
		struct {
			Ident name;
			Params params;
			Stmts body;
			int nsites;
			Exprs uses; /* names in it, and */
			Idents own; /* what it gives a name to; a def in another counts as a part of that */
		} def;
		struct { Ident name; Params params; Ident result; TypeExpr *type; VEC(ExternItem) items; } ext;
		struct { Ident name; Params args; Args outs; Stmts body; int nsites; } func; /* outs: a NAME expression has no name of its own */
		struct { VEC(DriverItem) items; } driver;
		struct { Expr *target; Expr *value; } update; /* UPDATE, GIVEN: target is a path */
		struct { Expr *call; } call; /* EX_CALL */
		struct { Expr *cond; } assertion; /* ASSERT, UNTIL */
		struct { Idents names; Exprs lists; Stmts body; } each;
		struct { Expr *cond; Stmts then, other; } cond;
		struct { Ident name; Expr *value; } next;
		Exprs values; /* EMIT, RETURN */
	};
};

typedef struct File {
	const Source *source;
	Ident model; /* absent: named after the file */
	Stmts decls;
	int nsites;
	VEC(const char *) instances; /* the names after `as` */
} File;

/* parser.y, lexer.l -- NULL never; errors are in diag, and what could be read is there */
File *parse_file(Arena *, Names *, Diag *, const Source *);
/* one expression, as given to --print; NULL after an error */
Expr *parse_expr(Arena *, Names *, Diag *, const Source *);

/* print.c -- the program as text in canonical form; parsing it again gives the same tree */
void ast_print(Writer *, const File *);
void ast_print_expr(Writer *, const Expr *);
const char *expr_text(Arena *, const Expr *); /* on one line */

#endif
