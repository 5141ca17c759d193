// An arena over malloc: what it hands out and the chunks that it lies in are two levels, counted each by
// itself. Its blocks end when the arena does, or, where nothing is marked that ends it, with the chunks.
// RUN: %cc -I%include -g -O0 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -I%include -g -O2 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -I%include -g -O2 -flto -fuse-ld=lld %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -I%include -g -O2 --memtrack-context=site %s -o %t && %run %t.mtrace %t && %check %t.mtrace "pool('arena').allocations == 150" "pool('arena').freed_with_pool == 100"
// RUN: %cc -I%include -O2 %s -o %t && %run %t.mtrace %t && %check %t.mtrace "pool('arena').allocations == 150" "pool('arena').heap['allocations'] == s.allocations"
// RUN: %cc -I%include -g -O2 -DUNMARKED %s -o %t && %run %t.mtrace %t && %check %t.mtrace "pool('arena').freed_with_heap_block == 100" "pool('arena').freed_with_pool == 0" "pool('arena').leaked_blocks == 50"
// EXPECT: pools() == ["arena"]
// EXPECT: (pool("arena").allocations, pool("arena").allocated_bytes) == (150, 15000)
// EXPECT: (pool("arena").peak_bytes, pool("arena").leaked_bytes, pool("arena").leaked_blocks) == (15000, 5000, 50)
// EXPECT: (pool("arena").freed_with_pool, pool("arena").frees, pool("arena").reused, pool("arena").unmatched_frees) == (100, 0, 0, 0)
// The heap is what it would be without marks.
// EXPECT: (s.allocations, s.frees, s.unmatched_frees, s.leaked_blocks) == (6, 4, 0, 2)
// EXPECT: (pool("arena").heap["allocations"], pool("arena").heap["leaked_blocks"]) == (6, 2)
// EXPECT: pool("arena").instances_total == 2
// EXPECT: sorted((i["allocations"], i["leaked_blocks"]) for i in pool("arena").instances) == [(50, 50), (100, 0)]
// A report over the pool has the callers of the arena, and both trees.
// EXPECT: sorted((chain(c), c["allocations"]) for c in within("arena")) == [(["fill", "first", "main"], 100), (["fill", "second", "main"], 50)]
#include <memtrack/allocators.h>
#include <stddef.h>
#include <stdlib.h>

struct chunk {
    struct chunk *next;
    size_t used;
    char data[3000];
};
struct arena {
    struct chunk *chunks;
};

MEMTRACK_ALLOCATES("arena", 2, 1) static void *arena_alloc(struct arena *arena, size_t size) {
    struct chunk *chunk = arena->chunks;

    if (!chunk || sizeof chunk->data - chunk->used < size) {
        chunk = malloc(sizeof *chunk);
        chunk->next = arena->chunks;
        chunk->used = 0;
        arena->chunks = chunk;
    }
    chunk->used += size;
    return chunk->data + chunk->used - size;
}

#ifndef UNMARKED
MEMTRACK_FREES_POOL("arena", 1)
#endif
static void arena_destroy(struct arena *arena) {
    while (arena->chunks) {
        struct chunk *chunk = arena->chunks;

        arena->chunks = chunk->next;
        free(chunk);
    }
}

static char *volatile sink;
static volatile int count;

__attribute__((noinline)) static void fill(struct arena *arena, int blocks) {
    for (int i = 0; i < blocks; i++) {
        sink = arena_alloc(arena, 100);
        *sink = 1;
    }
    count++;
}
__attribute__((noinline)) static void first(struct arena *arena) {
    fill(arena, 100);
    count++;
}
__attribute__((noinline)) static void second(struct arena *arena) {
    fill(arena, 50);
    count++;
}
int main(void) {
    struct arena arenas[2] = {{NULL}, {NULL}};

    first(&arenas[0]);
    second(&arenas[1]);
    arena_destroy(&arenas[0]);
    return count != 4;
}
