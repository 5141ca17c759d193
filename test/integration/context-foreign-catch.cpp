// Code that is not instrumented catches what its callback has thrown: its caller's chain is right, even
// if it was called through a pointer.
// RUN: clang++ -g -O2 -DFOREIGN -c %s -o %t.o
// RUN: %cxx -g -O0 %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cxx -g -O2 %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: [chain(c) for c in at("thrown =")] == [["throws", "run", "main"]] * 2
// EXPECT: [chain(c) for c in at("straight =")] == [["run", "main"]]
// EXPECT: [chain(c) for c in at("pointed =")] == [["run", "main"]]
// EXPECT: [chain(c) for c in at("called =")] == [["callee", "run", "main"]]
#include <cstdlib>

void catch_all(void (*function)());

#ifdef FOREIGN
void catch_all(void (*function)()) {
    try {
        function();
    } catch (...) {
    }
}
#else
#define NOINLINE __attribute__((noinline))
static void *volatile thrown, *volatile straight, *volatile pointed, *volatile called;
static volatile int count;
static void (*volatile pointer)(void (*)()) = catch_all;

static void throws() {
    thrown = malloc(1);
    throw 1;
}
NOINLINE static void callee() {
    called = malloc(1);
    count = count + 1;
}
NOINLINE static void run() {
    catch_all(throws);
    straight = malloc(2);
    count = count + 1;
    pointer(throws);
    pointed = malloc(3);
    callee();
    count = count + 1;
}

int main() {
    run();
    return count != 3;
}
#endif
