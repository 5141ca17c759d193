// A child that a thread forked goes on on that thread's stack, which is not the process's own.
// RUN: rm -rf %t.d && mkdir %t.d && %cc -g -O1 -pthread %s -o %t
// RUN: env MEMTRACK_OPTIONS=output=%t.d/%%p.mtrace %t >%t.child
// RUN: mv %t.d/$(cat %t.child).mtrace %t.mtrace
// RUN: %check %t.mtrace @%s
// EXPECT: [chain(c) for c in at("in_child =")] == [["allocate", "deeper", "run"]]
// EXPECT: s.allocations == 200
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void *volatile in_child;
static volatile int count;

__attribute__((noinline)) static void allocate(void) {
    in_child = malloc(1);
    free(in_child);
    count++;
}
/* The links lie on different pages, so that the bounds of the stack matter. */
__attribute__((noinline)) static void deeper(void) {
    volatile char room[9000];

    room[0] = 1;
    allocate();
    count += room[0];
}
static void *run(void *argument) {
    pid_t child = fork();

    if (child == 0) {
        for (int i = 0; i < 200; i++)
            deeper();
        exit(0);
    }
    waitpid(child, NULL, 0);
    printf("%d\n", (int)child);
    return argument;
}

int main(void) {
    pthread_t thread;

    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, NULL);
    return 0;
}
