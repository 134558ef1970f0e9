/* parser.y -- tokens to the tree of ast.h; actions build the tree and nothing else
 *
 * Newlines do not matter and there are no semicolons.  No statement begins with
 * ( or [, so that either always continues the expression before it, on whatever
 * line it stands; no expression is continued by a name or {, so that a name
 * begins a statement and { a body.  Words such as set, fit, like, grad or step
 * are names; the actions look at them where they mean something.
 *
 * Recovery: tokens.c gives balanced brackets and skips, after an error, to the
 * bracket that closes what the error is in, or to the next statement.  Before
 * that token it gives RESUME, for which alone every error production waits;
 * every kind of bracket has one. */
%require "3.6"
%define api.pure full
%define api.location.type {Loc}
%define api.token.prefix {T_}
%define parse.error custom
%define parse.lac full
%param {Parse *p}
%expect 0

%code requires {
#include "ast/parse.h"

typedef struct StringText {
	const char *text;
	size_t len;
} StringText;
}

%code {
#define yylex next_token
/* nesting that the parser's stack does not hold is refused with a message */
#define YYMAXDEPTH 20000
#define YYLLOC_DEFAULT(all, rhs, n)                                          \
	((all) = (n) ? loc_join(YYRHSLOC(rhs, 1), YYRHSLOC(rhs, n))          \
		     : (Loc){YYRHSLOC(rhs, 0).source, YYRHSLOC(rhs, 0).end, YYRHSLOC(rhs, 0).end})

static void yyerror(Loc *, Parse *, const char *);
static Expr *unary(Parse *, Loc, UnaryOp, Expr *);
static Expr *binary(Parse *, Loc, Expr *, BinaryOp, Loc, Expr *);
static Expr *error_expr(Parse *, Loc);
}

%union {
	int64_t integer;
	struct {
		double value;
		const char *text;
	} number;
	StringText string;
	const char *name;
	Ident ident;
	Idents idents;
	Expr *expr;
	Exprs exprs;
	Arg arg;
	Args args;
	Index index;
	Indices indices;
	SizeExpr size;
	TypeExpr *type;
	Param param;
	Params params;
	DimDecl dim;
	DriverKey key;
	DriverKeys keys;
	Stmt *stmt;
	Stmts stmts;
}

%token END "end of file" START_FILE START_EXPR RESUME
%token <integer> INT "an integer"
%token <number> FLOAT "a number"
%token <string> STRING "a string"
%token <name> NAME "a name"
%token MODEL "model" USE "use" CONST "const" DIM "dim" SYMBOL "symbol" DATA "data" PARAM "param" SHARED "shared"
%token LET "let" LOSS "loss" DEF "def" EXTERN "extern" FUNCTION "function" DRIVER "driver" GIVEN "given" AS "as"
%token ASSERT "assert" EACH "each" IN "in" FOR "for" IF "if" ELSE "else" NEXT "next" EMIT "emit" UNTIL "until"
%token RETURN "return" SCAN "scan" FOLD "fold" OVER "over" TRUE "true" FALSE "false" NONE "None"
%token LPAREN "(" RPAREN ")" LBRACKET "[" RBRACKET "]" LBRACE "{" RBRACE "}" COMMA "," COLON ":" QUESTION "?"
%token DOT "." RANGE ".." ELLIPSIS "..." ASSIGN "=" UPDATE "<-" ARROW "->"

%token OR "or" AND "and" NOT "not" EQ "==" NE "!=" LT "<" LE "<=" GT ">" GE ">="
%token PLUS "+" MINUS "-" STAR "*" SLASH "/" FLOORDIV "//" PERCENT "%" AT "@" POW "**"

%left "or"
%left "and"
%precedence "not"
%nonassoc "==" "!=" "<" "<=" ">" ">="
%left "+" "-"
%left "*" "/" "//" "%" "@"
%precedence NEGATIVE
%right "**"

