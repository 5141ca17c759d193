// The trace ends after the destructors of all libraries, of those too that know nothing of MemTrack.
// RUN: rm -rf %t.d && mkdir %t.d && clang -g -shared -fPIC -DLIBRARY %s -o %t.d/libplain.so
// RUN: %cc -g -O1 -fno-builtin %s %t.d/libplain.so -Wl,-rpath,%t.d -o %t
// RUN: %run %t.d/return.mtrace %t return && %check %t.d/return.mtrace @%s
// RUN: ls %t.d | not grep live
//
// An exit in a destructor keeps the C library from running the others.
// RUN: %status 4 %run %t.d/nested.mtrace %t nested
// RUN: %check %t.d/nested.mtrace 's.complete' 's.allocations == 2' 's.leaked_blocks == 1'
// EXPECT: s.complete
// EXPECT: [c["leaked_blocks"] for c in contexts if c["allocated_bytes"] in (7001, 7002, 7003)] == [0] * 3
#include <stdlib.h>
#include <string.h>

#ifdef LIBRARY
static void *first;

__attribute__((constructor)) static void begin(void) {
    first = malloc(7001);
}

__attribute__((destructor)) static void end(void) {
    void *volatile last = malloc(7002);

    free(last);
    free(first);
}

void *library_block(void) {
    return first;
}
#else
void *library_block(void);
static int nested;

/* Before the library's, since the program is what needs the library. */
__attribute__((destructor)) static void end(void) {
    void *volatile last = malloc(7003);

    free(last);
    if (nested)
        exit(4);
}

int main(int argc, char **argv) {
    nested = argc > 1 && !strcmp(argv[1], "nested");
    return !library_block();
}
#endif
