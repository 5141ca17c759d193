// Threads with the smallest stacks that there are, and ten thousand threads one after the other, fifty
// at a time: all run to their normal end, and every chain is right.
// RUN: %cc -g -O0 -pthread %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: [chain(c) for c in at("sink =")] == [["inner", "outer", "start"]]
// EXPECT: at("sink =")[0]["allocations"] == 20000
// EXPECT: s.threads >= 10000 and s.complete
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

static __thread void *volatile sink;

static void inner(int size) {
    sink = malloc((size_t)size);
    free(sink);
}
static void outer(int count) {
    for (int i = 1; i <= count; i++)
        inner(i);
}
static void *start(void *argument) {
    outer(2);
    return argument;
}

int main(void) {
    pthread_attr_t attributes;
    pthread_t threads[50];

    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN) != 0)
        return 1;
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < 50; i++)
            if (pthread_create(&threads[i], &attributes, start, NULL) != 0)
                return 1;
        for (int i = 0; i < 50; i++)
            pthread_join(threads[i], NULL);
    }
    return 0;
}
