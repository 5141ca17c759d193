/* Blocks that are no event: what an allocator allocates in turn is the same memory at another
 * level, and its end is no event either, wherever that comes. For all threads and signal handlers;
 * see address_set.h. */
#ifndef MT_HIDDEN_H
#define MT_HIDDEN_H

#include "compiler.h"

#include <stdatomic.h>
#include <stdbool.h>

/* Whether any block has ever been hidden. */
MT_EXTERN _Atomic bool mt_hidden_any;

void mt_hidden_add(const void *block);

/* Takes it out again, before its memory can be given to another; false if it is not in there. */
bool mt_hidden_remove(const void *block);

#endif
