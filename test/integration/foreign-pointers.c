// Allocators called through pointers, which the pass cannot know.
// RUN: %cc -g -O1 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O1 -fno-pic -no-pie %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: s.allocations == 5 and s.frees == 4 and s.leaked_bytes == 24
// EXPECT: s.unmatched_frees == 0 and s.missed_frees == 0 and not errors
// EXPECT: [chain(c) for c in at("sink = with->allocate(24)")] == [["parse", "main"]]
// EXPECT: [c["allocated_bytes"] for c in at("memory = with->resize(memory, 200)")] == [200]
// EXPECT: total([c for c in contexts if chain(c) == ["parse", "main"]], "allocated_bytes") == 24 + 100 + 200
#include <stdlib.h>
#include <string.h>

static struct hooks {
    void *(*allocate)(size_t);
    void *(*resize)(void *, size_t);
    void (*release)(void *);
} hooks = {malloc, realloc, free};

static void *(*volatile allocate_cleared)(size_t, size_t) = calloc;

static void *volatile sink;

__attribute__((noinline)) static void parse(struct hooks *with) {
    void *memory = with->allocate(100);

    sink = memory;
    memory = with->resize(memory, 200);
    sink = memory;
    with->release(memory);
    sink = with->allocate(24);
}

int main(void) {
    struct hooks *volatile with = &hooks;

    parse(with);
    sink = allocate_cleared(3, 5);
    free(sink);
    /* The other way round: from a rewritten call to a pointer. */
    sink = malloc(7);
    with->release(sink);
    return 0;
}
