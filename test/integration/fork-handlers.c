// A library that comes before the runtime has handlers of fork() that run while the runtime's have its
// locks, and allocate: more than buffers may be full.
// RUN: clang -g -fPIC -shared -DLIBRARY %s -o %t.so
// RUN: %cc -g -O1 -fno-builtin %s %t.so -o %t
// RUN: rm -rf %t.d && mkdir %t.d
// RUN: env MEMTRACK_OPTIONS=output=%t.d/%%p.mtrace:buffer_mb=1 timeout -s KILL 60 %t > %t.pids
// RUN: mv %t.d/$(sed -n 's/parent //p' %t.pids).mtrace %t.parent
// RUN: mv %t.d/$(sed -n 's/child //p' %t.pids).mtrace %t.child
// RUN: %check %t.parent 'own.allocations == 1' 's.allocations >= 100002' 's.complete' \
// RUN:   'own.leaked_bytes == 0'
// RUN: %check %t.child 'own.allocations == 1000' 's.complete'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

void library(void);

#ifdef LIBRARY

static void allocate(int times) {
    while (times--)
        free(malloc((size_t)times));
}

static void prepare(void) {
    allocate(100000);
}

static void after(void) {
    allocate(1);
}

static __attribute__((constructor)) void begin(void) {
    pthread_atfork(prepare, after, after);
}

void library(void) {
}

#else

int main(void) {
    void *volatile block = malloc(1);
    pid_t child;

    library();
    printf("parent %d\n", (int)getpid());
    fflush(stdout);
    child = fork();
    if (child == 0) {
        for (int i = 0; i < 1000; i++)
            free(malloc(2));
        printf("child %d\n", (int)getpid());
        return 0;
    }
    free(block);
    return waitpid(child, NULL, 0) != child;
}

#endif
