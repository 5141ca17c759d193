// What operator new throws passes through; a new handler and the program's own operators are called
// as without MemTrack; errno is the allocator's.
// RUN: %cxx -g -O0 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cxx -g -O2 -fno-builtin %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cxx -g -O2 -fno-builtin %s -o %t -static-libstdc++ -static-libgcc -Wl,--gc-sections
// RUN: %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: own.allocations == 1
// EXPECT: s.frees == 0
// EXPECT: own.leaked_bytes == 5
#include <cerrno>
#include <cstdlib>
#include <new>

static int handled, replaced;
static void *volatile sink;

static void handler() {
    handled++;
    std::set_new_handler(nullptr);
}

__attribute__((noinline)) void *operator new[](std::size_t size) {
    static char arena[64];
    replaced++;
    if (size > sizeof arena)
        throw 7;
    return arena;
}

int main() {
    int caught = 0;
    volatile size_t huge = (size_t)1 << 62;
    std::set_new_handler(handler);
    try {
        sink = ::operator new(huge);
    } catch (const std::bad_alloc &) {
        caught++;
    }
    try {
        sink = new char[huge >> 2];
    } catch (int thrown) {
        caught += thrown;
    }
    errno = 0;
    sink = malloc(huge);
    if (errno != ENOMEM || sink)
        return 1;
    errno = 5;
    sink = new char[5];
    return !(handled == 1 && replaced == 2 && caught == 8 && errno == 5);
}
