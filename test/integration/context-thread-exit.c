// What runs when a thread has left by pthread_exit() is called by nobody.
// RUN: %cc -g -O0 -pthread %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O2 -pthread %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: [chain(c) for c in at("before =")] == [["quit", "start"]]
// EXPECT: [chain(c) for c in at("direct =")] == [["at_end"]]
// EXPECT: [chain(c) for c in at("called =")] == [["allocate", "at_end"]]
#include <pthread.h>
#include <stdlib.h>

#define NOINLINE __attribute__((noinline))
static void *volatile before, *volatile direct, *volatile called;
static volatile int count;
static pthread_key_t key;

NOINLINE static void quit(void) {
    before = malloc(1);
    pthread_exit(NULL);
}
static void *start(void *argument) {
    volatile char room[200];

    room[0] = argument != NULL;
    pthread_setspecific(key, argument);
    quit();
    count += room[0];
    return argument;
}
NOINLINE static void allocate(void) {
    called = malloc(2);
    count++;
}
/* What it does not write of its frame is as the functions before it have left it. */
static void at_end(void *argument) {
    volatile char room[1000];

    room[0] = argument != NULL;
    direct = malloc(3);
    count += room[0];
    allocate();
    count++;
}

int main(void) {
    pthread_key_create(&key, at_end);
    for (int i = 0; i < 3; i++) {
        pthread_t thread;

        pthread_create(&thread, NULL, start, &key);
        pthread_join(thread, NULL);
    }
    return count != 9;
}
