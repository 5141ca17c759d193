// clock=coarse with a pool whose blocks one thread takes and whose memory another frees: they end with it, so
// that its time must not be an old one. Times are precise from the first block of a pool on.
// RUN: echo 'alloc take bytes=64 pool=1 name=area' >%t.list
// RUN: %cc --memtrack-allocators=%t.list -g -O1 -pthread %s -o %t
// RUN: env MEMTRACK_OPTIONS=clock=coarse %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: (pool("area").allocations, pool("area").leaked_blocks) == (2000, 0)
// EXPECT: s.unmatched_frees == 0 and s.missed_frees == 0
#include <pthread.h>
#include <stdlib.h>

enum { ROUNDS = 500, BLOCKS = 4 };

static pthread_barrier_t barrier;
static char *area;
static char *volatile sink;

__attribute__((noinline)) char *take(char **rest) {
    *rest += 64;
    return *rest - 64;
}

static void *worker(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        pthread_barrier_wait(&barrier);
        for (int k = 0; k < BLOCKS; k++)
            sink = take(&area);
        pthread_barrier_wait(&barrier);
    }
    return unused;
}

int main(void) {
    pthread_t thread;

    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, worker, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        char *memory = malloc(BLOCKS * 64);

        area = memory;
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
        free(memory);
    }
    pthread_join(thread, NULL);
    return 0;
}
