/* build_more.h -- nodes that passes make often, from the builders of ir.h */
#ifndef BUILD_MORE_H
#define BUILD_MORE_H

#include "../ir/ir.h"

Val *build_number(Graph *, Loc, DType, double);	     /* a const; of any dtype */
Val *build_full(Graph *, Loc, const Type *, double); /* a const, broadcast */
Val *build_iota(Graph *, Loc, const Type *shape, DType,
		int axis); /* the index along an axis, in an array of that shape */
/* the sum down to rank 0 of what was broadcast from there; itself if the shapes agree */
Val *build_sum_to(Graph *, Loc, Val *, const Type *shape);
/* x in place of axes that a reduction over `axes` took from an array of this shape */
Val *build_restore(Graph *, Loc, Val *x, const Type *shape, uint32_t axes);
/* the nodes of a region, with these values for its params; the values of its results.  given: by
 * id, values that stand for nodes of the region, or NULL */
void build_inline(Graph *, const Graph *region, Val *const *params, Val *const *given,
		  Val **results);
/* ---- contractions */
const int8_t *labels_of(const Val *contraction, int k); /* of the operand k */
int axis_of_label(const int8_t *label, int rank, int wanted); /* -1: it has not that label */
bool is_number(const Val *, double); /* a const of that value, or one broadcast */

#endif
