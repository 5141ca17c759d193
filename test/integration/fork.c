// A child records to a trace of its own that names its parent's; the parent's is unharmed.
// RUN: rm -rf %t.d && mkdir %t.d && %cc -g -O1 -fno-builtin -pthread %s -o %t
// RUN: env MEMTRACK_OPTIONS=output=%t.d/%%p.mtrace %t > %t.pids
// RUN: ls %t.d | count 2
// RUN: mv %t.d/$(sed -n 's/parent //p' %t.pids).mtrace %t.parent
// RUN: mv %t.d/$(sed -n 's/child //p' %t.pids).mtrace %t.child
// RUN: %check %t.parent 'own.allocations == 30001' 'own.leaked_bytes == 0' 's.complete'
// RUN: %check %t.child 'own.allocations == 20000' 's.frees == 20001' 's.unmatched_frees == 0' 's.inherited_frees == 1' \
// RUN:   'own.leaked_bytes == 0' 's.complete' 's.threads == 3'
//
// With a fixed name the child's is told apart by its pid.
// RUN: rm -rf %t.d && mkdir %t.d && %run %t.d/x.mtrace %t > %t.pids
// RUN: %check %t.d/x.mtrace 'own.allocations == 30001'
// RUN: %check %t.d/x.$(sed -n 's/child //p' %t.pids).mtrace 'own.allocations == 20000'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void *work(void *argument) {
    for (int i = 0; i < 10000; i++)
        free(malloc(i % 100 + 1));
    return argument;
}

static void threads(int count) {
    pthread_t thread[8];

    for (int i = 0; i < count; i++)
        pthread_create(&thread[i], NULL, work, NULL);
    for (int i = 0; i < count; i++)
        pthread_join(thread[i], NULL);
}

int main(void) {
    void *volatile inherited = malloc(50);
    pid_t child;

    threads(3);
    child = fork();
    if (child == 0) {
        threads(2);
        free(inherited);
        return 0;
    }
    printf("parent %d\nchild %d\n", (int)getpid(), (int)child);
    waitpid(child, NULL, 0);
    free(inherited);
    return 0;
}
