// What runs at exit has the chain of the call of exit; after main has returned, nothing of main is left.
// RUN: %cxx -g -O0 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %run %t.mtrace %t return
// RUN: %memtrack flame --cost allocated %t.mtrace | FileCheck %s --match-full-lines
// RUN: %cxx -g -O2 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %run %t.mtrace %t return
// RUN: %memtrack flame --cost allocated %t.mtrace | FileCheck %s --match-full-lines
// EXPECT: [chain(c) for c in at("registered =")] == [["allocate_registered", "at_exit", "leave", "main"]]
// EXPECT: [chain(c) for c in at("destroyed =")] == [["allocate_destroyed", "Global::~Global", "leave", "main"]]
// EXPECT: [chain(c) for c in at("last =")] == [["at_unload", "leave", "main"]]
//      CHECK: Global::~Global();allocate_destroyed() 2
//      CHECK: at_exit();allocate_registered() 1
//      CHECK: at_unload() 3
#include <cstdlib>

#define NOINLINE __attribute__((noinline))
static void *volatile registered, *volatile destroyed, *volatile last;
static volatile int count;

NOINLINE static void allocate_registered() {
    registered = malloc(1);
    count = count + 1;
}
static void at_exit() {
    allocate_registered();
    count = count + 1;
}
NOINLINE static void allocate_destroyed() {
    destroyed = malloc(2);
    count = count + 1;
}
static struct Global {
    ~Global() {
        allocate_destroyed();
        count = count + 1;
    }
} global;
__attribute__((destructor)) static void at_unload() {
    last = malloc(3);
    count = count + 1;
}
NOINLINE static void leave() {
    exit(count);
}

int main(int argc, char **) {
    atexit(at_exit);
    if (argc == 1)
        leave();
    return count;
}
