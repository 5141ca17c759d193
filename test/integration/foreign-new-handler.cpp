// Where there is no memory, new-handlers and exceptions are as they are without MemTrack, and what
// happens meanwhile is recorded.
// RUN: %cxx -g -O1 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s \
// RUN:   'total(at("in_handler = malloc"), "allocations") == 2'
// RUN: %cxx -g -O1 %s -o %t -static-libstdc++ -static-libgcc && %run %t.mtrace %t
// RUN: %check %t.mtrace @%s
// RUN: %cxx -g -O1 %s -o %t -static && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: [(c["allocations"], c["frees"]) for c in at("reserve = malloc")] == [(1, 1)]
// EXPECT: total(at("in_handler = malloc"), "leaked_blocks") == 0
// EXPECT: total(at("after = malloc"), "allocations") == 100 == total(at("after = malloc"), "frees")
// EXPECT: s.unmatched_frees == 0 and s.missed_frees == 0 and not errors
#include <csetjmp>
#include <cstdlib>
#include <new>

static const std::size_t too_much = (std::size_t)1 << 62;
static void *volatile reserve, *volatile in_handler, *volatile sink, *volatile after;
static std::jmp_buf out;
static int calls;

__attribute__((noinline)) static void allocate_in_handler() {
    in_handler = malloc(5);
    free(in_handler);
}

static void give_up() {
    free(reserve);
    reserve = nullptr;
    allocate_in_handler();
    calls++;
    std::set_new_handler(nullptr);
}

static void jump() {
    allocate_in_handler();
    calls++;
    std::longjmp(out, 1);
}

__attribute__((noinline)) static void allocate_after(int depth) {
    volatile char room[200];

    room[0] = (char)depth;
    if (depth > 0) {
        allocate_after(depth - 1);
        room[1] = 0;
        return;
    }
    for (int i = 0; i < 50; i++) {
        after = malloc(10);
        free(after);
    }
}

int main() {
    reserve = malloc(1000);
    std::set_new_handler(give_up);
    try {
        sink = ::operator new(too_much);
        return 1;
    } catch (const std::bad_alloc &) {
    }
    allocate_after(20);
    if (::operator new(too_much, std::nothrow))
        return 2;
    try {
        sink = ::operator new(too_much, std::align_val_t(64));
        return 3;
    } catch (const std::bad_alloc &) {
    }
    std::set_new_handler(jump);
    if (setjmp(out) == 0) {
        sink = ::operator new(too_much);
        return 4;
    }
    allocate_after(20);
    return calls != 2;
}