%type <ident> name as
%type <idents> names tuple
%type <expr> expr postfix call braced path
%type <exprs> exprs elements
%type <expr> element optional
%type <arg> arg assignment sequence output
%type <args> args some_args assignments sequences some_sequences outputs result options
%type <index> index
%type <indices> indices
%type <size> size
%type <type> type sizes
%type <param> param
%type <params> params some_params
%type <dim> dim
%type <stmt> stmt dims target extern_items driver_items
%type <key> key
%type <keys> keys
%type <stmts> block body stmts

%%

start:
	START_FILE file END
	| START_EXPR expr END                   { p->expr = $2; }
	;

file:
	%empty
	| file "model" name                     {
		if (p->file->model.text || p->file->decls.len)
			diag_error(p->diag, @2, "'model' is the first line of a file, once");
		else
			p->file->model = $3;
	}
	| file "use" STRING                     {
		Stmt *s = new_stmt(p, ST_USE, loc_join(@2, @3));
		s->use.path = new_expr(p, EX_STRING, @3);
		s->use.path->s.text = $3.text;
		s->use.path->s.len = $3.len;
		add_declaration(p, s);
	}
	| file stmt                             { add_declaration(p, $2); }
	;

stmt:
	"const" assignments                     { $$ = new_stmt(p, ST_CONST, @$); $$->consts = $2; }
	| "dim" dims                            { $$ = $2; $$->loc = @$; }
	| "symbol" names ":" type               { $$ = new_stmt(p, ST_SYMBOL, @$); $$->var.names = $2; $$->var.type = $4; }
	| "data" names ":" type                 { $$ = new_stmt(p, ST_DATA, @$); $$->var.names = $2; $$->var.type = $4; }
	| "param" names ":" type "=" expr       {
		$$ = new_stmt(p, ST_PARAM, @$);
		$$->var.names = $2;
		$$->var.type = $4;
		$$->var.init = $6;
	}
	| "shared" names ":" type "=" expr      {
		$$ = new_stmt(p, ST_SHARED, @$);
		$$->var.names = $2;
		$$->var.type = $4;
		$$->var.init = $6;
	}
	| "let" target "=" expr                 { $$ = $2; $$->loc = @$; $$->let.value = $4; }
	| "loss" target "=" expr                { $$ = $2; $$->kind = ST_LOSS; $$->loc = @$; $$->let.value = $4; }
	| "def" name params block               {
		$$ = new_stmt(p, ST_DEF, @$);
		$$->def.name = $2;
		$$->def.params = $3;
		$$->def.body = $4;
	}
	| "extern" name params "->" name ":" type "{" extern_items "}" {
		$$ = $9;
		$$->loc = @$;
		$$->ext.name = $2;
		$$->ext.params = $3;
		$$->ext.result = $5;
		$$->ext.type = $7;
	}
	| "function" name params result body    {
		$$ = new_stmt(p, ST_FUNCTION, @$);
		$$->func.name = $2;
		$$->func.args = $3;
		$$->func.outs = $4;
		$$->func.body = $5;
	}
	| "driver" "{" driver_items "}"         { $$ = $3; $$->loc = @$; }
	| "given" path "=" expr                 {
		$$ = new_stmt(p, ST_GIVEN, @$);
		$$->update.target = $2;
		$$->update.value = $4;
	}
	| path "<-" expr                        {
		$$ = new_stmt(p, ST_UPDATE, @$);
		$$->update.target = $1;
		$$->update.value = $3;
	}
	| path "(" args ")" as                  {
		Expr *e = new_expr(p, EX_CALL, @$);
		e->call.callee = $1;
		e->call.args = $3;
		e->call.as = $5;
		$$ = new_stmt(p, ST_CALL, @$);
		$$->call.call = e;
	}
	| "assert" expr                         { $$ = new_stmt(p, ST_ASSERT, @$); $$->assertion.cond = $2; }
	| "until" expr                          { $$ = new_stmt(p, ST_UNTIL, @$); $$->assertion.cond = $2; }
	| "each" names "in" exprs block         {
		$$ = new_stmt(p, ST_EACH, @$);
		$$->each.names = $2;
		$$->each.lists = $4;
		$$->each.body = $5;
	}
	| "if" expr block                       { $$ = new_stmt(p, ST_IF, @$); $$->cond.cond = $2; $$->cond.then = $3; }
	| "if" expr block "else" block          {
		$$ = new_stmt(p, ST_IF, @$);
		$$->cond.cond = $2;
		$$->cond.then = $3;
		$$->cond.other = $5;
	}
	| "next" name "=" expr                  { $$ = new_stmt(p, ST_NEXT, @$); $$->next.name = $2; $$->next.value = $4; }
	| "emit" exprs                          { $$ = new_stmt(p, ST_EMIT, @$); $$->values = $2; }
	| "return" exprs                        { $$ = new_stmt(p, ST_RETURN, @$); $$->values = $2; }
	| error resume                          { $$ = new_stmt(p, ST_ERROR, @$); }
	| error resume block                    { $$ = new_stmt(p, ST_ERROR, @$); }
	;

