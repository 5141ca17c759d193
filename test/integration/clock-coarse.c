// clock=coarse gives few events a time stamp of their own, and matches blocks across threads all the
// same: producers and consumers, workers that free what others have allocated and get the same
// addresses again, and threads that come and go. The allocator hands each block on at once.
// RUN: %cc -g -O2 -pthread %s -o %t
// RUN: env GLIBC_TUNABLES=glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1 \
// RUN:   MEMTRACK_OPTIONS=clock=coarse %run %t.mtrace %t
// RUN: %check %t.mtrace @%s
// RUN: env MEMTRACK_OPTIONS=clock=coarse %run %t.mtrace %t
// RUN: %check %t.mtrace @%s
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { EACH = 60000, SLOTS = 64, LEAK_EACH = 100, SHORT = 200 };

static _Atomic(uint32_t *) slots[SLOTS];
static atomic_int producing = 2;

static void put(uint32_t *block, unsigned at) {
    uint32_t *none = NULL;

    while (!atomic_compare_exchange_weak(&slots[at % SLOTS], &none, block)) {
        none = NULL;
        at++;
    }
}

static void take(unsigned at) {
    uint32_t *block = atomic_exchange(&slots[at % SLOTS], NULL);

    if (block && *block % LEAK_EACH)
        free(block);
}

#define PRODUCER(name, size)                                                                       \
    static void *name(void *unused) {                                                              \
        for (unsigned i = 0; i < EACH; i++) {                                                      \
            uint32_t *block = malloc(size);                                                        \
                                                                                                   \
            *block = i;                                                                            \
            put(block, i * 7);                                                                     \
        }                                                                                          \
        atomic_fetch_sub(&producing, 1);                                                           \
        return unused;                                                                             \
    }
PRODUCER(producer_a, 40)
PRODUCER(producer_b, 40)

static void *consumer(void *number) {
    unsigned at = (unsigned)(uintptr_t)number;

    while (atomic_load(&producing))
        take(at++);
    return NULL;
}

static _Atomic(uint32_t *) worker_slots[4];

/* Frees what another worker has left in the slot, and gets, as it likely is, that block back. */
#define WORKER(name)                                                                               \
    static void *name(void *unused) {                                                              \
        void *volatile own;                                                                        \
                                                                                                   \
        for (unsigned i = 0; i < EACH; i++) {                                                      \
            uint32_t *block = malloc(40);                                                          \
                                                                                                   \
            *block = 1;                                                                            \
            free(atomic_exchange(&worker_slots[i % 4], block));                                    \
            own = malloc(40);                                                                      \
            free(own);                                                                             \
        }                                                                                          \
        return unused;                                                                             \
    }
WORKER(worker_a)
WORKER(worker_b)

static void *brief(void *argument) {
    free(argument);
    return malloc(40);
}

static void run(void *(*const *functions)(void *), unsigned count) {
    pthread_t threads[8];

    for (unsigned i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, functions[i], (void *)(uintptr_t)i);
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

int main(void) {
    void *(*const functions[])(void *) = {producer_a, producer_b, consumer,
                                          consumer,   worker_a,   worker_b};

    run(functions, 6);
    for (unsigned i = 0; i < SLOTS; i++)
        take(i);
    for (unsigned i = 0; i < 4; i++)
        free(worker_slots[i]);
    for (unsigned i = 0; i < SHORT; i++) {
        void *block = malloc(40);
        pthread_t thread;

        pthread_create(&thread, NULL, brief, block);
        pthread_join(thread, &block);
        free(block);
    }
    return 0;
}
// EXPECT: s.unmatched_frees == 0 and s.missed_frees == 0 and errors == []
// EXPECT: sum(c['allocations'] for c in by('producer_a')) == 60000
// EXPECT: sum(c['allocations'] for c in by('producer_b')) == 60000
// EXPECT: sum(c['leaked_blocks'] for c in by('producer_a')) == 600
// EXPECT: sum(c['leaked_blocks'] for c in by('producer_b')) == 600
// EXPECT: sum(c['frees'] for c in by('producer_a')) == 59400
// EXPECT: (total(by('worker_a'), 'allocations'), total(by('worker_a'), 'frees')) == (120000, 120000)
// EXPECT: (total(by('worker_b'), 'allocations'), total(by('worker_b'), 'frees')) == (120000, 120000)
// EXPECT: [(c['allocations'], c['frees']) for c in by('brief')] == [(200, 200)]
// EXPECT: total(by('main'), 'leaked_blocks') == 0
