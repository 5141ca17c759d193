// A program that replaces the plain operator new and delete only: the standard library's others call
// those, as they do without the runtime, also where a block's address is not malloc's.
// RUN: %cxx -g -O0 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cxx -g -O2 -fno-builtin %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cxx -g -O2 -fno-builtin -fno-pic -no-pie %s -o %t && %run %t.mtrace %t
// RUN: %check %t.mtrace @%s
// EXPECT: own.allocations == 40
// EXPECT: own.allocated_bytes == 10 * (4 + 12 + 8 + 20)
// EXPECT: own.leaked_bytes == 0
// EXPECT: s.unmatched_frees == 0 and s.missed_frees == 0 and not errors
#include <cstdlib>
#include <new>

static const std::size_t header = 32;
static int allocated, released;
static void *volatile sink;

void *operator new(std::size_t size) {
    allocated++;
    return (char *)std::malloc(size + header) + header;
}

void operator delete(void *memory) noexcept {
    released++;
    std::free((char *)memory - header);
}

int main() {
    for (int i = 0; i < 10; i++) {
        int *one = new int;
        sink = one;
        int *many = new int[3];
        sink = many;
        void *maybe = ::operator new(8, std::nothrow);
        sink = maybe;
        char *text = new (std::nothrow) char[20];
        sink = text;
        delete one;
        delete[] many;
        ::operator delete(maybe, std::nothrow);
        delete[] text;
    }
    return allocated == 40 && released == 40 ? 0 : 1;
}
