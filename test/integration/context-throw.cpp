// An exception passes two frames, of which one has something to clean up: its cleanup, the handler and
// what comes after have their own functions' chains.
// RUN: %cxx -g -O0 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cxx -g -O2 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: [chain(c) for c in at("deep =")] == [["third", "second", "first", "main"]]
// EXPECT: [chain(c) for c in at("cleanup =")] == [["Guard::~Guard", "second", "first", "main"]]
// EXPECT: [chain(c) for c in at("handler =")] == [["first", "main"]]
// EXPECT: [chain(c) for c in at("called =")] == [["fourth", "first", "main"]]
// EXPECT: [chain(c) for c in at("rethrown =")] == [["fifth", "main"]]
// EXPECT: [chain(c) for c in at("end =")] == [["main"]]
#include <cstdlib>

#define NOINLINE __attribute__((noinline))
static void *volatile deep,
    *volatile cleanup, *volatile handler, *volatile called, *volatile rethrown, *volatile end;
static volatile int count;

struct Guard {
    NOINLINE ~Guard() {
        cleanup = malloc(1);
        count = count + 1;
    }
};
NOINLINE static void third() {
    deep = malloc(2);
    count = count + 1;
    throw 1;
}
NOINLINE static void second() {
    Guard guard;
    third();
    count = count + 100;
}
NOINLINE static void fourth() {
    called = malloc(3);
    count = count + 1;
}
NOINLINE static void fifth() {
    rethrown = malloc(3);
    count = count + 1;
}
NOINLINE static void first() {
    try {
        second();
    } catch (int) {
        handler = malloc(4);
        fourth();
        throw;
    }
}

int main() {
    try {
        first();
    } catch (...) {
        fifth();
    }
    end = malloc(5);
    return count != 4;
}
