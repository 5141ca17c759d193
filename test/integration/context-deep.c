// A recursion of a million calls on a large stack runs to its end, whether it allocates at its deepest
// or at every level, and its report is short.
// RUN: %cc -g -O1 -fno-builtin -pthread %s -o %t && %run %t.mtrace %t && %memtrack report %t.mtrace >%t.report
// RUN: FileCheck %s --check-prefix=BOTTOM <%t.report
// RUN: head -c 20000 %t.report | cmp - %t.report
// RUN: %run %t.mtrace %t every && %memtrack report %t.mtrace >%t.report
// RUN: FileCheck %s --check-prefix=EVERY <%t.report
// RUN: head -c 20000 %t.report | cmp - %t.report
// BOTTOM: allocate {{.*}}context-deep.c:
// BOTTOM-NEXT: descend
// BOTTOM-NEXT: descend
// BOTTOM-NEXT: ... the line above repeats 999,998 more times
// BOTTOM-NEXT: start
// BOTTOM-EMPTY:
// EVERY: allocate {{.*}}context-deep.c:
// EVERY-NEXT: descend
// EVERY: start
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#define NOINLINE __attribute__((noinline))
static void *volatile sink;
static volatile int count;

NOINLINE static void allocate(void) {
    sink = malloc(1);
    count++;
}
NOINLINE static void descend(int depth, int every) {
    if (every || depth == 1)
        allocate();
    if (depth > 1)
        descend(depth - 1, every);
    count++;
}
static void *start(void *argument) {
    descend(1000000, argument != NULL);
    count++;
    return NULL;
}

int main(int argc, char **argv) {
    size_t size = (size_t)1 << 30;
    void *stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    pthread_attr_t attributes;
    pthread_t thread;

    if (stack == MAP_FAILED)
        return 1;
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack, size);
    if (pthread_create(&thread, &attributes, start, argc > 1 ? argv[1] : NULL) != 0)
        return 1;
    pthread_join(thread, NULL);
    return count != (argc > 1 ? 2000001 : 1000002);
}
