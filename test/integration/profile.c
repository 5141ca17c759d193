// A profile has the figures of a trace, also of blocks that other threads free, and of threads that still
// run at exit; whoever does the writing. Its size does not depend on how long the program runs.
// RUN: %cc -g -O1 -fno-builtin -pthread %s -o %t
// RUN: %run %t.trace %t 1000 && env MEMTRACK_OPTIONS=mode=profile %run %t.profile %t 1000
// RUN: %same %t.trace %t.profile && %check %t.profile @%s 's.profile and s.threads == 11' 's.peak_bytes >= s.leaked_bytes'
// RUN: env MEMTRACK_OPTIONS=mode=profile:writer=inline %run %t.profile %t 1000 && %same %t.trace %t.profile
// RUN: env MEMTRACK_OPTIONS=mode=profile:clock=coarse %run %t.profile %t 1000 && %same %t.trace %t.profile
// RUN: env MEMTRACK_OPTIONS=mode=profile:buffer_mb=1 %run %t.profile %t 1000 && %same %t.trace %t.profile
// RUN: %check %t.profile @%s 'all(t["freed_by_others"] > 0 for t in threads if t["name"] == "worker")'
// EXPECT: s.complete and s.unmatched_frees == 0 and s.missed_frees == 0
// EXPECT: own.leaked_blocks == 40 + 1 and by("keep")[0]["leaked_bytes"] == 1234
// EXPECT: own.allocations == own.frees + own.leaked_blocks
//
// RUN: env MEMTRACK_OPTIONS=mode=profile %run %t.long %t 20000 && %check %t.long @%s
// RUN: %python -c 'import os, sys; a, b = map(os.path.getsize, sys.argv[1:]); assert b < a + 8192, (a, b)' %t.profile %t.long
//
// Events that are dropped are told once, however many threads there were.
// RUN: env MEMTRACK_OPTIONS=mode=profile:overflow=drop:buffer_mb=1 %run %t.drop %t 50000 && %check %t.drop 's.complete == (s.dropped_events == 0)' 's.events <= 9 * 50000 * 8 / 3 + 1000'
// RUN: %memtrack info %t.drop | not grep 'loss  *[2-9]'
//
// RUN: %memtrack report %t.profile | FileCheck --check-prefix=REPORT %s
// RUN: %memtrack errors %t.profile | FileCheck --check-prefix=ERRORS %s
// RUN: %memtrack info --verify %t.profile | FileCheck --check-prefix=INFO %s
// RUN: %memtrack dump %t.profile 2>&1 | FileCheck --check-prefix=DUMP %s
// RUN: %memtrack flame --cost count %t.profile | FileCheck --check-prefix=FLAME %s
// REPORT: - a profile: exact totals that the process kept itself, without events; it does not
// REPORT-NEXT: tell errors
// REPORT: work {{.*}}profile.c:
// ERRORS: errors not known
// ERRORS: cannot be told
// INFO: profile {{.*}} events counted in the process; {{.*}} contexts, 11 threads, {{.*}} points
// INFO: writer's CPU an event
// INFO: profile 1
// INFO: worker
// INFO: integrity: every block is sound and was decoded
// DUMP: is a profile: there are no events
// FLAME: run_on 1
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

enum { WORKERS = 9, SLOTS = 40 };

static void *slots[SLOTS];
static pthread_barrier_t barrier;
static sem_t started;
static long rounds;

__attribute__((noinline)) static void *keep(size_t size) {
    return malloc(size);
}

/* Each takes out what another has put in. */
static void *work(void *argument) {
    unsigned random = (unsigned)(size_t)argument;

    pthread_setname_np(pthread_self(), "worker");
    pthread_barrier_wait(&barrier);
    for (long i = 0; i < rounds; i++) {
        random = random * 1103515245 + 12345;
        void *block = malloc(1 + (unsigned)i % 300);
        if (i % 3 == 0)
            block = realloc(block, 1 + (unsigned)i % 1000);
        free(__atomic_exchange_n(&slots[random >> 16 & 31], block, __ATOMIC_SEQ_CST));
    }
    return NULL;
}

static void *run_on(void *argument) {
    slots[0] = keep(1234);
    sem_post(&started);
    pause();
    return argument;
}

int main(int count, char **arguments) {
    pthread_t threads[WORKERS], other;

    rounds = count > 1 ? atol(arguments[1]) : 1;
    sem_init(&started, 0, 0);
    pthread_barrier_init(&barrier, NULL, WORKERS);
    for (size_t i = 0; i < WORKERS; i++)
        pthread_create(&threads[i], NULL, work, (void *)(i + 1));
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < SLOTS; i++) {
        free(slots[i]);
        slots[i] = malloc((size_t)i);
    }
    pthread_create(&other, NULL, run_on, NULL);
    sem_wait(&started);
    return 0;
}
