/* Memory in cache lines of its own: what a thread writes with each event must not lie beside what
 * another one does, or both wait for the line each time. */
#ifndef MT_UTIL_ALONE_H
#define MT_UTIL_ALONE_H

#include <stdlib.h>
#include <string.h>

/* CPUs fetch lines in pairs. */
enum { MT_ALONE = 128 };

/* Zeroed; to be given to free. NULL when memory is short. */
static inline void *alone_calloc(size_t size) {
    size_t whole = (size + MT_ALONE - 1) / MT_ALONE * MT_ALONE;
    void *memory = aligned_alloc(MT_ALONE, whole);

    return memory ? memset(memory, 0, whole) : NULL;
}

#endif
