// A forked child has a profile of its own. What it inherits is unknown there: frees of it are counted as
// such. The parent's goes on.
// RUN: rm -f %t.*mtrace && %cc -g -O1 -fno-builtin -pthread %s -o %t
// RUN: env MEMTRACK_OPTIONS=mode=profile %run %t.mtrace %t
// RUN: %check %t.mtrace 's.complete and own.allocations == 30000 + 40 and own.leaked_blocks == 40' 's.unmatched_frees == 0'
// RUN: %check %t.*[0-9].mtrace 's.profile and own.allocations == 20000 + 5 and own.leaked_blocks == 5' 's.unmatched_frees == 40' 'own.frees == 20000'
// RUN: %memtrack report %t.*[0-9].mtrace | FileCheck %s
// CHECK: 40 frees of memory that was allocated before the fork
// RUN: %memtrack report %t.mtrace %t.*[0-9].mtrace | FileCheck --check-prefix=BOTH %s
// BOTH: MemTrack report of 2 traces
// BOTH: - a profile
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void *blocks[40];

static void churn(int count) {
    for (int i = 0; i < count; i++) {
        void *volatile block = malloc((size_t)i % 100);

        free(block);
    }
}

static void *work(void *argument) {
    churn(10000);
    return argument;
}

int main(void) {
    pthread_t thread;
    int status = 1;

    for (int i = 0; i < 40; i++)
        blocks[i] = malloc(100);
    pthread_create(&thread, NULL, work, NULL);
    churn(10000);
    if (fork() == 0) {
        churn(20000);
        for (int i = 0; i < 40; i++)
            free(blocks[i]);
        for (int i = 0; i < 5; i++)
            blocks[i] = malloc(7);
        exit(0);
    }
    churn(10000);
    pthread_join(thread, NULL);
    return wait(&status) < 0 || status;
}
