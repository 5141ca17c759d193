// Pools while recording is paused: what is handed out then is not known, what is taken back is. And in a
// program's own malloc, which is an event itself: how it works inside is none.
// RUN: %cc -g -O1 -fno-builtin %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O1 -fno-builtin -DOWN_MALLOC %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s "len(at('/* own */')) == 1 and at('/* own */')[0]['allocated_bytes'] == 100"
// EXPECT: (pool("arena").allocations, pool("arena").allocated_bytes) == (2, 10 + 40)
// EXPECT: (pool("arena").frees, pool("arena").unmatched_frees, pool("arena").leaked_blocks) == (1, 1, 1)
// EXPECT: sorted(chain(c)[0] for c in within("arena")) == ["main", "main"]
#include <memtrack/memtrack.h>
#include <stddef.h>
#include <stdlib.h>

static char memory[1 << 20];
static size_t used;

MEMTRACK_ALLOCATES("arena", 1, 0) __attribute__((noinline)) static void *take(size_t size) {
    used += (size + 15) / 16 * 16;
    return memory + used;
}
MEMTRACK_FREES("arena", 1, 0) __attribute__((noinline)) static void give(void *block) {
    *(char *)block = 0;
}

#ifdef OWN_MALLOC
__attribute__((noinline)) static void *serve(size_t size) {
    void *block = take(size);

    *(char *)block = 0;
    return block;
}
__attribute__((noinline)) void *malloc(size_t size) {
    return serve(size);
}
void *calloc(size_t count, size_t size) {
    return serve(count * size);
}
void *realloc(void *block, size_t size) {
    (void)block;
    return serve(size);
}
__attribute__((noinline)) void free(void *block) {
    if (block)
        give(block);
}
#endif

static void *volatile sink;

int main(void) {
    void *first = take(10), *second;

    memtrack_pause();
    second = take(20);
    give(first);
    memtrack_resume();
    give(second);
    take(40);
    sink = malloc(100); /* own */
    free(sink);
    return 0;
}
