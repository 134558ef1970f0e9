/* parse.h -- what lexer.l, parser.y and the files beside this one share while a file is read */
#ifndef AST_PARSE_H
#define AST_PARSE_H

#include "ast.h"

/* a bracket that is open */
typedef struct Bracket {
	char open; /* ( [ { */
	Loc loc;
} Bracket;

typedef struct Parse {
	Arena *arena;
	Names *names;
	Diag *diag;
	const Source *source;
	File *file; /* result */
	Expr *expr;

	/* lexer.l */
	void *scanner;
	uint32_t offset; /* of the next byte */
	int last; /* the token scanned last, and where it ends */
	uint32_t last_end;

	/* tokens.c */
	int start; /* token that selects what is read; 0 once it is read */
	VEC(Bracket) open;
	int depth_before; /* open brackets before the token read last */
	bool supplied; /* the token read last is not in the text: it closes a bracket */
	bool has_pending; /* a token that waits behind supplied ones */
	int pending;
	Loc pending_loc;
	uint32_t reported; /* where an error is reported already */
	Loc skipped; /* the characters left out last, which were reported */
	bool failed; /* the parser refused the token read last */
	bool resumed; /* RESUME was given, and the token read last is still to come */
	bool again; /* the token read last came behind a RESUME */
	int token; /* read last, its place and that of the one before */
	const char *name; /* of the T_NAME read last */
	Loc current, before;
} Parse;

/* build.c */
Expr *new_expr(Parse *, ExprKind, Loc);
Stmt *new_stmt(Parse *, StmtKind, Loc);
/* errors for a positional argument after a named one */
void check_args(Parse *, const Args *);
/* a statement at the top of a file: an error if it stands only in a body */
void add_declaration(Parse *, Stmt *);
TypeExpr *type_like(Parse *, Ident like, Expr *, Ident dtype, Loc);
void add_extern_item(Parse *, Stmt *, Loc, Ident word, Ident name, Expr *string, Expr *value);

/* driver.c */
typedef VEC(DriverKey) DriverKeys;
/* KIND [NAME] { keys }: files are keys with one value "path"[lo : hi] */
void add_driver_item(Parse *, Stmt *, Loc, Ident kind, Ident name, const DriverKeys *);

/* sites.c -- what is done to the whole tree: numbers the sites, refuses what is nested too deep */
void finish_file(Parse *, File *);
void finish_expr(Parse *, Expr *);

/* syntax.c -- the message for a token that does not fit; expected are names as in parser.y */
void report_syntax_error(Parse *, const char *found, Loc, const char *const *expected, int n);

/* a token's number, in the generated parser.h */
union YYSTYPE;
/* tokens.c */
int next_token(union YYSTYPE *, Loc *, Parse *);
bool first_on_line(const Parse *, Loc);
bool begins_declaration(int token);
/* lexer.l */
int scan_token(union YYSTYPE *, Loc *, void *scanner);
/* parser.y: 0, or not if it gave up */
int yyparse(Parse *);

#endif