resume:
	RESUME                                  { yyerrok; }
	;

block:
	"{" stmts "}"                           { $$ = $2; }
	;

body:
	%empty                                  { $$ = (Stmts){0}; }
	| block
	;

stmts:
	%empty                                  { $$ = (Stmts){0}; }
	| stmts stmt                            { $$ = $1; push(p->arena, &$$, $2); }
	;

name:
	NAME                                    { $$ = (Ident){$1, @1}; }
	;

names:
	name                                    { $$ = (Idents){0}; push(p->arena, &$$, $1); }
	| names "," name                        { $$ = $1; push(p->arena, &$$, $3); }
	;

as:
	%empty                                  { $$ = (Ident){0}; }
	| "as" name                             { $$ = $2; }
	;

path:
	name                                    { $$ = new_expr(p, EX_NAME, @$); $$->name = $1.text; }
	| path "." name                         { $$ = new_expr(p, EX_FIELD, @$); $$->field.a = $1; $$->field.name = $3; }
	| path "." INT                          {
		$$ = new_expr(p, EX_ITEM, @$);
		$$->item.a = $1;
		$$->item.i = $3;
		$$->item.i_loc = @3;
	}
	;

dims:
	dim                                     { $$ = new_stmt(p, ST_DIM, @$); push(p->arena, &$$->dims, $1); }
	| dims "," dim                          { $$ = $1; push(p->arena, &$$->dims, $3); }
	;

dim:
	name                                    { $$ = (DimDecl){$1, false, NULL}; }
	| name "<=" expr                        { $$ = (DimDecl){$1, false, $3}; }
	| name ">=" expr                        { $$ = (DimDecl){$1, true, $3}; }
	;

target:
	name                                    { $$ = new_stmt(p, ST_LET, @$); push(p->arena, &$$->let.names, $1); }
	| name ":" type                         {
		$$ = new_stmt(p, ST_LET, @$);
		push(p->arena, &$$->let.names, $1);
		$$->let.type = $3;
	}
	| tuple                                 { $$ = new_stmt(p, ST_LET, @$); $$->let.names = $1; $$->let.tuple = true; }
	;

tuple:
	"(" names ")"                           { $$ = $2; }
	| "(" error resume ")"                  { $$ = (Idents){0}; }
	;

params:
	"(" ")"                                 { $$ = (Params){0}; }
	| "(" some_params ")"                   { $$ = $2; }
	| "(" error resume ")"                  { $$ = (Params){0}; }
	;

some_params:
	param                                   { $$ = (Params){0}; push(p->arena, &$$, $1); }
	| some_params "," param                 { $$ = $1; push(p->arena, &$$, $3); }
	;

param:
	name                                    { $$ = (Param){$1, NULL, NULL}; }
	| name ":" type                         { $$ = (Param){$1, $3, NULL}; }
	| name "=" expr                         { $$ = (Param){$1, NULL, $3}; }
	| name ":" type "=" expr                { $$ = (Param){$1, $3, $5}; }
	;

result:
	%empty                                  { $$ = (Args){0}; }
	| "->" outputs                          { $$ = $2; }
	;

outputs:
	output                                  { $$ = (Args){0}; push(p->arena, &$$, $1); }
	| outputs "," output                    { $$ = $1; push(p->arena, &$$, $3); }
	;

output:
	expr                                    { $$ = (Arg){{0}, $1}; }
	| assignment
	;

