/* canonicalise.c -- one form for what is equal: the rules of constants.c, algebra.c ... together,
 * until none fires */
#include "rules.h"

Graph *pass_canonicalise(PassCx *cx, const Graph *in)
{
	static Rewriter *const rules[] = {
		rule_constants,	     rule_marks,     rule_signs,      rule_sums,
		rule_products,	     rule_quotients, rule_powers,     rule_logic,
		rule_casts,	     rule_reshapes,  rule_transposes, rule_broadcasts,
		rule_late_broadcast, rule_slices,    rule_reductions, rule_gathers,
		rule_scatters,	     NULL,
	};
	return run_rules(cx, in, rules);
}

Graph *pass_contractions(PassCx *cx, const Graph *in)
{
	static Rewriter *const rules[] = {
		rule_contractions, rule_constants,	rule_signs,	 rule_sums,
		rule_products,	   rule_quotients,	rule_reshapes,	 rule_transposes,
		rule_broadcasts,   rule_late_broadcast, rule_reductions, NULL,
	};
	return run_rules(cx, in, rules);
}
