// A thread that ends by pthread_exit or is cancelled has left its functions when the destructors of
// its keys run.
// RUN: %cc -g -O0 -pthread %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O2 -pthread %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: [chain(c) for c in at("inside =")] == [["ends"] * 11 + ["start"]]
// EXPECT: [chain(c) for c in at("after =")] == [["allocates"]]
// EXPECT: [c["allocations"] for c in at("after =")] == [20]
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static __thread void *volatile inside;
static void *volatile after;
static volatile int count;
static pthread_key_t key;

__attribute__((noinline)) static void allocates(void) {
    after = malloc(1);
    count++;
}
/* Not instrumented, and deep: what is left of the functions lies above the next link. */
__attribute__((disable_sanitizer_instrumentation)) static void destroy(void *argument) {
    volatile char room[1000];

    room[0] = 1;
    allocates();
    room[1] = argument != NULL;
}
__attribute__((noinline)) static void ends(int by_itself, int depth) {
    if (depth > 0)
        ends(by_itself, depth - 1);
    inside = malloc(2);
    if (by_itself)
        pthread_exit(NULL);
    for (;;)
        pause();
}
static void *start(void *argument) {
    volatile char room[400];

    room[0] = 1;
    pthread_setspecific(key, &key);
    ends(argument != NULL, 10);
    count += room[0];
    return NULL;
}

int main(void) {
    pthread_key_create(&key, destroy);
    for (int i = 0; i < 20; i++) {
        pthread_t thread;

        pthread_create(&thread, NULL, start, i % 2 ? &count : NULL);
        if (i % 2 == 0)
            pthread_cancel(thread);
        pthread_join(thread, NULL);
    }
    return count != 20;
}
