// A function that a preloaded allocator lacks works on that allocator's memory.
// REQUIRES: allocators
// RUN: %cc -g -O1 -fno-builtin %s -o %t
// RUN: %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %run %t.mtrace env LD_PRELOAD=%jemalloc %t && %check %t.mtrace @%s
// RUN: %run %t.mtrace env LD_PRELOAD=%tcmalloc %t && %check %t.mtrace @%s
// RUN: %run %t.mtrace env LD_PRELOAD=%mimalloc %t && %check %t.mtrace @%s
// EXPECT: s.complete and not errors
#define _GNU_SOURCE
#include <stdlib.h>

static void *(*volatile allocate)(size_t) = malloc;
static void *(*volatile resize)(void *, size_t, size_t) = reallocarray;
static void (*volatile release)(void *) = free;

int main(void) {
    void *block = allocate(10);

    block = resize(block, 100, 2);
    release(block);
    block = reallocarray(NULL, 3, 4);
    block = reallocarray(block, 30, 400);
    release(block);
    block = resize(NULL, 3, 4);
    free(block);
    return 0;
}