assignments:
	assignment                              { $$ = (Args){0}; push(p->arena, &$$, $1); }
	| assignments "," assignment            { $$ = $1; push(p->arena, &$$, $3); }
	;

assignment:
	name "=" expr                           { $$ = (Arg){$1, $3}; }
	;

extern_items:
	%empty                                  { $$ = new_stmt(p, ST_EXTERN, @$); }
	| extern_items name STRING              {
		Expr *e = new_expr(p, EX_STRING, @3);
		e->s.text = $3.text;
		e->s.len = $3.len;
		add_extern_item(p, $$ = $1, loc_join(@2, @3), $2, (Ident){0}, e, NULL);
	}
	| extern_items name name                { add_extern_item(p, $$ = $1, loc_join(@2, @3), $2, $3, NULL, NULL); }
	| extern_items name name "=" expr       { add_extern_item(p, $$ = $1, loc_join(@2, @5), $2, $3, NULL, $5); }
	| extern_items error resume             { $$ = $1; }
	;

driver_items:
	%empty                                  { $$ = new_stmt(p, ST_DRIVER, @$); }
	| driver_items name "{" keys "}"        { add_driver_item(p, $$ = $1, loc_join(@2, @5), $2, (Ident){0}, &$4); }
	| driver_items name name "{" keys "}"   { add_driver_item(p, $$ = $1, loc_join(@2, @6), $2, $3, &$5); }
	| driver_items error resume             { $$ = $1; }
	| driver_items error resume "{" keys "}" { $$ = $1; }
	;

keys:
	%empty                                  { $$ = (DriverKeys){0}; }
	| keys key                              { $$ = $1; push(p->arena, &$$, $2); }
	| keys error resume                     { $$ = $1; }
	;

key:
	name "=" exprs                          { $$ = (DriverKey){$1, $3}; }
	;

type:
	name                                    { $$ = NEW(p->arena, TypeExpr); $$->loc = @$; $$->dtype = $1; }
	| name "[" sizes "]"                    { $$ = $3; $$->loc = @$; $$->dtype = $1; }
	| name "[" error resume "]"             { $$ = NEW(p->arena, TypeExpr); $$->loc = @$; $$->dtype = $1; }
	| name "(" expr ")"                     { $$ = type_like(p, $1, $3, (Ident){0}, @$); }
	| name "(" expr "," name ")"            { $$ = type_like(p, $1, $3, $5, @$); }
	| name "(" error resume ")"             { $$ = type_like(p, $1, error_expr(p, @3), (Ident){0}, @$); }
	;

sizes:
	size                                    {
		$$ = NEW(p->arena, TypeExpr);
		$$->has_sizes = true;
		push(p->arena, &$$->sizes, $1);
	}
	| sizes "," size                        { $$ = $1; push(p->arena, &$$->sizes, $3); }
	;

size:
	expr                                    { $$ = (SizeExpr){SIZE_EXPR, @$, $1}; }
	| "?"                                   { $$ = (SizeExpr){SIZE_ANY, @$, NULL}; }
	| "..."                                 { $$ = (SizeExpr){SIZE_REST, @$, NULL}; }
	;

exprs:
	expr                                    { $$ = (Exprs){0}; push(p->arena, &$$, $1); }
	| exprs "," expr                        { $$ = $1; push(p->arena, &$$, $3); }
	;

