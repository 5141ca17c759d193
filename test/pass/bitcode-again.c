// Instrumented bitcode may be optimised again, which inlines and deletes functions:
// their sites follow the calls.
// REQUIRES: clang, native, lld, bfd
// RUN: %plain -c %runtime -o %t.runtime.o
// RUN: %clang -g -O1 -fno-inline-functions -c -emit-llvm %s -o %t.bc
// RUN: %clang -O2 -ffunction-sections -c %t.bc -o %t.o
// RUN: %plain -fuse-ld=lld -Wl,--gc-sections %t.o %t.runtime.o -o %t && %t | FileCheck %s
// RUN: %plain -fuse-ld=bfd -Wl,--gc-sections %t.o %t.runtime.o -o %t && %t | FileCheck %s

#include <stdlib.h>

// CHECK-DAG: | global {{.*}}bitcode-again.c:[[@LINE+1]]
void *global(size_t n) { return malloc(n); }
// CHECK-DAG: | local {{.*}}bitcode-again.c:[[@LINE+1]]
static void *local(size_t n) { return calloc(n, 2); }
// CHECK-DAG: | main
int main(int argc, char **argv) {
  free(global(argc));
  if (argc > 2)
    free(local(argc));
  if (argc > 3)
    free(local(argc + 1));
}
