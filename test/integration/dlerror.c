// The runtime leaves no error of its own to be found.
// RUN: %cc -g -O1 -fno-builtin %s -o %t && %run %t.mtrace %t | FileCheck %s
// CHECK: error: none
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    const char *error;

    free(malloc(1));
    error = dlerror();
    printf("error: %s\n", error ? error : "none");
    return 0;
}
