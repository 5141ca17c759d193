// A program's own operator new, which allocates through functions of its own: the operator's call is
// the event, whatever the optimisation, and also after it has thrown.
// RUN: %cxx -g -O0 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cxx -g -O2 -fno-builtin %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cxx -g -O2 -fno-builtin -static %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cxx -g -O2 -fno-builtin -static-libgcc -static-libstdc++ %s -o %t
// RUN: %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: own.allocations == 102
// EXPECT: s.frees == 101
// EXPECT: own.allocated_bytes == 101 * 40 + 7
// EXPECT: own.leaked_bytes == 40
// EXPECT: s.unmatched_frees == 0 and s.missed_frees == 0 and not errors
#include <cstdlib>
#include <new>

static const std::size_t header = 16;
static void *volatile sink;

__attribute__((noinline)) static void *allocate(std::size_t size) {
    if (size > 1000)
        throw std::bad_alloc();
    char *block = (char *)malloc(size + header);
    return block + header;
}

__attribute__((noinline)) static void release(void *memory) {
    free((char *)memory - header);
}

__attribute__((noinline)) void *operator new(std::size_t size) {
    return allocate(size);
}

__attribute__((noinline)) void operator delete(void *memory) noexcept {
    release(memory);
}

__attribute__((noinline)) void operator delete(void *memory, std::size_t) noexcept {
    release(memory);
}

struct Block {
    char bytes[40];
};

int main() {
    sink = new Block;
    for (int i = 0; i < 100; i++) {
        Block *block = new Block;
        sink = block;
        try {
            sink = ::operator new(5000);
            return 1;
        } catch (const std::bad_alloc &) {
        }
        delete block;
    }
    void *other = malloc(7);
    sink = other;
    free(other);
}
