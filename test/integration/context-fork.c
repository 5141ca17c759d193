// A child keeps the chain that it was forked in, in a trace of its own.
// RUN: rm -rf %t.d && mkdir %t.d && %cc -g -O1 %s -o %t
// RUN: env MEMTRACK_OPTIONS=output=%t.d/%%p.mtrace %t >%t.child
// RUN: mv %t.d/$(cat %t.child).mtrace %t.mtrace
// RUN: %check %t.mtrace @%s && %check %t.d/*.mtrace '[chain(c) for c in by("allocate")] == [["allocate", "split", "main"]]'
// EXPECT: [chain(c) for c in at("in_child =")] == [["allocate", "split", "main"]]
// EXPECT: [chain(c) for c in at("behind =")] == [["main"]]
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void *volatile in_child, *volatile behind;
static volatile int count;

__attribute__((noinline)) static void allocate(void) {
    in_child = malloc(1);
    count++;
}
__attribute__((noinline)) static pid_t split(void) {
    pid_t child;

    allocate();
    child = fork();
    if (child == 0)
        allocate();
    count++;
    return child;
}

int main(void) {
    pid_t child = split();

    if (child == 0) {
        behind = malloc(2);
        return 0;
    }
    waitpid(child, NULL, 0);
    printf("%d\n", (int)child);
    return 0;
}
