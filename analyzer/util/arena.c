#include "util/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef MEMTRACK_FUZZ_SMALL
enum { CHUNK_SIZE = 4 * 1024, ALIGNMENT = 16 };
#else
enum { CHUNK_SIZE = 256 * 1024, ALIGNMENT = 16 };
#endif

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

static struct arena_chunk *add_chunk(struct arena *arena, size_t size) {
    size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
    struct arena_chunk *chunk = malloc(sizeof(*chunk) + room);

    if (!chunk)
        return NULL;
    chunk->size = room;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->used = 0;
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t size) {
    struct arena_chunk *chunk = arena->chunks;
    void *result;

    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (!chunk || chunk->size - arena->used < size) {
        chunk = add_chunk(arena, size);
        if (!chunk)
            return NULL;
    }
    result = chunk->bytes + arena->used;
    arena->used += size;
    arena->total += size;
    return memset(result, 0, size);
}

char *arena_copy(struct arena *arena, const void *bytes, size_t size) {
    char *copy = arena_alloc(arena, size + 1);

    if (copy && size)
        memcpy(copy, bytes, size);
    return copy;
}

void arena_free(struct arena *arena) {
    while (arena->chunks) {
        struct arena_chunk *next = arena->chunks->next;

        free(arena->chunks);
        arena->chunks = next;
    }
    arena->used = 0;
    arena->total = 0;
}
