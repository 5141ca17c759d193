// Functions that run at exit are where their chains end: nothing of main is left over, not even when
// exit is called from within.
// RUN: %cxx -g -O0 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cxx -g -O2 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: [chain(c) for c in at("registered =")] == [["allocate_registered", "at_exit"]] or [chain(c) for c in at("registered =")] == [["allocate_registered", "at_exit", "leave", "main"]]
// EXPECT: len(at("destroyed =")) == 1
// EXPECT: chain(at("destroyed =")[0])[:2] == ["allocate_destroyed", "Global::~Global"]
// EXPECT: chain(at("last =")[0])[0] == "at_unload"
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

int main() {
    atexit(at_exit);
    leave();
    count = count + 1;
}
