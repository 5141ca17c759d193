/* Memory that a forked process has of its parent, and the parent of its own. Used by heap.c. */
#ifndef MT_MODEL_INHERIT_H
#define MT_MODEL_INHERIT_H

#include "model/heap.h"

/* The ancestor's live block at the address, and whose it is; NULL if there is none, or none any
 * more. */
const struct live_block *inherit_find(const struct heap *heap, uint64_t address,
                                      const struct heap **owner);

/* The process no longer holds the block of that address. False when memory is short. */
bool inherit_end(struct heap *heap, uint64_t address);

#endif
