// REQUIRES: static
// The public functions in a statically linked program, position-independent or not.
// RUN: %cc -g -O1 -fno-builtin -static %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %memtrack info %t.mtrace | grep 'snapshot  now'
// RUN: %cc -g -O1 -fno-builtin -static-pie %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: s.complete and tags("allocate") == [["tag"]]
#include <memtrack/memtrack.h>
#include <stdlib.h>

static void *volatile sink;

__attribute__((noinline)) static void allocate(void) {
    sink = malloc(1);
    free(sink);
}

int main(void) {
    memtrack_push_tag("tag");
    allocate();
    memtrack_pop_tag();
    return memtrack_snapshot("now");
}
