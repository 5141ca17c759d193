// A program that closes every descriptor it does not know, opens its own in their place, and changes
// its directory loses nothing, and none of it lands in its files.
// RUN: rm -rf %t.d && mkdir %t.d && %cc -g -O1 -fno-builtin %s -o %t
// RUN: cd %t.d && env MEMTRACK_OPTIONS=output=x.mtrace %t own && ls | sort | FileCheck %s
// RUN: %check %t.d/x.mtrace @%s
// RUN: count 0 < %t.d/own
// EXPECT: s.allocations == 300000
// EXPECT: s.frees == 300000
// EXPECT: s.complete
// CHECK: own
// CHECK-NEXT: x.mtrace
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static void work(void) {
    for (int i = 0; i < 100000; i++)
        free(malloc(10));
}

int main(int argc, char **argv) {
    int file;

    if (argc < 2)
        return 1;
    file = open(argv[1], O_WRONLY | O_CREAT, 0600);
    /* The lowest free number, as it would be without MemTrack. */
    if (file != 3)
        return 1;
    work();
    for (int fd = 4; fd < 5000; fd++)
        close(fd);
    work();
    for (int fd = 4; fd < 1020; fd++)
        if (dup(file) != fd)
            return 1;
    if (chdir("/") != 0)
        return 1;
    work();
    return 0;
}
