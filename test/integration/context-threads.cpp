// A thread's chain ends at the function it was started with, of pthread_create and of std::thread.
// RUN: %cxx -g -O0 -pthread %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cxx -g -O2 -pthread %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: [chain(c) for c in at("posix =")] == [["allocate", "start"]]
// EXPECT: len(at("standard =")) == 1
// EXPECT: [f for f in chain(at("standard =")[0]) if f[:5] != "std::" and " std::" not in f] == ["body"]
// EXPECT: "main" not in chain(at("standard =")[0])
#include <cstdlib>
#include <pthread.h>
#include <thread>

static void *volatile posix, *volatile standard;
static volatile int count;

__attribute__((noinline)) static void allocate() {
    posix = malloc(1);
    count = count + 1;
}
static void *start(void *argument) {
    allocate();
    return argument;
}
__attribute__((noinline)) static void body() {
    standard = malloc(2);
    count = count + 1;
}

int main() {
    pthread_t thread;
    pthread_create(&thread, nullptr, start, nullptr);
    pthread_join(thread, nullptr);
    std::thread(body).join();
    return count != 2;
}
