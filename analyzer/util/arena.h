/* Memory that is given back all at once. What a trace defines (names, sites, contexts) lives in one
 * arena and dies with the trace. Not thread-safe. */
#ifndef MT_UTIL_ARENA_H
#define MT_UTIL_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks;
    size_t used;  /* of the newest chunk */
    size_t total; /* bytes handed out, for limits */
};

/* Zeroed and aligned for any object; NULL when memory is short. */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy with a terminating NUL; NULL when memory is short. */
char *arena_copy(struct arena *arena, const void *bytes, size_t size);

/* Leaves the arena empty and usable. */
void arena_free(struct arena *arena);

#endif
