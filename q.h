/* q.h -- the model q, compiled by modelc */
#ifndef Q_H
#define Q_H

#include "mc.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct q q;

/* the bytes of an object, as a constant expression; 64 of them are for alignment */
#define Q_BYTES (192)

size_t q_bytes(void); /* the same, checked: 0 on overflow or a size outside its bounds */
q *q_place(void *memory, size_t bytes); /* in memory of the caller, of any alignment; NULL if it is too small */
q *q_new(void); /* one malloc; NULL without memory */
size_t q_share_bytes(const q *m);
/* The same state, ready when `of` is, with scratch of its own: calls that neither update nor draw may then run at once.
   It takes over what data is bound now; later each binds its own. `of` outlives it. */
q *q_share(q *of, void *memory, size_t bytes);
void q_free(q *m); /* NULL, or a placed one: nothing */
void q_init(q *m, uint64_t seed); /* every variable from its initialiser; nothing where a check of one fails */
const char *q_status_text(mc_status status);

/* Calls give 0, or a status; a failed one leaves state and random call number as they were. Outputs may be NULL: then
   they are not computed. They overlap neither inputs nor state. Calls on different objects may run in different threads. */

/* All state, with the random call number, as .npz or .safetensors. A failed save leaves an older file, a failed load the object, as it was. */
mc_status q_save(const q *m, const char *path);
mc_status q_load(q *m, const char *path);

extern const mc_tensor q_tensors[];
extern const mc_function q_functions[];
extern const mc_model q_model;

#ifdef __cplusplus
}
#endif
#endif
