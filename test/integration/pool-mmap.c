// An arena over mmap, whose memory no heap event tells of; blocks that go from thread to thread.
// RUN: %cc -I%include -g -O1 -pthread %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: (pool("mapped").allocations, pool("mapped").allocated_bytes, pool("mapped").frees) == (4001, 32000 + 70000000, 3901)
// EXPECT: (pool("mapped").leaked_blocks, pool("mapped").unmatched_frees) == (100, 0)
// EXPECT: pool("mapped").heap["allocations"] == 0
// EXPECT: pool("mapped").instances == []
// EXPECT: not by("take") and s.unmatched_frees == 0
#include <memtrack/allocators.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

static char *memory;
static size_t used;

MEMTRACK_ALLOCATES("mapped", 1, 0) __attribute__((noinline)) static void *take(size_t size) {
    used += size;
    return memory + used - size;
}
MEMTRACK_FREES("mapped", 1, 0) __attribute__((noinline)) static void give(void *block) {
    *(char *)block = 0;
}

static void *blocks[4000];

static void *give_all(void *unused) {
    for (int i = 0; i < 3900; i++)
        give(blocks[i]);
    return unused;
}

int main(void) {
    pthread_t thread;

    memory = mmap(NULL, 1 << 28, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (int i = 0; i < 4000; i++)
        blocks[i] = take(8);
    if (pthread_create(&thread, NULL, give_all, NULL) || pthread_join(thread, NULL))
        return 1;
    /* Larger than a plain record has room for. */
    give(take(70000000));
    return 0;
}
