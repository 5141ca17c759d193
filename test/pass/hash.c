// A site's hash is what reports of different builds are joined on: it never changes
// for the same source, whatever the directory, the file's path or the level.
// REQUIRES: clang, native
// RUN: %plain -c %runtime -o %t.runtime.o
// RUN: mkdir -p %t.dir && cp %s %t.dir/hash.c
// RUN: %clang -g -O0 %s %t.runtime.o -o %t && %t | FileCheck %s
// RUN: cd %t.dir && %clang -g -O2 hash.c %t.runtime.o -o %t && %t | FileCheck %s

#include <stdlib.h>

// CHECK: site hash=be3e66347e70cbf4 {{.*}}| f {{.*}}hash.c
__attribute__((noinline)) void *f(size_t n) { return malloc(n); }

// The copies that unrolling makes of a call are one site.
// CHECK-NEXT: site hash={{[0-9a-f]+}} {{.*}}| main {{.*}}hash.c
// CHECK-NEXT: registered 2
int main(void) {
  for (int i = 0; i < 3; i++)
    free(f(8));
}
