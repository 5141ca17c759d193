/* Memory for what the C library allocates on the runtime's behalf, and before the real allocator is
 * known: a thread's control block, the register of exit handlers. Only the C library and the
 * dynamic linker ever hold such blocks, and give them back through the interposed functions. */
#ifndef MT_ARENA_H
#define MT_ARENA_H

#include "compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MT_ARENA_BYTES ((size_t)16 << 20)

MT_EXTERN uintptr_t mt_arena_start; /* 0: no block has been given out */

static inline bool mt_arena_has(const void *memory) {
    return mt_arena_start && (uintptr_t)memory - mt_arena_start < MT_ARENA_BYTES;
}

/* Zeroed; `alignment` a power of two up to a page. NULL if there is no more. */
void *mt_arena_take(size_t size, size_t alignment);

void mt_arena_give(void *memory);

size_t mt_arena_size(const void *memory);

#endif
