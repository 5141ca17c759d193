// In an executable with fixed addresses that of a function is an entry of its linkage table; where
// that leads is found out all the same.
// RUN: %cc -g -O1 -fno-builtin -fno-pic -no-pie %s -o %t && %run %t.mtrace %t
// RUN: %check %t.mtrace @%s
// EXPECT: process["capture"] == "interposed"
// EXPECT: s.allocations == 2 and s.frees == 2 and s.leaked_blocks == 0 and not errors
#include <stdlib.h>

int main(void) {
    void *(*volatile allocate)(size_t) = malloc;
    void (*volatile release)(void *) = free;
    void *volatile block = allocate(10);

    release(block);
    block = malloc(20);
    free(block);
    return 0;
}
