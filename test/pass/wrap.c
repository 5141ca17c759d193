// The program's reference to the function it named stays: --wrap redirects it, and
// the thunk calls what the program would have called.
// REQUIRES: clang, native
// RUN: %plain -c %runtime -o %t.runtime.o
// RUN: %clang -c %s -o %t.o
// RUN: %plain %t.o %t.runtime.o -Wl,--wrap=malloc -o %t && %t | FileCheck %s
// CHECK: wrapped 123

#include <stdio.h>
#include <stdlib.h>

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n) {
  if (n == 123)
    printf("wrapped %zu\n", n);
  return __real_malloc(n);
}

int main(void) { free(malloc(123)); }
