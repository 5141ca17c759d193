// A program's own operator new is left by a jump that nobody sees, and its stack written over.
// RUN: %cxx -g -O1 -fno-builtin %s -o %t && %run %t.mtrace timeout -s KILL 60 %t
// RUN: %check %t.mtrace 's.complete' 'own.allocations >= 2 * 1000'
#include <cstdlib>
#include <new>

static void *buffer[5];
static bool leaves;

__attribute__((noinline)) void *operator new(size_t size) {
    void *block = malloc(size);

    if (leaves)
        __builtin_longjmp(buffer, 1);
    return block;
}

void operator delete(void *block) noexcept {
    free(block);
}

void operator delete(void *block, size_t) noexcept {
    free(block);
}

__attribute__((noinline)) static void allocate(int depth) {
    volatile char space[64] = {0};

    if (depth > 0)
        allocate(depth - 1);
    else
        delete new int;
    space[0] = 1;
}

__attribute__((noinline)) static void overwrite() {
    volatile char space[16384];

    for (size_t i = 0; i < sizeof space; i++)
        space[i] = 0x41;
    free(malloc(20));
    for (size_t i = 0; i < sizeof space; i++)
        if (space[i] != 0x41)
            abort();
}

int main() {
    for (volatile int i = 0; i < 1000; i = i + 1) {
        leaves = true;
        if (__builtin_setjmp(buffer) == 0)
            allocate(20);
        leaves = false;
        if (i % 2)
            overwrite();
        else
            allocate(20);
        free(malloc(10));
        allocate(0);
    }
    return 0;
}
