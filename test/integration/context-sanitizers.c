// Contexts and sanitizers in one program: neither minds the other.
// RUN: %cc -g -O1 -fsanitize=address -pthread %s -o %t
// RUN: env ASAN_OPTIONS=detect_leaks=0 %run %t.mtrace %t 2>%t.err && count 0 <%t.err
// RUN: %check %t.mtrace @%s
// RUN: %cc -g -O1 -fsanitize=thread -pthread %s -o %t
// RUN: %run %t.mtrace %t 2>%t.err && count 0 <%t.err
// RUN: %check %t.mtrace @%s
// EXPECT: sorted(chain(c) for c in at("sink =")) == [["allocate", "work", "main"], ["allocate", "work", "start"]]
// EXPECT: [c["allocations"] for c in at("sink =")] == [1000, 1000]
#include <pthread.h>
#include <stdlib.h>

static __thread void *volatile sink;
static __thread volatile int count;

__attribute__((noinline)) static void allocate(int size) {
    sink = malloc((size_t)size);
    free(sink);
    count++;
}
__attribute__((noinline)) static void work(void) {
    for (int i = 1; i <= 1000; i++)
        allocate(i);
    count++;
}
static void *start(void *argument) {
    work();
    return argument;
}

int main(void) {
    pthread_t thread;

    pthread_create(&thread, NULL, start, NULL);
    work();
    pthread_join(thread, NULL);
    return count != 1001;
}
