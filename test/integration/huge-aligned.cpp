// An aligned operator new of libstdc++ 12 takes a size that rounding up makes 0, and returns a small
// block: no event of an impossible size, for which a reader refuses all events around it.
// RUN: %cxx -std=c++17 -g -O1 %s -o %t && %run %t.mtrace %t && %memtrack info --verify %t.mtrace
// RUN: %check %t.mtrace @%s
// EXPECT: own.allocated_bytes == 1000
#include <cstdint>
#include <cstdlib>
#include <new>

static volatile std::size_t huge = SIZE_MAX;
static void *volatile sink;

int main() {
    void *before = std::malloc(1000);
    sink = before;
    try {
        void *block = ::operator new(huge, std::align_val_t(64));
        sink = block;
        ::operator delete(block, std::align_val_t(64));
    } catch (const std::bad_alloc &) {
    }
    std::free(before);
    return 0;
}
