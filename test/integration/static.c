// REQUIRES: static
// A statically linked program, with functions named like the runtime's zstd.
// RUN: %cc -g -O1 -fno-builtin -static -pthread %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: s.allocations == 200000
// EXPECT: s.leaked_bytes == 0
// EXPECT: s.complete
// EXPECT: s.threads == 2
#include <pthread.h>
#include <stdlib.h>

size_t ZSTD_compressCCtx(void) {
    abort();
}

static void *work(void *argument) {
    for (int i = 0; i < 100000; i++)
        free(malloc(10));
    return argument;
}

int main(void) {
    pthread_t thread;

    pthread_create(&thread, NULL, work, NULL);
    work(NULL);
    pthread_join(thread, NULL);
    return 0;
}
