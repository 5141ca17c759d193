// A program that allocates nothing leaves no file; the first event makes one, where the program was
// started.
// RUN: rm -rf %t.d && mkdir %t.d && %cc -g -O1 -fno-builtin %s -o %t
// RUN: cd %t.d && %t && ls %t.d | count 0
// RUN: cd %t.d && %t events && ls %t.d | count 1
// RUN: %check %t.d/memtrack.*.mtrace 'own.allocations == 1' 's.complete'
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc == 1)
        return 0;
    /* What the program does to its environment and directory comes too late. */
    if (chdir("/") != 0 || setenv("MEMTRACK_OPTIONS", "mode=off", 1) != 0)
        return 1;
    free(malloc(10));
    return argv[1] == NULL;
}
