// Misuse of the allocator is named with both contexts, and comes to the same end as without MemTrack.
// RUN: %cxx -g -O1 -fno-builtin -Wno-everything %s -o %t && clang++ -g -O1 -fno-builtin -w %s -o %t.plain
// RUN: sh -c 'for i in 0 2 3 4 5 6; do %t.plain $i 2>&1; echo "$i: $?"; done' > %t.fates
// RUN: sh -c 'for i in 0 2 3 4 5 6; do %run %t.$i %t $i 2>&1; echo "$i: $?"; done' > %t.traced
// RUN: diff %t.fates %t.traced
// RUN: %check %t.0 'kind(0) == "double_free"' 'at_of("allocated_at") == "make"' \
// RUN:   'at_of("freed_at") == "release"' 'at_of("first_freed_at") == "main"'
// RUN: not --crash %run %t.1 %t 1
// RUN: %check %t.1 'kind(0) == "invalid_free"' 'at_of("freed_at") == "release"'
// RUN: %check %t.2 'kind(0) == "invalid_free"' 'errors[0]["offset"] == 16' \
// RUN:   'errors[0]["size"] == 100' 'at_of("allocated_at") == "make"'
// RUN: %check %t.3 'kind(0) == "mismatched_free"' 'at_of("allocated_at") == "main"'
// RUN: %check %t.4 'kind(0) == "mismatched_free"' 'at_of("allocated_at") == "make"'
// RUN: %check %t.5 'kind(0) == "mismatched_free"' 'at_of("freed_at") == "main"'
// RUN: %check %t.6 'kind(0) == "double_free"' 'at_of("allocated_at") == "make"'
// RUN: %memtrack errors %t.0 | FileCheck %s
// CHECK: double free
// CHECK: release
// CHECK: make
#include <cstdio>
#include <cstdlib>

__attribute__((noinline)) static void release(void *block) {
    free(block);
    __asm__ volatile("");
}

__attribute__((noinline)) static void *make(size_t size) {
    void *block = malloc(size);

    __asm__ volatile("" : "+r"(block));
    return block;
}

int main(int argc, char **argv) {
    void *volatile block;
    int local = 0;

    switch (argc > 1 ? atoi(argv[1]) : -1) {
    case 0:
        block = make(100);
        free(block);
        release(block);
        break;
    case 1:
        block = &local;
        release(block);
        break;
    case 2:
        block = static_cast<char *>(make(100)) + 16;
        release(block);
        break;
    case 3:
        block = new int[10];
        operator delete(block);
        break;
    case 4:
        block = make(8);
        operator delete(block);
        break;
    case 5:
        block = new int;
        free(block);
        break;
    case 6:
        block = make(100);
        free(block);
        block = realloc(block, 200);
        break;
    }
    return 0;
}
