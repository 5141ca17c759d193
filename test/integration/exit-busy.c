// The process exits while threads allocate: all of them end at the same time, and nothing is lost.
// RUN: %cc -g -O1 -fno-builtin -pthread %s -o %t
// RUN: env MEMTRACK_OPTIONS=buffer_mb=1 %run %t.mtrace %t
// RUN: %check %t.mtrace 's.complete' 's.unmatched_frees == 0' 'own.allocations > 100000'
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static void *slots[64];

static void *work(void *argument) {
    for (unsigned i = 0;; i++) {
        void *block = malloc(i % 100 + 1);

        free(__atomic_exchange_n(&slots[i % 64], block, __ATOMIC_ACQ_REL));
    }
    return argument;
}

int main(void) {
    pthread_t thread;

    for (int i = 0; i < 3; i++)
        pthread_create(&thread, NULL, work, NULL);
    usleep(300000);
    return 0;
}
