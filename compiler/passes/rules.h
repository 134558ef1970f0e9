/* rules.h -- rewrites by subject, run together until none fires */
#ifndef RULES_H
#define RULES_H

#include "build_more.h"
#include "passes.h"

/* What stands for v, whose operands are `in` by now, or NULL.  Of v itself only op, attr, type and
 * loc are looked at. */
typedef Val *Rewriter(PassCx *, Graph *, const Val *v, Val *const *in);

/* the rules in order, first match wins, then common subexpressions; until nothing changes.  The
 * list ends with NULL */
Graph *run_rules(PassCx *, const Graph *, Rewriter *const *rules);

/* counts a rewrite; the new value, broadcast to v's type if it is of rank 0 */
Val *did(PassCx *, Graph *, const Val *v, RewriteName, Val *);

/* constants.c, algebra.c, powers.c, logic.c, casts.c, shapes.c, slices.c, sums.c, index.c,
 * contractions.c, softmax.c, logs.c */
Rewriter rule_constants, rule_marks, rule_sums, rule_products, rule_quotients, rule_signs,
	rule_powers, rule_logic, rule_casts, rule_reshapes, rule_transposes, rule_broadcasts,
	rule_late_broadcast, rule_slices, rule_reductions, rule_gathers, rule_scatters,
	rule_contractions, rule_softmax, rule_log_sums, rule_logs;

/* ---- building at v's place */
Val *op1(Graph *, const Val *v, Op, Val *);
Val *op2(Graph *, const Val *v, Op, Val *, Val *);
Val *op3(Graph *, const Val *v, Op, Val *, Val *, Val *);

/* ---- looking */
bool is_const(const Val *); /* a number of rank 0 */
bool is_float(const Val *);
/* one operand of a commutative v matches is_number(x): the other one */
Val *other_than(Val *const *in, double x);
/* v is an indexing of elementwise in[0], which may as well be done before that: nothing else needs
 * the whole of it, or it is a function, of which a rule for logarithms may want the argument */
bool may_index_early(const PassCx *, const Val *v, Val *const *in);
/* x is kind(of) over axes, broadcast back to of's shape, which is `shape`; or of rank 0, and an
 * operand with what has that shape.  A stop_gradient may stand between, and a select that puts 0
 * for inf. */
bool is_restored(const Val *x, const Type *shape, ReduceKind kind, Val **of, uint32_t *axes,
		 bool *stopped);

#endif
