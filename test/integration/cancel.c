// Recording is no cancellation point: threads with a cancellation pending go on to their own.
// RUN: %cc -g -O1 -fno-builtin -pthread %s -o %t && %run %t.mtrace timeout 60 %t
// RUN: env MEMTRACK_OPTIONS=buffer_mb=1 %run %t.mtrace timeout 60 %t
// RUN: %check %t.mtrace 's.complete' 'own.allocations == 20 * 20000' 'own.leaked_blocks == 0'
#include <pthread.h>
#include <stdlib.h>

static void *work(void *argument) {
    pthread_cancel(pthread_self());
    for (int i = 0; i < 20000; i++)
        free(malloc(10));
    pthread_testcancel();
    return argument;
}

int main(void) {
    for (int i = 0; i < 20; i++) {
        pthread_t thread;
        void *result;

        pthread_create(&thread, NULL, work, NULL);
        pthread_join(thread, &result);
        if (result != PTHREAD_CANCELED)
            return 1;
    }
    return 0;
}
