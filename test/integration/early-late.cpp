// Events before main, in the first constructors, in TLS destructors, in key destructors, in atexit
// handlers and in the last destructors are all there.
// RUN: %cxx -g -O1 -fno-builtin -pthread %s -o %t && %run %t.mtrace %t
// RUN: %check %t.mtrace 'own.leaked_bytes == sum(1 << i for i in range(9))' 'own.leaked_blocks == 9' \
// RUN:   's.complete' 's.unmatched_frees == 0' 's.threads == 2' 's.dropped_events == 0'
#include <climits>
#include <cstdlib>
#include <pthread.h>

static void *volatile sink;
static void leak(int bit) {
    sink = malloc(1u << bit);
}

__attribute__((constructor(101))) static void first() {
    leak(0);
}
struct Global {
    Global() {
        leak(1);
    }
    ~Global() {
        leak(2);
    }
} global;
struct Local {
    ~Local() {
        leak(3);
    }
};
static thread_local Local local;
static pthread_key_t key;
static int rounds;

static void in_key(void *value) {
    if (rounds++ < PTHREAD_DESTRUCTOR_ITERATIONS - 1) {
        pthread_setspecific(key, value);
        return;
    }
    leak(4);
}
static void at_exit() {
    leak(5);
}
__attribute__((destructor(101))) static void last() {
    leak(6);
}
static void *run(void *argument) {
    sink = &local;
    pthread_setspecific(key, argument);
    leak(7);
    return nullptr;
}

int main() {
    pthread_t thread;
    atexit(at_exit);
    pthread_key_create(&key, in_key);
    pthread_create(&thread, nullptr, run, &key);
    pthread_join(thread, nullptr);
    leak(8);
}
