/* tree.h -- the tree of a program as an S-expression, to compare trees: every field, no places */
#ifndef TREE_H
#define TREE_H

#include "ast/ast.h"

const char *tree_text(Arena *, const File *);
const char *tree_of_expr(Arena *, const Expr *);

#endif