expr:
	postfix
	| expr "or" expr                        { $$ = binary(p, @$, $1, BIN_OR, @2, $3); }
	| expr "and" expr                       { $$ = binary(p, @$, $1, BIN_AND, @2, $3); }
	| "not" expr                            { $$ = unary(p, @$, UN_NOT, $2); }
	| expr "==" expr                        { $$ = binary(p, @$, $1, BIN_EQ, @2, $3); }
	| expr "!=" expr                        { $$ = binary(p, @$, $1, BIN_NE, @2, $3); }
	| expr "<" expr                         { $$ = binary(p, @$, $1, BIN_LT, @2, $3); }
	| expr "<=" expr                        { $$ = binary(p, @$, $1, BIN_LE, @2, $3); }
	| expr ">" expr                         { $$ = binary(p, @$, $1, BIN_GT, @2, $3); }
	| expr ">=" expr                        { $$ = binary(p, @$, $1, BIN_GE, @2, $3); }
	| expr "+" expr                         { $$ = binary(p, @$, $1, BIN_ADD, @2, $3); }
	| expr "-" expr                         { $$ = binary(p, @$, $1, BIN_SUB, @2, $3); }
	| expr "*" expr                         { $$ = binary(p, @$, $1, BIN_MUL, @2, $3); }
	| expr "/" expr                         { $$ = binary(p, @$, $1, BIN_DIV, @2, $3); }
	| expr "//" expr                        { $$ = binary(p, @$, $1, BIN_FLOORDIV, @2, $3); }
	| expr "%" expr                         { $$ = binary(p, @$, $1, BIN_MOD, @2, $3); }
	| expr "@" expr                         { $$ = binary(p, @$, $1, BIN_MATMUL, @2, $3); }
	| "-" expr %prec NEGATIVE               { $$ = unary(p, @$, UN_NEG, $2); }
	| expr "**" expr                        { $$ = binary(p, @$, $1, BIN_POW, @2, $3); }
	;

postfix:
	INT                                     { $$ = new_expr(p, EX_INT, @$); $$->i = $1; }
	| FLOAT                                 {
		$$ = new_expr(p, EX_FLOAT, @$);
		$$->f.value = $1.value;
		$$->f.text = $1.text;
	}
	| STRING                                { $$ = new_expr(p, EX_STRING, @$); $$->s.text = $1.text; $$->s.len = $1.len; }
	| "true"                                { $$ = new_expr(p, EX_BOOL, @$); $$->i = 1; }
	| "false"                               { $$ = new_expr(p, EX_BOOL, @$); $$->i = 0; }
	| name                                  { $$ = new_expr(p, EX_NAME, @$); $$->name = $1.text; }
	| "next" name                           { $$ = new_expr(p, EX_NEXT, @$); $$->next = $2; }
	| "(" expr ")"                          { $$ = $2; $$->loc = @$; }
	| "(" error resume ")"                  { $$ = error_expr(p, @$); }
	| "[" "]"                               { $$ = new_expr(p, EX_LIST, @$); }
	| "[" elements "]"                      { $$ = new_expr(p, EX_LIST, @$); $$->list = $2; }
	| "[" expr "for" names "in" exprs "]"   {
		$$ = new_expr(p, EX_EACH, @$);
		$$->each.body = $2;
		$$->each.names = $4;
		$$->each.lists = $6;
	}
	| "[" error resume "]"                  { $$ = error_expr(p, @$); }
	| postfix "[" indices "]"               { $$ = new_expr(p, EX_INDEX, @$); $$->index.a = $1; $$->index.at = $3; }
	| postfix "[" error resume "]"          { $$ = error_expr(p, @$); }
	| postfix "." name                      { $$ = new_expr(p, EX_FIELD, @$); $$->field.a = $1; $$->field.name = $3; }
	| postfix "." INT                       {
		$$ = new_expr(p, EX_ITEM, @$);
		$$->item.a = $1;
		$$->item.i = $3;
		$$->item.i_loc = @3;
	}
	| call as                               { $$ = $1; $$->loc = @$; if ($$->kind == EX_CALL) $$->call.as = $2; }
	| "if" expr braced "else" braced        {
		$$ = new_expr(p, EX_IF, @$);
		$$->cond.cond = $2;
		$$->cond.then = $3;
		$$->cond.other = $5;
	}
	| "scan" options assignments sequences block {
		$$ = new_expr(p, EX_SCAN, @$);
		$$->scan.options = $2;
		$$->scan.carries = $3;
		$$->scan.over = $4;
		$$->scan.body = $5;
	}
	| "fold" assignments "for" name "in" expr ".." expr block as {
		$$ = new_expr(p, EX_FOLD, @$);
		$$->fold.carries = $2;
		$$->fold.index = $4;
		$$->fold.lo = $6;
		$$->fold.hi = $8;
		$$->fold.body = $9;
		$$->fold.as = $10;
	}
	;

