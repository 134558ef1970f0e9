/* read.h -- the scanner of IR text, for read.c */
#ifndef READ_H
#define READ_H

#include "ir.h"

enum { MAX_DEPTH = 200 }; /* of nested sizes, types and regions */

typedef enum TokenKind { TOK_END, TOK_NAME, TOK_NUMBER, TOK_STRING, TOK_SIGN } TokenKind;

typedef struct Token {
	TokenKind kind;
	const char *text; /* NAME, STRING: interned; NUMBER: as written */
	char sign[3];
	Loc loc;
} Token;

typedef struct Reader {
	Arena *arena;
	Names *names;
	Diag *diag;
	const Source *source;
	Model *model;
	Func *func;
	size_t at;
	Token token;
	bool failed;
	int depth, regions; /* of what is being read */
} Reader;

/* The first error is reported; then the token is TOK_END for ever, which ends every loop. */
void read_fail(Reader *, const char *fmt, ...) PRINTF(2, 3);
void read_advance(Reader *);
bool at_sign(const Reader *, const char *);
bool take_sign(Reader *, const char *); /* goes over it if it is there */
void need_sign(Reader *, const char *);
bool at_word(const Reader *, const char *);
bool take_word(Reader *, const char *);
void need_word(Reader *, const char *);
const char *need_token(Reader *, TokenKind, const char *what);
const char *need_string(Reader *);
int64_t need_integer(Reader *);
double need_number(Reader *);
const Dim *find_dim(Reader *, const char *name);
const Size *need_size(Reader *); /* NULL only after an error */
const Type *need_type(Reader *); /* never NULL */

#endif
