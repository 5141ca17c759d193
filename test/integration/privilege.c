// A program that runs with another's rights writes no file for its caller.
// REQUIRES: root
// RUN: rm -rf %t.d && mkdir %t.d && chmod 777 %t.d && %cc -g -O1 -fno-builtin %s -o %t.d/program
// RUN: chmod 4755 %t.d/program
// RUN: cp %t.d/program %t && chmod 755 %t
// RUN: env MEMTRACK_OPTIONS=output=%t.d/%%p.mtrace %t %t.d/program > %t.out 2>&1
// RUN: FileCheck %s < %t.out && ls %t.d | count 1
// CHECK-NOT: memtrack
// CHECK: privileged 1
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc > 1) {
        if (setgid(65534) != 0 || setuid(65534) != 0)
            return 1;
        execl(argv[1], argv[1], (char *)NULL);
        return 2;
    }
    free(malloc(10));
    printf("privileged %d\n", (int)getauxval(AT_SECURE));
    return 0;
}
