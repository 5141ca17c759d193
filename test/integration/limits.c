// Memory for buffers is bounded: waiting loses nothing, dropping is counted; so is what max_trace_mb
// cuts off.
// RUN: %cc -g -O2 -fno-builtin -pthread %s -o %t
// RUN: env MEMTRACK_OPTIONS=buffer_mb=1:zstd_level=5 %run %t.mtrace %t
// RUN: %check %t.mtrace 'own.allocations == 8000000' 'own.frees == 8000000' 's.dropped_events == 0' \
// RUN:   's.complete'
// RUN: env MEMTRACK_OPTIONS=buffer_mb=1:overflow=drop:zstd_level=12 %run %t.mtrace %t
// RUN: %check %t.mtrace 's.dropped_events > 0' 'not s.complete' \
// RUN:   '16000000 <= s.allocations + s.frees + s.dropped_events < 16000100'
// RUN: %memtrack report %t.mtrace | grep "not recorded"
// RUN: env MEMTRACK_OPTIONS=max_trace_mb=1 %run %t.mtrace %t 2> %t.err
// RUN: FileCheck %s < %t.err
// RUN: %check %t.mtrace 's.dropped_events > 0' 's.allocations > 10000' 'not s.complete'
// RUN: find %t.mtrace -size -3M | grep .
// CHECK: memtrack: the trace ends early: {{.*}} has reached max_trace_mb
#include <pthread.h>
#include <stdlib.h>

static void *work(void *argument) {
    unsigned seed = (unsigned)(size_t)argument;

    for (int i = 0; i < 2000000; i++) {
        void *volatile p = malloc((seed = seed * 1103515245 + 12345) >> 20);

        free(p);
    }
    return NULL;
}

int main(void) {
    pthread_t threads[4];

    for (size_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, work, (void *)(i + 1));
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
