// Tags and pauses are for what libraries and custom allocators allocate as for the program's own calls.
// RUN: %cc -g -O1 -fno-builtin %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: s.complete and s.dropped_events == 0
// EXPECT: {tuple(tags_of(c)) for c in contexts if "read_line" in chain(c)} == {("tag",), ()}
// EXPECT: pool("bump").allocations == 2 and pool("bump").unmatched_frees == 1
// EXPECT: sorted(map(tags_of, within("bump"))) == [[], ["tag"]]
// EXPECT: not [c for c in contexts if "hidden" in chain(c)]
#define _GNU_SOURCE
#include <memtrack/allocators.h>
#include <memtrack/memtrack.h>
#include <stdio.h>
#include <stdlib.h>

static char memory[10000];
static size_t used;

MEMTRACK_ALLOCATES("bump", 1, 0)
__attribute__((noinline)) static void *bump(size_t size) {
    used += size;
    return memory + used - size;
}

MEMTRACK_FREES("bump", 1, 0)
__attribute__((noinline)) static void give_back(void *block) {
    *(volatile char *)block = 0;
}

__attribute__((noinline)) static void read_line(void) {
    FILE *file = fopen("/proc/self/status", "r");
    char *line = NULL;
    size_t size = 0;

    if (getline(&line, &size, file) < 0)
        abort();
    fclose(file);
    free(line);
}

__attribute__((noinline)) static void *hidden(void) {
    read_line();
    return bump(10);
}

int main(void) {
    void *block;

    memtrack_push_tag("tag");
    read_line();
    give_back(bump(20));
    memtrack_pop_tag();
    read_line();
    bump(30);
    memtrack_pause();
    block = hidden();
    memtrack_resume();
    give_back(block);
    return 0;
}