call:
	postfix "(" args ")"                    { $$ = new_expr(p, EX_CALL, @$); $$->call.callee = $1; $$->call.args = $3; }
	;

args:
	%empty                                  { $$ = (Args){0}; }
	| some_args                             { $$ = $1; check_args(p, &$$); }
	| error resume                          { $$ = (Args){0}; }
	;

some_args:
	arg                                     { $$ = (Args){0}; push(p->arena, &$$, $1); }
	| some_args "," arg                     { $$ = $1; push(p->arena, &$$, $3); }
	;

arg:
	expr                                    { $$ = (Arg){{0}, $1}; }
	| assignment
	;

options:
	%empty                                  { $$ = (Args){0}; }
	| "(" args ")"                          { $$ = $2; }
	;

sequences:
	%empty                                  { $$ = (Args){0}; }
	| "over" some_sequences                 { $$ = $2; }
	;

some_sequences:
	sequence                                { $$ = (Args){0}; push(p->arena, &$$, $1); }
	| some_sequences "," sequence           { $$ = $1; push(p->arena, &$$, $3); }
	;

sequence:
	name "in" expr                          { $$ = (Arg){$1, $3}; }
	;

braced:
	"{" expr "}"                            { $$ = $2; }
	| "{" error resume "}"                  { $$ = error_expr(p, @$); }
	;

elements:
	element                                 { $$ = (Exprs){0}; push(p->arena, &$$, $1); }
	| elements "," element                  { $$ = $1; push(p->arena, &$$, $3); }
	;

element:
	expr
	| "..."                                 { $$ = new_expr(p, EX_ELLIPSIS, @$); }
	;

indices:
	index                                   { $$ = (Indices){0}; push(p->arena, &$$, $1); }
	| indices "," index                     { $$ = $1; push(p->arena, &$$, $3); }
	;

index:
	expr                                    { $$ = (Index){.kind = INDEX_EXPR, .loc = @$, .at = $1}; }
	| "..."                                 { $$ = (Index){.kind = INDEX_ELLIPSIS, .loc = @$}; }
	| "None"                                { $$ = (Index){.kind = INDEX_NONE, .loc = @$}; }
	| optional ":" optional                 { $$ = (Index){.kind = INDEX_SLICE, .loc = @$, .lo = $1, .hi = $3}; }
	| optional ":" optional ":" expr        { $$ = (Index){.kind = INDEX_SLICE, .loc = @$, .lo = $1, .hi = $3, .step = $5}; }
	;

optional:
	%empty                                  { $$ = NULL; }
	| expr
	;

%%

static Expr *unary(Parse *p, Loc loc, UnaryOp op, Expr *a)
{
	Expr *e = new_expr(p, EX_UNARY, loc);
	e->un.op = op;
	e->un.a = a;
	return e;
}

static Expr *binary(Parse *p, Loc loc, Expr *a, BinaryOp op, Loc op_loc, Expr *b)
{
	Expr *e = new_expr(p, EX_BINARY, loc);
	e->bin.op = op;
	e->bin.op_loc = op_loc;
	e->bin.a = a;
	e->bin.b = b;
	return e;
}

static Expr *error_expr(Parse *p, Loc loc)
{
	return new_expr(p, EX_ERROR, loc);
}

/* bison reports nothing but the end of its stack here */
static void yyerror(Loc *loc, Parse *p, const char *message)
{
	(void)message;
	diag_error(p->diag, *loc, "this is nested too deeply; name a part of it with 'let'");
}

static int yyreport_syntax_error(const yypcontext_t *context, Parse *p)
{
	enum { MOST = YYNTOKENS };
	yysymbol_kind_t kinds[MOST];
	const char *expected[MOST];
	int n = yypcontext_expected_tokens(context, kinds, MOST);
	for (int i = 0; i < n; i++)
		expected[i] = yysymbol_name(kinds[i]);
	yysymbol_kind_t found = yypcontext_token(context);
	report_syntax_error(p, found == YYSYMBOL_YYEMPTY ? "" : yysymbol_name(found), *yypcontext_location(context),
		expected, n < 0 ? 0 : n);
	return 0;
}
